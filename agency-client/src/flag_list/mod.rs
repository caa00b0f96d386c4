//! A co-ordinator's own list of nominals, read into flags.
//!
//! Owns: lists in CSV and in workbooks, what their columns mean, and the flag that a row becomes.
//! Promises: every fault of every row is reported at once, by row and column as the spreadsheet
//! shows them and by rule, and never by value; what is wrong with the list as a whole gives no
//! message at all; a faulty row gives none and stops no other; nothing is guessed that a
//! spreadsheet may have changed; the same row gives the same message id however often it is read.
//! Deliberately does not know: which desks there are, who else may see a flag, and whether the
//! person is on the list already. The broker knows.

mod column;
mod csv_file;
mod fault;
mod mapping;
mod nominal;
mod repeated;
mod row;
mod table;
mod workbook;

pub use fault::{
    FlagFault, FlagListError, FlagRule, HeadingFault, LIST_BYTES_MAX, LIST_COLUMNS_MAX,
    LIST_ROWS_MAX, Place,
};
pub use mapping::{FlagListMapping, MappingError, MappingFault};

use std::fmt;

use proto::exchange::v1::Message;
use proto::identifier::CurrentYear;
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::hmpps::ImportProfile;
use row::{Days, Reading};

/// A good row and the message it became. `Debug` shows the row's number only.
#[derive(Clone, PartialEq)]
pub struct FlagRow {
    /// Row, as the spreadsheet shows it.
    pub row: u32,
    /// The message.
    pub message: Message,
}

impl fmt::Debug for FlagRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FlagRow(row {})", self.row)
    }
}

/// A list as read: each row that holds something is in exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlagList {
    /// Good rows, in the list's order.
    pub rows: Vec<FlagRow>,
    /// Every fault of the others, in the list's order.
    pub faults: Vec<FlagFault>,
}

/// Reads a list: a workbook if it is one by its first bytes, otherwise CSV.
///
/// Each good row becomes one flag message. `now` decides what lies ahead or is over, and nothing
/// else: the ids are those of the row, so a row that was changed is a message of its own, and one
/// that was not is told once.
///
/// # Errors
/// [`FlagListError`] when the list as a whole cannot be read; faults of rows are in the result.
pub fn read_flag_list(
    content: &[u8],
    profile: &ImportProfile,
    mapping: &FlagListMapping,
    now: OffsetDateTime,
) -> Result<FlagList, FlagListError> {
    if content.len() > LIST_BYTES_MAX {
        return Err(FlagListError::TooLarge);
    }
    let now = now.to_offset(UtcOffset::UTC);
    let year = u16::try_from(now.year()).ok().and_then(|year| CurrentYear::new(year).ok());
    // The broker forgives in the same way: at UTC+1 no day begins later than in Britain.
    let days = Days {
        year: year.ok_or(FlagListError::Clock)?,
        earliest: now.date(),
        latest: now.saturating_add(Duration::hours(1)).date(),
    };
    let table = if workbook::is_workbook(content) {
        workbook::read(content, mapping.sheet.as_deref(), mapping.heading_row)?
    } else {
        csv_file::read(content, mapping.heading_row)?
    };
    let headings = column::headings(&table, mapping)?;
    let mut list = FlagList::default();
    let mut read = Vec::new();
    for (number, cells) in table.range(mapping.heading_row + 1..) {
        let mut reading = Reading::new(*number, cells, &headings, mapping, &days);
        read.push(reading.nominal());
        list.faults.append(&mut reading.faults);
    }
    list.faults.extend(repeated::faults(&read, &headings));
    list.faults.sort();
    list.faults.dedup();
    let is_good = |row: u32| list.faults.binary_search_by_key(&row, |fault| fault.row).is_err();
    for nominal in read.into_iter().filter(|nominal| is_good(nominal.row)) {
        let row = nominal.row;
        let message = nominal.message(profile, mapping);
        list.rows.extend(message.map(|message| FlagRow { row, message }));
    }
    Ok(list)
}

#[cfg(test)]
mod tests;
