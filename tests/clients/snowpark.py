"""Snowpark against the Snowflake server: data frames, tables, stages, procedures, pandas."""

import csv
import json
import os
import tempfile
from datetime import date, datetime, time
from decimal import Decimal

import pandas
import snowflake.connector
from common import SNOWFLAKE, equal, fails
from snowflake.snowpark import Row, Session, Window
from snowflake.snowpark import functions as f
from snowflake.snowpark import types as t
from snowflake.snowpark.exceptions import SnowparkSQLException

OPTIONS = {
    "account": "any",
    "user": "any",
    "password": "any",
    "host": SNOWFLAKE["host"],
    "port": int(SNOWFLAKE["port"]),
    "protocol": "http",
}
connection = snowflake.connector.connect(paramstyle="qmark", **OPTIONS)
session = Session.builder.configs({"connection": connection}).create()


def rows(frame):
    """Plain tuples, as rows equal tuples of any types."""
    return [tuple(row) for row in frame.collect()]


def run(statement, *parameters):
    return [tuple(row) for row in session.sql(statement, params=list(parameters)).collect()]


run("create database lake")
session.use_schema("lake.public")
equal(session.get_fully_qualified_current_schema(), '"LAKE"."PUBLIC"')
equal(session.get_current_role(), '"ACCOUNTADMIN"')

# frames of values
named = session.create_dataframe([[1, "a", 1.5], [2, None, 2.5], [3, "c", None]], schema=["id", "name", "x"])
equal(
    named.schema,
    t.StructType(
        [t.StructField("ID", t.LongType()), t.StructField("NAME", t.StringType()), t.StructField("X", t.DoubleType())]
    ),
)
equal(rows(named), [(1, "a", 1.5), (2, None, 2.5), (3, "c", None)])
kinds = session.create_dataframe(
    [[date(2024, 2, 29), datetime(2024, 1, 1, 1, 2, 3, 456), time(1, 2, 3), Decimal("1.50"), True, b"ab", [1], {"a": 1}]],
    schema=["d", "ts", "t", "n", "flag", "b", "list", "map"],
)
(kind,) = kinds.collect()
equal(tuple(kind)[:5], (date(2024, 2, 29), datetime(2024, 1, 1, 1, 2, 3, 456), time(1, 2, 3), Decimal("1.5"), True))
equal((bytes(kind.B), json.loads(kind.LIST), json.loads(kind.MAP)), (b"ab", [1], {"a": 1}))
many = session.create_dataframe([[n, f"n{n}"] for n in range(3000)], schema=["a", "b"])
equal(rows(many.agg(f.sum("a"), f.count("b"), f.max("b"))), [(4498500, 3000, "n999")])
equal(rows(session.range(1, 100, 5).agg(f.count("id"), f.sum("id"))), [(20, 970)])

orders = session.create_dataframe(
    [(1, "a", 10), (2, "b", 20), (3, "a", 30), (4, "b", None)],
    schema=t.StructType(
        [
            t.StructField("id", t.IntegerType(), nullable=False),
            t.StructField("kind", t.StringType()),
            t.StructField("v", t.LongType()),
        ]
    ),
)
kinds = session.create_dataframe([("a", "Alpha"), ("z", "Zeta")], schema=["kind", "label"])

# what frames can do
equal(rows(orders.filter((f.col("id") > 1) & (f.col("kind") == "a")).select("id", (f.col("v") * 2).alias("w"))), [(3, 60)])
equal(rows(orders.where("id < 3").sort(f.col("id").desc()).select("id")), [(2,), (1,)])
grouped = orders.group_by("kind").agg(f.sum("v").alias("s"), f.count("*").alias("n"), f.avg("v"), f.max("id"))
equal(rows(grouped.sort("kind")), [("a", 40, 2, Decimal("20"), 3), ("b", 20, 2, Decimal("20"), 4)])
equal(grouped.columns, ["KIND", "S", "N", '"AVG(V)"', '"MAX(ID)"'])
equal(rows(orders.rollup("kind").agg(f.sum("v")).sort("kind")), [(None, 60), ("a", 40), ("b", 20)])
equal(rows(orders.cube("kind").count().sort("kind")), [(None, 4), ("a", 2), ("b", 2)])
equal(rows(orders.pivot("kind", ["a", "b"]).sum("v").sort("id"))[:2], [(1, 10, None), (2, None, 20)])
equal(rows(orders.join(kinds, "kind").sort("id").select("id", "label")), [(1, "Alpha"), (3, "Alpha")])
left = orders.join(kinds, orders.kind == kinds.kind, "left").select(orders.id, kinds.label).sort("id")
equal(rows(left), [(1, "Alpha"), (2, None), (3, "Alpha"), (4, None)])
equal([orders.join(kinds, "kind", how).count() for how in ("leftsemi", "leftanti", "full", "right")], [2, 2, 5, 3])
equal(orders.cross_join(kinds, rsuffix="_r").columns, ["ID", "KIND", "V", "KIND_R", "LABEL"])
window = Window.partition_by("kind").order_by("id")
windowed = orders.select(
    "id",
    f.row_number().over(Window.order_by(f.col("id").desc())),
    f.lag("v").over(window),
    f.sum("v").over(window.rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW)),
)
equal(rows(windowed.sort("id")), [(1, 4, None, 10), (2, 3, None, 20), (3, 2, 10, 40), (4, 1, 20, 20)])
equal([orders.union_all(orders).count(), orders.union(orders).count(), orders.except_(orders).count()], [8, 4, 0])
equal(rows(orders.na.fill({"v": 0}).agg(f.avg("v"))), [(Decimal("15"),)])
equal(rows(orders.with_column("w", f.iff(f.col("v").is_null(), f.lit("none"), f.to_varchar("v"))).sort("id").select("w"))[2:], [("30",), ("none",)])
equal([orders.na.drop().count(), orders.distinct().count(), orders.limit(2).count(), orders.sample(n=3).count()], [3, 4, 2, 3])
equal([row.SUMMARY for row in orders.describe("v").collect()], ["count", "mean", "stddev", "min", "max"])
equal(orders.sort("id").first(), Row(ID=1, KIND="a", V=10))
equal([tuple(row) for row in orders.sort("id").to_local_iterator()][3], (4, "b", None))
equal(sum(part.count() for part in orders.random_split([0.5, 0.5], seed=1)), 4)
nested = session.sql("""select parse_json('{"a": [1, {"b": "x"}]}') as doc, 7 as id""")
equal(rows(nested.select(f.col("doc")["a"][1]["b"].cast("string"))), [("x",)])
flat = nested.join_table_function("flatten", input=f.col("doc")["a"]).select("id", "index", f.col("value").cast("string"))
equal(rows(flat.sort("index")), [(7, 0, "1"), (7, 1, '{"b":"x"}')])
equal(rows(session.table_function("split_to_table", f.lit("a b"), f.lit(" ")).select("value")), [("a",), ("b",)])
equal(run("select ? + 1, ?", 1, "q"), [(2, "q")])

# tables
orders.write.save_as_table("saved")
orders.write.mode("append").save_as_table("saved")
equal(session.table("saved").count(), 8)
orders.write.mode("overwrite").save_as_table("saved")
orders.write.mode("ignore").save_as_table("saved")
equal(session.table("saved").count(), 4)
error = fails(lambda: orders.write.mode("errorifexists").save_as_table("saved"), SnowparkSQLException)
equal(error.sql_error_code, 2002)
orders.write.mode("truncate").save_as_table("saved")
equal([field.name for field in session.table("saved").schema], ["ID", "KIND", "V"])
orders.write.save_as_table("kept", table_type="transient", comment="hi", clustering_keys=["id"])
orders.write.save_as_table("brief", table_type="temporary")
tables = session.sql("show tables").filter(~f.col('"name"').like("SNOWPARK%"))
tables = tables.select('"name"', '"kind"', '"comment"', '"cluster_by"')
equal(
    rows(tables),
    [
        ("BRIEF", "TEMPORARY", "", ""),
        ("KEPT", "TRANSIENT", "hi", 'LINEAR("ID")'),
        ("SAVED", "TABLE", "", ""),
    ],
)
session.table("saved").create_or_replace_view("seen")
session.table("saved").create_or_replace_temp_view("seen_briefly")
cached = session.table("seen_briefly").cache_result()
session.table("saved").delete()
equal([cached.count(), session.table("seen").count(), session.table("seen_briefly").count()], [4, 0, 0])
second = Session.builder.configs({**OPTIONS, "database": "lake", "schema": "public"}).create()
equal([row.name for row in second.sql("show tables").collect()], ["KEPT", "SAVED"])
fails(lambda: second.table("seen_briefly").count(), SnowparkSQLException)

orders.write.mode("overwrite").save_as_table("saved")
saved = session.table("saved")
equal(saved.update({"v": f.lit(0)}, saved["id"] == 1).rows_updated, 1)
equal(saved.delete(saved["id"] == 2).rows_deleted, 1)
news = session.create_dataframe([(3, "m", 99), (9, "n", 1)], schema=["id", "kind", "v"])
changed = {"v": news["v"]}
added = {name: news[name] for name in ("id", "kind", "v")}
merged = saved.merge(news, saved["id"] == news["id"], [f.when_matched().update(changed), f.when_not_matched().insert(added)])
equal((merged.rows_inserted, merged.rows_updated, merged.rows_deleted), (1, 1, 0))
equal(saved.update(changed, saved["id"] == news["id"], news).rows_updated, 2)
equal(rows(saved.sort("id")), [(1, "a", 0), (3, "a", 99), (4, "b", None), (9, "n", 1)])
run("begin")
saved.delete()
run("rollback")
equal(saved.count(), 4)
session.table(["lake", "public", "kept"]).drop_table()
equal(run("show tables like 'kept'"), [])

# stages
run("create stage files")
with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "a.csv"), "w", newline="") as file:
        csv.writer(file).writerows([["id", "name", "d"], [1, "one, two", "2024-01-01"], [2, "two", ""]])
    with open(os.path.join(folder, "a.json"), "w") as file:
        file.write('{"id": 1, "n": "x", "deep": {"a": [1, 2]}}\n{"id": 2}\n')
    put = session.file.put(os.path.join(folder, "a.*"), "@files/in", auto_compress=False)
    equal(sorted((one.source, one.status) for one in put), [("a.csv", "UPLOADED"), ("a.json", "UPLOADED")])
    (got,) = session.file.get("@files/in/a.csv", os.path.join(folder, "out"))
    equal(got.status, "DOWNLOADED")
    with open(os.path.join(folder, "a.csv"), "rb") as sent, open(os.path.join(folder, "out", "a.csv"), "rb") as back:
        text = sent.read()
        equal(back.read(), text)
    equal(session.file.get_stream("@files/in/a.csv").read(), text)
    session.file.put_stream(open(os.path.join(folder, "a.json"), "rb"), "@files/stream/b.json", auto_compress=False)
equal([row[0] for row in run("list @files")], ["files/in/a.csv", "files/in/a.json", "files/stream/b.json"])
fields = [t.StructField("id", t.IntegerType()), t.StructField("name", t.StringType()), t.StructField("d", t.DateType())]
reader = session.read.option("field_optionally_enclosed_by", '"')
read = reader.schema(t.StructType(fields)).option("skip_header", 1).csv("@files/in/a.csv")
equal(rows(read.sort("id")), [(1, "one, two", date(2024, 1, 1)), (2, "two", None)])
inferred = (
    session.read.option("field_optionally_enclosed_by", '"')
    .option("parse_header", True)
    .option("infer_schema", True)
    .csv("@files/in/a.csv")
)
equal(rows(inferred.select(f.col('"id"'), f.col('"name"')).sort('"id"')), [(1, "one, two"), (2, "two")])
documents = session.read.json("@files/in/a.json")
equal(rows(documents.select(f.col("$1")["deep"]["a"][1].cast("int"))), [(2,), (None,)])
written = saved.write.copy_into_location("@files/pq/", file_format_type="parquet", header=True, overwrite=True)
equal(written[0].rows_unloaded, 4)
back = session.read.parquet("@files/pq/")
equal(back.columns, ["ID", "KIND", "V"])
equal(rows(back.sort("id")), rows(saved.sort("id")))
back.copy_into_table("loaded")
equal(rows(session.table("loaded").sort("id")), rows(saved.sort("id")))
saved.write.csv("@files/csv/", overwrite=True, header=True)
equal(session.read.option("parse_header", True).option("infer_schema", True).csv("@files/csv/").count(), 4)

# procedures and functions
run("create procedure added(a int, b int) returns int language sql as 'begin return a + b; end'")
run(
    """create procedure listed() returns table (id int, kind string) language sql as
       $$ declare r resultset default (select id, kind from saved order by id); begin return table(r); end $$"""
)
run("create function squared(x int) returns int as 'x * x'")
equal(session.call("added", 1, 2), 3)
equal(rows(session.call("listed"))[:2], [(1, "a"), (3, "a")])
equal(rows(orders.sort("id").select(f.call_function("squared", f.col("id"))))[3], (16,))
error = fails(
    lambda: session.udf.register(lambda x: x, return_type=t.IntegerType(), input_types=[t.IntegerType()], name="py"),
    SnowparkSQLException,
)
assert "LANGUAGE PYTHON" in str(error), error

# pandas, and statements that run meanwhile
frame = saved.sort("id").to_pandas()
equal(list(frame.columns), ["ID", "KIND", "V"])
equal(frame["KIND"].tolist(), ["a", "a", "b", "n"])
equal([len(part) for part in saved.to_pandas_batches()], [4])
session.write_pandas(frame, "from_pandas", auto_create_table=True, overwrite=True)
equal(rows(session.table('"from_pandas"').select("ID", "KIND").sort("ID")), [(1, "a"), (3, "a"), (4, "b"), (9, "n")])
# names of pandas keep their case
equal(rows(session.create_dataframe(pandas.DataFrame({"a": [1, 2]})).agg(f.sum('"a"'))), [(3,)])
job = saved.agg(f.sum("v")).collect_nowait()
equal([tuple(row) for row in job.result()], [(100,)])
equal(job.is_done(), True)
with session.query_history() as history:
    session.table("saved").count()
assert any("COUNT" in query.sql_text.upper() for query in history.queries), history.queries
second.close()
session.close()
