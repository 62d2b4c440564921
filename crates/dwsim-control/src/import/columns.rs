//! From declared tables to definitions for dwsim.toml: keys, references, types, guessed generators.
//! Writing them as TOML is left to `render` and `merge`.

use std::collections::{BTreeMap, BTreeSet};

use dwsim_engine::types::SqlType;
use dwsim_schema::{Dialect, LogicalType, Schema};

use super::model::{At, ColumnDdl, DefaultValue, Finding, ForeignDdl, Import, Level, TableDdl};
use super::render::{list, quoted};
use super::types::{self, Mapped};

/// Name of the column that numbers rows where a composite key is replaced.
const SURROGATE: &str = "_row_id";

/// Rows of an imported table; people change it.
pub(crate) const ROWS: u64 = 1_000;

/// A column for dwsim.toml.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) declared: String,
    pub(crate) ty: LogicalType,
    /// Keys with their values as TOML, in order; guessed ones are not among them.
    pub(crate) keys: Vec<(&'static str, String)>,
    /// Guessed keys, and what they follow from.
    pub(crate) guess: Option<(Vec<(&'static str, String)>, &'static str)>,
}

/// A table for dwsim.toml.
#[derive(Clone, Debug)]
pub(crate) struct TableDefinition {
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) rows: u64,
    pub(crate) keys: Vec<(&'static str, String)>,
    pub(crate) columns: Vec<Definition>,
}

/// What can be said once all statements are read: surrogate keys, and columns that cannot be filled.
pub(crate) fn settle(import: &mut Import) {
    let dialect = import.dialect;
    for table in &mut import.tables {
        if import.options.surrogate_keys && table.primary_key.len() > 1 {
            if table.column(SURROGATE).is_some() {
                import.findings.push(
                    table
                        .at
                        .finding(
                            Level::Error,
                            format!("table `{}` has a column `{SURROGATE}` already", table.name),
                        )
                        .advise("import it without --surrogate-keys"),
                );
                continue;
            }
            import.findings.push(
                table
                    .at
                    .finding(
                        Level::Warning,
                        format!(
                            "Table '{}' has a composite primary key ({}). A surrogate key column '{SURROGATE}' has been added for generation. Original columns are preserved.",
                            table.name,
                            table.primary_key.join(", ")
                        ),
                    )
                    .advise("without --surrogate-keys the composite key is kept as it is"),
            );
            let key = std::mem::take(&mut table.primary_key);
            table.unique.insert(0, key);
            let mut column = ColumnDdl::new(
                SURROGATE.to_owned(),
                table.at,
                SqlType::BigInt,
                "added".to_owned(),
            );
            column.identity = Some((1, 1));
            table.columns.insert(0, column);
            table.primary_key = vec![SURROGATE.to_owned()];
        }
    }
    for table in &import.tables {
        for column in &table.columns {
            let mapped = types::map(&column.ty, &column.written, dialect);
            let filled = column.not_null
                || table
                    .primary_key
                    .iter()
                    .any(|k| k.eq_ignore_ascii_case(&column.name));
            if mapped.nulls_only && filled {
                import.findings.push(
                    column
                        .at
                        .finding(
                            Level::Error,
                            format!(
                                "column `{}` is NOT NULL, and dwsim makes no values of type {}",
                                column.name, column.written
                            ),
                        )
                        .advise("remove NOT NULL, or fill the column in a test"),
                );
            } else if mapped.nulls_only {
                import.findings.push(
                    column
                        .at
                        .finding(
                            Level::Warning,
                            format!(
                                "column `{}` holds only NULL: dwsim makes no values of type {}",
                                column.name, column.written
                            ),
                        )
                        .advise("fill the column in a test"),
                );
            }
        }
    }
}

/// A table that others may reference.
struct Parent {
    primary_key: Vec<String>,
    /// Columns that are keys by themselves.
    keys: Vec<String>,
    /// The referenced columns' types, where they are of this import.
    types: BTreeMap<String, SqlType>,
}

impl Parent {
    fn imported(table: &TableDdl) -> Self {
        let one = |key: &Vec<String>| match key.as_slice() {
            [column] => Some(column.clone()),
            _ => None,
        };
        Parent {
            primary_key: table.primary_key.clone(),
            keys: table
                .unique
                .iter()
                .chain([&table.primary_key])
                .filter_map(one)
                .collect(),
            types: table
                .columns
                .iter()
                .map(|c| (c.name.clone(), c.ty.clone()))
                .collect(),
        }
    }

    fn existing(table: &dwsim_schema::Table) -> Self {
        Parent {
            primary_key: table.primary_key.clone(),
            keys: table
                .columns
                .iter()
                .filter(|c| c.unique)
                .map(|c| c.name.clone())
                .collect(),
            types: BTreeMap::new(),
        }
    }
}

/// A reference of one column: `table.column`, and the type there.
type Reference = (String, Option<SqlType>);

/// The tables as definitions. What is kept otherwise than declared is added to the findings.
pub(crate) fn define(
    import: &Import,
    existing: Option<&Schema>,
    findings: &mut Vec<Finding>,
) -> Vec<TableDefinition> {
    let mut parents: BTreeMap<String, (String, Parent)> = BTreeMap::new();
    for table in existing.into_iter().flat_map(Schema::tables) {
        parents.insert(
            table.name.to_lowercase(),
            (table.name.clone(), Parent::existing(table)),
        );
    }
    for table in &import.tables {
        parents.insert(
            table.name.to_lowercase(),
            (table.name.clone(), Parent::imported(table)),
        );
    }
    let mut out = Vec::with_capacity(import.tables.len());
    for table in &import.tables {
        let mut references: BTreeMap<String, Reference> = BTreeMap::new();
        for foreign in &table.foreign {
            resolve(table, foreign, &parents, &mut references, findings);
        }
        out.push(TableDefinition {
            name: table.name.clone(),
            at: table.at,
            rows: ROWS,
            keys: table_keys(table, import.dialect),
            columns: table
                .columns
                .iter()
                .map(|c| {
                    column(
                        table,
                        c,
                        references.get(&c.name.to_lowercase()),
                        import.dialect,
                        findings,
                    )
                })
                .collect(),
        });
    }
    out
}

fn resolve(
    table: &TableDdl,
    foreign: &ForeignDdl,
    parents: &BTreeMap<String, (String, Parent)>,
    references: &mut BTreeMap<String, Reference>,
    findings: &mut Vec<Finding>,
) {
    let mut leave = |why: String, advice: &str| {
        let message = format!(
            "the foreign key ({}) of table `{}` is left out: {why}",
            foreign.columns.join(", "),
            table.name
        );
        findings.push(foreign.at.finding(Level::Warning, message).advise(advice));
    };
    let Some((name, parent)) = parents.get(&foreign.table.to_lowercase()) else {
        return leave(
            format!("there is no table `{}`", foreign.table),
            "import the referenced table as well",
        );
    };
    let referred = if foreign.referred.is_empty() {
        &parent.primary_key
    } else {
        &foreign.referred
    };
    if referred.len() != foreign.columns.len() {
        return leave(
            format!(
                "`{name}` is referenced by {} columns and has {} to be referenced",
                foreign.columns.len(),
                referred.len()
            ),
            "name the referenced columns",
        );
    }
    let mut without = Vec::new();
    for (own, other) in foreign.columns.iter().zip(referred) {
        let Some(key) = parent.keys.iter().find(|k| k.eq_ignore_ascii_case(other)) else {
            without.push(format!("`{own}`"));
            continue;
        };
        let ty = parent
            .types
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(key))
            .map(|(_, t)| t.clone());
        references
            .entry(own.to_lowercase())
            .or_insert_with(|| (format!("{name}.{key}"), ty));
    }
    if without.is_empty() {
        return;
    }
    let why = format!(
        "what {} reference{} in `{name}` is no key by itself",
        without.join(" and "),
        if without.len() == 1 { "s" } else { "" }
    );
    if without.len() == foreign.columns.len() {
        leave(
            why,
            "references of dwsim.toml lead to one column that is a primary key or unique",
        );
    } else {
        leave(
            format!("{why}; the other columns keep their references"),
            "references of dwsim.toml are of one column each",
        );
    }
}

fn table_keys(table: &TableDdl, dialect: Dialect) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    if table.primary_key.len() > 1 {
        keys.push(("primary_key", list(&table.primary_key)));
    }
    let unique: Vec<String> = table
        .unique
        .iter()
        .filter(|k| k.len() > 1)
        .map(|k| list(k))
        .collect();
    if !unique.is_empty() {
        keys.push(("unique", format!("[{}]", unique.join(", "))));
    }
    if let Some(comment) = &table.comment {
        keys.push(("comment", quoted(comment)));
    }
    let mut own = Vec::new();
    match dialect {
        Dialect::Redshift => {
            if let Some(style) = &table.diststyle {
                own.push(format!("diststyle = {}", quoted(style)));
            }
            if let Some(key) = &table.distkey {
                own.push(format!("distkey = {}", quoted(key)));
            }
            if !table.sortkey.is_empty() {
                own.push(format!("sortkey = {}", list(&table.sortkey)));
            }
            if table.interleaved {
                own.push("interleaved = true".to_owned());
            }
        }
        Dialect::Snowflake => {
            if !table.cluster_by.is_empty() {
                own.push(format!("cluster_by = {}", list(&table.cluster_by)));
            }
            if table.transient {
                own.push("transient = true".to_owned());
            }
        }
    }
    if !own.is_empty() {
        keys.push((dialect.name(), format!("{{ {} }}", own.join(", "))));
    }
    keys
}

fn column(
    table: &TableDdl,
    c: &ColumnDdl,
    reference: Option<&Reference>,
    dialect: Dialect,
    findings: &mut Vec<Finding>,
) -> Definition {
    let Mapped {
        ty,
        own,
        nulls_only,
    } = types::map(&c.ty, &c.written, dialect);
    let is = |key: &[String]| key.len() == 1 && key[0].eq_ignore_ascii_case(&c.name);
    let primary = is(&table.primary_key);
    let unique = !primary && table.unique.iter().any(|k| is(k));
    let serial = c.identity == Some((1, 1)) && ty == LogicalType::BigInt && reference.is_none();
    let mut keys: Vec<(&'static str, String)> = Vec::new();
    let mut own_type = own;
    match reference {
        Some((_, parent)) => {
            keys.push(("type", quoted("foreign_key")));
            if parent.as_ref().is_some_and(|p| *p != c.ty) && own_type.is_none() {
                own_type = Some(c.written.to_uppercase());
            }
        }
        None if serial => keys.push(("type", quoted("serial"))),
        None => keys.push(("type", quoted(&ty.to_string()))),
    }
    if primary {
        keys.push(("primary_key", "true".into()));
    }
    if unique {
        keys.push(("unique", "true".into()));
    }
    if let Some((target, _)) = reference {
        keys.push(("references", quoted(target)));
    }
    if c.not_null && !primary && !serial {
        keys.push(("not_null", "true".into()));
    }
    let mut guess = None;
    match c.identity {
        _ if nulls_only => keys.push(("nulls", "1.0".into())),
        _ if serial || reference.is_some() => {}
        Some((start, step)) => {
            keys.push(("generator", quoted("sequence")));
            keys.push(("start", start.to_string()));
            keys.push(("step", step.to_string()));
        }
        None => {
            guess = dwsim_generate::guess(&c.name, ty, primary || unique).map(|g| (g.keys, g.why));
        }
    }
    match &c.default {
        Some(DefaultValue::Literal(text, kind)) => {
            let fits = match *kind {
                "number" => ty.is_numeric(),
                "boolean" => ty == LogicalType::Boolean,
                _ => true,
            };
            if fits {
                keys.push(("default", text.clone()));
            } else {
                keys.push(("default_sql", quoted(text.trim_matches('"'))));
            }
        }
        Some(DefaultValue::Sql(text)) => {
            let common = [
                "CURRENT_TIMESTAMP",
                "CURRENT_TIMESTAMP()",
                "CURRENT_DATE",
                "GETDATE()",
            ];
            if !common.contains(&text.to_uppercase().as_str()) {
                findings.push(
                    c.at.finding(Level::Warning, format!("the DEFAULT {text} of column `{}` is kept as it is written for {dialect}", c.name))
                        .advise("the other warehouse may refuse it; change `default_sql` then"),
                );
            }
            keys.push(("default_sql", quoted(text)));
        }
        None => {}
    }
    if let (Some(encode), Dialect::Redshift) = (&c.encode, dialect) {
        keys.push(("encode", quoted(encode)));
    }
    if let Some(comment) = &c.comment {
        keys.push(("comment", quoted(comment)));
    }
    if let Some(own) = own_type {
        let key = match dialect {
            Dialect::Redshift => "redshift_type",
            Dialect::Snowflake => "snowflake_type",
        };
        keys.push((key, quoted(&own)));
    }
    Definition {
        name: c.name.clone(),
        at: c.at,
        declared: c.written.clone(),
        ty,
        keys,
        guess,
    }
}

/// Drops the guesses that the generator refused.
pub(crate) fn without(tables: &mut [TableDefinition], refused: &BTreeSet<(String, String)>) {
    for table in tables {
        for column in &mut table.columns {
            if refused.contains(&(table.name.clone(), column.name.clone())) {
                column.guess = None;
            }
        }
    }
}
