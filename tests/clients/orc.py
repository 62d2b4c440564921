"""ORC files as pyarrow writes them, loaded by both warehouses."""

import io
from datetime import date, datetime
from decimal import Decimal

import boto3
import pyarrow
import snowflake.connector
from common import ENDPOINTS, SNOWFLAKE, equal, fails, s3
from pyarrow import orc
from snowflake.connector.errors import ProgrammingError

table = pyarrow.table(
    {
        "id": pyarrow.array([1, 2, None], pyarrow.int32()),
        "name": ["Ann", "é", None],
        "price": pyarrow.array([Decimal("1.25"), Decimal("-99999.99"), None], pyarrow.decimal128(7, 2)),
        "ratio": [0.5, -1e300, None],
        "good": [True, False, None],
        "born": [date(2001, 2, 3), date(1582, 10, 15), None],
        # beyond what 64 bits of nanoseconds hold
        "seen": pyarrow.array([datetime(2020, 1, 2, 3, 4, 5, 678901), datetime(9999, 12, 31), None], pyarrow.timestamp("us")),
        "tags": [[1, 2], [], None],
    }
)
storage = s3()
storage.create_bucket(Bucket="orcs")
for codec in ("uncompressed", "snappy", "zlib", "lz4", "zstd"):
    buffer = io.BytesIO()
    orc.write_table(table, buffer, compression=codec)
    storage.put_object(Bucket="orcs", Key=f"good/{codec}.orc", Body=buffer.getvalue())
whole = buffer.getvalue()
half = len(whole) // 2
storage.put_object(Bucket="orcs", Key="bad/cut.orc", Body=whole[:-20])
storage.put_object(Bucket="orcs", Key="bad/flipped.orc", Body=whole[:3] + bytes(b ^ 255 for b in whole[3:half]) + whole[half:])

# Snowflake
connection = snowflake.connector.connect(
    account="any", user="any", password="any", host=SNOWFLAKE["host"], port=int(SNOWFLAKE["port"]), protocol="http"
)
cursor = connection.cursor()


def rows(statement):
    return cursor.execute(statement).fetchall()


rows("create database orcs")
rows("create file format orcs type = orc")
rows(
    """create stage files url = 's3://orcs/' credentials = (aws_key_id = 'any' aws_secret_key = 'secret')
    file_format = (format_name = orcs)"""
)
equal(
    rows("select $1:id, $1:name::varchar, $1:tags[1]::int from @files/good/zlib.orc order by 1"),
    [("1", "Ann", 2), ("2", "é", None), (None, None, None)],
)
inferred = rows("select column_name, type from table(infer_schema(location => '@files/good/', file_format => 'orcs')) order by order_id")
equal(
    inferred,
    [
        ("id", "NUMBER(38, 0)"),
        ("name", "TEXT"),
        ("price", "NUMBER(7, 2)"),
        ("ratio", "REAL"),
        ("good", "BOOLEAN"),
        ("born", "DATE"),
        ("seen", "TIMESTAMP_NTZ"),
        ("tags", "VARIANT"),
    ],
)
rows(
    """create table people (id int, name varchar, price number(7,2), ratio float, good boolean, born date, seen timestamp_ntz,
    tags variant)"""
)
copied = rows("copy into people from @files/good match_by_column_name = case_insensitive")
equal(sorted((r[0], r[1], r[3]) for r in copied), sorted((f"s3://orcs/good/{c}.orc", "LOADED", 3) for c in ("uncompressed", "snappy", "zlib", "lz4", "zstd")))
seen = rows("select distinct id, name, price, ratio, good, born, seen, to_json(tags) from people order by id")
equal(
    seen,
    [
        (1, "Ann", Decimal("1.25"), 0.5, True, date(2001, 2, 3), datetime(2020, 1, 2, 3, 4, 5, 678901), "[1,2]"),
        (2, "é", Decimal("-99999.99"), -1e300, False, date(1582, 10, 15), datetime(9999, 12, 31), "[]"),
        (None, None, None, None, None, None, None, None),
    ],
)
for bad in ("cut", "flipped"):
    error = fails(lambda: rows(f"copy into people from @files/bad/{bad}.orc match_by_column_name = case_insensitive"), ProgrammingError)
    assert "ORC" in str(error), error
equal(rows("select count(*) from people"), [(15,)])

# Redshift
data = boto3.client(
    "redshift-data",
    endpoint_url=ENDPOINTS["redshift_data"]["url"],
    aws_access_key_id="any",
    aws_secret_access_key="secret",
    region_name="us-east-1",
)


def done(sql):
    started = data.execute_statement(Sql=sql, ClusterIdentifier="any", Database="dev", DbUser="dev")
    while True:
        described = data.describe_statement(Id=started["Id"])
        if described["Status"] in ("FINISHED", "FAILED", "ABORTED"):
            return described


def answer(sql):
    described = done(sql)
    equal(described["Status"], "FINISHED", described.get("Error", ""))
    records = data.get_statement_result(Id=described["Id"])["Records"]
    return [[None if "isNull" in field else list(field.values())[0] for field in record] for record in records]


ROLE = "iam_role 'arn:aws:iam::123456789012:role/any'"
made = done(
    """create table people (id int, name varchar(10), price decimal(7,2), ratio float, good boolean, born date, seen timestamp,
    tags super)"""
)
equal(made["Status"], "FINISHED", made.get("Error", ""))
for codec in ("uncompressed", "snappy", "zlib", "lz4", "zstd"):
    loaded = done(f"copy people from 's3://orcs/good/{codec}.orc' {ROLE} format as orc serializetojson")
    equal(loaded["Status"], "FINISHED", loaded.get("Error", ""))
equal(
    answer("select id, name, price, good, born, seen, json_serialize(tags), count(*) from people group by 1, 2, 3, 4, 5, 6, 7 order by id"),
    [
        [1, "Ann", "1.25", True, "2001-02-03", "2020-01-02 03:04:05.678901", "[1,2]", 5],
        [2, "é", "-99999.99", False, "1582-10-15", "9999-12-31 00:00:00", "[]", 5],
        [None, None, None, None, None, None, None, 5],
    ],
)
for bad in ("cut", "flipped"):
    refused = done(f"copy people from 's3://orcs/bad/{bad}.orc' {ROLE} format orc serializetojson")
    equal(refused["Status"], "FAILED")
    assert "ORC" in refused["Error"], refused
narrow = done("create table narrow (id int)")
refused = done(f"copy narrow from 's3://orcs/good/zlib.orc' {ROLE} format orc")
assert "incompatible ORC schema: 8 columns in the file, 1 expected" in refused["Error"], refused
refused = done(f"copy people from 's3://orcs/good/zlib.orc' {ROLE} orc delimiter ','")
assert "DELIMITER argument is not supported for ORC" in refused["Error"], refused
