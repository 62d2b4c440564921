//! Between our geometries and the two-dimensional types of the `geo` crate.
//! Heights and measures are lost on the way there; results of algorithms have two dimensions.

use geo::{
    Coord as GCoord, Geometry as G, GeometryCollection, LineString, MultiLineString, MultiPoint,
    MultiPolygon, Point, Polygon,
};

use super::model::{Coord, Kind, Shape};

fn line(coords: &[Coord]) -> LineString<f64> {
    coords.iter().map(|c| GCoord { x: c.x, y: c.y }).collect()
}

/// A polygon of rings, the first the exterior.
pub fn polygon(rings: &[Vec<Coord>]) -> Polygon<f64> {
    let mut rings = rings.iter().map(|r| line(r));
    let exterior = rings.next().unwrap_or_else(|| LineString::new(vec![]));
    Polygon::new(exterior, rings.collect())
}

/// The planar form; empty points become empty multipoints, which `geo` can hold.
pub fn to_geo(shape: &Shape) -> G<f64> {
    let points = |items: &[Shape]| -> MultiPoint<f64> {
        items
            .iter()
            .filter_map(|s| match s {
                Shape::Point(Some(c)) => Some(Point::new(c.x, c.y)),
                _ => None,
            })
            .collect()
    };
    match shape {
        Shape::Point(Some(c)) => G::Point(Point::new(c.x, c.y)),
        Shape::Point(None) => G::MultiPoint(MultiPoint::new(vec![])),
        Shape::Line(coords) => G::LineString(line(coords)),
        Shape::Polygon(rings) => G::Polygon(polygon(rings)),
        Shape::Multi(Kind::MultiPoint, items) => G::MultiPoint(points(items)),
        Shape::Multi(Kind::MultiLine, items) => G::MultiLineString(MultiLineString::new(
            items
                .iter()
                .filter_map(|s| match s {
                    Shape::Line(c) => Some(line(c)),
                    _ => None,
                })
                .collect(),
        )),
        Shape::Multi(Kind::MultiPolygon, items) => G::MultiPolygon(MultiPolygon::new(
            items
                .iter()
                .filter_map(|s| match s {
                    Shape::Polygon(rings) => Some(polygon(rings)),
                    _ => None,
                })
                .collect(),
        )),
        Shape::Multi(_, items) => {
            G::GeometryCollection(GeometryCollection(items.iter().map(to_geo).collect()))
        }
    }
}

fn coords(l: &LineString<f64>) -> Vec<Coord> {
    l.0.iter().map(|c| Coord::new(c.x, c.y)).collect()
}

fn signed_area(ring: &[Coord]) -> f64 {
    ring.windows(2)
        .map(|w| w[0].x * w[1].y - w[1].x * w[0].y)
        .sum::<f64>()
        / 2.0
}

/// A ring that starts at its lowest position (by x, then y), clockwise or not.
fn canonical(ring: &[Coord], clockwise: bool) -> Vec<Coord> {
    let mut open: Vec<Coord> = ring[..ring.len().saturating_sub(1)].to_vec();
    if open.is_empty() {
        return ring.to_vec();
    }
    if (signed_area(ring) < 0.0) != clockwise {
        open.reverse();
    }
    let start = (0..open.len())
        .min_by(|a, b| {
            let (a, b) = (open[*a], open[*b]);
            a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
        })
        .unwrap_or(0);
    open.rotate_left(start);
    open.push(open[0]);
    open
}

/// Computed rings in a fixed form: exteriors clockwise, interiors counter-clockwise, each from its lowest position.
pub fn from_polygon(p: &Polygon<f64>) -> Shape {
    if p.exterior().0.is_empty() {
        return Shape::Polygon(vec![]);
    }
    let mut rings = vec![canonical(&coords(p.exterior()), true)];
    rings.extend(p.interiors().iter().map(|r| canonical(&coords(r), false)));
    Shape::Polygon(rings)
}

/// One polygon, or a multipolygon in order of the polygons' first positions; the empty polygon for none.
pub fn from_polygons(m: &MultiPolygon<f64>) -> Shape {
    let mut all: Vec<Shape> = m.0.iter().map(from_polygon).collect();
    all.sort_by(|a, b| {
        let first = |s: &Shape| s.coords().first().copied().unwrap_or_default();
        let (a, b) = (first(a), first(b));
        a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
    });
    match all.len() {
        0 => Shape::Polygon(vec![]),
        1 => all.remove(0),
        _ => Shape::Multi(Kind::MultiPolygon, all),
    }
}

/// One linestring, or a multilinestring; the empty linestring for none.
pub fn from_lines(m: &MultiLineString<f64>) -> Shape {
    let mut all: Vec<Shape> =
        m.0.iter()
            .filter(|l| l.0.len() > 1)
            .map(|l| Shape::Line(coords(l)))
            .collect();
    match all.len() {
        0 => Shape::Line(vec![]),
        1 => all.remove(0),
        _ => Shape::Multi(Kind::MultiLine, all),
    }
}

/// One point, or a multipoint; the empty point for none.
pub fn from_points(points: Vec<Coord>) -> Shape {
    match points.as_slice() {
        [] => Shape::Point(None),
        [one] => Shape::Point(Some(*one)),
        many => Shape::Multi(
            Kind::MultiPoint,
            many.iter().map(|c| Shape::Point(Some(*c))).collect(),
        ),
    }
}
