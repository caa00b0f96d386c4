//! What policy may read of a message's kind.
//!
//! One value for each kind, so that a question with the facts of another kind, or without its
//! own, cannot be put.

use std::collections::BTreeSet;
use std::fmt;

use proto::exchange::v1::{
    CourtStep, CustodyCertainty, CustodyEvent, DrugTestUse, EnforcementOutcome, EnforcementStep,
    GradingScheme, IntelligenceCondition, MappaStep, Pathway, PlacementSort, PlacementStep,
    ReferralStep, TaskKind,
};

use crate::directory::MessageKind;

/// The facts of a kind of message.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum KindFacts {
    /// Intelligence.
    Intelligence(IntelligenceFacts),
    /// MAPPA.
    Mappa {
        /// Category, 1 to 4.
        category: u32,
        /// Level, 0 to 3.
        level: u32,
        /// What is happening.
        step: MappaStep,
    },
    /// Custody.
    Custody {
        /// What happened.
        event: CustodyEvent,
        /// How firm the news is.
        certainty: CustodyCertainty,
    },
    /// Flag.
    Flag,
    /// Correction.
    Correction,
    /// A task of the broker's.
    Task(TaskKind),
    /// Drug test, by what it is shared for.
    DrugTest(DrugTestUse),
    /// Enforcement.
    Enforcement {
        /// What is done.
        step: EnforcementStep,
        /// What became of the allegation.
        outcome: EnforcementOutcome,
    },
    /// Action, by the need it serves.
    Action(Pathway),
    /// Placement.
    Placement {
        /// Sort of place.
        sort: PlacementSort,
        /// What happens.
        step: PlacementStep,
    },
    /// Referral.
    Referral(ReferralStep),
    /// Court.
    Court(CourtStep),
    /// Request.
    Request,
    /// Response.
    Response,
}

impl KindFacts {
    /// The kind they are of.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Intelligence(_) => MessageKind::Intelligence,
            Self::Mappa { .. } => MessageKind::Mappa,
            Self::Custody { .. } => MessageKind::Custody,
            Self::Flag => MessageKind::Flag,
            Self::Correction => MessageKind::Correction,
            Self::Task(_) => MessageKind::Task,
            Self::DrugTest(_) => MessageKind::DrugTest,
            Self::Enforcement { .. } => MessageKind::Enforcement,
            Self::Action(_) => MessageKind::Action,
            Self::Placement { .. } => MessageKind::Placement,
            Self::Referral(_) => MessageKind::Referral,
            Self::Court(_) => MessageKind::Court,
            Self::Request => MessageKind::Request,
            Self::Response => MessageKind::Response,
        }
    }

    /// As numbers, the kind's place among all kinds first: a form to be kept.
    #[must_use]
    pub fn to_numbers(&self) -> Vec<i32> {
        let place = MessageKind::ALL.iter().position(|kind| *kind == self.kind());
        let mut numbers = vec![place.and_then(|place| i32::try_from(place).ok()).unwrap_or(-1)];
        match self {
            Self::Intelligence(facts) => {
                let handling = i32::try_from(u32::from(facts.handling)).unwrap_or(0);
                numbers.extend([facts.scheme as i32, handling]);
                numbers.extend(facts.conditions.iter().map(|condition| *condition as i32));
            }
            Self::Mappa { category, level, step } => {
                numbers.extend([*category, *level].map(|number| number.try_into().unwrap_or(-1)));
                numbers.push(*step as i32);
            }
            Self::Custody { event, certainty } => {
                numbers.extend([*event as i32, *certainty as i32]);
            }
            Self::Task(task) => numbers.push(*task as i32),
            Self::DrugTest(purpose) => numbers.push(*purpose as i32),
            Self::Enforcement { step, outcome } => numbers.extend([*step as i32, *outcome as i32]),
            Self::Action(pathway) => numbers.push(*pathway as i32),
            Self::Placement { sort, step } => numbers.extend([*sort as i32, *step as i32]),
            Self::Referral(step) => numbers.push(*step as i32),
            Self::Court(step) => numbers.push(*step as i32),
            Self::Flag | Self::Correction | Self::Request | Self::Response => {}
        }
        numbers
    }

    /// The facts of such numbers; `None` for any others.
    #[must_use]
    pub fn from_numbers(numbers: &[i32]) -> Option<Self> {
        let (place, rest) = numbers.split_first()?;
        let kind = *MessageKind::ALL.get(usize::try_from(*place).ok()?)?;
        Some(match (kind, rest) {
            (MessageKind::Intelligence, [scheme, handling, conditions @ ..]) => {
                Self::Intelligence(IntelligenceFacts {
                    scheme: (*scheme).try_into().ok()?,
                    handling: char::from_u32(u32::try_from(*handling).ok()?)?,
                    conditions: conditions
                        .iter()
                        .map(|condition| (*condition).try_into().ok())
                        .collect::<Option<_>>()?,
                })
            }
            (MessageKind::Mappa, [category, level, step]) => Self::Mappa {
                category: (*category).try_into().ok()?,
                level: (*level).try_into().ok()?,
                step: (*step).try_into().ok()?,
            },
            (MessageKind::Custody, [event, certainty]) => Self::Custody {
                event: (*event).try_into().ok()?,
                certainty: (*certainty).try_into().ok()?,
            },
            (MessageKind::Flag, []) => Self::Flag,
            (MessageKind::Correction, []) => Self::Correction,
            (MessageKind::Task, [task]) => Self::Task((*task).try_into().ok()?),
            (MessageKind::DrugTest, [purpose]) => Self::DrugTest((*purpose).try_into().ok()?),
            (MessageKind::Enforcement, [step, outcome]) => Self::Enforcement {
                step: (*step).try_into().ok()?,
                outcome: (*outcome).try_into().ok()?,
            },
            (MessageKind::Action, [pathway]) => Self::Action((*pathway).try_into().ok()?),
            (MessageKind::Placement, [sort, step]) => {
                Self::Placement { sort: (*sort).try_into().ok()?, step: (*step).try_into().ok()? }
            }
            (MessageKind::Referral, [step]) => Self::Referral((*step).try_into().ok()?),
            (MessageKind::Court, [step]) => Self::Court((*step).try_into().ok()?),
            (MessageKind::Request, []) => Self::Request,
            (MessageKind::Response, []) => Self::Response,
            (
                MessageKind::Intelligence
                | MessageKind::Mappa
                | MessageKind::Custody
                | MessageKind::Flag
                | MessageKind::Correction
                | MessageKind::Task
                | MessageKind::DrugTest
                | MessageKind::Enforcement
                | MessageKind::Action
                | MessageKind::Placement
                | MessageKind::Referral
                | MessageKind::Court
                | MessageKind::Request
                | MessageKind::Response,
                _,
            ) => return None,
        })
    }

    /// Those of intelligence.
    #[must_use]
    pub const fn intelligence(&self) -> Option<&IntelligenceFacts> {
        match self {
            Self::Intelligence(facts) => Some(facts),
            Self::Mappa { .. }
            | Self::Custody { .. }
            | Self::Flag
            | Self::Correction
            | Self::Task(_)
            | Self::DrugTest(_)
            | Self::Enforcement { .. }
            | Self::Action(_)
            | Self::Placement { .. }
            | Self::Referral(_)
            | Self::Court(_)
            | Self::Request
            | Self::Response => None,
        }
    }
}

impl fmt::Debug for KindFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // They are facts about a person, even without a name.
        write!(formatter, "KindFacts({})", self.kind().name())
    }
}

/// What a grade says of handling.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IntelligenceFacts {
    /// Scheme.
    pub scheme: GradingScheme,
    /// Handling code: `P` or `C` in 3x5x2, `1` to `5` in 5x5x5.
    pub handling: char,
    /// Conditions.
    pub conditions: BTreeSet<IntelligenceCondition>,
}

impl fmt::Debug for IntelligenceFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("IntelligenceFacts").finish_non_exhaustive()
    }
}
