//! Programmes as operators write them, checked row by row.
//!
//! Promises that each fault is reported by path and rule, and that a row which would break what
//! a theme stands for is one: community mediation knows no guilt, and nobody beside the
//! participant ever makes anybody a recipient.

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::blank::is_blank;
use proto::exchange::v1::{Field, PartyRole, SubjectCategory};
use proto::limits::NAME_CHARACTERS_MAX;
use proto::text::Named;
use serde::Deserialize;

use super::{AgeBand, ConsentRule, Part, Programme, Provider, Theme};
use crate::directory::document::Faults;
use crate::directory::{Directory, MessageKind};

/// Oldest age that a band may name, years.
const AGE_YEARS_MAX: u16 = 120;
/// Levels of restorative justice.
const LEVELS: core::ops::RangeInclusive<u32> = 1..=3;

/// All that a mediator may be told of a neighbour. Whatever speaks of an offence, a list or a
/// sentence is left out: mediation decides no guilt, no punishment and no money.
const MEDIATION_FIELDS: [Field; 5] = [
    Field::SubjectName,
    Field::ReferralProgramme,
    Field::Narrative,
    Field::Address,
    Field::HousingNeed,
];

/// A `[[programme]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgrammeRow {
    id: String,
    name: String,
    theme: Theme,
    provider: String,
    age_from: Option<u16>,
    age_to: Option<u16>,
    areas: BTreeSet<String>,
    consent: ConsentWord,
    rests_on: Option<String>,
    categories: BTreeSet<String>,
    fields: BTreeSet<String>,
    #[serde(default)]
    levels: BTreeSet<u32>,
    #[serde(default)]
    party: Vec<PartyRow>,
}

/// A `[[programme.party]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyRow {
    role: String,
    provider: String,
    categories: BTreeSet<String>,
    fields: BTreeSet<String>,
    #[serde(default)]
    required: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ConsentWord {
    EachParty,
    Participant,
    None,
}

/// Adds the programmes of a document to a directory whose areas and desks are known.
pub(crate) fn add(rows: &[ProgrammeRow], directory: &mut Directory, faults: &mut Faults) {
    for (position, row) in rows.iter().enumerate() {
        let path = format!("programme[{position}]");
        faults.id(format!("{path}.id"), &row.id);
        check_text(&format!("{path}.name"), &row.name, faults);
        for area in &row.areas {
            if directory.area(area).is_none() {
                faults.add(format!("{path}.areas"), "no such area");
            }
        }
        check_ages(&path, row, faults);
        check_levels(&path, row, faults);
        let consent = read_consent(&path, row, faults);
        let participant = Part {
            role: PartyRole::Participant,
            provider: read_provider(&path, &row.provider, directory, faults),
            categories: read_words(
                &format!("{path}.categories"),
                &row.categories,
                CATEGORY,
                faults,
            ),
            fields: read_words(&format!("{path}.fields"), &row.fields, FIELD, faults),
            required: true,
        };
        let parties: Vec<Part> = row
            .party
            .iter()
            .enumerate()
            .map(|(place, party)| {
                read_party(&format!("{path}.party[{place}]"), party, directory, faults)
            })
            .collect();
        check_parts(&path, row.theme, &participant, &parties, faults);
        let programme = Programme {
            id: Arc::from(row.id.as_str()),
            name: row.name.clone(),
            theme: row.theme,
            ages: AgeBand { from: row.age_from, to: row.age_to },
            areas: row.areas.iter().map(|area| Arc::from(area.as_str())).collect(),
            consent,
            levels: row.levels.clone(),
            participant,
            parties,
        };
        if directory.programmes.insert(Arc::clone(&programme.id), programme).is_some() {
            faults.add(format!("{path}.id"), "this id is given twice");
        }
    }
}

/// Names and orders are quoted to whoever refers wrongly.
fn check_text(path: &str, text: &str, faults: &mut Faults) {
    if is_blank(text)
        || text.chars().any(char::is_control)
        || text.chars().count() > NAME_CHARACTERS_MAX
    {
        faults.add(path.into(), "is 1 to 200 characters in one line, not only blanks");
    }
}

fn check_ages(path: &str, row: &ProgrammeRow, faults: &mut Faults) {
    for (name, age) in [("age_from", row.age_from), ("age_to", row.age_to)] {
        if age.is_some_and(|age| age > AGE_YEARS_MAX) {
            faults.add(format!("{path}.{name}"), "an age is at most 120 years");
        }
    }
    if row.age_from.zip(row.age_to).is_some_and(|(from, to)| from > to) {
        faults.add(format!("{path}.age_to"), "must not be below age_from");
    }
}

fn check_levels(path: &str, row: &ProgrammeRow, faults: &mut Faults) {
    let path = format!("{path}.levels");
    if (row.theme == Theme::RestorativeJustice) == row.levels.is_empty() {
        faults.add(path.clone(), "are given for restorative justice, and only for it");
    }
    if row.levels.iter().any(|level| !LEVELS.contains(level)) {
        faults.add(path, "a level is 1, 2 or 3");
    }
}

fn read_consent(path: &str, row: &ProgrammeRow, faults: &mut Faults) -> ConsentRule {
    let stands = format!("{path}.rests_on");
    let rule = match (&row.consent, &row.rests_on) {
        (ConsentWord::None, Some(rests_on)) => {
            check_text(&stands, rests_on, faults);
            ConsentRule::None { rests_on: rests_on.clone() }
        }
        (ConsentWord::None, None) => {
            faults.add(stands, "is required where nobody is asked: the order or statute");
            ConsentRule::None { rests_on: String::new() }
        }
        (ConsentWord::EachParty | ConsentWord::Participant, Some(_)) => {
            faults.add(stands, "is for programmes whose consent is none");
            ConsentRule::EachParty
        }
        (ConsentWord::EachParty, None) => ConsentRule::EachParty,
        (ConsentWord::Participant, None) => ConsentRule::Participant,
    };
    let together = matches!(row.theme, Theme::RestorativeJustice | Theme::CommunityMediation);
    if together && !matches!(row.consent, ConsentWord::EachParty) {
        faults.add(
            format!("{path}.consent"),
            "restorative justice and mediation need the agreement of each party",
        );
    }
    rule
}

fn read_provider(
    path: &str,
    written: &str,
    directory: &Directory,
    faults: &mut Faults,
) -> Provider {
    let path = format!("{path}.provider");
    let (agency, desk) = written.split_once('/').unwrap_or_default();
    match directory.desk_index(agency, desk).and_then(|index| directory.desk(index)) {
        None => faults.add(path, "must be agency/desk of this document"),
        Some(desk) if !desk.kinds.contains(&MessageKind::Referral) => {
            faults.add(path, "must be a desk that takes referrals");
        }
        Some(_) => {}
    }
    Provider { agency: Arc::from(agency), desk: Arc::from(desk) }
}

fn read_party(path: &str, row: &PartyRow, directory: &Directory, faults: &mut Faults) -> Part {
    let role = PartyRole::from_name(&row.role).unwrap_or_default();
    if matches!(role, PartyRole::Unspecified | PartyRole::Participant) {
        faults.add(format!("{path}.role"), "must be parent, harmed or other");
    }
    Part {
        role,
        provider: read_provider(path, &row.provider, directory, faults),
        categories: read_words(&format!("{path}.categories"), &row.categories, CATEGORY, faults),
        fields: read_words(&format!("{path}.fields"), &row.fields, FIELD, faults),
        required: row.required,
    }
}

const CATEGORY: &str = "not a category of subject";
const FIELD: &str = "not a field";

/// Reads written names of the protocol. Its unspecified value has none.
fn read_words<T: Named + Ord + Default>(
    path: &str,
    words: &BTreeSet<String>,
    rule: &'static str,
    faults: &mut Faults,
) -> BTreeSet<T> {
    let mut read = BTreeSet::new();
    for word in words {
        match T::from_name(word).filter(|value| *value != T::default()) {
            Some(value) => {
                read.insert(value);
            }
            None => faults.add(path.into(), rule),
        }
    }
    read
}

/// What holds of the parts of a programme together.
fn check_parts(
    path: &str,
    theme: Theme,
    participant: &Part,
    parties: &[Part],
    faults: &mut Faults,
) {
    let mediates = theme == Theme::CommunityMediation;
    if mediates && participant.categories.iter().any(|category| makes_recipients(*category)) {
        faults.add(
            format!("{path}.categories"),
            "a party to mediation is on no list: nobody suspect, convicted or managed",
        );
    }
    let mut roles = BTreeSet::new();
    for (place, party) in parties.iter().enumerate() {
        let path = format!("{path}.party[{place}]");
        if !roles.insert(party.role) {
            faults.add(format!("{path}.role"), "this role is given twice");
        }
        if party.role == PartyRole::Harmed
            && party.categories.iter().any(|category| *category != SubjectCategory::Victim)
        {
            faults.add(format!("{path}.categories"), "whoever was harmed is a victim");
        }
        if party.categories.iter().any(|category| makes_recipients(*category)) {
            faults.add(
                format!("{path}.categories"),
                "whoever takes part beside the participant is not suspect, convicted or managed",
            );
        }
        if mediates && party.fields.iter().any(|field| !MEDIATION_FIELDS.contains(field)) {
            faults.add(format!("{path}.fields"), NO_GUILT);
        }
    }
    if mediates && participant.fields.iter().any(|field| !MEDIATION_FIELDS.contains(field)) {
        faults.add(format!("{path}.fields"), NO_GUILT);
    }
}

const NO_GUILT: &str = "mediation is told names, addresses, housing need and the dispute, and \
                        nothing of guilt, punishment or money";

/// Whether flags, links, areas and interests may match people of a category.
const fn makes_recipients(category: SubjectCategory) -> bool {
    match category {
        SubjectCategory::Suspect | SubjectCategory::Convicted | SubjectCategory::Managed => true,
        SubjectCategory::Unspecified
        | SubjectCategory::Victim
        | SubjectCategory::Witness
        | SubjectCategory::Associate
        | SubjectCategory::Other => false,
    }
}
