//! The directory as operators write it: one TOML document, checked whole.
//!
//! Promises that every fault is reported at once, by path and rule, and that a faulty
//! document changes nothing. Unknown keys are faults.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use proto::exchange::v1::{AreaRole, FlagKind};
use proto::limits::DIRECTORY_ID_CHARACTERS_MAX;
use proto::text::Named as _;
use serde::Deserialize;

use super::feed::{self, FeedRow};
use super::programme::rows::{self, ProgrammeRow};
use super::{
    Agency, AgencyKind, Area, CONTACT_RULE, Contact, Desk, Directory, Feed, Function, MessageKind,
    Node, Person, Regime, Role,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    trust_domain: String,
    #[serde(default)]
    issuer: Vec<IssuerRow>,
    #[serde(default)]
    area: Vec<AreaRow>,
    #[serde(default)]
    agency: Vec<AgencyRow>,
    #[serde(default)]
    flag: Vec<FlagRow>,
    #[serde(default)]
    role: Vec<RoleRow>,
    #[serde(default)]
    programme: Vec<ProgrammeRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerRow {
    key: String,
    agencies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AreaRow {
    code: String,
    name: String,
    within: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagRow {
    kind: String,
    raised_by: BTreeSet<AgencyKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleRow {
    kind: String,
    stated_by: BTreeSet<AgencyKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgencyRow {
    id: String,
    name: String,
    kind: AgencyKind,
    dpo_contact: String,
    #[serde(default)]
    lead_contact: String,
    #[serde(default = "publish_per_second_default")]
    publish_per_second: u32,
    #[serde(default = "connections_default")]
    connections_max: u32,
    #[serde(default)]
    desk: Vec<DeskRow>,
    #[serde(default)]
    node: Vec<NodeRow>,
    #[serde(default)]
    person: Vec<PersonRow>,
    #[serde(default)]
    feed: Vec<FeedRow>,
}

const fn publish_per_second_default() -> u32 {
    200
}

const fn connections_default() -> u32 {
    16
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeskRow {
    id: String,
    name: String,
    function: Function,
    regime: Regime,
    #[serde(default)]
    areas: BTreeSet<String>,
    #[serde(default)]
    kinds: BTreeSet<MessageKind>,
    #[serde(default)]
    attributes: BTreeSet<String>,
    #[serde(default)]
    duty_route: String,
    #[serde(default)]
    duty_contact: String,
    #[serde(default)]
    remind_working_days: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeRow {
    name: String,
    desks: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonRow {
    id: String,
    roles: BTreeSet<Role>,
    #[serde(default)]
    contact: String,
}

/// One fault of a document: where, and which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Path, such as `agency[3].desk[0].areas`.
    pub path: String,
    /// Rule.
    pub rule: &'static str,
}

/// The document cannot be read or has faults.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is not TOML of this shape: from where on, counted from 1. The parser's own words are left
    /// out, because they may quote the document.
    #[error("the directory document cannot be read from line {line}, column {column} on")]
    Unreadable {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// It breaks rules.
    #[error("the directory document has {} faults", .0.len())]
    Faulty(Vec<Fault>),
}

/// Reads a document.
///
/// # Errors
/// Every fault at once; nothing of a faulty document is used.
pub fn read(text: &str) -> Result<Directory, DocumentError> {
    let (directory, faults) = read_all(text)?;
    faults.none(directory)
}

/// Reads a document that is to come into force: it must leave somebody who can change it again.
/// One that is in force already is read by [`read`], so that its broker always starts.
///
/// # Errors
/// Every fault at once, and that no issuer may name any operator.
pub fn read_new(text: &str) -> Result<Directory, DocumentError> {
    let (directory, mut faults) = read_all(text)?;
    if !directory.is_administrable() {
        let lacking = if directory.operators().next().is_some() { "issuer" } else { "agency" };
        faults.add(lacking.into(), NOBODY_ADMINISTERS);
    }
    faults.none(directory)
}

fn read_all(text: &str) -> Result<(Directory, Faults), DocumentError> {
    let document: Document = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.chars().rev().take_while(|one| *one != '\n').count().saturating_add(1);
        DocumentError::Unreadable { line, column }
    })?;
    let mut faults = Faults(Vec::new());
    let directory = build(document, &mut faults);
    Ok((directory, faults))
}

/// A reminder further ahead helps nobody.
const REMIND_WORKING_DAYS_MAX: u16 = 60;

const NOBODY_ADMINISTERS: &str = "no person has the role operator whom an issuer may name: nobody \
                                  could administer the broker";

/// Collects the faults of a document.
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, path: String, rule: &'static str) {
        self.0.push(Fault { path, rule });
    }

    fn none(self, directory: Directory) -> Result<Directory, DocumentError> {
        if self.0.is_empty() { Ok(directory) } else { Err(DocumentError::Faulty(self.0)) }
    }

    pub(super) fn id(&mut self, path: String, id: &str) {
        if !is_directory_id(id) {
            self.add(path, "an id is 1 to 40 characters of a-z, 0-9 and hyphen");
        }
    }

    /// One that is not given is none.
    fn contact(&mut self, path: String, text: &str) -> Option<Contact> {
        let contact = Contact::read(text);
        if contact.is_none() && !text.is_empty() {
            self.add(path, CONTACT_RULE);
        }
        contact
    }
}

/// What two directories are compared by: a contact does not show itself in its `Debug`.
fn contact_text(contact: Option<&Contact>) -> &str {
    contact.map_or("", Contact::as_str)
}

/// Whether a text is an id of the directory, safe in a URI, a record and a log.
#[must_use]
pub fn is_directory_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= DIRECTORY_ID_CHARACTERS_MAX
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn build(document: Document, faults: &mut Faults) -> Directory {
    let mut directory =
        Directory { trust_domain: document.trust_domain.clone(), ..Directory::default() };
    if document.trust_domain.is_empty()
        || !document
            .trust_domain
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
    {
        faults.add("trust_domain".into(), "a trust domain is a-z, 0-9, hyphen and dot");
    }
    add_areas(&document.area, &mut directory, faults);
    for (position, row) in document.agency.iter().enumerate() {
        add_agency(position, row, &mut directory, faults);
    }
    for (position, row) in document.agency.iter().enumerate() {
        let agency: Arc<str> = Arc::from(row.id.as_str());
        for (place, row) in row.feed.iter().enumerate() {
            let path = format!("agency[{position}].feed[{place}]");
            feed::add(&path, &agency, row, &mut directory, faults);
        }
    }
    add_issuers(&document.issuer, &mut directory, faults);
    rows::add(&document.programme, &mut directory, faults);
    for (position, row) in document.flag.iter().enumerate() {
        match FlagKind::from_name(&row.kind) {
            Some(kind) if kind != FlagKind::Unspecified => {
                directory.flag_raisers.insert(kind as i32, row.raised_by.clone());
            }
            _ => faults.add(format!("flag[{position}].kind"), "not a kind of flag"),
        }
    }
    for (position, row) in document.role.iter().enumerate() {
        match AreaRole::from_name(&row.kind) {
            Some(role) if !matches!(role, AreaRole::Unspecified | AreaRole::Incident) => {
                directory.role_staters.insert(role as i32, row.stated_by.clone());
            }
            Some(_) | None => {
                faults.add(format!("role[{position}].kind"), "not a part that lasts");
            }
        }
    }
    let mut index: HashMap<(MessageKind, Arc<str>), Vec<usize>> = HashMap::new();
    for (place, desk) in directory.desks.iter().enumerate() {
        for kind in &desk.kinds {
            for area in &desk.areas {
                index.entry((*kind, Arc::clone(area))).or_default().push(place);
            }
        }
    }
    directory.desks_by_kind_and_area = index;
    directory
}

fn add_areas(rows: &[AreaRow], directory: &mut Directory, faults: &mut Faults) {
    for (position, row) in rows.iter().enumerate() {
        let code: Arc<str> = Arc::from(row.code.as_str());
        if row.code.is_empty()
            || row.code.len() > DIRECTORY_ID_CHARACTERS_MAX
            || !row.code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            faults.add(
                format!("area[{position}].code"),
                "an area code is 1 to 40 letters, digits and hyphens",
            );
        }
        let area = Area {
            code: Arc::clone(&code),
            name: row.name.clone(),
            within: row.within.as_deref().map(Arc::from),
        };
        if directory.areas.insert(code, area).is_some() {
            faults.add(format!("area[{position}].code"), "this code is given twice");
        }
    }
    for (position, row) in rows.iter().enumerate() {
        let mut seen = BTreeSet::new();
        let mut current = Some(row.code.as_str());
        while let Some(code) = current {
            if !seen.insert(code) {
                faults.add(format!("area[{position}].within"), "areas enclose each other");
                break;
            }
            match directory.areas.get(code) {
                Some(area) => current = area.within.as_deref(),
                None => {
                    faults.add(format!("area[{position}].within"), "no such area");
                    break;
                }
            }
        }
    }
}

fn add_agency(position: usize, row: &AgencyRow, directory: &mut Directory, faults: &mut Faults) {
    let id: Arc<str> = Arc::from(row.id.as_str());
    faults.id(format!("agency[{position}].id"), &row.id);
    faults.contact(format!("agency[{position}].dpo_contact"), &row.dpo_contact);
    let agency = Agency {
        id: Arc::clone(&id),
        name: row.name.clone(),
        kind: row.kind,
        dpo_contact: row.dpo_contact.clone(),
        lead_contact: faults.contact(format!("agency[{position}].lead_contact"), &row.lead_contact),
        publish_per_second: row.publish_per_second,
        connections_max: row.connections_max,
        suspended: false,
    };
    if directory.agencies.insert(Arc::clone(&id), agency).is_some() {
        faults.add(format!("agency[{position}].id"), "this id is given twice");
    }
    for (place, desk) in row.desk.iter().enumerate() {
        add_desk(
            &format!("agency[{position}].desk[{place}]"),
            &id,
            row.kind,
            desk,
            directory,
            faults,
        );
    }
    for (place, node) in row.node.iter().enumerate() {
        add_node(&format!("agency[{position}].node[{place}]"), &id, node, directory, faults);
    }
    for (place, person) in row.person.iter().enumerate() {
        let at = format!("agency[{position}].person[{place}]");
        let path = format!("{at}.id");
        if uuid::Uuid::try_parse(&person.id).is_ok_and(|uuid| uuid.to_string() == person.id) {
            let person = Person {
                id: Arc::from(person.id.as_str()),
                agency: Arc::clone(&id),
                roles: person.roles.clone(),
                contact: faults.contact(format!("{at}.contact"), &person.contact),
            };
            if directory.persons.insert(Arc::clone(&person.id), person).is_some() {
                faults.add(path, "this id is given twice");
            }
        } else {
            faults.add(path, "a person's id is a UUID in lower case");
        }
    }
}

fn add_desk(
    path: &str,
    agency: &Arc<str>,
    kind: AgencyKind,
    row: &DeskRow,
    directory: &mut Directory,
    faults: &mut Faults,
) {
    faults.id(format!("{path}.id"), &row.id);
    for area in &row.areas {
        if !directory.areas.contains_key(area.as_str()) {
            faults.add(format!("{path}.areas"), "no such area");
        }
    }
    for attribute in &row.attributes {
        faults.id(format!("{path}.attributes"), attribute);
    }
    let desk = Desk {
        id: Arc::from(row.id.as_str()),
        agency: Arc::clone(agency),
        agency_kind: kind,
        name: row.name.clone(),
        function: row.function,
        regime: row.regime,
        areas: row.areas.iter().map(|area| Arc::from(area.as_str())).collect(),
        kinds: row.kinds.clone(),
        attributes: row.attributes.clone(),
        duty_route: row.duty_route.clone(),
        duty_contact: faults.contact(format!("{path}.duty_contact"), &row.duty_contact),
        remind_working_days: row.remind_working_days,
    };
    if row.remind_working_days > REMIND_WORKING_DAYS_MAX {
        faults.add(format!("{path}.remind_working_days"), "is at most 60");
    }
    let key = (Arc::clone(agency), Arc::clone(&desk.id));
    if directory.desk_by_id.insert(key, directory.desks.len()).is_some() {
        faults.add(format!("{path}.id"), "this id is given twice");
    }
    directory.desks.push(desk);
}

fn add_node(
    path: &str,
    agency: &Arc<str>,
    row: &NodeRow,
    directory: &mut Directory,
    faults: &mut Faults,
) {
    faults.id(format!("{path}.name"), &row.name);
    let mut desks = Vec::new();
    for desk in &row.desks {
        match directory.desk_index(agency, desk) {
            Some(index) => desks.push(index),
            None => faults.add(format!("{path}.desks"), "no such desk in this agency"),
        }
    }
    if desks.is_empty() {
        faults.add(format!("{path}.desks"), "a node serves at least one desk");
    }
    let name: Arc<str> = Arc::from(row.name.as_str());
    let node = Node { name: Arc::clone(&name), agency: Arc::clone(agency), desks };
    if directory.nodes.insert((Arc::clone(agency), name), node).is_some() {
        faults.add(format!("{path}.name"), "this name is given twice");
    }
}

fn add_issuers(rows: &[IssuerRow], directory: &mut Directory, faults: &mut Faults) {
    for (position, row) in rows.iter().enumerate() {
        let mut key = [0u8; 32];
        if hex::decode_to_slice(&row.key, &mut key).is_err() {
            faults.add(
                format!("issuer[{position}].key"),
                "a key is the SHA-256 of its SubjectPublicKeyInfo in hex",
            );
        }
        let mut named = BTreeSet::new();
        for agency in &row.agencies {
            match directory.agencies.get_key_value(agency.as_str()) {
                Some((id, _)) => {
                    named.insert(Arc::clone(id));
                }
                None => faults.add(format!("issuer[{position}].agencies"), "no such agency"),
            }
        }
        if directory.issuers.insert(key, named).is_some() {
            faults.add(format!("issuer[{position}].key"), "this key is given twice");
        }
    }
}

/// What differs between two directories, as item names without any person's name.
#[must_use]
pub fn changes(before: &Directory, after: &Directory) -> (Vec<String>, Vec<String>) {
    let (old, new) = (items(before), items(after));
    let changed = new
        .iter()
        .filter(|(name, item)| old.get(*name) != Some(*item))
        .map(|(name, _)| name.clone())
        .collect();
    let removed = old.keys().filter(|name| !new.contains_key(*name)).cloned().collect();
    (changed, removed)
}

fn items(directory: &Directory) -> BTreeMap<String, String> {
    let mut items = BTreeMap::new();
    for agency in directory.agencies.values() {
        let lead = contact_text(agency.lead_contact.as_ref());
        items.insert(format!("agency {}", agency.id), format!("{agency:?} {lead}"));
    }
    for desk in &directory.desks {
        let duty = contact_text(desk.duty_contact.as_ref());
        items.insert(format!("desk {}", desk.full_id()), format!("{desk:?} {duty}"));
    }
    for node in directory.nodes.values() {
        let desks: Vec<_> =
            node.desks.iter().filter_map(|i| directory.desk(*i)).map(Desk::full_id).collect();
        items.insert(format!("node {}/{}", node.agency, node.name), format!("{desks:?}"));
    }
    for person in directory.persons.values() {
        let reached = contact_text(person.contact.as_ref());
        items.insert(format!("person {}", person.id), format!("{:?} {reached}", person.roles));
    }
    for area in directory.areas.values() {
        items.insert(format!("area {}", area.code), format!("{area:?}"));
    }
    for feed in directory.feeds() {
        let desks = feed.waited_for_by.iter().filter_map(|place| directory.desk(*place));
        let desks: Vec<_> = desks.map(Desk::full_id).collect();
        let Feed { id, agency, kind, node, by, within_hours, at_least, .. } = feed;
        let text = format!("{kind:?} {node:?} {by} {within_hours} {at_least} {desks:?}");
        items.insert(format!("feed {agency}/{id}"), text);
    }
    for (key, agencies) in &directory.issuers {
        items.insert(format!("issuer {}", hex::encode(key)), format!("{agencies:?}"));
    }
    for (role, kinds) in &directory.role_staters {
        items.insert(format!("role {role}"), format!("{kinds:?}"));
    }
    for (flag, kinds) in &directory.flag_raisers {
        items.insert(format!("flag {flag}"), format!("{kinds:?}"));
    }
    for programme in directory.programmes() {
        items.insert(format!("programme {}", programme.id), format!("{programme:?}"));
    }
    items.insert("trust-domain".into(), directory.trust_domain.clone());
    items
}
