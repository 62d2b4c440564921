//! IS_ROLE_IN_SESSION and its kin: whether a role is the session's or one that it inherits.
//! Grants are kept by `session::grants`, and refuse nothing here.

use std::collections::BTreeSet;

use arrow::array::ArrayRef;
use dwsim_engine::catalog::{Account, Object, ObjectKind};
use dwsim_engine::error::Result;
use dwsim_engine::functions::{Call, FnCall, Param, ScalarDef, Typed, kernel_expr};
use dwsim_engine::types::SqlType;

/// The table's rows.
pub(super) const SCALARS: &[ScalarDef] = &[
    ScalarDef::custom(
        "IS_ROLE_IN_SESSION",
        page!("is_role_in_session"),
        in_session,
    ),
    ScalarDef::custom(
        "IS_GRANTED_TO_INVOKER_ROLE",
        page!("is_granted_to_invoker_role"),
        in_session,
    ),
    ScalarDef::custom(
        "IS_INSTANCE_ROLE_IN_SESSION",
        page!("is_instance_role_in_session"),
        in_session,
    ),
    ScalarDef::custom(
        "IS_DATABASE_ROLE_IN_SESSION",
        page!("is_database_role_in_session"),
        in_session,
    ),
];

/// Roles (kind and name) that a role has by inheritance, itself and PUBLIC among them.
fn inherited(account: &Account, role: &str) -> BTreeSet<(String, String)> {
    let of = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
    let mut all = BTreeSet::from([of("ROLE", role), of("ROLE", "PUBLIC")]);
    loop {
        let before = all.len();
        for (parent, children) in [
            ("ACCOUNTADMIN", &["SECURITYADMIN", "SYSADMIN"][..]),
            ("SECURITYADMIN", &["USERADMIN"][..]),
        ] {
            if all.contains(&of("ROLE", parent)) {
                all.extend(children.iter().map(|c| of("ROLE", c)));
            }
        }
        for ((kind, _), object) in &account.objects {
            let (ObjectKind::Grant, Object::Other(g)) = (kind, object) else {
                continue;
            };
            let field = |name: &str| g.properties.get(name).map_or("", String::as_str);
            if field("role").is_empty() {
                continue;
            }
            let to = of(field("granted_to"), field("grantee_name"));
            if all.contains(&to) {
                all.insert(of(field("granted_on"), field("name")));
            }
        }
        if all.len() == before {
            return all;
        }
    }
}

fn in_session(call: &mut FnCall<'_, '_>) -> Result<Typed> {
    call.expect(1, 1)?;
    let asked = call.bind(0)?;
    let asked = call.coerce(asked, Param::Text)?;
    let env = call.env();
    let kind = match call.name {
        "IS_DATABASE_ROLE_IN_SESSION" => "DATABASE_ROLE",
        // Instances of classes, which have such roles, are not made here.
        "IS_INSTANCE_ROLE_IN_SESSION" => "INSTANCE_ROLE",
        _ => "ROLE",
    };
    let account = std::sync::Arc::clone(call.binder.catalog.account());
    let names: Vec<String> = inherited(&account, &env.role)
        .into_iter()
        .filter(|(k, _)| k == kind)
        // Database roles are asked for in the current database.
        .map(|(_, name)| match name.rsplit_once('.') {
            Some((database, role)) if Some(database) == env.database.as_deref() => role.to_owned(),
            _ => name,
        })
        .collect();
    let names = call.binder.text(names.join("\n"));
    Ok(kernel_expr(
        call.name,
        listed,
        vec![asked, names],
        SqlType::Boolean,
        &env,
        false,
    ))
}

fn listed(call: &Call<'_>) -> Result<ArrayRef> {
    let (asked, names) = (call.text(0)?, call.text(1)?);
    call.map_bool(|row| {
        Ok(asked
            .get(row)
            .map(|a| names.get(row).is_some_and(|n| n.lines().any(|n| n == a))))
    })
}
