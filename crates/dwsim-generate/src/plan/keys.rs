//! Keys over several columns: one permutation of all tuples, of which each column is a digit.
//! Keys of one column are a permutation of their own values, made in `column`.

use std::sync::Arc;

use dwsim_schema::{Column, Diagnostics, Table, codes};

use crate::draw::{Key, Permutation};
use crate::source::Index;

/// A column's part in a key over several columns.
#[derive(Clone, Debug)]
pub(crate) struct Digit {
    tuple: Arc<Permutation>,
    divisor: u128,
    n: u128,
}

impl Digit {
    /// The index of the column's value.
    pub(crate) fn index(&self) -> Index {
        Index::Digit {
            tuple: self.tuple.clone(),
            divisor: self.divisor,
            n: self.n,
        }
    }
}

/// The digits of every column that needs one, by column position. `size` tells how many values a column has.
pub(crate) fn digits(
    table: &Table,
    seed: u64,
    rows: u64,
    size: impl Fn(&Column) -> Option<u128>,
    diags: &mut Diagnostics,
) -> Vec<Option<Digit>> {
    let mut out = vec![None; table.columns.len()];
    for key in table.composite_keys() {
        let columns: Vec<(usize, &Column)> = key
            .iter()
            .filter_map(|name| Some((table.position(name)?, table.column(name)?)))
            .collect();
        if table.is_distinct_by_nature(key) {
            continue;
        }
        let shown = key.join(", ");
        let sizes: Option<Vec<u128>> = columns.iter().map(|(_, c)| size(c)).collect();
        let product = sizes
            .as_ref()
            .and_then(|s| s.iter().try_fold(1u128, |p, n| p.checked_mul(*n)));
        let (Some(sizes), Some(product)) = (sizes, product) else {
            diags.push(
                codes::CAPACITY,
                table.key_place,
                format!(
                    "the key ({shown}) of table `{}` has a column whose values cannot be counted",
                    table.name
                ),
                None,
            );
            continue;
        };
        if product < u128::from(rows) {
            diags.push(
                codes::CAPACITY,
                table.key_place,
                format!(
                    "the key ({shown}) of table `{}` has {product} possible values for {rows} rows",
                    table.name
                ),
                Some("widen a range, or take fewer rows".into()),
            );
        }
        let stream = Key {
            seed,
            table: &table.name,
            column: &shown,
            purpose: "key",
        };
        let tuple = Arc::new(Permutation::new(stream, product.max(1)));
        let mut divisor = product.max(1);
        for ((position, _), n) in columns.iter().zip(sizes) {
            divisor /= n.max(1);
            out[*position] = Some(Digit {
                tuple: tuple.clone(),
                divisor,
                n: n.max(1),
            });
        }
    }
    out
}
