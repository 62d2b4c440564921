//! Put, get, head, copy, delete, conditions, checksums, tags, buckets.

use aws_sdk_s3::{
    primitives::{ByteStream, DateTime},
    types::{
        BucketLocationConstraint, ChecksumAlgorithm, ChecksumMode, CreateBucketConfiguration,
        Delete, MetadataDirective, ObjectIdentifier, Tag, Tagging,
    },
};
use dwsim_s3::{PutOptions, S3Options, Store};

use crate::harness::{Harness, code};

#[tokio::test]
async fn put_get_head_delete() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        for key in ["plain.csv", "a/b//c/", "../up", "ü ñ+&?=%/😀.txt", "/lead"] {
            let put = s3
                .put_object()
                .bucket("bucket")
                .key(key)
                .body(ByteStream::from_static(b"hello"))
                .content_type("text/plain")
                .metadata("origin", "test")
                .send()
                .await
                .unwrap();
            assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
            assert_eq!(put.checksum_crc32(), Some("NhCmhg=="));
            // what the client wrote is there for those who share the process
            assert_eq!(harness.store.get("bucket", key).unwrap().bytes, "hello");

            let head = s3
                .head_object()
                .bucket("bucket")
                .key(key)
                .send()
                .await
                .unwrap();
            assert_eq!(head.content_length(), Some(5));
            assert_eq!(head.content_type(), Some("text/plain"));
            assert_eq!(head.metadata().unwrap()["origin"], "test");

            let get = s3
                .get_object()
                .bucket("bucket")
                .key(key)
                .checksum_mode(ChecksumMode::Enabled)
                .send()
                .await
                .unwrap();
            assert_eq!(get.checksum_crc32(), Some("NhCmhg=="));
            assert_eq!(
                get.last_modified().unwrap().secs(),
                head.last_modified().unwrap().secs()
            );
            assert_eq!(get.body.collect().await.unwrap().into_bytes(), "hello");

            s3.delete_object()
                .bucket("bucket")
                .key(key)
                .send()
                .await
                .unwrap();
            s3.delete_object()
                .bucket("bucket")
                .key(key)
                .send()
                .await
                .unwrap();
            let get = s3.get_object().bucket("bucket").key(key).send().await;
            assert_eq!(code(get), "NoSuchKey");
        }
        let head = s3.head_object().bucket("bucket").key("none").send().await;
        assert!(head.unwrap_err().into_service_error().is_not_found());
        assert_eq!(harness.data_files(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_empty_object_and_a_large_one() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let large: Vec<u8> = (0..7_000_003_u32)
            .flat_map(|n| n.to_le_bytes()[..1].to_vec())
            .collect();
        for (key, bytes) in [("empty", vec![]), ("large", large)] {
            let body = ByteStream::from(bytes.clone());
            s3.put_object()
                .bucket("bucket")
                .key(key)
                .body(body)
                .send()
                .await
                .unwrap();
            let get = s3
                .get_object()
                .bucket("bucket")
                .key(key)
                .send()
                .await
                .unwrap();
            assert_eq!(get.content_length(), Some(bytes.len() as i64));
            assert!(
                get.body.collect().await.unwrap().into_bytes() == bytes,
                "{key}"
            );
        }
    }
}

#[tokio::test]
async fn ranges() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let body = ByteStream::from_static(b"0123456789");
        s3.put_object()
            .bucket("bucket")
            .key("k")
            .body(body)
            .send()
            .await
            .unwrap();
        for (range, expected, content_range) in [
            ("bytes=0-0", "0", "bytes 0-0/10"),
            ("bytes=2-5", "2345", "bytes 2-5/10"),
            ("bytes=7-", "789", "bytes 7-9/10"),
            ("bytes=-3", "789", "bytes 7-9/10"),
            ("bytes=5-100", "56789", "bytes 5-9/10"),
            ("bytes=-100", "0123456789", "bytes 0-9/10"),
        ] {
            let get = s3
                .get_object()
                .bucket("bucket")
                .key("k")
                .range(range)
                .send()
                .await
                .unwrap();
            assert_eq!(get.content_range(), Some(content_range), "{range}");
            assert_eq!(
                get.body.collect().await.unwrap().into_bytes(),
                expected,
                "{range}"
            );
        }
        for range in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            let get = s3
                .get_object()
                .bucket("bucket")
                .key("k")
                .range(range)
                .send()
                .await;
            assert_eq!(code(get), "InvalidRange", "{range}");
        }
    }
}

#[tokio::test]
async fn conditions_of_reads() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let body = ByteStream::from_static(b"x");
        let put = s3
            .put_object()
            .bucket("bucket")
            .key("k")
            .body(body)
            .send()
            .await
            .unwrap();
        let etag = put.e_tag().unwrap();
        let head = s3
            .head_object()
            .bucket("bucket")
            .key("k")
            .send()
            .await
            .unwrap();
        let modified = *head.last_modified().unwrap();
        let before = DateTime::from_secs(modified.secs() - 10);
        let get = || s3.get_object().bucket("bucket").key("k");

        get().if_match(etag).send().await.unwrap();
        get().if_none_match("\"other\"").send().await.unwrap();
        get().if_modified_since(before).send().await.unwrap();
        get().if_unmodified_since(modified).send().await.unwrap();
        // an entity tag that matches outweighs the time
        get()
            .if_match(etag)
            .if_unmodified_since(before)
            .send()
            .await
            .unwrap();

        assert_eq!(
            code(get().if_match("\"other\"").send().await),
            "PreconditionFailed"
        );
        assert_eq!(
            code(get().if_unmodified_since(before).send().await),
            "PreconditionFailed"
        );
        for not_modified in [
            get().if_none_match(etag).send().await,
            get().if_modified_since(modified).send().await,
        ] {
            let error = not_modified.unwrap_err();
            let response = error.raw_response().unwrap();
            assert_eq!(response.status().as_u16(), 304);
            assert_eq!(response.headers().get("etag"), Some(etag));
        }
    }
}

#[tokio::test]
async fn conditions_of_writes() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let put = |body: &'static [u8]| {
            s3.put_object()
                .bucket("bucket")
                .key("k")
                .body(ByteStream::from_static(body))
        };
        let first = put(b"1").if_none_match("*").send().await.unwrap();
        assert_eq!(
            code(put(b"2").if_none_match("*").send().await),
            "PreconditionFailed"
        );
        assert_eq!(
            code(put(b"2").if_match("\"other\"").send().await),
            "PreconditionFailed"
        );
        put(b"2")
            .if_match(first.e_tag().unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(harness.store.get("bucket", "k").unwrap().bytes, "2");
    }
}

#[tokio::test]
async fn every_checksum_algorithm() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        for algorithm in [
            ChecksumAlgorithm::Crc32,
            ChecksumAlgorithm::Crc32C,
            ChecksumAlgorithm::Crc64Nvme,
            ChecksumAlgorithm::Sha1,
            ChecksumAlgorithm::Sha256,
        ] {
            for size in [5, 300_000] {
                let put = s3
                    .put_object()
                    .bucket("bucket")
                    .key("k")
                    .checksum_algorithm(algorithm.clone())
                    .body(ByteStream::from(vec![b'x'; size]))
                    .send()
                    .await
                    .unwrap();
                let echoed = [
                    put.checksum_crc32(),
                    put.checksum_crc32_c(),
                    put.checksum_crc64_nvme(),
                    put.checksum_sha1(),
                    put.checksum_sha256(),
                ];
                assert_eq!(echoed.iter().flatten().count(), 1, "{algorithm}");
                // the SDK compares the checksum of what it reads
                let get = s3.get_object().bucket("bucket").key("k");
                let get = get
                    .checksum_mode(ChecksumMode::Enabled)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(get.body.collect().await.unwrap().into_bytes().len(), size);
            }
        }
    }
}

#[tokio::test]
async fn wrong_digests_leave_nothing() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        for size in [5, 300_000] {
            let put = || {
                let body = ByteStream::from(vec![b'x'; size]);
                s3.put_object().bucket("bucket").key("k").body(body)
            };
            assert_eq!(
                code(put().checksum_crc32("AAAAAA==").send().await),
                "BadDigest"
            );
            assert_eq!(
                code(put().checksum_crc32("no").send().await),
                "InvalidRequest"
            );
            let md5 = put().content_md5("AAAAAAAAAAAAAAAAAAAAAA==");
            assert_eq!(code(md5.send().await), "BadDigest");
            assert_eq!(code(put().content_md5("no").send().await), "InvalidDigest");
        }
        assert!(harness.store.list("bucket", "").unwrap().is_empty());
        assert_eq!(harness.data_files(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn copies() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let put = s3
            .put_object()
            .bucket("bucket")
            .key("from ü/a")
            .metadata("m", "1");
        let put = put
            .tagging("t=1&u=a%20b")
            .body(ByteStream::from_static(b"x"));
        let put = put.send().await.unwrap();
        let source = "bucket/from%20%C3%BC/a";
        let copy = s3
            .copy_object()
            .copy_source(source)
            .bucket("bucket")
            .key("to");
        let copy = copy.send().await.unwrap();
        assert_eq!(copy.copy_object_result().unwrap().e_tag(), put.e_tag());
        let head = s3
            .head_object()
            .bucket("bucket")
            .key("to")
            .send()
            .await
            .unwrap();
        assert_eq!(head.metadata().unwrap()["m"], "1");
        let tags = s3
            .get_object_tagging()
            .bucket("bucket")
            .key("to")
            .send()
            .await
            .unwrap();
        assert_eq!(tags.tag_set()[1].value(), "a b");

        let again = || {
            s3.copy_object()
                .copy_source("bucket/to")
                .bucket("bucket")
                .key("to")
        };
        assert_eq!(code(again().send().await), "InvalidRequest");
        let replace = again()
            .metadata_directive(MetadataDirective::Replace)
            .metadata("m", "2");
        replace.send().await.unwrap();
        let head = s3
            .head_object()
            .bucket("bucket")
            .key("to")
            .send()
            .await
            .unwrap();
        assert_eq!(head.metadata().unwrap()["m"], "2");

        let missing = s3
            .copy_object()
            .copy_source("bucket/none")
            .bucket("bucket")
            .key("to");
        assert_eq!(code(missing.send().await), "NoSuchKey");
        let missing = s3
            .copy_object()
            .copy_source(source)
            .bucket("no-bucket")
            .key("to");
        assert_eq!(code(missing.send().await), "NoSuchBucket");
        let condition = s3
            .copy_object()
            .copy_source(source)
            .bucket("bucket")
            .key("to");
        let condition = condition.copy_source_if_match("\"other\"");
        assert_eq!(code(condition.send().await), "PreconditionFailed");
    }
}

#[tokio::test]
async fn tags() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let body = ByteStream::from_static(b"x");
        s3.put_object()
            .bucket("bucket")
            .key("k")
            .body(body)
            .send()
            .await
            .unwrap();
        let tag = |key: &str| Tag::builder().key(key).value("v").build().unwrap();
        let tagging = |keys: &[&str]| {
            let tags = keys.iter().map(|key| tag(key)).collect();
            Tagging::builder().set_tag_set(Some(tags)).build().unwrap()
        };
        let put = |keys: &[&str]| {
            s3.put_object_tagging()
                .bucket("bucket")
                .key("k")
                .tagging(tagging(keys))
                .send()
        };
        put(&["a", "b"]).await.unwrap();
        let get = s3
            .get_object()
            .bucket("bucket")
            .key("k")
            .send()
            .await
            .unwrap();
        assert_eq!(get.tag_count(), Some(2));
        assert_eq!(code(put(&["a", "a"]).await), "InvalidTag");
        s3.delete_object_tagging()
            .bucket("bucket")
            .key("k")
            .send()
            .await
            .unwrap();
        let tags = s3
            .get_object_tagging()
            .bucket("bucket")
            .key("k")
            .send()
            .await
            .unwrap();
        assert!(tags.tag_set().is_empty());
    }
}

#[tokio::test]
async fn deletes_many() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        for n in 0..1000 {
            harness
                .store
                .put("bucket", &format!("k&{n}"), "", PutOptions::default())
                .unwrap();
            if harness.dir.is_some() && n == 20 {
                break;
            }
        }
        let objects = (0..1000).map(|n| {
            ObjectIdentifier::builder()
                .key(format!("k&{n}"))
                .build()
                .unwrap()
        });
        let delete = Delete::builder()
            .set_objects(Some(objects.collect()))
            .build()
            .unwrap();
        let deleted = s3
            .delete_objects()
            .bucket("bucket")
            .delete(delete)
            .send()
            .await
            .unwrap();
        assert_eq!(deleted.deleted().len(), 1000);
        assert!(harness.store.list("bucket", "").unwrap().is_empty());
    }
}

#[tokio::test]
async fn buckets() {
    for harness in [Harness::memory().await, Harness::directory().await] {
        let s3 = &harness.client;
        let create = |name: &str| s3.create_bucket().bucket(name);
        create("first").send().await.unwrap();
        create("first").send().await.unwrap();
        let ireland = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::EuWest1)
            .build();
        create("second")
            .create_bucket_configuration(ireland.clone())
            .send()
            .await
            .unwrap();
        let again = create("second")
            .create_bucket_configuration(ireland)
            .send()
            .await;
        assert_eq!(code(again), "BucketAlreadyOwnedByYou");
        assert_eq!(code(create("Not_Legal").send().await), "InvalidBucketName");

        let list = s3.list_buckets().send().await.unwrap();
        let names: Vec<_> = list
            .buckets()
            .iter()
            .filter_map(|bucket| bucket.name())
            .collect();
        assert_eq!(names, ["first", "second"]);

        let location = |name: &str| s3.get_bucket_location().bucket(name).send();
        let constraint = location("second").await.unwrap();
        assert_eq!(
            constraint.location_constraint(),
            Some(&BucketLocationConstraint::EuWest1)
        );
        assert_eq!(code(location("third").await), "NoSuchBucket");
        s3.head_bucket().bucket("first").send().await.unwrap();
        assert!(
            s3.head_bucket()
                .bucket("third")
                .send()
                .await
                .unwrap_err()
                .into_service_error()
                .is_not_found()
        );
        let versioning = s3
            .get_bucket_versioning()
            .bucket("first")
            .send()
            .await
            .unwrap();
        assert_eq!(versioning.status(), None);
        let policy = s3.get_bucket_policy().bucket("first").send().await;
        assert_eq!(code(policy), "NoSuchBucketPolicy");

        harness
            .store
            .put("first", "k", "", PutOptions::default())
            .unwrap();
        assert_eq!(
            code(s3.delete_bucket().bucket("first").send().await),
            "BucketNotEmpty"
        );
        s3.delete_object()
            .bucket("first")
            .key("k")
            .send()
            .await
            .unwrap();
        s3.delete_bucket().bucket("first").send().await.unwrap();
        assert_eq!(
            code(s3.delete_bucket().bucket("first").send().await),
            "NoSuchBucket"
        );
    }
}

#[tokio::test]
async fn a_missing_bucket_is_an_error_unless_asked_otherwise() {
    let harness = Harness::memory().await;
    let put = |harness: &Harness, size: usize| {
        let body = ByteStream::from(vec![0; size]);
        harness
            .client
            .put_object()
            .bucket("new-bucket")
            .key("k")
            .body(body)
            .send()
    };
    for size in [1, 10_000_000] {
        assert_eq!(code(put(&harness, size).await), "NoSuchBucket");
    }
    let options = S3Options {
        auto_create_buckets: true,
        ..S3Options::default()
    };
    let harness = Harness::start(Store::memory(), None, options).await;
    put(&harness, 1).await.unwrap();
    assert_eq!(harness.store.list("new-bucket", "").unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_done_says_so() {
    let [harness, _] = Harness::both().await;
    let s3 = &harness.client;
    let acl = s3.get_bucket_acl().bucket("bucket").send().await;
    assert_eq!(code(acl), "NotImplemented");
    let put = s3
        .put_object()
        .bucket("bucket")
        .key("k")
        .sse_customer_algorithm("AES256");
    let put = put
        .sse_customer_key("a")
        .sse_customer_key_md5("b")
        .send()
        .await;
    assert_eq!(code(put), "NotImplemented");
    let version = s3
        .get_object()
        .bucket("bucket")
        .key("k")
        .version_id("v1")
        .send()
        .await;
    assert_eq!(code(version), "NoSuchVersion");
}

#[tokio::test]
async fn virtual_host_style() {
    let [harness, _] = Harness::both().await;
    harness
        .store
        .put("bucket", "a/b", "x", PutOptions::default())
        .unwrap();
    // in raw HTTP, as the name need not resolve here
    let host = format!("bucket.localhost:{}", harness.address.port());
    let answer = crate::raw::send(
        harness.address,
        format!("GET /a/b HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nx"),
        "{answer}"
    );
}

#[tokio::test]
async fn events_reach_those_who_share_the_process() {
    let [harness, _] = Harness::both().await;
    let mut events = harness.store.subscribe();
    let put = harness.client.put_object().bucket("bucket").key("k");
    put.body(ByteStream::from_static(b"x"))
        .send()
        .await
        .unwrap();
    let dwsim_s3::StoreEvent::ObjectCreated { object, .. } = events.recv().await.unwrap() else {
        panic!("another event");
    };
    assert_eq!((object.key(), object.size()), ("k", 1));
}
