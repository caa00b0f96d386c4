//! What the broker itself tells a desk: that its message did not arrive or was not opened, that
//! what it waits for has not come, that a date draws near, that a day of its flag has come.
//!
//! Owns: what each says, and its id. Promises that the same thing told to the same desk has the
//! same id whenever it is raised, so that the ledger, which takes an id once, tells it once; and
//! that it names ids of the directory, the desk's own message or its own reference, moments, and
//! never a person. Deliberately does not know: when something is to be told.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use proto::exchange::v1 as wire;
use proto::exchange::v1::TaskKind;
use proto::exchange::v1::released_message::Kind;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::message::{MessageKey, stamp};
use crate::prepare::{Kept, KeptCandidate};
use crate::register::DeskName;
use crate::seal::Vault;

use super::record::BROKER_PARTY;

/// The rule by which the broker may tell a desk what concerns nobody but that desk.
pub const RULE: &str = "platform/advice";

/// How long something that is told waits to be read.
const LIFE: Duration = Duration::days(28);

/// What is the matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matter {
    /// A message of the desk's has not reached an agency that it named.
    NotDelivered {
        /// Its own id.
        message: Uuid,
        /// The agency.
        agency: Arc<str>,
        /// Until when it could have.
        due: OffsetDateTime,
    },
    /// Nobody of an agency that it named has opened its immediate message.
    NotOpened {
        /// Its own id.
        message: Uuid,
        /// The agency.
        agency: Arc<str>,
        /// By when somebody should have.
        due: OffsetDateTime,
    },
    /// What the desk waits for has not come.
    FeedAbsent {
        /// Whose it is.
        agency: Arc<str>,
        /// Its id.
        feed: Arc<str>,
        /// By when it was to come.
        due: OffsetDateTime,
        /// Whether something came, and suspiciously little.
        short: bool,
    },
    /// A date of a message that the desk was given draws near.
    DateNear {
        /// The message.
        message: MessageKey,
        /// The moment.
        due: OffsetDateTime,
    },
    /// A day of a flag that the desk owns has come.
    OfFlag {
        /// Which day of it.
        nudge: Nudge,
        /// The message that changed the flag last.
        last: MessageKey,
        /// The offender manager.
        manager: Option<Uuid>,
        /// The day, as it begins in Britain.
        due: OffsetDateTime,
        /// Stands for the flag and the day: a digest under a key, because an id is in the open and
        /// a birthday could be guessed from it.
        about: [u8; 32],
    },
}

/// Which day of a flag has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nudge {
    /// The day after that of a review that was not held.
    ReviewOverdue,
    /// Two years after somebody came into custody.
    LongInCustody,
    /// Four weeks before somebody turns 18.
    TurningAdult,
}

/// What is told to a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Who is told.
    pub desk: DeskName,
    /// What.
    pub matter: Matter,
}

impl Advice {
    /// The task it is for its recipient.
    #[must_use]
    pub const fn task(&self) -> TaskKind {
        match self.matter {
            Matter::NotDelivered { .. } => TaskKind::NotDelivered,
            Matter::NotOpened { .. } => TaskKind::NotOpened,
            Matter::FeedAbsent { .. } => TaskKind::FeedAbsent,
            Matter::DateNear { .. } => TaskKind::DateNear,
            Matter::OfFlag { nudge: Nudge::ReviewOverdue, .. } => TaskKind::ReviewOverdue,
            Matter::OfFlag { nudge: Nudge::LongInCustody, .. } => TaskKind::LongInCustody,
            Matter::OfFlag { nudge: Nudge::TurningAdult, .. } => TaskKind::TurningAdult,
        }
    }

    /// Whether it goes before what is routine.
    #[must_use]
    pub const fn immediate(&self) -> bool {
        match self.matter {
            Matter::NotOpened { .. } | Matter::FeedAbsent { .. } => true,
            Matter::NotDelivered { .. } | Matter::DateNear { .. } | Matter::OfFlag { .. } => false,
        }
    }

    /// From when on it goes up the desk's own chain until somebody has opened it; `None`: never.
    #[must_use]
    pub const fn open_by(&self) -> Option<OffsetDateTime> {
        match self.matter {
            Matter::FeedAbsent { due, .. } => Some(due),
            Matter::NotDelivered { .. }
            | Matter::NotOpened { .. }
            | Matter::DateNear { .. }
            | Matter::OfFlag { .. } => None,
        }
    }

    /// When it helps nobody any more.
    #[must_use]
    pub fn expires_at(&self, now: OffsetDateTime) -> OffsetDateTime {
        match self.matter {
            Matter::DateNear { due, .. } => due.max(now),
            Matter::NotDelivered { .. }
            | Matter::NotOpened { .. }
            | Matter::FeedAbsent { .. }
            | Matter::OfFlag { .. } => now.saturating_add(LIFE),
        }
    }

    /// Its key: one for each thing that is told to one desk. A feed is told of once a day, silent
    /// or short.
    #[must_use]
    pub fn key(&self) -> MessageKey {
        let about = match &self.matter {
            Matter::NotDelivered { message, agency, .. }
            | Matter::NotOpened { message, agency, .. } => format!("{message}\n{agency}"),
            Matter::FeedAbsent { agency, feed, due, .. } => {
                format!("{agency}\n{feed}\n{}", due.unix_timestamp())
            }
            Matter::DateNear { message, due } => {
                format!("{}\n{}\n{}", message.agency, message.id, due.unix_timestamp())
            }
            Matter::OfFlag { about, .. } => hex::encode(about),
        };
        let DeskName { agency, desk } = &self.desk;
        // No part holds a line end.
        let parts = format!("pyramid-advice-1\n{agency}\n{desk}\n{}\n{about}", self.task() as i32);
        let hash = digest(&SHA256, parts.as_bytes());
        let mut bytes = [0; 16];
        for (byte, from) in bytes.iter_mut().zip(hash.as_ref()) {
            *byte = *from;
        }
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        MessageKey { agency: Arc::from(BROKER_PARTY), id }
    }

    /// What its recipient reads.
    #[must_use]
    pub fn body(&self, vault: &Vault, now: OffsetDateTime) -> wire::ReleasedMessage {
        let urgency =
            if self.immediate() { wire::Urgency::Immediate } else { wire::Urgency::Routine };
        let task = wire::Task { task_kind: self.task() as i32, ..wire::Task::default() };
        let mut concerns = Vec::new();
        let task = match &self.matter {
            Matter::NotDelivered { message, agency, due }
            | Matter::NotOpened { message, agency, due } => wire::Task {
                message_id: message.to_string(),
                agency: agency.to_string(),
                due: Some(stamp(*due)),
                ..task
            },
            Matter::FeedAbsent { agency, feed, due, short } => wire::Task {
                agency: agency.to_string(),
                feed: feed.to_string(),
                due: Some(stamp(*due)),
                short: *short,
                ..task
            },
            Matter::DateNear { message, due } => {
                concerns.push(message.reference_of(&self.desk.agency, vault).into());
                wire::Task { due: Some(stamp(*due)), ..task }
            }
            Matter::OfFlag { last, manager, due, .. } => {
                let own = last.agency == self.desk.agency;
                if !own {
                    concerns.push(last.reference_of(&self.desk.agency, vault).into());
                }
                wire::Task {
                    message_id: if own { last.id.to_string() } else { String::new() },
                    manager: manager.map(|id| id.to_string()).unwrap_or_default(),
                    due: Some(stamp(*due)),
                    ..task
                }
            }
        };
        wire::ReleasedMessage {
            sending_agency: BROKER_PARTY.to_owned(),
            urgency: urgency.into(),
            accepted_at: Some(stamp(now)),
            concerns,
            kind: Some(Kind::Task(task)),
            ..wire::ReleasedMessage::default()
        }
    }

    /// Its decision, as decisions are kept.
    #[must_use]
    pub fn kept(&self, bundle: &[u8; 32]) -> Kept {
        let candidate = KeptCandidate {
            desk: self.desk.clone(),
            task: self.task() as i32,
            named: false,
            reasons: Vec::new(),
            refusal: 0,
            subjects: Vec::new(),
            notice_only: false,
            by_holding: false,
            held: None,
            documents: BTreeSet::new(),
            seen: BTreeSet::new(),
        };
        Kept {
            bundle: hex::encode(bundle),
            named: Vec::new(),
            candidates: vec![candidate],
            corrected: None,
            answers: None,
            facts: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::uuid;

    use super::*;

    const SIX: OffsetDateTime = datetime!(2026-12-01 06:00 UTC);
    const MESSAGE: Uuid = uuid!("018f0000-0000-7000-8000-000000000001");

    fn told(desk: &str, matter: Matter) -> Advice {
        Advice { desk: DeskName { agency: "gmp".into(), desk: desk.into() }, matter }
    }

    fn feed(due: OffsetDateTime, short: bool) -> Matter {
        Matter::FeedAbsent { agency: "prisons".into(), feed: "list".into(), due, short }
    }

    #[test]
    fn a_feed_is_told_of_once_a_day_and_desk_silent_or_short() {
        let silent = told("stockport", feed(SIX, false)).key();
        assert_eq!(told("stockport", feed(SIX, true)).key(), silent);
        assert_ne!(told("stockport", feed(SIX + Duration::days(1), false)).key(), silent);
        assert_ne!(told("tameside", feed(SIX, false)).key(), silent);
        assert_eq!((&*silent.agency, silent.id.get_version_num()), ("broker", 8));
    }

    #[test]
    fn each_message_and_agency_is_told_of_once_for_each_matter() {
        let opened = |agency: &str, due| {
            told("a", Matter::NotOpened { message: MESSAGE, agency: agency.into(), due }).key()
        };
        assert_eq!(opened("hmpps", SIX), opened("hmpps", SIX + Duration::hours(1)));
        assert_ne!(opened("hmpps", SIX), opened("gmp", SIX));
        let (agency, due) = (Arc::from("hmpps"), SIX);
        let lost = told("a", Matter::NotDelivered { message: MESSAGE, agency, due });
        assert_ne!(lost.key(), opened("hmpps", SIX));
    }

    #[test]
    fn an_id_is_not_made_of_a_day_that_could_be_guessed() {
        let turns = |due, about| {
            let last = MessageKey { agency: "gmp".into(), id: MESSAGE };
            let nudge = Nudge::TurningAdult;
            told("a", Matter::OfFlag { nudge, last, manager: None, due, about }).key()
        };
        assert_eq!(turns(SIX, [1; 32]), turns(SIX + Duration::days(1), [1; 32]));
        assert_ne!(turns(SIX, [1; 32]), turns(SIX, [2; 32]));
    }

    #[test]
    fn of_a_flag_each_agency_is_told_its_own_message_or_its_own_reference() {
        let vault = Vault::new([1; 32].into(), &[2; 32]);
        let told_of = |by: &str| {
            let last = MessageKey { agency: by.into(), id: MESSAGE };
            let (nudge, about) = (Nudge::ReviewOverdue, [0; 32]);
            told("a", Matter::OfFlag { nudge, last, manager: None, due: SIX, about })
                .body(&vault, SIX)
        };
        for (by, own) in [("gmp", true), ("hmpps", false)] {
            let body = told_of(by);
            assert!(body.subjects.is_empty() && body.statements.is_empty());
            let Some(Kind::Task(task)) = body.kind else { panic!("a task") };
            assert_eq!(task.message_id == MESSAGE.to_string(), own);
            assert_eq!(body.concerns.is_empty(), own);
        }
    }

    #[test]
    fn it_names_the_recipients_own_message_or_reference_and_nobody() {
        let vault = Vault::new([1; 32].into(), &[2; 32]);
        let (agency, due) = (Arc::from("hmpps"), SIX);
        let lost = told("a", Matter::NotDelivered { message: MESSAGE, agency, due });
        let body = lost.body(&vault, SIX);
        assert!(body.subjects.is_empty() && body.statements.is_empty() && body.areas.is_empty());
        let Some(Kind::Task(task)) = body.kind else { panic!("a task") };
        assert_eq!((&*task.message_id, &*task.agency), (&*MESSAGE.to_string(), "hmpps"));
        let message = MessageKey { agency: "prisons".into(), id: MESSAGE };
        let near = told("a", Matter::DateNear { message: message.clone(), due });
        let body = near.body(&vault, SIX);
        assert_eq!(body.concerns, [message.reference_of("gmp", &vault)]);
        let Some(Kind::Task(task)) = body.kind else { panic!("a task") };
        assert_eq!((&*task.message_id, &*task.agency), ("", ""), "a sender's id stays its own");
    }
}
