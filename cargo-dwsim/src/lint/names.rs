//! Tables and columns of a statement against what the project and the statement itself have.
//!
//! It errs on the side of silence: where one relation in scope has columns that cannot be known without running
//! (a table function, a query with unnamed columns), an unqualified name may be one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use dwsim_schema::did_you_mean;
use sqlparser::ast::{
    AssignmentTarget, Expr, FromTable, Ident, MergeAction, MergeUpdateKind, ObjectName,
    OneOrManyWithParens, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    Spanned, Statement, TableAlias, TableFactor, TableObject, TableWithJoins, UpdateTableFromKind,
    Visit, Visitor,
};
use sqlparser::tokenizer::Span;

use super::catalog::{Catalog, Relation};
use super::finding::{self, Severity};
use super::sql::Site;
use super::words::{is_stage, is_system, is_word};

/// Relations and aliases that one query adds to what can be named.
#[derive(Debug, Default)]
struct Frame {
    ctes: BTreeMap<String, Relation>,
    relations: Vec<(String, Relation)>,
    aliases: BTreeSet<String>,
}

/// Checks the names of one statement.
#[derive(Debug)]
pub struct Names<'a, 'b, 'c> {
    catalog: &'a Catalog,
    quiet: bool,
    at: &'a mut Site<'b, 'c>,
    frames: Vec<Frame>,
    /// Parameters of lambdas met so far.
    lambdas: BTreeSet<String>,
}

/// The last part of a name in lower case, which is the relation's own.
pub fn last(name: &ObjectName) -> String {
    name.0
        .last()
        .and_then(|part| part.as_ident())
        .map_or_else(String::new, |ident| ident.value.to_lowercase())
}

fn fold(ident: &Ident) -> String {
    ident.value.to_lowercase()
}

impl<'a, 'b, 'c> Names<'a, 'b, 'c> {
    /// For one statement; `quiet` where it must be refused anyway.
    pub fn new(catalog: &'a Catalog, quiet: bool, at: &'a mut Site<'b, 'c>) -> Self {
        Names {
            catalog,
            quiet,
            at,
            frames: Vec::new(),
            lambdas: BTreeSet::new(),
        }
    }

    /// A query's names.
    pub fn query(&mut self, query: &Query) {
        let _: ControlFlow<()> = query.visit(self);
    }

    /// A changing statement's names.
    pub fn statement(&mut self, statement: &Statement) {
        let mut frame = Frame::default();
        let mut targets: Vec<&ObjectName> = Vec::new();
        let mut columns: Vec<&ObjectName> = Vec::new();
        match statement {
            Statement::Insert(insert) => {
                if let TableObject::TableName(name) = &insert.table {
                    targets.push(name);
                    columns.extend(&insert.columns);
                }
                // the target's columns are not in scope of the query that fills it
            }
            Statement::Update(update) => {
                self.table(&update.table, &mut frame);
                if let Some(
                    UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from),
                ) = &update.from
                {
                    from.iter().for_each(|t| self.table(t, &mut frame));
                }
                columns.extend(update.assignments.iter().flat_map(|a| match &a.target {
                    AssignmentTarget::ColumnName(name) => vec![name],
                    AssignmentTarget::Tuple(names) => names.iter().collect(),
                }));
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                let using = delete.using.iter().flatten();
                from.iter()
                    .chain(using)
                    .for_each(|t| self.table(t, &mut frame));
            }
            Statement::Merge(merge) => {
                self.factor(&merge.table, &mut frame);
                self.factor(&merge.source, &mut frame);
                for clause in &merge.clauses {
                    match &clause.action {
                        MergeAction::Insert(insert) => columns.extend(&insert.columns),
                        MergeAction::Update(update) => {
                            if let MergeUpdateKind::Set(all) = &update.kind {
                                columns.extend(all.iter().flat_map(|a| match &a.target {
                                    AssignmentTarget::ColumnName(name) => vec![name],
                                    AssignmentTarget::Tuple(names) => names.iter().collect(),
                                }));
                            }
                        }
                        MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => {}
                    }
                }
            }
            _ => {}
        }
        let target = match targets.first() {
            Some(name) => Some((last(name), self.relation(name))),
            // the table that is changed comes first
            None => frame.relations.first().cloned(),
        };
        if let Some((table, relation)) = target {
            for name in columns {
                // SET alias.column, SET column, SET super.path: the last part is not always the column
                let parts: Vec<&Ident> = name.0.iter().filter_map(|p| p.as_ident()).collect();
                let column = match parts.as_slice() {
                    [first, second, ..] if fold(first) == table => second,
                    [first, ..] => first,
                    [] => continue,
                };
                self.column_of(&table, &relation, column);
            }
        }
        self.frames.push(frame);
        let _: ControlFlow<()> = statement.visit(self);
        self.frames.pop();
    }

    /// Names of relations alone.
    pub fn relations(&mut self, names: &[ObjectName]) {
        for name in names {
            self.relation(name);
        }
    }

    /// The columns that a query gives, in lower case; nothing where one has no certain name.
    pub fn columns_of(&mut self, query: &Query) -> Option<Vec<String>> {
        let quiet = std::mem::replace(&mut self.quiet, true);
        let frame = self.frame(query);
        self.frames.push(frame);
        let columns = self.columns_of_body(&query.body);
        self.frames.pop();
        self.quiet = quiet;
        columns
    }

    fn columns_of_body(&mut self, body: &SetExpr) -> Option<Vec<String>> {
        match body {
            SetExpr::Select(select) => self.columns_of_select(select),
            SetExpr::Query(query) => self.columns_of(query),
            // a set operation has the names of its first query
            SetExpr::SetOperation { left, .. } => self.columns_of_body(left),
            SetExpr::Values(values) => {
                let width = values.rows.first()?.content.len();
                Some((1..=width).map(|i| format!("column{i}")).collect())
            }
            _ => None,
        }
    }

    fn columns_of_select(&mut self, select: &Select) -> Option<Vec<String>> {
        if select.exclude.is_some() {
            return None;
        }
        let mut frame = Frame::default();
        for table in &select.from {
            self.table(table, &mut frame);
        }
        let mut columns = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => columns.push(fold(alias)),
                SelectItem::UnnamedExpr(expr) => columns.push(name_of(expr)?),
                SelectItem::Wildcard(options) => {
                    if !plain(options) {
                        return None;
                    }
                    for (_, relation) in &frame.relations {
                        columns.extend(relation.columns.clone()?);
                    }
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) if plain(options) => {
                    let wanted = last(name);
                    let (_, relation) = frame.relations.iter().find(|(n, _)| *n == wanted)?;
                    columns.extend(relation.columns.clone()?);
                }
                _ => return None,
            }
        }
        Some(columns)
    }

    /// What a query brings into scope: its CTEs, the relations of its selects, their aliases.
    fn frame(&mut self, query: &Query) -> Frame {
        self.frames.push(Frame::default());
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                let name = fold(&cte.alias.name);
                let named: Vec<String> = cte.alias.columns.iter().map(|c| fold(&c.name)).collect();
                if with.recursive {
                    // while its own body is looked at, its columns are those of the first branch
                    self.add_cte(name.clone(), Relation::open());
                }
                let columns = if named.is_empty() {
                    self.columns_of(&cte.query)
                } else {
                    Some(named)
                };
                self.add_cte(name, Relation::of(columns));
            }
        }
        let mut frame = self.frames.pop().unwrap_or_default();
        // the CTEs are in scope of the FROM clauses
        self.frames.push(Frame {
            ctes: std::mem::take(&mut frame.ctes),
            ..Frame::default()
        });
        self.body(&query.body, &mut frame);
        if let Some(Frame { ctes, .. }) = self.frames.pop() {
            frame.ctes = ctes;
        }
        frame
    }

    fn add_cte(&mut self, name: String, relation: Relation) {
        if let Some(frame) = self.frames.last_mut() {
            frame.ctes.insert(name, relation);
        }
    }

    fn body(&mut self, body: &SetExpr, frame: &mut Frame) {
        match body {
            SetExpr::Select(select) => {
                for table in &select.from {
                    self.table(table, frame);
                }
                for item in &select.projection {
                    match item {
                        SelectItem::ExprWithAlias { alias, .. } => {
                            frame.aliases.insert(fold(alias));
                        }
                        SelectItem::Wildcard(options)
                        | SelectItem::QualifiedWildcard(_, options)
                            if options.opt_rename.is_some() =>
                        {
                            frame.relations.push((String::new(), Relation::open()));
                        }
                        _ => {}
                    }
                }
                // START WITH … CONNECT BY and LATERAL VIEW bring names of their own
                if !select.connect_by.is_empty() || !select.lateral_views.is_empty() {
                    frame.relations.push((String::new(), Relation::open()));
                }
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, frame);
                self.body(right, frame);
            }
            // a query in brackets is visited by itself; ORDER BY outside of it sees its columns
            SetExpr::Query(query) => {
                let columns = self.columns_of(query);
                frame.relations.push((String::new(), Relation::of(columns)));
            }
            SetExpr::Values(_) => frame.relations.push((String::new(), Relation::open())),
            _ => frame.relations.push((String::new(), Relation::open())),
        }
    }

    fn table(&mut self, table: &TableWithJoins, frame: &mut Frame) {
        self.factor(&table.relation, frame);
        for join in &table.joins {
            self.factor(&join.relation, frame);
        }
    }

    fn factor(&mut self, factor: &TableFactor, frame: &mut Frame) {
        match factor {
            TableFactor::Table {
                name, alias, args, ..
            } => {
                let first = name.0.first().and_then(|p| p.as_ident()).map(fold);
                // FROM orders o, o.items i: the navigation of a SUPER column
                let navigates = name.0.len() > 1
                    && first.is_some_and(|f| frame.relations.iter().any(|(n, _)| *n == f));
                let relation = if args.is_some() || navigates || is_stage(name) {
                    Relation::open()
                } else {
                    self.relation(name)
                };
                let own = last(name);
                if let Some(at) = alias.as_ref().and_then(|a| a.at.as_ref()) {
                    frame.aliases.insert(fold(at));
                }
                let navigated = args.is_none() && navigates;
                frame.relations.push(aliased(alias.as_ref(), own, relation));
                if navigated {
                    // the alias is a value, whose name stands alone
                    if let Some(alias) = alias {
                        frame.aliases.insert(fold(&alias.name));
                    }
                }
            }
            TableFactor::Derived {
                subquery, alias, ..
            } => {
                let columns = self.columns_of(subquery);
                frame.relations.push(aliased(
                    alias.as_ref(),
                    String::new(),
                    Relation::of(columns),
                ));
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                self.table(table_with_joins, frame);
                if let Some(alias) = alias {
                    frame
                        .relations
                        .push(aliased(Some(alias), String::new(), Relation::open()));
                }
            }
            TableFactor::Pivot { table, alias, .. } | TableFactor::Unpivot { table, alias, .. } => {
                self.factor(table, frame);
                frame
                    .relations
                    .push(aliased(alias.as_ref(), String::new(), Relation::open()));
            }
            TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. } => {
                frame
                    .relations
                    .push(aliased(alias.as_ref(), String::new(), Relation::open()));
                if let Some(alias) = alias {
                    frame.aliases.insert(fold(&alias.name));
                }
            }
            _ => frame.relations.push((String::new(), Relation::open())),
        }
    }

    /// The relation of a name; a finding where there is none.
    fn relation(&mut self, name: &ObjectName) -> Relation {
        let parts: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
        let Some(parts) = parts else {
            return Relation::open();
        };
        let own = last(name);
        if let [_] = parts.as_slice() {
            let cte = self.frames.iter().rev().find_map(|f| f.ctes.get(&own));
            if let Some(relation) = cte {
                return relation.clone();
            }
        }
        let schema = parts.len().checked_sub(2).map(|i| fold(parts[i]));
        if schema.as_deref().is_some_and(|s| s != "public") || is_system(&own) {
            return Relation::open();
        }
        if let Some(relation) = self.catalog.get(&own) {
            return relation.clone();
        }
        if self.catalog.is_closed() && !self.quiet {
            let span = parts.last().map_or(name.span(), |ident| ident.span);
            let (message, help) = if self.catalog.was_dropped(&own) {
                (format!("table `{own}` was dropped before"), None)
            } else {
                let ctes = self.frames.iter().flat_map(|f| f.ctes.keys());
                let known = self.catalog.names().chain(ctes.map(String::as_str));
                (
                    format!("there is no table `{own}` in dwsim.toml"),
                    did_you_mean(&own, known),
                )
            };
            let (code, severity) = (finding::UNKNOWN_TABLE, Severity::Error);
            self.at.add(code, severity, span, message, help);
        }
        Relation::open()
    }

    /// A column of a known table; a finding where it has none of the name.
    fn column_of(&mut self, table: &str, relation: &Relation, column: &Ident) {
        let Some(columns) = &relation.columns else {
            return;
        };
        let name = fold(column);
        if columns.contains(&name) || name.starts_with("metadata$") || name == "oid" || self.quiet {
            return;
        }
        let message = match table {
            "" => format!("there is no column `{name}` here"),
            _ => format!("`{table}` has no column `{name}`"),
        };
        let help = did_you_mean(&name, columns.iter().map(String::as_str))
            .or_else(|| (columns.len() <= 12).then(|| format!("it has {}", columns.join(", "))));
        let (code, severity) = (finding::UNKNOWN_COLUMN, Severity::Error);
        self.at.add(code, severity, column.span, message, help);
    }

    /// Is any relation in scope one whose columns are not known?
    fn is_open(&self) -> bool {
        self.frames
            .iter()
            .flat_map(|f| &f.relations)
            .any(|(_, relation)| relation.columns.is_none())
    }

    fn knows(&self, name: &str) -> bool {
        is_word(name)
            || self.lambdas.contains(name)
            || self.frames.iter().any(|f| {
                f.aliases.contains(name)
                    || f.relations.iter().any(|(_, relation)| {
                        let columns = relation.columns.iter().flatten();
                        columns.into_iter().any(|column| column == name)
                    })
            })
    }

    fn find(&self, alias: &str) -> Option<&Relation> {
        let frames = self.frames.iter().rev();
        frames
            .flat_map(|f| &f.relations)
            .find(|(name, _)| name == alias)
            .map(|(_, relation)| relation)
    }

    fn unknown(&mut self, name: &str, span: Span) {
        if self.quiet || self.is_open() || self.frames.iter().all(|f| f.relations.is_empty()) {
            return;
        }
        let known: BTreeSet<&str> = self
            .frames
            .iter()
            .flat_map(|f| &f.relations)
            .flat_map(|(_, relation)| relation.columns.iter().flatten())
            .chain(self.frames.iter().flat_map(|f| &f.aliases))
            .map(String::as_str)
            .collect();
        let help = did_you_mean(name, known);
        let message = format!("no table in scope has a column `{name}`");
        let (code, severity) = (finding::UNKNOWN_COLUMN, Severity::Error);
        self.at.add(code, severity, span, message, help);
    }

    fn identifier(&mut self, ident: &Ident) {
        let name = fold(ident);
        // a whole row is named by its relation; `$` begins variables and numbered columns
        let other = name.contains('$') || name.starts_with('@') || name.starts_with(':');
        if !other && !self.knows(&name) && self.find(&name).is_none() {
            self.unknown(&name, ident.span);
        }
    }

    fn compound(&mut self, idents: &[Ident]) {
        let [first, rest @ ..] = idents else { return };
        let name = fold(first);
        if let Some(relation) = self.find(&name).cloned() {
            if let Some(column) = rest.first() {
                self.column_of(&name, &relation, column);
            }
            return;
        }
        if self.knows(&name) || name.contains('$') {
            return;
        }
        // schema.table.column
        if let [table, column, ..] = rest
            && let Some(relation) = self.find(&fold(table)).cloned()
        {
            self.column_of(&fold(table), &relation, column);
            return;
        }
        if !self.quiet && !self.is_open() && !self.frames.iter().all(|f| f.relations.is_empty()) {
            let aliases = self.frames.iter().flat_map(|f| &f.relations);
            let aliases: BTreeSet<&str> = aliases
                .map(|(n, _)| n.as_str())
                .filter(|n| !n.is_empty())
                .collect();
            let help = did_you_mean(&name, aliases);
            let message = format!("`{name}` is neither a table in scope nor a column");
            let (code, severity) = (finding::UNKNOWN_COLUMN, Severity::Error);
            self.at.add(code, severity, first.span, message, help);
        }
    }
}

impl Visitor for Names<'_, '_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let frame = self.frame(query);
        self.frames.push(frame);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.frames.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.identifier(ident),
            Expr::CompoundIdentifier(idents) => self.compound(idents),
            Expr::Lambda(lambda) => match &lambda.params {
                OneOrManyWithParens::One(p) => {
                    self.lambdas.insert(fold(&p.name));
                }
                OneOrManyWithParens::Many(all) => {
                    self.lambdas.extend(all.iter().map(|p| fold(&p.name)));
                }
            },
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// The name by which an expression without an alias can be referred to, where both warehouses give it that.
fn name_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(fold(ident)),
        Expr::CompoundIdentifier(idents) => idents.last().map(fold),
        Expr::Nested(inner) => name_of(inner),
        _ => None,
    }
}

fn plain(options: &sqlparser::ast::WildcardAdditionalOptions) -> bool {
    options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
        && options.opt_alias.is_none()
}

fn aliased(alias: Option<&TableAlias>, own: String, relation: Relation) -> (String, Relation) {
    let Some(alias) = alias else {
        return (own, relation);
    };
    if alias.columns.is_empty() {
        return (fold(&alias.name), relation);
    }
    let mut columns: Vec<String> = alias.columns.iter().map(|c| fold(&c.name)).collect();
    // the first columns are renamed, the others keep their names
    if let Some(own) = &relation.columns {
        columns.extend(own.iter().skip(columns.len()).cloned());
    }
    (fold(&alias.name), Relation::of(Some(columns)))
}
