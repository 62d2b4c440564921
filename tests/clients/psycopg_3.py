"""psycopg 3 against the Redshift server: text and binary, parameters, transactions, errors, cancel."""

import threading
import time
from datetime import date, datetime, timezone
from decimal import Decimal

import psycopg
import redshift_load
from common import REDSHIFT, equal, fails


def connect(**options):
    return psycopg.connect(
        host=REDSHIFT["host"],
        port=REDSHIFT["port"],
        dbname="dev",
        user="dev",
        password="any",
        **options,
    )


connection = connect(autocommit=True)
run = connection.execute

assert "Redshift" in run("select version()").fetchone()[0]
equal(run("select current_database(), current_user").fetchone(), ("dev", "dev"))

# every common type, there and back
run(
    """create table kinds (
        a smallint, b integer, c bigint, d decimal(12,3), e real, f double precision, g boolean,
        h char(4), i varchar(20), j date, k timestamp, l timestamptz
    )"""
)
row = (
    1,
    -2,
    2**40,
    Decimal("123456.789"),
    1.5,
    -0.1,
    True,
    "ab",
    "größe 😀",
    date(2024, 2, 29),
    datetime(2024, 2, 29, 12, 34, 56, 789000),
    datetime(2024, 2, 29, 12, 34, 56, tzinfo=timezone.utc),
)
marks = ", ".join(["%s"] * len(row))
run(f"insert into kinds values ({marks})", row)
run(f"insert into kinds values ({marks})", (None,) * len(row))
for binary in (False, True):
    with connection.cursor(binary=binary) as cursor:
        got = list(cursor.execute("select * from kinds where a = %s", (1,)).fetchone())
        got[7] = got[7].rstrip()
        equal(tuple(got), row, f"binary={binary}")
        equal(cursor.execute("select * from kinds where a is null").fetchone(), (None,) * len(row))
names = [column.name for column in run("select * from kinds").description]
equal(names, list("abcdefghijkl"))

# Redshift's own arithmetic
equal(run("select 1/3, avg(x) from (select 1 as x union all select 2) t").fetchone(), (0, 1))
equal(run("select listagg(i, ',') within group (order by i) from kinds").fetchone(), ("größe 😀",))
equal(run("select datediff(day, '2024-02-28'::date, '2024-03-01'::date)").fetchone(), (2,))
run("create table documents (id int, doc super)")
run("insert into documents select 1, json_parse('{\"a\": {\"b\": [1, 2]}}')")
equal(run("select doc.a.b[1]::int from documents").fetchone(), (2,))

# many rows, batches, prepared statements
run("create table many (id int, name varchar(20))")
with connection.cursor() as cursor:
    cursor.executemany("insert into many values (%s, %s)", [(n, f"n{n}") for n in range(200)])
equal(run("select count(*), sum(id) from many").fetchone(), (200, 19900))
for n in range(10):
    equal(run("select name from many where id = %s", (n,), prepare=True).fetchone(), (f"n{n}",))

# transactions
other = connect()
other.execute("insert into many values (1000, 'uncommitted')")
equal(run("select count(*) from many where id = 1000").fetchone(), (0,))
other.rollback()
other.execute("insert into many values (1000, 'committed')")
other.commit()
equal(run("select name from many where id = 1000").fetchone(), ("committed",))
fails(lambda: other.execute("select * from nowhere"), psycopg.errors.UndefinedTable)
fails(lambda: other.execute("select 1"), psycopg.errors.InFailedSqlTransaction)
other.rollback()
equal(other.execute("select 1").fetchone(), (1,))
other.close()

# errors
fails(lambda: run("selec 1"), psycopg.errors.SyntaxError)
fails(lambda: run("select nothing from many"), psycopg.errors.UndefinedColumn)
fails(lambda: run("select 1/0"), psycopg.errors.DivisionByZero)
fails(lambda: run("create table many (id int)"), psycopg.errors.DuplicateTable)
fails(lambda: run("select no_such_function(1)"), psycopg.errors.UndefinedFunction)
run("create table strict (id int not null)")
fails(lambda: run("insert into strict values (null)"), psycopg.Error)
equal(run("select 1").fetchone(), (1,))


def error(statement, word):
    fails(lambda: run(statement), psycopg.Error, lambda raised: word in str(raised))


redshift_load.check(run, lambda statement: run(statement).fetchall(), error)

# a query that would take for ever can be stopped
endless = """
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000000)
    select count(*) from n a, n b
"""
threading.Thread(target=lambda: (time.sleep(0.5), connection.cancel_safe())).start()
fails(lambda: run(endless), psycopg.errors.QueryCanceled)
equal(run("select 1").fetchone(), (1,))
connection.close()
