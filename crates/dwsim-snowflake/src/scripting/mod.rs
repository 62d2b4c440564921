//! Snowflake Scripting, procedures and user-defined functions: their grammar, and how a session runs them.
//! The interpreter of blocks and the binding of SQL functions are the engine's.

mod call;
mod function;
mod host;
mod javascript;
mod objects;
mod parse;
mod routine;
mod substitute;

pub(crate) use function::{is_block, scalar_function};
pub(crate) use objects::{returns_text, show_row};
pub(crate) use parse::block;
pub(crate) use routine::{
    AlterRoutine, CallTarget, CreateRoutine, RoutineName, alter_routine, call, create_routine,
    execute_immediate, is_routine, routine_name, signature_name, with_procedure,
};

#[cfg(test)]
mod tests;
