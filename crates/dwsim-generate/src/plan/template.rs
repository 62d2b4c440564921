//! Templates: their pieces, how long their texts can be, and whether they are distinct.
//! Putting texts together is left to `source`.

use std::sync::Arc;

use dwsim_schema::{Column, LogicalType, Table, TemplatePart, codes};

use crate::plan::column::Compiler;
use crate::plan::keys::Digit;
use crate::source::{Piece, SharedSource, Template};

impl<'a> Compiler<'a> {
    /// A template; `None` after an error in one of its columns.
    pub(crate) fn template(
        &mut self,
        table: &'a Table,
        column: &'a Column,
        parts: &'a [TemplatePart],
        rows: u64,
        digits: &[Option<Digit>],
    ) -> Option<SharedSource> {
        let mut pieces = Vec::with_capacity(parts.len());
        for part in parts {
            pieces.push(match part {
                TemplatePart::Literal(text) => Piece::Literal(text.clone()),
                TemplatePart::RowNumber => Piece::RowNumber,
                TemplatePart::Column(name) => {
                    Piece::Column(self.column(table, table.column(name)?, digits)?)
                }
            });
        }
        if column.unique && !shows_row(table, parts) {
            self.diags.push(
                codes::CAPACITY,
                column.generator_place,
                format!(
                    "column `{}` is unique, but its template may repeat",
                    column.name
                ),
                Some(
                    "end it with {#} or a unique whole number, after something that is not a digit"
                        .into(),
                ),
            );
        }
        let longest = parts.iter().map(|p| longest(table, p, rows)).sum::<usize>();
        let cut = column.ty.max_length().filter(|have| longest > *have);
        if let Some(have) = cut {
            self.diags.push(
                codes::TOO_NARROW,
                column.generator_place,
                format!(
                    "the template makes up to {longest} bytes, and column `{}` holds {have}",
                    column.name
                ),
                Some(format!("type = \"varchar({longest})\"")),
            );
        }
        Some(Arc::new(Template { pieces, cut }))
    }
}

/// Whether a template shows something distinct where it cannot be confused: at its end or start, next to text that is
/// no digit.
fn shows_row(table: &Table, parts: &[TemplatePart]) -> bool {
    let distinct = |part: &TemplatePart| match part {
        TemplatePart::RowNumber => true,
        TemplatePart::Column(name) => table
            .column(name)
            .is_some_and(|c| c.unique && c.ty.is_integer()),
        TemplatePart::Literal(_) => false,
    };
    let no_digit = |part: Option<&TemplatePart>, last: bool| match part {
        None => true,
        Some(TemplatePart::Literal(text)) => {
            let edge = if last {
                text.chars().last()
            } else {
                text.chars().next()
            };
            // a minus sign would belong to the number
            edge.is_some_and(|c| !c.is_ascii_digit() && c != '-')
        }
        Some(_) => false,
    };
    let n = parts.len();
    (n > 0 && distinct(&parts[n - 1]) && no_digit(n.checked_sub(2).map(|i| &parts[i]), true))
        || parts
            .first()
            .is_some_and(|p| distinct(p) && no_digit(parts.get(1), false))
}

/// Most bytes that a part of a template makes.
fn longest(table: &Table, part: &TemplatePart, rows: u64) -> usize {
    match part {
        TemplatePart::Literal(text) => text.len(),
        TemplatePart::RowNumber => rows.max(1).to_string().len(),
        TemplatePart::Column(name) => table.column(name).map_or(0, |c| match c.ty {
            LogicalType::SmallInt => 6,
            LogicalType::Integer => 11,
            LogicalType::Serial => rows.max(1).to_string().len(),
            LogicalType::BigInt => 20,
            LogicalType::Decimal { precision, .. } => usize::from(precision) + 3,
            LogicalType::Real | LogicalType::Double => 24,
            LogicalType::Boolean => 5,
            LogicalType::Date => 10,
            LogicalType::Time => 15,
            LogicalType::Timestamp | LogicalType::TimestampTz | LogicalType::TimestampLtz => 32,
            ty => ty.max_length().unwrap_or(0),
        }),
    }
}
