//! External tables, directory tables, streams over them and over views, files of every kind.

use super::Trial;

/// Lines of CSV as a file of a stage.
fn csv(path: &str, rows: &str) -> String {
    format!(
        "copy into @{path} from (select * from values {rows}) file_format = (type = csv compression = none) single = true overwrite = true"
    )
}

#[tokio::test]
async fn external_tables() {
    let mut t = Trial::new();
    t.setup("create stage files").await;
    t.setup(&csv("files/2024/01/a.csv", "(1, 'x'), (2, 'y')"))
        .await;
    t.setup(&csv("files/2024/02/b.csv", "(3, 'z')")).await;
    t.expect(&[
        (
            "create external table et (id int as (value:c1::int), name varchar as (value:c2::varchar), \
             month date as to_date(split_part(metadata$filename, '/', 1) || '-' || split_part(metadata$filename, '/', 2) || '-01')) \
             partition by (month) location = @files auto_refresh = false file_format = (type = csv) comment = 'months'",
            &["Table ET successfully created."],
        ),
        (
            "select id, name, month from et order by id",
            &["1|x|2024-01-01", "2|y|2024-01-01", "3|z|2024-02-01"],
        ),
        ("select to_json(value) from et where id = 2", &[r#"{"c1":"2","c2":"y"}"#]),
        ("select $1:c1::int from et order by 1 desc limit 1", &["3"]),
        (
            "select metadata$filename, metadata$file_row_number from et order by id",
            &["2024/01/a.csv|1", "2024/01/a.csv|2", "2024/02/b.csv|1"],
        ),
        ("select count(*) from et where month = '2024-02-01'", &["1"]),
        ("alter external table et refresh", &[]),
        ("insert into et (id) values (1)", &["!002034 external table 'ET'"]),
        ("delete from et", &["!002034 external table"]),
        ("truncate table et", &["!002034 external table"]),
        (
            "select table_type, comment from information_schema.tables where table_name = 'ET'",
            &["EXTERNAL TABLE|months"],
        ),
        (
            "select table_name, location, file_format_type from information_schema.external_tables",
            &["ET|@DB.PUBLIC.FILES/|CSV"],
        ),
        (
            "select column_name from information_schema.columns where table_name = 'ET' order by ordinal_position",
            &["VALUE", "ID", "NAME", "MONTH"],
        ),
        (
            "select file_name, file_size from table(information_schema.external_table_files(table_name => 'et')) order by 1",
            &["2024/01/a.csv|8", "2024/02/b.csv|4"],
        ),
        (
            "select get_ddl('table', 'et')",
            &["create or replace external table ET(\n\tID NUMBER(38,0) AS (value:c1::int),\n\tNAME VARCHAR(16777216) AS (value:c2::varchar),\n\tMONTH DATE AS (to_date(split_part(metadata$filename, '/', 1) || '-' || split_part(metadata$filename, '/', 2) || '-01'))\n)\npartition by (MONTH)\nlocation=@DB.PUBLIC.FILES/\nauto_refresh=false\nfile_format=(TYPE=CSV)\ncomment='months'\n;"],
        ),
        ("create external table et (x int as (value:c1::int)) location = @files file_format = (type = csv)", &["!002002"]),
        ("create external table if not exists et location = @files file_format = (type = csv)", &["ET already exists, statement succeeded."]),
        ("create external table e2 location = @files", &["!001003 FILE_FORMAT"]),
        ("create external table e2 location = @nowhere file_format = (type = csv)", &["!002003"]),
        ("create external table e2 location = @files file_format = (type = parquet) table_format = delta", &["!000002 DELTA"]),
    ])
    .await;
    t.setup("create stream changes on external table et insert_only = true")
        .await;
    t.setup(&csv("files/2024/03/c.csv", "(4, 'w')")).await;
    t.setup("remove @files/2024/01/a.csv").await;
    t.expect(&[
        ("select count(*) from et", &["3"]),
        (
            "alter external table et refresh '2024/03/'",
            &["2024/03/c.csv|REGISTERED_NEW|File registered successfully."],
        ),
        (
            "alter external table et refresh",
            &["2024/01/a.csv|UNREGISTERED|File unregistered successfully."],
        ),
        ("select id from et order by id", &["3", "4"]),
        ("select id, metadata$action from changes", &["4|INSERT"]),
        (
            "alter external table et remove files ('2024/02/b.csv')",
            &["2024/02/b.csv|UNREGISTERED|File unregistered successfully."],
        ),
        ("select id from et order by id", &["4"]),
        (
            "alter external table et add files ('2024/02/b.csv', 'none.csv')",
            &[
                "2024/02/b.csv|REGISTERED_NEW|File registered successfully.",
                "none.csv|REGISTER_SKIPPED|File not found.",
            ],
        ),
        ("select id from et order by id", &["3", "4"]),
        (
            "alter external table et add column twice int as (value:c1::int * 2)",
            &["Statement executed successfully."],
        ),
        ("select twice from et order by id", &["6", "8"]),
        (
            "create stream s2 on external table et",
            &["!001003 INSERT_ONLY"],
        ),
        ("drop external table et", &["ET successfully dropped."]),
        (
            "drop external table if exists et",
            &["Drop statement executed successfully (ET already dropped)."],
        ),
        ("drop external table et", &["!002003"]),
    ])
    .await;
}

#[tokio::test]
async fn shown_external_tables() {
    let mut t = Trial::new();
    t.setup("create stage files; create file format ff type = csv;")
        .await;
    t.setup(&csv("files/a.csv", "(1)")).await;
    t.setup("create external table et (id int as (value:c1::int) not null) location = @files/ file_format = (format_name = 'ff')").await;
    let columns = t.columns("show external tables").await;
    assert!(columns.starts_with("created_on,name,database_name,schema_name,invalid,invalid_reason,owner,comment,stage,location"), "{columns}");
    let shown = t.rows("show external tables").await.unwrap();
    assert_eq!(shown.len(), 1);
    assert!(
        shown[0].contains("|DB.PUBLIC.FILES|@DB.PUBLIC.FILES/|ff|"),
        "{shown:?}"
    );
    let described = t.rows("describe external table et").await.unwrap();
    let short: Vec<String> = described
        .iter()
        .map(|r| r.split('|').take(4).collect::<Vec<_>>().join("|"))
        .collect();
    assert_eq!(
        short,
        ["VALUE|VARIANT|COLUMN|Y", "ID|NUMBER(38,0)|VIRTUAL|N"]
    );
    assert!(described[1].contains("(value:c1::int)"), "{described:?}");
}

#[tokio::test]
async fn partitions_of_ones_own() {
    let mut t = Trial::new();
    t.setup("create stage files").await;
    t.setup(&csv("files/one/a.csv", "(1)")).await;
    t.setup(&csv("files/two/b.csv", "(2)")).await;
    t.setup(
        "create external table et (day date as (parse_json(metadata$external_table_partition):DAY::date), id int as (value:c1::int)) \
         partition by (day) partition_type = user_specified location = @files file_format = (type = csv)",
    )
    .await;
    t.expect(&[
        ("select count(*) from et", &["0"]),
        (
            "alter external table et add partition (day = '2024-05-06') location 'one/'",
            &["Statement executed successfully."],
        ),
        (
            "alter external table et add partition (day = '2024-05-07') location 'two/'",
            &["Statement executed successfully."],
        ),
        (
            "select day, id from et order by id",
            &["2024-05-06|1", "2024-05-07|2"],
        ),
        (
            "alter external table et drop partition location 'one/'",
            &["Statement executed successfully."],
        ),
        ("select day, id from et order by id", &["2024-05-07|2"]),
        (
            "alter external table et refresh",
            &["!001003 not refreshed"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn directories_and_their_streams() {
    let mut t = Trial::new();
    t.setup(
        "create stage files directory = (enable = true); create stream new_files on stage files;",
    )
    .await;
    t.setup(&csv("files/a.csv", "(1)")).await;
    t.expect(&[
        ("select count(*) from directory(@files)", &["0"]),
        (
            "alter stage files refresh",
            &["a.csv|REGISTERED_NEW|File registered successfully."],
        ),
        ("alter stage files refresh", &[]),
        (
            "select relative_path, size from directory(@files)",
            &["a.csv|2"],
        ),
        ("select system$stream_has_data('new_files')", &["true"]),
        (
            "select relative_path, metadata$action, metadata$isupdate from new_files",
            &["a.csv|INSERT|false"],
        ),
        (
            "create table seen as select relative_path from new_files",
            &["Table SEEN successfully created."],
        ),
        (
            "insert into seen select relative_path from new_files",
            &["1"],
        ),
        ("select count(*) from new_files", &["0"]),
        ("remove @files/a.csv", &["files/a.csv|removed"]),
        ("select relative_path from directory(@files)", &["a.csv"]),
        (
            "alter stage files refresh",
            &["a.csv|UNREGISTERED|File unregistered successfully."],
        ),
        (
            "select relative_path, metadata$action from new_files",
            &["a.csv|DELETE"],
        ),
        (
            "create stage plain",
            &["Stage area PLAIN successfully created."],
        ),
        (
            "create stream s on stage plain",
            &["!002003 directory table"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn streams_on_views() {
    let mut t = Trial::new();
    t.setup(
        "create table orders (id int, customer int, amount int);
         create table customers (id int, name varchar);
         insert into customers values (1, 'ann'), (2, 'bob');
         insert into orders values (10, 1, 100), (11, 2, 200);
         create view sales as select o.id, c.name, o.amount from orders o join customers c on c.id = o.customer where o.amount > 50;
         create stream changes on view sales;
         create stream additions on view sales append_only = true;
         create stream first_rows on view sales show_initial_rows = true;
         create view totals as select customer, sum(amount) s from orders group by customer;
         create view both_kinds as select id from orders union all select id from customers;",
    )
    .await;
    t.expect(&[
        ("select count(*) from changes", &["0"]),
        ("select id from first_rows order by id", &["10", "11"]),
        ("insert into orders values (12, 1, 70), (13, 1, 5)", &["2"]),
        ("update orders set amount = 250 where id = 11", &["1|0"]),
        ("delete from orders where id = 10", &["1"]),
        (
            "select id, name, amount, metadata$action, metadata$isupdate from changes order by id, metadata$action",
            &[
                "10|ann|100|DELETE|false",
                "11|bob|200|DELETE|true",
                "11|bob|250|INSERT|true",
                "12|ann|70|INSERT|false",
            ],
        ),
        ("select id, metadata$action from additions", &["12|INSERT"]),
        ("select count(distinct metadata$row_id) from changes where id = 11", &["1"]),
        ("select count(*) from sales at (stream => 'changes')", &["2"]),
        ("create table log (id int)", &["Table LOG successfully created."]),
        ("insert into log select id from changes where metadata$action = 'INSERT'", &["2"]),
        ("select count(*) from changes", &["0"]),
        ("update customers set name = 'robert' where id = 2", &["1|0"]),
        (
            "select name, metadata$action from changes order by metadata$action",
            &["bob|DELETE", "robert|INSERT"],
        ),
        ("create stream s on view totals", &["!002718 Change tracking is not supported"]),
        ("create stream s on view orders", &["!002003"]),
        ("create stream of_union on view both_kinds", &["Stream OF_UNION successfully created."]),
        ("insert into customers values (10, 'same id')", &["1"]),
        ("select id, metadata$action from of_union", &["10|INSERT"]),
        ("create or replace view sales as select * from orders", &["View SALES successfully created."]),
        ("select * from changes", &["!091901"]),
    ])
    .await;
    let shown = t.rows("show streams like 'additions'").await.unwrap();
    assert!(
        shown[0].contains("|DB.PUBLIC.SALES|View|") && shown[0].contains("|APPEND_ONLY|"),
        "{shown:?}"
    );
}

#[tokio::test]
async fn unloading_by_partition() {
    let mut t = Trial::new();
    t.setup(
        "create stage out;
         create table sales (day date, hour int, amount int);
         insert into sales values ('2024-01-28', 18, 1), ('2024-01-28', 22, 2), ('2024-01-28', 22, 3), (null, null, 4);",
    )
    .await;
    t.expect(&[
        (
            "copy into @out/p from sales partition by ('date=' || to_varchar(day) || '/hour=' || to_varchar(hour)) file_format = (type = csv compression = none)",
            &["4|56|56"],
        ),
        (
            "select regexp_replace(metadata$filename, '[0-9a-f]{8}-[-0-9a-f]+', 'ID') f, count(*) from @out/p group by 1 order by 1",
            &[
                "p/__NULL__/data_ID_0_0_0.csv|1",
                "p/date=2024-01-28/hour=18/data_ID_0_0_0.csv|1",
                "p/date=2024-01-28/hour=22/data_ID_0_0_0.csv|2",
            ],
        ),
        ("copy into @out/q from sales partition by (hour::varchar) single = true", &["!001003 PARTITION BY"]),
        (
            "copy into @out/d/ from (select 1 a) file_format = (type = csv compression = none) detailed_output = true",
            &["d/data_0_0_0.csv|2|1"],
        ),
    ])
    .await;
    t.setup("copy into @out/h/ from (select 1 a) file_format = (type = parquet) header = true; copy into @out/n/ from (select 1 a) file_format = (type = parquet);").await;
    t.expect(&[
        (
            "create file format pq type = parquet",
            &["File format PQ successfully created."],
        ),
        (
            "select to_json($1) from @out/h/ (file_format => 'pq')",
            &[r#"{"A":1}"#],
        ),
        (
            "select to_json($1) from @out/n/ (file_format => 'pq')",
            &[r#"{"_COL_0":1}"#],
        ),
    ])
    .await;
}

#[tokio::test]
async fn xml_files() {
    let mut t = Trial::new();
    t.setup(
        "create stage x;
         create file format xf type = xml strip_outer_element = true;
         create file format whole type = xml;
         create table docs (v variant);
         copy into @x/a.xml from (select '<list><b id=\"1\"><t>One</t></b><b id=\"2\"><t>Two</t></b></list>') \
           file_format = (type = csv compression = none escape_unenclosed_field = none) single = true;
         copy into docs from @x file_format = (format_name = 'xf');",
    )
    .await;
    t.expect(&[
        (
            "select v:\"@id\"::int, xmlget(v, 't'):\"$\"::varchar from docs order by 1",
            &["1|One", "2|Two"],
        ),
        (
            "select xmlget($1, 't'):\"$\"::varchar from @x/a.xml (file_format => 'xf') order by 1",
            &["One", "Two"],
        ),
        (
            "select $1:\"@\"::varchar from @x/a.xml (file_format => 'whole')",
            &["list"],
        ),
        (
            "copy into @x/b from docs file_format = (type = xml)",
            &["!000002 XML"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn pipes_that_are_refreshed() {
    let mut t = Trial::new();
    t.setup(
        "create stage files; create table target (i int);
         create pipe flow as copy into target from @files file_format = (type = csv) on_error = continue;",
    )
    .await;
    t.setup(&csv("files/a/1.csv", "('1'), ('bad')")).await;
    t.setup(&csv("files/b/2.csv", "('2')")).await;
    t.expect(&[
        ("alter pipe flow refresh prefix = 'a/'", &["files/a/1.csv|SENT"]),
        ("select i from target", &["1"]),
        ("alter pipe flow refresh modified_after = '2030-01-01T00:00:00Z'", &[]),
        ("alter pipe flow refresh", &["files/b/2.csv|SENT"]),
        (
            "select file, row_number from table(information_schema.validate_pipe_load(pipe_name => 'flow', start_time => dateadd(hour, -1, current_timestamp())))",
            &["files/a/1.csv|2"],
        ),
        (
            "select pipe_name, file_name from table(information_schema.copy_history(table_name => 'target', start_time => dateadd(hour, -1, current_timestamp()))) order by 2",
            &["FLOW|a/1.csv", "FLOW|b/2.csv"],
        ),
        ("select * from table(information_schema.validate_pipe_load(pipe_name => 'none', start_time => current_timestamp()))", &["!002003"]),
    ])
    .await;
}

#[tokio::test]
async fn files_between_stages() {
    let mut t = Trial::new();
    t.setup(
        "create stage a; create stage b; create table rows_of (id int, name varchar); insert into rows_of values (1, 'x');
         create table told (id int, name varchar, file varchar, line int);
         copy into @a/in/h.csv from rows_of file_format = (type = csv compression = none) header = true single = true;
         copy into @a/run.sql from (select 'create table made as select 1 i; insert into made values (2); select count(*) from made;') \
           file_format = (type = csv compression = none escape_unenclosed_field = none field_delimiter = none) single = true;",
    )
    .await;
    t.expect(&[
        ("copy files into @b/copied from @a/in/", &["copied/h.csv"]),
        ("copy files into @b from @a files = ('run.sql')", &["run.sql"]),
        ("copy files into @b from @a pattern = '.*none'", &[]),
        ("execute immediate from @b/run.sql", &["2"]),
        ("execute immediate from @b/none.sql", &["!"]),
        (
            "copy into told from @b/copied/h.csv file_format = (type = csv parse_header = true) match_by_column_name = case_insensitive \
             include_metadata = (file = metadata$filename, line = metadata$file_row_number)",
            &["b/copied/h.csv|LOADED|1|1|1|0|NULL|NULL|NULL|NULL"],
        ),
        ("select * from told", &["1|x|copied/h.csv|1"]),
        ("select $1, $2, $5 from @b/copied/h.csv order by 1", &["1|x|NULL", "ID|NAME|NULL"]),
        ("select $1 from @b/nothing", &[]),
    ])
    .await;
}
