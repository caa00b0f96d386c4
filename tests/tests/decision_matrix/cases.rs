//! The space of cases that the table's header declares, and each case as a question to policy.
//!
//! Owns: the words of every column, and what each stands for. Written from the header, not
//! from the rows. Promises: a case that the header rules out (a flag's owner without a flag,
//! an earlier copy of anything but a correction) does not occur.

use std::collections::BTreeSet;

use broker::directory::{AgencyKind, DeskIndex, Directory, Regime};
use broker::policy::{IntelligenceFacts, KindFacts, Question, Stake};
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
    "mappa:1@jobcentre_notice",
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
    "task:treatment_gap",
    "drug_test:bail",
    "drug_test:sentence",
    "drug_test:supervision",
    "drug_test:release",
    "drug_test:advice_and_treatment",
    "enforcement:warning",
    "enforcement:breach",
    "enforcement:breach@not_proved",
    "enforcement:warrant",
    "enforcement:recall_considered",
    "enforcement:recall_decided",
    "enforcement:recall_not_decided",
    "action:accommodation",
    "action:employment",
    "action:drugs_and_alcohol",
    "action:finance",
    "action:relationships",
    "action:health",
    "action:community",
    "action:control",
    "placement:looked_after",
    "placement:looked_after@concern",
    "placement:child_remand",
    "placement:approved_premises",
    "placement:transitional",
    "placement:hospital",
    "referral:made",
    "referral:accepted",
    "referral:not_proceeding",
    "court:listed",
    "court:remanded",
    "court:sentenced",
    "court:review",
    "request",
    "response",
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
    ("jobcentre", "jobcentre-stockport"),
    ("voluntary", "loto-stockport"),
];

/// Kinds of sender that are not under DPA 2018 Part 3.
const UNDER_UK_GDPR: &[&str] =
    &["council", "treatment_provider", "health", "jobcentre", "voluntary"];

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
const STAKES: &[&str] = &["addressed", "flag_owner", "in_area", "selection", "holder"];
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
    ("council/treatment", "stockport-council/treatment-access"),
    ("treatment_provider/treatment", "stockport-drug-and-alcohol-service/criminal-justice"),
    ("treatment_provider/treatment+children", "mosaic-stockport/young-people"),
    ("health/health_care", "nhs-greater-manchester/forensic-mental-health"),
    ("jobcentre/work_and_benefits", "jobcentre-stockport/notices"),
    ("voluntary/mentoring", "loto-stockport/mentors"),
    ("voluntary/mentoring+children", "stockport-next-step/employment"),
    ("voluntary/mentoring+victims", "stockport-restorative-service/restorative-justice"),
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

/// The words of one column, whatever the message.
pub fn vocabulary_of(column: usize) -> Vec<&'static str> {
    words("flag")[column].clone()
}

/// The words that stand behind a kind of message, each once: its events, steps, uses or sorts.
pub fn details(kind: &str) -> Vec<String> {
    let of_kind =
        MESSAGES.iter().filter_map(|message| message.strip_prefix(kind)?.strip_prefix(':'));
    let plain = of_kind.map(|detail| detail.split('@').next().unwrap_or(detail).to_owned());
    plain.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Every power.
pub fn gateways() -> Vec<&'static str> {
    GATEWAYS.iter().map(|(name, _)| *name).collect()
}

/// The purpose that a power is used for.
pub fn purpose(gateway: &str) -> &'static str {
    GATEWAYS.iter().find(|(name, _)| *name == gateway).unwrap().1
}

/// The sending agency of a kind, and whether it is under DPA 2018 Part 3.
pub fn agency_of(kind: &str) -> Option<(&'static str, bool)> {
    let (known, agency) = SENDERS.iter().find(|(known, _)| *known == kind)?;
    Some((agency, !UNDER_UK_GDPR.contains(known)))
}

/// The places of the words that are wanted in each column.
pub fn places(wanted: impl Fn(usize, &str) -> bool) -> [Vec<u8>; COLUMNS] {
    std::array::from_fn(|column| {
        let words = words("flag")[column].clone();
        let places = words.iter().enumerate().filter(|(_, word)| wanted(column, word));
        places.map(|(place, _)| u8::try_from(place).expect("few words")).collect()
    })
}

/// Cases of these places, all if they are few and otherwise as many drawn by a seed.
pub fn drawn(places: &[Vec<u8>; COLUMNS], most: usize, seed: &str) -> Vec<Case> {
    let all: usize = places.iter().map(Vec::len).product();
    let numbers: Vec<usize> = if all <= most {
        (0..all).collect()
    } else {
        let draw = |place| usize::try_from(crate::drawn(seed, &place) % all as u64).unwrap();
        (0..most).map(draw).collect()
    };
    numbers.into_iter().filter_map(|number| numbered(places, number)).collect()
}

/// One case of these places. A correction has one stake, which stands in the first place.
fn numbered(places: &[Vec<u8>; COLUMNS], mut number: usize) -> Option<Case> {
    let mut case = [0; COLUMNS];
    for (word, places) in case.iter_mut().zip(places) {
        *word = places[number % places.len()];
        number /= places.len();
    }
    if MESSAGES[usize::from(case[0])] == "correction" {
        case[6] = 0;
        return Some(case);
    }
    let unowned = case[5] == 0 && STAKES[usize::from(case[6])] == "flag_owner";
    (!unowned).then_some(case)
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

/// Each field that one kind of message alone has, of those the table speaks of.
const FIELDS_OF_KINDS: &[(&str, &str)] = &[
    ("intelligence", "originator_reference"),
    ("mappa", "mappa_category"),
    ("drug_test", "drug_test_result"),
    ("enforcement", "enforcement_detail"),
    ("action", "action_pathway"),
    ("placement", "placement_detail"),
    ("referral", "referral_programme"),
    ("court", "court_detail"),
    ("request", "request_detail"),
];

/// The listed fields of a message.
pub fn listed(message: &str) -> BTreeSet<String> {
    let kind = message.split(':').next().unwrap_or_default();
    let own = FIELDS_OF_KINDS.iter().filter(|(of, _)| *of == kind).map(|(_, field)| *field);
    FIELDS.iter().copied().chain(own).map(str::to_owned).collect()
}

/// Every field that the table may speak of.
pub fn fields() -> BTreeSet<String> {
    MESSAGES.iter().flat_map(|message| listed(message)).collect()
}

/// Every recipient.
pub fn recipients() -> Vec<&'static str> {
    RECIPIENTS.iter().map(|(name, _)| *name).collect()
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
    let agency = SENDERS.iter().find(|(kind, _)| *kind == sender).unwrap().1;
    let purpose = GATEWAYS.iter().find(|(name, _)| *name == gateway).unwrap().1;
    let part3 = !UNDER_UK_GDPR.contains(&sender);
    let access = match message.split_once('@') {
        Some((_, "limited")) => wire::LimitedAccess::Yes,
        Some((_, "limited_unknown")) => wire::LimitedAccess::Unspecified,
        Some(_) | None => wire::LimitedAccess::No,
    };
    let question = Question {
        facts: facts(message),
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
        break_glass: false,
        category: wire::SubjectCategory::from_name(category).unwrap(),
        under_18: child == "yes",
        limited_access: access,
        flags: wire::FlagKind::from_name(flagged).into_iter().collect(),
        fields: listed(message).iter().map(|field| Field::from_name(field).unwrap()).collect(),
    };
    let stake = Stake {
        addressed: stake == "addressed",
        flag_owner: stake == "flag_owner",
        in_area: stake == "in_area",
        selection: stake == "selection",
        holder: stake == "holder",
    };
    (question, stake)
}

/// What policy reads of a message's kind, from the words of the first column.
fn facts(message: &str) -> KindFacts {
    let (kind, detail) = message.split_once(':').unwrap_or((message, ""));
    let (word, variant) = detail.split_once('@').map_or((detail, None), |(w, v)| (w, Some(v)));
    match (kind, variant) {
        ("intelligence", None) => KindFacts::Intelligence(grade(word)),
        ("mappa", None | Some("jobcentre_notice")) => KindFacts::Mappa {
            category: word.parse().unwrap(),
            level: 2,
            step: named(variant.unwrap_or("review"), wire::MappaStep::from_name),
        },
        ("custody", None | Some("limited" | "limited_unknown" | "provisional")) => {
            KindFacts::Custody {
                event: named(word, wire::CustodyEvent::from_name),
                certainty: match variant {
                    Some("provisional") => wire::CustodyCertainty::Provisional,
                    Some(_) | None => wire::CustodyCertainty::Confirmed,
                },
            }
        }
        ("flag", None) => KindFacts::Flag,
        ("correction", None) => KindFacts::Correction,
        ("task", None) => KindFacts::Task(named(word, wire::TaskKind::from_name)),
        ("drug_test", None) => KindFacts::DrugTest(named(word, wire::DrugTestUse::from_name)),
        ("enforcement", None | Some("not_proved")) => KindFacts::Enforcement {
            step: named(word, wire::EnforcementStep::from_name),
            outcome: named(variant.unwrap_or("alleged"), wire::EnforcementOutcome::from_name),
        },
        ("action", None) => KindFacts::Action(named(word, wire::Pathway::from_name)),
        ("placement", None | Some("concern")) => KindFacts::Placement {
            sort: named(word, wire::PlacementSort::from_name),
            step: named(variant.unwrap_or("started"), wire::PlacementStep::from_name),
        },
        ("referral", None) => KindFacts::Referral(named(word, wire::ReferralStep::from_name)),
        ("court", None) => KindFacts::Court(named(word, wire::CourtStep::from_name)),
        ("request", None) => KindFacts::Request,
        ("response", None) => KindFacts::Response,
        (_, _) => panic!("{message} is no message of the table"),
    }
}

fn named<T>(word: &str, read: impl Fn(&str) -> Option<T>) -> T {
    read(word).unwrap_or_else(|| panic!("{word} is no word of the protocol"))
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
