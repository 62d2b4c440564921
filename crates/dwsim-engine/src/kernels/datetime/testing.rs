//! Calls on kernels in unit tests: an environment, columns from texts, results as texts.
//! Nothing of this is in a build without tests.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use chrono::DateTime;

use crate::dialect::DialectName;
use crate::env::Env;
use crate::error::Result;
use crate::functions::{Call, Column, Kernel};
use crate::kernels::cast;
use crate::types::SqlType;

/// Los Angeles for Snowflake, UTC for Redshift; the clock stands at 2024-05-06 07:08:09.123456 UTC.
pub(crate) fn env(dialect: DialectName) -> Env {
    let now = DateTime::from_timestamp(1_714_979_289, 123_456_000).unwrap();
    let timezone = match dialect {
        DialectName::Snowflake => chrono_tz::Tz::America__Los_Angeles,
        DialectName::Redshift => chrono_tz::Tz::UTC,
    };
    Env::alone(dialect, timezone, now)
}

/// A constant text; `NULL` is NULL.
pub(crate) fn column(text: &str) -> Column {
    Column {
        array: Arc::new(StringArray::from(vec![(text != "NULL").then_some(text)])),
        scalar: true,
    }
}

/// A text as a constant of a type.
pub(crate) fn value(text: &str, ty: &SqlType, env: &Env) -> Column {
    let from = SqlType::text();
    if ty.is_text() {
        return column(text);
    }
    let args = [column(text)];
    let kernel = cast::kernel(&from, ty, env.dialect).unwrap();
    let array = kernel(&Call {
        name: "cast",
        args: &args,
        types: &[from],
        returns: ty,
        rows: 1,
        env,
    })
    .unwrap();
    Column {
        array: crate::functions::conform(array, ty).unwrap(),
        scalar: true,
    }
}

/// The first value of a column as text.
pub(crate) fn rendered(array: ArrayRef, ty: &SqlType, env: &Env) -> String {
    let array = crate::functions::conform(array, ty).unwrap();
    if array.is_null(0) {
        return "NULL".into();
    }
    if ty.is_text() {
        return array.as_string::<i32>().value(0).to_owned();
    }
    let args = [Column {
        array,
        scalar: true,
    }];
    let text = SqlType::text();
    let kernel = cast::kernel(ty, &text, env.dialect).unwrap();
    let out = kernel(&Call {
        name: "cast",
        args: &args,
        types: std::slice::from_ref(ty),
        returns: &text,
        rows: 1,
        env,
    })
    .unwrap();
    out.as_string::<i32>().value(0).to_owned()
}

/// Calls a kernel on typed texts and shows the result as text, an error as its message.
pub(crate) fn call(
    env: &Env,
    name: &str,
    kernel: Kernel,
    args: &[(&str, SqlType)],
    returns: &SqlType,
) -> String {
    let columns: Vec<Column> = args.iter().map(|(t, ty)| value(t, ty, env)).collect();
    let types: Vec<SqlType> = args.iter().map(|(_, ty)| ty.clone()).collect();
    let done: Result<ArrayRef> = kernel(&Call {
        name,
        args: &columns,
        types: &types,
        returns,
        rows: 1,
        env,
    });
    match done {
        Ok(array) => rendered(array, returns, env),
        Err(e) => match env.dialect {
            DialectName::Snowflake => e.snowflake().message,
            DialectName::Redshift => e.redshift().message,
        },
    }
}
