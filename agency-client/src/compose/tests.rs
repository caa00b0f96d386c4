//! What a draft insists on.

use super::*;
use proto::exchange::v1::{
    CustodyCertainty, FlagAction, FlagKind, GradingScheme, IntelligenceTopic,
};
use time::macros::datetime;

const GROUNDS: Grounds = Grounds {
    purpose: Purpose::OffenderManagement,
    gateway: Gateway::Oma2007S14,
    lawful_basis: LawfulBasis::Dpa2018S35Task,
    sensitive_condition: Some(SensitiveCondition::Sch8Statutory),
};

fn release(grounds: Grounds, person: Person) -> Draft {
    custody_release(
        Uuid::from_u128(1),
        grounds,
        person,
        CustodyCertainty::Provisional,
        "MDI",
        datetime!(2026-03-02 09:00 UTC),
    )
}

fn fields(draft: Draft) -> Vec<String> {
    draft.build().unwrap_err().0.into_iter().map(|violation| violation.field).collect()
}

#[test]
fn a_release_with_its_grounds_and_a_category_is_complete_and_marked_official_sensitive() {
    let person =
        Person::new(SubjectCategory::Convicted).identifier(IdentifierType::Noms, "A1234AA");
    let message = release(GROUNDS, person).area("E08000007", AreaRole::Release).build().unwrap();
    assert_eq!(message.message_id, "00000000-0000-0000-0000-000000000001");
    assert_eq!(message.marking(), Marking::OfficialSensitive);
    assert_eq!(message.gateway(), Gateway::Oma2007S14);
    assert_eq!(message.sensitive_condition(), SensitiveCondition::Sch8Statutory);
}

#[test]
fn grounds_and_category_left_unspecified_are_all_named() {
    let grounds = Grounds {
        purpose: Purpose::Unspecified,
        gateway: Gateway::Unspecified,
        lawful_basis: LawfulBasis::Unspecified,
        sensitive_condition: None,
    };
    assert_eq!(
        fields(release(grounds, Person::new(SubjectCategory::Unspecified))),
        ["purpose", "gateway", "lawful_basis", "subjects[0].category"]
    );
}

#[test]
fn a_statement_must_concern_a_person_of_the_message() {
    let person = Person::new(SubjectCategory::Convicted);
    let draft = release(GROUNDS, person)
        .statement(Field::HousingNeed, Footing::Fact, &[1], "none arranged")
        .statement(Field::HousingNeed, Footing::Unspecified, &[], "");
    assert_eq!(
        fields(draft),
        [
            "statements[0].subjects",
            "statements[1].footing",
            "statements[1].text",
            "statements[1].subjects"
        ]
    );
}

#[test]
fn intelligence_without_a_person_or_a_grade_is_not_complete() {
    let grade = Grade {
        scheme: GradingScheme::Unspecified,
        written: String::new(),
        conditions: Vec::new(),
    };
    let draft = intelligence(Uuid::from_u128(1), GROUNDS, grade, IntelligenceTopic::Sighting, "");
    assert_eq!(fields(draft), ["intelligence.scheme", "intelligence.grade", "subjects"]);
}

#[test]
fn raising_a_flag_needs_a_review_date_and_a_panel_decision() {
    let change = FlagChange {
        kind: FlagKind::Ppo,
        action: FlagAction::Raise,
        owner: None,
        review_date: String::new(),
        panel_decision: None,
    };
    let person = Person::new(SubjectCategory::Managed);
    assert_eq!(
        fields(flag(Uuid::from_u128(1), GROUNDS, person, change)),
        ["flag.review_date", "flag.panel_decision_id"]
    );
}

#[test]
fn a_withdrawal_of_custody_news_names_the_message_it_withdraws() {
    let news = CustodyNews {
        event: proto::exchange::v1::CustodyEvent::Release,
        certainty: CustodyCertainty::Withdrawn,
        prison: "MDI".into(),
        occurred_at: datetime!(2026-03-02 09:00 UTC),
        movement_reason: String::new(),
        settles: None,
    };
    let person = Person::new(SubjectCategory::Convicted);
    assert_eq!(
        fields(custody(Uuid::from_u128(1), GROUNDS, person, news)),
        ["custody.settles_message_id"]
    );
}

mod casework;
mod plans;

fn rules(draft: Draft) -> Vec<(String, String)> {
    let faults = draft.build().unwrap_err().0;
    faults.into_iter().map(|violation| (violation.field, violation.rule)).collect()
}

fn managed() -> Person {
    Person::new(SubjectCategory::Managed).birth_date("1988-04-12")
}

#[test]
fn a_cohort_a_blue_rating_and_an_exit_belong_where_they_mean_something() {
    let change = FlagChange {
        kind: FlagKind::Ppo,
        action: FlagAction::Raise,
        owner: None,
        review_date: "2099-11-01".into(),
        panel_decision: Some(Uuid::from_u128(2)),
    };
    let management = FlagManagement {
        panel: Some(Panel { met_on: "2026-03-02".into(), agreed_by: Vec::new() }),
        cohort: Some(proto::exchange::v1::FlagCohort::Fixed),
        rating: Some(proto::exchange::v1::FlagRating::Blue),
        manager: None,
        exit: Some(proto::exchange::v1::FlagExit::Moved),
    };
    let draft = flag_managed(Uuid::from_u128(1), GROUNDS, managed(), change, management);
    assert_eq!(fields(draft), ["flag.agreed_by", "flag.cohort", "flag.rating", "flag.exit"]);
}

#[test]
fn the_exit_that_a_panel_agreed_is_planned_by_its_decision() {
    let mut change = FlagChange {
        kind: FlagKind::Iom,
        action: FlagAction::PlanExit,
        owner: None,
        review_date: String::new(),
        panel_decision: None,
    };
    let (id, management) = (Uuid::from_u128(1), FlagManagement::default());
    let draft = flag_managed(id, GROUNDS, managed(), change.clone(), management.clone());
    assert_eq!(fields(draft), ["flag.panel_decision_id"]);
    change.panel_decision = Some(Uuid::from_u128(2));
    let agreed_by = vec!["gmp".to_owned(), "probation-greater-manchester".to_owned()];
    let panel = Some(Panel { met_on: "2026-03-02".into(), agreed_by });
    let management = FlagManagement { panel, ..management };
    let draft = flag_managed(id, GROUNDS, managed(), change, management);
    let kind = draft.build().unwrap().kind;
    let Some(proto::exchange::v1::message::Kind::Flag(flag)) = kind else { unreachable!() };
    assert_eq!((&*flag.panel_date, flag.agreed_by.len()), ("2026-03-02", 2));
}

#[test]
fn an_agency_is_not_named_and_kept_out_at_once() {
    let draft = release(GROUNDS, managed()).addressee("gmp", "").not_to("gmp").not_to("hmcts");
    assert_eq!(rules(draft), [("not_to[0]".into(), "is an addressee as well".into())]);
}

#[test]
fn only_what_puts_right_or_adds_says_something_new() {
    let said = || Said { field: Field::Risk, footing: Footing::Opinion, text: "lower".into() };
    let of =
        |remedy| correction(Uuid::from_u128(1), GROUNDS, managed(), Uuid::from_u128(2), "", remedy);
    assert!(of(Remedy::Rectify(vec![said()])).build().is_ok());
    assert!(of(Remedy::Erase).build().is_ok());
    let empty = ("statements".to_owned(), "say what is put right or added".to_owned());
    assert_eq!(rules(of(Remedy::Supplement(Vec::new()))), [empty]);
    let draft = of(Remedy::Restrict).statement(Field::Risk, Footing::Fact, &[0], "none");
    let silent = "only a rectification or a supplement says something new";
    assert_eq!(rules(draft), [("statements".into(), silent.into())]);
}

#[test]
fn a_merge_is_of_one_person_with_two_numbers_and_an_unmerge_of_two_with_one_each() {
    let register = IdentifierType::Noms;
    let one = |number: &str| managed().identifier(register, number);
    let merged =
        |person, other| merge(Uuid::from_u128(1), GROUNDS, person, register, "A1234AA", other);
    let parted = |first, other| {
        unmerge(Uuid::from_u128(1), GROUNDS, register, (first, "A1234AA"), (managed(), other))
    };
    assert!(merged(managed(), "A1234AB").build().is_ok());
    assert!(parted(managed(), "A1234AB").build().is_ok());
    for draft in [merged(managed(), "A1234AA"), merged(one("A1234AC"), "A1234AB")] {
        assert_eq!(fields(draft), ["subjects"]);
    }
    for draft in [parted(managed(), "A1234AA"), parted(one("A1234AC"), "A1234AB")] {
        assert_eq!(fields(draft), ["subjects"]);
    }
}

#[test]
fn somebody_who_died_is_taken_off_without_a_panel() {
    let change = FlagChange {
        kind: FlagKind::Ppo,
        action: FlagAction::Deselect,
        owner: None,
        review_date: String::new(),
        panel_decision: None,
    };
    let exit = Some(proto::exchange::v1::FlagExit::Death);
    let management = FlagManagement { exit, ..FlagManagement::default() };
    let id = Uuid::from_u128(1);
    assert!(flag_managed(id, GROUNDS, managed(), change.clone(), management).build().is_ok());
    assert_eq!(fields(flag(id, GROUNDS, managed(), change)), ["flag.panel_decision_id"]);
}
