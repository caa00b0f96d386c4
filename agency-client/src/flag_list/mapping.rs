//! The mapping of a list: which column means what, and what holds for every row.
//!
//! Owns: the mapping's TOML form. Promises: every fault is reported at once, by key and rule; an
//! unknown key is refused; nothing is taken for granted that the law wants said.
//! Deliberately does not know: purpose, power and basis, which the profile of every import states.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proto::exchange::v1::{
    Addressee, AreaRole, FlagAction, FlagKind, LimitedAccess, SubjectCategory,
};
use proto::identifier::{LocalAuthority, LocalAuthorityForm};
use proto::limits::{AGREED_BY_MAX, DIRECTORY_ID_CHARACTERS_MAX};
use proto::text::Named;
use serde::Deserialize;

use super::column::{Column, plain};
use crate::files::read_start;
use crate::settings::is_id;

/// Largest mapping, bytes.
const MAPPING_BYTES_MAX: u64 = 64 * 1024;
/// The last row in which headings may stand.
const HEADING_ROW_MAX: u32 = 100;

/// The lists that a co-ordinator keeps. MAPPA has its own messages, and limited access is a mark
/// of probation's.
pub(super) const LISTS: [FlagKind; 7] = [
    FlagKind::Ppo,
    FlagKind::PreProlific,
    FlagKind::Hcc,
    FlagKind::Hccu,
    FlagKind::HighRiskYouth,
    FlagKind::Iom,
    FlagKind::Dip,
];
/// What a list can do to the flags of those who stand on it. Nobody is taken off, or handed over,
/// by a list that he stands on.
const ACTIONS: [FlagAction; 7] = [
    FlagAction::Propose,
    FlagAction::Nominate,
    FlagAction::Raise,
    FlagAction::Amend,
    FlagAction::Suspend,
    FlagAction::Resume,
    FlagAction::Rerefer,
];
/// Standings in which somebody may be on a list.
const CATEGORIES: [SubjectCategory; 3] =
    [SubjectCategory::Suspect, SubjectCategory::Convicted, SubjectCategory::Managed];

/// What a list's columns mean, and what holds for every row. All words are compared without regard
/// to case.
#[derive(Clone, Debug)]
pub struct FlagListMapping {
    pub(super) sheet: Option<String>,
    pub(super) heading_row: u32,
    pub(super) day_first: bool,
    pub(super) action: FlagAction,
    pub(super) list: Option<FlagKind>,
    pub(super) category: SubjectCategory,
    pub(super) limited_access: LimitedAccess,
    pub(super) area: Option<String>,
    pub(super) area_role: AreaRole,
    pub(super) owner: Option<Addressee>,
    pub(super) agreed_by: Vec<String>,
    pub(super) columns: BTreeMap<Column, String>,
    pub(super) passed_over: BTreeSet<String>,
    pub(super) lists: BTreeMap<String, FlagKind>,
    pub(super) areas: BTreeMap<String, String>,
    pub(super) owners: BTreeMap<String, Addressee>,
}

/// Why a mapping was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The mapping cannot be read from disk, or is larger than 64 KiB.
    #[error("the mapping cannot be read ({0})")]
    Unreadable(#[source] std::io::Error),
    /// The text is not TOML with the known keys.
    #[error("the mapping: {0}")]
    Shape(String),
    /// Keys break their rules. All of them are listed.
    #[error("the mapping has faults: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faults(Vec<MappingFault>),
}

/// One key of a mapping that breaks its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {rule}")]
pub struct MappingFault {
    /// The key, as the file writes it.
    pub key: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

/// The mapping as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sheet: Option<String>,
    heading_row: Option<u32>,
    day_first: Option<bool>,
    action: Option<String>,
    list: Option<String>,
    category: Option<String>,
    limited_access: Option<String>,
    area: Option<String>,
    area_role: Option<String>,
    owner: Option<String>,
    #[serde(default)]
    agreed_by: Vec<String>,
    #[serde(default)]
    passed_over: Vec<String>,
    columns: BTreeMap<String, String>,
    #[serde(default)]
    lists: BTreeMap<String, String>,
    #[serde(default)]
    areas: BTreeMap<String, String>,
    #[serde(default)]
    owners: BTreeMap<String, String>,
}

impl FlagListMapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// [`MappingError`], with every faulty key at once.
    pub fn load(path: &Path) -> Result<Self, MappingError> {
        let text = std::fs::File::open(path)
            .and_then(|file| read_start(file, MAPPING_BYTES_MAX))
            .map_err(MappingError::Unreadable)?;
        if text.len() as u64 > MAPPING_BYTES_MAX {
            let too_large = std::io::ErrorKind::FileTooLarge.into();
            return Err(MappingError::Unreadable(too_large));
        }
        let text =
            String::from_utf8(text).map_err(|_| MappingError::Shape("must be UTF-8".to_owned()))?;
        Self::from_toml(&text)
    }

    /// Reads the text of a mapping.
    ///
    /// # Errors
    /// [`MappingError::Shape`] and [`MappingError::Faults`].
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            MappingError::Shape(format!("line {line}: {}", error.message()))
        })?;
        let mut faults = Faults(Vec::new());
        let mapping = written.check(&mut faults);
        mapping.agree(&mut faults);
        if faults.0.is_empty() { Ok(mapping) } else { Err(MappingError::Faults(faults.0)) }
    }

    /// Looks whether columns and defaults are enough for what is to be done.
    fn agree(&self, faults: &mut Faults) {
        let has = |column| self.columns.contains_key(&column);
        if !Column::IDENTIFIERS.into_iter().any(has) {
            faults.add("columns", "must name a column of pnc, cro, noms or crn");
        }
        if self.list.is_none() && !has(Column::List) {
            faults.add("list", "must be given, or a column for it");
        }
        let needs_review = [FlagAction::Raise, FlagAction::Amend].contains(&self.action);
        if needs_review && !has(Column::ReviewDate) {
            faults.add("columns", "must name a column for review_date: every flag is reviewed");
        }
        let tells_panel = has(Column::PanelDate) || has(Column::PanelDecisionId);
        if self.needs_panel() && !tells_panel {
            faults.add("columns", "must name a column for panel_date or panel_decision_id");
        }
        if has(Column::PanelDate) && self.agreed_by.is_empty() {
            faults.add("agreed_by", "must name the agencies of the panel, where it has a date");
        }
        let headings: BTreeSet<&String> = self.columns.values().collect();
        if headings.len() < self.columns.len() {
            faults.add("columns", "must not give two meanings to one heading");
        }
        if headings.into_iter().any(|heading| self.passed_over.contains(heading)) {
            faults.add("passed_over", "must not name a heading that has a meaning");
        }
    }

    /// Whether somebody is put on a list who was not on it.
    pub(super) fn puts_on(&self) -> bool {
        use FlagAction::{Nominate, Propose, Raise, Rerefer};
        [Propose, Nominate, Raise, Rerefer].contains(&self.action)
    }

    /// Whether a panel must have decided.
    pub(super) fn needs_panel(&self) -> bool {
        self.action == FlagAction::Raise
    }
}

/// The faults found so far.
struct Faults(Vec<MappingFault>);

impl Faults {
    fn add(&mut self, key: &str, rule: &'static str) {
        self.0.push(MappingFault { key: key.to_owned(), rule });
    }

    /// What is written under a key; `None` where nothing is, or not by the rule.
    fn read<T>(
        &mut self,
        key: &str,
        rule: &'static str,
        written: Option<&str>,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(written?);
        if value.is_none() {
            self.add(key, rule);
        }
        value
    }

    /// What stands behind the words of a table.
    fn words<T>(
        &mut self,
        table: &str,
        rule: &'static str,
        words: &BTreeMap<String, String>,
        read: impl Fn(&str) -> Option<T>,
    ) -> BTreeMap<String, T> {
        let mut known = BTreeMap::new();
        for (word, value) in words {
            let key = format!("{table}.{word}");
            let Some(value) = self.read(&key, rule, Some(value), &read) else { continue };
            if known.insert(plain(word), value).is_some() {
                self.add(&key, "stands there twice but for its case");
            }
        }
        known
    }
}

const LIST_RULE: &str =
    "must be ppo, pre_prolific, hcc, hccu, high_risk_youth, iom or dip, and never mappa";
const AREA_RULE: &str = "must be an area's code: as E08000007, or of a-z, 0-9 and -";
const DESK_RULE: &str = "must be AGENCY/DESK, both ids of the directory";

impl Written {
    /// Each key by its own rule.
    fn check(&self, faults: &mut Faults) -> FlagListMapping {
        let heading_row = self.heading_row.unwrap_or(1);
        if !(1..=HEADING_ROW_MAX).contains(&heading_row) {
            faults.add("heading_row", "must be 1 to 100");
        }
        let rule = "must be propose, nominate, raise, amend, suspend, resume or rerefer";
        let action = faults.read("action", rule, self.action.as_deref(), |name| {
            FlagAction::from_name(name).filter(|action| ACTIONS.contains(action))
        });
        let rule = "must be suspect, convicted or managed";
        let category = faults.read("category", rule, self.category.as_deref(), |name| {
            SubjectCategory::from_name(name).filter(|category| CATEGORIES.contains(category))
        });
        let rule = "must be yes or no";
        let limited = self.limited_access.as_deref();
        let limited = faults.read("limited_access", rule, limited, yes_or_no);
        let rule = "must be a role of the protocol";
        let role = faults.read("area_role", rule, self.area_role.as_deref(), |name| {
            AreaRole::from_name(name).filter(|role| *role != AreaRole::Unspecified)
        });
        FlagListMapping {
            sheet: self.sheet.clone(),
            heading_row,
            day_first: self.day_first.unwrap_or(false),
            action: action.unwrap_or(FlagAction::Raise),
            list: faults.read("list", LIST_RULE, self.list.as_deref(), list_of),
            category: category.unwrap_or(SubjectCategory::Managed),
            limited_access: limited.unwrap_or(LimitedAccess::Unspecified),
            area: faults.read("area", AREA_RULE, self.area.as_deref(), area_code),
            area_role: role.unwrap_or(AreaRole::Home),
            owner: faults.read("owner", DESK_RULE, self.owner.as_deref(), desk_of),
            agreed_by: self.agencies(faults),
            columns: self.meanings(faults),
            passed_over: self.passed_over.iter().map(|heading| plain(heading)).collect(),
            lists: faults.words("lists", LIST_RULE, &self.lists, list_of),
            areas: faults.words("areas", AREA_RULE, &self.areas, area_code),
            owners: faults.words("owners", DESK_RULE, &self.owners, desk_of),
        }
    }

    fn agencies(&self, faults: &mut Faults) -> Vec<String> {
        let each = self.agreed_by.iter().collect::<BTreeSet<_>>();
        let are_ids = each.iter().all(|id| is_id(id, DIRECTORY_ID_CHARACTERS_MAX));
        if !are_ids || each.len() < self.agreed_by.len() || each.len() > AGREED_BY_MAX {
            faults.add("agreed_by", "must be ids of agencies, each once and at most 16");
        }
        each.into_iter().cloned().collect()
    }

    fn meanings(&self, faults: &mut Faults) -> BTreeMap<Column, String> {
        let mut columns = BTreeMap::new();
        for (name, heading) in &self.columns {
            let key = format!("columns.{name}");
            let column = faults.read(&key, "is no meaning of a column", Some(name), Column::of);
            let heading = plain(heading);
            if heading.is_empty() {
                faults.add(&key, "must be a heading of the list");
            }
            columns.extend(column.map(|column| (column, heading)));
        }
        columns
    }
}

/// A list by its name, however its words are joined: `Pre-prolific`, `high risk youth`.
pub(super) fn list_of(word: &str) -> Option<FlagKind> {
    let name = plain(word).replace(['-', ' '], "_");
    FlagKind::from_name(&name).filter(|kind| LISTS.contains(kind))
}

/// A code of the directory's areas: a local authority's, or the operators' own.
pub(super) fn area_code(text: &str) -> Option<String> {
    let authority = LocalAuthority::parse(text).ok();
    match authority.filter(|area| area.form() == LocalAuthorityForm::Gss) {
        Some(area) => Some(area.canonical().to_owned()),
        None => Some(text.to_owned()).filter(|id| is_id(id, DIRECTORY_ID_CHARACTERS_MAX)),
    }
}

/// A desk by its agency and its own id.
pub(super) fn desk_of(text: &str) -> Option<Addressee> {
    let (agency, desk) = text.split_once('/')?;
    let are_ids = [agency, desk].iter().all(|id| is_id(id, DIRECTORY_ID_CHARACTERS_MAX));
    are_ids.then(|| Addressee { agency: agency.to_owned(), desk: desk.to_owned() })
}

/// Whether a record is of limited access.
pub(super) fn yes_or_no(text: &str) -> Option<LimitedAccess> {
    match plain(text).as_str() {
        "yes" => Some(LimitedAccess::Yes),
        "no" => Some(LimitedAccess::No),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
