//! Text of a sample: personal data become a provider's, few values categories, one form a pattern, the rest prose.
//! Types that only look like text were recognised before.

use std::collections::BTreeMap;

use crate::learn::{Definition, quoted};

/// Most values that are listed as categories, and how often each must be there on average.
const CATEGORIES: usize = 60;
const REPEATS: usize = 3;

/// Words in a column's name, the provider they stand for, and whether it is a person's.
const NAMES: &[(&[&str], &str, bool)] = &[
    (&["email", "e_mail", "mail"], "email", true),
    (
        &["first_name", "firstname", "given_name", "forename"],
        "first_name",
        true,
    ),
    (
        &["last_name", "lastname", "surname", "family_name"],
        "last_name",
        true,
    ),
    (
        &[
            "full_name",
            "fullname",
            "customer_name",
            "contact_name",
            "person",
        ],
        "name",
        true,
    ),
    (
        &["user_name", "username", "login", "nickname"],
        "user_name",
        true,
    ),
    (
        &["phone", "phone_number", "mobile", "telephone", "fax"],
        "phone_number",
        true,
    ),
    (
        &["street", "street_address", "address_line"],
        "street_address",
        true,
    ),
    (&["address"], "address", true),
    (
        &["zip", "zipcode", "zip_code", "postcode", "postal_code"],
        "postcode",
        true,
    ),
    (&["ssn", "social_security"], "ssn", true),
    (&["iban"], "iban", true),
    (
        &["credit_card", "card_number", "creditcard"],
        "credit_card_number",
        true,
    ),
    (&["ip", "ip_address", "ipv4"], "ipv4", true),
    (&["mac_address"], "mac_address", true),
    (&["city", "town"], "city", false),
    (&["company", "company_name", "employer"], "company", false),
    (&["job", "job_title"], "job", false),
    (&["url", "website", "homepage"], "url", false),
    (&["user_agent"], "user_agent", false),
];

/// The provider that a column's name or values stand for.
fn provider(name: &str, found: &BTreeMap<String, u64>) -> Option<(&'static str, bool)> {
    let all = |test: &dyn Fn(&str) -> bool| found.keys().take(1000).all(|t| test(t));
    if all(&|t| {
        t.split_once('@')
            .is_some_and(|(a, d)| !a.is_empty() && d.contains('.'))
    }) {
        return Some(("email", true));
    }
    if all(&|t| t.parse::<std::net::Ipv4Addr>().is_ok()) {
        return Some(("ipv4", true));
    }
    if all(&|t| t.starts_with("http://") || t.starts_with("https://")) {
        return Some(("url", false));
    }
    by_name(name)
}

/// The provider that a column's name stands for, and whether its texts are personal.
pub(crate) fn by_name(name: &str) -> Option<(&'static str, bool)> {
    let lower = name.to_ascii_lowercase().replace(['-', ' '], "_");
    let words = format!("_{lower}_");
    NAMES
        .iter()
        .find(|(keys, ..)| keys.iter().any(|k| words.contains(&format!("_{k}_"))))
        .map(|(_, provider, pii)| (*provider, *pii))
        .filter(|(provider, _)| crate::provider_names().contains(provider))
}

/// The definition of a column of text.
pub(crate) fn define(
    name: &str,
    found: &BTreeMap<String, u64>,
    known: usize,
    unique: bool,
    top: bool,
) -> Definition {
    let longest = found.keys().map(String::len).max().unwrap_or(1).max(1);
    let uuid = |t: &String| {
        t.len() == 36
            && t.bytes().enumerate().all(|(i, b)| match i {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            })
    };
    if found.keys().all(uuid) {
        let out = Definition::of("uuid");
        return if unique {
            out.with("unique", "true")
        } else {
            out
        };
    }
    if let Some((provider, pii)) = provider(name, found) {
        let few = found.len() <= CATEGORIES && known >= REPEATS * found.len();
        // a list of cities or companies is worth keeping, a list of people never
        if pii || !few {
            let numbered = matches!(provider, "email" | "user_name" | "url");
            let mut out = Definition::of("varchar(255)")
                .with("generator", quoted(&format!("faker.{provider}")));
            if unique && numbered {
                out.set("unique", "true");
            } else {
                out.set("truncate", "true");
            }
            if pii && top {
                out.set("pii", "true");
            }
            return out;
        }
    }
    let width = |n: usize| format!("varchar({n})");
    if found.len() <= CATEGORIES && known >= REPEATS * found.len() {
        let mut listed: Vec<(&String, &u64)> = found.iter().collect();
        listed.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let values: Vec<String> = listed.iter().map(|(v, _)| quoted(v)).collect();
        let weights: Vec<String> = listed.iter().map(|(_, n)| n.to_string()).collect();
        let mut out =
            Definition::of(width(longest)).with("values", format!("[{}]", values.join(", ")));
        if weights.windows(2).any(|w| w[0] != w[1]) {
            out.set("weights", format!("[{}]", weights.join(", ")));
        }
        return out;
    }
    if let Some((pattern, size, fixed)) = pattern(found) {
        let mut out = Definition::of(width(longest)).with("pattern", quoted(&pattern));
        // capacity for twice the rows, and texts that cannot be read in two ways
        if unique && fixed && size > 2.0 * known as f64 {
            out.set("unique", "true");
        }
        return out;
    }
    let rounded = longest.div_ceil(10) * 10;
    if found.keys().any(|t| t.contains(' ')) {
        let prose = if longest > 120 {
            "faker.text"
        } else {
            "faker.sentence"
        };
        return Definition::of(width(rounded.max(20)))
            .with("generator", quoted(prose))
            .with("truncate", "true");
    }
    let shortest = found.keys().map(String::len).min().unwrap_or(1);
    Definition::of(width(rounded))
        .with("pattern", quoted(&format!("[a-z]{{{shortest},{longest}}}")))
}

/// A text as a pattern that matches only it; a hyphen needs no escape outside of a class.
fn escaped(text: &str) -> String {
    regex_syntax::escape(text).replace("\\-", "-")
}

/// A run of characters of one kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Upper,
    Lower,
    Digit,
    Other(char),
}

fn runs(text: &str) -> Vec<(Kind, String)> {
    let mut out: Vec<(Kind, String)> = Vec::new();
    for c in text.chars() {
        let kind = match c {
            'A'..='Z' => Kind::Upper,
            'a'..='z' => Kind::Lower,
            '0'..='9' => Kind::Digit,
            c => Kind::Other(c),
        };
        match out.last_mut() {
            Some((k, run)) if *k == kind => run.push(c),
            _ => out.push((kind, c.to_string())),
        }
    }
    out
}

/// The form that all texts share as a regular expression, how many texts it makes, and whether all have one length.
fn pattern(found: &BTreeMap<String, u64>) -> Option<(String, f64, bool)> {
    let mut shared: Vec<(Kind, usize, usize, Option<String>)> = Vec::new();
    for (i, text) in found.keys().enumerate() {
        let runs = runs(text);
        if i == 0 {
            shared = runs
                .into_iter()
                .map(|(k, run)| (k, run.len(), run.len(), Some(run)))
                .collect();
            continue;
        }
        if runs.len() != shared.len() {
            return None;
        }
        for ((kind, min, max, same), (k, run)) in shared.iter_mut().zip(runs) {
            if *kind != k {
                return None;
            }
            *min = (*min).min(run.len());
            *max = (*max).max(run.len());
            if same.as_ref().is_some_and(|s| *s != run) {
                *same = None;
            }
        }
    }
    if shared.is_empty() || shared.len() > 16 {
        return None;
    }
    let mut out = String::new();
    let (mut size, mut fixed) = (1.0, true);
    for (kind, min, max, same) in shared {
        if let Some(text) = same {
            out.push_str(&escaped(&text));
            continue;
        }
        let (class, letters) = match kind {
            Kind::Upper => ("[A-Z]".to_owned(), 26.0),
            Kind::Lower => ("[a-z]".to_owned(), 26.0),
            Kind::Digit => ("\\d".to_owned(), 10.0),
            Kind::Other(c) => (escaped(&c.to_string()), 1.0),
        };
        size *= libm::pow(letters, max as f64);
        fixed &= min == max;
        out.push_str(&class);
        match (min, max) {
            (1, 1) => {}
            (a, b) if a == b => out.push_str(&format!("{{{a}}}")),
            (a, b) => out.push_str(&format!("{{{a},{b}}}")),
        }
    }
    Some((out, size, fixed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_become_patterns() {
        let found = |texts: &[&str]| texts.iter().map(|t| ((*t).to_owned(), 1)).collect();
        for (texts, expected) in [
            (&["AB-12", "XY-99"][..], Some(("[A-Z]{2}-\\d{2}", true))),
            (&["ORD.1", "ORD.22"], Some(("ORD\\.\\d{1,2}", false))),
            (&["a", "1"], None),
        ] {
            let got = pattern(&found(texts));
            assert_eq!(
                got.as_ref().map(|(p, _, fixed)| (p.as_str(), *fixed)),
                expected
            );
        }
    }

    #[test]
    fn people_are_never_copied() {
        let found: BTreeMap<String, u64> = [("Ann".to_owned(), 50), ("Bob".to_owned(), 50)].into();
        let out = define("first_name", &found, 100, false, true).inline();
        assert!(
            out.contains("faker.first_name") && out.contains("pii = true"),
            "{out}"
        );
        assert!(!out.contains("Ann"));
        let mail: BTreeMap<String, u64> = [("ann@corp.test".to_owned(), 100)].into();
        assert!(
            define("x", &mail, 100, false, true)
                .inline()
                .contains("faker.email")
        );
    }
}
