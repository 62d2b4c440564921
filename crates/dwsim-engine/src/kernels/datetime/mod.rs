//! stub
use crate::error::{Result, SqlError};
use crate::functions::Call;
use arrow::array::ArrayRef;
pub fn interval_literal(_: &Call<'_>) -> Result<ArrayRef> {
    Err(SqlError::internal("stub"))
}
