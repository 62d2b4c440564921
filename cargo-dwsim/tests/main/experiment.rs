//! `import-sql` and `experiment` through the real binary: DDL in, data generated and loaded into both warehouses from
//! S3 by COPY, queried in each dialect, exported, deleted.

use crate::harness::Sandbox;
use crate::served::Served;

/// Runs a command; its exit code, stdout and stderr.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> (i32, String, String) {
    let output = sandbox
        .command(arguments)
        .output()
        .expect("the binary can be started");
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

const DDL: &str = "create table store (store_id bigint identity(1,1) primary key, city varchar(40) not null);\n\
create table sale (region_id int, sale_id int, store_id bigint references store, amount decimal(8,2), sold_at timestamp,\n\
  primary key (region_id, sale_id)) distkey(store_id);\n";

#[test]
fn an_experiment_from_ddl_to_deletion() {
    let sandbox = Sandbox::empty();
    std::fs::write(sandbox.path("shop.sql"), DDL).expect("a file");
    let data = sandbox.path("data");
    let data = data.to_str().expect("a path");
    let served = Served::start(&sandbox, &["--data-dir", data], &[]);
    let url = served.url();
    let ask = |arguments: &[&str]| {
        let mut all = vec!["experiment", "--url", &url];
        all.extend(arguments);
        run(&sandbox, &all)
    };
    let ok = |arguments: &[&str]| {
        let (code, out, err) = ask(arguments);
        assert_eq!(code, 0, "{arguments:?}: {err}");
        out
    };
    ok(&[
        "create",
        "shop",
        "--from",
        "shop.sql",
        "-d",
        "redshift",
        "--surrogate-keys",
    ]);
    let (code, _, err) = ask(&["create", "shop", "--from", "shop.sql", "-d", "redshift"]);
    assert!(code == 2 && err.contains("already"), "{code}: {err}");
    let (code, _, err) = ask(&["query", "shop", "-d", "redshift", "select 1"]);
    assert!(code == 2 && err.contains("not loaded"), "{code}: {err}");
    ok(&["generate", "shop", "--rows", "sale=250", "--seed", "7"]);
    for dialect in ["redshift", "snowflake"] {
        let sql = "select count(*), count(distinct region_id), min(_row_id), max(_row_id) from sale s join store t on t.store_id = s.store_id";
        let out = ok(&["query", "shop", "-d", dialect, sql]);
        assert!(
            out.lines()
                .nth(1)
                .is_some_and(|l| l.starts_with("250\t") && l.ends_with("\t1\t250")),
            "{dialect}: {out}"
        );
    }
    let out = ok(&[
        "query",
        "shop",
        "-d",
        "redshift",
        "select getdate() is not null as yes",
    ]);
    assert!(out.contains("true"), "{out}");
    let (code, _, err) = ask(&["query", "shop", "-d", "snowflake", "select nope from sale"]);
    assert!(
        code == 34 && err.to_lowercase().contains("nope"),
        "{code}: {err}"
    );
    ok(&["export", "shop", "--out", "files"]);
    let manifest =
        std::fs::read_to_string(sandbox.path("files/manifest.json")).expect("a manifest");
    assert!(manifest.contains("sale"), "{manifest}");
    ok(&["export", "shop", "--out", "s3://exports/shop"]);

    // killed and started again, it is all there
    drop(served);
    let served = Served::start(&sandbox, &["--data-dir", data], &[]);
    let url = served.url();
    let ask = |arguments: &[&str]| {
        let mut all = vec!["experiment", "--url", &url];
        all.extend(arguments);
        run(&sandbox, &all)
    };
    let (code, out, err) = ask(&[
        "query",
        "shop",
        "-d",
        "snowflake",
        "select count(*) from store",
    ]);
    assert!(code == 0 && out.contains("1000"), "{code}: {out} {err}");
    let (code, out, err) = ask(&["--format", "json", "delete", "shop"]);
    assert!(
        code == 0 && out.contains("\"dropped_tables\":4"),
        "{code}: {out} {err}"
    );
    let (code, _, err) = ask(&["show", "shop"]);
    assert!(code == 2 && err.contains("no experiment"), "{code}: {err}");
}

#[test]
fn import_sql_writes_all_or_nothing() {
    let sandbox = Sandbox::empty();
    let path = sandbox.path("dwsim.toml");
    std::fs::write(sandbox.path("shop.sql"), DDL).expect("a file");
    std::fs::write(
        sandbox.path("bad.sql"),
        format!("{DDL}create table bad (x intt);"),
    )
    .expect("a file");
    let (code, _, err) = run(
        &sandbox,
        &["import-sql", "bad.sql", "--dialect", "redshift"],
    );
    assert!(code == 31 && err.contains("bad.sql:4:19"), "{code}: {err}");
    assert!(!path.exists());
    let (code, out, err) = run(
        &sandbox,
        &["import-sql", "shop.sql", "--dialect", "redshift", "--check"],
    );
    assert!(
        code == 24 && out.contains("+[tables.sale]"),
        "{code}: {out} {err}"
    );
    assert!(!path.exists());
    let (code, _, err) = run(
        &sandbox,
        &["import-sql", "shop.sql", "--dialect", "redshift"],
    );
    assert_eq!(code, 0, "{err}");
    let written = std::fs::read_to_string(&path).expect("dwsim.toml");
    assert!(
        written.contains("primary_key = [\"region_id\", \"sale_id\"]"),
        "{written}"
    );
    let (code, _, err) = run(
        &sandbox,
        &["import-sql", "shop.sql", "--dialect", "redshift"],
    );
    assert!(code == 31 && err.contains("--merge"), "{code}: {err}");
    let (code, _, err) = run(
        &sandbox,
        &[
            "import-sql",
            "shop.sql",
            "--dialect",
            "redshift",
            "--merge",
            "--check",
        ],
    );
    assert_eq!(code, 0, "{err}");
}
