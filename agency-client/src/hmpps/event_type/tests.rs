//! Which family a type belongs to, and when a wrapper that disagrees matters.

use super::*;
use crate::hmpps::profile::Footing;
use proto::exchange::v1::{Gateway, LawfulBasis, Purpose, SensitiveCondition};

fn told(own: Option<&str>, attribute: Option<&str>) -> Result<Family, QuarantineReason> {
    told_under(own, attribute, &Shares::default())
}

fn told_under(
    own: Option<&str>,
    attribute: Option<&str>,
    shares: &Shares,
) -> Result<Family, QuarantineReason> {
    let mut body = Object::new();
    if let Some(own) = own {
        body.insert("eventType".to_owned(), own.into());
    }
    of(&Envelope { body, attribute_type: attribute.map(str::to_owned) }, shares, false)
}

const RELEASED: &str = "prison-offender-events.prisoner.released";
const SEARCH_RELEASED: &str = "prisoner-offender-search.prisoner.released";

#[test]
fn the_type_is_read_from_event_or_wrapper() {
    let topic = Topic { direction: Direction::Released, confirmed: true };
    for (own, attribute) in
        [(Some(RELEASED), None), (None, Some(RELEASED)), (Some(RELEASED), Some(RELEASED))]
    {
        assert_eq!(told(own, attribute), Ok(Family::Custody(topic)));
    }
    assert_eq!(told(None, None), Err(QuarantineReason::MissingEventType));
    assert_eq!(told(Some("  "), None), Err(QuarantineReason::MissingEventType));
}

#[test]
fn a_wrapper_that_disagrees_matters_only_where_something_would_be_shared() {
    let kept = |reason| Ok(Family::NotShareable(reason));
    let conflict = Err(QuarantineReason::EventTypeConflict);
    for (own, attribute, expected) in [
        (RELEASED, SEARCH_RELEASED, conflict),
        (RELEASED, "person.alert.created", conflict),
        (RELEASED, "never.heard.of", conflict),
        ("never.heard.of", RELEASED, conflict),
        ("assessment.summary.produced", "risk-assessment.scores.determined", kept(Kept::Risk)),
        (
            "person.alert.created",
            "tier.calculation.complete",
            Ok(Family::Notice(Notice::Alert(Change::Added))),
        ),
        ("never.heard.of", "tier.calculation.complete", kept(Kept::Tier)),
    ] {
        assert_eq!(told(Some(own), Some(attribute)), expected, "{own} / {attribute}");
    }
}

#[test]
fn a_new_member_of_a_custody_family_is_looked_at_by_a_person() {
    for name in [
        "prison-offender-events.prisoner.escaped",
        "prisoner-offender-search.prisoner.released.again",
        "prison-offender-events.prisoner.releasedd",
        "SOME_NEW_NAME",
    ] {
        assert_eq!(told(Some(name), None), Err(QuarantineReason::UnknownEventType), "{name}");
    }
}

#[test]
fn a_new_member_of_any_other_family_is_kept_like_its_kin() {
    for (name, reason) in [
        ("person.temporary-absence-movement.split", Kept::MovementPlan),
        ("probation-case.registration.suspended", Kept::Registration),
        ("probation-case.deleted.by-hand", Kept::ProbationRecord),
        ("person.alert.reopened", Kept::Alert),
        ("enforcement.appeal.raised", Kept::Enforcement),
        ("OFFENDER_REGISTRATION_DEREGISTERED", Kept::Registration),
        ("EXTERNAL_MOVEMENT_RECORD-DELETED", Kept::MovementPointer),
        ("prison-recall.recommendation.started", Kept::RecallRecommendation),
    ] {
        assert_eq!(told(Some(name), None), Ok(Family::NotShareable(reason)), "{name}");
    }
}

#[test]
fn whether_a_wrapper_that_disagrees_matters_is_the_profiles() {
    let footing = Footing {
        purpose: Purpose::PublicProtection,
        gateway: Gateway::Cja2003S325,
        lawful_basis: LawfulBasis::Dpa2018S35Task,
        sensitive_condition: SensitiveCondition::Sch8Justice,
    };
    let shares = Shares { mappa: Some(footing), ..Shares::default() };
    let conflict = Err(QuarantineReason::EventTypeConflict);
    let alert = |change| Ok(Family::Notice(Notice::Alert(change)));
    for (own, attribute, expected) in [
        ("person.alert.created", "person.alert.updated", conflict),
        ("person.alert.inactive", "person.alert.deleted", conflict),
        ("person.alert.inactive", "never.heard.of", alert(Change::Ended)),
        ("person.alert.inactive", "person.alert.updated", alert(Change::Ended)),
        ("approved-premises.person.arrived", "tier.calculation.complete", {
            Ok(Family::Notice(Notice::Arrival(Premises::Approved)))
        }),
    ] {
        let found = told_under(Some(own), Some(attribute), &shares);
        assert_eq!(found, expected, "{own} / {attribute}");
    }
    // To erase is a duty, whatever is shared.
    let erased = told(Some("probation-case.deleted.gdpr"), Some("probation-case.merge.completed"));
    assert_eq!(erased, conflict);
}
