//! What the runner of Rust tests prints, as reports: nextest's libtest JSON, and the text of `cargo test`.
//! Running it is [`crate::rust_tests`]'s part.

use std::time::Duration;

use dwsim_runtime::Dialect;
use dwsim_runtime::snapshot::PENDING_ADVICE;
use serde::Deserialize;

use crate::report::{Outcome, TestReport};

/// What stands in the place of a dialect for tests that are of none.
pub const NO_DIALECT: &str = "rust";

/// A line of nextest's `--message-format libtest-json`.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    event: String,
    /// `package::target$module::test`.
    name: Option<String>,
    exec_time: Option<f64>,
    stdout: Option<String>,
    reason: Option<String>,
}

/// The report of a line of libtest JSON, if it is about a test that is over.
pub fn json_line(line: &str) -> Option<TestReport> {
    let event: Event = serde_json::from_str(line).ok()?;
    if event.kind != "test" {
        return None;
    }
    let name = event.name?;
    let (target, test) = name.split_once('$').unwrap_or(("", &name));
    // a test that is tried again is `test#2`
    let test = test.rsplit_once('#').map_or(test, |(test, _)| test);
    let target = target.rsplit("::").next().unwrap_or(target);
    let outcome = outcome(
        &event.event,
        event.stdout.as_deref(),
        event.reason.as_deref(),
    )?;
    let time = Duration::try_from_secs_f64(event.exec_time.unwrap_or(0.0)).unwrap_or_default();
    Some(report(target, test, outcome, time))
}

/// Collects the text that `cargo test` prints for one target.
#[derive(Debug)]
pub struct TestText {
    target: String,
    failed: Vec<String>,
    /// The failure that is being printed, and its text so far.
    open: Option<(String, String)>,
    texts: Vec<(String, String)>,
}

impl TestText {
    /// For a target of this name.
    pub fn new(target: &str) -> Self {
        TestText {
            target: target.to_owned(),
            failed: Vec::new(),
            open: None,
            texts: Vec::new(),
        }
    }

    /// A line; the report of a test that has passed or was passed over. Failures come from [`TestText::finish`], because
    /// their text stands at the end.
    pub fn line(&mut self, line: &str) -> Option<TestReport> {
        if let Some(rest) = line
            .strip_prefix("---- ")
            .and_then(|l| l.strip_suffix(" ----"))
        {
            self.close();
            let name = rest.strip_suffix(" stdout").unwrap_or(rest);
            if self.failed.iter().any(|f| f == name) {
                self.open = Some((name.to_owned(), String::new()));
                return None;
            }
        }
        if self.open.is_some() {
            if line == "failures:" {
                self.close();
            } else if let Some((_, text)) = &mut self.open {
                text.push_str(line);
                text.push('\n');
            }
            return None;
        }
        let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
        let name = name
            .strip_suffix(" - should panic")
            .unwrap_or(name)
            .trim_end();
        let (word, reason) = match result.split_once(", ") {
            Some((word, reason)) => (word, Some(reason)),
            None => (result, None),
        };
        match word.trim() {
            "ok" => Some(report(&self.target, name, Outcome::Passed, Duration::ZERO)),
            "ignored" => {
                let outcome = outcome("ignored", None, reason)?;
                Some(report(&self.target, name, outcome, Duration::ZERO))
            }
            "FAILED" => {
                self.failed.push(name.to_owned());
                None
            }
            _ => None,
        }
    }

    /// The failures, when the target has ended.
    pub fn finish(mut self) -> Vec<TestReport> {
        self.close();
        let reports = self.failed.iter().map(|name| {
            let text = self.texts.iter().find(|(n, _)| n == name);
            let text = text.map(|(_, text)| text.as_str());
            let outcome = outcome("failed", text, None).unwrap_or(Outcome::Failed {
                message: String::new(),
            });
            report(&self.target, name, outcome, Duration::ZERO)
        });
        reports.collect()
    }

    fn close(&mut self) {
        self.texts.extend(self.open.take());
    }
}

fn outcome(event: &str, text: Option<&str>, reason: Option<&str>) -> Option<Outcome> {
    let text = text.unwrap_or_default().trim_end();
    Some(match event {
        "ok" => Outcome::Passed,
        "ignored" => Outcome::Skipped {
            reason: reason.unwrap_or("ignored").to_owned(),
        },
        // the test has left a pending snapshot: it differs, it does not fail
        "failed" if text.contains(&format!(".snap is new\n{PENDING_ADVICE}")) => Outcome::New,
        "failed" if text.contains(PENDING_ADVICE) => Outcome::Changed {
            diff: format!("{}\n", without_backtrace(text)),
        },
        "failed" | "timeout" => Outcome::Failed {
            message: match text {
                "" => event.to_owned(),
                text => text.to_owned(),
            },
        },
        _ => return None,
    })
}

fn without_backtrace(text: &str) -> &str {
    text.split("\nstack backtrace:")
        .next()
        .unwrap_or(text)
        .trim_end()
}

fn report(target: &str, test: &str, outcome: Outcome, time: Duration) -> TestReport {
    let (name, dialect) = match test.rsplit_once("::") {
        Some((name, last)) => match Dialect::from_name(last) {
            Some(dialect) => (name, dialect.name()),
            None => (test, NO_DIALECT),
        },
        None => (test, NO_DIALECT),
    };
    TestReport {
        name: format!("{target}::{name}"),
        dialect,
        outcome,
        time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_lines_are_tests() {
        let line = r#"{"type":"test","event":"ok","name":"shop::orders$refunds::redshift","exec_time":0.25}"#;
        let report = json_line(line).expect("a test");
        assert_eq!(
            (report.name.as_str(), report.dialect),
            ("orders::refunds", "redshift")
        );
        assert_eq!(report.time, Duration::from_millis(250));
        let line = r#"{"type":"test","event":"failed","name":"shop::orders$plain","exec_time":0.1,"stdout":"boom\n"}"#;
        let report = json_line(line).expect("a test");
        assert_eq!(report.dialect, NO_DIALECT);
        assert_eq!(
            report.outcome,
            Outcome::Failed {
                message: "boom".into()
            }
        );
        for line in [
            r#"{"type":"suite","event":"started","test_count":4}"#,
            r#"{"type":"test","event":"started","name":"a$b"}"#,
            "warning: no JSON",
        ] {
            assert!(json_line(line).is_none(), "{line}");
        }
    }

    #[test]
    fn text_is_read_with_its_failures() {
        let text = "\nrunning 4 tests\ntest ig ... ignored, why\ntest m::redshift ... ok\ntest m::bad ... FAILED\n\
                    test sp - should panic ... ok\n\nfailures:\n\n---- m::bad stdout ----\nout\n\nboom\n\n\nfailures:\n\
                    \x20   m::bad\n\ntest result: FAILED. 2 passed\n";
        let mut parser = TestText::new("a");
        let mut reports: Vec<TestReport> = text.lines().filter_map(|l| parser.line(l)).collect();
        reports.extend(parser.finish());
        let brief: Vec<_> = reports
            .iter()
            .map(|r| (r.name.as_str(), r.dialect, r.outcome.clone()))
            .collect();
        assert_eq!(
            brief,
            [
                (
                    "a::ig",
                    NO_DIALECT,
                    Outcome::Skipped {
                        reason: "why".into()
                    }
                ),
                ("a::m", "redshift", Outcome::Passed),
                ("a::sp", NO_DIALECT, Outcome::Passed),
                (
                    "a::m::bad",
                    NO_DIALECT,
                    Outcome::Failed {
                        message: "out\n\nboom".into()
                    }
                ),
            ]
        );
    }
}
