//! What is refused at the door, by field and rule. All people are invented.

use proto::exchange::v1::message::Kind;
use time::macros::datetime;

use super::*;

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

/// The faulty fields of a message and their rules.
fn faults(message: wire::Message, now: OffsetDateTime) -> Vec<(String, String)> {
    let rejection = admit(message, sender(), &vault(), now).err();
    let violations = rejection.map(|rejection| rejection.violations).unwrap_or_default();
    violations.into_iter().map(|fault| (fault.field, fault.rule.into_owned())).collect()
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
    let mut withdrawal = message();
    withdrawal.kind = Some(Kind::Correction(wire::Correction {
        message_id: "22222222-2222-4222-8222-222222222222".into(),
        reason: " ".into(),
    }));
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
