//! The repository's own schema, every kind of refusal with its place, layers and their origins, hashes, DDL.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::*;

const SHOP: &str = include_str!("../../../dwsim.toml");

fn shop() -> Config {
    Config::parse("dwsim.toml", SHOP).unwrap_or_else(|e| panic!("{e}"))
}

/// A table `t` with the given columns, one per line, from line 4 on.
fn table(columns: &str) -> String {
    format!("[tables.t]\nrows = 100\n[tables.t.columns]\n{columns}\n")
}

fn problems(text: &str) -> Diagnostics {
    Config::parse("dwsim.toml", text).err().unwrap_or_default()
}

#[test]
fn the_shop_reads() {
    let config = shop();
    let order: Vec<&str> = config
        .schema
        .in_reference_order()
        .map(|t| t.name.as_str())
        .collect();
    assert_eq!(
        order,
        ["customers", "products", "orders", "order_items", "events"]
    );
    assert_eq!(config.project.name, "shop");
    let total: u64 = config.schema.tables().iter().map(|t| t.rows).sum();
    assert!(total >= 100_000);
    let items = config.schema.table("order_items").unwrap();
    assert_eq!(items.primary_key, ["order_id", "line_number"]);
    assert!(!items.column("order_id").unwrap().nullable);
    assert_eq!(items.column("order_id").unwrap().ty, LogicalType::BigInt);
}

#[test]
fn refusals_name_their_place() {
    let mut wrong = Vec::new();
    for (columns, code, at, message, help) in [
        (
            "a = { type = \"integr\" }",
            codes::BAD_TYPE,
            (4, 14),
            "unknown type `integr`",
            "integer",
        ),
        (
            "a = { type = \"integer\", rnage = [1, 2] }",
            codes::UNKNOWN_KEY,
            (4, 25),
            "unknown key `rnage`",
            "`range`",
        ),
        (
            "a = { type = 5 }",
            codes::WRONG_KIND,
            (4, 14),
            "must be a string",
            "",
        ),
        ("a = 5", codes::WRONG_KIND, (4, 5), "must be a table", ""),
        ("a = {}", codes::MISSING_KEY, (4, 1), "lacks `type`", ""),
        (
            "a = { type = \"integer\", range = [9, 1] }",
            codes::IMPOSSIBLE,
            (4, 33),
            "9 is above the greatest, 1",
            "",
        ),
        (
            "a = { type = \"smallint\", range = [0, 40000] }",
            codes::IMPOSSIBLE,
            (4, 34),
            "outside of type smallint",
            "",
        ),
        (
            "a = { type = \"decimal(4,1)\", range = [0.11, 0.19] }",
            codes::IMPOSSIBLE,
            (4, 38),
            "no value of type",
            "",
        ),
        (
            "a = { type = \"integer\", unique = true, range = [1, 50] }",
            codes::CAPACITY,
            (4, 48),
            "50 possible values for 100 rows",
            "",
        ),
        (
            "a = { type = \"boolean\", unique = true }",
            codes::CAPACITY,
            (4, 1),
            "2 possible values for 100 rows",
            "",
        ),
        (
            "a = { type = \"double\", unique = true, range = [0, 1] }",
            codes::CAPACITY,
            (4, 47),
            "not countable",
            "",
        ),
        (
            "a = { type = \"integer\", unique = true, distribution = \"gaussian\", mean = 0, stddev = 1 }",
            codes::CAPACITY,
            (4, 55),
            "repeats its likely values",
            "",
        ),
        (
            "a = { type = \"integer\", distribution = \"gaussian\", mean = 0, stddev = -1 }",
            codes::BAD_VALUE,
            (4, 71),
            "`stddev` is -1, not above 0",
            "",
        ),
        (
            "a = { type = \"integer\", distribution = \"gausian\" }",
            codes::UNKNOWN_GENERATOR,
            (4, 40),
            "unknown distribution",
            "`gaussian`",
        ),
        (
            "a = { type = \"integer\", distribution = \"gaussian\", mean = 1 }",
            codes::MISSING_KEY,
            (4, 40),
            "needs `stddev`",
            "",
        ),
        (
            "a = { type = \"integer\", generator = \"faker.email\" }",
            codes::WRONG_KIND,
            (4, 37),
            "makes text",
            "",
        ),
        (
            "a = { type = \"varchar(5)\", pattern = \"x\", template = \"y\" }",
            codes::CONFLICT,
            (4, 54),
            "both say how",
            "",
        ),
        (
            "a = { type = \"varchar(5)\", values = [\"toolong\"] }",
            codes::WRONG_KIND,
            (4, 38),
            "not a value of type varchar(5)",
            "",
        ),
        (
            "a = { type = \"varchar(5)\", values = [\"a\", \"b\"], weights = [0.5, 0.4] }",
            codes::BAD_VALUE,
            (4, 59),
            "sum to 0.9",
            "",
        ),
        (
            "a = { type = \"varchar(5)\", values = [\"a\", \"b\"], weights = [1] }",
            codes::BAD_VALUE,
            (4, 59),
            "2 values need 2 weights",
            "",
        ),
        (
            "a = { type = \"varchar(5)\", values = [] }",
            codes::BAD_VALUE,
            (4, 37),
            "is empty",
            "",
        ),
        (
            "a = { type = \"date\", range = [\"2024-02-30\", \"2024-03-01\"] }",
            codes::WRONG_KIND,
            (4, 31),
            "not a value of type date",
            "",
        ),
        (
            "a = { type = \"date\", range = [\"2024-03-02\", \"2024-03-01\"] }",
            codes::IMPOSSIBLE,
            (4, 30),
            "after the latest",
            "",
        ),
        (
            "a = { type = \"integer\", nulls = 1.5 }",
            codes::BAD_VALUE,
            (4, 33),
            "not in 0..=1",
            "",
        ),
        (
            "a = { type = \"serial\", primary_key = true, nulls = 0.1 }",
            codes::CONFLICT,
            (4, 52),
            "is a primary key",
            "",
        ),
        (
            "a = { type = \"foreign_key\" }",
            codes::MISSING_KEY,
            (4, 14),
            "needs `references`",
            "",
        ),
        (
            "a = { type = \"foreign_key\", references = \"x.y\" }",
            codes::UNKNOWN_TABLE,
            (4, 42),
            "no table `x`",
            "",
        ),
        (
            "a = { type = \"foreign_key\", references = \"t.y\" }",
            codes::UNKNOWN_COLUMN,
            (4, 42),
            "no column `y`",
            "",
        ),
        (
            "a = { type = \"foreign_key\", references = \"nodot\" }",
            codes::BAD_VALUE,
            (4, 42),
            "not a reference",
            "table.column",
        ),
        (
            "a = { type = \"foreign_key\", references = \"t.a\" }",
            codes::CYCLE,
            (4, 42),
            "circle",
            "",
        ),
        (
            "a = { type = \"integer\" }\nb = { type = \"foreign_key\", references = \"t.a\" }",
            codes::BAD_REFERENCE,
            (5, 42),
            "neither a primary key nor unique",
            "",
        ),
        (
            "a = { type = \"varchar(9)\", template = \"{nme}\" }\nname = { type = \"varchar(5)\" }",
            codes::UNKNOWN_COLUMN,
            (4, 39),
            "`nme`",
            "`name`",
        ),
        (
            "a = { type = \"varchar(9)\", template = \"{b}\" }\nb = { type = \"varchar(9)\", template = \"{a}\" }",
            codes::CYCLE,
            (4, 39),
            "its own value",
            "",
        ),
        (
            "a = { type = \"json\" }",
            codes::MISSING_KEY,
            (4, 1),
            "needs `fields` or `items`",
            "",
        ),
        (
            "a = { type = \"json\", fields = { x = { type = \"intger\" } } }",
            codes::BAD_TYPE,
            (4, 46),
            "unknown type",
            "`integer`",
        ),
        (
            "a = { type = \"integer\" }\nA = { type = \"integer\" }",
            codes::BAD_NAME,
            (5, 1),
            "upper and lower case",
            "",
        ),
        (
            "a = { type = \"integer\", redshift_type = \"int); drop table x; --\" }",
            codes::BAD_TYPE,
            (4, 41),
            "not the name of an SQL type",
            "",
        ),
        (
            "a = { type = \"serial\", step = 0 }",
            codes::BAD_VALUE,
            (4, 31),
            "must go on",
            "",
        ),
        (
            "a = { type = \"varchar(9)\", value = [1] }",
            codes::WRONG_KIND,
            (4, 36),
            "not a value of type",
            "",
        ),
        (
            "a = { type = \"date\", greater_than = \"b\" }\nb = { type = \"date\" }",
            codes::MISSING_KEY,
            (4, 37),
            "needs `delta`",
            "10 days",
        ),
        (
            "a = { type = \"date\", greater_than = \"b\", delta = [\"0 days\", \"5 days\"] }\nb = { type = \"time\" }",
            codes::BAD_TYPE,
            (4, 37),
            "cannot be put in order",
            "",
        ),
        (
            "a = { type = \"date\", between = [\"b\", \"c\"] }\nb = { type = \"date\" }\nc = { type = \"date\" }",
            codes::IMPOSSIBLE,
            (4, 32),
            "`b` is not always at most `c`",
            "greater_than",
        ),
        (
            "a = { type = \"integer\", formula = \"b *\" }\nb = { type = \"integer\" }",
            codes::BAD_VALUE,
            (4, 35),
            "it ends where",
            "",
        ),
        (
            "a = { type = \"integer\", formula = \"a + 1\" }",
            codes::CYCLE,
            (4, 35),
            "its own value",
            "",
        ),
        (
            "a = { type = \"integer\", when = { b = [\"x\"] } }\nb = { type = \"integer\" }",
            codes::WRONG_KIND,
            (4, 38),
            "not of type integer",
            "",
        ),
        (
            "a = { type = \"integer\", not_null = true, when = { b = 1 } }\nb = { type = \"integer\" }",
            codes::IMPOSSIBLE,
            (4, 1),
            "no value where `when` does not hold",
            "otherwise",
        ),
        (
            "a = { type = \"integer\", carry = \"p.x\" }",
            codes::BAD_REFERENCE,
            (4, 33),
            "no foreign key to `p`",
            "",
        ),
        (
            "a = { type = \"smallint\", generator = \"child_number\" }",
            codes::MISSING_KEY,
            (4, 38),
            "no foreign key with `children`",
            "",
        ),
    ] {
        let found = problems(&table(columns));
        let hit = found
            .items
            .iter()
            .find(|d| d.code == code && d.message.contains(message));
        let Some(hit) = hit else {
            panic!("{columns}\nfound: {found}")
        };
        let place = hit.place.unwrap();
        if (place.line, place.column) != at {
            wrong.push(format!("{at:?} {columns}\n  {hit}"));
        }
        assert!(
            hit.help.as_deref().unwrap_or_default().contains(help),
            "{columns}\n{hit}"
        );
        assert!(
            hit.to_string()
                .starts_with(&format!("dwsim.toml:{}:{}: ", place.line, place.column))
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn refusals_outside_of_columns() {
    for (text, code, message) in [
        (
            "[project]\nsede = 1",
            codes::UNKNOWN_KEY,
            "unknown key `sede`",
        ),
        (
            "[projekt]\nseed = 1",
            codes::UNKNOWN_KEY,
            "unknown key `projekt`",
        ),
        ("[project]\nseed = -1", codes::BAD_VALUE, "`seed` is -1"),
        (
            "[project]\ndialects = [\"redshft\"]",
            codes::BAD_VALUE,
            "unknown dialect",
        ),
        (
            "[project]\nclock = \"soon\"",
            codes::BAD_VALUE,
            "neither `now` nor a timestamp",
        ),
        (
            "[test]\ntarget = \"liv\"",
            codes::BAD_VALUE,
            "no [target.liv]",
        ),
        (
            "[target.live]\nkind = \"live\"\nredshift = { password = \"x\" }",
            codes::SECRET,
            "only from the environment",
        ),
        ("[tables.t]\nrows = 1", codes::MISSING_KEY, "has no columns"),
        (
            "[tables.t.columns]\na = { type = \"date\" }",
            codes::MISSING_KEY,
            "lacks `rows`",
        ),
        (
            "[tables.t]\nrows = 1\nprimary_key = [\"b\"]\n[tables.t.columns]\na = { type = \"date\" }",
            codes::UNKNOWN_COLUMN,
            "names `b`",
        ),
        (
            "[tables.t]\nrows = 10\nprimary_key = [\"a\", \"b\"]\n[tables.t.columns]\na = { type = \"integer\", range = [1, 3] }\nb = { type = \"integer\", range = [1, 3] }",
            codes::CAPACITY,
            "has 9 possible values for 10 rows",
        ),
        (
            "[tables.t]\nrows = 10\nredshift = { distkey = \"x\" }\n[tables.t.columns]\na = { type = \"date\" }",
            codes::UNKNOWN_COLUMN,
            "the distkey",
        ),
        (
            "[tables.a]\nrows = 1\n[tables.a.columns]\nid = { type = \"serial\", primary_key = true }\nb = { type = \"foreign_key\", references = \"b.id\" }\n[tables.b]\nrows = 1\n[tables.b.columns]\nid = { type = \"serial\", primary_key = true }\na = { type = \"foreign_key\", references = \"a.id\" }",
            codes::CYCLE,
            "a -> b -> a",
        ),
        ("a = [1\nb = 2", codes::SYNTAX, ""),
        (
            "[tables.t]\ndata = [[1], [1]]\n[tables.t.columns]\na = { type = \"integer\", primary_key = true }",
            codes::CAPACITY,
            "given twice",
        ),
        (
            "[tables.t]\ndata = [[1, 2]]\n[tables.t.columns]\na = { type = \"integer\" }",
            codes::BAD_VALUE,
            "2 values for 1 columns",
        ),
        (
            "[tables.t]\ndata = [[1]]\nrows = 4\n[tables.t.columns]\na = { type = \"integer\" }",
            codes::CONFLICT,
            "how many rows",
        ),
        (
            "[tables.t]\nrows = 4\ncorrelate = [[\"a\", \"b\", 1.5]]\n[tables.t.columns]\na = { type = \"integer\" }",
            codes::BAD_VALUE,
            "not between -1 and 1",
        ),
        (
            "[tables.t]\nrows = 4\n[tables.t.columns]\na = { type = \"smallint\", formula = \"b * b\" }\nb = { type = \"integer\", range = [1, 1000] }",
            codes::IMPOSSIBLE,
            "reaches 1..=1000000",
        ),
    ] {
        let found = problems(text);
        assert!(
            found
                .items
                .iter()
                .any(|d| d.code == code && d.message.contains(message)),
            "{text}\nfound: {found}"
        );
        assert!(found.items.iter().all(|d| codes::explain(d.code).is_some()));
    }
}

#[test]
fn all_problems_come_at_once_in_order() {
    let found = problems(&table(
        "a = { type = \"x\" }\nb = { type = \"y\" }\nc = { type = \"z\" }",
    ));
    let lines: Vec<usize> = found.items.iter().map(|d| d.place.unwrap().line).collect();
    assert_eq!(lines, [4, 5, 6]);
}

#[test]
fn layers_override_each_other_and_are_named() {
    let file = "[project]\nname = \"p\"\nseed = 1\n[profile.ci.project]\nseed = 2\n[profile.ci.tables.t]\nrows = 7\n".to_owned()
        + &table("a = { type = \"serial\" }");
    let mut inputs = Inputs {
        file: Some(("dwsim.toml".into(), file)),
        ..Inputs::default()
    };
    let origin = |inputs: &Inputs| {
        let config = Config::load(inputs).unwrap_or_else(|e| panic!("{e}"));
        let setting = config
            .settings()
            .iter()
            .find(|s| s.path == "project.seed")
            .unwrap();
        (
            config.project.seed,
            setting.origin.layer.clone(),
            setting.origin.carrier.clone(),
        )
    };
    assert_eq!(origin(&inputs), (1, Layer::File, "dwsim.toml".into()));
    inputs.profile = Some("ci".into());
    assert_eq!(
        origin(&inputs),
        (2, Layer::Profile("ci".into()), "dwsim.toml".into())
    );
    assert_eq!(
        Config::load(&inputs)
            .unwrap()
            .schema
            .table("t")
            .unwrap()
            .rows,
        7
    );
    inputs.env_file = Some((
        ".env.local".into(),
        "# local\nexport DWSIM_PROJECT__SEED='3'\nOTHER=1\n".into(),
    ));
    assert_eq!(origin(&inputs), (3, Layer::EnvFile, ".env.local".into()));
    inputs.env = BTreeMap::from([
        ("DWSIM_PROJECT__SEED".into(), "4".into()),
        ("DWSIM_LOG".into(), "debug".into()),
        ("DWSIM_PROJECT__DIALECTS".into(), "snowflake".into()),
    ]);
    assert_eq!(
        origin(&inputs),
        (4, Layer::Environment, "DWSIM_PROJECT__SEED".into())
    );
    assert_eq!(
        Config::load(&inputs).unwrap().project.dialects,
        [Dialect::Snowflake]
    );
    inputs.overrides.push(Override {
        path: "project.seed".into(),
        value: "5".into(),
        carrier: "--seed".into(),
    });
    assert_eq!(origin(&inputs), (5, Layer::Flag, "--seed".into()));
    inputs.overrides.push(Override {
        path: "project.seed".into(),
        value: "x".into(),
        carrier: "--seed".into(),
    });
    assert!(
        Config::load(&inputs)
            .unwrap_err()
            .to_string()
            .starts_with("--seed:1:1: `seed`")
    );
    inputs.profile = Some("c".into());
    assert!(
        Config::load(&inputs)
            .unwrap_err()
            .to_string()
            .contains("no [profile.c]")
    );
}

#[test]
fn hashes_see_meaning_and_not_formatting() {
    let hash = |text: &str| {
        Config::parse("dwsim.toml", text)
            .unwrap()
            .schema
            .schema_hash()
    };
    let a = table("a = { type = \"integer\", range = [1, 2_000] }");
    let b = table("# a comment\na={range=[1,2000],  type='integer'}");
    assert_eq!(hash(&a), hash(&b));
    let c = table("a = { type = \"integer\", range = [1, 2_001] }");
    assert_ne!(hash(&a), hash(&c));
    let shape = |text: &str| {
        Config::parse("dwsim.toml", text)
            .unwrap()
            .schema
            .shape_hash()
    };
    assert_eq!(shape(&a), shape(&c));
    assert_ne!(shape(&a), shape(&table("a = { type = \"bigint\" }")));
}

#[test]
fn ddl_of_both_dialects() {
    let config = shop();
    let orders = config.schema.table("orders").unwrap();
    assert_eq!(
        ddl::create_table(orders, Dialect::Redshift),
        "CREATE TABLE orders (\n  order_id BIGINT NOT NULL,\n  customer_id BIGINT NOT NULL,\n  \
         order_total DECIMAL(10,2),\n  status VARCHAR(10),\n  ordered_at TIMESTAMP,\n  PRIMARY KEY (order_id),\n  \
         FOREIGN KEY (customer_id) REFERENCES customers (customer_id)\n)\nDISTKEY (customer_id)\nSORTKEY (ordered_at)"
    );
    assert_eq!(
        ddl::create_table(orders, Dialect::Snowflake),
        "CREATE TABLE orders (\n  order_id NUMBER(38,0) NOT NULL,\n  customer_id NUMBER(38,0) NOT NULL,\n  \
         order_total NUMBER(10,2),\n  status VARCHAR(10),\n  ordered_at TIMESTAMP_NTZ,\n  PRIMARY KEY (order_id),\n  \
         FOREIGN KEY (customer_id) REFERENCES customers (customer_id)\n)\nCLUSTER BY (ordered_at)"
    );
    let text = "[tables.order]\nrows = 1\ncomment = \"it's\"\nsnowflake = { transient = true }\n[tables.order.columns]\n\
        \"group\" = { type = \"json\", fields = {}, types = { snowflake = \"OBJECT\" } }\n\
        \"a b\" = { type = \"varchar(9)\", default = \"it's\", encode = \"zstd\", redshift_type = \"VARCHAR(9) COLLATE CASE_INSENSITIVE\" }\n";
    let config = Config::parse("dwsim.toml", text).unwrap_or_else(|e| panic!("{e}"));
    let order = &config.schema.tables()[0];
    assert_eq!(
        ddl::create_table(order, Dialect::Redshift),
        "CREATE TABLE \"order\" (\n  \"group\" SUPER,\n  \"a b\" VARCHAR(9) COLLATE CASE_INSENSITIVE DEFAULT 'it''s' ENCODE zstd\n)"
    );
    assert_eq!(
        ddl::create_table(order, Dialect::Snowflake),
        "CREATE TRANSIENT TABLE \"order\" (\n  \"group\" OBJECT,\n  \"a b\" VARCHAR(9) DEFAULT 'it''s'\n)"
    );
    assert_eq!(
        ddl::comments(order, Dialect::Redshift),
        ["COMMENT ON TABLE \"order\" IS 'it''s'"]
    );
}

#[test]
fn defaults_follow_the_type() {
    let types = [
        "smallint",
        "integer",
        "bigint",
        "decimal(38,37)",
        "decimal(4,2)",
        "real",
        "double",
        "boolean",
        "char(3)",
        "varchar(2)",
        "varchar",
        "date",
        "time",
        "timestamp",
        "timestamp_tz",
        "timestamp_ltz",
        "binary(4)",
        "uuid",
        "serial",
    ];
    let columns: Vec<String> = types
        .iter()
        .enumerate()
        .map(|(i, t)| format!("c{i} = {{ type = \"{t}\" }}"))
        .collect();
    let found = problems(&table(&columns.join("\n")));
    assert!(found.is_empty(), "{found}");
}

proptest! {
    #[test]
    fn reading_never_panics(text in "[\\[\\]{}=\"a-z0-9.,\n# -]{0,80}") {
        let _ = Config::parse("dwsim.toml", &text);
    }

    #[test]
    fn broken_copies_of_the_shop_never_panic(at in 0usize..4000, with in "[\\[\\]{}=\"',.\n]{0,3}") {
        let mut text = SHOP.to_owned();
        let mut at = at.min(text.len() - 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.insert_str(at, &with);
        let _ = Config::parse("dwsim.toml", &text);
    }
}

#[test]
fn one_mistake_gives_one_problem() {
    for columns in [
        "a = { type = \"seriall\", primary_key = true }\nb = { type = \"varchar(9)\", template = \"{a}\" }",
        "a = { type = \"integer\", range = [3, 1], unique = true }",
        "a = { type = \"integer\", unique = true, distribution = \"unifrom\" }",
    ] {
        let found = problems(&table(columns));
        assert_eq!(found.items.len(), 1, "{columns}\n{found}");
    }
    let key = table("a = { type = \"seriall\" }\nb = { type = \"date\" }")
        .replace("rows = 100", "rows = 100\nprimary_key = [\"a\"]");
    assert_eq!(problems(&key).items.len(), 1);
}

#[test]
fn the_documented_examples_read() {
    let page = include_str!("../../../docs/dwsim-toml.md");
    let examples: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() >= 2);
    let read = |text: &str| Config::parse("dwsim-toml.md", text).unwrap_or_else(|e| panic!("{e}"));
    for example in &examples {
        read(example);
    }
    // 10 000 customers with 6 orders on average
    let config = read(examples[0]);
    assert_eq!(config.schema.table("orders").unwrap().rows, 60_000);
}

#[test]
fn refusals_of_series() {
    let base = "[tables.p]\nrows = 10\n[tables.p.columns]\nid = { type = \"serial\", primary_key = true }\nat = { type = \"timestamp\" }\n";
    let child = "id = { type = \"foreign_key\", references = \"p.id\", children = { max = 9 } }\n";
    let until = "id = { type = \"foreign_key\", references = \"p.id\", children = { max = 9, until = \"s\" } }\n";
    for (columns, code, message) in [
        ("s = { type = \"text\", transitions = { a = { b = 1 }, b = { a = 1 } } }".to_owned(), codes::MISSING_KEY, "no foreign key with `children`"),
        (format!("{child}s = {{ type = \"text\", transitions = {{ a = {{ b = 1 }} }} }}"), codes::IMPOSSIBLE, "nothing follows the state `b`"),
        (format!("{until}s = {{ type = \"text\", transitions = {{ a = {{ a = 1 }} }} }}"), codes::IMPOSSIBLE, "have no last one"),
        (format!("{until}t = {{ type = \"text\" }}"), codes::UNKNOWN_COLUMN, "`until` names `s`"),
        (format!("{until}s = {{ type = \"text\" }}"), codes::BAD_REFERENCE, "has no `transitions`"),
        (format!("{child}s = {{ type = \"text\", transitions = {{ a = {{ a = 0.5, b = 0.4 }}, b = {{ a = 1 }} }} }}"), codes::BAD_VALUE, "sum to 0.9, not to 1"),
        (format!("{child}s = {{ type = \"text\", transitions = {{ a = {{ a = -1 }} }} }}"), codes::BAD_VALUE, "at least 0"),
        (format!("{child}s = {{ type = \"text\", first = \"x\", transitions = {{ a = {{ a = 1 }} }} }}"), codes::BAD_VALUE, "`x` is not one of the states"),
        (format!("{child}s = {{ type = \"text\", first = \"a\", transitions = {{ a = {{ a = 1 }}, b = {{ a = 1 }} }} }}"), codes::IMPOSSIBLE, "nothing leads to the state `b`"),
        (format!("{child}s = {{ type = \"integer\", transitions = {{ a = {{ a = 1 }} }} }}"), codes::WRONG_KIND, "not a value of type integer"),
        (format!("{child}w = {{ type = \"smallint\", generator = \"walk\", first = 0, step = [0, 9000] }}"), codes::IMPOSSIBLE, "can leave type smallint"),
        (format!("{child}w = {{ type = \"integer\", generator = \"walk\", first = 0, step = [9, 1] }}"), codes::IMPOSSIBLE, "[least, greatest]"),
        (format!("{child}w = {{ type = \"integer\", generator = \"walk\", step = [1, 9] }}"), codes::MISSING_KEY, "a walk needs `first`"),
        (format!("{child}w = {{ type = \"timestamp\", generator = \"walk\", first = \"p.att\", step = [\"1 second\", \"1 hour\"] }}"), codes::UNKNOWN_COLUMN, "no column `att`"),
        (format!("{child}w = {{ type = \"integer\", generator = \"walk\", first = \"p.at\", step = [1, 2] }}"), codes::BAD_TYPE, "cannot begin at `p.at`"),
        (format!("{child}w = {{ type = \"double\", generator = \"walk\", first = 0, step = [1, 2] }}"), codes::WRONG_KIND, "whole steps"),
        ("w = { type = \"double\", generator = \"wave\", amplitude = 2 }".to_owned(), codes::MISSING_KEY, "needs `period`"),
        ("w = { type = \"double\", generator = \"wave\", noise = -1 }".to_owned(), codes::BAD_VALUE, "`noise` is -1"),
        ("w = { type = \"date\", generator = \"wave\" }".to_owned(), codes::WRONG_KIND, "a wave has numbers"),
        ("k = { type = \"text\", values = [\"p\"] }\nx = { type = \"bigint\", polymorphic = \"k\" }".to_owned(), codes::MISSING_KEY, "needs `targets`"),
        ("k = { type = \"text\", values = [\"p\"] }\nx = { type = \"bigint\", polymorphic = \"k\", targets = { q = \"p.id\" } }".to_owned(), codes::BAD_VALUE, "never has the value `q`"),
        ("k = { type = \"text\", values = [\"p\"] }\nx = { type = \"bigint\", polymorphic = \"k\", targets = { p = \"p.at\" } }".to_owned(), codes::BAD_REFERENCE, "neither a primary key nor unique"),
        ("k = { type = \"text\" }\nx = { type = \"bigint\", polymorphic = \"k\", targets = { p = \"p.id\" } }".to_owned(), codes::WRONG_KIND, "values are not written down"),
        ("k = { type = \"text\", values = [\"p\", \"q\"] }\nx = { type = \"bigint\", not_null = true, polymorphic = \"k\", targets = { p = \"p.id\" } }".to_owned(), codes::IMPOSSIBLE, "`q` of `k` leads nowhere"),
        ("k = { type = \"text\", values = [\"p\"] }\nx = { type = \"date\", polymorphic = \"k\", targets = { p = \"p.id\" } }".to_owned(), codes::BAD_REFERENCE, "cannot hold the keys"),
    ] {
        let rows = if columns.contains("children") { "" } else { "rows = 5\n" };
        let text = format!("{base}[tables.c]\n{rows}[tables.c.columns]\n{columns}");
        let found = Config::parse("dwsim.toml", &text).unwrap_err();
        assert!(
            found.items.iter().any(|d| d.code == code && d.message.contains(message) && d.place.is_some()),
            "{columns}\n{found}"
        );
    }
}

#[test]
fn columns_that_double_are_refused_and_do_not_hang() {
    let columns: Vec<String> = (0..60)
        .map(|i| match i {
            0 => "c0 = { type = \"integer\", range = [0, 1] }".to_owned(),
            _ => format!(
                "c{i} = {{ type = \"decimal(38,0)\", formula = \"c{0} + c{0}\" }}",
                i - 1
            ),
        })
        .collect();
    let found = problems(&table(&columns.join("\n")));
    assert!(
        found.to_string().contains("built on too many columns"),
        "{found}"
    );
}
