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
use crate::ledger::appender::{PublishSink, Queue, Work};
use crate::message::{self, Sender, Violation};
use crate::prepare::prepare;
use crate::rules::Rules;
use crate::seal::Vault;

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
    /// Rates.
    pub quotas: Quotas,
    /// Set while the disk is at its floor.
    pub disk_floor: Arc<AtomicBool>,
}

/// A message that was not taken; nothing of it is kept.
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
    ///          nothing of who has a stake.
    /// Refuses: at once, with every faulty field, and then nothing of the message is kept.
    ///
    /// # Errors
    /// See [`NotTaken`].
    pub async fn publish(
        &self,
        peer: &VerifiedPeer,
        message: wire::Message,
        sink: &PublishSink,
    ) -> Result<Uuid, NotTaken> {
        let message_id = message.message_id.to_lowercase();
        let refuse = |refusal: Refusal| NotTaken {
            message_id: message_id.clone(),
            refusal,
            violations: Vec::new(),
            retry_after: None,
        };
        let rules = self.rules.load_full();
        let now = self.clock.now();
        // Step 1: who sends, from certificate and directory alone.
        let sender = sender(peer, &rules.directory).ok_or_else(|| refuse(Refusal::NotAllowed))?;
        // Step 2: its own rate, and room on the disk: the only two reasons to push back.
        let rate = rules.directory.agency(&sender.agency).map_or(0, |a| a.publish_per_second);
        self.quotas.take(&sender.agency, rate, self.clock.monotonic()).map_err(|wait| {
            NotTaken { retry_after: Some(wait), ..refuse(Refusal::QuotaExceeded) }
        })?;
        if self.disk_floor.load(Ordering::Relaxed) {
            let wait = Some(Duration::from_secs(10));
            return Err(NotTaken { retry_after: wait, ..refuse(Refusal::DiskFloor) });
        }
        // Step 3: every rule of the message; normalised from here on.
        let admitted = message::admit(message, sender, &self.vault, now).map_err(|rejection| {
            NotTaken { violations: rejection.violations, ..refuse(rejection.refusal) }
        })?;
        let id = admitted.key.id;
        // Step 4: route, decide, pack and seal. A withdrawal has no candidates until the
        // appender, under the head lock, finds who was given the original.
        let holders: Option<&[_]> = admitted.to_holders_only().then_some(&[]);
        let admitted = Arc::new(admitted);
        let prepared = prepare(admitted, holders, &rules, &self.vault, &*self.chance, now)
            .map_err(|_| refuse(Refusal::StoreUnavailable))?;
        // Step 5: to the appender, which no caller can cancel. It answers over the sink.
        self.queue
            .put(Work::Publish(Box::new(prepared), sink.clone()))
            .await
            .map_err(|_| refuse(Refusal::ShuttingDown))?;
        Ok(id)
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
