//! Pages of the guide by their meaning: collations, binary values, keys of statements, what is refused.

use crate::language::check;

#[tokio::test]
async fn collations() {
    check(&[
        (
            &[
                "create table c (ci varchar(10) collate case_insensitive, cs varchar(10), fixed char(4) collate case_insensitive, s super)",
                "insert into c values ('Anna', 'anna', 'AB', null), ('ANNA', 'x', 'ab', null), ('Ben', 'y', 'c', null)",
                "select count(distinct ci), count(distinct cs), count(distinct fixed) from c",
            ],
            "2|3|2",
        ),
        (&["select count(*) from c where fixed = 'aB'"], "2"),
        (&["select fixed || '|' from c where ci = 'ben'"], "c|"),
        // Patterns obey the collation.
        (
            &["select count(*) from c where ci ~ 'NN' and ci similar to 'AN%' and ci like 'an%'"],
            "2",
        ),
        (
            &["select regexp_count(ci, 'N'), regexp_replace(ci, 'n', '-'), regexp_instr(ci, 'NN'), regexp_substr(ci, 'B') from c order by cs"],
            "2|A--a|2|;2|A--A|2|;1|Be-|0|B",
        ),
        (&["select regexp_count(ci, 'N', 1, 'c') from c where cs = 'anna'"], "0"),
        (
            &["select count(*) from (select ci from c intersect select 'BEN')"],
            "1",
        ),
        (&["select count(*) from (select ci from c except select 'ben')"], "1"),
        (&["select count(*) from (select ci from c union select 'ben')"], "2"),
        // Columns of both kinds do not meet.
        (&["select ci = cs from c"], "0A000"),
        (&["select concat(ci, cs) from c"], "0A000"),
        (&["select ci || cs from c"], "0A000"),
        (&["select ci from c union select cs from c"], "0A000"),
        (&["select coalesce(ci, cs) from c"], "0A000"),
        (&["select case when cs = 'x' then ci else cs end from c"], "0A000"),
        (&["select replace(ci, cs, 'x') from c"], "0A000"),
        (&["select 1 from c a join c b on a.ci = b.cs"], "0A000"),
        (&["select s = ci from c"], "0A000"),
        (&["select collate(usename, 'case_insensitive') from pg_user"], "0A000"),
        // One is converted to match the other.
        (
            &["select count(*) from c where collate(cs, 'case_insensitive') = ci"],
            "1",
        ),
        (&["select count(*) from c where ci = collate('BEN', 'ci')"], "1"),
    ])
    .await;
}

#[tokio::test]
async fn binary_values() {
    check(&[
        (
            &["select 258::smallint::varbyte, (-2)::int::varbyte, 1::bigint::varbyte"],
            "0102|fffffffe|0000000000000001",
        ),
        (
            &["select 258::smallint::varbyte::smallint, (-2)::int::varbyte::int, from_hex('ff')::int, from_hex('ff')::smallint"],
            "258|-2|255|255",
        ),
        (&["select from_hex('0102030405')::int"], "22003"),
        (&["select 'ab'::char(4)::varbyte, 'ab'::varbyte"], "61622020|6162"),
        (&["select crc32('123456789'), crc32('')"], "e3069283|00000000"),
        (
            &["select checksum(12.34), checksum(7), checksum(-1::smallint), checksum('a') = checksum('a')"],
            "1234|7|-1|t",
        ),
        (
            &[
                "create temp table ends (n bigint, d decimal(38,2))",
                "insert into ends values (9223372036854775807, 999999999999999999999999999999999999.99), (1, 0.01), (-1, -0.01), (null, null)",
                "select sum(n), sum(d), sum(distinct n) from ends",
            ],
            "9223372036854775807|999999999999999999999999999999999999.99|9223372036854775807",
        ),
        (&["select sum(n) from ends where n > 0"], "22003"),
        (&["select sum(distinct n) from ends where n > 0"], "22003"),
        (&["select sum(d) from ends where d > 0"], "22003"),
        (&["select n > 0, sum(n) from ends group by 1"], "22003"),
        (&["select sum(n), sum(d) from ends where n > 1 and n < 0"], "NULL|NULL"),
        (
            &["select n, sum(n) over (order by n rows 1 preceding) from ends where n < 2 order by n"],
            "-1|-1;1|0",
        ),
        (
            &["select difference('+', '-'), difference('a', '-'), difference('Robert', 'Rupert')"],
            "1|0|4",
        ),
        (
            &["select is_valid_json('{\"a\":[1]}'), is_valid_json('[1]'), is_valid_json_array('[1]')"],
            "t|f|t",
        ),
    ])
    .await;
}

#[tokio::test]
async fn moments() {
    check(&[
        (
            &["select convert_timezone('GMT', 'Europe/Nowhere+3', '2020-01-01 12:00')"],
            "2020-01-01 09:00:00",
        ),
        (
            &["select '25.11.2020 10:00:00 UTC'::timestamptz, '3.4.2020'::date"],
            "2020-11-25 10:00:00+00|2020-04-03",
        ),
        (
            &["select date '2020-01-01' - interval '999999999 days'"],
            "22003",
        ),
        (
            &["select st_astext('0101000000000000000000F03F0000000000000040')"],
            "POINT(1 2)",
        ),
        (&["select st_x('nonsense')"], "22023"),
    ])
    .await;
}

#[tokio::test]
async fn identities_and_values() {
    check(&[
        (
            &[
                "create table i (a bigint identity not null, b int generated by default as identity, c varchar(5))",
                "insert into i (c) values ('x')",
                "insert into i (b, c) values (default, 'y'), (default, 'z')",
                "insert into i (b, c) values (70, 'w')",
                "select * from i order by a",
            ],
            "1|1|x;2|2|y;3|3|z;4|70|w",
        ),
        (
            &[
                "create table v (a int, b varchar(5))",
                "insert into v values ((select max(a) from i), 'q')",
                "select * from v",
            ],
            "4|q",
        ),
        (
            &["insert into v(a) values ((select 1)), ((select 2))"],
            "0A000",
        ),
        (&["select * from (values ((select 3)), (4)) as t(n) order by n"], "3;4"),
        (&["update v set v.a = 1"], "42703"),
    ])
    .await;
}

#[tokio::test]
async fn merging() {
    check(&[
        (
            &[
                "create table t (id int, n char(4))",
                "create table s (id int, n char(4))",
                "insert into t values (1, 'a'), (1, 'b'), (2, 'c')",
                "insert into s values (1, 'x'), (3, 'y')",
                "merge into t using s on t.id = s.id when matched then update set id = s.id, n = s.n when not matched then insert values (s.id, s.n)",
                "select id, rtrim(n) from t order by 1",
            ],
            "1|x;2|c;3|y",
        ),
        (
            &[
                "create table ts (id int, v super)",
                "create table ss (id int, v super)",
                "merge into ts using ss on ts.id = ss.id when matched then update set v = ss.v[0] when not matched then insert values (ss.id, ss.v)",
            ],
            "0A000",
        ),
        (
            &["merge into ts using ss on ts.id = ss.id when matched then update set v = ss.v when not matched then insert values (ss.id, ss.v)"],
            "",
        ),
    ])
    .await;
}

#[tokio::test]
async fn groups_and_sets() {
    check(&[
        (
            &[
                "create table g (a int, b int, c int)",
                "insert into g values (1, 1, 10), (1, 2, 20), (2, 1, 30)",
                "select a, b, sum(c) from g group by grouping sets (rollup(a), cube(b)) order by 1, 2, 3",
            ],
            "1|NULL|30;2|NULL|30;NULL|1|40;NULL|2|20;NULL|NULL|60;NULL|NULL|60",
        ),
        (&["select 1 intersect all select 1"], "0A000"),
        (&["select 1 except all select 1"], "0A000"),
        (&["(select 1 limit 1) union select 2"], "0A000"),
        (&["select avg(x) from (select 1.00 x union all select 1.00 union all select 2.01)"], "1.33"),
        // Outer joins by (+).
        (
            &[
                "create table p (pid int, k int)",
                "create table q (qid int, qv int)",
                "insert into p values (1, 1), (2, 2)",
                "insert into q values (1, 5), (2, 6)",
                "select pid, qv from p, q where p.k = q.qid(+) and qv(+) = 5 order by 1",
            ],
            "1|5;2|NULL",
        ),
        (&["select 1 from p, q where p.k = q.qid(+) or p.k = 1"], "0A000"),
        (
            &["select 1 from p, q, g where q.qid(+) = p.k and q.qv(+) = g.a"],
            "0A000",
        ),
        (&["select count(*) from (select true as f union all select false) where f = 1"], "1"),
        // Correlations that no join can stand for.
        (
            &["select pid from p where not exists (select 1 from g where not exists (select 1 from q where q.qid = p.pid))"],
            "0A000",
        ),
    ])
    .await;
}

#[tokio::test]
async fn statements() {
    check(&[
        (
            &[
                "begin",
                "create table f (a int)",
                "insert into f values (1), (2), (3)",
                "declare k cursor for select a from f order by a",
                "fetch forward 0 from k",
            ],
            "",
        ),
        (&["fetch forward 2 from k"], "1;2"),
        (&["fetch forward 0 from k"], "2"),
        (&["fetch next from k"], "3"),
        (&["close k", "commit", "select 1"], "1"),
        (
            &[
                "create role outer_role",
                "create role inner_role",
                "grant role inner_role to role outer_role",
                "grant role outer_role to role inner_role",
            ],
            "0LP01",
        ),
        (
            &[
                "create view dep as select d.objid from pg_depend d join pg_class c on c.oid = d.refobjid",
                "create view fv as select a from f",
                "select c.relname from pg_depend d join pg_depend i on i.objid = d.objid and i.deptype = 'i' join pg_class c on c.oid = i.refobjid join pg_class b on b.oid = d.refobjid where d.deptype = 'n' and b.relname = 'f'",
            ],
            "fv",
        ),
        (
            &[
                "create procedure none(o out varchar(9)) as $$ declare r record; begin select into r * from f where a > 9; if r.a is null then o := 'nothing'; end if; end; $$ language plpgsql",
                "call none()",
            ],
            "nothing",
        ),
        (
            &[
                "set json_parse_dedup_attributes to on",
                "select json_parse('{\"a\":1,\"a\":2}')",
            ],
            "{\"a\":2}",
        ),
    ])
    .await;
}

#[tokio::test]
async fn materialized_views() {
    check(&[
        (
            &[
                "create table base (a int, b int)",
                "create view plain as select a from base",
                "create temp table passing (a int)",
                "insert into base values (1, 10), (1, 20), (2, 30)",
                "create materialized view sums as select a, sum(b) as s from base group by a",
                "create materialized view above auto refresh yes as select max(s) as m from sums",
                "create materialized view whole as select distinct a from base union select 9",
                "select name, is_stale, state, autorefresh from svv_mv_info order by name",
            ],
            "above|f|1|t;sums|f|1|f;whole|f|0|f",
        ),
        (
            &[
                "insert into base values (3, 100)",
                "select name, is_stale from stv_mv_info order by name",
            ],
            "above|f;sums|t;whole|t",
        ),
        (&["select m from above"], "30"),
        // AUTO REFRESH: no statement asks for it.
        (&["refresh materialized view sums", "select m from above"], "100"),
        (
            &[
                "refresh materialized view sums restrict",
                "refresh materialized view sums cascade",
                "select m, (select count(*) from sums) from above",
            ],
            "100|3",
        ),
        (
            &["select is_stale from svv_mv_info order by name"],
            "f;f;t",
        ),
        (
            &["select distinct mv_name, status from svl_mv_refresh_status"],
            "sums|Refresh successfully updated MV incrementally",
        ),
        (&["alter table whole rename to part"], "0A000"),
        (&["create table ct as select now() as n, a from base"], "0A000"),
        // What their queries cannot contain.
        (&["create materialized view n as select a from base order by a"], "0A000"),
        (&["create materialized view n as select a from base limit 1"], "0A000"),
        (&["create materialized view n as select a from plain"], "0A000"),
        (&["create materialized view n as select a from passing"], "0A000"),
        (&["create materialized view n as select relname from pg_class"], "0A000"),
        (
            &["create materialized view n as select current_schema() as s from base"],
            "0A000",
        ),
        (
            &["create materialized view n auto refresh yes as select a, getdate() as d from base"],
            "0A000",
        ),
        (
            &[
                "create materialized view n as with pg_own as (select a from base) select a from pg_own where a > 1",
                "select count(*) from n",
            ],
            "2",
        ),
    ])
    .await;
}

#[tokio::test]
async fn session_settings() {
    check(&[
        (
            &[
                "set search_path to '$user', public, \"Big\"",
                "show search_path",
            ],
            "\"$user\", public, \"Big\"",
        ),
        (&["set timezone to '-8:00'", "show timezone"], "-8:00"),
        (
            &["select '2024-05-01 12:00:00+00'::timestamptz"],
            "2024-05-01 04:00:00-08",
        ),
        (
            &["set time zone interval '5' hour", "show timezone"],
            "+05:00:00",
        ),
        (
            &["select '2024-05-01 12:00:00+00'::timestamptz::timestamp"],
            "2024-05-01 17:00:00",
        ),
        (
            &["set timezone interval '-3 hours'", "show timezone"],
            "-03:00:00",
        ),
        (
            &[
                "set timezone to 'EST5'",
                "select '2024-05-01 12:00:00+00'::timestamptz",
            ],
            "2024-05-01 07:00:00-05",
        ),
        (&["set timezone to '+7:30'"], "0A000"),
        (&["set timezone to 'PDT'"], "22023"),
        (&["set timezone to default", "show timezone"], "UTC"),
        (
            &[
                "create user other password 'Pw1234567'",
                "begin",
                "set local session authorization other",
                "select current_user",
            ],
            "other",
        ),
        (&["commit", "select current_user = 'other'"], "f"),
    ])
    .await;
}

#[tokio::test]
async fn views_follow_their_tables() {
    check(&[
        (
            &[
                "create table vt (a int, c int)",
                "insert into vt values (1, 2)",
                "create view every as select * from vt",
                "create view one as select x.a from vt x where c > 0",
                "create view above as select a, c from every",
                "create view late as select * from public.vt with no schema binding",
                "alter table vt add column b int",
                "select * from every",
            ],
            "1|2",
        ),
        (&["select * from late"], "1|2|NULL"),
        (
            &["alter table vt rename to renamed", "select * from above"],
            "1|2",
        ),
        (&["select * from late"], "42P01"),
        (
            &[
                "create table vt (a int, c int)",
                "select (select count(*) from one), (select count(*) from vt)",
            ],
            "1|0",
        ),
        (
            &[
                "alter table renamed rename column a to aa",
                "select a, (select max(a) from one) from above",
            ],
            "1|1",
        ),
        (
            &[
                "alter view every rename to all_of_it",
                "select c from above",
            ],
            "2",
        ),
        // A column goes only with the views that need it.
        (
            &[
                "alter table renamed drop column b",
                "select count(*) from above",
            ],
            "1",
        ),
        (&["alter table renamed drop column c"], "2BP01"),
        (
            &[
                "alter table renamed drop column c cascade",
                "select * from above",
            ],
            "42P01",
        ),
        (&["drop table renamed"], ""),
    ])
    .await;
}
