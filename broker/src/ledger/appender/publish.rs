//! What an accepted message writes: rows, records, and live releases in the same commit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use proto::exchange::v1::CorrectionAction;
use proto::exchange::v1::message::Kind;
use proto::ledger::record::RECORD_FORMAT;
use proto::refusal::Refusal;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::decision::{CandidateDecision, View};
use crate::directory::MessageKind;
use crate::ledger::chase::{ChaseRow, Word};
use crate::ledger::journal::{
    DeliveryRow, DeliveryState, Known as KnownMessage, MessageRow, StoreError,
};
use crate::ledger::owed::Owes;
use crate::ledger::record::{BROKER_PARTY, Objects, RecordType, Text};
use crate::message::{Admitted, MessageKey, Reach, sections};
use crate::notify;
use crate::parcel::Parcel;
use crate::prepare::{self, Prepared};
use crate::register::{self, DeskName};
use crate::routing::{Earlier, Reason};
use crate::rules::Rules;
use crate::seal::Token;

use super::change::make_subscription;
use super::commit::Open;
use super::draft::{Draft, no_chance};
use super::earlier::Found;
use super::gathered::{Pending, Target};
use super::{Appender, PublishOutcome, ReleaseItem, review};

impl Appender {
    /// Records a message. `first`: nothing else is in this draft or on its way to the disk.
    /// `None`: it turns out to change the register, and so must be the first and alone.
    pub(super) fn publish(
        &self,
        prepared: &mut Box<Prepared>,
        open: &mut Open,
        first: bool,
    ) -> Result<Option<PublishOutcome>, StoreError> {
        let (rules, now) = (Arc::clone(&open.rules), open.now);
        let admitted = Arc::clone(&prepared.admitted);
        // Step 1: the same id twice joins the first's outcome; another message under it is refused.
        if let Some(first) = open.known.get(&admitted.key) {
            return Ok(Some(if first.digest == admitted.digest {
                PublishOutcome::Accepted { at: first.accepted_at, repeated: true }
            } else {
                PublishOutcome::Refused(Refusal::MessageIdReused)
            }));
        }
        // Step 2: who was given or asked what this follows, and its documents, under the head lock.
        if (admitted.follows() || admitted.has_documents()) && !first {
            return Ok(None);
        }
        let found = match self.earlier(&admitted, open)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Some(PublishOutcome::Refused(refusal))),
        };
        // Step 3: decide again what rests on rules that moved, or on nothing that is on record.
        if admitted.follows() || prepared.decided.epochs != rules.epochs {
            **prepared = self.decide_again(&admitted, &found.earlier, &rules, now)?;
        }
        let changes = match &prepared.register {
            Ok(changes) => changes.clone(),
            Err(refusal) => return Ok(Some(PublishOutcome::Refused(*refusal))),
        };
        if !changes.is_empty() && !first {
            return Ok(None);
        }
        // Step 4: nothing refuses it any more. What it ends, rows, records, and live releases.
        let draft = &mut open.draft;
        self.supersede(&found, draft, now)?;
        let row = draft.batch.head.last_message + 1;
        draft.batch.head.last_message = row;
        draft.batch.attachments.extend(found.documents.iter().cloned());
        let entry = draft.next_entry();
        if admitted.immediate() {
            // What it follows goes before it: in the same lane, where that waits.
            draft.batch.pulled.extend(found.ahead.iter().copied());
        }
        let deliveries = self.deliver(prepared, row, entry, &found, draft, now)?;
        if deliveries.iter().all(Vec::is_empty) && !looked_for_later(&admitted) {
            self.reaches_nobody(&admitted, &rules, now);
        }
        let records = self.message_records(prepared, &deliveries);
        let written = draft.entry(records, &*self.shared.chance)?;
        assert!(written == entry, "a delivery's permit is the entry written right after it");
        draft.batch.messages.push(message_row(prepared, row, entry, &found, now));
        draft.batch.chases.opened.extend(chase_of(&admitted, row, &found));
        self.open_review(&admitted, (row, entry), draft, now);
        open.known.insert(
            admitted.key.clone(),
            KnownMessage { row, digest: admitted.digest, accepted_at: now },
        );
        // Step 5: a flag or the like changes the register in the same commit.
        if !changes.is_empty() {
            let next = self.apply_of_message(&changes, &rules, &mut open.draft, now)?;
            if !changes.iter().all(register::Change::brings_nothing_earlier) {
                self.late_stakes(&tokens_of(&admitted), &next, &mut open.draft, now)?;
            }
            open.changed = Some((next, self.bundle.clone()));
        }
        Ok(Some(PublishOutcome::Accepted { at: now, repeated: false }))
    }

    fn decide_again(
        &self,
        admitted: &Arc<Admitted>,
        earlier: &Earlier,
        rules: &Rules,
        now: OffsetDateTime,
    ) -> Result<Prepared, StoreError> {
        self.shared.figures.decided_again.fetch_add(1, Ordering::Relaxed);
        let (vault, chance) = (&self.shared.vault, &*self.shared.chance);
        prepare::prepare(Arc::clone(admitted), earlier, rules, vault, chance, now)
            .map_err(|_| no_chance())
    }

    /// Failing closed must not fall on a victim: of something immediate operators are told out of
    /// band.
    pub(super) fn reaches_nobody(&self, admitted: &Admitted, rules: &Rules, now: OffsetDateTime) {
        if !admitted.immediate() {
            return;
        }
        self.shared.figures.immediate_unheard.fetch_add(1, Ordering::Relaxed);
        tracing::error!(code = "immediate-unheard", "an immediate message reaches nobody");
        let sender = &admitted.sender;
        let desk = notify::Place::find(&rules.directory, &sender.agency, &sender.desk_id);
        let code = notify::Code::ImmediateUnheard;
        self.shared.notices.tell_operators(code, desk, admitted.key.id, now);
    }

    /// The merges by which a number of a message accepted now leads no more. Asked of the store only
    /// where the register joins one of its numbers to another, be that its own as well; and of what
    /// adds to a merge there are none.
    fn merged_before(
        &self,
        tokens: &[Token],
        row: u64,
        found: &Found,
    ) -> Result<Vec<u64>, StoreError> {
        let register = &self.shared.rules.load().register;
        let is_joined = |token: &Token| register.linked(&[*token]).len() > 1;
        if found.adds_to_identity || !tokens.iter().any(is_joined) {
            return Ok(Vec::new());
        }
        self.recall.bearing_on(row, tokens)
    }

    /// What a holder must be told in full cannot be told so: operators see to the rule.
    fn alarm_rule_failed(&self, admitted: &Admitted, desk: &DeskName, now: OffsetDateTime) {
        tracing::error!(code = "rule-failed", "a rule fails, so that a holder is told less");
        let directory = &self.shared.rules.load().directory;
        let place = notify::Place::find(directory, &desk.agency, &desk.desk);
        let code = notify::Code::RuleFailed;
        self.shared.notices.tell_operators(code, place, admitted.key.id, now);
    }

    /// Makes the delivery rows of every permitted candidate. Answers, candidate by
    /// candidate, the ids of its deliveries.
    fn deliver(
        &self,
        prepared: &Prepared,
        message: u64,
        entry: u64,
        found: &Found,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<Vec<Vec<[u8; 16]>>, StoreError> {
        let tokens = tokens_of(&prepared.admitted);
        let not_before = held_back(&prepared.admitted, found);
        let chased = self.merged_before(&tokens, message, found)?;
        let place =
            Place { message, entry, cited: found.cited.clone(), not_before, tokens, chased, now };
        let mut all = Vec::with_capacity(prepared.parcels.len());
        for (candidate, parcel) in prepared.decided.candidates.iter().zip(&prepared.parcels) {
            let parcel = parcel.as_ref();
            all.push(self.deliver_to(&prepared.admitted, candidate, parcel, &place, draft)?);
        }
        Ok(all)
    }

    /// Makes a delivery for each subscription of one desk, released at once where a
    /// subscriber is ready; none where the desk was refused. Answers their ids.
    pub(super) fn deliver_to(
        &self,
        admitted: &Admitted,
        candidate: &CandidateDecision,
        parcel: Option<&Parcel>,
        place: &Place,
        draft: &mut Draft,
    ) -> Result<Vec<[u8; 16]>, StoreError> {
        let Some(parcel) = parcel else {
            self.shared.figures.refused.fetch_add(1, Ordering::Relaxed);
            return Ok(Vec::new());
        };
        if candidate.rule_failed {
            self.alarm_rule_failed(admitted, &candidate.desk, place.now);
        }
        let fresh = Fresh {
            key: &admitted.key,
            kind: admitted.kind,
            desk: &candidate.desk,
            task: candidate.task.map_or(0, |task| task as i32),
            named: is_addressed(candidate),
            immediate: admitted.immediate(),
            expires_at: admitted.expires_at,
            owes: self.owes(admitted, candidate, place),
            rules: rules_of(candidate).into(),
            parcel,
        };
        self.put(&fresh, place, draft)
    }

    /// Makes the rows of what is fresh for one desk, released at once where a subscriber is ready.
    /// Answers their ids.
    pub(super) fn put(
        &self,
        fresh: &Fresh<'_>,
        place: &Place,
        draft: &mut Draft,
    ) -> Result<Vec<[u8; 16]>, StoreError> {
        let held_back = place.not_before.is_some_and(|from| from > place.now);
        let mut ids = Vec::new();
        for subscription in self.subscriptions_of(fresh.desk, draft) {
            let id: [u8; 16] =
                crate::chance::bytes(&*self.shared.chance).map_err(|_| no_chance())?;
            ids.push(id);
            let row = draft.deliver(DeliveryRow {
                row: 0,
                id,
                message: place.message,
                subscription,
                task: fresh.task,
                named: fresh.named,
                entry: place.entry,
                immediate: fresh.immediate,
                state: DeliveryState::Waiting,
                number: 0,
                changed_at: None,
                expires_at: fresh.expires_at,
                owes: fresh.owes,
            });
            let live = &*self.shared.live;
            let Some(seat) = (!held_back).then(|| draft.seat(subscription, live)).flatten() else {
                draft.waits(subscription);
                continue;
            };
            let item = ReleaseItem {
                delivery: row,
                delivery_id: id,
                sender: Arc::clone(&fresh.key.agency),
                message: fresh.key.id,
                kind: fresh.kind.name(),
                attempt: 1,
                number: 0,
                rules: Arc::clone(&fresh.rules),
                parcel: fresh.parcel.clone(),
                chased: place.chased.clone(),
            };
            draft.batch.chases.again.extend(place.chased.iter().copied());
            let target = Target::Live(seat.stream, Arc::clone(&place.tokens), place.cited.clone());
            let pending = Pending { item, target };
            draft.release(subscription, seat.node, pending, &*self.shared.chance)?;
        }
        Ok(ids)
    }

    /// The subscriptions of a desk: its named ones, or its mailbox, made when first needed.
    pub(super) fn subscriptions_of(&self, desk: &DeskName, draft: &mut Draft) -> Vec<u64> {
        let known = &draft.standing.subscriptions;
        let named: Vec<u64> = known.named(desk).map(|known| known.row).collect();
        if !named.is_empty() {
            return named;
        }
        vec![known.mailbox(desk).unwrap_or_else(|| make_subscription(desk, "default", draft))]
    }

    /// The records of an accepted message: one for its sender, one for the broker-wide
    /// auditor. A sender's record says nothing of who had a stake.
    fn message_records(&self, prepared: &Prepared, deliveries: &[Vec<[u8; 16]>]) -> Vec<String> {
        let admitted = &prepared.admitted;
        let mut told = Objects::default();
        for (candidate, ids) in prepared.decided.candidates.iter().zip(deliveries) {
            told.add(|text| candidate_text(text, candidate, ids));
        }
        let accepted = review::accepted_by(admitted)
            .bytes("digest", &admitted.digest)
            .word("format", RECORD_FORMAT)
            .word("kind", admitted.kind.name())
            .id("message", admitted.key.id)
            .word("node", &admitted.sender.node)
            .word("operation", RecordType::Accepted.operation())
            .word("party", &admitted.key.agency);
        let accepted = review::with_second(admitted, accepted);
        let accepted = match admitted.has_documents() {
            true => accepted.list_of_bytes("sections", sections::names(&admitted.message)),
            false => accepted,
        };
        let accepted = match superseded(admitted) {
            Some(earlier) => accepted.id("supersedes", earlier),
            None => accepted,
        };
        vec![
            accepted.word("type", RecordType::Accepted.name()).close(),
            decided_record(&admitted.key, &prepared.decided.bundle, &told),
        ]
    }
}

/// Where deliveries of one message hang.
pub(super) struct Place {
    pub(super) message: u64,
    pub(super) entry: u64,
    pub(super) cited: Option<MessageKey>,
    pub(super) not_before: Option<OffsetDateTime>,
    pub(super) tokens: Arc<[Token]>,
    /// Merges and partings that whoever is given it now is to be told of right after.
    pub(super) chased: Vec<u64>,
    pub(super) now: OffsetDateTime,
}

/// Whether the naming itself made a desk a candidate: what another reason brought about is not its
/// sender's to know.
fn is_addressed(candidate: &CandidateDecision) -> bool {
    let named = candidate.reasons.contains(&Reason::Addressed);
    candidate.task.is_none() && named && !candidate.by_holding
}

/// Something new for one desk.
pub(super) struct Fresh<'a> {
    pub(super) key: &'a MessageKey,
    pub(super) kind: MessageKind,
    pub(super) desk: &'a DeskName,
    /// Task's protocol number; 0 for none.
    pub(super) task: i32,
    /// Whether its sender named the desk.
    pub(super) named: bool,
    pub(super) immediate: bool,
    pub(super) expires_at: OffsetDateTime,
    pub(super) owes: Owes,
    pub(super) rules: Arc<[Arc<str>]>,
    pub(super) parcel: &'a Parcel,
}

/// The message that is not to be released any more because of this one.
fn superseded(admitted: &Admitted) -> Option<Uuid> {
    let closed = admitted.cites().is_some_and(|cited| cited.reach == Reach::HoldersOnly);
    prepare::cites(admitted).filter(|_| closed).map(|key| key.id)
}

/// Until when a message is held back: no less than the one it follows, where that waits.
fn held_back(admitted: &Admitted, found: &Found) -> Option<OffsetDateTime> {
    admitted.not_before.into_iter().chain(found.not_before).max()
}

/// Whether whom a message concerns is looked for after it was accepted.
fn looked_for_later(admitted: &Admitted) -> bool {
    prepare::changes_identity(admitted) || admitted.asks_whoever_holds()
}

/// The chase that a merge, an unmerge or a question to whoever holds something opens. Its sender is
/// answered before anybody looks who is to be told: how long that takes says how much is held. And the
/// mark of what adds to a merge or an unmerge.
fn chase_of(admitted: &Admitted, row: u64, found: &Found) -> Option<ChaseRow> {
    let said = |word| tokens_of(admitted).iter().map(|token| (*token, word)).collect();
    if found.adds_to_identity {
        return Some(ChaseRow { message: row, numbers: said(Word::Added) });
    }
    let numbers = match &admitted.message.kind {
        Some(Kind::Correction(correction)) => match correction.action() {
            CorrectionAction::Merge => {
                let said = std::iter::once(Word::Leads).chain(std::iter::repeat(Word::Merged));
                tokens_of(admitted).iter().copied().zip(said).collect()
            }
            CorrectionAction::Unmerge => said(Word::Parted),
            CorrectionAction::Unspecified
            | CorrectionAction::Withdraw
            | CorrectionAction::Rectify
            | CorrectionAction::Erase
            | CorrectionAction::Restrict
            | CorrectionAction::Supplement => return None,
        },
        Some(Kind::Request(_)) if admitted.asks_whoever_holds() => {
            admitted.routing_tokens().map(|token| (token, Word::Asked)).collect()
        }
        Some(_) | None => return None,
    };
    Some(ChaseRow { message: row, numbers })
}

/// The persons a message concerns.
pub(super) fn tokens_of(admitted: &Admitted) -> Arc<[Token]> {
    admitted.subjects.iter().flat_map(|subject| subject.tokens.iter().copied()).collect()
}

pub(super) fn candidate_text(
    text: Text,
    candidate: &CandidateDecision,
    deliveries: &[[u8; 16]],
) -> Text {
    let refusal = candidate.outcome.as_ref().err().map_or(0, |refusal| refusal.code());
    let withheld = candidate.outcome.as_ref().map(View::withheld).unwrap_or_default();
    text.word("agency", &candidate.desk.agency)
        .list_of_bytes("deliveries", deliveries)
        .word("desk", &candidate.desk.desk)
        .number("refusal", refusal.into())
        .words("rules", rules_of(candidate))
        .number("task", candidate.task.map_or(0, |task| task as u64))
        .fields("withheld", &withheld)
}

pub(super) fn decided_record(key: &MessageKey, bundle: &[u8; 32], candidates: &Objects) -> String {
    Text::new()
        .bytes("bundle", bundle)
        .objects("candidates", candidates)
        .word("format", RECORD_FORMAT)
        .id("message", key.id)
        .word("operation", RecordType::Decided.operation())
        .word("party", BROKER_PARTY)
        .word("sender", &key.agency)
        .word("type", RecordType::Decided.name())
        .close()
}

/// The rules behind a candidate's outcome, each once.
fn rules_of(candidate: &CandidateDecision) -> Vec<Arc<str>> {
    let rules: BTreeSet<Arc<str>> =
        candidate.verdicts.iter().flat_map(|verdict| verdict.rules.iter().cloned()).collect();
    rules.into_iter().collect()
}

fn message_row(
    prepared: &mut Prepared,
    row: u64,
    entry: u64,
    found: &Found,
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
        not_before: held_back(admitted, found),
        wrapped_key: prepared.wrapped_key.to_vec(),
        sealed_body: prepared.sealed_body.clone(),
        sealed_decision: prepared.sealed_decision.clone(),
        tokens: admitted.subjects.iter().flat_map(|s| s.tokens.clone()).collect(),
        routes: admitted
            .subjects
            .iter()
            .flat_map(|s| s.tokens.iter().map(|_| s.routes()))
            .collect(),
        settles: found.settles,
        withdraws: superseded(admitted).is_some(),
    }
}
