//! Reading and writing the states that are VARIANT values.
//! What they mean is in the files beside this one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray};

use crate::error::{Result, SqlError};
use crate::functions::AggCall;
use crate::variant::{Kind, Ref, Value};

/// An array of one encoded value, or of NULL.
pub(super) fn one(v: Option<Value>) -> ArrayRef {
    Arc::new(LargeBinaryArray::from_iter([v.map(|v| v.encode())]))
}

/// A state of a type: `{"state": …, "type": ty, "version": 1}` with further members.
pub(super) fn state(ty: &str, state: Vec<Value>, more: Vec<(String, Value)>) -> Value {
    let mut members = more;
    members.push(("state".into(), Value::Array(state)));
    members.push(("type".into(), Value::text(ty)));
    members.push(("version".into(), Value::int(1)));
    members.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Object(members)
}

/// The member `state` of a state of a type.
///
/// # Errors
/// When the value is no such state.
pub(super) fn items<'a>(name: &str, ty: &str, v: Ref<'a>) -> Result<Vec<Ref<'a>>> {
    let fits = v.member("type").and_then(|t| t.as_str()).as_deref() == Some(ty);
    match v.member("state").and_then(|s| s.items()) {
        Some(items) if fits => Ok(items.collect()),
        _ => Err(SqlError::argument(
            name,
            format!("the argument is no state of type {ty}"),
        )),
    }
}

/// A number as a float.
pub(super) fn number(v: Ref<'_>) -> Option<f64> {
    match v.kind() {
        Kind::Decimal(d, s) => Some(crate::variant::decimal_to_f64(d, s)),
        Kind::Double(d) => Some(d),
        _ => None,
    }
}

/// The encoded values of argument 0 that are not NULL.
pub(super) fn variants<'a>(call: &'a AggCall<'_>) -> impl Iterator<Item = Ref<'a>> {
    let a = call.args[0].as_binary::<i64>();
    (0..a.len())
        .filter(|i| a.is_valid(*i))
        .map(|i| Ref::new(a.value(i)))
}

/// A constant whole-number argument: its value in the first row.
pub(super) fn constant(call: &AggCall<'_>, i: usize) -> Option<i64> {
    let a = call
        .args
        .get(i)?
        .as_primitive_opt::<arrow::datatypes::Int64Type>()?;
    (!a.is_empty() && a.is_valid(0)).then(|| a.value(0))
}
