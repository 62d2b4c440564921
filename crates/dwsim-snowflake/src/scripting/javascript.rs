//! The session's side of a JavaScript procedure: it runs the statements that the program asks for.
//! The program's side is `javascript::procedure`.

use std::sync::{Arc, mpsc};

use arrow::array::ArrayRef;
use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use dwsim_engine::catalog::{Returns, Routine};
use dwsim_engine::error::{ErrorKind, Result, SqlError};
use dwsim_engine::functions::Typed;
use dwsim_engine::scripting::{Finished, Host, Ran, SourceForm};
use dwsim_engine::types::SqlType;
use serde_json::{Value, json};

use crate::javascript::{Event, Request, decode, encode_row, start};
use crate::session::SnowflakeSession;

/// Most rows that a statement of a program may give.
const MAX_ROWS: usize = 1_000_000;

fn literal(value: ScalarValue, ty: SqlType) -> Typed {
    Typed::new(Expr::Literal(value, None), ty)
}

impl SnowflakeSession {
    /// Runs a JavaScript procedure.
    pub(super) async fn javascript(
        &mut self,
        routine: &Arc<Routine>,
        args: Vec<Typed>,
    ) -> Result<Finished> {
        let arrays = args
            .iter()
            .map(|a| match a.literal() {
                Some(v) => Ok(v.to_array_of_size(1)?),
                None => Err(SqlError::internal("an argument that is no value")),
            })
            .collect::<Result<Vec<ArrayRef>>>()?;
        let types: Vec<SqlType> = args.iter().map(|a| a.ty.clone()).collect();
        let row = encode_row(&arrays, &types, 0)?;
        let limits = self.limits();
        let mut events = start(routine, row, limits)?;
        while let Some(event) = events.recv().await {
            match event {
                Event::Execute(request, answer) => self.execute_for(request, &answer).await,
                Event::Done(value) => {
                    let value = value.map_err(|e| in_procedure(&routine.name, e))?;
                    return self.finished(routine, &value);
                }
            }
        }
        Err(SqlError::internal(
            "a JavaScript procedure ended without a result",
        ))
    }

    fn finished(&mut self, routine: &Routine, value: &Value) -> Result<Finished> {
        let Returns::Value { ty, .. } = &routine.returns else {
            return Ok(Finished::Nothing);
        };
        let (array, from) = decode(&[value], ty)?;
        let array = if from == *ty {
            array
        } else {
            self.inner.convert_column(&array, &from, ty)?
        };
        let value = ScalarValue::try_from_array(&array, 0)?;
        Ok(Finished::Value(literal(value, ty.clone())))
    }

    /// Runs one statement and answers with its rows, or with its error.
    async fn execute_for(&mut self, request: Request, answer: &mpsc::Sender<String>) {
        let outcome = self.statement_of(&request).await;
        let text = match outcome {
            Ok(v) => v.to_string(),
            Err(e) => {
                let shown = e.snowflake();
                let code = shown.code.parse::<i64>().unwrap_or(100_183);
                json!({ "error": { "code": code, "state": shown.sqlstate, "message": shown.message } })
                    .to_string()
            }
        };
        // Without a receiver the program is gone, and its end is the next event.
        let _ = answer.send(text);
    }

    async fn statement_of(&mut self, request: &Request) -> Result<Value> {
        let mut values = Vec::with_capacity(request.binds.len());
        for b in &request.binds {
            values.push(self.bind_value(b).await?);
        }
        let ran = Host::run(self, &request.sql, values).await?;
        self.answer(&ran)
    }

    async fn bind_value(&mut self, b: &Value) -> Result<Typed> {
        let text = b["v"].as_str().unwrap_or_default();
        Ok(match b["t"].as_str().unwrap_or_default() {
            "null" => literal(ScalarValue::Null, SqlType::Null),
            "b" => literal(ScalarValue::Boolean(b["v"].as_bool()), SqlType::Boolean),
            // A number literal has the type that SQL gives it.
            "n" => {
                let form = SourceForm::Expr(Box::new(self.inner.dialect().parse_expr(text)?));
                self.inner.evaluate(&form).await?
            }
            "d" => {
                let ms = b["v"].as_f64().unwrap_or_default();
                literal(
                    ScalarValue::TimestampNanosecond(
                        Some((ms * 1_000_000.0) as i64),
                        Some("UTC".into()),
                    ),
                    SqlType::TimestampLtz(9),
                )
            }
            "x" => literal(
                ScalarValue::Binary(dwsim_engine::kernels::cast::decode_hex(text)),
                SqlType::Binary(None),
            ),
            _ => literal(
                ScalarValue::Utf8(Some(text.to_owned())),
                SqlType::Varchar(Some(text.chars().count() as u32)),
            ),
        })
    }

    fn answer(&mut self, ran: &Ran) -> Result<Value> {
        if ran.rows() > MAX_ROWS {
            return Err(ErrorKind::OutOfMemory(format!(
                "a JavaScript procedure read more than {MAX_ROWS} rows at once"
            ))
            .into());
        }
        let types: Vec<SqlType> = ran.columns.iter().map(|c| c.ty.clone()).collect();
        let columns: Vec<Value> = ran
            .columns
            .iter()
            .map(|c| {
                let (name, scale) = wire_type(&c.ty);
                json!({
                    "name": c.name,
                    "code": crate::javascript::code(&c.ty).to_string(),
                    "type": name,
                    "sql": c.ty.snowflake(),
                    "scale": scale,
                })
            })
            .collect();
        let mut rows = Vec::with_capacity(ran.rows());
        for b in &ran.batches {
            for i in 0..b.num_rows() {
                let text = encode_row(b.columns(), &types, i)?;
                let row: Value = serde_json::from_str(&text)
                    .map_err(|e| SqlError::internal(format!("a row is no JSON: {e}")))?;
                rows.push(row);
            }
        }
        Ok(json!({
            "id": ran.query_id,
            "columns": columns,
            "rows": rows,
            "affected": ran.changed.map_or(ran.rows() as u64, |n| n),
            "inserted": ran.counts.0,
            "updated": ran.counts.1,
            "deleted": ran.counts.2,
        }))
    }
}

/// The type's name in the procedures' API, and its scale.
fn wire_type(ty: &SqlType) -> (&'static str, u8) {
    match ty {
        SqlType::Number { scale, .. } => ("number", *scale),
        SqlType::Double | SqlType::Real => ("number", 0),
        SqlType::Boolean => ("boolean", 0),
        SqlType::Date => ("date", 0),
        SqlType::Binary(_) => ("binary", 0),
        SqlType::Variant => ("variant", 0),
        SqlType::Object => ("object", 0),
        SqlType::Array => ("array", 0),
        SqlType::Timestamp(s) => ("timestamp_ntz", *s),
        SqlType::TimestampLtz(s) => ("timestamp_ltz", *s),
        SqlType::TimestampTz(s) => ("timestamp_tz", *s),
        _ => ("string", 0),
    }
}

/// An error of a program as the caller of the procedure sees it.
fn in_procedure(name: &str, e: SqlError) -> SqlError {
    match *e.kind {
        ErrorKind::Raw {
            ref code,
            ref message,
            ..
        } if code == "100132" => {
            let text = message
                .strip_prefix("JavaScript execution error: Uncaught ")
                .unwrap_or(message);
            let (thrown, place) = text.split_once(" in ").unwrap_or((text, ""));
            let thrown = thrown.strip_prefix("Error: ").unwrap_or(thrown);
            let line = place.rsplit_once("line: ").map_or("1", |(_, l)| l).trim();
            SqlError::raw(
                "100183",
                "P0000",
                format!(
                    "Execution error in store procedure {name}:\n{thrown}\nAt {name}, line {line}"
                ),
            )
        }
        _ => e,
    }
}

/// Rows that DML inserted, updated and deleted.
pub(super) fn counts(columns: &[String], counts: &[u64]) -> (u64, u64, u64) {
    let mut out = (0, 0, 0);
    for (name, n) in columns.iter().zip(counts) {
        match name.as_str() {
            "number of rows inserted" => out.0 = *n,
            "number of rows updated" => out.1 = *n,
            "number of rows deleted" => out.2 = *n,
            _ => {}
        }
    }
    out
}
