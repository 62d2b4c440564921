//! Parquet and ORC files, whose columns are for the table's columns in their order.
//! Conversion is left to `fit`.

use arrow::array::new_null_array;
use bytes::Bytes;
use dwsim_engine::error::{ErrorKind, Result};
use dwsim_engine::load::ColumnarFormat;
use dwsim_engine::types::SqlType;

use super::Load;
use super::fit::Fit;

/// Reads one file. False when too many rows were refused.
///
/// # Errors
/// A file that is not of this format, or has another number of columns.
pub(super) fn columnar(
    load: &mut Load<'_>,
    url: &str,
    bytes: Bytes,
    format: ColumnarFormat,
) -> Result<bool> {
    let mut reader = format.open(bytes)?;
    let file: Vec<_> = reader.columns().to_vec();
    let short = load.copy.fill_record && file.len() < load.given.len();
    if file.len() != load.given.len() && !short {
        return Err(ErrorKind::Load(format!(
            "Spectrum Scan Error. File '{url}' has an incompatible {} schema: {} columns in the file, {} expected",
            format.name(),
            file.len(),
            load.given.len()
        ))
        .into());
    }
    let mut line = 1u64;
    while let Some(batch) = reader.next_batch()? {
        let fit = Fit {
            url,
            lines: (line..line + batch.rows as u64).collect(),
            raw: vec![String::new(); batch.rows],
            bad: vec![false; batch.rows],
        };
        line += batch.rows as u64;
        let missing = load.given.len() - file.len();
        let rows = batch.rows;
        let columns = batch
            .columns
            .into_iter()
            .zip(&file)
            .map(|(a, c)| (a, c.ty.clone()))
            .chain((0..missing).map(|_| {
                let ty = SqlType::text();
                (new_null_array(&ty.arrow(), rows), ty)
            }))
            .collect();
        if !fit.add(load, columns)? {
            return Ok(false);
        }
    }
    Ok(true)
}
