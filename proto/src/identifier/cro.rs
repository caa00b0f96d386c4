//! The Criminal Records Office number, in its standard and its file-only form.
//!
//! Promises: the check letter has been tested by the rule of the form. Deliberately does not know:
//! the century (two digits of year are kept as written, so none is ever needed), and whether a
//! file-only number written with and without leading noughts is one file: the letter covers the
//! serial as written, so the two are kept apart.

use super::IdentifierError;
use super::written::{check_letter_agrees, in_capitals, number, only_digits, split_last_letter};

/// Longest written form: `SF`, two digits of year, a slash, six of serial, a letter.
const LENGTH_BYTES_MAX: usize = 12;

/// Most digits of a serial, and the width to which a standard one is filled.
const SERIAL_DIGITS_MAX: usize = 6;

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "cro-shape" };
const CHECK: IdentifierError = IdentifierError::CheckLetter { rule: "cro-check-letter" };

/// Which of the two series a CRO number belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CroForm {
    /// Serial before year: `NNNNNN/yyL`.
    Standard,
    /// Held on file only; year before serial: `SFyy/NL`.
    FileOnly,
}

/// A CRO number whose check letter agrees.
///
/// Canonical form: `NNNNNN/yyL`, the serial filled to six digits, or `SFyy/NL`, the serial as
/// written. Source: hmpps-person-record `CROIdentifier`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cro {
    canonical: String,
    form: CroForm,
}

redacted_debug!(Cro);

impl Cro {
    /// Reads either form.
    ///
    /// Refuses: `Shape`, not one to six digits of serial and two of year around a slash, in the
    ///          order of the form, and a letter; `CheckLetter`, the letter disagrees.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let capitals = in_capitals(text, LENGTH_BYTES_MAX).ok_or(SHAPE)?;
        let (body, letter) = split_last_letter(&capitals).ok_or(SHAPE)?;
        let (form, year, serial) = match body.strip_prefix("SF") {
            Some(rest) => {
                let (year, serial) = rest.split_once('/').ok_or(SHAPE)?;
                (CroForm::FileOnly, year, serial)
            }
            None => {
                let (serial, year) = body.split_once('/').ok_or(SHAPE)?;
                (CroForm::Standard, year, serial)
            }
        };
        let year_fits = year.len() == 2 && only_digits(year);
        let serial_fits = serial.len() <= SERIAL_DIGITS_MAX && only_digits(serial);
        if !(year_fits && serial_fits) {
            return Err(SHAPE);
        }
        let (covered, canonical) = match form {
            CroForm::Standard => {
                (format!("{year}{serial:0>6}"), format!("{serial:0>6}/{year}{letter}"))
            }
            CroForm::FileOnly => (format!("{year}{serial}"), format!("SF{year}/{serial}{letter}")),
        };
        if !check_letter_agrees(number(&covered).ok_or(SHAPE)?, letter) {
            return Err(CHECK);
        }
        Ok(Self { canonical, form })
    }

    /// The number in its canonical form: personal data, not for a log.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Which series the number belongs to.
    pub const fn form(&self) -> CroForm {
        self.form
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECK, Cro, CroForm, SHAPE};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn documented_forms_are_read() {
        for (written, canonical, form) in [
            ("65656/91H", "065656/91H", CroForm::Standard),
            ("065656/91h", "065656/91H", CroForm::Standard),
            ("123456/08T", "123456/08T", CroForm::Standard),
            ("000001/95V", "000001/95V", CroForm::Standard),
            ("1/95V", "000001/95V", CroForm::Standard),
            ("265416/21G", "265416/21G", CroForm::Standard),
            ("099999/01A", "099999/01A", CroForm::Standard),
            ("SF05/482703J", "SF05/482703J", CroForm::FileOnly),
            ("SF83/50058Z", "SF83/50058Z", CroForm::FileOnly),
            ("sf83/50058z", "SF83/50058Z", CroForm::FileOnly),
            ("SF39/12345Y", "SF39/12345Y", CroForm::FileOnly),
            ("SF68/945674Z", "SF68/945674Z", CroForm::FileOnly),
        ] {
            let read = Cro::parse(written);
            assert_eq!(read.as_ref().map(Cro::canonical), Ok(canonical), "{written}");
            assert_eq!(read.as_ref().map(Cro::form), Ok(form), "{written}");
        }
    }

    #[test]
    fn wrong_check_letters_are_refused() {
        for written in [
            "85227/65G",
            "SF80/655108T",
            "SF68/945674U",
            "SF83/50058B",
            "SF83/050058Z",
            "65656/91I",
            "65656/91O",
            "65656/91S",
        ] {
            assert_eq!(Cro::parse(written), Err(CHECK), "{written}");
        }
        assert_eq!(Cro::parse("85227/65L").as_ref().map(Cro::canonical), Ok("085227/65L"));
    }

    #[test]
    fn other_shapes_are_refused() {
        for written in [
            "",
            "/",
            "SF",
            "65656/91",
            "6565691H",
            "/91H",
            "65656/H",
            "65656/1991H",
            "1234567/91H",
            "SF83/Z",
            "SF/50058Z",
            "SF8350058Z",
            "SF1983/50058Z",
            "SF 83/50058Z",
            " 65656/91H",
            "65656/91H ",
            "65656/91/H",
            "+5656/91H",
            "6565６/91H",
        ] {
            assert_eq!(Cro::parse(written), Err(SHAPE), "{written}");
        }
    }

    #[test]
    fn debug_hides_the_number() {
        let shown = format!("{:?}", Cro::parse("65656/91H"));
        assert!(shown.contains("Cro(…)") && !shown.contains("65656"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), near in "(SF)?[0-9/]{0,10}[A-Za-z]?") {
            let _ = Cro::parse(&text);
            let _ = Cro::parse(&near);
        }

        #[test]
        fn exactly_one_letter_is_right_and_its_canonical_form_is_stable(
            written in "[0-9]{1,6}/[0-9]{2}|SF[0-9]{2}/[0-9]{1,6}",
        ) {
            let read: Vec<Cro> =
                ('A'..='Z').filter_map(|letter| Cro::parse(&format!("{written}{letter}")).ok()).collect();
            prop_assert_eq!(read.len(), 1);
            for cro in read {
                prop_assert!(Cro::parse(cro.canonical()) == Ok(cro.clone()));
            }
        }
    }
}
