//! Policies, tags, histories, chains of statements, and the forms of ALTER TABLE.

use super::Trial;

#[tokio::test]
async fn masking_and_row_access_policies() {
    let mut t = Trial::new();
    t.setup(
        "create table people (id int, email text, area text);
         insert into people values (1, 'a@x', 'north'), (2, 'b@x', 'south');
         create table allowed (who text, area text);
         insert into allowed values ('TESTER', 'south');
         create masking policy hide as (v string) returns string -> case when current_role() = 'BOSS' then v else '***' end comment = 'c';
         create masking policy by_area as (v string, a string) returns string -> iff(a = 'north', v, null);
         create row access policy mine as (a string) returns boolean -> exists (select 1 from allowed w where w.who = current_user() and w.area = a);",
    )
    .await;
    t.expect(&[
        (
            "alter table people modify column email set masking policy hide",
            &["Statement executed successfully."],
        ),
        ("select * from people order by id", &["1|***|north", "2|***|south"]),
        ("select count(*) from people where email = 'a@x'", &["0"]),
        ("select p.email from people p where p.id = 1", &["***"]),
        (
            "alter table people alter column email set masking policy by_area using (email, area)",
            &["!003500 already attached to another masking policy"],
        ),
        (
            "alter table people alter column email set masking policy by_area using (email, area) force",
            &["Statement executed successfully."],
        ),
        ("select email from people order by id", &["a@x", "NULL"]),
        ("drop masking policy by_area", &["!003551 cannot be dropped"]),
        (
            "alter table people add row access policy mine on (area)",
            &["Statement executed successfully."],
        ),
        ("select id from people", &["2"]),
        ("create view v as select id + 10 as i from people", &["View V successfully created."]),
        ("select i from v", &["12"]),
        (
            "alter table people drop all row access policies",
            &["Statement executed successfully."],
        ),
        ("select count(*) from people", &["2"]),
        (
            "alter table people modify email unset masking policy",
            &["Statement executed successfully."],
        ),
        ("select email from people order by id", &["a@x", "b@x"]),
        (
            "describe masking policy hide",
            &["HIDE|(V VARCHAR)|VARCHAR(16777216)|case when current_role() = 'BOSS' then v else '***' end"],
        ),
        (
            "alter masking policy hide set body -> upper(v)",
            &["Statement executed successfully."],
        ),
        (
            "create table q (a text with masking policy hide, b text) with row access policy mine on (b) with tag (z = 'x')",
            &["!002003 does not exist"],
        ),
        (
            "create or replace table q (a text with masking policy hide, b text) with row access policy mine on (b)",
            &["Table Q successfully created."],
        ),
        ("insert into q values ('a', 'south'), ('b', 'north')", &["2"]),
        ("select a from q", &["A"]),
        (
            "select policy_name, policy_kind, ref_entity_name, ref_column_name, policy_status from table(information_schema.policy_references(ref_entity_name => 'q', ref_entity_domain => 'table')) order by 1",
            &["HIDE|MASKING_POLICY|Q|A|ACTIVE", "MINE|ROW_ACCESS_POLICY|Q|NULL|ACTIVE"],
        ),
        (
            "select ref_entity_name from table(information_schema.policy_references(policy_name => 'hide'))",
            &["Q"],
        ),
        ("create masking policy bad as (v string) returns int -> 1", &["!003500 type mismatch"]),
        (
            "execute using policy_context(current_user => 'NOBODY') as select count(*) from q",
            &["0"],
        ),
        ("drop table q", &["Q successfully dropped."]),
        ("drop masking policy hide", &["HIDE successfully dropped."]),
        (
            "drop masking policy if exists hide",
            &["Drop statement executed successfully (HIDE already dropped)."],
        ),
    ])
    .await;
}

#[tokio::test]
async fn tags_of_tables_and_columns() {
    let mut t = Trial::new();
    t.setup(
        "create table x (a int, b int);
         create tag cost allowed_values 'low', 'high';
         create tag kind;
         alter table x set tag cost = 'high';
         alter table x modify column b set tag kind = 'key';",
    )
    .await;
    t.expect(&[
        ("select system$get_tag('cost', 'x', 'table')", &["high"]),
        ("select system$get_tag('cost', 'x.b', 'column')", &["high"]),
        ("select system$get_tag('kind', 'x.b', 'column')", &["key"]),
        ("select system$get_tag('kind', 'x.a', 'column')", &["NULL"]),
        ("select system$get_tag_allowed_values('cost')", &["[\"low\",\"high\"]"]),
        (
            "select tag_name, tag_value, level, domain, column_name from table(information_schema.tag_references('x', 'table'))",
            &["COST|high|TABLE|TABLE|NULL"],
        ),
        (
            "select column_name, tag_name, tag_value, apply_method from table(information_schema.tag_references_all_columns('x', 'table')) order by 1, 2",
            &["A|COST|high|INHERITED", "B|COST|high|INHERITED", "B|KIND|key|MANUAL"],
        ),
        ("alter table x set tag cost = 'other'", &["!003942 not allowed"]),
    ])
    .await;
}

#[tokio::test]
async fn masking_policies_of_tags() {
    let mut t = Trial::new();
    t.setup(
        "create table staff (name text, pay int);
         insert into staff values ('Ann', 10);
         create tag secret;
         create masking policy hide_text as (v string) returns string -> '-';
         create masking policy hide_number as (v number) returns number -> 0;
         create masking policy own as (v string) returns string -> lower(v);
         alter tag secret set masking policy hide_text, masking policy hide_number;",
    )
    .await;
    t.expect(&[
        ("select * from staff", &["Ann|10"]),
        (
            "alter table staff modify column pay set tag secret = 'x'",
            &["Statement executed successfully."],
        ),
        ("select * from staff", &["Ann|0"]),
        (
            "alter table staff set tag secret = 'y'",
            &["Statement executed successfully."],
        ),
        ("select * from staff", &["-|0"]),
        (
            "alter table staff modify column name set masking policy own",
            &["Statement executed successfully."],
        ),
        ("select * from staff", &["ann|0"]),
        (
            "drop masking policy hide_number",
            &["!003551 cannot be dropped"],
        ),
        (
            "alter tag secret set masking policy own",
            &["!003500 already has the masking policy HIDE_TEXT"],
        ),
        (
            "alter tag secret unset masking policy hide_number",
            &["Statement executed successfully."],
        ),
        ("select * from staff", &["ann|10"]),
    ])
    .await;
}

#[tokio::test]
async fn histories_and_chains() {
    let mut t = Trial::new();
    t.setup(
        "create table h (a int);
         create task first_one as insert into h values (1);
         create task second_one after first_one as insert into nowhere values (2);
         alter task second_one resume;",
    )
    .await;
    t.expect(&[
        ("select 'first'", &["first"]),
        ("select 'second'", &["second"]),
        (
            "select * from table(result_scan(last_query_id(-2)))",
            &["first"],
        ),
        (
            "select query_text, query_type, execution_status from table(information_schema.query_history_by_session()) where query_text like 'select ''%' order by start_time, query_text",
            &["select 'first'|SELECT|SUCCESS", "select 'second'|SELECT|SUCCESS"],
        ),
        ("execute task first_one", &["Task FIRST_ONE is scheduled to run immediately."]),
        ("select a from h", &["1"]),
        (
            "select name, state, error_code from table(information_schema.task_history()) order by name",
            &["FIRST_ONE|SUCCEEDED|NULL", "SECOND_ONE|FAILED|002003"],
        ),
        (
            "select name from table(information_schema.task_dependents(task_name => 'first_one')) order by 1",
            &["FIRST_ONE", "SECOND_ONE"],
        ),
        (
            "select 1 as a union all select 2 ->> select sum(a) as s from $1 ->> select s + 1 from $1",
            &["4"],
        ),
        ("select 5 as a ->> select 6 as b ->> select a + b from $1, $2", &["11"]),
    ])
    .await;
}

#[tokio::test]
async fn several_changes_of_a_table() {
    let mut t = Trial::new();
    t.setup("create table m (a int, b text);").await;
    t.expect(&[
        (
            "alter table m add column c int default 3, if not exists b text, d date",
            &["Statement executed successfully."],
        ),
        (
            "alter table m modify column c drop default, column b set data type varchar(40), column d comment 'when'",
            &["Statement executed successfully."],
        ),
        (
            "select column_name, comment from information_schema.columns where table_name = 'M' and comment is not null",
            &["D|when"],
        ),
        ("alter table m drop column c, d", &["Statement executed successfully."]),
        ("alter table m add search optimization on equality(b)", &["Statement executed successfully."]),
        ("create hybrid table k (id int primary key, v text, index i (v))", &["Table K successfully created."]),
        ("insert into k values (1, 'x')", &["1"]),
        ("select * from k", &["1|x"]),
        ("create sequence s", &["Sequence S successfully created."]),
        ("select m.a, n.nextval from (select 7 as a) m, table(getnextval(s)) n", &["7|1"]),
    ])
    .await;
    assert_eq!(t.columns("select * from m").await, "A,B");
}
