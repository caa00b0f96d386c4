//! What is counted of what desks were sent.

use super::lists::tests::{desk, directory};
use super::*;
use std::sync::atomic::{AtomicU32, Ordering};
use time::macros::datetime;

const SENT: OffsetDateTime = datetime!(2026-10-05 9:00 UTC);

fn sent(sort: Sort, acted_after: Option<Duration>, received_after: Option<Duration>) -> Sent {
    Sent {
        sender: "prisons".into(),
        desk: desk("police", "north"),
        person: None,
        sort,
        immediate: false,
        sent_at: SENT,
        received_at: received_after.map(|after| SENT + after),
        acted_at: acted_after.map(|after| SENT + after),
        is_dead: false,
    }
}

/// The same about so many persons, other ones each time.
fn times(count: usize, one: &Sent) -> Vec<Sent> {
    static PERSONS: AtomicU32 = AtomicU32::new(0);
    let about = |_| {
        let person = Token(u128::from(PERSONS.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
        Sent { person: Some(person), ..one.clone() }
    };
    (0..count).map(about).collect()
}

fn north(sent: &[Sent]) -> Area {
    publish(&Moved::default(), sent, &directory()).areas["north"].clone()
}

#[test]
fn contact_is_the_owners_word_that_it_acted_and_no_receipt() {
    let (day, hour) = (Duration::days(1), Duration::hours(1));
    let quick = sent(Sort::Release, Some(day), None);
    let slow = sent(Sort::Release, Some(Duration::days(7)), None);
    let late = sent(Sort::Release, Some(Duration::days(7) + Duration::SECOND), Some(hour));
    let all = [times(5, &quick), times(6, &slow), times(7, &late)].concat();
    let area = north(&all);
    let shown = Spread { total: Some(18), bands: Some(vec![5, 0, 6, 7]), median: Some(2) };
    assert_eq!(area.contact.spread, shown);
    assert_eq!(area.gaps.spread, Spread::default());
    // Four of them: the total stays, the bands go.
    let only_total = Spread { total: Some(17), bands: None, median: Some(2) };
    assert_eq!(north(&all[1..]).contact.spread, only_total);
}

#[test]
fn an_agency_that_owns_all_but_three_is_not_told_of_three() {
    let own = sent(Sort::Gap, Some(Duration::HOUR), None);
    let others = Sent { desk: desk("probation", "north"), ..own.clone() };
    let area = north(&[times(9, &own), times(3, &others)].concat());
    assert_eq!(area.gaps.spread, Spread::default());
    let area = north(&[times(9, &own), times(5, &others)].concat());
    assert_eq!(area.gaps.spread.total, Some(14));
}

#[test]
fn a_link_is_told_by_pair_urgency_and_area_and_questions_are_none_of_it() {
    let routine = sent(Sort::Message, None, Some(Duration::hours(1)));
    let immediate = Sent { immediate: true, ..routine.clone() };
    let lost = Sent { received_at: None, is_dead: true, ..routine.clone() };
    let question = sent(Sort::Question, None, None);
    let elsewhere = Sent { desk: desk("police", "south"), ..routine.clone() };
    let nowhere = Sent { desk: desk("police", "far"), ..routine.clone() };
    let all = [
        times(6, &routine),
        times(5, &lost),
        times(4, &immediate),
        times(9, &question),
        times(9, &elsewhere),
        times(9, &nowhere),
    ]
    .concat();
    let links = north(&all).links;
    assert_eq!(
        links,
        [Link {
            sender: "prisons".into(),
            recipient: "police".into(),
            immediate: false,
            received: Spread { total: Some(11), bands: Some(vec![6, 0, 0, 5]), median: Some(0) },
            dead: Some(5),
        }]
    );
    // One of the five came to life again, later than is watched: four dead, one late.
    let late = Sent { received_at: Some(SENT + Duration::days(8)), is_dead: false, ..lost };
    let mut all = all;
    all[10] = late;
    assert_eq!(north(&all).links[0].received.bands, Some(vec![6, 0, 0, 5]));
    assert_eq!(north(&all).links[0].dead, None);
}

#[test]
fn a_person_of_whom_it_is_sent_again_and_again_counts_once_at_each_agency() {
    let about = times(4, &sent(Sort::Release, Some(Duration::HOUR), None));
    let again = [about.clone(), vec![about[0].clone(); 50]].concat();
    assert_eq!(north(&again).contact.spread, Spread::default(), "four persons");
    let later = Sent { sent_at: SENT + Duration::HOUR, acted_at: None, ..about[0].clone() };
    let five = [about, times(1, &sent(Sort::Release, Some(Duration::HOUR), None))].concat();
    let shown = north(&[vec![later], five].concat()).contact.spread;
    assert_eq!(shown.bands, Some(vec![5, 0, 0, 0]), "the first news counts");
}

#[test]
fn whoever_sent_any_of_it_is_not_shown_what_became_of_it() {
    let from_probation =
        Sent { sender: "probation".into(), ..sent(Sort::Gap, Some(Duration::HOUR), None) };
    let prisons = times(5, &sent(Sort::Gap, Some(Duration::HOUR), None));
    let gaps = north(&[times(1, &from_probation), prisons].concat()).gaps;
    assert_eq!(gaps.clone().for_agency("police").total, Some(6));
    assert_eq!(gaps.for_agency("probation"), Spread::default());
}
