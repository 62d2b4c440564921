//! The grammar of Snowflake Scripting: blocks, declarations, control flow.
//! SQL statements inside are kept as text; the tree is the engine's.
//!
//! Source: "Snowflake Scripting reference" and its pages.

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::scripting::{
    Block, Branch, CursorSource, Declaration, Declared, DeclaredType, Handler, Into, Kind,
    RowSource, Source, Statement, Target, Tokens,
};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::tokenizer::Token;

use crate::dialect::fold;

/// Deepest nesting of blocks and loops.
const DEPTH: usize = 60;

/// Words that end a list of statements.
const ENDS: &[&str] = &["END", "EXCEPTION", "ELSE", "ELSEIF", "WHEN", "UNTIL"];

/// A block.
///
/// # Errors
/// A syntax error with its place in the block.
pub(crate) fn block(text: &str) -> Result<Block> {
    let grammar = SnowflakeDialect {};
    let mut p = BlockParser {
        t: Tokens::new(text, &grammar)?,
        depth: 0,
    };
    let b = p.block()?;
    while p.t.eat_symbol(&Token::SemiColon) {}
    if !p.t.at_end() {
        return Err(p.t.unexpected("the end of the block"));
    }
    Ok(b)
}

struct BlockParser<'a> {
    t: Tokens<'a>,
    depth: usize,
}

impl BlockParser<'_> {
    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH {
            return Err(SqlError::raw(
                "001003",
                "54001",
                "SQL compilation error:\nblock is nested too deeply",
            ));
        }
        self.depth += 1;
        let done = work(self);
        self.depth -= 1;
        done
    }

    fn block(&mut self) -> Result<Block> {
        self.deeper(|p| {
            let mut declarations = Vec::new();
            if p.t.eat(&["DECLARE"]) {
                while !p.t.sees(&["BEGIN"]) {
                    declarations.push(p.declaration()?);
                    p.t.expect_symbol(&Token::SemiColon)?;
                }
            }
            p.t.expect(&["BEGIN"])?;
            let body = p.statements()?;
            let mut handlers = Vec::new();
            if p.t.eat(&["EXCEPTION"]) {
                while p.t.eat(&["WHEN"]) {
                    let mut names = vec![fold(&p.t.ident()?)];
                    while p.t.eat(&["OR"]) {
                        names.push(fold(&p.t.ident()?));
                    }
                    let resume = p.t.eat(&["CONTINUE"]);
                    if !resume {
                        p.t.eat(&["EXIT"]);
                    }
                    p.t.expect(&["THEN"])?;
                    handlers.push(Handler {
                        names,
                        resume,
                        body: p.statements()?,
                    });
                }
                if handlers.is_empty() {
                    return Err(p.t.unexpected("WHEN"));
                }
            }
            p.t.expect(&["END"])?;
            let label = p.label()?;
            Ok(Block {
                label,
                declarations,
                body,
                handlers,
            })
        })
    }

    /// A name before the semicolon.
    fn label(&mut self) -> Result<Option<String>> {
        if self.t.at_end() || self.t.sees_symbol(&Token::SemiColon) {
            return Ok(None);
        }
        self.t.ident().map(|i| Some(fold(&i)))
    }

    /// `name …` of DECLARE and LET.
    fn declaration(&mut self) -> Result<Declaration> {
        let at = self.t.place();
        let start = self.t.index();
        let name = fold(&self.t.ident()?);
        let procedure = self.t.sees(&["PROCEDURE"])
            && self
                .t
                .peek(1)
                .is_some_and(|i| i.token.token == Token::LParen);
        let what = if procedure {
            let end = self.created_end();
            let text = self.t.slice(start, end).to_owned();
            self.t.seek(end);
            // A definition that does not parse is refused now.
            super::routine::nested(&text)?;
            Declared::Routine(text)
        } else if self.t.eat(&["EXCEPTION"]) {
            self.exception()?
        } else if self.t.eat(&["CURSOR", "FOR"]) {
            Declared::Cursor {
                parameters: Vec::new(),
                source: self.cursor_source()?,
            }
        } else if self.t.eat(&["RESULTSET"]) {
            let given = self.t.eat(&["DEFAULT"]) || self.t.eat_symbol(&Token::Assignment);
            Declared::Rows(if given {
                Some(self.row_source()?)
            } else {
                None
            })
        } else {
            let untyped = self.t.sees(&["DEFAULT"]) || self.t.sees_symbol(&Token::Assignment);
            let ty = if untyped {
                None
            } else {
                Some(DeclaredType::Sql(self.t.sql(|p| p.parse_data_type())?))
            };
            let given = self.t.eat(&["DEFAULT"]) || self.t.eat_symbol(&Token::Assignment);
            let default = if given {
                Some(self.t.expression()?)
            } else {
                None
            };
            Declared::Variable {
                ty,
                constant: false,
                not_null: false,
                default,
            }
        };
        Ok(Declaration { name, what, at })
    }

    fn exception(&mut self) -> Result<Declared> {
        if !self.t.eat_symbol(&Token::LParen) {
            return Ok(Declared::Exception(-20000, String::new()));
        }
        let negative = self.t.eat_symbol(&Token::Minus);
        let number = match self.t.peek(0).map(|i| i.token.token.clone()) {
            Some(Token::Number(n, _)) => n.parse::<i64>().ok(),
            _ => None,
        };
        let Some(number) = number else {
            return Err(self.t.unexpected("the exception's number"));
        };
        self.t.seek(self.t.index() + 1);
        let number = if negative { -number } else { number };
        if !(-20999..=-20000).contains(&number) {
            return Err(SqlError::raw(
                "001003",
                "42601",
                format!(
                    "SQL compilation error:\nInvalid error code '{number}'. Must be between -20,999 and -20,000"
                ),
            ));
        }
        let message = if self.t.eat_symbol(&Token::Comma) {
            self.t
                .string()
                .ok_or_else(|| self.t.unexpected("the exception's message"))?
        } else {
            String::new()
        };
        self.t.expect_symbol(&Token::RParen)?;
        Ok(Declared::Exception(number, message))
    }

    fn cursor_source(&mut self) -> Result<CursorSource> {
        let end = self.t.statement_end();
        let one = self.t.index() + 1 == end;
        if one {
            return Ok(CursorSource::Rows(fold(&self.t.ident()?)));
        }
        let (mut first, mut last) = (self.t.index(), end);
        if self.t.sees_symbol(&Token::LParen) && self.closes_at(end) {
            first += 1;
            last -= 1;
        }
        let text = self.t.slice(first, last).to_owned();
        self.t.seek(end);
        Ok(CursorSource::Query(text))
    }

    /// Whether the parenthesis that opens here closes just before token `end`.
    fn closes_at(&self, end: usize) -> bool {
        let mut depth = 0usize;
        for (i, item) in self.t.items().iter().enumerate().skip(self.t.index()) {
            match item.token.token {
                Token::LParen => depth += 1,
                Token::RParen => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return i + 1 == end;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// `(query)`, `ASYNC (query)`, `(EXECUTE IMMEDIATE …)` or a name.
    fn row_source(&mut self) -> Result<RowSource> {
        // Child jobs run at once: their results are there when they are awaited.
        self.t.eat(&["ASYNC"]);
        if self.t.eat_symbol(&Token::LParen) {
            let source = self.inner_source()?;
            self.t.expect_symbol(&Token::RParen)?;
            return Ok(source);
        }
        if self.t.sees(&["EXECUTE", "IMMEDIATE"]) {
            return self.inner_source();
        }
        let first = self.t.word();
        if matches!(first.as_str(), "SELECT" | "WITH" | "CALL" | "SHOW") {
            let end = self.t.statement_end();
            let text = self.t.slice(self.t.index(), end).to_owned();
            self.t.seek(end);
            return Ok(RowSource::Query(text));
        }
        self.t.eat_symbol(&Token::Colon);
        Ok(RowSource::Name(fold(&self.t.ident()?), Vec::new()))
    }

    /// What stands between the parentheses.
    fn inner_source(&mut self) -> Result<RowSource> {
        if self.t.eat(&["EXECUTE", "IMMEDIATE"]) {
            let sql = self.t.expression()?;
            let using = self.using()?;
            return Ok(RowSource::Dynamic(sql, using));
        }
        if self.t.eat(&["RESULTSET_FROM_CURSOR"]) {
            self.t.expect_symbol(&Token::LParen)?;
            let name = fold(&self.t.ident()?);
            self.t.expect_symbol(&Token::RParen)?;
            return Ok(RowSource::Name(name, Vec::new()));
        }
        let end = self.t.find(|_| false);
        if self.t.index() + 1 == end {
            return Ok(RowSource::Name(fold(&self.t.ident()?), Vec::new()));
        }
        if self.t.sees_symbol(&Token::Colon) && self.t.index() + 2 == end {
            self.t.eat_symbol(&Token::Colon);
            return Ok(RowSource::Name(fold(&self.t.ident()?), Vec::new()));
        }
        let text = self.t.slice(self.t.index(), end).to_owned();
        if text.is_empty() {
            return Err(self.t.unexpected("a query"));
        }
        self.t.seek(end);
        Ok(RowSource::Query(text))
    }

    /// `USING (a, b)`.
    fn using(&mut self) -> Result<Vec<Source>> {
        let mut out = Vec::new();
        if self.t.eat(&["USING"]) {
            self.t.expect_symbol(&Token::LParen)?;
            loop {
                out.push(self.t.expression()?);
                if !self.t.eat_symbol(&Token::Comma) {
                    break;
                }
            }
            self.t.expect_symbol(&Token::RParen)?;
        }
        Ok(out)
    }

    fn statements(&mut self) -> Result<Vec<Statement>> {
        let mut out = Vec::new();
        loop {
            if self.t.at_end() {
                return Err(self.t.unexpected("END"));
            }
            let word = self.t.word();
            if ENDS.contains(&word.as_str()) {
                return Ok(out);
            }
            let at = self.t.place();
            let kind = self.deeper(Self::statement)?;
            out.push(Statement { kind, at });
            self.t.expect_symbol(&Token::SemiColon)?;
        }
    }

    fn statement(&mut self) -> Result<Kind> {
        let assigned = self
            .t
            .peek(1)
            .is_some_and(|i| i.token.token == Token::Assignment);
        // LET declares: it is no name to assign to.
        if assigned && self.t.word() != "LET" {
            return self.assignment();
        }
        match self.t.word().as_str() {
            "LET" => {
                self.t.expect(&["LET"])?;
                self.declaration().map(|d| Kind::Declare(Box::new(d)))
            }
            "IF" => self.if_statement(),
            "CASE" => self.case_statement(),
            "FOR" => self.for_statement(),
            "WHILE" => {
                self.t.expect(&["WHILE"])?;
                let condition = self.t.expression()?;
                let _ = self.t.eat(&["DO"]) || self.t.eat(&["LOOP"]);
                let body = self.statements()?;
                let label = self.end_loop("WHILE")?;
                Ok(Kind::While(label, condition, body))
            }
            "REPEAT" => {
                self.t.expect(&["REPEAT"])?;
                let body = self.statements()?;
                self.t.expect(&["UNTIL"])?;
                let until = self.t.expression()?;
                self.t.expect(&["END", "REPEAT"])?;
                let label = self.label()?;
                Ok(Kind::Repeat(label, body, until))
            }
            "LOOP" => {
                self.t.expect(&["LOOP"])?;
                let body = self.statements()?;
                let label = self.end_loop("LOOP")?;
                Ok(Kind::Loop(label, body))
            }
            "BREAK" | "EXIT" => {
                self.t.ident()?;
                Ok(Kind::Break(self.label()?, None))
            }
            "CONTINUE" | "ITERATE" => {
                self.t.ident()?;
                Ok(Kind::Continue(self.label()?, None))
            }
            "RETURN" => self.return_statement(),
            "RAISE" => {
                self.t.expect(&["RAISE"])?;
                self.label().map(Kind::Raise)
            }
            "DECLARE" => self.block().map(Kind::Block),
            "BEGIN" if !self.is_transaction() => self.block().map(Kind::Block),
            "OPEN" => {
                self.t.expect(&["OPEN"])?;
                let cursor = fold(&self.t.ident()?);
                let using = self.using()?;
                Ok(Kind::Open {
                    cursor,
                    using,
                    source: None,
                })
            }
            "FETCH" => {
                self.t.expect(&["FETCH"])?;
                let cursor = fold(&self.t.ident()?);
                self.t.expect(&["INTO"])?;
                let targets = self.targets()?;
                Ok(Kind::Fetch(cursor, 1, targets))
            }
            "CLOSE" => {
                self.t.expect(&["CLOSE"])?;
                Ok(Kind::Close(fold(&self.t.ident()?)))
            }
            "NULL" => {
                self.t.expect(&["NULL"])?;
                Ok(Kind::Null)
            }
            // Child jobs have run when they were started.
            "AWAIT" | "CANCEL" => {
                self.t.ident()?;
                let _ = self.label()?;
                Ok(Kind::Null)
            }
            "ASYNC" => {
                self.t.expect(&["ASYNC"])?;
                self.t.expect_symbol(&Token::LParen)?;
                let end = self.t.find(|_| false);
                let text = self.t.slice(self.t.index(), end).to_owned();
                self.t.seek(end);
                self.t.expect_symbol(&Token::RParen)?;
                Ok(Kind::Sql { text, into: None })
            }
            "EXECUTE" if self.t.sees(&["EXECUTE", "IMMEDIATE"]) => {
                self.t.expect(&["EXECUTE", "IMMEDIATE"])?;
                if self.t.sees(&["FROM"]) {
                    return Err(SqlError::unsupported("EXECUTE IMMEDIATE FROM"));
                }
                let sql = self.t.expression()?;
                let using = self.using()?;
                Ok(Kind::Execute {
                    sql,
                    using,
                    into: None,
                })
            }
            _ => self.sql_statement(),
        }
    }

    /// BEGIN of a transaction rather than of a block.
    fn is_transaction(&self) -> bool {
        match self.t.peek(1) {
            None => true,
            Some(i) => {
                i.token.token == Token::SemiColon
                    || i.word()
                        .is_some_and(|w| matches!(w.as_str(), "TRANSACTION" | "WORK" | "NAME"))
            }
        }
    }

    fn assignment(&mut self) -> Result<Kind> {
        let name = fold(&self.t.ident()?);
        self.t.expect_symbol(&Token::Assignment)?;
        let end = self.t.statement_end();
        let query = self.t.sees_symbol(&Token::LParen)
            && self.closes_at(end)
            && self.t.peek(1).and_then(|i| i.word()).is_some_and(|w| {
                matches!(
                    w.as_str(),
                    "SELECT"
                        | "WITH"
                        | "CALL"
                        | "SHOW"
                        | "EXECUTE"
                        | "DESCRIBE"
                        | "DESC"
                        | "LIST"
                        | "INSERT"
                        | "UPDATE"
                        | "DELETE"
                        | "MERGE"
                )
            });
        if query || self.t.sees(&["ASYNC"]) || self.t.sees(&["EXECUTE", "IMMEDIATE"]) {
            return Ok(Kind::AssignRows(name, self.row_source()?));
        }
        let value = self.t.expression()?;
        Ok(Kind::Assign(Target { name, field: None }, value))
    }

    fn if_statement(&mut self) -> Result<Kind> {
        self.t.expect(&["IF"])?;
        let mut branches = Vec::new();
        loop {
            let condition = self.t.expression()?;
            self.t.expect(&["THEN"])?;
            branches.push(Branch {
                when: vec![condition],
                body: self.statements()?,
            });
            if !self.t.eat(&["ELSEIF"]) {
                break;
            }
        }
        let otherwise = if self.t.eat(&["ELSE"]) {
            Some(self.statements()?)
        } else {
            None
        };
        self.t.expect(&["END", "IF"])?;
        Ok(Kind::If(branches, otherwise))
    }

    fn case_statement(&mut self) -> Result<Kind> {
        self.t.expect(&["CASE"])?;
        let operand = if self.t.sees(&["WHEN"]) {
            None
        } else {
            Some(self.t.expression()?)
        };
        let mut branches = Vec::new();
        while self.t.eat(&["WHEN"]) {
            let when = self.t.expression()?;
            self.t.expect(&["THEN"])?;
            branches.push(Branch {
                when: vec![when],
                body: self.statements()?,
            });
        }
        if branches.is_empty() {
            return Err(self.t.unexpected("WHEN"));
        }
        let otherwise = if self.t.eat(&["ELSE"]) {
            Some(self.statements()?)
        } else {
            None
        };
        self.t.expect(&["END"])?;
        self.t.eat(&["CASE"]);
        Ok(Kind::Case(operand, branches, otherwise))
    }

    fn end_loop(&mut self, word: &str) -> Result<Option<String>> {
        self.t.expect(&["END"])?;
        if !self.t.eat(&["LOOP"]) {
            self.t.expect(&[word])?;
        }
        self.label()
    }

    fn for_statement(&mut self) -> Result<Kind> {
        self.t.expect(&["FOR"])?;
        let variable = fold(&self.t.ident()?);
        self.t.expect(&["IN"])?;
        let reverse = self.t.eat(&["REVERSE"]);
        let start = |i: &dwsim_engine::scripting::Item| {
            i.word()
                .is_some_and(|w| matches!(w.as_str(), "DO" | "LOOP" | "TO"))
        };
        let at = self.t.find(start);
        let range = self
            .t
            .items()
            .get(at)
            .and_then(|i| i.word())
            .is_some_and(|w| w == "TO");
        if range {
            let from = self.t.expression_until(at)?;
            self.t.expect(&["TO"])?;
            let to = self.t.expression()?;
            let _ = self.t.eat(&["DO"]) || self.t.eat(&["LOOP"]);
            let body = self.statements()?;
            let label = self.end_loop("FOR")?;
            return Ok(Kind::ForRange {
                label,
                variable,
                reverse,
                from,
                to,
                by: None,
                body,
            });
        }
        if reverse {
            return Err(self.t.unexpected("a range"));
        }
        let source = self.row_source()?;
        if !self.t.eat(&["DO"]) {
            self.t.expect(&["LOOP"])?;
        }
        let body = self.statements()?;
        let label = self.end_loop("FOR")?;
        let targets = vec![Target {
            name: variable,
            field: None,
        }];
        Ok(Kind::ForRows {
            label,
            targets,
            source,
            body,
        })
    }

    fn return_statement(&mut self) -> Result<Kind> {
        self.t.expect(&["RETURN"])?;
        if self.t.at_end() || self.t.sees_symbol(&Token::SemiColon) {
            return Ok(Kind::Return(None));
        }
        let table = self.t.sees(&["TABLE"])
            && self
                .t
                .peek(1)
                .is_some_and(|i| i.token.token == Token::LParen);
        if table {
            self.t.expect(&["TABLE"])?;
            self.t.expect_symbol(&Token::LParen)?;
            let source = self.inner_source()?;
            self.t.expect_symbol(&Token::RParen)?;
            return Ok(Kind::ReturnRows(source));
        }
        self.t.expression().map(|e| Kind::Return(Some(e)))
    }

    /// `:a, :b.c`.
    fn targets(&mut self) -> Result<Vec<Target>> {
        let mut out = Vec::new();
        loop {
            self.t.eat_symbol(&Token::Colon);
            let name = fold(&self.t.ident()?);
            let field = if self.t.eat_symbol(&Token::Period) {
                Some(fold(&self.t.ident()?))
            } else {
                None
            };
            out.push(Target { name, field });
            if !self.t.eat_symbol(&Token::Comma) {
                return Ok(out);
            }
        }
    }

    fn sql_statement(&mut self) -> Result<Kind> {
        let first = self.t.index();
        // A procedure made by this block has a block of its own.
        let end = if self.t.sees(&["CREATE"]) {
            self.created_end()
        } else {
            self.t.statement_end()
        };
        if first == end {
            return Err(self.t.unexpected("a statement"));
        }
        let word = self.t.word();
        if !matches!(word.as_str(), "SELECT" | "WITH" | "CALL" | "VALUES") {
            let text = self.t.slice(first, end).to_owned();
            self.t.seek(end);
            return Ok(Kind::Sql { text, into: None });
        }
        let at = self
            .t
            .find(|i| i.token.token == Token::SemiColon || i.word().is_some_and(|w| w == "INTO"));
        let found = at < end
            && self
                .t
                .items()
                .get(at)
                .and_then(|i| i.word())
                .is_some_and(|w| w == "INTO");
        let given = if word == "CALL" {
            self.variables_given()
        } else {
            Vec::new()
        };
        if !found {
            let targets = given;
            let text = self.t.slice(first, end).to_owned();
            self.t.seek(end);
            if targets.iter().any(Option::is_some) {
                return Ok(Kind::Call {
                    text,
                    targets,
                    into: None,
                });
            }
            return Ok(Kind::Sql { text, into: None });
        }
        self.t.seek(at + 1);
        let targets = self.targets()?;
        let behind = self.t.index();
        let text = self.t.slice_without(first, end, at..behind);
        self.t.seek(end);
        if given.iter().any(Option::is_some) {
            return Ok(Kind::Call {
                text,
                targets: given,
                into: Some(Into {
                    targets,
                    strict: true,
                }),
            });
        }
        Ok(Kind::Sql {
            text,
            into: Some(Into {
                targets,
                strict: true,
            }),
        })
    }

    /// The arguments of the CALL that comes next which are variables: an OUT argument gives its value to one.
    fn variables_given(&self) -> Vec<Option<Target>> {
        let items = &self.t.items()[self.t.index()..self.t.statement_end()];
        let symbol = |i: usize| items.get(i).map(|i| &i.token.token);
        let Some(open) = (0..items.len()).find(|i| symbol(*i) == Some(&Token::LParen)) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let (mut depth, mut start) = (0usize, open + 1);
        for i in open..items.len() {
            let ends = match symbol(i) {
                Some(Token::LParen) => {
                    depth += 1;
                    false
                }
                Some(Token::RParen) => {
                    depth = depth.saturating_sub(1);
                    depth == 0
                }
                Some(Token::Comma) => depth == 1,
                _ => false,
            };
            if !ends {
                continue;
            }
            let variable = match &items[start..i] {
                [colon, name] if colon.token.token == Token::Colon => match &name.token.token {
                    Token::Word(w) => Some(fold(&sqlparser::ast::Ident {
                        value: w.value.clone(),
                        quote_style: w.quote_style,
                        span: name.token.span,
                    })),
                    _ => None,
                },
                _ => None,
            };
            out.push(variable.map(|name| Target { name, field: None }));
            start = i + 1;
            if depth == 0 {
                break;
            }
        }
        out
    }

    /// Where a CREATE statement ends; `… AS BEGIN … END` of a procedure holds semicolons.
    fn created_end(&self) -> usize {
        let end = self.t.statement_end();
        let items = self.t.items();
        for i in self.t.index()..end {
            let starts = items[i].word().is_some_and(|w| w == "AS")
                && items
                    .get(i + 1)
                    .and_then(|n| n.word())
                    .is_some_and(|w| matches!(w.as_str(), "BEGIN" | "DECLARE"));
            if starts && let Some(e) = dwsim_engine::scripting::block_end(items, i + 1) {
                return e;
            }
        }
        end
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks() {
        for text in [
            "begin return 1; end",
            "declare a int default 3; b := 'x'; begin let c := a + 1; return c; end;",
            "begin if (1 > 2) then return 1; elseif (2 > 1) then return 2; else null; end if; end",
            "begin for i in reverse 1 to 10 do null; end for outer; end",
            "begin for r in c1 do insert into t values (:r.a); end for; end",
            "begin while (a < 3) do a := a + 1; end while; repeat a := 1; until (a = 1) end repeat; end",
            "begin case (a) when 1 then return 1; else return 2; end case; end",
            "declare e exception (-20002, 'text'); begin raise e; exception when e or other then return sqlerrm; end",
            "begin begin transaction; insert into t values (1); commit; begin null; end; end",
            "declare c cursor for select * from t; rs resultset default (select 1); begin open c using (1); fetch c into x, y; close c; return table(rs); end",
            "begin select a, b into :x, :y from t where c = 1; return (select case when 1 = 1 then 2 end); end",
            "begin create procedure p() returns int language sql as begin return 1; end; call p() into :x; end",
            "begin let q := 'select 1'; let rs resultset := (execute immediate :q using (a)); return table(rs); end",
            "begin execute immediate $$ begin return 1; end $$; end",
        ] {
            block(text).unwrap_or_else(|e| panic!("{text}: {}", e.snowflake().message));
        }
    }

    #[test]
    fn errors_have_their_place() {
        for (text, line, near) in [
            ("begin\n  retrun 1\nend", 0, ""),
            ("begin\n  if (true) then\n    null;\n  end;\nend", 4, ";"),
            ("begin\n let := 1;\nend", 2, ":="),
        ] {
            let e = block(text).unwrap_err();
            if line > 0 {
                assert_eq!(e.position.map(|p| p.line), Some(line), "{text}");
                assert!(e.snowflake().message.contains(near), "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "(begin|declare|if|for|end|loop|case|when|then|exception|return|let|select|into|;|:=|:|\\(|\\)|'|\\$\\$| |x|1|,|\n){0,60}") {
            let _ = block(&text);
        }
    }
}
