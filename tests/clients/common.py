"""What the client scripts share: endpoints, S3, and checks that say what they expected."""

import json
import sys

import boto3
from botocore.config import Config

ENDPOINTS = json.loads(sys.argv[1])
REDSHIFT = ENDPOINTS["redshift"]
SNOWFLAKE = ENDPOINTS["snowflake"]
S3 = ENDPOINTS["s3"]


def s3(**config):
    """A client with credentials that nobody knows, as any are accepted."""
    return boto3.client(
        "s3",
        endpoint_url=S3["url"],
        aws_access_key_id="any",
        aws_secret_access_key="secret",
        region_name="us-east-1",
        config=Config(**config),
    )


def equal(actual, expected, what=""):
    """Equal in value and, as drivers differ in it, in the types of all values."""
    assert actual == expected and types(actual) == types(expected), (
        f"{what}\n  expected {expected!r}\n  got      {actual!r}"
    )


def types(value):
    if isinstance(value, (list, tuple)):
        return [types(item) for item in value]
    return type(value)


def fails(call, error, check=None):
    """The error that a call must raise."""
    try:
        result = call()
    except error as raised:
        if check is not None:
            assert check(raised), f"another error than expected: {raised!r} {vars(raised)!r}"
        return raised
    raise AssertionError(f"should have failed with {error.__name__}, got {result!r}")
