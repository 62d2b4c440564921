"""The `snow` command line against the Snowflake server: SQL, objects, stages, files of statements."""

import json
import os
import sys
import tempfile
from pathlib import Path

from common import SNOWFLAKE, equal

CONFIG = f"""
default_connection_name = "local"

[connections.local]
account = "any"
user = "any"
password = "any"
host = "{SNOWFLAKE["host"]}"
port = {SNOWFLAKE["port"]}
protocol = "http"
database = "SHOP"
schema = "PUBLIC"
warehouse = "COMPUTE_WH"
role = "ACCOUNTADMIN"

[cli]
ignore_new_version_warning = true

[cli.logs]
save_logs = false
"""


def snow(*arguments, success=True, given=""):
    """Runs a command in a process of its own, which need not load the program again."""
    print("snow", *arguments, flush=True)
    with tempfile.TemporaryFile("w+") as stdin, tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        stdin.write(given)
        stdin.seek(0)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for number, file in enumerate((stdin, stdout, stderr)):
                    os.dup2(file.fileno(), number)
                sys.argv = ["snow", *arguments]
                main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        stdout.seek(0)
        stderr.seek(0)
        said, complained = stdout.read(), stderr.read()
    assert (code == 0) == success, f"{code}\n{said}\n{complained}"
    return said if success else said + complained


def answer(*arguments, **options):
    return json.loads(snow(*arguments, "--format", "json", **options))


with tempfile.TemporaryDirectory() as folder:
    home = Path(folder)
    (home / "config.toml").write_text(CONFIG)
    (home / "config.toml").chmod(0o600)
    os.environ.update(SNOWFLAKE_HOME=folder, HOME=folder, TERM="dumb", COLUMNS="200")
    # it reads its configuration's place when it is loaded
    from snowflake.cli._app.__main__ import main

    equal(answer("sql", "-q", "create database shop; create schema shop.other; use schema shop.public")[0][0]["status"], "Database SHOP successfully created.")
    tested = answer("connection", "test")
    equal((tested["Status"], tested["Database"], tested["Role"]), ("OK", "SHOP", "ACCOUNTADMIN"))

    # statements from the command line, a file with variables, and standard input
    (home / "made.sql").write_text(
        """create table orders (id int not null primary key, name varchar(20), total number(9,2));
        insert into orders values (1, 'a', 1.5), (2, null, null); -- two of them
        select * from orders where name = '<% wanted %>' order by id;
        create view named as select id from orders where name is not null;
        create function doubled(x int) returns int as 'x * 2';
        create procedure four() returns int language sql as 'begin return 4; end';
        """
    )
    made = answer("sql", "-f", str(home / "made.sql"), "-D", "wanted=a")
    equal(made[1], [{"number of rows inserted": 2}])
    equal(made[2], [{"ID": 1, "NAME": "a", "TOTAL": "1.50"}])
    values = """select true as b, to_date('2024-02-29') as d, null as n, 0.5::float as f,
                parse_json('{"a": 1}') as v, 'größe' as s, '2024-01-01 01:02:03'::timestamp_ntz as t"""
    equal(
        answer("sql", "-i", given=values),
        [{"B": True, "D": "2024-02-29", "N": None, "F": 0.5, "V": '{\n  "a": 1\n}', "S": "größe", "T": "2024-01-01T01:02:03"}],
    )
    failed = snow("sql", "-q", "select * from nowhere", success=False)
    assert "002003 (42S02)" in failed and "NOWHERE" in failed, failed

    # objects
    (table,) = answer("object", "list", "table", "--like", "ord%")
    equal((table["name"], table["rows"], table["schema_name"]), ("ORDERS", 2, "PUBLIC"))
    described = answer("object", "describe", "table", "orders")
    equal(
        [(c["name"], c["type"], c["null?"], c["primary key"]) for c in described],
        [("ID", "NUMBER(38,0)", "N", "Y"), ("NAME", "VARCHAR(20)", "Y", "N"), ("TOTAL", "NUMBER(9,2)", "Y", "N")],
    )
    schemas = answer("object", "list", "schema", "--in", "database", "shop")
    equal([schema["name"] for schema in schemas], ["INFORMATION_SCHEMA", "OTHER", "PUBLIC"])
    equal(answer("snowpark", "execute", "procedure", "four()"), {"FOUR": 4})
    equal(answer("snowpark", "execute", "function", "doubled(21)"), {"DOUBLED(21)": 42})

    # stages
    files = home / "files"
    (files / "sub").mkdir(parents=True)
    (files / "a.csv").write_text("1,a\n")
    (files / "sub" / "b.csv").write_text("2,b\n")
    (files / "run.sql").write_text("create table ran (a int);\ninsert into ran values (1), (2);\nselect sum(a) as s from ran;\n")
    equal(answer("stage", "create", "box"), {"status": "Stage area BOX successfully created."})
    copied = answer("stage", "copy", str(files), "@box/in", "--recursive")
    equal(sorted((row["source"], row["status"]) for row in copied), [(n, "UPLOADED") for n in ("a.csv", "run.sql", "sub/b.csv")])
    listed = answer("stage", "list-files", "box", "--pattern", ".*csv")
    equal([(row["name"], row["size"]) for row in listed], [("box/in/a.csv", 4), ("box/in/sub/b.csv", 4)])
    back = home / "back"
    back.mkdir()
    answer("stage", "copy", "@box/in", str(back), "--recursive")
    equal((back / "sub" / "b.csv").read_text(), "2,b\n")
    (ran,) = answer("stage", "execute", "@box/in/run.sql")
    assert "SUCCESS" in ran.values(), ran
    equal(answer("sql", "-q", "select sum(a) as s from ran"), [{"S": 3}])
    equal(answer("stage", "remove", "box", "in/a.csv"), {"name": "box/in/a.csv", "result": "removed"})
    equal(answer("object", "drop", "table", "orders"), [{"status": "ORDERS successfully dropped."}])
