//! GeoJSON geometries (RFC 7946): reading with or without an outer Feature, and writing.
//! The members of Features other than the geometry are not kept.

use serde_json::Value as Json;

use super::model::{Coord, Dims, Geometry, Kind, Shape};
use crate::kernels::cast::general;
use crate::variant::Value;

/// Deepest nesting of collections accepted.
const MAX_DEPTH: usize = 64;

/// The SRID of GeoJSON's coordinates.
pub const SRID: i32 = 4326;

struct Reader {
    z: bool,
}

impl Reader {
    fn coord(&mut self, v: &Json) -> Result<Coord, String> {
        let items = v.as_array().ok_or("a position must be an array")?;
        let numbers = items
            .iter()
            .map(|n| n.as_f64().ok_or("a coordinate must be a number"))
            .collect::<Result<Vec<_>, _>>()?;
        match numbers.as_slice() {
            [x, y] => Ok(Coord::new(*x, *y)),
            [x, y, z, ..] => {
                self.z = true;
                Ok(Coord {
                    x: *x,
                    y: *y,
                    z: *z,
                    m: 0.0,
                })
            }
            _ => Err("a position needs two coordinates".into()),
        }
    }

    fn coords(&mut self, v: &Json) -> Result<Vec<Coord>, String> {
        let items = v.as_array().ok_or("coordinates must be an array")?;
        items.iter().map(|c| self.coord(c)).collect()
    }

    fn body(&mut self, kind: Kind, v: &Json) -> Result<Shape, String> {
        let items = v.as_array().ok_or("coordinates must be an array")?;
        Ok(match kind {
            Kind::Point if items.is_empty() => Shape::Point(None),
            Kind::Point => Shape::Point(Some(self.coord(v)?)),
            Kind::Line => Shape::Line(self.coords(v)?),
            Kind::Polygon => Shape::Polygon(
                items
                    .iter()
                    .map(|r| self.coords(r))
                    .collect::<Result<_, _>>()?,
            ),
            multi => {
                let element = multi.element().unwrap_or(Kind::Point);
                Shape::Multi(
                    multi,
                    items
                        .iter()
                        .map(|i| self.body(element, i))
                        .collect::<Result<_, _>>()?,
                )
            }
        })
    }

    fn geometry(&mut self, v: &Json, depth: usize) -> Result<Shape, String> {
        if depth > MAX_DEPTH {
            return Err("geometry collections are nested too deeply".into());
        }
        let object = v.as_object().ok_or("an object is expected")?;
        let ty = object
            .get("type")
            .and_then(Json::as_str)
            .ok_or("the member \"type\" is missing")?;
        match ty {
            "Feature" => {
                let inner = object
                    .get("geometry")
                    .ok_or("the member \"geometry\" is missing")?;
                return self.geometry(inner, depth + 1);
            }
            "FeatureCollection" => {
                let features = object
                    .get("features")
                    .and_then(Json::as_array)
                    .ok_or("the member \"features\" is missing")?;
                let shapes = features
                    .iter()
                    .map(|f| self.geometry(f, depth + 1))
                    .collect::<Result<_, _>>()?;
                return Ok(Shape::Multi(Kind::Collection, shapes));
            }
            _ => {}
        }
        let kind = Kind::ALL
            .into_iter()
            .find(|k| k.title() == ty)
            .ok_or_else(|| format!("unknown type \"{ty}\""))?;
        if kind == Kind::Collection {
            let items = object
                .get("geometries")
                .and_then(Json::as_array)
                .ok_or("the member \"geometries\" is missing")?;
            let shapes = items
                .iter()
                .map(|g| self.geometry(g, depth + 1))
                .collect::<Result<_, _>>()?;
            return Ok(Shape::Multi(kind, shapes));
        }
        let coordinates = object
            .get("coordinates")
            .ok_or("the member \"coordinates\" is missing")?;
        self.body(kind, coordinates)
    }
}

/// Reads a geometry, a Feature's geometry, or a FeatureCollection's geometries as a collection.
/// A position without height among others with one gets height 0.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<Geometry, String> {
    let json: Json = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut r = Reader { z: false };
    let shape = r.geometry(&json, 0)?;
    Ok(Geometry {
        srid: SRID,
        dims: Dims { z: r.z, m: false },
        shape,
        boxed: true,
    })
}

fn number(v: f64, digits: usize, out: &mut String) {
    out.push_str(&general(v, digits));
}

fn position(c: Coord, dims: Dims, digits: usize, out: &mut String) {
    out.push('[');
    number(c.x, digits, out);
    out.push(',');
    number(c.y, digits, out);
    if dims.z {
        out.push(',');
        number(c.z, digits, out);
    }
    out.push(']');
}

fn list<T>(items: &[T], out: &mut String, mut f: impl FnMut(&T, &mut String)) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        f(item, out);
    }
    out.push(']');
}

fn coordinates(shape: &Shape, dims: Dims, digits: usize, out: &mut String) {
    match shape {
        Shape::Point(None) => out.push_str("[]"),
        Shape::Point(Some(c)) => position(*c, dims, digits, out),
        Shape::Line(coords) => list(coords, out, |c, out| position(*c, dims, digits, out)),
        Shape::Polygon(rings) => list(rings, out, |r, out| {
            list(r, out, |c, out| position(*c, dims, digits, out));
        }),
        Shape::Multi(_, items) => {
            list(items, out, |s, out| coordinates(s, dims, digits, out));
        }
    }
}

fn write(shape: &Shape, dims: Dims, digits: usize, out: &mut String) {
    out.push_str("{\"type\":\"");
    out.push_str(shape.kind().title());
    if let Shape::Multi(Kind::Collection, items) = shape {
        out.push_str("\",\"geometries\":");
        list(items, out, |s, out| write(s, dims, digits, out));
    } else {
        out.push_str("\",\"coordinates\":");
        coordinates(shape, dims, digits, out);
    }
    out.push('}');
}

/// One line, `type` first, with this many significant digits. Measures are left out, as the format has none.
pub fn to_text(g: &Geometry, digits: usize) -> String {
    let mut out = String::new();
    write(&g.shape, g.dims, digits.max(1), &mut out);
    out
}

fn tree(shape: &Shape, dims: Dims) -> Value {
    let place = |c: &Coord| {
        let mut v = vec![Value::Double(c.x), Value::Double(c.y)];
        if dims.z {
            v.push(Value::Double(c.z));
        }
        Value::Array(v)
    };
    fn nested(shape: &Shape, place: &impl Fn(&Coord) -> Value) -> Value {
        Value::Array(match shape {
            Shape::Point(None) => vec![],
            Shape::Point(Some(c)) => return place(c),
            Shape::Line(coords) => coords.iter().map(place).collect(),
            Shape::Polygon(rings) => rings
                .iter()
                .map(|r| Value::Array(r.iter().map(place).collect()))
                .collect(),
            Shape::Multi(_, items) => items.iter().map(|s| nested(s, place)).collect(),
        })
    }
    let members = if let Shape::Multi(Kind::Collection, items) = shape {
        (
            "geometries",
            Value::Array(items.iter().map(|s| tree(s, dims)).collect()),
        )
    } else {
        ("coordinates", nested(shape, &place))
    };
    Value::Object(vec![
        (members.0.to_owned(), members.1),
        ("type".to_owned(), Value::text(shape.kind().title())),
    ])
}

/// The same as a semi-structured object with its members in order of their names.
pub fn to_variant(g: &Geometry) -> Value {
    tree(&g.shape, g.dims)
}
