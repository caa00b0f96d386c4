//! A delivery as JSON, for scripts and for eyes.
//!
//! Owns: the fields, which are the protocol's own names, enum values by their written names.
//! Promises: whatever the recipient was given is shown; what is empty is left out; what was
//! withheld is named by field. Deliberately does not know: where it is printed.

use super::output::{time_text, word, words};
use crate::subscription::Incoming;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use serde_json::{Map, Value, json};

/// One delivery with its message.
#[must_use]
pub fn delivery(incoming: &Incoming) -> Value {
    let delivery = &incoming.delivery;
    let mut object = json!({
        "delivery_id": hex::encode(&delivery.delivery_id),
        "release_id": hex::encode(&delivery.release_id),
        "number": delivery.number,
        "attempt": delivery.attempt,
        "reference": hex::encode(&delivery.reference),
        "commitment": hex::encode(incoming.commitment()),
        "message": message(&incoming.message),
    });
    if let (false, Some(fields)) = (delivery.settles_reference.is_empty(), object.as_object_mut()) {
        let settles = hex::encode(&delivery.settles_reference);
        fields.insert("settles_reference".to_owned(), settles.into());
    }
    object
}

/// A message as it was released.
#[must_use]
pub fn message(message: &wire::ReleasedMessage) -> Value {
    let handling = words::<wire::HandlingCondition>(&message.handling_conditions);
    let areas = message.areas.iter().map(|area| {
        filled([
            ("code", area.code.as_str().into()),
            ("role", word::<wire::AreaRole>(area.role).into()),
        ])
    });
    let mut object = vec![
        ("sending_agency", message.sending_agency.as_str().into()),
        ("sending_desk", message.sending_desk.as_str().into()),
        ("purpose", word::<wire::Purpose>(message.purpose).into()),
        ("gateway", word::<wire::Gateway>(message.gateway).into()),
        ("marking", word::<wire::Marking>(message.marking).into()),
        ("urgency", word::<wire::Urgency>(message.urgency).into()),
        ("handling_conditions", handling.into()),
        ("accepted_at", time_text(message.accepted_at.as_ref()).into()),
        ("act_by", time_text(message.act_by.as_ref()).into()),
        ("delete_by", time_text(message.delete_by.as_ref()).into()),
        ("correlation_id", message.correlation_id.as_str().into()),
        ("subjects", message.subjects.iter().map(subject).collect::<Vec<_>>().into()),
        ("statements", message.statements.iter().map(statement).collect::<Vec<_>>().into()),
        ("areas", areas.collect::<Vec<_>>().into()),
        ("withheld", words::<wire::Field>(&message.withheld).into()),
    ];
    if message.flag_review_overdue {
        object.push(("flag_review_overdue", true.into()));
    }
    if let Some(kind) = &message.kind {
        object.push(kind_of(kind));
    }
    filled(object)
}

fn subject(subject: &wire::Subject) -> Value {
    let identifiers = subject.identifiers.iter().map(|identifier| {
        filled([
            ("type", word::<wire::IdentifierType>(identifier.r#type).into()),
            ("value", identifier.value.as_str().into()),
        ])
    });
    filled([
        ("category", word::<wire::SubjectCategory>(subject.category).into()),
        ("name", subject.name.as_str().into()),
        ("birth_date", subject.birth_date.as_str().into()),
        ("age", word::<wire::AgeAssertion>(subject.age).into()),
        ("limited_access", word::<wire::LimitedAccess>(subject.limited_access).into()),
        ("identifiers", identifiers.collect::<Vec<_>>().into()),
    ])
}

fn statement(statement: &wire::Statement) -> Value {
    filled([
        ("field", word::<wire::Field>(statement.field).into()),
        ("footing", word::<wire::Footing>(statement.footing).into()),
        ("subjects", statement.subjects.clone().into()),
        ("text", statement.text.as_str().into()),
    ])
}

fn kind_of(kind: &Kind) -> (&'static str, Value) {
    match kind {
        Kind::Intelligence(intelligence) => (
            "intelligence",
            filled([
                ("scheme", word::<wire::GradingScheme>(intelligence.scheme).into()),
                ("grade", intelligence.grade.as_str().into()),
                (
                    "conditions",
                    words::<wire::IntelligenceCondition>(&intelligence.conditions).into(),
                ),
                ("originator_reference", intelligence.originator_reference.as_str().into()),
                ("topic", word::<wire::IntelligenceTopic>(intelligence.topic).into()),
            ]),
        ),
        Kind::Mappa(mappa) => (
            "mappa",
            filled([
                ("step", word::<wire::MappaStep>(mappa.step).into()),
                ("category", mappa.category.into()),
                ("level", mappa.level.into()),
                ("previous_level", mappa.previous_level.into()),
                ("referral_id", mappa.referral_id.as_str().into()),
                ("panel_decision_id", mappa.panel_decision_id.as_str().into()),
            ]),
        ),
        Kind::Custody(custody) => (
            "custody",
            filled([
                ("event", word::<wire::CustodyEvent>(custody.event).into()),
                ("certainty", word::<wire::CustodyCertainty>(custody.certainty).into()),
                ("prison", custody.prison.as_str().into()),
                ("occurred_at", time_text(custody.occurred_at.as_ref()).into()),
                ("movement_reason", custody.movement_reason.as_str().into()),
                ("settles_message_id", custody.settles_message_id.as_str().into()),
            ]),
        ),
        Kind::Flag(flag) => (
            "flag",
            filled([
                ("flag_kind", word::<wire::FlagKind>(flag.flag_kind).into()),
                ("action", word::<wire::FlagAction>(flag.action).into()),
                ("owner", flag.owner.as_ref().map_or(Value::Null, owner)),
                ("review_date", flag.review_date.as_str().into()),
                ("panel_decision_id", flag.panel_decision_id.as_str().into()),
            ]),
        ),
        Kind::Correction(correction) => (
            "correction",
            filled([
                ("message_id", correction.message_id.as_str().into()),
                ("reason", correction.reason.as_str().into()),
            ]),
        ),
        Kind::Task(task) => {
            ("task", filled([("task_kind", word::<wire::TaskKind>(task.task_kind).into())]))
        }
    }
}

fn owner(owner: &wire::Addressee) -> Value {
    filled([("agency", owner.agency.as_str().into()), ("desk", owner.desk.as_str().into())])
}

/// An object of the members that say something: no empty texts and lists, nothing unspecified, no
/// number 0, which in the protocol is one that is absent or was withheld.
fn filled(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let says_something = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty() && text != "unspecified",
        Value::Array(items) => !items.is_empty(),
        Value::Number(number) => number.as_u64() != Some(0),
        Value::Bool(_) | Value::Object(_) => true,
    };
    let members = members.into_iter().filter(|(_, value)| says_something(value));
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_what_was_withheld_is_named() {
        let released = wire::ReleasedMessage {
            sending_agency: "hmp-invented".into(),
            gateway: wire::Gateway::Cja2003S325.into(),
            subjects: vec![wire::Subject {
                category: wire::SubjectCategory::Convicted.into(),
                name: "Invented Person".into(),
                ..wire::Subject::default()
            }],
            withheld: vec![wire::Field::Narrative.into(), 9_999],
            kind: Some(Kind::Task(wire::Task { task_kind: wire::TaskKind::AreaUnknown.into() })),
            ..wire::ReleasedMessage::default()
        };
        assert_eq!(
            message(&released),
            json!({
                "sending_agency": "hmp-invented",
                "gateway": "cja2003_s325",
                "subjects": [{"category": "convicted", "name": "Invented Person"}],
                "withheld": ["narrative", "9999"],
                "task": {"task_kind": "area_unknown"},
            })
        );
    }

    #[test]
    fn the_owner_of_a_flag_is_shown_that_its_review_is_overdue() {
        let mut released =
            wire::ReleasedMessage { flag_review_overdue: true, ..wire::ReleasedMessage::default() };
        assert_eq!(message(&released), json!({"flag_review_overdue": true}));
        released.flag_review_overdue = false;
        assert_eq!(message(&released), json!({}));
    }

    #[test]
    fn a_category_that_was_withheld_is_not_shown_as_0() {
        let mappa = wire::ReleasedMessage {
            withheld: vec![wire::Field::MappaCategory.into()],
            kind: Some(Kind::Mappa(wire::Mappa {
                step: wire::MappaStep::LevelChange.into(),
                level: 2,
                ..wire::Mappa::default()
            })),
            ..wire::ReleasedMessage::default()
        };
        assert_eq!(
            message(&mappa),
            json!({"withheld": ["mappa_category"], "mappa": {"step": "level_change", "level": 2}})
        );
    }
}
