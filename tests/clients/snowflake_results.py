"""What snowflake-connector-python, both generations, has besides SQL: Arrow and pandas, bulk binding, statements that
run meanwhile, several in one, cancelling, and logins without a password."""

import threading
import time
from datetime import date, datetime
from decimal import Decimal

import pandas
import pyarrow
import snowflake.connector
from common import SNOWFLAKE, equal, fails
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake.connector.errors import DatabaseError, ProgrammingError
from snowflake.connector.pandas_tools import write_pandas

PLACE = {
    "account": "any",
    "user": "any",
    "host": SNOWFLAKE["host"],
    "port": int(SNOWFLAKE["port"]),
    "protocol": "http",
}


def connect(**options):
    return snowflake.connector.connect(**PLACE, **{"password": "any", **options})


connection = connect()
cursor = connection.cursor()


def rows(statement, parameters=None):
    return cursor.execute(statement, parameters).fetchall()


rows("create database results")

# Arrow
table = cursor.execute(
    """select column1::int as n, column2::number(9,2) as d, column3::varchar as s, column4::float as f,
              column5::boolean as b, column6::date as day, column7::timestamp_ntz(6) as at
       from values (1, 1.5, 'a', 0.25, true, '2024-02-29', '2024-01-01 01:02:03.5'), (null, null, null, null, null, null, null)
       order by 1 nulls last"""
).fetch_arrow_all()
assert isinstance(table, pyarrow.Table), table
equal(table.column_names, ["N", "D", "S", "F", "B", "DAY", "AT"])
first, second = table.to_pylist()
equal(list(second.values()), [None] * 7)
equal((int(first["N"]), Decimal(first["D"]), first["S"], first["F"]), (1, Decimal("1.50"), "a", 0.25))
equal((first["B"], first["DAY"]), (True, date(2024, 2, 29)))
equal(pandas.Timestamp(first["AT"]).to_pydatetime(), datetime(2024, 1, 1, 1, 2, 3, 500000))
cursor.execute("select seq8() as n, 'x' || seq8() as s from table(generator(rowcount => 250000)) order by 1")
batches = list(cursor.fetch_arrow_batches())
assert len(batches) > 1, "a large result comes in parts"
equal(sum(batch.num_rows for batch in batches), 250_000)
cursor.execute("select 1 as n where false")
equal(cursor.fetch_arrow_all(), None)
empty = cursor.execute("select 1 as n where false").fetch_arrow_all(force_return_table=True)
equal((empty.num_rows, empty.column_names), (0, ["N"]))

# pandas
frame = cursor.execute("select column1 as a, column2 as b from values (2, 'y'), (1, 'x') order by 1").fetch_pandas_all()
equal(frame.to_dict("list"), {"A": [1, 2], "B": ["x", "y"]})
cursor.execute("select seq8() as n from table(generator(rowcount => 250000))")
equal(sum(len(part) for part in cursor.fetch_pandas_batches()), 250_000)
frame = pandas.DataFrame(
    {
        "id": [1, 2, 3],
        "name": ["a", None, "it's"],
        "x": [1.5, None, -0.5],
        "flag": [True, False, True],
        "at": pandas.to_datetime(["2024-01-01 00:00:01", None, "2024-01-03 00:00:00"]).astype("datetime64[us]"),
    }
)
wrote = write_pandas(connection, frame, "frame", auto_create_table=True, use_logical_type=True)
equal(wrote[:3], (True, 1, 3))
equal(
    [(row[0], row[1]) for row in rows('describe table "frame"')],
    [("id", "NUMBER(38,0)"), ("name", "VARCHAR(16777216)"), ("x", "FLOAT"), ("flag", "BOOLEAN"), ("at", "TIMESTAMP_NTZ(9)")],
)
equal(
    rows('select * from "frame" order by "id"'),
    [(1, "a", 1.5, True, datetime(2024, 1, 1, 0, 0, 1)), (2, None, None, False, None), (3, "it's", -0.5, True, datetime(2024, 1, 3))],
)
equal(write_pandas(connection, frame, "frame", chunk_size=2, use_logical_type=True)[:3], (True, 2, 3))
equal(rows('select count(*) from "frame"'), [(6,)])
write_pandas(connection, frame, "frame", overwrite=True, use_logical_type=True)
equal(rows('select count(*) from "frame"'), [(3,)])
upper = frame[["id", "name"]].rename(columns=str.upper)
rows("create table upper_case (id int, name varchar)")
write_pandas(connection, upper, "UPPER_CASE")
equal(rows("select sum(id), count(name) from upper_case"), [(6, 2)])

# bound values, many at a time
rows("create table bound (n int, s varchar, d number(9,2), b binary, at timestamp_ntz, flag boolean)")
value = (1, "größe", Decimal("1.25"), b"\xca\xfe", datetime(2024, 2, 29, 1, 2, 3, 456), True)
cursor.executemany("insert into bound values (%s, %s, %s, %s, %s, %s)", [value, (None,) * 6])
equal(cursor.rowcount, 2)
binding = connect(paramstyle="qmark", database="results", schema="public")
bound = binding.cursor()
bound.executemany("insert into bound values (?, ?, ?, ?, ?, ?)", [value, (2, *value[1:]), (None,) * 6])
equal(bound.rowcount, 3)
# binary values are bytes or bytearray
plain = [row[:3] + (bytes(row[3]),) + row[4:] for row in bound.execute("select * from bound where n is not null order by n")]
equal(plain, [value, value, (2, *value[1:])])
bound.executemany("insert into bound (n, s) values (?, ?)", [(n, f"n{n}") for n in range(100, 20_100)])
equal(bound.rowcount, 20_000)
equal(bound.execute("select count(*), sum(n) from bound where n >= ?", (100,)).fetchone(), (20_000, 201_990_000))
equal(bound.execute("select * from identifier(?) where n = ?", ("bound", 100)).fetchone()[:2], (100, "n100"))
binding.close()

# several statements in one
cursor.execute("select 1 as a; select 'x' as b; create table made (a int)", num_statements=3)
equal(cursor.fetchall(), [(1,)])
assert cursor.nextset()
equal(cursor.fetchall(), [("x",)])
assert cursor.nextset()
equal(cursor.fetchall(), [("Table MADE successfully created.",)])
assert not cursor.nextset()
error = fails(lambda: cursor.execute("select 1; select 2"), ProgrammingError)
equal(error.errno, 8)

# statements that run meanwhile
started = cursor.execute_async("select system$wait(1), 7")
query = cursor.sfqid
equal(started["queryId"], query)
assert connection.is_still_running(connection.get_query_status(query))
cursor.get_results_from_sfqid(query)
equal(cursor.fetchall()[0][1], 7)
equal(connection.get_query_status(query).name, "SUCCESS")
cursor.execute_async("select 1/0")
failing = cursor.sfqid
while connection.is_still_running(connection.get_query_status(failing)):
    time.sleep(0.05)
fails(lambda: connection.get_query_status_throw_if_error(failing), ProgrammingError, lambda e: e.errno == 100051)
equal(rows(f"select * from table(result_scan('{query}'))")[0][1], 7)

# cancelling: by time, by hand, and from another session
other = connect()
session = rows("select current_session()")[0][0]


def endless():
    """A statement that waits, then one that computes."""
    yield "select system$wait(600)"
    yield "select max(random()) from table(generator(rowcount => 1000000)) a, table(generator(rowcount => 1000000)) b"


def cancelled(call):
    error = fails(call, ProgrammingError)
    equal((error.errno, "cancel" in str(error).lower()), (604, True))


def stop_session():
    while other.cursor().execute(f"select system$cancel_all_queries({session})").fetchone() != ("1 cancelled.",):
        time.sleep(0.05)


def start(statement):
    cursor.execute_async(statement)
    while not connection.is_still_running(connection.get_query_status(cursor.sfqid)):
        time.sleep(0.05)
    return cursor.sfqid


def ended(query, stop):
    # it is told apart from one that has not begun only after it has
    while connection.is_still_running(connection.get_query_status(query)):
        stop(query)
        time.sleep(0.05)
    assert connection.is_an_error(connection.get_query_status(query))


for statement in endless():
    if snowflake.connector.__version__.startswith("4."):
        # later ones take this argument and do nothing about it
        cancelled(lambda: cursor.execute(statement, timeout=1))
    stopping = threading.Thread(target=stop_session)
    stopping.start()
    cancelled(lambda: cursor.execute(statement))
    stopping.join()
    ended(start(statement), lambda query: other.cursor().execute(f"select system$cancel_query('{query}')"))
    ended(start(statement), other.cursor().abort_query)
    rows("alter session set statement_timeout_in_seconds = 1")
    equal(fails(lambda: rows(statement), ProgrammingError).errno, 630)
    rows("alter session unset statement_timeout_in_seconds")
# what was cancelled leaves the threads to others
equal(rows("select max(seq8()) from table(generator(rowcount => 200000))"), [(199_999,)])

# a key pair, and a token
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
with snowflake.connector.connect(**PLACE, private_key=der) as keyed:
    equal(keyed.cursor().execute("select current_user()").fetchall(), [("ANY",)])
with snowflake.connector.connect(**PLACE, authenticator="oauth", token="any") as trusted:
    equal(trusted.cursor().execute("select current_user()").fetchall(), [("ANY",)])
closed = connect()
closed.close()
fails(lambda: closed.cursor(), DatabaseError)
other.close()
connection.close()
