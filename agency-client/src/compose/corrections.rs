//! Corrections: of a message of the sender's own, or of whose a number is.
//!
//! Owns: what a correction needs. Promises: only what puts right or adds says something new, and
//! only a merge or an unmerge names no message.
//! Deliberately does not know: who was told; the broker reaches exactly those.

use super::kinds::{begin, text_of};
use super::said::Said;
use super::{Draft, Grounds, Person};
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{CorrectionAction, IdentifierType};
use uuid::Uuid;

/// What is to be done with an earlier message (DPA 2018 ss.46 to 48).
#[derive(Clone)]
pub enum Remedy {
    /// Treat it as never sent.
    Withdraw,
    /// Erase it.
    Erase,
    /// Keep it as evidence, and do not use it otherwise.
    Restrict,
    /// Put right what is said here. At least one thing.
    Rectify(Vec<Said>),
    /// Add what is said here. At least one thing.
    Supplement(Vec<Said>),
}

/// Begins the withdrawal of one of the sender's own messages. It goes to exactly those told
/// (DPA 2018 s.48; UK GDPR art 19).
#[must_use]
pub fn withdrawal(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    earlier: Uuid,
    reason: &str,
) -> Draft {
    correction(id, grounds, person, earlier, reason, Remedy::Withdraw)
}

/// Begins a correction of one of the sender's own messages. It goes to exactly those told, and
/// waits for each until it confirms.
#[must_use]
pub fn correction(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    earlier: Uuid,
    reason: &str,
    remedy: Remedy,
) -> Draft {
    let (action, said) = match remedy {
        Remedy::Withdraw => (CorrectionAction::Withdraw, Vec::new()),
        Remedy::Erase => (CorrectionAction::Erase, Vec::new()),
        Remedy::Restrict => (CorrectionAction::Restrict, Vec::new()),
        Remedy::Rectify(said) => (CorrectionAction::Rectify, said),
        Remedy::Supplement(said) => (CorrectionAction::Supplement, said),
    };
    let kind = Kind::Correction(wire::Correction {
        message_id: text_of(Some(earlier)),
        reason: reason.to_owned(),
        action: action.into(),
    });
    begin(id, grounds, kind, Vec::new()).person(person).says(said)
}

/// Begins a merge: two numbers of one register are this person's. The person is given without
/// identifiers. Only the register's authority may say so.
#[must_use]
pub fn merge(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    register: IdentifierType,
    leading: &str,
    other: &str,
) -> Draft {
    let person = person.identifier(register, leading).identifier(register, other);
    begin(id, grounds, of_identity(CorrectionAction::Merge), Vec::new()).person(person)
}

/// Begins an unmerge: two numbers of one register are two persons'. Each is given with its number
/// and without other identifiers. Only the register's authority may say so.
#[must_use]
pub fn unmerge(
    id: Uuid,
    grounds: Grounds,
    register: IdentifierType,
    one: (Person, &str),
    other: (Person, &str),
) -> Draft {
    let draft = begin(id, grounds, of_identity(CorrectionAction::Unmerge), Vec::new());
    let [one, other] = [one, other].map(|(person, number)| person.identifier(register, number));
    draft.person(one).person(other)
}

fn of_identity(action: CorrectionAction) -> Kind {
    Kind::Correction(wire::Correction { action: action.into(), ..wire::Correction::default() })
}
