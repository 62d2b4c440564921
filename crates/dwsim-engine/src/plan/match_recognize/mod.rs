//! MATCH_RECOGNIZE: finding patterns in the rows of each partition.
//! Everything else of a query sees it as a table.
//!
//! The clause becomes a window function over the input that gives, at each row, the list of the output rows of the
//! matches that start there; the list is unnested, and the measures are computed from its fields.
//!
//! Source: Snowflake "MATCH_RECOGNIZE".

mod bind;
mod navigate;
mod pattern;
mod run;
