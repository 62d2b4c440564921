//! Functions whose binding needs the session, the catalog or the parser.

use super::Trial;

#[tokio::test]
async fn counts_and_stars() {
    let mut t = Trial::new();
    t.setup(
        "create table c (a int, b int, v variant);
         insert into c select 1, 1, parse_json('null');
         insert into c select 2, null, parse_json('1');
         insert into c select null, null, null;",
    )
    .await;
    t.expect(&[
        // a JSON null in a row is as good as NULL
        ("select count(*), count(c.*), count(a), count(a, b) from c", &["3|0|2|1"]),
        ("select count(* exclude v) , count(* ilike 'a%') from c", &["1|2"]),
        ("select count(c.* exclude (b, v)) from c", &["2"]),
        // JSON null is no value to count.
        ("select count(v) from c", &["1"]),
        ("select ({*})::string from (select 1 as x, 'y' as z)", &["{\"X\":1,\"Z\":\"y\"}"]),
        ("select object_construct(t.* exclude x)::string from (select 1 as x, 2 as y) t", &["{\"Y\":2}"]),
        (
            "select search((t.* ilike '%z'), 'word'), search((t.* exclude z), 'word'), search((*), 'word') from (select 'a' as x, 'a word' as z) t",
            &["true|false|true"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn structured_arrays() {
    let mut t = Trial::new();
    t.expect(&[
        ("select array_contains(5, [1, 5]::array(int))", &["true"]),
        ("select array_position(5, [1, 5]::array(int))", &["1"]),
        (
            "select array_contains('x', [1]::array(int))",
            &["!001044 ARRAY_CONTAINS"],
        ),
        (
            "select array_to_string(filter([1, 2, 3]::array(int), x -> x > 1), ',')",
            &["2,3"],
        ),
        (
            "select array_to_string(transform([1, 2]::array(int), x -> x * 2), ',')",
            &["2,4"],
        ),
        (
            "select reduce([1, 2, 3]::array(int), 0, (a, x) -> a + x)",
            &["6"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn spellings() {
    let mut t = Trial::new();
    t.setup("set (one, two) = (1, 'x');").await;
    t.expect(&[
        ("select current_user, current_user()", &["TESTER|TESTER"]),
        ("select getvariable('TWO'), getvariable('NONE')", &["x|NULL"]),
        ("select '2024-01-31'::date + interval '1-2' year to month", &["2025-03-31"]),
        (
            "select to_char(convert_timezone('America/Los_Angeles', '2024-04-05 12:00:00 +02:00'), 'yyyy-mm-dd hh24:mi tzhtzm')",
            &["2024-04-05 03:00 -0700"],
        ),
        ("select to_decimal('- 0.1', 'TM9', 9, 5)", &["-0.10000"]),
        ("select check_xml('<a>x</b>')", &["no opening tag for </b>, pos 8"]),
        ("select column1 from values (3), (1), (2) order by all", &["1", "2", "3"]),
        ("select column1 from values (3), (1) order by 1 limit '' offset ''", &["1", "3"]),
    ])
    .await;
}

#[tokio::test]
async fn parameters_change_results() {
    let mut t = Trial::new();
    t.expect(&[
        (
            "alter session set timestamp_type_mapping = 'TIMESTAMP_TZ'",
            &["Statement executed successfully."],
        ),
        (
            "select system$typeof('2024-01-01'::timestamp)",
            &["TIMESTAMP_TZ(9)[SB16]"],
        ),
        (
            "alter session unset timestamp_type_mapping",
            &["Statement executed successfully."],
        ),
        (
            "select system$typeof('2024-01-01'::timestamp)",
            &["TIMESTAMP_NTZ(9)[SB16]"],
        ),
        (
            "alter session set binary_output_format = 'BASE64'",
            &["Statement executed successfully."],
        ),
        ("select to_binary('AB')::varchar", &["qw=="]),
        (
            "alter session set quoted_identifiers_ignore_case = true",
            &["Statement executed successfully."],
        ),
        ("select \"Abc\" from (select 2 as \"aBc\")", &["2"]),
    ])
    .await;
}

#[tokio::test]
async fn counted_from_the_last_row() {
    let mut t = Trial::new();
    t.expect(&[
        (
            "select nth_value(column1, 2) from last over (order by column1 rows between unbounded preceding and unbounded following), nth_value(column1, 1) from first ignore nulls over (order by column1) from values (1), (2), (3) limit 1",
            &["2|1"],
        ),
        (
            "select nth_value(column1, 1) from last over (order by column1 rows between unbounded preceding and unbounded following) from values (1), (7) limit 1",
            &["7"],
        ),
        ("select * from table(to_query(sql => 'select 5 as a union all select :x', x => 6)) order by a", &["5", "6"]),
        ("select * from table(to_query('select :y'))", &["!001015 has no value"]),
    ])
    .await;
}
