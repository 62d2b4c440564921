//! The stable codes of configuration problems and what each one means, for `explain CODE` and for tests.
//! Messages with the concrete names and numbers are made where the problem is found.

macro_rules! codes {
    ($($name:ident = $code:literal: $text:literal;)*) => {
        $(#[doc = $text] pub const $name: &str = $code;)*
        const ALL: &[(&str, &str)] = &[$(($code, $text)),*];
    };
}

codes! {
    SYNTAX = "dwsim::schema::syntax": "The text is not valid TOML.";
    UNKNOWN_KEY = "dwsim::schema::unknown_key": "A key that dwsim does not know. Nothing is ignored silently, so a misspelt key is an error.";
    WRONG_KIND = "dwsim::schema::wrong_kind": "A value of the wrong kind, for instance a string where a number is needed.";
    BAD_VALUE = "dwsim::schema::bad_value": "A value of the right kind that cannot be used: out of bounds, empty, or not one of the allowed words.";
    MISSING_KEY = "dwsim::schema::missing_key": "A key that is needed here is not there.";
    CONFLICT = "dwsim::schema::conflict": "Two settings that exclude each other.";
    BAD_TYPE = "dwsim::schema::bad_type": "A column type that dwsim does not know or whose parameters are out of bounds.";
    BAD_NAME = "dwsim::schema::bad_name": "A table or column name that the warehouses cannot hold, or two names that differ only in case.";
    UNKNOWN_TABLE = "dwsim::schema::unknown_table": "A reference to a table that is not in the schema.";
    UNKNOWN_COLUMN = "dwsim::schema::unknown_column": "A reference to a column that is not in the table.";
    CYCLE = "dwsim::schema::cycle": "References between tables, or inputs of derived columns, that form a circle.";
    BAD_REFERENCE = "dwsim::schema::bad_reference": "A reference to a column that is not a key, or to a table without rows.";
    CAPACITY = "dwsim::schema::capacity": "More distinct values are demanded than the generator can make.";
    IMPOSSIBLE = "dwsim::schema::impossible": "A constraint that no data can satisfy, such as a minimum above the maximum.";
    UNKNOWN_GENERATOR = "dwsim::schema::unknown_generator": "A generator or distribution that dwsim does not know.";
    TOO_NARROW = "dwsim::schema::too_narrow": "Values of the generator can be longer than the column.";
    UNKNOWN_PROFILE = "dwsim::schema::unknown_profile": "The chosen profile is not in dwsim.toml.";
    SECRET = "dwsim::schema::secret": "A secret in a file. Secrets of live targets come only from the environment.";
    BAD_PATTERN = "dwsim::generate::bad_pattern": "A pattern that is not a regular expression, or one without an end.";
}

/// The meaning of a code, or `None` if there is no such code.
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    ALL.iter().find(|(c, _)| *c == code).map(|(_, text)| *text)
}

/// Every code, in a fixed order.
pub fn all() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(c, _)| *c)
}
