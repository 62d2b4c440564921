//! Parquet: every column of a row group is made and encoded on its own, in parallel, then appended in order.
//! Encodings come from the plan, so that the writer never tries a dictionary that cannot pay.

use std::io::Write;
use std::sync::Arc;

use arrow::datatypes::DataType;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::basic::{Compression, Encoding as ParquetEncoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use crate::error::GenerateError;
use crate::plan::Encoding;
use crate::plan::{RowGroup, TablePlan};
use crate::write::{Counting, Report};

/// Row groups and their encoded columns, in order.
type Encoded<'a> = (&'a [RowGroup], Vec<ArrowColumnChunk>);

/// Row groups that are encoded at the same time; bounds memory, of which those that are being written take as much again.
const WINDOW: usize = 2;

/// Writer settings of a table.
pub(crate) fn properties(table: &TablePlan) -> Result<WriterProperties, GenerateError> {
    let mut props = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_created_by(format!("dwsim {}", env!("CARGO_PKG_VERSION")))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(None)
        .set_dictionary_enabled(false);
    for (field, column) in table.schema.fields().iter().zip(&table.columns) {
        let path = ColumnPath::from(vec![field.name().clone()]);
        props = match column.encoding {
            Encoding::Dictionary => props.set_column_dictionary_enabled(path, true),
            Encoding::Delta if is_integer(field.data_type()) => {
                props.set_column_encoding(path, ParquetEncoding::DELTA_BINARY_PACKED)
            }
            Encoding::Delta | Encoding::Plain => props,
        };
    }
    Ok(props.build())
}

/// Whether Parquet stores the type as 32 or 64 bit integers.
fn is_integer(ty: &DataType) -> bool {
    match ty {
        DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Date32
        | DataType::Time64(_)
        | DataType::Timestamp(..) => true,
        DataType::Decimal128(precision, _) => *precision <= 18,
        _ => false,
    }
}

/// Writes the shard's row groups.
pub(crate) fn write<W: Write + Send>(
    table: &TablePlan,
    out: W,
    report: Report<'_>,
) -> Result<u64, GenerateError> {
    let writer = ArrowWriter::try_new(
        Counting {
            inner: out,
            bytes: 0,
        },
        table.schema.clone(),
        Some(properties(table)?),
    )?;
    let (mut file, factory) = writer.into_serialized_writer()?;
    let groups: Vec<RowGroup> = table.row_groups().collect();
    let mut done = 0;
    let mut append = |encoded: Option<Encoded<'_>>| -> Result<(), GenerateError> {
        let Some((groups, chunks)) = encoded else {
            return Ok(());
        };
        let mut chunks = chunks.into_iter();
        for group in groups {
            let mut out = file.next_row_group()?;
            for chunk in chunks.by_ref().take(table.columns.len()) {
                chunk.append_to_row_group(&mut out)?;
            }
            out.close()?;
            done += group.rows.end - group.rows.start;
            report(table.progress(done, file.bytes_written() as u64));
        }
        Ok(())
    };
    let mut before = None;
    for (window, groups) in groups.chunks(WINDOW).enumerate() {
        let mut jobs = Vec::new();
        for (i, group) in groups.iter().enumerate() {
            let writers = factory.create_column_writers(window * WINDOW + i)?;
            jobs.extend(
                writers
                    .into_iter()
                    .enumerate()
                    .map(|(column, writer)| (group, column, writer)),
            );
        }
        // While one thread writes the window before, the others go on.
        let (appended, chunks) = rayon::join(
            || append(before.take()),
            || {
                jobs.into_par_iter()
                    .with_max_len(1)
                    .map(|(group, column, writer)| encode(table, group, column, writer))
                    .collect::<Result<Vec<ArrowColumnChunk>, GenerateError>>()
            },
        );
        appended?;
        before = Some((groups, chunks?));
    }
    append(before)?;
    // writes the footer and gives the writer back
    let mut out = file.into_inner()?;
    out.flush()?;
    let bytes = out.bytes;
    report(table.progress(done, bytes));
    Ok(bytes)
}

fn encode(
    table: &TablePlan,
    group: &RowGroup,
    column: usize,
    mut writer: ArrowColumnWriter,
) -> Result<ArrowColumnChunk, GenerateError> {
    let field = Arc::clone(&table.schema.fields()[column]);
    for range in TablePlan::batch_ranges(group.rows.clone()) {
        let array = table.column(column, range)?;
        for leaf in compute_leaves(&field, &array)? {
            writer.write(&leaf)?;
        }
    }
    Ok(writer.close()?)
}
