//! Many new connections, so many at once, all kept open until the last is up.
//!
//! A connection counts when the handshake is through, the caller is known, and the ledger's
//! head was fetched and checked: what every client does before it says anything.

use std::sync::Arc;
use std::time::Duration;

use agency_client::Connection;
use demo::stage::StageError;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::Options;
use super::latencies::Latencies;
use super::mix::Sender;
use super::site::Site;
use super::usage::Meter;

const AT_ONCE: usize = 32;
const TIME_MAX: Duration = Duration::from_secs(120);

/// Measures it.
///
/// # Errors
/// Settings cannot be made.
pub async fn run(options: &Options, site: &Site) -> Result<Value, StageError> {
    let (agency, node) = Sender::Prisons.name();
    drop(site.connect(agency, node).await?);
    let mut settings = Vec::with_capacity(options.storm_connections);
    for _ in 0..options.storm_connections {
        settings.push(site.settings(agency, node)?);
    }
    let meter = Meter::start(site.pid()?);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let begun = Instant::now();
    let mut attempts = JoinSet::new();
    for settings in settings {
        let places = Arc::clone(&places);
        attempts.spawn(async move {
            let _place = places.acquire_owned().await?;
            let begun = Instant::now();
            let connection = Connection::connect(&settings).await?;
            Ok::<_, StageError>((connection, begun.elapsed()))
        });
    }
    let (mut open, mut waits) = (Vec::new(), Latencies::default());
    let (mut errors, mut first_error) = (0_u64, None);
    let all = async {
        while let Some(attempt) = attempts.join_next().await {
            match attempt.map_err(StageError::from).and_then(|attempt| attempt) {
                Ok((connection, wait)) => {
                    open.push(connection);
                    waits.add(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX));
                }
                Err(error) => {
                    errors += 1;
                    first_error.get_or_insert(error.to_string());
                }
            }
        }
    };
    let timed_out = timeout(TIME_MAX, all).await.is_err();
    let seconds = begun.elapsed().as_secs_f64();
    Ok(json!({
        "connections": open.len(),
        "errors": errors,
        "first_error": first_error,
        "timed_out": timed_out,
        "seconds": seconds,
        "connections_per_s": open.len() as f64 / seconds,
        "connect": waits.summary(),
        "costs": meter.read(open.len() as u64),
    }))
}
