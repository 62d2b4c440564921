"""snowflake-connector-python, both generations, against the Snowflake server."""

import csv
import gzip
import json
import os
import tempfile
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import snowflake.connector
from common import S3, SNOWFLAKE, equal, fails, s3
from snowflake.connector.errors import ProgrammingError


def connect(**options):
    return snowflake.connector.connect(
        account="any",
        user="any",
        password="any",
        host=SNOWFLAKE["host"],
        port=int(SNOWFLAKE["port"]),
        protocol="http",
        **options,
    )


connection = connect()
cursor = connection.cursor()


def run(statement, parameters=None):
    return cursor.execute(statement, parameters)


def rows(statement, parameters=None):
    return run(statement, parameters).fetchall()


run("create database shop")
run("create schema shop.staging")
run("use schema shop.staging")
equal(rows("select current_database(), current_schema()"), [("SHOP", "STAGING")])

# every common type, there and back
run(
    """create table kinds (
        a number, b number(12,3), c float, d boolean, e varchar(20), f date, g time,
        h timestamp_ntz, i timestamp_ltz, j timestamp_tz, k binary, l variant
    )"""
)
row = (
    2**40,
    Decimal("123456.789"),
    -0.1,
    True,
    "größe 😀",
    date(2024, 2, 29),
    time(12, 34, 56, 789000),
    datetime(2024, 2, 29, 12, 34, 56, 789000),
)
run(
    """insert into kinds
       select %s, %s, %s, %s, %s, %s, %s, %s,
              '2024-02-29 12:00:00 +0000', '2024-02-29 12:00:00 +0530', to_binary('CAFE'),
              parse_json('{"a": [1, {"b": "c"}]}')""",
    row,
)
run("insert into kinds (a) values (0)")
got = rows("select * from kinds order by a desc")
equal(got[0][:8], row)
noon = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)
assert got[0][8] == noon and got[0][9] == noon - timedelta(hours=5, minutes=30), got[0]
equal(got[0][9].utcoffset(), timedelta(hours=5, minutes=30))
assert bytes(got[0][10]) == b"\xca\xfe", got[0]
equal(json.loads(got[0][11]), {"a": [1, {"b": "c"}]})
equal(got[1], (0,) + (None,) * 11)
equal([column.name for column in cursor.description], list("ABCDEFGHIJKL"))

# Snowflake's own arithmetic, paths and sugar
equal(rows("select 1/3"), [(Decimal("0.333333"),)])
equal(rows("select l:a[1].b::string, l:none from kinds where a > 0"), [("c", None)])
equal(
    rows("select f.value::int from kinds, lateral flatten(input => l:a) f where f.index = 0"),
    [(1,)],
)
equal(
    rows(
        """select column1 from values (1), (2), (3)
           qualify row_number() over (order by column1 desc) = 1"""
    ),
    [(3,)],
)

# many rows; counts of changed rows; transactions
run("create table many (id int, name varchar)")
cursor.executemany("insert into many values (%s, %s)", [(n, f"n{n}") for n in range(200)])
equal(cursor.rowcount, 200)
equal(rows("select count(*), sum(id) from many"), [(200, 19900)])
equal(run("delete from many where id >= 100").rowcount, 100)
equal(len(rows("select a.id from many a, many b")), 10_000)
run("begin")
run("delete from many")
run("rollback")
equal(rows("select count(*) from many"), [(100,)])
run(
    """merge into many t using (select 0 as id, 'changed' as name union all select 500, 'new') s
       on t.id = s.id
       when matched then update set name = s.name
       when not matched then insert (id, name) values (s.id, s.name)"""
)
equal(rows("select name from many where id in (0, 500) order by id"), [("changed",), ("new",)])
results = list(connection.execute_string("select 1 as a; select 2 as b"))
equal([result.fetchall() for result in results], [[(1,)], [(2,)]])

# an internal stage
with tempfile.TemporaryDirectory() as folder:
    for number in range(2):
        with open(os.path.join(folder, f"orders_{number}.csv"), "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "name"])
            writer.writerows([[n, f"name, {n}"] for n in range(number * 100, number * 100 + 100)])
    run("create stage inner_stage file_format = (type = csv skip_header = 1 field_optionally_enclosed_by = '\"')")
    uploaded = rows(f"put 'file://{folder}/orders_*.csv' @inner_stage/in overwrite = true")
    assert len(uploaded) == 2 and all("UPLOADED" in row for row in uploaded), uploaded
    listed = rows("list @inner_stage")
    equal([row[0] for row in listed], [f"inner_stage/in/orders_{n}.csv.gz" for n in range(2)])
    run("create table loaded (id int, name varchar)")
    copied = rows("copy into loaded from @inner_stage/in")
    equal(len(copied), 2)
    equal(rows("select count(*), max(name) from loaded where id < 10"), [(10, "name, 9")])
    # what was loaded is not loaded again
    rows("copy into loaded from @inner_stage/in")
    equal(rows("select count(*) from loaded"), [(200,)])
    target = os.path.join(folder, "back")
    os.mkdir(target)
    run(f"get @inner_stage/in/orders_0.csv.gz 'file://{target}/'")
    with gzip.open(os.path.join(target, "orders_0.csv.gz"), "rt") as file:
        equal(file.readline().strip(), "id,name")

# an external stage
client = s3()
client.create_bucket(Bucket="sf-staging")
client.put_object(Bucket="sf-staging", Key="in/a.csv", Body=b"1|one\n2|\n")
client.put_object(Bucket="sf-staging", Key="in/b.json", Body=b'{"id": 1}\n{"id": 2}\n')
client.put_object(Bucket="sf-staging", Key="broken/a.csv", Body=b"1|one\nx|two\n")
run(
    """create stage outer_stage url = 's3://sf-staging/'
       credentials = (aws_key_id = 'any' aws_secret_key = 'secret')"""
)
run("create table outer_loaded (id int, name varchar)")
run("copy into outer_loaded from @outer_stage/in/a.csv file_format = (type = csv field_delimiter = '|')")
equal(rows("select * from outer_loaded order by id"), [(1, "one"), (2, None)])
run("create table documents (doc variant)")
run("copy into documents from @outer_stage/in/b.json file_format = (type = json)")
equal(rows("select sum(doc:id::int) from documents"), [(3,)])


def error(statement, errno, word=""):
    raised = fails(lambda: run(statement), ProgrammingError, lambda e: e.errno == errno and word in str(e))
    assert raised.sfqid, "an error names its query"


error(
    "copy into outer_loaded from @outer_stage/broken file_format = (type = csv field_delimiter = '|')",
    100038,
    "not recognized",
)
equal(rows("select count(*) from outer_loaded"), [(2,)])
error("select * from nowhere", 2003, "NOWHERE")
error("select nothing from many", 904, "NOTHING")
error("selec 1", 1003)
error("select 1/0", 100051, "Division by zero")
error("create table many (id int)", 2002, "already exists")
error("select no_such_function(1)", 2140, "NO_SUCH_FUNCTION")
equal(rows("select 1"), [(1,)])

# other ways to read a result
with connection.cursor(snowflake.connector.DictCursor) as by_name:
    equal(by_name.execute("select 1 as a, 'x' as \"b\"").fetchall(), [{"A": 1, "b": "x"}])
described = cursor.describe("select id, name from many")
equal([column.name for column in described], ["ID", "NAME"])

# another session sees what is committed, and its own schema
second = connect(database="shop", schema="staging")
equal(second.cursor().execute("select count(*) from many").fetchall(), [(101,)])
second.close()
connection.close()
