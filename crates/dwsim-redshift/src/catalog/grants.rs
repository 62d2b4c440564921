//! Views of what was granted: on relations, columns, schemas, databases, routines, languages, IAM roles, and roles.
//! Default privileges and policies are in `security`.

use dwsim_engine::catalog::OtherObject;

use super::Found;
use super::snapshot::View;
use super::table::{Value, row};

/// A kept grant.
struct Grant<'a> {
    entry: &'a OtherObject,
}

impl Grant<'_> {
    fn get(&self, property: &str) -> &str {
        self.entry
            .properties
            .get(property)
            .map_or("", String::as_str)
    }

    /// Id, name and kind of the grantee.
    fn identity(&self, view: &View) -> Vec<Value> {
        let (kind, name) = (self.get("grantee kind"), self.get("grantee"));
        row![view.identity(kind, name), name, kind]
    }

    fn admin(&self) -> Value {
        Value::from(self.get("grant option") == "true")
    }

    /// The privilege, and its column where it is on one.
    fn privilege(&self) -> (String, Option<&str>) {
        match self.get("privilege").split_once('(') {
            Some((privilege, column)) => {
                (privilege.to_uppercase(), Some(column.trim_end_matches(')')))
            }
            None => (self.get("privilege").to_uppercase(), None),
        }
    }

    /// Schema and name of an object of the current database.
    fn path(&self, view: &View) -> Option<(String, String)> {
        let parts: Vec<&str> = self.get("object").split('.').collect();
        match parts.as_slice() {
            [database, schema, name] if *database == view.database => {
                Some(((*schema).to_owned(), (*name).to_owned()))
            }
            [schema, name] => Some(((*schema).to_owned(), (*name).to_owned())),
            [name] => Some(("public".to_owned(), (*name).to_owned())),
            _ => None,
        }
    }
}

/// The last part of a name.
fn last(object: &str) -> &str {
    object.rsplit('.').next().unwrap_or(object)
}

/// The kept grants of a kind.
fn granted<'a>(view: &'a View, kind: &'static str) -> impl Iterator<Item = Grant<'a>> {
    crate::statements::grants(&view.account)
        .map(|(_, o)| Grant { entry: o })
        .filter(move |g| g.get("kind") == kind)
}

/// PG_GET_IAM_ROLE_BY_USER and PG_GET_GRANTEE_BY_IAM_ROLE: who may assume which IAM role for which commands.
pub(super) fn assumed(view: &View, function: &str, of: &str) -> (&'static str, Vec<Vec<Value>>) {
    let by_user = function == "pg_get_iam_role_by_user";
    (
        if by_user {
            "grantee iam_role cmd_type"
        } else {
            "grantee grantee_type cmd_type"
        },
        granted(view, "assumerole")
            .filter(|g| {
                if by_user {
                    g.get("grantee") == of || g.get("grantee kind") == "public"
                } else {
                    g.get("object").eq_ignore_ascii_case(of)
                }
            })
            .map(|g| {
                let second = if by_user { "object" } else { "grantee kind" };
                row![g.get("grantee"), g.get(second), g.privilege().0]
            })
            .collect(),
    )
}

/// PG_GET_SESSION_ROLES: the roles of the current user.
pub(super) fn session_roles(view: &View, user: &str) -> (&'static str, Vec<Vec<Value>>) {
    (
        "name id:i",
        crate::statements::Rights::roles_of(&view.account, "user", user)
            .into_iter()
            .map(|role| {
                let id = view.identity("role", &role);
                row![role, id]
            })
            .collect(),
    )
}

/// A view; None when there is none of this name.
pub(super) fn rows(view: &View, name: &str) -> Found {
    let of = |kind| granted(view, kind);
    Some(match name {
        "svv_relation_privileges" => (
            "namespace_name relation_name privilege_type identity_id:i identity_name identity_type admin_option:b privilege_scope",
            of("table")
                .filter(|g| g.privilege().1.is_none())
                .filter_map(|g| {
                    let (schema, table) = g.path(view)?;
                    let mut r = row![schema, table, g.privilege().0];
                    r.extend(g.identity(view));
                    r.extend([g.admin(), Value::from("TABLE")]);
                    Some(r)
                })
                .collect(),
        ),
        "svv_column_privileges" => (
            "namespace_name relation_name column_name privilege_type identity_id:i identity_name identity_type admin_option:b",
            of("table")
                .filter_map(|g| {
                    let (schema, table) = g.path(view)?;
                    let (privilege, column) = g.privilege();
                    let mut r = row![schema, table, column?, privilege];
                    r.extend(g.identity(view));
                    r.push(g.admin());
                    Some(r)
                })
                .collect(),
        ),
        "svv_schema_privileges" | "svv_database_privileges" => {
            let schema = name == "svv_schema_privileges";
            (
                if schema {
                    "namespace_name privilege_type identity_id:i identity_name identity_type admin_option:b privilege_scope"
                } else {
                    "database_name privilege_type identity_id:i identity_name identity_type admin_option:b privilege_scope"
                },
                of(if schema { "schema" } else { "database" })
                    .map(|g| {
                        let mut r = row![last(g.get("object")), g.privilege().0];
                        r.extend(g.identity(view));
                        let scope = if schema { "SCHEMA" } else { "DATABASE" };
                        r.extend([g.admin(), Value::from(scope)]);
                        r
                    })
                    .collect(),
            )
        }
        "svv_function_privileges" => (
            "namespace_name function_name argument_types privilege_type identity_id:i identity_name identity_type admin_option:b",
            {
                let routines = super::routines::functions(view);
                of("function")
                    .chain(of("procedure"))
                    .filter_map(|g| {
                        let (schema, function) = g.path(view)?;
                        // Grants name routines without their arguments.
                        let arguments = routines
                            .iter()
                            .find(|f| {
                                f[1] == Value::from(schema.as_str())
                                    && f[2] == Value::from(function.as_str())
                            })
                            .map_or(Value::Null, |f| f[4].clone());
                        let mut r = row![schema, function];
                        r.extend([arguments, Value::from(g.privilege().0)]);
                        r.extend(g.identity(view));
                        r.push(g.admin());
                        Some(r)
                    })
                    .collect()
            },
        ),
        "svv_language_privileges" => (
            "language_name privilege_type identity_id:i identity_name identity_type admin_option:b",
            of("language")
                .map(|g| {
                    let mut r = row![g.get("object"), g.privilege().0];
                    r.extend(g.identity(view));
                    r.push(g.admin());
                    r
                })
                .collect(),
        ),
        "svv_iam_privileges" => (
            "iam_arn command_type identity_id:i identity_name identity_type db_name",
            of("assumerole")
                .map(|g| {
                    let mut r = row![g.get("object"), g.privilege().0];
                    r.extend(g.identity(view));
                    r.push(Value::from(view.database.as_str()));
                    r
                })
                .collect(),
        ),
        "svv_user_grants" => (
            "user_id:i user_name role_id:i role_name admin_option:b",
            of("role")
                .filter(|g| g.get("grantee kind") == "user")
                .filter_map(|g| {
                    let role = g.get("privilege").strip_prefix("role ")?;
                    let user = g.get("grantee");
                    let mut r = row![
                        view.identity("user", user),
                        user,
                        view.identity("role", role),
                        role
                    ];
                    r.push(g.admin());
                    Some(r)
                })
                .collect(),
        ),
        "svv_role_grants" => (
            "role_id:i role_name granted_role_id:i granted_role_name",
            of("role")
                .filter(|g| g.get("grantee kind") == "role")
                .filter_map(|g| {
                    let granted = g.get("privilege").strip_prefix("role ")?;
                    let role = g.get("grantee");
                    Some(row![
                        view.identity("role", role),
                        role,
                        view.identity("role", granted),
                        granted
                    ])
                })
                .collect(),
        ),
        "svv_system_privileges" => (
            "system_privilege identity_id:i identity_name identity_type",
            of("role")
                .filter(|g| !g.get("privilege").starts_with("role "))
                .map(|g| {
                    let mut r = row![g.privilege().0];
                    r.extend(g.identity(view));
                    r
                })
                .chain(of("rls").map(|g| {
                    let mut r = row![format!("{} RLS", g.privilege().0)];
                    r.extend(g.identity(view));
                    r
                }))
                .collect(),
        ),
        _ => return None,
    })
}
