//! Spans as OpenTelemetry has them: identities, links to parents, times, attributes, events.
//! <https://opentelemetry.io/docs/specs/otel/trace/>. Sending them is left to `wire`.

use std::sync::mpsc::SyncSender;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::fields::{self, Fields};

/// Most events of one span.
const EVENTS: usize = 256;

/// A span's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    trace: u128,
    span: u64,
    parent: Option<u64>,
}

impl Identity {
    /// The trace's 32 hexadecimal digits.
    pub(super) fn trace(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The span's 16.
    pub(super) fn span(&self) -> String {
        format!("{:016x}", self.span)
    }
}

/// When a span began, and what happened in it.
#[derive(Debug)]
struct Life {
    began: SystemTime,
    events: Vec<Value>,
}

/// The layer that makes them.
#[derive(Debug)]
pub(super) struct Spans {
    sender: SyncSender<Value>,
    /// The span outside of this process that its own are below.
    outside: Option<Identity>,
}

impl Spans {
    pub(super) fn new(sender: SyncSender<Value>) -> Self {
        let outside = std::env::var("TRACEPARENT").ok();
        Spans {
            sender,
            outside: outside.and_then(|text| parent(&text)),
        }
    }
}

/// `00-TRACE-SPAN-FLAGS`, <https://www.w3.org/TR/trace-context/>.
fn parent(text: &str) -> Option<Identity> {
    let mut parts = text.trim().split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || version == "ff" || trace.len() != 32 || span.len() != 16 {
        return None;
    }
    let trace = u128::from_str_radix(trace, 16).ok().filter(|t| *t != 0)?;
    let span = u64::from_str_radix(span, 16).ok().filter(|s| *s != 0)?;
    Some(Identity {
        trace,
        span,
        parent: None,
    })
}

fn nanoseconds(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos().to_string()
}

/// Fields as OTLP's attributes; those that are about the span itself are left out.
fn attributes(fields: &Map<String, Value>) -> Vec<Value> {
    fields
        .iter()
        .filter(|(k, _)| !matches!(k.as_str(), "otel.kind" | "message"))
        .map(|(key, value)| {
            let value = match value {
                Value::Bool(b) => json!({ "boolValue": b }),
                // 64-bit numbers are text in protobuf's JSON
                Value::Number(n) if n.is_f64() => json!({ "doubleValue": n }),
                Value::Number(n) => json!({ "intValue": n.to_string() }),
                Value::String(s) => json!({ "stringValue": s }),
                other => json!({ "stringValue": other.to_string() }),
            };
            json!({ "key": key, "value": value })
        })
        .collect()
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        fields::record(id, values, &ctx);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        fields::keep(attributes, id, &ctx);
        let Some(span) = ctx.span(id) else { return };
        let above = span
            .parent()
            .and_then(|p| p.extensions().get::<Identity>().copied())
            .or(self.outside);
        let identity = Identity {
            trace: above.map_or_else(|| Uuid::new_v4().as_u128(), |a| a.trace),
            span: Uuid::new_v4().as_u64_pair().1,
            parent: above.map(|a| a.span),
        };
        let mut extensions = span.extensions_mut();
        extensions.insert(identity);
        extensions.insert(Life {
            began: SystemTime::now(),
            events: Vec::new(),
        });
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.event_span(event) else {
            return;
        };
        let mut extensions = span.extensions_mut();
        let Some(life) = extensions.get_mut::<Life>() else {
            return;
        };
        if life.events.len() < EVENTS && *event.metadata().level() <= Level::INFO {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let name = fields.0.get("message").and_then(Value::as_str);
            let name = name.unwrap_or("event").to_owned();
            life.events.push(json!({
                "timeUnixNano": nanoseconds(SystemTime::now()), "name": name, "attributes": attributes(&fields.0),
            }));
        }
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(&id) else { return };
        let mut extensions = span.extensions_mut();
        let (Some(identity), Some(life)) = (
            extensions.get_mut::<Identity>().copied(),
            extensions.remove::<Life>(),
        ) else {
            return;
        };
        let none = Map::new();
        let fields = extensions.get_mut::<Fields>().map_or(&none, |f| &f.0);
        let kind = match fields.get("otel.kind").and_then(Value::as_str) {
            Some("server") => 2,
            Some("client") => 3,
            _ => 1,
        };
        let error = fields.get("error").or_else(|| fields.get("error.code"));
        let status = match error {
            Some(error) => {
                let text = error
                    .as_str()
                    .map_or_else(|| error.to_string(), str::to_owned);
                json!({ "code": 2, "message": text })
            }
            None => json!({}),
        };
        let mut out = json!({
            "traceId": identity.trace(), "spanId": identity.span(), "name": span.name(), "kind": kind,
            "startTimeUnixNano": nanoseconds(life.began), "endTimeUnixNano": nanoseconds(SystemTime::now()),
            "attributes": attributes(fields), "events": life.events, "status": status, "flags": 1,
        });
        if let Some(parent) = identity.parent {
            out["parentSpanId"] = format!("{parent:016x}").into();
        }
        // a collector that does not keep up must not hold the work up
        let _ = self.sender.try_send(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_of_other_processes() {
        let found = parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assert_eq!(
            found.map(|f| (f.trace(), f.span())),
            Some((
                "0af7651916cd43dd8448eb211c80319c".into(),
                "b7ad6b7169203331".into()
            ))
        );
        for wrong in [
            "",
            "00-0-0-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ] {
            assert_eq!(parent(wrong), None, "{wrong}");
        }
    }
}
