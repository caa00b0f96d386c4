//! `broker serve`: start, watch, and stop in order.
//!
//! Promises that the first signal to stop drains within `ops.drain_seconds` and a second one cuts
//! at once; that a part which stops by itself stops the process, failing; and that neither a
//! panic's text nor a foreign library's talk reaches the log, because either may quote a message.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use broker::app::App;
use broker::config::Config;
use broker::ops::disk::DiskWatch;
use broker::ops::endpoint::Endpoint;
use broker::ops::{Sources, Watched};
use broker::store::sqlite::SqliteReaders;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::failure::Failure;
use super::held::Held;
use super::process;

/// What to log: `info` unless set, in the words of `tracing_subscriber::EnvFilter`.
const LOG_VARIABLE: &str = "PYRAMID_LOG";

/// Serves until told to stop.
pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let config = Config::load(path)?;
    let _held = Held::take(&config.store.path)?;
    log_to_stderr();
    process::raise_open_files()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::System { what: "threads", source })?;
    runtime.block_on(serve(config))
}

/// JSON lines on standard error.
fn log_to_stderr() {
    let chosen = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .with_env_var(LOG_VARIABLE)
        .from_env_lossy();
    let ours_or_grave = filter_fn(|event| {
        event.target().starts_with("broker") || *event.level() <= tracing::Level::WARN
    });
    tracing_subscriber::registry()
        .with(chosen)
        .with(ours_or_grave)
        .with(tracing_subscriber::fmt::layer().json().with_writer(io::stderr))
        .init();
    std::panic::set_hook(Box::new(|panic| {
        // Where, and not what: the text of a panic may hold what was being worked on.
        let file = panic.location().map(std::panic::Location::file);
        let line = panic.location().map(std::panic::Location::line);
        tracing::error!(code = "panic", file, line, "a part of the broker failed");
    }));
}

async fn serve(config: Config) -> Result<(), Failure> {
    // Before the start: a signal that comes meanwhile is not lost.
    let mut signals = Signals::listen()?;
    let bound = Duration::from_secs(config.ops.drain_seconds);
    let draining = Arc::new(AtomicBool::new(false));
    let mut app = App::start(config.clone()).await?;
    let watching = watch(&config, &app, Arc::clone(&draining)).await?;
    let address = app.address();
    tracing::info!(code = "serving", %address, verifier_key = app.verifier_key(), "serving");
    let failed = tokio::select! {
        () = signals.asked() => false,
        () = app.failed() => true,
    };
    draining.store(true, Ordering::Relaxed);
    tracing::info!(code = "draining", failed, seconds = bound.as_secs(), "stopping");
    let cut = tokio::select! {
        () = app.drain(bound) => false,
        () = signals.asked() => true,
    };
    tracing::info!(code = "stopped", cut, "stopped");
    for task in watching {
        task.abort();
    }
    if failed { Err(Failure::PartStopped) } else { Ok(()) }
}

/// Starts what operators look at, and the watch over the disk.
async fn watch(
    config: &Config,
    app: &App,
    draining: Arc<AtomicBool>,
) -> Result<Vec<JoinHandle<()>>, Failure> {
    let sources = &app.sources;
    let store = &config.store;
    let disk_floor = Arc::clone(&sources.disk_floor);
    let disk = DiskWatch::new(store.folder(), store.disk_floor_mib, disk_floor);
    disk.look();
    let listening = app.listening();
    let watched = Watched::new(Sources {
        figures: Arc::clone(&sources.figures),
        queue: sources.queue.clone(),
        outbox: Arc::clone(&sources.outbox),
        archive: Arc::new(SqliteReaders::new(&store.path)),
        rules: Arc::clone(&sources.rules),
        counters: Arc::clone(listening.counters()),
        loaded: Arc::clone(listening.loaded()),
        connections: Arc::clone(listening.connections()),
        clock: Arc::clone(&sources.clock),
        disk_floor: Arc::clone(&sources.disk_floor),
        disk_free_bytes: disk.free_bytes(),
        draining,
    });
    let mut tasks = vec![tokio::spawn(disk.run())];
    if let Some(address) = config.ops.metrics_address {
        let what = "the operators' listener its address (ops.metrics_address)";
        let endpoint =
            Endpoint::bind(address).await.map_err(|source| Failure::System { what, source })?;
        tasks.push(tokio::spawn(endpoint.run(Arc::new(watched))));
    }
    Ok(tasks)
}

/// The two signals that ask a process to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let of = |kind| {
            signal(kind).map_err(|source| Failure::System { what: "to be told of signals", source })
        };
        Ok(Self {
            terminate: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
        })
    }

    /// Ends when one of them comes.
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
