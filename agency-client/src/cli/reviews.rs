//! The verbs `reviews` and `close-review`.
//!
//! Owns: their words. Promises: what is printed is the record of an emergency access and of its
//! review, nothing of what was shared. Deliberately does not know: who may review what.

use super::args::{CloseReview, Reviews};
use super::error::CliError;
use super::output::{Output, complain, text_or_file, time_text};
use crate::connection::Connection;
use crate::settings::Settings;
use proto::audit::v1 as audit;
use serde_json::json;
use std::path::Path;

/// `agency reviews`: every page.
pub(super) async fn reviews(settings: &Path, what: Reviews, out: &Output) -> Result<(), CliError> {
    let mut request = audit::ListReviewsRequest {
        reason: text_or_file(what.reason)?,
        closed_too: what.closed,
        page_size: proto::limits::AUDIT_PAGE_ROWS_MAX,
        page_token: String::new(),
    };
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    let mut client = connection.audit().await?;
    let mut any = false;
    loop {
        let page = client.list_reviews(request.clone()).await?.into_inner();
        for row in &page.reviews {
            any = true;
            out.record(|| review_json(row), || review_text(row))?;
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    if !any {
        complain("no review is open");
    }
    Ok(())
}

/// `agency close-review`.
pub(super) async fn close(
    settings: &Path,
    what: CloseReview,
    out: &Output,
) -> Result<(), CliError> {
    let request = audit::CloseReviewRequest {
        message_id: what.message,
        finding: what.finding.into(),
        reason: text_or_file(what.reason)?,
    };
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    let answer = connection.audit().await?.close_review(request).await?.into_inner();
    let Some(review) = answer.review else { return Ok(()) };
    if review.finding != i32::from(what.finding) {
        complain("it was closed before, and stays as it was");
    }
    out.record(|| review_json(&review), || review_text(&review))
}

fn review_json(row: &audit::Review) -> serde_json::Value {
    let mut object = json!({
        "agency": row.agency, "message_id": row.message_id, "kind": row.kind,
        "accepted_at": time_text(row.accepted_at.as_ref()),
        "acting_person": row.acting_person, "second_person": row.second_person,
        "due_at": time_text(row.due_at.as_ref()),
    });
    if let (Some(fields), Some(closed)) = (object.as_object_mut(), row.closed_at.as_ref()) {
        fields.insert("closed_at".to_owned(), time_text(Some(closed)).into());
        fields.insert("closed_by".to_owned(), row.closed_by.as_str().into());
        fields.insert("finding".to_owned(), finding(row.finding).into());
    }
    object
}

fn review_text(row: &audit::Review) -> String {
    let stands = match row.closed_at.as_ref() {
        Some(closed) => {
            format!("{} by {} at {}", finding(row.finding), row.closed_by, time_text(Some(closed)))
        }
        None => format!("open, due by {}", time_text(row.due_at.as_ref())),
    };
    format!(
        "{} {}: {} message {}, used by {}, told {}: {stands}",
        time_text(row.accepted_at.as_ref()),
        row.agency,
        row.kind,
        row.message_id,
        row.acting_person,
        row.second_person,
    )
}

/// The written name of a finding; a number this version does not know stays a number.
fn finding(number: i32) -> String {
    audit::ReviewFinding::try_from(number).map_or_else(
        |_| number.to_string(),
        |found| found.as_str_name().trim_start_matches("REVIEW_FINDING_").to_ascii_lowercase(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(closed: bool) -> audit::Review {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        audit::Review {
            agency: "gmp".to_owned(),
            message_id: "m".to_owned(),
            kind: "custody".to_owned(),
            accepted_at: at(1_790_000_000),
            acting_person: "a".to_owned(),
            second_person: "b".to_owned(),
            due_at: at(1_790_600_000),
            closed_at: if closed { at(1_790_100_000) } else { None },
            closed_by: if closed { "c".to_owned() } else { String::new() },
            finding: i32::from(closed),
        }
    }

    #[test]
    fn an_open_review_says_when_it_is_due_and_a_closed_one_who_found_what() {
        assert_eq!(
            review_text(&row(false)),
            "2026-09-21T14:13:20Z gmp: custody message m, used by a, told b: open, due by \
             2026-09-28T12:53:20Z"
        );
        assert_eq!(
            review_text(&row(true)),
            "2026-09-21T14:13:20Z gmp: custody message m, used by a, told b: justified by c at \
             2026-09-22T18:00:00Z"
        );
        assert!(review_json(&row(false)).get("closed_by").is_none());
        assert_eq!(review_json(&row(true))["finding"], "justified");
    }
}
