//! The options of file formats with their defaults, as DESCRIBE and SHOW print them.
//! What the options do is decided in `file_format`.
//!
//! Source: "CREATE FILE FORMAT", "DESCRIBE FILE FORMAT".

use super::file_format::Properties;

/// An option: name, type, default.
type Row = (&'static str, &'static str, &'static str);

const CSV: &[Row] = &[
    ("TYPE", "String", "CSV"),
    ("RECORD_DELIMITER", "String", "\\n"),
    ("FIELD_DELIMITER", "String", ","),
    ("FILE_EXTENSION", "String", ""),
    ("SKIP_HEADER", "Integer", "0"),
    ("PARSE_HEADER", "Boolean", "false"),
    ("DATE_FORMAT", "String", "AUTO"),
    ("TIME_FORMAT", "String", "AUTO"),
    ("TIMESTAMP_FORMAT", "String", "AUTO"),
    ("BINARY_FORMAT", "String", "HEX"),
    ("ESCAPE", "String", "NONE"),
    ("ESCAPE_UNENCLOSED_FIELD", "String", "\\\\"),
    ("TRIM_SPACE", "Boolean", "false"),
    ("FIELD_OPTIONALLY_ENCLOSED_BY", "String", "NONE"),
    ("NULL_IF", "List", "[\\\\N]"),
    ("COMPRESSION", "String", "AUTO"),
    ("ERROR_ON_COLUMN_COUNT_MISMATCH", "Boolean", "true"),
    ("VALIDATE_UTF8", "Boolean", "true"),
    ("SKIP_BLANK_LINES", "Boolean", "false"),
    ("REPLACE_INVALID_CHARACTERS", "Boolean", "false"),
    ("EMPTY_FIELD_AS_NULL", "Boolean", "true"),
    ("SKIP_BYTE_ORDER_MARK", "Boolean", "true"),
    ("ENCODING", "String", "UTF8"),
    ("MULTI_LINE", "Boolean", "true"),
];

const JSON: &[Row] = &[
    ("TYPE", "String", "JSON"),
    ("FILE_EXTENSION", "String", ""),
    ("DATE_FORMAT", "String", "AUTO"),
    ("TIME_FORMAT", "String", "AUTO"),
    ("TIMESTAMP_FORMAT", "String", "AUTO"),
    ("BINARY_FORMAT", "String", "HEX"),
    ("TRIM_SPACE", "Boolean", "false"),
    ("NULL_IF", "List", "[]"),
    ("COMPRESSION", "String", "AUTO"),
    ("ENABLE_OCTAL", "Boolean", "false"),
    ("ALLOW_DUPLICATE", "Boolean", "false"),
    ("STRIP_OUTER_ARRAY", "Boolean", "false"),
    ("STRIP_NULL_VALUES", "Boolean", "false"),
    ("IGNORE_UTF8_ERRORS", "Boolean", "false"),
    ("REPLACE_INVALID_CHARACTERS", "Boolean", "false"),
    ("SKIP_BYTE_ORDER_MARK", "Boolean", "true"),
    ("MULTI_LINE", "Boolean", "true"),
];

const PARQUET: &[Row] = &[
    ("TYPE", "String", "PARQUET"),
    ("TRIM_SPACE", "Boolean", "false"),
    ("NULL_IF", "List", "[]"),
    ("COMPRESSION", "String", "AUTO"),
    ("BINARY_AS_TEXT", "Boolean", "true"),
    ("REPLACE_INVALID_CHARACTERS", "Boolean", "false"),
    ("USE_LOGICAL_TYPE", "Boolean", "false"),
    ("USE_VECTORIZED_SCANNER", "Boolean", "false"),
];

const AVRO: &[Row] = &[
    ("TYPE", "String", "AVRO"),
    ("TRIM_SPACE", "Boolean", "false"),
    ("NULL_IF", "List", "[]"),
    ("COMPRESSION", "String", "AUTO"),
    ("REPLACE_INVALID_CHARACTERS", "Boolean", "false"),
];

const ORC: &[Row] = &[
    ("TYPE", "String", "ORC"),
    ("TRIM_SPACE", "Boolean", "false"),
    ("NULL_IF", "List", "[]"),
    ("REPLACE_INVALID_CHARACTERS", "Boolean", "false"),
];

const XML: &[Row] = &[
    ("TYPE", "String", "XML"),
    ("COMPRESSION", "String", "AUTO"),
    ("IGNORE_UTF8_ERRORS", "Boolean", "false"),
    ("PRESERVE_SPACE", "Boolean", "false"),
    ("STRIP_OUTER_ELEMENT", "Boolean", "false"),
    ("DISABLE_AUTO_CONVERT", "Boolean", "false"),
    ("DISABLE_SNOWFLAKE_DATA", "Boolean", "false"),
    ("REPLACE_INVALID_CHARACTERS", "Boolean", "false"),
    ("SKIP_BYTE_ORDER_MARK", "Boolean", "true"),
];

/// The options of a type of files.
pub(super) fn defaults(ty: &str) -> &'static [Row] {
    match ty.to_ascii_uppercase().as_str() {
        "JSON" => JSON,
        "PARQUET" => PARQUET,
        "AVRO" => AVRO,
        "ORC" => ORC,
        "XML" => XML,
        _ => CSV,
    }
}

/// A given value as it is printed: words in upper case, switches in lower case, lists in brackets.
fn printed(ty: &str, value: &str) -> String {
    match ty {
        "Boolean" => value.to_lowercase(),
        "List" => match serde_json::from_str::<Vec<String>>(value) {
            Ok(items) => format!("[{}]", items.join(", ")),
            Err(_) => format!("[{value}]"),
        },
        _ => value
            .replace('\n', "\\n")
            .replace('\t', "\\t")
            .replace('\r', "\\r"),
    }
}

/// A format's options: name, type, value, default.
pub(super) fn described(format: &Properties) -> Vec<[String; 4]> {
    let ty = format.get("TYPE").map_or("CSV", String::as_str);
    defaults(ty)
        .iter()
        .map(|(name, ty, default)| {
            let value = match format.get(*name) {
                Some(v) if *name == "TYPE" || *name == "COMPRESSION" => v.to_uppercase(),
                Some(v) => printed(ty, v),
                None => (*default).to_owned(),
            };
            [
                (*name).to_owned(),
                (*ty).to_owned(),
                value,
                (*default).to_owned(),
            ]
        })
        .collect()
}

/// A format's options as SHOW FILE FORMATS prints them.
pub(super) fn options_json(format: &Properties) -> String {
    let members: Vec<String> = described(format)
        .into_iter()
        .map(|[name, ty, value, _]| {
            let value = match ty.as_str() {
                "Boolean" | "Integer" => value,
                "List" => match format.get(&name) {
                    Some(v) if v.starts_with('[') => v.clone(),
                    Some(v) => serde_json::json!([v]).to_string(),
                    None if name == "NULL_IF" && value != "[]" => r#"["\\N"]"#.to_owned(),
                    None => "[]".to_owned(),
                },
                _ => {
                    let plain = match format.get(&name) {
                        Some(v) if name != "TYPE" && name != "COMPRESSION" => v.clone(),
                        _ => value.replace("\\n", "\n").replace("\\\\", "\\"),
                    };
                    serde_json::Value::from(plain).to_string()
                }
            };
            format!("{}:{value}", serde_json::Value::from(name))
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_formats() {
        let given: Properties = [
            ("TYPE", "csv"),
            ("FIELD_DELIMITER", "|"),
            ("NULL_IF", r#"["NULL",""]"#),
            ("SKIP_HEADER", "1"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
        let rows = described(&given);
        let row = |name: &str| {
            rows.iter()
                .find(|r| r[0] == name)
                .cloned()
                .unwrap_or_default()
        };
        assert_eq!(row("TYPE"), ["TYPE", "String", "CSV", "CSV"]);
        assert_eq!(row("FIELD_DELIMITER")[2..], ["|", ","]);
        assert_eq!(row("NULL_IF")[2..], ["[NULL, ]", "[\\\\N]"]);
        assert_eq!(row("SKIP_HEADER")[1..], ["Integer", "1", "0"]);
        let json: serde_json::Value =
            serde_json::from_str(&options_json(&given)).unwrap_or_default();
        assert_eq!(json["TYPE"], "CSV");
        assert_eq!(json["SKIP_HEADER"], 1);
        assert_eq!(json["NULL_IF"], serde_json::json!(["NULL", ""]));
        assert_eq!(json["RECORD_DELIMITER"], "\n");
        assert_eq!(json["ESCAPE_UNENCLOSED_FIELD"], "\\");
    }
}
