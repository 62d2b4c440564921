"""How long a standard run takes (10 000 customers and 50 000 orders: generated, staged, loaded into both warehouses), as the
control plane's own metrics tell it, and whether what arrived keeps its rules.

    python benches/compare/runs.py target/debug/cargo-dwsim --runs 40
"""

import argparse
import json
import re
import subprocess
import tempfile
import time
import urllib.request

SCHEMA = """
[tables.customers]
rows = 10_000
[tables.customers.columns]
customer_id = { type = "serial", primary_key = true }
first_name = { type = "varchar(50)", generator = "faker.first_name" }
last_name = { type = "varchar(50)", generator = "faker.last_name" }
email = { type = "varchar(255)", unique = true, generator = "faker.email" }
registration_date = { type = "timestamp", range = ["2023-01-01", "2024-12-31"] }

[tables.orders]
rows = 50_000
[tables.orders.columns]
order_id = { type = "serial", primary_key = true }
customer_id = { type = "foreign_key", references = "customers.customer_id" }
order_total = { type = "decimal(10,2)", distribution = "gaussian", mean = 150.0, stddev = 50.0 }
"""

# each counts rows that break a rule
RULES = [
    "select count(*) from orders o left join customers c on c.customer_id = o.customer_id where c.customer_id is null",
    "select count(*) - count(distinct customer_id) from customers",
    "select count(*) - count(distinct order_id) from orders",
    "select count(*) - count(distinct email) from customers",
    "select count(*) from customers where registration_date < '2023-01-01' or registration_date >= '2025-01-01'",
    "select abs(count(*) - 60000) from (select order_id from orders union all select customer_id from customers) t",
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--runs", type=int, default=40)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ports = [a for name in ("redshift", "snowflake", "s3", "control") for a in (f"--{name}-port", "0")]
        server = subprocess.Popen([args.binary, "dwsim", "serve", *ports], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            control = json.loads(server.stdout.readline())["control"]["url"]
            measure(args, control)
        finally:
            server.terminate()
            server.wait()


def measure(args, control):
    def ask(method, path, body=None):
        request = urllib.request.Request(control + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request) as answer:
            text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers["content-type"] else text

    ask("POST", "/api/experiments", {"name": "standard", "toml": SCHEMA})
    seconds = []
    for seed in range(args.runs):
        begin = time.perf_counter()
        run = ask("POST", "/api/experiments/standard/generate", {"seed": seed})
        while run["status"] in ("queued", "running"):
            time.sleep(0.005)
            run = ask("GET", f"/api/experiments/standard/runs/{run['id']}")
        assert run["status"] == "done", run
        seconds.append(time.perf_counter() - begin)
    seconds.sort()
    print(f"{args.runs} runs of 60 000 rows: median {seconds[len(seconds) // 2]:.3f} s, P95 {seconds[int(len(seconds) * 0.95) - 1]:.3f} s by the clock")
    counts = {}
    for line in ask("GET", "/metrics").splitlines():
        found = re.match(r'dwsim_run_duration_seconds_bucket\{.*le="([^"]+)".*\} (\d+)', line)
        if found and "done" in line:
            counts[float(found[1].replace("+Inf", "inf"))] = int(found[2])
    bounds = sorted(counts)
    over = next(b for b in bounds if counts[b] >= 0.95 * args.runs)
    under = max((b for b in bounds if b < over), default=0.0)
    share = (0.95 * args.runs - counts.get(under, 0)) / max(counts[over] - counts.get(under, 0), 1)
    print(f"from the metrics, as Prometheus' histogram_quantile reads them: P95 {under + (over - under) * share:.3f} s (between {under} and {over} s)")
    broken = 0
    for dialect in ("redshift", "snowflake"):
        for rule in RULES:
            answer = ask("POST", "/api/experiments/standard/query", {"sql": rule, "dialect": dialect})
            broken += int(answer["rows"][0][0])
    print(f"rows that break one of {len(RULES)} rules, on both warehouses: {broken}")


if __name__ == "__main__":
    main()
