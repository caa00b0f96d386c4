//! Placements: a child placed away from home has two authorities, and both are named.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::{AreaRole, Field, PlacementSort, PlacementStep};
use proto::identifier::BirthDate;
use time::OffsetDateTime;

use super::days::{Age, british_day, has_passed, written};
use super::{About, Citation, KindRules, Reach};
use crate::directory::MessageKind;
use crate::message::check::Check;
use crate::message::{LIFE_MAX, people};

const SETTLES: &str = "placement.settles_message_id";
const STARTS: &str = "placement.starts_on";
const ENDS: &str = "placement.ends_on";

impl KindRules for wire::Placement {
    fn kind(&self) -> MessageKind {
        MessageKind::Placement
    }

    fn check(&mut self, about: &About<'_>, check: &mut Check) {
        super::known::<PlacementSort>(self.sort, "placement.sort", check);
        super::known::<PlacementStep>(self.step, "placement.step", check);
        super::check_report(&mut self.settles_message_id, SETTLES, about, check);
        check_earlier(self, about, check);
        check.require(
            !self.emergency || self.step() != PlacementStep::Planned,
            "placement.emergency",
            "what is planned beforehand is no emergency: its notice follows",
        );
        let starts = check_days(self, check);
        match self.sort() {
            PlacementSort::LookedAfter => {
                check_areas_of_looked_after(about, check);
                check_is_child(self.step(), starts.as_ref(), about, check);
            }
            PlacementSort::ChildRemand => {
                check.require(
                    super::has_area(about, AreaRole::Designated),
                    "areas",
                    "a child's remand names the area of the designated authority (LASPO 2012 \
                     s.104)",
                );
                check_is_child(self.step(), starts.as_ref(), about, check);
            }
            PlacementSort::ApprovedPremises
            | PlacementSort::Transitional
            | PlacementSort::Hospital => super::check_concerns_managed(
                about,
                "a suspect, a convicted or a managed person is placed so",
                check,
            ),
            PlacementSort::Unspecified => {}
        }
    }

    fn fields(&self) -> BTreeSet<Field> {
        [Field::PlacementDetail].into()
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        self.settles_message_id.clear();
        if hidden.contains(&Field::PlacementDetail) {
            *self = Self { step: self.step, ..Self::default() };
        }
    }

    fn cites(&self) -> Option<Citation<'_>> {
        Citation::of(SETTLES, &self.settles_message_id, Reach::HoldersToo)
    }

    fn may_answer(&self) -> bool {
        true
    }
}

/// A plan is the first that is heard of a placement; what changed or ended was heard of before.
fn check_earlier(placement: &wire::Placement, about: &About<'_>, check: &mut Check) {
    let follows = super::follows(&placement.settles_message_id, about);
    match placement.step() {
        PlacementStep::Planned => {
            check.require(!follows, SETTLES, "a plan follows no earlier message about it");
        }
        PlacementStep::Changed | PlacementStep::Ended => check.require(
            follows,
            SETTLES,
            "what changed or ended names the earlier message about it",
        ),
        PlacementStep::Started | PlacementStep::Concern | PlacementStep::Unspecified => {}
    }
}

/// Whether the days agree with what happens. However late a notice comes, it is taken: the
/// authority that was not told in time must be told all the same. Gives the first day.
fn check_days(placement: &wire::Placement, check: &mut Check) -> Option<BirthDate> {
    // Whoever tells of an end need not know when it began: the earlier message says that.
    let begins = placement.step() != PlacementStep::Ended;
    check.require(!(begins && placement.starts_on.is_empty()), STARTS, "is required");
    let starts = check.day(&placement.starts_on, STARTS);
    let ends = check.day(&placement.ends_on, ENDS);
    let in_order = starts.as_ref().zip(ends.as_ref()).is_none_or(|(first, last)| {
        written(first).zip(written(last)).is_none_or(|(first, last)| last >= first)
    });
    check.require(in_order, ENDS, "must not be before starts_on");
    match placement.step() {
        PlacementStep::Planned => {
            let Some(first) = &starts else { return starts };
            check.require_likely(
                |now| !has_passed(first, now),
                STARTS,
                "is today or ahead: what has begun is no plan",
            );
            let soon = |now: OffsetDateTime| {
                written(first).is_none_or(|day| day <= british_day(now + LIFE_MAX))
            };
            check.require_likely(soon, STARTS, "is at most 366 days ahead");
        }
        PlacementStep::Started => {
            let begun = |now| starts.as_ref().is_none_or(|day| people::is_reached(day, now));
            check.require_likely(begun, STARTS, "must not be ahead: what has not begun is planned");
        }
        PlacementStep::Ended => {
            check.require(!placement.ends_on.is_empty(), ENDS, "is required when a placement ends");
            let over = |now| ends.as_ref().is_none_or(|day| people::is_reached(day, now));
            check.require_likely(over, ENDS, "must not be ahead: until then it has only changed");
        }
        PlacementStep::Changed | PlacementStep::Concern | PlacementStep::Unspecified => {}
    }
    starts
}

/// Care Planning, Placement and Case Review Regulations 2010 reg.13: the area authority is told,
/// so it must be known, and the home authority as well.
fn check_areas_of_looked_after(about: &About<'_>, check: &mut Check) {
    let responsible = |role| role == AreaRole::Home || role == AreaRole::Designated;
    let areas = &about.message.areas;
    let homes: BTreeSet<&str> = areas
        .iter()
        .filter(|area| responsible(area.role()))
        .map(|area| area.code.as_str())
        .collect();
    check.require(
        !homes.is_empty(),
        "areas",
        "a child's placement names the home or designated authority's area",
    );
    let at_home = areas
        .iter()
        .any(|area| area.role() == AreaRole::Resident && homes.contains(area.code.as_str()));
    check.require(
        at_home || super::has_area(about, AreaRole::Host),
        "areas",
        "a child's placement names the host area, or the home area as where the child lives",
    );
}

/// By the age on the first day: that somebody has turned 18 since is why many placements end.
fn check_is_child(
    step: PlacementStep,
    starts: Option<&BirthDate>,
    about: &About<'_>,
    check: &mut Check,
) {
    let subject = about.message.subjects.first();
    let day = starts.and_then(written);
    let Some(age) = day.zip(subject).and_then(|(day, subject)| Age::on(day, subject)) else {
        return;
    };
    // What is asserted is said of today; of a first day long ago only a birth date tells.
    let of_that_day =
        age.years().is_some() || matches!(step, PlacementStep::Planned | PlacementStep::Started);
    check.require(
        !(of_that_day && age.is_adult()),
        "placement.sort",
        "an adult is not placed as a child: they were 18 on the first day",
    );
}
