//! What waits to leave, and when each is tried next.
//!
//! Promises that a letter waits until everybody it is for has taken it, or until its time is up;
//! that the same letter waits once, and is not taken again soon after it left; that the letters
//! for one addressee are tried one at a time, and neither fill the room of others nor that which
//! is kept for operators.
//! Deliberately does not know: how a letter is carried. Time is monotonic, and an argument.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use uuid::Uuid;

use super::notice::{Addressee, Letter};
use crate::directory::Contact;

/// Letters that wait at most.
pub const WAITING_MAX: usize = 1_024;
/// Of these, room that is for operators alone.
pub const WAITING_FOR_OPERATORS: usize = 256;
/// Letters that wait for one desk or agency at most.
pub const WAITING_FOR_ONE_MAX: usize = 128;
/// Rest after the first failure; it doubles with each.
pub const REST_MIN: Duration = Duration::from_secs(1);
/// Longest rest between two tries.
pub const REST_MAX: Duration = Duration::from_secs(300);
/// How long a letter is tried: what has not left by then helps nobody any more.
pub const KEEP_TIME: Duration = Duration::from_secs(72 * 3_600);
/// Letters that left and are remembered, so that none leaves twice.
const LEFT_MAX: usize = 4_096;

const _: () = assert!(WAITING_FOR_ONE_MAX + WAITING_FOR_OPERATORS < WAITING_MAX);

/// What became of a letter that was to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It waits.
    Waits,
    /// It waits already, or has left.
    Known,
    /// There is no room.
    Full,
}

/// What becomes of a letter that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// Everybody has taken it.
    Left {
        /// Tries that failed before.
        failures: u32,
    },
    /// It is tried again.
    Waits {
        /// Tries that failed so far.
        failures: u32,
    },
    /// It is given up.
    GivenUp,
}

struct Entry {
    letter: Letter,
    since: Duration,
    due: Duration,
    failures: u32,
    going: bool,
    /// Who has taken it.
    taken: BTreeSet<Contact>,
}

/// A letter to try, and who has taken it already.
pub(super) struct Trial {
    pub(super) id: Uuid,
    pub(super) letter: Letter,
    pub(super) taken: BTreeSet<Contact>,
}

/// Everything that waits.
#[derive(Default)]
pub(super) struct Waiting {
    entries: BTreeMap<Uuid, Entry>,
    left: VecDeque<Uuid>,
}

impl Waiting {
    /// Lets a letter wait. It is due at once.
    pub(super) fn put(&mut self, letter: Letter, now: Duration) -> Put {
        let id = letter.id();
        if self.entries.contains_key(&id) || self.left.contains(&id) {
            return Put::Known;
        }
        let room = match &letter.to {
            Addressee::Operators => self.entries.len() < WAITING_MAX,
            Addressee::DutyOfficer(_)
            | Addressee::AgencyLead(_)
            | Addressee::DataProtection(_)
            | Addressee::Person { .. } => {
                let same = self.entries.values().filter(|entry| entry.letter.to == letter.to);
                self.entries.len() < WAITING_MAX - WAITING_FOR_OPERATORS
                    && same.count() < WAITING_FOR_ONE_MAX
            }
        };
        if !room {
            return Put::Full;
        }
        let (failures, going, taken) = (0, false, BTreeSet::new());
        self.entries.insert(id, Entry { letter, since: now, due: now, failures, going, taken });
        Put::Waits
    }

    /// The letter that has been due longest and whose addressee no other is being tried for.
    pub(super) fn next(&mut self, now: Duration) -> Option<Trial> {
        let busy: BTreeSet<Addressee> = self
            .entries
            .values()
            .filter(|entry| entry.going)
            .map(|entry| entry.letter.to.clone())
            .collect();
        let ready = |entry: &Entry| !entry.going && entry.due <= now;
        let (id, entry) = self
            .entries
            .iter_mut()
            .filter(|(_, entry)| ready(entry) && !busy.contains(&entry.letter.to))
            .min_by_key(|(_, entry)| entry.due)?;
        entry.going = true;
        Some(Trial { id: *id, letter: entry.letter.clone(), taken: entry.taken.clone() })
    }

    /// Settles a try: `taken` by these so far, and by `everybody` or not.
    pub(super) fn tried(
        &mut self,
        id: Uuid,
        taken: BTreeSet<Contact>,
        everybody: bool,
        now: Duration,
    ) -> Tried {
        let Some(entry) = self.entries.get_mut(&id) else { return Tried::Left { failures: 0 } };
        let failures = entry.failures;
        if everybody {
            self.entries.remove(&id);
            self.left.push_back(id);
            if self.left.len() > LEFT_MAX {
                self.left.pop_front();
            }
            return Tried::Left { failures };
        }
        if now.saturating_sub(entry.since) >= KEEP_TIME {
            self.entries.remove(&id);
            return Tried::GivenUp;
        }
        entry.taken = taken;
        entry.going = false;
        entry.failures = failures.saturating_add(1);
        entry.due = now.saturating_add(rest(failures));
        Tried::Waits { failures: entry.failures }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// The rest after so many failures and one more.
fn rest(failures: u32) -> Duration {
    REST_MIN.saturating_mul(2_u32.saturating_pow(failures)).min(REST_MAX)
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::notice::{Code, Notice, Place};
    use super::*;

    const START: Duration = Duration::from_secs(1_000);

    fn letter(number: u128, to: Addressee) -> Letter {
        let notice = Notice {
            code: Code::ActionOverdue,
            place: Place::BROKER,
            reference: Uuid::from_u128(number),
            deadline: None,
            raised_at: OffsetDateTime::UNIX_EPOCH,
        };
        Letter { notice, to }
    }

    fn duty(desk: &str) -> Addressee {
        Addressee::DutyOfficer(Place::again(Some("gmp"), Some(desk)).unwrap())
    }

    fn nobody() -> BTreeSet<Contact> {
        BTreeSet::new()
    }

    fn at(seconds: u64) -> Duration {
        START + Duration::from_secs(seconds)
    }

    #[test]
    fn a_letter_is_tried_again_after_rests_that_double_up_to_five_minutes() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.put(letter(1, Addressee::Operators), START), Put::Waits);
        let mut now = 0;
        for (failures, rest) in (1..).zip([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
            let trial = waiting.next(at(now)).unwrap();
            assert!(waiting.next(at(now)).is_none(), "one try at a time");
            let tried = waiting.tried(trial.id, nobody(), false, at(now));
            assert_eq!(tried, Tried::Waits { failures });
            assert!(waiting.next(at(now + rest - 1)).is_none(), "not before {rest} s");
            now += rest;
        }
        let trial = waiting.next(at(now)).unwrap();
        let tried = waiting.tried(trial.id, nobody(), true, at(now));
        assert_eq!((tried, waiting.len()), (Tried::Left { failures: 11 }, 0));
    }

    #[test]
    fn the_same_letter_waits_once_and_leaves_once() {
        let mut waiting = Waiting::default();
        let same = || letter(1, Addressee::Operators);
        assert_eq!(waiting.put(same(), START), Put::Waits);
        assert_eq!(waiting.put(same(), START), Put::Known);
        let trial = waiting.next(START).unwrap();
        waiting.tried(trial.id, nobody(), true, START);
        assert_eq!(waiting.put(same(), START), Put::Known);
        assert_eq!(waiting.put(letter(2, Addressee::Operators), START), Put::Waits);
    }

    #[test]
    fn who_has_taken_it_is_remembered_for_the_next_try() {
        let mut waiting = Waiting::default();
        waiting.put(letter(1, Addressee::Operators), START);
        let trial = waiting.next(START).unwrap();
        let taken = BTreeSet::from([Contact::read("duty@operations.example").unwrap()]);
        waiting.tried(trial.id, taken.clone(), false, START);
        assert_eq!(waiting.next(at(1)).unwrap().taken, taken);
    }

    #[test]
    fn an_addressee_who_takes_nothing_holds_up_nobody_else() {
        let mut waiting = Waiting::default();
        for number in 0..3 {
            waiting.put(letter(number, duty("silent")), START);
        }
        waiting.put(letter(9, duty("other")), START);
        let mut going = Vec::new();
        while let Some(trial) = waiting.next(START) {
            going.push(trial.letter.to);
        }
        going.sort();
        assert_eq!(going, [duty("other"), duty("silent")]);
    }

    #[test]
    fn no_addressee_takes_the_room_of_another_or_of_operators() {
        let mut waiting = Waiting::default();
        let mut taken = |number: u128, to: Addressee| waiting.put(letter(number, to), START);
        for number in 0..128 {
            assert_eq!(taken(number, duty("silent")), Put::Waits);
        }
        assert_eq!(taken(128, duty("silent")), Put::Full);
        let mut number = 1_000;
        for desk in ["a", "b", "c", "d", "e"] {
            for _ in 0..128 {
                assert_eq!(taken(number, duty(desk)), Put::Waits);
                number += 1;
            }
        }
        assert_eq!(taken(number, duty("f")), Put::Full);
        for operators in 10_000..10_256 {
            assert_eq!(taken(operators, Addressee::Operators), Put::Waits);
        }
        assert_eq!(taken(10_256, Addressee::Operators), Put::Full);
    }

    #[test]
    fn after_three_days_a_letter_is_given_up() {
        let mut waiting = Waiting::default();
        waiting.put(letter(1, Addressee::Operators), START);
        let day = 24 * 3_600;
        let trial = waiting.next(at(3 * day - 1)).unwrap();
        let tried = waiting.tried(trial.id, nobody(), false, at(3 * day - 1));
        assert_eq!(tried, Tried::Waits { failures: 1 });
        let trial = waiting.next(at(3 * day)).unwrap();
        assert_eq!(waiting.tried(trial.id, nobody(), false, at(3 * day)), Tried::GivenUp);
        assert_eq!(waiting.len(), 0);
    }
}
