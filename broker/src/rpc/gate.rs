//! The gate before every handler: identity, standing and the access table, on each call.
//!
//! Promises that no handler is reached by a caller that does not verify against the
//! directory of that moment or has no row that lets it in. Refused calls of a known agency
//! are counted by agency, code and minute for the ledger.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwap;
use proto::refusal::Refusal;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::clock::Clock;
use crate::identity::{self, VerifiedPeer};
use crate::listen::ConnectionInfo;
use crate::rpc::call::{Call, HEALTH_PREFIX};
use crate::rpc::{access, status};
use crate::rules::Rules;

/// Refused calls since they were last taken.
#[derive(Default)]
pub struct RefusedCalls(Mutex<HashMap<(Arc<str>, u32), u64>>);

impl RefusedCalls {
    /// Counts a refused call.
    pub fn count(&self, agency: &str, refusal: Refusal) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((Arc::from(agency), refusal.code())).or_default() += 1;
    }

    /// Takes the counts.
    #[must_use]
    pub fn take(&self) -> Vec<(Arc<str>, u32, u64)> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        counts.into_iter().map(|((agency, code), count)| (agency, code, count)).collect()
    }
}

/// What the gate looks at.
#[derive(Clone)]
pub struct Gate {
    /// Rules in force.
    pub rules: Arc<ArcSwap<Rules>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Refused calls.
    pub refused: Arc<RefusedCalls>,
    /// No question is answered sooner than this after it came: how long a look-up took would
    /// tell what there was to find.
    pub answer_floor: Duration,
}

impl Gate {
    /// Lets a call through, with the peer it verified.
    fn check(
        &self,
        path: &str,
        connection: Option<&ConnectionInfo>,
        call: &mut Call,
    ) -> Result<Arc<VerifiedPeer>, Refusal> {
        let connection = connection.ok_or(Refusal::NotRegistered)?;
        if let Some(refusal) = connection.refused {
            return Err(refusal);
        }
        let rules = self.rules.load();
        let peer = identity::verify(&connection.certificate, &rules.directory, self.clock.now())
            .map_err(|error| error.refusal())?;
        let peer = Arc::new(peer);
        call.by(&peer);
        if path.starts_with(HEALTH_PREFIX) {
            return Ok(peer);
        }
        let let_in = access::rpc_of(path).is_some_and(|rpc| access::may_call(&peer, rpc));
        if let_in {
            return Ok(peer);
        }
        self.refused.count(peer.agency(), Refusal::NotAllowed);
        Err(Refusal::NotAllowed)
    }
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { gate: self.clone(), inner }
    }
}

/// A service behind the gate.
#[derive(Clone)]
pub struct Gated<S> {
    gate: Gate,
    inner: S,
}

type Response = http::Response<tonic::body::Body>;

impl<S, B> Service<http::Request<B>> for Gated<S>
where
    S: Service<http::Request<B>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        let connection = request.extensions().get::<ConnectionInfo>();
        let at_work = connection.map(ConnectionInfo::begin_call);
        let path = request.uri().path();
        let mut call = Call::begin(path, &self.gate.clock);
        match self.gate.check(path, connection, &mut call) {
            Ok(peer) => {
                request.extensions_mut().insert(peer);
                let answering = self.inner.call(request);
                let due = Instant::now() + self.gate.answer_floor;
                Box::pin(async move {
                    let answer = answering.await?;
                    tokio::time::sleep_until(due).await;
                    drop(at_work);
                    Ok(call.follow(answer))
                })
            }
            Err(refusal) => {
                let response = call.follow(status::refused(refusal).into_http());
                Box::pin(std::future::ready(Ok(response)))
            }
        }
    }
}
