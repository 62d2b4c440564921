//! Kernels that print geometries: well-known text and binary, GeoJSON, GeoHash, GeoSquare.
//! The formats themselves are in `wkt`, `ewkb`, `geojson` and `geohash`.

use arrow::array::ArrayRef;

use super::access::{Geometries, words};
use super::ewkb::{Form, to_hex, to_wkb};
use super::model::{Coord, Geometry, Shape};
use super::{geohash, geojson, wkt};
use crate::error::Result;
use crate::functions::Call;
use crate::types::SqlType;

/// Significant digits when none are asked for.
const DIGITS: i64 = 15;

fn printed(call: &Call<'_>, f: impl Fn(&Geometry, usize) -> String) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    let digits = (call.len() > 1).then(|| call.int(1)).transpose()?;
    call.map_text(|row| {
        let Some(g) = geometries.get(row)? else {
            return Ok(None);
        };
        let n = match &digits {
            None => DIGITS,
            Some(d) => match d.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        Ok(Some(f(&g, n.clamp(1, 20) as usize)))
    })
}

/// ST_AsText(g [, precision]).
pub fn as_text(call: &Call<'_>) -> Result<ArrayRef> {
    printed(call, wkt::to_text)
}

/// ST_AsEWKT(g [, precision]).
pub fn as_ewkt(call: &Call<'_>) -> Result<ArrayRef> {
    printed(call, wkt::to_ewkt)
}

/// ST_AsGeoJSON(g [, precision]) as text.
pub fn as_geojson(call: &Call<'_>) -> Result<ArrayRef> {
    printed(call, geojson::to_text)
}

/// ST_ASGEOJSON of Snowflake: an object.
pub fn as_geojson_object(call: &Call<'_>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    call.map_variant(|row| {
        Ok(geometries
            .get(row)?
            .map(|g| geojson::to_variant(&g).encode()))
    })
}

/// ST_AsBinary, ST_AsHexWKB: hexadecimal well-known binary of the OGC.
pub fn as_wkb(call: &Call<'_>) -> Result<ArrayRef> {
    words(call, |g| to_hex(&to_wkb(g, Form::Ogc)))
}

/// ST_AsEWKB, ST_AsHexEWKB: hexadecimal extended well-known binary.
pub fn as_ewkb(call: &Call<'_>) -> Result<ArrayRef> {
    words(call, |g| to_hex(&to_wkb(g, Form::Extended)))
}

fn bytes(call: &Call<'_>, form: Form) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    call.map_bytes(|row| Ok(geometries.get(row)?.map(|g| to_wkb(&g, form))))
}

/// ST_ASWKB of Snowflake: bytes.
pub fn as_wkb_bytes(call: &Call<'_>) -> Result<ArrayRef> {
    bytes(call, Form::Ogc)
}

/// ST_ASEWKB of Snowflake: bytes.
pub fn as_ewkb_bytes(call: &Call<'_>) -> Result<ArrayRef> {
    bytes(call, Form::Extended)
}

/// ST_GeoHash(point [, precision]) of Redshift.
pub fn geohash_of_point(call: &Call<'_>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    let precision = (call.len() > 1).then(|| call.int(1)).transpose()?;
    call.map_text(|row| {
        let Some(g) = geometries.get(row)? else {
            return Ok(None);
        };
        let n = match &precision {
            None => 20,
            Some(p) => match p.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        match &g.shape {
            Shape::Point(None) => Ok(None),
            Shape::Point(Some(c)) => {
                if n < 1 || n > geohash::MAX_HASH as i64 {
                    return Err(call.error(format!("precision {n} is out of range")));
                }
                in_degrees(*c).map_err(|e| call.error(e))?;
                Ok(Some(geohash::hash(*c, n as usize)))
            }
            _ => Err(call.error("only a POINT has a geohash")),
        }
    })
}

fn in_degrees(c: Coord) -> std::result::Result<(), String> {
    if (-180.0..=180.0).contains(&c.x) && (-90.0..=90.0).contains(&c.y) {
        Ok(())
    } else {
        Err(format!("({}, {}) are no longitude and latitude", c.x, c.y))
    }
}

/// ST_GEOHASH(g [, precision]) of Snowflake: the cell that holds the whole bounding box, of up to 20 characters.
pub fn geohash_of_any(call: &Call<'_>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    let precision = (call.len() > 1).then(|| call.int(1)).transpose()?;
    call.map_text(|row| {
        let Some(g) = geometries.get(row)? else {
            return Ok(None);
        };
        let n = match &precision {
            None => 20,
            Some(p) => match p.get(row) {
                Some(n) if (1..=20).contains(&n) => n,
                Some(n) => return Err(call.error(format!("precision {n} is out of range"))),
                None => return Ok(None),
            },
        };
        Ok(g.bounds()
            .map(|b| geohash::common_hash(b.min, b.max, n as usize)))
    })
}

/// ST_GeoSquare(point [, depth]).
pub fn geosquare(call: &Call<'_>) -> Result<ArrayRef> {
    let geometries = Geometries::new(call, 0)?;
    let depths = (call.len() > 1).then(|| call.int(1)).transpose()?;
    call.map_int(|row| {
        let Some(g) = geometries.get(row)? else {
            return Ok(None);
        };
        let n = match &depths {
            None => i64::from(geohash::MAX_SQUARE),
            Some(p) => match p.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        if !(1..=i64::from(geohash::MAX_SQUARE)).contains(&n) {
            return Err(call.error(format!("depth {n} is out of range")));
        }
        match &g.shape {
            Shape::Point(Some(c)) => {
                in_degrees(*c).map_err(|e| call.error(e))?;
                Ok(Some(geohash::square(*c, n as u32)))
            }
            Shape::Point(None) => Err(call.error("the point is empty")),
            _ => Err(call.error("only a POINT lies in a geosquare")),
        }
    })
}

/// A cast of a geometry to text: hexadecimal extended well-known binary.
pub fn to_text(call: &Call<'_>) -> Result<ArrayRef> {
    as_ewkb(call)
}

/// How Snowflake returns a geometry (GEOGRAPHY_OUTPUT_FORMAT, GEOMETRY_OUTPUT_FORMAT).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// An indented object.
    GeoJson,
    /// Well-known text.
    Wkt,
    /// Well-known text with SRID.
    Ewkt,
    /// Hexadecimal well-known binary.
    Wkb,
    /// Hexadecimal extended well-known binary.
    Ewkb,
}

impl OutputFormat {
    /// The format of a parameter's value; None when it is none.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "GEOJSON" => OutputFormat::GeoJson,
            "WKT" => OutputFormat::Wkt,
            "EWKT" => OutputFormat::Ewkt,
            "WKB" => OutputFormat::Wkb,
            "EWKB" => OutputFormat::Ewkb,
            _ => return None,
        })
    }

    /// A stored value in this format.
    ///
    /// # Errors
    /// When the bytes are no geometry.
    pub fn print(self, stored: &[u8]) -> Result<String> {
        let g = super::access::stored(stored)?;
        Ok(match self {
            OutputFormat::GeoJson => {
                let bytes = geojson::to_variant(&g).encode();
                crate::variant::to_json(
                    crate::variant::Ref::new(&bytes),
                    crate::variant::JsonStyle::Pretty,
                )
            }
            OutputFormat::Wkt => wkt::to_text(&g, 15),
            OutputFormat::Ewkt => wkt::to_ewkt(&g, 15),
            OutputFormat::Wkb => to_hex(&to_wkb(&g, Form::Ogc)),
            OutputFormat::Ewkb => to_hex(&to_wkb(&g, Form::Extended)),
        })
    }
}

/// ST_MemSize(g): the bytes of PostGIS's serialized form with a length word and a box of single floats.
pub fn mem_size(call: &Call<'_>) -> Result<ArrayRef> {
    fn body(s: &Shape, width: usize) -> usize {
        let positions = |n: usize| n * width * 8;
        8 + match s {
            Shape::Point(c) => positions(usize::from(c.is_some())),
            Shape::Line(c) => positions(c.len()),
            Shape::Polygon(rings) => {
                // A count per ring, to a multiple of eight bytes.
                rings.len().next_multiple_of(2) * 4
                    + rings.iter().map(|r| positions(r.len())).sum::<usize>()
            }
            Shape::Multi(_, items) => items.iter().map(|s| body(s, width)).sum(),
        }
    }
    super::access::integer(call, |g| {
        let width = g.dims.count();
        let boxed = g.boxed && !g.is_empty();
        let size = 12 + if boxed { width * 8 } else { 0 } + body(&g.shape, width);
        Ok(Some(size as i64))
    })
}

/// The type that a constructor's result has when its name says geography.
pub fn spatial_type(name: &str) -> SqlType {
    if name.contains("GEOG") {
        SqlType::Geography
    } else {
        SqlType::Geometry
    }
}
