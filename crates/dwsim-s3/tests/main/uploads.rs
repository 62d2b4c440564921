//! Uploads in parts.

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart},
};

use crate::harness::{Harness, code};

const MIB: usize = 1 << 20;

async fn begin(harness: &Harness) -> String {
    let created = harness
        .client
        .create_multipart_upload()
        .bucket("bucket")
        .key("big");
    let created = created
        .content_type("text/csv")
        .metadata("m", "1")
        .send()
        .await
        .unwrap();
    created.upload_id().unwrap().to_owned()
}

async fn part(harness: &Harness, id: &str, number: i32, bytes: Vec<u8>) -> CompletedPart {
    let upload = harness
        .client
        .upload_part()
        .bucket("bucket")
        .key("big")
        .upload_id(id);
    let upload = upload
        .part_number(number)
        .body(ByteStream::from(bytes))
        .send()
        .await
        .unwrap();
    CompletedPart::builder()
        .part_number(number)
        .e_tag(upload.e_tag().unwrap())
        .set_checksum_crc32(upload.checksum_crc32().map(str::to_owned))
        .build()
}

fn completed(parts: &[CompletedPart]) -> CompletedMultipartUpload {
    CompletedMultipartUpload::builder()
        .set_parts(Some(parts.to_vec()))
        .build()
}

#[tokio::test]
async fn parts_become_an_object() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let id = begin(&harness).await;
        let parts = [
            part(&harness, &id, 1, vec![b'a'; 5 * MIB]).await,
            part(&harness, &id, 2, vec![b'b'; 5 * MIB + 1]).await,
            part(&harness, &id, 9, b"tail".to_vec()).await,
        ];
        let listed = s3.list_parts().bucket("bucket").key("big").upload_id(&id);
        let listed = listed.max_parts(2).send().await.unwrap();
        assert_eq!(listed.parts().len(), 2);
        assert_eq!(listed.is_truncated(), Some(true));
        assert_eq!(listed.next_part_number_marker(), Some("2"));
        let uploads = s3
            .list_multipart_uploads()
            .bucket("bucket")
            .send()
            .await
            .unwrap();
        assert_eq!(uploads.uploads()[0].upload_id(), Some(id.as_str()));
        assert_eq!(
            code(s3.get_object().bucket("bucket").key("big").send().await),
            "NoSuchKey"
        );

        let complete = s3
            .complete_multipart_upload()
            .bucket("bucket")
            .key("big")
            .upload_id(&id);
        let done = complete
            .multipart_upload(completed(&parts))
            .send()
            .await
            .unwrap();
        assert!(done.e_tag().unwrap().ends_with("-3\""));
        let get = s3
            .get_object()
            .bucket("bucket")
            .key("big")
            .send()
            .await
            .unwrap();
        assert_eq!(get.content_type(), Some("text/csv"));
        assert_eq!(get.metadata().unwrap()["m"], "1");
        let bytes = get.body.collect().await.unwrap().into_bytes();
        assert_eq!(bytes.len(), 10 * MIB + 5);
        assert!(bytes.ends_with(b"btail"));
        let second = s3
            .get_object()
            .bucket("bucket")
            .key("big")
            .part_number(2)
            .send()
            .await
            .unwrap();
        assert_eq!(second.parts_count(), Some(3));
        assert_eq!(second.content_length(), Some(5 * MIB as i64 + 1));
        let uploads = s3
            .list_multipart_uploads()
            .bucket("bucket")
            .send()
            .await
            .unwrap();
        assert!(uploads.uploads().is_empty());
        if harness.dir.is_some() {
            assert_eq!(harness.data_files().len(), 2, "{:?}", harness.data_files());
        }
    }
}

#[tokio::test]
async fn bad_completions_are_refused() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let id = begin(&harness).await;
        let small = part(&harness, &id, 1, b"small".to_vec()).await;
        let last = part(&harness, &id, 2, b"last".to_vec()).await;
        let complete = |id: &str, parts: &[CompletedPart]| {
            let complete = s3.complete_multipart_upload().bucket("bucket").key("big");
            complete
                .upload_id(id)
                .multipart_upload(completed(parts))
                .send()
        };
        let both = [small.clone(), last.clone()];
        assert_eq!(code(complete(&id, &both).await), "EntityTooSmall");
        let reversed = [last.clone(), small.clone()];
        assert_eq!(code(complete(&id, &reversed).await), "InvalidPartOrder");
        let unknown = CompletedPart::builder()
            .part_number(3)
            .e_tag("\"x\"")
            .build();
        assert_eq!(code(complete(&id, &[unknown]).await), "InvalidPart");
        assert_eq!(code(complete("none", &both).await), "NoSuchUpload");
        s3.abort_multipart_upload()
            .bucket("bucket")
            .key("big")
            .upload_id(&id)
            .send()
            .await
            .unwrap();
        assert_eq!(code(complete(&id, &both).await), "NoSuchUpload");
        let late = s3
            .upload_part()
            .bucket("bucket")
            .key("big")
            .upload_id(&id)
            .part_number(1);
        let late = late.body(ByteStream::from(vec![0; 10 * MIB])).send().await;
        assert_eq!(code(late), "NoSuchUpload");
        let zero = begin(&harness).await;
        let zero = s3
            .upload_part()
            .bucket("bucket")
            .key("big")
            .upload_id(zero)
            .part_number(0);
        assert_eq!(
            code(zero.body(ByteStream::from_static(b"")).send().await),
            "InvalidArgument"
        );
        assert_eq!(harness.data_files(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn copies_parts() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        let body = ByteStream::from(vec![b'x'; 6 * MIB]);
        s3.put_object()
            .bucket("bucket")
            .key("source")
            .body(body)
            .send()
            .await
            .unwrap();
        let id = begin(&harness).await;
        let copy = |number: i32, range: &str| {
            let copy = s3
                .upload_part_copy()
                .bucket("bucket")
                .key("big")
                .upload_id(&id);
            copy.part_number(number)
                .copy_source("bucket/source")
                .copy_source_range(range)
                .send()
        };
        let mut parts = Vec::new();
        for (number, range) in [(1, "bytes=0-5242879"), (2, "bytes=0-2")] {
            let copied = copy(number, range).await.unwrap();
            let etag = copied.copy_part_result().unwrap().e_tag().unwrap();
            parts.push(
                CompletedPart::builder()
                    .part_number(number)
                    .e_tag(etag)
                    .build(),
            );
        }
        for range in ["bytes=0-6291456", "bytes=0-", "bytes=-2", "0-2"] {
            assert_eq!(code(copy(3, range).await), "InvalidArgument", "{range}");
        }
        let complete = s3
            .complete_multipart_upload()
            .bucket("bucket")
            .key("big")
            .upload_id(&id);
        complete
            .multipart_upload(completed(&parts))
            .send()
            .await
            .unwrap();
        let head = s3
            .head_object()
            .bucket("bucket")
            .key("big")
            .send()
            .await
            .unwrap();
        assert_eq!(head.content_length(), Some(5 * MIB as i64 + 3));
    }
}

#[tokio::test]
async fn checksums() {
    for harness in Harness::both().await {
        let s3 = &harness.client;
        harness.store.set_min_part_size(0);
        for (scope, is_composite) in [
            (ChecksumType::Composite, true),
            (ChecksumType::FullObject, false),
        ] {
            let created = s3.create_multipart_upload().bucket("bucket").key("big");
            let created = created
                .checksum_algorithm(ChecksumAlgorithm::Crc32)
                .checksum_type(scope.clone());
            let id = created
                .send()
                .await
                .unwrap()
                .upload_id()
                .unwrap()
                .to_owned();
            let parts = [
                part(&harness, &id, 1, b"12345".to_vec()).await,
                part(&harness, &id, 2, b"6789".to_vec()).await,
            ];
            let complete = || {
                let complete = s3.complete_multipart_upload().bucket("bucket").key("big");
                complete.upload_id(&id).multipart_upload(completed(&parts))
            };
            let wrong = complete().checksum_crc32("AAAAAA==").send().await;
            assert_eq!(code(wrong), "BadDigest");
            let done = complete().send().await.unwrap();
            let value = done.checksum_crc32().unwrap();
            assert_eq!(value.ends_with("-2"), is_composite, "{value}");
            assert_eq!(value == "y/Q5Jg==", !is_composite);
            assert_eq!(done.checksum_type(), Some(&scope));
        }
    }
}
