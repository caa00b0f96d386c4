//! What a desk reads of a message: which parts are shown, which withheld, which named as withheld.
//!
//! Owns the reference's way from a decision to the message a desk receives. Promises that a
//! person who is removed takes with him every statement that concerns or names him. Deliberately
//! does not know: why anything is withheld.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::released_message::Kind as Shown;
use proto::exchange::v1::{CorrectionAction, Field, IdentifierType, TaskKind};
use time::OffsetDateTime;

use super::model::{Held, Record};
use super::register::Number;
use super::rules::Granted;
use super::town::DESKS;

/// A message as a desk receives it. References are no part of it.
pub type View = wire::ReleasedMessage;

/// What a masked text reads as.
const MASK: &str = "[masked]";

/// What a message holds about one of its people.
pub fn fields(message: &wire::Message, position: usize) -> BTreeSet<Field> {
    let mut fields = of_kind(message);
    if let Some(subject) = message.subjects.get(position) {
        if !subject.name.is_empty() {
            fields.insert(Field::SubjectName);
        }
        if !subject.birth_date.is_empty() {
            fields.insert(Field::SubjectBirthDate);
        }
        fields.extend(subject.identifiers.iter().map(register_of));
    }
    let said = message.statements.iter();
    let of_him = said.filter(|one| one.subjects.iter().any(|about| *about as usize == position));
    fields.extend(of_him.map(wire::Statement::field));
    fields
}

fn of_kind(message: &wire::Message) -> BTreeSet<Field> {
    let fields: &[Field] = match &message.kind {
        Some(Kind::Intelligence(one)) if !one.originator_reference.is_empty() => {
            &[Field::OriginatorReference]
        }
        Some(Kind::Custody(_)) => &[Field::CustodyPrison, Field::CustodyReason],
        Some(Kind::Flag(_)) => &[Field::FlagDetail],
        Some(Kind::Correction(one)) if !one.reason.is_empty() => &[Field::Narrative],
        Some(Kind::DrugTest(_)) => &[Field::DrugTestResult],
        Some(Kind::Enforcement(_)) => &[Field::EnforcementDetail],
        Some(Kind::Action(_)) => &[Field::ActionPathway],
        Some(Kind::Placement(_)) => &[Field::PlacementDetail],
        Some(Kind::Referral(one)) if !one.parties.is_empty() => {
            &[Field::ReferralProgramme, Field::Consent]
        }
        Some(Kind::Referral(_)) => &[Field::ReferralProgramme],
        _ => &[],
    };
    fields.iter().copied().collect()
}

fn register_of(number: &wire::Identifier) -> Field {
    match number.r#type() {
        IdentifierType::Noms | IdentifierType::Crn => Field::HmppsIdentifiers,
        _ => Field::PoliceIdentifiers,
    }
}

fn hides(granted: &Granted, field: Field) -> bool {
    granted.withheld.contains(&field) || granted.masked.contains(&field)
}

/// Statements that would be shown but for what they say of somebody removed: by place.
fn shown_statements(
    record: &Record,
    task: Option<TaskKind>,
    people: &[Option<Granted>],
) -> Vec<usize> {
    let said = record.message.statements.iter().enumerate();
    let shows = |one: &wire::Statement| {
        task.is_none()
            && one.subjects.iter().all(|about| {
                people[*about as usize].as_ref().is_some_and(|one_of| !hides(one_of, one.field()))
            })
    };
    said.filter(|(_, one)| shows(one)).map(|(place, _)| place).collect()
}

/// Of those, the ones that name somebody removed.
fn telling(record: &Record, task: Option<TaskKind>, people: &[Option<Granted>]) -> Vec<usize> {
    let subjects = record.message.subjects.iter().zip(people);
    let words = |text: &str| -> BTreeSet<String> {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        words.filter(|word| word.len() > 2).map(str::to_owned).collect()
    };
    let kept: BTreeSet<String> = subjects
        .clone()
        .filter(|(_, shown)| shown.is_some())
        .flat_map(|(one, _)| words(&one.name))
        .collect();
    let removed = subjects.filter(|(_, shown)| shown.is_none()).map(|(one, _)| one);
    let names: BTreeSet<String> =
        removed.flat_map(|one| words(&one.name)).filter(|word| !kept.contains(word)).collect();
    shown_statements(record, task, people)
        .into_iter()
        .filter(|place| !words(&record.message.statements[*place].text).is_disjoint(&names))
        .collect()
}

/// Whether something had to be cut from intelligence and nothing is left of it.
pub fn is_emptied(record: &Record, task: Option<TaskKind>, people: &[Option<Granted>]) -> bool {
    let telling = telling(record, task, people);
    matches!(record.message.kind, Some(Kind::Intelligence(_)))
        && !telling.is_empty()
        && shown_statements(record, task, people).len() == telling.len()
}

/// Every number that is shown.
pub fn numbers_shown(record: &Record, people: &[Option<Granted>]) -> BTreeSet<Number> {
    let subjects = record.message.subjects.iter().zip(people);
    let shown = subjects.filter_map(|(one, granted)| Some((one, granted.as_ref()?)));
    shown
        .flat_map(|(one, granted)| {
            let open = one.identifiers.iter().filter(|number| !hides(granted, register_of(number)));
            open.map(|number| (number.r#type, number.value.clone())).collect::<Vec<_>>()
        })
        .collect()
}

/// The message as a desk receives it.
pub fn of(
    record: &Record,
    task: Option<TaskKind>,
    people: &[Option<Granted>],
    notice: bool,
    held: Option<&Held>,
) -> View {
    let message = &record.message;
    let covert = matches!(message.kind, Some(Kind::Intelligence(_) | Kind::Correction(_)));
    let telling = telling(record, task, people);
    let shown: Vec<&Granted> = people.iter().flatten().collect();
    let mut withheld: BTreeSet<Field> = shown
        .iter()
        .flat_map(|granted| granted.withheld.iter().chain(&granted.masked).copied())
        .collect();
    withheld.extend(telling.iter().map(|place| message.statements[*place].field()));
    let mut handling: BTreeSet<i32> = message.handling_conditions.iter().copied().collect();
    handling.extend(shown.iter().flat_map(|one| one.handling.iter().map(|one| *one as i32)));
    let bare = task.is_some() || notice;
    let sender = &DESKS[record.sender];
    View {
        sending_agency: sender.agency.to_owned(),
        sending_desk: if covert { String::new() } else { sender.desk.to_owned() },
        purpose: message.purpose,
        gateway: message.gateway,
        marking: message.marking,
        handling_conditions: handling.into_iter().collect(),
        subjects: if notice { Vec::new() } else { subjects(message, people, held) },
        statements: if notice {
            Vec::new()
        } else {
            statements(record, people, &shown_statements(record, task, people), &telling)
        },
        areas: if bare || says_what_to_do(message) { Vec::new() } else { message.areas.clone() },
        urgency: wire::Urgency::Routine.into(),
        accepted_at: Some(stamp(if covert { hour(record.at) } else { record.at })),
        act_by: message.act_by,
        delete_by: None,
        withheld: if notice {
            Vec::new()
        } else {
            withheld.iter().map(|one| *one as i32).collect()
        },
        correlation_id: if covert || bare { String::new() } else { message.correlation_id.clone() },
        flag_review_overdue: false,
        answers_message_id: String::new(),
        concerns: Vec::new(),
        notice_only: notice,
        sections: Vec::new(),
        break_glass: false,
        kind: Some(match task {
            Some(task) => {
                Shown::Task(wire::Task { task_kind: task.into(), ..wire::Task::default() })
            }
            None => kind(message, &withheld, notice),
        }),
    }
}

fn subjects(
    message: &wire::Message,
    people: &[Option<Granted>],
    held: Option<&Held>,
) -> Vec<wire::Subject> {
    let mut shown = Vec::new();
    for (subject, granted) in message.subjects.iter().zip(people) {
        let Some(granted) = granted else { continue };
        let text = |field: Field, value: &str| {
            if granted.masked.contains(&field) && !value.is_empty() {
                MASK.to_owned()
            } else if granted.withheld.contains(&field) {
                String::new()
            } else {
                value.to_owned()
            }
        };
        let sees = |number: &&wire::Identifier| match held {
            Some(held) => held.shown.contains(&(number.r#type, number.value.clone())),
            None => !hides(granted, register_of(number)),
        };
        shown.push(wire::Subject {
            identifiers: subject.identifiers.iter().filter(sees).cloned().collect(),
            category: subject.category,
            name: text(Field::SubjectName, &subject.name),
            birth_date: text(Field::SubjectBirthDate, &subject.birth_date),
            age: subject.age,
            limited_access: 0,
        });
    }
    shown
}

fn statements(
    record: &Record,
    people: &[Option<Granted>],
    shown: &[usize],
    telling: &[usize],
) -> Vec<wire::Statement> {
    let said = shown.iter().filter(|place| !telling.contains(place));
    said.map(|place| {
        let statement = &record.message.statements[*place];
        let before = |about: &u32| {
            let removed = people.iter().take(*about as usize).filter(|one| one.is_none()).count();
            about - u32::try_from(removed).unwrap_or(0)
        };
        wire::Statement {
            subjects: statement.subjects.iter().map(before).collect(),
            ..statement.clone()
        }
    })
    .collect()
}

/// A correction that says no more than what to do with something, or whose a number is.
fn says_what_to_do(message: &wire::Message) -> bool {
    matches!(&message.kind, Some(Kind::Correction(correction)) if !matches!(
        correction.action(),
        CorrectionAction::Rectify | CorrectionAction::Supplement
    ))
}

/// The kind without what is withheld. Ids are their sender's own and are never shown.
fn kind(message: &wire::Message, withheld: &BTreeSet<Field>, notice: bool) -> Shown {
    let hides = |field| withheld.contains(&field);
    match message.kind.clone() {
        Some(Kind::Intelligence(mut one)) => {
            if hides(Field::OriginatorReference) {
                one.originator_reference.clear();
            }
            Shown::Intelligence(one)
        }
        Some(Kind::Custody(mut one)) => {
            one.settles_message_id.clear();
            if hides(Field::CustodyPrison) {
                one.prison.clear();
            }
            if hides(Field::CustodyReason) {
                one.movement_reason.clear();
            }
            if notice {
                one.occurred_at = None;
            }
            Shown::Custody(one)
        }
        Some(Kind::Flag(one)) => Shown::Flag(flag(one, hides(Field::FlagDetail), notice)),
        Some(Kind::Correction(mut one)) => {
            one.message_id.clear();
            if notice || hides(Field::Narrative) {
                one.reason.clear();
            }
            Shown::Correction(one)
        }
        Some(Kind::DrugTest(mut one)) => {
            if hides(Field::DrugTestResult) {
                one.result = 0;
                one.substances.clear();
            }
            Shown::DrugTest(one)
        }
        Some(Kind::Enforcement(one)) => {
            Shown::Enforcement(enforcement(one, hides(Field::EnforcementDetail), notice))
        }
        Some(Kind::Action(mut one)) => {
            one.settles_message_id.clear();
            if hides(Field::ActionPathway) {
                one.pathway = 0;
            }
            Shown::Action(one)
        }
        Some(Kind::Placement(one)) => {
            Shown::Placement(placement(one, hides(Field::PlacementDetail), notice))
        }
        Some(Kind::Referral(mut one)) => {
            one.settles_message_id.clear();
            one.parties.clear();
            if hides(Field::ReferralProgramme) {
                one.programme.clear();
            }
            if notice && one.step() != wire::ReferralStep::NotProceeding {
                one.step = 0;
            }
            Shown::Referral(one)
        }
        _ => panic!("no kind of these tests"),
    }
}

fn flag(one: wire::Flag, hidden: bool, notice: bool) -> wire::Flag {
    let mut shown =
        if hidden { wire::Flag { action: one.action, ..wire::Flag::default() } } else { one };
    if notice && shown.action() != wire::FlagAction::Deselect {
        shown.action = 0;
    }
    shown
}

fn enforcement(mut one: wire::Enforcement, hidden: bool, notice: bool) -> wire::Enforcement {
    one.settles_message_id.clear();
    if hidden {
        (one.matter, one.step) = (0, 0);
    }
    if notice {
        one.occurred_at = None;
        if one.outcome() == wire::EnforcementOutcome::Proved {
            one.outcome = 0;
        }
    }
    one
}

fn placement(one: wire::Placement, hidden: bool, notice: bool) -> wire::Placement {
    let mut shown = if hidden {
        wire::Placement { step: one.step, ..wire::Placement::default() }
    } else {
        wire::Placement { settles_message_id: String::new(), ..one }
    };
    if notice {
        shown.step = 0;
    }
    shown
}

fn hour(moment: OffsetDateTime) -> OffsetDateTime {
    let past = moment.unix_timestamp().rem_euclid(3_600);
    moment - time::Duration::seconds(past)
}

/// A moment as a message writes it. The tests' moments are whole seconds.
pub fn stamp(moment: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: moment.unix_timestamp(), nanos: 0 }
}
