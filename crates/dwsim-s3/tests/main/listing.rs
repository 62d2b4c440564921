//! Listings: both versions of the API, pages, delimiters, keys that XML cannot hold.

use aws_sdk_s3::types::EncodingType;
use dwsim_s3::PutOptions;

use crate::harness::{Harness, code};

fn fill(harness: &Harness, keys: impl IntoIterator<Item = String>) {
    for key in keys {
        harness
            .store
            .put("bucket", &key, "x", PutOptions::default())
            .unwrap();
    }
}

#[tokio::test]
async fn pages() {
    let [harness, _] = Harness::both().await;
    let s3 = &harness.client;
    fill(&harness, (0..2345).map(|n| format!("k{n:04}")));

    let mut pages = s3
        .list_objects_v2()
        .bucket("bucket")
        .into_paginator()
        .send();
    let mut sizes = Vec::new();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.key_count().unwrap());
        keys.extend(
            page.contents()
                .iter()
                .map(|object| object.key().unwrap().to_owned()),
        );
    }
    assert_eq!(sizes, [1000, 1000, 345]);
    assert_eq!(
        keys,
        (0..2345).map(|n| format!("k{n:04}")).collect::<Vec<_>>()
    );

    let few = s3
        .list_objects_v2()
        .bucket("bucket")
        .start_after("k0009")
        .max_keys(2);
    let few = few.fetch_owner(true).send().await.unwrap();
    let shown: Vec<_> = few
        .contents()
        .iter()
        .map(|object| object.key().unwrap())
        .collect();
    assert_eq!(shown, ["k0010", "k0011"]);
    assert_eq!(few.contents()[0].size(), Some(1));
    assert!(few.contents()[0].owner().is_some());
    let none = s3
        .list_objects_v2()
        .bucket("bucket")
        .max_keys(0)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (none.is_truncated(), none.key_count()),
        (Some(false), Some(0))
    );

    let first = s3
        .list_objects()
        .bucket("bucket")
        .max_keys(3)
        .send()
        .await
        .unwrap();
    assert_eq!(first.is_truncated(), Some(true));
    let second = s3
        .list_objects()
        .bucket("bucket")
        .marker("k0002")
        .max_keys(1)
        .send()
        .await
        .unwrap();
    assert_eq!(second.contents()[0].key(), Some("k0003"));

    let wrong = s3
        .list_objects_v2()
        .bucket("bucket")
        .continuation_token("?")
        .send()
        .await;
    assert_eq!(code(wrong), "InvalidArgument");
    let wrong = s3
        .list_objects_v2()
        .bucket("bucket")
        .max_keys(-1)
        .send()
        .await;
    assert_eq!(code(wrong), "InvalidArgument");
    let wrong = s3.list_objects_v2().bucket("none").send().await;
    assert_eq!(code(wrong), "NoSuchBucket");
}

#[tokio::test]
async fn delimiters() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        fill(
            &harness,
            ["a/1", "a/2", "a/b/3", "c", "d/4"].map(str::to_owned),
        );
        let list = s3
            .list_objects_v2()
            .bucket("bucket")
            .delimiter("/")
            .send()
            .await
            .unwrap();
        let prefixes: Vec<_> = list
            .common_prefixes()
            .iter()
            .map(|p| p.prefix().unwrap())
            .collect();
        assert_eq!(prefixes, ["a/", "d/"]);
        assert_eq!(list.contents().len(), 1);
        assert_eq!(list.key_count(), Some(3));
        let list = s3
            .list_objects()
            .bucket("bucket")
            .delimiter("/")
            .prefix("a/")
            .max_keys(2);
        let list = list.send().await.unwrap();
        assert_eq!(list.next_marker(), Some("a/2"));
        let rest = s3
            .list_objects()
            .bucket("bucket")
            .delimiter("/")
            .prefix("a/")
            .marker("a/2");
        let rest = rest.send().await.unwrap();
        assert_eq!(rest.common_prefixes()[0].prefix(), Some("a/b/"));
        let versions = s3
            .list_object_versions()
            .bucket("bucket")
            .prefix("c")
            .send()
            .await
            .unwrap();
        assert_eq!(versions.versions()[0].version_id(), Some("null"));
    }
}

#[tokio::test]
async fn odd_keys() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let keys = ["<&>\"'", "a b+c%20", "ü/😀", "\u{1}\n"];
        fill(&harness, keys.map(str::to_owned));
        let list = s3
            .list_objects_v2()
            .bucket("bucket")
            .encoding_type(EncodingType::Url);
        let list = list.send().await.unwrap();
        let mut shown: Vec<_> = list
            .contents()
            .iter()
            .map(|object| object.key().unwrap())
            .collect();
        shown.sort_unstable();
        assert_eq!(
            shown,
            [
                "%01%0A",
                "%3C%26%3E%22%27",
                "%C3%BC/%F0%9F%98%80",
                "a%20b%2Bc%2520"
            ]
        );
        harness.store.delete("bucket", "\u{1}\n").unwrap();
        let list = s3.list_objects_v2().bucket("bucket").send().await.unwrap();
        let shown: Vec<_> = list
            .contents()
            .iter()
            .map(|object| object.key().unwrap())
            .collect();
        assert_eq!(shown, ["<&>\"'", "a b+c%20", "ü/😀"]);
    }
}
