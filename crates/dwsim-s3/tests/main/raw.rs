//! What no SDK would send: garbage, half requests, other encodings of bodies, presigned URLs.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use aws_sdk_s3::{presigning::PresigningConfig, primitives::ByteStream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{Harness, code};

/// Sends bytes, and reads until the server closes.
pub async fn send(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // the server may close while garbage is still on its way
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request that closes its connection.
fn request(line: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n{body}")
        .into_bytes()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

#[tokio::test]
async fn garbage_does_not_stop_the_server() {
    let [harness, _] = Harness::both().await;
    for garbage in [
        &b"\0\xff\xfe garbage\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PUT /bucket/k HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"PUT /bucket/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let answer = send(harness.address, garbage).await;
        assert!(
            answer.is_empty() || status(&answer).starts_with('4'),
            "{answer}"
        );
    }
    for (line, expected) in [
        ("GET /%FF%FE", "400"),
        ("GET /bucket/%zz", "400"),
        ("PATCH /bucket/k", "501"),
        ("POST /bucket/k", "501"),
        ("POST /", "501"),
        ("OPTIONS *", "400"),
        ("GET /bucket?list-type=2&max-keys=x", "400"),
        ("GET /bucket/k?X-Amz-Signature=x", "400"),
        ("GET /b", "400"),
    ] {
        let answer = send(harness.address, &request(line, "", "")).await;
        assert!(
            status(&answer).starts_with(&expected[..1]),
            "{line}: {answer}"
        );
        assert!(!status(&answer).starts_with("500"), "{line}: {answer}");
    }
    let bad_xml = request("POST /bucket?delete", "Content-Length: 5\r\n", "<oops");
    assert_eq!(status(&send(harness.address, &bad_xml).await), "400");
    harness.client.list_buckets().send().await.unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_in_mid_upload_leaves_nothing() {
    let harness = Harness::directory().await;
    harness.store.create_bucket("bucket").unwrap();
    let mut stream = TcpStream::connect(harness.address).await.unwrap();
    let head = b"PUT /bucket/k HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50000000\r\n\r\n";
    stream.write_all(head).await.unwrap();
    stream.write_all(&vec![7; 5_000_000]).await.unwrap();
    let wait = |some: bool| {
        let harness = &harness;
        async move {
            for _ in 0..500 {
                if harness.data_files().is_empty() != some {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("files: {:?}", harness.data_files());
        }
    };
    wait(true).await;
    drop(stream);
    wait(false).await;
    assert!(harness.store.list("bucket", "").unwrap().is_empty());
}

#[tokio::test]
async fn bodies() {
    for harness in Harness::both().await {
        let put = |headers: &str, body: &str| {
            let request = request("PUT /bucket/k", headers, body);
            async move { send(harness.address, &request).await }
        };
        let get = || harness.store.get("bucket", "k").unwrap();
        // anonymous and plain
        assert_eq!(status(&put("Content-Length: 5\r\n", "plain").await), "200");
        assert_eq!(get().bytes, "plain");
        // signed in chunks, with the signatures of another secret
        let chunked = "5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n";
        let headers = |length: usize, more: &str| {
            format!(
                "Content-Length: {length}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00\r\n{more}"
            )
        };
        let streaming = "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\nx-amz-decoded-content-length: 5\r\nContent-Encoding: aws-chunked,gzip\r\n";
        assert_eq!(
            status(&put(&headers(chunked.len(), streaming), chunked).await),
            "200"
        );
        assert_eq!(get().bytes, "hello");
        assert_eq!(
            get().info.attributes().content_encoding.as_deref(),
            Some("gzip")
        );
        // chunks with a trailer, sent in chunks of HTTP as well
        let trailing = "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nx-amz-decoded-content-length: 5\r\nx-amz-trailer: x-amz-checksum-crc32\r\nTransfer-Encoding: chunked\r\n";
        let body = |checksum: &str| {
            let inner = format!("5\r\nhello\r\n0\r\n{checksum}\r\n\r\n");
            format!("{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len())
        };
        let answer = put(trailing, &body("x-amz-checksum-crc32:NhCmhg==")).await;
        assert_eq!(status(&answer), "200", "{answer}");
        assert!(
            answer.contains("x-amz-checksum-crc32: NhCmhg=="),
            "{answer}"
        );

        let etag = get().info.etag().clone();
        let wrong_length = streaming.replace("length: 5", "length: 6");
        let sha256 = "Content-Length: 1\r\nx-amz-content-sha256: 0000000000000000000000000000000000000000000000000000000000000000\r\n";
        for (headers, body, expected) in [
            (
                trailing.to_owned(),
                body("x-amz-checksum-crc32:AAAAAA=="),
                "BadDigest",
            ),
            (
                trailing.to_owned(),
                body("x-amz-checksum-crc32:nope"),
                "InvalidRequest",
            ),
            (trailing.to_owned(), body("other:1"), "InvalidRequest"),
            (
                headers(chunked.len(), &wrong_length),
                chunked.to_owned(),
                "IncompleteBody",
            ),
            (
                headers(7, streaming),
                "5\r\nhell".to_owned(),
                "IncompleteBody",
            ),
            (headers(5, streaming), "hello".to_owned(), "IncompleteBody"),
            (
                headers(7, streaming),
                "x\r\nhell".to_owned(),
                "InvalidRequest",
            ),
            (
                sha256.to_owned(),
                "x".to_owned(),
                "XAmzContentSHA256Mismatch",
            ),
            (
                "Transfer-Encoding: chunked\r\n".to_owned(),
                "1\r\nx\r\n0\r\n\r\n".to_owned(),
                "MissingContentLength",
            ),
        ] {
            let answer = put(&headers, &body).await;
            assert!(
                answer.contains(&format!("<Code>{expected}</Code>")),
                "{expected}: {answer}"
            );
        }
        assert_eq!(get().info.etag(), &etag);
    }
}

#[tokio::test]
async fn a_refused_upload_is_not_asked_for() {
    let [harness, _] = Harness::both().await;
    let headers = "Content-Length: 10000000\r\nExpect: 100-continue\r\n";
    let refused = send(harness.address, &request("PUT /no-bucket/k", headers, "")).await;
    assert_eq!(status(&refused), "404", "{refused}");
    let mut stream = TcpStream::connect(harness.address).await.unwrap();
    let taken = request(
        "PUT /bucket/k",
        "Content-Length: 5\r\nExpect: 100-continue\r\n",
        "",
    );
    stream.write_all(&taken).await.unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert_eq!(status(&rest), "200");
}

#[tokio::test]
async fn presigned_urls() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let body = ByteStream::from_static(b"x");
        s3.put_object()
            .bucket("bucket")
            .key("a b")
            .body(body)
            .send()
            .await
            .unwrap();
        let get = |start: SystemTime| {
            let config = PresigningConfig::builder()
                .start_time(start)
                .expires_in(Duration::from_secs(60));
            s3.get_object()
                .bucket("bucket")
                .key("a b")
                .presigned(config.build().unwrap())
        };
        let fetch = |url: String| {
            let path = url
                .split_once("//")
                .and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()))
                .unwrap();
            let request = request(&format!("GET {path}"), "", "");
            async move { send(harness.address, &request).await }
        };
        let url = get(SystemTime::now()).await.unwrap();
        let answer = fetch(url.uri().to_owned()).await;
        assert!(
            status(&answer) == "200" && answer.ends_with("\r\n\r\nx"),
            "{answer}"
        );
        let old = get(SystemTime::now() - Duration::from_secs(3600))
            .await
            .unwrap();
        let answer = fetch(old.uri().to_owned()).await;
        assert!(
            answer.contains("<Code>AccessDenied</Code>") && answer.contains("expired"),
            "{answer}"
        );

        let config = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
        let put = s3
            .put_object()
            .bucket("bucket")
            .key("put")
            .presigned(config)
            .await
            .unwrap();
        let path = put
            .uri()
            .split_once(&harness.address.to_string())
            .unwrap()
            .1;
        let request = request(&format!("PUT {path}"), "Content-Length: 3\r\n", "new");
        let answer = send(harness.address, &request).await;
        assert_eq!(status(&answer), "200", "{answer}");
        assert_eq!(harness.store.get("bucket", "put").unwrap().bytes, "new");
        // as the SDK for JavaScript signs it: metadata, and the checksum of no body
        let more = format!(
            "{path}&x-amz-meta-m=a%20b&x-amz-checksum-crc32=AAAAAA%3D%3D&X-Amz-Sdk-Checksum-Algorithm=CRC32"
        );
        let request = self::request(&format!("PUT {more}"), "Content-Length: 3\r\n", "js!");
        let answer = send(harness.address, &request).await;
        assert_eq!(status(&answer), "200", "{answer}");
        let object = harness.store.get("bucket", "put").unwrap();
        assert_eq!(object.bytes, "js!");
        assert_eq!(object.info.attributes().metadata["m"], "a b");
    }
}

#[tokio::test]
async fn a_stopped_server_lets_go_of_its_port() {
    use dwsim_s3::{S3Options, S3Server, Store};
    use tokio_util::sync::CancellationToken;

    let server = S3Server::bind("127.0.0.1:0", Store::memory(), S3Options::default())
        .await
        .unwrap();
    let address = server.local_addr();
    let taken = S3Server::bind(address, Store::memory(), S3Options::default()).await;
    assert_eq!(taken.err().unwrap().kind(), std::io::ErrorKind::AddrInUse);
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(server.run(shutdown.clone()));
    // an idle connection does not keep it
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    shutdown.cancel();
    running.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn no_operation_on_a_missing_bucket_succeeds() {
    let harness = Harness::memory().await;
    let s3 = &harness.client;
    assert_eq!(
        code(s3.get_object().bucket("none").key("k").send().await),
        "NoSuchBucket"
    );
    assert_eq!(
        code(s3.delete_object().bucket("none").key("k").send().await),
        "NoSuchBucket"
    );
    assert_eq!(
        code(s3.list_objects().bucket("none").send().await),
        "NoSuchBucket"
    );
    assert_eq!(
        code(s3.list_multipart_uploads().bucket("none").send().await),
        "NoSuchBucket"
    );
    assert_eq!(
        code(
            s3.create_multipart_upload()
                .bucket("none")
                .key("k")
                .send()
                .await
        ),
        "NoSuchBucket"
    );
}
