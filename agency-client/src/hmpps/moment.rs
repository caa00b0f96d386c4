//! When an event occurred, in each of the ways the feeds write a time.
//!
//! Owns: the written forms, and the one clock rule they need: British summer time. Promises: a
//! time outside the years 1900 to 2200 is never given; nothing is guessed where two readings lie
//! more than an hour apart. Deliberately does not know: the present, which is an argument.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::document::{self, Object};
use super::outcome::QuarantineReason;

/// How far an event may lie ahead of the reader's clock, in hours. Clocks differ by seconds;
/// anything near a day is a mistyped date.
const AHEAD_HOURS_MAX: i64 = 24;

/// When the event occurred. Times of publication and of the wrapper are no substitute: a movement
/// may be entered long after it happened.
pub(super) fn occurred_at(
    body: &Object,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, QuarantineReason> {
    let text = match body.get("occurredAt") {
        None | Some(serde_json::Value::Null) => return Err(QuarantineReason::MissingTime),
        Some(serde_json::Value::String(_)) => {
            document::text(body, "occurredAt").ok_or(QuarantineReason::MissingTime)?
        }
        Some(_) => return Err(QuarantineReason::UnreadableTime),
    };
    if text.contains(['{', '}']) {
        return Err(QuarantineReason::PlaceholderTime);
    }
    let moment = read(text)
        .and_then(|moment| moment.checked_to_offset(UtcOffset::UTC))
        .filter(|moment| (1900..=2200).contains(&moment.year()))
        .ok_or(QuarantineReason::UnreadableTime)?;
    if moment - now > Duration::hours(AHEAD_HOURS_MAX) {
        return Err(QuarantineReason::FutureTime);
    }
    Ok(moment)
}

/// The day in Britain on which a moment falls.
pub(crate) fn british_day(moment: OffsetDateTime) -> Date {
    moment.to_offset(british_offset(moment)).date()
}

/// The first moment of a day in Britain.
pub(super) fn start_of_british_day(day: Date) -> OffsetDateTime {
    british(PrimitiveDateTime::new(day, Time::MIDNIGHT))
}

/// Reads a time: ISO 8601 with any number of decimals, with or without a zone name in brackets;
/// or the form in which Java prints a `Date`.
fn read(text: &str) -> Option<OffsetDateTime> {
    // A zone name adds nothing to an offset, and without one British time is meant anyway.
    let (bare, zone) = match text.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((bare, zone)) => (bare, Some(zone)),
        None => (text, None),
    };
    let (date, rest) = bare.split_once(['T', 't', ' '])?;
    let Some(date) = read_date(date) else { return read_java(text) };
    let clock_end = rest
        .find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.' || c == ','))
        .unwrap_or(rest.len());
    let (clock, offset) = rest.split_at_checked(clock_end)?;
    let local = PrimitiveDateTime::new(date, read_clock(clock)?);
    match read_offset(offset)? {
        Some(offset) => Some(local.assume_offset(offset)),
        None if zone.is_none_or(|zone| zone == "Europe/London") => Some(british(local)),
        None => None,
    }
}

fn read_date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = Month::try_from(u8::try_from(digits(month, 2)?).ok()?).ok()?;
    let year = i32::try_from(digits(year, 4)?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(digits(day, 2)?).ok()?).ok()
}

fn read_clock(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let mut parts = whole.split(':');
    let hour = small(parts.next()?)?;
    let minute = small(parts.next()?)?;
    let second = parts.next().map_or(Some(0), small)?;
    if parts.next().is_some() || fraction.is_empty() || !only_digits(fraction) {
        return None;
    }
    let nanosecond: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Time::from_hms_nano(hour, minute, second, nanosecond.parse().ok()?).ok()
}

/// The offset; `Some(None)` where none is written. In the malformed `Z+01:00` the number holds: it
/// was put there on purpose, the letter by a fixed pattern.
fn read_offset(text: &str) -> Option<Option<UtcOffset>> {
    let text = text.trim();
    let number = text.strip_prefix(['Z', 'z']).unwrap_or(text);
    if number.is_empty() {
        return Some((!text.is_empty()).then_some(UtcOffset::UTC));
    }
    let (east, number) = match (number.strip_prefix('+'), number.strip_prefix('-')) {
        (Some(number), _) => (true, number),
        (None, Some(number)) => (false, number),
        (None, None) => return None,
    };
    let (hours, minutes) = match number.len() {
        2 => (number, "00"),
        4 => number.split_at_checked(2)?,
        5 => number.split_once(':')?,
        _ => return None,
    };
    let (hours, minutes) = (small(hours)?, small(minutes)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    UtcOffset::from_whole_seconds(if east { seconds } else { -seconds }).ok().map(Some)
}

/// `Mon Jun 19 00:00:00 BST 2023`.
fn read_java(text: &str) -> Option<OffsetDateTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split(' ');
    let _weekday = words.next()?;
    let month = words.next()?;
    let month = MONTHS.iter().zip(1_u8..).find(|(name, _)| **name == month)?.1;
    let day = small(words.next()?)?;
    let clock = read_clock(words.next()?)?;
    let offset = match words.next()? {
        "BST" => UtcOffset::from_hms(1, 0, 0).ok()?,
        "GMT" | "UTC" => UtcOffset::UTC,
        _ => return None,
    };
    let year = i32::try_from(digits(words.next()?, 4)?).ok()?;
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    words.next().is_none().then(|| PrimitiveDateTime::new(date, clock).assume_offset(offset))
}

fn only_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && only_digits(text)).then(|| text.parse().ok()).flatten()
}

fn small(text: &str) -> Option<u8> {
    digits(text, 2).and_then(|value| u8::try_from(value).ok())
}

/// A clock time in Britain. In the hour that comes twice in October the first is meant, and the
/// hour that never comes in March is read as the one after it.
fn british(local: PrimitiveDateTime) -> OffsetDateTime {
    let in_summer = local.assume_utc() - Duration::hours(1);
    if british_offset(in_summer) == UtcOffset::UTC { local.assume_utc() } else { in_summer }
}

/// Summer time runs from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of
/// October (Summer Time Act 1972, as amended in 2002).
pub(crate) fn british_offset(moment: OffsetDateTime) -> UtcOffset {
    let moment = moment.to_offset(UtcOffset::UTC);
    let change = |month| {
        last_sunday(moment.year(), month)
            .map(|day| PrimitiveDateTime::new(day, Time::MIDNIGHT).assume_utc() + Duration::HOUR)
    };
    let summer = match (change(Month::March), change(Month::October)) {
        (Some(start), Some(end)) => moment >= start && moment < end,
        (None, _) | (_, None) => false,
    };
    if summer { UtcOffset::from_hms(1, 0, 0).unwrap_or(UtcOffset::UTC) } else { UtcOffset::UTC }
}

/// The last Sunday of March or October, both of which have 31 days.
fn last_sunday(year: i32, month: Month) -> Option<Date> {
    let last = Date::from_calendar_date(year, month, 31).ok()?;
    last.checked_sub(Duration::days(last.weekday().number_days_from_sunday().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2025-06-15 12:00 UTC);

    fn told(value: Value) -> Result<OffsetDateTime, QuarantineReason> {
        let mut body = Object::new();
        body.insert("occurredAt".to_owned(), value);
        occurred_at(&body, NOW)
    }

    #[test]
    fn each_written_form_gives_its_moment() {
        for (text, moment) in [
            ("2025-06-14T10:00:00Z", datetime!(2025-06-14 10:00 UTC)),
            ("2025-06-14T10:00:00+01:00", datetime!(2025-06-14 09:00 UTC)),
            ("2025-06-14T10:00:00+0100", datetime!(2025-06-14 09:00 UTC)),
            ("2025-06-14T10:00:00+01", datetime!(2025-06-14 09:00 UTC)),
            ("2025-06-14T10:00:00-00:30", datetime!(2025-06-14 10:30 UTC)),
            ("2025-06-14T10:00+01:00", datetime!(2025-06-14 09:00 UTC)),
            (
                "2025-06-14T10:00:00.442+01:00[Europe/London]",
                datetime!(2025-06-14 09:00:00.442 UTC),
            ),
            ("2025-06-14T10:00:00.123456789Z", datetime!(2025-06-14 10:00:00.123_456_789 UTC)),
            ("2025-06-14T10:00:00.12345678912Z", datetime!(2025-06-14 10:00:00.123_456_789 UTC)),
            ("2025-06-14T10:00:00Z+01:00", datetime!(2025-06-14 09:00 UTC)),
            ("2025-06-14 10:00:00Z", datetime!(2025-06-14 10:00 UTC)),
            ("2025-06-14T10:00:00", datetime!(2025-06-14 09:00 UTC)),
            ("2025-01-14T10:00:00", datetime!(2025-01-14 10:00 UTC)),
            ("2025-06-14T10:00:00[Europe/London]", datetime!(2025-06-14 09:00 UTC)),
            (" 2025-06-14T10:00:00Z ", datetime!(2025-06-14 10:00 UTC)),
            ("Sat Jun 14 10:00:00 BST 2025", datetime!(2025-06-14 09:00 UTC)),
            ("Tue Jan 14 10:00:00 GMT 2025", datetime!(2025-01-14 10:00 UTC)),
        ] {
            assert_eq!(told(json!(text)), Ok(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_told_apart() {
        use QuarantineReason::{FutureTime, MissingTime, PlaceholderTime, UnreadableTime};
        for (value, reason) in [
            (json!(null), MissingTime),
            (json!(""), MissingTime),
            (json!("{createdDate}"), PlaceholderTime),
            (json!("${occurredAt}"), PlaceholderTime),
            (json!(1_749_900_000), UnreadableTime),
            (json!({ "seconds": 1 }), UnreadableTime),
            (json!("yesterday"), UnreadableTime),
            (json!("2025-06-14"), UnreadableTime),
            (json!("14/06/2025 10:00:00"), UnreadableTime),
            (json!("2025-02-30T10:00:00Z"), UnreadableTime),
            (json!("2025-06-14T25:00:00Z"), UnreadableTime),
            (json!("2025-06-14T10:00:00+99:00"), UnreadableTime),
            (json!("2025-06-14T10:00:00 EST"), UnreadableTime),
            (json!("2025-06-14T10:00:00[Asia/Tokyo]"), UnreadableTime),
            (json!("1066-10-14T10:00:00Z"), UnreadableTime),
            (json!("2025-06-16T12:00:01Z"), FutureTime),
        ] {
            assert_eq!(told(value.clone()), Err(reason), "{value}");
        }
        assert!(told(json!("2025-06-16T12:00:00Z")).is_ok());
    }

    #[test]
    fn clocks_change_on_the_last_sundays_of_march_and_october() {
        for (local, moment) in [
            (datetime!(2025-03-30 00:59:59), datetime!(2025-03-30 00:59:59 UTC)),
            (datetime!(2025-03-30 02:00:00), datetime!(2025-03-30 01:00:00 UTC)),
            (datetime!(2025-10-26 00:59:59), datetime!(2025-10-25 23:59:59 UTC)),
            (datetime!(2025-10-26 01:30:00), datetime!(2025-10-26 00:30:00 UTC)),
            (datetime!(2025-10-26 02:00:00), datetime!(2025-10-26 02:00:00 UTC)),
            // 31 March 2024 and 31 October 2027 are themselves Sundays.
            (datetime!(2024-03-31 02:00:00), datetime!(2024-03-31 01:00:00 UTC)),
            (datetime!(2027-10-31 02:00:00), datetime!(2027-10-31 02:00:00 UTC)),
        ] {
            assert_eq!(british(local), moment, "{local}");
        }
    }
}
