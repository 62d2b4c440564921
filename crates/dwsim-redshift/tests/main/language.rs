//! The language by its documentation: a list of statements, and the last one's values or its SQLSTATE.

use sqlx::{Executor, PgConnection, Row};

use crate::support::{Server, close};

/// The values of a statement's rows as text, joined, or the SQLSTATE of its error.
async fn values(connection: &mut PgConnection, sql: &'static str) -> String {
    match connection.fetch_all(sqlx::raw_sql(sql)).await {
        Ok(rows) => rows
            .iter()
            .map(|r| {
                (0..r.columns().len())
                    .map(|i| {
                        r.try_get_unchecked::<Option<String>, _>(i)
                            .expect("text")
                            .unwrap_or_else(|| "NULL".to_owned())
                    })
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect::<Vec<_>>()
            .join(";"),
        Err(e) => e
            .as_database_error()
            .and_then(|e| e.code().map(|c| c.into_owned()))
            .unwrap_or_else(|| e.to_string()),
    }
}

/// Runs groups of statements on one connection; the last statement of each group gives these values.
pub(crate) async fn check(groups: &[(&[&'static str], &str)]) {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    for (statements, expected) in groups {
        let mut last = String::new();
        for sql in *statements {
            last = values(&mut connection, sql).await;
        }
        assert_eq!(last, *expected, "{statements:?}");
    }
    close(connection).await;
}

const CASES: &[(&[&str], &str)] = &[
    // Text functions take what is no text.
    (
        &["select len(12), reverse(123), to_hex(-1::int), to_hex(255::bigint)"],
        "2|321|ffffffff|ff",
    ),
    (
        &["select trim(trailing from 'a  ') || '|', trim(both from ' a ')"],
        "a||a",
    ),
    (&["select -2 ^ 2, log(2, 8)"], "4|3"),
    (&["select '12.5'::int"], "22P02"),
    (&["select 32767::smallint + 1::smallint"], "22003"),
    (&["select 'é'::char(3)"], "22021"),
    // Dates and times.
    (
        &["select '040506'::time, time '04:05 PM', 'J2451187'::date"],
        "04:05:06|16:05:00|1999-01-08",
    ),
    (
        &["select age(timestamp '2024-03-01', timestamp '2023-01-15')"],
        "1 year 1 mon 17 days",
    ),
    (&["select isfinite(date '2024-01-01')"], "t"),
    (
        &["select convert_timezone('GMT', 'NEWZONE +2', '2024-05-17 12:00')"],
        "2024-05-17 10:00:00",
    ),
    (
        &[
            "select count(*) > 400 from pg_timezone_names() where name = 'Europe/Paris' or utc_offset is not null",
        ],
        "t",
    ),
    (
        &[
            "select count(*) from pg_timezone_abbrevs() where abbrev = 'PST' and utc_offset = '-08:00:00' and not is_dst",
        ],
        "1",
    ),
    // Windows: what Redshift refuses.
    (
        &["select lag(x, 1, 0) over (order by x) from (select 1 as x)"],
        "0A000",
    ),
    (
        &[
            "select sum(x) over (order by x range between 1 preceding and current row) from (select 1 as x)",
        ],
        "0A000",
    ),
    // SUPER.
    (
        &[r#"select object_transform(object('a', 1, 'b', 2) keep '"a"' set '"c"', 3)"#],
        r#"{"a":1,"c":3}"#,
    ),
    // DML.
    (
        &[
            "create table d (i int)",
            "insert into d values (1), (2), (3)",
            "delete d where i = 1",
            "with w as (select 2 as n) delete from d where i in (select n from w)",
            "select listagg(i, ',') within group (order by i) from d",
        ],
        "3",
    ),
    (
        &[
            "create table u (i int, n varchar(5))",
            "insert into u values (1, 'a'), (2, 'b')",
            "with w as (select 2 as k, 'z' as v) update u set n = w.v from w where u.i = w.k",
            "select listagg(n, ',') within group (order by i) from u",
        ],
        "a,z",
    ),
    (
        &[
            "create table target (i int, n varchar(5))",
            "create table source (i int, n varchar(5))",
            "insert into target values (1, 'old'), (1, 'old'), (2, 'kept')",
            "insert into source values (1, 'new'), (3, 'new')",
            "merge into target using source on target.i = source.i remove duplicates",
            "select listagg(i || n, ',') within group (order by i) from target",
        ],
        "1new,2kept,3new",
    ),
    (
        &[
            "create table once (i int, n int)",
            "create table twice (i int, n int)",
            "insert into once values (1, 0)",
            "insert into twice values (1, 1), (1, 2)",
            "set error_on_nondeterministic_update to true",
            "update once set n = twice.n from twice where once.i = twice.i",
        ],
        "21000",
    ),
    // Hierarchies: START is no alias.
    (
        &[
            "create table staff (id int, boss int)",
            "insert into staff values (1, null), (2, 1), (3, 2)",
            "select listagg(level) within group (order by id) from (select id, level from staff start with boss is null connect by prior id = boss)",
        ],
        "123",
    ),
    // Transactions.
    (
        &[
            "create table locked (i int)",
            "begin read only; insert into locked values (1)",
        ],
        "25006",
    ),
    (
        &[
            "create table ended (i int)",
            "create procedure ends() nonatomic as $$ begin insert into ended values (1); commit; end $$ language plpgsql",
            "begin",
            "call ends()",
            "rollback",
            "select count(*) from ended",
        ],
        "1",
    ),
    (
        &[
            "create table cursed (i int)",
            "insert into cursed values (1), (2)",
            "create procedure closes() nonatomic as $$ declare c cursor for select i from cursed; v int; begin open c; loop fetch c into v; exit when not found; insert into cursed values (9); end loop; end $$ language plpgsql",
            "call closes()",
        ],
        "34000",
    ),
    // Functions with effects.
    (
        &[
            "select set_config('query_group', 'mine', false)",
            "show query_group",
        ],
        "mine",
    ),
    (
        &[
            "begin",
            "select set_config('query_group', 'there', true)",
            "commit",
            "show query_group",
        ],
        "unset",
    ),
    (
        &[
            "create user ann password 'Abcd1234'",
            "select change_user_priority('ann', 'low')",
        ],
        "Succeeded to change user priority. Changed user (ann) priority to low.",
    ),
    (
        &["select change_session_priority(-1, 'sometimes')"],
        "22023",
    ),
    (
        &["select set_config('query_group', 'x', false) from pg_class"],
        "0A000",
    ),
    // Objects.
    (
        &[
            "create function one(int) returns int immutable as $$ select $1 $$ language sql",
            "alter function one(int) rename to same",
            "select same(4)",
        ],
        "4",
    ),
    (
        &[
            "create materialized view fresh as select 1 as a",
            "alter materialized view fresh auto refresh yes",
            "select autorefresh from svv_mv_info where name = 'fresh'",
        ],
        "t",
    ),
    (
        &[
            "create user cy password 'Abcd1234'",
            "grant role sys:monitor to cy",
            "select user_is_member_of('cy', 'sys:monitor')",
        ],
        "t",
    ),
    // Roles.
    (
        &[
            "create user bob password 'Abcd1234'",
            "create role reader",
            "create role writer",
            "grant role reader to role writer",
            "grant role writer to bob",
            "select user_is_member_of('bob', 'reader'), role_is_member_of('writer', 'reader'), role_is_member_of('reader', 'writer')",
        ],
        "t|t|f",
    ),
    // The leader's functions do not meet tables.
    (
        &["create table plain (i int)", "select now(), i from plain"],
        "0A000",
    ),
    (&["select now() is not null"], "t"),
    // Catalogs.
    (&["select * from information_schema.nothing"], "42P01"),
    (
        &[
            "create table parent (id int primary key)",
            "create table child (p int references parent)",
            "select unique_constraint_name from information_schema.referential_constraints where constraint_name like 'child%'",
        ],
        "parent_pkey",
    ),
    (
        &[
            "create table listed (a int, primary key (a))",
            "select a.attname from pg_catalog.pg_constraint c join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey) where c.conrelid = 'listed'::regclass",
        ],
        "a",
    ),
    (&["select count(*) from sys_vacuum_history"], "0"),
];

#[tokio::test]
async fn statements() {
    for (statements, expected) in CASES {
        let server = Server::start().await;
        let mut connection = server.connect().await;
        let mut last = String::new();
        for sql in *statements {
            last = values(&mut connection, sql).await;
        }
        assert_eq!(last, *expected, "{statements:?}");
        close(connection).await;
    }
}

/// EXPLAIN takes what changes rows too.
#[tokio::test]
async fn explained() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    values(&mut connection, "create table t (i int)").await;
    for sql in [
        "explain update t set i = 2 where i = 1",
        "explain delete from t where i = 1",
        "explain create table u as select i from t where i = 1",
    ] {
        let plan = values(&mut connection, sql).await;
        assert!(plan.contains("Seq Scan on t"), "{sql}: {plan}");
    }
    close(connection).await;
}

/// A statement that comes again is planned anew where what it depends on has changed.
#[tokio::test]
async fn statements_that_come_again() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    let mut other = server.connect().await;
    for sql in [
        "create table t (i int, d date)",
        "insert into t values (1, '2024-05-06')",
        "create schema s",
        "create table s.t (i int, d date)",
        "create view v as select sum(i) as n from t",
    ] {
        values(&mut connection, sql).await;
    }
    for (change, sql, expected) in [
        ("", "select sum(i) from t", "1"),
        (
            "insert into t values (2, null)",
            "select sum(i) from t",
            "3",
        ),
        (
            "begin; delete from t where i = 1",
            "select sum(i) from t",
            "2",
        ),
        ("rollback", "select sum(i) from t", "3"),
        ("set search_path to s", "select sum(i) from t", "NULL"),
        ("reset search_path", "select sum(i) from t", "3"),
        (
            "create temp table t (i int)",
            "select sum(i) from t",
            "NULL",
        ),
        ("drop table t", "select sum(i) from t", "3"),
        ("", "select n from v", "3"),
        ("update t set i = 5 where i = 2", "select n from v", "6"),
        (
            "set datestyle to 'SQL, DMY'",
            "select d::varchar from t where d is not null",
            "06/05/2024",
        ),
        (
            "set datestyle to 'ISO, MDY'",
            "select d::varchar from t where d is not null",
            "2024-05-06",
        ),
        (
            "create user u password disable; set session authorization u",
            "select sum(i) from t",
            "42501",
        ),
        ("reset session authorization", "select sum(i) from t", "6"),
    ] {
        if !change.is_empty() {
            values(&mut connection, change).await;
        }
        for _ in 0..3 {
            assert_eq!(
                values(&mut connection, sql).await,
                expected,
                "{change}: {sql}"
            );
        }
    }
    assert_eq!(values(&mut other, "select sum(i) from t").await, "6");
    for sql in [
        "select getdate(), i from t",
        "select random() from t",
        "select pg_last_query_id() from t",
    ] {
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(values(&mut connection, sql).await);
            if sql.contains("getdate") {
                tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 3, "{sql}: {answers:?}");
    }
    close(connection).await;
    close(other).await;
}
