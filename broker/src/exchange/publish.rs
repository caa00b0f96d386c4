//! How a message is published.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use proto::exchange::v1 as wire;
use proto::refusal::Refusal;
use uuid::Uuid;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::exchange::quota::Quotas;
use crate::identity::{Caller, VerifiedPeer};
use crate::ledger::appender::{PublishOutcome, PublishSink, Queue, Work};
use crate::ledger::journal::Recall;
use crate::message::{self, Admitted, Sender, Submitted, Violation};
use crate::prepare::{self, prepare};
use crate::routing::Earlier;
use crate::rules::Rules;
use crate::seal::Vault;

/// When to try again what cannot be taken now.
const PAUSE: Duration = Duration::from_secs(10);

/// Everything publishing needs.
pub struct Publishing {
    /// Rules in force.
    pub rules: Arc<ArcSwap<Rules>>,
    /// Keys.
    pub vault: Arc<Vault>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// The way to the appender.
    pub queue: Queue,
    /// What is on record.
    pub recall: Arc<dyn Recall>,
    /// Rates.
    pub quotas: Quotas,
    /// Set while the disk is at its floor.
    pub disk_floor: Arc<AtomicBool>,
}

/// A message whose outcome comes over the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub id: Uuid,
    /// The field in which it cites an earlier message, if it does: where there is none such,
    /// that is the fault.
    pub cites: Option<&'static str>,
}

/// A message that was not taken; nothing of it is kept. What was recorded of it before, if it
/// was, stays recorded.
#[derive(Debug)]
pub struct NotTaken {
    /// The id as given, in lower case.
    pub message_id: String,
    /// Why.
    pub refusal: Refusal,
    /// Every faulty field.
    pub violations: Vec<Violation>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Publishing {
    /// Publishes one message of a node.
    ///
    /// Promise: the outcome comes over `sink`, after the commit and never before. Says
    ///          nothing of who has a stake. What is on record already is answered by its
    ///          outcome, also while nothing new is taken and also when its time is over.
    /// Refuses: at once, with every faulty field, and then nothing of the message is kept.
    ///
    /// # Errors
    /// See [`NotTaken`].
    pub async fn publish(
        &self,
        peer: &VerifiedPeer,
        message: wire::Message,
        sink: &PublishSink,
    ) -> Result<Taken, NotTaken> {
        let message_id = message.message_id.to_lowercase();
        let refuse = |refusal| NotTaken::of(&message_id, refusal);
        let rules = self.rules.load_full();
        // Step 1: who sends, from certificate and directory alone.
        let sender = sender(peer, &rules.directory).ok_or_else(|| refuse(Refusal::NotAllowed))?;
        // Step 2: its own rate.
        let rate = rules.directory.agency(&sender.agency).map_or(0, |a| a.publish_per_second);
        self.quotas.take(&sender.agency, rate, self.clock.monotonic()).map_err(|wait| {
            NotTaken { retry_after: Some(wait), ..refuse(Refusal::QuotaExceeded) }
        })?;
        // Step 3: every rule of the message, normalised from here on, and room on the disk.
        // What cannot be taken now may be on record from a time when it could.
        let admitted = match self.take_in(message, &message_id, sender, &rules.directory) {
            Ok(admitted) => Arc::new(admitted),
            Err(turned_away) => return self.answer_by_record(*turned_away, sink),
        };
        let taken = Taken { id: admitted.key.id, cites: prepare::citing_field(&admitted) };
        // Step 4: route, decide, pack and seal. Who was given or asked what this one follows is
        // found by the appender, under the head lock.
        let now = self.clock.now();
        let prepared =
            prepare(admitted, &Earlier::default(), &rules, &self.vault, &*self.chance, now)
                .map_err(|_| refuse(Refusal::StoreUnavailable))?;
        // Step 5: to the appender, which no caller can cancel. It answers over the sink.
        self.queue
            .put(Work::Publish(Box::new(prepared), sink.clone()))
            .await
            .map_err(|_| refuse(Refusal::ShuttingDown))?;
        Ok(taken)
    }

    fn take_in(
        &self,
        message: wire::Message,
        message_id: &str,
        sender: Sender,
        directory: &Directory,
    ) -> Result<Admitted, Box<TurnedAway>> {
        let refuse = |refusal| NotTaken::of(message_id, refusal);
        let when = self.clock.reading().span();
        let admitted = message::admit(message, sender, &self.vault, when).map_err(|rejection| {
            let retry_after = (rejection.refusal == Refusal::ClockUnsure).then_some(PAUSE);
            let violations = rejection.violations;
            Box::new(TurnedAway {
                refused: NotTaken { violations, retry_after, ..refuse(rejection.refusal) },
                submitted: rejection.submitted,
            })
        })?;
        let violations = prepare::faults(&admitted, directory);
        let refused = if !violations.is_empty() {
            NotTaken { violations, ..refuse(Refusal::InvalidMessage) }
        } else if self.disk_floor.load(Ordering::Relaxed) {
            NotTaken { retry_after: Some(PAUSE), ..refuse(Refusal::DiskFloor) }
        } else {
            return Ok(admitted);
        };
        let submitted = Submitted { key: admitted.key, digest: admitted.digest };
        Err(Box::new(TurnedAway { refused, submitted: Some(submitted) }))
    }

    /// Answers a repetition by what is on record, and anything else by its refusal.
    fn answer_by_record(
        &self,
        turned_away: TurnedAway,
        sink: &PublishSink,
    ) -> Result<Taken, NotTaken> {
        let TurnedAway { refused, submitted } = turned_away;
        let Some(Submitted { key, digest }) = submitted else { return Err(refused) };
        let id = key.id;
        let Ok(found) = self.recall.known(&[key]) else {
            return Err(NotTaken::of(&refused.message_id, Refusal::StoreUnavailable));
        };
        let Some(first) = found.into_iter().next().flatten() else { return Err(refused) };
        let outcome = if first.digest == digest {
            PublishOutcome::Accepted { at: first.accepted_at, repeated: true }
        } else {
            PublishOutcome::Refused(Refusal::MessageIdReused)
        };
        // Nobody hears it where the publisher has gone.
        let _ = sink.send(vec![(id, outcome)]);
        Ok(Taken { id, cites: None })
    }
}

/// A message that cannot be taken now.
struct TurnedAway {
    refused: NotTaken,
    /// What was submitted, where it may be on record nevertheless.
    submitted: Option<Submitted>,
}

impl NotTaken {
    /// A refusal that names no field.
    fn of(message_id: &str, refusal: Refusal) -> Self {
        let message_id = message_id.to_owned();
        Self { message_id, refusal, violations: Vec::new(), retry_after: None }
    }
}

/// The sender a node stands for: its first desk is the one it sends from.
fn sender(peer: &VerifiedPeer, directory: &Directory) -> Option<Sender> {
    let Caller::Node { name, desks } = peer.caller() else { return None };
    let desk_index = *desks.first()?;
    let desk = directory.desk(desk_index)?;
    Some(Sender {
        agency: Arc::clone(&desk.agency),
        kind: desk.agency_kind,
        node: name.as_ref().into(),
        desk: desk_index,
        desk_id: Arc::clone(&desk.id),
        regime: desk.regime,
    })
}
