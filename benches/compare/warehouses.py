"""dwsim's warehouses beside fakesnow, PostgreSQL and DuckDB, in one run on one machine: the ratios that count.

    python -m venv venv
    venv/bin/pip install duckdb 'fakesnow[server]' 'snowflake-connector-python[pandas]<5' 'psycopg[binary]' boto3 tpchgen-cli
    cargo build --release -p cargo-dwsim
    venv/bin/python benches/compare/warehouses.py target/release/cargo-dwsim [--only select1,inserts,tpch,arrow,copies]

Peers: fakesnow (its server in a process of its own), PostgreSQL (initdb and postgres from PATH or /usr/lib/postgresql),
DuckDB in this process with two threads. Every figure is the best of several repeats, so that other work on the machine
counts little. TPC-H's answers are compared with DuckDB's, value by value.
"""

import argparse
import datetime
import glob
import http.client
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import snowflake.connector

HERE = Path(__file__).parent
TABLES = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"]
REPORT = {}


def best(repeats, work):
    """Seconds of the fastest of `repeats` calls."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def say(name, seconds, **more):
    REPORT[name] = seconds
    extra = "".join(f"  {key} {value}" for key, value in more.items())
    print(f"{name:44} {seconds * 1000:10.3f} ms{extra}", flush=True)


def ratio(name, ours, peer, bound, at_least=False):
    value = REPORT[ours] / REPORT[peer]
    held = value >= bound if at_least else value <= bound
    REPORT[f"ratio {name}"] = value
    print(f"    {name}: {value:.3f} ({'at least' if at_least else 'at most'} {bound}) {'ok' if held else 'MISSED'}", flush=True)


class Dwsim:
    """`serve` on ports of its own choice, for the time of a `with`."""

    def __init__(self, binary):
        self.binary = binary

    def __enter__(self):
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [self.binary, "dwsim", "serve", "--redshift-port", "0", "--snowflake-port", "0", "--s3-port", "0"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.ports = json.loads(self.process.stdout.readline())
        say("dwsim ready (three servers)", time.perf_counter() - begin)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def redshift(self):
        at = self.ports["redshift"]
        return psycopg.connect(host="127.0.0.1", port=at["port"], user="dwsim", password="dwsim", dbname="dev",
                               autocommit=True, sslmode="disable")

    def snowflake(self):
        return connector(self.ports["snowflake"]["port"])


def connector(port):
    return snowflake.connector.connect(
        account="any", user="any", password="any", host="127.0.0.1", port=port, protocol="http",
        database="DWSIM" , schema="PUBLIC", session_parameters={"CLIENT_TELEMETRY_ENABLED": False})


class Fakesnow:
    """fakesnow's server."""

    def __enter__(self):
        self.port = 28765
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("fakesnow")), "-s", "-p", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=1).connect()
                return self
            except OSError:
                time.sleep(0.1)
        sys.exit("fakesnow does not answer")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Postgres:
    """PostgreSQL in a directory of its own, as another user where we are root."""

    def __enter__(self):
        found = shutil.which("initdb") or sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[-1]
        self.bin = Path(found).resolve().parent
        self.home = tempfile.mkdtemp(prefix="dwsim-postgres-", dir="/tmp")
        self.port = 28766
        self.prefix = []
        if os.geteuid() == 0:
            shutil.chown(self.home, "postgres")
            self.prefix = ["runuser", "-u", "postgres", "--"]
        subprocess.run([*self.prefix, self.bin / "initdb", "-D", self.home + "/data", "-U", "dwsim", "-A", "trust"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/tmp")
        self.process = subprocess.Popen(
            [*self.prefix, self.bin / "postgres", "-D", self.home + "/data", "-p", str(self.port), "-k", self.home],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/tmp")
        for _ in range(200):
            try:
                self.connect().close()
                return self
            except psycopg.OperationalError:
                time.sleep(0.1)
        sys.exit("PostgreSQL does not answer")

    def connect(self):
        return psycopg.connect(host="127.0.0.1", port=self.port, user="dwsim", dbname="postgres", autocommit=True)

    def __exit__(self, *_):
        subprocess.run([*self.prefix, self.bin / "pg_ctl", "-D", self.home + "/data", "-m", "immediate", "stop"],
                       stdout=subprocess.DEVNULL, cwd="/tmp")
        shutil.rmtree(self.home, ignore_errors=True)


class Bare:
    """Snowflake's query request over one kept HTTP connection, without a driver."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port)
        body = {"data": {"ACCOUNT_NAME": "any", "LOGIN_NAME": "any", "PASSWORD": "any", "CLIENT_APP_ID": "PythonConnector",
                         "CLIENT_APP_VERSION": "4.8.1", "SESSION_PARAMETERS": {}}}
        answer = self.post("/session/v1/login-request?databaseName=DWSIM&schemaName=PUBLIC", body, {})
        self.token = {"Authorization": f'Snowflake Token="{answer["data"]["token"]}"'}
        self.count = 0

    def post(self, path, body, headers):
        self.http.request("POST", path, json.dumps(body),
                          {"Content-Type": "application/json", "Accept": "application/snowflake", **headers})
        return json.loads(self.http.getresponse().read())

    def query(self, sql):
        self.count += 1
        answer = self.post(f"/queries/v1/query-request?requestId={uuid.uuid4()}",
                           {"sqlText": sql, "asyncExec": False, "sequenceId": self.count}, self.token)
        if not answer["success"]:
            sys.exit(f"{sql[:80]}: {answer['message']}")
        return answer


def select1(dwsim, fake, postgres):
    ours, peer = Bare(dwsim.ports["snowflake"]["port"]), Bare(fake.port)
    for name, server in (("dwsim", ours), ("fakesnow", peer)):
        server.query("select 1")
        say(f"select 1, bare HTTP, {name}", best(300, lambda: server.query("select 1")))
    ratio("select 1 over bare HTTP / fakesnow", "select 1, bare HTTP, dwsim", "select 1, bare HTTP, fakesnow", 0.2)
    for name, connection in (("dwsim", dwsim.snowflake()), ("fakesnow", connector(fake.port))):
        cursor = connection.cursor()
        say(f"select 1, connector, {name}", best(100, lambda: cursor.execute("select 1").fetchall()))
    for name, connection in (("dwsim", dwsim.redshift()), ("PostgreSQL", postgres.connect())):
        cursor = connection.cursor()
        cursor.execute("select 1")
        say(f"select 1, psycopg, {name}", best(500, lambda: cursor.execute("select 1").fetchall()))
    ratio("select 1 through psycopg / PostgreSQL", "select 1, psycopg, dwsim", "select 1, psycopg, PostgreSQL", 10)


def inserts(dwsim, fake, postgres):
    statements = []
    for start in range(0, 10_000, 500):
        values = ", ".join(f"({i}, 'name {i}', {i}.25, '2024-01-{i % 28 + 1:02}')" for i in range(start, start + 500))
        statements.append(f"insert into things values {values}")
    create = "create table things (id integer, name varchar(40), amount decimal(12,2), day date)"

    def fill(execute):
        execute("drop table if exists things")
        execute(create)
        begin = time.perf_counter()
        for statement in statements:
            execute(statement)
        return time.perf_counter() - begin

    bare = Bare(dwsim.ports["snowflake"]["port"])
    peer = connector(fake.port)
    peer.cursor().execute("create database if not exists DWSIM")
    peer.cursor().execute("use schema DWSIM.PUBLIC")
    for name, repeats, execute in (
        ("Snowflake, bare HTTP, dwsim", 15, bare.query),
        ("Snowflake, connector, dwsim", 5, dwsim.snowflake().cursor().execute),
        ("fakesnow", 1, peer.cursor().execute),
        ("Redshift, psycopg, dwsim", 15, dwsim.redshift().cursor().execute),
        ("PostgreSQL", 15, postgres.connect().cursor().execute),
    ):
        say(f"10 000 rows by 20 INSERTs, {name}", min(fill(execute) for _ in range(repeats)))
    peer = "10 000 rows by 20 INSERTs, PostgreSQL"
    ratio("INSERTs, Snowflake / PostgreSQL", "10 000 rows by 20 INSERTs, Snowflake, bare HTTP, dwsim", peer, 3)
    ratio("INSERTs, Redshift / PostgreSQL", "10 000 rows by 20 INSERTs, Redshift, psycopg, dwsim", peer, 3)

    def tables(execute):
        for i in range(50):
            execute(f"create table made_{i} (id integer, name varchar(40))")

    for name, execute in (("Redshift, dwsim", dwsim.redshift().cursor().execute), ("Snowflake, dwsim", bare.query),
                          ("PostgreSQL", postgres.connect().cursor().execute)):
        say(f"50 CREATE TABLE, {name}", best(1, lambda: tables(execute)))


def queries():
    text = "\n".join(line for line in (HERE / "tpch.sql").read_text().splitlines() if not line.startswith("--"))
    found = [query.strip() for query in text.split(";") if query.strip()]
    assert len(found) == 22
    return found


def plain(row):
    """Values that two systems may write differently, made equal in kind."""
    out = []
    for value in row:
        if isinstance(value, (Decimal, float, int)) and not isinstance(value, bool):
            out.append(float(value))
        elif isinstance(value, datetime.datetime):
            out.append(value.date().isoformat())
        elif isinstance(value, datetime.date):
            out.append(value.isoformat())
        else:
            out.append(value)
    return out


def same(ours, theirs, tolerance):
    if len(ours) != len(theirs):
        return False
    for a, b in zip(map(plain, ours), map(plain, theirs)):
        for x, y in zip(a, b):
            if isinstance(x, float) and isinstance(y, float):
                if abs(x - y) > max(tolerance, 1e-6 * abs(y)):
                    return False
            elif x != y:
                return False
    return True


def sizes(path):
    return os.path.getsize(path)


def load(dwsim, scale):
    """TPC-H as Parquet in the S3 server, copied into both warehouses; the Parquet files' directory and DuckDB."""
    import boto3
    from botocore.config import Config

    home = Path(tempfile.gettempdir()) / f"dwsim-tpch-{scale}"
    if not (home / "lineitem.parquet").exists():
        subprocess.run([str(Path(sys.executable).with_name("tpchgen-cli")), "parquet", "-s", str(scale), "--output-dir", home],
                       check=True)
    duck = duckdb.connect(config={"threads": 2})
    s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{dwsim.ports['s3']['port']}", region_name="us-east-1",
                      aws_access_key_id="dwsim", aws_secret_access_key="dwsim", config=Config(s3={"addressing_style": "path"}))
    s3.create_bucket(Bucket="tpch")
    redshift, snow = dwsim.redshift().cursor(), dwsim.snowflake().cursor()
    snow.execute("create stage tpch url = 's3://tpch/' file_format = (type = parquet)")
    for table in TABLES:
        file = home / f"{table}.parquet"
        duck.execute(f"create table {table} as select * from '{file}'")
        s3.upload_file(str(file), "tpch", f"{table}/part.parquet")
        columns = []
        for name, kind, *_ in duck.execute(f"describe {table}").fetchall():
            columns.append(f"{name} {'varchar(200)' if kind == 'VARCHAR' else kind.lower()}")
        ddl = f"create table {table} ({', '.join(columns)})"
        redshift.execute(ddl)
        snow.execute(ddl)
        count = duck.execute(f"select count(*) from {table}").fetchone()[0]

        def copy():
            redshift.execute(f"truncate {table}")
            redshift.execute(f"copy {table} from 's3://tpch/{table}/' iam_role default format as parquet")

        def copy_into():
            snow.execute(f"truncate table {table}")
            snow.execute(f"copy into {table} from @tpch/{table}/ match_by_column_name = case_insensitive")

        for name, work in (("Redshift", copy), ("Snowflake", copy_into)):
            seconds = best(3 if table == "lineitem" else 1, work)
            if table == "lineitem":
                say(f"COPY lineitem, {name}", seconds, rows=count, million_rows_per_s=f"{count / seconds / 1e6:.2f}")
    return duck, redshift, snow


def tpch(dwsim, loaded):
    duck, redshift, snow = loaded
    geometric = {"Redshift": 0.0, "Snowflake": 0.0}
    wrong = []
    for number, query in enumerate(queries(), 1):
        expected = duck.execute(query).fetchall()
        base = best(7, lambda: duck.execute(query).fetchall())
        line = f"Q{number:<3} DuckDB {base * 1000:8.2f} ms"
        for name, cursor in (("Redshift", redshift), ("Snowflake", snow)):
            try:
                answer = cursor.execute(query).fetchall()
            except Exception as error:
                wrong.append(f"Q{number} {name}: {str(error)[:150]}")
                continue
            # Redshift cuts the average of a decimal at its scale, and divides decimals at a scale of its own.
            if not same(answer, expected, 0.01 if name == "Redshift" else 1e-4):
                wrong.append(f"Q{number} {name}: {answer[:2]} is not {expected[:2]}")
            seconds = best(7, lambda: cursor.execute(query).fetchall())
            geometric[name] += math.log(seconds / base)
            line += f"   {name} {seconds * 1000:8.2f} ms ({seconds / base:5.2f}x)"
        print(line, flush=True)
    for name, total in geometric.items():
        REPORT[f"TPC-H {name} / DuckDB"] = math.exp(total / 22)
        print(f"    TPC-H geometric mean, {name} / DuckDB: {math.exp(total / 22):.2f} (at most 2)")
    for line in wrong:
        print("    WRONG", line)
    print(f"    answers: {44 - len(wrong)} of 44 equal DuckDB's")


def arrow(dwsim):
    snow = dwsim.snowflake().cursor()
    snow.execute("create or replace table wide as select seq4() as id, uniform(1, 1000000, random()) as n, "
                 "uniform(0, 1000, random())::float as f, 'name ' || seq4() as name, "
                 "dateadd(day, mod(seq4(), 1000), '2020-01-01'::date) as day from table(generator(rowcount => 1000000))")

    def fetch():
        assert snow.execute("select * from wide").fetch_arrow_all().num_rows == 1_000_000

    seconds = best(5, fetch)
    say("1 000 000 rows as Arrow, connector", seconds, million_rows_per_s=f"{1 / seconds:.2f} (at least 2)")


def copies(dwsim):
    snow = dwsim.snowflake().cursor()
    count = [0]

    def clone():
        count[0] += 1
        snow.execute(f"create database copy_{count[0]} clone dwsim")

    say("CLONE of the loaded database", best(20, clone), bound="5 ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--only", default="select1,inserts,tpch,arrow,copies")
    parser.add_argument("--scale", default="0.1")
    parser.add_argument("--json")
    options = parser.parse_args()
    only = options.only.split(",")
    with Dwsim(options.binary) as dwsim:
        if {"select1", "inserts"} & set(only):
            with Fakesnow() as fake, Postgres() as postgres:
                if "select1" in only:
                    select1(dwsim, fake, postgres)
                if "inserts" in only:
                    inserts(dwsim, fake, postgres)
        if "tpch" in only:
            loaded = load(dwsim, options.scale)
            tpch(dwsim, loaded)
        if "arrow" in only:
            arrow(dwsim)
        if "copies" in only:
            copies(dwsim)
    if options.json:
        Path(options.json).write_text(json.dumps(REPORT, indent=1))


if __name__ == "__main__":
    main()
