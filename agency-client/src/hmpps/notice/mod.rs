//! News of records: registrations and alerts, recalls, arrivals, merges and erasures.
//!
//! Owns: which of it supports a lawful message by itself, and that message. Promises: nothing is
//! shared of a kind for which the profile has no section; what the event does not carry is not
//! made up, so that a panel's decision or an earlier level that is missing keeps the event back with a
//! reason of its own; a record that is deleted takes back exactly the message it led to; what ended
//! is told of what the memory says began, and of nothing else. Deliberately does not know: what stands behind an event's address, which this adapter
//! never opens.

mod identity;
mod lists;
mod placements;

use proto::exchange::v1::{
    Enforcement, EnforcementMatter, EnforcementOutcome, EnforcementStep, IdentifierType, Message,
    Statement, Subject, Urgency, message::Kind,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::compose::{self, HISTORIC_HOURS};
use super::document::{self, Object};
use super::keyed_ids::{self, Use};
use super::memory::{ImportMemory, Noted};
use super::moment;
use super::outcome::{NotShareableReason as Kept, QuarantineReason};
use super::person::{self, Crn};
use super::profile::{Footing, ImportProfile, Shares};

/// How far a recall may lie ahead of the reader's clock, in hours: it is no plan, and the broker
/// takes none that is.
const AHEAD_HOURS_MAX: i64 = 1;

/// What an event of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// An entry in a register of probation.
    Registration(Change),
    /// An alert on a prison record.
    Alert(Change),
    /// A recall is being considered.
    RecallConsidered,
    /// A manager has decided on a recall.
    RecallOversight,
    /// A recommendation was deleted.
    RecallTakenBack,
    /// A recall was raised with probation.
    RecallRaised,
    /// A breach, or the end of a breach or recall: neither matter nor result is in the event.
    EnforcementUntold,
    /// Somebody arrived where they are to live.
    Arrival(Premises),
    /// Somebody left where they lived.
    Departure(Premises),
    /// A changed arrival or departure: what changed is not in the event.
    PlacementUntold,
    /// Two numbers are one person's, or are not.
    Identity(IdentityEvent),
    /// Somebody's record was erased.
    Erasure,
}

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Made.
    Added,
    /// Changed; the event does not say in what.
    Updated,
    /// No longer in force.
    Ended,
    /// Removed, as if it had never been.
    Deleted,
}

/// Where somebody arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Premises {
    /// Approved premises.
    Approved,
    /// Accommodation on release, for a time.
    Transitional,
}

/// News of whose a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdentityEvent {
    /// Two prison numbers are one person's.
    PrisonMerge,
    /// Two case numbers are one person's.
    CaseMerge,
    /// Two case numbers are two persons'.
    CaseUnmerge,
}

impl IdentityEvent {
    /// Whose register it is of.
    const fn register(self) -> IdentifierType {
        match self {
            Self::PrisonMerge => IdentifierType::Noms,
            Self::CaseMerge | Self::CaseUnmerge => IdentifierType::Crn,
        }
    }
}

impl Notice {
    /// Whether events of this type may lead to more than being counted, under these sections and
    /// where it is remembered what began.
    pub(super) fn matters(self, shares: &Shares, remembers: bool) -> bool {
        let leads_somewhere = match self {
            Self::Registration(change) | Self::Alert(change) => {
                matches!(change, Change::Added | Change::Deleted)
                    || (remembers && change == Change::Ended)
            }
            Self::RecallConsidered
            | Self::RecallOversight
            | Self::RecallRaised
            | Self::Arrival(_)
            | Self::Identity(_)
            | Self::Erasure => true,
            Self::Departure(_) => remembers,
            Self::RecallTakenBack | Self::EnforcementUntold | Self::PlacementUntold => false,
        };
        leads_somewhere && self.has_section(shares)
    }

    /// Whether the profile shares this kind at all.
    fn has_section(self, shares: &Shares) -> bool {
        match self {
            Self::Registration(_) | Self::Alert(_) => {
                shares.mappa.is_some() || shares.flags.is_some()
            }
            Self::RecallConsidered
            | Self::RecallOversight
            | Self::RecallTakenBack
            | Self::RecallRaised
            | Self::EnforcementUntold => shares.enforcement.is_some(),
            Self::Arrival(_) | Self::Departure(_) | Self::PlacementUntold => {
                shares.placements.is_some()
            }
            Self::Identity(event) => {
                shares.identity.as_ref().is_some_and(|share| share.register == event.register())
            }
            // To erase is a duty, whatever is shared.
            Self::Erasure => true,
        }
    }

    /// Why it is kept where the profile does not share its kind.
    const fn kept(self) -> Kept {
        match self {
            Self::Registration(_) => Kept::Registration,
            Self::Alert(_) => Kept::Alert,
            Self::RecallConsidered | Self::RecallOversight | Self::RecallTakenBack => {
                Kept::RecallRecommendation
            }
            Self::RecallRaised | Self::EnforcementUntold => Kept::Enforcement,
            Self::Arrival(_) | Self::Departure(_) | Self::PlacementUntold => Kept::Accommodation,
            Self::Identity(_) => Kept::IdentityChange,
            Self::Erasure => Kept::ProbationRecord,
        }
    }
}

/// What becomes of a notice.
pub(super) enum Decision {
    /// Share it; and what is to be remembered of it, if anything.
    Share(Box<Message>, Option<Noted>),
    /// Do not share it.
    Keep(Kept),
}

/// By what an event is read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    /// On what footing.
    pub(super) profile: &'a ImportProfile,
    /// What was told before; `None` where nothing is remembered.
    pub(super) memory: Option<&'a ImportMemory>,
    /// The reader's clock.
    pub(super) now: OffsetDateTime,
}

/// A message before it has its id and its footing.
struct Draft<'a> {
    footing: &'a Footing,
    /// What makes the id: the sort of news first.
    facts: Vec<&'a str>,
    /// What all news of one record has in common; empty where nothing is.
    case: Vec<&'a str>,
    subjects: Vec<Subject>,
    urgency: Urgency,
    statements: Vec<Statement>,
    kind: Kind,
}

/// Decides what becomes of a notice.
pub(super) fn decide(
    body: &Object,
    notice: Notice,
    reader: Reader<'_>,
) -> Result<Decision, QuarantineReason> {
    let Reader { profile, now, .. } = reader;
    if notice == Notice::Erasure {
        // Which messages were about the person, this adapter cannot know; and only the event
        // says whom to look for. So it is held until somebody has seen to it.
        return Err(QuarantineReason::ErasureDue);
    }
    if !notice.has_section(&profile.shares) {
        return Ok(Decision::Keep(notice.kept()));
    }
    let shares = &profile.shares;
    let none = Ok(Decision::Keep(notice.kept()));
    match notice {
        Notice::Registration(change) => lists::registration(body, change, reader),
        Notice::Alert(change) => lists::alert(body, change, reader),
        Notice::RecallConsidered | Notice::RecallRaised | Notice::RecallOversight => shares
            .enforcement
            .as_ref()
            .map_or(none, |footing| recall(body, notice, footing, profile, now)),
        Notice::RecallTakenBack => Ok(Decision::Keep(Kept::EarlierMessageUntold)),
        Notice::EnforcementUntold | Notice::PlacementUntold => {
            Ok(Decision::Keep(Kept::DetailUntold))
        }
        Notice::Arrival(premises) => shares
            .placements
            .as_ref()
            .map_or(none, |footing| placements::arrival(body, premises, footing, profile, now)),
        Notice::Departure(premises) => shares
            .placements
            .as_ref()
            .map_or(none, |footing| placements::departure(body, premises, footing, reader)),
        Notice::Identity(event) => shares
            .identity
            .as_ref()
            .map_or(none, |share| identity::decide(body, event, &share.footing, profile, now)),
        Notice::Erasure => none,
    }
}

/// Which step of a recall an event tells.
///
/// A recall that is raised may be decided or not; that it is considered is true of either, and is
/// heard by the fewest.
fn step(notice: Notice, body: &Object) -> Result<EnforcementStep, QuarantineReason> {
    if notice != Notice::RecallOversight {
        return Ok(EnforcementStep::RecallConsidered);
    }
    let outcome = document::object(body, "additionalInformation")
        .and_then(|details| document::text(details, "contactOutcome"))
        .map(str::to_ascii_uppercase);
    match outcome.as_deref() {
        Some("DECISION_TO_RECALL") => Ok(EnforcementStep::RecallDecided),
        Some("DECISION_NOT_TO_RECALL") => Ok(EnforcementStep::RecallNotDecided),
        Some(_) | None => Err(QuarantineReason::UnknownCode),
    }
}

/// A recall: the breach behind it stays alleged, since no event says that it was proved.
fn recall(
    body: &Object,
    notice: Notice,
    footing: &Footing,
    profile: &ImportProfile,
    now: OffsetDateTime,
) -> Result<Decision, QuarantineReason> {
    let step = step(notice, body)?;
    let crn = person::crn(body)?;
    let occurred_at = moment::occurred_at(body, now)?;
    if occurred_at - now > Duration::hours(AHEAD_HOURS_MAX) {
        return Err(QuarantineReason::FutureTime);
    }
    let is_news = now - occurred_at <= Duration::hours(HISTORIC_HOURS);
    let is_wanted = step == EnforcementStep::RecallDecided && is_news;
    // What is considered and what is raised are two events, though they say the same.
    let sort = if notice == Notice::RecallRaised { "recall raised" } else { "recall" };
    let draft = Draft {
        footing,
        facts: vec![sort, step.as_str_name(), crn.canonical()],
        case: Vec::new(),
        subjects: vec![case(&crn)],
        urgency: if is_wanted { Urgency::Immediate } else { Urgency::Routine },
        statements: Vec::new(),
        kind: Kind::Enforcement(Enforcement {
            matter: EnforcementMatter::Licence.into(),
            step: step.into(),
            outcome: EnforcementOutcome::Alleged.into(),
            occurred_at: Some(compose::stamp(occurred_at)),
            settles_message_id: String::new(),
        }),
    };
    Ok(draft.at(occurred_at, profile))
}

/// Somebody as probation knows them.
fn case(crn: &Crn) -> Subject {
    compose::known_by(IdentifierType::Crn, &[crn.canonical()])
}

/// The id of the message that these facts lead to.
fn message_id(profile: &ImportProfile, facts: &[&str]) -> Uuid {
    keyed_ids::uuid(&profile.id_key, Use::NoticeMessage, facts)
}

impl Decision {
    /// The same, with what is to be remembered where it is shared.
    fn noting(self, noted: Noted) -> Self {
        match self {
            Self::Share(message, _) => Self::Share(message, Some(noted)),
            Self::Keep(kept) => Self::Keep(kept),
        }
    }
}

impl Draft<'_> {
    /// The message, of what happened once and at this time.
    fn at(mut self, occurred_at: OffsetDateTime, profile: &ImportProfile) -> Decision {
        let moment = occurred_at.unix_timestamp_nanos().to_string();
        let mut facts = std::mem::take(&mut self.facts);
        facts.push(&moment);
        let id = message_id(profile, &facts);
        self.under(id, profile)
    }

    /// The message, of a record that is known by its facts alone.
    fn once(self, profile: &ImportProfile) -> Decision {
        let id = message_id(profile, &self.facts);
        self.under(id, profile)
    }

    fn under(self, message_id: Uuid, profile: &ImportProfile) -> Decision {
        let correlation_id = if self.case.is_empty() {
            String::new()
        } else {
            keyed_ids::uuid(&profile.id_key, Use::NoticeCase, &self.case).to_string()
        };
        let message = Message {
            message_id: message_id.to_string(),
            correlation_id,
            urgency: self.urgency.into(),
            subjects: self.subjects,
            statements: self.statements,
            kind: Some(self.kind),
            ..compose::footing_of(profile, self.footing)
        };
        Decision::Share(Box::new(message), None)
    }
}
