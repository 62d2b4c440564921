//! COPY and UNLOAD with their parameters.
//! Reading and writing objects is left to `statements`.

use dwsim_engine::error::{Result, SqlError};
use sqlparser::ast;
use sqlparser::tokenizer::Token;

use super::words::Words;

/// Compression of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// GZIP.
    Gzip,
    /// BZIP2.
    Bzip2,
    /// LZOP.
    Lzop,
    /// ZSTD.
    Zstd,
}

/// How the fields of JSON reach columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonPaths {
    /// By member name.
    Auto,
    /// By member name in any case.
    AutoIgnoreCase,
    /// The whole document into the only column.
    NoShred,
    /// A JSONPaths file.
    File(String),
}

/// Format of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Text with delimiters and Redshift's escapes.
    Delimited,
    /// CSV with its quote character.
    Csv(char),
    /// Columns by label and width.
    FixedWidth(Vec<(String, usize)>),
    /// JSON documents.
    Json(JsonPaths),
    /// Parquet.
    Parquet,
    /// Avro, its fields reached as those of JSON.
    Avro(JsonPaths),
    /// ORC.
    Orc,
    /// ESRI shapefiles.
    Shapefile,
}

/// COPY.
#[derive(Debug, Clone)]
pub struct Copy {
    /// Table.
    pub table: ast::ObjectName,
    /// Columns.
    pub columns: Vec<ast::Ident>,
    /// FROM.
    pub source: String,
    /// Format.
    pub format: Format,
    /// DELIMITER.
    pub delimiter: Option<char>,
    /// Compression.
    pub compression: Option<Compression>,
    /// MANIFEST.
    pub manifest: bool,
    /// IGNOREHEADER.
    pub ignore_header: u64,
    /// NULL AS.
    pub null_as: Option<String>,
    /// EMPTYASNULL.
    pub empty_as_null: bool,
    /// BLANKSASNULL.
    pub blanks_as_null: bool,
    /// DATEFORMAT.
    pub date_format: Option<String>,
    /// TIMEFORMAT.
    pub time_format: Option<String>,
    /// ACCEPTINVCHARS with its replacement.
    pub accept_invalid_chars: Option<char>,
    /// ACCEPTANYDATE.
    pub accept_any_date: bool,
    /// TRUNCATECOLUMNS.
    pub truncate_columns: bool,
    /// MAXERROR; None is the default of none.
    pub max_error: u64,
    /// REMOVEQUOTES.
    pub remove_quotes: bool,
    /// ESCAPE.
    pub escape: bool,
    /// FILLRECORD.
    pub fill_record: bool,
    /// ROUNDEC.
    pub round: bool,
    /// TRIMBLANKS.
    pub trim_blanks: bool,
    /// IGNOREBLANKLINES.
    pub ignore_blank_lines: bool,
    /// EXPLICIT_IDS.
    pub explicit_ids: bool,
    /// ENCODING in lower case.
    pub encoding: Option<String>,
    /// NOLOAD.
    pub no_load: bool,
    /// SERIALIZETOJSON.
    pub serialize_to_json: bool,
    /// SSH: the source is a list of hosts.
    pub ssh: bool,
    /// The IAM role that the command acts as.
    pub role: Option<String>,
    /// The words of the parameters as they were given, in upper case.
    pub given: Vec<String>,
    /// Parameters that change results and that dwsim does not have.
    pub unsupported: Option<String>,
}

fn character(w: &mut Words<'_>, what: &str) -> Result<char> {
    let text = w.string()?;
    let text = match text.strip_prefix("\\") {
        // Octal, as '\011', and the usual escapes that the literal has left as they are.
        Some(digits) if digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            return u8::from_str_radix(digits, 8)
                .map(char::from)
                .map_err(|_| one_character(what));
        }
        Some("t") => return Ok('\t'),
        _ => text,
    };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err(one_character(what)),
    }
}

fn one_character(what: &str) -> SqlError {
    SqlError::raw(
        "",
        "22023",
        format!("COPY {what} must be a single character"),
    )
}

/// Authorization and region, which every caller passes here; of these only an IAM role is kept.
fn access(w: &mut Words<'_>, role: &mut Option<String>) -> Result<bool> {
    if w.eat(&["iam_role"]) {
        if w.eat(&["default"]) {
            *role = Some("default".to_owned());
        } else {
            w.eat(&["as"]);
            *role = Some(w.string()?);
        }
    } else if w.eat(&["with", "credentials"]) || w.eat(&["credentials"]) {
        w.eat(&["as"]);
        let given = w.string()?;
        *role = (given.split(';'))
            .find_map(|part| part.trim().strip_prefix("aws_iam_role="))
            .map(str::to_owned);
    } else if w
        .eat_one(&[
            "access_key_id",
            "secret_access_key",
            "session_token",
            "token",
            "region",
            "master_symmetric_key",
            "kms_key_id",
        ])
        .is_some()
    {
        w.eat(&["as"]);
        w.string()?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn compression(w: &mut Words<'_>) -> Option<Compression> {
    let at = w.eat_one(&["gzip", "bzip2", "lzop", "zstd"])?;
    [
        Compression::Gzip,
        Compression::Bzip2,
        Compression::Lzop,
        Compression::Zstd,
    ]
    .get(at)
    .copied()
}

fn switch(w: &mut Words<'_>) -> bool {
    match w.eat_one(&["on", "true", "off", "false", "preset"]) {
        Some(i) => i < 2,
        None => true,
    }
}

fn json_paths(w: &mut Words<'_>) -> Result<JsonPaths> {
    w.eat(&["as"]);
    if !w.at_string() {
        return Ok(JsonPaths::Auto);
    }
    let text = w.string()?;
    Ok(match text.to_lowercase().as_str() {
        "auto" => JsonPaths::Auto,
        "auto ignorecase" => JsonPaths::AutoIgnoreCase,
        "noshred" => JsonPaths::NoShred,
        _ => JsonPaths::File(text),
    })
}

fn widths(text: &str) -> Result<Vec<(String, usize)>> {
    text.split(',')
        .map(|part| {
            let (name, width) = part.rsplit_once(':').unwrap_or(("", part));
            let width = width.trim().parse().map_err(|_| {
                SqlError::raw(
                    "",
                    "22023",
                    format!("COPY FIXEDWIDTH specification \"{part}\" is not label:width"),
                )
            })?;
            Ok((name.trim().to_owned(), width))
        })
        .collect()
}

/// What psql's `\copy` asks for, which Redshift cannot do.
fn not_from_here(message: &str) -> SqlError {
    SqlError::raw("", "0A000", message)
}

/// Reads COPY after its word.
pub(super) fn copy(w: &mut Words<'_>) -> Result<Copy> {
    const UNLOAD: &str =
        "Unload destination is not supported. (Hint: only S3 based unload is allowed)";
    if w.next_is(&Token::LParen) {
        return Err(not_from_here(UNLOAD));
    }
    let table = w.name()?;
    let columns = if w.next_is(&Token::LParen) {
        w.parenthesized(Words::ident)?
    } else {
        Vec::new()
    };
    if w.at(&["to"]) {
        return Err(not_from_here(UNLOAD));
    }
    w.expect(&["from"])?;
    if w.at(&["stdin"]) {
        return Err(not_from_here(
            "LOAD source is not supported. (Hint: only S3 or DynamoDB or EMR based load is allowed)",
        ));
    }
    let source = w.string()?;
    let mut c = Copy {
        table,
        columns,
        source,
        format: Format::Delimited,
        delimiter: None,
        compression: None,
        manifest: false,
        ignore_header: 0,
        null_as: None,
        empty_as_null: false,
        blanks_as_null: false,
        date_format: None,
        time_format: None,
        accept_invalid_chars: None,
        accept_any_date: false,
        truncate_columns: false,
        max_error: 0,
        remove_quotes: false,
        escape: false,
        fill_record: false,
        round: false,
        trim_blanks: false,
        ignore_blank_lines: false,
        explicit_ids: false,
        encoding: None,
        no_load: false,
        serialize_to_json: false,
        ssh: false,
        role: None,
        given: Vec::new(),
        unsupported: None,
    };
    while !w.at_end() {
        if let Token::Word(word) = &w.peek_token_ref().token {
            let word = word.value.to_uppercase();
            if c.given.contains(&word) && !matches!(word.as_str(), "AS" | "FORMAT") {
                return Err(SqlError::raw(
                    "",
                    "42601",
                    format!("conflicting or redundant options: {word}"),
                ));
            }
            c.given.push(word);
        }
        parameter(w, &mut c)?;
    }
    Ok(c)
}

fn parameter(w: &mut Words<'_>, c: &mut Copy) -> Result<()> {
    if access(w, &mut c.role)? {
        return Ok(());
    }
    if w.eat(&["format"]) {
        w.eat(&["as"]);
        // The format's own word follows.
        return Ok(());
    }
    if let Some(codec) = compression(w) {
        c.compression = Some(codec);
        return Ok(());
    }
    if w.eat(&["csv"]) {
        let quote = if w.eat(&["quote"]) {
            w.eat(&["as"]);
            character(w, "QUOTE")?
        } else {
            '"'
        };
        c.format = Format::Csv(quote);
    } else if w.eat(&["quote"]) {
        w.eat(&["as"]);
        c.format = Format::Csv(character(w, "QUOTE")?);
    } else if w.eat(&["delimiter"]) {
        w.eat(&["as"]);
        c.delimiter = Some(character(w, "DELIMITER")?);
    } else if w.eat(&["fixedwidth"]) {
        w.eat(&["as"]);
        c.format = Format::FixedWidth(widths(&w.string()?)?);
    } else if w.eat(&["json"]) {
        c.format = Format::Json(json_paths(w)?);
    } else if w.eat(&["parquet"]) {
        c.format = Format::Parquet;
    } else if w.eat(&["avro"]) {
        c.format = Format::Avro(json_paths(w)?);
    } else if w.eat(&["orc"]) {
        c.format = Format::Orc;
    } else if w.eat(&["shapefile"]) {
        if w.eat(&["simplify"]) {
            w.eat(&["auto"]);
            w.any_number();
        }
        c.format = Format::Shapefile;
    } else if w.eat(&["manifest"]) {
        c.manifest = true;
    } else if w.eat(&["ignoreheader"]) {
        w.eat(&["as"]);
        c.ignore_header = count(w)?;
    } else if w.eat(&["null"]) {
        w.eat(&["as"]);
        c.null_as = Some(w.string()?);
    } else if w.eat(&["emptyasnull"]) {
        c.empty_as_null = switch(w);
    } else if w.eat(&["blanksasnull"]) {
        c.blanks_as_null = switch(w);
    } else if w.eat(&["dateformat"]) {
        w.eat(&["as"]);
        c.date_format = Some(w.string()?);
    } else if w.eat(&["timeformat"]) {
        w.eat(&["as"]);
        c.time_format = Some(w.string()?);
    } else if w.eat(&["acceptinvchars"]) {
        w.eat(&["as"]);
        c.accept_invalid_chars = Some(if w.at_string() {
            character(w, "ACCEPTINVCHARS")?
        } else {
            '?'
        });
    } else if w.eat(&["acceptanydate"]) {
        c.accept_any_date = switch(w);
    } else if w.eat(&["truncatecolumns"]) {
        c.truncate_columns = switch(w);
    } else if w.eat(&["maxerror"]) {
        w.eat(&["as"]);
        c.max_error = count(w)?;
    } else if w.eat(&["removequotes"]) {
        c.remove_quotes = switch(w);
    } else if w.eat(&["escape"]) {
        c.escape = switch(w);
    } else if w.eat(&["fillrecord"]) {
        c.fill_record = switch(w);
    } else if w.eat(&["roundec"]) {
        c.round = switch(w);
    } else if w.eat(&["trimblanks"]) {
        c.trim_blanks = switch(w);
    } else if w.eat(&["ignoreblanklines"]) {
        c.ignore_blank_lines = switch(w);
    } else if w.eat(&["explicit_ids"]) {
        c.explicit_ids = true;
    } else if w.eat(&["encoding"]) {
        w.eat(&["as"]);
        c.encoding = w
            .at_string()
            .then(|| w.string())
            .transpose()?
            .or_else(|| w.any_word())
            .map(|e| e.to_lowercase());
    } else if w.eat(&["noload"]) {
        c.no_load = true;
    } else if w.eat(&["serializetojson"]) {
        c.serialize_to_json = true;
    } else if w.eat_one(&["compupdate", "statupdate"]).is_some() {
        let _ = switch(w);
    } else if w.eat_one(&["comprows", "readratio"]).is_some() {
        count(w)?;
    } else if w.eat(&["ignoreallerrors"]) {
        c.max_error = u64::MAX;
    } else if w.eat(&["ssh"]) {
        c.ssh = true;
    } else if w.at(&["encrypted"]) {
        c.unsupported = w.any_word().map(|s| s.to_uppercase());
    } else {
        return w.unexpected("a COPY parameter");
    }
    Ok(())
}

fn count(w: &mut Words<'_>) -> Result<u64> {
    let v = w.integer()?;
    match u64::try_from(v) {
        Ok(v) => Ok(v),
        Err(_) => w.unexpected("a number that is not negative"),
    }
}

/// UNLOAD.
#[derive(Debug, Clone)]
pub struct Unload {
    /// Query.
    pub query: Box<ast::Query>,
    /// TO.
    pub target: String,
    /// Format.
    pub format: UnloadFormat,
    /// DELIMITER.
    pub delimiter: Option<char>,
    /// FIXEDWIDTH.
    pub fixed_width: Option<Vec<(String, usize)>>,
    /// Compression.
    pub compression: Option<Compression>,
    /// PARTITION BY columns, and INCLUDE.
    pub partition_by: Vec<ast::Ident>,
    /// INCLUDE of partition columns.
    pub include_partitions: bool,
    /// MANIFEST, and VERBOSE.
    pub manifest: Option<bool>,
    /// HEADER.
    pub header: bool,
    /// ADDQUOTES.
    pub add_quotes: bool,
    /// NULL AS.
    pub null_as: Option<String>,
    /// ESCAPE.
    pub escape: bool,
    /// ALLOWOVERWRITE.
    pub allow_overwrite: bool,
    /// CLEANPATH.
    pub clean_path: bool,
    /// PARALLEL.
    pub parallel: bool,
    /// MAXFILESIZE in bytes.
    pub max_file_size: Option<u64>,
    /// ROWGROUPSIZE in bytes.
    pub row_group_size: Option<u64>,
    /// EXTENSION.
    pub extension: Option<String>,
    /// The IAM role that the command acts as.
    pub role: Option<String>,
    /// Parameters that change results and that dwsim does not have.
    pub unsupported: Option<String>,
}

/// Format of unloaded files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnloadFormat {
    /// Delimited text.
    Delimited,
    /// CSV.
    Csv,
    /// Parquet.
    Parquet,
    /// JSON lines.
    Json,
}

/// Reads UNLOAD after its word. `inner` reads the query inside the string.
pub(super) fn unload(
    w: &mut Words<'_>,
    inner: impl FnOnce(&str) -> Result<Box<ast::Query>>,
) -> Result<Unload> {
    w.token(&Token::LParen)?;
    let text = w.string()?;
    w.token(&Token::RParen)?;
    let query = inner(&text)?;
    w.expect(&["to"])?;
    let target = w.string()?;
    let mut u = Unload {
        query,
        target,
        format: UnloadFormat::Delimited,
        delimiter: None,
        fixed_width: None,
        compression: None,
        partition_by: Vec::new(),
        include_partitions: false,
        manifest: None,
        header: false,
        add_quotes: false,
        null_as: None,
        escape: false,
        allow_overwrite: false,
        clean_path: false,
        parallel: true,
        max_file_size: None,
        row_group_size: None,
        extension: None,
        role: None,
        unsupported: None,
    };
    while !w.at_end() {
        unload_parameter(w, &mut u)?;
    }
    Ok(u)
}

/// `[AS] 64 MB`, in bytes; megabytes when no unit is given.
fn size(w: &mut Words<'_>) -> Result<u64> {
    w.eat(&["as"]);
    let Some(size) = w.any_number() else {
        return w.unexpected("a size");
    };
    let unit = if w.eat(&["gb"]) {
        1024.0 * 1024.0 * 1024.0
    } else {
        w.eat(&["mb"]);
        1024.0 * 1024.0
    };
    Ok((size * unit) as u64)
}

fn unload_parameter(w: &mut Words<'_>, u: &mut Unload) -> Result<()> {
    if access(w, &mut u.role)? {
        return Ok(());
    }
    if let Some(codec) = compression(w) {
        u.compression = Some(codec);
    } else if w.eat(&["format"]) {
        w.eat(&["as"]);
    } else if w.eat(&["csv"]) {
        u.format = UnloadFormat::Csv;
    } else if w.eat(&["parquet"]) {
        u.format = UnloadFormat::Parquet;
    } else if w.eat(&["json"]) {
        u.format = UnloadFormat::Json;
    } else if w.eat(&["partition", "by"]) {
        u.partition_by = w.parenthesized(Words::ident)?;
        u.include_partitions = w.eat(&["include"]);
    } else if w.eat(&["manifest"]) {
        u.manifest = Some(w.eat(&["verbose"]));
    } else if w.eat(&["header"]) {
        u.header = true;
    } else if w.eat(&["delimiter"]) {
        w.eat(&["as"]);
        u.delimiter = Some(character(w, "DELIMITER")?);
    } else if w.eat(&["fixedwidth"]) {
        w.eat(&["as"]);
        u.fixed_width = Some(widths(&w.string()?)?);
    } else if w.eat(&["addquotes"]) {
        u.add_quotes = true;
    } else if w.eat(&["null"]) {
        w.eat(&["as"]);
        u.null_as = Some(w.string()?);
    } else if w.eat(&["escape"]) {
        u.escape = true;
    } else if w.eat(&["allowoverwrite"]) {
        u.allow_overwrite = true;
    } else if w.eat(&["cleanpath"]) {
        u.clean_path = true;
    } else if w.eat(&["parallel"]) {
        u.parallel = switch(w);
    } else if w.eat(&["maxfilesize"]) {
        u.max_file_size = Some(size(w)?);
    } else if w.eat(&["rowgroupsize"]) {
        u.row_group_size = Some(size(w)?);
    } else if w.eat(&["extension"]) {
        u.extension = Some(w.string()?);
    } else if w.at(&["encrypted"]) {
        u.unsupported = w.any_word().map(|s| s.to_uppercase());
    } else if w.eat(&["confirm_access"]) {
        let _ = w.rest();
    } else {
        return w.unexpected("an UNLOAD parameter");
    }
    Ok(())
}
