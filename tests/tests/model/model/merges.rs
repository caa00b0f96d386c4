//! Who is to hear that two numbers are one person's, or are not.
//!
//! Owns the reference's notices of merges: whoever has something of either number is told, and is
//! told again once it has been given more that was said before. Promises that nobody is shown a
//! number he was not shown before. Deliberately does not know: how soon anybody is told.

use std::collections::{BTreeMap, BTreeSet};

use super::{Earlier, Expected, Held, Model, State, Town, all_numbers, of_identity};
use crate::register::Number;
use crate::view;

impl Model {
    /// Tells whoever is to be told by now of each merge and unmerge, in the order they were said.
    pub(super) fn merges(&mut self, town: &Town) -> Vec<Expected> {
        let mut came = Vec::new();
        for place in 0..self.records.len() {
            let record = &self.records[place];
            if of_identity(&record.message) && !record.taken_back {
                came.extend(self.merge(place, town));
            }
        }
        came
    }

    fn merge(&mut self, place: usize, town: &Town) -> Vec<Expected> {
        let earlier = self.held_before(place, town);
        let record = &self.records[place];
        let candidates = self.candidates(record, &earlier);
        let first = record.answers.len();
        for answer in self.decided(&self.records[place], &candidates, &earlier, town) {
            let answers = &mut self.records[place].answers;
            let concerns = |held: &Option<Held>| {
                held.iter().flat_map(|held| held.concerns.clone()).collect::<BTreeSet<_>>()
            };
            let known = answers.iter().rfind(|one| one.desk == answer.desk);
            if known.is_some_and(|known| concerns(&answer.held).is_subset(&concerns(&known.held))) {
                continue;
            }
            // What waits says what holds by now.
            for known in answers.iter_mut().filter(|one| one.desk == answer.desk) {
                let saw = known.saw.clone();
                *known = super::Answer { state: known.state, saw, ..answer.clone() };
            }
            answers.push(answer);
        }
        self.give_fresh(place, first, town)
    }

    /// What each desk has, of what was said before a merge, of the persons whose numbers it is about.
    /// News of whose a number is counts for nothing.
    fn held_before(&self, place: usize, town: &Town) -> Earlier {
        let concerned = all_numbers(&self.records[place].message);
        let mut held: BTreeMap<usize, Held> = BTreeMap::new();
        for (place, record) in self.records.iter().enumerate().take(place) {
            if all_numbers(&record.message).is_disjoint(&concerned) || of_identity(&record.message)
            {
                continue;
            }
            let given = record.answers.iter().filter(|one| one.state == State::Given);
            for desk in given.map(|one| one.desk) {
                let of_desk = held.entry(desk).or_default();
                of_desk.concerns.insert(place);
                for at in 0..record.answers.len() {
                    let shown = self.numbers_had(place, at, desk, town);
                    of_desk.shown.extend(shown.intersection(&concerned).cloned());
                }
            }
        }
        Earlier { holders: held.keys().copied().collect(), held, ..Earlier::default() }
    }

    /// Numbers that an answer showed a desk, and that it may still have.
    fn numbers_had(&self, place: usize, at: usize, desk: usize, town: &Town) -> BTreeSet<Number> {
        let record = &self.records[place];
        let answer = &record.answers[at];
        if answer.desk != desk || answer.state == State::Refused || answer.notice {
            return BTreeSet::new();
        }
        let had = view::numbers_shown(record, &answer.shown);
        let now = self.decide_again(place, at, Some(true), town);
        let Some(now) = now.filter(|now| !now.notice) else { return BTreeSet::new() };
        let may_have = view::numbers_shown(record, &now.shown);
        had.intersection(&may_have).cloned().collect()
    }
}
