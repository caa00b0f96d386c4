//! One agreement: a TOML file in, its dates and permits out.
//!
//! Promises that all faults of a file are found at once, that unknown keys and words are
//! faults, and that a list which is empty, or missing where one is needed, is a fault: it
//! would read as everything to one person and as nothing to another.

mod checks;

mod compile;

mod conditions;

mod reader;

mod rows;

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::exchange::v1::{
    Field, FlagKind, Gateway, HandlingCondition, LawfulBasis, Purpose, SubjectCategory,
};

use super::bundle::{Faults, Term};
use super::rule::Rule;
use super::words::Vocabulary;
use crate::directory::document::is_directory_id;
use crate::directory::{AgencyKind, Directory, Function, MessageKind};
use conditions::Asked;
use reader::{MISSING, Reader};
use rows::Document;

/// What every permit of an agreement shares: why, by what power, and between whom.
struct Shared {
    purposes: Vec<Purpose>,
    gateways: Vec<(Gateway, Vec<LawfulBasis>)>,
    parties: Vec<Party>,
}

/// One party.
struct Party {
    agency: Arc<str>,
    kind: AgencyKind,
    has_basis: bool,
    has_conditions: bool,
}

/// One permit, its words read.
struct Terms {
    id: String,
    kinds: Vec<MessageKind>,
    from_kinds: Option<Vec<AgencyKind>>,
    from_agencies: Option<Vec<String>>,
    to_kinds: Vec<AgencyKind>,
    to_functions: Vec<Function>,
    to_agencies: Option<Vec<String>>,
    to_attributes: Vec<String>,
    categories: Vec<SubjectCategory>,
    stake: Vec<&'static str>,
    flags_any: Option<Vec<FlagKind>>,
    unflagged_only: bool,
    under_18: bool,
    of_kinds: Vec<Asked>,
    mappa_categories: Option<Vec<u32>>,
    mappa_levels: Option<Vec<u32>>,
    reveal: Vec<Field>,
    withhold: Vec<Field>,
    mask: Vec<Field>,
    handling: Vec<HandlingCondition>,
    act_by_hours: Option<u32>,
    delete_by_days: Option<u32>,
    when: Option<String>,
}

impl Terms {
    /// Whether a party may be a sender under this permit.
    fn is_sender(&self, party: &Party) -> bool {
        self.from_kinds.as_ref().is_none_or(|kinds| kinds.contains(&party.kind))
            && names(self.from_agencies.as_ref(), party)
    }

    /// Whether a party may be a recipient under this permit.
    fn is_recipient(&self, party: &Party) -> bool {
        self.to_kinds.contains(&party.kind) && names(self.to_agencies.as_ref(), party)
    }
}

fn names(agencies: Option<&Vec<String>>, party: &Party) -> bool {
    agencies.is_none_or(|agencies| agencies.iter().any(|agency| **agency == *party.agency))
}

/// Reads one agreement. `None` where it cannot be read at all; otherwise what is faulty is
/// added to `faults` and left out.
pub(super) fn read(
    path: &str,
    text: &str,
    directory: &Directory,
    vocabulary: &Vocabulary,
    faults: &mut Faults,
) -> Option<(Term, Vec<Rule>)> {
    let document: Document = match toml::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            faults.add(path, error.to_string());
            return None;
        }
    };
    let mut reader = Reader::new(path, vocabulary, faults);
    let term = reader.term(&document);
    let shared = reader.shared(&document, directory);
    let mut seen = BTreeSet::new();
    let mut rules = Vec::new();
    if document.permit.is_empty() {
        reader.fault("permit", MISSING);
    }
    for (position, row) in document.permit.iter().enumerate() {
        let place = format!("permit[{position}]");
        let permit = reader.permit(&place, row);
        if !is_directory_id(&permit.id) {
            reader.fault(
                &format!("{place}.id"),
                "an id is 1 to 40 characters of a-z, 0-9 and hyphen",
            );
        } else if !seen.insert(permit.id.clone()) {
            reader.fault(&format!("{place}.id"), "this id is given twice");
        }
        checks::permit(&mut reader, &place, &permit, &shared, directory);
        match compile::permit(&term.id, &permit, &shared) {
            Ok(permits) => rules.extend(permits),
            // What stops it is among the faults already, but for a fault of ours.
            Err(rule) => reader.fault(&place, rule),
        }
    }
    Some((term, rules))
}
