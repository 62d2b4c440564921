//! Date and time columns of every stored form read as walls, instants and offsets.
//! Writing them is `sink`; what is done with them is the kernels' affair.

use arrow::array::{Array, AsArray, Date32Array, Int32Array, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType,
};

use super::wall::Wall;
use super::zone::Zone;
use crate::error::{Result, SqlError};
use crate::functions::{Call, Column};
use crate::types::SqlType;

/// Values of one argument.
#[derive(Debug)]
pub struct Source<'a> {
    column: &'a Column,
    data: Data<'a>,
    kind: Kind,
    zone: Zone,
}

/// What the stored number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// DATE.
    Date,
    /// TIME: the day is 1970-01-01.
    Time,
    /// TIMETZ: the day is 1970-01-01.
    TimeTz,
    /// A wall clock without a zone.
    Local,
    /// An instant shown in the session's zone.
    Session,
    /// An instant with its own offset.
    Offset,
}

#[derive(Debug)]
enum Data<'a> {
    Days(&'a Date32Array),
    Time(&'a PrimitiveArray<Time64NanosecondType>),
    Micros(&'a PrimitiveArray<TimestampMicrosecondType>),
    Nanos(&'a PrimitiveArray<Decimal128Type>),
    MicrosAt(&'a PrimitiveArray<TimestampMicrosecondType>, &'a Int32Array),
    NanosAt(&'a PrimitiveArray<Decimal128Type>, &'a Int32Array),
    TimeAt(&'a PrimitiveArray<Time64NanosecondType>, &'a Int32Array),
}

/// One value: the wall clock, and its distance from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock in the value's own zone (the session's for an instant without one).
    pub wall: Wall,
    /// Seconds east of UTC; zero for values without a zone.
    pub offset: i32,
}

impl Moment {
    /// The wall clock in UTC.
    #[inline]
    pub fn utc(self) -> Wall {
        self.wall.shifted(-self.offset)
    }
}

impl<'a> Source<'a> {
    /// Argument `i` of a call; an internal error when it is no date or time.
    pub fn new(call: &Call<'a>, i: usize) -> Result<Self> {
        let column = call
            .args
            .get(i)
            .ok_or_else(|| SqlError::internal(format!("{}: argument {i} is missing", call.name)))?;
        let ty = call.types.get(i).cloned().unwrap_or(SqlType::Null);
        Source::of(column, &ty, Zone::new(call.env.timezone, call.env.dialect))
    }

    /// A column of a type, in a session's zone.
    pub fn of(column: &'a Column, ty: &SqlType, zone: Zone) -> Result<Self> {
        let array = &column.array;
        let bad = || SqlError::internal(format!("{ty} is stored as {}", array.data_type()));
        let (kind, data) = match (ty, array.data_type()) {
            (SqlType::Date, DataType::Date32) => {
                (Kind::Date, Data::Days(array.as_primitive::<Date32Type>()))
            }
            (SqlType::Time(_), DataType::Time64(TimeUnit::Nanosecond)) => {
                (Kind::Time, Data::Time(array.as_primitive()))
            }
            (
                SqlType::Timestamp(_) | SqlType::TimestampLtz(_),
                unit @ (DataType::Timestamp(TimeUnit::Microsecond, _) | DataType::Decimal128(_, 9)),
            ) => (
                if matches!(ty, SqlType::Timestamp(_)) {
                    Kind::Local
                } else {
                    Kind::Session
                },
                if matches!(unit, DataType::Timestamp(..)) {
                    Data::Micros(array.as_primitive())
                } else {
                    Data::Nanos(array.as_primitive())
                },
            ),
            (SqlType::TimestampTz(_) | SqlType::TimeTz, DataType::Struct(_)) => {
                let s = array.as_struct();
                let offset = s
                    .column(1)
                    .as_primitive_opt::<Int32Type>()
                    .ok_or_else(bad)?;
                let first = s.column(0);
                match first.data_type() {
                    DataType::Timestamp(TimeUnit::Microsecond, _) => {
                        (Kind::Offset, Data::MicrosAt(first.as_primitive(), offset))
                    }
                    DataType::Decimal128(_, 9) => {
                        (Kind::Offset, Data::NanosAt(first.as_primitive(), offset))
                    }
                    DataType::Time64(TimeUnit::Nanosecond) => {
                        (Kind::TimeTz, Data::TimeAt(first.as_primitive(), offset))
                    }
                    _ => return Err(bad()),
                }
            }
            _ => return Err(bad()),
        };
        Ok(Source {
            column,
            data,
            kind,
            zone,
        })
    }

    /// What the values are.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The zone of values without an offset of their own.
    pub fn zone(&mut self) -> &mut Zone {
        &mut self.zone
    }

    /// The value for a row, as it is shown; None for NULL.
    #[inline]
    pub fn get(&mut self, row: usize) -> Option<Moment> {
        let i = self.column.index(row);
        if self.column.array.is_null(i) {
            return None;
        }
        let plain = |wall| Moment { wall, offset: 0 };
        Some(match &self.data {
            Data::Days(a) => plain(Wall::midnight(a.value(i))),
            Data::Time(a) => plain(Wall {
                day: 0,
                nano: a.value(i),
            }),
            Data::Micros(a) => self.local_or_session(Wall::from_micros(a.value(i))),
            Data::Nanos(a) => self.local_or_session(Wall::clamped(a.value(i))),
            Data::MicrosAt(a, o) => at(Wall::from_micros(a.value(i)), o.value(i) * 60),
            Data::NanosAt(a, o) => at(Wall::clamped(a.value(i)), o.value(i) * 60),
            Data::TimeAt(a, o) => Moment {
                wall: Wall {
                    day: 0,
                    nano: a.value(i),
                },
                offset: o.value(i) * 60,
            },
        })
    }

    /// The wall clock for a row; None for NULL.
    #[inline]
    pub fn wall(&mut self, row: usize) -> Option<Wall> {
        self.get(row).map(|m| m.wall)
    }

    /// The instant for a row, in UTC: values without a zone are taken in the session's.
    #[inline]
    pub fn instant(&mut self, row: usize) -> Option<Wall> {
        let m = self.get(row)?;
        Some(match self.kind {
            Kind::Date | Kind::Local => {
                let o = self.zone.offset_of_local(m.wall.seconds());
                m.wall.shifted(-o)
            }
            _ => m.utc(),
        })
    }

    #[inline]
    fn local_or_session(&mut self, wall: Wall) -> Moment {
        if self.kind == Kind::Session {
            at(wall, self.zone.offset_at(wall.seconds()))
        } else {
            Moment { wall, offset: 0 }
        }
    }
}

#[inline]
fn at(utc: Wall, offset: i32) -> Moment {
    Moment {
        wall: utc.shifted(offset),
        offset,
    }
}
