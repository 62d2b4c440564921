//! The report for people, on stderr, in nextest's manner: a line a test, what failed once more at the
//! end with its diff, then the sums.

use std::collections::BTreeMap;

use owo_colors::OwoColorize;

use super::{Loaded, Outcome, Summary, TestReport};
use crate::ui::{Ui, bytes, count, seconds, thousands};

/// Writes the lines.
#[derive(Debug, Clone, Copy)]
pub struct Human<'a> {
    ui: &'a Ui,
}

impl<'a> Human<'a> {
    /// A report on this terminal.
    pub fn new(ui: &'a Ui) -> Self {
        Human { ui }
    }

    /// The template is loaded.
    pub fn loaded(&self, loaded: &Loaded, dialects: &[&str]) {
        self.ui.status(
            "Generated",
            format_args!(
                "{} rows in {} in {} ({} of Parquet, staged in S3)",
                thousands(loaded.rows),
                count(loaded.tables, "table"),
                seconds(loaded.generate),
                bytes(loaded.bytes),
            ),
        );
        self.ui.status(
            "Loaded",
            format_args!(
                "into {} in {}",
                dialects.join(" and "),
                seconds(loaded.load)
            ),
        );
    }

    /// A test is over.
    pub fn test(&self, test: &TestReport) {
        let text = format_args!(
            "[{:>8}] {:<9} {}",
            seconds(test.time),
            test.dialect,
            test.name.bold()
        );
        match &test.outcome {
            Outcome::Passed => self.ui.status(test.outcome.label(), text),
            Outcome::Skipped { reason } => self
                .ui
                .warn(test.outcome.label(), format_args!("{text} ({reason})")),
            Outcome::New => self.ui.warn(test.outcome.label(), text),
            Outcome::Accepted => self.ui.status(test.outcome.label(), text),
            _ => self.ui.fail(test.outcome.label(), text),
        }
    }

    /// Everything that is not as it should be, then the sums and what to do next.
    pub fn summary(&self, summary: &Summary) {
        self.ui.note("────────────");
        self.details(summary);
        let mut by_dialect: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for test in summary.all() {
            let sums = by_dialect.entry(test.dialect).or_default();
            match test.outcome {
                Outcome::Skipped { .. } => {}
                Outcome::Passed | Outcome::Accepted => {
                    sums.0 += 1;
                    sums.1 += 1;
                }
                _ => sums.1 += 1,
            }
        }
        let dialects: Vec<_> = by_dialect
            .iter()
            .map(|(d, (passed, run))| format!("{d} {passed}/{run} passed"))
            .collect();
        let skipped = summary.count(|t| matches!(t.outcome, Outcome::Skipped { .. }));
        let mut line = format!(
            "[{:>8}] {}",
            seconds(summary.time),
            count(summary.all().count(), "test")
        );
        if !dialects.is_empty() {
            line += &format!(": {}", dialects.join(", "));
        }
        if skipped > 0 {
            line += &format!(", {skipped} skipped");
        }
        if summary.unaffected > 0 {
            line += &format!(", {} unaffected", summary.unaffected);
        }
        if summary.accepted > 0 {
            line += &format!(", {} written", count(summary.accepted, "snapshot"));
        }
        let good = summary.exit_code() == crate::exit::OK;
        if good {
            self.ui.status("Summary", line)
        } else {
            self.ui.fail("Summary", line)
        }
        self.next_steps(summary);
    }

    fn details(&self, summary: &Summary) {
        // A snapshot is one for both dialects, so a difference that both show is shown once.
        let mut shown: Vec<(&str, &str)> = Vec::new();
        for test in summary.all() {
            let text = match &test.outcome {
                Outcome::Changed { diff } | Outcome::Diverged { diff } => diff.as_str(),
                Outcome::Failed { message } => message.as_str(),
                _ => continue,
            };
            if shown.contains(&(test.name.as_str(), text)) {
                continue;
            }
            shown.push((&test.name, text));
            self.ui.fail(
                test.outcome.label(),
                format_args!("{} {}", test.dialect, test.name.bold()),
            );
            for line in text.lines() {
                self.ui.fail_text(line);
            }
        }
    }

    fn next_steps(&self, summary: &Summary) {
        let any = |wanted: fn(&Outcome) -> bool| summary.all().any(|t| wanted(&t.outcome));
        if any(|o| matches!(o, Outcome::Diverged { .. })) {
            self.ui.note(
                "The dialects differ. Where that is right: `cargo dwsim accept NAME --diverge \"reason\"`.",
            );
        }
        if any(|o| matches!(o, Outcome::New | Outcome::Changed { .. })) {
            self.ui.note("Pending snapshots: `cargo dwsim review`, `cargo dwsim accept`, `cargo dwsim reject`.");
        }
        if summary.exit_code() == crate::exit::NO_TESTS {
            self.ui.fail(
                "No tests",
                "matched; `cargo dwsim test` without a filter runs every tests/sql/**/*.sql",
            );
        }
    }
}
