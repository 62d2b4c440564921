//! Date and time functions of Redshift, and the formatting functions for dates and numbers.
//! Kernels are `dwsim_engine::kernels::datetime`; bare words such as SYSDATE are bound by the dialect.

use dwsim_engine::env::Env;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::functions::{FnCall, Param, ReturnArgs, ScalarDef, Typed, ret};
use dwsim_engine::kernels::datetime::clock;
use dwsim_engine::kernels::datetime::part::Part;
use dwsim_engine::kernels::datetime::snowflake_model::Model;
use dwsim_engine::kernels::datetime::source::Moment;
use dwsim_engine::kernels::datetime::wall::{SECOND, Wall};
use dwsim_engine::kernels::datetime::zone::Zone;
use dwsim_engine::kernels::datetime::{add, age, convert, difference, extract, text, truncate};
use dwsim_engine::kernels::format_number;
use dwsim_engine::plan::CastMode;
use dwsim_engine::types::{SqlType, TypeClass};

use Param::{Bool, Date, DateOrTimestamp as When, Int, Part as PartWord, Text, Timestamp};

macro_rules! page {
    ($name:literal) => {
        concat!(
            "https://docs.aws.amazon.com/redshift/latest/dg/",
            $name,
            ".html"
        )
    };
}

/// One row per SQL name.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::new(
        "ADD_MONTHS",
        page!("r_ADD_MONTHS"),
        &[When, Int],
        moved_first,
        add::add_months_kernel,
    ),
    ScalarDef::custom("AGE", page!("Date_functions_header"), age),
    ScalarDef::custom(
        "CONVERT_TIMEZONE",
        page!("CONVERT_TIMEZONE"),
        convert_timezone,
    ),
    ScalarDef::custom(
        "CURRENT_DATE",
        page!("r_CURRENT_DATE_function"),
        current_date,
    ),
    ScalarDef::custom("CURRENT_TIME", page!("Date_functions_header"), current_time),
    ScalarDef::custom("ISFINITE", page!("Date_functions_header"), is_finite),
    ScalarDef::custom(
        "CURRENT_TIMESTAMP",
        page!("Date_functions_header"),
        current_timestamp,
    ),
    ScalarDef::custom("NOW", page!("Date_functions_header"), |c| {
        c.expect(0, 0)?;
        current_timestamp(c)
    }),
    ScalarDef::custom("LOCALTIME", page!("Date_functions_header"), local_time),
    ScalarDef::custom("LOCALTIMESTAMP", page!("Date_functions_header"), sysdate),
    ScalarDef::custom("SYSDATE", page!("r_SYSDATE"), sysdate),
    ScalarDef::custom("GETDATE", page!("r_GETDATE"), getdate),
    ScalarDef::custom("TIMEOFDAY", page!("r_TIMEOFDAY_function"), timeofday),
    ScalarDef::new(
        "DATE_CMP",
        page!("r_DATE_CMP"),
        &[Date, Date],
        ret::int,
        difference::compare,
    ),
    ScalarDef::new(
        "DATE_CMP_TIMESTAMP",
        page!("r_DATE_CMP_TIMESTAMP"),
        &[Date, Timestamp],
        ret::int,
        difference::compare,
    ),
    ScalarDef::new(
        "DATE_CMP_TIMESTAMPTZ",
        page!("r_DATE_CMP_TIMESTAMPTZ"),
        &[Date, When],
        ret::int,
        difference::compare,
    ),
    ScalarDef::new(
        "TIMESTAMP_CMP",
        page!("r_TIMESTAMP_CMP"),
        &[Timestamp, Timestamp],
        ret::int,
        difference::compare,
    ),
    ScalarDef::new(
        "TIMESTAMP_CMP_DATE",
        page!("r_TIMESTAMP_CMP_DATE"),
        &[Timestamp, Date],
        ret::int,
        difference::compare,
    ),
    ScalarDef::new(
        "TIMESTAMP_CMP_TIMESTAMPTZ",
        page!("r_TIMESTAMP_CMP_TIMESTAMPTZ"),
        &[Timestamp, When],
        ret::int,
        difference::compare,
    ),
    ScalarDef::new(
        "TIMESTAMPTZ_CMP",
        page!("r_TIMESTAMPTZ_CMP"),
        &[When, When],
        ret::int,
        difference::compare,
    ),
    ScalarDef::new(
        "TIMESTAMPTZ_CMP_DATE",
        page!("r_TIMESTAMPTZ_CMP_DATE"),
        &[When, Date],
        ret::int,
        difference::compare,
    ),
    ScalarDef::new(
        "TIMESTAMPTZ_CMP_TIMESTAMP",
        page!("r_TIMESTAMPTZ_CMP_TIMESTAMP"),
        &[When, Timestamp],
        ret::int,
        difference::compare,
    ),
    ScalarDef::custom("INTERVAL_CMP", page!("r_INTERVAL_CMP"), interval_cmp),
    ScalarDef::custom("DATE", page!("r_Datetime_types"), to_date_cast),
    ScalarDef::new(
        "DATE_PART_YEAR",
        page!("r_DATE_PART_YEAR"),
        &[Date],
        ret::int,
        extract::year,
    ),
    ScalarDef::new(
        "DATEADD",
        page!("r_DATEADD_function"),
        &[PartWord, Int, When],
        moved_third,
        add::date_add,
    ),
    ScalarDef::new(
        "DATE_ADD",
        page!("r_DATEADD_function"),
        &[PartWord, Int, When],
        moved_third,
        add::date_add,
    ),
    ScalarDef::new(
        "DATEDIFF",
        page!("r_DATEDIFF_function"),
        &[PartWord, When, When],
        ret::bigint,
        difference::date_diff,
    ),
    ScalarDef::new(
        "DATE_DIFF",
        page!("r_DATEDIFF_function"),
        &[PartWord, When, When],
        ret::bigint,
        difference::date_diff,
    ),
    ScalarDef::custom("DATE_PART", page!("r_DATE_PART_function"), date_part),
    ScalarDef::custom("PGDATE_PART", page!("r_DATE_PART_function"), date_part),
    ScalarDef::custom("EXTRACT", page!("r_EXTRACT_function"), extract_bind),
    ScalarDef::new(
        "DATE_TRUNC",
        page!("r_DATE_TRUNC"),
        &[PartWord, When],
        moved_second,
        truncate::date_trunc,
    ),
    ScalarDef::new(
        "ISFINITE",
        page!("Date_functions_header"),
        &[Param::Any],
        ret::boolean,
        extract::is_finite,
    ),
    ScalarDef::new(
        "LAST_DAY",
        page!("r_LAST_DAY"),
        &[When],
        ret::date,
        truncate::last_day,
    ),
    ScalarDef::new(
        "NEXT_DAY",
        page!("r_NEXT_DAY"),
        &[When, Text],
        ret::date,
        add::next_day,
    ),
    ScalarDef::new(
        "MONTHS_BETWEEN",
        page!("r_MONTHS_BETWEEN_function"),
        &[When, When],
        ret::double,
        add::months_between,
    ),
    ScalarDef::custom("TIMEZONE", page!("r_TIMEZONE"), timezone),
    ScalarDef::new(
        "TO_TIMESTAMP",
        page!("r_TO_TIMESTAMP"),
        &[Text, Text, Bool],
        timestamptz,
        text::redshift_parse,
    )
    .optional(1),
    ScalarDef::new(
        "TO_DATE",
        page!("r_TO_DATE_function"),
        &[Text, Text, Bool],
        ret::date,
        text::redshift_parse,
    )
    .optional(1),
    ScalarDef::custom("TO_CHAR", page!("r_TO_CHAR"), to_char),
    ScalarDef::custom("TO_NUMBER", page!("r_TO_NUMBER"), to_number),
    ScalarDef::custom("TRUNC", page!("r_TRUNC_date"), trunc),
];

fn timestamptz(_: &ReturnArgs<'_>) -> Result<SqlType> {
    Ok(SqlType::TimestampLtz(6))
}

/// TIMESTAMP for dates; times and zoned timestamps stay what they are.
fn moved(ty: Option<&SqlType>) -> Result<SqlType> {
    Ok(match ty {
        Some(SqlType::Date) | None => SqlType::Timestamp(6),
        Some(t) => t.clone(),
    })
}

fn moved_first(a: &ReturnArgs<'_>) -> Result<SqlType> {
    moved(a.types.first())
}

fn moved_second(a: &ReturnArgs<'_>) -> Result<SqlType> {
    moved(a.types.get(1))
}

fn moved_third(a: &ReturnArgs<'_>) -> Result<SqlType> {
    moved(a.types.get(2))
}

/// `AGE(a, b)` or `AGE(a)`, the distance from the current date.
fn age(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 2)?;
    let a = call.bind(0)?;
    let a = call.coerce(a, When)?;
    let (later, earlier) = if call.len() == 2 {
        let b = call.bind(1)?;
        (a, call.coerce(b, When)?)
    } else {
        let env = call.env();
        (
            clock::literal(
                clock::instant(env.moment().transaction_now),
                &SqlType::Date,
                &env,
            )?,
            a,
        )
    };
    Ok(call.kernel(age::symbolic, vec![later, earlier], SqlType::Interval))
}

/// ISFINITE: Redshift has no infinite dates, so every value that is there is finite.
fn is_finite(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let value = call.bind(0)?;
    let value = if value.ty.class() == TypeClass::Interval {
        value
    } else {
        call.coerce(value, When)?
    };
    let there = value.expr.clone().is_not_null();
    let yes = call.binder.bool(true);
    Ok(Typed::new(
        datafusion::logical_expr::when(there, yes.expr).end()?,
        SqlType::Boolean,
    ))
}

fn convert_timezone(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 3)?;
    let last = call.len() - 1;
    let mut args = Vec::with_capacity(3);
    for i in 0..last {
        let zone = call.bind(i)?;
        args.push(call.coerce(zone, Text)?);
    }
    let value = call.bind(last)?;
    args.push(call.coerce(value, When)?);
    let kernel = if last == 1 {
        convert::convert_instant
    } else {
        convert::convert_wall
    };
    Ok(call.kernel(kernel, args, SqlType::Timestamp(6)))
}

fn current_date(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 0)?;
    let env = call.env();
    clock::literal(
        clock::instant(env.moment().transaction_now),
        &SqlType::Date,
        &env,
    )
}

fn current_time(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 1)?;
    let env = call.env();
    clock::literal(
        clock::instant(env.moment().transaction_now),
        &SqlType::TimeTz,
        &env,
    )
}

fn local_time(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 1)?;
    let env = call.env();
    clock::literal(
        clock::instant(env.moment().transaction_now),
        &SqlType::Time(6),
        &env,
    )
}

fn current_timestamp(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 1)?;
    let env = call.env();
    clock::literal(
        clock::instant(env.moment().transaction_now),
        &SqlType::TimestampLtz(6),
        &env,
    )
}

fn sysdate(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 1)?;
    let env = call.env();
    clock::literal(
        clock::instant(env.moment().transaction_now),
        &SqlType::Timestamp(6),
        &env,
    )
}

/// The start of the statement, in whole seconds.
fn getdate(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 0)?;
    let env = call.env();
    clock::literal(
        clock::instant(env.moment().now).truncated(0),
        &SqlType::Timestamp(6),
        &env,
    )
}

/// `Thu Sep 19 22:53:50.333525 2013 UTC`.
fn timeofday(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(0, 0)?;
    let env = call.env();
    Ok(call
        .binder
        .text(time_of_day(clock::instant(env.moment().now), &env)))
}

fn time_of_day(utc: Wall, env: &Env) -> String {
    let offset = Zone::new(env.timezone, env.dialect).offset_at(utc.seconds());
    let wall = utc.shifted(offset);
    let micros = wall.nano % SECOND / 1000;
    let mut out = String::new();
    let m = Moment { wall, offset };
    Model::new("DY MON DD HH24:MI:SS").write(m, 6, &mut out);
    out.push_str(&format!(".{micros:06} "));
    Model::new("YYYY").write(m, 6, &mut out);
    out.push(' ');
    out.push_str(env.timezone.name());
    out
}

fn interval_cmp(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let mut args = Vec::with_capacity(2);
    for value in call.bind_all()? {
        args.push(match value.ty.class() {
            TypeClass::Interval => value,
            TypeClass::Text => call
                .binder
                .cast(value, &SqlType::Interval, CastMode::Implicit)?,
            _ => return Err(call.type_error(&[value])),
        });
    }
    Ok(call.kernel(difference::compare_intervals, args, SqlType::Integer))
}

fn to_date_cast(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let value = call.bind(0)?;
    call.binder.cast(value, &SqlType::Date, CastMode::Explicit)
}

/// The part as a constant, and the value with it: dates, times, timestamps, intervals, and text as a timestamp.
fn part_and_value(call: &mut FnCall<'_, '_>) -> Result<(Part, Vec<Typed>)> {
    call.expect(2, 2)?;
    let word = call
        .part(0)
        .ok_or_else(|| SqlError::argument(call.name, "the date part must be a constant"))?;
    let part = Part::of(call.name, &word, call.env().dialect)?;
    let value = call.bind(1)?;
    let value = if value.ty.class() == TypeClass::Interval {
        value
    } else {
        call.coerce(value, When)?
    };
    let word = call.binder.text(word);
    Ok((part, vec![word, value]))
}

fn date_part(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let (_, args) = part_and_value(call)?;
    Ok(call.kernel(extract::date_part_double, args, SqlType::Double))
}

/// INTEGER, but DOUBLE PRECISION for TIMESTAMPTZ; an epoch needs 64 bits.
fn extract_bind(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let (part, args) = part_and_value(call)?;
    let ty = match (&args[1].ty, part) {
        (SqlType::TimestampLtz(_), _) => SqlType::Double,
        (_, Part::Epoch) => SqlType::BigInt,
        _ => SqlType::Integer,
    };
    Ok(call.kernel(extract::extract, args, ty))
}

/// `value AT TIME ZONE zone`: TIMESTAMP becomes TIMESTAMPTZ and the other way round.
fn timezone(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let zone = call.bind(0)?;
    let zone = call.coerce(zone, Text)?;
    let value = call.bind(1)?;
    let value = call.coerce(value, When)?;
    let ty = match value.ty {
        SqlType::Date | SqlType::Timestamp(_) => Some(SqlType::TimestampLtz(6)),
        SqlType::TimestampLtz(_) | SqlType::TimestampTz(_) => Some(SqlType::Timestamp(6)),
        SqlType::Time(_) | SqlType::TimeTz => Some(SqlType::TimeTz),
        _ => None,
    };
    let Some(ty) = ty else {
        return Err(call.type_error(&[zone, value]));
    };
    Ok(call.kernel(convert::at_time_zone, vec![zone, value], ty))
}

fn to_char(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (value, model) = (call.bind(0)?, call.bind(1)?);
    let model = call.coerce(model, Text)?;
    let (kernel, value): (dwsim_engine::functions::Kernel, Typed) = match value.ty.class() {
        TypeClass::Numeric => (format_number::redshift_to_char, value),
        TypeClass::Date | TypeClass::Time | TypeClass::Timestamp => (text::redshift_to_char, value),
        TypeClass::Text | TypeClass::Null => {
            (text::redshift_to_char, call.coerce(value, Timestamp)?)
        }
        _ => return Err(call.type_error(&[value, model])),
    };
    Ok(call.kernel(kernel, vec![value, model], SqlType::text()))
}

fn to_number(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(2, 2)?;
    let (value, model) = (call.bind(0)?, call.bind(1)?);
    let value = call.coerce(value, Text)?;
    let Some(text) = model.literal_text().map(str::to_owned) else {
        return Err(SqlError::argument(
            "TO_NUMBER",
            "the format must be a literal",
        ));
    };
    let (precision, scale) = format_number::redshift_number_shape(&text);
    Ok(call.kernel(
        format_number::redshift_to_number,
        vec![value, model],
        SqlType::number(precision, scale),
    ))
}

/// TRUNC(timestamp) is its date; with numbers it is the numeric function.
fn trunc(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    let value = call.bind(0)?;
    match value.ty.class() {
        TypeClass::Date | TypeClass::Timestamp => {
            call.expect(1, 1)?;
            call.binder.cast(value, &SqlType::Date, CastMode::Explicit)
        }
        _ => dwsim_engine::kernels::numeric::truncate(call),
    }
}
