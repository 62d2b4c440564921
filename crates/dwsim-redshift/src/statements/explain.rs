//! EXPLAIN: the optimised plan in the form of Redshift's leader node, with costs by fixed rules over row counts.
//! Planning is the engine's; the numbers say how steps compare and nothing about time, as the guide has it.
//!
//! Sources: the guide's pages "EXPLAIN" and "Query plan".

use std::collections::HashMap;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::JoinType;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Expr, FetchType, Join, LogicalPlan, Operator, SkipType};
use datafusion::scalar::ScalarValue;
use dwsim_engine::catalog::TableEntry;
use dwsim_engine::error::{Result, SqlError};
use dwsim_engine::exec::TableProviderOf;
use dwsim_engine::functions::Typed;
use dwsim_engine::types::{ColumnInfo, SqlType};
use sqlparser::ast;
use sqlparser::parser::Parser;
use std::sync::Arc;

use super::outcome::{Outcome, Rows};
use super::session::RedshiftSession;
use crate::parse::{Parsed, Statement};

/// Cost of reading one row.
const SCAN: f64 = 0.01;
/// Cost of testing one condition on one row.
const CONDITION: f64 = 0.0025;
/// Added to the start of a plan that sorts, so that unsorted plans always win.
const SORT_PENALTY: f64 = 1_000_000_000_000.0;
/// Groups and distinct values without statistics.
const DISTINCT: f64 = 200.0;

impl RedshiftSession {
    pub(super) async fn explain(
        &mut self,
        inner: &Parsed,
        parameters: &[Typed],
    ) -> Result<Outcome> {
        let query = match &inner.statement {
            Statement::Query(q) => q.as_ref().clone(),
            Statement::Dml(s) => match s.as_ref() {
                ast::Statement::Insert(ast::Insert {
                    source: Some(q), ..
                }) => q.as_ref().clone(),
                ast::Statement::Update(u) => {
                    let from = match &u.from {
                        None => &[][..],
                        Some(
                            ast::UpdateTableFromKind::BeforeSet(f)
                            | ast::UpdateTableFromKind::AfterSet(f),
                        ) => f.as_slice(),
                    };
                    let values = u.assignments.iter().map(|a| a.value.clone()).collect();
                    found(
                        std::iter::once(&u.table).chain(from),
                        u.selection.as_ref(),
                        values,
                    )?
                }
                ast::Statement::Delete(d) => {
                    let (ast::FromTable::WithFromKeyword(tables)
                    | ast::FromTable::WithoutKeyword(tables)) = &d.from;
                    let using = d.using.iter().flatten();
                    found(tables.iter().chain(using), d.selection.as_ref(), Vec::new())?
                }
                _ => return Err(refused()),
            },
            Statement::CreateTable(t) => match &t.query {
                Some(q) => q.as_ref().clone(),
                None => return Err(refused()),
            },
            _ => return Err(refused()),
        };
        let plan = self.engine.plan_of(&query, parameters)?;
        let mut printer = Printer {
            names: HashMap::new(),
            lines: vec![],
        };
        printer.learn(&plan);
        let step = printer.step(&plan);
        printer.print(&step, 0);
        let lines: ArrayRef = Arc::new(StringArray::from(printer.lines));
        let schema = Schema::new(vec![Field::new("QUERY PLAN", DataType::Utf8, true)]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![lines])?;
        Ok(Outcome::Rows(Rows::ready(
            vec![ColumnInfo::new("QUERY PLAN", SqlType::text())],
            vec![batch],
            "EXPLAIN",
        )))
    }
}

fn refused() -> SqlError {
    SqlError::unsupported(
        "EXPLAIN of a statement other than SELECT, INSERT of a query, UPDATE, DELETE and CREATE TABLE AS",
    )
}

/// The query that finds the rows of an UPDATE or DELETE, with the values that they get.
fn found<'a>(
    from: impl Iterator<Item = &'a ast::TableWithJoins>,
    selection: Option<&ast::Expr>,
    values: Vec<ast::Expr>,
) -> Result<ast::Query> {
    let mut query = Parser::new(&crate::parse::RedshiftGrammar)
        .try_with_sql("select 1")
        .and_then(|mut p| p.parse_query())
        .map_err(|e| SqlError::internal(e.to_string()))?;
    if let ast::SetExpr::Select(select) = query.body.as_mut() {
        select.from = from.cloned().collect();
        select.selection = selection.cloned();
        if !values.is_empty() {
            select.projection = (values.into_iter())
                .map(ast::SelectItem::UnnamedExpr)
                .collect();
        }
    }
    Ok(*query)
}

/// A line of a plan with what is below it.
#[derive(Debug, Default)]
struct Step {
    title: String,
    start: f64,
    total: f64,
    rows: f64,
    width: usize,
    /// Lines about the step itself.
    notes: Vec<String>,
    children: Vec<Step>,
    /// How the data of the step is distributed: the table whose rows these are.
    table: Option<Arc<TableEntry>>,
}

struct Printer {
    /// What computed columns stand for.
    names: HashMap<String, Expr>,
    lines: Vec<String>,
}

/// A name without the number that makes it unique in a statement.
fn plain(name: &str) -> &str {
    name.split('#').next().unwrap_or(name)
}

fn operator(op: Operator) -> String {
    match op {
        Operator::NotEq => "<>".into(),
        Operator::And => "AND".into(),
        Operator::Or => "OR".into(),
        Operator::IsNotDistinctFrom => "IS NOT DISTINCT FROM".into(),
        Operator::IsDistinctFrom => "IS DISTINCT FROM".into(),
        other => other.to_string(),
    }
}

impl Printer {
    /// Collects what the columns of projections stand for.
    fn learn(&mut self, plan: &LogicalPlan) {
        if let LogicalPlan::Projection(p) = plan {
            for e in &p.expr {
                if let Expr::Alias(a) = e {
                    self.names.insert(a.name.clone(), (*a.expr).clone());
                }
            }
        }
        if let LogicalPlan::Aggregate(a) = plan {
            for e in a.aggr_expr.iter().chain(&a.group_expr) {
                self.names
                    .insert(e.schema_name().to_string(), unaliased(e).clone());
            }
        }
        for child in plan.inputs() {
            self.learn(child);
        }
    }

    fn expr(&self, e: &Expr, depth: usize) -> String {
        let next = |e: &Expr| self.expr(e, depth + 1);
        let list = |items: &[Expr]| items.iter().map(next).collect::<Vec<_>>().join(", ");
        match e {
            Expr::Column(c) => match self.names.get(&c.name) {
                Some(inner) if depth < 20 => next(inner),
                _ => plain(&c.name).to_owned(),
            },
            Expr::OuterReferenceColumn(_, c) => plain(&c.name).to_owned(),
            Expr::Alias(a) => next(&a.expr),
            Expr::Literal(v, _) => match v {
                ScalarValue::Utf8(Some(s)) => format!("'{}'::text", s.replace('\'', "''")),
                ScalarValue::Boolean(Some(b)) => b.to_string(),
                v if v.is_null() => "NULL".into(),
                ScalarValue::Decimal128(Some(n), _, s) => {
                    let mut out = bytes::BytesMut::new();
                    crate::protocol::text::decimal(*n, (*s).max(0) as u8, &mut out);
                    String::from_utf8_lossy(&out).into_owned()
                }
                v => v.to_string(),
            },
            Expr::BinaryExpr(b) => {
                format!("({} {} {})", next(&b.left), operator(b.op), next(&b.right))
            }
            Expr::Not(e) => format!("(NOT {})", next(e)),
            Expr::IsNull(e) => format!("({} IS NULL)", next(e)),
            Expr::IsNotNull(e) => format!("({} IS NOT NULL)", next(e)),
            Expr::IsTrue(e) => next(e),
            Expr::Negative(e) => format!("(- {})", next(e)),
            Expr::Cast(c) => next(&c.expr),
            Expr::TryCast(c) => next(&c.expr),
            Expr::Between(b) => format!(
                "(({0} >= {1}) AND ({0} <= {2}))",
                next(&b.expr),
                next(&b.low),
                next(&b.high)
            ),
            Expr::InList(i) => format!(
                "({} {} ({}))",
                next(&i.expr),
                if i.negated { "<> ALL" } else { "= ANY" },
                list(&i.list)
            ),
            Expr::Like(l) => format!(
                "({} {} {})",
                next(&l.expr),
                if l.negated { "!~~" } else { "~~" },
                next(&l.pattern)
            ),
            Expr::Case(_) => "CASE".into(),
            Expr::ScalarFunction(f) => {
                let name = f.func.name();
                // Casts and comparisons of blanks are no functions to a reader of plans.
                match (name, f.args.as_slice()) {
                    ("cast" | "implicit" | "assign" | "bpchar" | "argument", [one]) => next(one),
                    ("+" | "-" | "*" | "/" | "%" | "||", [a, b]) => {
                        format!("({} {name} {})", next(a), next(b))
                    }
                    _ => format!("{}({})", name.to_lowercase(), list(&f.args)),
                }
            }
            Expr::AggregateFunction(f) => {
                let name = f.func.name().to_lowercase();
                let star = name == "count"
                    && matches!(f.params.args.as_slice(), [Expr::Literal(v, _)] if !v.is_null());
                let args = if star {
                    "*".to_owned()
                } else {
                    list(&f.params.args)
                };
                let distinct = if f.params.distinct { "DISTINCT " } else { "" };
                format!("{name}({distinct}{args})")
            }
            Expr::WindowFunction(f) => {
                format!("{}({})", f.fun.name().to_lowercase(), list(&f.params.args))
            }
            other => plain(&other.to_string()).to_owned(),
        }
    }

    fn width(plan: &LogicalPlan) -> usize {
        plan.schema()
            .fields()
            .iter()
            .map(|f| match f.data_type() {
                DataType::Boolean => 1,
                DataType::Int16 => 2,
                DataType::Int32 | DataType::Float32 | DataType::Date32 => 4,
                DataType::Decimal128(p, _) if *p > 19 => 16,
                DataType::Utf8 => 17,
                DataType::LargeBinary | DataType::Binary => 32,
                _ => 8,
            })
            .sum()
    }

    /// The step of a plan; steps that move no data of their own are those of their input.
    fn step(&self, plan: &LogicalPlan) -> Step {
        let width = Self::width(plan);
        match plan {
            LogicalPlan::TableScan(t) => {
                let entry = source_as_provider(&t.source).ok().and_then(|p| {
                    let any: &dyn std::any::Any = p.as_ref();
                    any.downcast_ref::<TableProviderOf>()
                        .and_then(TableProviderOf::entry)
                });
                let rows = entry.as_ref().map_or(1.0, |e| e.data.rows as f64);
                Step {
                    title: format!("XN Seq Scan on {}", plain(t.table_name.table())),
                    total: rows * SCAN,
                    rows,
                    width,
                    table: entry,
                    ..Step::default()
                }
            }
            LogicalPlan::Filter(f) => {
                let mut s = self.step(&f.input);
                let conditions = conjuncts(&f.predicate);
                s.total += s.rows * CONDITION * conditions.len() as f64;
                for c in &conditions {
                    s.rows *= selectivity(c);
                }
                s.rows = s.rows.max(1.0).round();
                let text: Vec<String> = conditions.iter().map(|c| self.expr(c, 0)).collect();
                s.notes.push(match text.as_slice() {
                    [one] => format!("Filter: {one}"),
                    many => format!("Filter: ({})", many.join(" AND ")),
                });
                s.width = width;
                s
            }
            LogicalPlan::Projection(p) => {
                let mut s = self.step(&p.input);
                s.width = width;
                s
            }
            LogicalPlan::SubqueryAlias(a) => self.step(&a.input),
            LogicalPlan::Aggregate(a) => {
                let input = self.step(&a.input);
                if a.group_expr.is_empty() {
                    let cost = input.total + input.rows * CONDITION;
                    return Step {
                        title: "XN Aggregate".into(),
                        start: cost,
                        total: cost,
                        rows: 1.0,
                        width,
                        children: vec![input],
                        ..Step::default()
                    };
                }
                let rows = input.rows.clamp(1.0, DISTINCT);
                let start = input.total + input.rows * 2.0 * CONDITION;
                Step {
                    title: "XN HashAggregate".into(),
                    start,
                    total: start + rows * CONDITION,
                    rows,
                    width,
                    children: vec![input],
                    ..Step::default()
                }
            }
            LogicalPlan::Distinct(d) => {
                let input = self.step(d.input());
                let rows = input.rows.clamp(1.0, DISTINCT);
                let start = input.total;
                Step {
                    title: "XN Unique".into(),
                    start,
                    total: start + input.rows * CONDITION,
                    rows,
                    width,
                    children: vec![input],
                    ..Step::default()
                }
            }
            LogicalPlan::Sort(s) => {
                let input = self.step(&s.input);
                let keys: Vec<String> = s.expr.iter().map(|k| self.expr(&k.expr, 0)).collect();
                let keys = keys.join(", ");
                let start = SORT_PENALTY + input.total;
                let total = start + input.rows * CONDITION;
                let (rows, fetch) = (input.rows, s.fetch);
                let at = |title: &str, note: String, child: Step| Step {
                    title: title.into(),
                    start,
                    total,
                    rows,
                    width,
                    notes: vec![note],
                    children: vec![child],
                    ..Step::default()
                };
                let sort = at("XN Sort", format!("Sort Key: {keys}"), input);
                let network = at("XN Network", "Send to leader".into(), sort);
                let merge = at("XN Merge", format!("Merge Key: {keys}"), network);
                match fetch {
                    Some(n) => limited(merge, n as f64),
                    None => merge,
                }
            }
            LogicalPlan::Limit(l) => {
                let input = self.step(&l.input);
                let skip = match l.get_skip_type() {
                    Ok(SkipType::Literal(n)) => n as f64,
                    _ => 0.0,
                };
                match l.get_fetch_type() {
                    Ok(FetchType::Literal(Some(n))) if !input.title.starts_with("XN Limit") => {
                        limited(input, n as f64 + skip)
                    }
                    _ => input,
                }
            }
            LogicalPlan::Window(w) => {
                let input = self.step(&w.input);
                let mut notes = vec![];
                for e in &w.window_expr {
                    if let Expr::WindowFunction(f) = unaliased(e) {
                        let list = |items: &[Expr]| {
                            items
                                .iter()
                                .map(|e| self.expr(e, 0))
                                .collect::<Vec<_>>()
                                .join(", ")
                        };
                        if !f.params.partition_by.is_empty() {
                            notes.push(format!("Partition: {}", list(&f.params.partition_by)));
                        }
                        if !f.params.order_by.is_empty() {
                            let keys: Vec<Expr> =
                                f.params.order_by.iter().map(|s| s.expr.clone()).collect();
                            notes.push(format!("Order: {}", list(&keys)));
                        }
                        break;
                    }
                }
                let start = SORT_PENALTY + input.total;
                Step {
                    title: "XN Window".into(),
                    start,
                    total: start + input.rows * 2.0 * CONDITION,
                    rows: input.rows,
                    width,
                    notes,
                    children: vec![input],
                    ..Step::default()
                }
            }
            LogicalPlan::Join(j) => self.join(j, width),
            LogicalPlan::Union(u) => {
                let children: Vec<Step> = u
                    .inputs
                    .iter()
                    .enumerate()
                    .map(|(i, p)| {
                        let inner = self.step(p);
                        Step {
                            title: format!("XN Subquery Scan \"*SELECT* {}\"", i + 1),
                            start: inner.start,
                            total: inner.total + inner.rows * SCAN,
                            rows: inner.rows,
                            width: inner.width,
                            children: vec![inner],
                            ..Step::default()
                        }
                    })
                    .collect();
                Step {
                    title: "XN Append".into(),
                    start: children.first().map_or(0.0, |c| c.start),
                    total: children.iter().map(|c| c.total).sum(),
                    rows: children.iter().map(|c| c.rows).sum(),
                    width,
                    children,
                    ..Step::default()
                }
            }
            LogicalPlan::EmptyRelation(e) => Step {
                title: "XN Result".into(),
                total: SCAN,
                rows: if e.produce_one_row { 1.0 } else { 0.0 },
                width,
                ..Step::default()
            },
            LogicalPlan::Values(v) => Step {
                title: "XN Values Scan".into(),
                total: v.values.len() as f64 * SCAN,
                rows: v.values.len() as f64,
                width,
                ..Step::default()
            },
            other => {
                let children: Vec<Step> = other.inputs().iter().map(|p| self.step(p)).collect();
                let name = other.display().to_string();
                let name = name.split([':', ' ']).next().unwrap_or("Step").to_owned();
                Step {
                    title: format!("XN {name}"),
                    start: children.first().map_or(0.0, |c| c.start),
                    total: children.iter().map(|c| c.total).sum(),
                    rows: children.iter().map(|c| c.rows).fold(1.0, f64::max),
                    width,
                    children,
                    ..Step::default()
                }
            }
        }
    }

    /// The larger side is the outer one; the other is hashed, or kept for a nested loop.
    fn join(&self, j: &Join, width: usize) -> Step {
        let (left, right) = (self.step(&j.left), self.step(&j.right));
        let kind = match j.join_type {
            JoinType::Inner => "",
            JoinType::Full => "Full ",
            JoinType::Left | JoinType::LeftMark => "Left ",
            JoinType::Right | JoinType::RightMark => "Right ",
            JoinType::LeftSemi | JoinType::RightSemi => "IN ",
            JoinType::LeftAnti | JoinType::RightAnti => "Anti ",
        };
        let swap = right.rows > left.rows && j.join_type == JoinType::Inner;
        let keys: Vec<(String, String)> =
            j.on.iter()
                .map(|(l, r)| {
                    let (l, r) = (self.expr(l, 0), self.expr(r, 0));
                    if swap { (r, l) } else { (l, r) }
                })
                .collect();
        let (outer, inner) = if swap { (right, left) } else { (left, right) };
        let mut notes = vec![];
        if keys.is_empty() {
            let rows = (outer.rows * inner.rows).max(1.0);
            if let Some(f) = &j.filter {
                notes.push(format!("Join Filter: {}", self.expr(f, 0)));
            }
            return Step {
                title: format!("XN Nested Loop {kind}Join DS_BCAST_INNER"),
                start: inner.total,
                total: outer.total + inner.total + broadcast(&inner) + rows * SCAN,
                rows,
                width,
                notes,
                children: vec![outer, inner],
                ..Step::default()
            };
        }
        let moved = movement(&outer, &inner, &keys);
        let cost = match moved {
            "DS_BCAST_INNER" => broadcast(&inner),
            "DS_DIST_OUTER" => outer.rows * 20_000.0 / 3.0,
            "DS_DIST_INNER" => inner.rows * 20_000.0 / 3.0,
            "DS_DIST_BOTH" => (outer.rows + inner.rows) * 20_000.0 / 3.0,
            _ => 0.0,
        };
        let pairs: Vec<String> = keys
            .iter()
            .map(|(a, b)| format!("(\"outer\".{a} = \"inner\".{b})"))
            .collect();
        notes.push(match pairs.as_slice() {
            [one] => format!("Hash Cond: {one}"),
            many => format!("Hash Cond: ({})", many.join(" AND ")),
        });
        if let Some(f) = &j.filter {
            notes.push(format!("Join Filter: {}", self.expr(f, 0)));
        }
        let hash = Step {
            title: "XN Hash".into(),
            start: inner.total,
            total: inner.total,
            rows: inner.rows,
            width: inner.width,
            children: vec![inner],
            ..Step::default()
        };
        let inner = &hash.children[0];
        Step {
            title: format!("XN Hash {kind}Join {moved}"),
            start: inner.total + inner.rows * CONDITION,
            total: outer.total + inner.total + cost + outer.rows * 9.0 * CONDITION,
            rows: outer.rows.max(1.0),
            width,
            notes,
            children: vec![outer, hash],
            ..Step::default()
        }
    }

    fn print(&mut self, s: &Step, depth: usize) {
        // Steps below the first are indented six more each, behind an arrow.
        let (lead, indent) = if depth == 0 {
            (String::new(), 2)
        } else {
            (format!("{}->  ", " ".repeat(6 * depth - 4)), 6 * depth + 2)
        };
        self.lines.push(format!(
            "{lead}{}  (cost={:.2}..{:.2} rows={} width={})",
            s.title, s.start, s.total, s.rows as u64, s.width
        ));
        for n in &s.notes {
            self.lines.push(format!("{}{n}", " ".repeat(indent)));
        }
        for c in &s.children {
            self.print(c, depth + 1);
        }
    }
}

fn unaliased(e: &Expr) -> &Expr {
    match e {
        Expr::Alias(a) => unaliased(&a.expr),
        other => other,
    }
}

fn conjuncts(e: &Expr) -> Vec<&Expr> {
    match e {
        Expr::BinaryExpr(b) if b.op == Operator::And => {
            let mut all = conjuncts(&b.left);
            all.extend(conjuncts(&b.right));
            all
        }
        other => vec![other],
    }
}

/// The share of rows that pass a condition when nothing is known of the values.
fn selectivity(e: &Expr) -> f64 {
    match e {
        Expr::BinaryExpr(b) if b.op == Operator::Eq => 1.0 / DISTINCT,
        Expr::IsNotNull(_) => 0.995,
        Expr::IsNull(_) => 0.005,
        _ => 1.0 / 3.0,
    }
}

fn limited(input: Step, n: f64) -> Step {
    let rows = input.rows.min(n);
    let share = if input.rows > 0.0 {
        rows / input.rows
    } else {
        1.0
    };
    Step {
        title: "XN Limit".into(),
        start: input.start,
        total: input.start + (input.total - input.start) * share,
        rows,
        width: input.width,
        children: vec![input],
        ..Step::default()
    }
}

/// Sending every row of the inner table to every node.
fn broadcast(inner: &Step) -> f64 {
    inner.rows * 40_000.0 * ((inner.width / 4 + 3) as f64)
}

/// Which rows have to move for a join on these columns (outer, inner).
fn movement(outer: &Step, inner: &Step, keys: &[(String, String)]) -> &'static str {
    let property = |s: &Step, name: &str| -> Option<String> {
        s.table
            .as_ref()
            .and_then(|t| t.def.properties.get(name).cloned())
    };
    let all = |s: &Step| property(s, "diststyle").as_deref() == Some("all");
    let keyed = |s: &Step, column: fn(&(String, String)) -> &String| {
        property(s, "distkey").is_some_and(|k| keys.iter().any(|pair| *column(pair) == k))
    };
    let (outer_keyed, inner_keyed) = (keyed(outer, |p| &p.0), keyed(inner, |p| &p.1));
    if all(inner) {
        "DS_DIST_ALL_NONE"
    } else if outer_keyed && inner_keyed {
        "DS_DIST_NONE"
    } else if all(outer) {
        "DS_DIST_ALL_INNER"
    } else if outer_keyed && inner.rows >= 10_000.0 {
        "DS_DIST_INNER"
    } else if inner_keyed && outer.rows <= 10.0 * inner.rows {
        "DS_DIST_OUTER"
    } else if inner.rows < 100_000.0 {
        "DS_BCAST_INNER"
    } else {
        "DS_DIST_BOTH"
    }
}
