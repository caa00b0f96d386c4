//! A running broker with the shipped directory and bundle, and agencies that talk to it.

use std::time::Duration;

use agency_client::compose::{self, Grounds, Person};
use agency_client::{
    Connection, Incoming, Publisher, PublisherOptions, Subscription, SubscriptionOptions,
};
use broker::app::App;
use demo::stage::{Script, Stage};
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
    _folder: TempDir,
}

impl World {
    /// The shipped directory and bundle, approved and in force.
    pub async fn shipped() -> Self {
        Self::with(Script::shipped().unwrap()).await
    }

    /// A given script, approved and in force.
    pub async fn with(script: Script) -> Self {
        let folder = TempDir::new().unwrap();
        #[expect(clippy::disallowed_methods, reason = "certificates are made for the real clock")]
        let now = OffsetDateTime::now_utc();
        let stage = Stage::set(folder.path(), &script, now).await.unwrap();
        let app = stage.start().await.unwrap();
        let bundle = stage.approve(&script).await.unwrap();
        Self { stage, app: Some(app), bundle, _folder: folder }
    }

    /// Stops the broker as SIGTERM does.
    pub async fn stop(&mut self) {
        if let Some(app) = self.app.take() {
            app.drain(Duration::from_secs(2)).await;
        }
    }

    /// Starts it again on the same store.
    pub async fn start(&mut self) {
        self.app = Some(self.stage.start().await.unwrap());
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
    let draft =
        compose::flag_raise(id(), FLAG_GROUNDS, person, wire::FlagKind::Ppo, "2027-11-01", id());
    draft.build().unwrap()
}
