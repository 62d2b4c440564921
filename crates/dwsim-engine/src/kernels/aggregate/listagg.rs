//! LISTAGG: the texts of a group with a separator between them.
//! Order and DISTINCT are applied by the collecting aggregate. Sources: Snowflake and Redshift "LISTAGG".

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};

use crate::dialect::DialectName;
use crate::error::Result;
use crate::functions::AggCall;

/// The texts one after the other; no rows give an empty text on Snowflake and NULL on Redshift.
pub fn listagg(call: &AggCall<'_>) -> Result<ArrayRef> {
    let texts = call.args[0].as_string::<i32>();
    let separator = call.args.get(1).map(|a| a.as_string::<i32>());
    let mut out = String::new();
    let mut any = false;
    for i in 0..call.rows {
        if texts.is_null(i) {
            continue;
        }
        if any && let Some(s) = separator.filter(|s| s.is_valid(i)) {
            out.push_str(s.value(i));
        }
        any = true;
        out.push_str(texts.value(i));
    }
    let value = (any || call.env.dialect == DialectName::Snowflake).then_some(out);
    Ok(Arc::new(StringArray::from(vec![value])))
}
