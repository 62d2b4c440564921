//! What the engine asks a warehouse dialect while binding: names, literals, coercions, functions, system tables.
//! Parsing, statements and protocol belong to the dialect's own crate.

use std::fmt::Debug;
use std::sync::Arc;

use sqlparser::ast;

use crate::error::Result;
use crate::functions::{FunctionTable, Typed};
use crate::plan::Binder;
use crate::types::SqlType;

/// Which warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DialectName {
    /// Amazon Redshift.
    Redshift,
    /// Snowflake.
    Snowflake,
}

impl DialectName {
    /// Fractional digits of an undeclared timestamp.
    pub const fn timestamp_scale(self) -> u8 {
        match self {
            DialectName::Redshift => 6,
            DialectName::Snowflake => 9,
        }
    }

    /// The dialect's name of a type.
    pub fn type_name(self, ty: &SqlType) -> String {
        match self {
            DialectName::Redshift => ty.redshift(),
            DialectName::Snowflake => ty.snowflake(),
        }
    }
}

/// A binary operator as the coercion rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `||`
    Concat,
    /// `^` (power)
    Pow,
    /// `&`
    BitAnd,
    /// `|`
    BitOr,
    /// `#` (exclusive or)
    BitXor,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

impl BinaryOp {
    /// As written.
    pub const fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
            BinaryOp::Concat => "||",
            BinaryOp::Pow => "^",
            BinaryOp::BitAnd => "&",
            BinaryOp::BitOr => "|",
            BinaryOp::BitXor => "#",
            BinaryOp::ShiftLeft => "<<",
            BinaryOp::ShiftRight => ">>",
        }
    }
}

/// The condition that rows must meet to be visible to the user of a statement.
#[derive(Debug, Clone)]
pub struct VisibleRows {
    /// The name by which the condition calls the relation, folded.
    pub qualifier: String,
    /// The condition over the relation's columns.
    pub condition: sqlparser::ast::Expr,
}

/// A warehouse dialect.
pub trait Dialect: Debug + Send + Sync + 'static {
    /// Which one.
    fn name(&self) -> DialectName;

    /// The catalog's spelling of an identifier (folded unless quoted, or as the dialect folds).
    fn fold(&self, ident: &ast::Ident) -> String;

    /// The type a type name declares.
    fn data_type(&self, ty: &ast::DataType) -> Result<SqlType>;

    /// A number literal with its type.
    fn number_literal(&self, text: &str) -> Result<Typed>;

    /// The operands of an arithmetic operator coerced, and the operation with its result type.
    /// One typed rule per operator; no SQL text is rewritten.
    fn arithmetic(
        &self,
        binder: &mut Binder<'_>,
        op: BinaryOp,
        left: Typed,
        right: Typed,
    ) -> Result<Typed>;

    /// The type in which two values are compared; both operands are cast to it. None: not comparable.
    fn comparison_type(&self, left: &Typed, right: &Typed) -> Option<SqlType>;

    /// The common type of alternatives (CASE, COALESCE, UNION, VALUES, IN); None: there is none.
    fn common_type(&self, left: &SqlType, right: &SqlType) -> Option<SqlType>;

    /// An operand of a comparison or a join as it is compared: Redshift ignores trailing blanks of text.
    fn comparison_operand(&self, _binder: &Binder<'_>, value: Typed) -> Typed {
        value
    }

    /// A comparison that is not the comparison of two values of one type (SUPER with anything, say).
    fn custom_comparison(
        &self,
        _binder: &mut Binder<'_>,
        _op: datafusion::logical_expr::Operator,
        _left: &Typed,
        _right: &Typed,
    ) -> Result<Option<Typed>> {
        Ok(None)
    }

    /// A query from the text of a view.
    fn parse_query(&self, sql: &str) -> Result<Box<ast::Query>>;

    /// An expression from the text of a column default.
    fn parse_expr(&self, sql: &str) -> Result<ast::Expr>;

    /// Whether a value of one type may stand where the other is expected without a cast.
    fn implicit_cast(&self, from: &SqlType, to: &SqlType) -> bool;

    /// All functions.
    fn functions(&self) -> &FunctionTable;

    /// The display name of an unnamed select item, from its source.
    fn column_name(&self, expr: &ast::Expr) -> String;

    /// A table function in FROM, bound to a relation; None when the name is no table function.
    fn table_function(
        &self,
        _binder: &mut Binder<'_>,
        _name: &str,
        _call: &crate::plan::TableCall<'_>,
    ) -> Result<Option<crate::plan::Relation>> {
        Ok(None)
    }

    /// A relation that the catalog does not hold: system catalogs, INFORMATION_SCHEMA, views of the service.
    /// `path` is the folded name, one to three parts.
    fn system_relation(
        &self,
        _binder: &mut Binder<'_>,
        _path: &[String],
    ) -> Result<Option<crate::plan::Relation>> {
        Ok(None)
    }

    /// Asked when a query reads a relation of the catalog: refuses it for lack of privileges, or gives the text of the
    /// query that stands for it for this user (row-level security, masking).
    fn reading(
        &self,
        _binder: &Binder<'_>,
        _name: &crate::catalog::ObjectName,
        _object: &crate::catalog::Object,
    ) -> Result<Option<String>> {
        Ok(None)
    }

    /// Asked for the target of UPDATE, DELETE and MERGE: which of its rows the user may see, for no others are changed.
    /// None where all are, or where the dialect has put the condition into the statement itself.
    fn visible_rows(
        &self,
        _binder: &Binder<'_>,
        _object: &crate::catalog::Object,
    ) -> Result<Option<VisibleRows>> {
        Ok(None)
    }

    /// A bare word that is neither a column nor an alias (SYSDATE, CURRENT_USER, …).
    fn bare_word(&self, _binder: &mut Binder<'_>, _word: &str) -> Result<Option<Typed>> {
        Ok(None)
    }

    /// Whether a function's body is anything but SQL that is bound in place of its call.
    fn is_foreign(&self, routine: &crate::catalog::Routine) -> bool {
        routine.language != crate::catalog::Language::Sql
    }

    /// A call of a user-defined function whose body is not SQL; the arguments have its parameters' types.
    fn foreign_function(
        &self,
        _binder: &mut Binder<'_>,
        routine: &Arc<crate::catalog::Routine>,
        _args: Vec<Typed>,
    ) -> Result<Typed> {
        Err(crate::error::SqlError::unsupported(format!(
            "a function in LANGUAGE {}",
            routine.language.name()
        )))
    }

    /// A call of a function that acts on the service itself: its sessions, statements and tasks.
    fn service_call(&self, _binder: &Binder<'_>, name: &str, _args: Vec<Typed>) -> Result<Typed> {
        Err(crate::error::SqlError::unsupported(name))
    }

    /// The rows that a stream over something that is no relation follows: its columns, its rows, and their identities.
    fn stream_source(
        &self,
        _binder: &Binder<'_>,
        stream: &crate::catalog::StreamDef,
    ) -> Result<Arc<crate::catalog::TableEntry>> {
        Err(crate::error::SqlError::unsupported(format!(
            "a stream on {}",
            stream.source
        )))
    }

    /// A call of a user-defined table function whose body is not SQL, joined to `left`; with OVER in partitions.
    fn foreign_table(
        &self,
        _binder: &mut Binder<'_>,
        routine: &Arc<crate::catalog::Routine>,
        _args: Vec<Typed>,
        _left: Option<crate::plan::Relation>,
        _outer: bool,
        _partition: Option<crate::plan::TablePartition>,
    ) -> Result<crate::plan::Relation> {
        Err(crate::error::SqlError::unsupported(format!(
            "a table function in LANGUAGE {}",
            routine.language.name()
        )))
    }

    /// The escape character of LIKE when none is given.
    fn like_escape(&self) -> Option<char> {
        None
    }

    /// Whether `WHERE`, `GROUP BY` and the select list may use aliases of the select list.
    fn lateral_aliases(&self) -> bool {
        true
    }

    /// The longest text of the dialect when none is declared.
    fn default_varchar(&self) -> Option<u32> {
        None
    }
}
