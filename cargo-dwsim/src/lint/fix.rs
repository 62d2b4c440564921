//! Applies the safe fixes of findings to the files of the working tree.
//! What is safe is decided where a finding is made.

use std::collections::BTreeMap;

use dwsim_runtime::Project;

use super::finding::{Finding, Fix};
use super::run::Checked;
use crate::error::{Error, Result};

/// Writes every fix; returns how many there were, by file. A file that is no longer what was checked is left alone and
/// named in the second list.
pub fn apply(
    project: &Project,
    checked: &Checked,
) -> Result<(BTreeMap<String, usize>, Vec<String>)> {
    let mut by_file: BTreeMap<&str, Vec<Finding>> = BTreeMap::new();
    for finding in checked.findings.iter().filter(|f| f.fix.is_some()) {
        by_file
            .entry(&finding.file)
            .or_default()
            .push(finding.clone());
    }
    let (mut written, mut left) = (BTreeMap::new(), Vec::new());
    for (name, findings) in by_file {
        let Some(checked_text) = checked.texts.get(name) else {
            continue;
        };
        let path = project.root.join(name);
        let text = std::fs::read_to_string(&path).map_err(Error::io(format!("reading {name}")))?;
        if text != *checked_text {
            left.push(name.to_owned());
            continue;
        }
        let (text, count) = fixed(&text, &findings);
        std::fs::write(&path, text).map_err(Error::io(format!("writing {name}")))?;
        written.insert(name.to_owned(), count);
    }
    Ok((written, left))
}

/// The text with the fixes, and how many were made; of two at the same place the first.
pub fn fixed(text: &str, findings: &[Finding]) -> (String, usize) {
    let mut fixes: Vec<&Fix> = findings.iter().filter_map(|f| f.fix.as_ref()).collect();
    fixes.sort_by_key(|f| (f.start, f.end));
    let (mut out, mut at, mut count) = (String::with_capacity(text.len()), 0, 0);
    let mut last = None;
    for fix in fixes {
        if fix.start < at || last == Some(fix.start) {
            continue;
        }
        let Some(kept) = text.get(at..fix.start) else {
            continue;
        };
        out.push_str(kept);
        out.push_str(&fix.text);
        at = fix.end;
        last = Some(fix.start);
        count += 1;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    (out, count)
}
