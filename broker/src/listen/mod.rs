//! The door: TLS, who may come in, and putting out those who no longer may.
//!
//! Owns the listening socket, the TLS files and every open connection. Promises that no octet
//! of HTTP is read from a peer whose chain was not verified, who is revoked, or whom the
//! directory does not know; that one whom it knows in bad standing, or whose agency has too many
//! connections, is told so and reaches no handler; that one slow peer delays no other; that files are
//! taken up without a restart; and that a living connection which would no longer be let in is
//! closed at the next sweep. Everything fails closed:
//! if a task of this module ends, accepting stops and every connection is closed.
//! Deliberately does not know: what is said on a connection, or who may call what.
//!
//! No session is ever resumed: a resumed session would not be checked against the revocation
//! lists of its day.

mod accept;
mod calls;
mod connection;
mod connections;
mod counters;
pub mod outward;
mod refused;
mod reload;
mod sweep;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

pub use calls::CallAtWork;
pub use connection::{Connection, ConnectionInfo};
pub use connections::{CloseReason, Connections, Verdict};
pub use counters::ListenCounters;
pub use refused::{HandshakeFault, Refused};
pub use reload::ReloadState;
pub use tls::{Loaded, TlsError, TlsFile, TlsFiles, TlsMaterial};

use crate::clock::Clock;
use crate::directory::Directory;
use crate::identity::Editions;

/// Time for a whole handshake.
pub const HANDSHAKE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
/// Time after which an unfinished handshake must find room among the slow ones.
pub const HANDSHAKE_PROMPT_DEFAULT: Duration = Duration::from_secs(1);
/// Handshakes begun less than [`HANDSHAKE_PROMPT_DEFAULT`] ago.
pub const PROMPT_HANDSHAKES_MAX_DEFAULT: usize = 512;
/// Unfinished handshakes older than that.
pub const SLOW_HANDSHAKES_MAX_DEFAULT: usize = 128;
/// Open connections.
pub const CONNECTIONS_MAX_DEFAULT: usize = 4096;
/// How often the files are looked at. A change is taken up when seen alike twice.
pub const RELOAD_EVERY_DEFAULT: Duration = Duration::from_secs(1);
/// How often living connections are walked, besides at once after each change.
pub const SWEEP_EVERY_DEFAULT: Duration = Duration::from_secs(1);

/// Connections that are through and wait for the server to take them.
const INCOMING_QUEUE_MAX: usize = 64;

/// Gives the directory of this moment.
pub type CurrentDirectory = Arc<dyn Fn() -> Arc<Directory> + Send + Sync>;

/// The stream for `tonic::transport::Server::serve_with_incoming_shutdown`. Never gives an
/// error; ends when the listener stops accepting.
pub type Incoming = ReceiverStream<std::io::Result<Connection>>;

/// How to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenOptions {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Where certificate, key, authorities and revocation lists lie.
    pub files: TlsFiles,
    /// Time for a whole handshake.
    pub handshake_timeout: Duration,
    /// Time after which an unfinished handshake counts as slow.
    pub handshake_prompt: Duration,
    /// Unfinished handshakes that are not slow yet; more wait in the kernel's queue.
    pub prompt_handshakes_max: usize,
    /// Slow handshakes; a handshake that finds no room here is dropped.
    pub slow_handshakes_max: usize,
    /// Open connections of all agencies; more are dropped. An agency's own bound is in the
    /// directory.
    pub connections_max: usize,
    /// How often the files are looked at.
    pub reload_every: Duration,
    /// How often living connections are walked.
    pub sweep_every: Duration,
}

impl ListenOptions {
    /// The defaults of this module for an address and its files.
    #[must_use]
    pub fn new(address: SocketAddr, files: TlsFiles) -> Self {
        Self {
            address,
            files,
            handshake_timeout: HANDSHAKE_TIMEOUT_DEFAULT,
            handshake_prompt: HANDSHAKE_PROMPT_DEFAULT,
            prompt_handshakes_max: PROMPT_HANDSHAKES_MAX_DEFAULT,
            slow_handshakes_max: SLOW_HANDSHAKES_MAX_DEFAULT,
            connections_max: CONNECTIONS_MAX_DEFAULT,
            reload_every: RELOAD_EVERY_DEFAULT,
            sweep_every: SWEEP_EVERY_DEFAULT,
        }
    }
}

/// Why listening did not begin.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The TLS files cannot be used.
    #[error("the TLS files cannot be used")]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("the address cannot be listened on")]
    Bind(#[source] std::io::Error),
}

/// A listener at work.
///
/// Dropping it stops everything and closes every connection, so it is kept until the server has
/// drained.
pub struct Listening {
    address: SocketAddr,
    loaded: Arc<ArcSwap<Loaded>>,
    connections: Arc<Connections>,
    counters: Arc<ListenCounters>,
    generation: watch::Receiver<u64>,
    reload_state: watch::Receiver<ReloadState>,
    accepting: CancellationToken,
    tasks: JoinSet<()>,
}

impl Listening {
    /// The address, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the TLS files said when last taken up; follows every reload.
    #[must_use]
    pub fn loaded(&self) -> &Arc<ArcSwap<Loaded>> {
        &self.loaded
    }

    /// The open connections.
    #[must_use]
    pub fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// What happened at the door.
    #[must_use]
    pub fn counters(&self) -> &Arc<ListenCounters> {
        &self.counters
    }

    /// Counts up each time the TLS files were taken up: a revocation epoch.
    #[must_use]
    pub fn generation(&self) -> watch::Receiver<u64> {
        self.generation.clone()
    }

    /// Whether the files on disk can be used, for the alarm.
    #[must_use]
    pub fn reload_state(&self) -> watch::Receiver<ReloadState> {
        self.reload_state.clone()
    }

    /// Takes no further connection; those that are open stay.
    pub fn stop_accepting(&self) {
        self.accepting.cancel();
    }

    /// Ends when a task that must not end has ended. By then accepting has stopped and every
    /// connection is closed; the process should stop. Never ends otherwise.
    pub async fn failed(&mut self) {
        // Without a task left there is nothing that watches connections: that too is a failure.
        drop(self.tasks.join_next().await);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.cancel();
        self.connections.shut();
    }
}

/// Loads the files, listens, and starts accepting, reloading and sweeping.
///
/// Promise: what the files and the directory of each moment refuse is never in [`Incoming`],
///          but for a few at a time that say in [`ConnectionInfo::refused`] what they are told.
/// Bound:   [`ListenOptions`]; all memory held for peers who have not shown a good certificate
///          is bounded by its two handshake bounds.
/// Refuses: [`ListenError`]; then nothing is listening. `known`: which revocation lists were at
///          work in earlier runs; a file with an older one is refused as it is at a reload.
///
/// # Errors
/// See above.
pub async fn listen(
    options: ListenOptions,
    clock: Arc<dyn Clock>,
    directory: CurrentDirectory,
    known: Editions,
) -> Result<(Listening, Incoming), ListenError> {
    let counters = Arc::new(ListenCounters::new());
    let connections = Arc::new(Connections::new(options.connections_max, Arc::clone(&counters)));
    let first = tls::load_first(options.files.clone(), Arc::clone(&clock), known).await?;
    let (generation_sender, generation) = watch::channel(first.generation());
    let (state_sender, reload_state) = watch::channel(ReloadState::default());
    let loaded = Arc::new(ArcSwap::from_pointee(first));
    let socket = TcpListener::bind(options.address).await.map_err(ListenError::Bind)?;
    let address = socket.local_addr().map_err(ListenError::Bind)?;
    let (sender, receiver) = mpsc::channel(INCOMING_QUEUE_MAX);
    let accepting = CancellationToken::new();
    let watchman = || sweep::Watchman::new(Arc::clone(&connections), accepting.clone());

    let mut tasks = JoinSet::new();
    let reloader = reload::Reloader {
        files: options.files.clone(),
        clock: Arc::clone(&clock),
        loaded: Arc::clone(&loaded),
        generation: generation_sender,
        state: state_sender,
        counters: Arc::clone(&counters),
    };
    tasks.spawn(reloader.run(options.reload_every, watchman()));
    let sweeper = sweep::Sweeper {
        connections: Arc::clone(&connections),
        loaded: Arc::clone(&loaded),
        directory: Arc::clone(&directory),
        clock: Arc::clone(&clock),
        generation: generation.clone(),
    };
    tasks.spawn(sweeper.run(options.sweep_every, watchman()));
    let door = accept::Door {
        directory,
        clock,
        loaded: Arc::clone(&loaded),
        connections: Arc::clone(&connections),
        counters: Arc::clone(&counters),
        accepting: accepting.clone(),
        incoming: sender,
        times: accept::Times {
            prompt: options.handshake_prompt.min(options.handshake_timeout),
            whole: options.handshake_timeout,
        },
        prompt: accept::slots(options.prompt_handshakes_max),
        slow: accept::slots(options.slow_handshakes_max),
        told: accept::slots(accept::TOLD_MAX),
    };
    // Not among the tasks that must not end: it ends when the server drains.
    tokio::spawn(Arc::new(door).run(socket));

    let listening = Listening {
        address,
        loaded,
        connections,
        counters,
        generation,
        reload_state,
        accepting,
        tasks,
    };
    Ok((listening, ReceiverStream::new(receiver)))
}
