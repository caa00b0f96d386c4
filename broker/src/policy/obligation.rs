//! What a permit obliges to: read from its annotations, and joined over all that matched.
//!
//! Promises the union: what any matching permit withholds is withheld, the shortest time
//! holds, every handling condition is added. Knows nothing of how rules are evaluated.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::Policy;
use proto::exchange::v1::{
    Field, GradingScheme, HandlingCondition, IntelligenceCondition, SensitiveCondition,
};

use super::field::{Class, class};
use super::floor;
use super::words::Word;
use super::{Permit, Question};
use crate::directory::{AgencyKind, Function, Regime};

/// What one permit says of fields, handling and time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Obligations {
    reveal: BTreeSet<Field>,
    withhold: BTreeSet<Field>,
    mask: BTreeSet<Field>,
    show_only: Option<BTreeSet<Field>>,
    handling: BTreeSet<HandlingCondition>,
    act_by_hours: Option<u32>,
    delete_by_days: Option<u32>,
    special_to: BTreeSet<Arc<str>>,
}

impl Obligations {
    /// Reads a policy's annotations.
    ///
    /// # Errors
    /// The rule that an annotation breaks. One that nobody knows is an error: an obligation
    /// must not be lost over its spelling.
    pub(super) fn read(policy: &Policy) -> Result<Self, &'static str> {
        let mut read = Self::default();
        for (name, text) in policy.annotations() {
            match name {
                "id" => {}
                "reveal" => read.reveal = words(text)?,
                "withhold" => read.withhold = words(text)?,
                "mask" => read.mask = words(text)?,
                "show_only" => read.show_only = Some(words(text)?),
                "handling" => read.handling = words(text)?,
                "act_by_hours" => read.act_by_hours = Some(number(text)?),
                "delete_by_days" => read.delete_by_days = Some(number(text)?),
                "special_to" => read.special_to = text.split_whitespace().map(Arc::from).collect(),
                _ => return Err("an annotation nobody knows"),
            }
        }
        Ok(read)
    }

    /// Whether nothing is asked.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn withholds(&self, field: Field) -> bool {
        self.withhold.contains(&field)
            || self.show_only.as_ref().is_some_and(|shown| !shown.contains(&field))
    }

    /// Whether this permit is enough to show the field to the recipient.
    fn reveals(&self, field: Field, recipient: &Recipient<'_>) -> bool {
        match class(field) {
            Class::Ordinary => true,
            Class::Sensitive => self.reveal.contains(&field),
            Class::Special => {
                self.reveal.contains(&field)
                    && (recipient.regime == Regime::Part3
                        || self.special_to.contains(recipient.agency))
            }
        }
    }
}

fn words<T: Word>(text: &str) -> Result<BTreeSet<T>, &'static str> {
    text.split_whitespace().map(T::read).collect::<Option<_>>().ok_or("a word nobody knows")
}

fn number(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "not a whole number")
}

/// What the floor and the obligations read of a recipient.
pub(super) struct Recipient<'a> {
    pub(super) agency: &'a str,
    pub(super) kind: AgencyKind,
    pub(super) function: Function,
    pub(super) regime: Regime,
}

/// Joins the obligations of every permit that matched.
pub(super) fn join(
    matched: &[&Obligations],
    question: &Question,
    recipient: &Recipient<'_>,
) -> Permit {
    let shown = |field: Field| {
        floor::may_show(field, recipient.kind, recipient.function, recipient.regime)
            && (class(field) != Class::Special
                || question.sensitive_condition != SensitiveCondition::Unspecified)
            && !matched.iter().any(|permit| permit.withholds(field))
            && matched.iter().any(|permit| permit.reveals(field, recipient))
    };
    let withheld: BTreeSet<Field> =
        question.fields.iter().copied().filter(|field| !shown(*field)).collect();
    let masked = question
        .fields
        .iter()
        .copied()
        .filter(|field| !withheld.contains(field))
        .filter(|field| matched.iter().any(|permit| permit.mask.contains(field)))
        .collect();
    let mut handling = implied(question);
    handling.extend(matched.iter().flat_map(|permit| permit.handling.iter().copied()));
    Permit {
        withheld,
        masked,
        handling: &handling - &question.handling,
        act_by_hours: matched.iter().filter_map(|permit| permit.act_by_hours).min(),
        delete_by_days: matched.iter().filter_map(|permit| permit.delete_by_days).min(),
    }
}

/// Handling conditions that a grade carries: whoever reads it is held to them by name.
fn implied(question: &Question) -> BTreeSet<HandlingCondition> {
    let mut handling = BTreeSet::new();
    let Some(facts) = question.facts.intelligence() else {
        return handling;
    };
    if facts.scheme == GradingScheme::FiveFiveFive && ['1', '3'].contains(&facts.handling) {
        handling.insert(HandlingCondition::LawEnforcementOnly);
    }
    for condition in &facts.conditions {
        match condition {
            IntelligenceCondition::A1 | IntelligenceCondition::A2 => {
                handling.insert(HandlingCondition::Covert);
            }
            IntelligenceCondition::S2 => {
                handling.insert(HandlingCondition::ConsultOriginator);
            }
            IntelligenceCondition::Unspecified
            | IntelligenceCondition::A3
            | IntelligenceCondition::S1 => {}
        }
    }
    handling
}
