//! Holds what came to each desk against what the model says had to.
//!
//! Owns the pairing of deliveries with expectations, and the wait until the broker is at rest.
//! Promises that whatever has no partner is found. Deliberately does not know: why anything was
//! expected.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use agency_client::Incoming;
use broker::delivery::outbox::Outbox as _;
use broker::ledger::chase::ChaseReads as _;
use proto::exchange::v1 as wire;
use tokio_stream::StreamExt as _;

use super::{Awaited, Expected, Failure, LOOK, Play, name, words};
use crate::town::DESKS;

impl Play {
    /// Waits until as much has come as must, and compares.
    pub(super) async fn compare(
        &mut self,
        mut awaited: Awaited,
        round: usize,
    ) -> Result<(), Failure> {
        awaited.values_mut().for_each(last_word_counts);
        loop {
            let missing = awaited.iter().any(|(whose, expected)| {
                let came = self.came.get(whose).map_or(&[][..], Vec::as_slice);
                came.len() < expected.len() || !self.pair(*whose, expected, came).missing.is_empty()
            });
            let within = if missing { self.patience } else { Duration::ZERO };
            let next = tokio::time::timeout(within, self.mailboxes.next()).await;
            match next {
                Ok(Some((desk, incoming))) => {
                    self.hear(desk, incoming.unwrap(), round)?;
                }
                Ok(None) if missing => {
                    // Nobody is there to hear anything.
                    break;
                }
                Ok(None) | Err(_) => break,
            }
        }
        let mut all: BTreeSet<(u32, usize)> = self.came.keys().copied().collect();
        all.extend(awaited.keys().copied());
        for whose in all {
            let came = self.came.remove(&whose).unwrap_or_default();
            let expected = awaited.remove(&whose).unwrap_or_default();
            self.matched(whose, expected, came, round)?;
        }
        self.at_rest(round).await
    }

    /// Waits until every receipt is on disk, the broker has as much waiting as the model says, and
    /// nobody is left to tell of a merge: what may not go any more ends before the next thing happens, which might let it go
    /// again.
    async fn at_rest(&mut self, round: usize) -> Result<(), Failure> {
        for receipt in self.receipts.drain(..) {
            // Of a mailbox that was closed it is settled already.
            let _ = tokio::time::timeout(self.patience, receipt).await;
        }
        let wanted: usize = self.players.values().map(|player| player.model.waiting()).sum();
        let waiting = || self.readers.counts().unwrap().waiting;
        let rest = async {
            while waiting() != wanted as u64 || !self.readers.chases().unwrap().is_empty() {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(self.patience, rest).await.map_err(|_| {
            let what = format!("{} wait where {wanted} must", waiting());
            // By itself, each sequence tells whether it is the one.
            let mut open = self.players.iter().filter(|(_, player)| player.model.waiting() > 0);
            Failure { sequence: open.next().map(|(number, _)| *number), round, what }
        })
    }

    /// Notes and acknowledges what came.
    fn hear(&mut self, desk: usize, incoming: Incoming, round: usize) -> Result<(), Failure> {
        self.receipts.push(incoming.acknowledge());
        let Some(number) = self.whose(desk, &incoming) else {
            let what =
                format!("{} got what is of nobody: {}", name(desk), words::view(&incoming.message));
            return Err(Failure { sequence: None, round, what });
        };
        let delivery = &incoming.delivery;
        for reference in [&delivery.reference, &delivery.settles_reference] {
            if !reference.is_empty() {
                self.owners.insert((DESKS[desk].agency, reference.to_vec()), number);
            }
        }
        self.came.entry((number, desk)).or_default().push(incoming);
        Ok(())
    }

    /// Whose news a delivery is.
    fn whose(&self, desk: usize, incoming: &Incoming) -> Option<u32> {
        let message = &incoming.message;
        let agency = DESKS[desk].agency;
        if let Some(wire::released_message::Kind::Task(task)) = &message.kind
            && let Some(number) = sequence_of(&task.message_id)
        {
            return Some(number);
        }
        let cited = [&incoming.delivery.settles_reference, &incoming.delivery.reference];
        let references = cited.into_iter().chain(&message.concerns);
        let mut known = references.filter_map(|one| self.owners.get(&(agency, one.to_vec())));
        let names = message
            .subjects
            .iter()
            .flat_map(|one| one.identifiers.iter().map(|number| &number.value).chain([&one.name]));
        let by_id = sequence_of(&message.correlation_id);
        known
            .next()
            .copied()
            .or(by_id)
            .or_else(|| names.into_iter().find_map(|mark| self.marks.get(mark)).copied())
    }

    /// Pairs what came to one desk with what had to.
    fn matched(
        &mut self,
        (number, desk): (u32, usize),
        expected: Vec<Expected>,
        came: Vec<Incoming>,
        round: usize,
    ) -> Result<(), Failure> {
        let Pairs { with, missing, strange, learned } = self.pair((number, desk), &expected, &came);
        let agency = DESKS[desk].agency;
        let learned = learned.into_iter();
        self.references
            .extend(learned.map(|(reference, record)| ((agency, reference), (number, record))));
        for (incoming, of_identity) in
            with.iter().map(|(wanted, place)| (&came[*place], expected[*wanted].of_identity))
        {
            self.tally.deliveries += 1;
            self.tally.merges += u64::from(of_identity);
            self.tally.notices += u64::from(incoming.message.notice_only);
            self.tally.withheld += u64::from(!incoming.message.withheld.is_empty());
            let task = matches!(incoming.message.kind, Some(wire::released_message::Kind::Task(_)));
            self.tally.tasks += u64::from(task);
        }
        if strange.is_empty() && missing.is_empty() {
            return Ok(());
        }
        let mut what = format!("at {}\n", name(desk));
        for one in missing.iter().map(|place| &expected[*place]) {
            what.push_str(&format!(
                "did not come: message {} settling {:?} concerning {:?}\n{}\n",
                one.record,
                one.settles,
                one.concerns,
                words::view(&one.view)
            ));
        }
        for one in strange.iter().map(|place| &came[*place]) {
            what.push_str(&format!("came unexpected:\n{}\n", words::view(&view_of(one))));
            let known = |reference: &[u8]| {
                self.references.get(&(DESKS[desk].agency, reference.to_vec())).copied()
            };
            for expected in missing.iter().map(|place| &expected[*place]) {
                let fields = words::differing(&expected.view, &view_of(one));
                what.push_str(&format!("unlike what did not come in {fields:?}\n"));
            }
            what.push_str(&format!(
                "its reference stands for {:?}, what it settles for {:?}, what it concerns {:?}\n",
                known(&one.delivery.reference),
                known(&one.delivery.settles_reference),
                one.message.concerns.iter().map(|one| known(one)).collect::<Vec<_>>()
            ));
        }
        Err(Failure { sequence: Some(number), round, what })
    }

    /// Pairs by place what had to come with what came, in its order. An earlier word on whose numbers
    /// are, which says less than the last, is neither missing nor strange.
    fn pair(
        &self,
        (number, desk): (u32, usize),
        expected: &[Expected],
        came: &[Incoming],
    ) -> Pairs {
        let agency = DESKS[desk].agency;
        let mut known = Known { play: self, agency, number, learned: HashMap::new() };
        let (mut with, mut strange) = (Vec::new(), Vec::new());
        let mut missing: Vec<usize> = (0..expected.len()).collect();
        for (place, incoming) in came.iter().enumerate() {
            let is = |one: &usize| known.is(&expected[*one], incoming);
            if let Some(found) = missing.iter().position(is) {
                let one = missing.remove(found);
                known.learn(&expected[one], incoming);
                with.push((one, place));
            } else if !expected.iter().any(|one| known.is_earlier(one, incoming)) {
                strange.push(place);
            }
        }
        Pairs { with, missing, strange, learned: known.learned }
    }
}

/// What had to come beside what came.
struct Pairs {
    with: Vec<(usize, usize)>,
    missing: Vec<usize>,
    strange: Vec<usize>,
    /// What each reference turned out to stand for.
    learned: HashMap<Vec<u8>, usize>,
}

/// What an agency's references of one sequence stand for, as far as is known.
struct Known<'a> {
    play: &'a Play,
    agency: &'static str,
    number: u32,
    learned: HashMap<Vec<u8>, usize>,
}

impl Known<'_> {
    fn learn(&mut self, expected: &Expected, incoming: &Incoming) {
        self.learned.insert(incoming.delivery.reference.to_vec(), expected.record);
        if let Some(settles) = expected.settles {
            self.learned.insert(incoming.delivery.settles_reference.to_vec(), settles);
        }
    }

    fn record(&self, reference: &[u8]) -> Option<(u32, usize)> {
        let learned = self.learned.get(reference).map(|record| (self.number, *record));
        learned.or_else(|| self.play.references.get(&(self.agency, reference.to_vec())).copied())
    }

    /// Whether a reference is that of a message, or may become it.
    fn stands_for(&self, reference: &[u8], record: usize) -> bool {
        let message = (self.number, record);
        match self.record(reference) {
            Some(known) => known == message,
            None => {
                let bound = self.play.references.iter();
                let mut bound = bound.filter(|((agency, _), _)| *agency == self.agency);
                let learned = self.learned.values().any(|one| *one == record);
                !(learned || bound.any(|(_, one)| *one == message))
            }
        }
    }

    fn concerns(&self, incoming: &Incoming) -> BTreeSet<Option<(u32, usize)>> {
        incoming.message.concerns.iter().map(|one| self.record(one)).collect()
    }

    fn wanted(&self, expected: &Expected) -> BTreeSet<Option<(u32, usize)>> {
        expected.concerns.iter().map(|record| Some((self.number, *record))).collect()
    }

    /// Whether a delivery says of a merge what the last word on it says, by some of the numbers and
    /// of some of the messages. Who fetches several messages may be told of it in between.
    fn is_earlier(&self, last: &Expected, incoming: &Incoming) -> bool {
        let mut view = view_of(incoming);
        for (person, last) in view.subjects.iter_mut().zip(&last.view.subjects) {
            if person.identifiers.iter().any(|one| !last.identifiers.contains(one)) {
                return false;
            }
            person.identifiers.clone_from(&last.identifiers);
        }
        last.of_identity
            && self.concerns(incoming).is_subset(&self.wanted(last))
            && view == last.view
            && self.stands_for(&incoming.delivery.reference, last.record)
    }

    /// Whether a delivery is what was expected, word by word and reference by reference.
    fn is(&self, expected: &Expected, incoming: &Incoming) -> bool {
        let delivery = &incoming.delivery;
        let settles = match expected.settles {
            Some(record) => self.stands_for(&delivery.settles_reference, record),
            None => delivery.settles_reference.is_empty(),
        };
        let wanted = self.wanted(expected);
        view_of(incoming) == expected.view
            && settles
            && self.concerns(incoming) == wanted
            && incoming.message.concerns.len() == wanted.len()
            && self.stands_for(&delivery.reference, expected.record)
    }
}

/// Of several words on one merge only the last counts.
fn last_word_counts(expected: &mut Vec<Expected>) {
    let last: BTreeMap<usize, usize> =
        expected.iter().enumerate().map(|(place, one)| (one.record, place)).collect();
    let mut place = 0;
    expected.retain(|one| {
        place += 1;
        !one.of_identity || last.get(&one.record) == Some(&(place - 1))
    });
}

/// The sequence whose message an id is.
fn sequence_of(id: &str) -> Option<u32> {
    let id = uuid::Uuid::try_parse(id).ok()?;
    u32::try_from((id.as_u128() >> 40) & u128::from(u32::MAX)).ok()
}

/// What came, in the form of the model's: sets in order, references apart.
fn view_of(incoming: &Incoming) -> wire::ReleasedMessage {
    let mut view = incoming.message.clone();
    view.handling_conditions.sort_unstable();
    view.withheld.sort_unstable();
    view.concerns.clear();
    view
}
