//! A desk's worklist over gRPC.
//!
//! Reads the request and writes the frames. Promises that what is asked wrongly is said at once,
//! each field by its rule, and that a stream which breaks off has no end part.

use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::read_worklist_response::Part;
use proto::limits;
use proto::refusal::Refusal;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use crate::exchange::worklist::{Asked, Chosen, Of, Person, Turn, WorklistError, Worklists};
use crate::message::people::{IdentifierFault, reading_year, token_of};
use crate::message::{Violation, moment, stamp};
use crate::register::DeskName;
use crate::rpc::status;
use crate::seal::Vault;

/// Items read, and bodies held, before they are written.
const CHUNK_ITEMS: usize = 32;

/// Reads a request.
///
/// # Errors
/// Every faulty field at once, never by its value.
pub(super) fn asked(
    request: wire::ReadWorklistRequest,
    (desk, node): (DeskName, Arc<str>),
    vault: &Vault,
    now: OffsetDateTime,
) -> Result<Asked, Status> {
    let mut faults = Vec::new();
    let person = Uuid::try_parse(&request.acting_person).ok().filter(|id| !id.is_nil());
    if person.is_none() {
        fault(&mut faults, "acting_person", "is required: the UUID of the person who reads");
    }
    let purpose = request.purpose();
    if purpose == wire::Purpose::Unspecified {
        fault(&mut faults, "purpose", "is required");
    }
    let of = if request.identifiers.is_empty() && request.name.is_empty() {
        news(&request, &mut faults)
    } else {
        Some(about(request, vault, now, &mut faults))
    };
    match (person, of) {
        (Some(person), Some(of)) if faults.is_empty() => {
            Ok(Asked { desk, node, person, purpose, of })
        }
        (Some(_) | None, _) => Err(status::faulty(faults)),
    }
}

fn fault(faults: &mut Vec<Violation>, field: impl Into<String>, rule: &'static str) {
    faults.push(Violation { field: field.into(), rule: rule.into() });
}

fn news(request: &wire::ReadWorklistRequest, faults: &mut Vec<Violation>) -> Option<Of> {
    let since = request.since.as_ref().and_then(moment);
    let until = request.until.as_ref().and_then(moment);
    if since.is_none() {
        fault(faults, "since", "is required where no person is asked about");
    }
    if request.until.is_some() && until.is_none_or(|until| since.is_none_or(|s| until <= s)) {
        fault(faults, "until", "must be after `since`");
    }
    since.map(|since| Of::News { since, until })
}

fn about(
    request: wire::ReadWorklistRequest,
    vault: &Vault,
    now: OffsetDateTime,
    faults: &mut Vec<Violation>,
) -> Of {
    if request.since.is_some() || request.until.is_some() {
        fault(faults, "since", "is not given where a person is asked about");
    }
    if request.name.chars().count() > limits::NAME_CHARACTERS_MAX {
        fault(faults, "name", "is at most 200 characters");
    }
    if request.birth_date.chars().count() > "2000-01-01".len() {
        fault(faults, "birth_date", "is a day such as 2000-01-01");
    }
    let mut numbers = request.identifiers;
    if numbers.len() > limits::IDENTIFIERS_MAX {
        fault(faults, "identifiers", "are at most 16");
    }
    for (position, number) in numbers.iter_mut().take(limits::IDENTIFIERS_MAX).enumerate() {
        let field = format!("identifiers[{position}]");
        let Some(year) = reading_year(now) else {
            fault(
                faults,
                field,
                "cannot be read while the clock is outside the years 2000 to 2099",
            );
            continue;
        };
        match token_of(number, vault, year) {
            Ok(_) => {}
            Err(IdentifierFault::Type) => fault(faults, field, "needs a type"),
            Err(IdentifierFault::Long) => fault(faults, field, "is at most 32 characters"),
            Err(IdentifierFault::Value(error)) => fault(faults, field, error.rule()),
        }
    }
    Of::Person(Person { numbers, name: request.name, birth_date: request.birth_date })
}

/// What a caller is told of an error.
pub(super) fn refused(error: &WorklistError) -> Status {
    match error {
        WorklistError::Held => status::refused(Refusal::WorklistHeld),
        WorklistError::Store(error) => status::store(error),
    }
}

/// What a worklist is served with.
pub(super) struct Serving {
    pub(super) worklists: Worklists,
    pub(super) asked: Arc<Asked>,
    pub(super) chosen: Chosen,
    /// Whether bytes may leave for this agency at this moment.
    pub(super) may_release: Arc<dyn Fn() -> bool + Send + Sync>,
    pub(super) stopping: CancellationToken,
    /// Given back once all is written.
    pub(super) turn: Turn,
}

type Frames = mpsc::Sender<Result<wire::ReadWorklistResponse, Status>>;

/// Writes a worklist that is on record.
pub(super) async fn serve(serving: Serving, frames: Frames) {
    if let Err(status) = write(&serving, &frames).await {
        let _ = frames.send(Err(status)).await;
    }
    drop(serving.turn);
}

async fn write(serving: &Serving, frames: &Frames) -> Result<(), Status> {
    let Serving { worklists, asked, chosen, may_release, stopping, .. } = serving;
    let opened = wire::WorklistOpened {
        as_of: Some(stamp(chosen.at)),
        items: u32::try_from(chosen.places.len()).unwrap_or(u32::MAX),
    };
    send(frames, Part::Opened(opened)).await?;
    for places in chosen.places.chunks(CHUNK_ITEMS) {
        if stopping.is_cancelled() {
            return Err(status::refused(Refusal::ShuttingDown));
        }
        if !may_release() {
            return Err(status::refused(Refusal::WorklistHeld));
        }
        let items = worklists.read(asked, places.to_vec()).await.map_err(|e| refused(&e))?;
        for item in items {
            send(frames, Part::Items(wire::WorklistItems { items: vec![item] })).await?;
        }
    }
    send(frames, Part::Ended(wire::WorklistEnded { more: chosen.more })).await
}

/// Waits until there is room: a client that reads slowly holds no more than that in memory.
async fn send(frames: &Frames, part: Part) -> Result<(), Status> {
    let frame = wire::ReadWorklistResponse { part: Some(part) };
    frames.send(Ok(frame)).await.map_err(|_| status::refused(Refusal::ShuttingDown))
}
