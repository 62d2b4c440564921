//! Date and time functions of Snowflake, and the conversion functions for dates, times and their texts.
//! Kernels are `dwsim_engine::kernels::datetime`; TO_CHAR dispatches here by the type of its argument.

use dwsim_engine::env::Env;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{FnCall, Kernel, Param, ReturnArgs, ScalarDef, Typed, ret};
use dwsim_engine::kernels::datetime::clock;
use dwsim_engine::kernels::datetime::part::Part;
use dwsim_engine::kernels::datetime::{add, convert, difference, extract, text, truncate};
use dwsim_engine::kernels::format_number;
use dwsim_engine::plan::CastMode;
use dwsim_engine::types::{SqlType, TypeClass};

use Param::{Date, DateOrTimestamp as When, Int, Part as PartWord, Text};

/// One row per SQL name.
pub const SCALARS: &[ScalarDef] = &[
    // Construction
    ScalarDef::new(
        "DATE_FROM_PARTS",
        page!("date_from_parts"),
        &[Int, Int, Int],
        ret::date,
        add::date_from_parts,
    ),
    ScalarDef::new(
        "DATEFROMPARTS",
        page!("date_from_parts"),
        &[Int, Int, Int],
        ret::date,
        add::date_from_parts,
    ),
    ScalarDef::new(
        "TIME_FROM_PARTS",
        page!("time_from_parts"),
        &[Int, Int, Int, Int],
        time,
        add::time_from_parts,
    )
    .optional(1),
    ScalarDef::new(
        "TIMEFROMPARTS",
        page!("time_from_parts"),
        &[Int, Int, Int, Int],
        time,
        add::time_from_parts,
    )
    .optional(1),
    ScalarDef::custom(
        "TIMESTAMP_FROM_PARTS",
        page!("timestamp_from_parts"),
        timestamp_from_parts,
    ),
    ScalarDef::custom(
        "TIMESTAMPFROMPARTS",
        page!("timestamp_from_parts"),
        timestamp_from_parts,
    ),
    ScalarDef::custom(
        "TIMESTAMP_NTZ_FROM_PARTS",
        page!("timestamp_from_parts"),
        timestamp_from_parts,
    ),
    ScalarDef::custom(
        "TIMESTAMPNTZFROMPARTS",
        page!("timestamp_from_parts"),
        timestamp_from_parts,
    ),
    ScalarDef::custom(
        "TIMESTAMP_LTZ_FROM_PARTS",
        page!("timestamp_from_parts"),
        timestamp_from_parts,
    ),
    ScalarDef::custom(
        "TIMESTAMPLTZFROMPARTS",
        page!("timestamp_from_parts"),
        timestamp_from_parts,
    ),
    ScalarDef::custom(
        "TIMESTAMP_TZ_FROM_PARTS",
        page!("timestamp_from_parts"),
        timestamp_from_parts,
    ),
    ScalarDef::custom(
        "TIMESTAMPTZFROMPARTS",
        page!("timestamp_from_parts"),
        timestamp_from_parts,
    ),
    // Extraction
    ScalarDef::new(
        "DATE_PART",
        page!("date_part"),
        &[PartWord, When],
        extracted,
        extract::extract,
    ),
    ScalarDef::new(
        "EXTRACT",
        page!("extract"),
        &[PartWord, When],
        extracted,
        extract::extract,
    ),
    ScalarDef::new("YEAR", page!("year"), &[When], four_digits, extract::year),
    ScalarDef::new(
        "YEAROFWEEK",
        page!("year"),
        &[When],
        four_digits,
        extract::year_of_week,
    ),
    ScalarDef::new(
        "YEAROFWEEKISO",
        page!("year"),
        &[When],
        four_digits,
        extract::year_of_week_iso,
    ),
    ScalarDef::new(
        "DAY",
        page!("year"),
        &[When],
        two_digits,
        extract::day_of_month,
    ),
    ScalarDef::new(
        "DAYOFMONTH",
        page!("year"),
        &[When],
        two_digits,
        extract::day_of_month,
    ),
    ScalarDef::new(
        "DAYOFWEEK",
        page!("year"),
        &[When],
        two_digits,
        extract::day_of_week,
    ),
    ScalarDef::new(
        "DAYOFWEEKISO",
        page!("year"),
        &[When],
        two_digits,
        extract::day_of_week_iso,
    ),
    ScalarDef::new(
        "DAYOFWEEK_ISO",
        page!("year"),
        &[When],
        two_digits,
        extract::day_of_week_iso,
    ),
    ScalarDef::new(
        "DAYOFYEAR",
        page!("year"),
        &[When],
        three_digits,
        extract::day_of_the_year,
    ),
    ScalarDef::new(
        "WEEK",
        page!("year"),
        &[When],
        two_digits,
        extract::week_of_year,
    ),
    ScalarDef::new(
        "WEEKOFYEAR",
        page!("year"),
        &[When],
        two_digits,
        extract::week_of_year,
    ),
    ScalarDef::new(
        "WEEKISO",
        page!("year"),
        &[When],
        two_digits,
        extract::week_iso,
    ),
    ScalarDef::new(
        "WEEK_ISO",
        page!("year"),
        &[When],
        two_digits,
        extract::week_iso,
    ),
    ScalarDef::new("MONTH", page!("year"), &[When], two_digits, extract::month),
    ScalarDef::new(
        "QUARTER",
        page!("year"),
        &[When],
        two_digits,
        extract::quarter,
    ),
    ScalarDef::new(
        "HOUR",
        page!("hour-minute-second"),
        &[When],
        two_digits,
        extract::hour,
    ),
    ScalarDef::new(
        "MINUTE",
        page!("hour-minute-second"),
        &[When],
        two_digits,
        extract::minute,
    ),
    ScalarDef::new(
        "SECOND",
        page!("hour-minute-second"),
        &[When],
        two_digits,
        extract::second,
    ),
    ScalarDef::new(
        "DAYNAME",
        page!("dayname"),
        &[When],
        ret::text,
        extract::day_name,
    ),
    ScalarDef::new(
        "MONTHNAME",
        page!("monthname"),
        &[When],
        ret::text,
        extract::month_name,
    ),
    ScalarDef::new(
        "LAST_DAY",
        page!("last_day"),
        &[When, PartWord],
        ret::date,
        truncate::last_day,
    )
    .optional(1),
    ScalarDef::new(
        "NEXT_DAY",
        page!("next_day"),
        &[When, Text],
        ret::date,
        add::next_day,
    ),
    ScalarDef::new(
        "PREVIOUS_DAY",
        page!("previous_day"),
        &[When, Text],
        ret::date,
        add::previous_day,
    ),
    // Addition and difference
    ScalarDef::new(
        "ADD_MONTHS",
        page!("add_months"),
        &[When, Int],
        ret::first,
        add::add_months_kernel,
    ),
    ScalarDef::new(
        "DATEADD",
        page!("dateadd"),
        &[PartWord, Int, When],
        added,
        add::date_add,
    ),
    ScalarDef::new(
        "TIMEADD",
        page!("timeadd"),
        &[PartWord, Int, When],
        added,
        add::date_add,
    ),
    ScalarDef::new(
        "TIMESTAMPADD",
        page!("timestampadd"),
        &[PartWord, Int, When],
        added,
        add::date_add,
    ),
    ScalarDef::new(
        "DATEDIFF",
        page!("datediff"),
        &[PartWord, When, When],
        ret::bigint,
        difference::date_diff,
    ),
    ScalarDef::new(
        "TIMEDIFF",
        page!("timediff"),
        &[PartWord, When, When],
        ret::bigint,
        difference::date_diff,
    ),
    ScalarDef::new(
        "TIMESTAMPDIFF",
        page!("timestampdiff"),
        &[PartWord, When, When],
        ret::bigint,
        difference::date_diff,
    ),
    ScalarDef::new(
        "MONTHS_BETWEEN",
        page!("months_between"),
        &[When, When],
        ret::double,
        add::months_between,
    ),
    // Truncation
    ScalarDef::new(
        "DATE_TRUNC",
        page!("date_trunc"),
        &[PartWord, When],
        ret::second,
        truncate::date_trunc,
    ),
    ScalarDef::new(
        "TIME_SLICE",
        page!("time_slice"),
        &[When, Int, PartWord, Text],
        ret::first,
        truncate::time_slice,
    )
    .optional(1),
    ScalarDef::custom("TRUNC", page!("trunc2"), trunc),
    // Conversion
    ScalarDef::custom("TO_DATE", page!("to_date"), to_date),
    ScalarDef::custom("DATE", page!("to_date"), to_date),
    ScalarDef::custom("TRY_TO_DATE", page!("try_to_date"), to_date),
    ScalarDef::custom("TO_TIME", page!("to_time"), to_time),
    ScalarDef::custom("TIME", page!("to_time"), to_time),
    ScalarDef::custom("TRY_TO_TIME", page!("try_to_time"), to_time),
    ScalarDef::custom("TO_TIMESTAMP", page!("to_timestamp"), to_timestamp),
    ScalarDef::custom("TO_TIMESTAMP_NTZ", page!("to_timestamp"), to_timestamp),
    ScalarDef::custom("TO_TIMESTAMP_LTZ", page!("to_timestamp"), to_timestamp),
    ScalarDef::custom("TO_TIMESTAMP_TZ", page!("to_timestamp"), to_timestamp),
    ScalarDef::custom("TRY_TO_TIMESTAMP", page!("try_to_timestamp"), to_timestamp),
    ScalarDef::custom(
        "TRY_TO_TIMESTAMP_NTZ",
        page!("try_to_timestamp"),
        to_timestamp,
    ),
    ScalarDef::custom(
        "TRY_TO_TIMESTAMP_LTZ",
        page!("try_to_timestamp"),
        to_timestamp,
    ),
    ScalarDef::custom(
        "TRY_TO_TIMESTAMP_TZ",
        page!("try_to_timestamp"),
        to_timestamp,
    ),
    ScalarDef::custom("TO_CHAR", page!("to_char"), to_char),
    ScalarDef::custom("TO_VARCHAR", page!("to_char"), to_char),
    ScalarDef::custom("TO_NUMBER", page!("to_decimal"), to_number),
    ScalarDef::custom("TO_DECIMAL", page!("to_decimal"), to_number),
    ScalarDef::custom("TO_NUMERIC", page!("to_decimal"), to_number),
    ScalarDef::custom("TRY_TO_NUMBER", page!("try_to_decimal"), to_number),
    ScalarDef::custom("TRY_TO_DECIMAL", page!("try_to_decimal"), to_number),
    ScalarDef::custom("TRY_TO_NUMERIC", page!("try_to_decimal"), to_number),
    ScalarDef::custom(
        "CONVERT_TIMEZONE",
        page!("convert_timezone"),
        convert_timezone,
    ),
    // The clock
    ScalarDef::custom("CURRENT_DATE", page!("current_date"), current_date),
    ScalarDef::custom("CURRENT_TIME", page!("current_time"), current_time),
    ScalarDef::custom("LOCALTIME", page!("localtime"), current_time),
    ScalarDef::custom(
        "CURRENT_TIMESTAMP",
        page!("current_timestamp"),
        current_timestamp,
    ),
    ScalarDef::custom("LOCALTIMESTAMP", page!("localtimestamp"), current_timestamp),
    ScalarDef::custom("SYSTIMESTAMP", page!("systimestamp"), current_timestamp),
    ScalarDef::custom("GETDATE", page!("getdate"), current_timestamp),
    ScalarDef::custom("SYSDATE", page!("sysdate"), sysdate),
];

fn time(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::Time(9))
}

fn two_digits(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::number(2, 0))
}

fn three_digits(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::number(3, 0))
}

fn four_digits(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::number(4, 0))
}

fn extracted(a: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(extract::snowflake_type(Part::literal("DATE_PART", a)?))
}

/// A date moved by hours or less becomes a timestamp; other types stay.
fn added(a: &ReturnArgs<'_>) -> Result<SqlType> {
    let ty = a.types.get(2).cloned().unwrap_or(SqlType::Null);
    Ok(
        if ty == SqlType::Date && Part::literal("DATEADD", a)?.is_time() {
            SqlType::Timestamp(9)
        } else {
            ty
        },
    )
}

/// NTZ, LTZ or TZ by a function's name; TIMESTAMP_TYPE_MAPPING decides where the name does not.
fn timestamp_type(name: &str, env: &Env, scale: u8) -> SqlType {
    let by = |s: &str| {
        if s.contains("LTZ") {
            Some(SqlType::TimestampLtz(scale))
        } else if s.contains("NTZ") {
            Some(SqlType::Timestamp(scale))
        } else if s.contains("TZ") {
            Some(SqlType::TimestampTz(scale))
        } else {
            None
        }
    };
    by(name)
        .or_else(|| by(&env.parameter("TIMESTAMP_TYPE_MAPPING")?.to_uppercase()))
        .unwrap_or(SqlType::Timestamp(scale))
}

fn timestamp_from_parts(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let ty = timestamp_type(call.name, &call.env(), 9);
    if call.len() == 2 {
        let (date, time) = (call.bind(0)?, call.bind(1)?);
        let date = match date.ty.class() {
            TypeClass::Timestamp => date,
            _ => call.coerce(date, Date)?,
        };
        let time = match time.ty.class() {
            TypeClass::Time | TypeClass::Timestamp => time,
            _ => call
                .binder
                .cast(time, &SqlType::Time(9), CastMode::Implicit)?,
        };
        return Ok(call.kernel(add::timestamp_from_date_time, vec![date, time], ty));
    }
    let most = if matches!(ty, SqlType::TimestampTz(_)) {
        8
    } else {
        7
    };
    call.expect(6, most)?;
    let mut args = Vec::with_capacity(call.len());
    for (i, arg) in call.bind_all()?.into_iter().enumerate() {
        args.push(call.coerce(arg, if i == 7 { Text } else { Int })?);
    }
    Ok(call.kernel(add::timestamp_from_parts, args, ty))
}

/// TRUNC(date, part) cuts dates; with numbers it is the numeric function.
fn trunc(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let value = call.bind(0)?;
    if !matches!(
        value.ty.class(),
        TypeClass::Date | TypeClass::Timestamp | TypeClass::Time
    ) {
        return dwsim_engine::kernels::numeric::truncate(call);
    }
    call.expect(1, 2)?;
    let word = match call.len() {
        1 => "day".to_owned(),
        _ => call.part(1).ok_or_else(|| {
            SqlError::argument("TRUNC", "the date or time part must be a constant")
        })?,
    };
    Part::of("TRUNC", &word, call.env().dialect)?;
    let word = call.binder.text(word);
    let ty = value.ty.clone();
    Ok(call.kernel(truncate::trunc_value_part, vec![value, word], ty))
}

fn mode(call: &FnCall<'_, '_>) -> CastMode {
    if call.name.starts_with("TRY_") {
        CastMode::Try
    } else {
        CastMode::Explicit
    }
}

/// A value as a date or time type: a text by its model when there is one, anything else by its cast.
fn convert(call: &mut FnCall<'_, '_>, ty: &SqlType) -> Result<Typed> {
    let value = call.bind(0)?;
    if call.len() == 1 {
        // Texts and semi-structured values that hold integers are read by their size; so are numbers cast to dates.
        return call.binder.cast(value, ty, mode(call));
    }
    let model = call.bind(1)?;
    if value.ty.is_numeric() && !model.ty.is_text() && ty.class() == TypeClass::Timestamp {
        let scale = call.coerce(model, Int)?;
        return Ok(call.kernel(text::number_to_timestamp, vec![value, scale], ty.clone()));
    }
    match value.ty.class() {
        // Numbers are read by their digits, semi-structured values by their text.
        TypeClass::Text | TypeClass::Null | TypeClass::Numeric | TypeClass::Semi => {
            let value = call.coerce(value, Text)?;
            let model = call.coerce(model, Text)?;
            Ok(call.kernel(text::snowflake_parse, vec![value, model], ty.clone()))
        }
        // A model says nothing about a value that is no text.
        _ => call.binder.cast(value, ty, mode(call)),
    }
}

fn to_date(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 2)?;
    convert(call, &SqlType::Date)
}

fn to_time(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 2)?;
    convert(call, &SqlType::Time(9))
}

fn to_timestamp(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 2)?;
    let ty = timestamp_type(call.name, &call.env(), 9);
    convert(call, &ty)
}

/// Text of a value: dates and numbers by their model, bytes by their encoding, the rest by its cast.
fn to_char(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 2)?;
    let value = call.bind(0)?;
    let text_type = SqlType::text();
    if call.len() == 1 {
        if value.ty.is_text() {
            return Ok(value);
        }
        return call.binder.cast(value, &text_type, CastMode::Explicit);
    }
    let model = call.bind(1)?;
    let model = call.coerce(model, Text)?;
    let kernel: Kernel = match value.ty.class() {
        TypeClass::Date | TypeClass::Time | TypeClass::Timestamp => text::snowflake_to_char,
        TypeClass::Numeric => format_number::snowflake_to_char,
        TypeClass::Null => return call.binder.null(&text_type),
        TypeClass::Text => {
            // A text with a model of dates is read as a timestamp first.
            let ty = SqlType::Timestamp(9);
            let value = call.binder.cast(value, &ty, CastMode::Implicit)?;
            return Ok(call.kernel(text::snowflake_to_char, vec![value, model], text_type));
        }
        TypeClass::Binary => {
            return match model.literal_text().map(str::to_ascii_uppercase).as_deref() {
                Some("HEX") => call.binder.cast(value, &text_type, CastMode::Explicit),
                Some("BASE64") => {
                    Ok(call.kernel(format_number::binary_to_base64, vec![value], text_type))
                }
                Some("UTF-8" | "UTF8") => {
                    Ok(call.kernel(format_number::binary_to_utf8, vec![value], text_type))
                }
                _ => Err(SqlError::argument(
                    call.name,
                    "the binary format must be HEX, BASE64 or UTF-8",
                )),
            };
        }
        _ => return Err(call.type_error(&[value, model])),
    };
    Ok(call.kernel(kernel, vec![value, model], text_type))
}

/// TO_NUMBER(value [, model] [, precision [, scale]]), NUMBER(38,0) unless precision and scale are given.
fn to_number(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 4)?;
    let value = call.bind(0)?;
    let mut next = 1;
    let mut model = None;
    if call.len() > 1 {
        let second = call.bind(1)?;
        if second.ty.is_text() {
            model = Some(second);
            next = 2;
        }
    }
    if call.len() > next + 2 {
        return Err(call.count_error(next + 2, call.len()));
    }
    let digits = |call: &FnCall<'_, '_>, i: usize, default: u8| -> Result<u8> {
        let Some(e) = call.ast_arg(i) else {
            return Ok(default);
        };
        e.to_string()
            .parse()
            .ok()
            .filter(|n| *n <= 38)
            .ok_or_else(|| {
                SqlError::argument(
                    call.name,
                    format!("precision and scale must be constants up to 38, not {e}"),
                )
            })
    };
    let precision = digits(call, next, 38)?;
    let scale = digits(call, next + 1, 0)?;
    if precision == 0 || scale > precision {
        return Err(SqlError::argument(
            call.name,
            format!("the scale {scale} is not between 0 and the precision {precision}"),
        ));
    }
    let ty = SqlType::number(precision, scale);
    match model {
        Some(model) if value.ty.is_text() || value.ty == SqlType::Null => {
            let value = call.coerce(value, Text)?;
            Ok(call.kernel(format_number::snowflake_to_number, vec![value, model], ty))
        }
        Some(model) if value.ty.is_semi() => {
            let value = call.coerce(value, Text)?;
            Ok(call.kernel(format_number::snowflake_to_number, vec![value, model], ty))
        }
        // A model says nothing about a value that is no text.
        _ => call.binder.cast(value, &ty, mode(call)),
    }
}

fn convert_timezone(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 3)?;
    if call.len() == 2 {
        let zone = call.bind(0)?;
        let zone = call.coerce(zone, Text)?;
        let value = call.bind(1)?;
        // A text may hold an offset.
        let value = if value.ty.is_text() {
            call.binder
                .cast(value, &SqlType::TimestampTz(9), CastMode::Implicit)?
        } else {
            call.coerce(value, When)?
        };
        if value.ty.class() == TypeClass::Time {
            return Err(call.type_error(&[zone, value]));
        }
        let scale = value.ty.fraction().unwrap_or(9);
        return Ok(call.kernel(
            convert::convert_instant,
            vec![zone, value],
            SqlType::TimestampTz(scale),
        ));
    }
    let mut args = Vec::with_capacity(3);
    for i in 0..2 {
        let zone = call.bind(i)?;
        args.push(call.coerce(zone, Text)?);
    }
    let value = call.bind(2)?;
    let value = call.coerce(value, When)?;
    if value.ty.class() == TypeClass::Time {
        return Err(call.type_error(&[value]));
    }
    let scale = value.ty.fraction().unwrap_or(9);
    args.push(value);
    Ok(call.kernel(convert::convert_wall, args, SqlType::Timestamp(scale)))
}

/// The optional number of fractional digits.
fn digits(call: &mut FnCall<'_, '_>) -> Result<u8> {
    call.expect(0, 1)?;
    if call.is_empty() {
        return Ok(9);
    }
    let shown = match call.ast_arg(0) {
        Some(e) => e.to_string(),
        None => return Ok(9),
    };
    shown.parse().ok().filter(|n| *n <= 9).ok_or_else(|| {
        SqlError::argument(call.name, format!("{shown} is no precision from 0 to 9"))
    })
}

fn current_date(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 0)?;
    let env = call.env();
    clock::literal(clock::instant(env.moment().now), &SqlType::Date, &env)
}

fn current_time(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let scale = digits(call)?;
    let env = call.env();
    clock::literal(
        clock::instant(env.moment().now),
        &SqlType::Time(scale),
        &env,
    )
}

fn current_timestamp(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let scale = digits(call)?;
    let env = call.env();
    clock::literal(
        clock::instant(env.moment().now),
        &SqlType::TimestampLtz(scale),
        &env,
    )
}

fn sysdate(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 0)?;
    let env = call.env();
    clock::literal_utc(
        clock::instant(env.moment().now),
        &SqlType::Timestamp(9),
        &env,
    )
}
