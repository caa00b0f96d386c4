//! A rule as it is held: its policy, its public id, and where it can match at all.
//!
//! The head (and an agreement's list of recipients) says which recipients and kinds of
//! message a rule could ever match. Slices are made from that, so it must never say no where
//! the policy itself could say yes.

use std::collections::BTreeSet;
use std::str::FromStr as _;
use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, Effect, EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint,
    ResourceConstraint, Schema,
};

use super::literal;
use super::obligation::Obligations;
use super::reach;
use super::words::Vocabulary;
use crate::directory::MessageKind;

/// The strict schema of every decision.
pub(super) const SCHEMA: &str = include_str!("schema.cedarschema");

/// The platform layer, without the reach of gateways.
pub(super) const PLATFORM: &str = include_str!("platform.cedar");

/// The schema, parsed.
///
/// # Errors
/// The fault of the text that is compiled in. A test keeps it from shipping.
pub(super) fn schema() -> Result<Schema, String> {
    Schema::from_str(SCHEMA).map_err(|error| error.to_string())
}

/// A rule.
pub(super) struct Rule {
    /// Public id, such as `platform/marking`. Several policies may share one.
    pub(super) id: Arc<str>,
    /// The policy, under an id of its own.
    pub(super) policy: Policy,
    /// What it obliges to; nothing for a forbid.
    pub(super) obligations: Obligations,
    /// Position of its agreement in the bundle. `None`: always in force.
    pub(super) agreement: Option<usize>,
    /// Agencies it can reach. `None`: not limited by agency.
    pub(super) recipients: Option<BTreeSet<Arc<str>>>,
    kinds: Option<BTreeSet<MessageKind>>,
    within: Option<EntityUid>,
}

impl Rule {
    /// Reads what the head and the annotations say.
    ///
    /// # Errors
    /// The rule that the policy breaks.
    pub(super) fn new(id: Arc<str>, policy: Policy) -> Result<Self, &'static str> {
        let obligations = Obligations::read(&policy)?;
        if policy.effect() == Effect::Forbid && !obligations.is_empty() {
            return Err("a forbid obliges to nothing");
        }
        if policy.resource_constraint() != ResourceConstraint::Any {
            return Err("no rule may name a message");
        }
        let within = match policy.principal_constraint() {
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
            PrincipalConstraint::In(entity)
            | PrincipalConstraint::Eq(entity)
            | PrincipalConstraint::IsIn(_, entity) => Some(entity),
        };
        let kinds = match policy.action_constraint() {
            ActionConstraint::Any => None,
            ActionConstraint::Eq(action) => kinds_of(&[action]),
            ActionConstraint::In(actions) => kinds_of(&actions),
        };
        Ok(Self { id, policy, obligations, agreement: None, recipients: None, kinds, within })
    }

    /// The same rule, in force only while the agreement at this position is.
    pub(super) fn under(self, agreement: usize) -> Self {
        Self { agreement: Some(agreement), ..self }
    }

    /// Whether the rule could match a desk of this agency and a message of this kind.
    pub(super) fn can_match(&self, agency: &str, agency_kind: &str, kind: MessageKind) -> bool {
        let in_scope = self.within.as_ref().is_none_or(|entity| {
            match entity.type_name().basename() {
                "Kind" => entity.id().unescaped() == agency_kind,
                "Agency" => entity.id().unescaped() == agency,
                // One desk of some agency: kept, and left to the policy itself.
                _ => true,
            }
        });
        in_scope
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
            && self.recipients.as_ref().is_none_or(|agencies| agencies.contains(agency))
    }
}

/// The kinds of message that actions stand for; `None` where one is not understood.
fn kinds_of(actions: &[EntityUid]) -> Option<BTreeSet<MessageKind>> {
    let mut kinds = BTreeSet::new();
    for action in actions {
        if action.id().unescaped() == "disclosure" {
            kinds.extend(MessageKind::ALL.iter().filter(|k| **k != MessageKind::Correction));
        } else {
            kinds.insert(MessageKind::from_name(action.id().unescaped())?);
        }
    }
    Some(kinds)
}

/// The platform layer as rules.
///
/// # Errors
/// The fault of the text that is compiled in. A test keeps it from shipping.
pub(super) fn platform(vocabulary: &Vocabulary) -> Result<Vec<Rule>, String> {
    let mut rules = Vec::new();
    for policy in parse(&platform_text())? {
        let id = policy.annotation("id").unwrap_or_default().to_owned();
        let faults = literal::faults(&policy, vocabulary);
        if !id.starts_with("platform/") || !faults.is_empty() {
            return Err(format!("{id}: {}", faults.join("; ")));
        }
        let policy = policy.new_id(PolicyId::new(&id));
        rules.push(
            Rule::new(Arc::from(id.as_str()), policy).map_err(|rule| format!("{id}: {rule}"))?,
        );
    }
    Ok(rules)
}

/// The platform layer as text, whole.
pub(super) fn platform_text() -> String {
    format!("{PLATFORM}\n{}", reach::forbids())
}

/// The policies of a text, in its order.
///
/// # Errors
/// What cannot be read, or that a template stands in it.
pub(super) fn parse(text: &str) -> Result<Vec<Policy>, String> {
    let set = PolicySet::from_str(text).map_err(|error| error.to_string())?;
    if set.templates().next().is_some() {
        return Err("a template is not a rule".into());
    }
    let mut policies: Vec<Policy> = set.policies().cloned().collect();
    // The parser numbers them `policy0`, `policy1` and so on.
    policies.sort_by_key(|policy| {
        policy.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or(usize::MAX)
    });
    Ok(policies)
}
