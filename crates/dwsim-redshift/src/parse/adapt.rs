//! What PostgreSQL's clients write in expressions, as what Redshift's engine knows.
//! Statements are told apart in `dispatch`.

use sqlparser::ast;
use sqlparser::parser::Parser;

use super::grammar::RedshiftGrammar;
use super::statement::Statement;

/// What PostgreSQL's clients write and Redshift's engine has by another name:
/// `'name'::regclass` is a look-up, `OPERATOR(pg_catalog.~)` a plain operator, `COLLATE pg_catalog.default` nothing.
///
/// With `arrays`, arrays of small numbers are those of the catalogs and not of type SUPER.
pub(super) fn adapt(statement: &mut Statement, arrays: bool) {
    let change = |e: &mut ast::Expr| {
        adapt_expression(e, arrays);
        std::ops::ControlFlow::<()>::Continue(())
    };
    match statement {
        Statement::Query(q) => {
            let _ = ast::visit_expressions_mut(q, change);
        }
        Statement::Dml(s) => {
            let _ = ast::visit_expressions_mut(s, change);
        }
        _ => {}
    }
}

fn adapt_expression(e: &mut ast::Expr, arrays: bool) {
    let last = |name: &ast::ObjectName| {
        name.0
            .last()
            .and_then(|p| p.as_ident())
            .map(|i| i.value.to_lowercase())
            .unwrap_or_default()
    };
    match e {
        ast::Expr::Cast {
            expr, data_type, ..
        } => {
            let named = match data_type {
                ast::DataType::Regclass => "regclass".to_owned(),
                ast::DataType::Custom(name, _) => last(name),
                _ => String::new(),
            };
            match named.as_str() {
                "regclass" => *e = call("to_regclass", (**expr).clone()),
                "regtype" => *e = call("to_regtype", (**expr).clone()),
                _ => {}
            }
        }
        // Arrays of the catalogs are texts: `attnum = ANY (conkey)`.
        ast::Expr::AnyOp {
            left,
            compare_op: ast::BinaryOperator::Eq,
            right,
            ..
        } if !matches!(right.as_ref(), ast::Expr::Subquery(_)) => {
            let array = match right.as_ref() {
                ast::Expr::Nested(e) => (**e).clone(),
                other => other.clone(),
            };
            *e = calls("pg_array_has", vec![array, (**left).clone()]);
        }
        // `array[1::smallint]` beside the arrays of the catalogs.
        ast::Expr::Array(array) if arrays => {
            if let Some(text) = numbers(&array.elem) {
                *e = ast::Expr::Value(ast::Value::SingleQuotedString(text).with_empty_span());
            }
        }
        // Elements of a vector of the catalogs: `ix.indkey[0]`.
        ast::Expr::JsonAccess { value, path } => {
            let [before @ .., ast::JsonPathElem::Bracket { key }] = path.path.as_slice() else {
                return;
            };
            let mut names = match value.as_ref() {
                ast::Expr::Identifier(i) => vec![i.clone()],
                ast::Expr::CompoundIdentifier(parts) => parts.clone(),
                _ => return,
            };
            for step in before {
                match step {
                    ast::JsonPathElem::Dot { key, .. } => names.push(ast::Ident::new(key)),
                    _ => return,
                }
            }
            let vector = names
                .last()
                .is_some_and(|i| i.value.eq_ignore_ascii_case("indkey"));
            if vector {
                let vector = ast::Expr::CompoundIdentifier(names);
                *e = calls("pg_vector_element", vec![vector, key.clone()]);
            }
        }
        ast::Expr::CompoundFieldAccess { root, access_chain } => {
            let [
                before @ ..,
                ast::AccessExpr::Subscript(ast::Subscript::Index { index }),
            ] = access_chain.as_slice()
            else {
                return;
            };
            let mut path = match root.as_ref() {
                ast::Expr::Identifier(i) => vec![i.clone()],
                ast::Expr::CompoundIdentifier(parts) => parts.clone(),
                _ => return,
            };
            for step in before {
                match step {
                    ast::AccessExpr::Dot(ast::Expr::Identifier(i)) => path.push(i.clone()),
                    _ => return,
                }
            }
            let vector = path
                .last()
                .is_some_and(|i| i.value.eq_ignore_ascii_case("indkey"));
            if vector {
                let vector = ast::Expr::CompoundIdentifier(path);
                *e = calls("pg_vector_element", vec![vector, index.clone()]);
            }
        }
        // There are no collations to look up.
        ast::Expr::Subquery(q) if reads(q, "pg_collation") => {
            *e = ast::Expr::Value(ast::Value::Null.with_empty_span());
        }
        ast::Expr::Subquery(q) => aggregate_lookup(q),
        ast::Expr::Collate { expr, collation }
            if matches!(last(collation).as_str(), "default" | "c" | "posix") =>
        {
            *e = (**expr).clone();
        }
        ast::Expr::BinaryOp { op, .. } => {
            let ast::BinaryOperator::PGCustomBinaryOperator(path) = op else {
                return;
            };
            *op = match path.last().map(String::as_str) {
                Some("~") => ast::BinaryOperator::PGRegexMatch,
                Some("~*") => ast::BinaryOperator::PGRegexIMatch,
                Some("!~") => ast::BinaryOperator::PGRegexNotMatch,
                Some("!~*") => ast::BinaryOperator::PGRegexNotIMatch,
                Some("~~") => ast::BinaryOperator::PGLikeMatch,
                Some("!~~") => ast::BinaryOperator::PGNotLikeMatch,
                Some("=") => ast::BinaryOperator::Eq,
                _ => return,
            };
        }
        _ => {}
    }
}

/// Numbers that are cast to SMALLINT, as the text of an array of them.
fn numbers(elements: &[ast::Expr]) -> Option<String> {
    let numbers: Option<Vec<String>> = elements
        .iter()
        .map(|e| match e {
            ast::Expr::Cast {
                expr,
                data_type: ast::DataType::SmallInt(_) | ast::DataType::Int2(_),
                ..
            } => match expr.as_ref() {
                ast::Expr::Value(v) => match &v.value {
                    ast::Value::Number(n, _) => Some(n.to_string()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
        .collect();
    let numbers = numbers.filter(|n| !n.is_empty())?;
    Some(format!("{{{}}}", numbers.join(",")))
}

/// Functions that return rows of several columns, with these columns; `SELECT function()` shows each row as one text.
const ROWS: &[(&str, &str)] = &[
    (
        "pg_timezone_names",
        "name, abbrev, utc_offset, case when is_dst then 't' else 'f' end",
    ),
    (
        "pg_timezone_abbrevs",
        "abbrev, utc_offset, case when is_dst then 't' else 'f' end",
    ),
    (
        "pg_get_cols",
        "view_schema, view_name, col_name, col_type, col_num",
    ),
    (
        "pg_get_late_binding_view_cols",
        "view_schema, view_name, col_name, col_type, col_num",
    ),
    ("pg_get_iam_role_by_user", "grantee, iam_role, cmd_type"),
    (
        "pg_get_grantee_by_iam_role",
        "grantee, grantee_type, cmd_type",
    ),
    ("pg_get_session_roles", "name, id"),
];

/// Turns `SELECT f()` of a set-returning function without FROM into a query of its rows.
pub(super) fn set_returning(query: &mut ast::Query) {
    let ast::SetExpr::Select(select) = query.body.as_mut() else {
        return;
    };
    let (true, [ast::SelectItem::UnnamedExpr(ast::Expr::Function(f))]) =
        (select.from.is_empty(), select.projection.as_slice())
    else {
        return;
    };
    let name = f.name.to_string().to_lowercase();
    let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
    let rows = ROWS
        .iter()
        .find(|r| r.0 == name)
        .and_then(|(name, columns)| {
            let arguments = match &f.args {
                ast::FunctionArguments::List(list) => list.to_string(),
                _ => String::new(),
            };
            let rows = format!("select pg_row_text({columns}) as {name} from {name}({arguments})");
            Parser::new(&RedshiftGrammar)
                .try_with_sql(&rows)
                .and_then(|mut p| p.parse_query())
                .ok()
        });
    if let Some(rows) = rows
        && let ast::SetExpr::Select(rows) = *rows.body
    {
        *select = rows;
    }
}

/// Whether a query's FROM names a system catalog.
fn reads(query: &ast::Query, catalog: &str) -> bool {
    let ast::SetExpr::Select(select) = query.body.as_ref() else {
        return false;
    };
    select.from.iter().any(|f| {
        matches!(&f.relation, ast::TableFactor::Table { name, .. }
            if name.to_string().eq_ignore_ascii_case(&format!("pg_catalog.{catalog}")))
    })
}

/// A condition without the flag `atthasdef`, which says that the default looked up is there.
fn without_flag(e: &ast::Expr) -> Option<ast::Expr> {
    match e {
        ast::Expr::BinaryOp {
            left,
            op: ast::BinaryOperator::And,
            right,
        } => match (without_flag(left), without_flag(right)) {
            (Some(l), Some(r)) => Some(ast::Expr::BinaryOp {
                left: Box::new(l),
                op: ast::BinaryOperator::And,
                right: Box::new(r),
            }),
            (one, other) => one.or(other),
        },
        ast::Expr::CompoundIdentifier(parts)
            if parts
                .last()
                .is_some_and(|i| i.value.eq_ignore_ascii_case("atthasdef")) =>
        {
            None
        }
        other => Some(other.clone()),
    }
}

/// A look-up in system catalogs by their keys gives at most one row: its largest value is its only one,
/// and an aggregated subquery is what the engine can correlate.
fn aggregate_lookup(query: &mut ast::Query) {
    let default = reads(query, "pg_attrdef");
    let ast::SetExpr::Select(select) = query.body.as_mut() else {
        return;
    };
    let system = !select.from.is_empty()
        && select.from.iter().all(|f| {
            f.joins.is_empty()
                && matches!(&f.relation, ast::TableFactor::Table { name, .. }
                    if name.to_string().to_lowercase().starts_with("pg_catalog."))
        });
    let plain = matches!(&select.group_by, ast::GroupByExpr::Expressions(e, _) if e.is_empty());
    if let (true, true, [ast::SelectItem::UnnamedExpr(e)]) =
        (system, plain, select.projection.as_mut_slice())
    {
        *e = call("max", e.clone());
        if default {
            select.selection = select.selection.as_ref().and_then(without_flag);
        }
    }
}

fn call(name: &str, argument: ast::Expr) -> ast::Expr {
    calls(name, vec![argument])
}

fn calls(name: &str, arguments: Vec<ast::Expr>) -> ast::Expr {
    ast::Expr::Function(ast::Function {
        name: ast::ObjectName::from(vec![ast::Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: ast::FunctionArguments::None,
        args: ast::FunctionArguments::List(ast::FunctionArgumentList {
            duplicate_treatment: None,
            args: (arguments.into_iter())
                .map(|a| ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(a)))
                .collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
