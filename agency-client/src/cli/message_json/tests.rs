//! How a file is read as a message, and how its mistakes are named.

use super::*;

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
