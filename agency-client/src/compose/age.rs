//! How old somebody is said to be on one day.
//!
//! Owns: what birth date and assertion say together. Promises: the stricter of the two holds, and
//! an age nobody knows is never an adult's. Deliberately does not know: what is lawful from which
//! age on; nor summer time: in the hour in which two days are possible the later is taken, and the
//! broker decides.

use super::Person;
use proto::exchange::v1 as wire;
use proto::exchange::v1::AgeAssertion;
use proto::identifier::BirthDate;
use time::{Duration, OffsetDateTime, UtcOffset};

/// What is known of somebody's age.
#[derive(Clone, Copy)]
pub(super) struct Age {
    years: Option<u16>,
    asserted: AgeAssertion,
}

impl Age {
    /// `None`: the birth date cannot be read, which the broker names for itself.
    pub(super) fn of(subject: &wire::Subject, moment: OffsetDateTime) -> Option<Self> {
        let asserted = subject.age();
        if subject.birth_date.is_empty() {
            return Some(Self { years: None, asserted });
        }
        let birth = BirthDate::parse(&subject.birth_date).ok()?;
        let day = moment.to_offset(UtcOffset::UTC).saturating_add(Duration::HOUR).date();
        let years = u16::try_from(day.year())
            .ok()
            .and_then(|year| birth.age_on(year, day.month().into(), day.day()))
            .unwrap_or(0);
        Some(Self { years: (!birth.is_placeholder()).then_some(years), asserted })
    }

    /// Of a person.
    pub(super) fn of_person(person: &Person, moment: OffsetDateTime) -> Option<Self> {
        Self::of(&person.subject, moment)
    }

    /// Whether it is shown, and nowhere denied, that they are 18 or over.
    pub(super) const fn is_adult(self) -> bool {
        match (self.asserted, self.years) {
            (AgeAssertion::Child | AgeAssertion::Disputed, _)
            | (AgeAssertion::Unspecified, None) => false,
            (AgeAssertion::Adult, None) => true,
            (AgeAssertion::Adult | AgeAssertion::Unspecified, Some(years)) => years >= 18,
        }
    }

    /// Whether it is said that they are under 18.
    pub(super) const fn is_child(self) -> bool {
        match (self.asserted, self.years) {
            (AgeAssertion::Child | AgeAssertion::Disputed, _) => true,
            (AgeAssertion::Adult | AgeAssertion::Unspecified, None) => false,
            (AgeAssertion::Adult | AgeAssertion::Unspecified, Some(years)) => years < 18,
        }
    }

    /// Whether a birth date shows that they are of so many years.
    pub(super) fn is_shown_to_be(self, least: u16) -> bool {
        self.years.is_some_and(|years| years >= least)
    }
}
