//! Every text in a condition stands beside the fact it is compared with, and is a word that
//! fact can hold.
//!
//! Works on the syntax tree of a parsed policy. Promises that what it does not understand is
//! a fault: patterns, function calls (times and addresses among them) and texts on their own.

use std::borrow::Cow;

use cedar_policy::{EntityUid, Policy};
use serde_json::Value;

use super::words::Vocabulary;

/// Operators whose operands are conditions or numbers.
const PLAIN: &[&str] = &[
    "&&",
    "||",
    "!",
    "neg",
    "+",
    "-",
    "*",
    "<",
    "<=",
    ">",
    ">=",
    "if-then-else",
    "in",
    "is",
    "isEmpty",
    "Set",
];

const COMPARING: &[&str] = &["==", "!=", "contains", "containsAll", "containsAny"];

/// The faults of one policy's conditions and scope.
pub(super) fn faults(policy: &Policy, vocabulary: &Vocabulary) -> Vec<Cow<'static, str>> {
    let mut found = Vec::new();
    match policy.to_json() {
        Ok(json) => {
            let conditions = json.get("conditions").and_then(Value::as_array);
            for condition in conditions.into_iter().flatten() {
                match condition.get("body") {
                    Some(body) => walk(body, vocabulary, &mut found),
                    None => found.push("a condition cannot be read".into()),
                }
            }
        }
        Err(_) => found.push("the rule cannot be read".into()),
    }
    for entity in policy.entity_literals() {
        if !is_known(&entity, vocabulary) {
            found.push("names an agency, desk or message that is not known".into());
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Kinds and actions are checked by the schema; agencies and desks are the directory's.
fn is_known(entity: &EntityUid, vocabulary: &Vocabulary) -> bool {
    match entity.type_name().basename() {
        "Kind" | "Action" => true,
        "Agency" => vocabulary.has_agency(entity.id().unescaped()),
        "Desk" => vocabulary.has_desk(entity.id().unescaped()),
        _ => false,
    }
}

fn walk(node: &Value, vocabulary: &Vocabulary, found: &mut Vec<Cow<'static, str>>) {
    let Some(node) = node.as_object() else {
        found.push("a condition cannot be read".into());
        return;
    };
    for (operator, body) in node {
        if COMPARING.contains(&operator.as_str()) {
            compare(body, vocabulary, found);
        } else if PLAIN.contains(&operator.as_str()) {
            for operand in operands(body) {
                walk(operand, vocabulary, found);
            }
        } else if operator == "." {
            if let Some(left) = body.get("left") {
                walk(left, vocabulary, found);
            }
        } else if operator == "Value" {
            if body.is_string() || body.is_array() {
                found.push("a text stands beside the fact it is compared with".into());
            }
        } else if operator != "Var" {
            found.push(
                format!("`{operator}` is not for policies: only facts, words and numbers").into(),
            );
        }
    }
}

/// The operands of an operator that compares nothing.
fn operands(body: &Value) -> Vec<&Value> {
    match body {
        Value::Array(items) => items.iter().collect(),
        // `is` carries the name of a type beside its operands.
        Value::Object(parts) => parts
            .iter()
            .filter(|(name, _)| name.as_str() != "entity_type")
            .map(|(_, part)| part)
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn compare(body: &Value, vocabulary: &Vocabulary, found: &mut Vec<Cow<'static, str>>) {
    let (Some(left), Some(right)) = (body.get("left"), body.get("right")) else {
        found.push("a condition cannot be read".into());
        return;
    };
    match (texts(left), texts(right)) {
        (None, None) => {
            walk(left, vocabulary, found);
            walk(right, vocabulary, found);
        }
        (Some(words), None) => known(right, &words, vocabulary, found),
        (None, Some(words)) => known(left, &words, vocabulary, found),
        (Some(_), Some(_)) => {
            found.push("a text stands beside the fact it is compared with".into());
        }
    }
}

/// The words of a text or of a set of texts; `None` for anything else.
fn texts(node: &Value) -> Option<Vec<&str>> {
    if let Some(word) = node.get("Value").and_then(Value::as_str) {
        return Some(vec![word]);
    }
    let members = node.get("Set").or_else(|| node.get("Value"))?.as_array()?;
    members
        .iter()
        .map(|member| member.get("Value").unwrap_or(member).as_str())
        .collect::<Option<Vec<_>>>()
        .filter(|words| !words.is_empty())
}

fn known(
    fact: &Value,
    words: &[&str],
    vocabulary: &Vocabulary,
    found: &mut Vec<Cow<'static, str>>,
) {
    let access = fact.get(".");
    let of = access.and_then(|a| a.get("left")).and_then(|l| l.get("Var")).and_then(Value::as_str);
    let name = access.and_then(|a| a.get("attr")).and_then(Value::as_str);
    let (Some(of), Some(name)) = (of, name) else {
        found.push("a text stands beside the fact it is compared with".into());
        return;
    };
    for word in words {
        let answer = match of {
            "context" => vocabulary.fact_can_be(name, word),
            "principal" => vocabulary.desk_fact_can_be(name, word),
            _ => None,
        };
        if answer != Some(true) {
            found.push(format!("`{name}` is never `{word}`").into());
        }
    }
}
