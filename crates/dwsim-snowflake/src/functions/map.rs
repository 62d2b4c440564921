//! Functions over MAP, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::semi` and `kernels::cast`.

use dwsim_engine::error::Result;
use dwsim_engine::functions::{FnCall, Param, ScalarDef, Typed};
use dwsim_engine::kernels::{cast, semi};
use dwsim_engine::plan::CastMode;
use dwsim_engine::types::{SqlType, Structured};

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("MAP_CAT", page!("map_cat"), cat),
    ScalarDef::custom("MAP_CONTAINS_KEY", page!("map_contains_key"), contains_key),
    ScalarDef::custom("MAP_DELETE", page!("map_delete"), by_keys),
    ScalarDef::custom("MAP_INSERT", page!("map_insert"), insert),
    ScalarDef::custom("MAP_KEYS", page!("map_keys"), keys),
    ScalarDef::custom("MAP_PICK", page!("map_pick"), by_keys),
    ScalarDef::custom("MAP_SIZE", page!("map_size"), size),
];

/// Argument `i`, which must be a MAP, with the types of its keys and values.
fn map(call: &mut FnCall<'_, '_>, i: usize) -> Result<(Typed, SqlType, SqlType)> {
    let value = call.bind(i)?;
    if let SqlType::Structured(ty) = &value.ty
        && let Structured::Map { key, value: v, .. } = ty.as_ref()
    {
        let (key, v) = (key.clone(), v.clone());
        return Ok((value, key, v));
    }
    Err(call.type_error(std::slice::from_ref(&value)))
}

/// A MAP as the OBJECT that it is stored as.
fn plain(call: &FnCall<'_, '_>, map: Typed) -> Result<Typed> {
    call.binder.cast(map, &SqlType::Object, CastMode::Implicit)
}

/// Argument `i` as a key.
fn key(call: &mut FnCall<'_, '_>, i: usize, ty: &SqlType) -> Result<Typed> {
    let value = call.bind(i)?;
    let fits = value.ty == SqlType::Null
        || (value.ty.is_text() && ty.is_text())
        || (value.ty.is_numeric() && ty.is_numeric());
    if !fits {
        return Err(call.type_error(std::slice::from_ref(&value)));
    }
    call.binder.cast(value, ty, CastMode::Implicit)
}

/// MAP_CAT(map, map) of one type.
fn cat(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (a, _, _) = map(call, 0)?;
    let (b, _, _) = map(call, 1)?;
    let ty = a.ty.clone();
    let b = call.binder.cast(b, &ty, CastMode::Implicit)?;
    let args = vec![plain(call, a)?, plain(call, b)?];
    Ok(call.kernel(semi::map_cat, args, ty))
}

/// MAP_CONTAINS_KEY(key, map)
fn contains_key(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (m, key_type, _) = map(call, 1)?;
    let key = key(call, 0, &key_type)?;
    let args = vec![key, plain(call, m)?];
    Ok(call.kernel(semi::map_contains_key, args, SqlType::Boolean))
}

/// MAP_DELETE(map, key, …) and MAP_PICK(map, key, … | array of keys).
fn by_keys(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, usize::MAX)?;
    let (m, key_type, _) = map(call, 0)?;
    let ty = m.ty.clone();
    let mut args = vec![plain(call, m)?];
    for i in 1..call.len() {
        let value = call.bind(i)?;
        args.push(if value.ty.is_semi() {
            call.coerce(value, Param::Variant)?
        } else {
            key(call, i, &key_type)?
        });
    }
    let kernel = if call.name == "MAP_PICK" {
        semi::object_pick
    } else {
        semi::object_delete
    };
    Ok(call.kernel(kernel, args, ty))
}

/// MAP_INSERT(map, key, value [, update])
fn insert(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(3, 4)?;
    let (m, key_type, value_type) = map(call, 0)?;
    let ty = m.ty.clone();
    let key = key(call, 1, &key_type)?;
    let value = call.bind(2)?;
    let value = call.binder.cast(value, &value_type, CastMode::Implicit)?;
    let mut args = vec![plain(call, m)?, key, value];
    if call.len() == 4 {
        let update = call.bind(3)?;
        args.push(call.coerce(update, Param::Bool)?);
    }
    Ok(call.kernel(semi::map_insert, args, ty))
}

/// MAP_KEYS(map): an array of the key's type.
fn keys(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let (m, key, _) = map(call, 0)?;
    let ty = SqlType::Structured(Box::new(Structured::Array {
        element: key,
        nullable: true,
    }));
    Ok(call.kernel(cast::map_keys, vec![m], ty))
}

fn size(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let (m, _, _) = map(call, 0)?;
    let args = vec![plain(call, m)?];
    Ok(call.kernel(semi::map_size, args, SqlType::number(18, 0)))
}
