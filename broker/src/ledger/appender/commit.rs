//! How a batch is committed, halved or recovered.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use proto::refusal::Refusal;
use time::OffsetDateTime;

use crate::ledger::journal::{Known as KnownMessage, StoreError};
use crate::message::MessageKey;
use crate::policy::Bundle;
use crate::prepare;
use crate::rules::Rules;

use super::answer::{Answer, answer, fail};
use super::draft::{Draft, Finished};
use super::{Appender, CommittedHead, Known, Work};

/// Rules that a batch changes, and the bundle they rest on.
pub(super) type Changed = Option<(Rules, Option<Arc<Bundle>>)>;

impl Appender {
    /// Commits a batch and answers it.
    pub(super) fn commit(&mut self, mut works: Vec<Work>) {
        if works.is_empty() {
            return;
        }
        let started = self.shared.clock.monotonic();
        self.refresh_policy();
        // As precise as the store keeps it, so that a retry is told the very same time.
        let now = self.shared.clock.now().truncate_to_microsecond();
        match self.try_commit(&mut works, now) {
            Ok((answers, mut finished, head)) => {
                let deferred = std::mem::take(&mut finished.deferred);
                let figures = &self.shared.figures;
                figures.commits.fetch_add(1, Ordering::Relaxed);
                figures.items.fetch_add(works.len() as u64, Ordering::Relaxed);
                let took = self.shared.clock.monotonic().saturating_sub(started);
                let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                figures.commit_micros.fetch_add(micros, Ordering::Relaxed);
                answer(works, answers, finished, head);
                self.commit(deferred.into_iter().map(Work::Settle).collect());
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
        let mut changed: Changed = None;
        let mut answers = Vec::with_capacity(works.len());
        let built = self
            .build(works, &mut known, &rules, &mut draft, &mut changed, &mut answers, now)
            .and_then(|()| draft.finish(&*self.shared.chance));
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
        finished.deferred = std::mem::take(&mut draft.deferred);
        let waiting: Vec<(u64, u64)> = draft.waiting.into_iter().collect();
        self.shared.live.committed(std::mem::take(&mut finished.live), &waiting);
        let head = CommittedHead { size: self.edge.size(), root: self.edge.root() };
        Ok((answers, finished, head))
    }

    /// Writes each work into the draft. Answers stand in the works' order.
    #[expect(clippy::too_many_arguments, reason = "the whole state of a commit in one place")]
    fn build(
        &mut self,
        works: &mut [Work],
        known: &mut HashMap<MessageKey, KnownMessage>,
        rules: &Rules,
        draft: &mut Draft,
        changed: &mut Changed,
        answers: &mut Vec<Answer>,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        for (place, work) in works.iter_mut().enumerate() {
            answers.push(match work {
                Work::Publish(prepared, _) => {
                    Answer::Published(self.publish(prepared, known, rules, draft, changed, now)?)
                }
                Work::Release(release) => {
                    Answer::Released(self.release(place, release, rules, draft)?)
                }
                Work::Settle(settle) => self.settle(settle, draft, now)?,
                Work::End(items) => self.end(items, draft, now)?,
                Work::Void(items) => self.void(items, draft, now)?,
                Work::Subscribe(subscribe) => self.subscribe(subscribe, draft)?,
                Work::Change(change) => self.change(change, rules, draft, changed)?,
                Work::Consult(consult) => self.consult(consult, draft)?,
                Work::Redrive(redrive) => self.redrive(redrive, draft, now)?,
                Work::Refusals(refusals) => self.refusals(refusals, draft)?,
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
        Ok(())
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
        // What is on disk decides: a message may have been written after all.
        let known = self.known(&works).unwrap_or_default();
        fail(works, &known, refusal);
    }

    /// Drops what is in memory and takes what is on disk.
    fn reload(&mut self) {
        if let Ok(start) = self.journal.start()
            && let Ok(edge) =
                crate::ledger::tree::Edge::load(&start.head.frontier, start.open_tiles.clone())
        {
            self.edge = edge;
            self.head = start.head;
            // What was outstanding waits again: every stream looks.
            let waiting: Vec<(u64, u64)> =
                start.subscriptions.iter().map(|(row, _, waiting)| (row.row, *waiting)).collect();
            self.shared.live.committed(Vec::new(), &waiting);
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
}
