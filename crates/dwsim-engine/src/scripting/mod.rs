//! Blocks of statements with variables, loops, cursors and exceptions: one tree and one interpreter for
//! Snowflake Scripting and PL/pgSQL. Their grammars are in the dialect crates, which run the SQL statements too.

mod ast;
mod cursor;
mod flow;
mod host;
mod interpreter;
mod raised;
mod scope;
mod sql;
mod stack;
mod tokens;

pub use ast::{
    Block, Branch, CursorSource, Declaration, Declared, DeclaredType, Handler, Into, Kind,
    RaiseLevel, RowSource, Source, SourceForm, Statement, Target,
};
pub use host::{Host, Ran, Style};
pub use interpreter::{Finished, Interpreter};
pub use raised::Raised;
pub use scope::{Bare, ScriptScope, ScriptValue};
pub use tokens::{Item, Tokens, block_end};
