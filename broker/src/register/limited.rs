//! Whose record is kept closed: numbers that their own authority marked as of limited access.
//!
//! Promises that a mark only ever makes a decision stricter, that the authority's own word
//! about its own number counts in full, and that anything less sure makes the number's
//! standing unknown, never open. Only the agency that made a mark takes it away. Does not
//! know who is cleared for a limited record: policy does.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use proto::exchange::v1::LimitedAccess;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Register;
use crate::seal::Token;

/// One agency's statement that a person's record is of limited access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitedMark {
    /// Who states it.
    pub agency: Arc<str>,
    /// Id of the message that states it.
    pub message: Uuid,
    /// Numbers whose authority that agency is: limited.
    pub own: Vec<Token>,
    /// Other numbers it gave for the person, a claim until their authority confirms the link:
    /// unknown.
    pub claimed: Vec<Token>,
}

/// Every mark, by number.
#[derive(Clone, Default)]
pub(super) struct Marks(HashMap<Token, Vec<Arc<LimitedMark>>>);

impl Marks {
    pub(super) fn add(&mut self, mark: &LimitedMark) {
        let mark = Arc::new(mark.clone());
        for token in mark.own.iter().chain(&mark.claimed) {
            self.0.entry(*token).or_default().push(Arc::clone(&mark));
        }
    }

    /// An agency lifts its marks from the numbers it names; what it does not name stays.
    pub(super) fn lift(&mut self, agency: &str, tokens: &[Token]) {
        for token in tokens {
            if let Some(marks) = self.0.get_mut(token) {
                marks.retain(|mark| &*mark.agency != agency);
                if marks.is_empty() {
                    self.0.remove(token);
                }
            }
        }
    }

    /// The message that stated a mark is withdrawn.
    pub(super) fn take_back(&mut self, agency: &str, message: Uuid) {
        self.0.retain(|_, marks| {
            marks.retain(|mark| mark.message != message || &*mark.agency != agency);
            !marks.is_empty()
        });
    }

    fn on(&self, token: Token) -> impl Iterator<Item = &LimitedMark> {
        self.0.get(&token).into_iter().flatten().map(AsRef::as_ref)
    }

    fn limits(&self, token: Token) -> bool {
        self.on(token).any(|mark| mark.own.contains(&token))
    }
}

impl Register {
    /// What the register adds to a message's own word about a person known by these numbers,
    /// his linked ones included: nothing (`No`), unknown, or limited.
    ///
    /// Unknown where a mark reaches him by less than both authorities' word: an agency marked
    /// a number that is not its own, or one authority alone joins him to a marked number.
    #[must_use]
    pub fn limited_access(&self, known: &BTreeSet<Token>) -> LimitedAccess {
        if known.iter().any(|token| self.limited.limits(*token)) {
            return LimitedAccess::Yes;
        }
        let marked = known.iter().any(|token| self.limited.on(*token).next().is_some());
        if marked || self.half_joined(known).iter().any(|token| self.limited.limits(*token)) {
            LimitedAccess::Unspecified
        } else {
            LimitedAccess::No
        }
    }

    /// Whether anybody's record is marked at all.
    #[must_use]
    pub fn marks_any(&self) -> bool {
        !self.limited.0.is_empty()
    }

    /// Whether an agency has a mark on any of these numbers.
    #[must_use]
    pub fn has_marked(&self, agency: &str, tokens: &[Token]) -> bool {
        tokens.iter().any(|token| self.limited.on(*token).any(|mark| &*mark.agency == agency))
    }

    /// Whether a mark rests on this message of an agency.
    #[must_use]
    pub fn mark_rests_on(&self, agency: &str, message: Uuid) -> bool {
        let mut marks = self.limited.0.values().flatten();
        marks.any(|mark| mark.message == message && &*mark.agency == agency)
    }

    /// Numbers that an authority for either end, but not both in agreement, joins to these.
    fn half_joined(&self, known: &BTreeSet<Token>) -> BTreeSet<Token> {
        let ends: Vec<Token> = known
            .iter()
            .filter_map(|token| self.links.get(token))
            .flatten()
            .filter(|link| link.authority_for(link.one) || link.authority_for(link.other))
            .flat_map(|link| [link.one.0, link.other.0])
            .filter(|end| !known.contains(end))
            .collect();
        self.linked(&ends)
    }
}

/// The stricter of two words about access: limited, then unknown, then open.
#[must_use]
pub const fn stricter(one: LimitedAccess, other: LimitedAccess) -> LimitedAccess {
    match (one, other) {
        (LimitedAccess::Yes, _) | (_, LimitedAccess::Yes) => LimitedAccess::Yes,
        (LimitedAccess::Unspecified, _) | (_, LimitedAccess::Unspecified) => {
            LimitedAccess::Unspecified
        }
        (LimitedAccess::No, LimitedAccess::No) => LimitedAccess::No,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{says, token};
    use super::super::{Change, Register};
    use super::*;
    use crate::directory::AgencyKind;

    const CRN: u8 = 5;
    const NOMS: u8 = 1;

    fn mark(agency: &str, message: u128, own: &[u8], claimed: &[u8]) -> Change {
        let tokens = |numbers: &[u8]| numbers.iter().map(|n| token(*n)).collect();
        Change::Limited(LimitedMark {
            agency: agency.into(),
            message: Uuid::from_u128(message),
            own: tokens(own),
            claimed: tokens(claimed),
        })
    }

    fn lifted(agency: &str, numbers: &[u8]) -> Change {
        let tokens = numbers.iter().map(|n| token(*n)).collect();
        Change::LimitedLifted { agency: agency.into(), tokens }
    }

    fn taken_back(agency: &str, message: u128) -> Change {
        Change::LimitedTakenBack { agency: agency.into(), message: Uuid::from_u128(message) }
    }

    /// What the register says, after these changes, of somebody known by one number.
    fn standing(changes: &[Change], number: u8) -> LimitedAccess {
        let mut register = Register::default();
        changes.iter().for_each(|change| register.apply(change));
        register.limited_access(&register.linked(&[token(number)]))
    }

    #[test]
    fn the_authoritys_own_number_is_limited_and_a_number_it_only_claims_is_unknown() {
        let marked = [mark("probation", 1, &[CRN], &[NOMS])];
        assert_eq!(standing(&marked, CRN), LimitedAccess::Yes);
        assert_eq!(standing(&marked, NOMS), LimitedAccess::Unspecified);
        assert_eq!(standing(&marked, 9), LimitedAccess::No);
    }

    #[test]
    fn only_who_made_a_mark_lifts_it_and_only_from_what_is_named() {
        let marked = mark("probation", 1, &[CRN], &[NOMS]);
        let after = |lift: Change, number| standing(&[marked.clone(), lift], number);
        assert_eq!(after(lifted("north-west", &[CRN, NOMS]), CRN), LimitedAccess::Yes);
        assert_eq!(after(lifted("probation", &[NOMS]), CRN), LimitedAccess::Yes);
        assert_eq!(after(lifted("probation", &[CRN]), CRN), LimitedAccess::No);
        assert_eq!(after(lifted("probation", &[CRN]), NOMS), LimitedAccess::Unspecified);
    }

    #[test]
    fn a_mark_stands_as_long_as_one_message_states_it() {
        let twice = [mark("probation", 1, &[CRN], &[]), mark("probation", 2, &[CRN], &[])];
        let after = |back: &[Change]| standing(&[&twice[..], back].concat(), CRN);
        assert_eq!(after(&[taken_back("probation", 1)]), LimitedAccess::Yes);
        let both = [taken_back("probation", 1), taken_back("probation", 2)];
        assert_eq!(after(&both), LimitedAccess::No);
        // Another agency's message under the same id takes nothing back.
        let others = [taken_back("north-west", 1), taken_back("north-west", 2)];
        assert_eq!(after(&others), LimitedAccess::Yes);
        assert_eq!(after(&[lifted("probation", &[CRN])]), LimitedAccess::No);
    }

    #[test]
    fn a_link_carries_a_mark_in_full_with_both_authorities_and_as_unknown_with_one() {
        let marked = mark("probation", 1, &[2], &[]);
        let prison = says("prisons", AgencyKind::Prison, NOMS, 2, 9);
        let police = says("gmp", AgencyKind::Police, NOMS, 2, 9);
        let volunteer = says("loto", AgencyKind::Voluntary, NOMS, 2, 9);
        let with =
            |links: &[Change]| standing(&[std::slice::from_ref(&marked), links].concat(), NOMS);
        assert_eq!(with(&[]), LimitedAccess::No);
        assert_eq!(with(std::slice::from_ref(&prison)), LimitedAccess::Unspecified);
        assert_eq!(with(std::slice::from_ref(&police)), LimitedAccess::Unspecified);
        assert_eq!(with(std::slice::from_ref(&volunteer)), LimitedAccess::No);
        assert_eq!(with(&[prison.clone(), police.clone()]), LimitedAccess::Yes);
        // A frozen link leaves it unknown, never open.
        let other_force = says("merseyside", AgencyKind::Police, 4, 2, 9);
        assert_eq!(with(&[prison, police, other_force]), LimitedAccess::Unspecified);
    }

    #[test]
    fn the_stricter_word_counts() {
        use LimitedAccess::{No, Unspecified, Yes};
        for (one, other, both) in [
            (No, No, No),
            (No, Unspecified, Unspecified),
            (No, Yes, Yes),
            (Unspecified, Unspecified, Unspecified),
            (Unspecified, Yes, Yes),
            (Yes, Yes, Yes),
        ] {
            assert_eq!(stricter(one, other), both);
            assert_eq!(stricter(other, one), both);
        }
    }
}
