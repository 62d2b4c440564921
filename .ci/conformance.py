#!/usr/bin/env python3
"""Put the documented examples to `cargo-dwsim serve` and hold the figures against the ratchet.

The runners and their records live outside this repository (--runners); nothing of theirs is copied here.
A figure below its entry in ratchet.json is a failure; --update writes the figures that rose.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

HOME = Path(os.environ.get("DWSIM_CI_HOME", Path.home() / ".cache" / "dwsim"))


def environment(name, *packages):
    """The python of a virtual environment that has these packages."""
    home = HOME / f"venv-{name}"
    python = home / "bin" / "python"
    stamp = home / "packages"
    wanted = "\n".join(packages)
    if not (stamp.exists() and stamp.read_text() == wanted):
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        stamp.write_text(wanted)
    return python


class Server:
    """`cargo-dwsim serve` on ports of its own choice, for the time of a `with`."""

    def __init__(self, binary):
        self.binary = binary

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.binary, "serve", "--redshift-port", "0", "--snowflake-port", "0", "--s3-port", "0"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"serve did not start: exit {self.process.wait()}")
        return json.loads(line)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            sys.exit("serve did not stop within 10 s of SIGTERM")


def measure(command, out, limit):
    """Run one runner to its end, its last lines on stdout, and read what it wrote."""
    started = time.monotonic()
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=limit)
    print("\n".join(run.stdout.splitlines()[-60:]))
    print(f"{time.monotonic() - started:.1f} s")
    if run.returncode != 0:
        sys.exit(f"{command[1]} ended with {run.returncode}")
    return json.loads(Path(out).read_text())


def redshift(runners, ports, tmp, limit):
    python = environment("redshift", "psycopg[binary]")
    out = f"{tmp}/redshift.json"
    report = measure(
        [python, f"{runners}/redshift/run.py", "--port", str(ports["redshift"]["port"]), "--sslmode", "disable",
         "--tickit-empty", "--json", out], out, limit)
    total = report["categories"].get("TOTAL", {})
    return {kind: [total.get(kind + suffix, 0), total.get(kind, 0)]
            for kind, suffix in (("S", "+"), ("Q", "+"), ("E", "+"), ("T", "+"))}


def snowflake(runners, ports, tmp, limit):
    python = environment("snowflake", "snowflake-connector-python==4.8.1")
    out = f"{tmp}/snowflake.json"
    report = measure(
        [python, f"{runners}/snowflake/run.py", "--port", str(ports["snowflake"]["port"]), "--quiet", "--out", out],
        out, limit)["summary"]
    return {"checked": [report["checked_ok"], report["checked"]], "all": [report["ok"], report["records"]]}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", required=True)
    p.add_argument("--runners", required=True)
    p.add_argument("--ratchet", required=True)
    p.add_argument("--update", action="store_true", help="write figures that rose into the ratchet")
    p.add_argument("--limit", type=float, default=1500, help="seconds for each runner (default 1500)")
    a = p.parse_args()

    HOME.mkdir(parents=True, exist_ok=True)
    figures = {}
    with tempfile.TemporaryDirectory() as tmp:
        for name, run in (("redshift", redshift), ("snowflake", snowflake)):
            # A server each: what one leaves behind must not move the other's figures.
            with Server(a.binary) as ports:
                figures[name] = run(a.runners, ports, tmp, a.limit)

    path = Path(a.ratchet)
    ratchet = json.loads(path.read_text()) if path.exists() else {}
    fell = False
    print(f"{'measure':22} {'now':>12} {'share':>7} {'ratchet':>8}")
    for name, measures in figures.items():
        for measure_name, (passed, of) in measures.items():
            least = ratchet.get(name, {}).get(measure_name, 0)
            mark = "  FELL" if passed < least else "  rose" if passed > least else ""
            fell |= passed < least
            share = f"{100 * passed / of:.1f}%" if of else "-"
            print(f"{name + ' ' + measure_name:22} {f'{passed}/{of}':>12} {share:>7} {least:>8}{mark}")
            if a.update:
                ratchet.setdefault(name, {})[measure_name] = max(passed, least)
    if a.update:
        path.write_text(json.dumps(ratchet, indent=2, sort_keys=True) + "\n")
    if fell:
        sys.exit("a figure fell below .ci/ratchet.json")


if __name__ == "__main__":
    main()
