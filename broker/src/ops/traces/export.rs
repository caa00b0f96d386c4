//! The task that brings spans to the collector, in batches.
//!
//! Promises that a batch is tried once, within its time, and then counted as exported or dropped;
//! and that a collector in trouble is told of once, not with each batch.
//! Deliberately does not know: what is in a span.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use tokio::sync::{mpsc, oneshot};
use tonic::transport::Channel;

use crate::chance::Chance;

use super::SpanCounts;
use super::listener::Told;
use super::request::request;

/// Spans of a batch.
const BATCH_SPANS_MAX: usize = 512;
/// How long the first span of a batch waits for others.
const BATCH_TIME: Duration = Duration::from_millis(500);
/// Time for a batch, its connection with it.
const EXPORT_TIME: Duration = Duration::from_secs(5);

pub(super) struct Export {
    client: TraceServiceClient<Channel>,
    queue: mpsc::Receiver<Told>,
    counts: Arc<SpanCounts>,
    chance: Arc<dyn Chance>,
    failing: bool,
}

impl Export {
    pub(super) fn new(
        client: TraceServiceClient<Channel>,
        queue: mpsc::Receiver<Told>,
        counts: Arc<SpanCounts>,
        chance: Arc<dyn Chance>,
    ) -> Self {
        Self { client, queue, counts, chance, failing: false }
    }

    /// Exports until it is told to stop or nobody listens, and then what is left.
    pub(super) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let mut batch = Vec::with_capacity(BATCH_SPANS_MAX);
        loop {
            tokio::select! {
                _ = &mut stop => break,
                taken = self.queue.recv_many(&mut batch, BATCH_SPANS_MAX) => {
                    if taken == 0 {
                        return;
                    }
                }
            }
            let mut stopping = false;
            if batch.len() < BATCH_SPANS_MAX {
                tokio::select! {
                    _ = &mut stop => stopping = true,
                    () = tokio::time::sleep(BATCH_TIME) => {}
                }
                self.fill(&mut batch);
            }
            self.export(std::mem::take(&mut batch)).await;
            if stopping {
                break;
            }
        }
        self.fill(&mut batch);
        while !batch.is_empty() {
            self.export(std::mem::take(&mut batch)).await;
            self.fill(&mut batch);
        }
    }

    /// Takes what waits, up to a batch.
    fn fill(&mut self, batch: &mut Vec<Told>) {
        while batch.len() < BATCH_SPANS_MAX
            && let Ok(told) = self.queue.try_recv()
        {
            batch.push(told);
        }
    }

    async fn export(&mut self, batch: Vec<Told>) {
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let dropped = match self.send(batch).await {
            Some(rejected) => rejected.min(spans),
            None => spans,
        };
        self.counts.dropped.fetch_add(dropped, Ordering::Relaxed);
        self.counts.exported.fetch_add(spans.saturating_sub(dropped), Ordering::Relaxed);
        let failing = dropped > 0;
        if failing && !self.failing {
            tracing::warn!(code = "traces-not-taken", "the collector of traces takes no spans");
        } else if !failing && self.failing {
            tracing::info!(code = "traces-taken", "the collector of traces takes spans again");
        }
        self.failing = failing;
    }

    /// Spans that the collector rejected; `None` if it took nothing that we know of.
    async fn send(&mut self, batch: Vec<Told>) -> Option<u64> {
        let request = request(batch, &*self.chance).ok()?;
        let sent = tokio::time::timeout(EXPORT_TIME, self.client.export(request)).await;
        let answer = sent.ok()?.ok()?.into_inner();
        let rejected = answer.partial_success.map_or(0, |partial| partial.rejected_spans);
        Some(u64::try_from(rejected).unwrap_or(0))
    }
}
