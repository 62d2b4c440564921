//! Where generated data go and what is known of them: the manifest beside the files, and uploads to S3.
//! Values and formats are `dwsim-generate`'s part.

mod manifest;
mod s3;

pub use manifest::Manifest;
pub use s3::{Bucket, S3Url};
