//! JUnit XML as CI systems read it: one suite a dialect, one case a test.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use super::{Outcome, Summary, TestReport};
use crate::error::{Error, Result};

/// Writes the report beside its place and renames it, so that no reader sees half of it.
pub fn write_junit(path: &Path, summary: &Summary) -> Result<()> {
    let failed = || Error::io(format!("writing {}", path.display()));
    let dir = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(dir).map_err(failed())?;
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed())?;
    file.write_all(render(summary).as_bytes())
        .map_err(failed())?;
    file.persist(path).map_err(|e| failed()(e.error))?;
    Ok(())
}

fn render(summary: &Summary) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let suites = |xml: &mut String| {
        let mut dialects: Vec<_> = summary.all().map(|t| t.dialect).collect();
        dialects.sort_unstable();
        dialects.dedup();
        for dialect in dialects {
            suite(xml, dialect, summary);
        }
    };
    let counts = counts(summary.all());
    let _ = writeln!(
        xml,
        "<testsuites name=\"dwsim\" {counts} time=\"{:.3}\">",
        summary.time.as_secs_f64()
    );
    suites(&mut xml);
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(xml: &mut String, dialect: &str, summary: &Summary) {
    let tests = || summary.all().filter(|t| t.dialect == dialect);
    let time: f64 = tests().map(|t| t.time.as_secs_f64()).sum();
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{dialect}\" {} time=\"{time:.3}\">",
        counts(tests())
    );
    for test in tests() {
        let name = escape(&test.name);
        let _ = write!(
            xml,
            "    <testcase name=\"{name}\" classname=\"dwsim.{dialect}\" time=\"{:.3}\"",
            test.time.as_secs_f64()
        );
        let (element, kind, text) = match &test.outcome {
            Outcome::Passed | Outcome::Accepted => {
                xml.push_str("/>\n");
                continue;
            }
            Outcome::Skipped { reason } => {
                let _ = writeln!(xml, "><skipped message=\"{}\"/></testcase>", escape(reason));
                continue;
            }
            Outcome::New => ("failure", "new snapshot", "there is no snapshot yet"),
            Outcome::Changed { diff } => ("failure", "changed snapshot", diff.as_str()),
            Outcome::Diverged { diff } => ("failure", "divergence", diff.as_str()),
            Outcome::Failed { message } => ("error", "error", message.as_str()),
        };
        let first = escape(text.lines().next().unwrap_or_default());
        let _ = writeln!(
            xml,
            ">\n      <{element} type=\"{kind}\" message=\"{first}\">{}</{element}>\n    </testcase>",
            escape(text)
        );
    }
    xml.push_str("  </testsuite>\n");
}

fn counts<'a>(tests: impl Iterator<Item = &'a TestReport>) -> String {
    let (mut all, mut failures, mut errors, mut skipped) = (0, 0, 0, 0);
    for test in tests {
        all += 1;
        match test.outcome {
            Outcome::Passed | Outcome::Accepted => {}
            Outcome::Skipped { .. } => skipped += 1,
            Outcome::Failed { .. } => errors += 1,
            Outcome::New | Outcome::Changed { .. } | Outcome::Diverged { .. } => failures += 1,
        }
    }
    format!("tests=\"{all}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

/// Text for an attribute or an element. Characters that XML 1.0 cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn cases_carry_their_outcome() {
        let test = |name: &str, dialect, outcome| TestReport {
            name: name.into(),
            dialect,
            outcome,
            time: Duration::from_millis(12),
        };
        let summary = Summary {
            tests: vec![
                test("a", "redshift", Outcome::Passed),
                test(
                    "a",
                    "snowflake",
                    Outcome::Skipped {
                        reason: "no \"x\" <here>".into(),
                    },
                ),
                test(
                    "b",
                    "redshift",
                    Outcome::Changed {
                        diff: "- 1\n+ 2\u{1}".into(),
                    },
                ),
                test(
                    "b",
                    "snowflake",
                    Outcome::Failed {
                        message: "no table t & u".into(),
                    },
                ),
            ],
            time: Duration::from_millis(1500),
            ..Summary::default()
        };
        insta::assert_snapshot!(render(&summary));
    }
}
