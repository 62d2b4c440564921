//! The computations behind functions, operators and casts: pure code over Arrow arrays, shared by both dialects.
//! Names, parameters and documentation of SQL functions are in the dialects' tables.

pub mod aggregate;
pub mod arithmetic;
pub mod bitmap;
pub mod cast;
pub mod compress;
pub mod conditional;
pub mod crypto;
pub mod datetime;
pub mod estimate;
pub mod format;
pub mod format_number;
pub mod geo;
pub mod hash;
pub mod like;
pub mod numeric;
pub mod row_hash;
pub mod semi;
pub mod sketch;
pub mod text;
pub mod vector;
