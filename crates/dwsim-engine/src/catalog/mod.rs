//! The catalog as immutable versions: databases, schemas, objects and table data behind shared pointers.
//! Transactions over it are in `catalog::transaction`; what statements do to it is in `session`.

mod account;
mod counters;
mod history;
mod object;
mod routine;
mod row_ids;
mod table;
mod transaction;

pub use account::{Account, Database, Schema, next_oid, reserve_oids};
pub use counters::Counters;
pub use history::{Dropped, DroppedObject, History, Version};
pub use object::{Object, ObjectKind, ObjectName, OtherObject, SequenceDef, StreamDef, ViewDef};
pub use routine::{Argument, ArgumentMode, Language, Returns, Routine, Volatility, signature_type};
pub use row_ids::RowIds;
pub use table::{
    ColumnDef, Constraint, HIDDEN, INTERVAL_QUALIFIER, Identity, TableData, TableDef, TableEntry,
};
pub use transaction::{Catalog, Transaction};
