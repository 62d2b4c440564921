//! An S3 server for staging, embedded
