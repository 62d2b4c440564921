//! Running plans: DataFusion's optimizer and operators over the catalog's batches, cancellable and within limits.
//! What a statement does with the rows is in `session`.

mod concat;
mod constant;
mod context;
mod join_keys;
mod join_order;
mod lineage;
mod pause;
mod plan_cache;
mod provider;
mod shuffle;
mod stream;
mod worker;

pub use constant::{constant, is_constant, over_column};
pub use context::{Execution, Executor};
pub(crate) use plan_cache::{Asked, PlanCache, Sight};
pub use provider::{ROW_ID, TableProviderOf};
pub(crate) use shuffle::shuffle;
pub(crate) use stream::guarded;
pub use stream::{CancelHandle, RowStream};
