//! Redshift's types on the PostgreSQL wire: names for (OID, type modifier), values for their text form.
//! OIDs that PostgreSQL lacks (SUPER, VARBYTE, the intervals) are those of Amazon's own drivers.

use crate::value::Value;
use crate::value::cell::{parse_date, parse_hex, parse_time, parse_timestamp, parse_timestamp_tz};
use chrono::Datelike;

const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const CHAR_ONE: u32 = 18;
const NAME: u32 = 19;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const OID: u32 = 26;
const JSON: u32 = 114;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const UNKNOWN: u32 = 705;
const BPCHAR: u32 = 1042;
const VARCHAR: u32 = 1043;
const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const INTERVAL: u32 = 1186;
const INTERVAL_Y2M: u32 = 1188;
const INTERVAL_D2S: u32 = 1190;
const TIMETZ: u32 = 1266;
const NUMERIC: u32 = 1700;
const JSONB: u32 = 3802;
const HLLSKETCH: u32 = 2935;
const GEOMETRY_HEX: u32 = 3999;
const GEOMETRY: u32 = 3000;
const GEOGRAPHY: u32 = 3001;
const SUPER: u32 = 4000;
const VARBYTE: u32 = 6551;

/// The type in Redshift's words: `varchar(50)`, `numeric(10,2)`. An unknown OID is `oid N`.
pub(super) fn native_name(oid: u32, modifier: i32) -> String {
    // the modifier of character and numeric types counts from 4; below that there is none
    let length = |name: &str| {
        if modifier > 4 {
            format!("{name}({})", modifier - 4)
        } else {
            name.to_string()
        }
    };
    match oid {
        BOOL => "boolean".to_string(),
        INT2 => "smallint".to_string(),
        INT4 => "integer".to_string(),
        INT8 => "bigint".to_string(),
        OID => "oid".to_string(),
        FLOAT4 => "real".to_string(),
        FLOAT8 => "double precision".to_string(),
        NUMERIC if modifier >= 4 => format!(
            "numeric({},{})",
            (modifier - 4) >> 16,
            (modifier - 4) & 0xffff
        ),
        NUMERIC => "numeric".to_string(),
        VARCHAR => length("varchar"),
        BPCHAR => length("char"),
        CHAR_ONE => "char(1)".to_string(),
        NAME => "name".to_string(),
        TEXT | UNKNOWN => "text".to_string(),
        BYTEA => "bytea".to_string(),
        VARBYTE => length("varbyte"),
        DATE => "date".to_string(),
        TIME => "time".to_string(),
        TIMETZ => "timetz".to_string(),
        TIMESTAMP => "timestamp".to_string(),
        TIMESTAMPTZ => "timestamptz".to_string(),
        INTERVAL => "interval".to_string(),
        INTERVAL_Y2M => "interval year to month".to_string(),
        INTERVAL_D2S => "interval day to second".to_string(),
        SUPER => "super".to_string(),
        JSON | JSONB => "json".to_string(),
        GEOMETRY | GEOMETRY_HEX => "geometry".to_string(),
        GEOGRAPHY => "geography".to_string(),
        HLLSKETCH => "hllsketch".to_string(),
        other => format!("oid {other}"),
    }
}

/// The value of a cell's text; the message says what it is not.
pub(super) fn decode(oid: u32, text: &str) -> Result<Value, String> {
    let value = match oid {
        BOOL => match text {
            "t" | "true" => Some(Value::Bool(true)),
            "f" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        INT2 | INT4 | INT8 | OID => text.parse().ok().map(Value::Int),
        NUMERIC => text.parse().ok().map(Value::Decimal),
        FLOAT4 => text.parse::<f32>().ok().map(|f| Value::Float(widen(f))),
        FLOAT8 => text.parse().ok().map(Value::Float),
        BYTEA | VARBYTE => parse_hex(text.strip_prefix("\\x").unwrap_or(text)).map(Value::Bytes),
        DATE => with_era(text, |text| {
            let date = parse_date(text)?;
            Some((date, Value::Date as fn(_) -> _))
        }),
        TIME => parse_time(text).map(Value::Time),
        TIMESTAMP => with_era(text, |text| {
            Some((parse_timestamp(text)?, Value::Timestamp as fn(_) -> _))
        }),
        TIMESTAMPTZ => with_era(text, |text| {
            Some((parse_timestamp_tz(text)?, Value::TimestampTz as fn(_) -> _))
        }),
        INTERVAL | INTERVAL_Y2M | INTERVAL_D2S => text.parse().ok().map(Value::Interval),
        SUPER | JSON | JSONB => serde_json::from_str(text).ok().map(Value::Json),
        _ => Some(Value::Text(text.to_string())),
    };
    value.ok_or_else(|| {
        format!(
            "`{text}` is no {} that dwsim can hold",
            native_name(oid, -1)
        )
    })
}

/// The float64 with the same shortest decimal text, so that 0.1::real shows as 0.1.
fn widen(f: f32) -> f64 {
    f.to_string().parse().unwrap_or(f64::from(f))
}

/// Years before Christ: `0044-03-15 BC` is the year -43 of the calendar that computers count in.
fn with_era<T: Datelike>(
    text: &str,
    parse: impl Fn(&str) -> Option<(T, fn(T) -> Value)>,
) -> Option<Value> {
    match text.strip_suffix(" BC") {
        None => parse(text).map(|(at, wrap)| wrap(at)),
        Some(text) => {
            let (at, wrap) = parse(text)?;
            at.with_year(1 - at.year()).map(wrap)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        for (oid, modifier, text, name, shown) in [
            (VARCHAR, 54, "x", "varchar(50)", "x"),
            (VARCHAR, -1, "x", "varchar", "x"),
            (
                NUMERIC,
                (10 << 16 | 2) + 4,
                "12.50",
                "numeric(10,2)",
                "12.5",
            ),
            (NUMERIC, (38 << 16) + 4, "7", "numeric(38,0)", "7"),
            (BOOL, -1, "t", "boolean", "true"),
            (FLOAT4, -1, "0.1", "real", "0.1"),
            (FLOAT8, -1, "1e+300", "double precision", "1e300"),
            (
                TIMESTAMPTZ,
                -1,
                "2024-01-01 12:00:00.25+05:30",
                "timestamptz",
                "2024-01-01 12:00:00.25+05:30",
            ),
            (
                TIMESTAMPTZ,
                -1,
                "2024-01-01 12:00:00-03",
                "timestamptz",
                "2024-01-01 12:00:00-03:00",
            ),
            (DATE, -1, "0044-03-15 BC", "date", "-0043-03-15"),
            (
                SUPER,
                -1,
                r#"{"b":1,"a":[null]}"#,
                "super",
                r#"{"a":[null],"b":1}"#,
            ),
            (VARBYTE, -1, "00ff", "varbyte", "0x00ff"),
            (BYTEA, -1, "\\x00ff", "bytea", "0x00ff"),
            (INTERVAL, -1, "1 day 02:00:00", "interval", "P1DT2H"),
        ] {
            assert_eq!(native_name(oid, modifier), name);
            assert_eq!(
                decode(oid, text).map(|value| value.to_string()),
                Ok(shown.to_string())
            );
        }
        assert!(decode(INT4, "x").is_err_and(|e| e.contains("integer")));
        assert!(decode(DATE, "infinity").is_err());
    }
}
