//! A list in CSV, as rows of cells.
//!
//! Owns: byte order marks, and the numbers of rows. Promises: a row has the number that a
//! spreadsheet shows for it, empty lines and cells of several lines counted as it counts them.
//! Deliberately does not know: columns.

use super::fault::{FlagListError, LIST_COLUMNS_MAX, LIST_ROWS_MAX};
use super::table::{Cell, Row, Table};

/// Reads a list in CSV (RFC 4180), in UTF-8.
///
/// Refuses: `NotUtf8` what begins as UTF-16, `TooManyRows`, `TooManyColumns`. Of other text that
///          is not UTF-8 each cell is told for itself.
pub(super) fn read(content: &[u8], heading_row: u32) -> Result<Table, FlagListError> {
    if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") {
        return Err(FlagListError::NotUtf8);
    }
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
    let (mut table, mut number) = (Table::new(), 0_u32);
    for record in reader.byte_records() {
        // Reading bytes from memory cannot fail; were it to fail, the row would be empty.
        let record = record.unwrap_or_default();
        let begin = record.position().map_or(0, csv::Position::byte);
        number = number.saturating_add(1).saturating_add(empty_lines(content, begin));
        let row = cells(&record)?;
        if row.is_empty() {
            continue;
        }
        if number > heading_row.saturating_add(LIST_ROWS_MAX) {
            return Err(FlagListError::TooManyRows);
        }
        table.insert(number, row);
    }
    Ok(table)
}

fn cells(record: &csv::ByteRecord) -> Result<Row, FlagListError> {
    let mut row = Row::new();
    for (column, bytes) in (0_u32..).zip(record) {
        let cell = std::str::from_utf8(bytes).map_or(Some(Cell::NotText), Cell::text);
        let Some(cell) = cell else { continue };
        if column >= LIST_COLUMNS_MAX {
            return Err(FlagListError::TooManyColumns);
        }
        row.insert(column, cell);
    }
    Ok(row)
}

/// The empty lines between the record before and the one that was read from this byte on: they
/// are passed over there, and a spreadsheet shows each as a row.
fn empty_lines(content: &[u8], begin: u64) -> u32 {
    let begin = usize::try_from(begin).unwrap_or(usize::MAX);
    let before = begin.checked_sub(1).and_then(|at| content.get(at));
    let mut rest = content.get(begin..).unwrap_or_default();
    // The second half of the end of the line before.
    if before == Some(&b'\r') {
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    let mut lines = 0;
    loop {
        let after = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"));
        match after.or_else(|| rest.strip_prefix(b"\r")) {
            Some(after) => rest = after,
            None => return lines,
        }
        lines += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(content: &str) -> Vec<(u32, usize)> {
        let table = read(content.as_bytes(), 1).unwrap();
        table.iter().map(|(number, row)| (*number, row.len())).collect()
    }

    #[test]
    fn rows_have_the_numbers_that_a_spreadsheet_shows() {
        for (content, rows) in [
            ("a,b\n1,2\n", vec![(1, 2), (2, 2)]),
            ("a,b\r\n1,2\r\n3,4", vec![(1, 2), (2, 2), (3, 2)]),
            ("\u{feff}a,b\r\n\r\n\r\n1,2\r\n", vec![(1, 2), (4, 2)]),
            ("\n\na,b\n\n1,2", vec![(3, 2), (5, 2)]),
            ("a,b\n,,\n \t,\n1,2", vec![(1, 2), (4, 2)]),
            ("a,b\n\"one\nand\r\ntwo\",2\n3,4", vec![(1, 2), (2, 2), (3, 2)]),
            ("a,b\r1,2\r\r3,4", vec![(1, 2), (2, 2), (4, 2)]),
            ("a,b\n1,,3,", vec![(1, 2), (2, 2)]),
            ("", vec![]),
        ] {
            assert_eq!(numbers(content), rows, "{content:?}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_told() {
        assert_eq!(read(b"\xff\xfea\0,\0", 1), Err(FlagListError::NotUtf8));
        let table = read(b"a\nZo\xeb", 1).unwrap();
        assert_eq!(table.get(&2).and_then(|row| row.get(&0)), Some(&Cell::NotText));
    }

    #[test]
    fn a_list_is_of_5000_rows_below_its_headings_and_of_200_columns() {
        let rows = |count: usize| format!("a\n{}", "1\n".repeat(count));
        assert_eq!(read(rows(5_000).as_bytes(), 1).unwrap().len(), 5_001);
        assert_eq!(read(rows(5_001).as_bytes(), 1), Err(FlagListError::TooManyRows));
        assert!(read(rows(5_001).as_bytes(), 2).is_ok());
        assert!(read(format!("{}a", ",".repeat(199)).as_bytes(), 1).is_ok());
        let wide = format!("{}a", ",".repeat(200));
        assert_eq!(read(wide.as_bytes(), 1), Err(FlagListError::TooManyColumns));
    }
}
