//! Where tasks stand in their graphs.
//! Running them is the session's, telling of them that of the table functions.

use std::sync::Arc;

use dwsim_engine::catalog::{Account, Object, ObjectKind, ObjectName, OtherObject};

/// The tasks that follow a task directly, in the order of their names.
pub(crate) fn tasks_after<'a>(
    account: &'a Account,
    task: &ObjectName,
) -> impl Iterator<Item = (ObjectName, &'a Arc<OtherObject>)> {
    let wanted = task.to_string();
    account.databases.iter().flat_map(move |(database, d)| {
        let wanted = wanted.clone();
        d.schemas.iter().flat_map(move |(schema, s)| {
            let wanted = wanted.clone();
            s.objects.iter().filter_map(move |((kind, name), o)| {
                let (ObjectKind::Task, Object::Other(o)) = (kind, o) else {
                    return None;
                };
                let follows = o.definition["after"]
                    .as_array()
                    .is_some_and(|a| a.iter().any(|x| x.as_str() == Some(&wanted)));
                let name = || ObjectName {
                    database: database.clone(),
                    schema: schema.clone(),
                    name: name.clone(),
                };
                follows.then(|| (name(), o))
            })
        })
    })
}
