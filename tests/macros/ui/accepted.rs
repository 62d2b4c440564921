//! What the derive and the attribute take.
use dwsim::prelude::*;

#[derive(dwsim::Row)]
#[dwsim(table = "orders")]
struct Order {
    order_id: i64,
    customer_id: i32,
    order_total: Decimal,
    note: Option<String>,
    ordered_at: dwsim::chrono::NaiveDateTime,
    payload: dwsim::serde_json::Value,
    #[dwsim(rename = "type")]
    kind: String,
}

/// A type of one's own: the traits decide.
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
#[dwsim(table = "orders")]
struct Part {
    order_id: Id,
    r#type: String,
}

/// Without a table: any query's result.
#[derive(dwsim::Row)]
struct Count<T: dwsim::FromValue + dwsim::ToValue> {
    n: T,
}

#[dwsim::test]
async fn with_await(wh: Warehouse) -> dwsim::Result<()> {
    let orders: Vec<Order> = wh.query_as("select * from orders").await?;
    wh.insert(&orders).await?;
    assert_sql_snapshot!(wh, "select count(*) as n from orders");
    assert_sql_snapshot!(wh, "named", "select 1 as n");
    assert_sql_error_snapshot!(wh, "select nope");
    Ok(())
}

#[dwsim::test(snowflake)]
#[ignore = "shown as ignored"]
fn without(wh: Warehouse) {
    let counts: Vec<Count<i64>> = wh.blocking().query_as("select 1 as n").unwrap_or_default();
    assert!(counts.iter().all(|count| count.n == 1));
}

fn main() {
    assert_eq!(Order::TABLE, Some("orders"));
    assert_eq!(Order::COLUMNS.last(), Some(&"type"));
    assert_eq!(Part::COLUMNS, ["order_id", "type"]);
    assert_eq!(Count::<i64>::TABLE, None);
    let part = Part { order_id: Id(7), r#type: "a".to_string() };
    assert_eq!(part.to_values(), [Value::Int(7), Value::Text("a".to_string())]);
}
