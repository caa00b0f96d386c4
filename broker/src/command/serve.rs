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
use broker::chance::SystemChance;
use broker::clock::{Clock, SystemClock};
use broker::config::Config;
use broker::listen::outward::NoRoots;
use broker::ops::disk::DiskWatch;
use broker::ops::endpoint::Endpoint;
use broker::ops::traces::listener::Listener;
use broker::ops::traces::{Exporting, FINISH_TIME, SpanCounts, Traces};
use broker::spans;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::failure::Failure;
use super::process;

/// What to log: `info` unless set, in the words of `tracing_subscriber::EnvFilter`.
const LOG_VARIABLE: &str = "PYRAMID_LOG";

/// Serves until told to stop.
pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let config = Config::load(path)?;
    let (listener, traces) = open_traces(&config)?.unzip();
    log(listener);
    process::raise_open_files()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::System { what: "threads", source })?;
    runtime.block_on(serve(config, traces))
}

/// What exports traces, if that is wanted.
fn open_traces(config: &Config) -> Result<Option<(Listener, Traces)>, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let open = |options| Traces::open(options, clock, Arc::new(SystemChance::default()));
    let refused = |_| Failure::Argument { argument: "ops.otlp_authorities", rule: NoRoots::RULE };
    config.ops.traces.as_ref().map(open).transpose().map_err(refused)
}

/// JSON lines on standard error, and traces beside them: what is set for one leaves the other
/// alone.
fn log(listener: Option<Listener>) {
    let chosen = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .with_env_var(LOG_VARIABLE)
        .from_env_lossy();
    let ours_or_grave = filter_fn(|event| {
        let ours = event.target().starts_with("broker") && event.target() != spans::TARGET;
        ours || *event.level() <= tracing::Level::WARN
    });
    let lines = tracing_subscriber::fmt::layer().json().with_writer(io::stderr);
    tracing_subscriber::registry()
        .with(lines.with_filter(ours_or_grave).with_filter(chosen))
        .with(listener.map(Listener::layer))
        .init();
    std::panic::set_hook(Box::new(|panic| {
        // Where, and not what: the text of a panic may hold what was being worked on.
        let file = panic.location().map(std::panic::Location::file);
        let line = panic.location().map(std::panic::Location::line);
        tracing::error!(code = "panic", file, line, "a part of the broker failed");
    }));
}

async fn serve(config: Config, traces: Option<Traces>) -> Result<(), Failure> {
    // Before the start: a signal that comes meanwhile is not lost.
    let mut signals = Signals::listen()?;
    let bound = Duration::from_secs(config.ops.drain_seconds);
    let draining = Arc::new(AtomicBool::new(false));
    let exporting = traces.map(Traces::start);
    let mut app = App::start(config.clone()).await?;
    let counts = exporting.as_ref().map(Exporting::counts);
    let watching = watch(&config, &app, Arc::clone(&draining), counts).await?;
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
    if let Some(exporting) = exporting
        && !cut
    {
        exporting.finish(FINISH_TIME).await;
    }
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
    spans: Option<Arc<SpanCounts>>,
) -> Result<Vec<JoinHandle<()>>, Failure> {
    let store = &config.store;
    let disk_floor = Arc::clone(&app.sources.disk_floor);
    let disk = DiskWatch::new(store.folder(), store.disk_floor_mib, disk_floor);
    disk.look();
    let watched = app.watched(disk.free_bytes(), draining, spans);
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
