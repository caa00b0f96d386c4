//! Who may be tested, what a result may be used for, and what it says.

use time::ext::NumericalDuration as _;
use wire::AgeAssertion::{Adult, Child, Disputed, Unspecified};
use wire::DrugTestStage::{Arrest, Charge, Supervision};

use super::*;

const ARREST: &str =
    "after arrest a test is lawful from 18 only (PACE s.63B(3)); an unknown age is no 18";
const CHARGE: &str =
    "after charge a test is lawful from 14 only (PACE s.63B(3)): a birth date must show it";
const SUPERVISION: &str =
    "under an order or a licence a test is lawful from 18 only; an unknown age is no 18";
const SUBSTANCES: &str = "a positive result names them, and no other does";

/// A positive test of two hours ago, after arrest.
pub(super) fn positive() -> wire::Message {
    of_kind(Kind::DrugTest(wire::DrugTest {
        stage: Arrest.into(),
        result: wire::DrugTestResult::Positive.into(),
        substances: vec![wire::DrugTestSubstance::Cocaine.into()],
        tested_at: Some(stamp(NOON - 2.hours())),
        appropriate_adult: false,
        r#use: wire::DrugTestUse::Bail.into(),
    }))
}

fn change(change: impl FnOnce(&mut wire::DrugTest)) -> wire::Message {
    let mut message = positive();
    let Some(Kind::DrugTest(test)) = &mut message.kind else { unreachable!() };
    change(test);
    message
}

/// A test at a moment, with an appropriate adult.
fn at(stage: wire::DrugTestStage, tested: OffsetDateTime) -> wire::Message {
    change(|test| {
        test.set_stage(stage);
        test.tested_at = Some(stamp(tested));
        test.appropriate_adult = true;
    })
}

#[test]
fn a_test_is_lawful_by_the_age_on_the_day_it_was_taken() {
    let (today, yesterday) = (NOON, NOON - 1.days());
    for (stage, birth_date, tested, expected) in [
        // The birthday counts, and the day before does not.
        (Arrest, "2008-11-23", today, None),
        (Arrest, "2008-11-24", today, Some(ARREST)),
        // Whoever turns 18 today was tested yesterday as a child.
        (Arrest, "2008-11-23", yesterday, Some(ARREST)),
        (Arrest, "1988-04-12", yesterday, None),
        (Supervision, "2008-11-23", today, None),
        (Supervision, "2008-11-23", yesterday, Some(SUPERVISION)),
        (Charge, "2008-11-24", today, None),
        (Charge, "2012-11-23", today, None),
        (Charge, "2012-11-24", today, Some(CHARGE)),
        (Charge, "2012-11-23", yesterday, Some(CHARGE)),
        // Whoever is born on 29 February turns 18 on 1 March of a year without one.
        (Arrest, "2008-02-29", datetime!(2026-02-28 12:00 UTC), Some(ARREST)),
        (Arrest, "2008-02-29", datetime!(2026-03-01 00:00 UTC), None),
        // In summer the birthday begins an hour before UTC's midnight; in winter it does not.
        (Arrest, "2008-06-04", datetime!(2026-06-03 22:59:59 UTC), Some(ARREST)),
        (Arrest, "2008-06-04", datetime!(2026-06-03 23:00 UTC), None),
        (Arrest, "2008-11-21", datetime!(2026-11-20 23:59:59 UTC), Some(ARREST)),
        (Charge, "2012-06-04", datetime!(2026-06-03 22:59:59 UTC), Some(CHARGE)),
        (Charge, "2012-06-04", datetime!(2026-06-03 23:00 UTC), None),
    ] {
        let told = faults(aged(at(stage, tested), birth_date, Unspecified), NOON);
        assert_eq!(told, perhaps("drug_test.stage", expected), "{stage:?} {birth_date} {tested}");
    }
}

#[test]
fn an_age_that_nobody_knows_makes_no_test_lawful() {
    for (birth_date, asserted, arrest, charge) in [
        ("", Unspecified, Some(ARREST), Some(CHARGE)),
        ("", Disputed, Some(ARREST), Some(CHARGE)),
        ("", Child, Some(ARREST), Some(CHARGE)),
        ("", Adult, None, None),
        // A birth date that stands for "unknown" makes nobody a pensioner.
        ("1900-01-01", Unspecified, Some(ARREST), Some(CHARGE)),
        ("1970-01-01", Adult, None, None),
        // The stricter of the two holds: a child, though one of 14 at least.
        ("1988-04-12", Child, Some(ARREST), None),
        ("1988-04-12", Disputed, Some(ARREST), None),
        ("2010-04-12", Adult, Some(ARREST), None),
        ("2013-04-12", Adult, Some(ARREST), Some(CHARGE)),
    ] {
        for (stage, expected) in [(Arrest, arrest), (Charge, charge)] {
            let told = faults(aged(at(stage, NOON), birth_date, asserted), NOON);
            let expected = perhaps("drug_test.stage", expected);
            assert_eq!(told, expected, "{stage:?} {birth_date} {asserted:?}");
        }
    }
}

#[test]
fn a_child_is_tested_only_with_an_appropriate_adult() {
    let rule = "must be there when a child is tested (PACE s.63B(5A))";
    let alone = change(|test| test.set_stage(Charge));
    let told = |birth, age| faults(aged(alone.clone(), birth, age), NOON);
    assert_eq!(told("1988-04-12", Unspecified), []);
    assert_eq!(told("2009-04-12", Unspecified), fault("drug_test.appropriate_adult", rule));
    assert_eq!(told("1988-04-12", Disputed), fault("drug_test.appropriate_adult", rule));
}

#[test]
fn a_birth_date_that_cannot_be_read_is_its_only_fault() {
    let told = faults(aged(positive(), "12/04/1988", Unspecified), NOON);
    let rule = "must be a calendar date, YYYY-MM-DD";
    assert_eq!(told, fault("subjects[0].birth_date", rule));
}

#[test]
fn a_positive_result_names_its_substances_and_no_other_does() {
    use wire::DrugTestResult::{Negative, Positive, Refused, Void};
    let (opiates, cocaine) =
        (wire::DrugTestSubstance::Opiates.into(), wire::DrugTestSubstance::Cocaine.into());
    let known = "are known, each once";
    for (result, substances, expected) in [
        (Positive, vec![cocaine, opiates], None),
        (Positive, vec![], Some(SUBSTANCES)),
        (Negative, vec![], None),
        (Negative, vec![opiates], Some(SUBSTANCES)),
        (Refused, vec![], None),
        (Refused, vec![cocaine], Some(SUBSTANCES)),
        (Void, vec![], None),
        (Void, vec![cocaine], Some(SUBSTANCES)),
        (Positive, vec![cocaine, cocaine], Some(known)),
        (Positive, vec![0], Some(known)),
        (Positive, vec![99], Some(known)),
    ] {
        let written = substances.clone();
        let told = faults(
            change(|test| {
                test.set_result(result);
                test.substances = substances;
            }),
            NOON,
        );
        assert_eq!(told, perhaps("drug_test.substances", expected), "{result:?} {written:?}");
    }
}

#[test]
fn substances_are_kept_in_order() {
    let listed = change(|test| test.substances = vec![2, 1]);
    let admitted = admit(listed, sender(), &vault(), NOON).unwrap();
    let Some(Kind::DrugTest(test)) = admitted.message.kind else { unreachable!() };
    assert_eq!(test.substances, [1, 2]);
}

#[test]
fn a_test_was_taken_and_not_long_ago() {
    let field = "drug_test.tested_at";
    for (tested, expected) in [
        (NOON, None),
        // A custody suite's clock may be an hour ahead.
        (NOON + 1.hours(), None),
        (NOON + 1.hours() + 1.seconds(), Some("must not be in the future")),
        (NOON - 366.days(), None),
        (NOON - 366.days() - 1.seconds(), Some("is at most 366 days back")),
    ] {
        let told = faults(change(|test| test.tested_at = Some(stamp(tested))), NOON);
        assert_eq!(told, perhaps(field, expected), "{tested}");
    }
    assert_eq!(faults(change(|test| test.tested_at = None), NOON), fault(field, "is required"));
}

#[test]
fn a_result_is_used_for_what_the_statute_lists_and_for_nothing_else() {
    use wire::DrugTestUse::{AdviceAndTreatment, Bail, Release, Sentence, Supervision};
    for lawful in [Bail, Sentence, Supervision, Release, AdviceAndTreatment] {
        assert_eq!(faults(change(|test| test.set_use(lawful)), NOON), [], "{lawful:?}");
    }
    let rule = "is required: a result may be used for bail, sentence, supervision, release, or \
                advice and treatment, and for nothing else (PACE s.63B(7))";
    for unlawful in [0, 6, -1] {
        let told = faults(change(|test| test.r#use = unlawful), NOON);
        assert_eq!(told, fault("drug_test.use", rule), "{unlawful}");
    }
    let at_large = but(positive(), |message| message.set_purpose(wire::Purpose::CrimePrevention));
    let rule = "a drug test's result is not for preventing crime at large (PACE s.63B(7))";
    assert_eq!(faults(at_large, NOON), fault("purpose", rule));
}

#[test]
fn a_test_is_of_one_person_who_is_suspected_convicted_or_managed() {
    let rule = "a suspect, a convicted or a managed person is tested";
    for category in OTHERS {
        let told = faults(standing(positive(), category), NOON);
        assert_eq!(told, fault("subjects[0].category", rule), "{category:?}");
    }
    let of_two = but(positive(), |message| {
        message.subjects.push(another(wire::SubjectCategory::Suspect));
    });
    let rule = "a drug test is of one person";
    assert_eq!(faults(of_two, NOON), fault("subjects", rule));
}

#[test]
fn all_that_is_missing_or_unknown_is_told_at_once() {
    let uses = "is required: a result may be used for bail, sentence, supervision, release, or \
                advice and treatment, and for nothing else (PACE s.63B(7))";
    let empty = of_kind(Kind::DrugTest(wire::DrugTest::default()));
    let expected = all(&[
        ("drug_test.stage", "is required"),
        ("drug_test.result", "is required"),
        ("drug_test.use", uses),
        ("drug_test.tested_at", "is required"),
    ]);
    assert_eq!(faults(empty, NOON), expected);
    let unknown = change(|test| {
        (test.stage, test.result, test.r#use) = (99, 99, 99);
        test.substances.clear();
    });
    let expected = all(&[
        ("drug_test.stage", "is not a known value"),
        ("drug_test.result", "is not a known value"),
        ("drug_test.use", uses),
    ]);
    assert_eq!(faults(unknown, NOON), expected);
}
