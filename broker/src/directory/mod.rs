//! Who takes part: agencies, desks, nodes, persons, issuing keys, areas and programmes.
//!
//! Owns an immutable snapshot that operators set as one document. Promises that every id in
//! it resolves and that what is absent matches nothing. Knows nothing of subjects: the
//! register of flags and links is apart.

mod contact;
pub mod document;
mod feed;
mod gaps;
mod programme;
mod roles;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use proto::exchange::v1::FlagKind;
use serde::{Deserialize, Serialize};

pub use contact::{CONTACT_RULE, Contact, Way};
pub use feed::Feed;
pub use programme::{
    AgeBand, ConsentRule, Part, Party, Person as ReferredPerson, PossibleAge, Programme, Provider,
    Referral, ReferralFault, Theme,
};

/// The sort of body an agency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgencyKind {
    /// A police force.
    Police,
    /// The probation service.
    Probation,
    /// The prison service, a prison or a group of them.
    Prison,
    /// A youth offending team.
    YouthOffending,
    /// The Crown Prosecution Service.
    Prosecution,
    /// A court.
    Court,
    /// A local authority.
    Council,
    /// A drug or alcohol treatment provider.
    TreatmentProvider,
    /// A health body.
    Health,
    /// A Jobcentre of the Department for Work and Pensions.
    Jobcentre,
    /// A voluntary organisation.
    Voluntary,
    /// The broker's own operators.
    Operator,
}

impl AgencyKind {
    /// Every kind.
    pub const ALL: &'static [AgencyKind] = &[
        Self::Police,
        Self::Probation,
        Self::Prison,
        Self::YouthOffending,
        Self::Prosecution,
        Self::Court,
        Self::Council,
        Self::TreatmentProvider,
        Self::Health,
        Self::Jobcentre,
        Self::Voluntary,
        Self::Operator,
    ];

    /// The written name, as in policy and the directory document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Police => "police",
            Self::Probation => "probation",
            Self::Prison => "prison",
            Self::YouthOffending => "youth_offending",
            Self::Prosecution => "prosecution",
            Self::Court => "court",
            Self::Council => "council",
            Self::TreatmentProvider => "treatment_provider",
            Self::Health => "health",
            Self::Jobcentre => "jobcentre",
            Self::Voluntary => "voluntary",
            Self::Operator => "operator",
        }
    }
}

/// What a desk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// Managing offenders: a PPO, IOM or probation team.
    OffenderManagement,
    /// Choosing who is proposed for a list.
    Selection,
    /// Intelligence.
    Intelligence,
    /// Public protection, MAPPA.
    PublicProtection,
    /// Moving people in and out of custody.
    Custody,
    /// Youth justice.
    YouthJustice,
    /// Children's services.
    ChildrensServices,
    /// Housing.
    Housing,
    /// Prosecution.
    Prosecution,
    /// Court administration.
    CourtAdministration,
    /// Drug and alcohol treatment.
    Treatment,
    /// Health care.
    HealthCare,
    /// Helping people into work, and paying benefits.
    WorkAndBenefits,
    /// Mentoring.
    Mentoring,
    /// Telling victims what they are entitled to know.
    VictimLiaison,
    /// Running the broker.
    BrokerOperations,
}

impl Function {
    /// Every function.
    pub const ALL: &'static [Function] = &[
        Self::OffenderManagement,
        Self::Selection,
        Self::Intelligence,
        Self::PublicProtection,
        Self::Custody,
        Self::YouthJustice,
        Self::ChildrensServices,
        Self::Housing,
        Self::Prosecution,
        Self::CourtAdministration,
        Self::Treatment,
        Self::HealthCare,
        Self::WorkAndBenefits,
        Self::Mentoring,
        Self::VictimLiaison,
        Self::BrokerOperations,
    ];

    /// The written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OffenderManagement => "offender_management",
            Self::Selection => "selection",
            Self::Intelligence => "intelligence",
            Self::PublicProtection => "public_protection",
            Self::Custody => "custody",
            Self::YouthJustice => "youth_justice",
            Self::ChildrensServices => "childrens_services",
            Self::Housing => "housing",
            Self::Prosecution => "prosecution",
            Self::CourtAdministration => "court_administration",
            Self::Treatment => "treatment",
            Self::HealthCare => "health_care",
            Self::WorkAndBenefits => "work_and_benefits",
            Self::Mentoring => "mentoring",
            Self::VictimLiaison => "victim_liaison",
            Self::BrokerOperations => "broker_operations",
        }
    }
}

/// The data-protection regime a desk works under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// DPA 2018 Part 3: law-enforcement processing by a competent authority.
    Part3,
    /// UK GDPR.
    UkGdpr,
}

impl Regime {
    /// The written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Part3 => "part3",
            Self::UkGdpr => "uk_gdpr",
        }
    }
}

/// The kinds of message, as desks take them and policies name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Intelligence.
    Intelligence,
    /// MAPPA.
    Mappa,
    /// Custody.
    Custody,
    /// Flag.
    Flag,
    /// Correction, withdrawals among them.
    Correction,
    /// A task the broker sets a desk.
    Task,
    /// Drug test.
    DrugTest,
    /// Breach and recall.
    Enforcement,
    /// Something a desk is to do.
    Action,
    /// Where somebody is placed.
    Placement,
    /// Referral to a programme.
    Referral,
    /// Hearings and their results.
    Court,
    /// A question to agencies.
    Request,
    /// The answer to one.
    Response,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: &'static [MessageKind] = &[
        Self::Intelligence,
        Self::Mappa,
        Self::Custody,
        Self::Flag,
        Self::Correction,
        Self::Task,
        Self::DrugTest,
        Self::Enforcement,
        Self::Action,
        Self::Placement,
        Self::Referral,
        Self::Court,
        Self::Request,
        Self::Response,
    ];

    /// The written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intelligence => "intelligence",
            Self::Mappa => "mappa",
            Self::Custody => "custody",
            Self::Flag => "flag",
            Self::Correction => "correction",
            Self::Task => "task",
            Self::DrugTest => "drug_test",
            Self::Enforcement => "enforcement",
            Self::Action => "action",
            Self::Placement => "placement",
            Self::Referral => "referral",
            Self::Court => "court",
            Self::Request => "request",
            Self::Response => "response",
        }
    }

    /// The kind with this written name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// What a person may do here. Nodes hold none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Changes the directory and the standing of agencies.
    Operator,
    /// Approves policy bundles.
    Approver,
    /// Reads what the own agency sent and was given.
    Auditor,
    /// Reads every decision. Appointed by two agencies.
    BrokerAuditor,
    /// Approves the own agency's interests in persons.
    InterestApprover,
}

impl Role {
    /// The written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::BrokerAuditor => "broker_auditor",
            Self::InterestApprover => "interest_approver",
        }
    }
}

/// A desk's place in the snapshot: valid for that snapshot's epoch only.
pub type DeskIndex = usize;

/// An agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// Id, `[a-z0-9-]`.
    pub id: Arc<str>,
    /// Its name in the world.
    pub name: String,
    /// Kind.
    pub kind: AgencyKind,
    /// Address of its data-protection officer.
    pub dpo_contact: String,
    /// Where its lead is reached when nobody else answers; `None`: nowhere outside the broker.
    pub lead_contact: Option<Contact>,
    /// Publishes it may make per second, sustained.
    pub publish_per_second: u32,
    /// Connections it may hold open.
    pub connections_max: u32,
    /// Whether it is suspended: then it may neither send nor be sent anything.
    pub suspended: bool,
}

/// A desk: the unit that is addressed and entitled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Id inside the agency.
    pub id: Arc<str>,
    /// Agency.
    pub agency: Arc<str>,
    /// Kind of the agency.
    pub agency_kind: AgencyKind,
    /// Name.
    pub name: String,
    /// Function.
    pub function: Function,
    /// Regime.
    pub regime: Regime,
    /// Area codes it serves.
    pub areas: BTreeSet<Arc<str>>,
    /// Kinds it takes.
    pub kinds: BTreeSet<MessageKind>,
    /// Attributes policies read.
    pub attributes: BTreeSet<String>,
    /// Duty telephone route.
    pub duty_route: String,
    /// Where its duty officer is reached outside the broker; `None`: nowhere.
    pub duty_contact: Option<Contact>,
    /// Working days before a date that lies ahead, in what it was given, on which it is reminded;
    /// 0: never.
    pub remind_working_days: u16,
}

impl Desk {
    /// The desk's name across agencies: `gmp/stockport`.
    #[must_use]
    pub fn full_id(&self) -> String {
        format!("{}/{}", self.agency, self.id)
    }
}

/// A node: one agency system with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Name inside the agency.
    pub name: Arc<str>,
    /// Agency.
    pub agency: Arc<str>,
    /// Desks it serves; the first is the desk it sends from.
    pub desks: Vec<DeskIndex>,
}

/// A person who acts. The name is for operators only and never leaves sealed storage.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Opaque id (UUID text).
    pub id: Arc<str>,
    /// Agency.
    pub agency: Arc<str>,
    /// Roles.
    pub roles: BTreeSet<Role>,
    /// Where they are reached outside the broker; `None`: nowhere.
    pub contact: Option<Contact>,
}

/// An area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Code.
    pub code: Arc<str>,
    /// Name.
    pub name: String,
    /// Enclosing area.
    pub within: Option<Arc<str>>,
}

/// Everything operators set, at one moment.
#[derive(Clone, Default)]
pub struct Directory {
    /// Name inside the URI of every certificate.
    pub trust_domain: String,
    agencies: BTreeMap<Arc<str>, Agency>,
    desks: Vec<Desk>,
    desk_by_id: HashMap<(Arc<str>, Arc<str>), DeskIndex>,
    nodes: HashMap<(Arc<str>, Arc<str>), Node>,
    persons: HashMap<Arc<str>, Person>,
    areas: BTreeMap<Arc<str>, Area>,
    issuers: HashMap<[u8; 32], BTreeSet<Arc<str>>>,
    flag_raisers: BTreeMap<i32, BTreeSet<AgencyKind>>,
    role_staters: BTreeMap<i32, BTreeSet<AgencyKind>>,
    programmes: BTreeMap<Arc<str>, Programme>,
    feeds: Vec<Feed>,
    desks_by_kind_and_area: HashMap<(MessageKind, Arc<str>), Vec<DeskIndex>>,
}

impl Directory {
    /// The agency with this id.
    #[must_use]
    pub fn agency(&self, id: &str) -> Option<&Agency> {
        self.agencies.get(id)
    }

    /// Every agency, by id.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    /// What is waited for by a fixed hour.
    pub fn feeds(&self) -> impl Iterator<Item = &Feed> {
        self.feeds.iter()
    }

    /// The desk at this place.
    #[must_use]
    pub fn desk(&self, index: DeskIndex) -> Option<&Desk> {
        self.desks.get(index)
    }

    /// Every desk with its place.
    pub fn desks(&self) -> impl Iterator<Item = (DeskIndex, &Desk)> {
        self.desks.iter().enumerate()
    }

    /// The place of an agency's desk.
    #[must_use]
    pub fn desk_index(&self, agency: &str, desk: &str) -> Option<DeskIndex> {
        self.desk_by_id.get(&(Arc::from(agency), Arc::from(desk))).copied()
    }

    /// A registered node.
    #[must_use]
    pub fn node(&self, agency: &str, name: &str) -> Option<&Node> {
        self.nodes.get(&(Arc::from(agency), Arc::from(name)))
    }

    /// A registered person.
    #[must_use]
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.persons.get(id)
    }

    /// Every area, by code.
    pub fn areas(&self) -> impl Iterator<Item = &Area> {
        self.areas.values()
    }

    /// An area.
    #[must_use]
    pub fn area(&self, code: &str) -> Option<&Area> {
        self.areas.get(code)
    }

    /// Whether an issuing key may name an agency. An unknown key may name none.
    #[must_use]
    pub fn issuer_may_name(&self, key: &[u8; 32], agency: &str) -> bool {
        self.issuers.get(key).is_some_and(|named| named.contains(agency))
    }

    /// Every issuing key: SHA-256 of the public key of an issuing certificate.
    pub fn issuing_keys(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.issuers.keys()
    }

    /// Whether any issuing key may name an agency.
    fn is_nameable(&self, agency: &str) -> bool {
        self.issuers.values().any(|named| named.contains(agency))
    }

    /// Every person with the role of an operator.
    fn operators(&self) -> impl Iterator<Item = &Person> {
        self.persons.values().filter(|person| person.roles.contains(&Role::Operator))
    }

    /// Whether somebody may administer the broker: an operator of an agency in good standing,
    /// whom an issuing key may name.
    #[must_use]
    pub fn is_administrable(&self) -> bool {
        let in_standing = |id: &str| self.agency(id).is_some_and(|agency| !agency.suspended);
        self.operators()
            .any(|person| self.is_nameable(&person.agency) && in_standing(&person.agency))
    }

    /// Whether an agency kind may raise a flag of a kind. An unlisted kind: nobody may.
    #[must_use]
    pub fn may_raise(&self, flag: FlagKind, kind: AgencyKind) -> bool {
        self.flag_raisers.get(&(flag as i32)).is_some_and(|kinds| kinds.contains(&kind))
    }

    /// Desks that take a kind and serve an area or one that encloses it.
    pub fn desks_for(&self, kind: MessageKind, area: &str) -> Vec<DeskIndex> {
        let mut found = Vec::new();
        let mut code: Option<Arc<str>> = Some(Arc::from(area));
        // The document check refuses cycles, so this walk ends.
        while let Some(current) = code {
            if let Some(desks) = self.desks_by_kind_and_area.get(&(kind, Arc::clone(&current))) {
                found.extend_from_slice(desks);
            }
            code = self.areas.get(&current).and_then(|area| area.within.clone());
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The same directory with an agency's standing changed. `None`: no such agency.
    #[must_use]
    pub fn with_standing(&self, agency: &str, suspended: bool) -> Option<Self> {
        let mut changed = self.clone();
        changed.agencies.get_mut(agency)?.suspended = suspended;
        Some(changed)
    }
}
