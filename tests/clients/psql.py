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

script = """
create table shop.lines (id int identity(1,1), order_id int references shop.orders (order_id));
comment on table shop.orders is 'What was ordered';
comment on column shop.orders.customer is 'Who';
create view shop.dear as select customer, total from shop.orders where total > 10;
create function shop.added(a int, b bigint) returns bigint stable as $$ select $1 + $2 $$ language sql;
create procedure shop.noted(x int) as $$ begin null; end $$ language plpgsql;
create user reader password 'Abcd1234';
"""
equal(psql("--set", "ON_ERROR_STOP=1", "--quiet", input=script).stderr, "", "objects")


def meta(command):
    """What a meta-command prints, cell by cell; it must not complain."""
    done = psql("--no-align", "--command", command)
    equal((done.returncode, done.stderr), (0, ""), command)
    return [line.split("|") for line in done.stdout.splitlines()]


equal(
    meta(r"\d shop.orders"),
    [
        ['Table "shop.orders"'],
        ["Column", "Type", "Collation", "Nullable", "Default"],
        ["order_id", "integer", "", "not null", ""],
        ["customer", "character varying(20)", "", "", ""],
        ["total", "numeric(10,2)", "", "", ""],
        ["ordered", "timestamp without time zone", "", "", ""],
    ],
)
more = meta(r"\d+ shop.orders")
equal((more[3][0], more[3][-1]), ("customer", "Who"))
lines = meta(r"\d shop.lines")
assert lines[2][4].startswith('"identity"('), lines
equal(lines[4:], [["Foreign-key constraints:"], ['    "lines_order_id_fkey" FOREIGN KEY (order_id) REFERENCES shop.orders(order_id)']])
equal(meta(r"\d shop.dear")[2:], [["customer", "character varying(20)", "", "", ""], ["total", "numeric(10,2)", "", "", ""]])
view = meta(r"\d+ shop.dear")
equal(view[4:], [["View definition:"], ["select customer, total from shop.orders where total > 10"]])
equal(meta(r"\dt shop.*")[2:4], [["shop", "lines", "table", "dev"], ["shop", "orders", "table", "dev"]])
orders = meta(r"\dt+ shop.orders")[2]
equal((orders[1], orders[-1]), ("orders", "What was ordered"))
equal(meta(r"\dv shop.*")[2:3], [["shop", "dear", "view", "dev"]])
equal(meta(r"\dv+ shop.*")[2][:2], ["shop", "dear"])
equal(
    meta(r"\df shop.*")[2:4],
    [["shop", "added", "bigint", "a integer, b bigint", "func"], ["shop", "noted", "void", "x integer", "func"]],
)
equal(meta(r"\dn")[2:4], [["public", "dev"], ["shop", "dev"]])
equal([row[0] for row in meta(r"\du")[2:]], ["dev", "rdsdb", "reader"])
assert "Superuser" in meta(r"\du dev")[2][1]
databases = meta(r"\l")[2:-1]
equal([row[0] for row in databases], ["dev"])
equal(psql("--command", r"\dt shop.none").stderr, 'Did not find any relation named "shop.none".\n')

# files of this machine: refused as Redshift refuses them
for command, words in [
    (r"\copy shop.orders from /dev/null csv", "LOAD source is not supported."),
    (r"\copy shop.orders to /dev/null", "Unload destination is not supported."),
    (r"\copy (select 1) to /dev/null", "Unload destination is not supported."),
]:
    refused = psql("--command", command)
    assert refused.returncode == 1 and words in refused.stderr, (command, refused)

broken = psql("--set", "ON_ERROR_STOP=1", "--command", "select * from nowhere")
equal(broken.returncode, 1, "a failed command")
assert 'relation "nowhere" does not exist' in broken.stderr, broken.stderr
broken = psql("--set", "ON_ERROR_STOP=1", "--command", "selec 1")
assert "syntax error" in broken.stderr, broken.stderr

os.environ["PGSSLMODE"] = "require"
secure = psql("--command", r"\conninfo", "--command", "select 1 as one")
equal(secure.returncode, 0, secure.stderr)
assert "SSL" in secure.stdout or "TLS" in secure.stdout, secure.stdout
