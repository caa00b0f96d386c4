//! `broker check-config`: the document and the key files it names.

use std::path::Path;

use broker::config::Config;

use super::failure::Failure;
use super::say;

/// Says that all is well, or every fault at once.
pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let config = Config::load(path)?;
    let verifier_key = broker::app::verifier_key(&config)?;
    say(format_args!("{}: good", path.display()))?;
    say(format_args!("verifier key: {verifier_key}"))
}
