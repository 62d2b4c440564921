//! Reference systems by SRID (EPSG codes) and the transformation of positions between them.
//! Definitions come from crate `crs-definitions`, the projections from crate `proj4rs`.

use proj4rs::Proj;
use proj4rs::adaptors::transform_xyz;

use super::model::{Coord, Geometry};

/// A known reference system.
///
/// # Errors
/// SRIDs without a definition, and definitions the projection library cannot compute.
pub fn system(srid: i32) -> Result<Proj, String> {
    let def = u16::try_from(srid)
        .ok()
        .and_then(crs_definitions::from_code)
        .ok_or_else(|| format!("unknown spatial reference system identifier {srid}"))?;
    parse(def.proj4)
}

/// A reference system of a PROJ string.
///
/// # Errors
/// What the projection library does not know.
pub fn parse(definition: &str) -> Result<Proj, String> {
    Proj::from_proj_string(definition)
        .map_err(|e| format!("unsupported projection \"{definition}\": {e}"))
}

/// A geometry with every position transformed; heights follow, measures stay.
///
/// # Errors
/// Positions that the target system has no place for.
pub fn transform(g: &Geometry, from: &Proj, to: &Proj, srid: i32) -> Result<Geometry, String> {
    let mut failed = None;
    let shape = g.shape.map(&mut |c| {
        let (x, y) = if from.is_latlong() {
            (c.x.to_radians(), c.y.to_radians())
        } else {
            (c.x, c.y)
        };
        match transform_xyz(from, to, x, y, c.z) {
            Ok((x, y, z)) if x.is_finite() && y.is_finite() => {
                let (x, y) = if to.is_latlong() {
                    (x.to_degrees(), y.to_degrees())
                } else {
                    (x, y)
                };
                Coord {
                    x,
                    y,
                    z: if g.dims.z { z } else { 0.0 },
                    m: c.m,
                }
            }
            Ok(_) => {
                failed.get_or_insert_with(|| "a position lies outside of the target system".into());
                c
            }
            Err(e) => {
                failed.get_or_insert_with(|| e.to_string());
                c
            }
        }
    });
    match failed {
        Some(e) => Err(e),
        None => Ok(Geometry {
            srid,
            ..g.with(shape)
        }),
    }
}
