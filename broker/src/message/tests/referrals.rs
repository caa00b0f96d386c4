//! Who was asked and agreed, what follows what, and silence about whoever withdrew.

use wire::Consent::{Given, NotAsked, Refused, Withdrawn};
use wire::PartyRole::{Harmed, Other, Parent};
use wire::ReferralStep::{Accepted, Completed, Declined, Made, NotProceeding, Started};

use super::*;

const AGREED: &str = "whoever was harmed is named only once they have agreed";
const VICTIM: &str = "a victim is named only as a harmed party who has agreed";
const FOLLOWS: &str = "is required, or in_reply_to: the referral that this follows";

fn party(
    subject: u32,
    role: wire::PartyRole,
    consent: wire::Consent,
    day: &str,
) -> wire::ReferralParty {
    let (role, consent) = (role.into(), consent.into());
    wire::ReferralParty { subject, role, consent, recorded_on: day.into() }
}

/// A referral to a meeting with whoever was harmed, who agreed last week.
pub(super) fn made() -> wire::Message {
    let kind = Kind::Referral(wire::Referral {
        programme: "restorative-justice".into(),
        step: Made.into(),
        parties: vec![party(1, Harmed, Given, "2026-11-16")],
        restorative_level: 3,
        settles_message_id: String::new(),
    });
    but(of_kind(kind), |message| message.subjects.push(another(wire::SubjectCategory::Victim)))
}

fn change(change: impl FnOnce(&mut wire::Referral)) -> wire::Message {
    let mut message = made();
    let Some(Kind::Referral(referral)) = &mut message.kind else { unreachable!() };
    change(referral);
    message
}

/// What follows a referral, saying nothing of anybody but whom it is about.
fn later(step: wire::ReferralStep, settles: &str, answers: &[u8]) -> wire::Message {
    let message = change(|referral| {
        referral.set_step(step);
        referral.parties.clear();
        referral.settles_message_id = settles.into();
    });
    but(message, |message| {
        message.subjects.truncate(1);
        message.statements.clear();
        message.in_reply_to = answers.to_vec().into();
    })
}

#[test]
fn nobody_who_was_harmed_is_named_before_they_agreed() {
    for (consent, day, expected) in [
        (Given, "2026-11-16", None),
        (NotAsked, "", Some(AGREED)),
        (Refused, "2026-11-16", Some(AGREED)),
        (Withdrawn, "2026-11-16", Some(AGREED)),
    ] {
        let told = faults(change(|r| r.parties = vec![party(1, Harmed, consent, day)]), NOON);
        assert_eq!(told, perhaps("referral.parties[0].consent", expected), "{consent:?}");
    }
    // A victim who is no party, or is called something else, would be named without a question.
    assert_eq!(faults(change(|r| r.parties.clear()), NOON), fault("subjects[1]", VICTIM));
    let renamed = change(|r| r.parties = vec![party(1, Other, NotAsked, "")]);
    assert_eq!(faults(renamed, NOON), fault("subjects[1]", VICTIM));
    // Whoever was harmed may be managed as well.
    let managed = but(made(), |message| {
        message.subjects.last_mut().unwrap().set_category(wire::SubjectCategory::Managed);
    });
    assert_eq!(faults(managed, NOON), []);
}

#[test]
fn what_was_said_has_a_day_and_what_was_not_asked_has_none() {
    let when = "is given exactly when somebody was asked";
    for (consent, day, expected) in [
        (Given, "2026-11-23", None),
        (Given, "", Some(when)),
        (Given, "2026-11-24", Some("must not be after the day of acceptance")),
        (Given, "last week", Some("must be a calendar date, YYYY-MM-DD")),
        (Refused, "2026-11-16", None),
        (Refused, "", Some(when)),
        (Withdrawn, "2026-11-16", None),
        (Withdrawn, "", Some(when)),
        (NotAsked, "", None),
        (NotAsked, "2026-11-16", Some(when)),
    ] {
        let message = change(|r| r.parties = vec![party(1, Parent, consent, day)]);
        let message = but(message, |message| {
            message.subjects.last_mut().unwrap().set_category(wire::SubjectCategory::Other);
        });
        let expected = perhaps("referral.parties[0].recorded_on", expected);
        assert_eq!(faults(message, NOON), expected, "{consent:?} {day}");
    }
}

#[test]
fn a_party_is_one_of_the_people_of_the_message() {
    let rule = "must be a subject of this message, each once";
    let harmed = || party(1, Harmed, Given, "2026-11-16");
    let beyond = change(|r| r.parties = vec![harmed(), party(2, Parent, NotAsked, "")]);
    assert_eq!(faults(beyond, NOON), fault("referral.parties[1].subject", rule));
    let twice = change(|r| r.parties = vec![harmed(), harmed()]);
    assert_eq!(faults(twice, NOON), fault("referral.parties[1].subject", rule));
    let unknown = change(|r| {
        let (role, consent) = (99, 99);
        r.parties =
            vec![harmed(), wire::ReferralParty { role, consent, ..party(0, Parent, NotAsked, "") }];
    });
    let expected = all(&[
        ("referral.parties[1].role", "is not a known value"),
        ("referral.parties[1].consent", "is not a known value"),
    ]);
    assert_eq!(faults(unknown, NOON), expected);
}

#[test]
fn a_party_has_a_part_and_was_asked_or_was_not() {
    let empty = change(|r| {
        let parts = wire::ReferralParty { subject: 0, ..wire::ReferralParty::default() };
        r.parties = vec![party(1, Harmed, Given, "2026-11-16"), parts];
    });
    let expected = all(&[
        ("referral.parties[1].role", "is required"),
        ("referral.parties[1].consent", "is required"),
    ]);
    assert_eq!(faults(empty, NOON), expected);
}

#[test]
fn parties_are_at_most_16() {
    let of_all = |parties| {
        let message = change(|r| r.parties = parties);
        but(message, |message| {
            message.subjects = vec![another(wire::SubjectCategory::Other); 16];
        })
    };
    let everybody: Vec<_> = (0..16).map(|place| party(place, Other, NotAsked, "")).collect();
    assert_eq!(faults(of_all(everybody.clone()), NOON), []);
    let expected = all(&[
        ("referral.parties", "are at most 16"),
        ("referral.parties[16].subject", "must be a subject of this message, each once"),
    ]);
    let more = [everybody, vec![party(0, Other, NotAsked, "")]].concat();
    assert_eq!(faults(of_all(more), NOON), expected);
}

#[test]
fn what_follows_a_referral_names_it_and_what_is_made_names_none() {
    let field = "referral.settles_message_id";
    let none = "a referral that is made follows none";
    for step in [Accepted, Declined, Started, Completed, NotProceeding] {
        assert_eq!(faults(later(step, EARLIER, &[]), NOON), [], "{step:?}");
        assert_eq!(faults(later(step, "", &RELEASE), NOON), [], "{step:?}");
        assert_eq!(faults(later(step, "", &[]), NOON), fault(field, FOLLOWS), "{step:?}");
    }
    assert_eq!(faults(later(Made, "", &[]), NOON), []);
    assert_eq!(faults(later(Made, EARLIER, &[]), NOON), fault(field, none));
    assert_eq!(faults(later(Made, "", &RELEASE), NOON), fault(field, none));
    let rule = "a message reports on one of your own or answers another's, and not both";
    let both = later(Accepted, EARLIER, &RELEASE);
    assert_eq!(faults(both, NOON), fault("in_reply_to", rule));
}

#[test]
fn a_street_disposal_is_recorded_and_never_referred() {
    let field = "referral.restorative_level";
    let never = "level 1 is recorded as completed and never referred";
    let at_level = |level, message: wire::Message| {
        let mut message = message;
        let Some(Kind::Referral(referral)) = &mut message.kind else { unreachable!() };
        referral.restorative_level = level;
        faults(message, NOON)
    };
    assert_eq!(at_level(1, later(Completed, "", &[])), []);
    let nothing = "level 1 is never referred, so it follows nothing";
    let told = at_level(1, later(Completed, EARLIER, &[]));
    assert_eq!(told, fault("referral.settles_message_id", nothing));
    assert_eq!(at_level(1, later(Made, "", &[])), fault(field, never));
    for step in [Accepted, Declined, Started, NotProceeding] {
        assert_eq!(at_level(1, later(step, EARLIER, &[])), fault(field, never), "{step:?}");
    }
    for level in [0, 2, 3] {
        assert_eq!(at_level(level, later(Made, "", &[])), [], "{level}");
        let alone = at_level(level, later(Completed, "", &[]));
        assert_eq!(alone, fault("referral.settles_message_id", FOLLOWS), "{level}");
    }
    let rule = "is 1 to 3, or 0 for other programmes";
    assert_eq!(at_level(4, later(Made, "", &[])), fault(field, rule));
}

#[test]
fn nobody_is_told_who_withdrew_when_or_why() {
    let rule = "nobody is told who withdrew, or when: give neither parties nor statements";
    let mut message = later(NotProceeding, EARLIER, &[]);
    message.statements = made().statements;
    message.subjects = made().subjects;
    let Some(Kind::Referral(referral)) = &mut message.kind else { unreachable!() };
    referral.parties = vec![party(1, Parent, Withdrawn, "2026-11-20")];
    let expected =
        all(&[("referral.parties", rule), ("statements", rule), ("subjects[1]", VICTIM)]);
    assert_eq!(faults(message, NOON), expected);
}

#[test]
fn what_does_not_proceed_goes_to_holders_only_and_other_news_to_them_too() {
    for (step, reach) in [
        (Accepted, Reach::HoldersToo),
        (Started, Reach::HoldersToo),
        (Completed, Reach::HoldersToo),
        (NotProceeding, Reach::HoldersOnly),
    ] {
        let admitted = admit(later(step, EARLIER, &[]), sender(), &vault(), NOON).unwrap();
        let field = "referral.settles_message_id";
        assert_eq!(admitted.cites(), Some(Citation { field, id: EARLIER, reach }), "{step:?}");
    }
}

#[test]
fn all_that_is_missing_or_unknown_is_told_at_once() {
    let empty = of_kind(Kind::Referral(wire::Referral::default()));
    let expected = all(&[
        ("referral.programme", "must be a programme's id"),
        ("referral.step", "is required"),
    ]);
    assert_eq!(faults(empty, NOON), expected);
    let unknown = change(|referral| {
        (referral.programme, referral.step) = ("No Programme".into(), 99);
    });
    let expected = all(&[
        ("referral.programme", "must be a programme's id"),
        ("referral.step", "is not a known value"),
    ]);
    assert_eq!(faults(unknown, NOON), expected);
}
