//! Derive and attribute macros of dwsim
