//! Kernels that measure and compare: lengths, areas, distances, angles, and the DE-9IM predicates.
//! GEOMETRY is measured in the plane; GEOGRAPHY on the WGS 84 spheroid on Redshift and on a sphere on Snowflake.

use arrow::array::ArrayRef;
use geo::relate::IntersectionMatrix;

use super::access::{Geometries, is_geography, number, number_of_two, same_srid};
use super::model::{Coord, Geometry, Kind, Shape};
use super::{planar, sphere};
use crate::dialect::DialectName;
use crate::error::Result;
use crate::functions::Call;

/// What lengths are measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surface {
    Plane,
    Spheroid,
    Sphere,
}

fn surface(call: &Call<'_>) -> Surface {
    match (is_geography(call, 0), call.env.dialect) {
        (false, _) => Surface::Plane,
        (true, DialectName::Redshift) => Surface::Spheroid,
        (true, DialectName::Snowflake) => Surface::Sphere,
    }
}

fn on_sphere(a: Coord, b: Coord) -> f64 {
    sphere::haversine(a, b, sphere::S2_RADIUS)
}

/// ST_Length, ST_Length2D.
pub fn length(call: &Call<'_>) -> Result<ArrayRef> {
    let surface = surface(call);
    number(call, |g| {
        Ok(Some(match surface {
            Surface::Plane => planar::length(&g.shape),
            Surface::Spheroid => sphere::length(&g.shape, &sphere::geodesic),
            Surface::Sphere => sphere::length(&g.shape, &on_sphere),
        }))
    })
}

/// ST_Perimeter, ST_Perimeter2D.
pub fn perimeter(call: &Call<'_>) -> Result<ArrayRef> {
    let surface = surface(call);
    number(call, |g| {
        Ok(Some(match surface {
            Surface::Plane => planar::perimeter(&g.shape),
            Surface::Spheroid => sphere::perimeter(&g.shape, &sphere::geodesic),
            Surface::Sphere => sphere::perimeter(&g.shape, &on_sphere),
        }))
    })
}

/// ST_Area.
pub fn area(call: &Call<'_>) -> Result<ArrayRef> {
    let surface = surface(call);
    number(call, |g| {
        Ok(Some(match surface {
            Surface::Plane => planar::area(&g.shape),
            Surface::Spheroid => sphere::spheroid_area(&g.shape),
            Surface::Sphere => sphere::area(&g.shape, sphere::S2_RADIUS),
        }))
    })
}

fn degrees(g: &Geometry) -> std::result::Result<(), String> {
    for c in g.shape.coords() {
        if !(-180.0..=180.0).contains(&c.x) || !(-90.0..=90.0).contains(&c.y) {
            return Err(format!("({}, {}) are no longitude and latitude", c.x, c.y));
        }
    }
    Ok(())
}

fn radius(r: f64) -> std::result::Result<f64, String> {
    if r > 0.0 && r.is_finite() {
        Ok(r)
    } else {
        Err(format!("radius {r} is out of range"))
    }
}

/// ST_LengthSphere(g [, radius]): positions are degrees.
pub fn length_sphere(call: &Call<'_>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    let radii = (call.len() > 1).then(|| call.double(1)).transpose()?;
    call.map_double(|row| {
        let Some(g) = geometries.get(row)? else {
            return Ok(None);
        };
        let r = match &radii {
            None => sphere::MEAN_RADIUS,
            Some(v) => match v.get(row) {
                Some(r) => radius(r).map_err(|e| call.error(e))?,
                None => return Ok(None),
            },
        };
        degrees(&g).map_err(|e| call.error(e))?;
        Ok(Some(sphere::length(&g.shape, &|a, b| {
            sphere::haversine(a, b, r)
        })))
    })
}

/// ST_DistanceSphere(point, point [, radius]): positions are degrees.
pub fn distance_sphere(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (Geometries::new(call, 0)?, Geometries::new(call, 1)?);
    let radii = (call.len() > 2).then(|| call.double(2)).transpose()?;
    call.map_double(|row| {
        let (Some(a), Some(b)) = (a.get(row)?, b.get(row)?) else {
            return Ok(None);
        };
        let r = match &radii {
            None => sphere::MEAN_RADIUS,
            Some(v) => match v.get(row) {
                Some(r) => radius(r).map_err(|e| call.error(e))?,
                None => return Ok(None),
            },
        };
        let compute = || -> std::result::Result<Option<f64>, String> {
            same_srid(&a, &b)?;
            degrees(&a)?;
            degrees(&b)?;
            match (&a.shape, &b.shape) {
                (Shape::Point(Some(p)), Shape::Point(Some(q))) => {
                    Ok(Some(sphere::haversine(*p, *q, r)))
                }
                (Shape::Point(_), Shape::Point(_)) => Ok(None),
                _ => Err("only points have a distance on the sphere".into()),
            }
        };
        compute().map_err(|e| call.error(e))
    })
}

fn no_collection(a: &Geometry, b: &Geometry) -> std::result::Result<(), String> {
    if a.kind() == Kind::Collection || b.kind() == Kind::Collection {
        return Err("geometry collections are not supported".into());
    }
    Ok(())
}

/// Redshift refuses collections in predicates and distances; Snowflake takes them apart.
fn comparable(call: &Call<'_>, a: &Geometry, b: &Geometry) -> std::result::Result<(), String> {
    same_srid(a, b)?;
    if call.env.dialect == DialectName::Redshift {
        no_collection(a, b)?;
    }
    Ok(())
}

fn apart(surface: Surface, a: &Geometry, b: &Geometry) -> std::result::Result<Option<f64>, String> {
    match surface {
        Surface::Plane => Ok(planar::distance(&a.shape, &b.shape)),
        Surface::Spheroid => sphere::spheroid_distance(&a.shape, &b.shape),
        Surface::Sphere => sphere::distance(&a.shape, &b.shape, sphere::S2_RADIUS),
    }
}

/// ST_Distance.
pub fn distance(call: &Call<'_>) -> Result<ArrayRef> {
    let surface = surface(call);
    number_of_two(call, |a, b| {
        comparable(call, a, b)?;
        apart(surface, a, b)
    })
}

/// ST_HAUSDORFFDISTANCE of positions.
pub fn hausdorff(call: &Call<'_>) -> Result<ArrayRef> {
    number_of_two(call, |a, b| {
        comparable(call, a, b)?;
        Ok((!a.is_empty() && !b.is_empty()).then(|| planar::hausdorff(&a.shape, &b.shape)))
    })
}

/// ST_DWithin(a, b, distance).
pub fn d_within(call: &Call<'_>) -> Result<ArrayRef> {
    let surface = surface(call);
    let (a, b) = (Geometries::new(call, 0)?, Geometries::new(call, 1)?);
    let limits = call.double(2)?;
    call.map_bool(|row| {
        let (Some(a), Some(b), Some(limit)) = (a.get(row)?, b.get(row)?, limits.get(row)) else {
            return Ok(None);
        };
        let compute = || {
            comparable(call, &a, &b)?;
            if limit < 0.0 {
                return Err("the distance must not be negative".to_owned());
            }
            apart(surface, &a, &b)
        };
        let d = compute().map_err(|e| call.error(e))?;
        Ok(Some(d.is_some_and(|d| d <= limit)))
    })
}

fn point_of(g: &Geometry) -> std::result::Result<Option<Coord>, String> {
    match &g.shape {
        Shape::Point(c) => Ok(*c),
        _ => Err(format!("a POINT is expected, not a {}", g.kind().wkt())),
    }
}

/// Clockwise from north, 0 to 2 pi; None for equal positions.
fn heading(a: Coord, b: Coord) -> Option<f64> {
    (!a.same_place(b)).then(|| {
        (b.x - a.x)
            .atan2(b.y - a.y)
            .rem_euclid(std::f64::consts::TAU)
    })
}

/// ST_Azimuth(point, point): radians clockwise from north; NULL for equal points.
pub fn azimuth(call: &Call<'_>) -> Result<ArrayRef> {
    let on_earth = is_geography(call, 0);
    let strict = call.env.dialect == DialectName::Redshift;
    number_of_two(call, |a, b| {
        same_srid(a, b)?;
        let (Some(p), Some(q)) = (point_of(a)?, point_of(b)?) else {
            return if strict {
                Err("the point is empty".into())
            } else {
                Ok(None)
            };
        };
        Ok(if on_earth {
            (!p.same_place(q)).then(|| sphere::azimuth(p, q))
        } else {
            heading(p, q)
        })
    })
}

/// ST_Angle of three points (at the second) or of two vectors: radians measured clockwise.
pub fn angle(call: &Call<'_>) -> Result<ArrayRef> {
    let points = (0..call.len())
        .map(|i| Geometries::new(call, i))
        .collect::<Result<Vec<_>>>()?;
    call.map_double(|row| {
        let mut g = Vec::with_capacity(4);
        for p in &points {
            match p.get(row)? {
                Some(p) => g.push(p),
                None => return Ok(None),
            }
        }
        let compute = || -> std::result::Result<Option<f64>, String> {
            let mut c = Vec::with_capacity(4);
            for p in &g {
                same_srid(&g[0], p)?;
                c.push(point_of(p)?.ok_or("the point is empty")?);
            }
            let (first, second) = match c.as_slice() {
                [a, b, c] => (heading(*b, *a), heading(*b, *c)),
                [a, b, c, d] => (heading(*a, *b), heading(*c, *d)),
                _ => return Err("three or four points are expected".into()),
            };
            Ok(first
                .zip(second)
                .map(|(a, b)| (b - a).rem_euclid(std::f64::consts::TAU)))
        };
        compute().map_err(|e| call.error(e))
    })
}

fn predicate(call: &Call<'_>, empty: bool, f: fn(&IntersectionMatrix) -> bool) -> Result<ArrayRef> {
    let on_earth = is_geography(call, 0);
    let (a, b) = (Geometries::new(call, 0)?, Geometries::new(call, 1)?);
    call.map_bool(|row| {
        let (Some(a), Some(b)) = (a.get(row)?, b.get(row)?) else {
            return Ok(None);
        };
        let compute = || -> std::result::Result<bool, String> {
            comparable(call, &a, &b)?;
            if a.is_empty() || b.is_empty() {
                return Ok(empty);
            }
            if on_earth {
                return Ok(sphere::relate(&a.shape, &b.shape)?.map_or(empty, |m| f(&m)));
            }
            // Boxes that do not meet settle it before the full comparison.
            if let (Some(x), Some(y)) = (a.bounds(), b.bounds())
                && (x.max.x < y.min.x
                    || y.max.x < x.min.x
                    || x.max.y < y.min.y
                    || y.max.y < x.min.y)
            {
                return Ok(empty);
            }
            Ok(f(&planar::relate(&a.shape, &b.shape)))
        };
        compute().map(Some).map_err(|e| call.error(e))
    })
}

/// ST_Contains: the interiors meet and nothing of the second lies outside of the first.
pub fn contains(call: &Call<'_>) -> Result<ArrayRef> {
    predicate(call, false, IntersectionMatrix::is_contains)
}
/// ST_ContainsProperly: all of the second lies in the interior of the first.
pub fn contains_properly(call: &Call<'_>) -> Result<ArrayRef> {
    predicate(call, false, IntersectionMatrix::is_contains_properly)
}
/// ST_Within.
pub fn within(call: &Call<'_>) -> Result<ArrayRef> {
    predicate(call, false, IntersectionMatrix::is_within)
}
/// ST_Covers.
pub fn covers(call: &Call<'_>) -> Result<ArrayRef> {
    predicate(call, false, IntersectionMatrix::is_covers)
}
/// ST_CoveredBy.
pub fn covered_by(call: &Call<'_>) -> Result<ArrayRef> {
    predicate(call, false, IntersectionMatrix::is_coveredby)
}
/// ST_Crosses.
pub fn crosses(call: &Call<'_>) -> Result<ArrayRef> {
    predicate(call, false, IntersectionMatrix::is_crosses)
}
/// ST_Intersects.
pub fn intersects(call: &Call<'_>) -> Result<ArrayRef> {
    predicate(call, false, IntersectionMatrix::is_intersects)
}
/// ST_Disjoint.
pub fn disjoint(call: &Call<'_>) -> Result<ArrayRef> {
    predicate(call, true, IntersectionMatrix::is_disjoint)
}
/// ST_Touches.
pub fn touches(call: &Call<'_>) -> Result<ArrayRef> {
    predicate(call, false, IntersectionMatrix::is_touches)
}

/// ST_Equals: the same set of positions; two empty geometries are equal.
pub fn equals(call: &Call<'_>) -> Result<ArrayRef> {
    let on_earth = is_geography(call, 0);
    let (a, b) = (Geometries::new(call, 0)?, Geometries::new(call, 1)?);
    call.map_bool(|row| {
        let (Some(a), Some(b)) = (a.get(row)?, b.get(row)?) else {
            return Ok(None);
        };
        let compute = || -> std::result::Result<bool, String> {
            comparable(call, &a, &b)?;
            if a.is_empty() || b.is_empty() {
                return Ok(a.is_empty() && b.is_empty());
            }
            if a.shape == b.shape {
                return Ok(true);
            }
            if on_earth {
                return Ok(sphere::relate(&a.shape, &b.shape)?.is_some_and(|m| m.is_equal_topo()));
            }
            Ok(planar::relate(&a.shape, &b.shape).is_equal_topo())
        };
        compute().map(Some).map_err(|e| call.error(e))
    })
}
