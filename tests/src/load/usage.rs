//! What a process costs: time, memory and writes, as Linux counts them in `/proc`.
//!
//! Promises nothing on systems without `/proc`: there everything reads as 0.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

/// Clock ticks in a second: the same on every Linux system (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;
const SECTOR_BYTES: u64 = 512;
const MEMORY_EVERY: Duration = Duration::from_millis(500);

/// Costs so far.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    cpu_seconds: f64,
    written_bytes: u64,
}

impl Usage {
    fn of(process: u32) -> Self {
        let stat = read(&format!("/proc/{process}/stat"));
        Self {
            cpu_seconds: cpu_seconds(&stat),
            // Whole pages are counted, so small writes are overstated.
            written_bytes: number(&read(&format!("/proc/{process}/io")), "write_bytes:"),
        }
    }
}

/// User and system time of a `/proc/PID/stat` line. The command's name may hold spaces, so
/// fields are counted after its closing bracket.
fn cpu_seconds(stat: &str) -> f64 {
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks =
        after.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn number(text: &str, label: &str) -> u64 {
    let line = text.lines().find(|line| line.starts_with(label));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// Costs of the broker and of this process since a moment.
pub struct Meter {
    broker: u32,
    broker_before: Usage,
    own_before: Usage,
}

impl Meter {
    /// Begins.
    #[must_use]
    pub fn start(broker: u32) -> Self {
        let own_before = Usage::of(std::process::id());
        Self { broker, broker_before: Usage::of(broker), own_before }
    }

    /// Costs since then, also for each of so many messages.
    #[must_use]
    pub fn read(&self, messages: u64) -> Value {
        let (broker, own) = (Usage::of(self.broker), Usage::of(std::process::id()));
        let cpu = broker.cpu_seconds - self.broker_before.cpu_seconds;
        let written = broker.written_bytes.saturating_sub(self.broker_before.written_bytes);
        let each = |amount: f64| if messages == 0 { 0.0 } else { amount / messages as f64 };
        json!({
            "server_cpu_s": cpu,
            "server_cpu_s_per_1k": each(cpu) * 1_000.0,
            "client_cpu_s": own.cpu_seconds - self.own_before.cpu_seconds,
            "server_written_bytes": written,
            "server_written_bytes_per_message": each(written as f64),
        })
    }
}

/// Watches a process's memory until dropped: its share of what it maps (PSS).
pub struct MemoryWatch {
    peak_kib: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl MemoryWatch {
    /// Begins.
    #[must_use]
    pub fn start(process: u32) -> Self {
        let watch = Self { peak_kib: Arc::default(), stop: Arc::default() };
        let (peak, stop) = (Arc::clone(&watch.peak_kib), Arc::clone(&watch.stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let kib = number(&read(&format!("/proc/{process}/smaps_rollup")), "Pss:");
                peak.fetch_max(kib, Ordering::Relaxed);
                std::thread::sleep(MEMORY_EVERY);
            }
        });
        watch
    }

    /// The most so far, MiB.
    #[must_use]
    pub fn peak_mib(&self) -> f64 {
        self.peak_kib.load(Ordering::Relaxed) as f64 / 1_024.0
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What reached the machine's disks since a moment, everything buffered flushed first. Others'
/// writes are in it, so nothing else should run meanwhile.
pub struct DeviceWrites(u64);

impl DeviceWrites {
    /// Begins.
    #[must_use]
    pub fn start() -> Self {
        Self(flushed())
    }

    /// Bytes since then.
    #[must_use]
    pub fn so_far(&self) -> u64 {
        flushed().saturating_sub(self.0)
    }
}

fn flushed() -> u64 {
    // Without `sync` the figure is only less exact.
    let _ = std::process::Command::new("sync").status();
    let disks = read("/proc/diskstats");
    let written = disks.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let disk = Path::new("/sys/block").join(fields.get(2)?).join("device");
        disk.exists().then(|| fields.get(9)?.parse::<u64>().ok()).flatten()
    });
    written.sum::<u64>() * SECTOR_BYTES
}

/// Bytes that a folder's files take on the disk.
#[must_use]
pub fn folder_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|data| data.blocks() * SECTOR_BYTES).sum()
}

/// The machine's load over the last minute.
#[must_use]
pub fn load_average() -> f64 {
    let text = read("/proc/loadavg");
    text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_name_with_spaces_and_brackets_is_passed_over() {
        let stat = "12 (a b) c) S 7 1 1 0 -1 4 0 0 0 0 100 50 25 25 20 0 1 0";
        assert!((cpu_seconds(stat) - 1.5).abs() < 1e-9);
    }
}
