//! Rows and tests over this repository's own shop, as a user writes them.
//! Those that need the emulators are ignored here; `cargo dwsim up` and `--ignored` run them.

use dwsim::prelude::*;

#[derive(Debug, PartialEq, dwsim::Row)]
#[dwsim(table = "orders")]
struct Order {
    order_id: i64,
    customer_id: i64,
    order_total: Decimal,
    status: String,
    ordered_at: dwsim::chrono::NaiveDateTime,
}

#[derive(dwsim::Row)]
#[dwsim(table = "events")]
struct Event {
    event_id: i64,
    customer_id: Option<i64>,
    #[dwsim(rename = "kind")]
    what: String,
    payload: Option<dwsim::serde_json::Value>,
}

/// A type of one's own: the traits decide.
#[derive(Debug, PartialEq)]
struct Id(i64);

impl dwsim::FromValue for Id {
    const EXPECTED: &'static str = "Id";

    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(Id)
    }
}

impl dwsim::ToValue for Id {
    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

#[derive(dwsim::Row)]
#[dwsim(table = "products")]
struct Product {
    product_id: Id,
    r#name: String,
}

/// Without a table: any query's result.
#[derive(dwsim::Row)]
struct Count<T: dwsim::FromValue + dwsim::ToValue> {
    n: T,
}

#[test]
fn rows_know_their_columns() {
    assert_eq!(Order::TABLE, Some("orders"));
    assert_eq!(
        Event::COLUMNS,
        ["event_id", "customer_id", "kind", "payload"]
    );
    assert_eq!(Product::COLUMNS, ["product_id", "name"]);
    assert_eq!(Count::<i64>::TABLE, None);
    let event = Event {
        event_id: 7,
        customer_id: None,
        what: "view".to_string(),
        payload: None,
    };
    assert_eq!(
        event.to_values(),
        [
            Value::Int(7),
            Value::Null,
            Value::Text("view".to_string()),
            Value::Null
        ]
    );
    let product = Product {
        product_id: Id(1),
        name: "x".to_string(),
    };
    assert_eq!(product.to_values()[0], Value::Int(1));
}

#[test]
fn rows_are_read_by_name() {
    let table = dwsim::ResultTable {
        columns: vec![
            dwsim::Column::new("NAME", "varchar(9)"),
            dwsim::Column::new("PRODUCT_ID", "number(18,0)"),
        ],
        rows: vec![vec![Value::Text("x".to_string()), Value::Int(3)]],
    };
    let products: Vec<Product> = dwsim::RowRef::all(&table)
        .filter_map(|row| Product::from_row(row).ok())
        .collect();
    assert_eq!(products.len(), 1);
    assert_eq!(products[0].product_id, Id(3));
}

#[dwsim::test]
#[ignore = "needs the emulators"]
async fn rows_are_written_and_read(wh: Warehouse) -> dwsim::Result<()> {
    let at = dwsim::chrono::NaiveDate::from_ymd_opt(2024, 2, 29)
        .and_then(|day| day.and_hms_milli_opt(12, 30, 0, 250));
    let order = Order {
        order_id: -1,
        customer_id: 1,
        order_total: dec!(-5.50),
        status: r"it's a \ | test".to_string(),
        ordered_at: at.unwrap_or_default(),
    };
    let order = Order {
        status: order.status.chars().take(10).collect(),
        ..order
    };
    assert_eq!(wh.insert(std::slice::from_ref(&order)).await?, 1);
    let read: Vec<Order> = wh
        .query_as("select * from orders where order_id < 0")
        .await?;
    assert_eq!(read, [order]);
    assert_sql_snapshot!(
        wh,
        "select count(*) as n, min(order_total) as least from orders where order_total < 0"
    );
    assert_sql_error_snapshot!(wh, "no_such_column", "select nope from orders");
    Ok(())
}

#[dwsim::test]
#[ignore = "needs the emulators"]
fn tests_have_databases_of_their_own(wh: Warehouse) -> dwsim::Result<()> {
    let counts: Vec<Count<i64>> = wh
        .blocking()
        .query_as("select count(*) as n from customers")?;
    assert_eq!(counts[0].n, 10_000);
    wh.blocking().sql("delete from customers")?;
    Ok(())
}

#[dwsim::test(snowflake)]
#[ignore = "needs the emulators"]
#[should_panic(expected = "as it should")]
async fn panics_are_the_tests_own(wh: Warehouse) {
    let day = wh
        .query("select 1 as n")
        .await
        .map(|table| table.rows.len());
    assert_eq!(day.unwrap_or(0), 2, "as it should");
}
