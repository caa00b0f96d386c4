//! `broker accept-lists`: an operator's word that older revocation lists are meant.
//!
//! Promises that nothing is changed where no list is older, and that what is accepted is a ledger
//! entry. Works on a store that no broker has open.

use std::path::Path;

use broker::config::Config;

use super::failure::Failure;
use super::say;

/// Accepts the configured lists for the next start.
pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let config = Config::load(path)?;
    match broker::app::accept_lists(&config)? {
        0 => say("no list is older than one that was at work before: nothing was changed"),
        older => say(format_args!(
            "{older} of the lists in {} are older than before and will be taken at the next \
             start. Make sure that every certificate revoked before stands in them: one that \
             does not will be let in again",
            config.listen.files.revocation_lists.display()
        )),
    }
}
