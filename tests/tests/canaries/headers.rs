//! Calls with a canary in what stands around a message: the trace context of W3C, other headers,
//! and the path itself.
//!
//! Promises: each canary travelled with a call that the broker answered, and what it answered is
//! handed back whole, headers and all. Deliberately does not know: what the calls are for.

use agency_client::Connection;
use proto::exchange::v1 as wire;
use tokio_stream::StreamExt as _;
use tonic::body::Body;
use tonic::codegen::http::Request as HttpRequest;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response};
use tower::Service as _;
use tower::ServiceExt as _;

use crate::faulty;
use crate::needles::Canary;
use crate::secrets;

/// Trace id and parent id of a well-formed `traceparent` (W3C Trace Context, section 3.2).
const TRACE_ID: &str = "7c0ffee7c0ffee7c0ffee7c0ffee7c0f";
const PARENT_ID: &str = "7cab1e7cab1e7cab";
/// A name in `tracestate` and in `baggage`.
const STATE: &str = "kanarie-tracestate-7qx";
const BAGGAGE: &str = "KanarieBaggage7Qx";
/// Any other header, and a client's name for itself.
const OTHER: &str = "KanarieHeader7Qx";
/// Service and method that do not exist.
const SERVICE: &str = "KanarieService7Qx";
const METHOD: &str = "KanarieMethod7Qx";

/// Canaries of headers and paths. Ids are looked for as text and as octets.
pub fn canaries() -> Vec<Canary> {
    let id = |name: &str, hex: &str| Canary { name: name.into(), bytes: hex::decode(hex).unwrap() };
    vec![
        Canary::text("trace id", TRACE_ID),
        id("trace id in octets", TRACE_ID),
        Canary::text("parent id", PARENT_ID),
        id("parent id in octets", PARENT_ID),
        Canary::text("trace state", STATE),
        Canary::text("baggage", BAGGAGE),
        Canary::text("other header", OTHER),
        Canary::text("service", SERVICE),
        Canary::text("method", METHOD),
    ]
}

/// Every header there is for it, with everything that must not be told.
fn laden<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let all = [
        ("traceparent", format!("00-{TRACE_ID}-{PARENT_ID}-01")),
        ("tracestate", format!("{STATE}=1")),
        ("baggage", format!("{BAGGAGE}=1,name={}", secrets::REASON_LIST)),
        ("b3", format!("{TRACE_ID}-{PARENT_ID}-1")),
        ("uber-trace-id", format!("{TRACE_ID}:{PARENT_ID}:0:1")),
        ("x-request-id", OTHER.to_owned()),
    ];
    for (name, value) in all {
        let value: MetadataValue<_> = value.parse().unwrap();
        request.metadata_mut().insert(name, value);
    }
    request
}

fn seen<T: prost::Message>(response: &Response<T>) -> Vec<u8> {
    let mut seen = format!("{:?}", response.metadata()).into_bytes();
    seen.extend(response.get_ref().encode_to_vec());
    seen
}

/// A call, a stream, a refusal and a path that does not exist, each with all of them.
pub async fn calls(node: &Connection) -> Vec<(String, Vec<u8>)> {
    let mut exchange = node.exchange().await.unwrap();
    let who = exchange.who_am_i(laden(wire::WhoAmIRequest {})).await.unwrap();
    let mut told = vec![("answer to headers".to_owned(), seen(&who))];

    let frame = wire::PublishRequest { messages: Vec::new() };
    let answers = exchange.publish(laden(tokio_stream::once(frame))).await.unwrap();
    told.push(("headers of a stream".to_owned(), format!("{:?}", answers.metadata()).into_bytes()));
    assert!(answers.into_inner().next().await.is_none(), "an empty frame has no answer");

    let track = wire::TrackRequest { message_id: faulty::WRONG.to_owned() };
    let refused = exchange.track(laden(track)).await.unwrap_err();
    told.push(("refusal of headers".to_owned(), faulty::seen(&refused)));

    let mut absent = HttpRequest::new(Body::empty());
    *absent.uri_mut() = format!("/{SERVICE}/{METHOD}").parse().unwrap();
    *absent.headers_mut() = laden(()).metadata().clone().into_headers();
    let mut channel = node.channel().await.unwrap();
    let answer = channel.ready().await.unwrap().call(absent).await.unwrap();
    assert!(answer.headers().contains_key("grpc-status"), "the broker itself answered");
    told.push(("answer to no method".to_owned(), format!("{:?}", answer.headers()).into_bytes()));
    told
}
