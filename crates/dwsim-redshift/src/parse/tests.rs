//! Statements of every grammar, and errors with their places.

use dwsim_engine::error::ErrorKind;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn one(sql: &str) -> Statement {
    let mut all = parse(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    assert_eq!(all.len(), 1, "{sql}");
    all.pop().expect("one").statement
}

#[rstest]
#[case("select 1", "Query")]
#[case("SELECT top 3 a.b[0].c FROM t a, a.b x", "Query")]
#[case("select sysdate, getdate()", "Query")]
#[case("(select 1) union all (select 2)", "Query")]
#[case("with a as (select 1) select * from a", "Query")]
#[case("select a, b from t where c = 'x\\ny' and d ilike '%z'", "Query")]
#[case("select listagg(a, ',') within group (order by b) from t", "Query")]
#[case(
    "select approximate percentile_disc(0.5) within group (order by a) from t",
    "Query"
)]
#[case("select * from t where a = b(+)", "Query")]
#[case("select interval '3' day, interval '1-2' year to month", "Query")]
#[case("select extract(epoch from x), date_part(dow, y) from t", "Query")]
#[case("select c.relname ~ '^(x)$', a::regclass from pg_class c", "Query")]
#[case(
    "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relname OPERATOR(pg_catalog.~) '^(t)$' COLLATE pg_catalog.default",
    "Query"
)]
#[case("insert into t (a) values (1), (default)", "Dml")]
#[case("update t set a = 1 from u where t.id = u.id", "Dml")]
#[case("delete from t using u where t.id = u.id", "Dml")]
#[case(
    "merge into t using s on t.id = s.id when matched then update set a = s.a when not matched then insert values (s.id, s.a)",
    "Dml"
)]
#[case("create table t (a int)", "CreateTable")]
#[case("create temp table t as select 1 a", "CreateTable")]
#[case(
    "create table #t (a varchar(max) encode lzo distkey, b int identity(1,1) sortkey, c timestamp default getdate() not null, primary key (a)) diststyle key backup no",
    "CreateTable"
)]
#[case(
    "create table t (a, b) distkey(a) compound sortkey(a, b) as select 1, 2",
    "CreateTable"
)]
#[case("create table t (like u including defaults)", "CreateTable")]
#[case("select a into temp #x from t", "CreateTable")]
#[case(
    "create or replace view v as select 1 as a with no schema binding",
    "CreateView"
)]
#[case(
    "create materialized view v backup no auto refresh yes as select 1 as a",
    "CreateView"
)]
#[case(
    "alter table t add column c varchar(10) default 'x' encode raw",
    "AlterTable"
)]
#[case("alter table t alter column c type varchar(300)", "AlterTable")]
#[case("alter table t alter diststyle all", "AlterTable")]
#[case("alter table t alter distkey a, alter sortkey (a, b)", "AlterTable")]
#[case(
    "alter table t alter column a encode lzo, alter column b encode zstd",
    "AlterTable"
)]
#[case("alter table t append from u fillTarget", "AlterTable")]
#[case("alter table t rename column a to b", "AlterTable")]
#[case("drop table if exists a.b, c cascade", "Drop")]
#[case("drop function f(int, varchar)", "Drop")]
#[case("create database d template shop owner dev", "CreateDatabase")]
#[case(
    "create schema if not exists s authorization dev quota 50 gb",
    "CreateSchema"
)]
#[case(
    "create user u password 'Abcd1234' in group a, b connection limit 5",
    "Principal"
)]
#[case("alter group g add user a, b", "Principal")]
#[case(
    "grant select, insert (a, b), update on table a, b to u, group g, public with grant option",
    "Grant"
)]
#[case("grant role r to user_x", "Grant")]
#[case("revoke all privileges on all tables in schema s from role r", "Grant")]
#[case(
    "alter default privileges in schema s grant select on tables to group g",
    "Grant"
)]
#[case(
    "copy t (a, b) from 's3://b/k' iam_role 'arn' format as csv quote as '|' ignoreheader 1 dateformat 'auto' gzip maxerror 10",
    "Copy"
)]
#[case(
    "copy t from 's3://b/k' credentials 'aws_access_key_id=a;aws_secret_access_key=b' delimiter '|' null as '\\000' removequotes",
    "Copy"
)]
#[case(
    "copy t from 's3://b/k' iam_role default format json 'auto ignorecase' timeformat 'epochmillisecs'",
    "Copy"
)]
#[case(
    "copy t from 's3://b/k' iam_role default fixedwidth 'a:3,b:10' statupdate on compupdate off",
    "Copy"
)]
#[case(
    "unload ('select a from t where b = \\'x\\'') to 's3://b/p_' iam_role default parquet partition by (a) include maxfilesize 100 mb",
    "Unload"
)]
#[case(
    "unload ($$ select 'x' $$) to 's3://b/p_' iam_role default parallel off header delimiter ',' addquotes",
    "Unload"
)]
#[case("set query_group to 'x'", "Set")]
#[case("set search_path to '$user', public, s", "Set")]
#[case("set local statement_timeout = 100", "Set")]
#[case("set session authorization default", "Set")]
#[case("reset all", "Reset")]
#[case("show search_path", "Show")]
#[case("show transaction isolation level", "Show")]
#[case("show tables from schema dev.public like 'a%'", "Show")]
#[case("show table public.t", "Show")]
#[case("comment on column s.t.c is 'hello'", "Comment")]
#[case("comment on table t is null", "Comment")]
#[case("analyze verbose t (a, b)", "Maintain")]
#[case("vacuum full t to 75 percent", "Maintain")]
#[case("analyze compression t comprows 1000", "AnalyzeCompression")]
#[case("lock table a, b", "Lock")]
#[case("declare c cursor for select 1", "Declare")]
#[case("fetch forward 5 from c", "Fetch")]
#[case("fetch all from c", "Fetch")]
#[case("close c", "Close")]
#[case("prepare p (int, varchar) as select $1, $2", "Prepare")]
#[case("execute p(1, 'a')", "Execute")]
#[case("deallocate prepare all", "Deallocate")]
#[case("explain select 1", "Explain")]
#[case("begin transaction isolation level serializable", "Begin")]
#[case("start transaction", "Begin")]
#[case("end", "Commit")]
#[case("abort work", "Rollback")]
#[case("call p(1)", "Call")]
#[case(
    "create external schema s from data catalog database 'd' iam_role 'x'",
    "Unsupported"
)]
#[case(
    "create model m from t target x function f iam_role default",
    "Unsupported"
)]
fn statements(#[case] sql: &str, #[case] kind: &str) {
    let shown = format!("{:?}", one(sql));
    assert!(shown.starts_with(kind), "{sql}\n{shown}");
}

#[test]
fn several_statements() {
    let all = parse("; select 1 ; /* x */ select $2, $1; -- end\n;").expect("parses");
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].sql, "select 1");
    assert_eq!((all[0].parameters, all[1].parameters), (0, 2));
    assert!(parse(" -- nothing\n").expect("parses").is_empty());
}

#[test]
fn details() {
    let Statement::CreateTable(t) = one(
        "create table t (a int not null default 1 + 1 encode az64, b varchar default 'x''y' collate case_insensitive) interleaved sortkey (b)",
    ) else {
        panic!("no table")
    };
    assert_eq!(
        t.columns[0].default.as_ref().map(|d| d.1.as_str()),
        Some("1 + 1")
    );
    assert!(t.columns[0].not_null);
    assert_eq!(
        t.columns[1].default.as_ref().map(|d| d.1.as_str()),
        Some("'x''y'")
    );
    assert!(t.attributes.interleaved);

    let Statement::CreateView(v) = one("create view v as select a  from t with no schema binding")
    else {
        panic!("no view")
    };
    assert_eq!(v.query_sql, "select a  from t");
    assert!(v.late_binding);

    let Statement::Set { name, value, .. } = one("set search_path to \"$user\", Public") else {
        panic!("no set")
    };
    assert_eq!(name, "search_path");
    assert_eq!(value, Some(vec!["$user".into(), "public".into()]));
}

#[rstest]
#[case("select from where", Some((1, 13)), "where")]
#[case("selec 1", Some((1, 1)), "selec")]
#[case("select 1 from t\nwhere )", Some((2, 7)), ")")]
#[case("create table t (a int", None, "")]
#[case("copy t from 's3://x' nonsense", Some((1, 22)), "nonsense")]
#[case("select 1 2", Some((1, 10)), "2")]
fn errors(#[case] sql: &str, #[case] at: Option<(u64, u64)>, #[case] token: &str) {
    let e = parse(sql).expect_err("does not parse");
    let ErrorKind::Syntax { near, .. } = e.kind.as_ref() else {
        panic!("{e:?}")
    };
    assert_eq!(near, token, "{e:?}");
    assert_eq!(e.position.map(|p| (p.line, p.column)), at, "{e:?}");
}

proptest! {
    #[test]
    fn garbage_never_panics(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn words_never_panic(words in prop::collection::vec(
        prop::sample::select(vec![
            "select", "create", "table", "t", "(", ")", ",", "'x'", "1", "copy", "from", "set", "to",
            "=", "show", "grant", "on", "alter", "drop", "as", ";", "$1", "unload", "fetch", "in",
        ]), 0..12)) {
        let _ = parse(&words.join(" "));
    }
}
