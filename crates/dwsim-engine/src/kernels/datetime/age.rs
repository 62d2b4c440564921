//! AGE: the time between two timestamps in years, months, days and time, as PostgreSQL counts it.
//! Plain differences are `arithmetic`, boundaries crossed `difference`.

use arrow::array::ArrayRef;

use super::interval::Interval;
use super::interval_column::{IntervalSink, overflow};
use super::source::Source;
use super::wall::{DAY, Wall, days_in_month};
use crate::error::Result;
use crate::functions::Call;

/// Years and months as whole months, then days, then time; days are borrowed from the earlier date's month.
fn age(later: Wall, earlier: Wall) -> Option<Interval> {
    if later < earlier {
        let i = age(earlier, later)?;
        return Some(Interval {
            months: -i.months,
            days: -i.days,
            nanos: -i.nanos,
        });
    }
    let ((y1, m1, d1), (y2, m2, d2)) = (earlier.date(), later.date());
    let mut months = (i64::from(y2) - i64::from(y1)) * 12 + i64::from(m2) - i64::from(m1);
    let mut days = i64::from(d2) - i64::from(d1);
    let mut nanos = later.nano - earlier.nano;
    if nanos < 0 {
        nanos += DAY;
        days -= 1;
    }
    if days < 0 {
        days += i64::from(days_in_month(y1, m1));
        months -= 1;
    }
    Some(Interval {
        months: i32::try_from(months).ok()?,
        days: i32::try_from(days).ok()?,
        nanos,
    })
}

/// `AGE(later, earlier)` of dates or timestamps.
pub fn symbolic(call: &Call<'_>) -> Result<ArrayRef> {
    let mut a = Source::new(call, 0)?;
    let mut b = Source::new(call, 1)?;
    let mut sink = IntervalSink::new(call)?;
    for row in 0..call.rows {
        match a.wall(row).zip(b.wall(row)) {
            Some((later, earlier)) => {
                sink.push(age(later, earlier).ok_or_else(|| overflow(call.returns))?)?;
            }
            None => sink.null(),
        }
    }
    Ok(sink.finish())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::wall::day_number;
    use super::*;

    #[test]
    fn borrowed_days() {
        let at = |y, m, d, hour: i64| Wall {
            day: day_number(y, m, d).unwrap(),
            nano: hour * (DAY / 24),
        };
        for (later, earlier, months, days, hours) in [
            (at(2024, 3, 1, 0), at(2023, 1, 15, 0), 13, 17, 0),
            (at(2024, 3, 31, 0), at(2024, 2, 29, 0), 1, 2, 0),
            (at(2024, 1, 2, 1), at(2024, 1, 1, 2), 0, 0, 23),
            (at(2023, 1, 15, 0), at(2024, 3, 1, 0), -13, -17, 0),
        ] {
            let i = age(later, earlier).unwrap();
            assert_eq!(
                (i.months, i.days, i.nanos / (DAY / 24)),
                (months, days, hours)
            );
        }
    }
}
