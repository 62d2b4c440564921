//! The Redshift dialect, its system catalogs and its wire server

pub mod functions;
