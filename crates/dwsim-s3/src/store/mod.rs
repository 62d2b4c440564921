//! Buckets and objects, in memory or in a directory, for use in process.
//! HTTP is left to the server.

mod blob;
mod bucket;
mod disk;
mod list;
#[cfg(test)]
mod model_tests;
mod multipart;
mod names;
mod object;
#[expect(clippy::module_inception, reason = "the store's own type")]
mod store;
#[cfg(test)]
mod tests;

pub use bucket::BucketInfo;
pub use list::{ListPage, ListQuery};
pub use multipart::{
    CompleteOptions, CompletedPart, MIN_PART_SIZE, PartInfo, PartWriter, UploadInfo,
};
pub use object::{Attributes, ETag, Object, ObjectInfo, PutOptions, WriteCondition};
pub use store::{CopyOptions, EventKind, ObjectReader, ObjectWriter, Store, StoreEvent};
