//! The providers: each name's grammar, and where a unique variant puts the row's number.
//! Names and meanings follow Faker (<https://faker.readthedocs.io/en/master/providers.html>); texts are our own mix.

use std::sync::Arc;

use crate::grammar::{Grammar, WordList};
use crate::providers::locale::{ENGLISH, Locale};

/// A provider for one locale: `head`, the row's number when values must be distinct, `tail`.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) head: Grammar,
    pub(crate) tail: Grammar,
    /// Whether a number between head and tail keeps texts valid and makes them distinct.
    pub(crate) numbered: bool,
}

/// Every provider's name, sorted.
pub(crate) const NAMES: &[&str] = &[
    "address",
    "bs",
    "building_number",
    "catch_phrase",
    "city",
    "city_prefix",
    "city_suffix",
    "company",
    "company_email",
    "company_suffix",
    "country",
    "country_code",
    "currency_code",
    "currency_name",
    "currency_symbol",
    "domain_name",
    "domain_word",
    "email",
    "file_extension",
    "file_name",
    "file_path",
    "first_name",
    "free_email",
    "hex_color",
    "hostname",
    "industry",
    "ipv4",
    "ipv6",
    "job",
    "last_name",
    "mac_address",
    "md5",
    "name",
    "paragraph",
    "phone_number",
    "postcode",
    "prefix",
    "profession",
    "safe_email",
    "secondary_address",
    "sentence",
    "sha1",
    "sha256",
    "slug",
    "state",
    "state_abbr",
    "street_address",
    "street_name",
    "street_suffix",
    "suffix",
    "text",
    "timezone",
    "tld",
    "uri_path",
    "url",
    "user_agent",
    "user_name",
    "word",
    "words",
    "zipcode",
];

/// Domains that belong to nobody (RFC 2606).
const SAFE_DOMAINS: &[&str] = &["example.com", "example.net", "example.org"];

fn words(list: &[&str]) -> Grammar {
    Grammar::Words(Arc::new(WordList::new(
        list.iter().copied().filter(|w| !w.is_empty()),
    )))
}

/// The letters of ASCII words in lower case; of the English list where a locale has too few.
fn slugs(list: &[&str], english: &[&str]) -> Grammar {
    let slug = |list: &[&str]| -> Vec<String> {
        list.iter()
            .filter(|w| w.is_ascii())
            .map(|w| {
                w.chars()
                    .filter(char::is_ascii_alphabetic)
                    .collect::<String>()
                    .to_ascii_lowercase()
            })
            .filter(|w| !w.is_empty())
            .collect()
    };
    let own = slug(list);
    let chosen = if own.len() < 20 { slug(english) } else { own };
    Grammar::Words(Arc::new(WordList::new(chosen.iter().map(String::as_str))))
}

fn sequence<const N: usize>(parts: [Grammar; N]) -> Grammar {
    Grammar::Sequence(parts.into())
}

fn repeat(item: Grammar, min: u32, max: u32, separator: &'static str) -> Grammar {
    Grammar::Repeat {
        item: Box::new(item),
        min,
        max,
        separator,
    }
}

fn formats(list: &[&str]) -> Grammar {
    Grammar::Choice(list.iter().map(|f| Grammar::digits(f)).collect())
}

fn hex(n: u32) -> Grammar {
    repeat(Grammar::Chars(vec![('0', 10), ('a', 6)]), n, n, "")
}

/// A template such as `{FirstName} {LastName}`; names that are not given stand for themselves.
fn template(text: &str, names: &[(&str, &Grammar)]) -> Grammar {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, tail)) = rest.split_once('{') {
        if !literal.is_empty() {
            parts.push(Grammar::literal(literal));
        }
        let (name, tail) = tail.split_once('}').unwrap_or((tail, ""));
        match names.iter().find(|(n, _)| *n == name) {
            Some((_, grammar)) => parts.push((*grammar).clone()),
            None => parts.push(Grammar::literal(name)),
        }
        rest = tail;
    }
    if !rest.is_empty() {
        parts.push(Grammar::literal(rest));
    }
    Grammar::Sequence(parts)
}

/// 0 to 255, without leading zeros.
fn octet() -> Grammar {
    let numbers: Vec<String> = (0..=255).map(|n| n.to_string()).collect();
    Grammar::Words(Arc::new(WordList::new(numbers.iter().map(String::as_str))))
}

fn sentence(l: &Locale, min: u32, max: u32) -> Grammar {
    sequence([
        Grammar::Capitalized(Box::new(repeat(words(l.lorem), min, max, " "))),
        Grammar::literal("."),
    ])
}

/// The provider of that name, or `None` if there is none.
pub(crate) fn provider(name: &str, l: &Locale) -> Option<Provider> {
    let first = || words(l.first_name);
    let last = || words(l.last_name);
    let slug_first = || slugs(l.first_name, ENGLISH.first_name);
    let slug_last = || slugs(l.last_name, ENGLISH.last_name);
    let account = || sequence([slug_first(), Grammar::literal("."), slug_last()]);
    let site = || {
        sequence([
            slug_last(),
            Grammar::literal("-"),
            slugs(l.lorem, ENGLISH.lorem),
        ])
    };
    let tld = || words(l.domain_suffix);
    let street = || {
        template(
            l.street,
            &[
                ("StreetName", &last()),
                ("StreetSuffix", &words(l.street_suffix)),
                ("Name", &last()),
            ],
        )
    };
    let city = || {
        template(
            l.city,
            &[
                ("CityName", &last()),
                ("CityPrefix", &words(l.city_prefix)),
                ("CitySuffix", &words(l.city_suffix)),
            ],
        )
    };
    let street_address = || sequence([formats(l.building_number), Grammar::literal(" "), street()]);
    let numbered = |head: Grammar, tail: Grammar| {
        Some(Provider {
            head,
            tail,
            numbered: true,
        })
    };
    let mail = |domain: Grammar| numbered(account(), sequence([Grammar::literal("@"), domain]));

    let head = match name {
        "email" | "safe_email" => return mail(words(SAFE_DOMAINS)),
        "free_email" => return mail(words(l.free_email)),
        "company_email" => return mail(sequence([site(), Grammar::literal("."), tld()])),
        "user_name" => return numbered(account(), Grammar::literal("")),
        "domain_word" => return numbered(site(), Grammar::literal("")),
        "domain_name" => return numbered(site(), sequence([Grammar::literal("."), tld()])),
        "hostname" => {
            let tail = sequence([Grammar::literal("."), site(), Grammar::literal("."), tld()]);
            return numbered(words(&["app", "db", "mail", "web"]), tail);
        }
        "url" => {
            let head = sequence([Grammar::literal("https://www."), site()]);
            return numbered(
                head,
                sequence([Grammar::literal("."), tld(), Grammar::literal("/")]),
            );
        }
        "slug" => {
            return numbered(
                repeat(slugs(l.lorem, ENGLISH.lorem), 2, 4, "-"),
                Grammar::literal(""),
            );
        }
        "uri_path" => {
            let head = sequence([
                Grammar::literal("/"),
                repeat(words(l.path_segments), 1, 3, "/"),
            ]);
            return numbered(head, Grammar::literal(""));
        }
        "file_name" => {
            return numbered(
                words(l.path_segments),
                sequence([Grammar::literal("."), words(l.extensions)]),
            );
        }
        "file_path" => {
            let head = sequence([
                Grammar::literal("/"),
                repeat(words(l.path_segments), 2, 4, "/"),
            ]);
            return numbered(head, sequence([Grammar::literal("."), words(l.extensions)]));
        }
        "first_name" => first(),
        "last_name" => last(),
        "name" => template(l.name, &[("FirstName", &first()), ("LastName", &last())]),
        "prefix" => words(l.title),
        "suffix" => words(l.name_suffix),
        "company" => Grammar::Choice(
            l.company
                .iter()
                .map(|t| {
                    let suffix = words(l.company_suffix);
                    template(
                        t,
                        &[
                            ("Name_1", &last()),
                            ("Name_2", &last()),
                            ("Suffix", &suffix),
                        ],
                    )
                })
                .collect(),
        ),
        "company_suffix" => words(l.company_suffix),
        "catch_phrase" => {
            let [head, middle, tail] = l.buzz.map(words);
            template(
                l.catch_phrase,
                &[("Head", &head), ("Middle", &middle), ("Tail", &tail)],
            )
        }
        "bs" => {
            let [verb, adjective, noun] = l.bs_words.map(words);
            template(
                l.bs,
                &[("Verb", &verb), ("Adj", &adjective), ("Noun", &noun)],
            )
        }
        "industry" => words(l.industry),
        "profession" => words(l.profession),
        "job" => template(
            l.job,
            &[
                ("Seniority", &words(l.job_seniority)),
                ("Field", &words(l.job_field)),
                ("Position", &words(l.job_position)),
            ],
        ),
        "city" => city(),
        "city_prefix" => words(l.city_prefix),
        "city_suffix" => words(l.city_suffix),
        "country" => words(l.country),
        "country_code" => words(l.country_code),
        "state" => words(l.state),
        "state_abbr" => words(l.state_abbr),
        "street_name" => street(),
        "street_suffix" => words(l.street_suffix),
        "street_address" => street_address(),
        "secondary_address" => {
            let number = formats(&["##", "###"]);
            template(
                l.secondary,
                &[
                    ("SecondaryAddrType", &words(l.secondary_type)),
                    ("Number", &number),
                ],
            )
        }
        "building_number" => formats(l.building_number),
        "postcode" | "zipcode" => formats(l.postcode),
        "address" => sequence([
            street_address(),
            Grammar::literal(", "),
            formats(l.postcode),
            Grammar::literal(" "),
            city(),
        ]),
        "timezone" => words(l.time_zone),
        "phone_number" => formats(l.phone),
        "word" => words(l.lorem),
        "words" => repeat(words(l.lorem), 3, 3, " "),
        "sentence" => sentence(l, 4, 10),
        "paragraph" => repeat(sentence(l, 4, 10), 3, 6, " "),
        "text" => repeat(sentence(l, 4, 10), 2, 3, " "),
        "currency_code" => words(l.currency_code),
        "currency_name" => words(l.currency_name),
        "currency_symbol" => words(l.currency_symbol),
        "tld" => tld(),
        "user_agent" => words(l.user_agent),
        "file_extension" => words(l.extensions),
        "ipv4" => repeat(octet(), 4, 4, "."),
        "ipv6" => repeat(hex(4), 8, 8, ":"),
        "mac_address" => repeat(hex(2), 6, 6, ":"),
        "hex_color" => sequence([Grammar::literal("#"), hex(6)]),
        "md5" => hex(32),
        "sha1" => hex(40),
        "sha256" => hex(64),
        _ => return None,
    };
    Some(Provider {
        head,
        tail: Grammar::literal(""),
        numbered: false,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::draw::Sub;
    use crate::providers::LOCALES;

    #[test]
    fn every_name_makes_text_in_every_locale() {
        assert!(NAMES.is_sorted());
        for (locale, l) in LOCALES {
            for name in NAMES {
                let p = provider(name, l).unwrap_or_else(|| panic!("{name}"));
                let mut sub = Sub::new(5);
                for _ in 0..50 {
                    let mut out = Vec::new();
                    p.head.write(&mut sub, &mut out);
                    p.tail.write(&mut sub, &mut out);
                    let text = String::from_utf8(out).unwrap();
                    assert!(!text.is_empty(), "{locale} {name}");
                    assert!(
                        !text.contains(['{', '}', '#']) || *name == "hex_color",
                        "{locale} {name}: {text}"
                    );
                    assert!(
                        text.len() <= p.head.max_bytes() + p.tail.max_bytes(),
                        "{locale} {name}: {text}"
                    );
                }
            }
        }
    }

    #[test]
    fn numbers_of_rows_stand_apart() {
        for (locale, l) in LOCALES {
            for name in NAMES {
                let p = provider(name, l).unwrap();
                let mut sub = Sub::new(9);
                for _ in 0..if p.numbered { 500 } else { 0 } {
                    let (mut head, mut tail) = (Vec::new(), Vec::new());
                    p.head.write(&mut sub, &mut head);
                    p.tail.write(&mut sub, &mut tail);
                    // the row's number is the last run of digits before the tail, so it can be read back
                    assert!(
                        !head.last().is_some_and(u8::is_ascii_digit),
                        "{locale} {name}"
                    );
                    assert!(
                        !tail.first().is_some_and(u8::is_ascii_digit),
                        "{locale} {name}"
                    );
                    let text = String::from_utf8(head).unwrap();
                    assert!(
                        !text.contains(|c: char| c.is_ascii_digit()),
                        "{locale} {name}: {text}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_else_has_a_provider() {
        assert!(provider("frist_name", &LOCALES[0].1).is_none());
    }
}
