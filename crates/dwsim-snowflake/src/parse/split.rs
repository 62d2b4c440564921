//! Splitting of a request into statements at semicolons, and the few commands that are not made of SQL tokens.
//! What the statements mean is told by `command`.

use dwsim_engine::error::{ErrorKind, Position, Result, SqlError};
use dwsim_engine::plan::STAR;
use dwsim_engine::scripting::{Item, Tokens, block_end};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// One statement of a request.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its text, without comments around it and without the semicolon.
    pub text: String,
    /// Line on which the text starts in the request, from 0.
    pub line: u64,
    /// Column in which its first line starts, from 0.
    pub column: u64,
}

/// Tokens without blanks and comments.
///
/// # Errors
/// A syntax error with its place, for an unterminated string, say.
pub(super) fn tokens(text: &str) -> Result<Vec<TokenWithSpan>> {
    // Escapes are resolved here: Snowflake knows more of them than the tokenizer.
    let all = Tokenizer::new(&SnowflakeDialect {}, text)
        .with_unescape(false)
        .tokenize_with_location()
        .map_err(|e| {
            SqlError::new(ErrorKind::Syntax {
                message: e.message.clone(),
                near: String::new(),
            })
            .at(Some(Position {
                line: e.location.line,
                column: e.location.column,
            }))
        })?;
    let all: Vec<TokenWithSpan> = all
        .into_iter()
        .filter(|t| !matches!(t.token, Token::Whitespace(_) | Token::EOF))
        .map(resolved)
        .collect();
    let mut out = structured(stars(super::rewrite::rewrite(super::rewrite::stages(
        text, all,
    ))));
    semantics_prefixes(&mut out);
    from_ends(&mut out);
    Ok(out)
}

/// `NTH_VALUE(x, n) FROM FIRST | LAST`, which `sqlparser` does not read, without the words; counting from the last row
/// becomes a negative number.
fn from_ends(tokens: &mut Vec<TokenWithSpan>) {
    let is = |t: Option<&TokenWithSpan>, words: &[&str]| {
        t.is_some_and(|t| {
            matches!(&t.token, Token::Word(w) if w.quote_style.is_none()
                && words.iter().any(|x| w.value.eq_ignore_ascii_case(x)))
        })
    };
    let mut i = 0;
    while i < tokens.len() {
        let found = tokens[i].token == Token::RParen
            && is(tokens.get(i + 1), &["FROM"])
            && is(tokens.get(i + 2), &["FIRST", "LAST"])
            && is(tokens.get(i + 3), &["IGNORE", "RESPECT", "OVER"]);
        if !found {
            i += 1;
            continue;
        }
        let last = is(tokens.get(i + 2), &["LAST"]);
        tokens.drain(i + 1..i + 3);
        // The comma before the last argument of this call.
        let (mut depth, mut k, mut comma) = (0usize, i, None);
        loop {
            match tokens[k].token {
                Token::RParen => depth += 1,
                Token::LParen => depth -= 1,
                Token::Comma if depth == 1 && comma.is_none() => comma = Some(k),
                _ => {}
            }
            if depth == 0 || k == 0 {
                break;
            }
            k -= 1;
        }
        if let (true, Some(comma)) = (last, comma) {
            let span = tokens[comma].span;
            tokens.insert(comma + 1, TokenWithSpan::new(Token::Minus, span));
        }
        i += 1;
    }
}

/// FINAL and RUNNING before a function of MATCH_RECOGNIZE become part of its name, which `sqlparser` can read.
fn semantics_prefixes(tokens: &mut Vec<TokenWithSpan>) {
    let is = |t: &TokenWithSpan, words: &[&str]| {
        matches!(&t.token, Token::Word(w) if w.quote_style.is_none()
            && words.iter().any(|x| w.value.eq_ignore_ascii_case(x)))
    };
    if !tokens.iter().any(|t| is(t, &["MATCH_RECOGNIZE"])) {
        return;
    }
    // `sqlparser` knows PERMUTE in upper case only.
    for t in tokens.iter_mut() {
        if is(t, &["PERMUTE"])
            && let Token::Word(w) = &mut t.token
        {
            w.value = "PERMUTE".into();
        }
    }
    let mut i = 0;
    while i + 2 < tokens.len() {
        if is(&tokens[i], &["FINAL", "RUNNING"]) && tokens[i + 2].token == Token::LParen {
            let prefix = tokens[i].token.to_string().to_uppercase();
            if let Token::Word(w) = &mut tokens[i + 1].token
                && w.quote_style.is_none()
            {
                w.value = format!("{prefix}${}", w.value.to_uppercase());
                w.keyword = sqlparser::keywords::Keyword::NoKeyword;
                tokens.remove(i);
            }
        }
        i += 1;
    }
}

/// A token with the escapes of its text resolved.
fn resolved(mut t: TokenWithSpan) -> TokenWithSpan {
    match &mut t.token {
        Token::SingleQuotedString(s) if s.contains(['\\', '\'']) => *s = unescaped(s),
        Token::Word(w) => {
            if let Some(q @ '"') = w.quote_style
                && w.value.contains(q)
            {
                w.value = w.value.replace("\"\"", "\"");
            }
        }
        _ => {}
    }
    t
}

/// The text of a string constant: doubled quotes, `\n` and its kind, `\ooo`, `\xhh` and `\uhhhh`; a backslash before
/// any other character means that character.
///
/// Source: "String constants".
fn unescaped(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut rest = s.chars();
    while let Some(c) = rest.next() {
        if c == '\'' {
            // The tokenizer has seen to it that quotes come in pairs.
            if rest.as_str().starts_with('\'') {
                rest.next();
            }
            out.push(c);
            continue;
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        let digits = |rest: &std::str::Chars<'_>, least: usize, most: usize, radix: u32| {
            let text: String = rest
                .as_str()
                .chars()
                .take(most)
                .take_while(|c| c.is_digit(radix))
                .collect();
            (text.len() >= least)
                .then(|| {
                    u32::from_str_radix(&text, radix)
                        .ok()
                        .and_then(char::from_u32)
                })
                .flatten()
                .map(|c| (c, text.len()))
        };
        let Some(next) = rest.next() else {
            out.push(c);
            break;
        };
        let coded = match next {
            'x' => digits(&rest, 2, 2, 16),
            'u' => digits(&rest, 4, 4, 16),
            '0'..='7' => {
                let mut from = rest.clone();
                // The first digit belongs to the number.
                let text: String = std::iter::once(next)
                    .chain(from.by_ref().take(2).take_while(|c| c.is_digit(8)))
                    .collect();
                u32::from_str_radix(&text, 8)
                    .ok()
                    .and_then(char::from_u32)
                    .map(|c| (c, text.len() - 1))
            }
            _ => None,
        };
        if let Some((c, used)) = coded {
            out.push(c);
            for _ in 0..used {
                rest.next();
            }
            continue;
        }
        out.push(match next {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            other => other,
        });
    }
    out
}

/// Ending of the word that stands for a structured type among tokens.
pub(crate) const STRUCTURED: &str = "$STRUCTURED";

/// `ARRAY(type)`, `MAP(type, type)` and `OBJECT(name type, …)`, which `sqlparser` does not know, as a type of another
/// name whose modifier is the text in the parentheses.
fn structured(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let word = |t: Option<&TokenWithSpan>| match t.map(|t| &t.token) {
        Some(Token::Word(w)) => Some(w.clone()),
        _ => None,
    };
    let starts = |i: usize| {
        let kind = word(tokens.get(i))
            .filter(|w| w.quote_style.is_none())
            .map(|w| w.value.to_uppercase())
            .filter(|w| matches!(w.as_str(), "ARRAY" | "MAP" | "OBJECT"))?;
        if tokens.get(i + 1).map(|t| &t.token) != Some(&Token::LParen) {
            return None;
        }
        // Where a name may stand before parentheses, these words are names.
        let before = i.checked_sub(1).and_then(|i| tokens.get(i));
        let name = word(before).is_some_and(|w| {
            let w = w.value.to_uppercase();
            matches!(
                w.as_str(),
                "TABLE"
                    | "EXISTS"
                    | "WITH"
                    | "RECURSIVE"
                    | "INTO"
                    | "VIEW"
                    | "FUNCTION"
                    | "PROCEDURE"
                    | "CALL"
            )
        });
        if name || before.map(|t| &t.token) == Some(&Token::Period) {
            return None;
        }
        let first = word(tokens.get(i + 2))?;
        let second = tokens.get(i + 3).map(|t| &t.token);
        let fits = match kind.as_str() {
            "OBJECT" => matches!(second, Some(Token::Word(_))),
            _ => first.quote_style.is_none(),
        };
        fits.then_some(kind)
    };
    if !(0..tokens.len()).any(|i| starts(i).is_some()) {
        return tokens;
    }
    let mut out = Vec::with_capacity(tokens.len());
    let mut i = 0;
    while i < tokens.len() {
        let Some(kind) = starts(i) else {
            out.push(tokens[i].clone());
            i += 1;
            continue;
        };
        let mut depth = 0usize;
        let end = (i + 1..tokens.len()).find(|k| {
            match tokens[*k].token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let Some(end) = end else {
            out.push(tokens[i].clone());
            i += 1;
            continue;
        };
        let text: Vec<String> = tokens[i + 2..end]
            .iter()
            .map(|t| t.token.to_string())
            .collect();
        let name = Token::make_word(&format!("{kind}{STRUCTURED}"), None);
        out.push(TokenWithSpan::new(name, tokens[i].span));
        out.push(tokens[i + 1].clone());
        let inner = Token::SingleQuotedString(text.join(" "));
        out.push(TokenWithSpan::new(inner, tokens[i + 2].span));
        out.push(tokens[end].clone());
        i = end + 1;
    }
    out
}

/// Stars among the arguments of calls in forms that `sqlparser` does not read: `((t.*), …)` and `((* EXCLUDE c), …)`
/// lose their parentheses, `t.* ILIKE 'p'` and `t.* EXCLUDE c` become a call of [`STAR`], `{*}` one of
/// OBJECT_CONSTRUCT.
fn stars(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    if !tokens.iter().any(|t| t.token == Token::Mul) {
        return tokens;
    }
    let at = |k: usize| tokens.get(k).map(|t| &t.token);
    let is = |k: usize, words: &[&str]| {
        matches!(at(k), Some(Token::Word(w)) if w.quote_style.is_none()
            && words.iter().any(|x| w.value.eq_ignore_ascii_case(x)))
    };
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len() + 8);
    // Whether each open parenthesis holds the arguments of a call.
    let mut open: Vec<bool> = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let span = tokens[i].span;
        let new = |token: Token| TokenWithSpan::new(token, span);
        if at(i) == Some(&Token::LBrace)
            && let Some(star) = star(&tokens, i + 1)
            && at(star.end) == Some(&Token::RBrace)
        {
            out.push(new(Token::make_word("OBJECT_CONSTRUCT", None)));
            out.push(new(Token::LParen));
            star.write(&tokens, &mut out);
            out.push(new(Token::RParen));
            i = star.end + 1;
            continue;
        }
        let first = i > 0
            && open.last() == Some(&true)
            && matches!(at(i - 1), Some(Token::LParen | Token::Comma));
        if first {
            let wrapped = at(i) == Some(&Token::LParen);
            let from = i + usize::from(wrapped);
            if let Some(star) = star(&tokens, from)
                && (wrapped || star.options.is_some())
                && (!wrapped || at(star.end) == Some(&Token::RParen))
            {
                star.write(&tokens, &mut out);
                i = star.end + usize::from(wrapped);
                continue;
            }
        }
        match at(i) {
            Some(Token::LParen) => {
                let call = i > 0
                    && matches!(at(i - 1), Some(Token::Word(_)))
                    && !is(
                        i - 1,
                        &["SELECT", "EXCLUDE", "REPLACE", "RENAME", "IN", "VALUES"],
                    )
                    && !is(i + 1, &["SELECT", "WITH", "VALUES"]);
                open.push(call);
            }
            Some(Token::RParen) => {
                open.pop();
            }
            _ => {}
        }
        out.push(tokens[i].clone());
        i += 1;
    }
    out
}

/// A star among tokens.
struct Star {
    /// Where the relation's name begins.
    start: usize,
    /// Behind the star itself.
    starred: usize,
    /// The word ILIKE or EXCLUDE.
    options: Option<usize>,
    /// Behind everything.
    end: usize,
}

/// `*`, `t.*`, `s.t.*` at a place, with ILIKE and a pattern or EXCLUDE and names.
fn star(tokens: &[TokenWithSpan], start: usize) -> Option<Star> {
    let at = |k: usize| tokens.get(k).map(|t| &t.token);
    let mut k = start;
    while matches!(at(k), Some(Token::Word(_))) && at(k + 1) == Some(&Token::Period) {
        k += 2;
    }
    if at(k) != Some(&Token::Mul) {
        return None;
    }
    let starred = k + 1;
    let word = |k: usize, word: &str| matches!(at(k), Some(Token::Word(w)) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word));
    let end = if word(starred, "ILIKE") {
        matches!(at(starred + 1), Some(Token::SingleQuotedString(_))).then_some(starred + 2)?
    } else if word(starred, "EXCLUDE") {
        match at(starred + 1)? {
            Token::Word(_) => starred + 2,
            Token::LParen => {
                (starred + 2..tokens.len()).find(|k| at(*k) == Some(&Token::RParen))? + 1
            }
            _ => return None,
        }
    } else {
        starred
    };
    Some(Star {
        start,
        starred,
        options: (end > starred).then_some(starred),
        end,
    })
}

impl Star {
    /// The star as `sqlparser` reads it.
    fn write(&self, tokens: &[TokenWithSpan], out: &mut Vec<TokenWithSpan>) {
        let Some(options) = self.options.filter(|_| self.starred - self.start > 1) else {
            out.extend_from_slice(&tokens[self.start..self.end]);
            return;
        };
        let span = tokens[self.start].span;
        let mut push = |token: Token| out.push(TokenWithSpan::new(token, span));
        push(Token::make_word(STAR, Some('"')));
        push(Token::LParen);
        for t in &tokens[self.start..self.starred] {
            push(t.token.clone());
        }
        push(Token::Comma);
        push(Token::make_word(
            &tokens[options].token.to_string().to_uppercase(),
            Some('"'),
        ));
        push(Token::RArrow);
        let parens = tokens[options + 1].token != Token::LParen;
        if parens {
            push(Token::LParen);
        }
        for t in &tokens[options + 1..self.end] {
            push(t.token.clone());
        }
        if parens {
            push(Token::RParen);
        }
        push(Token::RParen);
    }
}

/// Byte offsets at which lines start.
pub(super) fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0)
        .chain(text.match_indices('\n').map(|(i, _)| i + 1))
        .collect()
}

/// The byte offset of a place; lines and columns count from 1, columns in characters.
pub(super) fn offset(text: &str, starts: &[usize], line: u64, column: u64) -> usize {
    let Some(start) = starts.get((line as usize).saturating_sub(1)) else {
        return text.len();
    };
    text[*start..]
        .char_indices()
        .nth((column as usize).saturating_sub(1))
        .map_or(text.len(), |(i, _)| start + i)
}

/// Skips blanks and comments.
pub(super) fn skip_trivia(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.starts_with("--") || rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |i| &rest[i..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |i| &rest[i + 2..]);
        } else {
            return rest;
        }
    }
}

/// Whether this is PUT or GET, whose file names are no SQL tokens (`file:///tmp/*.csv` would be a comment).
pub(super) fn is_transfer(text: &str) -> bool {
    let word: String = skip_trivia(text)
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
        .collect();
    word.eq_ignore_ascii_case("PUT") || word.eq_ignore_ascii_case("GET")
}

/// The statements of a request; empty ones are dropped.
///
/// # Errors
/// A syntax error with its place, for text that has no tokens.
pub fn split(text: &str) -> Result<Vec<Piece>> {
    if is_transfer(text) {
        let body = skip_trivia(text)
            .trim_end()
            .trim_end_matches(';')
            .trim_end();
        return Ok(vec![Piece {
            text: body.to_owned(),
            line: 0,
            column: 0,
        }]);
    }
    let grammar = SnowflakeDialect {};
    let tokens = Tokens::new(text, &grammar)?;
    let items = tokens.items();
    let is_end = |i: &Item| i.token.token == Token::SemiColon;
    let mut out = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let (Some(first), end) = (items.get(at), statement_end(items, at)) else {
            break;
        };
        if let Some(last) = end.checked_sub(1).and_then(|i| items.get(i))
            && !is_end(first)
        {
            let place = first.at();
            out.push(Piece {
                text: text[first.from..last.to.max(first.from)].to_owned(),
                line: place.line - 1,
                column: place.column - 1,
            });
        }
        at = end + 1;
    }
    Ok(out)
}

/// The index of the semicolon that ends the statement at token `first`; those inside of a block do not.
fn statement_end(items: &[Item], first: usize) -> usize {
    let word = |i: usize| items.get(i).and_then(Item::word).unwrap_or_default();
    let semicolon = |from: usize| {
        items[from.min(items.len())..]
            .iter()
            .position(|i| i.token.token == Token::SemiColon)
            .map_or(items.len(), |n| from + n)
    };
    let starts = |i: usize| matches!(word(i).as_str(), "BEGIN" | "DECLARE");
    let end = semicolon(first);
    let block = if starts(first) {
        Some(first)
    } else if word(first) == "CREATE" {
        (first..end)
            .find(|i| word(*i) == "AS" && starts(i + 1))
            .map(|i| i + 1)
    } else {
        None
    };
    match block.and_then(|b| block_end(items, b)) {
        Some(behind) => semicolon(behind),
        None => end,
    }
}

impl Piece {
    /// A place inside of the statement as a place in the request.
    pub fn place(&self, p: Position) -> Position {
        Position {
            line: p.line + self.line,
            column: if p.line == 1 {
                p.column + self.column
            } else {
                p.column
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn statements_between_semicolons() {
        let texts = |s: &str| {
            split(s)
                .unwrap()
                .into_iter()
                .map(|p| p.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            texts("select 1; select ';' -- x;\n ;; /* a;b */ select $$;$$;"),
            ["select 1", "select ';'", "select $$;$$"]
        );
        assert_eq!(texts(" /* c */ "), Vec::<String>::new());
        assert_eq!(
            texts(
                "begin transaction; begin let x := case when 1 = 1 then 1 end; if (x = 1) then null; end if; end; select 1"
            ),
            [
                "begin transaction",
                "begin let x := case when 1 = 1 then 1 end; if (x = 1) then null; end if; end",
                "select 1"
            ]
        );
        assert_eq!(
            texts("create procedure p() returns int language sql as declare a int; begin return a; end; call p()").len(),
            2
        );
        assert_eq!(
            texts("put file:///tmp/*.csv @~;"),
            ["put file:///tmp/*.csv @~"]
        );
        assert_eq!(split("select 1;\n  select 2").unwrap()[1].line, 1);
    }

    proptest! {
        #[test]
        fn any_text_ends(text in ".{0,80}") {
            let _ = split(&text);
        }
    }
}
