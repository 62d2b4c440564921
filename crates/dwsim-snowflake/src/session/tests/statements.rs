//! Statements that change something, and what they answer.

use super::Trial;

#[tokio::test]
async fn time_travel() {
    let mut t = Trial::new();
    t.setup("create table h (i int); insert into h values (1);")
        .await;
    t.rows("update h set i = 2").await.unwrap();
    let id = t.rows("select last_query_id()").await.unwrap().remove(0);
    t.setup("set before_delete = (select current_timestamp()); delete from h;")
        .await;
    t.expect(&[
        (
            &format!("select i from h before (statement => '{id}')"),
            &["1"],
        ),
        (&format!("select i from h at (statement => '{id}')"), &["2"]),
        ("select i from h at (timestamp => $before_delete)", &["2"]),
        ("select count(*) from h at (offset => 0)", &["0"]),
        (
            "select count(*) from h at (offset => -3600)",
            &["!000707 Time travel data is not available"],
        ),
        (
            "select * from h at (statement => '11111111-0000-0000-0000-000000000000')",
            &["!000709 not found"],
        ),
        (
            "create table old clone h at (timestamp => $before_delete)",
            &["Table OLD successfully created."],
        ),
        ("select i from old", &["2"]),
        ("drop table old", &["OLD successfully dropped."]),
        ("undrop table old", &["Table OLD successfully restored."]),
        ("select i from old", &["2"]),
        ("undrop table old", &["!002003 did not exist or was purged"]),
        (
            "create or replace table old (j text)",
            &["Table OLD successfully created."],
        ),
        ("undrop table old", &["!002002 already exists"]),
        (
            "alter table old rename to newer",
            &["Statement executed successfully."],
        ),
        ("undrop table old", &["Table OLD successfully restored."]),
        ("select i from old", &["2"]),
    ])
    .await;
    t.setup("create schema s; create table s.t (i int); insert into s.t values (7); drop schema s; undrop schema s;")
        .await;
    t.expect(&[("select i from db.s.t", &["7"])]).await;
    t.setup("create database other; create table other.public.t as select 5 as x; drop database other; undrop database other;")
        .await;
    t.expect(&[("select x from other.public.t", &["5"])]).await;
}

#[tokio::test]
async fn streams() {
    let mut t = Trial::new();
    t.setup(
        "create table src (id int, v text); insert into src values (1, 'a'), (2, 'b');
         create stream s on table src; create stream ap on table src append_only = true;
         create table dst (id int, v text, act text);",
    )
    .await;
    t.expect(&[
        ("select count(*) from s", &["0"]),
        ("insert into src values (3, 'c'), (4, 'd')", &["2"]),
        ("update src set v = 'B' where id = 2", &["1|0"]),
        ("delete from src where id in (1, 4)", &["2"]),
        (
            "select id, v, metadata$action, metadata$isupdate from s order by 1, 3",
            &[
                "1|a|DELETE|false",
                "2|b|DELETE|true",
                "2|B|INSERT|true",
                "3|c|INSERT|false",
            ],
        ),
        ("select count(distinct metadata$row_id) from s", &["3"]),
        (
            "select id, metadata$action from ap order by 1",
            &["3|INSERT", "4|INSERT"],
        ),
        (
            "insert into dst select id, v, metadata$action from s where metadata$action = 'INSERT'",
            &["2"],
        ),
        ("select count(*) from s", &["0"]),
        ("select count(*) from ap", &["2"]),
    ])
    .await;
    // In a transaction the offset moves with the commit.
    t.setup("insert into src values (5, 'e'); begin; insert into dst select id, v, 'x' from s;")
        .await;
    t.expect(&[
        ("select id from s", &["5"]),
        ("rollback", &["Statement executed successfully."]),
        ("select id from s", &["5"]),
    ])
    .await;
    t.setup("begin; insert into dst select id, v, 'x' from s; commit;")
        .await;
    t.expect(&[("select id from s", &[])]).await;
    t.expect(&[
        (
            "create stream all_rows on table src show_initial_rows = true",
            &["Stream ALL_ROWS successfully created."],
        ),
        ("select count(*) from all_rows", &["3"]),
        ("create stream s on table src", &["!002002 already exists"]),
        ("drop stream s", &["S successfully dropped."]),
        ("select * from s", &["!002003 Object 'S' does not exist"]),
    ])
    .await;
}

#[tokio::test]
async fn changes_clause() {
    let mut t = Trial::new();
    t.setup("create table c (i int); insert into c values (1), (2); set t1 = (select current_timestamp());")
        .await;
    t.setup("insert into c values (3); delete from c where i = 1; set t2 = (select current_timestamp()); truncate table c;")
        .await;
    t.expect(&[
        (
            "select i, metadata$action from c changes (information => default) at (timestamp => $t1) end (timestamp => $t2) order by 1",
            &["1|DELETE", "3|INSERT"],
        ),
        (
            "select i from c changes (information => append_only) at (timestamp => $t1) order by 1",
            &["3"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn multi_table_insert() {
    let mut t = Trial::new();
    t.setup(
        "create table s (n int); insert into s values (1), (20), (300);
         create table small (n int); create table big (n int, note text default 'd'); create table rest (n int);",
    )
    .await;
    t.expect(&[
        ("insert all into small into big (n) values (n) select n from s", &["3|3"]),
        ("select count(*), min(note) from big", &["3|d"]),
        (
            "insert overwrite first when n > 100 then into big values (n, 'large') when n > 10 then into small else into rest select n from s",
            &["1|1|1"],
        ),
        ("select * from big", &["300|large"]),
        ("select * from small", &["20"]),
        ("select * from rest", &["1"]),
        (
            "insert all when n > 1 then into small when n > 100 then into small select n from s",
            &["3"],
        ),
        ("insert all into nowhere select 1", &["!002003 NOWHERE"]),
    ])
    .await;
}

#[tokio::test]
async fn nondeterministic_changes() {
    let mut t = Trial::new();
    t.setup(
        "create table t (k int, v int); insert into t values (1, 0), (2, 0);
         create table s (k int, v int); insert into s values (1, 10), (1, 11), (2, 20);",
    )
    .await;
    t.expect(&[
        (
            "merge into t using s on t.k = s.k when matched then update set v = s.v",
            &["!100090 Duplicate row detected during DML action"],
        ),
        (
            "merge into t using s on t.k = s.k when matched and s.v = 11 then update set v = 1 when matched then delete",
            &["!100090 Duplicate row"],
        ),
        ("update t set v = s.v from s where t.k = s.k", &["2|1"]),
        ("alter session set error_on_nondeterministic_update = true", &["Statement executed successfully."]),
        ("update t set v = s.v from s where t.k = s.k", &["!100090 Duplicate row"]),
        ("alter session set error_on_nondeterministic_merge = false", &["Statement executed successfully."]),
        ("merge into t using s on t.k = s.k when matched then update set v = 5", &["2"]),
        ("merge into t using s on t.k = s.k when matched then delete", &["2"]),
    ])
    .await;
}

#[tokio::test]
async fn a_row_that_is_not_matched_has_the_source_alone() {
    let mut t = Trial::new();
    t.setup("create table t (k int, v int); create table s (k int, v int); insert into s values (1, 2), (3, 4);")
        .await;
    t.expect(&[
        (
            "merge into t using s on t.k = s.k when not matched and k > 1 then insert (\"K\", \"V\") values (\"K\", v)",
            &["1"],
        ),
        ("select * from t", &["3|4"]),
    ])
    .await;
}

#[tokio::test]
async fn errors_of_inserts() {
    let mut t = Trial::new();
    t.setup("create table x (i int, c char(2));").await;
    t.expect(&[
        (
            "insert into x values ('zz', 'a')",
            &["!100038 DML operation to table X failed on column I with error: Numeric value 'zz' is not recognized"],
        ),
        (
            "insert into x values (1, 'abc')",
            &["!100078 DML operation to table X failed on column C with error: String 'abc' is too long and would be truncated"],
        ),
        ("insert into x values (1)", &["!002020 Insert value list does not match column list expecting 2 but got 1"]),
        ("insert into x (nope) values (1)", &["!000904 invalid identifier 'NOPE'"]),
    ])
    .await;
}

#[tokio::test]
async fn objects_with_a_body() {
    let mut t = Trial::new();
    t.setup("create table log (n int); create table src (i int); insert into src values (1), (2);")
        .await;
    t.expect(&[
        (
            "create task root warehouse = compute_wh schedule = '1 minute' as insert into log values (1)",
            &["Task ROOT successfully created."],
        ),
        ("create task child after root as insert into log values (2)", &["Task CHILD successfully created."]),
        ("execute task root", &["Task ROOT is scheduled to run immediately."]),
        ("select * from log order by 1", &["1"]),
        ("alter task child resume", &["Statement executed successfully."]),
        ("execute task root", &["Task ROOT is scheduled to run immediately."]),
        ("select * from log order by 1", &["1", "1", "2"]),
        ("drop task child", &["CHILD successfully dropped."]),
        ("execute task child", &["!002003 does not exist"]),
        (
            "create dynamic table dyn target_lag = '1 minute' warehouse = compute_wh as select sum(i) as total from src",
            &["Dynamic table DYN successfully created."],
        ),
        ("select * from dyn", &["3"]),
        ("insert into src values (4)", &["1"]),
        ("alter dynamic table dyn refresh", &["Statement executed successfully."]),
        ("select * from dyn", &["7"]),
        ("create tag cost allowed_values 'low', 'high'", &["Tag COST successfully created."]),
        ("alter table src set tag cost = 'low'", &["Statement executed successfully."]),
        ("alter table src set tag cost = 'odd'", &["!003942 not allowed"]),
        ("grant select on table src to role public", &["Statement executed successfully."]),
        ("grant select on table nowhere to role public", &["!002003 NOWHERE"]),
        ("grant select on table src to role nobody", &["!002003 NOBODY"]),
    ])
    .await;
    let plan = t
        .rows("explain using text select * from src where i > 1")
        .await
        .unwrap();
    assert!(plan[0].contains("Filter"), "{plan:?}");
    let other = t.other().rows("select count(*) from src").await.unwrap();
    assert_eq!(other, ["3"]);
}

#[tokio::test]
async fn lists_and_descriptions() {
    let mut t = Trial::new();
    t.setup(
        "create table a_table (i int primary key, v text default 'x') comment = 'c';
         create view a_view as select i from a_table;
         create sequence q start 5 increment 2;
         create stream st on table a_table;
         create task tk warehouse = w schedule = '5 minutes' as select 1;
         create tag tg allowed_values 'a';
         create role analyst; create user tester;
         grant select on table a_table to role analyst;
         grant role analyst to user tester;",
    )
    .await;
    for (sql, columns) in [
        (
            "show tables",
            "created_on,name,database_name,schema_name,kind,comment,cluster_by,rows,bytes,owner",
        ),
        (
            "show streams",
            "created_on,name,database_name,schema_name,owner,comment,table_name,source_type",
        ),
        (
            "show tasks",
            "created_on,name,id,database_name,schema_name,owner,comment,warehouse,schedule,predecessors,state",
        ),
        (
            "show grants on table a_table",
            "created_on,privilege,granted_on,name,granted_to,grantee_name,grant_option,granted_by",
        ),
        (
            "show warehouses",
            "name,state,type,size,min_cluster_count,max_cluster_count",
        ),
        (
            "desc table a_table",
            "name,type,kind,null?,default,primary key",
        ),
        ("describe task tk", "created_on,name,id"),
    ] {
        let got = t.columns(sql).await;
        assert!(got.starts_with(columns), "{sql}: {got}");
    }
    t.expect(&[
        (
            "select get_ddl('table', 'a_table')",
            &["create or replace TABLE A_TABLE (\n\tI NUMBER(38,0) NOT NULL,\n\tV VARCHAR(16777216) DEFAULT 'x',\n\tprimary key (I)\n)COMMENT='c'\n;"],
        ),
        ("select get_ddl('view', 'a_view')", &["create or replace view A_VIEW(\n\tI\n) as\nselect i from a_table;"]),
        ("select get_ddl('sequence', 'q')", &["create or replace sequence Q start with 5 increment by 2 noorder;"]),
        ("select get_ddl('table', 'nope')", &["!002003 does not exist or not authorized"]),
        ("select system$stream_has_data('st')", &["false"]),
        ("alter table a_table set comment = 'other' change_tracking = true", &["Statement executed successfully."]),
        ("select comment from information_schema.tables where table_name = 'A_TABLE'", &["other"]),
        ("alter schema public rename to renamed", &["Statement executed successfully."]),
        ("select count(*) from db.renamed.a_table", &["0"]),
        ("alter schema renamed rename to public", &["Statement executed successfully."]),
        ("alter sequence q set increment = 3", &["Statement executed successfully."]),
        ("insert into a_table values ((select 1), 'x')", &["!002014 in VALUES clause"]),
        ("select stage_name from information_schema.stages", &[]),
        ("select grantee, privilege_type from information_schema.table_privileges", &["ANALYST|SELECT"]),
        ("describe stream nope", &["!002003 NOPE"]),
        ("show grants to role nobody", &["!002043 Object does not exist"]),
        ("show tables in schema nowhere", &["!002043 Object does not exist"]),
    ])
    .await;
    for (sql, expected) in [
        ("show tables like 'a\\\\_%'", 1),
        ("show tables like 'A_T%'", 1),
        ("show objects", 2),
        ("show views starts with 'a'", 0),
        ("show objects limit 1", 1),
        ("show grants on table a_table", 2),
        ("show grants to role analyst", 1),
        ("show grants of role analyst", 1),
        ("show databases like 'SNOWFLAKE'", 1),
    ] {
        let got = t.rows(sql).await.unwrap();
        assert_eq!(got.len(), expected, "{sql}: {got:?}");
    }
}

#[tokio::test]
async fn views_sequences_and_columns_are_altered() {
    let mut t = Trial::new();
    t.setup(
        "create table base (a int); insert into base values (1);
         create view v as select a from base; alter view v rename to w; alter view w set secure; alter view if exists no set secure;
         create sequence s; alter sequence s set increment 5; alter sequence s rename to s2;
         alter table base add column if not exists a int; alter table base add column if not exists b int;
         alter table base modify column a set not null; alter table base modify column a drop not null;
         create recursive view r (n) as select 1 union all select n + 1 from r where n < 3;
         begin transaction name t1; rollback;",
    )
    .await;
    t.expect(&[
        ("select a from w", &["1"]),
        ("select * from v", &["!002003 Object 'V' does not exist or not authorized."]),
        ("select s2.nextval, s2.nextval", &["1|6"]),
        ("select * from base", &["1|NULL"]),
        ("select n from r order by n", &["1", "2", "3"]),
        ("create table m (v varchar)", &["Table M successfully created."]),
        (
            "insert into m values (3), ('d')",
            &["!100038 DML operation to table M failed on column V with error: Numeric value 'd' is not recognized"],
        ),
        ("select last_transaction() is not null, current_statement()", &["true|select last_transaction() is not null, current_statement()"]),
    ])
    .await;
}

#[tokio::test]
async fn roles_stages_and_histories() {
    let mut t = Trial::new();
    t.setup(
        "create role a; create role b; grant role b to role a; create database role d; grant database role d to role sysadmin;
         create stage e url = 's3://bucket/dir'; create stage i;",
    )
    .await;
    t.expect(&[
        ("select is_role_in_session('SYSADMIN'), is_role_in_session('B'), is_database_role_in_session('D')", &["true|false|true"]),
        ("select get_stage_location(@e), get_relative_path(@e, 's3://bucket/dir/x/y.csv'), get_absolute_path(@e, 'x/y.csv')",
            &["s3://bucket/dir/|x/y.csv|s3://bucket/dir/x/y.csv"]),
        ("select get_stage_location(@i)", &["!000002 internal stage @i"]),
        ("select count(*) from table(information_schema.warehouse_metering_history(dateadd('day', -1, current_date())))", &["0"]),
    ])
    .await;
}
