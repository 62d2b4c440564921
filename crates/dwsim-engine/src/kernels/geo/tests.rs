//! Encodings read back, and the algorithms by cases that can be checked by hand.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rstest::rstest;

use super::model::{Coord, Dims, Geometry, Kind, Shape};
use super::planar::{self, SetOp};
use super::{ewkb, geohash, geojson, sphere, wkt};

fn g(text: &str) -> Geometry {
    match wkt::parse(text) {
        Ok((_, g)) => g,
        Err(e) => panic!("{text}: {e}"),
    }
}

fn s(text: &str) -> Shape {
    g(text).shape
}

fn text(shape: Shape) -> String {
    wkt::to_text(&Geometry::new(0, shape), 12)
}

#[rstest]
#[case("point(1 2)", "POINT(1 2)")]
#[case("POINT EMPTY", "POINT EMPTY")]
#[case(" linestring ( 0 0 , 1.50 -2e1 ) ", "LINESTRING(0 0,1.5 -20)")]
#[case("MULTIPOINT(1 2,3 4)", "MULTIPOINT((1 2),(3 4))")]
#[case("POINTZ(1 2 3)", "POINT Z (1 2 3)")]
#[case("POINT M (1 2 3)", "POINT M (1 2 3)")]
#[case("POINT ZM (1 2 3 4)", "POINT ZM (1 2 3 4)")]
#[case("POINT(1 2 3)", "POINT Z (1 2 3)")]
#[case(
    "MULTIPOLYGON(((0 0,1 0,0 1,0 0)),EMPTY)",
    "MULTIPOLYGON(((0 0,1 0,0 1,0 0)),EMPTY)"
)]
#[case(
    "GEOMETRYCOLLECTION(POINT(0 0),LINESTRING EMPTY)",
    "GEOMETRYCOLLECTION(POINT(0 0),LINESTRING EMPTY)"
)]
fn texts(#[case] given: &str, #[case] printed: &str) {
    assert_eq!(wkt::to_text(&g(given), 15), printed);
}

#[rstest]
#[case("")]
#[case("POINT")]
#[case("POINT(1)")]
#[case("POINT(1 2 3 4 5)")]
#[case("POINT(inf 2)")]
#[case("POINT(1 2")]
#[case("POINT(1 2) x")]
#[case("LINESTRING(1 2,3 4 5)")]
#[case("CIRCLE(1 2)")]
#[case("SRID=x;POINT(1 2)")]
fn bad_texts(#[case] given: &str) {
    assert!(wkt::parse(given).is_err());
}

#[test]
fn srid_of_texts() {
    assert_eq!(
        wkt::parse("srid=4326;POINT(1 2)").map(|p| p.0),
        Ok(Some(4326))
    );
    let mut point = g("POINT(1 2)");
    point.srid = 7;
    assert_eq!(wkt::to_ewkt(&point, 15), "SRID=7;POINT(1 2)");
}

#[test]
fn binary_forms() {
    let mut point = g("POINT Z (1 2 3)");
    point.srid = 4326;
    assert_eq!(
        ewkb::to_hex(&ewkb::encode(&point)),
        "01010000A0E6100000000000000000F03F00000000000000400000000000000840"
    );
    assert_eq!(
        ewkb::to_hex(&ewkb::to_wkb(&point, ewkb::Form::Ogc)),
        "01E9030000000000000000F03F00000000000000400000000000000840"
    );
    // Big-endian input.
    let big = ewkb::from_hex("00000000013FF00000000000004000000000000000").unwrap_or_default();
    assert_eq!(ewkb::decode(&big), Ok(g("POINT(1 2)")));
    let dropped = Geometry {
        boxed: false,
        ..g("POINT(1 2)")
    };
    let stored = ewkb::encode(&dropped);
    assert_eq!(ewkb::decode(&stored), Ok(dropped));
    assert_eq!(
        ewkb::wire_hex(&stored),
        ewkb::to_hex(&ewkb::encode(&g("POINT(1 2)")))
    );
}

fn coord() -> impl Strategy<Value = Coord> {
    (-1e6..1e6f64, -1e6..1e6f64, -1e6..1e6f64, -1e6..1e6f64).prop_map(|(x, y, z, m)| Coord {
        x,
        y,
        z,
        m,
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        proptest::option::of(coord()).prop_map(Shape::Point),
        proptest::collection::vec(coord(), 0..5).prop_map(Shape::Line),
        proptest::collection::vec(proptest::collection::vec(coord(), 1..5), 0..3)
            .prop_map(Shape::Polygon),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        proptest::collection::vec(inner, 0..4).prop_map(|v| Shape::Multi(Kind::Collection, v))
    })
}

proptest! {
    #[test]
    fn encodings_are_read_back(shape in shape(), z: bool, m: bool, srid in 0..100_000i32) {
        let dims = Dims { z, m };
        let shape = shape.map(&mut |c| Coord {
            z: if z { c.z } else { 0.0 },
            m: if m { c.m } else { 0.0 },
            ..c
        });
        let g = Geometry { srid, dims, shape, boxed: true };
        prop_assert_eq!(ewkb::decode(&ewkb::encode(&g)), Ok(g.clone()));
        let text = wkt::to_ewkt(&g, 17);
        let back = wkt::parse(&text).map(|p| p.1);
        // An empty geometry's text may not show its dimensions to a reader of positions, but it names them.
        prop_assert_eq!(back, Ok(g));
    }

    #[test]
    fn hostile_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = ewkb::decode(&bytes);
    }

    #[test]
    fn hostile_text_does_not_panic(text in "\\PC{0,40}") {
        let _ = wkt::parse(&text);
        let _ = geojson::parse(&text);
    }

    #[test]
    fn hashes_hold_their_position(x in -180.0..180.0f64, y in -90.0..90.0f64, n in 1usize..12) {
        let cell = geohash::cell(&geohash::hash(Coord::new(x, y), n), n).unwrap();
        prop_assert!(cell.low.x <= x && x <= cell.high.x && cell.low.y <= y && y <= cell.high.y);
        let depth = n as u32 * 2;
        let id = geohash::square(Coord::new(x, y), depth);
        let cell = geohash::square_cell(id, None).unwrap();
        prop_assert!(cell.low.x <= x && x <= cell.high.x && cell.low.y <= y && y <= cell.high.y);
    }
}

#[test]
fn json() {
    let text = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0,5],[0,1],[0,0]]]}"#;
    let p = geojson::parse(text).unwrap();
    assert_eq!(
        wkt::to_ewkt(&p, 15),
        "SRID=4326;POLYGON Z ((0 0 0,1 0 5,0 1 0,0 0 0))"
    );
    assert_eq!(
        geojson::to_text(&g("MULTIPOINT(1 2,3 4)"), 15),
        r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#
    );
    assert!(geojson::parse(r#"{"type":"Point"}"#).is_err());
}

#[rstest]
#[case(
    SetOp::Intersection,
    "POLYGON((0 0,4 0,4 4,0 4,0 0))",
    "POLYGON((2 2,6 2,6 6,2 6,2 2))",
    "POLYGON((2 2,2 4,4 4,4 2,2 2))"
)]
#[case(
    SetOp::Intersection,
    "LINESTRING(0 1,10 1)",
    "POLYGON((2 0,4 0,4 4,2 4,2 0))",
    "LINESTRING(2 1,4 1)"
)]
#[case(
    SetOp::Intersection,
    "LINESTRING(0 0,2 2)",
    "LINESTRING(0 2,2 0)",
    "POINT(1 1)"
)]
#[case(
    SetOp::Intersection,
    "POINT(1 1)",
    "POLYGON((0 0,4 0,4 4,0 4,0 0))",
    "POINT(1 1)"
)]
#[case(
    SetOp::Intersection,
    "POINT(9 9)",
    "POLYGON((0 0,4 0,4 4,0 4,0 0))",
    "POINT EMPTY"
)]
#[case(
    SetOp::Union,
    "POLYGON((0 0,2 0,2 2,0 2,0 0))",
    "POLYGON((2 0,4 0,4 2,2 2,2 0))",
    "POLYGON((0 0,0 2,4 2,4 0,0 0))"
)]
#[case(SetOp::Union, "POINT(0 0)", "POINT(1 1)", "MULTIPOINT((0 0),(1 1))")]
#[case(
    SetOp::Difference,
    "LINESTRING(0 0,10 0)",
    "LINESTRING(4 0,6 0)",
    "MULTILINESTRING((0 0,4 0),(6 0,10 0))"
)]
#[case(
    SetOp::Difference,
    "POLYGON((0 0,4 0,4 4,0 4,0 0))",
    "POLYGON((0 0,4 0,4 4,0 4,0 0))",
    "POLYGON EMPTY"
)]
#[case(SetOp::SymDifference, "POINT(0 0)", "POINT(0 0)", "POINT EMPTY")]
#[case(
    SetOp::Intersection,
    "POLYGON((0 0,3 0,0 3,0 0))",
    "POLYGON((0.1 0.1,5 0.1,5 0.7,0.1 0.1))",
    "POLYGON((0.1 0.1,2.59454545455 0.405454545455,2.9 0.1,0.1 0.1))"
)]
fn overlays(#[case] op: SetOp, #[case] a: &str, #[case] b: &str, #[case] expected: &str) {
    assert_eq!(text(planar::overlay(op, &s(a), &s(b))), expected);
}

#[rstest]
#[case("LINESTRING(0 0,1 1,1 0,0 1)", false)]
#[case("LINESTRING(0 0,1 0,1 1,0 0)", true)]
#[case("MULTIPOINT(1 1,1 1)", false)]
#[case("MULTILINESTRING((0 0,1 1),(1 1,2 0))", true)]
#[case("MULTILINESTRING((0 0,2 2),(0 2,2 0))", false)]
fn simplicity(#[case] given: &str, #[case] simple: bool) {
    assert_eq!(planar::is_simple(&s(given)), simple);
}

#[rstest]
#[case("POLYGON((0 0,2 2,2 0,0 2,0 0))", false)]
#[case("POLYGON((0 0,2 0,2 2,0 2,0 0))", true)]
#[case("POLYGON((0 0,2 0,2 2,0 2,0 0),(5 5,6 5,6 6,5 5))", false)]
#[case("LINESTRING(1 1,1 1)", false)]
// One touching point leaves the interior whole, two cut it.
#[case("POLYGON((0 0,4 0,4 4,0 4,0 0),(2 0,3 2,1 2,2 0))", true)]
#[case("POLYGON((0 0,4 0,4 4,0 4,0 0),(2 0,3 2,2 4,1 2,2 0))", false)]
fn validity(#[case] given: &str, #[case] valid: bool) {
    assert_eq!(planar::is_valid(&s(given)), valid);
}

#[test]
fn hulls_and_boundaries() {
    let hull = |t: &str| text(planar::convex_hull(&s(t)));
    assert_eq!(
        hull("MULTIPOINT(0 0,2 0,1 1,2 2,0 2)"),
        "POLYGON((0 0,0 2,2 2,2 0,0 0))"
    );
    assert_eq!(hull("MULTIPOINT(0 0,1 1,2 2)"), "LINESTRING(0 0,2 2)");
    assert_eq!(hull("MULTIPOINT(1 1,1 1)"), "POINT(1 1)");
    let boundary = |t: &str| planar::boundary(&s(t)).map(text).unwrap_or_default();
    assert_eq!(
        boundary("LINESTRING(0 0,1 0,2 0)"),
        "MULTIPOINT((0 0),(2 0))"
    );
    assert_eq!(boundary("LINESTRING(0 0,1 0,1 1,0 0)"), "MULTIPOINT EMPTY");
}

#[test]
fn buffers() {
    let b = planar::buffer(&s("POINT(3 4)"), 2.0, 1);
    assert_eq!(text(b), "POLYGON((1 4,3 6,5 4,3 2,1 4))");
    assert!(planar::buffer(&s("LINESTRING(0 0,1 1)"), -1.0, 8).is_empty());
    let area = planar::area(&planar::buffer(&s("LINESTRING(0 0,10 0)"), 1.0, 32));
    assert!(
        (area - (20.0 + std::f64::consts::PI)).abs() < 0.01,
        "{area}"
    );
}

#[test]
fn on_the_earth() {
    let near = |a: f64, b: f64, e: f64| assert!((a - b).abs() <= e, "{a} is not {b}");
    // A degree along the equator.
    let (a, b) = (Coord::new(0.0, 0.0), Coord::new(1.0, 0.0));
    near(sphere::haversine(a, b, 1.0), 1f64.to_radians(), 1e-15);
    near(sphere::geodesic(a, b), 111_319.490_793, 1e-5);
    // An octant.
    let octant = s("POLYGON((0 0,90 0,0 90,0 0))");
    near(
        sphere::area(&octant, 1.0),
        std::f64::consts::FRAC_PI_2,
        1e-12,
    );
    let c = sphere::centroid(&octant).unwrap();
    near(c.x, 45.0, 1e-9);
    near(c.y, (1.0 / 2f64.sqrt()).atan().to_degrees(), 1e-9);
    // The great circle from 0 to 90 degrees at 60 degrees north runs north of the parallel.
    let line = s("LINESTRING(0 60,90 60)");
    let d = sphere::distance(&line, &s("POINT(45 60)"), 1.0)
        .unwrap()
        .unwrap();
    assert!(d > 0.1, "{d}");
    let square = s("POLYGON((-10 -10,10 -10,10 10,-10 10,-10 -10))");
    let inside = |t: &str| {
        sphere::relate(&square, &s(t))
            .unwrap()
            .is_some_and(|m| m.is_contains())
    };
    assert!(inside("POINT(0 0)"));
    assert!(inside("POINT(0 10.1)"));
    assert!(!inside("POINT(0 10.2)"));
    assert!(!inside("POINT(180 0)"));
    assert_eq!(
        sphere::distance(&square, &s("POINT(0 0)"), 1.0),
        Ok(Some(0.0))
    );
}

#[test]
fn squares() {
    let c = Coord::new(13.5, 52.5);
    assert_eq!(geohash::square(c, 10), 797_852);
    let cell = geohash::square_cell(797_852, Some(3)).unwrap();
    assert_eq!(
        (cell.low, cell.high),
        (Coord::new(0.0, 45.0), Coord::new(45.0, 90.0))
    );
    assert_eq!(geohash::square_cell(1, None), None);
    assert_eq!(geohash::square_cell(4, None), None);
}

#[test]
fn transformations() {
    let (from, to) = (
        super::crs::system(4326).unwrap(),
        super::crs::system(3857).unwrap(),
    );
    let p = super::crs::transform(&g("POINT(180 0)"), &from, &to, 3857).unwrap();
    assert_eq!(p.srid, 3857);
    assert!((p.shape.coords()[0].x - 20_037_508.342_789).abs() < 1e-3);
    let back = super::crs::transform(&p, &to, &from, 4326).unwrap();
    assert!((back.shape.coords()[0].x.abs() - 180.0).abs() < 1e-9);
    assert!(super::crs::system(1).is_err());
}
