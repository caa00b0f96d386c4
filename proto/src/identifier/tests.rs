//! Rules common to all identifiers: the choice by kind, the error, and what is never shown.

use super::{Canonical, CurrentYear, IdentifierError, Kind, canonical};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

const KINDS: [Kind; 6] = [Kind::Pnc, Kind::Cro, Kind::Noms, Kind::Crn, Kind::Nhs, Kind::Asn];

fn in_2026() -> Result<CurrentYear, IdentifierError> {
    CurrentYear::new(2026)
}

#[test]
fn each_kind_is_read_by_its_own_rules() -> Result<(), IdentifierError> {
    for (kind, written, expected) in [
        (Kind::Pnc, "02/73319z", "2002/0073319Z"),
        (Kind::Cro, "65656/91H", "065656/91H"),
        (Kind::Noms, "a1234aa", "A1234AA"),
        (Kind::Crn, "x123456", "X123456"),
        (Kind::Nhs, "943 476 5919", "9434765919"),
        (Kind::Asn, "11/01ZD/01/410836V", "1101ZD0100000410836V"),
    ] {
        let read = canonical(kind, written, in_2026()?)?;
        assert_eq!(read.text(), expected);
        assert_eq!(read.into_text(), expected);
    }
    Ok(())
}

#[test]
fn no_kind_takes_the_identifier_of_another() -> Result<(), IdentifierError> {
    let examples =
        ["2002/0073319Z", "065656/91H", "A1234AA", "X123456", "9434765919", "1101ZD0100000410836V"];
    for (kind, own) in KINDS.into_iter().zip(examples) {
        for example in examples {
            assert_eq!(canonical(kind, example, in_2026()?).is_ok(), example == own);
        }
    }
    Ok(())
}

#[test]
fn each_refusal_names_its_rule_and_never_the_text() -> Result<(), IdentifierError> {
    for (kind, written, refusal) in [
        (Kind::Pnc, "79/163001C", IdentifierError::CheckLetter { rule: "pnc-check-letter" }),
        (Kind::Pnc, "30/123P", IdentifierError::Ambiguous { rule: "pnc-century" }),
        (Kind::Pnc, "1912777B", IdentifierError::Ambiguous { rule: "pnc-year-boundary" }),
        (Kind::Pnc, "2067/9893091D", IdentifierError::Shape { rule: "pnc-year-to-come" }),
        (Kind::Pnc, "163001", IdentifierError::Shape { rule: "pnc-shape" }),
        (Kind::Cro, "85227/65G", IdentifierError::CheckLetter { rule: "cro-check-letter" }),
        (Kind::Cro, "163001", IdentifierError::Shape { rule: "cro-shape" }),
        (Kind::Noms, "163001", IdentifierError::Shape { rule: "noms-shape" }),
        (Kind::Crn, "163001", IdentifierError::Shape { rule: "crn-shape" }),
        (Kind::Nhs, "9434765918", IdentifierError::CheckLetter { rule: "nhs-check-digit" }),
        (Kind::Nhs, "163001", IdentifierError::Shape { rule: "nhs-shape" }),
        (Kind::Asn, "1101ZD01410811A", IdentifierError::CheckLetter { rule: "asn-check-letter" }),
        (Kind::Asn, "163001", IdentifierError::Shape { rule: "asn-shape" }),
    ] {
        let answer = canonical(kind, written, in_2026()?);
        assert_eq!(answer, Err(refusal));
        let shown = format!("{refusal} {refusal:?}");
        assert!(shown.contains(refusal.rule()) && !shown.contains(written));
    }
    Ok(())
}

#[test]
fn debug_hides_the_canonical_text() -> Result<(), IdentifierError> {
    let read = canonical(Kind::Noms, "A1234AA", in_2026()?)?;
    assert_eq!(format!("{read:?}"), "Canonical(…)");
    Ok(())
}

#[test]
fn the_current_year_is_one_of_this_century() {
    for (year, is_taken) in
        [(0, false), (1999, false), (2000, true), (2026, true), (2099, true), (2100, false)]
    {
        assert_eq!(CurrentYear::new(year).is_ok(), is_taken, "{year}");
    }
    assert_eq!(CurrentYear::new(2026).map(CurrentYear::year), Ok(2026));
    assert_eq!(CurrentYear::new(26), Err(IdentifierError::Shape { rule: "current-year-bounds" }));
}

proptest! {
    #[test]
    fn any_text_of_any_kind_is_answered_and_what_is_read_is_stable(
        text in any::<String>(),
        near in "(SF)?[A-Za-z0-9/ ]{0,24}",
        year in 2000_u16..=2099,
    ) {
        let current_year = CurrentYear::new(year)?;
        for kind in KINDS {
            for written in [text.as_str(), near.as_str()] {
                if let Ok(read) = canonical(kind, written, current_year) {
                    let again = canonical(kind, read.text(), current_year);
                    prop_assert_eq!(again.as_ref().map(Canonical::text), Ok(read.text()));
                }
            }
        }
    }

    #[test]
    fn either_case_reads_the_same(written in "[A-Za-z][0-9]{4}[A-Za-z]{2}", year in 2000_u16..=2099) {
        let current_year = CurrentYear::new(year)?;
        let lower = canonical(Kind::Noms, &written.to_ascii_lowercase(), current_year);
        let upper = canonical(Kind::Noms, &written.to_ascii_uppercase(), current_year);
        prop_assert!(lower.is_ok());
        prop_assert!(lower == upper);
    }
}
