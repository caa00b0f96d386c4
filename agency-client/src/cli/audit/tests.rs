//! What the audit verbs print, and the period they take.

use super::*;

fn disclosure() -> audit::Disclosure {
    audit::Disclosure {
        message_id: "00000000-0000-4000-8000-0000000000f1".into(),
        sending_agency: "probation-invented".into(),
        receiving_agency: "council-invented".into(),
        receiving_desk: "housing".into(),
        kind: "mappa".into(),
        released_at: Some(prost_types::Timestamp { seconds: 1_772_442_000, nanos: 0 }),
        rules: vec!["iom/need".into()],
        release_id: vec![0xab; 16].into(),
        ..audit::Disclosure::default()
    }
}

#[test]
fn a_disclosure_names_its_message_and_the_desk_where_they_are_told() {
    assert_eq!(
        disclosure_text(&disclosure()),
        "2026-03-02T09:00:00Z mappa: probation-invented to council-invented/housing, message \
         00000000-0000-4000-8000-0000000000f1, not yet acknowledged, by iom/need, nothing \
         withheld, release abababababababababababababababab"
    );
    let untold = audit::Disclosure {
        message_id: String::new(),
        receiving_desk: String::new(),
        ..disclosure()
    };
    assert_eq!(
        disclosure_text(&untold),
        "2026-03-02T09:00:00Z mappa: probation-invented to council-invented, not yet \
         acknowledged, by iom/need, nothing withheld, release \
         abababababababababababababababab"
    );
}

#[test]
fn a_period_that_ends_before_it_begins_is_an_error_that_names_both_ends() {
    let (early, late) = (Some("2026-03-02T00:00:00Z"), Some("2026-03-03T00:00:00Z"));
    assert!(period(early, late).is_ok());
    assert!(period(early, None).is_ok() && period(None, early).is_ok());
    // The same moment, written in another zone.
    let same = Some("2026-03-02T01:00:00+01:00");
    for (from, until) in [(late, early), (early, early), (early, same)] {
        assert_eq!(period(from, until).unwrap_err().to_string(), "--from must be before --until");
    }
}

#[test]
fn a_refusal_is_explained_by_its_sentence_its_rules_and_its_reasons() {
    let refused = audit::Explanation {
        agency: "council-invented".into(),
        desk: "housing".into(),
        refusal: 6_001,
        reasons: vec!["addressed".into()],
        ..audit::Explanation::default()
    };
    assert_eq!(
        explanation_text(&refused),
        "council-invented/housing, subject 0: refused (6001): No agreement permits sharing \
         this with that recipient.\n  rules: no rule permitted it\n  a candidate because: \
         addressed"
    );
    let forbidden = audit::Explanation {
        refusal: 6_002,
        rules: vec!["floor/live\u{202e}-case".into(), "iom/need".into()],
        reasons: Vec::new(),
        ..refused.clone()
    };
    assert_eq!(
        explanation_text(&forbidden),
        "council-invented/housing, subject 0: refused (6002): A rule forbids sharing this \
         with that recipient.\n  rules: floor/live\\u{202e}-case, iom/need"
    );
    let unknown = audit::Explanation { refusal: 6_999, ..forbidden };
    assert!(explanation_text(&unknown).contains("subject 0: refused (6999)\n"));
}

#[test]
fn a_permit_says_what_was_withheld_and_a_task_is_told_apart() {
    let permitted = audit::Explanation {
        agency: "council-invented".into(),
        permitted: true,
        subject: 1,
        rules: vec!["iom/need".into()],
        withheld: vec![Field::Narrative.into()],
        task: TaskKind::AreaUnknown.into(),
        ..audit::Explanation::default()
    };
    assert_eq!(
        explanation_text(&permitted),
        "council-invented, subject 1: permitted\n  rules: iom/need\n  withheld: \
         narrative\n  given this task in place of the message: area_unknown"
    );
}

fn fate(state: audit::DeliveryState) -> audit::DeliveryFate {
    audit::DeliveryFate {
        agency: "council-invented".into(),
        state: state.into(),
        at: Some(prost_types::Timestamp { seconds: 1_772_442_060, nanos: 0 }),
        ..audit::DeliveryFate::default()
    }
}

#[test]
fn of_each_delivery_it_is_told_how_far_it_came_and_what_was_withheld() {
    let received = audit::DeliveryFate {
        desk: "housing".into(),
        released_at: Some(prost_types::Timestamp { seconds: 1_772_442_000, nanos: 0 }),
        withheld: vec![Field::Narrative.into()],
        task: TaskKind::AreaUnknown.into(),
        ..fate(audit::DeliveryState::Acknowledged)
    };
    assert_eq!(
        fate_text(&received),
        "council-invented/housing, delivery: acknowledged since 2026-03-02T09:01:00Z\n  \
         last released: 2026-03-02T09:00:00Z\n  withheld at that release: narrative\n  \
         this task in place of the message: area_unknown"
    );
    assert_eq!(
        fate_json(&received),
        json!({
            "agency": "council-invented", "desk": "housing", "state": "acknowledged",
            "at": "2026-03-02T09:01:00Z", "released_at": "2026-03-02T09:00:00Z",
            "withheld": ["narrative"], "refusal": 0, "task": "area_unknown",
        })
    );
}

#[test]
fn a_delivery_that_ended_is_told_with_the_number_and_its_sentence() {
    let refused = audit::DeliveryFate {
        refusal: 6_005,
        sentence: "Said by the\nbroker.".into(),
        ..fate(audit::DeliveryState::Refused)
    };
    assert_eq!(
        fate_text(&refused),
        "council-invented, delivery: refused since 2026-03-02T09:01:00Z\n  refused (6005): Said \
         by the\\u{a}broker.\n  last released: -"
    );
    assert_eq!(fate_json(&refused)["sentence"], "Said by the\nbroker.");
    let unsaid = audit::DeliveryFate { sentence: String::new(), ..refused.clone() };
    let known = "The recipient was not in good standing when it should have been released.";
    assert_eq!(fate_json(&unsaid)["sentence"], known);
    let unknown = audit::DeliveryFate { refusal: 6_999, ..unsaid };
    assert!(fate_text(&unknown).contains("\n  refused (6999)\n"));
    assert!(fate_json(&unknown).get("sentence").is_none());
}

#[test]
fn a_time_of_a_delivery_that_is_not_told_is_a_dash_and_no_year_1970() {
    let untold = Some(prost_types::Timestamp { seconds: 0, nanos: 0 });
    let row = audit::DeliveryFate {
        at: untold,
        released_at: untold,
        state: 99,
        ..fate(audit::DeliveryState::Waiting)
    };
    assert_eq!(fate_text(&row), "council-invented, delivery: 99 -\n  last released: -");
    assert_eq!(fate_json(&row)["at"], "");
    assert_eq!(fate_json(&row)["released_at"], "");
}

#[test]
fn a_message_without_candidates_had_nobody_with_a_stake_and_is_told_so_to_who_sees_all() {
    let said = |roles: &[&str]| {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        nobody_explained(&roles)
    };
    assert!(said(&["auditor", "broker_auditor"]).contains("nobody had a stake"));
    for roles in [&[][..], &["auditor"]] {
        assert!(said(roles).contains("may be shown to you"), "{roles:?}");
    }
}

#[test]
fn a_wrong_key_is_named_by_its_option_with_the_form_it_must_have() {
    for wrong in ["", "abc", "ledger.example+zz+zz"] {
        let error = given_key(wrong.to_owned()).unwrap_err().to_string();
        assert!(
            error.starts_with("--key must be a verifier key, <name>+<key id>+<key>"),
            "{error}"
        );
        assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
    }
}
