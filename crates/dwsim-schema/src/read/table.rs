//! `[tables.*]`: rows, keys, warehouse attributes and the list of columns.
//! One column is left to `column`; checks across columns to `validate`.

use crate::codes;
use crate::config::{Node, Value};
use crate::diagnostics::{Place, did_you_mean};
use crate::identifiers;
use crate::model::{DistStyle, RedshiftTable, SnowflakeTable, Table};
use crate::read::Ctx;
use crate::read::column::{self, Target};
use crate::read::fields::{Fields, string_of};
use crate::read::groups;
use crate::read::rows;

/// Greatest number of rows of a table: row numbers stay exact in every type on the way.
const MAX_ROWS: i128 = 1 << 50;

/// All tables, and for each whether something in it could not be read.
pub(crate) fn tables(ctx: &Ctx, node: &Node) -> (Vec<Table>, Vec<bool>) {
    let Some(entries) = node.table() else {
        ctx.error(
            codes::WRONG_KIND,
            node.place,
            "tables are tables: [tables.NAME]",
            None,
        );
        return (Vec::new(), Vec::new());
    };
    names(
        ctx,
        "table",
        entries.iter().map(|(n, node)| (n.as_str(), node.key)),
    );
    let targets = Targets { entries };
    entries
        .iter()
        .map(|(name, n)| {
            let before = ctx.found();
            (table(ctx, name, n, &targets), ctx.found() > before)
        })
        .unzip()
}

/// Looks up the declared type of a referenced column, following references to their end.
pub(crate) struct Targets<'a> {
    entries: &'a [(String, Node)],
}

impl Targets<'_> {
    /// No tables at all: values inside of JSON reference nothing.
    pub(crate) fn none() -> Self {
        Self { entries: &[] }
    }

    /// The node of the column, or why there is none.
    pub(crate) fn column(&self, table: &str, column: &str) -> Target<'_> {
        let Some((_, table_node)) = self.entries.iter().find(|(n, _)| n == table) else {
            return Target::NoTable(did_you_mean(
                table,
                self.entries.iter().map(|(n, _)| n.as_str()),
            ));
        };
        let columns = table_node
            .get("columns")
            .and_then(Node::table)
            .unwrap_or(&[]);
        match columns.iter().find(|(n, _)| n == column) {
            Some((_, node)) => Target::Column(node),
            None => Target::NoColumn(did_you_mean(
                column,
                columns.iter().map(|(n, _)| n.as_str()),
            )),
        }
    }
}

/// Checks names: usable in both warehouses, and no two alike but for case.
pub(crate) fn names<'a>(ctx: &Ctx, what: &str, names: impl Iterator<Item = (&'a str, Place)>) {
    let mut seen: Vec<String> = Vec::new();
    for (name, place) in names {
        if name.is_empty() || name.len() > identifiers::MAX_LENGTH || name.contains('\0') {
            ctx.error(
                codes::BAD_NAME,
                place,
                format!(
                    "the {what} name has {} bytes; 1 to {} are possible",
                    name.len(),
                    identifiers::MAX_LENGTH
                ),
                None,
            );
        }
        let folded = name.to_lowercase();
        if seen.contains(&folded) {
            ctx.error(
                codes::BAD_NAME,
                place,
                format!("two {what}s are called `{name}` but for upper and lower case"),
                Some("both warehouses fold the case of names".into()),
            );
        }
        seen.push(folded);
    }
}

fn table(ctx: &Ctx, name: &str, node: &Node, targets: &Targets<'_>) -> Table {
    let f = Fields::of(ctx, node, format!("table `{name}`"));
    let count = f.integer("rows", 0..=MAX_ROWS);
    let grouped = groups::members(node);
    // the number of children decides the number of rows
    let counted = node
        .get("columns")
        .and_then(Node::table)
        .is_some_and(|c| c.iter().any(|(_, n)| n.get("children").is_some()));
    if counted && f.has("rows") {
        f.error(
            codes::CONFLICT,
            "rows",
            "`rows` and the `children` of a column both say how many rows there are",
            None,
        );
    }
    if f.has("data") && (f.has("rows") || counted) {
        f.error(
            codes::CONFLICT,
            "data",
            "`data` says how many rows there are, and so does something else",
            None,
        );
    }
    if f.has("file") && (f.has("rows") || counted || f.has("data")) {
        f.error(
            codes::CONFLICT,
            "file",
            "`file` says how many rows there are, and so does something else",
            None,
        );
    }
    if count.is_none() && !f.has("rows") && !counted && !f.has("data") && !f.has("file") {
        ctx.error(
            codes::MISSING_KEY,
            f.place,
            format!("table `{name}` lacks `rows`"),
            Some("such as rows = 1_000".into()),
        );
    }
    let comment = f.string("comment");
    let primary_key: Vec<String> = f
        .strings("primary_key")
        .unwrap_or_default()
        .into_iter()
        .map(|(n, _)| n)
        .collect();
    let unique = unique(&f);
    let redshift = redshift(ctx, f.node("redshift"), name);
    let snowflake = snowflake(ctx, f.node("snowflake"), name);
    let mut columns = Vec::new();
    match f.node("columns") {
        None => ctx.error(
            codes::MISSING_KEY,
            f.place,
            format!("table `{name}` has no columns"),
            None,
        ),
        Some(n) => match n.table() {
            Some([]) => ctx.error(
                codes::MISSING_KEY,
                n.key,
                format!("table `{name}` has no columns"),
                None,
            ),
            Some(entries) => {
                names(
                    ctx,
                    "column",
                    entries.iter().map(|(n, node)| (n.as_str(), node.key)),
                );
                columns = entries
                    .iter()
                    .filter_map(|(c, n)| {
                        column::column(
                            ctx,
                            name,
                            c,
                            n,
                            targets,
                            grouped.contains(c),
                            primary_key == [c.as_str()],
                        )
                    })
                    .collect();
            }
            None => ctx.error(
                codes::WRONG_KIND,
                n.place,
                format!("[tables.{name}.columns] must be a table"),
                None,
            ),
        },
    }
    let read = rows::from_file(&f, &mut columns);
    let given = rows::given(&f, &mut columns).or(read.as_ref().map(|(_, rows)| *rows));
    let groups = groups::groups(ctx, &f, &mut columns);
    let correlate = groups::correlations(&f);
    let (place, rows_place, key_place) = (f.place, f.place_of("rows"), f.place_of("primary_key"));
    f.finish();
    Table {
        name: name.to_owned(),
        rows: given
            .or_else(|| count.and_then(|r| u64::try_from(r).ok()))
            .unwrap_or(0),
        groups,
        correlate,
        columns,
        primary_key,
        file: read.map(|(name, _)| name),
        unique,
        comment,
        redshift,
        snowflake,
        place,
        rows_place,
        key_place,
    }
}

/// `unique = [["a", "b"], …]`; `["a", "b"]` alone would be ambiguous and is refused.
fn unique(f: &Fields<'_>) -> Vec<Vec<String>> {
    let Some(node) = f.node("unique") else {
        return Vec::new();
    };
    let help = || Some("a list of lists: unique = [[\"a\", \"b\"]]".to_owned());
    let Value::Array(keys) = &node.value else {
        f.error(
            codes::WRONG_KIND,
            "unique",
            "`unique` of a table is a list of keys",
            help(),
        );
        return Vec::new();
    };
    let mut out = Vec::new();
    for key in keys {
        let names: Option<Vec<String>> = match &key.value {
            Value::Array(names) => names.iter().map(string_of).collect(),
            _ => None,
        };
        match names {
            Some(names) if !names.is_empty() => out.push(names),
            _ => f.ctx.error(
                codes::WRONG_KIND,
                key.place,
                "a key is a list of column names",
                help(),
            ),
        }
    }
    out
}

fn redshift(ctx: &Ctx, node: Option<&Node>, table: &str) -> RedshiftTable {
    let Some(node) = node else {
        return RedshiftTable::default();
    };
    let f = Fields::of(ctx, node, format!("`redshift` of table `{table}`"));
    let styles = [
        ("auto", DistStyle::Auto),
        ("even", DistStyle::Even),
        ("key", DistStyle::Key),
        ("all", DistStyle::All),
    ];
    let out = RedshiftTable {
        diststyle: f.word("diststyle", &styles),
        distkey: f.string("distkey"),
        sortkey: f
            .strings("sortkey")
            .unwrap_or_default()
            .into_iter()
            .map(|(n, _)| n)
            .collect(),
        interleaved: f.boolean("interleaved").unwrap_or(false),
    };
    if out.distkey.is_some() && out.diststyle.is_some_and(|s| s != DistStyle::Key) {
        f.error(
            codes::CONFLICT,
            "diststyle",
            "a distkey goes only with diststyle = \"key\"",
            None,
        );
    }
    if out.distkey.is_none() && out.diststyle == Some(DistStyle::Key) {
        f.error(
            codes::MISSING_KEY,
            "diststyle",
            "diststyle = \"key\" needs a distkey",
            None,
        );
    }
    if out.interleaved && out.sortkey.is_empty() {
        f.error(
            codes::MISSING_KEY,
            "interleaved",
            "an interleaved sort key needs `sortkey`",
            None,
        );
    }
    f.finish();
    out
}

fn snowflake(ctx: &Ctx, node: Option<&Node>, table: &str) -> SnowflakeTable {
    let Some(node) = node else {
        return SnowflakeTable::default();
    };
    let f = Fields::of(ctx, node, format!("`snowflake` of table `{table}`"));
    let out = SnowflakeTable {
        cluster_by: f
            .strings("cluster_by")
            .unwrap_or_default()
            .into_iter()
            .map(|(n, _)| n)
            .collect(),
        transient: f.boolean("transient").unwrap_or(false),
    };
    f.finish();
    out
}
