//! A message as people and scripts write it: JSON.
//!
//! Owns: the file's fields, which are the protocol's own names, with enum values by their written
//! names (`cda1998_s115`) and times in RFC 3339.
//! Promises: unknown and repeated keys are refused; every faulty field is named at once, without
//! its value; nothing is filled in that the file does not say.
//! Deliberately does not know: whether the broker will accept the message.

mod casework;
mod kinds;

use super::json::{Faults, Node, ObjectReader};
use super::message_check;
use crate::errors::Violation;
use proto::exchange::v1 as wire;
use proto::identifier::CurrentYear;
use std::fmt;

pub use kinds::KINDS;

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
            from_day: o.optional_text("from_day", f).unwrap_or_default(),
            to_day: o.optional_text("to_day", f).unwrap_or_default(),
            desk: o.object("desk", f, addressee),
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
        not_to: o.texts("not_to", f),
        in_reply_to: o.opaque_id("in_reply_to", f).into(),
        attachments: o.objects("attachments", f, section),
        break_glass: o.object("break_glass", f, |o, f| wire::BreakGlass {
            reason: o.text("reason", f),
            second_person: o.text("second_person", f),
        }),
        kind: kinds::kind(o, f),
    }
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

fn section(o: &mut ObjectReader, f: &mut Faults) -> wire::Section {
    wire::Section {
        attachment_id: o.text("attachment_id", f),
        kind: o.word::<wire::SectionKind>("kind", f),
        media_type: o.word::<wire::MediaType>("media_type", f),
        size_bytes: o.required_number("size_bytes", f),
        digest: o.digest("digest", f).into(),
        salt: o.digest("salt", f).into(),
        audience: o.objects("audience", f, |o, f| wire::SectionAudience {
            agency: o.optional_text("agency", f).unwrap_or_default(),
            agency_kind: o.optional_text("agency_kind", f).unwrap_or_default(),
            function: o.optional_text("function", f).unwrap_or_default(),
        }),
        onward: o.texts("onward", f),
    }
}

fn addressee(o: &mut ObjectReader, f: &mut Faults) -> wire::Addressee {
    wire::Addressee {
        agency: o.text("agency", f),
        desk: o.optional_text("desk", f).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
