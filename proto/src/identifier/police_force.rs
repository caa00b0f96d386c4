//! The two-digit code of a police force.
//!
//! Promises: a code that exists here is in the list of `codes.rs`. Deliberately does not know: the
//! area numbers of the prisons' records, which look the same and mean other places (34 is Greater
//! Manchester there and Northamptonshire here), so a code must come with its kind.

mod codes;

use self::codes::POLICE_FORCE_CODES;
use super::IdentifierError;
use super::written::only_digits;

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "police-force-shape" };
const UNKNOWN: IdentifierError = IdentifierError::UnknownCode { rule: "police-force-code" };

/// Whether an entry of the list stands for a body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Standing {
    /// The code stands for a force or other body, present or past.
    InUse,
    /// The code is held back and stands for none.
    Reserved,
}

/// A police force code.
///
/// Canonical form: the two digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoliceForce {
    code: &'static str,
    standing: Standing,
    name: &'static str,
}

redacted_debug!(PoliceForce);

impl PoliceForce {
    /// Reads a two-digit code.
    ///
    /// Refuses: `Shape`, not two digits; `UnknownCode`, not in the list.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        if text.len() != 2 || !only_digits(text) {
            return Err(SHAPE);
        }
        POLICE_FORCE_CODES
            .iter()
            .find(|(code, _, _)| *code == text)
            .map(|&(code, standing, name)| Self { code, standing, name })
            .ok_or(UNKNOWN)
    }

    /// The two digits.
    pub const fn canonical(&self) -> &str {
        self.code
    }

    /// The name in the reference list, which may be an old one.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the list holds the code back, so that no force stands behind it.
    pub const fn is_reserved(&self) -> bool {
        matches!(self.standing, Standing::Reserved)
    }
}

#[cfg(test)]
mod tests {
    use super::{POLICE_FORCE_CODES, PoliceForce, SHAPE, UNKNOWN};
    use proptest::prelude::{any, proptest};

    #[test]
    fn documented_forces_are_known() {
        for (code, name) in [
            ("01", "Metropolitan Police Service"),
            ("02", "Metropolitan Police Service"),
            ("05", "Merseyside"),
            ("06", "Greater Manchester"),
            ("07", "Cheshire"),
            ("34", "Northamptonshire"),
            ("91", "National Crime Agency"),
            ("93", "BTP"),
            ("98", "Police Service of Northern Ireland"),
        ] {
            let read = PoliceForce::parse(code);
            assert_eq!(read.as_ref().map(PoliceForce::canonical), Ok(code));
            assert_eq!(read.as_ref().map(PoliceForce::name), Ok(name));
            assert_eq!(read.as_ref().map(PoliceForce::is_reserved), Ok(false));
        }
    }

    #[test]
    fn codes_held_back_are_known_as_such() {
        for code in ["18", "86", "92", "94", "99"] {
            assert_eq!(PoliceForce::parse(code).as_ref().map(PoliceForce::is_reserved), Ok(true));
        }
    }

    #[test]
    fn codes_not_in_the_list_are_refused() {
        for code in ["09", "19", "28", "38", "49", "58", "85"] {
            assert_eq!(PoliceForce::parse(code), Err(UNKNOWN), "{code}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for code in ["", "6", "006", "6 ", "A6", "B01DU", "+6", "é"] {
            assert_eq!(PoliceForce::parse(code), Err(SHAPE), "{code}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_names_no_code_twice() {
        assert!(POLICE_FORCE_CODES.windows(2).all(|pair| matches!(pair, [a, b] if a.0 < b.0)));
    }

    #[test]
    fn every_listed_code_is_its_own_canonical_form() {
        for (code, _, _) in POLICE_FORCE_CODES {
            assert_eq!(PoliceForce::parse(code).as_ref().map(PoliceForce::canonical), Ok(code));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), near in "[0-9]{0,3}") {
            let _ = PoliceForce::parse(&text);
            let _ = PoliceForce::parse(&near);
        }
    }
}
