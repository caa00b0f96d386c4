//! What is refused at the door, by field and rule. All people are invented.

use proto::exchange::v1::message::Kind;
use time::macros::datetime;

use super::*;

mod actions;

mod break_glass;

mod corrections;

mod courts;

mod custody;

mod days;

mod drug_tests;

mod enforcement;

mod flags;

mod intelligence;

mod mappa;

mod parts;

mod placements;

mod properties;

mod referrals;

mod requests;

mod table;

const NOON: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn vault() -> Vault {
    Vault::new([1; 32].into(), &[2; 32])
}

fn sender() -> Sender {
    Sender {
        agency: "north-police".into(),
        kind: AgencyKind::Police,
        node: "gate".into(),
        desk: 0,
        desk_id: "offenders".into(),
        regime: Regime::Part3,
    }
}

/// An intelligence message that keeps every rule.
fn message() -> wire::Message {
    let person = wire::Subject {
        identifiers: vec![wire::Identifier {
            r#type: wire::IdentifierType::Noms.into(),
            value: "A9001AA".into(),
        }],
        category: wire::SubjectCategory::Suspect.into(),
        name: "Invented Person".into(),
        birth_date: "1988-04-12".into(),
        ..wire::Subject::default()
    };
    let said = wire::Statement {
        field: wire::Field::Narrative.into(),
        footing: wire::Footing::Opinion.into(),
        subjects: vec![0],
        text: "Invented.".into(),
    };
    wire::Message {
        message_id: "11111111-1111-4111-8111-111111111111".into(),
        purpose: wire::Purpose::OffenderManagement.into(),
        gateway: wire::Gateway::Cda1998S115.into(),
        lawful_basis: wire::LawfulBasis::Dpa2018S35Task.into(),
        marking: wire::Marking::OfficialSensitive.into(),
        subjects: vec![person],
        statements: vec![said],
        kind: Some(Kind::Intelligence(wire::Intelligence {
            scheme: wire::GradingScheme::ThreeFiveTwo.into(),
            grade: "2BP".into(),
            originator_reference: "INVENTED/1".into(),
            ..wire::Intelligence::default()
        })),
        ..wire::Message::default()
    }
}

/// A message of another kind about the same person.
fn of_kind(kind: Kind) -> wire::Message {
    wire::Message { kind: Some(kind), ..message() }
}

/// A message after a change.
fn but(mut message: wire::Message, change: impl FnOnce(&mut wire::Message)) -> wire::Message {
    change(&mut message);
    message
}

/// A message whose person is known so: by birth date, which may be none, and by assertion.
fn aged(message: wire::Message, birth_date: &str, age: wire::AgeAssertion) -> wire::Message {
    but(message, |message| {
        let person = message.subjects.first_mut().unwrap();
        person.birth_date = birth_date.into();
        person.set_age(age);
    })
}

/// A message whose person stands so in the matter.
fn standing(message: wire::Message, category: wire::SubjectCategory) -> wire::Message {
    but(message, |message| message.subjects.first_mut().unwrap().set_category(category))
}

fn area(code: &str, role: wire::AreaRole) -> wire::Area {
    wire::Area { code: code.into(), role: role.into(), ..wire::Area::default() }
}

/// Another invented person.
fn another(category: wire::SubjectCategory) -> wire::Subject {
    let name = "Invented Other".into();
    wire::Subject { category: category.into(), name, ..wire::Subject::default() }
}

/// An earlier message of the sender's own.
const EARLIER: &str = "22222222-2222-4222-8222-222222222222";
/// A release to the sender, which it answers.
const RELEASE: [u8; 16] = [7; 16];
/// Who is neither suspected nor convicted nor managed.
const OTHERS: [wire::SubjectCategory; 4] = [
    wire::SubjectCategory::Victim,
    wire::SubjectCategory::Witness,
    wire::SubjectCategory::Associate,
    wire::SubjectCategory::Other,
];

/// The faulty fields of a message and their rules.
fn faults(message: wire::Message, now: impl Into<Span>) -> Vec<(String, String)> {
    let rejection = admit(message, sender(), &vault(), now).err();
    let violations = rejection.map(|rejection| rejection.violations).unwrap_or_default();
    violations.into_iter().map(|fault| (fault.field, fault.rule.into_owned())).collect()
}

/// One field and the one rule it breaks.
fn fault(field: &str, rule: &str) -> Vec<(String, String)> {
    vec![(field.into(), rule.into())]
}

/// Fields and the one rule that each breaks.
fn all(rules: &[(&str, &str)]) -> Vec<(String, String)> {
    rules.iter().map(|(field, rule)| ((*field).into(), (*rule).into())).collect()
}

/// The one fault of a field, or none.
fn perhaps(field: &str, rule: Option<&str>) -> Vec<(String, String)> {
    rule.map(|rule| fault(field, rule)).unwrap_or_default()
}

fn born(day: &str) -> wire::Message {
    let mut message = message();
    message.subjects.first_mut().unwrap().birth_date = day.into();
    message
}

#[test]
fn nobody_is_born_after_the_day_of_acceptance() {
    let refused =
        vec![("subjects[0].birth_date".into(), "must not be after the day of acceptance".into())];
    for (day, now, expected) in [
        ("2026-11-23", NOON, vec![]),
        ("2026-11-24", NOON, refused.clone()),
        ("2027-01-01", NOON, refused.clone()),
        ("2100-12-31", NOON, refused.clone()),
        // In summer Britain's day begins an hour before that of UTC.
        ("2026-11-24", datetime!(2026-11-23 22:59:59 UTC), refused),
        ("2026-11-24", datetime!(2026-11-23 23:00 UTC), vec![]),
    ] {
        assert_eq!(faults(born(day), now), expected, "{day} at {now}");
    }
}

#[test]
fn a_date_taken_once_is_taken_again_when_the_message_is_opened_later() {
    let admitted = admit(born("2026-11-23"), sender(), &vault(), NOON).unwrap();
    let again = readmit(&admitted.message.encode_to_vec(), sender(), &vault(), NOON);
    assert_eq!(again.unwrap().digest, admitted.digest);
}

#[test]
fn what_is_to_be_done_lies_ahead_and_after_the_release() {
    let at = |hours| Some(super::stamp(NOON + time::Duration::hours(hours)));
    for (act_by, not_before, expected) in [
        (1, None, vec![]),
        (0, None, fault("act_by", "must be in the future")),
        (-1, None, fault("act_by", "must be in the future")),
        (2, Some(1), vec![]),
        (2, Some(2), fault("act_by", "must be after not_before")),
    ] {
        let mut message = message();
        (message.act_by, message.not_before) = (at(act_by), not_before.and_then(at));
        assert_eq!(faults(message, NOON), expected, "{act_by} {not_before:?}");
    }
}

#[test]
fn free_text_of_nothing_but_blanks_is_refused_by_field() {
    let rule = "must say something: it is only spaces or invisible characters";
    for blank in [" ", "\t\n ", "\u{a0}", "\u{200b}", " \u{feff}\u{3164}"] {
        let mut message = message();
        message.subjects.first_mut().unwrap().name = blank.into();
        message.statements.first_mut().unwrap().text = blank.into();
        let Some(Kind::Intelligence(intelligence)) = &mut message.kind else { unreachable!() };
        intelligence.originator_reference = blank.into();
        let fields =
            ["subjects[0].name", "statements[0].text", "intelligence.originator_reference"];
        assert_eq!(faults(message, NOON), fields.map(|field| (field.into(), rule.into())));
    }
    let withdrawal = wire::Correction {
        message_id: EARLIER.into(),
        reason: " ".into(),
        ..wire::Correction::default()
    };
    let withdrawal =
        but(of_kind(Kind::Correction(withdrawal)), |message| message.statements.clear());
    assert_eq!(faults(withdrawal, NOON), [("correction.reason".into(), rule.into())]);
}

#[test]
fn what_may_be_left_out_may_be_left_out() {
    let mut message = message();
    message.subjects.first_mut().unwrap().name.clear();
    let Some(Kind::Intelligence(intelligence)) = &mut message.kind else { unreachable!() };
    intelligence.originator_reference.clear();
    assert_eq!(faults(message, NOON), []);
}

#[test]
fn an_id_that_names_nothing_or_is_written_otherwise_is_told_so_once() {
    let mut nil = message();
    nil.message_id = Uuid::nil().to_string();
    assert_eq!(
        faults(nil, NOON),
        fault("message_id", "must not be the nil UUID: it names nothing")
    );
    let mut short = message();
    short.message_id = "11111111111141118111111111111111".into();
    assert_eq!(faults(short, NOON), fault("message_id", "must be a UUID in its 36-character form"));
    let mut absent = message();
    absent.message_id.clear();
    assert_eq!(faults(absent, NOON), fault("message_id", "is required"));
    let mut exit = message();
    exit.kind = Some(Kind::Mappa(wire::Mappa {
        step: wire::MappaStep::Exit.into(),
        category: 2,
        panel_decision_id: "one".into(),
        ..wire::Mappa::default()
    }));
    assert_eq!(
        faults(exit, NOON),
        fault("mappa.panel_decision_id", "must be a UUID in its 36-character form")
    );
}

#[test]
fn a_birth_date_is_told_whether_its_form_or_its_year_is_wrong() {
    let form = fault("subjects[0].birth_date", "must be a calendar date, YYYY-MM-DD");
    let year = fault("subjects[0].birth_date", "must be in the years 1900 to 2100");
    for (day, expected) in [
        ("12/04/1988", &form),
        ("1988-02-30", &form),
        ("1700-04-12", &year),
        ("1899-12-31", &year),
        ("9999-04-12", &year),
    ] {
        assert_eq!(faults(born(day), NOON), *expected, "{day}");
    }
}

#[test]
fn a_message_about_nobody_has_that_one_fault() {
    let nobody = fault("subjects", "are 1 to 16");
    let mut of_nobody = message();
    of_nobody.subjects.clear();
    assert_eq!(faults(of_nobody, NOON), nobody);
    let mut flag = flags::flag(wire::FlagAction::Raise, "2027-06-01");
    flag.subjects.clear();
    assert_eq!(faults(flag, NOON), nobody);
}

#[test]
fn a_message_is_of_exactly_one_kind() {
    let of_none = but(message(), |message| message.kind = None);
    assert_eq!(faults(of_none, NOON), fault("kind", "exactly one kind is required"));
}

#[test]
fn a_grade_without_its_scheme_lacks_the_scheme_and_nothing_else() {
    let mut ungraded = message();
    let Some(Kind::Intelligence(intelligence)) = &mut ungraded.kind else { unreachable!() };
    intelligence.set_scheme(wire::GradingScheme::Unspecified);
    assert_eq!(
        faults(ungraded, NOON),
        fault("intelligence.scheme", "is required: a grade is never read without its scheme")
    );
}

/// A message that ends an hour after noon.
fn ends_at_one() -> wire::Message {
    let one = stamp(datetime!(2026-11-23 13:00 UTC));
    wire::Message { expires_at: Some(one), ..message() }
}

#[test]
fn while_nobody_knows_the_hour_what_turns_on_it_is_refused_for_now_only() {
    let refusal = |message, earliest, latest| {
        let span = Span { earliest, latest };
        let rejection = admit(message, sender(), &vault(), span).err();
        rejection.map(|rejection| (rejection.refusal, rejection.violations.len()))
    };
    let (noon, two) = (NOON, datetime!(2026-11-23 14:00 UTC));
    assert_eq!(refusal(ends_at_one(), noon, noon), None);
    assert_eq!(refusal(ends_at_one(), two, two), Some((Refusal::InvalidMessage, 1)));
    assert_eq!(refusal(ends_at_one(), noon, two), Some((Refusal::ClockUnsure, 1)));
    // What no hour mends is refused for good, and named without what an hour may mend.
    let mut faulty = ends_at_one();
    faulty.purpose = 0;
    assert_eq!(refusal(faulty.clone(), noon, two), Some((Refusal::InvalidMessage, 1)));
    assert_eq!(refusal(faulty, two, two), Some((Refusal::InvalidMessage, 2)));
    // What holds at every moment that it may be is taken.
    assert_eq!(refusal(message(), noon, two), None);
}

#[test]
fn what_is_refused_for_its_time_alone_is_recognised_as_what_was_submitted() {
    let first = admit(ends_at_one(), sender(), &vault(), NOON).unwrap();
    let late = datetime!(2026-11-23 14:00 UTC);
    let rejection = admit(ends_at_one(), sender(), &vault(), late).unwrap_err();
    let submitted = Submitted { key: first.key, digest: first.digest };
    assert_eq!(rejection.submitted, Some(submitted));
    let faulty = wire::Message { purpose: 0, ..ends_at_one() };
    assert_eq!(admit(faulty, sender(), &vault(), NOON).unwrap_err().submitted, None);
}

#[test]
fn what_was_accepted_once_is_opened_whatever_the_rules_say_of_it_by_then() {
    let admitted = admit(ends_at_one(), sender(), &vault(), NOON).unwrap();
    let committed_at = datetime!(2026-11-23 14:00 UTC);
    let encoded = admitted.message.encode_to_vec();
    let again = readmit(&encoded, sender(), &vault(), committed_at).unwrap();
    assert_eq!((again.digest, again.expires_at), (admitted.digest, admitted.expires_at));
}
