//! VARBYTE and hash functions of Redshift and its conversions after Teradata, each with its page of the guide.
//! What they compute is in `dwsim_engine::kernels::{text, hash}`.

use dwsim_engine::dialect::BinaryOp;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::exec::constant;
use dwsim_engine::functions::{FnCall, Param, ReturnArgs, ScalarDef, Typed, ret};
use dwsim_engine::kernels::{hash, text as t};
use dwsim_engine::types::{SqlType, TypeClass};

use Param::{Any, Binary, Int, Text};

macro_rules! page {
    ($name:literal) => {
        concat!(
            "https://docs.aws.amazon.com/redshift/latest/dg/",
            $name,
            ".html"
        )
    };
}

fn integer(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Integer)
}

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom("CONCAT", page!("r_CONCAT"), concat_bind),
    ScalarDef::new(
        "TO_VARBYTE",
        page!("r_TO_VARBYTE"),
        &[Text, Text],
        ret::binary,
        t::to_varbyte,
    ),
    ScalarDef::new(
        "FROM_VARBYTE",
        page!("r_FROM_VARBYTE"),
        &[Binary, Text],
        ret::text,
        t::from_varbyte,
    ),
    ScalarDef::new(
        "GETBIT",
        page!("r_GETBIT"),
        &[Binary, Int],
        integer,
        t::get_bit,
    ),
    ScalarDef::new(
        "GET_BIT",
        page!("c_SQL_functions_leader_node_only"),
        &[Binary, Int],
        integer,
        t::get_bit,
    ),
    ScalarDef::new(
        "GET_BYTE",
        page!("c_SQL_functions_leader_node_only"),
        &[Binary, Int],
        integer,
        t::get_byte,
    ),
    ScalarDef::new(
        "SET_BIT",
        page!("c_SQL_functions_leader_node_only"),
        &[Binary, Int, Int],
        ret::binary,
        t::set_bit,
    ),
    ScalarDef::new(
        "SET_BYTE",
        page!("c_SQL_functions_leader_node_only"),
        &[Binary, Int, Int],
        ret::binary,
        t::set_byte,
    ),
    ScalarDef::custom("BITNOT", page!("r_OPERATOR_SYMBOLS"), bit_not),
    ScalarDef::new(
        "OCTETINDEX",
        page!("OCTETINDEX"),
        &[Text, Text],
        integer,
        t::octet_index,
    ),
    ScalarDef::new(
        "BPCHARCMP",
        page!("r_BPCHARCMP"),
        &[Text, Text],
        integer,
        t::bpchar_compare,
    ),
    ScalarDef::new(
        "BTTEXT_PATTERN_CMP",
        page!("r_BTTEXT_PATTERN_CMP"),
        &[Text, Text],
        integer,
        t::bpchar_compare,
    ),
    ScalarDef::new(
        "STRTOL",
        page!("r_STRTOL"),
        &[Text, Int],
        ret::bigint,
        t::strtol,
    ),
    ScalarDef::new(
        "TEXT_TO_INT_ALT",
        page!("r_TEXT_TO_INT_ALT"),
        &[Text, Text],
        integer,
        t::text_to_int_alt,
    )
    .optional(1),
    ScalarDef::custom(
        "TEXT_TO_NUMERIC_ALT",
        page!("r_TEXT_TO_NUMERIC_ALT"),
        text_to_numeric_alt,
    ),
    ScalarDef::new(
        "FNV_HASH",
        page!("r_FNV_HASH"),
        &[Any, Int],
        ret::bigint,
        hash::fnv_hash,
    )
    .optional(1),
    ScalarDef::new(
        "MURMUR3_32_HASH",
        page!("MURMUR3_32_HASH"),
        &[Any, Int],
        integer,
        hash::murmur3_32_hash,
    )
    .optional(1),
    ScalarDef::new(
        "FARMFINGERPRINT64",
        page!("r_FARMFINGERPRINT64"),
        &[Any],
        ret::bigint,
        hash::farm_fingerprint64,
    ),
    ScalarDef::new(
        "CHECKSUM",
        page!("r_CHECKSUM"),
        &[Any],
        integer,
        hash::checksum,
    ),
    ScalarDef::custom("COLLATE", page!("r_COLLATE"), collate),
];

/// Texts are joined to text; with a VARBYTE among them, bytes to bytes.
fn concat_bind(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(2, 2)?;
    let given = c.bind_all()?;
    let [left, right] = given.as_slice() else {
        return Err(c.count_error(2, given.len()));
    };
    if left.ty.is_text() && right.ty.is_text() {
        let rules = c.binder.dialect;
        return rules.arithmetic(c.binder, BinaryOp::Concat, left.clone(), right.clone());
    }
    let bytes = given.iter().any(|a| a.ty.class() == TypeClass::Binary);
    let (kind, ty) = if bytes {
        (Binary, SqlType::Binary(None))
    } else {
        (Text, SqlType::text())
    };
    let mut args = Vec::with_capacity(2);
    for a in &given {
        match c.binder.coerce(a.clone(), kind)? {
            Some(v) => args.push(v),
            None => return Err(c.type_error(&given)),
        }
    }
    Ok(c.kernel(t::concat, args, ty))
}

/// `~ value` of an integer, in its type, or of bytes.
fn bit_not(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    let v = c.bind(0)?;
    if v.ty.class() == TypeClass::Binary {
        return Ok(c.kernel(t::bytes_not, vec![v], SqlType::Binary(None)));
    }
    if !v.ty.is_int() && v.ty != SqlType::Null {
        return Err(c.type_error(&[v]));
    }
    let ty = if v.ty == SqlType::Null {
        SqlType::Integer
    } else {
        v.ty.clone()
    };
    let v = c.coerce(v, Int)?;
    Ok(c.kernel(dwsim_engine::kernels::numeric::bit_not, vec![v], ty))
}

/// `TEXT_TO_NUMERIC_ALT(text [, format] [, precision, scale])`.
fn text_to_numeric_alt(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 4)?;
    let value = c.bind(0)?;
    let value = c.coerce(value, Text)?;
    let with_format = matches!(c.len(), 2 | 4);
    let format = if with_format {
        let f = c.bind(1)?;
        if f.literal_text().is_none() {
            return Err(SqlError::argument(c.name, "the format must be a literal"));
        }
        f
    } else {
        c.binder.null(&SqlType::text())?
    };
    let shaped = c.len() > 2;
    let mut number = |i: usize, least: i64, most: i64| -> Result<u8> {
        let n = c.bind(i)?;
        let n = c.coerce(n, Int)?;
        match constant(&n.expr)? {
            datafusion::scalar::ScalarValue::Int64(Some(v)) if (least..=most).contains(&v) => {
                Ok(v as u8)
            }
            _ => Err(SqlError::argument(
                c.name,
                format!("precision and scale must be constants between {least} and {most}"),
            )),
        }
    };
    let (precision, scale) = match shaped {
        true => {
            let first = if with_format { 2 } else { 1 };
            let p = number(first, 1, 38)?;
            (p, number(first + 1, 0, i64::from(p))?)
        }
        false => (38, 0),
    };
    Ok(c.kernel(
        t::text_to_numeric_alt,
        vec![value, format],
        SqlType::number(precision, scale),
    ))
}

/// COLLATE(text, 'case_insensitive') is compared so; 'case_sensitive' undoes the collation of a column.
fn collate(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(2, 2)?;
    let (value, collation) = (c.bind(0)?, c.bind(1)?);
    let value = match value.ty.is_text() {
        true => value,
        false => c.coerce(value, Text)?,
    };
    let specification = collation
        .literal_text()
        .and_then(|word| crate::dialect::collation(&word.to_lowercase()));
    match specification {
        Some(specification) => {
            let ty = value.ty.plain_text().with_collation(specification, true);
            Ok(Typed::new(value.expr, ty))
        }
        None => Err(SqlError::argument(
            c.name,
            "the collation must be case_sensitive or case_insensitive",
        )),
    }
}
