//! From text to statements: `sqlparser` for SQL, a small parser over its tokens for the commands it does not know.
//! Running statements is the work of `session`.

mod command;
mod copy;
mod cursor;
mod external;
mod flow;
mod headings;
mod identifier;
mod object;
mod options;
mod policy;
mod relation;
mod resample;
mod rewrite;
mod show;
mod split;

pub use command::CreateObject;
pub use command::{Command, Described, UseTarget, parse};
pub use copy::STAGED;
pub use copy::{CopyFrom, CopyInto, CopyTarget};
pub use cursor::{Cursor, expr, query, structured_type};
pub use external::{CreateExternal, ExternalChange, ExternalColumn};
pub(crate) use flow::with_results;
pub use identifier::resolve_identifiers;
pub use object::{Change, CreateBody, CreateSequence, CreateStream, Grant};
pub use options::{OptionValue, Options, invalid as invalid_option};
pub use policy::{Attachment, CreatePolicy, PolicyChange};
pub use relation::{SequenceChange, ViewChange};
pub use show::{Show, ShowScope};
pub(crate) use split::STRUCTURED;
pub use split::{Piece, split};
