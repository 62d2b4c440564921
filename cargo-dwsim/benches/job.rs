//! Benchmarks of the binary: emulators from nothing to ready, and the main job over this repository's shop.
//! What a fork costs is measured in `dwsim-engine`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_cargo-dwsim");

fn main() {
    divan::main();
}

/// A process of `serve` until its ready line, three servers listening; it is killed outside of the measurement.
#[divan::bench(sample_count = 30)]
fn emulators_ready(bencher: divan::Bencher<'_, '_>) {
    bencher.bench_local(|| {
        let mut child = Command::new(BINARY)
            .args([
                "dwsim",
                "serve",
                "--redshift-port",
                "0",
                "--snowflake-port",
                "0",
                "--s3-port",
                "0",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("it is piped");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("it says when it is ready");
        assert!(line.contains("redshift"), "{line}");
        Stop(child)
    });
}

/// Ends the process when the measurement is over.
struct Stop(std::process::Child);

impl Drop for Stop {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// 180 500 rows generated, staged as Parquet, loaded by COPY into both warehouses; the SQL tests on both dialects.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn main_job() {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this")).join("..");
    let status = Command::new(BINARY)
        .args(["dwsim", "test", "--check", "--no-rust", "--quiet"])
        .current_dir(root)
        .stdout(Stdio::null())
        .status()
        .expect("the binary starts");
    assert!(status.success(), "{status}");
}
