//! HAS_…_PRIVILEGE: whether a user may do something with an object, for constants and for columns of names.
//! What was granted is told by `statements::privileges`; what else there is about principals is `principals`.

use std::sync::Arc;

use arrow::array::ArrayRef;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::{Call, Closure, FnCall, Param, ScalarDef, Typed, closure_expr, ret};
use dwsim_engine::types::SqlType;

use crate::catalog::{Facts, facts};

const LEADER: &str =
    "https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_leader_node_only.html";

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom(
        "HAS_TABLE_PRIVILEGE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_TABLE_PRIVILEGE.html",
        |c| privilege(c, 2),
    ),
    ScalarDef::custom(
        "HAS_SCHEMA_PRIVILEGE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_SCHEMA_PRIVILEGE.html",
        |c| privilege(c, 2),
    ),
    ScalarDef::custom(
        "HAS_DATABASE_PRIVILEGE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_DATABASE_PRIVILEGE.html",
        |c| privilege(c, 2),
    ),
    ScalarDef::custom(
        "HAS_ASSUMEROLE_PRIVILEGE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_ASSUMEROLE_PRIVILEGE.html",
        |c| privilege(c, 2),
    ),
    // Stands for a column that the user may not read.
    ScalarDef::new(
        "PG_DENIED",
        LEADER,
        &[Param::Any, Param::Text],
        ret::first,
        denied,
    ),
    // A SUPER value with a part of it masked.
    ScalarDef::new(
        "PG_MASKED",
        "https://docs.aws.amazon.com/redshift/latest/dg/t_ddm.html",
        &[Param::Variant, Param::Variant, Param::Text],
        ret::first,
        dwsim_engine::kernels::semi::with_member,
    )
    .variadic(),
    ScalarDef::custom("HAS_ANY_COLUMN_PRIVILEGE", LEADER, |c| privilege(c, 2)),
    ScalarDef::custom("HAS_COLUMN_PRIVILEGE", LEADER, |c| privilege(c, 3)),
    ScalarDef::custom("HAS_FUNCTION_PRIVILEGE", LEADER, |c| privilege(c, 2)),
    ScalarDef::custom("HAS_LANGUAGE_PRIVILEGE", LEADER, |c| privilege(c, 2)),
];

/// `42501` for a relation, where there are rows to read.
fn denied(call: &Call<'_>) -> Result<ArrayRef> {
    if call.rows == 0 {
        return Ok(arrow::array::new_null_array(&call.returns.arrow(), 0));
    }
    let relation = call.text(1)?.get(0).unwrap_or_default();
    Err(crate::statements::denied("relation", relation))
}

/// The catalog as the statement sees it, asked row by row.
struct Privilege {
    facts: Facts,
    /// Names and ids of the users.
    users: Vec<(String, i64)>,
    function: &'static str,
    /// Arguments after the user: object, column where there is one, privilege.
    objects: usize,
    user: String,
    key: String,
}

impl std::fmt::Debug for Privilege {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Privilege")
            .field("function", &self.function)
            .finish_non_exhaustive()
    }
}

impl Closure for Privilege {
    fn call(&self, call: &Call<'_>) -> Result<ArrayRef> {
        let first = call.len() - self.objects;
        let user = (first == 1).then(|| call.text(0)).transpose()?;
        let texts = (first..call.len())
            .map(|i| call.text(i))
            .collect::<Result<Vec<_>>>()?;
        call.map_bool(|row| {
            let user = match &user {
                Some(named) => named.get(row).map(str::to_lowercase),
                None => Some(self.user.clone()),
            };
            let given: Option<Vec<String>> = texts
                .iter()
                .map(|t| t.get(row).map(str::to_lowercase))
                .collect();
            let (Some(user), Some(given)) = (user, given) else {
                return Ok(None);
            };
            let [object, middle @ .., privilege] = given.as_slice() else {
                return Err(SqlError::internal("a privilege is asked of an object"));
            };
            let column = middle.first().map(String::as_str);
            self.one(&user, object, column, privilege).map(Some)
        })
    }

    fn key(&self) -> &str {
        &self.key
    }
}

impl Privilege {
    fn one(&self, user: &str, object: &str, column: Option<&str>, privilege: &str) -> Result<bool> {
        // Users by their ids, as PostgreSQL's catalogs name them.
        let user = match user.parse::<i64>() {
            Ok(id) => (self.users.iter())
                .find(|u| u.1 == id)
                .map(|u| u.0.clone())
                .unwrap_or_default(),
            Err(_) => user.to_owned(),
        };
        if user != self.user && user != "public" && !self.users.iter().any(|u| u.0 == user) {
            return Err(ErrorKind::UnknownObject {
                kind: "user",
                name: user,
            }
            .into());
        }
        let of_table = matches!(
            self.function,
            "HAS_TABLE_PRIVILEGE" | "HAS_ANY_COLUMN_PRIVILEGE" | "HAS_COLUMN_PRIVILEGE"
        );
        if of_table && !self.facts.is_relation(object) {
            return Err(SqlError::new(ErrorKind::UnknownObject {
                kind: "relation",
                name: object.to_owned(),
            }));
        }
        Ok(self
            .facts
            .may(&user, self.function, object, column, privilege))
    }
}

/// `f([user,] object[, column], privilege)`.
fn privilege(c: &mut FnCall<'_, '_>, objects: usize) -> Result<Typed> {
    c.expect(objects, objects + 1)?;
    let mut arguments = Vec::with_capacity(objects + 1);
    for argument in c.bind_all()? {
        arguments.push(c.coerce(argument, Param::Text)?);
    }
    let user = c.env().user.clone();
    let facts = facts(c.binder);
    let closure = Privilege {
        users: facts.users(),
        facts,
        function: c.name,
        objects,
        key: format!("{}|{user}", c.name),
        user,
    };
    let env = Arc::clone(&c.binder.env);
    Ok(closure_expr(
        c.name.to_lowercase(),
        Arc::new(closure),
        arguments,
        SqlType::Boolean,
        None,
        &env,
        false,
    ))
}
