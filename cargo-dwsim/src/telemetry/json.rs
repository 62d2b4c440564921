//! Logs as one JSON object a line on stderr, with the spans around each, for collectors such as Loki's.
//! What is logged is chosen by the filter in front.

use std::io::Write;

use dwsim_runtime::chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::fields::{self, Fields};
use super::otlp::Identity;

/// The layer.
#[derive(Debug)]
pub(super) struct JsonLog;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLog {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        fields::keep(attributes, id, &ctx);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        fields::record(id, values, &ctx);
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.0.remove("message").unwrap_or_default();
        let mut line = Map::new();
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        line.insert("timestamp".into(), now.into());
        line.insert("level".into(), event.metadata().level().as_str().into());
        line.insert("target".into(), event.metadata().target().into());
        line.insert("message".into(), message);
        if !fields.0.is_empty() {
            line.insert("fields".into(), Value::Object(fields.0));
        }
        let mut spans = Vec::new();
        for span in ctx.event_scope(event).into_iter().flatten() {
            let extensions = span.extensions();
            if let Some(identity) = extensions.get::<Identity>() {
                line.entry("trace_id")
                    .or_insert_with(|| identity.trace().into());
                line.entry("span_id")
                    .or_insert_with(|| identity.span().into());
            }
            let fields = extensions.get::<Fields>().map(|f| f.0.clone());
            spans.push(json!({ "name": span.name(), "fields": fields.unwrap_or_default() }));
        }
        if !spans.is_empty() {
            spans.reverse();
            line.insert("spans".into(), Value::Array(spans));
        }
        // nobody is left to be told when stderr is gone
        let _ = writeln!(std::io::stderr().lock(), "{}", Value::Object(line));
    }
}
