//! Rules between a kind and the rest of its message, asked when a draft is finished.
//!
//! Owns: what a later call could have spoilt: a statement, an addressee or a person too many.
//! Promises: every breach is named, by field and in the broker's words. Deliberately does not know:
//! the time now, the directory, nor whether the broker will accept the message.

use super::age::Age;
use super::{Person, words};
use crate::errors::Violation;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{
    AreaRole, CorrectionAction, CourtStep, IdentifierType, PartyRole, ReferralStep,
    ResponseOutcome, SubjectCategory,
};
use proto::limits::NOT_TO_MAX;
use time::OffsetDateTime;

/// What was found so far.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<Violation>);

impl Faults {
    /// Names a field that breaks its rule.
    pub(super) fn require(&mut self, holds: bool, field: &str, rule: &str) {
        if !holds {
            self.0.push(Violation { field: field.to_owned(), rule: rule.to_owned() });
        }
    }
}

/// Whether a person's category is one in which somebody can be managed. A category that was left
/// out is named for itself.
pub(super) fn is_managed(person: &Person) -> bool {
    match person.subject.category() {
        SubjectCategory::Unspecified
        | SubjectCategory::Suspect
        | SubjectCategory::Convicted
        | SubjectCategory::Managed => true,
        SubjectCategory::Victim
        | SubjectCategory::Witness
        | SubjectCategory::Associate
        | SubjectCategory::Other => false,
    }
}

/// What a finished message breaks.
pub(super) fn check(message: &wire::Message) -> Vec<Violation> {
    let mut faults = Faults::default();
    faults.require(message.not_to.len() <= NOT_TO_MAX, "not_to", words::NOT_TO_MOST);
    for (place, agency) in message.not_to.iter().enumerate() {
        let is_named = message.addressees.iter().any(|named| named.agency == *agency);
        faults.require(!is_named, &format!("not_to[{place}]"), words::NOT_TO_ADDRESSEE);
    }
    if message.break_glass.is_some() {
        check_break_glass(message, &mut faults);
    }
    let is_silent = message.statements.is_empty();
    match &message.kind {
        Some(Kind::DrugTest(_)) => {
            faults.require(message.subjects.len() <= 1, "subjects", words::TEST_ONE_PERSON);
        }
        Some(Kind::Referral(referral)) => check_referral(referral, message, &mut faults),
        Some(Kind::Court(court)) => check_remand(court, message, &mut faults),
        Some(Kind::Request(request)) => {
            let is_one = request.whoever_holds == message.addressees.is_empty();
            faults.require(is_one, "request.whoever_holds", words::REQUEST_WHOM);
        }
        Some(Kind::Response(response)) => {
            let answers = response.outcome() == ResponseOutcome::Answered;
            faults.require(answers || is_silent, "statements", words::ANSWER_STATEMENTS);
            faults.require(!answers || !is_silent, "statements", words::ANSWER_SAYS);
            faults.require(message.areas.is_empty(), "areas", words::ANSWER_TO);
            faults.require(message.addressees.is_empty(), "addressees", words::ANSWER_TO);
        }
        Some(Kind::Correction(correction)) => check_correction(correction, message, &mut faults),
        Some(
            Kind::Intelligence(_)
            | Kind::Mappa(_)
            | Kind::Custody(_)
            | Kind::Flag(_)
            | Kind::Enforcement(_)
            | Kind::Action(_)
            | Kind::Placement(_),
        )
        | None => {}
    }
    faults.0
}

/// What the broker can be known to refuse, whatever the time and whoever these persons are.
fn check_break_glass(message: &wire::Message, faults: &mut Faults) {
    let second = message.break_glass.as_ref().map(|access| access.second_person.as_str());
    let is_another = second != Some(message.acting_person.as_str());
    faults.require(is_another, "break_glass.second_person", words::SECOND_PERSON);
    let is_bounded = message.expires_at.is_some();
    faults.require(is_bounded, "expires_at", words::BREAK_GLASS_END);
    let names = !message.addressees.is_empty();
    faults.require(names, "addressees", words::BREAK_GLASS_DESKS);
    for (place, named) in message.addressees.iter().enumerate() {
        let is_desk = !named.desk.is_empty();
        faults.require(is_desk, &format!("addressees[{place}].desk"), words::BREAK_GLASS_DESK);
    }
}

fn check_referral(referral: &wire::Referral, message: &wire::Message, faults: &mut Faults) {
    if referral.step() == ReferralStep::NotProceeding {
        let (parties, said) = (&referral.parties, &message.statements);
        faults.require(parties.is_empty(), "referral.parties", words::NOT_PROCEEDING);
        faults.require(said.is_empty(), "statements", words::NOT_PROCEEDING);
    }
    for (place, subject) in (0_u32..).zip(&message.subjects) {
        let takes_part = referral
            .parties
            .iter()
            .any(|party| party.role() == PartyRole::Harmed && party.subject == place);
        let is_victim = subject.category() == SubjectCategory::Victim;
        faults.require(takes_part || !is_victim, &format!("subjects[{place}]"), words::VICTIM);
    }
}

/// LASPO 2012 s.104.
fn check_remand(court: &wire::Court, message: &wire::Message, faults: &mut Faults) {
    let heard = court
        .hearing_at
        .as_ref()
        .and_then(|time| OffsetDateTime::from_unix_timestamp(time.seconds).ok());
    let age = heard.zip(message.subjects.first()).and_then(|(at, who)| Age::of(who, at));
    let is_of_child = court.step() == CourtStep::Remanded && age.is_some_and(Age::is_child);
    let is_named = message.areas.iter().any(|area| area.role() == AreaRole::Designated);
    faults.require(!is_of_child || is_named, "areas", words::CHILD_REMAND);
}

fn check_correction(correction: &wire::Correction, message: &wire::Message, faults: &mut Faults) {
    let is_silent = message.statements.is_empty();
    match correction.action() {
        CorrectionAction::Rectify | CorrectionAction::Supplement => {
            faults.require(!is_silent, "statements", words::CORRECTION_SAYS);
        }
        CorrectionAction::Unspecified
        | CorrectionAction::Withdraw
        | CorrectionAction::Erase
        | CorrectionAction::Restrict => {
            faults.require(is_silent, "statements", words::CORRECTION_SILENT);
        }
        CorrectionAction::Merge => {
            faults.require(is_silent, "statements", words::IDENTITY_SILENT);
            let is_right = match message.subjects.as_slice() {
                [person] => matches!(
                    person.identifiers.as_slice(),
                    [one, other] if are_two_of_one_register(one, other)
                ),
                _ => false,
            };
            faults.require(is_right, "subjects", words::MERGE);
        }
        CorrectionAction::Unmerge => {
            faults.require(is_silent, "statements", words::IDENTITY_SILENT);
            let is_right = match message.subjects.as_slice() {
                [first, second] => matches!(
                    (first.identifiers.as_slice(), second.identifiers.as_slice()),
                    ([one], [other]) if are_two_of_one_register(one, other)
                ),
                _ => false,
            };
            faults.require(is_right, "subjects", words::UNMERGE);
        }
    }
}

/// Two numbers of a register whose authority takes part: nobody here speaks for the NHS's.
fn are_two_of_one_register(one: &wire::Identifier, other: &wire::Identifier) -> bool {
    one.r#type == other.r#type && one.value != other.value && one.r#type() != IdentifierType::Nhs
}
