//! The postcode of a place in the United Kingdom.
//!
//! Promises: shape only. Deliberately does not know: whether the postcode is in use, or where it
//! lies.

use super::IdentifierError;
use super::written::in_capitals;

/// Longest text read: eight characters, and room for more than one blank between the two halves,
/// as fixed-width records have.
const LENGTH_BYTES_MAX: usize = 12;

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "postcode-shape" };

/// A postcode.
///
/// Canonical form: capitals, one blank before the last three characters. Source: BS 7666, with the
/// letters each place allows, and the one historic exception `GIR 0AA`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Postcode {
    canonical: String,
    outward_length: usize,
}

redacted_debug!(Postcode);

impl Postcode {
    /// Reads a postcode in either case, with any blanks, or none, between its two halves.
    ///
    /// Refuses: `Shape`, any other text.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let capitals = in_capitals(text, LENGTH_BYTES_MAX).ok_or(SHAPE)?;
        let inward_at = capitals.len().checked_sub(3).ok_or(SHAPE)?;
        let (outward, inward) = capitals.split_at_checked(inward_at).ok_or(SHAPE)?;
        let outward = outward.trim_end_matches(' ');
        let is_exception = (outward, inward) == ("GIR", "0AA");
        if is_exception || (is_outward(outward.as_bytes()) && is_inward(inward.as_bytes())) {
            Ok(Self { canonical: format!("{outward} {inward}"), outward_length: outward.len() })
        } else {
            Err(SHAPE)
        }
    }

    /// The postcode with its one blank: personal data when it is someone's, not for a log.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The half before the blank, which tells the district and not the street.
    pub fn outward(&self) -> &str {
        self.canonical.get(..self.outward_length).unwrap_or_default()
    }
}

/// The six forms of the first half: A9, A99, A9A, AA9, AA99, AA9A.
fn is_outward(bytes: &[u8]) -> bool {
    match *bytes {
        [area, digit] => is_first(area) && digit.is_ascii_digit(),
        [area, digit, last] if digit.is_ascii_digit() => {
            is_first(area) && (last.is_ascii_digit() || b"ABCDEFGHJKPSTUW".contains(&last))
        }
        [area, second, digit] => is_first(area) && is_second(second) && digit.is_ascii_digit(),
        [area, second, digit, last] => {
            is_first(area)
                && is_second(second)
                && digit.is_ascii_digit()
                && (last.is_ascii_digit() || b"ABEHMNPRVWXY".contains(&last))
        }
        _ => false,
    }
}

fn is_first(byte: u8) -> bool {
    byte.is_ascii_uppercase() && !b"QVX".contains(&byte)
}

fn is_second(byte: u8) -> bool {
    byte.is_ascii_uppercase() && !b"IJZ".contains(&byte)
}

/// The second half: a digit and two letters.
fn is_inward(bytes: &[u8]) -> bool {
    let is_unit = |byte: u8| byte.is_ascii_uppercase() && !b"CIKMOV".contains(&byte);
    match *bytes {
        [digit, first, second] => digit.is_ascii_digit() && is_unit(first) && is_unit(second),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Postcode, SHAPE};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn each_form_is_read_and_kept_with_one_blank() {
        for (written, canonical, outward) in [
            ("M1 1AE", "M1 1AE", "M1"),
            ("m11ae", "M1 1AE", "M1"),
            ("B33 8TH", "B33 8TH", "B33"),
            ("W1A 0AX", "W1A 0AX", "W1A"),
            ("SK1 3XE", "SK1 3XE", "SK1"),
            ("SK1  3XE", "SK1 3XE", "SK1"),
            ("CH41   1AA", "CH41 1AA", "CH41"),
            ("DN55 1PT", "DN55 1PT", "DN55"),
            ("ec1a1bb", "EC1A 1BB", "EC1A"),
            ("GIR 0AA", "GIR 0AA", "GIR"),
            ("gir0aa", "GIR 0AA", "GIR"),
        ] {
            let read = Postcode::parse(written);
            assert_eq!(read.as_ref().map(Postcode::canonical), Ok(canonical), "{written}");
            assert_eq!(read.as_ref().map(Postcode::outward), Ok(outward), "{written}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for written in [
            "",
            "   ",
            "SK1",
            "3XE",
            "1AA 1AA",
            "SK 3XE",
            "SK111 3XE",
            "SK1 33E",
            "SK1 3XEE",
            "Q1 1AA",
            "V1 1AA",
            "X1 1AA",
            "AI1 1AA",
            "AJ1 1AA",
            "AZ1 1AA",
            "W1I 0AX",
            "EC1C 1BB",
            "SK1 3CE",
            "SK1 3XI",
            "SK1 3KE",
            "SK1 3XM",
            "SK1 3OE",
            "SK1 3XV",
            "GIR 0AB",
            "GIR 1AA",
            " SK1 3XE",
            "SK1 3XE ",
            "S K1 3XE",
            "SK1 3 XE",
            "SK1-3XE",
            "SK1\t3XE",
            "É1 1AA",
        ] {
            assert_eq!(Postcode::parse(written), Err(SHAPE), "{written}");
        }
    }

    #[test]
    fn debug_hides_the_postcode() {
        assert_eq!(format!("{:?}", Postcode::parse("SK1 3XE")), "Ok(Postcode(…))");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), near in "[A-Za-z0-9 ]{0,9}") {
            let _ = Postcode::parse(&text);
            let _ = Postcode::parse(&near);
        }

        #[test]
        fn blanks_and_case_do_not_matter_and_the_canonical_form_is_stable(
            outward in "[A-PR-UWYZ][A-HK-Y]?[0-9]{1,2}",
            inward in "[0-9][ABD-HJLNP-UW-Z]{2}",
            blanks in " {0,3}",
        ) {
            let canonical = format!("{outward} {inward}");
            for written in [format!("{outward}{blanks}{inward}"), canonical.clone()] {
                let read = Postcode::parse(&written.to_ascii_lowercase());
                prop_assert_eq!(read.as_ref().map(Postcode::canonical), Ok(canonical.as_str()));
            }
        }
    }
}
