//! Agencies at work while something happens, and the broker's own numbers of its door.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use agency_client::errors::{CallError, ConnectError};
use agency_client::settings::Settings;
use agency_client::{Connection, compose};
use broker::app::App;
use broker::clock::SystemClock;
use broker::config::Config;
use broker::listen::Listening;
use proto::exchange::v1 as wire;
use proto::exchange::v1::subscribe_request::Step;
use proto::exchange::v1::subscribe_response::Event;
use proto::refusal::Refusal;
use tests::world::{PATIENCE, RELEASE_GROUNDS, World, adult, id, now, ppo_flag};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

/// Within this a connection that must go has gone.
pub const CLOSED_WITHIN: Duration = Duration::from_secs(5);
/// Pause between two messages of an agency that keeps publishing.
const PUBLISH_PAUSE: Duration = Duration::from_millis(10);
/// GSS code of Stockport.
const STOCKPORT: &str = "E08000007";

/// An agency that publishes without a pause until it is told to stop.
pub struct Load {
    stop: Arc<AtomicBool>,
    work: JoinHandle<usize>,
}

impl Load {
    /// Begins. Any message that is not accepted is a failure of the test.
    pub async fn begin(world: &World) -> Self {
        let publisher = world.publisher("merseyside-police", "records").await;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let work = tokio::spawn(async move {
            let mut accepted = 0;
            while !told.load(Ordering::Relaxed) {
                let message = ppo_flag(adult("A9001AA", "Invented Load"));
                publisher.publish(message).await.expect("no call may fail");
                accepted += 1;
                tokio::time::sleep(PUBLISH_PAUSE).await;
            }
            accepted
        });
        Self { stop, work }
    }

    /// Ends, and says how many messages were accepted.
    pub async fn end(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.work.await.expect("no call may have failed")
    }
}

/// A subscription as the wire has it: nothing opens it again when it ends.
pub struct Stream {
    _steps: mpsc::Sender<wire::SubscribeRequest>,
    events: Streaming<wire::SubscribeResponse>,
}

impl Stream {
    /// Opens a desk's mailbox.
    pub async fn open(connection: &Connection, desk: &str) -> Self {
        let (steps, outgoing) = mpsc::channel(4);
        let open = wire::OpenSubscription { desk: desk.into(), name: "default".into(), credit: 16 };
        let first = wire::SubscribeRequest { step: Some(Step::Open(open)) };
        steps.send(first).await.unwrap();
        let mut client = connection.exchange().await.unwrap();
        let opened = client.subscribe(ReceiverStream::new(outgoing)).await.unwrap();
        let mut stream = Self { _steps: steps, events: opened.into_inner() };
        assert!(matches!(stream.event().await, Event::Opened(_)), "the first event is the opening");
        stream
    }

    async fn event(&mut self) -> Event {
        let event = timeout(PATIENCE, self.events.message()).await.expect("an event must come");
        event.unwrap().expect("the stream must stay open").event.unwrap()
    }

    /// A delivery, which must come.
    pub async fn delivery(&mut self) {
        assert!(matches!(self.event().await, Event::Deliveries(_)), "a delivery must come");
    }

    /// Nothing may come for a time, and the stream must stay open.
    pub async fn silent_for(&mut self, time: Duration) {
        let came = timeout(time, self.events.message()).await;
        assert!(came.is_err(), "nothing may come, and the stream must stay open");
    }

    /// The stream must end within a time; what comes before that is let pass.
    pub async fn ends_within(&mut self, time: Duration) {
        let ends = async { while let Ok(Some(_)) = self.events.message().await {} };
        timeout(time, ends).await.expect("the stream must end in time");
    }
}

/// Puts persons (invented) on a list, so that their releases have somewhere to go.
pub async fn flag(world: &World, persons: &[&str]) {
    let owner = world.publisher("merseyside-police", "records").await;
    for noms in persons {
        owner.publish(ppo_flag(adult(noms, "Invented Released"))).await.unwrap();
    }
}

/// A listed person's release from prison to Stockport, which the desk of that division is told of.
pub fn release(noms: &str) -> wire::Message {
    let person = adult(noms, "Invented Released");
    let certainty = wire::CustodyCertainty::Confirmed;
    compose::custody_release(id(), RELEASE_GROUNDS, person, certainty, "FBI", now())
        .area(STOCKPORT, wire::AreaRole::Release)
        .build()
        .unwrap()
}

/// Starts the broker again with a changed configuration.
pub async fn restart(world: &mut World, change: impl FnOnce(&mut Config)) {
    world.stop().await;
    let mut config = world.stage.config().clone();
    change(&mut config);
    let clock = Arc::new(SystemClock::new());
    world.app = Some(App::start_with(config, clock).await.unwrap());
}

/// The broker's listener.
pub fn listening(world: &World) -> &Listening {
    world.app.as_ref().unwrap().listening()
}

/// Peers turned away for a reason.
pub fn refused(world: &World, reason: &str) -> u64 {
    let counts: BTreeMap<_, _> = listening(world).counters().refused().collect();
    *counts.get(reason).expect("a reason the broker knows")
}

/// Exactly so many peers are turned away for a reason. The client may know before the broker has
/// counted it.
pub async fn counts_refused(world: &World, reason: &str, wanted: u64) {
    world.until(reason, async || refused(world, reason) >= wanted).await;
    assert_eq!(refused(world, reason), wanted, "{reason}");
}

/// Living connections closed for a reason.
pub fn closed(world: &World, reason: &str) -> u64 {
    let counts: BTreeMap<_, _> = listening(world).counters().closed().collect();
    *counts.get(reason).expect("a reason the broker knows")
}

/// Living connections closed for whatever reason.
pub fn closed_at_all(world: &World) -> u64 {
    listening(world).counters().closed().map(|(_, count)| count).sum()
}

/// Changes the files and waits until the broker has taken them up.
pub async fn taken_up(world: &World, change: impl FnOnce()) {
    let mut generation = listening(world).generation();
    change();
    let taken = timeout(CLOSED_WITHIN, generation.changed()).await;
    taken.expect("the files must be taken up in time").unwrap();
}

/// A node's settings, trusting the roots of this moment whatever the broker's own bundle becomes.
pub fn steady(world: &World, mut settings: Settings) -> Settings {
    let copy = world.stage.folder().join("clients-authorities.pem");
    std::fs::write(&copy, world.stage.authority().root_pem()).unwrap();
    settings.authority = copy;
    settings
}

/// Tries once to connect, as an agency's system does.
pub async fn try_connect(mut settings: Settings) -> Result<Connection, ConnectError> {
    settings.connect_patience = Duration::from_millis(1);
    Connection::connect(&settings).await
}

/// The refusal that a connection which was not let in is told.
pub fn told(connected: Result<Connection, ConnectError>) -> Refusal {
    let Err(ConnectError::Call(CallError::Refused(refused))) = connected else {
        panic!("a numbered refusal must be told: {:?}", connected.err())
    };
    refused.refusal.expect("a number this version knows")
}
