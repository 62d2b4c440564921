//! XML files: their documents, or the elements of an outer one, as a column of VARIANT values.
//! What an element becomes is decided by `kernels::semi::xml`.

use std::sync::Arc;

use arrow::array::LargeBinaryBuilder;
use bytes::Bytes;

use super::{Encoding, JsonBatch};
use crate::error::Result;
use crate::kernels::semi::{XmlDocuments, xml_documents};

/// How an XML file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XmlOptions {
    /// What is a document.
    pub documents: XmlDocuments,
    /// Bytes that are not UTF-8 are replaced by this character rather than refused.
    pub replace_invalid: Option<char>,
    /// Character set.
    pub encoding: Encoding,
}

/// The documents of an unpacked file as one batch; a file that is no XML is one row with an error.
///
/// # Errors
/// When the character set does not decode.
pub fn read_xml(bytes: Bytes, options: XmlOptions) -> Result<JsonBatch> {
    let bytes = options.encoding.decode(bytes)?;
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(&bytes);
    let text = match (std::str::from_utf8(bytes), options.replace_invalid) {
        (Ok(s), _) => Ok(std::borrow::Cow::Borrowed(s)),
        (Err(_), Some(_)) => Ok(String::from_utf8_lossy(bytes)),
        (Err(_), None) => Err("Invalid UTF8 detected in string".to_owned()),
    };
    let mut out = LargeBinaryBuilder::new();
    let mut errors = Vec::new();
    let found = text.and_then(|text| {
        xml_documents(&text, options.documents).map_err(|(why, at)| {
            let line = 1 + text[..at.min(text.len())].matches('\n').count();
            format!("Error parsing XML: {why}, line {line}, pos {}", at + 1)
        })
    });
    match found {
        Ok(documents) => documents.iter().for_each(|d| out.append_value(d.encode())),
        Err(message) => {
            errors.push((0, message));
            out.append_null();
        }
    }
    let column = out.finish();
    let rows = arrow::array::Array::len(&column) as u64;
    Ok(JsonBatch {
        column: Arc::new(column),
        lines: (1..=rows).collect(),
        errors,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::{JsonStyle, Ref, to_json};
    use arrow::array::{Array, AsArray};

    #[test]
    fn documents_of_files() {
        let strip = XmlDocuments {
            strip_outer_element: true,
            ..XmlDocuments::default()
        };
        let plain = XmlDocuments {
            plain: true,
            preserve_space: true,
            ..XmlDocuments::default()
        };
        for (text, documents, want) in [
            (
                "<?xml version='1.0'?><a x='1'>2</a>",
                XmlDocuments::default(),
                vec![r#"{"$":2,"@":"a","@x":1}"#],
            ),
            (
                "<a><b>1</b> t <!-- c --><c/></a><a/>",
                strip,
                vec![r#"{"$":1,"@":"b"}"#, r#"{"$":"","@":"c"}"#],
            ),
            ("<a> 1 </a>", plain, vec![r#"{"$":" 1 ","@":"a"}"#]),
            ("", XmlDocuments::default(), vec![]),
        ] {
            let options = XmlOptions {
                documents,
                replace_invalid: None,
                encoding: Encoding::Utf8,
            };
            let read = read_xml(Bytes::from(text), options).expect("it decodes");
            assert!(read.errors.is_empty(), "{text}: {:?}", read.errors);
            let column = read.column.as_binary::<i64>();
            let got: Vec<String> = (0..column.len())
                .map(|i| to_json(Ref::new(column.value(i)), JsonStyle::Compact))
                .collect();
            assert_eq!(got, want, "{text}");
        }
        let options = XmlOptions {
            documents: XmlDocuments::default(),
            replace_invalid: None,
            encoding: Encoding::Utf8,
        };
        let bad = read_xml(Bytes::from("<a>\n<b></a>"), options).expect("it decodes");
        assert!(bad.errors[0].1.contains("line 2"), "{:?}", bad.errors);
    }
}
