//! Corrections: of a message of the sender's own, or of whose a number is.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::{CorrectionAction, Field};
use proto::limits;

use super::{About, Citation, KindRules, Reach};
use crate::directory::MessageKind;
use crate::message::check::Check;

impl KindRules for wire::Correction {
    fn kind(&self) -> MessageKind {
        MessageKind::Correction
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        super::known_if_given::<CorrectionAction>(self.action, "correction.action", check);
        if self.action == 0 {
            self.set_action(CorrectionAction::Withdraw);
        }
        check_reason(self, check);
        match self.action() {
            CorrectionAction::Merge => check_merge(self, about, check),
            CorrectionAction::Unmerge => check_unmerge(self, about, check),
            CorrectionAction::Rectify | CorrectionAction::Supplement => {
                check_cited(self, check);
                check.require(
                    !about.message.statements.is_empty(),
                    "statements",
                    "say what is put right or added",
                );
            }
            CorrectionAction::Unspecified
            | CorrectionAction::Withdraw
            | CorrectionAction::Erase
            | CorrectionAction::Restrict => {
                check_cited(self, check);
                check.require(
                    about.message.statements.is_empty(),
                    "statements",
                    "only a rectification or a supplement says something new",
                );
            }
        }
    }

    fn fields(&self) -> BTreeSet<Field> {
        // Why something is corrected is written freely: narrative.
        (!self.reason.is_empty()).then_some(Field::Narrative).into_iter().collect()
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        self.message_id.clear();
        if hidden.contains(&Field::Narrative) {
            self.reason.clear();
        }
    }

    fn cites(&self) -> Option<Citation<'_>> {
        let reach = if self.action() == CorrectionAction::Supplement {
            Reach::HoldersAndWaiting
        } else {
            Reach::HoldersOnly
        };
        Citation::of("correction.message_id", &self.message_id, reach)
    }
}

fn check_reason(correction: &wire::Correction, check: &mut Check) {
    check.require(
        correction.reason.chars().count() <= limits::REASON_CHARACTERS_MAX,
        "correction.reason",
        "is at most 500 characters",
    );
    check.says_something(&correction.reason, "correction.reason");
}

fn check_cited(correction: &mut wire::Correction, check: &mut Check) {
    check.require(
        !correction.message_id.is_empty(),
        "correction.message_id",
        "is required: the message to correct",
    );
    check.uuid(&mut correction.message_id, "correction.message_id");
}

/// One person, two numbers of one register, the leading one first.
fn check_merge(correction: &wire::Correction, about: &About<'_>, check: &mut Check) {
    check_of_identity(correction, about, check);
    let subjects = &about.message.subjects;
    let numbers = subjects.first().map(|subject| subject.identifiers.as_slice());
    let fits = subjects.len() == 1
        && matches!(numbers, Some([one, other]) if are_of_one_register(one, other));
    check.require(
        fits,
        "subjects",
        "a merge names one person with two numbers of one register, the leading one first",
    );
}

/// Two persons, one number of one register each.
fn check_unmerge(correction: &wire::Correction, about: &About<'_>, check: &mut Check) {
    check_of_identity(correction, about, check);
    let numbers: Option<Vec<&wire::Identifier>> = about
        .message
        .subjects
        .iter()
        .map(|subject| match subject.identifiers.as_slice() {
            [number] => Some(number),
            _ => None,
        })
        .collect();
    let fits = matches!(numbers.as_deref(), Some([one, other]) if are_of_one_register(one, other));
    check.require(
        fits,
        "subjects",
        "an unmerge names two persons with one number of one register each",
    );
}

/// Two numbers, of a register whose authority takes part. Nobody here speaks for the NHS's.
fn are_of_one_register(one: &wire::Identifier, other: &wire::Identifier) -> bool {
    one.r#type == other.r#type
        && one.value != other.value
        && one.r#type() != wire::IdentifierType::Nhs
}

fn check_of_identity(correction: &wire::Correction, about: &About<'_>, check: &mut Check) {
    check.require(
        correction.message_id.is_empty(),
        "correction.message_id",
        "a merge or unmerge corrects no one message: the broker finds all there are",
    );
    check.require(
        about.message.statements.is_empty(),
        "statements",
        "a merge or unmerge says nothing but the numbers",
    );
}
