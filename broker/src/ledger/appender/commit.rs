//! How works become a draft, and what follows when it is written or fails.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use proto::refusal::Refusal;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::ledger::advice::Advice;
use crate::ledger::journal::{Batch, Known as KnownMessage, Stands, StoreError};
use crate::message::MessageKey;
use crate::policy::Bundle;
use crate::prepare;
use crate::rules::Rules;

use super::answer::{Answer, fail};
use super::draft::{Draft, Finished, Parts};
use super::sharing::{Sharing, sharing, weight};
use super::{Appender, BATCH_BYTES_MAX, BATCH_ITEMS_MAX, CommittedHead, Standing, Work};

/// Rules that a draft changes, and the bundle they rest on.
pub(super) type Changed = Option<(Rules, Option<Arc<Bundle>>)>;

/// A draft under construction and the works in it.
pub(super) struct Open {
    pub(super) draft: Draft,
    pub(super) works: Vec<Work>,
    pub(super) answers: Vec<Answer>,
    /// What is remembered of the messages it publishes or cites.
    pub(super) known: HashMap<MessageKey, KnownMessage>,
    pub(super) rules: Arc<Rules>,
    pub(super) changed: Changed,
    pub(super) now: OffsetDateTime,
    pub(super) bytes: usize,
    /// Whether anybody waits for it: receipts alone may linger.
    pub(super) urgent: bool,
    pub(super) since: Instant,
}

impl Open {
    /// Whether it may take more.
    pub(super) fn has_room(&self) -> bool {
        self.works.len() < BATCH_ITEMS_MAX && self.bytes < BATCH_BYTES_MAX
    }
}

/// A finished draft.
pub(super) struct Drafted {
    pub(super) works: Vec<Work>,
    pub(super) answers: Vec<Answer>,
    pub(super) batch: Batch,
    /// Whether it writes nothing.
    pub(super) empty: bool,
    pub(super) finished: Finished,
    /// Subscriptions that gained waiting deliveries.
    pub(super) waiting: Vec<u64>,
    /// Seats it took on live streams.
    pub(super) seats: Vec<(u64, u64)>,
    pub(super) head: CommittedHead,
}

/// A draft that could not be written.
pub(super) struct Failed {
    pub(super) drafted: Box<Drafted>,
    pub(super) error: StoreError,
}

/// What the draft that is being written says, before anybody can read it in the store.
pub(super) struct Flying {
    /// Where the ledger stands if it fails.
    before: Standing,
    known: HashMap<MessageKey, KnownMessage>,
    states: HashMap<u64, Stands>,
    /// Subscriptions on which it leaves something waiting: nothing fresh may pass that.
    waiting: HashSet<u64>,
}

/// Where a work went.
enum Built {
    /// Into the draft.
    In(Answer),
    /// Into the next: it touches what this draft touches already.
    Later,
    /// It must be committed alone, after everything before it.
    Alone,
}

impl Appender {
    /// Adds works to the open draft, each in its turn.
    pub(super) fn draft(&mut self, works: Vec<Work>) {
        let mut works: Vec<Work> =
            std::mem::take(&mut self.later).into_iter().chain(works).collect();
        while !works.is_empty() {
            if let Err(error) = self.read_back() {
                return self.refuse(works, &error);
            }
            let (known, stored) = match self.look_up(&works) {
                Ok(found) => found,
                Err(error) => return self.refuse(works, &error),
            };
            let open = self.opened();
            for (key, known) in known {
                open.known.entry(key).or_insert(known);
            }
            open.draft.remember(stored);
            let mut rest = works.into_iter();
            let mut again = Vec::new();
            for work in rest.by_ref() {
                match self.add(work) {
                    Ok(None) => {}
                    Ok(Some(work)) => {
                        self.alone(work);
                        break;
                    }
                    Err(failed) => {
                        let (faulty, error) = *failed;
                        again = self.without(faulty, &error);
                        break;
                    }
                }
                if self.open.as_ref().is_some_and(|open| open.changed.is_some()) {
                    // What follows is decided under the rules that this one made.
                    self.write_here();
                    break;
                }
            }
            works = again.into_iter().chain(rest).collect();
        }
    }

    /// Drops the open draft, which a work could not be added to, and fails that work alone.
    /// Answers the others, to be drafted anew.
    fn without(&mut self, faulty: Work, error: &StoreError) -> Vec<Work> {
        let mut others = Vec::new();
        if let Some(open) = self.open.take() {
            self.shared.live.release_seats(open.draft.seats());
            others = open.works;
        }
        self.refuse(vec![faulty], error);
        others
    }

    /// Commits a work alone.
    pub(super) fn alone(&mut self, work: Work) {
        self.finish_all();
        self.draft(vec![work]);
        self.finish_all();
    }

    /// Writes everything that is open, and waits for everything that is being written.
    pub(super) fn finish_all(&mut self) {
        loop {
            self.write_here();
            // A commit that failed leaves an open draft of what was put aside.
            if self.open.is_none() {
                if self.later.is_empty() {
                    return;
                }
                self.draft(Vec::new());
            }
        }
    }

    /// The open draft, opened if there is none.
    fn opened(&mut self) -> &mut Open {
        if self.open.is_none() {
            self.refresh_policy();
        }
        let shared = &self.shared;
        let standing = &self.standing;
        let flying = self.flying.as_ref();
        self.open.get_or_insert_with(|| {
            let rules = shared.rules.load_full();
            // As precise as the store keeps it, so that a retry is told the very same time.
            let now = shared.clock.now().truncate_to_microsecond();
            let passed = flying.map(|flying| flying.waiting.clone()).unwrap_or_default();
            Open {
                draft: Draft::new(standing, shared.cadence_seconds, rules.bundle, passed, now),
                works: Vec::new(),
                answers: Vec::new(),
                known: HashMap::new(),
                rules,
                changed: None,
                now,
                bytes: 0,
                urgent: false,
                since: Instant::now(),
            }
        })
    }

    /// Makes the policy of this moment when an agreement has started or ended.
    fn refresh_policy(&mut self) {
        let rules = self.shared.rules.load_full();
        let now = self.shared.clock.reading().span();
        if !rules.outdated(now) {
            return;
        }
        if let Some(bundle) = &self.bundle {
            let mut next = Rules::clone(&rules);
            next.policy = Arc::new(bundle.in_force(&rules.directory, now));
            next.epochs.policy += 1;
            self.publish_rules(next);
        }
    }

    fn publish_rules(&self, rules: Rules) {
        let epochs = rules.epochs;
        self.shared.rules.store(Arc::new(rules));
        self.shared.changed.send_replace(epochs);
    }

    /// Adds one work to the open draft, or puts it aside for the next. Answers one that must
    /// be committed alone.
    fn add(&mut self, mut work: Work) -> Result<Option<Work>, Box<(Work, StoreError)>> {
        let Some(mut open) = self.open.take() else {
            let error = StoreError::Unavailable("no draft is open".into());
            return Err(Box::new((work, error)));
        };
        let built = self.build(&mut work, &mut open);
        let answer = match built {
            Ok(Built::In(answer)) => {
                open.bytes += weight(&work);
                open.urgent |= sharing(&work) != Sharing::Patient;
                open.works.push(work);
                open.answers.push(answer);
                Ok(None)
            }
            Ok(Built::Later) => {
                open.urgent = true;
                self.later.push(work);
                Ok(None)
            }
            Ok(Built::Alone) => Ok(Some(work)),
            Err(error) => Err(Box::new((work, error))),
        };
        self.open = Some(open);
        answer
    }

    /// Writes a work into the draft, if it may stand there.
    fn build(&self, work: &mut Work, open: &mut Open) -> Result<Built, StoreError> {
        let (place, now) = (open.works.len(), open.now);
        let rules = Arc::clone(&open.rules);
        let draft = &mut open.draft;
        Ok(Built::In(match work {
            Work::Publish(prepared, _) => {
                let first = open.works.is_empty() && self.flying.is_none();
                match self.publish(prepared, open, first)? {
                    Some(outcome) => Answer::Published(outcome),
                    None => return Ok(Built::Alone),
                }
            }
            Work::Release(release) => {
                Answer::Released(self.release(place, release, &rules, draft)?)
            }
            Work::Settle(settle) => match self.settle(settle, draft, now)? {
                Some(answer) => answer,
                None => return Ok(Built::Later),
            },
            Work::End(items) => self.end(items, draft, now)?,
            Work::Subscribe(subscribe) => self.subscribe(subscribe, draft)?,
            Work::Change(change) => self.change(change, open)?,
            Work::Consult(consult) => self.consult(consult, draft)?,
            // What else the draft does to it is written first.
            Work::Redrive(redrive) if draft.touches(redrive.delivery) => return Ok(Built::Later),
            Work::Redrive(redrive) => self.redrive(redrive, draft, now)?,
            Work::Attest(attest) => self.attest(attest, open)?,
            Work::Attach(attach) => {
                draft.batch.attachments.extend(attach.changes.iter().cloned());
                Answer::Done(true)
            }
            Work::Fetch(fetch) => self.fetch(fetch, &rules, draft)?,
            Work::Advise(advise) => {
                for advice in &advise.advice {
                    self.advise(advice, open)?;
                }
                Answer::Done(true)
            }
            Work::Told(told) => {
                draft.batch.told.extend(told.iter().copied());
                Answer::Done(true)
            }
            // Whether a holder still is one is asked of the store: nothing may be on its way there.
            Work::Chase(_) if !(open.works.is_empty() && self.flying.is_none()) => {
                return Ok(Built::Alone);
            }
            Work::Chase(chase) => self.chase(chase, open)?,
            // How it stands is read in the store, which must not be behind.
            Work::CloseReview(_) if !open.works.is_empty() || self.flying.is_some() => {
                return Ok(Built::Alone);
            }
            Work::CloseReview(work) => self.close_review(work, draft, now)?,
            Work::ReviewsTold(told) => {
                draft.batch.reviews.told.extend(told.iter().copied());
                Answer::Done(true)
            }
            Work::Refusals(refusals) => self.refusals(refusals, draft)?,
            Work::Tick { leaves, .. } => {
                for _ in 0..*leaves {
                    draft.entry(Vec::new(), &*self.shared.chance)?;
                }
                Answer::Done(true)
            }
            Work::Keep { name, content, .. } => {
                draft.batch.documents.push(((*name).to_owned(), content.clone()));
                Answer::Done(true)
            }
            Work::Stop(_) => Answer::Done(true),
        }))
    }

    /// Closes the open draft. The ledger stands after it from now on.
    fn close(&mut self) -> Result<Option<(Drafted, Changed, Flying)>, StoreError> {
        let Some(mut open) = self.open.take() else { return Ok(None) };
        let finished = match open.draft.finish(&*self.shared.chance) {
            Ok(finished) => finished,
            Err(error) => {
                self.open = Some(open);
                return Err(error);
            }
        };
        let rules = open.changed.as_ref().map_or(&*open.rules, |(rules, _)| rules);
        open.draft.batch.head.epochs = rules.epochs;
        let empty = open.draft.empty();
        let states = open.draft.states();
        let Parts { batch, standing, waiting, seats } = open.draft.into_parts();
        let head = CommittedHead { size: standing.edge.size(), root: standing.edge.root() };
        let flying = Flying {
            before: std::mem::replace(&mut self.standing, standing),
            known: open.known,
            states,
            waiting: waiting.iter().copied().collect(),
        };
        let (works, answers) = (open.works, open.answers);
        let drafted = Drafted { works, answers, batch, empty, finished, waiting, seats, head };
        Ok(Some((drafted, open.changed, flying)))
    }

    /// Hands the open draft to the writing thread.
    pub(super) fn write_beside(&mut self) {
        match self.close() {
            Ok(Some((drafted, None, flying))) => {
                self.flying = Some(flying);
                if let Err(drafted) = self.writer.hand(drafted) {
                    let error = StoreError::Unavailable("the ledger's writer has stopped".into());
                    self.fallen(Failed { drafted, error });
                }
            }
            Ok(Some((drafted, changed, flying))) => self.write_now(drafted, changed, flying),
            Ok(None) => {}
            Err(error) => self.give_up(&error),
        }
    }

    /// Writes the open draft on this thread, after what is being written.
    pub(super) fn write_here(&mut self) {
        while self.flying.is_some() {
            match self.writer.written.blocking_recv() {
                Some(written) => self.written(written),
                None => {
                    // Nobody knows what it wrote last: the next start does.
                    tracing::error!(code = "writer-gone", "the ledger's writing thread is gone");
                    std::process::abort();
                }
            }
        }
        match self.close() {
            Ok(Some((drafted, changed, flying))) => self.write_now(drafted, changed, flying),
            Ok(None) => {}
            Err(error) => self.give_up(&error),
        }
    }

    fn write_now(&mut self, drafted: Drafted, changed: Changed, flying: Flying) {
        match self.writer.write(&drafted) {
            Ok(()) => {
                if let Some((rules, bundle)) = changed {
                    self.bundle = bundle;
                    self.publish_rules(rules);
                }
                self.writer.tell(drafted);
                self.writer.tidy();
            }
            Err(error) => {
                let known = matches!(error, StoreError::Refused(_) | StoreError::Full);
                if changed.is_some() && !known {
                    // Rules on disk may differ from those in force, a suspension among them:
                    // the next start takes what is on disk.
                    tracing::error!(code = "rules-unsure", "a change of rules may be on disk");
                    std::process::abort();
                }
                self.flying = Some(flying);
                self.fallen(Failed { drafted: Box::new(drafted), error });
            }
        }
    }

    /// What was being written is durable, or is not.
    pub(super) fn written(&mut self, written: Result<Box<Drafted>, Failed>) {
        match written {
            Ok(drafted) => {
                // The writer goes on before anybody is told: telling takes a while. What it
                // leaves waiting is known to the next draft already, and is told before the
                // one after that is opened.
                self.flying = None;
                let next = self.open.as_ref().filter(|open| open.changed.is_none());
                if next.is_some_and(|open| open.urgent || !open.has_room()) {
                    self.write_beside();
                }
                self.writer.tell(*drafted);
            }
            Err(failed) => self.fallen(failed),
        }
    }

    /// A draft could not be written, and what was drafted upon it falls with it.
    fn fallen(&mut self, failed: Failed) {
        let Failed { drafted, error } = failed;
        let after = self.open.take();
        if let Some(after) = &after {
            self.shared.live.release_seats(after.draft.seats());
        }
        self.shared.live.release_seats(&drafted.seats);
        if let Some(flying) = self.flying.take() {
            self.standing = flying.before;
        }
        let mut again = after.map(|after| after.works).unwrap_or_default();
        again.append(&mut self.later);
        self.recover(drafted.works, &error);
        // They are drafted anew.
        self.draft(again);
    }

    /// The open draft cannot be finished: its works fail.
    fn give_up(&mut self, error: &StoreError) {
        if let Some(open) = self.open.take() {
            self.shared.live.release_seats(open.draft.seats());
            self.refuse(open.works, error);
        }
    }

    /// Halves a batch that the store refused; reloads when the outcome is unknown.
    fn recover(&mut self, mut works: Vec<Work>, error: &StoreError) {
        if matches!(error, StoreError::Refused(_)) && works.len() > 1 {
            tracing::error!(code = "commit-halved", works = works.len(), "a commit was refused");
            let second = works.split_off(works.len() / 2);
            for half in [works, second] {
                self.draft(half);
                self.finish_all();
            }
            return;
        }
        if !matches!(error, StoreError::Refused(_) | StoreError::Full) {
            self.unsure = true;
            // Where that fails it is tried again before anything is drafted.
            let _ = self.read_back();
        }
        self.refuse(works, error);
    }

    /// Tells works that they failed.
    fn refuse(&mut self, works: Vec<Work>, error: &StoreError) {
        self.shared.figures.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(code = "commit-failed", works = works.len(), "a commit failed");
        let refusal = if matches!(error, StoreError::Full) {
            Refusal::DiskFloor
        } else {
            Refusal::StoreUnavailable
        };
        // What is on disk decides: a message may have been written after all.
        // What is being written still may fail, and counts for nothing here.
        let known = self.on_disk(messages_of(&works)).unwrap_or_default();
        fail(works, &known, refusal);
    }

    /// After a commit whose outcome is unknown, drops what is in memory and takes what is on
    /// disk: nothing may be drafted before.
    fn read_back(&mut self) -> Result<(), StoreError> {
        if !self.unsure {
            return Ok(());
        }
        let start = self.writer.reload()?;
        self.standing = Standing::of(&start)?;
        self.unsure = false;
        // What was outstanding waits again: every stream looks.
        let waiting: Vec<u64> = start.subscriptions.iter().map(|(row, ..)| row.row).collect();
        self.shared.live.committed(Vec::new(), &waiting);
        Ok(())
    }

    /// What is remembered of these messages on disk.
    fn on_disk(&self, keys: Vec<MessageKey>) -> Result<Remembered, StoreError> {
        let found = if keys.is_empty() { Vec::new() } else { self.recall.known(&keys)? };
        let found = keys.into_iter().zip(found);
        Ok(found.filter_map(|(key, found)| Some((key, found?))).collect())
    }

    /// What is remembered of every message that works publish or cite, and how the deliveries
    /// stand that they settle, release or end: on disk, and in what is being written.
    fn look_up(&self, works: &[Work]) -> Result<LookedUp, StoreError> {
        let keys = messages_of(works);
        let mut known = self.on_disk(keys.clone())?;
        let rows = deliveries_of(works);
        let mut states =
            if rows.is_empty() { HashMap::new() } else { self.recall.states(&rows)? };
        let flying = self.flying.as_ref();
        for key in keys {
            let found = flying.and_then(|flying| flying.known.get(&key));
            known.extend(found.map(|found| (key, *found)));
        }
        for row in rows {
            let state = flying.and_then(|flying| flying.states.get(&row));
            states.extend(state.map(|state| (row, *state)));
        }
        Ok((known, states))
    }
}

type Remembered = HashMap<MessageKey, KnownMessage>;

type LookedUp = (Remembered, HashMap<u64, Stands>);

/// The messages that works publish or cite.
fn messages_of(works: &[Work]) -> Vec<MessageKey> {
    let mut keys = Vec::new();
    for work in works {
        if let Work::Publish(prepared, _) = work {
            keys.push(prepared.admitted.key.clone());
            keys.extend(prepare::cites(&prepared.admitted));
        }
        if let Work::Advise(advise) = work {
            keys.extend(advise.advice.iter().map(Advice::key));
        }
    }
    keys
}

/// The deliveries that works settle, release or end: rows that were written before.
fn deliveries_of(works: &[Work]) -> Vec<u64> {
    let mut rows = Vec::new();
    for work in works {
        match work {
            Work::Release(release) => rows.extend(release.items.iter().map(|i| i.delivery)),
            Work::Settle(settle) => rows.extend(settle.items.iter().map(|i| i.delivery)),
            Work::End(items) => rows.extend(items.iter().map(|i| i.delivery)),
            Work::Redrive(redrive) => rows.push(redrive.delivery),
            Work::Publish(..)
            | Work::Subscribe(_)
            | Work::Change(_)
            | Work::Consult(_)
            | Work::Attest(_)
            | Work::Attach(_)
            | Work::Fetch(_)
            | Work::Advise(_)
            | Work::Told(_)
            | Work::Chase(_)
            | Work::CloseReview(_)
            | Work::ReviewsTold(_)
            | Work::Refusals(_)
            | Work::Tick { .. }
            | Work::Keep { .. }
            | Work::Stop(_) => {}
        }
    }
    rows
}
