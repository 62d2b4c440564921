//! Broken rules of generated data as findings at the places in dwsim.toml that declare them.
//! Applying the rules is `dwsim-generate`'s part.

use dwsim_generate::check::{Check, Checked as Data};
use dwsim_schema::{Config, Place, Table};

use super::finding::{DATA, Finding};
use super::run::Checked;

/// Adds a finding for every rule that rows break.
pub fn add_data(checked: &mut Checked, config: &Config, data: &Data) {
    checked.files += data.tables.iter().map(|t| t.files).sum::<usize>();
    for broken in data.checks.iter().filter(|c| c.violations > 0) {
        let table = config.schema.table(&broken.table);
        let place = table.map(|t| place(t, broken)).unwrap_or_default();
        let source = config.sources().get(place.source);
        let file = source.map_or_else(|| "dwsim.toml".to_owned(), |s| s.name.clone());
        if let Some(source) = source {
            checked
                .texts
                .entry(file.clone())
                .or_insert_with(|| source.text.clone());
        }
        let name = match broken.column.as_str() {
            "" => broken.table.clone(),
            column => format!("{}.{column}", broken.table),
        };
        let message = format!(
            "{name}: {} of {} break {} ({})",
            broken.violations, broken.checked, broken.rule, broken.declared
        );
        let example = broken.example.as_ref();
        let help = example.map(|example| format!("for example {example}"));
        checked
            .findings
            .push(Finding::error(DATA, file, place, message, help));
    }
}

/// Where the rule is declared: its column, or the table's keys where it is about several columns.
fn place(table: &Table, broken: &Check) -> Place {
    match table.column(&broken.column) {
        Some(column) => column.place,
        None if broken.column.is_empty() => table.rows_place,
        None => table.key_place,
    }
}
