//! What is on record of the message that another follows.
//!
//! Owns the reference's answer to who was given the earlier message, for whom it waits, and who is
//! owed word of what came of it. Deliberately does not know: what anybody may see.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;

use super::{Earlier, Model, Reach, State};
use crate::register::{Number, numbers};

/// What was told before.
impl Model {
    /// What is on record of a message that is cited. What still waits of it ends where it is
    /// taken back.
    pub(super) fn cited(&mut self, message: &wire::Message, cited: usize, reach: Reach) -> Earlier {
        match reach {
            Reach::Anybody => Earlier::default(),
            Reach::HoldersToo => self.given_and_waiting(cited, true),
            Reach::HoldersAndWaiting => {
                let mut earlier = self.given_and_waiting(cited, true);
                self.owe(message, cited, &mut earlier);
                earlier
            }
            Reach::HoldersOnly => {
                let record = &mut self.records[cited];
                record.taken_back = true;
                for answer in &mut record.answers {
                    if answer.state == State::Waiting {
                        answer.state = State::Ended;
                    }
                }
                let mut earlier = self.given_and_waiting(cited, false);
                self.owe(message, cited, &mut earlier);
                earlier
            }
        }
    }

    pub(super) fn given_and_waiting(&self, cited: usize, waiting_too: bool) -> Earlier {
        let record = &self.records[cited];
        let mut earlier = Earlier::default();
        for answer in &record.answers {
            let waits = answer.state == State::Waiting && waiting_too;
            if waits {
                earlier.not_before = record.not_before;
            }
            if answer.task.is_some() {
                continue;
            }
            if answer.state == State::Given {
                earlier.holders.insert(answer.desk);
                let subjects = record.message.subjects.iter().enumerate();
                let seen = subjects.filter(|(at, _)| answer.saw.contains(at));
                let seen = seen.flat_map(|(_, one)| numbers(one)).collect();
                earlier.saw.insert(answer.desk, seen);
            } else if waits {
                earlier.waiting.insert(answer.desk);
            }
        }
        earlier
    }

    /// Whoever was only asked something about the earlier message, or saw nobody of this one, is
    /// owed word and no more.
    fn owe(&self, message: &wire::Message, cited: usize, earlier: &mut Earlier) {
        let answers = self.records[cited].answers.iter();
        let asked = answers.filter(|one| one.task.is_some() && one.state == State::Given);
        let asked = asked.map(|one| one.desk).filter(|desk| !earlier.holders.contains(desk));
        let meets = |saw: &BTreeSet<Number>| {
            message.subjects.iter().any(|one| {
                let own = numbers(one);
                own.is_empty() || !own.is_disjoint(saw)
            })
        };
        let strangers = earlier.saw.iter().filter(|(_, saw)| !meets(saw)).map(|(desk, _)| *desk);
        earlier.owed = asked.chain(strangers).collect();
    }
}
