//! The grammar of PL/pgSQL: blocks, declarations, control flow.
//! SQL statements inside are kept as text; the tree is the engine's.
//!
//! Source: the guide's pages "Structure of PL/pgSQL", "Supported PL/pgSQL statements".

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::scripting::{
    Block, Branch, CursorSource, Declaration, Declared, DeclaredType, Handler, Into, Item, Kind,
    RaiseLevel, RowSource, Source, Statement, Target, Tokens,
};
use sqlparser::ast;
use sqlparser::tokenizer::Token;

use super::grammar::RedshiftGrammar;

/// Deepest nesting of blocks and loops.
const DEPTH: usize = 60;

/// Words that end a list of statements.
const ENDS: &[&str] = &["END", "EXCEPTION", "ELSE", "ELSIF", "ELSEIF", "WHEN"];

/// The body of a procedure.
///
/// # Errors
/// A syntax error with its place in the body.
pub fn block(text: &str) -> Result<Block> {
    let grammar = RedshiftGrammar;
    let mut p = BlockParser {
        t: Tokens::new(text, &grammar)?,
        depth: 0,
    };
    let label = p.opening_label()?;
    let b = p.block(label)?;
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

fn fold(i: &ast::Ident) -> String {
    i.value.to_lowercase()
}

fn is_word(i: &Item, word: &str) -> bool {
    i.word().is_some_and(|w| w == word)
}

impl BlockParser<'_> {
    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH {
            return Err(SqlError::raw("", "54001", "block is nested too deeply"));
        }
        self.depth += 1;
        let done = work(self);
        self.depth -= 1;
        done
    }

    fn block(&mut self, label: Option<String>) -> Result<Block> {
        self.deeper(|p| {
            let mut declarations = Vec::new();
            if p.t.eat(&["DECLARE"]) {
                while !p.t.sees(&["BEGIN"]) {
                    // DECLARE may be repeated.
                    if p.t.eat(&["DECLARE"]) {
                        continue;
                    }
                    declarations.push(p.declaration()?);
                    p.t.expect_symbol(&Token::SemiColon)?;
                }
            }
            p.t.expect(&["BEGIN"])?;
            let body = p.statements()?;
            let mut handlers = Vec::new();
            if p.t.eat(&["EXCEPTION"]) {
                while p.t.eat(&["WHEN"]) {
                    let mut names = vec![fold(&p.t.ident()?).to_uppercase()];
                    while p.t.eat(&["OR"]) {
                        names.push(fold(&p.t.ident()?).to_uppercase());
                    }
                    if names.iter().any(|n| n != "OTHERS") {
                        return Err(SqlError::unsupported(
                            "an exception condition other than OTHERS",
                        ));
                    }
                    p.t.expect(&["THEN"])?;
                    handlers.push(Handler {
                        names,
                        resume: false,
                        body: p.statements()?,
                    });
                }
                if handlers.is_empty() {
                    return Err(p.t.unexpected("WHEN"));
                }
            }
            p.t.expect(&["END"])?;
            let _ = p.label()?;
            Ok(Block {
                label,
                declarations,
                body,
                handlers,
            })
        })
    }

    /// `<<label>>`.
    fn opening_label(&mut self) -> Result<Option<String>> {
        if !self.t.eat_symbol(&Token::ShiftLeft) {
            return Ok(None);
        }
        let name = fold(&self.t.ident()?);
        self.t.expect_symbol(&Token::ShiftRight)?;
        Ok(Some(name))
    }

    /// A name before the semicolon.
    fn label(&mut self) -> Result<Option<String>> {
        if self.t.at_end() || self.t.sees_symbol(&Token::SemiColon) || self.t.sees(&["WHEN"]) {
            return Ok(None);
        }
        self.t.ident().map(|i| Some(fold(&i)))
    }

    fn declaration(&mut self) -> Result<Declaration> {
        let at = self.t.place();
        let name = fold(&self.t.ident()?);
        let what = self.declared()?;
        Ok(Declaration { name, what, at })
    }

    fn declared(&mut self) -> Result<Declared> {
        if self.t.eat(&["ALIAS", "FOR"]) {
            let of = match self.t.peek(0).map(|i| i.token.token.clone()) {
                Some(Token::Placeholder(p)) => {
                    self.t.seek(self.t.index() + 1);
                    p
                }
                _ => fold(&self.t.ident()?),
            };
            return Ok(Declared::Alias(of));
        }
        if self.t.eat(&["REFCURSOR"]) {
            return Ok(Declared::Cursor {
                parameters: Vec::new(),
                source: CursorSource::Later,
            });
        }
        if self.t.eat(&["CURSOR"]) {
            let mut parameters = Vec::new();
            if self.t.eat_symbol(&Token::LParen) {
                loop {
                    parameters.push(fold(&self.t.ident()?));
                    self.t.sql(|p| p.parse_data_type())?;
                    if !self.t.eat_symbol(&Token::Comma) {
                        break;
                    }
                }
                self.t.expect_symbol(&Token::RParen)?;
            }
            if !self.t.eat(&["IS"]) {
                self.t.expect(&["FOR"])?;
            }
            let text = self.rest()?;
            return Ok(Declared::Cursor {
                parameters,
                source: CursorSource::Query(text),
            });
        }
        let constant = self.t.eat(&["CONSTANT"]);
        let ty = self.declared_type()?;
        let not_null = self.t.eat(&["NOT", "NULL"]);
        let given = self.t.eat(&["DEFAULT"])
            || self.t.eat_symbol(&Token::Assignment)
            || self.t.eat_symbol(&Token::Eq);
        let default = if given {
            let end = self.t.statement_end();
            Some(self.t.expression_until(end)?)
        } else {
            None
        };
        Ok(Declared::Variable {
            ty: Some(ty),
            constant,
            not_null,
            default,
        })
    }

    fn declared_type(&mut self) -> Result<DeclaredType> {
        if self.t.eat(&["RECORD"]) {
            return Ok(DeclaredType::Record);
        }
        // `a.b.c%TYPE` and `a.b%ROWTYPE`.
        let start = self.t.index();
        let mut path = Vec::new();
        while let Ok(i) = self.t.ident() {
            path.push(i);
            if !self.t.eat_symbol(&Token::Period) {
                break;
            }
        }
        if !path.is_empty() && self.t.eat_symbol(&Token::Mod) {
            if self.t.eat(&["ROWTYPE"]) {
                return Ok(DeclaredType::RowOf(ast::ObjectName::from(path)));
            }
            self.t.expect(&["TYPE"])?;
            return Ok(DeclaredType::Of(path));
        }
        self.t.seek(start);
        self.t.sql(|p| p.parse_data_type()).map(DeclaredType::Sql)
    }

    /// The source up to the semicolon.
    fn rest(&mut self) -> Result<String> {
        let end = self.t.statement_end();
        let text = self.t.slice(self.t.index(), end).to_owned();
        if text.is_empty() {
            return Err(self.t.unexpected("a statement"));
        }
        self.t.seek(end);
        Ok(text)
    }

    /// An expression that ends before a word.
    fn expression_before(&mut self, words: &[&str]) -> Result<Source> {
        let end = self.t.find(|i| {
            i.token.token == Token::SemiColon
                || i.word().is_some_and(|w| words.contains(&w.as_str()))
        });
        self.t.expression_until(end)
    }

    fn statements(&mut self) -> Result<Vec<Statement>> {
        let mut out = Vec::new();
        loop {
            if self.t.at_end() {
                return Err(self.t.unexpected("END"));
            }
            if ENDS.contains(&self.t.word().as_str()) {
                return Ok(out);
            }
            let at = self.t.place();
            let kind = self.deeper(Self::statement)?;
            out.push(Statement { kind, at });
            self.t.expect_symbol(&Token::SemiColon)?;
        }
    }

    fn statement(&mut self) -> Result<Kind> {
        let label = self.opening_label()?;
        if let Some(kind) = self.assignment()? {
            return Ok(kind);
        }
        match self.t.word().as_str() {
            "DECLARE" => self.block(label).map(Kind::Block),
            "BEGIN" if !self.is_transaction() => self.block(label).map(Kind::Block),
            "IF" => self.if_statement(),
            "CASE" => self.case_statement(),
            "LOOP" => {
                let body = self.loop_body()?;
                Ok(Kind::Loop(label, body))
            }
            "WHILE" => {
                self.t.expect(&["WHILE"])?;
                let condition = self.expression_before(&["LOOP"])?;
                let body = self.loop_body()?;
                Ok(Kind::While(label, condition, body))
            }
            "FOR" => self.for_statement(label),
            "EXIT" | "CONTINUE" => {
                let exit = self.t.eat(&["EXIT"]);
                if !exit {
                    self.t.expect(&["CONTINUE"])?;
                }
                let label = self.label()?;
                let when = if self.t.eat(&["WHEN"]) {
                    let end = self.t.statement_end();
                    Some(self.t.expression_until(end)?)
                } else {
                    None
                };
                Ok(if exit {
                    Kind::Break(label, when)
                } else {
                    Kind::Continue(label, when)
                })
            }
            "RETURN" => {
                self.t.expect(&["RETURN"])?;
                if self.t.sees_symbol(&Token::SemiColon) {
                    return Ok(Kind::Return(None));
                }
                Err(SqlError::raw(
                    "",
                    "42804",
                    "RETURN cannot have a parameter in a procedure",
                ))
            }
            "RAISE" => self.raise(),
            "PERFORM" => {
                self.t.expect(&["PERFORM"])?;
                let text = format!("select {}", self.rest()?);
                Ok(Kind::Sql {
                    text,
                    into: Some(Into {
                        targets: Vec::new(),
                        strict: false,
                    }),
                })
            }
            "EXECUTE" => self.execute(),
            "GET" => {
                self.t.expect(&["GET", "DIAGNOSTICS"])?;
                let target = self.target()?;
                if !self.t.eat_symbol(&Token::Assignment) {
                    self.t.expect_symbol(&Token::Eq)?;
                }
                if !self.t.eat(&["ROW_COUNT"]) {
                    return Err(SqlError::unsupported(
                        "GET DIAGNOSTICS of other items than ROW_COUNT",
                    ));
                }
                Ok(Kind::RowCount(target))
            }
            "OPEN" => self.open(),
            "FETCH" | "MOVE" => self.fetch(),
            "CLOSE" => {
                self.t.expect(&["CLOSE"])?;
                Ok(Kind::Close(fold(&self.t.ident()?)))
            }
            "NULL" => {
                self.t.expect(&["NULL"])?;
                Ok(Kind::Null)
            }
            "CALL" => self.call(),
            _ => self.sql(),
        }
    }

    /// BEGIN of a transaction (in NONATOMIC procedures) rather than of a block.
    fn is_transaction(&self) -> bool {
        self.t.peek(1).is_none_or(|i| {
            i.token.token == Token::SemiColon || is_word(i, "TRANSACTION") || is_word(i, "WORK")
        })
    }

    fn assignment(&mut self) -> Result<Option<Kind>> {
        let start = self.t.index();
        let Ok(first) = self.t.ident() else {
            return Ok(None);
        };
        let mut target = Target {
            name: fold(&first),
            field: None,
        };
        if self.t.eat_symbol(&Token::Period)
            && let Ok(field) = self.t.ident()
        {
            target.field = Some(fold(&field));
        }
        if !self.t.eat_symbol(&Token::Assignment) && !self.t.eat_symbol(&Token::Eq) {
            self.t.seek(start);
            return Ok(None);
        }
        let end = self.t.statement_end();
        let value = self.t.expression_until(end)?;
        Ok(Some(Kind::Assign(target, value)))
    }

    fn if_statement(&mut self) -> Result<Kind> {
        self.t.expect(&["IF"])?;
        let mut branches = Vec::new();
        loop {
            let condition = self.expression_before(&["THEN"])?;
            self.t.expect(&["THEN"])?;
            branches.push(Branch {
                when: vec![condition],
                body: self.statements()?,
            });
            if !self.t.eat(&["ELSIF"]) && !self.t.eat(&["ELSEIF"]) {
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
            Some(self.expression_before(&["WHEN"])?)
        };
        let mut branches = Vec::new();
        while self.t.eat(&["WHEN"]) {
            let mut when = Vec::new();
            loop {
                let end = self.t.find(|i| {
                    is_word(i, "THEN")
                        || i.token.token == Token::Comma
                        || i.token.token == Token::SemiColon
                });
                when.push(self.t.expression_until(end)?);
                if !self.t.eat_symbol(&Token::Comma) {
                    break;
                }
            }
            self.t.expect(&["THEN"])?;
            branches.push(Branch {
                when,
                body: self.statements()?,
            });
        }
        let otherwise = if self.t.eat(&["ELSE"]) {
            Some(self.statements()?)
        } else {
            None
        };
        self.t.expect(&["END", "CASE"])?;
        Ok(Kind::Case(operand, branches, otherwise))
    }

    /// `LOOP … END LOOP [label]`.
    fn loop_body(&mut self) -> Result<Vec<Statement>> {
        self.t.expect(&["LOOP"])?;
        let body = self.statements()?;
        self.t.expect(&["END", "LOOP"])?;
        let _ = self.label()?;
        Ok(body)
    }

    fn for_statement(&mut self, label: Option<String>) -> Result<Kind> {
        self.t.expect(&["FOR"])?;
        let mut targets = vec![self.target()?];
        while self.t.eat_symbol(&Token::Comma) {
            targets.push(self.target()?);
        }
        self.t.expect(&["IN"])?;
        if self.t.eat(&["EXECUTE"]) {
            let sql = self.expression_before(&["LOOP", "USING"])?;
            let using = self.using(&["LOOP"])?;
            let body = self.loop_body()?;
            return Ok(Kind::ForRows {
                label,
                targets,
                source: RowSource::Dynamic(sql, using),
                body,
            });
        }
        let reverse = self.t.eat(&["REVERSE"]);
        let end = self.t.find(|i| is_word(i, "LOOP"));
        let text = self.t.slice(self.t.index(), end).to_owned();
        let query = matches!(self.t.word().as_str(), "SELECT" | "WITH" | "VALUES");
        if !query
            && let Some((low, high, by)) = range(&text)
            && let [one] = targets.as_slice()
        {
            let at = self.t.place();
            let part = |s: &str| -> Result<Source> {
                let grammar = RedshiftGrammar;
                let mut t = Tokens::new(s, &grammar)?;
                let end = t.items().len();
                let mut source = t.expression_until(end)?;
                source.at = at;
                Ok(source)
            };
            let (low, high) = (part(low)?, part(high)?);
            let by = by.map(part).transpose()?;
            let variable = one.name.clone();
            self.t.seek(end);
            let body = self.loop_body()?;
            // REVERSE counts down from the first bound.
            let (from, to) = if reverse { (high, low) } else { (low, high) };
            return Ok(Kind::ForRange {
                label,
                variable,
                reverse,
                from,
                to,
                by,
                body,
            });
        }
        let source = if query || self.t.sees_symbol(&Token::LParen) {
            self.t.seek(end);
            RowSource::Query(text)
        } else {
            let name = fold(&self.t.ident()?);
            let arguments = self.arguments()?;
            RowSource::Name(name, arguments)
        };
        let body = self.loop_body()?;
        Ok(Kind::ForRows {
            label,
            targets,
            source,
            body,
        })
    }

    /// `(a, b)` of a cursor.
    fn arguments(&mut self) -> Result<Vec<Source>> {
        let mut out = Vec::new();
        if self.t.eat_symbol(&Token::LParen) {
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

    /// `USING a, b` before one of these words or the semicolon.
    fn using(&mut self, words: &[&str]) -> Result<Vec<Source>> {
        let mut out = Vec::new();
        if self.t.eat(&["USING"]) {
            loop {
                let end = self.t.find(|i| {
                    matches!(i.token.token, Token::Comma | Token::SemiColon)
                        || i.word().is_some_and(|w| words.contains(&w.as_str()))
                });
                out.push(self.t.expression_until(end)?);
                if !self.t.eat_symbol(&Token::Comma) {
                    break;
                }
            }
        }
        Ok(out)
    }

    fn raise(&mut self) -> Result<Kind> {
        self.t.expect(&["RAISE"])?;
        if self.t.sees_symbol(&Token::SemiColon) {
            return Ok(Kind::Raise(None));
        }
        let levels = [
            ("DEBUG", RaiseLevel::Debug),
            ("LOG", RaiseLevel::Log),
            ("INFO", RaiseLevel::Info),
            ("NOTICE", RaiseLevel::Notice),
            ("WARNING", RaiseLevel::Warning),
            ("EXCEPTION", RaiseLevel::Exception),
        ];
        let level = match levels.iter().find(|(w, _)| self.t.sees(&[w])) {
            Some((w, level)) => {
                self.t.expect(&[w])?;
                *level
            }
            None => RaiseLevel::Exception,
        };
        let Some(format) = self.t.string() else {
            return Err(self.t.unexpected("the message as a string"));
        };
        let mut arguments = Vec::new();
        while self.t.eat_symbol(&Token::Comma) {
            let end = self
                .t
                .find(|i| matches!(i.token.token, Token::Comma | Token::SemiColon));
            arguments.push(self.t.expression_until(end)?);
        }
        Ok(Kind::Message {
            level,
            format,
            arguments,
            sqlstate: None,
        })
    }

    fn execute(&mut self) -> Result<Kind> {
        self.t.expect(&["EXECUTE"])?;
        let sql = self.expression_before(&["INTO", "USING"])?;
        let mut into = None;
        let mut using = Vec::new();
        loop {
            if self.t.eat(&["INTO"]) {
                into = Some(self.into()?);
            } else if self.t.sees(&["USING"]) {
                using = self.using(&["INTO"])?;
            } else {
                break;
            }
        }
        Ok(Kind::Execute { sql, using, into })
    }

    fn target(&mut self) -> Result<Target> {
        let name = fold(&self.t.ident()?);
        let field = if self.t.eat_symbol(&Token::Period) {
            Some(fold(&self.t.ident()?))
        } else {
            None
        };
        Ok(Target { name, field })
    }

    /// `[STRICT] a, b.c` behind INTO.
    fn into(&mut self) -> Result<Into> {
        let strict = self.t.eat(&["STRICT"]);
        let mut targets = vec![self.target()?];
        while self.t.eat_symbol(&Token::Comma) {
            targets.push(self.target()?);
        }
        Ok(Into { targets, strict })
    }

    fn open(&mut self) -> Result<Kind> {
        self.t.expect(&["OPEN"])?;
        let cursor = fold(&self.t.ident()?);
        if self.t.eat(&["FOR"]) {
            let source = if self.t.eat(&["EXECUTE"]) {
                let sql = self.expression_before(&["USING"])?;
                let using = self.using(&[])?;
                RowSource::Dynamic(sql, using)
            } else {
                RowSource::Query(self.rest()?)
            };
            return Ok(Kind::Open {
                cursor,
                using: Vec::new(),
                source: Some(source),
            });
        }
        let using = self.arguments()?;
        Ok(Kind::Open {
            cursor,
            using,
            source: None,
        })
    }

    fn fetch(&mut self) -> Result<Kind> {
        let moves = self.t.eat(&["MOVE"]);
        if !moves {
            self.t.expect(&["FETCH"])?;
        }
        self.t.eat(&["NEXT"]);
        self.t.eat(&["FORWARD"]);
        for back in ["PRIOR", "BACKWARD", "LAST", "FIRST", "ABSOLUTE", "RELATIVE"] {
            if self.t.sees(&[back]) {
                return Err(SqlError::unsupported(format!("FETCH {back}")));
            }
        }
        let mut count = 1;
        if let Some(Token::Number(n, _)) = self.t.peek(0).map(|i| i.token.token.clone()) {
            count = n.parse().map_err(|_| self.t.unexpected("a whole number"))?;
            self.t.seek(self.t.index() + 1);
        }
        let _ = self.t.eat(&["FROM"]) || self.t.eat(&["IN"]);
        let cursor = fold(&self.t.ident()?);
        let targets = if self.t.eat(&["INTO"]) {
            self.into()?.targets
        } else {
            Vec::new()
        };
        Ok(Kind::Fetch(cursor, count, targets))
    }

    /// CALL: variables given for INOUT arguments take their values.
    fn call(&mut self) -> Result<Kind> {
        let start = self.t.index();
        let text = self.rest()?;
        let end = self.t.index();
        let mut targets = Vec::new();
        let items = &self.t.items()[start..end];
        let open = items.iter().position(|i| i.token.token == Token::LParen);
        if let Some(open) = open {
            let mut depth = 0usize;
            let mut argument: Vec<&Item> = Vec::new();
            let mut close = |argument: &mut Vec<&Item>| {
                let name = match argument.as_slice() {
                    [one] => match &one.token.token {
                        Token::Word(w) => Some(Target {
                            name: w.value.to_lowercase(),
                            field: None,
                        }),
                        _ => None,
                    },
                    _ => None,
                };
                argument.clear();
                targets.push(name);
            };
            for i in &items[open + 1..] {
                match i.token.token {
                    Token::Comma if depth == 0 => close(&mut argument),
                    Token::RParen if depth == 0 => {
                        close(&mut argument);
                        break;
                    }
                    Token::LParen => {
                        depth += 1;
                        argument.push(i);
                    }
                    Token::RParen => {
                        depth -= 1;
                        argument.push(i);
                    }
                    _ => argument.push(i),
                }
            }
        }
        Ok(Kind::Call {
            text,
            targets,
            into: None,
        })
    }

    fn sql(&mut self) -> Result<Kind> {
        let first = self.t.index();
        let end = self.t.statement_end();
        let selects = self.t.sees(&["SELECT"]) || self.t.sees(&["WITH"]);
        if !selects {
            return Ok(Kind::Sql {
                text: self.rest()?,
                into: None,
            });
        }
        let at = self
            .t
            .find(|i| i.token.token == Token::SemiColon || is_word(i, "INTO"));
        if at >= end || !self.t.items().get(at).is_some_and(|i| is_word(i, "INTO")) {
            return Ok(Kind::Sql {
                text: self.rest()?,
                into: None,
            });
        }
        self.t.seek(at + 1);
        let into = self.into()?;
        let behind = self.t.index();
        let text = self.t.slice_without(first, end, at..behind);
        self.t.seek(end);
        Ok(Kind::Sql {
            text,
            into: Some(into),
        })
    }
}

/// The bounds of `low..high [BY step]`.
fn range(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let mut depth = 0i32;
    let mut quoted = false;
    let bytes = text.as_bytes();
    for i in 0..bytes.len() {
        match bytes[i] {
            b'\'' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth -= 1,
            b'.' if !quoted && depth == 0 && bytes.get(i + 1) == Some(&b'.') => {
                let (low, rest) = (text[..i].trim(), &text[i + 2..]);
                let lower = rest.to_ascii_lowercase();
                let by = lower.rfind(" by ").map(|b| (b, b + 4));
                return Some(match by {
                    Some((b, e)) => (low, rest[..b].trim(), Some(rest[e..].trim())),
                    None => (low, rest.trim(), None),
                });
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks() {
        for text in [
            "begin null; end",
            "declare a int := 1; b varchar(10) default 'x'; c constant numeric(5,2) not null = 1.5; r record; begin end",
            "declare v t.c%type; w public.t%rowtype; x alias for $1; cur cursor (n int) for select * from t where a > n; rc refcursor; begin a := 1; a = 2; r.f := 3; end;",
            "begin for i in 1..10 loop exit when i > 3; end loop; for i in reverse 10..1 by 2 loop continue; end loop; end",
            "<<o>> begin <<l>> loop exit l; end loop l; while a < 3 loop a := a + 1; end loop; end o;",
            "begin for r in select * from t loop raise notice 'a % b %', r.a, 1; end loop; for r in execute 'select 1' loop null; end loop; end",
            "begin if a > 1 then null; elsif a = 1 then null; else null; end if; case a when 1, 2 then null; else null; end case; end",
            "begin select a, b into x, y from t; select into r * from t; execute 'x' into a using 1, 2; perform f(1); end",
            "begin open c(1); fetch c into a, b; move c; close c; open rc for select 1; open rc for execute 'select 1'; end",
            "begin insert into t values (1); get diagnostics n := row_count; call p(a, 1 + 2, b); commit; truncate t; exception when others then raise exception 'x %', sqlerrm; end",
        ] {
            if let Err(e) = block(text) {
                panic!("{text}: {}", e.redshift().message);
            }
        }
    }

    #[test]
    fn ranges() {
        assert_eq!(range("1..10"), Some(("1", "10", None)));
        assert_eq!(
            range("a + 1 .. f(2) BY 3"),
            Some(("a + 1", "f(2)", Some("3")))
        );
        assert_eq!(range("select '..' from t"), None);
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "(begin|declare|if|for|in|1..3|end|loop|case|when|then|exception|raise|select|into|;|:=|%type|<<|>>|\\(|\\)|'|\\$\\$| |x|1|,|\n){0,60}") {
            let _ = block(&text);
        }
    }
}
