//! File format options of CREATE FILE FORMAT, CREATE STAGE and COPY, as settings of the readers and writers.
//! Reading files is `dwsim_engine::load`.
//!
//! Source: "CREATE FILE FORMAT".

use std::collections::BTreeMap;

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::kernels::semi::XmlDocuments;
use dwsim_engine::load::{
    ColumnarFormat, Compression, CsvOptions, Delimiter, Encoding, JsonOptions, XmlOptions,
};
use dwsim_engine::variant::ParseMode;

use crate::parse::{Options, invalid_option};

/// Options by upper-case name, values as texts; lists as JSON.
pub(super) type Properties = BTreeMap<String, String>;

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileType {
    Csv,
    Json,
    /// Parquet, Avro or ORC.
    Columnar(ColumnarFormat),
    Xml,
}

impl FileType {
    pub const PARQUET: FileType = FileType::Columnar(ColumnarFormat::Parquet);

    /// As messages name it.
    pub const fn word(self) -> &'static str {
        match self {
            FileType::Csv => "CSV",
            FileType::Json => "JSON",
            FileType::Columnar(ColumnarFormat::Parquet) => "PARQUET",
            FileType::Columnar(ColumnarFormat::Avro) => "AVRO",
            FileType::Columnar(ColumnarFormat::Orc) => "ORC",
            FileType::Xml => "XML",
        }
    }
}

/// A file format, ready for use.
#[derive(Debug, Clone)]
pub(super) struct FileFormat {
    pub file_type: FileType,
    pub compression: Compression,
    pub csv: CsvOptions,
    pub json: JsonOptions,
    pub xml: XmlOptions,
    /// Records with another number of fields than the table has columns are errors.
    pub strict_columns: bool,
    /// Formats for dates and times, by the session parameter they stand in for.
    pub formats: Vec<(&'static str, String)>,
    /// NULL_IF of files that are no CSV: texts that mean NULL where members become columns.
    pub document_nulls: Vec<String>,
    /// Bytes are written and read as HEX, BASE64 or UTF8.
    pub binary_format: String,
    /// Ending of unloaded files.
    pub extension: Option<String>,
}

const KNOWN: &[&str] = &[
    "TYPE",
    "COMPRESSION",
    "RECORD_DELIMITER",
    "FIELD_DELIMITER",
    "MULTI_LINE",
    "FILE_EXTENSION",
    "PARSE_HEADER",
    "SKIP_HEADER",
    "SKIP_BLANK_LINES",
    "DATE_FORMAT",
    "TIME_FORMAT",
    "TIMESTAMP_FORMAT",
    "BINARY_FORMAT",
    "ESCAPE",
    "ESCAPE_UNENCLOSED_FIELD",
    "TRIM_SPACE",
    "FIELD_OPTIONALLY_ENCLOSED_BY",
    "NULL_IF",
    "ERROR_ON_COLUMN_COUNT_MISMATCH",
    "REPLACE_INVALID_CHARACTERS",
    "VALIDATE_UTF8",
    "EMPTY_FIELD_AS_NULL",
    "SKIP_BYTE_ORDER_MARK",
    "ENCODING",
    "ENABLE_OCTAL",
    "ALLOW_DUPLICATE",
    "STRIP_OUTER_ARRAY",
    "STRIP_NULL_VALUES",
    "STRIP_OUTER_ELEMENT",
    "PRESERVE_SPACE",
    "DISABLE_AUTO_CONVERT",
    "DISABLE_SNOWFLAKE_DATA",
    "IGNORE_UTF8_ERRORS",
    "SNAPPY_COMPRESSION",
    "BINARY_AS_TEXT",
    "USE_LOGICAL_TYPE",
    "USE_VECTORIZED_SCANNER",
    "COMMENT",
    "FORMAT_NAME",
];

/// Checks the names of the options of a FILE_FORMAT clause.
///
/// # Errors
/// Unknown options.
pub(super) fn check_names(options: &Options) -> Result<()> {
    options.only(KNOWN)
}

/// Checks the options of CREATE FILE FORMAT.
///
/// # Errors
/// Unknown options and values.
pub(super) fn check(options: &Options) -> Result<()> {
    options.only(KNOWN)?;
    FileFormat::new(&super::objects::properties(options)).map(drop)
}

fn flag(p: &Properties, name: &str, default: bool) -> Result<bool> {
    match p.get(name).map(|v| v.to_ascii_uppercase()).as_deref() {
        None => Ok(default),
        Some("TRUE") => Ok(true),
        Some("FALSE") => Ok(false),
        Some(_) => Err(invalid_option(name)),
    }
}

/// Escapes as the options document them: `\t`, `\n`, `\\`, octal and hexadecimal.
fn unescape(s: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len());
    let mut rest = s;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            out.extend(c.to_string().bytes());
            continue;
        }
        let Some(e) = rest.chars().next() else {
            out.push(b'\\');
            break;
        };
        rest = &rest[e.len_utf8()..];
        match e {
            't' => out.push(b'\t'),
            'n' => out.push(b'\n'),
            'r' => out.push(b'\r'),
            'x' | 'X' if rest.len() >= 2 && rest.is_char_boundary(2) => {
                match u8::from_str_radix(&rest[..2], 16) {
                    Ok(b) => {
                        out.push(b);
                        rest = &rest[2..];
                    }
                    Err(_) => out.push(b'x'),
                }
            }
            '0'..='7' if rest.len() >= 2 && rest.is_char_boundary(2) => {
                match u8::from_str_radix(&format!("{e}{}", &rest[..2]), 8) {
                    Ok(b) => {
                        out.push(b);
                        rest = &rest[2..];
                    }
                    Err(_) => out.push(e as u8),
                }
            }
            other => out.extend(other.to_string().bytes()),
        }
    }
    out
}

fn one_byte(p: &Properties, name: &str, default: Option<u8>) -> Result<Option<u8>> {
    let Some(v) = p.get(name) else {
        return Ok(default);
    };
    if v.eq_ignore_ascii_case("NONE") {
        return Ok(None);
    }
    match unescape(v).as_slice() {
        [] => Ok(None),
        [b] => Ok(Some(*b)),
        _ if v == "\\" => Ok(Some(b'\\')),
        _ => Err(SqlError::unsupported(format!("{name} of several bytes"))),
    }
}

impl FileFormat {
    /// A format from options; missing ones have their documented defaults.
    ///
    /// # Errors
    /// Unknown types and values.
    pub fn new(p: &Properties) -> Result<Self> {
        let file_type = match p.get("TYPE").map(|t| t.to_ascii_uppercase()).as_deref() {
            None | Some("CSV") => FileType::Csv,
            Some("JSON") => FileType::Json,
            Some("PARQUET") => FileType::PARQUET,
            Some("AVRO") => FileType::Columnar(ColumnarFormat::Avro),
            Some("ORC") => FileType::Columnar(ColumnarFormat::Orc),
            Some("XML") => FileType::Xml,
            Some("CUSTOM") => {
                return Err(SqlError::unsupported("file format of type CUSTOM"));
            }
            Some(_) => return Err(invalid_option("TYPE")),
        };
        let compression = match p.get("COMPRESSION") {
            None => Compression::Auto,
            // They pack their pages, blocks and streams themselves.
            Some(_) if matches!(file_type, FileType::Columnar(_)) => Compression::None,
            Some(c) => Compression::parse(c)?.ok_or_else(|| invalid_option("COMPRESSION"))?,
        };
        let encoding = match p.get("ENCODING") {
            None => Encoding::Utf8,
            Some(e) => Encoding::parse(e)?.ok_or_else(|| invalid_option("ENCODING"))?,
        };
        let nulls = p
            .get("NULL_IF")
            .map(|v| match serde_json::from_str::<Vec<String>>(v) {
                Ok(list) => list,
                Err(_) => vec![v.clone()],
            });
        let document_nulls = match file_type {
            FileType::Csv => Vec::new(),
            _ => nulls.clone().unwrap_or_default(),
        };
        let replace_invalid = (flag(p, "REPLACE_INVALID_CHARACTERS", false)?
            || flag(p, "IGNORE_UTF8_ERRORS", false)?)
        .then_some('\u{fffd}');
        let null_if = nulls.unwrap_or_else(|| vec!["\\N".into()]);
        let csv = CsvOptions {
            field_delimiter: match p.get("FIELD_DELIMITER") {
                None => b",".to_vec(),
                Some(v) if v.eq_ignore_ascii_case("NONE") => Vec::new(),
                Some(v) => unescape(v),
            },
            record_delimiter: match p.get("RECORD_DELIMITER") {
                None => Delimiter::Newline,
                Some(v) if v.eq_ignore_ascii_case("NONE") => Delimiter::None,
                Some(v) => match unescape(v) {
                    b if b == b"\n" || b == b"\r\n" => Delimiter::Newline,
                    b if b.is_empty() => return Err(invalid_option("RECORD_DELIMITER")),
                    b => Delimiter::Bytes(b),
                },
            },
            enclosed_by: one_byte(p, "FIELD_OPTIONALLY_ENCLOSED_BY", None)?,
            escape: one_byte(p, "ESCAPE", None)?,
            escape_unenclosed: one_byte(p, "ESCAPE_UNENCLOSED_FIELD", Some(b'\\'))?,
            skip_header: match p.get("SKIP_HEADER") {
                None => 0,
                Some(v) => v.parse().map_err(|_| invalid_option("SKIP_HEADER"))?,
            },
            parse_header: flag(p, "PARSE_HEADER", false)?,
            skip_blank_lines: flag(p, "SKIP_BLANK_LINES", false)?,
            trim_space: flag(p, "TRIM_SPACE", false)?,
            null_if,
            empty_as_null: flag(p, "EMPTY_FIELD_AS_NULL", true)?,
            replace_invalid,
            encoding,
            ..CsvOptions::default()
        };
        let json = JsonOptions {
            strip_outer_array: flag(p, "STRIP_OUTER_ARRAY", false)?,
            strip_null_values: flag(p, "STRIP_NULL_VALUES", false)?,
            allow_duplicate: flag(p, "ALLOW_DUPLICATE", false)?,
            replace_invalid,
            encoding,
            mode: ParseMode::Snowflake,
        };
        let xml = XmlOptions {
            documents: XmlDocuments {
                strip_outer_element: flag(p, "STRIP_OUTER_ELEMENT", false)?,
                preserve_space: flag(p, "PRESERVE_SPACE", false)?,
                plain: flag(p, "DISABLE_AUTO_CONVERT", false)?,
            },
            replace_invalid,
            encoding,
        };
        let mut formats = Vec::new();
        for (option, parameter) in [
            ("DATE_FORMAT", "DATE_INPUT_FORMAT"),
            ("TIME_FORMAT", "TIME_INPUT_FORMAT"),
            ("TIMESTAMP_FORMAT", "TIMESTAMP_INPUT_FORMAT"),
        ] {
            if let Some(f) = p.get(option) {
                formats.push((parameter, f.clone()));
            }
        }
        Ok(FileFormat {
            file_type,
            compression,
            csv,
            json,
            xml,
            strict_columns: flag(p, "ERROR_ON_COLUMN_COUNT_MISMATCH", true)?,
            formats,
            document_nulls,
            binary_format: p
                .get("BINARY_FORMAT")
                .map_or_else(|| "HEX".into(), |f| f.to_ascii_uppercase()),
            extension: p.get("FILE_EXTENSION").cloned(),
        })
    }
}
