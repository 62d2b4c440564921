//! Requests made at random of true pieces: every one is answered, none with an internal error.

use proptest::{prelude::*, test_runner::TestRunner};

use crate::{harness::Harness, raw};

fn request() -> impl Strategy<Value = String> {
    let method = prop_oneof![
        Just("GET"),
        Just("PUT"),
        Just("POST"),
        Just("DELETE"),
        Just("HEAD"),
        Just("OPTIONS")
    ];
    let path = prop_oneof![
        Just("/".to_owned()),
        Just("/bucket".to_owned()),
        Just("/bucket/k".to_owned()),
        "/bucket/[a-z./%0-9+-]{0,12}",
        "/[a-zA-Z_.-]{0,8}/[a-z]{0,3}",
    ];
    let parameter = prop_oneof![
        Just("uploads".to_owned()),
        Just("uploadId=x".to_owned()),
        Just("partNumber=1".to_owned()),
        Just("delete".to_owned()),
        Just("list-type=2".to_owned()),
        Just("tagging".to_owned()),
        Just("versioning".to_owned()),
        Just("acl".to_owned()),
        Just("max-keys=99999999999".to_owned()),
        Just("continuation-token=%00".to_owned()),
        Just("encoding-type=url".to_owned()),
        Just("X-Amz-Signature=0&X-Amz-Date=20260101T000000Z&X-Amz-Expires=1".to_owned()),
        "[a-z-]{1,8}=[%0-9a-f]{0,6}",
    ];
    let header = prop_oneof![
        Just("Range: bytes=0-1".to_owned()),
        "Range: [bytes=0-9,-]{0,12}",
        Just("If-Match: *".to_owned()),
        "If-(None-)?Match: [\"a-z*]{0,4}",
        "If-(Un)?[mM]odified-Since: [A-Za-z0-9 ,:]{0,30}",
        Just("x-amz-copy-source: bucket/k".to_owned()),
        "x-amz-copy-source: [a-z/%0-9?=]{0,12}",
        "x-amz-checksum-crc32: [A-Za-z=]{0,8}",
        Just("x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned()),
        "x-amz-decoded-content-length: [0-9a]{0,4}",
        "x-amz-tagging: [a-z=&%0-9]{0,12}",
        "Content-MD5: [A-Za-z=]{0,24}",
        "Content-Type: [a-z/;=-]{0,20}",
        Just("Authorization: AWS4-HMAC-SHA256 nonsense".to_owned()),
        "Host: [a-z.:0-9]{0,20}",
    ];
    let body = prop_oneof![
        Just(String::new()),
        Just("<Delete><Object><Key>k</Key></Object></Delete>".to_owned()),
        Just("<Tagging><TagSet/></Tagging>".to_owned()),
        Just("5\r\nhello\r\n0\r\n\r\n".to_owned()),
        "[<>a-zA-Z/]{0,30}",
    ];
    (
        method,
        path,
        proptest::collection::vec(parameter, 0..4),
        proptest::collection::vec(header, 0..4),
        body,
    )
        .prop_map(|(method, path, parameters, headers, body)| {
            let query = if parameters.is_empty() {
                String::new()
            } else {
                format!("?{}", parameters.join("&"))
            };
            let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
            format!(
                "{method} {path}{query} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
                body.len()
            )
        })
}

#[test]
fn every_request_is_answered() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [harness, _] = runtime.block_on(Harness::both());
    let config = ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&request(), |request| {
        let answer = runtime.block_on(raw::send(harness.address, request.as_bytes()));
        let status = answer.split(' ').nth(1).unwrap_or_default();
        prop_assert!(
            matches!(status.as_bytes().first(), Some(b'2' | b'3' | b'4')) || status == "501",
            "{request}\n---\n{answer}"
        );
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(async { harness.client.list_buckets().send().await.unwrap() });
}
