//! What answers auditors, and reads for the audit log.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::audit::Auditing;
use crate::store::sqlite::SqliteReaders;

use super::Parts;

impl Parts {
    /// Everything that a look-up needs.
    pub(super) fn auditing(&self) -> Arc<Auditing> {
        Arc::new(Auditing {
            rules: Arc::clone(&self.rules),
            archive: Arc::<SqliteReaders>::clone(&self.readers),
            vault: Arc::clone(&self.vault),
            clock: Arc::clone(&self.clock),
            chance: Arc::clone(&self.chance),
            queue: self.queue.clone(),
            verifier: self.signer.verifier().clone(),
            reports: Mutex::default(),
            reviews: Arc::<SqliteReaders>::clone(&self.readers),
            calendar: Arc::clone(&self.calendar),
        })
    }
}
