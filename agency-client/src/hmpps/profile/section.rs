//! Sections of a profile: one for each kind that is shared beside movements.
//!
//! Owns: their keys and rules. Promises: a kind without a section is not shared; what a section
//! leaves out is the profile's own; consent is never the ground of enforcement. Deliberately does
//! not know: which agency may send which kind. The broker and its directory decide that.

use proto::exchange::v1::{Gateway, IdentifierType, LawfulBasis, Purpose, SensitiveCondition};
use proto::limits::DIRECTORY_ID_CHARACTERS_MAX;

use super::{Faults, named};

/// What is shared beside movements, each where its section is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// MAPPA registrations and alerts, as notifications.
    pub mappa: Option<Footing>,
    /// Entries in lists of offender management, as proposals.
    pub flags: Option<FlagShare>,
    /// Recalls, considered and decided.
    pub enforcement: Option<Footing>,
    /// Arrivals in approved premises and transitional accommodation.
    pub placements: Option<Footing>,
    /// Merges and unmerges of one register.
    pub identity: Option<IdentityShare>,
}

/// On what footing one kind is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footing {
    /// Why.
    pub purpose: Purpose,
    /// Power to share.
    pub gateway: Gateway,
    /// Lawful basis of the sender's processing.
    pub lawful_basis: LawfulBasis,
    /// Condition for sensitive data; `Unspecified` where none is claimed.
    pub sensitive_condition: SensitiveCondition,
}

/// How entries in lists of offender management are shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagShare {
    /// On what footing.
    pub footing: Footing,
    /// Directory id of the agency whose desk decides on proposals, 1 to 40 characters.
    pub owner_agency: String,
    /// Directory id of that desk.
    pub owner_desk: String,
}

/// How merges are shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityShare {
    /// On what footing.
    pub footing: Footing,
    /// The register for which this agency is the authority: NOMS for prisons, CRN for probation.
    pub register: IdentifierType,
}

/// The names of the sections.
const SECTIONS: [&str; 5] = ["mappa", "flags", "enforcement", "placements", "identity"];
/// Keys that every section may give.
const FOOTING_KEYS: [&str; 4] = ["purpose", "gateway", "lawful_basis", "sensitive_condition"];

const DIRECTORY_ID: &str = "must be a directory id: 1 to 40 of a-z, 0-9 and hyphen";
const NO_CONSENT: &str = "must not be consent: it can be withdrawn, and enforcement stands";

/// The sections as they are written.
pub(super) struct Written {
    sections: Vec<Section>,
}

struct Section {
    name: &'static str,
    table: toml::Table,
}

impl Written {
    /// Takes the sections out of a profile.
    pub(super) fn take(profile: &mut toml::Table, faults: &mut Faults) -> Self {
        let mut sections = Vec::new();
        for name in SECTIONS {
            match profile.remove(name) {
                None => {}
                Some(toml::Value::Table(table)) => sections.push(Section { name, table }),
                Some(_) => faults.add(name, "must be a section"),
            }
        }
        Self { sections }
    }

    /// Checks every section; what one leaves out is taken from the profile.
    pub(super) fn check(self, main: Option<&Footing>, faults: &mut Faults) -> Shares {
        let mut shares = Shares::default();
        for mut section in self.sections {
            let footing = section.footing(main, faults);
            match section.name {
                "mappa" => shares.mappa = footing,
                "flags" => {
                    let owner_agency = section.directory_id("owner_agency", faults);
                    let owner_desk = section.directory_id("owner_desk", faults);
                    shares.flags =
                        footing.map(|footing| FlagShare { footing, owner_agency, owner_desk });
                }
                "enforcement" => {
                    check_no_consent(footing.as_ref(), faults);
                    shares.enforcement = footing;
                }
                "placements" => shares.placements = footing,
                _ => {
                    let register = section.register(faults);
                    shares.identity = footing
                        .zip(register)
                        .map(|(footing, register)| IdentityShare { footing, register });
                }
            }
            for key in section.table.keys() {
                faults.add(&section.key(key), "is not a known key");
            }
        }
        shares
    }
}

impl Section {
    /// A key as a fault names it.
    fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    /// Takes a text; what is no text is a fault, and empty.
    fn text(&mut self, key: &str, faults: &mut Faults) -> Option<String> {
        match self.table.remove(key)? {
            toml::Value::String(text) => Some(text),
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_)
            | toml::Value::Table(_) => {
                faults.add(&self.key(key), "must be a text in quotation marks");
                Some(String::new())
            }
        }
    }

    fn required(&mut self, key: &str, faults: &mut Faults) -> String {
        self.text(key, faults).unwrap_or_else(|| {
            faults.add(&self.key(key), "must be given");
            String::new()
        })
    }

    fn footing(&mut self, main: Option<&Footing>, faults: &mut Faults) -> Option<Footing> {
        let [purpose, gateway, basis, condition] =
            FOOTING_KEYS.map(|key| (self.key(key), self.text(key, faults)));
        let purpose = own(purpose, "must be a known purpose", faults);
        let gateway = own(gateway, "must be a known power to share", faults);
        let lawful_basis = own(basis, "must be a known basis", faults);
        let sensitive_condition = own(condition, "must be a known condition", faults);
        main.map(|main| Footing {
            purpose: purpose.unwrap_or(main.purpose),
            gateway: gateway.unwrap_or(main.gateway),
            lawful_basis: lawful_basis.unwrap_or(main.lawful_basis),
            sensitive_condition: sensitive_condition.unwrap_or(main.sensitive_condition),
        })
    }

    fn directory_id(&mut self, key: &str, faults: &mut Faults) -> String {
        let id = self.required(key, faults);
        let is_id = (1..=DIRECTORY_ID_CHARACTERS_MAX).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !is_id {
            faults.add(&self.key(key), DIRECTORY_ID);
        }
        id
    }

    fn register(&mut self, faults: &mut Faults) -> Option<IdentifierType> {
        match self.required("register", faults).as_str() {
            "noms" => Some(IdentifierType::Noms),
            "crn" => Some(IdentifierType::Crn),
            _ => {
                faults.add(&self.key("register"), "must be noms or crn");
                None
            }
        }
    }
}

/// The value that a section gives for itself.
fn own<T: proto::text::Named>(
    (key, written): (String, Option<String>),
    rule: &'static str,
    faults: &mut Faults,
) -> Option<T> {
    named(&written?, &key, rule, faults)
}

/// Nobody is enforced against by their own leave.
fn check_no_consent(footing: Option<&Footing>, faults: &mut Faults) {
    let Some(footing) = footing else { return };
    if footing.gateway == Gateway::Consent {
        faults.add("enforcement.gateway", NO_CONSENT);
    }
    if matches!(footing.lawful_basis, LawfulBasis::Dpa2018S35Consent | LawfulBasis::Gdpr61A) {
        faults.add("enforcement.lawful_basis", NO_CONSENT);
    }
}
