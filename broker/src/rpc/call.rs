//! One call from the gate to the end of its answer, told of when it is over.
//!
//! Promises that each call is told of once, however it ends; that its method is one of ours and
//! its caller one of the directory; and that nothing else of the request is looked at: a trace
//! context that a caller sends is neither read nor passed on.
//! Deliberately does not know: who is told.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use tonic::Code;

use crate::clock::Clock;
use crate::identity::{Caller, VerifiedPeer};
use crate::rpc::access;
use crate::spans;

/// Path of the health service, open to every member.
pub(super) const HEALTH_PREFIX: &str = "/grpc.health.v1.Health/";
/// What is told of a call to what we do not have.
const UNKNOWN_METHOD: &str = "unknown";
/// Where gRPC puts the outcome (gRPC over HTTP/2, Responses).
const STATUS: &str = "grpc-status";

/// A call that has begun. It is told of when this is dropped: one whose answer breaks off counts
/// as cancelled.
pub(super) struct Call {
    method: &'static str,
    peer: Option<Arc<VerifiedPeer>>,
    clock: Arc<dyn Clock>,
    began: Duration,
    status: u16,
}

impl Call {
    /// A call of a path begins.
    pub(super) fn begin(path: &str, clock: &Arc<dyn Clock>) -> Self {
        let method = match access::rpc_of(path) {
            Some(rpc) => rpc.path(),
            None if path.starts_with(HEALTH_PREFIX) => HEALTH_PREFIX.trim_end_matches('/'),
            None => UNKNOWN_METHOD,
        };
        let began = clock.monotonic();
        let status = number(Code::Cancelled);
        Self { method, peer: None, clock: Arc::clone(clock), began, status }
    }

    /// The caller has been verified.
    pub(super) fn by(&mut self, peer: &Arc<VerifiedPeer>) {
        self.peer = Some(Arc::clone(peer));
    }

    /// The answer, followed to its end.
    pub(super) fn follow(
        mut self,
        response: http::Response<tonic::body::Body>,
    ) -> http::Response<tonic::body::Body> {
        if self.take(response.headers()) {
            return response;
        }
        response.map(|body| {
            tonic::body::Body::new(body.map_frame(move |frame| {
                if let Some(trailers) = frame.trailers_ref() {
                    self.take(trailers);
                }
                frame
            }))
        })
    }

    /// Notes the outcome if these say one.
    fn take(&mut self, headers: &http::HeaderMap) -> bool {
        let Some(status) = headers.get(STATUS) else { return false };
        self.status = number(Code::from_bytes(status.as_bytes()));
        true
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let node = self.peer.as_deref().and_then(|peer| match peer.caller() {
            Caller::Node { name, .. } => Some(&**name),
            Caller::Person { .. } => None,
        });
        spans::call(spans::Call {
            method: self.method,
            agency: self.peer.as_deref().map(|peer| &**peer.agency()),
            node,
            status: self.status,
            took: self.clock.monotonic().saturating_sub(self.began),
        });
    }
}

fn number(code: Code) -> u16 {
    u16::try_from(i32::from(code)).unwrap_or(u16::MAX)
}
