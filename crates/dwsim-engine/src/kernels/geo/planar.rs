//! The plane: predicates, measures and constructions, most of them by the `geo` crate.
//! Dimensions besides x and y are ignored, as the documentation says for each of these functions.

use geo::relate::IntersectionMatrix;
use geo::{
    Area, BooleanOps, Buffer, Centroid, ConvexHull, Distance, Euclidean, HausdorffDistance,
    LineString, MultiLineString, MultiPolygon, Relate, SimplifyIdx, Validation,
};

use super::convert::{from_lines, from_points, from_polygon, from_polygons, polygon, to_geo};
use super::model::{Coord, Geometry, Kind, Shape};

/// How two geometries lie to each other (DE-9IM).
pub fn relate(a: &Shape, b: &Shape) -> IntersectionMatrix {
    let (a, b) = (to_geo(a), to_geo(b));
    a.relate(&b)
}

/// Smallest distance; None when one is empty.
pub fn distance(a: &Shape, b: &Shape) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let mut least = f64::INFINITY;
    for x in a.simple().into_iter().filter(|s| !s.is_empty()) {
        let x = to_geo(x);
        for y in b.simple().into_iter().filter(|s| !s.is_empty()) {
            least = least.min(Euclidean.distance(&x, &to_geo(y)));
        }
    }
    Some(least)
}

/// Area of all polygons.
pub fn area(s: &Shape) -> f64 {
    s.simple()
        .into_iter()
        .map(|s| match s {
            Shape::Polygon(rings) => polygon(rings).unsigned_area(),
            _ => 0.0,
        })
        .sum()
}

fn path_length(coords: &[Coord]) -> f64 {
    coords
        .windows(2)
        .map(|w| (w[1].x - w[0].x).hypot(w[1].y - w[0].y))
        .sum()
}

/// Length of all linestrings.
pub fn length(s: &Shape) -> f64 {
    s.simple()
        .into_iter()
        .map(|s| match s {
            Shape::Line(coords) => path_length(coords),
            _ => 0.0,
        })
        .sum()
}

/// Length of all rings.
pub fn perimeter(s: &Shape) -> f64 {
    s.rings().into_iter().map(|r| path_length(r)).sum()
}

/// Centre of mass of the parts of the highest dimension; None when empty.
pub fn centroid(s: &Shape) -> Option<Coord> {
    let c = to_geo(s).centroid()?;
    Some(Coord::new(c.x(), c.y()))
}

/// The smallest convex shape that holds all positions: a point, a linestring or a polygon.
pub fn convex_hull(s: &Shape) -> Shape {
    let mut all = s.coords();
    all.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    all.dedup_by(|a, b| a.same_place(*b));
    let (Some(first), Some(last)) = (all.first().copied(), all.last().copied()) else {
        return Shape::Multi(Kind::Collection, vec![]);
    };
    if all.len() == 1 {
        return Shape::Point(Some(Coord::new(first.x, first.y)));
    }
    let cross =
        |c: &Coord| (last.x - first.x) * (c.y - first.y) - (last.y - first.y) * (c.x - first.x);
    if all.iter().all(|c| cross(c) == 0.0) {
        return Shape::Line(vec![
            Coord::new(first.x, first.y),
            Coord::new(last.x, last.y),
        ]);
    }
    let line: LineString<f64> = all.iter().map(|c| geo::Coord { x: c.x, y: c.y }).collect();
    from_polygon(&line.convex_hull())
}

/// All positions within a distance. Arcs are drawn with `segments` segments per quarter circle, from the west clockwise.
pub fn buffer(s: &Shape, distance: f64, segments: usize) -> Shape {
    if let (Shape::Point(Some(c)), true) = (s, distance > 0.0) {
        let n = segments.max(1) * 4;
        let mut ring: Vec<Coord> = (0..n)
            .map(|i| {
                let angle = std::f64::consts::PI - std::f64::consts::TAU * i as f64 / n as f64;
                Coord::new(c.x + distance * angle.cos(), c.y + distance * angle.sin())
            })
            .collect();
        ring.push(ring[0]);
        return Shape::Polygon(vec![ring]);
    }
    let polygonal = s.dimension() == 2;
    if s.is_empty() || (distance <= 0.0 && !polygonal) {
        return Shape::Polygon(vec![]);
    }
    let exact = offsets(s, distance.abs(), segments.max(1));
    use geo::buffer::{BufferStyle, LineCap, LineJoin};
    let step = std::f64::consts::FRAC_PI_2 / segments.max(1) as f64;
    let style = BufferStyle::new(distance)
        .line_join(LineJoin::Round(step))
        .line_cap(LineCap::Round(step));
    snapped(from_polygons(&to_geo(s).buffer_with_style(style)), &exact)
}

/// Where a buffer's outline can have vertices: on the normals of the segments and on the arcs that start there.
fn offsets(s: &Shape, distance: f64, segments: usize) -> Vec<Coord> {
    let step = std::f64::consts::FRAC_PI_2 / segments as f64;
    let mut out = vec![];
    let mut arc = |c: Coord, from: f64| {
        for i in 0..4 * segments {
            let angle = from + step * i as f64;
            out.push(Coord::new(
                c.x + distance * angle.cos(),
                c.y + distance * angle.sin(),
            ));
        }
    };
    for part in s.simple() {
        match part {
            Shape::Point(Some(c)) => arc(*c, 0.0),
            Shape::Point(None) => {}
            Shape::Line(_) | Shape::Polygon(_) | Shape::Multi(..) => {
                let paths: Vec<&Vec<Coord>> = match part {
                    Shape::Line(c) => vec![c],
                    other => other.rings(),
                };
                for path in paths {
                    for w in path.windows(2) {
                        let normal =
                            (w[1].y - w[0].y).atan2(w[1].x - w[0].x) + std::f64::consts::FRAC_PI_2;
                        arc(w[0], normal);
                        arc(w[1], normal);
                    }
                }
            }
        }
    }
    out
}

/// A computed shape with its positions moved to the exact ones they stand for. The overlay library computes on a grid of
/// about nine digits; what is input, or an intersection of input, is known better.
fn snapped(s: Shape, exact: &[Coord]) -> Shape {
    let extent = s
        .coords()
        .iter()
        .fold(0.0f64, |m, c| m.max(c.x.abs()).max(c.y.abs()));
    let tolerance = extent.max(1e-300) * 1e-7;
    let mut sorted: Vec<Coord> = exact.to_vec();
    sorted.sort_by(|a, b| a.x.total_cmp(&b.x));
    s.map(&mut |c| {
        let first = sorted.partition_point(|e| e.x < c.x - tolerance);
        sorted[first..]
            .iter()
            .take_while(|e| e.x <= c.x + tolerance)
            .map(|e| ((e.x - c.x).hypot(e.y - c.y), *e))
            .filter(|(d, _)| *d <= tolerance)
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(c, |(_, e)| Coord::new(e.x, e.y))
    })
}

/// All vertices of two shapes, and where their edges cross.
fn crossings(a: &Shape, b: &Shape) -> Vec<Coord> {
    use geo::line_intersection::{LineIntersection, line_intersection};
    let edges = |s: &Shape| -> Vec<geo::Line<f64>> {
        s.simple()
            .into_iter()
            .flat_map(|p| match p {
                Shape::Line(c) => vec![c],
                other => other.rings(),
            })
            .flat_map(|path| {
                path.windows(2)
                    .map(|w| geo::Line::new((w[0].x, w[0].y), (w[1].x, w[1].y)))
            })
            .collect()
    };
    let mut out = a.coords();
    out.extend(b.coords());
    for l in edges(a) {
        for r in edges(b) {
            if let Some(LineIntersection::SinglePoint { intersection, .. }) =
                line_intersection(l, r)
            {
                out.push(Coord::new(intersection.x, intersection.y));
            }
        }
    }
    out
}

fn area_part(s: &Shape) -> MultiPolygon<f64> {
    let all: Vec<_> = s
        .simple()
        .into_iter()
        .filter_map(|s| match s {
            Shape::Polygon(rings) if !rings.is_empty() => Some(polygon(rings)),
            _ => None,
        })
        .collect();
    MultiPolygon::new(all)
}

fn line_part(s: &Shape) -> MultiLineString<f64> {
    MultiLineString::new(
        s.simple()
            .into_iter()
            .filter_map(|s| match s {
                Shape::Line(c) if !c.is_empty() => {
                    Some(c.iter().map(|c| geo::Coord { x: c.x, y: c.y }).collect())
                }
                _ => None,
            })
            .collect(),
    )
}

fn point_part(s: &Shape) -> Vec<Coord> {
    s.simple()
        .into_iter()
        .filter_map(|s| match s {
            Shape::Point(c) => *c,
            _ => None,
        })
        .collect()
}

/// Where a position lies on the parts of a linestring, as split points of two linework sets.
fn split(lines: &MultiLineString<f64>, by: &MultiLineString<f64>) -> Vec<[Coord; 2]> {
    use geo::line_intersection::{LineIntersection, line_intersection};
    let mut out = vec![];
    for l in lines.lines_iter() {
        let mut cuts = vec![l.start, l.end];
        for other in by.lines_iter() {
            match line_intersection(l, other) {
                Some(LineIntersection::SinglePoint { intersection, .. }) => {
                    cuts.push(intersection);
                }
                Some(LineIntersection::Collinear { intersection }) => {
                    cuts.push(intersection.start);
                    cuts.push(intersection.end);
                }
                None => {}
            }
        }
        let along = |c: &geo::Coord<f64>| (c.x - l.start.x).powi(2) + (c.y - l.start.y).powi(2);
        cuts.sort_by(|a, b| along(a).total_cmp(&along(b)));
        cuts.dedup();
        for w in cuts.windows(2) {
            out.push([Coord::new(w[0].x, w[0].y), Coord::new(w[1].x, w[1].y)]);
        }
    }
    out
}

use geo::LinesIter;

/// Segments joined end to end where they meet in order.
fn join(segments: Vec<[Coord; 2]>) -> MultiLineString<f64> {
    let mut lines: Vec<Vec<Coord>> = vec![];
    for [a, b] in segments {
        match lines.last_mut() {
            Some(l) if l.last().is_some_and(|c| c.same_place(a)) => {
                // A position in the middle of a straight line is not a vertex.
                if let [.., p, q] = l.as_slice()
                    && ((q.x - p.x) * (b.y - q.y) - (q.y - p.y) * (b.x - q.x)) == 0.0
                    && (q.x - p.x) * (b.x - q.x) + (q.y - p.y) * (b.y - q.y) > 0.0
                {
                    l.pop();
                }
                l.push(b);
            }
            _ => lines.push(vec![a, b]),
        }
    }
    MultiLineString::new(
        lines
            .into_iter()
            .map(|l| l.iter().map(|c| geo::Coord { x: c.x, y: c.y }).collect())
            .collect(),
    )
}

/// Set operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOp {
    /// In both.
    Intersection,
    /// In one of them.
    Union,
    /// In the first only.
    Difference,
    /// In exactly one.
    SymDifference,
}

/// Whether the middle of a segment lies on linework.
fn on_lines(segment: [Coord; 2], lines: &MultiLineString<f64>) -> bool {
    use geo::Intersects;
    use geo::line_intersection::{LineIntersection, line_intersection};
    let s = geo::Line::new(
        geo::Coord {
            x: segment[0].x,
            y: segment[0].y,
        },
        geo::Coord {
            x: segment[1].x,
            y: segment[1].y,
        },
    );
    lines.lines_iter().any(|l| {
        matches!(
            line_intersection(s, l),
            Some(LineIntersection::Collinear { .. })
        ) || l.intersects(&geo::Coord {
            x: f64::midpoint(s.start.x, s.end.x),
            y: f64::midpoint(s.start.y, s.end.y),
        })
    })
}

fn covered(c: Coord, s: &Shape) -> bool {
    relate(&Shape::Point(Some(c)), s).is_intersects()
}

/// A set operation, dimension by dimension: areas with areas, then what of lines and points is not inside of them.
pub fn overlay(op: SetOp, a: &Shape, b: &Shape) -> Shape {
    let (pa, pb) = (area_part(a), area_part(b));
    let (la, lb) = (line_part(a), line_part(b));
    let (da, db) = (point_part(a), point_part(b));
    let areas = match op {
        SetOp::Intersection => pa.intersection(&pb),
        SetOp::Union => pa.union(&pb),
        SetOp::Difference => pa.difference(&pb),
        SetOp::SymDifference => pa.xor(&pb),
    };
    // Linework: cut at each other's edges, kept by where the pieces lie.
    let edges = |m: &MultiPolygon<f64>| {
        MultiLineString::new(
            m.0.iter()
                .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()).cloned())
                .collect(),
        )
    };
    let both = |x: &MultiLineString<f64>, y: &MultiLineString<f64>| {
        MultiLineString::new(x.0.iter().chain(&y.0).cloned().collect())
    };
    let pieces = |lines: &MultiLineString<f64>,
                  others: &MultiLineString<f64>,
                  p: &MultiPolygon<f64>| {
        let cutters = both(others, &edges(p));
        let inside = |s: [Coord; 2]| {
            let middle = Coord::new(f64::midpoint(s[0].x, s[1].x), f64::midpoint(s[0].y, s[1].y));
            !p.0.is_empty() && covered(middle, &from_polygons(p))
        };
        split(lines, &cutters)
            .into_iter()
            .map(|s| (s, inside(s), on_lines(s, others)))
            .collect::<Vec<_>>()
    };
    let keep = |list: Vec<([Coord; 2], bool, bool)>, f: fn(bool, bool) -> bool| {
        join(
            list.into_iter()
                .filter(|(_, area, line)| f(*area, *line))
                .map(|(s, ..)| s)
                .collect(),
        )
    };
    let lines = match op {
        SetOp::Intersection => {
            let first = keep(pieces(&la, &lb, &pb), |area, line| area || line);
            // What of the second lies in the first's areas; common linework is in already.
            let second = keep(pieces(&lb, &la, &pa), |area, line| area && !line);
            both(&first, &second)
        }
        SetOp::Difference => keep(pieces(&la, &lb, &pb), |area, line| !area && !line),
        SetOp::Union => {
            let none = MultiPolygon::new(vec![]);
            let own = if areas.0.is_empty() { &none } else { &areas };
            let first = keep(
                pieces(&la, &MultiLineString::new(vec![]), own),
                |area, _| !area,
            );
            let second = keep(pieces(&lb, &la, own), |area, line| !area && !line);
            both(&first, &second)
        }
        SetOp::SymDifference => {
            let first = keep(pieces(&la, &lb, &pb), |area, line| !area && !line);
            let second = keep(pieces(&lb, &la, &pa), |area, line| !area && !line);
            both(&first, &second)
        }
    };
    let exact = match snapped(from_polygons(&areas), &crossings(a, b)) {
        // Moved positions may order the rings anew.
        s if s.is_empty() => s,
        s => from_polygons(&area_part(&s)),
    };
    let mut points: Vec<Coord> = match op {
        SetOp::Intersection => da
            .iter()
            .filter(|c| covered(**c, b))
            .chain(db.iter().filter(|c| covered(**c, a)))
            .copied()
            .collect(),
        SetOp::Union => da
            .iter()
            .chain(&db)
            .filter(|c| !(covered_by_higher(**c, a) || covered_by_higher(**c, b)))
            .copied()
            .collect(),
        SetOp::Difference => da.iter().filter(|c| !covered(**c, b)).copied().collect(),
        SetOp::SymDifference => da
            .iter()
            .filter(|c| !covered(**c, b))
            .chain(db.iter().filter(|c| !covered(**c, a)))
            .copied()
            .collect(),
    };
    // Lines that only cross leave a point.
    if op == SetOp::Intersection {
        use geo::line_intersection::{LineIntersection, line_intersection};
        let (ea, eb) = (both(&la, &edges(&pa)), both(&lb, &edges(&pb)));
        for l in ea.lines_iter() {
            for r in eb.lines_iter() {
                if let Some(LineIntersection::SinglePoint {
                    intersection: i, ..
                }) = line_intersection(l, r)
                {
                    points.push(Coord::new(i.x, i.y));
                }
            }
        }
        let higher = collect(exact.clone(), from_lines(&lines), Shape::Point(None));
        points.retain(|c| !near(*c, &higher));
    }
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    points.dedup_by(|a, b| a.same_place(*b));
    let out = collect(exact, from_lines(&lines), from_points(points));
    if !out.is_empty() {
        return out;
    }
    // Nothing: an empty geometry of the lowest dimension for intersections, of the first operand's else.
    let dimension = match op {
        SetOp::Intersection => a.dimension().min(b.dimension()),
        SetOp::Difference => a.dimension(),
        _ => a.dimension().max(b.dimension()),
    };
    Shape::empty(match dimension {
        0 => Kind::Point,
        1 => Kind::Line,
        _ => Kind::Polygon,
    })
}

/// On a shape up to rounding of computed intersections.
fn near(c: Coord, s: &Shape) -> bool {
    !s.is_empty()
        && distance(&Shape::Point(Some(c)), s)
            .is_some_and(|d| d <= 1e-9 * (c.x.abs() + c.y.abs()).max(1e-300))
}

fn covered_by_higher(c: Coord, s: &Shape) -> bool {
    s.simple()
        .into_iter()
        .any(|part| part.dimension() > 0 && covered(c, part))
}

/// The parts as one geometry: the only one that is not empty, or a collection.
fn collect(areas: Shape, lines: Shape, points: Shape) -> Shape {
    let mut all: Vec<Shape> = [areas, lines, points]
        .into_iter()
        .filter(|s| !s.is_empty())
        .collect();
    match all.len() {
        0 => Shape::Multi(Kind::Collection, vec![]),
        1 => all.remove(0),
        _ => Shape::Multi(
            Kind::Collection,
            all.into_iter()
                .flat_map(|s| match s {
                    Shape::Multi(_, items) => items,
                    one => vec![one],
                })
                .collect(),
        ),
    }
}

/// The boundary of a simple geometry or multi-geometry; None for collections.
pub fn boundary(s: &Shape) -> Option<Shape> {
    Some(match s {
        Shape::Point(_) | Shape::Multi(Kind::MultiPoint, _) => {
            Shape::Multi(Kind::Collection, vec![])
        }
        Shape::Line(_) | Shape::Multi(Kind::MultiLine, _) => {
            // The mod-2 rule: end points of an odd number of lines.
            let mut ends: Vec<(Coord, usize)> = vec![];
            for part in s.simple() {
                if let Shape::Line(c) = part
                    && let (Some(a), Some(b)) = (c.first(), c.last())
                {
                    for end in [*a, *b] {
                        match ends.iter_mut().find(|(e, _)| e.same_place(end)) {
                            Some((_, n)) => *n += 1,
                            None => ends.push((end, 1)),
                        }
                    }
                }
            }
            let odd: Vec<Shape> = ends
                .into_iter()
                .filter(|(_, n)| n % 2 == 1)
                .map(|(c, _)| Shape::Point(Some(c)))
                .collect();
            Shape::Multi(Kind::MultiPoint, odd)
        }
        Shape::Polygon(_) | Shape::Multi(Kind::MultiPolygon, _) => {
            let mut rings: Vec<Shape> = s
                .rings()
                .into_iter()
                .map(|r| Shape::Line(r.clone()))
                .collect();
            match rings.len() {
                1 => rings.remove(0),
                _ => Shape::Multi(Kind::MultiLine, rings),
            }
        }
        Shape::Multi(..) => return None,
    })
}

/// Whether all its parts are valid by the simple-features rules.
pub fn is_valid(s: &Shape) -> bool {
    let finite = s
        .coords()
        .iter()
        .all(|c| c.x.is_finite() && c.y.is_finite());
    finite
        && match s {
            Shape::Line(c) => c.is_empty() || c.iter().any(|p| !p.same_place(c[0])),
            Shape::Multi(Kind::MultiLine | Kind::Collection, items) => items.iter().all(is_valid),
            Shape::Polygon(rings) if rings.is_empty() => true,
            Shape::Polygon(rings) => {
                rings.iter().all(|r| {
                    r.len() >= 4 && r.first().map(|c| (c.x, c.y)) == r.last().map(|c| (c.x, c.y))
                }) && to_geo(s).is_valid()
                    && is_connected(rings)
            }
            Shape::Multi(Kind::MultiPolygon, items) => {
                to_geo(s).is_valid()
                    && items.iter().all(|p| match p {
                        Shape::Polygon(rings) => is_connected(rings),
                        _ => true,
                    })
            }
            _ => to_geo(s).is_valid(),
        }
}

/// Whether rings that only touch each other leave the interior in one piece: they do when rings and the points at
/// which they touch form no cycle.
fn is_connected(rings: &[Vec<Coord>]) -> bool {
    fn root(parents: &[usize], mut i: usize) -> usize {
        while parents[i] != i {
            i = parents[i];
        }
        i
    }
    let on = |c: &Coord, ring: &[Coord]| {
        ring.windows(2).any(|w| {
            let (a, b) = (w[0], w[1]);
            (b.x - a.x) * (c.y - a.y) == (b.y - a.y) * (c.x - a.x)
                && (a.x.min(b.x)..=a.x.max(b.x)).contains(&c.x)
                && (a.y.min(b.y)..=a.y.max(b.y)).contains(&c.y)
        })
    };
    // A touching point is a vertex of one of the two rings.
    let mut touching: Vec<Coord> = Vec::new();
    for (i, ring) in rings.iter().enumerate() {
        for c in ring {
            let met = rings
                .iter()
                .enumerate()
                .any(|(j, other)| j != i && on(c, other));
            if met && !touching.iter().any(|t| t.same_place(*c)) {
                touching.push(*c);
            }
        }
    }
    let mut parents: Vec<usize> = (0..rings.len() + touching.len()).collect();
    for (i, point) in touching.iter().enumerate() {
        for (j, ring) in rings.iter().enumerate() {
            if on(point, ring) {
                let (a, b) = (root(&parents, rings.len() + i), root(&parents, j));
                if a == b {
                    return false;
                }
                parents[a] = b;
            }
        }
    }
    true
}

/// Whether a geometry does not touch itself but at end points.
pub fn is_simple(s: &Shape) -> bool {
    use geo::line_intersection::{LineIntersection, line_intersection};
    match s {
        Shape::Multi(Kind::MultiPoint, items) => {
            let mut all: Vec<Coord> = items.iter().flat_map(Shape::coords).collect();
            all.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
            all.windows(2).all(|w| !w[0].same_place(w[1]))
        }
        Shape::Multi(Kind::MultiLine, items) => {
            items.iter().all(is_simple)
                && items.iter().enumerate().all(|(i, a)| {
                    items[i + 1..].iter().all(|b| {
                        // Two lines may meet in points of both boundaries only.
                        let shared = overlay(SetOp::Intersection, a, b);
                        let ends = |s: &Shape| boundary(s).map(|b| b.coords()).unwrap_or_default();
                        let (ea, eb) = (ends(a), ends(b));
                        shared.dimension() == 0
                            && shared.coords().iter().all(|c| {
                                ea.iter().any(|e| e.same_place(*c))
                                    && eb.iter().any(|e| e.same_place(*c))
                            })
                    })
                })
        }
        Shape::Line(coords) => {
            let mut path: Vec<geo::Coord<f64>> = coords
                .iter()
                .map(|c| geo::Coord { x: c.x, y: c.y })
                .collect();
            path.dedup();
            let lines: Vec<geo::Line<f64>> = path
                .windows(2)
                .map(|w| geo::Line::new(w[0], w[1]))
                .collect();
            let closed = path.len() > 2 && path.first() == path.last();
            (0..lines.len()).all(|i| {
                (i + 1..lines.len()).all(|j| match line_intersection(lines[i], lines[j]) {
                    None => true,
                    Some(LineIntersection::Collinear { .. }) => false,
                    Some(LineIntersection::SinglePoint { intersection, .. }) => {
                        let adjacent = j == i + 1 && intersection == lines[i].end;
                        let closing = closed
                            && i == 0
                            && j == lines.len() - 1
                            && intersection == lines[0].start;
                        adjacent || closing
                    }
                })
            })
        }
        Shape::Multi(_, items) => items.iter().all(is_simple),
        _ => true,
    }
}

/// Ramer-Douglas-Peucker per linestring and ring, keeping every dimension of the positions that stay.
/// Rings that collapse are dropped; an exterior that collapses drops its polygon.
pub fn simplify(s: &Shape, tolerance: f64) -> Shape {
    let kept = |coords: &[Coord]| -> Vec<Coord> {
        if coords.len() < 3 {
            return coords.to_vec();
        }
        let line: LineString<f64> = coords
            .iter()
            .map(|c| geo::Coord { x: c.x, y: c.y })
            .collect();
        line.simplify_idx(tolerance)
            .into_iter()
            .map(|i| coords[i])
            .collect()
    };
    match s {
        Shape::Line(c) => Shape::Line(kept(c)),
        Shape::Polygon(rings) => {
            let mut out: Vec<Vec<Coord>> = vec![];
            for (i, r) in rings.iter().enumerate() {
                let r = kept(r);
                if r.len() < 4 {
                    if i == 0 {
                        return Shape::Polygon(vec![]);
                    }
                    continue;
                }
                out.push(r);
            }
            Shape::Polygon(out)
        }
        Shape::Multi(kind, items) => Shape::Multi(
            *kind,
            items
                .iter()
                .map(|i| simplify(i, tolerance))
                .filter(|i| *kind == Kind::Collection || !i.is_empty())
                .collect(),
        ),
        point => point.clone(),
    }
}

/// The largest distance from a position of one to the other.
pub fn hausdorff(a: &Shape, b: &Shape) -> f64 {
    to_geo(a).hausdorff_distance(&to_geo(b))
}

/// The bounding box: a point, a linestring or a polygon from its lowest corner northwards.
pub fn envelope(g: &Geometry) -> Shape {
    let Some(b) = g.bounds() else {
        return g.shape.clone();
    };
    let (low, high) = (Coord::new(b.min.x, b.min.y), Coord::new(b.max.x, b.max.y));
    if low.same_place(high) {
        Shape::Point(Some(low))
    } else if low.x == high.x || low.y == high.y {
        Shape::Line(vec![low, high])
    } else {
        Shape::Polygon(vec![vec![
            low,
            Coord::new(low.x, high.y),
            high,
            Coord::new(high.x, low.y),
            low,
        ]])
    }
}

/// Whether the ring runs counter-clockwise.
pub fn is_ccw(ring: &[Coord]) -> bool {
    ring.windows(2)
        .map(|w| w[0].x * w[1].y - w[1].x * w[0].y)
        .sum::<f64>()
        > 0.0
}
