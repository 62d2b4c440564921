//! From the merged tree to the checked model; every key that nobody asked for is an error.
//! Checks over several columns or tables are left to `validate`.

mod column;
mod derived;
mod fields;
mod formula;
mod generator;
mod groups;
mod json;
mod numeric;
mod points;
mod rows;
mod series;
mod settings;
mod table;
mod values;

use std::cell::RefCell;

use crate::codes;
use crate::config::{Config, Files, Merged, Node, add_source, canonical};
use crate::diagnostics::{Diagnostics, Place};
use crate::model::Schema;
use crate::types::Dialect;
use crate::validate;

use fields::Fields;

/// Where problems are collected while reading.
pub(crate) struct Ctx {
    diags: RefCell<Diagnostics>,
    /// Reads the files that dwsim.toml names.
    files: Files,
    /// A line for the name and hash of every file that was read.
    contents: RefCell<Vec<String>>,
}

impl Ctx {
    /// Adds a text that places point into; its number.
    pub(crate) fn add_source(&self, name: &str, text: &str) -> usize {
        add_source(&mut self.diags.borrow_mut(), name, text)
    }

    /// How many problems were found so far.
    pub(crate) fn found(&self) -> usize {
        self.diags.borrow().items.len()
    }

    pub(crate) fn error(
        &self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.diags.borrow_mut().push(code, place, message, help);
    }
}

/// Reads the merged tree.
pub(crate) fn config(
    merged: &Merged,
    diags: Diagnostics,
    files: &Files,
) -> Result<Config, Diagnostics> {
    let settings = merged.settings(&diags);
    let unreadable = diags.items.iter().any(|d| d.code == codes::SYNTAX);
    let ctx = Ctx {
        diags: RefCell::new(diags),
        files: files.clone(),
        contents: RefCell::default(),
    };
    let root = Fields::of(&ctx, &merged.root, "dwsim.toml");
    let project = settings::project(&ctx, root.node("project"));
    let test = settings::test(&ctx, root.node("test"));
    let targets = settings::targets(&ctx, root.node("target"));
    if let Some(place) = root.node("profile").map(|n| n.key) {
        ctx.error(
            codes::WRONG_KIND,
            place,
            "profiles are tables: [profile.NAME]",
            None,
        );
    }
    if !targets.iter().any(|t| t.name == test.target) {
        let place = merged
            .root
            .get("test")
            .and_then(|t| t.get("target"))
            .map_or_else(Place::default, |n| n.place);
        ctx.error(
            codes::BAD_VALUE,
            place,
            format!("there is no [target.{}]", test.target),
            crate::diagnostics::did_you_mean(&test.target, targets.iter().map(|t| t.name.as_str())),
        );
    }
    let (tables, broken, mut canonical) = match root.node("tables") {
        None => (Vec::new(), Vec::new(), String::new()),
        Some(node) => {
            let (tables, broken) = table::tables(&ctx, node);
            (tables, broken, canonical_tables(node))
        }
    };
    root.finish();

    // other rows of a file are another schema
    canonical.extend(ctx.contents.into_inner());
    let mut diags = ctx.diags.into_inner();
    // after a syntax error half of the text is missing; whatever else is found there would only confuse
    if unreadable {
        diags.items.retain(|d| d.code == codes::SYNTAX);
        return diags.into_result(()).and(Err(Diagnostics::default()));
    }
    let mut schema = Schema {
        tables,
        order: Vec::new(),
        canonical,
        sources: diags.sources.clone(),
    };
    validate::schema(&mut schema, &broken, &mut diags);
    diags.into_result(Config {
        project,
        test,
        targets,
        schema,
        profiles: merged.profiles.clone(),
        settings,
    })
}

/// One spelling of all tables, in the order of the text.
fn canonical_tables(node: &Node) -> String {
    node.table().map_or_else(String::new, |entries| {
        entries
            .iter()
            .map(|(name, n)| format!("{name:?} = {}\n", canonical(n)))
            .collect()
    })
}

/// Reads a list of dialects.
fn dialects(ctx: &Ctx, node: &Node, names: &[(String, Place)]) -> Vec<Dialect> {
    let mut out = Vec::new();
    for (name, place) in names {
        match Dialect::from_name(name) {
            Some(d) if out.contains(&d) => {
                ctx.error(
                    codes::CONFLICT,
                    *place,
                    format!("dialect `{name}` is listed twice"),
                    None,
                );
            }
            Some(d) => out.push(d),
            None => ctx.error(
                codes::BAD_VALUE,
                *place,
                format!("unknown dialect `{name}`"),
                crate::diagnostics::did_you_mean(name, Dialect::ALL.map(Dialect::name))
                    .or_else(|| Some("dialects are `redshift` and `snowflake`".into())),
            ),
        }
    }
    if names.is_empty() {
        ctx.error(
            codes::BAD_VALUE,
            node.place,
            "the list of dialects is empty",
            None,
        );
    }
    out
}
