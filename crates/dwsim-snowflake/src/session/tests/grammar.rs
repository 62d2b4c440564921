//! Forms of the grammar that the parser writes anew, CREATE OR ALTER, procedures as tables, blocks in functions.

use super::Trial;

#[tokio::test]
async fn queries() {
    let mut t = Trial::new();
    t.setup(
        "create table nodes (id int, parent int);
         insert into nodes values (1, null), (2, 1), (3, 1);
         create table readings (at timestamp, v int, place text);
         insert into readings values ('2030-05-01 10:00:30', 4, 'x'), ('2030-05-01 10:02:00', 10, 'x'), ('2030-05-01 10:00:00', 7, 'y');
         create function among(list array) returns table (n int) as 'select column1 from values (4), (5), (6) where column1 in (** list)';
         set relation = 'nodes';",
    )
    .await;
    t.expect(&[
        (
            "select a.id, b.id from nodes a left join lateral (select * from nodes c where c.parent = a.id) b order by 1, 2",
            &["1|2", "1|3", "2|NULL", "3|NULL"],
        ),
        ("select count(distinct *) from values (1, 'a'), (1, 'a'), (2, null), (3, 'a')", &["2"]),
        (
            "select * from (select id, 'it''s' as x from nodes) match_recognize (order by id measures first(x) as f, count(*) as n pattern (a b+) define a as id = 1, b as id > 1)",
            &["it's|3"],
        ),
        (
            "select id from nodes match_recognize (order by id all rows per match pattern (a {- b -} c) define a as id = 1, b as id = 2, c as id = 3)",
            &["1", "3"],
        ),
        ("select greatest(** [3, 9, 4], 8), 'b' in (** ['a', 'b']), 2 in (7, ** [-2, 1.5])", &["9|true|false"]),
        ("select n from table(among([6, 4])) order by 1", &["4", "6"]),
        ("select coalesce(** parent) from nodes", &["!000002 spread operator"]),
        ("select id from table('nodes') where id > 2", &["3"]),
        ("select max(t.id) from table($relation) t", &["3"]),
        (
            "select to_char(at, 'MI:SS'), v, place, g, to_char(s, 'MI:SS') from readings resample (using at increment by interval '1 minute' partition by place metadata_columns is_generated() as g, bucket_start() s) order by place, at",
            &[
                "00:00|NULL|x|true|00:00",
                "00:30|4|x|false|00:00",
                "01:00|NULL|x|true|01:00",
                "02:00|10|x|false|02:00",
                "00:00|7|y|false|00:00",
            ],
        ),
        (
            "select r.n, r.v from (select column1 as n, column2 as v from values (2, 'a'), (5, 'b')) r resample (using n increment by 2) order by 1",
            &["2|a", "4|NULL", "5|b"],
        ),
        (
            "select interpolate_linear(v) over (order by n), interpolate_ffill(v) over (order by n), interpolate_bfill(v) over (order by n) from (select column1 as n, column2 as v from values (0, 10), (1, null), (4, 30), (5, null)) order by n",
            &["10.0|10|10", "15.0|10|30", "30.0|30|30", "NULL|30|NULL"],
        ),
        ("select count(*) from nodes, table(generator(rowcount => 2))", &["6"]),
        ("select 5 as a ->> select 6 as b ->> select a, b from $2, $1", &["5|6"]),
    ])
    .await;
}

#[tokio::test]
async fn functions_of_several_kinds_of_arguments() {
    let mut t = Trial::new();
    t.setup("create view seen as select 1 as one").await;
    t.expect(&[
        ("select to_double('1,250.5', '9,999.9'), try_to_double('x', '99')", &["1250.5|NULL"]),
        ("select to_double('x', '99')", &["!100140 Can't parse 'x'"]),
        ("select lpad(x'ab', 3)", &["!001015 BINARY"]),
        ("select concat('a', x'00')", &["!001044 Invalid argument types"]),
        (
            "select to_char(greatest('2030-01-01 00:00 +0000'::timestamp_tz, '2030-01-01 00:30 +0200'::timestamp_tz), 'HH24:MI')",
            &["00:00"],
        ),
        (
            "select least('2030-01-01 00:00 +0000'::timestamp_tz, null) is null, least_ignore_nulls(null, '2030-01-01 00:00 +0000'::timestamp_tz) is null",
            &["true|false"],
        ),
        (
            "select to_varchar(decrypt_raw(as_binary(e:ciphertext), k, as_binary(e:iv), x'01', 'AES-GCM', as_binary(e:tag)), 'utf-8') from (select to_binary(repeat('0f', 16)) k, encrypt_raw(to_binary('text', 'utf-8'), k, null, x'01', 'AES-GCM') e)",
            &["text"],
        ),
        ("select median(99999999999999999999999999999999999999)", &["!100039 out of"]),
        ("select is_instance_role_in_session('R')", &["false"]),
    ])
    .await;
}

#[tokio::test]
async fn create_or_alter() {
    let mut t = Trial::new();
    t.expect(&[
        ("create or alter table thing (a int, b text)", &["Table THING successfully created."]),
        ("insert into thing values (1, 'x')", &["1"]),
        (
            "create or alter table thing (a number(38, 0) not null, c int default 7 comment 'new', unique (a)) comment = 'own'",
            &["Statement executed successfully."],
        ),
        ("select * from thing", &["1|7"]),
        (
            "select get_ddl('table', 'thing')",
            &["create or replace TABLE THING (\n\tA NUMBER(38,0) NOT NULL,\n\tC NUMBER(38,0) DEFAULT 7 COMMENT 'new',\n\tunique (A)\n)COMMENT='own'\n;"],
        ),
        ("alter table thing drop unique (c)", &["!002055 does not exist"]),
        ("alter table thing drop unique (a)", &["Statement executed successfully."]),
        ("create or alter table thing (a int) as select 1", &["!000002 AS SELECT"]),
        ("create or alter view v as select a from thing", &["View V successfully created."]),
        ("create or alter view v as select a + 1 as b from thing", &["View V successfully created."]),
        ("select b from v", &["2"]),
        ("create or alter stage box comment = 'first'", &["Stage area BOX successfully created."]),
        ("create or alter stage box directory = (enable = true)", &["Statement executed successfully."]),
        ("select count(*) from directory(@box)", &["0"]),
        ("create table pair (x, \"y\") as select 1, 'q'", &["Table PAIR successfully created."]),
        ("select x, \"y\" from pair", &["1|q"]),
        (
            "create iceberg table ice (a int) catalog = 'SNOWFLAKE' external_volume = 'v' base_location = 'b'",
            &["Table ICE successfully created."],
        ),
        ("insert into ice values (1)", &["1"]),
        (
            "create iceberg table glue (a int) catalog = 'glue' external_volume = 'v' base_location = 'b'",
            &["!000002 the catalog glue"],
        ),
        ("create database one", &["Database ONE successfully created."]),
        ("create database two", &["Database TWO successfully created."]),
        ("create table public.here (a int)", &["Table HERE successfully created."]),
        ("alter database one swap with two", &["Statement executed successfully."]),
        ("select count(*) from one.public.here", &["0"]),
    ])
    .await;
}

#[tokio::test]
async fn rows_that_a_policy_hides_are_not_changed() {
    let mut t = Trial::new();
    t.setup(
        "create table kept (id int, area text);
         insert into kept values (1, 'n'), (2, 's'), (3, 's');
         create row access policy north as (a text) returns boolean -> a = 'n';
         alter table kept add row access policy north on (area);",
    )
    .await;
    t.expect(&[
        ("update kept set id = id + 10", &["1|0"]),
        ("delete from kept where id = 2", &["0"]),
        (
            "merge into kept using (select 11 as i union all select 3) s on kept.id = s.i when matched then update set id = 20 when not matched then insert values (s.i, 'n')",
            &["1|1"],
        ),
        ("select id from kept order by 1", &["3", "20"]),
        ("delete from kept", &["2"]),
        ("alter table kept drop row access policy north", &["Statement executed successfully."]),
        ("select id from kept order by 1", &["2", "3"]),
    ])
    .await;
}

#[tokio::test]
async fn merge_by_name() {
    let mut t = Trial::new();
    t.setup(
        "create table target (id int, v text);
         insert into target values (1, 'old');",
    )
    .await;
    t.expect(&[
        (
            "merge into target using (select 'new' as v, column1 as id from values (1), (2)) s on target.id = s.id when matched then update all by name when not matched then insert all by name",
            &["1|1"],
        ),
        ("select * from target order by id", &["1|new", "2|new"]),
        (
            "merge into target using (select 1 as id) s on target.id = s.id when matched then update all by name",
            &["!000904 V"],
        ),
        ("insert into target (id, id) values (1, 2)", &["!002025 duplicate column name 'ID'"]),
    ])
    .await;
}

#[tokio::test]
async fn procedures_and_blocks() {
    let mut t = Trial::new();
    t.expect(&[
        (
            "create procedure halves(n int, half out int, said out text) returns int language sql as begin half := n / 2; said := 'half of ' || n; return n; end",
            &["Procedure HALVES successfully created."],
        ),
        (
            "declare h int default 9; s text; begin call halves(8, :h, :s); return s || ' is ' || h; end",
            &["half of 8 is 4"],
        ),
        (
            "declare h int; s text; r int; begin call halves(6, :h, :s) into :r; return h || ' ' || r; end",
            &["3 6"],
        ),
        (
            "declare twice procedure (n int) returns int as declare two int default 2; begin return n * two; end; begin let r int; call twice(21) into :r; return r; end",
            &["42"],
        ),
        ("call twice(1)", &["!002140 TWICE"]),
        (
            "create procedure upto(n int) returns table (i int) language sql as declare r resultset default (select column1 from values (1), (2), (3) where column1 <= :n); begin return table(r); end",
            &["Procedure UPTO successfully created."],
        ),
        ("select sum(p.i) from table(upto(2)) p", &["3"]),
        ("select i from table(upto(n => 3)) where i > 1 order by i desc", &["3", "2"]),
        (
            "create function steps(n int) returns int language sql as declare c int default 0; begin while (n <> 1) do if (n % 2 = 0) then n := n / 2; else n := 3 * n + 1; end if; c := c + 1; end while; return c; end",
            &["Function STEPS successfully created."],
        ),
        ("select steps(column1) from values (6), (27), (1)", &["8", "111", "0"]),
        (
            "create function guarded(n int) returns text as $$ declare e exception (-20005, 'no'); begin if (n is null) then raise e; end if; return 'n' || n; exception when e then return sqlerrm; end $$",
            &["Function GUARDED successfully created."],
        ),
        ("select guarded(null), guarded(3)", &["no|n3"]),
        (
            "create function reads() returns int as $$ begin return (select 1); end $$",
            &["!000002 SELECT in a Snowflake Scripting function"],
        ),
        (
            "select get_ddl('function', 'guarded(number)') like 'create function guarded(n int)%'",
            &["true"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_the_catalog_tells() {
    let mut t = Trial::new();
    t.setup(
        "create table base (a int);
         create view inner_one as select a from base;
         create view outer_one as with base2 as (select a from inner_one) select base2.a from base2;
         create stage files directory = (enable = true);
         create pipe flow as copy into base from @files;",
    )
    .await;
    t.expect(&[
        (
            "select referenced_object_name, referenced_object_type from table(get_object_references(database_name => 'db', schema_name => 'public', object_name => 'outer_one')) order by 1",
            &["BASE|TABLE", "INNER_ONE|VIEW"],
        ),
        (
            "select system$pipe_status('flow')",
            &["{\"executionState\":\"RUNNING\",\"pendingFileCount\":0}"],
        ),
        ("copy into @files/out.csv from base single = true", &["0|0|20"]),
        ("select * from directory(@~)", &["!001003"]),
        ("alter schema public enable managed access", &["Statement executed successfully."]),
    ])
    .await;
}
