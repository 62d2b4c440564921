"""Commits to Redshift before the server is killed, and what is there afterwards."""

import sys

import psycopg

from common import REDSHIFT, equal

connection = psycopg.connect(REDSHIFT["url"], autocommit=True)


def rows(statement):
    return connection.execute(statement).fetchall()


if sys.argv[2] == "write":
    connection.execute("create schema kept")
    connection.execute(
        "create table kept.t (id int identity(1, 1), name varchar(20), price decimal(10, 2), doc super, at timestamp)"
        " diststyle key distkey (name) sortkey (at)"
    )
    for number in range(20):
        connection.execute(
            "insert into kept.t (name, price, doc, at)"
            f" values ('n{number}', {number}.25, json_parse('{{\"k\": [{number}]}}'), '2024-02-29 12:00:00')"
        )
    connection.execute("delete from kept.t where name = 'n3'")
    connection.execute("create view kept.v as select name, doc.k[0] as k from kept.t")
    connection.execute("create temp table gone (n int)")
    with connection.transaction():
        connection.execute("update kept.t set price = 0 where name = 'n4'")
    connection.execute("begin")
    connection.execute("delete from kept.t")
    # never committed: the server is killed with this transaction open
else:
    equal(rows("select count(*), sum(price) from kept.t")[0][0], 19)
    equal([str(value) for value in rows("select price from kept.t where name in ('n4', 'n5') order by name")[0]], ["0.00"])
    equal(rows("select k::int from kept.v where name = 'n7'"), [(7,)])
    equal(rows("select count(*) from pg_table_def where tablename = 'gone'"), [(0,)])
    connection.execute("insert into kept.t (name) values ('later')")
    later = rows("select id from kept.t where name = 'later'")[0][0]
    assert later > 20, f"an identity value came twice: {later}"
