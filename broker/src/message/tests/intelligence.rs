//! Grades in their own schemes, and the conditions that go with them.

use wire::GradingScheme::{FiveFiveFive, ThreeFiveTwo};

use super::*;

fn change(change: impl FnOnce(&mut wire::Intelligence)) -> wire::Message {
    let mut message = message();
    let Some(Kind::Intelligence(intelligence)) = &mut message.kind else { unreachable!() };
    change(intelligence);
    message
}

fn graded(scheme: wire::GradingScheme, grade: &str, conditions: &[i32]) -> wire::Message {
    change(|intelligence| {
        intelligence.set_scheme(scheme);
        intelligence.grade = grade.into();
        intelligence.conditions = conditions.to_vec();
    })
}

#[test]
fn a_grade_is_one_of_its_scheme_and_of_no_other() {
    let rule = "must be a grade of its scheme, such as 2BP";
    for (scheme, grade, expected) in [
        (ThreeFiveTwo, "1AP", None),
        (ThreeFiveTwo, "3EP", None),
        (ThreeFiveTwo, "0AP", Some(rule)),
        (ThreeFiveTwo, "4AP", Some(rule)),
        (ThreeFiveTwo, "1FP", Some(rule)),
        (ThreeFiveTwo, "1AX", Some(rule)),
        (ThreeFiveTwo, "1AP ", Some(rule)),
        (ThreeFiveTwo, "", Some(rule)),
        (ThreeFiveTwo, "B24", Some(rule)),
        (FiveFiveFive, "A11", None),
        (FiveFiveFive, "E55", None),
        (FiveFiveFive, "F11", Some(rule)),
        (FiveFiveFive, "A61", Some(rule)),
        (FiveFiveFive, "A10", Some(rule)),
        (FiveFiveFive, "2BP", Some(rule)),
    ] {
        let told = faults(graded(scheme, grade, &[]), NOON);
        assert_eq!(told, perhaps("intelligence.grade", expected), "{scheme:?} {grade}");
    }
}

#[test]
fn handling_code_c_has_conditions_and_no_other_has() {
    let needed = "handling code C of 3x5x2 needs a condition, and no other code has one";
    let known = "must be known conditions, each once";
    for (scheme, grade, conditions, expected) in [
        (ThreeFiveTwo, "2BC", &[1, 5][..], None),
        (ThreeFiveTwo, "2BC", &[], Some(needed)),
        (ThreeFiveTwo, "2BP", &[1], Some(needed)),
        (FiveFiveFive, "B24", &[1], Some(needed)),
        (ThreeFiveTwo, "2BC", &[1, 1], Some(known)),
        (ThreeFiveTwo, "2BC", &[0], Some(known)),
        (ThreeFiveTwo, "2BC", &[6], Some(known)),
    ] {
        let told = faults(graded(scheme, grade, conditions), NOON);
        let expected = perhaps("intelligence.conditions", expected);
        assert_eq!(told, expected, "{grade} {conditions:?}");
    }
}

#[test]
fn a_reference_is_at_most_64_characters_and_a_topic_is_a_known_one() {
    let field = "intelligence.originator_reference";
    for (characters, expected) in [(64, None), (65, Some("is at most 64 characters"))] {
        let told = change(|told| told.originator_reference = "é".repeat(characters));
        assert_eq!(faults(told, NOON), perhaps(field, expected), "{characters}");
    }
    let unknown = change(|told| told.topic = 99);
    assert_eq!(faults(unknown, NOON), fault("intelligence.topic", "is not a known topic"));
}
