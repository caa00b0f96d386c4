//! The policy's rules as tables: an invented directory, one bundle, questions about nobody.

mod break_glass;

mod casework;

mod decisions;

mod faults;

mod kinds;

mod layers;

mod same_answer;

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::exchange::v1::{
    CourtStep, CustodyCertainty, CustodyEvent, DrugTestUse, EnforcementOutcome, EnforcementStep,
    Field, FlagKind, Gateway, GradingScheme, HandlingCondition, IntelligenceCondition, LawfulBasis,
    LimitedAccess, MappaStep, Marking, Pathway, PlacementSort, PlacementStep, Purpose,
    ReferralStep, SensitiveCondition, SubjectCategory, TaskKind, Urgency,
};
use proto::refusal::Refusal;
use proto::text::Named as _;
use time::OffsetDateTime;
use time::macros::datetime;

use super::{
    Bundle, BundleError, BundleFault, BundleFile, InForce, IntelligenceFacts, KindFacts, Question,
    Stake, Verdict,
};
use crate::directory::{AgencyKind, Directory, Regime, document};

/// A moment at which every agreement of the test bundle is in force.
const NOON: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);

fn directory() -> Directory {
    document::read(include_str!("directory.toml")).unwrap()
}

fn file(path: &str, text: &str) -> BundleFile {
    BundleFile { path: path.into(), text: text.into() }
}

/// The bundle most tests read.
fn files() -> Vec<BundleFile> {
    vec![
        file("agreements/offenders.toml", include_str!("offenders.toml")),
        file("agreements/intelligence.toml", include_str!("intelligence.toml")),
        file("agreements/mentors.toml", include_str!("mentors.toml")),
        file("agreements/care.toml", include_str!("care.toml")),
        file("agreements/casework.toml", include_str!("casework.toml")),
        file("agreements/conditions.toml", include_str!("conditions.toml")),
    ]
}

fn read(files: &[BundleFile]) -> Arc<Bundle> {
    match Bundle::read(files, &directory()) {
        Ok(bundle) => Arc::new(bundle),
        Err(BundleError::Faulty(faults)) => panic!("{faults:#?}"),
    }
}

fn in_force() -> InForce {
    read(&files()).in_force(&directory(), NOON)
}

fn faults_of(files: &[BundleFile]) -> Vec<BundleFault> {
    match Bundle::read(files, &directory()) {
        Ok(_) => Vec::new(),
        Err(BundleError::Faulty(faults)) => faults,
    }
}

const fn custody(event: CustodyEvent, certainty: CustodyCertainty) -> KindFacts {
    KindFacts::Custody { event, certainty }
}

/// A release that a prison confirmed, of a managed adult on the PPO list.
fn release() -> Question {
    Question {
        facts: custody(CustodyEvent::Release, CustodyCertainty::Confirmed),
        sender: "prisons".into(),
        sender_kind: AgencyKind::Prison,
        sender_regime: Regime::Part3,
        purpose: Purpose::OffenderManagement,
        gateway: Gateway::Cda1998S115,
        lawful_basis: LawfulBasis::Dpa2018S35Task,
        sensitive_condition: SensitiveCondition::Sch8Statutory,
        marking: Marking::OfficialSensitive,
        handling: BTreeSet::new(),
        urgency: Urgency::Immediate,
        break_glass: false,
        category: SubjectCategory::Managed,
        under_18: false,
        limited_access: LimitedAccess::No,
        flags: BTreeSet::from([FlagKind::Ppo]),
        fields: BTreeSet::from([
            Field::SubjectName,
            Field::SubjectBirthDate,
            Field::HmppsIdentifiers,
            Field::CustodyPrison,
            Field::CustodyReason,
            Field::Address,
        ]),
    }
}

/// Intelligence of a police force, graded `2BP`.
fn intelligence() -> Question {
    Question {
        sender: "north-police".into(),
        sender_kind: AgencyKind::Police,
        purpose: Purpose::CrimePrevention,
        gateway: Gateway::PoliceCommonLaw,
        facts: KindFacts::Intelligence(IntelligenceFacts {
            scheme: GradingScheme::ThreeFiveTwo,
            handling: 'P',
            conditions: BTreeSet::new(),
        }),
        fields: BTreeSet::from([Field::SubjectName, Field::Narrative, Field::OriginatorReference]),
        ..release()
    }
}

/// A MAPPA notification by probation, category 1, level 2.
fn mappa() -> Question {
    Question {
        sender: "probation".into(),
        sender_kind: AgencyKind::Probation,
        purpose: Purpose::PublicProtection,
        gateway: Gateway::Cja2003S325,
        facts: KindFacts::Mappa { category: 1, level: 2, step: MappaStep::Review },
        fields: BTreeSet::from([
            Field::SubjectName,
            Field::MappaCategory,
            Field::MappaLevel,
            Field::Risk,
        ]),
        ..release()
    }
}

/// A question by police about a managed adult, for a statute's purpose; rows put other kinds of
/// casework in its place.
fn case() -> Question {
    Question {
        sender: "north-police".into(),
        sender_kind: AgencyKind::Police,
        gateway: Gateway::StatutoryDuty,
        facts: KindFacts::Request,
        flags: BTreeSet::new(),
        fields: BTreeSet::from([Field::SubjectName]),
        ..release()
    }
}

fn of(facts: KindFacts) -> Question {
    Question { facts, ..case() }
}

fn breach(step: EnforcementStep) -> KindFacts {
    KindFacts::Enforcement { step, outcome: EnforcementOutcome::Alleged }
}

fn placed(sort: PlacementSort, step: PlacementStep) -> KindFacts {
    KindFacts::Placement { sort, step }
}

/// A task that a message of the prison service caused.
fn task(kind: TaskKind) -> Question {
    Question { facts: KindFacts::Task(kind), ..release() }
}

/// A withdrawal of an earlier message of the prison service.
fn correction() -> Question {
    Question { facts: KindFacts::Correction, ..release() }
}

/// The same news from a health body.
fn from_health() -> Question {
    Question {
        sender: "clinic".into(),
        sender_kind: AgencyKind::Health,
        sender_regime: Regime::UkGdpr,
        lawful_basis: LawfulBasis::Gdpr61E,
        sensitive_condition: SensitiveCondition::Art9HCare,
        ..release()
    }
}

const NO_STAKE: Stake =
    Stake { addressed: false, flag_owner: false, in_area: false, selection: false, holder: false };
const ADDRESSED: Stake = Stake { addressed: true, ..NO_STAKE };
const OWNER: Stake = Stake { flag_owner: true, ..NO_STAKE };
const IN_AREA: Stake = Stake { in_area: true, ..NO_STAKE };
const SELECTION: Stake = Stake { selection: true, ..NO_STAKE };
const HOLDER: Stake = Stake { holder: true, ..NO_STAKE };

/// A row: a name, the desk, the question, the desk's stake, and the answer in words.
type Row = (&'static str, &'static str, Question, Stake, &'static str);

#[track_caller]
fn check(in_force: &InForce, rows: Vec<Row>) {
    let directory = directory();
    for (name, desk, question, stake, expected) in rows {
        let (agency, id) = desk.split_once('/').unwrap();
        let index = directory.desk_index(agency, id).unwrap();
        assert_eq!(said(&in_force.decide(index, &question, stake)), expected, "{name}");
    }
}

/// A verdict in words.
fn said(verdict: &Verdict) -> String {
    let rules = verdict.rules.join(" ");
    let permit = match &verdict.outcome {
        Err(Refusal::NoPermit) => return "no permit".into(),
        Err(Refusal::Forbidden) => return format!("forbidden: {rules}"),
        Err(Refusal::PolicyError) => return format!("error: {rules}"),
        Err(other) => panic!("{other:?} is no refusal of policy"),
        Ok(permit) => permit,
    };
    let mut said = format!("permitted: {rules}");
    for (word, fields) in [("withheld", &permit.withheld), ("masked", &permit.masked)] {
        if !fields.is_empty() {
            let names: Vec<String> = fields.iter().map(|field| field.name()).collect();
            said.push_str(&format!("; {word} {}", names.join(" ")));
        }
    }
    if !permit.handling.is_empty() {
        let names: Vec<String> = permit.handling.iter().map(|one| one.name()).collect();
        said.push_str(&format!("; handling {}", names.join(" ")));
    }
    for (word, number) in
        [("act by hours", permit.act_by_hours), ("delete by days", permit.delete_by_days)]
    {
        if let Some(number) = number {
            said.push_str(&format!("; {word} {number}"));
        }
    }
    said
}

fn with_fields(question: Question, fields: &[Field]) -> Question {
    Question { fields: fields.iter().copied().collect(), ..question }
}

fn handled(question: Question, condition: HandlingCondition) -> Question {
    Question { handling: BTreeSet::from([condition]), ..question }
}

fn graded(scheme: GradingScheme, handling: char, conditions: &[IntelligenceCondition]) -> Question {
    let conditions = conditions.iter().copied().collect();
    Question {
        facts: KindFacts::Intelligence(IntelligenceFacts { scheme, handling, conditions }),
        ..intelligence()
    }
}
