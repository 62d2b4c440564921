//! Merging the layers of configuration into one tree, and telling where each value came from.
//! The meaning of keys is left to `read`, which also finds the unknown ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codes;
use crate::config::node::{Layer, Node, Origin, Value, add_source, parse_document, parse_value};
use crate::diagnostics::{Diagnostics, did_you_mean};

/// The compiled-in defaults, with comments: also the reference of every setting.
pub const DEFAULT_CONFIG: &str = include_str!("default-config.toml");

/// A setting given on the command line.
#[derive(Clone, Debug)]
pub struct Override {
    /// Path such as `project.seed`.
    pub path: String,
    /// Value as TOML, or bare text where a string is expected.
    pub value: String,
    /// How it was given, for messages, e.g. `--seed`.
    pub carrier: String,
}

/// Everything that configuration is made of; nothing else is looked at.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Name and text of dwsim.toml; none is an empty project.
    pub file: Option<(String, String)>,
    /// The chosen profile; without one `DWSIM_PROFILE` of the environment is taken.
    pub profile: Option<String>,
    /// Name and text of `.env.local`: lines `NAME=value`, `#` comments.
    pub env_file: Option<(String, String)>,
    /// The environment. Variables `DWSIM_SECTION__KEY` set `section.key`; others are ignored.
    pub env: BTreeMap<String, String>,
    /// Flags, later ones win.
    pub overrides: Vec<Override>,
    /// How files of reference rows are read; without it their rows stay unknown, which is enough for their columns.
    pub files: Files,
}

/// Reads a file that dwsim.toml names, relative to it, as CSV text.
type ReadFile = dyn Fn(&str) -> Result<String, String> + Send + Sync;

/// Reads the files that dwsim.toml names: this crate opens nothing itself.
#[derive(Clone, Default)]
pub struct Files(Option<Arc<ReadFile>>);

impl Files {
    /// A reader; it gets a name as it is written, and returns CSV text or a sentence that says why it cannot.
    #[must_use]
    pub fn new(read: impl Fn(&str) -> Result<String, String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(read)))
    }

    /// The text of a file; `None` if there is no reader.
    pub(crate) fn read(&self, name: &str) -> Option<Result<String, String>> {
        self.0.as_ref().map(|read| read(name))
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() {
            "Files(a reader)"
        } else {
            "Files(none)"
        })
    }
}

/// One value of the merged configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Path such as `project.seed`.
    pub path: String,
    /// Value in TOML notation.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// The merged tree.
pub(crate) struct Merged {
    pub(crate) root: Node,
    pub(crate) profiles: Vec<String>,
}

/// Reads and merges all layers; problems go to `diags`, whose source list is filled.
pub(crate) fn merge_layers(inputs: &Inputs, diags: &mut Diagnostics) -> Merged {
    let id = add_source(diags, "default-config.toml", DEFAULT_CONFIG);
    let source = diags.sources[id].clone();
    let mut root = parse_document(&source, id, &Layer::Default, diags);
    let mut profiles = Vec::new();

    if let Some((name, text)) = &inputs.file {
        let id = add_source(diags, name, text);
        let source = diags.sources[id].clone();
        let mut file = parse_document(&source, id, &Layer::File, diags);
        let profile_tables = take_profiles(&mut file);
        profiles = profile_tables.iter().map(|(n, _)| n.clone()).collect();
        merge(&mut root, file);
        let env_profile = inputs
            .env
            .get("DWSIM_PROFILE")
            .filter(|p| !p.is_empty())
            .cloned();
        if let Some(chosen) = inputs.profile.clone().or(env_profile) {
            match profile_tables.into_iter().find(|(n, _)| *n == chosen) {
                Some((name, mut node)) => {
                    node.relabel(&Layer::Profile(name));
                    merge(&mut root, node);
                }
                None => diags.push_global(
                    codes::UNKNOWN_PROFILE,
                    format!("there is no [profile.{chosen}] in {name}"),
                    did_you_mean(&chosen, profiles.iter().map(String::as_str)).or_else(|| {
                        (!profiles.is_empty()).then(|| format!("profiles: {}", profiles.join(", ")))
                    }),
                ),
            }
        }
    }
    if let Some((name, text)) = &inputs.env_file {
        let id = add_source(diags, name, text);
        read_env_file(&mut root, id, text, diags);
    }
    for (variable, value) in &inputs.env {
        if let Some(path) = variable_path(variable) {
            let id = add_source(diags, variable, value);
            set_raw(&mut root, &path, value, id, 0, &Layer::Environment, diags);
        }
    }
    for flag in &inputs.overrides {
        let id = add_source(diags, &flag.carrier, &flag.value);
        let path: Vec<String> = flag.path.split('.').map(str::to_owned).collect();
        set_raw(&mut root, &path, &flag.value, id, 0, &Layer::Flag, diags);
    }
    Merged { root, profiles }
}

/// `DWSIM_PROJECT__SEED` -> `project.seed`; `None` for variables that are not settings.
fn variable_path(variable: &str) -> Option<Vec<String>> {
    let rest = variable.strip_prefix("DWSIM_")?;
    let parts: Vec<String> = rest.split("__").map(str::to_ascii_lowercase).collect();
    (parts.len() > 1 && parts.iter().all(|p| !p.is_empty())).then_some(parts)
}

fn read_env_file(root: &mut Node, id: usize, text: &str, diags: &mut Diagnostics) {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let assignment = trimmed.strip_prefix("export ").unwrap_or(trimmed);
        let Some((name, value)) = assignment.split_once('=') else {
            let place = crate::Place::locate(id, text, start, start + line.trim_end().len());
            diags.push(codes::SYNTAX, place, "expected NAME=value", None);
            continue;
        };
        let value = value.trim();
        let unquoted = ['"', '\'']
            .iter()
            .find_map(|q| value.strip_prefix(*q)?.strip_suffix(*q))
            .unwrap_or(value);
        if let Some(path) = variable_path(name.trim()) {
            let at = start + line.find(name).unwrap_or(0);
            set_raw(root, &path, unquoted, id, at, &Layer::EnvFile, diags);
        }
    }
}

/// Puts a text at a path, making the tables on the way.
fn set_raw(
    root: &mut Node,
    path: &[String],
    value: &str,
    source: usize,
    at: usize,
    layer: &Layer,
    diags: &mut Diagnostics,
) {
    let text = diags.sources[source].text.clone();
    let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    let place = crate::Place::locate(source, &text, at, end);
    let leaf = Node {
        value: Value::Raw(value.to_owned()),
        place,
        key: place,
        layer: layer.clone(),
    };
    let tree = path.iter().rev().fold(leaf, |node, key| Node {
        value: Value::Table(vec![(key.clone(), node)]),
        place,
        key: place,
        layer: layer.clone(),
    });
    merge(root, tree);
}

/// Removes `profile` from the tree and returns its entries.
fn take_profiles(file: &mut Node) -> Vec<(String, Node)> {
    let Value::Table(entries) = &mut file.value else {
        return Vec::new();
    };
    let Some(at) = entries
        .iter()
        .position(|(k, n)| k == "profile" && n.table().is_some())
    else {
        return Vec::new();
    };
    match entries.remove(at).1.value {
        Value::Table(profiles) => profiles,
        _ => Vec::new(),
    }
}

/// Lays `over` on `base`: tables are merged key by key, everything else is replaced.
fn merge(base: &mut Node, over: Node) {
    match (&mut base.value, over.value) {
        (Value::Table(entries), Value::Table(new)) => {
            if over.layer != Layer::Default && base.layer == Layer::Default {
                // the first layer that writes a table gives it its place
                base.place = over.place;
                base.key = over.key;
                base.layer = over.layer;
            }
            for (key, node) in new {
                match entries.iter_mut().find(|(k, _)| *k == key) {
                    Some((_, old)) => merge(old, node),
                    None => entries.push((key, node)),
                }
            }
        }
        (_, value) => {
            *base = Node {
                value,
                place: over.place,
                key: over.key,
                layer: over.layer,
            }
        }
    }
}

impl Merged {
    /// Every leaf with its origin, in the order of the tree.
    pub(crate) fn settings(&self, diags: &Diagnostics) -> Vec<Setting> {
        let mut out = Vec::new();
        collect(&self.root, "", diags, &mut out);
        out
    }
}

fn collect(node: &Node, path: &str, diags: &Diagnostics, out: &mut Vec<Setting>) {
    if let Some(entries) = node.table() {
        for (key, child) in entries {
            let key = toml_key(key);
            let child_path = if path.is_empty() {
                key
            } else {
                format!("{path}.{key}")
            };
            collect(child, &child_path, diags, out);
        }
        return;
    }
    let carrier = diags
        .sources
        .get(node.place.source)
        .map_or_else(String::new, |s| s.name.clone());
    out.push(Setting {
        path: path.to_owned(),
        value: canonical(node),
        origin: Origin {
            layer: node.layer.clone(),
            carrier,
            place: node.place,
        },
    });
}

fn toml_key(key: &str) -> String {
    if !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    {
        key.to_owned()
    } else {
        quoted(key)
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One spelling of a value: keys of inline tables sorted (columns keep their order), numbers without separators.
pub(crate) fn canonical(node: &Node) -> String {
    match &node.value {
        Value::String(s) => quoted(s),
        Value::Integer(i) => i.to_string(),
        Value::Float(f) => f.replace('_', ""),
        Value::Boolean(b) => b.to_string(),
        Value::Datetime(d) => quoted(d),
        Value::Raw(text) => parse_value(text, node.place, &node.layer)
            .map_or_else(|| quoted(text), |n| canonical(&n)),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(canonical).collect::<Vec<_>>().join(", ")
        ),
        Value::Table(entries) => {
            let mut parts: Vec<(String, String)> = entries
                .iter()
                .map(|(k, n)| {
                    let value = if k == "columns" || k == "fields" {
                        ordered(n)
                    } else {
                        canonical(n)
                    };
                    (toml_key(k), value)
                })
                .collect();
            parts.sort();
            braces(&parts)
        }
    }
}

/// Like `canonical`, but the entries' order is part of the meaning.
fn ordered(node: &Node) -> String {
    node.table().map_or_else(
        || canonical(node),
        |entries| {
            braces(
                &entries
                    .iter()
                    .map(|(k, n)| (toml_key(k), canonical(n)))
                    .collect::<Vec<_>>(),
            )
        },
    )
}

fn braces(parts: &[(String, String)]) -> String {
    let inner: Vec<String> = parts.iter().map(|(k, v)| format!("{k} = {v}")).collect();
    format!("{{ {} }}", inner.join(", "))
}
