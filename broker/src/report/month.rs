//! A calendar month of UTC.
//!
//! Pure. Promises that months follow one another without a gap, so that whatever happened belongs to
//! one of them and to no other.

use time::{Date, Duration, Month as Name, OffsetDateTime};

/// A calendar month, from its first midnight in UTC to that of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i32,
    month: u8,
}

impl Month {
    /// Reads `YYYY-MM`, from 1970 to 9998; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return None;
        }
        let read = Self { year: year.parse().ok()?, month: month.parse().ok()? };
        ((1970..=9998).contains(&read.year) && (1..=12).contains(&read.month)).then_some(read)
    }

    /// The month in which a moment lies.
    #[must_use]
    pub fn of(moment: OffsetDateTime) -> Self {
        let date = moment.to_offset(time::UtcOffset::UTC).date();
        Self { year: date.year(), month: date.month().into() }
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> OffsetDateTime {
        let name = Name::try_from(self.month).unwrap_or(Name::January);
        let date = Date::from_calendar_date(self.year, name, 1);
        date.unwrap_or(Date::MIN).midnight().assume_utc()
    }

    /// The first moment that is no longer its own.
    #[must_use]
    pub fn end(self) -> OffsetDateTime {
        self.next().start()
    }

    /// The month behind it.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year + 1, month: 1 }
        } else {
            Self { year: self.year, month: self.month + 1 }
        }
    }

    /// Whether it has ended at a moment. Until then its figures would grow from one look to the next,
    /// and the difference of two looks is what happened between them.
    #[must_use]
    pub fn has_ended(self, now: OffsetDateTime) -> bool {
        now >= self.end()
    }

    /// From when to when something must have begun whose [`WATCHED`] time ends in this month.
    #[must_use]
    pub fn watched(self) -> (OffsetDateTime, OffsetDateTime) {
        (self.start() - WATCHED, self.end() - WATCHED)
    }
}

/// For how long what was sent is watched: whether somebody acted on it, or received it.
pub const WATCHED: Duration = Duration::days(7);

impl std::fmt::Display for Month {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_month_is_four_digits_a_dash_and_two_digits() {
        assert_eq!(Month::parse("2026-10").unwrap().to_string(), "2026-10");
        for wrong in ["", "2026", "2026-1", "2026-13", "2026-00", "26-10", "2026-1a", "+026-10"] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn months_follow_one_another_without_a_gap() {
        let december = Month::parse("2026-12").unwrap();
        assert_eq!(december.start(), datetime!(2026-12-01 0:00 UTC));
        assert_eq!(december.end(), datetime!(2027-01-01 0:00 UTC));
        assert_eq!(december.end(), december.next().start());
        assert_eq!(Month::of(datetime!(2027-01-01 0:30 +1)), december);
    }

    #[test]
    fn a_month_ends_with_its_last_moment() {
        let october = Month::parse("2026-10").unwrap();
        assert!(!october.has_ended(datetime!(2026-10-31 23:59:59.999999 UTC)));
        assert!(october.has_ended(datetime!(2026-11-01 0:00 UTC)));
    }
}
