//! What of a delivery is shown.

use super::*;
use proto::exchange::v1::released_message::Kind;

#[test]
fn what_is_empty_is_left_out_and_what_was_withheld_is_named() {
    let released = wire::ReleasedMessage {
        sending_agency: "hmp-invented".into(),
        gateway: wire::Gateway::Cja2003S325.into(),
        subjects: vec![wire::Subject {
            category: wire::SubjectCategory::Convicted.into(),
            name: "Invented Person".into(),
            ..wire::Subject::default()
        }],
        withheld: vec![wire::Field::Narrative.into(), 9_999],
        kind: Some(Kind::Task(wire::Task {
            task_kind: wire::TaskKind::AreaUnknown.into(),
            ..wire::Task::default()
        })),
        ..wire::ReleasedMessage::default()
    };
    assert_eq!(
        message(&released),
        json!({
            "sending_agency": "hmp-invented",
            "gateway": "cja2003_s325",
            "subjects": [{"category": "convicted", "name": "Invented Person"}],
            "withheld": ["narrative", "9999"],
            "task": {"task_kind": "area_unknown"},
        })
    );
}

#[test]
fn the_owner_of_a_flag_is_shown_that_its_review_is_overdue() {
    let mut released =
        wire::ReleasedMessage { flag_review_overdue: true, ..wire::ReleasedMessage::default() };
    assert_eq!(message(&released), json!({"flag_review_overdue": true}));
    released.flag_review_overdue = false;
    assert_eq!(message(&released), json!({}));
}

#[test]
fn what_a_message_follows_is_shown_to_whoever_was_told() {
    let released = wire::ReleasedMessage {
        answers_message_id: "00000000-0000-4000-8000-000000000001".into(),
        concerns: vec![vec![1; 16].into(), vec![2; 16].into()],
        notice_only: true,
        ..wire::ReleasedMessage::default()
    };
    assert_eq!(
        message(&released),
        json!({
            "answers_message_id": "00000000-0000-4000-8000-000000000001",
            "concerns": ["01010101010101010101010101010101", "02020202020202020202020202020202"],
            "notice_only": true,
        })
    );
}

#[test]
fn a_category_that_was_withheld_is_not_shown_as_0() {
    let mappa = wire::ReleasedMessage {
        withheld: vec![wire::Field::MappaCategory.into()],
        kind: Some(Kind::Mappa(wire::Mappa {
            step: wire::MappaStep::LevelChange.into(),
            level: 2,
            ..wire::Mappa::default()
        })),
        ..wire::ReleasedMessage::default()
    };
    assert_eq!(
        message(&mappa),
        json!({"withheld": ["mappa_category"], "mappa": {"step": "level_change", "level": 2}})
    );
}

fn shown(kind: Kind) -> Value {
    message(&wire::ReleasedMessage { kind: Some(kind), ..wire::ReleasedMessage::default() })
}

#[test]
fn every_field_of_a_flag_and_of_a_correction_is_shown() {
    let flag = wire::Flag {
        flag_kind: wire::FlagKind::Iom.into(),
        action: wire::FlagAction::PlanExit.into(),
        owner: Some(wire::Addressee { agency: "gmp".into(), desk: "stockport".into() }),
        review_date: "2099-11-01".into(),
        panel_decision_id: "b".into(),
        panel_date: "2026-03-02".into(),
        agreed_by: vec!["gmp".into(), "stockport-yot".into()],
        cohort: wire::FlagCohort::Flex.into(),
        rating: wire::FlagRating::Amber.into(),
        manager: "a".into(),
        exit: wire::FlagExit::ReducedRisk.into(),
    };
    assert_eq!(
        shown(Kind::Flag(flag)),
        json!({"flag": {
            "flag_kind": "iom", "action": "plan_exit",
            "owner": {"agency": "gmp", "desk": "stockport"}, "review_date": "2099-11-01",
            "panel_decision_id": "b", "panel_date": "2026-03-02",
            "agreed_by": ["gmp", "stockport-yot"], "cohort": "flex", "rating": "amber",
            "manager": "a", "exit": "reduced_risk",
        }})
    );
    let correction = wire::Correction {
        action: wire::CorrectionAction::Restrict.into(),
        ..wire::Correction::default()
    };
    assert_eq!(shown(Kind::Correction(correction)), json!({"correction": {"action": "restrict"}}));
}

#[test]
fn what_was_found_alleged_and_decided_is_shown_whole() {
    let at = Some(prost_types::Timestamp { seconds: 1_772_442_000, nanos: 0 });
    let test = wire::DrugTest {
        stage: wire::DrugTestStage::Charge.into(),
        result: wire::DrugTestResult::Positive.into(),
        substances: vec![wire::DrugTestSubstance::Opiates.into()],
        tested_at: at,
        appropriate_adult: true,
        r#use: wire::DrugTestUse::AdviceAndTreatment.into(),
    };
    assert_eq!(
        shown(Kind::DrugTest(test)),
        json!({"drug_test": {
            "stage": "charge", "result": "positive", "substances": ["opiates"],
            "tested_at": "2026-03-02T09:00:00Z", "appropriate_adult": true,
            "use": "advice_and_treatment",
        }})
    );
    let breach = wire::Enforcement {
        matter: wire::EnforcementMatter::YouthOrder.into(),
        step: wire::EnforcementStep::Breach.into(),
        outcome: wire::EnforcementOutcome::NotProved.into(),
        occurred_at: at,
        settles_message_id: String::new(),
    };
    assert_eq!(
        shown(Kind::Enforcement(breach)),
        json!({"enforcement": {
            "matter": "youth_order", "step": "breach", "outcome": "not_proved",
            "occurred_at": "2026-03-02T09:00:00Z",
        }})
    );
    let court = wire::Court {
        step: wire::CourtStep::Review.into(),
        court: "B06MK00".into(),
        hearing_at: at,
        order: wire::CourtOrder::ProblemSolving.into(),
        settles_message_id: String::new(),
    };
    assert_eq!(
        shown(Kind::Court(court)),
        json!({"court": {
            "step": "review", "court": "B06MK00", "hearing_at": "2026-03-02T09:00:00Z",
            "order": "problem_solving",
        }})
    );
}

#[test]
fn what_is_to_be_done_and_where_somebody_goes_is_shown_whole() {
    let action = wire::Action {
        step: wire::ActionStep::NotDone.into(),
        pathway: wire::Pathway::DrugsAndAlcohol.into(),
        owner: None,
        settles_message_id: String::new(),
    };
    assert_eq!(
        shown(Kind::Action(action)),
        json!({"action": {"step": "not_done", "pathway": "drugs_and_alcohol"}})
    );
    let placement = wire::Placement {
        sort: wire::PlacementSort::ChildRemand.into(),
        step: wire::PlacementStep::Ended.into(),
        emergency: true,
        starts_on: "2026-03-02".into(),
        ends_on: "2026-04-01".into(),
        settles_message_id: String::new(),
    };
    assert_eq!(
        shown(Kind::Placement(placement)),
        json!({"placement": {
            "sort": "child_remand", "step": "ended", "emergency": true,
            "starts_on": "2026-03-02", "ends_on": "2026-04-01",
        }})
    );
    let referral = wire::Referral {
        programme: "stop".into(),
        step: wire::ReferralStep::Made.into(),
        parties: vec![wire::ReferralParty {
            subject: 0,
            role: wire::PartyRole::Participant.into(),
            consent: wire::Consent::Given.into(),
            recorded_on: "2026-03-02".into(),
        }],
        restorative_level: 2,
        settles_message_id: String::new(),
    };
    assert_eq!(
        shown(Kind::Referral(referral)),
        json!({"referral": {
            "programme": "stop", "step": "made", "restorative_level": 2,
            "parties": [{"subject": 0, "role": "participant", "consent": "given",
                         "recorded_on": "2026-03-02"}],
        }})
    );
}

#[test]
fn a_question_and_its_answer_are_shown_and_what_was_withheld_is_not_shown_as_false() {
    let request = wire::Request { fields: vec![wire::Field::Risk.into()], whoever_holds: false };
    assert_eq!(shown(Kind::Request(request)), json!({"request": {"fields": ["risk"]}}));
    let response = wire::Response {
        outcome: wire::ResponseOutcome::Declined.into(),
        reason: wire::DeclineReason::Excessive.into(),
    };
    assert_eq!(
        shown(Kind::Response(response)),
        json!({"response": {"outcome": "declined", "reason": "excessive"}})
    );
    assert_eq!(shown(Kind::Placement(wire::Placement::default())), json!({"placement": {}}));
}
