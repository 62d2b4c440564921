//! Files: readable by others' readers, whole or absent, with progress.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use dwsim_schema::Dialect;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;
use crate::{Format, GenerateError};

fn written(table: &TablePlan, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    let bytes = table.write(&mut out, format, &|_| ()).unwrap();
    assert_eq!(bytes, out.len() as u64);
    out
}

#[test]
fn parquet_and_arrow_read_back_equal() {
    let plan = planned(EVERYTHING, &Options::default());
    for table in plan.tables() {
        let expected = table.batch(0..table.rows()).unwrap();
        let parquet = bytes::Bytes::from(written(table, Format::Parquet));
        let reader = ParquetRecordBatchReaderBuilder::try_new(parquet)
            .unwrap()
            .with_batch_size(100_000)
            .build()
            .unwrap();
        let batches: Vec<_> = reader.collect::<Result<_, _>>().unwrap();
        assert_eq!(
            arrow::compute::concat_batches(&table.schema(), &batches).unwrap(),
            expected
        );
        let ipc = arrow::ipc::reader::FileReader::try_new(
            std::io::Cursor::new(written(table, Format::Arrow)),
            None,
        )
        .unwrap();
        let batches: Vec<_> = ipc.collect::<Result<_, _>>().unwrap();
        assert_eq!(
            arrow::compute::concat_batches(&table.schema(), &batches).unwrap(),
            expected
        );
    }
}

#[test]
fn estimates_are_near_what_is_written() {
    for (rows, definition) in [
        (0, "{ type = \"integer\" }"),
        (700_000, "{ type = \"serial\" }"),
        (
            700_000,
            "{ type = \"varchar(60)\", generator = \"faker.email\" }",
        ),
    ] {
        for shard in [None, Some(crate::Shard { index: 1, count: 3 })] {
            let text = format!("[tables.t]\nrows = {rows}\n[tables.t.columns]\nc = {definition}");
            let options = Options {
                shard,
                ..Options::default()
            };
            let plan = planned(&text, &options);
            let table = &plan.tables()[0];
            for format in [Format::Csv, Format::Parquet] {
                let (guess, real) = (
                    table.estimate(format).unwrap() as f64,
                    written(table, format).len() as f64,
                );
                let ratio = (guess + 1e4) / (real + 1e4);
                assert!(
                    (0.8..2.0).contains(&ratio),
                    "{definition} {format:?}: {guess} {real}"
                );
            }
        }
    }
}

#[test]
fn an_empty_table_is_a_file_too() {
    let plan = column(0, "{ type = \"integer\" }");
    let table = &plan.tables()[0];
    for format in [
        Format::Parquet,
        Format::Csv,
        Format::JsonLines,
        Format::Arrow,
        Format::Sql(Dialect::Redshift),
    ] {
        let out = written(table, format);
        if format == Format::Csv {
            assert_eq!(out, b"c\n");
        }
    }
}

#[test]
fn text_formats_quote_what_they_must() {
    let text = "[tables.t]\nrows = 3\n[tables.t.columns]\nid = { type = \"serial\" }\n\
        c = { type = \"varchar(20)\", value = \"it's, \\\"x\\\"\" }\ne = { type = \"varchar(2)\", value = \"\" }\n\
        n = { type = \"date\", nulls = 1.0 }\nd = { type = \"decimal(5,2)\", value = -0.5 }\n\
        b = { type = \"boolean\", value = true }\nj = { type = \"json\", fields = { k = { type = \"integer\", value = 1 } } }";
    let plan = planned(text, &Options::default());
    let table = &plan.tables()[0];
    let show = |format| String::from_utf8(written(table, format)).unwrap();
    assert_eq!(
        show(Format::Csv).lines().take(2).collect::<Vec<_>>(),
        [
            "id,c,e,n,d,b,j",
            "1,\"it's, \"\"x\"\"\",\"\",,-0.50,true,\"{\"\"k\"\":1}\""
        ]
    );
    assert_eq!(
        show(Format::JsonLines).lines().next().unwrap(),
        "{\"id\":1,\"c\":\"it's, \\\"x\\\"\",\"e\":\"\",\"n\":null,\"d\":-0.50,\"b\":true,\"j\":{\"k\":1}}"
    );
    assert_eq!(
        show(Format::Sql(Dialect::Redshift))
            .lines()
            .take(2)
            .collect::<Vec<_>>(),
        [
            "INSERT INTO t (id, c, e, n, d, b, j) VALUES",
            "(1, 'it''s, \"x\"', '', NULL, -0.50, true, JSON_PARSE('{\"k\":1}')),"
        ]
    );
    assert!(show(Format::Sql(Dialect::Snowflake)).starts_with(
        "INSERT INTO t (id, c, e, n, d, b, j) SELECT column1, column2, column3, column4, column5, column6, PARSE_JSON(column7) FROM VALUES\n(1, "
    ));
}

#[test]
fn json_documents_are_json() {
    let plan = planned(EVERYTHING, &Options::default());
    let table = plan.table("types").unwrap();
    for line in String::from_utf8(written(table, Format::JsonLines))
        .unwrap()
        .lines()
    {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            row.as_object().unwrap().len(),
            table.schema().fields().len()
        );
        assert!(row["json"].is_null() || row["json"]["c"].is_array());
    }
}

/// Takes so many bytes, then fails like a full disk.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(buf.len())
            .ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn failing_writers_are_errors() {
    let plan = planned(EVERYTHING, &Options::default());
    for table in plan.tables() {
        for format in [
            Format::Parquet,
            Format::Csv,
            Format::JsonLines,
            Format::Arrow,
            Format::Sql(Dialect::Snowflake),
        ] {
            let length = written(table, format).len();
            for room in [0, length / 2, length - 1] {
                assert!(
                    table.write(Full(room), format, &|_| ()).is_err(),
                    "{format:?} {room}"
                );
            }
        }
    }
}

#[test]
fn a_failed_file_leaves_nothing_and_keeps_the_old_one() {
    let plan = planned(EVERYTHING, &Options::default());
    let dir = tempfile::tempdir().unwrap();
    // a directory in the way of the last table's file: the rename fails after everything was written
    std::fs::create_dir(dir.path().join("types.csv")).unwrap();
    let error = plan
        .write_files(dir.path(), Format::Csv, &|_| ())
        .unwrap_err();
    assert!(
        matches!(&error, GenerateError::File { path, .. } if path.ends_with("types.csv")),
        "{error}"
    );
    let left: Vec<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(left.iter().all(|n| !n.contains(".tmp")), "{left:?}");
    let missing = dir.path().join("types.csv").join("no").join("such");
    std::fs::write(dir.path().join("file"), "x").unwrap();
    assert!(
        plan.write_files(&dir.path().join("file").join("dir"), Format::Csv, &|_| ())
            .is_err()
    );
    assert!(!missing.exists());
}

#[test]
fn progress_reaches_the_end() {
    let plan = planned(SHOP, &Options::default());
    let dir = tempfile::tempdir().unwrap();
    let rows = AtomicU64::new(0);
    let files = plan
        .write_files(dir.path(), Format::Parquet, &|p| {
            assert!(p.rows <= p.total);
            if p.rows == p.total {
                rows.fetch_max(p.rows, Ordering::Relaxed);
            }
        })
        .unwrap();
    assert_eq!(rows.into_inner(), 100_000);
    assert_eq!(files.iter().map(|f| f.rows).sum::<u64>(), plan.total_rows());
    for file in files {
        assert_eq!(std::fs::metadata(&file.path).unwrap().len(), file.bytes);
    }
}
