//! From a schema and options to a plan: tables in order, parents before children, with the checks that need actual row
//! counts. A single column is left to `column`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema as ArrowSchema};
use dwsim_schema::{Diagnostics, Generator, Schema, Table, codes, did_you_mean};

use crate::GENERATOR_VERSION;
use crate::plan::column::Compiler;
use crate::plan::row_groups::{rows_per_group, shard_range};
use crate::plan::table::TablePlan;
use crate::source::arrow_type;

/// One of several machines' share of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// This shard, from 0.
    pub index: u64,
    /// Number of shards, above `index`.
    pub count: u64,
}

/// What is made of a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Seed of every stream.
    pub seed: u64,
    /// Factor of the schema's row counts; a table with rows keeps at least one.
    pub scale: f64,
    /// Row counts by table, instead of the schema's; not scaled.
    pub rows: BTreeMap<String, u64>,
    /// Rows by table that exist already: only later ones are made, and they do not collide with the earlier.
    pub from: BTreeMap<String, u64>,
    /// Only a share of the row groups.
    pub shard: Option<Shard>,
    /// Threads that write; `None` is one per core. Has no influence on values or bytes.
    pub threads: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 42,
            scale: 1.0,
            rows: BTreeMap::new(),
            from: BTreeMap::new(),
            shard: None,
            threads: None,
        }
    }
}

/// Tables ready to be made.
#[derive(Debug)]
pub struct Plan {
    pub(crate) tables: Vec<TablePlan>,
    pub(crate) options: Options,
    hash: String,
}

impl Plan {
    /// The tables, parents before children.
    #[must_use]
    pub fn tables(&self) -> &[TablePlan] {
        &self.tables
    }

    /// The table of that name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&TablePlan> {
        self.tables.iter().find(|t| t.name() == name)
    }

    /// Rows of all tables of this shard.
    #[must_use]
    pub fn total_rows(&self) -> u64 {
        self.tables
            .iter()
            .map(|t| t.shard_rows())
            .map(|r| r.end - r.start)
            .sum()
    }

    /// SHA-256 in hex over everything that values depend on: schema, seed, row counts, generator version. Not the
    /// shard.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// Plans all tables of a schema.
///
/// # Errors
/// Every problem that only the generator can see, with its place in dwsim.toml: unknown providers and locales, patterns
/// that cannot be made, text that is wider than its column, and more distinct values demanded than there are.
pub fn plan(schema: &Schema, options: &Options) -> Result<Plan, Diagnostics> {
    let mut diags = Diagnostics::new(schema.sources().to_vec());
    let named = options.rows.keys().chain(options.from.keys());
    for name in named.filter(|n| schema.table(n).is_none()) {
        diags.push_global(
            codes::UNKNOWN_TABLE,
            format!("there is no table `{name}`"),
            did_you_mean(name, schema.tables().iter().map(|t| t.name.as_str())),
        );
    }
    for table in schema
        .tables()
        .iter()
        .filter(|t| options.rows.contains_key(&t.name))
    {
        let why = if table.children_key().is_some() {
            "counted by the `children` of its parents"
        } else if table.is_given() {
            "given by its `data`"
        } else {
            continue;
        };
        diags.push(
            codes::CONFLICT,
            table.place,
            format!("the rows of table `{}` are {why}", table.name),
            None,
        );
    }
    for table in schema.tables() {
        let read = table.columns.iter().all(|c| match &c.generator {
            Generator::Given(values) => values.len() as u64 == table.rows,
            _ => true,
        });
        if let (Some(file), false) = (&table.file, read) {
            let message = format!(
                "the rows of table `{}` are in `{file}`, which was not read",
                table.name
            );
            diags.push(codes::BAD_REFERENCE, table.place, message, None);
        }
    }
    if !(options.scale > 0.0 && options.scale.is_finite()) {
        diags.push_global(
            codes::BAD_VALUE,
            format!("the scale is {}, not above 0", options.scale),
            None,
        );
    }
    let shard = options.shard.unwrap_or(Shard { index: 0, count: 1 });
    if shard.index >= shard.count {
        diags.push_global(
            codes::BAD_VALUE,
            format!(
                "shard {} of {} does not exist; they count from 0",
                shard.index, shard.count
            ),
            None,
        );
    }
    if !diags.is_empty() {
        return Err(diags);
    }

    let rows: BTreeMap<String, u64> = schema
        .tables()
        .iter()
        .map(|t| (t.name.clone(), row_count(t, options)))
        .collect();
    let mut compiler = Compiler::new(schema, options.seed, rows, diags);
    let mut tables = Vec::with_capacity(schema.tables().len());
    for table in schema.in_reference_order() {
        let columns = compiler.table(table);
        let fields: Vec<Field> = table
            .columns
            .iter()
            .map(|c| Field::new(&c.name, arrow_type(c.ty), c.nullable))
            .collect();
        let rows = compiler.rows_of(&table.name);
        let rows_per_group = rows_per_group(table);
        let first = compiler.appends(table, options);
        let done = first / rows_per_group;
        let end = if first < rows {
            rows.div_ceil(rows_per_group)
        } else {
            done
        };
        let share = shard_range(end - done, shard.index, shard.count);
        tables.push(TablePlan {
            table: table.clone(),
            rows,
            schema: Arc::new(ArrowSchema::new(fields)),
            columns,
            rows_per_group,
            first,
            groups: done + share.start..done + share.end,
        });
    }
    let (diags, rows) = compiler.finish();
    let hash = hash(schema, options.seed, &rows);
    diags.into_result(Plan {
        tables,
        options: options.clone(),
        hash,
    })
}

fn row_count(table: &Table, options: &Options) -> u64 {
    if let Some(rows) = options.rows.get(&table.name) {
        return *rows;
    }
    if options.scale == 1.0 || table.rows == 0 || table.is_given() {
        return table.rows;
    }
    libm::round(table.rows as f64 * options.scale).clamp(1.0, (1u64 << 50) as f64) as u64
}

fn hash(schema: &Schema, seed: u64, rows: &BTreeMap<String, u64>) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(schema.schema_hash());
    hash.update(seed.to_le_bytes());
    hash.update(GENERATOR_VERSION.to_le_bytes());
    for (table, rows) in rows {
        hash.update((table.len() as u64).to_le_bytes());
        hash.update(table);
        hash.update(rows.to_le_bytes());
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
