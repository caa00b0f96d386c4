//! A broker in a year of one's own, whose letters wait where they can be read.
//!
//! Owns: how time moves, and what was told since one last looked: letters by the folder where they
//! wait (the relay is never there), what the broker told a desk by the ledger. Deliberately does
//! not know: what should be told.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use agency_client::compose::{self, Draft, Person};
use agency_client::{Connection, Publisher, PublisherOptions, Subscription, SubscriptionOptions};
use broker::app::App;
use broker::clock::{Clock as _, SetClock};
use broker::config::Config;
use broker::directory::Contact;
use broker::ledger::appender::Work;
use broker::ledger::entry::Entry;
use broker::ledger::fsck;
use broker::ledger::journal::Archive as _;
use broker::notify::chain::Chain;
use broker::notify::{MailOptions, NotifyOptions, Relay};
use broker::store::sqlite::{SqliteRaw, SqliteReaders};
use demo::stage::{OPERATOR, Script, Stage, for_good, with_issuer};
use proto::admin::v1 as admin;
use proto::exchange::v1 as wire;
use proto::ledger::checkpoint::VerifierKey;
use proto::text::Named as _;
use serde_json::Value;
use tempfile::TempDir;
use tests::world::{FLAG_GROUNDS, PATIENCE, RELEASE_GROUNDS, adult, id};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

/// Certificates are good from then on, for this machine's clock and for that of any year played.
const MADE: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

/// A letter: what is the matter, who is told, and of which desk or agency.
pub type Told = (String, String);

pub struct Town {
    pub stage: Stage,
    pub clock: Arc<SetClock>,
    pub app: Option<App>,
    config: Config,
    letters: BTreeSet<String>,
    read: u64,
    folder: TempDir,
}

/// The shipped directory with something put behind the row of a desk or agency.
pub fn with(mut script: Script, after: &str, lines: &str) -> Script {
    assert_eq!(script.directory.matches(after).count(), 1, "{after}");
    script.directory = script.directory.replace(after, &format!("{after}\n{lines}"));
    script
}

/// The row behind which something about the desk gmp/stockport may stand.
pub const STOCKPORT: &str = "name = \"Stockport division, offender management\"";
/// The row behind which something about Greater Manchester Police may stand.
pub const GMP: &str = "name = \"Greater Manchester Police\"";

/// The directory with the release list, which belongs to the prisons.
fn with_feed(directory: &str, at_least: u32) -> String {
    let begins = directory.find("id = \"hmpps-prisons\"").unwrap();
    let (before, rest) = directory.split_at(begins);
    let (prisons, others) = rest.split_once("\n[[agency]]\n").unwrap();
    format!(
        "{before}{prisons}\n[[agency.feed]]\nid = \"release-list\"\nkind = \"custody\"\n\
         by = \"06:00\"\nat_least = {at_least}\nwaited_for_by = [\"gmp/stockport\"]\n\n\
         [[agency]]\n{others}"
    )
}

/// News of a release, as prisons draft it: how sure, when, and which earlier news it settles.
pub fn release_news(
    message: Uuid,
    person: Person,
    certainty: wire::CustodyCertainty,
    at: OffsetDateTime,
    settles: Option<Uuid>,
) -> Draft {
    let news = compose::CustodyNews {
        event: wire::CustodyEvent::Release,
        certainty,
        prison: "FBI".to_owned(),
        occurred_at: at,
        movement_reason: String::new(),
        settles,
    };
    compose::custody(message, RELEASE_GROUNDS, person, news).addressee("gmp", "stockport")
}

impl Town {
    pub async fn begin(script: &Script, at: OffsetDateTime) -> Self {
        let folder = TempDir::new().unwrap();
        let stage = Stage::set_with(folder.path(), script, for_good(MADE)).await.unwrap();
        let mut config = stage.config().clone();
        config.notify = Some(NotifyOptions {
            mail: Some(MailOptions {
                relay: Relay::Here { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 1 },
                sender: Contact::read("broker@pyramid.example").unwrap(),
                credentials: None,
            }),
            web: None,
            operators: vec![Contact::read("duty@operations.example").unwrap()],
            folder: folder.path().join("notices"),
            chain: Chain::default(),
        });
        let clock = Arc::new(SetClock::at(at));
        let (letters, read) = (BTreeSet::new(), 0);
        let mut town = Self { stage, clock, app: None, config, letters, read, folder };
        town.start().await;
        town.stage.approve(script).await.unwrap();
        town
    }

    /// From now on somebody waits for the release list that prisons send by six, and for at least
    /// so much of it: gmp/stockport.
    pub async fn waits_for_a_list(&self, script: &Script, at_least: u32) {
        let issuer = {
            let authority = self.stage.authority();
            authority.issuer_key_id(authority.first_issuer()).unwrap()
        };
        let document = with_issuer(&with_feed(&script.directory, at_least), &issuer);
        let request = admin::ApplyDirectoryRequest { document, check_only: false };
        self.stage.admin(OPERATOR).await.unwrap().apply_directory(request).await.unwrap();
    }

    pub async fn start(&mut self) {
        let clock = Arc::<SetClock>::clone(&self.clock);
        self.app = Some(App::start_with(self.config.clone(), clock).await.unwrap());
    }

    pub async fn stop(&mut self) {
        if let Some(app) = self.app.take() {
            app.drain(Duration::from_secs(2)).await;
        }
    }

    /// Time passes until a moment, and the broker looks after what fell due.
    pub async fn until(&self, moment: OffsetDateTime) {
        let ahead = moment - self.clock.now();
        self.clock.advance(ahead.try_into().unwrap());
        self.tend().await;
    }

    /// The broker looks after what fell due, as often as one thing may lead to another.
    pub async fn tend(&self) {
        let app = self.app.as_ref().unwrap();
        for _ in 0..3 {
            app.tend().await;
            let (reply, done) = tokio::sync::oneshot::channel();
            let work = Work::Tick { leaves: 0, reply };
            assert!(app.sources.queue.put(work).await.is_ok(), "the broker is at work");
            done.await.unwrap().unwrap();
        }
    }

    /// Letters that were handed over since this was last asked: what is the matter, and whom of
    /// what it was to tell.
    pub fn letters(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        for file in std::fs::read_dir(self.folder.path().join("notices")).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            if !name.ends_with(".letter") || !self.letters.insert(name) {
                continue;
            }
            let letter: Value =
                serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
            let of = |key: &str| word(&letter, key);
            // Whoever keeps an agreement is told of its review on a cadence of its own.
            if word(&letter, "code").starts_with("agreement-") {
                continue;
            }
            let mut to = vec![of("to"), of("to_agency"), of("to_desk")];
            to.retain(|part| !part.is_empty());
            told.push((of("code"), to.join(" ")));
        }
        told.sort();
        told
    }

    /// What the broker itself told desks since this was last asked: who, and the task.
    pub fn advised(&mut self) -> Vec<Told> {
        let readers = SqliteReaders::new(&self.config.store.path);
        let mut told = Vec::new();
        while let Some(bytes) = readers.entry(self.read).unwrap() {
            self.read += 1;
            for (_, text) in Entry::from_bytes(&bytes).unwrap().records() {
                let record: Value = serde_json::from_str(text).unwrap();
                if word(&record, "type") != "decided" || word(&record, "sender") != "broker" {
                    continue;
                }
                for candidate in record.get("candidates").and_then(Value::as_array).unwrap() {
                    let of = |key: &str| word(candidate, key);
                    let task = candidate.get("task").and_then(Value::as_i64).unwrap();
                    let task = wire::TaskKind::try_from(i32::try_from(task).unwrap()).unwrap();
                    let task = task.name();
                    told.push((task, format!("{}/{}", of("agency"), of("desk"))));
                }
            }
        }
        told.sort();
        told
    }

    /// Everything that was told since this was last asked, letters first.
    pub fn told(&mut self) -> Vec<Told> {
        let letters = self.letters();
        letters.into_iter().chain(self.advised()).collect()
    }

    pub async fn node(&self, agency: &str, node: &str) -> Connection {
        Connection::connect(&self.stage.node(agency, node).unwrap()).await.unwrap()
    }

    pub async fn publisher(&self, agency: &str) -> Publisher {
        let options = PublisherOptions { patience: PATIENCE, ..PublisherOptions::default() };
        Publisher::new(&self.node(agency, "records").await, options)
    }

    pub async fn mailbox(&self, agency: &str, desk: &str) -> Subscription {
        let connection = self.node(agency, "records").await;
        Subscription::open(&connection, SubscriptionOptions::of_desk(desk)).await.unwrap()
    }

    /// A person of a desk says that it opened a delivery.
    pub async fn opens(&self, agency: &str, desk: &str, release: &[u8]) {
        self.attests(agency, desk, release, wire::Attestation::Opened).await;
    }

    /// A person of a desk says that it acted on a delivery.
    pub async fn acts(&self, agency: &str, desk: &str, release: &[u8]) {
        self.attests(agency, desk, release, wire::Attestation::Acted).await;
    }

    async fn attests(
        &self,
        agency: &str,
        desk: &str,
        release: &[u8],
        attestation: wire::Attestation,
    ) {
        let mut client = self.node(agency, "records").await.exchange().await.unwrap();
        let request = wire::AttestRequest {
            desk: desk.to_owned(),
            release_ids: vec![release.to_vec().into()],
            attestation: attestation.into(),
            acting_person: "00000001-0000-4000-8000-000000000001".to_owned(),
        };
        assert_eq!(client.attest(request).await.unwrap().into_inner().recorded, 1);
    }

    /// Merseyside Police put somebody on the list of their Wirral desk.
    pub async fn flagged(&self, noms: &str) {
        let (kind, review) = (wire::FlagKind::Ppo, "2027-11-01");
        let person = adult(noms, "Invented Flagged");
        let raise = compose::flag_raise(id(), FLAG_GROUNDS, person, kind, review, id());
        let wirral = self.publisher("merseyside-police").await;
        wirral.publish(raise.build().unwrap()).await.unwrap();
    }

    pub async fn suspend(&self, agency: &str) {
        let request = admin::SetStandingRequest { agency: agency.to_owned(), suspended: true };
        self.stage.admin(OPERATOR).await.unwrap().set_standing(request).await.unwrap();
    }

    /// The store and its ledger are one, entry by entry.
    pub async fn sound(&mut self) {
        self.stop().await;
        let raw = SqliteRaw::open(&self.config.store.path).unwrap();
        let verifier = VerifierKey::parse(self.stage.verifier_key()).unwrap();
        let report = fsck::check(&raw, Some(&verifier)).unwrap();
        assert!(report.sound(), "{:?}", report.faults);
    }
}

/// Words for what was told, in the order in which they compare.
pub fn words(rows: &[(&str, &str)]) -> Vec<Told> {
    rows.iter().map(|(what, whom)| ((*what).to_owned(), (*whom).to_owned())).collect()
}

fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
