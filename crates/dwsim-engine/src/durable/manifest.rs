//! The manifest: the catalog as JSON, with the names of files in the place of rows.
//! Reading and writing files is `store`'s part.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::catalog::{
    Account, Counters, Database, Object, ObjectKind, ObjectName, OtherObject, Routine, RowIds,
    Schema, SequenceDef, StreamDef, TableData, TableDef, TableEntry, ViewDef,
};
use crate::error::Result;

/// The format this code writes; others are refused.
pub(super) const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: u32,
    databases: Vec<DatabaseRecord>,
    objects: Vec<ObjectRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct DatabaseRecord {
    name: String,
    oid: u64,
    owner: String,
    comment: Option<String>,
    created: i64,
    properties: BTreeMap<String, String>,
    counters: Vec<(u64, i64)>,
    schemas: Vec<SchemaRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SchemaRecord {
    name: String,
    oid: u64,
    owner: String,
    comment: Option<String>,
    created: i64,
    properties: BTreeMap<String, String>,
    objects: Vec<ObjectRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ObjectRecord {
    kind: ObjectKind,
    name: String,
    object: ObjectBody,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ObjectBody {
    Table {
        def: Box<TableDef>,
        changed: i64,
        files: Vec<u64>,
        /// Identities of the rows of each file, as runs.
        #[serde(default)]
        ids: Vec<Vec<(u64, u64)>>,
    },
    View(Box<ViewDef>),
    Sequence(SequenceDef),
    Stream(Box<StreamRecord>),
    Routine(Box<Routine>),
    Other(OtherObject),
}

#[derive(Debug, Serialize, Deserialize)]
struct StreamRecord {
    oid: u64,
    source: (String, String, String),
    def: TableDef,
    changed: i64,
    files: Vec<u64>,
    ids: Vec<Vec<(u64, u64)>>,
    offset_time: i64,
    append_only: bool,
    initial_rows: bool,
    owner: String,
    comment: Option<String>,
    created: i64,
    properties: BTreeMap<String, String>,
}

/// The rows of a table from files and identities; without the latter they are new rows.
fn data(
    def: &TableDef,
    files: Vec<u64>,
    ids: &[Vec<(u64, u64)>],
    batch_of: &mut BatchOf<'_>,
) -> Result<TableData> {
    let batches = files
        .into_iter()
        .map(|f| batch_of(f, def))
        .collect::<Result<Vec<_>>>()?;
    if ids.len() != batches.len() {
        return Ok(TableData::new(def.arrow(), batches));
    }
    let parts = batches
        .into_iter()
        .zip(ids)
        .map(|(b, runs)| {
            let ids = RowIds::of_runs(runs);
            let ids = if ids.len() == b.num_rows() {
                ids
            } else {
                RowIds::fresh(b.num_rows())
            };
            (b, ids)
        })
        .collect();
    Ok(TableData::with_ids(def.arrow(), parts))
}

/// The file that holds a batch.
type FileOf<'a> = dyn FnMut(&RecordBatch) -> Result<u64> + 'a;
/// The batch that a file holds.
type BatchOf<'a> = dyn FnMut(u64, &TableDef) -> Result<RecordBatch> + 'a;

impl Manifest {
    /// The manifest of a catalog. Schemas of `is_hidden` names are left out with all they hold: temporary objects
    /// end with their session.
    pub fn of(
        account: &Account,
        is_hidden: fn(&str) -> bool,
        file_of: &mut FileOf<'_>,
    ) -> Result<Self> {
        let mut databases = Vec::with_capacity(account.databases.len());
        for (name, db) in &account.databases {
            let mut schemas = Vec::with_capacity(db.schemas.len());
            for (name, schema) in db.schemas.iter().filter(|(name, _)| !is_hidden(name)) {
                schemas.push(SchemaRecord {
                    name: name.clone(),
                    oid: schema.oid,
                    owner: schema.owner.clone(),
                    comment: schema.comment.clone(),
                    created: schema.created,
                    properties: schema.properties.clone(),
                    objects: records(&schema.objects, file_of)?,
                });
            }
            databases.push(DatabaseRecord {
                name: name.clone(),
                oid: db.oid,
                owner: db.owner.clone(),
                comment: db.comment.clone(),
                created: db.created,
                properties: db.properties.clone(),
                counters: db.counters.snapshot(),
                schemas,
            });
        }
        Ok(Manifest {
            format: FORMAT,
            databases,
            objects: records(&account.objects, file_of)?,
        })
    }

    /// The catalog of a manifest, and the largest object id in it.
    pub fn into_account(self, batch_of: &mut BatchOf<'_>) -> Result<(Account, u64)> {
        let mut oids = 0;
        let mut account = Account {
            objects: objects(self.objects, &mut oids, batch_of)?,
            ..Account::default()
        };
        for db in self.databases {
            let counters = Counters::default();
            for (oid, next) in db.counters {
                // Identity columns count under ids of their own.
                oids = oids.max(oid);
                counters.set(oid, next);
            }
            let mut schemas = BTreeMap::new();
            for s in db.schemas {
                oids = oids.max(s.oid);
                let schema = Schema {
                    oid: s.oid,
                    owner: s.owner,
                    comment: s.comment,
                    created: s.created,
                    properties: s.properties,
                    objects: objects(s.objects, &mut oids, batch_of)?,
                };
                schemas.insert(s.name, Arc::new(schema));
            }
            oids = oids.max(db.oid);
            let database = Database {
                oid: db.oid,
                owner: db.owner,
                comment: db.comment,
                created: db.created,
                properties: db.properties,
                schemas: Arc::new(schemas),
                counters: Arc::new(counters),
            };
            account.databases.insert(db.name, Arc::new(database));
        }
        Ok((account, oids))
    }
}

fn records(
    objects: &BTreeMap<(ObjectKind, String), Object>,
    file_of: &mut FileOf<'_>,
) -> Result<Vec<ObjectRecord>> {
    objects
        .iter()
        .map(|((kind, name), object)| {
            let object = match object {
                Object::Table(t) => ObjectBody::Table {
                    def: Box::new(t.def.as_ref().clone()),
                    changed: t.changed,
                    files: t
                        .data
                        .batches
                        .iter()
                        .map(&mut *file_of)
                        .collect::<Result<_>>()?,
                    ids: t.data.ids.iter().map(RowIds::runs).collect(),
                },
                Object::Stream(s) => ObjectBody::Stream(Box::new(StreamRecord {
                    oid: s.oid,
                    source: (
                        s.source.database.clone(),
                        s.source.schema.clone(),
                        s.source.name.clone(),
                    ),
                    def: s.offset.def.as_ref().clone(),
                    changed: s.offset.changed,
                    files: s
                        .offset
                        .data
                        .batches
                        .iter()
                        .map(&mut *file_of)
                        .collect::<Result<_>>()?,
                    ids: s.offset.data.ids.iter().map(RowIds::runs).collect(),
                    offset_time: s.offset_time,
                    append_only: s.append_only,
                    initial_rows: s.initial_rows,
                    owner: s.owner.clone(),
                    comment: s.comment.clone(),
                    created: s.created,
                    properties: s.properties.clone(),
                })),
                Object::View(v) => ObjectBody::View(Box::new(v.as_ref().clone())),
                Object::Sequence(s) => ObjectBody::Sequence(s.as_ref().clone()),
                Object::Routine(r) => ObjectBody::Routine(Box::new(r.as_ref().clone())),
                Object::Other(o) => ObjectBody::Other(o.as_ref().clone()),
            };
            Ok(ObjectRecord {
                kind: *kind,
                name: name.clone(),
                object,
            })
        })
        .collect()
}

fn objects(
    records: Vec<ObjectRecord>,
    oids: &mut u64,
    batch_of: &mut BatchOf<'_>,
) -> Result<BTreeMap<(ObjectKind, String), Object>> {
    let mut out = BTreeMap::new();
    for r in records {
        let object = match r.object {
            ObjectBody::Table {
                def,
                changed,
                files,
                ids,
            } => {
                for identity in def.columns.iter().filter_map(|c| c.identity.as_ref()) {
                    *oids = (*oids).max(identity.oid);
                }
                let data = data(&def, files, &ids, batch_of)?;
                Object::Table(Arc::new(TableEntry {
                    def: Arc::new(*def),
                    data: Arc::new(data),
                    changed,
                }))
            }
            ObjectBody::View(v) => Object::View(Arc::new(*v)),
            ObjectBody::Sequence(s) => Object::Sequence(Arc::new(s)),
            ObjectBody::Stream(s) => {
                let data = data(&s.def, s.files, &s.ids, batch_of)?;
                let (database, schema, name) = s.source;
                Object::Stream(Arc::new(StreamDef {
                    oid: s.oid,
                    source: ObjectName {
                        database,
                        schema,
                        name,
                    },
                    offset: Arc::new(TableEntry {
                        def: Arc::new(s.def),
                        data: Arc::new(data),
                        changed: s.changed,
                    }),
                    offset_time: s.offset_time,
                    append_only: s.append_only,
                    initial_rows: s.initial_rows,
                    owner: s.owner,
                    comment: s.comment,
                    created: s.created,
                    properties: s.properties,
                }))
            }
            ObjectBody::Routine(r) => Object::Routine(Arc::new(*r)),
            ObjectBody::Other(o) => Object::Other(Arc::new(o)),
        };
        *oids = (*oids).max(object.oid());
        out.insert((r.kind, r.name), object);
    }
    Ok(out)
}
