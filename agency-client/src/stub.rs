//! A broker's stand-in for the unit tests of the client's state machines.
//!
//! Owns: an exchange service over plain TCP whose streams a test scripts one by one.
//! Promises: it says only what its script says, so a test knows what the client heard.
//! Deliberately does not know: policy, ledger, TLS. What a real broker does is tested elsewhere.

use crate::connection::{Connection, Dial, Dialled, Live};
use crate::errors::ConnectError;
use proto::exchange::v1 as wire;
use proto::exchange::v1::exchange_service_server::{ExchangeService, ExchangeServiceServer};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

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
    address: SocketAddr,
}

impl Stub {
    /// Starts one on a free port.
    pub(crate) async fn start() -> Self {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = incoming.local_addr().unwrap();
        let (publish, publishing) = mpsc::unbounded_channel();
        let (subscribe, subscribing) = mpsc::unbounded_channel();
        let service = ExchangeServiceServer::new(Service { publish, subscribe });
        tokio::spawn(Server::builder().serve_with_incoming(service, incoming));
        Self { publishing, subscribing, address }
    }

    /// A client's connection to it.
    pub(crate) fn connection(&self) -> Connection {
        Connection::with_dial(Box::new(PlainDial(self.address)), Duration::from_secs(5))
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

/// Waits for the next stream, and fails the test rather than hang it.
pub(crate) async fn next<T>(streams: &mut mpsc::UnboundedReceiver<T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), streams.recv()).await.unwrap().unwrap()
}

struct Service {
    publish: mpsc::UnboundedSender<PublishCall>,
    subscribe: mpsc::UnboundedSender<SubscribeCall>,
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

    async fn who_am_i(
        &self,
        _: Request<wire::WhoAmIRequest>,
    ) -> Result<Response<wire::WhoAmIResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }
}
