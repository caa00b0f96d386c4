//! Publishing and receiving over gRPC.

mod attested;

mod caseload;

mod session;

mod worklist;

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proto::exchange::v1 as wire;
use proto::exchange::v1::exchange_service_server::ExchangeService;
use proto::exchange::v1::subscribe_request::Step;
use proto::exchange::v1::subscribe_response::Event;
use proto::limits;
use proto::refusal::Refusal;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::audit::Auditing;
use crate::delivery::hub::{self, Hub, LEASE};
use crate::exchange::deliver::{Delivering, Served, Service};
use crate::exchange::publish::Publishing;
use crate::exchange::worklist::{Turns, Worklists};
use crate::identity::{Caller, VerifiedPeer};
use crate::ledger::appender::{AttestWork, RedriveWork, SubscribeWork, Work};
use crate::listen::{ConnectionInfo, Loaded};
use crate::message::stamp;
use crate::register::DeskName;
use crate::rpc::gate::RefusedCalls;
use crate::rpc::{beside, peer, status};
use attested::attested;
use session::PublishSession;

/// Frames waiting to be written on one stream.
const FRAMES_MAX: usize = 64;
/// Of a worklist, whose frames may be large.
const WORKLIST_FRAMES_MAX: usize = 8;

/// Says whether bytes may leave at this moment.
type MayRelease = Arc<dyn Fn() -> bool + Send + Sync>;

/// The exchange service.
pub struct ExchangeRpc {
    /// Publishing.
    pub publishing: Arc<Publishing>,
    /// Delivering.
    pub delivering: Delivering,
    /// Living streams.
    pub hub: Arc<Hub>,
    /// Reads about messages.
    pub auditing: Arc<Auditing>,
    /// Certificates and revocation lists in force.
    pub loaded: Arc<arc_swap::ArcSwap<Loaded>>,
    /// Refused calls.
    pub refused: Arc<RefusedCalls>,
    /// Telephone route told on immediate messages.
    pub duty_route: String,
    /// No publish is answered sooner than this after it came.
    pub answer_floor: Duration,
    /// Worklists that are read just now.
    pub worklists: Turns,
    /// Numbers streams.
    pub streams: AtomicU64,
    /// Cancelled when the broker begins to stop: every open stream is then ended.
    pub stopping: CancellationToken,
}

type Out<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl ExchangeService for ExchangeRpc {
    type PublishStream = Out<wire::PublishResponse>;
    type SubscribeStream = Out<wire::SubscribeResponse>;
    type ReadWorklistStream = Out<wire::ReadWorklistResponse>;

    async fn publish(
        &self,
        request: Request<Streaming<wire::PublishRequest>>,
    ) -> Result<Response<Self::PublishStream>, Status> {
        let peer = peer(&request)?;
        let (out, frames) = mpsc::channel(FRAMES_MAX);
        let session = PublishSession {
            publishing: Arc::clone(&self.publishing),
            refused: Arc::clone(&self.refused),
            peer,
            duty_route: self.duty_route.clone(),
            answer_floor: self.answer_floor,
            flying: HashMap::new(),
            held: VecDeque::new(),
            stopping: self.stopping.clone(),
        };
        tokio::spawn(session.run(request.into_inner(), out));
        Ok(Response::new(Box::pin(ReceiverStream::new(frames))))
    }

    async fn subscribe(
        &self,
        request: Request<Streaming<wire::SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let peer = peer(&request)?;
        let may_release = self.may_release(&request, &peer)?;
        let mut steps = request.into_inner();
        let open = self.first_step(&mut steps).await?;
        let (desk, node) = self.check_open(&peer, &open)?;
        let (row, waiting) = self.subscription(&desk, &open.name).await?;
        let (out, batches) = mpsc::unbounded_channel();
        let number = self.streams.fetch_add(1, Ordering::Relaxed);
        let opened = self.hub.open(row, number, &node, open.credit, out.clone());
        let stream = opened.ok_or_else(|| status::refused(Refusal::SubscriptionBusy))?;
        let (allowed, clock) = (Arc::clone(&may_release), Arc::clone(&self.delivering.clock));
        // Embargo and agreements are judged in the line while the clock is not believed.
        let fresh: Arc<dyn Fn() -> bool + Send + Sync> =
            Arc::new(move || allowed() && clock.reading().agrees());
        stream.releases_while(&fresh);
        let service = Arc::new(Service { stream: Arc::new(stream), desk, node, out, may_release });
        let (frames, receiver) = mpsc::channel(FRAMES_MAX);
        let opened = wire::SubscriptionOpened {
            waiting: u32::try_from(waiting.min(1_000)).unwrap_or(1_000),
            lease: Some(prost_types::Duration { seconds: LEASE.as_secs().cast_signed(), nanos: 0 }),
        };
        // There is room for one, and nothing may keep a stream from being served once it is open.
        let _ = frames.try_send(Ok(event(Event::Opened(opened))));
        // One task reads the client's steps, one writes frames, one serves the backlog; the
        // writer ends when the client goes, and the others end with it.
        let delivering = self.delivering.clone();
        let reader = tokio::spawn(read_steps(
            delivering.clone(),
            Arc::clone(&service),
            steps,
            frames.clone(),
        ));
        let stream = Arc::clone(&service.stream);
        tokio::spawn(serve(delivering, service, frames.clone()));
        tokio::spawn(write_frames(frames, batches, stream, reader, self.stopping.clone()));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn preview(
        &self,
        request: Request<wire::PreviewRequest>,
    ) -> Result<Response<wire::PreviewResponse>, Status> {
        let peer = peer(&request)?;
        self.auditing
            .preview(&peer, request.get_ref())
            .map(Response::new)
            .map_err(|error| status::audit(&error))
    }

    async fn track(
        &self,
        request: Request<wire::TrackRequest>,
    ) -> Result<Response<wire::TrackResponse>, Status> {
        let peer = peer(&request)?;
        let id = Uuid::try_parse(&request.get_ref().message_id)
            .map_err(|_| status::fault("message_id", "must be a UUID"))?;
        let outcomes = self.auditing.track(peer.agency(), id).map_err(|e| status::store(&e))?;
        let outcomes = outcomes
            .into_iter()
            .map(|outcome| wire::NamedOutcome {
                agency: outcome.agency,
                state: outcome.state as i32,
                at: Some(stamp(outcome.at)),
                attested: outcome
                    .attested
                    .into_iter()
                    .map(|(attestation, at)| wire::AttestedOutcome {
                        attestation,
                        at: Some(stamp(at)),
                    })
                    .collect(),
            })
            .collect();
        Ok(Response::new(wire::TrackResponse { outcomes }))
    }

    async fn list_dead_letters(
        &self,
        request: Request<wire::ListDeadLettersRequest>,
    ) -> Result<Response<wire::ListDeadLettersResponse>, Status> {
        let peer = peer(&request)?;
        let desk = self.own_desk(&peer, &request.get_ref().desk)?;
        let dead = self.delivering.outbox.dead(&desk).map_err(|e| status::store(&e))?;
        let letters = dead
            .into_iter()
            .map(|letter| wire::DeadLetter {
                delivery_id: letter.delivery_id.to_vec().into(),
                attempts: letter.attempts,
                since: Some(stamp(letter.since)),
            })
            .collect();
        Ok(Response::new(wire::ListDeadLettersResponse { letters }))
    }

    async fn redrive(
        &self,
        request: Request<wire::RedriveRequest>,
    ) -> Result<Response<wire::RedriveResponse>, Status> {
        let peer = peer(&request)?;
        let desk = self.own_desk(&peer, &request.get_ref().desk)?;
        let dead = self.delivering.outbox.dead(&desk).map_err(|e| status::store(&e))?;
        let wanted = &request.get_ref().delivery_id;
        let Some(letter) = dead.into_iter().find(|l| l.delivery_id == wanted.as_ref()) else {
            return Ok(Response::new(wire::RedriveResponse { redriven: false }));
        };
        let (reply, redriven) = oneshot::channel();
        let work = RedriveWork {
            delivery: letter.delivery,
            delivery_id: letter.delivery_id,
            subscription: letter.subscription,
            actor: (Arc::clone(&desk.agency), actor(&peer)),
            reply,
        };
        let queue = &self.delivering.queue;
        queue.put(Work::Redrive(work)).await.map_err(|_| status::refused(Refusal::ShuttingDown))?;
        let redriven = redriven.await.unwrap_or(false);
        Ok(Response::new(wire::RedriveResponse { redriven }))
    }

    async fn attest(
        &self,
        request: Request<wire::AttestRequest>,
    ) -> Result<Response<wire::AttestResponse>, Status> {
        let peer = peer(&request)?;
        let request = request.into_inner();
        let desk = self.own_desk(&peer, &request.desk)?;
        let (releases, person) = attested(&request)?;
        let (outbox, asked) = (Arc::clone(&self.delivering.outbox), desk.clone());
        let mut items = beside(move || outbox.given(&asked, &releases, request.attestation))
            .await
            .map_err(|error| status::store(&error))?;
        items.retain(|item| item.takes(request.attestation()));
        if items.is_empty() {
            return Ok(Response::new(wire::AttestResponse { recorded: 0 }));
        }
        let (reply, recorded) = oneshot::channel();
        let attestation = request.attestation();
        let node = actor(&peer);
        let work = AttestWork { desk, node, person, attestation, items, reply };
        let queue = &self.delivering.queue;
        queue.put(Work::Attest(work)).await.map_err(|_| status::refused(Refusal::ShuttingDown))?;
        let recorded = recorded.await.unwrap_or(None);
        let recorded = recorded.ok_or_else(|| status::refused(Refusal::StoreUnavailable))?;
        Ok(Response::new(wire::AttestResponse { recorded }))
    }

    async fn list_obligations(
        &self,
        request: Request<wire::ListObligationsRequest>,
    ) -> Result<Response<wire::ListObligationsResponse>, Status> {
        let peer = peer(&request)?;
        let desk = self.own_desk(&peer, &request.get_ref().desk)?;
        let (outbox, asked) = (Arc::clone(&self.delivering.outbox), desk.clone());
        let owed =
            beside(move || outbox.owed(&asked)).await.map_err(|error| status::store(&error))?;
        // What fell due while the clock is not believed is not called overdue yet.
        let now = self.delivering.clock.reading().settled();
        let obligations = owed
            .into_iter()
            .map(|owed| wire::Obligation {
                release_id: owed.release_id.to_vec().into(),
                reference: self.hub.reference(&desk.agency, &owed.message).into(),
                owed: owed.attestation,
                due: Some(stamp(owed.due)),
                overdue: owed.due < now,
                delivery_id: owed.delivery_id.to_vec().into(),
            })
            .collect();
        Ok(Response::new(wire::ListObligationsResponse { obligations }))
    }

    async fn read_worklist(
        &self,
        request: Request<wire::ReadWorklistRequest>,
    ) -> Result<Response<Self::ReadWorklistStream>, Status> {
        let peer = peer(&request)?;
        let may_release = self.may_release(&request, &peer)?;
        let request = request.into_inner();
        let desk = self.own_desk(&peer, &request.desk)?;
        let (vault, now) = (&self.delivering.vault, self.delivering.clock.now());
        let turn = self.worklists.take(&desk.agency).filter(|_| may_release());
        let turn = turn.ok_or_else(|| status::refused(Refusal::WorklistHeld))?;
        let asked = Arc::new(worklist::asked(request, (desk, actor(&peer)), vault, now)?);
        let (delivering, chance) = (self.delivering.clone(), Arc::clone(&self.publishing.chance));
        let worklists = Worklists { delivering, chance };
        // On record before the first byte of the answer.
        let chosen = worklists.open(&asked).await.map_err(|error| worklist::refused(&error))?;
        let stopping = self.stopping.clone();
        let serving = worklist::Serving { worklists, asked, chosen, may_release, stopping, turn };
        let (frames, receiver) = mpsc::channel(WORKLIST_FRAMES_MAX);
        tokio::spawn(worklist::serve(serving, frames));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn list_flags(
        &self,
        request: Request<wire::ListFlagsRequest>,
    ) -> Result<Response<wire::ListFlagsResponse>, Status> {
        caseload::list(self, request).await.map(Response::new)
    }

    async fn who_am_i(
        &self,
        request: Request<wire::WhoAmIRequest>,
    ) -> Result<Response<wire::WhoAmIResponse>, Status> {
        let peer = peer(&request)?;
        let rules = self.publishing.rules.load();
        let mut answer = wire::WhoAmIResponse {
            agency: peer.agency().to_string(),
            certificate_ends: Some(stamp(peer.not_after())),
            ..wire::WhoAmIResponse::default()
        };
        match peer.caller() {
            Caller::Node { name, desks } => {
                answer.node = name.to_string();
                let desks = desks.iter().filter_map(|desk| rules.directory.desk(*desk));
                answer.desks = desks.map(|desk| desk.id.to_string()).collect();
            }
            Caller::Person { id, roles } => {
                answer.person = id.to_string();
                answer.roles = roles.iter().map(|role| role.name().to_owned()).collect();
            }
        }
        Ok(Response::new(answer))
    }
}

/// The directory's name of whoever calls: a node's name or a person's opaque id.
pub(crate) fn actor(peer: &VerifiedPeer) -> Arc<str> {
    match peer.caller() {
        Caller::Node { name, .. } => Arc::from(name.as_ref()),
        Caller::Person { id, .. } => Arc::from(id.as_ref()),
    }
}

impl ExchangeRpc {
    /// One of the node's own desks. Any other answers as one that does not exist.
    fn own_desk(&self, peer: &VerifiedPeer, desk: &str) -> Result<DeskName, Status> {
        let rules = self.publishing.rules.load();
        let Caller::Node { desks, .. } = peer.caller() else {
            return Err(status::refused(Refusal::NotAllowed));
        };
        desks
            .iter()
            .filter_map(|index| rules.directory.desk(*index))
            .find(|known| &*known.id == desk)
            .map(|known| DeskName {
                agency: Arc::clone(&known.agency),
                desk: Arc::clone(&known.id),
            })
            .ok_or_else(|| status::refused(Refusal::NotFound))
    }

    /// Whether bytes may leave on this connection for its agency: revocation lists are current, and
    /// the agency stands.
    fn may_release<T>(
        &self,
        request: &Request<T>,
        peer: &VerifiedPeer,
    ) -> Result<MayRelease, Status> {
        let certificate =
            request.extensions().get::<ConnectionInfo>().map(|c| Arc::clone(&c.certificate));
        let certificate = certificate.ok_or_else(|| status::refused(Refusal::NotRegistered))?;
        let (loaded, clock) = (Arc::clone(&self.loaded), Arc::clone(&self.delivering.clock));
        let rules = Arc::clone(&self.publishing.rules);
        let agency: Arc<str> = Arc::from(peer.agency().as_ref());
        Ok(Arc::new(move || {
            loaded.load().revocation_current_for(&certificate, clock.now())
                && rules.load().directory.agency(&agency).is_some_and(|a| !a.suspended)
        }))
    }

    /// The step that opens a subscription. A client that sends none does not hold a stop.
    async fn first_step(
        &self,
        steps: &mut Streaming<wire::SubscribeRequest>,
    ) -> Result<wire::OpenSubscription, Status> {
        let first = tokio::select! {
            biased;
            () = self.stopping.cancelled() => return Err(status::refused(Refusal::ShuttingDown)),
            first = steps.next() => first,
        };
        match first.transpose()?.and_then(|first| first.step) {
            Some(Step::Open(open)) => Ok(open),
            Some(Step::Credit(_) | Step::Settle(_)) | None => {
                Err(status::fault("open", "must be the first step"))
            }
        }
    }

    fn check_open(
        &self,
        peer: &VerifiedPeer,
        open: &wire::OpenSubscription,
    ) -> Result<(DeskName, Arc<str>), Status> {
        let well_named = !open.name.is_empty()
            && open.name.len() <= limits::SUBSCRIPTION_NAME_CHARACTERS_MAX
            && crate::directory::document::is_directory_id(&open.name);
        if !well_named {
            return Err(status::fault("open.name", "is 1 to 32 characters of a-z, 0-9 and hyphen"));
        }
        if !(1..=limits::CREDIT_DELIVERIES_MAX).contains(&open.credit) {
            return Err(status::fault("open.credit", "is 1 to 4,096"));
        }
        let desk = self.own_desk(peer, &open.desk)?;
        Ok((desk, actor(peer)))
    }

    async fn subscription(&self, desk: &DeskName, name: &str) -> Result<(u64, u64), Status> {
        let (reply, found) = oneshot::channel();
        let work = SubscribeWork { desk: desk.clone(), name: Arc::from(name), reply };
        let queue = &self.delivering.queue;
        queue
            .put(Work::Subscribe(work))
            .await
            .map_err(|_| status::refused(Refusal::ShuttingDown))?;
        let row = found.await.map_err(|_| status::refused(Refusal::ShuttingDown))?;
        let row = row.map_err(|error| status::store(&error))?;
        let waiting = self.delivering.outbox.waiting_count(row).map_err(|e| status::store(&e))?;
        Ok((row, waiting))
    }
}

fn event(event: Event) -> wire::SubscribeResponse {
    wire::SubscribeResponse { event: Some(event) }
}

type Frames<T> = mpsc::Sender<Result<T, Status>>;

/// Writes deliveries in frames that keep the protocol's bounds. The lease of each begins when
/// its frame is handed to the transport.
async fn send_batches(
    frames: &Frames<wire::SubscribeResponse>,
    stream: &hub::Stream,
    deliveries: Vec<wire::Delivery>,
) -> Result<(), ()> {
    let (mut frame, mut bytes) = (Vec::new(), 0);
    for delivery in deliveries {
        let size = delivery.body.len();
        let full = frame.len() >= limits::DELIVERY_FRAME_DELIVERIES_MAX
            || bytes + size > limits::DELIVERY_FRAME_BYTES_MAX;
        if full {
            send_frame(frames, stream, std::mem::take(&mut frame)).await?;
            bytes = 0;
        }
        bytes += size;
        frame.push(delivery);
    }
    if frame.is_empty() { Ok(()) } else { send_frame(frames, stream, frame).await }
}

async fn send_frame(
    frames: &Frames<wire::SubscribeResponse>,
    stream: &hub::Stream,
    deliveries: Vec<wire::Delivery>,
) -> Result<(), ()> {
    let room = frames.reserve().await.map_err(|_| ())?;
    stream.sent(deliveries.iter().map(|delivery| delivery.release_id.as_ref()));
    room.send(Ok(event(Event::Deliveries(wire::DeliveryBatch { deliveries }))));
    Ok(())
}

/// Serves a stream until it ends.
async fn serve(
    delivering: Delivering,
    service: Arc<Service>,
    frames: Frames<wire::SubscribeResponse>,
) {
    match delivering.serve(&service).await {
        Served::Gone => {}
        // A connection that is dead never hears it; one that lives must not wait on.
        Served::TakenOver => {
            let _ = frames.send(Err(status::refused(Refusal::TakenOver))).await;
        }
    }
}

/// Writes deliveries until the client goes or the broker stops, and ends the reading of its
/// steps with that.
async fn write_frames(
    frames: Frames<wire::SubscribeResponse>,
    mut batches: mpsc::UnboundedReceiver<Vec<wire::Delivery>>,
    stream: Arc<hub::Stream>,
    reader: JoinHandle<()>,
    stopping: CancellationToken,
) {
    loop {
        tokio::select! {
            () = frames.closed() => break,
            () = stopping.cancelled() => {
                write_last(&frames, &stream, &mut batches).await;
                break;
            }
            batch = batches.recv() => {
                let Some(deliveries) = batch else { break };
                if send_batches(&frames, &stream, deliveries).await.is_err() {
                    break;
                }
            }
        }
    }
    reader.abort();
    // Dropping the receiver tells the service that its stream has ended.
    drop(batches);
}

/// Writes what was already handed to a stream, and then that the broker stops.
async fn write_last(
    frames: &Frames<wire::SubscribeResponse>,
    stream: &hub::Stream,
    batches: &mut mpsc::UnboundedReceiver<Vec<wire::Delivery>>,
) {
    // Nothing more is handed to it; the service sees that and puts back what is outstanding.
    batches.close();
    while let Some(deliveries) = batches.recv().await {
        if send_batches(frames, stream, deliveries).await.is_err() {
            return;
        }
    }
    let _ = frames.send(Err(status::refused(Refusal::ShuttingDown))).await;
}

/// Follows the client's steps until it goes.
async fn read_steps(
    delivering: Delivering,
    service: Arc<Service>,
    mut steps: Streaming<wire::SubscribeRequest>,
    frames: Frames<wire::SubscribeResponse>,
) {
    while let Some(Ok(request)) = steps.next().await {
        match request.step {
            Some(Step::Credit(credit)) => {
                service.stream.grant(credit.deliveries.min(limits::CREDIT_DELIVERIES_MAX));
            }
            Some(Step::Settle(settle)) => {
                let bounded =
                    [settle.acknowledged.len(), settle.refused.len(), settle.extended.len()]
                        .into_iter()
                        .all(|count| count <= limits::SETTLE_FRAME_RELEASES_MAX);
                if !bounded {
                    let _ = frames.send(Err(status::refused(Refusal::FrameOutOfBounds))).await;
                    return;
                }
                let number = settle.settlement;
                let Ok(settling) = delivering.settlement(&service, settle).await else { return };
                let (frames, stream) = (frames.clone(), Arc::clone(&service.stream));
                // The next step is read while this one is made durable.
                tokio::spawn(async move {
                    let told = if settling.durable(&stream).await {
                        Ok(event(Event::Settled(wire::Settled { settlement: number })))
                    } else {
                        Err(status::refused(Refusal::StoreUnavailable))
                    };
                    let _ = frames.send(told).await;
                });
            }
            Some(Step::Open(_)) | None => {
                let _ =
                    frames.send(Err(status::fault("step", "is credit or settle after open"))).await;
                return;
            }
        }
    }
}
