//! A list as rows of cells, whatever file it came from.
//!
//! Owns: what a cell can be, and how days are told. Promises: a cell whose meaning a spreadsheet
//! may have changed is never text; nothing of a cell is in a `Debug` line.
//! Deliberately does not know: columns, people and flags.

use std::collections::BTreeMap;
use std::fmt;

use time::{Date, Month};

/// A cell that holds something.
#[derive(Clone, PartialEq)]
pub(super) enum Cell {
    /// Text as it was typed, without blanks around it; never empty.
    Text(String),
    /// What is not UTF-8.
    NotText,
    /// A day of the spreadsheet's own.
    Day(Date),
    /// A day of the spreadsheet's own that is none, such as 29 February 1900.
    NoDay,
    /// A number or a truth.
    Number,
    /// The outcome of a formula, which may be older than what it is computed from.
    Formula,
    /// The error in which a formula ended.
    Error,
    /// A part of a merged cell: whether it is meant here too cannot be known.
    Merged,
}

impl fmt::Debug for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Cell(…)")
    }
}

impl Cell {
    /// Text; `None` if there is nothing but blanks.
    pub(super) fn text(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        // A CSV holds a formula as its text, and so does a cell in which one was meant.
        if text.starts_with('=') {
            return Some(Self::Formula);
        }
        Some(Self::Text(text.to_owned()))
    }
}

/// A row that holds something: its cells by their columns, from 0.
pub(super) type Row = BTreeMap<u32, Cell>;

/// The rows that hold something, by their numbers as the spreadsheet shows them (from 1).
pub(super) type Table = BTreeMap<u32, Row>;

/// The last day that a spreadsheet knows: 31 December 9999.
const SERIAL_MAX: f64 = 2_958_465.0;

/// The day of a serial number, the hour left out.
///
/// In the system of 1900, day 1 is 1 January 1900 and day 60 is 29 February 1900, which there
/// never was; in that of 1904, day 0 is 1 January 1904 (ECMA-376 part 1, 18.17.4.1).
pub(super) fn day_of_serial(serial: f64, is_1904: bool) -> Option<Date> {
    let least = if is_1904 { 0.0 } else { 1.0 };
    if !(least..SERIAL_MAX + 1.0).contains(&serial) {
        return None;
    }
    let days = serial.floor() as i64;
    let (year, month, day, after) = match (is_1904, days) {
        (true, days) => (1904, Month::January, 1, days),
        (false, ..60) => (1899, Month::December, 31, days),
        (false, 60) => return None,
        (false, 61..) => (1899, Month::December, 30, days),
    };
    let epoch = Date::from_calendar_date(year, month, day).ok()?;
    epoch.checked_add(time::Duration::days(after))
}

/// A day that is written `YYYY-MM-DD`, or with the day first as `DD/MM/YYYY`, with `/`, `-` or
/// `.` between. A year of two digits could be of two centuries and is none.
pub(super) fn written_day(text: &str, day_first: bool) -> Option<Date> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [one, two, three] = parts.as_slice() else { return None };
    let (year, month, day) = match (one.len(), two.len(), three.len()) {
        (4, 2, 2) if text.matches('-').count() == 2 => (one, two, three),
        (1 | 2, 1 | 2, 4) if day_first => (three, two, one),
        _ => return None,
    };
    let number = |digits: &str| {
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let month = Month::try_from(u8::try_from(number(month)?).ok()?).ok()?;
    Date::from_calendar_date(number(year)?.into(), month, u8::try_from(number(day)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_serial_number_is_a_day_of_its_system() {
        for (serial, is_1904, day) in [
            (1.0, false, Some(date!(1900 - 01 - 01))),
            (59.0, false, Some(date!(1900 - 02 - 28))),
            (60.0, false, None),
            (61.0, false, Some(date!(1900 - 03 - 01))),
            (45_943.541, false, Some(date!(2025 - 10 - 13))),
            (2_958_465.0, false, Some(date!(9999 - 12 - 31))),
            (2_958_466.0, false, None),
            (0.5, false, None),
            (-1.0, false, None),
            (f64::NAN, false, None),
            (f64::INFINITY, false, None),
            (0.0, true, Some(date!(1904 - 01 - 01))),
            (44_481.0, true, Some(date!(2025 - 10 - 13))),
        ] {
            assert_eq!(day_of_serial(serial, is_1904), day, "{serial}");
        }
    }

    #[test]
    fn a_day_is_written_with_its_year_in_full_and_with_the_day_first_only_where_that_is_said() {
        let day = Some(date!(1985 - 03 - 04));
        assert_eq!(written_day("1985-03-04", false), day);
        assert_eq!(written_day("1985-03-04", true), day);
        for text in ["04/03/1985", "4/3/1985", "04.03.1985", "04-03-1985"] {
            assert_eq!(written_day(text, true), day, "{text}");
            assert_eq!(written_day(text, false), None, "{text}");
        }
        for text in
            ["04/03/85", "31/02/1985", "1985/03/04", "+4/3/1985", "03/1985", "", "4/3/1985 10:00"]
        {
            assert_eq!(written_day(text, true), None, "{text}");
        }
    }

    #[test]
    fn blanks_around_a_text_are_none_of_it_and_a_formula_is_no_text() {
        let text = |text: &str| Some(Cell::Text(text.to_owned()));
        assert_eq!(Cell::text("\u{a0} A1234AA \t"), text("A1234AA"));
        assert_eq!(Cell::text("  \u{a0}"), None);
        assert_eq!(Cell::text("=\"A1234AA\""), Some(Cell::Formula));
        assert_eq!(format!("{:?}", Cell::text("Invented Person")), "Some(Cell(…))");
    }
}
