//! Names of a block: variables, records, cursors, result sets, exceptions.
//! What statements do with them is the interpreter's work.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;

use super::{CursorSource, Ran};
use crate::error::Result;
use crate::functions::Typed;
use crate::types::SqlType;

/// A literal.
pub(super) fn literal(value: ScalarValue, ty: SqlType) -> Typed {
    Typed::new(Expr::Literal(value, None), ty)
}

/// NULL of no type.
pub(super) fn null() -> Typed {
    literal(ScalarValue::Null, SqlType::Null)
}

/// What a name stands for.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    Value {
        ty: Option<SqlType>,
        value: Typed,
        constant: bool,
        not_null: bool,
    },
    /// Field names with values; types are those of the row, when they are fixed.
    Record {
        fields: Vec<(String, Typed)>,
        fixed: bool,
    },
    Cursor(Cursor),
    Rows(Option<Arc<Ran>>),
    Exception(i64, String),
    Alias(String),
}

/// A cursor.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    pub parameters: Vec<String>,
    pub source: CursorSource,
    pub open: Option<Position>,
}

/// Rows with the next one to fetch.
#[derive(Debug, Clone)]
pub(super) struct Position {
    pub rows: Arc<Ran>,
    batch: usize,
    row: usize,
}

impl Position {
    pub fn start(rows: Arc<Ran>) -> Self {
        Position {
            rows,
            batch: 0,
            row: 0,
        }
    }

    /// The next row, by column name.
    pub fn next(&mut self) -> Result<Option<Vec<(String, Typed)>>> {
        while let Some(b) = self.rows.batches.get(self.batch) {
            if self.row >= b.num_rows() {
                self.batch += 1;
                self.row = 0;
                continue;
            }
            let fields = self
                .rows
                .columns
                .iter()
                .zip(b.columns())
                .map(|(c, a)| {
                    let v = ScalarValue::try_from_array(a, self.row)?;
                    Ok((c.name.clone(), literal(v, c.ty.clone())))
                })
                .collect::<Result<_>>()?;
            self.row += 1;
            return Ok(Some(fields));
        }
        Ok(None)
    }
}

/// The names of one block.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub names: HashMap<String, Slot>,
}
