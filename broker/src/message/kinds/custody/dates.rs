//! The dates until which somebody who is released stays bound by the sentence.
//!
//! Promises that they are of a release, and in the order that the law gives them: a curfew within the
//! licence, the licence within the sentence, supervision after both (Criminal Justice Act 2003
//! ss.246, 249 and 256AA). Deliberately does not know: how they are worked out.

use proto::exchange::v1 as wire;
use proto::exchange::v1::CustodyEvent;
use time::{Date, OffsetDateTime};

use crate::message::check::Check;
use crate::message::kinds::days::{british_day, written};

/// A date further ahead than this is a slip: no determinate sentence is so long.
const YEARS_AHEAD_MAX: i32 = 100;

const CURFEW: &str = "custody.dates.curfew_ends_on";
const LICENCE: &str = "custody.dates.licence_ends_on";
const SENTENCE: &str = "custody.dates.sentence_ends_on";
const SUPERVISION: &str = "custody.dates.supervision_ends_on";

/// Checks the dates, if any are given, against the moment of the release.
pub(super) fn check(custody: &wire::Custody, released: OffsetDateTime, check: &mut Check) {
    let Some(dates) = &custody.dates else { return };
    let field = "custody.dates";
    let is_release = custody.event() == CustodyEvent::Release && !custody.nobody;
    check.require(is_release, field, "are of a release into the community");
    let mut day = |text: &str, field: &'static str| {
        let day = check.day(text, field).as_ref().and_then(written);
        let after_release = day.is_none_or(|day| day >= british_day(released));
        check.require(after_release, field, "must not be before the day of the release");
        let near = day.is_none_or(|day| day.year() <= released.year() + YEARS_AHEAD_MAX);
        check.require(near, field, "is at most 100 years after the release");
        day
    };
    let curfew = day(&dates.curfew_ends_on, CURFEW);
    let licence = day(&dates.licence_ends_on, LICENCE);
    let sentence = day(&dates.sentence_ends_on, SENTENCE);
    let supervision = day(&dates.supervision_ends_on, SUPERVISION);
    let given = [
        &dates.curfew_ends_on,
        &dates.licence_ends_on,
        &dates.sentence_ends_on,
        &dates.supervision_ends_on,
    ];
    let any = given.iter().any(|text| !text.is_empty());
    check.require(any, field, "give at least one, or are left out");
    let curfew_within = in_order(curfew, licence) && in_order(curfew, sentence);
    check.require(curfew_within, CURFEW, "must not be after the licence or the sentence ends");
    check.require(in_order(licence, sentence), LICENCE, "must not be after the sentence ends");
    let supervised_after = in_order(licence, supervision) && in_order(sentence, supervision);
    check.require(
        supervised_after,
        SUPERVISION,
        "must not be before the licence or the sentence ends",
    );
}

/// Whether one day is no later than another, where both are given.
fn in_order(one: Option<Date>, other: Option<Date>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one <= other)
}
