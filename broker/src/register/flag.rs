//! Flags on people: whose they are, how they stand, and what their owner said of how the person is
//! managed.
//!
//! Promises that a proposal is found only where it is asked for, and that a day of which one owner
//! spoke is forgotten when the flag becomes another agency's: that one was not told it here.
//! Deliberately does not know: who may raise which flag, and whom one brings what.

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::exchange::v1::FlagKind;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{DeskName, Register, day_number};
use crate::seal::Token;

/// Past its review by this much, a flag no longer routes to partners.
pub const STALE_AFTER: Duration = Duration::days(28);

/// A flag on a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// Id of the message that changed it last.
    pub id: Uuid,
    /// Which list, by protocol number.
    pub kind: i32,
    /// Owner.
    pub owner: DeskName,
    /// Tokens of the person.
    pub tokens: Vec<Token>,
    /// Token of name and birth date.
    pub name_token: Option<Token>,
    /// Review date as days since 1970-01-01; 0: none was given.
    pub review_day: i64,
    /// How it stands: what is only proposed or nominated does not route.
    pub state: FlagState,
    /// Agency that says so: it replaces its own flag on the person, and nobody else's.
    pub by: Arc<str>,
    /// Agency and id of the message by which it came about: it stays one flag while it is changed.
    pub raised: (Arc<str>, Uuid),
    /// How the person is managed, by its owner's agency.
    pub care: Care,
}

/// What the agency that owns a flag said of how the person is managed. Days are since 1970-01-01 by
/// the calendar in Britain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Care {
    /// The offender manager, by the directory's opaque id.
    pub manager: Option<Uuid>,
    /// When its panel last met.
    pub panel_day: Option<i64>,
    /// Cohort, by protocol number.
    pub cohort: i32,
    /// Rating, by protocol number.
    pub rating: i32,
    /// Since when it is suspended because the person is in custody.
    pub suspended_day: Option<i64>,
    /// The eighteenth birthday of somebody who was not 18 when that was said.
    pub adult_day: Option<i64>,
}

/// How a flag stands. Proposed, nominated, then selected by a panel; suspended in custody and
/// resumed; its exit planned; taken off. What was taken off may be referred again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlagState {
    /// Proposed.
    Proposed,
    /// Before the panel.
    Nominated,
    /// Selected.
    Selected,
    /// Suspended while in custody: a release is news all the same.
    Suspended,
    /// The panel agreed how it is to end.
    ExitPlanned,
}

impl Flag {
    /// Whether no panel has decided on it: then it routes nothing.
    #[must_use]
    pub const fn is_proposal(&self) -> bool {
        matches!(self.state, FlagState::Proposed | FlagState::Nominated)
    }

    /// The list.
    #[must_use]
    pub fn flag_kind(&self) -> FlagKind {
        FlagKind::try_from(self.kind).unwrap_or(FlagKind::Unspecified)
    }

    /// Whether it is past review by more than [`STALE_AFTER`].
    #[must_use]
    pub fn stale(&self, now: OffsetDateTime) -> bool {
        day_number(now) > self.review_day + STALE_AFTER.whole_days()
    }

    /// Whether its review was to be held before a day, and a review is due at all.
    #[must_use]
    pub const fn review_missed(&self, day: i64) -> bool {
        self.review_day > 0 && self.review_day < day
    }
}

impl Register {
    /// Flags on any of these identifiers, each once, proposed ones left out.
    #[must_use]
    pub fn flags(&self, tokens: &BTreeSet<Token>) -> Vec<Arc<Flag>> {
        let mut found = self.with_proposals(tokens);
        found.retain(|flag| !flag.is_proposal());
        found
    }

    /// The same, and flags that are only proposed.
    #[must_use]
    pub fn with_proposals(&self, tokens: &BTreeSet<Token>) -> Vec<Arc<Flag>> {
        let mut found: Vec<Arc<Flag>> = Vec::new();
        for flag in tokens.iter().filter_map(|token| self.flags.get(token)).flatten() {
            if !found.iter().any(|known| known.id == flag.id && known.by == flag.by) {
                found.push(Arc::clone(flag));
            }
        }
        found
    }

    /// Flags on somebody with this name and birth date.
    #[must_use]
    pub fn flags_by_name(&self, name: Token) -> &[Arc<Flag>] {
        self.flags_by_name.get(&name).map_or(&[], Vec::as_slice)
    }

    /// Every flag, proposals among them, each once.
    #[must_use]
    pub fn every_flag(&self) -> Vec<Arc<Flag>> {
        let under_first = self.flags.iter().flat_map(|(token, flags)| {
            flags.iter().filter(move |flag| flag.tokens.first() == Some(token))
        });
        under_first.cloned().collect()
    }

    pub(super) fn put_flag(&mut self, flag: &Flag) {
        self.remove_flag(flag.kind, &flag.tokens, &flag.by);
        let flag = Arc::new(flag.clone());
        for token in &flag.tokens {
            self.flags.entry(*token).or_default().push(Arc::clone(&flag));
        }
        if let Some(name) = flag.name_token {
            self.flags_by_name.entry(name).or_default().push(flag);
        }
    }

    pub(super) fn remove_flag(&mut self, kind: i32, tokens: &[Token], owner: &str) {
        let stays = |flag: &Arc<Flag>| {
            flag.kind != kind
                || *flag.owner.agency != *owner
                || !flag.tokens.iter().any(|token| tokens.contains(token))
        };
        for flags in self.flags.values_mut().chain(self.flags_by_name.values_mut()) {
            flags.retain(stays);
        }
    }
}
