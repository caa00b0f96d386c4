//! What a story is once it is read: who takes part, what happens, what must come of it.
//!
//! Owns the parts of a story and nothing that happens to them. Promises that every time is a
//! moment, every desk one of the directory and every name one that the story gives, because the
//! reader makes no other. Deliberately does not know: how a story is written, or played.
//!
//! Nothing here has a `Debug`: a story holds people, invented as they are.

use std::collections::BTreeSet;
use std::fmt;

use proto::audit::v1::ReviewFinding;
use proto::exchange::v1::{Field, OutcomeState, TaskKind};
use proto::refusal::Refusal;
use time::OffsetDateTime;
use uuid::Uuid;

/// A desk: agency and desk of the directory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Desk {
    /// Agency.
    pub agency: String,
    /// Desk inside it.
    pub desk: String,
}

impl fmt::Display for Desk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.agency, self.desk)
    }
}

/// A system of an agency: agency and node of the directory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Node {
    /// Agency.
    pub agency: String,
    /// Node of it.
    pub node: String,
}

/// A story.
pub struct Story {
    /// What it is called.
    pub title: String,
    /// What it follows from, and what it is to show, as paragraphs.
    pub seeds: Vec<String>,
    /// The first moment of day 1, UTC.
    pub begins: OffsetDateTime,
    /// Agreements that end within the story: file in the bundle, first day without it.
    pub endings: Vec<(String, time::Date)>,
    /// What desks wait for by a fixed hour: the agency it comes from, and its rows in the
    /// directory.
    pub feeds: Vec<(String, String)>,
    /// Full names of the people, in the order in which they are introduced.
    pub people: Vec<String>,
    /// What happens, in order.
    pub events: Vec<Event>,
    /// What the ledger must hold at the end.
    pub ledger: Vec<Count>,
    /// Line on which the expected ledger begins.
    pub ledger_line: usize,
}

/// Something that happens, and what must come of it.
pub struct Event {
    /// Line of the story's file, from 1.
    pub line: usize,
    /// When.
    pub at: OffsetDateTime,
    /// As it is written, for the report.
    pub heading: String,
    /// Why it must be so, for the reader.
    pub because: Vec<String>,
    /// What.
    pub act: Act,
    /// What must come of it, and nothing else.
    pub expected: Expected,
}

/// What happens.
pub enum Act {
    /// A message is sent.
    Sends(Box<Sending>),
    /// Operators suspend an agency, or reinstate it.
    Standing {
        /// Agency.
        agency: String,
        /// Whether it is suspended from now on.
        suspended: bool,
    },
    /// A desk's system leaves or returns.
    Connects {
        /// Desk.
        desk: Desk,
        /// Whether it is there from now on.
        online: bool,
    },
    /// A desk's system takes deliveries without acknowledging them, or acknowledges again.
    Acknowledges {
        /// Desk.
        desk: Desk,
        /// Whether it acknowledges from now on, and all that it holds.
        acknowledges: bool,
    },
    /// The broker is stopped or started.
    Broker {
        /// Whether it runs from now on.
        runs: bool,
    },
    /// An agency says that two numbers are one person's, or no longer says so.
    Links {
        /// Who says so.
        node: Node,
        /// One number: written name of its register, and value.
        one: (String, String),
        /// The other.
        other: (String, String),
        /// Birth date, YYYY-MM-DD.
        birth_date: String,
        /// Whether it takes back what it said.
        withdrawn: bool,
    },
    /// Somebody closes the review of an emergency access.
    Reviews {
        /// Agency.
        agency: String,
        /// Person of it, by opaque id.
        person: Uuid,
        /// Name of the message.
        message: String,
        /// What they found, as the protocol numbers it.
        finding: ReviewFinding,
    },
    /// An agency asks how its own message stands.
    Looks {
        /// Who asks.
        node: Node,
        /// Name of the message.
        message: String,
    },
    /// Somebody at a desk opens a message.
    Opens {
        /// Desk.
        desk: Desk,
        /// Name of the message.
        message: String,
    },
    /// Nothing but that time passes.
    Passes,
}

/// A message on its way.
pub struct Sending {
    /// What the story calls it.
    pub name: String,
    /// Its id.
    pub id: Uuid,
    /// Who sends it.
    pub node: Node,
    /// The message as JSON, as people and scripts write it.
    pub json: serde_json::Map<String, serde_json::Value>,
    /// The year in which the story begins.
    pub year: u16,
    /// The message that it answers: the release under which that came to the sender's agency is
    /// put into the JSON when the message is sent.
    pub answers: Option<String>,
    /// Whether it is immediate, so that the answer gives the duty telephone.
    pub immediate: bool,
    /// Full names of those it is about, in its order.
    pub about: Vec<String>,
}

/// What must come of an event.
#[derive(Default)]
pub struct Expected {
    /// Who receives what. Nobody else receives anything.
    pub told: Vec<Told>,
    /// For whom something waits from now on.
    pub waits: Vec<Waits>,
    /// Who has a stake and is refused, if the story says so: then nobody else is.
    pub refused: Option<Vec<Refused>>,
    /// Deliveries that end without being released.
    pub ended: Vec<Ended>,
    /// How the sender finds its message to stand, agency by agency, if it looks.
    pub tracked: Option<Vec<(String, OutcomeState)>>,
    /// That the broker does not take the message at all.
    pub at_the_door: Option<AtTheDoor>,
    /// Who is told outside the broker of silence, and of what: code and addressee.
    pub rung: Vec<(String, String)>,
    /// Whether operators are alarmed because an immediate message reaches nobody.
    pub alarmed: bool,
    /// Desks of which the story stresses that they receive nothing.
    pub nothing: Vec<(usize, Desk)>,
}

/// One desk that receives something.
#[derive(Clone)]
pub struct Told {
    /// Line.
    pub line: usize,
    /// Name of the message.
    pub message: String,
    /// Desk.
    pub desk: Desk,
    /// What it is asked to settle, if it is.
    pub task: Option<TaskKind>,
    /// Full names of those it sees.
    pub of: Vec<String>,
    /// Exactly what is withheld.
    pub without: BTreeSet<Field>,
    /// Parts of the message that must read so: path and text.
    pub shows: Vec<(usize, String, String)>,
    /// Texts that stand nowhere in it.
    pub hides: Vec<(usize, String)>,
}

/// A desk for which something waits.
#[derive(Clone)]
pub struct Waits {
    /// Line.
    pub line: usize,
    /// Name of the message.
    pub message: String,
    /// Desk.
    pub desk: Desk,
    /// What it is to be asked, if it is.
    pub task: Option<TaskKind>,
}

/// A desk that had a stake and is refused.
#[derive(Clone)]
pub struct Refused {
    /// Line.
    pub line: usize,
    /// Name of the message.
    pub message: String,
    /// Desk.
    pub desk: Desk,
    /// What it was not asked to settle, if it is that.
    pub task: Option<TaskKind>,
    /// A rule that decided, or the refusal in words; empty if the story does not say.
    pub because: String,
}

/// A delivery that ends without being released.
#[derive(Clone)]
pub struct Ended {
    /// Line.
    pub line: usize,
    /// Name of the message.
    pub message: String,
    /// Desk.
    pub desk: Desk,
    /// Why.
    pub refusal: Refusal,
}

/// A message that is not taken.
pub struct AtTheDoor {
    /// Line.
    pub line: usize,
    /// Why.
    pub refusal: Refusal,
    /// Exactly the faulty fields, by path.
    pub fields: BTreeSet<String>,
    /// What the rules it breaks say, among other things.
    pub says: Vec<(usize, String)>,
}

/// How many records of one type a party must have at the end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Count {
    /// Type of record, as the ledger writes it.
    pub kind: String,
    /// Party, or outcome where a type is counted by outcome.
    pub party: String,
    /// How many.
    pub count: usize,
}

/// A fault of a story's text: the line and the rule it breaks. Never what stands there.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Rule.
    pub rule: String,
}

impl Fault {
    /// A fault of a line.
    pub(super) fn at(line: usize, rule: impl Into<String>) -> Self {
        Self { line, rule: rule.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}: {}", self.line, self.rule)
    }
}

impl std::error::Error for Fault {}
