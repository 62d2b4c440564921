//! Well-known binary: PostGIS's extended form with SRID, which is how geometries are stored, and the OGC form.
//! Hexadecimal text around it is here too; checks of rings are the constructors'.

use super::model::{Coord, Dims, Geometry, Kind, Shape};

const Z: u32 = 0x8000_0000;
const M: u32 = 0x4000_0000;
const SRID: u32 = 0x2000_0000;
/// Set in storage only, on geometries whose bounding box was dropped; never on the wire.
const UNBOXED: u32 = 0x1000_0000;
/// Deepest nesting of collections accepted.
const MAX_DEPTH: usize = 64;

/// Which header the types have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Flag bits for dimensions and SRID.
    Extended,
    /// Type numbers of the OGC (1001 for POINT Z), no SRID.
    Ogc,
}

fn header(kind: Kind, dims: Dims, srid: Option<i32>, form: Form, out: &mut Vec<u8>) {
    out.push(1);
    let mut ty = kind as u32;
    match form {
        Form::Extended => {
            if dims.z {
                ty |= Z;
            }
            if dims.m {
                ty |= M;
            }
            if srid.is_some() {
                ty |= SRID;
            }
        }
        Form::Ogc => ty += 1000 * u32::from(dims.z) + 2000 * u32::from(dims.m),
    }
    out.extend_from_slice(&ty.to_le_bytes());
    if let (Form::Extended, Some(srid)) = (form, srid) {
        out.extend_from_slice(&srid.to_le_bytes());
    }
}

fn coord(c: Coord, dims: Dims, out: &mut Vec<u8>) {
    out.extend_from_slice(&c.x.to_le_bytes());
    out.extend_from_slice(&c.y.to_le_bytes());
    if dims.z {
        out.extend_from_slice(&c.z.to_le_bytes());
    }
    if dims.m {
        out.extend_from_slice(&c.m.to_le_bytes());
    }
}

fn count(n: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
}

fn write(shape: &Shape, dims: Dims, srid: Option<i32>, form: Form, out: &mut Vec<u8>) {
    header(shape.kind(), dims, srid, form, out);
    let line = |coords: &[Coord], out: &mut Vec<u8>| {
        count(coords.len(), out);
        coords.iter().for_each(|c| coord(*c, dims, out));
    };
    match shape {
        Shape::Point(Some(c)) => coord(*c, dims, out),
        Shape::Point(None) => {
            let nan = f64::NAN;
            coord(
                Coord {
                    x: nan,
                    y: nan,
                    z: nan,
                    m: nan,
                },
                dims,
                out,
            );
        }
        Shape::Line(coords) => line(coords, out),
        Shape::Polygon(rings) => {
            count(rings.len(), out);
            rings.iter().for_each(|r| line(r, out));
        }
        Shape::Multi(_, items) => {
            count(items.len(), out);
            items.iter().for_each(|s| write(s, dims, None, form, out));
        }
    }
}

/// The stored form: extended well-known binary, little-endian.
pub fn encode(g: &Geometry) -> Vec<u8> {
    let mut out = to_wkb(g, Form::Extended);
    if !g.boxed {
        out[4] |= (UNBOXED >> 24) as u8;
    }
    out
}

/// Well-known binary in either form, little-endian.
pub fn to_wkb(g: &Geometry, form: Form) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    let srid = (form == Form::Extended && g.srid != 0).then_some(g.srid);
    write(&g.shape, g.dims, srid, form, &mut out);
    out
}

/// Upper-case hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

/// A stored value as clients see it: hexadecimal extended well-known binary.
pub fn wire_hex(stored: &[u8]) -> String {
    match stored.get(4) {
        Some(b) if u32::from(*b) << 24 & UNBOXED != 0 => {
            let mut copy = stored.to_vec();
            copy[4] = b & !((UNBOXED >> 24) as u8);
            to_hex(&copy)
        }
        _ => to_hex(stored),
    }
}

/// Bytes of hexadecimal text; None when it is none.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim().as_bytes();
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |b: u8| (b as char).to_digit(16);
    text.chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8))
        .collect()
}

struct Reader<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (head, rest) = self
            .bytes
            .split_first_chunk::<N>()
            .ok_or("unexpected end of well-known binary")?;
        self.bytes = rest;
        let mut head = *head;
        if !self.little {
            head.reverse();
        }
        Ok(head)
    }

    fn count(&mut self, least: usize) -> Result<usize, String> {
        let n = u32::from_le_bytes(self.take()?) as usize;
        // An item has a minimal size, so a hostile count cannot make us reserve memory.
        if n.saturating_mul(least) > self.bytes.len() {
            return Err("unexpected end of well-known binary".into());
        }
        Ok(n)
    }

    fn coord(&mut self, dims: Dims) -> Result<Coord, String> {
        let mut c = Coord::new(
            f64::from_le_bytes(self.take()?),
            f64::from_le_bytes(self.take()?),
        );
        if dims.z {
            c.z = f64::from_le_bytes(self.take()?);
        }
        if dims.m {
            c.m = f64::from_le_bytes(self.take()?);
        }
        Ok(c)
    }

    fn line(&mut self, dims: Dims) -> Result<Vec<Coord>, String> {
        let n = self.count(8 * dims.count())?;
        (0..n).map(|_| self.coord(dims)).collect()
    }

    fn geometry(&mut self, depth: usize) -> Result<(Option<i32>, Dims, Shape, bool), String> {
        if depth > MAX_DEPTH {
            return Err("geometry collections are nested too deeply".into());
        }
        let (order, rest) = self
            .bytes
            .split_first()
            .ok_or("unexpected end of well-known binary")?;
        self.bytes = rest;
        self.little = match order {
            0 => false,
            1 => true,
            other => return Err(format!("invalid byte order {other} in well-known binary")),
        };
        let ty = u32::from_le_bytes(self.take()?);
        let number = ty & 0x0fff_ffff;
        let (base, group) = (number % 1000, number / 1000);
        let kind = Kind::ALL
            .get((base as usize).wrapping_sub(1))
            .copied()
            .filter(|_| group <= 3)
            .ok_or_else(|| format!("unknown geometry type {number} in well-known binary"))?;
        let dims = Dims {
            z: ty & Z != 0 || group & 1 != 0,
            m: ty & M != 0 || group & 2 != 0,
        };
        let srid = if ty & SRID != 0 {
            Some(i32::from_le_bytes(self.take()?))
        } else {
            None
        };
        let shape = match kind {
            Kind::Point => {
                let c = self.coord(dims)?;
                Shape::Point((!c.x.is_nan() || !c.y.is_nan()).then_some(c))
            }
            Kind::Line => Shape::Line(self.line(dims)?),
            Kind::Polygon => {
                let n = self.count(4)?;
                Shape::Polygon((0..n).map(|_| self.line(dims)).collect::<Result<_, _>>()?)
            }
            multi => {
                let n = self.count(5)?;
                let mut items = Vec::with_capacity(n);
                for _ in 0..n {
                    let little = self.little;
                    let (_, inner, item, _) = self.geometry(depth + 1)?;
                    self.little = little;
                    if inner != dims {
                        return Err("mixed dimensions in a geometry".into());
                    }
                    if multi.element().is_some_and(|e| e != item.kind()) {
                        return Err(format!(
                            "a {} cannot hold a {}",
                            multi.wkt(),
                            item.kind().wkt()
                        ));
                    }
                    items.push(item);
                }
                Shape::Multi(multi, items)
            }
        };
        Ok((srid, dims, shape, ty & UNBOXED == 0))
    }
}

/// Reads either form, of either byte order.
///
/// # Errors
/// What is wrong with the bytes.
pub fn decode(bytes: &[u8]) -> Result<Geometry, String> {
    let mut r = Reader {
        bytes,
        little: true,
    };
    let (srid, dims, shape, boxed) = r.geometry(0)?;
    if !r.bytes.is_empty() {
        return Err("unexpected bytes after well-known binary".into());
    }
    Ok(Geometry {
        srid: srid.unwrap_or(0),
        dims,
        shape,
        boxed,
    })
}
