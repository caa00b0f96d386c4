//! The task that keeps notices and carries them.
//!
//! Promises that a letter is on disk before it counts as kept; that several are tried at once and
//! each within its time; that one whose addressee has no address goes to the operators; and that
//! every letter which cannot leave is counted and told of once, by its code and never by its
//! address. Deliberately does not know: who raises alarms.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::clock::Clock;
use crate::directory::{Contact, Directory, Way};
use crate::listen::CurrentDirectory;

use super::mail::Mail;
use super::notice::{Addressee, Letter};
use super::spool::Spool;
use super::waiting::{Put, Tried, Waiting};
use super::webhook::Webhook;
use super::{NotTaken, NoticeCounts, Why};

/// Letters that are tried at once.
const TRIALS_MAX: usize = 8;
/// Time for one contact: name, socket, handshake, and the whole exchange.
const CARRY_TIME: Duration = Duration::from_secs(20);
/// How often is looked for what has fallen due.
const LOOK: Duration = Duration::from_millis(100);

/// A letter on its way to the task, and who waits until it is kept.
pub(super) struct Handed {
    pub(super) letter: Letter,
    pub(super) kept: Option<oneshot::Sender<Result<(), NotTaken>>>,
}

/// What carries letters.
pub(super) struct Carriers {
    pub(super) mail: Option<Mail>,
    pub(super) web: Option<Webhook>,
    pub(super) operators: Vec<Contact>,
    pub(super) directory: CurrentDirectory,
    pub(super) calendar: Arc<Calendar>,
}

impl Carriers {
    /// Where people are reached at this moment; operators, if they are not.
    fn contacts(&self, to: &Addressee) -> Vec<Contact> {
        let directory = (self.directory)();
        let own = of_directory(&directory, to).filter(|contact| self.reaches(contact));
        match own {
            Some(contact) => vec![contact],
            None => {
                self.operators.iter().filter(|contact| self.reaches(contact)).cloned().collect()
            }
        }
    }

    const fn reaches(&self, contact: &Contact) -> bool {
        match contact.way() {
            Way::Mail { .. } => self.mail.is_some(),
            Way::Web { .. } => self.web.is_some(),
        }
    }

    async fn carry(&self, contact: &Contact, letter: &Letter) -> Result<(), Why> {
        let carried = async {
            match (contact.way(), &self.mail, &self.web) {
                (Way::Mail { .. }, Some(mail), _) => {
                    mail.carry(contact, letter, &self.calendar).await
                }
                (Way::Web { .. }, _, Some(web)) => web.carry(contact, letter).await,
                (Way::Mail { .. }, None, _) | (Way::Web { .. }, _, None) => Err(Why::NoAddress),
            }
        };
        tokio::time::timeout(CARRY_TIME, carried).await.unwrap_or(Err(Why::Timeout))
    }
}

/// The contact that the directory gives, if any.
fn of_directory(directory: &Directory, to: &Addressee) -> Option<Contact> {
    let agency = to.place().agency_id()?;
    match to {
        Addressee::Operators => None,
        Addressee::DutyOfficer(place) => {
            let index = directory.desk_index(agency, place.desk_id()?)?;
            directory.desk(index)?.duty_contact.clone()
        }
        Addressee::AgencyLead(_) => directory.agency(agency)?.lead_contact.clone(),
        Addressee::DataProtection(_) => Contact::read(&directory.agency(agency)?.dpo_contact),
        Addressee::Person { id, .. } => {
            let person = directory.person(&id.to_string())?;
            person.contact.clone().filter(|_| *person.agency == *agency)
        }
    }
}

/// What came of one try of one letter.
struct Outcome {
    id: Uuid,
    letter: Letter,
    taken: BTreeSet<Contact>,
    /// Why somebody has not taken it; `None`: everybody has.
    why: Option<Why>,
}

async fn try_letter(
    carriers: Arc<Carriers>,
    id: Uuid,
    letter: Letter,
    taken: BTreeSet<Contact>,
) -> Outcome {
    let mut outcome = Outcome { id, letter, taken, why: None };
    let contacts = carriers.contacts(&outcome.letter.to);
    if contacts.is_empty() {
        outcome.why = Some(Why::NoAddress);
    }
    for contact in contacts {
        if outcome.taken.contains(&contact) {
            continue;
        }
        match carriers.carry(&contact, &outcome.letter).await {
            Ok(()) => {
                outcome.taken.insert(contact);
            }
            Err(why) => outcome.why = Some(why),
        }
    }
    outcome
}

/// The task.
pub(super) struct Post {
    pub(super) carriers: Arc<Carriers>,
    pub(super) spool: Spool,
    pub(super) waiting: Waiting,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counts: Arc<NoticeCounts>,
    pub(super) queue: mpsc::Receiver<Handed>,
}

impl Post {
    /// Takes up what an earlier run left.
    pub(super) fn take_up(&mut self) {
        let Ok(kept) = self.spool.kept() else {
            tracing::error!(code = "notices-unread", "notices kept by an earlier run are not read");
            return;
        };
        if kept.damaged > 0 {
            let files = kept.damaged;
            tracing::error!(code = "notices-damaged", files, "kept notices cannot be read");
        }
        let now = self.clock.monotonic();
        for letter in kept.letters {
            self.waiting.put(letter, now);
        }
        self.count_waiting();
    }

    /// Carries until it is told to stop; then what was handed over is kept, and tries that are
    /// being made are ended.
    pub(super) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let mut trials = JoinSet::new();
        loop {
            self.begin_trials(&mut trials);
            let look = self.waiting.len() > 0;
            tokio::select! {
                _ = &mut stop => break,
                handed = self.queue.recv() => match handed {
                    Some(handed) => self.take(handed).await,
                    None => break,
                },
                Some(tried) = trials.join_next() => {
                    if let Ok(outcome) = tried {
                        self.settle(outcome).await;
                    }
                }
                () = tokio::time::sleep(LOOK), if look => {}
            }
        }
        self.queue.close();
        while let Ok(handed) = self.queue.try_recv() {
            self.take(handed).await;
        }
        while let Some(tried) = trials.join_next().await {
            if let Ok(outcome) = tried {
                self.settle(outcome).await;
            }
        }
    }

    fn begin_trials(&mut self, trials: &mut JoinSet<Outcome>) {
        while trials.len() < TRIALS_MAX
            && let Some(trial) = self.waiting.next(self.clock.monotonic())
        {
            let carriers = Arc::clone(&self.carriers);
            trials.spawn(try_letter(carriers, trial.id, trial.letter, trial.taken));
        }
    }

    async fn take(&mut self, handed: Handed) {
        let Handed { letter, kept } = handed;
        let answer = match self.waiting.put(letter.clone(), self.clock.monotonic()) {
            Put::Waits => self.keep(letter).await,
            Put::Known => Ok(()),
            Put::Full => {
                self.counts.lost(&letter);
                Err(NotTaken::Full)
            }
        };
        self.count_waiting();
        if let Some(kept) = kept {
            let _ = kept.send(answer);
        }
    }

    /// A disk that does not take a letter makes it no less urgent: it waits in memory alone.
    async fn keep(&self, letter: Letter) -> Result<(), NotTaken> {
        let spool = self.spool.clone();
        let kept = tokio::task::spawn_blocking(move || spool.keep(&letter)).await;
        if matches!(kept, Ok(Ok(()))) {
            return Ok(());
        }
        tracing::error!(code = "notice-not-kept", "a notice would not outlast a stop");
        Err(NotTaken::Unkept)
    }

    async fn settle(&mut self, outcome: Outcome) {
        let Outcome { id, letter, taken, why } = outcome;
        let now = self.clock.monotonic();
        let tried = self.waiting.tried(id, taken, why.is_none(), now);
        if !matches!(tried, Tried::Waits { .. }) {
            let spool = self.spool.clone();
            let _ = tokio::task::spawn_blocking(move || spool.forget(id)).await;
        }
        self.count_waiting();
        self.tell(&letter, tried, why);
    }

    /// Counts what came of a try, and says what somebody must know.
    fn tell(&self, letter: &Letter, tried: Tried, why: Option<Why>) {
        let (notice, to) = (letter.notice.code.name(), letter.to.name());
        let place = letter.to.place().name();
        let why = why.map(Why::name);
        match tried {
            Tried::Left { failures } => {
                self.counts.left.fetch_add(1, Ordering::Relaxed);
                tracing::info!(code = "notice-left", notice, to, place, failures, "a notice left");
            }
            Tried::Waits { failures } => {
                self.counts.failures.fetch_add(1, Ordering::Relaxed);
                if failures == 1 {
                    tracing::error!(
                        code = "notice-not-taken",
                        notice,
                        to,
                        place,
                        why,
                        "a notice cannot leave; it is tried again"
                    );
                }
            }
            Tried::GivenUp => {
                self.counts.failures.fetch_add(1, Ordering::Relaxed);
                self.counts.lost(letter);
            }
        }
    }

    fn count_waiting(&self) {
        let waiting = u64::try_from(self.waiting.len()).unwrap_or(u64::MAX);
        self.counts.waiting.store(waiting, Ordering::Relaxed);
    }
}
