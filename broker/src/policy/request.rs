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
use super::{KindFacts, Question, Stake};

/// The request for one desk. `None`: the facts do not fit the schema.
pub(super) fn request(
    desk: &EntityUid,
    question: &Question,
    stake: Stake,
    schema: &Schema,
) -> Option<Request> {
    let action = uid("Action", question.facts.kind().name())?;
    let context = Context::from_pairs(facts(question, stake)).ok()?;
    Request::new(desk.clone(), action, message()?.clone(), context, Some(schema)).ok()
}

fn message() -> Option<&'static EntityUid> {
    static MESSAGE: OnceLock<Option<EntityUid>> = OnceLock::new();
    MESSAGE.get_or_init(|| uid("Message", "m")).as_ref()
}

fn facts(question: &Question, stake: Stake) -> Vec<(String, RestrictedExpression)> {
    let mut facts = of_the_message(question);
    facts.extend(of_the_kind(&question.facts));
    facts.extend(
        [
            ("stake_addressed", stake.addressed),
            ("stake_flag_owner", stake.flag_owner),
            ("stake_in_area", stake.in_area),
            ("stake_selection", stake.selection),
            ("stake_holder", stake.holder),
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
        ("break_glass", RestrictedExpression::new_bool(question.break_glass)),
        ("category", text(question.category.name())),
        ("under_18", RestrictedExpression::new_bool(question.under_18)),
        ("limited_access", text(question.limited_access.name())),
        ("flags", set(&question.flags)),
        ("fields", set(&question.fields)),
    ]
}

fn of_the_kind(facts: &KindFacts) -> Vec<Fact> {
    let mut words = Words::default();
    let (mut mappa, mut conditions) = ((0, 0), BTreeSet::new());
    match facts {
        KindFacts::Intelligence(grade) => {
            words.intelligence_scheme = grade.scheme.name();
            words.intelligence_handling = grade.handling.to_string();
            conditions.clone_from(&grade.conditions);
        }
        KindFacts::Mappa { category, level, step } => {
            mappa = (*category, *level);
            words.mappa_step = step.name();
        }
        KindFacts::Custody { event, certainty } => {
            words.custody_event = event.name();
            words.custody_certainty = certainty.name();
        }
        KindFacts::Task(task) => words.task = task.name(),
        KindFacts::DrugTest(purpose) => words.drug_test_use = purpose.name(),
        KindFacts::Enforcement { step, outcome } => {
            words.enforcement_step = step.name();
            words.enforcement_outcome = outcome.name();
        }
        KindFacts::Action(pathway) => words.pathway = pathway.name(),
        KindFacts::Placement { sort, step } => {
            words.placement_sort = sort.name();
            words.placement_step = step.name();
        }
        KindFacts::Referral(step) => words.referral_step = step.name(),
        KindFacts::Court(step) => words.court_step = step.name(),
        KindFacts::Flag | KindFacts::Correction | KindFacts::Request | KindFacts::Response => {}
    }
    let mut all = words.into_facts();
    all.extend([
        ("mappa_category", RestrictedExpression::new_long(mappa.0.into())),
        ("mappa_level", RestrictedExpression::new_long(mappa.1.into())),
        ("intelligence_conditions", set(&conditions)),
    ]);
    all
}

/// Facts that are one word; `none` where they belong to another kind of message.
macro_rules! words {
    ($($name:ident),* $(,)?) => {
        struct Words {
            $($name: String,)*
        }

        impl Default for Words {
            fn default() -> Self {
                Self { $($name: NONE.into(),)* }
            }
        }

        impl Words {
            fn into_facts(self) -> Vec<Fact> {
                vec![$((stringify!($name), text(self.$name)),)*]
            }
        }
    };
}

words! {
    custody_event, custody_certainty, intelligence_scheme, intelligence_handling, mappa_step, task,
    drug_test_use, enforcement_step, enforcement_outcome, pathway, placement_sort,
    placement_step, referral_step, court_step,
}

fn text(word: impl Into<String>) -> RestrictedExpression {
    RestrictedExpression::new_string(word.into())
}

fn set<T: Named>(values: &BTreeSet<T>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.iter().map(|value| text(value.name())))
}
