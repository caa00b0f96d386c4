//! What news of records becomes: registrations, alerts, recalls, arrivals, merges, erasures.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop here; indexing a JSON value gives null where there is nothing"
)]

use agency_client::hmpps::{ImportProfile, Outcome, json_line, read};
use proto::exchange::v1::{
    CorrectionAction, EnforcementMatter, EnforcementOutcome, EnforcementStep, FlagAction, FlagKind,
    Gateway, IdentifierType, MappaStep, Message, PlacementSort, PlacementStep, Purpose,
    SubjectCategory, Urgency, message::Kind,
};
use serde_json::{Value, json};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

#[path = "hmpps_notices/ends.rs"]
mod ends;

const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);
const MAIN: &str = r#"
purpose = "offender_management"
gateway = "oma2007_s14"
lawful_basis = "dpa2018_s35_task"
sensitive_condition = "sch8_justice"
marking = "official_sensitive"
acting_person = "11111111-1111-4111-8111-111111111111"
id_key_file = "unused"
"#;
const SECTIONS: &str = r#"
[mappa]
purpose = "public_protection"
gateway = "cja2003_s325"
[flags]
owner_agency = "probation-stockport"
owner_desk = "iom"
[enforcement]
[placements]
"#;
const OF_CASES: &str = "[identity]\nregister = \"crn\"\n";
const OF_PRISONS: &str = "[identity]\nregister = \"noms\"\n";

fn outcome_under(sections: &str, event: &Value, now: OffsetDateTime) -> Outcome {
    let profile = ImportProfile::from_toml(&format!("{MAIN}{sections}"), [1; 32]).unwrap();
    read(event.to_string().as_bytes(), &profile, now)
}

fn outcome(event: &Value) -> Outcome {
    outcome_under(&format!("{SECTIONS}{OF_CASES}"), event, NOW)
}

/// The outcome in words: `shared kind step`, or the outcome and its reason.
fn words(outcome: &Outcome) -> String {
    let line: Value = serde_json::from_str(&json_line("", outcome)).unwrap();
    let part = |pointer: &str| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    match outcome {
        Outcome::Shared(_) => {
            format!("shared {} {}", part("/messages/0/kind"), part("/messages/0/event"))
        }
        Outcome::NotShareable(_) => format!("not_shareable {}", part("/reason")),
        Outcome::Quarantined(_) => format!("quarantined {}", part("/reason")),
    }
}

fn told(event: &Value) -> String {
    words(&outcome(event))
}

fn message(event: &Value) -> Message {
    match outcome(event) {
        Outcome::Shared(messages) => messages.into_iter().next().unwrap(),
        other => unreachable!("{other:?}"),
    }
}

/// An event about an invented person, known to probation.
fn of_case(event_type: &str, details: Value) -> Value {
    json!({
        "eventType": event_type,
        "version": 1,
        "occurredAt": "2025-06-14T10:00:00+01:00",
        "personReference": { "identifiers": [{ "type": "CRN", "value": "X000001" }] },
        "additionalInformation": details,
    })
}

/// An event about an invented person, known to a prison.
fn of_prisoner(event_type: &str, details: Value) -> Value {
    let mut event = of_case(event_type, details);
    event["personReference"] = json!({ "identifiers": [{ "type": "NOMS", "value": "Z9001ZA" }] });
    event
}

fn registration(change: &str, register: &str, category: &str, level: &str) -> Value {
    of_case(
        &format!("probation-case.registration.{change}"),
        json!({
            "registrationId": "2500000001", "registerTypeCode": register,
            "registerTypeDescription": "Described", "registrationCategoryCode": category,
            "registrationCategoryDescription": "", "registrationLevelCode": level,
            "registrationLevelDescription": "", "registrationDate": "Sat Jun 14 00:00:00 BST 2025",
        }),
    )
}

fn alert(change: &str, code: &str) -> Value {
    of_prisoner(
        &format!("person.alert.{change}"),
        json!({ "alertUuid": "6A0783EE-024E-4201-8E1F-000000000001", "alertCode": code, "source": "DPS" }),
    )
}

fn number(message: &Message) -> (IdentifierType, String) {
    let [subject] = message.subjects.as_slice() else { unreachable!("one person") };
    let [number] = subject.identifiers.as_slice() else { unreachable!("one number") };
    assert_eq!(subject.category(), SubjectCategory::Managed);
    (number.r#type(), number.value.clone())
}

#[test]
fn without_its_section_nothing_of_a_kind_is_shared_however_odd_it_is() {
    for (event, reason) in [
        (registration("added", "MAPP", "M1", "M2"), "registration"),
        (registration("deleted", "", "", ""), "registration"),
        (alert("created", "OPPO"), "alert"),
        (alert("inactive", ""), "alert"),
        (of_case("prison-recall.recommendation.consideration", json!({})), "recall_recommendation"),
        (of_case("prison-recall.recommendation.management-oversight", json!({})), {
            "recall_recommendation"
        }),
        (of_case("enforcement.recall.raised", json!({})), "enforcement"),
        (of_case("enforcement.breach.concluded", json!({})), "enforcement"),
        (of_case("approved-premises.person.arrived", json!({})), "accommodation"),
        (of_case("accommodation.cas3.person.departed", json!({})), "accommodation"),
        (of_prisoner("prison-offender-events.prisoner.merged", json!({})), "identity_change"),
        (of_case("probation-case.merge.completed", json!({})), "identity_change"),
    ] {
        let found = words(&outcome_under("", &event, NOW));
        assert_eq!(found, format!("not_shareable {reason}"), "{event}");
    }
}

#[test]
fn a_mappa_registration_is_a_notification_of_its_category_and_level() {
    for (category, level, numbers) in
        [("M1", "M1", (1, 1)), ("M2", "m3", (2, 3)), (" M4 ", "M2", (4, 2))]
    {
        let message = message(&registration("added", "MAPP", category, level));
        let Some(Kind::Mappa(mappa)) = &message.kind else { unreachable!("MAPPA") };
        assert_eq!(mappa.step(), MappaStep::Notification);
        assert_eq!((mappa.category, mappa.level), numbers);
        assert_eq!(mappa.previous_level, 0);
        assert!(mappa.referral_id.is_empty() && mappa.panel_decision_id.is_empty());
        assert_eq!(number(&message), (IdentifierType::Crn, "X000001".to_owned()));
        assert_eq!(
            (message.purpose(), message.gateway()),
            (Purpose::PublicProtection, Gateway::Cja2003S325)
        );
        assert_eq!(message.urgency(), Urgency::Routine);
        assert!(message.areas.is_empty() && message.statements.is_empty());
    }
}

#[test]
fn what_is_not_determined_of_a_registration_is_not_made_up() {
    for (category, level, expected) in [
        ("", "", "not_shareable mappa_undetermined"),
        ("M1", "", "not_shareable mappa_undetermined"),
        ("M1", "M0", "not_shareable mappa_undetermined"),
        ("X9", "M2", "not_shareable mappa_undetermined"),
        ("M3", "M1", "quarantined contradictory_registration"),
        ("M5", "M1", "quarantined unknown_code"),
        ("M1", "M4", "quarantined unknown_code"),
    ] {
        let event = registration("added", "MAPP", category, level);
        assert_eq!(told(&event), expected, "{category} {level}");
    }
}

#[test]
fn an_entry_on_a_list_is_a_proposal_to_the_profiles_desk() {
    for (event, kind) in [
        (registration("added", "IIOM", "", ""), FlagKind::Iom),
        (alert("created", "OIOM"), FlagKind::Iom),
        (alert("created", "oppo"), FlagKind::Ppo),
    ] {
        let message = message(&event);
        let Some(Kind::Flag(flag)) = &message.kind else { unreachable!("a flag") };
        assert_eq!((flag.flag_kind(), flag.action()), (kind, FlagAction::Propose));
        let owner = flag.owner.clone().unwrap();
        assert_eq!((owner.agency.as_str(), owner.desk.as_str()), ("probation-stockport", "iom"));
        // No panel has met that this adapter knows of.
        assert!(flag.panel_decision_id.is_empty() && flag.review_date.is_empty());
        assert_eq!(message.gateway(), Gateway::Oma2007S14);
    }
}

#[test]
fn an_alert_tells_mappa_where_its_code_names_category_and_level() {
    for (code, numbers) in [
        ("P22", (1, 1)),
        ("P33", (1, 2)),
        ("P44", (1, 3)),
        ("P66", (2, 1)),
        ("P77", (2, 2)),
        ("P88", (2, 3)),
        ("P99", (3, 2)),
        ("PA1", (3, 3)),
        ("P101", (4, 1)),
        ("P102", (4, 2)),
        ("P103", (4, 3)),
    ] {
        let message = message(&alert("created", code));
        let Some(Kind::Mappa(mappa)) = &message.kind else { unreachable!("MAPPA") };
        assert_eq!((mappa.category, mappa.level), numbers, "{code}");
        assert_eq!(number(&message), (IdentifierType::Noms, "Z9001ZA".to_owned()));
    }
    for code in
        ["P11", "P55", "P100", "P0", "P1", "P2", "P3", "PC1", "PC2", "PC3", "PL1", "PL2", "PL3"]
    {
        for change in ["created", "deleted"] {
            let found = told(&alert(change, code));
            assert_eq!(found, "not_shareable mappa_undetermined", "{change} {code}");
        }
    }
    // ViSOR, terrorism, what must not be shared with the person, and a code nobody knows.
    for code in ["PVN", "XTACT", "DOCGM", "PEEP", "P104"] {
        assert_eq!(told(&alert("created", code)), "not_shareable alert", "{code}");
    }
}

#[test]
fn what_an_entrys_life_leads_to() {
    for (entry, new, changed, ended, deleted) in [
        ("registration", "added", "updated", "deregistered", "deleted"),
        ("alert", "created", "updated", "inactive", "deleted"),
    ] {
        for code in ["mappa", "iom"] {
            let event = |change: &str| match (entry, code) {
                ("registration", "mappa") => registration(change, "MAPP", "M1", "M2"),
                ("registration", _) => registration(change, "IIOM", "", ""),
                (_, "mappa") => alert(change, "P33"),
                _ => alert(change, "OIOM"),
            };
            assert!(told(&event(new)).starts_with("shared "), "{entry} {code}");
            assert_eq!(told(&event(changed)), "not_shareable detail_untold", "{entry} {code}");
            assert_eq!(told(&event(ended)), "not_shareable decision_untold", "{entry} {code}");
            assert_eq!(told(&event(deleted)), "shared correction withdraw", "{entry} {code}");
        }
    }
    for change in ["added", "updated", "deregistered", "deleted"] {
        let found = told(&registration(change, "RHRH", "", ""));
        assert_eq!(found, "not_shareable registration", "{change}");
    }
}

#[test]
fn a_deleted_entry_takes_back_exactly_the_message_it_led_to() {
    for (made, deleted) in [
        (registration("added", "MAPP", "M2", "M2"), registration("deleted", "MAPP", "", "")),
        (alert("created", "OPPO"), alert("deleted", "OPPO")),
    ] {
        let first = message(&made);
        let mut later = deleted.clone();
        later["occurredAt"] = json!("2025-06-15T09:00:00Z");
        let withdrawal = message(&later);
        let Some(Kind::Correction(correction)) = &withdrawal.kind else {
            unreachable!("correction")
        };
        assert_eq!(correction.message_id, first.message_id);
        assert_eq!(correction.action(), CorrectionAction::Withdraw);
        assert!(correction.reason.is_empty());
        assert_ne!(withdrawal.message_id, first.message_id);
        assert_eq!(withdrawal.correlation_id, first.correlation_id);
        assert_eq!(number(&withdrawal), number(&first));
        // The source may say it twice; it is one deletion.
        assert_eq!(message(&deleted).message_id, withdrawal.message_id);
    }
}

#[test]
fn an_entry_of_a_fortnight_ago_passes_for_no_news_and_its_deletion_does() {
    let occurred = datetime!(2025-06-14 09:00 UTC);
    let sections = format!("{SECTIONS}{OF_CASES}");
    let at = |event: &Value, now| words(&outcome_under(&sections, event, now));
    let limit = occurred + Duration::days(14);
    for event in [registration("added", "MAPP", "M1", "M2"), alert("created", "OIOM")] {
        assert!(at(&event, limit).starts_with("shared "));
        assert_eq!(at(&event, limit + Duration::SECOND), "not_shareable overtaken");
    }
    for event in [registration("deleted", "MAPP", "", ""), alert("deleted", "OIOM")] {
        assert_eq!(at(&event, limit + Duration::days(400)), "shared correction withdraw");
    }
}

#[test]
fn a_recall_is_told_by_its_step_and_stays_alleged() {
    let oversight = |outcome: &str| {
        of_case(
            "prison-recall.recommendation.management-oversight",
            json!({ "contactOutcome": outcome, "bookedBy": { "username": "Invented" } }),
        )
    };
    for (event, step, urgency) in [
        (
            of_case("prison-recall.recommendation.consideration", json!({})),
            EnforcementStep::RecallConsidered,
            Urgency::Routine,
        ),
        (
            of_case("enforcement.recall.raised", json!({ "outcome": "BRE01" })),
            EnforcementStep::RecallConsidered,
            Urgency::Routine,
        ),
        (oversight("DECISION_TO_RECALL"), EnforcementStep::RecallDecided, Urgency::Immediate),
        (oversight("decision_not_to_recall"), EnforcementStep::RecallNotDecided, Urgency::Routine),
    ] {
        let message = message(&event);
        let Some(Kind::Enforcement(enforcement)) = &message.kind else {
            unreachable!("enforcement")
        };
        assert_eq!(enforcement.step(), step);
        assert_eq!(enforcement.matter(), EnforcementMatter::Licence);
        assert_eq!(enforcement.outcome(), EnforcementOutcome::Alleged);
        assert!(enforcement.settles_message_id.is_empty());
        let seconds = enforcement.occurred_at.map(|stamp| stamp.seconds);
        assert_eq!(seconds, Some(datetime!(2025-06-14 09:00 UTC).unix_timestamp()));
        assert_eq!(message.urgency(), urgency);
        assert_eq!(number(&message), (IdentifierType::Crn, "X000001".to_owned()));
    }
    for outcome in ["", "DECISION_PENDING"] {
        assert_eq!(told(&oversight(outcome)), "quarantined unknown_code", "{outcome}");
    }
}

#[test]
fn what_neither_names_the_matter_nor_the_message_is_not_told() {
    for (event_type, reason) in [
        ("prison-recall.recommendation.deleted", "earlier_message_untold"),
        ("prison-recall.recommendation.started", "recall_recommendation"),
        ("enforcement.recall.concluded", "detail_untold"),
        ("enforcement.breach.raised", "detail_untold"),
        ("enforcement.breach.concluded", "detail_untold"),
        ("accommodation.cas3.person.departed", "detail_untold"),
        ("accommodation.cas3.person.arrived.updated", "detail_untold"),
        ("accommodation.cas3.booking.confirmed", "accommodation"),
        ("approved-premises.person.departed", "detail_untold"),
        ("approved-premises.booking.made", "accommodation"),
        ("restricted-patients.patient.added", "restricted_patient"),
        ("create-and-vary-a-licence.licence.activated", "licence"),
        ("create-and-vary-a-licence.variation.inactivated", "licence"),
        ("person.community.manager.allocated", "allocation"),
        ("offender-management.pom.allocated", "allocation"),
        ("offender-management.handover.changed", "allocation"),
        ("prison-offender-events.prisoner.booking.moved", "identity_change"),
        ("probation-case.prison-identifier.added", "identity_change"),
        ("prisoner-offender-search.prisoner.alerts-updated", "alert"),
        ("person.alerts.changed", "alert"),
    ] {
        let found = told(&of_case(event_type, json!({})));
        assert_eq!(found, format!("not_shareable {reason}"), "{event_type}");
    }
}

#[test]
fn a_decided_recall_is_immediate_for_48_hours() {
    let event = of_case(
        "prison-recall.recommendation.management-oversight",
        json!({ "contactOutcome": "DECISION_TO_RECALL" }),
    );
    let limit = datetime!(2025-06-14 09:00 UTC) + Duration::hours(48);
    for (now, urgency) in
        [(limit, Urgency::Immediate), (limit + Duration::SECOND, Urgency::Routine)]
    {
        let Outcome::Shared(messages) = outcome_under(SECTIONS, &event, now) else {
            unreachable!("shared")
        };
        assert_eq!(messages.first().map(Message::urgency), Some(urgency));
    }
}

#[test]
fn an_arrival_is_a_placement_that_began_on_its_day_in_britain() {
    for (event_type, sort) in [
        ("approved-premises.person.arrived", PlacementSort::ApprovedPremises),
        ("accommodation.cas3.person.arrived", PlacementSort::Transitional),
    ] {
        let mut event = of_case(event_type, json!({ "applicationId": "a", "bookingId": "b" }));
        // Half past midnight of the next day in Britain.
        event["occurredAt"] = json!("2025-06-13T23:30:00Z");
        let message = message(&event);
        let Some(Kind::Placement(placement)) = &message.kind else { unreachable!("placement") };
        assert_eq!((placement.sort(), placement.step()), (sort, PlacementStep::Started));
        assert_eq!((placement.starts_on.as_str(), placement.ends_on.as_str()), ("2025-06-14", ""));
        assert!(!placement.emergency && placement.settles_message_id.is_empty());
        assert_eq!(number(&message), (IdentifierType::Crn, "X000001".to_owned()));
    }
}

#[test]
fn what_has_happened_does_not_lie_ahead() {
    for (event, at, expected) in [
        (
            of_case("prison-recall.recommendation.consideration", json!({})),
            "2025-06-15T13:00:00Z",
            "shared enforcement recall_considered",
        ),
        (
            of_case("prison-recall.recommendation.consideration", json!({})),
            "2025-06-15T13:00:01Z",
            "quarantined future_time",
        ),
        (
            of_case("approved-premises.person.arrived", json!({})),
            "2025-06-15T22:59:59Z",
            "shared placement started",
        ),
        (
            of_case("approved-premises.person.arrived", json!({})),
            "2025-06-15T23:00:00Z",
            "quarantined future_time",
        ),
    ] {
        let mut event = event;
        event["occurredAt"] = json!(at);
        assert_eq!(told(&event), expected, "{at}");
    }
}

/// The numbers of each subject, in order.
fn numbers(message: &Message) -> Vec<Vec<&str>> {
    let of = |subject: &'_ proto::exchange::v1::Subject| subject.identifiers.len();
    assert!(message.subjects.iter().all(|subject| of(subject) > 0));
    message
        .subjects
        .iter()
        .map(|subject| subject.identifiers.iter().map(|number| number.value.as_str()).collect())
        .collect()
}

fn prison_merge() -> Value {
    of_prisoner(
        "prison-offender-events.prisoner.merged",
        json!({ "nomsNumber": "Z9001ZA", "removedNomsNumber": "Z9002ZA", "reason": "MERGE" }),
    )
}

#[test]
fn a_merge_leads_with_the_number_that_stays_whatever_is_said_beside_it() {
    for (referenced, description) in [
        ("Z9001ZA", "A prisoner has been merged from Z9002ZA to Z9001ZA"),
        ("Z9002ZA", "A prisoner has been merged from Z9001ZA to Z9002ZA"),
    ] {
        let mut event = prison_merge();
        event["personReference"]["identifiers"][0]["value"] = json!(referenced);
        event["description"] = json!(description);
        let Outcome::Shared(messages) = outcome_under(OF_PRISONS, &event, NOW) else {
            unreachable!("shared")
        };
        let message = messages.first().unwrap();
        let Some(Kind::Correction(correction)) = &message.kind else { unreachable!("correction") };
        assert_eq!(correction.action(), CorrectionAction::Merge);
        assert!(correction.message_id.is_empty() && correction.reason.is_empty());
        assert_eq!(numbers(message), [["Z9001ZA", "Z9002ZA"]]);
    }
    let event = of_case(
        "probation-case.merge.completed",
        json!({ "sourceCRN": "X000002", "targetCRN": "X000001" }),
    );
    assert_eq!(numbers(&message(&event)), [["X000001", "X000002"]]);
}

#[test]
fn an_unmerge_is_of_two_persons() {
    let event = of_case(
        "probation-case.unmerge.completed",
        json!({ "reactivatedCRN": "X000002", "unmergedCRN": "X000001" }),
    );
    let message = message(&event);
    let Some(Kind::Correction(correction)) = &message.kind else { unreachable!("correction") };
    assert_eq!(correction.action(), CorrectionAction::Unmerge);
    assert_eq!(numbers(&message), [["X000001"], ["X000002"]]);
}

#[test]
fn only_the_profiles_register_is_merged() {
    let case = of_case(
        "probation-case.merge.completed",
        json!({ "sourceCRN": "X000002", "targetCRN": "X000001" }),
    );
    for (event, sections, expected) in [
        (prison_merge(), OF_PRISONS, "shared correction merge"),
        (prison_merge(), OF_CASES, "not_shareable identity_change"),
        (case.clone(), OF_CASES, "shared correction merge"),
        (case, OF_PRISONS, "not_shareable identity_change"),
    ] {
        assert_eq!(words(&outcome_under(sections, &event, NOW)), expected, "{event}");
    }
}

#[test]
fn an_erasure_waits_for_people_whatever_the_profile_shares() {
    for sections in ["", SECTIONS, OF_PRISONS] {
        let event = of_case("probation-case.deleted.gdpr", json!({}));
        assert_eq!(words(&outcome_under(sections, &event, NOW)), "quarantined erasure_due");
    }
}

#[test]
fn the_same_news_gets_the_same_ids_however_and_whenever_it_is_read() {
    for event in [
        registration("added", "MAPP", "M1", "M2"),
        registration("deleted", "IIOM", "", ""),
        of_case("prison-recall.recommendation.consideration", json!({})),
        of_case("approved-premises.person.arrived", json!({ "applicationId": "a" })),
        of_case(
            "probation-case.merge.completed",
            json!({ "sourceCRN": "X000002", "targetCRN": "X000001" }),
        ),
    ] {
        let first = message(&event);
        let mut spelt = event.clone();
        spelt["occurredAt"] = json!("2025-06-14T09:00:00.000000000Z[Europe/London]");
        spelt["version"] = json!("1.0");
        spelt["description"] = json!("Described in other words");
        let wrapped = json!({ "Type": "Notification", "Message": event.to_string() });
        for again in [&spelt, &wrapped] {
            assert_eq!(message(again).message_id, first.message_id, "{event}");
            assert_eq!(message(again).correlation_id, first.correlation_id, "{event}");
        }
        let mut other = event.clone();
        other["personReference"]["identifiers"][0]["value"] = json!("X000009");
        other["additionalInformation"]["targetCRN"] = json!("X000009");
        assert_ne!(message(&other).message_id, first.message_id, "{event}");
        assert_eq!(uuid::Uuid::try_parse(&first.message_id).unwrap().get_version_num(), 8);
    }
}

#[test]
fn every_recall_arrival_and_merge_is_news_of_its_own() {
    let raised = message(&of_case("enforcement.recall.raised", json!({})));
    let considered = of_case("prison-recall.recommendation.consideration", json!({}));
    assert_ne!(raised.message_id, message(&considered).message_id);
    for event in [
        considered,
        of_case("approved-premises.person.arrived", json!({ "applicationId": "a" })),
        of_case(
            "probation-case.merge.completed",
            json!({ "sourceCRN": "X000002", "targetCRN": "X000001" }),
        ),
    ] {
        let mut later = event.clone();
        later["occurredAt"] = json!("2025-06-14T10:00:00.001+01:00");
        assert_ne!(message(&later).message_id, message(&event).message_id, "{event}");
    }
    let alert_again = {
        let mut event = alert("created", "OPPO");
        event["additionalInformation"]["alertUuid"] = json!("6a0783ee-024e-4201-8e1f-000000000002");
        event
    };
    assert_ne!(message(&alert("created", "OPPO")).message_id, message(&alert_again).message_id);
}
