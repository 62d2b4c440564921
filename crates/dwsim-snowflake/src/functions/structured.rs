//! Casts between structured types that rename or add members: CAST(… RENAME FIELDS) and CAST(… ADD FIELDS).
//! Other casts are the engine's; the parser writes these as calls around the cast.
//!
//! Source: "Structured data types", "CAST".

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{FnCall, ScalarDef, Typed};
use dwsim_engine::kernels::cast::rename_fields;
use dwsim_engine::plan::CastMode;
use dwsim_engine::types::{SqlType, Structured, StructuredField};
use sqlparser::ast;

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("$RENAME_FIELDS", page!("cast"), rename),
    ScalarDef::custom("$ADD_FIELDS", page!("cast"), add),
];

fn refused(message: impl Into<String>) -> SqlError {
    SqlError::raw(
        "001065",
        "22023",
        format!("SQL compilation error:\n{}", message.into()),
    )
}

/// The value, its target and whether it is TRY_CAST.
fn cast(call: &mut FnCall<'_, '_>) -> Result<(Typed, SqlType, CastMode)> {
    let Some(ast::Expr::Cast {
        kind,
        expr,
        data_type,
        ..
    }) = call.ast_arg(0).cloned()
    else {
        return Err(refused("RENAME FIELDS and ADD FIELDS belong to a CAST."));
    };
    let to = call.binder.dialect.data_type(&data_type)?;
    let value = call.binder.expr(&expr)?;
    let structured = |t: &SqlType| matches!(t, SqlType::Structured(_));
    if !structured(&value.ty) || !structured(&to) {
        return Err(refused(
            "RENAME FIELDS and ADD FIELDS are for casts from one structured type to another.",
        ));
    }
    let mode = match kind {
        ast::CastKind::TryCast => CastMode::Try,
        _ => CastMode::Explicit,
    };
    Ok((value, to, mode))
}

/// The type with the names of `to` and the types of `from`, member by member.
fn with_names(from: &SqlType, to: &SqlType) -> Result<SqlType> {
    let (SqlType::Structured(old), SqlType::Structured(new)) = (from, to) else {
        return Ok(from.clone());
    };
    let renamed = match (old.as_ref(), new.as_ref()) {
        (Structured::Object(old), Structured::Object(new)) => {
            if old.len() != new.len() {
                return Err(refused(format!(
                    "RENAME FIELDS needs as many members as the value has: {} and not {}.",
                    old.len(),
                    new.len()
                )));
            }
            Structured::Object(
                old.iter()
                    .zip(new)
                    .map(|(o, n)| {
                        Ok(StructuredField {
                            name: n.name.clone(),
                            ty: with_names(&o.ty, &n.ty)?,
                            nullable: o.nullable,
                        })
                    })
                    .collect::<Result<_>>()?,
            )
        }
        (Structured::Array { element, nullable }, Structured::Array { element: new, .. }) => {
            Structured::Array {
                element: with_names(element, new)?,
                nullable: *nullable,
            }
        }
        (
            Structured::Map {
                key,
                value,
                nullable,
            },
            Structured::Map { value: new, .. },
        ) => Structured::Map {
            key: key.clone(),
            value: with_names(value, new)?,
            nullable: *nullable,
        },
        _ => return Ok(from.clone()),
    };
    Ok(SqlType::Structured(Box::new(renamed)))
}

fn rename(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let (value, to, mode) = cast(call)?;
    let between = with_names(&value.ty, &to)?;
    let value = call
        .binder
        .kernel("rename_fields", rename_fields, vec![value], between);
    call.binder.cast(value, &to, mode)
}

/// Members that are missing in the value become NULL, as far as they can be.
fn add(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let (value, to, mode) = cast(call)?;
    call.binder.cast(value, &to, mode)
}
