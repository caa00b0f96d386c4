//! What is on record of the messages that one follows, and whose stake it is.
//!
//! Filled in by the appender, which alone can ask under the head lock, and afterwards from what
//! was kept of a decision. Pure.

use std::collections::{BTreeMap, BTreeSet};

use prost::bytes::Bytes;
use proto::exchange::v1::message::Kind;
use uuid::Uuid;

use crate::directory::Directory;
use crate::message::{Admitted, SubjectFacts};
use crate::policy::KindFacts;
use crate::register::{DeskName, Register};
use crate::seal::Token;

use super::{Found, Reason};

/// What a message follows, as far as routing and policy must know.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// Desks that were given the message that is cited.
    pub holders: BTreeSet<DeskName>,
    /// Persons of it that each holder was shown, by their numbers. A holder that is not here is one
    /// of everybody.
    pub seen: BTreeMap<DeskName, BTreeSet<Token>>,
    /// Holders that were told as such when the message was accepted, where it is decided again.
    pub told: BTreeSet<DeskName>,
    /// Desks that are owed word that something came of it, and nothing else: they were asked
    /// something about it, or shown nobody whom this message is about.
    pub owed: BTreeSet<DeskName>,
    /// Desks for which it waits, and which may yet be refused it: they are owed no word of it
    /// before they have it.
    pub waiting: BTreeSet<DeskName>,
    /// The desk that owned the flag which this message changes. It hears of that as its owner, also
    /// when it comes for it after the flag has become another's, or nobody's.
    pub owned: Option<DeskName>,
    /// Whether those who hold something about the persons were looked for: of a question to them,
    /// nobody is a candidate before.
    pub looked_for: bool,
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

/// Those who were given what this follows, whose flag it changes, and whoever asked for it.
pub(super) fn route(
    earlier: &Earlier,
    found: &mut Found<'_>,
    directory: &Directory,
    register: &Register,
) {
    let index = |desk: &DeskName| directory.desk_index(&desk.agency, &desk.desk);
    for holder in &earlier.holders {
        let Some(desk) = index(holder) else { continue };
        let seen = earlier.seen.get(holder);
        let mut any = false;
        for (position, subject) in found.admitted.subjects.iter().enumerate() {
            let anybody = subject.tokens.is_empty();
            if seen.is_none_or(|seen| anybody || is_of(found.admitted, subject, seen, register)) {
                found.add(desk, None, position, Reason::Holder);
                any = true;
            }
        }
        // It was told by a link that stands no more: what it holds has changed all the same.
        if !any && earlier.told.contains(holder) {
            found.every_subject(desk, Reason::Owed);
        }
    }
    for (desks, reason) in [(&earlier.waiting, Reason::Concerned), (&earlier.owed, Reason::Owed)] {
        for desk in desks.iter().filter_map(index) {
            found.every_subject(desk, reason);
        }
    }
    let asked = earlier.answers.as_ref().map(|(asker, _)| (asker, Reason::Asked));
    let owned = earlier.owned.as_ref().map(|owner| (owner, Reason::Owned));
    for (desk, reason) in asked.into_iter().chain(owned) {
        if let Some(desk) = index(desk) {
            found.every_subject(desk, reason);
        }
    }
}

/// Whether somebody is among those whom a desk was shown. A flag is one flag by whichever of a
/// person's numbers it is spoken of, as they are joined at this decision; of all else its sender says
/// which message it cites, and about whom.
fn is_of(
    admitted: &Admitted,
    subject: &SubjectFacts,
    seen: &BTreeSet<Token>,
    register: &Register,
) -> bool {
    let flagged = matches!(admitted.message.kind, Some(Kind::Flag(_))) && subject.routes();
    if flagged {
        return !seen.is_disjoint(&register.linked(&subject.tokens));
    }
    subject.tokens.iter().any(|token| seen.contains(token))
}
