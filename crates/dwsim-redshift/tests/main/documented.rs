//! Documented behaviour of types, settings, privileges and routines: statements, and the last one's values or its SQLSTATE.

use crate::language::check;

#[tokio::test]
async fn intervals() {
    check(&[
        (&["select -interval '1' day, -interval '3' month"], "-1 days|-3 mons"),
        (
            &["select interval '5:12:10.2226' hour to second(3), '26 hours 5 min'::interval day"],
            "05:12:10.223|1 day",
        ),
        (
            &[
                "create table spans (m interval month, h interval hour to minute, s interval day to second(1))",
                "insert into spans values ('20', '2 days 1 hour 1 minute 1.5 seconds', '1.26'), (interval '1' year, '3:04', null)",
                "select * from spans order by m desc",
            ],
            "1 year 8 mons|2 days 01:01:00|00:00:01.3;1 year|03:04:00|NULL",
        ),
        (
            &["select sum(m), avg(m), sum(h), avg(s), max(h) from spans"],
            "2 years 8 mons|1 year 4 mons|2 days 04:05:00|00:00:01.3|2 days 01:01:00",
        ),
        (
            &["select sum(h) over (order by m rows unbounded preceding) from spans order by m"],
            "03:04:00;2 days 04:05:00",
        ),
        (
            &["set intervalstyle to postgres_verbose", "select m::text, h::text, m from spans order by m"],
            "1 years 0 mons|0 days 3 hours 4 mins 0.0 secs|1 years 0 mons;1 years 8 mons|2 days 1 hours 1 mins 0.0 secs|1 years 8 mons",
        ),
        (&["reset intervalstyle", "select interval '1' year::text"], "1 year"),
    ])
    .await;
}

#[tokio::test]
async fn medians_of_dates() {
    check(&[
        (
            &["select median(d) from (select date '2020-01-01' d union all select '2020-01-04')"],
            "2020-01-02",
        ),
        (
            &["select percentile_cont(0.5) within group (order by t) from (select time '10:00' t union all select '11:00')"],
            "10:30:00",
        ),
    ])
    .await;
}

#[tokio::test]
async fn date_styles() {
    check(&[
        (
            &[
                "set datestyle to 'SQL, DMY'",
                "select date '03/02/2020', '03/02/2020'::date::varchar",
            ],
            "03/02/2020|03/02/2020",
        ),
        (
            &[
                "set datestyle to 'Postgres, MDY'",
                "select timestamp '2020-02-03 04:05:06', timestamptz '2020-02-03 04:05:06+00'",
            ],
            "Mon Feb 03 04:05:06 2020|Mon Feb 03 04:05:06 2020 UTC",
        ),
        (&["show datestyle"], "Postgres, MDY"),
        (
            &[
                "set datestyle to german",
                "select timestamp '2020-02-03 04:05:06.5'",
            ],
            "03.02.2020 04:05:06.5",
        ),
        (
            &["set datestyle to iso", "select date '2020-02-03'"],
            "2020-02-03",
        ),
        (&["set datestyle to 'ISO, backwards'"], "22023"),
        (&["select '2008-13-01'::date"], "22008"),
        (&["select '25:00'::time"], "22008"),
        (&["select 'someday'::date"], "22007"),
    ])
    .await;
}

#[tokio::test]
async fn random_numbers() {
    check(&[
        (
            &[
                "set seed to .25",
                "select (random() * 100)::int, random() < 1",
            ],
            "21|t",
        ),
        (&["set seed = 0.25", "select (random() * 100)::int"], "21"),
        (&["select (random() * 100)::int"], "79"),
        (&["set seed to 2"], "22023"),
        (
            &[
                "set analyze_threshold_percent to 0.01",
                "show analyze_threshold_percent",
            ],
            "0.01",
        ),
        (&["set analyze_threshold_percent to 101"], "22023"),
    ])
    .await;
}

#[tokio::test]
async fn collations() {
    check(&[
        (&["select collate('Ab', 'case_insensitive') = 'aB', 'a' = 'A'"], "t|f"),
        (
            &[
                "create table folk (name varchar(20) collate case_insensitive, plain varchar(20) collate case_sensitive)",
                "insert into folk values ('Ann', 'Ann'), ('ANN', 'x'), ('bob', 'Bob')",
                "select count(*), count(distinct name) from folk",
            ],
            "3|2",
        ),
        (&["select name from folk where name = 'BOB'"], "bob"),
        (&["select count(*) from folk where name like 'an%'"], "2"),
        (&["select count(*) from folk where name in ('ann', 'Bob')"], "3"),
        (&["select count(*) from folk where plain = 'bob'"], "0"),
        (&["select count(*) from folk where collate(name, 'case_sensitive') = 'ann'"], "0"),
        (&["select count(*) from folk a join folk b on a.name = b.name"], "5"),
        (&["select strpos(name, 'NN') from folk where plain = 'Ann'"], "2"),
        (&["select regexp_count(name, 'n') from folk"], "2;2;0"),
        (&["select name from folk where plain = 'Bob' order by name"], "bob"),
        (&["select db_collation()"], "case_sensitive"),
        (&["create table wrong (a int collate case_insensitive)"], "42804"),
    ])
    .await;
}

#[tokio::test]
async fn functions_of_the_catalog() {
    check(&[
        (
            &[
                "create table held (a int, b numeric(8,2))",
                "select pg_get_cols('held')",
            ],
            "(public,held,a,integer,1);(public,held,b,\"numeric(8,2)\",2)",
        ),
        (
            &["select col_name, col_num from pg_get_cols('public.held') cols(s name, v name, col_name name, t varchar, col_num int)"],
            "a|1;b|2",
        ),
        (&["select pg_get_cols('nothing')"], "42P01"),
        (
            &[
                "create view loose as select a from public.held with no schema binding",
                "select pg_get_late_binding_view_cols()",
            ],
            "(public,loose,a,integer,1)",
        ),
        (&["select pg_backend_pid(1)"], "42883"),
        (&["select now(1)"], "42883"),
        (&["select 'abc'::binary varying(5), 'ab'::varbyte"], "616263|6162"),
        (&["select sha2('a', 7)"], ""),
    ])
    .await;
}

#[tokio::test]
async fn routines_and_languages() {
    check(&[
        (
            &[
                "create function half(a float) returns float stable as $$ return a / 2 $$ language plpythonu",
                "select half(1)",
            ],
            "0A000",
        ),
        (
            &["create table numbers (a float)", "select half(a) from numbers"],
            "",
        ),
        (
            &[
                "create procedure quietly() as $$ begin raise info 'zone %', current_setting('timezone'); end $$ language plpgsql set timezone to 'Asia/Tokyo'",
                "call quietly()",
                "select message from svl_stored_proc_messages",
            ],
            "zone Asia/Tokyo",
        ),
        (&["show timezone"], "UTC"),
        (&["select querytxt, aborted from svl_stored_proc_call"], "call quietly()|0"),
        (
            &[
                "begin",
                "declare none cursor for select * from numbers",
                "fetch 2 from none",
                "fetch all from none",
            ],
            "",
        ),
    ])
    .await;
}

#[tokio::test]
async fn columns_and_roles() {
    check(&[
        (
            &[
                "create user pat password 'Abcd1234'",
                "create table wages (name varchar(10), wage int)",
                "insert into wages values ('a', 5)",
                "grant select (name), update (wage) on wages to pat",
                "select relation_name, column_name, privilege_type, identity_name from svv_column_privileges order by 2",
            ],
            "wages|name|SELECT|pat;wages|wage|UPDATE|pat",
        ),
        (&["grant select (nothing) on wages to pat"], "42703"),
        (
            &["select has_column_privilege('pat', 'wages', 'name', 'select'), has_column_privilege('pat', 'wages', 'wage', 'select'), has_table_privilege('pat', 'wages', 'select')"],
            "t|f|f",
        ),
        (
            &["select usename, has_table_privilege(usename, 'wages', 'update') from pg_user where usename in ('dev', 'pat') order by 1"],
            "dev|t;pat|f",
        ),
        (&["select has_table_privilege('nobody', 'wages', 'select')"], "42704"),
        (&["set session authorization pat", "select name from wages"], "a"),
        (&["select count(name) from wages"], "1"),
        (&["select wage from wages"], "42501"),
        (&["select * from wages"], "42501"),
        (&["update wages set wage = 6"], ""),
        (&["update wages set name = 'b'"], "42501"),
        (&["select has_table_privilege('wages', 'select')"], "f"),
        (&["select has_assumerole_privilege('arn:aws:iam::1:role/r', 'copy')"], "t"),
        (
            &[
                "reset session authorization",
                "revoke assumerole on all from public for all",
                "grant assumerole on 'arn:aws:iam::1:role/R' to pat for copy",
                "select has_assumerole_privilege('pat', 'arn:aws:iam::1:role/R', 'copy'), has_assumerole_privilege('pat', 'arn:aws:iam::1:role/R', 'unload')",
            ],
            "t|f",
        ),
        (&["select pg_get_iam_role_by_user('pat')"], "(pat,arn:aws:iam::1:role/R,COPY)"),
        (
            &[
                "create role reader",
                "grant role reader to pat",
                "grant create table to role reader",
                "select user_name, role_name from svv_user_grants",
            ],
            "pat|reader",
        ),
        (&["select system_privilege, identity_name from svv_system_privileges"], "CREATE TABLE|reader"),
        (
            &[
                "create procedure mine() as $$ begin null; end $$ language plpgsql",
                "set session authorization pat",
                "call mine()",
            ],
            "42501",
        ),
        (
            &[
                "reset session authorization",
                "grant execute on procedure mine() to pat",
                "set session authorization pat",
                "call mine()",
            ],
            "",
        ),
        (&["reset session authorization", "alter user pat set query_group to 'pats'", "select useconfig from pg_user where usename = 'pat'"], "{query_group=pats}"),
    ])
    .await;
}

#[tokio::test]
async fn masked_paths() {
    check(&[
        (
            &[
                "create user viewer password 'Abcd1234'",
                "create table people (id int, data super)",
                "insert into people values (1, json_parse('{\"name\": \"Ann\", \"card\": {\"no\": \"123\"}}')), (2, json_parse('{\"name\": \"Bob\"}'))",
                "create masking policy hidden with (v varchar(20)) using ('***' || right(v, 1))",
                "attach masking policy hidden on people (data.card.no) to public",
                "grant select on people to viewer",
                "set session authorization viewer",
                "select data from people order by id",
            ],
            "{\"name\":\"Ann\",\"card\":{\"no\":\"***3\"}};{\"name\":\"Bob\"}",
        ),
        (&["select data.card.no from people where id = 1"], "\"***3\""),
        (&["reset session authorization", "select data.card.no from people where id = 1"], "\"123\""),
        (&["attach masking policy hidden on people (id.x) to public"], "42804"),
    ])
    .await;
}

/// Windows are ordered by every type that has an order.
#[tokio::test]
async fn windows_over_any_order() {
    check(&[
        (
            &["select n, rank() over (order by x) from (select 1 n, array(2) x union all select 2, array(1) union all select 3, array(1)) order by n"],
            "1|3;2|1;3|1",
        ),
        (
            &["select n, sum(n) over (order by x range unbounded preceding) from (select 1 n, time '10:00' x union all select 2, '09:00' union all select 3, '10:00') order by n"],
            "1|6;2|2;3|6",
        ),
        (
            &["select n, lag(n) over (order by x), row_number() over (order by x desc) from (select 1 n, interval '2' day x union all select 2, interval '1' day) order by n"],
            "1|2|1;2|NULL|2",
        ),
        (
            &["select n, dense_rank() over (order by x), count(*) over (order by x rows unbounded preceding) from (select 1 n, 'b'::varbyte x union all select 2, 'a'::varbyte) order by n"],
            "1|2|2;2|1|1",
        ),
    ])
    .await;
}
