//! A delivery as a CloudEvent.
//!
//! Owns: the attributes around the message (CloudEvents 1.0.2, structured mode in JSON).
//! Promises: two events of the same `source` and `id` are one delivery, offered again; no
//! attribute tells anything of a person, so that whatever routes events by their attributes learns
//! of nobody; everything the recipient was given is in `data`, as it is printed otherwise.
//! Deliberately does not know: where events go, and what the message says.
//!
//! Why the delivery's id and not the release's: each attempt is a release of its own, recorded as
//! such, but to the recipient it is the same thing told again. The specification lets a consumer
//! take equal `source` and `id` for a duplicate, which is what an attempt is. The release is in an
//! extension, since proofs are asked for by it.

use super::output::told_time;
use super::released_json;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// What the types of events begin with.
const TYPE_START: &str = "uk.pyramid.exchange.v1";

/// Where the deliveries of a subscription come from.
pub(super) struct Mailbox {
    source: String,
    desk: String,
}

impl Mailbox {
    /// A desk's, at a broker whose ledger has this name. Were another ledger begun in its place, its
    /// deliveries would not be taken for those of the ledger that was lost.
    pub(super) fn new(origin: &str, desk: &str) -> Self {
        Self { source: urn(origin), desk: desk.to_owned() }
    }
}

/// One delivery with its message.
pub(super) fn event(
    mailbox: &Mailbox,
    delivery: &wire::Delivery,
    message: &wire::ReleasedMessage,
    commitment: [u8; 32],
) -> Value {
    // CloudEvents knows whole numbers of 32 bits only: the number of a delivery is written out.
    let attempt = i32::try_from(delivery.attempt).unwrap_or(i32::MAX);
    let attributes: [(&str, Value); 14] = [
        ("specversion", "1.0".into()),
        ("id", hex::encode(&delivery.delivery_id).into()),
        ("source", mailbox.source.as_str().into()),
        ("type", format!("{TYPE_START}.{}", kind(message.kind.as_ref())).into()),
        ("subject", mailbox.desk.as_str().into()),
        ("time", told_time(message.accepted_at.as_ref()).into()),
        ("datacontenttype", "application/json".into()),
        ("attempt", attempt.into()),
        ("number", delivery.number.to_string().into()),
        ("release", hex::encode(&delivery.release_id).into()),
        ("reference", hex::encode(&delivery.reference).into()),
        ("settles", hex::encode(&delivery.settles_reference).into()),
        ("commitment", hex::encode(commitment).into()),
        ("data", released_json::message(message)),
    ];
    // An attribute that is there must say something.
    let given = attributes.into_iter().filter(|(_, value)| value.as_str() != Some(""));
    Value::Object(given.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// A ledger's name as a URN (RFC 8141): what may not stand in one is percent-encoded.
fn urn(origin: &str) -> String {
    let mut urn = "urn:pyramid:".to_owned();
    for (position, byte) in origin.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~')
            || (byte == b'/' && position > 0);
        if is_plain {
            urn.push(char::from(byte));
        } else {
            // Writing to a text succeeds.
            let _ = write!(urn, "%{byte:02X}");
        }
    }
    urn
}

/// The kind's name in a type: the protocol's own.
const fn kind(kind: Option<&Kind>) -> &'static str {
    match kind {
        Some(Kind::Intelligence(_)) => "intelligence",
        Some(Kind::Mappa(_)) => "mappa",
        Some(Kind::Custody(_)) => "custody",
        Some(Kind::Flag(_)) => "flag",
        Some(Kind::Correction(_)) => "correction",
        Some(Kind::Task(_)) => "task",
        Some(Kind::DrugTest(_)) => "drug_test",
        Some(Kind::Enforcement(_)) => "enforcement",
        Some(Kind::Action(_)) => "action",
        Some(Kind::Placement(_)) => "placement",
        Some(Kind::Referral(_)) => "referral",
        Some(Kind::Court(_)) => "court",
        Some(Kind::Request(_)) => "request",
        Some(Kind::Response(_)) => "response",
        // Of a kind that this program does not know yet.
        None => "message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::Timestamp;
    use serde_json::json;

    /// A delivery at its second attempt.
    fn delivery() -> wire::Delivery {
        wire::Delivery {
            delivery_id: vec![0xd1; 16].into(),
            release_id: vec![0xe2; 16].into(),
            number: u64::MAX,
            attempt: 2,
            reference: vec![0xf3; 16].into(),
            settles_reference: Vec::new().into(),
            ..wire::Delivery::default()
        }
    }

    /// Everything in it that is somebody's says so.
    fn message() -> wire::ReleasedMessage {
        wire::ReleasedMessage {
            sending_agency: "gmp".into(),
            accepted_at: Some(Timestamp { seconds: 1_772_442_000, nanos: 0 }),
            subjects: vec![wire::Subject {
                category: wire::SubjectCategory::Managed.into(),
                name: "Invented Person".into(),
                birth_date: "1988-04-12".into(),
                identifiers: vec![wire::Identifier {
                    r#type: wire::IdentifierType::Noms.into(),
                    value: "Z9124ZD".into(),
                }],
                ..wire::Subject::default()
            }],
            statements: vec![wire::Statement {
                text: "An invented statement".into(),
                ..wire::Statement::default()
            }],
            kind: Some(Kind::Task(wire::Task {
                task_kind: wire::TaskKind::AreaUnknown.into(),
                ..wire::Task::default()
            })),
            ..wire::ReleasedMessage::default()
        }
    }

    fn told(delivery: &wire::Delivery, message: &wire::ReleasedMessage) -> Map<String, Value> {
        let mailbox = Mailbox::new("broker.example/ledger", "stockport");
        event(&mailbox, delivery, message, [0xab; 32]).as_object().cloned().unwrap()
    }

    #[test]
    fn a_delivery_is_one_event_whose_attributes_are_these() {
        assert_eq!(
            Value::Object(told(&delivery(), &message())),
            json!({
                "specversion": "1.0",
                "id": "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1",
                "source": "urn:pyramid:broker.example/ledger",
                "type": "uk.pyramid.exchange.v1.task",
                "subject": "stockport",
                "time": "2026-03-02T09:00:00Z",
                "datacontenttype": "application/json",
                "attempt": 2,
                "number": "18446744073709551615",
                "release": "e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2",
                "reference": "f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3",
                "commitment": "ab".repeat(32),
                "data": {
                    "sending_agency": "gmp",
                    "accepted_at": "2026-03-02T09:00:00Z",
                    "subjects": [{
                        "category": "managed",
                        "name": "Invented Person",
                        "birth_date": "1988-04-12",
                        "identifiers": [{"type": "noms", "value": "Z9124ZD"}],
                    }],
                    "statements": [{"text": "An invented statement"}],
                    "task": {"task_kind": "area_unknown"},
                },
            })
        );
    }

    /// CloudEvents 1.0.2: the rules of attributes' names and types (section 3), of the required
    /// ones (3.1), of the optional ones (3.2), and of the JSON format (2.2 and 3 there).
    fn faults(event: &Map<String, Value>) -> Vec<String> {
        let mut faults = Vec::new();
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        for name in ["specversion", "id", "source", "type"] {
            if text(name).is_empty() {
                faults.push(format!("{name} is required and not empty"));
            }
        }
        if text("specversion") != "1.0" {
            faults.push("specversion is 1.0".to_owned());
        }
        for (name, value) in event.iter().filter(|(name, _)| *name != "data") {
            let is_name = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            if !is_name || name.is_empty() || name.len() > 20 {
                faults.push(format!("{name} is no name of an attribute"));
            }
            match value {
                Value::String(text) => {
                    let is_bad = |c: char| c.is_control() || ('\u{fdd0}'..='\u{fdef}').contains(&c);
                    if text.is_empty() || text.contains(is_bad) {
                        faults.push(format!("{name} is no text of an attribute"));
                    }
                }
                Value::Number(number) => {
                    if number.as_i64().is_none_or(|n| i32::try_from(n).is_err()) {
                        faults.push(format!("{name} is no whole number of 32 bits"));
                    }
                }
                Value::Bool(_) => {}
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    faults.push(format!("{name} is of no type of an attribute"));
                }
            }
        }
        let is_of_uri =
            |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
        if !text("source").bytes().all(is_of_uri) {
            faults.push("source is a reference by URI".to_owned());
        }
        let rfc_3339 = &time::format_description::well_known::Rfc3339;
        if event.contains_key("time")
            && time::OffsetDateTime::parse(text("time"), rfc_3339).is_err()
        {
            faults.push("time is of RFC 3339".to_owned());
        }
        if event.contains_key("data") && event.contains_key("data_base64") {
            faults.push("data is there once".to_owned());
        }
        faults
    }

    #[test]
    fn every_event_keeps_the_rules_of_cloudevents() {
        let mut settling = delivery();
        settling.settles_reference = vec![1; 16].into();
        let mut bare = message();
        (bare.kind, bare.accepted_at) = (None, None);
        for (delivery, message) in
            [(delivery(), message()), (settling.clone(), message()), (delivery(), bare)]
        {
            let event = told(&delivery, &message);
            assert_eq!(faults(&event), Vec::<String>::new(), "{event:?}");
        }
        assert_eq!(told(&settling, &message())["settles"], "01".repeat(16));
        // The rules themselves find what breaks them.
        for (name, value) in [
            ("specversion", json!("0.3")),
            ("id", json!("")),
            ("Attempt", json!(1)),
            ("delivery_number", json!(1)),
            ("number", json!(4_294_967_296_u64)),
            ("source", json!("broker example")),
            ("time", json!("yesterday")),
            ("settles", json!(null)),
        ] {
            let mut event = told(&delivery(), &message());
            event.insert(name.to_owned(), value);
            assert!(!faults(&event).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_delivery_that_is_offered_again_is_the_same_event_and_another_release() {
        let (first, mut again) = (delivery(), delivery());
        (again.attempt, again.release_id) = (3, vec![0xe3; 16].into());
        let (first, again) = (told(&first, &message()), told(&again, &message()));
        assert_eq!((&first["source"], &first["id"]), (&again["source"], &again["id"]));
        assert_ne!(first["release"], again["release"]);
        let restored = Mailbox::new("broker.example/ledger-2", "stockport");
        let restored = event(&restored, &delivery(), &message(), [0; 32]);
        assert_ne!(first["source"], restored["source"]);
    }

    #[test]
    fn nothing_outside_the_data_tells_of_a_person() {
        let mut attributes = told(&delivery(), &message());
        attributes.remove("data");
        let attributes = Value::Object(attributes).to_string();
        for personal in ["Invented", "invented", "1988", "Z9124ZD", "managed"] {
            assert!(!attributes.contains(personal), "{personal}");
        }
    }

    #[test]
    fn the_type_of_an_event_ends_with_the_name_under_which_its_data_tells_the_kind() {
        for kind in [
            Kind::Intelligence(wire::Intelligence::default()),
            Kind::Mappa(wire::Mappa::default()),
            Kind::Custody(wire::Custody::default()),
            Kind::Flag(wire::Flag::default()),
            Kind::Correction(wire::Correction::default()),
            Kind::Task(wire::Task::default()),
            Kind::DrugTest(wire::DrugTest::default()),
            Kind::Enforcement(wire::Enforcement::default()),
            Kind::Action(wire::Action::default()),
            Kind::Placement(wire::Placement::default()),
            Kind::Referral(wire::Referral::default()),
            Kind::Court(wire::Court::default()),
            Kind::Request(wire::Request::default()),
            Kind::Response(wire::Response::default()),
        ] {
            let message = wire::ReleasedMessage { kind: Some(kind), ..Default::default() };
            let event = told(&delivery(), &message);
            let name = event["type"].as_str().unwrap().strip_prefix("uk.pyramid.exchange.v1.");
            assert!(event["data"].get(name.unwrap()).is_some(), "{name:?}");
        }
    }

    #[test]
    fn the_name_of_a_ledger_becomes_a_urn_whatever_is_in_it() {
        for (origin, expected) in [
            ("broker.example/ledger", "urn:pyramid:broker.example/ledger"),
            ("/a b", "urn:pyramid:%2Fa%20b"),
            ("Zo\u{eb}", "urn:pyramid:Zo%C3%AB"),
            ("a?b#c", "urn:pyramid:a%3Fb%23c"),
        ] {
            assert_eq!(urn(origin), expected);
        }
    }
}
