//! A delivery as JSON, for scripts and for eyes.
//!
//! Owns: the fields, which are the protocol's own names, enum values by their written names.
//! Promises: whatever the recipient was given is shown; what is empty is left out; what was
//! withheld is named by field. Deliberately does not know: where it is printed.

mod kinds;

use super::output::{time_text, word, words};
use crate::subscription::Incoming;
use proto::exchange::v1 as wire;
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
    // Named one by one: a field that is added and not shown does not build.
    let wire::ReleasedMessage {
        sending_agency,
        sending_desk,
        purpose,
        gateway,
        marking,
        handling_conditions,
        subjects,
        statements,
        areas,
        urgency,
        accepted_at,
        act_by,
        delete_by,
        withheld,
        correlation_id,
        flag_review_overdue,
        answers_message_id,
        concerns,
        notice_only,
        sections,
        break_glass,
        kind,
    } = message;
    let handling = words::<wire::HandlingCondition>(handling_conditions);
    let places = areas.iter().map(|area| {
        filled([
            ("code", area.code.as_str().into()),
            ("role", word::<wire::AreaRole>(area.role).into()),
            ("from_day", area.from_day.as_str().into()),
            ("to_day", area.to_day.as_str().into()),
            ("desk", area.desk.as_ref().map_or(Value::Null, kinds::owner)),
        ])
    });
    let mut object = vec![
        ("sending_agency", sending_agency.as_str().into()),
        ("sending_desk", sending_desk.as_str().into()),
        ("purpose", word::<wire::Purpose>(*purpose).into()),
        ("gateway", word::<wire::Gateway>(*gateway).into()),
        ("marking", word::<wire::Marking>(*marking).into()),
        ("urgency", word::<wire::Urgency>(*urgency).into()),
        ("handling_conditions", handling.into()),
        ("accepted_at", time_text(accepted_at.as_ref()).into()),
        ("act_by", time_text(act_by.as_ref()).into()),
        ("delete_by", time_text(delete_by.as_ref()).into()),
        ("correlation_id", correlation_id.as_str().into()),
        ("subjects", subjects.iter().map(subject).collect::<Vec<_>>().into()),
        ("statements", statements.iter().map(statement).collect::<Vec<_>>().into()),
        ("areas", places.collect::<Vec<_>>().into()),
        ("withheld", words::<wire::Field>(withheld).into()),
        ("flag_review_overdue", (*flag_review_overdue).into()),
        ("answers_message_id", answers_message_id.as_str().into()),
        ("concerns", concerns.iter().map(hex::encode).collect::<Vec<_>>().into()),
        ("notice_only", (*notice_only).into()),
        ("sections", sections.iter().map(released_section).collect::<Vec<_>>().into()),
        ("break_glass", (*break_glass).into()),
    ];
    if let Some(kind) = kind {
        object.push(kinds::kind_of(kind));
    }
    filled(object)
}

/// Which kind a message is, and what its kind says.
pub(super) fn kind(kind: &wire::released_message::Kind) -> (&'static str, Value) {
    kinds::kind_of(kind)
}

pub(super) fn subject(subject: &wire::Subject) -> Value {
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

fn released_section(section: &wire::ReleasedSection) -> Value {
    filled([
        ("section", hex::encode(&section.section).into()),
        ("kind", word::<wire::SectionKind>(section.kind).into()),
        ("media_type", word::<wire::MediaType>(section.media_type).into()),
        ("size_bytes", section.size_bytes.into()),
        ("digest", hex::encode(&section.digest).into()),
        ("salt", hex::encode(&section.salt).into()),
        ("onward", section.onward.into()),
    ])
}

/// What a message file says of a document.
#[must_use]
pub fn section_json(section: &wire::Section) -> Value {
    let audience = section.audience.iter().map(|part| {
        filled([
            ("agency", part.agency.as_str().into()),
            ("agency_kind", part.agency_kind.as_str().into()),
            ("function", part.function.as_str().into()),
        ])
    });
    filled([
        ("attachment_id", section.attachment_id.as_str().into()),
        ("kind", word::<wire::SectionKind>(section.kind).into()),
        ("media_type", word::<wire::MediaType>(section.media_type).into()),
        ("size_bytes", section.size_bytes.into()),
        ("digest", hex::encode(&section.digest).into()),
        ("salt", hex::encode(&section.salt).into()),
        ("audience", audience.collect::<Vec<_>>().into()),
        ("onward", section.onward.clone().into()),
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

/// An object of the members that say something: no empty texts and lists, nothing unspecified, no
/// number 0 and no `false`, which in the protocol are absent or were withheld.
fn filled(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let says_something = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty() && text != "unspecified",
        Value::Array(items) => !items.is_empty(),
        Value::Number(number) => number.as_u64() != Some(0),
        Value::Bool(is_so) => *is_so,
        Value::Object(_) => true,
    };
    let members = members.into_iter().filter(|(_, value)| says_something(value));
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests;
