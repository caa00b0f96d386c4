//! Where somebody lives by arrangement: arrivals and departures.
//!
//! Promises: a departure names the arrival that it ends, the newest of the same premises, case and
//! booking by then; one whose arrival was never told is held for people, since whoever heard of the
//! arrival by another way counts on the person to live there still. Deliberately does not know:
//! bookings and applications beyond their ids, and why somebody left.

use proto::exchange::v1::{Placement, PlacementSort, PlacementStep, Urgency, message::Kind};
use time::{Date, OffsetDateTime};

use super::{Decision, Draft, Premises, Reader, case};
use crate::hmpps::document::{self, Object};
use crate::hmpps::memory::{ImportMemory, Noted};
use crate::hmpps::moment;
use crate::hmpps::outcome::{NotShareableReason as Kept, QuarantineReason};
use crate::hmpps::person::{self, Crn};
use crate::hmpps::profile::{Footing, ImportProfile};

/// Somebody's stay, as its events name it.
struct Stay<'a> {
    premises: Premises,
    crn: &'a Crn,
    application: &'a str,
    booking: &'a str,
}

impl<'a> Stay<'a> {
    fn of(body: &'a Object, premises: Premises, crn: &'a Crn) -> Self {
        let details = document::object(body, "additionalInformation");
        let id =
            |name| details.and_then(|details| document::text(details, name)).unwrap_or_default();
        Self { premises, crn, application: id("applicationId"), booking: id("bookingId") }
    }

    fn facts(&self, sort: &'static str) -> Vec<&'a str> {
        let place = match self.premises {
            Premises::Approved => "approved premises",
            Premises::Transitional => "transitional",
        };
        vec![sort, place, self.crn.canonical(), self.application, self.booking]
    }

    const fn sort(&self) -> PlacementSort {
        match self.premises {
            Premises::Approved => PlacementSort::ApprovedPremises,
            Premises::Transitional => PlacementSort::Transitional,
        }
    }
}

/// Somebody's first day in a place.
pub(super) fn arrival(
    body: &Object,
    premises: Premises,
    footing: &Footing,
    profile: &ImportProfile,
    now: OffsetDateTime,
) -> Result<Decision, QuarantineReason> {
    let crn = person::crn(body)?;
    let occurred_at = moment::occurred_at(body, now)?;
    let first_day = day_by(occurred_at, now)?;
    let stay = Stay::of(body, premises, &crn);
    let placement = Placement {
        sort: stay.sort().into(),
        step: PlacementStep::Started.into(),
        starts_on: first_day.to_string(),
        ..Placement::default()
    };
    let noted = Noted::Begun {
        digest: ImportMemory::digest(&profile.id_key, &stay.facts("stay")),
        at: occurred_at,
    };
    let draft = draft(&stay, "arrival", footing, placement);
    Ok(draft.at(occurred_at, profile).noting(noted))
}

/// Somebody's last day there.
pub(super) fn departure(
    body: &Object,
    premises: Premises,
    footing: &Footing,
    reader: Reader<'_>,
) -> Result<Decision, QuarantineReason> {
    let Some(memory) = reader.memory else { return Ok(Decision::Keep(Kept::DetailUntold)) };
    let crn = person::crn(body)?;
    let occurred_at = moment::occurred_at(body, reader.now)?;
    let last_day = day_by(occurred_at, reader.now)?;
    let stay = Stay::of(body, premises, &crn);
    let arrival =
        memory.newest(&stay.facts("stay"), occurred_at).ok_or(QuarantineReason::ArrivalUntold)?;
    let placement = Placement {
        sort: stay.sort().into(),
        step: PlacementStep::Ended.into(),
        ends_on: last_day.to_string(),
        settles_message_id: arrival.to_string(),
        ..Placement::default()
    };
    let draft = draft(&stay, "departure", footing, placement);
    Ok(draft.at(occurred_at, reader.profile))
}

/// The day in Britain, which does not lie ahead: nobody arrives or leaves tomorrow.
fn day_by(occurred_at: OffsetDateTime, now: OffsetDateTime) -> Result<Date, QuarantineReason> {
    let day = moment::british_day(occurred_at);
    if day > moment::british_day(now) { Err(QuarantineReason::FutureTime) } else { Ok(day) }
}

fn draft<'a>(
    stay: &Stay<'a>,
    sort: &'static str,
    footing: &'a Footing,
    placement: Placement,
) -> Draft<'a> {
    Draft {
        footing,
        facts: stay.facts(sort),
        case: Vec::new(),
        subjects: vec![case(stay.crn)],
        urgency: Urgency::Routine,
        statements: Vec::new(),
        kind: Kind::Placement(placement),
    }
}
