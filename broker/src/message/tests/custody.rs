//! When custody news may have happened, and where.

use time::ext::NumericalDuration as _;

use super::*;

const OLD: &str = "provisional and confirmed news is at most 48 hours old; older news is historic";
const FRESH: &str = "historic news is more than 48 hours old";
const FAR: &str = "is at most 366 days ahead";
const PLANNED: &str = "confirmed news is at most 24 hours ahead";

/// A release from an invented prison.
pub(super) fn release(
    certainty: wire::CustodyCertainty,
    occurred: OffsetDateTime,
) -> wire::Message {
    let kind = Kind::Custody(wire::Custody {
        event: wire::CustodyEvent::Release.into(),
        certainty: certainty.into(),
        prison: "ZZI".into(),
        occurred_at: Some(stamp(occurred)),
        settles_message_id: "22222222-2222-4222-8222-222222222222".into(),
        ..wire::Custody::default()
    });
    wire::Message { kind: Some(kind), ..message() }
}

fn change(change: impl FnOnce(&mut wire::Custody)) -> wire::Message {
    let mut message = release(wire::CustodyCertainty::Confirmed, NOON);
    let Some(Kind::Custody(custody)) = &mut message.kind else { unreachable!() };
    change(custody);
    message
}

#[test]
fn news_is_as_old_as_its_certainty_says() {
    use wire::CustodyCertainty::{Confirmed, Historic, Provisional, Withdrawn};
    // One hour is forgiven either way: clocks differ, and a message is a while on its way.
    for (certainty, since, expected) in [
        (Confirmed, 0.hours(), None),
        (Confirmed, -49.hours(), None),
        (Confirmed, -49.hours() - 1.seconds(), Some(OLD)),
        (Confirmed, 24.hours(), None),
        (Confirmed, 24.hours() + 1.seconds(), Some(PLANNED)),
        (Confirmed, 1_500.days(), Some(PLANNED)),
        (Provisional, -49.hours(), None),
        (Provisional, -49.hours() - 1.seconds(), Some(OLD)),
        (Provisional, 366.days(), None),
        (Provisional, 366.days() + 1.seconds(), Some(FAR)),
        (Historic, -47.hours() - 1.seconds(), None),
        (Historic, -40_000.days(), None),
        (Historic, -47.hours(), Some(FRESH)),
        (Historic, 1.hours(), Some(FRESH)),
        (Withdrawn, -40_000.days(), None),
        (Withdrawn, 366.days(), None),
        (Withdrawn, 366.days() + 1.seconds(), Some(FAR)),
    ] {
        let told = faults(release(certainty, NOON + since), NOON);
        let expected = expected.map(|rule| fault("custody.occurred_at", rule));
        assert_eq!(told, expected.unwrap_or_default(), "{certainty:?} {since}");
    }
}

#[test]
fn a_clock_that_jumped_by_days_holds_up_no_news_that_may_be_of_today() {
    let confirmed = wire::CustodyCertainty::Confirmed;
    for (earliest, latest) in [(NOON, NOON + 3.days()), (NOON - 3.days(), NOON)] {
        let span = Span { earliest, latest };
        assert_eq!(faults(release(confirmed, NOON), span), []);
        let rejection = admit(release(confirmed, NOON - 9.days()), sender(), &vault(), span);
        assert_eq!(rejection.unwrap_err().refusal, Refusal::ClockUnsure);
    }
}

#[test]
fn confirmed_news_of_another_century_is_refused() {
    for occurred in [datetime!(1900-01-01 0:00 UTC), datetime!(2031-01-01 0:00 UTC)] {
        let told = faults(release(wire::CustodyCertainty::Confirmed, occurred), NOON);
        assert_eq!(told.len(), 1, "{occurred}");
    }
}

#[test]
fn historic_news_is_never_urgent() {
    let mut news = release(wire::CustodyCertainty::Historic, NOON - 72.hours());
    assert_eq!(faults(news.clone(), NOON), []);
    news.set_urgency(wire::Urgency::Immediate);
    assert_eq!(faults(news, NOON), fault("urgency", "historic news is never urgent"));
}

#[test]
fn a_time_is_told_whether_it_is_missing_or_of_an_unlikely_year() {
    let missing = change(|custody| custody.occurred_at = None);
    assert_eq!(faults(missing, NOON), fault("custody.occurred_at", "is required"));
    for occurred in [datetime!(1700-01-01 0:00 UTC), datetime!(9999-01-01 0:00 UTC)] {
        let unlikely = change(|custody| custody.occurred_at = Some(stamp(occurred)));
        let rule = "must be a time between the years 1900 and 2200";
        assert_eq!(faults(unlikely, NOON), fault("custody.occurred_at", rule), "{occurred}");
    }
}

#[test]
fn a_prison_is_three_capital_letters_that_name_a_place() {
    let state = "must be a prison: OUT and TRN are states and not places";
    for (prison, expected) in [
        ("", "is required"),
        ("zzi", "is a prison's three capital letters"),
        ("ZZ", "is a prison's three capital letters"),
        ("OUT", state),
        ("TRN", state),
    ] {
        let told = faults(change(|custody| custody.prison = prison.into()), NOON);
        assert_eq!(told, fault("custody.prison", expected), "{prison}");
    }
}

#[test]
fn a_withdrawal_that_cites_no_proper_id_is_told_so_once() {
    let cited = |id: &str| {
        let mut news = release(wire::CustodyCertainty::Withdrawn, NOON);
        let Some(Kind::Custody(custody)) = &mut news.kind else { unreachable!() };
        custody.settles_message_id = id.into();
        faults(news, NOON)
    };
    let field = "custody.settles_message_id";
    assert_eq!(cited(""), fault(field, "a withdrawal names the message it takes back"));
    assert_eq!(cited("one"), fault(field, "must be a UUID in its 36-character form"));
}

#[test]
fn a_movement_reason_is_a_code_and_no_sentence() {
    let rule = "is at most 12 letters, digits and underscores";
    for (reason, expected) in [
        ("", None),
        ("NCS", None),
        ("ABCDEFGHIJK_", None),
        ("ABCDEFGHIJKLM", Some(rule)),
        ("HOME LEAVE", Some(rule)),
        ("é", Some(rule)),
    ] {
        let told = faults(change(|custody| custody.movement_reason = reason.into()), NOON);
        assert_eq!(told, perhaps("custody.movement_reason", expected), "{reason}");
    }
}

/// Somebody of the sender's looked: nobody is released.
fn nil_return() -> wire::Message {
    let kind = Kind::Custody(wire::Custody {
        event: wire::CustodyEvent::Release.into(),
        certainty: wire::CustodyCertainty::Confirmed.into(),
        occurred_at: Some(stamp(NOON)),
        nobody: true,
        ..wire::Custody::default()
    });
    wire::Message {
        kind: Some(kind),
        subjects: Vec::new(),
        areas: Vec::new(),
        statements: Vec::new(),
        addressees: Vec::new(),
        acting_person: "33333333-3333-4333-8333-333333333333".into(),
        ..message()
    }
}

#[test]
fn that_a_list_names_nobody_is_said_of_nobody_to_nobody_by_a_person() {
    assert_eq!(faults(nil_return(), NOON), []);
    let said = |change: fn(&mut wire::Message)| faults(but(nil_return(), change), NOON);
    let rule = "is left out where a list names nobody";
    let named = said(|nil| nil.subjects = message().subjects);
    assert_eq!(named, fault("subjects", "a list that names nobody has none"));
    let placed = said(|nil| nil.areas.push(wire::Area::default()));
    assert!(placed.contains(&("areas".into(), rule.into())), "{placed:?}");
    let addressed = said(|nil| {
        nil.addressees.push(wire::Addressee { agency: "gmp".into(), desk: String::new() });
    });
    assert_eq!(addressed, fault("addressees", rule));
    let nobodys = said(|nil| nil.acting_person.clear());
    let who = "is required: who looked, and answers for it that the list names nobody";
    assert_eq!(nobodys, fault("acting_person", who));
    let urgent = said(|nil| nil.set_urgency(wire::Urgency::Immediate));
    assert_eq!(urgent, fault("urgency", "that nobody is released is never urgent"));
}

#[test]
fn that_nobody_is_named_is_said_of_releases_and_of_no_other_news() {
    let said = |change: fn(&mut wire::Custody)| {
        let mut nil = nil_return();
        let Some(Kind::Custody(custody)) = &mut nil.kind else { unreachable!() };
        change(custody);
        faults(nil, NOON)
    };
    let of = said(|custody| custody.set_event(wire::CustodyEvent::Reception));
    assert_eq!(of, fault("custody.event", "a list that names nobody is one of releases"));
    let prison = said(|custody| custody.prison = "ZZI".into());
    assert_eq!(prison, fault("custody.prison", "is left out where a list names nobody"));
    let plan = said(|custody| custody.set_certainty(wire::CustodyCertainty::Provisional));
    let rule = "that a list names nobody is confirmed, or withdrawn";
    assert_eq!(plan, fault("custody.certainty", rule));
    let follows = said(|custody| custody.settles_message_id = EARLIER.into());
    let rule = "that a list names nobody follows nothing";
    assert_eq!(follows, fault("custody.settles_message_id", rule));
    // And whatever is not said to be of nobody names somebody.
    let empty = but(release(wire::CustodyCertainty::Confirmed, NOON), |news| news.subjects.clear());
    assert!(faults(empty, NOON).contains(&("subjects".into(), "are 1 to 16".into())));
}

#[test]
fn the_dates_of_a_sentence_are_of_a_release_and_in_the_order_that_the_law_gives_them() {
    let dated = |curfew: &str, licence: &str, sentence: &str, supervision: &str| {
        let dates = wire::SentenceDates {
            curfew_ends_on: curfew.into(),
            licence_ends_on: licence.into(),
            sentence_ends_on: sentence.into(),
            supervision_ends_on: supervision.into(),
        };
        faults(change(|custody| custody.dates = Some(dates)), NOON)
    };
    let day = |days: i64| (NOON + days.days()).date().to_string();
    let (week, month, year) = (day(7), day(30), day(365));
    assert_eq!(dated(&week, &month, &month, &year), []);
    assert_eq!(dated("", &day(0), "", ""), []);
    let empty = fault("custody.dates", "give at least one, or are left out");
    assert_eq!(dated("", "", "", ""), empty);
    let within = "must not be after the licence or the sentence ends";
    assert_eq!(dated(&month, &week, "", ""), fault("custody.dates.curfew_ends_on", within));
    let within = "must not be after the sentence ends";
    assert_eq!(dated("", &year, &month, ""), fault("custody.dates.licence_ends_on", within));
    let after = "must not be before the licence or the sentence ends";
    assert_eq!(dated("", &month, "", &week), fault("custody.dates.supervision_ends_on", after));
    let passed =
        fault("custody.dates.licence_ends_on", "must not be before the day of the release");
    assert_eq!(dated("", &day(-1), "", ""), passed);
    let slip = fault("custody.dates.sentence_ends_on", "must be in the years 1900 to 2100");
    assert_eq!(dated("", "", "2206-06-01", ""), slip);
    let of_reception = change(|custody| {
        custody.set_event(wire::CustodyEvent::Reception);
        custody.dates = Some(wire::SentenceDates {
            licence_ends_on: day(30),
            ..wire::SentenceDates::default()
        });
    });
    let rule = "are of a release into the community";
    assert_eq!(faults(of_reception, NOON), fault("custody.dates", rule));
}
