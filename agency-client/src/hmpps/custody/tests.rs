//! The rules of movements, one row each.

use proto::exchange::v1::CustodyEvent as Custody;
use serde_json::{Value, json};

use super::*;

const MERGE: Decision = Decision::Keep(NotShareableReason::AdministrativeMerge);
const COURT: Decision = Decision::Keep(NotShareableReason::CourtMovement);

fn told(direction: Direction, details: Value) -> Result<Decision, QuarantineReason> {
    let mut body = Object::new();
    body.insert("additionalInformation".to_owned(), details);
    decide(&body, Topic { direction, confirmed: true })
}

fn event(direction: Direction, details: Value) -> Result<Custody, QuarantineReason> {
    match told(direction, details)? {
        Decision::Share(movement) => Ok(movement.event),
        Decision::Keep(_) => Ok(Custody::Unspecified),
    }
}

#[test]
fn a_movement_code_tells_what_a_release_is() {
    for (code, expected) in [
        ("CR", Custody::Release),
        ("HD", Custody::Release),
        ("ECSL", Custody::Release),
        ("NCS", Custody::Release),
        ("", Custody::Release),
        ("UAL", Custody::UnlawfullyAtLarge),
        ("UAL_ECL", Custody::UnlawfullyAtLarge),
        ("ESCP", Custody::UnlawfullyAtLarge),
        ("DEC", Custody::Death),
        ("DD", Custody::ReleaseToImmigration),
        ("DEIRC", Custody::ReleaseToImmigration),
        ("HO", Custody::ReleaseToHospital),
        ("hq", Custody::ReleaseToHospital),
    ] {
        let details = json!({ "reason": "RELEASED", "nomisMovementReasonCode": code });
        assert_eq!(event(Direction::Released, details), Ok(expected), "{code}");
    }
}

#[test]
fn what_is_no_release_never_comes_out_as_one() {
    let told = |reason: &str| {
        told(Direction::Released, json!({ "reason": reason, "nomisMovementReasonCode": "CR" }))
    };
    let shared = |reason: &str| match told(reason) {
        Ok(Decision::Share(movement)) => Some(movement.event),
        Ok(Decision::Keep(_)) | Err(_) => None,
    };
    assert_eq!(shared("TRANSFERRED"), Some(Custody::Transfer));
    assert_eq!(shared("TEMPORARY_ABSENCE_RELEASE"), Some(Custody::TemporaryAbsence));
    assert_eq!(shared("RELEASED_TO_HOSPITAL"), Some(Custody::ReleaseToHospital));
    assert_eq!(told("SENT_TO_COURT"), Ok(COURT));
    assert_eq!(told("UNKNOWN"), Err(QuarantineReason::UnknownReason));
    assert_eq!(told("ADMISSION"), Err(QuarantineReason::UnknownReason));
}

#[test]
fn each_reason_of_reception_is_told() {
    for (reason, expected) in [
        ("ADMISSION", Ok(Custody::Reception)),
        ("NEW_ADMISSION", Ok(Custody::Reception)),
        ("READMISSION", Ok(Custody::Reception)),
        ("READMISSION_SWITCH_BOOKING", Ok(Custody::Reception)),
        ("TRANSFERRED", Ok(Custody::Transfer)),
        ("TEMPORARY_ABSENCE_RETURN", Ok(Custody::TemporaryAbsenceReturn)),
        ("UNKNOWN", Err(QuarantineReason::UnknownReason)),
        ("RELEASED", Err(QuarantineReason::UnknownReason)),
    ] {
        let details = json!({ "reason": reason });
        assert_eq!(event(Direction::Received, details), expected, "{reason}");
    }
    assert_eq!(told(Direction::Received, json!({ "reason": "RETURN_FROM_COURT" })), Ok(COURT));
    assert_eq!(told(Direction::Received, json!({ "reason": "POST_MERGE_ADMISSION" })), Ok(MERGE));
}

#[test]
fn a_recall_is_told_by_its_cause_and_not_by_code_24() {
    let coded = |reason: &str, cause: Option<&str>| {
        let mut details = json!({ "reason": reason, "nomisMovementReasonCode": "24" });
        if let (Some(cause), Some(object)) = (cause, details.as_object_mut()) {
            object.insert("probableCause".to_owned(), cause.into());
        }
        event(Direction::Received, details)
    };
    assert_eq!(coded("ADMISSION", Some("RECALL")), Ok(Custody::Recall));
    assert_eq!(coded("ADMISSION", None), Ok(Custody::Reception));
    assert_eq!(coded("ADMISSION", Some("REMAND")), Ok(Custody::Reception));
    assert_eq!(
        coded("TEMPORARY_ABSENCE_RETURN", Some("RECALL")),
        Ok(Custody::TemporaryAbsenceReturn)
    );
}

#[test]
fn a_merge_moves_nobody_whatever_the_reason_says() {
    for (direction, reason) in [
        (Direction::Released, "RELEASED"),
        (Direction::Released, "UNKNOWN"),
        (Direction::Received, "ADMISSION"),
    ] {
        let details = json!({ "reason": reason, "nomisMovementReasonCode": "MRG" });
        assert_eq!(told(direction, details), Ok(MERGE), "{reason}");
    }
}

#[test]
fn what_contradicts_itself_is_held_back() {
    let contradiction = Err(QuarantineReason::ContradictoryMovement);
    for details in [
        json!({ "reason": "TRANSFERRED", "nomisMovementReasonCode": "UAL" }),
        json!({ "reason": "SENT_TO_COURT", "nomisMovementReasonCode": "DEC" }),
        json!({ "reason": "RELEASED_TO_HOSPITAL", "nomisMovementReasonCode": "DD" }),
        json!({ "reason": "RELEASED", "currentLocation": "IN_PRISON" }),
        json!({ "reason": "RELEASED", "currentPrisonStatus": "UNDER_PRISON_CARE" }),
    ] {
        assert_eq!(event(Direction::Released, details.clone()), contradiction, "{details}");
    }
    for details in [
        json!({ "reason": "ADMISSION", "nomisMovementReasonCode": "DEC" }),
        json!({ "reason": "ADMISSION", "currentLocation": "OUTSIDE_PRISON" }),
    ] {
        assert_eq!(event(Direction::Received, details.clone()), contradiction, "{details}");
    }
}

#[test]
fn the_code_is_read_from_the_details_only_where_its_field_is_missing() {
    let details = json!({ "reason": "RELEASED", "details": "Movement reason code UAL" });
    assert_eq!(event(Direction::Released, details), Ok(Custody::UnlawfullyAtLarge));
    let details = json!({
        "reason": "RELEASED", "nomisMovementReasonCode": "CR", "details": "Movement reason code UAL"
    });
    assert_eq!(event(Direction::Released, details), Ok(Custody::Release));
    let details = json!({ "reason": "RELEASED", "nomisMovementReasonCode": 24 });
    assert_eq!(event(Direction::Released, details), Ok(Custody::Release));
    for odd in [json!("two words"), json!("LONGERTHANTWELVE"), json!(["UAL"]), json!(true)] {
        let details = json!({ "reason": "RELEASED", "nomisMovementReasonCode": odd });
        let expected = Err(QuarantineReason::UnknownReason);
        assert_eq!(event(Direction::Released, details.clone()), expected, "{details}");
    }
}

#[test]
fn only_an_establishment_is_a_prison() {
    let named = |prison: Value| {
        let mut body = Object::new();
        body.insert("additionalInformation".to_owned(), json!({ "prisonId": prison }));
        super::prison(&body)
    };
    assert_eq!(named(json!("mdi")), Ok("MDI".to_owned()));
    for prison in [json!("OUT"), json!("TRN"), json!(""), json!("MOORLAND"), json!(7), json!(null)]
    {
        assert_eq!(named(prison.clone()), Err(QuarantineReason::UnusablePrison), "{prison}");
    }
}
