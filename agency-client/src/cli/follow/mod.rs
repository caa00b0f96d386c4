//! The verb `follow`.
//!
//! Owns: the choice between its two sources, a folder and a queue.
//! Promises: arguments are checked before anything is connected to.
//! Deliberately does not know: what an event means ([`crate::hmpps`]).

mod broker_rest;
mod folder;
mod queue;
#[cfg(test)]
mod scripted;

use super::args::{Follow, FollowQueue};
use super::error::CliError;
use super::output::Output;
use crate::hmpps::{FollowError, QueueSettings};
use std::path::Path;
use std::time::Duration;

/// `agency follow`.
pub(super) async fn follow(settings: &Path, what: &Follow, out: &Output) -> Result<(), CliError> {
    if let Some(url) = &what.queue.url {
        let queue = queue_settings(&what.queue, url)?;
        return queue::follow(settings, what, queue, out).await;
    }
    let (Some(folder), Some(state)) = (&what.folder, &what.state) else {
        let rule = "must be given with --state, or a queue with --queue";
        return Err(CliError::Argument { what: "a folder", rule });
    };
    folder::follow(settings, what, (folder, state), out).await
}

fn queue_settings(given: &FollowQueue, url: &str) -> Result<QueueSettings, CliError> {
    let region = given.region.as_deref().unwrap_or_default();
    let visibility = Duration::from_secs(given.visibility_seconds);
    let settings = QueueSettings::new(url, given.endpoint.as_deref(), region, visibility);
    Ok(settings.map_err(FollowError::from)?)
}
