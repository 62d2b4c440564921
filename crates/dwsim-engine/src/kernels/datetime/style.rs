//! Redshift's DateStyle: which form dates and timestamps have, and the forms other than ISO.
//! The ISO forms are written by `output` and by the protocol; reading texts obeys the order of fields in `postgres_input`.

use std::fmt::Write;

use crate::kernels::format;

/// The form of dates and timestamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateForm {
    /// `2008-06-17 10:00:00+00`.
    #[default]
    Iso,
    /// `06/17/2008 10:00:00 UTC`.
    Sql,
    /// `Tue Jun 17 10:00:00 2008 UTC`.
    Postgres,
    /// `17.06.2008 10:00:00 UTC`.
    German,
}

/// A form with the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DateStyle {
    /// Form.
    pub form: DateForm,
    /// The day comes before the month, in the forms that have a choice.
    pub day_first: bool,
}

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl DateStyle {
    /// From the value of the setting as it is kept: `ISO, MDY`.
    pub fn of(setting: &str) -> Self {
        let mut words = setting.split(',').map(str::trim);
        DateStyle {
            form: match words.next() {
                Some("SQL") => DateForm::Sql,
                Some("Postgres") => DateForm::Postgres,
                Some("German") => DateForm::German,
                _ => DateForm::Iso,
            },
            day_first: words.next() == Some("DMY"),
        }
    }

    /// Whether the form is ISO, which others write.
    pub fn is_iso(self) -> bool {
        self.form == DateForm::Iso
    }

    fn calendar(self, days: i32, out: &mut String) -> bool {
        let (year, month, day) = format::civil(days);
        let shown = if year <= 0 { 1 - year } else { year };
        // Writing to a String cannot fail.
        let _ = match (self.form, self.day_first) {
            (DateForm::Iso, _) => write!(out, "{shown:04}-{month:02}-{day:02}"),
            (DateForm::German, _) => write!(out, "{day:02}.{month:02}.{shown:04}"),
            (DateForm::Sql, true) => write!(out, "{day:02}/{month:02}/{shown:04}"),
            (DateForm::Sql, false) => write!(out, "{month:02}/{day:02}/{shown:04}"),
            (DateForm::Postgres, true) => write!(out, "{day:02}-{month:02}-{shown:04}"),
            (DateForm::Postgres, false) => write!(out, "{month:02}-{day:02}-{shown:04}"),
        };
        year <= 0
    }

    /// Appends a date: days since 1970-01-01.
    pub fn write_date(self, days: i32, out: &mut String) {
        if self.calendar(days, out) {
            out.push_str(" BC");
        }
    }

    /// Appends a timestamp: days since 1970-01-01 and microseconds of the day, both of the wall clock, and the name of
    /// the zone where it has one.
    pub fn write_timestamp(self, days: i32, micros: i64, zone: Option<&str>, out: &mut String) {
        let seconds = micros / 1_000_000;
        let clock = |out: &mut String| {
            let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            let _ = write!(out, "{h:02}:{m:02}:{s:02}");
            format::write_fraction((micros % 1_000_000) as u32 * 1000, out);
        };
        let bc = if self.form == DateForm::Postgres {
            let (year, month, day) = format::civil(days);
            let weekday = DAYS[(i64::from(days) + 4).rem_euclid(7) as usize];
            let name = MONTHS[(month as usize).saturating_sub(1) % 12];
            let _ = if self.day_first {
                write!(out, "{weekday} {day:02} {name} ")
            } else {
                write!(out, "{weekday} {name} {day:02} ")
            };
            clock(out);
            let shown = if year <= 0 { 1 - year } else { year };
            let _ = write!(out, " {shown:04}");
            year <= 0
        } else {
            let bc = self.calendar(days, out);
            out.push(' ');
            clock(out);
            bc
        };
        if let Some(zone) = zone {
            out.push(' ');
            out.push_str(zone);
        }
        if bc {
            out.push_str(" BC");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        // 2008-06-17 10:05:06.5, a Tuesday.
        let (days, micros) = (14_047, 36_306_500_000);
        for (setting, date, timestamp) in [
            ("ISO, MDY", "2008-06-17", "2008-06-17 10:05:06.5 UTC"),
            ("SQL, MDY", "06/17/2008", "06/17/2008 10:05:06.5 UTC"),
            ("SQL, DMY", "17/06/2008", "17/06/2008 10:05:06.5 UTC"),
            ("German, DMY", "17.06.2008", "17.06.2008 10:05:06.5 UTC"),
            (
                "Postgres, MDY",
                "06-17-2008",
                "Tue Jun 17 10:05:06.5 2008 UTC",
            ),
            (
                "Postgres, DMY",
                "17-06-2008",
                "Tue 17 Jun 10:05:06.5 2008 UTC",
            ),
        ] {
            let style = DateStyle::of(setting);
            let (mut d, mut t) = (String::new(), String::new());
            style.write_date(days, &mut d);
            style.write_timestamp(days, micros, Some("UTC"), &mut t);
            assert_eq!((d.as_str(), t.as_str()), (date, timestamp), "{setting}");
        }
        let mut bc = String::new();
        DateStyle::of("SQL, MDY").write_date(-719_529, &mut bc);
        assert_eq!(bc, "12/31/0002 BC");
    }
}
