//! How many are on which list, out of the register's changes in the order of the ledger.
//!
//! Pure. Promises that what counts as coming onto a list and as coming off it is one and the same for
//! every month, so that a caseload is the last one and what moved between. Counts flags: two agencies
//! that each keep a person on a list of theirs count twice, because each knows its own.
//! Deliberately does not know: names, numbers, and what may be shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::exchange::v1::FlagKind;
use time::OffsetDateTime;

use crate::directory::Directory;
use crate::register::{Change, DeskName, Flag};
use crate::seal::Token;

use super::control::Movement;
use super::month::Month;

/// The lists that are reported. Limited access is no list.
pub const LISTS: [FlagKind; 8] = [
    FlagKind::Ppo,
    FlagKind::PreProlific,
    FlagKind::Hcc,
    FlagKind::Hccu,
    FlagKind::HighRiskYouth,
    FlagKind::Iom,
    FlagKind::Mappa,
    FlagKind::Dip,
];

/// One area's list.
pub type List = (Arc<str>, FlagKind);

/// How each list moved in a month, by agency.
pub type Movements = BTreeMap<List, BTreeMap<Arc<str>, Movement>>;

/// How the lists moved in a month, and who knows what of it.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// By the agency that owns the flags.
    pub owned: Movements,
    /// Of these, by the agency that placed them with another: it knows them as well as its own.
    pub placed: Movements,
}

/// The agency for which a flag counts.
type Of = fn(&Flag) -> Option<&Arc<str>>;

/// The one area that a desk's figures belong to: the one it serves, or the smallest that holds all it
/// serves. `None`: there is none, and its figures belong to no report.
///
/// Each desk has one at most, and no figure is summed over areas, so that a report of a wider area says
/// nothing of the narrower ones in it.
#[must_use]
pub fn base_area(directory: &Directory, desk: &DeskName) -> Option<Arc<str>> {
    let desk = directory.desk(directory.desk_index(&desk.agency, &desk.desk)?)?;
    let mut areas = desk.areas.iter();
    let first = enclosing(directory, areas.next()?);
    let others: Vec<Vec<Arc<str>>> = areas.map(|area| enclosing(directory, area)).collect();
    first.into_iter().find(|area| others.iter().all(|other| other.contains(area)))
}

/// An area and those around it, from the inside outwards.
#[must_use]
pub fn enclosing(directory: &Directory, area: &str) -> Vec<Arc<str>> {
    let mut found: Vec<Arc<str>> = Vec::new();
    let mut next = directory.area(area);
    // The directory has no area that stands within itself; were there one, this would end all the same.
    while let Some(area) = next.filter(|area| !found.contains(&area.code)) {
        found.push(Arc::clone(&area.code));
        next = area.within.as_deref().and_then(|within| directory.area(within));
    }
    found
}

/// How the lists moved in a month. `history`: every change of the register there has been, oldest first,
/// each with its time.
#[must_use]
pub fn movements(
    history: &[(OffsetDateTime, Change)],
    directory: &Directory,
    month: Month,
) -> Moved {
    let placed_by: Of = |flag| (flag.by != flag.owner.agency).then_some(&flag.by);
    let moved = |of: Of| moved(history, directory, month, of);
    Moved { owned: moved(|flag| Some(&flag.owner.agency)), placed: moved(placed_by) }
}

fn moved(
    history: &[(OffsetDateTime, Change)],
    directory: &Directory,
    month: Month,
    of: Of,
) -> Movements {
    let (mut standing, mut moved) = (Vec::new(), Movements::new());
    let mut has_begun = false;
    for (at, change) in history {
        if *at >= month.end() {
            break;
        }
        if !has_begun && *at >= month.start() {
            open(&standing, directory, of, &mut moved);
            has_begun = true;
        }
        let before = count(&standing, directory, of, change);
        apply(&mut standing, change);
        let after = count(&standing, directory, of, change);
        if has_begun {
            differ(&before, &after, &mut moved);
        }
    }
    if !has_begun {
        open(&standing, directory, of, &mut moved);
    }
    moved
}

/// Flags of one kind in an area, by agency.
type Counts = BTreeMap<(List, Arc<str>), u64>;

fn open(standing: &[Flag], directory: &Directory, of: Of, moved: &mut Movements) {
    for (key, flags) in counted(standing.iter(), directory, of) {
        let (list, agency) = key;
        moved.entry(list).or_default().entry(agency).or_default().opening = flags;
    }
}

/// Flags that a change may touch.
fn count(standing: &[Flag], directory: &Directory, of: Of, change: &Change) -> Counts {
    let Some((kind, tokens, _)) = of_list(change) else { return Counts::new() };
    let is_touched = |flag: &&Flag| flag.kind == kind && shares(flag, tokens);
    counted(standing.iter().filter(is_touched), directory, of)
}

fn counted<'a>(flags: impl Iterator<Item = &'a Flag>, directory: &Directory, of: Of) -> Counts {
    let mut counts = Counts::new();
    for flag in flags {
        let Some(list) = LISTS.into_iter().find(|list| *list as i32 == flag.kind) else { continue };
        let Some(area) = base_area(directory, &flag.owner) else { continue };
        let Some(agency) = of(flag) else { continue };
        *counts.entry(((area, list), Arc::clone(agency))).or_default() += 1;
    }
    counts
}

fn differ(before: &Counts, after: &Counts, moved: &mut Movements) {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
    for key in keys {
        let at = |counts: &Counts| counts.get(&key).copied().unwrap_or(0);
        let (was, is) = (at(before), at(after));
        let (list, agency) = key;
        let movement = moved.entry(list).or_default().entry(agency).or_default();
        movement.selected += is.saturating_sub(was);
        movement.deselected += was.saturating_sub(is);
    }
}

/// The kind, the person and the agency of a change of a list.
fn of_list(change: &Change) -> Option<(i32, &[Token], &str)> {
    match change {
        Change::Flag(flag) => Some((flag.kind, &flag.tokens, &flag.by)),
        Change::FlagRemoved { kind, tokens, by } => Some((*kind, tokens, by)),
        Change::Link(_)
        | Change::LinkWithdrawn { .. }
        | Change::Interest(_)
        | Change::InterestApproved { .. }
        | Change::Limited(_)
        | Change::LimitedLifted { .. }
        | Change::LimitedTakenBack { .. }
        | Change::Roles(_)
        | Change::RolesRestated { .. }
        | Change::RolesTakenBack { .. }
        | Change::Custody(_)
        | Change::CustodyTakenBack { .. }
        | Change::RuledOut(_) => None,
    }
}

fn shares(flag: &Flag, tokens: &[Token]) -> bool {
    flag.tokens.iter().any(|token| tokens.contains(token))
}

/// As the register itself does it: an agency's flag replaces its own flag of the kind on the person, and
/// what is only proposed stands on no list.
fn apply(standing: &mut Vec<Flag>, change: &Change) {
    let Some((kind, tokens, by)) = of_list(change) else { return };
    standing.retain(|flag| flag.kind != kind || *flag.owner.agency != *by || !shares(flag, tokens));
    if let Change::Flag(flag) = change
        && !flag.is_proposal()
    {
        standing.push(flag.clone());
    }
}

#[cfg(test)]
pub(super) mod tests;
