//! Which parameters of COPY exclude each other.
//! What they do is in the sibling modules.
//!
//! Source: the guide's "Data format parameters" and "COPY from columnar data formats".

use dwsim_engine::error::{Result, SqlError};

use crate::parse::{Copy, Format};

/// Parameters that go with columnar files.
const COLUMNAR: &[&str] = &[
    "FORMAT",
    "AS",
    "PARQUET",
    "ORC",
    "IAM_ROLE",
    "CREDENTIALS",
    "WITH",
    "ACCESS_KEY_ID",
    "SECRET_ACCESS_KEY",
    "SESSION_TOKEN",
    "TOKEN",
    "REGION",
    "STATUPDATE",
    "COMPUPDATE",
    "MANIFEST",
    "EXPLICIT_IDS",
    "ACCEPTINVCHARS",
    "FILLRECORD",
    "SERIALIZETOJSON",
    "NOLOAD",
];

/// Parameters of text that documents do not take.
const TEXT_ONLY: &[&str] = &[
    "CSV",
    "DELIMITER",
    "ESCAPE",
    "FILLRECORD",
    "FIXEDWIDTH",
    "IGNOREBLANKLINES",
    "NULL",
    "REMOVEQUOTES",
    "QUOTE",
];

fn refused(text: String) -> SqlError {
    SqlError::raw("", "0A000", text)
}

/// Refuses what the guide refuses, and what dwsim does not have.
///
/// # Errors
/// `0A000` naming the parameters.
pub(super) fn check(copy: &Copy) -> Result<()> {
    let given = |word: &str| copy.given.iter().any(|w| w == word);
    if let Some(what) = &copy.unsupported {
        return Err(SqlError::unsupported(format!("COPY with {what}")));
    }
    if copy.ssh {
        return Err(SqlError::unsupported("COPY from remote hosts (SSH)"));
    }
    if given("READRATIO") {
        return Err(refused(
            "READRATIO is for COPY from DynamoDB only".to_owned(),
        ));
    }
    if copy.max_error > 100_000 && !given("IGNOREALLERRORS") {
        return Err(SqlError::raw(
            "",
            "22023",
            "MAXERROR must be between 0 and 100000",
        ));
    }
    let formats: Vec<&str> = [
        "CSV",
        "FIXEDWIDTH",
        "JSON",
        "AVRO",
        "PARQUET",
        "ORC",
        "SHAPEFILE",
    ]
    .into_iter()
    .filter(|w| given(w))
    .collect();
    if let [one, other, ..] = formats.as_slice() {
        return Err(refused(format!("{one} is not compatible with {other}")));
    }
    let excluded = |format: &str, words: &[&str]| match words.iter().find(|w| given(w)) {
        Some(word) => Err(refused(format!("{format} is not compatible with {word}"))),
        None => Ok(()),
    };
    match &copy.format {
        Format::Shapefile => Err(SqlError::unsupported("COPY with FORMAT SHAPEFILE")),
        Format::Parquet | Format::Orc => {
            let name = if copy.format == Format::Orc {
                "ORC"
            } else {
                "PARQUET"
            };
            match copy.given.iter().find(|w| !COLUMNAR.contains(&w.as_str())) {
                Some(word) => Err(refused(format!(
                    "{word} argument is not supported for {name} based COPY"
                ))),
                None => Ok(()),
            }
        }
        Format::Json(_) => excluded("JSON", TEXT_ONLY),
        Format::Avro(_) => {
            excluded("AVRO", TEXT_ONLY)?;
            excluded("AVRO", &["IGNOREHEADER", "ENCODING"])
        }
        Format::Csv(_) => excluded("CSV", &["ESCAPE", "REMOVEQUOTES"]),
        Format::FixedWidth(_) => excluded(
            "FIXEDWIDTH",
            &["DELIMITER", "ESCAPE", "REMOVEQUOTES", "QUOTE"],
        ),
        Format::Delimited if given("QUOTE") => Err(refused("QUOTE needs CSV".to_owned())),
        Format::Delimited => Ok(()),
    }
}
