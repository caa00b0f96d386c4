//! What is waited for by a fixed hour and has not come.
//!
//! Promises that of each feed and day one alarm is raised: to whoever runs the broker, and to the
//! desks that wait, from where it goes up their chain until somebody has opened it. An alarm that
//! falls due while the broker is stopped, or its clock is not believed, is raised when that is
//! over. Deliberately does not know: what a feed says, and of whom. It counts.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clock::Reading;
use crate::directory::{Directory, Feed};
use crate::ledger::advice::{Advice, Matter};
use crate::ledger::journal::StoreError;
use crate::message::kinds::days::british_day;
use crate::message::{MessageKey, moment};
use crate::notify::{Addressee, Code, Letter, NotTaken, Notice, Place};
use crate::prepare::Stored;
use crate::register::DeskName;
use crate::seal::Part;

use super::{Watch, beside};

/// So much is looked at once more: what fell due just before a stop may not have been told.
const AGAIN: Duration = Duration::hours(1);

/// Messages without a number that are opened of one feed and day, beside as many as are waited for.
const OPENED_MORE: u32 = 64;

/// How far it was looked.
#[derive(Debug)]
pub struct Looked {
    /// Until when everything has been looked at.
    until: OffsetDateTime,
    /// What was looked at of the last hour: agency, feed and when it was due.
    lately: BTreeSet<(Arc<str>, Arc<str>, OffsetDateTime)>,
    /// The day on which flags were looked at, and the epoch of the register.
    pub(super) flags: Option<(i64, u64)>,
}

impl Looked {
    /// As far as a broker that stopped then has looked.
    #[must_use]
    pub const fn until(until: OffsetDateTime) -> Self {
        Self { until, lately: BTreeSet::new(), flags: None }
    }
}

impl Watch {
    /// Raises an alarm for each feed that was due and has not come. Answers how many letters were
    /// handed over.
    pub(super) async fn look_at_feeds(
        &self,
        looked: &mut Looked,
        reading: &Reading,
    ) -> Result<usize, StoreError> {
        let (directory, now) = (Arc::clone(&self.rules.load().directory), reading.settled());
        let from = looked.until.min(now).saturating_sub(AGAIN);
        let (mut letters, mut all) = (0, true);
        for feed in directory.feeds() {
            let mut due = self.calendar.next_working(from, feed.by);
            while let Some(hour) = due.filter(|due| *due <= now) {
                let place = (Arc::clone(&feed.agency), Arc::clone(&feed.id), hour);
                if !looked.lately.contains(&place) {
                    match self.look_at_feed(feed, hour, &directory, now).await? {
                        Some(handed) => {
                            letters += handed;
                            looked.lately.insert(place);
                        }
                        None => all = false,
                    }
                }
                due = self.calendar.next_working(hour, feed.by);
            }
        }
        if all {
            looked.until = now;
            looked.lately.retain(|(_, _, due)| *due > now.saturating_sub(AGAIN));
        }
        Ok(letters)
    }

    /// Looks at one feed of one day. `None`: its alarm could not be kept.
    async fn look_at_feed(
        &self,
        feed: &Feed,
        due: OffsetDateTime,
        directory: &Directory,
        now: OffsetDateTime,
    ) -> Result<Option<usize>, StoreError> {
        let came = self.came(feed, due).await?;
        if came.names >= u64::from(feed.at_least) || (came.names == 0 && came.nil_return) {
            return Ok(Some(0));
        }
        let short = came.names > 0;
        let desks = feed.waited_for_by.iter().filter_map(|place| directory.desk(*place));
        let advice: Vec<Advice> = desks
            .map(|desk| {
                let (agency, feed) = (Arc::clone(&feed.agency), Arc::clone(&feed.id));
                let name =
                    DeskName { agency: Arc::clone(&desk.agency), desk: Arc::clone(&desk.id) };
                Advice { desk: name, matter: Matter::FeedAbsent { agency, feed, due, short } }
            })
            .collect();
        let keys: Vec<MessageKey> = advice.iter().map(Advice::key).collect();
        let reference = keys.first().map_or(Uuid::nil(), |key| key.id);
        let recall = Arc::clone(&self.recall);
        if beside(move || recall.known(&keys)).await?.iter().all(Option::is_some) {
            // An earlier run has told of it.
            return Ok(Some(0));
        }
        let code = if short { Code::FeedShort } else { Code::FeedSilent };
        tracing::error!(
            code = "feed-absent",
            agency = &*feed.agency,
            feed = &*feed.id,
            short,
            "what is expected by a fixed hour has not come, or is suspiciously short"
        );
        let place = directory.agency(&feed.agency).map_or(Place::BROKER, Place::agency);
        let notice = Notice { code, place, reference, deadline: Some(due), raised_at: now };
        let letter = Letter { notice, to: Addressee::Operators };
        let handed = match self.notices.keep(letter).await {
            Ok(()) => 1,
            Err(NotTaken::Off) => 0,
            Err(NotTaken::Full | NotTaken::Unkept) => return Ok(None),
        };
        Ok(self.advise(advice).await.then_some(handed))
    }

    /// How much of a feed has come for a day: messages that were accepted, each once. Those that name
    /// nobody by a number are opened only where the others are too few.
    async fn came(&self, feed: &Feed, due: OffsetDateTime) -> Result<Came, StoreError> {
        let outbox = Arc::clone(&self.outbox);
        let (agency, node, kind) = (Arc::clone(&feed.agency), feed.node.clone(), feed.kind);
        let after = due.saturating_sub(Duration::hours(feed.within_hours.into()));
        let limit = feed.at_least.saturating_add(OPENED_MORE);
        let at_least = u64::from(feed.at_least);
        let (names, unnumbered) = beside(move || {
            let of = (&*agency, node.as_deref(), kind);
            let names = outbox.accepted(of, after, due)?;
            let unnumbered = match names < at_least {
                true => outbox.accepted_without_numbers(of, after, due, limit)?,
                false => Vec::new(),
            };
            Ok((names, unnumbered))
        })
        .await?;
        let mut came = Came { names, nil_return: false };
        for stored in &unnumbered {
            match self.nil_return_for(stored) {
                Some(day) => came.nil_return |= day == self.calendar.local(due).map(|at| at.date()),
                None => came.names += 1,
            }
        }
        Ok(came)
    }

    /// The day for which a message says that the list names nobody. `None`: it says something else,
    /// or cannot be read.
    fn nil_return_for(&self, stored: &Stored) -> Option<Option<Date>> {
        let key = self.vault.unwrap(&stored.wrapped_key).ok()?;
        let body = key.open(Part::Message, &stored.key.place(), &stored.body).ok()?;
        let message = wire::Message::decode(body.as_slice()).ok()?;
        let Some(Kind::Custody(custody)) = message.kind.filter(|_| message.subjects.is_empty())
        else {
            return None;
        };
        let day = custody.occurred_at.as_ref().and_then(moment).map(british_day);
        custody.nobody.then_some(day)
    }
}

/// What has come of a feed for a day.
struct Came {
    /// Messages that name somebody.
    names: u64,
    /// Whether somebody answers for it that the list of that day names nobody.
    nil_return: bool,
}
