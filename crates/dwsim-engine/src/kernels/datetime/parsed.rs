//! What a date or time text says, before it becomes a value of a type.
//! The readers of texts are `auto`, `snowflake_model`, `postgres_input` and `postgres_model`.

use super::sink::Sink;
use super::source::Moment;
use super::wall::Wall;
use crate::error::Result;
use crate::types::SqlType;

/// The parts that a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parsed {
    /// Days since 1970-01-01, if it has a date.
    pub day: Option<i32>,
    /// Nanoseconds since midnight, if it has a time. May be a whole day (24:00:00).
    pub nano: Option<i64>,
    /// Seconds east of UTC, if it has a zone.
    pub offset: Option<i32>,
}

impl Parsed {
    /// The wall clock: 1970-01-01 and midnight stand in for what is missing.
    pub fn wall(self) -> Wall {
        let nano = self.nano.unwrap_or(0);
        Wall {
            day: self
                .day
                .unwrap_or(0)
                .saturating_add(nano.div_euclid(super::wall::DAY) as i32),
            nano: nano.rem_euclid(super::wall::DAY),
        }
    }

    /// An instant.
    pub fn utc(wall: Wall) -> Self {
        Parsed {
            day: Some(wall.day),
            nano: Some(wall.nano),
            offset: Some(0),
        }
    }

    /// Appends the value: with a zone of its own, or in the session's.
    ///
    /// # Errors
    /// A timestamp that the type cannot hold.
    pub fn append(self, sink: &mut Sink, ty: &SqlType) -> Result<()> {
        match self.offset {
            Some(offset)
                if matches!(
                    ty,
                    SqlType::TimestampLtz(_) | SqlType::TimestampTz(_) | SqlType::TimeTz
                ) =>
            {
                sink.moment(Moment {
                    wall: self.wall(),
                    offset,
                })
            }
            _ => sink.wall(self.wall()),
        }
    }
}

/// A reader's place in a text.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the start of a text.
    pub fn new(text: &'a str) -> Self {
        Cursor { text, at: 0 }
    }

    /// What is left.
    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Whether nothing is left.
    pub fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Moves on by bytes, which must end on a character.
    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Takes this byte if it comes next.
    pub fn eat(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    /// Takes this ASCII word, in any case, if it comes next.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let hit = self
            .rest()
            .get(..word.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(word));
        if hit {
            self.at += word.len();
        }
        hit
    }

    /// Skips blanks; whether there were any.
    pub fn blanks(&mut self) -> bool {
        let from = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
        self.at > from
    }

    /// Number of digits that come next.
    pub fn digits_ahead(&self) -> usize {
        self.rest().bytes().take_while(u8::is_ascii_digit).count()
    }

    /// Takes `least..=most` digits (as many as there are) as a number.
    pub fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let n = self.digits_ahead().min(most).min(18);
        if n < least || n == 0 {
            return None;
        }
        let mut v = 0i64;
        for b in self.rest().bytes().take(n) {
            v = v * 10 + i64::from(b - b'0');
        }
        self.at += n;
        Some(v)
    }

    /// Takes digits as a fraction of a second, in nanoseconds; digits after the ninth are dropped.
    pub fn fraction(&mut self, most: usize) -> i64 {
        let n = self.digits_ahead().min(most);
        let mut v = 0i64;
        for (i, b) in self.rest().bytes().take(n).enumerate() {
            if i < 9 {
                v = v * 10 + i64::from(b - b'0');
            }
        }
        for _ in n..9 {
            v *= 10;
        }
        self.at += n;
        v
    }

    /// Takes the letters that come next.
    pub fn letters(&mut self) -> &'a str {
        let rest = self.rest();
        let n = rest.bytes().take_while(|b| b.is_ascii_alphabetic()).count();
        self.at += n;
        rest.get(..n).unwrap_or("")
    }
}

/// Hour, minute, second and nanoseconds as nanoseconds of a day; None when out of range.
pub fn time_of_day(hour: i64, minute: i64, second: i64, fraction: i64) -> Option<i64> {
    ((0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second))
        .then_some((hour * 3600 + minute * 60 + second) * super::wall::SECOND + fraction)
}
