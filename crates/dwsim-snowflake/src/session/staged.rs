//! What a query reads that only a session can give: staged files (`SELECT t.$1 FROM @stage/path (FILE_FORMAT => …) t`),
//! directory tables, INFER_SCHEMA, and tables that procedures return. All of it is read before the query is bound, which
//! then finds the rows under a name of their own.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use dwsim_engine::catalog::ObjectKind;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::types::ColumnInfo;
use sqlparser::ast::{
    self, FunctionArg, FunctionArgExpr, Ident, ObjectName, Statement, TableFactor, Value, VisitMut,
    VisitorMut,
};

use super::SnowflakeSession;
use super::answer::schema;
use super::copy::{METADATA, staged_rows};
use super::file_format::FileFormat;
use super::infer::Inference;
use super::stage::matching;
use crate::dialect::{Rows, fold};
use crate::parse::STAGED;
use crate::scripting::CallTarget;

/// What stands in FROM and is read before the query is bound.
enum Read {
    Files(Source),
    Infer(Inference),
    /// A procedure that returns a table.
    Call(Box<CallTarget>),
    /// The files of a stage, with where they are.
    Directory(String),
}

/// A location that a query names.
struct Source {
    location: String,
    format: Option<String>,
    pattern: Option<String>,
}

/// Takes the locations out of a query and puts names in their places.
struct Finder<'a> {
    found: Vec<Read>,
    /// Whether a procedure has this name.
    procedure: &'a dyn Fn(&ObjectName) -> bool,
}

/// A relation's name in the place of a factor, whose alias stays.
fn stand_in(name: String, alias: Option<ast::TableAlias>) -> Result<TableFactor> {
    let query = crate::parse::query(&format!("select * from \"{name}\""))?;
    if let ast::SetExpr::Select(s) = *query.body
        && let Some(t) = s.from.into_iter().next()
        && let mut factor = t.relation
        && let TableFactor::Table { alias: own, .. } = &mut factor
    {
        *own = alias;
        return Ok(factor);
    }
    Err(SqlError::internal("a name in FROM that is no name"))
}

impl Finder<'_> {
    /// What a factor means that is a call; its alias.
    fn call(&self, factor: &TableFactor) -> Result<Option<(Read, Option<ast::TableAlias>)>> {
        if let Some((call, alias)) = infer_call(factor)? {
            return Ok(Some((Read::Infer(call), alias)));
        }
        match factor {
            TableFactor::Table {
                name,
                args: Some(args),
                alias,
                ..
            } if name.to_string().eq_ignore_ascii_case("DIRECTORY") => {
                let [FunctionArg::Unnamed(FunctionArgExpr::Expr(stage))] = args.args.as_slice()
                else {
                    return Err(SqlError::argument("DIRECTORY", "DIRECTORY takes one stage"));
                };
                let stage = stage.to_string();
                Ok(Some((Read::Directory(stage), alias.clone())))
            }
            TableFactor::TableFunction {
                expr: ast::Expr::Function(f),
                alias,
            } if f.over.is_none() && (self.procedure)(&f.name) => {
                let ast::FunctionArguments::List(list) = &f.args else {
                    return Ok(None);
                };
                let mut arguments = Vec::with_capacity(list.args.len());
                for a in &list.args {
                    arguments.push(match a {
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => (None, e.clone()),
                        FunctionArg::Named {
                            name,
                            arg: FunctionArgExpr::Expr(e),
                            ..
                        } => (Some(name.clone()), e.clone()),
                        other => {
                            return Err(SqlError::unsupported(format!(
                                "the argument {other} of a procedure"
                            )));
                        }
                    });
                }
                let target = CallTarget {
                    name: f.name.clone(),
                    arguments,
                    into: None,
                };
                Ok(Some((Read::Call(Box::new(target)), alias.clone())))
            }
            _ => Ok(None),
        }
    }
}

impl VisitorMut for Finder<'_> {
    type Break = SqlError;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<SqlError> {
        let called = self.call(factor).and_then(|called| match called {
            None => Ok(None),
            Some((read, alias)) => {
                let name = format!("{STAGED}{}", self.found.len());
                Ok(Some((read, stand_in(name, alias)?)))
            }
        });
        match called {
            Err(e) => return ControlFlow::Break(e),
            Ok(Some((read, other))) => {
                *factor = other;
                self.found.push(read);
                return ControlFlow::Continue(());
            }
            Ok(None) => {}
        }
        let TableFactor::Table { name, args, .. } = factor else {
            return ControlFlow::Continue(());
        };
        let text = name
            .0
            .iter()
            .filter_map(|p| p.as_ident())
            .map(|i| i.value.as_str())
            .collect::<Vec<_>>()
            .join(".");
        if !text.starts_with('@') {
            return ControlFlow::Continue(());
        }
        let mut source = Source {
            location: text,
            format: None,
            pattern: None,
        };
        for a in args.iter().flat_map(|a| &a.args) {
            let wrong = || SqlError::unsupported(format!("stage option {a}"));
            let FunctionArg::Named {
                name,
                arg: FunctionArgExpr::Expr(value),
                ..
            } = a
            else {
                return ControlFlow::Break(wrong());
            };
            // A file format may be named with or without quotes.
            let value = match value {
                ast::Expr::Value(v) => match &v.value {
                    Value::SingleQuotedString(value) => value.clone(),
                    _ => return ControlFlow::Break(wrong()),
                },
                ast::Expr::Identifier(_) | ast::Expr::CompoundIdentifier(_) => value.to_string(),
                _ => return ControlFlow::Break(wrong()),
            };
            match name.value.to_uppercase().as_str() {
                "FILE_FORMAT" => source.format = Some(value),
                "PATTERN" => source.pattern = Some(value),
                _ => return ControlFlow::Break(wrong()),
            }
        }
        *name = ObjectName::from(vec![Ident::with_quote(
            '"',
            format!("{STAGED}{}", self.found.len()),
        )]);
        *args = None;
        self.found.push(Read::Files(source));
        ControlFlow::Continue(())
    }
}

/// A call of INFER_SCHEMA in FROM, with its alias.
fn infer_call(factor: &TableFactor) -> Result<Option<(Inference, Option<ast::TableAlias>)>> {
    let (name, args, alias) = match factor {
        TableFactor::TableFunction {
            expr: ast::Expr::Function(f),
            alias,
        } => {
            let ast::FunctionArguments::List(list) = &f.args else {
                return Ok(None);
            };
            (&f.name, list.args.as_slice(), alias)
        }
        TableFactor::Table {
            name,
            args: Some(args),
            alias,
            ..
        } => (name, args.args.as_slice(), alias),
        TableFactor::Function {
            name, args, alias, ..
        } => (name, args.as_slice(), alias),
        _ => return Ok(None),
    };
    if !name.to_string().eq_ignore_ascii_case("INFER_SCHEMA") {
        return Ok(None);
    }
    let mut call = Inference::default();
    for a in args {
        let unknown = || SqlError::unsupported(format!("INFER_SCHEMA ({a})"));
        let FunctionArg::Named {
            name,
            arg: FunctionArgExpr::Expr(value),
            ..
        } = a
        else {
            return Err(unknown());
        };
        let text = value.to_string();
        let plain = match value {
            ast::Expr::Value(v) => match &v.value {
                Value::SingleQuotedString(s) => s.clone(),
                _ => text,
            },
            _ => text,
        };
        match name.value.to_uppercase().as_str() {
            "LOCATION" => call.location = plain,
            "FILE_FORMAT" => call.format = Some(plain),
            "FILES" => {
                call.files = plain
                    .trim_matches(['(', ')'])
                    .split(',')
                    .map(|f| f.trim().trim_matches('\'').to_owned())
                    .collect();
            }
            "IGNORE_CASE" => call.ignore_case = plain.eq_ignore_ascii_case("true"),
            // All rows of all files are looked at.
            "MAX_FILE_COUNT" | "MAX_RECORDS_PER_FILE" => {}
            "KIND" if plain.eq_ignore_ascii_case("STANDARD") => {}
            _ => return Err(unknown()),
        }
    }
    Ok(Some((call, alias.clone())))
}

impl SnowflakeSession {
    /// The statement with its staged files read; None when it names none.
    ///
    /// # Errors
    /// Unknown stages and formats, files that cannot be read.
    pub(super) async fn read_staged(
        &mut self,
        statement: &Statement,
        values: &[Typed],
    ) -> Result<Option<Statement>> {
        let mut changed = statement.clone();
        let found = {
            let view = self.inner.view()?;
            let env = self.inner.env();
            let procedure = |name: &ObjectName| {
                let parts: Vec<String> = name
                    .0
                    .iter()
                    .filter_map(|p| p.as_ident())
                    .map(fold)
                    .collect();
                let binder = self.inner.binder(Arc::clone(&env), &view, &[]);
                !binder
                    .find_routines(ObjectKind::Procedure, &parts)
                    .is_empty()
            };
            let mut finder = Finder {
                found: Vec::new(),
                procedure: &procedure,
            };
            if let ControlFlow::Break(e) = changed.visit(&mut finder) {
                return Err(e);
            }
            finder.found
        };
        if found.is_empty() {
            return Ok(None);
        }
        // Procedures run first: their statements may read files too.
        let mut called = std::collections::HashMap::new();
        for (i, read) in found.iter().enumerate() {
            if let Read::Call(target) = read {
                let answer = Box::pin(self.call(target, values)).await?;
                called.insert(i, (answer.columns, answer.batches));
            }
        }
        let fields = widest(&changed);
        for (i, read) in found.into_iter().enumerate() {
            let rows = match read {
                Read::Files(source) => padded(self.file_rows(source).await?, fields)?,
                Read::Infer(call) => self.infer(&call).await?,
                Read::Directory(stage) => self.directory(&stage)?,
                Read::Call(_) => called.remove(&i).unwrap_or_default(),
            };
            self.dialect.set_staged(format!("{STAGED}{i}"), Some(rows));
        }
        Ok(Some(changed))
    }

    /// The rows of the files at a location.
    async fn file_rows(&mut self, source: Source) -> Result<Rows> {
        let at = self.locate(&source.location)?;
        let properties = match source.format {
            Some(name) => self.named_format([("FORMAT_NAME".to_owned(), name)].into())?,
            None => at.format.clone(),
        };
        let format = FileFormat::new(&properties)?;
        let mut all: Rows = (Vec::new(), Vec::new());
        for file in matching(self.files(&at).await?, source.pattern.as_deref())? {
            let bytes = self.read(&at, &file).await?;
            append(&mut all, staged_rows(bytes, &format, Some(&file))?)?;
        }
        if all.0.is_empty() {
            all = staged_rows(
                bytes::Bytes::new(),
                &FileFormat::new(&[("TYPE".to_owned(), "CSV".to_owned())].into())?,
                None,
            )?;
        }
        Ok(all)
    }
}

/// The largest `$n` that a query names: a file with fewer fields has NULLs there.
pub(super) fn widest(query: &impl ast::Visit) -> usize {
    let mut most = 0;
    let mut note = |text: &str| {
        if let Some(n) = text.strip_prefix('$').and_then(|n| n.parse().ok()) {
            most = most.max(n);
        }
    };
    let _: ControlFlow<()> = ast::visit_expressions(query, |e| {
        match e {
            ast::Expr::Identifier(i) => note(&i.value),
            ast::Expr::CompoundIdentifier(parts) => {
                if let Some(last) = parts.last() {
                    note(&last.value);
                }
            }
            ast::Expr::Value(v) => {
                if let Value::Placeholder(p) = &v.value {
                    note(p);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    // More columns than a table can have are a mistake.
    most.min(10_000)
}

/// The rows of a file with at least so many fields; those of documents have one.
pub(super) fn padded(rows: Rows, fields: usize) -> Result<Rows> {
    let (columns, batches) = rows;
    let values = columns.len() - METADATA;
    if values >= fields.max(1) || columns.first().is_some_and(|c| c.ty.is_semi()) {
        return Ok((columns, batches));
    }
    let mut wide: Vec<ColumnInfo> = columns[..values].to_vec();
    for i in values + 1..=fields.max(1) {
        wide.push(ColumnInfo::new(
            format!("C{i}"),
            dwsim_engine::types::SqlType::text(),
        ));
    }
    wide.extend(columns[values..].iter().cloned());
    let batches = batches
        .into_iter()
        .map(|b| {
            let mut arrays = b.columns()[..values].to_vec();
            for c in &wide[values..wide.len() - METADATA] {
                arrays.push(new_null_array(&c.ty.arrow(), b.num_rows()));
            }
            arrays.extend(b.columns()[values..].iter().cloned());
            Ok(RecordBatch::try_new(schema(&wide), arrays)?)
        })
        .collect::<Result<_>>()?;
    Ok((wide, batches))
}

/// Joins the rows of another file; the narrower one is filled up with NULLs before the metadata columns.
fn append(all: &mut Rows, more: Rows) -> Result<()> {
    if all.0.is_empty() {
        *all = more;
        return Ok(());
    }
    let wide: Vec<ColumnInfo> = if all.0.len() >= more.0.len() {
        all.0.clone()
    } else {
        more.0.clone()
    };
    let widen = |rows: &Rows| -> Result<Vec<RecordBatch>> {
        let values = rows.0.len() - METADATA;
        rows.1
            .iter()
            .map(|b| {
                let mut arrays = b.columns()[..values].to_vec();
                for c in &wide[values..wide.len() - METADATA] {
                    arrays.push(new_null_array(&c.ty.arrow(), b.num_rows()));
                }
                arrays.extend(b.columns()[values..].iter().cloned());
                Ok(RecordBatch::try_new(schema(&wide), arrays)?)
            })
            .collect()
    };
    let mut batches = widen(all)?;
    batches.extend(widen(&more)?);
    *all = (wide, batches);
    Ok(())
}
