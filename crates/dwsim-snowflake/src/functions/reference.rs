//! The functions of Snowflake's reference with what becomes of them here, as a page of the documentation.
//! `docs/snowflake-functions.md` is this text; a test holds the two together.

use std::fmt::Write as _;

use super::refused::REFUSED;

/// Where the pages are.
const PAGES: &str = "https://docs.snowflake.com/en/sql-reference/";

/// Table functions, which are bound in FROM: name and page.
pub(super) const TABLE_FUNCTIONS: &[(&str, &str)] = &[
    ("COPY_HISTORY", "functions/copy_history"),
    ("GETNEXTVAL", "functions/getnextval"),
    ("FLATTEN", "functions/flatten"),
    ("GENERATOR", "functions/generator"),
    ("GET_OBJECT_REFERENCES", "functions/get_object_references"),
    ("INFER_SCHEMA", "functions/infer_schema"),
    ("RESULT_SCAN", "functions/result_scan"),
    ("SPLIT_TO_TABLE", "functions/split_to_table"),
    ("STRTOK_SPLIT_TO_TABLE", "functions/strtok_split_to_table"),
    ("TO_QUERY", "functions/to_query"),
    ("VALIDATE", "functions/validate"),
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
    ("POLICY_CONTEXT", "functions/policy_context"),
    ("[NOT] REGEXP", "functions/regexp"),
    ("TRY_CAST", "functions/try_cast"),
];

/// Functions of the reference that may not be there yet; those that the table has are listed as it has them.
const AWAITED: &str = "\
    CHECK_XML PARSE_XML TO_XML XMLGET COLLATE COLLATION \
    CURRENT_CLIENT CURRENT_STATEMENT LAST_TRANSACTION FILTER REDUCE TRANSFORM \
    GET_ABSOLUTE_PATH GET_RELATIVE_PATH GET_STAGE_LOCATION GET_DDL GET_OBJECT_REFERENCES INFER_SCHEMA \
    VALIDATE TO_QUERY TO_DECFLOAT TRY_TO_DECFLOAT IS_DATABASE_ROLE_IN_SESSION IS_INSTANCE_ROLE_IN_SESSION \
    SYSTEM$ABORT_SESSION SYSTEM$ABORT_TRANSACTION SYSTEM$CANCEL_ALL_QUERIES SYSTEM$CANCEL_QUERY SYSTEM$CURRENT_USER_TASK_NAME SYSTEM$GET_PREDECESSOR_RETURN_VALUE \
    SYSTEM$GET_TAG SYSTEM$LAST_CHANGE_COMMIT_TIME SYSTEM$PIPE_STATUS SYSTEM$SET_RETURN_VALUE SYSTEM$STREAM_GET_TABLE_TIMESTAMP SYSTEM$STREAM_HAS_DATA \
    H3_CELL_TO_BOUNDARY H3_CELL_TO_CHILDREN H3_CELL_TO_CHILDREN_STRING H3_CELL_TO_PARENT H3_CELL_TO_POINT H3_COMPACT_CELLS \
    H3_COMPACT_CELLS_STRINGS H3_COVERAGE H3_COVERAGE_STRINGS H3_GET_RESOLUTION H3_GRID_DISTANCE H3_GRID_DISK \
    H3_GRID_PATH H3_INT_TO_STRING H3_IS_PENTAGON H3_IS_VALID_CELL H3_LATLNG_TO_CELL H3_LATLNG_TO_CELL_STRING \
    H3_POINT_TO_CELL H3_POINT_TO_CELL_STRING H3_POLYGON_TO_CELLS H3_POLYGON_TO_CELLS_STRINGS H3_STRING_TO_INT H3_TRY_COVERAGE \
    H3_TRY_COVERAGE_STRINGS H3_TRY_GRID_DISTANCE H3_TRY_GRID_PATH H3_TRY_POLYGON_TO_CELLS H3_TRY_POLYGON_TO_CELLS_STRINGS H3_UNCOMPACT_CELLS \
    H3_UNCOMPACT_CELLS_STRINGS TO_GEOGRAPHY TO_GEOMETRY TRY_TO_GEOGRAPHY TRY_TO_GEOMETRY ST_AREA \
    ST_ASBINARY ST_ASEWKB ST_ASEWKT ST_ASGEOJSON ST_ASTEXT ST_ASWKB \
    ST_ASWKT ST_AZIMUTH ST_BUFFER ST_CENTROID ST_COLLECT ST_CONTAINS \
    ST_COVEREDBY ST_COVERS ST_DIFFERENCE ST_DIMENSION ST_DISJOINT ST_DISTANCE \
    ST_DWITHIN ST_ENDPOINT ST_ENVELOPE ST_GEOGFROMGEOHASH ST_GEOGPOINTFROMGEOHASH ST_GEOGRAPHYFROMWKB \
    ST_GEOGRAPHYFROMWKT ST_GEOHASH ST_GEOMETRYFROMWKB ST_GEOMETRYFROMWKT ST_GEOMFROMGEOHASH ST_GEOMPOINTFROMGEOHASH \
    ST_HAUSDORFFDISTANCE ST_INTERPOLATE ST_INTERSECTION ST_INTERSECTION_AGG ST_INTERSECTS ST_ISVALID \
    ST_LENGTH ST_MAKEGEOMPOINT ST_MAKELINE ST_MAKEPOINT ST_MAKEPOLYGON ST_MAKEPOLYGONORIENTED \
    ST_NPOINTS ST_NUMPOINTS ST_PERIMETER ST_POINTN ST_SETSRID ST_SIMPLIFY \
    ST_SRID ST_STARTPOINT ST_SYMDIFFERENCE ST_TRANSFORM ST_UNION ST_UNION_AGG \
    ST_WITHIN ST_X ST_XMAX ST_XMIN ST_Y ST_YMAX \
    ST_YMIN COPY_HISTORY DYNAMIC_TABLES DYNAMIC_TABLE_GRAPH_HISTORY DYNAMIC_TABLE_REFRESH_HISTORY EXTERNAL_TABLE_FILES \
    ICEBERG_TABLE_FILES POLICY_CONTEXT POLICY_REFERENCES QUERY_HISTORY QUERY_HISTORY_BY_SESSION QUERY_HISTORY_BY_USER \
    QUERY_HISTORY_BY_WAREHOUSE TAG_REFERENCES TAG_REFERENCES_ALL_COLUMNS TASK_DEPENDENTS TASK_HISTORY VALIDATE_PIPE_LOAD";

/// The page `docs/snowflake-functions.md`.
pub fn markdown() -> String {
    let table = super::table();
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for def in table.sorted() {
        // Names that start so are what the parser writes for clauses.
        if super::refused::reason(def.name()).is_some() || def.name().starts_with('$') {
            continue;
        }
        rows.push((
            def.name().to_owned(),
            "yes".to_owned(),
            def.page().to_owned(),
        ));
    }
    let elsewhere = || {
        super::queries::NAMES
            .iter()
            .chain(super::tags::NAMES)
            .chain(super::dynamic::NAMES)
    };
    for (name, page) in TABLE_FUNCTIONS.iter().chain(SYNTAX).chain(elsewhere()) {
        rows.push(((*name).to_owned(), "yes".to_owned(), (*page).to_owned()));
    }
    for name in super::history::names() {
        let page = format!("functions/{}", name.to_lowercase());
        rows.push((
            name.to_owned(),
            "yes (no rows: it never happens here)".to_owned(),
            page,
        ));
    }
    let supported = rows.len();
    let mut missing = 0;
    for name in AWAITED.split_whitespace().filter(|n| {
        let mut known = TABLE_FUNCTIONS.iter().chain(SYNTAX).chain(elsewhere());
        table.get(n).is_none() && !known.any(|(t, _)| t == n)
    }) {
        missing += 1;
        let page = format!(
            "functions/{}",
            name.to_lowercase().replace("system$", "system_")
        );
        rows.push((name.to_owned(), "not yet".to_owned(), page));
    }
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
        let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap())
            .join("../../docs/snowflake-functions.md");
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
