//! What a sender is told became of its message.

use time::OffsetDateTime;
use time::macros::datetime;

use crate::register::DeskName;
use crate::routing::Reason;

use super::*;
use crate::prepare::KeptCandidate;

const AT: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);
const RELEASED: OffsetDateTime = datetime!(2026-11-23 11:00 UTC);

fn desk(agency: &str) -> DeskName {
    DeskName { agency: agency.into(), desk: "duty".into() }
}

/// `named-…` agencies were named by the sender; the others have a stake of another kind.
fn kept(agencies: &[&str]) -> Kept {
    let candidates = agencies.iter().map(|agency| {
        let reason = if agency.starts_with("named") { Reason::Addressed } else { Reason::Interest };
        KeptCandidate {
            desk: desk(agency),
            task: 0,
            named: agency.starts_with("named"),
            reasons: vec![reason.name()],
            refusal: 0,
            subjects: Vec::new(),
            notice_only: false,
            by_holding: false,
            held: None,
            documents: std::collections::BTreeSet::new(),
            seen: std::collections::BTreeSet::new(),
        }
    });
    let named = agencies.iter().filter(|agency| agency.starts_with("named"));
    Kept {
        facts: None,
        bundle: String::new(),
        named: named.map(|agency| (*agency).to_owned()).collect(),
        candidates: candidates.collect(),
        corrected: None,
        answers: None,
    }
}

fn fate(agency: &str, state: DeliveryState, released: bool) -> Fate {
    Fate {
        delivery_id: [1; 16],
        desk: desk(agency),
        task: 0,
        state,
        at: AT,
        released: released.then_some((7, [2; 16], RELEASED)),
        ended: None,
    }
}

/// What a sender sees of one delivery: its state and time.
fn seen(
    agency: &str,
    state: DeliveryState,
    released: bool,
) -> Option<(DeliveryState, OffsetDateTime)> {
    let rows = for_sender(vec![fate(agency, state, released)], &kept(&[agency]));
    assert!(rows.len() <= 1);
    rows.first().map(|fate| (fate.state, fate.at))
}

#[test]
fn a_sender_reads_of_those_it_named_how_far_they_came_but_never_of_a_refusal() {
    use DeliveryState::{Dead, Expired, Refused, Waiting, Withdrawn};
    for state in [Waiting, Dead, Expired, Withdrawn] {
        assert_eq!(seen("named-police", state, false), Some((state, AT)), "{state:?}");
    }
    assert_eq!(seen("named-police", Refused, false), None, "like one refused at once");
}

#[test]
fn of_those_it_did_not_name_a_sender_reads_releases_and_nothing_that_went_before_or_came_after() {
    use DeliveryState::{Acknowledged, Dead, Expired, Refused, Released, Waiting, Withdrawn};
    for state in [Waiting, Dead, Expired, Withdrawn, Refused] {
        assert_eq!(seen("other-police", state, false), None, "{state:?}");
        assert_eq!(seen("other-police", state, true), Some((Released, RELEASED)), "{state:?}");
    }
    assert_eq!(seen("other-police", Acknowledged, true), Some((Acknowledged, AT)));
}

#[test]
fn a_question_put_to_a_desk_is_not_the_senders() {
    let task = Fate { task: 2, ..fate("named-police", DeliveryState::Released, true) };
    assert_eq!(for_sender(vec![task], &kept(&["named-police"])).len(), 0);
}

#[test]
fn of_a_named_agency_with_several_subscriptions_the_furthest_is_told_once() {
    let rows = vec![
        fate("named-police", DeliveryState::Expired, false),
        fate("named-police", DeliveryState::Waiting, false),
    ];
    let told = for_sender(rows, &kept(&["named-police"]));
    assert_eq!(told.iter().map(|fate| fate.state).collect::<Vec<_>>(), [DeliveryState::Waiting]);
}
