//! Scalar functions in JavaScript, called once per batch.
//! The program is compiled for each batch; its values are converted by `values`.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use dwsim_engine::catalog::{Returns, Routine, Volatility};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::exec::over_column;
use dwsim_engine::functions::{Call, Closure, Typed, closure_expr, conform};
use dwsim_engine::plan::{Binder, CastMode};
use dwsim_engine::types::SqlType;

use super::machine::{Limits, Machine, parameter_list};
use super::values;

/// Bytes of stack for a program that runs in a query.
pub(super) const STACK: usize = 256 << 10;

/// A function with its program.
#[derive(Debug)]
struct Program {
    key: String,
    routine: Arc<Routine>,
    names: Vec<String>,
    limits: Limits,
    returns: SqlType,
}

/// The call of a JavaScript function.
///
/// # Errors
/// Argument names that JavaScript cannot have.
pub(crate) fn scalar_function(
    binder: &mut Binder<'_>,
    routine: &Arc<Routine>,
    args: Vec<Typed>,
    limits: Limits,
) -> Result<Typed> {
    let Returns::Value { ty, .. } = &routine.returns else {
        return Err(SqlError::internal("a function without a value"));
    };
    let names: Vec<String> = routine.inputs().map(|a| a.name.clone()).collect();
    parameter_list(&names)?;
    // The program's values as SQL would convert them: text that stands for a number, say.
    let program = Program {
        key: format!("{}:{}", routine.oid, routine.name),
        routine: Arc::clone(routine),
        names,
        limits,
        returns: ty.clone(),
    };
    let env = Arc::clone(&binder.env);
    Ok(closure_expr(
        routine.name.clone(),
        Arc::new(program),
        args,
        ty.clone(),
        None,
        &env,
        routine.volatility != Volatility::Immutable,
    ))
}

/// Values as the declared type, converted as SQL does.
pub(super) fn converted(
    call: &Call<'_>,
    array: ArrayRef,
    from: &SqlType,
    to: &SqlType,
) -> Result<ArrayRef> {
    if from == to {
        return Ok(array);
    }
    if dwsim_engine::kernels::cast::is_relabel(from, to) {
        return conform(array, to);
    }
    let kernel = dwsim_engine::kernels::cast::kernel(from, to, call.env.dialect);
    let column = Typed::new(
        datafusion::logical_expr::Expr::Column(datafusion::common::Column::from_name("value")),
        from.clone(),
    );
    let env = Arc::new(call.env.clone());
    match kernel {
        Some(k) => {
            let name = CastMode::Implicit.kernel_name();
            let e = dwsim_engine::functions::kernel_expr(
                name,
                k,
                vec![column],
                to.clone(),
                &env,
                false,
            );
            over_column(&e.expr, &array)
        }
        None => conform(array, to),
    }
}

impl Closure for Program {
    fn key(&self) -> &str {
        &self.key
    }

    fn lingers(&self) -> bool {
        true
    }

    fn call(&self, call: &Call<'_>) -> Result<ArrayRef> {
        let machine = Machine::new(
            &self.routine.name,
            &self.routine.body,
            self.limits.clone(),
            STACK,
        )?;
        let source = format!(
            "var $f = function({}){{{}\n}};",
            parameter_list(&self.names)?,
            self.routine.body
        );
        machine.load(&source)?;
        let columns: Vec<(ArrayRef, bool)> = call
            .args
            .iter()
            .map(|c| (Arc::clone(&c.array), c.scalar))
            .collect();
        // Rows with a NULL are left out of a strict function.
        let rows: Vec<u32> = (0..call.rows)
            .filter(|r| !self.routine.strict || !call.args.iter().any(|c| c.is_null(*r)))
            .map(|r| r as u32)
            .collect();
        let all = rows.len() == call.rows;
        let columns = if all {
            columns
        } else {
            let at = UInt32Array::from(rows.clone());
            columns
                .into_iter()
                .map(|(a, scalar)| {
                    Ok(if scalar {
                        (a, true)
                    } else {
                        (take(a.as_ref(), &at, None)?, false)
                    })
                })
                .collect::<Result<_>>()?
        };
        let text = values::encode(&columns, call.types, rows.len())?;
        let code = values::code(&self.returns).to_string();
        let out = machine.call("$scalar", &[&text, &values::codes(call.types), &code])?;
        let out: Vec<serde_json::Value> = serde_json::from_str(&out)
            .map_err(|e| SqlError::internal(format!("JavaScript gave no JSON: {e}")))?;
        let out: Vec<&serde_json::Value> = out.iter().collect();
        let (array, ty) = values::decode(&out, &self.returns)?;
        let array = converted(call, array, &ty, &self.returns)?;
        if all {
            return Ok(array);
        }
        let mut at = vec![None; call.rows];
        for (i, r) in rows.iter().enumerate() {
            at[*r as usize] = Some(i as u32);
        }
        let at = UInt32Array::from(at);
        Ok(take(array.as_ref(), &at, None)?)
    }
}
