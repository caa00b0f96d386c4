//! The town of these tests: its desks, what they agreed, and the documents the broker is given.
//!
//! Owns the tables that both sides are told: the broker as a directory and agreements, the
//! reference model as rows. Promises that everything named here is invented. Deliberately does not
//! know what follows from any of it.

use std::fmt::Write as _;

use demo::stage::{Script, Term};
use proto::exchange::v1::{Field, Gateway, LawfulBasis, Purpose};
use proto::text::Named as _;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// When every sequence begins: a Monday.
pub const BEGINS: OffsetDateTime = datetime!(2026-03-02 09:00 UTC);

/// A desk, as the directory has it.
pub struct Desk {
    pub agency: &'static str,
    pub desk: &'static str,
    /// Kind of agency.
    pub kind: &'static str,
    pub function: &'static str,
    /// Under Part 3 of the DPA 2018, and not the UK GDPR.
    pub part3: bool,
    pub areas: &'static [&'static str],
    pub attributes: &'static [&'static str],
    /// Kinds of message it takes.
    pub kinds: &'static [&'static str],
}

const MOST: &[&str] = &[
    "custody",
    "flag",
    "correction",
    "drug_test",
    "enforcement",
    "action",
    "placement",
    "referral",
];
const POLICE: &[&str] = &[
    "intelligence",
    "custody",
    "flag",
    "correction",
    "drug_test",
    "enforcement",
    "action",
    "placement",
    "referral",
];

macro_rules! desk {
    ($agency:literal, $desk:literal, $kind:literal, $function:literal, $part3:literal,
     $areas:expr, $attributes:expr, $kinds:expr) => {
        Desk {
            agency: $agency,
            desk: $desk,
            kind: $kind,
            function: $function,
            part3: $part3,
            areas: &$areas,
            attributes: &$attributes,
            kinds: $kinds,
        }
    };
}

pub const NORTH: usize = 0;
pub const EAST: usize = 1;
pub const WIRRAL: usize = 3;
pub const SUPERVISION: usize = 4;
pub const PRISONS: usize = 5;
pub const CHILDREN: usize = 6;
pub const HOUSING: usize = 7;
pub const MENTORS: usize = 10;

/// Every desk. An agency's desks stand together, and each has a node of its own name.
#[rustfmt::skip]
pub const DESKS: [Desk; 11] = [
    desk!("gmp", "north", "police", "offender_management", true, ["north"], ["children"], POLICE),
    desk!("gmp", "east", "police", "offender_management", true, ["east"], [], POLICE),
    desk!("gmp", "intel", "police", "intelligence", true, ["north"], ["children", "covert"],
          &["intelligence", "correction"]),
    desk!("wirral-police", "wirral", "police", "offender_management", true, ["south"],
          ["children"], POLICE),
    desk!("probation-greater-manchester", "supervision", "probation", "offender_management", true,
          ["north", "east"], ["children"], MOST),
    desk!("hmpps-prisons", "movements", "prison", "custody", true, [], [], MOST),
    desk!("town-council", "children", "council", "childrens_services", false, ["north"],
          ["children"], MOST),
    desk!("town-council", "housing", "council", "housing", false, ["north"], [], MOST),
    desk!("town-yot", "youth", "youth_offending", "youth_justice", true, ["north"], ["children"],
          MOST),
    desk!("town-clinic", "treatment", "health", "treatment", false, ["north"], ["children"], MOST),
    desk!("town-helpers", "mentors", "voluntary", "mentoring", false, ["north"], [], MOST),
];

/// Which flags which kinds of agency may raise.
const LISTS: &[(&str, &str)] = &[("ppo", "\"police\", \"probation\""), ("dip", "\"probation\"")];

/// The one programme: mentors of adults in the north, who agreed.
pub const PROGRAMME: &str = "befriending";
pub const PROGRAMME_SHOWS: [Field; 3] =
    [Field::SubjectName, Field::ReferralProgramme, Field::Address];

/// A party of an agreement: its agency, whether it states an article 6 basis and an article 9
/// condition of its own.
pub type Party = (&'static str, bool, bool);

/// An agreement.
pub struct Agreement {
    pub id: &'static str,
    pub purpose: Purpose,
    pub gateway: Gateway,
    pub bases: &'static [LawfulBasis],
    pub parties: &'static [Party],
    /// The day after the beginning on which it no longer stands.
    pub ends_after: Option<i64>,
    pub permits: &'static [Permit],
}

/// A permit of an agreement: all of its lists must hold.
pub struct Permit {
    pub id: &'static str,
    pub kinds: &'static [&'static str],
    pub to_kinds: &'static [&'static str],
    pub to_functions: &'static [&'static str],
    pub categories: &'static [&'static str],
    pub stake: &'static [&'static str],
    /// One more condition on the facts of the kind: key, and words.
    pub only: Option<(&'static str, &'static [&'static str])>,
    pub flags_any: &'static [&'static str],
    pub under_18: bool,
    pub reveal: &'static [Field],
    pub withhold: &'static [Field],
    pub mask: &'static [Field],
    pub handling: &'static [&'static str],
}

/// A permit that asks for little and adds nothing.
const PLAIN: Permit = Permit {
    id: "",
    kinds: &[],
    to_kinds: &[],
    to_functions: &[],
    categories: &["suspect", "convicted", "managed"],
    stake: &["addressed", "flag_owner", "in_area", "holder"],
    only: None,
    flags_any: &[],
    under_18: true,
    reveal: &[],
    withhold: &[],
    mask: &[],
    handling: &[],
};

/// Everything that was agreed.
pub const AGREEMENTS: [Agreement; 4] = [
    Agreement {
        id: "together",
        purpose: Purpose::OffenderManagement,
        gateway: Gateway::Cda1998S115,
        bases: &[LawfulBasis::Dpa2018S35Task, LawfulBasis::Gdpr61E],
        parties: &[
            ("gmp", false, false),
            ("wirral-police", false, false),
            ("probation-greater-manchester", false, false),
            ("hmpps-prisons", false, false),
            ("town-council", true, true),
            ("town-yot", false, false),
            ("town-clinic", true, true),
        ],
        ends_after: None,
        permits: &[
            Permit {
                id: "officers",
                kinds: &["intelligence", "custody", "flag", "enforcement", "action", "placement"],
                to_kinds: &["police", "probation"],
                to_functions: &["offender_management", "intelligence"],
                reveal: &[Field::Narrative, Field::Risk],
                ..PLAIN
            },
            Permit {
                id: "third",
                kinds: &["enforcement", "intelligence"],
                to_kinds: &["police", "probation"],
                to_functions: &["offender_management"],
                categories: &["victim", "associate"],
                stake: &["addressed", "in_area", "holder"],
                under_18: false,
                withhold: &[Field::Address],
                ..PLAIN
            },
            Permit {
                id: "youth",
                kinds: &["enforcement", "action", "custody", "placement"],
                to_kinds: &["youth_offending"],
                to_functions: &["youth_justice"],
                stake: &["addressed", "in_area", "holder"],
                reveal: &[Field::ChildConcern],
                withhold: &[Field::Employment],
                ..PLAIN
            },
            Permit {
                id: "listed",
                kinds: &["custody"],
                to_kinds: &["council"],
                to_functions: &["childrens_services"],
                stake: &["in_area", "holder"],
                flags_any: &["ppo"],
                mask: &[Field::SubjectBirthDate],
                ..PLAIN
            },
            Permit {
                id: "tests",
                kinds: &["drug_test"],
                to_kinds: &["police", "probation", "health"],
                to_functions: &["offender_management", "treatment"],
                reveal: &[Field::DrugTestResult],
                ..PLAIN
            },
            Permit {
                id: "owners",
                kinds: &["action"],
                to_kinds: &["council", "health"],
                to_functions: &["housing", "childrens_services", "treatment"],
                stake: &["addressed", "holder"],
                only: Some(("pathways", &["accommodation", "health"])),
                under_18: false,
                withhold: &[Field::SubjectBirthDate],
                ..PLAIN
            },
        ],
    },
    Agreement {
        id: "releases",
        purpose: Purpose::Resettlement,
        gateway: Gateway::Oma2007S14,
        bases: &[LawfulBasis::Dpa2018S35Task],
        parties: &[
            ("hmpps-prisons", false, false),
            ("gmp", false, false),
            ("wirral-police", false, false),
            ("probation-greater-manchester", false, false),
            ("town-council", true, true),
            ("town-yot", false, false),
        ],
        ends_after: Some(20),
        permits: &[
            Permit {
                id: "told",
                kinds: &["custody"],
                to_kinds: &["police", "probation"],
                to_functions: &["offender_management"],
                ..PLAIN
            },
            Permit {
                id: "homes",
                kinds: &["custody"],
                to_kinds: &["council"],
                to_functions: &["housing"],
                stake: &["addressed", "in_area", "holder"],
                only: Some(("custody_events", &["release", "reception"])),
                under_18: false,
                withhold: &[Field::CustodyReason],
                mask: &[Field::SubjectBirthDate],
                handling: &["no_onward"],
                ..PLAIN
            },
        ],
    },
    Agreement {
        id: "care",
        purpose: Purpose::ChildSafeguarding,
        gateway: Gateway::Ca2004S1011,
        bases: &[LawfulBasis::Dpa2018S35Task, LawfulBasis::Gdpr61C],
        parties: &[
            ("gmp", false, false),
            ("wirral-police", false, false),
            ("probation-greater-manchester", false, false),
            ("town-council", true, true),
            ("town-yot", false, false),
            ("town-clinic", true, false),
        ],
        ends_after: None,
        permits: &[
            Permit {
                id: "children",
                kinds: &["placement", "enforcement", "action"],
                to_kinds: &["council", "youth_offending", "police", "probation"],
                to_functions: &["childrens_services", "youth_justice", "offender_management"],
                reveal: &[Field::ChildConcern, Field::SoleCarer, Field::Health, Field::Narrative],
                ..PLAIN
            },
            Permit {
                id: "clinic",
                kinds: &["placement", "action"],
                to_kinds: &["health"],
                to_functions: &["treatment"],
                stake: &["addressed", "in_area", "holder"],
                under_18: false,
                reveal: &[Field::Health],
                withhold: &[Field::Address],
                ..PLAIN
            },
        ],
    },
    Agreement {
        id: "helpers",
        purpose: Purpose::Resettlement,
        gateway: Gateway::Consent,
        bases: &[LawfulBasis::Gdpr61A, LawfulBasis::Dpa2018S35Consent],
        parties: &[
            ("gmp", false, false),
            ("probation-greater-manchester", false, false),
            ("town-helpers", true, false),
        ],
        ends_after: None,
        permits: &[Permit {
            id: "mentors",
            kinds: &["referral"],
            to_kinds: &["voluntary"],
            to_functions: &["mentoring"],
            stake: &["addressed", "holder"],
            under_18: false,
            reveal: &[Field::ReferralProgramme],
            ..PLAIN
        }],
    },
];

/// The people who run the broker: two who approve rules, and an operator.
const PEOPLE: &[(&str, &str, &str)] = &[
    ("gmp", "00000001-0000-4000-8000-000000000002", "approver"),
    ("probation-greater-manchester", "00000004-0000-4000-8000-000000000002", "approver"),
    ("pyramid-operations", "00000016-0000-4000-8000-000000000005", "operator"),
];

fn quoted<W: std::fmt::Display>(words: impl IntoIterator<Item = W>) -> String {
    words.into_iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

fn names(fields: &[Field]) -> String {
    quoted(fields.iter().map(|field| field.name()))
}

/// The town as the broker is told of it.
pub fn script() -> Script {
    let agreements = AGREEMENTS.iter();
    let bundle =
        agreements.map(|one| (format!("agreements/{}.toml", one.id), agreement(one))).collect();
    Script { directory: directory(), bundle, checkpoint_seconds: 60 }
}

fn directory() -> String {
    let mut text = "trust_domain = \"pyramid.example\"\n".to_owned();
    for area in ["north", "east", "south"] {
        let _ = writeln!(text, "[[area]]\ncode = \"{area}\"\nname = \"{area} (invented)\"");
    }
    for (list, raised_by) in LISTS {
        let _ = writeln!(text, "[[flag]]\nkind = \"{list}\"\nraised_by = [{raised_by}]");
    }
    let mut last = "";
    for desk in &DESKS {
        if desk.agency != last {
            agency(&mut text, desk.agency, desk.kind);
            last = desk.agency;
        }
    }
    agency(&mut text, "pyramid-operations", "operator");
    let shows = names(&PROGRAMME_SHOWS);
    let _ = write!(
        text,
        "[[programme]]\nid = \"{PROGRAMME}\"\nname = \"Befriending (invented)\"\n\
         theme = \"resettlement\"\nprovider = \"town-helpers/mentors\"\nage_from = 18\n\
         areas = [\"north\"]\nconsent = \"participant\"\ncategories = [\"managed\"]\n\
         fields = [{shows}]\n"
    );
    text
}

fn agency(text: &mut String, id: &str, kind: &str) {
    let _ = write!(
        text,
        "[[agency]]\nid = \"{id}\"\nname = \"{id} (invented)\"\nkind = \"{kind}\"\n\
         dpo_contact = \"data-protection@{id}.example\"\npublish_per_second = 1000000\n"
    );
    for desk in DESKS.iter().filter(|desk| desk.agency == id) {
        let Desk { desk: name, function, .. } = desk;
        let regime = if desk.part3 { "part3" } else { "uk_gdpr" };
        let _ = write!(
            text,
            "[[agency.desk]]\nid = \"{name}\"\nname = \"{name}\"\nfunction = \"{function}\"\n\
             regime = \"{regime}\"\nareas = [{}]\nkinds = [{}]\nattributes = [{}]\n\
             [[agency.node]]\nname = \"{name}\"\ndesks = [\"{name}\"]\n",
            quoted(desk.areas.iter()),
            quoted(desk.kinds.iter()),
            quoted(desk.attributes.iter()),
        );
    }
    if kind == "operator" {
        text.push_str(
            "[[agency.desk]]\nid = \"duty\"\nname = \"Duty\"\nfunction = \"broker_operations\"\n\
             regime = \"part3\"\n[[agency.node]]\nname = \"watch\"\ndesks = [\"duty\"]\n",
        );
    }
    for (_, person, role) in PEOPLE.iter().filter(|(of, ..)| *of == id) {
        let _ = writeln!(text, "[[agency.person]]\nid = \"{person}\"\nroles = [\"{role}\"]");
    }
}

fn agreement(agreed: &Agreement) -> String {
    let term = Term::around(BEGINS);
    let term = match agreed.ends_after {
        Some(days) => term.ending(BEGINS.date() + Duration::days(days)),
        None => term,
    };
    let Agreement { id, purpose, gateway, bases, .. } = agreed;
    let mut text = format!(
        "id = \"{id}\"\ntitle = \"{id} (invented)\"\nstart = \"{}\"\nreview = \"{}\"\n\
         expiry = \"{}\"\npurposes = [\"{}\"]\n\
         gateways = [{{ gateway = \"{}\", basis = [{}] }}]\n",
        term.start,
        term.review,
        term.expiry,
        purpose.name(),
        gateway.name(),
        quoted(bases.iter().map(|basis| basis.name())),
    );
    for (agency, basis, conditions) in agreed.parties {
        let _ = writeln!(
            text,
            "[[party]]\nagency = \"{agency}\"\ndpo_contact = \"data-protection@{agency}.example\""
        );
        if *basis {
            text.push_str("recipient_basis = \"gdpr_6_1_e\"\n");
        }
        if *conditions {
            text.push_str("recipient_conditions = [\"art9_g_safeguarding\"]\n");
        }
    }
    let parties = quoted(agreed.parties.iter().map(|(agency, ..)| *agency));
    for one in agreed.permits {
        permit(&mut text, one, &parties);
    }
    text
}

fn permit(text: &mut String, permit: &Permit, parties: &str) {
    let _ = write!(
        text,
        "[[permit]]\nid = \"{}\"\nkinds = [{}]\nfrom = {{ agencies = [{parties}] }}\n\
         to = {{ kinds = [{}], functions = [{}] }}\ncategories = [{}]\nstake = [{}]\n\
         under_18 = {}\n",
        permit.id,
        quoted(permit.kinds.iter()),
        quoted(permit.to_kinds.iter()),
        quoted(permit.to_functions.iter()),
        quoted(permit.categories.iter()),
        quoted(permit.stake.iter()),
        permit.under_18,
    );
    if let Some((key, words)) = permit.only {
        let _ = writeln!(text, "{key} = [{}]", quoted(words.iter()));
    }
    let lists = [
        ("flags_any", quoted(permit.flags_any.iter())),
        ("reveal", names(permit.reveal)),
        ("withhold", names(permit.withhold)),
        ("mask", names(permit.mask)),
        ("handling", quoted(permit.handling.iter())),
    ];
    for (key, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        let _ = writeln!(text, "{key} = [{list}]");
    }
}
