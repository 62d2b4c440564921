//! Snapshots as files: what is written, what is read back, what is refused.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::value::{Column, Decimal, Interval, ResultTable, TypeKind, Value, value_matches};
use crate::{Dialect, Project};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

fn table(columns: &[(&str, &str)], rows: &[&[Value]]) -> ResultTable {
    ResultTable {
        columns: columns
            .iter()
            .map(|(name, native)| Column::new(*name, *native))
            .collect(),
        rows: rows.iter().map(|row| row.to_vec()).collect(),
    }
}

fn text(t: &str) -> Value {
    Value::Text(t.to_string())
}

fn dec(t: &str) -> Value {
    Value::Decimal(t.parse().unwrap())
}

fn both(order: RowOrder, redshift: Answer, snowflake: Answer, reason: Option<&str>) -> Snapshot {
    Snapshot {
        source: "tests/sql/x.sql".to_string(),
        order,
        hash: Hashes {
            sql: Some("3f1c9a02".into()),
            data: Some("9ab2c417".into()),
        },
        confirmed: BTreeMap::new(),
        reason: reason.map(str::to_string),
        answers: BTreeMap::from([
            (Dialect::Redshift, redshift),
            (Dialect::Snowflake, snowflake),
        ]),
    }
}

const HEAD: &str = "dwsim-snapshot 1\nsource: tests/sql/x.sql\ndialects: redshift, snowflake\norder: exact\nhash: sql=3f1c9a02 data=9ab2c417\n---\n";

#[test]
fn what_agrees_is_written_once() {
    let day = |d| Value::Date(chrono::NaiveDate::from_ymd_opt(2024, 1, d).unwrap());
    let rows: Vec<Vec<Value>> = vec![
        vec![day(1), Value::Int(12), dec("1042.50")],
        vec![day(2), Value::Null, dec("3")],
    ];
    let columns = |count: &str, money: &str| {
        vec![
            Column::new("day", "date"),
            Column::new("orders", count),
            Column::new("revenue", money),
        ]
    };
    let redshift = ResultTable {
        columns: columns("bigint", "numeric(38,2)"),
        rows: rows.clone(),
    };
    let snowflake = ResultTable {
        columns: columns("number(18,0)", "number(38,2)"),
        rows,
    };
    let snapshot = both(
        RowOrder::Exact,
        Answer::Rows(redshift),
        Answer::Rows(snowflake),
        None,
    );
    let shown = format!(
        "{HEAD}day: date\norders: int   [redshift bigint; snowflake number(18,0)]\nrevenue: decimal(38,2)\n--- 2 rows\n2024-01-01 | 12 | 1042.5\n2024-01-02 | NULL | 3\n"
    );
    assert_eq!(snapshot.to_string(), shown);
    assert_eq!(
        Snapshot::parse(&shown, Path::new("x.snap")).unwrap(),
        snapshot
    );
}

#[test]
fn what_differs_has_a_reason() {
    let rows = |n: Value| -> Vec<Vec<Value>> {
        vec![
            vec![text("DE"), Value::Int(1)],
            vec![text("EU"), n],
            vec![text("US"), Value::Int(3)],
        ]
    };
    let one = |native: &str, n| {
        Answer::Rows(ResultTable {
            columns: vec![
                Column::new("region", "varchar(2)"),
                Column::new("avg", native),
            ],
            rows: rows(n),
        })
    };
    let snapshot = both(
        RowOrder::Exact,
        one("bigint", Value::Int(2)),
        one("number(38,6)", dec("2.416667")),
        Some("AVG(int) truncates on Redshift"),
    );
    let shown = snapshot.to_string();
    assert!(shown.ends_with(
        "region: varchar(2)\navg: number   [redshift bigint; snowflake number(38,6)]\n--- 1 row\nDE | 1\n--- diverges: AVG(int) truncates on Redshift\n--- redshift 1 row\nEU | 2\n--- snowflake 1 row\nEU | 2.416667\n--- 1 row\nUS | 3\n"
    ), "{shown}");
    let read = Snapshot::parse(&shown, Path::new("x.snap")).unwrap();
    assert!(read.diverges());
    assert_eq!(read.to_string(), shown);
    let without = shown.replace("--- diverges: AVG(int) truncates on Redshift\n", "");
    let error = Snapshot::parse(&without, Path::new("x.snap")).unwrap_err();
    assert!(
        error.to_string().contains("--- diverges: reason"),
        "{error}"
    );
}

#[test]
fn answers_without_rows() {
    let done = |affected| Answer::Done { affected };
    let refused = |code: &str, message: &str| Answer::Error {
        code: code.into(),
        message: message.into(),
    };
    let one = Answer::Rows(table(&[("n", "bigint")], &[&[Value::Int(1)]]));
    for (redshift, snowflake, reason, ends) in [
        (done(None), done(None), None, "---\n--- done\n"),
        (
            done(Some(1)),
            done(Some(1)),
            None,
            "---\n--- 1 row affected\n",
        ),
        (
            refused("42703", "column \"bad\" does not exist"),
            refused(
                "000904",
                "SQL compilation error: error line 1 at position 7\n\ninvalid identifier 'BAD'",
            ),
            None,
            "---\n--- redshift error 42703\ncolumn \"bad\" does not exist\n--- snowflake error 000904\nSQL compilation error: error line 1 at position 7\n\"\"\ninvalid identifier 'BAD'\n",
        ),
        (
            refused("22012", "Divide by zero"),
            one,
            Some("0"),
            "--- diverges: 0\n--- redshift error 22012\nDivide by zero\n--- snowflake columns\nn: bigint\n--- snowflake 1 row\n1\n",
        ),
    ] {
        let snapshot = both(RowOrder::Exact, redshift, snowflake, reason);
        let shown = snapshot.to_string();
        assert!(shown.ends_with(ends), "{shown}");
        assert_eq!(
            Snapshot::parse(&shown, Path::new("x.snap")).unwrap(),
            snapshot
        );
    }
}

#[test]
fn broken_files_name_the_line() {
    let body = "n: bigint\n--- 1 row\n1\n";
    for (content, line, says) in [
        (String::new(), 1, "begins with"),
        ("dwsim-snapshot 9\n".into(), 1, "newer"),
        (
            "dwsim-snapshot 1\nsource: x\nsource: y\n".into(),
            3,
            "twice",
        ),
        (
            "dwsim-snapshot 1\nsource: x\ncolour: red\n".into(),
            3,
            "no key",
        ),
        (
            "dwsim-snapshot 1\nsource: x\norder: any\n---\n".into(),
            4,
            "dialects",
        ),
        (
            format!("{HEAD}n: bigint\n--- 2 rows\n1\n"),
            8,
            "but 1 follow",
        ),
        (
            format!("{HEAD}n: bigint\n--- 1 row\n1\n2\n"),
            8,
            "but 2 follow",
        ),
        (format!("{HEAD}n: bigint\n--- 1 row\nx\n"), 9, "column `n`"),
        (
            format!("{HEAD}n: bigint\n--- 1 row\n1 | 2\n"),
            9,
            "more than 1 cells",
        ),
        (format!("{HEAD}n bigint\n"), 7, "name: type"),
        (
            format!("{HEAD}{body}--- postgres 1 row\n1\n"),
            10,
            "no section",
        ),
        (format!("{HEAD}n: bigint\n"), 7, "without an answer"),
        (format!("{HEAD}<<<<<<< ours\n{body}"), 7, "merge conflict"),
        (
            format!("{HEAD}{body}--- diverges:  \n"),
            10,
            "needs a reason",
        ),
        (
            format!("{HEAD}n: bigint\n--- redshift 1 row\n1\n--- snowflake 1 row\n2\n"),
            8,
            "diverges",
        ),
        (
            format!("{HEAD}n: int   [redshift bigint]\n--- 0 rows\n"),
            7,
            "snowflake",
        ),
    ] {
        let error = Snapshot::parse(&content, Path::new("dir/x.snap"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!("x.snap:{line}: ")),
            "line {line} of: {error}\n{content}"
        );
        assert!(error.contains(says), "{says}: {error}");
    }
}

#[test]
fn windows_line_ends_are_read() {
    let text = format!("{HEAD}n: date\n--- 1 row\n2024-01-01\n").replace('\n', "\r\n");
    assert!(Snapshot::parse(&text, Path::new("x.snap")).is_ok());
}

#[test]
fn differences_are_small() {
    let row = |id, name: &str, n| vec![Value::Int(id), text(name), Value::Int(n)];
    let of = |rows: Vec<Vec<Value>>| {
        Answer::Rows(ResultTable {
            columns: vec![
                Column::new("id", "bigint"),
                Column::new("name", "varchar(9)"),
                Column::new("n", "bigint"),
            ],
            rows,
        })
    };
    let expected = of(vec![row(1, "a", 1), row(2, "b", 2), row(3, "c", 3)]);
    assert_eq!(diff(&expected, &expected, RowOrder::Exact), None);
    let changed = of(vec![
        row(1, "a", 1),
        row(2, "b", 9),
        row(3, "c", 3),
        row(4, "d", 4),
    ]);
    for order in [RowOrder::Exact, RowOrder::Any] {
        let Some(AnswerDiff::Rows { rows, columns, .. }) = diff(&expected, &changed, order) else {
            panic!("rows")
        };
        assert!(columns.is_empty());
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(
            matches!(&rows[0], RowChange::Changed { cells, .. } if cells.len() == 1 && cells[0].column == 2)
        );
        assert!(matches!(&rows[1], RowChange::Extra(row) if row[0] == Value::Int(4)));
    }
    let moved = of(vec![row(3, "c", 3), row(1, "a", 1), row(2, "b", 2)]);
    assert!(diff(&expected, &moved, RowOrder::Any).is_none());
    assert!(diff(&expected, &moved, RowOrder::Exact).is_some());
    let mut retyped = changed.clone();
    if let Answer::Rows(table) = &mut retyped {
        table.columns[2].native = "integer".to_string();
    }
    let Some(AnswerDiff::Rows { columns, .. }) = diff(&changed, &retyped, RowOrder::Any) else {
        panic!("rows")
    };
    assert_eq!(columns.len(), 1);
}

#[test]
fn redaction_checks_the_shape() {
    let mut result = table(
        &[("Load_Id", "varchar(36)"), ("n", "bigint")],
        &[
            &[text("123e4567-e89b-12d3-a456-426614174000"), Value::Int(1)],
            &[text("not one"), Value::Int(2)],
            &[Value::Null, Value::Int(3)],
        ],
    );
    redact(
        &mut result,
        &BTreeMap::from([("load_id".to_string(), RedactKind::Uuid)]),
    )
    .unwrap();
    let shown: Vec<String> = result.rows.iter().map(|row| row[0].to_string()).collect();
    assert_eq!(shown, ["<uuid>", "not one", "NULL"]);
    assert!(
        redact(
            &mut result,
            &BTreeMap::from([("nope".to_string(), RedactKind::Any)])
        )
        .is_err()
    );
}

#[test]
fn pending_results_merge_and_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::at(folder.path(), folder.path().join("target"));
    let store = PendingStore::new(&project);
    assert!(store.list().unwrap().is_empty());
    let answer = |n| Answer::Rows(table(&[("n", "bigint")], &[&[Value::Int(n)]]));
    let one = |dialect, n| Snapshot {
        answers: BTreeMap::from([(dialect, answer(n))]),
        source: "tests/sql/a.sql".into(),
        ..Snapshot::default()
    };
    for dialect in Dialect::ALL {
        store
            .write("tests/sql/a.snap", dialect, &one(dialect, 1))
            .unwrap();
    }
    let proposals = store.list().unwrap();
    assert_eq!(proposals.len(), 1);
    assert!(!proposals[0].needs_reason() && proposals[0].current.is_none());
    store.accept(&proposals[0], None).unwrap();
    assert!(store.list().unwrap().is_empty());

    // one dialect changes: the other keeps what the snapshot has, and now they differ
    store
        .write(
            "tests/sql/a.snap",
            Dialect::Snowflake,
            &one(Dialect::Snowflake, 2),
        )
        .unwrap();
    let proposals = store.list().unwrap();
    assert!(proposals[0].needs_reason() && proposals[0].divergence().is_some());
    assert_eq!(
        proposals[0].changes().keys().collect::<Vec<_>>(),
        [&Dialect::Snowflake]
    );
    assert!(matches!(
        store.accept(&proposals[0], Some("  ")),
        Err(AcceptError::NeedsReason { .. })
    ));
    let path = store.accept(&proposals[0], Some("rounds")).unwrap();
    assert_eq!(read(&path).unwrap().reason.as_deref(), Some("rounds"));

    store
        .write(
            "tests/sql/a.snap",
            Dialect::Redshift,
            &one(Dialect::Redshift, 2),
        )
        .unwrap();
    let proposals = store.list().unwrap();
    assert_eq!(proposals[0].proposed.reason, None);
    store.reject(&proposals[0]).unwrap();
    assert!(store.list().unwrap().is_empty());
}

#[test]
fn verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::at(folder.path(), folder.path().join("target"));
    let store = PendingStore::new(&project);
    let see = |dialect, n: &[i128]| {
        let rows = n.iter().map(|n| vec![Value::Int(*n)]).collect();
        let columns = vec![Column::new("n", "bigint")];
        let answer = Answer::Rows(ResultTable { columns, rows });
        let observed = Observed {
            snapshot: "tests/sql/a.snap".into(),
            source: "tests/sql/a.sql".into(),
            order: RowOrder::Any,
            hash: Hashes::default(),
            dialect,
            answer,
        };
        verify(&project, observed).unwrap()
    };
    let accept = |reason| {
        for proposal in store.list().unwrap() {
            store.accept(&proposal, reason).unwrap();
        }
    };
    let verdict = see(Dialect::Redshift, &[1, 2]);
    assert!(matches!(&verdict, Verdict::New { pending, .. } if pending.is_file()));
    accept(None);
    assert_eq!(see(Dialect::Redshift, &[2, 1]), Verdict::Matches);
    // the other warehouse: agrees, or differs without anybody having said why
    assert!(matches!(
        see(Dialect::Snowflake, &[2, 1]),
        Verdict::OtherOnly { diff: None, .. }
    ));
    let differs = see(Dialect::Snowflake, &[1, 3]);
    assert!(matches!(
        &differs,
        Verdict::OtherOnly {
            diff: Some(_),
            other: Dialect::Redshift,
            ..
        }
    ));
    assert!(differs.to_string().contains("2 -> 3"), "{differs}");
    accept(Some("counts otherwise"));
    assert_eq!(see(Dialect::Snowflake, &[1, 3]), Verdict::Matches);
    assert_eq!(see(Dialect::Redshift, &[1, 2]), Verdict::Matches);
    assert!(matches!(
        see(Dialect::Redshift, &[1]),
        Verdict::Changed { .. }
    ));
    assert_eq!(store.list().unwrap().len(), 1);
    assert_eq!(see(Dialect::Redshift, &[1, 2]), Verdict::Matches);
    assert!(
        store.list().unwrap().is_empty(),
        "a test that passes again has nothing pending"
    );
    std::fs::write(folder.path().join("tests/sql/a.snap"), "dwsim-snapshot 1\n").unwrap();
    let observed = Observed {
        snapshot: "tests/sql/a.snap".into(),
        source: String::new(),
        order: RowOrder::Any,
        hash: Hashes::default(),
        dialect: Dialect::Redshift,
        answer: Answer::Done { affected: None },
    };
    assert!(
        verify(&project, observed)
            .unwrap_err()
            .to_string()
            .contains("a.snap:1: ")
    );
}

fn nasty_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        r#"[ "|<>\\\-\n\r\tNUL{}\[\]:;]{0,8}"#,
        prop::sample::select(vec![
            "NULL",
            "--- 3 rows",
            "---",
            "=======",
            "<<<<<<< x",
            ">>>>>>> y",
            "<uuid>",
            " | ",
            "\u{feff}x",
            "\u{2028}"
        ])
        .prop_map(str::to_string),
    ]
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9f64..1e9).prop_map(Into::into),
        nasty_text().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(nasty_text(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn value(kind: TypeKind) -> BoxedStrategy<Value> {
    let when = || {
        (-60_000_000_000i64..250_000_000_000, 0u32..1_000_000_000)
            .prop_map(|(seconds, nanos)| chrono::DateTime::from_timestamp(seconds, nanos).unwrap())
    };
    let filled = match kind {
        TypeKind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        TypeKind::Int => any::<i64>().prop_map(|i| Value::Int(i.into())).boxed(),
        TypeKind::Decimal => (any::<i64>(), 0u8..38)
            .prop_map(|(m, s)| Value::Decimal(Decimal::new(m.into(), s)))
            .boxed(),
        TypeKind::Float => any::<f64>().prop_map(Value::Float).boxed(),
        TypeKind::Text | TypeKind::Other => nasty_text().prop_map(Value::Text).boxed(),
        TypeKind::Bytes => prop::collection::vec(any::<u8>(), 0..6)
            .prop_map(Value::Bytes)
            .boxed(),
        TypeKind::Date => when().prop_map(|at| Value::Date(at.date_naive())).boxed(),
        TypeKind::Time => when().prop_map(|at| Value::Time(at.time())).boxed(),
        TypeKind::Timestamp => when()
            .prop_map(|at| Value::Timestamp(at.naive_utc()))
            .boxed(),
        TypeKind::TimestampTz => (when(), -840i32..840)
            .prop_map(|(at, minutes)| {
                Value::TimestampTz(
                    at.with_timezone(&chrono::FixedOffset::east_opt(minutes * 60).unwrap()),
                )
            })
            .boxed(),
        TypeKind::Json => json().prop_map(Value::Json).boxed(),
        TypeKind::Interval => (-99i64..99, -99i64..99, -9_999_999_999i64..9_999_999_999)
            .prop_map(|(months, days, micros)| {
                Value::Interval(Interval {
                    months,
                    days,
                    micros,
                })
            })
            .boxed(),
    };
    prop_oneof![8 => filled, 1 => Just(Value::Null), 1 => Just(Value::Redacted("any".into()))]
        .boxed()
}

const NATIVE: [&str; 22] = [
    "boolean",
    "bigint",
    "number(18,0)",
    "numeric(10,2)",
    "number(10,2)",
    "double precision",
    "float",
    "varchar(9)",
    "text",
    "varbyte(3)",
    "binary(3)",
    "date",
    "time",
    "timestamp",
    "timestamp_ntz(9)",
    "timestamptz",
    "timestamp_tz(9)",
    "super",
    "variant",
    "interval",
    "geometry",
    "odd: [type]",
];

fn result() -> impl Strategy<Value = ResultTable> {
    prop::collection::vec((nasty_text(), prop::sample::select(NATIVE.to_vec())), 0..4)
        .prop_flat_map(|columns| {
            let columns: Vec<Column> = columns
                .into_iter()
                .map(|(name, native)| Column::new(name, native))
                .collect();
            let row: Vec<BoxedStrategy<Value>> =
                columns.iter().map(|column| value(column.ty)).collect();
            prop::collection::vec(row, 0..6).prop_map(move |rows| ResultTable {
                columns: columns.clone(),
                rows,
            })
        })
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        6 => result().prop_map(Answer::Rows),
        1 => prop::option::of(any::<u64>()).prop_map(|affected| Answer::Done { affected }),
        1 => (nasty_text(), nasty_text()).prop_map(|(code, message)| Answer::Error { code, message }),
    ]
}

/// Equal for every purpose of a test.
fn same(a: &Answer, b: &Answer) -> bool {
    match (a, b) {
        (Answer::Rows(a), Answer::Rows(b)) => {
            a.columns == b.columns
                && a.rows.len() == b.rows.len()
                && a.rows.iter().zip(&b.rows).all(|(a, b)| {
                    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| value_matches(a, b))
                })
        }
        _ => a == b,
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(
        text in r#"(dwsim-snapshot 1\n)?(source: x\n|dialects: (redshift|snowflake)(, snowflake)?\n|order: any\n|---\n|n: (bigint|super|varchar\(3\))\n|--- [0-3] rows?\n|--- diverges(: x)?\n|--- redshift (1 row|columns|done|error 1)\n|[ -~]{0,9}\n){0,12}"#,
    ) {
        let _ = Snapshot::parse(&text, Path::new("p.snap"));
    }

    #[test]
    fn what_is_written_is_read_back(
        first in answer(),
        second in prop::option::of(prop_oneof![answer().prop_map(Some), Just(None)]),
        exact in any::<bool>(),
        drop in any::<bool>(),
        source in nasty_text(),
    ) {
        // the second warehouse answers something else, the same, or the same without its first row
        let mut answers = BTreeMap::from([(Dialect::Redshift, first.clone())]);
        if let Some(second) = second {
            let mut second = second.unwrap_or(first);
            if let (true, Answer::Rows(table)) = (drop, &mut second)
                && !table.rows.is_empty()
            {
                table.rows.remove(0);
            }
            answers.insert(Dialect::Snowflake, second);
        }
        let order = if exact { RowOrder::Exact } else { RowOrder::Any };
        let mut snapshot = Snapshot { source, order, hash: Hashes::default(), confirmed: BTreeMap::new(), reason: None, answers };
        snapshot.normalise();
        if snapshot.diverges() {
            snapshot.reason = Some("they differ".to_string());
        }
        let written = snapshot.to_string();
        let back = Snapshot::parse(&written, Path::new("p.snap"));
        let back = match back { Ok(back) => back, Err(e) => { return Err(TestCaseError::fail(format!("{e}\n{written}"))) } };
        prop_assert_eq!(&back.source, &snapshot.source);
        prop_assert_eq!(&back.reason, &snapshot.reason);
        for (dialect, answer) in &snapshot.answers {
            prop_assert!(same(answer, &back.answers[dialect]), "{}\n{:?}\n{:?}", written, answer, back.answers[dialect]);
            prop_assert!(diff(answer, &back.answers[dialect], order).is_none());
        }
        prop_assert_eq!(back.to_string(), written);
    }
}
