//! What custody news says in the register: since when somebody on a list is in custody.
//!
//! Pure. Promises that it is kept of nobody who is on no list, and only of what has happened. That
//! somebody is in custody brings no message to anybody and is no entitlement: it is counted for the
//! owner of a flag who was given that very news.

use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;

use super::cites;
use crate::message::roles::british_day_number;
use crate::message::{Admitted, MessageKey, moment};
use crate::register::{self, CustodyStatement};
use crate::rules::Rules;

/// What a message that is no correction changes.
pub(super) fn changes(admitted: &Admitted, rules: &Rules) -> Option<register::Change> {
    let Some(Kind::Custody(custody)) = &admitted.message.kind else { return None };
    if custody.certainty() == wire::CustodyCertainty::Withdrawn {
        return taken_back(admitted, rules);
    }
    let subject = admitted.subjects.first()?;
    let known = rules.register.linked(&subject.tokens);
    if rules.register.with_proposals(&known).is_empty() {
        return None;
    }
    let stated = statement(admitted)?;
    // An end of what nobody said had begun changes nothing, and would be committed alone for nothing.
    let replaces =
        stated.instead_of.is_some_and(|id| rules.register.has_custody_of(&stated.agency, id));
    let counts = stated.begins || replaces || !rules.register.custody(&known).is_empty();
    counts.then_some(register::Change::Custody(stated))
}

/// What a correction does to what the message it corrects stated.
pub(super) fn corrected(
    admitted: &Admitted,
    correction: &wire::Correction,
    rules: &Rules,
) -> Option<register::Change> {
    use wire::CorrectionAction as Action;
    match correction.action() {
        Action::Withdraw | Action::Erase | Action::Restrict | Action::Unspecified => {
            taken_back(admitted, rules)
        }
        Action::Rectify | Action::Supplement | Action::Merge | Action::Unmerge => None,
    }
}

fn taken_back(admitted: &Admitted, rules: &Rules) -> Option<register::Change> {
    let MessageKey { agency, id: message } = cites(admitted)?;
    let stated = rules.register.has_custody_of(&agency, message);
    stated.then_some(register::Change::CustodyTakenBack { agency, message })
}

/// What a message states of its first subject's custody; `None`: nothing that has happened.
#[must_use]
pub fn statement(admitted: &Admitted) -> Option<CustodyStatement> {
    let Some(Kind::Custody(custody)) = &admitted.message.kind else { return None };
    let subject = admitted.subjects.first().filter(|s| s.routes() && !s.tokens.is_empty())?;
    let happened = matches!(
        custody.certainty(),
        wire::CustodyCertainty::Confirmed | wire::CustodyCertainty::Historic
    );
    let begins = begins(custody.event()).filter(|_| happened)?;
    let at = custody.occurred_at.as_ref().and_then(moment)?;
    Some(CustodyStatement {
        agency: Arc::clone(&admitted.key.agency),
        message: admitted.key.id,
        tokens: subject.tokens.clone(),
        at: at.unix_timestamp(),
        day: british_day_number(at),
        begins,
        instead_of: cites(admitted).map(|key| key.id),
    })
}

/// Whether an event begins custody or ends it; `None`: neither.
const fn begins(event: wire::CustodyEvent) -> Option<bool> {
    match event {
        wire::CustodyEvent::Reception | wire::CustodyEvent::Recall => Some(true),
        wire::CustodyEvent::Release
        | wire::CustodyEvent::ReleasedInError
        | wire::CustodyEvent::UnlawfullyAtLarge
        | wire::CustodyEvent::ReleaseToImmigration
        | wire::CustodyEvent::Death => Some(false),
        // Who is moved, out on licence or in hospital serves the sentence all the same.
        wire::CustodyEvent::Unspecified
        | wire::CustodyEvent::Transfer
        | wire::CustodyEvent::TemporaryAbsence
        | wire::CustodyEvent::TemporaryAbsenceReturn
        | wire::CustodyEvent::ReleaseToHospital => None,
    }
}
