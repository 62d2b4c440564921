//! Queries over staged files: `SELECT t.$1 FROM @stage/path (FILE_FORMAT => …, PATTERN => …) t`.
//! The files are read before the query is bound, which then finds their rows under a name of their own.

use std::ops::ControlFlow;

use arrow::array::{RecordBatch, new_null_array};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::types::ColumnInfo;
use sqlparser::ast::{
    self, FunctionArg, FunctionArgExpr, Ident, ObjectName, Statement, TableFactor, Value, VisitMut,
    VisitorMut,
};

use super::SnowflakeSession;
use super::answer::schema;
use super::copy::staged_rows;
use super::file_format::FileFormat;
use super::infer::Inference;
use super::stage::matching;
use crate::dialect::Rows;
use crate::parse::STAGED;

/// What stands in FROM and is read before the query is bound.
enum Read {
    Files(Source),
    Infer(Inference),
}

/// A location that a query names.
struct Source {
    location: String,
    format: Option<String>,
    pattern: Option<String>,
}

/// Takes the locations out of a query and puts names in their places.
struct Finder {
    found: Vec<Read>,
}

impl VisitorMut for Finder {
    type Break = SqlError;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<SqlError> {
        match infer_call(factor) {
            Err(e) => return ControlFlow::Break(e),
            Ok(Some((call, alias))) => {
                let name = format!("{STAGED}{}", self.found.len());
                let stand_in = match crate::parse::query(&format!("select * from \"{name}\"")) {
                    Ok(q) => q,
                    Err(e) => return ControlFlow::Break(e),
                };
                if let ast::SetExpr::Select(s) = *stand_in.body
                    && let Some(t) = s.from.into_iter().next()
                {
                    *factor = t.relation;
                    if let TableFactor::Table { alias: a, .. } = factor {
                        *a = alias;
                    }
                }
                self.found.push(Read::Infer(call));
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
            let FunctionArg::Named {
                name,
                arg: FunctionArgExpr::Expr(ast::Expr::Value(v)),
                ..
            } = a
            else {
                return ControlFlow::Break(SqlError::unsupported(format!("stage option {a}")));
            };
            let Value::SingleQuotedString(value) = &v.value else {
                return ControlFlow::Break(SqlError::unsupported(format!("stage option {a}")));
            };
            match name.value.to_uppercase().as_str() {
                "FILE_FORMAT" => source.format = Some(value.clone()),
                "PATTERN" => source.pattern = Some(value.clone()),
                _ => return ControlFlow::Break(SqlError::unsupported(format!("stage option {a}"))),
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
    pub(super) async fn read_staged(&mut self, statement: &Statement) -> Result<Option<Statement>> {
        let mut changed = statement.clone();
        let mut finder = Finder { found: Vec::new() };
        if let ControlFlow::Break(e) = changed.visit(&mut finder) {
            return Err(e);
        }
        if finder.found.is_empty() {
            return Ok(None);
        }
        for (i, read) in finder.found.into_iter().enumerate() {
            let source = match read {
                Read::Files(source) => source,
                Read::Infer(call) => {
                    let rows = self.infer(&call).await?;
                    self.dialect.set_staged(format!("{STAGED}{i}"), Some(rows));
                    continue;
                }
            };
            let at = self.locate(&source.location)?;
            let properties = match source.format {
                Some(name) => self.named_format([("FORMAT_NAME".to_owned(), name)].into())?,
                None => at.format.clone(),
            };
            let format = FileFormat::new(&properties)?;
            let mut all: Rows = (Vec::new(), Vec::new());
            for file in matching(self.files(&at).await?, source.pattern.as_deref())? {
                let bytes = self.read(&at, &file).await?;
                append(&mut all, staged_rows(bytes, &format, &file.path)?)?;
            }
            if all.0.is_empty() {
                all = staged_rows(
                    bytes::Bytes::new(),
                    &FileFormat::new(&[("TYPE".to_owned(), "CSV".to_owned())].into())?,
                    "",
                )?;
            }
            self.dialect.set_staged(format!("{STAGED}{i}"), Some(all));
        }
        Ok(Some(changed))
    }
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
        let values = rows.0.len() - 2;
        rows.1
            .iter()
            .map(|b| {
                let mut arrays = b.columns()[..values].to_vec();
                for c in &wide[values..wide.len() - 2] {
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
