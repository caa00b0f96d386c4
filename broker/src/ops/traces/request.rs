//! Spans as the OpenTelemetry protocol writes them (OTLP 1, `ExportTraceServiceRequest`).
//!
//! Promises that each field of a request is set here by hand, and that nothing is taken from the
//! environment. Knows nothing of where a span comes from.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use crate::chance::{self, Chance, NoChance};

use super::listener::{Side, Told, Value};

/// What we are called there.
const SERVICE: &str = "pyramid-broker";
/// W3C trace flags: sampled.
const SAMPLED: u32 = 1;

/// A request with these spans, each the root of a trace of its own.
///
/// # Errors
/// The system gives no randomness for ids.
pub(super) fn request(
    spans: Vec<Told>,
    chance: &dyn Chance,
) -> Result<ExportTraceServiceRequest, NoChance> {
    let spans = spans.into_iter().map(|told| span(told, chance)).collect::<Result<_, _>>()?;
    let version = env!("CARGO_PKG_VERSION");
    let attributes = vec![word("service.name", SERVICE), word("service.version", version)];
    let scope =
        InstrumentationScope { name: SERVICE.to_owned(), ..InstrumentationScope::default() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, schema_url: String::new() }];
    let resource = Some(Resource { attributes, ..Resource::default() });
    let resource_spans = vec![ResourceSpans { resource, scope_spans, schema_url: String::new() }];
    Ok(ExportTraceServiceRequest { resource_spans })
}

fn span(told: Told, chance: &dyn Chance) -> Result<Span, NoChance> {
    let kind = match told.side {
        Side::Server => SpanKind::Server,
        Side::Internal => SpanKind::Internal,
    };
    let failed = Status { message: String::new(), code: StatusCode::Error.into() };
    let attributes = told.attributes.into_iter().map(|(key, value)| match value {
        Value::Word(text) => word(key, &text),
        Value::Number(number) => attribute(key, any_value::Value::IntValue(number)),
    });
    Ok(Span {
        trace_id: chance::bytes::<16>(chance)?.to_vec(),
        span_id: chance::bytes::<8>(chance)?.to_vec(),
        flags: SAMPLED,
        name: told.name,
        kind: kind.into(),
        start_time_unix_nano: told.began,
        end_time_unix_nano: told.ended,
        attributes: attributes.collect(),
        status: told.failed.then_some(failed),
        ..Span::default()
    })
}

fn word(key: &str, text: &str) -> KeyValue {
    attribute(key, any_value::Value::StringValue(text.to_owned()))
}

fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
