//! Audit reads over gRPC.

mod cohort;

use std::sync::Arc;

use proto::audit::v1 as wire;
use proto::audit::v1::audit_service_server::AuditService;
use proto::audit::v1::get_proof_request::Of;
use proto::limits;
use proto::refusal::Refusal;
use time::OffsetDateTime;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::audit::fate::Outcome;
use crate::audit::{Auditing, Disclosure, Provable, Sight};
use crate::ledger::journal::{DeliveryState, DisclosureFilter, text_of};
use crate::ledger::tree::consistency;
use crate::message::{MessageKey, Violation, moment, stamp};
use crate::prepare::KeptCandidate;
use crate::rpc::{beside, peer, reviews, status};

/// Rows of a page when none are asked for.
const PAGE_ROWS_DEFAULT: u32 = 100;

/// The audit service.
pub struct AuditRpc {
    /// Reads.
    pub auditing: Arc<Auditing>,
}

#[tonic::async_trait]
impl AuditService for AuditRpc {
    async fn get_checkpoint(
        &self,
        request: Request<wire::GetCheckpointRequest>,
    ) -> Result<Response<wire::GetCheckpointResponse>, Status> {
        peer(&request)?;
        let checkpoint = self.auditing.checkpoint().map_err(|e| status::store(&e))?;
        Ok(Response::new(wire::GetCheckpointResponse { checkpoint }))
    }

    async fn get_consistency(
        &self,
        request: Request<wire::GetConsistencyRequest>,
    ) -> Result<Response<wire::GetConsistencyResponse>, Status> {
        peer(&request)?;
        let asked = request.get_ref();
        let (old, new) = (asked.old_size, asked.new_size);
        let signed = self.auditing.signed_size().map_err(|e| status::store(&e))?;
        if old > new || new > signed {
            return Err(status::fault(
                "new_size",
                "is at least old_size and at most the size of the latest checkpoint",
            ));
        }
        let archive = Arc::clone(&self.auditing.archive);
        let path = beside(move || consistency(&*archive, old, new));
        let path = path.await.map_err(|error| status::store(&error))?;
        let path = path.iter().map(|hash| hash.as_bytes().to_vec().into()).collect();
        Ok(Response::new(wire::GetConsistencyResponse { path }))
    }

    async fn get_proof(
        &self,
        request: Request<wire::GetProofRequest>,
    ) -> Result<Response<wire::GetProofResponse>, Status> {
        let peer = peer(&request)?;
        let of = match &request.get_ref().of {
            Some(Of::ReleaseId(id)) => {
                let id = <[u8; 16]>::try_from(id.as_ref())
                    .map_err(|_| status::fault("release_id", "is 16 bytes"))?;
                Provable::Release(id)
            }
            Some(Of::MessageId(id)) => Provable::Message(
                Uuid::try_parse(id).map_err(|_| status::fault("message_id", "must be a UUID"))?,
            ),
            None => return Err(status::fault("of", "is required")),
        };
        let auditing = Arc::clone(&self.auditing);
        let proof = beside(move || auditing.proof(peer.agency(), &of));
        let proof = proof.await.map_err(|error| status::audit(&error))?;
        Ok(Response::new(wire::GetProofResponse { proof }))
    }

    async fn get_receipts(
        &self,
        request: Request<wire::GetReceiptsRequest>,
    ) -> Result<Response<wire::GetReceiptsResponse>, Status> {
        let peer = peer(&request)?;
        let asked = request.into_inner();
        let id = Uuid::try_parse(&asked.message_id)
            .map_err(|_| status::fault("message_id", "must be a UUID"))?;
        let auditing = Arc::clone(&self.auditing);
        let receipts = beside(move || auditing.receipts(peer.agency(), id, &asked.agency));
        let receipts = receipts.await.map_err(|error| status::audit(&error))?;
        let proved = receipts.proved.into_iter();
        Ok(Response::new(wire::GetReceiptsResponse {
            receipts: proved
                .map(|(stage, proof)| wire::Receipt { stage: stage.into(), proof })
                .collect(),
            not_signed_yet: receipts.not_signed_yet,
        }))
    }

    async fn cohort_report(
        &self,
        request: Request<wire::CohortReportRequest>,
    ) -> Result<Response<wire::CohortReportResponse>, Status> {
        let peer = peer(&request)?;
        cohort::report(&self.auditing, &peer, request.into_inner()).await.map(Response::new)
    }

    async fn list_disclosures(
        &self,
        request: Request<wire::ListDisclosuresRequest>,
    ) -> Result<Response<wire::ListDisclosuresResponse>, Status> {
        let peer = peer(&request)?;
        let asked = request.get_ref();
        check_reason(&asked.reason)?;
        let sight = Auditing::sight(&peer);
        let filter = filter(asked, peer.agency(), &sight)?;
        self.auditing
            .consult(&peer, "list-disclosures", &asked.reason)
            .await
            .map_err(|error| status::store(&error))?;
        let complete_to = self.auditing.signed_size().map_err(|e| status::store(&e))?;
        let (auditing, seen) = (Arc::clone(&self.auditing), sight.clone());
        let rows = beside(move || auditing.disclosures(&seen, filter));
        let rows = rows.await.map_err(|error| status::store(&error))?;
        let full = rows.len() as u64 >= u64::from(page_rows(asked.page_size));
        let next = rows.last().filter(|_| full).map(|last| last.row.place.to_string());
        Ok(Response::new(wire::ListDisclosuresResponse {
            disclosures: rows.into_iter().map(|row| disclosure(row, &sight)).collect(),
            next_page_token: next.unwrap_or_default(),
            complete_to,
        }))
    }

    async fn explain_decision(
        &self,
        request: Request<wire::ExplainDecisionRequest>,
    ) -> Result<Response<wire::ExplainDecisionResponse>, Status> {
        let peer = peer(&request)?;
        let asked = request.get_ref();
        check_reason(&asked.reason)?;
        let id = Uuid::try_parse(&asked.message_id)
            .map_err(|_| status::fault("message_id", "must be a UUID"))?;
        let sight = Auditing::sight(&peer);
        self.auditing
            .consult(&peer, "explain-decision", &asked.reason)
            .await
            .map_err(|error| status::store(&error))?;
        let own = matches!(&sight, Sight::Broker)
            || matches!(&sight, Sight::Agency(agency) if **agency == *asked.sending_agency);
        // Another agency's message answers as one that does not exist.
        let key = MessageKey { agency: Arc::from(asked.sending_agency.as_str()), id };
        let found = if own {
            let (auditing, seen) = (Arc::clone(&self.auditing), sight.clone());
            let found = beside(move || auditing.explained(&key, &seen));
            found.await.map_err(|error| status::store(&error))?
        } else {
            None
        };
        let explained = found.ok_or_else(|| status::refused(Refusal::NotFound))?;
        let seen =
            |agency: &Arc<str>| sight == Sight::Broker || explained.released_to.contains(agency);
        let explanations = explained
            .kept
            .candidates
            .iter()
            .filter(|candidate| seen(&candidate.desk.agency))
            // Of an agency that was told, desks that were refused stay untold.
            .filter(|candidate| sight == Sight::Broker || candidate.refusal == 0)
            // A question put to a desk tells of a flag or a link.
            .filter(|candidate| sight == Sight::Broker || candidate.task == 0)
            .flat_map(|candidate| explanations(candidate, &sight))
            .collect();
        Ok(Response::new(wire::ExplainDecisionResponse {
            explanations,
            bundle: explained.kept.bundle,
            fates: explained.outcomes.into_iter().map(|outcome| fate(outcome, &sight)).collect(),
        }))
    }

    async fn list_reviews(
        &self,
        request: Request<wire::ListReviewsRequest>,
    ) -> Result<Response<wire::ListReviewsResponse>, Status> {
        reviews::list(&self.auditing, &request).await
    }

    async fn close_review(
        &self,
        request: Request<wire::CloseReviewRequest>,
    ) -> Result<Response<wire::CloseReviewResponse>, Status> {
        reviews::close(&self.auditing, &request).await
    }
}

pub(super) fn check_reason(reason: &str) -> Result<(), Status> {
    let length = reason.trim().chars().count();
    if (1..=limits::REASON_CHARACTERS_MAX).contains(&length) {
        return Ok(());
    }
    Err(status::fault("reason", "is required: 1 to 500 characters saying why you look"))
}

pub(super) fn page_rows(asked: u32) -> u32 {
    if asked == 0 { PAGE_ROWS_DEFAULT } else { asked.min(limits::AUDIT_PAGE_ROWS_MAX) }
}

/// The row after which a page begins.
pub(super) fn page_after(token: &str) -> Result<u64, Status> {
    if token.is_empty() {
        return Ok(0);
    }
    token.parse().map_err(|_| status::fault("page_token", "must be one that an answer gave"))
}

fn filter(
    asked: &wire::ListDisclosuresRequest,
    agency: &str,
    sight: &Sight,
) -> Result<DisclosureFilter, Status> {
    let own = asked.sending_agency.is_empty() || asked.sending_agency == agency;
    if !own && *sight != Sight::Broker {
        return Err(status::fault("sending_agency", "is for the broker-wide auditor"));
    }
    let message = if asked.message_id.is_empty() {
        None
    } else {
        let id = Uuid::try_parse(&asked.message_id)
            .map_err(|_| status::fault("message_id", "must be a UUID"))?;
        let sender = if asked.sending_agency.is_empty() { agency } else { &asked.sending_agency };
        Some(MessageKey { agency: Arc::from(sender), id })
    };
    let after = page_after(&asked.page_token)?;
    let (from, until) = period(asked)?;
    Ok(DisclosureFilter {
        party: None,
        message,
        from,
        until,
        after,
        limit: page_rows(asked.page_size),
    })
}

/// The period asked for. One that holds no time would answer with nothing, as if nothing had
/// been shared, and so would one whose end cannot be read.
fn period(
    asked: &wire::ListDisclosuresRequest,
) -> Result<(Option<OffsetDateTime>, Option<OffsetDateTime>), Status> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, rule: &'static str| {
        faults.push(Violation { field: field.to_owned(), rule: rule.into() });
    };
    let mut read = |field: &str, stamp: &Option<prost_types::Timestamp>| {
        let moment = stamp.as_ref().and_then(moment);
        if stamp.is_some() && moment.is_none() {
            fault(field, "must be a time between the years 1900 and 2200");
        }
        moment
    };
    let (from, until) = (read("from", &asked.from), read("until", &asked.until));
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        fault("from", "must be before until");
        fault("until", "must be after from");
    }
    if faults.is_empty() { Ok((from, until)) } else { Err(status::faulty(faults)) }
}

/// A row as far as its reader sees: a sender never a recipient's desk or node nor a rule, by
/// which it could learn of a list; a recipient never the sender's own message id.
fn disclosure(disclosure: Disclosure, sight: &Sight) -> wire::Disclosure {
    let row = disclosure.row;
    let is = |agency: &str| match sight {
        Sight::Broker => true,
        Sight::Agency(own) => **own == *agency,
    };
    let (sent, received) = (is(&row.message.agency), is(&row.desk.agency));
    let shown = |show: bool, text: String| if show { text } else { String::new() };
    wire::Disclosure {
        message_id: shown(sent, text_of(row.message.id)),
        sending_agency: row.message.agency.to_string(),
        receiving_agency: row.desk.agency.to_string(),
        receiving_desk: shown(received, row.desk.desk.to_string()),
        receiving_node: shown(received, row.node.to_string()),
        kind: row.kind.name().to_owned(),
        released_at: Some(stamp(row.at)),
        acknowledged_at: row.acknowledged_at.map(stamp),
        rules: if received { disclosure.rules } else { Vec::new() },
        withheld: disclosure.withheld.into_iter().map(|field| field as i32).collect(),
        bundle: disclosure.bundle,
        release_id: row.release_id.to_vec().into(),
    }
}

fn explanations(candidate: &KeptCandidate, sight: &Sight) -> Vec<wire::Explanation> {
    let whole = *sight == Sight::Broker;
    candidate
        .subjects
        .iter()
        .enumerate()
        .map(|(place, subject)| wire::Explanation {
            agency: candidate.desk.agency.to_string(),
            desk: if whole { candidate.desk.desk.to_string() } else { String::new() },
            subject: u32::try_from(place).unwrap_or(u32::MAX),
            permitted: candidate.refusal == 0 && subject.shown,
            rules: if whole {
                subject.rules.iter().map(ToString::to_string).collect()
            } else {
                Vec::new()
            },
            reasons: if whole { candidate.reasons.clone() } else { Vec::new() },
            withheld: subject.withheld.clone(),
            refusal: candidate.refusal,
            task: candidate.task,
        })
        .collect()
}

fn fate(outcome: Outcome, sight: &Sight) -> wire::DeliveryFate {
    let (whole, fate) = (*sight == Sight::Broker, outcome.fate);
    wire::DeliveryFate {
        agency: fate.desk.agency.to_string(),
        desk: if whole { fate.desk.desk.to_string() } else { String::new() },
        task: if whole { fate.task } else { 0 },
        state: state(fate.state).into(),
        at: Some(stamp(fate.at)),
        released_at: fate.released.map(|(_, _, at)| stamp(at)),
        withheld: outcome.withheld.into_iter().map(|field| field as i32).collect(),
        refusal: outcome.refusal.map_or(0, Refusal::code),
        sentence: outcome.refusal.map(|refusal| refusal.sentence().to_owned()).unwrap_or_default(),
    }
}

const fn state(state: DeliveryState) -> wire::DeliveryState {
    match state {
        DeliveryState::Waiting => wire::DeliveryState::Waiting,
        DeliveryState::Released => wire::DeliveryState::Released,
        DeliveryState::Acknowledged => wire::DeliveryState::Acknowledged,
        DeliveryState::Dead => wire::DeliveryState::Dead,
        DeliveryState::Expired => wire::DeliveryState::Expired,
        DeliveryState::Withdrawn => wire::DeliveryState::Withdrawn,
        DeliveryState::Refused => wire::DeliveryState::Refused,
    }
}
