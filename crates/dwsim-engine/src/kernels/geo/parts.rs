//! Kernels that take geometries apart or change their form: coordinates, counts, elements, dimensions, bounding boxes.
//! Measures are in `measure`, constructions that compute new positions in `process`.

use arrow::array::ArrayRef;

use super::access::{Row, integer, number, truth, unary, with_int, words};
use super::model::{Bounds, Coord, Dims, Geometry, Kind, Shape};
use super::planar;
use crate::error::Result;
use crate::functions::Call;

fn of_point(g: &Geometry, f: impl Fn(Coord) -> f64) -> Row<f64> {
    match &g.shape {
        Shape::Point(c) => Ok(c.map(f)),
        _ => Err(format!("a POINT is expected, not a {}", g.kind().wkt())),
    }
}

/// ST_X(point).
pub fn x(call: &Call<'_>) -> Result<ArrayRef> {
    number(call, |g| of_point(g, |c| c.x))
}

/// ST_Y(point).
pub fn y(call: &Call<'_>) -> Result<ArrayRef> {
    number(call, |g| of_point(g, |c| c.y))
}

/// ST_Z(point): NULL without heights.
pub fn z(call: &Call<'_>) -> Result<ArrayRef> {
    number(call, |g| Ok(of_point(g, |c| c.z)?.filter(|_| g.dims.z)))
}

/// ST_M(point): NULL without measures.
pub fn m(call: &Call<'_>) -> Result<ArrayRef> {
    number(call, |g| Ok(of_point(g, |c| c.m)?.filter(|_| g.dims.m)))
}

fn extent(call: &Call<'_>, has: fn(Dims) -> bool, f: fn(Bounds) -> f64) -> Result<ArrayRef> {
    number(call, |g| {
        Ok(if has(g.dims) { g.bounds().map(f) } else { None })
    })
}

/// ST_XMin.
pub fn x_min(call: &Call<'_>) -> Result<ArrayRef> {
    extent(call, |_| true, |b| b.min.x)
}
/// ST_XMax.
pub fn x_max(call: &Call<'_>) -> Result<ArrayRef> {
    extent(call, |_| true, |b| b.max.x)
}
/// ST_YMin.
pub fn y_min(call: &Call<'_>) -> Result<ArrayRef> {
    extent(call, |_| true, |b| b.min.y)
}
/// ST_YMax.
pub fn y_max(call: &Call<'_>) -> Result<ArrayRef> {
    extent(call, |_| true, |b| b.max.y)
}
/// ST_ZMin: NULL without heights.
pub fn z_min(call: &Call<'_>) -> Result<ArrayRef> {
    extent(call, |d| d.z, |b| b.min.z)
}
/// ST_ZMax: NULL without heights.
pub fn z_max(call: &Call<'_>) -> Result<ArrayRef> {
    extent(call, |d| d.z, |b| b.max.z)
}
/// ST_MMin: NULL without measures.
pub fn m_min(call: &Call<'_>) -> Result<ArrayRef> {
    extent(call, |d| d.m, |b| b.min.m)
}
/// ST_MMax: NULL without measures.
pub fn m_max(call: &Call<'_>) -> Result<ArrayRef> {
    extent(call, |d| d.m, |b| b.max.m)
}

/// ST_SRID.
pub fn srid(call: &Call<'_>) -> Result<ArrayRef> {
    integer(call, |g| Ok(Some(i64::from(g.srid))))
}

/// ST_NDims.
pub fn n_dims(call: &Call<'_>) -> Result<ArrayRef> {
    integer(call, |g| Ok(Some(g.dims.count() as i64)))
}

/// ST_Dimension.
pub fn dimension(call: &Call<'_>) -> Result<ArrayRef> {
    integer(call, |g| Ok(Some(g.shape.dimension())))
}

/// ST_DIMENSION of Snowflake: NULL for an empty geometry.
pub fn dimension_or_null(call: &Call<'_>) -> Result<ArrayRef> {
    integer(call, |g| Ok((!g.is_empty()).then(|| g.shape.dimension())))
}

/// ST_NPoints: all positions.
pub fn n_points(call: &Call<'_>) -> Result<ArrayRef> {
    integer(call, |g| Ok(Some(g.shape.coords().len() as i64)))
}

/// ST_NumPoints: those of a linestring, NULL for other subtypes.
pub fn num_points(call: &Call<'_>) -> Result<ArrayRef> {
    integer(call, |g| {
        Ok(match &g.shape {
            Shape::Line(c) => Some(c.len() as i64),
            _ => None,
        })
    })
}

/// ST_NRings: all rings of polygons; 0 without polygons.
pub fn n_rings(call: &Call<'_>) -> Result<ArrayRef> {
    integer(call, |g| Ok(Some(g.shape.rings().len() as i64)))
}

/// ST_NumInteriorRings: NULL for other subtypes than polygon.
pub fn num_interior_rings(call: &Call<'_>) -> Result<ArrayRef> {
    integer(call, |g| {
        Ok(match &g.shape {
            Shape::Polygon(rings) => Some(rings.len().saturating_sub(1) as i64),
            _ => None,
        })
    })
}

/// ST_NumGeometries: 1 for a single geometry.
pub fn num_geometries(call: &Call<'_>) -> Result<ArrayRef> {
    integer(call, |g| {
        Ok(Some(match &g.shape {
            Shape::Multi(_, items) => items.len() as i64,
            _ => 1,
        }))
    })
}

/// GeometryType: the upper-case name, with an M for geometries with measures only.
pub fn geometry_type(call: &Call<'_>) -> Result<ArrayRef> {
    words(call, |g| {
        let name = g.kind().wkt();
        if g.dims.m && !g.dims.z {
            format!("{name}M")
        } else {
            name.to_owned()
        }
    })
}

/// ST_GeometryType: `ST_` and the name.
pub fn st_geometry_type(call: &Call<'_>) -> Result<ArrayRef> {
    words(call, |g| format!("ST_{}", g.kind().title()))
}

/// ST_IsEmpty.
pub fn is_empty(call: &Call<'_>) -> Result<ArrayRef> {
    truth(call, |g| Ok(Some(g.is_empty())))
}

/// ST_IsCollection: multi-geometries too.
pub fn is_collection(call: &Call<'_>) -> Result<ArrayRef> {
    truth(call, |g| Ok(Some(matches!(g.shape, Shape::Multi(..)))))
}

fn ends_meet(c: &[Coord]) -> bool {
    match (c.first(), c.last()) {
        (Some(a), Some(b)) => a.same_place(*b),
        _ => false,
    }
}

fn closed(s: &Shape) -> bool {
    match s {
        Shape::Point(c) => c.is_some(),
        Shape::Line(c) => ends_meet(c),
        Shape::Polygon(rings) => !rings.is_empty() && rings.iter().all(|r| ends_meet(r)),
        Shape::Multi(Kind::MultiPoint, _) => true,
        Shape::Multi(_, items) => !items.is_empty() && items.iter().all(closed),
    }
}

/// ST_IsClosed.
pub fn is_closed(call: &Call<'_>) -> Result<ArrayRef> {
    truth(call, |g| Ok(Some(closed(&g.shape))))
}

/// ST_IsRing: a closed linestring that does not cross itself; an error for other subtypes.
pub fn is_ring(call: &Call<'_>) -> Result<ArrayRef> {
    truth(call, |g| match &g.shape {
        Shape::Line(c) => Ok(Some(ends_meet(c) && planar::is_simple(&g.shape))),
        _ => Err(format!(
            "a LINESTRING is expected, not a {}",
            g.kind().wkt()
        )),
    })
}

/// ST_IsSimple.
pub fn is_simple(call: &Call<'_>) -> Result<ArrayRef> {
    truth(call, |g| Ok(Some(planar::is_simple(&g.shape))))
}

/// ST_IsValid.
pub fn is_valid(call: &Call<'_>) -> Result<ArrayRef> {
    truth(call, |g| Ok(Some(planar::is_valid(&g.shape))))
}

fn oriented(s: &Shape, ccw: bool) -> bool {
    s.simple().into_iter().all(|part| match part {
        Shape::Polygon(rings) => rings
            .iter()
            .enumerate()
            .all(|(i, r)| planar::is_ccw(r) == (ccw == (i == 0))),
        _ => true,
    })
}

/// ST_IsPolygonCCW: exteriors counter-clockwise, interiors clockwise.
pub fn is_polygon_ccw(call: &Call<'_>) -> Result<ArrayRef> {
    truth(call, |g| Ok(Some(oriented(&g.shape, true))))
}

/// ST_IsPolygonCW: exteriors clockwise, interiors counter-clockwise.
pub fn is_polygon_cw(call: &Call<'_>) -> Result<ArrayRef> {
    truth(call, |g| Ok(Some(oriented(&g.shape, false))))
}

/// AddBBox.
pub fn add_bbox(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        Ok(Some(Geometry {
            boxed: true,
            ..g.clone()
        }))
    })
}

/// DropBBox.
pub fn drop_bbox(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        Ok(Some(Geometry {
            boxed: false,
            ..g.clone()
        }))
    })
}

/// SupportsBBox.
pub fn supports_bbox(call: &Call<'_>) -> Result<ArrayRef> {
    truth(call, |g| Ok(Some(g.boxed)))
}

fn of_line(g: &Geometry, f: impl Fn(&[Coord]) -> Option<Coord>) -> Row<Geometry> {
    Ok(match &g.shape {
        Shape::Line(c) => f(c).map(|c| g.with(Shape::Point(Some(c)))),
        _ => None,
    })
}

/// ST_StartPoint: NULL for other subtypes than linestring.
pub fn start_point(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| of_line(g, |c| c.first().copied()))
}

/// ST_EndPoint: NULL for other subtypes than linestring.
pub fn end_point(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| of_line(g, |c| c.last().copied()))
}

/// ST_PointN(line, index): from 1, or from -1 at the end; NULL beyond and for other subtypes.
pub fn point_n(call: &Call<'_>) -> Result<ArrayRef> {
    with_int(call, |g, n| {
        of_line(g, |c| {
            let at = if n < 0 { n + c.len() as i64 } else { n - 1 };
            usize::try_from(at).ok().and_then(|i| c.get(i)).copied()
        })
    })
}

/// ST_POINTN of Snowflake: an index beyond the end is an error.
pub fn point_n_strict(call: &Call<'_>) -> Result<ArrayRef> {
    with_int(call, |g, n| {
        let Shape::Line(c) = &g.shape else {
            return Err("Geography is not a LineString".into());
        };
        let at = if n < 0 { n + c.len() as i64 } else { n - 1 };
        let c = usize::try_from(at)
            .ok()
            .and_then(|i| c.get(i))
            .ok_or_else(|| format!("index {n} is out of bounds"))?;
        Ok(Some(g.with(Shape::Point(Some(*c)))))
    })
}

/// ST_GeometryN(g, index): from 1.
pub fn geometry_n(call: &Call<'_>) -> Result<ArrayRef> {
    with_int(call, |g, n| match &g.shape {
        Shape::Multi(_, items) => usize::try_from(n - 1)
            .ok()
            .and_then(|i| items.get(i))
            .map(|s| Some(g.with(s.clone())))
            .ok_or_else(|| format!("index {n} is out of range")),
        _ => Ok((n == 1).then(|| g.clone())),
    })
}

/// ST_InteriorRingN(polygon, index): from 1; NULL for other subtypes.
pub fn interior_ring_n(call: &Call<'_>) -> Result<ArrayRef> {
    with_int(call, |g, n| match &g.shape {
        Shape::Polygon(rings) => usize::try_from(n)
            .ok()
            .filter(|i| *i > 0)
            .and_then(|i| rings.get(i))
            .map(|r| Some(g.with(Shape::Line(r.clone()))))
            .ok_or_else(|| format!("index {n} is out of range")),
        _ => Ok(None),
    })
}

/// ST_ExteriorRing(polygon): NULL for other subtypes.
pub fn exterior_ring(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        Ok(match &g.shape {
            Shape::Polygon(rings) => {
                Some(g.with(Shape::Line(rings.first().cloned().unwrap_or_default())))
            }
            _ => None,
        })
    })
}

/// ST_Points: all positions as a multipoint.
pub fn points(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        let points = g
            .shape
            .coords()
            .into_iter()
            .map(|c| Shape::Point(Some(c)))
            .collect();
        Ok(Some(g.with(Shape::Multi(Kind::MultiPoint, points))))
    })
}

/// ST_Multi.
pub fn multi(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        Ok(Some(match &g.shape {
            Shape::Multi(..) => g.clone(),
            one if one.is_empty() => g.with(Shape::Multi(one.kind().multi(), vec![])),
            one => g.with(Shape::Multi(one.kind().multi(), vec![one.clone()])),
        }))
    })
}

fn reversed(s: &Shape) -> Shape {
    let turn = |c: &Vec<Coord>| c.iter().rev().copied().collect::<Vec<_>>();
    match s {
        Shape::Point(c) => Shape::Point(*c),
        Shape::Line(c) => Shape::Line(turn(c)),
        Shape::Polygon(rings) => Shape::Polygon(rings.iter().map(turn).collect()),
        Shape::Multi(kind, items) => Shape::Multi(*kind, items.iter().map(reversed).collect()),
    }
}

/// ST_Reverse: the order of positions in linestrings and rings.
pub fn reverse(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| Ok(Some(g.with(reversed(&g.shape)))))
}

fn force(call: &Call<'_>, dims: Dims) -> Result<ArrayRef> {
    unary(call, |g| {
        let shape = g.shape.map(&mut |c| Coord {
            x: c.x,
            y: c.y,
            z: if dims.z { c.z } else { 0.0 },
            m: if dims.m { c.m } else { 0.0 },
        });
        Ok(Some(Geometry {
            dims,
            ..g.with(shape)
        }))
    })
}

/// ST_Force2D.
pub fn force_2d(call: &Call<'_>) -> Result<ArrayRef> {
    force(call, Dims::default())
}
/// ST_Force3D, ST_Force3DZ: missing heights are 0.
pub fn force_3dz(call: &Call<'_>) -> Result<ArrayRef> {
    force(call, Dims { z: true, m: false })
}
/// ST_Force3DM: missing measures are 0.
pub fn force_3dm(call: &Call<'_>) -> Result<ArrayRef> {
    force(call, Dims { z: false, m: true })
}
/// ST_Force4D: missing heights and measures are 0.
pub fn force_4d(call: &Call<'_>) -> Result<ArrayRef> {
    force(call, Dims { z: true, m: true })
}
