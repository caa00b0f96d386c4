//! The case reference number by which probation knows a person.
//!
//! Promises: shape only. Deliberately does not know: a check rule, since the number has none; so
//! one wrong key gives another valid number, and a match on it needs a second fact.

use super::IdentifierError;
use super::written::{in_capitals, only_capitals, only_digits};

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "crn-shape" };

/// A probation case reference number.
///
/// Canonical form: one letter and six digits, in capitals. Two letters are taken as well, because
/// the HMPPS external API takes them; five digits, as found in a few samples, are not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Crn {
    canonical: String,
}

redacted_debug!(Crn);

impl Crn {
    /// Reads a case reference number in either case.
    ///
    /// Refuses: `Shape`, any other text.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let canonical = in_capitals(text, 8).ok_or(SHAPE)?;
        let letters_length = canonical.len().checked_sub(6).ok_or(SHAPE)?;
        let (letters, digits) = canonical.split_at_checked(letters_length).ok_or(SHAPE)?;
        if only_capitals(letters) && only_digits(digits) {
            Ok(Self { canonical })
        } else {
            Err(SHAPE)
        }
    }

    /// The number in capitals: personal data, not for a log.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

#[cfg(test)]
mod tests {
    use super::{Crn, SHAPE};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn one_or_two_letters_and_six_digits_are_read() {
        for (written, canonical) in
            [("X123456", "X123456"), ("x123456", "X123456"), ("AB123456", "AB123456")]
        {
            assert_eq!(Crn::parse(written).as_ref().map(Crn::canonical), Ok(canonical));
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for written in [
            "",
            "X",
            "X12345",
            "X1234567",
            "ABC123456",
            "123456",
            "1234567",
            "X12345A",
            "1X23456",
            " X123456",
            "X123456 ",
            "X 123456",
            "É12345",
        ] {
            assert_eq!(Crn::parse(written), Err(SHAPE), "{written}");
        }
    }

    #[test]
    fn debug_hides_the_number() {
        assert_eq!(format!("{:?}", Crn::parse("X123456")), "Ok(Crn(…))");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), near in "[A-Za-z0-9]{0,9}") {
            let _ = Crn::parse(&text);
            let _ = Crn::parse(&near);
        }

        #[test]
        fn its_canonical_form_is_stable(written in "[A-Za-z]{1,2}[0-9]{6}") {
            let read = Crn::parse(&written);
            let capitals = written.to_ascii_uppercase();
            prop_assert_eq!(read.as_ref().map(Crn::canonical), Ok(capitals.as_str()));
            prop_assert!(read.as_ref().is_ok_and(|crn| Crn::parse(crn.canonical()) == read));
        }
    }
}
