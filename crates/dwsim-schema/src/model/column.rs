//! Columns: type, nullability, keys and the generator.
//! Constraints over several columns are left to the table.

use crate::diagnostics::Place;
use crate::model::{Condition, Distribution, Generator, Scalar, TemplatePart, Walk, WalkStart};
use crate::types::{Dialect, LogicalType};

/// Types written for one warehouse only, verbatim SQL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypeOverrides {
    /// For Redshift.
    pub redshift: Option<String>,
    /// For Snowflake.
    pub snowflake: Option<String>,
}

/// A foreign key of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The referenced table's name.
    pub table: String,
    /// The referenced column's name.
    pub column: String,
    /// Where it is written.
    pub place: Place,
}

/// A column of a table, or a value inside a JSON column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name as written.
    pub name: String,
    /// Type; a foreign key has the type of the column it references (`bigint` for a serial).
    pub ty: LogicalType,
    /// Types for one warehouse only.
    pub types: TypeOverrides,
    /// Whether NULL is allowed: no key, no `not_null = true`.
    pub nullable: bool,
    /// Share of NULLs, 0..=1; in a JSON object the share of `null` values.
    pub nulls: f64,
    /// Share of objects that lack the key at all, 0..=1; only inside JSON.
    pub missing: f64,
    /// Whether this single column is the table's primary key.
    pub primary_key: bool,
    /// Whether every value is distinct (a primary key of one column is, too).
    pub unique: bool,
    /// The foreign key, if any.
    pub references: Option<Reference>,
    /// Whether the values are personal data.
    pub pii: bool,
    /// DEFAULT of the DDL, as SQL.
    pub default: Option<String>,
    /// COMMENT of the DDL.
    pub comment: Option<String>,
    /// Redshift's compression encoding.
    pub encode: Option<String>,
    /// How values are made.
    pub generator: Generator,
    /// Of a foreign key: only parents that fulfil all of these.
    pub subset: Vec<Condition>,
    /// Only rows that fulfil all of these have a value of their own.
    pub when: Vec<Condition>,
    /// The value of the other rows; without one it is NULL.
    pub otherwise: Option<Scalar>,
    /// Where the column's name is written.
    pub place: Place,
    /// Where the value that chose the generator is written (or the column, if it was chosen by the type).
    pub generator_place: Place,
}

impl Column {
    /// The column's type in the warehouse's SQL.
    #[must_use]
    pub fn sql_type(&self, dialect: Dialect) -> String {
        let written = match dialect {
            Dialect::Redshift => &self.types.redshift,
            Dialect::Snowflake => &self.types.snowflake,
        };
        written.clone().unwrap_or_else(|| self.ty.sql(dialect))
    }

    /// Names of the columns of the same table that the values are computed from.
    #[must_use]
    pub fn inputs(&self) -> Vec<&str> {
        let mut out: Vec<&str> = self.when.iter().map(|c| c.column.as_str()).collect();
        match &self.generator {
            Generator::Template(parts) => out.extend(parts.iter().filter_map(|p| match p {
                TemplatePart::Column(name) => Some(name.as_str()),
                _ => None,
            })),
            Generator::Carry { via, .. } => out.push(via),
            Generator::Offset(offset) => out.push(&offset.base),
            Generator::Between { low, high } => out.extend([low.as_str(), high.as_str()]),
            Generator::Formula(expression) => expression.columns(&mut out),
            Generator::Polymorphic(p) => out.push(&p.by),
            Generator::Walk(Walk {
                first: WalkStart::Carry { via, .. },
                ..
            }) => out.push(via),
            _ => {}
        }
        out
    }

    /// How many distinct values the generator can make, where that follows from the schema alone; `None` for text
    /// providers and patterns (dwsim-generate knows), foreign keys (as many as parents), and what is not countable.
    #[must_use]
    pub fn domain_size(&self) -> Option<u128> {
        if !self.when.is_empty() {
            return None;
        }
        match &self.generator {
            Generator::Numeric(spec) if spec.distribution == Distribution::Uniform => {
                spec.grid(self.ty).map(|g| g.size())
            }
            Generator::Temporal(spec) => Some(u128::from(spec.count)),
            Generator::Bernoulli { p } => Some(if *p > 0.0 && *p < 1.0 { 2 } else { 1 }),
            Generator::Categorical { weights, .. } => {
                Some(weights.iter().filter(|w| **w > 0.0).count() as u128)
            }
            Generator::Constant(_) => Some(1),
            _ => None,
        }
    }
}
