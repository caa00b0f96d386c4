//! A broker's stand-in for the unit tests of the client's state machines.
//!
//! Owns: an exchange service over plain TCP whose streams a test scripts one by one.
//! Promises: it says only what its script says, so a test knows what the client heard.
//! Deliberately does not know: policy, ledger, TLS. What a real broker does is tested elsewhere.

use crate::connection::{Connection, Dial, Dialled, Live};
use crate::errors::{ConnectError, ERROR_DOMAIN};
use proto::exchange::v1 as wire;
use proto::exchange::v1::exchange_service_server::{ExchangeService, ExchangeServiceServer};
use proto::refusal::Refusal;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt as _};

/// One stream as the test sees it: what the client sent, and what to say to it.
pub(crate) struct Call<I, O> {
    pub(crate) heard: Streaming<I>,
    say: mpsc::UnboundedSender<Result<O, Status>>,
}

impl<I, O> Call<I, O> {
    /// The client's next frame.
    pub(crate) async fn hear(&mut self) -> I {
        self.heard.message().await.unwrap().unwrap()
    }

    /// Says a frame.
    pub(crate) fn say(&self, frame: O) {
        self.say.send(Ok(frame)).unwrap();
    }

    /// Breaks the stream.
    pub(crate) fn break_with(self, status: Status) {
        self.say.send(Err(status)).unwrap();
    }
}

pub(crate) type PublishCall = Call<wire::PublishRequest, wire::PublishResponse>;
pub(crate) type SubscribeCall = Call<wire::SubscribeRequest, wire::SubscribeResponse>;

/// The stand-in, and the streams that clients open on it, in order.
pub(crate) struct Stub {
    pub(crate) publishing: mpsc::UnboundedReceiver<PublishCall>,
    pub(crate) subscribing: mpsc::UnboundedReceiver<SubscribeCall>,
    doors: Doors,
    address: SocketAddr,
}

/// Refusals of publish calls to come, the first for the next.
type Doors = Arc<Mutex<VecDeque<Status>>>;

impl Stub {
    /// Starts one on a free port.
    pub(crate) async fn start() -> Self {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = incoming.local_addr().unwrap();
        let (publish, publishing) = mpsc::unbounded_channel();
        let (subscribe, subscribing) = mpsc::unbounded_channel();
        let doors = Doors::default();
        let service = Service { publish, subscribe, doors: Arc::clone(&doors) };
        let service = ExchangeServiceServer::new(service);
        tokio::spawn(Server::builder().serve_with_incoming(service, incoming));
        Self { publishing, subscribing, doors, address }
    }

    /// Refuses one more publish call, after its first frame arrived and without taking it up.
    pub(crate) fn refuse_at_the_door(&self, status: Status) {
        self.doors.lock().unwrap().push_back(status);
    }

    /// A client's connection to it.
    pub(crate) fn connection(&self) -> Connection {
        Connection::with_dial(self.dial(), Duration::from_secs(5))
    }

    /// The way such a connection is dialled.
    pub(crate) fn dial(&self) -> Box<dyn Dial> {
        Box::new(PlainDial(self.address))
    }
}

struct PlainDial(SocketAddr);

impl Dial for PlainDial {
    fn dial(&self) -> Dialled<'_> {
        Box::pin(async {
            let fault = || ConnectError::Protocol { address: self.0.to_string() };
            let socket = TcpStream::connect(self.0).await.map_err(|_| fault())?;
            let (channel, fate) = crate::connection::channel_over(socket, "stub.example")
                .await
                .map_err(|_| fault())?;
            Ok(Live { channel, fate, head: None })
        })
    }
}

/// A status that bears a refusal's number, and when to try again.
pub(crate) fn numbered(refusal: Refusal, retry_after: Option<Duration>) -> Status {
    of_number(refusal.code(), refusal.sentence(), retry_after)
}

/// The same by any number, known to this version or not.
pub(crate) fn of_number(code: u32, sentence: &str, retry_after: Option<Duration>) -> Status {
    let mut details = ErrorDetails::new();
    let nothing = HashMap::<String, String>::new();
    details.set_error_info(code.to_string(), ERROR_DOMAIN, nothing);
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    Status::with_error_details(Code::PermissionDenied, sentence, details)
}

/// Waits for the next stream, and fails the test rather than hang it.
pub(crate) async fn next<T>(streams: &mut mpsc::UnboundedReceiver<T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), streams.recv()).await.unwrap().unwrap()
}

struct Service {
    publish: mpsc::UnboundedSender<PublishCall>,
    subscribe: mpsc::UnboundedSender<SubscribeCall>,
    doors: Doors,
}

type Said<T> = UnboundedReceiverStream<Result<T, Status>>;

fn answered<I, O>(
    request: Request<Streaming<I>>,
    to: &mpsc::UnboundedSender<Call<I, O>>,
) -> Response<Said<O>> {
    let (say, said) = mpsc::unbounded_channel();
    // A test that looks at no more streams lets them hang, as a silent broker would.
    let _ = to.send(Call { heard: request.into_inner(), say });
    Response::new(UnboundedReceiverStream::new(said))
}

#[tonic::async_trait]
impl ExchangeService for Service {
    type PublishStream = Said<wire::PublishResponse>;
    type SubscribeStream = Said<wire::SubscribeResponse>;

    async fn publish(
        &self,
        request: Request<Streaming<wire::PublishRequest>>,
    ) -> Result<Response<Self::PublishStream>, Status> {
        let refusal = self.doors.lock().unwrap().pop_front();
        if let Some(status) = refusal {
            request.into_inner().message().await?;
            return Err(status);
        }
        Ok(answered(request, &self.publish))
    }

    async fn subscribe(
        &self,
        request: Request<Streaming<wire::SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        Ok(answered(request, &self.subscribe))
    }

    async fn preview(
        &self,
        _: Request<wire::PreviewRequest>,
    ) -> Result<Response<wire::PreviewResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn track(
        &self,
        _: Request<wire::TrackRequest>,
    ) -> Result<Response<wire::TrackResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn list_dead_letters(
        &self,
        _: Request<wire::ListDeadLettersRequest>,
    ) -> Result<Response<wire::ListDeadLettersResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn redrive(
        &self,
        _: Request<wire::RedriveRequest>,
    ) -> Result<Response<wire::RedriveResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn attest(
        &self,
        _: Request<wire::AttestRequest>,
    ) -> Result<Response<wire::AttestResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn list_obligations(
        &self,
        _: Request<wire::ListObligationsRequest>,
    ) -> Result<Response<wire::ListObligationsResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    type ReadWorklistStream = UnboundedReceiverStream<Result<wire::ReadWorklistResponse, Status>>;

    async fn read_worklist(
        &self,
        _: Request<wire::ReadWorklistRequest>,
    ) -> Result<Response<Self::ReadWorklistStream>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn list_flags(
        &self,
        _: Request<wire::ListFlagsRequest>,
    ) -> Result<Response<wire::ListFlagsResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn who_am_i(
        &self,
        _: Request<wire::WhoAmIRequest>,
    ) -> Result<Response<wire::WhoAmIResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }
}
