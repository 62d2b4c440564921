//! The earth: lengths, distances and areas on the sphere and on the WGS 84 spheroid, and predicates with great-circle edges.
//! Edges of geographies are great circles, which the gnomonic projection maps to straight lines.

use geo::{Distance, Geodesic, GeodesicArea, Point};

use super::convert::polygon;
use super::model::{Coord, Shape};

/// Mean radius of WGS 84, (2a + b) / 3, in metres.
pub const MEAN_RADIUS: f64 = 6_371_008.771_415_059;
/// Radius of the sphere that Snowflake measures geographies on, in metres.
pub const S2_RADIUS: f64 = 6_371_010.0;

/// A unit vector.
type Vector = [f64; 3];

fn vector(c: Coord) -> Vector {
    let (lat, lon) = (c.y.to_radians(), c.x.to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}

fn position(v: Vector) -> Coord {
    Coord::new(
        v[1].atan2(v[0]).to_degrees(),
        v[2].atan2(v[0].hypot(v[1])).to_degrees(),
    )
}

fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn norm(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

fn scaled(a: Vector, f: f64) -> Vector {
    [a[0] * f, a[1] * f, a[2] * f]
}

fn sum(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn angle(a: Vector, b: Vector) -> f64 {
    norm(cross(a, b)).atan2(dot(a, b))
}

/// Haversine distance of two positions on a sphere.
pub fn haversine(a: Coord, b: Coord, radius: f64) -> f64 {
    let (p, q) = (a.y.to_radians(), b.y.to_radians());
    let (dy, dx) = (q - p, (b.x - a.x).to_radians());
    let h = (dy / 2.0).sin().powi(2) + p.cos() * q.cos() * (dx / 2.0).sin().powi(2);
    2.0 * radius * h.sqrt().min(1.0).asin()
}

/// Distance of two positions on the spheroid.
pub fn geodesic(a: Coord, b: Coord) -> f64 {
    Geodesic.distance(Point::new(a.x, a.y), Point::new(b.x, b.y))
}

/// The position of the great-circle segment `a`-`b` that is nearest to `c`.
fn nearest(c: Vector, a: Vector, b: Vector) -> Vector {
    let n = cross(a, b);
    let length = norm(n);
    if length > 1e-15 {
        let n = scaled(n, 1.0 / length);
        let on = sum(c, scaled(n, -dot(c, n)));
        let size = norm(on);
        if size > 1e-15 {
            let p = scaled(on, 1.0 / size);
            if dot(cross(a, p), n) >= 0.0 && dot(cross(p, b), n) >= 0.0 {
                return p;
            }
        }
    }
    if angle(c, a) <= angle(c, b) { a } else { b }
}

fn segments(s: &Shape) -> Vec<(Coord, Coord)> {
    match s {
        Shape::Point(Some(c)) => vec![(*c, *c)],
        Shape::Point(None) => vec![],
        Shape::Line(c) => c.windows(2).map(|w| (w[0], w[1])).collect(),
        Shape::Polygon(rings) => rings
            .iter()
            .flat_map(|r| r.windows(2).map(|w| (w[0], w[1])))
            .collect(),
        Shape::Multi(_, items) => items.iter().flat_map(segments).collect(),
    }
}

/// The nearest positions of two shapes; None when one is empty. Equal positions when they intersect.
fn closest(a: &Shape, b: &Shape) -> Result<Option<(Coord, Coord)>, String> {
    if a.is_empty() || b.is_empty() {
        return Ok(None);
    }
    let points = matches!((a, b), (Shape::Point(_), Shape::Point(_)));
    if !points && relate(a, b)?.is_some_and(|m| m.is_intersects()) {
        let c = a.coords()[0];
        return Ok(Some((c, c)));
    }
    let mut best: Option<(f64, Vector, Vector)> = None;
    let mut consider = |p: Vector, q: Vector| {
        let d = angle(p, q);
        if best.as_ref().is_none_or(|(least, ..)| d < *least) {
            best = Some((d, p, q));
        }
    };
    let (sa, sb) = (segments(a), segments(b));
    for (a1, a2) in &sa {
        let (a1, a2) = (vector(*a1), vector(*a2));
        for (b1, b2) in &sb {
            let (b1, b2) = (vector(*b1), vector(*b2));
            for p in [a1, a2] {
                consider(p, nearest(p, b1, b2));
            }
            for q in [b1, b2] {
                consider(nearest(q, a1, a2), q);
            }
        }
    }
    // Positions that are given are not sent through vectors and back.
    if let (Shape::Point(Some(p)), Shape::Point(Some(q))) = (a, b) {
        return Ok(Some((*p, *q)));
    }
    Ok(best.map(|(_, p, q)| (position(p), position(q))))
}

/// Smallest distance on a sphere.
///
/// # Errors
/// Shapes that do not fit a hemisphere.
pub fn distance(a: &Shape, b: &Shape, radius: f64) -> Result<Option<f64>, String> {
    Ok(closest(a, b)?.map(|(p, q)| haversine(p, q, radius)))
}

/// Smallest distance on the spheroid.
///
/// # Errors
/// Shapes that do not fit a hemisphere.
pub fn spheroid_distance(a: &Shape, b: &Shape) -> Result<Option<f64>, String> {
    Ok(closest(a, b)?.map(|(p, q)| geodesic(p, q)))
}

fn path(coords: &[Coord], f: &impl Fn(Coord, Coord) -> f64) -> f64 {
    coords.windows(2).map(|w| f(w[0], w[1])).sum()
}

/// Length of all linestrings by a distance of positions.
pub fn length(s: &Shape, f: &impl Fn(Coord, Coord) -> f64) -> f64 {
    s.simple()
        .into_iter()
        .map(|s| match s {
            Shape::Line(c) => path(c, f),
            _ => 0.0,
        })
        .sum()
}

/// Length of all rings by a distance of positions.
pub fn perimeter(s: &Shape, f: &impl Fn(Coord, Coord) -> f64) -> f64 {
    s.rings().into_iter().map(|r| path(r, f)).sum()
}

/// Area on the spheroid, in square metres.
pub fn spheroid_area(s: &Shape) -> f64 {
    s.simple()
        .into_iter()
        .map(|s| match s {
            Shape::Polygon(rings) => rings
                .iter()
                .enumerate()
                .map(|(i, r)| {
                    let area = polygon(std::slice::from_ref(r))
                        .geodesic_area_signed()
                        .abs();
                    if i == 0 { area } else { -area }
                })
                .sum(),
            _ => 0.0,
        })
        .sum()
}

/// The solid angle of a ring with great-circle edges, at most half the sphere.
fn ring_angle(ring: &[Coord]) -> f64 {
    let v: Vec<Vector> = ring.iter().map(|c| vector(*c)).collect();
    let Some(first) = v.first().copied() else {
        return 0.0;
    };
    let total: f64 = v
        .windows(2)
        .map(|w| {
            // The signed solid angle of a triangle from the first position (Van Oosterom and Strackee).
            let (b, c) = (w[0], w[1]);
            let numerator = dot(first, cross(b, c));
            let denominator = 1.0 + dot(first, b) + dot(b, c) + dot(first, c);
            2.0 * numerator.atan2(denominator)
        })
        .sum();
    let area = total.abs() % (4.0 * std::f64::consts::PI);
    area.min(4.0 * std::f64::consts::PI - area)
}

/// Area on a sphere, in units of the radius squared.
pub fn area(s: &Shape, radius: f64) -> f64 {
    s.simple()
        .into_iter()
        .map(|s| match s {
            Shape::Polygon(rings) => rings
                .iter()
                .enumerate()
                .map(|(i, r)| {
                    if i == 0 {
                        ring_angle(r)
                    } else {
                        -ring_angle(r)
                    }
                })
                .sum::<f64>(),
            _ => 0.0,
        })
        .sum::<f64>()
        * radius
        * radius
}

/// Centre of mass on the sphere of the parts of the highest dimension; None when empty or without a direction.
pub fn centroid(s: &Shape) -> Option<Coord> {
    let dimension = s.dimension();
    let mut total = [0.0; 3];
    for part in s.simple() {
        if part.dimension() != dimension {
            continue;
        }
        match part {
            Shape::Point(Some(c)) => total = sum(total, vector(*c)),
            Shape::Line(c) => {
                for w in c.windows(2) {
                    let (a, b) = (vector(w[0]), vector(w[1]));
                    let middle = sum(a, b);
                    let size = norm(middle);
                    if size > 0.0 {
                        // The integral over an arc points to its middle and is twice the sine of half its angle long.
                        let half = angle(a, b) / 2.0;
                        total = sum(total, scaled(middle, 2.0 * half.sin() / size));
                    }
                }
            }
            Shape::Polygon(rings) => {
                for (i, ring) in rings.iter().enumerate() {
                    // By Stokes, the integral of the position over a region is half the sum of its edges' normals times angles.
                    let mut integral = [0.0; 3];
                    let mut middle = [0.0; 3];
                    for w in ring.windows(2) {
                        let (a, b) = (vector(w[0]), vector(w[1]));
                        middle = sum(middle, a);
                        let n = cross(a, b);
                        let size = norm(n);
                        if size > 0.0 {
                            integral = sum(integral, scaled(n, angle(a, b) / (2.0 * size)));
                        }
                    }
                    let outwards = dot(integral, middle) >= 0.0;
                    let sign = if outwards == (i == 0) { 1.0 } else { -1.0 };
                    total = sum(total, scaled(integral, sign));
                }
            }
            _ => {}
        }
    }
    (norm(total) > 1e-15).then(|| position(total))
}

/// How two geographies lie to each other: in a gnomonic projection about their common centre. None when one is empty.
///
/// # Errors
/// When they do not fit a hemisphere together.
pub fn relate(a: &Shape, b: &Shape) -> Result<Option<geo::relate::IntersectionMatrix>, String> {
    if a.is_empty() || b.is_empty() {
        return Ok(None);
    }
    let Some(project) = gnomonic([a, b])? else {
        // Farther apart than a hemisphere: two shapes that each fit one, but not together, are disjoint.
        return Ok(None);
    };
    let flat = |s: &Shape| s.map(&mut |c| project.forward(c));
    Ok(Some(super::planar::relate(&flat(a), &flat(b))))
}

/// A projection that maps great circles to straight lines.
#[derive(Debug, Clone, Copy)]
pub struct Gnomonic {
    center: Vector,
    east: Vector,
    north: Vector,
}

impl Gnomonic {
    /// Projects a position.
    pub fn forward(&self, c: Coord) -> Coord {
        let v = vector(c);
        let d = dot(v, self.center);
        Coord::new(dot(v, self.east) / d, dot(v, self.north) / d)
    }

    /// The position of a projected one.
    pub fn back(&self, c: Coord) -> Coord {
        position(sum(
            self.center,
            sum(scaled(self.east, c.x), scaled(self.north, c.y)),
        ))
    }
}

/// The projection about the middle of some shapes; None when they only fit a hemisphere apart.
///
/// # Errors
/// When one of them alone does not fit a hemisphere.
pub fn gnomonic<const N: usize>(shapes: [&Shape; N]) -> Result<Option<Gnomonic>, String> {
    let about = |vectors: &[Vector]| -> Option<Gnomonic> {
        let total = vectors.iter().fold([0.0; 3], |t, v| sum(t, *v));
        let size = norm(total);
        if size < 1e-12 {
            return None;
        }
        let center = scaled(total, 1.0 / size);
        // Close to the horizon the projection runs to infinity.
        if vectors.iter().any(|v| dot(*v, center) < 1e-6) {
            return None;
        }
        let pole = if center[2].abs() < 0.9 {
            [0.0, 0.0, 1.0]
        } else {
            [1.0, 0.0, 0.0]
        };
        let east = cross(pole, center);
        let east = scaled(east, 1.0 / norm(east));
        Some(Gnomonic {
            center,
            east,
            north: cross(center, east),
        })
    };
    let each: Vec<Vec<Vector>> = shapes
        .iter()
        .map(|s| s.coords().into_iter().map(vector).collect())
        .collect();
    for vectors in &each {
        if !vectors.is_empty() && about(vectors).is_none() {
            return Err("geographies larger than a hemisphere are not supported".into());
        }
    }
    Ok(about(&each.concat()))
}

/// Direction from one position to another in radians clockwise from north, from 0 to 2 pi.
pub fn azimuth(a: Coord, b: Coord) -> f64 {
    let (p, q) = (a.y.to_radians(), b.y.to_radians());
    let dx = (b.x - a.x).to_radians();
    let y = dx.sin() * q.cos();
    let x = p.cos() * q.sin() - p.sin() * q.cos() * dx.cos();
    y.atan2(x).rem_euclid(std::f64::consts::TAU)
}

/// The position at a fraction of the great circle between two positions.
pub fn between(a: Coord, b: Coord, fraction: f64) -> Coord {
    let (p, q) = (vector(a), vector(b));
    let d = angle(p, q);
    if d < 1e-15 {
        return a;
    }
    let (f, g) = (((1.0 - fraction) * d).sin(), (fraction * d).sin());
    position(sum(scaled(p, f / d.sin()), scaled(q, g / d.sin())))
}
