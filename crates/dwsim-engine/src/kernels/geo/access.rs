//! Kernel plumbing: reading geometries from argument columns and writing them to result columns.
//! What is done with them is in the other files of this folder.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray};

use super::ewkb;
use super::model::Geometry;
use crate::error::{Result, SqlError};
use crate::functions::{Call, View};
use crate::types::SqlType;

/// An argument of geometries; a constant is decoded once.
pub struct Geometries<'a> {
    view: View<'a, BinaryArray>,
    constant: Option<Option<Arc<Geometry>>>,
}

/// Decodes a stored value.
///
/// # Errors
/// An internal error when the bytes are none.
pub fn stored(bytes: &[u8]) -> Result<Geometry> {
    ewkb::decode(bytes).map_err(|e| SqlError::internal(format!("stored geometry: {e}")))
}

impl<'a> Geometries<'a> {
    /// Argument `i` of a call.
    ///
    /// # Errors
    /// When the argument is no column of geometries.
    pub fn new(call: &Call<'a>, i: usize) -> Result<Self> {
        let view = call.view::<BinaryArray>(i)?;
        let constant = match call.args.get(i) {
            Some(c) if c.scalar => Some(view.get(0).map(stored).transpose()?.map(Arc::new)),
            _ => None,
        };
        Ok(Geometries { view, constant })
    }

    /// The geometry of a row.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn get(&self, row: usize) -> Result<Option<Arc<Geometry>>> {
        match &self.constant {
            Some(c) => Ok(c.clone()),
            None => Ok(self.view.get(row).map(stored).transpose()?.map(Arc::new)),
        }
    }
}

/// Whether an argument is a geography.
pub fn is_geography(call: &Call<'_>, i: usize) -> bool {
    call.types.get(i) == Some(&SqlType::Geography)
}

/// The outcome of one row: a value, NULL, or what is wrong.
pub type Row<T> = std::result::Result<Option<T>, String>;

/// Geometries from a geometry.
pub fn unary(call: &Call<'_>, f: impl Fn(&Geometry) -> Row<Geometry>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    call.map_bytes(|row| {
        let Some(g) = geometries.get(row)? else {
            return Ok(None);
        };
        let out = f(&g).map_err(|e| call.error(e))?;
        Ok(out.map(|g| ewkb::encode(&g)))
    })
}

/// Geometries from a geometry and an integer.
pub fn with_int(call: &Call<'_>, f: impl Fn(&Geometry, i64) -> Row<Geometry>) -> Result<ArrayRef> {
    let (geometries, numbers) = (Geometries::new(call, 0)?, call.int(1)?);
    call.map_bytes(|row| {
        let (Some(g), Some(n)) = (geometries.get(row)?, numbers.get(row)) else {
            return Ok(None);
        };
        let out = f(&g, n).map_err(|e| call.error(e))?;
        Ok(out.map(|g| ewkb::encode(&g)))
    })
}

/// Geometries from two geometries.
pub fn binary(
    call: &Call<'_>,
    f: impl Fn(&Geometry, &Geometry) -> Row<Geometry>,
) -> Result<ArrayRef> {
    let (a, b) = (Geometries::new(call, 0)?, Geometries::new(call, 1)?);
    call.map_bytes(|row| {
        let (Some(a), Some(b)) = (a.get(row)?, b.get(row)?) else {
            return Ok(None);
        };
        let out = f(&a, &b).map_err(|e| call.error(e))?;
        Ok(out.map(|g| ewkb::encode(&g)))
    })
}

/// Numbers from a geometry.
pub fn number(call: &Call<'_>, f: impl Fn(&Geometry) -> Row<f64>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    call.map_double(|row| match geometries.get(row)? {
        Some(g) => f(&g).map_err(|e| call.error(e)),
        None => Ok(None),
    })
}

/// Numbers from two geometries.
pub fn number_of_two(
    call: &Call<'_>,
    f: impl Fn(&Geometry, &Geometry) -> Row<f64>,
) -> Result<ArrayRef> {
    let (a, b) = (Geometries::new(call, 0)?, Geometries::new(call, 1)?);
    call.map_double(|row| match (a.get(row)?, b.get(row)?) {
        (Some(a), Some(b)) => f(&a, &b).map_err(|e| call.error(e)),
        _ => Ok(None),
    })
}

/// Counts from a geometry.
pub fn integer(call: &Call<'_>, f: impl Fn(&Geometry) -> Row<i64>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    call.map_int(|row| match geometries.get(row)? {
        Some(g) => f(&g).map_err(|e| call.error(e)),
        None => Ok(None),
    })
}

/// Truth values from a geometry.
pub fn truth(call: &Call<'_>, f: impl Fn(&Geometry) -> Row<bool>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    call.map_bool(|row| match geometries.get(row)? {
        Some(g) => f(&g).map_err(|e| call.error(e)),
        None => Ok(None),
    })
}

/// Texts from a geometry.
pub fn words(call: &Call<'_>, f: impl Fn(&Geometry) -> String) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    call.map_text(|row| Ok(geometries.get(row)?.map(|g| f(&g))))
}

/// Fails unless two geometries share their reference system.
pub fn same_srid(a: &Geometry, b: &Geometry) -> std::result::Result<(), String> {
    if a.srid == b.srid {
        Ok(())
    } else {
        Err(format!(
            "the geometries have different SRIDs: {} and {}",
            a.srid, b.srid
        ))
    }
}

/// Fails unless two geometries share their reference system and dimensions.
pub fn same_frame(a: &Geometry, b: &Geometry) -> std::result::Result<(), String> {
    same_srid(a, b)?;
    if a.dims == b.dims {
        Ok(())
    } else {
        Err("the geometries have different dimensions".into())
    }
}
