//! The options of delimited text, wide enough for both warehouses.
//! What a statement's words mean for them is decided by the dialects.

use bytes::Bytes;

use crate::error::{ErrorKind, Result, SqlError};

/// What ends a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Delimiter {
    /// Line feed, carriage return, or both.
    #[default]
    Newline,
    /// These bytes; never empty.
    Bytes(Vec<u8>),
    /// Nothing: the whole file is one record.
    None,
}

/// Character set of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// ISO 8859-1.
    Latin1,
    /// UTF-16; the byte order mark tells the order, big endian without one.
    Utf16,
    /// UTF-16, little endian.
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
}

impl Encoding {
    /// The option's value as Snowflake and Redshift spell it, in any case; None for names neither documents.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a documented set that dwsim lacks.
    pub fn parse(word: &str) -> Result<Option<Self>> {
        let key: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        Ok(Some(match key.to_ascii_uppercase().as_str() {
            "UTF8" => Encoding::Utf8,
            "ISO88591" => Encoding::Latin1,
            "UTF16" => Encoding::Utf16,
            "UTF16LE" => Encoding::Utf16Le,
            "UTF16BE" => Encoding::Utf16Be,
            k if k.starts_with("ISO8859")
                || k.starts_with("WINDOWS")
                || k.starts_with("EUC")
                || k.starts_with("IBM")
                || [
                    "BIG5",
                    "GB18030",
                    "KOI8R",
                    "ISO2022CN",
                    "ISO2022JP",
                    "ISO2022KR",
                    "SHIFTJIS",
                    "UTF32",
                    "UTF32BE",
                    "UTF32LE",
                    "ISO2022",
                    "GBK",
                ]
                .contains(&k) =>
            {
                return Err(SqlError::unsupported(format!(
                    "encoding {word} of load files"
                )));
            }
            _ => return Ok(None),
        }))
    }

    /// The bytes as UTF-8; bytes that are UTF-8 already stay as they are, valid or not.
    ///
    /// # Errors
    /// [`ErrorKind::Load`] for half a UTF-16 unit at the end.
    pub fn decode(self, bytes: Bytes) -> Result<Bytes> {
        let utf16 = |bytes: &[u8], little: bool| -> Result<Bytes> {
            if !bytes.len().is_multiple_of(2) {
                return Err(
                    ErrorKind::Load("the file ends within a UTF-16 character".into()).into(),
                );
            }
            let units = bytes.chunks_exact(2).map(|b| {
                if little {
                    u16::from_le_bytes([b[0], b[1]])
                } else {
                    u16::from_be_bytes([b[0], b[1]])
                }
            });
            let text: String = char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect();
            Ok(Bytes::from(text))
        };
        match self {
            Encoding::Utf8 => Ok(bytes),
            Encoding::Latin1 => Ok(Bytes::from(
                bytes.iter().map(|b| char::from(*b)).collect::<String>(),
            )),
            Encoding::Utf16Le => utf16(&bytes, true),
            Encoding::Utf16Be => utf16(&bytes, false),
            Encoding::Utf16 => match bytes.get(..2) {
                Some([0xff, 0xfe]) => utf16(&bytes[2..], true),
                Some([0xfe, 0xff]) => utf16(&bytes[2..], false),
                _ => utf16(&bytes, false),
            },
        }
    }
}

/// How a delimited text file is read. The default is Snowflake's default CSV format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    /// What separates fields; empty for none (a record is one field).
    pub field_delimiter: Vec<u8>,
    /// What ends a record.
    pub record_delimiter: Delimiter,
    /// The quote around fields, where there is one.
    pub enclosed_by: Option<u8>,
    /// A second quote that may be around fields instead.
    pub also_enclosed_by: Option<u8>,
    /// A quote inside of an enclosed field is written twice.
    pub doubled_quotes: bool,
    /// Only a quote before a delimiter closes a field; others belong to it. Such a field ends with its line.
    pub loose_quotes: bool,
    /// Escape character in every field.
    pub escape: Option<u8>,
    /// Escape character in fields without quotes.
    pub escape_unenclosed: Option<u8>,
    /// An escaped `n`, `r`, `t`, `b`, `f` or `0` is a control character rather than the letter.
    pub escape_codes: bool,
    /// Widths of fixed-width fields in characters; delimiters and quotes do not count then.
    pub fixed_width: Option<Vec<usize>>,
    /// Lines to skip at the start.
    pub skip_header: usize,
    /// The first record names the columns.
    pub parse_header: bool,
    /// Empty lines are no records.
    pub skip_blank_lines: bool,
    /// Blanks around fields, and around their quotes, do not count.
    pub trim_space: bool,
    /// Texts that mean NULL, compared before escapes are resolved.
    pub null_if: Vec<String>,
    /// Fields in quotes are compared with `null_if` too.
    pub null_if_quoted: bool,
    /// An empty field without quotes is NULL.
    pub empty_as_null: bool,
    /// A field of blanks only is NULL.
    pub blanks_as_null: bool,
    /// Bytes that are not UTF-8 are replaced by this character rather than refused.
    pub replace_invalid: Option<char>,
    /// Character set.
    pub encoding: Encoding,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions {
            field_delimiter: b",".to_vec(),
            record_delimiter: Delimiter::Newline,
            enclosed_by: None,
            also_enclosed_by: None,
            doubled_quotes: true,
            loose_quotes: false,
            escape: None,
            escape_unenclosed: Some(b'\\'),
            escape_codes: true,
            fixed_width: None,
            skip_header: 0,
            parse_header: false,
            skip_blank_lines: false,
            trim_space: false,
            null_if: vec!["\\N".into()],
            null_if_quoted: true,
            empty_as_null: true,
            blanks_as_null: false,
            replace_invalid: None,
            encoding: Encoding::Utf8,
        }
    }
}
