//! Correlated columns: the weights that make each one's normal variable from independent ones (Cholesky).
//! Drawing from them is left to `draw`.

use dwsim_schema::{Diagnostics, Table, codes};

use crate::draw::{Key, Stream};

/// The streams of a table's correlated columns, by column name.
#[derive(Debug, Default)]
pub(crate) struct Correlated {
    columns: Vec<String>,
    /// Lower triangle: row i has the weights of the first i + 1 columns' variables.
    weights: Vec<Vec<f64>>,
}

impl Correlated {
    /// Factors the table's correlation matrix; one that no variables can have is reported.
    pub(crate) fn new(table: &Table, diags: &mut Diagnostics) -> Self {
        // in the table's order, so that the order of the pairs does not matter
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|c| c.name.clone())
            .filter(|n| table.correlate.iter().any(|c| c.a == *n || c.b == *n))
            .collect();
        let r = |i: usize, j: usize| {
            let (a, b) = (&columns[i], &columns[j]);
            let pair = table
                .correlate
                .iter()
                .find(|c| (c.a == *a && c.b == *b) || (c.a == *b && c.b == *a));
            pair.map_or(0.0, |c| c.r)
        };
        let mut weights: Vec<Vec<f64>> = Vec::with_capacity(columns.len());
        for (i, column) in columns.iter().enumerate() {
            let mut row: Vec<f64> = Vec::with_capacity(i + 1);
            for (j, above) in weights.iter().enumerate() {
                let known: f64 = row.iter().zip(above).map(|(a, b)| a * b).sum();
                row.push((r(i, j) - known) / above[j]);
            }
            let rest = 1.0 - row.iter().map(|w| w * w).sum::<f64>();
            if rest <= 1e-9 {
                let place = table.correlate.first().map_or(table.place, |c| c.place);
                diags.push(
                    codes::IMPOSSIBLE,
                    place,
                    format!(
                        "the correlations of table `{}` contradict each other at column `{column}`",
                        table.name
                    ),
                    Some("make them weaker: no columns can have all of them".into()),
                );
                return Self::default();
            }
            row.push(libm::sqrt(rest));
            weights.push(row);
        }
        Self { columns, weights }
    }

    /// The stream of a column: correlated if it is one of them, otherwise its own.
    pub(crate) fn stream(&self, key: Key<'_>) -> Stream {
        let found = self
            .columns
            .iter()
            .position(|c| c == key.column && key.purpose == "value");
        match found {
            None => key.stream(),
            Some(i) => {
                let parts = self.columns.iter().zip(&self.weights[i]);
                key.correlated(
                    parts
                        .map(|(c, w)| {
                            (
                                Key {
                                    column: c,
                                    purpose: "copula",
                                    ..key
                                },
                                *w,
                            )
                        })
                        .collect(),
                )
            }
        }
    }
}
