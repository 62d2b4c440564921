//! Redshift's rules for the engine's binder: names, types, literals, coercions, operators.
//! Functions are in `functions`, system relations in `catalog`.

mod arithmetic;
mod coercion;
mod names;
mod types;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use datafusion::logical_expr::Operator;
use dwsim_engine::catalog::{Object, ObjectName, Returns, Routine};
use dwsim_engine::dialect::{BinaryOp, Dialect, DialectName};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{FunctionTable, Typed, kernel_expr};
use dwsim_engine::plan::{Binder, Relation, TableCall};
use dwsim_engine::types::SqlType;
use sqlparser::ast;

use crate::statements::{Cluster, Rights};

pub(crate) use names::ACCOUNT;
pub use names::internal_name;
pub use types::{CASE_INSENSITIVE, collation, data_type};

/// The rules of one session, which may switch identifiers to case-sensitive.
pub struct Redshift {
    cluster: Arc<Cluster>,
    case_sensitive: AtomicBool,
}

impl fmt::Debug for Redshift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redshift")
            .field("case_sensitive", &self.case_sensitive)
            .finish_non_exhaustive()
    }
}

impl Redshift {
    /// Rules for a session on a cluster.
    pub fn new(cluster: Arc<Cluster>) -> Self {
        Redshift {
            cluster,
            case_sensitive: AtomicBool::new(false),
        }
    }

    /// The setting `enable_case_sensitive_identifier`.
    pub fn set_case_sensitive(&self, on: bool) {
        self.case_sensitive.store(on, Ordering::Relaxed);
    }

    /// What the sessions of a server share.
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }
}

impl Dialect for Redshift {
    fn name(&self) -> DialectName {
        DialectName::Redshift
    }

    /// Lower case even when quoted, unless identifiers are case-sensitive (r_names).
    fn fold(&self, ident: &ast::Ident) -> String {
        if ident.quote_style.is_some() && self.case_sensitive.load(Ordering::Relaxed) {
            ident.value.clone()
        } else {
            ident.value.to_lowercase()
        }
    }

    fn data_type(&self, ty: &ast::DataType) -> Result<SqlType> {
        types::data_type(ty)
    }

    fn number_literal(&self, text: &str) -> Result<Typed> {
        types::number_literal(text)
    }

    fn arithmetic(
        &self,
        binder: &mut Binder<'_>,
        op: BinaryOp,
        left: Typed,
        right: Typed,
    ) -> Result<Typed> {
        arithmetic::bind(binder, op, left, right)
    }

    fn comparison_type(&self, left: &Typed, right: &Typed) -> Option<SqlType> {
        coercion::comparison_type(left, right)
    }

    fn common_type(&self, left: &SqlType, right: &SqlType) -> Option<SqlType> {
        coercion::common_type(left, right)
    }

    fn comparison_operand(&self, binder: &Binder<'_>, value: Typed) -> Typed {
        coercion::without_trailing_blanks(binder, value)
    }

    fn custom_comparison(
        &self,
        binder: &mut Binder<'_>,
        op: Operator,
        left: &Typed,
        right: &Typed,
    ) -> Result<Option<Typed>> {
        coercion::compare_super(binder, op, left, right)
    }

    fn parse_query(&self, sql: &str) -> Result<Box<ast::Query>> {
        names::parse_query(sql)
    }

    fn parse_expr(&self, sql: &str) -> Result<ast::Expr> {
        names::parse_expr(sql)
    }

    fn implicit_cast(&self, from: &SqlType, to: &SqlType) -> bool {
        coercion::implicit_cast(from, to)
    }

    fn functions(&self) -> &FunctionTable {
        static TABLE: LazyLock<FunctionTable> = LazyLock::new(crate::functions::table);
        &TABLE
    }

    fn column_name(&self, expr: &ast::Expr) -> String {
        names::column_name(expr)
    }

    fn table_function(
        &self,
        binder: &mut Binder<'_>,
        name: &str,
        call: &TableCall<'_>,
    ) -> Result<Option<Relation>> {
        crate::catalog::table_function(binder, name, call)
    }

    fn system_relation(
        &self,
        binder: &mut Binder<'_>,
        path: &[String],
    ) -> Result<Option<Relation>> {
        crate::catalog::system_relation(self, binder, path)
    }

    fn reading(
        &self,
        binder: &Binder<'_>,
        name: &ObjectName,
        object: &Object,
    ) -> Result<Option<String>> {
        // A view reads with its owner's privileges; whose rows and columns are seen is the user's affair everywhere.
        let mut readable = None;
        if binder.view_depth == 0 {
            let rights = Rights::of(binder.catalog.account(), &binder.env.user);
            if let Err(denied) = rights.check(name, object, "select") {
                // Privileges on some of the columns are enough to read these.
                let columns = rights.columns(name, object.column_names(), "select");
                if columns.is_empty() || !rights.schema(&name.database, &name.schema, "usage") {
                    return Err(denied);
                }
                readable = Some(columns);
            }
        }
        match (object, readable) {
            (Object::Table(entry), readable) => {
                crate::statements::stand_in(self, binder, name, entry, readable.as_deref())
            }
            (Object::View(_), Some(readable)) => Ok(Some(crate::statements::readable_view(
                name,
                object.column_names(),
                &readable,
            ))),
            _ => Ok(None),
        }
    }

    /// Functions in Python are kept, so that what is defined after them can be defined; their calls are refused where
    /// there are rows to call them for.
    fn foreign_function(
        &self,
        binder: &mut Binder<'_>,
        routine: &Arc<Routine>,
        args: Vec<Typed>,
    ) -> Result<Typed> {
        let Returns::Value { ty, .. } = &routine.returns else {
            return Err(SqlError::internal("a function without a value"));
        };
        Ok(kernel_expr(
            routine.name.clone(),
            |call| match call.rows {
                0 => Ok(arrow::array::new_null_array(&call.returns.arrow(), 0)),
                _ => Err(SqlError::unsupported(format!(
                    "calling {}, a function in LANGUAGE plpythonu,",
                    call.name
                ))),
            },
            args,
            ty.clone(),
            &binder.env,
            true,
        ))
    }

    fn bare_word(&self, binder: &mut Binder<'_>, word: &str) -> Result<Option<Typed>> {
        names::bare_word(binder, word)
    }

    fn like_escape(&self) -> Option<char> {
        Some('\\')
    }

    fn default_varchar(&self) -> Option<u32> {
        Some(256)
    }
}
