"""Rows per CPU-second of dwsim's generator, its floor, DuckDB and Faker + pandas, in one run on one machine.

    python -m venv venv && venv/bin/pip install duckdb faker pandas pyarrow numpy
    cargo build --release -p dwsim-generate --example throughput
    venv/bin/python benches/compare/compare.py target/release/examples/throughput

Every measurement is a process of its own; CPU time is user + system, so that other work on the machine counts little: what
is left of it (shared caches, clock rates) meets all sides alike, since they take turns. Rates are medians over `--repeat`
rounds, ratios the medians of each round's. Rows: 200 000 customers and 1 000 000 orders, zstd Parquet.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROWS = 1_200_000
FLOOR = "floor (parquet-rs, arrays given)"
DWSIM = "dwsim"
DUCKDB_SIDE = "DuckDB, SQL over range()"
FAKER_SIDE = "Faker + numpy + pandas"

DUCKDB = """
import duckdb, sys, resource
out = sys.argv[1]
con = duckdb.connect(config={"threads": 1})
con.execute("select setseed(0.42)")
first = [f"First{i}" for i in range(3000)]
last = [f"Last{i}" for i in range(470)]
con.execute("create table f(i integer, n varchar)"); con.executemany("insert into f values (?, ?)", list(enumerate(first)))
con.execute("create table l(i integer, n varchar)"); con.executemany("insert into l values (?, ?)", list(enumerate(last)))
con.execute("create table names as select list(n order by i) as first, (select list(n order by i) from l) as last from f")
begin = resource.getrusage(resource.RUSAGE_SELF); begin = begin.ru_utime + begin.ru_stime
con.execute(f'''copy (
  select i + 1 as customer_id, first[1 + cast(floor(random() * 3000) as integer)] as first_name,
         last[1 + cast(floor(random() * 470) as integer)] as last_name,
         lower(first[1 + cast(floor(random() * 3000) as integer)]) || '.' || lower(last[1 + cast(floor(random() * 470) as integer)]) || (i + 1) || '@example.com' as email,
         timestamp '2023-01-01' + to_seconds(cast(floor(random() * 63158400) as bigint)) as registration_date
  from range(200000) t(i), names) to '{out}/customers.parquet' (format parquet, compression zstd, compression_level 1)''')
con.execute(f'''copy (
  select i + 1 as order_id, 1 + cast(floor(random() * 200000) as bigint) as customer_id,
         cast(150 + 50 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) as decimal(10,2)) as order_total
  from range(1000000) t(i)) to '{out}/orders.parquet' (format parquet, compression zstd, compression_level 1)''')
end = resource.getrusage(resource.RUSAGE_SELF)
print(end.ru_utime + end.ru_stime - begin)
"""

FAKER = """
import sys, resource, random
import numpy as np, pandas as pd
from faker import Faker
out, scale = sys.argv[1], float(sys.argv[2])
begin = resource.getrusage(resource.RUSAGE_SELF); begin = begin.ru_utime + begin.ru_stime
fake = Faker(); Faker.seed(42); rng = np.random.default_rng(42)
n, m = int(200_000 * scale), int(1_000_000 * scale)
customers = pd.DataFrame({
    "customer_id": np.arange(1, n + 1),
    "first_name": [fake.first_name() for _ in range(n)],
    "last_name": [fake.last_name() for _ in range(n)],
    "email": [fake.email() for _ in range(n)],
    "registration_date": [fake.date_time_between("-2y", "now") for _ in range(n)],
})
orders = pd.DataFrame({
    "order_id": np.arange(1, m + 1),
    "customer_id": rng.integers(1, n + 1, m),
    "order_total": rng.normal(150, 50, m).round(2),
})
customers.to_parquet(f"{out}/customers.parquet", compression="zstd")
orders.to_parquet(f"{out}/orders.parquet", compression="zstd")
end = resource.getrusage(resource.RUSAGE_SELF)
print(end.ru_utime + end.ru_stime - begin, n + m)
"""


def run(*command):
    """Output, CPU seconds, wall seconds and peak memory of a process."""

    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command} failed")
    return out, usage.ru_utime + usage.ru_stime, time.perf_counter() - begin, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("throughput")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--faker-scale", type=float, default=0.02, help="share of the rows that Faker makes; its rate is constant")
    args = parser.parse_args()
    rounds = {}

    with tempfile.TemporaryDirectory() as out:

        def ours(mode, scale, threads=1):
            """From before the schema is read to the last byte; the process's start is not counted."""
            text, *_ = run(args.throughput, mode, out, str(scale), str(threads))
            # longer runs, so that hundredths of a second are enough
            found = json.loads(text)
            return found["rows"] / found["cpu"]

        def faker():
            cpu, rows = run(sys.executable, "-c", FAKER, out, str(args.faker_scale))[0].split()
            return float(rows) / float(cpu)

        sides = {
            FLOOR: lambda: ours("floor", 3),
            DWSIM: lambda: ours("write", 5),
            "dwsim, arrays alone": lambda: ours("generate", 10),
            "dwsim, two threads": lambda: ours("write", 5, 2),
            DUCKDB_SIDE: lambda: ROWS / float(run(sys.executable, "-c", DUCKDB, out)[0]),
            FAKER_SIDE: faker,
        }
        for _ in range(args.repeat):
            for name, measure in sides.items():
                rounds.setdefault(name, []).append(measure())
        for name, values in rounds.items():
            rate = statistics.median(values)
            print(f"{name:34} {rate / 1e6:10.3f} M rows per CPU-second   (of {', '.join(f'{v / 1e6:.3f}' for v in values)})", flush=True)
        cold = [run(args.throughput, "write", out, "0.05", "2")[1:3] for _ in range(20)]
        print(f"cold, 10 k + 50 k: {min(c for c, _ in cold) * 1000:.1f} ms of CPU, {min(w for _, w in cold) * 1000:.1f} ms of wall time at best")
        # taken in turns, and long enough that the start of threads and a neighbour's moment count little; two processes
        # that share nothing show what the machine itself gives
        pairs, ceilings = [], []
        for _ in range(args.repeat):
            one, two = (json.loads(run(args.throughput, "write", out, "20", str(threads))[0])["wall"] for threads in (1, 2))
            pairs.append(one / two)
            begin = time.perf_counter()
            with tempfile.TemporaryDirectory() as other:
                beside = [subprocess.Popen([args.throughput, "write", folder, "20", "1"], stdout=subprocess.DEVNULL) for folder in (out, other)]
                for process in beside:
                    process.wait()
            ceilings.append(2 * one / (time.perf_counter() - begin))
        shown = ", ".join(f"{p:.2f}" for p in pairs)
        print(f"two threads against one: {statistics.median(pairs):.2f}x of wall time (of {shown}); two processes: {statistics.median(ceilings):.2f}x")

    def beside(other):
        return statistics.median(a / b for a, b in zip(rounds[DWSIM], rounds[other]))

    print(f"{beside(FLOOR):.0%} of the floor, {beside(DUCKDB_SIDE):.2f}x DuckDB, {beside(FAKER_SIDE):.0f}x Faker")


if __name__ == "__main__":
    main()
