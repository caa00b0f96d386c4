//! Many small histories by chance, with faults at any commit: whatever happens, what was told
//! is what is on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proto::refusal::Refusal;

use crate::ledger::appender::{EndItem, PublishOutcome, Released, Settlement, Work};
use crate::ledger::town::{POLICE, PROBATION, Releases, news, of_known_person};

use super::gate::Outcome;
use super::world::{Disk, Reply, Submitted, World};

const HISTORIES: u64 = 8;
const STEPS: usize = 300;
/// Messages that the store refuses.
const FORBIDDEN: [u128; 2] = [3, 12];

/// Numbers by chance, the same for the same seed. The method is `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn place<T>(&mut self, all: &[T]) -> Option<usize> {
        let bound = u64::try_from(all.len()).unwrap();
        (bound > 0).then(|| usize::try_from(self.below(bound)).unwrap())
    }
}

/// Tells which history it was, if it ends badly.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed was {}", self.0);
        }
    }
}

/// What becomes of a commit, and how long it takes.
fn fate(dice: &mut Dice) -> (Outcome, Duration) {
    let outcome = match dice.below(100) {
        0..5 => Outcome::Refused,
        5..10 => Outcome::Full,
        10..15 => Outcome::Unreached,
        15..20 => Outcome::Unheard,
        _ => Outcome::Written,
    };
    (outcome, Duration::from_micros(dice.below(2_000)))
}

/// One history.
struct History {
    world: World,
    dice: Dice,
    subscriptions: [u64; 2],
    /// How much of what waits is sent at once: little, and there is always more of it.
    page: usize,
    submitted: Vec<(u128, Submitted)>,
    last_message: u128,
    releasing: Vec<(u64, Reply<Releases>)>,
    /// Releases that may be settled yet.
    released: Vec<(u64, Released)>,
    /// Everything that was sent, by release.
    sent: BTreeSet<[u8; 16]>,
    live_seen: usize,
    settling: Vec<Reply<bool>>,
}

impl History {
    fn begin(seed: u64) -> Self {
        let world = World::open();
        let subscriptions = [world.police, world.subscribe(PROBATION, "default")];
        for number in FORBIDDEN {
            world.forbid(number);
        }
        let mut fates = Dice(!seed);
        world.gate.throw(move || fate(&mut fates));
        Self {
            world,
            dice: Dice(seed),
            subscriptions,
            page: if seed.is_multiple_of(2) { 50 } else { 4 },
            submitted: Vec::new(),
            last_message: 0,
            releasing: Vec::new(),
            released: Vec::new(),
            sent: BTreeSet::new(),
            live_seen: 0,
            settling: Vec::new(),
        }
    }

    fn step(&mut self) {
        let subscription = self.subscriptions[usize::from(self.dice.one_in(2))];
        match self.dice.below(100) {
            0..26 => self.publish_new(),
            26..32 => self.publish_again(),
            32..34 => self.withdraw(),
            34..42 => self.world.streams.grant(subscription, 1 + u32::from(self.dice.one_in(2))),
            42..60 => self.serve(subscription),
            60..78 => self.settle(),
            78..80 => self.void(),
            80..82 => self.end(subscription),
            82..83 => self.world.gate.unreadable(1),
            83..85 => drop(self.world.tick(1)),
            _ => std::thread::sleep(Duration::from_micros(self.dice.below(6_000))),
        }
        self.take_what_was_told();
    }

    fn publish(&mut self, number: u128) {
        let to: &[(&str, &str)] = match self.dice.below(3) {
            0 => &[POLICE],
            1 => &[PROBATION],
            _ => &[POLICE, PROBATION],
        };
        let mut message = news(number, to, None);
        if self.dice.one_in(2) {
            message = of_known_person(message);
        }
        self.submitted.push((number, self.world.publish(message)));
    }

    fn publish_new(&mut self) {
        self.last_message += 1;
        self.publish(self.last_message);
    }

    /// An earlier number, with the same content or another.
    fn publish_again(&mut self) {
        if let Some(place) = self.dice.place(&self.submitted) {
            self.publish(self.submitted[place].0);
        }
    }

    fn withdraw(&mut self) {
        let Some(place) = self.dice.place(&self.submitted) else { return };
        self.last_message += 1;
        let message = news(self.last_message, &[], Some(self.submitted[place].0));
        self.submitted.push((self.last_message, self.world.publish(message)));
    }

    /// Sends of what waits, as a stream does: it looks again when it has been answered.
    fn serve(&mut self, subscription: u64) {
        if self.releasing.iter().any(|(known, _)| *known == subscription) {
            return;
        }
        let additions = self.world.streams.additions(subscription);
        let mut waiting = self.world.due(subscription);
        if waiting.is_empty() {
            return self.world.streams.drained(subscription, additions);
        }
        waiting.retain(|waiting| !waiting.withdrawn);
        waiting.truncate(self.page);
        self.releasing.push((subscription, self.world.release(subscription, &waiting)));
    }

    fn settle(&mut self) {
        let Some(place) = self.dice.place(&self.released) else { return };
        let (subscription, released) = self.released.swap_remove(place);
        let settle = |how| self.world.settle(subscription, &released, how);
        let again = Settlement::Again(crate::ledger::town::NOON);
        let replies = match self.dice.below(10) {
            0..6 => vec![settle(Settlement::Acknowledged)],
            6..7 => vec![settle(again)],
            7..8 => vec![settle(Settlement::Recalled)],
            8..9 => vec![settle(Settlement::Recalled), settle(Settlement::Acknowledged)],
            _ => vec![settle(again), settle(Settlement::Acknowledged)],
        };
        self.settling.extend(replies);
    }

    /// The stream ended before anything was written to it.
    fn void(&mut self) {
        let Some(place) = self.dice.place(&self.released) else { return };
        let (subscription, released) = self.released.swap_remove(place);
        self.settling.push(self.world.settle(subscription, &released, Settlement::Unsent));
    }

    fn end(&mut self, subscription: u64) {
        let Some(waiting) = self.world.due(subscription).pop() else { return };
        self.world.put(Work::End(vec![EndItem {
            delivery: waiting.delivery,
            delivery_id: waiting.delivery_id,
            subscription,
            sender: waiting.message.key.agency.clone(),
            message: waiting.message.key.id,
            refusal: Refusal::Expired,
        }]));
    }

    fn take_what_was_told(&mut self) {
        let mut released = Vec::new();
        self.releasing.retain_mut(|(subscription, reply)| match reply.told_already() {
            Some(told) => {
                let told = told.unwrap_or_default().into_iter();
                released.extend(told.map(|released| (*subscription, released)));
                false
            }
            None => true,
        });
        let live = self.world.streams.sent();
        let fresh = live.into_iter().skip(self.live_seen);
        released.extend(fresh.map(|sent| (sent.subscription, sent.released)));
        self.live_seen = self.world.streams.sent().len();
        for (subscription, released) in released {
            assert!(self.sent.insert(released.release_id), "no release is sent twice");
            self.released.push((subscription, released));
        }
    }

    fn finish(mut self) {
        self.world.gate.behave();
        let mut outcomes: BTreeMap<u128, Vec<([u8; 32], PublishOutcome)>> = BTreeMap::new();
        for (number, mut submitted) in std::mem::take(&mut self.submitted) {
            let told = (submitted.digest, submitted.told());
            outcomes.entry(number).or_default().push(told);
        }
        for reply in &mut self.settling {
            // Whether it was recorded or not: it was answered.
            reply.told();
        }
        for (_, mut reply) in std::mem::take(&mut self.releasing) {
            let told = reply.told().unwrap_or_default().into_iter();
            self.sent.extend(told.map(|released| released.release_id));
        }
        let (taken, given_back) = self.world.streams.seats();
        let sent = self.world.streams.sent();
        assert_eq!(taken, given_back + sent.len(), "every seat is used or given back, once");
        self.sent.extend(sent.iter().map(|sent| sent.released.release_id));
        let disk = self.world.close();
        told_is_written(&disk, &outcomes);
        numbers_are_given_once(&disk);
        sent_is_recorded(&disk, &self.sent);
    }
}

/// A message is on disk, once, if anybody was told so, and with the content of whoever was.
fn told_is_written(disk: &Disk, told: &BTreeMap<u128, Vec<([u8; 32], PublishOutcome)>>) {
    let written = disk.digests();
    let on_disk: BTreeMap<_, _> = written.iter().copied().collect();
    assert_eq!(on_disk.len(), written.len(), "no message is there twice");
    for (number, outcomes) in told {
        let (mut accepted, mut first) = (0, 0);
        for (digest, outcome) in outcomes {
            if let PublishOutcome::Accepted { repeated, .. } = outcome {
                accepted += 1;
                first += u32::from(!repeated);
                assert_eq!(on_disk.get(number), Some(digest), "message {number}");
            }
        }
        assert!(first <= 1, "message {number} was accepted twice as the first");
        assert_eq!(accepted > 0, on_disk.contains_key(number), "message {number}");
    }
    assert!(written.iter().all(|(number, _)| told.contains_key(number)));
    assert!(FORBIDDEN.iter().all(|number| !on_disk.contains_key(number)));
}

fn numbers_are_given_once(disk: &Disk) {
    let twice = "SELECT count(*) FROM (SELECT 1 FROM delivery WHERE number > 0
                 GROUP BY subscription, number HAVING count(*) > 1)";
    assert_eq!(disk.count(twice), 0);
    let beyond = "SELECT count(*) FROM delivery d JOIN subscription s ON s.id = d.subscription
                  WHERE d.number > s.last_number";
    assert_eq!(disk.count(beyond), 0);
}

fn sent_is_recorded(disk: &Disk, sent: &BTreeSet<[u8; 16]>) {
    let mut query = disk.store.prepare("SELECT release_id FROM release").unwrap();
    let recorded = query.query_map([], |row| row.get(0)).unwrap();
    let recorded: BTreeSet<[u8; 16]> = recorded.map(Result::unwrap).collect();
    assert!(sent.is_subset(&recorded));
}

#[test]
fn whatever_happens_what_was_told_is_what_is_on_disk() {
    for seed in 0..HISTORIES {
        let seed = Seed(seed);
        let mut history = History::begin(seed.0);
        for _ in 0..STEPS {
            history.step();
        }
        history.finish();
    }
}
