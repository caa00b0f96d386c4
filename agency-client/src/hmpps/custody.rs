//! What a movement is, by reason, movement code and present location.
//!
//! Owns: the rules that tell a release from everything that NOMIS also calls one. Promises: a
//! transfer, a journey to court and a temporary absence never come out as a release; what
//! contradicts itself is held back. Deliberately does not know: the descriptions in events, which
//! are known to contradict the reason.
//!
//! Movement codes that the rules do not name are ordinary: conditional, automatic, curfew and the
//! like are all releases. Source of the codes: the public events of the prison and probation
//! services; NOMIS has no public list.

use proto::exchange::v1::CustodyEvent;
use proto::identifier::{PrisonCode, PrisonPlace};
use proto::limits::MOVEMENT_REASON_CHARACTERS_MAX;
use serde_json::Value;
use time::OffsetDateTime;

use super::document::{self, Object};
use super::event_type::{Direction, Topic};
use super::outcome::{NotShareableReason, QuarantineReason};
use super::person::Noms;

/// Everything a message is made from.
pub(super) struct Event {
    /// Direction and firmness.
    pub(super) topic: Topic,
    /// What happened.
    pub(super) movement: Movement,
    /// To whom.
    pub(super) noms: Noms,
    /// When.
    pub(super) occurred_at: OffsetDateTime,
    /// From or to which establishment, three letters.
    pub(super) prison: String,
}

/// A movement that is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Movement {
    /// What happened.
    pub(super) event: CustodyEvent,
    /// What the provisional and the confirmed news of it have in common.
    pub(super) case: Case,
    /// The reason, in capitals.
    pub(super) reason: String,
    /// The movement code, in capitals; empty where none was given.
    pub(super) code: String,
}

/// The sort of movement, as far as both topics tell it. The search topic carries no movement
/// code, so what it calls a release may be confirmed as something else: one case all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// Discharged, to wherever.
    Discharge,
    /// Admitted, for whatever reason.
    Admission,
    /// Moved out to another establishment.
    TransferOut,
    /// Moved in from another establishment.
    TransferIn,
    /// Out on temporary licence.
    Absence,
    /// Back from temporary licence.
    AbsenceReturn,
}

impl Case {
    /// The name that enters the correlation id; never changed.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Discharge => "discharge",
            Self::Admission => "admission",
            Self::TransferOut => "transfer-out",
            Self::TransferIn => "transfer-in",
            Self::Absence => "absence",
            Self::AbsenceReturn => "absence-return",
        }
    }
}

/// What the rules decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Share it.
    Share(Movement),
    /// Do not share it.
    Keep(NotShareableReason),
}

/// What a movement code says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CodeClass {
    UnlawfullyAtLarge,
    Death,
    Merge,
    Immigration,
    Hospital,
    /// Any other code, or none.
    Ordinary,
}

fn class(code: &str) -> CodeClass {
    match code {
        "UAL" | "UAL_ECL" | "ESCP" => CodeClass::UnlawfullyAtLarge,
        "DEC" => CodeClass::Death,
        "MRG" => CodeClass::Merge,
        "DD" | "DE" | "DL" | "DEIRC" | "ETR" | "ECSLIRC" => CodeClass::Immigration,
        "HO" | "HQ" | "HP" => CodeClass::Hospital,
        _ => CodeClass::Ordinary,
    }
}

/// What a discharge with this movement code is; `None` for a merge, where nobody is discharged.
pub(super) fn discharge(code: &str) -> Option<CustodyEvent> {
    match class(code) {
        CodeClass::UnlawfullyAtLarge => Some(CustodyEvent::UnlawfullyAtLarge),
        CodeClass::Death => Some(CustodyEvent::Death),
        CodeClass::Merge => None,
        CodeClass::Immigration => Some(CustodyEvent::ReleaseToImmigration),
        CodeClass::Hospital => Some(CustodyEvent::ReleaseToHospital),
        CodeClass::Ordinary => Some(CustodyEvent::Release),
    }
}

/// Decides what a movement is.
pub(super) fn decide(body: &Object, topic: Topic) -> Result<Decision, QuarantineReason> {
    let none = Object::new();
    let details = document::object(body, "additionalInformation").unwrap_or(&none);
    let code = movement_code(details)?;
    if class(&code) == CodeClass::Merge {
        return Ok(Decision::Keep(NotShareableReason::AdministrativeMerge));
    }
    let reason = document::text(details, "reason")
        .ok_or(QuarantineReason::MissingReason)?
        .to_ascii_uppercase();
    let sort = match topic.direction {
        Direction::Released => released(&reason, &code)?,
        Direction::Received => received(&reason, &code, details)?,
    };
    let (case, event) = match sort {
        Sort::Moved(case, event) => (case, event),
        Sort::Kept(kept) => return Ok(Decision::Keep(kept)),
    };
    check_location(details, event)?;
    Ok(Decision::Share(Movement { event, case, reason, code }))
}

enum Sort {
    Moved(Case, CustodyEvent),
    Kept(NotShareableReason),
}

fn released(reason: &str, code: &str) -> Result<Sort, QuarantineReason> {
    let sort = match reason {
        "RELEASED" => {
            return Ok(discharge(code)
                .map_or(Sort::Kept(NotShareableReason::AdministrativeMerge), |event| {
                    Sort::Moved(Case::Discharge, event)
                }));
        }
        "RELEASED_TO_HOSPITAL" => Sort::Moved(Case::Discharge, CustodyEvent::ReleaseToHospital),
        "TRANSFERRED" => Sort::Moved(Case::TransferOut, CustodyEvent::Transfer),
        "TEMPORARY_ABSENCE_RELEASE" => Sort::Moved(Case::Absence, CustodyEvent::TemporaryAbsence),
        "SENT_TO_COURT" => Sort::Kept(NotShareableReason::CourtMovement),
        _ => return Err(QuarantineReason::UnknownReason),
    };
    // A death or a flight must not pass for a transfer or for nothing at all.
    match class(code) {
        CodeClass::UnlawfullyAtLarge | CodeClass::Death | CodeClass::Immigration => {
            Err(QuarantineReason::ContradictoryMovement)
        }
        CodeClass::Merge | CodeClass::Hospital | CodeClass::Ordinary => Ok(sort),
    }
}

fn received(reason: &str, code: &str, details: &Object) -> Result<Sort, QuarantineReason> {
    if class(code) == CodeClass::Death {
        return Err(QuarantineReason::ContradictoryMovement);
    }
    // The source works out the probable cause from the legal status. The code is typed by hand
    // and also 24 on a return from temporary licence, so by itself it proves no recall.
    let recalled = document::text(details, "probableCause")
        .is_some_and(|cause| cause.eq_ignore_ascii_case("RECALL"));
    Ok(match reason {
        "ADMISSION" | "NEW_ADMISSION" | "READMISSION" if recalled => {
            Sort::Moved(Case::Admission, CustodyEvent::Recall)
        }
        // Readmitted under an earlier booking: the person did come in.
        "ADMISSION" | "NEW_ADMISSION" | "READMISSION" | "READMISSION_SWITCH_BOOKING" => {
            Sort::Moved(Case::Admission, CustodyEvent::Reception)
        }
        // Comes of a merge alone: the record left over now shows the other one's custody.
        "POST_MERGE_ADMISSION" => Sort::Kept(NotShareableReason::AdministrativeMerge),
        "TRANSFERRED" => Sort::Moved(Case::TransferIn, CustodyEvent::Transfer),
        "TEMPORARY_ABSENCE_RETURN" => {
            Sort::Moved(Case::AbsenceReturn, CustodyEvent::TemporaryAbsenceReturn)
        }
        "RETURN_FROM_COURT" => Sort::Kept(NotShareableReason::CourtMovement),
        _ => return Err(QuarantineReason::UnknownReason),
    })
}

/// The present location, where the source gives it, must allow what is said to have happened.
fn check_location(details: &Object, event: CustodyEvent) -> Result<(), QuarantineReason> {
    let says = |name: &str, value: &str| {
        document::text(details, name).is_some_and(|text| text.eq_ignore_ascii_case(value))
    };
    let inside = says("currentLocation", "IN_PRISON");
    let outside = says("currentLocation", "OUTSIDE_PRISON");
    let under_care = says("currentPrisonStatus", "UNDER_PRISON_CARE");
    let contradicted = match event {
        CustodyEvent::Release => inside || under_care,
        CustodyEvent::UnlawfullyAtLarge
        | CustodyEvent::ReleasedInError
        | CustodyEvent::ReleaseToHospital
        | CustodyEvent::ReleaseToImmigration => inside,
        CustodyEvent::Reception | CustodyEvent::Recall | CustodyEvent::TemporaryAbsenceReturn => {
            outside
        }
        // Both ends of a transfer are told, and an absence may be over, before the event is read.
        CustodyEvent::Transfer
        | CustodyEvent::TemporaryAbsence
        | CustodyEvent::Death
        | CustodyEvent::Unspecified => false,
    };
    if contradicted { Err(QuarantineReason::ContradictoryMovement) } else { Ok(()) }
}

/// The movement code in capitals, empty where none is given.
///
/// Where the field is missing, some events still name the code in their details, in the one form
/// `Movement reason code UAL`. Where the field is given the details are not looked at: they are
/// known to differ. Refuses: `UnknownReason`, a code no NOMIS code can look like.
fn movement_code(details: &Object) -> Result<String, QuarantineReason> {
    let written = match details.get("nomisMovementReasonCode") {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) if !text.trim().is_empty() => text.trim().to_owned(),
        None | Some(Value::Null | Value::String(_)) => document::text(details, "details")
            .and_then(|text| text.strip_prefix("Movement reason code "))
            .unwrap_or_default()
            .trim()
            .to_owned(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            return Err(QuarantineReason::UnknownReason);
        }
    };
    let code = written.to_ascii_uppercase();
    let possible = code.len() <= MOVEMENT_REASON_CHARACTERS_MAX
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if possible { Ok(code) } else { Err(QuarantineReason::UnknownReason) }
}

/// The establishment. `OUT` and `TRN` are states, not places, and nobody can be told to ring them.
pub(super) fn prison(body: &Object) -> Result<String, QuarantineReason> {
    document::object(body, "additionalInformation")
        .and_then(|details| document::text(details, "prisonId"))
        .and_then(|text| PrisonCode::parse(text).ok())
        .filter(|code| code.place() == PrisonPlace::Establishment)
        .map(|code| code.canonical().to_owned())
        .ok_or(QuarantineReason::UnusablePrison)
}

#[cfg(test)]
mod tests;
