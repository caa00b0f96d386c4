//! HMPPS events and release lists, read into messages of the exchange.
//!
//! Owns: every irregularity of the feeds that HMPPS publishes, so that nothing of it reaches the
//! rest of the product. Promises: each payload ends as exactly one [`Outcome`], whatever its
//! bytes; the same event gives the same message ids however often it is read; and no outcome,
//! error or `Debug` line shows a value that was read. Deliberately does not know: brokers,
//! policies, and who may see what; the clock, which arrives as an argument; and what any free
//! text in an event says, since descriptions there contradict the facts beside them.

mod compose;
mod custody;
mod document;
mod envelope;
mod event_type;
mod follow;
mod keyed_ids;
mod memory;
pub(crate) mod moment;
mod notice;
mod outcome;
mod person;
mod profile;
mod quarantine_folder;
mod release_list;

pub use follow::{
    FolderSource, FollowError, QueueCredentials, QueueError, QueueFault, QueueSettings,
    QueueSource, QueuedEvent, UnreadFile, VISIBILITY_SECONDS_MAX, VISIBILITY_SECONDS_MIN,
    is_event_file,
};
pub use memory::ImportMemory;
pub use outcome::{
    NotShareable, NotShareableReason, Outcome, Quarantine, QuarantineReason, json_line,
};
pub use profile::{
    FlagShare, Footing, IdentityShare, ImportProfile, ProfileError, ProfileFault, Shares,
};
pub use quarantine_folder::{HeldPayload, QuarantineFolder};
pub use release_list::{
    ListError, ReleaseList, ReleaseRow, RowFault, RowRule, nobody_released, read_release_list,
};

use event_type::Family;
use memory::Noted;
use time::OffsetDateTime;

/// Largest payload that is read, in bytes: the most that SNS and SQS carry.
pub const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;

/// Reads one payload as it was stored: bare, or in its SNS or SQS wrapper.
///
/// Promise: one outcome for any bytes, and the same message ids for the same event whenever it is
///          read. `now` decides only what is historic or lies in the future.
/// Refuses: nothing; what cannot be used is quarantined with the reason.
#[must_use]
pub fn read(payload: &[u8], profile: &ImportProfile, now: OffsetDateTime) -> Outcome {
    decide(payload, profile, None, now).map_or_else(held, |(outcome, _)| outcome)
}

/// As [`read`]; with a memory, what ended is told of what it says began, and what begins is noted.
///
/// Promise: what a message began or took back lasts in the memory before this returns, so before the
///          message is sent. The ids are those of [`read`].
///
/// # Errors
/// [`FollowError::Memory`]; nothing of the payload may then be sent.
pub fn read_remembering(
    payload: &[u8],
    profile: &ImportProfile,
    memory: Option<&mut ImportMemory>,
    now: OffsetDateTime,
) -> Result<Outcome, FollowError> {
    let (outcome, noted) = match decide(payload, profile, memory.as_deref(), now) {
        Ok(decided) => decided,
        Err(reason) => return Ok(held(reason)),
    };
    if let (Some(memory), Some(noted), Outcome::Shared(messages)) = (memory, noted, &outcome) {
        for message in messages {
            memory.note(&noted, &message.message_id)?;
        }
    }
    Ok(outcome)
}

const fn held(reason: QuarantineReason) -> Outcome {
    Outcome::Quarantined(Quarantine { reason })
}

/// What becomes of a payload, and what is to be remembered of it.
fn decide(
    payload: &[u8],
    profile: &ImportProfile,
    memory: Option<&ImportMemory>,
    now: OffsetDateTime,
) -> Result<(Outcome, Option<Noted>), QuarantineReason> {
    let envelope = envelope::open(payload)?;
    let not_shareable = |reason| Ok((Outcome::NotShareable(NotShareable { reason }), None));
    let topic = match event_type::of(&envelope, &profile.shares, memory.is_some())? {
        Family::Custody(topic) => topic,
        Family::Notice(notice) => {
            let reader = notice::Reader { profile, memory, now };
            return match notice::decide(&envelope.body, notice, reader)? {
                notice::Decision::Share(message, noted) => {
                    Ok((Outcome::Shared(vec![*message]), noted))
                }
                notice::Decision::Keep(reason) => not_shareable(reason),
            };
        }
        Family::NotShareable(reason) => return not_shareable(reason),
    };
    let movement = match custody::decide(&envelope.body, topic)? {
        custody::Decision::Share(movement) => movement,
        custody::Decision::Keep(reason) => return not_shareable(reason),
    };
    let event = custody::Event {
        topic,
        movement,
        noms: person::noms(&envelope.body)?,
        occurred_at: moment::occurred_at(&envelope.body, now)?,
        prison: custody::prison(&envelope.body)?,
    };
    Ok((Outcome::Shared(vec![compose::message(&event, profile, now)]), None))
}
