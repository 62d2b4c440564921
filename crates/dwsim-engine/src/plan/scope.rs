//! What names mean at a place in a query: the columns of FROM, aliases of the select list, lambda parameters.
//! How a name is looked up through nested queries is in `names`.

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan};
use sqlparser::ast;

use crate::functions::Typed;
use crate::types::{ColumnOrigin, SqlType};

/// A column that can be named. Inside plans it has a name that no other column of the statement has.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopeColumn {
    /// Alias or full path of its relation, folded; empty for none.
    pub qualifier: Vec<String>,
    /// Folded name.
    pub name: String,
    /// The column in the plan; no other column of the statement is named so.
    pub internal: Column,
    /// SQL type.
    pub ty: SqlType,
    /// Whether NULL can occur.
    pub nullable: bool,
    /// The table column behind it.
    pub origin: Option<ColumnOrigin>,
    /// Not part of `*` (the right side of USING, row ids).
    pub hidden: bool,
}

impl ScopeColumn {
    /// The column as an expression.
    pub fn typed(&self) -> Typed {
        Typed::new(Expr::Column(self.internal.clone()), self.ty.clone())
    }
}

/// A plan with the columns it offers, in order.
#[derive(Debug, Clone)]
pub struct Relation {
    /// The plan; its fields have the columns' internal names.
    pub plan: LogicalPlan,
    /// Columns in order.
    pub columns: Vec<ScopeColumn>,
}

/// An alias of the select list, for use in the same SELECT.
#[derive(Debug, Clone)]
pub struct Alias {
    /// Folded name.
    pub name: String,
    /// Its expression as parsed, bound when it is used.
    pub ast: ast::Expr,
}

/// The names visible in one SELECT.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Columns of FROM.
    pub columns: Vec<ScopeColumn>,
    /// Aliases of the select list.
    pub aliases: Vec<Alias>,
    /// Aliases that are being bound right now, so that `x + 1 as x` does not chase itself.
    pub expanding: Vec<String>,
    /// Outer columns were used (the query is correlated).
    pub correlated: bool,
    /// Aggregate functions may stand here.
    pub aggregates: bool,
    /// Window functions may stand here.
    pub windows: bool,
    /// The SELECT has GROUP BY, so its items may be keys of groups.
    pub grouped: bool,
    /// Inside the arguments of an aggregate.
    pub in_aggregate: bool,
    /// Lambda parameters by name.
    pub lambdas: Vec<(String, Typed)>,
    /// Set in a query with CONNECT BY.
    pub(crate) hierarchy: Option<super::connect_by::Hierarchy>,
    /// Named windows.
    pub named_windows: Vec<(String, ast::WindowSpec)>,
}
