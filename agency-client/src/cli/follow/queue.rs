//! The verb `follow` on a queue.
//!
//! Owns: the round of receiving, publishing and deleting, and the waits when the queue or the
//! broker is away.
//! Promises: an event is deleted only after everything in it was accepted, was found not for
//! sharing, or was kept in quarantine; from its receipt until then it is hidden from other readers
//! anew in time, as far as the queue answers.
//! What the broker did not take stays on the queue, and nothing more is received until the broker
//! answers again. When told to end, what is in hand is finished first.
//! Deliberately does not know: what an event means ([`crate::hmpps`]); how often the queue offers
//! an event before it moves it aside, which is the queue's own rule.

use super::super::answer::{Answer, By, Teller};
use super::super::args::Follow;
use super::super::error::CliError;
use super::super::import::{Sharing, memory, print_outcome, profile};
use super::super::output::{Output, complain};
use super::super::{now, told_to_end};
use super::broker_rest::BrokerRest;
use crate::backoff::{BACKOFF, draw};
use crate::connection::Connection;
use crate::hmpps::{
    FollowError, ImportMemory, ImportProfile, Outcome, QuarantineFolder, QueueCredentials,
    QueueError, QueueSettings, QueueSource, QueuedEvent, read_remembering,
};
use crate::publisher::{PublishOutcome, Publisher, PublisherOptions};
use crate::settings::Settings;
use proto::exchange::v1::Message;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep};

/// How long the queue is asked to wait for events: the most that the service allows.
const WAIT: Duration = Duration::from_secs(20);
/// The same with `--once`. Any wait at all makes the service look at all of its servers.
const WAIT_ONCE: Duration = Duration::from_secs(1);
/// An empty answer that comes sooner comes from a queue that does not wait; then this program does.
const WAITED_LEAST: Duration = Duration::from_secs(1);

struct Follower<'run> {
    profile: ImportProfile,
    memory: Option<ImportMemory>,
    quarantine: QuarantineFolder,
    source: Arc<QueueSource>,
    publisher: Publisher,
    broker_rest: BrokerRest,
    teller: Teller,
    out: &'run Output,
    /// Events received.
    received: usize,
    /// Events that were not taken: of the last round, with `--once` of the whole run.
    left: BTreeSet<String>,
    /// Failures of the queue in a row.
    queue_failures: u32,
}

/// `agency follow --queue URL`.
pub(super) async fn follow(
    settings: &Path,
    what: &Follow,
    queue: QueueSettings,
    out: &Output,
) -> Result<(), CliError> {
    let profile = profile(&what.profile)?;
    let memory = memory(&profile)?;
    let quarantine = QuarantineFolder::open(&what.quarantine, profile.id_key)?;
    let credentials = QueueCredentials::from_variables(|name| std::env::var(name).ok());
    let credentials = credentials.map_err(FollowError::from)?;
    let source = Arc::new(QueueSource::new(queue, credentials).map_err(FollowError::from)?);
    let settings = Settings::load(settings)?;
    let connection = Connection::connect(&settings).await?;
    let publisher = Publisher::new(&connection, PublisherOptions::from(&settings));
    let mut follower = Follower {
        profile,
        memory,
        quarantine,
        source,
        publisher,
        broker_rest: BrokerRest::new(connection),
        teller: Teller::new(By::follower(what.once)),
        out,
        received: 0,
        left: BTreeSet::new(),
        queue_failures: 0,
    };
    follower.run(what).await?;
    follower.publisher.close().await;
    match follower.left.len() {
        0 => Ok(()),
        failed => Err(CliError::NotAllPublished { failed, all: follower.received }),
    }
}

/// What a follower does next.
enum Next {
    Receive,
    Rest(Duration),
    AwaitBroker,
    End,
}

impl Follower<'_> {
    async fn run(&mut self, what: &Follow) -> Result<(), CliError> {
        let end = told_to_end();
        tokio::pin!(end);
        let wait = if what.once { WAIT_ONCE } else { WAIT };
        loop {
            let begun = Instant::now();
            // Only a wait is broken off by the end; a round is finished.
            let received = tokio::select! {
                biased;
                () = &mut end => return Ok(()),
                received = self.source.receive(wait, now()) => received,
            };
            let next = match received {
                Ok(events) => self.deal_with(events, begun, what).await?,
                Err(error) => self.queue_failed(error, what.once)?,
            };
            match next {
                Next::Receive => {}
                Next::End => return Ok(()),
                Next::Rest(rest) => tokio::select! {
                    biased;
                    () = &mut end => return Ok(()),
                    () = sleep(rest) => {}
                },
                Next::AwaitBroker => tokio::select! {
                    biased;
                    () = &mut end => return Ok(()),
                    rested = self.broker_rest.wait() => rested?,
                },
            }
        }
    }

    /// Says so once, and waits longer each time.
    fn queue_failed(&mut self, error: QueueError, is_once: bool) -> Result<Next, CliError> {
        if is_once || !error.may_pass() {
            return Err(FollowError::Queue(error).into());
        }
        if self.queue_failures == 0 {
            complain(&format!("{error}; trying again until it answers"));
        }
        self.queue_failures = self.queue_failures.saturating_add(1);
        Ok(Next::Rest(BACKOFF.wait(self.queue_failures, draw())))
    }

    async fn deal_with(
        &mut self,
        events: Vec<QueuedEvent>,
        begun: Instant,
        what: &Follow,
    ) -> Result<Next, CliError> {
        if self.queue_failures > 0 {
            complain("the queue answers again");
            self.queue_failures = 0;
        }
        if events.is_empty() {
            let has_waited = begun.elapsed() >= WAITED_LEAST;
            return Ok(match (what.once, has_waited) {
                (true, _) => Next::End,
                (false, true) => Next::Receive,
                (false, false) => Next::Rest(Duration::from_secs(what.every_seconds)),
            });
        }
        let known = self.left.clone();
        let now_received: BTreeSet<String> = events.iter().map(|e| e.id().to_owned()).collect();
        if !what.once {
            self.left.clear();
        }
        let may_pass = self.round(events).await?;
        self.broker_rest.note(may_pass);
        // With `--once`, a round of nothing but what was left before and is left again ends it too.
        let is_repetition = now_received.is_subset(&known) && now_received.is_subset(&self.left);
        let is_stuck = may_pass || is_repetition;
        Ok(match (what.once && is_stuck, may_pass) {
            (true, _) => Next::End,
            (false, true) => Next::AwaitBroker,
            (false, false) => Next::Receive,
        })
    }

    /// Deals with what was received; whether anything was left that may be taken later.
    async fn round(&mut self, events: Vec<QueuedEvent>) -> Result<bool, CliError> {
        let mut hiding = JoinSet::new();
        let in_hand = events.into_iter().map(|event| InHand::new(event, &self.source, &mut hiding));
        let in_hand: Vec<InHand> = in_hand.collect();
        tokio::select! {
            biased;
            error = failure_of(&mut hiding) => Err(FollowError::Queue(error).into()),
            may_pass = self.settle(in_hand) => may_pass,
        }
    }

    /// Publishes what is for sharing, and only then takes what is done off the queue: a queue that
    /// is slow to answer keeps no news waiting.
    async fn settle(&mut self, in_hand: Vec<InHand>) -> Result<bool, CliError> {
        self.received += in_hand.len();
        let (mut shared, mut done) = (Vec::new(), Vec::new());
        for held in in_hand {
            let event = &held.event;
            let memory = self.memory.as_mut();
            let outcome = read_remembering(event.content(), &self.profile, memory, now())?;
            print_outcome(Path::new(event.id()), &outcome, Sharing::Meant, self.out)?;
            match outcome {
                Outcome::Shared(messages) => shared.push((held, messages)),
                Outcome::NotShareable(_) => done.push(held),
                Outcome::Quarantined(why) => {
                    self.quarantine.keep(&mut event.content(), why.reason)?;
                    done.push(held);
                }
            }
        }
        let answers = publish_all(&self.publisher, &shared).await;
        let mut may_pass = false;
        for ((held, messages), outcomes) in shared.into_iter().zip(answers) {
            let mut is_taken = true;
            for (message, outcome) in messages.iter().zip(outcomes) {
                let answer = self.teller.say(&message.message_id, &outcome, self.out)?;
                may_pass |= answer == Answer::Later;
                is_taken &= answer == Answer::Taken;
            }
            if is_taken {
                self.left.remove(held.event.id());
                done.push(held);
            } else {
                self.left.insert(held.event.id().to_owned());
            }
        }
        self.teller.settled();
        for held in done {
            // If the queue does not answer, the event comes again, and its messages are then known
            // to the broker.
            pass(self.source.delete(&held.event, now()).await).map_err(FollowError::Queue)?;
        }
        Ok(may_pass)
    }
}

/// An event in hand: hidden from other readers for as long as this lives.
struct InHand {
    event: Arc<QueuedEvent>,
    hiding: AbortHandle,
}

impl InHand {
    /// Takes an event in hand as soon as it is received.
    fn new(
        event: QueuedEvent,
        source: &Arc<QueueSource>,
        hiding: &mut JoinSet<QueueError>,
    ) -> Self {
        let event = Arc::new(event);
        let hiding = hiding.spawn(hide(Arc::clone(source), Arc::clone(&event)));
        Self { event, hiding }
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.hiding.abort();
    }
}

/// Keeps one event hidden, by a call of its own each time so that no other waits for it; ends at a
/// failure that waiting cannot mend.
async fn hide(source: Arc<QueueSource>, event: Arc<QueuedEvent>) -> QueueError {
    loop {
        // Half the time is left for the queue to hear of it.
        sleep(source.visibility() / 2).await;
        if let Err(error) = pass(source.extend(&event, now()).await) {
            return error;
        }
    }
}

/// The first such failure; waits for ever if there is none.
async fn failure_of(hiding: &mut JoinSet<QueueError>) -> QueueError {
    while let Some(ended) = hiding.join_next().await {
        // The others were let go.
        if let Ok(error) = ended {
            return error;
        }
    }
    std::future::pending().await
}

async fn publish_all(
    publisher: &Publisher,
    shared: &[(InHand, Vec<Message>)],
) -> Vec<Vec<PublishOutcome>> {
    let mut pending = Vec::new();
    for (_, messages) in shared {
        let mut of_event = Vec::new();
        for message in messages {
            of_event.push(publisher.send(message.clone()).await);
        }
        pending.push(of_event);
    }
    let mut answers = Vec::new();
    for of_event in pending {
        let mut outcomes = Vec::new();
        for sent in of_event {
            outcomes.push(match sent {
                Ok(answer) => answer.await,
                Err(error) => Err(error),
            });
        }
        answers.push(outcomes);
    }
    answers
}

/// Lets a failure pass that waiting may mend: the next time the queue is asked tells of it.
fn pass(done: Result<(), QueueError>) -> Result<(), QueueError> {
    match done {
        Ok(()) => Ok(()),
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, "the queue was not told of an event; it comes again");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
