//! SHOW FUNCTIONS and SHOW PROCEDURES: the routines that users made.
//! The values of a row are made in `scripting`, its columns are in `columns`.

use dwsim_engine::catalog::{Account, Object, ObjectKind};
use dwsim_engine::error::Result;

use super::list::{Row, some};
use crate::parse::Show;
use crate::session::SnowflakeSession;

impl SnowflakeSession {
    pub(super) fn show_routines(
        &self,
        account: &Account,
        show: &Show,
        kind: ObjectKind,
    ) -> Result<Vec<Row>> {
        let mut out = Vec::new();
        for place in self.places(account, &show.scope)? {
            let objects = place
                .contents
                .objects
                .iter()
                .filter(|((k, _), _)| *k == kind);
            for (_, object) in objects {
                if let Object::Routine(r) = object {
                    let mut row = crate::scripting::show_row(r);
                    row.push(("schema_name", some(&place.schema)));
                    row.push(("catalog_name", some(&place.database)));
                    out.push(row);
                }
            }
        }
        Ok(out)
    }
}
