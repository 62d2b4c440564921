//! Well-known text, plain and with a leading `SRID=n;`: reading and writing.
//! Which SRIDs and dimensions a type accepts is the constructors' affair.

use super::model::{Coord, Dims, Geometry, Kind, Shape};
use crate::kernels::cast::general;

/// Deepest nesting of collections accepted.
const MAX_DEPTH: usize = 64;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Dimensions as declared, or as the first position shows.
    dims: Option<Dims>,
}

impl<'a> Parser<'a> {
    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn error<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("{what} at position {}", self.at + 1))
    }

    fn peek(&mut self) -> Option<char> {
        self.blanks();
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, c: char) -> bool {
        if self.peek() == Some(c) {
            self.at += c.len_utf8();
            return true;
        }
        false
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        if self.eat(c) {
            Ok(())
        } else {
            self.error(&format!("'{c}' expected"))
        }
    }

    fn word(&mut self) -> &'a str {
        self.blanks();
        let rest = &self.text[self.at..];
        let n = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        self.at += n;
        &rest[..n]
    }

    fn number(&mut self) -> Result<f64, String> {
        self.blanks();
        let rest = &self.text[self.at..];
        let n = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(rest.len());
        let word = &rest[..n];
        // Words such as "inf" and "nan" are no coordinates.
        let numeric = word
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
        match word.parse::<f64>() {
            Ok(v) if numeric && v.is_finite() => {
                self.at += n;
                Ok(v)
            }
            _ => self.error("number expected"),
        }
    }

    fn coord(&mut self) -> Result<Coord, String> {
        let mut values = vec![];
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        {
            values.push(self.number()?);
        }
        if values.is_empty() {
            self.number()?;
        }
        let dims = *self.dims.get_or_insert(match values.len() {
            3 => Dims { z: true, m: false },
            4 => Dims { z: true, m: true },
            _ => Dims::default(),
        });
        if values.len() != dims.count() {
            return self.error(&format!("{} coordinates expected", dims.count()));
        }
        let mut c = Coord::new(values[0], values[1]);
        if dims.z {
            c.z = values[2];
        }
        if dims.m {
            c.m = values[dims.count() - 1];
        }
        Ok(c)
    }

    fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        self.expect('(')?;
        let mut out = vec![];
        loop {
            out.push(item(self)?);
            if !self.eat(',') {
                break;
            }
        }
        self.expect(')')?;
        Ok(out)
    }

    fn empty(&mut self) -> bool {
        let start = self.at;
        if self.word().eq_ignore_ascii_case("empty") {
            return true;
        }
        self.at = start;
        false
    }

    fn body(&mut self, kind: Kind, depth: usize) -> Result<Shape, String> {
        if depth > MAX_DEPTH {
            return self.error("collections are nested too deeply");
        }
        if self.empty() {
            return Ok(Shape::empty(kind));
        }
        Ok(match kind {
            Kind::Point => {
                self.expect('(')?;
                let c = self.coord()?;
                self.expect(')')?;
                Shape::Point(Some(c))
            }
            Kind::Line => Shape::Line(self.list(Self::coord)?),
            Kind::Polygon => Shape::Polygon(self.list(|p| p.list(Self::coord))?),
            Kind::MultiPoint => Shape::Multi(
                kind,
                self.list(|p| {
                    if p.empty() {
                        return Ok(Shape::Point(None));
                    }
                    // Parentheses around the points are optional.
                    if p.eat('(') {
                        let c = p.coord()?;
                        p.expect(')')?;
                        return Ok(Shape::Point(Some(c)));
                    }
                    Ok(Shape::Point(Some(p.coord()?)))
                })?,
            ),
            Kind::MultiLine | Kind::MultiPolygon => {
                let element = kind.element().unwrap_or(Kind::Line);
                Shape::Multi(kind, self.list(|p| p.body(element, depth + 1))?)
            }
            Kind::Collection => Shape::Multi(kind, self.list(|p| p.tagged(depth + 1))?),
        })
    }

    fn tagged(&mut self, depth: usize) -> Result<Shape, String> {
        let start = self.at;
        let word = self.word().to_ascii_uppercase();
        let found = Kind::ALL
            .into_iter()
            .filter_map(|k| word.strip_prefix(k.wkt()).map(|rest| (k, rest.to_owned())))
            .find(|(_, rest)| matches!(rest.as_str(), "" | "Z" | "M" | "ZM"));
        let Some((kind, mut suffix)) = found else {
            self.at = start;
            self.blanks();
            return self.error("geometry type expected");
        };
        if suffix.is_empty() {
            let before = self.at;
            let next = self.word().to_ascii_uppercase();
            if matches!(next.as_str(), "Z" | "M" | "ZM") {
                suffix = next;
            } else {
                self.at = before;
            }
        }
        if !suffix.is_empty() {
            let declared = Dims {
                z: suffix.contains('Z'),
                m: suffix.contains('M'),
            };
            if self.dims.is_some_and(|d| d != declared) {
                return self.error("mixed dimensions in a geometry");
            }
            self.dims = Some(declared);
        }
        self.body(kind, depth)
    }
}

/// Reads well-known text. The SRID is that of a leading `SRID=n;`, else None.
///
/// # Errors
/// What is wrong, with the position in the text from 1.
pub fn parse(text: &str) -> Result<(Option<i32>, Geometry), String> {
    let mut p = Parser {
        text,
        at: 0,
        dims: None,
    };
    p.blanks();
    let mut srid = None;
    let rest = &text[p.at..];
    if rest
        .get(..5)
        .is_some_and(|s| s.eq_ignore_ascii_case("srid="))
    {
        let Some((number, _)) = rest[5..].split_once(';') else {
            return p.error("';' expected after the SRID");
        };
        srid = match number.trim().parse::<i32>() {
            Ok(n) => Some(n),
            Err(_) => return p.error("invalid SRID"),
        };
        p.at += 5 + number.len() + 1;
    }
    let shape = p.tagged(0)?;
    if p.peek().is_some() {
        return p.error("unexpected text");
    }
    Ok((
        srid,
        Geometry {
            srid: srid.unwrap_or(0),
            dims: p.dims.unwrap_or_default(),
            shape,
            boxed: true,
        },
    ))
}

fn coord(c: Coord, dims: Dims, digits: usize, out: &mut String) {
    out.push_str(&general(c.x, digits));
    out.push(' ');
    out.push_str(&general(c.y, digits));
    for v in [dims.z.then_some(c.z), dims.m.then_some(c.m)]
        .into_iter()
        .flatten()
    {
        out.push(' ');
        out.push_str(&general(v, digits));
    }
}

fn list<T>(items: &[T], out: &mut String, mut f: impl FnMut(&T, &mut String)) {
    out.push('(');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        f(item, out);
    }
    out.push(')');
}

fn body(shape: &Shape, dims: Dims, digits: usize, out: &mut String) {
    let line = |coords: &Vec<Coord>, out: &mut String| {
        if coords.is_empty() {
            out.push_str("EMPTY");
        } else {
            list(coords, out, |c, out| coord(*c, dims, digits, out));
        }
    };
    match shape {
        Shape::Point(None) => out.push_str("EMPTY"),
        Shape::Point(Some(c)) => {
            out.push('(');
            coord(*c, dims, digits, out);
            out.push(')');
        }
        Shape::Line(coords) => line(coords, out),
        Shape::Polygon(rings) if rings.is_empty() => out.push_str("EMPTY"),
        Shape::Polygon(rings) => list(rings, out, |r, out| line(r, out)),
        Shape::Multi(_, items) if items.is_empty() => out.push_str("EMPTY"),
        Shape::Multi(Kind::Collection, items) => {
            list(items, out, |s, out| tagged(s, dims, digits, out));
        }
        Shape::Multi(_, items) => list(items, out, |s, out| body(s, dims, digits, out)),
    }
}

fn tagged(shape: &Shape, dims: Dims, digits: usize, out: &mut String) {
    out.push_str(shape.kind().wkt());
    let suffix = match (dims.z, dims.m) {
        (false, false) => "",
        (true, false) => " Z",
        (false, true) => " M",
        (true, true) => " ZM",
    };
    out.push_str(suffix);
    let mut text = String::new();
    body(shape, dims, digits, &mut text);
    if !suffix.is_empty() || text == "EMPTY" {
        out.push(' ');
    }
    out.push_str(&text);
}

/// Well-known text without SRID, with this many significant digits.
pub fn to_text(g: &Geometry, digits: usize) -> String {
    let mut out = String::new();
    tagged(&g.shape, g.dims, digits.max(1), &mut out);
    out
}

/// Well-known text with a leading `SRID=n;` unless the SRID is 0.
pub fn to_ewkt(g: &Geometry, digits: usize) -> String {
    let text = to_text(g, digits);
    if g.srid == 0 {
        text
    } else {
        format!("SRID={};{text}", g.srid)
    }
}
