//! The space of cases that the table's header declares, and each case as a question to policy.
//!
//! Owns: the words of every column, and what each stands for. Written from the header, not
//! from the rows. Promises: a case that the header rules out (a flag's owner without a flag,
//! an earlier copy of anything but a correction) does not occur.

use std::collections::BTreeSet;

use broker::directory::{AgencyKind, DeskIndex, Directory, MessageKind, Regime};
use broker::policy::{IntelligenceFacts, Question, Stake};
use proto::exchange::v1 as wire;
use proto::exchange::v1::Field;
use proto::text::Named as _;

use crate::table::{COLUMNS, Row, RowSet};

const MESSAGES: &[&str] = &[
    "intelligence:P",
    "intelligence:C-A1",
    "intelligence:C-A3",
    "intelligence:C-S2",
    "intelligence:555-1",
    "intelligence:555-4",
    "mappa:1",
    "mappa:4",
    "custody:release",
    "custody:reception",
    "custody:transfer",
    "custody:temporary_absence",
    "custody:temporary_absence_return",
    "custody:recall",
    "custody:unlawfully_at_large",
    "custody:death",
    "custody:released_in_error",
    "custody:release_to_hospital",
    "custody:release_to_immigration",
    "custody:release@provisional",
    "custody:release@limited_unknown",
    "custody:release@limited",
    "flag",
    "correction",
    "task:selection_candidate",
    "task:possible_match",
    "task:area_unknown",
    "task:link_disputed",
];

/// Sending agency of each kind.
const SENDERS: &[(&str, &str)] = &[
    ("police", "gmp"),
    ("probation", "probation-greater-manchester"),
    ("prison", "hmpps-prisons"),
    ("youth_offending", "stockport-yot"),
    ("prosecution", "cps-north-west"),
    ("court", "hmcts"),
    ("council", "stockport-council"),
    ("treatment_provider", "stockport-drug-and-alcohol-service"),
    ("health", "nhs-greater-manchester"),
    ("voluntary", "loto-stockport"),
];

/// Kinds of sender that are not under DPA 2018 Part 3.
const UNDER_UK_GDPR: &[&str] = &["council", "treatment_provider", "health", "voluntary"];

/// Each gateway with its own purpose.
const GATEWAYS: &[(&str, &str)] = &[
    ("cda1998_s115", "offender_management"),
    ("cda1998_s37_39", "offender_management"),
    ("cja2003_s325", "public_protection"),
    ("oma2007_s14", "offender_management"),
    ("ca2004_s10_11", "child_safeguarding"),
    ("ca1989_s17_47", "child_safeguarding"),
    ("pcsc2022_s16", "crime_prevention"),
    ("care2014_s6_7_45", "adult_safeguarding"),
    ("police_common_law", "crime_prevention"),
    ("consent", "resettlement"),
    ("vital", "public_protection"),
    ("court_order", "justice"),
    ("statutory_duty", "justice"),
];

const CATEGORIES: &[&str] =
    &["suspect", "convicted", "managed", "victim", "witness", "associate", "other"];
const CHILD: &[&str] = &["no", "yes"];
const FLAGGED: &[&str] = &["none", "ppo", "mappa"];
const STAKES: &[&str] = &["addressed", "flag_owner", "in_area", "selection"];
const EARLIER_COPY: &[&str] = &["earlier_copy"];

/// Each recipient with a desk of the shipped directory that is one.
const RECIPIENTS: &[(&str, &str)] = &[
    ("police/offender_management", "gmp/stockport"),
    ("police/selection", "gmp/stockport-selection"),
    ("police/intelligence", "gmp/force-intelligence"),
    ("police/public_protection", "gmp/public-protection"),
    ("police/public_protection+category-4", "gmp/public-protection-category-4"),
    ("probation/offender_management", "probation-greater-manchester/stockport"),
    ("probation/offender_management+children", "probation-greater-manchester/youth-transitions"),
    ("probation/public_protection", "probation-greater-manchester/public-protection"),
    (
        "probation/public_protection+category-4",
        "probation-greater-manchester/public-protection-category-4",
    ),
    ("probation/victim_liaison", "probation-greater-manchester/victim-liaison"),
    ("prison/custody", "hmpps-prisons/forest-bank"),
    ("prison/public_protection", "hmpps-prisons/public-protection"),
    ("prison/public_protection+category-4", "hmpps-prisons/public-protection-category-4"),
    ("youth_offending/youth_justice", "stockport-yot/youth-justice"),
    ("prosecution/prosecution", "cps-north-west/magistrates"),
    ("court/court_administration", "hmcts/stockport-magistrates"),
    ("council/housing", "stockport-council/housing"),
    ("council/childrens_services", "stockport-council/childrens-services"),
    ("council/offender_management", "stockport-council/community-safety"),
    ("treatment_provider/treatment", "stockport-drug-and-alcohol-service/criminal-justice"),
    ("health/health_care", "nhs-greater-manchester/forensic-mental-health"),
    ("voluntary/mentoring", "loto-stockport/mentors"),
    ("operator/broker_operations", "pyramid-operations/duty"),
];

/// Fields the table speaks of, whatever the kind.
const FIELDS: &[&str] = &[
    "subject_birth_date",
    "police_identifiers",
    "hmpps_identifiers",
    "narrative",
    "offence_class",
    "spent_conviction",
    "address",
    "licence_condition_text",
    "health",
    "treatment_need",
    "risk",
    "sighting",
    "child_concern",
];

/// One case: the place of its word in each column.
pub type Case = [u8; COLUMNS];

/// The words of each column for one message.
pub fn words(message: &str) -> [Vec<&'static str>; COLUMNS] {
    let firsts = |pairs: &[(&'static str, &str)]| pairs.iter().map(|pair| pair.0).collect();
    let stakes = if message == "correction" { EARLIER_COPY } else { STAKES };
    [
        MESSAGES.to_vec(),
        firsts(SENDERS),
        firsts(GATEWAYS),
        CATEGORIES.to_vec(),
        CHILD.to_vec(),
        FLAGGED.to_vec(),
        stakes.to_vec(),
        firsts(RECIPIENTS),
    ]
}

/// Every word that a column can hold.
pub fn vocabulary(column: usize) -> Vec<&'static str> {
    let mut all = words("flag")[column].clone();
    all.extend(words("correction")[column].iter());
    all.dedup();
    all
}

/// The case in words.
pub fn in_words(case: &Case) -> [&'static str; COLUMNS] {
    let message = MESSAGES[usize::from(case[0])];
    let words = words(message);
    std::array::from_fn(|column| words[column][usize::from(case[column])])
}

/// Gives every case with the row that decides it; `None` where no row does.
pub fn each(rows: &[Row], mut take: impl FnMut(&Case, Option<usize>)) {
    for (place, message) in MESSAGES.iter().enumerate() {
        let words = words(message);
        let sets: Vec<Vec<RowSet>> = words
            .iter()
            .enumerate()
            .map(|(column, words)| {
                words.iter().map(|word| RowSet::fitting(rows, column, word)).collect()
            })
            .collect();
        let mut case = [0; COLUMNS];
        case[0] = u8::try_from(place).expect("few messages");
        let owned = words[6].iter().position(|stake| *stake == "flag_owner");
        descend(1, &mut case, sets[0][place], &sets, owned, &mut take);
    }
}

fn descend(
    column: usize,
    case: &mut Case,
    so_far: RowSet,
    sets: &[Vec<RowSet>],
    owned: Option<usize>,
    take: &mut impl FnMut(&Case, Option<usize>),
) {
    for (place, set) in sets[column].iter().enumerate() {
        // Nobody owns a flag that is not there: `none` is the first word of `flagged`.
        if column == 6 && case[5] == 0 && owned == Some(place) {
            continue;
        }
        case[column] = u8::try_from(place).expect("few words");
        let left = so_far.and(*set);
        if column + 1 == COLUMNS {
            take(case, left.first());
        } else {
            descend(column + 1, case, left, sets, owned, take);
        }
    }
}

/// The listed fields of a message.
pub fn listed(message: &str) -> BTreeSet<String> {
    let mut fields: BTreeSet<String> = FIELDS.iter().map(|field| (*field).to_owned()).collect();
    if message.starts_with("intelligence:") {
        fields.insert("originator_reference".into());
    }
    if message.starts_with("mappa:") {
        fields.insert("mappa_category".into());
    }
    fields
}

/// The desk of a recipient. It must be what its name says.
pub fn desk(recipient: &str, directory: &Directory) -> DeskIndex {
    let (_, full) = RECIPIENTS.iter().find(|(name, _)| *name == recipient).unwrap();
    let (agency, id) = full.split_once('/').unwrap();
    let index = directory.desk_index(agency, id).expect("the shipped directory has this desk");
    let desk = directory.desk(index).unwrap();
    let (kind, rest) = recipient.split_once('/').unwrap();
    let (function, attribute) = rest.split_once('+').map_or((rest, None), |(f, a)| (f, Some(a)));
    assert_eq!((desk.agency_kind.name(), desk.function.name()), (kind, function), "{full}");
    if let Some(attribute) = attribute {
        assert!(desk.attributes.contains(attribute), "{full} is {attribute}");
    }
    index
}

/// The question a case puts, and the stake it is put with.
pub fn question(words: [&str; COLUMNS]) -> (Question, Stake) {
    let [message, sender, gateway, category, child, flagged, stake, _] = words;
    let (head, detail) = message.split_once(':').unwrap_or((message, ""));
    let kind = MessageKind::from_name(head).unwrap();
    let agency = SENDERS.iter().find(|(kind, _)| *kind == sender).unwrap().1;
    let purpose = GATEWAYS.iter().find(|(name, _)| *name == gateway).unwrap().1;
    let part3 = !UNDER_UK_GDPR.contains(&sender);
    let (event, access) = match detail.split_once('@') {
        Some((event, "limited")) => (event, wire::LimitedAccess::Yes),
        Some((event, "limited_unknown")) => (event, wire::LimitedAccess::Unspecified),
        Some((event, "provisional")) => (event, wire::LimitedAccess::No),
        Some(_) => panic!("a custody event is provisional, limited or plain"),
        None => (detail, wire::LimitedAccess::No),
    };
    let certainty = if detail.ends_with("@provisional") {
        wire::CustodyCertainty::Provisional
    } else {
        wire::CustodyCertainty::Confirmed
    };
    let question = Question {
        kind,
        sender: agency.into(),
        sender_kind: *AgencyKind::ALL.iter().find(|kind| kind.name() == sender).unwrap(),
        sender_regime: if part3 { Regime::Part3 } else { Regime::UkGdpr },
        purpose: wire::Purpose::from_name(purpose).unwrap(),
        gateway: wire::Gateway::from_name(gateway).unwrap(),
        lawful_basis: if part3 {
            wire::LawfulBasis::Dpa2018S35Task
        } else {
            wire::LawfulBasis::Gdpr61E
        },
        sensitive_condition: if part3 {
            wire::SensitiveCondition::Sch8Statutory
        } else {
            wire::SensitiveCondition::Art9GStatutory
        },
        marking: wire::Marking::OfficialSensitive,
        handling: BTreeSet::new(),
        urgency: wire::Urgency::Routine,
        category: wire::SubjectCategory::from_name(category).unwrap(),
        under_18: child == "yes",
        limited_access: access,
        flags: wire::FlagKind::from_name(flagged).into_iter().collect(),
        custody: (head == "custody")
            .then(|| (wire::CustodyEvent::from_name(event).unwrap(), certainty)),
        mappa: (head == "mappa").then(|| (detail.parse().unwrap(), 2)),
        intelligence: (head == "intelligence").then(|| grade(detail)),
        fields: listed(message).iter().map(|field| Field::from_name(field).unwrap()).collect(),
        task: (head == "task").then(|| wire::TaskKind::from_name(detail).unwrap()),
    };
    let stake = Stake {
        addressed: stake == "addressed",
        flag_owner: stake == "flag_owner",
        in_area: stake == "in_area",
        selection: stake == "selection",
    };
    (question, stake)
}

/// `P` and `C-A1` are handling codes of 3x5x2, `555-4` one of 5x5x5.
fn grade(written: &str) -> IntelligenceFacts {
    let scheme = if written.starts_with("555-") {
        wire::GradingScheme::FiveFiveFive
    } else {
        wire::GradingScheme::ThreeFiveTwo
    };
    let code = written.trim_start_matches("555-");
    let (handling, condition) = code.split_once('-').map_or((code, None), |(h, c)| (h, Some(c)));
    let named = |name: &str| wire::IntelligenceCondition::from_name(&name.to_lowercase()).unwrap();
    IntelligenceFacts {
        scheme,
        handling: handling.chars().next().unwrap(),
        conditions: condition.into_iter().map(named).collect(),
    }
}
