//! Columns that are built on others: foreign keys, conditions, carried values, distances, formulas, groups.
//! Columns that stand alone are left to `column`.

use std::sync::Arc;

use dwsim_schema::{
    Column, Condition, Expression, Generator, LogicalType, Pick, Scalar, Table, codes, temporal,
};

use crate::draw::{AliasTable, Key, Permutation, Zipf};
use crate::plan::column::{Compiler, MAX_PARENTS, scalar_texts, scalars};
use crate::plan::keys::Digit;
use crate::source::{
    Between, Carry, Categorical, ChildNumber, Constant, Eligible, Foreign, Formula, Hierarchy,
    Index, Offset, Parent, SharedSource, Test, Value, When, arrow_type,
};

impl<'a> Compiler<'a> {
    /// A foreign key: draw the parent's row, then recompute its key.
    pub(crate) fn foreign(
        &mut self,
        table: &'a Table,
        column: &'a Column,
        key: Key<'a>,
        digits: &[Option<Digit>],
        digit: Option<&Digit>,
    ) -> Option<SharedSource> {
        let reference = column.references.as_ref()?;
        let parent_table = self.schema.table(&reference.table)?;
        let parent_column = parent_table.column(&reference.column)?;
        if parent_table.name == table.name {
            let parent = self.column(table, parent_column, digits)?;
            return Some(Arc::new(Hierarchy {
                stream: key.stream(),
                parent,
            }));
        }
        let rows = self.rows_of(&table.name);
        let parents = self.rows_of(&parent_table.name);
        if parents == 0 {
            if rows > 0 && column.nulls < 1.0 {
                let message = format!("table `{}` has no rows to reference", parent_table.name);
                self.diags
                    .push(codes::BAD_REFERENCE, reference.place, message, None);
            }
            return None;
        }
        // tables come in order, so the parent's columns are made; a broken one was reported there
        let parent_key = self
            .done
            .get(&(reference.table.clone(), reference.column.clone()))
            .cloned()?;
        let eligible = match column.subset.first() {
            None => None,
            Some(first) if parents > MAX_PARENTS => {
                let message =
                    format!("{parents} parents cannot be chosen from; {MAX_PARENTS} are possible");
                self.diags
                    .push(codes::IMPOSSIBLE, first.place, message, None);
                return None;
            }
            Some(first) => {
                let tests = self.tests(parent_table, &column.subset)?;
                let eligible = match Eligible::new(&tests, parents) {
                    Ok(eligible) => eligible,
                    Err(error) => {
                        self.diags
                            .push(codes::IMPOSSIBLE, first.place, error.to_string(), None);
                        return None;
                    }
                };
                if eligible.len() == 0 && rows > 0 {
                    let message = format!(
                        "none of the {parents} rows of table `{}` fulfils `where`",
                        parent_table.name
                    );
                    self.diags
                        .push(codes::IMPOSSIBLE, first.place, message, None);
                    return None;
                }
                Some(eligible)
            }
        };
        let n = eligible.as_ref().map_or(parents, |e| e.len()).max(1);
        let spread = Permutation::new(
            Key {
                purpose: "parents",
                ..key
            },
            u128::from(n),
        );
        let index = match (digit, column.unique, &column.generator) {
            (Some(digit), _, _) => digit.index(),
            (None, true, _) => {
                self.capacity(column, u128::from(n), rows);
                Index::Distinct(spread)
            }
            (None, false, Generator::ForeignKey(Pick::Zipf { exponent })) => Index::Zipf {
                stream: key.stream(),
                zipf: Zipf::new(n, *exponent),
                spread: Some(spread),
            },
            _ => Index::Even {
                stream: key.stream(),
                n: u128::from(n),
            },
        };
        let parent_row = match (&column.generator, eligible, &self.children) {
            (Generator::Children { .. }, _, Some(children)) => Parent::Counted(children.clone()),
            (_, Some(eligible), _) => Parent::Some(index, eligible),
            _ => Parent::All(index),
        };
        self.parents.insert(
            (table.name.clone(), column.name.clone()),
            parent_row.clone(),
        );
        Some(Arc::new(Foreign {
            parent_row,
            key: parent_key,
        }))
    }

    /// Columns of a finished table, or of this one, with the values they must have.
    pub(crate) fn tests(
        &mut self,
        table: &'a Table,
        conditions: &[Condition],
    ) -> Option<Vec<Test>> {
        let mut out = Vec::with_capacity(conditions.len());
        for condition in conditions {
            let column = table.column(&condition.column)?;
            let source = self
                .done
                .get(&(table.name.clone(), column.name.clone()))
                .cloned()?;
            let values = scalar_texts(column.ty, &condition.values)?
                .into_iter()
                .collect();
            out.push(Test {
                column: source,
                values,
            });
        }
        Some(out)
    }

    /// Lays `when` and `otherwise` over a source.
    pub(crate) fn when(
        &mut self,
        table: &'a Table,
        column: &'a Column,
        inner: SharedSource,
        digits: &[Option<Digit>],
    ) -> Option<SharedSource> {
        if column.when.is_empty() {
            return Some(inner);
        }
        for condition in &column.when {
            self.column(table, table.column(&condition.column)?, digits)?;
        }
        let tests = self.tests(table, &column.when)?;
        let otherwise = match &column.otherwise {
            None => None,
            Some(value) => Some(Arc::new(Constant {
                value: scalars(column.ty, std::iter::once(value))?,
            }) as SharedSource),
        };
        Some(Arc::new(When {
            inner,
            tests,
            otherwise,
        }))
    }

    /// Columns computed from others.
    pub(crate) fn derived(
        &mut self,
        table: &'a Table,
        column: &'a Column,
        key: Key<'a>,
        digits: &[Option<Digit>],
    ) -> Option<SharedSource> {
        let ty = column.ty;
        Some(match &column.generator {
            Generator::Carry {
                via,
                column: carried,
                ..
            } => {
                let foreign = table.column(via)?;
                let reference = foreign.references.as_ref()?;
                let key = self.column(table, foreign, digits)?;
                let parent_row = self
                    .parents
                    .get(&(table.name.clone(), via.clone()))
                    .cloned()?;
                let source = self
                    .done
                    .get(&(reference.table.clone(), carried.clone()))
                    .cloned()?;
                let nullable = foreign.nulls > 0.0 || !foreign.when.is_empty();
                let key = nullable.then_some(key);
                Arc::new(Carry {
                    parent_row,
                    column: source,
                    key,
                    to: arrow_type(ty),
                })
            }
            Generator::Offset(o) => {
                let base = self.column(table, table.column(&o.base)?, digits)?;
                self.offset_fits(table, column);
                Arc::new(Offset {
                    ty,
                    base,
                    stream: key.stream(),
                    below: o.below,
                    min: o.min,
                    step: o.step,
                    count: o.count,
                })
            }
            Generator::Between { low, high } => {
                let low = self.column(table, table.column(low)?, digits)?;
                let high = self.column(table, table.column(high)?, digits)?;
                let step = if ty.is_timestamp() || ty == LogicalType::Time {
                    1_000_000
                } else {
                    1
                };
                Arc::new(Between {
                    ty,
                    low,
                    high,
                    stream: key.stream(),
                    step,
                })
            }
            Generator::Formula(expression) => Arc::new(Formula {
                ty,
                value: self.formula(table, expression, digits)?,
            }),
            Generator::Polymorphic(_)
            | Generator::States(_)
            | Generator::Walk(_)
            | Generator::Wave(_) => self.series(table, column, key, digits)?,
            Generator::ChildNumber => Arc::new(ChildNumber {
                ty,
                index: self.children.clone()?,
            }),
            Generator::Group { group, position } => {
                let group = table.groups.get(*group)?;
                let names = group.columns.join(", ");
                let key = Key {
                    column: &names,
                    purpose: "group",
                    ..key
                };
                let kept: Vec<(&Scalar, f64)> = group
                    .rows
                    .iter()
                    .zip(&group.weights)
                    .filter_map(|(row, w)| Some((row.get(*position)?, *w)))
                    .collect();
                let values = scalars(ty, kept.iter().map(|(v, _)| *v))?;
                let weights: Vec<f64> = kept.iter().map(|(_, w)| *w).collect();
                let index = Index::Weighted {
                    stream: key.stream(),
                    table: AliasTable::new(&weights),
                };
                Arc::new(Categorical { values, index })
            }
            _ => return None,
        })
    }

    /// Reports distances that lead out of the type.
    pub(crate) fn offset_fits(&mut self, table: &Table, column: &Column) {
        let bounds = column.ty.integer_bounds().or(match column.ty {
            LogicalType::Time => Some((0, i128::from(temporal::DAY_MICROS) - 1)),
            _ => None,
        });
        let Some((min, max)) = bounds else { return };
        let fits = table
            .value_range(&column.name)
            .is_some_and(|(low, high)| low >= min && high <= max);
        if !fits {
            self.diags.push(
                codes::IMPOSSIBLE,
                column.generator_place,
                format!(
                    "values of column `{}` may leave type {}",
                    column.name, column.ty
                ),
                Some("give the other column a range, or make `delta` smaller".into()),
            );
        }
    }

    pub(crate) fn formula(
        &mut self,
        table: &'a Table,
        expression: &'a Expression,
        digits: &[Option<Digit>],
    ) -> Option<Value> {
        Some(match expression {
            Expression::Number(n) => {
                let scale = (0..=37).find(|s| n.exact_at(*s).is_some())?;
                Value::Number(n.exact_at(scale)?, scale)
            }
            Expression::Column(name) => {
                let input = table.column(name)?;
                Value::Column(self.column(table, input, digits)?, input.ty.scale())
            }
            Expression::Binary {
                operator,
                left,
                right,
            } => Value::Binary(
                *operator,
                Box::new(self.formula(table, left, digits)?),
                Box::new(self.formula(table, right, digits)?),
            ),
        })
    }
}
