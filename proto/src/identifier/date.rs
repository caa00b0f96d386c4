//! A date of birth, as a day of the calendar.
//!
//! Promises: every value is a day that exists; dates that systems fill in for "not known" are told
//! apart. Deliberately does not know: today, time of day, time zones, and whether the date is true.

use super::IdentifierError;
use super::written::number;

/// The years a date of birth may have.
const YEARS: core::ops::RangeInclusive<u16> = 1900..=2100;

/// Years whose first of January is a usual default, so that it says nothing about a person:
/// 1900 and 1901 in case records and databases, 1904 and 1970 where machines begin to count,
/// 1980 where file systems do, 2000 where newer databases do.
const DEFAULT_YEARS: [u16; 6] = [1900, 1901, 1904, 1970, 1980, 2000];

const SHAPE: IdentifierError = IdentifierError::Shape { rule: "birth-date-shape" };
const NO_SUCH_DAY: IdentifierError = IdentifierError::Shape { rule: "birth-date-calendar" };

/// A date of birth: a day of the Gregorian calendar in the years 1900 to 2100.
///
/// Canonical form: `YYYY-MM-DD`. Order is from the earlier day to the later.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate {
    canonical: String,
    year: u16,
    month: u8,
    day: u8,
}

redacted_debug!(BirthDate);

impl BirthDate {
    /// A date that is well written, of a year before 1900 or after 2100.
    pub const YEAR_BOUNDS: IdentifierError =
        IdentifierError::Shape { rule: "birth-date-year-bounds" };

    /// Reads `YYYY-MM-DD` and no other form: one with the day first cannot be told from one with
    /// the month first.
    ///
    /// Refuses: `Shape`, another form, a year out of bounds, or a day that does not exist; the rule
    ///          name says which.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        if text.len() != 10 {
            return Err(SHAPE);
        }
        let (year, rest) = text.split_once('-').ok_or(SHAPE)?;
        let (month, day) = rest.split_once('-').ok_or(SHAPE)?;
        if (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return Err(SHAPE);
        }
        let year = number(year).and_then(|value| u16::try_from(value).ok()).ok_or(SHAPE)?;
        let month = number(month).and_then(|value| u8::try_from(value).ok()).ok_or(SHAPE)?;
        let day = number(day).and_then(|value| u8::try_from(value).ok()).ok_or(SHAPE)?;
        if !YEARS.contains(&year) {
            return Err(Self::YEAR_BOUNDS);
        }
        if !is_day(year, month, day) {
            return Err(NO_SUCH_DAY);
        }
        Ok(Self { canonical: text.to_owned(), year, month, day })
    }

    /// The date as `YYYY-MM-DD`: personal data, not for a log.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Year, 1900 to 2100.
    pub const fn year(&self) -> u16 {
        self.year
    }

    /// Month, 1 to 12.
    pub const fn month(&self) -> u8 {
        self.month
    }

    /// Day of the month, 1 to 31.
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// Whether the date is a usual default: 1 January of 1900, 1901, 1904, 1970, 1980 or 2000.
    ///
    /// Such a date must never count towards a match. People are born on these days too; for them
    /// the cost is that another fact must carry the match.
    pub fn is_placeholder(&self) -> bool {
        (self.month, self.day) == (1, 1) && DEFAULT_YEARS.contains(&self.year)
    }

    /// Whole years of age at the given day; the birthday itself counts.
    ///
    /// Who is born on 29 February is a year older on 1 March of a year without one.
    /// Gives nothing if the day does not exist or lies before the birth: the age is then not known,
    /// and whoever asks must treat the person as a child.
    /// Source: Family Law Reform Act 1969 s.9, an age is reached at the start of the anniversary.
    pub fn age_on(&self, year: u16, month: u8, day: u8) -> Option<u16> {
        if !is_day(year, month, day) {
            return None;
        }
        let birthday_reached = (month, day) >= (self.month, self.day);
        let years = year.checked_sub(self.year)?;
        if birthday_reached { Some(years) } else { years.checked_sub(1) }
    }
}

/// Whether the Gregorian calendar has this day.
const fn is_day(year: u16, month: u8, day: u8) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    day >= 1 && day <= days
}

#[cfg(test)]
mod tests;
