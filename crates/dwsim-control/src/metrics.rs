//! Counters and histograms of the control plane in Prometheus' text format.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the histograms, in seconds.
const BOUNDS: [f64; 20] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.5, 5.0,
    7.5, 10.0, 30.0, 60.0,
];

/// Names with their help; those that end in `_total` are counters, those in `_seconds` histograms.
const HELP: &[(&str, &str)] = &[
    ("dwsim_errors_total", "Errors by code."),
    ("dwsim_rows_generated_total", "Rows generated and staged."),
    (
        "dwsim_rows_loaded_total",
        "Rows loaded by COPY, by warehouse.",
    ),
    (
        "dwsim_run_duration_seconds",
        "Time of a whole run, by what became of it.",
    ),
    ("dwsim_runs_total", "Runs that ended, by status."),
    (
        "dwsim_statement_duration_seconds",
        "Time of a statement of `query`, by warehouse and kind.",
    ),
    (
        "dwsim_step_duration_seconds",
        "Time of a step of a run: plan, stage, load.",
    ),
];

#[derive(Clone, Debug, Default)]
struct Histogram {
    counts: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

#[derive(Debug, Default)]
struct Values {
    counters: BTreeMap<(&'static str, String), u64>,
    histograms: BTreeMap<(&'static str, String), Histogram>,
}

/// The metrics of one process.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Values>);

fn labels(pairs: &[(&str, &str)]) -> String {
    let all: Vec<String> = pairs
        .iter()
        .map(|(k, v)| {
            format!(
                "{k}=\"{}\"",
                v.replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n")
            )
        })
        .collect();
    all.join(",")
}

impl Metrics {
    /// Adds to a counter.
    pub fn add(&self, name: &'static str, pairs: &[(&str, &str)], n: u64) {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *values.counters.entry((name, labels(pairs))).or_default() += n;
    }

    /// Adds a time to a histogram.
    pub fn observe(&self, name: &'static str, pairs: &[(&str, &str)], time: Duration) {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let h = values.histograms.entry((name, labels(pairs))).or_default();
        let seconds = time.as_secs_f64();
        for (count, bound) in h.counts.iter_mut().zip(BOUNDS) {
            *count += u64::from(seconds <= bound);
        }
        h.count += 1;
        h.sum += seconds;
    }

    /// The text that Prometheus reads; `sessions` are the open connections to the emulators.
    #[must_use]
    pub fn render(&self, sessions: usize) -> String {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        let head = |out: &mut String, name: &str, help: &str, kind: &str| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        for (name, help) in HELP {
            let mut first = true;
            for ((_, labels), n) in values.counters.iter().filter(|((n, _), _)| n == name) {
                if std::mem::take(&mut first) {
                    head(&mut out, name, help, "counter");
                }
                let braces = if labels.is_empty() {
                    String::new()
                } else {
                    format!("{{{labels}}}")
                };
                let _ = writeln!(out, "{name}{braces} {n}");
            }
            for ((_, labels), h) in values.histograms.iter().filter(|((n, _), _)| n == name) {
                if std::mem::take(&mut first) {
                    head(&mut out, name, help, "histogram");
                }
                for (count, bound) in h.counts.iter().zip(BOUNDS) {
                    let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
                }
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", h.count);
                let _ = writeln!(out, "{name}_sum{{{labels}}} {}", h.sum);
                let _ = writeln!(out, "{name}_count{{{labels}}} {}", h.count);
            }
        }
        head(
            &mut out,
            "dwsim_sessions",
            "Open connections to the emulators.",
            "gauge",
        );
        let _ = writeln!(out, "dwsim_sessions {sessions}");
        if let Some(bytes) = resident_memory() {
            head(
                &mut out,
                "process_resident_memory_bytes",
                "Resident memory of the process.",
                "gauge",
            );
            let _ = writeln!(out, "process_resident_memory_bytes {bytes}");
        }
        out
    }
}

/// Where the system says so (Linux).
pub(crate) fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_buckets_add_up() {
        let metrics = Metrics::default();
        metrics.add("dwsim_errors_total", &[("code", "a\"b\n")], 2);
        metrics.observe(
            "dwsim_step_duration_seconds",
            &[("step", "load")],
            Duration::from_millis(20),
        );
        let text = metrics.render(3);
        for line in [
            "dwsim_errors_total{code=\"a\\\"b\\n\"} 2",
            "dwsim_step_duration_seconds_bucket{step=\"load\",le=\"0.01\"} 0",
            "dwsim_step_duration_seconds_bucket{step=\"load\",le=\"0.025\"} 1",
            "dwsim_step_duration_seconds_bucket{step=\"load\",le=\"+Inf\"} 1",
            "dwsim_sessions 3",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
