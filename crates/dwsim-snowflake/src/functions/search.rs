//! SEARCH, SEARCH_IP, PARSE_IP and PARSE_URL, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::text`.

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{FnCall, Param, ScalarDef, Typed, ret};
use dwsim_engine::kernels::text as t;
use dwsim_engine::types::SqlType;
use sqlparser::ast;

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("SEARCH", page!("search"), search),
    ScalarDef::custom("SEARCH_IP", page!("search_ip"), search),
    ScalarDef::new(
        "PARSE_IP",
        page!("parse_ip"),
        &[Param::Text, Param::Text, Param::Bool],
        ret::variant,
        t::parse_ip,
    )
    .optional(1),
    ScalarDef::new(
        "PARSE_URL",
        page!("parse_url"),
        &[Param::Text, Param::Bool],
        ret::object,
        t::parse_url,
    )
    .optional(1),
];

fn place(call: &FnCall<'_, '_>) -> Option<dwsim_engine::error::Position> {
    let start = call.ast.name.0.first()?.as_ident()?.span.start;
    (start.line > 0).then_some(dwsim_engine::error::Position {
        line: start.line,
        column: start.column,
    })
}

/// The columns that the first argument means: one, a list in parentheses, or a star with its options.
fn searched(call: &mut FnCall<'_, '_>) -> Result<Vec<Typed>> {
    let Some(first) = call.ast_arg(0) else {
        let starred = first_only(call.ast);
        let mut inner = FnCall {
            binder: call.binder,
            name: call.name,
            ast: &starred,
        };
        let columns = inner.star()?.unwrap_or_default();
        return Ok(columns.into_iter().map(|(_, v)| v).collect());
    };
    let items: Vec<&ast::Expr> = match first {
        ast::Expr::Tuple(items) => items.iter().collect(),
        ast::Expr::Nested(e) => vec![e.as_ref()],
        other => vec![other],
    };
    let mut out = Vec::new();
    for e in items {
        let star = match e {
            ast::Expr::Wildcard(_) => Some(ast::FunctionArgExpr::Wildcard),
            ast::Expr::Function(f) if dwsim_engine::plan::is_star(f) => {
                Some(ast::FunctionArgExpr::Expr(e.clone()))
            }
            ast::Expr::QualifiedWildcard(name, _) => {
                Some(ast::FunctionArgExpr::QualifiedWildcard(name.clone()))
            }
            _ => None,
        };
        match star {
            Some(star) => {
                let mut one = call.ast.clone();
                if let ast::FunctionArguments::List(l) = &mut one.args {
                    l.args = vec![ast::FunctionArg::Unnamed(star)];
                }
                let mut inner = FnCall {
                    binder: call.binder,
                    name: call.name,
                    ast: &one,
                };
                let columns = inner.star()?.unwrap_or_default();
                out.extend(columns.into_iter().map(|(_, v)| v));
            }
            None => out.push(call.binder.expr(e)?),
        }
    }
    Ok(out)
}

/// The call with its first argument only, which is a star.
fn first_only(f: &ast::Function) -> ast::Function {
    let mut one = f.clone();
    if let ast::FunctionArguments::List(l) = &mut one.args {
        l.args.truncate(1);
    }
    one
}

/// `SEARCH(data, text [, ANALYZER => …] [, SEARCH_MODE => …])`, `SEARCH_IP(data, address)`.
fn search(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let compilation = |code: &str, message: String| {
        SqlError::raw(code, "22023", format!("SQL compilation error:\n{message}"))
    };
    // These two are told with the place of the call.
    let placed = |call: &FnCall<'_, '_>, code: &str, message: &str, apart: char| {
        let at = place(call);
        let shown = at.map_or_else(String::new, |p| {
            format!(
                " error line {} at position {}",
                p.line,
                p.column.saturating_sub(1)
            )
        });
        let colon = if apart == ' ' && at.is_some() {
            ":"
        } else {
            ""
        };
        let text = format!("SQL compilation error:{shown}{colon}{apart}{message}");
        SqlError::raw(code, "22023", text).at(at)
    };
    let unnamed = (0..call.len())
        .filter(|i| call.arg_name(*i).is_none())
        .count();
    let ip = call.name == "SEARCH_IP";
    if unnamed < 2 {
        return Err(call.count_error(2, unnamed));
    }
    let columns = searched(call)?;
    let wanted = call.bind(1)?;
    if wanted.literal().is_none() && !dwsim_engine::exec::is_constant(&wanted.expr) {
        let shown = call
            .binder
            .column_label(&wanted)
            .or_else(|| call.ast_arg(1).map(ToString::to_string))
            .unwrap_or_default();
        return Err(compilation(
            "001015",
            format!(
                "argument 1 to function {} needs to be constant, found '{shown}'",
                call.name
            ),
        ));
    }
    if !wanted.ty.is_text() && wanted.ty != SqlType::Null {
        return Err(compilation(
            "001045",
            "argument needs to be a string: '1'".to_owned(),
        ));
    }
    if unnamed > 2 {
        let message = format!(
            "too many arguments for function [{}] expected 2, got {unnamed}",
            call.name
        );
        return Err(placed(call, "000939", &message, '\n'));
    }
    let fits = |c: &Typed| c.ty.is_text() || c.ty.is_semi();
    let columns: Vec<Typed> = columns.into_iter().filter(fits).collect();
    if columns.is_empty() {
        return Err(placed(
            call,
            "001173",
            "Expected non-empty set of columns supporting full-text search.",
            ' ',
        ));
    }
    let wanted = call.coerce(wanted, Param::Text)?;
    let mut args = vec![wanted];
    if ip {
        args.extend(columns);
        return Ok(call.kernel(t::search_ip, args, SqlType::Boolean));
    }
    let (mut analyzer, mut mode) = (call.binder.text("DEFAULT_ANALYZER"), call.binder.text("OR"));
    for i in 2..call.len() {
        let value = call.bind(i)?;
        match call.arg_name(i).as_deref() {
            Some("analyzer") => analyzer = call.coerce(value, Param::Text)?,
            Some("search_mode") => mode = call.coerce(value, Param::Text)?,
            other => {
                return Err(SqlError::argument(
                    call.name,
                    format!(
                        "{} has no argument named {}",
                        call.name,
                        other.unwrap_or_default()
                    ),
                ));
            }
        }
    }
    args.push(analyzer);
    args.push(mode);
    args.extend(columns);
    Ok(call.kernel(t::search, args, SqlType::Boolean))
}
