//! A message as people and scripts write it: JSON.
//!
//! Owns: the file's fields, which are the protocol's own names, with enum values by their written
//! names (`cda1998_s115`) and times in RFC 3339.
//! Promises: unknown and repeated keys are refused; every faulty field is named at once, without
//! its value; nothing is filled in that the file does not say.
//! Deliberately does not know: whether the broker will accept the message.

use super::json::{Faults, Node, ObjectReader};
use crate::errors::Violation;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use std::fmt;

/// The largest file that is read, bytes: JSON takes more room than the wire.
pub(crate) const FILE_BYTES_MAX: u64 = 4 * proto::limits::MESSAGE_BYTES_MAX as u64;

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
                out.write_str("the message has mistakes:")?;
                for fault in faults {
                    write!(out, "\n  {}: {}", fault.field, fault.rule)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for MessageJsonError {}

/// Reads one message.
///
/// Refuses: `NotJson`, `Faults`.
pub fn read_message(text: &str) -> Result<wire::Message, MessageJsonError> {
    let node =
        Node::parse(text).map_err(|(line, column)| MessageJsonError::NotJson { line, column })?;
    let mut faults = Faults::default();
    let mut object = ObjectReader::new("", node, &mut faults);
    let message = message(&mut object, &mut faults);
    object.finish(&mut faults);
    if faults.0.is_empty() { Ok(message) } else { Err(MessageJsonError::Faults(faults.0)) }
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
mod tests {
    use super::*;

    const RELEASE: &str = r#"{
        "message_id": "7b9a3f52-51a5-4c39-8f1c-6f0f5a0b0c11",
        "purpose": "offender_management", "gateway": "oma2007_s14",
        "lawful_basis": "dpa2018_s35_task", "sensitive_condition": "sch8_statutory",
        "marking": "official_sensitive", "urgency": "immediate",
        "subjects": [{"category": "convicted", "limited_access": "no",
                      "identifiers": [{"type": "noms", "value": "A1234AA"}]}],
        "areas": [{"code": "E08000007", "role": "release"}],
        "statements": [{"field": "housing_need", "footing": "fact", "subjects": [0], "text": "none"}],
        "custody": {"event": "release", "certainty": "provisional", "prison": "MDI",
                    "occurred_at": "2026-03-02T09:00:00Z"}
    }"#;

    fn faults(text: &str) -> Vec<(String, String)> {
        match read_message(text).unwrap_err() {
            MessageJsonError::Faults(faults) => {
                faults.into_iter().map(|fault| (fault.field, fault.rule)).collect()
            }
            MessageJsonError::NotJson { .. } => Vec::new(),
        }
    }

    #[test]
    fn a_release_reads_as_the_protocol_means_it() {
        let message = read_message(RELEASE).unwrap();
        assert_eq!(message.gateway(), wire::Gateway::Oma2007S14);
        assert_eq!(message.urgency(), wire::Urgency::Immediate);
        let Some(Kind::Custody(custody)) = message.kind else { unreachable!("it is of custody") };
        assert_eq!(custody.certainty(), wire::CustodyCertainty::Provisional);
        assert_eq!(custody.occurred_at.unwrap().seconds, 1_772_442_000);
    }

    #[test]
    fn unknown_keys_are_refused_at_every_depth() {
        let text = RELEASE
            .replace("\"prison\"", "\"prison_name\"")
            .replace("\"value\": \"A1234AA\"", "\"value\": \"A1234AA\", \"source\": \"x\"");
        assert_eq!(
            faults(&text),
            [
                ("subjects[0].identifiers[0].source".into(), "is not a known field".into()),
                ("custody.prison_name".into(), "is not a known field".into())
            ]
        );
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        let text =
            RELEASE.replace("\"role\": \"release\"", "\"role\": \"release\", \"role\": \"home\"");
        assert_eq!(faults(&text), [("areas[0].role".into(), "must be given once".into())]);
    }

    #[test]
    fn names_are_the_protocols_in_lower_case_and_unspecified_is_not_said() {
        for wrong in ["OMA2007_S14", "oma2007", "unspecified", "GATEWAY_OMA2007_S14"] {
            let text = RELEASE.replace("oma2007_s14", wrong);
            assert_eq!(
                faults(&text),
                [("gateway".into(), "must be one of the protocol's names, in lower case".into())],
                "{wrong}"
            );
        }
    }

    #[test]
    fn exactly_one_kind_is_asked_for() {
        for text in [
            RELEASE.replace("\"custody\"", "\"flags\""),
            RELEASE.replace("\"areas\"", "\"correction\": {\"message_id\": \"x\"}, \"areas\""),
        ] {
            assert!(faults(&text).iter().any(|(field, _)| field == "kind"));
        }
    }

    #[test]
    fn no_fault_says_a_value() {
        let text = RELEASE
            .replace("\"A1234AA\"", "[\"A1234AA\"]")
            .replace("[0], \"text\": \"none\"", "[-1], \"text\": 7")
            .replace("2026-03-02T09:00:00Z", "2 March");
        let error = read_message(&text).unwrap_err().to_string();
        for value in ["A1234AA", "-1", "2 March"] {
            assert!(!error.contains(value), "{error}");
        }
        for field in [
            "identifiers[0].value",
            "statements[0].subjects[0]",
            "statements[0].text",
            "custody.occurred_at",
        ] {
            assert!(error.contains(field), "{field} is missing");
        }
    }

    #[test]
    fn what_is_not_json_is_refused_by_its_place_only() {
        let error = read_message("{\"message_id\": Smith}").unwrap_err();
        assert_eq!(error.to_string(), "line 1, column 16: this is not JSON from here on");
    }
}
