//! Wires what puts and gives documents.

use std::sync::Arc;

use proto::exchange::v1::attachment_service_server::AttachmentServiceServer;
use proto::limits::FRAME_BYTES_MAX;

use super::Parts;
use super::tending::HOUSEKEEPING;
use crate::exchange::attach::Attaching;
use crate::exchange::fetch::Fetching;
use crate::exchange::slots::Slots;
use crate::exchange::writers::Writers;
use crate::listen::Listening;
use crate::rpc::attachment::AttachmentRpc;
use crate::store::sqlite::SqliteReaders;

impl Parts {
    pub(super) fn attaching(&self) -> Attaching {
        Attaching {
            vault: Arc::clone(&self.vault),
            clock: Arc::clone(&self.clock),
            chance: Arc::clone(&self.chance),
            queue: self.queue.clone(),
            reads: Arc::<SqliteReaders>::clone(&self.readers),
            disk_floor: Arc::clone(&self.disk_floor),
            slots: Slots::default(),
            announcing: tokio::sync::Mutex::new(()),
            writers: Writers::default(),
        }
    }

    pub(super) fn attachments(
        &self,
        listening: &Listening,
    ) -> AttachmentServiceServer<AttachmentRpc> {
        let fetching = Fetching {
            delivering: self.delivering(),
            reads: Arc::<SqliteReaders>::clone(&self.readers),
            slots: Slots::default(),
        };
        let service = AttachmentRpc {
            attaching: Arc::new(self.attaching()),
            fetching: Arc::new(fetching),
            loaded: Arc::clone(listening.loaded()),
            refused: Arc::clone(&self.refused),
            stopping: self.stopping.clone(),
        };
        AttachmentServiceServer::new(service).max_decoding_message_size(FRAME_BYTES_MAX)
    }
}

/// Lets go of documents that no message names.
pub(super) async fn tidy(attaching: Attaching) {
    loop {
        tokio::time::sleep(HOUSEKEEPING).await;
        if attaching.tidy().await.is_err() {
            tracing::error!(code = "attachments-kept", "documents nobody names are still kept");
        }
    }
}
