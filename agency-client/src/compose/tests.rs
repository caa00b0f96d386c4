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
