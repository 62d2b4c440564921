//! Geospatial and H3 functions of Snowflake, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::geo`, shared with Redshift.

use dwsim_engine::error::Result;
use dwsim_engine::functions::{
    AggregateDef, AggregateImpl, FnCall, Kernel, Param, ReturnFn, ScalarDef, Typed, ret,
};
use dwsim_engine::kernels::geo::{construct, h3, measure, output, parts, process};
use dwsim_engine::types::SqlType;

use Param::{Double, Geometry, Int, Spatial, Text};

const fn def(
    name: &'static str,
    page: &'static str,
    params: &'static [Param],
    returns: ReturnFn,
    kernel: Kernel,
) -> ScalarDef {
    ScalarDef::new(name, page, params, returns, kernel)
}

/// Scalar functions.
pub(super) const SCALARS: &[ScalarDef] = &[
    // Constructors.
    ScalarDef::custom("TO_GEOGRAPHY", page!("to_geography"), to_geography),
    ScalarDef::custom("TRY_TO_GEOGRAPHY", page!("try_to_geography"), to_geography),
    ScalarDef::custom("TO_GEOMETRY", page!("to_geometry"), to_geometry),
    ScalarDef::custom("TRY_TO_GEOMETRY", page!("try_to_geometry"), to_geometry),
    ScalarDef::custom(
        "ST_GEOGRAPHYFROMWKT",
        page!("st_geographyfromwkt"),
        to_geography,
    ),
    ScalarDef::custom(
        "ST_GEOGRAPHYFROMTEXT",
        page!("st_geographyfromwkt"),
        to_geography,
    ),
    ScalarDef::custom(
        "ST_GEOGFROMTEXT",
        page!("st_geographyfromwkt"),
        to_geography,
    ),
    ScalarDef::custom("ST_GEOGFROMWKT", page!("st_geographyfromwkt"), to_geography),
    ScalarDef::custom(
        "ST_GEOGRAPHYFROMWKB",
        page!("st_geographyfromwkb"),
        to_geography,
    ),
    ScalarDef::custom("ST_GEOGFROMWKB", page!("st_geographyfromwkb"), to_geography),
    ScalarDef::custom(
        "ST_GEOMETRYFROMWKT",
        page!("st_geometryfromwkt"),
        to_geometry,
    ),
    ScalarDef::custom(
        "ST_GEOMETRYFROMTEXT",
        page!("st_geometryfromwkt"),
        to_geometry,
    ),
    ScalarDef::custom("ST_GEOMFROMTEXT", page!("st_geometryfromwkt"), to_geometry),
    ScalarDef::custom("ST_GEOMFROMWKT", page!("st_geometryfromwkt"), to_geometry),
    ScalarDef::custom(
        "ST_GEOMETRYFROMWKB",
        page!("st_geometryfromwkb"),
        to_geometry,
    ),
    ScalarDef::custom("ST_GEOMFROMWKB", page!("st_geometryfromwkb"), to_geometry),
    def(
        "ST_GEOGFROMGEOHASH",
        page!("st_geogfromgeohash"),
        &[Text, Int],
        ret::geography,
        construct::cell_from_geohash,
    )
    .optional(1),
    def(
        "ST_GEOGRAPHYFROMGEOHASH",
        page!("st_geogfromgeohash"),
        &[Text, Int],
        ret::geography,
        construct::cell_from_geohash,
    )
    .optional(1),
    def(
        "ST_GEOGPOINTFROMGEOHASH",
        page!("st_geogpointfromgeohash"),
        &[Text],
        ret::geography,
        construct::point_from_geohash,
    ),
    def(
        "ST_GEOMFROMGEOHASH",
        page!("st_geomfromgeohash"),
        &[Text, Int],
        ret::geometry,
        construct::cell_from_geohash,
    )
    .optional(1),
    def(
        "ST_GEOMETRYFROMGEOHASH",
        page!("st_geomfromgeohash"),
        &[Text, Int],
        ret::geometry,
        construct::cell_from_geohash,
    )
    .optional(1),
    def(
        "ST_GEOMPOINTFROMGEOHASH",
        page!("st_geompointfromgeohash"),
        &[Text],
        ret::geometry,
        construct::point_from_geohash,
    ),
    def(
        "ST_MAKEPOINT",
        page!("st_makepoint"),
        &[Double, Double],
        ret::geography,
        construct::make_point,
    ),
    def(
        "ST_POINT",
        page!("st_makepoint"),
        &[Double, Double],
        ret::geography,
        construct::make_point,
    ),
    def(
        "ST_MAKEGEOMPOINT",
        page!("st_makegeompoint"),
        &[Double, Double],
        ret::geometry,
        construct::make_point,
    ),
    def(
        "ST_GEOM_POINT",
        page!("st_makegeompoint"),
        &[Double, Double],
        ret::geometry,
        construct::make_point,
    ),
    def(
        "ST_GEOMPOINT",
        page!("st_makegeompoint"),
        &[Double, Double],
        ret::geometry,
        construct::make_point,
    ),
    ScalarDef::custom("ST_MAKELINE", page!("st_makeline"), |c| {
        pair(c, construct::make_line, None)
    }),
    def(
        "ST_MAKEPOLYGON",
        page!("st_makepolygon"),
        &[Spatial],
        ret::first,
        construct::polygon_of_line,
    ),
    def(
        "ST_POLYGON",
        page!("st_makepolygon"),
        &[Spatial],
        ret::first,
        construct::polygon_of_line,
    ),
    def(
        "ST_MAKEPOLYGONORIENTED",
        page!("st_makepolygonoriented"),
        &[Spatial],
        ret::first,
        construct::polygon_of_line,
    ),
    ScalarDef::custom("ST_COLLECT", page!("st_collect"), collect),
    def(
        "ST_SETSRID",
        page!("st_setsrid"),
        &[Geometry, Int],
        ret::geometry,
        construct::set_srid,
    ),
    // Output.
    def(
        "ST_ASTEXT",
        page!("st_aswkt"),
        &[Spatial],
        ret::text,
        output::as_text,
    ),
    def(
        "ST_ASWKT",
        page!("st_aswkt"),
        &[Spatial],
        ret::text,
        output::as_text,
    ),
    def(
        "ST_ASEWKT",
        page!("st_asewkt"),
        &[Spatial],
        ret::text,
        output::as_ewkt,
    ),
    def(
        "ST_ASWKB",
        page!("st_aswkb"),
        &[Spatial],
        ret::binary,
        output::as_wkb_bytes,
    ),
    def(
        "ST_ASBINARY",
        page!("st_aswkb"),
        &[Spatial],
        ret::binary,
        output::as_wkb_bytes,
    ),
    def(
        "ST_ASEWKB",
        page!("st_asewkb"),
        &[Spatial],
        ret::binary,
        output::as_ewkb_bytes,
    ),
    def(
        "ST_ASGEOJSON",
        page!("st_asgeojson"),
        &[Spatial],
        ret::object,
        output::as_geojson_object,
    ),
    def(
        "ST_GEOHASH",
        page!("st_geohash"),
        &[Spatial, Int],
        ret::text,
        output::geohash_of_any,
    )
    .optional(1),
    // Coordinates and counts.
    def("ST_X", page!("st_x"), &[Spatial], ret::double, parts::x),
    def("ST_Y", page!("st_y"), &[Spatial], ret::double, parts::y),
    def(
        "ST_XMIN",
        page!("st_xmin"),
        &[Spatial],
        ret::double,
        parts::x_min,
    ),
    def(
        "ST_XMAX",
        page!("st_xmax"),
        &[Spatial],
        ret::double,
        parts::x_max,
    ),
    def(
        "ST_YMIN",
        page!("st_ymin"),
        &[Spatial],
        ret::double,
        parts::y_min,
    ),
    def(
        "ST_YMAX",
        page!("st_ymax"),
        &[Spatial],
        ret::double,
        parts::y_max,
    ),
    def(
        "ST_SRID",
        page!("st_srid"),
        &[Spatial],
        ret::int,
        parts::srid,
    ),
    def(
        "ST_DIMENSION",
        page!("st_dimension"),
        &[Spatial],
        ret::int,
        parts::dimension_or_null,
    ),
    def(
        "ST_NPOINTS",
        page!("st_npoints"),
        &[Spatial],
        ret::int,
        parts::n_points,
    ),
    def(
        "ST_NUMPOINTS",
        page!("st_npoints"),
        &[Spatial],
        ret::int,
        parts::n_points,
    ),
    def(
        "ST_STARTPOINT",
        page!("st_startpoint"),
        &[Spatial],
        ret::first,
        parts::start_point,
    ),
    def(
        "ST_ENDPOINT",
        page!("st_endpoint"),
        &[Spatial],
        ret::first,
        parts::end_point,
    ),
    def(
        "ST_POINTN",
        page!("st_pointn"),
        &[Spatial, Int],
        ret::first,
        parts::point_n_strict,
    ),
    def(
        "ST_ISVALID",
        page!("st_isvalid"),
        &[Spatial],
        ret::boolean,
        parts::is_valid,
    ),
    // Relations.
    ScalarDef::custom("ST_CONTAINS", page!("st_contains"), |c| {
        pair(c, measure::contains, Some(SqlType::Boolean))
    }),
    ScalarDef::custom("ST_WITHIN", page!("st_within"), |c| {
        pair(c, measure::within, Some(SqlType::Boolean))
    }),
    ScalarDef::custom("ST_COVERS", page!("st_covers"), |c| {
        pair(c, measure::covers, Some(SqlType::Boolean))
    }),
    ScalarDef::custom("ST_COVEREDBY", page!("st_coveredby"), |c| {
        pair(c, measure::covered_by, Some(SqlType::Boolean))
    }),
    ScalarDef::custom("ST_INTERSECTS", page!("st_intersects"), |c| {
        pair(c, measure::intersects, Some(SqlType::Boolean))
    }),
    ScalarDef::custom("ST_DISJOINT", page!("st_disjoint"), |c| {
        pair(c, measure::disjoint, Some(SqlType::Boolean))
    }),
    ScalarDef::custom("ST_DWITHIN", page!("st_dwithin"), d_within),
    // Measures.
    def(
        "ST_AREA",
        page!("st_area"),
        &[Spatial],
        ret::double,
        measure::area,
    ),
    def(
        "ST_LENGTH",
        page!("st_length"),
        &[Spatial],
        ret::double,
        measure::length,
    ),
    def(
        "ST_PERIMETER",
        page!("st_perimeter"),
        &[Spatial],
        ret::double,
        measure::perimeter,
    ),
    ScalarDef::custom("ST_DISTANCE", page!("st_distance"), |c| {
        pair(c, measure::distance, Some(SqlType::Double))
    }),
    ScalarDef::custom("ST_HAUSDORFFDISTANCE", page!("st_hausdorffdistance"), |c| {
        pair(c, measure::hausdorff, Some(SqlType::Double))
    }),
    ScalarDef::custom("ST_AZIMUTH", page!("st_azimuth"), |c| {
        pair(c, measure::azimuth, Some(SqlType::Double))
    }),
    // Constructions.
    def(
        "ST_BUFFER",
        page!("st_buffer"),
        &[Geometry, Double],
        ret::geometry,
        process::buffer,
    ),
    def(
        "ST_CENTROID",
        page!("st_centroid"),
        &[Spatial],
        ret::first,
        process::centroid,
    ),
    def(
        "ST_ENVELOPE",
        page!("st_envelope"),
        &[Spatial],
        ret::first,
        process::envelope,
    ),
    def(
        "ST_SIMPLIFY",
        page!("st_simplify"),
        &[Spatial, Double],
        ret::first,
        process::simplify,
    ),
    def(
        "ST_INTERPOLATE",
        page!("st_interpolate"),
        &[Spatial, Double],
        ret::first,
        process::interpolate,
    ),
    ScalarDef::custom("ST_INTERSECTION", page!("st_intersection"), |c| {
        pair(c, process::intersection, None)
    }),
    ScalarDef::custom("ST_UNION", page!("st_union"), |c| {
        pair(c, process::union, None)
    }),
    ScalarDef::custom("ST_DIFFERENCE", page!("st_difference"), |c| {
        pair(c, process::difference, None)
    }),
    ScalarDef::custom("ST_SYMDIFFERENCE", page!("st_symdifference"), |c| {
        pair(c, process::sym_difference, None)
    }),
    def(
        "ST_TRANSFORM",
        page!("st_transform"),
        &[Geometry, Int, Int],
        ret::geometry,
        process::transform,
    )
    .optional(1),
    // H3.
    def(
        "H3_LATLNG_TO_CELL",
        page!("h3_latlng_to_cell"),
        &[Double, Double, Int],
        ret::hash,
        h3::from_lat_long,
    ),
    def(
        "H3_LATLNG_TO_CELL_STRING",
        page!("h3_latlng_to_cell_string"),
        &[Double, Double, Int],
        ret::text,
        h3::from_lat_long,
    ),
    def(
        "H3_POINT_TO_CELL",
        page!("h3_point_to_cell"),
        &[Spatial, Int],
        ret::hash,
        h3::from_point,
    ),
    def(
        "H3_POINT_TO_CELL_STRING",
        page!("h3_point_to_cell_string"),
        &[Spatial, Int],
        ret::text,
        h3::from_point,
    ),
    def(
        "H3_POLYGON_TO_CELLS",
        page!("h3_polygon_to_cells"),
        &[Spatial, Int],
        ret::array,
        h3::polyfill,
    ),
    def(
        "H3_TRY_POLYGON_TO_CELLS",
        page!("h3_try_polygon_to_cells"),
        &[Spatial, Int],
        ret::array,
        h3::polyfill,
    ),
    def(
        "H3_POLYGON_TO_CELLS_STRINGS",
        page!("h3_polygon_to_cells_strings"),
        &[Spatial, Int],
        ret::array,
        h3::polyfill,
    ),
    def(
        "H3_TRY_POLYGON_TO_CELLS_STRINGS",
        page!("h3_try_polygon_to_cells_strings"),
        &[Spatial, Int],
        ret::array,
        h3::polyfill,
    ),
    def(
        "H3_COVERAGE",
        page!("h3_coverage"),
        &[Spatial, Int],
        ret::array,
        h3::polyfill,
    ),
    def(
        "H3_TRY_COVERAGE",
        page!("h3_try_coverage"),
        &[Spatial, Int],
        ret::array,
        h3::polyfill,
    ),
    def(
        "H3_COVERAGE_STRINGS",
        page!("h3_coverage_strings"),
        &[Spatial, Int],
        ret::array,
        h3::polyfill,
    ),
    def(
        "H3_TRY_COVERAGE_STRINGS",
        page!("h3_try_coverage_strings"),
        &[Spatial, Int],
        ret::array,
        h3::polyfill,
    ),
    ScalarDef::custom("H3_CELL_TO_BOUNDARY", page!("h3_cell_to_boundary"), |c| {
        cell(c, &[], h3::boundary, Some(SqlType::Geography))
    }),
    ScalarDef::custom("H3_CELL_TO_POINT", page!("h3_cell_to_point"), |c| {
        cell(c, &[], h3::center, Some(SqlType::Geography))
    }),
    ScalarDef::custom("H3_CELL_TO_PARENT", page!("h3_cell_to_parent"), |c| {
        cell(c, &[Int], h3::parent, None)
    }),
    ScalarDef::custom("H3_CELL_TO_CHILDREN", page!("h3_cell_to_children"), |c| {
        cell(c, &[Int], h3::children, Some(SqlType::Array))
    }),
    ScalarDef::custom(
        "H3_CELL_TO_CHILDREN_STRING",
        page!("h3_cell_to_children_string"),
        |c| cell(c, &[Int], h3::children, Some(SqlType::Array)),
    ),
    ScalarDef::custom("H3_GET_RESOLUTION", page!("h3_get_resolution"), |c| {
        cell(c, &[], h3::get_resolution, Some(SqlType::number(18, 0)))
    }),
    ScalarDef::custom("H3_GRID_DISK", page!("h3_grid_disk"), |c| {
        cell(c, &[Int], h3::grid_disk, Some(SqlType::Array))
    }),
    ScalarDef::custom("H3_GRID_DISTANCE", page!("h3_grid_distance"), |c| {
        two_cells(c, h3::grid_distance, SqlType::number(18, 0))
    }),
    ScalarDef::custom("H3_GRID_PATH", page!("h3_grid_path"), |c| {
        two_cells(c, h3::grid_path, SqlType::Array)
    }),
    ScalarDef::custom("H3_TRY_GRID_DISTANCE", page!("h3_try_grid_distance"), |c| {
        two_cells(c, h3::grid_distance, SqlType::number(18, 0))
    }),
    ScalarDef::custom("H3_TRY_GRID_PATH", page!("h3_try_grid_path"), |c| {
        two_cells(c, h3::grid_path, SqlType::Array)
    }),
    def(
        "H3_COMPACT_CELLS",
        page!("h3_compact_cells"),
        &[Param::Array],
        ret::array,
        h3::compact,
    ),
    def(
        "H3_COMPACT_CELLS_STRINGS",
        page!("h3_compact_cells_strings"),
        &[Param::Array],
        ret::array,
        h3::compact,
    ),
    def(
        "H3_UNCOMPACT_CELLS",
        page!("h3_uncompact_cells"),
        &[Param::Array, Int],
        ret::array,
        h3::uncompact,
    ),
    def(
        "H3_UNCOMPACT_CELLS_STRINGS",
        page!("h3_uncompact_cells_strings"),
        &[Param::Array, Int],
        ret::array,
        h3::uncompact,
    ),
    def(
        "H3_INT_TO_STRING",
        page!("h3_int_to_string"),
        &[Int],
        ret::text,
        h3::int_to_string,
    ),
    def(
        "H3_STRING_TO_INT",
        page!("h3_string_to_int"),
        &[Text],
        ret::hash,
        h3::string_to_int,
    ),
    ScalarDef::custom("H3_IS_VALID_CELL", page!("h3_is_valid_cell"), |c| {
        cell(c, &[], h3::is_valid, Some(SqlType::Boolean))
    }),
    ScalarDef::custom("H3_IS_PENTAGON", page!("h3_is_pentagon"), |c| {
        cell(c, &[], h3::is_pentagon, Some(SqlType::Boolean))
    }),
];

/// Aggregates.
pub(super) const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        name: "ST_UNION_AGG",
        page: page!("st_union_agg"),
        params: &[Spatial],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Collect {
            kernel: process::union_all,
            skip_nulls: true,
        },
    },
    AggregateDef {
        name: "ST_INTERSECTION_AGG",
        page: page!("st_intersection_agg"),
        params: &[Spatial],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Collect {
            kernel: process::intersection_all,
            skip_nulls: true,
        },
    },
];

/// Text, BINARY, VARIANT, OBJECT or a GEOMETRY as GEOGRAPHY; what may be invalid is kept either way.
fn to_geography(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 2)?;
    let value = c.bind(0)?;
    if value.ty == SqlType::Geography {
        return Ok(value);
    }
    let value = input(c, value)?;
    let mut args = vec![value];
    if c.len() > 1 {
        let allow = c.bind(1)?;
        args.push(c.coerce(allow, Param::Bool)?);
    }
    Ok(c.kernel(construct::any_geography, args, SqlType::Geography))
}

/// The same as GEOMETRY, with an optional SRID.
fn to_geometry(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 3)?;
    let value = c.bind(0)?;
    let value = input(c, value)?;
    let mut args = vec![value];
    for i in 1..c.len() {
        let a = c.bind(i)?;
        // The SRID and the flag may come in either place.
        args.push(if a.ty == SqlType::Boolean {
            a
        } else {
            c.coerce(a, Int)?
        });
    }
    Ok(c.kernel(construct::any_geometry, args, SqlType::Geometry))
}

/// What the constructors read: text, bytes, semi-structured values, or another spatial type.
fn input(c: &FnCall<'_, '_>, value: Typed) -> Result<Typed> {
    match value.ty {
        SqlType::Null => c.coerce(value, Text),
        SqlType::Geometry
        | SqlType::Geography
        | SqlType::Binary(_)
        | SqlType::Variant
        | SqlType::Object => Ok(value),
        ref t if t.is_text() => Ok(value),
        _ => Err(c.type_error(&[value])),
    }
}

/// Two values of one spatial type; without a type of its own the result has theirs.
fn pair(c: &mut FnCall<'_, '_>, kernel: Kernel, returns: Option<SqlType>) -> Result<Typed> {
    c.expect(2, 2)?;
    let args = same_type(c)?;
    let ty = returns.unwrap_or_else(|| args[0].ty.clone());
    Ok(c.kernel(kernel, args, ty))
}

/// The first two arguments as values of one spatial type.
fn same_type(c: &mut FnCall<'_, '_>) -> Result<Vec<Typed>> {
    let given = vec![c.bind(0)?, c.bind(1)?];
    let geography = given.iter().any(|a| a.ty == SqlType::Geography);
    let mut args = Vec::with_capacity(2);
    for a in &given {
        let a = match (&a.ty, geography) {
            (SqlType::Null, true) => c.binder.null(&SqlType::Geography)?,
            _ => c.coerce(a.clone(), Spatial)?,
        };
        args.push(a);
    }
    if args[0].ty != args[1].ty {
        return Err(c.type_error(&given));
    }
    Ok(args)
}

fn d_within(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(3, 3)?;
    let mut args = same_type(c)?;
    let distance = c.bind(2)?;
    args.push(c.coerce(distance, Double)?);
    Ok(c.kernel(measure::d_within, args, SqlType::Boolean))
}

/// Two values as one, or, with one argument, the aggregate over all rows.
fn collect(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 2)?;
    if c.len() == 2 {
        return pair(c, construct::collect, None);
    }
    let value = c.bind(0)?;
    let value = c.coerce(value, Spatial)?;
    let ty = value.ty.clone();
    let options = c.aggregate_options()?;
    Ok(c.binder.collect(
        c.name,
        construct::collect_all,
        true,
        vec![value],
        ty,
        options,
    ))
}

/// A cell as integer or text, then other parameters; without a type of its own the result has the cell's.
fn cell(
    c: &mut FnCall<'_, '_>,
    others: &[Param],
    kernel: Kernel,
    returns: Option<SqlType>,
) -> Result<Typed> {
    c.expect(1 + others.len(), 1 + others.len())?;
    let first = cell_argument(c, 0)?;
    let ty = returns.unwrap_or_else(|| {
        if first.ty.is_text() {
            SqlType::text()
        } else {
            SqlType::number(19, 0)
        }
    });
    let mut args = vec![first];
    for (i, p) in others.iter().enumerate() {
        let a = c.bind(i + 1)?;
        args.push(c.coerce(a, *p)?);
    }
    Ok(c.kernel(kernel, args, ty))
}

fn cell_argument(c: &mut FnCall<'_, '_>, i: usize) -> Result<Typed> {
    let a = c.bind(i)?;
    if a.ty.is_text() {
        Ok(a)
    } else {
        c.coerce(a, Int)
    }
}

fn two_cells(c: &mut FnCall<'_, '_>, kernel: Kernel, ty: SqlType) -> Result<Typed> {
    c.expect(2, 2)?;
    let args = vec![cell_argument(c, 0)?, cell_argument(c, 1)?];
    Ok(c.kernel(kernel, args, ty))
}
