//! sqlx: typed binary results, parameters, transactions, errors, several statements in one message.

use sqlx::{Connection, Executor, Row};

use crate::support::{Server, close};

#[tokio::test(flavor = "multi_thread")]
async fn create_insert_select() {
    let server = Server::start().await;
    let mut c = server.connect().await;
    c.execute("create table t (id int not null distkey, name varchar(20), price decimal(8,2), d date) sortkey(id)")
        .await
        .expect("create");
    let done =
        sqlx::query("insert into t values ($1, $2, 9.50, '2024-02-29'), (2, null, null, null)")
            .bind(1i32)
            .bind("one")
            .execute(&mut c)
            .await
            .expect("insert");
    assert_eq!(done.rows_affected(), 2);
    let row =
        sqlx::query("select id, name, price::double precision, d::varchar from t where id = $1")
            .bind(1i32)
            .fetch_one(&mut c)
            .await
            .expect("select");
    assert_eq!(row.get::<i32, _>(0), 1);
    assert_eq!(row.get::<String, _>(1), "one");
    assert!((row.get::<f64, _>(2) - 9.5).abs() < f64::EPSILON);
    assert_eq!(row.get::<String, _>(3), "2024-02-29");
    close(c).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions() {
    let server = Server::start().await;
    let mut c = server.connect().await;
    c.execute("create table t (a int)").await.expect("create");
    let mut tx = c.begin().await.expect("begin");
    tx.execute("insert into t values (1)")
        .await
        .expect("insert");
    tx.rollback().await.expect("rollback");
    let n: i64 = sqlx::query_scalar("select count(*) from t")
        .fetch_one(&mut c)
        .await
        .expect("count");
    assert_eq!(n, 0);

    // One message is one transaction: the second statement fails, so the first one never happened.
    let failed = c
        .execute(sqlx::raw_sql(
            "insert into t values (1); insert into missing values (2)",
        ))
        .await;
    assert!(failed.is_err());
    let n: i64 = sqlx::query_scalar("select count(*) from t")
        .fetch_one(&mut c)
        .await
        .expect("count");
    assert_eq!(n, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_codes() {
    let server = Server::start().await;
    let mut c = server.connect().await;
    for (sql, code) in [
        ("select * from missing", "42P01"),
        ("select 1/0", "22012"),
        ("selec 1", "42601"),
        ("select no_such_column from pg_class", "42703"),
        ("select no_such_function(1)", "42883"),
        ("create table t (a json)", "42704"),
    ] {
        let e = c.execute(sqlx::raw_sql(sql)).await.expect_err("an error");
        let state = e
            .as_database_error()
            .and_then(|e| e.code().map(|c| c.into_owned()));
        assert_eq!(state.as_deref(), Some(code), "{sql}: {e}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_database_is_refused() {
    let server = Server::start().await;
    let options = server.options().database("nowhere");
    let e = sqlx::ConnectOptions::connect(&options)
        .await
        .expect_err("refused");
    let code = e
        .as_database_error()
        .and_then(|e| e.code().map(|c| c.into_owned()));
    assert_eq!(code.as_deref(), Some("3D000"), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_shares_and_diverges() {
    let server = Server::start().await;
    let mut c = server.connect().await;
    c.execute("create table t (a int)").await.expect("create");
    c.execute("insert into t values (1)").await.expect("insert");
    c.execute("create database copy template dev")
        .await
        .expect("fork");
    let options = server.options().database("copy");
    let mut d = sqlx::ConnectOptions::connect(&options)
        .await
        .expect("connects");
    d.execute("insert into t values (2)").await.expect("insert");
    let mut counts = Vec::new();
    for connection in [&mut c, &mut d] {
        let n: i64 = sqlx::query_scalar("select count(*) from t")
            .fetch_one(connection)
            .await
            .expect("count");
        counts.push(n);
    }
    assert_eq!(counts, [1, 2]);
}
