//! How functions are declared and how a kernel becomes part of a DataFusion plan.
//! Which functions exist, under which names, is each dialect's table; what they compute is in `kernels`.

mod accumulator;
mod aggregate;
mod call;
mod def;
pub mod returns;
mod scalar;
mod sequence;
mod window;

pub use accumulator::{AggCall, AggKernel};
pub(crate) use aggregate::collect_udaf;
pub use aggregate::{AggregateDef, AggregateImpl, AggregateOptions};
pub use call::{Call, Column, Kernel, View};
pub use def::{BindFn, FnCall, FunctionDef, FunctionTable, Param, ScalarDef, Shape, Typed};
pub use returns as ret;
pub use returns::{ReturnArgs, ReturnFn};
pub use scalar::{Closure, closure_expr, conform, kernel_expr, list_expr};
pub(crate) use scalar::{fold_literal, may_linger};
pub(crate) use sequence::nextval;
pub(crate) use window::partition_udwf;
pub use window::{WindowDef, WindowImpl, WindowKernel};
