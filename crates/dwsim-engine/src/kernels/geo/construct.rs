//! Kernels that make geometries from text, bytes, numbers and other geometries.
//! Parsing is in `wkt`, `ewkb`, `geojson` and `geohash`.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray};
use std::sync::Arc;

use super::access::{Geometries, Row, binary, same_frame, same_srid, stored, unary, with_int};
use super::model::{Coord, Dims, Geometry, Kind, Shape};
use super::{ewkb, geohash, geojson, wkt};
use crate::dialect::DialectName;
use crate::error::Result;
use crate::functions::{AggCall, Call};
use crate::kernels::cast::is_try;
use crate::types::SqlType;

/// SRIDs that a geometry may have.
const SRIDS: std::ops::RangeInclusive<i64> = 0..=998_999;
/// The SRID of geographies without one.
const WGS84: i32 = 4326;

fn srid(n: i64) -> std::result::Result<i32, String> {
    if SRIDS.contains(&n) {
        Ok(n as i32)
    } else {
        Err(format!("SRID {n} is out of range"))
    }
}

/// Fails for shapes that no encoding may bring in: short lines, open or short rings.
fn checked(g: Geometry) -> std::result::Result<Geometry, String> {
    for part in g.shape.simple() {
        match part {
            Shape::Line(c) if c.len() == 1 => {
                return Err("a linestring needs at least two points".into());
            }
            Shape::Polygon(rings) => {
                for r in rings {
                    if !r.is_empty() && r.len() < 4 {
                        return Err("a polygon's ring needs at least four points".into());
                    }
                    if let (Some(a), Some(b)) = (r.first(), r.last())
                        && !a.same_place(*b)
                    {
                        return Err("a polygon's ring is not closed".into());
                    }
                }
            }
            _ => {}
        }
    }
    Ok(g)
}

/// The latitude of a geography is checked; its longitude may be any multiple of a turn away.
fn geography(mut g: Geometry, given: Option<i32>) -> std::result::Result<Geometry, String> {
    g.srid = given.unwrap_or(WGS84);
    for c in g.shape.coords() {
        if !(-90.0..=90.0).contains(&c.y) {
            return Err(format!("latitude {} is out of range", c.y));
        }
        if !(-180.0..=180.0).contains(&c.x) {
            return Err(format!("longitude {} is out of range", c.x));
        }
    }
    checked(g)
}

fn text_with_srid(
    call: &Call<'_>,
    parse: impl Fn(&str, Option<i64>) -> std::result::Result<Geometry, String>,
) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    let srids = (call.len() > 1).then(|| call.int(1)).transpose()?;
    call.map_bytes(|row| {
        let Some(text) = texts.get(row) else {
            return Ok(None);
        };
        let n = match &srids {
            Some(v) => match v.get(row) {
                Some(n) => Some(n),
                None => return Ok(None),
            },
            None => None,
        };
        let g = parse(text, n).map_err(|e| call.error(e))?;
        Ok(Some(ewkb::encode(&g)))
    })
}

/// ST_GeomFromText(wkt [, srid]): plain well-known text.
pub fn geom_from_text(call: &Call<'_>) -> Result<ArrayRef> {
    text_with_srid(call, |text, n| {
        let (own, mut g) = wkt::parse(text)?;
        if own.is_some() {
            return Err("well-known text with an SRID needs ST_GeomFromEWKT".into());
        }
        g.srid = n.map_or(Ok(0), srid)?;
        checked(g)
    })
}

/// ST_GeomFromEWKT(ewkt): the SRID is in the text.
pub fn geom_from_ewkt(call: &Call<'_>) -> Result<ArrayRef> {
    text_with_srid(call, |text, _| {
        let (own, g) = wkt::parse(text)?;
        srid(own.map_or(0, i64::from))?;
        checked(g)
    })
}

/// ST_GeogFromText(ewkt): SRID 4326 unless the text says another.
pub fn geog_from_text(call: &Call<'_>) -> Result<ArrayRef> {
    text_with_srid(call, |text, _| {
        let (own, g) = wkt::parse(text)?;
        srid(own.map_or(0, i64::from))?;
        geography(g, own)
    })
}

/// The bytes of a hexadecimal text or a binary argument.
fn bytes_of<'a>(call: &Call<'a>) -> Result<impl Fn(usize) -> Row<Vec<u8>> + 'a> {
    let text = call.types.first().is_some_and(SqlType::is_text);
    let texts = text.then(|| call.text(0)).transpose()?;
    let bytes = (!text).then(|| call.bytes(0)).transpose()?;
    Ok(move |row| match (&texts, &bytes) {
        (Some(t), _) => t
            .get(row)
            .map(|t| ewkb::from_hex(t).ok_or_else(|| "invalid hexadecimal text".to_owned()))
            .transpose(),
        (_, Some(b)) => Ok(b.get(row).map(<[u8]>::to_vec)),
        _ => Ok(None),
    })
}

/// ST_GeomFromWKB(wkb [, srid]).
pub fn geom_from_wkb(call: &Call<'_>) -> Result<ArrayRef> {
    let bytes = bytes_of(call)?;
    let srids = (call.len() > 1).then(|| call.int(1)).transpose()?;
    call.map_bytes(|row| {
        let n = match &srids {
            Some(v) => match v.get(row) {
                Some(n) => Some(n),
                None => return Ok(None),
            },
            None => None,
        };
        let parse = || -> Row<Geometry> {
            let Some(bytes) = bytes(row)? else {
                return Ok(None);
            };
            let mut g = ewkb::decode(&bytes)?;
            g.srid = n.map_or(Ok(0), srid)?;
            g.boxed = true;
            checked(g).map(Some)
        };
        Ok(parse()
            .map_err(|e| call.error(e))?
            .map(|g| ewkb::encode(&g)))
    })
}

/// ST_GeomFromEWKB(ewkb).
pub fn geom_from_ewkb(call: &Call<'_>) -> Result<ArrayRef> {
    let bytes = bytes_of(call)?;
    call.map_bytes(|row| {
        let parse = || -> Row<Geometry> {
            let Some(bytes) = bytes(row)? else {
                return Ok(None);
            };
            let mut g = ewkb::decode(&bytes)?;
            g.srid = srid(i64::from(g.srid))?;
            g.boxed = true;
            checked(g).map(Some)
        };
        Ok(parse()
            .map_err(|e| call.error(e))?
            .map(|g| ewkb::encode(&g)))
    })
}

/// ST_GeogFromWKB(wkb): SRID 4326 unless the bytes say another.
pub fn geog_from_wkb(call: &Call<'_>) -> Result<ArrayRef> {
    let bytes = bytes_of(call)?;
    call.map_bytes(|row| {
        let parse = || -> Row<Geometry> {
            let Some(bytes) = bytes(row)? else {
                return Ok(None);
            };
            let mut g = ewkb::decode(&bytes)?;
            g.boxed = true;
            let own = (g.srid != 0).then_some(g.srid);
            geography(g, own).map(Some)
        };
        Ok(parse()
            .map_err(|e| call.error(e))?
            .map(|g| ewkb::encode(&g)))
    })
}

/// ST_GeomFromGeoJSON(text): SRID 4326.
pub fn geom_from_geojson(call: &Call<'_>) -> Result<ArrayRef> {
    text_with_srid(call, |text, _| checked(geojson::parse(text)?))
}

/// ST_GeomFromGeoHash(hash [, precision]): the cell of a hash.
pub fn geom_from_geohash(call: &Call<'_>) -> Result<ArrayRef> {
    text_with_srid(call, |text, precision| {
        geohash_cell(text, precision).map(|c| Geometry::new(0, c.shape()))
    })
}

fn geohash_cell(text: &str, precision: Option<i64>) -> std::result::Result<geohash::Cell, String> {
    let characters = match precision {
        None => text.len(),
        Some(n) if n < 0 => text.len(),
        Some(n) => usize::try_from(n).unwrap_or(usize::MAX),
    };
    geohash::cell(text, characters).ok_or_else(|| format!("invalid geohash \"{text}\""))
}

/// ST_GEOGRAPHYFROMGEOHASH and ST_GEOMETRYFROMGEOHASH of Snowflake: the cell, in SRID 4326.
pub fn cell_from_geohash(call: &Call<'_>) -> Result<ArrayRef> {
    text_with_srid(call, |text, precision| {
        let cell = geohash_cell(text, precision)?;
        // Counter-clockwise from the south-western corner.
        let (a, b) = (cell.low, cell.high);
        let ring = vec![a, Coord::new(b.x, a.y), b, Coord::new(a.x, b.y), a];
        Ok(Geometry::new(WGS84, Shape::Polygon(vec![ring])))
    })
}

/// The middle of a hash's cell, in SRID 4326.
pub fn point_from_geohash(call: &Call<'_>) -> Result<ArrayRef> {
    text_with_srid(call, |text, precision| {
        let cell = geohash_cell(text, precision)?;
        Ok(Geometry::new(WGS84, Shape::Point(Some(cell.center()))))
    })
}

/// ST_GeomFromGeoSquare(square [, depth]): the cell of a square.
pub fn geom_from_geosquare(call: &Call<'_>) -> Result<ArrayRef> {
    let squares = call.int(0)?;
    let depths = (call.len() > 1).then(|| call.int(1)).transpose()?;
    call.map_bytes(|row| {
        let Some(square) = squares.get(row) else {
            return Ok(None);
        };
        let depth = match &depths {
            None => None,
            Some(d) => match d.get(row) {
                None => return Ok(None),
                Some(n) if (1..=i64::from(geohash::MAX_SQUARE)).contains(&n) => Some(n as u32),
                Some(n) => return Err(call.error(format!("depth {n} is out of range"))),
            },
        };
        let cell = geohash::square_cell(square, depth)
            .ok_or_else(|| call.error(format!("invalid geosquare {square}")))?;
        Ok(Some(ewkb::encode(&Geometry::new(0, cell.shape()))))
    })
}

/// ST_Point(x, y) and ST_MakePoint(x, y [, z [, m]]); in SRID 4326 as a geography.
pub fn make_point(call: &Call<'_>) -> Result<ArrayRef> {
    let values = (0..call.len())
        .map(|i| call.double(i))
        .collect::<Result<Vec<_>>>()?;
    let dims = Dims {
        z: values.len() > 2,
        m: values.len() > 3,
    };
    let on_earth = *call.returns == SqlType::Geography;
    call.map_bytes(|row| {
        let v: Option<Vec<f64>> = values.iter().map(|a| a.get(row)).collect();
        let Some(v) = v else { return Ok(None) };
        let g = Geometry {
            dims,
            ..Geometry::new(
                0,
                Shape::Point(Some(Coord {
                    x: v[0],
                    y: v[1],
                    z: v.get(2).copied().unwrap_or(0.0),
                    m: v.get(3).copied().unwrap_or(0.0),
                })),
            )
        };
        let g = if on_earth {
            geography(g, None).map_err(|e| call.error(e))?
        } else {
            g
        };
        Ok(Some(ewkb::encode(&g)))
    })
}

/// ST_MakeEnvelope(xmin, ymin, xmax, ymax [, srid]).
pub fn make_envelope(call: &Call<'_>) -> Result<ArrayRef> {
    let v = (0..4).map(|i| call.double(i)).collect::<Result<Vec<_>>>()?;
    let srids = (call.len() > 4).then(|| call.int(4)).transpose()?;
    call.map_bytes(|row| {
        let (Some(x1), Some(y1), Some(x2), Some(y2)) =
            (v[0].get(row), v[1].get(row), v[2].get(row), v[3].get(row))
        else {
            return Ok(None);
        };
        let n = match &srids {
            None => 0,
            Some(s) => match s.get(row) {
                Some(n) => srid(n).map_err(|e| call.error(e))?,
                None => return Ok(None),
            },
        };
        let ring = vec![
            Coord::new(x1, y1),
            Coord::new(x1, y2),
            Coord::new(x2, y2),
            Coord::new(x2, y1),
            Coord::new(x1, y1),
        ];
        Ok(Some(ewkb::encode(&Geometry::new(
            n,
            Shape::Polygon(vec![ring]),
        ))))
    })
}

/// ST_MakeLine(a, b): the points of both in order.
pub fn make_line(call: &Call<'_>) -> Result<ArrayRef> {
    binary(call, |a, b| {
        same_frame(a, b)?;
        for g in [a, b] {
            if !matches!(g.kind(), Kind::Point | Kind::Line | Kind::MultiPoint) {
                return Err("only points, linestrings and multipoints make a line".into());
            }
        }
        let mut coords = a.shape.coords();
        coords.extend(b.shape.coords());
        if coords.len() == 1 {
            coords.push(coords[0]);
        }
        Ok(Some(a.with(Shape::Line(coords))))
    })
}

fn closed_ring(g: &Geometry) -> std::result::Result<Vec<Coord>, String> {
    let Shape::Line(c) = &g.shape else {
        return Err("a polygon's ring must be a linestring".into());
    };
    if c.len() < 4 || !c[0].same_place(c[c.len() - 1]) {
        return Err("a polygon's ring must be closed and have at least four points".into());
    }
    Ok(c.clone())
}

/// ST_MakePolygon(line [, holes]).
pub fn make_polygon(call: &Call<'_>) -> Result<ArrayRef> {
    let build = |shell: &Geometry, holes: Option<&Geometry>| -> Row<Geometry> {
        if shell.is_empty() && shell.kind() == Kind::Line {
            return Ok(Some(shell.with(Shape::Polygon(vec![]))));
        }
        let mut rings = vec![closed_ring(shell)?];
        if let Some(h) = holes {
            same_frame(shell, h)?;
            for part in h.shape.simple() {
                rings.push(closed_ring(&h.with(part.clone()))?);
            }
        }
        Ok(Some(shell.with(Shape::Polygon(rings))))
    };
    if call.len() == 1 {
        return unary(call, |g| build(g, None));
    }
    binary(call, |a, b| build(a, Some(b)))
}

/// ST_MAKEPOLYGON and ST_POLYGON of Snowflake: the ring of a linestring, its smaller side inside.
pub fn polygon_of_line(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        Ok(Some(g.with(Shape::Polygon(vec![closed_ring(g)?]))))
    })
}

/// ST_Polygon(line, srid).
pub fn polygon(call: &Call<'_>) -> Result<ArrayRef> {
    with_int(call, |g, n| {
        let n = srid(n)?;
        if g.is_empty() && g.kind() == Kind::Line {
            return Ok(Some(Geometry {
                srid: n,
                ..g.with(Shape::Polygon(vec![]))
            }));
        }
        Ok(Some(Geometry {
            srid: n,
            ..g.with(Shape::Polygon(vec![closed_ring(g)?]))
        }))
    })
}

/// ST_SetSRID(geometry, srid).
pub fn set_srid(call: &Call<'_>) -> Result<ArrayRef> {
    with_int(call, |g, n| {
        Ok(Some(Geometry {
            srid: srid(n)?,
            ..g.clone()
        }))
    })
}

/// Several geometries as one: a multi-geometry of simple ones of one kind, else a collection.
fn gathered(all: &[Arc<Geometry>]) -> Row<Geometry> {
    let Some(first) = all.first() else {
        return Ok(None);
    };
    for g in all {
        same_frame(first, g)?;
    }
    let kind = first.kind();
    let simple = matches!(kind, Kind::Point | Kind::Line | Kind::Polygon);
    let kind = if simple && all.iter().all(|g| g.kind() == kind) {
        kind.multi()
    } else {
        Kind::Collection
    };
    let items = all.iter().map(|g| g.shape.clone()).collect();
    Ok(Some(first.with(Shape::Multi(kind, items))))
}

/// ST_Collect(a, b): NULL does not count.
pub fn collect(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (Geometries::new(call, 0)?, Geometries::new(call, 1)?);
    // Snowflake's NULL makes the result NULL; Redshift's leaves the other as it is.
    let strict = call.env.dialect == DialectName::Snowflake;
    call.map_bytes(|row| {
        let g = match (a.get(row)?, b.get(row)?) {
            (Some(a), Some(b)) => gathered(&[a, b]).map_err(|e| call.error(e))?,
            (Some(g), None) | (None, Some(g)) if !strict => Some((*g).clone()),
            _ => None,
        };
        Ok(g.map(|g| ewkb::encode(&g)))
    })
}

/// The geometries of an aggregate's rows.
pub(super) fn rows(call: &AggCall<'_>) -> Result<Vec<Arc<Geometry>>> {
    call.args
        .first()
        .map(|a| {
            a.as_binary::<i32>()
                .iter()
                .flatten()
                .map(|b| stored(b).map(Arc::new))
                .collect()
        })
        .unwrap_or_else(|| Ok(vec![]))
}

/// One value as an aggregate's result.
pub(super) fn one(g: Option<&Geometry>) -> ArrayRef {
    let bytes = g.map(ewkb::encode);
    let array: BinaryArray = [bytes.as_deref()].into_iter().collect();
    debug_assert_eq!(array.len(), 1);
    Arc::new(array)
}

/// ST_Collect as an aggregate.
pub fn collect_all(call: &AggCall<'_>) -> Result<ArrayRef> {
    let g = gathered(&rows(call)?).map_err(|e| crate::error::SqlError::argument(call.name, e))?;
    Ok(one(g.as_ref()))
}

fn line(g: &Geometry) -> std::result::Result<Vec<Coord>, String> {
    match &g.shape {
        Shape::Line(c) => Ok(c.clone()),
        _ => Err(format!(
            "a LINESTRING is expected, not a {}",
            g.kind().wkt()
        )),
    }
}

fn point(g: &Geometry) -> std::result::Result<Coord, String> {
    match &g.shape {
        Shape::Point(Some(c)) => Ok(*c),
        Shape::Point(None) => Err("the point is empty".into()),
        _ => Err(format!("a POINT is expected, not a {}", g.kind().wkt())),
    }
}

/// ST_AddPoint(line, point [, index]): index -1 appends.
pub fn add_point(call: &Call<'_>) -> Result<ArrayRef> {
    let (lines, points) = (Geometries::new(call, 0)?, Geometries::new(call, 1)?);
    let at = (call.len() > 2).then(|| call.int(2)).transpose()?;
    call.map_bytes(|row| {
        let (Some(l), Some(p)) = (lines.get(row)?, points.get(row)?) else {
            return Ok(None);
        };
        let index = match &at {
            None => -1,
            Some(v) => match v.get(row) {
                Some(n) => n,
                None => return Ok(None),
            },
        };
        let build = || -> std::result::Result<Geometry, String> {
            same_frame(&l, &p)?;
            let mut coords = line(&l)?;
            let at = match index {
                -1 => coords.len(),
                n => usize::try_from(n)
                    .ok()
                    .filter(|n| *n <= coords.len())
                    .ok_or_else(|| format!("index {n} is out of range"))?,
            };
            coords.insert(at, point(&p)?);
            Ok(l.with(Shape::Line(coords)))
        };
        Ok(Some(ewkb::encode(&build().map_err(|e| call.error(e))?)))
    })
}

/// ST_RemovePoint(line, index).
pub fn remove_point(call: &Call<'_>) -> Result<ArrayRef> {
    with_int(call, |g, n| {
        let mut coords = line(g)?;
        let at = usize::try_from(n)
            .ok()
            .filter(|n| *n < coords.len())
            .ok_or_else(|| format!("index {n} is out of range"))?;
        coords.remove(at);
        if coords.len() == 1 {
            return Err("a linestring needs at least two points".into());
        }
        Ok(Some(g.with(Shape::Line(coords))))
    })
}

/// ST_SetPoint(line, index, point): a negative index counts from the end.
pub fn set_point(call: &Call<'_>) -> Result<ArrayRef> {
    let (lines, at, points) = (
        Geometries::new(call, 0)?,
        call.int(1)?,
        Geometries::new(call, 2)?,
    );
    call.map_bytes(|row| {
        let (Some(l), Some(n), Some(p)) = (lines.get(row)?, at.get(row), points.get(row)?) else {
            return Ok(None);
        };
        let build = || -> std::result::Result<Geometry, String> {
            same_srid(&l, &p)?;
            let mut coords = line(&l)?;
            let index = if n < 0 { n + coords.len() as i64 } else { n };
            let slot = usize::try_from(index)
                .ok()
                .and_then(|i| coords.get_mut(i))
                .ok_or_else(|| format!("index {n} is out of range"))?;
            let mut c = point(&p)?;
            // The linestring's dimensions stay.
            if !l.dims.z {
                c.z = 0.0;
            }
            if !l.dims.m {
                c.m = 0.0;
            }
            *slot = c;
            Ok(l.with(Shape::Line(coords)))
        };
        Ok(Some(ewkb::encode(&build().map_err(|e| call.error(e))?)))
    })
}

/// ST_LineFromMultiPoint(multipoint).
pub fn line_from_multipoint(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        if g.kind() != Kind::MultiPoint {
            return Err(format!(
                "a MULTIPOINT is expected, not a {}",
                g.kind().wkt()
            ));
        }
        Ok(Some(g.with(Shape::Line(g.shape.coords()))))
    })
}

/// GEOMETRY as GEOGRAPHY and the other way round: SRID 4326, positions on the earth.
pub fn to_geography(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| {
        if !matches!(g.srid, 0 | WGS84) {
            return Err(format!("SRID {} is not that of a geography", g.srid));
        }
        geography(g.clone(), None).map(Some)
    })
}

/// GEOGRAPHY as GEOMETRY: the positions as they are.
pub fn to_geometry(call: &Call<'_>) -> Result<ArrayRef> {
    unary(call, |g| Ok(Some(g.clone())))
}

/// Any of well-known text, extended well-known text, hexadecimal well-known binary, GeoJSON text.
fn any_text(text: &str) -> std::result::Result<(Option<i32>, Geometry), String> {
    let trimmed = text.trim_start();
    if trimmed.starts_with('{') {
        let g = geojson::parse(trimmed)?;
        return Ok((None, Geometry { srid: 0, ..g }));
    }
    if let Some(bytes) = ewkb::from_hex(trimmed) {
        let g = ewkb::decode(&bytes)?;
        return Ok(((g.srid != 0).then_some(g.srid), g));
    }
    wkt::parse(text)
}

/// The geometry of any input of TO_GEOGRAPHY and TO_GEOMETRY: text, bytes, an object, another geometry.
fn any_input(call: &Call<'_>) -> Result<impl Fn(usize) -> Row<(Option<i32>, Geometry)>> {
    let ty = call.types.first().cloned().unwrap_or(SqlType::Null);
    let texts = ty.is_text().then(|| call.text(0)).transpose()?;
    let variants = ty.is_semi().then(|| call.variant(0)).transpose()?;
    let bytes = (texts.is_none() && variants.is_none())
        .then(|| call.bytes(0))
        .transpose()?;
    Ok(move |row| {
        if let Some(t) = &texts {
            return t.get(row).map(any_text).transpose();
        }
        if let Some(v) = &variants {
            return v
                .get(row)
                .map(|v| {
                    let v = crate::variant::Ref::new(v);
                    match v.as_str() {
                        Some(s) => any_text(&s),
                        None => any_text(&crate::variant::to_json(
                            v,
                            crate::variant::JsonStyle::Compact,
                        )),
                    }
                })
                .transpose();
        }
        match bytes.as_ref().and_then(|b| b.get(row)) {
            Some(b) => {
                let g = ewkb::decode(b)?;
                Ok(Some(((g.srid != 0).then_some(g.srid), g)))
            }
            None => Ok(None),
        }
    })
}

/// TO_GEOGRAPHY(value [, allow_invalid]).
pub fn any_geography(call: &Call<'_>) -> Result<ArrayRef> {
    let input = any_input(call)?;
    call.map_bytes(|row| {
        let parse = || -> Row<Geometry> {
            let Some((own, g)) = input(row)? else {
                return Ok(None);
            };
            if own.is_some_and(|n| n != WGS84) {
                return Err("a GEOGRAPHY has SRID 4326".into());
            }
            geography(g, None).map(Some)
        };
        match parse() {
            Ok(g) => Ok(g.map(|g| ewkb::encode(&g))),
            Err(_) if is_try(call) => Ok(None),
            Err(e) => Err(call.error(e)),
        }
    })
}

/// TO_GEOMETRY(value [, srid] [, allow_invalid]).
pub fn any_geometry(call: &Call<'_>) -> Result<ArrayRef> {
    let input = any_input(call)?;
    let srids = call
        .types
        .get(1)
        .is_some_and(|t| t.is_int())
        .then(|| call.int(1))
        .transpose()?;
    call.map_bytes(|row| {
        let parse = || -> Row<Geometry> {
            let Some((own, mut g)) = input(row)? else {
                return Ok(None);
            };
            let given = srids.as_ref().and_then(|s| s.get(row));
            g.srid = match given {
                Some(n) => srid(n)?,
                None => own.unwrap_or(0),
            };
            g.boxed = true;
            checked(g).map(Some)
        };
        match parse() {
            Ok(g) => Ok(g.map(|g| ewkb::encode(&g))),
            Err(_) if is_try(call) => Ok(None),
            Err(e) => Err(call.error(e)),
        }
    })
}
