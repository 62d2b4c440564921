//! Settings, principals, privileges and SHOW.
//! What they do is left to `statements`.

use dwsim_engine::error::Result;
use sqlparser::ast;
use sqlparser::tokenizer::Token;

use super::statement::{Kind, Show, Statement};
use super::words::Words;

/// GRANT, REVOKE and ALTER DEFAULT PRIVILEGES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// GRANT rather than REVOKE.
    pub grant: bool,
    /// Privileges in lower case, or role names when `on` is None.
    pub privileges: Vec<String>,
    /// Kind of object in lower case, and names.
    pub on: Option<(String, Vec<ast::ObjectName>)>,
    /// Grantees with their kind: user, group, role or public.
    pub to: Vec<(&'static str, String)>,
    /// WITH GRANT OPTION or WITH ADMIN OPTION.
    pub grant_option: bool,
    /// ALTER DEFAULT PRIVILEGES: what they are for.
    pub defaults: Option<Defaults>,
    /// The whole text when it is of a form that dwsim does not have (datashares, ASSUMEROLE, …).
    pub kept: Option<String>,
}

/// What ALTER DEFAULT PRIVILEGES is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// FOR USER; empty is the current one.
    pub users: Vec<String>,
    /// IN SCHEMA; empty is all.
    pub schemas: Vec<String>,
}

/// Reads ALTER DEFAULT PRIVILEGES after these words.
pub(super) fn default_privileges(w: &mut Words<'_>) -> Result<Statement> {
    let mut defaults = Defaults::default();
    loop {
        if w.eat(&["for"]) {
            let _ = w.eat_one(&["user", "role"]);
            defaults.users = names(w)?;
        } else if w.eat(&["in", "schema"]) {
            defaults.schemas = names(w)?;
        } else {
            break;
        }
    }
    let granting = w.eat(&["grant"]);
    if !granting {
        w.expect(&["revoke"])?;
    }
    match grant(w, granting)? {
        Statement::Grant(mut g) => {
            g.defaults = Some(defaults);
            Ok(Statement::Grant(g))
        }
        other => Ok(other),
    }
}

fn names(w: &mut Words<'_>) -> Result<Vec<String>> {
    Ok(w.list(Words::ident)?
        .into_iter()
        .map(|i| i.value.to_lowercase())
        .collect())
}

/// A grantee with its kind.
pub(super) fn grantee(w: &mut Words<'_>) -> Result<(&'static str, String)> {
    if w.eat(&["public"]) {
        return Ok(("public", "public".to_owned()));
    }
    if w.eat(&["rls", "policy"]) {
        return Ok(("policy", w.ident()?.value.to_lowercase()));
    }
    let kind = match w.eat_one(&["group", "role", "user"]) {
        Some(0) => "group",
        Some(1) => "role",
        _ => "user",
    };
    Ok((kind, w.ident()?.value.to_lowercase()))
}

/// Reads SET after its word.
pub(super) fn set(w: &mut Words<'_>) -> Result<Statement> {
    let local = w.eat(&["local"]);
    // `SET SESSION x` and `SET SESSION AUTHORIZATION x` start alike.
    if w.eat(&["session", "authorization"]) {
        let value = value(w)?;
        return Ok(Statement::Set {
            name: "session_authorization".into(),
            value: (value != "default").then(|| vec![value]),
            local,
        });
    }
    if !local {
        let start = w.here();
        if w.eat(&["session", "characteristics", "as", "transaction"]) || w.eat(&["transaction"]) {
            let session = !w
                .source_from(start)
                .to_lowercase()
                .starts_with("transaction");
            // Isolation levels are all serializable.
            return Ok(match (super::dispatch::transaction_modes(w)?, session) {
                (Some(on), session) => Statement::Set {
                    name: if session {
                        "default_transaction_read_only".into()
                    } else {
                        "transaction_read_only".into()
                    },
                    value: Some(vec![if on { "on" } else { "off" }.into()]),
                    local: !session,
                },
                (None, _) => Statement::Set {
                    name: "transaction_isolation".into(),
                    value: Some(vec!["serializable".into()]),
                    local: false,
                },
            });
        }
        w.eat(&["session"]);
    }
    let name = if w.eat(&["time", "zone"]) {
        "timezone".to_owned()
    } else {
        let Some(mut name) = w.any_word() else {
            return w.unexpected("a setting");
        };
        while w.consume_token(&Token::Period) {
            match w.any_word() {
                Some(part) => name = format!("{name}.{part}"),
                None => return w.unexpected("a setting"),
            }
        }
        let interval = name == "timezone" && w.at(&["interval"]);
        if !interval && !w.eat(&["to"]) {
            w.token(&Token::Eq)?;
        }
        name
    };
    if name == "timezone" && w.eat(&["interval"]) {
        let mut text = w.string()?;
        // A bare number counts hours when HOUR is the only field.
        if w.eat(&["hour"]) && !w.eat(&["to", "minute"]) && text.trim().parse::<f64>().is_ok() {
            text.push_str(" hours");
        }
        return Ok(Statement::Set {
            name,
            value: Some(vec![format!("interval {text}")]),
            local,
        });
    }
    if w.eat(&["default"]) || (name == "timezone" && w.eat(&["local"])) {
        return Ok(Statement::Set {
            name,
            value: None,
            local,
        });
    }
    let mut values = vec![value(w)?];
    while w.consume_token(&Token::Comma) {
        values.push(value(w)?);
    }
    Ok(Statement::Set {
        name,
        value: Some(values),
        local,
    })
}

/// A value of SET.
pub(super) fn value(w: &mut Words<'_>) -> Result<String> {
    if w.at_string() {
        return w.string();
    }
    let sign = if w.consume_token(&Token::Minus) {
        "-"
    } else {
        ""
    };
    match w.peek_token_ref().token.clone() {
        Token::Number(n, _) => {
            w.next_token();
            Ok(format!("{sign}{n}"))
        }
        Token::Word(word) => {
            w.next_token();
            // `$user` arrives as a placeholder, quoted names keep their case.
            Ok(if word.quote_style.is_some() {
                word.value
            } else {
                word.value.to_lowercase()
            })
        }
        Token::Placeholder(p) => {
            w.next_token();
            Ok(p)
        }
        _ => w.unexpected("a value"),
    }
}

/// Reads RESET after its word.
pub(super) fn reset(w: &mut Words<'_>) -> Result<Statement> {
    if w.eat(&["all"]) {
        return Ok(Statement::Reset(None));
    }
    if w.eat(&["session", "authorization"]) {
        return Ok(Statement::Reset(Some("session_authorization".into())));
    }
    match w.any_word() {
        Some(mut name) => {
            while w.consume_token(&Token::Period) {
                if let Some(part) = w.any_word() {
                    name = format!("{name}.{part}");
                }
            }
            Ok(Statement::Reset(Some(name)))
        }
        None => w.unexpected("a setting"),
    }
}

fn like(w: &mut Words<'_>) -> Result<Option<String>> {
    if w.eat(&["like"]) {
        w.string().map(Some)
    } else {
        Ok(None)
    }
}

/// Reads SHOW after its word.
pub(super) fn show(w: &mut Words<'_>) -> Result<Statement> {
    let show = if w.eat(&["all"]) {
        Show::All
    } else if w.at(&["table"]) && !ends_at(w, 1) {
        w.expect(&["table"])?;
        Show::Table(w.name()?)
    } else if w.at(&["view"]) && !ends_at(w, 1) {
        w.expect(&["view"])?;
        Show::View(w.name()?)
    } else if w.eat(&["databases"]) {
        if w.at(&["from"]) {
            return Ok(Statement::Unsupported(format!(
                "SHOW DATABASES {}",
                w.rest()
            )));
        }
        Show::Databases(like(w)?)
    } else if w.eat(&["schemas"]) {
        w.expect(&["from"])?;
        w.eat(&["database"]);
        let name = w.name()?;
        Show::Schemas(name, like(w)?)
    } else if w.eat(&["tables"]) {
        w.expect(&["from"])?;
        w.eat(&["schema"]);
        let name = w.name()?;
        Show::Tables(name, like(w)?)
    } else if w.eat(&["columns"]) {
        w.expect(&["from"])?;
        w.eat(&["table"]);
        let name = w.name()?;
        Show::Columns(name, like(w)?)
    } else if w.eat(&["grants"]) {
        Show::Grants(w.rest().to_owned())
    } else if w.eat(&["transaction", "isolation", "level"]) {
        Show::Setting("transaction_isolation".into())
    } else if w.eat(&["time", "zone"]) {
        Show::Setting("timezone".into())
    } else if w.eat(&["session", "authorization"]) {
        Show::Setting("session_authorization".into())
    } else if w.at(&["procedure"]) && !ends_at(w, 1) {
        w.expect(&["procedure"])?;
        let name = w.name()?;
        let signature = if w.at_end() {
            None
        } else {
            Some(w.rest().to_owned())
        };
        Show::Procedure(name, signature)
    } else if w.at(&["datashares"]) || (w.at(&["external"]) || w.at(&["model"])) && !ends_at(w, 1) {
        return Ok(Statement::Unsupported(format!("SHOW {}", w.rest())));
    } else {
        match w.any_word() {
            Some(mut name) => {
                while w.consume_token(&Token::Period) {
                    if let Some(part) = w.any_word() {
                        name = format!("{name}.{part}");
                    }
                }
                Show::Setting(name)
            }
            None => return w.unexpected("a setting"),
        }
    };
    let list = matches!(
        show,
        Show::Databases(_) | Show::Schemas(..) | Show::Tables(..) | Show::Columns(..)
    );
    if list && w.eat(&["limit"]) {
        let limit = usize::try_from(w.integer()?).unwrap_or_default();
        return Ok(Statement::Show(Show::Limited(Box::new(show), limit)));
    }
    Ok(Statement::Show(show))
}

fn ends_at(w: &Words<'_>, n: usize) -> bool {
    matches!(w.peek_nth_token_ref(n).token, Token::EOF | Token::SemiColon)
}

/// Reads CREATE or ALTER of a user, group or role after these words.
pub(super) fn principal(w: &mut Words<'_>, kind: Kind, create: bool) -> Result<Statement> {
    if create {
        w.eat(&["if", "not", "exists"]);
    }
    let mut name = w.ident()?;
    // Users of an identity provider are named with its namespace: `aad:bob`.
    if w.consume_token(&Token::Colon) {
        name.value = format!("{}:{}", name.value, w.ident()?.value);
    }
    let mut options = Vec::new();
    w.eat(&["with"]);
    while !w.at_end() {
        let Some(word) = w.any_word() else {
            return w.unexpected("an option");
        };
        let value = match word.as_str() {
            "password" => {
                if w.eat(&["disable"]) {
                    "disable".to_owned()
                } else {
                    w.string()?
                }
            }
            "valid" => {
                w.expect(&["until"])?;
                value(w)?
            }
            "connection" => {
                w.expect(&["limit"])?;
                value(w)?
            }
            "session" => {
                w.expect(&["timeout"])?;
                value(w)?
            }
            "reset" => {
                let first = w.any_word().unwrap_or_default();
                if first == "session" {
                    w.expect(&["timeout"])?;
                }
                first
            }
            "syslog" => {
                w.expect(&["access"])?;
                w.any_word().unwrap_or_default()
            }
            "rename" | "owner" => {
                w.expect(&["to"])?;
                w.ident()?.value
            }
            "add" | "drop" => {
                w.eat(&["user"]);
                idents(w)?
            }
            "user" => idents(w)?,
            "in" => {
                w.expect(&["group"])?;
                idents(w)?
            }
            "set" => {
                let name = w.any_word().unwrap_or_default();
                if !w.eat(&["to"]) {
                    w.token(&Token::Eq)?;
                }
                let mut v = value(w)?;
                while w.consume_token(&Token::Comma) {
                    v = format!("{v}, {}", value(w)?);
                }
                format!("{name}={v}")
            }
            "externalid" => {
                w.eat(&["to"]);
                value(w)?
            }
            "createdb" | "nocreatedb" | "createuser" | "nocreateuser" => String::new(),
            _ => return w.unexpected("an option"),
        };
        options.push((word, value));
    }
    Ok(Statement::Principal {
        kind,
        create,
        name,
        options,
    })
}

fn idents(w: &mut Words<'_>) -> Result<String> {
    let names = w.list(Words::ident)?;
    Ok(names
        .into_iter()
        .map(|i| i.value.to_lowercase())
        .collect::<Vec<_>>()
        .join(","))
}

/// Reads `role, … TO grantee, … FOR command, …` after ASSUMEROLE ON. The roles are names of one part.
fn assume_role(w: &mut Words<'_>, mut g: Grant) -> Result<Statement> {
    let roles = w.list(|w| {
        let role = if w.at_string() {
            w.string()?
        } else {
            match w.eat_one(&["default", "all"]) {
                Some(0) => "default".to_owned(),
                Some(_) => "all".to_owned(),
                None => return w.unexpected("an IAM role, DEFAULT or ALL"),
            }
        };
        Ok(ast::ObjectName::from(vec![ast::Ident::with_quote(
            '"', role,
        )]))
    })?;
    w.expect(&[if g.grant { "to" } else { "from" }])?;
    g.to = w.list(grantee)?;
    w.expect(&["for"])?;
    g.privileges = w.list(|w| {
        for command in [
            &["all"][..],
            &["copy"],
            &["unload"],
            &["external", "function"],
            &["create", "model"],
        ] {
            if w.eat(command) {
                return Ok(command.join(" "));
            }
        }
        w.unexpected("ALL, COPY, UNLOAD, EXTERNAL FUNCTION or CREATE MODEL")
    })?;
    g.on = Some(("assumerole".to_owned(), roles));
    Ok(Statement::Grant(g))
}

/// Reads GRANT or REVOKE after its word.
pub(super) fn grant(w: &mut Words<'_>, grant: bool) -> Result<Statement> {
    let mut g = Grant {
        grant,
        privileges: Vec::new(),
        on: None,
        to: Vec::new(),
        grant_option: false,
        defaults: None,
        kept: None,
    };
    if !grant && w.eat(&["grant", "option", "for"]) {
        g.grant_option = true;
    }
    if w.eat(&["assumerole", "on"]) {
        return assume_role(w, g);
    }
    let shares = ["usage", "alter", "share"];
    if shares.iter().any(|p| w.at(&[*p, "on", "datashare"]))
        || ["alter", "share"]
            .iter()
            .any(|p| w.at(&[*p, "for", "datashares"]))
    {
        g.kept = Some(w.rest().to_owned());
        return Ok(Statement::Grant(g));
    }
    if w.at(&["explain", "rls"]) || w.at(&["ignore", "rls"]) {
        g.privileges.extend(w.any_word());
        w.expect(&["rls"])?;
        g.on = Some(("rls".to_owned(), Vec::new()));
        w.expect(&[if grant { "to" } else { "from" }])?;
        g.to = w.list(grantee)?;
        return Ok(Statement::Grant(g));
    }
    // Privileges are words, possibly of several words and with columns: up to ON or TO / FROM.
    let mut current = String::new();
    while !(w.at(&["on"]) || w.at(&["to"]) || w.at(&["from"])) {
        if w.at_end() {
            return w.unexpected("ON or TO");
        }
        if w.consume_token(&Token::Comma) {
            g.privileges.push(std::mem::take(&mut current));
        } else if w.next_is(&Token::LParen) {
            let columns = w.parenthesized(Words::ident)?;
            let columns: Vec<_> = columns
                .into_iter()
                .map(|c| c.value.to_lowercase())
                .collect();
            current.push_str(&format!("({})", columns.join(",")));
        } else if w.consume_token(&Token::Colon) {
            // sys:monitor and the other roles that are there.
            current.push(':');
            current.push_str(&w.any_word().unwrap_or_default());
        } else if let Some(word) = w.any_word() {
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(&word);
        } else {
            return w.unexpected("a privilege");
        }
    }
    g.privileges.push(current);
    if w.eat(&["on"]) {
        let kind = if w.eat(&["all", "tables", "in", "schema"]) {
            "all tables in schema"
        } else if w.eat(&["all", "functions", "in", "schema"]) {
            "all functions in schema"
        } else if w.eat(&["all", "procedures", "in", "schema"]) {
            "all procedures in schema"
        } else {
            let kinds = [
                "table",
                "schema",
                "database",
                "function",
                "procedure",
                "language",
                "model",
            ];
            match w.eat_one(&kinds) {
                Some(i) => kinds[i],
                None if w.at(&["external"]) || w.at(&["rls"]) || w.at(&["masking"]) => {
                    g.kept = Some(w.rest().to_owned());
                    return Ok(Statement::Grant(g));
                }
                None => "table",
            }
        };
        let names = w.list(|w| {
            let name = w.name()?;
            // An argument list tells overloads apart.
            if w.next_is(&Token::LParen) {
                while !w.consume_token(&Token::RParen) {
                    if w.at_end() {
                        return w.unexpected(")");
                    }
                    w.next_token();
                }
            }
            Ok(name)
        })?;
        g.on = Some((kind.to_owned(), names));
    }
    w.expect(&[if grant { "to" } else { "from" }])?;
    g.to = w.list(grantee)?;
    if w.eat(&["with", "grant", "option"]) || w.eat(&["with", "admin", "option"]) {
        g.grant_option = true;
    }
    let _ = w.eat_one(&["restrict", "cascade"]);
    Ok(Statement::Grant(g))
}
