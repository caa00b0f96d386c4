//! What can go wrong between an agency and the broker, and what to do about it.
//!
//! Owns: the reading of a gRPC status, with its `google.rpc` details, into a numbered refusal.
//! Promises: each error says what to do next; none holds a value out of a message.
//! Deliberately does not know: which errors a caller should outlive; it only says which may pass.

use proto::exchange::v1 as wire;
use proto::refusal::Refusal;
use rustls::AlertDescription;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::pin::PinError;
use crate::rule_sentences;
use crate::tls::certificate_fault;

/// One faulty field, by its path and the rule it breaks. Never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path such as `subjects[1].identifiers[0].value`.
    pub field: String,
    /// The rule it breaks.
    pub rule: String,
}

impl fmt::Display for Violation {
    /// The field and its rule; a rule known by a code alone has its sentence after it. A fault
    /// of the whole message has no field.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = rule_sentences::in_words(&self.rule);
        match self.field.as_str() {
            "" => out.write_str(&rule),
            field => write!(out, "{field}: {rule}"),
        }
    }
}

/// What brings a refusal to its end, so that the same call succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalEnd {
    /// Time alone.
    Time,
    /// An act of the broker's operators, after which nobody at the agency need change anything.
    Operators,
    /// A change to who calls: its certificate, its registration, or what it may do. What was sent
    /// is as good afterwards as before.
    Caller,
    /// A change of what is asked for or sent.
    Change,
}

/// What ends each refusal. The one table of it: whoever waits, keeps or gives up asks here.
const fn end_of(refusal: Refusal) -> RefusalEnd {
    match refusal {
        Refusal::QuotaExceeded
        | Refusal::TooManyConnections
        | Refusal::AttachmentOutOfTurn
        | Refusal::DiskFloor
        | Refusal::StoreUnavailable
        | Refusal::ShuttingDown
        | Refusal::ClockUnsure
        | Refusal::WorklistHeld
        | Refusal::NotSignedYet => RefusalEnd::Time,
        Refusal::Suspended => RefusalEnd::Operators,
        Refusal::NotRegistered | Refusal::NotAllowed => RefusalEnd::Caller,
        Refusal::InvalidMessage
        | Refusal::MarkingNotCarried
        | Refusal::MessageIdReused
        | Refusal::FrameOutOfBounds
        | Refusal::InvalidRequest
        | Refusal::MonthNotEnded
        | Refusal::NotFound
        | Refusal::AreaNotServed
        | Refusal::SubscriptionBusy
        | Refusal::TakenOver
        | Refusal::OwnReview
        | Refusal::InvalidBundle
        | Refusal::InvalidDirectory
        | Refusal::SameApprover
        | Refusal::NoPermit
        | Refusal::Forbidden
        | Refusal::PolicyError
        | Refusal::AttachmentDiffers
        | Refusal::AttachmentsFull
        | Refusal::OnwardNotAllowed
        | Refusal::AnswerNotOnward
        | Refusal::AttachmentAbsent
        | Refusal::WouldIdentify
        | Refusal::RecipientNotInStanding
        | Refusal::Expired
        | Refusal::Withdrawn => RefusalEnd::Change,
    }
}

/// A refusal the broker gave, numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The refusal; `None` for a number this version does not know.
    pub refusal: Option<Refusal>,
    /// Its number on the wire.
    pub code: u32,
    /// A sentence for a duty officer.
    pub sentence: String,
    /// Every faulty field.
    pub violations: Vec<Violation>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Refused {
    /// What ends it. A number this version does not know ends by a change: nothing is known of it.
    #[must_use]
    pub fn end(&self) -> RefusalEnd {
        self.refusal.map_or(RefusalEnd::Change, end_of)
    }

    /// Whether the same call may succeed later without anyone changing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        self.end() == RefusalEnd::Time
    }

    /// Whether it says for certain that nothing was recorded. One number says itself that it does
    /// not know, and of a number this version does not know nothing is known.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        self.refusal.is_some_and(|refusal| refusal != Refusal::StoreUnavailable)
    }

    /// Whether the caller's agency is suspended: an operator's act, which an operator ends. Until
    /// then no call succeeds, and afterwards nobody at the agency need change anything.
    #[must_use]
    pub fn is_suspension(&self) -> bool {
        self.end() == RefusalEnd::Operators
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "refused ({}): {}", self.code, self.sentence)?;
        for violation in &self.violations {
            write!(out, "\n  {violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

impl From<wire::Refused> for Refused {
    fn from(refused: wire::Refused) -> Self {
        let refusal = Refusal::from_code(refused.code);
        let sentence = match refusal {
            Some(known) if refused.sentence.is_empty() => known.sentence().to_owned(),
            Some(_) | None => refused.sentence,
        };
        let violations = refused
            .violations
            .into_iter()
            .map(|violation| Violation { field: violation.field, rule: violation.rule })
            .collect();
        let retry_after = refused.retry_after.and_then(|wait| Duration::try_from(wait).ok());
        Self { refusal, code: refused.code, sentence, violations, retry_after }
    }
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The broker refused, and said why.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The broker, or something on the way to it, failed without saying why.
    #[error(
        "the broker gave no proper answer (gRPC {0:?}); try again, and if it stays so ring its operators"
    )]
    Failed(Code),
}

impl CallError {
    /// The refusal, where the broker gave one.
    #[must_use]
    pub const fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::Failed(_) => None,
        }
    }

    /// Whether the same call may succeed later without anyone changing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Refused(refused) => refused.may_pass(),
            Self::Failed(code) => matches!(
                code,
                Code::Unavailable
                    | Code::Unknown
                    | Code::Cancelled
                    | Code::DeadlineExceeded
                    | Code::Aborted
                    | Code::Internal
                    | Code::ResourceExhausted
            ),
        }
    }
}

/// The domain of a broker's `google.rpc.ErrorInfo`; its reason is the refusal's number.
pub const ERROR_DOMAIN: &str = "pyramid";

impl From<&Status> for CallError {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let number = details
            .error_info()
            .filter(|info| info.domain == ERROR_DOMAIN)
            .and_then(|info| info.reason.parse::<u32>().ok());
        let Some(code) = number else { return Self::Failed(status.code()) };
        let refusal = Refusal::from_code(code);
        let violations = details.bad_request().map_or_else(Vec::new, |bad| {
            bad.field_violations
                .iter()
                .map(|v| Violation { field: v.field.clone(), rule: v.description.clone() })
                .collect()
        });
        let sentence = refusal
            .map_or_else(|| status.message().to_owned(), |known| known.sentence().to_owned());
        let retry_after = details.retry_info().and_then(|info| info.retry_delay);
        Self::Refused(Refused { refusal, code, sentence, violations, retry_after })
    }
}

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        Self::from(&status)
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// One of the files named in the settings cannot be used.
    #[error("{path}: {rule}; see `{key}` in the settings")]
    File {
        /// Which file.
        path: PathBuf,
        /// The key in the settings.
        key: &'static str,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// The private key's file is open to others than its owner, so the key may be known to them.
    #[error(
        "{path}: the file's mode is {mode:04o} and must be 0600 or 0400: nobody but its owner may read it; run `chmod 600 {path}`; see `{key}` in the settings"
    )]
    OthersMayRead {
        /// Which file.
        path: PathBuf,
        /// The key in the settings.
        key: &'static str,
        /// The mode found.
        mode: u32,
    },
    /// The certificate and key make no usable identity.
    #[error(
        "the certificate and key cannot be used together ({0}); check `certificate` and `key` in the settings"
    )]
    Identity(#[source] rustls::Error),
    /// Nobody answers at the address.
    #[error(
        "the broker at {address} cannot be reached ({source}); check the address and the network"
    )]
    Unreachable {
        /// `host:port`.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The broker's side of the handshake is not as it must be.
    #[error(
        "the broker at {address} is not the one expected ({source}); check `server_name` and `authority`, and tell the operators"
    )]
    Handshake {
        /// `host:port`.
        address: String,
        /// What TLS said.
        source: io::Error,
    },
    /// The broker refused this system's certificate, and said for what.
    #[error(
        "the broker refused this system's certificate: {}",
        certificate_fault(*.0).unwrap_or("ask the broker's operators why")
    )]
    CertificateRefused(AlertDescription),
    /// The broker took leave right after it had seen this system's certificate. It says no more to
    /// whoever its directory does not know.
    #[error(
        "the broker at {address} refused this system's certificate: it took leave as soon as it had seen it. The certificate names no agency, node or person that is registered there, or was issued by an authority that may not name this agency, or is revoked: check `certificate` in the settings, and ask the broker's operators to look up the reason, which they see among the peers not let in"
    )]
    NotLetIn {
        /// `host:port`.
        address: String,
    },
    /// HTTP/2 could not be started.
    #[error("the broker at {address} does not speak gRPC; check `broker` in the settings")]
    Protocol {
        /// `host:port`.
        address: String,
    },
    /// A call that belongs to connecting has no answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The ledger's head is not one to trust.
    #[error(transparent)]
    Pin(#[from] PinError),
}

impl ConnectError {
    /// The refusal, where the broker refused a call that belongs to connecting.
    #[must_use]
    pub const fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Call(error) => error.refused(),
            Self::File { .. }
            | Self::OthersMayRead { .. }
            | Self::Identity(_)
            | Self::Unreachable { .. }
            | Self::Handshake { .. }
            | Self::CertificateRefused(_)
            | Self::NotLetIn { .. }
            | Self::Protocol { .. }
            | Self::Pin(_) => None,
        }
    }

    /// Whether trying again may help without anyone changing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Protocol { .. } => true,
            Self::Call(error) => error.may_pass(),
            Self::File { .. }
            | Self::OthersMayRead { .. }
            | Self::Identity(_)
            | Self::Handshake { .. }
            | Self::CertificateRefused(_)
            | Self::NotLetIn { .. }
            | Self::Pin(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tonic_types::ErrorDetails;

    fn status(code: &str) -> Status {
        let mut details = ErrorDetails::new();
        details
            .set_error_info(code, "pyramid", HashMap::<String, String>::new())
            .add_bad_request_violation("subjects[0].category", "must be given")
            .set_retry_info(Some(Duration::from_secs(3)));
        Status::with_error_details(Code::InvalidArgument, "mistakes", details)
    }

    #[test]
    fn a_status_with_a_number_is_that_refusal_with_its_fields_and_its_wait() {
        let CallError::Refused(refused) = CallError::from(&status("2001")) else {
            unreachable!("the status has a number")
        };
        assert_eq!(refused.refusal, Some(Refusal::InvalidMessage));
        assert_eq!(refused.retry_after, Some(Duration::from_secs(3)));
        assert_eq!(
            refused.violations,
            [Violation { field: "subjects[0].category".into(), rule: "must be given".into() }]
        );
    }

    #[test]
    fn a_rule_known_by_a_code_is_said_in_words_too() {
        let mut details = ErrorDetails::new();
        details
            .set_error_info("2001", "pyramid", HashMap::<String, String>::new())
            .add_bad_request_violation("subjects[0].identifiers[0].value", "crn-shape")
            .add_bad_request_violation("subjects[1].identifiers[0].value", "moon-shape")
            .add_bad_request_violation("", "a message is at most 262,144 bytes");
        let status = Status::with_error_details(Code::InvalidArgument, "mistakes", details);
        assert_eq!(
            CallError::from(&status).to_string(),
            "refused (2001): The message has mistakes; each is listed with the field and the rule.\n  \
             subjects[0].identifiers[0].value: crn-shape: a probation case reference number is one or two letters and six digits, such as X123456\n  \
             subjects[1].identifiers[0].value: moon-shape\n  \
             a message is at most 262,144 bytes"
        );
    }

    #[test]
    fn an_unknown_number_keeps_the_brokers_sentence() {
        let CallError::Refused(refused) = CallError::from(&status("9999")) else {
            unreachable!("the status has a number")
        };
        assert_eq!((refused.refusal, refused.code), (None, 9999));
        assert_eq!(refused.sentence, "mistakes");
    }

    #[test]
    fn each_refusal_has_its_end_and_one_that_is_not_known_ends_by_a_change() {
        let end = |code| Refused::from(wire::Refused { code, ..wire::Refused::default() }).end();
        for (codes, expected) in [
            (&[1004, 1005, 3001, 3002, 3003, 3004, 4003][..], RefusalEnd::Time),
            (&[1002], RefusalEnd::Operators),
            (&[1001, 1003], RefusalEnd::Caller),
            (&[2001, 2003, 4001, 4002, 4004, 5001, 6001, 6007, 9999], RefusalEnd::Change),
        ] {
            for code in codes {
                assert_eq!(end(*code), expected, "{code}");
            }
        }
    }

    #[test]
    fn a_certificate_out_of_date_may_have_ended_or_not_begun() {
        let said = ConnectError::CertificateRefused(AlertDescription::CertificateExpired);
        let said = said.to_string();
        assert!(said.contains("has ended, or has not begun"), "{said}");
        assert!(!said.to_lowercase().contains("expired"), "{said}");
        let other = ConnectError::CertificateRefused(AlertDescription::CertificateRevoked);
        assert!(!other.to_string().contains("ended"), "{other}");
    }

    #[test]
    fn a_status_without_a_number_is_known_by_its_code_only() {
        let error = CallError::from(&Status::unavailable("gone"));
        assert_eq!(error, CallError::Failed(Code::Unavailable));
        assert!(error.may_pass());
        assert!(!CallError::from(&Status::permission_denied("no")).may_pass());
    }
}
