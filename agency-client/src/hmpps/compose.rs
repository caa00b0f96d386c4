//! The message that a movement becomes.
//!
//! Owns: how firm and how urgent news is, and which facts make an id. Promises: ids depend on the
//! event alone and never on when it is read; what is historic is never immediate; a message says
//! no more than the feed knows. Deliberately does not know: areas, names and birth dates, which
//! events do not carry.

use proto::exchange::v1::{
    Custody, CustodyCertainty, CustodyEvent, Identifier, IdentifierType, Message, Subject,
    SubjectCategory, Urgency, message::Kind,
};
use time::{Date, Duration, OffsetDateTime};

use super::custody::{Case, Event};
use super::event_type::Direction;
use super::keyed_ids::{self, Use};
use super::moment;
use super::person::Noms;
use super::profile::{Footing, ImportProfile};

/// Age past which custody news is historic, in hours (release rules: historic is never urgent).
pub(super) const HISTORIC_HOURS: i64 = 48;

/// Makes the message of one event.
pub(super) fn message(event: &Event, profile: &ImportProfile, now: OffsetDateTime) -> Message {
    let topic = match (event.topic.direction, event.topic.confirmed) {
        (Direction::Released, true) => "released confirmed",
        (Direction::Released, false) => "released provisional",
        (Direction::Received, true) => "received confirmed",
        (Direction::Received, false) => "received provisional",
    };
    let firm = if event.topic.confirmed {
        CustodyCertainty::Confirmed
    } else {
        CustodyCertainty::Provisional
    };
    let certainty = certainty(firm, event.occurred_at, now);
    let kind = event.movement.event;
    let occurred_at = event.occurred_at.unix_timestamp_nanos().to_string();
    let facts = [
        topic,
        event.noms.canonical(),
        &occurred_at,
        &event.movement.reason,
        &event.movement.code,
        &event.prison,
        // One event may be told as an admission and, later, as a recall: two different things said.
        kind.as_str_name(),
    ];
    let day = moment::british_day(event.occurred_at);
    let custody = Custody {
        event: kind.into(),
        certainty: certainty.into(),
        prison: event.prison.clone(),
        occurred_at: Some(stamp(event.occurred_at)),
        movement_reason: event.movement.code.clone(),
        ..Custody::default()
    };
    Message {
        message_id: keyed_ids::uuid(&profile.id_key, Use::FeedMessage, &facts).to_string(),
        correlation_id: correlation(profile, &event.noms, event.movement.case, day, &event.prison),
        urgency: urgency(kind, certainty).into(),
        subjects: vec![subject(&event.noms)],
        kind: Some(Kind::Custody(custody)),
        ..footing(profile)
    }
}

/// The parts of a message that the profile decides.
pub(super) fn footing(profile: &ImportProfile) -> Message {
    Message {
        purpose: profile.purpose.into(),
        gateway: profile.gateway.into(),
        lawful_basis: profile.lawful_basis.into(),
        sensitive_condition: profile.sensitive_condition.into(),
        marking: profile.marking.into(),
        acting_person: profile.acting_person.clone(),
        ..Message::default()
    }
}

/// As [`footing`], with what the profile says of this kind in particular.
pub(super) fn footing_of(profile: &ImportProfile, kind: &Footing) -> Message {
    Message {
        purpose: kind.purpose.into(),
        gateway: kind.gateway.into(),
        lawful_basis: kind.lawful_basis.into(),
        sensitive_condition: kind.sensitive_condition.into(),
        ..footing(profile)
    }
}

/// The person as the feed knows them: a number. Age and limited access stay unsaid, so that the
/// broker takes the careful reading of both.
pub(super) fn subject(noms: &Noms) -> Subject {
    known_by(IdentifierType::Noms, &[noms.canonical()])
}

/// As [`subject`], by numbers of any one register.
pub(super) fn known_by(register: IdentifierType, numbers: &[&str]) -> Subject {
    let identifier =
        |number: &&str| Identifier { r#type: register.into(), value: (*number).to_owned() };
    Subject {
        identifiers: numbers.iter().map(identifier).collect(),
        category: SubjectCategory::Managed.into(),
        ..Subject::default()
    }
}

/// What all news of one movement shares, provisional, confirmed or from a release list.
pub(super) fn correlation(
    profile: &ImportProfile,
    noms: &Noms,
    case: Case,
    day: Date,
    prison: &str,
) -> String {
    let parts = [noms.canonical(), case.name(), &day.to_string(), prison];
    keyed_ids::uuid(&profile.id_key, Use::Correlation, &parts).to_string()
}

/// Historic when more than 48 hours old, and otherwise as firm as its source.
pub(super) fn certainty(
    firm: CustodyCertainty,
    occurred_at: OffsetDateTime,
    now: OffsetDateTime,
) -> CustodyCertainty {
    if now - occurred_at > Duration::hours(HISTORIC_HOURS) {
        CustodyCertainty::Historic
    } else {
        firm
    }
}

/// Immediate where somebody is out whom others must know of at once.
pub(super) const fn urgency(event: CustodyEvent, certainty: CustodyCertainty) -> Urgency {
    match (event, certainty) {
        (_, CustodyCertainty::Historic) => Urgency::Routine,
        (
            CustodyEvent::Release | CustodyEvent::ReleasedInError | CustodyEvent::UnlawfullyAtLarge,
            CustodyCertainty::Provisional
            | CustodyCertainty::Confirmed
            | CustodyCertainty::Withdrawn
            | CustodyCertainty::Unspecified,
        ) => Urgency::Immediate,
        (
            CustodyEvent::Unspecified
            | CustodyEvent::Reception
            | CustodyEvent::Transfer
            | CustodyEvent::TemporaryAbsence
            | CustodyEvent::TemporaryAbsenceReturn
            | CustodyEvent::Recall
            | CustodyEvent::Death
            | CustodyEvent::ReleaseToHospital
            | CustodyEvent::ReleaseToImmigration,
            _,
        ) => Urgency::Routine,
    }
}

/// The wire form of a moment.
pub(super) fn stamp(moment: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: moment.unix_timestamp(),
        // Below 1,000,000,000 by definition, so the conversion always holds.
        nanos: i32::try_from(moment.nanosecond()).unwrap_or_default(),
    }
}
