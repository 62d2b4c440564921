//! Collations in comparisons, sorting, grouping and functions.

use super::Trial;

#[tokio::test]
async fn columns_and_expressions() {
    let mut t = Trial::new();
    t.setup(
        "create table w (id int, ci varchar collate 'en-ci', plain varchar, es varchar collate 'es');
         insert into w values (1, 'Pear', 'Pear', 'nz'), (2, 'pear', 'pear', 'ñu'), (3, 'Apple', 'Apple', 'oa'),
                              (4, null, null, null);",
    )
    .await;
    t.expect(&[
        ("select id from w where ci = 'PEAR' order by id", &["1", "2"]),
        ("select id from w where plain = 'PEAR'", &[]),
        ("select id from w where ci in ('APPLE', 'x')", &["3"]),
        ("select count(*) from w group by ci order by 1", &["1", "1", "2"]),
        ("select ci, count(*) from w group by 1 order by ci", &["Apple|1", "Pear|2", "NULL|1"]),
        ("select distinct upper(ci) from w order by 1", &["APPLE", "PEAR", "NULL"]),
        ("select count(distinct ci), count(distinct plain) from w", &["2|3"]),
        ("select es from w order by es", &["nz", "ñu", "oa", "NULL"]),
        ("select es from w order by collate(es, 'en')", &["ñu", "nz", "oa", "NULL"]),
        ("select collation(ci), collation(plain), collation(collate(ci, 'de')) from w limit 1", &["en-ci|NULL|de"]),
        ("select 'a' collate 'en-ci' = 'A', 'a' = 'A', collate(' a ', 'en-trim') = 'a'", &["true|false|true"]),
        ("select 'é' collate 'en-ai' = 'e', 'a-b' collate 'en-pi' = 'ab', 'b' collate 'upper' = 'B'", &["true|true|true"]),
        ("select max(plain), min(collate(plain, 'en-ci')) from w", &["pear|Apple"]),
        ("select contains(collate('ñ', 'en-ci-ai'), 'N'), startswith(collate('ABC', 'en-ci'), 'ab'), position('B', collate('abc', 'en-ci'))",
            &["true|true|2"]),
        ("select upper('i' collate 'tr'), lower('I' collate 'tr')", &["İ|ı"]),
        ("select id, count(*) over (partition by ci) from w order by id", &["1|2", "2|2", "3|1", "4|1"]),
        ("select a.id, b.id from w a join w b on a.ci = b.ci and a.id < b.id", &["1|2"]),
        ("select 'x' collate 'en' = 'x' collate 'de'", &["!002260 Incompatible collations: 'en' and 'de'"]),
        ("select 'x' collate 'en-zz'", &["!001079 Invalid collation specification 'en-zz'"]),
    ])
    .await;
}
