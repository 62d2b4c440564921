//! Which row of a partition a navigation of DEFINE or MEASURES means, and the values at such rows.
//! Finding matches is done in `run`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray, UInt32Array};
use arrow::compute::take;
use datafusion::logical_expr::AggregateUDF;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateExprBuilder;
use datafusion::scalar::ScalarValue;

use super::pattern::Step;
use crate::error::Result;

/// From which end rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    First,
    Last,
}

/// A row, relative to a place in a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub anchor: Anchor,
    /// Only rows of this symbol count.
    pub symbol: Option<usize>,
    /// This many rows from the anchor.
    pub n: usize,
    /// Then this many rows of the partition on.
    pub shift: i64,
    /// The whole match counts, wherever the place is.
    pub whole: bool,
}

/// An aggregate over rows of a match.
#[derive(Debug, Clone)]
pub(super) struct Total {
    pub function: Arc<AggregateUDF>,
    /// Positions of its arguments among the inputs.
    pub args: Vec<usize>,
    pub distinct: bool,
    pub symbol: Option<usize>,
    pub whole: bool,
}

/// A value at a place in a match.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// An input at a row.
    Input(usize, Target),
    /// The name of the row's symbol.
    Classifier(Target),
    /// Matches of the partition, counted from 1.
    MatchNumber,
    /// Rows of the match, counted from 1.
    SequenceNumber,
    /// An aggregate.
    Total(Total),
}

/// A match: its first row, its number and the symbols of its rows.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub start: usize,
    pub number: i64,
    pub steps: Vec<Step>,
}

/// A place in a match: how many of its rows are past; None stands for a row of no match.
pub(super) struct Place<'m> {
    pub of: Option<&'m Match>,
    pub rows: usize,
}

impl Target {
    /// The position in the match that is meant.
    fn step(&self, m: &Match, rows: usize) -> Option<usize> {
        let rows = if self.whole { m.steps.len() } else { rows };
        let wanted = |i: &usize| self.symbol.is_none_or(|s| m.steps[*i].0 == s);
        match self.anchor {
            Anchor::First => (0..rows).filter(wanted).nth(self.n),
            Anchor::Last => (0..rows).rev().filter(wanted).nth(self.n),
        }
    }

    /// The row of the partition that is meant.
    fn row(&self, m: &Match, rows: usize, all: usize) -> Option<u32> {
        let at = (m.start + self.step(m, rows)?) as i64 + self.shift;
        (0..all as i64).contains(&at).then_some(at as u32)
    }
}

/// A value at several places.
pub(super) fn values(
    value: &Value,
    places: &[Place<'_>],
    inputs: &[ArrayRef],
    all: usize,
    symbols: &[String],
) -> Result<ArrayRef> {
    Ok(match value {
        Value::Input(i, target) => {
            let rows: UInt32Array = places
                .iter()
                .map(|p| target.row(p.of?, p.rows, all))
                .collect();
            take(&inputs[*i], &rows, None)?
        }
        Value::Classifier(target) => {
            let names: StringArray = places
                .iter()
                .map(|p| {
                    let m = p.of?;
                    let step = target.step(m, p.rows)?;
                    let at = usize::try_from(step as i64 + target.shift).ok()?;
                    Some(symbols[m.steps.get(at)?.0].as_str())
                })
                .collect();
            Arc::new(names)
        }
        Value::MatchNumber => {
            let numbers: Int64Array = places.iter().map(|p| Some(p.of?.number)).collect();
            Arc::new(numbers)
        }
        Value::SequenceNumber => {
            let numbers: Int64Array = places.iter().map(|p| p.of.map(|_| p.rows as i64)).collect();
            Arc::new(numbers)
        }
        Value::Total(t) => {
            if places.is_empty() {
                let none = Place { of: None, rows: 0 };
                let ty = total(t, &none, inputs)?.data_type();
                return Ok(arrow::array::new_empty_array(&ty));
            }
            let mut out = Vec::with_capacity(places.len());
            for p in places {
                out.push(total(t, p, inputs)?);
            }
            ScalarValue::iter_to_array(out)?
        }
    })
}

fn total(t: &Total, p: &Place<'_>, inputs: &[ArrayRef]) -> Result<ScalarValue> {
    let rows: UInt32Array = match p.of {
        None => UInt32Array::from(Vec::<u32>::new()),
        Some(m) => {
            let n = if t.whole { m.steps.len() } else { p.rows };
            (0..n)
                .filter(|i| t.symbol.is_none_or(|s| m.steps[*i].0 == s))
                .map(|i| (m.start + i) as u32)
                .collect()
        }
    };
    let fields: Vec<arrow::datatypes::Field> = t
        .args
        .iter()
        .enumerate()
        .map(|(k, i)| {
            arrow::datatypes::Field::new(format!("a{k}"), inputs[*i].data_type().clone(), true)
        })
        .collect();
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    let args: Vec<Arc<dyn PhysicalExpr>> = (0..t.args.len())
        .map(|k| {
            Arc::new(datafusion::physical_expr::expressions::Column::new(
                &format!("a{k}"),
                k,
            )) as Arc<dyn PhysicalExpr>
        })
        .collect();
    let mut builder = AggregateExprBuilder::new(Arc::clone(&t.function), args)
        .schema(schema)
        .alias("total");
    if t.distinct {
        builder = builder.distinct();
    }
    let mut accumulator = builder.build()?.create_accumulator()?;
    let values = t
        .args
        .iter()
        .map(|i| Ok(take(&inputs[*i], &rows, None)?))
        .collect::<Result<Vec<_>>>()?;
    accumulator.update_batch(&values)?;
    Ok(accumulator.evaluate()?)
}
