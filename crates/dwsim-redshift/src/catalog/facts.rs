//! Facts of the catalog that system functions look up when they are bound.
//! The relations with the same facts are in the sibling modules.

use std::fmt::Write;

use dwsim_engine::catalog::ObjectKind;
use dwsim_engine::plan::Binder;

use super::snapshot::{Rel, View};

/// The catalog as the statement sees it.
pub(crate) struct Facts(View);

/// Facts for a statement.
pub(crate) fn facts(binder: &Binder<'_>) -> Facts {
    Facts(View::new(binder))
}

impl Facts {
    pub(crate) fn users(&self) -> Vec<(String, i64)> {
        self.0.users().into_iter().map(|u| (u.0, u.1)).collect()
    }

    pub(crate) fn user_oid(&self, name: &str) -> i64 {
        self.0.user_oid(name)
    }

    pub(crate) fn visible_oids(&self) -> Vec<i64> {
        self.0
            .relations
            .iter()
            .filter(|r| self.0.visible(r))
            .map(Rel::oid)
            .collect()
    }

    fn find(&self, path: &str) -> Option<&Rel> {
        let clean = path.replace('"', "");
        let parts: Vec<&str> = clean.split('.').collect();
        let (schema, name) = match parts.as_slice() {
            [n] => (None, *n),
            [s, n] | [_, s, n] => (Some(*s), *n),
            _ => return None,
        };
        self.0
            .relations
            .iter()
            .find(|r| r.name == name && schema.map_or_else(|| self.0.visible(r), |s| r.schema == s))
    }

    /// Object id of a relation by its path in lower case.
    pub(crate) fn relation(&self, path: &str) -> Option<i64> {
        let system = match path.trim_start_matches("pg_catalog.") {
            "pg_class" => Some(1259),
            "pg_namespace" => Some(2615),
            "pg_type" => Some(1247),
            "pg_proc" => Some(1255),
            "pg_database" => Some(1262),
            "pg_rewrite" => Some(2618),
            _ => None,
        };
        system.or_else(|| self.find(path).map(Rel::oid))
    }

    pub(crate) fn view_text(&self, path: &str) -> Option<String> {
        self.find(&path.to_lowercase())?.query().map(str::to_owned)
    }

    pub(crate) fn view_texts(&self) -> Vec<(i64, String)> {
        self.0
            .relations
            .iter()
            .filter_map(|r| Some((r.oid(), r.query()?.to_owned())))
            .collect()
    }

    pub(crate) fn comments(&self) -> Vec<(i64, String)> {
        self.0
            .relations
            .iter()
            .filter_map(|r| Some((r.oid(), r.comment()?.to_owned())))
            .collect()
    }

    pub(crate) fn column_comments(&self) -> Vec<(i64, i64, String)> {
        let mut out = Vec::new();
        for r in &self.0.relations {
            for (i, c) in r.columns().iter().enumerate() {
                if let Some(text) = c.def.and_then(|d| d.comment.clone()) {
                    out.push((r.oid(), i as i64 + 1, text));
                }
            }
        }
        out
    }

    pub(crate) fn constraint_texts(&self) -> Vec<(i64, String)> {
        let mut out = Vec::new();
        for r in &self.0.relations {
            for (i, k) in r.constraints().iter().enumerate() {
                let mut text = format!("{} ({})", k.kind, k.columns.join(", "));
                if let Some((table, columns)) = &k.references {
                    let _ = write!(text, " REFERENCES {}", table.join("."));
                    if !columns.is_empty() {
                        let _ = write!(text, "({})", columns.join(", "));
                    }
                }
                out.push((r.oid() * 100 + i as i64, text));
            }
        }
        out
    }

    /// Whether a named user has a privilege: superusers have all, owners theirs, others what was granted.
    pub(crate) fn may(
        &self,
        user: &str,
        function: &str,
        object: Option<&str>,
        privilege: Option<&str>,
    ) -> bool {
        let (Some(object), Some(privilege)) = (object, privilege) else {
            return true;
        };
        let users = self.0.users();
        match users.iter().find(|u| u.0 == user) {
            Some(u) if !u.3 => {}
            // Superusers, and users that connect without having been created.
            _ => return true,
        }
        let (kind, full) = match function {
            "HAS_TABLE_PRIVILEGE" => match self.find(object) {
                Some(r) if r.owner() == user => return true,
                Some(r) => (
                    "table",
                    format!("{}.{}.{}", self.0.database, r.schema, r.name),
                ),
                None => return false,
            },
            "HAS_SCHEMA_PRIVILEGE" => ("schema", object.to_owned()),
            "HAS_DATABASE_PRIVILEGE" => ("database", object.to_owned()),
            _ => return true,
        };
        let groups: Vec<String> = self
            .0
            .account
            .objects
            .iter()
            .filter(|((k, _), _)| *k == ObjectKind::Group)
            .filter(|(_, o)| match o {
                dwsim_engine::catalog::Object::Other(o) => o
                    .properties
                    .get("members")
                    .is_some_and(|m| m.split(',').any(|u| u == user)),
                _ => false,
            })
            .map(|((_, n), _)| n.clone())
            .collect();
        let granted = |kind_of: &str, who: &str| {
            let key = format!("{kind}|{full}|{privilege}|{kind_of}|{who}");
            self.0
                .account
                .objects
                .contains_key(&(ObjectKind::Grant, key))
        };
        granted("user", user)
            || granted("public", "public")
            || groups.iter().any(|g| granted("group", g))
    }
}
