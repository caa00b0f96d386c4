//! The three-letter code of a prison, and the two codes that stand for no prison.
//!
//! Promises: shape, and that `OUT` and `TRN` are told apart from places. Deliberately does not
//! know: which prisons exist. That list changes, and belongs to the directory.

use super::IdentifierError;
use super::written::{in_capitals, only_capitals};

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "prison-code-shape" };

/// What a prison code says about where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrisonPlace {
    /// In the establishment the code names.
    Establishment,
    /// `OUT`: outside custody. Nobody may be addressed there.
    Outside,
    /// `TRN`: between two establishments. Nobody may be addressed there.
    InTransfer,
}

/// A prison code.
///
/// Canonical form: three capital letters, for example `MDI`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrisonCode {
    canonical: String,
}

redacted_debug!(PrisonCode);

impl PrisonCode {
    /// Reads a code in either case.
    ///
    /// Refuses: `Shape`, not three letters; so too `ZZGHI`, the list's ghost establishment.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        in_capitals(text, 3)
            .filter(|canonical| canonical.len() == 3 && only_capitals(canonical))
            .map(|canonical| Self { canonical })
            .ok_or(SHAPE)
    }

    /// The three letters.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Whether the code names an establishment, or one of the two states that are not places.
    pub fn place(&self) -> PrisonPlace {
        match self.canonical.as_str() {
            "OUT" => PrisonPlace::Outside,
            "TRN" => PrisonPlace::InTransfer,
            _ => PrisonPlace::Establishment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PrisonCode, PrisonPlace, SHAPE};
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn three_letters_are_read_and_the_two_states_told_apart() {
        for (written, canonical, place) in [
            ("MDI", "MDI", PrisonPlace::Establishment),
            ("wsi", "WSI", PrisonPlace::Establishment),
            ("OUT", "OUT", PrisonPlace::Outside),
            ("out", "OUT", PrisonPlace::Outside),
            ("TRN", "TRN", PrisonPlace::InTransfer),
        ] {
            let read = PrisonCode::parse(written);
            assert_eq!(read.as_ref().map(PrisonCode::canonical), Ok(canonical), "{written}");
            assert_eq!(read.as_ref().map(PrisonCode::place), Ok(place), "{written}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for written in ["", "MD", "MDIX", "M1I", "M I", " MDI", "ZZGHI", "éA"] {
            assert_eq!(PrisonCode::parse(written), Err(SHAPE), "{written}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = PrisonCode::parse(&text);
        }

        #[test]
        fn its_canonical_form_is_stable(written in "[A-Za-z]{3}") {
            let read = PrisonCode::parse(&written);
            prop_assert!(read.as_ref().is_ok_and(|code| PrisonCode::parse(code.canonical()) == read));
        }
    }
}
