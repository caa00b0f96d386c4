//! Whoever was given something about numbers that are merged or parted is told of it, and whoever
//! holds something about a person is asked: found beside the writer, after the sender was answered.
//!
//! Promises that how long such a message is answered says nothing of how much is held, that the one
//! writer waits for none of the reading, and that a chase that a stop cut short is taken up again: it is
//! open on disk until everybody is told. Whoever is given such a message later opens it anew.
//! Deliberately does not know: who may be told what. That is decided when the notices are written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use time::{Duration, OffsetDateTime};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::ledger::appender::{ChaseWork, Queue, Work};
use crate::ledger::chase::{GivenMessage, HolderOfPerson, Pending, Word};
use crate::ledger::journal::{Recall, StoreError};
use crate::message::Admitted;
use crate::prepare::{self, Before, Kept};
use crate::register::DeskName;
use crate::rules::Rules;
use crate::seal::{Token, Vault};

/// References of deliveries that one notice of a merge names at most: the newest.
const CONCERNS_MAX: usize = 1_000;

/// Messages that are opened to find out whether a desk may know a number, for each desk and number.
/// Where none of the newest shows it, it is not shown: the notice says which deliveries it is about.
const OPENED_MAX: u32 = 64;

/// Messages read at once.
const PAGE: u32 = 256;

/// Above every row.
const NEWEST: u64 = i64::MAX.cast_unsigned();

/// Holders to be told, or desks that are asked.
type FoundOf = (BTreeMap<DeskName, HolderOfPerson>, Option<BTreeSet<DeskName>>);

/// Everything that chasing needs.
#[derive(Clone)]
pub struct Chasing {
    /// Rules in force.
    pub rules: Arc<ArcSwap<Rules>>,
    /// Keys.
    pub vault: Arc<Vault>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What is on record.
    pub recall: Arc<dyn Recall>,
    /// The way to the appender.
    pub queue: Queue,
}

impl Chasing {
    /// Tells everybody who is to be told by now. Answers how many chases it closed.
    ///
    /// # Errors
    /// The store's. What is open stays open.
    pub async fn look(&self) -> Result<usize, StoreError> {
        let chasing = self.clone();
        let pending = run(move || chasing.recall.chases()).await?;
        let mut closed = 0;
        // In the order of acceptance: nobody hears that numbers part before hearing of the merge.
        for pending in pending {
            let (chasing, chase) = (self.clone(), pending.clone());
            let (holders, asked) = run(move || chasing.find(&chase)).await?;
            let (reply, done) = oneshot::channel();
            let (message, wanted) = (pending.message, pending.wanted);
            let work = ChaseWork { message, wanted, holders, asked, reply };
            if self.queue.put(Work::Chase(work)).await.is_err() || done.await != Ok(true) {
                break;
            }
            closed += 1;
        }
        Ok(closed)
    }

    /// Who is to be told of a merge or an unmerge, or who is asked.
    fn find(&self, pending: &Pending) -> Result<FoundOf, StoreError> {
        let about = pending.of(Word::Asked);
        if about.is_empty() {
            return Ok((self.holders(pending)?, None));
        }
        let linked: Vec<Token> = self.rules.load().register.linked(&about).into_iter().collect();
        Ok((BTreeMap::new(), Some(self.recall.concerned(&linked)?)))
    }

    /// What every desk has of the persons whose numbers are merged or parted, newest first.
    fn holders(&self, pending: &Pending) -> Result<BTreeMap<DeskName, HolderOfPerson>, StoreError> {
        let rules = self.rules.load_full();
        let mut found = Found {
            chasing: self,
            rules: &rules,
            now: self.clock.now(),
            numbers: pending.tokens().into_iter().collect(),
            holders: BTreeMap::new(),
            opened: BTreeMap::new(),
        };
        let mut before = pending.message;
        loop {
            let page = self.recall.given_about(&pending.tokens(), before, PAGE)?;
            for given in &page {
                found.add(given)?;
            }
            match page.last() {
                Some(last) if page.len() >= PAGE as usize => before = last.row,
                Some(_) | None => break,
            }
        }
        let merged = pending.of(Word::Merged);
        for given in self.since(pending.message, &merged)? {
            found.add_stranger(&given, &merged)?;
        }
        Ok(found.holders)
    }

    /// What was given after a merge under a number that leads no more, and before another word of
    /// that: of each desk the first such message. Its sender wrote it by what it knew; who reads it is
    /// to know whose the number is, by the word that stood last, however late this merge's turn comes.
    fn since(&self, merge: u64, merged: &[Token]) -> Result<Vec<GivenMessage>, StoreError> {
        let mut first: BTreeMap<DeskName, GivenMessage> = BTreeMap::new();
        let mut before = NEWEST;
        while !merged.is_empty() {
            let page = self.recall.given_about(merged, before, PAGE)?;
            for given in page.iter().take_while(|given| given.row > merge) {
                if !self.recall.bearing_on(given.row, merged)?.contains(&merge) {
                    continue;
                }
                for holder in &given.holders {
                    let one = GivenMessage { holders: vec![holder.clone()], ..given.clone() };
                    first.insert(holder.0.clone(), one);
                }
            }
            match page.last() {
                Some(last) if page.len() >= PAGE as usize && last.row > merge => before = last.row,
                Some(_) | None => break,
            }
        }
        Ok(first.into_values().collect())
    }
}

/// What was found so far.
struct Found<'a> {
    chasing: &'a Chasing,
    rules: &'a Rules,
    now: OffsetDateTime,
    numbers: BTreeSet<Token>,
    holders: BTreeMap<DeskName, HolderOfPerson>,
    /// Messages opened for each desk and number.
    opened: BTreeMap<(DeskName, Token), u32>,
}

impl Found<'_> {
    /// Adds what one desk was given after the merge, unless it was told of that by what it had.
    fn add_stranger(&mut self, given: &GivenMessage, merged: &[Token]) -> Result<(), StoreError> {
        let knows = |desk| {
            let holder: Option<&HolderOfPerson> = self.holders.get(desk);
            holder.is_some_and(|one| merged.iter().all(|number| one.held.shown.contains(number)))
        };
        if given.holders.iter().all(|(desk, _)| knows(desk)) {
            return Ok(());
        }
        self.add(given)
    }

    /// Adds a message that was given to somebody. Its body is read only where it may show a desk a
    /// number that no newer one did.
    fn add(&mut self, given: &GivenMessage) -> Result<(), StoreError> {
        let about: BTreeSet<Token> =
            given.tokens.iter().copied().filter(|token| self.numbers.contains(token)).collect();
        let mut opened: Option<Option<(Admitted, Kept)>> = None;
        for (desk, delivery) in &given.holders {
            let reference = given.key.reference_of(&desk.agency, &self.chasing.vault).into();
            let holder = self.holders.entry(desk.clone()).or_default();
            if holder.held.concerns.len() < CONCERNS_MAX
                && !holder.held.concerns.contains(&reference)
            {
                holder.held.concerns.push(reference);
            }
            if holder.deliveries.len() < CONCERNS_MAX {
                holder.deliveries.push(*delivery);
            }
            let mut wanted = &about - &holder.held.shown;
            wanted.retain(|number| {
                let tries = self.opened.entry((desk.clone(), *number)).or_default();
                *tries += 1;
                *tries <= OPENED_MAX
            });
            if wanted.is_empty() {
                continue;
            }
            if opened.is_none() {
                opened = Some(self.chasing.open(given.row, self.rules, self.now)?);
            }
            if let Some(Some((message, kept))) = &opened {
                let had = numbers_had(message, kept, desk, self.rules, self.now);
                holder.held.shown.extend(&had & &wanted);
            }
        }
        Ok(())
    }
}

impl Chasing {
    fn open(
        &self,
        row: u64,
        rules: &Rules,
        now: OffsetDateTime,
    ) -> Result<Option<(Admitted, Kept)>, StoreError> {
        let Some(stored) = self.recall.message(row)? else { return Ok(None) };
        let mut opened = prepare::reopen(&stored, &self.vault, &rules.directory);
        if let Some((message, _)) = &mut opened {
            // What was given stays given after it has run out.
            message.expires_at = now.saturating_add(Duration::DAY);
        }
        Ok(opened)
    }
}

/// The numbers that a desk was to be shown of a message's persons and may have now. What was taken
/// out when it fetched the message is not asked for here: whatever it may have no more, it may not
/// have had.
fn numbers_had(
    message: &Admitted,
    kept: &Kept,
    desk: &DeskName,
    rules: &Rules,
    now: OffsetDateTime,
) -> BTreeSet<Token> {
    let shown = kept.numbers_shown(message, desk);
    let of_desk = kept.candidates.iter().filter(|one| one.desk == *desk && !shown.is_empty());
    let views = of_desk.filter_map(|candidate| {
        let desk = (desk, candidate.task);
        prepare::decide_again(message, kept, desk, Before::Given, rules, now).ok()
    });
    let may_have: BTreeSet<Token> = views.flat_map(|(view, _)| view.numbers(message)).collect();
    &shown & &may_have
}

async fn run<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(read)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("a reader stopped".into())))
}
