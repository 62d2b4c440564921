//! Times between the store, the protocol's types and the query of presigned URLs.
//! What they are compared for is left to the callers.

use std::time::{Duration, SystemTime};

use s3s::dto::{Timestamp, TimestampFormat};

/// Seconds since 1970, rounded down.
pub(super) fn seconds(timestamp: &Timestamp) -> Option<i64> {
    let mut text = Vec::new();
    timestamp
        .format(TimestampFormat::EpochSeconds, &mut text)
        .ok()?;
    let text = String::from_utf8(text).ok()?;
    text.split('.').next()?.parse().ok()
}

/// The protocol's time of seconds since 1970.
pub(super) fn from_seconds(seconds: i64) -> Option<Timestamp> {
    Timestamp::parse(TimestampFormat::EpochSeconds, &seconds.to_string()).ok()
}

/// Parses `20260131T235959Z`.
pub(super) fn parse_basic(text: &str) -> Option<SystemTime> {
    let part = |from: usize, to: usize| text.get(from..to);
    if text.len() != 16 || part(8, 9)? != "T" || part(15, 16)? != "Z" {
        return None;
    }
    let iso = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 15)?
    );
    let parsed = Timestamp::parse(TimestampFormat::DateTime, &iso).ok()?;
    let seconds = u64::try_from(seconds(&parsed)?).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_format() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(parse_basic("20150830T123600Z"), at(1_440_938_160));
        for bad in [
            "",
            "2015-08-30T12:36:00Z",
            "20150830T123600",
            "20151330T123600Z",
            "2015é830T12360Z",
        ] {
            assert_eq!(parse_basic(bad), None, "{bad}");
        }
    }

    #[test]
    fn seconds_there_and_back() {
        for value in [0, 1, 1_440_938_160] {
            let timestamp = from_seconds(value).expect("in range");
            assert_eq!(seconds(&timestamp), Some(value));
        }
    }
}
