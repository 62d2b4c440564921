//! What is imported and what is refused, statement by statement; the SQL is written from the warehouses' references.

use super::*;
use dwsim_schema::{Config, Dialect};

fn import(sql: &str, dialect: Dialect) -> Import {
    read(sql, dialect, Options::default())
}

/// The document of a text that must be imported.
fn toml(sql: &str, dialect: Dialect) -> String {
    match import(sql, dialect).toml(&Existing {
        name: "dwsim.toml".into(),
        ..Existing::default()
    }) {
        Ok(written) => written.text,
        Err(findings) => panic!("{sql}: {findings:#?}"),
    }
}

/// The line of a column in a document.
fn line<'a>(text: &'a str, column: &str) -> &'a str {
    text.lines()
        .find(|l| l.starts_with(&format!("{column} = ")))
        .unwrap_or_else(|| panic!("no {column} in {text}"))
}

#[test]
fn every_type_of_both_dialects() {
    use Dialect::{Redshift as R, Snowflake as S};
    for (dialect, ty, expected) in [
        (R, "smallint", r#"type = "smallint""#),
        (R, "int2", r#"type = "smallint""#),
        (R, "int4", r#"type = "integer""#),
        (R, "bigint", r#"type = "bigint""#),
        (R, "decimal(12,3)", r#"type = "decimal(12,3)""#),
        (R, "numeric", r#"type = "decimal(18,0)""#),
        (R, "real", r#"type = "real""#),
        (R, "double precision", r#"type = "double""#),
        (R, "float", r#"type = "double""#),
        (R, "boolean", r#"type = "boolean""#),
        (R, "char(10)", r#"type = "char(10)""#),
        (R, "bpchar", r#"type = "char(256)""#),
        (R, "varchar", r#"type = "varchar(256)""#),
        (R, "varchar(max)", r#"type = "varchar(65535)""#),
        (R, "text", r#"type = "varchar(256)""#),
        (R, "date", r#"type = "date""#),
        (R, "time", r#"type = "time""#),
        (R, "timetz", r#"redshift_type = "TIMETZ""#),
        (R, "timestamp", r#"type = "timestamp_ntz""#),
        (R, "timestamptz", r#"type = "timestamp_ltz""#),
        (R, "super", "fields ="),
        (R, "varbyte(20)", r#"type = "binary(20)""#),
        (R, "varbyte", r#"type = "binary""#),
        (R, "hllsketch", r#"redshift_type = "HLLSKETCH""#),
        (R, "geometry", r#"redshift_type = "GEOMETRY""#),
        (R, "geography", r#"redshift_type = "GEOGRAPHY""#),
        (
            R,
            "interval year to month",
            r#"redshift_type = "INTERVAL YEAR TO MONTH""#,
        ),
        (S, "number", r#"type = "bigint""#),
        (S, "integer", r#"type = "bigint""#),
        (S, "number(10,2)", r#"type = "decimal(10,2)""#),
        (S, "number(10)", r#"type = "decimal(10,0)""#),
        (S, "float", r#"type = "double""#),
        (S, "double", r#"type = "double""#),
        (S, "varchar", r#"type = "varchar""#),
        (
            S,
            "varchar(100000)",
            r#"snowflake_type = "VARCHAR(100000)""#,
        ),
        (S, "string", r#"type = "varchar""#),
        (S, "char", r#"type = "varchar(1)""#),
        (S, "binary(100)", r#"type = "binary(100)""#),
        (S, "binary", r#"type = "binary""#),
        (S, "boolean", r#"type = "boolean""#),
        (S, "date", r#"type = "date""#),
        (S, "time", r#"type = "time""#),
        (S, "time(3)", r#"snowflake_type = "TIME(3)""#),
        (S, "datetime", r#"type = "timestamp_ntz""#),
        (
            S,
            "timestamp_ntz(6)",
            r#"snowflake_type = "TIMESTAMP_NTZ(6)""#,
        ),
        (S, "timestamp_ltz", r#"type = "timestamp_ltz""#),
        (S, "timestamp_tz", r#"type = "timestamp_tz""#),
        (S, "variant", "fields ="),
        (S, "object", r#"type = "object""#),
        (S, "array", "items ="),
        (S, "array(number)", "snowflake_type = \"ARRAY(NUMBER"),
        (S, "map(varchar, number)", "snowflake_type = \"MAP(VARCHAR"),
        (S, "vector(float, 3)", "snowflake_type = \"VECTOR(FLOAT"),
        (S, "geography", r#"snowflake_type = "GEOGRAPHY""#),
        (S, "geometry", r#"snowflake_type = "GEOMETRY""#),
    ] {
        let text = toml(
            &format!("create table t (id int primary key, zz {ty});"),
            dialect,
        );
        let got = line(&text, "zz");
        assert!(got.contains(expected), "{dialect} {ty}: {got}");
        if let Err(problems) = Config::parse("dwsim.toml", &text) {
            panic!("{dialect} {ty}: {problems}");
        }
    }
}

#[test]
fn keys_attributes_and_references() {
    let text = toml(
        "create table sales.store (store_id int not null, name varchar(40) unique, primary key (store_id)) diststyle all;\n\
         create table sale (id bigint identity(1,1) primary key, line int identity(100, 5), store_id int not null references sales.store,\n\
           note varchar(20) default 'none' encode zstd, price decimal(8,2) default 0.5, at timestamp default getdate(),\n\
           distkey_is_fine int) distkey(store_id) compound sortkey(at, id);\n\
         comment on table sale is 'what was sold';\n\
         alter table sale add column extra boolean default true;",
        Dialect::Redshift,
    );
    for part in [
        "[tables.store]",
        "redshift = { diststyle = \"all\" }",
        "store_id = { type = \"integer\", primary_key = true }",
        "unique = true",
        "id = { type = \"serial\", primary_key = true }",
        "generator = \"sequence\", start = 100, step = 5",
        "store_id = { type = \"foreign_key\", references = \"store.store_id\", not_null = true }",
        "default = \"none\", encode = \"zstd\"",
        "default = 0.5",
        "default_sql = \"getdate()\"",
        "redshift = { distkey = \"store_id\", sortkey = [\"at\", \"id\"] }",
        "comment = \"what was sold\"",
        "extra = { type = \"boolean\", default = true }",
        "# guessed from its name",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let text = toml(
        "create or replace transient table \"ORDERS\" (id number autoincrement start 1 increment 1, day date, constraint k primary key (id))\n\
         cluster by (day, to_date(day)) comment = 'it''s';\n\
         create table items (order_id number(10,0) references orders (id), n int comment 'position', primary key (order_id, n));",
        Dialect::Snowflake,
    );
    for part in [
        "[tables.orders]",
        "snowflake = { cluster_by = [\"day\", \"to_date(day)\"], transient = true }",
        "comment = \"it's\"",
        "id = { type = \"serial\", primary_key = true }",
        "primary_key = [\"order_id\", \"n\"]",
        "references = \"orders.id\"",
        "comment = \"position\"",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn composite_keys_are_native_or_replaced() {
    let sql = "create table sales (region_id int, store_id int, amount decimal(8,2), primary key (region_id, store_id));";
    let text = toml(sql, Dialect::Redshift);
    assert!(
        text.contains("primary_key = [\"region_id\", \"store_id\"]"),
        "{text}"
    );
    let import = read(
        sql,
        Dialect::Redshift,
        Options {
            surrogate_keys: true,
        },
    );
    let warning = "Table 'sales' has a composite primary key (region_id, store_id). A surrogate key column '_row_id' has been added for generation. Original columns are preserved.";
    assert!(
        import.findings.iter().any(|f| f.message == warning),
        "{:?}",
        import.findings
    );
    let written = import
        .toml(&Existing::default())
        .unwrap_or_else(|f| panic!("{f:?}"));
    assert!(
        written
            .text
            .contains("_row_id = { type = \"serial\", primary_key = true }"),
        "{}",
        written.text
    );
    assert!(
        written
            .text
            .contains("unique = [[\"region_id\", \"store_id\"]]"),
        "{}",
        written.text
    );
}

#[test]
fn refusals_have_a_place_and_advice() {
    use Dialect::{Redshift as R, Snowflake as S};
    for (dialect, sql, line, column, part) in [
        (R, "select 1;\ncreate table t (a intt);", 2, 17, "intt"),
        (
            R,
            "create table a (x int);\n  create table A (y int);",
            2,
            3,
            "twice",
        ),
        (R, "create table a (x int, X int);", 1, 24, "twice"),
        (R, "create table a as select 1 as x;", 1, 1, "from a query"),
        (
            R,
            "create table a (x int,\n  primary key (y));",
            1,
            1,
            "column `y`",
        ),
        (
            R,
            "alter table nope add column x int;",
            1,
            1,
            "not declared",
        ),
        (R, "create table a (x 'oops);", 1, 0, ""),
        (
            R,
            "create table a (g geometry not null);",
            1,
            17,
            "NOT NULL",
        ),
        (R, "", 1, 1, "no table"),
        (
            S,
            "create table a (x int, y int as (x + 1));",
            1,
            0,
            "syntax error",
        ),
        (S, "create table a clone b;", 1, 1, "does not declare"),
        (
            S,
            "create dynamic table a target_lag = '1 day' warehouse = w as select 1 as x;",
            1,
            1,
            "",
        ),
        (S, "create table a (x foo(3));", 1, 17, "FOO"),
    ] {
        let import = import(sql, dialect);
        let findings = match import.toml(&Existing::default()) {
            Err(findings) => findings,
            // a statement that declares no table leaves nothing to import
            Ok(written) => panic!("{sql} was imported as {}", written.text),
        };
        let error = findings.iter().find(|f| f.level == Level::Error);
        let error = error.unwrap_or_else(|| panic!("{sql}: {findings:?}"));
        assert!(error.message.contains(part), "{sql}: {error:?}");
        assert_eq!(error.line, line, "{sql}: {error:?}");
        assert!(column == 0 || error.column == column, "{sql}: {error:?}");
    }
}

#[test]
fn merging_keeps_comments_and_generators() {
    let existing = |merge| {
        Existing {
        name: "dwsim.toml".into(),
        text: "# the shop\n[project]\nname = \"shop\"\n\n[tables.customers] # people\nrows = 77\n[tables.customers.columns]\n\
               # who\nid = { type = \"serial\", primary_key = true } # number\n\
               email = { type = \"varchar(100)\", generator = \"faker.email\" } # mine\n"
            .into(),
        merge,
        ..Existing::default()
    }
    };
    let sql = "create table customers (id bigint primary key, email varchar(255) not null, born date);\n\
               create table visits (visit_id bigint primary key, customer_id bigint references customers(id));";
    let import = import(sql, Dialect::Redshift);
    let refused = import.toml(&existing(false));
    assert!(refused.is_err_and(|f| {
        f.iter()
            .any(|f| f.message.contains("already") && f.line == 1)
    }));
    let text = import
        .toml(&existing(true))
        .unwrap_or_else(|f| panic!("{f:?}"))
        .text;
    for part in [
        "# the shop",
        "# people",
        "rows = 77",
        "# who",
        "id = { type = \"serial\", primary_key = true } # number",
        "type = \"varchar(255)\", generator = \"faker.email\"",
        "not_null = true } # mine",
        "born = { type = \"date\"",
        "references = \"customers.id\"",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let again = import
        .toml(&Existing {
            text: text.clone(),
            ..existing(true)
        })
        .unwrap_or_else(|f| panic!("{f:?}"));
    assert_eq!(again.text, text, "a second merge changes nothing");
}

#[test]
fn keys_without_room_get_fewer_rows() {
    let import = import(
        "create table flags (code char(1) primary key, x int);",
        Dialect::Redshift,
    );
    let written = import
        .toml(&Existing::default())
        .unwrap_or_else(|f| panic!("{f:?}"));
    assert!(written.tables[0].rows <= 36, "{}", written.text);
    assert!(written.findings.iter().any(|f| f.message.contains("rows")));
}

#[test]
fn names_do_not_become_toml() {
    let text = toml(
        "create table \"a]b\" (\"x = 1 # y\" int primary key, \"d\"\"q\" int);",
        Dialect::Snowflake,
    );
    let config = Config::parse("dwsim.toml", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let table = &config.schema.tables()[0];
    assert_eq!(table.name, "a]b");
    assert_eq!(table.columns[0].name, "x = 1 # y");
    assert_eq!(table.columns[1].name, "d\"q");
}

#[test]
fn columns_of_queries_over_tables_of_the_text() {
    use Dialect::{Redshift as R, Snowflake as S};
    let base = "create table a (id int primary key, name varchar(30) not null, seen timestamp);\n\
                create table b (id int, total decimal(8,2));\n";
    for (dialect, create, expected) in [
        (
            R,
            "create table t distkey(id) as select * from a where id > 5",
            &[
                "id = { type = \"integer\"",
                "name = { type = \"varchar(30)\"",
                "seen = { type = \"timestamp",
            ][..],
        ),
        (
            R,
            "create table t (k, n) as (select x.id, upper_name from (select 1) y) ",
            &[][..],
        ),
        (
            R,
            "create table t (k, n) as select x.id, b.total from a x join b on x.id = b.id",
            &["k = { type = \"integer\"", "n = { type = \"decimal(8,2)\""],
        ),
        (
            S,
            "create or replace table t as select a.*, b.total::varchar(9) as shown from a, b",
            &[
                "name = { type = \"varchar(30)\"",
                "shown = { type = \"varchar(9)\"",
            ],
        ),
        (
            S,
            "create table t as select '2024-01-01'::date as day, cast(id as number(5)) as id from a",
            &["day = { type = \"date\"", "id = { type = \"decimal(5,0)\""],
        ),
        (
            S,
            "create table t as select * from a join b using (id)",
            &[],
        ),
        (S, "create table t as select id from a, b", &[]),
        (S, "create table t as select id + 1 as more from a", &[]),
        (S, "create table t as select * from elsewhere", &[]),
        (S, "create table t as select * exclude name from a", &[]),
        (
            S,
            "create table t as with a as (select 1 as id) select * from a",
            &[],
        ),
        (
            R,
            "create table t as select id from a union all select id from b",
            &[],
        ),
    ] {
        let import = import(&format!("{base}{create};"), dialect);
        if expected.is_empty() {
            let found = import
                .findings
                .iter()
                .find(|f| f.level == Level::Error)
                .unwrap_or_else(|| panic!("{create} is taken"));
            assert_eq!(found.line, 3, "{create}: {found:?}");
            continue;
        }
        let text = toml(&format!("{base}{create};"), dialect);
        let table = text
            .split("[tables.")
            .find(|part| part.starts_with("t."))
            .unwrap_or_else(|| panic!("{text}"));
        for line in expected {
            assert!(table.contains(line), "{create}: {line} is not in {table}");
        }
        assert!(
            !table.contains("primary_key") && !table.contains("not_null"),
            "{table}"
        );
    }
}
