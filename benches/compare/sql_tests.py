"""SQL snapshot tests: `cargo dwsim test` against insta + sqlx + PostgreSQL template databases, in one run on one machine.

    cargo build -p cargo-dwsim
    python3 benches/compare/sql_tests.py target/debug/cargo-dwsim [--tests 200] [--repeat 3]

Both sides run the same queries over the same rows (those of `cargo dwsim init`), each query on two "dialects", each test
on a database of its own made from a template and dropped afterwards, each answer held against a snapshot.

* dwsim: `cargo dwsim test --check` from nothing: start the emulators, generate, stage, load both warehouses, run, report.
* PostgreSQL: a Rust test binary that is built already, run by itself (no cargo, no runner), against a server that is up
  already with the data in its template, with fsync off: nothing but the tests is counted. With `--nextest` it is also run
  by cargo-nextest, a process per test, as such projects are.

CPU time is user + system of every process of a side, the PostgreSQL server's included; it counts other work on the
machine less than wall time does. The best of `--repeat` runs is taken. Needs PostgreSQL's `initdb` and `postgres`, crates
from crates.io for the PostgreSQL side (kept under `--target-dir`), and no root for the server: as root it runs as nobody.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

QUERIES = [
    "select count(*) as n, sum(order_total) as total from orders where customer_id between {i} and {i} + 40",
    "select date_trunc('month', registration_date) as month, count(*) as n from customers"
    " where customer_id > {i} group by 1 order by 1",
    "select c.customer_id, count(*) as n, sum(o.order_total) as total from customers c"
    " join orders o on o.customer_id = c.customer_id where c.customer_id between {i} and {i} + 15 group by 1 order by 1",
    "select customer_id, order_id, row_number() over (partition by customer_id order by order_id) as nth from orders"
    " where customer_id between {i} and {i} + 3 order by 1, 2",
    "with big as (select customer_id, max(order_total) as most from orders group by customer_id)"
    " select customer_id, case when most > 200 then 'big' else 'small' end as size from big"
    " where customer_id between {i} and {i} + 10 order by 1",
    "select customer_id, last_name from customers c where customer_id < {i} + 30 and not exists"
    " (select 1 from orders o where o.customer_id = c.customer_id) order by 1",
    "insert into orders (order_id, customer_id, order_total) values (100000, {i} + 1, 12.50), (100001, {i} + 1, 0.25);\n"
    "select order_id, order_total from orders where customer_id = {i} + 1 order by 1",
    "create table report as select customer_id, sum(order_total) as total from orders group by customer_id;\n"
    "select count(*) as n, max(total) as most from report where customer_id > {i}",
    "select upper(last_name) as name, length(email) as width from customers where customer_id between {i} and {i} + 8"
    " order by customer_id",
    "delete from orders where customer_id = {i} + 2;\n"
    "select customer_id, coalesce(sum(order_total), 0) as total from orders where customer_id in ({i} + 1, {i} + 2, {i} + 3)"
    " group by customer_id order by 1",
]

SCHEMA = """
create table customers (customer_id bigint primary key, first_name varchar(50), last_name varchar(50),
                        email varchar(255) unique, registration_date timestamp);
create table orders (order_id bigint primary key, customer_id bigint references customers, order_total decimal(10,2));
"""

CARGO = """
[package]
name = "pgside"
version = "0.1.0"
edition = "2024"

[dependencies]
insta = "1"
sqlx = { version = "0.9", default-features = false, features = ["postgres", "runtime-tokio"] }
tokio = { version = "1", features = ["rt", "net", "time"] }

[workspace]
"""

RUST = """
use sqlx::{Column, Connection, Executor, PgConnection, Row, ValueRef};
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Runs the statements on a database of its own and gives the last one's rows as text.
async fn answer(sql: &str) -> Result<String, sqlx::Error> {
    let server = std::env::var("SERVER").expect("SERVER");
    let name = format!("t_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&format!("{server}/postgres")).await?;
    admin.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create database {name} template shop")))).await?;
    let mut connection = PgConnection::connect(&format!("{server}/{name}")).await?;
    let (before, last) = sql.rsplit_once(";\\n").unwrap_or(("", sql));
    if !before.is_empty() {
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(before.to_owned()))).await?;
    }
    // the simple protocol gives text
    let rows = connection.fetch_all(sqlx::raw_sql(sqlx::AssertSqlSafe(last.to_owned()))).await?;
    let mut text = String::new();
    for (n, row) in rows.iter().enumerate() {
        if n == 0 {
            let names: Vec<&str> = row.columns().iter().map(|c| c.name()).collect();
            text += &(names.join(" | ") + "\\n");
        }
        let mut cells = Vec::new();
        for i in 0..row.len() {
            let value = row.try_get_raw(i)?;
            cells.push(if value.is_null() { "NULL" } else { value.as_str().map_err(sqlx::Error::Decode)? });
        }
        text += &(cells.join(" | ") + "\\n");
    }
    connection.close().await?;
    admin.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(format!("drop database {name}")))).await?;
    admin.close().await?;
    Ok(text)
}

fn check(name: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let text = runtime.block_on(answer(sql)).expect("an answer");
    insta::assert_snapshot!(name, text);
}
"""


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_of_process(pid):
    """The process and those of its children that have ended."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return sum(int(f) for f in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        failed = [l for l in done.stdout.splitlines() if "panicked" in l or "Error" in l or l.endswith("FAILED")]
        raise SystemExit("\n".join([f"{command} ended with {done.returncode}", *failed[:20], done.stderr[-2000:]]))
    return done


def measured(command, server=None, **options):
    cpu, own = cpu_of_children(), cpu_of_process(server) if server else 0
    begin = time.monotonic()
    run(command, **options)
    wall = time.monotonic() - begin
    cpu = cpu_of_children() - cpu
    if server:
        time.sleep(0.3)  # the last backends end after their client
        cpu += cpu_of_process(server) - own
    return wall, cpu


def dwsim_side(program, folder, queries, repeat):
    project = folder / "shop"
    project.mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("DWSIM_", "CARGO")) and k != "CI"}
    call = [program, "dwsim"]
    run([*call, "init"], cwd=project, env=env)
    for file in (project / "tests/sql").iterdir():
        file.unlink()
    for n, sql in enumerate(queries):
        (project / f"tests/sql/q{n:03}.sql").write_text(sql + "\n")
    subprocess.run([*call, "test"], cwd=project, env=env, capture_output=True)
    run([*call, "accept", "--diverge", "another type for the same number"], cwd=project, env=env)
    runs = [measured([*call, "test", "--check"], cwd=project, env=env) for _ in range(repeat)]
    run([*call, "generate", "--format", "csv", "--out", str(folder / "data")], cwd=project, env=env)
    return min(r[0] for r in runs), min(r[1] for r in runs)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def postgres_side(bin_dir, folder, target, queries, repeat, nextest):
    project, data, port = folder / "pgside", folder / "cluster", free_port()
    folder.chmod(0o755)
    data.mkdir()
    as_user = []
    if os.geteuid() == 0:
        shutil.chown(data, "nobody")
        as_user = ["setpriv", "--reuid=nobody", "--clear-groups"]
    run([*as_user, f"{bin_dir}/initdb", "-D", str(data), "-U", "dev", "-A", "trust", "--no-sync"], cwd="/")
    options = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", f"port={port}",
               "listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=256MB", "autovacuum=off"]
    server = subprocess.Popen([*as_user, f"{bin_dir}/postgres", "-D", str(data), *sum((["-c", o] for o in options), [])],
                              stderr=subprocess.DEVNULL, cwd="/")
    try:
        url = f"postgres://dev@127.0.0.1:{port}"
        for _ in range(200):
            if subprocess.run(["psql", f"{url}/postgres", "-c", "select 1"], capture_output=True).returncode == 0:
                break
            time.sleep(0.05)
        run(["psql", f"{url}/postgres", "-c", "create database shop"])
        run(["psql", f"{url}/shop", "-v", "ON_ERROR_STOP=1", "-c", SCHEMA])
        for table in ("customers", "orders"):
            for file in sorted((folder / "data").rglob(f"{table}*.csv")):
                run(["psql", f"{url}/shop", "-v", "ON_ERROR_STOP=1", "-c", f"\\copy {table} from '{file}' csv header"])
        (project / "tests").mkdir(parents=True)
        (project / "src").mkdir()
        (project / "src/lib.rs").write_text("")
        (project / "Cargo.toml").write_text(CARGO)
        lock = pathlib.Path(__file__).resolve().parents[2] / "Cargo.lock"
        shutil.copy(lock, project / "Cargo.lock")
        tests = "".join(
            f'#[test]\nfn q{n:03}_{d}() {{\n    check("q{n:03}_{d}", {json.dumps(sql)});\n}}\n'
            for n, sql in enumerate(queries) for d in ("first", "second"))
        (project / "tests/all.rs").write_text(RUST + tests)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("DWSIM_", "CARGO_")) and k != "CI"}
        env |= {"SERVER": url, "CARGO_TARGET_DIR": str(target), "INSTA_UPDATE": "always", "INSTA_WORKSPACE_ROOT": str(project)}
        built = run(["cargo", "test", "--no-run", "--message-format", "json"], cwd=project, env=env).stdout
        binary = next(m["executable"] for m in map(json.loads, built.splitlines())
                      if m.get("reason") == "compiler-artifact" and m["target"]["name"] == "all" and m.get("executable"))
        # snapshots that are only just written fail their tests otherwise
        env |= {"CARGO_MANIFEST_DIR": str(project), "INSTA_FORCE_PASS": "1"}
        run([binary], cwd=project, env=env)
        env |= {"INSTA_UPDATE": "no", "INSTA_FORCE_PASS": "0"}
        runs = [measured([binary], server.pid, cwd=project, env=env) for _ in range(repeat)]
        best = {"binary": (min(r[0] for r in runs), min(r[1] for r in runs))}
        if nextest:
            best["nextest"] = measured(["cargo", "nextest", "run"], server.pid, cwd=project, env=env)
        return best
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="cargo-dwsim")
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--nextest", action="store_true", help="also run the PostgreSQL side by cargo-nextest")
    parser.add_argument("--postgres-bin", default="/usr/lib/postgresql/15/bin")
    parser.add_argument("--target-dir", type=pathlib.Path,
                        default=pathlib.Path.home() / ".cache/dwsim/compare-target")
    args = parser.parse_args()
    # below the last customer: PostgreSQL keeps the foreign key
    queries = [QUERIES[n % len(QUERIES)].format(i=7 * n % 900) for n in range(args.tests)]
    with tempfile.TemporaryDirectory(prefix="dwsim-compare-") as folder:
        folder = pathlib.Path(folder)
        wall, cpu = dwsim_side(os.path.abspath(args.program), folder, queries, args.repeat)
        count = 2 * args.tests
        print(f"{'side':28} {'tests':>6} {'wall s':>8} {'CPU s':>8} {'tests/s':>8}  x wall  x CPU")
        print(f"{'cargo dwsim test':28} {count:6} {wall:8.2f} {cpu:8.2f} {count / wall:8.0f}")
        sides = postgres_side(args.postgres_bin, folder, args.target_dir, queries, args.repeat, args.nextest)
        for name, (w, c) in sides.items():
            print(f"{'PostgreSQL, ' + name:28} {count:6} {w:8.2f} {c:8.2f} {count / w:8.0f}  {w / wall:6.1f} {c / cpu:6.1f}")


if __name__ == "__main__":
    main()
