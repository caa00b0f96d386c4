//! Documents over gRPC: put, asked after, fetched.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use proto::exchange::v1 as wire;
use proto::exchange::v1::attachment_service_server::AttachmentService;
use proto::exchange::v1::put_attachment_request::Step;
use proto::limits;
use proto::refusal::Refusal;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::exchange::attach::{Attaching, NotPut};
use crate::exchange::fetch::{Asked, Fetching};
use crate::identity::{Caller, VerifiedPeer};
use crate::ledger::attached::key_of;
use crate::listen::{ConnectionInfo, Loaded};
use crate::message::MessageKey;
use crate::register::DeskName;
use crate::rpc::exchange::actor;
use crate::rpc::gate::RefusedCalls;
use crate::rpc::{peer, status};

/// How long a stream may say nothing before it is ended: its slot is another's.
const FRAME_PATIENCE: Duration = Duration::from_secs(30);

/// The service of documents.
pub struct AttachmentRpc {
    /// Putting.
    pub attaching: Arc<Attaching>,
    /// Fetching.
    pub fetching: Arc<Fetching>,
    /// Certificates and revocation lists in force.
    pub loaded: Arc<arc_swap::ArcSwap<Loaded>>,
    /// Refused calls.
    pub refused: Arc<RefusedCalls>,
    /// Cancelled when the broker begins to stop.
    pub stopping: CancellationToken,
}

type Frames = Pin<Box<dyn Stream<Item = Result<wire::GetAttachmentResponse, Status>> + Send>>;

#[tonic::async_trait]
impl AttachmentService for AttachmentRpc {
    type GetAttachmentStream = Frames;

    async fn put_attachment(
        &self,
        request: Request<Streaming<wire::PutAttachmentRequest>>,
    ) -> Result<Response<wire::PutAttachmentResponse>, Status> {
        let peer = peer(&request)?;
        let mut steps = request.into_inner();
        let Some(Step::Announced(announced)) = self.step(&mut steps).await? else {
            return Err(status::fault("announced", "must be the first step"));
        };
        let told = |error| {
            if let NotPut::Refused(refusal) = error {
                self.refused.count(peer.agency(), refusal);
            }
            not_put(error)
        };
        let key = announced_key(&peer, &announced)?;
        let begun = self.attaching.begin(key, announced.size_bytes, &announced.digest).await;
        let mut upload = begun.map_err(told)?;
        while let Some(step) = self.step(&mut steps).await? {
            let Step::Chunk(chunk) = step else {
                return Err(status::fault("announced", "is given once"));
            };
            let put = self.attaching.piece(&mut upload, chunk.offset, &chunk.content).await;
            put.map_err(told)?;
        }
        self.attaching.finish(upload).await.map_err(told)?;
        Ok(Response::new(wire::PutAttachmentResponse {}))
    }

    async fn find_attachment(
        &self,
        request: Request<wire::FindAttachmentRequest>,
    ) -> Result<Response<wire::FindAttachmentResponse>, Status> {
        let peer = peer(&request)?;
        let key = own_key(&peer, &request.get_ref().attachment_id)?;
        let found = self.attaching.find(&key).await;
        let (kept_bytes, whole) = found.map_err(status::refused)?;
        Ok(Response::new(wire::FindAttachmentResponse { kept_bytes, whole }))
    }

    async fn get_attachment(
        &self,
        request: Request<wire::GetAttachmentRequest>,
    ) -> Result<Response<Frames>, Status> {
        let peer = peer(&request)?;
        let certificate =
            request.extensions().get::<ConnectionInfo>().map(|c| Arc::clone(&c.certificate));
        let certificate = certificate.ok_or_else(|| status::refused(Refusal::NotRegistered))?;
        let wanted = request.get_ref();
        let release_id = <[u8; 16]>::try_from(wanted.release_id.as_ref())
            .map_err(|_| status::fault("release_id", "is 16 bytes"))?;
        let section = <[u8; 32]>::try_from(wanted.section.as_ref())
            .map_err(|_| status::fault("section", "is 32 bytes"))?;
        let (rules, agency) =
            (Arc::clone(&self.fetching.delivering.rules), peer.agency().to_string());
        let (loaded, clock) =
            (Arc::clone(&self.loaded), Arc::clone(&self.fetching.delivering.clock));
        let may_release = move || {
            loaded.load().revocation_current_for(&certificate, clock.now())
                && rules.load().directory.agency(&agency).is_some_and(|one| !one.suspended)
        };
        let asked = Asked {
            desks: self.own_desks(&peer)?,
            node: actor(&peer),
            release_id,
            section,
            may_release: Arc::new(may_release),
        };
        let begun = self.fetching.begin(asked, wanted.offset).await;
        let mut fetch = begun.map_err(|refusal| {
            self.refused.count(peer.agency(), refusal);
            status::refused(refusal)
        })?;
        // One frame is written while the next is opened: two pieces in memory, and no more.
        let (frames, receiver) = mpsc::channel(1);
        let (fetching, stopping) = (Arc::clone(&self.fetching), self.stopping.clone());
        tokio::spawn(async move {
            loop {
                let room = tokio::select! {
                    room = tokio::time::timeout(FRAME_PATIENCE, frames.reserve()) => room,
                    () = stopping.cancelled() => {
                        let _ = frames.try_send(Err(status::refused(Refusal::ShuttingDown)));
                        return;
                    }
                };
                let Ok(Ok(room)) = room else { return };
                match fetching.next(&mut fetch).await {
                    Ok(Some((offset, content))) => {
                        let content = content.into();
                        room.send(Ok(wire::GetAttachmentResponse { offset, content }));
                    }
                    Ok(None) => return,
                    Err(refusal) => {
                        room.send(Err(status::refused(refusal)));
                        return;
                    }
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

impl AttachmentRpc {
    /// The next step of a stream, which does not hold a stop, nor its slot for ever.
    async fn step(
        &self,
        steps: &mut Streaming<wire::PutAttachmentRequest>,
    ) -> Result<Option<Step>, Status> {
        let next = tokio::select! {
            biased;
            () = self.stopping.cancelled() => return Err(status::refused(Refusal::ShuttingDown)),
            next = tokio::time::timeout(FRAME_PATIENCE, steps.next()) => next,
        };
        let next = next.map_err(|_| status::refused(Refusal::AttachmentOutOfTurn))?;
        let Some(request) = next.transpose()? else { return Ok(None) };
        request.step.map(Some).ok_or_else(|| status::fault("step", "is announced or chunk"))
    }

    /// The desks of a node.
    fn own_desks(&self, peer: &VerifiedPeer) -> Result<Vec<DeskName>, Status> {
        let rules = self.fetching.delivering.rules.load();
        let Caller::Node { desks, .. } = peer.caller() else {
            return Err(status::refused(Refusal::NotAllowed));
        };
        let desks = desks.iter().filter_map(|desk| rules.directory.desk(*desk));
        Ok(desks
            .map(|desk| DeskName { agency: Arc::clone(&desk.agency), desk: Arc::clone(&desk.id) })
            .collect())
    }
}

fn own_key(peer: &VerifiedPeer, id: &str) -> Result<MessageKey, Status> {
    let known = Uuid::try_parse(id).ok().filter(|uuid| id.len() == 36 && !uuid.is_nil());
    let id = known.ok_or_else(|| status::fault("attachment_id", "must be a UUID"))?;
    Ok(key_of(&Arc::from(peer.agency().as_ref()), id))
}

fn announced_key(
    peer: &VerifiedPeer,
    announced: &wire::AnnouncedAttachment,
) -> Result<MessageKey, Status> {
    if !(1..=limits::ATTACHMENT_BYTES_MAX).contains(&announced.size_bytes) {
        return Err(status::fault("announced.size_bytes", "is 1 to 20,971,520"));
    }
    if announced.digest.len() != limits::DIGEST_BYTES {
        return Err(status::fault("announced.digest", "is a SHA-256 digest of 32 bytes"));
    }
    own_key(peer, &announced.attachment_id)
}

fn not_put(error: NotPut) -> Status {
    match error {
        NotPut::Refused(refusal) => status::refused(refusal),
        NotPut::WrongLength => status::fault(
            "chunk.content",
            "is 262,144 bytes, and less at the end of the whole only",
        ),
    }
}
