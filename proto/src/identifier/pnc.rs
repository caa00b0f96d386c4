//! The Police National Computer id: year, serial, check letter.
//!
//! Owns: how each written form in the estate is read, and when it cannot be. Promises: a slash
//! settles where the year ends; four digits before it are the year; the check letter settles the
//! rest where it can; what it cannot settle is answered as ambiguous. Deliberately does not know:
//! whether the id was issued.
//!
//! Two services of the estate read PNC ids by different rules, and this module agrees with both or
//! answers `Ambiguous`:
//!
//! - hmpps-person-record takes out the slash and, when fewer than 12 characters remain, reads two
//!   digits of year; a year up to the current one is 20yy, any other 19yy; the check letter counts.
//! - hmpps-prisoner-search needs the slash; years 39 to 99 are 19yy, any other 20yy; it does not
//!   test the check letter.
//!
//! The rules here, in order:
//!
//! 1. With a slash, the digits before it are the year, two or four of them. `2002/73319Z` is
//!    therefore of 2002, as prisoner-search writes it; person-record would take `20` for the year.
//!    The writer has said where the year ends, so this is no doubt, whatever that reading's letter.
//! 2. Without a slash both readings are tried, a two-digit year and a four-digit year 19xx or 20xx,
//!    with one to seven digits of serial each. Those whose check letter disagrees fall away. None
//!    left: `CheckLetter`. Two left: `Ambiguous`, rule `pnc-year-boundary`.
//! 3. The check letter covers only the last two digits of the year, so it cannot tell a century.
//!    For a two-digit year the two century rules above are both asked; if they differ, the answer
//!    is `Ambiguous`, rule `pnc-century`. In 2026 these are the years 27 to 38.
//! 4. A year written in full which is later than the current year is refused (`Shape`, rule
//!    `pnc-year-to-come`): no such id can exist, and the check letter would not have noticed.
//!    The clock is used to refuse, never to choose between two readings of step 2.

use super::written::{check_letter_agrees, in_capitals, number, only_digits, split_last_letter};
use super::{CurrentYear, IdentifierError};

/// Longest written form: four digits of year, a slash, seven of serial, a letter.
const LENGTH_BYTES_MAX: usize = 13;

/// From this two-digit year on, hmpps-prisoner-search reads the twentieth century.
const PRISONER_SEARCH_PIVOT: u16 = 39;

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "pnc-shape" };
const YEAR_TO_COME: IdentifierError = IdentifierError::Shape { rule: "pnc-year-to-come" };
const CHECK: IdentifierError = IdentifierError::CheckLetter { rule: "pnc-check-letter" };
const BOUNDARY: IdentifierError = IdentifierError::Ambiguous { rule: "pnc-year-boundary" };
const CENTURY: IdentifierError = IdentifierError::Ambiguous { rule: "pnc-century" };

/// A PNC id whose check letter agrees and whose year is certain.
///
/// Canonical form: `YYYY/NNNNNNNL`, the serial filled to seven digits. Order is by year, then
/// serial. Source: hmpps-person-record `PNCIdentifier`, hmpps-prisoner-search `CanonicalPnc`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pnc {
    canonical: String,
}

redacted_debug!(Pnc);

impl Pnc {
    /// Reads any written form of a PNC id; the rules stand at the head of this module.
    ///
    /// Refuses: `Shape`, not a year of two or four digits, an optional slash, one to seven digits
    ///          and a letter, or a full year outside 1900 to the current one;
    ///          `CheckLetter`, no reading agrees with the letter;
    ///          `Ambiguous`, more than one does, or the century cannot be known.
    pub fn parse(text: &str, current_year: CurrentYear) -> Result<Self, IdentifierError> {
        let capitals = in_capitals(text, LENGTH_BYTES_MAX).ok_or(SHAPE)?;
        let (body, letter) = split_last_letter(&capitals).ok_or(SHAPE)?;
        let readings: Vec<Reading> = match body.split_once('/') {
            Some((year, serial)) => Reading::new(year, serial).into_iter().collect(),
            None => [2, 4]
                .into_iter()
                .filter_map(|year_digits| body.split_at_checked(year_digits))
                .filter_map(|(year, serial)| Reading::new(year, serial))
                .collect(),
        };
        if readings.is_empty() {
            return Err(SHAPE);
        }
        let mut agreeing = readings.iter().filter(|reading| reading.agrees_with(letter));
        match (agreeing.next(), agreeing.next()) {
            (None, _) => Err(CHECK),
            (Some(_), Some(_)) => Err(BOUNDARY),
            (Some(reading), None) => {
                let year = reading.year.in_full(current_year)?;
                let serial = reading.serial;
                Ok(Self { canonical: format!("{year:04}/{serial:07}{letter}") })
            }
        }
    }

    /// The id as `YYYY/NNNNNNNL`: personal data, not for a log.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

/// One way to take the digits before the check letter apart.
struct Reading {
    year: WrittenYear,
    serial: u64,
}

impl Reading {
    /// Nothing, if the digits cannot be a year and a serial.
    fn new(year: &str, serial: &str) -> Option<Self> {
        let year = WrittenYear::new(year)?;
        let serial = Some(serial).filter(|digits| digits.len() <= 7).and_then(number)?;
        Some(Self { year, serial })
    }

    fn agrees_with(&self, letter: char) -> bool {
        let number = u64::from(self.year.last_two_digits()) * 10_000_000 + self.serial;
        check_letter_agrees(number, letter)
    }
}

/// A year as it was written.
enum WrittenYear {
    /// Four digits, 1900 to 2099.
    Full(u16),
    /// Two digits, 0 to 99.
    TwoDigits(u16),
}

impl WrittenYear {
    fn new(digits: &str) -> Option<Self> {
        let year = Some(digits).filter(|digits| only_digits(digits))?.parse::<u16>().ok()?;
        match digits.len() {
            2 => Some(Self::TwoDigits(year)),
            4 if (1900..=2099).contains(&year) => Some(Self::Full(year)),
            _ => None,
        }
    }

    const fn last_two_digits(&self) -> u16 {
        match self {
            Self::Full(year) | Self::TwoDigits(year) => *year % 100,
        }
    }

    /// The year with its century, if every system of the estate would give it the same one.
    const fn in_full(&self, current_year: CurrentYear) -> Result<u16, IdentifierError> {
        let current = current_year.year();
        match *self {
            Self::Full(year) if year > current => Err(YEAR_TO_COME),
            Self::Full(year) => Ok(year),
            Self::TwoDigits(year) => {
                let recent_by_person_record = year <= current % 100;
                let recent_by_prisoner_search = year < PRISONER_SEARCH_PIVOT;
                match (recent_by_person_record, recent_by_prisoner_search) {
                    (true, true) => Ok(2000 + year),
                    (false, false) => Ok(1900 + year),
                    (true, false) | (false, true) => Err(CENTURY),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
