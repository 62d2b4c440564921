//! Statements that come again: their plans are used again only where nothing they depend on has changed.

use super::Trial;

/// What a statement answers three times in a row, when its plan has been kept.
async fn thrice(t: &mut Trial, sql: &str, rows: &[&str]) {
    for _ in 0..3 {
        t.expect(&[(sql, rows)]).await;
    }
}

#[tokio::test]
async fn changes_are_seen() {
    let mut t = Trial::new();
    t.setup(
        "create table p (a int, d timestamp_ntz); insert into p values (1, '2024-03-01 12:00:00'), (2, null);
         create schema other; create table other.p (a int); insert into other.p values (7);
         use schema public;",
    )
    .await;
    let sum = "select sum(a), (select max(a) from p) from p";
    thrice(&mut t, sum, &["3|2"]).await;
    t.setup("insert into p values (3, null)").await;
    thrice(&mut t, sum, &["6|3"]).await;
    t.setup("begin; update p set a = 10 where a = 3").await;
    thrice(&mut t, sum, &["13|10"]).await;
    let mut other = t.other();
    thrice(&mut other, sum, &["6|3"]).await;
    t.setup("rollback").await;
    thrice(&mut t, sum, &["6|3"]).await;
    t.setup("use schema other").await;
    thrice(&mut t, sum, &["7|7"]).await;
    t.setup("use schema public; create temporary table p (a int)")
        .await;
    thrice(&mut t, sum, &["NULL|NULL"]).await;
    thrice(&mut other, sum, &["6|3"]).await;
    t.setup("drop table p").await;
    thrice(&mut t, sum, &["6|3"]).await;
    t.setup("drop table p").await;
    thrice(&mut t, sum, &["!002003"]).await;
}

#[tokio::test]
async fn settings_and_moments_are_heeded() {
    let mut t = Trial::new();
    t.setup(
        "alter session set timezone = 'UTC'; create table p (a int, z timestamp_ltz);
         insert into p values (1, '2024-03-01 12:00:00 +0000');
         create sequence s; create table hits (n int);",
    )
    .await;
    let hour = "select to_char(z, 'HH24') from p";
    thrice(&mut t, hour, &["12"]).await;
    t.setup("alter session set timezone = 'Asia/Tokyo'").await;
    thrice(&mut t, hour, &["21"]).await;
    for sql in [
        "select current_timestamp()::text, a from p",
        "select random(), a from p",
        "select uuid_string() from p",
        "select s.nextval from p",
        "select last_query_id() from p",
        "select a from p at (offset => -0.001) union all select uniform(1, 1000000000, random()) from p",
    ] {
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(t.rows(sql).await.unwrap());
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        answers.dedup();
        assert_eq!(answers.len(), 4, "{sql}: {answers:?}");
    }
    t.setup("set v = 1").await;
    thrice(&mut t, "select a + $v from p", &["2"]).await;
    t.setup("set v = 5").await;
    thrice(&mut t, "select a + $v from p", &["6"]).await;
}

#[tokio::test]
async fn joins_of_many_rows() {
    let mut t = Trial::new();
    t.setup(
        "create table facts as select seq4() as id, mod(seq4(), 1000) as d, mod(seq4(), 7) as k
           from table(generator(rowcount => 120000));
         create table dims as select seq4() as d, mod(seq4(), 10) as g from table(generator(rowcount => 1000));
         create table kinds (k int, name text);
         insert into kinds values (0, 'a'), (1, 'b'), (2, 'c'), (3, 'd'), (4, 'e'), (5, 'f'), (6, 'g'), (null, 'c');",
    )
    .await;
    for sql in [
        "select k.name, count(*), sum(f.id), min(d.g) from facts f join dims d on f.d = d.d
           join kinds k on f.k = k.k and (k.name = 'c' or d.g > f.id) where d.g = 3 and k.name = 'c' group by 1",
        "select k.name, count(*), sum(f.id), min(d.g) from facts f, dims d, kinds k
           where f.k = k.k and d.d = f.d and d.g + 1 = 4 and k.name like 'c%' group by 1",
        "select * from (select k.name, count(*), sum(f.id), min(d.g) from dims d natural join facts f
           join kinds k using (k) where d.g = 3 group by 1) where name = 'c'",
    ] {
        thrice(&mut t, sql, &["c|1714|102802292|3"]).await;
    }
}
