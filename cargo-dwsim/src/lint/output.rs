//! Findings in three forms: drawn with their place for people, one JSON object a line, and SARIF 2.1.0 for code hosts.
//! SARIF: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use dwsim_runtime::percent_path;
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde_json::json;

use super::finding::{CODES, Finding, Severity};
use super::run::Checked;
use crate::error::Result;
use crate::output;

/// A finding as miette draws it.
#[derive(Debug)]
struct Drawn {
    finding: Finding,
    source: Option<NamedSource<Arc<String>>>,
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)
    }
}

impl std::error::Error for Drawn {}

impl Diagnostic for Drawn {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.finding.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let fixable = match &self.finding.fix {
            Some(fix) => format!("`--fix` {}", fix.title),
            None => String::new(),
        };
        let parts: Vec<&str> = [self.finding.help.as_deref().unwrap_or_default(), &fixable]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        (!parts.is_empty()).then(|| Box::new(parts.join("\n")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|s| s as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref()?;
        let length = self.finding.end - self.finding.start;
        let label = LabeledSpan::new(None, self.finding.start, length);
        Some(Box::new(std::iter::once(label)))
    }
}

/// Draws every finding on stderr.
pub fn print_human(checked: &Checked) {
    let mut last: Option<(String, Arc<String>)> = None;
    for finding in &checked.findings {
        let text = match &last {
            Some((name, text)) if *name == finding.file => Some(Arc::clone(text)),
            _ => checked
                .texts
                .get(&finding.file)
                .map(|t| Arc::new(t.clone())),
        };
        last = text.clone().map(|text| (finding.file.clone(), text));
        // a drawing of a file that is not there would hide where the fault is
        let mut finding = finding.clone();
        if text.is_none() {
            finding.message = format!("{}: {}", finding.file, finding.message);
        }
        let source = text
            .map(|text| NamedSource::new(&finding.file, text))
            .filter(|source| source.inner().len() >= finding.end);
        anstream::eprintln!("{:?}", miette::Report::new(Drawn { finding, source }));
    }
}

/// One JSON object a finding, on stdout.
pub fn print_json(checked: &Checked) -> Result<()> {
    checked.findings.iter().try_for_each(output::json)
}

/// One SARIF log on stdout.
pub fn print_sarif(checked: &Checked) -> Result<()> {
    let used: BTreeSet<&str> = checked.findings.iter().map(|f| f.code).collect();
    let rules: Vec<_> = used
        .iter()
        .map(|code| {
            let known = CODES
                .iter()
                .find(|(c, ..)| c == code)
                .map(|(.., text)| *text);
            let text = known.or_else(|| dwsim_schema::codes::explain(code));
            json!({
                "id": code,
                "shortDescription": { "text": text.unwrap_or(code).replace('\n', " ") },
            })
        })
        .collect();
    let results: Vec<_> = checked.findings.iter().map(result).collect();
    output::json(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "dwsim",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn result(finding: &Finding) -> serde_json::Value {
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message += &format!("; {help}");
    }
    let mut result = json!({
        "ruleId": finding.code,
        "level": finding.severity.name(),
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": percent_path(&finding.file) },
            "region": {
                "startLine": finding.line,
                "startColumn": finding.column,
                "byteOffset": finding.start,
                "byteLength": finding.end - finding.start,
            },
        } }],
    });
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([{
            "description": { "text": fix.title },
            "artifactChanges": [{
                "artifactLocation": { "uri": percent_path(&finding.file) },
                "replacements": [{
                    "deletedRegion": { "byteOffset": fix.start, "byteLength": fix.end - fix.start },
                    "insertedContent": { "text": fix.text },
                }],
            }],
        }]);
    }
    result
}
