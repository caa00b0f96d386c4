//! Since when somebody on a list is in custody, as prisons stated it.
//!
//! Promises that each statement stands by the message that made it, so that whoever counts may count
//! only those of messages that a desk was given; and that one which is taken back was never made.
//! Deliberately does not know: who was given what.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Register;
use crate::seal::Token;

/// What one message states of somebody's custody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustodyStatement {
    /// Who states it.
    pub agency: Arc<str>,
    /// Id of the message that states it.
    pub message: Uuid,
    /// Numbers of the person.
    pub tokens: Vec<Token>,
    /// When, as seconds since 1970.
    pub at: i64,
    /// The day of that, as days since 1970-01-01 by the calendar in Britain.
    pub day: i64,
    /// Whether the person came into custody then, or left it.
    pub begins: bool,
    /// The agency's own earlier message that this one settles: what that said counts no more.
    pub instead_of: Option<Uuid>,
}

impl CustodyStatement {
    fn is(&self, agency: &str, message: Uuid) -> bool {
        self.message == message && *self.agency == *agency
    }
}

/// Every statement, by number, in the order in which they were made.
#[derive(Clone, Default)]
pub(super) struct Stays {
    by_token: HashMap<Token, Vec<Arc<CustodyStatement>>>,
    /// Numbers under which each message's statement is found.
    by_message: HashMap<(Arc<str>, Uuid), Vec<Token>>,
}

impl Stays {
    pub(super) fn add(&mut self, statement: &CustodyStatement) {
        if let Some(earlier) = statement.instead_of {
            self.take_back(&statement.agency, earlier);
        }
        let made = Arc::new(statement.clone());
        for token in statement.tokens.iter().collect::<BTreeSet<_>>() {
            self.by_token.entry(*token).or_default().push(Arc::clone(&made));
        }
        let key = (Arc::clone(&statement.agency), statement.message);
        self.by_message.insert(key, statement.tokens.clone());
    }

    pub(super) fn take_back(&mut self, agency: &str, message: Uuid) {
        let tokens = self.by_message.remove(&(Arc::from(agency), message));
        for token in tokens.into_iter().flatten() {
            let Some(all) = self.by_token.get_mut(&token) else { continue };
            all.retain(|made| !made.is(agency, message));
            if all.is_empty() {
                self.by_token.remove(&token);
            }
        }
    }
}

impl Register {
    /// What was stated of somebody's custody by these numbers, each once, in the order of time.
    #[must_use]
    pub fn custody(&self, known: &BTreeSet<Token>) -> Vec<Arc<CustodyStatement>> {
        let mut all: Vec<Arc<CustodyStatement>> = Vec::new();
        for made in known.iter().filter_map(|token| self.stays.by_token.get(token)).flatten() {
            if !all.iter().any(|known| known.is(&made.agency, made.message)) {
                all.push(Arc::clone(made));
            }
        }
        all.sort_by_key(|made| made.at);
        all
    }

    /// Whether an agency's message stated anything of somebody's custody.
    #[must_use]
    pub fn has_custody_of(&self, agency: &str, message: Uuid) -> bool {
        self.stays.by_message.contains_key(&(Arc::from(agency), message))
    }
}

/// Since when somebody is in custody by what was stated, in the order of time: the first day
/// after which nothing says that it ended.
pub fn since(stated: impl IntoIterator<Item = (i64, bool)>) -> Option<i64> {
    stated.into_iter().fold(
        None,
        |since, (day, begins)| {
            if begins { since.or(Some(day)) } else { None }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::Change;

    const PRISONS: &str = "prisons";

    fn stated(message: u128, day: i64, begins: bool, instead_of: Option<u128>) -> Change {
        Change::Custody(CustodyStatement {
            agency: PRISONS.into(),
            message: Uuid::from_u128(message),
            tokens: vec![Token([1; 16])],
            at: day * 86_400,
            day,
            begins,
            instead_of: instead_of.map(Uuid::from_u128),
        })
    }

    fn since_of(changes: &[Change]) -> Option<i64> {
        let mut register = Register::default();
        changes.iter().for_each(|change| register.apply(change));
        let known = [Token([1; 16])].into();
        since(register.custody(&known).iter().map(|made| (made.day, made.begins)))
    }

    #[test]
    fn custody_counts_from_the_first_day_since_the_last_end() {
        let (first, second) = (stated(1, 100, true, None), stated(2, 140, true, None));
        let (out, again) = (stated(3, 150, false, None), stated(4, 160, true, None));
        assert_eq!(since_of(&[]), None);
        assert_eq!(since_of(&[first.clone(), second.clone()]), Some(100));
        // In whatever order it is told.
        assert_eq!(since_of(&[second.clone(), first.clone()]), Some(100));
        assert_eq!(since_of(&[first.clone(), second.clone(), out.clone()]), None);
        assert_eq!(since_of(&[again, out, second, first]), Some(160));
    }

    #[test]
    fn what_is_settled_or_taken_back_was_never_stated() {
        let first = stated(1, 100, true, None);
        assert_eq!(since_of(&[first.clone(), stated(2, 103, true, Some(1))]), Some(103));
        let back = Change::CustodyTakenBack { agency: PRISONS.into(), message: Uuid::from_u128(1) };
        assert_eq!(since_of(&[first.clone(), back]), None);
        let anothers =
            Change::CustodyTakenBack { agency: "gmp".into(), message: Uuid::from_u128(1) };
        assert_eq!(since_of(&[first, anothers]), Some(100));
    }
}
