//! The joint release plan and the actions of one person, out of what a desk was given.
//!
//! Owns: which messages belong into a plan, and how what was said later of one is put beside it.
//! Promises: nothing stands in a plan that does not stand in full in the same pack.
//! Deliberately does not know: what other desks were given: their part of a plan is in their pack.

use super::entry::{Entry, said_of};
use super::words;
use crate::cli::output::word;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use proto::exchange::v1::{Attestation, Field};
use time::OffsetDateTime;

/// Headings of the plan.
pub(super) const RELEASE: &[&str] = &["No.", "When", "What", "Who", "Status"];
/// Headings of the actions.
pub(super) const ACTIONS: &[&str] = &["No.", "Due", "Pathway", "What", "Owner", "Outcome"];

/// Fields that say what holds once somebody is out.
const PLANNED: [Field; 7] = [
    Field::Plan,
    Field::LicenceConditionCode,
    Field::LicenceConditionText,
    Field::HousingNeed,
    Field::TreatmentNeed,
    Field::Employment,
    Field::ResponsibleOfficer,
];

/// Rows of the plan: custody, placements, hearings, and what is said of licence and plan, by date.
pub(super) fn release(entries: &[Entry]) -> Vec<Vec<String>> {
    let mut rows: Vec<(Option<String>, Vec<String>)> = Vec::new();
    for (entry, number) in entries.iter().zip(1..) {
        let Some(message) = &entry.message else { continue };
        let Some(kind) = message.kind.as_ref().filter(|kind| belongs(kind)) else { continue };
        if message.notice_only {
            continue;
        }
        let (key, when) = when(kind);
        let status = status(entry, entries);
        let row = |key: Option<String>, when: String, what: String, status: String| {
            (key, vec![numbered(number), when, what, sender(message), status])
        };
        rows.push(row(key.clone(), when.clone(), entry.headline.clone(), status));
        for statement in &message.statements {
            if PLANNED.contains(&statement.field()) {
                let said = said_of(statement, &message.subjects);
                rows.push(row(key.clone(), when.clone(), said, String::new()));
            }
        }
        for (day, what) in ends(kind) {
            rows.push(row(Some(day.clone()), words::written_day(&day), what, String::new()));
        }
    }
    // What has no day comes last; a stable order keeps what belongs together.
    rows.sort_by(|(one, _), (other, _)| (one.is_none(), one).cmp(&(other.is_none(), other)));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Rows of the actions, soonest first.
pub(super) fn actions(entries: &[Entry]) -> Vec<Vec<String>> {
    let mut rows: Vec<(Option<OffsetDateTime>, Vec<String>)> = Vec::new();
    for (entry, number) in entries.iter().zip(1..) {
        let Some(message) = &entry.message else { continue };
        let Some(Kind::Action(action)) = &message.kind else { continue };
        // What is said of an action that the desk holds stands beside it.
        let stands_beside = entries
            .iter()
            .any(|other| !entry.settles.is_empty() && other.reference == entry.settles);
        if stands_beside {
            continue;
        }
        let due = words::moment(message.act_by.as_ref());
        let said = message.statements.iter().map(|one| said_of(one, &message.subjects));
        let said: Vec<String> = said.collect();
        let owner = action
            .owner
            .as_ref()
            .map_or_else(|| sender(message), |owner| format!("{}/{}", owner.agency, owner.desk));
        let pathway = match action.pathway() {
            wire::Pathway::Unspecified => "not shown to this desk".to_owned(),
            pathway => words::capital(&word::<wire::Pathway>(pathway.into())),
        };
        let own = words::plain(&word::<wire::ActionStep>(action.step));
        let outcome = match (status(entry, entries), action.step()) {
            (later, wire::ActionStep::Set) if later.is_empty() => "not told yet".to_owned(),
            (later, wire::ActionStep::Set) => later,
            (later, _) if later.is_empty() => own,
            (later, _) => format!("{own}; {later}"),
        };
        let row = vec![
            numbered(number),
            due.map(words::london).unwrap_or_default(),
            pathway,
            said.join(" "),
            owner,
            outcome,
        ];
        rows.push((due, row));
    }
    rows.sort_by_key(|(due, _)| (due.is_none(), *due));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn numbered(number: usize) -> String {
    number.to_string()
}

fn belongs(kind: &Kind) -> bool {
    match kind {
        Kind::Custody(_) | Kind::Placement(_) | Kind::Court(_) | Kind::Referral(_) => true,
        Kind::Intelligence(_)
        | Kind::Mappa(_)
        | Kind::Flag(_)
        | Kind::Correction(_)
        | Kind::Task(_)
        | Kind::DrugTest(_)
        | Kind::Enforcement(_)
        | Kind::Action(_)
        | Kind::Request(_)
        | Kind::Response(_) => false,
    }
}

/// Until when somebody who is released stays bound by the sentence: each day, and what ends then.
fn ends(kind: &Kind) -> Vec<(String, String)> {
    let Kind::Custody(custody) = kind else { return Vec::new() };
    let Some(dates) = &custody.dates else { return Vec::new() };
    let days = [
        (&dates.curfew_ends_on, "Home detention curfew ends"),
        (&dates.licence_ends_on, "Licence ends"),
        (&dates.sentence_ends_on, "Sentence ends"),
        (&dates.supervision_ends_on, "Post-sentence supervision ends"),
    ];
    let given = days.into_iter().filter(|(day, _)| !day.is_empty());
    given.map(|(day, what)| (day.clone(), what.to_owned())).collect()
}

/// By what a row is put in order, and the date it shows.
fn when(kind: &Kind) -> (Option<String>, String) {
    let at = |stamp: Option<&prost_types::Timestamp>| match words::moment(stamp) {
        Some(moment) => (Some(words::british_day(moment).to_string()), words::london(moment)),
        None => (None, String::new()),
    };
    match kind {
        Kind::Custody(custody) => at(custody.occurred_at.as_ref()),
        Kind::Court(court) => at(court.hearing_at.as_ref()),
        Kind::Placement(placement) if !placement.starts_on.is_empty() => {
            let ends = Some(&placement.ends_on).filter(|day| !day.is_empty());
            let ends = ends.map(|day| format!(" to {}", words::written_day(day)));
            let from = words::written_day(&placement.starts_on);
            (Some(placement.starts_on.clone()), format!("{from}{}", ends.unwrap_or_default()))
        }
        _other => (None, String::new()),
    }
}

fn sender(message: &wire::ReleasedMessage) -> String {
    match message.sending_desk.as_str() {
        "" => message.sending_agency.clone(),
        desk => format!("{}/{desk}", message.sending_agency),
    }
}

/// What came of an item: what was said later of it, and what the desk itself owes or did.
fn status(entry: &Entry, entries: &[Entry]) -> String {
    let later = entries
        .iter()
        .rev()
        .filter(|other| !entry.reference.is_empty() && other.settles == entry.reference);
    let later = later.filter_map(|other| {
        let told = other.given_at.map(words::london).unwrap_or_default();
        let message = other.message.as_ref()?;
        let said = message.statements.iter().map(|one| said_of(one, &message.subjects));
        let said: Vec<String> = said.collect();
        let what = match &message.kind {
            Some(Kind::Action(action)) => words::plain(&word::<wire::ActionStep>(action.step)),
            Some(_) | None => other.headline.clone(),
        };
        Some(
            [format!("{what} (told {told})")].into_iter().chain(said).collect::<Vec<_>>().join(" "),
        )
    });
    let own = entry.owed(Attestation::Acted).map(|(due, overdue)| {
        let passed = if overdue { " OVERDUE" } else { "" };
        format!("this desk is to act by {}{passed}", words::london(due))
    });
    later.chain(own).collect::<Vec<_>>().join("; ")
}
