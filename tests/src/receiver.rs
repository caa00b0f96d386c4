//! A desk that receives at full speed, on the protocol itself.
//!
//! Owns the stream of one subscription, opened again after every break. Promises that a release
//! is settled only after its taker has it, and again on the next stream if a break hid whether
//! that is durable; and that the taker sees every delivery, those of a repeated attempt
//! included: the client library would hide some. Never for production.

use std::collections::BTreeMap;
use std::time::Duration;

use agency_client::Connection;
use prost::bytes::Bytes;
use proto::exchange::v1 as wire;
use proto::exchange::v1::exchange_service_client::ExchangeServiceClient;
use proto::exchange::v1::subscribe_request::Step;
use proto::exchange::v1::subscribe_response::Event;
use proto::limits::{CREDIT_DELIVERIES_MAX, FRAME_BYTES_MAX};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

/// Pause before a broken stream is opened again.
const PAUSE: Duration = Duration::from_millis(20);

/// Where deliveries go.
pub trait Taker: Send {
    /// Takes a frame of deliveries. Answers the releases to acknowledge.
    fn take(&mut self, deliveries: Vec<wire::Delivery>) -> Vec<Bytes>;
    /// The acknowledgement of these releases is durable.
    fn settled(&mut self, releases: Vec<Bytes>);
}

/// Settlements the broker has not called durable yet.
#[derive(Default)]
struct Settling {
    last: u64,
    waiting: BTreeMap<u64, Vec<Bytes>>,
}

/// Receives for one desk until the task is aborted.
pub async fn receive(connection: Connection, desk: String, mut taker: impl Taker) {
    let mut settling = Settling::default();
    loop {
        // A break is expected where brokers are killed; the next stream gets what was left.
        let _ = stream(&connection, &desk, &mut settling, &mut taker).await;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn stream(
    connection: &Connection,
    desk: &str,
    settling: &mut Settling,
    taker: &mut impl Taker,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut client = ExchangeServiceClient::new(connection.channel().await?)
        .max_decoding_message_size(FRAME_BYTES_MAX);
    let (steps, outgoing) = mpsc::unbounded_channel();
    steps.send(request(Step::Open(wire::OpenSubscription {
        desk: desk.to_owned(),
        name: "default".to_owned(),
        credit: CREDIT_DELIVERIES_MAX,
    })))?;
    for (settlement, acknowledged) in &settling.waiting {
        steps.send(settle(*settlement, acknowledged.clone()))?;
    }
    let mut events = client.subscribe(UnboundedReceiverStream::new(outgoing)).await?.into_inner();
    while let Some(response) = events.message().await? {
        match response.event {
            Some(Event::Deliveries(batch)) => {
                let deliveries = u32::try_from(batch.deliveries.len())?;
                let acknowledged = taker.take(batch.deliveries);
                settling.last += 1;
                settling.waiting.insert(settling.last, acknowledged.clone());
                steps.send(settle(settling.last, acknowledged))?;
                steps.send(request(Step::Credit(wire::GrantCredit { deliveries })))?;
            }
            Some(Event::Settled(settled)) => {
                taker.settled(settling.waiting.remove(&settled.settlement).unwrap_or_default());
            }
            Some(Event::Opened(_)) | None => {}
        }
    }
    Ok(())
}

fn settle(settlement: u64, acknowledged: Vec<Bytes>) -> wire::SubscribeRequest {
    let settle = wire::Settle { settlement, acknowledged, ..wire::Settle::default() };
    request(Step::Settle(settle))
}

const fn request(step: Step) -> wire::SubscribeRequest {
    wire::SubscribeRequest { step: Some(step) }
}
