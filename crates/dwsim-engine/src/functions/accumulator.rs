//! An accumulator that keeps a group's argument rows and hands them, filtered, deduplicated and ordered, to a kernel.
//! Aggregates that need only a running state use DataFusion's own accumulators instead.

use std::fmt::Debug;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array, new_empty_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{
    SortColumn, SortOptions, concat, filter, is_not_null, lexsort_to_indices, take,
};
use arrow::datatypes::{DataType, Field};
use arrow::row::{RowConverter, SortField};
use datafusion::common::Result as DfResult;
use datafusion::logical_expr::Accumulator;
use datafusion::scalar::ScalarValue;

use super::scalar::conform;
use crate::env::Env;
use crate::error::Result;
use crate::types::SqlType;

/// The rows of one group.
#[derive(Debug)]
pub struct AggCall<'a> {
    /// The function's name, for messages.
    pub name: &'a str,
    /// Argument columns of equal length; rows whose first argument is NULL are gone when the definition skips them.
    pub args: &'a [ArrayRef],
    /// The SQL types of the arguments.
    pub types: &'a [SqlType],
    /// The SQL type of the result.
    pub returns: &'a SqlType,
    /// Number of rows.
    pub rows: usize,
    /// The statement's environment.
    pub env: &'a Env,
}

/// Computes one value, as an array of length one, from the rows of a group.
pub type AggKernel = fn(&AggCall<'_>) -> Result<ArrayRef>;

/// What is fixed when the call is bound.
#[derive(Debug, Clone)]
pub(crate) struct CollectSpec {
    pub name: String,
    pub kernel: AggKernel,
    pub types: Vec<SqlType>,
    pub returns: SqlType,
    pub env: Arc<Env>,
    /// Rows whose first argument is NULL do not count.
    pub skip_nulls: bool,
    pub distinct: bool,
    /// Sort options of the trailing order-by columns, which follow the arguments.
    pub order: Vec<SortOptions>,
}

#[derive(Debug)]
pub(crate) struct CollectAccumulator {
    spec: Arc<CollectSpec>,
    /// One vector of chunks per column (arguments, then order-by columns).
    chunks: Vec<Vec<ArrayRef>>,
    /// Rows of the first chunk that have left a sliding frame.
    retracted: usize,
}

impl CollectAccumulator {
    pub(crate) fn new(spec: Arc<CollectSpec>, columns: usize) -> Self {
        CollectAccumulator {
            spec,
            chunks: vec![Vec::new(); columns],
            retracted: 0,
        }
    }

    fn column(&self, i: usize, ty: &DataType) -> DfResult<ArrayRef> {
        let chunks = &self.chunks[i];
        let all = match chunks.as_slice() {
            [] => new_empty_array(ty),
            [one] => Arc::clone(one),
            many => {
                let refs: Vec<&dyn Array> = many.iter().map(AsRef::as_ref).collect();
                concat(&refs)?
            }
        };
        Ok(if self.retracted > 0 {
            all.slice(self.retracted, all.len() - self.retracted)
        } else {
            all
        })
    }

    fn columns(&self) -> DfResult<Vec<ArrayRef>> {
        (0..self.chunks.len())
            .map(|i| {
                let ty = self
                    .spec
                    .types
                    .get(i)
                    .map_or(DataType::Null, SqlType::arrow);
                self.column(i, &ty)
            })
            .collect()
    }
}

impl Accumulator for CollectAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        for (chunks, v) in self.chunks.iter_mut().zip(values) {
            chunks.push(Arc::clone(v));
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        self.retracted += values.first().map_or(0, Array::len);
        // Whole chunks that have left the frame are dropped at once, so memory stays with the frame.
        while let Some(first) = self.chunks.first().and_then(|c| c.first()).map(Array::len) {
            if first > self.retracted {
                break;
            }
            for c in &mut self.chunks {
                c.remove(0);
            }
            self.retracted -= first;
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> DfResult<ScalarValue> {
        let spec = Arc::clone(&self.spec);
        let mut columns = self.columns()?;
        if spec.skip_nulls && !columns.is_empty() {
            let keep = is_not_null(&columns[0])?;
            if keep.true_count() < keep.len() {
                columns = columns
                    .iter()
                    .map(|c| filter(c, &keep))
                    .collect::<Result<_, _>>()?;
            }
        }
        let args = spec.types.len() - spec.order.len();
        if !spec.order.is_empty() && !columns.is_empty() {
            let sort: Vec<SortColumn> = columns[args..]
                .iter()
                .zip(&spec.order)
                .map(|(c, o)| SortColumn {
                    values: Arc::clone(c),
                    options: Some(*o),
                })
                .collect();
            let indices = lexsort_to_indices(&sort, None)?;
            columns = columns
                .iter()
                .map(|c| take(c, &indices, None))
                .collect::<Result<_, _>>()?;
        }
        columns.truncate(args);
        if spec.distinct && !columns.is_empty() {
            let keep = first_occurrences(&columns[..1])?;
            if keep.len() < columns[0].len() {
                columns = columns
                    .iter()
                    .map(|c| take(c, &keep, None))
                    .collect::<Result<_, _>>()?;
            }
        }
        let call = AggCall {
            name: &spec.name,
            rows: columns.first().map_or(0, Array::len),
            args: &columns,
            types: &spec.types[..args],
            returns: &spec.returns,
            env: &spec.env,
        };
        let out = conform((spec.kernel)(&call)?, &spec.returns)?;
        ScalarValue::try_from_array(&out, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self)
            + self
                .chunks
                .iter()
                .flatten()
                .map(|a| a.get_array_memory_size())
                .sum::<usize>()
    }

    fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        let columns = self.columns()?;
        columns
            .into_iter()
            .map(|c| {
                let field = Arc::new(Field::new_list_field(c.data_type().clone(), true));
                let offsets = OffsetBuffer::from_lengths([c.len()]);
                Ok(ScalarValue::List(Arc::new(ListArray::try_new(
                    field, offsets, c, None,
                )?)))
            })
            .collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DfResult<()> {
        for (chunks, state) in self.chunks.iter_mut().zip(states) {
            let lists = state.as_list::<i32>();
            for i in 0..lists.len() {
                if lists.is_valid(i) {
                    chunks.push(lists.value(i));
                }
            }
        }
        Ok(())
    }
}

/// Indices of the first row of every distinct value, in order.
fn first_occurrences(columns: &[ArrayRef]) -> DfResult<UInt32Array> {
    let fields = columns
        .iter()
        .map(|c| SortField::new(c.data_type().clone()))
        .collect();
    let converter = RowConverter::new(fields)?;
    let rows = converter.convert_columns(columns)?;
    let mut seen = std::collections::HashSet::with_capacity(rows.num_rows());
    let keep: BooleanArray = rows
        .iter()
        .map(|r| Some(seen.insert(r.as_ref().to_vec())))
        .collect();
    Ok((0..rows.num_rows() as u32)
        .filter(|i| keep.value(*i as usize))
        .collect())
}
