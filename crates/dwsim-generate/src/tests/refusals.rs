//! What only the generator can see is refused before the first row, with its place and the numbers.

use dwsim_schema::{Diagnostics, codes};

use super::*;
use crate::Shard;

fn problems(definition: &str, options: &Options) -> Diagnostics {
    let text = format!("[tables.t]\nrows = 1000\n[tables.t.columns]\nc = {definition}");
    let config = dwsim_schema::Config::parse("dwsim.toml", &text)
        .unwrap_or_else(|e| panic!("{definition}: {e}"));
    plan(&config.schema, options).err().unwrap_or_default()
}

#[test]
fn each_has_its_place_and_numbers() {
    for (definition, code, column, message, help) in [
        (
            "{ type = \"varchar(50)\", generator = \"faker.frist_name\" }",
            codes::UNKNOWN_GENERATOR,
            41,
            "no provider `faker.frist_name`",
            "`faker.first_name`",
        ),
        (
            "{ type = \"varchar(50)\", generator = \"faker.name\", locale = \"de_DD\" }",
            codes::BAD_VALUE,
            41,
            "unknown locale",
            "`de_DE`",
        ),
        (
            "{ type = \"varchar(5)\", generator = \"faker.first_name\" }",
            codes::TOO_NARROW,
            40,
            "up to 11 bytes, and column `c` holds 5",
            "varchar(11)",
        ),
        (
            "{ type = \"varchar(50)\", generator = \"faker.first_name\", unique = true, nulls = 0 }",
            codes::CAPACITY,
            0,
            "",
            "",
        ),
        (
            "{ type = \"varchar(20)\", generator = \"faker.word\", unique = true }",
            codes::CAPACITY,
            41,
            "texts for 1000 rows",
            "",
        ),
        (
            "{ type = \"varchar(200)\", generator = \"faker.sentence\", unique = true }",
            codes::CAPACITY,
            42,
            "may repeat",
            "{#}",
        ),
        (
            "{ type = \"varchar(9)\", pattern = \"a+\" }",
            codes::BAD_PATTERN,
            38,
            "without an upper end",
            "{0,10}",
        ),
        (
            "{ type = \"varchar(9)\", pattern = \"(a\" }",
            codes::BAD_PATTERN,
            38,
            "not a regular expression",
            "",
        ),
        (
            "{ type = \"varchar(9)\", pattern = \"[a-z]{20}\" }",
            codes::TOO_NARROW,
            38,
            "up to 20 bytes",
            "",
        ),
        (
            "{ type = \"varchar(9)\", pattern = \"[a-c]{2}\", unique = true }",
            codes::CAPACITY,
            38,
            "9 texts for 1000 rows",
            "",
        ),
        (
            "{ type = \"varchar(12)\", template = \"x{#}y{#}\", unique = true }",
            codes::CAPACITY,
            0,
            "",
            "",
        ),
        (
            "{ type = \"varchar(3)\", template = \"{#}\" }",
            codes::TOO_NARROW,
            39,
            "up to 4 bytes",
            "",
        ),
        (
            "{ type = \"integer\", distribution = \"gaussian\", mean = 0, stddev = 1, min = 100 }",
            codes::IMPOSSIBLE,
            40,
            "of its gaussian distribution",
            "clamp",
        ),
        (
            "{ type = \"smallint\", generator = \"sequence\", step = 1000 }",
            codes::IMPOSSIBLE,
            38,
            "leaves type smallint",
            "",
        ),
    ] {
        let found = problems(definition, &Options::default());
        if column == 0 {
            assert!(found.is_empty(), "{definition}: {found}");
            continue;
        }
        let hit = found
            .items
            .iter()
            .find(|d| d.code == code && d.message.contains(message));
        let Some(hit) = hit else {
            panic!("{definition}\nfound: {found}")
        };
        let place = hit.place.unwrap();
        assert_eq!(
            (place.line, place.column),
            (4, column),
            "{definition}\n{hit}"
        );
        assert!(
            hit.help.as_deref().unwrap_or_default().contains(help),
            "{hit}"
        );
        assert!(
            hit.to_string()
                .starts_with(&format!("dwsim.toml:4:{column}: "))
        );
    }
}

#[test]
fn options_are_checked() {
    let ok = "{ type = \"integer\", range = [1, 1500], unique = true }";
    assert!(problems(ok, &Options::default()).is_empty());
    for (options, message) in [
        (
            Options {
                scale: 2.0,
                ..Options::default()
            },
            "1500 possible values for 2000 rows",
        ),
        (
            Options {
                rows: [("t".to_owned(), 1501)].into(),
                ..Options::default()
            },
            "1500 possible values for 1501 rows",
        ),
        (
            Options {
                rows: [("x".to_owned(), 1)].into(),
                ..Options::default()
            },
            "no table `x`",
        ),
        (
            Options {
                scale: 0.0,
                ..Options::default()
            },
            "the scale is 0",
        ),
        (
            Options {
                scale: f64::NAN,
                ..Options::default()
            },
            "the scale is NaN",
        ),
        (
            Options {
                shard: Some(Shard { index: 2, count: 2 }),
                ..Options::default()
            },
            "shard 2 of 2",
        ),
    ] {
        let found = problems(ok, &options);
        assert!(found.to_string().contains(message), "{message}: {found}");
    }
}
