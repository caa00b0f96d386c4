//! What a correction of a message must say, and what one of an identity must.

use wire::CorrectionAction::{
    Erase, Merge, Rectify, Restrict, Supplement, Unmerge, Unspecified, Withdraw,
};
use wire::IdentifierType::{Crn, Nhs, Noms};

use super::*;

const MERGE: &str =
    "a merge names one person with two numbers of one register, the leading one first";
const UNMERGE: &str = "an unmerge names two persons with one number of one register each";

/// A rectification of an earlier message.
pub(super) fn rectified() -> wire::Message {
    of_kind(Kind::Correction(wire::Correction {
        message_id: EARLIER.into(),
        reason: "Invented.".into(),
        action: Rectify.into(),
    }))
}

fn number(register: wire::IdentifierType, value: &str) -> wire::Identifier {
    wire::Identifier { r#type: register.into(), value: value.into() }
}

/// A correction of whose numbers these are: a list for each person.
fn of_numbers(
    action: wire::CorrectionAction,
    numbers: &[&[(wire::IdentifierType, &str)]],
) -> wire::Message {
    let kind =
        Kind::Correction(wire::Correction { action: action.into(), ..wire::Correction::default() });
    but(of_kind(kind), |message| {
        message.statements.clear();
        message.subjects = numbers
            .iter()
            .map(|numbers| wire::Subject {
                identifiers: numbers
                    .iter()
                    .map(|(register, value)| number(*register, value))
                    .collect(),
                ..another(wire::SubjectCategory::Managed)
            })
            .collect();
    })
}

#[test]
fn only_a_rectification_or_a_supplement_says_something_new() {
    let new = "only a rectification or a supplement says something new";
    let what = "say what is put right or added";
    for (action, with, without) in [
        (Unspecified, Some(new), None),
        (Withdraw, Some(new), None),
        (Erase, Some(new), None),
        (Restrict, Some(new), None),
        (Rectify, None, Some(what)),
        (Supplement, None, Some(what)),
    ] {
        let mut message = rectified();
        let Some(Kind::Correction(correction)) = &mut message.kind else { unreachable!() };
        correction.set_action(action);
        assert_eq!(faults(message.clone(), NOON), perhaps("statements", with), "{action:?}");
        message.statements.clear();
        assert_eq!(faults(message, NOON), perhaps("statements", without), "{action:?}");
    }
}

#[test]
fn a_correction_of_a_message_names_it() {
    for (id, expected) in [
        (EARLIER, None),
        ("", Some("is required: the message to correct")),
        ("one", Some("must be a UUID in its 36-character form")),
    ] {
        let mut message = rectified();
        let Some(Kind::Correction(correction)) = &mut message.kind else { unreachable!() };
        correction.message_id = id.into();
        assert_eq!(faults(message, NOON), perhaps("correction.message_id", expected), "{id}");
    }
}

#[test]
fn what_does_not_say_what_is_to_be_done_is_a_withdrawal() {
    let withdrawal = wire::Correction { message_id: EARLIER.into(), ..wire::Correction::default() };
    let message = but(of_kind(Kind::Correction(withdrawal)), |m| m.statements.clear());
    let admitted = admit(message, sender(), &vault(), NOON).unwrap();
    let Some(Kind::Correction(correction)) = admitted.message.kind else { unreachable!() };
    assert_eq!(correction.action(), Withdraw);
    let mut unknown = rectified();
    let Some(Kind::Correction(correction)) = &mut unknown.kind else { unreachable!() };
    correction.action = 99;
    unknown.statements.clear();
    assert_eq!(faults(unknown, NOON), fault("correction.action", "is not a known value"));
}

#[test]
fn a_merge_names_one_person_with_two_numbers_of_one_register() {
    let (first, second) = ((Noms, "A9001AA"), (Noms, "A9002AA"));
    for (people, expected) in [
        (&[&[first, second][..]][..], None),
        (&[&[first]], Some(MERGE)),
        (&[&[first, first]], Some(MERGE)),
        // The same number, written otherwise.
        (&[&[first, (Noms, "a9001aa")]], Some(MERGE)),
        (&[&[first, (Crn, "X320741")]], Some(MERGE)),
        (&[&[first, second, (Noms, "A9003AA")]], Some(MERGE)),
        (&[&[first], &[second]], Some(MERGE)),
        (&[&[first, second], &[first, second]], Some(MERGE)),
        // Nobody here speaks for this register.
        (&[&[(Nhs, "9434765919"), (Nhs, "9434765870")]], Some(MERGE)),
    ] {
        let told = faults(of_numbers(Merge, people), NOON);
        assert_eq!(told, perhaps("subjects", expected), "{people:?}");
    }
}

#[test]
fn an_unmerge_names_two_persons_with_one_number_of_one_register_each() {
    let (first, second) = ((Noms, "A9001AA"), (Noms, "A9002AA"));
    for (people, expected) in [
        (&[&[first][..], &[second][..]][..], None),
        (&[&[first], &[first]], Some(UNMERGE)),
        (&[&[first], &[(Crn, "X320741")]], Some(UNMERGE)),
        (&[&[first, second]], Some(UNMERGE)),
        (&[&[first, second], &[(Noms, "A9003AA")]], Some(UNMERGE)),
        (&[&[first], &[]], Some(UNMERGE)),
        (&[&[first], &[second], &[(Noms, "A9003AA")]], Some(UNMERGE)),
    ] {
        let told = faults(of_numbers(Unmerge, people), NOON);
        assert_eq!(told, perhaps("subjects", expected), "{people:?}");
    }
}

#[test]
fn a_merge_or_unmerge_corrects_no_one_message_and_says_nothing_else() {
    let (first, second) = ((Noms, "A9001AA"), (Noms, "A9002AA"));
    for mut message in
        [of_numbers(Merge, &[&[first, second]]), of_numbers(Unmerge, &[&[first], &[second]])]
    {
        message.statements = rectified().statements;
        let Some(Kind::Correction(correction)) = &mut message.kind else { unreachable!() };
        correction.message_id = EARLIER.into();
        let no_one = "a merge or unmerge corrects no one message: the broker finds all there are";
        let numbers = "a merge or unmerge says nothing but the numbers";
        let expected = all(&[("correction.message_id", no_one), ("statements", numbers)]);
        assert_eq!(faults(message, NOON), expected);
    }
}

#[test]
fn every_correction_is_for_holders_and_a_supplement_waits_with_what_it_adds_to() {
    for (action, reach) in [(Rectify, Reach::HoldersOnly), (Supplement, Reach::HoldersAndWaiting)] {
        let mut message = rectified();
        let Some(Kind::Correction(correction)) = &mut message.kind else { unreachable!() };
        correction.set_action(action);
        let admitted = admit(message, sender(), &vault(), NOON).unwrap();
        let field = "correction.message_id";
        assert_eq!(admitted.cites(), Some(Citation { field, id: EARLIER, reach }), "{action:?}");
        assert!(admitted.to_holders_only(), "{action:?}");
    }
}

#[test]
fn a_reason_is_at_most_500_characters() {
    for (characters, expected) in [(500, None), (501, Some("is at most 500 characters"))] {
        let mut message = rectified();
        let Some(Kind::Correction(correction)) = &mut message.kind else { unreachable!() };
        correction.reason = "é".repeat(characters);
        assert_eq!(faults(message, NOON), perhaps("correction.reason", expected), "{characters}");
    }
}
