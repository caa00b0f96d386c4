//! The shipped agreements, with one rule of one of them broken or widened.
//!
//! Owns what may be done to an agreement: a permit taken out, a word of a list taken out or put in,
//! a condition taken out or turned round, a power swapped for another, a time left out or made longer. Promises one change at a time,
//! and that nothing else of the agreement is touched. Deliberately does not know who sees it.

use std::collections::BTreeSet;
use std::fmt;

use broker::directory::{AgencyKind, Directory, Function, MessageKind};
use toml::{Table, Value};

use crate::cases;

/// One agreement, as it is shipped.
pub struct Agreement {
    /// Path in the bundle.
    pub path: String,
    /// What stands in it.
    pub table: Table,
}

/// One change to one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is taken out.
    Gone,
    /// A word of a list is taken out.
    Without(&'static str, String),
    /// A word is put into a list.
    With(&'static str, String),
    /// A condition is taken out.
    Unasked(&'static str),
    /// A condition is turned round, or stands where there was none.
    Turned(&'static str),
    /// A time by which something is owed is twice as long.
    Later(&'static str),
    /// One power stands in place of another.
    Swapped(String, String),
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => write!(out, "gone"),
            Self::Without(key, word) => write!(out, "{key} without {word}"),
            Self::With(key, word) => write!(out, "{key} with {word}"),
            Self::Unasked(key) => write!(out, "{key} not asked"),
            Self::Turned(key) => write!(out, "{key} turned round"),
            Self::Later(key) => write!(out, "{key} twice as long"),
            Self::Swapped(one, other) => write!(out, "{other} in place of {one}"),
        }
    }
}

/// One rule, broken in one place.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Place of its agreement.
    pub agreement: usize,
    /// Place of its permit; `None`: the power of the whole agreement.
    pub permit: Option<usize>,
    /// Its public name.
    pub rule: String,
    /// What is done to it.
    pub change: Change,
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.rule, self.change)
    }
}

/// Lists of words that narrow a permit: each word more widens it.
const NARROWING: &[&str] = &[
    "kinds",
    "from.kinds",
    "to.kinds",
    "to.functions",
    "categories",
    "stake",
    "custody_events",
    "tasks",
    "drug_test_uses",
    "enforcement_steps",
    "pathways",
    "placement_sorts",
    "court_steps",
];
/// Conditions that can be left out.
const CONDITIONS: &[&str] = &[
    "flags_any",
    "unflagged_only",
    "when",
    "to.attributes",
    "to.agencies",
    "custody_events",
    "custody_certainties",
    "tasks",
    "drug_test_uses",
    "enforcement_steps",
    "pathways",
    "placement_sorts",
    "placement_steps",
    "referral_steps",
    "court_steps",
    "handling",
    "act_by_hours",
    "delete_by_days",
];
/// Times by which something is owed.
const TIMES: &[&str] = &["act_by_hours", "delete_by_days"];
/// What every agreement has reason to keep back, beside what it says it does.
const KEPT_BACK: &[&str] = &[
    "narrative",
    "risk",
    "child_concern",
    "health",
    "treatment_need",
    "spent_conviction",
    "licence_condition_text",
];

impl Agreement {
    fn id(&self) -> &str {
        self.table.get("id").and_then(Value::as_str).unwrap()
    }

    /// Its permits.
    pub fn permits(&self) -> &[Value] {
        self.table.get("permit").and_then(Value::as_array).unwrap()
    }

    fn gateways(&self) -> Vec<String> {
        let rows = self.table.get("gateways").and_then(Value::as_array).unwrap();
        rows.iter().map(|row| row.get("gateway").unwrap().as_str().unwrap().to_owned()).collect()
    }
}

/// Every change to every rule of these agreements.
pub fn each(agreements: &[Agreement]) -> Vec<Broken> {
    let mut all = Vec::new();
    for (place, agreement) in agreements.iter().enumerate() {
        let id = agreement.id();
        for one in agreement.gateways() {
            for other in cases::gateways().into_iter().filter(|other| *other != one) {
                let change = Change::Swapped(one.clone(), other.to_owned());
                all.push(Broken { agreement: place, permit: None, rule: id.to_owned(), change });
            }
        }
        for (position, permit) in agreement.permits().iter().enumerate() {
            let rule = format!("{id}/{}", permit.get("id").unwrap().as_str().unwrap());
            all.extend(changes(permit).into_iter().map(|change| Broken {
                agreement: place,
                permit: Some(position),
                rule: rule.clone(),
                change,
            }));
        }
    }
    all
}

fn changes(permit: &Value) -> BTreeSet<Change> {
    let mut all = BTreeSet::from([Change::Gone, Change::Turned("under_18")]);
    for key in NARROWING {
        let Some(words) = list(permit, key) else { continue };
        for word in vocabulary(key) {
            all.insert(if !words.contains(&word) {
                Change::With(key, word)
            } else if words.len() > 1 {
                Change::Without(key, word)
            } else {
                continue;
            });
        }
    }
    for key in CONDITIONS.iter().filter(|key| at(permit, key).is_some()) {
        all.insert(Change::Unasked(key));
    }
    if at(permit, "when").is_some() {
        all.insert(Change::Turned("when"));
    }
    all.extend(TIMES.iter().filter(|key| at(permit, key).is_some()).map(|key| Change::Later(key)));
    for key in ["withhold", "mask", "handling"] {
        let words = list(permit, key).unwrap_or_default();
        all.extend(words.into_iter().map(|word| Change::Without(key, word)));
    }
    let revealed = list(permit, "reveal").unwrap_or_default();
    let withheld = list(permit, "withhold").unwrap_or_default();
    for field in KEPT_BACK {
        if revealed.iter().any(|one| one == field) {
            all.insert(Change::Without("reveal", (*field).to_owned()));
        } else if !withheld.iter().any(|one| one == field) {
            all.insert(Change::With("reveal", (*field).to_owned()));
        }
    }
    all
}

/// The words a list can hold, as far as the matrix speaks of them.
fn vocabulary(key: &str) -> Vec<String> {
    let owned = |words: Vec<&'static str>| words.into_iter().map(str::to_owned).collect();
    match key {
        "kinds" => MessageKind::ALL.iter().map(|kind| kind.name().to_owned()).collect(),
        "from.kinds" | "to.kinds" => {
            AgencyKind::ALL.iter().map(|kind| kind.name().to_owned()).collect()
        }
        "to.functions" => Function::ALL.iter().map(|one| one.name().to_owned()).collect(),
        "categories" => owned(cases::vocabulary_of(3)),
        "stake" => owned(cases::vocabulary_of(6)),
        "custody_events" => cases::details("custody"),
        "tasks" => cases::details("task"),
        "drug_test_uses" => cases::details("drug_test"),
        "enforcement_steps" => cases::details("enforcement"),
        "pathways" => cases::details("action"),
        "placement_sorts" => cases::details("placement"),
        "court_steps" => cases::details("court"),
        _ => panic!("{key} has no words of the table"),
    }
}

fn at<'a>(permit: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(permit, |value, step| value.get(step))
}

/// The words of a list, if it is there.
pub fn list(permit: &Value, key: &str) -> Option<Vec<String>> {
    let words = at(permit, key)?.as_array()?.iter();
    Some(words.map(|word| word.as_str().unwrap_or_default().to_owned()).collect())
}

/// The agreement with this change, and nothing else of it touched.
pub fn apply(agreement: &Agreement, broken: &Broken, directory: &Directory) -> Table {
    let mut table = agreement.table.clone();
    if let Change::Swapped(one, other) = &broken.change {
        swap(&mut table, one, other);
        return table;
    }
    let place = broken.permit.unwrap();
    let permits = table.get_mut("permit").and_then(Value::as_array_mut).unwrap();
    if broken.change == Change::Gone {
        permits.remove(place);
        return table;
    }
    let permit = &mut permits[place];
    match &broken.change {
        Change::With(key @ ("from.kinds" | "to.kinds"), kind) => {
            words_mut(permit, key).push(Value::from(kind.as_str()));
            agree_with(&mut table, kind, directory);
        }
        Change::Without(key, word) => {
            words_mut(permit, key).retain(|one| one.as_str() != Some(word))
        }
        Change::With(key, word) => words_mut(permit, key).push(Value::from(word.as_str())),
        Change::Unasked(key) => {
            let (within, last) =
                key.rsplit_once('.').map_or(("", *key), |(head, last)| (head, last));
            let owner = if within.is_empty() { permit } else { &mut permit[within] };
            owner.as_table_mut().unwrap().remove(last);
        }
        Change::Turned("under_18") => {
            let now = permit.get("under_18").and_then(Value::as_bool).unwrap_or_default();
            permit.as_table_mut().unwrap().insert("under_18".into(), (!now).into());
        }
        Change::Turned(key) => {
            let text = permit[*key].as_str().unwrap().to_owned();
            permit[*key] = format!("!({text})").into();
        }
        Change::Later(key) => {
            let now = permit[*key].as_integer().unwrap();
            permit[*key] = (2 * now).into();
        }
        Change::Gone | Change::Swapped(..) => unreachable!("made above"),
    }
    table
}

/// The words of a list; one that was not there is made.
fn words_mut<'a>(permit: &'a mut Value, key: &str) -> &'a mut Vec<Value> {
    let (within, last) = key.rsplit_once('.').map_or(("", key), |(head, last)| (head, last));
    let owner = if within.is_empty() { permit } else { &mut permit[within] };
    let entry = owner.as_table_mut().unwrap().entry(last);
    entry.or_insert_with(|| Value::Array(Vec::new())).as_array_mut().unwrap()
}

/// Makes somebody of a kind a party, if nobody is.
fn agree_with(table: &mut Table, kind: &str, directory: &Directory) {
    let Some((agency, part3)) = cases::agency_of(kind) else { return };
    let parties = table.get_mut("party").and_then(Value::as_array_mut).unwrap();
    let of = |party: &Value| directory.agency(party["agency"].as_str().unwrap()).unwrap().kind;
    if parties.iter().any(|party| of(party).name() == kind) {
        return;
    }
    let mut party = Table::new();
    party.insert("agency".into(), agency.into());
    party.insert("dpo_contact".into(), "data-protection@party.example".into());
    if !part3 {
        party.insert("recipient_basis".into(), "gdpr_6_1_e".into());
        let conditions = vec![Value::from("art9_g_statutory")];
        party.insert("recipient_conditions".into(), conditions.into());
    }
    parties.push(party.into());
}

fn swap(table: &mut Table, one: &str, other: &str) {
    let purpose = cases::purpose(other);
    let rows = table.get_mut("gateways").and_then(Value::as_array_mut).unwrap();
    for row in rows.iter_mut().filter(|row| row["gateway"].as_str() == Some(one)) {
        row["gateway"] = other.into();
    }
    let purposes = table.get_mut("purposes").and_then(Value::as_array_mut).unwrap();
    if !purposes.iter().any(|known| known.as_str() == Some(purpose)) {
        purposes.push(purpose.into());
    }
}
