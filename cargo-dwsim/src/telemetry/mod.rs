//! What the process says about itself: logs on stderr as text or JSON, and spans to an OpenTelemetry collector when the
//! environment names one. What is logged and spanned is said where it happens, with `tracing`.

mod fields;
mod json;
mod otlp;
mod wire;

use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use crate::cli::{GlobalArgs, LogFormat};

/// Sends what is left when it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Telemetry(Option<wire::Exporter>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(exporter) = self.0.take() {
            exporter.finish();
        }
    }
}

/// Begins: `DWSIM_LOG` is tracing's filter of what is logged, or `-v`; `OTEL_EXPORTER_OTLP_ENDPOINT` turns spans on.
pub fn install(global: &GlobalArgs) -> Telemetry {
    let default = match (global.quiet, global.verbose) {
        (true, _) => "off",
        // A refused S3 operation is told to its client; `s3s` would say it again here.
        (false, 0) => "error,s3s=off",
        (false, 1) => "dwsim=info,cargo_dwsim=info,warn",
        (false, _) => "dwsim=debug,cargo_dwsim=debug,info",
    };
    let filter = EnvFilter::try_from_env("DWSIM_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let (exporter, refused) = match wire::Target::from_environment() {
        Ok(target) => (target.and_then(|t| wire::Exporter::start(t).ok()), None),
        Err(message) => (None, Some(message)),
    };
    let logs: Box<dyn Layer<_> + Send + Sync> = match global.log_format {
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_filter(filter)
            .boxed(),
        LogFormat::Json => json::JsonLog.with_filter(filter).boxed(),
    };
    let spans = exporter.as_ref().map(|e| {
        let ours =
            filter_fn(|m| m.target().starts_with("dwsim") || m.target().starts_with("cargo_dwsim"));
        otlp::Spans::new(e.sender()).with_filter(ours)
    });
    // Fails only if there is a subscriber already, which cannot be.
    let _ = Registry::default().with(logs).with(spans).try_init();
    if let Some(message) = refused {
        tracing::error!("{message}");
    }
    Telemetry(exporter)
}
