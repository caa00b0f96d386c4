//! Traces: what [`crate::spans`] tells, and every failure we log, brought to a collector (OTLP).
//!
//! Owns: the bounded queue between the work and the export, and the two counts of what became
//! of it. Promises that telling of a span never waits; that a collector which is slow, gone or
//! wrong costs the spans it did not take, counted, and nothing else; that every span is the root
//! of a trace of its own, so that no caller's trace context is ever taken up or passed on; and
//! that nothing is exported but what stands in the table of [`listener`].
//! Deliberately does not know: what a collector does with spans.

mod collector;

mod export;

pub mod listener;

mod request;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::listen::outward::NoRoots;
use collector::Way;
pub use collector::{COLLECTOR_PORT_DEFAULT, Collector};
use export::Export;
use listener::{Listener, Told};

/// Calls and commits that are told of, out of a hundred.
pub const SAMPLED_PERCENT_DEFAULT: u64 = 100;
/// Spans that wait to be exported; what comes beyond is dropped and counted.
pub const QUEUE_SPANS_MAX: usize = 4_096;
/// Time for the last spans once the broker has stopped.
pub const FINISH_TIME: Duration = Duration::from_secs(2);

/// What to export, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracesOptions {
    /// Who takes the spans.
    pub collector: Collector,
    /// Calls and commits that are told of, out of a hundred, 1 to 100. Failures and reloads
    /// always are.
    pub sampled_percent: u64,
}

/// What became of spans, since the start.
#[derive(Debug, Default)]
pub struct SpanCounts {
    /// Spans that the collector took.
    pub exported: AtomicU64,
    /// Spans that were lost: the queue was full, or the collector did not take them.
    pub dropped: AtomicU64,
}

/// Traces that are set up and not yet exported.
pub struct Traces {
    way: Way,
    queue: mpsc::Receiver<Told>,
    counts: Arc<SpanCounts>,
    chance: Arc<dyn Chance>,
}

impl Traces {
    /// Sets up a queue, with the listener that fills it. Until the export is started what is
    /// told waits in it.
    ///
    /// # Errors
    /// The collector's roots cannot be used.
    pub fn open(
        options: &TracesOptions,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
    ) -> Result<(Listener, Self), NoRoots> {
        let (sender, queue) = mpsc::channel(QUEUE_SPANS_MAX);
        let counts = Arc::new(SpanCounts::default());
        let way = Way::to(&options.collector)?;
        let listener = Listener::new(sender, Arc::clone(&counts), clock, options.sampled_percent);
        Ok((listener, Self { way, queue, counts, chance }))
    }

    /// Starts the export on a task of its own. Needs tokio's runtime, and no collector: one that
    /// is not there is tried again with each batch.
    #[must_use]
    pub fn start(self) -> Exporting {
        let (stop, stopped) = oneshot::channel();
        let counts = Arc::clone(&self.counts);
        let export = Export::new(self.way.client(), self.queue, self.counts, self.chance);
        Exporting { stop, task: tokio::spawn(export.run(stopped)), counts }
    }
}

/// An export at work. Dropping it leaves the task running until the process ends.
pub struct Exporting {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    counts: Arc<SpanCounts>,
}

impl Exporting {
    /// What became of spans.
    #[must_use]
    pub fn counts(&self) -> Arc<SpanCounts> {
        Arc::clone(&self.counts)
    }

    /// Exports what waits and stops, within a bound: what has not gone by then is lost.
    pub async fn finish(mut self, bound: Duration) {
        let _ = self.stop.send(());
        if tokio::time::timeout(bound, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
