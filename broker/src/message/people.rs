//! The people in a message: their identifiers as tokens, their age, and whether they route.

use proto::exchange::v1 as wire;
use proto::identifier::{BirthDate, CurrentYear, IdentifierError, Kind, canonical};
use proto::limits;
use time::{Duration, OffsetDateTime};

use super::check::Check;
use crate::seal::{Token, Vault};

/// What the broker knows of one subject of one message.
#[derive(Clone, Debug)]
pub struct SubjectFacts {
    /// Tokens of the identifiers, in the message's order.
    pub tokens: Vec<Token>,
    /// Token of normalised name and birth date; `None` without both, or for a date that
    /// stands for "unknown".
    pub name_token: Option<Token>,
    /// Token of the birth date alone.
    pub birth_token: Option<Token>,
    /// Standing in the matter.
    pub category: wire::SubjectCategory,
    /// The stricter of birth date and assertion; unknown and disputed count as a child.
    pub under_18: bool,
    /// Limited access.
    pub limited_access: wire::LimitedAccess,
}

impl SubjectFacts {
    /// Whether flags, links, areas and interests may match this person. Victims,
    /// witnesses, associates and others never route.
    #[must_use]
    pub const fn routes(&self) -> bool {
        routes(self.category)
    }
}

/// Whether people of a category route, see [`SubjectFacts::routes`].
pub(crate) const fn routes(category: wire::SubjectCategory) -> bool {
    match category {
        wire::SubjectCategory::Suspect
        | wire::SubjectCategory::Convicted
        | wire::SubjectCategory::Managed => true,
        wire::SubjectCategory::Unspecified
        | wire::SubjectCategory::Victim
        | wire::SubjectCategory::Witness
        | wire::SubjectCategory::Associate
        | wire::SubjectCategory::Other => false,
    }
}

/// Whether a message says that a list names nobody. No other is about nobody.
#[must_use]
pub fn is_nil_return(message: &wire::Message) -> bool {
    matches!(&message.kind, Some(wire::message::Kind::Custody(custody)) if custody.nobody)
}

/// Checks and normalises the subjects. `None`: no identifier can be read in this year.
pub(super) fn check(
    message: &mut wire::Message,
    vault: &Vault,
    check: &mut Check,
) -> Option<Vec<SubjectFacts>> {
    let count = message.subjects.len();
    if is_nil_return(message) {
        check.require(count == 0, "subjects", "a list that names nobody has none");
    } else {
        check.require((1..=limits::SUBJECTS_MAX).contains(&count), "subjects", "are 1 to 16");
    }
    let Some(year) = reading_year(check.span.latest) else {
        check.fail("subjects", "cannot be read while the clock is outside the years 2000 to 2099");
        return None;
    };
    let subjects = message.subjects.iter_mut().enumerate();
    let facts = subjects
        .map(|(position, subject)| check_subject(position, subject, vault, year, check))
        .collect();
    Some(facts)
}

fn check_subject(
    position: usize,
    subject: &mut wire::Subject,
    vault: &Vault,
    year: CurrentYear,
    check: &mut Check,
) -> SubjectFacts {
    let at = |name: &str| format!("subjects[{position}].{name}");
    let category = subject.category();
    if subject.category == 0 || wire::SubjectCategory::try_from(subject.category).is_err() {
        check.fail(at("category"), "is required (DPA 2018 s.38(3))");
    }
    if wire::AgeAssertion::try_from(subject.age).is_err() {
        check.fail(at("age"), "is not a known assertion");
    }
    if wire::LimitedAccess::try_from(subject.limited_access).is_err() {
        check.fail(at("limited_access"), "is not a known value");
    }
    // Before it is normalised: a name of spaces alone is a fault, not a name that was left out.
    check.says_something(&subject.name, &at("name"));
    subject.name = subject.name.split_whitespace().collect::<Vec<_>>().join(" ");
    check.require(
        subject.name.chars().count() <= limits::NAME_CHARACTERS_MAX,
        &at("name"),
        "is at most 200 characters",
    );
    let birth = check.day(&subject.birth_date, &at("birth_date"));
    if let Some(date) = &birth {
        check.require_likely(
            |now| is_reached(date, now),
            &at("birth_date"),
            "must not be after the day of acceptance",
        );
    }
    let tokens = check_identifiers(position, subject, vault, year, check);
    check.require(
        !tokens.is_empty() || !subject.name.is_empty() || subject.identifiers.len() > tokens.len(),
        &format!("subjects[{position}]"),
        "needs an identifier or a name",
    );
    let usable = birth.as_ref().filter(|date| !date.is_placeholder());
    SubjectFacts {
        tokens,
        name_token: usable.filter(|_| !subject.name.is_empty()).map(|date| {
            vault.token("name", &format!("{}|{}", plain_name(&subject.name), date.canonical()))
        }),
        birth_token: usable.map(|date| vault.token("birth-date", date.canonical())),
        category,
        under_18: under_18(birth.as_ref(), subject.age(), check.span.earliest),
        limited_access: subject.limited_access(),
    }
}

/// Whether a day has begun at UTC+1: nowhere in Britain does one begin earlier, so that no
/// newborn child is refused in summer. With winter's clocks that is one hour too kind.
pub(super) fn is_reached(date: &BirthDate, now: OffsetDateTime) -> bool {
    let today = now.to_offset(time::UtcOffset::UTC).saturating_add(Duration::hours(1)).date();
    (i32::from(date.year()), date.month(), date.day())
        <= (today.year(), u8::from(today.month()), today.day())
}

/// Whole years of age on the day of a moment, by UTC; the birthday counts from its midnight.
///
/// `None`: the date stands for "unknown", or that day lies before the birth. The age is then not
/// known, and whoever asks must treat the person as a child.
#[must_use]
pub fn age_on(birth: &BirthDate, now: OffsetDateTime) -> Option<u16> {
    if birth.is_placeholder() {
        return None;
    }
    let today = now.to_offset(time::UtcOffset::UTC).date();
    birth.age_on(u16::try_from(today.year()).ok()?, today.month().into(), today.day())
}

/// The stricter of birth date and assertion.
fn under_18(birth: Option<&BirthDate>, age: wire::AgeAssertion, now: OffsetDateTime) -> bool {
    let by_date = birth
        .filter(|date| !date.is_placeholder())
        .map(|date| age_on(date, now).is_none_or(|age| age < 18));
    match (by_date, age) {
        (Some(true), _) | (_, wire::AgeAssertion::Child | wire::AgeAssertion::Disputed) => true,
        (Some(false), wire::AgeAssertion::Unspecified | wire::AgeAssertion::Adult)
        | (None, wire::AgeAssertion::Adult) => false,
        (None, wire::AgeAssertion::Unspecified) => true,
    }
}

fn check_identifiers(
    position: usize,
    subject: &mut wire::Subject,
    vault: &Vault,
    year: CurrentYear,
    check: &mut Check,
) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(subject.identifiers.len());
    check.require(
        subject.identifiers.len() <= limits::IDENTIFIERS_MAX,
        &format!("subjects[{position}].identifiers"),
        "are at most 16",
    );
    for (place, identifier) in subject.identifiers.iter_mut().enumerate() {
        let at = |name: &str| format!("subjects[{position}].identifiers[{place}].{name}");
        match token_of(identifier, vault, year) {
            Ok(token) => tokens.push(token),
            Err(IdentifierFault::Type) => check.fail(at("type"), "is required"),
            Err(IdentifierFault::Long) => check.fail(at("value"), "is at most 32 characters"),
            Err(IdentifierFault::Value(error)) => check.fail(at("value"), error.rule()),
        }
    }
    tokens
}

/// Why an identifier was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierFault {
    /// No type.
    Type,
    /// Too long.
    Long,
    /// Its register's rules.
    Value(IdentifierError),
}

/// Normalises an identifier in place and gives its token.
///
/// # Errors
/// The rule it breaks.
pub fn token_of(
    identifier: &mut wire::Identifier,
    vault: &Vault,
    year: CurrentYear,
) -> Result<Token, IdentifierFault> {
    let kind = match identifier.r#type() {
        wire::IdentifierType::Unspecified => return Err(IdentifierFault::Type),
        wire::IdentifierType::Pnc => Kind::Pnc,
        wire::IdentifierType::Cro => Kind::Cro,
        wire::IdentifierType::Noms => Kind::Noms,
        wire::IdentifierType::Crn => Kind::Crn,
        wire::IdentifierType::Nhs => Kind::Nhs,
        wire::IdentifierType::Asn => Kind::Asn,
    };
    if identifier.value.chars().count() > limits::IDENTIFIER_CHARACTERS_MAX {
        return Err(IdentifierFault::Long);
    }
    let text = canonical(kind, &identifier.value, year).map_err(IdentifierFault::Value)?;
    identifier.value = text.into_text();
    Ok(vault.token(class(kind), &identifier.value))
}

const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Pnc => "pnc",
        Kind::Cro => "cro",
        Kind::Noms => "noms",
        Kind::Crn => "crn",
        Kind::Nhs => "nhs",
        Kind::Asn => "asn",
    }
}

/// A name for comparison: lower case letters only, words in order of the alphabet, so that
/// "Surname, Forename" and "Forename Surname" are one.
pub(crate) fn plain_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let mut words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.join(" ")
}

/// The year that identifiers with two-digit years are read in.
#[must_use]
pub fn reading_year(now: OffsetDateTime) -> Option<CurrentYear> {
    u16::try_from(now.year()).ok().and_then(|year| CurrentYear::new(year).ok())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn somebody_is_a_year_older_from_the_first_minute_of_the_birthday() {
        for (birth, now, expected) in [
            ("2001-11-23", datetime!(2026-11-22 23:59:59 UTC), Some(24)),
            ("2001-11-23", datetime!(2026-11-23 00:00 UTC), Some(25)),
            ("2001-11-23", datetime!(2026-11-23 23:59:59 UTC), Some(25)),
            // The day is that of UTC, however the moment is written.
            ("2001-11-23", datetime!(2026-11-23 00:30 +1), Some(24)),
            ("2001-11-23", datetime!(2026-11-22 23:30 -1), Some(25)),
            // Born on a day that most years do not have.
            ("2004-02-29", datetime!(2029-02-28 23:59:59 UTC), Some(24)),
            ("2004-02-29", datetime!(2029-03-01 00:00 UTC), Some(25)),
            ("2004-02-29", datetime!(2028-02-28 23:59:59 UTC), Some(23)),
            ("2004-02-29", datetime!(2028-02-29 00:00 UTC), Some(24)),
            ("2026-11-23", datetime!(2026-11-23 12:00 UTC), Some(0)),
            // Not born yet, and a date that stands for "unknown".
            ("2026-11-24", datetime!(2026-11-23 12:00 UTC), None),
            ("1970-01-01", datetime!(2026-11-23 12:00 UTC), None),
        ] {
            let date = BirthDate::parse(birth).unwrap();
            assert_eq!(age_on(&date, now), expected, "{birth} at {now}");
        }
    }
}
