//! The statement's and the transaction's clock as walls.
//! Which function reads which clock is the dialects' tables.

use chrono::{DateTime, Utc};

use super::wall::Wall;

/// An instant of the clock in UTC.
pub fn instant(at: DateTime<Utc>) -> Wall {
    let seconds = at.timestamp();
    Wall {
        day: seconds.div_euclid(86_400) as i32,
        nano: seconds.rem_euclid(86_400) * super::wall::SECOND
            + i64::from(at.timestamp_subsec_nanos().min(999_999_999)),
    }
}
