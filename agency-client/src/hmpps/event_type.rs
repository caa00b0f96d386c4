//! Which kind of event a payload is, and whether this adapter shares that kind.
//!
//! Owns: the tables of event types and the rule for a wrapper that disagrees with its event.
//! Promises: a type that no table names is never taken for one that is. Deliberately does not
//! know: what an event of a shared kind says.
//!
//! Types are matched by the beginning of their name, since families grow and their members are
//! alike; but the two families that carry custody movements are matched member by member, so that
//! a movement of a new sort is looked at by a person. Source: the public catalogue of HMPPS domain
//! events; the older NOMIS and Delius names stand in capitals there and are compared in lower case.

use super::document::{self, Object};
use super::envelope::Envelope;
use super::notice::{Change, IdentityEvent, Notice, Premises};
use super::outcome::{NotShareableReason as Kept, QuarantineReason};
use super::profile::Shares;

/// What an event type leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// A movement that may be shared.
    Custody(Topic),
    /// News of a record, which may be shared where the profile says so.
    Notice(Notice),
    /// A kind that is not shared.
    NotShareable(Kept),
}

/// The four event types that carry movements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    /// Out of the establishment or into it.
    pub(super) direction: Direction,
    /// Whether the source has waited for corrections: the prison topic does, for 45 minutes; the
    /// search topic tells at once.
    pub(super) confirmed: bool,
}

/// Out of the establishment or into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// `released`.
    Released,
    /// `received`.
    Received,
}

const CUSTODY: &[(&str, Topic)] = &[
    (
        "prison-offender-events.prisoner.released",
        Topic { direction: Direction::Released, confirmed: true },
    ),
    (
        "prison-offender-events.prisoner.received",
        Topic { direction: Direction::Received, confirmed: true },
    ),
    (
        "prisoner-offender-search.prisoner.released",
        Topic { direction: Direction::Released, confirmed: false },
    ),
    (
        "prisoner-offender-search.prisoner.received",
        Topic { direction: Direction::Received, confirmed: false },
    ),
];

/// Types whose event may lead to a message, or that stand beside one that may: whole names.
const NOTICES: &[(&str, Notice)] = &[
    ("probation-case.registration.added", Notice::Registration(Change::Added)),
    ("probation-case.registration.updated", Notice::Registration(Change::Updated)),
    ("probation-case.registration.deregistered", Notice::Registration(Change::Ended)),
    ("probation-case.registration.deleted", Notice::Registration(Change::Deleted)),
    ("person.alert.created", Notice::Alert(Change::Added)),
    ("person.alert.updated", Notice::Alert(Change::Updated)),
    ("person.alert.inactive", Notice::Alert(Change::Ended)),
    ("person.alert.deleted", Notice::Alert(Change::Deleted)),
    ("prison-recall.recommendation.consideration", Notice::RecallConsidered),
    ("prison-recall.recommendation.management-oversight", Notice::RecallOversight),
    ("prison-recall.recommendation.deleted", Notice::RecallTakenBack),
    ("enforcement.recall.raised", Notice::RecallRaised),
    ("enforcement.recall.concluded", Notice::EnforcementUntold),
    ("enforcement.breach.raised", Notice::EnforcementUntold),
    ("enforcement.breach.concluded", Notice::EnforcementUntold),
    ("accommodation.cas3.person.arrived", Notice::Arrival(Premises::Transitional)),
    ("accommodation.cas3.person.arrived.updated", Notice::PlacementUntold),
    ("accommodation.cas3.person.departed", Notice::Departure(Premises::Transitional)),
    ("accommodation.cas3.person.departed.updated", Notice::PlacementUntold),
    ("approved-premises.person.arrived", Notice::Arrival(Premises::Approved)),
    ("approved-premises.person.departed", Notice::Departure(Premises::Approved)),
    ("prison-offender-events.prisoner.merged", Notice::Identity(IdentityEvent::PrisonMerge)),
    ("probation-case.merge.completed", Notice::Identity(IdentityEvent::CaseMerge)),
    ("probation-case.unmerge.completed", Notice::Identity(IdentityEvent::CaseUnmerge)),
    ("probation-case.deleted.gdpr", Notice::Erasure),
];

/// Members of the two custody families that are not movements: whole names.
const MEMBERS: &[(&str, Kept)] = &[
    ("prison-offender-events.prisoner.booking.moved", Kept::IdentityChange),
    ("prison-offender-events.prisoner.booking.deleted", Kept::PrisonRecord),
    ("prison-offender-events.prisoner.imprisonment-status-changed", Kept::SentenceDates),
    ("prison-offender-events.prisoner.sentence-dates-changed", Kept::SentenceDates),
    ("prison-offender-events.prisoner.sentence.changed", Kept::SentenceDates),
    ("prison-offender-events.prisoner.sentence-term.changed", Kept::SentenceDates),
    ("prison-offender-events.prisoner.fixed-term-recall.changed", Kept::SentenceDates),
    ("prison-offender-events.prisoner.fine-payment.changed", Kept::SentenceDates),
    ("prison-offender-events.prisoner.activities-changed", Kept::PrisonLife),
    ("prison-offender-events.prisoner.appointments-changed", Kept::PrisonLife),
    ("prison-offender-events.prisoner.cell.move", Kept::PrisonLife),
    ("prison-offender-events.prisoner.contact-added", Kept::PrisonLife),
    ("prison-offender-events.prisoner.contact-approved", Kept::PrisonLife),
    ("prison-offender-events.prisoner.contact-removed", Kept::PrisonLife),
    ("prison-offender-events.prisoner.contact-unapproved", Kept::PrisonLife),
    ("prison-offender-events.prisoner.dietary.information.updated", Kept::PrisonLife),
    ("prison-offender-events.prisoner.non-association-detail.changed", Kept::PrisonLife),
    ("prison-offender-events.prisoner.person-restriction.deleted", Kept::PrisonLife),
    ("prison-offender-events.prisoner.person-restriction.upserted", Kept::PrisonLife),
    ("prison-offender-events.prisoner.restriction.changed", Kept::PrisonLife),
    ("prison-offender-events.prisoner.video-appointment.cancelled", Kept::PrisonLife),
    ("prison-offender-events.visitor.restriction.deleted", Kept::PrisonLife),
    ("prison-offender-events.visitor.restriction.upserted", Kept::PrisonLife),
    ("prisoner-offender-search.prisoner.alerts-updated", Kept::Alert),
    ("prisoner-offender-search.prisoner.convicted-status-changed", Kept::SentenceDates),
    ("prisoner-offender-search.prisoner.created", Kept::PrisonRecord),
    ("prisoner-offender-search.prisoner.removed", Kept::PrisonRecord),
    ("prisoner-offender-search.prisoner.updated", Kept::PrisonRecord),
];

/// Families by the beginning of the name; the first that fits decides, so the longer stand first.
const BEGINNINGS: &[(&str, Kept)] = &[
    ("probation-case.registration.", Kept::Registration),
    ("probation-case.merge.", Kept::IdentityChange),
    ("probation-case.unmerge.", Kept::IdentityChange),
    ("probation-case.prison-identifier.", Kept::IdentityChange),
    ("probation-case.risk-scores.", Kept::Risk),
    ("probation-case.", Kept::ProbationRecord),
    ("person.alert", Kept::Alert),
    ("person.case-note.", Kept::PrisonLife),
    ("person.csip-record.", Kept::PrisonLife),
    ("person.community.manager.", Kept::Allocation),
    ("person.court-appearance", Kept::CourtMovement),
    ("person.temporary-absence", Kept::MovementPlan),
    ("prisoner-alerts.", Kept::Alert),
    ("prison-recall.", Kept::RecallRecommendation),
    ("enforcement.", Kept::Enforcement),
    ("licence-condition.manager.", Kept::Allocation),
    ("requirement.manager.", Kept::Allocation),
    ("event.manager.", Kept::Allocation),
    ("offender-management.", Kept::Allocation),
    ("create-and-vary-a-licence.", Kept::Licence),
    ("approved-premises.", Kept::Accommodation),
    ("accommodation.", Kept::Accommodation),
    ("applications.cas", Kept::Accommodation),
    ("restricted-patients.", Kept::RestrictedPatient),
    ("tier.", Kept::Tier),
    ("risk-assessment.", Kept::Risk),
    ("assessment.summary.", Kept::Risk),
    ("risk.", Kept::Risk),
    ("opd.", Kept::Risk),
    ("calculate-release-dates.", Kept::SentenceDates),
    ("release-date-adjustments.", Kept::SentenceDates),
    ("manage-offences.", Kept::CourtCase),
    ("court-", Kept::CourtCase),
    ("accredited-programmes-", Kept::Intervention),
    ("intervention.", Kept::Intervention),
    ("interventions.", Kept::Intervention),
    ("unpaid-work.", Kept::Intervention),
    ("pre-sentence.", Kept::Intervention),
    ("probation.appointment.", Kept::Intervention),
    ("activities.", Kept::PrisonLife),
    ("adjudication.", Kept::PrisonLife),
    ("appointments.", Kept::PrisonLife),
    ("incentives.", Kept::PrisonLife),
    ("incident.", Kept::PrisonLife),
    ("location.inside.prison.", Kept::PrisonLife),
    ("non-associations.", Kept::PrisonLife),
    ("prison-visit", Kept::PrisonLife),
    ("prison.case-note.", Kept::PrisonLife),
    // NOMIS and Delius, older than the domain events.
    ("offender_registration", Kept::Registration),
    ("offender_movement-", Kept::MovementPointer),
    ("external_movement", Kept::MovementPointer),
    ("offender_booking-reassigned", Kept::IdentityChange),
    ("booking_number-changed", Kept::IdentityChange),
    ("offender_manager_changed", Kept::Allocation),
    ("offender_officer_changed", Kept::Allocation),
    ("offender_alert", Kept::Alert),
    ("alert-", Kept::Alert),
    ("imprisonment_status-", Kept::SentenceDates),
    ("sentence_", Kept::SentenceDates),
    ("confirmed_release_date-", Kept::SentenceDates),
    ("conviction_changed", Kept::CourtCase),
    ("court_", Kept::CourtCase),
    ("risk_score-", Kept::Risk),
    ("bed_assignment_history-", Kept::PrisonLife),
    ("offender_", Kept::ProbationRecord),
    ("offender-", Kept::PrisonRecord),
];

/// Tells the family of an event from its own type and its wrapper's.
///
/// The event's own type holds; the wrapper's only where the event gives none. Where they differ
/// and either matters to this profile, nobody can tell which was meant: `EventTypeConflict`. What
/// ended matters only to whoever `remembers` what began.
pub(super) fn of(
    envelope: &Envelope,
    shares: &Shares,
    remembers: bool,
) -> Result<Family, QuarantineReason> {
    let own = document::text(&envelope.body, "eventType");
    let attribute = envelope.attribute_type.as_deref();
    let found = match (own, attribute) {
        (Some(own), Some(attribute)) => agreed(own, attribute, (shares, remembers))?,
        (Some(name), None) | (None, Some(name)) => family(name),
        (None, None) if is_court_case(&envelope.body) => {
            Some(Family::NotShareable(Kept::CourtCase))
        }
        (None, None) => return Err(QuarantineReason::MissingEventType),
    };
    // Court messages have no event type of their own; whatever the wrapper says beside it, their
    // shape is unmistakable.
    let by_shape =
        || is_court_case(&envelope.body).then_some(Family::NotShareable(Kept::CourtCase));
    found.or_else(by_shape).ok_or(QuarantineReason::UnknownEventType)
}

fn agreed(
    own: &str,
    attribute: &str,
    (shares, remembers): (&Shares, bool),
) -> Result<Option<Family>, QuarantineReason> {
    let (first, second) = (family(own), family(attribute));
    let matters = |found: Option<Family>| match found {
        Some(Family::Custody(_)) => true,
        Some(Family::Notice(notice)) => notice.matters(shares, remembers),
        Some(Family::NotShareable(_)) | None => false,
    };
    if own.eq_ignore_ascii_case(attribute) || !(matters(first) || matters(second)) {
        Ok(first.or(second))
    } else {
        Err(QuarantineReason::EventTypeConflict)
    }
}

fn family(name: &str) -> Option<Family> {
    let name = name.to_ascii_lowercase();
    let movement = CUSTODY.iter().find(|(whole, _)| *whole == name);
    let notice = || NOTICES.iter().find(|(whole, _)| *whole == name);
    let member = || MEMBERS.iter().find(|(whole, _)| *whole == name);
    let beginning = || BEGINNINGS.iter().find(|(beginning, _)| name.starts_with(beginning));
    movement
        .map(|(_, topic)| Family::Custody(*topic))
        .or_else(|| notice().map(|(_, notice)| Family::Notice(*notice)))
        .or_else(|| member().or_else(beginning).map(|(_, reason)| Family::NotShareable(*reason)))
}

/// Whether a body without a known type is a court's: a hearing of Common Platform, or a Libra case.
fn is_court_case(body: &Object) -> bool {
    let hearing = document::object(body, "hearing")
        .is_some_and(|h| h.contains_key("prosecutionCases") || h.contains_key("courtCentre"));
    let libra = body.contains_key("courtCode")
        && (body.contains_key("caseNo") || body.contains_key("caseId"));
    hearing || libra
}

#[cfg(test)]
mod tests;
