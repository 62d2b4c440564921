//! Who is a member of what, and facts of the cluster as functions: USER_IS_MEMBER_OF, ROLE_IS_MEMBER_OF, DEFAULT_IAM_ROLE.
//! Privileges on objects are `system`; what changes something is `statements::effects`.

use datafusion::scalar::ScalarValue;
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::{FnCall, ScalarDef, Typed};
use dwsim_engine::types::SqlType;

use super::system::choose;
use crate::catalog::{facts, namespace_id};

/// The table's rows.
pub const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom(
        "USER_IS_MEMBER_OF",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_USER_IS_MEMBER_OF.html",
        user_is_member_of,
    ),
    ScalarDef::custom(
        "ROLE_IS_MEMBER_OF",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_ROLE_IS_MEMBER_OF.html",
        role_is_member_of,
    ),
    ScalarDef::custom(
        "DEFAULT_IAM_ROLE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_DEFAULT_IAM_ROLE.html",
        default_iam_role,
    ),
    ScalarDef::custom(
        "CURRENT_NAMESPACE",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CURRENT_NAMESPACE.html",
        |c| {
            c.expect(0, 0)?;
            Ok(c.binder.text(namespace_id(&c.env().account)))
        },
    ),
    ScalarDef::custom(
        "PROC_IS_RLS_SAFE",
        "https://docs.aws.amazon.com/redshift/latest/dg/t_rls_performance.html",
        proc_is_rls_safe,
    ),
    ScalarDef::custom(
        "SET_CONFIG",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_SET_CONFIG.html",
        only_selected,
    ),
    ScalarDef::custom(
        "CHANGE_QUERY_PRIORITY",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CHANGE_QUERY_PRIORITY.html",
        only_selected,
    ),
    ScalarDef::custom(
        "CHANGE_SESSION_PRIORITY",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CHANGE_SESSION_PRIORITY.html",
        only_selected,
    ),
    ScalarDef::custom(
        "CHANGE_USER_PRIORITY",
        "https://docs.aws.amazon.com/redshift/latest/dg/r_CHANGE_USER_PRIORITY.html",
        only_selected,
    ),
];

/// These change something, once: the session runs them where they stand alone in a SELECT list.
fn only_selected(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    Err(SqlError::unsupported(format!(
        "{} other than as an item of a SELECT list without FROM",
        c.name
    )))
}

/// Two names in lower case.
fn names(c: &mut FnCall<'_, '_>) -> Result<[String; 2]> {
    c.expect(2, 2)?;
    let mut names = Vec::with_capacity(2);
    for a in c.bind_all()? {
        match a.literal_text() {
            Some(n) => names.push(n.to_lowercase()),
            None => {
                return Err(SqlError::unsupported(format!(
                    "{} of names that are no constants",
                    c.name
                )));
            }
        }
    }
    <[String; 2]>::try_from(names).map_err(|_| c.count_error(2, 0))
}

fn user_is_member_of(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    let [user, of] = names(c)?;
    match facts(c.binder).user_is_in(&user, &of) {
        Some(yes) => Ok(c.binder.bool(yes)),
        None => Err(ErrorKind::UnknownObject {
            kind: "user",
            name: user,
        }
        .into()),
    }
}

fn role_is_member_of(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    let [role, of] = names(c)?;
    let yes = facts(c.binder).role_is_in(&role, &of);
    Ok(c.binder.bool(yes))
}

/// No IAM role is attached to the emulated cluster, for which the function gives `none`.
fn default_iam_role(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(0, 0)?;
    Ok(c.binder.text("none"))
}

/// Routines of users are not RLS-safe; built-in functions have no rows in pg_proc to ask with.
fn proc_is_rls_safe(c: &mut FnCall<'_, '_>) -> Result<Typed> {
    c.expect(1, 1)?;
    let known = (facts(c.binder).routines().into_iter())
        .map(|id| (id, ScalarValue::Boolean(Some(false))))
        .collect();
    choose(c, 0, known, ScalarValue::Boolean(None), SqlType::Boolean)
}
