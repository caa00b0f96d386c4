//! The code of a local authority in England or Wales, new or old.
//!
//! Promises: the two kinds of code are never taken for each other. Deliberately does not know:
//! which authorities exist, or which old code became which new one; that is reference data.

use super::IdentifierError;
use super::written::{in_capitals, only_capitals, only_digits};

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "local-authority-shape" };

/// Which series a local authority code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LocalAuthorityForm {
    /// Government Statistical Service code, nine characters, in use since 2011.
    Gss,
    /// The four-character code used before, still found in prison records.
    OldOns,
}

/// A local authority code.
///
/// Canonical form: the code in capitals, in the series in which it was written; an old code is not
/// turned into a new one. Source: GSS register of codes; NOMIS local authority codes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalAuthority {
    canonical: String,
    form: LocalAuthorityForm,
}

redacted_debug!(LocalAuthority);

impl LocalAuthority {
    /// Reads a code of either series, in either case.
    ///
    /// New: `E06` unitary, `E07` district, `E08` metropolitan, `E09` London borough or `W06` Welsh,
    /// then six digits. Old: two digits and two letters.
    /// Refuses: `Shape`, any other text.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let canonical = in_capitals(text, 9).ok_or(SHAPE)?;
        let form = form_of(&canonical).ok_or(SHAPE)?;
        Ok(Self { canonical, form })
    }

    /// The code in capitals.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Which series the code belongs to.
    pub const fn form(&self) -> LocalAuthorityForm {
        self.form
    }
}

fn form_of(capitals: &str) -> Option<LocalAuthorityForm> {
    if let Some((digits, letters)) = capitals.split_at_checked(2)
        && capitals.len() == 4
        && only_digits(digits)
        && only_capitals(letters)
    {
        return Some(LocalAuthorityForm::OldOns);
    }
    let (entity, number) = capitals.split_at_checked(3)?;
    (["E06", "E07", "E08", "E09", "W06"].contains(&entity)
        && number.len() == 6
        && only_digits(number))
    .then_some(LocalAuthorityForm::Gss)
}

#[cfg(test)]
mod tests {
    use super::{LocalAuthority, LocalAuthorityForm, SHAPE};
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn both_series_are_read_and_told_apart() {
        for (written, canonical, form) in [
            ("E08000007", "E08000007", LocalAuthorityForm::Gss),
            ("e08000015", "E08000015", LocalAuthorityForm::Gss),
            ("E06000049", "E06000049", LocalAuthorityForm::Gss),
            ("E07000037", "E07000037", LocalAuthorityForm::Gss),
            ("E09000001", "E09000001", LocalAuthorityForm::Gss),
            ("W06000015", "W06000015", LocalAuthorityForm::Gss),
            ("00BS", "00BS", LocalAuthorityForm::OldOns),
            ("00cb", "00CB", LocalAuthorityForm::OldOns),
            ("17UB", "17UB", LocalAuthorityForm::OldOns),
        ] {
            let read = LocalAuthority::parse(written);
            assert_eq!(read.as_ref().map(LocalAuthority::canonical), Ok(canonical), "{written}");
            assert_eq!(read.as_ref().map(LocalAuthority::form), Ok(form), "{written}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for written in [
            "",
            "E0800000",
            "E080000077",
            "E05000007",
            "E10000007",
            "W07000041",
            "S12000033",
            "E0800000A",
            "00B",
            "00BSX",
            "0BSX",
            "BS00",
            " 00BS",
            "E08 000007",
            "00É",
        ] {
            assert_eq!(LocalAuthority::parse(written), Err(SHAPE), "{written}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), near in "[EWew0-9]{0,10}") {
            let _ = LocalAuthority::parse(&text);
            let _ = LocalAuthority::parse(&near);
        }

        #[test]
        fn its_canonical_form_is_stable(written in "E0[6-9][0-9]{6}|w06[0-9]{6}|[0-9]{2}[a-zA-Z]{2}") {
            let read = LocalAuthority::parse(&written);
            prop_assert!(
                read.as_ref().is_ok_and(|code| LocalAuthority::parse(code.canonical()) == read)
            );
        }
    }
}
