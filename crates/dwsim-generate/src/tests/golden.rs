//! Values never move silently: a hash per column. A change here needs a new `GENERATOR_VERSION`, and a word in the
//! changelog.

use super::*;

const GOLDEN: &str = include_str!("golden.txt");

#[test]
fn values_are_as_they_were() {
    let now: String = [(EVERYTHING, "everything"), (SHOP, "shop")]
        .iter()
        .flat_map(|(text, name)| {
            let plan = planned(
                text,
                &Options {
                    rows: BTreeMap::new(),
                    ..Options::default()
                },
            );
            hashes(&plan, 1000)
                .into_iter()
                .map(move |(column, hash)| format!("{name} {column} {hash}\n"))
        })
        .collect();
    let changed: Vec<&str> = now
        .lines()
        .filter(|l| !GOLDEN.lines().any(|g| g == *l))
        .collect();
    assert!(
        changed.is_empty(),
        "values changed:\n{}",
        changed.join("\n")
    );
    assert_eq!(now.lines().count(), GOLDEN.lines().count());
}

#[test]
fn every_provider_is_as_it_was() {
    const PROVIDERS: &str = include_str!("golden_providers.txt");
    let mut now = String::new();
    for locale in crate::locale_names() {
        for name in crate::provider_names() {
            let definition = format!(
                "{{ type = \"varchar\", generator = \"faker.{name}\", locale = \"{locale}\" }}"
            );
            let hash = hashes(&column(200, &definition), 200)["t.c"].clone();
            now.push_str(&format!("{locale} {name} {hash}\n"));
        }
    }
    let changed: Vec<&str> = now
        .lines()
        .filter(|l| !PROVIDERS.lines().any(|g| g == *l))
        .collect();
    assert!(
        changed.is_empty(),
        "values changed:\n{}",
        changed.join("\n")
    );
    assert_eq!(now.lines().count(), PROVIDERS.lines().count());
}
