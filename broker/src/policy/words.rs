//! The words policies are written in: reading them, and knowing which fact holds which.
//!
//! Promises that a word nobody knows is found when a bundle is read. A misspelt word in a
//! forbid would otherwise never match, and what it should have stopped would go out.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::text::Named;

use crate::directory::{AgencyKind, Directory, Function, MessageKind, Regime};

/// A value with a written name.
pub(super) trait Word: Sized + Copy + Ord {
    /// The value a list in an agreement means by a word. `unspecified` means none.
    fn read(word: &str) -> Option<Self>;
    /// Its written name.
    fn word(self) -> String;
}

macro_rules! words_of_the_protocol {
    ($($type:ident)*) => {$(
        impl Word for wire::$type {
            fn read(word: &str) -> Option<Self> {
                Self::from_name(word).filter(|value| *value as i32 != 0)
            }
            fn word(self) -> String {
                self.name()
            }
        }
    )*};
}

words_of_the_protocol! {
    Purpose Gateway LawfulBasis SensitiveCondition HandlingCondition SubjectCategory
    CustodyEvent CustodyCertainty FlagKind TaskKind Field DrugTestUse EnforcementStep
    EnforcementOutcome Pathway PlacementSort PlacementStep ReferralStep CourtStep MappaStep
}

macro_rules! words_of_the_directory {
    ($($type:ident)*) => {$(
        impl Word for $type {
            fn read(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == word)
            }
            fn word(self) -> String {
                self.name().into()
            }
        }
    )*};
}

words_of_the_directory! { AgencyKind Function MessageKind }

/// A handling code of intelligence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HandlingCode(&'static str);

impl Word for HandlingCode {
    fn read(word: &str) -> Option<Self> {
        HANDLING_CODES.iter().find(|code| **code == word).copied().map(Self)
    }
    fn word(self) -> String {
        self.0.into()
    }
}

/// Attributes of desks that the platform layer itself reads.
const PLATFORM_ATTRIBUTES: &[&str] =
    &["children", "limited-access", "category-4", "covert", "victims"];

/// Agencies and desk attributes that a text may name.
pub(super) struct Vocabulary {
    agencies: BTreeSet<String>,
    attributes: BTreeSet<String>,
    desks: BTreeSet<String>,
}

impl Vocabulary {
    /// What the directory knows.
    pub(super) fn of(directory: &Directory) -> Self {
        let mut attributes: BTreeSet<String> =
            PLATFORM_ATTRIBUTES.iter().map(ToString::to_string).collect();
        let mut desks = BTreeSet::new();
        for (_, desk) in directory.desks() {
            attributes.extend(desk.attributes.iter().cloned());
            desks.insert(desk.full_id());
        }
        let agencies = directory.agencies().map(|agency| agency.id.to_string()).collect();
        Self { agencies, attributes, desks }
    }

    /// Whether an agency of this id is known.
    pub(super) fn has_agency(&self, id: &str) -> bool {
        self.agencies.contains(id)
    }

    /// Whether some desk may hold this attribute.
    pub(super) fn has_attribute(&self, attribute: &str) -> bool {
        self.attributes.contains(attribute)
    }

    /// Whether a desk of this full id is known.
    pub(super) fn has_desk(&self, full_id: &str) -> bool {
        self.desks.contains(full_id)
    }

    /// Whether a fact of a message can hold this word. `None`: no such fact holds words.
    pub(super) fn fact_can_be(&self, fact: &str, word: &str) -> Option<bool> {
        Some(match fact {
            "sender" => self.has_agency(word),
            "sender_kind" => AgencyKind::read(word).is_some(),
            "sender_regime" => is_regime(word),
            "purpose" => wire::Purpose::from_name(word).is_some(),
            "gateway" => wire::Gateway::from_name(word).is_some(),
            "lawful_basis" => wire::LawfulBasis::from_name(word).is_some(),
            "sensitive_condition" => wire::SensitiveCondition::from_name(word).is_some(),
            "marking" => wire::Marking::from_name(word).is_some(),
            "handling" => wire::HandlingCondition::read(word).is_some(),
            // Unspecified urgency reads as routine, so the word never occurs.
            "urgency" => word != "unspecified" && wire::Urgency::from_name(word).is_some(),
            "category" => wire::SubjectCategory::from_name(word).is_some(),
            "limited_access" => wire::LimitedAccess::from_name(word).is_some(),
            "flags" => wire::FlagKind::read(word).is_some(),
            "fields" => wire::Field::read(word).is_some(),
            "custody_event" => word == NONE || wire::CustodyEvent::from_name(word).is_some(),
            "custody_certainty" => {
                word == NONE || wire::CustodyCertainty::from_name(word).is_some()
            }
            "intelligence_scheme" => word == NONE || wire::GradingScheme::from_name(word).is_some(),
            "intelligence_handling" => word == NONE || HANDLING_CODES.contains(&word),
            "intelligence_conditions" => {
                word != "unspecified" && wire::IntelligenceCondition::from_name(word).is_some()
            }
            "task" => word == NONE || wire::TaskKind::from_name(word).is_some(),
            "drug_test_use" => word == NONE || wire::DrugTestUse::read(word).is_some(),
            "enforcement_step" => word == NONE || wire::EnforcementStep::read(word).is_some(),
            "mappa_step" => word == NONE || wire::MappaStep::read(word).is_some(),
            "enforcement_outcome" => word == NONE || wire::EnforcementOutcome::read(word).is_some(),
            "pathway" => word == NONE || wire::Pathway::read(word).is_some(),
            "placement_sort" => word == NONE || wire::PlacementSort::read(word).is_some(),
            "placement_step" => word == NONE || wire::PlacementStep::read(word).is_some(),
            "referral_step" => word == NONE || wire::ReferralStep::read(word).is_some(),
            "court_step" => word == NONE || wire::CourtStep::read(word).is_some(),
            _ => return None,
        })
    }

    /// Whether a fact of a desk can hold this word. `None`: no such fact holds words.
    pub(super) fn desk_fact_can_be(&self, fact: &str, word: &str) -> Option<bool> {
        Some(match fact {
            "agency" => self.has_agency(word),
            "kind" => AgencyKind::read(word).is_some(),
            "function" => Function::read(word).is_some(),
            "regime" => is_regime(word),
            "attributes" => self.has_attribute(word),
            _ => return None,
        })
    }
}

/// What a fact reads that does not belong to the kind of message.
pub(super) const NONE: &str = "none";

/// Handling codes of both grading schemes.
const HANDLING_CODES: &[&str] = &["P", "C", "1", "2", "3", "4", "5"];

fn is_regime(word: &str) -> bool {
    [Regime::Part3, Regime::UkGdpr].iter().any(|regime| regime.name() == word)
}
