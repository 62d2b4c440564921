//! One measurement per process, for `benches/compare/compare.py`: prints rows, bytes, CPU seconds and wall seconds as
//! JSON. What is compared with what is decided there.

use std::path::Path;
use std::time::Instant;

use arrow::record_batch::RecordBatch;
use dwsim_generate::{Format, Options, Plan, Shard, plan};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

const SHOP: &str = include_str!("../../../benches/compare/shop.toml");
const WIDE: &str = include_str!("../../../benches/compare/wide.toml");

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |i: usize| args.get(i).map(String::as_str).unwrap_or_default();
    let number = |i: usize, default: f64| arg(i).parse().unwrap_or(default);
    let dir = Path::new(arg(1));
    match arg(0) {
        "floor" => floor(dir, number(2, 1.0)),
        "generate" => generate(number(2, 1.0)),
        "write" => write(SHOP, dir, number(2, 1.0), number(3, 1.0) as usize, None),
        "wide" => {
            let shards = number(4, 1.0) as u64;
            let shard = (shards > 1).then_some(Shard {
                index: number(5, 0.0) as u64,
                count: shards,
            });
            // of what has no room on the disk, the bytes are made and not kept
            if dir == Path::new("-") {
                return discard(WIDE, number(2, 1.0), number(3, 1.0) as usize, shard);
            }
            write(WIDE, dir, number(2, 1.0), number(3, 1.0) as usize, shard)
        }
        other => Err(format!("no measurement `{other}`: floor, generate, write, wide").into()),
    }
}

fn planned(text: &str, scale: f64, threads: usize, shard: Option<Shard>) -> Result<Plan> {
    let config = dwsim_schema::Config::parse("bench.toml", text)?;
    let options = Options {
        scale,
        threads: Some(threads),
        shard,
        ..Options::default()
    };
    Ok(plan(&config.schema, &options)?)
}

/// CPU seconds of this process, user and system.
fn cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .collect();
    let ticks = |i: usize| {
        fields
            .get(i)
            .and_then(|t| t.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    // fields 14 and 15 of the file, in hundredths of a second on Linux
    Ok((ticks(11) + ticks(12)) / 100.0)
}

/// Greatest memory of this process so far, in megabytes.
fn memory() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|l| l.starts_with("VmHWM:"))
        .unwrap_or_default();
    let kilobytes = line
        .split_whitespace()
        .nth(1)
        .and_then(|t| t.parse::<f64>().ok());
    Ok(kilobytes.unwrap_or(0.0) / 1024.0)
}

fn show(rows: u64, bytes: u64, started: (f64, Instant)) -> Result<()> {
    let cpu = cpu()? - started.0;
    let wall = started.1.elapsed().as_secs_f64();
    println!(
        "{{\"rows\": {rows}, \"bytes\": {bytes}, \"cpu\": {cpu:.2}, \"wall\": {wall:.4}, \"peak_mb\": {:.1}}}",
        memory()?
    );
    Ok(())
}

/// Schema to files.
fn write(text: &str, dir: &Path, scale: f64, threads: usize, shard: Option<Shard>) -> Result<()> {
    let started = (cpu()?, Instant::now());
    let plan = planned(text, scale, threads, shard)?;
    let files = plan.write_files(dir, Format::Parquet, &|_| ())?;
    let bytes = files.iter().map(|f| f.bytes).sum();
    show(files.iter().map(|f| f.rows).sum(), bytes, started)
}

/// Schema to Parquet that nobody keeps.
fn discard(text: &str, scale: f64, threads: usize, shard: Option<Shard>) -> Result<()> {
    let started = (cpu()?, Instant::now());
    let plan = planned(text, scale, threads, shard)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    let (mut bytes, mut rows) = (0, 0);
    for table in plan.tables() {
        let written = pool.install(|| table.write(std::io::sink(), Format::Parquet, &|_| ()))?;
        bytes += written;
        rows += table.shard_rows().end - table.shard_rows().start;
    }
    show(rows, bytes, started)
}

/// Arrays alone.
fn generate(scale: f64) -> Result<()> {
    let started = (cpu()?, Instant::now());
    let plan = planned(SHOP, scale, 1, None)?;
    let mut rows = 0;
    for table in plan.tables() {
        for batch in table.batches(8192) {
            rows += batch?.num_rows() as u64;
        }
    }
    show(rows, 0, started)
}

/// The same arrays, already made, through parquet-rs as it comes, with zstd-1.
fn floor(dir: &Path, scale: f64) -> Result<()> {
    let plan = planned(SHOP, scale, 1, None)?;
    let tables: Vec<Vec<RecordBatch>> = plan
        .tables()
        .iter()
        .map(|t| t.batches(8192).collect::<std::result::Result<_, _>>())
        .collect::<std::result::Result<_, _>>()?;
    let started = (cpu()?, Instant::now());
    let mut bytes = 0;
    for (i, batches) in tables.iter().enumerate() {
        let path = dir.join(format!("floor-{i}.parquet"));
        let zstd = Compression::ZSTD(ZstdLevel::try_new(1)?);
        let props = WriterProperties::builder().set_compression(zstd).build();
        let file = std::fs::File::create(&path)?;
        let mut writer = ArrowWriter::try_new(file, batches[0].schema(), Some(props))?;
        for batch in batches {
            writer.write(batch)?;
        }
        writer.close()?;
        bytes += std::fs::metadata(&path)?.len();
    }
    show(plan.total_rows(), bytes, started)
}
