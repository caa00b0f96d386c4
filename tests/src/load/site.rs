//! Where load is put: a broker in its own process with the shipped directory and bundle.
//!
//! Owns what is changed for it and nothing else: the senders' rates and connections are raised,
//! because a quota would be measured otherwise. Every person bears a flag before measuring.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use agency_client::{Connection, Publisher, PublisherOptions, Settings};
use demo::stage::{Script, StageError};
use toml::Value;

use super::mix::{Mix, RECIPIENTS, Sender};
use crate::process::Outside;
use crate::world::now;

/// Messages a second that a sender may publish: far more than any machine takes.
const PUBLISH_PER_SECOND: i64 = 1_000_000;
/// Connections an agency may have.
const CONNECTIONS_MAX: i64 = 4_000;
/// Seconds a client tries to connect, and a publisher to publish.
const PATIENCE_SECONDS: u64 = 120;

/// A broker under load.
pub struct Site {
    /// The broker.
    pub outside: Outside,
    settings: AtomicUsize,
}

/// The shipped script with the senders' bounds out of the way.
///
/// # Errors
/// It cannot be read.
pub fn script() -> Result<Script, StageError> {
    let mut script = Script::in_force(now())?;
    let mut document: toml::Table = toml::from_str(&script.directory)?;
    let agencies = document.get_mut("agency").and_then(Value::as_array_mut);
    for agency in agencies.into_iter().flatten().filter_map(Value::as_table_mut) {
        agency.insert("publish_per_second".to_owned(), PUBLISH_PER_SECOND.into());
        agency.insert("connections_max".to_owned(), CONNECTIONS_MAX.into());
    }
    script.directory = toml::to_string(&document)?;
    Ok(script)
}

impl Site {
    /// Sets it up with `program serve --config FILE` as the broker.
    ///
    /// # Errors
    /// It cannot be set up.
    pub async fn set(program: &Path, parent: Option<&Path>) -> Result<Self, StageError> {
        let outside = Outside::set(&script()?, program, parent).await?;
        Ok(Self { outside, settings: AtomicUsize::new(0) })
    }

    /// Settings of a node, with a pin file of their own: as if each were another machine.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub fn settings(&self, agency: &str, node: &str) -> Result<Settings, StageError> {
        let mut settings = self.outside.stage().node(agency, node)?;
        let number = self.settings.fetch_add(1, Ordering::Relaxed);
        settings.pin_file = self.pins().join(format!("{number}.pin"));
        settings.connect_patience = std::time::Duration::from_secs(PATIENCE_SECONDS);
        Ok(settings)
    }

    fn pins(&self) -> PathBuf {
        self.outside.stage().folder().to_owned()
    }

    /// A node's connection.
    ///
    /// # Errors
    /// It cannot connect.
    pub async fn connect(&self, agency: &str, node: &str) -> Result<Connection, StageError> {
        Ok(Connection::connect(&self.settings(agency, node)?).await?)
    }

    /// A person's connection.
    ///
    /// # Errors
    /// It cannot connect.
    pub async fn person(&self, (agency, id): (&str, &str)) -> Result<Connection, StageError> {
        let mut settings = self.outside.stage().person(agency, id)?;
        settings.connect_patience = std::time::Duration::from_secs(PATIENCE_SECONDS);
        Ok(Connection::connect(&settings).await?)
    }

    /// So many publishing connections; senders take turns.
    ///
    /// # Errors
    /// One cannot connect.
    pub async fn senders(&self, count: usize) -> Result<Vec<(Sender, Connection)>, StageError> {
        let mut senders = Vec::with_capacity(count);
        for number in 0..count {
            let sender = Sender::of_connection(number);
            let (agency, node) = sender.name();
            senders.push((sender, self.connect(agency, node).await?));
        }
        Ok(senders)
    }

    /// A publisher of the client library that does not give up while a broker restarts.
    ///
    /// # Errors
    /// It cannot connect.
    pub async fn publisher(&self, agency: &str, node: &str) -> Result<Publisher, StageError> {
        let patience = std::time::Duration::from_secs(PATIENCE_SECONDS);
        let options = PublisherOptions { patience, ..PublisherOptions::default() };
        Ok(Publisher::new(&self.connect(agency, node).await?, options))
    }

    /// Puts every person of a mix on a list, as an offender-management desk would.
    ///
    /// # Errors
    /// A flag is not accepted.
    pub async fn raise_flags(&self, mix: &Mix) -> Result<(), StageError> {
        let [owner, ..] = RECIPIENTS;
        let publisher = self.publisher(owner.agency, owner.custody.node).await?;
        let mut answers = Vec::new();
        for flag in mix.flags()? {
            answers.push(publisher.send(flag).await?);
        }
        for answer in answers {
            answer.await?;
        }
        publisher.close().await;
        Ok(())
    }

    /// The broker's process.
    ///
    /// # Errors
    /// It does not run.
    pub fn pid(&self) -> Result<u32, StageError> {
        self.outside.pid().ok_or_else(|| "the broker does not run".into())
    }
}
