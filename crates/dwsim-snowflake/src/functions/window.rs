//! Window-only functions of Snowflake, each with its page of the reference.
//! Aggregates over windows are in `aggregate`.

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{FnCall, Param, Typed, WindowDef, WindowImpl, ret};
use dwsim_engine::kernels::aggregate as agg;
use dwsim_engine::kernels::aggregate::windows::{
    cume_dist, dense_rank, first_value, lag, last_value, lead, nth_value, ntile, percent_rank,
    rank, row_number,
};
use dwsim_engine::types::TypeClass;
use sqlparser::ast;

/// The table's rows.
pub const WINDOWS: &[WindowDef] = &[
    WindowDef {
        name: "ROW_NUMBER",
        page: "https://docs.snowflake.com/en/sql-reference/functions/row_number",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(row_number),
    },
    WindowDef {
        name: "RANK",
        page: "https://docs.snowflake.com/en/sql-reference/functions/rank",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(rank),
    },
    WindowDef {
        name: "DENSE_RANK",
        page: "https://docs.snowflake.com/en/sql-reference/functions/dense_rank",
        params: &[],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(dense_rank),
    },
    WindowDef {
        name: "PERCENT_RANK",
        page: "https://docs.snowflake.com/en/sql-reference/functions/percent_rank",
        params: &[],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::DataFusion(percent_rank),
    },
    WindowDef {
        name: "CUME_DIST",
        page: "https://docs.snowflake.com/en/sql-reference/functions/cume_dist",
        params: &[],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::DataFusion(cume_dist),
    },
    WindowDef {
        name: "NTILE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/ntile",
        params: &[Param::Int],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::DataFusion(ntile),
    },
    WindowDef {
        name: "LAG",
        page: "https://docs.snowflake.com/en/sql-reference/functions/lag",
        params: &[Param::Common, Param::Int, Param::Common],
        optional: 2,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(lag),
    },
    WindowDef {
        name: "LEAD",
        page: "https://docs.snowflake.com/en/sql-reference/functions/lead",
        params: &[Param::Common, Param::Int, Param::Common],
        optional: 2,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(lead),
    },
    WindowDef {
        name: "FIRST_VALUE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/first_value",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(first_value),
    },
    WindowDef {
        name: "LAST_VALUE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/last_value",
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(last_value),
    },
    WindowDef {
        name: "NTH_VALUE",
        page: "https://docs.snowflake.com/en/sql-reference/functions/nth_value",
        params: &[Param::Any, Param::Int],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::DataFusion(nth_value),
    },
    WindowDef {
        name: "RATIO_TO_REPORT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/ratio_to_report",
        params: &[Param::Double],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::Partition(agg::ratio_to_report),
    },
    WindowDef {
        name: "CONDITIONAL_TRUE_EVENT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/conditional_true_event",
        params: &[Param::Bool],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::Partition(agg::conditional_true_event),
    },
    WindowDef {
        name: "CONDITIONAL_CHANGE_EVENT",
        page: "https://docs.snowflake.com/en/sql-reference/functions/conditional_change_event",
        params: &[Param::Any],
        optional: 0,
        returns: ret::bigint,
        implementation: WindowImpl::Partition(agg::conditional_change_event),
    },
    WindowDef {
        name: "INTERPOLATE_BFILL",
        page: page!("interpolate_bfill"),
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::Custom(interpolate),
    },
    WindowDef {
        name: "INTERPOLATE_FFILL",
        page: page!("interpolate_ffill"),
        params: &[Param::Any],
        optional: 0,
        returns: ret::first,
        implementation: WindowImpl::Custom(interpolate),
    },
    WindowDef {
        name: "INTERPOLATE_LINEAR",
        page: page!("interpolate_linear"),
        params: &[Param::Any],
        optional: 0,
        returns: ret::double,
        implementation: WindowImpl::Custom(interpolate),
    },
];

/// The last value at or before a row that is not NULL.
const BEFORE: &str =
    "LAST_VALUE(NULL) IGNORE NULLS OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)";

/// The first value at or behind a row that is not NULL.
const BEHIND: &str =
    "FIRST_VALUE(NULL) IGNORE NULLS OVER (ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)";

/// One of these over the rows of a call's window.
fn neighbour(form: &str, value: ast::Expr, over: &ast::WindowSpec) -> Result<ast::Expr> {
    let mut e = crate::parse::expr(form)?;
    if let ast::Expr::Function(f) = &mut e {
        if let ast::FunctionArguments::List(l) = &mut f.args {
            let value = ast::FunctionArgExpr::Expr(value);
            l.args = vec![ast::FunctionArg::Unnamed(value)];
        }
        if let Some(ast::WindowType::WindowSpec(s)) = &mut f.over {
            s.partition_by.clone_from(&over.partition_by);
            s.order_by.clone_from(&over.order_by);
            s.window_name.clone_from(&over.window_name);
        }
    }
    Ok(e)
}

/// INTERPOLATE_FFILL, INTERPOLATE_BFILL and INTERPOLATE_LINEAR: NULLs from the values around them.
fn interpolate(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let spec = match &call.ast.over {
        Some(ast::WindowType::WindowSpec(s)) => s.clone(),
        Some(ast::WindowType::NamedWindow(n)) => ast::WindowSpec {
            window_name: Some(n.clone()),
            partition_by: Vec::new(),
            order_by: Vec::new(),
            window_frame: None,
        },
        None => return Err(SqlError::argument(call.name, "OVER is needed")),
    };
    if spec.window_frame.is_some() {
        return Err(SqlError::argument(
            call.name,
            format!("{} takes no window frame", call.name),
        ));
    }
    let Some(value) = call.ast_arg(0).cloned() else {
        return Err(SqlError::argument(call.name, "a column is needed"));
    };
    match call.name {
        "INTERPOLATE_FFILL" => {
            let e = neighbour(BEFORE, value, &spec)?;
            return call.binder.expr(&e);
        }
        "INTERPOLATE_BFILL" => {
            let e = neighbour(BEHIND, value, &spec)?;
            return call.binder.expr(&e);
        }
        _ => {}
    }
    let [order] = spec.order_by.as_slice() else {
        return Err(SqlError::argument(
            call.name,
            "INTERPOLATE_LINEAR needs one expression in ORDER BY",
        ));
    };
    let at = order.expr.clone();
    let number = call.binder.expr(&at)?.ty.class() == TypeClass::Numeric;
    let distance = |from: &str, to: &str| {
        if number {
            format!("({to} - {from})::FLOAT")
        } else {
            format!("DATEDIFF(nanosecond, {from}, {to})::FLOAT")
        }
    };
    let known = "CASE WHEN \"$V\" IS NOT NULL THEN \"$T\" END";
    let parts = [("$V", value.clone()), ("$T", at.clone())];
    let known = filled(known, &parts)?;
    let form = format!(
        "CASE WHEN \"$V\" IS NOT NULL THEN \"$V\"::FLOAT ELSE \"$A\" + (\"$B\" - \"$A\") * {} / NULLIF({}, 0) END",
        distance("\"$S\"", "\"$T\""),
        distance("\"$S\"", "\"$E\"")
    );
    let parts = [
        ("$V", value.clone()),
        ("$T", at),
        ("$A", neighbour(BEFORE, value.clone(), &spec)?),
        ("$B", neighbour(BEHIND, value, &spec)?),
        ("$S", neighbour(BEFORE, known.clone(), &spec)?),
        ("$E", neighbour(BEHIND, known, &spec)?),
    ];
    let e = filled(&form, &parts)?;
    call.binder.expr(&e)
}

/// An expression with others in the places of names.
fn filled(form: &str, parts: &[(&str, ast::Expr)]) -> Result<ast::Expr> {
    let mut e = crate::parse::expr(form)?;
    let _: std::ops::ControlFlow<()> = ast::visit_expressions_mut(&mut e, |x| {
        if let ast::Expr::Identifier(i) = x
            && let Some((_, part)) = parts.iter().find(|(n, _)| *n == i.value)
        {
            *x = ast::Expr::Nested(Box::new(part.clone()));
        }
        std::ops::ControlFlow::Continue(())
    });
    Ok(e)
}
