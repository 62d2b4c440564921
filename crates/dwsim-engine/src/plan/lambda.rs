//! Lambdas: a body bound once over its parameters and the columns it captures, evaluated over all elements at once.
//! Which functions take lambdas is the dialects' affair; the three of Snowflake are here.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, LargeBinaryArray, LargeBinaryBuilder, UInt32Array,
    new_null_array,
};
use arrow::compute::{concat, interleave, take};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use sqlparser::ast;

use super::{Binder, CastMode};
use crate::error::{Result, SqlError};
use crate::functions::{Call, Closure, FnCall, Typed, closure_expr, may_linger};
use crate::types::{SqlType, Structured};
use crate::variant::{Builder, Ref};

/// How often the type of an accumulator may grow before it is fixed.
const GROWTH: usize = 4;

/// What is done with the values of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Filter,
    Transform,
    Reduce,
}

/// A bound body.
#[derive(Debug)]
struct Lambda {
    kind: Kind,
    key: String,
    body: Arc<dyn PhysicalExpr>,
    /// Parameters first, then captured columns.
    schema: SchemaRef,
}

/// One parameter as written.
struct Parameter {
    name: String,
    ty: Option<SqlType>,
}

/// FILTER(array, x -> condition).
///
/// # Errors
/// Arguments of other types, bodies that are no condition.
pub fn filter(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (array, item) = array_argument(call)?;
    let (params, body) = lambda(call, 1, 1)?;
    let text = body.to_string();
    let param = element(call.binder, &params, 0, item.as_ref())?;
    let bound = call.binder.lambda_body(&params, vec![param], body)?;
    let bound = call.binder.condition(bound)?;
    let ty = array.ty.clone();
    finish(
        call,
        Kind::Filter,
        &text,
        vec![array],
        vec![SqlType::Variant],
        bound,
        ty,
    )
}

/// TRANSFORM(array, x -> value).
///
/// # Errors
/// Arguments of other types.
pub fn transform(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (array, item) = array_argument(call)?;
    let (params, body) = lambda(call, 1, 1)?;
    let text = body.to_string();
    let param = element(call.binder, &params, 0, item.as_ref())?;
    let bound = call.binder.lambda_body(&params, vec![param], body)?;
    // The elements of a structured array become those of another one.
    let ty = match (&item, &bound.ty) {
        (Some(_), SqlType::Null) | (None, _) => SqlType::Array,
        (Some(_), ty) => SqlType::Structured(Box::new(Structured::Array {
            element: ty.clone(),
            nullable: true,
        })),
    };
    let bound = call
        .binder
        .cast(bound, &SqlType::Variant, CastMode::Explicit)?;
    finish(
        call,
        Kind::Transform,
        &text,
        vec![array],
        vec![SqlType::Variant],
        bound,
        ty,
    )
}

/// REDUCE(array, initial, (accumulator, x) -> value).
///
/// # Errors
/// Arguments of other types, values that have no common type with the accumulator.
pub fn reduce(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(3, 3)?;
    let (array, item) = array_argument(call)?;
    let init = call.bind(1)?;
    let (params, body) = lambda(call, 2, 2)?;
    let text = body.to_string();
    let mut acc = match &params[0].ty {
        Some(ty) => ty.clone(),
        None if init.ty == SqlType::Null => SqlType::Variant,
        // A literal's length or digits are no bound for what is accumulated.
        None => wide(&init.ty),
    };
    let mut bound = None;
    for round in 0..=GROWTH {
        let depth = call.binder.lambda_depth();
        let column = Typed::new(
            Expr::Column(Column::from_name(parameter_name(&params[0].name, depth))),
            acc.clone(),
        );
        let x = element(call.binder, &params, 1, item.as_ref())?;
        let value = call.binder.lambda_body(&params, vec![column, x], body)?;
        // The initial value's kind of number stays: elements are VARIANT, with which arithmetic gives floats.
        if params[0].ty.is_none() && value.ty == SqlType::Double && acc.decimal_shape().is_some() {
            bound = Some(
                call.binder
                    .kernel("exact", exact_float, vec![value], acc.clone()),
            );
            break;
        }
        if params[0].ty.is_none() && round < GROWTH {
            let common = call.binder.dialect.common_type(&acc, &value.ty);
            let next = common.map(|t| wide(&t)).unwrap_or_else(|| acc.clone());
            if next != acc {
                acc = next;
                continue;
            }
        }
        bound = Some(call.binder.cast(value, &acc, CastMode::Implicit)?);
        break;
    }
    let bound = bound.ok_or_else(|| SqlError::internal("REDUCE has no accumulator type"))?;
    let init = call.binder.cast(init, &acc, CastMode::Implicit)?;
    let ty = acc.clone();
    finish(
        call,
        Kind::Reduce,
        &text,
        vec![array, init],
        vec![acc, SqlType::Variant],
        bound,
        ty,
    )
}

/// A float as the exact number that it stands for.
fn exact_float(call: &Call<'_>) -> Result<ArrayRef> {
    let floats = call.double(0)?;
    let Some((_, scale)) = call.returns.decimal_shape() else {
        return Err(SqlError::internal("an exact accumulator is a number"));
    };
    let unit = 10f64.powi(i32::from(scale));
    let mut out = arrow::array::Decimal128Array::builder(call.rows);
    for row in 0..call.rows {
        out.append_option(match floats.get(row) {
            None => None,
            Some(v) => {
                let digits = (v * unit).round();
                if digits / unit != v || digits.abs() >= 1e38 {
                    return Err(SqlError::argument(
                        "REDUCE",
                        format!(
                            "{v} does not fit the initial value's type {}; give the accumulator a type",
                            call.env.dialect.type_name(call.returns)
                        ),
                    ));
                }
                Some(digits as i128)
            }
        });
    }
    Ok(std::sync::Arc::new(
        out.finish().with_precision_and_scale(38, scale as i8)?,
    ))
}

/// The widest type of a kind, for a value that grows.
fn wide(ty: &SqlType) -> SqlType {
    match ty {
        SqlType::Number { scale, .. } => SqlType::number(38, *scale),
        SqlType::Varchar(_) | SqlType::Collated(_) | SqlType::Char(_) => SqlType::text(),
        SqlType::Binary(_) => SqlType::Binary(None),
        other => other.clone(),
    }
}

/// The array, and the type of its elements when it is a structured one.
fn array_argument(call: &mut FnCall<'_, '_>) -> Result<(Typed, Option<SqlType>)> {
    let given = call.bind(0)?;
    match &given.ty {
        SqlType::Array => Ok((given, None)),
        SqlType::Structured(s) => match s.as_ref() {
            Structured::Array { element, .. } => {
                let element = element.clone();
                Ok((given, Some(element)))
            }
            _ => Err(call.type_error(&[given])),
        },
        SqlType::Variant | SqlType::Null => {
            Ok((call.coerce(given, crate::functions::Param::Array)?, None))
        }
        _ => Err(call.type_error(&[given])),
    }
}

fn parameter_name(name: &str, depth: usize) -> String {
    format!("{name}@{depth}")
}

/// The parameters and body of argument `i`, which must be a lambda with `count` parameters.
fn lambda<'a>(
    call: &FnCall<'a, '_>,
    i: usize,
    count: usize,
) -> Result<(Vec<Parameter>, &'a ast::Expr)> {
    let Some(ast::Expr::Lambda(l)) = call.ast_arg(i) else {
        return Err(SqlError::argument(
            call.name,
            format!(
                "argument {} of {} must be a lambda expression",
                i + 1,
                call.name
            ),
        ));
    };
    let written: Vec<&ast::LambdaFunctionParameter> = match &l.params {
        ast::OneOrManyWithParens::One(p) => vec![p],
        ast::OneOrManyWithParens::Many(ps) => ps.iter().collect(),
    };
    if written.len() != count {
        return Err(SqlError::argument(
            call.name,
            format!(
                "the lambda expression of {} takes {count} parameter(s), {} given",
                call.name,
                written.len()
            ),
        ));
    }
    let params = written
        .into_iter()
        .map(|p| {
            Ok(Parameter {
                name: call.binder.dialect.fold(&p.name),
                ty: p
                    .data_type
                    .as_ref()
                    .map(|t| call.binder.dialect.data_type(t))
                    .transpose()?,
            })
        })
        .collect::<Result<_>>()?;
    Ok((params, &l.body))
}

/// The value of the parameter that stands for an element, of the element's type when that is known.
fn element(
    binder: &mut Binder<'_>,
    params: &[Parameter],
    i: usize,
    item: Option<&SqlType>,
) -> Result<Typed> {
    let name = parameter_name(&params[i].name, binder.lambda_depth());
    let stored = Typed::new(Expr::Column(Column::from_name(name)), SqlType::Variant);
    match item {
        Some(ty) => binder.cast(stored, ty, CastMode::Explicit),
        None => Ok(stored),
    }
}

impl Binder<'_> {
    /// How many lambda parameters are visible; it tells the parameters of nested lambdas apart.
    fn lambda_depth(&self) -> usize {
        self.scopes.iter().map(|s| s.lambdas.len()).sum()
    }

    /// Binds a lambda's body with these values for its parameters, as their declared types.
    fn lambda_body(
        &mut self,
        params: &[Parameter],
        values: Vec<Typed>,
        body: &ast::Expr,
    ) -> Result<Typed> {
        let mut lambdas = Vec::with_capacity(params.len());
        for (p, v) in params.iter().zip(values) {
            let v = match &p.ty {
                Some(ty) => self.cast(v, ty, CastMode::Explicit)?,
                None => v,
            };
            lambdas.push((p.name.clone(), v));
        }
        let scope = self.scope();
        let before = scope.lambdas.len();
        scope.lambdas.extend(lambdas);
        let aggregates = std::mem::replace(&mut scope.aggregates, false);
        let bound = self.expr(body);
        let scope = self.scope();
        scope.lambdas.truncate(before);
        scope.aggregates = aggregates;
        bound
    }

    /// The type of a plan column that some scope offers.
    fn type_of(&self, column: &Column) -> Option<SqlType> {
        self.scopes.iter().rev().find_map(|s| {
            s.columns
                .iter()
                .find(|c| c.internal == *column)
                .map(|c| c.ty.clone())
        })
    }
}

/// The call over its arguments and the columns that the body captures.
fn finish(
    call: &mut FnCall<'_, '_>,
    kind: Kind,
    text: &str,
    mut args: Vec<Typed>,
    parameters: Vec<SqlType>,
    body: Typed,
    returns: SqlType,
) -> Result<Typed> {
    // A parameter that the body does not use still has its column.
    let names = lambda_names(call, kind);
    let mut captured: Vec<Expr> = Vec::new();
    let mut refused = false;
    body.expr.apply(|e| {
        match e {
            Expr::Column(c) if c.relation.is_none() && names.contains(&c.name) => {}
            Expr::Column(_) | Expr::OuterReferenceColumn(..) if !captured.contains(e) => {
                captured.push(e.clone());
            }
            Expr::ScalarSubquery(_)
            | Expr::InSubquery(_)
            | Expr::Exists(_)
            | Expr::SetComparison(_)
            | Expr::AggregateFunction(_)
            | Expr::WindowFunction(_) => refused = true,
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    if refused {
        return Err(SqlError::unsupported(format!(
            "a query or aggregate in the lambda expression of {}",
            call.name
        )));
    }
    let mut fields: Vec<Field> = names
        .iter()
        .zip(&parameters)
        .map(|(n, t)| Field::new(n, t.arrow(), true))
        .collect();
    for (i, e) in captured.iter().enumerate() {
        let (ty, sql) = match e {
            Expr::OuterReferenceColumn(f, c) => {
                let sql = call.binder.type_of(c).unwrap_or(SqlType::Variant);
                (f.data_type().clone(), sql)
            }
            Expr::Column(c) => {
                let sql = call.binder.type_of(c).or_else(|| {
                    // A parameter of a lambda around this one.
                    call.binder
                        .scopes
                        .iter()
                        .flat_map(|s| &s.lambdas)
                        .find(|(_, t)| t.expr == *e)
                        .map(|(_, t)| t.ty.clone())
                });
                let sql = sql.unwrap_or(SqlType::Variant);
                (sql.arrow(), sql)
            }
            _ => {
                return Err(SqlError::internal(
                    "a captured expression that is no column",
                ));
            }
        };
        fields.push(Field::new(format!("captured{i}"), ty, true));
        args.push(Typed::new(e.clone(), sql));
    }
    let replaced = body
        .expr
        .transform_up(|e| {
            Ok(match captured.iter().position(|c| *c == e) {
                Some(i) => {
                    Transformed::yes(Expr::Column(Column::from_name(format!("captured{i}"))))
                }
                None => Transformed::no(e),
            })
        })
        .map(|t| t.data)?;
    let schema = Arc::new(Schema::new(fields));
    let df = DFSchema::try_from(Arc::clone(&schema))?;
    let physical = create_physical_expr(
        &replaced,
        &df,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )?;
    let closure = Lambda {
        kind,
        key: format!("{kind:?}({text})"),
        body: physical,
        schema,
    };
    let name = format!("{}[{text}]", call.name);
    let env = call.env();
    Ok(closure_expr(
        name,
        Arc::new(closure),
        args,
        returns,
        None,
        &env,
        false,
    ))
}

/// The plan names of the parameters, in order.
fn lambda_names(call: &FnCall<'_, '_>, kind: Kind) -> Vec<String> {
    let depth = call.binder.lambda_depth();
    let at = if kind == Kind::Reduce { 2 } else { 1 };
    let Some(ast::Expr::Lambda(l)) = call.ast_arg(at) else {
        return Vec::new();
    };
    let fold = |p: &ast::LambdaFunctionParameter| {
        parameter_name(&call.binder.dialect.fold(&p.name), depth)
    };
    match &l.params {
        ast::OneOrManyWithParens::One(p) => vec![fold(p)],
        ast::OneOrManyWithParens::Many(ps) => ps.iter().map(fold).collect(),
    }
}

/// All elements of an array column in one column, with the row of each; rows that are NULL have none.
struct Elements {
    values: LargeBinaryArray,
    rows: Vec<u32>,
    /// Where the elements of row `i` start.
    starts: Vec<u32>,
}

fn elements(arrays: &LargeBinaryArray) -> Elements {
    let mut values = LargeBinaryBuilder::new();
    let mut rows = Vec::new();
    let mut starts = Vec::with_capacity(arrays.len() + 1);
    for i in 0..arrays.len() {
        starts.push(rows.len() as u32);
        if arrays.is_null(i) {
            continue;
        }
        for item in Ref::new(arrays.value(i)).items().into_iter().flatten() {
            if item.is_undefined() {
                values.append_null();
            } else {
                values.append_value(item.bytes());
            }
            rows.push(i as u32);
        }
    }
    starts.push(rows.len() as u32);
    Elements {
        values: values.finish(),
        rows,
        starts,
    }
}

impl Lambda {
    /// The body over these parameter columns and the captured columns of these rows.
    fn evaluate(
        &self,
        parameters: Vec<ArrayRef>,
        captured: &[ArrayRef],
        rows: &[u32],
    ) -> Result<ArrayRef> {
        let mut columns = parameters;
        let indices = UInt32Array::from(rows.to_vec());
        for c in captured {
            columns.push(take(c.as_ref(), &indices, None)?);
        }
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = arrow::array::RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns,
            &options,
        )?;
        Ok(self.body.evaluate(&batch)?.into_array(rows.len())?)
    }
}

/// Arguments as full columns.
fn full(call: &Call<'_>, i: usize) -> Result<ArrayRef> {
    let c = &call.args[i];
    if c.scalar && call.rows != 1 {
        let indices = UInt32Array::from(vec![0; call.rows]);
        return Ok(take(c.array.as_ref(), &indices, None)?);
    }
    Ok(Arc::clone(&c.array))
}

impl Closure for Lambda {
    fn key(&self) -> &str {
        &self.key
    }

    fn lingers(&self) -> bool {
        may_linger(&self.body)
    }

    fn call(&self, call: &Call<'_>) -> Result<ArrayRef> {
        let first = if self.kind == Kind::Reduce { 2 } else { 1 };
        let columns = (0..call.args.len())
            .map(|i| full(call, i))
            .collect::<Result<Vec<_>>>()?;
        let arrays = columns[0]
            .as_any()
            .downcast_ref::<LargeBinaryArray>()
            .ok_or_else(|| SqlError::internal("a lambda's array is no array"))?;
        let all = elements(arrays);
        let captured = &columns[first..];
        match self.kind {
            Kind::Reduce => self.reduce(&columns[1], arrays, &all, captured),
            Kind::Filter => {
                let mask =
                    self.evaluate(vec![Arc::new(all.values.clone())], captured, &all.rows)?;
                let mask: &BooleanArray = mask.as_boolean();
                Ok(rebuild(arrays, &all, |i, out| {
                    if mask.is_valid(i) && mask.value(i) {
                        if all.values.is_null(i) {
                            out.undefined();
                        } else {
                            out.raw(all.values.value(i));
                        }
                    }
                }))
            }
            Kind::Transform => {
                let new = self.evaluate(vec![Arc::new(all.values.clone())], captured, &all.rows)?;
                let new = new
                    .as_any()
                    .downcast_ref::<LargeBinaryArray>()
                    .ok_or_else(|| SqlError::internal("TRANSFORM's values are no VARIANT"))?;
                Ok(rebuild(arrays, &all, |i, out| {
                    if new.is_null(i) {
                        out.undefined();
                    } else {
                        out.raw(new.value(i));
                    }
                }))
            }
        }
    }
}

/// Arrays again: per row, what `write` appends for each of its elements.
fn rebuild(
    arrays: &LargeBinaryArray,
    all: &Elements,
    mut write: impl FnMut(usize, &mut Builder<'_>),
) -> ArrayRef {
    let mut out = LargeBinaryBuilder::with_capacity(arrays.len(), all.values.value_data().len());
    let mut bytes = Vec::new();
    for row in 0..arrays.len() {
        if arrays.is_null(row) {
            out.append_null();
            continue;
        }
        bytes.clear();
        let mut b = Builder { out: &mut bytes };
        b.begin_array();
        for i in all.starts[row]..all.starts[row + 1] {
            write(i as usize, &mut b);
        }
        b.end();
        out.append_value(&bytes);
    }
    Arc::new(out.finish())
}

impl Lambda {
    /// Step `k` takes the k-th element of every row that has one.
    fn reduce(
        &self,
        init: &ArrayRef,
        arrays: &LargeBinaryArray,
        all: &Elements,
        captured: &[ArrayRef],
    ) -> Result<ArrayRef> {
        let mut acc = Arc::clone(init);
        let longest = all
            .starts
            .windows(2)
            .map(|w| w[1] - w[0])
            .max()
            .unwrap_or(0);
        for k in 0..longest {
            let rows: Vec<u32> = (0..arrays.len())
                .filter(|r| all.starts[*r] + k < all.starts[*r + 1])
                .map(|r| r as u32)
                .collect();
            let at =
                UInt32Array::from_iter_values(rows.iter().map(|r| all.starts[*r as usize] + k));
            let x = take(&all.values, &at, None)?;
            let before = take(acc.as_ref(), &UInt32Array::from(rows.clone()), None)?;
            let after = self.evaluate(vec![before, x], captured, &rows)?;
            if rows.len() == arrays.len() {
                acc = after;
                continue;
            }
            let mut source: Vec<(usize, usize)> = (0..arrays.len()).map(|r| (0, r)).collect();
            for (i, r) in rows.iter().enumerate() {
                source[*r as usize] = (1, i);
            }
            acc = interleave(&[acc.as_ref(), after.as_ref()], &source)?;
        }
        if arrays.null_count() == 0 {
            return Ok(acc);
        }
        // Without an array there is no value.
        let null = new_null_array(acc.data_type(), 1);
        let both = concat(&[acc.as_ref(), null.as_ref()])?;
        let at: UInt32Array = (0..arrays.len() as u32)
            .map(|r| {
                Some(if arrays.is_null(r as usize) {
                    arrays.len() as u32
                } else {
                    r
                })
            })
            .collect();
        Ok(take(both.as_ref(), &at, None)?)
    }
}
