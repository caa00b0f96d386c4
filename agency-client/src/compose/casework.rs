//! Drug tests, enforcement and hearings: what was found, alleged and decided.
//!
//! Owns: what each of these kinds needs. Promises: a positive result names its drugs and no other
//! does; what is not proved names what alleged it; a sentence names its order.
//! Deliberately does not know: the time now, by which the broker judges times.

use super::age::Age;
use super::kinds::{begin, text_of};
use super::rules::{Faults, is_managed};
use super::words;
use super::{Draft, Grounds, Person, timestamp};
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{
    CourtOrder, CourtStep, DrugTestResult, DrugTestStage, DrugTestSubstance, DrugTestUse,
    EnforcementMatter, EnforcementOutcome, EnforcementStep, Gateway, LawfulBasis, Purpose,
    SubjectCategory,
};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// From this age a test is lawful after charge (PACE s.63B(3)).
const CHARGED_FROM: u16 = 14;

/// What a drug test showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestFinding {
    /// Nothing.
    Negative,
    /// These drugs: at least one, each once.
    Positive(Vec<DrugTestSubstance>),
    /// No sample was given.
    Refused,
    /// The sample could not be read.
    Void,
}

/// A test for specified Class A drugs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrugTestNews {
    /// At which point it was taken. Decides from what age it is lawful (PACE s.63B(3)).
    pub stage: DrugTestStage,
    /// What it showed.
    pub finding: TestFinding,
    /// When it was taken.
    pub tested_at: OffsetDateTime,
    /// Whether an appropriate adult was there; required for a child (PACE s.63B(5A)).
    pub appropriate_adult: bool,
    /// What the result is shared for (PACE s.63B(7)).
    pub shared_for: DrugTestUse,
}

/// Begins the result of a drug test of one person.
#[must_use]
pub fn drug_test(id: Uuid, grounds: Grounds, person: Person, news: DrugTestNews) -> Draft {
    let mut faults = Faults::default();
    faults.require(news.stage != DrugTestStage::Unspecified, "drug_test.stage", words::REQUIRED);
    faults.require(news.shared_for != DrugTestUse::Unspecified, "drug_test.use", words::TEST_USE);
    check_age(&news, &person, &mut faults);
    faults.require(is_managed(&person), "subjects[0].category", words::TEST_WHOM);
    let is_named = grounds.purpose != Purpose::CrimePrevention;
    faults.require(is_named, "purpose", words::TEST_PURPOSE);
    let (result, substances) = match news.finding {
        TestFinding::Negative => (DrugTestResult::Negative, Vec::new()),
        TestFinding::Refused => (DrugTestResult::Refused, Vec::new()),
        TestFinding::Void => (DrugTestResult::Void, Vec::new()),
        TestFinding::Positive(substances) => {
            let field = "drug_test.substances";
            faults.require(!substances.is_empty(), field, words::SUBSTANCES_POSITIVE);
            let distinct: BTreeSet<i32> = substances.iter().copied().map(i32::from).collect();
            let is_right = distinct.len() == substances.len() && !distinct.contains(&0);
            faults.require(is_right, field, words::SUBSTANCES_KNOWN);
            (DrugTestResult::Positive, substances)
        }
    };
    let kind = Kind::DrugTest(wire::DrugTest {
        stage: news.stage.into(),
        result: result.into(),
        substances: substances.into_iter().map(i32::from).collect(),
        tested_at: Some(timestamp(news.tested_at)),
        appropriate_adult: news.appropriate_adult,
        r#use: news.shared_for.into(),
    });
    begin(id, grounds, kind, faults.0).person(person)
}

/// PACE s.63B(3) and (5A). An age nobody knows makes no test lawful.
fn check_age(news: &DrugTestNews, person: &Person, faults: &mut Faults) {
    let Some(age) = Age::of_person(person, news.tested_at) else { return };
    let field = "drug_test.stage";
    match news.stage {
        DrugTestStage::Arrest => faults.require(age.is_adult(), field, words::TEST_ARREST),
        DrugTestStage::Supervision => {
            faults.require(age.is_adult(), field, words::TEST_SUPERVISION);
        }
        DrugTestStage::Charge => {
            let is_of_age = age.is_adult() || age.is_shown_to_be(CHARGED_FROM);
            faults.require(is_of_age, field, words::TEST_CHARGE);
            let has_adult = age.is_adult() || news.appropriate_adult;
            faults.require(has_adult, "drug_test.appropriate_adult", words::TEST_ADULT);
        }
        DrugTestStage::Unspecified => {}
    }
}

/// What became of an allegation, and which message alleged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allegation {
    /// It is alleged.
    Made,
    /// Proved or admitted. Alleged by this message, or in none of ours.
    Proved(Option<Uuid>),
    /// Not proved. Everybody who was given this message is told, and nobody else.
    NotProved(Uuid),
    /// No longer alleged. Everybody who was given this message is told, and nobody else.
    Withdrawn(Uuid),
}

/// A breach or a recall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnforcementNews {
    /// What is breached, or said to be. Only a licence ends in recall.
    pub matter: EnforcementMatter,
    /// What is done about it.
    pub step: EnforcementStep,
    /// What became of the allegation.
    pub allegation: Allegation,
    /// When it happened or was decided.
    pub occurred_at: OffsetDateTime,
}

/// Begins news of a breach or a recall.
#[must_use]
pub fn enforcement(id: Uuid, grounds: Grounds, person: Person, news: &EnforcementNews) -> Draft {
    let (outcome, alleged) = match news.allegation {
        Allegation::Made => (EnforcementOutcome::Alleged, None),
        Allegation::Proved(alleged) => (EnforcementOutcome::Proved, alleged),
        Allegation::NotProved(alleged) => (EnforcementOutcome::NotProved, Some(alleged)),
        Allegation::Withdrawn(alleged) => (EnforcementOutcome::Withdrawn, Some(alleged)),
    };
    let is_recall = matches!(
        news.step,
        EnforcementStep::RecallConsidered
            | EnforcementStep::RecallDecided
            | EnforcementStep::RecallNotDecided
    );
    let is_matter = news.matter != EnforcementMatter::Unspecified;
    let is_step = news.step != EnforcementStep::Unspecified;
    let is_licence = news.matter == EnforcementMatter::Licence;
    let is_considered = news.step == EnforcementStep::RecallConsidered;
    let is_proved = outcome == EnforcementOutcome::Proved;
    let mut faults = Faults::default();
    faults.require(is_matter, "enforcement.matter", words::REQUIRED);
    faults.require(is_step, "enforcement.step", words::REQUIRED);
    faults.require(!is_recall || is_licence, "enforcement.step", words::RECALL_MATTER);
    let is_disproved = outcome == EnforcementOutcome::NotProved;
    let field = "enforcement.outcome";
    faults.require(!(is_considered && is_proved), field, words::RECALL_PROVED);
    faults.require(!(is_considered && is_disproved), field, words::RECALL_DISPROVED);
    check_no_consent(grounds, &mut faults);
    faults.require(is_managed(&person), "subjects[0].category", words::ENFORCED_WHOM);
    let kind = Kind::Enforcement(wire::Enforcement {
        matter: news.matter.into(),
        step: news.step.into(),
        outcome: outcome.into(),
        occurred_at: Some(timestamp(news.occurred_at)),
        settles_message_id: text_of(alleged),
    });
    begin(id, grounds, kind, faults.0).person(person)
}

/// Nobody can be enforced against by their own leave.
fn check_no_consent(grounds: Grounds, faults: &mut Faults) {
    let is_power = grounds.gateway != Gateway::Consent;
    faults.require(is_power, "gateway", words::ENFORCED_CONSENT);
    let of_consent = [LawfulBasis::Dpa2018S35Consent, LawfulBasis::Gdpr61A];
    let is_basis = !of_consent.contains(&grounds.lawful_basis);
    faults.require(is_basis, "lawful_basis", words::ENFORCED_CONSENT);
}

/// What happens in court.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HearingStep {
    /// Listed.
    Listed,
    /// Adjourned.
    Adjourned,
    /// Bailed.
    Bailed,
    /// Remanded in custody.
    Remanded,
    /// A warrant was issued.
    Warrant,
    /// Convicted.
    Convicted,
    /// Acquitted, or proceedings ended.
    Acquitted,
    /// Sentenced, to this.
    Sentenced(CourtOrder),
    /// This order was reviewed by the court that made it.
    Reviewed(CourtOrder),
}

/// A hearing, and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// What happens.
    pub step: HearingStep,
    /// Court, by its seven-character organisation unit code.
    pub court: String,
    /// When the hearing is or was.
    pub hearing_at: OffsetDateTime,
    /// The sender's earlier message about this hearing, where it changes.
    pub earlier: Option<Uuid>,
}

/// Begins news of a hearing.
#[must_use]
pub fn court(id: Uuid, grounds: Grounds, person: Person, hearing: Hearing) -> Draft {
    let none = CourtOrder::Unspecified;
    let (step, order, is_ordered) = match hearing.step {
        HearingStep::Listed => (CourtStep::Listed, none, false),
        HearingStep::Adjourned => (CourtStep::Adjourned, none, false),
        HearingStep::Bailed => (CourtStep::Bailed, none, false),
        HearingStep::Remanded => (CourtStep::Remanded, none, false),
        HearingStep::Warrant => (CourtStep::Warrant, none, false),
        HearingStep::Convicted => (CourtStep::Convicted, none, false),
        HearingStep::Acquitted => (CourtStep::Acquitted, none, false),
        HearingStep::Sentenced(order) => (CourtStep::Sentenced, order, true),
        HearingStep::Reviewed(order) => (CourtStep::Review, order, true),
    };
    let mut faults = Faults::default();
    faults.require(is_unit_code(&hearing.court), "court.court", words::COURT_CODE);
    faults.require(!is_ordered || order != none, "court.order", words::COURT_ORDER);
    let is_convicted = matches!(
        person.subject.category(),
        SubjectCategory::Unspecified | SubjectCategory::Convicted | SubjectCategory::Managed
    );
    let field = "subjects[0].category";
    let convicts = is_ordered || step == CourtStep::Convicted;
    faults.require(!convicts || is_convicted, field, words::COURT_CONVICTED);
    faults.require(is_managed(&person), field, words::COURT_WHOM);
    let kind = Kind::Court(wire::Court {
        step: step.into(),
        court: hearing.court,
        hearing_at: Some(timestamp(hearing.hearing_at)),
        order: order.into(),
        settles_message_id: text_of(hearing.earlier),
    });
    begin(id, grounds, kind, faults.0).person(person)
}

/// A capital letter, then six capital letters or digits.
fn is_unit_code(code: &str) -> bool {
    code.len() == 7
        && code.starts_with(|first: char| first.is_ascii_uppercase())
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
