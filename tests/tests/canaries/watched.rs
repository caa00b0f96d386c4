//! Where a broker leaves traces: its log, its panics, its files and its spans.
//!
//! Owns: the capture of everything logged in this process, at the finest level and by every
//! library, and the reading of a folder.
//! Deliberately does not know: what must not be in them.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use broker::chance::SystemChance;
use broker::clock::SystemClock;
use broker::ops::traces::{Collector, Exporting, Traces, TracesOptions};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static PANICS: AtomicU64 = AtomicU64::new(0);

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures every event, span and panic of this process from now on, and exports its traces to
/// an address of this machine.
pub fn capture(collector: SocketAddr) -> Exporting {
    let collector = Collector::Here(collector);
    let options = TracesOptions { collector, sampled_percent: 100 };
    let (clock, chance) = (Arc::new(SystemClock::new()), Arc::new(SystemChance::default()));
    let (listener, traces) = Traces::open(&options, clock, chance).unwrap();
    let log = tracing_subscriber::fmt::layer()
        .json()
        .with_span_events(FmtSpan::FULL)
        .with_writer(|| Log)
        .with_filter(LevelFilter::TRACE);
    tracing_subscriber::registry().with(log).with(listener.layer()).init();
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        let _ = write!(Log, "{panic}");
        usual(panic);
    }));
    traces.start()
}

/// Everything logged since this was asked last.
pub fn log() -> Vec<u8> {
    std::mem::take(&mut *LOG.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Panics so far.
pub fn panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// Every file under a folder: its path and its bytes.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path.display().to_string(), bytes));
        }
    }
    found
}
