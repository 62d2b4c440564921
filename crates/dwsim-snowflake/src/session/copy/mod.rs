//! COPY INTO a table: which files, what they hold, which rows are good, and the rows that report it.
//! Reading files is `dwsim_engine::load`; options of formats are in `file_format`.
//!
//! Source: "COPY INTO `<table>`".

mod load;
mod options;
mod rows;
mod staged;

pub(crate) use load::{error_columns, error_texts};
pub(super) use staged::{METADATA, staged_rows};
