//! SQL text as a list of statements: where each begins and ends, and whether its rows have an order.
//! Only tokens are looked at, so that syntax no parser knows yet still reaches the warehouse.

use crate::Dialect;
use crate::snapshot::RowOrder;
use sqlparser::dialect::{Dialect as SqlDialect, RedshiftSqlDialect, SnowflakeDialect};
use sqlparser::tokenizer::{Location, Token, Tokenizer};

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Its text, without the semicolon and without what stands before its first word.
    pub text: &'a str,
    /// Line of its first word, from 1.
    pub line: usize,
    /// [`RowOrder::Exact`] when it has a top-level ORDER BY.
    pub order: RowOrder,
}

/// SQL text that cannot even be divided into words: an open quote or comment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ScriptError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Divides a script at its semicolons. Semicolons in quotes, in `$$ … $$` and in a BEGIN … END block do not count.
///
/// # Errors
/// When a quote or comment is not closed.
pub fn statements(sql: &str, dialect: Dialect) -> Result<Vec<Statement<'_>>, ScriptError> {
    let sql_dialect: &dyn SqlDialect = match dialect {
        Dialect::Redshift => &RedshiftSqlDialect {},
        Dialect::Snowflake => &SnowflakeDialect {},
    };
    let tokens = Tokenizer::new(sql_dialect, sql)
        .tokenize_with_location()
        .map_err(|e| ScriptError {
            line: usize::try_from(e.location.line).unwrap_or(1),
            column: usize::try_from(e.location.column).unwrap_or(1),
            message: e.message,
        })?;
    let offsets = Offsets::new(sql);
    let mut found = Vec::new();
    let mut words: Vec<(Word, Location, Location)> = Vec::new();
    let mut block = Block::default();
    let mut finish = |words: &mut Vec<(Word, Location, Location)>| {
        if let (Some((_, start, _)), Some((_, _, end))) = (words.first(), words.last()) {
            let text = &sql[offsets.byte(*start)..offsets.byte(*end)];
            let kinds: Vec<&Word> = words.iter().map(|(word, ..)| word).collect();
            found.push(Statement {
                text,
                line: usize::try_from(start.line).unwrap_or(1),
                order: row_order(&kinds),
            });
        }
        words.clear();
    };
    let mut tokens = tokens
        .into_iter()
        .filter(|t| !matches!(t.token, Token::Whitespace(_) | Token::EOF))
        .peekable();
    while let Some(token) = tokens.next() {
        let word = Word::of(&token.token);
        let following = tokens.peek().map(|next| Word::of(&next.token));
        block.step(&word, following.as_ref(), words.is_empty());
        if matches!(word, Word::Semicolon) && block.depth == 0 && !block.declaring {
            finish(&mut words);
            block = Block::default();
        } else {
            words.push((word, token.span.start, token.span.end));
        }
    }
    // a script's last semicolon may close an unfinished block: the warehouse will say what it lacks
    finish(&mut words);
    Ok(found)
}

/// A token, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// An unquoted word, in upper case.
    Plain(String),
    Open,
    Close,
    Semicolon,
    Other,
}

impl Word {
    fn of(token: &Token) -> Self {
        match token {
            Token::Word(word) if word.quote_style.is_none() => {
                Word::Plain(word.value.to_uppercase())
            }
            Token::LParen | Token::LBracket | Token::LBrace => Word::Open,
            Token::RParen | Token::RBracket | Token::RBrace => Word::Close,
            Token::SemiColon => Word::Semicolon,
            _ => Word::Other,
        }
    }

    fn is(&self, text: &str) -> bool {
        matches!(self, Word::Plain(word) if word == text)
    }
}

/// How deep in BEGIN … END blocks of a procedure's or anonymous block's body.
#[derive(Default)]
struct Block {
    depth: usize,
    declaring: bool,
    after_end: bool,
}

impl Block {
    fn step(&mut self, word: &Word, following: Option<&Word>, first: bool) {
        let ends_construct = std::mem::take(&mut self.after_end);
        let Word::Plain(text) = word else { return };
        match text.as_str() {
            "DECLARE" if first => {
                self.declaring = !following.is_some_and(|next| matches!(next, Word::Semicolon))
            }
            "BEGIN" => {
                // BEGIN; BEGIN TRANSACTION; BEGIN NAME x; BEGIN ISOLATION LEVEL … start a transaction
                let transaction = following.is_none_or(|next| {
                    matches!(next, Word::Semicolon)
                        || ["TRANSACTION", "WORK", "NAME", "ISOLATION", "READ"]
                            .iter()
                            .any(|t| next.is(t))
                });
                if !(first && transaction) {
                    self.depth += 1;
                    self.declaring = false;
                }
            }
            "CASE" if self.depth > 0 && !ends_construct => self.depth += 1,
            "END" if self.depth > 0 => {
                let of_other = ["IF", "FOR", "WHILE", "LOOP", "REPEAT"]
                    .iter()
                    .any(|t| following.is_some_and(|n| n.is(t)));
                if !of_other {
                    self.depth -= 1;
                    self.after_end = true;
                }
            }
            _ => {}
        }
    }
}

/// Does the statement end in an ORDER BY of its own?
fn row_order(words: &[&Word]) -> RowOrder {
    let mut words = words;
    // (select … order by 1) has the order of what is inside
    while let [Word::Open, inner @ .., Word::Close] = words {
        if !encloses_all(words) {
            break;
        }
        words = inner;
    }
    let query = words.first().is_some_and(|first| {
        matches!(first, Word::Open)
            || ["SELECT", "WITH", "VALUES", "TABLE", "FROM"]
                .iter()
                .any(|t| first.is(t))
    });
    if !query {
        return RowOrder::Any;
    }
    let mut depth = 0usize;
    for pair in words.windows(2) {
        match pair[0] {
            Word::Open => depth += 1,
            Word::Close => depth = depth.saturating_sub(1),
            word if depth == 0 && word.is("ORDER") && pair[1].is("BY") => return RowOrder::Exact,
            _ => {}
        }
    }
    RowOrder::Any
}

/// Does the first bracket close only at the end?
fn encloses_all(words: &[&Word]) -> bool {
    let mut depth = 0usize;
    for (i, word) in words.iter().enumerate() {
        match word {
            Word::Open => depth += 1,
            Word::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return i + 1 == words.len();
        }
    }
    false
}

/// From line and column in characters to bytes.
struct Offsets<'a> {
    sql: &'a str,
    lines: Vec<usize>,
}

impl<'a> Offsets<'a> {
    fn new(sql: &'a str) -> Self {
        let lines = std::iter::once(0)
            .chain(sql.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Offsets { sql, lines }
    }

    fn byte(&self, at: Location) -> usize {
        let line = usize::try_from(at.line).unwrap_or(1).saturating_sub(1);
        let column = usize::try_from(at.column).unwrap_or(1).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(self.sql.len());
        self.sql[start..]
            .char_indices()
            .nth(column)
            .map_or(self.sql.len(), |(offset, _)| start + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str, dialect: Dialect) -> Vec<String> {
        let found = statements(sql, dialect).expect(sql);
        found
            .into_iter()
            .map(|statement| statement.text.to_string())
            .collect()
    }

    #[test]
    fn scripts_are_divided() {
        for (sql, expected) in [
            ("select 1", vec!["select 1"]),
            ("select 1;", vec!["select 1"]),
            (
                "-- c\nselect ';' ; ;\n/* ; */ select 'ä;' -- end\n;",
                vec!["select ';'", "select 'ä;'"],
            ),
            (
                "begin; insert into t values (1); commit",
                vec!["begin", "insert into t values (1)", "commit"],
            ),
            (
                "select case when a then 1 end; select 2",
                vec!["select case when a then 1 end", "select 2"],
            ),
            (
                "select $$a;b$$; select 2",
                vec!["select $$a;b$$", "select 2"],
            ),
        ] {
            for dialect in Dialect::ALL {
                assert_eq!(texts(sql, dialect), expected, "{dialect}: {sql}");
            }
        }
        let block =
            "declare x int; begin if (x) then return case when 1 then 2 end; end if; end; select 1";
        assert_eq!(texts(block, Dialect::Snowflake).len(), 2);
        assert!(statements("select 'open", Dialect::Redshift).is_err());
        assert_eq!(
            statements("\n\n  select 1", Dialect::Redshift).expect("sql")[0].line,
            3
        );
    }

    #[test]
    fn only_the_outermost_order_by_counts() {
        for (sql, order) in [
            ("select a from t order by a", RowOrder::Exact),
            ("select a from t ORDER\nBY 1 limit 3", RowOrder::Exact),
            ("(select a from t order by 1)", RowOrder::Exact),
            (
                "with x as (select 1 order by 1) select * from x",
                RowOrder::Any,
            ),
            (
                "select row_number() over (order by a) from t",
                RowOrder::Any,
            ),
            ("select * from (select 1 order by 1)", RowOrder::Any),
            ("(select 1 order by 1) union (select 2)", RowOrder::Any),
            ("(select 1) union (select 2) order by 1", RowOrder::Exact),
            ("select \"order\" by_x from t", RowOrder::Any),
            ("insert into t select a from s order by a", RowOrder::Any),
        ] {
            assert_eq!(
                statements(sql, Dialect::Redshift).expect(sql)[0].order,
                order,
                "{sql}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn every_statement_is_a_part_of_the_text(
            sql in r#"(select|begin|end|case|declare|order by|;|\(|\)|'|"|\$\$|--|/\*|\*/|ä|\n|\r|\t| |1){0,20}"#,
        ) {
            for dialect in Dialect::ALL {
                for statement in statements(&sql, dialect).unwrap_or_default() {
                    proptest::prop_assert!(sql.contains(statement.text) && !statement.text.trim().is_empty());
                }
            }
        }
    }
}
