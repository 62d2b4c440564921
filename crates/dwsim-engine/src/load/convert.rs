//! Columns of a file as columns of a table's types, with every cell that does not fit named.
//! The conversions themselves are `kernels::cast`; skipping or failing on bad cells is the caller's decision.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryBuilder, StringBuilder, new_null_array};

use crate::env::Env;
use crate::error::{ErrorKind, Result, SqlError};
use crate::functions::{Call, Column, Kernel};
use crate::kernels::cast;
use crate::plan::CastMode;
use crate::types::SqlType;
use crate::variant::{Builder, ParseMode, parse_json};

/// A cell that is no value of its column's type; its place holds NULL.
#[derive(Debug, Clone, PartialEq)]
pub struct CellError {
    /// Row in the converted array.
    pub row: usize,
    /// What is wrong.
    pub error: SqlError,
}

/// What text becomes in a VARIANT, SUPER, OBJECT or ARRAY column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextToVariant {
    /// The text is JSON and is parsed.
    Json,
    /// The text is a string value.
    String,
}

fn run(
    kernel: Kernel,
    mode: CastMode,
    values: &ArrayRef,
    from: &SqlType,
    to: &SqlType,
    env: &Env,
) -> Result<ArrayRef> {
    let args = [Column {
        array: Arc::clone(values),
        scalar: false,
    }];
    let types = [from.clone()];
    let call = Call {
        name: mode.kernel_name(),
        args: &args,
        types: &types,
        returns: to,
        rows: values.len(),
        env,
    };
    crate::functions::conform(kernel(&call)?, to)
}

/// The values as another type, and the cells that did not fit.
///
/// `values` is the Arrow array of `from` (see [`SqlType::arrow`]). Formats are the environment's.
///
/// # Errors
/// [`ErrorKind::CannotCast`] when there is no such conversion at all.
pub fn convert(
    values: &ArrayRef,
    from: &SqlType,
    to: &SqlType,
    text: TextToVariant,
    env: &Env,
) -> Result<(ArrayRef, Vec<CellError>)> {
    if from == to || cast::is_relabel(from, to) {
        return Ok((Arc::clone(values), Vec::new()));
    }
    if *from == SqlType::Null || values.null_count() == values.len() {
        return Ok((new_null_array(&to.arrow(), values.len()), Vec::new()));
    }
    if from.is_text() && to.is_semi() {
        return text_to_variant(values, to, text, env);
    }
    if cast::is_widening(from, to) {
        return Ok((
            crate::functions::conform(Arc::clone(values), to)?,
            Vec::new(),
        ));
    }
    let Some(kernel) = cast::kernel(from, to, env.dialect) else {
        return Err(ErrorKind::CannotCast {
            from: env.dialect.type_name(from),
            to: env.dialect.type_name(to),
        }
        .into());
    };
    if let Ok(array) = run(kernel, CastMode::Implicit, values, from, to, env) {
        return Ok((array, Vec::new()));
    }
    // Something does not fit: what fits is kept, and each failing cell is asked again for its reason.
    let array = run(kernel, CastMode::Try, values, from, to, env)?;
    let mut errors = Vec::new();
    for row in 0..values.len() {
        if array.is_null(row)
            && !values.is_null(row)
            && let Err(error) = run(
                kernel,
                CastMode::Implicit,
                &values.slice(row, 1),
                from,
                to,
                env,
            )
        {
            errors.push(CellError { row, error });
        }
    }
    Ok((array, errors))
}

fn text_to_variant(
    values: &ArrayRef,
    to: &SqlType,
    text: TextToVariant,
    env: &Env,
) -> Result<(ArrayRef, Vec<CellError>)> {
    let mode = match env.dialect {
        crate::dialect::DialectName::Snowflake => ParseMode::Snowflake,
        crate::dialect::DialectName::Redshift => ParseMode::Redshift,
    };
    let texts = values.as_string::<i32>();
    let mut out = LargeBinaryBuilder::with_capacity(texts.len(), texts.values().len());
    let mut errors = Vec::new();
    let mut buffer = Vec::new();
    for row in 0..texts.len() {
        if texts.is_null(row) {
            out.append_null();
            continue;
        }
        let s = texts.value(row);
        buffer.clear();
        let mut builder = Builder { out: &mut buffer };
        match text {
            TextToVariant::String => builder.string(s),
            TextToVariant::Json => match parse_json(s, mode) {
                Ok(value) => builder.value(&value),
                Err(e) => {
                    out.append_null();
                    let message = format!("{}, pos {}", e.message, e.position);
                    errors.push(CellError {
                        row,
                        error: ErrorKind::InvalidJson { message }.into(),
                    });
                    continue;
                }
            },
        }
        let value = crate::variant::Ref::new(&buffer);
        let fits = match to {
            SqlType::Array => value.is_array(),
            SqlType::Object => value.is_object(),
            _ => true,
        };
        if fits {
            out.append_value(&buffer);
        } else {
            out.append_null();
            let error = ErrorKind::VariantCast {
                value: s.to_owned(),
                to: env.dialect.type_name(to),
            };
            errors.push(CellError {
                row,
                error: error.into(),
            });
        }
    }
    Ok((Arc::new(out.finish()), errors))
}

/// Texts cut to a number of characters (Snowflake) or bytes (Redshift), on a character's end: TRUNCATECOLUMNS.
pub fn truncate(values: &ArrayRef, length: u32, env: &Env) -> ArrayRef {
    let n = length as usize;
    let texts = values.as_string::<i32>();
    if texts.iter().flatten().all(|s| s.len() <= n) {
        return Arc::clone(values);
    }
    let mut out = StringBuilder::with_capacity(texts.len(), texts.values().len());
    for s in texts {
        out.append_option(s.map(|s| match env.dialect {
            crate::dialect::DialectName::Snowflake => {
                s.char_indices().nth(n).map_or(s, |(end, _)| &s[..end])
            }
            crate::dialect::DialectName::Redshift => {
                let mut end = n.min(s.len());
                while !s.is_char_boundary(end) {
                    end -= 1;
                }
                &s[..end]
            }
        }));
    }
    Arc::new(out.finish())
}
