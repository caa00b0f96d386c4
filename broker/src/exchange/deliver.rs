//! How what waits is delivered.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use proto::exchange::v1 as wire;
use proto::limits::{DELIVERY_FRAME_BYTES_MAX, DELIVERY_FRAME_DELIVERIES_MAX};
use proto::refusal::Refusal;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

use crate::clock::{Clock, Reading};
use crate::delivery::hub::{self, LEASE, Outstanding, Stream};
use crate::delivery::order::{self, Look};
use crate::delivery::outbox::{InLine, Outbox, Waiting};
use crate::ledger::appender::{
    EndItem, Queue, ReleaseItem, ReleaseRefused, ReleaseWork, Released, SettleItem, SettleWork,
    Settlement, Work,
};
use crate::ledger::journal::StoreError;
use crate::parcel;
use crate::prepare::{decide_again, reopen};
use crate::register::DeskName;
use crate::rules::Rules;
use crate::seal::Vault;

const BACKOFF_FIRST: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(300);
const ROUND: Duration = Duration::from_millis(500);

/// Everything delivering needs.
#[derive(Clone)]
pub struct Delivering {
    /// Rules in force.
    pub rules: Arc<ArcSwap<Rules>>,
    /// Keys.
    pub vault: Arc<Vault>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The way to the appender.
    pub queue: Queue,
    /// What waits.
    pub outbox: Arc<dyn Outbox>,
}

/// One subscription being served.
pub struct Service {
    /// The stream's handle.
    pub stream: Arc<Stream>,
    /// Desk served.
    pub desk: DeskName,
    /// Node served.
    pub node: Arc<str>,
    /// Where frames go.
    pub out: mpsc::UnboundedSender<Vec<wire::Delivery>>,
    /// Whether revocation lists are current, so that bytes may leave.
    pub may_release: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// Why a service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// The client has gone.
    Gone,
    /// A newer connection of the same node serves itself; the old one must be told.
    TakenOver,
}

impl Delivering {
    /// Serves a subscription's backlog and leases until its stream ends.
    pub async fn serve(&self, service: &Service) -> Served {
        loop {
            tokio::select! {
                () = service.stream.wake.notified() => {}
                () = service.out.closed() => break,
                () = tokio::time::sleep(ROUND) => {}
            }
            if service.stream.superseded() {
                return Served::TakenOver;
            }
            self.lapse(service).await;
            while self.round(service).await {}
        }
        let left = service.stream.close();
        self.recall(service, left).await;
        Served::Gone
    }

    /// One round of the backlog. Answers whether another should follow at once.
    async fn round(&self, service: &Service) -> bool {
        // Step 1: credit, and leave to release at all.
        let (credit, mark) = service.stream.take_credit();
        if credit == 0 {
            return false;
        }
        if !(service.may_release)() {
            service.stream.give_back(credit, None);
            return false;
        }
        // Step 2: what waits, in order, nothing overtaking an earlier one of its person.
        let subscription = service.stream.subscription();
        let reading = self.clock.reading();
        let room = (credit as usize).min(DELIVERY_FRAME_DELIVERIES_MAX);
        let Ok(Look { ready, nothing_waits, rest }) = self.look(subscription, reading, room).await
        else {
            service.stream.give_back(credit, None);
            return false;
        };
        if ready.is_empty() {
            service.stream.give_back(credit, nothing_waits.then_some(mark));
            tokio::time::sleep(rest).await;
            return false;
        }
        // Step 3: decided again under the rules of this moment; refusals are final.
        let rules = self.rules.load_full();
        if !reading.agrees() && rules.outdated(reading.span()) {
            // An agreement may have started or ended: nothing leaves on the strength of it.
            service.stream.give_back(credit, None);
            return false;
        }
        let (items, ended) = self.decide(service, &ready, &rules, reading.span().latest);
        let ended_any = !ended.is_empty();
        if ended_any && self.queue.put(Work::End(ended)).await.is_err() {
            return false;
        }
        // Step 4: recorded before one byte leaves.
        let sent =
            if items.is_empty() { 0 } else { self.release(service, items, &ready, &rules).await };
        service.stream.give_back(credit.saturating_sub(sent), None);
        tokio::time::sleep(rest).await;
        sent > 0 || ended_any
    }

    async fn look(
        &self,
        subscription: u64,
        reading: Reading,
        room: usize,
    ) -> Result<Look, StoreError> {
        let outbox = Arc::clone(&self.outbox);
        tokio::task::spawn_blocking(move || {
            order::look(room, |after, limit| {
                let page = outbox.line(subscription, after, reading.steady(), limit)?;
                Ok(page.into_iter().map(|row| as_certain(row, &reading)).collect())
            })
        })
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("a reader stopped".into())))
    }

    /// Opens, decides and packs each delivery.
    fn decide(
        &self,
        service: &Service,
        ready: &[Waiting],
        rules: &Rules,
        now: OffsetDateTime,
    ) -> (Vec<ReleaseItem>, Vec<EndItem>) {
        let (mut items, mut ended, mut bytes) = (Vec::new(), Vec::new(), 0);
        for waiting in ready {
            match self.decide_one(service, waiting, rules, now) {
                Ok(item) => {
                    bytes += item.parcel.bytes.len();
                    if bytes > DELIVERY_FRAME_BYTES_MAX {
                        break;
                    }
                    items.push(item);
                }
                Err(refusal) => ended.push(EndItem {
                    delivery: waiting.delivery,
                    delivery_id: waiting.delivery_id,
                    subscription: service.stream.subscription(),
                    sender: Arc::clone(&waiting.message.key.agency),
                    message: waiting.message.key.id,
                    refusal,
                }),
            }
        }
        (items, ended)
    }

    fn decide_one(
        &self,
        service: &Service,
        waiting: &Waiting,
        rules: &Rules,
        now: OffsetDateTime,
    ) -> Result<ReleaseItem, Refusal> {
        if waiting.withdrawn {
            return Err(Refusal::Withdrawn);
        }
        let (admitted, kept) =
            reopen(&waiting.message, &self.vault, &rules.directory).ok_or(Refusal::PolicyError)?;
        let (view, candidate) =
            decide_again(&admitted, &kept, &service.desk, waiting.task, rules, now)?;
        let mut permitting: Vec<Arc<str>> =
            candidate.verdicts.iter().flat_map(|verdict| verdict.rules.clone()).collect();
        permitting.sort_unstable();
        permitting.dedup();
        Ok(ReleaseItem {
            delivery: waiting.delivery,
            delivery_id: waiting.delivery_id,
            sender: Arc::clone(&waiting.message.key.agency),
            message: waiting.message.key.id,
            kind: waiting.message.kind.name(),
            attempt: waiting.attempts + 1,
            number: waiting.number,
            rules: permitting.into(),
            parcel: parcel::pack(&admitted, &view, waiting.message.accepted_at),
        })
    }

    /// Records the releases and sends them. Answers how many were sent.
    async fn release(
        &self,
        service: &Service,
        items: Vec<ReleaseItem>,
        ready: &[Waiting],
        rules: &Rules,
    ) -> u32 {
        let (reply, released) = oneshot::channel();
        let work = ReleaseWork {
            subscription: service.stream.subscription(),
            node: Arc::clone(&service.node),
            epochs: rules.epochs,
            items,
            reply,
        };
        if self.queue.put(Work::Release(work)).await.is_err() {
            return 0;
        }
        let released = match released.await {
            Ok(Ok(released)) => released,
            Ok(Err(ReleaseRefused::RulesMoved)) => {
                service.stream.has_backlog();
                return 0;
            }
            Ok(Err(ReleaseRefused::Store)) | Err(_) => return 0,
        };
        let lease_ends = self.clock.monotonic() + LEASE;
        let (mut frame, mut outstanding) = (Vec::new(), Vec::new());
        for release in &released {
            let Some(waiting) = ready.iter().find(|w| w.delivery == release.delivery) else {
                continue;
            };
            frame.push(hub::delivery(
                &self.vault,
                &service.desk,
                &waiting.message.key,
                waiting.message.settles,
                release,
            ));
            outstanding.push(outstanding_of(waiting, release, lease_ends));
        }
        if let Err(unsent) = service.stream.sending(outstanding) {
            // Or nobody would offer them again before the next start.
            self.recall(service, unsent).await;
            return 0;
        }
        let sent = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        // A stream that has ended recalls what is outstanding when it closes.
        let _ = service.out.send(frame);
        sent
    }

    /// Offers again what was not settled in time: an attempt is used up.
    async fn lapse(&self, service: &Service) {
        let lapsed = service.stream.lapsed();
        if lapsed.is_empty() {
            return;
        }
        let now = self.clock.reading().steady();
        let mut items: Vec<SettleItem> = Vec::new();
        for outstanding in lapsed {
            let due = now + backoff(outstanding.attempt);
            let later = service.stream.recall_after(&outstanding);
            items.push(item(&outstanding, Settlement::Again(due)));
            items.extend(later.iter().map(|later| item(later, Settlement::Recalled)));
        }
        self.settle(service, items, None).await;
    }

    /// Settles what the recipient says it received, refused or needs more time for.
    pub async fn settlement(
        &self,
        service: &Service,
        settle: wire::Settle,
        done: oneshot::Sender<bool>,
    ) {
        let now = self.clock.reading().steady();
        let mut items = Vec::new();
        for release in &settle.acknowledged {
            if let Some(found) = self.find(service, release).await {
                items.push(item(&found, Settlement::Acknowledged));
            }
        }
        for refused in &settle.refused {
            let Some(found) = self.find(service, &refused.release_id).await else { continue };
            let asked = refused.delay.as_ref().map_or(0, |delay| delay.seconds.max(0));
            let asked = Duration::from_secs(
                u64::try_from(asked).unwrap_or(0).min(proto::limits::NACK_DELAY_SECONDS_MAX),
            );
            let due = now + asked.max(backoff(found.attempt));
            let later = service.stream.recall_after(&found);
            items.push(item(&found, Settlement::Again(due)));
            items.extend(later.iter().map(|later| item(later, Settlement::Recalled)));
        }
        for release in &settle.extended {
            if let Ok(release) = <[u8; 16]>::try_from(release.as_ref()) {
                service.stream.extend(&release);
            }
        }
        self.settle(service, items, Some(done)).await;
    }

    /// A release that is being settled: outstanding here, or recorded on an earlier
    /// connection of this subscription.
    async fn find(&self, service: &Service, release: &[u8]) -> Option<Outstanding> {
        let release: [u8; 16] = release.try_into().ok()?;
        if let Some(found) = service.stream.settle(&release) {
            return Some(found);
        }
        let (outbox, subscription) = (Arc::clone(&self.outbox), service.stream.subscription());
        let made = tokio::task::spawn_blocking(move || outbox.release(subscription, &release));
        let made = made.await.ok()?.ok()??;
        Some(Outstanding {
            delivery: made.delivery,
            release_id: release,
            number: u64::MAX,
            sender: made.sender,
            message: made.message,
            attempt: made.attempt,
            tokens: Arc::default(),
            lease_ends: Duration::ZERO,
        })
    }

    async fn recall(&self, service: &Service, left: Vec<Outstanding>) {
        let items = left.iter().map(|left| item(left, Settlement::Recalled)).collect();
        self.settle(service, items, None).await;
    }

    /// Recalls what an earlier connection of the same node left outstanding.
    pub async fn recall_left(&self, service: &Service, left: Vec<Outstanding>) {
        let (reply, recalled) = oneshot::channel();
        let items = left.iter().map(|left| item(left, Settlement::Recalled)).collect();
        self.settle(service, items, Some(reply)).await;
        // Durable before anything is sent: later news of a person must not overtake it.
        let _ = recalled.await;
    }

    async fn settle(
        &self,
        service: &Service,
        items: Vec<SettleItem>,
        reply: Option<oneshot::Sender<bool>>,
    ) {
        if items.is_empty() {
            if let Some(reply) = reply {
                let _ = reply.send(true);
            }
            return;
        }
        let work = SettleWork {
            subscription: service.stream.subscription(),
            node: Arc::clone(&service.node),
            items,
            reply,
        };
        // A broker that is stopping forgets settlements; what they settle is offered again.
        let _ = self.queue.put(Work::Settle(work)).await;
    }

    /// Ends what ran out before it could be released, each once. Answers how many. What ran out
    /// since the clock was last believed waits until it is believed again.
    ///
    /// # Errors
    /// The store's.
    pub async fn expire(&self) -> Result<usize, StoreError> {
        let (outbox, now) = (Arc::clone(&self.outbox), self.clock.reading().settled());
        let expired = tokio::task::spawn_blocking(move || outbox.expired(now))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a reader stopped".into())))?;
        let items: Vec<EndItem> = expired
            .into_iter()
            .map(|(made, subscription)| EndItem {
                delivery: made.delivery,
                delivery_id: made.delivery_id,
                subscription,
                sender: made.sender,
                message: made.message,
                refusal: Refusal::Expired,
            })
            .collect();
        let count = items.len();
        if count > 0 {
            let _ = self.queue.put(Work::End(items)).await;
        }
        Ok(count)
    }
}

/// A row of a line, held back where it turns on a moment that may not have come: its embargo
/// then stands, and what may have run out is neither sent nor ended.
fn as_certain(row: InLine, reading: &Reading) -> InLine {
    let place = row.place();
    match row {
        InLine::Due(due) if due.message.not_before.is_some_and(|from| from > reading.settled()) => {
            InLine::Embargoed(place)
        }
        InLine::Due(due) if may_have_run_out(&due, reading) => {
            InLine::Delayed { place, tokens: due.message.tokens }
        }
        certain @ (InLine::Due(_) | InLine::Delayed { .. } | InLine::Embargoed(_)) => certain,
    }
}

fn may_have_run_out(due: &Waiting, reading: &Reading) -> bool {
    let ends = due.message.expires_at;
    reading.settled() < ends && ends <= reading.span().latest
}

fn item(outstanding: &Outstanding, settlement: Settlement) -> SettleItem {
    SettleItem {
        delivery: outstanding.delivery,
        release_id: outstanding.release_id,
        sender: Arc::clone(&outstanding.sender),
        message: outstanding.message,
        attempt: outstanding.attempt,
        settlement,
    }
}

fn outstanding_of(waiting: &Waiting, release: &Released, lease_ends: Duration) -> Outstanding {
    Outstanding {
        delivery: release.delivery,
        release_id: release.release_id,
        number: release.number,
        sender: Arc::clone(&waiting.message.key.agency),
        message: waiting.message.key.id,
        attempt: release.attempt,
        tokens: waiting.message.tokens.as_slice().into(),
        lease_ends,
    }
}

/// Doubles from one second, to five minutes at most.
fn backoff(attempt: u32) -> Duration {
    BACKOFF_FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(BACKOFF_MAX)
}
