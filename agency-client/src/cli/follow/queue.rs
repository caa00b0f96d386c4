//! The verb `follow` on a queue.
//!
//! Owns: the round of receiving, publishing and deleting, and the waits when the queue or the
//! broker is away.
//! Promises: an event is deleted only after everything in it was accepted, was found not for
//! sharing, or was kept in quarantine; while it is in hand it stays hidden from other readers.
//! What the broker did not take stays on the queue, and nothing more is received until the broker
//! answers again. When told to end, what is in hand is finished first.
//! Deliberately does not know: what an event means ([`crate::hmpps`]); how often the queue offers
//! an event before it moves it aside, which is the queue's own rule.

use super::super::answer::{Answer, say};
use super::super::args::Follow;
use super::super::error::CliError;
use super::super::import::{print_outcome, profile};
use super::super::output::{Output, complain};
use super::super::{now, told_to_end};
use crate::backoff::{BACKOFF, Backoff, draw};
use crate::connection::Connection;
use crate::hmpps::{
    FollowError, ImportProfile, Outcome, QuarantineFolder, QueueCredentials, QueueError,
    QueueSettings, QueueSource, QueuedEvent, read,
};
use crate::publisher::{PublishOutcome, Publisher, PublisherOptions};
use crate::settings::Settings;
use proto::exchange::v1::Message;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long the queue is asked to wait for events: the most that the service allows.
const WAIT: Duration = Duration::from_secs(20);
/// The same with `--once`. Any wait at all makes the service look at all of its servers.
const WAIT_ONCE: Duration = Duration::from_secs(1);
/// An empty answer that comes sooner comes from a queue that does not wait; then this program does.
const WAITED_LEAST: Duration = Duration::from_secs(1);
/// How long nothing is received after the broker did not take everything. Longer than other waits:
/// each time an event is received counts towards the queue's own bound.
const BROKER_REST: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// An event in hand, with what it led to.
type InHand = (QueuedEvent, Vec<Message>);

struct Follower<'run> {
    profile: ImportProfile,
    quarantine: QuarantineFolder,
    source: QueueSource,
    connection: Connection,
    publisher: Publisher,
    out: &'run Output,
    /// Events received.
    received: usize,
    /// Events that were not taken: of the last round, with `--once` of the whole run.
    left: BTreeSet<String>,
    /// Failures of the queue in a row.
    queue_failures: u32,
    /// Rounds in a row of which the broker did not take everything.
    broker_failures: u32,
}

/// `agency follow --queue URL`.
pub(super) async fn follow(
    settings: &Path,
    what: &Follow,
    queue: QueueSettings,
    out: &Output,
) -> Result<(), CliError> {
    let profile = profile(&what.profile)?;
    let quarantine = QuarantineFolder::open(&what.quarantine, profile.id_key)?;
    let credentials = QueueCredentials::from_variables(|name| std::env::var(name).ok());
    let credentials = credentials.map_err(FollowError::from)?;
    let source = QueueSource::new(queue, credentials).map_err(FollowError::from)?;
    let settings = Settings::load(settings)?;
    let connection = Connection::connect(&settings).await?;
    let publisher = Publisher::new(&connection, PublisherOptions::from(&settings));
    let mut follower = Follower {
        profile,
        quarantine,
        source,
        connection,
        publisher,
        out,
        received: 0,
        left: BTreeSet::new(),
        queue_failures: 0,
        broker_failures: 0,
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
                    rested = self.rest(rest) => rested?,
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
        if !what.once {
            self.left.clear();
        }
        let may_pass = self.round(events).await?;
        self.broker_failures = if may_pass { self.broker_failures.saturating_add(1) } else { 0 };
        // With `--once`, what only comes back again ends it too.
        let is_stuck = !self.left.is_empty() && (may_pass || known == self.left);
        Ok(match (what.once && is_stuck, may_pass) {
            (true, _) => Next::End,
            (false, true) => Next::Rest(BROKER_REST.wait(self.broker_failures, draw())),
            (false, false) => Next::Receive,
        })
    }

    /// Waits, and then until the broker can be reached, if it is what failed.
    async fn rest(&self, rest: Duration) -> Result<(), CliError> {
        sleep(rest).await;
        if self.broker_failures == 0 {
            return Ok(());
        }
        loop {
            match self.connection.channel().await {
                Ok(_) => return Ok(()),
                Err(error) if error.may_pass() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Deals with what was received; whether anything was left that may be taken later.
    async fn round(&mut self, events: Vec<QueuedEvent>) -> Result<bool, CliError> {
        self.received += events.len();
        let mut in_hand: Vec<InHand> = Vec::new();
        for event in events {
            let outcome = read(event.content(), &self.profile, now());
            print_outcome(Path::new(event.id()), &outcome, self.out)?;
            match outcome {
                Outcome::Shared(messages) => in_hand.push((event, messages)),
                Outcome::NotShareable(_) => self.delete(&event).await?,
                Outcome::Quarantined(held) => {
                    self.quarantine.keep(&mut event.content(), held.reason)?;
                    self.delete(&event).await?;
                }
            }
        }
        let answers = self.publish(&in_hand).await?;
        let mut may_pass = false;
        for ((event, messages), outcomes) in in_hand.iter().zip(answers) {
            let mut is_taken = true;
            for (message, outcome) in messages.iter().zip(outcomes) {
                let answer = Answer::of(&outcome);
                say(&message.message_id, &outcome, answer, self.out)?;
                may_pass |= answer == Answer::Later;
                is_taken &= answer == Answer::Taken;
            }
            if is_taken {
                self.left.remove(event.id());
                self.delete(event).await?;
            } else {
                self.left.insert(event.id().to_owned());
            }
        }
        Ok(may_pass)
    }

    /// Publishes everything in hand, which stays hidden from other readers meanwhile.
    async fn publish(&self, in_hand: &[InHand]) -> Result<Vec<Vec<PublishOutcome>>, CliError> {
        let answers = publish_all(&self.publisher, in_hand);
        tokio::pin!(answers);
        loop {
            tokio::select! {
                answers = &mut answers => return Ok(answers),
                // Half the time is left for the queue to hear of it.
                () = sleep(self.source.visibility() / 2) => {}
            }
            for (event, _) in in_hand {
                pass(self.source.extend(event, now()).await)?;
            }
        }
    }

    /// Takes an event off the queue. If the queue does not answer, the event comes again, and its
    /// messages are then known to the broker.
    async fn delete(&self, event: &QueuedEvent) -> Result<(), CliError> {
        pass(self.source.delete(event, now()).await)
    }
}

async fn publish_all(publisher: &Publisher, in_hand: &[InHand]) -> Vec<Vec<PublishOutcome>> {
    let mut pending = Vec::new();
    for (_, messages) in in_hand {
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
fn pass(done: Result<(), QueueError>) -> Result<(), CliError> {
    match done {
        Ok(()) => Ok(()),
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, "the queue was not told of an event; it comes again");
            Ok(())
        }
        Err(error) => Err(FollowError::Queue(error).into()),
    }
}
