//! Tasks, dynamic tables and what sessions can do to one another; LATERAL; table functions in partitions.

use super::Trial;

#[tokio::test]
async fn what_tasks_hand_on() {
    let mut t = Trial::new();
    t.setup(
        "create table log (who varchar, what varchar);
         create task one as call system$set_return_value('from one');
         create task two after one as select system$set_return_value('from two');
         create task three after one, two as insert into log values
           ('three', system$get_predecessor_return_value('ONE') || '/' || system$get_predecessor_return_value('TWO'));
         create task four after two as insert into log values ('four', system$get_predecessor_return_value());
         create task last_one finalize = one as insert into log select 'last', system$current_user_task_name();
         alter task two resume; alter task three resume; alter task four resume; alter task last_one resume;
         execute task one;",
    )
    .await;
    t.expect(&[
        (
            "select * from log order by who",
            &["four|from two", "last|DB.PUBLIC.LAST_ONE", "three|from one/from two"],
        ),
        (
            "select name, state, return_value from table(information_schema.task_history()) order by name",
            &[
                "FOUR|SUCCEEDED|NULL",
                "LAST_ONE|SUCCEEDED|NULL",
                "ONE|SUCCEEDED|from one",
                "THREE|SUCCEEDED|NULL",
                "TWO|SUCCEEDED|from two",
            ],
        ),
        ("select system$set_return_value('x')", &["!091091 within a task"]),
        ("select system$current_user_task_name()", &["!091091"]),
    ])
    .await;
}

#[tokio::test]
async fn sessions_and_one_another() {
    let mut t = Trial::new();
    let mut other = t.other();
    t.setup("create table a (i int)").await;
    other.setup("begin; insert into a values (1);").await;
    let transaction = other
        .rows("select current_transaction()")
        .await
        .unwrap()
        .remove(0);
    let session = other
        .rows("select current_session()")
        .await
        .unwrap()
        .remove(0);
    t.expect(&[
        (
            &format!("select system$cancel_all_queries({session})"),
            &["0 cancelled."],
        ),
        (
            "select system$cancel_query('01b71944-0001-b181-0000-0129032279f6')",
            &["Identified SQL statement is not currently executing."],
        ),
        (
            "select system$abort_transaction(1)",
            &["transaction [1] is not running."],
        ),
    ])
    .await;
    let shown = t.rows("show transactions").await.unwrap();
    assert_eq!(shown.len(), 1);
    assert!(
        shown[0].starts_with(&format!("{transaction}|OTHER|{session}|")),
        "{shown:?}"
    );
    t.expect(&[(
        &format!("select system$abort_transaction({transaction})"),
        &[&format!("transaction [{transaction}] aborted.")],
    )])
    .await;
    other.setup("commit").await;
    t.expect(&[
        ("select count(*) from a", &["0"]),
        (
            &format!("select system$abort_session({session})"),
            &[&format!("session [{session}] terminated.")],
        ),
    ])
    .await;
    assert!(other.session.slot().is_ended());
    assert!(
        t.rows(&format!("select system$abort_session({session})"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn dynamic_tables() {
    let mut t = Trial::new();
    t.setup(
        "create table base (i int); insert into base values (1), (2);
         create dynamic table doubled (n) target_lag = '5 minutes' warehouse = w as select i * 2 from base;
         create dynamic table total target_lag = downstream warehouse = w refresh_mode = full as select sum(n) s from doubled;
         insert into base values (3);
         alter dynamic table total refresh;",
    )
    .await;
    t.expect(&[
        ("select s from total", &["12"]),
        ("select n from doubled order by n", &["2", "4", "6"]),
        ("insert into doubled values (1)", &["!002034 dynamic table 'DOUBLED'"]),
        (
            "select name, target_lag_sec, target_lag_type, scheduling_state:state::varchar, last_completed_refresh_state from table(information_schema.dynamic_tables()) order by name",
            &["DOUBLED|300|USER_DEFINED|ACTIVE|SUCCEEDED", "TOTAL|NULL|DOWNSTREAM|ACTIVE|SUCCEEDED"],
        ),
        (
            "select name from table(information_schema.dynamic_tables(name => 'total', include_connected => true)) order by 1",
            &["DOUBLED", "TOTAL"],
        ),
        (
            "select name, state, refresh_action, refresh_trigger, statistics:numInsertedRows::int from table(information_schema.dynamic_table_refresh_history()) order by name, refresh_trigger",
            &[
                "DOUBLED|SUCCEEDED|REINITIALIZE|CREATION|2",
                "DOUBLED|SUCCEEDED|FULL|MANUAL|3",
                "TOTAL|SUCCEEDED|REINITIALIZE|CREATION|1",
                "TOTAL|SUCCEEDED|FULL|MANUAL|1",
            ],
        ),
        (
            "select name, inputs[0]:name::varchar, inputs[0]:kind::varchar from table(information_schema.dynamic_table_graph_history()) order by name",
            &["DOUBLED|DB.PUBLIC.BASE|TABLE", "TOTAL|DB.PUBLIC.DOUBLED|DYNAMIC TABLE"],
        ),
        ("drop table base", &["BASE successfully dropped."]),
        ("alter dynamic table doubled refresh", &["!002003"]),
        (
            "select state, state_message is not null from table(information_schema.dynamic_table_refresh_history(name => 'doubled', error_only => true))",
            &["FAILED|true"],
        ),
        ("select is_dynamic from information_schema.tables where table_name = 'TOTAL'", &["YES"]),
    ])
    .await;
}

#[tokio::test]
async fn lateral_subqueries() {
    let mut t = Trial::new();
    t.setup(
        "create table dept (id int, name varchar); insert into dept values (1, 'a'), (2, 'b'), (3, 'c'), (null, 'n');
         create table emp (id int, dept int, pay int);
         insert into emp values (1, 1, 10), (2, 1, 20), (3, 2, 30), (4, 2, 5), (5, 2, 50);
         create function best(d int, n int) returns table (id int, pay int) as
           'select id, pay from emp where dept = d order by pay desc limit 2';",
    )
    .await;
    t.expect(&[
        (
            "select d.name, x.id from dept d, lateral (select id from emp e where e.dept = d.id order by pay desc limit 1) x order by 1",
            &["a|2", "b|5"],
        ),
        (
            "select d.name, x.id from dept d left join lateral (select id from emp e where e.dept = d.id order by pay limit 1 offset 1) x order by 1",
            &["a|2", "b|3", "c|NULL", "n|NULL"],
        ),
        (
            "select d.name, x.pay from dept d join lateral (select pay from emp e where e.dept = d.id qualify row_number() over (order by pay) = 1) x order by 1",
            &["a|10", "b|5"],
        ),
        (
            "select d.name, c, m from dept d, lateral (select count(*) c, max(pay) m from emp e where e.dept = d.id) x order by 1",
            &["a|2|20", "b|3|50", "c|0|NULL", "n|0|NULL"],
        ),
        (
            "select d.name, x.p from dept d, lateral (select pay p from emp e where e.dept = d.id union all select 0) x order by 1, 2",
            &["a|0", "a|10", "a|20", "b|0", "b|5", "b|30", "b|50", "c|0", "n|0"],
        ),
        (
            "select d.name, x.list from dept d, lateral (select array_to_string(array_agg(pay) within group (order by pay), ',') list from emp e where e.dept = d.id) x order by 1",
            &["a|10,20", "b|5,30,50", "c|", "n|"],
        ),
        (
            "select d.name, x.s from dept d, lateral (select sum(pay) s from emp e where e.dept = d.id group by e.dept having sum(pay) > 40) x",
            &["b|85"],
        ),
        (
            "select d.name, x.pay, x.twice from dept d, lateral (select pay, (select max(pay) * 2 from emp m where m.dept = d.id) twice from emp e where e.dept = d.id order by pay limit 1) x where d.id = 1",
            &["a|10|40"],
        ),
        (
            "select d.name, b.id from dept d, table(best(d.id, 2)) b order by 1, 2",
            &["a|1", "a|2", "b|3", "b|5"],
        ),
        (
            "select d.name, x.n from dept d, lateral (select e.pay + f.pay n from emp e join emp f on f.dept = e.dept and f.id > e.id where e.dept = d.id) x order by 1, 2",
            &["a|30", "b|35", "b|55", "b|80"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn table_functions_in_partitions() {
    let mut t = Trial::new();
    t.setup(
        "create table emp (id int, dept int, pay float);
         insert into emp values (1, 1, 10), (2, 1, 20), (3, 2, 30), (4, 2, 5);
         create function running(pay float) returns table (total float) language javascript as $$ {
           initialize: function (info, context) { this.sum = 0; },
           processRow: function (row, writer, context) { this.sum += row.PAY; writer.writeRow({ TOTAL: this.sum }); },
           finalize: function (writer, context) { writer.writeRow({ TOTAL: -this.sum }); },
         } $$;",
    )
    .await;
    t.expect(&[
        (
            "select e.dept, e.id, r.total from emp e, table(running(e.pay) over (partition by e.dept order by e.id)) r order by 1, 2 nulls last",
            &["1|1|10.0", "1|2|30.0", "1|NULL|-30.0", "2|3|30.0", "2|4|35.0", "2|NULL|-35.0"],
        ),
        (
            "select dept, id, total from emp, table(running(pay) over (partition by dept order by id desc)) order by 1, 2 nulls last",
            &["1|1|30.0", "1|2|20.0", "1|NULL|-30.0", "2|3|35.0", "2|4|5.0", "2|NULL|-35.0"],
        ),
        ("select max(total) from emp, table(running(pay) over ())", &["65.0"]),
        ("select value from emp, table(flatten(array_construct(id)) over (partition by dept))", &["!000002 OVER"]),
    ])
    .await;
}

#[tokio::test]
async fn casts_that_rename_and_add() {
    let mut t = Trial::new();
    t.expect(&[
        (
            "select to_json(cast({'city': 'x', 'n': 1}::object(city varchar, n int) as object(town varchar, count int) rename fields)::variant)",
            &[r#"{"town":"x","count":1}"#],
        ),
        (
            "select to_json((cast([{'a': 1}]::array(object(a int)) as array(object(b varchar))) rename fields)::variant)",
            &[r#"[{"b":"1"}]"#],
        ),
        (
            "select to_json(cast({'a': 1}::object(a int) as object(a int, b varchar) add fields)::variant)",
            &[r#"{"a":1,"b":null}"#],
        ),
        (
            "select cast({'a': 1}::object(a int) as object(a int, b varchar) rename fields)",
            &["!001065 as many members"],
        ),
        ("select cast(1 as varchar rename fields)", &["!001065 structured"]),
    ])
    .await;
}
