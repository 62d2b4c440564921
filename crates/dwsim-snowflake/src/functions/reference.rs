//! The functions of Snowflake's reference with what becomes of them here, as a page of the documentation.
//! `docs/snowflake-functions.md` is this text; a test holds the two together.

use std::fmt::Write as _;

use super::refused::REFUSED;

/// Where the pages are.
const PAGES: &str = "https://docs.snowflake.com/en/sql-reference/";

/// Table functions, which are bound in FROM: name and page.
pub(super) const TABLE_FUNCTIONS: &[(&str, &str)] = &[
    ("FLATTEN", "functions/flatten"),
    ("GENERATOR", "functions/generator"),
    ("RESULT_SCAN", "functions/result_scan"),
    ("SPLIT_TO_TABLE", "functions/split_to_table"),
    ("STRTOK_SPLIT_TO_TABLE", "functions/strtok_split_to_table"),
];

/// Functions that are syntax: the parser knows them.
const SYNTAX: &[(&str, &str)] = &[
    ("[NOT] BETWEEN", "functions/between"),
    ("CASE", "functions/case"),
    ("CAST, ::", "functions/cast"),
    ("[NOT] ILIKE", "functions/ilike"),
    ("ILIKE ANY", "functions/ilike_any"),
    ("[NOT] IN", "functions/in"),
    ("IS [NOT] DISTINCT FROM", "functions/is-distinct-from"),
    ("IS [NOT] NULL", "functions/is-null"),
    ("[NOT] LIKE", "functions/like"),
    ("LIKE ALL", "functions/like_all"),
    ("LIKE ANY", "functions/like_any"),
    ("[NOT] REGEXP", "functions/regexp"),
    ("TRY_CAST", "functions/try_cast"),
];

/// Functions of the reference that are not there yet.
const MISSING: &[(&str, &str)] = &[];

/// The page `docs/snowflake-functions.md`.
pub fn markdown() -> String {
    let table = super::table();
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for def in table.sorted() {
        if super::refused::reason(def.name()).is_some() {
            continue;
        }
        rows.push((
            def.name().to_owned(),
            "yes".to_owned(),
            def.page().to_owned(),
        ));
    }
    for (name, page) in TABLE_FUNCTIONS.iter().chain(SYNTAX) {
        rows.push(((*name).to_owned(), "yes".to_owned(), (*page).to_owned()));
    }
    let supported = rows.len();
    for (name, page) in MISSING {
        rows.push(((*name).to_owned(), "not yet".to_owned(), (*page).to_owned()));
    }
    let missing = MISSING.len();
    let mut refused = 0;
    for (reason, names) in REFUSED {
        for name in *names {
            refused += 1;
            let page = format!(
                "functions/{}",
                name.to_lowercase().replace("system$", "system_")
            );
            rows.push((
                (*name).to_owned(),
                format!("refused: it {}", reason.text()),
                page,
            ));
        }
    }
    rows.sort();
    let mut out = String::new();
    let _ = write!(
        out,
        "# Snowflake's functions in dwsim\n\n\
         Generated from the code by the test `reference` of `dwsim-snowflake`; do not edit.\n\
         {supported} names of the reference (aliases counted) work, {missing} do not yet, {refused} are refused with an \
         error that names them, because they need\na cloud service or were withdrawn.\n\n\
         | function | here |\n| --- | --- |\n"
    );
    for (name, state, page) in rows {
        let page = page.strip_prefix(PAGES).unwrap_or(&page).to_owned();
        let _ = writeln!(
            out,
            "| [{}]({PAGES}{page}) | {state} |",
            name.replace('|', "\\|")
        );
    }
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::path::Path;

    /// With UPDATE_DOCS set the page is written instead.
    #[test]
    fn reference() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/snowflake-functions.md");
        let want = super::markdown();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &want).unwrap();
        }
        let have = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            have == want,
            "docs/snowflake-functions.md is not what the code says; run this test with UPDATE_DOCS=1"
        );
    }
}
