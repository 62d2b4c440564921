"""Verified TLS: psql and psycopg with sslmode=verify-full, redshift_connector, boto3, plain HTTPS; and refusals."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request

import boto3
import psycopg

ENDPOINTS = json.loads(sys.argv[1])
AUTHORITY = ENDPOINTS["redshift_authority"]
REDSHIFT = ENDPOINTS["redshift"]
TLS = ENDPOINTS["tls"]

url = f"postgresql://dev:dev@{REDSHIFT['host']}:{REDSHIFT['port']}/dev?sslmode=verify-full&sslrootcert={AUTHORITY}"
answer = subprocess.run(["psql", "-AtX", url, "-c", "select 1 + 1"], capture_output=True, text=True, check=True)
assert answer.stdout.strip() == "2", answer
with psycopg.connect(url) as connection:
    assert connection.pgconn.ssl_in_use
    assert connection.execute("select 2").fetchone() == (2,)
# libpq trusts nobody else
stranger = subprocess.run(
    ["psql", "-AtX", url.replace(AUTHORITY, "/nowhere.pem"), "-c", "select 1"], capture_output=True, text=True
)
assert stranger.returncode != 0, stranger

# its own authorities are Amazon's; OpenSSL's variable adds ours
program = (
    "import redshift_connector, sys\n"
    "c = redshift_connector.connect(host=sys.argv[1], port=int(sys.argv[2]), user='dev', password='dev',"
    " database='dev', ssl=True, sslmode='verify-full')\n"
    "k = c.cursor(); k.execute('select 3'); print(k.fetchone()[0], type(c._usock).__name__)\n"
)
for host in (REDSHIFT["host"], "localhost"):
    answer = subprocess.run(
        [sys.executable, "-c", program, host, str(REDSHIFT["port"])],
        capture_output=True,
        text=True,
        env={**os.environ, "SSL_CERT_FILE": AUTHORITY},
    )
    assert answer.stdout.split() == ["3", "SSLSocket"], answer
stranger = subprocess.run([sys.executable, "-c", program, REDSHIFT["host"], str(REDSHIFT["port"])], capture_output=True, text=True)
assert stranger.returncode != 0 and "CERTIFICATE_VERIFY_FAILED" in stranger.stderr, stranger

keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1", "verify": AUTHORITY}
s3 = boto3.client("s3", endpoint_url=TLS["s3"], **keys)
s3.create_bucket(Bucket="secret")
body = b"x" * 3_000_000
s3.put_object(Bucket="secret", Key="a/b", Body=body)
assert s3.get_object(Bucket="secret", Key="a/b")["Body"].read() == body
data = boto3.client("redshift-data", endpoint_url=TLS["redshift_data"], **keys)
assert data.list_databases(Database="dev", ClusterIdentifier="x", DbUser="dev")["Databases"]

trust = ssl.create_default_context(cafile=AUTHORITY)
with urllib.request.urlopen(TLS["control"] + "/healthz", context=trust) as answer:
    assert json.load(answer) == {"status": "ok"}
# a page's own form, sent over TLS, is of this origin; a stranger's is not
for origin, status in ((TLS["control"], 200), ("https://evil.example", 403)):
    request = urllib.request.Request(TLS["control"] + "/status", headers={"Origin": origin})
    try:
        found = urllib.request.urlopen(request, context=trust).status
    except urllib.error.HTTPError as error:
        found = error.code
    assert found == status, (origin, found)
try:
    urllib.request.urlopen(TLS["control"] + "/healthz")
    raise SystemExit("an unknown authority was trusted")
except urllib.error.URLError as error:
    assert "CERTIFICATE_VERIFY_FAILED" in str(error), error
# the same port speaks plainly with this machine's own programs
with urllib.request.urlopen(ENDPOINTS["control"]["url"] + "/healthz") as answer:
    assert answer.status == 200
