//! H3: cells of the hexagonal grid as 64-bit integers or hexadecimal text, by crate `h3o`.
//! Cells that a polygon covers are those whose centres it holds, as H3 defines it.

use std::collections::BTreeSet;

use arrow::array::ArrayRef;
use h3o::{CellIndex, LatLng, Resolution};

use super::access::Geometries;
use super::ewkb;
use super::model::{Coord, Geometry, Shape};
use crate::error::Result;
use crate::functions::Call;
use crate::types::SqlType;
use crate::variant::Value;

/// Most cells that one polygon may be tiled with.
const MAX_CELLS: usize = 1_000_000;

fn resolution(call: &Call<'_>, n: i64) -> Result<Resolution> {
    u8::try_from(n)
        .ok()
        .and_then(|n| Resolution::try_from(n).ok())
        .ok_or_else(|| call.error(format!("resolution {n} is not between 0 and 15")))
}

/// The cell of a position in degrees.
fn cell_at(call: &Call<'_>, lon: f64, lat: f64, n: i64) -> Result<i64> {
    let at =
        LatLng::new(lat, lon).map_err(|_| call.error(format!("({lon}, {lat}) is no position")))?;
    Ok(u64::from(at.to_cell(resolution(call, n)?)) as i64)
}

/// Cells of an argument: integers, or hexadecimal text.
fn cells(call: &Call<'_>, i: usize) -> Result<impl Fn(usize) -> Result<Option<CellIndex>>> {
    let text = call.types.get(i).is_some_and(SqlType::is_text);
    let texts = text.then(|| call.text(i)).transpose()?;
    let numbers = (!text).then(|| call.int(i)).transpose()?;
    let name = call.name.to_owned();
    Ok(move |row| {
        let bad =
            |v: String| crate::error::SqlError::argument(&name, format!("invalid H3 cell {v}"));
        if let Some(t) = &texts {
            return t
                .get(row)
                .map(|t| t.parse::<CellIndex>().map_err(|_| bad(t.to_owned())))
                .transpose();
        }
        numbers
            .as_ref()
            .and_then(|n| n.get(row))
            .map(|n| CellIndex::try_from(n as u64).map_err(|_| bad(n.to_string())))
            .transpose()
    })
}

/// H3_FromLongLat(longitude, latitude, resolution).
pub fn from_long_lat(call: &Call<'_>) -> Result<ArrayRef> {
    let (lon, lat, n) = (call.double(0)?, call.double(1)?, call.int(2)?);
    call.map_int(|row| match (lon.get(row), lat.get(row), n.get(row)) {
        (Some(lon), Some(lat), Some(n)) => cell_at(call, lon, lat, n).map(Some),
        _ => Ok(None),
    })
}

/// H3_LATLNG_TO_CELL(latitude, longitude, resolution) of Snowflake.
pub fn from_lat_long(call: &Call<'_>) -> Result<ArrayRef> {
    let (lat, lon, n) = (call.double(0)?, call.double(1)?, call.int(2)?);
    let text = *call.returns == SqlType::text();
    let at = |row: usize| match (lon.get(row), lat.get(row), n.get(row)) {
        (Some(lon), Some(lat), Some(n)) => cell_at(call, lon, lat, n).map(Some),
        _ => Ok(None),
    };
    if text {
        return call.map_text(|row| Ok(at(row)?.map(|c| format!("{:x}", c as u64))));
    }
    call.map_int(at)
}

/// H3_FromPoint(point, resolution), H3_POINT_TO_CELL.
pub fn from_point(call: &Call<'_>) -> Result<ArrayRef> {
    let (points, n) = (Geometries::new(call, 0)?, call.int(1)?);
    let text = *call.returns == SqlType::text();
    let at = |row: usize| {
        let (Some(g), Some(n)) = (points.get(row)?, n.get(row)) else {
            return Ok(None);
        };
        match &g.shape {
            Shape::Point(Some(c)) => cell_at(call, c.x, c.y, n).map(Some),
            Shape::Point(None) => Err(call.error("the point is empty")),
            _ => Err(call.error(format!("a POINT is expected, not a {}", g.kind().wkt()))),
        }
    };
    if text {
        return call.map_text(|row| Ok(at(row)?.map(|c| format!("{:x}", c as u64))));
    }
    call.map_int(at)
}

/// The SRID of a result: 0 for geometries, 4326 for geographies.
fn srid(call: &Call<'_>) -> i32 {
    if *call.returns == SqlType::Geography {
        4326
    } else {
        0
    }
}

/// H3_Boundary(cell), H3_CELL_TO_BOUNDARY.
pub fn boundary(call: &Call<'_>) -> Result<ArrayRef> {
    let cells = cells(call, 0)?;
    let srid = srid(call);
    call.map_bytes(|row| {
        Ok(cells(row)?.map(|cell| {
            let mut ring: Vec<Coord> = cell
                .boundary()
                .iter()
                .map(|c| Coord::new(c.lng(), c.lat()))
                .collect();
            ring.extend(ring.first().copied());
            ewkb::encode(&Geometry::new(srid, Shape::Polygon(vec![ring])))
        }))
    })
}

/// H3_Center(cell), H3_CELL_TO_POINT.
pub fn center(call: &Call<'_>) -> Result<ArrayRef> {
    let cells = cells(call, 0)?;
    let srid = srid(call);
    call.map_bytes(|row| {
        Ok(cells(row)?.map(|cell| {
            let c = LatLng::from(cell);
            ewkb::encode(&Geometry::new(
                srid,
                Shape::Point(Some(Coord::new(c.lng(), c.lat()))),
            ))
        }))
    })
}

/// Which cells cover a polygon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    /// Those with their centre in the polygon.
    Centre,
    /// Those that the polygon touches anywhere.
    Touch,
}

/// Whether a position lies in the rings (even-odd), longitudes taken about a reference so that the antimeridian does not matter.
fn holds(rings: &[Vec<Coord>], reference: f64, c: Coord) -> bool {
    let about = |x: f64| {
        let d = (x - reference).rem_euclid(360.0);
        if d > 180.0 { d - 360.0 } else { d }
    };
    let x = about(c.x);
    let mut inside = false;
    for ring in rings {
        for w in ring.windows(2) {
            let (a, b) = (w[0], w[1]);
            if (a.y > c.y) != (b.y > c.y) {
                let (ax, bx) = (about(a.x), about(b.x));
                if x < ax + (c.y - a.y) / (b.y - a.y) * (bx - ax) {
                    inside = !inside;
                }
            }
        }
    }
    inside
}

/// The cells of one polygon: those along its edges and their neighbours are tried, then those next to cells inside.
fn fill(
    call: &Call<'_>,
    rings: &[Vec<Coord>],
    to: Resolution,
    cover: Cover,
    found: &mut BTreeSet<u64>,
) -> Result<()> {
    let reference = rings.first().and_then(|r| r.first()).map_or(0.0, |c| c.x);
    let mut edge: BTreeSet<u64> = BTreeSet::new();
    // Half an average edge, in degrees of latitude.
    let step = to.edge_length_km() / 2.0 / 111.2;
    let mut queue: Vec<CellIndex> = vec![];
    for ring in rings {
        for w in ring.windows(2) {
            let (a, b) = (w[0], w[1]);
            let dx = (b.x - a.x + 540.0).rem_euclid(360.0) - 180.0;
            let n = (dx.hypot(b.y - a.y) / step).ceil().max(1.0);
            if n > MAX_CELLS as f64 {
                return Err(call.error(format!("more than {MAX_CELLS} cells are needed")));
            }
            for i in 0..=n as usize {
                let t = i as f64 / n;
                let at = LatLng::new(a.y + (b.y - a.y) * t, a.x + dx * t)
                    .map_err(|_| call.error("a position is out of range"))?;
                let cell = at.to_cell(to);
                if edge.insert(u64::from(cell)) {
                    queue.extend(cell.grid_disk::<Vec<_>>(1));
                }
            }
        }
    }
    if cover == Cover::Touch {
        found.extend(&edge);
    }
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    while let Some(cell) = queue.pop() {
        let id = u64::from(cell);
        if !seen.insert(id) {
            continue;
        }
        let c = LatLng::from(cell);
        if !holds(rings, reference, Coord::new(c.lng(), c.lat())) {
            continue;
        }
        found.insert(id);
        if found.len() > MAX_CELLS {
            return Err(call.error(format!("more than {MAX_CELLS} cells are needed")));
        }
        queue.extend(cell.grid_disk::<Vec<_>>(1));
    }
    Ok(())
}

/// H3_Polyfill(polygon, resolution), H3_POLYGON_TO_CELLS and H3_COVERAGE: an array of cells in order.
pub fn polyfill(call: &Call<'_>) -> Result<ArrayRef> {
    let (geometries, n) = (Geometries::new(call, 0)?, call.int(1)?);
    let cover = if call.name.contains("COVERAGE") {
        Cover::Touch
    } else {
        Cover::Centre
    };
    let text = call.name.ends_with("_STRINGS");
    call.map_variant(|row| {
        let value = || {
            let (Some(g), Some(n)) = (geometries.get(row)?, n.get(row)) else {
                return Ok(None);
            };
            let to = resolution(call, n)?;
            let mut found = BTreeSet::new();
            for part in g.shape.simple() {
                match part {
                    Shape::Polygon(rings) => fill(call, rings, to, cover, &mut found)?,
                    _ => {
                        return Err(call.error(format!(
                            "a POLYGON or MULTIPOLYGON is expected, not a {}",
                            g.kind().wkt()
                        )));
                    }
                }
            }
            Ok(Some(array(found, text)))
        };
        tried(call, value())
    })
}

fn array(cells: impl IntoIterator<Item = u64>, text: bool) -> Vec<u8> {
    Value::Array(
        cells
            .into_iter()
            .map(|c| {
                if text {
                    Value::text(format!("{c:x}"))
                } else {
                    Value::int(c as i64)
                }
            })
            .collect(),
    )
    .encode()
}

fn output(call: &Call<'_>, f: impl Fn(usize) -> Result<Option<CellIndex>>) -> Result<ArrayRef> {
    if call.returns.is_text() {
        return call.map_text(|row| Ok(f(row)?.map(|c| c.to_string())));
    }
    call.map_int(|row| Ok(f(row)?.map(|c| u64::from(c) as i64)))
}

/// H3_CELL_TO_PARENT(cell, resolution).
pub fn parent(call: &Call<'_>) -> Result<ArrayRef> {
    let (cells, n) = (cells(call, 0)?, call.int(1)?);
    output(call, |row| {
        let (Some(cell), Some(n)) = (cells(row)?, n.get(row)) else {
            return Ok(None);
        };
        cell.parent(resolution(call, n)?)
            .map(Some)
            .ok_or_else(|| call.error(format!("resolution {n} is finer than the cell's")))
    })
}

/// H3_CELL_TO_CHILDREN(cell, resolution).
pub fn children(call: &Call<'_>) -> Result<ArrayRef> {
    let text = call.types.first().is_some_and(SqlType::is_text) || call.name.ends_with("_STRING");
    let (cells, n) = (cells(call, 0)?, call.int(1)?);
    call.map_variant(|row| {
        let (Some(cell), Some(n)) = (cells(row)?, n.get(row)) else {
            return Ok(None);
        };
        let to = resolution(call, n)?;
        if cell.children_count(to) > MAX_CELLS as u64 {
            return Err(call.error(format!("more than {MAX_CELLS} cells are needed")));
        }
        Ok(Some(array(cell.children(to).map(u64::from), text)))
    })
}

/// H3_GET_RESOLUTION(cell).
pub fn get_resolution(call: &Call<'_>) -> Result<ArrayRef> {
    let cells = cells(call, 0)?;
    call.map_int(|row| Ok(cells(row)?.map(|c| i64::from(u8::from(c.resolution())))))
}

/// H3_GRID_DISTANCE(cell, cell).
pub fn grid_distance(call: &Call<'_>) -> Result<ArrayRef> {
    let (a, b) = (cells(call, 0)?, cells(call, 1)?);
    call.map_int(|row| {
        let value = || {
            let (Some(a), Some(b)) = (a(row)?, b(row)?) else {
                return Ok(None);
            };
            a.grid_distance(b)
                .map(|d| Some(i64::from(d)))
                .map_err(|e| call.error(e.to_string()))
        };
        tried(call, value())
    })
}

/// H3_GRID_DISK(cell, k).
pub fn grid_disk(call: &Call<'_>) -> Result<ArrayRef> {
    let text = call.types.first().is_some_and(SqlType::is_text);
    let (cells, k) = (cells(call, 0)?, call.int(1)?);
    call.map_variant(|row| {
        let (Some(cell), Some(k)) = (cells(row)?, k.get(row)) else {
            return Ok(None);
        };
        let k = u32::try_from(k)
            .ok()
            .filter(|k| *k <= 500)
            .ok_or_else(|| call.error(format!("distance {k} is out of range")))?;
        let all: Vec<CellIndex> = cell.grid_disk(k);
        Ok(Some(array(all.into_iter().map(u64::from), text)))
    })
}

/// H3_GRID_PATH(cell, cell).
pub fn grid_path(call: &Call<'_>) -> Result<ArrayRef> {
    let text = call.types.first().is_some_and(SqlType::is_text);
    let (a, b) = (cells(call, 0)?, cells(call, 1)?);
    call.map_variant(|row| {
        let value = || {
            let (Some(a), Some(b)) = (a(row)?, b(row)?) else {
                return Ok(None);
            };
            let path = a
                .grid_path_cells(b)
                .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
                .map_err(|e| call.error(e.to_string()))?;
            Ok(Some(array(path.into_iter().map(u64::from), text)))
        };
        tried(call, value())
    })
}

/// NULL instead of an error where the function is a TRY_ one.
fn tried<T>(call: &Call<'_>, value: Result<Option<T>>) -> Result<Option<T>> {
    match value {
        Err(_) if call.name.contains("_TRY_") => Ok(None),
        other => other,
    }
}

/// The cells of an array argument: integers or hexadecimal texts.
fn listed(call: &Call<'_>, bytes: &[u8]) -> Result<Vec<CellIndex>> {
    let bad = || call.error("the array must have valid H3 cells");
    crate::variant::Ref::new(bytes)
        .items()
        .ok_or_else(bad)?
        .map(|item| match item.to_value()? {
            Value::Decimal(n, 0) => u64::try_from(n)
                .ok()
                .and_then(|n| CellIndex::try_from(n).ok())
                .ok_or_else(bad),
            Value::String(s) => s.parse::<CellIndex>().map_err(|_| bad()),
            _ => Err(bad()),
        })
        .collect()
}

/// H3_COMPACT_CELLS(array): as few cells as cover the same.
pub fn compact(call: &Call<'_>) -> Result<ArrayRef> {
    let arrays = call.variant(0)?;
    let text = call.name.ends_with("_STRINGS");
    call.map_variant(|row| {
        let Some(bytes) = arrays.get(row) else {
            return Ok(None);
        };
        let mut cells = listed(call, bytes)?;
        CellIndex::compact(&mut cells).map_err(|e| call.error(e.to_string()))?;
        Ok(Some(array(cells.into_iter().map(u64::from), text)))
    })
}

/// H3_UNCOMPACT_CELLS(array, resolution): the cells of one resolution that cover the same.
pub fn uncompact(call: &Call<'_>) -> Result<ArrayRef> {
    let (arrays, n) = (call.variant(0)?, call.int(1)?);
    let text = call.name.ends_with("_STRINGS");
    call.map_variant(|row| {
        let (Some(bytes), Some(n)) = (arrays.get(row), n.get(row)) else {
            return Ok(None);
        };
        let to = resolution(call, n)?;
        let cells = listed(call, bytes)?;
        if cells.iter().any(|c| c.resolution() > to) {
            return Err(call.error(format!("resolution {n} is coarser than a cell's")));
        }
        if CellIndex::uncompact_size(cells.iter().copied(), to) > MAX_CELLS as u64 {
            return Err(call.error(format!("more than {MAX_CELLS} cells are needed")));
        }
        let all = CellIndex::uncompact(cells, to).map(u64::from);
        Ok(Some(array(all, text)))
    })
}

/// H3_INT_TO_STRING(cell).
pub fn int_to_string(call: &Call<'_>) -> Result<ArrayRef> {
    let cells = cells(call, 0)?;
    call.map_text(|row| Ok(cells(row)?.map(|c| c.to_string())))
}

/// H3_STRING_TO_INT(cell).
pub fn string_to_int(call: &Call<'_>) -> Result<ArrayRef> {
    let cells = cells(call, 0)?;
    call.map_int(|row| Ok(cells(row)?.map(|c| u64::from(c) as i64)))
}

/// H3_IS_VALID_CELL(cell).
pub fn is_valid(call: &Call<'_>) -> Result<ArrayRef> {
    if call.types.first().is_some_and(SqlType::is_text) {
        let t = call.text(0)?;
        return call.map_bool(|row| Ok(t.get(row).map(|t| t.parse::<CellIndex>().is_ok())));
    }
    let n = call.int(0)?;
    call.map_bool(|row| Ok(n.get(row).map(|n| CellIndex::try_from(n as u64).is_ok())))
}

/// H3_IS_PENTAGON(cell).
pub fn is_pentagon(call: &Call<'_>) -> Result<ArrayRef> {
    let cells = cells(call, 0)?;
    call.map_bool(|row| Ok(cells(row)?.map(CellIndex::is_pentagon)))
}
