//! Damaged, odd and hostile payloads: each still ends as exactly one outcome, and says nothing.
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value gives null where there is nothing"
)]

use agency_client::hmpps::{ImportProfile, Outcome, PAYLOAD_BYTES_MAX, json_line, read};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

#[path = "hmpps_mutations/notices.rs"]
mod notices;

use notices::notices;

const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);
const PROFILE: &str = r#"
purpose = "offender_management"
gateway = "oma2007_s14"
lawful_basis = "dpa2018_s35_task"
marking = "official"
acting_person = "11111111-1111-4111-8111-111111111111"
id_key_file = "unused"
[mappa]
[flags]
owner_agency = "probation-greater-manchester"
owner_desk = "stockport"
[enforcement]
[placements]
[identity]
register = "crn"
"#;

#[expect(clippy::unwrap_used, reason = "a test may stop here")]
fn outcome(payload: &[u8]) -> Outcome {
    read(payload, &ImportProfile::from_toml(PROFILE, [42; 32]).unwrap(), NOW)
}

/// The outcome in two words.
fn told(payload: &[u8]) -> String {
    let line = json_line("", &outcome(payload));
    let line: Value = serde_json::from_str(&line).unwrap_or_default();
    let what = match line["outcome"].as_str() {
        Some("shared") => &line["messages"][0]["event"],
        _ => &line["reason"],
    };
    format!(
        "{} {}",
        line["outcome"].as_str().unwrap_or_default(),
        what.as_str().unwrap_or_default()
    )
}

/// The event every mutation begins with: a release of an invented person.
fn event() -> Value {
    json!({
        "eventType": "prison-offender-events.prisoner.released",
        "version": 1,
        "description": "A prisoner has been released from prison",
        "occurredAt": "2025-06-14T10:00:00+01:00",
        "publishedAt": "2025-06-14T10:46:00.123456789+01:00",
        "detailUrl": "https://prison.invalid/events/1",
        "personReference": { "identifiers": [{ "type": "NOMS", "value": "Z9201ZA" }] },
        "additionalInformation": {
            "nomsNumber": "Z9201ZA",
            "reason": "RELEASED",
            "nomisMovementReasonCode": "CR",
            "details": "Movement reason code CR",
            "currentLocation": "OUTSIDE_PRISON",
            "currentPrisonStatus": "NOT_UNDER_PRISON_CARE",
            "prisonId": "MDI",
        },
    })
}

fn wrapped(event: &Value) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "00000000-0000-4000-8000-000000000001",
        "TopicArn": "arn:aws:sns:eu-west-2:000000000000:invented",
        "Message": event.to_string(),
        "Timestamp": "2025-06-14T09:46:00.000Z",
        "MessageAttributes": {
            "eventType": { "Type": "String", "Value": "prison-offender-events.prisoner.released" },
        },
    })
}

/// Takes away what a pointer names.
fn without(mut value: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    match value.pointer_mut(parent) {
        Some(Value::Object(object)) => {
            object.remove(name);
        }
        Some(Value::Array(array)) => {
            if let Ok(index) = name.parse::<usize>() {
                array.remove(index);
            }
        }
        _ => {}
    }
    value
}

fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    if let Some(place) = value.pointer_mut(pointer) {
        *place = new;
    } else if let Some((parent, name)) = pointer.rsplit_once('/')
        && let Some(Value::Object(object)) = value.pointer_mut(parent)
    {
        object.insert(name.to_owned(), new);
    }
    value
}

const INFO: &str = "/additionalInformation";

#[test]
fn the_unchanged_event_is_a_release() {
    assert_eq!(told(event().to_string().as_bytes()), "shared release");
    assert_eq!(told(wrapped(&event()).to_string().as_bytes()), "shared release");
}

#[test]
fn a_field_taken_away() {
    for (pointer, expected) in [
        ("/eventType", "quarantined missing_event_type"),
        ("/version", "shared release"),
        ("/description", "shared release"),
        ("/occurredAt", "quarantined missing_time"),
        ("/publishedAt", "shared release"),
        ("/detailUrl", "shared release"),
        ("/personReference", "shared release"),
        ("/personReference/identifiers", "shared release"),
        ("/personReference/identifiers/0", "shared release"),
        ("/personReference/identifiers/0/type", "shared release"),
        ("/additionalInformation", "quarantined missing_reason"),
        ("/additionalInformation/nomsNumber", "shared release"),
        ("/additionalInformation/reason", "quarantined missing_reason"),
        ("/additionalInformation/nomisMovementReasonCode", "shared release"),
        ("/additionalInformation/details", "shared release"),
        ("/additionalInformation/currentLocation", "shared release"),
        ("/additionalInformation/prisonId", "quarantined unusable_prison"),
    ] {
        let payload = without(event(), pointer).to_string();
        assert_eq!(told(payload.as_bytes()), expected, "{pointer}");
    }
}

#[test]
fn a_field_given_another_type_or_value() {
    for (pointer, value, expected) in [
        ("/eventType", json!(7), "quarantined missing_event_type"),
        ("/eventType", json!(null), "quarantined missing_event_type"),
        ("/eventType", json!("{eventType}"), "quarantined unknown_event_type"),
        ("/eventType", json!(" PRISON-OFFENDER-EVENTS.PRISONER.RELEASED "), "shared release"),
        ("/version", json!({ "major": 1 }), "shared release"),
        ("/occurredAt", json!(1_749_891_600), "quarantined unreadable_time"),
        ("/occurredAt", json!(["2025-06-14T10:00:00Z"]), "quarantined unreadable_time"),
        ("/occurredAt", json!("{occurredAt}"), "quarantined placeholder_time"),
        ("/occurredAt", json!("2025-13-14T10:00:00Z"), "quarantined unreadable_time"),
        ("/occurredAt", json!("9999-12-31T23:59:59-14:00"), "quarantined unreadable_time"),
        ("/occurredAt", json!("0000-01-01T00:00:00"), "quarantined unreadable_time"),
        ("/occurredAt", json!("2199-01-01T00:00:00Z"), "quarantined future_time"),
        ("/occurredAt", json!("2025-06-14T10:00:00\u{0661}Z"), "quarantined unreadable_time"),
        ("/personReference", json!("Z9201ZA"), "shared release"),
        ("/personReference/identifiers", json!({ "NOMS": "Z9201ZA" }), "shared release"),
        ("/personReference/identifiers/0/value", json!(9201), "quarantined conflicting_noms"),
        ("/personReference/identifiers/0/value", json!("Z9202ZA"), "quarantined conflicting_noms"),
        ("/additionalInformation", json!([]), "quarantined missing_reason"),
        ("/additionalInformation", json!("{}"), "quarantined missing_reason"),
        ("/additionalInformation/nomsNumber", json!(["Z9201ZA"]), "quarantined conflicting_noms"),
        ("/additionalInformation/nomsNumber", json!(""), "shared release"),
        ("/additionalInformation/reason", json!(["RELEASED"]), "quarantined missing_reason"),
        ("/additionalInformation/reason", json!("RELEASED_MAYBE"), "quarantined unknown_reason"),
        (
            "/additionalInformation/nomisMovementReasonCode",
            json!(true),
            "quarantined unknown_reason",
        ),
        (
            "/additionalInformation/nomisMovementReasonCode",
            json!(-1.5),
            "quarantined unknown_reason",
        ),
        (
            "/additionalInformation/nomisMovementReasonCode",
            json!("A B"),
            "quarantined unknown_reason",
        ),
        ("/additionalInformation/nomisMovementReasonCode", json!(null), "shared release"),
        (
            "/additionalInformation/currentLocation",
            json!("in_prison"),
            "quarantined contradictory_movement",
        ),
        ("/additionalInformation/currentLocation", json!(0), "shared release"),
        ("/additionalInformation/prisonId", json!("TRN"), "quarantined unusable_prison"),
        ("/additionalInformation/prisonId", json!("M\u{0394}I"), "quarantined unusable_prison"),
        ("/additionalInformation/prisonId", json!({}), "quarantined unusable_prison"),
    ] {
        let payload = with(event(), pointer, value.clone()).to_string();
        assert_eq!(told(payload.as_bytes()), expected, "{pointer} {value}");
    }
}

#[test]
fn a_wrapper_that_is_not_as_it_should_be() {
    let whole = wrapped(&event());
    let in_info = with(event(), INFO, json!({ "additionalInformation": event()[&INFO[1..]] }));
    for (what, payload, expected) in [
        ("message as object", with(whole.clone(), "/Message", event()), "shared release"),
        (
            "message twice encoded",
            with(whole.clone(), "/Message", json!(Value::from(event().to_string()).to_string())),
            "shared release",
        ),
        (
            "message empty",
            with(whole.clone(), "/Message", json!("")),
            "quarantined wrapper_unreadable",
        ),
        (
            "message a list",
            with(whole.clone(), "/Message", json!([event()])),
            "quarantined wrapper_unreadable",
        ),
        (
            "message a number",
            with(whole.clone(), "/Message", json!("7")),
            "quarantined wrapper_unreadable",
        ),
        (
            "message null",
            with(whole.clone(), "/Message", json!(null)),
            "quarantined wrapper_unreadable",
        ),
        ("no attributes", without(whole.clone(), "/MessageAttributes"), "shared release"),
        (
            "attributes a list",
            with(whole.clone(), "/MessageAttributes", json!([])),
            "shared release",
        ),
        (
            "attribute a number",
            with(whole.clone(), "/MessageAttributes/eventType", json!(7)),
            "shared release",
        ),
        (
            "attribute differs",
            with(
                whole.clone(),
                "/MessageAttributes/eventType/Value",
                json!("prison-offender-events.prisoner.received"),
            ),
            "quarantined event_type_conflict",
        ),
        (
            "attribute unknown",
            with(whole.clone(), "/MessageAttributes/eventType/Value", json!("invented.type")),
            "quarantined event_type_conflict",
        ),
        ("only the message left", json!({ "Message": event().to_string() }), "shared release"),
        ("no message", without(whole, "/Message"), "quarantined missing_event_type"),
        ("information one level too deep", in_info, "quarantined missing_reason"),
        ("event in a list", json!([event()]), "quarantined not_an_event"),
        ("event in a text", json!(event().to_string()), "shared release"),
        ("event under a name", json!({ "event": event() }), "quarantined missing_event_type"),
    ] {
        assert_eq!(told(payload.to_string().as_bytes()), expected, "{what}");
    }
}

#[test]
fn bytes_that_are_not_as_they_should_be() {
    let text = wrapped(&event()).to_string();
    let whole = text.as_bytes();
    let half = whole.get(..whole.len() / 2).unwrap_or_default();
    let with_mark = [b"\xef\xbb\xbf", whole].concat();
    let sixteen: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let deep = format!("{}{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    let broad = with(event(), "/description", json!("x".repeat(PAYLOAD_BYTES_MAX / 2)));
    let huge = with(event(), "/description", json!("x".repeat(PAYLOAD_BYTES_MAX)));
    let twice = text.replacen('{', "{\"Type\":\"Notification\",", 1);
    for (what, payload, expected) in [
        ("nothing", Vec::new(), "quarantined not_json"),
        ("blanks", b" \n".to_vec(), "quarantined not_json"),
        ("null", b"null".to_vec(), "quarantined not_an_event"),
        ("an empty object", b"{}".to_vec(), "quarantined missing_event_type"),
        ("cut short", half.to_vec(), "quarantined not_json"),
        ("two events", [whole, whole].concat(), "quarantined not_json"),
        ("byte order mark", with_mark, "shared release"),
        ("UTF-16", sixteen, "quarantined not_json"),
        ("Latin-1", b"{\"eventType\":\"caf\xe9\"}".to_vec(), "quarantined not_text"),
        ("lone surrogate", br#"{"eventType":"\ud800"}"#.to_vec(), "quarantined not_json"),
        ("NUL", b"\0".to_vec(), "quarantined not_json"),
        ("deep", deep.into_bytes(), "quarantined not_json"),
        ("a name twice", twice.into_bytes(), "quarantined repeated_name"),
        ("a large text", broad.to_string().into_bytes(), "shared release"),
        ("too large", huge.to_string().into_bytes(), "quarantined too_large"),
    ] {
        assert_eq!(told(&payload), expected, "{what}");
    }
}

/// Every pointer of a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                pointers(inner, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(array) => {
            for (index, inner) in array.iter().enumerate() {
                pointers(inner, &format!("{at}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const CANARY: &str = "CANARY-6f1d";

#[test]
fn no_value_comes_back_in_any_outcome() {
    let deep = (0..60).fold(json!(CANARY), |inner, _| json!([inner]));
    let values = [
        json!(CANARY),
        json!({ CANARY: CANARY }),
        json!([CANARY]),
        deep,
        json!(format!("{{{CANARY}}}")),
        json!(CANARY.repeat(1_000)),
        json!(null),
        json!(1e300),
        json!(-1),
    ];
    let mut tried = 0;
    let events = notices().into_iter().map(|(event, _)| event).chain([event()]);
    for event in events {
        let mut found = Vec::new();
        pointers(&event, "", &mut found);
        for pointer in &found {
            for value in &values {
                let changed = with(event.clone(), pointer, value.clone());
                for payload in [changed.clone(), wrapped(&changed)] {
                    let outcome = outcome(payload.to_string().as_bytes());
                    let text = format!("{outcome:?} {}", json_line("label", &outcome));
                    assert!(
                        ![CANARY, "Z9201ZA", "X00000"].iter().any(|word| text.contains(word)),
                        "{pointer}"
                    );
                    tried += 1;
                }
            }
        }
    }
    let mut found = Vec::new();
    pointers(&wrapped(&event()), "", &mut found);
    for pointer in &found {
        for value in &values {
            let payload = with(wrapped(&event()), pointer, value.clone());
            let outcome = outcome(payload.to_string().as_bytes());
            let text = format!("{outcome:?} {}", json_line("label", &outcome));
            assert!(!text.contains(CANARY) && !text.contains("Z9201ZA"), "{pointer}");
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn a_canary_in_free_text_never_enters_a_message() {
    for pointer in ["/description", "/detailUrl", "/additionalInformation/details", "/version"] {
        let payload = with(event(), pointer, json!(CANARY)).to_string();
        let Outcome::Shared(messages) = outcome(payload.as_bytes()) else {
            unreachable!("free text decides nothing")
        };
        for message in messages {
            assert!(!holds_canary(&message), "{pointer}");
        }
    }
    for (event, _) in notices() {
        for pointer in [
            "/description",
            "/detailUrl",
            "/version",
            "/additionalInformation/registerTypeDescription",
            "/additionalInformation/source",
            "/additionalInformation/recommendationUrl",
            "/additionalInformation/bookedBy",
            "/additionalInformation/bookingId",
            "/additionalInformation/applicationId",
            "/additionalInformation/reason",
        ] {
            let payload = with(event.clone(), pointer, json!(CANARY)).to_string();
            let Outcome::Shared(messages) = outcome(payload.as_bytes()) else {
                unreachable!("free text decides nothing")
            };
            assert!(!messages.iter().any(holds_canary), "{pointer}");
        }
    }
}

fn holds_canary(message: &proto::exchange::v1::Message) -> bool {
    let bytes = prost::Message::encode_to_vec(message);
    bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("Z9201ZA")),
        Just(json!("RELEASED")),
    ];
    let name = prop_oneof![
        Just("Message".to_owned()),
        Just("eventType".to_owned()),
        Just("occurredAt".to_owned()),
        Just("additionalInformation".to_owned()),
        Just("personReference".to_owned()),
        Just("identifiers".to_owned()),
        Just("nomsNumber".to_owned()),
        any::<String>(),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::hash_map(name.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_panic(payload in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = outcome(&payload);
    }

    #[test]
    fn no_json_panics(payload in any_json()) {
        let _ = outcome(payload.to_string().as_bytes());
    }

    #[test]
    fn no_text_in_a_field_panics(
        field in proptest::sample::select(vec![
            "/eventType", "/occurredAt", "/detailUrl", "/additionalInformation/reason",
            "/additionalInformation/nomisMovementReasonCode", "/additionalInformation/prisonId",
            "/additionalInformation/nomsNumber",
        ]),
        text in prop_oneof![any::<String>(), "[0-9TZ:+. -]{0,40}", "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9](:[0-6][0-9])?([.][0-9]{0,12})?(Z|[+-][0-9:]{0,6})?"],
    ) {
        let payload = with(event(), field, json!(text)).to_string();
        let line = json_line("", &outcome(payload.as_bytes()));
        let whole = line.contains("\"outcome\":");
        prop_assert!(whole);
    }

    #[test]
    fn no_text_in_a_field_of_a_record_panics(
        nth in 0_usize..5,
        field in proptest::sample::select(vec![
            "/occurredAt", "/personReference/identifiers/0/value",
            "/additionalInformation/registerTypeCode",
            "/additionalInformation/registrationCategoryCode",
            "/additionalInformation/registrationLevelCode",
            "/additionalInformation/registrationId", "/additionalInformation/alertCode",
            "/additionalInformation/alertUuid", "/additionalInformation/contactOutcome",
            "/additionalInformation/sourceCRN", "/additionalInformation/targetCRN",
        ]),
        text in prop_oneof![any::<String>(), "[A-Z]{1,2}[0-9]{0,7}", "M[0-9]"],
    ) {
        let event = notices().into_iter().nth(nth).unwrap_or_default().0;
        let payload = with(event, field, json!(text)).to_string();
        let line = json_line("", &outcome(payload.as_bytes()));
        let whole = line.contains("\"outcome\":");
        prop_assert!(whole);
    }

    #[test]
    fn a_payload_cut_anywhere_is_quarantined(length in any::<proptest::sample::Index>()) {
        let text = wrapped(&event()).to_string();
        let cut = text.as_bytes().get(..length.index(text.len())).unwrap_or_default();
        prop_assert!(matches!(outcome(cut), Outcome::Quarantined(_)));
    }
}
