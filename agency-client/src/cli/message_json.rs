//! A message as people and scripts write it: JSON.
//!
//! Owns: the file's fields, which are the protocol's own names, with enum values by their written
//! names (`cda1998_s115`) and times in RFC 3339.
//! Promises: unknown and repeated keys are refused; every faulty field is named at once, without
//! its value; nothing is filled in that the file does not say.
//! Deliberately does not know: whether the broker will accept the message.

use super::json::{Faults, Node, ObjectReader};
use super::message_check;
use crate::errors::Violation;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::identifier::CurrentYear;
use std::fmt;

/// The largest file of a message that is read, bytes: four times the largest message (1 MiB),
/// because JSON takes more room than the wire. A larger file is refused and not read on.
pub const FILE_BYTES_MAX: u64 = 4 * proto::limits::MESSAGE_BYTES_MAX as u64;

/// Why a file is not a message.
#[derive(Debug)]
pub enum MessageJsonError {
    /// Not JSON; where reading stopped, counted from 1.
    NotJson {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// JSON, but not a message: every faulty field.
    Faults(Vec<Violation>),
}

impl fmt::Display for MessageJsonError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { line, column } => {
                write!(out, "line {line}, column {column}: this is not JSON from here on")
            }
            Self::Faults(faults) => {
                out.write_str("there are mistakes:")?;
                for fault in faults {
                    write!(out, "\n  {fault}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for MessageJsonError {}

/// Reads one message.
///
/// Promise: every mistake of the file is named at once; and if there are any, so is what the
///          rules shared with the broker say of the values that could be read. A file without
///          mistakes of its own is left to the broker.
/// `year` is the one it now is, for identifiers with short years; `None`: they are not looked at.
/// Refuses: `NotJson`, `Faults`.
pub fn read_message(
    text: &str,
    year: Option<CurrentYear>,
) -> Result<wire::Message, MessageJsonError> {
    let node =
        Node::parse(text).map_err(|(line, column)| MessageJsonError::NotJson { line, column })?;
    let mut faults = Faults::default();
    let mut object = ObjectReader::new("", node, &mut faults);
    if !faults.0.is_empty() {
        // It is no object, so there are no fields to speak of.
        return Err(MessageJsonError::Faults(faults.0));
    }
    let message = message(&mut object, &mut faults);
    object.finish(&mut faults);
    if faults.0.is_empty() {
        return Ok(message);
    }
    message_check::check(&message, year, &mut faults);
    Err(MessageJsonError::Faults(faults.0))
}

fn message(o: &mut ObjectReader, f: &mut Faults) -> wire::Message {
    wire::Message {
        message_id: o.text("message_id", f),
        purpose: o.word::<wire::Purpose>("purpose", f),
        gateway: o.word::<wire::Gateway>("gateway", f),
        lawful_basis: o.word::<wire::LawfulBasis>("lawful_basis", f),
        sensitive_condition: o.optional_word::<wire::SensitiveCondition>("sensitive_condition", f),
        marking: o.word::<wire::Marking>("marking", f),
        handling_conditions: o.words::<wire::HandlingCondition>("handling_conditions", f),
        subjects: o.objects("subjects", f, subject),
        areas: o.objects("areas", f, |o, f| wire::Area {
            code: o.text("code", f),
            role: o.word::<wire::AreaRole>("role", f),
        }),
        addressees: o.objects("addressees", f, addressee),
        urgency: o.optional_word::<wire::Urgency>("urgency", f),
        not_before: o.time("not_before", f),
        expires_at: o.time("expires_at", f),
        act_by: o.time("act_by", f),
        correlation_id: o.optional_text("correlation_id", f).unwrap_or_default(),
        causation_id: o.optional_text("causation_id", f).unwrap_or_default(),
        traceparent: o.optional_text("traceparent", f).unwrap_or_default(),
        acting_person: o.optional_text("acting_person", f).unwrap_or_default(),
        statements: o.objects("statements", f, |o, f| wire::Statement {
            field: o.word::<wire::Field>("field", f),
            footing: o.word::<wire::Footing>("footing", f),
            subjects: o.numbers("subjects", f),
            text: o.text("text", f),
        }),
        kind: kind(o, f),
    }
}

/// Exactly one of the kinds must be there.
fn kind(o: &mut ObjectReader, f: &mut Faults) -> Option<Kind> {
    let kinds = [
        o.object("intelligence", f, |o, f| Kind::Intelligence(intelligence(o, f))),
        o.object("mappa", f, |o, f| Kind::Mappa(mappa(o, f))),
        o.object("custody", f, |o, f| Kind::Custody(custody(o, f))),
        o.object("flag", f, |o, f| Kind::Flag(flag(o, f))),
        o.object("correction", f, |o, f| {
            Kind::Correction(wire::Correction {
                message_id: o.text("message_id", f),
                reason: o.optional_text("reason", f).unwrap_or_default(),
            })
        }),
    ];
    let mut given = kinds.into_iter().flatten();
    let kind = given.next();
    if kind.is_none() || given.next().is_some() {
        f.add(
            "kind".to_owned(),
            "exactly one of intelligence, mappa, custody, flag and correction must be given",
        );
    }
    kind
}

fn subject(o: &mut ObjectReader, f: &mut Faults) -> wire::Subject {
    wire::Subject {
        identifiers: o.objects("identifiers", f, |o, f| wire::Identifier {
            r#type: o.word::<wire::IdentifierType>("type", f),
            value: o.text("value", f),
        }),
        category: o.word::<wire::SubjectCategory>("category", f),
        name: o.optional_text("name", f).unwrap_or_default(),
        birth_date: o.optional_text("birth_date", f).unwrap_or_default(),
        age: o.optional_word::<wire::AgeAssertion>("age", f),
        limited_access: o.optional_word::<wire::LimitedAccess>("limited_access", f),
    }
}

fn addressee(o: &mut ObjectReader, f: &mut Faults) -> wire::Addressee {
    wire::Addressee {
        agency: o.text("agency", f),
        desk: o.optional_text("desk", f).unwrap_or_default(),
    }
}

fn intelligence(o: &mut ObjectReader, f: &mut Faults) -> wire::Intelligence {
    wire::Intelligence {
        scheme: o.word::<wire::GradingScheme>("scheme", f),
        grade: o.text("grade", f),
        conditions: o.words::<wire::IntelligenceCondition>("conditions", f),
        originator_reference: o.optional_text("originator_reference", f).unwrap_or_default(),
        topic: o.optional_word::<wire::IntelligenceTopic>("topic", f),
    }
}

fn mappa(o: &mut ObjectReader, f: &mut Faults) -> wire::Mappa {
    wire::Mappa {
        step: o.word::<wire::MappaStep>("step", f),
        category: o.number("category", f).unwrap_or_default(),
        level: o.number("level", f).unwrap_or_default(),
        previous_level: o.number("previous_level", f).unwrap_or_default(),
        referral_id: o.optional_text("referral_id", f).unwrap_or_default(),
        panel_decision_id: o.optional_text("panel_decision_id", f).unwrap_or_default(),
    }
}

fn custody(o: &mut ObjectReader, f: &mut Faults) -> wire::Custody {
    wire::Custody {
        event: o.word::<wire::CustodyEvent>("event", f),
        certainty: o.word::<wire::CustodyCertainty>("certainty", f),
        prison: o.optional_text("prison", f).unwrap_or_default(),
        occurred_at: o.time("occurred_at", f),
        movement_reason: o.optional_text("movement_reason", f).unwrap_or_default(),
        settles_message_id: o.optional_text("settles_message_id", f).unwrap_or_default(),
    }
}

fn flag(o: &mut ObjectReader, f: &mut Faults) -> wire::Flag {
    wire::Flag {
        flag_kind: o.word::<wire::FlagKind>("flag_kind", f),
        action: o.word::<wire::FlagAction>("action", f),
        owner: o.object("owner", f, addressee),
        review_date: o.optional_text("review_date", f).unwrap_or_default(),
        panel_decision_id: o.optional_text("panel_decision_id", f).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
