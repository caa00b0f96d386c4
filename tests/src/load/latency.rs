//! One message in flight: the next leaves when its acceptance and its delivery are both in.

use std::time::Duration;

use agency_client::Connection;
use demo::stage::StageError;
use prost::Message as _;
use prost::bytes::Bytes;
use proto::exchange::v1 as wire;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::Options;
use super::latencies::Latencies;
use super::mix::{Mix, Sender, sequence_of};
use super::publish::OneByOne;
use super::site::Site;
use super::usage::Meter;
use crate::receiver::{Taker, receive};

const WARM_UP_MESSAGES: u64 = 200;
const MEASURED_MESSAGES: u64 = 3_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells when each message came.
struct Tell(mpsc::UnboundedSender<(u64, Instant)>);

impl Taker for Tell {
    fn take(&mut self, deliveries: Vec<wire::Delivery>) -> Vec<Bytes> {
        let now = Instant::now();
        let releases = deliveries.iter().map(|delivery| delivery.release_id.clone()).collect();
        for delivery in deliveries {
            let message = wire::ReleasedMessage::decode(delivery.body).ok();
            if let Some(sequence) = message.as_ref().and_then(sequence_of) {
                // At the end nobody listens any more.
                let _ = self.0.send((sequence, now));
            }
        }
        releases
    }

    fn settled(&mut self, _releases: Vec<Bytes>) {}
}

/// Measures it: one agency, all its desks.
///
/// # Errors
/// The broker refuses a message, or a delivery does not come.
pub async fn run(options: &Options, site: &Site, mix: &Mix) -> Result<Value, StageError> {
    let (tell, mut arrived) = mpsc::unbounded_channel();
    let mut receivers = JoinSet::new();
    for recipient in mix.recipients() {
        for desk in recipient.desks() {
            let connection: Connection = site.connect(recipient.agency, desk.node).await?;
            receivers.spawn(receive(connection, desk.desk.to_owned(), Tell(tell.clone())));
        }
    }
    let (agency, node) = Sender::Prisons.name();
    let mut publisher = OneByOne::open(&site.connect(agency, node).await?).await?;
    let (mut acks, mut deliveries) = (Latencies::default(), Latencies::default());
    let (begun, mut meter, mut timed) = (Instant::now(), None, 0);
    for sequence in 0..WARM_UP_MESSAGES + MEASURED_MESSAGES {
        if begun.elapsed().as_secs_f64() > options.warm_up + options.seconds {
            break;
        }
        if sequence == WARM_UP_MESSAGES {
            meter = Some(Meter::start(site.pid()?));
        }
        let message = mix.message(sequence, Sender::Prisons)?;
        let sent = Instant::now();
        let accepted = publisher.publish(message).await?;
        let came = loop {
            let arrival = timeout(PATIENCE, arrived.recv()).await?;
            let (number, came) = arrival.ok_or("nobody receives any more")?;
            if number == sequence {
                break came;
            }
        };
        if sequence >= WARM_UP_MESSAGES {
            acks.add(nanos(accepted - sent));
            deliveries.add(nanos(came - sent));
            timed += 1;
        }
    }
    drop(receivers);
    Ok(json!({
        "messages": timed,
        "publish_ack": acks.summary(),
        "publish_to_delivery": deliveries.summary(),
        "costs": meter.map(|meter| meter.read(timed)),
    }))
}

fn nanos(wait: Duration) -> u64 {
    u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX)
}
