//! Whether a desk may learn something about a person, and how much of it.
//!
//! Owns the three layers of the sharing policy (platform, agreements, agencies' own rules),
//! their checks at load and every decision. Promises that what is absent is refused, that a
//! rule which cannot be evaluated refuses the whole decision, and that slicing and caching
//! change no answer. Deliberately knows no identifier, no name, no text, no message id and no
//! time: an agreement's dates choose which rules are in force, and nothing else reads a clock.

mod agencies;

mod agreement;

mod bundle;

mod decide;

mod desks;

mod facts;

pub mod field;

pub mod floor;

mod literal;

mod obligation;

pub mod reach;

mod request;

mod rule;

mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use proto::exchange::v1::{
    Field, FlagKind, Gateway, HandlingCondition, LawfulBasis, LimitedAccess, Marking, Purpose,
    SensitiveCondition, SubjectCategory, Urgency,
};
use proto::refusal::Refusal;

pub use bundle::{Bundle, BundleError, BundleFault, BundleFile, Term};
pub use decide::{CACHED_VERDICTS_MAX, InForce};
pub use facts::{IntelligenceFacts, KindFacts};

use crate::directory::{AgencyKind, Regime};

/// The facts of one message about one of its subjects, whoever the recipient.
///
/// Everything a policy may read, and nothing else, so it is the key of the cache.
///
/// A task carries the facts of the message that caused it: its sender, gateway and basis.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// Kind of message, and what may be read of it.
    pub facts: KindFacts,
    /// Sending agency.
    pub sender: Arc<str>,
    /// Its kind.
    pub sender_kind: AgencyKind,
    /// Regime of the sending desk.
    pub sender_regime: Regime,
    /// Purpose.
    pub purpose: Purpose,
    /// Power to share.
    pub gateway: Gateway,
    /// The sender's lawful basis.
    pub lawful_basis: LawfulBasis,
    /// The sender's condition for sensitive data.
    pub sensitive_condition: SensitiveCondition,
    /// Marking.
    pub marking: Marking,
    /// Handling conditions as sent.
    pub handling: BTreeSet<HandlingCondition>,
    /// Urgency. Unspecified reads as routine.
    pub urgency: Urgency,
    /// Whether it is shared by emergency access.
    pub break_glass: bool,
    /// Standing of the subject.
    pub category: SubjectCategory,
    /// Whether the subject counts as under 18: unknown and disputed age do.
    pub under_18: bool,
    /// Whether access to the subject's record is limited.
    pub limited_access: LimitedAccess,
    /// The subject's active flags.
    pub flags: BTreeSet<FlagKind>,
    /// Fields that are present about this subject.
    pub fields: BTreeSet<Field>,
}

impl fmt::Debug for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // These are facts about a person, even without a name.
        formatter.debug_struct("Question").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// How a desk came to be a candidate, as far as policy may know.
///
/// An interest that a desk declared itself is not here on purpose: it never feeds a permit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stake {
    /// The sender named it.
    pub addressed: bool,
    /// It owns a flag on the subject.
    pub flag_owner: bool,
    /// It serves an area of the message.
    pub in_area: bool,
    /// It selects candidates for a list in an area of the message.
    pub selection: bool,
    /// It was given the earlier message that this one follows.
    pub holder: bool,
}

/// The answer to one question for one desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What may be shown, or the refusal: `NoPermit`, `Forbidden` or `PolicyError`.
    pub outcome: Result<Permit, Refusal>,
    /// Ids of the rules that decided it, sorted: the permits where permitted, the forbids
    /// where forbidden, none where no permit matched, and where it could not be evaluated the
    /// rules that failed.
    pub rules: Vec<Arc<str>>,
}

impl Verdict {
    fn refused(refusal: Refusal, rules: Vec<Arc<str>>) -> Self {
        Self { outcome: Err(refusal), rules }
    }
}

/// What a permitted desk may see, and what it is held to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    /// Fields of the question that may not be shown.
    pub withheld: BTreeSet<Field>,
    /// Fields of the question that are shown masked. None of them is withheld.
    pub masked: BTreeSet<Field>,
    /// Handling conditions that policy adds to those of the message.
    pub handling: BTreeSet<HandlingCondition>,
    /// Hours within which the recipient must act: the least of all matching permits.
    pub act_by_hours: Option<u32>,
    /// Days after which the recipient must have deleted it: the least of all.
    pub delete_by_days: Option<u32>,
}
