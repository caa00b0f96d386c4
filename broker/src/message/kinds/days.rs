//! Days as Britain counts them, and how old somebody is on one of them.
//!
//! Promises that an age nobody knows is never an adult's, and that of birth date and assertion
//! the stricter holds. Deliberately does not know: what is lawful from which age on.

use proto::exchange::v1 as wire;
use proto::exchange::v1::AgeAssertion;
use proto::identifier::BirthDate;
use time::{Date, Duration, Month, OffsetDateTime, UtcOffset};

/// The day that a calendar in Britain shows at a moment. Clocks are an hour ahead of UTC from
/// the last Sunday of March to the last of October, each at 01:00 UTC (Summer Time Act 1972 s.1,
/// as the Summer Time Order 2002 has it).
pub(crate) fn british_day(moment: OffsetDateTime) -> Date {
    let moment = moment.to_offset(UtcOffset::UTC);
    let change = |month| clocks_change(moment.year(), month);
    let summer = change(Month::March)
        .zip(change(Month::October))
        .is_some_and(|(forward, back)| (forward..back).contains(&moment));
    moment.saturating_add(if summer { Duration::HOUR } else { Duration::ZERO }).date()
}

/// 01:00 UTC on the last Sunday of a month of 31 days.
fn clocks_change(year: i32, month: Month) -> Option<OffsetDateTime> {
    let last = Date::from_calendar_date(year, month, 31).ok()?;
    let past_sunday = last.weekday().number_days_from_sunday();
    let sunday = last.checked_sub(Duration::days(past_sunday.into()))?;
    Some(sunday.with_hms(1, 0, 0).ok()?.assume_utc())
}

/// Whether a day is over in all of Britain. In summer it ends there an hour before UTC's does:
/// that hour is forgiven.
pub(in crate::message) fn has_passed(day: &BirthDate, now: OffsetDateTime) -> bool {
    let today = now.to_offset(UtcOffset::UTC).date();
    written(day).is_some_and(|day| day < today)
}

/// A written day as a day.
pub(in crate::message) fn written(day: &BirthDate) -> Option<Date> {
    let month = Month::try_from(day.month()).ok()?;
    Date::from_calendar_date(day.year().into(), month, day.day()).ok()
}

/// What is known of somebody's age on one day.
#[derive(Clone, Copy)]
pub(in crate::message) struct Age {
    years: Option<u16>,
    asserted: AgeAssertion,
}

impl Age {
    /// By birth date, unless it is one that stands for "unknown", and by what the sender asserts.
    ///
    /// `None`: the birth date cannot be read, which is a fault of its own.
    pub(in crate::message) fn on(day: Date, subject: &wire::Subject) -> Option<Self> {
        let asserted = subject.age();
        if subject.birth_date.is_empty() {
            return Some(Self { years: None, asserted });
        }
        let birth = BirthDate::parse(&subject.birth_date).ok()?;
        // Before the birth nobody is of any age.
        let years = u16::try_from(day.year())
            .ok()
            .and_then(|year| birth.age_on(year, day.month().into(), day.day()))
            .unwrap_or(0);
        Some(Self { years: (!birth.is_placeholder()).then_some(years), asserted })
    }

    /// Whether it is shown, and nowhere denied, that they are 18 or over.
    pub(in crate::message) const fn is_adult(self) -> bool {
        match (self.years, self.asserted) {
            (_, AgeAssertion::Child | AgeAssertion::Disputed)
            | (None, AgeAssertion::Unspecified) => false,
            (Some(years), AgeAssertion::Unspecified | AgeAssertion::Adult) => years >= 18,
            (None, AgeAssertion::Adult) => true,
        }
    }

    /// Whether it is said that they are under 18: an age nobody knows says nothing.
    pub(in crate::message) const fn is_child(self) -> bool {
        match (self.years, self.asserted) {
            (_, AgeAssertion::Child | AgeAssertion::Disputed) => true,
            (Some(years), AgeAssertion::Unspecified | AgeAssertion::Adult) => years < 18,
            (None, AgeAssertion::Unspecified | AgeAssertion::Adult) => false,
        }
    }

    /// Whole years by birth date alone.
    pub(in crate::message) const fn years(self) -> Option<u16> {
        self.years
    }
}
