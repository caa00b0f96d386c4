//! Steady publishing to every agency, each delivery acknowledged, by brokers' usual measure.

use std::sync::Arc;
use std::time::Duration;

use demo::stage::StageError;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::arrivals::{Arrivals, MESSAGES_MAX};
use super::mix::Mix;
use super::publish::{Bounds, Publishing};
use super::site::Site;
use super::usage::{DeviceWrites, Meter};
use super::{Options, decided};
use crate::receiver::receive;

/// How long what is in flight at the end may take to arrive.
const DRAIN: Duration = Duration::from_secs(60);
/// Messages the slowest agency may be behind before publishers wait.
const LAG_MAX: u64 = 8_192;

/// Opens every desk's subscription.
///
/// # Errors
/// A node cannot connect.
pub async fn subscribe(
    site: &Site,
    mix: &Mix,
    arrivals: &Arc<Arrivals>,
) -> Result<JoinSet<()>, StageError> {
    let mut receivers = JoinSet::new();
    for (agency, recipient) in mix.recipients().enumerate() {
        for desk in recipient.desks() {
            let connection = site.connect(recipient.agency, desk.node).await?;
            receivers.spawn(receive(connection, desk.desk.to_owned(), arrivals.of_agency(agency)));
        }
    }
    Ok(receivers)
}

/// Measures it.
///
/// # Errors
/// The broker refuses or ends what it should not.
pub async fn run(options: &Options, site: &Site, mix: &Mix) -> Result<Value, StageError> {
    let arrivals = Arrivals::new(options.agencies, MESSAGES_MAX);
    let receivers = subscribe(site, mix, &arrivals).await?;
    let senders = site.senders(options.connections).await?;
    let disk = DeviceWrites::start();
    let bounds =
        Bounds { in_flight: options.in_flight, messages_max: MESSAGES_MAX, lag_max: LAG_MAX };
    let mut publishing = Publishing::start(senders, mix.clone(), &arrivals, bounds);
    let pressure = Arc::clone(&publishing.pressure);

    tokio::time::sleep(Duration::from_secs_f64(options.warm_up)).await;
    let meter = Meter::start(site.pid()?);
    let (accepted_before, delivered_before) = (pressure.accepted(), arrivals.delivered());
    arrivals.begin_timing();
    let begun = Instant::now();

    tokio::time::sleep(Duration::from_secs_f64(options.seconds)).await;
    let seconds = begun.elapsed().as_secs_f64();
    let accepted = pressure.accepted() - accepted_before;
    let delivered = arrivals.delivered() - delivered_before;
    let costs = meter.read(accepted);
    let lag = pressure.accepted().saturating_sub(arrivals.slowest());
    arrivals.end_timing();

    publishing.stop().await?;
    let expected = pressure.accepted() * options.agencies as u64;
    let undelivered = arrivals.wait_for(expected, DRAIN).await;
    drop(receivers);
    let device_bytes = disk.so_far();
    let totals = arrivals.totals();
    Ok(json!({
        "seconds": seconds,
        "publish_per_s": accepted as f64 / seconds,
        "deliveries_per_s": delivered as f64 / seconds,
        "publish_ack": pressure.latencies().summary(),
        "publish_to_delivery": totals.latencies.summary(),
        "lag_at_end": lag,
        "confirmed_total": pressure.accepted(),
        "publish_errors": pressure.refused(),
        "first_error": pressure.first_refusal(),
        "undelivered_after_drain": undelivered,
        "duplicates": totals.duplicates,
        "foreign": totals.foreign,
        "redacted_share": totals.redacted as f64 / totals.delivered.max(1) as f64,
        "refused_candidates_share": decided::refused_share(site)?,
        "device_written_bytes_per_message": device_bytes as f64 / pressure.accepted().max(1) as f64,
        "costs": costs,
    }))
}
