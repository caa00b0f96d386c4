//! Builds everything, wires it, starts it and drains it. The only module that sees all.

mod attachments;

mod auditing;

mod chase;

mod keys;

mod lists;

mod notices;

mod offline;

mod reviews;

mod setup;

mod sources;

mod tending;

mod terms;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use arc_swap::ArcSwap;
use proto::admin::v1::admin_service_server::AdminServiceServer;
use proto::audit::v1::audit_service_server::AuditServiceServer;
use proto::directory::v1::directory_service_server::DirectoryServiceServer;
use proto::exchange::v1::exchange_service_server::ExchangeServiceServer;
use proto::limits::FRAME_BYTES_MAX;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::admin::Administering;
use crate::calendar::Calendar;
use crate::chance::{Chance, SystemChance};
use crate::clock::{Clock, GuardedClock, SystemClock};
use crate::config::Config;
use crate::delivery::hub::Hub;
use crate::exchange::deliver::Delivering;
use crate::exchange::publish::Publishing;
use crate::exchange::quota::Quotas;
use crate::exchange::worklist::Turns;
use crate::ledger::appender::{self, Figures, Queue, Shared, Work};
use crate::ledger::checkpoint::{self, Signer};
use crate::ledger::journal::{Archive, Recall, Start};
use crate::listen::{self, Listening};
use crate::notify::Notices;
use crate::ops::traces::SpanCounts;
use crate::ops::{self, Watched};
use crate::rpc::admin::AdminRpc;
use crate::rpc::audit::AuditRpc;
use crate::rpc::directory::DirectoryRpc;
use crate::rpc::exchange::ExchangeRpc;
use crate::rpc::gate::{Gate, RefusedCalls};
use crate::rules::Rules;
use crate::seal::Vault;
use crate::store::sqlite::{SqliteReaders, fold, open_journal};

pub use keys::{INDEX_KEY, KEY_ENCRYPTION_KEY, LEDGER_KEY, verifier_key, write_keys};
pub use lists::REVOCATION_LISTS_DOCUMENT;
pub use notices::People;
pub use offline::{accept_lists, bootstrap};
pub use setup::{AppError, open_directory};
pub use sources::Sources;

use tending::{Tending, housekeeping};

const KEEP_ALIVE: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
const REFUSALS_EVERY: Duration = Duration::from_secs(60);
const STREAMS_PER_CONNECTION_MAX: u32 = 64;
/// Time that a peer has to read the end of its streams once the broker stops.
const LAST_WORD: Duration = Duration::from_secs(5);
/// Time for notices that are being handed over while the broker stops; the rest waits on disk.
const LAST_NOTICES: Duration = Duration::from_secs(2);
/// How often a stop looks who has not.
const LAST_WORD_LOOK: Duration = Duration::from_millis(250);

/// A broker at work. Dropping it closes every connection without draining; soon after, the
/// writer lets go of the store.
pub struct App {
    listening: Listening,
    queue: Queue,
    appender: Option<std::thread::JoinHandle<()>>,
    verifier_key: String,
    signer: Arc<Signer>,
    readers: Arc<SqliteReaders>,
    store: PathBuf,
    /// Cancelled to stop: the server takes no more calls, and every open stream is ended.
    stopping: CancellationToken,
    server: JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
    tending: Arc<Tending>,
    /// How people outside are told.
    people: People,
    /// What the ops surface reads.
    pub sources: Sources,
}

/// What the services share.
struct Parts {
    rules: Arc<ArcSwap<Rules>>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    guard: Arc<GuardedClock>,
    chance: Arc<dyn Chance>,
    queue: Queue,
    hub: Arc<Hub>,
    readers: Arc<SqliteReaders>,
    disk_floor: Arc<AtomicBool>,
    refused: Arc<RefusedCalls>,
    signer: Arc<Signer>,
    health: HealthReporter,
    stopping: CancellationToken,
    /// The way to tell people outside the broker.
    notices: Notices,
    /// Working days.
    calendar: Arc<Calendar>,
}

impl App {
    /// Starts a broker on the machine's clock and randomness.
    ///
    /// # Errors
    /// Keys, store, certificates or address cannot be used.
    pub async fn start(config: Config) -> Result<Self, AppError> {
        Self::start_with(config, Arc::new(SystemClock::new())).await
    }

    /// Starts a broker on a given clock.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_with(config: Config, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        let (guard, clock) = guarded(clock);
        // Step 1: keys and store; what was released and never settled waits again.
        let (vault, signer) = setup::keys(&config)?;
        let mut journal = open_journal(&config.store.path)?;
        let start = setup::read_store(&mut journal)?;
        // Step 2: rules of this moment, from what the store holds. None: everything is refused.
        let (rules, bundle) = setup::rules(&start, &vault, clock.now())?;
        let rules = Arc::new(ArcSwap::from_pointee(rules));
        // Step 3: the appender, the only writer.
        let readers = Arc::new(SqliteReaders::new(&config.store.path));
        let hub = chase::hub(&clock, &vault, &readers);
        let figures = Arc::new(Figures::default());
        let chance: Arc<dyn Chance> = Arc::new(SystemChance::default());
        let (changed, changes) = watch::channel(rules.load().epochs);
        let people = notices::open(&config, &clock, &rules)?;
        let shared = Shared {
            rules: Arc::clone(&rules),
            changed,
            vault: Arc::clone(&vault),
            clock: Arc::clone(&clock),
            chance: Arc::clone(&chance),
            live: Arc::<Hub>::clone(&hub),
            figures: Arc::clone(&figures),
            notices: people.notices.clone(),
            calendar: Arc::clone(&people.calendar),
            open_within: config.immediate_opened_within.try_into().unwrap_or(time::Duration::MAX),
            cadence_seconds: config.ledger.checkpoint_seconds,
        };
        let recall: Arc<dyn Recall> = Arc::<SqliteReaders>::clone(&readers);
        let (queue, thread) = appender::start(Box::new(journal), recall, &start, bundle, shared)?;
        let signer = first_checkpoint(signer, &queue, &readers, &*chance).await?;
        // Step 4: the listener, under the directory of each moment and no list older than before.
        let (listening, incoming) = door(&config, &clock, &rules, &start, &queue).await?;
        // Step 5: services behind the gate, and the tasks that run on a cadence.
        let parts = Parts {
            rules,
            vault,
            clock,
            guard,
            chance,
            queue,
            hub,
            readers,
            disk_floor: Arc::default(),
            refused: Arc::default(),
            signer,
            health: HealthReporter::new(),
            stopping: CancellationToken::new(),
            notices: people.notices.clone(),
            calendar: Arc::clone(&people.calendar),
        };
        let server = parts.open(&listening, &config, incoming).await?;
        let tending = parts.tending(&people, setup::last_time(&start));
        Ok(Self {
            tasks: parts.tasks(&listening, &config, changes, &tending),
            tending,
            verifier_key: parts.signer.verifier_key(),
            sources: parts.sources(figures),
            signer: Arc::clone(&parts.signer),
            readers: Arc::clone(&parts.readers),
            store: config.store.path.clone(),
            listening,
            queue: parts.queue,
            appender: Some(thread),
            stopping: parts.stopping,
            server,
            people,
        })
    }

    /// Address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// The listener: certificates in force, connections and counters.
    #[must_use]
    pub const fn listening(&self) -> &Listening {
        &self.listening
    }

    /// What operators look at: `free_bytes` of the disk, whether the process is `draining`, and
    /// counts of the spans that are exported, where any are.
    #[must_use]
    pub fn watched(
        &self,
        free_bytes: Arc<AtomicU64>,
        draining: Arc<AtomicBool>,
        spans: Option<Arc<SpanCounts>>,
    ) -> Watched {
        let (sources, listening) = (&self.sources, &self.listening);
        Watched::new(ops::Sources {
            figures: Arc::clone(&sources.figures),
            queue: sources.queue.clone(),
            outbox: Arc::clone(&sources.outbox),
            archive: Arc::<SqliteReaders>::clone(&self.readers),
            rules: Arc::clone(&sources.rules),
            counters: Arc::clone(listening.counters()),
            loaded: Arc::clone(listening.loaded()),
            connections: Arc::clone(listening.connections()),
            clock: Arc::clone(&sources.clock),
            disk_floor: Arc::clone(&sources.disk_floor),
            disk_free_bytes: free_bytes,
            draining,
            spans,
            notices: self.people.notices.counts(),
        })
    }

    /// What alarms need: the calendar, the chain, and the way to tell people outside the broker.
    #[must_use]
    pub const fn people(&self) -> &People {
        &self.people
    }

    /// The key that checks its checkpoints, as clients configure it.
    #[must_use]
    pub fn verifier_key(&self) -> &str {
        &self.verifier_key
    }

    /// Looks once after what runs out and what is overdue, as the broker does by itself every few
    /// seconds.
    pub async fn tend(&self) {
        self.tending.tend().await;
    }

    /// Returns when a part the broker cannot do without has stopped.
    pub async fn failed(&mut self) {
        tokio::select! {
            () = self.listening.failed() => {}
            () = self.queue.closed() => {}
            _ = &mut self.server => {}
        }
    }

    /// Stops taking connections, ends open streams with a refusal that passes, lets calls
    /// finish within a bound, commits what is queued and stops.
    pub async fn drain(mut self, bound: Duration) {
        self.listening.stop_accepting();
        // A stream has no end of its own: an idle one would hold the stop for the whole bound.
        self.stopping.cancel();
        let ended = async {
            tokio::select! {
                _ = &mut self.server => {}
                () = close_idle(self.listening.connections()) => {}
            }
        };
        let _ = tokio::time::timeout(bound, ended).await;
        self.server.abort();
        for task in &self.tasks {
            task.abort();
        }
        // What was committed last is signed too, so that a copy of the store proves all of it.
        let archive: Arc<dyn Archive> = Arc::<SqliteReaders>::clone(&self.readers);
        let chance = SystemChance::default();
        if checkpoint::sign_once(&self.signer, &self.queue, &archive, &chance).await.is_err() {
            tracing::error!(code = "checkpoint-not-signed", "the last checkpoint was not signed");
        }
        let (reply, stopped) = oneshot::channel();
        if self.queue.put(Work::Stop(reply)).await.is_ok() {
            let _ = stopped.await;
        }
        if let Some(carrying) = self.people.carrying.take() {
            carrying.finish(LAST_NOTICES).await;
        }
        if let Some(appender) = self.appender.take() {
            let (readers, store) = (Arc::clone(&self.readers), self.store.clone());
            let _ = tokio::task::spawn_blocking(move || {
                let _ = appender.join();
                readers.close();
                if fold(&store).is_err() {
                    tracing::warn!(
                        code = "log-not-folded",
                        "the write-ahead log stays beside the store"
                    );
                }
            })
            .await;
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // Calls that are still being ended hold ways to the writer: it is told, and lets go of the store.
        let _ = self.queue.try_put(Work::Stop(oneshot::channel().0));
        self.server.abort();
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Parts {
    fn gate(&self, answer_floor: Duration) -> Gate {
        Gate {
            rules: Arc::clone(&self.rules),
            clock: Arc::clone(&self.clock),
            refused: Arc::clone(&self.refused),
            answer_floor,
        }
    }

    fn delivering(&self) -> Delivering {
        Delivering {
            rules: Arc::clone(&self.rules),
            vault: Arc::clone(&self.vault),
            clock: Arc::clone(&self.clock),
            queue: self.queue.clone(),
            outbox: Arc::<SqliteReaders>::clone(&self.readers),
        }
    }

    async fn routes(&self, listening: &Listening, config: &Config) -> Result<Routes, AppError> {
        let auditing = self.auditing();
        let administering = Arc::new(Administering {
            rules: Arc::clone(&self.rules),
            archive: Arc::<SqliteReaders>::clone(&self.readers),
            vault: Arc::clone(&self.vault),
            clock: Arc::clone(&self.guard),
            chance: Arc::clone(&self.chance),
            queue: self.queue.clone(),
            turn: tokio::sync::Mutex::new(()),
        });
        let publishing = Arc::new(Publishing {
            rules: Arc::clone(&self.rules),
            vault: Arc::clone(&self.vault),
            clock: Arc::clone(&self.clock),
            chance: Arc::clone(&self.chance),
            queue: self.queue.clone(),
            recall: Arc::<SqliteReaders>::clone(&self.readers),
            quotas: Quotas::default(),
            disk_floor: Arc::clone(&self.disk_floor),
        });
        let exchange = ExchangeRpc {
            publishing,
            delivering: self.delivering(),
            hub: Arc::clone(&self.hub),
            auditing: Arc::clone(&auditing),
            loaded: Arc::clone(listening.loaded()),
            refused: Arc::clone(&self.refused),
            duty_route: config.duty_route.clone(),
            answer_floor: config.ledger.answer_floor,
            worklists: Turns::default(),
            streams: AtomicU64::new(1),
            stopping: self.stopping.clone(),
        };
        let admin = AdminRpc {
            administering: Arc::clone(&administering),
            outbox: Arc::<SqliteReaders>::clone(&self.readers),
            connections: Arc::clone(listening.connections()),
            loaded: Arc::clone(listening.loaded()),
            disk_floor: Arc::clone(&self.disk_floor),
        };
        self.health.set_serving::<ExchangeServiceServer<ExchangeRpc>>().await;
        let health = HealthService::from_health_reporter(self.health.clone());
        Ok(Routes::new(
            ExchangeServiceServer::new(exchange)
                .max_decoding_message_size(FRAME_BYTES_MAX)
                .max_encoding_message_size(FRAME_BYTES_MAX),
        )
        .add_service(self.attachments(listening))
        .add_service(DirectoryServiceServer::new(DirectoryRpc { administering }))
        .add_service(AuditServiceServer::new(AuditRpc { auditing }))
        .add_service(AdminServiceServer::new(admin).max_decoding_message_size(FRAME_BYTES_MAX))
        .add_service(HealthServer::new(health)))
    }

    /// Opens every service to callers.
    async fn open(
        &self,
        listening: &Listening,
        config: &Config,
        incoming: listen::Incoming,
    ) -> Result<JoinHandle<()>, AppError> {
        let routes = self.routes(listening, config).await?;
        Ok(self.serve(routes, incoming, config.ledger.answer_floor))
    }

    /// Serves calls until told to stop.
    fn serve(
        &self,
        routes: Routes,
        incoming: listen::Incoming,
        answer_floor: Duration,
    ) -> JoinHandle<()> {
        let server = Server::builder()
            .http2_keepalive_interval(Some(KEEP_ALIVE))
            .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
            .max_concurrent_streams(Some(STREAMS_PER_CONNECTION_MAX))
            .layer(self.gate(answer_floor))
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, self.stopping.clone().cancelled_owned());
        tokio::spawn(async move {
            if server.await.is_err() {
                tracing::error!(code = "server-ended", "the gRPC server ended with an error");
            }
        })
    }

    /// Tasks that run until the broker stops.
    fn tasks(
        &self,
        listening: &Listening,
        config: &Config,
        changes: watch::Receiver<crate::rules::Epochs>,
        tending: &Arc<Tending>,
    ) -> Vec<JoinHandle<()>> {
        let archive: Arc<dyn Archive> = Arc::<SqliteReaders>::clone(&self.readers);
        let cadence = Duration::from_secs(config.ledger.checkpoint_seconds);
        vec![
            tokio::spawn(checkpoint::run(
                Arc::clone(&self.signer),
                self.queue.clone(),
                archive,
                Arc::clone(&self.chance),
                cadence,
            )),
            tokio::spawn(housekeeping(Arc::clone(tending))),
            tokio::spawn(attachments::tidy(self.attaching())),
            tokio::spawn(chase::follow(self.chasing())),
            tokio::spawn(terms::follow(self.terms())),
            tokio::spawn(reviews::watch(self.reviews())),
            tokio::spawn(record_refusals(Arc::clone(&self.refused), self.queue.clone())),
            tokio::spawn(lists::follow(
                self.queue.clone(),
                Arc::clone(listening.loaded()),
                listening.generation(),
            )),
            tokio::spawn(end_watches(self.health.clone(), self.stopping.clone())),
            tokio::spawn(follow_changes(
                changes,
                Arc::clone(&self.hub),
                Arc::clone(listening.connections()),
            )),
        ]
    }
}

/// Signs the head as it is: a client demands a checkpoint at its first connect.
async fn first_checkpoint(
    signer: Signer,
    queue: &Queue,
    readers: &Arc<SqliteReaders>,
    chance: &dyn Chance,
) -> Result<Arc<Signer>, AppError> {
    let (signer, archive) = (Arc::new(signer), Arc::<SqliteReaders>::clone(readers));
    let archive: Arc<dyn Archive> = archive;
    checkpoint::sign_once(&signer, queue, &archive, chance).await?;
    Ok(signer)
}

/// A clock that is not believed where it has moved, and the same as whoever only reads it knows it.
fn guarded(clock: Arc<dyn Clock>) -> (Arc<GuardedClock>, Arc<dyn Clock>) {
    let guard = Arc::new(GuardedClock::new(clock));
    (Arc::clone(&guard), guard)
}

/// Opens the door, with no revocation list older than one that was at work before.
async fn door(
    config: &Config,
    clock: &Arc<dyn Clock>,
    rules: &Arc<ArcSwap<Rules>>,
    start: &Start,
    queue: &Queue,
) -> Result<(Listening, listen::Incoming), AppError> {
    let (known, options) = (lists::known(&start.documents)?, config.listen.clone());
    let opening = listen::listen(options, Arc::clone(clock), current(rules), known);
    let (listening, incoming) = opening.await?;
    lists::keep(queue, &listening.loaded().load()).await?;
    Ok((listening, incoming))
}

/// The directory of each moment.
fn current(rules: &Arc<ArcSwap<Rules>>) -> listen::CurrentDirectory {
    let rules = Arc::clone(rules);
    Arc::new(move || Arc::clone(&rules.load().directory))
}

/// While a broker stops: closes whoever does not take the end of its streams, or does not answer
/// at all, so that no peer holds the stop. Never ends.
async fn close_idle(connections: &listen::Connections) {
    tokio::time::sleep(LAST_WORD).await;
    loop {
        connections.close_idle(LAST_WORD);
        tokio::time::sleep(LAST_WORD_LOOK).await;
    }
}

/// Tells whoever watches the broker's health that it stops, and ends the watching.
async fn end_watches(mut health: HealthReporter, stopping: CancellationToken) {
    stopping.cancelled().await;
    for service in ["", <ExchangeServiceServer<ExchangeRpc> as NamedService>::NAME] {
        health.set_service_status(service, ServingStatus::NotServing).await;
        health.clear_service_status(service).await;
    }
}

/// Brings refused calls to the ledger, coalesced.
async fn record_refusals(refused: Arc<RefusedCalls>, queue: Queue) {
    loop {
        tokio::time::sleep(REFUSALS_EVERY).await;
        let calls = refused.take();
        if !calls.is_empty() && queue.put(Work::Refusals(calls)).await.is_err() {
            return;
        }
    }
}

/// Walks connections and wakes streams when the rules change.
async fn follow_changes(
    mut changes: watch::Receiver<crate::rules::Epochs>,
    hub: Arc<Hub>,
    connections: Arc<listen::Connections>,
) {
    while changes.changed().await.is_ok() {
        connections.sweep_soon();
        hub.wake_all();
    }
}
