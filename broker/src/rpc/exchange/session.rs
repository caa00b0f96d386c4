//! One publishing stream: takes messages, and answers each once it is recorded and its time
//! has come. When the broker stops it reads no more, tells what is pending and ends.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use proto::exchange::v1 as wire;
use proto::limits;
use proto::refusal::Refusal;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;
use uuid::Uuid;

use crate::exchange::publish::{NotTaken, Publishing, Taken};
use crate::identity::VerifiedPeer;
use crate::ledger::appender::PublishOutcome;
use crate::message::stamp;
use crate::rpc::gate::RefusedCalls;
use crate::rpc::status;

use super::Frames;

/// One publishing stream.
pub(super) struct PublishSession {
    pub(super) publishing: Arc<Publishing>,
    pub(super) refused: Arc<RefusedCalls>,
    pub(super) peer: Arc<VerifiedPeer>,
    pub(super) duty_route: String,
    pub(super) answer_floor: Duration,
    /// Messages that are with the appender.
    pub(super) flying: HashMap<Uuid, Flight>,
    /// Results that may not be told yet: how long a commit took would tell how many it released
    /// a message to.
    pub(super) held: VecDeque<(Instant, wire::PublishResult)>,
    /// Cancelled when the broker begins to stop.
    pub(super) stopping: CancellationToken,
}

/// A message that is with the appender.
pub(super) struct Flight {
    came: Instant,
    immediate: bool,
    /// The field in which it cites an earlier message.
    cites: Option<&'static str>,
}

impl PublishSession {
    pub(super) async fn run(
        mut self,
        mut requests: Streaming<wire::PublishRequest>,
        out: Frames<wire::PublishResponse>,
    ) {
        let (sink, mut outcomes) = mpsc::unbounded_channel::<Vec<(Uuid, PublishOutcome)>>();
        let mut pending = 0usize;
        let (mut open, mut stopped) = (true, false);
        while open || pending > 0 || !self.held.is_empty() {
            let due = self.held.front().map(|(due, _)| *due);
            tokio::select! {
                biased;
                outcome = outcomes.recv(), if pending > 0 => {
                    let Some(outcome) = outcome else { return };
                    pending -= outcome.len().min(pending);
                    outcome.into_iter().for_each(|(id, outcome)| self.hold(id, outcome));
                }
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)),
                    if due.is_some() => {}
                () = self.stopping.cancelled(), if open => (open, stopped) = (false, true),
                request = requests.next(), if open => {
                    let Some(Ok(request)) = request else {
                        open = false;
                        continue;
                    };
                    if request.messages.len() > limits::PUBLISH_FRAME_MESSAGES_MAX {
                        let _ = out.send(Err(status::refused(Refusal::FrameOutOfBounds))).await;
                        return;
                    }
                    let mut results = Vec::new();
                    for message in request.messages {
                        match self.take(message, &sink).await {
                            Ok(()) => pending += 1,
                            Err(refused) => results.push(*refused),
                        }
                    }
                    if tell(&out, results).await.is_err() {
                        return;
                    }
                }
            }
            if tell(&out, self.due()).await.is_err() {
                return;
            }
        }
        if stopped {
            let _ = out.send(Err(status::refused(Refusal::ShuttingDown))).await;
        }
    }

    /// Keeps a result until it may be told.
    fn hold(&mut self, id: Uuid, outcome: PublishOutcome) {
        let flight = self.flying.remove(&id);
        let came = flight.as_ref().map_or_else(Instant::now, |flight| flight.came);
        let result = self.result(id, outcome, flight.as_ref());
        self.held.push_back((came + self.answer_floor, result));
    }

    /// Takes the results that may be told now.
    fn due(&mut self) -> Vec<wire::PublishResult> {
        let now = Instant::now();
        let due = self.held.iter().take_while(|(due, _)| *due <= now).count();
        self.held.drain(..due).map(|(_, result)| result).collect()
    }

    async fn take(
        &mut self,
        message: wire::Message,
        sink: &crate::ledger::appender::PublishSink,
    ) -> Result<(), Box<wire::PublishResult>> {
        let (came, immediate) = (Instant::now(), message.urgency() == wire::Urgency::Immediate);
        match self.publishing.publish(&self.peer, message, sink).await {
            Ok(Taken { id, cites }) => {
                self.flying.insert(id, Flight { came, immediate, cites });
                Ok(())
            }
            Err(refused) => {
                self.refused.count(self.peer.agency(), refused.refusal);
                Err(Box::new(not_taken(refused)))
            }
        }
    }

    fn result(
        &self,
        id: Uuid,
        outcome: PublishOutcome,
        flight: Option<&Flight>,
    ) -> wire::PublishResult {
        use wire::publish_result::Outcome;
        let immediate = flight.is_some_and(|flight| flight.immediate);
        let duty_route = if immediate { self.duty_route.clone() } else { String::new() };
        let outcome = match outcome {
            PublishOutcome::Accepted { at, repeated } => Outcome::Accepted(wire::Accepted {
                accepted_at: Some(stamp(at)),
                repeated_submission: repeated,
                duty_route,
            }),
            PublishOutcome::Refused(refusal) => {
                // What is absent is what it cites, or documents: nothing else of a message is
                // looked up.
                let cites = flight.and_then(|flight| flight.cites);
                let fault = match refusal {
                    Refusal::NotFound => {
                        cites.map(|field| (field, "names no earlier message of your agency"))
                    }
                    Refusal::AttachmentAbsent => Some((
                        "attachments",
                        "names no document of your agency that is whole and waits for a message",
                    )),
                    Refusal::OnwardNotAllowed => {
                        Some(("attachments", "was given to you without leave to send it on"))
                    }
                    Refusal::AnswerNotOnward => Some((
                        "addressees",
                        "what this answers was given to you without leave to pass it on",
                    )),
                    _ => None,
                };
                let violations = fault.map(|(field, rule)| wire::FieldViolation {
                    field: field.to_owned(),
                    rule: rule.to_owned(),
                });
                let violations = violations.into_iter().collect();
                Outcome::Refused(wire::Refused { violations, ..refused_message(refusal) })
            }
        };
        wire::PublishResult { message_id: id.to_string(), outcome: Some(outcome) }
    }
}

/// Answers with results, if there are any.
async fn tell(
    out: &Frames<wire::PublishResponse>,
    results: Vec<wire::PublishResult>,
) -> Result<(), ()> {
    if results.is_empty() {
        return Ok(());
    }
    out.send(Ok(wire::PublishResponse { results })).await.map_err(|_| ())
}

fn refused_message(refusal: Refusal) -> wire::Refused {
    wire::Refused {
        code: refusal.code(),
        sentence: refusal.sentence().to_owned(),
        violations: Vec::new(),
        retry_after: None,
    }
}

fn not_taken(refused: NotTaken) -> wire::PublishResult {
    let violations = refused
        .violations
        .into_iter()
        .map(|v| wire::FieldViolation { field: v.field, rule: v.rule.into_owned() })
        .collect();
    let retry_after = refused.retry_after.map(|wait| prost_types::Duration {
        seconds: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(wait.subsec_nanos()).unwrap_or(0),
    });
    wire::PublishResult {
        message_id: refused.message_id,
        outcome: Some(wire::publish_result::Outcome::Refused(wire::Refused {
            violations,
            retry_after,
            ..refused_message(refused.refusal)
        })),
    }
}
