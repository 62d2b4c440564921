"""redshift_connector against the Redshift server: its own start-up, types, transactions, errors."""

import os
from datetime import date, datetime, timezone
from decimal import Decimal

import redshift_connector
import redshift_formats
import redshift_load
from common import ENDPOINTS, REDSHIFT, equal, fails

connection = redshift_connector.connect(
    host=REDSHIFT["host"],
    port=int(REDSHIFT["port"]),
    database="dev",
    user="dev",
    password="any",
    ssl=False,
)
connection.autocommit = True
cursor = connection.cursor()


def run(statement, parameters=()):
    return cursor.execute(statement, parameters)


def rows(statement, parameters=()):
    return run(statement, parameters).fetchall()


equal(list(rows("select current_database()")[0]), ["dev"])
run(
    """create table kinds (
        a smallint, b integer, c bigint, d decimal(12,3), e real, f double precision, g boolean,
        h varchar(20), i date, j timestamp, k timestamptz, l super
    )"""
)
row = [
    1,
    -2,
    2**40,
    Decimal("123456.789"),
    1.5,
    -0.1,
    True,
    "größe 😀",
    date(2024, 2, 29),
    datetime(2024, 2, 29, 12, 34, 56, 789000),
    datetime(2024, 2, 29, 12, 34, 56, tzinfo=timezone.utc),
]
marks = ", ".join(["%s"] * len(row))
run(f"insert into kinds select {marks}, json_parse('[1,2]')", tuple(row))
got = rows("select * from kinds")[0]
equal(list(got[:-1]), row)
equal(got[-1].replace(" ", ""), "[1,2]")
equal([column[0] for column in cursor.description], list("abcdefghijkl"))
run("insert into kinds (a) values (2)")
equal(list(rows("select * from kinds where a = 2")[0]), [2] + [None] * 11)
equal(list(rows("select 1/3, avg(x) from (select 1 as x union all select 2) t")[0]), [0, 1])

run("create table many (id int, name varchar(20))")
cursor.executemany("insert into many values (%s, %s)", [(n, f"n{n}") for n in range(50)])
equal(list(rows("select count(*), sum(id) from many")[0]), [50, 1225])
equal(len(rows("select * from many where id < %s", (10,))), 10)

# transactions
connection.autocommit = False
run("delete from many")
connection.rollback()
equal(list(rows("select count(*) from many")[0]), [50])
run("delete from many where id >= 10")
connection.commit()
equal(list(rows("select count(*) from many")[0]), [10])
connection.rollback()
connection.autocommit = True


def error(statement, word):
    fails(
        lambda: run(statement),
        redshift_connector.error.ProgrammingError,
        lambda raised: word in str(raised),
    )


error("selec 1", "42601")
error("select * from nowhere", "42P01")
error("select nothing from many", "42703")
error("select 1/0", "22012")
equal(list(rows("select 1")[0]), [1])

redshift_load.check(run, rows, error)
redshift_formats.check(run, rows, error)

# the driver's own questions about the catalog
tables = cursor.get_tables(table_name_pattern="many")
assert [row[2] for row in tables] == ["many"], tables
columns = cursor.get_columns(tablename_pattern="many")
equal([row[3] for row in columns], ["id", "name"])
connection.close()

# encrypted, and verified as the driver does by itself
os.environ["SSL_CERT_FILE"] = ENDPOINTS["redshift_authority"]
secure = redshift_connector.connect(
    host=REDSHIFT["host"], port=int(REDSHIFT["port"]), database="dev", user="dev", password="any"
)
equal(list(secure.cursor().execute("select 1").fetchall()[0]), [1])
secure.close()
