//! Parts that last, as a message states them of its first subject: who is home, host or designated
//! authority, who supervises or takes care meanwhile, who leads under MAPPA, where somebody lives
//! or went on release.
//!
//! Promises that only what a kind is about is stated by it, and that each part has a first day.
//! Deliberately does not know: who is entitled to state it, which the directory says, nor who
//! holds it.

use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::AreaRole;
use proto::exchange::v1::message::Kind;
use proto::identifier::BirthDate;
use time::{Date, OffsetDateTime};

use super::check::Check;
use super::kinds::days::{british_day, written};
use super::{Admitted, LIFE_MAX, check_addressee, moment};
use crate::directory::MessageKind;

/// A part that a message states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedRole {
    /// Which part.
    pub role: AreaRole,
    /// Where. `None`: that nobody holds it any more.
    pub area: Option<Arc<str>>,
    /// The desk there that holds it, by agency and desk; `None`: every desk whose work it is.
    pub desk: Option<(Arc<str>, Arc<str>)>,
    /// First day, as days since 1970-01-01 by the calendar in Britain.
    pub from: i64,
    /// Last day.
    pub to: Option<i64>,
}

/// The day number of a moment by the calendar in Britain.
#[must_use]
pub fn british_day_number(now: OffsetDateTime) -> i64 {
    number(british_day(now))
}

/// The first day on which somebody born on a day is 18; `None` for a date that cannot be read or
/// stands for "unknown".
#[must_use]
pub fn eighteenth_birthday(birth_date: &str) -> Option<i64> {
    let birth = BirthDate::parse(birth_date).ok().filter(|date| !date.is_placeholder())?;
    let year = i32::from(birth.year()).checked_add(18)?;
    let month = time::Month::try_from(birth.month()).ok()?;
    // Who was born on a leap day is 18 on the first of March.
    let day = Date::from_calendar_date(year, month, birth.day())
        .or_else(|_| Date::from_calendar_date(year, time::Month::March, 1));
    day.ok().map(number)
}

/// Whether messages of a kind state a part: it is what they are about. Where something happened is
/// no part at all.
#[must_use]
pub const fn is_stated_by(kind: MessageKind, role: AreaRole) -> bool {
    use AreaRole::{
        Caretaking, Designated, Home, Host, Incident, Lead, Release, Resident, Supervising,
        Unspecified,
    };
    match kind {
        MessageKind::Placement => matches!(role, Home | Host | Designated | Resident),
        MessageKind::Court => matches!(role, Designated | Supervising),
        MessageKind::Enforcement | MessageKind::Action => matches!(role, Supervising | Caretaking),
        MessageKind::Mappa => matches!(role, Lead),
        MessageKind::Custody => matches!(role, Release),
        // What is put right may be any of them.
        MessageKind::Correction => !matches!(role, Incident | Unspecified),
        MessageKind::Intelligence
        | MessageKind::Flag
        | MessageKind::Task
        | MessageKind::DrugTest
        | MessageKind::Referral
        | MessageKind::Request
        | MessageKind::Response => false,
    }
}

/// The parts that a message states of its first subject.
#[must_use]
pub fn stated(admitted: &Admitted) -> Vec<StatedRole> {
    let (from, to, ends) = match &admitted.message.kind {
        Some(Kind::Placement(placement)) => match placement.step() {
            // A concern is about the care, and not about where the child belongs.
            wire::PlacementStep::Concern | wire::PlacementStep::Unspecified => return Vec::new(),
            wire::PlacementStep::Planned
            | wire::PlacementStep::Started
            | wire::PlacementStep::Changed
            | wire::PlacementStep::Ended => {
                (day_of(&placement.starts_on), day_of(&placement.ends_on), None)
            }
        },
        Some(Kind::Custody(custody)) => match of_custody(custody) {
            Some((day, ends)) => (Some(day), None, ends.then_some(AreaRole::Release)),
            None => return Vec::new(),
        },
        Some(Kind::Mappa(mappa)) => {
            (None, None, (mappa.step() == wire::MappaStep::Exit).then_some(AreaRole::Lead))
        }
        Some(Kind::Court(_) | Kind::Enforcement(_) | Kind::Action(_)) => (None, None, None),
        Some(
            Kind::Intelligence(_)
            | Kind::Flag(_)
            | Kind::Correction(_)
            | Kind::DrugTest(_)
            | Kind::Referral(_)
            | Kind::Request(_)
            | Kind::Response(_),
        )
        | None => return Vec::new(),
    };
    let from = from.unwrap_or_else(|| british_day_number(admitted.received_at));
    if let Some(role) = ends {
        return vec![StatedRole { role, area: None, desk: None, from, to: None }];
    }
    let areas = admitted.message.areas.iter();
    let stated = areas.filter(|area| is_stated_by(admitted.kind, area.role()));
    stated.map(|area| of_area(area, from, to)).collect()
}

/// A part as an area of a message gives it, with the days of its kind where it has none itself.
#[must_use]
pub fn of_area(area: &wire::Area, from: i64, to: Option<i64>) -> StatedRole {
    // Where a child belongs does not end with a placement.
    let to = to.filter(|_| !matches!(area.role(), AreaRole::Home | AreaRole::Designated));
    let named = area.desk.as_ref().filter(|desk| !desk.desk.is_empty());
    StatedRole {
        role: area.role(),
        area: Some(area.code.as_str().into()),
        desk: named.map(|desk| (desk.agency.as_str().into(), desk.desk.as_str().into())),
        from: day_of(&area.from_day).unwrap_or(from),
        to: day_of(&area.to_day).or(to),
    }
}

/// The day of a release that may come or came about, or of what ends one.
fn of_custody(custody: &wire::Custody) -> Option<(i64, bool)> {
    use wire::CustodyCertainty::{Confirmed, Historic, Provisional, Unspecified, Withdrawn};
    let ends = match custody.event() {
        wire::CustodyEvent::Release | wire::CustodyEvent::ReleasedInError => false,
        wire::CustodyEvent::Reception | wire::CustodyEvent::Death => true,
        wire::CustodyEvent::Unspecified
        | wire::CustodyEvent::Transfer
        | wire::CustodyEvent::TemporaryAbsence
        | wire::CustodyEvent::TemporaryAbsenceReturn
        | wire::CustodyEvent::Recall
        | wire::CustodyEvent::UnlawfullyAtLarge
        | wire::CustodyEvent::ReleaseToHospital
        | wire::CustodyEvent::ReleaseToImmigration => return None,
    };
    let firm = match custody.certainty() {
        Provisional => !ends,
        Confirmed | Historic => true,
        Withdrawn | Unspecified => false,
    };
    let day = custody.occurred_at.as_ref().and_then(moment).map(british_day_number)?;
    firm.then_some((day, ends))
}

/// The first day that is so many years after a day; both as days since 1970-01-01. Of a leap day it is the
/// first of March. `None`: beyond the years that can be written.
#[must_use]
pub fn years_after(day: i64, years: i32) -> Option<i64> {
    let day = time::macros::date!(1970 - 01 - 01).checked_add(time::Duration::days(day))?;
    let year = day.year().checked_add(years)?;
    let then = Date::from_calendar_date(year, day.month(), day.day())
        .or_else(|_| Date::from_calendar_date(year, time::Month::March, 1));
    then.ok().map(number)
}

/// Holds the days and desks of areas to what the kind states.
pub(super) fn check(message: &wire::Message, kind: MessageKind, check: &mut Check) {
    for (position, area) in message.areas.iter().enumerate() {
        let at = |name: &str| format!("areas[{position}].{name}");
        let states = is_stated_by(kind, area.role());
        for (given, name) in [
            (!area.from_day.is_empty(), "from_day"),
            (!area.to_day.is_empty(), "to_day"),
            (area.desk.is_some(), "desk"),
        ] {
            check.require(
                states || !given,
                &at(name),
                "is given where a message of this kind states who takes this part",
            );
        }
        let from = check.day(&area.from_day, &at("from_day"));
        let to = check.day(&area.to_day, &at("to_day"));
        if let Some(first) = from.as_ref().and_then(written) {
            check.require_likely(
                |now| first <= british_day(now + LIFE_MAX),
                &at("from_day"),
                "is at most 366 days ahead",
            );
        }
        let days = from.as_ref().and_then(written).zip(to.as_ref().and_then(written));
        check.require(
            days.is_none_or(|(first, last)| last >= first),
            &at("to_day"),
            "must not be before from_day",
        );
        if let Some(desk) = &area.desk {
            check_addressee(desk, &at("desk"), check);
            check.require(!desk.desk.is_empty(), &at("desk.desk"), "is required: one desk");
        }
    }
}

fn day_of(text: &str) -> Option<i64> {
    BirthDate::parse(text).ok().as_ref().and_then(written).map(number)
}

fn number(day: Date) -> i64 {
    (day - time::macros::date!(1970 - 01 - 01)).whole_days()
}
