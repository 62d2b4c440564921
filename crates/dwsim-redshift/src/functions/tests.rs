//! `docs/redshift-functions.md` says what the tables say. `DWSIM_WRITE_DOCS=1 cargo test` writes it anew.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write;
use std::path::Path;

use dwsim_engine::functions::FunctionDef;

fn link(page: &str) -> String {
    let url = if page.starts_with("https://") {
        page.to_owned()
    } else {
        format!("https://docs.aws.amazon.com/redshift/latest/dg/{page}.html")
    };
    let name = url
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".html")
        .to_owned();
    format!("[{name}]({url})")
}

fn document() -> String {
    let table = super::table();
    let all = table.sorted();
    let mut out = String::from(
        "# Functions of Amazon Redshift in dwsim\n\nGenerated from the function tables; a test compares it with them.\n\n",
    );
    let _ = writeln!(out, "{} names.\n", all.len());
    out.push_str("| function | kind | page of the guide |\n| --- | --- | --- |\n");
    for def in all {
        let kind = match def {
            FunctionDef::Scalar(_) => "scalar",
            FunctionDef::Aggregate(_) => "aggregate",
            FunctionDef::Window(_) => "window",
        };
        let _ = writeln!(out, "| {} | {kind} | {} |", def.name(), link(def.page()));
    }
    out
}

#[test]
fn documentation_is_current() {
    let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap())
        .join("../../docs/redshift-functions.md");
    let text = document();
    if std::env::var_os("DWSIM_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "docs/redshift-functions.md is not what the tables say: run this test with DWSIM_WRITE_DOCS=1"
    );
}
