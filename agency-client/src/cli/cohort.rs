//! The verb `cohort-report`.
//!
//! Owns: its words, and the report as CSV. Promises: what is not shown is written so, whatever the
//! reason, and never as a nought; no cell of the CSV is taken for a formula by a spreadsheet.
//! Deliberately does not know: why something is not shown.

use super::args::CohortReport;
use super::error::CliError;
use super::output::{Output, complain};
use crate::connection::Connection;
use crate::files::write_whole;
use crate::settings::Settings;
use proto::audit::v1 as audit;
use proto::exchange::v1::FlagKind;
use proto::text::Named as _;
use serde_json::json;
use std::path::Path;

/// Lists, in the order in which they are told. Each is told, shown or not.
const LISTS: [FlagKind; 8] = [
    FlagKind::Ppo,
    FlagKind::PreProlific,
    FlagKind::Hcc,
    FlagKind::Hccu,
    FlagKind::HighRiskYouth,
    FlagKind::Iom,
    FlagKind::Mappa,
    FlagKind::Dip,
];

const ACTED: [&str; 4] =
    ["within a day", "within three days", "within seven days", "not within seven days"];
const RECEIVED: [&str; 4] =
    ["within an hour", "within a day", "within seven days", "not within seven days"];
const NOT_SHOWN: &str = "not shown";

/// One figure of the report.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    section: &'static str,
    item: String,
    measure: String,
    value: String,
}

/// `agency cohort-report`.
pub(super) async fn report(
    settings: &Path,
    what: &CohortReport,
    out: &Output,
) -> Result<(), CliError> {
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    let request = audit::CohortReportRequest { area: what.area.clone(), month: what.month.clone() };
    let report = connection.audit().await?.cohort_report(request).await?.into_inner();
    let lines = lines(&report);
    if let Some(file) = &what.csv {
        write_whole(file, csv(&lines).as_bytes()).map_err(CliError::file(file))?;
    }
    for line in &lines {
        out.record(
            || {
                json!({"section": line.section, "item": line.item, "measure": line.measure,
                       "value": line.value})
            },
            || format!("{}, {}: {}: {}", line.section, line.item, line.measure, line.value),
        )?;
    }
    complain(&format!(
        "what is not shown is fewer than {}, none, or would let such a figure be worked out",
        report.threshold
    ));
    Ok(())
}

fn lines(report: &audit::CohortReportResponse) -> Vec<Line> {
    let mut lines = Vec::new();
    // The broker-wide auditor is told of links alone.
    if let (Some(contact), Some(gaps)) = (&report.contact, &report.gaps) {
        lines.extend(LISTS.into_iter().flat_map(|list| list_lines(list, &report.lists)));
        lines.extend(spread_lines("release to first contact", "acted", contact, ACTED));
        lines.extend(spread_lines("treatment gaps", "acted", gaps, ACTED));
    }
    for link in &report.links {
        let urgency = if link.immediate { "immediate" } else { "routine" };
        let item = format!("{} to {}, {urgency}", link.sender, link.recipient);
        let received = link.received.clone().unwrap_or_default();
        lines.extend(spread_lines("link", &item, &received, RECEIVED));
        lines.push(line("link", &item, "dead letters", link.dead_letters));
    }
    lines
}

fn list_lines(list: FlagKind, rows: &[audit::ListRow]) -> [Line; 3] {
    let row = rows.iter().find(|row| row.list() == list);
    let cell = |measure: &str, value: Option<u64>| line("list", &list.name(), measure, value);
    [
        cell("selected", row.map(|row| row.selected)),
        cell("de-selected", row.map(|row| row.deselected)),
        cell("caseload", row.map(|row| row.caseload)),
    ]
}

fn spread_lines(
    section: &'static str,
    item: &str,
    spread: &audit::Spread,
    bands: [&str; 4],
) -> Vec<Line> {
    let mut lines = vec![line(section, item, "in all", spread.total)];
    for (place, band) in bands.iter().enumerate() {
        lines.push(line(section, item, band, spread.bands.get(place).copied()));
    }
    let median = spread.median.and_then(|place| bands.get(usize::try_from(place).ok()?));
    let value = median.map_or(NOT_SHOWN, |band| *band).to_owned();
    lines.push(Line { section, item: item.to_owned(), measure: "median".to_owned(), value });
    lines
}

fn line(section: &'static str, item: &str, measure: &str, value: Option<u64>) -> Line {
    let value = value.map_or_else(|| NOT_SHOWN.to_owned(), |value| value.to_string());
    Line { section, item: item.to_owned(), measure: measure.to_owned(), value }
}

/// The report as CSV (RFC 4180), every cell in quotes.
fn csv(lines: &[Line]) -> String {
    let mut text = String::from("\"section\",\"item\",\"measure\",\"value\"\r\n");
    for line in lines {
        let cells = [line.section, &line.item, &line.measure, &line.value].map(cell);
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell. What a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> audit::CohortReportResponse {
        audit::CohortReportResponse {
            lists: vec![audit::ListRow {
                list: FlagKind::Hcc.into(),
                selected: 6,
                deselected: 0,
                caseload: 16,
            }],
            contact: Some(audit::Spread {
                total: Some(11),
                bands: vec![5, 0, 0, 6],
                median: Some(3),
            }),
            gaps: Some(audit::Spread::default()),
            links: vec![audit::LinkRow {
                sender: "-invented".into(),
                recipient: "gmp".into(),
                received: Some(audit::Spread { total: Some(9), ..audit::Spread::default() }),
                ..audit::LinkRow::default()
            }],
            ..audit::CohortReportResponse::default()
        }
    }

    #[test]
    fn a_list_that_is_not_shown_is_told_so_and_a_nought_is_a_nought() {
        let lines = lines(&report());
        let of = |section: &str, item: &str| -> Vec<&str> {
            let own = lines.iter().filter(|line| line.section == section && line.item == item);
            own.map(|line| line.value.as_str()).collect()
        };
        assert_eq!(of("list", "hcc"), ["6", "0", "16"]);
        assert_eq!(of("list", "ppo"), [NOT_SHOWN; 3]);
        assert_eq!(
            of("release to first contact", "acted"),
            ["11", "5", "0", "0", "6", "not within seven days"]
        );
        assert_eq!(of("treatment gaps", "acted"), [NOT_SHOWN; 6]);
        assert_eq!(
            of("link", "-invented to gmp, routine"),
            ["9", NOT_SHOWN, NOT_SHOWN, NOT_SHOWN, NOT_SHOWN, NOT_SHOWN, NOT_SHOWN]
        );
    }

    #[test]
    fn who_is_told_of_links_alone_is_told_of_no_list() {
        let report = audit::CohortReportResponse { contact: None, gaps: None, ..report() };
        assert!(lines(&report).iter().all(|line| line.section == "link"));
    }

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("@a\"b"), "\"'@a\"\"b\"");
        assert_eq!(cell("gmp"), "\"gmp\"");
        let text = csv(&lines(&report()));
        assert!(text.contains("\"link\",\"'-invented to gmp, routine\",\"in all\",\"9\"\r\n"));
        assert!(text.starts_with("\"section\",\"item\",\"measure\",\"value\"\r\n"));
    }
}
