//! Clauses of SELECT.

use super::Trial;

#[tokio::test]
async fn pivot_and_unpivot() {
    let mut t = Trial::new();
    t.setup(
        "create table sales (shop text, quarter text, amount int);
         insert into sales values ('a', 'Q2', 5), ('a', 'Q1', 1), ('a', 'Q1', 2), ('b', 'Q1', 7), ('b', 'Q3', null);
         create table wide (id int, x int, y int);
         insert into wide values (1, 10, null), (2, 20, 21);",
    )
    .await;
    t.expect(&[
        (
            "select * from sales pivot (sum(amount) for quarter in ('Q1', 'Q2')) order by shop",
            &["a|3|5", "b|7|NULL"],
        ),
        (
            "select * from sales pivot (sum(amount) for quarter in (any order by quarter)) order by shop",
            &["a|3|5|NULL", "b|7|NULL|NULL"],
        ),
        (
            "select * from sales pivot (sum(amount) for quarter in (any order by quarter desc)) order by shop",
            &["a|NULL|5|3", "b|NULL|NULL|7"],
        ),
        (
            "select * from sales pivot (sum(amount) for quarter in (select distinct quarter from sales where quarter <> 'Q2' order by 1) default on null (0)) order by shop",
            &["a|3|0", "b|7|0"],
        ),
        (
            "select * from wide unpivot (v for n in (x, y)) order by id, n",
            &["1|X|10", "2|X|20", "2|Y|21"],
        ),
        (
            "select * from wide unpivot include nulls (v for n in (x as 'ex', y as 'ypsilon')) order by id, n",
            &["1|ex|10", "1|ypsilon|NULL", "2|ex|20", "2|ypsilon|21"],
        ),
    ])
    .await;
    assert_eq!(
        t.columns("select * from sales pivot (sum(amount) for quarter in (any order by quarter))")
            .await,
        "SHOP,'Q1','Q2','Q3'"
    );
    assert_eq!(
        t.columns("select * from wide unpivot (v for n in (x, y))")
            .await,
        "ID,N,V"
    );
}

#[tokio::test]
async fn subqueries_anywhere() {
    let mut t = Trial::new();
    t.setup(
        "create table a (x int); insert into a values (1), (2), (3), (null);
         create table b (y int); insert into b values (2), (3);
         create table n (z int); insert into n values (2), (null);
         create table e (z int);",
    )
    .await;
    t.expect(&[
        ("select x from a where x > all (select y from b) order by 1", &[]),
        ("select x from a where x >= all (select y from b) order by 1", &["3"]),
        ("select x from a where x > any (select y from b) order by 1", &["3"]),
        ("select x from a where x < all (select z from e) order by 1 nulls last", &["1", "2", "3", "NULL"]),
        ("select x from a where x = any (select y from b) order by 1", &["2", "3"]),
        ("select x from a where x <> all (select y from b) order by 1", &["1"]),
        (
            "select x, x in (select y from b), x in (select z from n), x not in (select z from n) from a order by x",
            &["1|false|NULL|NULL", "2|true|true|false", "3|true|NULL|NULL", "NULL|NULL|NULL|NULL"],
        ),
        (
            "select x, exists (select 1 from b where y = x) from a order by x",
            &["1|false", "2|true", "3|true", "NULL|false"],
        ),
        (
            "select x, case when x in (select y from b) then 'in' else 'out' end from a where x is not null order by x",
            &["1|out", "2|in", "3|in"],
        ),
        ("select x, (select max(y) from b where y <= 2 + 0 * x) m from a where x = 1", &["!002031 Unsupported subquery type cannot be evaluated"]),
        ("select x from a where (x, x + 1) in (select y, y + 1 from b) order by x", &["2", "3"]),
        ("select count(*) from a where not exists (select 1 from b where y = x)", &["2"]),
        ("select x > all (select y from b) from a order by x", &["false", "false", "false", "NULL"]),
        ("select (select y from b)", &["!090150 Single-row subquery returns more than one row"]),
    ])
    .await;
}

#[tokio::test]
async fn grouping() {
    let mut t = Trial::new();
    t.setup(
        "create table g (a int, b text, v int);
         insert into g values (1, 'x', 1), (1, 'y', 2), (2, 'x', 4);",
    )
    .await;
    t.expect(&[
        (
            "select a, b, sum(v) from g group by cube (a, b) order by 1 nulls last, 2 nulls last",
            &["1|x|1", "1|y|2", "1|NULL|3", "2|x|4", "2|NULL|4", "NULL|x|5", "NULL|y|2", "NULL|NULL|7"],
        ),
        (
            "select a, b, sum(v) from g group by rollup ((a, b)) order by 1 nulls last, 2",
            &["1|x|1", "1|y|2", "2|x|4", "NULL|NULL|7"],
        ),
        (
            "select a, b, sum(v), grouping(a) from g group by grouping sets ((a), (b)) order by 1 nulls last, 2",
            &["1|NULL|3|0", "2|NULL|4|0", "NULL|x|5|1", "NULL|y|2|1"],
        ),
        ("select a, sum(v) from g group by all order by 1", &["1|3", "2|4"]),
        ("select a + sum(v) from g group by all order by 1", &["4", "6"]),
        (
            "select a, b from g qualify a > 1",
            &["!000992 found QUALIFY clause but no window function"],
        ),
        ("select * from g union select 1", &["!001789 expected 3, got 1 in branch 2"]),
    ])
    .await;
}

#[tokio::test]
async fn samples_are_deterministic_by_seed() {
    let mut t = Trial::new();
    t.setup("create table s as select seq4() as i from table(generator(rowcount => 1000));")
        .await;
    let a = t
        .rows("select i from s sample (20) seed (7) order by i")
        .await
        .unwrap();
    let b = t
        .rows("select i from s tablesample bernoulli (20) repeatable (7) order by i")
        .await
        .unwrap();
    assert_eq!(a, b);
    assert!((120..280).contains(&a.len()), "{}", a.len());
    t.expect(&[
        ("select count(*) from s sample (0)", &["0"]),
        ("select count(*) from s sample (100)", &["1000"]),
        ("select count(*) from s sample (10 rows)", &["10"]),
        ("select count(*) from s sample (5000 rows)", &["1000"]),
        (
            "select count(*) from (select i from s where i < 50) sample (100)",
            &["50"],
        ),
        (
            "select count(*) from s sample (101)",
            &["!001015 between 0 and 100"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn asof_join() {
    let mut t = Trial::new();
    t.setup(
        "create table trades (s text, at int, q int);
         create table quotes (s text, at int, p int);
         insert into trades values ('A', 1, 1), ('A', 5, 2), ('B', 5, 3), ('C', 9, 4), (null, 5, 5);
         insert into quotes values ('A', 2, 20), ('A', 5, 50), ('A', 7, 70), ('B', 1, 10), ('B', 4, 40), (null, 5, 99);",
    )
    .await;
    t.expect(&[
        (
            "select t.s, t.at, q.at, p from trades t asof join quotes q match_condition (t.at >= q.at) on t.s = q.s order by q",
            &["A|1|NULL|NULL", "A|5|5|50", "B|5|4|40", "C|9|NULL|NULL", "NULL|5|NULL|NULL"],
        ),
        (
            "select t.s, p from trades t asof join quotes q match_condition (t.at > q.at) using (s) order by q",
            &["A|NULL", "A|20", "B|40", "C|NULL", "NULL|NULL"],
        ),
        (
            "select t.s, p from trades t asof join quotes q match_condition (t.at <= q.at) on t.s = q.s order by q",
            &["A|20", "A|50", "B|NULL", "C|NULL", "NULL|NULL"],
        ),
        (
            "select t.q, p from trades t asof join quotes q match_condition (t.at < q.at) on t.s = q.s order by q",
            &["1|20", "2|70", "3|NULL", "4|NULL", "5|NULL"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn match_recognize() {
    let mut t = Trial::new();
    t.setup(
        "create table p (c text, d int, v int);
         insert into p values ('a', 1, 10), ('a', 2, 8), ('a', 3, 6), ('a', 4, 9), ('a', 5, 12), ('a', 6, 11), ('a', 7, 13),
                              ('b', 1, 5), ('b', 2, 4), ('b', 3, 3);",
    )
    .await;
    t.expect(&[
        (
            "select * from p match_recognize (
               partition by c order by d
               measures match_number() as m, first(d) as f, last(d) as l, count(*) as n, count(down.*) as downs, sum(up.v) as ups
               one row per match after match skip to last up
               pattern (start_ down+ up+)
               define down as v < lag(v), up as v > lag(v)) order by c, m",
            &["a|1|1|5|5|2|21", "a|2|5|7|3|1|13"],
        ),
        (
            "select c, d, v, cl, s from p match_recognize (
               partition by c order by d
               measures classifier() as cl, match_sequence_number() as s
               all rows per match
               pattern (down+ up)
               define down as v < prev(v), up as v > prev(v)) order by c, d",
            &["a|2|8|DOWN|1", "a|3|6|DOWN|2", "a|4|9|UP|3", "a|6|11|DOWN|1", "a|7|13|UP|2"],
        ),
        (
            "select d, cl from p match_recognize (
               partition by c order by d measures classifier() as cl
               all rows per match with unmatched rows
               pattern (up up) define up as v > prev(v)) where c = 'a' order by d",
            &["1|NULL", "2|NULL", "3|NULL", "4|UP", "5|UP", "6|NULL", "7|NULL"],
        ),
        (
            "select c, t from p match_recognize (
               partition by c order by d measures sum(v) as t
               pattern (x+) define x as sum(v) <= 20) order by c, t",
            &["a|11", "a|12", "a|13", "a|15", "a|18", "b|12"],
        ),
        (
            "select f, r from p match_recognize (
               partition by c order by d measures final last(v) as f, running last(v) as r
               all rows per match pattern (x{3}) define x as v <= first(x.v)) where c = 'b' order by r",
            &["3|3", "3|4", "3|5"],
        ),
        (
            "select n from p match_recognize (
               partition by c order by d measures count(*) as n
               after match skip to next row
               pattern (permute(hi, lo)) define hi as v >= 10, lo as v < 10) order by n",
            &["2", "2"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn identifiers_and_names() {
    let mut t = Trial::new();
    t.setup(
        "create table named (a int, \"b c\" int, first_name text);
         insert into named values (1, 2, 'x');
         set tab = 'named'; set col = 'a';",
    )
    .await;
    t.expect(&[
        ("select identifier($col) from identifier($tab)", &["1"]),
        ("select * from identifier('db.public.named')", &["1|2|x"]),
        ("select * exclude a from named", &["2|x"]),
        ("select * ilike '%name%' from named", &["x"]),
        (
            "select * replace (a + 1 as a) rename a as z from named",
            &["2|2|x"],
        ),
        (
            "select * exclude nothing from named",
            &["!000904 invalid identifier 'NOTHING'"],
        ),
        (
            "select nope from named",
            &["!000904 invalid identifier 'NOPE'"],
        ),
        (
            "select * from nowhere",
            &["!002003 Object 'NOWHERE' does not exist or not authorized."],
        ),
        (
            "select * from nodb.s.t",
            &["!002003 Database 'NODB' does not exist or not authorized."],
        ),
        (
            "selec 1",
            &["!001003 syntax error line 1 at position 0 unexpected 'selec'."],
        ),
        (
            "select * from identifier($unknown)",
            &["!002211 Session variable '$UNKNOWN' does not exist"],
        ),
        (
            "select $1, column2 from values (1, 'a'), (2, 'b') order by 1",
            &["1|a", "2|b"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn window_frames() {
    let mut t = Trial::new();
    t.setup(
        "create table w (d date, n int, v int);
         insert into w values ('2024-01-01', 1, 1), ('2024-01-02', 2, 2), ('2024-01-05', 5, 4), ('2024-01-06', 6, 8);",
    )
    .await;
    t.expect(&[
        (
            "select n, sum(v) over (order by d range between interval '1 day' preceding and current row) from w order by n",
            &["1|1", "2|3", "5|4", "6|12"],
        ),
        (
            "select n, sum(v) over (order by n range between 1 preceding and 1 following) from w order by n",
            &["1|3", "2|3", "5|12", "6|12"],
        ),
        (
            "select n, sum(v) over (order by n rows between unbounded preceding and 1 preceding) from w order by n",
            &["1|NULL", "2|1", "5|3", "6|7"],
        ),
    ])
    .await;
}

/// Keys of up to 38 digits join alike whether 64 bits hold them or not: 2^64 + 1 is not 1.
#[tokio::test]
async fn whole_number_join_keys() {
    let mut t = Trial::new();
    t.setup(
        "create table small (k number(38,0), v text);
         insert into small values (1, 'one'), (2, 'two'), (null, 'none'), (-9223372036854775808, 'least');
         create table also (k number(38,0), w text);
         insert into also values (1, 'eins'), (3, 'drei'), (null, 'nichts'), (-9223372036854775808, 'kleinste');
         create table large (k number(38,0), w text);
         insert into large values (1, 'eins'), (18446744073709551617, 'huge'), (18446744073709551618, 'huger');
         create table tenths (k number(38,1), w text);
         insert into tenths values (1, 'eins'), (0.1, 'zehntel');",
    )
    .await;
    t.expect(&[
        (
            "select v, w from small join also using (k) order by v",
            &["least|kleinste", "one|eins"],
        ),
        (
            "select v, w from small s left join also a on s.k = a.k order by v",
            &["least|kleinste", "none|NULL", "one|eins", "two|NULL"],
        ),
        (
            "select v, w from small s full join also a on s.k = a.k order by v, w",
            &["least|kleinste", "none|NULL", "one|eins", "two|NULL", "NULL|drei", "NULL|nichts"],
        ),
        (
            "select v, w from small s join large l on s.k = l.k order by v",
            &["one|eins"],
        ),
        (
            "select w from large where k in (select k from small)",
            &["eins"],
        ),
        (
            "select v from small where k not in (select k from also where k is not null) order by v",
            &["two"],
        ),
        ("select v from small where k not in (select k from also)", &[]),
        (
            "select v, w from small s join tenths t on s.k = t.k",
            &["one|eins"],
        ),
        (
            "select v, n from small s join (select k, count(*) n from also group by k) a on a.k = s.k order by v",
            &["least|1", "one|1"],
        ),
        (
            "select v from small s where exists (select 1 from also a where a.k = s.k and a.w > 'k') order by v",
            &["least"],
        ),
    ])
    .await;
}

/// What cannot be answered is refused by name: neither a value nor an internal error.
#[tokio::test]
async fn refused_with_a_reason() {
    let mut t = Trial::new();
    t.setup("create table t (n int, m text); insert into t values (1, 'x');")
        .await;
    for (sql, message) in [
        ("select ?", "Bind variable :1 not set"),
        ("select * from t where n = :2", "Bind variable :2 not set"),
        ("insert into t values (?, 'y')", "Bind variable :1 not set"),
        ("select grouping('abc')", "must be grouping expressions"),
        ("select round(1.5, 0, m) from t", "a constant is needed"),
        ("select uuid_string('a')", "argument"),
        (
            "select median('2024-01-01'::date)",
            "Invalid argument types",
        ),
        (
            "select top 9999999999999999999 n from t",
            "TOP with more than",
        ),
    ] {
        let error = t.rows(sql).await.expect_err(sql).snowflake().message;
        assert!(error.contains(message), "{sql}: {error}");
        assert!(!error.contains("internal"), "{sql}: {error}");
    }
    t.expect(&[
        (
            "select split_part('a', '', -9223372036854775808), substr('abc', -9223372036854775808)",
            &["|"],
        ),
        (
            "select round(2.5, -9223372036854775808, 'HALF_TO_EVEN')",
            &["0"],
        ),
        (
            "select approx_count_distinct(x) from values (1::float), (1::float), (2.5::float) v(x)",
            &["2"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn nulls_and_numbers_as_arguments() {
    let mut t = Trial::new();
    t.expect(&[
        ("select concat('a', null), concat(1, 2), concat_ws('-', 1, null)", &["NULL|12|NULL"]),
        ("select length(1234), left(1234, 2), lpad(5, 3, 0), md5(1) = md5('1')", &["4|12|005|true"]),
        ("select contains('abc', null), endswith(null, 'x'), charindex(null, 'x'), position(2, 123)", &["NULL|NULL|NULL|2"]),
        ("select like('John', 'J%'), ilike('John', 'j%'), like('10%', '10^%', '^')", &["true|true|true"]),
        ("select regexp_extract_all('a1_a2', 'a[0-9]')[1]::varchar", &["a2"]),
    ])
    .await;
}

#[tokio::test]
async fn windows_in_arguments_and_lateral_rows() {
    let mut t = Trial::new();
    t.setup("create table n (g int, v int); insert into n values (1, 1), (1, 3), (2, 5);")
        .await;
    t.expect(&[
        (
            "select v, conditional_true_event(lag(v) over (order by v) >= 1) over (order by v) from n order by v",
            &["1|0", "3|1", "5|2"],
        ),
        ("select count(seq4()) from table(generator(rowcount => 7))", &["7"]),
        ("select n.v, l.w from n, lateral (select n.v * 2 as w where n.g = 1) l order by 1", &["1|2", "3|6"]),
        (
            "select match_total from n match_recognize (order by v measures avg(v) as match_total pattern (x+) define x as v > 0)",
            &["3.000000"],
        ),
        // For each pair, not for each row of one side.
        (
            "select count(distinct n) from (select seq4() n from table(generator(rowcount => 300))) a, \
             table(generator(rowcount => 300)) b where uniform(0, 1, random()) = 0",
            &["300"],
        ),
        (
            "select count(distinct r), count_if(r = s), count_if(r = t) from (select random(1) r, random(1) s, random(2) t from \
             table(generator(rowcount => 20000)))",
            &["20000|20000|0"],
        ),
        (
            "select uniform(1, 1, random(1)) k, count(*) from n group by 1",
            &["1|3"],
        ),
        ("select random(1) is null from n where random(1) = random(2)", &[]),
        (
            "select count(*) from n a, n b where a.g = b.g and random() is not null and b.v > 1",
            &["3"],
        ),
        (
            "select * from n qualify v > 1",
            &["!000992 error line 1 at position 16\nfound QUALIFY clause but no window function."],
        ),
        ("select 1 limit -1", &["!001003 syntax error line 1 at position 15 unexpected '-'."]),
    ])
    .await;
}
