//! GEOMETRY, GEOGRAPHY and H3: values are stored as extended well-known binary with SRID and up to four dimensions.
//! Which function has which name and page is in the dialects' tables.

mod access;
pub mod construct;
mod convert;
mod crs;
mod ewkb;
mod geohash;
mod geojson;
pub mod h3;
pub mod measure;
mod model;
pub mod output;
pub mod parts;
mod planar;
pub mod process;
mod sphere;
mod wkt;

#[cfg(test)]
mod tests;

pub use access::stored;
pub use ewkb::{decode, encode, from_hex, to_hex, wire_hex};
pub use model::{Coord, Dims, Geometry, Kind, Shape};
pub use output::OutputFormat;
pub use wkt::{parse as parse_wkt, to_ewkt, to_text as to_wkt};
