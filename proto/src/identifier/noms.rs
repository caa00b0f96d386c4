//! The prison number, which prisons call the NOMS number.
//!
//! Promises: shape only. Deliberately does not know: a check rule, since the number has none; so
//! one wrong key gives another valid number, and a match on it needs a second fact.

use super::IdentifierError;
use super::written::{in_capitals, only_capitals, only_digits};

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "noms-shape" };

/// A prison number.
///
/// Canonical form: a letter, four digits, two letters, in capitals. The `AA0001A` found in some
/// test data of the estate is not one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Noms {
    canonical: String,
}

redacted_debug!(Noms);

impl Noms {
    /// Reads a prison number in either case.
    ///
    /// Refuses: `Shape`, any other text.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let canonical = in_capitals(text, 7).ok_or(SHAPE)?;
        let (first, rest) = canonical.split_at_checked(1).ok_or(SHAPE)?;
        let (digits, last) = rest.split_at_checked(4).ok_or(SHAPE)?;
        if only_capitals(first) && only_digits(digits) && last.len() == 2 && only_capitals(last) {
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
    use super::{Noms, SHAPE};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn a_letter_four_digits_and_two_letters_are_read() {
        for (written, canonical) in [("A1234AA", "A1234AA"), ("a1234bc", "A1234BC")] {
            assert_eq!(Noms::parse(written).as_ref().map(Noms::canonical), Ok(canonical));
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for written in [
            "", "AA0001A", "A1234A", "A1234AAA", "A123AA", "A12345A", "11234AA", "A1234A1",
            " A1234AA", "A1234AA ", "A1234 AA", "51132A", "É1234A",
        ] {
            assert_eq!(Noms::parse(written), Err(SHAPE), "{written}");
        }
    }

    #[test]
    fn debug_hides_the_number() {
        assert_eq!(format!("{:?}", Noms::parse("A1234AA")), "Ok(Noms(…))");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), near in "[A-Za-z0-9]{0,8}") {
            let _ = Noms::parse(&text);
            let _ = Noms::parse(&near);
        }

        #[test]
        fn its_canonical_form_is_stable(written in "[A-Za-z][0-9]{4}[A-Za-z]{2}") {
            let read = Noms::parse(&written);
            let capitals = written.to_ascii_uppercase();
            prop_assert_eq!(read.as_ref().map(Noms::canonical), Ok(capitals.as_str()));
            prop_assert!(read.as_ref().is_ok_and(|noms| Noms::parse(noms.canonical()) == read));
        }
    }
}
