"""Verified TLS with Snowflake's connector: statements, a result in chunks, PUT and GET."""

import json
import os
import sys
import tempfile

ENDPOINTS = json.loads(sys.argv[1])
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = ENDPOINTS["redshift_authority"]

import snowflake.connector  # noqa: E402  (it reads the variables)

SNOWFLAKE = ENDPOINTS["snowflake"]


def connect():
    return snowflake.connector.connect(
        account="dwsim",
        user="dev",
        password="dev",
        host="localhost",
        port=SNOWFLAKE["port"],
        protocol="https",
        disable_ocsp_checks=True,
        login_timeout=20,
    )


with connect() as connection:
    cursor = connection.cursor()
    assert cursor.execute("select 1 + 1").fetchone() == (2,)
    cursor.execute("create database secret")
    cursor.execute("create table numbers as select seq4() as n from table(generator(rowcount => 200000))")
    rows = cursor.execute("select n from numbers order by n").fetchall()
    assert len(rows) == 200_000 and rows[-1] == (199_999,)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("1\n2\n")
        cursor.execute("create stage files")
        cursor.execute(f"put 'file://{path}' @files auto_compress=false")
        os.remove(path)
        cursor.execute(f"get @files/a.csv 'file://{folder}'")
        with open(path, encoding="utf-8") as file:
            assert file.read() == "1\n2\n"
