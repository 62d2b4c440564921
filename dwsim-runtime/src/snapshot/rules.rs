//! The settings of `[test]` that decide how answers are compared: one set per process, as a process works on one project.
//! Reading them from dwsim.toml is left to dwsim-schema.

use dwsim_schema::TestConfig;
use serde::{Deserialize, Serialize};
use std::sync::{PoisonError, RwLock};

/// How answers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// How far two floats may lie apart, relative to the larger one.
    pub float_tolerance: f64,
    /// Most rows of a snapshot.
    pub max_rows: u64,
    /// Another server answers for the warehouse: types are the same when they are of one kind, and what differs fails the
    /// test instead of becoming a pending result.
    #[serde(default)]
    pub stand_in: bool,
}

/// What default-config.toml says.
const DEFAULT: Rules = Rules {
    float_tolerance: 1e-11,
    max_rows: 10_000,
    stand_in: false,
};

static RULES: RwLock<Rules> = RwLock::new(DEFAULT);

/// The rules that hold now.
#[must_use]
pub fn rules() -> Rules {
    *RULES.read().unwrap_or_else(PoisonError::into_inner)
}

/// Makes these the rules of this process.
pub fn set_rules(rules: Rules) {
    *RULES.write().unwrap_or_else(PoisonError::into_inner) = rules;
}

impl From<&TestConfig> for Rules {
    fn from(config: &TestConfig) -> Self {
        Rules {
            float_tolerance: config.float_tolerance,
            max_rows: config.max_rows,
            stand_in: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dwsim_schema::Config;

    #[test]
    fn the_defaults_are_those_of_the_configuration() {
        let config = Config::parse("dwsim.toml", "").expect("the defaults alone");
        assert_eq!(Rules::from(&config.test), DEFAULT);
    }
}
