//! RESAMPLE in FROM, written as a query over the relation: its rows, and a row for the start of every interval that
//! has none. The rest of the grammar is in the files beside this one.
//!
//! Source: "RESAMPLE".

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::rewrite::{closing, is, source};

/// A width of intervals: a unit of DATEADD and how many of it.
struct Width {
    unit: &'static str,
    count: u64,
}

/// The parts of an INTERVAL constant in the one unit of their group; None when groups are mixed.
fn width(text: &str) -> Option<Width> {
    let mut total: Option<Width> = None;
    let spaced: String = text.replace(',', " ");
    let mut words = spaced.split_whitespace();
    while let Some(number) = words.next() {
        let digits = number.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let attached = &number[digits.len()..];
        let n: u64 = digits.parse().ok()?;
        let unit = if attached.is_empty() {
            words.next().unwrap_or("second")
        } else {
            attached
        };
        let (unit, factor) = match unit.to_ascii_lowercase().as_str() {
            "year" | "years" | "y" | "yy" | "yyy" | "yyyy" | "yr" | "yrs" => ("MONTH", 12),
            "quarter" | "quarters" | "q" | "qtr" | "qtrs" => ("MONTH", 3),
            "month" | "months" | "mm" | "mon" | "mons" => ("MONTH", 1),
            "week" | "weeks" | "w" | "wk" | "weekofyear" | "woy" | "wy" => ("WEEK", 1),
            "day" | "days" | "d" | "dd" | "dayofmonth" => ("SECOND", 86_400),
            "hour" | "hours" | "h" | "hh" | "hr" | "hrs" => ("SECOND", 3600),
            "minute" | "minutes" | "m" | "mi" | "min" | "mins" => ("SECOND", 60),
            "second" | "seconds" | "s" | "sec" | "secs" => ("SECOND", 1),
            _ => return None,
        };
        let count = n.checked_mul(factor)?;
        total = Some(match total {
            None => Width { unit, count },
            Some(t) if t.unit == unit => Width {
                unit,
                count: t.count.checked_add(count)?,
            },
            Some(_) => return None,
        });
    }
    let total = total.filter(|w| w.count > 0)?;
    // Whole days also cut dates.
    if total.unit == "SECOND" && total.count % 86_400 == 0 {
        return Some(Width {
            unit: "DAY",
            count: total.count / 86_400,
        });
    }
    Some(total)
}

/// What stands between the parentheses of RESAMPLE.
struct Clause {
    using: String,
    /// The text of an INTERVAL constant, or of a number.
    increment: Result<Width, String>,
    partition: Vec<String>,
    generated: Option<String>,
    start: Option<String>,
}

fn clause(tokens: &[TokenWithSpan]) -> Option<Clause> {
    let mut at = 0;
    let eat = |at: &mut usize, words: &[&str]| {
        let yes = words
            .iter()
            .enumerate()
            .all(|(i, w)| is(tokens.get(*at + i), w));
        if yes {
            *at += words.len();
        }
        yes
    };
    // The tokens up to one of the clause's own words.
    let until = |from: usize, words: &[&str]| {
        (from..tokens.len())
            .find(|i| words.iter().any(|w| is(tokens.get(*i), w)))
            .unwrap_or(tokens.len())
    };
    if !eat(&mut at, &["USING"]) {
        return None;
    }
    let end = until(at, &["INCREMENT"]);
    let using = source(&tokens[at..end]);
    at = end;
    if !eat(&mut at, &["INCREMENT", "BY"]) {
        return None;
    }
    let end = until(at, &["PARTITION", "METADATA_COLUMNS"]);
    let increment = match &tokens[at..end] {
        [interval, text] if is(Some(interval), "INTERVAL") => match &text.token {
            Token::SingleQuotedString(s) => Ok(width(s)?),
            _ => return None,
        },
        [] => return None,
        other => Err(source(other)),
    };
    at = end;
    let mut out = Clause {
        using,
        increment,
        partition: Vec::new(),
        generated: None,
        start: None,
    };
    if eat(&mut at, &["PARTITION", "BY"]) {
        let end = until(at, &["METADATA_COLUMNS"]);
        out.partition = tokens[at..end]
            .split(|t| t.token == Token::Comma)
            .map(source)
            .collect();
        at = end;
    }
    if eat(&mut at, &["METADATA_COLUMNS"]) {
        for one in tokens[at..].split(|t| t.token == Token::Comma) {
            let alias = match one {
                [_, open, close, rest @ ..]
                    if open.token == Token::LParen && close.token == Token::RParen =>
                {
                    match rest {
                        [] => None,
                        [name] => Some(name.token.to_string()),
                        [word, name] if is(Some(word), "AS") => Some(name.token.to_string()),
                        _ => return None,
                    }
                }
                _ => return None,
            };
            if is(one.first(), "IS_GENERATED") {
                out.generated = Some(alias.unwrap_or_else(|| "IS_GENERATED".into()));
            } else if is(one.first(), "BUCKET_START") {
                out.start = Some(alias.unwrap_or_else(|| "BUCKET_START".into()));
            } else {
                return None;
            }
        }
    } else if at < tokens.len() {
        return None;
    }
    Some(out)
}

/// The query for a relation and its clause.
fn query(relation: &str, c: &Clause) -> String {
    let (bucket, next, steps) = match &c.increment {
        Ok(w) => {
            let (unit, n) = (w.unit, w.count);
            (
                format!("TIME_SLICE({}, {n}, '{unit}')", c.using),
                format!("DATEADD({unit}, K.VALUE::INT * {n}, \"$FROM\")"),
                format!("CEIL(DATEDIFF({unit}, \"$FROM\", \"$TO\") / {n})"),
            )
        }
        Err(number) => (
            format!("FLOOR({} / ({number})) * ({number})", c.using),
            format!("\"$FROM\" + K.VALUE::INT * ({number})"),
            format!("(\"$TO\" - \"$FROM\") / ({number})"),
        ),
    };
    let list =
        |with: &str| -> String { c.partition.iter().map(|p| format!("{with}{p}, ")).collect() };
    let metadata = |generated: &str, start: &str| {
        let mut out = String::new();
        if let Some(name) = &c.generated {
            out.push_str(&format!(", {generated} AS {name}"));
        }
        if let Some(name) = &c.start {
            out.push_str(&format!(", {start} AS {name}"));
        }
        out
    };
    let group = if c.partition.is_empty() {
        String::new()
    } else {
        format!("GROUP BY {}", c.partition.join(", "))
    };
    let same: String = c
        .partition
        .iter()
        .map(|p| format!(" AND EQUAL_NULL(\"$S\".{p}, \"$G\".{p})"))
        .collect();
    let (using, parts) = (&c.using, list(""));
    format!(
        "(WITH \"$S\" AS (SELECT * FROM {relation}), \
         \"$B\" AS (SELECT {parts} MIN({bucket}) AS \"$FROM\", MAX({bucket}) AS \"$TO\" FROM \"$S\" {group}), \
         \"$G\" AS (SELECT {parts} {next} AS {using} FROM \"$B\", \
           LATERAL FLATTEN(INPUT => ARRAY_GENERATE_RANGE(0, {steps} + 1)) AS K WHERE \"$FROM\" IS NOT NULL) \
         SELECT * {own} FROM \"$S\" UNION ALL BY NAME \
         SELECT {parts} {using} {new} FROM \"$G\" \
         WHERE NOT EXISTS (SELECT 1 FROM \"$S\" WHERE \"$S\".{using} = \"$G\".{using} {same}))",
        own = metadata("FALSE", &bucket),
        new = metadata("TRUE", using),
    )
}

/// `relation [alias] RESAMPLE (…)` as a query in its place; a clause that cannot be read stays, and is a syntax error.
pub(super) fn resample(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut tokens = tokens;
    let mut from = 0;
    while let Some(word) = (from..tokens.len()).find(|i| {
        is(tokens.get(*i), "RESAMPLE")
            && tokens.get(i + 1).is_some_and(|t| t.token == Token::LParen)
    }) {
        from = word + 1;
        let Some(end) = closing(&tokens, word + 1) else {
            break;
        };
        let Some(start) = relation_start(&tokens, word) else {
            continue;
        };
        let Some(clause) = clause(&tokens[word + 2..end]) else {
            continue;
        };
        let (relation, alias) = aliased(&tokens[start..word]);
        let text = query(&source(relation), &clause);
        let Ok(made) = super::split::tokens(&text) else {
            continue;
        };
        let span = tokens[word].span;
        let mut out: Vec<TokenWithSpan> = made
            .into_iter()
            .map(|t| TokenWithSpan::new(t.token, span))
            .collect();
        out.extend(alias.map(|a| TokenWithSpan::new(a, span)));
        from = start + out.len();
        tokens.splice(start..=end, out);
    }
    tokens
}

/// Where the relation before RESAMPLE begins: behind FROM, JOIN or a comma.
fn relation_start(tokens: &[TokenWithSpan], word: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut i = word;
    while i > 0 {
        i -= 1;
        match &tokens[i].token {
            Token::RParen => depth += 1,
            Token::LParen if depth == 0 => return None,
            Token::LParen => depth -= 1,
            Token::Comma if depth == 0 => return Some(i + 1),
            _ if depth == 0 && (is(tokens.get(i), "FROM") || is(tokens.get(i), "JOIN")) => {
                return Some(i + 1);
            }
            _ => {}
        }
    }
    None
}

/// A relation and the name that it has in the query: its alias, or the last part of its name.
fn aliased(tokens: &[TokenWithSpan]) -> (&[TokenWithSpan], Option<Token>) {
    let name = |t: &TokenWithSpan| matches!(t.token, Token::Word(_)).then(|| t.token.clone());
    match tokens {
        [relation @ .., word, alias] if is(Some(word), "AS") => (relation, name(alias)),
        [relation @ .., before, alias]
            if before.token != Token::Period && name(alias).is_some() =>
        {
            (&tokens[..relation.len() + 1], name(alias))
        }
        [.., last] => (tokens, name(last)),
        [] => (tokens, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Command, parse};

    #[test]
    fn widths() {
        for (text, expected) in [
            ("5 minutes", Some(("SECOND", 300))),
            ("1 day, 2 hours", Some(("SECOND", 93_600))),
            ("2 days", Some(("DAY", 2))),
            ("1 year 1 quarter", Some(("MONTH", 15))),
            ("3h", Some(("SECOND", 10_800))),
            ("1 week, 3 days", None),
            ("0 days", None),
            ("x", None),
        ] {
            let w = width(text).map(|w| (w.unit, w.count));
            assert_eq!(w, expected, "{text}");
        }
    }

    #[test]
    fn clauses() {
        for (text, good) in [
            ("select * from t resample (using a increment by 2)", true),
            (
                "select x.b from d.s.t as x resample (using a increment by interval '1 hour' partition by b, c \
                 metadata_columns is_generated() as g, bucket_start()) where g",
                true,
            ),
            (
                "select * from (select 1 a) resample (using a increment by 1) join u on true",
                true,
            ),
            ("select * from t resample (increment by 2)", false),
            ("select resample from t", true),
        ] {
            let parsed = parse(text);
            assert_eq!(
                matches!(parsed, Ok(Command::Sql(_))),
                good,
                "{text}: {parsed:?}"
            );
        }
    }
}
