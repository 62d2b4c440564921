//! Runs the lints over files, in parallel, and collects what they find.
//! What each of them looks for is in the sibling modules.

use std::collections::{BTreeMap, BTreeSet};

use dwsim_runtime::{Dialect, Project};
use dwsim_schema::{Config, Diagnostics, Place};
use rayon::prelude::*;

use super::catalog::Catalog;
use super::files::{Files, Source};
use super::finding::{self, Finding};
use super::snapshots;
use super::sql::{self, File, Surroundings};

/// Which lints to run.
#[derive(Debug, Clone, Copy)]
pub struct Lints {
    /// dwsim.toml.
    pub config: bool,
    /// The SQL tests.
    pub sql: bool,
    /// Whether snapshots can be read.
    pub readable: bool,
    /// Which snapshots are superfluous, and which are missing.
    pub inventory: bool,
}

/// What was found, and in what.
#[derive(Debug, Default)]
pub struct Checked {
    /// The findings, by file and place.
    pub findings: Vec<Finding>,
    /// The texts of the files that have findings.
    pub texts: BTreeMap<String, String>,
    /// How many files were looked at.
    pub files: usize,
}

/// Runs the lints.
pub fn check(
    project: &Project,
    files: &Files,
    config: Option<Result<Config, Diagnostics>>,
    lints: Lints,
) -> Checked {
    let mut checked = Checked::default();
    let (config, faults) = match config {
        Some(Ok(config)) => (Some(config), None),
        Some(Err(faults)) => (None, Some(faults)),
        None => (None, None),
    };
    if lints.config {
        checked.files += usize::from(files.config.is_some());
        if let Some(faults) = faults {
            checked.add_config(faults);
        }
    }
    for name in &files.unreadable {
        let message = "the file is no UTF-8 text".to_owned();
        checked.findings.push(Finding::error(
            finding::TEST_FILE,
            name.clone(),
            Place::default(),
            message,
            None,
        ));
    }
    if lints.sql {
        let catalog = config.as_ref().map(|c| Catalog::new(&c.schema));
        let around = Surroundings::new(config.as_ref(), catalog.as_ref());
        checked.files += files.sql.len();
        let found: Vec<Finding> = files
            .sql
            .par_iter()
            .flat_map_iter(|source| sql::check(file(source), &around))
            .collect();
        checked.findings.extend(found);
        checked.findings.extend(twice(files));
    }
    if lints.readable {
        checked.files += files.snapshots.len();
        let broken: Vec<Finding> = files
            .snapshots
            .par_iter()
            .filter_map(snapshots::readable)
            .collect();
        checked.findings.extend(broken);
    }
    if lints.inventory {
        checked.files += if lints.sql { 0 } else { files.sql.len() };
        checked
            .findings
            .extend(snapshots::unreferenced(files, project));
        checked.findings.extend(snapshots::missing(files));
    }
    for source in files.sql.iter().chain(&files.snapshots) {
        if checked.findings.iter().any(|f| f.file == source.name) {
            checked
                .texts
                .insert(source.name.clone(), source.text.clone());
        }
    }
    let place = |f: &Finding| (f.file.clone(), f.start, f.code, f.message.clone());
    checked.findings.sort_by_key(place);
    checked
}

impl Checked {
    fn add_config(&mut self, faults: Diagnostics) {
        for fault in faults.items {
            let place = fault.place.unwrap_or_default();
            let file = if fault.file.is_empty() {
                "dwsim.toml".to_owned()
            } else {
                fault.file
            };
            if let Some(source) = fault.place.and_then(|p| faults.sources.get(p.source)) {
                self.texts.insert(file.clone(), source.text.clone());
            }
            self.findings.push(Finding::error(
                fault.code,
                file,
                place,
                fault.message,
                fault.help,
            ));
        }
    }
}

fn file(source: &Source) -> File<'_> {
    let stem = source.name.strip_suffix(".sql").unwrap_or(&source.name);
    File {
        name: &source.name,
        text: &source.text,
        dialect: stem
            .rsplit_once('.')
            .and_then(|(_, dialect)| Dialect::from_name(dialect)),
    }
}

/// `name.sql` beside `name.redshift.sql`: which of them would be the test?
fn twice(files: &Files) -> Vec<Finding> {
    let all: BTreeSet<&str> = files.all_sql.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for source in &files.sql {
        let Some(stem) = source.name.strip_suffix(".sql") else {
            continue;
        };
        let Some((test, dialect)) = stem
            .rsplit_once('.')
            .filter(|(_, dialect)| Dialect::from_name(dialect).is_some())
        else {
            continue;
        };
        let common = format!("{test}.sql");
        if all.contains(common.as_str()) {
            found.push(Finding::error(
                finding::TEST_FILE,
                source.name.clone(),
                Place::default(),
                format!("the test has {common} for all dialects and this one for {dialect}"),
                Some("write one file, or one per dialect".into()),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const SHOP: &str = r#"
        [tables.customers]
        rows = 10
        [tables.customers.columns]
        customer_id = { type = "serial", primary_key = true }
        email = { type = "varchar(50)", unique = true, generator = "faker.email" }
        country = { type = "char(2)", values = ["DE", "FR"] }
        [tables.orders]
        rows = 20
        [tables.orders.columns]
        order_id = { type = "serial", primary_key = true }
        customer_id = { type = "foreign_key", references = "customers.customer_id" }
        order_total = { type = "decimal(10,2)" }
        ordered_at = { type = "timestamp" }
        payload = { type = "json", fields = { page = { type = "varchar(9)" } } }
    "#;

    fn lint(name: &str, text: &str) -> Vec<Finding> {
        let config = Config::parse("dwsim.toml", SHOP).unwrap();
        let catalog = Catalog::new(&config.schema);
        let around = Surroundings::new(Some(&config), Some(&catalog));
        let source = Source {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        sql::check(file(&source), &around)
    }

    /// The codes' names, with the text they point at.
    fn brief(name: &str, text: &str) -> Vec<String> {
        lint(name, text)
            .iter()
            .map(|f| {
                let short = finding::short_name(f.code).unwrap_or("?");
                format!("{short}: {}", &text[f.start..f.end])
            })
            .collect()
    }

    #[test]
    fn good_statements_have_no_findings() {
        for text in [
            "select count(*) as n from orders",
            "select o.order_id, c.country from orders o join customers c on o.customer_id = c.customer_id order by o.order_id",
            "select order_id, order_total from orders order by order_total desc, order_id",
            "select country, count(*) as n from customers group by country order by n desc, country",
            "select country, count(*) as n from customers group by 1 order by 1",
            "with big as (select order_id, order_total as total from orders) select total from big where order_id > 1",
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select i from n order by i",
            "create table t (a int, b int); insert into t (a, b) select order_id, 1 from orders; select a from t order by a, b",
            "create temp table t as select order_id as a from orders; select a from t",
            "update orders set order_total = order_total * 2 where order_id = 1; select order_total as double_total from orders where double_total > 1",
            "delete from orders where customer_id in (select customer_id from customers where country = 'DE'); select 1 as one",
            "select datediff(day, ordered_at, ordered_at) as d from orders",
            "select o.payload from orders as o",
            "select max(order_id) as m from orders limit 0",
            "merge into orders using customers c on orders.customer_id = c.customer_id when matched then update set order_total = 0 when not matched then insert (order_id, customer_id) values (1, c.customer_id); select 1 as one",
            "select row_number() over (partition by customer_id order by order_id) as rn, order_id from orders order by order_id",
            "select x.n from (select count(*) as n from orders) x",
            "select order_id from orders where exists (select 1 from customers c where c.customer_id = orders.customer_id)",
            "select order_id as id from orders union all select customer_id from customers order by id",
            "-- dwsim: order = \"any\"\nselect country from customers order by country",
            "-- dwsim: redact = { at = \"timestamp\" }\nselect current_timestamp as at, order_id from orders",
            "-- dwsim: allow = { clock = \"the year is all that counts\" }\nselect current_date as d",
            "-- dwsim: error = true\nselect nope from nowhere",
        ] {
            assert_eq!(
                brief("tests/sql/a.sql", text),
                Vec::<String>::new(),
                "{text}"
            );
        }
        for (name, text) in [
            (
                "tests/sql/a.snowflake.sql",
                "select payload:page::varchar as page from orders, lateral flatten(input => payload) f where f.value is not null",
            ),
            (
                "tests/sql/a.snowflake.sql",
                "select seq4() as i from table(generator(rowcount => 3)) order by i",
            ),
            (
                "tests/sql/a.snowflake.sql",
                "select random(7) as r from orders sample (10) seed (3)",
            ),
            (
                "tests/sql/a.snowflake.sql",
                "select transform([1,2], x -> x + 1) as xs from orders",
            ),
            (
                "tests/sql/a.redshift.sql",
                "select o.order_id, p.page from orders o, o.payload p",
            ),
            (
                "tests/sql/a.redshift.sql",
                "select count(*) as n from stl_load_errors",
            ),
        ] {
            assert_eq!(brief(name, text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn faults_are_found_at_their_place() {
        for (text, expected) in [
            ("select 1 from ordres", &["unknown_table: ordres"][..]),
            (
                "select order_idd from orders",
                &["unknown_column: order_idd"],
            ),
            ("select o.nope from orders o", &["unknown_column: nope"]),
            ("select x.order_id from orders o", &["unknown_column: x"]),
            (
                "insert into orders (order_id, nope) values (1, 2)",
                &["unknown_column: nope"],
            ),
            ("update orders set nope = 1", &["unknown_column: nope"]),
            ("select ( 1 as one", &["syntax: as"]),
            (
                "with c as (select order_id as id from orders) select idd from c",
                &["unknown_column: idd"],
            ),
            (
                "drop table orders; select 1 from orders",
                &["unknown_table: orders"],
            ),
            (
                "select count(*) as n from orders where ordered_at < current_date",
                &["clock: current_date"],
            ),
            ("select order_id from orders limit 3", &["limit: 3"]),
            (
                "select order_id, order_total from orders order by order_total",
                &["order: order_total"],
            ),
            (
                "select country, count(*) as n from customers group by country order by n",
                &["order: n"],
            ),
            (
                "select distinct country from customers order by length(country)",
                &["order: length(country"],
            ),
            (
                "select o.order_total from orders o join customers c on o.customer_id = c.customer_id order by c.customer_id",
                &["order: c.customer_id"],
            ),
            (
                "-- dwsim: nope = 1\nselect 1 as one",
                &["test_file: -- dwsim: nope = 1"],
            ),
            (
                "-- dwsim: allow = { nope = \"x\" }\nselect 1 as one",
                &["test_file: allow"],
            ),
        ] {
            let mut found = brief("tests/sql/a.sql", text);
            found.dedup();
            let mut expected = expected.to_vec();
            expected.dedup();
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(
            brief("tests/sql/a.snowflake.sql", "select uuid_string() as u"),
            ["random: uuid_string"]
        );
        assert_eq!(
            brief("tests/sql/a.redshift.sql", "select sysdate as now"),
            ["clock: sysdate"]
        );
    }

    #[test]
    fn suggestions_and_fixes() {
        let found = lint("tests/sql/a.sql", "select order_idd from orders");
        assert_eq!(found[0].help.as_deref(), Some("did you mean `order_id`?"));
        assert_eq!((found[0].line, found[0].column), (1, 8));
        for (text, fixed) in [
            (
                "select order_id, order_total from orders order by order_total desc nulls last\n",
                "select order_id, order_total from orders order by order_total desc nulls last, order_id\n",
            ),
            (
                "select distinct country from customers order by length(country) desc",
                "select distinct country from customers order by length(country) desc, country",
            ),
            (
                "select country, count(*) as n from customers group by country order by n",
                "select country, count(*) as n from customers group by country order by n, country",
            ),
            (
                "select o.order_total from orders o join customers c on o.customer_id = c.customer_id order by c.country",
                "select o.order_total from orders o join customers c on o.customer_id = c.customer_id order by c.country, o.order_id",
            ),
        ] {
            let found = lint("tests/sql/a.sql", text);
            let (changed, count) = super::super::fix::fixed(text, &found);
            assert_eq!((changed.as_str(), count), (fixed, 1));
            assert_eq!(lint("tests/sql/a.sql", fixed), []);
        }
    }
}
