//! The statement's and the transaction's clock, as walls and as literals of every date and time type.
//! Which function reads which clock is the dialects' tables.

use chrono::{DateTime, Utc};
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;

use super::sink::Sink;
use super::wall::Wall;
use super::zone::Zone;
use crate::env::Env;
use crate::error::Result;
use crate::functions::Typed;
use crate::types::SqlType;

/// An instant of the clock in UTC.
pub fn instant(at: DateTime<Utc>) -> Wall {
    let seconds = at.timestamp();
    Wall {
        day: seconds.div_euclid(86_400) as i32,
        nano: seconds.rem_euclid(86_400) * super::wall::SECOND
            + i64::from(at.timestamp_subsec_nanos().min(999_999_999)),
    }
}

/// An instant as a literal of a type, in the session's zone, cut to the type's fractional digits.
///
/// # Errors
/// An internal error when the type is no date or time type.
pub fn literal(at: Wall, ty: &SqlType, env: &Env) -> Result<Typed> {
    literal_in(at, ty, Zone::new(env.timezone, env.dialect), env)
}

/// An instant as a literal of a type, in UTC.
///
/// # Errors
/// As [`literal`].
pub fn literal_utc(at: Wall, ty: &SqlType, env: &Env) -> Result<Typed> {
    literal_in(at, ty, Zone::fixed(0), env)
}

fn literal_in(at: Wall, ty: &SqlType, zone: Zone, env: &Env) -> Result<Typed> {
    let at = at.truncated(ty.fraction().unwrap_or(9));
    let mut sink = Sink::of(ty, 1, zone, env.dialect)?;
    sink.instant(at)?;
    let value = ScalarValue::try_from_array(&sink.finish()?, 0)?;
    Ok(Typed::new(Expr::Literal(value, None), ty.clone()))
}
