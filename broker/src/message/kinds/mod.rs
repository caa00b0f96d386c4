//! The rules of each kind of message, one file a kind.
//!
//! A kind's file owns all that is peculiar to it: its validation, the fields it holds, what is
//! left of it once some are hidden, what it cites and whom it names. Promises that a combination
//! the law or guidance does not know cannot be admitted. Knows nothing of recipients.

mod action;
mod correction;
mod court;
pub mod custody;
pub(crate) mod days;
mod drug_test;
mod enforcement;
mod flag;
mod intelligence;
mod mappa;
mod placement;
mod referral;
mod request;

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::released_message::Kind as ReleasedKind;
use proto::exchange::v1::{AreaRole, Field};
use time::{Duration, OffsetDateTime};

use super::check::Check;
use super::people::SubjectFacts;
use crate::directory::MessageKind;

/// By so much a sender's clock may be ahead of ours when it says what has happened.
const CLOCK_MARGIN: Duration = Duration::hours(1);

/// What the rules of a kind may read beside the kind itself.
pub(super) struct About<'a> {
    /// The message, without its kind.
    pub(super) message: &'a wire::Message,
    /// What is known of its subjects; `None` where they cannot be read.
    pub(super) people: Option<&'a [SubjectFacts]>,
}

/// All that is peculiar to one kind.
pub(super) trait KindRules {
    /// Which it is.
    fn kind(&self) -> MessageKind;
    /// Checks and normalises it.
    fn check(&mut self, about: &About<'_>, check: &mut Check);
    /// The fields it holds, beside those of subjects and statements.
    fn fields(&self) -> BTreeSet<Field>;
    /// Takes away what is hidden from a recipient, and every id that is its sender's own: a
    /// recipient has its own references.
    fn redact(&mut self, hidden: &BTreeSet<Field>);
    /// The earlier message of its sender that it cites.
    fn cites(&self) -> Option<Citation<'_>> {
        None
    }
    /// A desk that is named by the kind itself.
    fn named(&self) -> Option<&wire::Addressee> {
        None
    }
    /// Whether it may answer a delivery.
    fn may_answer(&self) -> bool {
        false
    }
    /// Whether such an answer is what came of it, for everybody who was given what it answers.
    fn tells_outcome(&self) -> bool {
        false
    }
}

/// How a message refers to an earlier one of its agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Citation<'a> {
    /// The field that names it.
    pub field: &'static str,
    /// Its id.
    pub id: &'a str,
    /// Whom this one reaches because of it.
    pub reach: Reach,
}

impl<'a> Citation<'a> {
    /// `None` where nothing is cited.
    fn of(field: &'static str, id: &'a str, reach: Reach) -> Option<Self> {
        (!id.is_empty()).then_some(Self { field, id, reach })
    }
}

/// Whom a message reaches because of the one it cites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody: it is routed like any other.
    Anybody,
    /// Those who were given the cited one as well, so that none is left with what has changed.
    HoldersToo,
    /// Those who were given the cited one and nobody else; where that still waits, it is ended.
    HoldersOnly,
    /// The same, and those for whom the cited one still waits: nothing in it was wrong.
    HoldersAndWaiting,
}

impl Reach {
    /// Whether nobody but holders is reached.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        match self {
            Self::HoldersOnly | Self::HoldersAndWaiting => true,
            Self::Anybody | Self::HoldersToo => false,
        }
    }
}

/// Each kind as one thing: by reference or mutable reference, as it is given.
macro_rules! each_kind {
    ($given:expr) => {
        match $given {
            Kind::Intelligence(kind) => kind,
            Kind::Mappa(kind) => kind,
            Kind::Custody(kind) => kind,
            Kind::Flag(kind) => kind,
            Kind::Correction(kind) => kind,
            Kind::DrugTest(kind) => kind,
            Kind::Enforcement(kind) => kind,
            Kind::Action(kind) => kind,
            Kind::Placement(kind) => kind,
            Kind::Referral(kind) => kind,
            Kind::Court(kind) => kind,
            Kind::Request(kind) => kind,
            Kind::Response(kind) => kind,
        }
    };
}

/// The rules of a kind.
pub(super) fn of(kind: &Kind) -> &dyn KindRules {
    each_kind!(kind)
}

fn of_mut(kind: &mut Kind) -> &mut dyn KindRules {
    each_kind!(kind)
}

/// A kind as a recipient sees it, without what is hidden from it.
pub(crate) fn released(mut kind: Kind, hidden: &BTreeSet<Field>) -> ReleasedKind {
    of_mut(&mut kind).redact(hidden);
    match kind {
        Kind::Intelligence(kind) => ReleasedKind::Intelligence(kind),
        Kind::Mappa(kind) => ReleasedKind::Mappa(kind),
        Kind::Custody(kind) => ReleasedKind::Custody(kind),
        Kind::Flag(kind) => ReleasedKind::Flag(kind),
        Kind::Correction(kind) => ReleasedKind::Correction(kind),
        Kind::DrugTest(kind) => ReleasedKind::DrugTest(kind),
        Kind::Enforcement(kind) => ReleasedKind::Enforcement(kind),
        Kind::Action(kind) => ReleasedKind::Action(kind),
        Kind::Placement(kind) => ReleasedKind::Placement(kind),
        Kind::Referral(kind) => ReleasedKind::Referral(kind),
        Kind::Court(kind) => ReleasedKind::Court(kind),
        Kind::Request(kind) => ReleasedKind::Request(kind),
        Kind::Response(kind) => ReleasedKind::Response(kind),
    }
}

/// Checks and normalises the kind.
pub(super) fn check(
    message: &mut wire::Message,
    people: Option<&[SubjectFacts]>,
    check: &mut Check,
) -> Option<MessageKind> {
    let Some(mut kind) = message.kind.take() else {
        check.fail("kind", "exactly one kind is required");
        return None;
    };
    let rules = of_mut(&mut kind);
    rules.check(&About { message, people }, check);
    let answers = !message.in_reply_to.is_empty();
    check.require(
        !answers || rules.may_answer(),
        "in_reply_to",
        "is for responses, and for actions, referrals and placements that report",
    );
    let closed = rules.cites().is_some_and(|cited| cited.reach.is_closed());
    check.require(
        message.not_to.is_empty() || !(closed || rules.kind() == MessageKind::Correction),
        "not_to",
        "whoever was given a message hears what became of it: nobody is kept out",
    );
    check_kept_out(rules.named(), message, check);
    let which = rules.kind();
    super::roles::check(message, which, check);
    message.kind = Some(kind);
    Some(which)
}

/// Whom a kind names must not be kept out by the message: one of the two is a slip.
fn check_kept_out(named: Option<&wire::Addressee>, message: &wire::Message, check: &mut Check) {
    let Some(named) = named else { return };
    for (position, agency) in message.not_to.iter().enumerate() {
        check.require(
            *agency != named.agency,
            &format!("not_to[{position}]"),
            "is named as owner as well",
        );
    }
}

/// Requires that one of the values of an enum is given.
fn known<E: TryFrom<i32>>(value: i32, field: &str, check: &mut Check) {
    check.require(value != 0, field, "is required");
    known_if_given::<E>(value, field, check);
}

/// Allows an enum to be left out.
fn known_if_given<E: TryFrom<i32>>(value: i32, field: &str, check: &mut Check) {
    check.require(value == 0 || E::try_from(value).is_ok(), field, "is not a known value");
}

/// Puts values in order, each once. Gives whether all were known and none was given twice.
fn in_order_each_once(values: &mut Vec<i32>, is_known: impl Fn(i32) -> bool) -> bool {
    let distinct: BTreeSet<i32> = values.iter().copied().collect();
    let fits = distinct.len() == values.len() && distinct.iter().all(|value| is_known(*value));
    *values = distinct.into_iter().collect();
    fits
}

/// When something happened: required, and not ahead.
fn check_happened(
    stamp: Option<&prost_types::Timestamp>,
    field: &'static str,
    check: &mut Check,
) -> Option<OffsetDateTime> {
    check.require(stamp.is_some(), field, "is required");
    let happened = check.time(stamp, field)?;
    check.require_likely(|now| happened <= now + CLOCK_MARGIN, field, "must not be in the future");
    Some(happened)
}

/// Whether a message names an area of this role.
fn has_area(about: &About<'_>, role: AreaRole) -> bool {
    about.message.areas.iter().any(|area| area.role() == role)
}

/// Whether a message follows an earlier one: the sender's own, or another's that it answers.
fn follows(settles: &str, about: &About<'_>) -> bool {
    !settles.is_empty() || !about.message.in_reply_to.is_empty()
}

/// A report of an earlier message: the sender's own by its id, another's by the release id under
/// which it was received, and never both.
fn check_report(settles: &mut String, field: &'static str, about: &About<'_>, check: &mut Check) {
    check.uuid(settles, field);
    check.require(
        settles.is_empty() || about.message.in_reply_to.is_empty(),
        "in_reply_to",
        "a message reports on one of your own or answers another's, and not both",
    );
}

/// The first subject's category, where it is one that routes or could not be read.
fn check_concerns_managed(about: &About<'_>, rule: &'static str, check: &mut Check) {
    let category = about.message.subjects.first().map(wire::Subject::category);
    let fits = category.is_none_or(|category| {
        category == wire::SubjectCategory::Unspecified || super::people::routes(category)
    });
    check.require(fits, "subjects[0].category", rule);
}
