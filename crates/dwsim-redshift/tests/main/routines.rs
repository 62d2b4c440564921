//! SQL functions and PL/pgSQL procedures: a list of statements, and the last one's first value or its SQLSTATE.

use sqlx::{Executor, PgConnection, Row};

use crate::support::{Server, close};

/// The first value of a statement's last row as text, "" without rows, or the SQLSTATE of its error.
async fn value(connection: &mut PgConnection, sql: &'static str) -> String {
    let rows = connection.fetch_all(sqlx::raw_sql(sql)).await;
    match rows {
        Ok(rows) => rows
            .last()
            .map(|r| r.try_get_unchecked::<Option<String>, _>(0).expect("text"))
            .map(|v| v.unwrap_or_else(|| "NULL".to_owned()))
            .unwrap_or_default(),
        Err(e) => e
            .as_database_error()
            .and_then(|e| e.code().map(|c| c.into_owned()))
            .unwrap_or_else(|| e.to_string()),
    }
}

const CASES: &[(&[&str], &str)] = &[
    (
        &[
            "create function larger(float, float) returns float immutable as $$ select case when $1 > $2 then $1 else $2 end $$ language sql",
            "select larger(1, 2)",
        ],
        "2",
    ),
    (
        &[
            "create procedure twice(n inout int) as $$ begin n := n * 2; end $$ language plpgsql",
            "call twice(21)",
        ],
        "42",
    ),
    (
        &[
            "create procedure sum_up(n int, s out int) as $$ begin s := 0; for i in 1..n loop continue when i = 2; s := s + i; end loop; end $$ language plpgsql",
            "call sum_up(4)",
        ],
        "8",
    ),
    (
        &[
            "create table down (i int)",
            "create procedure count_down() as $$ begin for i in reverse 3..1 loop insert into down values (i); end loop; end $$ language plpgsql",
            "call count_down()",
            "select listagg(i) within group (order by i desc) from down",
        ],
        "321",
    ),
    (
        &[
            "create table log (m varchar(100))",
            "create procedure handled() as $$ begin insert into log values ('lost'); perform 1 / 0; exception when others then insert into log values (sqlerrm); end $$ language plpgsql",
            "call handled()",
        ],
        "22012",
    ),
    (
        &[
            "create table log2 (m varchar(100))",
            "create procedure handled2() nonatomic as $$ begin insert into log2 values ('kept'); perform 1 / 0; exception when others then insert into log2 values (sqlerrm); end $$ language plpgsql",
            "call handled2()",
            "select listagg(m, ',') within group (order by m) from log2",
        ],
        "division by zero,kept",
    ),
    (
        &[
            "create procedure endless(n int) as $$ begin call endless(n + 1); end $$ language plpgsql",
            "call endless(1)",
        ],
        "54001",
    ),
    (
        &[
            "create table tx (i int)",
            "create procedure commits() as $$ begin insert into tx values (1); commit; insert into tx values (2); rollback; end $$ language plpgsql",
            "call commits()",
            "select listagg(i) from tx",
        ],
        "1",
    ),
    (
        &[
            "create table src (a int, b varchar(10))",
            "insert into src values (1, 'x'), (2, 'y')",
            "create procedure rows(r inout varchar(100)) as $$ declare s record; t src.b%type; begin r := ''; for s in select * from src order by a loop r := r || s.a || s.b; end loop; select b into t from src where a = 2; execute 'select max(a) from src' into s; r := r || t; end $$ language plpgsql",
            "call rows('')",
        ],
        "1x2yy",
    ),
    (
        &[
            "create function py(int) returns int as $$ return 1 $$ language plpythonu stable",
            "select py(1)",
        ],
        "0A000",
    ),
    (&["call nothing(1)"], "42883"),
    (
        &["create procedure broken() as $$ begin selec 1 end $$ language plpgsql"],
        "42601",
    ),
    (
        &[
            "create procedure raises() as $$ begin raise exception 'no % and %', 1, 'x'; end $$ language plpgsql",
            "call raises()",
        ],
        "P0001",
    ),
    (
        &[
            "create procedure gone(int) as $$ begin null; end $$ language plpgsql",
            "drop procedure gone(int)",
            "call gone(1)",
        ],
        "42883",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn routines() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    for (statements, expected) in CASES {
        let mut last = String::new();
        for sql in *statements {
            last = value(&mut connection, sql).await;
        }
        assert_eq!(last, *expected, "{statements:?}");
    }
    close(connection).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handled_error_of_an_atomic_procedure_keeps_what_the_handler_wrote() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    for sql in [
        "create table log (m varchar(100))",
        "create procedure handled() as $$ begin insert into log values ('lost'); perform 1 / 0; exception when others then insert into log values ('kept'); end $$ language plpgsql",
        "call handled()",
    ] {
        value(&mut connection, sql).await;
    }
    let kept = value(&mut connection, "select listagg(m) from log").await;
    assert_eq!(kept, "kept");
    close(connection).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refcursor_is_read_in_the_callers_transaction() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    for sql in [
        "create table t (a int)",
        "insert into t values (7)",
        "create procedure opened(c inout refcursor) as $$ begin open c for select a from t; end $$ language plpgsql",
        "begin",
        "call opened('mine')",
    ] {
        value(&mut connection, sql).await;
    }
    assert_eq!(value(&mut connection, "fetch all from mine").await, "7");
    close(connection).await;
}
