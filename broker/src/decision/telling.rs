//! What would still tell of a person who was removed from a view.
//!
//! Promises that a statement which names somebody removed is found, by a word of his name or by an
//! identifier, however either is written.

use std::collections::{BTreeMap, BTreeSet};

use proto::exchange::v1 as wire;
use proto::exchange::v1::Field;

use super::View;
use crate::message::Admitted;

/// The shown statements that still name a person who was removed: by a word of his name or by
/// an identifier.
pub(super) fn of(admitted: &Admitted, view: &View) -> BTreeMap<usize, Field> {
    let removed: Vec<&wire::Subject> = admitted
        .message
        .subjects
        .iter()
        .zip(&view.subjects)
        .filter_map(|(subject, verdict)| verdict.is_none().then_some(subject))
        .collect();
    if removed.is_empty() {
        return BTreeMap::new();
    }
    let kept_words: BTreeSet<String> = admitted
        .message
        .subjects
        .iter()
        .zip(&view.subjects)
        .filter(|(_, verdict)| verdict.is_some())
        .flat_map(|(subject, _)| words(&subject.name))
        .collect();
    let names: BTreeSet<String> = removed
        .iter()
        .flat_map(|subject| {
            // A surname that a person who stays shares tells nothing of the one removed.
            words(&subject.name).into_iter().filter(|w| w.len() > 2 && !kept_words.contains(w))
        })
        .collect();
    let identifiers: Vec<String> = removed
        .iter()
        .flat_map(|subject| subject.identifiers.iter().map(|i| plain(&i.value)))
        .collect();
    let names_one = |text: &str| {
        let joined = plain(text);
        words(text).iter().any(|word| names.contains(word))
            || identifiers.iter().any(|identifier| joined.contains(identifier))
    };
    let shown = view.statements(&admitted.message);
    shown
        .filter(|(_, statement)| names_one(&statement.text))
        .map(|(place, statement)| (place, statement.field()))
        .collect()
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
