//! `[ledger]`: the name of the log and how often its head is signed.

use std::time::Duration;

use proto::ledger::checkpoint::VerifierKey;

use super::fault::Faults;
use super::section::Section;

/// Seconds between signed heads.
pub const CHECKPOINT_SECONDS_DEFAULT: u64 = 10;
/// Milliseconds before which nobody is answered.
pub const ANSWER_FLOOR_MILLIS_DEFAULT: u64 = 5;
/// The longest floor.
pub const ANSWER_FLOOR_MILLIS_MAX: u64 = 1_000;
/// Characters of an origin.
pub const ORIGIN_CHARACTERS_MAX: usize = 200;

/// How the log is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerConfig {
    /// First line of every checkpoint, and the name of its key (C2SP tlog-checkpoint). Clients
    /// remember it: another name is another log.
    pub origin: String,
    /// Seconds between signed heads; leaf times are rounded to it.
    pub checkpoint_seconds: u64,
    /// No publish and no question is answered sooner than this after it came, so that the time
    /// an answer takes does not tell how many had a stake. Longer than a usual commit.
    pub answer_floor: Duration,
}

/// Whether a log may have this name: it must be the name of a key too.
#[must_use]
pub(super) fn is_origin(text: &str) -> bool {
    text.chars().count() <= ORIGIN_CHARACTERS_MAX && VerifierKey::new(text, [0; 32]).is_ok()
}

/// Reads the section.
pub(super) fn read(mut section: Section<'_>, faults: &mut Faults) -> Option<LedgerConfig> {
    let origin = section.text("origin", ORIGIN_CHARACTERS_MAX, faults);
    if origin.as_deref().is_some_and(|origin| !is_origin(origin)) {
        faults.add(section.path("origin"), "has no white space and no +");
    }
    let cadence =
        section.whole("checkpoint_seconds", CHECKPOINT_SECONDS_DEFAULT, 1..=3_600, faults);
    let floor = section.whole(
        "answer_floor_millis",
        ANSWER_FLOOR_MILLIS_DEFAULT,
        0..=ANSWER_FLOOR_MILLIS_MAX,
        faults,
    );
    section.finish(faults);
    Some(LedgerConfig {
        origin: origin?,
        checkpoint_seconds: cadence?,
        answer_floor: Duration::from_millis(floor?),
    })
}
