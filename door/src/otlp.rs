//! Traces, sent to a collector over OTLP where the environment names one, and nowhere else.
//!
//! The variables are those of OpenTelemetry: `OTEL_EXPORTER_OTLP_ENDPOINT` switches it on; the sampler, the names and
//! the rhythm follow from others. Spans alone are sent, and only ours: no line of the log, no statement, no value.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::{
    SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing::{Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::registry::LookupSpan;

use crate::trace_context::TraceContext;

/// What names the collector; the second, which is for traces alone, names its whole path.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// How long the last spans may take to leave a server that stops.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whose spans are sent: this workspace's crates.
const OURS: [&str; 4] = ["door", "query_api", "read_model", "write_api"];

/// The target of spans that stand in the log alone.
pub(crate) const PROBE: &str = "door::probe";

/// Whether spans are sent; asked for each request.
static EXPORTING: AtomicBool = AtomicBool::new(false);

/// Why no traces can be sent.
#[derive(Debug, thiserror::Error)]
pub enum OtlpError {
    /// The collector wants TLS.
    #[error(
        "the collector `{endpoint}` is to be spoken to over TLS, which this server leaves to a collector beside it; \
         name one such as http://127.0.0.1:4318"
    )]
    Tls {
        /// What the environment names.
        endpoint: String,
    },
    /// The environment says something else that cannot be done.
    #[error("traces cannot be sent as the OTEL_… variables say; OTLP is spoken over http/protobuf")]
    Settings(#[source] opentelemetry_otlp::ExporterBuildError),
}

/// Sends traces until it is dropped, which sends what is left.
#[derive(Debug, Default)]
#[must_use = "traces are sent for as long as this is kept"]
pub struct Traces(Option<SdkTracerProvider>);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.as_ref().map(|sender| sender.shutdown_with_timeout(PATIENCE)) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

impl Traces {
    /// Connects to the collector that the environment names; to none where it names none.
    pub(crate) fn connect(service: &'static str) -> Result<Self, OtlpError> {
        let named = |name: &&str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let Some(endpoint) = ENDPOINTS.iter().rev().find_map(named) else {
            return Ok(Self::default());
        };
        if endpoint.trim().starts_with("https:") {
            return Err(OtlpError::Tls { endpoint });
        }
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .build()
            .map_err(OtlpError::Settings)?;
        let exporter = Told { exporter, failing: AtomicBool::new(false) };
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(service))
            .with_batch_exporter(exporter)
            .build();
        EXPORTING.store(true, Ordering::Relaxed);
        Ok(Self(Some(provider)))
    }

    /// What takes spans from the code to the collector; none where there is none.
    pub(crate) fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        let tracer = self.0.as_ref()?.tracer("f6");
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false);
        Some(layer.with_filter(FilterFn::new(is_ours).with_max_level_hint(LevelFilter::DEBUG)))
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let of_crate = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && OURS.contains(&of_crate) && metadata.target() != PROBE
}

/// `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win over what a server calls itself.
fn resource(service: &'static str) -> Resource {
    let builder =
        Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("OTEL_SERVICE_NAME").is_some() {
        return builder.build();
    }
    builder.with_attribute(KeyValue::new("service.name", format!("f6-{service}"))).build()
}

/// Makes the span of a request a step in its caller's trace, or in one of its own; none where spans are not sent.
pub(crate) fn join(span: &Span, caller: Option<TraceContext>) -> Option<TraceContext> {
    if !EXPORTING.load(Ordering::Relaxed) {
        return None;
    }
    span.record("otel.kind", "server");
    if let Some(caller) = caller {
        let remote = SpanContext::new(
            TraceId::from(caller.trace),
            SpanId::from(caller.span),
            TraceFlags::default().with_sampled(caller.sampled),
            true,
            TraceState::default(),
        );
        // It fails for a span that began already or that nobody wants; then there is nothing to join.
        let _ = span.set_parent(Context::new().with_remote_span_context(remote));
    }
    let context = span.context();
    let own = context.span().span_context().clone();
    own.is_valid().then(|| TraceContext {
        trace: u128::from_be_bytes(own.trace_id().to_bytes()),
        span: u64::from_be_bytes(own.span_id().to_bytes()),
        sampled: own.is_sampled(),
    })
}

/// Notes on a span that is sent what was asked, and how it was answered.
pub(crate) fn answered(span: &Span, (method, route): (&str, &str), operation: &'static str, status: u16) {
    if !EXPORTING.load(Ordering::Relaxed) {
        return;
    }
    span.set_attribute("http.request.method", method.to_owned());
    span.set_attribute("http.route", route.to_owned());
    span.set_attribute("http.response.status_code", i64::from(status));
    span.set_attribute("graphql.operation.type", operation);
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}

/// Tells the log when a collector falls silent and when it is back, rather than at each attempt.
#[derive(Debug)]
struct Told {
    exporter: opentelemetry_otlp::SpanExporter,
    failing: AtomicBool,
}

impl SpanExporter for Told {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let result = self.exporter.export(batch).await;
        match (&result, self.failing.swap(result.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => {
                tracing::warn!(%error, "the collector takes no spans; until it does they are lost");
            }
            (Ok(()), true) => tracing::info!("the collector takes spans again"),
            (Ok(()), false) | (Err(_), true) => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_collector_nothing_is_joined_and_nothing_kept() {
        let span = tracing::error_span!("request");
        let caller = TraceContext { trace: 1, span: 1, sampled: true };
        assert_eq!(join(&span, Some(caller)), None);
    }
}
