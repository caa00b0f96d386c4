//! How a desk reads again what it was given: for its briefing, or all of it about one person.
//!
//! Promises that nothing is shown that was not released to that desk, or would not be released
//! today; that the look is in the ledger before the first answer; and that how long the search
//! takes turns on what the desk was given and never on whom it asks about. Holds one page of bodies
//! at a time. Deliberately does not know: how a briefing is laid out.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use prost::Message as _;
use prost::bytes::Bytes;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use proto::exchange::v1::{Attestation, Purpose, WorklistReason};
use proto::limits::WORKLIST_ITEMS_MAX;
use proto::text::Named as _;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::chance::Chance;
use crate::delivery::outbox::{Had, Which};
use crate::directory::MessageKind;
use crate::exchange::deliver::Delivering;
use crate::exchange::look::Look;
use crate::ledger::journal::StoreError;
use crate::message::kinds::days::british_day;
use crate::message::people::{plain_name, routes};
use crate::message::{MessageKey, moment, stamp};
use crate::parcel;
use crate::prepare::{Before, as_given, reopen};
use crate::register::DeskName;
use crate::rules::Rules;
use crate::seal::Part;

/// Worklists of one agency that are read at once.
pub const AT_ONCE_MAX: usize = 2;
/// Rows, and bodies, held at once.
const PAGE_ROWS: u32 = 32;
/// Rows looked at for one worklist, the last given first.
const SCANNED_ROWS_MAX: usize = 20_000;
/// So many days after today a release is still this week's.
const RELEASES_AHEAD_DAYS: i64 = 7;
const CALL: &str = "read-worklist";

/// What is asked for.
pub struct Asked {
    /// Desk: one of the caller's own.
    pub desk: DeskName,
    /// Calling node.
    pub node: Arc<str>,
    /// Person who reads (opaque id).
    pub person: Uuid,
    /// Why.
    pub purpose: Purpose,
    /// Of what.
    pub of: Of,
}

/// Of what a worklist is.
pub enum Of {
    /// The briefing: what is new, and what stands open.
    News {
        /// New is what was given from then.
        since: OffsetDateTime,
        /// And before then; `None`: until now.
        until: Option<OffsetDateTime>,
    },
    /// Everything about one person.
    Person(Person),
}

/// Who is asked about: by numbers as their registers write them, and by name.
pub struct Person {
    /// Numbers, in normal form.
    pub numbers: Vec<wire::Identifier>,
    /// Name; empty: not given.
    pub name: String,
    /// Birth date; empty: not given.
    pub birth_date: String,
}

impl Person {
    /// Whether a released message shows this person as one who may be looked for: victims,
    /// witnesses and others are found by nobody. Reads nothing but what the desk was given.
    fn is_shown_by(&self, shown: &wire::ReleasedMessage) -> bool {
        let name = plain_name(&self.name);
        shown.subjects.iter().filter(|subject| routes(subject.category())).any(|subject| {
            let (asked, known) = (&self.birth_date, &subject.birth_date);
            let may_be = asked.is_empty() || known.is_empty() || asked == known;
            let named = !name.is_empty() && plain_name(&subject.name) == name && may_be;
            named || subject.identifiers.iter().any(|number| self.numbers.contains(number))
        })
    }
}

/// Why a worklist cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WorklistError {
    /// The rules of this moment are not known for certain.
    #[error("which agreements are in force is not certain")]
    Held,
    /// The store failed, or the look could not be recorded.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// What was chosen, and is on record as read.
pub struct Chosen {
    /// The moment it is of.
    pub at: OffsetDateTime,
    /// Places of the releases, the last first.
    pub places: Vec<u64>,
    /// Whether there is more, earlier, that one worklist does not hold.
    pub more: bool,
}

/// Reads worklists.
#[derive(Clone)]
pub struct Worklists {
    /// What delivering needs.
    pub delivering: Delivering,
    /// Chance.
    pub chance: Arc<dyn Chance>,
}

impl Worklists {
    /// Chooses what the desk may have, and puts the look on record. Whoever has its answer may show
    /// what was chosen.
    ///
    /// # Errors
    /// Nothing may be answered: see [`WorklistError`].
    pub async fn open(&self, asked: &Arc<Asked>) -> Result<Chosen, WorklistError> {
        let (this, of) = (self.clone(), Arc::clone(asked));
        let (found, at) = beside(move || this.choose(&of)).await?;
        self.record(asked, &found).await?;
        let places = found.items.iter().map(|item| item.place).collect();
        Ok(Chosen { at, places, more: found.more })
    }

    /// Reads the items at some places. What was taken back meanwhile is left out.
    ///
    /// # Errors
    /// See [`WorklistError`].
    pub async fn read(
        &self,
        asked: &Arc<Asked>,
        places: Vec<u64>,
    ) -> Result<Vec<wire::WorklistItem>, WorklistError> {
        let (this, asked) = (self.clone(), Arc::clone(asked));
        beside(move || {
            let (rules, now) = this.moment()?;
            let mut items = Vec::new();
            for place in places {
                let had = this.delivering.outbox.had(&asked.desk, Which::At(place), now)?;
                for had in had {
                    if let Some(seen) = this.see(&asked, &had, &rules, now) {
                        items.push(this.item(&asked.desk, had, seen));
                    }
                }
            }
            Ok(items)
        })
        .await
    }

    /// The rules and the time of this moment.
    fn moment(&self) -> Result<(Arc<Rules>, OffsetDateTime), WorklistError> {
        let reading = self.delivering.clock.reading();
        let rules =
            Rules::of_moment(&self.delivering.rules, &reading).ok_or(WorklistError::Held)?;
        Ok((rules, reading.span().latest))
    }

    /// Looks through what the desk was given. Every row is opened, decided and packed, whoever
    /// is asked about.
    fn choose(&self, asked: &Asked) -> Result<(Found, OffsetDateTime), WorklistError> {
        let (rules, now) = self.moment()?;
        let mut found = Found::default();
        let (mut before, mut scanned) = (u64::MAX, 0);
        loop {
            let which = Which::Before(before, PAGE_ROWS);
            let page = self.delivering.outbox.had(&asked.desk, which, now)?;
            let full = page.len() >= PAGE_ROWS as usize;
            scanned += page.len();
            for had in page {
                before = had.place;
                let seen = self.see(asked, &had, &rules, now);
                found.add(&had, seen);
            }
            found.more = full && (scanned >= SCANNED_ROWS_MAX || found.is_full());
            if !full || found.more {
                found.settle(|key| {
                    key.reference_of(&asked.desk.agency, &self.delivering.vault).into()
                });
                return Ok((found, now));
            }
        }
    }

    /// What the desk may see of something it was given, if that belongs into what it asks for.
    fn see(&self, asked: &Asked, had: &Had, rules: &Rules, now: OffsetDateTime) -> Option<Seen> {
        if had.withdrawn || is_gone_there(had) || had.owes.delete_by.is_some_and(|by| by <= now) {
            return None;
        }
        let stored = &had.message;
        if stored.kind == MessageKind::Task {
            return self.see_advice(asked, had, now);
        }
        // Of an agency that has left nothing would be released.
        rules.directory.desk_index(&stored.key.agency, &stored.desk)?;
        let Some((admitted, kept)) = reopen(stored, &self.delivering.vault, &rules.directory)
        else {
            return erased(asked, had, now);
        };
        let earlier = stored.settles.as_ref().filter(|_| kept.waits_for_earlier(&asked.desk));
        let preceding = earlier.map_or(Before::Nothing, |key| {
            let given = self.delivering.outbox.was_given(&asked.desk, key).unwrap_or(false);
            if given { Before::Given } else { Before::NotGiven }
        });
        let of = (&asked.desk, had.task, had.shown);
        let view = as_given(&admitted, &kept, of, preceding, rules, now).ok()?;
        if view.delete_by.is_some_and(|by| by <= now) {
            return None;
        }
        let bytes = parcel::pack(&admitted, &view, stored.accepted_at).bytes;
        let shown = wire::ReleasedMessage::decode(bytes.clone()).ok()?;
        match &asked.of {
            Of::Person(person) => {
                let about = person.is_shown_by(&shown);
                about.then(|| Seen::of(bytes, Vec::new()))
            }
            Of::News { since, until } => {
                let is_new = had.at >= *since && until.is_none_or(|until| had.at < until);
                let reasons = reasons(had, Some(&shown), is_new, now);
                (!reasons.is_empty()).then(|| Seen::of(bytes, reasons))
            }
        }
    }

    /// What the broker itself told the desk: about nobody, and nothing is decided of it.
    fn see_advice(&self, asked: &Asked, had: &Had, now: OffsetDateTime) -> Option<Seen> {
        let Of::News { since, until } = &asked.of else { return None };
        let stored = &had.message;
        let key = self.delivering.vault.unwrap(&stored.wrapped_key).ok()?;
        let body = key.open(Part::Message, &stored.key.place(), &stored.body).ok()?;
        let body = Bytes::from(body);
        let shown = wire::ReleasedMessage::decode(body.clone()).ok()?;
        let is_new = had.at >= *since && until.is_none_or(|until| had.at < until);
        let reasons = reasons(had, Some(&shown), is_new, now);
        (!reasons.is_empty()).then_some(Seen { body, reasons, concerns: shown.concerns })
    }

    fn item(&self, desk: &DeskName, had: Had, seen: Seen) -> wire::WorklistItem {
        let reference = |key: &MessageKey| key.reference_of(&desk.agency, &self.delivering.vault);
        let settles = had.message.settles.as_ref().map(&reference);
        // What fell due while the clock is not believed is not called overdue yet.
        let settled = self.delivering.clock.reading().settled();
        let duty = |owed: Attestation, due: Option<OffsetDateTime>| {
            due.map(|due| wire::WorklistDuty {
                owed: owed.into(),
                due: Some(stamp(due)),
                overdue: due < settled,
            })
        };
        let duties = [
            duty(Attestation::Acted, had.owes.act_by),
            duty(Attestation::Corrected, had.owes.correct_by),
            duty(Attestation::Deleted, had.owes.delete_by),
        ];
        let attested = had.attested.iter().map(|(attestation, at)| wire::AttestedOutcome {
            attestation: *attestation,
            at: Some(stamp(*at)),
        });
        wire::WorklistItem {
            delivery_id: had.delivery_id.to_vec().into(),
            release_id: had.release_id.to_vec().into(),
            reference: reference(&had.message.key).into(),
            settles_reference: settles.unwrap_or_default().into(),
            given_at: Some(stamp(had.at)),
            reasons: seen.reasons.into_iter().map(i32::from).collect(),
            body: seen.body,
            duties: duties.into_iter().flatten().collect(),
            attested: attested.collect(),
        }
    }

    /// Puts the look on record (DPA 2018 s.62). Durable when it returns.
    async fn record(&self, asked: &Asked, found: &Found) -> Result<(), StoreError> {
        let look = Look {
            call: CALL,
            desk: &asked.desk,
            node: &asked.node,
            person: asked.person,
            purpose: asked.purpose,
            count: found.items.len(),
            content: content(asked, found),
        };
        look.record(&self.delivering.vault, &*self.chance, &self.delivering.queue).await
    }
}

/// Something the desk may have, as it is shown.
struct Seen {
    body: Bytes,
    reasons: Vec<WorklistReason>,
    /// The desk's references of what the broker's own word is about.
    concerns: Vec<Bytes>,
}

impl Seen {
    const fn of(body: Bytes, reasons: Vec<WorklistReason>) -> Self {
        Self { body, reasons, concerns: Vec::new() }
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
    /// What the desk was given under several names is one item.
    known: HashSet<(MessageKey, i32)>,
    /// Messages in whose place later ones have come.
    superseded: HashSet<MessageKey>,
    /// Messages that were taken back.
    withdrawn: HashSet<MessageKey>,
    more: bool,
}

/// One item that was found.
struct Item {
    place: u64,
    key: MessageKey,
    task: i32,
    delivery_id: [u8; 16],
    concerns: Vec<Bytes>,
}

impl Found {
    fn is_full(&self) -> bool {
        self.items.len() >= WORKLIST_ITEMS_MAX
    }

    fn add(&mut self, had: &Had, seen: Option<Seen>) {
        let message = &had.message;
        if had.withdrawn {
            self.withdrawn.insert(message.key.clone());
        }
        let follows = takes_the_place(message.kind) && had.task == 0 && !had.withdrawn;
        if let (Some(earlier), true) = (&message.settles, follows && !had.shown.notice_only()) {
            self.superseded.insert(earlier.clone());
        }
        let (key, task) = (message.key.clone(), had.task);
        if let Some(seen) = seen
            && !self.is_full()
            && self.known.insert((key.clone(), task))
        {
            let (place, delivery_id, concerns) = (had.place, had.delivery_id, seen.concerns);
            self.items.push(Item { place, key, task, delivery_id, concerns });
        }
    }

    /// Leaves out what something later has taken the place of, and the broker's own word about that
    /// and about what was taken back. `reference`: the desk's own of a message.
    fn settle(&mut self, reference: impl Fn(&MessageKey) -> Bytes) {
        let superseded = std::mem::take(&mut self.superseded);
        let mut gone: HashSet<Bytes> = HashSet::new();
        if self.items.iter().any(|item| !item.concerns.is_empty()) {
            gone.extend(superseded.iter().chain(&self.withdrawn).map(reference));
        }
        self.items.retain(|item| {
            let stands = !item.concerns.iter().any(|concern| gone.contains(concern));
            stands && (item.task != 0 || !superseded.contains(&item.key))
        });
    }
}

/// Kinds of which what is said later of a matter stands in place of what was said before.
const fn takes_the_place(kind: MessageKind) -> bool {
    match kind {
        MessageKind::Custody | MessageKind::Placement | MessageKind::Court => true,
        MessageKind::Intelligence
        | MessageKind::Mappa
        | MessageKind::Flag
        | MessageKind::Correction
        | MessageKind::Task
        | MessageKind::DrugTest
        | MessageKind::Enforcement
        | MessageKind::Action
        | MessageKind::Referral
        | MessageKind::Request
        | MessageKind::Response => false,
    }
}

/// Whether the desk says that it has it no more.
fn is_gone_there(had: &Had) -> bool {
    let gone = [Attestation::Deleted as i32, Attestation::Returned as i32];
    had.attested.iter().any(|(what, _)| gone.contains(what))
}

/// What is left of an item whose body is no longer kept: that there was one, in a briefing.
fn erased(asked: &Asked, had: &Had, now: OffsetDateTime) -> Option<Seen> {
    let Of::News { since, until } = &asked.of else { return None };
    let is_new = had.at >= *since && until.is_none_or(|until| had.at < until);
    let reasons = reasons(had, None, is_new, now);
    (!reasons.is_empty()).then(|| Seen::of(Bytes::new(), reasons))
}

/// Why something stands in a briefing.
fn reasons(
    had: &Had,
    shown: Option<&wire::ReleasedMessage>,
    is_new: bool,
    now: OffsetDateTime,
) -> Vec<WorklistReason> {
    let has = |what: Attestation| had.attested.iter().any(|(said, _)| *said == what as i32);
    let kind = shown.and_then(|shown| shown.kind.as_ref());
    let is_task = had.task != 0;
    let is_answered = has(Attestation::Acted) || has(Attestation::NotSamePerson);
    [
        (WorklistReason::New, is_new),
        (WorklistReason::Release, kind.is_some_and(|kind| is_release_ahead(kind, now))),
        (WorklistReason::Flag, is_new && matches!(kind, Some(Kind::Flag(_)))),
        (WorklistReason::Action, had.owes.act_by.is_some() && !is_task),
        (WorklistReason::Correction, had.owes.correct_by.is_some()),
        (WorklistReason::Match, is_task && !is_answered),
    ]
    .into_iter()
    .filter_map(|(reason, holds)| holds.then_some(reason))
    .collect()
}

/// Whether somebody leaves custody today or in the days that follow, as days are counted in
/// Britain.
fn is_release_ahead(kind: &Kind, now: OffsetDateTime) -> bool {
    use wire::{CustodyCertainty, CustodyEvent};
    let Kind::Custody(custody) = kind else { return false };
    let leaves = matches!(
        custody.event(),
        CustodyEvent::Release | CustodyEvent::TemporaryAbsence | CustodyEvent::ReleasedInError
    );
    let stands =
        matches!(custody.certainty(), CustodyCertainty::Provisional | CustodyCertainty::Confirmed);
    let today = british_day(now);
    let last = today.saturating_add(Duration::days(RELEASES_AHEAD_DAYS));
    let day = custody.occurred_at.as_ref().and_then(moment).map(british_day);
    leaves && stands && day.is_some_and(|day| today <= day && day <= last)
}

/// What the sealed record of a look says, and what the open one commits to.
fn content(asked: &Asked, found: &Found) -> Vec<u8> {
    let seconds = |moment: OffsetDateTime| moment.unix_timestamp();
    let (since, until) = match &asked.of {
        Of::News { since, until } => (Some(seconds(*since)), until.map(seconds)),
        Of::Person(_) => (None, None),
    };
    let person = match &asked.of {
        Of::News { .. } => None,
        Of::Person(person) => {
            let numbers = person.numbers.iter().map(|one| (one.r#type().name(), &*one.value));
            let numbers: Vec<_> = numbers.collect();
            Some(json!({"birth_date": person.birth_date, "name": person.name, "numbers": numbers}))
        }
    };
    json!({
        "deliveries": found.items.iter().map(|item| hex::encode(item.delivery_id)).collect::<Vec<_>>(),
        "about": person,
        "desk": &*asked.desk.desk,
        "person": asked.person.to_string(),
        "purpose": asked.purpose.name(),
        "since": since,
        "until": until,
    })
    .to_string()
    .into_bytes()
}

/// Reads beside the threads that serve everybody's calls.
async fn beside<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, WorklistError> + Send + 'static,
) -> Result<T, WorklistError> {
    let stopped = |_| Err(StoreError::Unavailable("a reader stopped".into()).into());
    tokio::task::spawn_blocking(read).await.unwrap_or_else(stopped)
}

/// How many worklists each agency reads just now.
#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<BTreeMap<Arc<str>, usize>>>);

/// Leave to read one; given back when it is dropped.
pub struct Turn {
    turns: Turns,
    agency: Arc<str>,
}

impl Turns {
    /// Leave for an agency to read one more; `None`: it reads as many as it may.
    #[must_use]
    pub fn take(&self, agency: &Arc<str>) -> Option<Turn> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(Arc::clone(agency)).or_default();
        (*count < AT_ONCE_MAX).then(|| {
            *count += 1;
            Turn { turns: self.clone(), agency: Arc::clone(agency) }
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.agency) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::SubjectCategory::{Associate, Managed, Other, Suspect, Victim, Witness};

    /// Somebody (invented) as a desk is shown them.
    fn shown(category: wire::SubjectCategory, birth_date: &str) -> wire::ReleasedMessage {
        let number = wire::Identifier {
            r#type: wire::IdentifierType::Noms.into(),
            value: "A3401AA".to_owned(),
        };
        wire::ReleasedMessage {
            subjects: vec![wire::Subject {
                identifiers: vec![number],
                category: category.into(),
                name: "Invented Brook".to_owned(),
                birth_date: birth_date.to_owned(),
                ..wire::Subject::default()
            }],
            ..wire::ReleasedMessage::default()
        }
    }

    fn by_name(name: &str, birth_date: &str) -> Person {
        let (name, birth_date) = (name.to_owned(), birth_date.to_owned());
        Person { numbers: Vec::new(), name, birth_date }
    }

    #[test]
    fn victims_witnesses_and_others_are_found_by_neither_name_nor_number() {
        let numbers = shown(Managed, "").subjects.remove(0).identifiers;
        let by_number = Person { numbers, ..by_name("", "") };
        for (category, found) in [
            (Suspect, true),
            (Managed, true),
            (Victim, false),
            (Witness, false),
            (Associate, false),
            (Other, false),
        ] {
            let message = shown(category, "1990-07-21");
            assert_eq!(by_name("brook, INVENTED", "").is_shown_by(&message), found, "{category:?}");
            assert_eq!(by_number.is_shown_by(&message), found, "{category:?}");
        }
    }

    #[test]
    fn whoever_was_shown_to_have_another_birth_date_is_somebody_else() {
        for (asked, known, found) in [
            ("1990-07-21", "1990-07-21", true),
            ("1990-07-21", "1991-07-21", false),
            ("1990-07-21", "", true),
            ("", "1991-07-21", true),
        ] {
            let person = by_name("Invented Brook", asked);
            assert_eq!(person.is_shown_by(&shown(Managed, known)), found, "{asked} {known}");
        }
    }
}
