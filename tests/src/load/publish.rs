//! Publishing at full speed, on the protocol itself: so many messages unanswered, never more.
//!
//! Owns the closed loop. Promises that a publish counts only when the broker accepted it, and
//! that publishing waits while the slowest agency is too far behind, so that the rate is one
//! that agencies keep up with.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use agency_client::Connection;
use demo::stage::StageError;
use proto::exchange::v1 as wire;
use proto::exchange::v1::exchange_service_client::ExchangeServiceClient;
use proto::exchange::v1::publish_result::Outcome;
use proto::limits::{FRAME_BYTES_MAX, PUBLISH_FRAME_MESSAGES_MAX};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::UnboundedReceiverStream;
use uuid::Uuid;

use super::arrivals::Arrivals;
use super::latencies::Latencies;
use super::mix::{Mix, Sender};

/// Refusals after which a run is worth nothing.
const REFUSALS_MAX: u64 = 100;
/// How long answers to what is in flight may take when publishing stops.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
const LAG_PAUSE: Duration = Duration::from_millis(1);

/// How much is published.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Messages unanswered at once on each connection.
    pub in_flight: usize,
    /// Messages in all.
    pub messages_max: u64,
    /// Messages the slowest agency may be behind.
    pub lag_max: u64,
}

/// What all publishers share.
pub struct Pressure {
    mix: Mix,
    arrivals: Arc<Arrivals>,
    bounds: Bounds,
    next: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    first_refusal: Mutex<Option<String>>,
    stop: AtomicBool,
    latencies: Mutex<Latencies>,
}

/// Publishers at work.
pub struct Publishing {
    /// What they share.
    pub pressure: Arc<Pressure>,
    tasks: JoinSet<Result<(), StageError>>,
}

impl Publishing {
    /// Starts one publisher on each connection.
    #[must_use]
    pub fn start(
        connections: Vec<(Sender, Connection)>,
        mix: Mix,
        arrivals: &Arc<Arrivals>,
        bounds: Bounds,
    ) -> Self {
        let pressure = Arc::new(Pressure {
            mix,
            arrivals: Arc::clone(arrivals),
            bounds,
            next: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            first_refusal: Mutex::default(),
            stop: AtomicBool::new(false),
            latencies: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for (sender, connection) in connections {
            tasks.spawn(Arc::clone(&pressure).publish(sender, connection));
        }
        Self { pressure, tasks }
    }

    /// Waits until every message is answered, at most so long.
    ///
    /// # Errors
    /// A stream broke, or too much was refused.
    pub async fn finish(&mut self, patience: Duration) -> Result<(), StageError> {
        let done = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended??;
            }
            Ok(())
        };
        timeout(patience, done).await.unwrap_or(Ok(()))
    }

    /// Publishes nothing more and waits for the last answers.
    ///
    /// # Errors
    /// As [`Publishing::finish`].
    pub async fn stop(&mut self) -> Result<(), StageError> {
        self.pressure.stop.store(true, Ordering::Relaxed);
        self.finish(LAST_ANSWERS).await?;
        let unanswered = !self.tasks.is_empty();
        self.tasks.abort_all();
        if unanswered { Err("some publishes were never answered".into()) } else { Ok(()) }
    }
}

impl Pressure {
    /// Messages accepted.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Messages refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// From publish to answer, of messages that were timed.
    #[must_use]
    pub fn latencies(&self) -> Latencies {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn publish(
        self: Arc<Self>,
        sender: Sender,
        connection: Connection,
    ) -> Result<(), StageError> {
        let mut client = ExchangeServiceClient::new(connection.channel().await?)
            .max_decoding_message_size(FRAME_BYTES_MAX);
        let (frames, outgoing) = mpsc::unbounded_channel();
        let answers = client.publish(UnboundedReceiverStream::new(outgoing)).await?;
        let mut answers = answers.into_inner();
        let mut flying: HashMap<Uuid, u64> = HashMap::new();
        let mut done = Latencies::default();
        loop {
            let held = self.fill(sender, &mut flying, &frames)?;
            if flying.is_empty() && (self.stop.load(Ordering::Relaxed) || !held) {
                break;
            }
            let answer = if held {
                match timeout(LAG_PAUSE, answers.message()).await {
                    Ok(answer) => answer?,
                    Err(_) => continue,
                }
            } else {
                answers.message().await?
            };
            let Some(answer) = answer else { return Err("the broker ended the stream".into()) };
            let now = self.arrivals.nanos();
            for result in answer.results {
                let sent =
                    Uuid::try_parse(&result.message_id).ok().and_then(|id| flying.remove(&id));
                if let Some(sent) = sent.filter(|sent| self.arrivals.timed(*sent)) {
                    done.add(now.saturating_sub(sent));
                }
                self.count(result.outcome)?;
            }
        }
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).merge(&done);
        Ok(())
    }

    /// Sends what there is room for. Answers whether it is held back by lag alone.
    fn fill(
        &self,
        sender: Sender,
        flying: &mut HashMap<Uuid, u64>,
        frames: &mpsc::UnboundedSender<wire::PublishRequest>,
    ) -> Result<bool, StageError> {
        while flying.len() < self.bounds.in_flight && !self.stop.load(Ordering::Relaxed) {
            let behind = self.next.load(Ordering::Relaxed).saturating_sub(self.arrivals.slowest());
            if behind > self.bounds.lag_max {
                return Ok(true);
            }
            let room = self.bounds.in_flight - flying.len();
            let mut messages = Vec::new();
            while messages.len() < room.min(PUBLISH_FRAME_MESSAGES_MAX) {
                let sequence = self.next.fetch_add(1, Ordering::Relaxed);
                if sequence >= self.bounds.messages_max {
                    break;
                }
                let message = self.mix.message(sequence, sender)?;
                flying.insert(self.mix.id(sequence), self.arrivals.sent(sequence));
                messages.push(message);
            }
            if messages.is_empty() {
                return Ok(false);
            }
            frames.send(wire::PublishRequest { messages })?;
        }
        Ok(false)
    }

    fn count(&self, outcome: Option<Outcome>) -> Result<(), StageError> {
        let Some(Outcome::Refused(refused)) = outcome else {
            self.accepted.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        };
        let fields: Vec<String> = refused
            .violations
            .iter()
            .map(|fault| format!("{} {}", fault.field, fault.rule))
            .collect();
        let told = format!("refusal {}: {} {}", refused.code, refused.sentence, fields.join("; "));
        if self.refused.fetch_add(1, Ordering::Relaxed) >= REFUSALS_MAX {
            return Err(told.into());
        }
        let mut first = self.first_refusal.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(told);
        Ok(())
    }

    /// What the first refusal said, if there was one.
    #[must_use]
    pub fn first_refusal(&self) -> Option<String> {
        self.first_refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One message at a time on one connection: the next leaves when told to.
pub struct OneByOne {
    frames: mpsc::UnboundedSender<wire::PublishRequest>,
    answers: tonic::Streaming<wire::PublishResponse>,
}

impl OneByOne {
    /// Opens the stream.
    ///
    /// # Errors
    /// The broker cannot be reached.
    pub async fn open(connection: &Connection) -> Result<Self, StageError> {
        let mut client = ExchangeServiceClient::new(connection.channel().await?);
        let (frames, outgoing) = mpsc::unbounded_channel();
        let answers = client.publish(UnboundedReceiverStream::new(outgoing)).await?.into_inner();
        Ok(Self { frames, answers })
    }

    /// Publishes one message and waits for its acceptance. Answers when that came.
    ///
    /// # Errors
    /// It was refused, or the stream ended.
    pub async fn publish(&mut self, message: wire::Message) -> Result<Instant, StageError> {
        self.frames.send(wire::PublishRequest { messages: vec![message] })?;
        let answer = self.answers.message().await?.ok_or("the broker ended the stream")?;
        let accepted = Instant::now();
        match answer.results.into_iter().next().and_then(|result| result.outcome) {
            Some(Outcome::Accepted(_)) => Ok(accepted),
            Some(Outcome::Refused(refused)) => Err(refused.sentence.into()),
            None => Err("an answer said nothing".into()),
        }
    }
}
