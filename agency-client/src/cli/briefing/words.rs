//! The words in which an officer reads codes, days and times.
//!
//! Owns: what each condition and grade says, and dates as Britain writes them. Promises: a code of
//! a later version is shown as it came and never left out.
//! Deliberately does not know: what stands where.

pub(super) use crate::hmpps::moment::british_day;
use crate::hmpps::moment::british_offset;
use prost_types::Timestamp;
use proto::exchange::v1 as wire;
use proto::exchange::v1::HandlingCondition;
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

/// The moment of a timestamp.
pub(super) fn moment(stamp: Option<&Timestamp>) -> Option<OffsetDateTime> {
    let stamp = stamp?;
    let moment = OffsetDateTime::from_unix_timestamp(stamp.seconds).ok()?;
    moment.replace_nanosecond(u32::try_from(stamp.nanos).ok()?).ok()
}

/// A moment on a clock in London: `Monday 23 November 2026, 07:00`.
pub(super) fn london(moment: OffsetDateTime) -> String {
    let local = moment.to_offset(british_offset(moment));
    format!("{}, {:02}:{:02}", day(local.date()), local.hour(), local.minute())
}

/// A day: `Monday 23 November 2026`.
pub(super) fn day(day: Date) -> String {
    format!("{} {}", day.weekday(), date(day))
}

fn date(day: Date) -> String {
    format!("{} {} {}", day.day(), day.month(), day.year())
}

/// A written day, `1988-04-12`, as Britain writes it: `12 April 1988`. As it came, if it is none.
pub(in crate::cli) fn written_day(text: &str) -> String {
    read_day(text).map_or_else(|| text.to_owned(), date)
}

fn read_day(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().filter(|part| part.len() == 4)?.parse().ok()?;
    let month: u8 = parts.next().filter(|part| part.len() == 2)?.parse().ok()?;
    let day = parts.next().filter(|part| part.len() == 2)?.parse().ok()?;
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

/// A value of a message as a reader takes it: a time in London, a day, a word without its
/// underscores, or the text as it came.
pub(super) fn value(text: &str) -> String {
    if let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) {
        return london(moment);
    }
    if read_day(text).is_some() {
        return written_day(text);
    }
    plain(text)
}

/// A word of the protocol without its underscores; any other text as it came.
pub(in crate::cli) fn plain(text: &str) -> String {
    let is_word = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_word { text.replace('_', " ") } else { text.to_owned() }
}

/// The same with a capital.
pub(super) fn capital(text: &str) -> String {
    let plain = plain(text);
    let mut letters = plain.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => plain,
    }
}

/// The power under which something was shared, as the law is cited.
pub(super) fn power(number: i32) -> String {
    use wire::Gateway;
    let Ok(gateway) = Gateway::try_from(number) else { return format!("power {number}") };
    match gateway {
        Gateway::Unspecified => "no power that was given",
        Gateway::Cda1998S115 => "section 115 of the Crime and Disorder Act 1998",
        Gateway::Cda1998S3739 => "sections 37 to 39 of the Crime and Disorder Act 1998",
        Gateway::Cja2003S325 => "section 325 of the Criminal Justice Act 2003",
        Gateway::Oma2007S14 => "section 14 of the Offender Management Act 2007",
        Gateway::Ca2004S1011 => "sections 10 and 11 of the Children Act 2004",
        Gateway::Ca1989S1747 => "sections 17 and 47 of the Children Act 1989",
        Gateway::Pcsc2022S16 => "section 16 of the Police, Crime, Sentencing and Courts Act 2022",
        Gateway::Care2014S6745 => "sections 6, 7 and 45 of the Care Act 2014",
        Gateway::PoliceCommonLaw => "the common-law powers of police",
        Gateway::Consent => "the consent of the person concerned, who may withdraw it",
        Gateway::Vital => "vital interests: somebody is in danger",
        Gateway::CourtOrder => "a court's order",
        Gateway::StatutoryDuty => "a statutory duty that the agreement names",
    }
    .to_owned()
}

/// What a condition asks.
pub(super) fn condition(number: i32) -> String {
    let Ok(condition) = HandlingCondition::try_from(number) else {
        return format!("Condition {number}: ask the sender what it means before any use.");
    };
    match condition {
        HandlingCondition::Unspecified => "Ask the sender which condition is meant.",
        HandlingCondition::NoOnward => "DO NOT SHARE ONWARD.",
        HandlingCondition::LawEnforcementOnly => "For law enforcement only.",
        HandlingCondition::AddresseesOnly => "For the named addressees only.",
        HandlingCondition::ConsultOriginator => "Ask the originator before any use.",
        HandlingCondition::NotToSubject => "Never show or hint this to the person concerned.",
        HandlingCondition::Covert => "Covert use only.",
        HandlingCondition::ReportingRestricted => {
            "A court or statute forbids publishing what would identify somebody."
        }
    }
    .to_owned()
}

/// What a grade says, after the grade itself.
pub(super) fn grade(intelligence: &wire::Intelligence) -> String {
    let parts: Vec<&str> = match intelligence.scheme() {
        wire::GradingScheme::ThreeFiveTwo => {
            intelligence.grade.chars().zip(0..).map(|(c, place)| three_five_two(c, place)).collect()
        }
        wire::GradingScheme::FiveFiveFive => {
            intelligence.grade.chars().zip(0..).map(|(c, place)| five_five_five(c, place)).collect()
        }
        wire::GradingScheme::Unspecified => Vec::new(),
    };
    let scheme = match intelligence.scheme() {
        wire::GradingScheme::ThreeFiveTwo => "3x5x2",
        wire::GradingScheme::FiveFiveFive => "5x5x5",
        wire::GradingScheme::Unspecified => "scheme not known",
    };
    format!("{} ({scheme}): {}", intelligence.grade, parts.join("; "))
}

const fn three_five_two(letter: char, place: usize) -> &'static str {
    match (place, letter) {
        (0, '1') => "source reliable",
        (0, '2') => "source untested",
        (0, '3') => "source not reliable",
        (1, 'A') => "known directly to the source",
        (1, 'B') => "known indirectly to the source and corroborated",
        (1, 'C') => "known indirectly to the source",
        (1, 'D') => "not known",
        (1, 'E') => "suspected to be false",
        (2, 'P') => "lawful sharing permitted",
        (2, 'C') => "lawful sharing permitted with conditions",
        (_, _) => "not known to this program",
    }
}

const fn five_five_five(letter: char, place: usize) -> &'static str {
    match (place, letter) {
        (0, 'A') => "source always reliable",
        (0, 'B') => "source mostly reliable",
        (0, 'C') => "source sometimes reliable",
        (0, 'D') => "source unreliable",
        (0, 'E') => "source untested",
        (1, '1') => "known to be true without reservation",
        (1, '2') => "known personally to the source and not to the officer",
        (1, '3') => "not known to the source and corroborated",
        (1, '4') => "cannot be judged",
        (1, '5') => "suspected to be false",
        (2, '1') => "within UK police and law enforcement",
        (2, '2') => "to UK non-prosecuting parties",
        (2, '3') => "to law enforcement outside the EEA",
        (2, '4') => "within the originator's agency only",
        (2, '5') => "no further spread: ask the originator",
        (_, _) => "not known to this program",
    }
}

/// What is to be done with an item.
pub(super) fn owed(number: i32) -> String {
    use wire::Attestation::{
        Acted, Corrected, Deleted, NotSamePerson, Opened, Returned, Unspecified,
    };
    match wire::Attestation::try_from(number) {
        Ok(Acted) => "to be acted on".to_owned(),
        Ok(Corrected) => "to be put right here too".to_owned(),
        Ok(Deleted) => "to be deleted".to_owned(),
        Ok(Returned) => "to be returned".to_owned(),
        Ok(Opened) => "to be opened".to_owned(),
        Ok(NotSamePerson) => "to be answered".to_owned(),
        Ok(Unspecified) | Err(_) => format!("duty {number}"),
    }
}

/// What a condition of intelligence asks.
pub(super) fn intelligence_condition(number: i32) -> String {
    use wire::IntelligenceCondition::{A1, A2, A3, S1, S2, Unspecified};
    match wire::IntelligenceCondition::try_from(number) {
        Ok(A1) => "A1: covert development.".to_owned(),
        Ok(A2) => "A2: covert use.".to_owned(),
        Ok(A3) => "A3: overt use.".to_owned(),
        Ok(S1) => "S1: delegated leave to sanitise.".to_owned(),
        Ok(S2) => "S2: consult the originator.".to_owned(),
        Ok(Unspecified) | Err(_) => {
            format!("Condition {number}: ask the originator what it means before any use.")
        }
    }
}

/// What a task asks.
pub(super) const fn task(task: wire::TaskKind) -> &'static str {
    match task {
        wire::TaskKind::AreaUnknown => "The release names no area: find where the person is going.",
        wire::TaskKind::PossibleMatch => {
            "Name and birth date match a flag of yours: say whether it is the same person."
        }
        wire::TaskKind::LinkDisputed => {
            "A link between numbers was claimed or disputed: confirm or reject it."
        }
        wire::TaskKind::SelectionCandidate => {
            "On no list and released: consider whether to propose one."
        }
        wire::TaskKind::TreatmentGap => {
            "Tested positive, on your list and on no treatment list: see to it."
        }
        wire::TaskKind::NotDelivered => {
            "A message of yours has not reached an agency that you named, and will not any more."
        }
        wire::TaskKind::NotOpened => {
            "Nobody of an agency that you named has opened your immediate message: telephone."
        }
        wire::TaskKind::FeedAbsent => {
            "What you expect by a fixed hour has not come, or is suspiciously short: ask for it."
        }
        wire::TaskKind::DateNear => "A date of something you were given draws near.",
        wire::TaskKind::ReviewOverdue => {
            "The review of a flag of yours was not held on its day: hold it, or take the flag off."
        }
        wire::TaskKind::LongInCustody => {
            "Somebody on your list has been in custody for two years or more: consider taking the \
             flag off."
        }
        wire::TaskKind::TurningAdult => {
            "Somebody on your list turns 18: see to who leads from then on."
        }
        wire::TaskKind::Unspecified => "Something is asked that this program does not know.",
    }
}
