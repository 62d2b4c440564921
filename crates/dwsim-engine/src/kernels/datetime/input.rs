//! Texts read as values of a date or time type, by the session's input formats or by a given model.
//! The forms themselves are `auto`, `snowflake_model`, `postgres_input` and `postgres_model`.

use super::auto;
use super::parsed::Parsed;
use super::postgres_input::{self, Context};
use super::snowflake_model::Model;
use crate::dialect::DialectName;
use crate::env::Env;
use crate::error::{Result, SqlError};
use crate::types::{SqlType, TypeClass};

/// Reads texts of one type.
#[derive(Debug)]
pub struct TextReader {
    class: TypeClass,
    form: Form,
    century_start: i32,
}

#[derive(Debug)]
enum Form {
    Auto,
    Model(Model, String),
    Postgres(Box<Context>),
}

/// The first year of two-digit years, from TWO_DIGIT_CENTURY_START.
pub fn century_start(env: &Env) -> i32 {
    env.parameter("TWO_DIGIT_CENTURY_START")
        .and_then(|v| v.trim().parse().ok())
        .unwrap_or(1970)
}

impl TextReader {
    /// As the session reads texts of this type.
    pub fn session(ty: &SqlType, env: &Env) -> Self {
        match env.dialect {
            DialectName::Redshift => TextReader {
                class: ty.class(),
                form: Form::Postgres(Box::new(Context::new(env))),
                century_start: 1970,
            },
            DialectName::Snowflake => {
                let name = match ty.class() {
                    TypeClass::Date => "DATE_INPUT_FORMAT",
                    TypeClass::Time => "TIME_INPUT_FORMAT",
                    _ => "TIMESTAMP_INPUT_FORMAT",
                };
                TextReader::snowflake(ty, env.parameter(name).unwrap_or("AUTO"), env)
            }
        }
    }

    /// By a Snowflake model; `AUTO` recognizes the form.
    pub fn snowflake(ty: &SqlType, model: &str, env: &Env) -> Self {
        TextReader {
            class: ty.class(),
            form: if model.is_empty() || model.eq_ignore_ascii_case("AUTO") {
                Form::Auto
            } else {
                Form::Model(Model::new(model), model.to_owned())
            },
            century_start: century_start(env),
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::InvalidValue`], or Snowflake's own words when a model was given.
    pub fn read(&mut self, text: &str) -> Result<Parsed> {
        let parsed = match &mut self.form {
            Form::Auto => auto::parse(text),
            Form::Model(model, _) => model.parse(text, self.century_start),
            Form::Postgres(context) if self.class == TypeClass::Time => {
                postgres_input::parse_time(text, context)
            }
            Form::Postgres(context) => postgres_input::parse(text, context),
        };
        let by_model = matches!(self.form, Form::Model(..));
        parsed
            .filter(|p| match self.class {
                TypeClass::Time => p.nano.is_some(),
                _ => by_model || p.day.is_some(),
            })
            .ok_or_else(|| self.error(text))
    }

    fn error(&self, text: &str) -> SqlError {
        let (what, word) = match self.class {
            TypeClass::Date => ("Date", "date"),
            TypeClass::Time => ("Time", "time"),
            _ => ("Timestamp", "timestamp"),
        };
        match &self.form {
            Form::Model(_, model) => SqlError::raw(
                "100096",
                "22007",
                format!("Can't parse '{text}' as {word} with format '{model}'"),
            ),
            _ => SqlError::invalid_value(what, text),
        }
    }
}
