//! Hearings ahead and behind, and what a court may say of whom.

use time::ext::NumericalDuration as _;
use wire::CourtStep::{
    Acquitted, Adjourned, Bailed, Convicted, Listed, Remanded, Review, Sentenced, Warrant,
};

use super::*;

const AHEAD: &str = "is today or ahead: it is listed or adjourned to";
const DONE: &str = "must not be after today: it says what the court did";
const ORDER: &str = "is given for sentenced and review, and for nothing else";
const STEPS: [wire::CourtStep; 9] =
    [Listed, Adjourned, Bailed, Remanded, Warrant, Convicted, Acquitted, Sentenced, Review];

/// A hearing in ten days of somebody convicted.
pub(super) fn listed() -> wire::Message {
    let kind = Kind::Court(wire::Court {
        step: Listed.into(),
        court: "B06MK00".into(),
        hearing_at: Some(stamp(NOON + 10.days())),
        ..wire::Court::default()
    });
    standing(of_kind(kind), wire::SubjectCategory::Convicted)
}

fn change(change: impl FnOnce(&mut wire::Court)) -> wire::Message {
    let mut message = listed();
    let Some(Kind::Court(court)) = &mut message.kind else { unreachable!() };
    change(court);
    message
}

/// What happens at a moment, with the order that it needs.
fn at(step: wire::CourtStep, hearing: OffsetDateTime) -> wire::Message {
    change(|court| {
        court.set_step(step);
        court.hearing_at = Some(stamp(hearing));
        if [Sentenced, Review].contains(&step) {
            court.set_order(wire::CourtOrder::Community);
        }
    })
}

#[test]
fn a_hearing_is_listed_for_today_or_later_and_its_result_is_of_today_or_earlier() {
    let (midnight, evening) = (datetime!(2026-11-23 00:00 UTC), datetime!(2026-11-23 23:59:59 UTC));
    for (step, hearing, expected) in [
        // Of a hearing this morning the list may come in the afternoon.
        (Listed, midnight, None),
        (Adjourned, midnight, None),
        (Listed, midnight - 1.seconds(), Some(AHEAD)),
        (Adjourned, midnight - 1.seconds(), Some(AHEAD)),
        (Listed, NOON + 366.days(), None),
        (Listed, NOON + 366.days() + 1.seconds(), Some("is at most 366 days ahead")),
        // What was listed for the afternoon may be heard in the morning.
        (Sentenced, evening, None),
        (Bailed, evening + 1.seconds(), Some(DONE)),
        (Remanded, evening + 1.seconds(), Some(DONE)),
        (Warrant, evening + 1.seconds(), Some(DONE)),
        (Convicted, evening + 1.seconds(), Some(DONE)),
        (Acquitted, evening + 1.seconds(), Some(DONE)),
        (Sentenced, evening + 1.seconds(), Some(DONE)),
        (Review, evening + 1.seconds(), Some(DONE)),
        (Sentenced, NOON - 4_000.days(), None),
    ] {
        let told = faults(at(step, hearing), NOON);
        assert_eq!(told, perhaps("court.hearing_at", expected), "{step:?} {hearing}");
    }
}

#[test]
fn today_is_the_day_in_britain() {
    // Half past midnight on 2 July, by summer time.
    let night = datetime!(2026-07-01 23:30 UTC);
    let (yesterday, today) = (datetime!(2026-07-01 22:30 UTC), datetime!(2026-07-02 09:00 UTC));
    assert_eq!(faults(at(Listed, yesterday), night), fault("court.hearing_at", AHEAD));
    assert_eq!(faults(at(Listed, today), night), []);
    assert_eq!(faults(at(Sentenced, today), night), []);
    assert_eq!(faults(at(Sentenced, today), yesterday), fault("court.hearing_at", DONE));
}

#[test]
fn an_order_is_given_where_one_is_made_or_reviewed() {
    for step in STEPS {
        let ordered = [Sentenced, Review].contains(&step);
        for order in [wire::CourtOrder::Unspecified, wire::CourtOrder::ProblemSolving] {
            let mut message = at(step, NOON);
            let Some(Kind::Court(court)) = &mut message.kind else { unreachable!() };
            court.set_order(order);
            let fits = ordered == (order != wire::CourtOrder::Unspecified);
            let expected = perhaps("court.order", (!fits).then_some(ORDER));
            assert_eq!(faults(message, NOON), expected, "{step:?} {order:?}");
        }
    }
}

#[test]
fn whoever_is_convicted_is_no_suspect_and_nobody_else_is_heard() {
    let convicted = "whom a court convicts or sentences is convicted or managed";
    for step in STEPS {
        let decided = [Convicted, Sentenced, Review].contains(&step);
        for (category, expected) in [
            (wire::SubjectCategory::Suspect, decided.then_some(convicted)),
            (wire::SubjectCategory::Convicted, None),
            (wire::SubjectCategory::Managed, None),
        ] {
            let told = faults(standing(at(step, NOON), category), NOON);
            let expected = perhaps("subjects[0].category", expected);
            assert_eq!(told, expected, "{step:?} {category:?}");
        }
        for category in OTHERS {
            let told = faults(standing(at(step, NOON), category), NOON);
            let rule = "a court hears a suspect, a convicted or a managed person";
            assert_eq!(told, fault("subjects[0].category", rule), "{step:?} {category:?}");
        }
    }
}

#[test]
fn a_childs_remand_names_the_designated_authority() {
    use wire::AgeAssertion::{Adult, Child, Disputed, Unspecified};
    let rule = "a child's remand names the area of the designated authority (LASPO 2012 s.104)";
    for (birth_date, asserted, expected) in [
        ("2008-11-23", Unspecified, None),
        ("2008-11-24", Unspecified, Some(rule)),
        ("", Child, Some(rule)),
        ("", Disputed, Some(rule)),
        ("", Adult, None),
        // News of a remand does not wait for a birth date.
        ("", Unspecified, None),
    ] {
        let remand = aged(at(Remanded, NOON), birth_date, asserted);
        let told = faults(remand.clone(), NOON);
        assert_eq!(told, perhaps("areas", expected), "{birth_date} {asserted:?}");
        let designated = but(remand, |message| {
            message.areas = vec![area("E08000007", wire::AreaRole::Designated)];
        });
        assert_eq!(faults(designated, NOON), [], "{birth_date} {asserted:?}");
    }
    let bailed = aged(at(Bailed, NOON), "2010-01-02", Unspecified);
    assert_eq!(faults(bailed, NOON), []);
}

#[test]
fn a_court_is_known_by_the_seven_characters_of_its_unit_code() {
    let rule = "is a court's seven-character organisation unit code";
    for (code, expected) in [
        ("B06MK00", None),
        ("C05LV00", None),
        ("", Some(rule)),
        ("B06MK0", Some(rule)),
        ("B06MK000", Some(rule)),
        ("b06mk00", Some(rule)),
        ("006MK00", Some(rule)),
        ("B06MK0é", Some(rule)),
        ("Stockport", Some(rule)),
    ] {
        let told = faults(change(|court| court.court = code.into()), NOON);
        assert_eq!(told, perhaps("court.court", expected), "{code}");
    }
}

#[test]
fn a_change_reaches_those_who_were_given_the_hearing_too() {
    let moved = change(|court| court.settles_message_id = EARLIER.to_uppercase());
    let admitted = admit(moved, sender(), &vault(), NOON).unwrap();
    let (field, reach) = ("court.settles_message_id", Reach::HoldersToo);
    assert_eq!(admitted.cites(), Some(Citation { field, id: EARLIER, reach }));
    assert!(!admitted.to_holders_only());
}

#[test]
fn all_that_is_missing_or_unknown_is_told_at_once() {
    let code = "is a court's seven-character organisation unit code";
    let empty = of_kind(Kind::Court(wire::Court::default()));
    let expected = all(&[
        ("court.step", "is required"),
        ("court.court", code),
        ("court.hearing_at", "is required"),
    ]);
    assert_eq!(faults(empty, NOON), expected);
    let unknown = change(|court| {
        (court.step, court.order, court.settles_message_id) = (99, 99, "one".into());
    });
    let expected = all(&[
        ("court.step", "is not a known value"),
        ("court.order", "is not a known value"),
        ("court.settles_message_id", "must be a UUID in its 36-character form"),
    ]);
    assert_eq!(faults(unknown, NOON), expected);
}
