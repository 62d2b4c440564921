//! What users may do: privileges, default privileges, policies of rows and masks; and tables that are locked.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Executor, Row};

use crate::support::Server;

async fn run(c: &mut PgConnection, sql: &'static str) {
    if let Err(e) = c.execute(sqlx::raw_sql(sql)).await {
        panic!("{sql}: {e}");
    }
}

/// The rows of a query as text, columns separated by blanks.
async fn rows(c: &mut PgConnection, sql: &'static str) -> Vec<String> {
    let found = c
        .fetch_all(sqlx::raw_sql(sql))
        .await
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    found
        .iter()
        .map(|r| {
            (0..r.len())
                .map(|i| r.get_unchecked::<Option<String>, _>(i).unwrap_or_default())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

/// The SQLSTATE that a statement fails with; empty when it succeeds.
async fn state(c: &mut PgConnection, sql: &'static str) -> String {
    match c.execute(sqlx::raw_sql(sql)).await {
        Ok(_) => String::new(),
        Err(e) => e
            .as_database_error()
            .and_then(|d| d.code())
            .map(|c| c.into_owned())
            .unwrap_or_default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn privileges() {
    let server = Server::start().await;
    let mut dev = server.connect().await;
    run(
        &mut dev,
        "create user ann password disable; create user bob password disable createdb; create group readers with user bob;
         create role writers; grant role writers to ann;
         create schema s; create table s.t (a int); insert into s.t values (1);
         create view s.v as select a from s.t",
    )
    .await;
    let mut ann = server
        .options()
        .username("ann")
        .connect()
        .await
        .expect("ann");
    let mut bob = server
        .options()
        .username("bob")
        .connect()
        .await
        .expect("bob");
    for (sql, expected) in [
        ("select * from s.t", "42501"),
        ("insert into s.t values (2)", "42501"),
        ("create table s.mine (a int)", "42501"),
        ("create table own (a int)", ""),
        ("drop table s.t", "42501"),
        ("create user eve password disable", "42501"),
        ("grant select on s.t to ann", "42501"),
        ("create database d1", "42501"),
        ("set session authorization dev", "42501"),
        ("alter table s.t add column b int", "42501"),
    ] {
        assert_eq!(state(&mut ann, sql).await, expected, "ann: {sql}");
    }
    run(
        &mut dev,
        "grant usage on schema s to role writers; grant usage on schema s to group readers;
         grant insert on s.t to role writers; grant select on s.v to group readers",
    )
    .await;
    for (sql, expected) in [
        ("insert into s.t values (2)", ""),
        ("select * from s.t", "42501"),
        ("delete from s.t", "42501"),
        ("select * from s.v", "42501"),
    ] {
        assert_eq!(state(&mut ann, sql).await, expected, "ann: {sql}");
    }
    // A view reads with its owner's privileges.
    assert_eq!(rows(&mut bob, "select count(*) from s.v").await, ["2"]);
    assert_eq!(state(&mut bob, "select * from s.t").await, "42501");
    assert_eq!(state(&mut bob, "create database d2").await, "");
    assert_eq!(
        rows(
            &mut dev,
            "select has_table_privilege('ann', 's.t', 'insert'), has_table_privilege('ann', 's.t', 'select')"
        )
        .await,
        ["t f"]
    );
    // What was granted goes with the table: a new one of its name starts without.
    run(&mut dev, "drop table s.t cascade; create table s.t (a int)").await;
    assert_eq!(state(&mut ann, "insert into s.t values (1)").await, "42501");
    run(
        &mut dev,
        "alter default privileges in schema s grant select, delete on tables to ann; create table s.later (a int)",
    )
    .await;
    assert_eq!(state(&mut ann, "select * from s.later").await, "");
    assert_eq!(
        rows(
            &mut dev,
            "select privilege_type from svv_default_privileges order by 1"
        )
        .await,
        ["DELETE", "SELECT"]
    );
    run(&mut dev, "set session authorization ann").await;
    assert_eq!(state(&mut dev, "select * from s.t").await, "42501");
    run(&mut dev, "reset session authorization").await;
    assert_eq!(state(&mut dev, "select * from s.t").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn policies() {
    let server = Server::start().await;
    let mut dev = server.connect().await;
    run(
        &mut dev,
        r"create user ann password disable; create role analyst; create user bob password disable; grant role analyst to bob;
          create table cards (owner varchar(10), region varchar(10), number varchar(20));
          insert into cards values ('ann', 'north', '1111222233334444'), ('bob', 'south', '5555666677778888');
          grant select, update, delete on cards to public;
          create rls policy own with (owner varchar(10)) as c using (c.owner = current_user);
          create rls policy southern with (region varchar(10)) using (region = 'south');
          create masking policy full_mask with (number varchar(20)) using ('XXXX'::varchar(20));
          create masking policy tail_mask with (n varchar(20), r varchar(10)) using (case when r = 'south' then right(n, 4) else 'XX' end)",
    )
    .await;
    let mut ann = server
        .options()
        .username("ann")
        .connect()
        .await
        .expect("ann");
    let mut bob = server
        .options()
        .username("bob")
        .connect()
        .await
        .expect("bob");
    let all = "select owner, number from cards order by 1";
    assert_eq!(rows(&mut ann, all).await.len(), 2);
    run(&mut dev, "alter table cards row level security on").await;
    assert_eq!(
        rows(&mut ann, all).await.len(),
        0,
        "without a policy nothing is seen"
    );
    run(
        &mut dev,
        "attach rls policy own on cards to public; attach masking policy full_mask on cards(number) to public;
         attach masking policy tail_mask on cards(number) using (number, region) to role analyst priority 10;
         create view shown as select owner, number from cards; grant select on shown to public",
    )
    .await;
    assert_eq!(rows(&mut ann, all).await, ["ann XXXX"]);
    assert_eq!(rows(&mut bob, all).await, ["bob 8888"]);
    assert_eq!(rows(&mut bob, "select * from shown").await, ["bob 8888"]);
    assert_eq!(rows(&mut dev, all).await.len(), 2);
    // Only what is seen is changed.
    assert_eq!(
        state(&mut ann, "update cards set region = 'west'").await,
        ""
    );
    assert_eq!(
        rows(&mut dev, "select owner, region from cards order by 1").await,
        ["ann west", "bob south"]
    );
    assert_eq!(
        state(&mut bob, "delete from cards where owner = 'ann'").await,
        ""
    );
    assert_eq!(rows(&mut dev, all).await.len(), 2);
    run(
        &mut dev,
        "detach rls policy own on cards from public; attach rls policy southern on cards to public",
    )
    .await;
    assert_eq!(rows(&mut ann, all).await, ["bob XXXX"]);
    assert_eq!(
        rows(
            &mut dev,
            "select polname, is_rls_on from svv_rls_attached_policy"
        )
        .await,
        ["southern t"]
    );
    for (sql, expected) in [
        ("drop rls policy southern", "2BP01"),
        ("drop rls policy southern cascade", ""),
        ("attach rls policy southern on cards to public", "42704"),
        ("create rls policy own using (true)", "42710"),
        ("drop rls policy if exists none", ""),
    ] {
        assert_eq!(state(&mut dev, sql).await, expected, "{sql}");
    }
    assert_eq!(
        state(&mut ann, "drop masking policy full_mask").await,
        "42501"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn locks() {
    let server = Server::start().await;
    let mut one = server.connect().await;
    let mut two = server.connect().await;
    run(&mut one, "create table a (n int); create table b (n int)").await;
    run(&mut one, "begin; lock a").await;
    assert_eq!(
        rows(&mut one, "select count(*) from stv_locks").await,
        ["1"]
    );
    run(&mut two, "set statement_timeout to 50").await;
    assert_eq!(state(&mut two, "select * from a").await, "57014");
    assert_eq!(state(&mut two, "select * from b").await, "");
    run(&mut two, "set statement_timeout to 0").await;
    run(&mut one, "insert into a values (1)").await;
    let waits = tokio::spawn(async move { rows(&mut two, "select count(*) from a").await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waits.is_finished());
    run(&mut one, "commit").await;
    assert_eq!(waits.await.expect("no panic"), ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_parse_leaves_no_statement() {
    let server = Server::start().await;
    let mut c = server.connect().await;
    for _ in 0..2 {
        let failed = sqlx::query("select * from missing where a = $1")
            .bind(1i32)
            .fetch_all(&mut c)
            .await
            .expect_err("no such table");
        let code = failed.as_database_error().and_then(|d| d.code());
        assert_eq!(code.as_deref(), Some("42P01"));
    }
    run(&mut c, "create materialized view m as select 1 as one").await;
    assert_eq!(state(&mut c, "insert into m values (2)").await, "42809");
    // A block's snapshot is taken with its first statement.
    let mut other = server.connect().await;
    run(&mut c, "create table t (a int)").await;
    run(&mut c, "begin").await;
    run(&mut other, "insert into t values (1)").await;
    assert_eq!(rows(&mut c, "select count(*) from t").await, ["1"]);
    run(&mut other, "insert into t values (2)").await;
    assert_eq!(rows(&mut c, "select count(*) from t").await, ["1"]);
}
