//! Each agency's own rules: forbids, and only for itself.
//!
//! A file can bind no agency but the one it is named after, as sender or as recipient, and
//! cannot stop a correction: that is a duty owed to the person. The scope is added here, in
//! front of the rule's own conditions, so that a rule which cannot be evaluated harms nobody
//! else either.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{Effect, Policy, PolicyId};
use serde_json::Value;

use super::bundle::Faults;
use super::literal;
use super::rule::{Rule, parse};
use super::words::Vocabulary;
use crate::directory::document::is_directory_id;

/// Reads the file of one agency. What is faulty is added to `faults` and left out.
pub(super) fn read(
    agency: &str,
    path: &str,
    text: &str,
    vocabulary: &Vocabulary,
    faults: &mut Faults,
) -> Vec<Rule> {
    if !vocabulary.has_agency(agency) {
        faults.add(path, "no such agency");
        return Vec::new();
    }
    let policies = match parse(text) {
        Ok(policies) => policies,
        Err(error) => {
            faults.add(path, error);
            return Vec::new();
        }
    };
    let mut seen = BTreeSet::new();
    let mut rules = Vec::new();
    for (position, policy) in policies.iter().enumerate() {
        let place = format!("{path}: rule[{position}]");
        let id = policy.annotation("id").unwrap_or_default();
        if policy.effect() != Effect::Forbid {
            faults.add(&place, "an agency's own rule is a forbid");
        } else if !is_directory_id(id) {
            faults.add(&place, "a rule has an @id of 1 to 40 characters of a-z, 0-9 and hyphen");
        } else if !seen.insert(id.to_owned()) {
            faults.add(&place, "this id is given twice");
        } else {
            for rule in literal::faults(policy, vocabulary) {
                faults.add(&place, rule);
            }
            match scoped(agency, id, policy) {
                Ok(rule) => rules.push(rule),
                Err(rule) => faults.add(&place, rule),
            }
        }
    }
    rules
}

/// The rule under the agency's scope.
fn scoped(agency: &str, id: &str, policy: &Policy) -> Result<Rule, &'static str> {
    const UNREADABLE: &str = "the rule cannot be read";
    let scope = format!(
        "forbid (principal, action, resource) when {{ action in Action::\"disclosure\" && \
         (principal in Agency::\"{agency}\" || context.sender == \"{agency}\") }};"
    );
    let scope = Policy::parse(None, scope).map_err(|_| UNREADABLE)?;
    let mut conditions = conditions(&scope.to_json().map_err(|_| UNREADABLE)?);
    let mut json = policy.to_json().map_err(|_| UNREADABLE)?;
    conditions.extend(self::conditions(&json));
    let holder = json.as_object_mut().ok_or(UNREADABLE)?;
    holder.insert("conditions".into(), Value::Array(conditions));
    let id = format!("agency/{agency}/{id}");
    let policy = Policy::from_json(Some(PolicyId::new(&id)), json).map_err(|_| UNREADABLE)?;
    Rule::new(Arc::from(id), policy)
}

fn conditions(policy: &Value) -> Vec<Value> {
    policy.get("conditions").and_then(Value::as_array).cloned().unwrap_or_default()
}
