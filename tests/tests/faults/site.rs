//! A broker in a process of its own whose store lies where its disk can be made to fail.

use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use agency_client::{Connection, Subscription, SubscriptionOptions};
use broker::ledger::fsck::{Report, check};
use broker::ledger::journal::Archive as _;
use broker::message::MessageKey;
use broker::store::sqlite::{SqliteRaw, SqliteReaders};
use demo::stage::Stage;
use proto::exchange::v1 as wire;
use proto::exchange::v1::publish_result::Outcome;
use proto::ledger::checkpoint::VerifierKey;
use tempfile::TempDir;
use tests::world::{PATIENCE, id, now, recall, shipped};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// The least that a configuration takes.
pub const FLOOR_MIB: u64 = 64;
const POLL: Duration = Duration::from_millis(20);
const START_TIME: Duration = Duration::from_secs(60);
const SENDER: (&str, &str) = ("hmpps-prisons", "records");

/// A stage, its broker's process and what that broker accepted.
pub struct Site {
    /// What was set up.
    pub stage: Stage,
    /// Messages called accepted.
    pub accepted: Vec<Uuid>,
    child: Option<Child>,
    folder: TempDir,
}

impl Site {
    /// Sets a stage whose store lies in a folder of its own, which `mount` may lay something
    /// over first. No broker runs yet.
    pub async fn set(mount: impl FnOnce(&Path)) -> Self {
        let folder = TempDir::new().unwrap();
        let stage = Stage::set(folder.path(), &shipped(), now()).await.unwrap();
        let site = Self { stage, accepted: Vec::new(), child: None, folder };
        std::fs::create_dir(site.disk()).unwrap();
        mount(&site.disk());
        std::fs::copy(site.folder.path().join("pyramid.db"), site.store()).unwrap();
        let path = site.config();
        let text = std::fs::read_to_string(&path).unwrap();
        let store = format!("path = \"disk/pyramid.db\"\ndisk_floor_mib = {FLOOR_MIB}");
        let text = text.replace("path = \"pyramid.db\"", &store);
        std::fs::write(path, text + "\n[ops]\nmetrics_address = \"off\"\n").unwrap();
        site
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("broker.toml")
    }

    /// The folder of the store.
    pub fn disk(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.disk().join("pyramid.db")
    }

    /// Starts the broker, with variables of its environment set, and waits until it listens.
    pub async fn start(&mut self, variables: &[(&str, &Path)]) {
        let log = self.folder.path().join("broker.log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        // A file that cannot grow is then an error like any other, and an abort leaves no core.
        let child = Command::new("sh")
            .args(["-c", "ulimit -c 0; trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_broker_under_test"))
            .args(["serve", "--config"])
            .arg(self.config())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap());
        let begun = Instant::now();
        while std::net::TcpStream::connect(self.stage.address()).is_err() {
            assert!(self.signal().is_none() && begun.elapsed() < START_TIME, "it must listen");
            sleep(POLL).await;
        }
    }

    /// The first start, after which the shipped bundle is in force.
    pub async fn first_start(&mut self, variables: &[(&str, &Path)]) {
        self.start(variables).await;
        self.stage.approve(&shipped()).await.unwrap();
    }

    /// The broker's process id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// What ended the broker: a signal, 0 if it ended by itself; `None` while it runs.
    pub fn signal(&mut self) -> Option<i32> {
        let ended = self.child.as_mut().unwrap().try_wait().unwrap();
        ended.map(|status| status.signal().unwrap_or(0))
    }

    /// Stops the broker in order.
    pub async fn stop(&mut self) {
        drop(self.child.as_mut().unwrap().stdin.take());
        let begun = Instant::now();
        while self.signal().is_none() {
            assert!(begun.elapsed() < 2 * PATIENCE, "it must stop");
            sleep(POLL).await;
        }
        self.child = None;
    }

    /// Publishes news that these desks are entitled to. Answers the number of the refusal; 0 if
    /// it was accepted.
    pub async fn publish(&mut self, desks: &[(&str, &str)]) -> u32 {
        let message = id();
        let news = recall(message, "A9601AA");
        let news = desks.iter().fold(news, |news, (agency, desk)| news.addressee(agency, desk));
        let messages = vec![news.build().unwrap()];
        let mut client = self.node(SENDER.0, SENDER.1).await.exchange().await.unwrap();
        let request = tokio_stream::iter([wire::PublishRequest { messages }]);
        let mut answers = client.publish(request).await.unwrap().into_inner();
        let answer = tokio::time::timeout(PATIENCE, answers.message()).await.unwrap();
        let Some(result) = answer.unwrap().and_then(|frame| frame.results.into_iter().next())
        else {
            panic!("a message is answered");
        };
        match result.outcome {
            Some(Outcome::Accepted(_)) => {
                self.accepted.push(message);
                0
            }
            Some(Outcome::Refused(refused)) => refused.code,
            None => panic!("an answer says one or the other"),
        }
    }

    /// Publishes until that is answered; 0 is accepted.
    pub async fn publish_until(&mut self, wanted: u32, desks: &[(&str, &str)]) {
        let begun = Instant::now();
        while self.publish(desks).await != wanted {
            assert!(begun.elapsed() < 2 * PATIENCE, "publishing must come to be answered {wanted}");
            sleep(5 * POLL).await;
        }
    }

    /// A node's connection.
    pub async fn node(&self, agency: &str, node: &str) -> Connection {
        Connection::connect(&self.stage.node(agency, node).unwrap()).await.unwrap()
    }

    /// A node that receives for a desk.
    pub async fn desk(&self, agency: &str, node: &str, desk: &str) -> Subscription {
        let connection = self.node(agency, node).await;
        Subscription::open(&connection, SubscriptionOptions::of_desk(desk)).await.unwrap()
    }

    /// The store of a broker that has stopped is sound and holds all that was ever accepted.
    pub fn nothing_is_lost(&self) -> Report {
        let key = VerifierKey::parse(self.stage.verifier_key()).unwrap();
        let report = check(&SqliteRaw::open(&self.store()).unwrap(), Some(&key)).unwrap();
        assert!(report.sound(), "{} faults: {:?}", report.faults_total, report.faults);
        let archive = SqliteReaders::new(&self.store());
        for message in &self.accepted {
            let key = MessageKey { agency: SENDER.0.into(), id: *message };
            assert!(archive.message_entry(&key).unwrap().is_some(), "accepted and not there");
        }
        report
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Gone already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
