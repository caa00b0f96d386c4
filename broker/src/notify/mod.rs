//! Notices: alarms that leave the broker for people, by e-mail and by webhook.
//!
//! Owns: the bounded queue between whoever raises an alarm and what carries it, the folder where
//! notices wait, and escalation ([`chain`]). Promises that handing a notice over never waits; that
//! what was handed over is tried until it is taken, across a restart too, and counted where it is
//! not; and that nothing about a person leaves by this way, because a [`Notice`] has no place for
//! it. Deliberately does not know: what is alarming, and who reads.

pub mod chain;

mod mail;

mod notice;

mod post;

mod spool;

mod waiting;

mod webhook;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::clock::Clock;
use crate::directory::Contact;
use crate::listen::CurrentDirectory;
use chain::Chain;
use mail::Mail;
use post::{Carriers, Handed, Post};
use spool::Spool;
use waiting::Waiting;
use webhook::Webhook;

pub use mail::{MailCredentials, MailOptions, Relay, SUBMISSION_PORT, SUBMISSIONS_PORT};
pub use notice::{Addressee, Code, Letter, Notice, Place};
pub use waiting::{
    KEEP_TIME, REST_MAX, REST_MIN, WAITING_FOR_ONE_MAX, WAITING_FOR_OPERATORS, WAITING_MAX,
};
pub use webhook::{FORMAT, SIGNATURE_HEADER, WebKey, WebOptions};

/// Notices on their way to the task that keeps them; what comes beyond is lost and counted.
pub const QUEUE_MAX: usize = 256;

/// How notices leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyOptions {
    /// By e-mail; `None`: not.
    pub mail: Option<MailOptions>,
    /// By webhook; `None`: not.
    pub web: Option<WebOptions>,
    /// Those who run the broker, and its duty desk. Each gets what is for them.
    pub operators: Vec<Contact>,
    /// Where notices wait.
    pub folder: PathBuf,
    /// How long after an alarm each rank is told.
    pub chain: Chain,
}

impl NotifyOptions {
    /// Reads the roots, as [`Posting::open`] does, and makes nothing.
    ///
    /// # Errors
    /// A file of roots cannot be used.
    pub fn check(&self, secrets: NotifySecrets) -> Result<(), NotifyError> {
        self.ways(secrets).map(|_| ())
    }

    fn ways(&self, secrets: NotifySecrets) -> Result<(Option<Mail>, Option<Webhook>), NotifyError> {
        let mail = self.mail.as_ref().map(|mail| Mail::open(mail, secrets.mail)).transpose()?;
        let web = match (&self.web, secrets.web) {
            (None, _) => None,
            (Some(_), None) => return Err(NotifyError::WebKey),
            (Some(web), Some(key)) => Some(Webhook::open(web, key)?),
        };
        Ok((mail, web))
    }
}

/// What the files of the options hold.
#[derive(Debug, Default)]
pub struct NotifySecrets {
    /// What the relay asks for.
    pub mail: Option<MailCredentials>,
    /// What signs requests.
    pub web: Option<WebKey>,
}

/// Notices cannot leave as configured.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The sender is no address for letters.
    #[error("notify.sender is no e-mail address")]
    Sender,
    /// The relay's roots.
    #[error("notify.smtp_authorities must be a file of certificates in PEM")]
    MailAuthorities,
    /// The receivers' roots.
    #[error("notify.webhook_authorities must be a file of certificates in PEM")]
    WebAuthorities,
    /// There is no signing key.
    #[error("notify.webhook_key has not been read")]
    WebKey,
    /// The folder where notices wait.
    #[error("the folder of notices cannot be made")]
    Folder(#[source] std::io::Error),
}

/// Why somebody has not taken a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// Nobody is there, or the connection broke off.
    Connection,
    /// The other end has not proved its name.
    Tls,
    /// It took too long.
    Timeout,
    /// The other end would not.
    Refused,
    /// There is no address, and operators have none either.
    NoAddress,
}

impl Why {
    const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::NoAddress => "no-address",
        }
    }
}

/// What became of notices, since the start.
#[derive(Debug, Default)]
pub struct NoticeCounts {
    /// Notices that everybody they were for has taken.
    pub left: AtomicU64,
    /// Tries that failed.
    pub failures: AtomicU64,
    /// Notices that wait.
    pub waiting: AtomicU64,
    /// Notices that were lost: no room, or given up.
    pub lost: AtomicU64,
}

impl NoticeCounts {
    /// Counts a letter that will not leave, and says so.
    fn lost(&self, letter: &Letter) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        let (notice, to) = (letter.notice.code.name(), letter.to.name());
        let place = letter.to.place().name();
        tracing::error!(code = "notice-lost", notice, to, place, "a notice will not leave");
    }
}

/// A notice was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// No notice leaves this broker: it has no section `[notify]`.
    #[error("notices are off")]
    Off,
    /// There is no room, or the broker is stopping.
    #[error("there is no room for another notice")]
    Full,
    /// The disk did not take it: it is tried, and forgotten if the process ends before it left.
    #[error("the disk does not keep the notice")]
    Unkept,
}

/// The way to hand a notice over. Without a configuration it leads nowhere.
#[derive(Clone, Debug, Default)]
pub struct Notices(Option<Open>);

#[derive(Clone, Debug)]
struct Open {
    queue: mpsc::Sender<Handed>,
    counts: Arc<NoticeCounts>,
}

impl Notices {
    /// Hands a letter over, from a place that cannot wait. It will be tried, but may be forgotten
    /// if the process ends within the moment until it is on disk: see [`Notices::keep`].
    ///
    /// # Errors
    /// Notices are off, or there is no room; what finds no room is counted and told of here.
    pub fn send(&self, letter: Letter) -> Result<(), NotTaken> {
        let open = self.0.as_ref().ok_or(NotTaken::Off)?;
        open.queue.try_send(Handed { letter, kept: None }).map_err(|error| {
            open.counts.lost(&error.into_inner().letter);
            NotTaken::Full
        })
    }

    /// Tells those who run the broker, from a place that cannot wait. Where notices are off the
    /// log and the figures are all there is.
    pub fn tell_operators(
        &self,
        code: Code,
        place: Place,
        reference: Uuid,
        raised_at: OffsetDateTime,
    ) {
        let notice = Notice { code, place, reference, deadline: None, raised_at };
        // What finds no room is told of by `send`.
        let _ = self.send(Letter { notice, to: Addressee::Operators });
    }

    /// Hands a letter over and returns once it is on disk: then it outlasts a restart, and whoever
    /// keeps the state of a chain may keep that this step was taken. Handed over again before
    /// that, it is the same letter still.
    ///
    /// # Errors
    /// Notices are off, there is no room, or the disk does not keep it.
    pub async fn keep(&self, letter: Letter) -> Result<(), NotTaken> {
        let open = self.0.as_ref().ok_or(NotTaken::Off)?;
        let (kept, is_kept) = oneshot::channel();
        let handed = Handed { letter, kept: Some(kept) };
        open.queue.send(handed).await.map_err(|_| NotTaken::Full)?;
        is_kept.await.map_err(|_| NotTaken::Full)?
    }

    /// What became of notices; `None` if they are off.
    #[must_use]
    pub fn counts(&self) -> Option<Arc<NoticeCounts>> {
        self.0.as_ref().map(|open| Arc::clone(&open.counts))
    }
}

/// Notices that are set up and not carried yet. What is handed over meanwhile waits.
pub struct Posting {
    carriers: Carriers,
    spool: Spool,
    clock: Arc<dyn Clock>,
    counts: Arc<NoticeCounts>,
    queue: mpsc::Receiver<Handed>,
}

impl Posting {
    /// Reads roots and makes the folder. Connects to nobody.
    ///
    /// # Errors
    /// A file of roots cannot be used, or the folder cannot be made.
    pub fn open(
        options: &NotifyOptions,
        secrets: NotifySecrets,
        clock: Arc<dyn Clock>,
        calendar: Arc<Calendar>,
        directory: CurrentDirectory,
    ) -> Result<(Notices, Self), NotifyError> {
        let (mail, web) = options.ways(secrets)?;
        let spool = Spool::open(&options.folder).map_err(NotifyError::Folder)?;
        let operators = options.operators.clone();
        let carriers = Carriers { mail, web, operators, directory, calendar };
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        let counts = Arc::new(NoticeCounts::default());
        let notices = Notices(Some(Open { queue: sender, counts: Arc::clone(&counts) }));
        Ok((notices, Self { carriers, spool, clock, counts, queue }))
    }

    /// Takes up what an earlier run left and carries, on a task of its own. Needs tokio's runtime.
    #[must_use]
    pub fn start(self) -> Carrying {
        let (stop, stopped) = oneshot::channel();
        let mut post = Post {
            carriers: Arc::new(self.carriers),
            spool: self.spool,
            waiting: Waiting::default(),
            clock: self.clock,
            counts: self.counts,
            queue: self.queue,
        };
        post.take_up();
        Carrying { stop, task: tokio::spawn(post.run(stopped)) }
    }
}

/// Notices that are carried. Dropping it ends the task once it has kept what was handed over.
pub struct Carrying {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Carrying {
    /// Keeps what was handed over and lets tries end, within a bound. What has not left waits on
    /// disk for the next start.
    pub async fn finish(mut self, bound: Duration) {
        let _ = self.stop.send(());
        if tokio::time::timeout(bound, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
