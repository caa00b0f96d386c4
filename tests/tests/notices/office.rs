//! A post office without a broker around it: a clock, a directory, certificates and a folder.
//!
//! Owns: how notices are configured here. Everything that carries them is the product's own, and
//! everything that takes them is outside it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use broker::calendar::Calendar;
use broker::clock::SetClock;
use broker::directory::{Contact, Directory, document};
use broker::notify::chain::Chain;
use broker::notify::{
    Addressee, Carrying, Code, Letter, MailCredentials, MailOptions, Notice, Notices,
    NotifyOptions, NotifySecrets, Place, Posting, Relay as RelayOptions, WebKey, WebOptions,
};
use certs_dev::{Authority, Options, write_credential};
use tempfile::TempDir;
use tests::world::{PATIENCE, now};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::receiver::Receiver;
use crate::relay::{Mode, PASSWORD, Relay, USER};

/// When an office opens.
pub const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);
/// The key that requests are signed under.
pub const KEY: [u8; 32] = [7; 32];

/// Everything notices need, set up and not opened.
pub struct Office {
    pub clock: Arc<SetClock>,
    pub options: NotifyOptions,
    /// Whether the relay's user name and password are shown.
    pub shows_credentials: bool,
    directory: Arc<Directory>,
    folder: TempDir,
}

/// An opened office.
pub struct Opened {
    pub notices: Notices,
    pub carrying: Carrying,
}

impl Office {
    /// An office that sends letters to operators by a relay, and requests to receivers. Neither
    /// listens yet.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        certificates(folder.path());
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let options = NotifyOptions {
            mail: None,
            web: Some(WebOptions {
                authorities: folder.path().join("good.roots"),
                key: PathBuf::new(),
            }),
            operators: Vec::new(),
            folder: folder.path().join("notices"),
            chain: Chain::new(minutes(30), minutes(120)).unwrap(),
        };
        let directory = Arc::new(directory(1));
        let clock = Arc::new(SetClock::at(NOON));
        Self { clock, options, shows_credentials: false, directory, folder }
    }

    /// Starts a relay whose certificate this is. Letters go there from now on.
    pub fn relay(&mut self, mode: Mode, certificate: &str, asks: bool) -> Relay {
        let relay = self.relay_at(0, mode, certificate, asks);
        self.letters_to(relay.port, mode);
        relay
    }

    /// Starts one on a given port.
    pub fn relay_at(&self, port: u16, mode: Mode, certificate: &str, asks: bool) -> Relay {
        Relay::start(mode, port, (self.folder.path(), certificate), asks)
    }

    /// Letters go to a port of this machine, whether or not anybody listens there.
    pub fn letters_to(&mut self, port: u16, mode: Mode) {
        let host = "localhost".to_owned();
        let authorities = self.folder.path().join("good.roots");
        let implicit = matches!(mode, Mode::Implicit);
        self.options.mail = Some(MailOptions {
            relay: RelayOptions::There { host, port, implicit, authorities },
            sender: contact("broker@pyramid.example"),
            credentials: None,
        });
        self.options.operators.push(contact("operators@operations.example"));
    }

    /// Starts a receiver whose certificate this is.
    pub async fn receiver(&self, port: u16, certificate: &str) -> Receiver {
        Receiver::start(port, (self.folder.path(), certificate)).await
    }

    /// The desk whose duty officer is reached by a request to a port of this machine.
    pub fn reached_at(&mut self, port: u16) {
        self.directory = Arc::new(directory(port));
    }

    /// The desk.
    pub fn desk(&self) -> Place {
        let desk = Place::find(&self.directory, "force", "duty");
        assert_eq!(desk.name(), "force/duty");
        desk
    }

    /// Opens it.
    pub fn open(&self) -> Opened {
        let (notices, posting) = self.set_up();
        Opened { notices, carrying: posting.start() }
    }

    /// Sets it up without carrying anything.
    pub fn set_up(&self) -> (Notices, Posting) {
        let credentials =
            MailCredentials { user: USER.to_owned().into(), password: PASSWORD.to_owned().into() };
        let secrets = NotifySecrets {
            mail: self.shows_credentials.then_some(credentials),
            web: Some(WebKey(KEY.into())),
        };
        let calendar = Arc::new(Calendar::england_and_wales(BTreeSet::new()).unwrap());
        let directory = Arc::clone(&self.directory);
        let current = Arc::new(move || Arc::clone(&directory));
        let clock = Arc::<SetClock>::clone(&self.clock);
        Posting::open(&self.options, secrets, clock, calendar, current).unwrap()
    }

    /// A letter to the duty officer of the desk.
    pub fn to_duty_officer(&self, number: u128) -> Letter {
        self.letter(number, Addressee::DutyOfficer(self.desk()))
    }

    /// A letter about the desk.
    pub fn letter(&self, number: u128, to: Addressee) -> Letter {
        let notice = Notice {
            code: Code::ActionOverdue,
            place: self.desk(),
            reference: Uuid::from_u128(number),
            deadline: Some(NOON),
            raised_at: NOON,
        };
        Letter { notice, to }
    }

    /// Files that wait.
    pub fn kept(&self) -> usize {
        std::fs::read_dir(&self.options.folder).unwrap().count()
    }
}

impl Opened {
    /// Notices that left, tries that failed, notices that wait, notices that were lost.
    pub fn counts(&self) -> (u64, u64, u64, u64) {
        let counts = self.notices.counts().unwrap();
        let of = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        (of(&counts.left), of(&counts.failures), of(&counts.waiting), of(&counts.lost))
    }

    /// Waits until so many have left and so many tries have failed.
    pub async fn until(&self, left: u64, failures: u64) {
        let holds = || {
            let counts = self.counts();
            (counts.0, counts.1) == (left, failures)
        };
        for _ in 0..PATIENCE.as_millis() / 20 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{left} left and {failures} failed, expected of {:?}", self.counts());
    }
}

/// Makes certificates of three servers and puts the one root that is trusted beside them: `good`
/// is issued under it for this machine, `other` for another, and `stranger` under another root.
pub fn certificates(folder: &Path) {
    let authority = || Authority::new(Options::new("pyramid.example", now())).unwrap();
    let (mut trusted, mut stranger) = (authority(), authority());
    let put = |name: &str, credential| write_credential(folder, name, &credential).unwrap();
    put("good", trusted.server(&["localhost"]).unwrap());
    put("other", trusted.server(&["other.example"]).unwrap());
    put("stranger", stranger.server(&["localhost"]).unwrap());
    std::fs::write(folder.join("good.roots"), trusted.root_pem()).unwrap();
}

/// A contact of this text.
pub fn contact(text: &str) -> Contact {
    Contact::read(text).unwrap()
}

/// A force (invented) whose duty desk is reached by webhook, and its lead by e-mail.
fn directory(port: u16) -> Directory {
    let text = format!(
        r#"
        trust_domain = "pyramid.example"
        [[agency]]
        id = "force"
        name = "Invented force"
        kind = "police"
        dpo_contact = "dpo@force.example"
        lead_contact = "lead@force.example"
        [[agency.desk]]
        id = "duty"
        name = "Duty desk"
        function = "intelligence"
        regime = "part3"
        duty_contact = "https://localhost:{port}/duty"
        [[agency.desk]]
        id = "unreached"
        name = "Desk without a contact"
        function = "intelligence"
        regime = "part3"
        "#
    );
    document::read(&text).unwrap()
}
