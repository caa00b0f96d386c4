//! Requests and responses: what is asked of whom, and the one answer.
//!
//! Owns: what a question and an answer need. Promises: a question goes to named agencies or to
//! whoever holds something, never both; an answer says something, or why not, or that there is
//! nothing. Deliberately does not know: who holds what.

use super::kinds::begin;
use super::rules::{Faults, is_managed};
use super::said::{ReleaseId, Said};
use super::words;
use super::{Draft, Grounds, Person};
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{DeclineReason, Field, ResponseOutcome};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// Fields below this are parts of subjects and kinds, and nothing that is said.
const STATEMENT_FIELDS_FROM: i32 = 20;

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// These: agency and desk, the desk empty for those that take requests. At least one.
    Agencies(Vec<(String, String)>),
    /// Whoever has a stake in the person. Nobody learns who was asked.
    WhoeverHolds,
}

/// Begins a question about a person, with the time until which an answer is awaited.
#[must_use]
pub fn request(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    asked: Asked,
    fields: &[Field],
    act_by: OffsetDateTime,
) -> Draft {
    let mut faults = Faults::default();
    let numbers: Vec<i32> = fields.iter().copied().map(i32::from).collect();
    let distinct: BTreeSet<i32> = numbers.iter().copied().collect();
    let is_right = !numbers.is_empty()
        && distinct.len() == numbers.len()
        && distinct.iter().all(|number| *number >= STATEMENT_FIELDS_FROM);
    faults.require(is_right, "request.fields", words::REQUEST_FIELDS);
    faults.require(is_managed(&person), "subjects[0].category", words::ASKED_ABOUT);
    let (whoever_holds, agencies) = match asked {
        Asked::Agencies(agencies) => (false, agencies),
        Asked::WhoeverHolds => (true, Vec::new()),
    };
    let kind = Kind::Request(wire::Request { fields: numbers, whoever_holds });
    let draft = begin(id, grounds, kind, faults.0).person(person).act_by(act_by);
    agencies.iter().fold(draft, |draft, (agency, desk)| draft.addressee(agency, desk))
}

/// How a question is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// This is held. At least one thing.
    Answered(Vec<Said>),
    /// It is not given, and why.
    Declined(DeclineReason),
    /// Nothing is held.
    NotHeld,
}

/// Begins the answer to a question, by the release under which the question came. It goes to
/// the desk that asked and to nobody else.
#[must_use]
pub fn response(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    question: ReleaseId,
    answer: Answer,
) -> Draft {
    let none = DeclineReason::Unspecified;
    let mut faults = Faults::default();
    let (outcome, reason, said) = match answer {
        Answer::Answered(said) => (ResponseOutcome::Answered, none, said),
        Answer::Declined(reason) => {
            faults.require(reason != none, "response.reason", words::DECLINE_REASON);
            (ResponseOutcome::Declined, reason, Vec::new())
        }
        Answer::NotHeld => (ResponseOutcome::NotHeld, none, Vec::new()),
    };
    let kind = Kind::Response(wire::Response { outcome: outcome.into(), reason: reason.into() });
    begin(id, grounds, kind, faults.0).person(person).answers(question.bytes()).says(said)
}
