"""Commits to Snowflake before the server is killed, and what is there afterwards."""

import os
import sys
import tempfile

import snowflake.connector

from common import SNOWFLAKE, equal

connection = snowflake.connector.connect(
    account="dwsim", user="dev", password="dev", host=SNOWFLAKE["host"], port=SNOWFLAKE["port"], protocol="http"
)
cursor = connection.cursor()


def rows(statement):
    return cursor.execute(statement).fetchall()


if sys.argv[2] == "write":
    rows("create database kept")
    rows("use schema kept.public")
    rows("create table t (id number autoincrement, name varchar, doc variant, at timestamp_tz) comment = 'kept'")
    rows("insert into t (name, doc, at) select 'a', parse_json('{\"k\": [1, 2]}'), '2024-02-29 12:00:00 +0200'")
    rows("create sequence s increment 5 start 10")
    equal(rows("select s.nextval"), [(10,)])
    rows("insert into t (name) select 'b' || s.nextval")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.csv")
        with open(path, "w") as file:
            file.write("x,1\ny,2\n")
        rows("create stage st")
        rows(f"put 'file://{path}' @st")
    rows("create table loaded (name varchar, n int)")
    rows("copy into loaded from @st")
    rows("create temporary table gone (n int)")
else:
    rows("use schema kept.public")
    equal(rows("select name, doc:k[1]::int, to_char(at, 'TZH') from t order by id"), [("a", 2, "+02"), ("b15", None, None)])
    equal(rows("select s.nextval"), [(20,)])
    equal([row[0] for row in rows("list @st")], ["st/rows.csv.gz"])
    # what was loaded is known to be loaded
    rows("copy into loaded from @st")
    equal(rows("select count(*), sum(n) from loaded"), [(2, 3)])
    equal([row[1] for row in rows("show tables")], ["LOADED", "T"])
