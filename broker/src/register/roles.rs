//! Who holds a part in somebody's case, and from when to when: home, host and designated authority,
//! supervising, caretaking, lead, where somebody lives or went on release.
//!
//! Promises that a part which has not begun, has ended or was taken back is held by nobody; that an
//! agency replaces its own statements and no other's; and that a statement which is taken back
//! leaves things as if it had never been made. Does not know who may state what: whoever
//! applies a change has asked the directory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use proto::exchange::v1::AreaRole;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DeskName, Register};
use crate::seal::Token;

/// One part in somebody's case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RolePart {
    /// Which part, by protocol number of [`AreaRole`].
    pub role: i32,
    /// Area. `None`: that nobody holds it.
    pub area: Option<Arc<str>>,
    /// The desk that holds it; `None`: those of the area whose work it is.
    pub desk: Option<DeskName>,
    /// First day, as days since 1970-01-01.
    pub from: i64,
    /// Last day.
    pub to: Option<i64>,
}

impl RolePart {
    /// The part.
    #[must_use]
    pub fn area_role(&self) -> AreaRole {
        AreaRole::try_from(self.role).unwrap_or(AreaRole::Unspecified)
    }

    fn holds_on(&self, day: i64) -> bool {
        self.area.is_some() && self.from <= day && self.to.is_none_or(|last| day <= last)
    }
}

/// What one message states of the parts in somebody's case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleStatement {
    /// Who states it.
    pub agency: Arc<str>,
    /// Id of the message that states it.
    pub message: Uuid,
    /// Numbers of the person.
    pub tokens: Vec<Token>,
    /// The parts.
    pub parts: Vec<RolePart>,
    /// The agency's own earlier message that this one settles: what that said of the same parts
    /// never holds again.
    pub instead_of: Option<Uuid>,
}

impl RoleStatement {
    fn of_role(&self, role: i32) -> impl Iterator<Item = &RolePart> {
        self.parts.iter().filter(move |part| part.role == role)
    }

    fn is(&self, agency: &str, message: Uuid) -> bool {
        self.message == message && *self.agency == *agency
    }
}

/// Every statement, by number, in the order in which they were made.
#[derive(Clone, Default)]
pub(super) struct Roles {
    by_token: HashMap<Token, Vec<Arc<Made>>>,
    /// Numbers under which each message's statement is found.
    by_message: HashMap<(Arc<str>, Uuid), Vec<Token>>,
    made: u64,
}

/// A statement and its turn among all.
struct Made {
    turn: u64,
    statement: RoleStatement,
}

impl Roles {
    pub(super) fn add(&mut self, statement: &RoleStatement) {
        if let Some(earlier) = statement.instead_of {
            let anew: BTreeSet<i32> = statement.parts.iter().map(|part| part.role).collect();
            self.change(&statement.agency, earlier, |parts| {
                parts.retain(|part| !anew.contains(&part.role));
            });
        }
        self.made += 1;
        let made = Arc::new(Made { turn: self.made, statement: statement.clone() });
        for token in statement.tokens.iter().collect::<BTreeSet<_>>() {
            self.by_token.entry(*token).or_default().push(Arc::clone(&made));
        }
        let key = (Arc::clone(&statement.agency), statement.message);
        self.by_message.insert(key, statement.tokens.clone());
    }

    pub(super) fn restate(&mut self, agency: &str, message: Uuid, anew: &[RolePart]) {
        self.change(agency, message, |parts| anew.clone_into(parts));
    }

    pub(super) fn take_back(&mut self, agency: &str, message: Uuid) {
        self.change(agency, message, Vec::clear);
    }

    /// Changes the parts that a message stated; one that is left with none is forgotten.
    fn change(&mut self, agency: &str, message: Uuid, change: impl Fn(&mut Vec<RolePart>)) {
        let key = (Arc::from(agency), message);
        let mut stays = false;
        for token in self.by_message.get(&key).into_iter().flatten() {
            let Some(all) = self.by_token.get_mut(token) else { continue };
            for made in all.iter_mut().filter(|made| made.statement.is(agency, message)) {
                let mut statement = made.statement.clone();
                change(&mut statement.parts);
                stays |= !statement.parts.is_empty();
                *made = Arc::new(Made { turn: made.turn, statement });
            }
            all.retain(|made| !made.statement.parts.is_empty());
            if all.is_empty() {
                self.by_token.remove(token);
            }
        }
        if !stays {
            self.by_message.remove(&key);
        }
    }

    fn of_message(&self, agency: &str, message: Uuid) -> Option<&RoleStatement> {
        let token = self.by_message.get(&(Arc::from(agency), message))?.first()?;
        let mut all = self.by_token.get(token)?.iter();
        all.find(|made| made.statement.is(agency, message)).map(|made| &made.statement)
    }

    /// Statements about a person, each once, in their order.
    fn about(&self, known: &BTreeSet<Token>) -> Vec<&Made> {
        let mut all: Vec<&Made> = known
            .iter()
            .filter_map(|token| self.by_token.get(token))
            .flatten()
            .map(AsRef::as_ref)
            .collect();
        all.sort_by_key(|made| made.turn);
        all.dedup_by_key(|made| made.turn);
        all
    }
}

/// Of one agency's statements of a part, the one that counts on a day: that which began last, and of
/// those that begin on one day the last that was made.
fn counting<'a>(about: &[&'a Made], agency: &str, role: i32, day: i64) -> Option<&'a Made> {
    let begun = about.iter().filter(|made| *made.statement.agency == *agency).filter_map(|made| {
        let begins = made.statement.of_role(role).map(|part| part.from).filter(|from| *from <= day);
        Some((begins.max()?, made.turn, *made))
    });
    begun.max_by_key(|(from, turn, _)| (*from, *turn)).map(|(_, _, made)| made)
}

impl Register {
    /// The parts that are held in a person's case on a day, by these numbers, each once.
    #[must_use]
    pub fn roles(&self, known: &BTreeSet<Token>, day: i64) -> BTreeSet<RolePart> {
        let about = self.roles.about(known);
        let mut held = BTreeSet::new();
        for made in &about {
            let statement = &made.statement;
            for part in statement.parts.iter().filter(|part| part.holds_on(day)) {
                let counts = counting(&about, &statement.agency, part.role, day);
                if counts.is_some_and(|counts| counts.turn == made.turn) {
                    held.insert(part.clone());
                }
            }
        }
        held
    }

    /// Whether anything is stated of parts in a person's case.
    #[must_use]
    pub fn has_roles(&self, known: &BTreeSet<Token>) -> bool {
        !self.roles.about(known).is_empty()
    }

    /// Whether an agency's word on a part already is what a statement says, for all its numbers.
    #[must_use]
    pub fn says_already(
        &self,
        known: &BTreeSet<Token>,
        statement: &RoleStatement,
        role: i32,
    ) -> bool {
        let about = self.roles.about(known);
        let said = |parts: &RoleStatement| -> BTreeSet<_> {
            let parts = parts.of_role(role).filter(|part| part.area.is_some());
            parts.map(|part| (part.area.clone(), part.desk.clone(), part.to)).collect()
        };
        let day = statement.of_role(role).map(|part| part.from).max().unwrap_or(i64::MIN);
        match counting(&about, &statement.agency, role, day) {
            Some(made) => {
                said(&made.statement) == said(statement)
                    && statement.tokens.iter().all(|token| made.statement.tokens.contains(token))
            }
            None => said(statement).is_empty(),
        }
    }

    /// What an agency's message stated.
    #[must_use]
    pub fn role_statement(&self, agency: &str, message: Uuid) -> Option<&RoleStatement> {
        self.roles.of_message(agency, message)
    }
}

#[cfg(test)]
mod tests;
