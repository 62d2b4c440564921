//! Text columns: providers and patterns checked against their column's width and uniqueness.
//! Other columns are left to `column`.

use dwsim_schema::{Column, Diagnostics, Place, ProviderCall, codes, did_you_mean};

use crate::draw::{Key, Permutation};
use crate::grammar::{Grammar, PatternError, parse_pattern};
use crate::providers::{LOCALES, NAMES, provider};
use crate::source::{Numbering, Text};

/// Where a text column stands.
pub(crate) struct Site<'a> {
    pub(crate) column: &'a Column,
    pub(crate) key: Key<'a>,
    pub(crate) rows: u64,
}

/// A text column from a provider; `None` after an error.
pub(crate) fn from_provider(
    site: &Site<'_>,
    call: &ProviderCall,
    diags: &mut Diagnostics,
) -> Option<Text> {
    let place = site.column.generator_place;
    let wanted = call.locale.as_deref().unwrap_or(LOCALES[0].0);
    let Some((_, locale)) = LOCALES.iter().find(|(n, _)| *n == wanted) else {
        let names: Vec<&str> = LOCALES.iter().map(|(n, _)| *n).collect();
        diags.push(
            codes::BAD_VALUE,
            place,
            format!("unknown locale `{wanted}`"),
            did_you_mean(wanted, names.iter().copied())
                .or_else(|| Some(format!("one of {}", names.join(", ")))),
        );
        return None;
    };
    let Some(p) = provider(&call.name, locale) else {
        let names: Vec<String> = NAMES.iter().map(|n| format!("faker.{n}")).collect();
        diags.push(
            codes::UNKNOWN_GENERATOR,
            place,
            format!("there is no provider `faker.{}`", call.name),
            did_you_mean(
                &format!("faker.{}", call.name),
                names.iter().map(String::as_str),
            ),
        );
        return None;
    };
    let name = format!("faker.{}", call.name);
    if site.column.unique && p.numbered {
        let digits = (site.rows.max(1)).to_string().len();
        let longest = p.head.max_bytes() + digits + p.tail.max_bytes();
        let cut = width(site, &name, longest, false, place, diags)?;
        return Some(Text {
            stream: site.key.stream(),
            head: p.head,
            tail: p.tail,
            numbering: Numbering::Suffix,
            cut,
        });
    }
    let grammar = Grammar::Sequence(vec![p.head, p.tail]);
    finish(site, &name, grammar, call.truncate, place, diags)
}

/// A text column from a regular expression; `None` after an error.
pub(crate) fn from_pattern(
    site: &Site<'_>,
    pattern: &str,
    place: Place,
    diags: &mut Diagnostics,
) -> Option<Text> {
    match parse_pattern(pattern) {
        Ok(grammar) => finish(site, "the pattern", grammar, false, place, diags),
        Err(error) => {
            let help = matches!(error, PatternError::Unbounded)
                .then(|| "give it an end, such as {0,10}".to_owned());
            diags.push(
                codes::BAD_PATTERN,
                place,
                format!("pattern `{pattern}`: {error}"),
                help,
            );
            None
        }
    }
}

fn finish(
    site: &Site<'_>,
    what: &str,
    grammar: Grammar,
    truncate: bool,
    place: Place,
    diags: &mut Diagnostics,
) -> Option<Text> {
    let cut = width(site, what, grammar.max_bytes(), truncate, place, diags)?;
    let numbering = if site.column.unique {
        let count = grammar.count();
        if let Err(ambiguity) = grammar.distinct() {
            diags.push(
                codes::CAPACITY,
                place,
                format!(
                    "column `{}` is unique, but {what} may repeat: {ambiguity}",
                    site.column.name
                ),
                Some("a pattern of fixed length, or a template with {#}".into()),
            );
            return None;
        }
        if cut.is_some() {
            diags.push(
                codes::CONFLICT,
                place,
                format!(
                    "column `{}` is unique and cut with `truncate`",
                    site.column.name
                ),
                None,
            );
            return None;
        }
        if count < u128::from(site.rows) {
            diags.push(
                codes::CAPACITY,
                place,
                format!(
                    "column `{}` is unique, and {what} makes {count} texts for {} rows",
                    site.column.name, site.rows
                ),
                None,
            );
            return None;
        }
        Numbering::Nth(Permutation::new(
            Key {
                purpose: "unique",
                ..site.key
            },
            count,
        ))
    } else {
        Numbering::None
    };
    Some(Text {
        stream: site.key.stream(),
        head: grammar,
        tail: Grammar::literal(""),
        numbering,
        cut,
    })
}

/// Whether texts fit the column: `Some(None)` if they do, `Some(Some(n))` if they are to be cut, `None` after an error.
fn width(
    site: &Site<'_>,
    what: &str,
    longest: usize,
    truncate: bool,
    place: Place,
    diags: &mut Diagnostics,
) -> Option<Option<usize>> {
    let Some(have) = site.column.ty.max_length().filter(|have| longest > *have) else {
        return Some(None);
    };
    if truncate {
        return Some(Some(have));
    }
    diags.push(
        codes::TOO_NARROW,
        place,
        format!(
            "{what} makes up to {longest} bytes, and column `{}` holds {have}",
            site.column.name
        ),
        Some(format!(
            "type = \"varchar({longest})\", or truncate = true for a provider"
        )),
    );
    None
}
