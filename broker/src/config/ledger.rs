//! `[ledger]`: the name of the log and how often its head is signed.

use proto::ledger::checkpoint::VerifierKey;

use super::fault::Faults;
use super::section::Section;

/// Seconds between signed heads.
pub const CHECKPOINT_SECONDS_DEFAULT: u64 = 10;
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
    section.finish(faults);
    Some(LedgerConfig { origin: origin?, checkpoint_seconds: cadence? })
}
