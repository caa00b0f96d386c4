//! What a message says, when it is urgent, and what its ids depend on.

use agency_client::hmpps::{ImportProfile, Outcome, Shares, json_line, read};
use proto::exchange::v1::{
    Custody, CustodyCertainty, CustodyEvent, Gateway, IdentifierType, LawfulBasis, LimitedAccess,
    Marking, Message, Purpose, SensitiveCondition, SubjectCategory, Urgency, message::Kind,
};
use serde_json::{Value, json};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);
const RELEASED: &str = "prison-offender-events.prisoner.released";
const SEARCH_RELEASED: &str = "prisoner-offender-search.prisoner.released";

fn profile(key: u8) -> ImportProfile {
    ImportProfile {
        purpose: Purpose::OffenderManagement,
        gateway: Gateway::Oma2007S14,
        lawful_basis: LawfulBasis::Dpa2018S35Task,
        sensitive_condition: SensitiveCondition::Sch8Justice,
        marking: Marking::OfficialSensitive,
        acting_person: "11111111-1111-4111-8111-111111111111".to_owned(),
        memory_file: None,
        id_key: [key; 32],
        shares: Shares::default(),
    }
}

/// A release of an invented person.
fn release(event_type: &str, code: Option<&str>, occurred_at: &str) -> Value {
    json!({
        "eventType": event_type,
        "occurredAt": occurred_at,
        "additionalInformation": {
            "nomsNumber": "Z9101ZA", "reason": "RELEASED", "prisonId": "MDI",
            "nomisMovementReasonCode": code,
        },
    })
}

fn message_at(event: &Value, key: u8, now: OffsetDateTime) -> Message {
    match read(event.to_string().as_bytes(), &profile(key), now) {
        Outcome::Shared(messages) => messages.into_iter().next().unwrap_or_default(),
        other => unreachable!("{other:?}"),
    }
}

fn message(event: &Value) -> Message {
    message_at(event, 1, NOW)
}

fn custody(message: &Message) -> Custody {
    match &message.kind {
        Some(Kind::Custody(custody)) => custody.clone(),
        _ => Custody::default(),
    }
}

#[test]
fn a_message_says_what_the_event_knows_and_no_more() {
    let message = message(&release(RELEASED, Some("CR"), "2025-06-14T10:00:00+01:00"));
    let subject = message.subjects.first().cloned().unwrap_or_default();
    let number = subject.identifiers.first().cloned().unwrap_or_default();
    assert_eq!((message.subjects.len(), subject.identifiers.len()), (1, 1));
    assert_eq!((number.r#type(), number.value.as_str()), (IdentifierType::Noms, "Z9101ZA"));
    assert_eq!(subject.category(), SubjectCategory::Managed);
    assert_eq!(subject.limited_access(), LimitedAccess::Unspecified);
    assert_eq!((subject.age, subject.name.as_str(), subject.birth_date.as_str()), (0, "", ""));
    assert!(message.areas.is_empty() && message.addressees.is_empty());
    assert!(message.statements.is_empty() && message.handling_conditions.is_empty());

    let custody = custody(&message);
    assert_eq!(custody.event(), CustodyEvent::Release);
    assert_eq!(custody.certainty(), CustodyCertainty::Confirmed);
    assert_eq!((custody.prison.as_str(), custody.movement_reason.as_str()), ("MDI", "CR"));
    let seconds = custody.occurred_at.map(|stamp| stamp.seconds);
    assert_eq!(seconds, Some(datetime!(2025-06-14 09:00 UTC).unix_timestamp()));
}

#[test]
fn the_footing_is_the_profiles() {
    let message = message(&release(RELEASED, None, "2025-06-14T10:00:00Z"));
    assert_eq!(message.purpose(), Purpose::OffenderManagement);
    assert_eq!(message.gateway(), Gateway::Oma2007S14);
    assert_eq!(message.lawful_basis(), LawfulBasis::Dpa2018S35Task);
    assert_eq!(message.sensitive_condition(), SensitiveCondition::Sch8Justice);
    assert_eq!(message.marking(), Marking::OfficialSensitive);
    assert_eq!(message.acting_person, "11111111-1111-4111-8111-111111111111");
}

#[test]
fn the_same_event_gets_the_same_ids_however_and_whenever_it_is_read() {
    let bare = release(RELEASED, Some("CR"), "2025-06-14T10:00:00+01:00");
    let first = message(&bare);
    let mut other_spelling = bare.clone();
    other_spelling["occurredAt"] = json!("2025-06-14T10:00:00.000000000+01:00[Europe/London]");
    other_spelling["publishedAt"] = json!("2025-06-14T11:46:00Z");
    other_spelling["description"] = json!("Described in other words");
    other_spelling["additionalInformation"]["reason"] = json!(" released ");
    let wrapped = json!({ "Type": "Notification", "Message": bare.to_string() });
    for (event, now) in
        [(&bare, NOW), (&bare, NOW + Duration::days(400)), (&other_spelling, NOW), (&wrapped, NOW)]
    {
        let again = message_at(event, 1, now);
        assert_eq!(again.message_id, first.message_id);
        assert_eq!(again.correlation_id, first.correlation_id);
    }
}

#[test]
fn every_fact_of_the_event_and_the_key_are_in_the_id() {
    let event = release(RELEASED, Some("CR"), "2025-06-14T10:00:00+01:00");
    let first = message(&event).message_id;
    for (place, value) in [
        ("nomsNumber", "Z9102ZA"),
        ("prisonId", "WSI"),
        ("nomisMovementReasonCode", "AR"),
        ("reason", "TRANSFERRED"),
    ] {
        let mut other = event.clone();
        other["additionalInformation"][place] = json!(value);
        assert_ne!(message(&other).message_id, first, "{place}");
    }
    let later = release(RELEASED, Some("CR"), "2025-06-14T10:00:00.001+01:00");
    assert_ne!(message(&later).message_id, first);
    assert_ne!(message_at(&event, 2, NOW).message_id, first);
}

#[test]
fn provisional_and_confirmed_differ_in_id_and_share_a_case() {
    let early = message(&release(SEARCH_RELEASED, None, "2025-06-14T10:00:19.013138859+01:00"));
    assert_eq!(custody(&early).certainty(), CustodyCertainty::Provisional);
    // The search topic cannot know it, but this one was a flight and that one a death.
    for code in ["CR", "UAL", "DEC"] {
        let late = message(&release(RELEASED, Some(code), "2025-06-14T10:00:00+01:00"));
        assert_eq!(custody(&late).certainty(), CustodyCertainty::Confirmed);
        assert_ne!(late.message_id, early.message_id, "{code}");
        assert_eq!(late.correlation_id, early.correlation_id, "{code}");
    }
    let next_day = message(&release(RELEASED, Some("CR"), "2025-06-15T10:00:00+01:00"));
    assert_ne!(next_day.correlation_id, early.correlation_id);
}

#[test]
fn a_case_is_of_one_day_in_britain() {
    // 23:30 UTC in June is half past midnight of the next day in Britain.
    let late = message(&release(RELEASED, None, "2025-06-13T23:30:00Z"));
    let morning = message(&release(RELEASED, None, "2025-06-14T09:00:00+01:00"));
    let before = message(&release(RELEASED, None, "2025-06-13T22:30:00Z"));
    assert_eq!(late.correlation_id, morning.correlation_id);
    assert_ne!(before.correlation_id, morning.correlation_id);
}

#[test]
fn ids_are_uuids_of_version_8_that_do_not_show_the_number() {
    let message = message(&release(RELEASED, None, "2025-06-14T10:00:00Z"));
    for id in [&message.message_id, &message.correlation_id] {
        assert_eq!(uuid::Uuid::try_parse(id).map(|id| id.get_version_num()), Ok(8));
        assert_eq!(id.len(), 36);
    }
}

#[test]
fn past_48_hours_news_is_historic_and_never_immediate() {
    let occurred = datetime!(2025-06-14 09:00 UTC);
    for (topic, code) in [(RELEASED, Some("CR")), (RELEASED, Some("UAL")), (SEARCH_RELEASED, None)]
    {
        let event = release(topic, code, "2025-06-14T10:00:00+01:00");
        let at_48 = message_at(&event, 1, occurred + Duration::hours(48));
        assert_ne!(custody(&at_48).certainty(), CustodyCertainty::Historic, "{topic}");
        assert_eq!(at_48.urgency(), Urgency::Immediate, "{topic}");
        let later = message_at(&event, 1, occurred + Duration::hours(48) + Duration::SECOND);
        assert_eq!(custody(&later).certainty(), CustodyCertainty::Historic, "{topic}");
        assert_eq!(later.urgency(), Urgency::Routine, "{topic}");
    }
}

#[test]
fn only_someone_out_is_immediate() {
    for (code, urgency) in [
        ("CR", Urgency::Immediate),
        ("UAL", Urgency::Immediate),
        ("DEC", Urgency::Routine),
        ("DD", Urgency::Routine),
        ("HO", Urgency::Routine),
    ] {
        let message = message(&release(RELEASED, Some(code), "2025-06-15T10:00:00+01:00"));
        assert_eq!(message.urgency(), urgency, "{code}");
    }
}

#[test]
fn the_json_line_names_the_message_and_not_the_person() {
    let event = release(RELEASED, Some("CR"), "2025-06-14T10:00:00+01:00");
    let outcome = read(event.to_string().as_bytes(), &profile(1), NOW);
    let line = json_line("0001.json", &outcome);
    let id = message(&event).message_id;
    assert_eq!(
        line,
        format!(
            r#"{{"file":"0001.json","outcome":"shared","reason":null,"messages":[{{"id":"{id}","kind":"custody","event":"release"}}]}}"#
        )
    );
    assert_eq!(format!("{outcome:?}"), "Shared(1 messages)");
}
