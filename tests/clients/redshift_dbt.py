"""dbt-redshift on a small project: seed, run and rerun with every incremental strategy, snapshot, tests, docs."""

import json
import os
import tempfile
from pathlib import Path

from dbt.cli.main import dbtRunner

from common import REDSHIFT

FILES = {
    "dbt_project.yml": """
name: shop
version: "1.0"
profile: shop
models:
  shop:
    +materialized: table
""",
    "profiles.yml": f"""
shop:
  target: dev
  outputs:
    dev:
      type: redshift
      host: {REDSHIFT["host"]}
      port: {REDSHIFT["port"]}
      user: dev
      password: any
      dbname: dev
      schema: analytics
      sslmode: disable
      threads: 4
""",
    "seeds/orders.csv": "id,customer,total,placed\n"
    + "".join(f"{n},c{n % 3},{n}.50,2024-01-{n:02}\n" for n in range(1, 21)),
    "models/staged.sql": """
{{ config(materialized='view') }}
select id, customer, total, placed::date as placed from {{ ref('orders') }}
""",
    "models/late.sql": """
{{ config(materialized='view', bind=False) }}
select customer, count(*) as orders from {{ ref('staged') }} group by 1
""",
    "models/sorted.sql": """
{{ config(dist='customer', sort=['placed', 'id'], sort_type='compound') }}
select *, dateadd(month, 1, placed)::date as due from {{ ref('staged') }}
""",
    "models/everything.sql": """
{{ config(dist='all') }}
select customer, sum(total) as total from {{ ref('sorted') }} group by customer
""",
    "models/ephemeral_part.sql": """
{{ config(materialized='ephemeral') }}
select id from {{ ref('staged') }} where total > 10
""",
    "models/uses_ephemeral.sql": "select count(*) as n from {{ ref('ephemeral_part') }}",
    "models/refreshed.sql": """
{{ config(materialized='materialized_view', auto_refresh=False, backup=False) }}
select customer, count(*) as orders from {{ ref('orders') }} group by customer
""",
    "models/schema.yml": """
version: 2
seeds:
  - name: orders
    config:
      column_types: {total: "decimal(10,2)"}
models:
  - name: staged
    description: Orders as they came
    columns:
      - name: id
        description: Number
        tests: [unique, not_null]
      - name: customer
        tests:
          - accepted_values: {values: [c0, c1, c2]}
  - name: sorted
    columns:
      - name: id
        tests:
          - relationships: {to: ref('orders'), field: id}
unit_tests:
  - name: totals_are_added
    model: everything
    given:
      - input: ref('sorted')
        rows:
          - {customer: a, total: 1}
          - {customer: a, total: 2}
    expect:
      rows:
        - {customer: a, total: 3}
""",
    "snapshots/kept.sql": """
{% snapshot kept %}
{{ config(target_schema='kept', unique_key='id', strategy='check', check_cols=['total']) }}
select * from {{ ref('orders') }}
{% endsnapshot %}
""",
}
for strategy in ("append", "delete+insert", "merge", "microbatch"):
    name = strategy.replace("+", "_")
    more = ", unique_key='id'" if strategy in ("delete+insert", "merge") else ""
    if strategy == "microbatch":
        more = ", event_time='placed', batch_size='month', begin='2024-01-01', unique_key='id'"
    FILES[f"models/by_{name}.sql"] = f"""
{{{{ config(materialized='incremental', incremental_strategy='{strategy}'{more}) }}}}
select id, customer, total, placed from {{{{ ref('staged') }}}}
{{% if is_incremental() %}} where id > 15 {{% endif %}}
"""


def dbt(*arguments):
    """Runs a command in this process: loading dbt takes longer than what it does here."""
    print("dbt", *arguments, flush=True)
    done = runner.invoke(["--no-use-colors", *arguments])
    assert done.success, f"dbt {' '.join(arguments)}: {done.exception or done.result}"
    return done.result


with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    os.chdir(root)
    os.environ["DBT_PROFILES_DIR"] = folder
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    runner = dbtRunner()
    dbt("debug")
    dbt("seed")
    dbt("run")
    dbt("run")
    dbt("seed", "--full-refresh")
    dbt("run", "--full-refresh")
    dbt("snapshot")
    orders = root / "seeds/orders.csv"
    orders.write_text(orders.read_text().replace("20,c2,20.50", "20,c2,99.50"))
    dbt("seed")
    dbt("snapshot")
    query = "select count(*) as n, sum(case when dbt_valid_to is null then 1 else 0 end) as valid from kept.kept"
    shown = dbt("show", "--inline", query).results[0].agate_table
    assert [[int(v) for v in row] for row in shown.rows] == [[21, 20]], shown.rows
    dbt("test")
    dbt("docs", "generate")
    catalog = json.loads((root / "target/catalog.json").read_text())
    assert not catalog["errors"], catalog["errors"]
    assert set(catalog["nodes"]["model.shop.sorted"]["columns"]) == {"id", "customer", "total", "placed", "due"}, catalog
    os.chdir("/")
