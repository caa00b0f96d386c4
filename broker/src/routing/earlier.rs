//! What is on record of the messages that one follows.
//!
//! Filled in by the appender, which alone can ask under the head lock, and afterwards from what
//! was kept of a decision. Pure data.

use std::collections::{BTreeMap, BTreeSet};

use prost::bytes::Bytes;
use uuid::Uuid;

use crate::policy::KindFacts;
use crate::register::DeskName;
use crate::seal::Token;

/// What a message follows, as far as routing and policy must know.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// Desks that were given the message that is cited.
    pub holders: BTreeSet<DeskName>,
    /// Persons of it that each holder was shown, by their numbers. A holder that is not here is one
    /// of everybody.
    pub seen: BTreeMap<DeskName, BTreeSet<Token>>,
    /// Desks that are owed word that something came of it, and nothing else: they were asked
    /// something about it, or shown nobody whom this message is about.
    pub owed: BTreeSet<DeskName>,
    /// Desks for which it waits, and which may yet be refused it: they are owed no word of it
    /// before they have it.
    pub waiting: BTreeSet<DeskName>,
    /// The desk whose message is answered, and that message's id.
    pub answers: Option<(DeskName, Uuid)>,
    /// What policy reads of the message that is corrected.
    pub facts: Option<KindFacts>,
    /// What each holder has of the persons whose numbers are merged or parted.
    pub held: BTreeMap<DeskName, HeldOfPerson>,
}

/// What a desk has of the persons whose numbers are merged or parted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldOfPerson {
    /// Numbers it was shown.
    pub shown: BTreeSet<Token>,
    /// Its references of the messages it was given.
    pub concerns: Vec<Bytes>,
}
