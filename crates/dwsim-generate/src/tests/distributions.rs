//! Values follow what was declared: constraints always, distributions within the bounds of chance.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::draw::normal_cdf;

fn numbers(definition: &str, rows: u64) -> Vec<f64> {
    let plan = column(rows, definition);
    values(&plan.tables()[0], "c", 0..rows)
        .into_iter()
        .flatten()
        .map(|t| t.parse().unwrap())
        .collect()
}

/// Kolmogorov-Smirnov distance to a distribution function.
fn ks(mut sample: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    sample
        .iter()
        .enumerate()
        .map(|(i, x)| {
            let p = cdf(*x);
            (p - i as f64 / n).abs().max((p - (i + 1) as f64 / n).abs())
        })
        .fold(0.0, f64::max)
}

/// A distribution function.
type Cdf = Box<dyn Fn(f64) -> f64>;

#[test]
fn continuous_shapes_within_their_bound() {
    let n = 20_000;
    // the bound that chance exceeds once in about a million
    let bound = 2.7 / (n as f64).sqrt();
    let z = |x: f64, m: f64, s: f64| normal_cdf((x - m) / s);
    let cases: [(&str, Cdf); 7] = [
        (
            "{ type = \"double\", range = [-2, 6] }",
            Box::new(|x| (x + 2.0) / 8.0),
        ),
        (
            "{ type = \"double\", distribution = \"gaussian\", mean = 150, stddev = 50 }",
            Box::new(move |x| z(x, 150.0, 50.0)),
        ),
        (
            "{ type = \"double\", distribution = \"gaussian\", mean = 0, stddev = 1, range = [-1, 2] }",
            Box::new(move |x| {
                (z(x, 0.0, 1.0) - z(-1.0, 0.0, 1.0)) / (z(2.0, 0.0, 1.0) - z(-1.0, 0.0, 1.0))
            }),
        ),
        (
            "{ type = \"double\", distribution = \"lognormal\", mu = 1, sigma = 0.5 }",
            Box::new(move |x| z(x.ln(), 1.0, 0.5)),
        ),
        (
            "{ type = \"double\", distribution = \"exponential\", mean = 4 }",
            Box::new(|x| 1.0 - (-x / 4.0).exp()),
        ),
        (
            "{ type = \"double\", distribution = \"pareto\", scale = 2, shape = 3 }",
            Box::new(|x| 1.0 - (2.0 / x).powi(3)),
        ),
        (
            "{ type = \"decimal(18,9)\", distribution = \"gaussian\", mean = 1, stddev = 1 }",
            Box::new(move |x| z(x, 1.0, 1.0)),
        ),
    ];
    for (definition, cdf) in cases {
        let distance = ks(numbers(definition, n), cdf);
        assert!(distance < bound, "{definition}: {distance} > {bound}");
    }
}

/// Total variation distance between counts and probabilities, with its bound for n draws of k values.
fn check_counts(definition: &str, probabilities: &[(&str, f64)]) {
    let n = 50_000u64;
    let plan = column(n, definition);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for text in values(&plan.tables()[0], "c", 0..n) {
        *counts
            .entry(text.unwrap_or_else(|| "NULL".into()))
            .or_default() += 1;
    }
    let expected: BTreeMap<&str, f64> = probabilities.iter().copied().collect();
    let seen: BTreeSet<&str> = counts
        .keys()
        .map(String::as_str)
        .chain(expected.keys().copied())
        .collect();
    let distance: f64 = seen
        .iter()
        .map(|v| {
            let got = counts.get(*v).copied().unwrap_or(0) as f64 / n as f64;
            (got - expected.get(v).copied().unwrap_or(0.0)).abs()
        })
        .sum::<f64>()
        / 2.0;
    let k = seen.len() as f64;
    let bound = (k / n as f64).sqrt() / 2.0 + 5.0 / (2.0 * (n as f64).sqrt());
    assert!(
        distance < bound,
        "{definition}: {distance} > {bound}\n{counts:?}"
    );
}

#[test]
fn discrete_shapes_within_their_bound() {
    check_counts(
        "{ type = \"varchar(1)\", values = [\"a\", \"b\", \"c\"], weights = [5, 3, 2] }",
        &[("a", 0.5), ("b", 0.3), ("c", 0.2)],
    );
    check_counts(
        "{ type = \"boolean\", p = 0.3 }",
        &[("true", 0.3), ("false", 0.7)],
    );
    check_counts(
        "{ type = \"varchar(1)\", value = \"a\", nulls = 0.25 }",
        &[("a", 0.75), ("NULL", 0.25)],
    );
    check_counts(
        "{ type = \"integer\", range = [-1, 2] }",
        &[("-1", 0.25), ("0", 0.25), ("1", 0.25), ("2", 0.25)],
    );
    let poisson: Vec<(String, f64)> = (0..30)
        .scan((-3.5f64).exp(), |p, k| {
            let now = *p;
            *p *= 3.5 / f64::from(k + 1);
            Some((k.to_string(), now))
        })
        .collect();
    let poisson: Vec<(&str, f64)> = poisson.iter().map(|(k, p)| (k.as_str(), *p)).collect();
    check_counts(
        "{ type = \"integer\", distribution = \"poisson\", mean = 3.5 }",
        &poisson,
    );
    // clamping puts the tails on the ends
    let (low, high) = (normal_cdf(-0.5), 1.0 - normal_cdf(0.5));
    let middle = normal_cdf(0.5) - normal_cdf(-0.5);
    check_counts(
        "{ type = \"integer\", distribution = \"gaussian\", mean = 0, stddev = 1, range = [-1, 1], limits = \"clamp\" }",
        &[("-1", low), ("0", middle), ("1", high)],
    );
}

#[test]
fn constraints_hold_everywhere() {
    let plan = planned(EVERYTHING, &Options::default());
    let all = |table: &str, column: &str| {
        let t = plan.table(table).unwrap();
        values(t, column, 0..t.rows())
    };
    let distinct =
        |values: &[Option<String>]| values.iter().collect::<BTreeSet<_>>().len() == values.len();
    for table in plan.tables() {
        for c in &table.table().columns {
            let values = all(table.name(), &c.name);
            assert!(
                !c.unique || distinct(&values),
                "{}.{}",
                table.name(),
                c.name
            );
            assert!(
                c.nullable || values.iter().all(Option::is_some),
                "{}.{}",
                table.name(),
                c.name
            );
            if let Some(most) = c.ty.max_length() {
                assert!(
                    values.iter().flatten().all(|v| v.len() <= most),
                    "{}.{}",
                    table.name(),
                    c.name
                );
            }
            if let Some(r) = &c.references {
                let parents: BTreeSet<_> = all(&r.table, &r.column).into_iter().flatten().collect();
                assert!(
                    values.iter().flatten().all(|v| parents.contains(v)),
                    "{}.{}",
                    table.name(),
                    c.name
                );
            }
        }
        for key in table.table().composite_keys() {
            let columns: Vec<_> = key.iter().map(|c| all(table.name(), c)).collect();
            let tuples: BTreeSet<Vec<&Option<String>>> = (0..table.rows() as usize)
                .map(|i| columns.iter().map(|c| &c[i]).collect())
                .collect();
            assert_eq!(
                tuples.len() as u64,
                table.rows(),
                "{} {key:?}",
                table.name()
            );
        }
    }
    // a hierarchy has no circles: every parent is an earlier row
    let (ids, parents) = (all("tree", "id"), all("tree", "parent_id"));
    assert_eq!(parents[0], None);
    for (id, parent) in ids.iter().flatten().zip(&parents).skip(1) {
        let (id, parent): (u64, u64) = (
            id.parse().unwrap(),
            parent.as_ref().unwrap().parse().unwrap(),
        );
        assert!(parent < id);
    }
}

#[test]
fn full_capacity_is_reached_exactly() {
    let plan = column(
        26 * 26,
        "{ type = \"char(2)\", pattern = \"[A-Z]{2}\", unique = true }",
    );
    let all: BTreeSet<_> = values(&plan.tables()[0], "c", 0..676).into_iter().collect();
    assert_eq!(all.len(), 676);
}

#[test]
fn ends_of_ranges_are_reached() {
    let plan = column(
        20_000,
        "{ type = \"timestamp\", range = [\"2024-02-28\", \"2024-02-29\"], resolution = \"hour\" }",
    );
    let all: BTreeSet<_> = values(&plan.tables()[0], "c", 0..20_000)
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(all.len(), 48);
    assert_eq!(all.first().unwrap(), "2024-02-28 00:00:00");
    assert_eq!(all.last().unwrap(), "2024-02-29 23:00:00");
}

#[test]
fn zipf_parents_are_unequal() {
    let text = "[tables.p]\nrows = 1000\n[tables.p.columns]\nid = { type = \"serial\", primary_key = true }\n[tables.c]\nrows = 20000\n[tables.c.columns]\np = { type = \"foreign_key\", references = \"p.id\", pick = \"zipf\", exponent = 1.0 }";
    let plan = planned(text, &Options::default());
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for v in values(plan.table("c").unwrap(), "p", 0..20_000)
        .into_iter()
        .flatten()
    {
        *counts.entry(v).or_default() += 1;
    }
    let total: f64 = (1..=1000).map(|k| 1.0 / f64::from(k)).sum();
    let top = *counts.values().max().unwrap() as f64 / 20_000.0;
    assert!((top - 1.0 / total).abs() < 0.02, "{top}");
}

#[test]
fn derived_columns_keep_their_word() {
    let plan = planned(EVERYTHING, &Options::default());
    let table = plan.table("orders").unwrap();
    let rows = table.rows() as usize;
    let all = |name: &str| values(table, name, 0..table.rows());
    let (parent, number) = (all("parent"), all("number"));
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for (p, n) in parent.iter().flatten().zip(number.iter().flatten()) {
        let count = counts.entry(p.parse().unwrap()).or_default();
        *count += 1;
        assert_eq!(*n, count.to_string());
    }
    assert!(counts.values().all(|c| (1..=4).contains(c)));
    assert!(
        (500..700).contains(&rows),
        "{rows} rows for 300 parents with 2 on average"
    );

    let codes = values(plan.table("parents").unwrap(), "code", 0..300);
    let (code, country, currency) = (all("code"), all("country"), all("currency"));
    let flags = [all("is_web"), all("is_shop"), all("is_phone")];
    let status = all("status");
    let times = [
        "quoted",
        "created",
        "shipped",
        "delivered",
        "reviewed",
        "latest",
    ]
    .map(all);
    let [quoted, created, shipped, delivered, reviewed, latest] = &times;
    let (quantity, price, vat, total, discount) = (
        all("quantity"),
        all("price"),
        all("vat"),
        all("total"),
        all("discount"),
    );
    for i in 0..rows {
        let parent: usize = parent[i].as_ref().unwrap().parse().unwrap();
        assert_eq!(code[i], codes[parent - 1]);
        let pair = (
            country[i].as_deref().unwrap(),
            currency[i].as_deref().unwrap(),
        );
        assert!([("DE", "EUR"), ("FR", "EUR"), ("CH", "CHF")].contains(&pair));
        assert_eq!(
            flags
                .iter()
                .filter(|f| f[i].as_deref() == Some("true"))
                .count(),
            1
        );
        // timestamps of one width compare as text
        assert!(quoted[i] <= created[i] && created[i] <= reviewed[i] && reviewed[i] <= latest[i]);
        let left = status[i].as_deref() != Some("open");
        assert_eq!(shipped[i].is_some(), left);
        assert_eq!(delivered[i].is_some(), left);
        assert!(!left || (created[i] < shipped[i] && shipped[i] < delivered[i]));
        let number = |v: &Option<String>| v.as_ref().unwrap().parse::<f64>().unwrap();
        let expected = number(&quantity[i]) * number(&price[i]) * (1.0 + number(&vat[i]) / 100.0);
        assert!(
            (number(&total[i]) - expected).abs() <= 0.005 + 1e-9,
            "{} {expected}",
            number(&total[i])
        );
        let web = flags[0][i].as_deref() == Some("true") && !left;
        assert_eq!(number(&discount[i]) >= 1.0, web);
    }
    let returns = plan.table("returns").unwrap();
    assert!(
        values(returns, "flag", 0..400)
            .iter()
            .all(|f| f.as_deref() == Some("true"))
    );
}

#[test]
fn correlated_columns_correlate_and_keep_their_shape() {
    let text = "[tables.t]\nrows = 20000\ncorrelate = [[\"a\", \"b\", 0.7], [\"c\", \"b\", -0.5]]\n[tables.t.columns]\n\
        a = { type = \"double\", distribution = \"gaussian\", mean = 10, stddev = 2 }\n\
        b = { type = \"double\", distribution = \"gaussian\", mean = 0, stddev = 1 }\n\
        c = { type = \"double\", distribution = \"gaussian\", mean = 5, stddev = 3 }\n\
        d = { type = \"double\", distribution = \"gaussian\", mean = 5, stddev = 3 }";
    let plan = planned(text, &Options::default());
    let numbers = |name: &str| -> Vec<f64> {
        values(&plan.tables()[0], name, 0..20_000)
            .into_iter()
            .flatten()
            .map(|t| t.parse().unwrap())
            .collect()
    };
    let (a, b, c, d) = (numbers("a"), numbers("b"), numbers("c"), numbers("d"));
    let correlation = |x: &[f64], y: &[f64]| {
        let n = x.len() as f64;
        let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let xy: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
        let xx: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
        let yy: f64 = y.iter().map(|y| (y - my).powi(2)).sum();
        xy / (xx * yy).sqrt()
    };
    for (pair, r) in [
        ((&a, &b), 0.7),
        ((&b, &c), -0.5),
        ((&a, &c), 0.0),
        ((&a, &d), 0.0),
    ] {
        let got = correlation(pair.0, pair.1);
        assert!((got - r).abs() < 0.03, "{got} {r}");
    }
    assert!(ks(a, |x| normal_cdf((x - 10.0) / 2.0)) < 2.7 / 20_000f64.sqrt());
    assert!(ks(c, |x| normal_cdf((x - 5.0) / 3.0)) < 2.7 / 20_000f64.sqrt());

    let contradiction = text.replace("-0.5]]", "-0.5], [\"a\", \"c\", 0.9]]");
    let config = dwsim_schema::Config::parse("dwsim.toml", &contradiction).unwrap();
    let error = plan_error(&config.schema);
    assert!(
        error.contains("dwsim.toml:3:14: the correlations of table `t` contradict each other"),
        "{error}"
    );
}

fn plan_error(schema: &dwsim_schema::Schema) -> String {
    crate::plan(schema, &Options::default())
        .map(|_| String::new())
        .unwrap_or_else(|e| e.to_string())
}

#[test]
fn given_rows_are_rows() {
    let plan = planned(include_str!("given.toml"), &Options::default());
    let countries = plan.table("countries").unwrap();
    assert_eq!(countries.rows(), 3);
    let since: Vec<Option<String>> = values(countries, "since", 0..3);
    assert_eq!(since[2].as_deref(), Some("1848-09-12"));
    let visits = plan.table("visits").unwrap();
    let names: BTreeMap<&str, &str> =
        [("DE", "Germany"), ("FR", "France"), ("CH", "Switzerland")].into();
    for (code, name) in
        values(visits, "country", 0..100)
            .into_iter()
            .zip(values(visits, "name", 0..100))
    {
        assert_eq!(names[code.unwrap().as_str()], name.unwrap());
    }
    // neither a factor nor a number of rows changes them
    let twice = planned(
        include_str!("given.toml"),
        &Options {
            scale: 2.0,
            ..Options::default()
        },
    );
    assert_eq!(
        (
            twice.table("countries").unwrap().rows(),
            twice.table("visits").unwrap().rows()
        ),
        (3, 200)
    );
    let config = dwsim_schema::Config::parse("dwsim.toml", include_str!("given.toml")).unwrap();
    let more = Options {
        rows: [("countries".to_owned(), 5)].into(),
        ..Options::default()
    };
    let error = crate::plan(&config.schema, &more)
        .map(|_| String::new())
        .unwrap_or_else(|e| e.to_string());
    assert!(error.contains("given by its `data`"), "{error}");
}
