//! Workbooks as spreadsheets write them, and as nobody ought to.

use std::io::Write as _;

use super::*;
use time::macros::date;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MAIN: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
const OPEN: &str = "http://schemas.openxmlformats.org";

/// An archive of these parts, compressed in this way.
fn archive_of(parts: &[(&str, &str)], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::DEFAULT.compression_method(method);
    for (name, content) in parts {
        archive.start_file(*name, options).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// An archive whose parts are as they are.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    archive_of(parts, CompressionMethod::Stored)
}

/// The parts of a workbook with these sheets, by name; its styles: 0 none, 1 a date, 2 a duration.
fn parts(properties: &str, sheets: &[(&str, &str)]) -> Vec<(String, String)> {
    let (mut named, mut related, mut parts) = (String::new(), String::new(), Vec::new());
    for (number, (name, content)) in (1..).zip(sheets) {
        named += &format!("<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"r{number}\"/>");
        related += &format!(
            "<Relationship Id=\"r{number}\" Type=\"{OPEN}/officeDocument/2006/relationships/\
             worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        );
        let sheet = format!("<worksheet {MAIN}>{content}</worksheet>");
        parts.push((format!("xl/worksheets/sheet{number}.xml"), sheet));
    }
    let relations = format!("xmlns=\"{OPEN}/package/2006/relationships\"");
    for (name, content) in [
        (
            "_rels/.rels",
            format!(
                "<Relationships {relations}><Relationship Id=\"r1\" Type=\"{OPEN}/officeDocument/\
                 2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook {MAIN} xmlns:r=\"{OPEN}/officeDocument/2006/relationships\">\
                 {properties}<sheets>{named}</sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!("<Relationships {relations}>{related}</Relationships>"),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet {MAIN}><numFmts count=\"1\"><numFmt numFmtId=\"170\" \
                 formatCode=\"[h]:mm\"/></numFmts><cellXfs count=\"3\"><xf numFmtId=\"0\"/>\
                 <xf numFmtId=\"14\"/><xf numFmtId=\"170\"/></cellXfs></styleSheet>"
            ),
        ),
    ] {
        parts.push((name.to_owned(), content));
    }
    parts
}

fn packed(parts: &[(String, String)]) -> Vec<u8> {
    let parts: Vec<_> = parts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    archive(&parts)
}

fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    packed(&parts("", sheets))
}

/// A sheet of these cells and what follows them.
fn sheet(cells: &str, after: &str) -> String {
    format!("<sheetData>{cells}</sheetData>{after}")
}

fn read_one(cells: &str, after: &str) -> Result<Table, FlagListError> {
    read(&workbook(&[("List", &sheet(cells, after))]), None, 1)
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A cell of text in its own place.
fn inline(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

#[test]
fn each_cell_is_what_the_spreadsheet_made_of_it() {
    let cells = format!(
        "<row r=\"3\">{}<c r=\"B3\" s=\"1\"><v>45943.541</v></c><c r=\"C3\"><v>12345</v></c>\
         <c r=\"D3\" t=\"b\"><v>1</v></c><c r=\"E3\" t=\"e\"><v>#N/A</v></c>\
         <c r=\"F3\" s=\"1\"><v>60</v></c><c r=\"G3\" s=\"2\"><v>1.5</v></c>\
         <c r=\"H3\" t=\"d\"><v>2025-10-13T00:00:00</v></c><c r=\"I3\" s=\"1\"/>\
         <c r=\"J3\" t=\"str\"><f>A3</f><v>Z9001ZA</v></c>\
         <c r=\"K3\"><f t=\"shared\" si=\"99999999999\"/><v>1</v></c>{}{}</row>",
        inline("A3", "  Invented\u{a0}Ash\u{a0} "),
        inline("L3", "\u{a0} "),
        inline("M3", "=A3"),
    );
    let table = read_one(&cells, "").unwrap();
    assert_eq!(table.keys().collect::<Vec<_>>(), [&3], "numbered as the spreadsheet shows it");
    let day = Cell::Day(date!(2025 - 10 - 13));
    let expected = [
        (0, text("Invented\u{a0}Ash")),
        (1, day.clone()),
        (2, Cell::Number),
        (3, Cell::Number),
        (4, Cell::Error),
        (5, Cell::NoDay),
        (6, Cell::Number),
        (7, day),
        (9, Cell::Formula),
        (10, Cell::Formula),
        (12, Cell::Formula),
    ];
    assert!(table[&3] == expected.into());
}

#[test]
fn a_workbook_may_count_its_days_from_1904() {
    let cells = "<row r=\"1\"><c r=\"A1\" s=\"1\"><v>44481</v></c></row>";
    let parts = parts("<workbookPr date1904=\"1\"/>", &[("List", &sheet(cells, ""))]);
    let table = read(&packed(&parts), None, 1).unwrap();
    assert!(table[&1][&0] == Cell::Day(date!(2025 - 10 - 13)));
}

#[test]
fn of_more_sheets_than_one_the_mapping_names_which() {
    let (one, two) = (sheet(&inline("A1", "one"), ""), sheet(&inline("B2", "two"), ""));
    let book = workbook(&[("One", &one), ("Two", &two)]);
    assert_eq!(read(&book, None, 1), Err(FlagListError::WhichSheet { sheets: 2 }));
    assert_eq!(read(&book, Some("Three"), 1), Err(FlagListError::NoSuchSheet));
    assert!(read(&book, Some("Two "), 1).unwrap()[&2][&1] == text("two"));
    let hidden = "<sheet state=\"hidden\" name=\"One\"";
    let mut parts = parts("", &[("One", &one), ("Two", &two)]);
    for (_, part) in &mut parts {
        *part = part.replace("<sheet name=\"One\"", hidden);
    }
    let only_one_is_seen = read(&packed(&parts), None, 1);
    assert_eq!(only_one_is_seen, Err(FlagListError::WhichSheet { sheets: 2 }));
}

#[test]
fn what_is_merged_is_told_in_every_row_but_that_of_the_headings_and_above() {
    let cells = ["A1", "A2", "A3", "B3", "A4"].map(|at| format!("<row>{}</row>", inline(at, "x")));
    let merged = "<mergeCells><mergeCell ref=\"A1:C1\"/><mergeCell ref=\"B2:B3\"/>\
                  <mergeCell ref=\"A9:XFD1048576\"/></mergeCells>";
    let table = read_one(&cells.concat(), merged).unwrap();
    assert!(table[&1] == [(0, text("x"))].into());
    assert!(table[&2] == [(0, text("x")), (1, Cell::Merged)].into());
    assert!(table[&3] == [(0, text("x")), (1, Cell::Merged)].into());
    assert!(table[&4] == [(0, text("x"))].into());
    assert_eq!(table.len(), 4);
}

#[test]
fn a_sheet_has_bounds_and_what_is_far_away_takes_no_room() {
    let far = |at: &str| read_one(&format!("<row>{}</row>", inline(at, "x")), "");
    assert!(far("GR5001").is_ok());
    assert_eq!(far("A5002"), Err(FlagListError::TooManyRows));
    assert_eq!(far("GS1"), Err(FlagListError::TooManyColumns));
    // Only a look of a cell: it holds nothing.
    assert!(read_one("<row><c r=\"XFD1048576\" s=\"1\"/></row>", "").unwrap().is_empty());
    let many = "<mergeCell ref=\"A2:GR5001\"/>".repeat(1_001);
    let many = format!("<mergeCells>{many}</mergeCells>");
    assert_eq!(read_one(&inline("A1", "x"), &many), Err(FlagListError::TooLarge));
}

#[test]
fn what_would_unpack_to_more_than_its_bound_is_not_unpacked() {
    let mut parts = parts("", &[("List", &sheet("", ""))]);
    let large = " ".repeat(archive::UNPACKED_BYTES_MAX);
    parts.push(("xl/sharedStrings.xml".to_owned(), large.clone()));
    assert_eq!(read(&packed(&parts), None, 1), Err(FlagListError::TooLarge));
    // What is not read costs nothing.
    parts.pop();
    parts.push(("xl/media/picture.png".to_owned(), large));
    assert!(read(&packed(&parts), None, 1).is_ok());
}

/// The places of an archive where something begins.
fn places(archive: &[u8], mark: &[u8]) -> Vec<usize> {
    let windows = archive.windows(mark.len()).enumerate();
    windows.filter(|(_, window)| *window == mark).map(|(at, _)| at).collect()
}

#[test]
fn no_more_is_unpacked_than_its_bound_whatever_is_declared() {
    let large = " ".repeat(archive::UNPACKED_BYTES_MAX + 1);
    let bomb = archive_of(&[("xl/workbook.xml", &large)], CompressionMethod::Deflated);
    assert!(bomb.len() < 1 << 20, "a small file that would unpack to a large one");
    assert_eq!(archive::unpacked(&bomb), Err(FlagListError::TooLarge));
    // It declares to be one byte: where its part begins, and in the directory.
    let mut modest = bomb.clone();
    for (mark, size) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let at = places(&bomb, mark)[0] + size;
        modest[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
    }
    assert_ne!(modest, bomb);
    assert_eq!(archive::unpacked(&modest), Err(FlagListError::TooLarge));
    // What each part may hold alone, they may not hold together.
    let half = " ".repeat(archive::UNPACKED_BYTES_MAX / 2);
    for (last, outcome) in [("", Ok(())), (" ", Err(FlagListError::TooLarge))] {
        let parts = [("a.xml", half.as_str()), ("b.xml", &half), ("c.xml", last)];
        let archive = archive_of(&parts, CompressionMethod::Deflated);
        assert_eq!(archive::unpacked(&archive).map(|_| ()), outcome);
    }
}

#[test]
fn an_archive_of_more_parts_than_its_bound_is_refused_whether_or_not_they_are_read() {
    let mut parts = parts("", &[("List", &sheet("", ""))]);
    for number in parts.len()..1_000 {
        parts.push((format!("xl/media/picture{number}.png"), String::new()));
    }
    assert!(read(&packed(&parts), None, 1).is_ok());
    parts.push(("xl/media/picture.png".to_owned(), String::new()));
    assert_eq!(read(&packed(&parts), None, 1), Err(FlagListError::TooLarge));
}

#[test]
fn an_encrypted_part_an_unknown_compression_and_another_checksum_are_refused() {
    let book = workbook(&[("List", &sheet(&inline("A1", "x"), ""))]);
    let entry = places(&book, b"PK\x01\x02")[0];
    for (what, at, value) in
        [("flags", entry + 8, 1), ("compression", entry + 10, 12), ("checksum", entry + 16, 0)]
    {
        let mut altered = book.clone();
        assert_ne!(altered[at], value, "{what}");
        altered[at] = value;
        assert_eq!(read(&altered, None, 1), Err(FlagListError::Unreadable), "{what}");
    }
}

#[test]
fn a_directory_that_could_be_read_many_times_or_announces_many_parts_is_not_read_at_all() {
    let book = workbook(&[("List", &sheet("", ""))]);
    let end = book.len() - 22;
    // Twenty ends, of which all but the true one lie.
    let lying = [b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff".as_slice(), &[0; 10]].concat();
    let many = [&book[..end], &lying.repeat(19), &book[end..]].concat();
    assert_eq!(read(&many, None, 1), Err(FlagListError::Unreadable));
    // The locator of ZIP64, where its readers look for it.
    let locator = [b"PK\x06\x07".as_slice(), &[0; 16]].concat();
    let zip64 = [&book[..end], &locator, &book[end..]].concat();
    assert_eq!(read(&zip64, None, 1), Err(FlagListError::Unreadable));
}

#[test]
fn a_part_that_announces_more_strings_than_it_can_hold_is_refused() {
    for (announced, is_taken) in
        [("\"2\"", true), ("\"99999999999999\"", false), (" = '018446744073709551615'", false)]
    {
        let mut parts = parts("", &[("List", &sheet("", ""))]);
        let separator = if announced.starts_with('"') { "=" } else { "" };
        let strings = format!("<sst {MAIN} uniqueCount{separator}{announced}></sst>");
        parts.push(("xl/sharedStrings.xml".to_owned(), strings));
        let read = read(&packed(&parts), None, 1);
        assert_eq!(read.is_ok(), is_taken, "{announced}");
    }
}

#[test]
fn what_is_no_workbook_is_told_apart() {
    let book = workbook(&[("List", &sheet(&inline("A1", "x"), ""))]);
    assert!(is_workbook(&book) && !is_workbook(b"a,b") && is_workbook(COMPOUND));
    assert_eq!(read(COMPOUND, None, 1), Err(FlagListError::OldOrProtected));
    for end in [4, 30, book.len() / 2, book.len() - 1] {
        assert_eq!(read(&book[..end], None, 1), Err(FlagListError::Unreadable), "{end}");
    }
    let twice = [("xl/a.xml", "<a/>"), ("XL/A.xml", "<a/>")];
    assert_eq!(read(&archive(&twice), None, 1), Err(FlagListError::Unreadable));
    assert_eq!(read(&archive(&[("a.xml", "<a/>")]), None, 1), Err(FlagListError::Unreadable));
}

#[test]
fn an_archive_that_a_spreadsheet_deflated_is_read() {
    let sample = include_bytes!("../../../examples/flags/nominals.xlsx");
    let table = read(sample, Some("Nominals"), 1).unwrap();
    assert_eq!(table.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 6, 7, 8]);
    assert!(table[&2][&0] == text("Invented Ash"));
    assert!(table[&2][&1] == Cell::Day(date!(1988 - 03 - 05)));
}

/// Whether a table says what the other says. Without its formats a day is a number, which the
/// mapping takes for a fault.
fn says_nothing_else(table: &Table, original: &Table) -> bool {
    let same = |cell: &Cell, other: &Cell| {
        cell == other || (*cell == Cell::Number && matches!(other, Cell::Day(_)))
    };
    table.keys().eq(original.keys())
        && table.values().zip(original.values()).all(|(row, other)| {
            row.keys().eq(other.keys())
                && row.values().zip(other.values()).all(|(cell, other)| same(cell, other))
        })
}

#[test]
fn altered_workbooks_are_refused_or_say_nothing_else_and_never_stop_the_program() {
    let sample = include_bytes!("../../../examples/flags/nominals.xlsx").as_slice();
    let original = read(sample, Some("Nominals"), 1).unwrap();
    let mut others = Vec::new();
    for at in (0..sample.len()).step_by(5) {
        let mut altered = sample.to_vec();
        altered[at] ^= 0x15;
        let table = read(&altered, Some("Nominals"), 1);
        if table.is_ok_and(|table| !says_nothing_else(&table, &original)) {
            others.push(at);
        }
    }
    assert_eq!(others, Vec::<usize>::new(), "altered bytes after which it says something else");
    let cells = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>7</v></c></row>";
    for cells in [
        cells,
        "<row r=\"99999999999\"><c r=\"A1\"><v>1</v></c></row>",
        "<row><c r=\"ZZZZZZZZZZ1\"><v>1</v></c></row>",
        "<row><c r=\"1\"><v>1</v></c></row>",
        "<row><c s=\"1\"><v>1e308</v></c></row>",
        "<row><c s=\"1\"><v>-5</v></c></row>",
        "<row><c r=\"A1\">",
        "<row><c r=\"A1\" t=\"nonsense\"><v>1</v></c></row>",
    ] {
        let _ = read_one(cells, "");
    }
    let backward = "<mergeCells><mergeCell ref=\"C9:A1\"/></mergeCells>";
    let _ = read_one(&inline("A1", "x"), backward);
}
