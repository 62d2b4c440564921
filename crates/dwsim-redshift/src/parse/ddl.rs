//! CREATE, ALTER, DROP and COMMENT of everything but tables.
//! Tables are in `table`, users and privileges in `admin`.

use dwsim_engine::error::Result;
use sqlparser::tokenizer::Token;

use super::statement::{CreateView, Kind, Statement};
use super::words::Words;
use super::{admin, policy, table};

/// CREATE, after its word.
pub(super) fn create(w: &mut Words<'_>) -> Result<Statement> {
    let replace = w.eat(&["or", "replace"]);
    w.eat(&["local"]);
    let temporary = w.eat_one(&["temp", "temporary"]).is_some();
    if w.at(&["table"]) {
        return table::create(w, temporary).map(|t| Statement::CreateTable(Box::new(t)));
    }
    if w.eat(&["view"]) {
        return view(w, replace, false);
    }
    if w.eat(&["materialized", "view"]) {
        return view(w, replace, true);
    }
    if w.eat(&["schema"]) {
        return create_schema(w);
    }
    if w.eat(&["database"]) {
        return create_database(w);
    }
    for (word, kind) in [
        ("user", Kind::User),
        ("group", Kind::Group),
        ("role", Kind::Role),
    ] {
        if w.eat(&[word]) {
            return admin::principal(w, kind, true);
        }
    }
    if w.at(&["function"]) || w.at(&["procedure"]) {
        return super::routine::create(w, replace).map(|r| Statement::CreateRoutine(Box::new(r)));
    }
    if let Some(masking) = policy::kind(w) {
        return policy::create(w, masking);
    }
    Ok(Statement::Unsupported(format!("CREATE {}", head(w))))
}

/// The first words of what is left, to name what is not there; the rest is skipped.
fn head(w: &mut Words<'_>) -> String {
    let rest = w.rest();
    rest.split_whitespace()
        .take_while(|word| word.chars().all(char::is_alphabetic))
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

fn view(w: &mut Words<'_>, replace: bool, materialized: bool) -> Result<Statement> {
    let name = w.name()?;
    let columns = if w.next_is(&Token::LParen) {
        w.parenthesized(Words::ident)?
    } else {
        Vec::new()
    };
    let mut properties = Vec::new();
    if materialized {
        let mut a = table::Attributes::default();
        loop {
            table::attributes(w, &mut a)?;
            if w.eat(&["auto", "refresh"]) {
                let on = w.any_word().unwrap_or_default();
                properties.push(("auto refresh".to_owned(), on));
            } else {
                break;
            }
        }
        if let Some(style) = a.diststyle {
            properties.push(("diststyle".into(), style));
        }
        if let Some(key) = a.distkey {
            properties.push(("distkey".into(), key.value.to_lowercase()));
        }
        if let Some(keys) = a.sortkey {
            let keys: Vec<_> = keys.into_iter().map(|k| k.value.to_lowercase()).collect();
            properties.push(("sortkey".into(), keys.join(",")));
        }
        if let Some(backup) = a.backup {
            properties.push(("backup".into(), if backup { "yes" } else { "no" }.into()));
        }
    }
    w.expect(&["as"])?;
    let start = w.here();
    let query = w.query()?;
    let query_sql = w.source_from(start).to_owned();
    let late_binding = !materialized && w.eat(&["with", "no", "schema", "binding"]);
    Ok(Statement::CreateView(Box::new(CreateView {
        replace,
        name,
        columns,
        query,
        query_sql,
        late_binding,
        materialized: materialized.then_some(properties),
    })))
}

fn create_schema(w: &mut Words<'_>) -> Result<Statement> {
    let if_not_exists = w.eat(&["if", "not", "exists"]);
    let name = if w.at(&["authorization"]) {
        None
    } else {
        Some(w.ident()?)
    };
    let owner = if w.eat(&["authorization"]) {
        Some(w.ident()?)
    } else {
        None
    };
    let quota = match w.at(&["quota"]) {
        true => quota(w)?,
        false => None,
    };
    if !w.at_end() {
        return w.unexpected("end of statement (schema elements are separate statements in dwsim)");
    }
    Ok(Statement::CreateSchema {
        name,
        if_not_exists,
        owner,
        quota,
    })
}

/// `QUOTA size {MB | GB | TB}` of a schema in megabytes, None for `QUOTA UNLIMITED`. Disks are not emulated: a quota
/// is shown and never reached.
fn quota(w: &mut Words<'_>) -> Result<Option<u64>> {
    w.expect(&["quota"])?;
    if w.eat(&["unlimited"]) {
        return Ok(None);
    }
    let Some(size) = w.any_number() else {
        return w.unexpected("a size in MB, GB or TB");
    };
    // Gigabytes are the default unit.
    let megabytes = match w.eat_one(&["mb", "gb", "tb"]) {
        Some(0) => size,
        Some(2) => size * 1024.0 * 1024.0,
        _ => size * 1024.0,
    };
    Ok(Some(megabytes as u64))
}

/// CONNECTION LIMIT, COLLATE or ISOLATION LEVEL of a database; false when something else comes next.
fn database_property(w: &mut Words<'_>, properties: &mut Vec<(String, String)>) -> Result<bool> {
    if w.eat(&["connection", "limit"]) {
        let limit = if w.eat(&["unlimited"]) {
            "unlimited".to_owned()
        } else {
            w.integer()?.to_string()
        };
        properties.push(("connection limit".into(), limit));
    } else if w.eat(&["collate"]) {
        let collate = match w.eat_one(&["case_insensitive", "ci", "case_sensitive", "cs"]) {
            Some(0 | 1) => "case_insensitive",
            Some(_) => "case_sensitive",
            None => return w.unexpected("CASE_SENSITIVE or CASE_INSENSITIVE"),
        };
        properties.push(("collate".into(), collate.into()));
    } else if w.eat(&["isolation", "level"]) {
        let level = match w.eat_one(&["serializable", "snapshot"]) {
            Some(0) => "serializable",
            Some(_) => "snapshot",
            None => return w.unexpected("SERIALIZABLE or SNAPSHOT"),
        };
        properties.push(("isolation level".into(), level.into()));
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn create_database(w: &mut Words<'_>) -> Result<Statement> {
    let name = w.ident()?;
    w.eat(&["with"]);
    let (mut owner, mut template) = (None, None);
    let mut properties = Vec::new();
    while !w.at_end() {
        if w.eat(&["owner"]) {
            let _ = w.consume_token(&Token::Eq);
            owner = Some(w.ident()?);
        } else if w.eat(&["template"]) {
            let _ = w.consume_token(&Token::Eq);
            template = Some(w.ident()?);
        } else if database_property(w, &mut properties)? {
        } else if w.eat(&["encoding"]) {
            let _ = w.consume_token(&Token::Eq);
            if w.at_string() {
                w.string()?;
            } else {
                w.any_word();
            }
        } else {
            return Ok(Statement::Unsupported(format!(
                "CREATE DATABASE {}",
                head(w)
            )));
        }
    }
    Ok(Statement::CreateDatabase {
        name,
        owner,
        template,
        properties,
    })
}

/// ALTER, after its word.
pub(super) fn alter(w: &mut Words<'_>) -> Result<Statement> {
    if w.eat(&["table"]) || w.eat(&["materialized", "view"]) || w.eat(&["view"]) {
        return table::alter(w).map(|t| Statement::AlterTable(Box::new(t)));
    }
    for (word, kind) in [
        ("user", Kind::User),
        ("group", Kind::Group),
        ("role", Kind::Role),
    ] {
        if w.eat(&[word]) {
            return admin::principal(w, kind, false);
        }
    }
    if w.eat(&["schema"]) || w.at(&["database"]) {
        let database = w.eat(&["database"]);
        let name = w.ident()?;
        let (mut rename, mut owner) = (None, None);
        let mut limit = None;
        let mut properties = Vec::new();
        if w.eat(&["rename", "to"]) {
            rename = Some(w.ident()?);
        } else if w.eat(&["owner", "to"]) {
            owner = Some(w.ident()?);
        } else if database {
            if !database_property(w, &mut properties)? {
                return Ok(Statement::Unsupported(format!(
                    "ALTER DATABASE {}",
                    w.rest()
                )));
            }
            while !w.at_end() {
                if !database_property(w, &mut properties)? {
                    return w.unexpected("a property of a database");
                }
            }
        } else {
            limit = Some(quota(w)?);
        }
        return Ok(if database {
            Statement::AlterDatabase {
                name,
                rename,
                owner,
                properties,
            }
        } else {
            Statement::AlterSchema {
                name,
                rename,
                owner,
                quota: limit,
            }
        });
    }
    for (word, kind) in [("function", Kind::Function), ("procedure", Kind::Procedure)] {
        if w.eat(&[word]) {
            let name = w.name()?;
            let signature = if w.next_is(&Token::LParen) {
                let start = w.here();
                while !w.at_end() && !w.consume_token(&Token::RParen) {
                    w.next_token();
                }
                Some(w.source_from(start).to_owned())
            } else {
                None
            };
            let (mut rename, mut owner) = (None, None);
            if w.eat(&["rename", "to"]) {
                rename = Some(w.ident()?);
            } else {
                w.expect(&["owner", "to"])?;
                owner = Some(w.ident()?);
            }
            return Ok(Statement::AlterRoutine {
                kind,
                name,
                signature,
                rename,
                owner,
            });
        }
    }
    if w.eat(&["default", "privileges"]) {
        return admin::default_privileges(w);
    }
    if let Some(masking) = policy::kind(w) {
        return policy::alter(w, masking);
    }
    Ok(Statement::Unsupported(format!("ALTER {}", head(w))))
}

/// DROP, after its word.
pub(super) fn drop(w: &mut Words<'_>) -> Result<Statement> {
    if let Some(masking) = policy::kind(w) {
        return policy::drop(w, masking);
    }
    let kinds = [
        ("table", Kind::Table),
        ("view", Kind::View),
        ("schema", Kind::Schema),
        ("database", Kind::Database),
        ("function", Kind::Function),
        ("procedure", Kind::Procedure),
        ("user", Kind::User),
        ("group", Kind::Group),
        ("role", Kind::Role),
    ];
    let kind = if w.eat(&["materialized", "view"]) {
        Kind::MaterializedView
    } else {
        match kinds.iter().find(|(word, _)| w.at(&[word])) {
            Some((word, kind)) => {
                w.expect(&[word])?;
                *kind
            }
            None => return Ok(Statement::Unsupported(format!("DROP {}", head(w)))),
        }
    };
    let if_exists = w.eat(&["if", "exists"]);
    let names = w.names()?;
    let signature = if w.next_is(&Token::LParen) {
        let start = w.here();
        while !w.at_end() && !w.consume_token(&Token::RParen) {
            w.next_token();
        }
        Some(w.source_from(start).to_owned())
    } else {
        None
    };
    let cascade = w.eat_one(&["cascade", "force"]).is_some();
    w.eat(&["restrict"]);
    Ok(Statement::Drop {
        kind,
        names,
        signature,
        if_exists,
        cascade,
    })
}

/// COMMENT ON, after its word.
pub(super) fn comment(w: &mut Words<'_>) -> Result<Statement> {
    let kinds = [
        ("table", Kind::Table),
        ("view", Kind::View),
        ("column", Kind::Column),
        ("constraint", Kind::Constraint),
        ("database", Kind::Database),
        ("schema", Kind::Schema),
    ];
    let Some(i) = w.eat_one(&kinds.map(|(word, _)| word)) else {
        return Ok(Statement::Unsupported(format!("COMMENT ON {}", head(w))));
    };
    let name = w.name()?;
    let on = if w.eat(&["on"]) {
        Some(w.name()?)
    } else {
        None
    };
    w.expect(&["is"])?;
    let text = if w.eat(&["null"]) {
        None
    } else {
        Some(w.string()?)
    };
    Ok(Statement::Comment {
        kind: kinds[i].1,
        name,
        on,
        text,
    })
}
