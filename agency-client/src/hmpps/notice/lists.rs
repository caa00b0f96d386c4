//! Registrations of probation and alerts of prisons: MAPPA, and lists of offender management.
//!
//! Owns: the codes of both, and what an entry's life leads to. Promises: a new entry is a
//! notification where category and level are both determined, or a proposal for the co-ordinator's
//! desk, since nobody is put on a list but by a panel; a deleted entry takes back the message it
//! led to; one that ended adds to what was told of it, where the memory knows that; who leaves a list or changes level is told by people, who can cite what decided it.
//! Deliberately does not know: other registers and alerts, and whether the entry was published.
//!
//! Source of the codes: the public code lists of the prison and probation services. Category X9
//! and level M0 are probation's words for what is not determined yet.

use proto::exchange::v1::{
    Addressee, Correction, CorrectionAction, Field, Flag, FlagAction, FlagKind, IdentifierType,
    Mappa, MappaStep, Statement, Urgency, message::Kind,
};
use serde_json::Value;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Change, Decision, Draft, Reader, message_id};
use crate::hmpps::compose::known_by;
use crate::hmpps::document::{self, Object};
use crate::hmpps::memory::{ImportMemory, Noted};
use crate::hmpps::moment;
use crate::hmpps::outcome::{NotShareableReason as Kept, QuarantineReason};
use crate::hmpps::person;
use crate::hmpps::profile::{Footing, ImportProfile};

/// Age past which an entry is no longer told, in days: as long as a queue of the source keeps
/// what is not collected. Neither kind of message says when somebody was entered, so that an old
/// entry, perhaps ended since, would pass for one of today.
const NEWS_DAYS: i64 = 14;

/// Probation's registers as a source of entries.
const REGISTRATION: &str = "registration";

/// Which list a code is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Mappa,
    Flag(FlagKind),
}

/// What a new entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    /// Category and level; `None` where not determined.
    Mappa(Option<(u32, u32)>),
    Flag(FlagKind),
}

impl Entry {
    const fn list(self) -> List {
        match self {
            Self::Mappa(_) => List::Mappa,
            Self::Flag(kind) => List::Flag(kind),
        }
    }
}

/// One entry of one person, and what happened to it.
struct Record<'a> {
    /// `registration` or `alert`: enters the id, never changed.
    source: &'a str,
    register: IdentifierType,
    number: &'a str,
    /// The entry's own id in its source; of a registration's end, the end's.
    id: &'a str,
    /// By what its end names it: the register of a registration, the own id of an alert.
    ends_by: &'a str,
    change: Change,
}

/// Decides on an event of probation's registers.
pub(super) fn registration(
    body: &Object,
    change: Change,
    reader: Reader<'_>,
) -> Result<Decision, QuarantineReason> {
    let none = Object::new();
    let details = document::object(body, "additionalInformation").unwrap_or(&none);
    let register = code(details, "registerTypeCode")?.ok_or(QuarantineReason::UnknownCode)?;
    let list = match register.as_str() {
        "MAPP" => List::Mappa,
        "IIOM" => List::Flag(FlagKind::Iom),
        _ => return Ok(Decision::Keep(Kept::Registration)),
    };
    let Some(footing) = footing(list, reader.profile) else {
        return Ok(Decision::Keep(Kept::Registration));
    };
    if let Some(kept) = untold(change, reader) {
        return Ok(Decision::Keep(kept));
    }
    let entry = match list {
        List::Flag(kind) => Entry::Flag(kind),
        // Only an entry that is made says its category and level.
        List::Mappa if change == Change::Added => Entry::Mappa(registered(details)?),
        List::Mappa => Entry::Mappa(None),
    };
    // An entry's end has an id of its own, and does not give that of the entry.
    let name = if change == Change::Ended { "deregistrationId" } else { "registrationId" };
    let id = record_id(details, name).ok_or(QuarantineReason::MissingRecordId)?;
    let crn = person::crn(body)?;
    let record = Record {
        source: REGISTRATION,
        register: IdentifierType::Crn,
        number: crn.canonical(),
        id: &id,
        ends_by: &register,
        change,
    };
    tell(&record, entry, footing, moment::occurred_at(body, reader.now)?, reader)
}

/// Decides on an event of a prison's alerts.
pub(super) fn alert(
    body: &Object,
    change: Change,
    reader: Reader<'_>,
) -> Result<Decision, QuarantineReason> {
    let none = Object::new();
    let details = document::object(body, "additionalInformation").unwrap_or(&none);
    let alert = code(details, "alertCode")?.ok_or(QuarantineReason::UnknownCode)?;
    let entry = alerted(&alert);
    let of_entry = entry.and_then(|entry| Some((entry, footing(entry.list(), reader.profile)?)));
    let Some((entry, footing)) = of_entry else {
        return Ok(Decision::Keep(Kept::Alert));
    };
    if let Some(kept) = untold(change, reader) {
        return Ok(Decision::Keep(kept));
    }
    // An alert keeps its code: one that tells too little never led to a message to take back.
    if entry == Entry::Mappa(None) {
        return Ok(Decision::Keep(Kept::MappaUndetermined));
    }
    let id = document::text(details, "alertUuid")
        .and_then(|text| Uuid::try_parse(text).ok())
        .filter(|id| !id.is_nil())
        .ok_or(QuarantineReason::MissingRecordId)?
        .to_string();
    let noms = person::noms(body)?;
    let record = Record {
        source: "alert",
        register: IdentifierType::Noms,
        number: noms.canonical(),
        id: &id,
        ends_by: &id,
        change,
    };
    tell(&record, entry, footing, moment::occurred_at(body, reader.now)?, reader)
}

fn footing(list: List, profile: &ImportProfile) -> Option<&Footing> {
    match list {
        List::Mappa => profile.shares.mappa.as_ref(),
        List::Flag(_) => profile.shares.flags.as_ref().map(|share| &share.footing),
    }
}

/// Why a change cannot be told from its event alone; `None` where it can.
const fn untold(change: Change, reader: Reader<'_>) -> Option<Kept> {
    match change {
        Change::Added | Change::Deleted => None,
        Change::Updated => Some(Kept::DetailUntold),
        Change::Ended if reader.memory.is_some() => None,
        Change::Ended => Some(Kept::DecisionUntold),
    }
}

/// A code in capitals; `None` where absent or blank.
fn code(details: &Object, name: &str) -> Result<Option<String>, QuarantineReason> {
    match details.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            let text = text.trim();
            Ok((!text.is_empty()).then(|| text.to_ascii_uppercase()))
        }
        Some(_) => Err(QuarantineReason::UnknownCode),
    }
}

/// The id of a registration: digits, as text or number.
fn record_id(details: &Object, name: &str) -> Option<String> {
    let text = match details.get(name)? {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let is_id = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then_some(text)
}

/// Category and level of a MAPPA registration.
fn registered(details: &Object) -> Result<Option<(u32, u32)>, QuarantineReason> {
    let category = match code(details, "registrationCategoryCode")?.as_deref() {
        None | Some("X9") => None,
        Some("M1") => Some(1),
        Some("M2") => Some(2),
        Some("M3") => Some(3),
        Some("M4") => Some(4),
        Some(_) => return Err(QuarantineReason::UnknownCode),
    };
    let level = match code(details, "registrationLevelCode")?.as_deref() {
        None | Some("M0") => None,
        Some("M1") => Some(1),
        Some("M2") => Some(2),
        Some("M3") => Some(3),
        Some(_) => return Err(QuarantineReason::UnknownCode),
    };
    match category.zip(level) {
        Some((3, 1)) => Err(QuarantineReason::ContradictoryRegistration),
        both => Ok(both),
    }
}

/// What an alert says; `None` for all but MAPPA and the lists of offender management. Codes that
/// are no longer given out say less, and are known since they come in history.
fn alerted(code: &str) -> Option<Entry> {
    let mappa = |category, level| Some(Entry::Mappa(Some((category, level))));
    match code {
        "OPPO" => Some(Entry::Flag(FlagKind::Ppo)),
        "OIOM" => Some(Entry::Flag(FlagKind::Iom)),
        "P22" => mappa(1, 1),
        "P33" => mappa(1, 2),
        "P44" => mappa(1, 3),
        "P66" => mappa(2, 1),
        "P77" => mappa(2, 2),
        "P88" => mappa(2, 3),
        "P99" => mappa(3, 2),
        "PA1" => mappa(3, 3),
        "P101" => mappa(4, 1),
        "P102" => mappa(4, 2),
        "P103" => mappa(4, 3),
        "P0" | "P1" | "P2" | "P3" | "P11" | "P55" | "P100" | "PC1" | "PC2" | "PC3" | "PL1"
        | "PL2" | "PL3" => Some(Entry::Mappa(None)),
        _ => None,
    }
}

/// The message of an entry that was made, ended or deleted.
fn tell(
    record: &Record<'_>,
    entry: Entry,
    footing: &Footing,
    occurred_at: OffsetDateTime,
    reader: Reader<'_>,
) -> Result<Decision, QuarantineReason> {
    let profile = reader.profile;
    let made = [record.source, record.number, record.id];
    match record.change {
        Change::Deleted => {
            let deleted = [record.source, record.number, record.id, "deleted"];
            let earlier = message_id(profile, &made);
            let withdrawal = correction(CorrectionAction::Withdraw, earlier.to_string());
            let told = draft(record, &deleted, footing, withdrawal).once(profile);
            return Ok(told.noting(Noted::TakenBack(earlier)));
        }
        Change::Ended => return Ok(ended(record, entry, footing, occurred_at, reader)),
        Change::Added | Change::Updated => {}
    }
    if reader.now - occurred_at > Duration::days(NEWS_DAYS) {
        return Ok(Decision::Keep(Kept::Overtaken));
    }
    let kind = match entry {
        Entry::Mappa(None) => return Ok(Decision::Keep(Kept::MappaUndetermined)),
        Entry::Mappa(Some((category, level))) => Kind::Mappa(Mappa {
            step: MappaStep::Notification.into(),
            category,
            level,
            ..Mappa::default()
        }),
        Entry::Flag(kind) => Kind::Flag(proposal(kind, profile)),
    };
    let digest = ImportMemory::digest(&profile.id_key, &record.remembered());
    let told = draft(record, &made, footing, kind).once(profile);
    Ok(told.noting(Noted::Begun { digest, at: occurred_at }))
}

impl<'a> Record<'a> {
    /// By what its end finds it in the memory.
    const fn remembered(&self) -> [&'a str; 4] {
        ["entry", self.source, self.number, self.ends_by]
    }
}

/// An entry that is no longer in force: added to what was told of it. It was right when it was told,
/// so nothing is taken back; and nobody leaves a list or MAPPA by it, which takes a decision. Where
/// no entry was told there is nothing to add to.
fn ended(
    record: &Record<'_>,
    entry: Entry,
    footing: &Footing,
    occurred_at: OffsetDateTime,
    reader: Reader<'_>,
) -> Decision {
    let newest = |memory: &ImportMemory| memory.newest(&record.remembered(), occurred_at);
    let Some(earlier) = reader.memory.and_then(newest) else {
        return Decision::Keep(Kept::DecisionUntold);
    };
    let facts = [record.source, record.number, record.id, "ended"];
    let supplement = correction(CorrectionAction::Supplement, earlier.to_string());
    let mut told = draft(record, &facts, footing, supplement);
    if record.source == REGISTRATION {
        // Its end does not say which entry of the register it is: the two share no case.
        told.case.clear();
    }
    told.statements = vec![Statement {
        field: Field::Narrative.into(),
        footing: proto::exchange::v1::Footing::Fact.into(),
        subjects: vec![0],
        text: in_words(record, entry, moment::british_day(occurred_at)),
    }];
    told.once(reader.profile)
}

/// What is said of an end: what the event carries, and what it does not.
fn in_words(record: &Record<'_>, entry: Entry, day: Date) -> String {
    let still = match entry {
        Entry::Mappa(_) => "Whether the person is managed under MAPPA is for the panel to say",
        Entry::Flag(_) => "Whether the person belongs on the list is for the panel to say",
    };
    let what = if record.source == REGISTRATION {
        "a registration of this kind was ended; the event does not say which, if there is another"
    } else {
        "the alert from which this was told was made inactive"
    };
    format!("On {day} {what}. {still}: ask the sender before relying on either.")
}

fn correction(action: CorrectionAction, message_id: String) -> Kind {
    Kind::Correction(Correction { message_id, action: action.into(), ..Correction::default() })
}

/// A proposal to the desk that the profile names: it puts nobody on a list.
fn proposal(kind: FlagKind, profile: &ImportProfile) -> Flag {
    let owner = profile.shares.flags.as_ref().map(|share| Addressee {
        agency: share.owner_agency.clone(),
        desk: share.owner_desk.clone(),
    });
    Flag { flag_kind: kind.into(), action: FlagAction::Propose.into(), owner, ..Flag::default() }
}

fn draft<'a>(
    record: &Record<'a>,
    facts: &[&'a str],
    footing: &'a Footing,
    kind: Kind,
) -> Draft<'a> {
    Draft {
        footing,
        facts: facts.to_vec(),
        case: vec![record.source, record.number, record.id],
        subjects: vec![known_by(record.register, &[record.number])],
        urgency: Urgency::Routine,
        statements: Vec::new(),
        kind,
    }
}
