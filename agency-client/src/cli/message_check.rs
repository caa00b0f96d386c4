//! What can be said of a message that will not be sent.
//!
//! Owns: the rules of values that this system shares with the broker, asked only when a file has
//! mistakes of its own. Promises: a message without mistakes of its own is judged by the broker
//! alone, so that a rule the broker has relaxed holds nobody back; nothing said here is said twice
//! for a field, or holds a value.
//! Deliberately does not know: what the broker alone can judge (limits on times, desks, kinds).

use super::json::Faults;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::identifier::{self, BirthDate, CurrentYear};
use uuid::Uuid;

/// Adds what the shared rules say of the values that could be read.
///
/// `year` decides the century of identifiers with short years; `None` leaves identifiers out.
pub(super) fn check(message: &wire::Message, year: Option<CurrentYear>, faults: &mut Faults) {
    for (field, id) in [
        ("message_id", &message.message_id),
        ("correlation_id", &message.correlation_id),
        ("causation_id", &message.causation_id),
        ("acting_person", &message.acting_person),
    ] {
        check_id(field, id, faults);
    }
    if let Some(access) = &message.break_glass {
        check_id("break_glass.second_person", &access.second_person, faults);
    }
    let nil = matches!(&message.kind, Some(Kind::Custody(said)) if said.nobody);
    if message.subjects.is_empty() && !nil {
        faults.add_first("subjects".to_owned(), "are 1 to 16");
    }
    for (place, subject) in message.subjects.iter().enumerate() {
        check_date(format!("subjects[{place}].birth_date"), &subject.birth_date, faults);
        let Some(year) = year else { continue };
        for (number, identifier) in subject.identifiers.iter().enumerate() {
            let field = format!("subjects[{place}].identifiers[{number}].value");
            check_identifier(field, identifier, year, faults);
        }
    }
    for (place, statement) in message.statements.iter().enumerate() {
        let count = message.subjects.len();
        let is_inside = |subject: &u32| count == 0 || (*subject as usize) < count;
        if statement.subjects.is_empty() || !statement.subjects.iter().all(is_inside) {
            faults.add_first(
                format!("statements[{place}].subjects"),
                "must name at least one subject of this message, each once",
            );
        }
    }
    check_kind(message.kind.as_ref(), faults);
}

fn check_kind(kind: Option<&Kind>, faults: &mut Faults) {
    match kind {
        Some(Kind::Mappa(mappa)) => {
            check_id("mappa.referral_id", &mappa.referral_id, faults);
            check_id("mappa.panel_decision_id", &mappa.panel_decision_id, faults);
        }
        Some(Kind::Custody(custody)) => {
            check_id("custody.settles_message_id", &custody.settles_message_id, faults);
        }
        Some(Kind::Flag(flag)) => check_flag(flag, faults),
        Some(Kind::Correction(correction)) => {
            check_id("correction.message_id", &correction.message_id, faults);
        }
        Some(Kind::Enforcement(enforcement)) => {
            check_id("enforcement.settles_message_id", &enforcement.settles_message_id, faults);
        }
        Some(Kind::Action(action)) => {
            check_id("action.settles_message_id", &action.settles_message_id, faults);
        }
        Some(Kind::Placement(placement)) => {
            check_id("placement.settles_message_id", &placement.settles_message_id, faults);
            check_date("placement.starts_on".to_owned(), &placement.starts_on, faults);
            check_date("placement.ends_on".to_owned(), &placement.ends_on, faults);
        }
        Some(Kind::Referral(referral)) => check_referral(referral, faults),
        Some(Kind::Court(court)) => {
            check_id("court.settles_message_id", &court.settles_message_id, faults);
        }
        Some(Kind::Intelligence(_) | Kind::DrugTest(_) | Kind::Request(_) | Kind::Response(_))
        | None => {}
    }
}

fn check_flag(flag: &wire::Flag, faults: &mut Faults) {
    check_id("flag.panel_decision_id", &flag.panel_decision_id, faults);
    check_id("flag.manager", &flag.manager, faults);
    check_date("flag.review_date".to_owned(), &flag.review_date, faults);
    check_date("flag.panel_date".to_owned(), &flag.panel_date, faults);
}

fn check_referral(referral: &wire::Referral, faults: &mut Faults) {
    check_id("referral.settles_message_id", &referral.settles_message_id, faults);
    for (place, party) in referral.parties.iter().enumerate() {
        let field = format!("referral.parties[{place}].recorded_on");
        check_date(field, &party.recorded_on, faults);
    }
}

/// What is empty was left out, or could not be read and is at fault already.
fn check_id(field: &str, id: &str, faults: &mut Faults) {
    if id.is_empty() {
        return;
    }
    let read = Uuid::try_parse(id).ok().filter(|_| id.len() == uuid::fmt::Hyphenated::LENGTH);
    let rule = match read {
        Some(id) if id.is_nil() => "must not be the nil UUID: it names nothing",
        Some(_) => return,
        None => "must be a UUID in its 36-character form",
    };
    faults.add_first(field.to_owned(), rule);
}

fn check_date(field: String, date: &str, faults: &mut Faults) {
    if date.is_empty() {
        return;
    }
    match BirthDate::parse(date) {
        Ok(_) => {}
        Err(BirthDate::YEAR_BOUNDS) => faults.add_first(field, "must be in the years 1900 to 2100"),
        Err(_) => faults.add_first(field, "must be a calendar date, YYYY-MM-DD"),
    }
}

fn check_identifier(
    field: String,
    identifier: &wire::Identifier,
    year: CurrentYear,
    faults: &mut Faults,
) {
    let kind = match identifier.r#type() {
        // Its type is at fault already, and without it there is no rule.
        wire::IdentifierType::Unspecified => return,
        wire::IdentifierType::Pnc => identifier::Kind::Pnc,
        wire::IdentifierType::Cro => identifier::Kind::Cro,
        wire::IdentifierType::Noms => identifier::Kind::Noms,
        wire::IdentifierType::Crn => identifier::Kind::Crn,
        wire::IdentifierType::Nhs => identifier::Kind::Nhs,
        wire::IdentifierType::Asn => identifier::Kind::Asn,
    };
    if let Err(error) = identifier::canonical(kind, &identifier.value, year) {
        faults.add_first(field, error.rule());
    }
}
