//! Streams, tasks, pipes, tags, dynamic tables, policies and database roles; UNDROP and EXECUTE TASK; GRANT and REVOKE.
//! What they do is decided in `session`; stages, formats, roles and warehouses are parsed in `command`.

use dwsim_engine::catalog::ObjectKind;
use dwsim_engine::error::Result;
use sqlparser::ast::{self, ObjectName};
use sqlparser::tokenizer::Token;

use super::{Cursor, Options};

/// CREATE STREAM.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateStream {
    /// Name.
    pub name: ObjectName,
    /// OR REPLACE.
    pub or_replace: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// "TABLE", "VIEW", …
    pub on: String,
    /// What it follows.
    pub source: ObjectName,
    /// AT or BEFORE.
    pub past: Option<ast::Expr>,
    /// APPEND_ONLY, SHOW_INITIAL_ROWS, COMMENT, …
    pub options: Options,
    /// CLONE.
    pub clone: Option<ObjectName>,
}

/// CREATE of an object that runs or holds SQL: a task, a pipe, a dynamic table.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateBody {
    /// Task, pipe, or relation for a dynamic table; tags and policies too.
    pub kind: ObjectKind,
    /// As SHOW and messages name the kind, in upper case.
    pub word: &'static str,
    /// Name.
    pub name: ObjectName,
    /// OR REPLACE.
    pub or_replace: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// Options before the body.
    pub options: Options,
    /// AFTER of a task.
    pub after: Vec<ObjectName>,
    /// WHEN of a task, as text.
    pub when: Option<String>,
    /// The columns of a dynamic table with their parentheses, as text.
    pub columns: Option<String>,
    /// What follows AS, as text.
    pub body: String,
}

/// CREATE SEQUENCE.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateSequence {
    /// Name.
    pub name: ObjectName,
    /// OR REPLACE.
    pub or_replace: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// START and INCREMENT.
    pub numbers: Vec<ast::SequenceOptions>,
    /// COMMENT.
    pub comment: Option<String>,
}

/// A change of such an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// SET of options.
    Set(Options),
    /// UNSET of options.
    Unset(Vec<String>),
    /// RENAME TO.
    Rename(ObjectName),
    /// RESUME or SUSPEND.
    State(&'static str),
    /// SWAP WITH.
    Swap(ObjectName),
    /// REFRESH of a pipe or dynamic table; a pipe's PREFIX.
    Refresh(Options),
    /// MODIFY AS: another body.
    Body(String),
    /// MODIFY WHEN and REMOVE WHEN of a task.
    When(Option<String>),
    /// ADD or REMOVE AFTER of a task.
    After(bool, Vec<ObjectName>),
    /// SET TAG: names and values.
    SetTag(Vec<(ObjectName, String)>),
    /// UNSET TAG.
    UnsetTag(Vec<ObjectName>),
    /// SET or UNSET MASKING POLICY of a tag: whether to set, the policies, FORCE.
    TagPolicies(bool, Vec<ObjectName>, bool),
    /// ADD or DROP ALLOWED_VALUES of a tag.
    AllowedValues(bool, Vec<String>),
}

/// A privilege given or taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// REVOKE.
    pub revoke: bool,
    /// Privileges in upper case; empty when a role is granted.
    pub privileges: Vec<String>,
    /// The granted role, of GRANT ROLE.
    pub role: Option<String>,
    /// "TABLE", "SCHEMA", "WAREHOUSE", … in upper case; "ACCOUNT" has no name.
    pub on: String,
    /// ALL … IN or FUTURE … IN: "ALL" or "FUTURE", and the container's kind.
    pub many: Option<(String, String)>,
    /// The object's or container's name.
    pub name: Option<ObjectName>,
    /// "ROLE", "USER", "DATABASE ROLE" or "SHARE".
    pub to: String,
    /// Who.
    pub grantee: ObjectName,
    /// WITH GRANT OPTION.
    pub grant_option: bool,
}

fn text_to_end(c: &mut Cursor<'_>) -> Result<String> {
    let from = c.offset();
    while !c.at_end() {
        let _ = c.raw();
    }
    let text = c.text_from(from).trim().to_owned();
    if text.is_empty() {
        return Err(c.error("a statement"));
    }
    Ok(text)
}

fn flags(c: &mut Cursor<'_>) -> bool {
    c.eat(&["IF", "NOT", "EXISTS"])
}

/// CREATE STREAM, behind the word STREAM.
pub(super) fn stream(c: &mut Cursor<'_>, or_replace: bool) -> Result<CreateStream> {
    let if_not_exists = flags(c);
    let name = c.name()?;
    let mut out = CreateStream {
        name: name.clone(),
        or_replace,
        if_not_exists,
        on: String::new(),
        source: name,
        past: None,
        options: Options::default(),
        clone: None,
    };
    if c.eat(&["CLONE"]) {
        out.clone = Some(c.name()?);
        return Ok(out);
    }
    out.options = c.options()?;
    c.expect(&["ON"])?;
    out.on = ["EXTERNAL", "DYNAMIC"]
        .into_iter()
        .find(|w| c.eat(&[w]))
        .map_or_else(String::new, |w| format!("{w} "));
    out.on.push_str(&c.ident()?.value.to_uppercase());
    out.source = c.name()?;
    if c.sees(&["AT"]) || c.sees(&["BEFORE"]) {
        out.past = Some(c.sql(|p| p.parse_expr())?);
    }
    let more = c.options()?;
    out.options.0.extend(more.0);
    c.end()?;
    Ok(out)
}

/// CREATE SEQUENCE, behind the word SEQUENCE.
pub(super) fn sequence(c: &mut Cursor<'_>, or_replace: bool) -> Result<CreateSequence> {
    let mut out = CreateSequence {
        if_not_exists: flags(c),
        name: c.name()?,
        or_replace,
        numbers: Vec::new(),
        comment: None,
    };
    let _ = c.eat(&["WITH"]);
    loop {
        if c.eat(&["START"]) {
            let _ = c.eat(&["WITH"]);
            let _ = c.eat_token(&Token::Eq);
            let n = c.sql(|p| p.parse_expr())?;
            out.numbers.push(ast::SequenceOptions::StartWith(n, true));
        } else if c.eat(&["INCREMENT"]) {
            let _ = c.eat(&["BY"]);
            let _ = c.eat_token(&Token::Eq);
            let n = c.sql(|p| p.parse_expr())?;
            out.numbers.push(ast::SequenceOptions::IncrementBy(n, true));
        } else if c.eat(&["COMMENT"]) {
            c.expect_token(&Token::Eq)?;
            out.comment = Some(c.string()?);
        } else if !(c.eat(&["ORDER"]) || c.eat(&["NOORDER"]) || c.eat_token(&Token::Comma)) {
            break;
        }
    }
    c.end()?;
    Ok(out)
}

/// CREATE TASK, behind the word TASK.
pub(super) fn task(c: &mut Cursor<'_>, or_replace: bool) -> Result<CreateBody> {
    let if_not_exists = flags(c);
    let name = c.name()?;
    let mut options = Options::default();
    let mut after = Vec::new();
    let mut when = None;
    loop {
        let more = c.options()?;
        let any = !more.0.is_empty();
        options.0.extend(more.0);
        if c.eat(&["AFTER"]) {
            loop {
                after.push(c.name()?);
                if !c.eat_token(&Token::Comma) {
                    break;
                }
            }
        } else if c.eat(&["WHEN"]) {
            let from = c.offset();
            let _ = c.sql(|p| p.parse_expr())?;
            when = Some(c.text_from(from).to_owned());
        } else if c.eat(&["AS"]) {
            break;
        } else if !any && !c.eat_token(&Token::Comma) {
            return Err(c.error("AS"));
        }
    }
    Ok(CreateBody {
        kind: ObjectKind::Task,
        word: "TASK",
        name,
        or_replace,
        if_not_exists,
        options,
        after,
        when,
        columns: None,
        body: text_to_end(c)?,
    })
}

/// CREATE ALERT, behind the word ALERT: options, `IF (EXISTS (query))`, THEN and the action.
pub(super) fn alert(c: &mut Cursor<'_>, or_replace: bool) -> Result<CreateBody> {
    let if_not_exists = flags(c);
    let name = c.name()?;
    let options = c.options()?;
    c.expect(&["IF"])?;
    c.expect_token(&Token::LParen)?;
    c.expect(&["EXISTS"])?;
    c.expect_token(&Token::LParen)?;
    let from = c.offset();
    let mut depth = 1usize;
    let mut to = from;
    while depth > 0 {
        to = c.offset();
        if c.eat_token(&Token::LParen) {
            depth += 1;
        } else if c.eat_token(&Token::RParen) {
            depth -= 1;
        } else if c.raw().is_none() {
            return Err(c.error(")"));
        }
    }
    let condition = c.slice(from, to).trim().to_owned();
    c.expect_token(&Token::RParen)?;
    c.expect(&["THEN"])?;
    Ok(CreateBody {
        kind: ObjectKind::Other,
        word: "ALERT",
        name,
        or_replace,
        if_not_exists,
        options,
        after: Vec::new(),
        when: Some(condition),
        columns: None,
        body: text_to_end(c)?,
    })
}

/// CREATE PIPE: options, then AS.
pub(super) fn with_body(
    c: &mut Cursor<'_>,
    or_replace: bool,
    kind: ObjectKind,
    word: &'static str,
) -> Result<CreateBody> {
    let if_not_exists = flags(c);
    let name = c.name()?;
    let options = c.options()?;
    c.expect(&["AS"])?;
    Ok(CreateBody {
        kind,
        word,
        name,
        or_replace,
        if_not_exists,
        options,
        after: Vec::new(),
        when: None,
        columns: None,
        body: text_to_end(c)?,
    })
}

/// CREATE DYNAMIC TABLE: columns, options and CLUSTER BY, then AS.
pub(super) fn dynamic_table(c: &mut Cursor<'_>, or_replace: bool) -> Result<CreateBody> {
    let if_not_exists = flags(c);
    let name = c.name()?;
    let columns = if c.sees_token(&Token::LParen) {
        Some(in_parens(c)?)
    } else {
        None
    };
    let mut options = Options::default();
    while !c.eat(&["AS"]) {
        let more = c.options()?;
        let any = !more.0.is_empty();
        options.0.extend(more.0);
        if c.eat(&["CLUSTER", "BY"]) {
            let by = in_parens(c)?;
            options
                .0
                .push(("CLUSTER_BY".into(), super::OptionValue::Word(by, true)));
        } else if !any && !c.sees(&["AS"]) && !c.eat(&["COPY", "GRANTS"]) {
            return Err(c.error("AS"));
        }
    }
    Ok(CreateBody {
        kind: ObjectKind::Relation,
        word: "DYNAMIC TABLE",
        name,
        or_replace,
        if_not_exists,
        options,
        after: Vec::new(),
        when: None,
        columns,
        body: text_to_end(c)?,
    })
}

/// What stands in parentheses, with them.
fn in_parens(c: &mut Cursor<'_>) -> Result<String> {
    let from = c.offset();
    c.expect_token(&Token::LParen)?;
    let mut depth = 1usize;
    while depth > 0 {
        if c.eat_token(&Token::LParen) {
            depth += 1;
        } else if c.eat_token(&Token::RParen) {
            depth -= 1;
        } else if c.raw().is_none() {
            return Err(c.error(")"));
        }
    }
    Ok(c.text_from(from).to_owned())
}

/// CREATE TAG: ALLOWED_VALUES and options.
pub(super) fn tag(c: &mut Cursor<'_>, or_replace: bool) -> Result<CreateBody> {
    let if_not_exists = flags(c);
    let name = c.name()?;
    let mut values = Vec::new();
    if c.eat(&["ALLOWED_VALUES"]) {
        loop {
            values.push(c.string()?);
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
    }
    let mut options = c.options()?;
    if !values.is_empty() {
        options
            .0
            .push(("ALLOWED_VALUES".into(), super::OptionValue::List(values)));
    }
    c.end()?;
    Ok(CreateBody {
        kind: ObjectKind::Tag,
        word: "TAG",
        name,
        or_replace,
        if_not_exists,
        options,
        after: Vec::new(),
        when: None,
        columns: None,
        body: String::new(),
    })
}

/// ALTER of a stream, task, pipe, tag or dynamic table, behind its name.
pub(super) fn change(c: &mut Cursor<'_>) -> Result<Change> {
    let change = if c.eat(&["SET", "TAG"]) {
        let mut tags = Vec::new();
        loop {
            let name = c.name()?;
            c.expect_token(&Token::Eq)?;
            tags.push((name, c.string()?));
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        Change::SetTag(tags)
    } else if c.sees(&["SET", "MASKING", "POLICY"]) || c.sees(&["UNSET", "MASKING", "POLICY"]) {
        let set = c.eat(&["SET"]) || !c.eat(&["UNSET"]);
        let mut policies = Vec::new();
        loop {
            c.expect(&["MASKING", "POLICY"])?;
            policies.push(c.name()?);
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        Change::TagPolicies(set, policies, c.eat(&["FORCE"]))
    } else if c.eat(&["UNSET", "TAG"]) {
        let mut tags = Vec::new();
        loop {
            tags.push(c.name()?);
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        Change::UnsetTag(tags)
    } else if c.eat(&["SET"]) {
        let mut options = Options::default();
        loop {
            options.0.extend(c.options()?.0);
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        Change::Set(options)
    } else if c.eat(&["UNSET"]) {
        let mut names = Vec::new();
        loop {
            names.push(c.ident()?.value.to_uppercase());
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        Change::Unset(names)
    } else if c.eat(&["RENAME", "TO"]) {
        Change::Rename(c.name()?)
    } else if c.eat(&["SWAP", "WITH"]) {
        Change::Swap(c.name()?)
    } else if c.eat(&["RESUME"]) {
        Change::State("started")
    } else if c.eat(&["SUSPEND"]) {
        Change::State("suspended")
    } else if c.eat(&["REFRESH"]) {
        Change::Refresh(c.options()?)
    } else if c.eat(&["MODIFY", "AS"]) || c.eat(&["MODIFY", "ACTION"]) {
        Change::Body(text_to_end(c)?)
    } else if c.eat(&["MODIFY", "CONDITION", "EXISTS"]) {
        c.expect_token(&Token::LParen)?;
        let from = c.offset();
        let _ = c.sql(|p| p.parse_query())?;
        let condition = c.text_from(from).to_owned();
        c.expect_token(&Token::RParen)?;
        Change::When(Some(condition))
    } else if c.eat(&["MODIFY", "WHEN"]) {
        let from = c.offset();
        let _ = c.sql(|p| p.parse_expr())?;
        Change::When(Some(c.text_from(from).to_owned()))
    } else if c.eat(&["REMOVE", "WHEN"]) {
        Change::When(None)
    } else if c.sees(&["ADD", "AFTER"]) || c.sees(&["REMOVE", "AFTER"]) {
        let add = c.eat(&["ADD"]) || !c.eat(&["REMOVE"]);
        c.expect(&["AFTER"])?;
        let mut tasks = vec![c.name()?];
        while c.eat_token(&Token::Comma) {
            tasks.push(c.name()?);
        }
        Change::After(add, tasks)
    } else if c.sees(&["ADD", "ALLOWED_VALUES"]) || c.sees(&["DROP", "ALLOWED_VALUES"]) {
        let add = c.eat(&["ADD"]) || !c.eat(&["DROP"]);
        c.expect(&["ALLOWED_VALUES"])?;
        let mut values = vec![c.string()?];
        while c.eat_token(&Token::Comma) {
            values.push(c.string()?);
        }
        Change::AllowedValues(add, values)
    } else {
        return Err(c.error("SET, UNSET, RENAME, RESUME, SUSPEND or REFRESH"));
    };
    c.end()?;
    Ok(change)
}

/// The kind of the object that a grant is on; a name alone is that of a table or view.
pub(super) fn granted_type(c: &mut Cursor<'_>) -> Result<String> {
    let mark = c.mark();
    let _ = c.name()?;
    let named = c.at_end() || c.sees(&["TO"]) || c.sees(&["FROM"]);
    c.reset(mark);
    if named && !c.sees(&["ACCOUNT"]) {
        return Ok("TABLE".to_owned());
    }
    object_type(c)
}

/// One kind of object in GRANT: "TABLE", "FILE FORMAT", "DYNAMIC TABLE", …; plural in ALL and FUTURE.
pub(super) fn object_type(c: &mut Cursor<'_>) -> Result<String> {
    for pair in [
        ["FILE", "FORMAT"],
        ["FILE", "FORMATS"],
        ["DATABASE", "ROLE"],
        ["DATABASE", "ROLES"],
        ["DYNAMIC", "TABLE"],
        ["DYNAMIC", "TABLES"],
        ["EXTERNAL", "TABLE"],
        ["EXTERNAL", "TABLES"],
        ["MATERIALIZED", "VIEW"],
        ["MATERIALIZED", "VIEWS"],
        ["RESOURCE", "MONITOR"],
        ["MASKING", "POLICY"],
        ["NETWORK", "POLICY"],
    ] {
        if c.eat(&pair) {
            return Ok(pair.join(" "));
        }
    }
    Ok(c.ident()?.value.to_uppercase())
}

/// GRANT and REVOKE.
pub(super) fn grant(c: &mut Cursor<'_>) -> Result<Grant> {
    let revoke = c.ident()?.value.eq_ignore_ascii_case("REVOKE");
    if revoke {
        let _ = c.eat(&["GRANT", "OPTION", "FOR"]);
    }
    let mut out = Grant {
        revoke,
        privileges: Vec::new(),
        role: None,
        on: String::new(),
        many: None,
        name: None,
        to: "ROLE".into(),
        grantee: ObjectName(vec![]),
        grant_option: false,
    };
    let database_role = c.sees(&["DATABASE", "ROLE"]);
    if c.eat(&["DATABASE", "ROLE"]) || c.eat(&["ROLE"]) {
        out.role = Some(c.name()?.to_string());
        out.on = if database_role {
            "DATABASE ROLE"
        } else {
            "ROLE"
        }
        .into();
    } else {
        loop {
            let mut words = vec![c.ident()?.value.to_uppercase()];
            while !c.sees(&["ON"]) && !c.sees_token(&Token::Comma) && !c.at_end() {
                if c.eat_token(&Token::LParen) {
                    while !c.eat_token(&Token::RParen) {
                        if c.raw().is_none() {
                            return Err(c.error(")"));
                        }
                    }
                    continue;
                }
                words.push(c.ident()?.value.to_uppercase());
            }
            out.privileges.push(words.join(" "));
            if !c.eat_token(&Token::Comma) {
                break;
            }
        }
        c.expect(&["ON"])?;
        let many = if c.eat(&["ALL"]) {
            Some("ALL")
        } else if c.eat(&["FUTURE"]) {
            Some("FUTURE")
        } else {
            None
        };
        out.on = match many {
            Some(_) => object_type(c)?,
            None => granted_type(c)?,
        };
        match many {
            Some(m) => {
                c.expect(&["IN"])?;
                let container = c.ident()?.value.to_uppercase();
                if container != "ACCOUNT" {
                    out.name = Some(c.name()?);
                }
                out.many = Some((m.into(), container));
            }
            None if out.on == "ACCOUNT" => {}
            None => {
                out.name = Some(c.name()?);
                // The signature of a function or procedure.
                if c.eat_token(&Token::LParen) {
                    while !c.eat_token(&Token::RParen) {
                        if c.raw().is_none() {
                            return Err(c.error(")"));
                        }
                    }
                }
            }
        }
    }
    if !c.eat(&["TO"]) {
        c.expect(&["FROM"])?;
    }
    for (words, kind) in [
        (&["DATABASE", "ROLE"][..], "DATABASE ROLE"),
        (&["ROLE"][..], "ROLE"),
        (&["USER"][..], "USER"),
        (&["SHARE"][..], "SHARE"),
    ] {
        if c.eat(words) {
            out.to = kind.into();
            break;
        }
    }
    out.grantee = c.name()?;
    out.grant_option = c.eat(&["WITH", "GRANT", "OPTION"]);
    let _ = c.eat(&["COPY", "CURRENT", "GRANTS"])
        || c.eat(&["REVOKE", "CURRENT", "GRANTS"])
        || c.eat(&["CASCADE"])
        || c.eat(&["RESTRICT"]);
    c.end()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use crate::parse::{Command, parse};

    #[test]
    fn statements() {
        for text in [
            "create or replace stream s on table t append_only = true comment = 'x'",
            "create stream s on table t at (offset => -60)",
            "create task t warehouse = w schedule = '1 minute' when system$stream_has_data('S') as insert into x select 1",
            "create task t2 after t as select 1",
            "create pipe p auto_ingest = true as copy into t from @s",
            "create dynamic table d target_lag = '1 minute' warehouse = w as select 1 as x",
            "create tag cost allowed_values 'a', 'b'",
            "alter task t resume",
            "alter pipe p refresh",
            "alter tag cost add allowed_values 'c'",
            "undrop table t",
            "execute task t",
            "grant select, insert on table d.s.t to role r with grant option",
            "grant select on d.s.t to r",
            "revoke select on t from role r",
            "show grants on d.s.t",
            "create or replace scoped temporary stage s",
            "create scoped temporary function f() returns int as '1'",
            "grant usage on future schemas in database d to role r",
            "grant role a to user b",
            "revoke all privileges on schema s from role r",
            "grant create table on schema d.s to role r",
        ] {
            let parsed = parse(text);
            assert!(
                parsed.is_ok() && !matches!(parsed, Ok(Command::Sql(_))),
                "{text}: {parsed:?}"
            );
        }
        for text in [
            "create scoped temp table t (a int)",
            "create or replace scoped temporary view v as select 1 as a",
            "create table scoped (a int)",
        ] {
            let parsed = parse(text);
            assert!(matches!(parsed, Ok(Command::Sql(_))), "{text}: {parsed:?}");
        }
        let Command::Grant(g) =
            parse("grant ownership on all tables in schema d.s to role x copy current grants")
                .unwrap()
        else {
            panic!("no GRANT");
        };
        assert_eq!(g.many, Some(("ALL".into(), "SCHEMA".into())));
        assert_eq!(g.on, "TABLES");
    }
}
