//! Spatial and H3 functions of Redshift, each with its page of the guide.
//! What they compute is in `dwsim_engine::kernels::geo`.

use dwsim_engine::error::Result;
use dwsim_engine::functions::{FnCall, Kernel, Param, ReturnFn, ScalarDef, Typed, ret};
use dwsim_engine::kernels::geo::{construct, h3, measure, output, parts, process};
use dwsim_engine::types::SqlType;

use Param::{Double, Geometry, Int, Spatial, Text};

macro_rules! page {
    ($name:literal) => {
        concat!(
            "https://docs.aws.amazon.com/redshift/latest/dg/",
            $name,
            "-function.html"
        )
    };
}

const fn def(
    name: &'static str,
    page: &'static str,
    params: &'static [Param],
    returns: ReturnFn,
    kernel: Kernel,
) -> ScalarDef {
    ScalarDef::new(name, page, params, returns, kernel)
}

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    // Constructors.
    def(
        "ST_GEOMFROMTEXT",
        page!("ST_GeomFromText"),
        &[Text, Int],
        ret::geometry,
        construct::geom_from_text,
    )
    .optional(1),
    def(
        "ST_GEOMFROMEWKT",
        page!("ST_GeomFromEWKT"),
        &[Text],
        ret::geometry,
        construct::geom_from_ewkt,
    ),
    ScalarDef::custom("ST_GEOMFROMWKB", page!("ST_GeomFromWKB"), |c| {
        from_bytes(c, construct::geom_from_wkb, SqlType::Geometry, 2)
    }),
    ScalarDef::custom("ST_GEOMFROMEWKB", page!("ST_GeomFromEWKB"), |c| {
        from_bytes(c, construct::geom_from_ewkb, SqlType::Geometry, 1)
    }),
    def(
        "ST_GEOMFROMGEOJSON",
        page!("ST_GeomFromGeoJSON"),
        &[Text],
        ret::geometry,
        construct::geom_from_geojson,
    ),
    def(
        "ST_GEOMFROMGEOHASH",
        page!("ST_GeomFromGeoHash"),
        &[Text, Int],
        ret::geometry,
        construct::geom_from_geohash,
    )
    .optional(1),
    def(
        "ST_GEOMFROMGEOSQUARE",
        page!("ST_GeomFromGeoSquare"),
        &[Int, Int],
        ret::geometry,
        construct::geom_from_geosquare,
    )
    .optional(1),
    def(
        "ST_GEOGFROMTEXT",
        page!("ST_GeogFromText"),
        &[Text],
        ret::geography,
        construct::geog_from_text,
    ),
    ScalarDef::custom("ST_GEOGFROMWKB", page!("ST_GeogFromWKB"), |c| {
        from_bytes(c, construct::geog_from_wkb, SqlType::Geography, 1)
    }),
    def(
        "ST_POINT",
        page!("ST_Point"),
        &[Double, Double],
        ret::geometry,
        construct::make_point,
    ),
    def(
        "ST_MAKEPOINT",
        page!("ST_MakePoint"),
        &[Double, Double, Double, Double],
        ret::geometry,
        construct::make_point,
    )
    .optional(2),
    def(
        "ST_MAKEENVELOPE",
        page!("ST_MakeEnvelope"),
        &[Double, Double, Double, Double, Int],
        ret::geometry,
        construct::make_envelope,
    )
    .optional(1),
    def(
        "ST_MAKELINE",
        page!("ST_MakeLine"),
        &[Geometry, Geometry],
        ret::geometry,
        construct::make_line,
    ),
    def(
        "ST_MAKEPOLYGON",
        page!("ST_MakePolygon"),
        &[Geometry, Geometry],
        ret::geometry,
        construct::make_polygon,
    )
    .optional(1),
    def(
        "ST_POLYGON",
        page!("ST_Polygon"),
        &[Geometry, Int],
        ret::geometry,
        construct::polygon,
    ),
    ScalarDef::custom("ST_COLLECT", page!("ST_Collect"), collect),
    def(
        "ST_LINEFROMMULTIPOINT",
        page!("ST_LineFromMultiPoint"),
        &[Geometry],
        ret::geometry,
        construct::line_from_multipoint,
    ),
    // Editors.
    def(
        "ST_ADDPOINT",
        page!("ST_AddPoint"),
        &[Geometry, Geometry, Int],
        ret::geometry,
        construct::add_point,
    )
    .optional(1),
    def(
        "ST_REMOVEPOINT",
        page!("ST_RemovePoint"),
        &[Geometry, Int],
        ret::geometry,
        construct::remove_point,
    ),
    def(
        "ST_SETPOINT",
        page!("ST_SetPoint"),
        &[Geometry, Int, Geometry],
        ret::geometry,
        construct::set_point,
    ),
    def(
        "ST_SETSRID",
        page!("ST_SetSRID"),
        &[Spatial, Int],
        ret::first,
        construct::set_srid,
    ),
    def(
        "ST_REVERSE",
        page!("ST_Reverse"),
        &[Geometry],
        ret::geometry,
        parts::reverse,
    ),
    def(
        "ST_MULTI",
        page!("ST_Multi"),
        &[Geometry],
        ret::geometry,
        parts::multi,
    ),
    def(
        "ST_FORCE2D",
        page!("ST_Force2D"),
        &[Geometry],
        ret::geometry,
        parts::force_2d,
    ),
    def(
        "ST_FORCE3D",
        page!("ST_Force3D"),
        &[Geometry],
        ret::geometry,
        parts::force_3dz,
    ),
    def(
        "ST_FORCE3DZ",
        page!("ST_Force3DZ"),
        &[Geometry],
        ret::geometry,
        parts::force_3dz,
    ),
    def(
        "ST_FORCE3DM",
        page!("ST_Force3DM"),
        &[Geometry],
        ret::geometry,
        parts::force_3dm,
    ),
    def(
        "ST_FORCE4D",
        page!("ST_Force4D"),
        &[Geometry],
        ret::geometry,
        parts::force_4d,
    ),
    def(
        "ADDBBOX",
        page!("AddBBox"),
        &[Geometry],
        ret::geometry,
        parts::add_bbox,
    ),
    def(
        "DROPBBOX",
        page!("DropBBox"),
        &[Geometry],
        ret::geometry,
        parts::drop_bbox,
    ),
    def(
        "SUPPORTSBBOX",
        page!("SupportsBBox"),
        &[Geometry],
        ret::boolean,
        parts::supports_bbox,
    ),
    // Output.
    def(
        "ST_ASTEXT",
        page!("ST_AsText"),
        &[Spatial, Int],
        ret::text,
        output::as_text,
    )
    .optional(1),
    def(
        "ST_ASEWKT",
        page!("ST_AsEWKT"),
        &[Spatial, Int],
        ret::text,
        output::as_ewkt,
    )
    .optional(1),
    def(
        "ST_ASGEOJSON",
        page!("ST_AsGeoJSON"),
        &[Spatial, Int],
        ret::text,
        output::as_geojson,
    )
    .optional(1),
    def(
        "ST_ASBINARY",
        page!("ST_AsBinary"),
        &[Spatial],
        ret::text,
        output::as_wkb,
    ),
    def(
        "ST_ASHEXWKB",
        page!("ST_AsHexWKB"),
        &[Spatial],
        ret::text,
        output::as_wkb,
    ),
    def(
        "ST_ASEWKB",
        page!("ST_AsEWKB"),
        &[Spatial],
        ret::text,
        output::as_ewkb,
    ),
    def(
        "ST_ASHEXEWKB",
        page!("ST_AsHexEWKB"),
        &[Spatial],
        ret::text,
        output::as_ewkb,
    ),
    def(
        "ST_GEOHASH",
        page!("ST_GeoHash"),
        &[Geometry, Int],
        ret::text,
        output::geohash_of_point,
    )
    .optional(1),
    def(
        "ST_GEOSQUARE",
        page!("ST_GeoSquare"),
        &[Geometry, Int],
        ret::bigint,
        output::geosquare,
    )
    .optional(1),
    def(
        "ST_MEMSIZE",
        page!("ST_MemSize"),
        &[Spatial],
        ret::int,
        output::mem_size,
    ),
    // Coordinates and counts.
    def("ST_X", page!("ST_X"), &[Geometry], ret::double, parts::x),
    def("ST_Y", page!("ST_Y"), &[Geometry], ret::double, parts::y),
    def("ST_Z", page!("ST_Z"), &[Geometry], ret::double, parts::z),
    def("ST_M", page!("ST_M"), &[Geometry], ret::double, parts::m),
    def(
        "ST_XMIN",
        page!("ST_XMin"),
        &[Geometry],
        ret::double,
        parts::x_min,
    ),
    def(
        "ST_XMAX",
        page!("ST_XMax"),
        &[Geometry],
        ret::double,
        parts::x_max,
    ),
    def(
        "ST_YMIN",
        page!("ST_YMin"),
        &[Geometry],
        ret::double,
        parts::y_min,
    ),
    def(
        "ST_YMAX",
        page!("ST_YMax"),
        &[Geometry],
        ret::double,
        parts::y_max,
    ),
    def(
        "ST_ZMIN",
        page!("ST_ZMin"),
        &[Geometry],
        ret::double,
        parts::z_min,
    ),
    def(
        "ST_ZMAX",
        page!("ST_ZMax"),
        &[Geometry],
        ret::double,
        parts::z_max,
    ),
    def(
        "ST_MMIN",
        page!("ST_MMin"),
        &[Geometry],
        ret::double,
        parts::m_min,
    ),
    def(
        "ST_MMAX",
        page!("ST_MMax"),
        &[Geometry],
        ret::double,
        parts::m_max,
    ),
    def(
        "ST_SRID",
        page!("ST_SRID"),
        &[Spatial],
        ret::int,
        parts::srid,
    ),
    def(
        "ST_NDIMS",
        page!("ST_NDims"),
        &[Geometry],
        ret::int,
        parts::n_dims,
    ),
    def(
        "ST_DIMENSION",
        page!("ST_Dimension"),
        &[Geometry],
        ret::int,
        parts::dimension,
    ),
    def(
        "ST_NPOINTS",
        page!("ST_NPoints"),
        &[Geometry],
        ret::int,
        parts::n_points,
    ),
    def(
        "ST_NUMPOINTS",
        page!("ST_NumPoints"),
        &[Geometry],
        ret::int,
        parts::num_points,
    ),
    def(
        "ST_NRINGS",
        page!("ST_NRings"),
        &[Geometry],
        ret::int,
        parts::n_rings,
    ),
    def(
        "ST_NUMINTERIORRINGS",
        page!("ST_NumInteriorRings"),
        &[Geometry],
        ret::int,
        parts::num_interior_rings,
    ),
    def(
        "ST_NUMGEOMETRIES",
        page!("ST_NumGeometries"),
        &[Geometry],
        ret::int,
        parts::num_geometries,
    ),
    def(
        "GEOMETRYTYPE",
        page!("GeometryType"),
        &[Geometry],
        ret::text,
        parts::geometry_type,
    ),
    def(
        "ST_GEOMETRYTYPE",
        page!("ST_GeometryType"),
        &[Geometry],
        ret::text,
        parts::st_geometry_type,
    ),
    // Parts.
    def(
        "ST_STARTPOINT",
        page!("ST_StartPoint"),
        &[Geometry],
        ret::geometry,
        parts::start_point,
    ),
    def(
        "ST_ENDPOINT",
        page!("ST_EndPoint"),
        &[Geometry],
        ret::geometry,
        parts::end_point,
    ),
    def(
        "ST_POINTN",
        page!("ST_PointN"),
        &[Geometry, Int],
        ret::geometry,
        parts::point_n,
    ),
    def(
        "ST_POINTS",
        page!("ST_Points"),
        &[Geometry],
        ret::geometry,
        parts::points,
    ),
    def(
        "ST_GEOMETRYN",
        page!("ST_GeometryN"),
        &[Geometry, Int],
        ret::geometry,
        parts::geometry_n,
    ),
    def(
        "ST_INTERIORRINGN",
        page!("ST_InteriorRingN"),
        &[Geometry, Int],
        ret::geometry,
        parts::interior_ring_n,
    ),
    def(
        "ST_EXTERIORRING",
        page!("ST_ExteriorRing"),
        &[Geometry],
        ret::geometry,
        parts::exterior_ring,
    ),
    // Properties.
    def(
        "ST_ISEMPTY",
        page!("ST_IsEmpty"),
        &[Geometry],
        ret::boolean,
        parts::is_empty,
    ),
    def(
        "ST_ISCOLLECTION",
        page!("ST_IsCollection"),
        &[Geometry],
        ret::boolean,
        parts::is_collection,
    ),
    def(
        "ST_ISCLOSED",
        page!("ST_IsClosed"),
        &[Geometry],
        ret::boolean,
        parts::is_closed,
    ),
    def(
        "ST_ISRING",
        page!("ST_IsRing"),
        &[Geometry],
        ret::boolean,
        parts::is_ring,
    ),
    def(
        "ST_ISSIMPLE",
        page!("ST_IsSimple"),
        &[Geometry],
        ret::boolean,
        parts::is_simple,
    ),
    def(
        "ST_ISVALID",
        page!("ST_IsValid"),
        &[Geometry],
        ret::boolean,
        parts::is_valid,
    ),
    def(
        "ST_ISPOLYGONCCW",
        page!("ST_IsPolygonCCW"),
        &[Geometry],
        ret::boolean,
        parts::is_polygon_ccw,
    ),
    def(
        "ST_ISPOLYGONCW",
        page!("ST_IsPolygonCW"),
        &[Geometry],
        ret::boolean,
        parts::is_polygon_cw,
    ),
    // Relations.
    def(
        "ST_CONTAINS",
        page!("ST_Contains"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::contains,
    ),
    def(
        "ST_CONTAINSPROPERLY",
        page!("ST_ContainsProperly"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::contains_properly,
    ),
    def(
        "ST_WITHIN",
        page!("ST_Within"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::within,
    ),
    def(
        "ST_COVERS",
        page!("ST_Covers"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::covers,
    ),
    def(
        "ST_COVEREDBY",
        page!("ST_CoveredBy"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::covered_by,
    ),
    def(
        "ST_CROSSES",
        page!("ST_Crosses"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::crosses,
    ),
    def(
        "ST_DISJOINT",
        page!("ST_Disjoint"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::disjoint,
    ),
    def(
        "ST_EQUALS",
        page!("ST_Equals"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::equals,
    ),
    def(
        "ST_INTERSECTS",
        page!("ST_Intersects"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::intersects,
    ),
    def(
        "ST_TOUCHES",
        page!("ST_Touches"),
        &[Geometry, Geometry],
        ret::boolean,
        measure::touches,
    ),
    def(
        "ST_DWITHIN",
        page!("ST_DWithin"),
        &[Geometry, Geometry, Double],
        ret::boolean,
        measure::d_within,
    ),
    // Measures.
    def(
        "ST_AREA",
        page!("ST_Area"),
        &[Spatial],
        ret::double,
        measure::area,
    ),
    def(
        "ST_LENGTH",
        page!("ST_Length"),
        &[Spatial],
        ret::double,
        measure::length,
    ),
    def(
        "ST_LENGTH2D",
        page!("ST_Length2D"),
        &[Geometry],
        ret::double,
        measure::length,
    ),
    def(
        "ST_LENGTHSPHERE",
        page!("ST_LengthSphere"),
        &[Geometry, Double],
        ret::double,
        measure::length_sphere,
    )
    .optional(1),
    def(
        "ST_PERIMETER",
        page!("ST_Perimeter"),
        &[Spatial],
        ret::double,
        measure::perimeter,
    ),
    def(
        "ST_PERIMETER2D",
        page!("ST_Perimeter2D"),
        &[Geometry],
        ret::double,
        measure::perimeter,
    ),
    ScalarDef::custom("ST_DISTANCE", page!("ST_Distance"), distance),
    def(
        "ST_DISTANCESPHERE",
        page!("ST_DistanceSphere"),
        &[Geometry, Geometry, Double],
        ret::double,
        measure::distance_sphere,
    )
    .optional(1),
    def(
        "ST_AZIMUTH",
        page!("ST_Azimuth"),
        &[Geometry, Geometry],
        ret::double,
        measure::azimuth,
    ),
    def(
        "ST_ANGLE",
        page!("ST_Angle"),
        &[Geometry, Geometry, Geometry, Geometry],
        ret::double,
        measure::angle,
    )
    .optional(1),
    // Constructions.
    def(
        "ST_BOUNDARY",
        page!("ST_Boundary"),
        &[Geometry],
        ret::geometry,
        process::boundary,
    ),
    def(
        "ST_BUFFER",
        page!("ST_Buffer"),
        &[Geometry, Double, Int],
        ret::geometry,
        process::buffer,
    )
    .optional(1),
    def(
        "ST_CENTROID",
        page!("ST_Centroid"),
        &[Geometry],
        ret::geometry,
        process::centroid,
    ),
    def(
        "ST_CONVEXHULL",
        page!("ST_ConvexHull"),
        &[Geometry],
        ret::geometry,
        process::convex_hull,
    ),
    def(
        "ST_ENVELOPE",
        page!("ST_Envelope"),
        &[Geometry],
        ret::geometry,
        process::envelope,
    ),
    def(
        "ST_INTERSECTION",
        page!("ST_Intersection"),
        &[Geometry, Geometry],
        ret::geometry,
        process::intersection,
    ),
    def(
        "ST_UNION",
        page!("ST_Union"),
        &[Geometry, Geometry],
        ret::geometry,
        process::union,
    ),
    def(
        "ST_SIMPLIFY",
        page!("ST_Simplify"),
        &[Geometry, Double],
        ret::geometry,
        process::simplify,
    ),
    def(
        "ST_LINEINTERPOLATEPOINT",
        page!("ST_LineInterpolatePoint"),
        &[Geometry, Double],
        ret::geometry,
        process::line_interpolate_point,
    ),
    ScalarDef::custom("ST_TRANSFORM", page!("ST_Transform"), transform),
    // H3.
    def(
        "H3_FROMLONGLAT",
        page!("H3_FromLongLat"),
        &[Double, Double, Int],
        ret::bigint,
        h3::from_long_lat,
    ),
    def(
        "H3_FROMPOINT",
        page!("H3_FromPoint"),
        &[Geometry, Int],
        ret::bigint,
        h3::from_point,
    ),
    def(
        "H3_POLYFILL",
        page!("H3_Polyfill"),
        &[Geometry, Int],
        ret::variant,
        h3::polyfill,
    ),
    ScalarDef::custom("H3_BOUNDARY", page!("H3_Boundary"), |c| {
        of_cell(c, h3::boundary)
    }),
    ScalarDef::custom("H3_CENTER", page!("H3_Center"), |c| of_cell(c, h3::center)),
];

/// A constructor from hexadecimal text or VARBYTE, and an SRID where `most` arguments are 2.
fn from_bytes(
    c: &mut FnCall<'_, '_>,
    kernel: Kernel,
    returns: SqlType,
    most: usize,
) -> Result<Typed> {
    c.expect(1, most)?;
    let bytes = c.bind(0)?;
    let bytes = match bytes.ty {
        SqlType::Binary(_) => bytes,
        _ => c.coerce(bytes, Text)?,
    };
    let mut args = vec![bytes];
    if c.len() == 2 {
        let srid = c.bind(1)?;
        args.push(c.coerce(srid, Int)?);
    }
    Ok(c.kernel(kernel, args, returns))
}

/// Two geometries of one type: both GEOMETRY or both GEOGRAPHY.
fn distance(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(2, 2)?;
    let given = c.bind_all()?;
    let mut args = Vec::with_capacity(2);
    for a in &given {
        args.push(c.coerce(a.clone(), Spatial)?);
    }
    let [a, b] = args.as_slice() else {
        return Err(c.type_error(&given));
    };
    let null =
        |t: &Typed| matches!(t.ty, SqlType::Geometry) && t.literal().is_some_and(|v| v.is_null());
    if a.ty != b.ty && !null(a) && !null(b) {
        return Err(c.type_error(&given));
    }
    Ok(c.kernel(measure::distance, args, SqlType::Double))
}

/// Two geometries as one, or, with one argument, the aggregate over all rows.
fn collect(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 2)?;
    let mut args = Vec::with_capacity(2);
    for a in c.bind_all()? {
        args.push(c.coerce(a, Geometry)?);
    }
    if args.len() == 2 {
        return Ok(c.kernel(construct::collect, args, SqlType::Geometry));
    }
    let options = c.aggregate_options()?;
    Ok(c.binder.collect(
        c.name,
        construct::collect_all,
        true,
        args,
        SqlType::Geometry,
        options,
    ))
}

/// `ST_Transform(geometry, srid)` or `ST_Transform(geometry, definition)`.
fn transform(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(2, 2)?;
    let (g, to) = (c.bind(0)?, c.bind(1)?);
    let g = c.coerce(g, Geometry)?;
    let to = if to.ty.is_text() {
        to
    } else {
        c.coerce(to, Int)?
    };
    Ok(c.kernel(process::transform, vec![g, to], SqlType::Geometry))
}

/// A cell as BIGINT, or as hexadecimal text.
fn of_cell(c: &mut FnCall<'_, '_>, kernel: Kernel) -> Result<Typed> {
    c.expect(1, 1)?;
    let cell = c.bind(0)?;
    let cell = if cell.ty.is_text() {
        cell
    } else {
        c.coerce(cell, Int)?
    };
    Ok(c.kernel(kernel, vec![cell], SqlType::Geometry))
}
