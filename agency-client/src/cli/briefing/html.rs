//! A sheet as one page of HTML that prints on A4.
//!
//! Owns: the page. Promises: one file with no script and nothing to fetch; every text is escaped,
//! and a character that leads the eye is shown as an escape; each part begins on a page of its own,
//! and head and foot stand on every page.

use super::sheet::{Block, Section, Sheaf, Sheet};
use super::text::MARKING;
use super::words;
use crate::cli::shown;
use std::fmt::Write as _;

/// A browser is told to fetch nothing and to run nothing, whatever stands below.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<meta name=\"referrer\" content=\"no-referrer\">\n<title>OFFICIAL-SENSITIVE</title>\n<style>\n\
@page { size: A4; margin: 12mm; }\n\
body { font: 10.5pt/1.35 Arial, sans-serif; color: #000; background: #fff; margin: 0; }\n\
table.part { width: 100%; border-collapse: collapse; }\n\
table.part + table.part { break-before: page; }\n\
thead.head { display: table-header-group; }\ntfoot.foot { display: table-footer-group; }\n\
.head td, .foot td { font-size: 8.5pt; padding: 1mm 0 2mm; }\n\
.marking { text-align: center; font-weight: bold; }\n\
h1 { font-size: 15pt; margin: 2mm 0; }\n\
h2 { font-size: 12pt; margin: 5mm 0 1mm; border-bottom: 1pt solid #000; break-after: avoid; }\n\
.item { border: 0.5pt solid #555; padding: 1.5mm 2mm; margin: 1.5mm 0; break-inside: avoid; }\n\
.item h3 { font-size: 10.5pt; margin: 0 0 1mm; }\n\
.warn { border: 1pt solid #000; padding: 0 1mm; font-weight: bold; }\n\
dl { display: grid; grid-template-columns: 24mm 1fr; margin: 0; }\n\
dt { font-weight: bold; }\ndd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }\n\
table.plan { width: 100%; border-collapse: collapse; }\n\
table.plan th, table.plan td { border: 0.5pt solid #555; padding: 1mm; text-align: left; \
vertical-align: top; overflow-wrap: anywhere; }\ntable.plan tr { break-inside: avoid; }\n\
</style>\n</head>\n<body>\n";

/// The whole page. Writing to a text succeeds.
pub(super) fn of(sheet: &Sheet) -> String {
    let mut page = HEAD.to_owned();
    for part in &sheet.parts {
        write_part(&mut page, sheet, part);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn write_part(page: &mut String, sheet: &Sheet, part: &Sheaf) {
    let about = &sheet.about;
    let desk = escaped(&format!("{}/{}", about.agency, about.desk));
    let drawn = escaped(&format!(
        "drawn by {} on {}, for {}",
        about.person,
        words::london(about.drawn_at),
        about.purpose
    ));
    let searched = escaped(&part.searched);
    let _ = write!(
        page,
        "<table class=\"part\">\n<thead class=\"head\"><tr><td><div class=\"marking\">{MARKING}\
         </div><div>Desk {desk}, {drawn}</div></td></tr></thead>\n<tfoot class=\"foot\"><tr><td>\
         <div>Searched: {searched}</div><div class=\"marking\">{MARKING}</div></td></tr></tfoot>\n\
         <tbody><tr><td>\n<h1>{}</h1>\n",
        escaped(&part.title),
    );
    if part.more {
        page.push_str("<p class=\"warn\">There is more, given earlier, than is shown here.</p>\n");
    }
    for section in &part.sections {
        write_section(page, section);
    }
    page.push_str("</td></tr></tbody>\n</table>\n");
}

fn write_section(page: &mut String, section: &Section) {
    let _ = writeln!(page, "<h2>{}</h2>", escaped(section.title));
    if section.blocks.is_empty() {
        page.push_str("<p>Nothing.</p>\n");
    }
    for block in &section.blocks {
        match block {
            Block::See(number, headline) => {
                let _ = writeln!(page, "<p>{number}. {}: see above</p>", escaped(headline));
            }
            Block::Full(number, entry) => {
                let _ = write!(
                    page,
                    "<div class=\"item\">\n<h3>{number}. {}",
                    escaped(&entry.headline)
                );
                if entry.immediate {
                    page.push_str(" <span class=\"warn\">IMMEDIATE</span>");
                }
                if entry.no_onward {
                    page.push_str(" <span class=\"warn\">DO NOT SHARE ONWARD</span>");
                }
                page.push_str("</h3>\n<dl>\n");
                for (what, said) in &entry.lines {
                    let _ = writeln!(page, "<dt>{what}</dt><dd>{}</dd>", escaped(said));
                }
                page.push_str("</dl>\n</div>\n");
            }
            Block::Table(head, rows) => write_table(page, head, rows),
        }
    }
}

fn write_table(page: &mut String, head: &[&str], rows: &[Vec<String>]) {
    page.push_str("<table class=\"plan\">\n<thead><tr>");
    for head in head {
        let _ = write!(page, "<th>{}</th>", escaped(head));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        page.push_str("<tr>");
        for cell in row {
            let _ = write!(page, "<td>{}</td>", escaped(cell));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}

/// A text that stands between tags and can begin none.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in shown::in_text(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
