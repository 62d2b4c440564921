//! CREATE and ALTER EXTERNAL TABLE.
//! Files are registered and read by `session::external`.

use dwsim_engine::error::Result;
use sqlparser::ast::{self, Ident, ObjectName};
use sqlparser::tokenizer::Token;

use super::{Cursor, OptionValue, Options};

/// A column that is computed from the rows of the files.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalColumn {
    /// Name.
    pub name: Ident,
    /// Type.
    pub ty: ast::DataType,
    /// The expression's text.
    pub expr: String,
    /// NOT NULL.
    pub not_null: bool,
}

/// CREATE EXTERNAL TABLE.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateExternal {
    /// Name.
    pub name: ObjectName,
    /// OR REPLACE.
    pub or_replace: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// Computed columns.
    pub columns: Vec<ExternalColumn>,
    /// The query of USING TEMPLATE, which gives the columns.
    pub template: Option<String>,
    /// PARTITION BY.
    pub partition_by: Vec<Ident>,
    /// LOCATION.
    pub location: String,
    /// FILE_FORMAT, PATTERN, AUTO_REFRESH, …
    pub options: Options,
}

/// A change of an external table.
#[derive(Debug, Clone, PartialEq)]
pub enum ExternalChange {
    /// REFRESH of all files, or of those under a path.
    Refresh(Option<String>),
    /// ADD FILES.
    AddFiles(Vec<String>),
    /// REMOVE FILES.
    RemoveFiles(Vec<String>),
    /// ADD PARTITION: columns with values, and the path.
    AddPartition(Vec<(Ident, String)>, String),
    /// DROP PARTITION LOCATION.
    DropPartition(String),
    /// SET of options.
    Set(Options),
    /// ADD COLUMN.
    AddColumn(ExternalColumn),
    /// Anything that other tables know too.
    Table,
}

fn strings(c: &mut Cursor<'_>) -> Result<Vec<String>> {
    c.expect_token(&Token::LParen)?;
    let mut out = vec![c.string()?];
    while c.eat_token(&Token::Comma) {
        out.push(c.string()?);
    }
    c.expect_token(&Token::RParen)?;
    Ok(out)
}

fn column(c: &mut Cursor<'_>) -> Result<ExternalColumn> {
    let name = c.ident()?;
    let ty = c.sql(|p| p.parse_data_type())?;
    c.expect(&["AS"])?;
    let from = c.offset();
    let _ = c.sql(|p| p.parse_expr())?;
    let expr = c.text_from(from).trim().to_owned();
    let mut not_null = false;
    loop {
        if c.eat(&["NOT", "NULL"]) {
            not_null = true;
        } else if c.eat(&["COMMENT"]) {
            let _ = c.string()?;
        } else if !(c.eat(&["UNIQUE"]) || c.eat(&["PRIMARY", "KEY"]) || c.eat(&["NULL"])) {
            break;
        }
    }
    Ok(ExternalColumn {
        name,
        ty,
        expr,
        not_null,
    })
}

/// CREATE EXTERNAL TABLE, behind the word TABLE.
pub(super) fn create(c: &mut Cursor<'_>, or_replace: bool) -> Result<CreateExternal> {
    let if_not_exists = c.eat(&["IF", "NOT", "EXISTS"]);
    let mut out = CreateExternal {
        name: c.name()?,
        or_replace,
        if_not_exists,
        columns: Vec::new(),
        template: None,
        partition_by: Vec::new(),
        location: String::new(),
        options: Options::default(),
    };
    if c.eat(&["USING", "TEMPLATE"]) {
        c.expect_token(&Token::LParen)?;
        let from = c.offset();
        let _ = c.sql(|p| p.parse_query())?;
        out.template = Some(c.text_from(from).to_owned());
        c.expect_token(&Token::RParen)?;
    } else if c.eat_token(&Token::LParen) {
        loop {
            out.columns.push(column(c)?);
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        c.expect_token(&Token::RParen)?;
    }
    while !c.at_end() {
        if c.eat(&["LOCATION"]) {
            c.expect_token(&Token::Eq)?;
            out.location = c.location()?;
        } else if c.eat(&["PARTITION", "BY"]) {
            out.partition_by = c.idents_in_parens()?;
        } else if c.eat(&["COPY", "GRANTS"]) || c.eat(&["WITH"]) {
            // Grants are never checked, and WITH says nothing.
        } else {
            let (name, value) = c.option()?;
            out.options.0.push((name, value));
        }
    }
    if out.location.is_empty() {
        return Err(c.error("LOCATION"));
    }
    Ok(out)
}

/// ALTER EXTERNAL TABLE, behind its name; [`ExternalChange::Table`] leaves the text to ALTER TABLE.
pub(super) fn change(c: &mut Cursor<'_>) -> Result<ExternalChange> {
    let mark = c.mark();
    let change = if c.eat(&["REFRESH"]) {
        ExternalChange::Refresh(if c.sees_string() {
            Some(c.string()?)
        } else {
            None
        })
    } else if c.eat(&["ADD", "FILES"]) {
        ExternalChange::AddFiles(strings(c)?)
    } else if c.eat(&["REMOVE", "FILES"]) {
        ExternalChange::RemoveFiles(strings(c)?)
    } else if c.eat(&["ADD", "PARTITION"]) {
        c.expect_token(&Token::LParen)?;
        let mut values = Vec::new();
        loop {
            let name = c.ident()?;
            c.expect_token(&Token::Eq)?;
            values.push((name, c.string()?));
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        c.expect_token(&Token::RParen)?;
        c.expect(&["LOCATION"])?;
        ExternalChange::AddPartition(values, c.string()?)
    } else if c.eat(&["DROP", "PARTITION", "LOCATION"]) {
        ExternalChange::DropPartition(c.string()?)
    } else if c.sees(&["SET"]) && !c.sees(&["SET", "TAG"]) {
        let _ = c.ident()?;
        ExternalChange::Set(c.options()?)
    } else if c.eat(&["ADD", "COLUMN"]) || c.eat(&["ADD"]) {
        ExternalChange::AddColumn(column(c)?)
    } else {
        c.reset(mark);
        return Ok(ExternalChange::Table);
    };
    c.end()?;
    Ok(change)
}

impl Cursor<'_> {
    /// One option.
    fn option(&mut self) -> Result<(String, OptionValue)> {
        let name = self.ident()?.value.to_uppercase();
        self.expect_token(&Token::Eq)?;
        Ok((name, self.option_value()?))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn external_tables() {
        let text = "if not exists d.s.t (c1 number(10,2) as (value:c1::number(10,2)) not null, \
            p date as to_date(split_part(metadata$filename, '/', 1))) partition by (p) with location = @d.s.st/a/b/ \
            auto_refresh = true pattern = '.*[.]csv' file_format = (type = csv skip_header = 1) copy grants comment = 'x'";
        let mut c = Cursor::new(text).unwrap();
        let t = create(&mut c, false).unwrap();
        assert!(t.if_not_exists);
        assert_eq!(t.location, "@d.s.st/a/b/");
        assert_eq!(t.partition_by.len(), 1);
        assert_eq!(t.columns[0].expr, "(value:c1::number(10,2))");
        assert!(t.columns[0].not_null && !t.columns[1].not_null);
        assert_eq!(
            t.columns[1].expr,
            "to_date(split_part(metadata$filename, '/', 1))"
        );
        assert_eq!(t.options.text("PATTERN"), Some(".*[.]csv"));
        for (text, want) in [
            ("refresh", ExternalChange::Refresh(None)),
            ("refresh 'a/'", ExternalChange::Refresh(Some("a/".into()))),
            (
                "add files ('a', 'b')",
                ExternalChange::AddFiles(vec!["a".into(), "b".into()]),
            ),
            (
                "remove files ('a')",
                ExternalChange::RemoveFiles(vec!["a".into()]),
            ),
            (
                "drop partition location 'p'",
                ExternalChange::DropPartition("p".into()),
            ),
            ("rename to x", ExternalChange::Table),
        ] {
            assert_eq!(
                change(&mut Cursor::new(text).unwrap()).unwrap(),
                want,
                "{text}"
            );
        }
    }
}
