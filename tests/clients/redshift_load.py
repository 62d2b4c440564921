"""What both Redshift drivers load and unload; they differ in how a statement is run."""

import csv
import gzip
import io

from common import equal, s3

ROLE = "iam_role 'arn:aws:iam::123456789012:role/any'"


def check(run, rows, error):
    """`run` executes a statement, `rows` also answers its rows; `error` runs one that must fail."""
    client = s3()
    client.create_bucket(Bucket="staging")
    for number in range(3):
        text = "id,name,total\n" + "".join(
            f'{n},"name, {n}",{n}.25\n' for n in range(number * 100, number * 100 + 100)
        )
        client.put_object(Bucket="staging", Key=f"orders/part-{number}.csv", Body=text.encode())
    piped = gzip.compress(b"1|one|1.5\n2||2.5\n")
    client.put_object(Bucket="staging", Key="piped/a.gz", Body=piped)
    client.put_object(Bucket="staging", Key="broken/a.csv", Body=b"1,one,1.5\nx,two,2.5\n")

    run("create table loaded (id int, name varchar(20), total decimal(10,2))")
    run(f"copy loaded from 's3://staging/orders/' {ROLE} csv ignoreheader 1")
    equal(list(rows("select count(*), min(name), max(id) from loaded")[0]), [300, "name, 0", 299])
    run("truncate loaded")
    run(f"copy loaded from 's3://staging/piped/' {ROLE} delimiter '|' gzip emptyasnull")
    equal([list(row) for row in rows("select id, name from loaded order by id")], [[1, "one"], [2, None]])

    # a malformed file fails as a whole and says where
    error(f"copy loaded from 's3://staging/broken/' {ROLE} csv", "stl_load_errors")
    equal(list(rows("select count(*) from loaded")[0]), [2], "a failed COPY loads nothing")
    where = rows("select trim(filename), line_number, trim(colname) from stl_load_errors")
    equal([list(row) for row in where], [["s3://staging/broken/a.csv", 2, "id"]])
    error(f"copy loaded from 's3://staging/missing/' {ROLE} csv", "missing")
    error(f"copy loaded from 's3://no-such-bucket/x' {ROLE} csv", "no-such-bucket")

    run(f"unload ('select id, name from loaded order by id') to 's3://staging/out/' {ROLE} csv header parallel off")
    objects = client.list_objects_v2(Bucket="staging", Prefix="out/")["Contents"]
    unloaded = [
        line
        for entry in objects
        for line in csv.reader(
            io.StringIO(client.get_object(Bucket="staging", Key=entry["Key"])["Body"].read().decode())
        )
    ]
    equal(unloaded, [["id", "name"], ["1", "one"], ["2", ""]])
