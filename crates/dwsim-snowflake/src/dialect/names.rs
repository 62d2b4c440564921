//! Folding of identifiers and the names of select items that have none.
//! Looking names up is the engine's work.

use sqlparser::ast::{self, Expr};

/// The catalog's spelling: upper case unless quoted. Source: "Identifier requirements".
pub fn fold(ident: &ast::Ident) -> String {
    if ident.quote_style.is_some() {
        ident.value.clone()
    } else {
        ident.value.to_uppercase()
    }
}

/// What Snowflake prints over an expression without an alias: a column's own name, else the text in upper case.
pub(super) fn column_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(i) => fold(i),
        Expr::CompoundIdentifier(parts) => parts.last().map(fold).unwrap_or_default(),
        Expr::Nested(inner) => format!("({})", column_name(inner)),
        other => other
            .to_string()
            .to_uppercase()
            .replace(crate::parse::STRUCTURED, ""),
    }
}
