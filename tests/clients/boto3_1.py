"""boto3 against the S3 server, with its defaults."""

import io
import os
import urllib.error
import urllib.request

from botocore.exceptions import ClientError
from common import equal, fails, s3


def code(wanted):
    return lambda error: error.response["Error"]["Code"] == wanted


client = s3()
client.create_bucket(Bucket="shop")

# objects in one piece and, above 8 MB, in parts
small = client.put_object(Bucket="shop", Key="small", Body=b"small", ContentType="text/plain", Metadata={"a": "b"})
assert small["ChecksumCRC32"], small
large = os.urandom(20 * 1024 * 1024 + 3)
client.upload_fileobj(io.BytesIO(large), "shop", "parts/large")
head = client.head_object(Bucket="shop", Key="parts/large", ChecksumMode="ENABLED")
equal(head["ContentLength"], len(large))
assert head["ETag"].endswith('-3"') and head["ChecksumType"] == "COMPOSITE", head
back = io.BytesIO()
client.download_fileobj("shop", "parts/large", back)
assert back.getvalue() == large
part = client.get_object(Bucket="shop", Key="parts/large", Range="bytes=100-199")
equal(part["ContentRange"], f"bytes 100-199/{len(large)}")
assert part["Body"].read() == large[100:200]
got = client.get_object(Bucket="shop", Key="small")
equal((got["Body"].read(), got["ContentType"], got["Metadata"]), (b"small", "text/plain", {"a": "b"}))
client.copy({"Bucket": "shop", "Key": "parts/large"}, "shop", "copied")
assert client.get_object(Bucket="shop", Key="copied")["Body"].read() == large

# signed payloads, no checksums, another addressing style
s3(s3={"payload_signing_enabled": True}).put_object(Bucket="shop", Key="signed", Body=large)
s3(request_checksum_calculation="when_required").put_object(Bucket="shop", Key="bare", Body=large)
equal(client.head_object(Bucket="shop", Key="bare")["ContentLength"], len(large))
equal(s3(s3={"addressing_style": "path"}).list_objects_v2(Bucket="shop", MaxKeys=2)["KeyCount"], 2)

# presigned URLs of both signature versions
for version in ("s3", "s3v4"):
    signer = s3(signature_version=version)
    url = signer.generate_presigned_url("get_object", {"Bucket": "shop", "Key": "small"}, ExpiresIn=60)
    equal(urllib.request.urlopen(url).read(), b"small", version)
    url = signer.generate_presigned_url("put_object", {"Bucket": "shop", "Key": "a b/ü"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(url, data=b"put", method="PUT"))
    equal(client.get_object(Bucket="shop", Key="a b/ü")["Body"].read(), b"put", version)
    client.delete_object(Bucket="shop", Key="a b/ü")

# listings
keys = [f"list/{n:04} +&ü" for n in range(1203)]
for key in keys:
    client.put_object(Bucket="shop", Key=key, Body=b"")
for operation in ("list_objects_v2", "list_objects"):
    pages = client.get_paginator(operation).paginate(Bucket="shop", Prefix="list/")
    equal([entry["Key"] for page in pages for entry in page["Contents"]], keys, operation)
folders = client.list_objects_v2(Bucket="shop", Delimiter="/")["CommonPrefixes"]
equal([folder["Prefix"] for folder in folders], ["list/", "parts/"])

# errors
fails(lambda: client.get_object(Bucket="shop", Key="none"), client.exceptions.NoSuchKey)
fails(lambda: client.head_object(Bucket="shop", Key="none"), ClientError, code("404"))
fails(lambda: client.put_object(Bucket="none", Key="k", Body=large), ClientError, code("NoSuchBucket"))
fails(lambda: client.delete_bucket(Bucket="shop"), ClientError, code("BucketNotEmpty"))
fails(lambda: client.get_bucket_acl(Bucket="shop"), ClientError, code("NotImplemented"))
fails(
    lambda: client.get_object(Bucket="shop", Key="small", IfNoneMatch=small["ETag"]),
    ClientError,
    code("304"),
)
fails(
    lambda: client.put_object(Bucket="shop", Key="small", Body=b"x", IfNoneMatch="*"),
    ClientError,
    code("PreconditionFailed"),
)

client.delete_objects(Bucket="shop", Delete={"Objects": [{"Key": key} for key in keys[:1000]]})
for entry in client.list_objects_v2(Bucket="shop")["Contents"]:
    client.delete_object(Bucket="shop", Key=entry["Key"])
client.delete_bucket(Bucket="shop")
