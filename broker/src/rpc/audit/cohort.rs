//! The month's report over gRPC.

use std::sync::Arc;

use proto::audit::v1 as wire;
use proto::exchange::v1::FlagKind;
use proto::text::Named as _;
use tonic::Status;

use crate::audit::{AuditError, Auditing};
use crate::identity::VerifiedPeer;
use crate::report::control::{Row, Spread, THRESHOLD};
use crate::report::month::Month;
use crate::report::{Acted, Area, Link};
use crate::rpc::status;

/// Answers with the report of an area and a month. The look is recorded before it is known whether
/// there is an answer.
pub(super) async fn report(
    auditing: &Arc<Auditing>,
    peer: &VerifiedPeer,
    asked: wire::CohortReportRequest,
) -> Result<wire::CohortReportResponse, Status> {
    let month = Month::parse(&asked.month)
        .ok_or_else(|| status::fault("month", "must be a year and a month, such as 2026-10"))?;
    if !is_code(&asked.area) {
        return Err(status::fault("area", "must be the code of an area"));
    }
    let has_ended = auditing.has_ended(month);
    let reason = format!("{} {month}", asked.area);
    let looked = auditing.consult(peer, "cohort-report", &reason).await;
    looked.map_err(|error| status::store(&error))?;
    if !has_ended {
        return Err(status::audit(&AuditError::MonthNotEnded));
    }
    let report = auditing.cohort(peer, &asked.area, month).await;
    let (reader, area) = report.map_err(|error| status::audit(&error))?;
    let Area { lists, contact, gaps, links } = area;
    let own = peer.agency();
    let links = links.into_iter().filter(|link| reader.sees_every_link || *link.recipient == **own);
    let cohort = |acted: Acted| reader.sees_cohort.then(|| self::spread(acted.for_agency(own)));
    Ok(wire::CohortReportResponse {
        links: links.map(link_row).collect(),
        lists: if reader.sees_cohort {
            lists.into_iter().filter_map(|(list, row)| list_row(&list, row)).collect()
        } else {
            Vec::new()
        },
        contact: cohort(contact),
        gaps: cohort(gaps),
        area: asked.area,
        month: month.to_string(),
        threshold: THRESHOLD,
    })
}

/// Whether a text may be the code of an area: no more is said of it than that.
fn is_code(text: &str) -> bool {
    let length = 1..=proto::limits::DIRECTORY_ID_CHARACTERS_MAX;
    length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn list_row(list: &str, row: Row) -> Option<wire::ListRow> {
    Some(wire::ListRow {
        list: FlagKind::from_name(list)?.into(),
        selected: row.selected,
        deselected: row.deselected,
        caseload: row.caseload,
    })
}

fn spread(spread: Spread) -> wire::Spread {
    wire::Spread {
        total: spread.total,
        bands: spread.bands.unwrap_or_default(),
        median: spread.median,
    }
}

fn link_row(link: Link) -> wire::LinkRow {
    wire::LinkRow {
        sender: link.sender,
        recipient: link.recipient,
        immediate: link.immediate,
        received: Some(spread(link.received)),
        dead_letters: link.dead,
    }
}
