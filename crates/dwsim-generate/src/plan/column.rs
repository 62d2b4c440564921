//! From one column of the schema to its source, asking for other columns' sources where it is built on them.
//! Text is left to `text`, keys over several columns to `keys`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, StringArray, UInt32Array,
};
use dwsim_schema::{
    Column, Diagnostics, Distribution, Generator, JsonShape, LogicalType, Scalar, Schema, Table,
    codes,
};

use crate::draw::{AliasTable, Key, Permutation};
use crate::plan::correlate::Correlated;
use crate::plan::keys::{self, Digit};
use crate::plan::table::{ColumnPlan, Encoding};
use crate::plan::text::{self, Site};
use crate::source::{
    Bernoulli, Bytes, Categorical, Cells, ChildIndex, Children, Constant, Given, GridValues, Index,
    JsonArray, JsonField, JsonObject, Nulls, Parent, Sequence, SharedSource, Uuid,
};

/// Most parents that are looked at one by one, for `children` and `where`.
pub(crate) const MAX_PARENTS: u64 = 1 << 34;

/// Builds sources table by table; parents come before children.
pub(crate) struct Compiler<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) seed: u64,
    /// Rows of every table; of tables of children only once they are reached.
    rows: BTreeMap<String, u64>,
    pub(crate) diags: Diagnostics,
    /// Sources of finished columns, by table and column name.
    pub(crate) done: BTreeMap<(String, String), SharedSource>,
    /// Which parent each row has, by table and foreign key.
    pub(crate) parents: BTreeMap<(String, String), Parent>,
    /// The correlated columns of the table being built.
    pub(crate) correlated: Correlated,
    /// The children of the table being built.
    pub(crate) children: Option<Arc<ChildIndex>>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(
        schema: &'a Schema,
        seed: u64,
        rows: BTreeMap<String, u64>,
        diags: Diagnostics,
    ) -> Self {
        let (done, parents) = (BTreeMap::new(), BTreeMap::new());
        Self {
            schema,
            seed,
            rows,
            diags,
            done,
            parents,
            correlated: Correlated::default(),
            children: None,
        }
    }

    /// The problems found, and the rows of every table.
    pub(crate) fn finish(self) -> (Diagnostics, BTreeMap<String, u64>) {
        (self.diags, self.rows)
    }

    /// All columns of a table.
    pub(crate) fn table(&mut self, table: &'a Table) -> Vec<ColumnPlan> {
        self.children = self.count_children(table);
        if let Some(children) = &self.children {
            self.rows.insert(table.name.clone(), children.rows());
        }
        self.correlated = Correlated::new(table, &mut self.diags);
        let rows = self.rows_of(&table.name);
        let sizes = |c: &Column| self.size(table, c);
        let mut diags = Diagnostics::new(self.diags.sources.clone());
        let digits = keys::digits(table, self.seed, rows, sizes, &mut diags);
        self.diags.items.append(&mut diags.items);
        (0..table.columns.len())
            .map(|i| {
                let column = &table.columns[i];
                let source = self.column(table, column, &digits);
                ColumnPlan {
                    source: source.unwrap_or_else(empty),
                    encoding: encoding(column),
                }
            })
            .collect()
    }

    /// Counts the children of every parent, if that decides the table's rows.
    fn count_children(&mut self, table: &Table) -> Option<Arc<ChildIndex>> {
        let column = table.children_key()?;
        let Generator::Children {
            min,
            weights,
            until,
        } = &column.generator
        else {
            return None;
        };
        let parents = self.rows_of(&column.references.as_ref()?.table);
        if parents > MAX_PARENTS {
            self.diags.push(
                codes::IMPOSSIBLE,
                column.generator_place,
                format!("the children of {parents} parents cannot be counted; {MAX_PARENTS} are possible"),
                None,
            );
            return None;
        }
        let states = until.as_ref().and_then(|name| table.column(name));
        let children = match states.map(|c| (c, &c.generator)) {
            Some((states, Generator::States(machine))) => Children::Walked {
                chain: Arc::new(self.chain(table, states, machine)),
                max: table.most_children()?,
            },
            _ => {
                let key = Key {
                    seed: self.seed,
                    table: &table.name,
                    column: &column.name,
                    purpose: "children",
                };
                Children::Drawn {
                    stream: key.stream(),
                    min: *min,
                    counts: AliasTable::new(weights),
                }
            }
        };
        Some(Arc::new(ChildIndex::new(children, parents)))
    }

    /// Rows of a table.
    pub(crate) fn rows_of(&self, table: &str) -> u64 {
        self.rows.get(table).copied().unwrap_or(0)
    }

    /// How many distinct values a column has, counting the parents of a foreign key.
    fn size(&self, table: &Table, column: &Column) -> Option<u128> {
        match (&column.references, &column.generator) {
            (Some(r), Generator::ForeignKey(_)) if r.table != table.name => {
                Some(u128::from(self.rows_of(&r.table)))
            }
            _ => column.domain_size(),
        }
    }

    /// The source of a column of a table, made once.
    pub(crate) fn column(
        &mut self,
        table: &'a Table,
        column: &'a Column,
        digits: &[Option<Digit>],
    ) -> Option<SharedSource> {
        let name = (table.name.clone(), column.name.clone());
        if let Some(source) = self.done.get(&name) {
            return Some(source.clone());
        }
        let rows = self.rows_of(&table.name);
        let key = Key {
            seed: self.seed,
            table: &table.name,
            column: &column.name,
            purpose: "value",
        };
        let digit = table
            .position(&column.name)
            .and_then(|i| digits.get(i))
            .and_then(Option::as_ref);
        let source = match &column.generator {
            Generator::ForeignKey(_) | Generator::Children { .. } => {
                self.foreign(table, column, key, digits, digit)?
            }
            Generator::Template(parts) => self.template(table, column, parts, rows, digits)?,
            Generator::Carry { .. }
            | Generator::Offset(_)
            | Generator::Between { .. }
            | Generator::Formula(_)
            | Generator::ChildNumber
            | Generator::Polymorphic(_)
            | Generator::States(_)
            | Generator::Walk(_)
            | Generator::Wave(_)
            | Generator::Group { .. } => self.derived(table, column, key, digits)?,
            _ => self.value(column, key, rows, digit)?,
        };
        let source = self.when(table, column, source, digits)?;
        let source = nullable(source, column, key);
        self.done.insert(name, source.clone());
        Some(source)
    }

    /// Reports a unique column with too few values for the actual rows.
    pub(crate) fn capacity(&mut self, column: &Column, have: u128, rows: u64) {
        if have < u128::from(rows) {
            self.diags.push(
                codes::CAPACITY,
                column.generator_place,
                format!(
                    "column `{}` is unique and has {have} possible values for {rows} rows",
                    column.name
                ),
                Some("widen the range, or take fewer rows".into()),
            );
        }
    }

    /// A source that needs no other column.
    fn value(
        &mut self,
        column: &Column,
        key: Key<'_>,
        rows: u64,
        digit: Option<&Digit>,
    ) -> Option<SharedSource> {
        let ty = column.ty;
        Some(match &column.generator {
            Generator::Sequence { start, step } => {
                self.sequence_fits(column, *start, *step, rows);
                Arc::new(Sequence {
                    ty,
                    start: *start,
                    step: *step,
                })
            }
            Generator::Numeric(spec) => self.numeric(column, spec, key, rows, digit)?,
            Generator::Temporal(spec) => {
                let index = self.even(column, u128::from(spec.count), key, rows, digit);
                Arc::new(GridValues {
                    ty,
                    first: spec.min.into(),
                    step: spec.step.into(),
                    index,
                })
            }
            Generator::Bernoulli { p } if digit.is_none() && !column.unique => {
                Arc::new(Bernoulli {
                    stream: key.stream(),
                    p: *p,
                })
            }
            Generator::Bernoulli { .. } => {
                let values = Arc::new(BooleanArray::from(vec![false, true]));
                Arc::new(Categorical {
                    values,
                    index: self.even(column, 2, key, rows, digit),
                })
            }
            Generator::Categorical { values, weights } => {
                let kept: Vec<(&Scalar, f64)> = values
                    .iter()
                    .zip(weights.iter().copied())
                    .filter(|(_, w)| *w > 0.0)
                    .collect();
                let array = scalars(ty, kept.iter().map(|(v, _)| *v))?;
                let weights: Vec<f64> = kept.iter().map(|(_, w)| *w).collect();
                let index = if digit.is_some() || column.unique {
                    self.even(column, weights.len() as u128, key, rows, digit)
                } else {
                    Index::Weighted {
                        stream: key.stream(),
                        table: AliasTable::new(&weights),
                    }
                };
                Arc::new(Categorical {
                    values: array,
                    index,
                })
            }
            Generator::Constant(value) => {
                if column.unique {
                    self.capacity(column, 1, rows);
                }
                Arc::new(Constant {
                    value: scalars(ty, std::iter::once(value))?,
                })
            }
            Generator::Provider(call) => Arc::new(text::from_provider(
                &Site { column, key, rows },
                call,
                &mut self.diags,
            )?),
            Generator::Pattern { pattern, place } => Arc::new(text::from_pattern(
                &Site { column, key, rows },
                pattern,
                *place,
                &mut self.diags,
            )?),
            Generator::Uuid => Arc::new(Uuid {
                stream: key.stream(),
                low: Permutation::new(
                    Key {
                        purpose: "unique",
                        ..key
                    },
                    1 << 62,
                ),
            }),
            Generator::Bytes { min, max } => Arc::new(Bytes {
                stream: key.stream(),
                min: *min,
                max: *max,
            }),
            Generator::Json(shape) => self.json(shape, key, rows)?,
            Generator::Given(values) => Arc::new(Given {
                values: optional_scalars(ty, values)?,
            }),
            // these need other columns
            Generator::ForeignKey(_)
            | Generator::Children { .. }
            | Generator::ChildNumber
            | Generator::Template(_)
            | Generator::Carry { .. }
            | Generator::Offset(_)
            | Generator::Between { .. }
            | Generator::Formula(_)
            | Generator::Polymorphic(_)
            | Generator::States(_)
            | Generator::Walk(_)
            | Generator::Wave(_)
            | Generator::Group { .. } => return None,
        })
    }

    fn json(&mut self, shape: &JsonShape, key: Key<'_>, rows: u64) -> Option<SharedSource> {
        Some(match shape {
            JsonShape::Object(fields) => {
                let mut out = Vec::with_capacity(fields.len());
                for field in fields {
                    let path = format!("{}.{}", key.column, field.name);
                    let key = Key {
                        column: &path,
                        ..key
                    };
                    let source = nullable(self.value(field, key, rows, None)?, field, key);
                    let nested = matches!(field.ty, LogicalType::Json(_));
                    let missing = (field.missing > 0.0).then(|| {
                        (
                            Key {
                                purpose: "missing",
                                ..key
                            }
                            .stream(),
                            field.missing,
                        )
                    });
                    out.push(JsonField::new(&field.name, source, nested, missing));
                }
                Arc::new(JsonObject { fields: out })
            }
            JsonShape::Array { item, min, max } => {
                let path = format!("{}[]", key.column);
                let inner = Key {
                    column: &path,
                    ..key
                };
                let elements = rows.saturating_mul(u64::from(*max).max(1));
                let source = nullable(self.value(item, inner, elements, None)?, item, inner);
                let nested = matches!(item.ty, LogicalType::Json(_));
                let stream = Key {
                    purpose: "length",
                    ..key
                }
                .stream();
                Arc::new(JsonArray {
                    stream,
                    item: source,
                    nested,
                    min: *min,
                    max: *max,
                })
            }
        })
    }
}

/// Lays NULLs over a source, if the column has any.
fn nullable(source: SharedSource, column: &Column, key: Key<'_>) -> SharedSource {
    if column.nulls > 0.0 {
        Nulls::shared(
            source,
            Key {
                purpose: "null",
                ..key
            }
            .stream(),
            column.nulls,
        )
    } else {
        source
    }
}

/// What stands in for a column that was refused; errors end the plan before it is asked.
fn empty() -> SharedSource {
    Arc::new(Constant {
        value: Arc::new(BooleanArray::from(vec![false])),
    })
}

/// The best Parquet encoding for what a generator makes.
fn encoding(column: &Column) -> Encoding {
    match &column.generator {
        Generator::Sequence { .. } | Generator::Children { .. } => Encoding::Delta,
        _ if column.unique => plain(column.ty),
        Generator::Categorical { .. }
        | Generator::Constant(_)
        | Generator::Given(_)
        | Generator::ChildNumber
        | Generator::Carry { .. }
        | Generator::States(_)
        | Generator::Group { .. } => Encoding::Dictionary,
        Generator::Provider(call) => match call.name.as_str() {
            // lists of words; everything longer is put together and hardly repeats
            "first_name" | "last_name" | "word" | "country" | "country_code" | "state"
            | "state_abbr" | "prefix" | "suffix" | "currency_code" | "currency_name"
            | "currency_symbol" | "timezone" | "user_agent" | "industry" | "profession" | "tld"
            | "company_suffix" | "street_suffix" | "city_prefix" | "city_suffix"
            | "file_extension" | "job" => Encoding::Dictionary,
            _ => Encoding::Plain,
        },
        Generator::Numeric(spec) => match spec.grid(column.ty) {
            Some(g) if g.size() <= 4096 => Encoding::Dictionary,
            _ if matches!(
                spec.distribution,
                Distribution::Poisson { .. } | Distribution::Zipf { .. }
            ) =>
            {
                Encoding::Dictionary
            }
            _ => plain(column.ty),
        },
        Generator::Temporal(spec) if spec.count <= 4096 => Encoding::Dictionary,
        _ => plain(column.ty),
    }
}

/// The encoding of values of which most differ.
fn plain(ty: LogicalType) -> Encoding {
    match ty {
        LogicalType::Serial
        | LogicalType::SmallInt
        | LogicalType::Integer
        | LogicalType::BigInt
        | LogicalType::Date
        | LogicalType::Time
        | LogicalType::Timestamp
        | LogicalType::TimestampTz
        | LogicalType::TimestampLtz => Encoding::Delta,
        // Parquet stores longer ones as bytes
        LogicalType::Decimal { precision, .. } if precision <= 18 => Encoding::Delta,
        _ => Encoding::Plain,
    }
}

/// The texts of values, as [`Cells`] write them.
pub(crate) fn scalar_texts<'s>(
    ty: LogicalType,
    values: impl IntoIterator<Item = &'s Scalar>,
) -> Option<Vec<Vec<u8>>> {
    let array = scalars(ty, values.into_iter())?;
    let cells = Cells::of(&array).ok()?;
    let text = |i| {
        let mut text = Vec::new();
        cells.write(i, &mut text);
        text
    };
    Some((0..array.len()).map(text).collect())
}

/// The same with NULLs.
fn optional_scalars(ty: LogicalType, values: &[Option<Scalar>]) -> Option<ArrayRef> {
    let known = scalars(ty, values.iter().flatten())?;
    if known.len() == values.len() {
        return Some(known);
    }
    let mut next = 0u32;
    let places: UInt32Array = values
        .iter()
        .map(|v| {
            v.as_ref().map(|_| {
                next += 1;
                next - 1
            })
        })
        .collect();
    arrow::compute::take(&known, &places, None).ok()
}

/// The values as an array of the type; they were checked when the schema was read.
pub(crate) fn scalars<'s>(
    ty: LogicalType,
    values: impl Iterator<Item = &'s Scalar>,
) -> Option<ArrayRef> {
    let values: Vec<&Scalar> = values.collect();
    let text = |v: &Scalar| match v {
        Scalar::Text(t) => Some(t.clone()),
        _ => None,
    };
    Some(match ty {
        LogicalType::Char(_) | LogicalType::Varchar(_) | LogicalType::Uuid => Arc::new(
            values
                .iter()
                .map(|v| text(v))
                .collect::<Option<Vec<String>>>()
                .map(StringArray::from)?,
        ),
        LogicalType::Boolean => Arc::new(
            values
                .iter()
                .map(|v| match v {
                    Scalar::Boolean(b) => Some(*b),
                    _ => None,
                })
                .collect::<Option<Vec<bool>>>()
                .map(BooleanArray::from)?,
        ),
        LogicalType::Real | LogicalType::Double => {
            let floats = values.iter().map(|v| match v {
                Scalar::Number(n) => Some(n.to_f64()),
                _ => None,
            });
            let floats: Vec<f64> = floats.collect::<Option<_>>()?;
            match ty {
                LogicalType::Real => Arc::new(Float32Array::from_iter_values(
                    floats.iter().map(|v| *v as f32),
                )),
                _ => Arc::new(Float64Array::from(floats)),
            }
        }
        _ => {
            let units: Vec<i128> = values.iter().map(|v| ty.units(v)).collect::<Option<_>>()?;
            crate::source::units_array(ty, &units).ok()?
        }
    })
}
