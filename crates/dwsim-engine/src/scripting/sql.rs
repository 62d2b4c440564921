//! Statements of a block that evaluate, query, assign, and move cursors.
//! Control flow is in `interpreter`.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::cursor::{Position as Rows, Slot, literal, null};
use super::flow::{Flow, Round, round};
use super::interpreter::{Interpreter, Step};
use super::{CursorSource, Into, Ran, RowSource, Source, Statement, Style, Target};
use crate::error::{Position, SqlError};
use crate::functions::Typed;
use crate::types::SqlType;

impl Interpreter<'_> {
    /// The value of an expression.
    pub(super) async fn evaluate(&mut self, source: &Source) -> Step<Typed> {
        self.host.session().script = Some(self.scope(true));
        let value = self.host.session().evaluate(&source.form).await;
        self.host.session().script = None;
        value.map_err(|e| self.expression_error(e, source.at))
    }

    pub(super) async fn condition(&mut self, source: &Source) -> Step<bool> {
        let v = self.evaluate(source).await?;
        let b = self.fit(v, Some(&SqlType::Boolean), source.at)?;
        Ok(matches!(
            b.literal(),
            Some(ScalarValue::Boolean(Some(true)))
        ))
    }

    pub(super) async fn integer(&mut self, source: &Source) -> Step<i64> {
        let v = self.evaluate(source).await?;
        let v = self.fit(v, Some(&SqlType::BigInt), source.at)?;
        match v.literal() {
            Some(ScalarValue::Int64(Some(n))) => Ok(*n),
            _ => {
                let e = SqlError::raw("001003", "22004", "bound of FOR loop cannot be NULL");
                Err(self.expression_error(e, source.at))
            }
        }
    }

    /// The text of a value.
    pub(super) async fn text_of(&mut self, source: &Source) -> Step<String> {
        let v = self.evaluate(source).await?;
        let text = self.host.session().text_of(&v);
        match text.map_err(|e| self.expression_error(e, source.at))? {
            Some(t) => Ok(t),
            None => {
                let e = match self.style {
                    Style::Snowflake => SqlError::raw(
                        "001003",
                        "42601",
                        "SQL compilation error:\nsyntax error unexpected 'NULL'.",
                    ),
                    Style::PlPgSql { .. } => {
                        SqlError::raw("", "22004", "cannot EXECUTE a null querystring")
                    }
                };
                Err(self.statement_error(e, source.at))
            }
        }
    }

    /// A value as another type.
    pub(super) fn fit(&mut self, value: Typed, ty: Option<&SqlType>, at: Position) -> Step<Typed> {
        match ty {
            None => Ok(value),
            Some(ty) => {
                let converted = self.host.session().convert(&value, ty);
                converted.map_err(|e| self.expression_error(e, at))
            }
        }
    }

    /// The type that `name%TYPE` means: of a variable, or of a column.
    pub(super) fn type_of(&mut self, path: &[ast::Ident], at: Position) -> Step<SqlType> {
        let dialect = Arc::clone(self.host.session().dialect());
        let parts: Vec<String> = path.iter().map(|i| dialect.fold(i)).collect();
        if let [one] = parts.as_slice()
            && let Some(Slot::Value { ty: Some(ty), .. }) = self.slot(one)
        {
            return Ok(ty.clone());
        }
        let found = self.host.session().column_type(path);
        found.map_err(|e| self.statement_error(e, at))
    }

    /// What a name stands for; aliases are followed.
    pub(super) fn slot(&self, name: &str) -> Option<&Slot> {
        let slot = self.frames.iter().rev().find_map(|f| f.names.get(name))?;
        match slot {
            Slot::Alias(of) if of != name => self.slot(of),
            other => Some(other),
        }
    }

    pub(super) fn slot_mut(&mut self, name: &str) -> Option<&mut Slot> {
        let mut name = name.to_owned();
        for _ in 0..self.frames.len() + 1 {
            match self.frames.iter().rev().find_map(|f| f.names.get(&name)) {
                Some(Slot::Alias(of)) => name.clone_from(of),
                Some(_) => break,
                None => return None,
            }
        }
        self.frames
            .iter_mut()
            .rev()
            .find_map(|f| f.names.get_mut(&name))
    }

    fn unknown(&self, name: &str, at: Position) -> Box<super::Raised> {
        let e = match self.style {
            Style::Snowflake => SqlError::raw(
                "000904",
                "42000",
                format!(
                    "SQL compilation error: error line {} at position {}\ninvalid identifier '{name}'",
                    at.line,
                    at.column.saturating_sub(1)
                ),
            ),
            Style::PlPgSql { .. } => {
                SqlError::raw("", "42601", format!("\"{name}\" is not a known variable"))
            }
        };
        self.statement_error(e, at)
    }

    /// Sets a variable or a record's field.
    pub(super) async fn assign(&mut self, target: &Target, value: Typed, at: Position) -> Step<()> {
        let (ty, not_null) = match (self.slot(&target.name), &target.field) {
            (Some(Slot::Value { constant: true, .. }), None) => {
                let e = SqlError::raw(
                    "",
                    "22005",
                    format!("\"{}\" is declared CONSTANT", target.name),
                );
                return Err(self.statement_error(e, at));
            }
            (Some(Slot::Value { ty, not_null, .. }), None) => (ty.clone(), *not_null),
            (Some(Slot::Record { fields, fixed }), Some(field)) => {
                let found = fields.iter().find(|(n, _)| n == field);
                match found {
                    Some((_, v)) => (fixed.then(|| v.ty.clone()), false),
                    None => {
                        return Err(self.unknown(&format!("{}.{field}", target.name), at));
                    }
                }
            }
            (Some(Slot::Cursor(_)), None) if !self.is_snowflake() => {
                // A refcursor takes a name.
                return Ok(());
            }
            _ => return Err(self.unknown(&target.name, at)),
        };
        let value = self.fit(value, ty.as_ref(), at)?;
        if not_null && value.literal().is_none_or(ScalarValue::is_null) {
            let e = SqlError::raw(
                "",
                "22004",
                format!(
                    "NULL cannot be assigned to variable \"{}\" declared NOT NULL",
                    target.name
                ),
            );
            return Err(self.statement_error(e, at));
        }
        match (self.slot_mut(&target.name), &target.field) {
            (Some(Slot::Value { value: v, .. }), None) => *v = value,
            (Some(Slot::Record { fields, .. }), Some(field)) => {
                if let Some((_, v)) = fields.iter_mut().find(|(n, _)| n == field) {
                    *v = value;
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn set_rows(&mut self, name: &str, rows: Arc<Ran>, at: Position) -> Step<()> {
        match self.slot_mut(name) {
            Some(Slot::Rows(r)) => {
                *r = Some(rows);
                Ok(())
            }
            Some(Slot::Value { .. }) => {
                // `x := (select …)` of a plain variable.
                let first = Rows::start(rows).next();
                let first = first.map_err(|e| self.statement_error(e, at))?;
                let value = first
                    .and_then(|r| r.into_iter().next())
                    .map_or_else(null, |(_, v)| v);
                let ty = match self.slot(name) {
                    Some(Slot::Value { ty, .. }) => ty.clone(),
                    _ => None,
                };
                let value = self.fit(value, ty.as_ref(), at)?;
                if let Some(Slot::Value { value: v, .. }) = self.slot_mut(name) {
                    *v = value;
                }
                Ok(())
            }
            _ => Err(self.unknown(name, at)),
        }
    }

    /// Puts a row into its targets: all of it into one record, or a value into each variable.
    pub(super) async fn assign_row(
        &mut self,
        targets: &[Target],
        row: Option<Vec<(String, Typed)>>,
        at: Position,
    ) -> Step<()> {
        if let [one] = targets
            && one.field.is_none()
            && let Some(Slot::Record { fields, fixed }) = self.slot(&one.name)
        {
            let (old, fixed) = (fields.clone(), *fixed);
            let new = match (row, fixed) {
                (Some(r), false) => r,
                (Some(r), true) => {
                    let mut values = r.into_iter().map(|(_, v)| v);
                    let mut out = Vec::with_capacity(old.len());
                    for (name, v) in old {
                        let value = values.next().unwrap_or_else(null);
                        out.push((name, self.fit(value, Some(&v.ty), at)?));
                    }
                    out
                }
                (None, _) => old
                    .into_iter()
                    .map(|(n, v)| {
                        let ty = v.ty.clone();
                        let value = ScalarValue::try_from(&ty.arrow()).unwrap_or(ScalarValue::Null);
                        (n, literal(value, ty))
                    })
                    .collect(),
            };
            if let Some(Slot::Record { fields, .. }) = self.slot_mut(&one.name) {
                *fields = new;
            }
            return Ok(());
        }
        let mut values = row.map(|r| r.into_iter().map(|(_, v)| v).collect::<Vec<_>>());
        if let Some(v) = &values
            && self.is_snowflake()
            && v.len() != targets.len()
        {
            let e = SqlError::raw(
                "000904",
                "42601",
                format!(
                    "The number of columns ({}) does not match the number of variables ({})",
                    v.len(),
                    targets.len()
                ),
            );
            return Err(self.statement_error(e, at));
        }
        for (i, t) in targets.iter().enumerate() {
            let value = values
                .as_mut()
                .and_then(|v| v.get(i).cloned())
                .unwrap_or_else(null);
            self.assign(t, value, at).await?;
        }
        Ok(())
    }

    /// Runs a SQL statement and notes what it did.
    pub(super) async fn run_sql(
        &mut self,
        text: &str,
        values: Vec<Typed>,
        at: Position,
    ) -> Step<Arc<Ran>> {
        self.host.session().script = Some(self.scope(false));
        let ran = self.host.run(text, values).await;
        self.host.session().script = None;
        let ran = ran.map_err(|e| self.statement_error(e, at))?;
        self.query_id = Some(ran.query_id.clone());
        if ran.closes_cursors {
            for slot in self.frames.iter_mut().flat_map(|f| f.names.values_mut()) {
                if let Slot::Cursor(c) = slot {
                    c.open = None;
                }
            }
        }
        match (ran.changed, self.style) {
            (Some(n), _) => {
                self.changed = Some(n);
                self.found = Some(n > 0);
            }
            (None, Style::Snowflake) => {
                self.changed = None;
                self.found = None;
            }
            (None, Style::PlPgSql { .. }) if ran.is_query => {
                self.changed = Some(ran.rows() as u64);
                self.found = Some(ran.rows() > 0);
            }
            (None, Style::PlPgSql { .. }) => self.changed = Some(0),
        }
        Ok(Arc::new(ran))
    }

    pub(super) async fn sql(
        &mut self,
        text: &str,
        values: Vec<Typed>,
        into: Option<&Into>,
        at: Position,
    ) -> Step<()> {
        let ran = self.run_sql(text, values, at).await?;
        let Some(into) = into else {
            if ran.is_query && !self.is_snowflake() {
                let e = SqlError::raw("", "42601", "query has no destination for result data");
                return Err(self.statement_error(e, at));
            }
            return Ok(());
        };
        if into.targets.is_empty() {
            return Ok(());
        }
        self.first_row(&ran, into, at).await
    }

    pub(super) async fn first_row(
        &mut self,
        ran: &Arc<Ran>,
        into: &Into,
        at: Position,
    ) -> Step<()> {
        if into.strict && ran.rows() > 1 {
            let e = SqlError::raw(
                "002215",
                "21000",
                "A SELECT INTO statement expects exactly one returned row, but got multiple.",
            );
            return Err(self.statement_error(e, at));
        }
        let row = Rows::start(Arc::clone(ran)).next();
        let row = row.map_err(|e| self.statement_error(e, at))?;
        self.found = Some(row.is_some());
        // Without a row, a record still takes the columns of the query, all of them NULL.
        let row = match row {
            None if !self.is_snowflake() => Some(
                ran.columns
                    .iter()
                    .map(|c| {
                        let value =
                            ScalarValue::try_from(&c.ty.arrow()).unwrap_or(ScalarValue::Null);
                        (c.name.clone(), literal(value, c.ty.clone()))
                    })
                    .collect(),
            ),
            row => row,
        };
        self.assign_row(&into.targets, row, at).await
    }

    /// EXECUTE: its rows are dropped unless they go somewhere.
    pub(super) async fn dynamic(
        &mut self,
        text: &str,
        values: Vec<Typed>,
        into: Option<&Into>,
        at: Position,
    ) -> Step<()> {
        // Variables of the block are not visible in text that it computed.
        let ran = self.host.run(text, values).await;
        let ran = Arc::new(ran.map_err(|e| self.statement_error(e, at))?);
        self.query_id = Some(ran.query_id.clone());
        self.changed = match (ran.changed, self.style) {
            (None, Style::PlPgSql { .. }) => Some(ran.rows() as u64),
            (changed, _) => changed,
        };
        self.found = self.changed.map(|n| n > 0);
        match into {
            Some(into) if !into.targets.is_empty() => self.first_row(&ran, into, at).await,
            _ => Ok(()),
        }
    }

    /// All rows of a source.
    pub(super) async fn rows(&mut self, source: &RowSource, at: Position) -> Step<Arc<Ran>> {
        match source {
            RowSource::Query(text) => self.run_sql(text, Vec::new(), at).await,
            RowSource::Dynamic(sql, using) => {
                let text = self.text_of(sql).await?;
                let mut values = Vec::with_capacity(using.len());
                for u in using {
                    values.push(self.evaluate(u).await?);
                }
                let ran = self.host.run(&text, values).await;
                let ran = Arc::new(ran.map_err(|e| self.statement_error(e, at))?);
                self.query_id = Some(ran.query_id.clone());
                Ok(ran)
            }
            RowSource::Name(name, arguments) => match self.slot(name) {
                Some(Slot::Rows(Some(rows))) => Ok(Arc::clone(rows)),
                Some(Slot::Rows(None)) => {
                    let e = SqlError::raw(
                        "090231",
                        "P0001",
                        format!("result set '{name}' has not been set"),
                    );
                    Err(self.statement_error(e, at))
                }
                Some(Slot::Cursor(c)) => match &c.open {
                    Some(open) if self.is_snowflake() => Ok(Arc::clone(&open.rows)),
                    _ => {
                        let (parameters, source) = (c.parameters.clone(), c.source.clone());
                        self.cursor_rows(&parameters, &source, arguments, at).await
                    }
                },
                // A variable that holds a query: FOR … IN of EXECUTE's older form.
                _ => Err(self.unknown(name, at)),
            },
        }
    }

    async fn cursor_rows(
        &mut self,
        parameters: &[String],
        source: &CursorSource,
        arguments: &[Source],
        at: Position,
    ) -> Step<Arc<Ran>> {
        let mut values = Vec::with_capacity(arguments.len());
        for a in arguments {
            values.push(self.evaluate(a).await?);
        }
        match source {
            CursorSource::Query(text) => {
                if self.is_snowflake() {
                    return self.run_sql(text, values, at).await;
                }
                if parameters.len() != values.len() {
                    let e = SqlError::raw(
                        "",
                        "42601",
                        format!(
                            "cursor takes {} argument(s), {} given",
                            parameters.len(),
                            values.len()
                        ),
                    );
                    return Err(self.statement_error(e, at));
                }
                self.frames.push(super::cursor::Frame::default());
                for (p, v) in parameters.iter().zip(values) {
                    self.define(p, None, v);
                }
                let rows = self.run_sql(text, Vec::new(), at).await;
                self.frames.pop();
                rows
            }
            CursorSource::Rows(name) => match self.slot(name) {
                Some(Slot::Rows(Some(rows))) => Ok(Arc::clone(rows)),
                _ => Err(self.unknown(name, at)),
            },
            CursorSource::Later => {
                let e = SqlError::raw("", "34000", "cursor variable is null or has no query");
                Err(self.statement_error(e, at))
            }
        }
    }

    pub(super) async fn for_rows(
        &mut self,
        label: Option<&String>,
        targets: &[Target],
        source: &RowSource,
        body: &[Statement],
        at: Position,
    ) -> Step<Flow> {
        let mut rows = Rows::start(self.rows(source, at).await?);
        // Snowflake's loop variable is the loop's own; PL/pgSQL's is declared.
        let own = self.is_snowflake() || !targets.iter().any(|t| self.slot(&t.name).is_some());
        let mut any = false;
        loop {
            let row = rows.next();
            let Some(row) = row.map_err(|e| self.statement_error(e, at))? else {
                break;
            };
            any = true;
            let done = if own {
                self.frames.push(super::cursor::Frame::default());
                if let (Some(t), Some(f)) = (targets.first(), self.frames.last_mut()) {
                    f.names.insert(
                        t.name.clone(),
                        Slot::Record {
                            fields: row,
                            fixed: false,
                        },
                    );
                }
                let done = self.sequence(body).await;
                self.frames.pop();
                done
            } else {
                self.assign_row(targets, Some(row), at).await?;
                self.sequence(body).await
            };
            match round(done?, label) {
                Round::Again => {}
                Round::Over => break,
                Round::Pass(f) => return Ok(f),
            }
        }
        if !self.is_snowflake() {
            self.found = Some(any);
        }
        Ok(Flow::Next)
    }

    pub(super) async fn open(
        &mut self,
        name: &str,
        using: &[Source],
        source: Option<&RowSource>,
        at: Position,
    ) -> Step<()> {
        // A refcursor variable: text that names a cursor which outlives the procedure.
        if let Some(source) = source {
            return self.open_refcursor(name, source, at).await;
        }
        let Some(Slot::Cursor(c)) = self.slot(name) else {
            return Err(self.unknown(name, at));
        };
        if c.open.is_some() {
            let e = SqlError::raw(
                "090233",
                "42P03",
                format!("cursor \"{name}\" is already open"),
            );
            return Err(self.statement_error(e, at));
        }
        let (parameters, query) = (c.parameters.clone(), c.source.clone());
        let rows = self.cursor_rows(&parameters, &query, using, at).await?;
        if let Some(Slot::Cursor(c)) = self.slot_mut(name) {
            c.open = Some(Rows::start(rows));
        }
        Ok(())
    }

    async fn open_refcursor(&mut self, name: &str, source: &RowSource, at: Position) -> Step<()> {
        let (text, values) = match source {
            RowSource::Query(text) => (text.clone(), Vec::new()),
            RowSource::Dynamic(sql, using) => {
                let text = self.text_of(sql).await?;
                let mut values = Vec::with_capacity(using.len());
                for u in using {
                    values.push(self.evaluate(u).await?);
                }
                (text, values)
            }
            RowSource::Name(other, _) => return Err(self.unknown(other, at)),
        };
        let named = match self.slot(name) {
            Some(Slot::Value { value, .. }) => match value.literal() {
                Some(ScalarValue::Utf8(Some(s))) => Some(s.clone()),
                _ => None,
            },
            Some(Slot::Cursor(_)) => None,
            _ => return Err(self.unknown(name, at)),
        };
        let cursor = named.clone().unwrap_or_else(|| {
            self.portals += 1;
            format!("<unnamed portal {}>", self.portals)
        });
        self.host.session().script = Some(self.scope(false));
        // Rows for FETCH inside of the block, and a cursor for the client.
        let rows = match self.slot(name) {
            Some(Slot::Cursor(_)) => Some(self.host.run(&text, values.clone()).await),
            _ => None,
        };
        let opened = match &rows {
            Some(_) => Ok(()),
            None => self.host.open_cursor(&cursor, &text, values).await,
        };
        self.host.session().script = None;
        opened.map_err(|e| self.statement_error(e, at))?;
        match rows {
            Some(ran) => {
                let ran = ran.map_err(|e| self.statement_error(e, at))?;
                if let Some(Slot::Cursor(c)) = self.slot_mut(name) {
                    c.open = Some(Rows::start(Arc::new(ran)));
                }
            }
            None if named.is_none() => {
                let text = literal(ScalarValue::Utf8(Some(cursor)), SqlType::text());
                let target = Target {
                    name: name.to_owned(),
                    field: None,
                };
                self.assign(&target, text, at).await?;
            }
            None => {}
        }
        Ok(())
    }

    pub(super) async fn fetch(
        &mut self,
        name: &str,
        count: i64,
        targets: &[Target],
        at: Position,
    ) -> Step<()> {
        let row = match self.slot_mut(name) {
            Some(Slot::Cursor(c)) => match &mut c.open {
                Some(open) => {
                    let mut row = Ok(None);
                    for _ in 0..count.max(1) {
                        row = open.next();
                        if !matches!(row, Ok(Some(_))) {
                            break;
                        }
                    }
                    row
                }
                None => Err(SqlError::raw(
                    "090231",
                    "34000",
                    format!("cursor \"{name}\" is not open"),
                )),
            },
            Some(Slot::Value { value, .. }) if !targets.is_empty() || count > 0 => {
                // A refcursor variable: FETCH of the named cursor.
                let cursor = match value.literal() {
                    Some(ScalarValue::Utf8(Some(s))) => s.clone(),
                    _ => return Err(self.unknown(name, at)),
                };
                let text = format!("fetch next from \"{cursor}\"");
                let ran = self.host.run(&text, Vec::new()).await;
                let ran = ran.map_err(|e| self.statement_error(e, at))?;
                Rows::start(Arc::new(ran)).next()
            }
            _ => return Err(self.unknown(name, at)),
        };
        let row = row.map_err(|e| self.statement_error(e, at))?;
        self.found = Some(row.is_some());
        if targets.is_empty() {
            return Ok(());
        }
        self.assign_row(targets, row, at).await
    }

    pub(super) fn close(&mut self, name: &str, at: Position) -> Step<()> {
        match self.slot_mut(name) {
            Some(Slot::Cursor(c)) => {
                if c.open.take().is_none() {
                    let e =
                        SqlError::raw("090231", "34000", format!("cursor \"{name}\" is not open"));
                    return Err(self.statement_error(e, at));
                }
                Ok(())
            }
            _ => Err(self.unknown(name, at)),
        }
    }
}
