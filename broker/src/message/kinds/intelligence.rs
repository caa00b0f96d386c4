//! Intelligence: a grade in its own scheme, and nothing that leads to its source.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::Field;
use proto::limits;

use super::{About, KindRules};
use crate::directory::MessageKind;
use crate::message::check::Check;

impl KindRules for wire::Intelligence {
    fn kind(&self) -> MessageKind {
        MessageKind::Intelligence
    }

    fn check(&mut self, _about: &About<'_>, check: &mut Check) {
        check_intelligence(self, check);
    }

    fn fields(&self) -> BTreeSet<Field> {
        let referenced = !self.originator_reference.is_empty();
        referenced.then_some(Field::OriginatorReference).into_iter().collect()
    }

    fn redact(&mut self, hidden: &BTreeSet<Field>) {
        if hidden.contains(&Field::OriginatorReference) {
            self.originator_reference.clear();
        }
    }
}

fn check_intelligence(intelligence: &mut wire::Intelligence, check: &mut Check) {
    let grade: Vec<char> = intelligence.grade.chars().collect();
    let scheme = intelligence.scheme();
    let well_formed = match (scheme, grade.as_slice()) {
        (wire::GradingScheme::ThreeFiveTwo, [source, assessment, handling]) => {
            ('1'..='3').contains(source)
                && ('A'..='E').contains(assessment)
                && ['P', 'C'].contains(handling)
        }
        (wire::GradingScheme::FiveFiveFive, [source, information, handling]) => {
            ('A'..='E').contains(source)
                && ('1'..='5').contains(information)
                && ('1'..='5').contains(handling)
        }
        (
            wire::GradingScheme::Unspecified
            | wire::GradingScheme::ThreeFiveTwo
            | wire::GradingScheme::FiveFiveFive,
            _,
        ) => false,
    };
    let unread = scheme == wire::GradingScheme::Unspecified;
    check.require(
        !unread,
        "intelligence.scheme",
        "is required: a grade is never read without its scheme",
    );
    check.require(
        unread || well_formed,
        "intelligence.grade",
        "must be a grade of its scheme, such as 2BP",
    );
    let known = |value| value != 0 && wire::IntelligenceCondition::try_from(value).is_ok();
    let each_once = super::in_order_each_once(&mut intelligence.conditions, known);
    check.require(each_once, "intelligence.conditions", "must be known conditions, each once");
    let with_conditions = scheme == wire::GradingScheme::ThreeFiveTwo && grade.get(2) == Some(&'C');
    check.require(
        unread || with_conditions != intelligence.conditions.is_empty(),
        "intelligence.conditions",
        "handling code C of 3x5x2 needs a condition, and no other code has one",
    );
    check.require(
        intelligence.originator_reference.chars().count()
            <= limits::ORIGINATOR_REFERENCE_CHARACTERS_MAX,
        "intelligence.originator_reference",
        "is at most 64 characters",
    );
    check.says_something(&intelligence.originator_reference, "intelligence.originator_reference");
    check.require(
        wire::IntelligenceTopic::try_from(intelligence.topic).is_ok(),
        "intelligence.topic",
        "is not a known topic",
    );
}
