//! SHOW GRANTS: what was granted on an object, or to somebody (r_SHOW_GRANTS).
//! Granting is in `principals`; the views with the same facts are in `catalog`.

use dwsim_engine::catalog::ObjectKind;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use sqlparser::ast;

use super::outcome::Outcome;
use super::session::RedshiftSession;
use super::show::text_rows;

const COLUMNS: [&str; 11] = [
    "database_name",
    "schema_name",
    "object_name",
    "object_type",
    "privilege_type",
    "identity_id",
    "identity_name",
    "identity_type",
    "admin_option",
    "privilege_scope",
    "grantor_name",
];

/// What is asked for.
#[derive(Debug, Default)]
struct Asked {
    /// Kind and name of an object.
    on: Option<(&'static str, String)>,
    /// Kind and name of a grantee.
    to: Option<(&'static str, String)>,
    limit: Option<usize>,
}

fn asked(text: &str) -> Result<Asked> {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|w| w.trim_matches('"').to_lowercase())
        .collect();
    let wrong = |near: Option<&String>| -> SqlError {
        ErrorKind::Syntax {
            message: "SHOW GRANTS takes ON an object, FOR a user or role, and LIMIT".into(),
            near: near.cloned().unwrap_or_default(),
        }
        .into()
    };
    let mut all = Asked::default();
    let mut at = words.iter();
    while let Some(word) = at.next() {
        let mut next = || at.next().ok_or_else(|| wrong(None));
        match word.as_str() {
            "on" => {
                let first = next()?;
                let kind = ["database", "schema", "table", "function", "procedure"]
                    .into_iter()
                    .find(|k| k == first);
                let name = match kind {
                    Some(_) => next()?,
                    None => first,
                };
                all.on = Some((kind.unwrap_or("table"), name.replace('"', "")));
            }
            "for" => {
                let first = next()?;
                all.to = Some(match first.as_str() {
                    "role" | "group" | "user" => {
                        let kind = ["role", "group", "user"].into_iter().find(|k| k == first);
                        (kind.unwrap_or("user"), next()?.clone())
                    }
                    "public" => ("public", "public".to_owned()),
                    name => ("user", name.to_owned()),
                });
            }
            "limit" => {
                let n = next()?;
                all.limit = Some(n.parse().map_err(|_| wrong(Some(n)))?);
            }
            _ => return Err(wrong(Some(word))),
        }
    }
    if all.on.is_none() && all.to.is_none() {
        return Err(wrong(None));
    }
    Ok(all)
}

impl RedshiftSession {
    pub(super) fn show_grants(&mut self, text: &str) -> Result<Outcome> {
        let asked = asked(text)?;
        let database = self.engine.database().unwrap_or_default().to_owned();
        let object = match &asked.on {
            None => None,
            Some(("table", name)) => {
                let parts = name.split('.').map(ast::Ident::new).collect::<Vec<_>>();
                let (found, _) = self.engine.relation(&ast::ObjectName::from(parts))?;
                Some(("table", found.to_string()))
            }
            Some((kind, name)) => Some((*kind, name.clone())),
        };
        let account = self.engine.snapshot();
        let mut rows = Vec::new();
        for (_, o) in super::grants(&account) {
            if !o.properties.contains_key("privilege") {
                continue;
            }
            let get = |p: &str| o.properties.get(p).cloned().unwrap_or_default();
            let (of, name, to, who) = (
                get("kind"),
                get("object"),
                get("grantee kind"),
                get("grantee"),
            );
            let here = object.as_ref().is_none_or(|(kind, wanted)| {
                of == *kind
                    && (name == *wanted
                        || *kind == "schema" && *wanted == format!("{database}.{name}"))
            });
            let theirs = (asked.to.as_ref()).is_none_or(|(k, w)| to == *k && who == *w);
            if !here || !theirs {
                continue;
            }
            let mut path = name.rsplitn(3, '.');
            let last = path.next().map(str::to_owned);
            let schema = path.next().map(str::to_owned);
            let (schema, shown) = match of.as_str() {
                "schema" => (last.clone(), last),
                "database" | "role" => (None, last),
                _ => (schema, last),
            };
            let id = (account.objects.iter())
                .find(|((k, n), _)| {
                    matches!(k, ObjectKind::User | ObjectKind::Role | ObjectKind::Group)
                        && *n == who
                })
                .map_or(if who == "dev" { 100 } else { 0 }, |(_, o)| o.oid());
            rows.push(vec![
                Some(database.clone()),
                schema,
                shown,
                Some(of.to_uppercase()),
                Some(get("privilege").to_uppercase()),
                Some(id.to_string()),
                Some(who),
                Some(to),
                Some(
                    if get("grant option") == "true" {
                        "t"
                    } else {
                        "f"
                    }
                    .to_owned(),
                ),
                Some(of.to_uppercase()),
                Some(o.owner.clone()),
            ]);
        }
        rows.truncate(asked.limit.unwrap_or(usize::MAX));
        text_rows(&COLUMNS, &rows, "SHOW GRANTS")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_asked() {
        let a = asked("ON TABLE s.t FOR ROLE r LIMIT 5").unwrap();
        assert_eq!(a.on, Some(("table", "s.t".to_owned())));
        assert_eq!(a.to, Some(("role", "r".to_owned())));
        assert_eq!(a.limit, Some(5));
        assert_eq!(
            asked("for ann").unwrap().to,
            Some(("user", "ann".to_owned()))
        );
        for wrong in ["", "on", "on schema", "limit x", "upon t"] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
    }
}
