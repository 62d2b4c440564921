//! Wall clocks moved between named time zones.
//! Offsets themselves are `zone`.

use std::collections::HashMap;

use arrow::array::ArrayRef;

use super::sink::Sink;
use super::source::{Kind, Moment, Source};
use super::zone::{self, Zone};
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Call;

/// The zones that a column of names names, each made once.
#[derive(Debug, Default)]
pub struct Zones {
    by_name: HashMap<String, Zone>,
}

impl Zones {
    /// The zone of a name.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn get(&mut self, call: &Call<'_>, name: &str) -> Result<&mut Zone> {
        if !self.by_name.contains_key(name) {
            let zone = zone::parse(name, call.env.dialect).ok_or_else(|| unknown(call, name))?;
            self.by_name.insert(name.to_owned(), zone);
        }
        self.by_name
            .get_mut(name)
            .ok_or_else(|| unknown(call, name))
    }
}

fn unknown(call: &Call<'_>, name: &str) -> SqlError {
    match call.env.dialect {
        DialectName::Snowflake => {
            SqlError::raw("100035", "22007", format!("Unknown timezone: '{name}'"))
        }
        DialectName::Redshift => {
            SqlError::raw("", "22023", format!("time zone \"{name}\" not recognized"))
        }
    }
}

/// CONVERT_TIMEZONE(source, target, wall): the wall clock in the target zone.
pub fn convert_wall(call: &Call<'_>) -> Result<ArrayRef> {
    let (from, to) = (call.text(0)?, call.text(1)?);
    let mut zones = Zones::default();
    let mut source = Source::new(call, 2)?;
    let mut sink = Sink::new(call)?;
    for row in 0..call.rows {
        let (Some(w), Some(from), Some(to)) = (source.wall(row), from.get(row), to.get(row)) else {
            sink.null();
            continue;
        };
        let utc = w.shifted(-zones.get(call, from)?.offset_of_local(w.seconds()));
        let offset = zones.get(call, to)?.offset_at(utc.seconds());
        sink.moment(Moment {
            wall: utc.shifted(offset),
            offset,
        })?;
    }
    sink.finish()
}

/// CONVERT_TIMEZONE(target, value): the instant, shown with the target zone's offset. A value without a zone is in
/// the session's zone in Snowflake, in UTC in Redshift.
pub fn convert_instant(call: &Call<'_>) -> Result<ArrayRef> {
    let to = call.text(0)?;
    let mut zones = Zones::default();
    let mut source = Source::new(call, 1)?;
    let mut sink = Sink::new(call)?;
    let utc_walls = call.env.dialect == DialectName::Redshift
        && matches!(source.kind(), Kind::Local | Kind::Date);
    for row in 0..call.rows {
        let value = if utc_walls {
            source.wall(row)
        } else {
            source.instant(row)
        };
        let (Some(utc), Some(to)) = (value, to.get(row)) else {
            sink.null();
            continue;
        };
        let offset = zones.get(call, to)?.offset_at(utc.seconds());
        sink.moment(Moment {
            wall: utc.shifted(offset),
            offset,
        })?;
    }
    sink.finish()
}

/// `value AT TIME ZONE zone`, called TIMEZONE(zone, value): a wall clock becomes the instant it is in the zone, an
/// instant becomes the zone's wall clock.
pub fn at_time_zone(call: &Call<'_>) -> Result<ArrayRef> {
    let names = call.text(0)?;
    let mut zones = Zones::default();
    let mut source = Source::new(call, 1)?;
    let mut sink = Sink::new(call)?;
    let wall_in = matches!(source.kind(), Kind::Local | Kind::Date);
    for row in 0..call.rows {
        let (Some(m), Some(name)) = (source.get(row), names.get(row)) else {
            sink.null();
            continue;
        };
        let zone = zones.get(call, name)?;
        let moment = if wall_in {
            Moment {
                wall: m.wall,
                offset: zone.offset_of_local(m.wall.seconds()),
            }
        } else {
            let utc = m.utc();
            let offset = zone.offset_at(utc.seconds());
            let wall = utc.shifted(offset);
            Moment {
                wall: if source.kind() == Kind::TimeTz {
                    super::wall::Wall { day: 0, ..wall }
                } else {
                    wall
                },
                offset,
            }
        };
        sink.moment(moment)?;
    }
    sink.finish()
}
