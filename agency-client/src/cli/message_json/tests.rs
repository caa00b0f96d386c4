//! How a file is read as a message, and how its mistakes are named.

use super::*;
use proto::exchange::v1::message::Kind;

const RELEASE: &str = r#"{
    "message_id": "7b9a3f52-51a5-4c39-8f1c-6f0f5a0b0c11",
    "purpose": "offender_management", "gateway": "oma2007_s14",
    "lawful_basis": "dpa2018_s35_task", "sensitive_condition": "sch8_statutory",
    "marking": "official_sensitive", "urgency": "immediate",
    "subjects": [{"category": "convicted", "limited_access": "no",
                  "identifiers": [{"type": "noms", "value": "A1234AA"}]}],
    "areas": [{"code": "E08000007", "role": "release"}],
    "statements": [{"field": "housing_need", "footing": "fact", "subjects": [0], "text": "none"}],
    "custody": {"event": "release", "certainty": "provisional", "prison": "MDI",
                "occurred_at": "2026-03-02T09:00:00Z"}
}"#;

fn faults(text: &str) -> Vec<(String, String)> {
    match read_message(text, CurrentYear::new(2026).ok()).unwrap_err() {
        MessageJsonError::Faults(faults) => {
            faults.into_iter().map(|fault| (fault.field, fault.rule)).collect()
        }
        MessageJsonError::NotJson { .. } => Vec::new(),
    }
}

#[test]
fn a_release_reads_as_the_protocol_means_it() {
    let message = read_message(RELEASE, None).unwrap();
    assert_eq!(message.gateway(), wire::Gateway::Oma2007S14);
    assert_eq!(message.urgency(), wire::Urgency::Immediate);
    let Some(Kind::Custody(custody)) = message.kind else { unreachable!("it is of custody") };
    assert_eq!(custody.certainty(), wire::CustodyCertainty::Provisional);
    assert_eq!(custody.occurred_at.unwrap().seconds, 1_772_442_000);
}

#[test]
fn unknown_keys_are_refused_at_every_depth() {
    let text = RELEASE
        .replace("\"prison\"", "\"prison_name\"")
        .replace("\"value\": \"A1234AA\"", "\"value\": \"A1234AA\", \"source\": \"x\"");
    assert_eq!(
        faults(&text),
        [
            ("subjects[0].identifiers[0].source".into(), "is not a known field".into()),
            ("custody.prison_name".into(), "is not a known field".into())
        ]
    );
}

#[test]
fn a_key_given_twice_is_refused() {
    let text =
        RELEASE.replace("\"role\": \"release\"", "\"role\": \"release\", \"role\": \"home\"");
    assert_eq!(faults(&text), [("areas[0].role".into(), "must be given once".into())]);
}

#[test]
fn names_are_the_protocols_in_lower_case_and_unspecified_is_not_said() {
    for wrong in ["OMA2007_S14", "oma2007", "unspecified", "GATEWAY_OMA2007_S14"] {
        let text = RELEASE.replace("oma2007_s14", wrong);
        assert_eq!(
            faults(&text),
            [("gateway".into(), "must be one of the protocol's names, in lower case".into())],
            "{wrong}"
        );
    }
}

#[test]
fn exactly_one_kind_is_asked_for() {
    for text in [
        RELEASE.replace("\"custody\"", "\"flags\""),
        RELEASE.replace("\"areas\"", "\"correction\": {\"message_id\": \"x\"}, \"areas\""),
    ] {
        assert!(faults(&text).iter().any(|(field, _)| field == "kind"));
    }
}

#[test]
fn mistakes_of_the_file_and_of_its_values_are_named_in_one_go() {
    let text = RELEASE
        .replace("7b9a3f52-", "")
        .replace("\"oma2007_s14\"", "7")
        .replace("\"limited_access\": \"no\"", "\"birth_date\": \"1 May\", \"sex\": \"m\"")
        .replace("A1234AA", "1234")
        .replace("\"code\": \"E08000007\", ", "")
        .replace("\"subjects\": [0]", "\"subjects\": [1]")
        .replace("\"event\": \"release\", ", "\"settles_message_id\": \"8\", ");
    let named = "must be one of the protocol's names, in lower case";
    assert_eq!(
        faults(&text),
        [
            ("gateway".into(), named.into()),
            ("subjects[0].sex".into(), "is not a known field".into()),
            ("areas[0].code".into(), "must be given".into()),
            ("custody.event".into(), "must be given".into()),
            ("message_id".into(), "must be a UUID in its 36-character form".into()),
            ("subjects[0].birth_date".into(), "must be a calendar date, YYYY-MM-DD".into()),
            ("subjects[0].identifiers[0].value".into(), "noms-shape".into()),
            (
                "statements[0].subjects".into(),
                "must name at least one subject of this message, each once".into()
            ),
            ("custody.settles_message_id".into(), "must be a UUID in its 36-character form".into()),
        ]
    );
}

#[test]
fn values_of_a_file_without_mistakes_are_left_to_the_broker() {
    let text = RELEASE.replace("A1234AA", "1234");
    assert!(read_message(&text, CurrentYear::new(2026).ok()).is_ok());
}

#[test]
fn a_field_that_could_not_be_read_is_at_fault_once() {
    let text = RELEASE
        .replace("\"7b9a3f52-51a5-4c39-8f1c-6f0f5a0b0c11\"", "7")
        .replace("\"A1234AA\"", "false")
        .replace("\"2026-03-02T09:00:00Z\"", "0")
        .replace("[{\"code\": \"E08000007\", \"role\": \"release\"}]", "[\"Salford\"]");
    assert_eq!(
        faults(&text),
        [
            ("message_id".into(), "must be a text".into()),
            ("subjects[0].identifiers[0].value".into(), "must be a text".into()),
            ("areas[0]".into(), "must be an object".into()),
            ("custody.occurred_at".into(), "must be a text".into()),
        ]
    );
}

#[test]
fn a_rule_known_by_a_code_is_said_in_words() {
    let text = RELEASE.replace("A1234AA", "1234").replace("\"marking\"", "\"mark\"");
    let error = read_message(&text, CurrentYear::new(2026).ok()).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "\n  subjects[0].identifiers[0].value: noms-shape: a prison number is a letter, \
             four digits and two letters, such as A1234AA"
        ),
        "{error}"
    );
}

#[test]
fn no_fault_says_a_value() {
    let text = RELEASE
        .replace("\"A1234AA\"", "[\"A1234AA\"]")
        .replace("[0], \"text\": \"none\"", "[-1], \"text\": 7")
        .replace("2026-03-02T09:00:00Z", "2 March");
    let error = read_message(&text, None).unwrap_err().to_string();
    for value in ["A1234AA", "-1", "2 March"] {
        assert!(!error.contains(value), "{error}");
    }
    for field in [
        "identifiers[0].value",
        "statements[0].subjects[0]",
        "statements[0].text",
        "custody.occurred_at",
    ] {
        assert!(error.contains(field), "{field} is missing");
    }
}

#[test]
fn what_is_no_object_has_that_one_mistake() {
    let error = read_message("[]", None).unwrap_err();
    assert_eq!(error.to_string(), "there are mistakes:\n  must be an object");
}

#[test]
fn what_is_not_json_is_refused_by_its_place_only() {
    let error = read_message("{\"message_id\": Smith}", None).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 16: this is not JSON from here on");
}

/// A message of a kind, in place of the release.
fn of_kind(kind: &str) -> String {
    let (before, _) = RELEASE.split_once("\"custody\"").unwrap();
    format!("{before}{kind}}}")
}

#[test]
fn every_sample_of_a_message_is_read_as_the_kind_it_is_named_after() {
    for name in KINDS {
        let path = format!("{}/examples/messages/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let message = read_message(&std::fs::read_to_string(path).unwrap(), None).unwrap();
        let read = match message.kind.unwrap() {
            Kind::Intelligence(_) => "intelligence",
            Kind::Mappa(_) => "mappa",
            Kind::Custody(_) => "custody",
            Kind::Flag(_) => "flag",
            Kind::Correction(_) => "correction",
            Kind::DrugTest(_) => "drug_test",
            Kind::Enforcement(_) => "enforcement",
            Kind::Action(_) => "action",
            Kind::Placement(_) => "placement",
            Kind::Referral(_) => "referral",
            Kind::Court(_) => "court",
            Kind::Request(_) => "request",
            Kind::Response(_) => "response",
        };
        assert_eq!(read, name);
    }
}

#[test]
fn a_release_id_is_read_as_a_delivery_shows_it() {
    let shown = hex::encode([0xab; 16]);
    let text = of_kind(&format!(
        r#""in_reply_to": "{shown}", "not_to": ["gmp"], "response": {{"outcome": "not_held"}}"#
    ));
    let message = read_message(&text, None).unwrap();
    assert_eq!(message.in_reply_to.to_vec(), [0xab; 16]);
    assert_eq!(message.not_to, ["gmp"]);
}

#[test]
fn a_release_id_is_never_read_from_anything_else() {
    for (wrong, rule) in [
        ("\"\"", "must be 32 hexadecimal digits"),
        ("\"q6urq6urq6urq6urq6urqw==\"", "must be 32 hexadecimal digits"),
        ("\"abababababababababababababababababab\"", "must be 32 hexadecimal digits"),
        ("7", "must be a text"),
    ] {
        let text =
            of_kind(&format!(r#""in_reply_to": {wrong}, "response": {{"outcome": "not_held"}}"#));
        assert_eq!(faults(&text), [("in_reply_to".into(), rule.into())], "{wrong}");
    }
}

#[test]
fn the_mistakes_of_a_referral_are_named_at_the_party_who_has_them() {
    let text = of_kind(
        r#""not_to": [7], "referral": {"programme": "stop", "step": "referred",
            "parties": [{"role": "parent", "consent": "given", "recorded_on": "1 May"},
                        {"subject": "0", "role": "harmed", "consent": "yes", "said": "x"}],
            "settles_message_id": "8"}"#,
    );
    let named = "must be one of the protocol's names, in lower case";
    assert_eq!(
        faults(&text),
        [
            ("not_to[0]".into(), "must be a text".into()),
            ("referral.step".into(), named.into()),
            ("referral.parties[0].subject".into(), "must be given".into()),
            ("referral.parties[1].subject".into(), "must be a whole number from 0".into()),
            ("referral.parties[1].consent".into(), named.into()),
            ("referral.parties[1].said".into(), "is not a known field".into()),
            (
                "referral.settles_message_id".into(),
                "must be a UUID in its 36-character form".into()
            ),
            (
                "referral.parties[0].recorded_on".into(),
                "must be a calendar date, YYYY-MM-DD".into()
            ),
        ]
    );
}

#[test]
fn what_each_kind_cannot_do_without_is_asked_for() {
    for (kind, lacking) in [
        ("drug_test", vec!["stage", "result", "use"]),
        ("enforcement", vec!["matter", "step", "outcome"]),
        ("action", vec!["step", "pathway"]),
        ("placement", vec!["sort", "step", "starts_on"]),
        ("referral", vec!["programme", "step"]),
        ("court", vec!["step", "court"]),
        ("request", vec![]),
        ("response", vec!["outcome"]),
        ("correction", vec!["message_id"]),
    ] {
        let text = of_kind(&format!("\"{kind}\": {{}}"));
        let read = read_message(&text, None);
        let Err(MessageJsonError::Faults(faults)) = read else {
            assert!(lacking.is_empty(), "{kind}");
            continue;
        };
        let fields: Vec<_> = faults.into_iter().map(|fault| fault.field).collect();
        let lacking: Vec<_> = lacking.iter().map(|field| format!("{kind}.{field}")).collect();
        assert_eq!(fields, lacking);
    }
}

#[test]
fn of_the_corrections_a_merge_and_an_unmerge_alone_name_no_message() {
    for action in ["merge", "unmerge"] {
        let text = of_kind(&format!(r#""correction": {{"action": "{action}"}}"#));
        assert!(read_message(&text, None).is_ok(), "{action}");
    }
    let text = of_kind(r#""correction": {"action": "erase"}"#);
    assert_eq!(faults(&text), [("correction.message_id".into(), "must be given".into())]);
}

#[test]
fn yes_and_no_are_not_written_as_words_or_numbers() {
    for wrong in ["\"yes\"", "1", "null"] {
        let text =
            of_kind(&format!(r#""request": {{"fields": ["risk"], "whoever_holds": {wrong}}}"#));
        let expected = ("request.whoever_holds".into(), "must be true or false".into());
        assert_eq!(faults(&text), [expected], "{wrong}");
    }
}
