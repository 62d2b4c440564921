//! Conversions to structured types: every part becomes a value of its declared type, or the whole value is refused.
//! Back to VARIANT, ARRAY and OBJECT nothing changes but the type.
//!
//! Source: Snowflake "Structured data types".

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray, LargeBinaryBuilder};

use super::variant::encode_at;
use super::{attempt, kernel};
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{Call, Column, conform};
use crate::kernels::semi::print;
use crate::types::{SqlType, Structured, StructuredField};
use crate::variant::{Builder, JsonStyle, Ref};

/// ARRAY, OBJECT, VARIANT or a structured type as another structured type.
pub(super) fn to_structured(call: &Call<'_>) -> Result<ArrayRef> {
    let SqlType::Structured(ty) = call.returns else {
        return Err(SqlError::internal("the target is structured"));
    };
    let values = call.variant(0)?;
    // A value that does not fit is NULL for TRY, so each row stands alone.
    let mut out = LargeBinaryBuilder::with_capacity(call.rows, call.rows * 16);
    for row in 0..call.rows {
        let Some(v) = values.get(row).map(Ref::new).filter(|v| !v.is_null()) else {
            out.append_null();
            continue;
        };
        let mut encoded = Vec::new();
        let done = structured(call, v, ty, &mut Builder { out: &mut encoded });
        match attempt(call, done)? {
            Some(()) => out.append_value(&encoded),
            None => out.append_null(),
        }
    }
    Ok(std::sync::Arc::new(out.finish()))
}

fn refused(call: &Call<'_>, v: Ref<'_>, ty: &Structured) -> SqlError {
    ErrorKind::VariantCast {
        value: print::json_text(v, JsonStyle::Compact, call.env),
        to: ty.snowflake(),
    }
    .into()
}

fn structured(call: &Call<'_>, v: Ref<'_>, ty: &Structured, b: &mut Builder<'_>) -> Result<()> {
    match ty {
        Structured::Array { element, nullable } => {
            let items: Vec<Ref<'_>> = v.items().ok_or_else(|| refused(call, v, ty))?.collect();
            b.begin_array();
            parts(call, &items, element, *nullable, b, |_, _| {})?;
            b.end();
        }
        Structured::Object(fields) => {
            let pairs: Vec<(String, Ref<'_>)> = v
                .pairs()
                .ok_or_else(|| refused(call, v, ty))?
                .map(|(k, v)| (k.into_owned(), v))
                .collect();
            if pairs.len() > fields.len()
                || pairs
                    .iter()
                    .any(|(k, _)| fields.iter().all(|f| f.name != *k))
            {
                return Err(refused(call, v, ty));
            }
            b.begin_object();
            for StructuredField {
                name,
                ty: part,
                nullable,
            } in fields
            {
                let member = pairs.iter().find(|(k, _)| k == name).map(|(_, v)| *v);
                let member = match member {
                    Some(m) => m,
                    // A value that is structured already may lack members that can be NULL.
                    None if *nullable && matches!(call.types[0], SqlType::Structured(_)) => {
                        Ref::null()
                    }
                    None => return Err(refused(call, v, ty)),
                };
                b.string(name);
                parts(call, &[member], part, *nullable, b, |_, _| {})?;
            }
            b.end();
        }
        Structured::Map {
            key,
            value,
            nullable,
        } => {
            let pairs: Vec<(String, Ref<'_>)> = v
                .pairs()
                .ok_or_else(|| refused(call, v, ty))?
                .map(|(k, v)| (k.into_owned(), v))
                .collect();
            if key.is_numeric() && pairs.iter().any(|(k, _)| k.parse::<i128>().is_err()) {
                return Err(refused(call, v, ty));
            }
            let items: Vec<Ref<'_>> = pairs.iter().map(|(_, v)| *v).collect();
            b.begin_object();
            parts(call, &items, value, *nullable, b, |i, b| {
                b.string(&pairs[i].0)
            })?;
            b.end();
        }
    }
    Ok(())
}

/// Appends parts converted to their type; `before` writes what stands before each of them.
fn parts(
    call: &Call<'_>,
    items: &[Ref<'_>],
    ty: &SqlType,
    nullable: bool,
    b: &mut Builder<'_>,
    before: impl Fn(usize, &mut Builder<'_>),
) -> Result<()> {
    let null = |v: &Ref<'_>| v.is_null() || v.is_undefined();
    if !nullable && items.iter().any(null) {
        return Err(ErrorKind::VariantCast {
            value: "null".into(),
            to: format!("{} NOT NULL", ty.snowflake()),
        }
        .into());
    }
    if let SqlType::Structured(ty) = ty {
        for (i, v) in items.iter().enumerate() {
            before(i, b);
            if null(v) {
                b.null();
            } else {
                structured(call, *v, ty, b)?;
            }
        }
        return Ok(());
    }
    if *ty == SqlType::Variant {
        for (i, v) in items.iter().enumerate() {
            before(i, b);
            b.raw(v.bytes());
        }
        return Ok(());
    }
    let array: LargeBinaryArray = items
        .iter()
        .map(|v| (!null(v)).then(|| v.bytes()))
        .collect();
    let from = SqlType::Variant;
    let kernel = kernel(&from, ty, call.env.dialect).ok_or_else(|| {
        SqlError::new(ErrorKind::CannotCast {
            from: "VARIANT".into(),
            to: ty.snowflake(),
        })
    })?;
    let columns = [Column {
        array: std::sync::Arc::new(array),
        scalar: false,
    }];
    let converted = kernel(&Call {
        name: "cast",
        args: &columns,
        types: std::slice::from_ref(&from),
        returns: ty,
        rows: items.len(),
        env: call.env,
    })
    .and_then(|a| conform(a, ty))?;
    for i in 0..items.len() {
        before(i, b);
        if converted.is_null(i) {
            b.null();
        } else {
            encode_at(converted.as_ref(), ty, i, b)?;
        }
    }
    Ok(())
}

/// A structured value whose members have, one by one, the names of the returned type: CAST … RENAME FIELDS.
pub fn rename_fields(call: &Call<'_>) -> Result<ArrayRef> {
    let values = call.variant(0)?;
    call.map_variant(|row| {
        let Some(v) = values.get(row) else {
            return Ok(None);
        };
        let mut out = Vec::new();
        renamed(
            Ref::new(v),
            &call.types[0],
            call.returns,
            &mut Builder { out: &mut out },
        );
        Ok(Some(out))
    })
}

fn renamed(v: Ref<'_>, from: &SqlType, to: &SqlType, b: &mut Builder<'_>) {
    let (SqlType::Structured(from), SqlType::Structured(to)) = (from, to) else {
        return b.raw(v.bytes());
    };
    match (from.as_ref(), to.as_ref()) {
        (Structured::Object(old), Structured::Object(new)) if v.pairs().is_some() => {
            b.begin_object();
            for (o, n) in old.iter().zip(new) {
                if let Some(member) = v.member(&o.name) {
                    b.string(&n.name);
                    renamed(member, &o.ty, &n.ty, b);
                }
            }
            b.end();
        }
        (Structured::Array { element: old, .. }, Structured::Array { element: new, .. }) => {
            let Some(items) = v.items() else {
                return b.raw(v.bytes());
            };
            b.begin_array();
            for item in items {
                renamed(item, old, new, b);
            }
            b.end();
        }
        (Structured::Map { value: old, .. }, Structured::Map { value: new, .. }) => {
            let Some(pairs) = v.pairs() else {
                return b.raw(v.bytes());
            };
            b.begin_object();
            for (k, item) in pairs {
                b.string(&k);
                renamed(item, old, new, b);
            }
            b.end();
        }
        _ => b.raw(v.bytes()),
    }
}

/// The keys of a MAP as numbers or texts.
pub fn map_keys(call: &Call<'_>) -> Result<ArrayRef> {
    let column = &call.args[0];
    let numbers = matches!(
        &call.types[0],
        SqlType::Structured(t) if matches!(t.as_ref(), Structured::Map { key, .. } if key.is_numeric())
    );
    let values = column
        .array
        .as_binary_opt::<i64>()
        .ok_or_else(|| SqlError::internal("a MAP is stored as an object"))?;
    call.map_variant(|row| {
        let i = column.index(row);
        if values.is_null(i) {
            return Ok(None);
        }
        let mut out = Vec::new();
        let mut b = Builder { out: &mut out };
        b.begin_array();
        for (k, _) in Ref::new(values.value(i)).pairs().into_iter().flatten() {
            match k.parse::<i128>() {
                Ok(n) if numbers => b.decimal(n, 0),
                _ => b.string(&k),
            }
        }
        b.end();
        Ok(Some(out))
    })
}
