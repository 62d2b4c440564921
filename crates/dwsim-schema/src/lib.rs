//! dwsim.toml: model, configuration layers, logical types and DDL
