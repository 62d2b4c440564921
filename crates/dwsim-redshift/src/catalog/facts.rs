//! Facts of the catalog that system functions look up when they are bound.
//! The relations with the same facts are in the sibling modules.

use std::fmt::Write;

use dwsim_engine::catalog::Database;
use dwsim_engine::plan::Binder;

use super::snapshot::{Rel, View};
use crate::statements::Rights;

/// How the names of system tables and views begin; they stand in no schema that one has to name.
pub const SYSTEM_PREFIXES: &[&str] = &["pg_", "stl_", "stv_", "svl_", "svv_", "svcs_", "sys_"];

/// The catalog as the statement sees it.
pub(crate) struct Facts(View);

/// Facts for a statement.
pub(crate) fn facts(binder: &Binder<'_>) -> Facts {
    Facts(View::new(binder))
}

/// The identifier of a cluster's namespace, made of its name.
pub(crate) fn namespace_id(cluster: &str) -> String {
    // FNV-1a with two starts gives the 128 bits.
    let hash = |start: u64| {
        cluster.bytes().fold(start, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let (a, b) = (hash(0xcbf2_9ce4_8422_2325), hash(0x6c62_272e_07bb_0142));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0xfff,
        b & 0xffff_ffff_ffff
    )
}

/// COLLATE of a database.
pub(crate) fn collation(database: Option<&Database>) -> String {
    database
        .and_then(|d| d.properties.get("collate").cloned())
        .unwrap_or_else(|| "case_sensitive".to_owned())
}

impl Facts {
    /// Whether a user is in a group or role, directly or through other roles; None for an unknown user.
    pub(crate) fn user_is_in(&self, user: &str, name: &str) -> Option<bool> {
        let known = self.0.users().iter().any(|u| u.0 == user);
        known.then(|| {
            Rights::groups_of(&self.0.account, user).contains(&name)
                || Rights::roles_of(&self.0.account, "user", user)
                    .iter()
                    .any(|r| r == name)
        })
    }

    /// Whether a role was granted another one, directly or through others.
    pub(crate) fn role_is_in(&self, role: &str, granted: &str) -> bool {
        Rights::roles_of(&self.0.account, "role", role)
            .iter()
            .any(|r| r == granted)
    }

    /// COLLATE of the current database.
    pub(crate) fn collation(&self) -> String {
        collation(self.0.db.as_deref())
    }

    /// Arguments and result of the routines that users made, by object id.
    pub(crate) fn routine_texts(&self) -> Vec<(i64, String, String)> {
        super::routines::texts(&self.0)
    }

    /// Bytes of tables by object id, in whole blocks.
    pub(crate) fn table_sizes(&self) -> Vec<(i64, i64)> {
        (self.0.relations.iter())
            .filter_map(|r| Some((r.oid(), super::redshift::blocks(r)? << 20)))
            .collect()
    }

    /// Object id of a type by its name in lower case.
    pub(crate) fn data_type(name: &str) -> Option<i64> {
        super::pg::type_oid(name.trim_start_matches("pg_catalog."))
    }

    /// Object ids of the routines that users made.
    pub(crate) fn routines(&self) -> Vec<i64> {
        super::routines::oids(&self.0)
    }

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
        system.or_else(|| self.0.find(path).map(Rel::oid))
    }

    pub(crate) fn view_text(&self, path: &str) -> Option<String> {
        self.0
            .find(&path.to_lowercase())?
            .query()
            .map(str::to_owned)
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

    /// Whether there is a relation of this path or object id, of users or of the system.
    pub(crate) fn is_relation(&self, object: &str) -> bool {
        let path = object.trim_start_matches("pg_catalog.");
        self.table_of(object).is_some()
            || self.relation(object).is_some()
            || path.starts_with("information_schema.")
            || SYSTEM_PREFIXES.iter().any(|s| path.starts_with(s))
    }

    /// A relation of users by path or object id.
    fn table_of(&self, object: &str) -> Option<&Rel> {
        match object.parse::<i64>() {
            Ok(id) => self.0.relations.iter().find(|r| r.oid() == id),
            Err(_) => self.0.find(object),
        }
    }

    /// Whether a user has a privilege: superusers have all, owners theirs, others what was granted. Names are in lower
    /// case.
    pub(crate) fn may(
        &self,
        user: &str,
        function: &str,
        object: &str,
        column: Option<&str>,
        privilege: &str,
    ) -> bool {
        let rights = Rights::of(&self.0.account, user);
        if rights.is_superuser() {
            return true;
        }
        // One of several privileges is enough; WITH GRANT OPTION is not told apart.
        privilege.split(',').any(|p| {
            let p = p.trim().trim_end_matches(" with grant option");
            match function {
                "HAS_TABLE_PRIVILEGE" | "HAS_ANY_COLUMN_PRIVILEGE" | "HAS_COLUMN_PRIVILEGE" => {
                    let Some(r) = self.table_of(object) else {
                        // The system's relations may be read by everybody.
                        return p == "select";
                    };
                    let full = format!("{}.{}.{}", self.0.database, r.schema, r.name);
                    let of = |c: &str| rights.granted("table", &full, &format!("{p}({c})"));
                    r.owner() == user
                        || rights.granted("table", &full, p)
                        || match function {
                            "HAS_ANY_COLUMN_PRIVILEGE" => r.columns().iter().any(|c| of(c.name)),
                            "HAS_COLUMN_PRIVILEGE" => column.is_some_and(of),
                            _ => false,
                        }
                }
                "HAS_SCHEMA_PRIVILEGE" => rights.schema(&self.0.database, object, p),
                "HAS_DATABASE_PRIVILEGE" => {
                    let owner = self
                        .0
                        .account
                        .databases
                        .get(object)
                        .map(|d| d.owner.as_str());
                    let p = if p == "temp" { "temporary" } else { p };
                    // Everybody may connect and make temporary tables.
                    p == "temporary"
                        || p == "connect"
                        || owner == Some(user)
                        || rights.granted("database", object, p)
                }
                "HAS_ASSUMEROLE_PRIVILEGE" => rights.assumes(object, p),
                _ => true,
            }
        })
    }
}
