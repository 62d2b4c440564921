//! Walls and moments written as columns of every date and time type.
//! Reading them is `source`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Builder, PrimitiveBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Time64NanosecondType, TimestampMicrosecondType,
};

use super::source::Moment;
use super::wall::Wall;
use super::zone::Zone;
use crate::dialect::DialectName;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::Call;
use crate::kernels::format;
use crate::types::{SqlType, timestamp_storage};

/// Builds a column of a call's result type.
#[derive(Debug)]
pub struct Sink {
    ty: SqlType,
    scale: u8,
    dialect: DialectName,
    zone: Zone,
    values: Values,
    offsets: Option<Int32Builder>,
    valid: Vec<bool>,
}

#[derive(Debug)]
enum Values {
    Days(PrimitiveBuilder<Date32Type>),
    Time(PrimitiveBuilder<Time64NanosecondType>),
    Micros(PrimitiveBuilder<TimestampMicrosecondType>),
    Nanos(PrimitiveBuilder<Decimal128Type>),
}

impl Sink {
    /// For the call's declared result; an internal error when that is no date or time type.
    pub fn new(call: &Call<'_>) -> Result<Self> {
        let zone = Zone::new(call.env.timezone, call.env.dialect);
        Sink::of(call.returns, call.rows, zone, call.env.dialect)
    }

    /// For a type.
    pub fn of(ty: &SqlType, rows: usize, zone: Zone, dialect: DialectName) -> Result<Self> {
        let unit = |scale: u8, tz: bool| {
            let storage = timestamp_storage(scale, tz.then(|| Arc::from("UTC")));
            if scale > 6 {
                Values::Nanos(PrimitiveBuilder::with_capacity(rows).with_data_type(storage))
            } else {
                Values::Micros(PrimitiveBuilder::with_capacity(rows).with_data_type(storage))
            }
        };
        let mut offsets = None;
        let values = match ty {
            SqlType::Date => Values::Days(PrimitiveBuilder::with_capacity(rows)),
            SqlType::Time(_) => Values::Time(PrimitiveBuilder::with_capacity(rows)),
            SqlType::Timestamp(s) => unit(*s, false),
            SqlType::TimestampLtz(s) => unit(*s, true),
            SqlType::TimestampTz(s) => {
                offsets = Some(Int32Builder::with_capacity(rows));
                unit(*s, true)
            }
            SqlType::TimeTz => {
                offsets = Some(Int32Builder::with_capacity(rows));
                Values::Time(PrimitiveBuilder::with_capacity(rows))
            }
            other => {
                return Err(SqlError::internal(format!(
                    "{other} is no date or time type"
                )));
            }
        };
        Ok(Sink {
            scale: ty.fraction().unwrap_or(6),
            ty: ty.clone(),
            dialect,
            zone,
            values,
            offsets,
            valid: Vec::with_capacity(rows),
        })
    }

    /// The zone in which walls without an offset are taken.
    pub fn zone(&mut self) -> &mut Zone {
        &mut self.zone
    }

    /// Appends NULL.
    pub fn null(&mut self) {
        match &mut self.values {
            Values::Days(b) => b.append_null(),
            Values::Time(b) => b.append_null(),
            Values::Micros(b) => b.append_null(),
            Values::Nanos(b) => b.append_null(),
        }
        if let Some(o) = &mut self.offsets {
            o.append_null();
            self.valid.push(false);
        }
    }

    /// Appends a wall clock; where the type needs a zone, the session's is taken.
    ///
    /// # Errors
    /// None today; a value that its type cannot hold would be one.
    #[inline]
    pub fn wall(&mut self, wall: Wall) -> Result<()> {
        let offset = match self.ty {
            SqlType::TimestampLtz(_) | SqlType::TimestampTz(_) => {
                self.zone.offset_of_local(wall.seconds())
            }
            SqlType::TimeTz => self.zone.offset_of_local(wall.seconds()),
            _ => 0,
        };
        self.moment(Moment { wall, offset })
    }

    /// Appends an instant (in UTC); types without a zone show it in the session's.
    ///
    /// # Errors
    /// As [`Sink::wall`].
    #[inline]
    pub fn instant(&mut self, utc: Wall) -> Result<()> {
        let offset = self.zone.offset_at(utc.seconds());
        self.moment(Moment {
            wall: utc.shifted(offset),
            offset,
        })
    }

    /// Appends a wall clock with its offset; types without a zone keep the wall clock.
    ///
    /// # Errors
    /// As [`Sink::wall`].
    #[inline]
    pub fn moment(&mut self, m: Moment) -> Result<()> {
        let keep_zone = matches!(self.ty, SqlType::TimestampLtz(_) | SqlType::TimestampTz(_));
        let wall = match self.dialect {
            DialectName::Snowflake => m.wall.truncated(self.scale),
            DialectName::Redshift => m.wall.rounded(self.scale.min(6)),
        };
        let stored = if keep_zone {
            wall.shifted(-m.offset)
        } else {
            wall
        };
        match &mut self.values {
            // A date keeps the day that was meant, whatever rounding does to its end.
            Values::Days(b) => b.append_value(m.wall.day),
            Values::Time(b) => b.append_value(wall.nano),
            Values::Micros(b) => b.append_value(stored.micros()),
            Values::Nanos(b) => b.append_value(stored.total()),
        }
        if let Some(o) = &mut self.offsets {
            o.append_value(m.offset / 60);
            self.valid.push(true);
        }
        Ok(())
    }

    /// Appends a value or NULL through one of the methods above; a failed value is undone, so that TRY may append NULL.
    ///
    /// # Errors
    /// What the method gives.
    pub fn option(
        &mut self,
        value: Option<Wall>,
        append: fn(&mut Self, Wall) -> Result<()>,
    ) -> Result<()> {
        match value {
            Some(v) => append(self, v),
            None => {
                self.null();
                Ok(())
            }
        }
    }

    /// The column.
    ///
    /// # Errors
    /// Never, for columns built through this interface.
    pub fn finish(mut self) -> Result<ArrayRef> {
        let values: ArrayRef = match &mut self.values {
            Values::Days(b) => Arc::new(b.finish()),
            Values::Time(b) => Arc::new(b.finish()),
            Values::Micros(b) => Arc::new(b.finish()),
            Values::Nanos(b) => Arc::new(b.finish()),
        };
        let Some(mut offsets) = self.offsets else {
            return Ok(values);
        };
        let DataType::Struct(fields) = self.ty.arrow() else {
            return Err(SqlError::internal("a zoned type is stored as a struct"));
        };
        Ok(Arc::new(StructArray::try_new(
            fields,
            vec![values, Arc::new(offsets.finish())],
            Some(NullBuffer::from(self.valid)),
        )?))
    }
}

/// The error of a timestamp that its type cannot hold.
pub fn out_of_range(ty: &SqlType, wall: Wall, dialect: DialectName) -> SqlError {
    ErrorKind::OutOfRange {
        ty: dialect.type_name(ty),
        value: format::iso_timestamp(wall.total(), None),
    }
    .into()
}
