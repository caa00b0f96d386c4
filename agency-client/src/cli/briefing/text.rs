//! A sheet as text for a terminal.
//!
//! Owns: how it is set out in lines. Promises: says all that the page says. Whoever prints it
//! makes the characters harmless that a terminal obeys.

use super::sheet::{Block, Section, Sheaf, Sheet};
use super::words;
use std::fmt::Write as _;

/// The marking of every sheet.
pub(super) const MARKING: &str = "OFFICIAL-SENSITIVE";

/// The whole sheet. Writing to a text succeeds.
pub(super) fn of(sheet: &Sheet) -> String {
    let mut text = format!("{MARKING}\n");
    let about = &sheet.about;
    for part in &sheet.parts {
        let _ = write!(
            text,
            "\n{}\nDesk {}/{}. Drawn by {} on {}, for {}.\nSearched: {}\n",
            part.title,
            about.agency,
            about.desk,
            about.person,
            words::london(about.drawn_at),
            about.purpose,
            part.searched,
        );
        write_part(&mut text, part);
    }
    text.push('\n');
    text.push_str(MARKING);
    text
}

fn write_part(text: &mut String, part: &Sheaf) {
    if part.more {
        let _ = writeln!(text, "THERE IS MORE, given earlier, than is shown here.");
    }
    for section in &part.sections {
        let _ = writeln!(text, "\n{}", section.title.to_uppercase());
        write_section(text, section);
    }
}

fn write_section(text: &mut String, section: &Section) {
    if section.blocks.is_empty() {
        let _ = writeln!(text, "  Nothing.");
    }
    for block in &section.blocks {
        match block {
            Block::See(number, headline) => {
                let _ = writeln!(text, "  {number}. {headline}: see above");
            }
            Block::Full(number, entry) => {
                let immediate = if entry.immediate { " [IMMEDIATE]" } else { "" };
                let onward = if entry.no_onward { " [DO NOT SHARE ONWARD]" } else { "" };
                let _ = writeln!(text, "  {number}. {}{immediate}{onward}", entry.headline);
                for (what, said) in &entry.lines {
                    let _ = writeln!(text, "     {:<12}{said}", format!("{what}:"));
                }
            }
            Block::Table(head, rows) => {
                for row in rows {
                    let cells = head.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
                    let cells = cells.map(|(head, cell)| format!("{head} {cell}"));
                    let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join(" | "));
                }
            }
        }
    }
}
