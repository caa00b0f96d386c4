//! What a queue may answer in place of what was asked.
//!
//! Owns: the reading of a refusal, and which failures pass by themselves. Promises: nothing of an
//! event is in an error; of what the other side wrote only a code of letters is repeated.
//! Deliberately does not know: when to try again.

use http::StatusCode;
use serde::Deserialize;
use std::error::Error;

/// Longest code that is repeated, characters.
const CODE_CHARACTERS_MAX: usize = 80;

/// Why a queue did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// Nobody answers there, or not as TLS demands.
    #[error("the queue cannot be reached ({why})")]
    Unreachable {
        /// What the network, or TLS, said.
        why: String,
    },
    /// No answer came in time.
    #[error("the queue did not answer in time")]
    Silent,
    /// The answer is not of the protocol: not JSON of the known shape, or too large.
    #[error("the queue gave an answer that is not of the protocol; check --queue and --endpoint")]
    Answer,
    /// The queue refused.
    #[error("the queue refused {action} ({status} {code}){}", advice(*.status, .code))]
    Refused {
        /// What was asked.
        action: &'static str,
        /// The HTTP status.
        status: u16,
        /// The service's code; empty if it gave none that can be shown.
        code: String,
    },
    /// This system has no certificate authorities to know the queue by.
    #[error(
        "this system has no certificate authorities; install the package ca-certificates, or name a file of them in SSL_CERT_FILE"
    )]
    NoAuthorities,
    /// TLS or the signature could not be prepared.
    #[error("a call to the queue cannot be prepared")]
    Preparation,
}

impl QueueError {
    /// A failure to connect or to read, by its innermost cause: those around it say only where.
    pub(super) fn unreachable(error: &(dyn Error + 'static)) -> Self {
        let mut innermost = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        Self::Unreachable { why: innermost.to_string() }
    }

    /// Reads a refusal: the code stands in the body, after the name of the service's model.
    pub(super) fn refused(action: &'static str, status: StatusCode, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Fault {
            #[serde(rename = "__type", default)]
            kind: String,
        }
        let kind = serde_json::from_slice(body).map(|fault: Fault| fault.kind).unwrap_or_default();
        let code = kind.rsplit('#').next().unwrap_or_default();
        let is_code = code.len() <= CODE_CHARACTERS_MAX
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        let code = if is_code { code.to_owned() } else { String::new() };
        Self::Refused { action, status: status.as_u16(), code }
    }

    /// Whether the same call may succeed later without anyone changing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Silent | Self::Answer => true,
            Self::Refused { status, code, .. } => {
                *status >= 500 || *status == 429 || is_throttling(code)
            }
            Self::NoAuthorities | Self::Preparation => false,
        }
    }

    /// Whether a receipt handle has lapsed: the event is another reader's now, or gone.
    pub(super) fn is_lapsed_handle(&self) -> bool {
        match self {
            Self::Refused { status: 400 | 404, code, .. } => {
                let code = code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code);
                ["ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"]
                    .contains(&code)
            }
            Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::Silent
            | Self::Answer
            | Self::NoAuthorities
            | Self::Preparation => false,
        }
    }
}

fn is_throttling(code: &str) -> bool {
    ["RequestThrottled", "Throttling", "ThrottlingException", "OverLimit", "KmsThrottled"]
        .contains(&code)
}

fn advice(status: u16, code: &str) -> &'static str {
    if code.ends_with("QueueDoesNotExist") || code.ends_with("NonExistentQueue") {
        "; check --queue and --region"
    } else if status == 401 || status == 403 {
        "; check the credentials in the environment, that they may receive, delete and change visibility, and --region"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> QueueError {
        let status = StatusCode::from_u16(status).unwrap();
        QueueError::refused("ReceiveMessage", status, body.as_bytes())
    }

    #[test]
    fn a_refusal_says_what_to_look_at_and_repeats_nothing_but_a_code() {
        let body = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"CANARY"}"#;
        let said = refused(400, body).to_string();
        assert_eq!(
            said,
            "the queue refused ReceiveMessage (400 QueueDoesNotExist); check --queue and --region"
        );
        for body in [r#"{"__type":"CANARY <b>"}"#, "<html>CANARY", ""] {
            assert_eq!(refused(400, body).to_string(), "the queue refused ReceiveMessage (400 )");
        }
    }

    #[test]
    fn what_waiting_may_mend_is_told_from_what_people_must() {
        for (status, code, may_pass) in [
            (500, "InternalFailure", true),
            (503, "", true),
            (429, "", true),
            (400, "RequestThrottled", true),
            (403, "ThrottlingException", true),
            (403, "InvalidClientTokenId", false),
            (403, "AccessDeniedException", false),
            (400, "QueueDoesNotExist", false),
        ] {
            let body = format!("{{\"__type\":\"com.amazonaws.sqs#{code}\"}}");
            assert_eq!(refused(status, &body).may_pass(), may_pass, "{status} {code}");
        }
    }

    #[test]
    fn a_lapsed_handle_is_no_failure() {
        let lapsed = |code: &str| refused(400, &format!("{{\"__type\":\"{code}\"}}"));
        assert!(lapsed("com.amazonaws.sqs#ReceiptHandleIsInvalid").is_lapsed_handle());
        assert!(lapsed("com.amazonaws.sqs#InvalidParameterValue").is_lapsed_handle());
        assert!(!lapsed("com.amazonaws.sqs#QueueDoesNotExist").is_lapsed_handle());
    }
}
