//! The window function behind MATCH_RECOGNIZE: at each row the output rows of the matches that start there.
//! What its inputs are is decided in `bind`.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListArray, RecordBatch, RecordBatchOptions,
    StructArray, UInt32Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use datafusion::common::Result as DfResult;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    LimitEffect, PartitionEvaluator, Signature, Volatility, WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;

use super::navigate::{Anchor, Match, Place, Value, values};
use super::pattern::{Program, Step};
use crate::error::{Result, SqlError};

/// When a row may be a symbol.
#[derive(Debug)]
pub(super) struct Condition {
    /// Values that the condition reads.
    pub values: Vec<Value>,
    /// Their fields.
    pub schema: Arc<Schema>,
    /// The condition over them.
    pub expr: Arc<dyn PhysicalExpr>,
    /// It depends on the row only, not on the match so far.
    pub stateless: bool,
}

/// Where the search goes on after a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skip {
    PastLast,
    ToNext,
    ToFirst(usize),
    ToLast(usize),
}

/// Which rows come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    One,
    All { empty: bool, unmatched: bool },
}

/// A bound clause.
#[derive(Debug)]
pub(super) struct Spec {
    pub program: Program,
    /// By symbol; None is always true.
    pub conditions: Vec<Option<Condition>>,
    pub rows: Rows,
    pub skip: Skip,
    /// Values for the measures.
    pub measures: Vec<Value>,
    /// Inputs that come out as they are at the row.
    pub kept: Vec<usize>,
    /// Fields of an output row: measures' values, then kept inputs.
    pub fields: Fields,
    pub signature: Signature,
}

impl Spec {
    pub fn list(&self) -> DataType {
        DataType::List(Arc::new(Field::new_list_field(
            DataType::Struct(self.fields.clone()),
            true,
        )))
    }
}

/// The window function of one clause.
#[derive(Debug)]
pub(super) struct MatchUdwf(pub Arc<Spec>);

impl PartialEq for MatchUdwf {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for MatchUdwf {}
impl Hash for MatchUdwf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl WindowUDFImpl for MatchUdwf {
    fn name(&self) -> &str {
        "match_recognize"
    }
    fn signature(&self) -> &Signature {
        &self.0.signature
    }
    fn partition_evaluator(
        &self,
        _: PartitionEvaluatorArgs<'_>,
    ) -> DfResult<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Evaluator(Arc::clone(&self.0))))
    }
    fn field(&self, args: WindowUDFFieldArgs<'_>) -> DfResult<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), self.0.list(), true)))
    }
    fn limit_effect(&self, _: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        LimitEffect::Unknown
    }
}

/// A signature for this many inputs of any type.
pub(super) fn signature(inputs: usize) -> Signature {
    Signature::any(inputs, Volatility::Volatile)
}

#[derive(Debug)]
struct Evaluator(Arc<Spec>);

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, inputs: &[ArrayRef], rows: usize) -> DfResult<ArrayRef> {
        Ok(Run {
            spec: &self.0,
            inputs,
            rows,
        }
        .run()?)
    }
}

struct Run<'a> {
    spec: &'a Spec,
    inputs: &'a [ArrayRef],
    rows: usize,
}

/// The answers of a symbol's condition.
enum Known {
    Always,
    Rows(BooleanArray),
    Ask,
}

impl Run<'_> {
    fn batch(&self, c: &Condition, places: &[Place<'_>]) -> Result<BooleanArray> {
        let columns = c
            .values
            .iter()
            .map(|v| {
                values(
                    v,
                    places,
                    self.inputs,
                    self.rows,
                    &self.spec.program.symbols,
                )
            })
            .zip(c.schema.fields())
            .map(|(a, f)| Ok(arrow::compute::cast(&a?, f.data_type())?))
            .collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&c.schema), columns, &options)?;
        let out = c.expr.evaluate(&batch)?.into_array(places.len())?;
        Ok(out.as_boolean().clone())
    }

    /// The answers that need no match, all at once.
    fn known(&self) -> Result<Vec<Known>> {
        self.spec
            .conditions
            .iter()
            .enumerate()
            .map(|(s, c)| {
                Ok(match c {
                    None => Known::Always,
                    Some(c) if c.stateless => {
                        let single: Vec<Match> = (0..self.rows)
                            .map(|start| Match {
                                start,
                                number: 1,
                                steps: vec![(s, false)],
                            })
                            .collect();
                        let places: Vec<Place<'_>> = single
                            .iter()
                            .map(|m| Place {
                                of: Some(m),
                                rows: 1,
                            })
                            .collect();
                        Known::Rows(self.batch(c, &places)?)
                    }
                    Some(_) => Known::Ask,
                })
            })
            .collect()
    }

    fn matches(&self) -> Result<Vec<Match>> {
        let known = self.known()?;
        let stateless = !known.iter().any(|k| matches!(k, Known::Ask));
        let mut out: Vec<Match> = Vec::new();
        let mut steps = 0;
        let mut start = 0;
        while start < self.rows {
            let number = out.len() as i64 + 1;
            let found = self.spec.program.find(
                start,
                self.rows,
                stateless,
                &mut steps,
                |path: &[Step], s| match &known[s] {
                    Known::Always => Ok(true),
                    Known::Rows(answers) => {
                        let row = start + path.len();
                        Ok(answers.is_valid(row) && answers.value(row))
                    }
                    Known::Ask => {
                        let Some(c) = &self.spec.conditions[s] else {
                            return Ok(true);
                        };
                        let mut taken = path.to_vec();
                        taken.push((s, false));
                        let m = Match {
                            start,
                            number,
                            steps: taken,
                        };
                        let place = Place {
                            rows: m.steps.len(),
                            of: Some(&m),
                        };
                        let answer = self.batch(c, &[place])?;
                        Ok(answer.is_valid(0) && answer.value(0))
                    }
                },
            )?;
            let Some(steps) = found else {
                start += 1;
                continue;
            };
            let m = Match {
                start,
                number,
                steps,
            };
            start = self.after(&m)?;
            out.push(m);
        }
        Ok(out)
    }

    /// The row at which the search goes on.
    fn after(&self, m: &Match) -> Result<usize> {
        let end = m.start + m.steps.len();
        if m.steps.is_empty() {
            return Ok(m.start + 1);
        }
        let at = match self.spec.skip {
            Skip::PastLast => return Ok(end),
            Skip::ToNext => return Ok(m.start + 1),
            Skip::ToFirst(s) => m.steps.iter().position(|(x, _)| *x == s),
            Skip::ToLast(s) => m.steps.iter().rposition(|(x, _)| *x == s),
        };
        match at {
            Some(0) => Err(SqlError::raw(
                "100362",
                "22000",
                "AFTER MATCH SKIP leads back to the first row of the match, which would never end.",
            )),
            Some(i) => Ok(m.start + i),
            None => Err(SqlError::raw(
                "100363",
                "22000",
                "AFTER MATCH SKIP goes to a symbol that is not in the match.",
            )),
        }
    }

    fn run(&self) -> Result<ArrayRef> {
        let found = self.matches()?;
        let mut matched = vec![false; self.rows];
        for m in &found {
            for i in 0..m.steps.len() {
                matched[m.start + i] = true;
            }
        }
        // Output rows in the order of the rows at which their matches start.
        let mut places: Vec<Place<'_>> = Vec::new();
        let mut at: Vec<u32> = Vec::new();
        let mut lengths = vec![0usize; self.rows];
        let mut next = found.iter().peekable();
        for row in 0..self.rows {
            let before = places.len();
            while let Some(m) = next.next_if(|m| m.start == row) {
                match self.spec.rows {
                    Rows::One => {
                        places.push(Place {
                            of: Some(m),
                            rows: m.steps.len(),
                        });
                        at.push(row as u32);
                    }
                    Rows::All { empty, .. } => {
                        if m.steps.is_empty() && empty {
                            places.push(Place {
                                of: Some(m),
                                rows: 0,
                            });
                            at.push(row as u32);
                        }
                        for (i, (_, left_out)) in m.steps.iter().enumerate() {
                            if !left_out {
                                places.push(Place {
                                    of: Some(m),
                                    rows: i + 1,
                                });
                                at.push((row + i) as u32);
                            }
                        }
                    }
                }
            }
            if let Rows::All {
                unmatched: true, ..
            } = self.spec.rows
                && !matched[row]
                && places.len() == before
            {
                places.push(Place { of: None, rows: 0 });
                at.push(row as u32);
            }
            lengths[row] = places.len() - before;
        }
        let mut columns = self
            .spec
            .measures
            .iter()
            .map(|v| {
                values(
                    v,
                    &places,
                    self.inputs,
                    self.rows,
                    &self.spec.program.symbols,
                )
            })
            .collect::<Result<Vec<_>>>()?;
        let at = UInt32Array::from(at);
        for i in &self.spec.kept {
            columns.push(take(&self.inputs[*i], &at, None)?);
        }
        let columns = columns
            .into_iter()
            .zip(&self.spec.fields)
            .map(|(c, f)| Ok(arrow::compute::cast(&c, f.data_type())?))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let rows = if columns.is_empty() {
            StructArray::new_empty_fields(places.len(), None)
        } else {
            StructArray::try_new(self.spec.fields.clone(), columns, None)?
        };
        let DataType::List(field) = self.spec.list() else {
            return Err(SqlError::internal("a list"));
        };
        Ok(Arc::new(ListArray::try_new(
            field,
            OffsetBuffer::from_lengths(lengths),
            Arc::new(rows),
            None,
        )?))
    }
}

/// Whether values depend on a row only: the current one or neighbours of it.
pub(super) fn stateless(values: &[Value], own: usize) -> bool {
    values.iter().all(|v| match v {
        Value::Input(_, t) => {
            t.anchor == Anchor::Last && t.n == 0 && !t.whole && t.symbol.is_none_or(|s| s == own)
        }
        _ => false,
    })
}
