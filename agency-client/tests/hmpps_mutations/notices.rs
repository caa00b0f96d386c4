//! News of records, damaged field by field: what each is then, was written by hand.

use serde_json::{Value, json};

use super::{told, with, without, wrapped};

/// News of records about an invented person, one of each sort, and what each is.
pub(super) fn notices() -> Vec<(Value, &'static str)> {
    let of_case = |event_type: &str, details: Value| {
        json!({
            "eventType": event_type,
            "version": 1,
            "description": "Described",
            "occurredAt": "2025-06-14T10:00:00+01:00",
            "detailUrl": "https://case.invalid/1",
            "personReference": { "identifiers": [{ "type": "CRN", "value": "X000001" }] },
            "additionalInformation": details,
        })
    };
    let alert = with(
        of_case(
            "person.alert.created",
            json!({
                "alertUuid": "6a0783ee-024e-4201-8e1f-000000000001",
                "alertCode": "OIOM",
                "source": "DPS",
            }),
        ),
        "/personReference/identifiers/0",
        json!({ "type": "NOMS", "value": "Z9201ZA" }),
    );
    vec![
        (
            of_case(
                "probation-case.registration.added",
                json!({
                    "registrationId": "2500000001",
                    "registerTypeCode": "MAPP",
                    "registerTypeDescription": "MAPPA",
                    "registrationCategoryCode": "M1",
                    "registrationLevelCode": "M2",
                }),
            ),
            "shared notification",
        ),
        (alert, "shared propose"),
        (
            of_case(
                "prison-recall.recommendation.management-oversight",
                json!({
                    "contactOutcome": "DECISION_TO_RECALL",
                    "recommendationUrl": "https://recall.invalid/1",
                    "bookedBy": { "username": "Invented" },
                }),
            ),
            "shared recall_decided",
        ),
        (
            of_case(
                "accommodation.cas3.person.arrived",
                json!({ "applicationId": "a", "bookingId": "b" }),
            ),
            "shared started",
        ),
        (
            of_case(
                "probation-case.merge.completed",
                json!({ "sourceCRN": "X000002", "targetCRN": "X000001" }),
            ),
            "shared merge",
        ),
    ]
}

#[test]
fn news_of_records_in_any_wrapper() {
    for (event, expected) in notices() {
        let inside = json!({ "Message": event.to_string() });
        let queued = json!({ "Body": inside.to_string() });
        for payload in [&event, &inside, &queued, &json!(event.to_string())] {
            assert_eq!(told(payload.to_string().as_bytes()), expected, "{payload}");
        }
        let other = with(wrapped(&event), "/MessageAttributes/eventType/Value", json!("tier.x"));
        assert_eq!(told(other.to_string().as_bytes()), "quarantined event_type_conflict");
    }
}

#[test]
fn news_of_records_with_a_field_taken_away() {
    let events = notices();
    for (nth, pointer, expected) in [
        (0, "/additionalInformation", "quarantined unknown_code"),
        (0, "/additionalInformation/registerTypeCode", "quarantined unknown_code"),
        (0, "/additionalInformation/registrationId", "quarantined missing_record_id"),
        (0, "/additionalInformation/registrationCategoryCode", "not_shareable mappa_undetermined"),
        (0, "/additionalInformation/registrationLevelCode", "not_shareable mappa_undetermined"),
        (0, "/additionalInformation/registerTypeDescription", "shared notification"),
        (0, "/personReference", "quarantined missing_crn"),
        (0, "/occurredAt", "quarantined missing_time"),
        (1, "/additionalInformation", "quarantined unknown_code"),
        (1, "/additionalInformation/alertCode", "quarantined unknown_code"),
        (1, "/additionalInformation/alertUuid", "quarantined missing_record_id"),
        (1, "/additionalInformation/source", "shared propose"),
        (1, "/personReference/identifiers/0", "quarantined missing_noms"),
        (2, "/additionalInformation", "quarantined unknown_code"),
        (2, "/additionalInformation/contactOutcome", "quarantined unknown_code"),
        (2, "/additionalInformation/bookedBy", "shared recall_decided"),
        (2, "/personReference/identifiers", "quarantined missing_crn"),
        (3, "/additionalInformation", "shared started"),
        (3, "/additionalInformation/bookingId", "shared started"),
        (3, "/personReference/identifiers/0/type", "quarantined missing_crn"),
        (4, "/additionalInformation", "quarantined missing_crn"),
        (4, "/additionalInformation/sourceCRN", "quarantined missing_crn"),
        (4, "/personReference", "shared merge"),
    ] {
        let Some((event, _)) = events.get(nth) else { unreachable!("five sorts") };
        let payload = without(event.clone(), pointer).to_string();
        assert_eq!(told(payload.as_bytes()), expected, "{nth} {pointer}");
    }
}

#[test]
fn news_of_records_with_a_field_given_another_type_or_value() {
    let events = notices();
    let details = "/additionalInformation";
    let reference = "/personReference/identifiers/0/value";
    for (nth, pointer, value, expected) in [
        (0, format!("{details}/registerTypeCode"), json!(" mapp "), "shared notification"),
        (0, format!("{details}/registerTypeCode"), json!(7), "quarantined unknown_code"),
        (0, format!("{details}/registerTypeCode"), json!("RHRH"), "not_shareable registration"),
        (0, format!("{details}/registrationId"), json!(2_500_000_001_u64), "shared notification"),
        (0, format!("{details}/registrationId"), json!("{id}"), "quarantined missing_record_id"),
        (0, format!("{details}/registrationId"), json!(1.5), "quarantined missing_record_id"),
        (0, format!("{details}/registrationLevelCode"), json!(2), "quarantined unknown_code"),
        (0, format!("{details}/registrationLevelCode"), json!("M9"), "quarantined unknown_code"),
        (0, reference.to_owned(), json!("{crn}"), "quarantined unusable_crn"),
        (0, reference.to_owned(), json!("X12345"), "quarantined unusable_crn"),
        (0, "/occurredAt".to_owned(), json!("{createdDate}"), "quarantined placeholder_time"),
        (0, "/occurredAt".to_owned(), json!("2025-05-01T10:00:00Z"), "not_shareable overtaken"),
        (1, format!("{details}/alertCode"), json!(["OIOM"]), "quarantined unknown_code"),
        (1, format!("{details}/alertCode"), json!("XA"), "not_shareable alert"),
        (1, format!("{details}/alertUuid"), json!("{uuid}"), "quarantined missing_record_id"),
        (
            1,
            format!("{details}/alertUuid"),
            json!("00000000-0000-0000-0000-000000000000"),
            "quarantined missing_record_id",
        ),
        (1, format!("{details}/nomsNumber"), json!("Z9202ZA"), "quarantined conflicting_noms"),
        (2, format!("{details}/contactOutcome"), json!("PERHAPS"), "quarantined unknown_code"),
        (2, format!("{details}/contactOutcome"), json!(true), "quarantined unknown_code"),
        (2, format!("{details}/crn"), json!("X000002"), "quarantined conflicting_crn"),
        (3, format!("{details}/bookingId"), json!({ "id": 1 }), "shared started"),
        (3, "/occurredAt".to_owned(), json!("2025-06-16T10:00:00Z"), "quarantined future_time"),
        (4, format!("{details}/sourceCRN"), json!("X000001"), "quarantined self_merge"),
        (4, format!("{details}/sourceCRN"), json!("{crn}"), "quarantined unusable_crn"),
        (4, format!("{details}/targetCRN"), json!(7), "quarantined unusable_crn"),
        (4, reference.to_owned(), json!("X000002"), "shared merge"),
        (4, reference.to_owned(), json!("X000003"), "quarantined conflicting_crn"),
        (4, reference.to_owned(), json!("{crn}"), "quarantined unusable_crn"),
    ] {
        let Some((event, _)) = events.get(nth) else { unreachable!("five sorts") };
        let payload = with(event.clone(), &pointer, value.clone()).to_string();
        assert_eq!(told(payload.as_bytes()), expected, "{nth} {pointer} {value}");
    }
}
