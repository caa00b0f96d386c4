//! A desk's own flags over gRPC.
//!
//! Reads the request and writes the answer. Promises that what is asked wrongly is said at once, each
//! field by its rule.

use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::refusal::Refusal;
use tonic::{Request, Status};
use uuid::Uuid;

use crate::exchange::caseload::{Caseload, Caseloads, Looking};
use crate::exchange::deliver::Delivering;
use crate::exchange::publish::Publishing;
use crate::message::{Violation, stamp};
use crate::register::DeskName;
use crate::rpc::{peer, status};

use super::{ExchangeRpc, actor};

/// Reads a desk's own flags for whoever calls.
///
/// # Errors
/// What is asked wrongly, or cannot be put on record.
pub(super) async fn list(
    rpc: &ExchangeRpc,
    request: Request<wire::ListFlagsRequest>,
) -> Result<wire::ListFlagsResponse, Status> {
    let peer = peer(&request)?;
    let may_release = rpc.may_release(&request, &peer)?;
    let request = request.into_inner();
    let desk = rpc.own_desk(&peer, &request.desk)?;
    let turn = rpc.worklists.take(&desk.agency).filter(|_| may_release());
    let turn = turn.ok_or_else(|| status::refused(Refusal::WorklistHeld))?;
    let looking = looking(&request, desk, actor(&peer))?;
    let read = caseloads(&rpc.publishing, &rpc.delivering).read(&looking).await;
    drop(turn);
    Ok(answer(read.map_err(|error| status::store(&error))?))
}

/// Reads a request.
///
/// # Errors
/// Every faulty field at once.
fn looking(
    request: &wire::ListFlagsRequest,
    desk: DeskName,
    node: Arc<str>,
) -> Result<Looking, Status> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, rule: &'static str| {
        faults.push(Violation { field: field.to_owned(), rule: rule.into() });
    };
    let person = Uuid::try_parse(&request.acting_person).ok().filter(|id| !id.is_nil());
    if person.is_none() {
        fault("acting_person", "is required: the UUID of the person who reads");
    }
    let purpose = request.purpose();
    if purpose == wire::Purpose::Unspecified {
        fault("purpose", "is required");
    }
    match person.filter(|_| faults.is_empty()) {
        Some(person) => Ok(Looking { desk, node, person, purpose }),
        None => Err(status::faulty(faults)),
    }
}

/// What reading a caseload needs.
fn caseloads(publishing: &Publishing, delivering: &Delivering) -> Caseloads {
    Caseloads {
        rules: Arc::clone(&delivering.rules),
        recall: Arc::clone(&publishing.recall),
        outbox: Arc::clone(&delivering.outbox),
        vault: Arc::clone(&delivering.vault),
        chance: Arc::clone(&publishing.chance),
        queue: delivering.queue.clone(),
        clock: Arc::clone(&delivering.clock),
    }
}

/// Writes the answer.
fn answer(caseload: Caseload) -> wire::ListFlagsResponse {
    wire::ListFlagsResponse {
        as_of: Some(stamp(caseload.at)),
        flags: caseload.flags,
        more: caseload.more,
    }
}
