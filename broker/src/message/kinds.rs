//! The rules of each kind of message.
//!
//! Promises that a combination the law or guidance does not know cannot be admitted: no
//! MAPPA category 3 at level 1, no move up without its referral, no graded intelligence
//! without its scheme.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::identifier::BirthDate;
use proto::limits;
use time::Duration;

use super::{Check, check_addressee, moment};
use crate::directory::MessageKind;

/// News older than this is historic (DOMAIN: a historic release is never urgent).
pub const HISTORIC_AFTER: Duration = Duration::hours(48);

/// Checks and normalises the kind.
pub(super) fn check(message: &mut wire::Message, check: &mut Check) -> Option<MessageKind> {
    let urgent = message.urgency() == wire::Urgency::Immediate;
    let flagged_subject =
        message.subjects.first().is_some_and(|subject| !subject.identifiers.is_empty());
    match message.kind.as_mut() {
        None => {
            check.fail("kind", "exactly one kind is required");
            None
        }
        Some(Kind::Intelligence(intelligence)) => {
            check_intelligence(intelligence, check);
            Some(MessageKind::Intelligence)
        }
        Some(Kind::Mappa(mappa)) => {
            check_mappa(mappa, check);
            Some(MessageKind::Mappa)
        }
        Some(Kind::Custody(custody)) => {
            check_custody(custody, urgent, check);
            Some(MessageKind::Custody)
        }
        Some(Kind::Flag(flag)) => {
            check_flag(flag, check);
            check.require(flagged_subject, "subjects[0].identifiers", "a flag needs an identifier");
            Some(MessageKind::Flag)
        }
        Some(Kind::Correction(correction)) => {
            let cited = check.uuid(&mut correction.message_id, "correction.message_id");
            check.require(
                cited.is_some() || !correction.message_id.is_empty(),
                "correction.message_id",
                "is required: the message to withdraw",
            );
            check.require(
                correction.reason.chars().count() <= limits::REASON_CHARACTERS_MAX,
                "correction.reason",
                "is at most 500 characters",
            );
            check.says_something(&correction.reason, "correction.reason");
            Some(MessageKind::Correction)
        }
    }
}

fn check_intelligence(intelligence: &mut wire::Intelligence, check: &mut Check) {
    let grade: Vec<char> = intelligence.grade.chars().collect();
    let scheme = intelligence.scheme();
    let well_formed = match (scheme, grade.as_slice()) {
        (wire::GradingScheme::ThreeFiveTwo, [source, assessment, handling]) => {
            ('1'..='3').contains(source)
                && ('A'..='E').contains(assessment)
                && ['P', 'C'].contains(handling)
        }
        (wire::GradingScheme::FiveFiveFive, [source, information, handling]) => {
            ('A'..='E').contains(source)
                && ('1'..='5').contains(information)
                && ('1'..='5').contains(handling)
        }
        (
            wire::GradingScheme::Unspecified
            | wire::GradingScheme::ThreeFiveTwo
            | wire::GradingScheme::FiveFiveFive,
            _,
        ) => false,
    };
    check.require(
        scheme != wire::GradingScheme::Unspecified,
        "intelligence.scheme",
        "is required: a grade is never read without its scheme",
    );
    check.require(well_formed, "intelligence.grade", "must be a grade of its scheme, such as 2BP");
    let distinct: BTreeSet<i32> = intelligence.conditions.iter().copied().collect();
    let known =
        distinct.iter().all(|c| *c != 0 && wire::IntelligenceCondition::try_from(*c).is_ok());
    check.require(
        known && distinct.len() == intelligence.conditions.len(),
        "intelligence.conditions",
        "must be known conditions, each once",
    );
    let with_conditions = scheme == wire::GradingScheme::ThreeFiveTwo && grade.get(2) == Some(&'C');
    check.require(
        with_conditions != distinct.is_empty(),
        "intelligence.conditions",
        "handling code C of 3x5x2 needs a condition, and no other code has one",
    );
    intelligence.conditions = distinct.into_iter().collect();
    check.require(
        intelligence.originator_reference.chars().count()
            <= limits::ORIGINATOR_REFERENCE_CHARACTERS_MAX,
        "intelligence.originator_reference",
        "is at most 64 characters",
    );
    check.says_something(&intelligence.originator_reference, "intelligence.originator_reference");
    check.require(
        wire::IntelligenceTopic::try_from(intelligence.topic).is_ok(),
        "intelligence.topic",
        "is not a known topic",
    );
}

fn check_mappa(mappa: &mut wire::Mappa, check: &mut Check) {
    let step = mappa.step();
    check.require(step != wire::MappaStep::Unspecified, "mappa.step", "is required");
    check.require((1..=4).contains(&mappa.category), "mappa.category", "is 1 to 4, one at a time");
    let exit = step == wire::MappaStep::Exit;
    check.require(
        if exit { mappa.level == 0 } else { (1..=3).contains(&mappa.level) },
        "mappa.level",
        "is 1 to 3, and 0 on exit",
    );
    check.require(mappa.previous_level <= 3, "mappa.previous_level", "is 0 to 3");
    check.require(
        !(mappa.category == 3 && mappa.level == 1),
        "mappa.level",
        "category 3 is managed at level 2 or 3 only; leaving level 2 is an exit",
    );
    let referral = check.uuid(&mut mappa.referral_id, "mappa.referral_id");
    let decision = check.uuid(&mut mappa.panel_decision_id, "mappa.panel_decision_id");
    if step == wire::MappaStep::LevelChange {
        check.require(
            mappa.previous_level != 0 && mappa.previous_level != mappa.level,
            "mappa.previous_level",
            "a level change names the level before it",
        );
        let up = mappa.level > mappa.previous_level;
        check.require(!up || referral.is_some(), "mappa.referral_id", "a move up cites a referral");
        check.require(
            up || decision.is_some(),
            "mappa.panel_decision_id",
            "a move down cites the panel's decision",
        );
    }
    check.require(
        !exit || decision.is_some(),
        "mappa.panel_decision_id",
        "an exit cites the panel's decision",
    );
}

fn check_custody(custody: &mut wire::Custody, urgent: bool, check: &mut Check) {
    check.require(
        custody.event() != wire::CustodyEvent::Unspecified,
        "custody.event",
        "is required",
    );
    check.require(
        custody.certainty() != wire::CustodyCertainty::Unspecified,
        "custody.certainty",
        "is required",
    );
    check.require(
        custody.prison.len() == 3 && custody.prison.bytes().all(|b| b.is_ascii_uppercase()),
        "custody.prison",
        "is a prison's three capital letters",
    );
    check.require(
        custody.occurred_at.as_ref().and_then(moment).is_some(),
        "custody.occurred_at",
        "is required",
    );
    check.require(
        custody.movement_reason.len() <= limits::MOVEMENT_REASON_CHARACTERS_MAX
            && custody.movement_reason.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
        "custody.movement_reason",
        "is at most 12 letters, digits and underscores",
    );
    let settles = check.uuid(&mut custody.settles_message_id, "custody.settles_message_id");
    check.require(
        custody.certainty() != wire::CustodyCertainty::Withdrawn || settles.is_some(),
        "custody.settles_message_id",
        "a withdrawal names the message it takes back",
    );
    check.require(
        !(urgent && custody.certainty() == wire::CustodyCertainty::Historic),
        "urgency",
        "historic news is never urgent",
    );
}

fn check_flag(flag: &mut wire::Flag, check: &mut Check) {
    let action = flag.action();
    check.require(flag.flag_kind() != wire::FlagKind::Unspecified, "flag.flag_kind", "is required");
    check.require(action != wire::FlagAction::Unspecified, "flag.action", "is required");
    let review = (!flag.review_date.is_empty()).then(|| BirthDate::parse(&flag.review_date));
    check.require(
        !matches!(review, Some(Err(_))),
        "flag.review_date",
        "must be a calendar date, YYYY-MM-DD",
    );
    check.require(
        review.is_some() || !matches!(action, wire::FlagAction::Raise | wire::FlagAction::Amend),
        "flag.review_date",
        "is required: every flag is reviewed",
    );
    let decision = check.uuid(&mut flag.panel_decision_id, "flag.panel_decision_id");
    check.require(
        decision.is_some()
            || !matches!(
                action,
                wire::FlagAction::Raise | wire::FlagAction::Transfer | wire::FlagAction::Deselect
            ),
        "flag.panel_decision_id",
        "is required: the panel that decided",
    );
    match flag.owner.as_ref() {
        Some(owner) => check_addressee(owner, "flag.owner", check),
        None => check.require(
            action != wire::FlagAction::Transfer,
            "flag.owner",
            "a transfer names the new owner",
        ),
    }
}
