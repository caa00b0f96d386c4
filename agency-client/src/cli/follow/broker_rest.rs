//! The wait after the broker did not take everything, the same for a folder and for a queue.
//!
//! Owns: how long it lasts, and what it lasts for. Promises: nothing new is read before the broker
//! can be reached again; a suspension of the agency is waited out and spoken of once; what only
//! people can mend at this agency ends the wait with that error.
//! Deliberately does not know: what was not taken, nor where it waits meanwhile.

use super::super::error::CliError;
use super::super::output::complain;
use crate::backoff::{BACKOFF, Backoff, draw};
use crate::connection::Connection;
use crate::errors::{ConnectError, RefusalEnd};
use std::time::Duration;
use tokio::time::sleep;

/// How long nothing is read after the broker did not take everything. Longer than other waits:
/// each time an event is received counts towards a queue's own bound.
const REST: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// Rounds of which the broker did not take everything, and the wait after each.
pub(super) struct BrokerRest {
    connection: Connection,
    failures: u32,
}

impl BrokerRest {
    /// For a follower that publishes over this connection.
    pub(super) const fn new(connection: Connection) -> Self {
        Self { connection, failures: 0 }
    }

    /// Notes a round, and whether it left anything that may be taken later.
    pub(super) const fn note(&mut self, has_left: bool) {
        self.failures = if has_left { self.failures.saturating_add(1) } else { 0 };
    }

    /// Waits after a round that left something: longer each time, and until the broker can be
    /// reached.
    pub(super) async fn wait(&self) -> Result<(), CliError> {
        sleep(REST.wait(self.failures, draw())).await;
        let mut is_said = false;
        loop {
            let Err(error) = self.connection.channel().await else { return Ok(()) };
            match end_of(&error) {
                // It was tried for as long as connecting is tried.
                RefusalEnd::Time => {}
                RefusalEnd::Operators => {
                    if !std::mem::replace(&mut is_said, true) {
                        complain(&format!("{error} What is not sent stays where it is."));
                    }
                    // People lift it: asking often is of no use.
                    sleep(BACKOFF.wait(u32::MAX, draw())).await;
                }
                RefusalEnd::Caller | RefusalEnd::Change => return Err(error.into()),
            }
        }
    }
}

/// What brings the want of a connection to its end.
fn end_of(error: &ConnectError) -> RefusalEnd {
    match error.refused() {
        Some(refused) => refused.end(),
        None if error.may_pass() => RefusalEnd::Time,
        None => RefusalEnd::Caller,
    }
}
