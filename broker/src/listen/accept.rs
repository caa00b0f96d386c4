//! From a socket to a connection that may speak.
//!
//! Promises that accepting waits for no peer's handshake unless as many prompt ones are under
//! way as may be; that a handshake which is not prompt must find room among the slow ones or
//! goes, so peers who never finish cannot keep others out; and that a peer is identified before
//! the server sees its connection. A peer whom the directory knows and who may not come in now
//! is handed to the server to be told why, a few at a time and for two seconds. Of one who cannot
//! come in with this certificate, leave is taken without a word; whoever may come in later is cut
//! off without it, and so tells the two apart. Deliberately does not know: HTTP.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::identity::{IdentityError, PeerCertificate, verify};

use super::CurrentDirectory;
use super::connection::{Closing, Connection};
use super::connections::{Connections, Registration, VerifiedChain};
use super::counters::{ListenCounters, add_one};
use super::refused::{HandshakeFault, Refused};
use super::tls::Loaded;

/// Pause after the system could give no socket, so that a shortage is not a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time to say goodbye to a peer who is not let in.
const GOODBYE_TIMEOUT: Duration = Duration::from_millis(250);
/// Time for a peer who is not let in to call, and to hear why.
const TELLING_TIME: Duration = Duration::from_secs(2);
/// Peers who are told why at once; the others are cut off without a word.
pub(super) const TOLD_MAX: usize = 32;

/// How long handshakes may take.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// Before a handshake counts as slow; at most `whole`.
    pub(super) prompt: Duration,
    /// In all.
    pub(super) whole: Duration,
}

/// Room for as many handshakes; never none, or nobody would come in.
pub(super) fn slots(max: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(max.clamp(1, Semaphore::MAX_PERMITS)))
}

/// Everything a handshake needs to know.
pub(super) struct Door {
    pub(super) directory: CurrentDirectory,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) loaded: Arc<ArcSwap<Loaded>>,
    pub(super) connections: Arc<Connections>,
    pub(super) counters: Arc<ListenCounters>,
    pub(super) accepting: CancellationToken,
    pub(super) incoming: mpsc::Sender<io::Result<Connection>>,
    pub(super) times: Times,
    pub(super) prompt: Arc<Semaphore>,
    pub(super) slow: Arc<Semaphore>,
    pub(super) told: Arc<Semaphore>,
}

impl Door {
    /// Accepts until told to stop or until the server takes no more.
    pub(super) async fn run(self: Arc<Self>, socket: TcpListener) {
        tokio::select! {
            () = self.accepting.cancelled() => {}
            () = self.incoming.closed() => {}
            () = self.accept(&socket) => {}
        }
    }

    async fn accept(self: &Arc<Self>, socket: &TcpListener) {
        while let Ok(slot) = Arc::clone(&self.prompt).acquire_owned().await {
            match socket.accept().await {
                Ok((stream, _)) => {
                    add_one(&self.counters.accepted);
                    let door = Arc::clone(self);
                    tokio::spawn(async move {
                        let accepting = door.accepting.clone();
                        accepting.run_until_cancelled(door.admit(stream, slot)).await
                    });
                }
                Err(_) => {
                    add_one(&self.counters.accept_errors);
                    tracing::warn!(code = "no-socket", "no socket could be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn admit(&self, stream: TcpStream, slot: OwnedSemaphorePermit) {
        if let Err(reason) = self.try_admit(stream, slot).await {
            self.counters.count_refused(reason);
            tracing::debug!(reason = reason.code(), "peer not let in");
        }
    }

    async fn try_admit(
        &self,
        stream: TcpStream,
        slot: OwnedSemaphorePermit,
    ) -> Result<(), Refused> {
        if self.connections.is_full() {
            return Err(Refused::ConnectionsMax);
        }
        // The server's own setting does not reach sockets accepted elsewhere.
        stream.set_nodelay(true).map_err(|_| Refused::Handshake(HandshakeFault::Disconnected))?;
        let used = self.loaded.load_full();
        let (stream, slot) = self.handshake(stream, &used, slot).await?;
        match self.identify(&stream, &used) {
            Ok((certificate, registration)) => {
                let connection = Connection::new(stream, certificate, registration);
                // An error means that the server has gone, and the connection with it.
                if self.incoming.send(Ok(connection)).await.is_ok() {
                    add_one(&self.counters.established);
                }
                drop(slot);
                Ok(())
            }
            Err(reason) => {
                if let Err(mut stream) = self.tell(stream, reason).await
                    && reason.takes_leave()
                {
                    drop(timeout(GOODBYE_TIMEOUT, stream.shutdown()).await);
                }
                Err(reason)
            }
        }
    }

    /// Hands a peer who is not let in to the server, to be told the number of the reason. Gives
    /// the stream back if there is nothing to be told, or no room.
    async fn tell(
        &self,
        stream: TlsStream<TcpStream>,
        reason: Refused,
    ) -> Result<(), TlsStream<TcpStream>> {
        let certificate = stream.get_ref().1.peer_certificates();
        let certificate = certificate.and_then(|shown| PeerCertificate::parse(shown).ok());
        let (Some(refusal), Some(certificate)) = (reason.told(), certificate) else {
            return Err(stream);
        };
        let Ok(permit) = Arc::clone(&self.told).try_acquire_owned() else { return Err(stream) };
        let (closing, number) = (Arc::new(Closing::default()), self.connections.number());
        let certificate = Arc::new(certificate);
        let told = Arc::clone(&closing);
        let connection = Connection::refused(stream, certificate, number, refusal, closing, permit);
        let accepting = self.accepting.clone();
        tokio::spawn(async move {
            accepting.run_until_cancelled(tokio::time::sleep(TELLING_TIME)).await;
            told.close();
        });
        // An error means that the server has gone, and the connection with it.
        drop(self.incoming.send(Ok(connection)).await);
        Ok(())
    }

    /// Runs the handshake and gives back whichever slot it ended in.
    async fn handshake(
        &self,
        stream: TcpStream,
        used: &Loaded,
        slot: OwnedSemaphorePermit,
    ) -> Result<(TlsStream<TcpStream>, OwnedSemaphorePermit), Refused> {
        let acceptor = TlsAcceptor::from(Arc::clone(used.server()));
        let mut shaking = pin!(acceptor.accept(stream));
        if let Ok(shaken) = timeout(self.times.prompt, &mut shaking).await {
            return finished(shaken).map(|stream| (stream, slot));
        }
        let slow =
            Arc::clone(&self.slow).try_acquire_owned().map_err(|_| Refused::SlowHandshakesMax)?;
        drop(slot);
        let rest = self.times.whole.saturating_sub(self.times.prompt);
        match timeout(rest, shaking).await {
            Ok(shaken) => finished(shaken).map(|stream| (stream, slow)),
            Err(_) => Err(Refused::HandshakeTimeout),
        }
    }

    /// Finds who the peer is and takes a place for it.
    fn identify(
        &self,
        stream: &TlsStream<TcpStream>,
        used: &Loaded,
    ) -> Result<(Arc<PeerCertificate>, Registration), Refused> {
        let (_, session) = stream.get_ref();
        let presented =
            session.peer_certificates().ok_or(Refused::Handshake(HandshakeFault::NoCertificate))?;
        let certificate = PeerCertificate::parse(presented).map_err(Refused::Identity)?;
        // The lists of now, which may be newer than those the handshake began under.
        if self.loaded.load().revoked().names(&certificate) {
            return Err(Refused::Revoked);
        }
        let directory = (self.directory)();
        let peer = verify(&certificate, &directory, self.clock.now()).map_err(Refused::Identity)?;
        let agency = directory
            .agency(peer.agency())
            .ok_or(Refused::Identity(IdentityError::AgencyNotRegistered))?;
        let certificate = Arc::new(certificate);
        let chain = VerifiedChain {
            presented: presented.iter().map(|one| one.clone().into_owned()).collect(),
            generation: used.generation(),
        };
        let registration =
            self.connections.register(Arc::clone(&certificate), chain, agency.connections_max)?;
        Ok((certificate, registration))
    }
}

fn finished(shaken: io::Result<TlsStream<TcpStream>>) -> Result<TlsStream<TcpStream>, Refused> {
    shaken.map_err(|error| Refused::Handshake(HandshakeFault::from(&error)))
}
