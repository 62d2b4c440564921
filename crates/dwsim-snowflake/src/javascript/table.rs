//! Table functions in JavaScript: processRow per input row, initialize and finalize around them.
//! A batch of input rows is a partition, as Snowflake partitions arbitrarily without PARTITION BY.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use dwsim_engine::catalog::{Returns, Routine};
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{Call, Closure, Typed, closure_expr};
use dwsim_engine::plan::{Binder, Relation};
use dwsim_engine::types::SqlType;
use serde::Deserialize;

use super::function::{STACK, converted};
use super::machine::{Limits, Machine};
use super::values;

#[derive(Debug)]
struct Program {
    key: String,
    routine: Arc<Routine>,
    columns: Vec<(String, SqlType)>,
    fields: Fields,
    limits: Limits,
    /// Rows of a partition are joined to other tables.
    joined: bool,
}

/// What a program wrote: for each of its rows, and when it was finished.
#[derive(Deserialize)]
pub(super) struct Written {
    pub rows: Vec<Vec<Vec<serde_json::Value>>>,
    pub last: Vec<Vec<serde_json::Value>>,
}

/// Runs the program of a table function over the rows of a partition.
///
/// # Errors
/// What the program throws.
pub(super) fn run(
    routine: &Routine,
    outputs: &[(String, SqlType)],
    limits: &Limits,
    columns: &[(ArrayRef, bool)],
    types: &[SqlType],
    rows: usize,
) -> Result<Written> {
    let machine = Machine::new(&routine.name, &routine.body, limits.clone(), STACK)?;
    let body = routine.body.trim_end().trim_end_matches(';');
    machine.load(&format!("var $f = ({body}\n);"))?;
    let text = values::encode(columns, types, rows)?;
    let names: Vec<&str> = routine.inputs().map(|a| a.name.as_str()).collect();
    let codes: Vec<String> = outputs
        .iter()
        .map(|(_, t)| values::code(t).to_string())
        .collect();
    let written: Vec<&str> = outputs.iter().map(|(n, _)| n.as_str()).collect();
    let shape = serde_json::json!({ "names": names, "columns": written, "codes": codes });
    let out = machine.call(
        "$table",
        &[&text, &values::codes(types), &shape.to_string()],
    )?;
    serde_json::from_str(&out)
        .map_err(|e| SqlError::internal(format!("JavaScript gave no JSON: {e}")))
}

/// The call of a JavaScript table function, joined to what stands before it.
///
/// # Errors
/// What the plan gives.
pub(crate) fn table_function(
    binder: &mut Binder<'_>,
    routine: &Arc<Routine>,
    args: Vec<Typed>,
    left: Option<Relation>,
    outer: bool,
    limits: Limits,
) -> Result<Relation> {
    let Returns::Table(columns) = &routine.returns else {
        return Err(SqlError::internal("a table function without columns"));
    };
    let fields: Vec<Field> = columns
        .iter()
        .map(|(n, t)| Field::new(n, t.arrow(), true))
        .collect();
    let fields: Fields = fields.into();
    let list = DataType::List(Arc::new(Field::new_list_field(
        DataType::Struct(fields.clone()),
        true,
    )));
    let program = Program {
        key: format!("{}:{}", routine.oid, routine.name),
        routine: Arc::clone(routine),
        columns: columns.clone(),
        fields,
        limits,
        joined: left.is_some(),
    };
    let env = Arc::clone(&binder.env);
    let call = closure_expr(
        routine.name.clone(),
        Arc::new(program),
        args,
        SqlType::Array,
        Some(list),
        &env,
        true,
    );
    let named: Vec<(&str, SqlType)> = columns
        .iter()
        .map(|(n, t)| (n.as_str(), t.clone()))
        .collect();
    let before = left.as_ref().map_or(0, |l| l.columns.len());
    let mut r = binder.unnest(left, call.expr, &named, outer)?;
    for (c, (n, _)) in r.columns[before..].iter_mut().zip(columns) {
        c.name.clone_from(n);
        c.qualifier = vec![routine.name.clone()];
    }
    Ok(r)
}

impl Closure for Program {
    fn key(&self) -> &str {
        &self.key
    }

    fn lingers(&self) -> bool {
        true
    }

    fn call(&self, call: &Call<'_>) -> Result<ArrayRef> {
        let columns: Vec<(ArrayRef, bool)> = call
            .args
            .iter()
            .map(|c| (Arc::clone(&c.array), c.scalar))
            .collect();
        let mut out = run(
            &self.routine,
            &self.columns,
            &self.limits,
            &columns,
            call.types,
            call.rows,
        )?;
        if !out.last.is_empty() {
            if self.joined {
                return Err(SqlError::unsupported(
                    "rows written by finalize of a JavaScript table function beside another table without OVER (PARTITION BY …)",
                ));
            }
            match out.rows.last_mut() {
                Some(rows) => rows.append(&mut out.last),
                None => return Err(SqlError::internal("a table function without input")),
            }
        }
        let offsets = OffsetBuffer::from_lengths(out.rows.iter().map(Vec::len));
        let all: Vec<&Vec<serde_json::Value>> = out.rows.iter().flatten().collect();
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (i, (_, ty)) in self.columns.iter().enumerate() {
            let column: Vec<&serde_json::Value> = all.iter().map(|r| &r[i]).collect();
            let (array, from) = values::decode(&column, ty)?;
            arrays.push(converted(call, array, &from, ty)?);
        }
        let structs = StructArray::try_new(self.fields.clone(), arrays, None)?;
        let field = Arc::new(Field::new_list_field(
            DataType::Struct(self.fields.clone()),
            true,
        ));
        Ok(Arc::new(ListArray::try_new(
            field,
            offsets,
            Arc::new(structs),
            None,
        )?))
    }
}
