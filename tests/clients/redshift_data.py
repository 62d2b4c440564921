"""boto3's client of the Redshift Data API: all twelve operations."""

import time

import boto3
from common import ENDPOINTS, equal, fails

client = boto3.client(
    "redshift-data",
    endpoint_url=ENDPOINTS["redshift_data"]["url"],
    aws_access_key_id="any",
    aws_secret_access_key="secret",
    region_name="us-east-1",
)
HERE = {"ClusterIdentifier": "any", "Database": "dev", "DbUser": "dev"}


def wait(answer):
    for _ in range(300):
        described = client.describe_statement(Id=answer["Id"])
        if described["Status"] in ("FINISHED", "FAILED", "ABORTED"):
            return described
        time.sleep(0.02)
    raise AssertionError(described)


def run(sql, **more):
    return wait(client.execute_statement(Sql=sql, **HERE, **more))


def rows(sql, **more):
    described = run(sql, **more)
    equal(described["Status"], "FINISHED", described.get("Error", ""))
    result = client.get_statement_result(Id=described["Id"])
    return [[list(field.values())[0] for field in record] for record in result["Records"]]


made = run("create table items (id int not null, name varchar(20), price decimal(8,2), good boolean)")
equal((made["Status"], made["HasResultSet"]), ("FINISHED", False))
inserted = run(
    "insert into items values (:id, :name, 1.50, true), (2, null, 2, false)",
    Parameters=[{"name": "id", "value": "1"}, {"name": "name", "value": "it's :one"}],
)
equal((inserted["Status"], inserted["ResultRows"]), ("FINISHED", 2), inserted.get("Error", ""))
equal(
    rows("select * from items where id >= :least order by id", Parameters=[{"name": "least", "value": "1"}]),
    [[1, "it's :one", "1.50", True], [2, True, "2.00", False]],
)
described = run("select id, name, price from items order by id", StatementName="shown")
result = client.get_statement_result(Id=described["Id"])
equal(result["TotalNumRows"], 2)
equal([c["typeName"] for c in result["ColumnMetadata"]], ["int4", "varchar", "numeric"])
equal([c["tableName"] for c in result["ColumnMetadata"]], ["items"] * 3)

failed = run("select * from nowhere")
equal(failed["Status"], "FAILED")
assert "nowhere" in failed["Error"], failed
fails(lambda: client.get_statement_result(Id=failed["Id"]), client.exceptions.ResourceNotFoundException)
fails(lambda: client.describe_statement(Id="no-such-id"), client.exceptions.ResourceNotFoundException)
fails(lambda: client.execute_statement(Sql="select 1", Database="dev"), client.exceptions.ValidationException)
fails(
    lambda: client.execute_statement(Sql="select :a", **HERE, Parameters=[{"name": "b", "value": "1"}]),
    client.exceptions.ValidationException,
)

# a batch is one transaction
batch = wait(client.batch_execute_statement(Sqls=["delete from items", "select 1/0", "select 1"], **HERE))
equal(batch["Status"], "FAILED")
equal([s["Status"] for s in batch["SubStatements"]][1:], ["FAILED", "ABORTED"])
equal(rows("select count(*) from items"), [[2]])
batch = wait(client.batch_execute_statement(Sqls=["insert into items values (3)", "select count(*) from items"], **HERE))
equal(batch["Status"], "FINISHED")
equal(client.get_statement_result(Id=batch["SubStatements"][1]["Id"])["Records"], [[{"longValue": 3}]])

# sessions keep temporary tables
first = client.execute_statement(Sql="create temp table kept as select 7 as n", SessionKeepAliveSeconds=60, **HERE)
equal(wait(first)["Status"], "FINISHED")
second = wait(client.execute_statement(Sql="select n from kept", SessionId=first["SessionId"]))
equal(second["Status"], "FINISHED", second.get("Error", ""))
equal([s["SessionId"] for s in client.list_sessions(Status="AVAILABLE")["Sessions"]], [first["SessionId"]])

# CSV, pages, waiting
text = client.execute_statement(Sql="select id, name from items order by id", ResultFormat="CSV", WaitTimeSeconds=5, **HERE)
csv = client.get_statement_result_v2(Id=text["Id"], WaitTimeSeconds=5)
equal(csv["Records"][0]["CSVRecords"], "id,name\r\n1,it's :one\r\n2,\r\n3,\r\n")
many = run("with recursive t(n) as (select 1 union all select n + 1 from t where n < 2500) select n from t order by n")
pages = client.get_paginator("get_statement_result").paginate(Id=many["Id"])
equal([len(page["Records"]) for page in pages], [1000, 1000, 500])

# lists
run("create schema side")
run("create view side.shown as select id from items")
assert "dev" in client.list_databases(**HERE)["Databases"]
equal(client.list_schemas(SchemaPattern="si%", **HERE)["Schemas"], ["side"])
equal(
    client.list_tables(SchemaPattern="side", **HERE)["Tables"], [{"name": "shown", "schema": "side", "type": "VIEW"}]
)
columns = client.describe_table(Table="items", Schema="public", **HERE)["ColumnList"]
equal([(c["name"], c["typeName"], c["nullable"]) for c in columns][:2], [("id", "int4", 0), ("name", "varchar", 1)])
equal([s["Id"] for s in client.list_statements(StatementName="shown")["Statements"]], [described["Id"]])

# cancelling
slow = client.execute_statement(
    Sql="select count(*) from (select a.n from (select 1 as n from pg_class) a, pg_class b, pg_class c, pg_class d, pg_class e, pg_class f, pg_class g)",
    **HERE,
)
try:
    client.cancel_statement(Id=slow["Id"])
    assert wait(slow)["Status"] in ("ABORTED", "FINISHED")  # it may have been faster
except client.exceptions.ValidationException:
    pass
fails(lambda: client.cancel_statement(Id=slow["Id"]), client.exceptions.ValidationException)
