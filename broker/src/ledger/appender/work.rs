//! What each work writes, and how a batch is committed, halved or recovered.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use proto::ledger::record::RECORD_FORMAT;
use proto::refusal::Refusal;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ledger::journal::{
    DeliveryMark, DeliveryRow, DeliveryState, Known as KnownMessage, MessageRow, StoreError,
    SubscriptionRow, text_of,
};
use crate::ledger::record::{BROKER_PARTY, RecordType, Text};
use crate::message::MessageKey;
use crate::prepare::{self, Prepared};
use crate::register::DeskName;
use crate::rules::Rules;
use crate::seal::Part;

use super::draft::{Draft, Finished, Pending, Target, no_chance};
use super::{
    ATTEMPTS_MAX, Appender, Change, ChangeWork, CommittedHead, ConsultWork, EndItem, Known,
    PublishOutcome, PublishSink, RedriveWork, ReleaseItem, ReleaseRefused, ReleaseWork,
    SettleItem, SettleWork, Settlement, SubscribeWork, VoidItem, Work,
};

/// What a work will be told once its batch is durable.
enum Answer {
    Published(PublishOutcome),
    Released(Result<(), ReleaseRefused>),
    Subscribed(u64),
    Done(bool),
}

impl Appender {
    /// Commits a batch and answers it.
    pub(super) fn commit(&mut self, mut works: Vec<Work>) {
        if works.is_empty() {
            return;
        }
        let started = self.shared.clock.monotonic();
        self.refresh_policy();
        let now = self.shared.clock.now();
        match self.try_commit(&mut works, now) {
            Ok((answers, finished, head)) => {
                let figures = &self.shared.figures;
                figures.commits.fetch_add(1, Ordering::Relaxed);
                figures.items.fetch_add(works.len() as u64, Ordering::Relaxed);
                let took = self.shared.clock.monotonic().saturating_sub(started);
                let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                figures.commit_micros.fetch_add(micros, Ordering::Relaxed);
                answer(works, answers, finished, head);
            }
            Err(StoreError::SyncFailed) => {
                // What was promised durable may not be: stop before promising more.
                tracing::error!(code = "sync-failed", "the store could not make data durable");
                std::process::abort();
            }
            Err(error) => self.recover(works, &error),
        }
    }

    /// Makes the policy of this moment when an agreement has started or ended.
    fn refresh_policy(&mut self) {
        let rules = self.shared.rules.load_full();
        let now = self.shared.clock.now();
        if !rules.outdated(now) {
            return;
        }
        if let Some(bundle) = &self.bundle {
            let mut next = Rules::clone(&rules);
            next.policy = Arc::new(bundle.in_force(&rules.directory, now));
            next.epochs.policy += 1;
            self.head.epochs.policy = next.epochs.policy;
            self.publish_rules(next);
        }
    }

    fn publish_rules(&self, rules: Rules) {
        let epochs = rules.epochs;
        self.shared.rules.store(Arc::new(rules));
        self.shared.changed.send_replace(epochs);
    }

    fn try_commit(
        &mut self,
        works: &mut [Work],
        now: OffsetDateTime,
    ) -> Result<(Vec<Answer>, Finished, CommittedHead), StoreError> {
        let rules = self.shared.rules.load_full();
        let mut known = self.known(works)?;
        let mut draft = Draft::new(
            &self.head,
            &self.edge,
            &self.subscriptions,
            self.shared.cadence_seconds,
            rules.bundle,
            now,
        );
        let mut changed: Option<(Rules, Option<Arc<crate::policy::Bundle>>)> = None;
        let mut answers = Vec::with_capacity(works.len());
        let built = (|| {
            for (place, work) in works.iter_mut().enumerate() {
                answers.push(match work {
                    Work::Publish(prepared, _) => Answer::Published(
                        self.publish(prepared, &mut known, &rules, &mut draft, &mut changed, now)?,
                    ),
                    Work::Release(release) => {
                        Answer::Released(self.release(place, release, &rules, &mut draft)?)
                    }
                    Work::Settle(settle) => self.settle(settle, &mut draft, now)?,
                    Work::End(items) => self.end(items, &mut draft, now)?,
                    Work::Void(items) => self.void(items, &mut draft, now)?,
                    Work::Subscribe(subscribe) => self.subscribe(subscribe, &mut draft)?,
                    Work::Change(change) => self.change(change, &rules, &mut draft, &mut changed)?,
                    Work::Consult(consult) => self.consult(consult, &mut draft)?,
                    Work::Redrive(redrive) => self.redrive(redrive, &mut draft, now)?,
                    Work::Refusals(refusals) => self.refusals(refusals, &mut draft)?,
                    Work::Tick { leaves, .. } => {
                        for _ in 0..*leaves {
                            draft.entry(Vec::new(), &*self.shared.chance)?;
                        }
                        Answer::Done(true)
                    }
                    Work::Keep { name, content, .. } => {
                        draft.batch.documents.push(((*name).to_owned(), std::mem::take(content)));
                        Answer::Done(true)
                    }
                    Work::Stop(_) => Answer::Done(true),
                });
            }
            draft.finish(&*self.shared.chance)
        })();
        let finished = match built.and_then(|finished| {
            if draft.empty() {
                return Ok(finished);
            }
            if let Some((rules, _)) = &changed {
                draft.batch.head.epochs = rules.epochs;
            }
            self.journal.commit(&draft.batch).map(|()| finished)
        }) {
            Ok(finished) => finished,
            Err(error) => {
                self.shared.live.release_seats(&draft.seats);
                return Err(error);
            }
        };
        self.head = std::mem::take(&mut draft.batch.head);
        self.edge = draft.edge;
        self.subscriptions = draft.subscriptions;
        if let Some((rules, bundle)) = changed {
            self.bundle = bundle;
            self.publish_rules(rules);
        }
        let mut finished = finished;
        let waiting: Vec<(u64, u64)> = draft.waiting.into_iter().collect();
        self.shared.live.committed(std::mem::take(&mut finished.live), &waiting);
        let head = CommittedHead { size: self.edge.size(), root: self.edge.root() };
        Ok((answers, finished, head))
    }

    /// Halves a batch that the store refused; reloads when the outcome is unknown.
    fn recover(&mut self, mut works: Vec<Work>, error: &StoreError) {
        self.shared.figures.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(code = "commit-failed", works = works.len(), "a commit failed");
        if matches!(error, StoreError::Refused(_)) && works.len() > 1 {
            let second = works.split_off(works.len() / 2);
            self.commit(works);
            self.commit(second);
            return;
        }
        if !matches!(error, StoreError::Refused(_) | StoreError::Full) {
            self.reload();
        }
        let refusal = if matches!(error, StoreError::Full) {
            Refusal::DiskFloor
        } else {
            Refusal::StoreUnavailable
        };
        let known = self.known(&works).unwrap_or_default();
        let mut sinks: Vec<(PublishSink, Uuid, PublishOutcome)> = Vec::new();
        for work in works {
            match work {
                Work::Publish(prepared, sink) => {
                    // What is on disk decides: it may have been written after all.
                    let outcome = match known.get(&prepared.admitted.key) {
                        Some(k) if k.digest == prepared.admitted.digest => {
                            PublishOutcome::Accepted { at: k.accepted_at, repeated: true }
                        }
                        Some(_) | None => PublishOutcome::Refused(refusal),
                    };
                    sinks.push((sink, prepared.admitted.key.id, outcome));
                }
                Work::Release(release) => {
                    let _ = release.reply.send(Err(ReleaseRefused::Store));
                }
                Work::Settle(settle) => {
                    if let Some(reply) = settle.reply {
                        let _ = reply.send(false);
                    }
                }
                Work::Subscribe(subscribe) => {
                    let _ = subscribe.reply.send(Err(unknown()));
                }
                Work::Change(change) => {
                    let _ = change.reply.send(Err(unknown()));
                }
                Work::Consult(consult) => {
                    let _ = consult.reply.send(Err(unknown()));
                }
                Work::Redrive(redrive) => {
                    let _ = redrive.reply.send(false);
                }
                Work::End(_)
                | Work::Void(_)
                | Work::Refusals(_)
                | Work::Tick { .. }
                | Work::Keep { .. }
                | Work::Stop(_) => {}
            }
        }
        for (sink, id, outcome) in sinks {
            let _ = sink.send(vec![(id, outcome)]);
        }
    }

    /// Drops what is in memory and takes what is on disk.
    fn reload(&mut self) {
        if let Ok(start) = self.journal.start()
            && let Ok(edge) =
                crate::ledger::tree::Edge::load(&start.head.frontier, start.open_tiles.clone())
        {
            self.edge = edge;
            self.head = start.head;
            self.subscriptions = start
                .subscriptions
                .into_iter()
                .map(|(row, last_number, _)| Known { row, last_number })
                .collect();
        }
    }

    /// What is remembered of every message that is published or cited in this batch.
    fn known(&mut self, works: &[Work]) -> Result<HashMap<MessageKey, KnownMessage>, StoreError> {
        let mut keys: Vec<MessageKey> = Vec::new();
        for work in works {
            if let Work::Publish(prepared, _) = work {
                keys.push(prepared.admitted.key.clone());
                keys.extend(prepare::cites(&prepared.admitted));
            }
        }
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.journal.known(&keys)?;
        Ok(keys.into_iter().zip(found).filter_map(|(key, known)| Some((key, known?))).collect())
    }

    #[expect(clippy::too_many_arguments, reason = "the whole state of a commit in one place")]
    fn publish(
        &mut self,
        prepared: &mut Box<Prepared>,
        known: &mut HashMap<MessageKey, KnownMessage>,
        rules: &Rules,
        draft: &mut Draft,
        changed: &mut Option<(Rules, Option<Arc<crate::policy::Bundle>>)>,
        now: OffsetDateTime,
    ) -> Result<PublishOutcome, StoreError> {
        let admitted = Arc::clone(&prepared.admitted);
        // Step 1: the same id twice joins the first's outcome; another message under it is refused.
        if let Some(first) = known.get(&admitted.key) {
            return Ok(if first.digest == admitted.digest {
                PublishOutcome::Accepted { at: first.accepted_at, repeated: true }
            } else {
                PublishOutcome::Refused(Refusal::MessageIdReused)
            });
        }
        // Step 2: who was told of what this settles, under the head lock.
        let cited = prepare::cites(&admitted);
        let mut settles = None;
        let mut holders: Option<Vec<DeskName>> = None;
        if let Some(key) = &cited {
            let Some(first) = known.get(key) else {
                return Ok(PublishOutcome::Refused(Refusal::NotFound));
            };
            settles = Some(first.row);
            if admitted.to_holders_only() {
                holders = Some(self.withdraw(first.row, key, draft, now)?);
            }
        }
        // Step 3: decide again what was decided under rules that moved.
        if holders.is_some() || prepared.decided.epochs != rules.epochs {
            self.shared.figures.decided_again.fetch_add(1, Ordering::Relaxed);
            let shared = &self.shared;
            **prepared = prepare::prepare(
                Arc::clone(&admitted), holders.as_deref(), rules, &shared.vault, &*shared.chance, now,
            )
            .map_err(|_| no_chance())?;
        }
        // Step 4: rows, records, and live releases in the same commit.
        let row = draft.batch.head.last_message + 1;
        draft.batch.head.last_message = row;
        let entry = draft.edge.size();
        let deliveries = self.deliver(prepared, row, entry, cited.map(|key| key.id), draft, now)?;
        let records = self.message_records(prepared, &deliveries);
        let written = draft.entry(records, &*self.shared.chance)?;
        assert!(written == entry, "a delivery's permit is the entry written right after it");
        draft.batch.messages.push(message_row(prepared, row, entry, settles, now));
        known.insert(
            admitted.key.clone(),
            KnownMessage { row, digest: admitted.digest, accepted_at: now },
        );
        // Step 5: a flag or the like changes the register in the same commit.
        if !prepared.register.is_empty() {
            *changed = Some((self.apply_register(&prepared.register, rules, draft)?, self.bundle.clone()));
        }
        Ok(PublishOutcome::Accepted { at: now, repeated: false })
    }

    /// Ends what waits of a message, and answers the desks that were given it.
    fn withdraw(
        &mut self,
        message: u64,
        key: &MessageKey,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Vec<DeskName>, StoreError> {
        let held = self.journal.held(message)?;
        let mut holders = BTreeSet::new();
        let mut ended: Vec<(DeskName, u64)> = Vec::new();
        for delivery in held {
            // What waits is superseded even where an earlier attempt was released.
            if matches!(delivery.state, DeliveryState::Waiting | DeliveryState::Dead) {
                draft.batch.marks.push(mark(delivery.delivery, DeliveryState::Withdrawn, now));
                ended.push((delivery.desk.clone(), delivery.delivery));
            }
            if delivery.released {
                holders.insert(delivery.desk);
            }
        }
        if !ended.is_empty() {
            let items = ended.iter().map(|(desk, _)| {
                Text::new().word("agency", &desk.agency).word("desk", &desk.desk)
            });
            let record = Text::new()
                .objects("deliveries", items)
                .word("format", RECORD_FORMAT)
                .word("message", &text_of(key.id))
                .word("operation", RecordType::Ended.operation())
                .word("party", BROKER_PARTY)
                .word("reason", "withdrawn")
                .word("sender", &key.agency)
                .word("type", RecordType::Ended.name())
                .close();
            draft.entry(vec![record], &*self.shared.chance)?;
        }
        Ok(holders.into_iter().collect())
    }

    /// Makes the delivery rows of every permitted candidate. Answers, candidate by
    /// candidate, the ids of its deliveries.
    fn deliver(
        &mut self,
        prepared: &Prepared,
        message: u64,
        entry: u64,
        cited: Option<Uuid>,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Vec<Vec<[u8; 16]>>, StoreError> {
        let admitted = &prepared.admitted;
        let held_back = admitted.not_before.is_some_and(|from| from > now);
        let mut all = Vec::with_capacity(prepared.parcels.len());
        for (candidate, parcel) in prepared.decided.candidates.iter().zip(&prepared.parcels) {
            let Some(parcel) = parcel else {
                self.shared.figures.refused.fetch_add(1, Ordering::Relaxed);
                all.push(Vec::new());
                continue;
            };
            let mut ids = Vec::new();
            for subscription in self.subscriptions_of(&candidate.desk, draft)? {
                let row = draft.batch.head.last_delivery + 1;
                draft.batch.head.last_delivery = row;
                let id: [u8; 16] =
                    crate::chance::bytes(&*self.shared.chance).map_err(|_| no_chance())?;
                ids.push(id);
                draft.batch.deliveries.push(DeliveryRow {
                    row,
                    id,
                    message,
                    subscription,
                    task: candidate.task.map_or(0, |task| task as i32),
                    entry,
                    immediate: admitted.immediate(),
                    state: DeliveryState::Waiting,
                    number: 0,
                });
                let seat = (!held_back).then(|| self.shared.live.reserve(subscription)).flatten();
                let Some(seat) = seat else {
                    *draft.waiting.entry(subscription).or_default() += 1;
                    continue;
                };
                draft.seats.push((subscription, seat.stream));
                let item = ReleaseItem {
                    delivery: row,
                    delivery_id: id,
                    sender: Arc::clone(&admitted.key.agency),
                    message: admitted.key.id,
                    kind: admitted.kind.name(),
                    attempt: 1,
                    number: 0,
                    rules: rules_of(candidate),
                    parcel: parcel.clone(),
                };
                let tokens = admitted.subjects.iter().flat_map(|s| s.tokens.clone()).collect();
                let target = Target::Live(seat.stream, tokens, cited);
                draft.release(subscription, seat.node, Pending { item, target });
            }
            all.push(ids);
        }
        Ok(all)
    }

    /// The subscriptions of a desk: its named ones, or its mailbox, made when first needed.
    fn subscriptions_of(
        &self,
        desk: &DeskName,
        draft: &mut Draft,
    ) -> Result<Vec<u64>, StoreError> {
        let of_desk: Vec<&Known> =
            draft.subscriptions.iter().filter(|known| known.row.desk == *desk).collect();
        let named: Vec<u64> =
            of_desk.iter().filter(|k| &*k.row.name != "default").map(|k| k.row.row).collect();
        if !named.is_empty() {
            return Ok(named);
        }
        if let Some(mailbox) = of_desk.first() {
            return Ok(vec![mailbox.row.row]);
        }
        Ok(vec![make_subscription(desk, "default", draft)])
    }

    /// The records of an accepted message: one for its sender, one for the broker-wide
    /// auditor. A sender's record says nothing of who had a stake.
    fn message_records(&self, prepared: &Prepared, deliveries: &[Vec<[u8; 16]>]) -> Vec<String> {
        let admitted = &prepared.admitted;
        let id = text_of(admitted.key.id);
        let candidates = prepared.decided.candidates.iter().zip(deliveries).map(|(c, ids)| {
            Text::new()
                .word("agency", &c.desk.agency)
                .words("deliveries", ids.iter().map(hex::encode))
                .word("desk", &c.desk.desk)
                .number("refusal", c.outcome.as_ref().err().map_or(0, |r| r.code().into()))
                .words("rules", rules_of(c))
                .number("task", c.task.map_or(0, |task| task as u64))
                .fields("withheld", &c.outcome.as_ref().map(|v| v.withheld()).unwrap_or_default())
        });
        vec![
            Text::new()
                .bytes("digest", &admitted.digest)
                .word("format", RECORD_FORMAT)
                .word("kind", admitted.kind.name())
                .word("message", &id)
                .word("node", &admitted.sender.node)
                .word("operation", RecordType::Accepted.operation())
                .word("party", &admitted.key.agency)
                .word("type", RecordType::Accepted.name())
                .close(),
            Text::new()
                .bytes("bundle", &prepared.decided.bundle)
                .objects("candidates", candidates)
                .word("format", RECORD_FORMAT)
                .word("message", &id)
                .word("operation", RecordType::Decided.operation())
                .word("party", BROKER_PARTY)
                .word("sender", &admitted.key.agency)
                .word("type", RecordType::Decided.name())
                .close(),
        ]
    }

    fn release(
        &mut self,
        place: usize,
        release: &ReleaseWork,
        rules: &Rules,
        draft: &mut Draft,
    ) -> Result<Result<(), ReleaseRefused>, StoreError> {
        if release.epochs != rules.epochs {
            return Ok(Err(ReleaseRefused::RulesMoved));
        }
        let rows: Vec<u64> = release.items.iter().map(|item| item.delivery).collect();
        let states = self.journal.states(&rows)?;
        for (item, state) in release.items.iter().zip(states) {
            // A withdrawal earlier in this very batch counts as much as one on disk.
            let ended = draft.batch.marks.iter().any(|mark| mark.row == item.delivery);
            if state == Some(DeliveryState::Waiting) && !ended {
                let pending = Pending { item: item.clone(), target: Target::Work(place) };
                draft.release(release.subscription, Arc::clone(&release.node), pending);
            }
        }
        Ok(Ok(()))
    }

    fn settle(
        &mut self,
        settle: &SettleWork,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Answer, StoreError> {
        let rows: Vec<u64> = settle.items.iter().map(|item| item.delivery).collect();
        let states = self.journal.states(&rows)?;
        for (item, state) in settle.items.iter().zip(states) {
            if state != Some(DeliveryState::Released)
                && !(state == Some(DeliveryState::Waiting)
                    && item.settlement == Settlement::Acknowledged)
            {
                continue;
            }
            let (state, due, used) = settled(item);
            if state == DeliveryState::Waiting {
                *draft.waiting.entry(settle.subscription).or_default() += 1;
            }
            draft.batch.marks.push(DeliveryMark {
                row: item.delivery,
                state,
                number: None,
                attempt_used: used,
                due,
                at: now,
            });
            draft.receipt(settle.subscription, &settle.node, item.clone());
        }
        Ok(Answer::Done(true))
    }

    fn end(
        &mut self,
        items: &[EndItem],
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Answer, StoreError> {
        let rows: Vec<u64> = items.iter().map(|item| item.delivery).collect();
        let states = self.journal.states(&rows)?;
        for (item, state) in items.iter().zip(states) {
            if !matches!(state, Some(DeliveryState::Waiting | DeliveryState::Dead)) {
                continue;
            }
            let state = if item.refusal == Refusal::Expired {
                DeliveryState::Expired
            } else {
                DeliveryState::Refused
            };
            draft.batch.marks.push(mark(item.delivery, state, now));
            let record = Text::new()
                .bytes("delivery", &item.delivery_id)
                .word("format", RECORD_FORMAT)
                .word("message", &text_of(item.message))
                .word("operation", RecordType::Ended.operation())
                .word("party", BROKER_PARTY)
                .number("refusal", item.refusal.code().into())
                .word("sender", &item.sender)
                .word("type", RecordType::Ended.name())
                .close();
            draft.entry(vec![record], &*self.shared.chance)?;
        }
        Ok(Answer::Done(true))
    }

    fn void(
        &mut self,
        items: &[VoidItem],
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Answer, StoreError> {
        for item in items {
            let party = draft
                .subscription(item.subscription)
                .map_or_else(|| Arc::from(BROKER_PARTY), |k| Arc::clone(&k.row.desk.agency));
            let record = Text::new()
                .word("format", RECORD_FORMAT)
                .word("operation", RecordType::Void.operation())
                .word("party", &party)
                .bytes("release", &item.release_id)
                .word("type", RecordType::Void.name())
                .close();
            draft.entry(vec![record], &*self.shared.chance)?;
            draft.batch.voided.push(item.release_id);
            draft.batch.marks.push(mark(item.delivery, DeliveryState::Waiting, now));
            *draft.waiting.entry(item.subscription).or_default() += 1;
        }
        Ok(Answer::Done(true))
    }

    fn subscribe(
        &mut self,
        subscribe: &SubscribeWork,
        draft: &mut Draft,
    ) -> Result<Answer, StoreError> {
        let found = draft
            .subscriptions
            .iter()
            .find(|k| k.row.desk == subscribe.desk && k.row.name == subscribe.name);
        if let Some(found) = found {
            return Ok(Answer::Subscribed(found.row.row));
        }
        let mailbox = draft
            .subscriptions
            .iter()
            .find(|k| k.row.desk == subscribe.desk && &*k.row.name == "default")
            .map(|k| k.row.row);
        let first = !draft.subscriptions.iter().any(|k| {
            k.row.desk == subscribe.desk && &*k.row.name != "default"
        });
        let row = make_subscription(&subscribe.desk, &subscribe.name, draft);
        if let (Some(mailbox), true) = (mailbox, first) {
            // The first named subscription takes over what waits in the mailbox.
            draft.batch.moved.push((mailbox, row));
        }
        Ok(Answer::Subscribed(row))
    }

    fn change(
        &mut self,
        change: &ChangeWork,
        rules: &Rules,
        draft: &mut Draft,
        changed: &mut Option<(Rules, Option<Arc<crate::policy::Bundle>>)>,
    ) -> Result<Answer, StoreError> {
        let record = Text::new()
            .word("actor", &change.actor)
            .word("agency", &change.agency)
            .word("format", RECORD_FORMAT)
            .words("items", &change.items)
            .word("operation", RecordType::Change.operation())
            .word("party", BROKER_PARTY)
            .word("type", RecordType::Change.name())
            .close();
        draft.entry(vec![record], &*self.shared.chance)?;
        draft.batch.documents.extend(change.documents.iter().cloned());
        let now = self.shared.clock.now();
        let mut next = rules.clone();
        let mut bundle = self.bundle.clone();
        match &change.change {
            Change::Directory(directory) => {
                next.directory = Arc::clone(directory);
                next.epochs.directory += 1;
                if let Some(bundle) = &bundle {
                    next.policy = Arc::new(bundle.in_force(directory, now));
                    next.epochs.policy += 1;
                }
            }
            Change::Bundle(approved) => {
                next.policy = Arc::new(approved.in_force(&rules.directory, now));
                next.bundle = approved.hash();
                next.epochs.policy += 1;
                bundle = Some(Arc::clone(approved));
            }
            Change::Register(changes) => next = self.apply_register(changes, rules, draft)?,
            Change::Recorded => return Ok(Answer::Done(true)),
        }
        *changed = Some((next, bundle));
        Ok(Answer::Done(true))
    }

    fn apply_register(
        &self,
        changes: &[crate::register::Change],
        rules: &Rules,
        draft: &mut Draft,
    ) -> Result<Rules, StoreError> {
        let mut next = rules.clone();
        let mut register = crate::register::Register::clone(&rules.register);
        for change in changes {
            register.apply(change);
            let text = serde_json::to_vec(change)
                .map_err(|_| StoreError::Damaged { table: "register" })?;
            let sealed = self
                .shared
                .vault
                .seal_alone(&*self.shared.chance, Part::Register, b"register", &text)
                .map_err(|_| no_chance())?;
            draft.batch.register.push(sealed);
        }
        next.register = Arc::new(register);
        next.epochs.register += 1;
        Ok(next)
    }

    fn consult(&mut self, consult: &ConsultWork, draft: &mut Draft) -> Result<Answer, StoreError> {
        let record = Text::new()
            .word("actor", &consult.actor)
            .word("call", consult.call)
            .word("format", RECORD_FORMAT)
            .word("operation", RecordType::Consultation.operation())
            .word("party", &consult.agency)
            .word("type", RecordType::Consultation.name())
            .close();
        let entry = draft.entry(vec![record], &*self.shared.chance)?;
        draft.batch.reasons.push((entry, consult.reason.clone()));
        Ok(Answer::Done(true))
    }

    fn refusals(
        &mut self,
        refusals: &[(Arc<str>, u32, u64)],
        draft: &mut Draft,
    ) -> Result<Answer, StoreError> {
        let calls = refusals.iter().map(|(agency, code, count)| {
            Text::new()
                .word("agency", agency)
                .number("code", u64::from(*code))
                .number("count", *count)
        });
        let record = Text::new()
            .objects("calls", calls)
            .word("format", RECORD_FORMAT)
            .word("operation", RecordType::Refusals.operation())
            .word("party", BROKER_PARTY)
            .word("type", RecordType::Refusals.name())
            .close();
        draft.entry(vec![record], &*self.shared.chance)?;
        Ok(Answer::Done(true))
    }

    fn redrive(
        &mut self,
        redrive: &RedriveWork,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Answer, StoreError> {
        let state = self.journal.states(&[redrive.delivery])?;
        if state.first().copied().flatten() != Some(DeliveryState::Dead) {
            return Ok(Answer::Done(false));
        }
        let record = Text::new()
            .word("actor", &redrive.actor.1)
            .bytes("delivery", &redrive.delivery_id)
            .word("format", RECORD_FORMAT)
            .word("operation", RecordType::Change.operation())
            .word("party", &redrive.actor.0)
            .word("type", RecordType::Change.name())
            .close();
        draft.entry(vec![record], &*self.shared.chance)?;
        draft.batch.marks.push(mark(redrive.delivery, DeliveryState::Waiting, now));
        *draft.waiting.entry(redrive.subscription).or_default() += 1;
        Ok(Answer::Done(true))
    }
}

fn unknown() -> StoreError {
    StoreError::Unavailable("the outcome is unknown".into())
}

fn settled(item: &SettleItem) -> (DeliveryState, Option<OffsetDateTime>, bool) {
    match item.settlement {
        Settlement::Acknowledged => (DeliveryState::Acknowledged, None, false),
        Settlement::Again(_) if item.attempt >= ATTEMPTS_MAX => (DeliveryState::Dead, None, true),
        Settlement::Again(due) => (DeliveryState::Waiting, Some(due), true),
        Settlement::Recalled => (DeliveryState::Waiting, None, false),
    }
}

fn mark(row: u64, state: DeliveryState, at: OffsetDateTime) -> DeliveryMark {
    DeliveryMark { row, state, number: None, attempt_used: false, due: None, at }
}

fn make_subscription(desk: &DeskName, name: &str, draft: &mut Draft) -> u64 {
    let row = draft.batch.head.last_subscription + 1;
    draft.batch.head.last_subscription = row;
    let row = SubscriptionRow { row, desk: desk.clone(), name: Arc::from(name) };
    draft.batch.subscriptions.push(row.clone());
    let number = row.row;
    draft.subscriptions.push(Known { row, last_number: 0 });
    number
}

/// The rules behind a candidate's outcome, each once.
fn rules_of(candidate: &crate::decision::CandidateDecision) -> Vec<Arc<str>> {
    let rules: BTreeSet<Arc<str>> =
        candidate.verdicts.iter().flat_map(|verdict| verdict.rules.iter().cloned()).collect();
    rules.into_iter().collect()
}

fn message_row(
    prepared: &mut Prepared,
    row: u64,
    entry: u64,
    settles: Option<u64>,
    now: OffsetDateTime,
) -> MessageRow {
    let admitted = &prepared.admitted;
    MessageRow {
        row,
        key: admitted.key.clone(),
        digest: admitted.digest,
        entry,
        kind: admitted.kind,
        node: Arc::clone(&admitted.sender.node),
        desk: Arc::clone(&admitted.sender.desk_id),
        accepted_at: now,
        expires_at: admitted.expires_at,
        not_before: admitted.not_before,
        wrapped_key: prepared.wrapped_key.to_vec(),
        sealed_body: prepared.sealed_body.clone(),
        sealed_decision: prepared.sealed_decision.clone(),
        tokens: admitted.subjects.iter().flat_map(|s| s.tokens.clone()).collect(),
        settles,
    }
}

/// Tells every work what became of it, each publisher's stream once.
fn answer(works: Vec<Work>, answers: Vec<Answer>, mut finished: Finished, head: CommittedHead) {
    let mut sinks: Vec<(PublishSink, Vec<(Uuid, PublishOutcome)>)> = Vec::new();
    for (place, (work, answer)) in works.into_iter().zip(answers).enumerate() {
        match (work, answer) {
            (Work::Publish(prepared, sink), Answer::Published(outcome)) => {
                let told = (prepared.admitted.key.id, outcome);
                match sinks.iter_mut().find(|(known, _)| known.same_channel(&sink)) {
                    Some((_, all)) => all.push(told),
                    None => sinks.push((sink, vec![told])),
                }
            }
            (Work::Release(release), Answer::Released(outcome)) => {
                let released = finished.by_work.remove(&place).unwrap_or_default();
                let _ = release.reply.send(outcome.map(|()| released));
            }
            (Work::Settle(settle), Answer::Done(done)) => {
                if let Some(reply) = settle.reply {
                    let _ = reply.send(done);
                }
            }
            (Work::Subscribe(subscribe), Answer::Subscribed(row)) => {
                let _ = subscribe.reply.send(Ok((row, 0)));
            }
            (Work::Change(change), _) => {
                let _ = change.reply.send(Ok(()));
            }
            (Work::Consult(consult), _) => {
                let _ = consult.reply.send(Ok(head.size));
            }
            (Work::Redrive(redrive), Answer::Done(done)) => {
                let _ = redrive.reply.send(done);
            }
            (Work::Tick { reply, .. }, _) => {
                let _ = reply.send(head);
            }
            (Work::Keep { reply, .. }, _) => {
                let _ = reply.send(());
            }
            (_, _) => {}
        }
    }
    for (sink, all) in sinks {
        let _ = sink.send(all);
    }
}
