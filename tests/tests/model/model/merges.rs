//! Who is to hear that two numbers are one person's, or are not.
//!
//! Owns the reference's notices of merges: whoever has something of either number is told, and is
//! told again once it has been given more that was said before. Promises that nobody is shown a
//! number he was not shown before. Deliberately does not know: how soon anybody is told.

use std::collections::{BTreeMap, BTreeSet};

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;

use super::{Earlier, Expected, Held, Model, State, Town, all_numbers, of_identity};
use crate::register::Number;
use crate::view;

impl Model {
    /// Tells whoever is to be told by now of each merge and unmerge, in the order they were said.
    pub(super) fn merges(&mut self, town: &Town) -> Vec<Expected> {
        let mut came = Vec::new();
        for place in std::mem::take(&mut self.open) {
            if !self.records[place].taken_back {
                came.extend(self.merge(place, town));
            }
        }
        came
    }

    /// The merges and unmerges of which whoever is given a message is to be told: those since, and the
    /// last one before by which a number of it leads no more, unless it was parted since.
    pub(super) fn bearing_on(&self, place: usize) -> Vec<usize> {
        let mut bearing = Vec::new();
        if self.records[place].of_identity {
            return bearing;
        }
        for number in all_numbers(&self.records[place].message) {
            let about = self.records.iter().enumerate().filter(|(_, record)| {
                of_identity(&record.message) && all_numbers(&record.message).contains(&number)
            });
            let (before, after): (Vec<_>, Vec<_>) = about.partition(|(at, _)| *at < place);
            bearing.extend(after.into_iter().map(|(at, _)| at));
            let said = before.into_iter().rev().find(|(_, record)| {
                let merged = merged(&record.message);
                merged.is_empty() || merged.contains(&number)
            });
            bearing
                .extend(said.filter(|(_, one)| !merged(&one.message).is_empty()).map(|(at, _)| at));
        }
        bearing
    }

    fn merge(&mut self, place: usize, town: &Town) -> Vec<Expected> {
        let earlier = self.held(place, town);
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

    /// What each desk has, of what was said before a merge, of the persons whose numbers it is about;
    /// and of what was said later under a number that leads no more, the first, where it did not
    /// know that number. News of whose a number is counts for nothing, and so does what is added to it.
    fn held(&self, merge: usize, town: &Town) -> Earlier {
        let concerned = all_numbers(&self.records[merge].message);
        let merged = merged(&self.records[merge].message);
        let mut held: BTreeMap<usize, Held> = BTreeMap::new();
        for (place, desk) in self.given_about(&concerned).filter(|(place, _)| *place < merge) {
            self.hold(place, desk, &concerned, &mut held, town);
        }
        let later = self.given_about(&merged).filter(|(place, _)| *place > merge);
        let mut first: BTreeMap<usize, usize> = BTreeMap::new();
        for (place, desk) in later {
            first.entry(desk).or_insert(place);
        }
        for (desk, place) in first {
            if held.get(&desk).is_none_or(|one| !merged.is_subset(&one.shown)) {
                self.hold(place, desk, &concerned, &mut held, town);
            }
        }
        Earlier { holders: held.keys().copied().collect(), held, ..Earlier::default() }
    }

    /// Messages about any of these numbers that say more than whose they are, each with every desk
    /// that was given something of it, in their order.
    fn given_about(&self, of: &BTreeSet<Number>) -> impl Iterator<Item = (usize, usize)> {
        let records = self.records.iter().enumerate();
        let about = records.filter(|(_, record)| {
            !record.of_identity && !all_numbers(&record.message).is_disjoint(of)
        });
        about.flat_map(|(place, record)| {
            let given = record.answers.iter().filter(|one| one.state == State::Given);
            given.map(move |one| (place, one.desk))
        })
    }

    fn hold(
        &self,
        place: usize,
        desk: usize,
        concerned: &BTreeSet<Number>,
        held: &mut BTreeMap<usize, Held>,
        town: &Town,
    ) {
        let of_desk = held.entry(desk).or_default();
        of_desk.concerns.insert(place);
        for at in 0..self.records[place].answers.len() {
            let shown = self.numbers_had(place, at, desk, town);
            of_desk.shown.extend(shown.intersection(concerned).cloned());
        }
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

/// The numbers that lead no more by a merge; none by an unmerge.
fn merged(message: &wire::Message) -> BTreeSet<Number> {
    let Some(Kind::Correction(correction)) = &message.kind else { return BTreeSet::new() };
    let all = message.subjects.iter().flat_map(|one| &one.identifiers).skip(1);
    let merge = correction.action() == wire::CorrectionAction::Merge;
    all.filter(|_| merge).map(|one| (one.r#type, one.value.clone())).collect()
}
