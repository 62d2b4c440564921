//! Text functions of Redshift, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::text`.

use dwsim_engine::error::Result;
use dwsim_engine::functions::{FnCall, Param, ReturnArgs, ScalarDef, Typed, ret};
use dwsim_engine::kernels::text as t;
use dwsim_engine::types::SqlType;

/// Text for text, BINARY for BINARY.
fn text_like(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(match a.types.first() {
        Some(SqlType::Binary(_)) => SqlType::Binary(None),
        _ => SqlType::text(),
    })
}

/// TO_HEX of a number in the digits of its own width, or of bytes.
fn to_hex(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let value = call.bind(0)?;
    let args = if value.ty.is_numeric() {
        let bits = match value.ty {
            SqlType::SmallInt | SqlType::Integer => 32,
            _ => 64,
        };
        vec![call.coerce(value, Param::Int)?, call.binder.int(bits)]
    } else {
        vec![call.coerce(value, Param::TextOrBinary)?]
    };
    Ok(call.kernel(t::to_hex, args, SqlType::text()))
}

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::new(
        "LENGTH",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_LENGTH.html",
        &[Param::TextOrBinary],
        ret::int,
        t::length,
    ),
    ScalarDef::new(
        "LEN",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_LEN.html",
        &[Param::TextOrBinary],
        ret::int,
        t::length,
    ),
    ScalarDef::new(
        "CHAR_LENGTH",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CHAR_LENGTH.html",
        &[Param::TextOrBinary],
        ret::int,
        t::length,
    ),
    ScalarDef::new(
        "CHARACTER_LENGTH",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CHARACTER_LENGTH.html",
        &[Param::TextOrBinary],
        ret::int,
        t::length,
    ),
    ScalarDef::new(
        "TEXTLEN",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_TEXTLEN.html",
        &[Param::TextOrBinary],
        ret::int,
        t::length,
    ),
    ScalarDef::new(
        "OCTET_LENGTH",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_OCTET_LENGTH.html",
        &[Param::TextOrBinary],
        ret::int,
        t::byte_length,
    ),
    ScalarDef::new(
        "UPPER",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_UPPER.html",
        &[Param::Text],
        ret::text,
        t::upper,
    ),
    ScalarDef::new(
        "LOWER",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_LOWER.html",
        &[Param::Text],
        ret::text,
        t::lower,
    ),
    ScalarDef::new(
        "INITCAP",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_INITCAP.html",
        &[Param::Text],
        ret::text,
        t::initcap,
    ),
    ScalarDef::new(
        "LEFT",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_LEFT.html",
        &[Param::TextOrBinary, Param::Int],
        text_like,
        t::left,
    ),
    ScalarDef::new(
        "RIGHT",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_LEFT.html",
        &[Param::TextOrBinary, Param::Int],
        text_like,
        t::right,
    ),
    ScalarDef::new(
        "SUBSTRING",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_SUBSTRING.html",
        &[Param::TextOrBinary, Param::Int, Param::Int],
        text_like,
        t::substring,
    )
    .optional(1),
    ScalarDef::new(
        "SUBSTR",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_SUBSTR.html",
        &[Param::TextOrBinary, Param::Int, Param::Int],
        text_like,
        t::substring,
    )
    .optional(1),
    ScalarDef::new(
        "REPLACE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_REPLACE.html",
        &[Param::Text, Param::Text, Param::Text],
        ret::text,
        t::replace,
    ),
    ScalarDef::new(
        "TRANSLATE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_TRANSLATE.html",
        &[Param::Text, Param::Text, Param::Text],
        ret::text,
        t::translate,
    ),
    ScalarDef::new(
        "REVERSE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_REVERSE.html",
        &[Param::TextOrBinary],
        text_like,
        t::reverse,
    ),
    ScalarDef::new(
        "REPEAT",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_REPEAT.html",
        &[Param::Text, Param::Int],
        ret::text,
        t::repeat,
    ),
    ScalarDef::new(
        "REPLICATE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_REPLICATE.html",
        &[Param::Text, Param::Int],
        ret::text,
        t::repeat,
    ),
    ScalarDef::new(
        "SPLIT_PART",
        "https://docs.aws.amazon.com/redshift/latest/dg/SPLIT_PART.html",
        &[Param::Text, Param::Text, Param::Int],
        ret::text,
        t::split_part,
    ),
    ScalarDef::new(
        "ASCII",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_ASCII.html",
        &[Param::Text],
        ret::int,
        t::ascii,
    ),
    ScalarDef::new(
        "CHR",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CHR.html",
        &[Param::Int],
        ret::text,
        t::chr,
    ),
    ScalarDef::new(
        "LPAD",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_LPAD.html",
        &[Param::Text, Param::Int, Param::Text],
        text_like,
        t::lpad,
    )
    .optional(1),
    ScalarDef::new(
        "RPAD",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_LPAD.html",
        &[Param::Text, Param::Int, Param::Text],
        text_like,
        t::rpad,
    )
    .optional(1),
    ScalarDef::new(
        "TRIM",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_TRIM.html",
        &[Param::Text, Param::Text],
        ret::text,
        t::trim,
    )
    .optional(1),
    ScalarDef::new(
        "BTRIM",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_BTRIM.html",
        &[Param::Text, Param::Text],
        ret::text,
        t::trim,
    )
    .optional(1),
    ScalarDef::new(
        "LTRIM",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_LTRIM.html",
        &[Param::Text, Param::Text],
        ret::text,
        t::ltrim,
    )
    .optional(1),
    ScalarDef::new(
        "RTRIM",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_RTRIM.html",
        &[Param::Text, Param::Text],
        ret::text,
        t::rtrim,
    )
    .optional(1),
    ScalarDef::new(
        "POSITION",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_POSITION.html",
        &[Param::TextOrBinary, Param::TextOrBinary],
        ret::int,
        t::position,
    ),
    ScalarDef::new(
        "CHARINDEX",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CHARINDEX.html",
        &[Param::TextOrBinary, Param::TextOrBinary],
        ret::int,
        t::charindex,
    ),
    ScalarDef::new(
        "STRPOS",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_STRPOS.html",
        &[Param::Text, Param::Text],
        ret::int,
        t::strpos,
    ),
    ScalarDef::new(
        "SOUNDEX",
        "https://docs.aws.amazon.com/redshift/latest/dg/SOUNDEX.html",
        &[Param::Text],
        ret::text,
        t::soundex,
    ),
    ScalarDef::new(
        "DIFFERENCE",
        "https://docs.aws.amazon.com/redshift/latest/dg/DIFFERENCE.html",
        &[Param::Text, Param::Text],
        ret::int,
        t::difference,
    ),
    ScalarDef::new(
        "MD5",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_MD5.html",
        &[Param::TextOrBinary],
        ret::text,
        t::md5_hex,
    ),
    ScalarDef::new(
        "SHA",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_SHA.html",
        &[Param::TextOrBinary],
        ret::text,
        t::sha1_hex,
    ),
    ScalarDef::new(
        "SHA1",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_SHA1.html",
        &[Param::TextOrBinary],
        ret::text,
        t::sha1_hex,
    ),
    ScalarDef::new(
        "FUNC_SHA1",
        "https://docs.aws.amazon.com/redshift/latest/dg/FUNC_SHA1.html",
        &[Param::TextOrBinary],
        ret::text,
        t::sha1_hex,
    ),
    ScalarDef::new(
        "SHA2",
        "https://docs.aws.amazon.com/redshift/latest/dg/SHA2.html",
        &[Param::TextOrBinary, Param::Int],
        ret::text,
        t::sha2_hex,
    ),
    ScalarDef::new(
        "CRC32",
        "https://docs.aws.amazon.com/redshift/latest/dg/crc32-function.html",
        &[Param::TextOrBinary],
        ret::text,
        t::crc32,
    ),
    ScalarDef::custom(
        "TO_HEX",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_TO_HEX.html",
        to_hex,
    ),
    ScalarDef::new(
        "FROM_HEX",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_FROM_HEX.html",
        &[Param::Text],
        ret::binary,
        t::from_hex,
    ),
    ScalarDef::new(
        "QUOTE_IDENT",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_QUOTE_IDENT.html",
        &[Param::Text],
        ret::text,
        t::quote_ident,
    ),
    ScalarDef::new(
        "QUOTE_LITERAL",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_QUOTE_LITERAL.html",
        &[Param::Text],
        ret::text,
        t::quote_literal,
    ),
    ScalarDef::new(
        "REGEXP_COUNT",
        "https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_COUNT.html",
        &[Param::Text, Param::Text, Param::Int, Param::Text],
        ret::int,
        t::regexp_count,
    )
    .optional(2),
    ScalarDef::new(
        "REGEXP_SUBSTR",
        "https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_SUBSTR.html",
        &[
            Param::Text,
            Param::Text,
            Param::Int,
            Param::Int,
            Param::Text,
        ],
        ret::text,
        t::regexp_substr,
    )
    .optional(3),
    ScalarDef::new(
        "REGEXP_INSTR",
        "https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_INSTR.html",
        &[
            Param::Text,
            Param::Text,
            Param::Int,
            Param::Int,
            Param::Int,
            Param::Text,
        ],
        ret::int,
        t::regexp_instr,
    )
    .optional(4),
    ScalarDef::new(
        "REGEXP_REPLACE",
        "https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_REPLACE.html",
        &[
            Param::Text,
            Param::Text,
            Param::Text,
            Param::Int,
            Param::Text,
        ],
        ret::text,
        t::regexp_replace_redshift,
    )
    .optional(3),
];
