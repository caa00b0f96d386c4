//! A permit of an agreement as Cedar: one policy for each kind of recipient, same public id.
//!
//! The head names the kind of recipient and the kinds of message, so that a slice can leave
//! it out. Who takes part is asked first: a condition that cannot be evaluated harms only
//! those it was agreed between. Every word written here was read from an enum or is a
//! directory id, so none needs quoting.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use cedar_policy::{Policy, PolicyId};
use proto::text::Named as _;

use super::{Party, Shared, Terms};
use crate::directory::AgencyKind;
use crate::policy::rule::Rule;
use crate::policy::words::Word;

/// Compiles a permit.
///
/// # Errors
/// The rule that stops it. Incomplete terms make no policy and no error: their faults are
/// known by then.
pub(super) fn permit(
    agreement: &str,
    permit: &Terms,
    shared: &Shared,
) -> Result<Vec<Rule>, &'static str> {
    let id: Arc<str> = Arc::from(format!("{agreement}/{}", permit.id));
    let senders = agencies(shared.parties.iter().filter(|party| permit.is_sender(party)));
    let required = [
        permit.kinds.is_empty(),
        permit.to_functions.is_empty(),
        permit.categories.is_empty(),
        permit.stake.is_empty(),
        shared.purposes.is_empty(),
        shared.gateways.iter().any(|(_, basis)| basis.is_empty()),
        shared.gateways.is_empty(),
        senders.is_empty(),
        permit.of_kinds.iter().any(|asked| asked.words.is_empty()),
    ];
    let mut rules = Vec::new();
    if required.contains(&true) {
        return Ok(rules);
    }
    for kind in &permit.to_kinds.iter().collect::<BTreeSet<_>>() {
        let recipients: Vec<&Party> = shared
            .parties
            .iter()
            .filter(|party| party.kind == **kind && permit.is_recipient(party))
            .collect();
        if recipients.is_empty() {
            continue;
        }
        let text = text(&id, **kind, permit, shared, &senders, &recipients);
        let policy = Policy::parse(Some(PolicyId::new(format!("{id}@{}", kind.name()))), text)
            .map_err(|_| "cannot be written as a rule")?;
        let mut rule = Rule::new(Arc::clone(&id), policy)?;
        rule.recipients = Some(agencies(recipients));
        rules.push(rule);
    }
    Ok(rules)
}

fn agencies<'a>(parties: impl IntoIterator<Item = &'a Party>) -> BTreeSet<Arc<str>> {
    parties.into_iter().map(|party| Arc::clone(&party.agency)).collect()
}

fn text(
    id: &str,
    kind: AgencyKind,
    permit: &Terms,
    shared: &Shared,
    senders: &BTreeSet<Arc<str>>,
    recipients: &[&Party],
) -> String {
    let mut text = annotations(id, permit, recipients);
    let actions: Vec<String> =
        permit.kinds.iter().map(|kind| format!("Action::\"{}\"", kind.name())).collect();
    // Writing into a text cannot fail.
    let _ = writeln!(
        text,
        "permit (principal in Kind::\"{}\", action in [{}], resource)",
        kind.name(),
        actions.join(", ")
    );
    let mut conditions = vec![
        format!("{}.contains(principal.agency)", set(recipients.iter().map(|p| &*p.agency))),
        format!("{}.contains(context.sender)", set(senders)),
        own_basis(recipients),
        any_of(&shared.purposes, "purpose"),
        gateways(shared),
    ];
    conditions.extend(about_people(permit));
    conditions.extend(about_the_kind(permit));
    let _ = write!(text, "when {{ {} }}", conditions.join(" &&\n  "));
    if let Some(when) = &permit.when {
        // The line end keeps a comment at its end from swallowing the bracket.
        let _ = write!(text, "\nwhen {{ {when}\n}}");
    }
    text.push_str(";\n");
    text
}

fn annotations(id: &str, permit: &Terms, recipients: &[&Party]) -> String {
    let mut text = format!("@id(\"{id}\")\n");
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "@{name}(\"{value}\")");
        }
    };
    add("reveal", spaced(&permit.reveal));
    add("withhold", spaced(&permit.withhold));
    add("mask", spaced(&permit.mask));
    add("handling", spaced(&permit.handling));
    add("act_by_hours", permit.act_by_hours.map(|n| n.to_string()).unwrap_or_default());
    add("delete_by_days", permit.delete_by_days.map(|n| n.to_string()).unwrap_or_default());
    let special: Vec<&str> =
        recipients.iter().filter(|p| p.has_conditions).map(|p| &*p.agency).collect();
    add("special_to", special.join(" "));
    text
}

/// A desk outside Part 3 receives only where its agency states a basis of its own.
fn own_basis(recipients: &[&Party]) -> String {
    let with: Vec<&str> =
        recipients.iter().filter(|party| party.has_basis).map(|party| &*party.agency).collect();
    if with.is_empty() {
        "principal.regime == \"part3\"".into()
    } else {
        format!("(principal.regime == \"part3\" || {}.contains(principal.agency))", set(with))
    }
}

/// A power counts only together with a basis that the parties agreed for it.
fn gateways(shared: &Shared) -> String {
    let pairs: Vec<String> = shared
        .gateways
        .iter()
        .map(|(gateway, basis)| {
            format!(
                "(context.gateway == \"{}\" && {})",
                gateway.name(),
                any_of(basis, "lawful_basis")
            )
        })
        .collect();
    format!("({})", pairs.join(" || "))
}

fn about_people(permit: &Terms) -> Vec<String> {
    let mut conditions = vec![
        format!(
            "{}.contains(principal.function)",
            set(permit.to_functions.iter().map(|function| function.name()))
        ),
        any_of(&permit.categories, "category"),
    ];
    let stakes: Vec<String> =
        permit.stake.iter().map(|stake| format!("context.stake_{stake}")).collect();
    conditions.push(format!("({})", stakes.join(" || ")));
    if let Some(kinds) = &permit.from_kinds {
        conditions.push(any_of(kinds, "sender_kind"));
    }
    for attribute in &permit.to_attributes {
        conditions.push(format!("principal.attributes.contains(\"{attribute}\")"));
    }
    if !permit.under_18 {
        conditions.push("!context.under_18".into());
    }
    if let Some(flags) = &permit.flags_any {
        conditions.push(format!(
            "context.flags.containsAny({})",
            set(flags.iter().map(|flag| flag.name()))
        ));
    }
    if permit.unflagged_only {
        conditions.push("context.flags.isEmpty()".into());
    }
    // The platform's forbids on limited access let corrections pass, so that nobody keeps a
    // wrong copy; what an agreement adds to a correction is shown for open records only.
    conditions
        .push("(action != Action::\"correction\" || context.limited_access == \"no\")".into());
    conditions
}

fn about_the_kind(permit: &Terms) -> Vec<String> {
    let mut conditions: Vec<String> = permit
        .of_kinds
        .iter()
        .map(|asked| format!("{}.contains(context.{})", set(&asked.words), asked.fact))
        .collect();
    for (fact, numbers) in
        [("mappa_category", &permit.mappa_categories), ("mappa_level", &permit.mappa_levels)]
    {
        if let Some(numbers) = numbers {
            let written: Vec<String> = numbers.iter().map(u32::to_string).collect();
            conditions.push(format!("[{}].contains(context.{fact})", written.join(", ")));
        }
    }
    conditions
}

fn any_of<T: Word>(values: &[T], fact: &str) -> String {
    format!("{}.contains(context.{fact})", set(values.iter().map(|value| value.word())))
}

fn spaced<T: Word>(values: &[T]) -> String {
    values.iter().map(|value| value.word()).collect::<Vec<_>>().join(" ")
}

fn set<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let quoted: Vec<String> =
        words.into_iter().map(|word| format!("\"{}\"", word.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}
