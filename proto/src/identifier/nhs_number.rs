//! The NHS number of England, Wales and the Isle of Man: ten digits, the last a check digit.
//!
//! Promises: the check digit has been tested. Deliberately does not know: whether it was issued.

use super::IdentifierError;
use super::written::only_digits;

/// Longest written form: ten digits and two blanks.
const LENGTH_BYTES_MAX: usize = 12;

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "nhs-shape" };
const CHECK: IdentifierError = IdentifierError::CheckLetter { rule: "nhs-check-digit" };

/// An NHS number whose check digit agrees.
///
/// Canonical form: ten digits without blanks. Source: NHS Data Dictionary, modulus 11.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NhsNumber {
    canonical: String,
}

redacted_debug!(NhsNumber);

impl NhsNumber {
    /// Reads ten digits, together or as the NHS prints them: three, three and four, one blank
    /// between.
    ///
    /// The first nine digits are weighted 10 down to 2 and summed; the check digit is 11 less the
    /// remainder by 11, where 11 is written 0 and 10 is never issued.
    /// Refuses: `Shape`, any other text; `CheckLetter`, the digit disagrees or would be 10.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        if text.len() > LENGTH_BYTES_MAX {
            return Err(SHAPE);
        }
        let mut groups = text.split(' ');
        let canonical = match (groups.next(), groups.next(), groups.next(), groups.next()) {
            (Some(whole), None, ..) => whole.to_owned(),
            (Some(first), Some(second), Some(third), None)
                if (first.len(), second.len(), third.len()) == (3, 3, 4) =>
            {
                [first, second, third].concat()
            }
            _ => return Err(SHAPE),
        };
        if canonical.len() != 10 || !only_digits(&canonical) {
            return Err(SHAPE);
        }
        // With the check digit at weight 1, the whole sum is a multiple of 11 exactly when the
        // digit agrees; a remainder that would need a 10 can never reach one.
        let sum: u32 = canonical
            .chars()
            .filter_map(|digit| digit.to_digit(10))
            .zip((1..=10).rev())
            .map(|(digit, weight)| digit * weight)
            .sum();
        if sum.is_multiple_of(11) { Ok(Self { canonical }) } else { Err(CHECK) }
    }

    /// The ten digits: personal data, not for a log.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECK, NhsNumber, SHAPE};
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn documented_numbers_are_read() {
        for (written, canonical) in [
            ("9434765919", "9434765919"),
            ("6541003238", "6541003238"),
            ("4010232137", "4010232137"),
            ("401 023 2137", "4010232137"),
            ("9000000130", "9000000130"),
        ] {
            let read = NhsNumber::parse(written);
            assert_eq!(read.as_ref().map(NhsNumber::canonical), Ok(canonical), "{written}");
        }
    }

    #[test]
    fn wrong_check_digits_are_refused() {
        for written in ["9434765918", "6541003283", "4010232130", "401 023 2138"] {
            assert_eq!(NhsNumber::parse(written), Err(CHECK), "{written}");
        }
    }

    #[test]
    fn a_number_whose_check_digit_would_be_ten_is_never_valid() {
        for last in 0..=9 {
            assert_eq!(NhsNumber::parse(&format!("900000005{last}")), Err(CHECK));
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for written in [
            "",
            " ",
            "943476591",
            "94347659190",
            "943476591A",
            "943-476-5919",
            "9434 765 919",
            "943  4765919",
            "943 476 5919 ",
            " 9434765919",
            "943 476 59 19",
            "９434765919",
        ] {
            assert_eq!(NhsNumber::parse(written), Err(SHAPE), "{written}");
        }
    }

    #[test]
    fn debug_hides_the_number() {
        assert_eq!(format!("{:?}", NhsNumber::parse("9434765919")), "Ok(NhsNumber(…))");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), near in "[0-9 ]{0,14}") {
            let _ = NhsNumber::parse(&text);
            let _ = NhsNumber::parse(&near);
        }

        #[test]
        fn at_most_one_digit_is_right_and_its_canonical_form_is_stable(first_nine in "[0-9]{9}") {
            let read: Vec<NhsNumber> =
                (0..=9).filter_map(|last| NhsNumber::parse(&format!("{first_nine}{last}")).ok()).collect();
            prop_assert!(read.len() <= 1);
            for number in read {
                prop_assert!(NhsNumber::parse(number.canonical()) == Ok(number.clone()));
            }
        }
    }
}
