//! The interpreter: blocks, control flow, exceptions. Queries and assignments are in `sql`.
//! It runs one block for one session; names of the block are frames, innermost last.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use futures::future::BoxFuture;

use super::cursor::{Cursor, Frame, Slot, literal, null};
use super::flow::{Flow, Round, round};
use super::stack::Roomy;
use super::{
    Bare, Block, Declaration, Declared, DeclaredType, Handler, Host, Kind, RaiseLevel, Raised, Ran,
    ScriptScope, ScriptValue, Source, Statement, Style,
};
use crate::error::{Position, Result, SqlError};
use crate::exec::Execution;
use crate::functions::Typed;
use crate::types::SqlType;

/// After this many statements the task lets others run, and cancellation is looked at.
const BREATH: u64 = 64;

pub(super) type Step<T> = Result<T, Box<Raised>>;

/// What a block ends with.
#[derive(Debug, Clone, Default)]
pub enum Finished {
    /// Its last statement, or RETURN without a value.
    #[default]
    Nothing,
    /// RETURN of a value.
    Value(Typed),
    /// RETURN TABLE(…).
    Rows(Arc<Ran>),
}

/// Runs a block.
pub struct Interpreter<'h> {
    pub(super) host: &'h mut dyn Host,
    pub(super) style: Style,
    pub(super) frames: Vec<Frame>,
    /// Exceptions that are being handled, innermost last.
    handling: Vec<Raised>,
    /// Handlers of the enclosing blocks that resume.
    resuming: Vec<Arc<Vec<Handler>>>,
    pub(super) changed: Option<u64>,
    pub(super) found: Option<bool>,
    pub(super) query_id: Option<String>,
    /// Refcursors that were opened without a name.
    pub(super) portals: u32,
    statements: u64,
    bounds: Execution,
    started: std::time::Instant,
}

impl std::fmt::Debug for Interpreter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interpreter")
            .field("style", &self.style)
            .finish_non_exhaustive()
    }
}

impl<'h> Interpreter<'h> {
    /// An interpreter without names.
    pub fn new(host: &'h mut dyn Host, style: Style) -> Self {
        let bounds = host.session().execution();
        Interpreter {
            host,
            style,
            frames: vec![Frame::default()],
            handling: Vec::new(),
            resuming: Vec::new(),
            changed: None,
            found: None,
            query_id: None,
            portals: 0,
            statements: 0,
            bounds,
            started: std::time::Instant::now(),
        }
    }

    /// Gives a name a value before the run: an argument.
    pub fn define(&mut self, name: &str, ty: Option<SqlType>, value: Typed) {
        if let Some(frame) = self.frames.last_mut() {
            frame.names.insert(
                name.to_owned(),
                Slot::Value {
                    ty,
                    value,
                    constant: false,
                    not_null: false,
                },
            );
        }
    }

    /// Gives a variable another name.
    pub fn alias(&mut self, name: &str, of: &str) {
        if let Some(frame) = self.frames.last_mut() {
            frame
                .names
                .insert(name.to_owned(), Slot::Alias(of.to_owned()));
        }
    }

    /// The value of a variable of the outermost frame: an OUT argument after the run.
    pub fn value(&self, name: &str) -> Option<Typed> {
        match self.frames.first()?.names.get(name)? {
            Slot::Value { value, .. } => Some(value.clone()),
            _ => None,
        }
    }

    /// Runs a block to its end.
    ///
    /// # Errors
    /// The exception that no handler took.
    pub async fn run(&mut self, block: &Block) -> Result<Finished, Box<Raised>> {
        let saved = self.host.session().script.take();
        let done = Roomy(self.block(block)).await;
        self.host.session().script = saved;
        match done? {
            Flow::Return(f) => Ok(f),
            _ => Ok(Finished::Nothing),
        }
    }

    pub(super) fn is_snowflake(&self) -> bool {
        self.style == Style::Snowflake
    }

    pub(super) fn raise(&self, name: &str, error: SqlError, at: Position) -> Box<Raised> {
        Box::new(match self.style {
            Style::Snowflake => Raised::snowflake(name, error, at),
            Style::PlPgSql { .. } => Raised::redshift(error, at),
        })
    }

    pub(super) fn statement_error(&self, error: SqlError, at: Position) -> Box<Raised> {
        self.raise("STATEMENT_ERROR", error, at)
    }

    pub(super) fn expression_error(&self, error: SqlError, at: Position) -> Box<Raised> {
        self.raise("EXPRESSION_ERROR", error, at)
    }

    /// The visible names as SQL sees them.
    pub(super) fn scope(&self, expression: bool) -> Arc<ScriptScope> {
        let mut names = BTreeMap::new();
        self.built_in(&mut names);
        for frame in &self.frames {
            for (name, slot) in &frame.names {
                match slot {
                    Slot::Value { value, .. } => {
                        names.insert(name.clone(), ScriptValue::Value(value.clone()));
                    }
                    Slot::Record { fields, .. } => {
                        names.insert(name.clone(), ScriptValue::Record(fields.clone()));
                    }
                    Slot::Cursor(_) if !self.is_snowflake() => {
                        let text = ScalarValue::Utf8(Some(name.clone()));
                        let text = literal(text, SqlType::text());
                        names.insert(name.clone(), ScriptValue::Value(text));
                    }
                    Slot::Alias(_) => {}
                    Slot::Cursor(_) | Slot::Rows(_) | Slot::Exception(..) => {
                        names.remove(name);
                    }
                }
            }
        }
        for frame in &self.frames {
            for (name, slot) in &frame.names {
                if let Slot::Alias(of) = slot
                    && let Some(v) = names.get(of).cloned()
                {
                    names.insert(name.clone(), v);
                }
            }
        }
        let bare = match (self.style, expression) {
            (Style::PlPgSql { .. }, _) => Bare::First,
            (Style::Snowflake, true) => Bare::Outermost,
            (Style::Snowflake, false) => Bare::Never,
        };
        Arc::new(ScriptScope { names, bare })
    }

    /// SQLROWCOUNT, SQLERRM and their kin.
    fn built_in(&self, names: &mut BTreeMap<String, ScriptValue>) {
        let mut put = |name: &str, value: ScalarValue, ty: SqlType| {
            names.insert(name.to_owned(), ScriptValue::Value(literal(value, ty)));
        };
        let text = |s: Option<&str>| ScalarValue::Utf8(s.map(str::to_owned));
        let handled = self.handling.last();
        match self.style {
            Style::Snowflake => {
                let count = self.changed.map(i128::from);
                put(
                    "SQLROWCOUNT",
                    ScalarValue::Decimal128(count, 38, 0),
                    SqlType::number(38, 0),
                );
                put(
                    "SQLFOUND",
                    ScalarValue::Boolean(self.found),
                    SqlType::Boolean,
                );
                put(
                    "SQLNOTFOUND",
                    ScalarValue::Boolean(self.found.map(|f| !f)),
                    SqlType::Boolean,
                );
                put("SQLID", text(self.query_id.as_deref()), SqlType::text());
                let code = handled.and_then(|h| h.code.parse::<i128>().ok());
                put(
                    "SQLCODE",
                    ScalarValue::Decimal128(code, 38, 0),
                    SqlType::number(38, 0),
                );
                put(
                    "SQLERRM",
                    text(handled.map(|h| h.message.as_str())),
                    SqlType::text(),
                );
                put(
                    "SQLSTATE",
                    text(handled.map(|h| h.sqlstate.as_str())),
                    SqlType::text(),
                );
            }
            Style::PlPgSql { .. } => {
                put(
                    "found",
                    ScalarValue::Boolean(Some(self.found == Some(true))),
                    SqlType::Boolean,
                );
                if let Some(h) = handled {
                    put("sqlerrm", text(Some(&h.message)), SqlType::text());
                    put("sqlstate", text(Some(&h.sqlstate)), SqlType::text());
                }
            }
        }
    }

    async fn breathe(&mut self, at: Position) -> Step<()> {
        self.statements += 1;
        if self.statements.is_multiple_of(BREATH) {
            tokio::task::yield_now().await;
            let state = self.bounds.check(self.started);
            state.map_err(|e| self.statement_error(e, at))?;
        }
        Ok(())
    }

    fn block<'a>(&'a mut self, block: &'a Block) -> BoxFuture<'a, Step<Flow>> {
        Box::pin(async move {
            self.frames.push(Frame::default());
            let depth = self.frames.len();
            let resumes = block.handlers.iter().any(|h| h.resume);
            let handlers = if resumes {
                Arc::new(block.handlers.clone())
            } else {
                Arc::default()
            };
            self.resuming.push(handlers);
            let mut done = self.declare_all(&block.declarations).await;
            if done.is_ok() {
                done = self.sequence(&block.body).await;
            }
            self.resuming.pop();
            let done = match done {
                Err(raised) if !raised.is_final() => {
                    self.frames.truncate(depth);
                    self.handle(&block.handlers, raised).await
                }
                other => other,
            };
            self.frames.truncate(depth - 1);
            match done? {
                Flow::Break(Some(l)) if Some(&l) == block.label.as_ref() => Ok(Flow::Next),
                other => Ok(other),
            }
        })
    }

    async fn declare_all(&mut self, declarations: &[Declaration]) -> Step<Flow> {
        for d in declarations {
            self.declare(d).await?;
        }
        Ok(Flow::Next)
    }

    /// Looks for a handler of a raised exception and runs it.
    async fn handle(&mut self, handlers: &[Handler], raised: Box<Raised>) -> Step<Flow> {
        let found = handlers.iter().find(|h| takes(h, &raised));
        let Some(handler) = found else {
            return Err(raised);
        };
        let atomic = self.style == Style::PlPgSql { nonatomic: false };
        if atomic {
            self.host.undo();
        }
        self.handling.push((*raised).clone());
        let done = self.sequence(&handler.body).await;
        self.handling.pop();
        if atomic {
            // The handler's changes stay, and the error goes on.
            let flow = done?;
            let at = raised.at;
            self.host.keep().map_err(|e| self.statement_error(e, at))?;
            drop(flow);
            return Err(raised);
        }
        done
    }

    pub(super) fn sequence<'a>(
        &'a mut self,
        statements: &'a [Statement],
    ) -> BoxFuture<'a, Step<Flow>> {
        Box::pin(async move {
            for s in statements {
                self.breathe(s.at).await?;
                match self.statement(s).await {
                    Ok(Flow::Next) => {}
                    Ok(other) => return Ok(other),
                    Err(raised) => {
                        let resume = self.resuming.last().cloned().unwrap_or_default();
                        let handler = resume.iter().find(|h| takes(h, &raised));
                        match handler {
                            Some(h) if h.resume && !raised.is_final() => {
                                self.handling.push(*raised);
                                let done = self.sequence(&h.body).await;
                                self.handling.pop();
                                match done? {
                                    Flow::Next => {}
                                    other => return Ok(other),
                                }
                            }
                            _ => return Err(raised),
                        }
                    }
                }
            }
            Ok(Flow::Next)
        })
    }

    async fn statement(&mut self, s: &Statement) -> Step<Flow> {
        let at = s.at;
        match &s.kind {
            Kind::Declare(d) => self.declare(d).await?,
            Kind::Assign(target, source) => {
                let v = self.evaluate(source).await?;
                self.assign(target, v, at).await?;
            }
            Kind::AssignRows(name, source) => {
                let rows = self.rows(source, at).await?;
                self.set_rows(name, rows, at)?;
            }
            Kind::If(branches, otherwise) => {
                for b in branches {
                    let mut all = true;
                    for w in &b.when {
                        all &= self.condition(w).await?;
                    }
                    if all {
                        return self.sequence(&b.body).await;
                    }
                }
                if let Some(body) = otherwise {
                    return self.sequence(body).await;
                }
            }
            Kind::Case(operand, branches, otherwise) => {
                return self
                    .case(operand.as_ref(), branches, otherwise.as_deref(), at)
                    .await;
            }
            Kind::Loop(label, body) => loop {
                self.breathe(at).await?;
                match round(self.sequence(body).await?, label.as_ref()) {
                    Round::Again => {}
                    Round::Over => break,
                    Round::Pass(f) => return Ok(f),
                }
            },
            Kind::While(label, condition, body) => {
                while self.condition(condition).await? {
                    self.breathe(at).await?;
                    match round(self.sequence(body).await?, label.as_ref()) {
                        Round::Again => {}
                        Round::Over => break,
                        Round::Pass(f) => return Ok(f),
                    }
                }
            }
            Kind::Repeat(label, body, until) => loop {
                self.breathe(at).await?;
                match round(self.sequence(body).await?, label.as_ref()) {
                    Round::Again => {}
                    Round::Over => break,
                    Round::Pass(f) => return Ok(f),
                }
                if self.condition(until).await? {
                    break;
                }
            },
            Kind::ForRange {
                label,
                variable,
                reverse,
                from,
                to,
                by,
                body,
            } => {
                let low = self.integer(from).await?;
                let high = self.integer(to).await?;
                let step = match by {
                    Some(s) => self.integer(s).await?,
                    None => 1,
                };
                if step <= 0 {
                    let e = SqlError::raw(
                        "001003",
                        "22023",
                        "BY value of FOR loop must be greater than zero",
                    );
                    return Err(self.statement_error(e, at));
                }
                let mut i = if *reverse { high } else { low };
                while (low..=high).contains(&i) {
                    self.breathe(at).await?;
                    self.frames.push(Frame::default());
                    let ty = if self.is_snowflake() {
                        SqlType::number(38, 0)
                    } else {
                        SqlType::Integer
                    };
                    let value = if self.is_snowflake() {
                        ScalarValue::Decimal128(Some(i128::from(i)), 38, 0)
                    } else {
                        ScalarValue::Int32(i32::try_from(i).ok())
                    };
                    self.define(variable, Some(ty.clone()), literal(value, ty));
                    let done = self.sequence(body).await;
                    self.frames.pop();
                    match round(done?, label.as_ref()) {
                        Round::Again => {}
                        Round::Over => break,
                        Round::Pass(f) => return Ok(f),
                    }
                    i = match i.checked_add(if *reverse { -step } else { step }) {
                        Some(next) => next,
                        None => break,
                    };
                }
            }
            Kind::ForRows {
                label,
                targets,
                source,
                body,
            } => {
                return self
                    .for_rows(label.as_ref(), targets, source, body, at)
                    .await;
            }
            Kind::Break(label, when) => {
                if self.holds(when.as_ref()).await? {
                    return Ok(Flow::Break(label.clone()));
                }
            }
            Kind::Continue(label, when) => {
                if self.holds(when.as_ref()).await? {
                    return Ok(Flow::Continue(label.clone()));
                }
            }
            Kind::Return(None) => return Ok(Flow::Return(Finished::Nothing)),
            Kind::Return(Some(source)) => {
                let v = self.evaluate(source).await?;
                return Ok(Flow::Return(Finished::Value(v)));
            }
            Kind::ReturnRows(source) => {
                let rows = self.rows(source, at).await?;
                return Ok(Flow::Return(Finished::Rows(rows)));
            }
            Kind::Raise(None) => {
                return match self.handling.last() {
                    Some(r) => Err(Box::new(r.clone())),
                    None => {
                        let e = SqlError::raw(
                            "001003",
                            "0Z002",
                            "RAISE without a name outside of an exception handler",
                        );
                        Err(self.statement_error(e, at))
                    }
                };
            }
            Kind::Raise(Some(name)) => return Err(self.declared_exception(name, at)),
            Kind::Message {
                level,
                format,
                arguments,
                sqlstate,
            } => {
                self.message(*level, format, arguments, sqlstate.as_deref(), at)
                    .await?;
            }
            Kind::Block(b) => return Roomy(self.block(b)).await,
            Kind::Sql { text, into } => {
                self.sql(text, Vec::new(), into.as_ref(), at).await?;
            }
            Kind::Call {
                text,
                targets,
                into,
            } => {
                let ran = self.run_sql(text, Vec::new(), at).await?;
                if let Some(into) = into {
                    self.first_row(&ran, into, at).await?;
                }
                for (i, value) in &ran.outputs {
                    if let Some(Some(target)) = targets.get(*i) {
                        self.assign(target, value.clone(), at).await?;
                    }
                }
            }
            Kind::Execute { sql, using, into } => {
                let text = self.text_of(sql).await?;
                let mut values = Vec::with_capacity(using.len());
                for u in using {
                    values.push(self.evaluate(u).await?);
                }
                self.dynamic(&text, values, into.as_ref(), at).await?;
            }
            Kind::Open {
                cursor,
                using,
                source,
            } => self.open(cursor, using, source.as_ref(), at).await?,
            Kind::Fetch(cursor, count, targets) => self.fetch(cursor, *count, targets, at).await?,
            Kind::Close(cursor) => self.close(cursor, at)?,
            Kind::RowCount(target) => {
                let n = self.changed.unwrap_or(0) as i64;
                let v = literal(ScalarValue::Int64(Some(n)), SqlType::BigInt);
                self.assign(target, v, at).await?;
            }
            Kind::Null => {}
        }
        Ok(Flow::Next)
    }

    async fn holds(&mut self, when: Option<&Source>) -> Step<bool> {
        match when {
            None => Ok(true),
            Some(w) => self.condition(w).await,
        }
    }

    async fn case(
        &mut self,
        operand: Option<&Source>,
        branches: &[super::Branch],
        otherwise: Option<&[Statement]>,
        at: Position,
    ) -> Step<Flow> {
        let left = match operand {
            Some(o) => Some(self.evaluate(o).await?),
            None => None,
        };
        for b in branches {
            for w in &b.when {
                let hit = match &left {
                    None => self.condition(w).await?,
                    Some(left) => {
                        let right = self.evaluate(w).await?;
                        let equal = self.host.session().equal(left, &right);
                        equal.map_err(|e| self.expression_error(e, w.at))?
                    }
                };
                if hit {
                    return self.sequence(&b.body).await;
                }
            }
        }
        match otherwise {
            Some(body) => self.sequence(body).await,
            None if self.is_snowflake() => Ok(Flow::Next),
            None => {
                let e = SqlError::raw("", "20000", "case not found");
                Err(self.statement_error(e, at))
            }
        }
    }

    fn declared_exception(&self, name: &str, at: Position) -> Box<Raised> {
        let slot = self.frames.iter().rev().find_map(|f| f.names.get(name));
        match slot {
            Some(Slot::Exception(code, message)) => {
                let error = SqlError::raw(code.to_string(), "P0001", message.clone());
                Box::new(Raised {
                    name: name.to_owned(),
                    code: code.to_string(),
                    sqlstate: "P0001".to_owned(),
                    message: message.clone(),
                    at,
                    error,
                })
            }
            _ => self.statement_error(
                SqlError::raw(
                    "001003",
                    "42601",
                    format!("SQL compilation error:\nexception '{name}' does not exist"),
                ),
                at,
            ),
        }
    }

    /// RAISE NOTICE and its kin: `%` takes the arguments in turn, `%%` is a percent sign.
    async fn message(
        &mut self,
        level: RaiseLevel,
        format: &str,
        arguments: &[Source],
        sqlstate: Option<&str>,
        at: Position,
    ) -> Step<()> {
        let mut given = Vec::with_capacity(arguments.len());
        for a in arguments {
            let v = self.evaluate(a).await?;
            let text = self.host.session().text_of(&v);
            given.push(text.map_err(|e| self.expression_error(e, a.at))?);
        }
        let mut given = given.into_iter();
        let mut out = String::with_capacity(format.len());
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
            } else if chars.peek() == Some(&'%') {
                chars.next();
                out.push('%');
            } else {
                match given.next() {
                    Some(text) => out.push_str(text.as_deref().unwrap_or("<NULL>")),
                    None => {
                        let e =
                            SqlError::raw("", "42601", "too few parameters specified for RAISE");
                        return Err(self.statement_error(e, at));
                    }
                }
            }
        }
        if given.next().is_some() {
            let e = SqlError::raw("", "42601", "too many parameters specified for RAISE");
            return Err(self.statement_error(e, at));
        }
        if level == RaiseLevel::Exception {
            let e = SqlError::raw("", sqlstate.unwrap_or("P0001"), out);
            return Err(self.statement_error(e, at));
        }
        self.host.message(level, out);
        Ok(())
    }

    async fn declare(&mut self, d: &Declaration) -> Step<()> {
        let slot = match &d.what {
            Declared::Variable {
                ty,
                constant,
                not_null,
                default,
            } => {
                let value = match default {
                    Some(s) => self.evaluate(s).await?,
                    None => null(),
                };
                self.variable(
                    ty.as_ref(),
                    *constant,
                    *not_null,
                    value,
                    default.is_some(),
                    d,
                )
                .await?
            }
            Declared::Cursor { parameters, source } => Slot::Cursor(Cursor {
                parameters: parameters.clone(),
                source: source.clone(),
                open: None,
            }),
            Declared::Rows(source) => Slot::Rows(match source {
                Some(s) => Some(self.rows(s, d.at).await?),
                None => None,
            }),
            Declared::Exception(code, message) => Slot::Exception(*code, message.clone()),
            Declared::Alias(of) => Slot::Alias(of.clone()),
            Declared::Routine(definition) => {
                let made = self.host.declare_routine(definition);
                return made.map_err(|e| self.statement_error(e, d.at));
            }
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.names.insert(d.name.clone(), slot);
        }
        Ok(())
    }

    async fn variable(
        &mut self,
        ty: Option<&DeclaredType>,
        constant: bool,
        not_null: bool,
        value: Typed,
        given: bool,
        d: &Declaration,
    ) -> Step<Slot> {
        let ty = match ty {
            Some(DeclaredType::Record) => {
                return Ok(Slot::Record {
                    fields: Vec::new(),
                    fixed: false,
                });
            }
            Some(DeclaredType::RowOf(name)) => {
                let fields = self.host.session().row_type(name);
                let fields = fields.map_err(|e| self.statement_error(e, d.at))?;
                return Ok(Slot::Record {
                    fields,
                    fixed: true,
                });
            }
            Some(DeclaredType::Sql(ty)) => {
                let ty = self.host.session().dialect().data_type(ty);
                Some(ty.map_err(|e| self.statement_error(e, d.at))?)
            }
            Some(DeclaredType::Of(path)) => Some(self.type_of(path, d.at)?),
            None if given => Some(inferred(&value.ty)),
            None => None,
        };
        let value = self.fit(value, ty.as_ref(), d.at)?;
        let is_null = value.literal().is_none_or(ScalarValue::is_null);
        if not_null && is_null {
            let e = SqlError::raw(
                "",
                "22004",
                format!(
                    "variable \"{}\" declared NOT NULL cannot default to NULL",
                    d.name
                ),
            );
            return Err(self.statement_error(e, d.at));
        }
        Ok(Slot::Value {
            ty,
            value,
            constant,
            not_null,
        })
    }
}

/// The type that a variable gets from its first value: as wide as its kind.
fn inferred(ty: &SqlType) -> SqlType {
    match ty {
        SqlType::Number { scale, .. } => SqlType::number(38, *scale),
        SqlType::Varchar(_) | SqlType::Null => SqlType::text(),
        other => other.clone(),
    }
}

/// Whether a handler takes an exception.
fn takes(handler: &Handler, raised: &Raised) -> bool {
    handler
        .names
        .iter()
        .any(|n| n == "OTHER" || n == "OTHERS" || *n == raised.name)
}
