"""COPY and UNLOAD in every format, as both Redshift drivers run them."""

import bz2
import csv
import io
import json

from common import equal, s3

ROLE = "iam_role 'arn:aws:iam::123456789012:role/any'"


def check(run, rows, error):
    """`run` executes a statement, `rows` also answers its rows; `error` runs one that must fail."""
    client = s3()
    client.create_bucket(Bucket="formats")

    def put(key, body):
        client.put_object(Bucket="formats", Key=key, Body=body if isinstance(body, bytes) else body.encode())

    def load(table, key, options, expected, order="1"):
        run(f"truncate {table}")
        run(f"copy {table} from 's3://formats/{key}' {ROLE} {options}")
        got = [[str(v) if v is not None else None for v in row] for row in rows(f"select * from {table} order by {order}")]
        equal(got, expected, f"{key} {options}")

    def refused(table, key, options, word):
        error(f"copy {table} from 's3://formats/{key}' {ROLE} {options}", word)

    # text
    run("create table people (id int, name varchar(12), born date, seen timestamp, paid decimal(8,2))")
    put("t/plain", "1|Ann|2001-02-03|2020-01-02 03:04:05|1.259\n2|Bob|||\n")
    load(
        "people",
        "t/plain",
        "",
        [["1", "Ann", "2001-02-03", "2020-01-02 03:04:05", "1.25"], ["2", "Bob", None, None, None]],
    )
    load(
        "people",
        "t/plain",
        "roundec",
        [["1", "Ann", "2001-02-03", "2020-01-02 03:04:05", "1.26"], ["2", "Bob", None, None, None]],
    )
    put("t/packed.bz2", bz2.compress(b"3;'C;c';03.02.2001;1577934245;2\n4;\"D\";;;\n"))
    load(
        "people",
        "t/packed.bz2",
        "bzip2 delimiter ';' removequotes dateformat 'DD.MM.YYYY' timeformat 'epochsecs'",
        [["3", "C;c", "2001-02-03", "2020-01-02 03:04:05", "2.00"], ["4", "D", None, None, None]],
    )
    put("t/auto", "5,E,Feb-03-2001,2020-01-02T03:04:05Z,\n")
    load(
        "people",
        "t/auto",
        "delimiter ',' dateformat 'auto' timeformat 'auto'",
        [["5", "E", "2001-02-03", "2020-01-02 03:04:05", None]],
    )
    refused("people", "t/auto", "delimiter ','", "stl_load_errors")
    put("t/fixed", "6   Fred  2001-02-032020-01-02 03:04:05    7.5\n")
    load(
        "people",
        "t/fixed",
        "fixedwidth 'a:4,b:6,c:10,d:19,e:7' trimblanks",
        [["6", "Fred", "2001-02-03", "2020-01-02 03:04:05", "7.50"]],
    )
    put("t/short", "7|G\n\n8|H|2001-02-03\n")
    load(
        "people",
        "t/short",
        "fillrecord ignoreblanklines",
        [["7", "G", None, None, None], ["8", "H", "2001-02-03", None, None]],
    )
    put("t/dirty", b"9|a\xffb|||\n10|a name that is too long|||\n11|ok|||\n")
    refused("people", "t/dirty", "", "stl_load_errors")
    load(
        "people",
        "t/dirty",
        "acceptinvchars '^' truncatecolumns",
        [
            ["9", "a^b", None, None, None],
            ["10", "a name that ", None, None, None],
            ["11", "ok", None, None, None],
        ],
    )
    load("people", "t/dirty", "maxerror 3", [["11", "ok", None, None, None]])
    equal(
        [list(r) for r in rows("select line_number, err_code from stl_load_errors where query = pg_last_copy_id() order by 1")],
        [[1, 1220], [2, 1204]],
    )
    equal(
        [list(r) for r in rows("select trim(colname), trim(value) from stl_loaderror_detail where query = pg_last_copy_id() order by field")],
        [["id", "10"], ["name", "a name that is too long"]],
    )
    equal(
        [list(r) for r in rows("select trim(table_name), loaded_rows, error_count from sys_load_history where query_id = pg_last_copy_id()")],
        [["people", 1, 2]],
    )
    refused("people", "t/dirty", "csv escape", "ESCAPE")
    refused("people", "t/dirty", "parquet ignoreheader 1", "IGNOREHEADER")
    refused("people", "t/dirty", "format orc", "ORC")

    # manifests
    put(
        "m/list",
        json.dumps(
            {
                "entries": [
                    {"url": "s3://formats/t/plain", "mandatory": True},
                    {"url": "s3://formats/t/none", "mandatory": False},
                ]
            }
        ),
    )
    run("truncate people")
    run(f"copy people from 's3://formats/m/list' {ROLE} manifest")
    equal(list(rows("select count(*) from people")[0]), [2])
    put("m/bad", json.dumps({"entries": [{"url": "s3://formats/t/none", "mandatory": True}]}))
    refused("people", "m/bad", "manifest", "none")

    # documents
    run("create table documents (id int, name varchar(12), tags super)")
    put("j/lines", '{"id": 1, "name": "Ann", "tags": [1, {"a": null}]}\n{"ID": 2, "name": null}\n')
    load("documents", "j/lines", "json 'auto'", [["1", "Ann", '[1,{"a":null}]'], [None, None, None]])
    load("documents", "j/lines", "json 'auto ignorecase'", [["1", "Ann", '[1,{"a":null}]'], ["2", None, None]])
    put("j/paths", json.dumps({"jsonpaths": ["$.tags[0]", "$['name']", "$.tags[1].a"]}))
    load(
        "documents", "j/lines", "json 's3://formats/j/paths'", [["1", "Ann", "null"], [None, None, None]]
    )
    run("create table whole (document super)")
    load("whole", "j/lines", "json 'noshred'", [['{"ID":2,"name":null}'], ['{"id":1,"name":"Ann","tags":[1,{"a":null}]}']], "document.id desc")

    # unloading, and back
    run("truncate people")
    run(f"copy people from 's3://formats/t/plain' {ROLE}")
    query = "unload ('select * from people order by id') to"

    def read(prefix):
        found = client.list_objects_v2(Bucket="formats", Prefix=prefix).get("Contents", [])
        return {o["Key"]: client.get_object(Bucket="formats", Key=o["Key"])["Body"].read() for o in found}

    run(f"{query} 's3://formats/u/p/' {ROLE} parquet")
    load("people", "u/p/", "parquet", [["1", "Ann", "2001-02-03", "2020-01-02 03:04:05", "1.25"], ["2", "Bob", None, None, None]])
    run(f"{query} 's3://formats/u/b/x' {ROLE} csv bzip2 header manifest verbose parallel off")
    files = read("u/b/")
    equal(sorted(files), ["u/b/x000.bz2", "u/b/xmanifest"])
    text = bz2.decompress(files["u/b/x000.bz2"]).decode()
    equal(
        list(csv.reader(io.StringIO(text))),
        [
            ["id", "name", "born", "seen", "paid"],
            ["1", "Ann", "2001-02-03", "2020-01-02 03:04:05", "1.25"],
            ["2", "Bob", "", "", ""],
        ],
    )
    manifest = json.loads(files["u/b/xmanifest"])
    equal(manifest["meta"]["record_count"], 2)
    equal(manifest["schema"]["elements"][4]["type"], {"base": "numeric", "precision": 8, "scale": 2})
    run(f"{query} 's3://formats/u/f/' {ROLE} fixedwidth '0:3,1:5,2:10,3:19,4:6'")
    equal(list(read("u/f/").values()), [b"1  Ann  2001-02-032020-01-02 03:04:051.25  \n2  Bob  " + b" " * 35 + b"\n"])
    run(f"{query} 's3://formats/u/d/' {ROLE} addquotes escape null as '@' delimiter ','")
    equal(
        list(read("u/d/").values()),
        [b'"1","Ann","2001-02-03","2020-01-02 03:04:05","1.25"\n"2","Bob",@,@,@\n'],
    )
    run(f"{query} 's3://formats/u/j/' {ROLE} json")
    equal(
        [json.loads(line) for line in list(read("u/j/").values())[0].splitlines()][1],
        {"id": 2, "name": "Bob", "born": None, "seen": None, "paid": None},
    )
    run(f"{query} 's3://formats/u/part/' {ROLE} csv partition by (name) include extension 'csv'")
    equal(sorted(read("u/part/")), ["u/part/name=Ann/0000_part_00.csv", "u/part/name=Bob/0000_part_00.csv"])
    error(f"{query} 's3://formats/u/part/' {ROLE} csv", "not empty")
    run(f"{query} 's3://formats/u/part/' {ROLE} csv cleanpath")
    equal(sorted(read("u/part/")), ["u/part/0000_part_00"])
    run(f"{query} 's3://formats/u/part/' {ROLE} csv allowoverwrite")
    error(f"unload ('select 1 limit 1') to 's3://formats/u/l/' {ROLE}", "imit clause")
    equal(
        [list(r) for r in rows("select trim(path), line_count from stl_unload_log where query = pg_last_unload_id()")],
        [["s3://formats/u/part/0000_part_00", 2]],
    )
