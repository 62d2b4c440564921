//! What can go wrong, as facts; the words of each warehouse are in `render`.
//! Nothing here knows a dialect.

use std::fmt;

use datafusion::common::DataFusionError;

/// Snowflake's code of a correlated subquery that cannot be evaluated; Redshift says it in other words.
pub(super) const CORRELATION: &str = "002031";

/// A place in the statement's text; line and column count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

/// An error of a statement, with its place when it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// What happened. Boxed so that results stay small.
    pub kind: Box<ErrorKind>,
    /// Where in the statement.
    pub position: Option<Position>,
}

/// The facts of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text does not parse. `near` is the unexpected token (empty at the end of input).
    Syntax {
        /// What the parser says.
        message: String,
        /// The token it did not expect.
        near: String,
    },
    /// A column or alias that nothing in scope has.
    UnknownColumn(String),
    /// A column that several relations in scope have.
    AmbiguousColumn(String),
    /// A table, view or other object: its type ("table", "stage", …) and name.
    UnknownObject {
        /// Kind of object in lower case.
        kind: &'static str,
        /// Name as written or resolved.
        name: String,
    },
    /// CREATE of something that is there.
    ObjectExists {
        /// Kind of object in lower case.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A function that the dialect does not have, or that dwsim does not have yet.
    UnknownFunction {
        /// Folded name.
        name: String,
        /// The argument types as the dialect prints them.
        arguments: Vec<String>,
    },
    /// Wrong number of arguments.
    ArgumentCount {
        /// Function name.
        function: String,
        /// Expected number (least when too few, most when too many).
        expected: usize,
        /// Given number.
        given: usize,
    },
    /// Argument types that fit no signature.
    ArgumentTypes {
        /// Function or operator name.
        function: String,
        /// The types given, in the dialect's words.
        arguments: Vec<String>,
    },
    /// An argument with a value the function refuses.
    InvalidArgument {
        /// Function name.
        function: String,
        /// What is wrong.
        message: String,
    },
    /// No conversion between two types.
    CannotCast {
        /// Source type, in the dialect's words.
        from: String,
        /// Target type, in the dialect's words.
        to: String,
    },
    /// Text (or another value) that is not a value of the type.
    InvalidValue {
        /// "Numeric value", "Date", "Timestamp", "Time", "Boolean value", …
        what: &'static str,
        /// The offending text.
        value: String,
    },
    /// A VARIANT value that cannot become the type.
    VariantCast {
        /// The value as JSON.
        value: String,
        /// Target type, in the dialect's words.
        to: String,
    },
    /// A number that does not fit its type.
    OutOfRange {
        /// Type in the dialect's words.
        ty: String,
        /// The value.
        value: String,
    },
    /// Text longer than its column.
    TooLong {
        /// Declared length.
        length: u32,
        /// Type in the dialect's words.
        ty: String,
        /// The value.
        value: String,
    },
    /// Division by zero.
    DivisionByZero,
    /// NULL in a NOT NULL column.
    NullInNotNull(String),
    /// A selected expression that is neither grouped nor aggregated.
    NotGrouped(String),
    /// Text that is not JSON.
    InvalidJson {
        /// What the JSON parser says.
        message: String,
    },
    /// A subquery used as a value gave several rows.
    SubqueryRows,
    /// MERGE or UPDATE matched one target row with several source rows.
    DuplicateMatch(String),
    /// Another transaction changed the same table.
    SerializationConflict(String),
    /// A statement in a transaction that an earlier error has aborted.
    TransactionAborted,
    /// The client asked for cancellation.
    Canceled,
    /// The statement timeout passed, in seconds.
    Timeout(u64),
    /// The memory limit was reached.
    OutOfMemory(String),
    /// A documented feature that dwsim does not have.
    Unsupported(String),
    /// Storage (S3 or a stage) failed or lacks an object.
    Storage(String),
    /// A load file or row that cannot be loaded.
    Load(String),
    /// A message in a dialect's own words: Redshift has no code of its own, Snowflake's is six digits.
    Raw {
        /// Snowflake's code, or "" on Redshift.
        code: String,
        /// SQLSTATE.
        sqlstate: String,
        /// The full text.
        message: String,
    },
    /// A broken invariant of dwsim itself.
    Internal(String),
}

impl SqlError {
    /// An error without a place.
    pub fn new(kind: ErrorKind) -> Self {
        SqlError {
            kind: Box::new(kind),
            position: None,
        }
    }

    /// The same error with a place, unless it has one.
    #[must_use]
    pub fn at(mut self, position: Option<Position>) -> Self {
        if self.position.is_none() {
            self.position = position;
        }
        self
    }

    /// A compilation error in a dialect's own words, with its place before them.
    #[must_use]
    pub fn placed(mut self, position: Option<Position>) -> Self {
        if let ErrorKind::Raw { message, .. } = self.kind.as_mut() {
            *message = match position {
                Some(p) => format!(
                    "SQL compilation error: error line {} at position {}\n{message}",
                    p.line,
                    p.column.saturating_sub(1)
                ),
                None => format!("SQL compilation error:\n{message}"),
            };
        }
        self.at(position)
    }

    /// A documented feature that is not there, by its name.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported(what.into()))
    }

    /// A broken invariant.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal(what.into()))
    }

    /// A function refuses an argument's value.
    pub fn argument(function: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument {
            function: function.into(),
            message: message.into(),
        })
    }

    /// Text that is not a value of a type.
    pub fn invalid_value(what: &'static str, value: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidValue {
            what,
            value: value.into(),
        })
    }

    /// An error in a dialect's own words.
    pub fn raw(
        code: impl Into<String>,
        sqlstate: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::Raw {
            code: code.into(),
            sqlstate: sqlstate.into(),
            message: message.into(),
        })
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redshift().message)
    }
}

impl std::error::Error for SqlError {}

impl From<ErrorKind> for SqlError {
    fn from(kind: ErrorKind) -> Self {
        SqlError::new(kind)
    }
}

impl From<SqlError> for DataFusionError {
    fn from(error: SqlError) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

/// Finds our own error inside DataFusion's wrappers; what is left is DataFusion's own.
impl From<DataFusionError> for SqlError {
    fn from(error: DataFusionError) -> Self {
        fn find(error: &DataFusionError) -> Option<SqlError> {
            match error {
                DataFusionError::External(e) => {
                    if let Some(e) = e.downcast_ref::<SqlError>() {
                        return Some(e.clone());
                    }
                    e.downcast_ref::<DataFusionError>().and_then(find)
                }
                DataFusionError::Context(_, e) | DataFusionError::Diagnostic(_, e) => find(e),
                DataFusionError::Shared(e) => find(e),
                DataFusionError::ArrowError(e, _) => match e.as_ref() {
                    arrow::error::ArrowError::ExternalError(e) => {
                        if let Some(e) = e.downcast_ref::<SqlError>() {
                            return Some(e.clone());
                        }
                        e.downcast_ref::<DataFusionError>().and_then(find)
                    }
                    arrow::error::ArrowError::DivideByZero => {
                        Some(SqlError::new(ErrorKind::DivisionByZero))
                    }
                    _ => None,
                },
                DataFusionError::ResourcesExhausted(m) => {
                    Some(SqlError::new(ErrorKind::OutOfMemory(m.clone())))
                }
                DataFusionError::Collection(errors) => errors.iter().find_map(find),
                _ => None,
            }
        }
        if let Some(found) = find(&error) {
            return found;
        }
        let text = error.strip_backtrace();
        if text.contains("more than one row") || text.contains("returned more than one") {
            return SqlError::new(ErrorKind::SubqueryRows);
        }
        if text.contains("Physical plan does not support logical expression")
            || text.contains("OuterReferenceColumn")
            || text.contains("__correlated_sq")
            || text.contains("null_aware anti join")
            || text.contains("Invalid (non-executable) plan")
        {
            return SqlError::raw(
                CORRELATION,
                "42601",
                "SQL compilation error:\nUnsupported subquery type cannot be evaluated",
            );
        }
        if let Some((_, value)) = text.split_once("Overflowing on ") {
            return SqlError::new(ErrorKind::OutOfRange {
                ty: String::new(),
                value: value.trim().to_owned(),
            });
        }
        SqlError::new(ErrorKind::Internal(text))
    }
}

impl From<arrow::error::ArrowError> for SqlError {
    fn from(error: arrow::error::ArrowError) -> Self {
        SqlError::from(DataFusionError::from(error))
    }
}
