//! Reviews of emergency access over gRPC.

use std::sync::Arc;

use proto::audit::v1 as wire;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::audit::Auditing;
use crate::ledger::journal::text_of;
use crate::ledger::review::{Review, ReviewFilter};
use crate::message::stamp;
use crate::rpc::{audit, beside, peer, status};

/// Emergency accesses of the caller's agency.
pub(super) async fn list(
    auditing: &Arc<Auditing>,
    request: &Request<wire::ListReviewsRequest>,
) -> Result<Response<wire::ListReviewsResponse>, Status> {
    let peer = peer(request)?;
    let asked = request.get_ref();
    audit::check_reason(&asked.reason)?;
    let limit = audit::page_rows(asked.page_size);
    let filter = ReviewFilter {
        agency: None,
        closed_too: asked.closed_too,
        after: audit::page_after(&asked.page_token)?,
        limit,
    };
    let sight = Auditing::sight(&peer);
    let consulted = auditing.consult(&peer, "list-reviews", &asked.reason).await;
    consulted.map_err(|error| status::store(&error))?;
    let reading = Arc::clone(auditing);
    let rows = beside(move || reading.reviews(&sight, filter)).await;
    let rows = rows.map_err(|error| status::store(&error))?;
    let full = rows.len() as u64 >= u64::from(limit);
    let next = rows.last().filter(|_| full).map(|last| last.row.to_string());
    Ok(Response::new(wire::ListReviewsResponse {
        reviews: rows.iter().map(|row| review(row, auditing)).collect(),
        next_page_token: next.unwrap_or_default(),
    }))
}

/// Closes one of them.
pub(super) async fn close(
    auditing: &Arc<Auditing>,
    request: &Request<wire::CloseReviewRequest>,
) -> Result<Response<wire::CloseReviewResponse>, Status> {
    let peer = peer(request)?;
    let asked = request.get_ref();
    audit::check_reason(&asked.reason)?;
    let id = Uuid::try_parse(&asked.message_id)
        .map_err(|_| status::fault("message_id", "must be a UUID"))?;
    let finding = match asked.finding() {
        wire::ReviewFinding::Unspecified => {
            return Err(status::fault("finding", "is required: what the review found"));
        }
        given => given,
    };
    let closed = auditing.close_review(&peer, id, finding, &asked.reason).await;
    // Another agency's answers as one that does not exist.
    let closed = closed.map_err(|error| status::store(&error))?.map_err(status::refused)?;
    let review = Some(review(&closed, auditing));
    Ok(Response::new(wire::CloseReviewResponse { review }))
}

fn review(review: &Review, auditing: &Auditing) -> wire::Review {
    let closed = review.closed;
    wire::Review {
        agency: review.message.agency.to_string(),
        message_id: text_of(review.message.id),
        kind: review.kind.name().to_owned(),
        accepted_at: Some(stamp(review.opened_at)),
        acting_person: text_of(review.acting),
        second_person: text_of(review.second),
        due_at: auditing.review_due(review).map(stamp),
        closed_at: closed.map(|closing| stamp(closing.at)),
        closed_by: closed.map(|closing| text_of(closing.by)).unwrap_or_default(),
        finding: closed.map_or(0, |closing| closing.finding),
    }
}
