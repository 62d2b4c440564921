//! Changes between two versions of a table, as streams and the CHANGES clause show them.
//! Which versions they are is decided in `time_travel`; streams are moved by the session.
//!
//! Sources: Snowflake "Introduction to Streams", "CHANGES".

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::{cast, interleave};
use arrow::row::{RowConverter, SortField};

use super::{Binder, Relation};
use crate::catalog::{HIDDEN, Object, ObjectKind, ObjectName, StreamDef, TableEntry};
use crate::error::Result;
use crate::types::{ColumnInfo, SqlType};

/// A row of a version: batch and row.
type Place = (usize, usize);

/// The rows of a version that are not in batches shared with another one.
struct Side {
    batches: Vec<RecordBatch>,
    places: HashMap<u64, Place>,
    order: Vec<u64>,
}

impl Side {
    fn of(version: &TableEntry, other: &TableEntry, like: &TableEntry) -> Result<Self> {
        let pointer = |b: &RecordBatch| b.columns().first().map(|c| Arc::as_ptr(c).cast::<()>());
        let shared: HashMap<_, &RecordBatch> = other
            .data
            .batches
            .iter()
            .filter_map(|b| Some((pointer(b)?, b)))
            .collect();
        let same_columns = Arc::ptr_eq(&version.def, &other.def);
        let mut side = Side {
            batches: Vec::new(),
            places: HashMap::new(),
            order: Vec::new(),
        };
        for (b, ids) in version.data.batches.iter().zip(&version.data.ids) {
            // The first column alone may be shared by a batch whose other columns were updated.
            let same = pointer(b).and_then(|p| shared.get(&p)).is_some_and(|o| {
                o.num_columns() == b.num_columns()
                    && o.columns()
                        .iter()
                        .zip(b.columns())
                        .all(|(x, y)| Arc::ptr_eq(x, y))
            });
            if same_columns && same {
                continue;
            }
            let at = side.batches.len();
            side.batches.push(shaped(b, version, like)?);
            for (row, id) in ids.iter().enumerate() {
                side.places.insert(id, (at, row));
                side.order.push(id);
            }
        }
        Ok(side)
    }

    fn take(&self, places: &[Place], width: usize) -> Result<Vec<ArrayRef>> {
        (0..width)
            .map(|c| {
                let columns: Vec<&dyn Array> =
                    self.batches.iter().map(|b| b.column(c).as_ref()).collect();
                Ok(interleave(&columns, places)?)
            })
            .collect()
    }
}

/// A batch of a version with the columns that another version has, by name.
fn shaped(b: &RecordBatch, version: &TableEntry, like: &TableEntry) -> Result<RecordBatch> {
    let columns = like
        .def
        .columns
        .iter()
        .map(|c| {
            let ty = c.ty.arrow();
            Ok(match version.def.index_of(&c.name) {
                None => new_null_array(&ty, b.num_rows()),
                Some(i) if *b.column(i).data_type() == ty => Arc::clone(b.column(i)),
                Some(i) => cast(b.column(i), &ty)?,
            })
        })
        .collect::<Result<Vec<ArrayRef>>>()?;
    Ok(RecordBatch::try_new(
        Arc::clone(&like.data.schema),
        columns,
    )?)
}

/// One kind of change: which rows of which side.
struct Part {
    columns: Vec<ArrayRef>,
    ids: Vec<u64>,
    action: &'static str,
    update: bool,
}

/// Property of a stream on a view: the view's id.
pub const SOURCE_OID: &str = "SOURCE_OID";

fn dropped(source: &ObjectName) -> crate::error::SqlError {
    crate::error::SqlError::raw(
        "091901",
        "01000",
        format!(
            "SQL compilation error:\nThe stream's base table or view '{source}' is dropped or is a replaced object. A stream cannot be read then.",
        ),
    )
}

/// Forty hexadecimal digits that stand for a row of a table.
fn row_id(table: u64, id: u64) -> String {
    let mix = |seed: u64| {
        let mut z = id
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(table)
            .wrapping_add(seed);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    format!("{:016x}{:016x}{:08x}", mix(1), mix(2), mix(3) as u32)
}

/// Property of a stream over something that is no table: "VIEW", or what the dialect calls it.
pub const STREAM_SOURCE: &str = "SOURCE_KIND";

/// The columns that describe a change.
pub(crate) const METADATA: [&str; 3] = ["METADATA$ACTION", "METADATA$ISUPDATE", "METADATA$ROW_ID"];

/// What changed from one version to the next, net; all rows have the columns of the newer one.
fn between(old: &TableEntry, new: &TableEntry, appended_only: bool) -> Result<Vec<Part>> {
    let (before, after) = (Side::of(old, new, new)?, Side::of(new, old, new)?);
    let width = new.def.columns.len();
    let mut inserted = Vec::new();
    let mut both: Vec<u64> = Vec::new();
    for id in &after.order {
        if before.places.contains_key(id) {
            both.push(*id);
        } else {
            inserted.push(*id);
        }
    }
    let places =
        |side: &Side, ids: &[u64]| -> Vec<Place> { ids.iter().map(|id| side.places[id]).collect() };
    let mut parts = Vec::new();
    let mut part = |side: &Side, ids: Vec<u64>, action, update| -> Result<()> {
        if !ids.is_empty() {
            parts.push(Part {
                columns: side.take(&places(side, &ids), width)?,
                ids,
                action,
                update,
            });
        }
        Ok(())
    };
    part(&after, inserted, "INSERT", false)?;
    if appended_only {
        return Ok(parts);
    }
    let deleted: Vec<u64> = before
        .order
        .iter()
        .filter(|id| !after.places.contains_key(id))
        .copied()
        .collect();
    part(&before, deleted, "DELETE", false)?;
    if !both.is_empty() {
        let fields = new
            .def
            .columns
            .iter()
            .map(|c| SortField::new(c.ty.arrow()))
            .collect();
        let converter = RowConverter::new(fields)?;
        let was = converter.convert_columns(&before.take(&places(&before, &both), width)?)?;
        let is = converter.convert_columns(&after.take(&places(&after, &both), width)?)?;
        let changed: Vec<u64> = both
            .iter()
            .zip(was.iter().zip(is.iter()))
            .filter(|(_, (a, b))| a != b)
            .map(|(id, _)| *id)
            .collect();
        part(&after, changed.clone(), "INSERT", true)?;
        part(&before, changed, "DELETE", true)?;
    }
    Ok(parts)
}

impl Binder<'_> {
    /// The versions of a table from one to another, as far as they are remembered; both ends are among them.
    fn versions(
        &self,
        database: &str,
        from: &Arc<TableEntry>,
        to: &Arc<TableEntry>,
    ) -> Vec<Arc<TableEntry>> {
        let mut out = Vec::new();
        if let Some((engine, _)) = &self.runner {
            let kept = engine.catalog.history(|h| h.tables(database, to.def.oid));
            let kept = kept.unwrap_or_default();
            let first = kept.iter().position(|e| Arc::ptr_eq(e, from));
            let last = kept.iter().rposition(|e| Arc::ptr_eq(e, to));
            if let Some(first) = first {
                out.extend_from_slice(&kept[first..last.map_or(kept.len(), |l| l + 1)]);
            }
        }
        if !out.first().is_some_and(|e| Arc::ptr_eq(e, from)) {
            out.insert(0, Arc::clone(from));
        }
        if !out.last().is_some_and(|e| Arc::ptr_eq(e, to)) {
            out.push(Arc::clone(to));
        }
        out
    }

    /// The changes of a table from one version to another, with the METADATA$ columns at the end.
    ///
    /// # Errors
    /// When Arrow cannot compare the rows.
    pub(crate) fn changes(
        &mut self,
        name: &ObjectName,
        from: &Arc<TableEntry>,
        to: &Arc<TableEntry>,
        appended_only: bool,
    ) -> Result<Relation> {
        let parts = if appended_only {
            // Rows that were deleted again count, too.
            let mut parts = Vec::new();
            for pair in self.versions(&name.database, from, to).windows(2) {
                let [a, b] = pair else { continue };
                for mut p in between(a, b, true)? {
                    if !Arc::ptr_eq(&b.def, &to.def) {
                        let batch = RecordBatch::try_new(b.data.schema.clone(), p.columns)?;
                        p.columns = shaped(&batch, b, to)?.columns().to_vec();
                    }
                    parts.push(p);
                }
            }
            parts
        } else {
            between(from, to, false)?
        };
        let mut columns: Vec<ColumnInfo> = to
            .def
            .columns
            .iter()
            .map(|c| ColumnInfo::new(&c.name, c.ty.clone()))
            .collect();
        let [action, update, row] = METADATA;
        columns.push(ColumnInfo::new(action, SqlType::text()));
        columns.push(ColumnInfo::new(update, SqlType::Boolean));
        columns.push(ColumnInfo::new(row, SqlType::text()));
        let schema = Arc::new(arrow::datatypes::Schema::new(
            columns
                .iter()
                .map(|c| arrow::datatypes::Field::new(&c.name, c.ty.arrow(), true))
                .collect::<Vec<_>>(),
        ));
        let batches = parts
            .into_iter()
            .map(|p| {
                let n = p.ids.len();
                let mut arrays = p.columns;
                arrays.push(Arc::new(StringArray::from(vec![p.action; n])));
                arrays.push(Arc::new(BooleanArray::from(vec![p.update; n])));
                arrays.push(Arc::new(StringArray::from_iter_values(
                    p.ids.iter().map(|id| row_id(to.def.oid, *id)),
                )));
                Ok(RecordBatch::try_new(Arc::clone(&schema), arrays)?)
            })
            .collect::<Result<Vec<_>>>()?;
        let mut r = self.values_relation(columns, batches)?;
        for (i, c) in r.columns.iter_mut().enumerate() {
            c.qualifier = vec![
                name.database.clone(),
                name.schema.clone(),
                name.name.clone(),
            ];
            let def = to.def.columns.get(i);
            c.hidden = def.is_some_and(|d| d.properties.contains_key(HIDDEN));
        }
        Ok(r)
    }

    /// A stream that these parts name.
    pub(crate) fn find_stream(&self, parts: &[String]) -> Option<(ObjectName, Arc<StreamDef>)> {
        self.candidates(parts).into_iter().find_map(|n| {
            match self.catalog.object(ObjectKind::Stream, &n) {
                Some(Object::Stream(s)) => Some((n, Arc::clone(s))),
                _ => None,
            }
        })
    }

    /// The rows of a stream: what changed in its table since it was last consumed.
    ///
    /// # Errors
    /// When its table is gone.
    pub(crate) fn stream(&mut self, name: &ObjectName, s: &StreamDef) -> Result<Relation> {
        self.env.fleeting().mark();
        let now = match (
            self.catalog.consumed(name),
            s.properties.get(STREAM_SOURCE).map(String::as_str),
        ) {
            (Some(e), _) => Arc::clone(e),
            (None, None) => match self.catalog.object(ObjectKind::Relation, &s.source) {
                Some(Object::Table(t)) if t.def.oid == s.offset.def.oid => Arc::clone(t),
                _ => return Err(dropped(&s.source)),
            },
            (None, Some("VIEW")) => {
                let oid = match self.catalog.object(ObjectKind::Relation, &s.source) {
                    Some(Object::View(v)) => v.oid,
                    _ => return Err(dropped(&s.source)),
                };
                if s.properties
                    .get(SOURCE_OID)
                    .is_some_and(|o| *o != oid.to_string())
                {
                    return Err(dropped(&s.source));
                }
                self.view_version(&s.source, Some(&s.offset))?
            }
            (None, Some(_)) => self.dialect.stream_source(self, s)?,
        };
        let from = if s.initial_rows {
            let schema = Arc::clone(&s.offset.data.schema);
            Arc::new(s.offset.with_data(crate::catalog::TableData::empty(schema)))
        } else {
            Arc::clone(&s.offset)
        };
        self.streams.push((name.clone(), Arc::clone(&now)));
        self.changes(name, &from, &now, s.append_only)
    }
}

impl Binder<'_> {
    /// Whether a stream has rows, without reading it in the sense of consuming it; None when there is no such stream.
    ///
    /// # Errors
    /// When its table is gone.
    pub fn stream_has_data(&mut self, parts: &[String]) -> Result<Option<bool>> {
        let Some((name, s)) = self.find_stream(parts) else {
            return Ok(None);
        };
        let read = self.streams.len();
        let r = self.stream(&name, &s)?;
        self.streams.truncate(read);
        let rows = self.rows_now(&r.plan)?;
        Ok(Some(rows.iter().any(|b| b.num_rows() > 0)))
    }
}
