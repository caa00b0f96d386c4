//! THE table from refusals to what a caller is told.

use std::collections::HashMap;

use proto::refusal::Refusal;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::admin::AdminError;
use crate::audit::AuditError;
use crate::ledger::journal::StoreError;
use crate::message::Violation;

/// Domain of `google.rpc.ErrorInfo`.
pub const ERROR_DOMAIN: &str = "pyramid";

/// The gRPC code of a refusal.
#[must_use]
pub const fn code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::NotRegistered => Code::Unauthenticated,
        Refusal::Suspended | Refusal::NotAllowed => Code::PermissionDenied,
        Refusal::QuotaExceeded
        | Refusal::TooManyConnections
        | Refusal::AttachmentsFull
        | Refusal::DiskFloor => Code::ResourceExhausted,
        Refusal::InvalidMessage
        | Refusal::MarkingNotCarried
        | Refusal::FrameOutOfBounds
        | Refusal::InvalidRequest
        | Refusal::InvalidBundle
        | Refusal::InvalidDirectory => Code::InvalidArgument,
        Refusal::MessageIdReused => Code::AlreadyExists,
        Refusal::StoreUnavailable
        | Refusal::ShuttingDown
        | Refusal::ClockUnsure
        | Refusal::WorklistHeld
        | Refusal::NotSignedYet => Code::Unavailable,
        Refusal::AttachmentDiffers => Code::DataLoss,
        Refusal::AttachmentOutOfTurn => Code::OutOfRange,
        Refusal::NotFound | Refusal::AttachmentAbsent | Refusal::AreaNotServed => Code::NotFound,
        Refusal::SubscriptionBusy
        | Refusal::TakenOver
        | Refusal::OwnReview
        | Refusal::SameApprover
        | Refusal::MonthNotEnded => Code::FailedPrecondition,
        Refusal::OnwardNotAllowed
        | Refusal::AnswerNotOnward
        | Refusal::NoPermit
        | Refusal::Forbidden
        | Refusal::PolicyError
        | Refusal::WouldIdentify
        | Refusal::RecipientNotInStanding
        | Refusal::Expired
        | Refusal::Withdrawn => Code::PermissionDenied,
    }
}

/// The status of a refusal: code, number and sentence.
#[must_use]
pub fn refused(refusal: Refusal) -> Status {
    with_violations(refusal, Vec::new())
}

/// The status of a request with faulty fields.
#[must_use]
pub fn faulty(violations: Vec<Violation>) -> Status {
    with_violations(Refusal::InvalidRequest, violations)
}

/// The status of a refusal that names fields.
#[must_use]
pub fn with_violations(refusal: Refusal, violations: Vec<Violation>) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(
        refusal.code().to_string(),
        ERROR_DOMAIN,
        HashMap::<String, String>::new(),
    );
    if !violations.is_empty() {
        let violations = violations
            .into_iter()
            .map(|violation| FieldViolation::new(violation.field, violation.rule))
            .collect::<Vec<_>>();
        details.set_bad_request(violations);
    }
    Status::with_error_details(code(refusal), refusal.sentence(), details)
}

/// One faulty field.
#[must_use]
pub fn fault(field: &str, rule: &'static str) -> Status {
    faulty(vec![Violation { field: field.to_owned(), rule: rule.into() }])
}

/// The status of an audit read that cannot be answered.
#[must_use]
pub fn audit(error: &AuditError) -> Status {
    match error {
        AuditError::Field(field, rule) => fault(field, rule),
        AuditError::NotFound => refused(Refusal::NotFound),
        AuditError::NotSignedYet => refused(Refusal::NotSignedYet),
        AuditError::MonthNotEnded => refused(Refusal::MonthNotEnded),
        AuditError::AreaNotServed => refused(Refusal::AreaNotServed),
        AuditError::Store(error) => store(error),
    }
}

/// The status of an administrative change that was not made.
#[must_use]
pub fn admin(error: AdminError) -> Status {
    match error {
        AdminError::Refused(refusal) => refused(refusal),
        AdminError::Faulty(refusal, violations) => with_violations(refusal, violations),
        AdminError::Store(error) => store(&error),
    }
}

/// A store's failure: its text stays here.
#[must_use]
pub fn store(error: &StoreError) -> Status {
    let code = match error {
        StoreError::Unavailable(_) => "store-unavailable",
        StoreError::Refused(_) => "store-refused",
        StoreError::Full => "store-full",
        StoreError::SyncFailed => "sync-failed",
        StoreError::Damaged { .. } => "store-damaged",
    };
    tracing::error!(code, "a call failed on the store");
    refused(Refusal::StoreUnavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_tells_its_number_and_its_sentence() {
        for refusal in Refusal::ALL {
            let status = refused(*refusal);
            assert_eq!(status.message(), refusal.sentence());
            let info = status.get_details_error_info().unwrap();
            assert_eq!(info.reason, refusal.code().to_string());
        }
    }
}
