#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::Path};

use bytes::Bytes;
use tempfile::TempDir;

use super::*;
use crate::{ChecksumAlgorithm, ChecksumScope, StoreError};

/// Runs a check on both kinds of store.
fn both(check: impl Fn(&Store)) {
    let store = Store::memory();
    store.create_bucket("bucket").unwrap();
    check(&store);
    let dir = TempDir::new().unwrap();
    let store = Store::directory(dir.path()).unwrap();
    store.create_bucket("bucket").unwrap();
    check(&store);
}

fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                found.push(path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Files of objects and parts.
fn data_files(dir: &Path) -> Vec<String> {
    files(dir)
        .into_iter()
        .filter(|name| name.contains('@') || name.starts_with("tmp"))
        .collect()
}

#[test]
fn put_get_list_delete() {
    both(|store| {
        for key in [
            "b",
            "a/2",
            "a/1",
            "a//",
            "../x",
            ".",
            "ü/😀",
            &"k".repeat(1024),
        ] {
            let etag = store
                .put("bucket", key, key.to_owned(), PutOptions::default())
                .unwrap();
            let object = store.get("bucket", key).unwrap();
            assert_eq!(object.bytes, key);
            assert_eq!(object.info.etag(), &etag);
            assert_eq!(object.info.size(), key.len() as u64);
        }
        let keys: Vec<_> = store.list("bucket", "a/").unwrap();
        let keys: Vec<_> = keys.iter().map(ObjectInfo::key).collect();
        assert_eq!(keys, ["a//", "a/1", "a/2"]);
        assert!(store.delete("bucket", "b").unwrap());
        assert!(!store.delete("bucket", "b").unwrap());
        assert!(matches!(
            store.get("bucket", "b"),
            Err(StoreError::NoSuchKey { .. })
        ));
    });
}

#[test]
fn etag_is_the_md5() {
    both(|store| {
        let etag = store
            .put("bucket", "k", "hello", PutOptions::default())
            .unwrap();
        assert_eq!(etag.as_str(), "5d41402abc4b2a76b9719d911017c592");
        let mut writer = store
            .writer("bucket", "k", PutOptions::default(), Some(5))
            .unwrap();
        for piece in ["", "he", "l", "", "lo"] {
            writer.write(Bytes::from(piece)).unwrap();
        }
        assert_eq!(writer.commit().unwrap().etag(), &etag);
        assert_eq!(store.get("bucket", "k").unwrap().bytes, "hello");
    });
}

#[test]
fn ranges() {
    both(|store| {
        store
            .put("bucket", "k", "0123456789", PutOptions::default())
            .unwrap();
        assert_eq!(store.get_range("bucket", "k", 2..5).unwrap().bytes, "234");
        assert_eq!(store.get_range("bucket", "k", 10..10).unwrap().bytes, "");
        for (start, end) in [(5, 11), (11, 12), (6, 5)] {
            assert!(matches!(
                store.get_range("bucket", "k", start..end),
                Err(StoreError::InvalidRange { size: 10, .. })
            ));
        }
    });
}

#[test]
fn attributes_are_kept() {
    both(|store| {
        let options = PutOptions::default()
            .content_type("text/csv")
            .content_encoding("gzip")
            .metadata("origin", "tëst");
        let attributes = options.attributes.clone();
        store.put("bucket", "k", "x", options).unwrap();
        assert_eq!(store.head("bucket", "k").unwrap().attributes(), &attributes);
        store
            .set_tags("bucket", "k", [("a".to_owned(), "1".to_owned())].into())
            .unwrap();
        assert_eq!(
            store.head("bucket", "k").unwrap().attributes().tags["a"],
            "1"
        );
        assert_eq!(store.get("bucket", "k").unwrap().bytes, "x");
    });
}

#[test]
fn conditions() {
    both(|store| {
        let absent = || PutOptions {
            condition: WriteCondition::Absent,
            ..PutOptions::default()
        };
        let matches = |etag: &str| PutOptions {
            condition: WriteCondition::Matches(etag.to_owned()),
            ..PutOptions::default()
        };
        assert!(matches!(
            store.put("bucket", "k", "1", matches("abc")),
            Err(StoreError::NoSuchKey { .. })
        ));
        let etag = store.put("bucket", "k", "1", absent()).unwrap();
        assert!(matches!(
            store.put("bucket", "k", "2", absent()),
            Err(StoreError::PreconditionFailed {
                condition: "If-None-Match"
            })
        ));
        assert!(matches!(
            store.put("bucket", "k", "2", matches("abc")),
            Err(StoreError::PreconditionFailed {
                condition: "If-Match"
            })
        ));
        assert_eq!(store.get("bucket", "k").unwrap().bytes, "1");
        store
            .put("bucket", "k", "2", matches(etag.as_str()))
            .unwrap();
        assert_eq!(store.get("bucket", "k").unwrap().bytes, "2");
    });
}

#[test]
fn bad_names() {
    both(|store| {
        for name in [
            "",
            "ab",
            "Bucket",
            "a_b",
            "..",
            "../x",
            "a..b",
            "-ab",
            "127.0.0.1",
            &"x".repeat(64),
        ] {
            assert!(
                matches!(
                    store.create_bucket(name),
                    Err(StoreError::InvalidBucketName { .. })
                ),
                "{name}"
            );
        }
        let put = |key: &str| store.put("bucket", key, "", PutOptions::default());
        assert!(matches!(put(""), Err(StoreError::EmptyKey)));
        assert!(matches!(
            put(&"k".repeat(1025)),
            Err(StoreError::KeyTooLong { length: 1025 })
        ));
        assert!(matches!(
            store.put("other", "k", "", PutOptions::default()),
            Err(StoreError::NoSuchBucket { .. })
        ));
    });
}

#[test]
fn buckets_come_and_go() {
    both(|store| {
        assert!(matches!(
            store.create_bucket("bucket"),
            Err(StoreError::BucketAlreadyExists { .. })
        ));
        store.ensure_bucket("bucket").unwrap();
        let mut late = store
            .writer("bucket", "late", PutOptions::default(), None)
            .unwrap();
        late.write(Bytes::from_static(b"x")).unwrap();
        store.put("bucket", "k", "", PutOptions::default()).unwrap();
        assert!(matches!(
            store.delete_bucket("bucket"),
            Err(StoreError::BucketNotEmpty { .. })
        ));
        store.delete("bucket", "k").unwrap();
        store.delete_bucket("bucket").unwrap();
        assert!(matches!(
            store.delete_bucket("bucket"),
            Err(StoreError::NoSuchBucket { .. })
        ));
        assert!(matches!(
            late.commit(),
            Err(StoreError::NoSuchBucket { .. })
        ));
        assert!(store.buckets().is_empty());
    });
}

#[test]
fn copies() {
    both(|store| {
        let options = PutOptions {
            checksums: vec![ChecksumAlgorithm::Sha256],
            ..PutOptions::default()
        };
        store
            .put("bucket", "a", "x", options.content_type("text/plain"))
            .unwrap();
        let same = store
            .copy(("bucket", "a"), ("bucket", "b"), CopyOptions::default())
            .unwrap();
        let original = store.head("bucket", "a").unwrap();
        assert_eq!(same.attributes(), original.attributes());
        assert_eq!(same.checksums(), original.checksums());
        assert_eq!(same.etag(), original.etag());
        let other = CopyOptions {
            attributes: Some(Attributes::default()),
            ..CopyOptions::default()
        };
        // over itself, with other attributes
        store.copy(("bucket", "a"), ("bucket", "a"), other).unwrap();
        assert_eq!(
            store.head("bucket", "a").unwrap().attributes().content_type,
            None
        );
        assert_eq!(store.get("bucket", "a").unwrap().bytes, "x");
        store.delete("bucket", "a").unwrap();
        assert_eq!(store.get("bucket", "b").unwrap().bytes, "x");
    });
}

#[test]
fn a_reader_keeps_its_version() {
    both(|store| {
        store
            .put("bucket", "k", "old", PutOptions::default())
            .unwrap();
        let reader = store.open("bucket", "k").unwrap();
        store
            .put("bucket", "k", "newer", PutOptions::default())
            .unwrap();
        store.delete("bucket", "k").unwrap();
        assert_eq!(reader.read(0..3).unwrap(), "old");
    });
}

#[test]
fn events() {
    let store = Store::memory();
    store.create_bucket("bucket").unwrap();
    let mut events = store.subscribe();
    store
        .put("bucket", "a", "x", PutOptions::default())
        .unwrap();
    store
        .copy(("bucket", "a"), ("bucket", "b"), CopyOptions::default())
        .unwrap();
    for (wanted, wanted_kind) in [("a", EventKind::Put), ("b", EventKind::Copy)] {
        let StoreEvent::ObjectCreated {
            bucket,
            object,
            kind,
        } = events.try_recv().unwrap();
        assert_eq!(
            (bucket.as_str(), object.key(), kind),
            ("bucket", wanted, wanted_kind)
        );
    }
    assert!(events.try_recv().is_err());
}

fn upload(
    store: &Store,
    parts: &[(u32, &str)],
    scope: Option<(ChecksumAlgorithm, ChecksumScope)>,
) -> (String, Vec<CompletedPart>) {
    let id = store
        .create_upload("bucket", "big", Attributes::default(), scope)
        .unwrap();
    let mut named = Vec::new();
    for (number, bytes) in parts {
        let mut writer = store
            .part_writer("bucket", "big", &id, *number, &[], None)
            .unwrap();
        writer.write(Bytes::from((*bytes).to_owned())).unwrap();
        let part = writer.commit().unwrap();
        named.push(CompletedPart {
            number: *number,
            etag: part.etag.to_string(),
            checksums: part.checksums,
        });
    }
    (id, named)
}

#[test]
fn parts_become_an_object() {
    both(|store| {
        store.set_min_part_size(3);
        let (id, named) = upload(store, &[(1, "abc"), (2, "xyz"), (7, "d")], None);
        // a part may be left out, and uploaded again
        let kept = [named[0].clone(), named[2].clone()];
        let info = store
            .complete_upload("bucket", "big", &id, &kept, &CompleteOptions::default())
            .unwrap();
        assert_eq!(store.get("bucket", "big").unwrap().bytes, "abcd");
        assert_eq!(info.parts(), [3, 1]);
        // md5(md5("abc") + md5("d"))
        assert_eq!(info.etag().as_str(), "26b10a702bd95f42e3c2737f5975aa20-2");
        assert!(matches!(
            store.abort_upload("bucket", "big", &id),
            Err(StoreError::NoSuchUpload { .. })
        ));
        // a copy of it is one piece
        let copy = store
            .copy(
                ("bucket", "big"),
                ("bucket", "copy"),
                CopyOptions::default(),
            )
            .unwrap();
        assert_eq!(copy.etag().as_str(), "e2fc714c4727ee9395f324cd2e7f331f");
    });
}

#[test]
fn bad_completions() {
    both(|store| {
        store.set_min_part_size(3);
        let (id, named) = upload(store, &[(1, "ab"), (2, "xyz"), (3, "d")], None);
        let complete = |named: &[CompletedPart]| {
            store.complete_upload("bucket", "big", &id, named, &CompleteOptions::default())
        };
        let mut wrong = named.clone();
        wrong[1].etag = "0".repeat(32);
        let mut missing = named.clone();
        missing[1].number = 9;
        assert!(matches!(complete(&[]), Err(StoreError::NoParts)));
        assert!(matches!(
            complete(&named),
            Err(StoreError::PartTooSmall {
                number: 1,
                size: 2,
                minimum: 3
            })
        ));
        assert!(matches!(
            complete(&wrong[1..]),
            Err(StoreError::InvalidPart { number: 2 })
        ));
        assert!(matches!(
            complete(&missing[1..2]),
            Err(StoreError::InvalidPart { number: 9 })
        ));
        let reversed: Vec<_> = named[1..].iter().rev().cloned().collect();
        assert!(matches!(
            complete(&reversed),
            Err(StoreError::InvalidPartOrder)
        ));
        assert!(matches!(
            store.head("bucket", "big"),
            Err(StoreError::NoSuchKey { .. })
        ));
        // the upload is as it was
        assert_eq!(store.parts("bucket", "big", &id).unwrap().len(), 3);
        complete(&named[1..]).unwrap();
        assert!(store.uploads("bucket", "").unwrap().is_empty());
    });
}

#[test]
fn checksums_of_parts() {
    both(|store| {
        store.set_min_part_size(0);
        let full = Some((ChecksumAlgorithm::Crc32, ChecksumScope::FullObject));
        let (id, named) = upload(store, &[(1, "12345"), (2, "6789")], full);
        let options = CompleteOptions {
            checksums: [(ChecksumAlgorithm::Crc32, "AAAAAA==".to_owned())].into(),
            ..CompleteOptions::default()
        };
        assert!(matches!(
            store.complete_upload("bucket", "big", &id, &named, &options),
            Err(StoreError::BadDigest {
                algorithm: "CRC32",
                ..
            })
        ));
        let info = store
            .complete_upload("bucket", "big", &id, &named, &CompleteOptions::default())
            .unwrap();
        // 0xcbf43926
        assert_eq!(info.checksums()[&ChecksumAlgorithm::Crc32], "y/Q5Jg==");

        let composite = Some((ChecksumAlgorithm::Crc32, ChecksumScope::Composite));
        let (id, named) = upload(store, &[(1, "12345"), (2, "6789")], composite);
        let info = store
            .complete_upload("bucket", "big", &id, &named, &CompleteOptions::default())
            .unwrap();
        assert!(info.checksums()[&ChecksumAlgorithm::Crc32].ends_with("-2"));
        assert_eq!(info.checksum_scope(), ChecksumScope::Composite);
    });
}

#[test]
fn a_directory_is_found_again() {
    let dir = TempDir::new().unwrap();
    let (infos, id) = {
        let store = Store::directory(dir.path()).unwrap();
        store
            .create_bucket_in("bucket", Some("eu-west-1".to_owned()))
            .unwrap();
        for key in ["../../x", "a", "A", "long/".repeat(200).as_str()] {
            let options = PutOptions {
                checksums: vec![ChecksumAlgorithm::Crc32],
                ..PutOptions::default()
            };
            store
                .put("bucket", key, key.to_owned(), options.metadata("k", "v"))
                .unwrap();
        }
        store
            .put("bucket", "gone", "x", PutOptions::default())
            .unwrap();
        store
            .put("bucket", "a", "again", PutOptions::default())
            .unwrap();
        store.delete("bucket", "gone").unwrap();
        let (id, _) = upload(&store, &[(1, "part")], None);
        (store.list("bucket", "").unwrap(), id)
    };
    let before = data_files(dir.path());
    let store = Store::directory(dir.path()).unwrap();
    assert_eq!(
        store.bucket("bucket").unwrap().region.as_deref(),
        Some("eu-west-1")
    );
    assert_eq!(store.list("bucket", "").unwrap(), infos);
    assert_eq!(store.get("bucket", "a").unwrap().bytes, "again");
    assert_eq!(store.get("bucket", "A").unwrap().bytes, "A");
    assert_eq!(store.parts("bucket", "big", &id).unwrap()[0].size, 4);
    assert_eq!(data_files(dir.path()), before);
    // two files per object and part, and nothing else
    assert_eq!(before.len(), 2 * (4 + 1), "{before:?}");
}

#[test]
fn one_server_per_directory() {
    let dir = TempDir::new().unwrap();
    let first = Store::directory(dir.path()).unwrap();
    assert!(matches!(
        Store::directory(dir.path()),
        Err(StoreError::InUse { .. })
    ));
    drop(first);
    Store::directory(dir.path()).unwrap();
}

#[test]
fn unfinished_writes_leave_nothing() {
    let dir = TempDir::new().unwrap();
    let store = Store::directory(dir.path()).unwrap();
    store.create_bucket("bucket").unwrap();
    let mut writer = store
        .writer("bucket", "k", PutOptions::default(), Some(1 << 40))
        .unwrap();
    writer.write(Bytes::from(vec![7; 100_000])).unwrap();
    assert_eq!(data_files(dir.path()).len(), 1);
    drop(writer);
    let absent = || PutOptions {
        condition: WriteCondition::Matches("x".to_owned()),
        ..PutOptions::default()
    };
    assert!(store.put("bucket", "k", "x", absent()).is_err());
    assert_eq!(data_files(dir.path()), Vec::<String>::new());
}

#[test]
fn what_a_crash_leaves_is_not_seen() {
    let dir = TempDir::new().unwrap();
    {
        let store = Store::directory(dir.path()).unwrap();
        store.create_bucket("bucket").unwrap();
        store
            .put("bucket", "k", "whole", PutOptions::default())
            .unwrap();
    }
    let objects = dir.path().join("buckets/bucket/objects");
    // killed while writing, and between the rename of the bytes and that of the record
    fs::write(dir.path().join("tmp/0000"), "hal").unwrap();
    fs::create_dir(dir.path().join("tmp/bucket")).unwrap();
    fs::write(objects.join("k@0123"), "newer, but not committed").unwrap();
    fs::write(objects.join("new@0123"), "not committed").unwrap();
    let store = Store::directory(dir.path()).unwrap();
    assert_eq!(store.get("bucket", "k").unwrap().bytes, "whole");
    assert_eq!(store.list("bucket", "").unwrap().len(), 1);
    assert_eq!(data_files(dir.path()).len(), 2);
    assert!(!dir.path().join("tmp/bucket").exists());
}

#[test]
fn damage_is_reported_with_its_file() {
    let dir = TempDir::new().unwrap();
    {
        let store = Store::directory(dir.path()).unwrap();
        store.create_bucket("bucket").unwrap();
        store
            .put("bucket", "k", "whole", PutOptions::default())
            .unwrap();
    }
    let data = data_files(dir.path())
        .into_iter()
        .find(|name| !name.ends_with("@meta"))
        .unwrap();
    fs::write(dir.path().join(&data), "who").unwrap();
    let store = Store::directory(dir.path()).unwrap();
    let error = store.get("bucket", "k").unwrap_err().to_string();
    assert!(
        error.contains(&data) && error.contains("3 bytes"),
        "{error}"
    );
}

#[test]
fn concurrent_writers_of_one_key() {
    both(|store| {
        std::thread::scope(|scope| {
            for worker in 0..4_u8 {
                scope.spawn(move || {
                    for size in 1..20 {
                        store
                            .put("bucket", "k", vec![worker; size], PutOptions::default())
                            .unwrap();
                        let bytes = store.get("bucket", "k").unwrap().bytes;
                        assert!(bytes.iter().all(|byte| *byte == bytes[0]));
                    }
                });
            }
        });
        assert_eq!(store.list("bucket", "").unwrap().len(), 1);
    });
}
