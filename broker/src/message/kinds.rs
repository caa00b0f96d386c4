//! The rules of each kind of message.
//!
//! Promises that a combination the law or guidance does not know cannot be admitted: no
//! MAPPA category 3 at level 1, no move up without its referral, no graded intelligence
//! without its scheme, no custody news of a time that its certainty contradicts.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::identifier::{BirthDate, PrisonCode, PrisonPlace};
use proto::limits;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::check::Check;
use super::{LIFE_MAX, check_addressee, people};
use crate::directory::MessageKind;

/// News older than this is historic (DOMAIN: a historic release is never urgent).
pub const HISTORIC_AFTER: Duration = Duration::hours(48);
/// By so much a sender may take old for historic, or the other way round: its clock differs,
/// and the message was a while on its way.
const HISTORIC_MARGIN: Duration = Duration::hours(1);
/// What is confirmed has happened, or happens within the day: further ahead lies a plan, or a
/// mistyped date.
const CONFIRMED_AHEAD_MAX: Duration = Duration::hours(24);

/// Checks and normalises the kind.
pub(super) fn check(message: &mut wire::Message, check: &mut Check) -> Option<MessageKind> {
    let urgent = message.urgency() == wire::Urgency::Immediate;
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
            if let Some(flagged) = message.subjects.first() {
                check_flagged(flagged, check);
            }
            Some(MessageKind::Flag)
        }
        Some(Kind::Correction(correction)) => {
            check.require(
                !correction.message_id.is_empty(),
                "correction.message_id",
                "is required: the message to withdraw",
            );
            check.uuid(&mut correction.message_id, "correction.message_id");
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
    let unread = scheme == wire::GradingScheme::Unspecified;
    check.require(
        !unread,
        "intelligence.scheme",
        "is required: a grade is never read without its scheme",
    );
    check.require(
        unread || well_formed,
        "intelligence.grade",
        "must be a grade of its scheme, such as 2BP",
    );
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
        unread || with_conditions != distinct.is_empty(),
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
    let (cites_referral, cites_decision) =
        (!mappa.referral_id.is_empty(), !mappa.panel_decision_id.is_empty());
    check.uuid(&mut mappa.referral_id, "mappa.referral_id");
    check.uuid(&mut mappa.panel_decision_id, "mappa.panel_decision_id");
    if step == wire::MappaStep::LevelChange {
        check.require(
            mappa.previous_level != 0,
            "mappa.previous_level",
            "a level change names the level before it",
        );
        let (before, after) = (mappa.previous_level, mappa.level);
        check.require(before != after, "mappa.previous_level", "must differ from level");
        check.require(
            after <= before || cites_referral,
            "mappa.referral_id",
            "a move up cites a referral",
        );
        check.require(
            after >= before || cites_decision,
            "mappa.panel_decision_id",
            "a move down cites the panel's decision",
        );
    }
    check.require(
        !exit || cites_decision,
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
    check_prison(&custody.prison, check);
    check.require(custody.occurred_at.is_some(), "custody.occurred_at", "is required");
    if let Some(occurred) = check.time(custody.occurred_at.as_ref(), "custody.occurred_at") {
        check_occurred(custody.certainty(), occurred, check);
    }
    check.require(
        custody.movement_reason.len() <= limits::MOVEMENT_REASON_CHARACTERS_MAX
            && custody.movement_reason.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
        "custody.movement_reason",
        "is at most 12 letters, digits and underscores",
    );
    check.require(
        custody.certainty() != wire::CustodyCertainty::Withdrawn
            || !custody.settles_message_id.is_empty(),
        "custody.settles_message_id",
        "a withdrawal names the message it takes back",
    );
    check.uuid(&mut custody.settles_message_id, "custody.settles_message_id");
    check.require(
        !(urgent && custody.certainty() == wire::CustodyCertainty::Historic),
        "urgency",
        "historic news is never urgent",
    );
}

/// Three letters that name an establishment: nobody is released from, or rung at, a state.
fn check_prison(prison: &str, check: &mut Check) {
    let field = "custody.prison";
    if prison.is_empty() {
        return check.fail(field, "is required");
    }
    match PrisonCode::parse(prison).map(|code| (code.canonical() == prison, code.place())) {
        Ok((true, PrisonPlace::Establishment)) => {}
        Ok((true, PrisonPlace::Outside | PrisonPlace::InTransfer)) => {
            check.fail(field, "must be a prison: OUT and TRN are states and not places");
        }
        Ok((false, _)) | Err(_) => check.fail(field, "is a prison's three capital letters"),
    }
}

/// Holds the time of custody news to how firm the news is. A withdrawal may take back news of
/// any age: whoever was told must hear of it.
fn check_occurred(certainty: wire::CustodyCertainty, occurred: OffsetDateTime, check: &mut Check) {
    use wire::CustodyCertainty::{Confirmed, Historic, Provisional, Unspecified, Withdrawn};
    let field = "custody.occurred_at";
    let recent = |check: &mut Check| {
        check.require_likely(
            |now| occurred >= now - HISTORIC_AFTER - HISTORIC_MARGIN,
            field,
            "provisional and confirmed news is at most 48 hours old; older news is historic",
        );
    };
    let ahead = |check: &mut Check, max: Duration, rule| {
        check.require_likely(|now| occurred <= now + max, field, rule);
    };
    match certainty {
        Provisional => {
            recent(check);
            ahead(check, LIFE_MAX, "is at most 366 days ahead");
        }
        Confirmed => {
            recent(check);
            ahead(check, CONFIRMED_AHEAD_MAX, "confirmed news is at most 24 hours ahead");
        }
        Withdrawn => ahead(check, LIFE_MAX, "is at most 366 days ahead"),
        Historic => check.require_likely(
            |now| occurred < now - HISTORIC_AFTER + HISTORIC_MARGIN,
            field,
            "historic news is more than 48 hours old",
        ),
        Unspecified => {}
    }
}

fn check_flag(flag: &mut wire::Flag, check: &mut Check) {
    let action = flag.action();
    check.require(flag.flag_kind() != wire::FlagKind::Unspecified, "flag.flag_kind", "is required");
    check.require(action != wire::FlagAction::Unspecified, "flag.action", "is required");
    check.require(
        !flag.review_date.is_empty()
            || !matches!(action, wire::FlagAction::Raise | wire::FlagAction::Amend),
        "flag.review_date",
        "is required: every flag is reviewed",
    );
    let review = check.day(&flag.review_date, "flag.review_date");
    // A flag that is taken off is reviewed no more.
    if let Some(review) = review.filter(|_| action != wire::FlagAction::Deselect) {
        check.require_likely(
            |now| !has_passed(&review, now),
            "flag.review_date",
            "must not be before the day of acceptance",
        );
    }
    check.require(
        !flag.panel_decision_id.is_empty()
            || !matches!(
                action,
                wire::FlagAction::Raise | wire::FlagAction::Transfer | wire::FlagAction::Deselect
            ),
        "flag.panel_decision_id",
        "is required: the panel that decided",
    );
    check.uuid(&mut flag.panel_decision_id, "flag.panel_decision_id");
    match flag.owner.as_ref() {
        Some(owner) => check_addressee(owner, "flag.owner", check),
        None => check.require(
            action != wire::FlagAction::Transfer,
            "flag.owner",
            "a transfer names the new owner",
        ),
    }
}

/// Who a flag is put on: somebody who can be found again, and of whom a list may be kept.
fn check_flagged(flagged: &wire::Subject, check: &mut Check) {
    check.require(
        !flagged.identifiers.is_empty(),
        "subjects[0].identifiers",
        "a flag needs an identifier",
    );
    let category = flagged.category();
    check.require(
        category == wire::SubjectCategory::Unspecified || people::routes(category),
        "subjects[0].category",
        "a flag is put on a suspect, a convicted or a managed person only",
    );
}

/// Whether a day is over in all of Britain. In summer it ends there an hour before UTC's does:
/// that hour is forgiven.
fn has_passed(day: &BirthDate, now: OffsetDateTime) -> bool {
    let today = now.to_offset(UtcOffset::UTC).date();
    (i32::from(day.year()), day.month(), day.day())
        < (today.year(), u8::from(today.month()), today.day())
}
