//! Who stands on a list twice.
//!
//! Owns: what makes two rows contradict each other. Promises: of two rows that name one number for
//! one list, or one number for what look like two people, both are told and neither is sent:
//! which of them is meant only the co-ordinator knows. Somebody may stand on two lists, on a row
//! each. Deliberately does not know: links between numbers of different registers.

use std::collections::BTreeMap;

use super::column::{Column, Headings, plain};
use super::fault::{FlagFault, FlagRule, Place};
use super::nominal::Nominal;

/// The faults of rows that name the same number; each row is told of one other.
pub(super) fn faults(read: &[Nominal], headings: &Headings) -> Vec<FlagFault> {
    let mut faults = Vec::new();
    for (position, column) in Column::IDENTIFIERS.into_iter().enumerate() {
        let mut holders: BTreeMap<&str, Vec<&Nominal>> = BTreeMap::new();
        for nominal in read {
            let number = nominal.identifiers.get(position).filter(|number| !number.is_empty());
            if let Some(number) = number {
                holders.entry(number).or_default().push(nominal);
            }
        }
        for rows in holders.values().filter(|rows| rows.len() > 1) {
            let told = rows.iter().filter_map(|one| Some((one.row, rule(one, rows)?)));
            faults.extend(told.map(|(row, rule)| FlagFault {
                row,
                place: headings.places.get(&column).copied().map(Place),
                column: column.name(),
                rule,
            }));
        }
    }
    faults
}

/// What is wrong with a row, given all rows that name the same number.
fn rule(one: &Nominal, rows: &[&Nominal]) -> Option<FlagRule> {
    let others = || rows.iter().filter(|other| other.row != one.row);
    // Of a row whose list could not be read it is not known that the lists differ.
    let same_list = |other: &&&Nominal| match (one.list, other.list) {
        (Some(list), Some(of_other)) => list == of_other,
        (None, _) | (_, None) => true,
    };
    let repeated = others().find(same_list).map(|other| FlagRule::Repeated { row: other.row });
    repeated.or_else(|| {
        let other = others().find(|other| are_two_people(one, other))?;
        Some(FlagRule::OtherPerson { row: other.row })
    })
}

/// Whether two rows differ in something that one person has only one of.
fn are_two_people(one: &Nominal, other: &Nominal) -> bool {
    let differ = |one: &str, other: &str| !one.is_empty() && !other.is_empty() && one != other;
    differ(&plain(&one.name), &plain(&other.name))
        || differ(&one.birth_date, &other.birth_date)
        || one.identifiers.iter().zip(&other.identifiers).any(|(one, other)| differ(one, other))
}
