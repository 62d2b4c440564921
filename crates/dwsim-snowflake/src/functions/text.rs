//! Text functions of Snowflake, each with its page of the reference.
//! What they compute is in `dwsim_engine::kernels::text`.

use dwsim_engine::error::{Result, SqlError};
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

/// BINARY when any argument is.
fn concat_type(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(if a.types.iter().any(|t| matches!(t, SqlType::Binary(_))) {
        SqlType::Binary(None)
    } else {
        SqlType::text()
    })
}

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::new(
        "LENGTH",
        "https://docs.snowflake.com/en/sql-reference/functions/length",
        &[Param::TextOrBinary],
        ret::bigint,
        t::length,
    ),
    ScalarDef::new(
        "LEN",
        "https://docs.snowflake.com/en/sql-reference/functions/length",
        &[Param::TextOrBinary],
        ret::bigint,
        t::length,
    ),
    ScalarDef::new(
        "CHAR_LENGTH",
        "https://docs.snowflake.com/en/sql-reference/functions/length",
        &[Param::TextOrBinary],
        ret::bigint,
        t::length,
    ),
    ScalarDef::new(
        "CHARACTER_LENGTH",
        "https://docs.snowflake.com/en/sql-reference/functions/length",
        &[Param::TextOrBinary],
        ret::bigint,
        t::length,
    ),
    ScalarDef::new(
        "OCTET_LENGTH",
        "https://docs.snowflake.com/en/sql-reference/functions/octet_length",
        &[Param::TextOrBinary],
        ret::bigint,
        t::byte_length,
    ),
    ScalarDef::new(
        "BIT_LENGTH",
        "https://docs.snowflake.com/en/sql-reference/functions/bit_length",
        &[Param::TextOrBinary],
        ret::bigint,
        t::bit_length,
    ),
    ScalarDef::new(
        "RTRIMMED_LENGTH",
        "https://docs.snowflake.com/en/sql-reference/functions/rtrimmed_length",
        &[Param::Text],
        ret::bigint,
        t::rtrimmed_length,
    ),
    ScalarDef::new(
        "UPPER",
        "https://docs.snowflake.com/en/sql-reference/functions/upper",
        &[Param::Text],
        ret::text,
        t::upper,
    ),
    ScalarDef::new(
        "LOWER",
        "https://docs.snowflake.com/en/sql-reference/functions/lower",
        &[Param::Text],
        ret::text,
        t::lower,
    ),
    ScalarDef::new(
        "INITCAP",
        "https://docs.snowflake.com/en/sql-reference/functions/initcap",
        &[Param::Text, Param::Text],
        ret::text,
        t::initcap,
    )
    .optional(1),
    ScalarDef::new(
        "LEFT",
        "https://docs.snowflake.com/en/sql-reference/functions/left",
        &[Param::TextOrBinary, Param::Int],
        text_like,
        t::left,
    ),
    ScalarDef::new(
        "RIGHT",
        "https://docs.snowflake.com/en/sql-reference/functions/right",
        &[Param::TextOrBinary, Param::Int],
        text_like,
        t::right,
    ),
    ScalarDef::new(
        "SUBSTR",
        "https://docs.snowflake.com/en/sql-reference/functions/substr",
        &[Param::TextOrBinary, Param::Int, Param::Int],
        text_like,
        t::substring,
    )
    .optional(1),
    ScalarDef::new(
        "SUBSTRING",
        "https://docs.snowflake.com/en/sql-reference/functions/substr",
        &[Param::TextOrBinary, Param::Int, Param::Int],
        text_like,
        t::substring,
    )
    .optional(1),
    ScalarDef::new(
        "REPLACE",
        "https://docs.snowflake.com/en/sql-reference/functions/replace",
        &[Param::Text, Param::Text, Param::Text],
        ret::text,
        t::replace,
    )
    .optional(1),
    ScalarDef::new(
        "TRANSLATE",
        "https://docs.snowflake.com/en/sql-reference/functions/translate",
        &[Param::Text, Param::Text, Param::Text],
        ret::text,
        t::translate,
    ),
    ScalarDef::new(
        "REVERSE",
        "https://docs.snowflake.com/en/sql-reference/functions/reverse",
        &[Param::TextOrBinary],
        text_like,
        t::reverse,
    ),
    ScalarDef::new(
        "REPEAT",
        "https://docs.snowflake.com/en/sql-reference/functions/repeat",
        &[Param::Text, Param::Int],
        ret::text,
        t::repeat,
    ),
    ScalarDef::new(
        "SPACE",
        "https://docs.snowflake.com/en/sql-reference/functions/space",
        &[Param::Int],
        ret::text,
        t::space,
    ),
    ScalarDef::new(
        "CONCAT",
        "https://docs.snowflake.com/en/sql-reference/functions/concat",
        &[Param::TextOrBinary],
        concat_type,
        t::concat,
    )
    .variadic(),
    ScalarDef::new(
        "CONCAT_WS",
        "https://docs.snowflake.com/en/sql-reference/functions/concat_ws",
        &[Param::TextOrBinary],
        concat_type,
        t::concat_ws,
    )
    .variadic(),
    ScalarDef::new(
        "SPLIT_PART",
        "https://docs.snowflake.com/en/sql-reference/functions/split_part",
        &[Param::Text, Param::Text, Param::Int],
        ret::text,
        t::split_part,
    ),
    ScalarDef::new(
        "STRTOK",
        "https://docs.snowflake.com/en/sql-reference/functions/strtok",
        &[Param::Text, Param::Text, Param::Int],
        ret::text,
        t::strtok,
    )
    .optional(2),
    ScalarDef::new(
        "ASCII",
        "https://docs.snowflake.com/en/sql-reference/functions/ascii",
        &[Param::Text],
        ret::bigint,
        t::ascii,
    ),
    ScalarDef::new(
        "UNICODE",
        "https://docs.snowflake.com/en/sql-reference/functions/unicode",
        &[Param::Text],
        ret::bigint,
        t::unicode,
    ),
    ScalarDef::new(
        "CHR",
        "https://docs.snowflake.com/en/sql-reference/functions/chr",
        &[Param::Int],
        ret::text,
        t::chr,
    ),
    ScalarDef::new(
        "CHAR",
        "https://docs.snowflake.com/en/sql-reference/functions/chr",
        &[Param::Int],
        ret::text,
        t::chr,
    ),
    ScalarDef::new(
        "LPAD",
        "https://docs.snowflake.com/en/sql-reference/functions/lpad",
        &[Param::TextOrBinary, Param::Int, Param::TextOrBinary],
        text_like,
        t::lpad,
    )
    .optional(1),
    ScalarDef::new(
        "RPAD",
        "https://docs.snowflake.com/en/sql-reference/functions/rpad",
        &[Param::TextOrBinary, Param::Int, Param::TextOrBinary],
        text_like,
        t::rpad,
    )
    .optional(1),
    ScalarDef::new(
        "TRIM",
        "https://docs.snowflake.com/en/sql-reference/functions/trim",
        &[Param::Text, Param::Text],
        ret::text,
        t::trim,
    )
    .optional(1),
    ScalarDef::new(
        "LTRIM",
        "https://docs.snowflake.com/en/sql-reference/functions/ltrim",
        &[Param::Text, Param::Text],
        ret::text,
        t::ltrim,
    )
    .optional(1),
    ScalarDef::new(
        "RTRIM",
        "https://docs.snowflake.com/en/sql-reference/functions/rtrim",
        &[Param::Text, Param::Text],
        ret::text,
        t::rtrim,
    )
    .optional(1),
    ScalarDef::new(
        "POSITION",
        "https://docs.snowflake.com/en/sql-reference/functions/position",
        &[Param::TextOrBinary, Param::TextOrBinary, Param::Int],
        ret::bigint,
        t::position,
    )
    .optional(1),
    ScalarDef::new(
        "CHARINDEX",
        "https://docs.snowflake.com/en/sql-reference/functions/charindex",
        &[Param::TextOrBinary, Param::TextOrBinary, Param::Int],
        ret::bigint,
        t::charindex,
    )
    .optional(1),
    ScalarDef::new(
        "CONTAINS",
        "https://docs.snowflake.com/en/sql-reference/functions/contains",
        &[Param::TextOrBinary, Param::TextOrBinary],
        ret::boolean,
        t::contains,
    ),
    ScalarDef::new(
        "STARTSWITH",
        "https://docs.snowflake.com/en/sql-reference/functions/startswith",
        &[Param::TextOrBinary, Param::TextOrBinary],
        ret::boolean,
        t::starts_with,
    ),
    ScalarDef::new(
        "ENDSWITH",
        "https://docs.snowflake.com/en/sql-reference/functions/endswith",
        &[Param::TextOrBinary, Param::TextOrBinary],
        ret::boolean,
        t::ends_with,
    ),
    ScalarDef::new(
        "INSERT",
        "https://docs.snowflake.com/en/sql-reference/functions/insert",
        &[Param::Text, Param::Int, Param::Int, Param::Text],
        ret::text,
        t::insert,
    ),
    ScalarDef::new(
        "SOUNDEX",
        "https://docs.snowflake.com/en/sql-reference/functions/soundex",
        &[Param::Text],
        ret::text,
        t::soundex,
    ),
    ScalarDef::custom(
        "COLLATE",
        "https://docs.snowflake.com/en/sql-reference/functions/collate",
        collate,
    ),
    ScalarDef::custom("COLLATION", page!("collation"), collation),
    ScalarDef::custom("LIKE", page!("like"), like),
    ScalarDef::custom("ILIKE", page!("ilike"), like),
    ScalarDef::new(
        "SOUNDEX_P123",
        "https://docs.snowflake.com/en/sql-reference/functions/soundex_p123",
        &[Param::Text],
        ret::text,
        t::soundex_p123,
    ),
    ScalarDef::new(
        "EDITDISTANCE",
        "https://docs.snowflake.com/en/sql-reference/functions/editdistance",
        &[Param::Text, Param::Text, Param::Int],
        ret::bigint,
        t::edit_distance,
    )
    .optional(1),
    ScalarDef::new(
        "JAROWINKLER_SIMILARITY",
        "https://docs.snowflake.com/en/sql-reference/functions/jarowinkler_similarity",
        &[Param::Text, Param::Text],
        ret::bigint,
        t::jaro_winkler,
    ),
    ScalarDef::new(
        "HEX_ENCODE",
        "https://docs.snowflake.com/en/sql-reference/functions/hex_encode",
        &[Param::TextOrBinary, Param::Int],
        ret::text,
        t::hex_encode,
    )
    .optional(1),
    ScalarDef::new(
        "HEX_DECODE_STRING",
        "https://docs.snowflake.com/en/sql-reference/functions/hex_decode_string",
        &[Param::Text],
        ret::text,
        t::hex_decode_text,
    ),
    ScalarDef::new(
        "TRY_HEX_DECODE_STRING",
        "https://docs.snowflake.com/en/sql-reference/functions/try_hex_decode_string",
        &[Param::Text],
        ret::text,
        t::hex_decode_text,
    ),
    ScalarDef::new(
        "HEX_DECODE_BINARY",
        "https://docs.snowflake.com/en/sql-reference/functions/hex_decode_binary",
        &[Param::Text],
        ret::binary,
        t::from_hex,
    ),
    ScalarDef::new(
        "TRY_HEX_DECODE_BINARY",
        "https://docs.snowflake.com/en/sql-reference/functions/try_hex_decode_binary",
        &[Param::Text],
        ret::binary,
        t::from_hex,
    ),
    ScalarDef::new(
        "BASE64_ENCODE",
        "https://docs.snowflake.com/en/sql-reference/functions/base64_encode",
        &[Param::TextOrBinary, Param::Int, Param::Text],
        ret::text,
        t::base64_encode,
    )
    .optional(2),
    ScalarDef::new(
        "BASE64_DECODE_STRING",
        "https://docs.snowflake.com/en/sql-reference/functions/base64_decode_string",
        &[Param::Text, Param::Text],
        ret::text,
        t::base64_decode_text,
    )
    .optional(1),
    ScalarDef::new(
        "TRY_BASE64_DECODE_STRING",
        "https://docs.snowflake.com/en/sql-reference/functions/try_base64_decode_string",
        &[Param::Text, Param::Text],
        ret::text,
        t::base64_decode_text,
    )
    .optional(1),
    ScalarDef::new(
        "BASE64_DECODE_BINARY",
        "https://docs.snowflake.com/en/sql-reference/functions/base64_decode_binary",
        &[Param::Text, Param::Text],
        ret::binary,
        t::base64_decode_binary,
    )
    .optional(1),
    ScalarDef::new(
        "TRY_BASE64_DECODE_BINARY",
        "https://docs.snowflake.com/en/sql-reference/functions/try_base64_decode_binary",
        &[Param::Text, Param::Text],
        ret::binary,
        t::base64_decode_binary,
    )
    .optional(1),
    ScalarDef::new(
        "MD5",
        "https://docs.snowflake.com/en/sql-reference/functions/md5",
        &[Param::TextOrBinary],
        ret::text,
        t::md5_hex,
    ),
    ScalarDef::new(
        "MD5_HEX",
        "https://docs.snowflake.com/en/sql-reference/functions/md5",
        &[Param::TextOrBinary],
        ret::text,
        t::md5_hex,
    ),
    ScalarDef::new(
        "MD5_BINARY",
        "https://docs.snowflake.com/en/sql-reference/functions/md5_binary",
        &[Param::TextOrBinary],
        ret::binary,
        t::md5_binary,
    ),
    ScalarDef::new(
        "SHA1",
        "https://docs.snowflake.com/en/sql-reference/functions/sha1",
        &[Param::TextOrBinary],
        ret::text,
        t::sha1_hex,
    ),
    ScalarDef::new(
        "SHA1_HEX",
        "https://docs.snowflake.com/en/sql-reference/functions/sha1",
        &[Param::TextOrBinary],
        ret::text,
        t::sha1_hex,
    ),
    ScalarDef::new(
        "SHA2",
        "https://docs.snowflake.com/en/sql-reference/functions/sha2",
        &[Param::TextOrBinary, Param::Int],
        ret::text,
        t::sha2_hex,
    )
    .optional(1),
    ScalarDef::new(
        "SHA2_HEX",
        "https://docs.snowflake.com/en/sql-reference/functions/sha2",
        &[Param::TextOrBinary, Param::Int],
        ret::text,
        t::sha2_hex,
    )
    .optional(1),
    ScalarDef::new(
        "REGEXP_LIKE",
        "https://docs.snowflake.com/en/sql-reference/functions/regexp_like",
        &[Param::Text, Param::Text, Param::Text],
        ret::boolean,
        t::regexp_like,
    )
    .optional(1),
    ScalarDef::new(
        "RLIKE",
        "https://docs.snowflake.com/en/sql-reference/functions/rlike",
        &[Param::Text, Param::Text, Param::Text],
        ret::boolean,
        t::regexp_like,
    )
    .optional(1),
    ScalarDef::new(
        "REGEXP_COUNT",
        "https://docs.snowflake.com/en/sql-reference/functions/regexp_count",
        &[Param::Text, Param::Text, Param::Int, Param::Text],
        ret::bigint,
        t::regexp_count,
    )
    .optional(2),
    ScalarDef::new(
        "REGEXP_SUBSTR",
        "https://docs.snowflake.com/en/sql-reference/functions/regexp_substr",
        &[
            Param::Text,
            Param::Text,
            Param::Int,
            Param::Int,
            Param::Text,
            Param::Int,
        ],
        ret::text,
        t::regexp_substr,
    )
    .optional(4),
    ScalarDef::new(
        "REGEXP_SUBSTR_ALL",
        "https://docs.snowflake.com/en/sql-reference/functions/regexp_substr_all",
        &[
            Param::Text,
            Param::Text,
            Param::Int,
            Param::Int,
            Param::Text,
            Param::Int,
        ],
        ret::array,
        t::regexp_substr_all,
    )
    .optional(4),
    ScalarDef::new(
        "REGEXP_EXTRACT_ALL",
        "https://docs.snowflake.com/en/sql-reference/functions/regexp_substr_all",
        &[
            Param::Text,
            Param::Text,
            Param::Int,
            Param::Int,
            Param::Text,
            Param::Int,
        ],
        ret::array,
        t::regexp_substr_all,
    )
    .optional(4),
    ScalarDef::new(
        "REGEXP_INSTR",
        "https://docs.snowflake.com/en/sql-reference/functions/regexp_instr",
        &[
            Param::Text,
            Param::Text,
            Param::Int,
            Param::Int,
            Param::Int,
            Param::Text,
            Param::Int,
        ],
        ret::bigint,
        t::regexp_instr,
    )
    .optional(5),
    ScalarDef::new(
        "REGEXP_REPLACE",
        "https://docs.snowflake.com/en/sql-reference/functions/regexp_replace",
        &[
            Param::Text,
            Param::Text,
            Param::Text,
            Param::Int,
            Param::Int,
            Param::Text,
        ],
        ret::text,
        t::regexp_replace,
    )
    .optional(4),
];

/// COLLATE(text, specification): the text with a collation, which wins over that of a column.
fn collate(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let text = call.bind(0)?;
    let text = call.coerce(text, Param::Text)?;
    let specification = call.bind(1)?;
    let Some(specification) = specification.literal_text() else {
        return Err(SqlError::argument(
            call.name,
            "the collation must be a constant text",
        ));
    };
    t::Collation::parse(specification)?;
    let ty = text.ty.clone().with_collation(specification, true);
    Ok(Typed::new(text.expr, ty))
}

/// COLLATION(text): the specification, NULL for texts without one.
fn collation(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let text = call.bind(0)?;
    match text.ty.collation() {
        Some(c) => Ok(call.binder.text(&c.specification)),
        None => call.binder.null(&SqlType::text()),
    }
}

/// LIKE and ILIKE written as functions: `LIKE(subject, pattern [, escape])`.
fn like(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 3)?;
    let mut args = call.bind_all()?.into_iter();
    let (Some(subject), Some(pattern)) = (args.next(), args.next()) else {
        return Err(SqlError::internal("LIKE has two arguments"));
    };
    let insensitive = call.name == "ILIKE";
    call.binder
        .like(subject, pattern, args.next(), insensitive, false)
}
