//! EXPLAIN of queries and of statements with a query, as text, table or JSON.
//! The plan is DataFusion's own: operators have its names, not Snowflake's.
//!
//! Source: "EXPLAIN".

use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::session::Outcome;
use dwsim_engine::types::SqlType;
use serde_json::json;
use sqlparser::ast::{DescribeAlias, Statement};

use super::{Answer, SnowflakeSession, StatementKind};
use crate::parse::Command;

/// One operator of a plan.
struct Operator {
    depth: usize,
    name: String,
    details: String,
}

impl SnowflakeSession {
    pub(super) async fn explain(&mut self, format: &str, text: &str) -> Result<Answer> {
        let Command::Sql(inner) = crate::parse::parse(text)? else {
            return Err(SqlError::unsupported("EXPLAIN of a command"));
        };
        let statement = Statement::Explain {
            describe_alias: DescribeAlias::Explain,
            analyze: false,
            verbose: false,
            query_plan: false,
            estimate: false,
            statement: inner,
            format: None,
            options: None,
        };
        let Outcome::Rows(stream) = self.inner.execute(&statement, text, &[]).await? else {
            return Err(SqlError::internal("EXPLAIN without rows"));
        };
        let (columns, batches) = stream.collect().await?;
        let lines: Vec<String> = Answer::rows(StatementKind::Select, columns, batches)
            .texts(0)
            .into_iter()
            .flatten()
            .collect();
        let operators: Vec<Operator> = lines
            .iter()
            .map(|l| {
                let plain = l.trim_start();
                let (name, details) = plain.split_once(':').unwrap_or((plain, ""));
                Operator {
                    depth: (l.len() - plain.len()) / 2,
                    name: name.to_owned(),
                    details: details.trim().to_owned(),
                }
            })
            .collect();
        let t = SqlType::text;
        match format {
            "TEXT" => {
                let text = operators
                    .iter()
                    .enumerate()
                    .map(|(i, o)| format!("{}{i}: {}  {}", "  ".repeat(o.depth), o.name, o.details))
                    .collect::<Vec<_>>()
                    .join("\n");
                Answer::table(
                    StatementKind::Select,
                    vec![("content", t())],
                    vec![vec![Some(text)]],
                )
            }
            "JSON" => {
                let parent = |i: usize| {
                    (0..i)
                        .rev()
                        .find(|p| operators[*p].depth < operators[i].depth)
                };
                let list: Vec<_> = operators
                    .iter()
                    .enumerate()
                    .map(|(i, o)| {
                        let mut one = json!({
                            "id": i,
                            "operation": o.name,
                            "expressions": [o.details],
                        });
                        if let Some(p) = parent(i) {
                            one["parentOperators"] = json!([p]);
                        }
                        one
                    })
                    .collect();
                let text = json!({ "Operations": [list] }).to_string();
                Answer::table(
                    StatementKind::Select,
                    vec![("content", t())],
                    vec![vec![Some(text)]],
                )
            }
            "TABULAR" => {
                let n = || SqlType::number(38, 0);
                let rows = operators
                    .iter()
                    .enumerate()
                    .map(|(i, o)| {
                        let parent = (0..i)
                            .rev()
                            .find(|p| operators[*p].depth < o.depth)
                            .map(|p| format!("[{p}]"));
                        vec![
                            Some("1".to_owned()),
                            Some(i.to_string()),
                            parent,
                            Some(o.name.clone()),
                            None,
                            None,
                            Some(o.details.clone()),
                            None,
                            None,
                            None,
                        ]
                    })
                    .collect();
                Answer::table(
                    StatementKind::Select,
                    vec![
                        ("step", n()),
                        ("id", n()),
                        ("parentOperators", t()),
                        ("operation", t()),
                        ("objects", t()),
                        ("alias", t()),
                        ("expressions", t()),
                        ("partitionsTotal", n()),
                        ("partitionsAssigned", n()),
                        ("bytesAssigned", n()),
                    ],
                    rows,
                )
            }
            other => Err(SqlError::raw(
                "001003",
                "42000",
                format!("SQL compilation error:\nsyntax error unexpected '{other}'."),
            )),
        }
    }
}
