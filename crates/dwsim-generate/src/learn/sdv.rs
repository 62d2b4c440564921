//! SDV's metadata (version V1 and SINGLE_TABLE_V1) as a schema; values come from samples where there are some.
//! See <https://docs.sdv.dev/sdv/concepts/metadata/metadata-json>.

use serde_json::{Map, Value};

use crate::learn::{
    Definition, LearnError, Learned, TableDefinition, column, quoted, relations, render,
};
use crate::sample::Sample;

/// Proposes a schema for SDV metadata. Samples are found by their table's name; without one, ranges are the types'.
///
/// # Errors
/// If the text is not SDV's metadata; everything that has no counterpart is a note.
pub fn sdv(metadata: &str, samples: &[Sample]) -> Result<Learned, LearnError> {
    let wrong = |message: &str| LearnError::Metadata(message.to_owned());
    let root: Value =
        serde_json::from_str(metadata).map_err(|e| LearnError::Metadata(e.to_string()))?;
    let version = root.get("METADATA_SPEC_VERSION").and_then(Value::as_str);
    let mut notes = Vec::new();
    let single = Map::from_iter([("table".to_owned(), root.clone())]);
    let tables = match version {
        Some("V1" | "MULTI_TABLE_V1") => root
            .get("tables")
            .and_then(Value::as_object)
            .ok_or_else(|| wrong("`tables` is missing"))?,
        Some("SINGLE_TABLE_V1") => &single,
        Some(other) => {
            return Err(LearnError::Metadata(format!(
                "METADATA_SPEC_VERSION is {other}; V1 and SINGLE_TABLE_V1 are known"
            )));
        }
        None => return Err(wrong("METADATA_SPEC_VERSION is missing")),
    };
    let mut out = Vec::with_capacity(tables.len());
    for (name, table) in tables {
        let sample = samples.iter().find(|s| s.name == *name);
        out.push(read_table(name, table, sample, &mut notes)?);
    }
    let relationships = root.get("relationships").and_then(Value::as_array);
    for relationship in relationships.into_iter().flatten() {
        relate(relationship, &mut out, &mut notes)?;
    }
    for table in &mut out {
        if let Some(sample) = samples.iter().find(|s| s.name == table.name) {
            relations::correlations(sample, table)?;
        }
    }
    for sample in samples.iter().filter(|s| !tables.contains_key(&s.name)) {
        notes.push(format!(
            "the sample `{}` is not in the metadata",
            sample.name
        ));
    }
    Ok(Learned {
        toml: render(&out),
        notes,
    })
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn read_table(
    name: &str,
    table: &Value,
    sample: Option<&Sample>,
    notes: &mut Vec<String>,
) -> Result<TableDefinition, LearnError> {
    let columns = table
        .get("columns")
        .and_then(Value::as_object)
        .ok_or_else(|| LearnError::Metadata(format!("table `{name}` has no `columns`")))?;
    let mut out = TableDefinition {
        name: name.to_owned(),
        rows: sample.map_or(1000, |s| s.rows.num_rows() as u64),
        ..TableDefinition::default()
    };
    if sample.is_none() {
        notes.push(format!(
            "`{name}`: no sample, so rows, ranges and categories are guesses"
        ));
    }
    let primary = text(table, "primary_key");
    let alternate: Vec<&str> = table
        .get("alternate_keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (column, description) in columns {
        let key = primary == Some(column.as_str());
        let mut definition = read_column(name, column, description, key, sample, notes)?;
        definition.remove("unique");
        if key {
            definition.set("primary_key", "true");
            definition.remove("truncate");
            definition.remove("nulls");
        } else if alternate.contains(&column.as_str()) {
            definition.set("unique", "true");
            definition.remove("truncate");
        }
        if description.get("pii").and_then(Value::as_bool) == Some(true) {
            definition.set("pii", "true");
        }
        out.columns.push((column.clone(), definition));
    }
    for key in ["sequence_key", "sequence_index"] {
        if let Some(column) = text(table, key) {
            let message = format!(
                "`{name}`: {key} = `{column}` is taken as a plain column; see `children` and `generator = \"walk\"`"
            );
            notes.push(message);
        }
    }
    Ok(out)
}

fn read_column(
    table: &str,
    name: &str,
    description: &Value,
    key: bool,
    sample: Option<&Sample>,
    notes: &mut Vec<String>,
) -> Result<Definition, LearnError> {
    let sdtype = text(description, "sdtype").unwrap_or("unknown");
    let array = sample.and_then(|s| s.rows.column_by_name(name));
    if sample.is_some() && array.is_none() {
        notes.push(format!("`{table}.{name}` is not in the sample"));
    }
    if array.is_some_and(|a| a.is_empty()) {
        return Err(LearnError::Empty(table.to_owned()));
    }
    if let Some(provider) = provider(sdtype) {
        let mut out = Definition::of("varchar(255)")
            .with("generator", quoted(&format!("faker.{provider}")))
            .with("truncate", "true");
        if let Some(array) = array.filter(|a| a.null_count() > 0) {
            let share = array.null_count() as f64 / array.len() as f64;
            out.set("nulls", crate::learn::float(share, 3));
        }
        return Ok(out);
    }
    if sdtype == "id" {
        if let Some(pattern) = text(description, "regex_format") {
            return Ok(Definition::of("varchar(255)").with("pattern", quoted(pattern)));
        }
        if let Some(array) = array {
            return column::define(name, array, true);
        }
        return Ok(if key {
            Definition::of("serial")
        } else {
            Definition::of("bigint")
        });
    }
    if let Some(array) = array {
        let mut out = column::define(name, array, true)?;
        let text_date =
            sdtype == "datetime" && out.get("type").is_some_and(|t| t.contains("varchar"));
        if text_date {
            let format = text(description, "datetime_format").unwrap_or("?");
            notes.push(format!(
                "`{table}.{name}`: the format {format} is not ISO 8601; the range is not taken over"
            ));
            out = Definition::of(datetime(description));
        }
        return Ok(out);
    }
    Ok(match sdtype {
        "numerical" => Definition::of(match text(description, "computer_representation") {
            Some("Int8" | "UInt8" | "Int16") => "smallint",
            Some("UInt16" | "Int32") => "integer",
            Some("UInt32" | "Int64" | "UInt64") => "bigint",
            _ => "double",
        }),
        "datetime" => Definition::of(datetime(description)),
        "boolean" => Definition::of("boolean"),
        "categorical" => {
            notes.push(format!(
                "`{table}.{name}`: the categories are unknown without a sample; give it `values`"
            ));
            Definition::of("varchar(20)").with("pattern", quoted("category [A-E]"))
        }
        other => {
            notes.push(format!(
                "`{table}.{name}`: no counterpart of sdtype `{other}`; taking random letters"
            ));
            Definition::of("varchar(50)").with("pattern", quoted("[a-z]{5,20}"))
        }
    })
}

/// `timestamp` for a format with hours, otherwise `date`.
fn datetime(description: &Value) -> &'static str {
    let format = text(description, "datetime_format").unwrap_or("%H");
    if ["%H", "%I", "%X", "%c", "%s"]
        .iter()
        .any(|p| format.contains(p))
    {
        "timestamp"
    } else {
        "date"
    }
}

/// Our provider for one of SDV's domain concepts, most of which are named as Faker's.
fn provider(sdtype: &str) -> Option<&'static str> {
    let name = match sdtype {
        "ipv4_address" => "ipv4",
        "ipv6_address" => "ipv6",
        "user_agent_string" => "user_agent",
        "administrative_unit" => "state",
        "street_number" => "building_number",
        "country_code" => "country_code",
        "company_email" => "company_email",
        "currency" => "currency_code",
        "catch_phrase" => "catch_phrase",
        other => other,
    };
    crate::provider_names().iter().copied().find(|n| *n == name)
}

fn relate(
    relationship: &Value,
    tables: &mut [TableDefinition],
    notes: &mut Vec<String>,
) -> Result<(), LearnError> {
    let key = |k: &str| {
        text(relationship, k)
            .ok_or_else(|| LearnError::Metadata(format!("a relationship lacks `{k}`")))
    };
    let (parent, child) = (key("parent_table_name")?, key("child_table_name")?);
    let (to, from) = (key("parent_primary_key")?, key("child_foreign_key")?);
    if !tables.iter().any(|t| t.name == parent) {
        return Err(LearnError::Metadata(format!(
            "a relationship names the table `{parent}`, which there is not"
        )));
    }
    let column = tables
        .iter_mut()
        .find(|t| t.name == child)
        .and_then(|t| t.columns.iter_mut().find(|(n, _)| n == from));
    let Some((_, definition)) = column else {
        return Err(LearnError::Metadata(format!(
            "a relationship names `{child}.{from}`, which there is not"
        )));
    };
    if parent == child {
        notes.push(format!(
            "`{child}.{from}` references its own table: a tree without circles"
        ));
    }
    let nulls = definition.get("nulls").map(str::to_owned);
    let unique = definition.get("primary_key").is_some();
    let mut new =
        Definition::of("foreign_key").with("references", quoted(&format!("{parent}.{to}")));
    if unique {
        new.set("primary_key", "true");
    }
    if let Some(nulls) = nulls {
        new.set("nulls", nulls);
    }
    *definition = new;
    Ok(())
}
