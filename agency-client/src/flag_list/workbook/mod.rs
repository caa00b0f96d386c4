//! A list in a workbook (.xlsx), as rows of cells.
//!
//! Owns: which sheet is read, and what each of its cells is. Promises: the file is unpacked within
//! a bound before it is read; only cells that hold something take up room, so that a sheet whose
//! last cell is far away costs nothing; where a formula stands, its outcome is not taken.
//! Deliberately does not know: columns. Rows that a filter hides are read like others.

mod archive;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Dimensions, Reader as _, SheetType, Xlsx, XlsxError};

use super::fault::{FlagListError, LIST_COLUMNS_MAX, LIST_ROWS_MAX};
use super::table::{Cell, Table, day_of_serial, written_day};

/// What an archive begins with.
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// What a workbook of the form before 2007 begins with, and one with a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// The most merged cells of a sheet.
const MERGED_MAX: usize = 1_000;

/// Whether this is a workbook, whatever it is called.
pub(super) fn is_workbook(content: &[u8]) -> bool {
    content.starts_with(ARCHIVE) || content.starts_with(COMPOUND)
}

/// Reads a sheet of a workbook.
///
/// Refuses: [`FlagListError`], whatever the bytes.
pub(super) fn read(
    content: &[u8],
    sheet: Option<&str>,
    heading_row: u32,
) -> Result<Table, FlagListError> {
    if content.starts_with(COMPOUND) {
        return Err(FlagListError::OldOrProtected);
    }
    // The readers of archives and of workbooks compute with what is written in one. What makes
    // them stumble is a workbook that no spreadsheet wrote.
    catch_unwind(AssertUnwindSafe(|| read_archive(archive::unpacked(content)?, sheet, heading_row)))
        .unwrap_or(Err(FlagListError::Unreadable))
}

impl From<XlsxError> for FlagListError {
    /// What the reader says is left out, because it quotes what it read.
    fn from(_: XlsxError) -> Self {
        Self::Unreadable
    }
}

fn read_archive(
    archive: Vec<u8>,
    sheet: Option<&str>,
    heading_row: u32,
) -> Result<Table, FlagListError> {
    let mut workbook = Xlsx::new(Cursor::new(archive))?;
    let sheets = workbook.sheets_metadata().iter();
    let sheets = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
    let name = match (sheet, names.as_slice()) {
        (Some(wanted), names) => names.iter().find(|name| name.trim() == wanted.trim()),
        (None, [only]) => Some(only),
        (None, names) => return Err(FlagListError::WhichSheet { sheets: names.len() }),
    };
    let name = name.ok_or(FlagListError::NoSuchSheet)?;
    let merged = workbook.merge_cells_by_sheet_name(name)?;
    if merged.len() > MERGED_MAX {
        return Err(FlagListError::TooLarge);
    }
    let is_1904 = workbook.has_1904_epoch();
    let mut table = Table::new();
    let mut cells = workbook.worksheet_cells_reader(name)?;
    while let Some(cell) = cells.next_cell_with_formula_metadata()? {
        let value = match cell.formula {
            Some(_) => Some(Cell::Formula),
            None => value(&cell.value, is_1904),
        };
        let Some(value) = value else { continue };
        let (row, column) = (cell.pos.0.saturating_add(1), cell.pos.1);
        if row > heading_row.saturating_add(LIST_ROWS_MAX) {
            return Err(FlagListError::TooManyRows);
        }
        if column >= LIST_COLUMNS_MAX {
            return Err(FlagListError::TooManyColumns);
        }
        table.entry(row).or_default().insert(column, value);
    }
    mark_merged(&mut table, &merged, heading_row);
    Ok(table)
}

/// What a cell holds; `None` if it is nothing, or only looks.
fn value(value: &DataRef<'_>, is_1904: bool) -> Option<Cell> {
    match value {
        DataRef::Empty => None,
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::DateTime(day) if day.is_datetime() => {
            Some(day_of_serial(day.as_f64(), is_1904).map_or(Cell::NoDay, Cell::Day))
        }
        DataRef::DateTimeIso(text) => {
            let day = text.get(..10).and_then(|day| written_day(day, false));
            Some(day.map_or(Cell::NoDay, Cell::Day))
        }
        DataRef::DateTime(_)
        | DataRef::DurationIso(_)
        | DataRef::Int(_)
        | DataRef::Float(_)
        | DataRef::Bool(_) => Some(Cell::Number),
        DataRef::Error(_) => Some(Cell::Error),
    }
}

/// Marks the parts of merged cells in the rows that hold something. A merged heading is a title.
fn mark_merged(table: &mut Table, merged: &[Dimensions], heading_row: u32) {
    let last_row = table.keys().next_back().copied().unwrap_or_default();
    for region in merged {
        let rows = region.start.0.saturating_add(1)..=region.end.0.saturating_add(1).min(last_row);
        for row in rows.filter(|row| *row > heading_row) {
            let Some(cells) = table.get_mut(&row) else { continue };
            for column in region.start.1..=region.end.1.min(LIST_COLUMNS_MAX) {
                cells.insert(column, Cell::Merged);
            }
        }
    }
}

#[cfg(test)]
mod tests;
