//! Kernels that compute new geometries: centroids, hulls, buffers, set operations, simplification, transformation.
//! The computing is in `planar`, `sphere` and `crs`.

use std::sync::Arc;

use arrow::array::ArrayRef;

use super::access::{Geometries, binary, is_geography, same_srid, unary};
use super::construct::{one, rows};
use super::model::{Coord, Geometry, Kind, Shape};
use super::planar::SetOp;
use super::{crs, ewkb, planar, sphere};
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::{AggCall, Call};

fn not_collection(g: &Geometry) -> std::result::Result<(), String> {
    if g.kind() == Kind::Collection {
        return Err("geometry collections are not supported".into());
    }
    Ok(())
}

/// ST_Centroid: a point; the empty point of an empty geometry.
pub fn centroid(call: &Call<'_>) -> Result<ArrayRef> {
    let on_earth = is_geography(call, 0);
    unary(call, |g| {
        let c = if on_earth {
            sphere::centroid(&g.shape)
        } else {
            planar::centroid(&g.shape)
        };
        Ok(Some(g.flat(Shape::Point(c))))
    })
}

/// ST_Envelope.
pub fn envelope(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        if g.is_empty() {
            return Ok(Some(g.clone()));
        }
        Ok(Some(g.flat(planar::envelope(g))))
    })
}

/// ST_ConvexHull.
pub fn convex_hull(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| Ok(Some(g.flat(planar::convex_hull(&g.shape)))))
}

/// ST_Boundary.
pub fn boundary(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        not_collection(g)?;
        if g.is_empty() {
            return Ok(Some(g.clone()));
        }
        Ok(planar::boundary(&g.shape).map(|s| g.with(s)))
    })
}

/// ST_Simplify(g, tolerance): a negative tolerance is 0. Metres for geographies.
pub fn simplify(call: &Call<'_>) -> Result<ArrayRef> {
    let on_earth = is_geography(call, 0);
    let (geometries, tolerances) = (Geometries::new(call, 0)?, call.double(1)?);
    call.map_bytes(|row| {
        let (Some(g), Some(t)) = (geometries.get(row)?, tolerances.get(row)) else {
            return Ok(None);
        };
        let t = t.max(0.0);
        let shape = if on_earth {
            // In the projection about the geography's centre a unit is a radius.
            match sphere::gnomonic([&g.shape]).map_err(|e| call.error(e))? {
                Some(p) => {
                    planar::simplify(&g.shape.map(&mut |c| p.forward(c)), t / sphere::S2_RADIUS)
                        .map(&mut |c| nearest_of(&g, p.back(c)))
                }
                None => g.shape.clone(),
            }
        } else {
            planar::simplify(&g.shape, t)
        };
        Ok(Some(ewkb::encode(&g.with(shape))))
    })
}

/// The position of a geometry that was projected and came back with rounding.
fn nearest_of(g: &Geometry, c: Coord) -> Coord {
    let mut best = (f64::INFINITY, c);
    g.shape.each(&mut |p| {
        let d = (p.x - c.x).hypot(p.y - c.y);
        if d < best.0 {
            best = (d, p);
        }
    });
    best.1
}

/// ST_Buffer(g, distance [, segments per quarter circle]).
pub fn buffer(call: &Call<'_>) -> Result<ArrayRef> {
    let (geometries, distances) = (Geometries::new(call, 0)?, call.double(1)?);
    let segments = (call.len() > 2).then(|| call.int(2)).transpose()?;
    call.map_bytes(|row| {
        let (Some(g), Some(d)) = (geometries.get(row)?, distances.get(row)) else {
            return Ok(None);
        };
        let n = match &segments {
            None => 8,
            Some(s) => match s.get(row) {
                Some(n) => n.clamp(0, 1000),
                None => return Ok(None),
            },
        };
        not_collection(&g).map_err(|e| call.error(e))?;
        let shape = planar::buffer(&g.shape, d, n as usize);
        Ok(Some(ewkb::encode(&g.flat(shape))))
    })
}

fn overlaid(
    op: SetOp,
    on_earth: bool,
    a: &Geometry,
    b: &Geometry,
) -> std::result::Result<Geometry, String> {
    same_srid(a, b)?;
    if on_earth {
        let Some(p) = sphere::gnomonic([&a.shape, &b.shape])? else {
            return Err("geographies larger than a hemisphere are not supported".into());
        };
        let flat = |g: &Geometry| g.shape.map(&mut |c| p.forward(c));
        let out = planar::overlay(op, &flat(a), &flat(b));
        return Ok(a.flat(out.map(&mut |c| p.back(c))));
    }
    Ok(a.flat(planar::overlay(op, &a.shape, &b.shape)))
}

fn set_operation(call: &Call<'_>, op: SetOp) -> Result<ArrayRef> {
    let on_earth = is_geography(call, 0);
    let refuse = call.env.dialect == DialectName::Redshift;
    binary(call, |a, b| {
        if refuse {
            not_collection(a)?;
            not_collection(b)?;
        }
        overlaid(op, on_earth, a, b).map(Some)
    })
}

/// ST_Intersection(a, b).
pub fn intersection(call: &Call<'_>) -> Result<ArrayRef> {
    set_operation(call, SetOp::Intersection)
}
/// ST_Union(a, b).
pub fn union(call: &Call<'_>) -> Result<ArrayRef> {
    set_operation(call, SetOp::Union)
}
/// ST_DIFFERENCE(a, b).
pub fn difference(call: &Call<'_>) -> Result<ArrayRef> {
    set_operation(call, SetOp::Difference)
}
/// ST_SYMDIFFERENCE(a, b).
pub fn sym_difference(call: &Call<'_>) -> Result<ArrayRef> {
    set_operation(call, SetOp::SymDifference)
}

fn folded(call: &AggCall<'_>, op: SetOp) -> Result<ArrayRef> {
    let on_earth = call.types.first() == Some(&crate::types::SqlType::Geography);
    let mut all = rows(call)?.into_iter();
    let mut total: Option<Arc<Geometry>> = all.next();
    for g in all {
        total = match total {
            None => Some(g),
            Some(t) => Some(Arc::new(
                overlaid(op, on_earth, &t, &g).map_err(|e| SqlError::argument(call.name, e))?,
            )),
        };
    }
    Ok(one(total.as_deref()))
}

/// ST_UNION_AGG.
pub fn union_all(call: &AggCall<'_>) -> Result<ArrayRef> {
    folded(call, SetOp::Union)
}

/// ST_INTERSECTION_AGG.
pub fn intersection_all(call: &AggCall<'_>) -> Result<ArrayRef> {
    folded(call, SetOp::Intersection)
}

/// ST_LineInterpolatePoint(line, fraction).
pub fn line_interpolate_point(call: &Call<'_>) -> Result<ArrayRef> {
    let (lines, fractions) = (Geometries::new(call, 0)?, call.double(1)?);
    call.map_bytes(|row| {
        let (Some(g), Some(f)) = (lines.get(row)?, fractions.get(row)) else {
            return Ok(None);
        };
        let Shape::Line(coords) = &g.shape else {
            return Err(call.error(format!(
                "a LINESTRING is expected, not a {}",
                g.kind().wkt()
            )));
        };
        if !(0.0..=1.0).contains(&f) {
            return Err(call.error(format!("the fraction {f} is not between 0 and 1")));
        }
        let point = along(coords, f);
        Ok(Some(ewkb::encode(&g.with(Shape::Point(point)))))
    })
}

/// The position at a fraction of a path's planar length, all dimensions interpolated.
fn along(coords: &[Coord], fraction: f64) -> Option<Coord> {
    let total: f64 = coords
        .windows(2)
        .map(|w| (w[1].x - w[0].x).hypot(w[1].y - w[0].y))
        .sum();
    let mut left = total * fraction;
    for w in coords.windows(2) {
        let (a, b) = (w[0], w[1]);
        let d = (b.x - a.x).hypot(b.y - a.y);
        if left <= d && d > 0.0 {
            let t = left / d;
            let mix = |p: f64, q: f64| p + (q - p) * t;
            return Some(Coord {
                x: mix(a.x, b.x),
                y: mix(a.y, b.y),
                z: mix(a.z, b.z),
                m: mix(a.m, b.m),
            });
        }
        left -= d;
    }
    coords.last().copied()
}

/// ST_INTERPOLATE(line [, parts]) of Snowflake: positions at equal fractions as a multipoint.
pub fn interpolate(call: &Call<'_>) -> Result<ArrayRef> {
    let lines = Geometries::new(call, 0)?;
    let parts = call.double(1)?;
    call.map_bytes(|row| {
        let (Some(g), Some(fraction)) = (lines.get(row)?, parts.get(row)) else {
            return Ok(None);
        };
        let Shape::Line(coords) = &g.shape else {
            return Err(call.error("a LineString is expected"));
        };
        if !(0.0..=1.0).contains(&fraction) {
            return Err(call.error(format!("the fraction {fraction} is not between 0 and 1")));
        }
        let total: f64 = coords
            .windows(2)
            .map(|w| sphere::haversine(w[0], w[1], 1.0))
            .sum();
        let mut left = total * fraction;
        for w in coords.windows(2) {
            let d = sphere::haversine(w[0], w[1], 1.0);
            if left <= d && d > 0.0 {
                let c = sphere::between(w[0], w[1], left / d);
                return Ok(Some(ewkb::encode(&g.flat(Shape::Point(Some(c))))));
            }
            left -= d;
        }
        Ok(Some(ewkb::encode(
            &g.flat(Shape::Point(coords.last().copied())),
        )))
    })
}

/// ST_Transform(g, srid) or ST_Transform(g, definition) of Redshift, ST_TRANSFORM(g [, from], to) of Snowflake.
pub fn transform(call: &Call<'_>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    let from = (call.len() > 2).then(|| call.int(1)).transpose()?;
    let text = call.types.get(1).is_some_and(|t| t.is_text());
    let last = call.len() - 1;
    let definitions = text.then(|| call.text(1)).transpose()?;
    let targets = (!text).then(|| call.int(last)).transpose()?;
    let mut known: std::collections::HashMap<(i32, i64), (proj4rs::Proj, proj4rs::Proj)> =
        std::collections::HashMap::new();
    call.map_bytes(|row| {
        let Some(g) = geometries.get(row)? else {
            return Ok(None);
        };
        let source = match &from {
            None => g.srid,
            Some(v) => match v.get(row) {
                Some(n) => i32::try_from(n).unwrap_or(-1),
                None => return Ok(None),
            },
        };
        let compute = || -> std::result::Result<Option<Geometry>, String> {
            if let Some(d) = &definitions {
                let Some(definition) = d.get(row) else {
                    return Ok(None);
                };
                let (a, b) = (crs::system(source)?, crs::parse(definition)?);
                return crs::transform(&g, &a, &b, 0).map(Some);
            }
            let Some(target) = targets.as_ref().and_then(|t| t.get(row)) else {
                return Ok(None);
            };
            let srid = i32::try_from(target)
                .map_err(|_| format!("unknown spatial reference system identifier {target}"))?;
            let pair = match known.entry((source, target)) {
                std::collections::hash_map::Entry::Occupied(o) => o.into_mut(),
                std::collections::hash_map::Entry::Vacant(v) => {
                    v.insert((crs::system(source)?, crs::system(srid)?))
                }
            };
            crs::transform(&g, &pair.0, &pair.1, srid).map(Some)
        };
        let mut compute = compute;
        Ok(compute()
            .map_err(|e| call.error(e))?
            .map(|g| ewkb::encode(&g)))
    })
}
