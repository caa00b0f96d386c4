//! Administration over gRPC.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proto::admin::v1 as wire;
use proto::admin::v1::admin_service_server::AdminService;
use proto::limits;
use proto::refusal::Refusal;
use tonic::{Request, Response, Status};

use crate::admin::Administering;
use crate::clock::Clock as _;
use crate::delivery::outbox::Outbox;
use crate::ledger::checkpoint::DOCUMENT;
use crate::listen::{Connections, Loaded};
use crate::message::stamp;
use crate::rpc::{beside, peer, status};

/// The admin service.
pub struct AdminRpc {
    /// Changes.
    pub administering: Arc<Administering>,
    /// Figures of the store.
    pub outbox: Arc<dyn Outbox>,
    /// Living connections.
    pub connections: Arc<Connections>,
    /// Certificates and lists in force.
    pub loaded: Arc<arc_swap::ArcSwap<Loaded>>,
    /// Set while the disk is at its floor.
    pub disk_floor: Arc<AtomicBool>,
}

#[tonic::async_trait]
impl AdminService for AdminRpc {
    async fn apply_directory(
        &self,
        request: Request<wire::ApplyDirectoryRequest>,
    ) -> Result<Response<wire::ApplyDirectoryResponse>, Status> {
        let peer = peer(&request)?;
        let asked = request.get_ref();
        if asked.document.len() > limits::DIRECTORY_DOCUMENT_BYTES_MAX {
            return Err(status::refused(Refusal::FrameOutOfBounds));
        }
        let (changed, removed) = self
            .administering
            .apply_directory(&peer, &asked.document, asked.check_only)
            .await
            .map_err(status::admin)?;
        self.connections.sweep_soon();
        Ok(Response::new(wire::ApplyDirectoryResponse { changed, removed }))
    }

    async fn set_standing(
        &self,
        request: Request<wire::SetStandingRequest>,
    ) -> Result<Response<wire::SetStandingResponse>, Status> {
        let peer = peer(&request)?;
        let asked = request.get_ref();
        self.administering
            .set_standing(&peer, &asked.agency, asked.suspended)
            .await
            .map_err(status::admin)?;
        self.connections.sweep_soon();
        Ok(Response::new(wire::SetStandingResponse {}))
    }

    async fn propose_bundle(
        &self,
        request: Request<wire::ProposeBundleRequest>,
    ) -> Result<Response<wire::ProposeBundleResponse>, Status> {
        let peer = peer(&request)?;
        let files = request.into_inner().files;
        let bounded = files.len() <= limits::BUNDLE_FILES_MAX
            && files.iter().all(|file| file.text.len() <= limits::BUNDLE_FILE_BYTES_MAX);
        if !bounded {
            return Err(status::refused(Refusal::FrameOutOfBounds));
        }
        let files = files.into_iter().map(|file| (file.path, file.text)).collect();
        let (bundle, rules) =
            self.administering.propose_bundle(&peer, files).await.map_err(status::admin)?;
        let rules = u32::try_from(rules).unwrap_or(u32::MAX);
        Ok(Response::new(wire::ProposeBundleResponse { bundle, rules }))
    }

    async fn approve_bundle(
        &self,
        request: Request<wire::ApproveBundleRequest>,
    ) -> Result<Response<wire::ApproveBundleResponse>, Status> {
        let peer = peer(&request)?;
        let (approvals, in_force) = self
            .administering
            .approve_bundle(&peer, &request.get_ref().bundle)
            .await
            .map_err(status::admin)?;
        let approvals = u32::try_from(approvals).unwrap_or(u32::MAX);
        Ok(Response::new(wire::ApproveBundleResponse { approvals, in_force }))
    }

    async fn confirm_clock(
        &self,
        request: Request<wire::ConfirmClockRequest>,
    ) -> Result<Response<wire::ConfirmClockResponse>, Status> {
        let peer = peer(&request)?;
        let believed = request.get_ref().believed.as_ref();
        let moved =
            self.administering.confirm_clock(&peer, believed).await.map_err(status::admin)?;
        Ok(Response::new(wire::ConfirmClockResponse { moved_seconds: moved.whole_seconds() }))
    }

    async fn get_status(
        &self,
        request: Request<wire::GetStatusRequest>,
    ) -> Result<Response<wire::GetStatusResponse>, Status> {
        peer(&request)?;
        let failed = |error| status::store(&error);
        let outbox = Arc::clone(&self.outbox);
        let counts = beside(move || outbox.counts()).await.map_err(failed)?;
        let archive = &self.administering.archive;
        let note = archive.document(DOCUMENT).map_err(failed)?.unwrap_or_default();
        let signed = String::from_utf8(note).unwrap_or_default();
        // The second line of a checkpoint is its size (C2SP tlog-checkpoint).
        let signed_size = signed.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0);
        let rules = self.administering.rules.load();
        let in_force = rules.bundle != [0; 32];
        let reading = self.administering.clock.reading();
        Ok(Response::new(wire::GetStatusResponse {
            ledger_size: archive.size().map_err(failed)?,
            signed_size,
            bundle: if in_force { hex::encode(rules.bundle) } else { String::new() },
            waiting: counts.waiting,
            dead_letters: counts.dead,
            connections: u32::try_from(self.connections.total()).unwrap_or(u32::MAX),
            revocation_list_ends: Some(stamp(self.loaded.load().revoked().next_update())),
            clock_moved_seconds: reading.moved().whole_seconds(),
            clock_held: !reading.agrees(),
            publishing_paused: self.disk_floor.load(Ordering::Relaxed),
        }))
    }
}
