//! Functions, procedures, blocks and lambdas through a session in this process.
//! Each case is a list of statements; the last one's first value, or its error, is compared.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::Array;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use dwsim_engine::engine::{Engine, EngineConfig};
use dwsim_engine::error::Result;
use dwsim_engine::session::SessionOptions;
use dwsim_engine::variant::{JsonStyle, Ref, to_json};
use rstest::rstest;

use crate::SnowflakeService;
use crate::dialect::SnowflakeDialect;
use crate::session::{AccountState, Answer, SnowflakeSession, default_parameters};

fn session() -> SnowflakeSession {
    let engine = Engine::new(EngineConfig::default(), SnowflakeService::account(&["D"])).unwrap();
    let account = Arc::new(AccountState::new(engine, "TEST").unwrap());
    let results: Arc<dyn crate::dialect::ResultSource> = Arc::clone(&account) as _;
    let dialect = Arc::new(SnowflakeDialect::new(
        Arc::new(crate::functions::table()),
        results,
    ));
    let options = SessionOptions {
        user: "TEST".into(),
        role: "ACCOUNTADMIN".into(),
        warehouse: "W".into(),
        account: "TEST".into(),
        database: Some("D".into()),
        schemas: vec!["PUBLIC".into()],
        parameters: default_parameters(),
        ..SessionOptions::default()
    };
    SnowflakeSession::new(account, dialect, options)
}

/// All rows as text: columns by `|`, rows by `;`.
fn shown(answer: &Answer) -> String {
    let mut rows = Vec::new();
    for b in &answer.batches {
        for i in 0..b.num_rows() {
            let values: Vec<String> = b
                .columns()
                .iter()
                .map(|c| {
                    if c.is_null(i) {
                        return "NULL".to_owned();
                    }
                    if let Some(v) = c.as_any().downcast_ref::<arrow::array::LargeBinaryArray>() {
                        return to_json(Ref::new(v.value(i)), JsonStyle::Compact);
                    }
                    let text = cast(c, &DataType::Utf8).unwrap();
                    let text = text
                        .as_any()
                        .downcast_ref::<arrow::array::StringArray>()
                        .unwrap();
                    text.value(i).to_owned()
                })
                .collect();
            rows.push(values.join("|"));
        }
    }
    rows.join(";")
}

async fn run(session: &mut SnowflakeSession, text: &str) -> Result<Answer> {
    session.run(text, &BTreeMap::new(), false).await
}

async fn outcome(statements: &[&str]) -> String {
    let mut s = session();
    let mut last = String::new();
    for (i, text) in statements.iter().enumerate() {
        match run(&mut s, text).await {
            Ok(a) => last = shown(&a),
            Err(e) => {
                let r = e.snowflake();
                assert_eq!(i + 1, statements.len(), "{text}: {}", r.message);
                last = format!("{} {}", r.code, r.message);
            }
        }
    }
    last
}

#[rstest]
#[case(&["select filter([1, 2, 3, 4], x -> x > 2)"], "[3,4]")]
#[case(&["select filter([1, 2, 3, 4], x int -> x % 2 = 0)"], "[2,4]")]
#[case(&["select transform([1, 2, 3], a int -> a * 2)"], "[2,4,6]")]
#[case(&["select transform([{'v': 1}, {'v': 2}], o object -> o:v::int + 10)"], "[11,12]")]
#[case(&["select reduce([1, 2, 3], 0, (acc, x) -> acc + x)"], "6")]
#[case(&["select reduce([1, 2, 3], 10, (acc int, x int) -> acc * x)"], "60")]
#[case(&["select reduce([], 5, (acc, x) -> acc + x)"], "5")]
#[case(&["select reduce(['a', 'b'], '', (acc, x) -> acc || x::string)"], "ab")]
#[case(&["select transform(null::array, x -> x)"], "NULL")]
#[case(&["create table t (a array, k int)", "insert into t select [1, 5, 9], 4 union all select [2, 3], 2", "select filter(a, x -> x > k) from t order by k"], "[3];[5,9]")]
#[case(&["select transform([[1, 2], [3]], a array -> transform(a, x int -> x + array_size(a)))"], "[[3,4],[4]]")]
#[tokio::test]
async fn lambdas(#[case] statements: &[&str], #[case] expected: &str) {
    assert_eq!(outcome(statements).await, expected);
}

#[rstest]
#[case(&["create function f(a number, b number) returns number as 'a + b'", "select f(1, 2)"], "3")]
#[case(&["create function f(a number) returns varchar as $$ case when a > 1 then 'big' else 'small' end $$", "select f(1) || f(2)"], "smallbig")]
#[case(&["create table t (k int, v int)", "insert into t values (1, 10), (2, 20)", "create function f(x int) returns int as 'select max(v) from t where k = x'", "select k, f(k) from t order by k"], "1|10;2|20")]
#[case(&["create function f(a int) returns int as 'a'", "create function f(a varchar) returns varchar as $$'text'$$", "select f(1), f('x')"], "1|text")]
#[case(&["create function f(a int, b int default 5) returns int as 'a * 10 + b'", "select f(1), f(1, 2), f(b => 3, a => 4)"], "15|12|43")]
#[case(&["create function f(a int) returns int strict as 'coalesce(a, 7)'", "select f(null)"], "NULL")]
#[case(&["create function f() returns table (x int, y varchar) as $$ select 1, 'a' union all select 2, 'b' $$", "select y from table(f()) where x = 2"], "b")]
#[case(&["create table t (k int)", "insert into t values (1), (2)", "create function f(n int) returns table (m int) as 'select n * 10'", "select k, m from t, table(f(k)) order by k"], "1|10;2|20")]
#[case(&["create function f(a int) returns int as 'a'", "create function f(a int) returns int as 'a'"], "002002 SQL compilation error:\nObject 'F' already exists.")]
#[case(&["create function f(a int) returns int as 'a'", "drop function f(int)", "select f(1)"], "002140 SQL compilation error:\nUnknown function F")]
#[case(&["create function f(a int) returns int language python as 'x'"], "0A000")]
#[tokio::test]
async fn functions(#[case] statements: &[&str], #[case] expected: &str) {
    let got = outcome(statements).await;
    if expected == "0A000" {
        assert!(got.contains("LANGUAGE PYTHON"), "{got}");
    } else {
        assert_eq!(got, expected);
    }
}

#[rstest]
#[case(&["begin return 1 + 1; end"], "2")]
#[case(&["declare a int default 2; b int; begin b := a * 3; return b; end"], "6")]
#[case(&["begin let s := 0; for i in 1 to 4 do s := s + i; end for; return s; end"], "10")]
#[case(&["begin let s := ''; for i in reverse 1 to 3 do s := s || i; end for; return s; end"], "321")]
#[case(&["begin let n := 0; while (n < 5) do n := n + 1; if (n = 3) then break; end if; end while; return n; end"], "3")]
#[case(&["begin let n := 0; repeat n := n + 2; until (n > 5) end repeat; return n; end"], "6")]
#[case(&["begin let n := 0; loop n := n + 1; if (n < 4) then continue; end if; break; end loop; return n; end"], "4")]
#[case(&["begin let x := 5; case when x > 9 then return 'a'; when x > 3 then return 'b'; else return 'c'; end; end"], "b")]
#[case(&["create table t (a int)", "begin let x := 3; insert into t values (:x), (:x + 1); return sqlrowcount; end"], "2")]
#[case(&["create table t (a int, b varchar)", "insert into t values (1, 'x'), (2, 'y')", "declare a int; b varchar; begin select a, b into :a, :b from t where a = 2; return a || b; end"], "2y")]
#[case(&["create table t (a int)", "insert into t values (1), (2), (3)", "declare c cursor for select a from t order by a; s int default 0; begin for r in c do s := s * 10 + r.a; end for; return s; end"], "123")]
#[case(&["create table t (a int)", "insert into t values (1), (2), (3)", "declare c cursor for select a from t where a > ? order by a; x int; begin open c using (1); fetch c into x; close c; return x; end"], "2")]
#[case(&["create table t (a int)", "insert into t values (1), (2)", "declare rs resultset default (select a from t order by a); begin return table(rs); end"], "1;2")]
#[case(&["begin let rs resultset := (select 7 as a); let c cursor for rs; for r in c do return r.a; end for; end"], "7")]
#[case(&["declare e exception (-20002, 'custom'); begin raise e; exception when e then return sqlcode || ' ' || sqlerrm || ' ' || sqlstate; end"], "-20002 custom P0001")]
#[case(&["declare e exception (-20002, 'custom');\nbegin\n  raise e;\nend"], "-20002 Uncaught exception of type 'E' on line 3 at position 2 : custom")]
#[case(&["begin\n  select * from missing;\nend"], "002003 Uncaught exception of type 'STATEMENT_ERROR' on line 2 at position 2 : SQL compilation error:\nObject 'MISSING' does not exist or not authorized.")]
#[case(&["begin select * from missing; exception when statement_error then return 'caught'; end"], "caught")]
#[case(&["begin let x := 1 / 0; exception when expression_error then return 'caught ' || sqlcode; end"], "caught 100051")]
#[case(&["begin begin select * from missing; exception when other then raise; end; exception when other then return 'outer'; end"], "outer")]
#[case(&["begin let q := 'select 4 as x'; let rs resultset := (execute immediate :q); return table(rs); end"], "4")]
#[case(&["execute immediate $$ begin return 3; end $$"], "3")]
#[case(&["execute immediate 'select ? + 1' using (4)"], "5")]
#[case(&["create table t (a int)", "insert into t values (5)", "begin let n := 't'; let r resultset := (select a from identifier(:n)); return table(r); end"], "5")]
#[case(&["create procedure p(a int, b int default 4) returns int language sql as $$ begin return a * b; end $$", "call p(3)"], "12")]
#[case(&["create procedure p(a int) returns int language sql as begin return a + 1; end", "begin let x int; call p(4) into :x; return x; end"], "5")]
#[case(&["create procedure p(a int, b varchar) returns varchar language sql as $$ begin return a || b; end $$", "call p(b => 'z', a => 1)"], "1z")]
#[case(&["create procedure p() returns table (x int) language sql as $$ begin let r resultset := (select 1.0 union all select 2.0); return table(r); end $$", "call p()"], "1;2")]
#[case(&["with w as procedure (n int) returns int language sql as $$ begin return n * n; end $$ call w(9)"], "81")]
#[case(&["call nothing()"], "002140 SQL compilation error:\nUnknown function NOTHING")]
#[case(&["create table l (m varchar)", "begin begin raise_it(); exception when other continue then null; end; insert into l values ('on'); return (select m from l); end"], "001003")]
#[tokio::test]
async fn blocks(#[case] statements: &[&str], #[case] expected: &str) {
    let got = outcome(statements).await;
    if expected == "001003" {
        assert!(got.starts_with(expected) || got == "on", "{got}");
    } else {
        assert_eq!(got, expected);
    }
}

#[rstest]
#[case(&["create function f(a float, b float) returns float language javascript as 'return A * B;'", "select f(3, 4)"], "12.0")]
#[case(&["create function f(s varchar) returns varchar language javascript as $$ return S === undefined ? 'none' : S.toUpperCase(); $$", "select f('abc') || f(null)"], "ABCnone")]
#[case(&["create function f(v variant) returns variant language javascript as $$ V.b = V.a + 1; return V; $$", "select f(parse_json('{\"a\": 1}'))"], "{\"a\":1,\"b\":2}")]
#[case(&["create function f(b boolean) returns boolean language javascript as 'return !B;'", "select f(true)"], "false")]
#[case(&["create function f(d date) returns varchar language javascript as 'return D.toISOString();'", "select f('2024-02-03'::date)"], "2024-02-03T00:00:00.000Z")]
#[case(&["create function f(b binary) returns binary language javascript as 'return B.reverse();'", "select hex_encode(f(to_binary('0102', 'HEX')))"], "0201")]
#[case(&["create function f(n float) returns table (i float, s varchar) language javascript as $$ { processRow: function (row, w) { for (let i = 0; i < row.N; i++) w.writeRow({I: i, S: 'x' + i}); } } $$", "select s from table(f(2)) order by i"], "x0;x1")]
#[case(&["create function f() returns table (n float) language javascript as $$ { initialize: function (i, c) { c.n = 40; }, processRow: function (r, w, c) { c.n++; }, finalize: function (w, c) { w.writeRow({N: c.n + 1}); } } $$", "select n from table(f())"], "42.0")]
#[case(&["create procedure p(n float) returns float language javascript as $$ var rs = snowflake.execute({sqlText: 'select ? + 1 as x', binds: [N]}); rs.next(); return rs.getColumnValue(1); $$", "call p(4)"], "5.0")]
#[case(&["create table t (a int)", "create procedure p() returns varchar language javascript as $$ var s = snowflake.createStatement({sqlText: 'insert into t values (1), (2)'}); s.execute(); return s.getNumRowsInserted() + ''; $$", "call p()"], "2")]
#[case(&["create procedure p() returns varchar language javascript as $$ try { snowflake.execute({sqlText: 'select * from missing'}); } catch (e) { return e.code + ' ' + e.state; } $$", "call p()"], "2003 42S02")]
#[case(&["create function f() returns float language javascript as 'return missing + 1;'", "select f()"], "100132")]
#[case(&["create function f(a number) returns float language javascript as 'return A;'"], "002108")]
#[tokio::test]
async fn javascript(#[case] statements: &[&str], #[case] expected: &str) {
    let got = outcome(statements).await;
    if expected.len() == 6 && expected.chars().all(|c| c.is_ascii_digit()) {
        assert!(got.starts_with(expected), "{got}");
    } else {
        assert_eq!(got, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_queries_are_cancelled() {
    let mut s = session();
    let pairs = "table(generator(rowcount => 1000000)) a, table(generator(rowcount => 1000000)) b";
    for text in [
        "select system$wait(10, 'minutes')".to_owned(),
        "select count(*) from values (600), (600) where system$wait(column1) is null".to_owned(),
        format!("select max(random()) from {pairs}"),
        "select count(*) from (select seq8() as n from table(generator(rowcount => 2000))) a
           join (select seq8() as n from table(generator(rowcount => 10000000))) b on a.n + b.n < 0"
            .to_owned(),
    ] {
        let cancel = s.cancel_handle();
        let stop = tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            cancel.cancel();
        });
        let e = run(&mut s, &text).await.map(|a| shown(&a)).unwrap_err();
        stop.await.unwrap();
        assert_eq!(e.snowflake().code, "000604", "{text}");
    }
    // The threads of what was cancelled are there for others again.
    let text = "select max(seq8()) from table(generator(rowcount => 200000))";
    assert_eq!(shown(&run(&mut s, text).await.unwrap()), "199999");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_programs_are_cancelled() {
    for text in [
        "create function f() returns float language javascript as 'while (true) {}'",
        "create procedure p() returns float language javascript as 'while (true) {}'",
    ] {
        let mut s = session();
        run(&mut s, text).await.unwrap();
        let cancel = s.cancel_handle();
        let call = if text.contains("procedure") {
            "call p()"
        } else {
            "select f()"
        };
        let work = tokio::spawn(async move { run(&mut s, call).await.map(|a| shown(&a)) });
        let stop = tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            cancel.cancel();
        });
        stop.await.unwrap();
        let e = work.await.unwrap().unwrap_err();
        assert_eq!(e.snowflake().code, "000604", "{call}");
    }
    let mut s = session();
    let cancel = s.cancel_handle();
    let work = tokio::spawn(async move {
        run(&mut s, "begin let n := 0; loop n := n + 1; end loop; end")
            .await
            .map(|a| shown(&a))
    });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    cancel.cancel();
    let e = work.await.unwrap().unwrap_err();
    assert_eq!(e.snowflake().code, "000604");
}
