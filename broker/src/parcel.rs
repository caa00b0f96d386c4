//! The exact bytes one desk may be given, and nothing else.
//!
//! Applies what was decided: removes people, statements and fields, and encodes the rest.
//! Pure; the bytes are what the ledger commits to. Two desks with the same view get the
//! same bytes, so a body is encoded once for each distinct view.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::released_message::Kind as ReleasedKind;
use proto::exchange::v1::{Field, HandlingCondition};
use time::OffsetDateTime;

use crate::decision::{View, identifier_field, withheld};
use crate::message::{Admitted, stamp};
use crate::policy::{Permit, Verdict};

/// What a masked text reads as.
pub const MASK: &str = "[masked]";

/// Bytes that may be released to desks with one view.
#[derive(Clone)]
pub struct Parcel {
    /// Encoded `ReleasedMessage`.
    pub bytes: prost::bytes::Bytes,
    /// Fields withheld, for the record.
    pub withheld: BTreeSet<Field>,
}

/// Applies a view.
#[must_use]
pub fn pack(admitted: &Admitted, view: &View, accepted_at: OffsetDateTime) -> Parcel {
    let message = &admitted.message;
    // A withdrawal may be one of intelligence, and would tell what that did not.
    let covert = matches!(message.kind, Some(Kind::Intelligence(_) | Kind::Correction(_)));
    // Deadlines that count from the acceptance would tell its very moment if they were exact.
    let told = |moment| if covert { to_the_hour(moment) } else { moment };
    let permits: Vec<&Permit> =
        view.subjects.iter().flatten().filter_map(|v| v.outcome.as_ref().ok()).collect();
    let mut handling: BTreeSet<HandlingCondition> = message.handling_conditions().collect();
    handling.extend(permits.iter().flat_map(|permit| permit.handling.iter().copied()));
    let act_by = [message.act_by.as_ref().and_then(crate::message::moment), view.act_by.map(told)];
    let released = wire::ReleasedMessage {
        sending_agency: message_sender(admitted),
        sending_desk: if covert { String::new() } else { admitted.sender.desk_id.to_string() },
        purpose: message.purpose,
        gateway: message.gateway,
        marking: message.marking,
        handling_conditions: handling.into_iter().map(|c| c as i32).collect(),
        subjects: subjects(admitted, view),
        statements: statements(admitted, view),
        areas: if view.task.is_some() { Vec::new() } else { message.areas.clone() },
        urgency: message.urgency,
        accepted_at: Some(stamp(told(accepted_at))),
        act_by: act_by.into_iter().flatten().min().map(stamp),
        delete_by: view.delete_by.map(|moment| stamp(told(moment))),
        withheld: view.withheld().into_iter().map(|field| field as i32).collect(),
        correlation_id: if covert { String::new() } else { message.correlation_id.clone() },
        flag_review_overdue: view.flag_review_overdue,
        kind: kind(admitted, view),
    };
    Parcel { bytes: released.encode_to_vec().into(), withheld: view.withheld() }
}

fn message_sender(admitted: &Admitted) -> String {
    admitted.sender.agency.to_string()
}

fn to_the_hour(moment: OffsetDateTime) -> OffsetDateTime {
    moment
        - time::Duration::seconds(i64::from(moment.minute()) * 60 + i64::from(moment.second()))
        - time::Duration::nanoseconds(moment.nanosecond().into())
}

/// Subjects that stay, each without what is withheld of him.
fn subjects(admitted: &Admitted, view: &View) -> Vec<wire::Subject> {
    let kept = admitted.message.subjects.iter().zip(&view.subjects);
    kept.filter_map(|(subject, verdict)| verdict.as_ref().map(|v| redact(subject, v))).collect()
}

fn redact(subject: &wire::Subject, verdict: &Arc<Verdict>) -> wire::Subject {
    let text = |field: Field, value: &str| match &verdict.outcome {
        Ok(permit) if permit.masked.contains(&field) && !value.is_empty() => MASK.to_owned(),
        Ok(permit) if !permit.withheld.contains(&field) => value.to_owned(),
        Ok(_) | Err(_) => String::new(),
    };
    wire::Subject {
        identifiers: subject
            .identifiers
            .iter()
            .filter(|identifier| !withheld(verdict, identifier_field(identifier)))
            .cloned()
            .collect(),
        category: subject.category,
        name: text(Field::SubjectName, &subject.name),
        birth_date: text(Field::SubjectBirthDate, &subject.birth_date),
        age: subject.age,
        limited_access: 0,
    }
}

/// Statements that are shown, their subjects renumbered to those that stay.
fn statements(admitted: &Admitted, view: &View) -> Vec<wire::Statement> {
    let mut place = 0u32;
    let renumbered: Vec<Option<u32>> = view
        .subjects
        .iter()
        .map(|verdict| {
            verdict.as_ref().map(|_| {
                place += 1;
                place - 1
            })
        })
        .collect();
    view.statements(&admitted.message)
        .map(|(_, statement)| wire::Statement {
            subjects: statement
                .subjects
                .iter()
                .filter_map(|subject| renumbered.get(*subject as usize).copied().flatten())
                .collect(),
            ..statement.clone()
        })
        .collect()
}

/// The kind, without what is withheld: a field about the message is withheld when any
/// subject's verdict withholds it.
fn kind(admitted: &Admitted, view: &View) -> Option<ReleasedKind> {
    if let Some(task) = view.task {
        return Some(ReleasedKind::Task(wire::Task { task_kind: task as i32 }));
    }
    let hidden = view.withheld();
    let hides = |field| hidden.contains(&field);
    Some(match admitted.message.kind.clone()? {
        Kind::Intelligence(mut intelligence) => {
            if hides(Field::OriginatorReference) {
                intelligence.originator_reference.clear();
            }
            ReleasedKind::Intelligence(intelligence)
        }
        Kind::Mappa(mut mappa) => {
            if hides(Field::MappaCategory) {
                mappa.category = 0;
            }
            if hides(Field::MappaLevel) {
                (mappa.level, mappa.previous_level) = (0, 0);
            }
            ReleasedKind::Mappa(mappa)
        }
        Kind::Custody(mut custody) => {
            if hides(Field::CustodyPrison) {
                custody.prison.clear();
            }
            if hides(Field::CustodyReason) {
                custody.movement_reason.clear();
            }
            // The sender's own ids stay with the sender: a recipient has its own reference.
            custody.settles_message_id.clear();
            ReleasedKind::Custody(custody)
        }
        Kind::Flag(mut flag) => {
            if hides(Field::FlagDetail) {
                flag = wire::Flag { action: flag.action, ..wire::Flag::default() };
            }
            ReleasedKind::Flag(flag)
        }
        Kind::Correction(mut correction) => {
            correction.message_id.clear();
            if hides(Field::Narrative) {
                correction.reason.clear();
            }
            ReleasedKind::Correction(correction)
        }
    })
}
