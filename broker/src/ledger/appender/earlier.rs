//! What is on record of the messages that one follows: who was given it, who asked for it.
//!
//! Asked under the head lock, so that nobody is given the earlier message between the question
//! and the answer. Whatever follows nothing costs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::ledger::record::RECORD_FORMAT;
use proto::refusal::Refusal;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::decision;
use crate::directory::MessageKind;
use crate::ledger::attached::AttachmentChange;
use crate::ledger::journal::{DeliveryState, Held, StoreError};
use crate::ledger::record::{BROKER_PARTY, Objects, RecordType, Text};
use crate::message::{Admitted, MessageKey, Reach};
use crate::policy::KindFacts;
use crate::prepare::{self, Stored};
use crate::register::DeskName;
use crate::routing::Earlier;
use crate::seal::Token;

use super::commit::Open;
use super::draft::Draft;
use super::settle::ending;
use super::{Appender, review};

/// The earlier message, and what is known of it.
#[derive(Default)]
pub(super) struct Found {
    /// What routing and policy must know.
    pub(super) earlier: Earlier,
    /// Row of the message that is cited, if one is.
    pub(super) settles: Option<u64>,
    /// Its key, for the recipients' references.
    pub(super) cited: Option<MessageKey>,
    /// Deliveries of it that wait: none may be passed by one of this message.
    pub(super) ahead: Vec<u64>,
    /// Whether it corrects what says whose a number is, or what corrects that.
    pub(super) adds_to_identity: bool,
    /// Until when these are held back.
    pub(super) not_before: Option<OffsetDateTime>,
    /// What still waits of which message, or was given up, and is to end.
    ends: Option<(MessageKey, Vec<Held>)>,
    /// Deliveries of it of which nothing is asked any more.
    excused: Vec<u64>,
    /// Deliveries whose date does not hold any more.
    dates_past: Vec<u64>,
    /// What becomes of documents: its own, and those of a message that it erases.
    pub(super) documents: Vec<AttachmentChange>,
}

impl Appender {
    /// Finds what a message follows, and what is to end of it. Writes nothing, because the message
    /// may yet be refused. The inner error is the publisher's answer.
    pub(super) fn earlier(
        &self,
        admitted: &Admitted,
        open: &Open,
    ) -> Result<Result<Found, Refusal>, StoreError> {
        let (rules, now) = (Arc::clone(&open.rules), open.now);
        if review::by_strangers(admitted, &rules) {
            return Ok(Err(Refusal::NotAllowed));
        }
        let mut found = Found::default();
        // First: what is refused for its documents, or for whom it names, ends nothing.
        let row = open.draft.batch.head.last_message + 1;
        match self.documents(admitted, row, &rules)? {
            Ok(claims) => found.documents = claims,
            Err(refusal) => return Ok(Err(refusal)),
        }
        let own = prepare::cites(admitted).and_then(|key| open.known.get(&key));
        if self.passes_on(admitted, own.map(|own| own.row), &rules)? {
            return Ok(Err(Refusal::AnswerNotOnward));
        }
        if let Some(key) = prepare::cites(admitted) {
            let Some(first) = open.known.get(&key) else { return Ok(Err(Refusal::NotFound)) };
            found.settles = Some(first.row);
            found.cited = Some(key.clone());
            let row = first.row;
            self.cited(admitted, row, &key, &mut found)?;
            if ends_dates(admitted) {
                found.dates_past = self.dates_past(admitted, row, &key, now)?;
            }
        }
        if !admitted.message.in_reply_to.is_empty() {
            let Some((asker, first)) = self.answered(admitted)? else {
                return Ok(Err(Refusal::NotFound));
            };
            if admitted.tells_outcome() {
                let key = MessageKey { agency: Arc::clone(&asker.agency), id: first };
                self.outcome(admitted, &key, &mut found)?;
            }
            found.earlier.answers = Some((asker, first));
        }
        let before = prepare::flag_before(admitted, &rules);
        found.earlier.owned = before.as_ref().and_then(|(_, owner)| owner.clone());
        if let Some((key, _)) = before
            && let Some(Some(before)) = self.recall.known(std::slice::from_ref(&key))?.pop()
        {
            let own = key.agency == admitted.key.agency;
            found.settles = own.then_some(before.row);
            found.cited = own.then(|| key.clone());
            let held = self.recall.held(before.row)?;
            self.given(&held, before.row, &mut found)?;
        }
        found.documents.extend(erased(admitted, &found));
        Ok(Ok(found))
    }

    /// Who was given the message that is cited, as far as this one is to reach them.
    fn cited(
        &self,
        admitted: &Admitted,
        row: u64,
        key: &MessageKey,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        let reach = admitted.cites().map_or(Reach::Anybody, |citation| citation.reach);
        let held = match reach {
            Reach::Anybody => return Ok(()),
            Reach::HoldersToo | Reach::HoldersAndWaiting => self.recall.held(row)?,
            Reach::HoldersOnly => {
                let held = self.recall.held(row)?;
                let ends: Vec<Held> =
                    held.iter().filter(|held| waits(held.state)).cloned().collect();
                found.ends = Some((key.clone(), ends)).filter(|(_, ends)| !ends.is_empty());
                if !leaves_something_to_do(admitted) {
                    found.excused = held.iter().map(|held| held.delivery).collect();
                }
                held.into_iter().filter(|held| held.released).collect()
            }
        };
        self.given(&held, row, found)?;
        if admitted.to_holders_only() {
            found.earlier.owed = owed_word(admitted, &held, &found.earlier);
        }
        if says_something_new(admitted) {
            found.earlier.facts = self.facts_of(row)?;
        }
        found.adds_to_identity =
            admitted.kind == MessageKind::Correction && self.recall.is_of_identity(row)?;
        Ok(())
    }

    /// What came of an action reaches whoever was given it, once its owner says so: whoever leads,
    /// chairs or helps would else go on from what is no longer so. Nobody has to act on it any
    /// more. What anybody else reports is for whoever set it.
    fn outcome(
        &self,
        admitted: &Admitted,
        key: &MessageKey,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        let Some(Some(first)) = self.recall.known(std::slice::from_ref(key))?.pop() else {
            return Ok(());
        };
        if !self.owns(admitted, first.row)? {
            return Ok(());
        }
        (found.settles, found.cited) = (Some(first.row), Some(key.clone()));
        let held = self.recall.held(first.row)?;
        self.given(&held, first.row, found)?;
        found.earlier.owed = strangers(admitted, &found.earlier);
        found.excused.extend(held.iter().map(|held| held.delivery));
        Ok(())
    }

    /// Whether a message's agency is the owner of an action that was set. Of one that cannot be read
    /// any more, nobody is.
    fn owns(&self, admitted: &Admitted, row: u64) -> Result<bool, StoreError> {
        let rules = self.shared.rules.load();
        let stored = self.recall.message(row)?;
        let opened = stored
            .and_then(|stored| prepare::reopen(&stored, &self.shared.vault, &rules.directory));
        Ok(opened.is_some_and(|(first, _)| match &first.message.kind {
            Some(Kind::Action(action)) => {
                let owner = action.owner.as_ref();
                owner.is_some_and(|owner| *owner.agency == *admitted.key.agency)
            }
            Some(_) | None => false,
        }))
    }

    /// Whose reminders of the date of a message end, and of what has followed it: the date that
    /// holds is that of the newest.
    fn dates_past(
        &self,
        admitted: &Admitted,
        row: u64,
        key: &MessageKey,
        now: OffsetDateTime,
    ) -> Result<Vec<u64>, StoreError> {
        let tokens: Vec<Token> =
            admitted.subjects.iter().flat_map(|subject| subject.tokens.iter().copied()).collect();
        let same_case = |stored: &Stored| stored.settles.as_ref() == Some(key);
        let followed = self.recall.live_custody(&tokens, now)?.into_iter();
        let followed = followed.filter(|(_, stored)| same_case(stored)).map(|(row, _)| row);
        let mut past = Vec::new();
        for row in followed.chain([row]) {
            past.extend(self.recall.held(row)?.iter().map(|held| held.delivery));
        }
        Ok(past)
    }

    /// Who was given a message, for whom it waits, and how those stand in line.
    fn given(&self, held: &[Held], row: u64, found: &mut Found) -> Result<(), StoreError> {
        let messages: Vec<&Held> = held.iter().filter(|held| !held.is_task).collect();
        (found.earlier.holders, found.earlier.waiting) = given_and_waiting(&messages);
        if !found.earlier.holders.is_empty() {
            found.earlier.seen = self.seen(row, &found.earlier.holders)?;
        }
        let waiting = held.iter().filter(|held| held.state == DeliveryState::Waiting);
        found.ahead = waiting.map(|held| held.delivery).collect();
        if !found.ahead.is_empty() {
            found.not_before = self.recall.message(row)?.and_then(|stored| stored.not_before);
        }
        Ok(())
    }

    /// Whom each holder of a message was shown. Of a message that cannot be read any more, nobody.
    fn seen(
        &self,
        row: u64,
        holders: &BTreeSet<DeskName>,
    ) -> Result<BTreeMap<DeskName, BTreeSet<Token>>, StoreError> {
        let rules = self.shared.rules.load();
        let stored = self.recall.message(row)?;
        let opened = stored
            .and_then(|stored| prepare::reopen(&stored, &self.shared.vault, &rules.directory));
        let of = |desk: &DeskName| {
            opened.as_ref().map(|(message, kept)| kept.persons_shown(message, desk))
        };
        Ok(holders.iter().map(|desk| (desk.clone(), of(desk).unwrap_or_default())).collect())
    }

    /// Writes what an accepted message ends: deliveries that wait, even where an earlier attempt was
    /// released, what is asked of whom, and reminders.
    pub(super) fn supersede(
        &self,
        found: &Found,
        draft: &mut Draft,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        draft.batch.excused.extend(&found.excused);
        draft.batch.dates_past.extend(&found.dates_past);
        let Some((cited, ends)) = &found.ends else { return Ok(()) };
        let entry = draft.next_entry();
        let mut ended = Objects::default();
        for one in ends {
            draft.mark(ending(one.delivery, DeliveryState::Withdrawn, entry, now));
            ended.add(|text| {
                text.word("agency", &one.desk.agency)
                    .bytes("delivery", &one.delivery_id)
                    .word("desk", &one.desk.desk)
            });
        }
        let record = Text::new()
            .objects("deliveries", &ended)
            .word("format", RECORD_FORMAT)
            .id("message", cited.id)
            .word("operation", RecordType::Ended.operation())
            .word("party", BROKER_PARTY)
            .word("reason", "withdrawn")
            .word("sender", &cited.agency)
            .word("type", RecordType::Ended.name())
            .close();
        draft.entry(vec![record], &*self.shared.chance).map(|_| ())
    }

    /// What policy reads of a message that is put right. Nothing, where it cannot be read any more:
    /// its holders then get a notice.
    fn facts_of(&self, row: u64) -> Result<Option<KindFacts>, StoreError> {
        let rules = self.shared.rules.load();
        let stored = self.recall.message(row)?;
        let opened = stored
            .and_then(|stored| prepare::reopen(&stored, &self.shared.vault, &rules.directory));
        // What corrects a correction is judged as what that corrected.
        Ok(opened.map(|(original, kept)| {
            let earlier = Earlier { facts: kept.corrected, ..Earlier::default() };
            decision::kind_facts(&original, &earlier)
        }))
    }

    /// The desk whose message is answered, where the sender's agency was given it and it is one
    /// that such a message answers.
    fn answered(&self, admitted: &Admitted) -> Result<Option<(DeskName, Uuid)>, StoreError> {
        let Ok(release) = <[u8; 16]>::try_from(&*admitted.message.in_reply_to) else {
            return Ok(None);
        };
        let found = self.recall.released(&release)?.filter(|released| {
            released.recipient == admitted.key.agency
                && released.kind == answered_kind(admitted.kind)
        });
        Ok(found.map(|released| {
            let desk = DeskName { agency: released.message.agency, desk: released.desk };
            (desk, released.message.id)
        }))
    }
}

const fn waits(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Waiting | DeliveryState::Dead)
}

/// Desks that were given a message, and those for which it waits.
fn given_and_waiting(held: &[&Held]) -> (BTreeSet<DeskName>, BTreeSet<DeskName>) {
    let given: BTreeSet<_> =
        held.iter().filter(|held| held.released).map(|held| held.desk.clone()).collect();
    let waiting = held.iter().filter(|held| waits(held.state)).map(|held| held.desk.clone());
    let waiting = waiting.filter(|desk| !given.contains(desk)).collect();
    (given, waiting)
}

/// Desks that are owed word of what came of a message, and no more: asked something about it in
/// place of being given it, or shown nobody whom this one is about.
fn owed_word(admitted: &Admitted, held: &[Held], earlier: &Earlier) -> BTreeSet<DeskName> {
    let tasks = held.iter().filter(|held| held.is_task && held.released);
    let mut owed: BTreeSet<DeskName> = tasks.map(|held| held.desk.clone()).collect();
    owed.retain(|desk| !earlier.holders.contains(desk));
    owed.extend(strangers(admitted, earlier));
    owed
}

/// Holders of a message that were shown nobody whom this one is about.
fn strangers(admitted: &Admitted, earlier: &Earlier) -> BTreeSet<DeskName> {
    let meets = |seen: &BTreeSet<Token>| {
        let mut subjects = admitted.subjects.iter();
        subjects.any(|one| one.tokens.is_empty() || one.tokens.iter().any(|t| seen.contains(t)))
    };
    let strangers = earlier.seen.iter().filter(|(_, seen)| !meets(seen));
    strangers.map(|(desk, _)| desk.clone()).collect()
}

/// What becomes of the documents of a message that is to be erased.
fn erased(admitted: &Admitted, found: &Found) -> Option<AttachmentChange> {
    let erases = match &admitted.message.kind {
        Some(Kind::Correction(correction)) => correction.action() == wire::CorrectionAction::Erase,
        Some(_) | None => false,
    };
    let message = found.settles.filter(|_| erases)?;
    Some(AttachmentChange::Erase { message })
}

/// Whether what was asked of the recipients of the earlier message is still to be done.
fn leaves_something_to_do(admitted: &Admitted) -> bool {
    match &admitted.message.kind {
        Some(Kind::Correction(correction)) => {
            correction.action() == wire::CorrectionAction::Rectify
        }
        Some(_) | None => false,
    }
}

/// Whether a message changes the date of what it cites, or takes it back.
fn ends_dates(admitted: &Admitted) -> bool {
    match &admitted.message.kind {
        Some(Kind::Custody(_)) => true,
        Some(Kind::Correction(_)) => {
            admitted.cites().is_some_and(|cited| cited.reach == Reach::HoldersOnly)
        }
        Some(_) | None => false,
    }
}

/// Whether a correction carries content of its own, which is judged as what it corrects was.
fn says_something_new(admitted: &Admitted) -> bool {
    match &admitted.message.kind {
        Some(Kind::Correction(correction)) => matches!(
            correction.action(),
            wire::CorrectionAction::Rectify | wire::CorrectionAction::Supplement
        ),
        Some(_) | None => false,
    }
}

/// The kind of message that one of this kind answers.
const fn answered_kind(kind: MessageKind) -> MessageKind {
    match kind {
        MessageKind::Response => MessageKind::Request,
        other => other,
    }
}
