//! The arrest or summons number: year, organisation unit, system, sequence, check letter.
//!
//! Promises: the check letter has been tested; every written form of one number gives one
//! canonical form. Deliberately does not know: which organisation units exist (that is standing
//! data, and it changes), and the century, for the two digits of year are kept as written.
//!
//! A number is `YY [T] FF UU SS n L`: year, an optional top-level letter, the force in two digits,
//! unit and system of two letters or digits each, the sequence, and the check letter. Because the
//! force is two digits, a letter in third place is always the top-level letter; so a sequence
//! written without its leading noughts never leaves a doubt about where it begins.

use super::IdentifierError;
use super::written::{check_letter_agrees, in_capitals, number, only_digits, split_last_letter};

/// Longest written form: the 21 characters and three slashes.
const LENGTH_BYTES_MAX: usize = 24;

/// Digits of a sequence written in full.
const SEQUENCE_DIGITS: usize = 11;

/// Force, unit and system of numbers that forces use when there was no arrest or summons.
///
/// An empty text stands for any. Source: bichard7-next-core `isDummyAsn`.
const DUMMY_UNITS: [(&str, &str, &str); 14] = [
    ("", "NR", "PR"),
    ("12", "LN", "00"),
    ("00", "NP", "00"),
    ("63", "00", ""),
    ("06", "SS", ""),
    ("00", "XX", ""),
    ("50", "11", ""),
    ("50", "12", ""),
    ("50", "21", ""),
    ("50", "41", ""),
    ("50", "42", ""),
    ("50", "43", ""),
    ("50", "OF", ""),
    ("50", "SJ", ""),
];

/// As [`DUMMY_UNITS`], but only in the year 08.
const DUMMY_UNITS_OF_2008: [(&str, &str, &str); 2] = [("00", "NP", "01"), ("00", "PP", "01")];

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "asn-shape" };
const CHECK: IdentifierError = IdentifierError::CheckLetter { rule: "asn-check-letter" };

/// An arrest or summons number whose check letter agrees.
///
/// Canonical form: the 20 characters `YYFFUUSSnnnnnnnnnnnL`, or 21 with a top-level letter before
/// the force. Source: bichard7-next-core `Asn`, `isAsnValid`, `parseAsn`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asn {
    canonical: String,
    is_dummy: bool,
}

redacted_debug!(Asn);

impl Asn {
    /// Reads the full form, the same with leading noughts of the sequence left out, and the form
    /// the PNC prints (`YY/FFUU/SS/nL`), with or without those noughts.
    ///
    /// The letter covers force, system, year and the sequence in full, in that order. A system that
    /// is not two digits is left out of the number, as in Bichard.
    /// Refuses: `Shape`, none of these forms; `CheckLetter`, the letter disagrees.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let capitals = in_capitals(text, LENGTH_BYTES_MAX).ok_or(SHAPE)?;
        let (body, letter) = split_last_letter(&capitals).ok_or(SHAPE)?;
        let parts = Parts::of(body).filter(Parts::fit).ok_or(SHAPE)?;
        let Parts { year, top_level, force, unit, system, sequence } = parts;
        let system_digits = if only_digits(system) { system } else { "" };
        let covered = format!("{force}{system_digits}{year}{sequence:0>SEQUENCE_DIGITS$}");
        if !check_letter_agrees(number(&covered).ok_or(SHAPE)?, letter) {
            return Err(CHECK);
        }
        Ok(Self {
            canonical: format!(
                "{year}{top_level}{force}{unit}{system}{sequence:0>SEQUENCE_DIGITS$}{letter}"
            ),
            is_dummy: parts.are_dummy(),
        })
    }

    /// The number in its 20 or 21 characters: personal data, not for a log.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Whether the number is one of those used where there was no arrest or summons.
    ///
    /// Many people share such a number, so it must never link two records.
    pub const fn is_dummy(&self) -> bool {
        self.is_dummy
    }
}

/// The parts of a number without its check letter, as written.
struct Parts<'text> {
    year: &'text str,
    top_level: &'text str,
    force: &'text str,
    unit: &'text str,
    system: &'text str,
    sequence: &'text str,
}

impl<'text> Parts<'text> {
    /// Takes the text apart by slashes if it has any, else by place.
    fn of(body: &'text str) -> Option<Self> {
        let mut between_slashes = body.split('/');
        let (year, organisation, system, sequence) = match (
            between_slashes.next(),
            between_slashes.next(),
            between_slashes.next(),
            between_slashes.next(),
            between_slashes.next(),
        ) {
            (Some(year), Some(organisation), Some(system), Some(sequence), None) => {
                (year, organisation, system, sequence)
            }
            (Some(whole), None, ..) => {
                let (year, rest) = whole.split_at_checked(2)?;
                let organisation_length =
                    if rest.starts_with(|first: char| first.is_ascii_uppercase()) { 5 } else { 4 };
                let (organisation, rest) = rest.split_at_checked(organisation_length)?;
                let (system, sequence) = rest.split_at_checked(2)?;
                (year, organisation, system, sequence)
            }
            _ => return None,
        };
        let top_level_length = organisation.len().checked_sub(4)?;
        let (top_level, organisation) = organisation.split_at_checked(top_level_length)?;
        let (force, unit) = organisation.split_at_checked(2)?;
        Some(Self { year, top_level, force, unit, system, sequence })
    }

    fn fit(&self) -> bool {
        let two_digits = |part: &str| part.len() == 2 && only_digits(part);
        let two_characters =
            |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        two_digits(self.year)
            && self.top_level.len() <= 1
            && self.top_level.bytes().all(|byte| byte.is_ascii_uppercase())
            && two_digits(self.force)
            && two_characters(self.unit)
            && two_characters(self.system)
            && self.sequence.len() <= SEQUENCE_DIGITS
            && only_digits(self.sequence)
    }

    fn are_dummy(&self) -> bool {
        let matches = |&(force, unit, system): &(&str, &str, &str)| {
            (force.is_empty() || force == self.force)
                && unit == self.unit
                && (system.is_empty() || system == self.system)
        };
        DUMMY_UNITS.iter().any(matches)
            || (self.year == "08" && DUMMY_UNITS_OF_2008.iter().any(matches))
    }
}

#[cfg(test)]
mod tests;
