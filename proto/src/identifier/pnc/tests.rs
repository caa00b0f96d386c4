//! What each written form of a PNC id is read as. The numbers are invented or published examples.

use super::{BOUNDARY, CENTURY, CHECK, Pnc, SHAPE, YEAR_TO_COME};
use crate::identifier::{CurrentYear, IdentifierError};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

/// Reads `written` in the year `year` and gives the canonical text, or the refusal.
fn read_in(year: u16, written: &str) -> Result<String, IdentifierError> {
    Ok(Pnc::parse(written, CurrentYear::new(year)?)?.canonical().to_owned())
}

fn read(written: &str) -> Result<String, IdentifierError> {
    read_in(2026, written)
}

#[test]
fn documented_forms_are_read() {
    for (written, canonical) in [
        ("81/34U", "1981/0000034U"),
        ("02/73319Z", "2002/0073319Z"),
        ("00/223R", "2000/0000223R"),
        ("79/163001B", "1979/0163001B"),
        ("20020073319Z", "2002/0073319Z"),
        ("0273319Z", "2002/0073319Z"),
        ("79163001B", "1979/0163001B"),
        ("033Y", "2003/0000003Y"),
        ("67/9893091D", "1967/9893091D"),
        ("19790163001B", "1979/0163001B"),
        ("2008/0056560Z", "2008/0056560Z"),
        ("1999/0123456X", "1999/0123456X"),
        ("2024/0000001Q", "2024/0000001Q"),
        ("2010/9999999Q", "2010/9999999Q"),
        ("1995/0054321P", "1995/0054321P"),
    ] {
        assert_eq!(read(written).as_deref(), Ok(canonical), "{written}");
    }
}

#[test]
fn case_and_leading_noughts_do_not_matter() {
    for written in [
        "02/73319z",
        "02/073319Z",
        "02/0073319Z",
        "2002/073319Z",
        "2002/73319Z",
        "020073319Z",
        "200273319Z",
        "2002073319Z",
        "20020073319z",
    ] {
        assert_eq!(read(written).as_deref(), Ok("2002/0073319Z"), "{written}");
    }
}

#[test]
fn four_digits_before_a_slash_are_the_year() {
    for (written, canonical) in [
        ("2002/73319Z", "2002/0073319Z"),
        // Without the slash these two have a second reading; see below.
        ("1912/777B", "1912/0000777B"),
        ("2001/7X", "2001/0000007X"),
    ] {
        assert_eq!(read(written).as_deref(), Ok(canonical), "{written}");
    }
}

#[test]
fn without_a_slash_the_check_letter_settles_where_the_year_ends() {
    for (written, canonical) in [
        ("19123X", "2019/0000123X"),
        ("19123K", "1912/0000003K"),
        ("2015678V", "2020/0015678V"),
        ("2015678P", "2015/0000678P"),
    ] {
        assert_eq!(read(written).as_deref(), Ok(canonical), "{written}");
    }
    assert_eq!(read("19123A"), Err(CHECK));
}

#[test]
fn without_a_slash_two_agreeing_readings_are_ambiguous() {
    for written in ["1912777B", "20017X", "201677B", "19787U", "20247X", "194877777V"] {
        assert_eq!(read(written), Err(BOUNDARY), "{written}");
    }
    // Also when one of the two years is still to come: the clock does not choose between readings.
    assert_eq!(read("20937X"), Err(BOUNDARY));
}

#[test]
fn where_the_two_century_rules_differ_a_two_digit_year_is_ambiguous() {
    for written in ["27/500D", "30/123P", "30123P", "300000123P", "38/77L", "3877L"] {
        assert_eq!(read(written), Err(CENTURY), "{written}");
    }
    assert_eq!(read("1930/123P").as_deref(), Ok("1930/0000123P"));
}

#[test]
fn the_years_in_doubt_move_with_the_current_year() {
    for (current, written, answer) in [
        (2026, "26/12H", Ok("2026/0000012H")),
        (2025, "26/12H", Err(CENTURY)),
        (2029, "30/123P", Err(CENTURY)),
        (2030, "30/123P", Ok("2030/0000123P")),
        (2037, "38/77L", Err(CENTURY)),
        (2038, "38/77L", Ok("2038/0000077L")),
        (2026, "39/77B", Ok("1939/0000077B")),
        (2038, "39/77B", Ok("1939/0000077B")),
        (2039, "39/77B", Err(CENTURY)),
        (2044, "45/9001T", Ok("1945/0009001T")),
        (2045, "45/9001T", Err(CENTURY)),
        (2045, "44/1V", Err(CENTURY)),
    ] {
        assert_eq!(read_in(current, written).as_deref(), answer.as_ref().copied(), "{written}");
    }
}

#[test]
fn a_full_year_still_to_come_is_refused() {
    assert_eq!(read("2067/9893091D"), Err(YEAR_TO_COME));
    assert_eq!(read_in(2029, "2030/0000123P"), Err(YEAR_TO_COME));
    assert_eq!(read_in(2030, "2030/0000123P").as_deref(), Ok("2030/0000123P"));
}

#[test]
fn wrong_check_letters_are_refused() {
    for written in [
        "20030011985Z",
        "20120052494O",
        "20230583843N",
        "2001/0171310S",
        "2002/0073319I",
        "79/163001C",
        "033X",
    ] {
        assert_eq!(read(written), Err(CHECK), "{written}");
    }
    for (written, canonical) in [
        ("20030011985X", "2003/0011985X"),
        ("20120052494Q", "2012/0052494Q"),
        ("20230583843L", "2023/0583843L"),
        ("2001/0171310W", "2001/0171310W"),
    ] {
        assert_eq!(read(written).as_deref(), Ok(canonical), "{written}");
    }
}

#[test]
fn other_shapes_are_refused() {
    for written in [
        "",
        "/",
        "Z",
        "TOTALLYINVALID",
        "1X23/1234567A",
        "1923[1234567A",
        "1923/1Z34567A",
        "1923/1234567AA",
        "01",
        "01234567890123",
        "01A",
        "01/A",
        "/34U",
        "1/34U",
        "203/1234567A",
        "02002/73319Z",
        "16/11/2018",
        "111111/11A",
        "SF68/945674U",
        "2010/BBBBBBBA",
        "2002/00733190Z",
        "02/00733190Z",
        "2002//73319Z",
        "2002/73319/Z",
        "1802/0073319Z",
        "2102/0073319Z",
        "200200733190Z",
        " 02/73319Z",
        "02/73319Z ",
        "02 / 73319Z",
        "+2/73319Z",
        "02/7331\u{ff19}Z",
        "02/73319É",
    ] {
        assert_eq!(read(written), Err(SHAPE), "{written}");
    }
}

#[test]
fn ids_are_ordered_by_year_and_then_serial() -> Result<(), IdentifierError> {
    let current_year = CurrentYear::new(2026)?;
    let earlier = Pnc::parse("1979/0163001B", current_year)?;
    let later = Pnc::parse("02/73319Z", current_year)?;
    assert!(earlier < later);
    assert_eq!(later, Pnc::parse("20020073319Z", current_year)?);
    Ok(())
}

#[test]
fn debug_hides_the_id() -> Result<(), IdentifierError> {
    let pnc = Pnc::parse("02/73319Z", CurrentYear::new(2026)?)?;
    assert_eq!(format!("{pnc:?}"), "Pnc(…)");
    Ok(())
}

proptest! {
    #[test]
    fn no_text_panics(
        text in any::<String>(),
        near in "[0-9/]{0,13}[A-Za-z]?",
        year in 2000_u16..=2099,
    ) {
        let current_year = CurrentYear::new(year)?;
        let _ = Pnc::parse(&text, current_year);
        let _ = Pnc::parse(&near, current_year);
    }

    #[test]
    fn a_full_id_has_exactly_one_right_letter_and_is_its_own_canonical_form(
        year in 1900_u16..=2026,
        serial in 0_u32..=9_999_999,
    ) {
        let current_year = CurrentYear::new(2026)?;
        let mut right = 0;
        for letter in 'A'..='Z' {
            let written = format!("{year:04}/{serial:07}{letter}");
            match Pnc::parse(&written, current_year) {
                Ok(pnc) => {
                    right += 1;
                    prop_assert_eq!(pnc.canonical(), written.as_str());
                }
                Err(refusal) => prop_assert_eq!(refusal, CHECK),
            }
        }
        prop_assert_eq!(right, 1);
    }

    #[test]
    fn a_slash_and_leading_noughts_make_no_difference_to_a_full_year(
        year in 1900_u16..=2026,
        serial in 0_u32..=9_999_999,
    ) {
        let current_year = CurrentYear::new(2026)?;
        for letter in 'A'..='Z' {
            let full = Pnc::parse(&format!("{year:04}/{serial:07}{letter}"), current_year);
            for written in [
                format!("{year:04}/{serial}{letter}"),
                format!("{year:04}{serial:07}{letter}"),
            ] {
                prop_assert!(full == Pnc::parse(&written, current_year));
            }
        }
    }

    #[test]
    fn whatever_is_read_is_stable_in_every_later_year(
        written in "[0-9]{2}(19|20)?[0-9]{0,2}/?[0-9]{1,7}[A-HJ-NP-RT-Z]",
        year in 2000_u16..=2099,
        later in 0_u16..=99,
    ) {
        let then = CurrentYear::new(year)?;
        let afterwards = CurrentYear::new(year.saturating_add(later).min(2099))?;
        if let Ok(pnc) = Pnc::parse(&written, then) {
            prop_assert!(Pnc::parse(pnc.canonical(), afterwards) == Ok(pnc.clone()));
        }
    }
}
