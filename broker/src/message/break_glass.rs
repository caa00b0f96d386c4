//! Emergency access: the rules of a message that is shared for somebody's vital interests where no
//! agreement permits it.
//!
//! Owns what such a message must say and what it may not be. Promises that one which was admitted
//! names two different persons, desks and an end within hours, and follows no earlier message, so
//! that it reaches nobody whom it does not name. Deliberately does not know: the directory, which
//! says whether these persons are its sender's, and policy, which decides.

use proto::exchange::v1 as wire;
use proto::limits::{BREAK_GLASS_HOURS_MAX, REASON_CHARACTERS_MAX};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::check::Check;
use super::{Admitted, kinds, moment};
use crate::directory::MessageKind;

/// How long it lives at most.
const LIFE_MAX: Duration = Duration::hours(BREAK_GLASS_HOURS_MAX);

/// The two persons of an emergency access, by opaque ids of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Persons {
    /// Who used it.
    pub acting: Uuid,
    /// Who is told.
    pub second: Uuid,
}

impl Admitted {
    /// The persons of its emergency access; `None`: it is shared as any other.
    #[must_use]
    pub fn break_glass(&self) -> Option<Persons> {
        let access = self.message.break_glass.as_ref()?;
        Some(Persons {
            acting: Uuid::try_parse(&self.message.acting_person).ok()?,
            second: Uuid::try_parse(&access.second_person).ok()?,
        })
    }
}

/// Whether a kind may be shared so. Intelligence stays with those cleared for it, what puts right or
/// takes back goes to its holders, a flag changes what is known to others, a referral rests on
/// consent, and questions and answers can wait for an agreement.
const fn may_be_shared_so(kind: MessageKind) -> bool {
    match kind {
        MessageKind::Custody
        | MessageKind::Mappa
        | MessageKind::DrugTest
        | MessageKind::Enforcement
        | MessageKind::Action
        | MessageKind::Placement
        | MessageKind::Court => true,
        MessageKind::Intelligence
        | MessageKind::Flag
        | MessageKind::Correction
        | MessageKind::Task
        | MessageKind::Referral
        | MessageKind::Request
        | MessageKind::Response => false,
    }
}

/// Checks and normalises it, where the message has one.
pub(super) fn check(message: &mut wire::Message, kind: Option<MessageKind>, check: &mut Check) {
    let Some(mut access) = message.break_glass.take() else { return };
    check_reason(&access.reason, check);
    check_persons(&mut access, &message.acting_person, check);
    message.break_glass = Some(access);
    check.require(
        message.urgency() == wire::Urgency::Immediate,
        "urgency",
        "must be immediate: emergency access is for what cannot wait",
    );
    check.require(
        message.gateway() == wire::Gateway::Vital,
        "gateway",
        "must be vital: emergency access is for vital interests",
    );
    check_end(message, check);
    check_named(message, check);
    check.require(
        kind.is_none_or(may_be_shared_so),
        "break_glass",
        "is for custody, MAPPA, drug tests, enforcement, actions, placements and courts",
    );
    check_follows_nothing(message, check);
    check.require(
        message.attachments.is_empty(),
        "attachments",
        "emergency access carries no documents: say what the danger is",
    );
}

fn check_reason(reason: &str, check: &mut Check) {
    check.require(
        (1..=REASON_CHARACTERS_MAX).contains(&reason.chars().count()),
        "break_glass.reason",
        "is required: 1 to 500 characters saying why it cannot wait",
    );
    check.says_something(reason, "break_glass.reason");
}

fn check_persons(access: &mut wire::BreakGlass, acting: &str, check: &mut Check) {
    check.require(
        !acting.is_empty(),
        "acting_person",
        "is required: emergency access has somebody who answers for it",
    );
    let field = "break_glass.second_person";
    check.require(
        !access.second_person.is_empty(),
        field,
        "is required: a second person is told of every emergency access",
    );
    let second = check.uuid(&mut access.second_person, field);
    let same = second.is_some_and(|second| Uuid::try_parse(acting) == Ok(second));
    check.require(!same, field, "must be somebody else than the acting person");
}

/// An end is what makes it an emergency: while nobody knows the hour, none can be told to be within
/// hours, and so there is no emergency access.
fn check_end(message: &wire::Message, check: &mut Check) {
    check.require(
        message.not_before.is_none(),
        "not_before",
        "must not be set: emergency access goes at once",
    );
    let field = "expires_at";
    let rule = "must be at most 4 hours ahead: emergency access ends by itself";
    check.require(message.expires_at.is_some(), field, rule);
    if let Some(end) = message.expires_at.as_ref().and_then(moment) {
        check.require_now(|now: OffsetDateTime| end <= now + LIFE_MAX, field, rule);
    }
}

/// It reaches the desks it names: so it names desks, and whoever its kind names is one of them.
fn check_named(message: &wire::Message, check: &mut Check) {
    check.require(
        !message.addressees.is_empty(),
        "addressees",
        "are required: emergency access reaches the desks it names and nobody else",
    );
    for (position, addressee) in message.addressees.iter().enumerate() {
        check.require(
            !addressee.desk.is_empty(),
            &format!("addressees[{position}].desk"),
            "is required: emergency access is for a desk and not for an agency",
        );
    }
    let owner = message.kind.as_ref().and_then(|kind| kinds::of(kind).named());
    check.require(
        owner.is_none_or(|owner| message.addressees.contains(owner)),
        "addressees",
        "must hold the desk that is named as owner",
    );
}

/// Whoever holds an earlier message would hear of this one, named or not.
fn check_follows_nothing(message: &wire::Message, check: &mut Check) {
    let cited = message.kind.as_ref().and_then(|kind| kinds::of(kind).cites());
    if let Some(cited) = cited {
        check.fail(cited.field, "emergency access follows no earlier message: name it as cause");
    }
    check.require(
        message.in_reply_to.is_empty(),
        "in_reply_to",
        "emergency access answers nobody: name what led to it as cause",
    );
}
