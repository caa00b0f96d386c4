//! What each written form of an arrest or summons number is read as. The numbers are invented or
//! published examples.

use super::{Asn, CHECK, SHAPE};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

#[test]
fn documented_forms_are_read() {
    for (written, canonical) in [
        ("1101ZD0100000410836V", "1101ZD0100000410836V"),
        ("1101zd0100000410836v", "1101ZD0100000410836V"),
        ("11/01ZD/01/00000410836V", "1101ZD0100000410836V"),
        ("11/01ZD/01/410836V", "1101ZD0100000410836V"),
        ("1101ZD01410836V", "1101ZD0100000410836V"),
        ("1101ZD010410836V", "1101ZD0100000410836V"),
        ("1101ZD0100000448754K", "1101ZD0100000448754K"),
        ("2406JT0100000123456N", "2406JT0100000123456N"),
        ("1906SI0000000000042G", "1906SI0000000000042G"),
        ("1906SI0042G", "1906SI0000000000042G"),
        ("2305C10100000998877D", "2305C10100000998877D"),
        ("23/05C1/01/998877D", "2305C10100000998877D"),
    ] {
        assert_eq!(Asn::parse(written).as_ref().map(Asn::canonical), Ok(canonical), "{written}");
    }
}

#[test]
fn a_letter_before_the_force_is_kept_and_not_covered_by_the_check_letter() {
    for written in [
        "24B06JT0100000123456N",
        "24b06jt01123456n",
        "24/B06JT/01/123456N",
        "24/B06JT/01/00000123456N",
    ] {
        let read = Asn::parse(written);
        assert_eq!(read.as_ref().map(Asn::canonical), Ok("24B06JT0100000123456N"), "{written}");
    }
    assert!(Asn::parse("24B06JT0100000123456N") != Asn::parse("2406JT0100000123456N"));
}

#[test]
fn a_system_that_is_not_two_digits_is_left_out_of_the_check() {
    for (written, canonical) in
        [("2406JTAB7D", "2406JTAB00000000007D"), ("24/06JT/1A/7D", "2406JT1A00000000007D")]
    {
        assert_eq!(Asn::parse(written).as_ref().map(Asn::canonical), Ok(canonical), "{written}");
    }
}

#[test]
fn wrong_check_letters_are_refused() {
    for written in [
        "1101ZD0100000448754J",
        "1101ZD01410811A",
        "1101ZD0100000410836I",
        "1101ZD0100000410836O",
        "1101ZD0100000410836S",
        "11/01ZD/01/410836W",
    ] {
        assert_eq!(Asn::parse(written), Err(CHECK), "{written}");
    }
}

#[test]
fn other_shapes_are_refused() {
    for written in [
        "",
        "/",
        "///",
        "V",
        "1101ZD01V",
        "1101ZD0100000410836",
        "1101ZD01000004108361V",
        "11AB1ZD0100000410836V",
        "111B01ZD0100000410836V",
        "11A1ZD0100000410836V",
        "11BB06ZD0100000410836V",
        "A101ZD0100000410836V",
        "1101ZD01/410836V",
        "11/01ZD/01410836V",
        "11/01ZD/01/4108/36V",
        "11/01Z/01/410836V",
        "11/101ZD/01/410836V",
        "11/BB01ZD/01/410836V",
        "11/01ZD/1/410836V",
        "11/01ZD/01/V",
        "11/01ZD/01/000000410836V",
        " 1101ZD0100000410836V",
        "1101ZD0100000410836V ",
        "1101ZD01 410836V",
        "1101Z\u{e9}01410836V",
    ] {
        assert_eq!(Asn::parse(written), Err(SHAPE), "{written}");
    }
}

#[test]
fn numbers_used_where_nobody_was_arrested_are_marked() {
    for written in [
        "0800NP0100000000001H",
        "0800PP0100000000001H",
        "1205NRPR00000000009C",
        "1212LN0000000000009L",
        "1200NP0000000000009W",
        "1263004400000000009F",
        "1206SS0100000000009V",
        "1200XX0100000000009M",
        "1250SJ0100000000009J",
        "1250OF0100000000009J",
        "12/50OF/01/9J",
    ] {
        assert_eq!(Asn::parse(written).as_ref().map(Asn::is_dummy), Ok(true), "{written}");
    }
    for written in [
        "1101ZD0100000410836V",
        "0900NP0100000000001G",
        "1250310100000000009J",
        "1263014400000000009F",
    ] {
        assert_eq!(Asn::parse(written).as_ref().map(Asn::is_dummy), Ok(false), "{written}");
    }
}

#[test]
fn debug_hides_the_number() {
    assert_eq!(format!("{:?}", Asn::parse("1101ZD0100000410836V")), "Ok(Asn(…))");
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), near in "[A-Za-z0-9/]{0,24}") {
        let _ = Asn::parse(&text);
        let _ = Asn::parse(&near);
    }

    #[test]
    fn a_full_number_has_exactly_one_right_letter_and_is_its_own_canonical_form(
        body in "[0-9]{2}[A-Z]?[0-9]{2}[A-Z0-9]{4}[0-9]{11}",
    ) {
        let mut right = 0;
        for letter in 'A'..='Z' {
            let written = format!("{body}{letter}");
            match Asn::parse(&written) {
                Ok(asn) => {
                    right += 1;
                    prop_assert_eq!(asn.canonical(), written.as_str());
                }
                Err(refusal) => prop_assert_eq!(refusal, CHECK),
            }
        }
        prop_assert_eq!(right, 1);
    }

    #[test]
    fn all_written_forms_of_one_number_are_equal(
        year in "[0-9]{2}",
        organisation in "[A-Z]?[0-9]{2}[A-Z0-9]{2}",
        system in "[A-Z0-9]{2}",
        sequence in 0_u64..=99_999_999_999,
    ) {
        for letter in 'A'..='Z' {
            let full = Asn::parse(&format!("{year}{organisation}{system}{sequence:011}{letter}"));
            for written in [
                format!("{year}{organisation}{system}{sequence}{letter}"),
                format!("{year}/{organisation}/{system}/{sequence}{letter}"),
                format!("{year}/{organisation}/{system}/{sequence:011}{letter}"),
            ] {
                prop_assert!(Asn::parse(&written) == full);
            }
        }
    }
}
