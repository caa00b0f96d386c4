//! One desk's mailbox is filled while nobody receives; then its agency comes and catches up.

use std::sync::Arc;
use std::time::Duration;

use demo::stage::StageError;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Options;
use super::arrivals::Arrivals;
use super::fanout::subscribe;
use super::mix::{Mix, Sender};
use super::publish::{Bounds, Publishing};
use super::site::Site;
use super::usage::{DeviceWrites, Meter};

/// How long filling and catching up may each take.
const PHASE_MAX: Duration = Duration::from_secs(120);

/// Measures it: custody news only, because a desk receives certain kinds only.
///
/// # Errors
/// The broker refuses or ends what it should not.
pub async fn run(options: &Options, site: &Site, mix: &Mix) -> Result<Value, StageError> {
    let mix = mix.clone().custody_only();
    let arrivals = Arrivals::new(1, options.backlog_messages);
    let mut senders = Vec::new();
    for _ in 0..options.connections {
        let (agency, node) = Sender::Prisons.name();
        senders.push((Sender::Prisons, site.connect(agency, node).await?));
    }
    let disk = DeviceWrites::start();
    let bounds = Bounds {
        in_flight: options.in_flight,
        messages_max: options.backlog_messages,
        lag_max: u64::MAX,
    };
    let fill_meter = Meter::start(site.pid()?);
    let begun = Instant::now();
    let mut publishing = Publishing::start(senders, mix.clone(), &arrivals, bounds);
    let pressure = Arc::clone(&publishing.pressure);
    publishing.finish(PHASE_MAX).await?;
    let fill_seconds = begun.elapsed().as_secs_f64();
    publishing.stop().await?;
    let stored = pressure.accepted();
    let fill_costs = fill_meter.read(stored);

    let drain_meter = Meter::start(site.pid()?);
    let begun = Instant::now();
    let receivers = subscribe(site, &mix, &arrivals).await?;
    arrivals.wait_for(stored, PHASE_MAX).await;
    let drain_seconds = begun.elapsed().as_secs_f64();
    let drained = arrivals.delivered();
    let drain_costs = drain_meter.read(drained);
    drop(receivers);
    Ok(json!({
        "stored": stored,
        "fill_seconds": fill_seconds,
        "fill_per_s": stored as f64 / fill_seconds,
        "fill_errors": pressure.refused(),
        "first_error": pressure.first_refusal(),
        "fill_costs": fill_costs,
        "drained": drained,
        "drain_seconds": drain_seconds,
        "drain_per_s": drained as f64 / drain_seconds,
        "duplicates": arrivals.totals().duplicates,
        "device_written_bytes_per_message": disk.so_far() as f64 / stored.max(1) as f64,
        "costs": drain_costs,
    }))
}
