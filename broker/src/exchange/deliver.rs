//! How what waits is delivered.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use proto::exchange::v1 as wire;
use proto::limits::{DELIVERY_FRAME_BYTES_MAX, DELIVERY_FRAME_DELIVERIES_MAX};
use proto::refusal::Refusal;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

use crate::clock::{Clock, Reading};
use crate::decision::{CandidateDecision, View};
use crate::delivery::hub::{self, Outstanding, Stream};
use crate::delivery::order::{self, Look};
use crate::delivery::outbox::{InLine, Outbox, Waiting};
use crate::directory::MessageKind;
use crate::ledger::advice;
use crate::ledger::appender::{
    EndItem, Queue, ReleaseItem, ReleaseRefused, ReleaseWork, Released, SettleItem, SettleWork,
    Settlement, Stopped, Work,
};
use crate::ledger::journal::StoreError;
use crate::message::{Admitted, MessageKey};
use crate::parcel::{self, Parcel, Shown};
use crate::prepare::{Before, Stored, decide_again, reopen};
use crate::register::DeskName;
use crate::rules::Rules;
use crate::seal::{Part, Vault};

const BACKOFF_FIRST: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(300);
const ROUND: Duration = Duration::from_millis(500);
/// How long until what could not be put back is tried again.
const PUT_BACK_AGAIN: Duration = Duration::from_millis(500);

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

/// Settlements on their way to the disk.
pub struct Settling {
    releases: Vec<[u8; 16]>,
    durable: oneshot::Receiver<bool>,
}

impl Settling {
    /// Waits until they are durable. Answers whether they are: if not, what they settle is
    /// outstanding as before.
    pub async fn durable(self, stream: &Stream) -> bool {
        let durable = self.durable.await.unwrap_or(false);
        stream.settled(&self.releases, durable);
        durable
    }
}

impl Delivering {
    /// Serves a subscription until its stream ends, and puts back what is not settled then.
    pub async fn serve(&self, service: &Service) -> Served {
        // Whoever served before puts back what it was releasing: nothing may pass that.
        let _turn = service.stream.turn.lock().await;
        self.put_back(service).await;
        let served = self.serve_on(service).await;
        if served == Served::Gone {
            service.stream.leave();
            self.put_back(service).await;
            service.stream.close();
        }
        served
    }

    /// Serves a subscription's backlog and leases.
    async fn serve_on(&self, service: &Service) -> Served {
        loop {
            tokio::select! {
                () = service.stream.wake.notified() => {}
                () = service.out.closed() => return Served::Gone,
                () = tokio::time::sleep(ROUND) => {}
            }
            if service.stream.superseded() {
                return Served::TakenOver;
            }
            self.lapse(service).await;
            while self.round(service).await {}
        }
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
        // What goes in this frame goes before what follows it.
        let mut going = HashSet::new();
        for waiting in ready {
            match self.decide_one(service, waiting, &going, rules, now) {
                Ok(item) => {
                    bytes += item.parcel.bytes.len();
                    if bytes > DELIVERY_FRAME_BYTES_MAX {
                        break;
                    }
                    if waiting.task == 0 {
                        going.insert(waiting.message.key.clone());
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
        going: &HashSet<MessageKey>,
        rules: &Rules,
        now: OffsetDateTime,
    ) -> Result<ReleaseItem, Refusal> {
        if waiting.withdrawn {
            return Err(Refusal::Withdrawn);
        }
        if waiting.message.kind == MessageKind::Task {
            return advice_of(waiting, &self.vault).ok_or(Refusal::PolicyError);
        }
        let at = (&service.desk, waiting.task);
        let (admitted, view, candidate) =
            self.decide_stored(&waiting.message, at, going, rules, now)?;
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
            chased: Vec::new(),
        })
    }

    /// Decides a stored message again for one desk. `going`: what goes out to it before this one.
    ///
    /// # Errors
    /// Why it may have nothing of it any more.
    pub(super) fn decide_stored(
        &self,
        message: &Stored,
        (desk, task): (&DeskName, i32),
        going: &HashSet<MessageKey>,
        rules: &Rules,
        now: OffsetDateTime,
    ) -> Result<(Admitted, View, CandidateDecision), Refusal> {
        let (admitted, kept) =
            reopen(message, &self.vault, &rules.directory).ok_or(Refusal::PolicyError)?;
        let earlier = message.settles.as_ref().filter(|_| kept.waits_for_earlier(desk));
        let before = earlier.map_or(Before::Nothing, |key| {
            // Where it cannot be read it is owed nothing yet.
            let given = going.contains(key) || self.outbox.was_given(desk, key).unwrap_or(false);
            if given { Before::Given } else { Before::NotGiven }
        });
        let (view, candidate) = decide_again(&admitted, &kept, (desk, task), before, rules, now)?;
        Ok((admitted, view, candidate))
    }

    /// The earlier message that one follows, where the desk was told of that.
    fn known(&self, desk: &DeskName, message: &Stored) -> Option<MessageKey> {
        let earlier = message.settles.as_ref()?;
        // Where it cannot be read the desk is told of none.
        self.outbox.was_told_of(desk, earlier).unwrap_or(false).then(|| earlier.clone())
    }

    /// Notes for each item which merges it comes after: its desk is to be told of them. Asked under
    /// the rules it was decided by, so that a merge in between has it decided anew.
    fn note_merges(&self, items: &mut [ReleaseItem], ready: &[Waiting]) -> Result<(), StoreError> {
        for item in items {
            if let Some(waiting) = ready.iter().find(|w| w.delivery == item.delivery) {
                let message = &waiting.message;
                item.chased = self.outbox.chasing(&message.key, &message.tokens)?;
            }
        }
        Ok(())
    }

    /// Records the releases and sends them. Answers how many were sent.
    async fn release(
        &self,
        service: &Service,
        mut items: Vec<ReleaseItem>,
        ready: &[Waiting],
        rules: &Rules,
    ) -> u32 {
        if self.note_merges(&mut items, ready).is_err() {
            return 0;
        }
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
        let (mut frame, mut outstanding) = (Vec::new(), Vec::new());
        for release in &released {
            let Some(waiting) = ready.iter().find(|w| w.delivery == release.delivery) else {
                continue;
            };
            frame.push(hub::delivery(
                &self.vault,
                &service.desk,
                &waiting.message.key,
                self.known(&service.desk, &waiting.message).as_ref(),
                release,
            ));
            outstanding.push(outstanding_of(waiting, release));
        }
        if let Err(unsent) = service.stream.sending(outstanding) {
            let items = unsent.iter().map(|unsent| item(unsent, Settlement::Unsent)).collect();
            self.until_durable(service, items).await;
            return 0;
        }
        let sent = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        // A stream that has ended leaves behind what is outstanding.
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
        let mut items = Vec::new();
        for outstanding in lapsed {
            let due = now + backoff(outstanding.attempt);
            self.offer_again(service, &outstanding, due, &mut items);
        }
        if let Ok(settling) = self.settle(service, items).await {
            settling.durable(&service.stream).await;
        }
    }

    /// Settles what the recipient says it received, refused or needs more time for.
    ///
    /// # Errors
    /// The broker is stopping: what would have been settled is offered again.
    pub async fn settlement(
        &self,
        service: &Service,
        settle: wire::Settle,
    ) -> Result<Settling, Stopped> {
        let now = self.clock.reading().steady();
        let mut items = Vec::new();
        for release in &settle.acknowledged {
            if let Some(found) = self.find(service, release, Stream::received).await {
                items.push(item(&found, Settlement::Acknowledged));
            }
        }
        for refused in &settle.refused {
            let found = self.find(service, &refused.release_id, Stream::refused).await;
            let Some(found) = found else { continue };
            let asked = refused.delay.as_ref().map_or(0, |delay| delay.seconds.max(0));
            let asked = Duration::from_secs(
                u64::try_from(asked).unwrap_or(0).min(proto::limits::NACK_DELAY_SECONDS_MAX),
            );
            let due = now + asked.max(backoff(found.attempt));
            self.offer_again(service, &found, due, &mut items);
        }
        for release in &settle.extended {
            if let Ok(release) = <[u8; 16]>::try_from(release.as_ref()) {
                service.stream.extend(&release);
            }
        }
        self.settle(service, items).await
    }

    /// Offers a release again when it is due, and what was sent later about its persons at once.
    fn offer_again(
        &self,
        service: &Service,
        release: &Outstanding,
        due: OffsetDateTime,
        items: &mut Vec<SettleItem>,
    ) {
        items.push(item(release, Settlement::Again(due)));
        let later = service.stream.recall_after(release);
        items.extend(later.iter().map(|later| item(later, Settlement::Recalled)));
    }

    /// A release that is being settled: outstanding here, or recorded on an earlier
    /// connection of this subscription.
    async fn find(
        &self,
        service: &Service,
        release: &[u8],
        take: impl FnOnce(&Stream, &[u8; 16]) -> Option<Outstanding>,
    ) -> Option<Outstanding> {
        let release: [u8; 16] = release.try_into().ok()?;
        if let Some(found) = take(&service.stream, &release) {
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
            lease_ends: None,
        })
    }

    /// Puts back everything that this stream, or one before it, leaves behind. Durable before
    /// it returns, unless the broker stops: then the next start does it.
    async fn put_back(&self, service: &Service) {
        loop {
            let left = service.stream.left();
            let items = left.iter().map(|left| {
                let how = if left.sent { Settlement::Recalled } else { Settlement::Unsent };
                item(&left.release, how)
            });
            // Even if there are none: what was on its way to a stream that ended has then
            // been committed, and is left behind too.
            let durable = self.until_durable(service, items.collect()).await;
            if !durable || service.stream.put_back(&left) {
                return;
            }
        }
    }

    /// Settles until that is durable. Answers whether it is: not if the broker stops.
    async fn until_durable(&self, service: &Service, items: Vec<SettleItem>) -> bool {
        loop {
            let Ok(settling) = self.settle(service, items.clone()).await else { return false };
            if settling.durable(&service.stream).await {
                return true;
            }
            tokio::time::sleep(PUT_BACK_AGAIN).await;
        }
    }

    async fn settle(&self, service: &Service, items: Vec<SettleItem>) -> Result<Settling, Stopped> {
        let (reply, durable) = oneshot::channel();
        let releases = items.iter().map(|item| item.release_id).collect();
        let work = SettleWork {
            subscription: service.stream.subscription(),
            node: Arc::clone(&service.node),
            items,
            reply,
        };
        self.queue.put(Work::Settle(work)).await?;
        Ok(Settling { releases, durable })
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

/// What the broker itself tells the desk. It is about nobody, so that nothing is decided again.
fn advice_of(waiting: &Waiting, vault: &Vault) -> Option<ReleaseItem> {
    let stored = &waiting.message;
    let key = vault.unwrap(&stored.wrapped_key).ok()?;
    let bytes = key.open(Part::Message, &stored.key.place(), &stored.body).ok()?;
    Some(ReleaseItem {
        delivery: waiting.delivery,
        delivery_id: waiting.delivery_id,
        sender: Arc::clone(&stored.key.agency),
        message: stored.key.id,
        kind: stored.kind.name(),
        attempt: waiting.attempts + 1,
        number: waiting.number,
        rules: Arc::from([Arc::from(advice::RULE)]),
        parcel: Parcel {
            bytes: bytes.into(),
            shown: Shown::default(),
            withheld: BTreeSet::new(),
            sections: Vec::new(),
        },
        chased: Vec::new(),
    })
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

fn outstanding_of(waiting: &Waiting, release: &Released) -> Outstanding {
    Outstanding {
        delivery: release.delivery,
        release_id: release.release_id,
        number: release.number,
        sender: Arc::clone(&waiting.message.key.agency),
        message: waiting.message.key.id,
        attempt: release.attempt,
        tokens: waiting.message.tokens.as_slice().into(),
        lease_ends: None,
    }
}

/// Doubles from one second, to five minutes at most.
fn backoff(attempt: u32) -> Duration {
    BACKOFF_FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(BACKOFF_MAX)
}
