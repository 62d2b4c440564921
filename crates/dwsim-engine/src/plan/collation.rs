//! Collations in queries: which one counts for some operands, and comparing, grouping and DISTINCT by its keys.
//! What the keys are is in `kernels::text::collation`.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{AggregateFunction, GroupingSet};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::{Binder, CastMode, ScopeColumn};
use crate::dialect::DialectName;
use crate::error::{Result, SqlError};
use crate::functions::Typed;
use crate::kernels::{self, text::Collation};
use crate::types::{Collated, SqlType, TypeClass};

/// Columns that are compared by case and columns that are not.
pub(super) fn mixed_collations() -> SqlError {
    SqlError::raw(
        "",
        "0A000",
        "Query with different collations is not supported yet.",
    )
}

/// The smallest of some texts stands for all that are equal.
fn representative(e: Expr) -> Expr {
    Expr::AggregateFunction(AggregateFunction::new_udf(
        kernels::aggregate::df_min(),
        vec![e],
        false,
        None,
        vec![],
        None,
    ))
}

impl Binder<'_> {
    /// The collation by which some texts are compared: one of the statement wins over one of a column, two of one
    /// kind must agree. None where plain texts, or values that are no texts, are compared.
    pub(crate) fn collated(&self, values: &[&Typed]) -> Result<Option<Collated>> {
        self.one_collation(values)?;
        let texts = values
            .iter()
            .all(|v| matches!(v.ty.class(), TypeClass::Text | TypeClass::Null));
        if !texts {
            return Ok(None);
        }
        let mut found: Option<&Collated> = None;
        for c in values.iter().filter_map(|v| v.ty.collation()) {
            match found {
                Some(f) if f.explicit && !c.explicit => {}
                Some(f) if f.explicit == c.explicit => {
                    if !f.specification.eq_ignore_ascii_case(&c.specification) {
                        return Err(SqlError::raw(
                            "002260",
                            "42601",
                            format!(
                                "SQL compilation error:\nIncompatible collations: '{}' and '{}'",
                                f.specification, c.specification
                            ),
                        ));
                    }
                }
                _ => found = Some(c),
            }
        }
        match found {
            Some(c) if !Collation::parse(&c.specification)?.is_plain() => Ok(Some(c.clone())),
            _ => Ok(None),
        }
    }

    /// Redshift lets case-sensitive and case-insensitive columns not meet, in comparisons, functions, joins or set
    /// operations, nor SUPER and case-insensitive ones; literals take the other side's collation
    /// (r_CREATE_DATABASE, "Database collation limitations").
    ///
    /// # Errors
    /// `0A000` where they meet.
    pub fn one_collation(&self, values: &[&Typed]) -> Result<()> {
        if self.env.dialect != DialectName::Redshift {
            return Ok(());
        }
        let plain = |c: &Collated| Collation::parse(&c.specification).map(|c| c.is_plain());
        let (mut insensitive, mut sensitive) = (false, false);
        for v in values {
            match v.ty.collation() {
                Some(c) if plain(c)? => sensitive = true,
                Some(_) => insensitive = true,
                None => sensitive |= v.ty.is_text() && self.reads_plain_text(&v.expr),
            }
        }
        if insensitive && sensitive {
            return Err(mixed_collations());
        }
        if insensitive && values.iter().any(|v| v.ty.is_semi()) {
            return Err(SqlError::raw(
                "",
                "0A000",
                "Coercing from case insensitive string to SUPER is not supported.",
            ));
        }
        Ok(())
    }

    /// Whether an expression reads a text column of a table that has no collation of its own.
    fn reads_plain_text(&self, e: &Expr) -> bool {
        e.column_refs().into_iter().any(|read| {
            self.scopes.iter().flat_map(|s| &s.columns).any(|c| {
                c.internal == *read
                    && c.origin.is_some()
                    && c.ty.is_text()
                    && c.ty.collation().is_none()
            })
        })
    }

    /// The bytes by which a text is compared.
    pub(crate) fn collation_key(&self, value: Typed, c: &Collated) -> Result<Typed> {
        let value = self.cast(value, &SqlType::text(), CastMode::Implicit)?;
        Ok(self.kernel(
            "collation_key",
            kernels::text::collation_key,
            vec![value, self.text(&c.specification)],
            SqlType::Binary(None),
        ))
    }

    /// A value as it is grouped and sorted by.
    pub(crate) fn group_operand(&self, value: Typed) -> Result<Typed> {
        match self.collated(&[&value])? {
            Some(c) => self.collation_key(value, &c),
            None => Ok(value),
        }
    }

    /// Redshift's functions that look for one text in another obey the case-insensitive collation.
    pub(crate) fn collated_arguments(
        &self,
        name: &str,
        mut args: Vec<Typed>,
    ) -> Result<Vec<Typed>> {
        if self.env.dialect != DialectName::Redshift {
            return Ok(args);
        }
        let texts: Vec<&Typed> = args.iter().filter(|a| a.ty.is_text()).collect();
        self.one_collation(&texts)?;
        // Where the parameters of a regular expression stand.
        let parameters = match name {
            "STRPOS" | "CHARINDEX" | "POSITION" => None,
            "REGEXP_COUNT" => Some(3),
            "REGEXP_SUBSTR" | "REGEXP_REPLACE" => Some(4),
            "REGEXP_INSTR" => Some(5),
            _ => return Ok(args),
        };
        if self.collated(&texts)?.is_none() {
            return Ok(args);
        }
        let Some(place) = parameters else {
            return Ok(args
                .into_iter()
                .map(|a| match a.ty.is_text() {
                    true => self.kernel("lower", kernels::text::lower, vec![a], SqlType::text()),
                    false => a,
                })
                .collect());
        };
        let defaults: &[i64] = match name {
            "REGEXP_INSTR" => &[1, 1, 0],
            "REGEXP_SUBSTR" => &[1, 1],
            _ => &[1],
        };
        if name == "REGEXP_REPLACE" && args.len() == 2 {
            args.push(self.text(""));
        }
        while args.len() < place {
            let missing = defaults.len() - (place - args.len());
            args.push(self.int(defaults[missing]));
        }
        let flags = match args.get(place) {
            None => self.text("i"),
            Some(given) => match given.literal_text() {
                Some(flags) if flags.contains('c') => self.text(flags),
                Some(flags) => self.text(format!("{flags}i")),
                None => {
                    return Err(SqlError::unsupported(format!(
                        "{name} of a text with a case-insensitive collation and computed parameters"
                    )));
                }
            },
        };
        args.truncate(place);
        args.push(flags);
        Ok(args)
    }

    /// A function's text has the collation of its arguments.
    pub(crate) fn collated_result(&self, ty: SqlType, args: &[Typed]) -> SqlType {
        if !matches!(ty, SqlType::Varchar(_)) {
            return ty;
        }
        let of = args
            .iter()
            .filter_map(|a| a.ty.collation())
            .max_by_key(|c| c.explicit);
        match of {
            Some(c) => ty.with_collation(&c.specification, c.explicit),
            None => ty,
        }
    }

    /// Rows of which no two are equal.
    pub(crate) fn distinct(
        &mut self,
        plan: LogicalPlan,
        columns: &[ScopeColumn],
    ) -> Result<LogicalPlan> {
        let mut keys = Vec::with_capacity(columns.len());
        let mut shown = Vec::new();
        let mut out = Vec::with_capacity(columns.len());
        let mut inner = Vec::with_capacity(columns.len());
        for c in columns {
            let column = Expr::Column(c.internal.clone());
            match self.collated(&[&c.typed()])? {
                None => {
                    inner.push(column.clone());
                    keys.push(column.clone());
                    out.push(column);
                }
                Some(by) => {
                    let key = self.fresh("collation");
                    let text = self.fresh("text");
                    inner.push(column.clone());
                    inner.push(self.collation_key(c.typed(), &by)?.expr.alias(&key));
                    keys.push(Expr::Column(datafusion::common::Column::from_name(key)));
                    shown.push(representative(column).alias(&text));
                    out.push(
                        Expr::Column(datafusion::common::Column::from_name(text))
                            .alias(&c.internal.name),
                    );
                }
            }
        }
        let b = LogicalPlanBuilder::from(plan);
        if shown.is_empty() {
            return Ok(b.distinct()?.build()?);
        }
        Ok(b.project(inner)?
            .aggregate(keys, shown)?
            .project(out)?
            .build()?)
    }

    /// Grouping expressions with a collation become their keys; where such an expression is shown, one of the
    /// equal texts of its group stands for it.
    pub(crate) fn by_collation(
        &mut self,
        groups: Option<Vec<Expr>>,
        collated: &[Typed],
        above: &mut [&mut Expr],
    ) -> Result<Option<Vec<Expr>>> {
        let mut keys = Vec::new();
        for t in collated {
            if let Some(c) = self.collated(&[t])? {
                keys.push((t.expr.clone(), self.collation_key(t.clone(), &c)?.expr));
            }
        }
        if keys.is_empty() {
            return Ok(groups);
        }
        for e in above.iter_mut() {
            let new = (**e)
                .clone()
                .transform_down(|x| {
                    if matches!(x, Expr::AggregateFunction(_)) {
                        return Ok(Transformed::new(x, false, TreeNodeRecursion::Jump));
                    }
                    Ok(match keys.iter().find(|(from, _)| *from == x) {
                        Some(_) => {
                            Transformed::new(representative(x), true, TreeNodeRecursion::Jump)
                        }
                        None => Transformed::no(x),
                    })
                })
                .map(|t| t.data)
                .map_err(SqlError::from)?;
            **e = new;
        }
        let keyed = |e: Expr| match keys.iter().find(|(from, _)| *from == e) {
            Some((_, key)) => key.clone(),
            None => e,
        };
        Ok(groups.map(|groups| {
            groups
                .into_iter()
                .map(|g| match g {
                    Expr::GroupingSet(GroupingSet::Rollup(es)) => {
                        Expr::GroupingSet(GroupingSet::Rollup(es.into_iter().map(keyed).collect()))
                    }
                    Expr::GroupingSet(GroupingSet::Cube(es)) => {
                        Expr::GroupingSet(GroupingSet::Cube(es.into_iter().map(keyed).collect()))
                    }
                    Expr::GroupingSet(GroupingSet::GroupingSets(ls)) => {
                        Expr::GroupingSet(GroupingSet::GroupingSets(
                            ls.into_iter()
                                .map(|l| l.into_iter().map(keyed).collect())
                                .collect(),
                        ))
                    }
                    e => keyed(e),
                })
                .collect()
        }))
    }
}
