//! A look at what a desk has or lists, on record before it is answered (DPA 2018 s.62).
//!
//! Promises that who looked, for whom and why stands in the ledger in the open, and what was seen
//! only sealed, with a commitment to it that nobody can guess from. Deliberately does not know what
//! is looked at.

use std::sync::Arc;

use proto::exchange::v1::Purpose;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::chance::Chance;
use crate::ledger::appender::{ConsultWork, Queue, Reread, Work};
use crate::ledger::journal::StoreError;
use crate::register::DeskName;
use crate::seal::{Part, Vault, commitment};

/// Who looks, and at how much.
pub struct Look<'a> {
    /// What was called.
    pub call: &'static str,
    /// Desk.
    pub desk: &'a DeskName,
    /// Calling node.
    pub node: &'a Arc<str>,
    /// Person who reads (opaque id).
    pub person: Uuid,
    /// Why.
    pub purpose: Purpose,
    /// How many things are shown.
    pub count: usize,
    /// What the sealed record says.
    pub content: Vec<u8>,
}

impl Look<'_> {
    /// Puts it on record. Durable when it returns.
    ///
    /// # Errors
    /// No random bytes, or the store failed: nothing may be answered.
    pub async fn record(
        self,
        vault: &Vault,
        chance: &dyn Chance,
        queue: &Queue,
    ) -> Result<(), StoreError> {
        let no_chance = |_| StoreError::Unavailable("no random bytes".into());
        let mut salt = [0; 32];
        chance.fill(&mut salt).map_err(|error| no_chance(error.into()))?;
        let text = [salt.as_slice(), self.content.as_slice()].concat();
        let reason = vault
            .seal_alone(chance, Part::Reason, self.call.as_bytes(), &text)
            .map_err(no_chance)?;
        let (reply, done) = oneshot::channel();
        let work = ConsultWork {
            agency: Arc::clone(&self.desk.agency),
            actor: Arc::clone(self.node),
            call: self.call,
            reason,
            reread: Some(Reread {
                desk: Arc::clone(&self.desk.desk),
                person: self.person,
                purpose: self.purpose,
                count: self.count as u64,
                commitment: commitment(&salt, &self.content),
            }),
            reply,
        };
        let stopped = || StoreError::Unavailable("the ledger's writer has stopped".into());
        queue.put(Work::Consult(work)).await.map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?.map(|_| ())
    }
}
