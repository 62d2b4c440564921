//! Later rows of tables that have some already: from where on, and whether the earlier ones stay what they are.
//! Which rows exist is told by the options.

use dwsim_schema::{Generator, Table, codes};

use crate::plan::Options;
use crate::plan::column::Compiler;

impl Compiler<'_> {
    /// The first row of a table that is to be made. Keys that are drawn from all parents change with the number of
    /// parents, so that later rows could repeat earlier ones: such tables are refused.
    pub(crate) fn appends(&mut self, table: &Table, options: &Options) -> u64 {
        let first = options.from.get(&table.name).copied().unwrap_or(0);
        if first == 0 {
            return 0;
        }
        let rows = self.rows_of(&table.name);
        let place = table.rows_place;
        if first > rows {
            let message = format!(
                "table `{}` has {first} rows already, and is to have {rows}",
                table.name
            );
            let help = Some("append with more --rows, or a greater --scale".into());
            self.diags.push(codes::BAD_VALUE, place, message, help);
            return 0;
        }
        let grown =
            |parent: &str| options.from.get(parent).copied().unwrap_or(0) != self.rows_of(parent);
        for column in &table.columns {
            let Some(reference) = &column.references else {
                continue;
            };
            let keyed = column.unique
                || table
                    .composite_keys()
                    .any(|k| k.contains(&column.name) && !table.is_distinct_by_nature(k));
            if keyed && reference.table != table.name && grown(&reference.table) {
                let message = format!(
                    "rows cannot be appended to table `{}`: its key over `{}` is drawn from all rows of `{}`, which has new ones",
                    table.name, column.name, reference.table
                );
                let help = Some(format!(
                    "keep the rows of `{}` as they are, or generate all anew",
                    reference.table
                ));
                self.diags
                    .push(codes::CONFLICT, column.place, message, help);
                return 0;
            }
        }
        if let (Some(key), Some(children)) = (table.children_key(), &self.children)
            && matches!(key.generator, Generator::Children { .. })
            && let Some(reference) = &key.references
        {
            let parents = options.from.get(&reference.table).copied().unwrap_or(0);
            let expected = children.first_row(parents);
            if expected != first {
                let message = format!(
                    "table `{}` has {first} rows already, but the first {parents} rows of `{}` have {expected} children",
                    table.name, reference.table
                );
                let help =
                    Some("the rows were made with another seed or another dwsim.toml".into());
                self.diags.push(codes::CONFLICT, place, message, help);
                return 0;
            }
        }
        first
    }
}
