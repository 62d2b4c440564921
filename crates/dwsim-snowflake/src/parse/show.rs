//! SHOW: which objects, in which scope, which of them.
//! The rows are made by `session::show`.

use dwsim_engine::error::Result;
use sqlparser::ast::ObjectName;

use super::Cursor;

/// Where SHOW looks.
#[derive(Debug, Clone, PartialEq)]
pub enum ShowScope {
    /// The current schema, or the database or account where there is none.
    Default,
    /// The whole account.
    Account,
    /// A database; None is the current one.
    Database(Option<ObjectName>),
    /// A schema; None is the current one.
    Schema(Option<ObjectName>),
    /// A table, for columns and keys.
    Table(ObjectName),
    /// The session, for parameters.
    Session,
    /// Grants on an object: its kind in upper case, and its name.
    On(String, ObjectName),
    /// Grants to a role, user or share: its kind in upper case, and its name.
    To(String, ObjectName),
    /// Who was granted a role.
    Of(ObjectName),
}

/// A SHOW command.
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// What is shown, in upper case: "TABLES", "FILE FORMATS", "GRANTS", …
    pub what: String,
    /// TERSE.
    pub terse: bool,
    /// HISTORY.
    pub history: bool,
    /// LIKE, which ignores case.
    pub like: Option<String>,
    /// IN, ON or FOR.
    pub scope: ShowScope,
    /// STARTS WITH, which does not ignore case.
    pub starts_with: Option<String>,
    /// LIMIT.
    pub limit: Option<u64>,
    /// LIMIT … FROM: names after this one.
    pub from: Option<String>,
}

/// Names of two words.
const PAIRS: &[(&str, &str)] = &[
    ("FILE", "FORMATS"),
    ("USER", "FUNCTIONS"),
    ("PRIMARY", "KEYS"),
    ("UNIQUE", "KEYS"),
    ("IMPORTED", "KEYS"),
    ("EXTERNAL", "TABLES"),
    ("EXTERNAL", "FUNCTIONS"),
    ("MATERIALIZED", "VIEWS"),
    ("DYNAMIC", "TABLES"),
    ("MASKING", "POLICIES"),
    ("AGGREGATION", "POLICIES"),
    ("PROJECTION", "POLICIES"),
    ("JOIN", "POLICIES"),
    ("PASSWORD", "POLICIES"),
    ("SESSION", "POLICIES"),
    ("AUTHENTICATION", "POLICIES"),
    ("ROW", "ACCESS"),
    ("NETWORK", "POLICIES"),
    ("NETWORK", "RULES"),
    ("EVENT", "TABLES"),
    ("HYBRID", "TABLES"),
    ("ICEBERG", "TABLES"),
    ("MANAGED", "ACCOUNTS"),
    ("ORGANIZATION", "ACCOUNTS"),
    ("REPLICATION", "DATABASES"),
    ("REPLICATION", "ACCOUNTS"),
    ("REPLICATION", "GROUPS"),
    ("FAILOVER", "GROUPS"),
    ("STORAGE", "INTEGRATIONS"),
    ("API", "INTEGRATIONS"),
    ("NOTIFICATION", "INTEGRATIONS"),
    ("SECURITY", "INTEGRATIONS"),
    ("CATALOG", "INTEGRATIONS"),
    ("RESOURCE", "MONITORS"),
    ("USER", "PROCEDURES"),
    ("BUILTIN", "FUNCTIONS"),
    ("FUTURE", "GRANTS"),
    ("DATABASE", "ROLES"),
];

pub(super) fn show(c: &mut Cursor<'_>) -> Result<Show> {
    let terse = c.eat(&["TERSE"]);
    let first = c.peek_word(0).ok_or_else(|| c.error("what to show"))?;
    let _ = c.ident()?;
    let mut what = first.clone();
    if let Some(second) = c.peek_word(0)
        && PAIRS.contains(&(first.as_str(), second.as_str()))
    {
        let _ = c.ident()?;
        what = format!("{first} {second}");
    }
    if what == "ROW ACCESS" {
        c.expect(&["POLICIES"])?;
        what.push_str(" POLICIES");
    }
    let mut show = Show {
        what,
        terse,
        history: c.eat(&["HISTORY"]),
        like: None,
        scope: ShowScope::Default,
        starts_with: None,
        limit: None,
        from: None,
    };
    loop {
        if show.what.ends_with("GRANTS") && (c.sees(&["ON"]) || c.sees(&["TO"]) || c.sees(&["OF"]))
        {
            show.scope = grant_scope(c)?;
        } else if c.eat(&["LIKE"]) {
            show.like = Some(c.string()?);
        } else if c.eat(&["IN"])
            || c.eat(&["ON"])
            || c.eat(&["FOR"])
            || c.eat(&["TO"])
            || c.eat(&["OF"])
        {
            show.scope = scope(c, &show.what)?;
        } else if c.eat(&["STARTS", "WITH"]) {
            show.starts_with = Some(c.string()?);
        } else if c.eat(&["LIMIT"]) {
            show.limit = Some(c.number()?);
        } else if c.eat(&["FROM"]) {
            show.from = Some(c.string()?);
        } else {
            break;
        }
    }
    c.end()?;
    Ok(show)
}

/// ON, TO or OF of SHOW GRANTS.
fn grant_scope(c: &mut Cursor<'_>) -> Result<ShowScope> {
    if c.eat(&["ON"]) {
        if c.eat(&["ACCOUNT"]) {
            return Ok(ShowScope::Account);
        }
        let kind = super::object::granted_type(c)?;
        return Ok(ShowScope::On(kind, c.name()?));
    }
    if c.eat(&["OF"]) {
        let _ = super::object::object_type(c)?;
        return Ok(ShowScope::Of(c.name()?));
    }
    c.expect(&["TO"])?;
    let kind = super::object::object_type(c)?;
    Ok(ShowScope::To(kind, c.name()?))
}

fn scope(c: &mut Cursor<'_>, what: &str) -> Result<ShowScope> {
    let optional = |c: &mut Cursor<'_>| -> Result<Option<ObjectName>> {
        let keyword = ["LIKE", "STARTS", "LIMIT", "FROM"]
            .iter()
            .any(|w| c.sees(&[w]));
        if c.at_end() || keyword {
            Ok(None)
        } else {
            c.name().map(Some)
        }
    };
    Ok(if c.eat(&["ACCOUNT"]) {
        ShowScope::Account
    } else if c.eat(&["SESSION"]) {
        ShowScope::Session
    } else if c.eat(&["DATABASE"]) {
        ShowScope::Database(optional(c)?)
    } else if c.eat(&["SCHEMA"]) {
        ShowScope::Schema(optional(c)?)
    } else if c.eat(&["TABLE"]) || c.eat(&["VIEW"]) {
        ShowScope::Table(c.name()?)
    } else {
        let name = c.name()?;
        match (what, name.0.len()) {
            ("COLUMNS" | "PRIMARY KEYS", _) => ShowScope::Table(name),
            ("SCHEMAS", 1) => ShowScope::Database(Some(name)),
            _ => ShowScope::Schema(Some(name)),
        }
    })
}
