//! Estimation, hashing and bitmap aggregates of Snowflake, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::{estimate, row_hash, bitmap, vector}`.

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{
    AggKernel, AggregateDef, AggregateImpl, FnCall, Kernel, Param, ReturnFn, ScalarDef, Typed, ret,
};
use dwsim_engine::kernels::{
    aggregate as agg, bitmap, estimate as sketch, row_hash as hash, vector,
};
use dwsim_engine::types::SqlType;

use Param::{Any, Binary, Double, Int, Object, Variant};

const fn collect(
    name: &'static str,
    page: &'static str,
    params: &'static [Param],
    returns: ReturnFn,
    kernel: AggKernel,
) -> AggregateDef {
    AggregateDef {
        name,
        page,
        params,
        optional: 0,
        returns,
        implementation: AggregateImpl::Collect {
            kernel,
            skip_nulls: true,
        },
    }
}

const fn optional(mut def: AggregateDef, n: usize) -> AggregateDef {
    def.optional = n;
    def
}

const fn custom(
    name: &'static str,
    page: &'static str,
    bind: for<'a, 'b> fn(&mut FnCall<'a, 'b>) -> Result<Typed>,
) -> AggregateDef {
    AggregateDef {
        name,
        page,
        params: &[],
        optional: 0,
        returns: ret::first,
        implementation: AggregateImpl::Custom(bind),
    }
}

/// Aggregates of the family.
pub(super) const AGGREGATES: &[AggregateDef] = &[
    custom(
        "APPROX_COUNT_DISTINCT",
        page!("approx_count_distinct"),
        approx_count_distinct,
    ),
    custom("HLL", page!("hll"), approx_count_distinct),
    custom("HLL_ACCUMULATE", page!("hll_accumulate"), hll_accumulate),
    collect(
        "HLL_COMBINE",
        page!("hll_combine"),
        &[Binary],
        ret::binary,
        sketch::hll_combine,
    ),
    custom("MINHASH", page!("minhash"), minhash),
    collect(
        "MINHASH_COMBINE",
        page!("minhash_combine"),
        &[Variant],
        ret::variant,
        sketch::minhash_combine,
    ),
    collect(
        "APPROXIMATE_SIMILARITY",
        page!("approximate_similarity"),
        &[Variant],
        ret::double,
        sketch::approximate_similarity,
    ),
    collect(
        "APPROXIMATE_JACCARD_INDEX",
        page!("approximate_jaccard_index"),
        &[Variant],
        ret::double,
        sketch::approximate_similarity,
    ),
    optional(
        collect(
            "APPROX_TOP_K",
            page!("approx_top_k"),
            &[Any, Int, Int],
            ret::array,
            sketch::approx_top_k,
        ),
        2,
    ),
    collect(
        "APPROX_TOP_K_ACCUMULATE",
        page!("approx_top_k_accumulate"),
        &[Any, Int],
        ret::object,
        sketch::approx_top_k_accumulate,
    ),
    optional(
        collect(
            "APPROX_TOP_K_COMBINE",
            page!("approx_top_k_combine"),
            &[Object, Int],
            ret::object,
            sketch::approx_top_k_combine,
        ),
        1,
    ),
    collect(
        "APPROX_PERCENTILE",
        page!("approx_percentile"),
        &[Double, Double],
        ret::double,
        sketch::approx_percentile,
    ),
    collect(
        "APPROX_PERCENTILE_ACCUMULATE",
        page!("approx_percentile_accumulate"),
        &[Double],
        ret::object,
        sketch::approx_percentile_accumulate,
    ),
    collect(
        "APPROX_PERCENTILE_COMBINE",
        page!("approx_percentile_combine"),
        &[Object],
        ret::object,
        sketch::approx_percentile_combine,
    ),
    custom("HASH_AGG", page!("hash_agg"), hash_agg),
    collect(
        "BITMAP_CONSTRUCT_AGG",
        page!("bitmap_construct_agg"),
        &[Int],
        ret::binary,
        bitmap::construct_agg,
    ),
    collect(
        "BITMAP_OR_AGG",
        page!("bitmap_or_agg"),
        &[Binary],
        ret::binary,
        bitmap::or_agg,
    ),
    collect(
        "VECTOR_SUM",
        page!("vector_sum"),
        &[Any],
        vector::same_type,
        vector::sum,
    ),
    custom("VECTOR_AVG", page!("vector_avg"), vector_avg),
    collect(
        "VECTOR_MIN",
        page!("vector_min"),
        &[Any],
        vector::same_type,
        vector::min,
    ),
    collect(
        "VECTOR_MAX",
        page!("vector_max"),
        &[Any],
        vector::same_type,
        vector::max,
    ),
];

/// Scalar functions of the family.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("HASH", page!("hash"), hash_bind),
    ScalarDef::new(
        "HLL_ESTIMATE",
        page!("hll_estimate"),
        &[Binary],
        ret::bigint,
        sketch::hll_estimate,
    ),
    ScalarDef::new(
        "HLL_EXPORT",
        page!("hll_export"),
        &[Binary],
        ret::object,
        sketch::hll_export,
    ),
    ScalarDef::new(
        "HLL_IMPORT",
        page!("hll_import"),
        &[Object],
        ret::binary,
        sketch::hll_import,
    ),
    ScalarDef::new(
        "APPROX_TOP_K_ESTIMATE",
        page!("approx_top_k_estimate"),
        &[Object, Int],
        ret::array,
        sketch::approx_top_k_estimate,
    )
    .optional(1),
    ScalarDef::new(
        "APPROX_PERCENTILE_ESTIMATE",
        page!("approx_percentile_estimate"),
        &[Object, Double],
        ret::double,
        sketch::approx_percentile_estimate,
    ),
    ScalarDef::new(
        "BITMAP_BUCKET_NUMBER",
        page!("bitmap_bucket_number"),
        &[Int],
        ret::bigint,
        bitmap::bucket_number,
    ),
    ScalarDef::new(
        "BITMAP_BIT_POSITION",
        page!("bitmap_bit_position"),
        &[Int],
        ret::bigint,
        bitmap::bit_position,
    ),
    ScalarDef::new(
        "BITMAP_COUNT",
        page!("bitmap_count"),
        &[Binary],
        ret::bigint,
        bitmap::count,
    ),
    ScalarDef::custom("VECTOR_L1_DISTANCE", page!("vector_l1_distance"), distance),
    ScalarDef::custom("VECTOR_L2_DISTANCE", page!("vector_l2_distance"), distance),
    ScalarDef::custom(
        "VECTOR_INNER_PRODUCT",
        page!("vector_inner_product"),
        distance,
    ),
    ScalarDef::custom(
        "VECTOR_COSINE_SIMILARITY",
        page!("vector_cosine_similarity"),
        distance,
    ),
    ScalarDef::custom(
        "VECTOR_NORMALIZE",
        page!("vector_normalize"),
        vector_normalize,
    ),
    ScalarDef::custom("VECTOR_TRUNCATE", page!("vector_truncate"), vector_truncate),
];

/// The arguments, or the columns that `*` means.
fn values(call: &mut FnCall<'_, '_>) -> Result<Vec<Typed>> {
    let args: Vec<Typed> = match call.star()? {
        Some(columns) => columns.into_iter().map(|(_, v)| v).collect(),
        None => call.bind_all()?,
    };
    if args.is_empty() {
        return Err(call.count_error(1, 0));
    }
    Ok(args)
}

const HASH: SqlType = SqlType::number(19, 0);

fn hash_bind(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = values(call)?;
    Ok(call.kernel(hash::hash, args, HASH))
}

/// One hash per row as BIGINT, for aggregates over rows of several values.
fn row_hash(call: &FnCall<'_, '_>, args: Vec<Typed>) -> Typed {
    call.binder
        .kernel("HASH", hash::hash, args, SqlType::BigInt)
}

fn hash_agg(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = values(call)?;
    let options = call.aggregate_options()?;
    let hashed = row_hash(call, args);
    Ok(call.binder.collect(
        "HASH_AGG",
        hash::hash_agg,
        true,
        vec![hashed],
        HASH,
        options,
    ))
}

/// Rows in which any value is NULL do not count.
fn approx_count_distinct(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let mut args = values(call)?;
    let options = call.aggregate_options()?;
    let value = if args.len() == 1 {
        args.remove(0)
    } else {
        let known = args
            .iter()
            .map(|a| a.expr.clone().is_not_null())
            .reduce(datafusion::logical_expr::Expr::and)
            .ok_or_else(|| SqlError::internal("no arguments"))?;
        let hashed = row_hash(call, args);
        Typed::new(
            datafusion::logical_expr::when(known, hashed.expr).end()?,
            hashed.ty,
        )
    };
    agg::approx_distinct_of(call, value, options)
}

fn hll_accumulate(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let args = values(call)?;
    let options = call.aggregate_options()?;
    Ok(call.binder.collect(
        "HLL_ACCUMULATE",
        sketch::hll_accumulate,
        true,
        args,
        SqlType::Binary(None),
        options,
    ))
}

/// MINHASH(k, value, …) and MINHASH(k, *).
fn minhash(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, usize::MAX)?;
    let k = call.bind(0)?;
    let k = call.coerce(k, Int)?;
    let mut args = vec![k];
    if call.len() == 2 && call.ast_arg(1).is_none() {
        let columns = call.binder.all_columns();
        args.extend(columns);
    } else {
        for i in 1..call.len() {
            args.push(call.bind(i)?);
        }
    }
    let options = call.aggregate_options()?;
    Ok(call.binder.collect(
        "MINHASH",
        sketch::minhash,
        false,
        args,
        SqlType::Variant,
        options,
    ))
}

/// Two vectors of one shape.
fn distance(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let args = call.bind_all()?;
    let same = matches!(
        (&args[0].ty, &args[1].ty),
        (
            SqlType::Vector { dimension: a, float: x },
            SqlType::Vector { dimension: b, float: y },
        ) if a == b && x == y
    );
    if !same {
        return Err(call.type_error(&args));
    }
    let kernel: Kernel = match call.name {
        "VECTOR_L1_DISTANCE" => vector::l1_distance,
        "VECTOR_L2_DISTANCE" => vector::l2_distance,
        "VECTOR_INNER_PRODUCT" => vector::inner_product,
        _ => vector::cosine_similarity,
    };
    Ok(call.kernel(kernel, args, SqlType::Double))
}

fn floats(call: &FnCall<'_, '_>, v: &Typed) -> Result<SqlType> {
    match v.ty {
        SqlType::Vector { dimension, .. } => Ok(SqlType::Vector {
            float: true,
            dimension,
        }),
        _ => Err(call.type_error(std::slice::from_ref(v))),
    }
}

fn vector_normalize(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let v = call.bind(0)?;
    let ty = floats(call, &v)?;
    Ok(call.kernel(vector::normalize, vec![v], ty))
}

fn vector_avg(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let v = call.bind(0)?;
    let ty = floats(call, &v)?;
    let options = call.aggregate_options()?;
    Ok(call
        .binder
        .collect("VECTOR_AVG", vector::avg, true, vec![v], ty, options))
}

/// VECTOR_TRUNCATE(vector, n): n is a constant, not larger than the dimension.
fn vector_truncate(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let args = call.bind_all()?;
    let SqlType::Vector { float, dimension } = args[0].ty else {
        return Err(call.type_error(&args));
    };
    let n = call.coerce(args[1].clone(), Int)?;
    let n = match dwsim_engine::exec::constant(&n.expr)? {
        datafusion::scalar::ScalarValue::Int64(Some(n)) => u32::try_from(n).ok(),
        _ => None,
    };
    let n = n.filter(|n| (1..=dimension).contains(n)).ok_or_else(|| {
        SqlError::argument(
            call.name,
            format!("the length must be a constant from 1 to {dimension}"),
        )
    })?;
    let ty = SqlType::Vector {
        float,
        dimension: n,
    };
    Ok(call.kernel(vector::truncate, vec![args[0].clone()], ty))
}
