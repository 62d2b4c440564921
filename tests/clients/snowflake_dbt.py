"""dbt-snowflake on a project with every kind of node: built, built again, changed, documented, by four threads."""

import json
import os
import shutil
import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import snowflake.connector
from common import SNOWFLAKE, equal
from dbt.cli.main import dbtRunner

# the strategies of incremental models, and what each needs besides its name
STRATEGIES = {
    "append": "",
    "merge": ", unique_key='id', merge_exclude_columns=['placed']",
    "delete+insert": ", unique_key=['id', 'customer']",
    "insert_overwrite": "",
    "microbatch": ", event_time='placed', batch_size='month', begin='2024-01-01', unique_key='id'",
}
# the months of the orders, as microbatches would go on until now
MONTHS = ("--event-time-start", "2024-01-01", "--event-time-end", "2024-05-01")
CHANGES = ("ignore", "fail", "append_new_columns", "sync_all_columns")

FILES = {
    "dbt_project.yml": """
name: shop
version: "1.0"
profile: shop
vars: {extra: false}
on-run-start: "create table if not exists {{ target.database }}.raw.runs (at timestamp_ltz)"
on-run-end: "insert into {{ target.database }}.raw.runs select current_timestamp()"
query-comment: {comment: "dbt of shop", append: true}
models:
  shop:
    +materialized: table
    +persist_docs: {relation: true, columns: true}
    +query_tag: shop
flags: {send_anonymous_usage_stats: false, require_batched_execution_for_custom_microbatch_strategy: false}
""",
    "profiles.yml": f"""
shop:
  target: dev
  outputs:
    dev: &dev
      type: snowflake
      account: any
      user: any
      password: any
      host: {SNOWFLAKE["host"]}
      port: {SNOWFLAKE["port"]}
      protocol: http
      role: ACCOUNTADMIN
      database: dbt_shop
      schema: analytics
      warehouse: COMPUTE_WH
      threads: 4
      client_session_keep_alive: false
    copy:
      <<: *dev
      schema: copied
""",
    "seeds/orders.csv": "id,customer,total,placed,note\n"
    + "".join(f'{n},c{n % 3},{n}.50,2024-{(n + 6) // 7:02}-{n:02},"note, {n}"\n' for n in range(1, 21)),
    "seeds/schema.yml": """
version: 2
seeds:
  - name: orders
    description: As they came
    config:
      column_types: {total: "number(10,2)", note: "varchar(50)"}
""",
    "models/sources.yml": """
version: 2
sources:
  - name: raw
    database: dbt_shop
    schema: raw
    loader: a program
    loaded_at_field: at
    freshness: {warn_after: {count: 1, period: day}, error_after: {count: 2, period: day}}
    tables:
      - name: events
        description: What happened
        columns:
          - name: id
            tests: [unique, not_null]
exposures:
  - name: board
    type: dashboard
    owner: {email: someone@example.com}
    depends_on: [ref('totals')]
""",
    "models/staged.sql": """
{{ config(materialized='view', secure=true) }}
select id, customer, total, placed::timestamp_ntz as placed from {{ ref('orders') }}
""",
    "models/part.sql": """
{{ config(materialized='ephemeral') }}
select id, kind, doc:amount::int as amount from {{ source('raw', 'events') }} where kind is not null
""",
    "models/events_by_kind.sql": """
{{ config(transient=false, cluster_by=['kind']) }}
select kind, count(*) as n, sum(amount) as amount, {{ doubled('sum(amount)') }} as twice from {{ ref('part') }} group by kind
""",
    "models/totals.sql": """
{{ config(
    grants={'select': ['reporter']},
    pre_hook="create table if not exists {{ target.database }}.raw.hooks (what varchar)",
    post_hook="insert into {{ target.database }}.raw.hooks values ('{{ this.identifier }}')",
) }}
select customer, sum(total) as total from {{ ref('staged') }} group by customer
""",
    "models/refreshed.sql": """
{{ config(materialized='dynamic_table', target_lag='1 hour', snowflake_warehouse='COMPUTE_WH') }}
select customer, count(*) as orders from {{ ref('orders') }} group by customer
""",
    "models/contracted.sql": """
select id, customer, total from {{ ref('staged') }}
""",
    "models/schema.yml": """
version: 2
models:
  - name: staged
    description: "Orders, typed: it's a view"
    config: {event_time: placed}
    columns:
      - name: id
        description: Number
        tests: [unique, not_null]
      - name: customer
        description: Who 'bought'
        tests:
          - accepted_values: {values: [c0, c1, c2]}
          - relationships: {to: ref('totals'), field: customer}
      - name: placed
        tests:
          - not_before: {least: "2024-01-01"}
  - name: totals
    description: Sums
    columns:
      - name: total
        description: Sum
  - name: contracted
    config: {contract: {enforced: true}}
    constraints:
      - {type: primary_key, columns: [id]}
    columns:
      - {name: id, data_type: int, constraints: [{type: not_null}]}
      - {name: customer, data_type: varchar}
      - {name: total, data_type: "number(10,2)"}
unit_tests:
  - name: totals_are_added
    model: totals
    given:
      - input: ref('staged')
        rows:
          - {customer: a, total: 1.25}
          - {customer: a, total: 2}
          - {customer: b, total: null}
    expect:
      rows:
        - {customer: a, total: 3.25}
        - {customer: b, total: null}
  - name: only_new_rows
    model: by_merge
    overrides: {macros: {is_incremental: true}}
    given:
      - input: ref('staged')
        format: sql
        rows: "select 15 as id, 'a' as customer, 1 as total, '2024-01-01'::timestamp_ntz as placed union all select 16, 'b', 2, null"
      - input: this
        format: csv
        rows: |
          id
          1
    expect:
      format: dict
      rows:
        - {id: 16, customer: b, total: 2}
""",
    "tests/no_negative_totals.sql": "select * from {{ ref('totals') }} where total < 0",
    "tests/warns.sql": "{{ config(severity='warn', store_failures=true) }} select 1 as found",
    "tests/generic/not_before.sql": """
{% test not_before(model, column_name, least) %}
select * from {{ model }} where {{ column_name }} < '{{ least }}'
{% endtest %}
""",
    "macros/doubled.sql": "{% macro doubled(what) %} 2 * {{ what }} {% endmacro %}",
    "macros/prepare.sql": """
{% macro prepare(rows) %}
  {% do run_query("create schema if not exists raw") %}
  {% do run_query("create role if not exists reporter") %}
  {% do run_query("create or replace table raw.events (id int, kind varchar, doc variant, at timestamp_ltz)") %}
  {% set insert %}
    insert into raw.events
    select seq4(), iff(seq4() % 2 = 0, 'even', 'odd'), object_construct('amount', seq4()), current_timestamp()
    from table(generator(rowcount => {{ rows }}))
  {% endset %}
  {% do run_query(insert) %}
  {% set counted = run_query("select count(*) as n from raw.events") %}
  {{ log("events: " ~ counted.columns["N"].values()[0], info=true) }}
{% endmacro %}
""",
    "analyses/largest.sql": "select max(total) from {{ ref('totals') }}",
    "snapshots/by_check.sql": """
{% snapshot by_check %}
{{ config(target_schema='kept', unique_key='id', strategy='check', check_cols=['total'], hard_deletes='invalidate') }}
select * from {{ ref('orders') }}
{% endsnapshot %}
""",
    "snapshots/all_columns.yml": """
version: 2
snapshots:
  - name: by_all
    relation: ref('orders')
    config: {schema: kept, unique_key: id, strategy: check, check_cols: all}
  - name: by_time
    relation: source('raw', 'events')
    config:
      schema: kept
      unique_key: [id, kind]
      strategy: timestamp
      updated_at: at
      hard_deletes: new_record
      snapshot_meta_column_names: {dbt_valid_to: until}
      dbt_valid_to_current: "to_timestamp_ltz('9999-12-31')"
""",
}
for strategy, more in STRATEGIES.items():
    FILES[f"models/by_{strategy.replace('+', '_')}.sql"] = f"""
{{{{ config(materialized='incremental', incremental_strategy='{strategy}'{more}) }}}}
select id, customer, total, placed from {{{{ ref('staged') }}}}
{{% if is_incremental() and '{strategy}' != 'microbatch' %}} where id > 15 {{% endif %}}
"""
for change in CHANGES:
    # a column that is gone is more than some can do
    changed = "total, placed" if change in ("ignore", "fail") else "total as renamed, placed"
    FILES[f"models/on_{change}.sql"] = f"""
{{{{ config(materialized='incremental', unique_key='id', on_schema_change='{change}') }}}}
select id, customer, {{{{ "{changed}" if var('extra') else "total" }}}} from {{{{ ref('staged') }}}}
"""


def dbt(*arguments, success=True):
    """Runs a command in this process: loading dbt takes longer than what it does here."""
    print("dbt", *arguments, flush=True)
    done = runner.invoke(["--no-use-colors", *arguments])
    if done.success != success:
        nodes = getattr(done.result, "results", [])
        said = [(node.node.name, str(node.status), node.message) for node in nodes if node.message]
        raise AssertionError(f"dbt {' '.join(arguments)}: {done.exception} {said}")
    return done.result


def statuses(result):
    """How many nodes ended in which way."""
    counts = {}
    for node in result.results:
        counts[str(node.status)] = counts.get(str(node.status), 0) + 1
    return counts


connection = snowflake.connector.connect(
    account="any",
    user="any",
    password="any",
    host=SNOWFLAKE["host"],
    port=int(SNOWFLAKE["port"]),
    protocol="http",
)
cursor = connection.cursor()


def rows(statement):
    return cursor.execute(statement).fetchall()


def columns(table):
    return [(row[0], row[1]) for row in rows(f"describe table {table}")]


with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    os.chdir(root)
    os.environ["DBT_PROFILES_DIR"] = folder
    rows("create database dbt_shop")
    runner = dbtRunner()
    dbt("run-operation", "prepare", "--args", "{rows: 10}")
    dbt("seed")
    equal(statuses(dbt("run", *MONTHS)), {"success": 16}, "the first run")
    orders = [(n, f"c{n % 3}", Decimal(f"{n}.50")) for n in range(1, 21)]
    equal(rows("select id, customer, total from analytics.contracted order by id"), orders)
    equal(columns("analytics.contracted"), [("ID", "NUMBER(38,0)"), ("CUSTOMER", "VARCHAR(16777216)"), ("TOTAL", "NUMBER(10,2)")])
    equal(rows("select kind, n, amount, twice from analytics.events_by_kind order by 1"), [("even", 5, 20, 40), ("odd", 5, 25, 50)])
    equal(rows("select sum(orders) from analytics.refreshed"), [(20,)])
    kinds = {row[1]: (row[4], row[5], row[6]) for row in rows("show tables in schema analytics")}
    equal(kinds["TOTALS"], ("TRANSIENT", "Sums", ""))
    equal(kinds["EVENTS_BY_KIND"], ("TABLE", "", "LINEAR(kind)"))
    views = [(row[1], row[6], row[8]) for row in rows("show views in schema analytics")]
    equal(views, [("STAGED", "Orders, typed: it's a view", "true")])
    equal([row[9] for row in rows("describe view analytics.staged")], ["Number", "Who 'bought'", "", ""])
    granted = [(row[1], row[5]) for row in rows("show grants on table analytics.totals")]
    assert ("SELECT", "REPORTER") in granted, granted
    equal(rows("select what from raw.hooks"), [("totals",)])
    equal(rows("select count(*) from raw.runs"), [(2,)])

    # again, with all else: each strategy in its own way
    built = dbt("build", *MONTHS)
    equal(statuses(built), {"success": 20, "pass": 10, "warn": 1}, "everything")
    equal(rows("select found from analytics_dbt_test__audit.warns"), [(1,)])
    equal(statuses(dbt("test")), {"success": 2, "pass": 10, "warn": 1}, "tests")
    for strategy, (count, least) in {
        "append": (25, 1),
        "merge": (20, 1),
        "delete_insert": (20, 1),
        "insert_overwrite": (5, 16),
        "microbatch": (20, 1),
    }.items():
        equal(rows(f"select count(*), min(id) from analytics.by_{strategy}"), [(count, least)], strategy)

    # rows that changed, came and went, as the strategies and snapshots see them
    seed = root / "seeds/orders.csv"
    seed.write_text(seed.read_text().replace("20,c2,20.50,2024-03-20", "20,c2,99.50,2024-04-20").replace("1,c1,1.50,2024-01-01,\"note, 1\"\n", ""))
    dbt("seed", "--full-refresh")
    rows("delete from raw.events where id = 0")
    rows("update raw.events set doc = null, at = dateadd(second, 1, at) where id = 1")
    dbt("run", "--select", "by_merge", "by_delete_insert")
    changed = (Decimal("99.50"), datetime(2024, 3, 20))
    equal(rows("select total, placed from analytics.by_merge where id = 20"), [changed], "an excluded column is left")
    changed = (Decimal("99.50"), datetime(2024, 4, 20))
    equal(rows("select total, placed from analytics.by_delete_insert where id = 20"), [changed])
    dbt("snapshot")
    valid = "count(*), count(distinct id), count_if({0}), count_if(dbt_valid_from is null)"
    equal(rows(f"select {valid.format('dbt_valid_to is null')} from kept.by_check"), [(21, 20, 19, 0)])
    equal(rows(f"select {valid.format('dbt_valid_to is null')} from analytics_kept.by_all"), [(21, 20, 20, 0)])
    equal(rows(f"select {valid.format('year(until) = 9999')} from analytics_kept.by_time"), [(12, 10, 10, 0)])
    equal(rows("select id, dbt_is_deleted from analytics_kept.by_time where dbt_is_deleted = 'True'"), [(0, "True")])

    # columns that come and go
    result = dbt("run", "--select", "on_*", "--vars", "{extra: true}", success=False)
    equal(statuses(result), {"success": 5, "error": 1}, "changed columns")
    error = next(node.message for node in result.results if node.status == "error")
    assert "out of sync" in error, error
    number = "NUMBER(10,2)"
    first = [("ID", "NUMBER(38,0)"), ("CUSTOMER", "VARCHAR(16777216)")]
    more = [("RENAMED", number), ("PLACED", "TIMESTAMP_NTZ(9)")]
    equal(columns("analytics.on_ignore"), [*first, ("TOTAL", number)])
    equal(columns("analytics.on_fail"), [*first, ("TOTAL", number)])
    equal(columns("analytics.on_append_new_columns"), [*first, ("TOTAL", number), *more])
    equal(columns("analytics.on_sync_all_columns"), [*first, *more])

    equal(statuses(dbt("run", "--full-refresh", *MONTHS)), {"success": 16}, "all anew")
    equal(rows("select count(*) from analytics.by_append"), [(19,)])
    equal(statuses(dbt("source", "freshness")), {"pass": 1})
    query = "select customer, total from {{ ref('totals') }} order by 1"
    shown = dbt("show", "--inline", query, "--limit", "2").results[0].agate_table
    equal([tuple(row) for row in shown.rows], [("c0", Decimal("66.00")), ("c1", Decimal("72.00"))])
    dbt("compile", "--select", "largest")
    # what is cloned from is described by another run's manifest
    shutil.copytree(root / "target", root / "before")
    equal(statuses(dbt("clone", "--target", "copy", "--state", "before", "--select", "totals", "staged", "orders")), {"success": 3})
    equal(rows("select count(*) from copied.totals"), [(3,)])
    dbt("docs", "generate")
    catalog = json.loads((root / "target/catalog.json").read_text())
    assert not catalog["errors"], catalog["errors"]
    node = catalog["nodes"]["model.shop.totals"]
    equal(node["metadata"]["comment"], "Sums")
    equal(
        [(c["name"], c["type"], c["comment"] or "") for c in node["columns"].values()],
        [("CUSTOMER", "TEXT", ""), ("TOTAL", "NUMBER", "Sum")],
    )
    equal(int(node["stats"]["row_count"]["value"]), 3)
    assert "source.shop.raw.events" in catalog["sources"], catalog["sources"].keys()
    os.chdir("/")
