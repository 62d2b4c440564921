//! Columns along the children of a parent, and references to one of several tables.
//! Other columns that are built on others are left to `derived`.

use std::sync::Arc;

use dwsim_schema::{Column, Generator, Machine, Table, WalkStart, codes};

use crate::draw::{AliasTable, Key};
use crate::plan::column::{Compiler, scalars};
use crate::plan::keys::Digit;
use crate::source::{Chain, Polymorphic, SharedSource, Start, States, Walk, Waves, arrow_type};

impl<'a> Compiler<'a> {
    /// The chain of a column of states.
    pub(crate) fn chain(&self, table: &Table, column: &Column, machine: &Machine) -> Chain {
        let key = Key {
            seed: self.seed,
            table: &table.name,
            column: &column.name,
            purpose: "states",
        };
        let next = (0..machine.states.len())
            .map(|i| (!machine.is_last(i)).then(|| AliasTable::new(&machine.transitions[i])))
            .collect();
        Chain {
            stream: key.stream(),
            first: AliasTable::new(&machine.first),
            next,
        }
    }

    pub(crate) fn series(
        &mut self,
        table: &'a Table,
        column: &'a Column,
        key: Key<'a>,
        digits: &[Option<Digit>],
    ) -> Option<SharedSource> {
        let ty = column.ty;
        Some(match &column.generator {
            Generator::States(machine) => Arc::new(States {
                index: self.children.clone()?,
                chain: Arc::new(self.chain(table, column, machine)),
                values: scalars(ty, machine.states.iter())?,
            }),
            Generator::Walk(walk) => {
                let start = match &walk.first {
                    WalkStart::Range { min, step, count } => Start::Drawn {
                        min: *min,
                        step: *step,
                        count: *count,
                    },
                    WalkStart::Carry { via, column, .. } => {
                        let parent = &table.column(via)?.references.as_ref()?.table;
                        let source = self.done.get(&(parent.clone(), column.clone()));
                        Start::Parent(source.cloned()?)
                    }
                };
                Arc::new(Walk {
                    ty,
                    index: self.children.clone()?,
                    stream: key.stream(),
                    start,
                    min_step: walk.min_step,
                    step: walk.step,
                    count: walk.count,
                    min: walk.min.unwrap_or(i128::MIN),
                    max: walk.max.unwrap_or(i128::MAX),
                })
            }
            Generator::Wave(wave) => Arc::new(Waves {
                ty,
                index: self.children.clone(),
                stream: key.stream(),
                wave: *wave,
            }),
            Generator::Polymorphic(p) => {
                let by = self.column(table, table.column(&p.by)?, digits)?;
                let mut targets = Vec::with_capacity(p.targets.len());
                for (value, reference) in &p.targets {
                    let rows = self.rows_of(&reference.table);
                    if rows == 0 {
                        let message =
                            format!("table `{}` has no rows to reference", reference.table);
                        self.diags
                            .push(codes::BAD_REFERENCE, reference.place, message, None);
                        return None;
                    }
                    let key = (reference.table.clone(), reference.column.clone());
                    targets.push((
                        value.clone().into_bytes(),
                        rows,
                        self.done.get(&key).cloned()?,
                    ));
                }
                Arc::new(Polymorphic {
                    by,
                    stream: key.stream(),
                    targets,
                    to: arrow_type(ty),
                })
            }
            _ => return None,
        })
    }
}
