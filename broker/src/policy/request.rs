//! A question in the words of the schema.
//!
//! Promises that every fact a policy can read comes from the question and the stake, and
//! that the message itself has one constant name, so no rule can single one out.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use cedar_policy::{Context, EntityUid, Request, RestrictedExpression, Schema};
use proto::exchange::v1::Urgency;
use proto::text::Named;

use super::desks::uid;
use super::words::NONE;
use super::{Question, Stake};
use crate::directory::MessageKind;

/// The request for one desk. `None`: the facts do not fit the kind of message or the schema.
pub(super) fn request(
    desk: &EntityUid,
    question: &Question,
    stake: Stake,
    schema: &Schema,
) -> Option<Request> {
    if !facts_fit(question) {
        return None;
    }
    let action = uid("Action", question.kind.name())?;
    let context = Context::from_pairs(facts(question, stake)).ok()?;
    Request::new(desk.clone(), action, message()?.clone(), context, Some(schema)).ok()
}

fn message() -> Option<&'static EntityUid> {
    static MESSAGE: OnceLock<Option<EntityUid>> = OnceLock::new();
    MESSAGE.get_or_init(|| uid("Message", "m")).as_ref()
}

/// Whether the facts of a kind are there exactly when the message is of that kind.
///
/// Without this a custody message that lost its certainty would not read as provisional.
fn facts_fit(question: &Question) -> bool {
    let given = [
        (MessageKind::Custody, question.custody.is_some()),
        (MessageKind::Mappa, question.mappa.is_some()),
        (MessageKind::Intelligence, question.intelligence.is_some()),
        (MessageKind::Task, question.task.is_some()),
    ];
    given.iter().all(|(kind, given)| (question.kind == *kind) == *given)
}

fn facts(question: &Question, stake: Stake) -> Vec<(String, RestrictedExpression)> {
    let mut facts = of_the_message(question);
    facts.extend(of_the_kind(question));
    facts.extend(
        [
            ("stake_addressed", stake.addressed),
            ("stake_flag_owner", stake.flag_owner),
            ("stake_in_area", stake.in_area),
            ("stake_selection", stake.selection),
        ]
        .map(|(name, holds)| (name, RestrictedExpression::new_bool(holds))),
    );
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

type Fact = (&'static str, RestrictedExpression);

fn of_the_message(question: &Question) -> Vec<Fact> {
    let urgency = match question.urgency {
        Urgency::Unspecified | Urgency::Routine => Urgency::Routine,
        Urgency::Immediate => Urgency::Immediate,
    };
    vec![
        ("sender", text(&*question.sender)),
        ("sender_kind", text(question.sender_kind.name())),
        ("sender_regime", text(question.sender_regime.name())),
        ("purpose", text(question.purpose.name())),
        ("gateway", text(question.gateway.name())),
        ("lawful_basis", text(question.lawful_basis.name())),
        ("sensitive_condition", text(question.sensitive_condition.name())),
        ("marking", text(question.marking.name())),
        ("handling", set(&question.handling)),
        ("urgency", text(urgency.name())),
        ("category", text(question.category.name())),
        ("under_18", RestrictedExpression::new_bool(question.under_18)),
        ("limited_access", text(question.limited_access.name())),
        ("flags", set(&question.flags)),
        ("fields", set(&question.fields)),
    ]
}

fn of_the_kind(question: &Question) -> Vec<Fact> {
    let (event, certainty) = question
        .custody
        .map_or((NONE.into(), NONE.into()), |(event, certainty)| (event.name(), certainty.name()));
    let (category, level) = question.mappa.unwrap_or_default();
    let (scheme, handling, conditions) = question.intelligence.as_ref().map_or_else(
        || {
            (
                NONE.into(),
                NONE.into(),
                set::<proto::exchange::v1::IntelligenceCondition>(&BTreeSet::new()),
            )
        },
        |facts| (facts.scheme.name(), facts.handling.to_string(), set(&facts.conditions)),
    );
    vec![
        ("custody_event", text(event)),
        ("custody_certainty", text(certainty)),
        ("mappa_category", RestrictedExpression::new_long(category.into())),
        ("mappa_level", RestrictedExpression::new_long(level.into())),
        ("intelligence_scheme", text(scheme)),
        ("intelligence_handling", text(handling)),
        ("intelligence_conditions", conditions),
        ("task", text(question.task.map_or_else(|| NONE.into(), Named::name))),
    ]
}

fn text(word: impl Into<String>) -> RestrictedExpression {
    RestrictedExpression::new_string(word.into())
}

fn set<T: Named>(values: &BTreeSet<T>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.iter().map(|value| text(value.name())))
}
