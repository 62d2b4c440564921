"""The dbt project that `init --with dbt` writes, built twice on each warehouse: all at once, and incrementally."""

import json
import os
import subprocess
import sys
import tempfile

from dbt.cli.main import dbtRunner

ENDPOINTS = json.loads(sys.argv[1])
DWSIM = sys.argv[2]

with tempfile.TemporaryDirectory() as home:
    folder = os.path.join(home, "shop")
    os.mkdir(folder)

    def dwsim(*arguments):
        subprocess.run([DWSIM, "dwsim", *arguments], cwd=folder, check=True)

    dwsim("init", "--with", "dbt")
    url = ENDPOINTS["control"]["url"]
    dwsim("experiment", "--url", url, "create", "shop")
    dwsim("experiment", "--url", url, "generate", "shop")
    os.environ.update(
        DWSIM_REDSHIFT_PORT=str(ENDPOINTS["redshift"]["port"]),
        DWSIM_SNOWFLAKE_PORT=str(ENDPOINTS["snowflake"]["port"]),
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
        DO_NOT_TRACK="1",
    )
    project = os.path.join(folder, "dbt")
    for target in ("redshift", "snowflake"):
        for _ in range(2):
            done = dbtRunner().invoke(
                ["build", "--project-dir", project, "--profiles-dir", project, "--target", target]
            )
            assert done.success, (target, done.exception or [r for r in done.result if r.status in ("error", "fail")])
