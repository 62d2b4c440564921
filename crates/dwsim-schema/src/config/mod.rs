//! Configuration in layers: compiled-in defaults, dwsim.toml, a profile, `.env.local`, the environment, flags.
//! What the values mean is left to `read`; files and variables are given by the caller, nothing is opened here.

mod layers;
mod model;
mod node;

pub use layers::{DEFAULT_CONFIG, Files, Inputs, Override, Setting};
pub(crate) use layers::{Merged, canonical, merge_layers};
pub use model::{
    Clock, Config, LiveConnection, Project, ServerKind, Staging, Target, TargetKind, TestConfig,
};
pub use node::{Layer, Origin};
pub(crate) use node::{Node, Value, add_source, parse_value};
