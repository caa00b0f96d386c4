//! What the columns of a co-ordinator's list can mean, and where they stand.
//!
//! Owns: the meanings, how headings are compared, and which headings make a list unreadable.
//! Promises: every fault of the headings is told at once, by place and never by its text: where a
//! list has no headings, its first row is somebody's. Deliberately does not know: what cells hold.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::{FlagListError, HeadingFault, Place};
use super::mapping::FlagListMapping;
use super::table::{Cell, Table};

/// A meaning of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Name,
    BirthDate,
    Pnc,
    Cro,
    Noms,
    Crn,
    LimitedAccess,
    List,
    Cohort,
    Rating,
    ReviewDate,
    PanelDate,
    PanelDecisionId,
    Area,
    Owner,
}

impl Column {
    /// Every one, in the order in which documents name them.
    pub(super) const ALL: [Self; 15] = [
        Self::Name,
        Self::BirthDate,
        Self::Pnc,
        Self::Cro,
        Self::Noms,
        Self::Crn,
        Self::LimitedAccess,
        Self::List,
        Self::Cohort,
        Self::Rating,
        Self::ReviewDate,
        Self::PanelDate,
        Self::PanelDecisionId,
        Self::Area,
        Self::Owner,
    ];
    /// Those of which a row must have one.
    pub(super) const IDENTIFIERS: [Self; 4] = [Self::Pnc, Self::Cro, Self::Noms, Self::Crn];

    /// Its name in a mapping and in faults.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::BirthDate => "birth_date",
            Self::Pnc => "pnc",
            Self::Cro => "cro",
            Self::Noms => "noms",
            Self::Crn => "crn",
            Self::LimitedAccess => "limited_access",
            Self::List => "list",
            Self::Cohort => "cohort",
            Self::Rating => "rating",
            Self::ReviewDate => "review_date",
            Self::PanelDate => "panel_date",
            Self::PanelDecisionId => "panel_decision_id",
            Self::Area => "area",
            Self::Owner => "owner",
        }
    }

    /// The one of this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }
}

/// A heading or a word of a list as it is compared: case and the breaking of lines say nothing.
pub(super) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Where the columns of a list stand.
pub(super) struct Headings {
    /// Each meaning's column, from 0.
    pub(super) places: BTreeMap<Column, u32>,
    /// The columns that have a heading, those that are passed over among them.
    pub(super) headed: BTreeSet<u32>,
}

/// Finds the columns that a mapping names.
///
/// Refuses: `NoHeadings`, `Headings` with every fault.
pub(super) fn headings(
    table: &Table,
    mapping: &FlagListMapping,
) -> Result<Headings, FlagListError> {
    let row = mapping.heading_row;
    let cells = table.get(&row).ok_or(FlagListError::NoHeadings { row })?;
    let mut faults = Vec::new();
    let (mut places, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for (column, cell) in cells {
        let place = Place(*column);
        let Cell::Text(text) = cell else {
            faults.push(HeadingFault::NotText { place });
            continue;
        };
        let heading = plain(text);
        let meaning = mapping.columns.iter().find(|(_, named)| **named == heading);
        match meaning {
            Some((meaning, _)) => {
                places.entry(*meaning).or_insert(*column);
            }
            None if mapping.passed_over.contains(&heading) => {}
            None => faults.push(HeadingFault::Unknown { place }),
        }
        if !seen.insert(heading) {
            faults.push(HeadingFault::Repeated { place });
        }
    }
    let missing = mapping.columns.keys().filter(|column| !places.contains_key(column));
    faults.extend(missing.map(|column| HeadingFault::Missing { column: column.name() }));
    if faults.is_empty() {
        Ok(Headings { places, headed: cells.keys().copied().collect() })
    } else {
        Err(FlagListError::Headings(faults))
    }
}
