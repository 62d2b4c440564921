"""psql against the Redshift server: a script, its meta-commands, exit codes."""

import os
import subprocess

from common import REDSHIFT, equal


def psql(*arguments, **options):
    return subprocess.run(
        ["psql", REDSHIFT["url"], "--no-psqlrc", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PGPASSWORD": "any"},
        **options,
    )


script = """
create schema shop;
create table shop.orders (
    order_id int not null primary key,
    customer varchar(20),
    total decimal(10,2),
    ordered timestamp
) distkey (order_id) sortkey (ordered);
insert into shop.orders values (1, 'ada', 10.50, '2024-01-31 12:00:00'), (2, null, -3, null);
select order_id, customer, total, ordered from shop.orders order by order_id;
"""
done = psql("--set", "ON_ERROR_STOP=1", "--quiet", "--no-align", "--tuples-only", input=script)
equal((done.returncode, done.stderr), (0, ""), "script")
equal(done.stdout, "1|ada|10.50|2024-01-31 12:00:00\n2||-3.00|\n", "script")

described = psql("--command", r"\d shop.orders")
equal(described.returncode, 0, described.stderr)
for word in ("order_id", "integer", "character varying(20)", "numeric(10,2)", "timestamp without time zone", "not null"):
    assert word in described.stdout, f"{word} is missing in\n{described.stdout}"
listed = psql("--command", r"\dt shop.*")
equal(listed.returncode, 0, listed.stderr)
assert "orders" in listed.stdout, listed.stdout

broken = psql("--set", "ON_ERROR_STOP=1", "--command", "select * from nowhere")
equal(broken.returncode, 1, "a failed command")
assert 'relation "nowhere" does not exist' in broken.stderr, broken.stderr
broken = psql("--set", "ON_ERROR_STOP=1", "--command", "selec 1")
assert "syntax error" in broken.stderr, broken.stderr

os.environ["PGSSLMODE"] = "require"
secure = psql("--command", r"\conninfo", "--command", "select 1 as one")
equal(secure.returncode, 0, secure.stderr)
assert "SSL" in secure.stdout or "TLS" in secure.stdout, secure.stdout
