//! Identifiers of people, places and bodies: read, check, and bring to one written form.
//!
//! Owns: every identifier the agencies exchange, the one error they share, and the choice of
//! reading by [`Kind`]. Promises: no parser panics on any text; a value that exists has passed its
//! shape and check rules; parsing a canonical form gives the same value back; neither an error nor
//! a `Debug` line shows the text that was read; where two systems of the estate would read one text
//! as two people, the answer is [`IdentifierError::Ambiguous`] and never a guess.
//! Deliberately does not know: whom an identifier belongs to, whether it was ever issued, the
//! time of day (a year arrives as [`CurrentYear`]), or any other module of this crate.
//!
//! Common to all parsers: letters are read in either case and kept in capitals. Blanks around the
//! text are not forgiven, because a sender whose fields carry them has not said where a value ends.

/// Gives a type a `Debug` that names it and hides what it holds.
macro_rules! redacted_debug {
    ($name:ident) => {
        impl ::core::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

mod written;

mod asn;
mod cro;
mod crn;
mod date;
mod local_authority;
mod nhs_number;
mod noms;
mod pnc;
mod police_force;
mod postcode;
mod prison_code;

pub use asn::Asn;
pub use crn::Crn;
pub use cro::{Cro, CroForm};
pub use date::BirthDate;
pub use local_authority::{LocalAuthority, LocalAuthorityForm};
pub use nhs_number::NhsNumber;
pub use noms::Noms;
pub use pnc::Pnc;
pub use police_force::PoliceForce;
pub use postcode::Postcode;
pub use prison_code::{PrisonCode, PrisonPlace};

/// Why a text was not taken as an identifier.
///
/// Each variant names the rule that refused it and nothing of the text itself, so an error may be
/// logged and answered as it stands. Rule names are stable and begin with the identifier's name,
/// for example `pnc-check-letter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IdentifierError {
    /// The text does not have the written shape of this identifier.
    #[error("the text does not have the shape of this identifier (rule {rule})")]
    Shape {
        /// Name of the rule.
        rule: &'static str,
    },
    /// The shape is right, but the check letter (or check digit) does not agree with the rest.
    #[error("the check letter or digit does not agree with the rest (rule {rule})")]
    CheckLetter {
        /// Name of the rule.
        rule: &'static str,
    },
    /// The text could stand for more than one identifier, and nothing in it says which.
    #[error("the text can be read as more than one identifier (rule {rule})")]
    Ambiguous {
        /// Name of the rule that leaves more than one reading.
        rule: &'static str,
    },
    /// The shape is right, but the code is not in the list of known codes.
    #[error("the code is not a known one (rule {rule})")]
    UnknownCode {
        /// Name of the rule.
        rule: &'static str,
    },
}

impl IdentifierError {
    /// Name of the rule that refused the text, stable and safe to log.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Shape { rule }
            | Self::CheckLetter { rule }
            | Self::Ambiguous { rule }
            | Self::UnknownCode { rule } => rule,
        }
    }
}

/// The calendar year it now is, told by the caller because these rules read no clock.
///
/// Bound: 2000 to 2099, the only years in which the estate's century rules mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CurrentYear(u16);

impl CurrentYear {
    /// Takes a year of the common era.
    ///
    /// Refuses: `Shape`, for a year before 2000 or after 2099.
    pub const fn new(year: u16) -> Result<Self, IdentifierError> {
        match year {
            2000..=2099 => Ok(Self(year)),
            0..=1999 | 2100.. => Err(IdentifierError::Shape { rule: "current-year-bounds" }),
        }
    }

    /// The year in full, 2000 to 2099.
    pub const fn year(self) -> u16 {
        self.0
    }
}

/// The kinds of person identifier that link records across agencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Police National Computer id, see [`Pnc`].
    Pnc,
    /// Criminal Records Office number, see [`Cro`].
    Cro,
    /// Prison number, see [`Noms`].
    Noms,
    /// Probation case reference number, see [`Crn`].
    Crn,
    /// NHS number, see [`NhsNumber`].
    Nhs,
    /// Arrest or summons number, see [`Asn`].
    Asn,
}

/// The one written form of an identifier whose kind is known from elsewhere.
///
/// Exists only through [`canonical`]. `Debug` does not show the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Canonical {
    text: String,
}

redacted_debug!(Canonical);

impl Canonical {
    /// The canonical text: personal data, not for a log.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives up the canonical text: personal data, not for a log.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Reads `text` as an identifier of the given kind and gives its one written form.
///
/// Promise: a canonical form given back to this function comes out unchanged.
/// Refuses: whatever the parser of that kind refuses. Only [`Pnc`] looks at `current_year`: the
///          other kinds keep a two-digit year as two digits, or have none.
pub fn canonical(
    kind: Kind,
    text: &str,
    current_year: CurrentYear,
) -> Result<Canonical, IdentifierError> {
    let text = match kind {
        Kind::Pnc => Pnc::parse(text, current_year)?.canonical().to_owned(),
        Kind::Cro => Cro::parse(text)?.canonical().to_owned(),
        Kind::Noms => Noms::parse(text)?.canonical().to_owned(),
        Kind::Crn => Crn::parse(text)?.canonical().to_owned(),
        Kind::Nhs => NhsNumber::parse(text)?.canonical().to_owned(),
        Kind::Asn => Asn::parse(text)?.canonical().to_owned(),
    };
    Ok(Canonical { text })
}

#[cfg(test)]
mod tests;
