//! A running broker with the shipped directory and bundle, and agencies that talk to it.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop here")]

use std::sync::Arc;
use std::time::Duration;

use agency_client::compose::{self, FlagChange, Grounds, Person};
use agency_client::{
    Connection, Incoming, Publisher, PublisherOptions, Subscription, SubscriptionOptions,
};
use broker::app::App;
use broker::clock::SetClock;
use broker::ledger::entry::Entry;
use broker::ledger::journal::Archive as _;
use broker::store::sqlite::{SqliteReaders, StoreLock};
use demo::stage::{OPERATOR, Script, Stage, for_good};
use proto::admin::v1 as admin;
use proto::exchange::v1 as wire;
use tempfile::TempDir;
use time::OffsetDateTime;
use uuid::Uuid;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long a test watches that nothing comes.
pub const SILENCE: Duration = Duration::from_millis(700);

/// A broker, its folder and its clients.
pub struct World {
    /// The stage.
    pub stage: Stage,
    /// The broker; `None` while it is stopped.
    pub app: Option<App>,
    /// The bundle in force, hex.
    pub bundle: String,
    clock: Option<Arc<SetClock>>,
    _folder: TempDir,
}

impl World {
    /// The shipped directory and bundle, approved and in force.
    pub async fn shipped() -> Self {
        Self::with(shipped()).await
    }

    /// A given script, approved and in force.
    pub async fn with(script: Script) -> Self {
        let mut world = Self::set(&script, None).await;
        world.bundle = world.stage.approve(&script).await.unwrap();
        world
    }

    /// A given script, approved and in force, on a clock that stands still until it is moved.
    pub async fn on_clock(script: Script) -> (Self, Arc<SetClock>) {
        let clock = Arc::new(SetClock::at(now()));
        let mut world = Self::set(&script, Some(Arc::clone(&clock))).await;
        world.bundle = world.stage.approve(&script).await.unwrap();
        (world, clock)
    }

    /// The same, with certificates and lists that do not end however far the clock is moved.
    pub async fn for_months(script: Script) -> (Self, Arc<SetClock>) {
        let clock = Arc::new(SetClock::at(now()));
        let folder = TempDir::new().unwrap();
        let stage = Stage::set_with(folder.path(), &script, for_good(now())).await.unwrap();
        let mut world = Self::of(stage, folder, Some(Arc::clone(&clock))).await;
        world.bundle = world.stage.approve(&script).await.unwrap();
        (world, clock)
    }

    /// The shipped directory and bundle on a day of one's own choosing, in force around it, on a
    /// clock that stands still until it is moved.
    pub async fn on_day(moment: OffsetDateTime) -> (Self, Arc<SetClock>) {
        let script = Script::in_force(moment).unwrap();
        let clock = Arc::new(SetClock::at(moment));
        let folder = TempDir::new().unwrap();
        let made = for_good(moment - time::Duration::days(1));
        let stage = Stage::set_with(folder.path(), &script, made).await.unwrap();
        let mut world = Self::of(stage, folder, Some(Arc::clone(&clock))).await;
        world.bundle = world.stage.approve(&script).await.unwrap();
        (world, clock)
    }

    /// The shipped directory and no bundle in force.
    pub async fn without_bundle() -> Self {
        Self::set(&shipped(), None).await
    }

    async fn set(script: &Script, clock: Option<Arc<SetClock>>) -> Self {
        let folder = TempDir::new().unwrap();
        let stage = Stage::set(folder.path(), script, now()).await.unwrap();
        Self::of(stage, folder, clock).await
    }

    async fn of(stage: Stage, folder: TempDir, clock: Option<Arc<SetClock>>) -> Self {
        let bundle = String::new();
        let mut world = Self { stage, app: None, bundle, clock, _folder: folder };
        world.start().await;
        world
    }

    /// Stops the broker as SIGTERM does.
    pub async fn stop(&mut self) {
        if let Some(app) = self.app.take() {
            app.drain(Duration::from_secs(2)).await;
        }
    }

    /// Starts it again on the same store.
    pub async fn start(&mut self) {
        let app = match &self.clock {
            None => self.stage.start().await.unwrap(),
            Some(clock) => {
                let config = self.stage.config().clone();
                App::start_with(config, Arc::<SetClock>::clone(clock)).await.unwrap()
            }
        };
        self.app = Some(app);
    }

    /// Ends the broker without letting anything finish.
    pub async fn crash(&mut self) {
        drop(self.app.take());
        // The writer's thread ends a little later; only then may another begin.
        let store = &self.stage.config().store.path;
        self.until("the writer lets go", async || StoreLock::take(store).is_ok()).await;
    }

    /// A node's connection.
    pub async fn node(&self, agency: &str, node: &str) -> Connection {
        Connection::connect(&self.stage.node(agency, node).unwrap()).await.unwrap()
    }

    /// A person's connection.
    pub async fn person(&self, person: (&str, &str)) -> Connection {
        Connection::connect(&self.stage.person(person.0, person.1).unwrap()).await.unwrap()
    }

    /// A node that publishes.
    pub async fn publisher(&self, agency: &str, node: &str) -> Publisher {
        let connection = self.node(agency, node).await;
        let options = PublisherOptions { patience: PATIENCE, ..PublisherOptions::default() };
        Publisher::new(&connection, options)
    }

    /// A node that receives for a desk on its mailbox.
    pub async fn mailbox(&self, agency: &str, node: &str, desk: &str) -> Subscription {
        let connection = self.node(agency, node).await;
        Subscription::open(&connection, SubscriptionOptions::of_desk(desk)).await.unwrap()
    }
}

/// What tests ask the broker and its ledger.
impl World {
    /// Sends messages in one frame and gives their answers, in the order they came.
    pub async fn frame(
        &self,
        agency: &str,
        node: &str,
        messages: Vec<wire::Message>,
    ) -> Vec<wire::PublishResult> {
        let mut client = self.node(agency, node).await.exchange().await.unwrap();
        let wanted = messages.len();
        let request = wire::PublishRequest { messages };
        let mut answers = client.publish(tokio_stream::iter([request])).await.unwrap().into_inner();
        let mut results = Vec::new();
        while results.len() < wanted {
            let frame = tokio::time::timeout(PATIENCE, answers.message()).await.unwrap();
            results.extend(frame.unwrap().expect("every message is answered").results);
        }
        results
    }

    /// What a sender is told of its own message: agencies it named, and how each stands.
    pub async fn track(
        &self,
        agency: &str,
        node: &str,
        message: Uuid,
    ) -> Vec<(String, wire::OutcomeState)> {
        let mut client = self.node(agency, node).await.exchange().await.unwrap();
        let request = wire::TrackRequest { message_id: message.to_string() };
        let outcomes = client.track(request).await.unwrap().into_inner().outcomes;
        outcomes.into_iter().map(|row| (row.agency.clone(), row.state())).collect()
    }

    /// Suspends an agency, or lifts its suspension.
    pub async fn suspend(&self, agency: &str, suspended: bool) {
        let request = admin::SetStandingRequest { agency: agency.to_owned(), suspended };
        self.stage.admin(OPERATOR).await.unwrap().set_standing(request).await.unwrap();
    }

    /// The broker's own figures.
    pub async fn status(&self) -> admin::GetStatusResponse {
        let request = admin::GetStatusRequest {};
        self.stage.admin(OPERATOR).await.unwrap().get_status(request).await.unwrap().into_inner()
    }

    /// Merseyside Police put a person on the list of their Wirral desk.
    pub async fn flag(&self, person: Person) {
        let wirral = self.publisher("merseyside-police", "records").await;
        wirral.publish(ppo_flag(person)).await.unwrap();
    }

    /// They take him off it.
    pub async fn deselect(&self, person: Person) {
        let wirral = self.publisher("merseyside-police", "records").await;
        wirral.publish(ppo_deselection(person)).await.unwrap();
    }

    /// States, or withdraws, that two identifiers are one person's.
    pub async fn link(
        &self,
        (agency, node): (&str, &str),
        (one, other): ((wire::IdentifierType, &str), (wire::IdentifierType, &str)),
        birth_date: &str,
        withdrawn: bool,
    ) {
        let identifier = |(register, value): (wire::IdentifierType, &str)| {
            Some(wire::Identifier { r#type: register.into(), value: value.to_owned() })
        };
        let request = proto::directory::v1::StateLinkRequest {
            one: identifier(one),
            other: identifier(other),
            birth_date: birth_date.to_owned(),
            withdrawn,
        };
        let mut client = self.node(agency, node).await.directory().await.unwrap();
        client.state_link(request).await.unwrap();
    }

    /// Every record of the ledger of one type, oldest first.
    pub fn records(&self, kind: &str) -> Vec<serde_json::Value> {
        let readers = SqliteReaders::new(&self.stage.config().store.path);
        let size = readers.size().unwrap();
        let entries = (0..size).map(|index| readers.entry(index).unwrap().unwrap());
        entries
            .flat_map(|bytes| Entry::from_bytes(&bytes).unwrap().records().to_vec())
            .map(|(_, text)| serde_json::from_str::<serde_json::Value>(&text).unwrap())
            .filter(|record| record["type"] == kind)
            .collect()
    }

    /// The numbers of the refusals at which deliveries of a message ended before release.
    pub fn ended(&self, message: Uuid) -> Vec<u64> {
        self.records("ended")
            .iter()
            .filter(|record| record["message"] == message.to_string())
            .filter_map(|record| record["refusal"].as_u64())
            .collect()
    }

    /// Waits until something holds.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let attempts = PATIENCE.as_millis() / 100;
        for _ in 0..attempts {
            if holds().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("did not come about in time: {what}");
    }
}

/// The machine's time, for which certificates are made.
#[expect(clippy::disallowed_methods, reason = "certificates are made for the real clock")]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// The shipped directory and bundle, its agreements in force today.
pub fn shipped() -> Script {
    Script::in_force(now()).unwrap()
}

/// By when a flag that is raised today is to be looked at again: in a year.
pub fn review_date() -> String {
    (now() + time::Duration::days(365)).date().to_string()
}

/// The next delivery, which must come.
pub async fn next(subscription: &mut Subscription) -> Incoming {
    tokio::time::timeout(PATIENCE, subscription.next())
        .await
        .expect("a delivery must come")
        .expect("the stream must stay open")
        .expect("the delivery must be good")
}

/// Nothing may come.
pub async fn nothing(subscription: &mut Subscription) {
    let came = tokio::time::timeout(SILENCE, subscription.next()).await;
    assert!(came.is_err(), "nothing may come to this desk");
}

/// Grounds on which a prison shares a release.
pub const RELEASE_GROUNDS: Grounds = Grounds {
    purpose: wire::Purpose::OffenderManagement,
    gateway: wire::Gateway::Oma2007S14,
    lawful_basis: wire::LawfulBasis::Dpa2018S35Task,
    sensitive_condition: None,
};

/// Grounds on which police share about a flagged offender.
pub const FLAG_GROUNDS: Grounds = Grounds {
    purpose: wire::Purpose::OffenderManagement,
    gateway: wire::Gateway::Cda1998S115,
    lawful_basis: wire::LawfulBasis::Dpa2018S35Task,
    sensitive_condition: None,
};

/// An adult (invented) with a prison number, managed, of unlimited access.
pub fn adult(noms: &str, name: &str) -> Person {
    Person::new(wire::SubjectCategory::Managed)
        .identifier(wire::IdentifierType::Noms, noms)
        .name(name)
        .birth_date("1988-04-12")
        .limited_access(wire::LimitedAccess::No)
}

/// A fresh id.
pub fn id() -> Uuid {
    Uuid::new_v4()
}

/// A PPO flag raised on a person, due for review in a year.
pub fn ppo_flag(person: Person) -> wire::Message {
    let (kind, review) = (wire::FlagKind::Ppo, review_date());
    compose::flag_raise(id(), FLAG_GROUNDS, person, kind, &review, id()).build().unwrap()
}

/// A panel took a person off the list of PPOs.
pub fn ppo_deselection(person: Person) -> wire::Message {
    let change = FlagChange {
        kind: wire::FlagKind::Ppo,
        action: wire::FlagAction::Deselect,
        owner: None,
        review_date: String::new(),
        panel_decision: Some(id()),
    };
    compose::flag(id(), FLAG_GROUNDS, person, change).build().unwrap()
}

/// A recall to prison, which police are told whether or not the person is on a list. Whoever is
/// to hear of it must be named.
pub fn recall(message: Uuid, noms: &str) -> compose::Draft {
    let news = compose::CustodyNews {
        event: wire::CustodyEvent::Recall,
        certainty: wire::CustodyCertainty::Confirmed,
        prison: "FBI".to_owned(),
        occurred_at: now(),
        movement_reason: "24".to_owned(),
        settles: None,
    };
    compose::custody(message, RELEASE_GROUNDS, adult(noms, "Invented Recalled"), news)
}
