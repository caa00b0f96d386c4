//! What drafts of tests, breaches, hearings, questions and answers insist on.

use super::*;
use proto::exchange::v1::{
    CourtOrder, DeclineReason, DrugTestStage, DrugTestSubstance, DrugTestUse, EnforcementMatter,
    EnforcementStep,
};

fn test_of(person: Person, stage: DrugTestStage, finding: TestFinding) -> Draft {
    let news = DrugTestNews {
        stage,
        finding,
        tested_at: datetime!(2026-03-02 09:00 UTC),
        appropriate_adult: false,
        shared_for: DrugTestUse::Bail,
    };
    drug_test(Uuid::from_u128(1), GROUNDS, person, news)
}

fn born(date: &str) -> Person {
    Person::new(SubjectCategory::Suspect).birth_date(date)
}

#[test]
fn after_arrest_a_test_is_of_an_adult_and_after_charge_of_nobody_under_14() {
    let age_and_adult = ["drug_test.stage", "drug_test.appropriate_adult"];
    for (date, stage, expected) in [
        ("2008-03-02", DrugTestStage::Arrest, &[][..]),
        ("2008-03-03", DrugTestStage::Arrest, &["drug_test.stage"]),
        ("2012-03-02", DrugTestStage::Charge, &["drug_test.appropriate_adult"]),
        ("2012-03-03", DrugTestStage::Charge, &age_and_adult),
        ("", DrugTestStage::Supervision, &["drug_test.stage"]),
    ] {
        let built = test_of(born(date), stage, TestFinding::Negative).build();
        let fields: Vec<String> = built
            .err()
            .map(|error| error.0.into_iter().map(|violation| violation.field).collect())
            .unwrap_or_default();
        assert_eq!(fields, expected, "{date}");
    }
}

#[test]
fn a_positive_test_names_its_drugs_each_once() {
    let opiates = DrugTestSubstance::Opiates;
    for (found, rule) in [
        (vec![], "a positive result names them, and no other does"),
        (vec![opiates, opiates], "are known, each once"),
    ] {
        let person = born("1988-04-12");
        let draft = test_of(person, DrugTestStage::Arrest, TestFinding::Positive(found));
        assert_eq!(rules(draft), [("drug_test.substances".into(), rule.into())]);
    }
}

#[test]
fn a_test_is_of_one_person_who_can_be_tested() {
    let draft = test_of(born("1988-04-12"), DrugTestStage::Arrest, TestFinding::Void);
    assert_eq!(fields(draft.person(managed())), ["subjects"]);
    let victim = Person::new(SubjectCategory::Victim).birth_date("1988-04-12");
    let draft = test_of(victim, DrugTestStage::Arrest, TestFinding::Refused);
    assert_eq!(fields(draft), ["subjects[0].category"]);
}

#[test]
fn only_a_licence_ends_in_recall_and_a_recall_considered_is_not_proved() {
    let of = |matter, step, allegation| {
        let occurred_at = datetime!(2026-03-02 09:00 UTC);
        let news = EnforcementNews { matter, step, allegation, occurred_at };
        enforcement(Uuid::from_u128(1), GROUNDS, managed(), &news)
    };
    let (licence, considered) = (EnforcementMatter::Licence, EnforcementStep::RecallConsidered);
    assert!(of(licence, considered, Allegation::Made).build().is_ok());
    assert_eq!(
        fields(of(EnforcementMatter::Bail, EnforcementStep::RecallDecided, Allegation::Made)),
        ["enforcement.step"]
    );
    assert_eq!(fields(of(licence, considered, Allegation::Proved(None))), ["enforcement.outcome"]);
}

#[test]
fn whom_a_court_sentences_is_convicted_and_the_order_is_named() {
    let of = |category, step, court_code: &str| {
        let hearing = Hearing {
            step,
            court: court_code.to_owned(),
            hearing_at: datetime!(2026-03-02 09:00 UTC),
            earlier: None,
        };
        court(Uuid::from_u128(1), GROUNDS, Person::new(category), hearing)
    };
    let community = HearingStep::Sentenced(CourtOrder::Community);
    assert!(of(SubjectCategory::Convicted, community, "B06MK00").build().is_ok());
    assert!(of(SubjectCategory::Suspect, HearingStep::Bailed, "B06MK00").build().is_ok());
    let suspect = of(SubjectCategory::Suspect, community, "B06MK00");
    assert_eq!(fields(suspect), ["subjects[0].category"]);
    let unspecified = HearingStep::Reviewed(CourtOrder::Unspecified);
    let draft = of(SubjectCategory::Managed, unspecified, "b06mk00");
    assert_eq!(fields(draft), ["court.court", "court.order"]);
}

#[test]
fn a_question_goes_to_those_named_or_to_whoever_holds_something() {
    let of = |asked, asked_for: &[Field]| {
        let by = datetime!(2026-03-09 09:00 UTC);
        request(Uuid::from_u128(1), GROUNDS, managed(), asked, asked_for, by)
    };
    let named = Asked::Agencies(vec![("gmp".into(), "stockport".into())]);
    let message = of(named, &[Field::Risk]).build().unwrap();
    assert_eq!(message.addressees.len(), 1);
    assert!(message.act_by.is_some());
    let both = of(Asked::WhoeverHolds, &[Field::Risk]).addressee("gmp", "stockport");
    assert_eq!(fields(both), ["request.whoever_holds"]);
    assert_eq!(fields(of(Asked::Agencies(Vec::new()), &[Field::Risk])), ["request.whoever_holds"]);
    for wrong in [&[][..], &[Field::SubjectName], &[Field::Risk, Field::Risk]] {
        assert_eq!(fields(of(Asked::WhoeverHolds, wrong)), ["request.fields"]);
    }
}

#[test]
fn an_answer_goes_to_whoever_asked_and_alone_says_something() {
    let question = ReleaseId::parse(&hex::encode([7; 16])).unwrap();
    let of = |answer| response(Uuid::from_u128(1), GROUNDS, managed(), question, answer);
    let said = Said { field: Field::Risk, footing: Footing::Opinion, text: "low".into() };
    let message = of(Answer::Answered(vec![said])).build().unwrap();
    assert_eq!(message.in_reply_to.to_vec(), [7; 16]);
    assert_eq!(message.statements.len(), 1);
    let draft = of(Answer::NotHeld).statement(Field::Risk, Footing::Fact, &[0], "low");
    assert_eq!(fields(draft), ["statements"]);
    assert_eq!(fields(of(Answer::Answered(Vec::new()))), ["statements"]);
    assert_eq!(fields(of(Answer::NotHeld).addressee("gmp", "")), ["addressees"]);
    let reason = DeclineReason::Unspecified;
    assert_eq!(fields(of(Answer::Declined(reason))), ["response.reason"]);
}

#[test]
fn a_release_id_has_sixteen_bytes() {
    assert_eq!(ReleaseId::new(&[1; 16]), ReleaseId::parse(&hex::encode([1; 16])));
    assert_eq!(ReleaseId::new(&[1; 15]), None);
    assert_eq!(ReleaseId::parse("0102"), None);
    assert_eq!(ReleaseId::parse("not an id"), None);
}

#[test]
fn a_drug_test_is_not_for_preventing_crime_and_enforcement_rests_on_no_consent() {
    let crime = Grounds { purpose: Purpose::CrimePrevention, ..GROUNDS };
    let news = DrugTestNews {
        stage: DrugTestStage::Arrest,
        finding: TestFinding::Negative,
        tested_at: datetime!(2026-03-02 09:00 UTC),
        appropriate_adult: false,
        shared_for: DrugTestUse::Bail,
    };
    assert_eq!(fields(drug_test(Uuid::from_u128(1), crime, managed(), news)), ["purpose"]);
    let consent = Grounds {
        gateway: Gateway::Consent,
        lawful_basis: LawfulBasis::Dpa2018S35Consent,
        ..GROUNDS
    };
    let news = EnforcementNews {
        matter: EnforcementMatter::Bail,
        step: EnforcementStep::Breach,
        allegation: Allegation::Made,
        occurred_at: datetime!(2026-03-02 09:00 UTC),
    };
    let draft = enforcement(Uuid::from_u128(1), consent, managed(), &news);
    assert_eq!(fields(draft), ["gateway", "lawful_basis"]);
}

#[test]
fn the_remand_of_a_child_names_the_area_of_the_designated_authority() {
    let of = |person| {
        let hearing = Hearing {
            step: HearingStep::Remanded,
            court: "B06MK00".into(),
            hearing_at: datetime!(2026-03-02 09:00 UTC),
            earlier: None,
        };
        court(Uuid::from_u128(1), GROUNDS, person, hearing)
    };
    assert_eq!(fields(of(born("2008-03-03"))), ["areas"]);
    assert!(of(born("2008-03-02")).build().is_ok());
    let named = of(born("2008-03-03")).area("E08000007", AreaRole::Designated);
    assert!(named.build().is_ok());
}
