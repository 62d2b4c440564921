//! SAMPLE and TABLESAMPLE: a part of a relation's rows, chosen by a hash of seed and row number.
//! With a seed the same rows come out every time.
//!
//! Source: Snowflake "SAMPLE / TABLESAMPLE".

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use datafusion::common::Column;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::logical_plan::Window;
use datafusion::logical_expr::{Cast, Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::scalar::ScalarValue;
use sqlparser::ast;

use super::window::fold_constant;
use super::{Binder, CastMode, Relation};
use crate::error::{Result, SqlError};
use crate::functions::{Call, Typed};
use crate::types::SqlType;

/// Rows that are taken or left together by SYSTEM and BLOCK.
const BLOCK: i64 = 4096;

/// A number in [0, 1) for each row number (first argument) and seed (second).
fn fraction(call: &Call<'_>) -> Result<ArrayRef> {
    let (rows, seed) = (call.int(0)?, call.int(1)?);
    let values = (0..call.rows).map(|i| {
        let row = rows.get(i).unwrap_or(0) as u64;
        let mut z = row
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add((seed.get(i).unwrap_or(0) as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93));
        for _ in 0..2 {
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
        }
        (z >> 11) as f64 / (1u64 << 53) as f64
    });
    Ok(Arc::new(Float64Array::from_iter_values(values)))
}

fn invalid(message: impl Into<String>) -> SqlError {
    SqlError::raw(
        "001015",
        "22023",
        format!("SQL compilation error:\n{}", message.into()),
    )
}

impl Binder<'_> {
    /// A relation's sample, where one is asked for.
    pub(crate) fn sampled(
        &mut self,
        r: Relation,
        sample: Option<&ast::TableSampleKind>,
    ) -> Result<Relation> {
        let Some(
            ast::TableSampleKind::BeforeTableAlias(s) | ast::TableSampleKind::AfterTableAlias(s),
        ) = sample
        else {
            return Ok(r);
        };
        if s.bucket.is_some() || s.offset.is_some() {
            return Err(SqlError::unsupported("SAMPLE by bucket or offset"));
        }
        let quantity = s
            .quantity
            .as_ref()
            .ok_or_else(|| invalid("SAMPLE needs a probability or a number of rows."))?;
        let size = self.expr(&quantity.value)?;
        let size = self.cast(size, &SqlType::Double, CastMode::Implicit)?;
        let ScalarValue::Float64(Some(size)) = fold_constant(&size, self)? else {
            return Err(invalid("SAMPLE needs a number."));
        };
        let rows = matches!(quantity.unit, Some(ast::TableSampleUnit::Rows));
        if rows && !(0.0..=1_000_000.0).contains(&size) {
            return Err(invalid(format!(
                "sample size {size} must be between 0 and 1000000."
            )));
        }
        if !rows && !(0.0..=100.0).contains(&size) {
            return Err(invalid(format!(
                "sampling probability {size} must be between 0 and 100."
            )));
        }
        let block = matches!(
            s.name,
            Some(ast::TableSampleMethod::System | ast::TableSampleMethod::Block)
        );
        if rows && block {
            return Err(invalid(
                "SYSTEM and BLOCK sampling do not take a number of rows.",
            ));
        }
        let seed = match &s.seed {
            None => match self.env.seed {
                Some(s) => s as i64,
                None => {
                    self.env.fleeting().mark();
                    uuid::Uuid::new_v4().as_u64_pair().0 as i64
                }
            },
            Some(seed) => {
                let t = self.literal(&seed.value.value, seed.value.span)?;
                let t = self.cast(t, &SqlType::BigInt, CastMode::Implicit)?;
                match fold_constant(&t, self)? {
                    ScalarValue::Int64(Some(n)) if (0..=2_147_483_647).contains(&n) => n,
                    _ => return Err(invalid("the seed must be between 0 and 2147483647.")),
                }
            }
        };
        let number = row_number();
        let counted = LogicalPlan::Window(Window::try_new(vec![number.clone()], Arc::new(r.plan))?);
        let row = Expr::Cast(Cast::new(
            Box::new(Expr::Column(Column::from_name(
                number.schema_name().to_string(),
            ))),
            SqlType::BigInt.arrow(),
        ));
        let row = if block {
            (row - lit(1i64)) / lit(BLOCK)
        } else {
            row
        };
        let name = self.fresh("sample");
        let at = self.kernel(
            "sample",
            fraction,
            vec![Typed::new(row, SqlType::BigInt), self.int(seed)],
            SqlType::Double,
        );
        let keep: Vec<Expr> = r
            .columns
            .iter()
            .map(|c| Expr::Column(c.internal.clone()))
            .collect();
        let mut with = keep.clone();
        with.push(at.expr.alias(&name));
        let at = Expr::Column(Column::from_name(name));
        let b = LogicalPlanBuilder::from(counted).project(with)?;
        let b = if rows {
            b.sort(vec![at.sort(true, false)])?
                .limit(0, Some(size as usize))?
        } else {
            b.filter(at.lt(lit(size / 100.0)))?
        };
        Ok(Relation {
            plan: b.project(keep)?.build()?,
            columns: r.columns,
        })
    }
}
