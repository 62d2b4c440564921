//! The stories of the control plane through its page, as a browser without JavaScript goes: create, import, generate,
//! look, query on both warehouses, export, delete. What each page says in detail is tested beside it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::Sandbox;
use crate::served::Served;

const SCHEMA: &str = "[project]\nseed = 5\n[tables.store]\nrows = 40\n[tables.store.columns]\n\
store_id = { type = \"serial\", primary_key = true }\ncity = { type = \"varchar(40)\", values = [\"<b>Bonn</b>\", \"Ulm\"], nulls = 0.2 }\n\
opened = { type = \"date\", range = [\"2020-01-01\", \"2024-12-31\"] }\nopen = { type = \"boolean\" }\n";

const DDL: &str = "create table sale (region_id int, sale_id int, store_id bigint references store(store_id), amount decimal(8,2), primary key (region_id, sale_id));";

fn wait(served: &Served, place: &str) -> String {
    let began = Instant::now();
    loop {
        let page = served.get(place).expect(200).text();
        if !page.contains(">running<") {
            return page;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{page}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_stories_by_forms() {
    let sandbox = Sandbox::empty();
    let served = Served::start(&sandbox, &[], &[]);
    served.get("/").expect(200);
    let checked = served.post(
        "/new",
        &[("tab", "schema"), ("text", SCHEMA), ("action", "check")],
    );
    assert!(checked.expect(200).text().contains("&lt;b&gt;Bonn"));
    let made = served.post(
        "/new",
        &[
            ("tab", "schema"),
            ("name", "shop"),
            ("text", SCHEMA),
            ("action", "create"),
        ],
    );
    assert_eq!(
        made.expect(303).header("location"),
        Some("/experiments/shop")
    );

    // SQL into it: a reference to a table that it has
    let bad = served.post(
        "/experiments/shop/import",
        &[
            ("dialect", "redshift"),
            ("text", "create table x (y intt)"),
            ("action", "save"),
        ],
    );
    assert!(bad.expect(422).text().contains("line 1, column 17"));
    let saved = served.post(
        "/experiments/shop/import",
        &[
            ("dialect", "redshift"),
            ("text", DDL),
            ("surrogate_keys", "yes"),
            ("action", "save"),
        ],
    );
    assert!(saved.expect(200).text().contains("_row_id"));

    let begun = served
        .post(
            "/experiments/shop/generate",
            &[("rows.sale", "120"), ("seed", "9")],
        )
        .expect(303);
    let run = begun.header("location").expect("a place").to_owned();
    let page = wait(&served, &run);
    assert!(
        page.contains(">done<") && page.contains("120 of 120"),
        "{page}"
    );
    let stream = served.get(&format!("{run}/stream")).expect(200).text();
    assert!(stream.starts_with("event: end\n"), "{stream}");
    let list = served.get("/").expect(200).text();
    assert!(list.contains("160") && list.contains("snowflake"), "{list}");

    for dialect in ["redshift", "snowflake"] {
        let page = served
            .get(&format!(
                "/experiments/shop/tables/store/profile?on={dialect}"
            ))
            .expect(200)
            .text();
        for text in [
            "&lt;b&gt;Bonn",
            "<svg class=\"plot\"",
            "class=\"declared\"",
            "NULLs",
            "40 rows",
        ] {
            assert!(page.contains(text), "{dialect}: {text} is not in {page}");
        }
        assert!(!page.contains("<b>Bonn"), "{page}");
        served
            .get(&format!("/experiments/shop/tables/sale?on={dialect}"))
            .expect(200);
    }

    let query = |sql: &str, on: &str| {
        let answer = served.post("/experiments/shop/query", &[("sql", sql), ("on", on)]);
        match answer.status {
            303 => {
                let place = answer
                    .header("location")
                    .expect("a place")
                    .replace("#result", "");
                (served.get(&place).expect(200).text(), place)
            }
            _ => (answer.text(), String::new()),
        }
    };
    let (page, place) = query(
        "select sale_id, amount from sale order by region_id, sale_id",
        "both",
    );
    assert!(
        page.contains("Both warehouses agree") && page.contains("Page 1 of 3"),
        "{page}"
    );
    let second = served.get(&format!("{place}?page=2")).expect(200).text();
    assert!(second.contains("Page 2 of 3"), "{second}");
    let csv = served.get(&format!("{place}/snowflake.csv")).expect(200);
    assert_eq!(csv.text().lines().count(), 121);
    let parquet = served.get(&format!("{place}/redshift.parquet")).expect(200);
    assert!(parquet.body.starts_with(b"PAR1"));
    let (page, _) = query("select avg(store_id) as a from store", "both");
    assert!(
        page.contains("The warehouses differ") && page.contains("20.5"),
        "{page}"
    );
    let (page, _) = query("select getdate() is not null", "both");
    assert!(page.contains("Redshift</h2>"), "{page}");
    let (page, _) = query("select nope from sale", "snowflake");
    assert!(page.contains("invalid identifier"), "{page}");
    let (page, _) = query("select 1; select 2", "both");
    assert!(page.contains("one is run at a time"), "{page}");
    // a statement that changes rows is not run again by looking at its answer
    let (_, place) = query("insert into store (store_id) values (1000)", "redshift");
    for _ in 0..3 {
        served.get(&place).expect(200);
    }
    let (page, _) = query("select count(*) as n from store", "redshift");
    assert!(page.contains(">41</td>"), "{page}");

    served.post("/experiments/shop/delete", &[]).expect(303);
    served.post("/experiments/shop/delete", &[]).expect(404);
    served.get(&place).expect(404);
    let gone = query("select 1", "redshift").0;
    assert!(gone.contains("there is no experiment"), "{gone}");
}

#[test]
fn two_deletions_at_once_and_a_browser_that_goes_away() {
    let sandbox = Sandbox::empty();
    let served = Served::start(&sandbox, &[], &[]);
    let schema = SCHEMA.replace("rows = 40", "rows = 400_000");
    let make = || {
        served
            .post(
                "/new",
                &[
                    ("tab", "schema"),
                    ("name", "shop"),
                    ("text", &schema),
                    ("action", "create"),
                ],
            )
            .expect(303);
    };
    make();
    let begun = served.post("/experiments/shop/generate", &[]).expect(303);
    let run = begun.header("location").expect("a place").to_owned();
    served.post("/experiments/shop/generate", &[]).expect(409);
    served.post("/experiments/shop/delete", &[]).expect(409);
    // a browser follows the run and is gone after the first event
    let address = served.control();
    let mut stream = TcpStream::connect(&address).expect("it listens");
    write!(
        stream,
        "GET {run}/stream HTTP/1.1\r\nHost: {address}\r\n\r\n"
    )
    .expect("it reads");
    let mut some = [0; 200];
    let _ = stream.read(&mut some).expect("it answers");
    drop(stream);
    served.post(&format!("{run}/cancel"), &[]).expect(303);
    let page = wait(&served, &run);
    assert!(
        page.contains(">cancelled<") || page.contains(">done<"),
        "{page}"
    );

    let small = served
        .post("/experiments/shop/generate", &[("rows.store", "50")])
        .expect(303);
    let run = small.header("location").expect("a place").to_owned();
    assert!(wait(&served, &run).contains(">done<"));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| served.post("/experiments/shop/delete", &[]).status))
            .collect();
        all.into_iter()
            .map(|t| t.join().expect("it ends"))
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|s| **s == 303).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|s| [303, 404, 409].contains(s)),
        "{statuses:?}"
    );
    // the client of a deletion goes away before it is answered: it is done whole
    make();
    let again = served
        .post("/experiments/shop/generate", &[("rows.store", "50")])
        .expect(303);
    wait(&served, again.header("location").expect("a place"));
    let mut stream = TcpStream::connect(&address).expect("it listens");
    write!(stream, "POST /experiments/shop/delete HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n").expect("it reads");
    drop(stream);
    let began = Instant::now();
    while served.get("/experiments/shop").status != 404 {
        assert!(began.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(50));
    }
    let (status, list) = served.json("GET", "/api/experiments", &serde_json::Value::Null);
    assert_eq!((status, list), (200, serde_json::json!([])));
}

#[test]
fn the_token_and_the_names_of_the_machine() {
    let sandbox = Sandbox::empty();
    let served = Served::start(
        &sandbox,
        &["--control-host", "dwsim"],
        &[("DWSIM_CONTROL_TOKEN", "s3cret")],
    );
    let refused = served.get("/").expect(401);
    assert!(refused.text().contains("no valid token") && !refused.text().contains("s3cret"));
    let let_in = served.get("/?token=s3cret").expect(303);
    assert!(
        let_in
            .header("set-cookie")
            .expect("a cookie")
            .contains("HttpOnly")
    );
    let with_host = |host: &str| {
        let mut stream = TcpStream::connect(served.control()).expect("it listens");
        write!(stream, "GET /healthz HTTP/1.0\r\nHost: {host}\r\n\r\n").expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        text.split(' ').nth(1).map(str::to_owned)
    };
    assert_eq!(with_host("dwsim:8085").as_deref(), Some("200"));
    assert_eq!(with_host("evil.example").as_deref(), Some("403"));
}

#[test]
fn the_stories_by_rest() {
    use serde_json::{Value, json};
    let sandbox = Sandbox::empty();
    let served = Served::start(&sandbox, &[], &[]);
    let ask = |method: &str, path: &str, body: Value| served.json(method, path, &body);
    let schema = json!({ "tables": { "store": { "rows": 20, "columns": {
        "store_id": { "type": "serial", "primary_key": true }, "city": { "type": "varchar(40)" } } } } });
    let (status, made) = ask(
        "POST",
        "/api/experiments",
        json!({ "name": "shop", "schema": schema }),
    );
    assert_eq!(status, 201, "{made}");
    let bad = json!({ "sql": format!("{DDL} create table x (y intt);"), "dialect": "redshift" });
    let (status, refused) = ask("POST", "/api/experiments/shop/import-sql", bad);
    assert_eq!(
        (status, &refused["findings"][0]["level"]),
        (422, &json!("error")),
        "{refused}"
    );
    let (_, unchanged) = ask("GET", "/api/experiments/shop", Value::Null);
    assert_eq!(unchanged["tables"], 1, "{unchanged}");
    let good = json!({ "sql": DDL, "dialect": "redshift", "surrogate_keys": true });
    let (status, imported) = ask("POST", "/api/experiments/shop/import-sql", good);
    assert_eq!(status, 200, "{imported}");
    let (status, run) = ask(
        "POST",
        "/api/experiments/shop/generate",
        json!({ "rows": { "sale": 90 } }),
    );
    assert_eq!(status, 202, "{run}");
    let place = format!("/api/experiments/shop/runs/{}", run["id"]);
    // the events end with the run
    let events = served.get(&format!("{place}/events")).expect(200).text();
    assert!(
        events.contains("event: end\n") && events.contains("\"status\":\"done\""),
        "{events}"
    );
    for dialect in ["redshift", "snowflake"] {
        let sql =
            "select count(*), max(_row_id) from sale join store on store.store_id = sale.store_id";
        let (status, answer) = ask(
            "POST",
            "/api/experiments/shop/query",
            json!({ "sql": sql, "dialect": dialect }),
        );
        assert_eq!(
            (status, &answer["rows"]),
            (200, &json!([["90", "90"]])),
            "{answer}"
        );
    }
    let (_, manifest) = ask("GET", "/api/experiments/shop/export", Value::Null);
    assert_eq!(
        manifest["tables"].as_array().map(Vec::len),
        Some(2),
        "{manifest}"
    );
    let (status, gone) = ask("DELETE", "/api/experiments/shop", Value::Null);
    assert_eq!((status, gone), (200, json!({ "dropped_tables": 4 })));
    assert_eq!(ask("DELETE", "/api/experiments/shop", Value::Null).0, 404);
}
