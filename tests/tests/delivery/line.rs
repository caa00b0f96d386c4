//! A subscription spoken over the bare protocol: every step is the test's own, and nothing is
//! settled, granted or opened again behind its back.

use std::collections::VecDeque;

use agency_client::Connection;
use proto::exchange::v1 as wire;
use proto::exchange::v1::subscribe_request::Step;
use proto::exchange::v1::subscribe_response::Event;
use tests::world::{PATIENCE, SILENCE, World};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// One open stream of one node.
pub struct Line {
    steps: mpsc::Sender<wire::SubscribeRequest>,
    events: Streaming<wire::SubscribeResponse>,
    came: VecDeque<wire::Delivery>,
    settlement: u64,
    /// What waited when it was opened.
    pub waiting: u32,
    _connection: Connection,
}

impl Line {
    /// Opens a desk's subscription. The broker's refusal is handed on.
    pub async fn try_open(
        world: &World,
        (agency, node): (&str, &str),
        (desk, name): (&str, &str),
        credit: u32,
    ) -> Result<Self, Status> {
        let connection = world.node(agency, node).await;
        let mut client = connection.exchange().await.unwrap();
        let (steps, queue) = mpsc::channel(16);
        let open = wire::OpenSubscription { desk: desk.to_owned(), name: name.to_owned(), credit };
        steps.send(wire::SubscribeRequest { step: Some(Step::Open(open)) }).await.unwrap();
        let events = client.subscribe(ReceiverStream::new(queue)).await?.into_inner();
        let came = VecDeque::new();
        let mut line =
            Self { steps, events, came, settlement: 0, waiting: 0, _connection: connection };
        let Some(Event::Opened(opened)) = line.event().await? else { panic!("opened comes first") };
        line.waiting = opened.waiting;
        Ok(line)
    }

    /// Opens the mailbox of Greater Manchester Police's Stockport desk.
    pub async fn stockport(world: &World, credit: u32) -> Self {
        Self::named(world, "default", credit).await
    }

    /// Opens a subscription of that desk.
    pub async fn named(world: &World, name: &str, credit: u32) -> Self {
        Self::try_open(world, ("gmp", "records"), ("stockport", name), credit).await.unwrap()
    }

    async fn event(&mut self) -> Result<Option<Event>, Status> {
        let message = tokio::time::timeout(PATIENCE, self.events.message()).await;
        let message = message.expect("the broker must say something");
        Ok(message?.and_then(|response| response.event))
    }

    fn take(&mut self, event: Event) -> Option<u64> {
        match event {
            Event::Deliveries(batch) => {
                self.came.extend(batch.deliveries);
                None
            }
            Event::Settled(settled) => Some(settled.settlement),
            Event::Opened(_) => panic!("opened comes once"),
        }
    }

    /// The next delivery, which must come.
    pub async fn next(&mut self) -> wire::Delivery {
        loop {
            if let Some(delivery) = self.came.pop_front() {
                return delivery;
            }
            let event = self.event().await.unwrap().expect("the stream must stay open");
            self.take(event);
        }
    }

    /// Nothing may come.
    pub async fn nothing(&mut self) {
        assert_eq!(self.came.len(), 0, "nothing more may have come");
        let said = tokio::time::timeout(SILENCE, self.events.message()).await;
        assert!(said.is_err(), "nothing may come to this desk");
    }

    /// How many deliveries came that nobody took, until the stream is silent or ends.
    pub async fn left(&mut self) -> usize {
        while let Ok(Ok(Some(said))) = tokio::time::timeout(SILENCE, self.events.message()).await {
            if let Some(event) = said.event {
                self.take(event);
            }
        }
        self.came.len()
    }

    async fn say(&mut self, step: Step) {
        self.steps.send(wire::SubscribeRequest { step: Some(step) }).await.unwrap();
    }

    /// Is ready for more.
    pub async fn grant(&mut self, deliveries: u32) {
        self.say(Step::Credit(wire::GrantCredit { deliveries })).await;
    }

    /// Asks for more time.
    pub async fn extend(&mut self, delivery: &wire::Delivery) {
        let extended = vec![delivery.release_id.clone()];
        self.settle(wire::Settle { extended, ..wire::Settle::default() }).await;
    }

    /// Acknowledges, and waits until that is durable.
    pub async fn acknowledge(&mut self, delivery: &wire::Delivery) {
        let acknowledged = vec![delivery.release_id.clone()];
        self.settle(wire::Settle { acknowledged, ..wire::Settle::default() }).await;
    }

    /// Refuses for so long, and waits until that is durable.
    pub async fn refuse(&mut self, delivery: &wire::Delivery, seconds: i64) {
        let refused = wire::NegativeAcknowledgement {
            release_id: delivery.release_id.clone(),
            delay: Some(prost_types::Duration { seconds, nanos: 0 }),
        };
        self.settle(wire::Settle { refused: vec![refused], ..wire::Settle::default() }).await;
    }

    async fn settle(&mut self, settle: wire::Settle) {
        self.settlement += 1;
        let settlement = self.settlement;
        self.say(Step::Settle(wire::Settle { settlement, ..settle })).await;
        loop {
            let event = self.event().await.unwrap().expect("the stream must stay open");
            if self.take(event) == Some(settlement) {
                return;
            }
        }
    }
}
