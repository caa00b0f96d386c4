//! What the broker's answer to an imported message means for the event that led to it.
//!
//! Owns: the three meanings, and the words for what did not simply succeed.
//! Promises: only what the broker holds counts as taken, and every import counts alike.
//! Deliberately does not know: where events come from, and when they are tried again.

use super::error::CliError;
use super::exchange::report;
use super::output::Output;
use crate::errors::RefusalEnd;
use crate::publisher::{PublishError, PublishOutcome};
use proto::refusal::Refusal;
use serde_json::json;

/// What an answer means. Only for messages whose ids the adapter made: see [`Answer::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// The broker has the message.
    Taken,
    /// It is as good later as now: what is in the way is not the message.
    Later,
    /// The message will never be taken as it is.
    Refused,
}

impl Answer {
    /// Reads an answer.
    ///
    /// Why a reused id is good news here and nowhere else: the id is a keyed digest of the event,
    /// so nothing but the same event can have had it, and whoever has no key cannot take it first.
    /// Under it the broker holds what was sent when the event was newer. What may differ is what
    /// does not enter the id, such as how certain the news is, and that is not sent twice.
    pub(super) fn of(outcome: &PublishOutcome) -> Self {
        match outcome {
            Ok(_) => Self::Taken,
            Err(PublishError::Refused(refused))
                if refused.refusal == Some(Refusal::MessageIdReused) =>
            {
                Self::Taken
            }
            Err(PublishError::Refused(refused)) => match refused.end() {
                RefusalEnd::Time | RefusalEnd::Operators | RefusalEnd::Caller => Self::Later,
                RefusalEnd::Change => Self::Refused,
            },
            Err(PublishError::Faulty { .. }) => Self::Refused,
            Err(
                PublishError::IdInFlight
                | PublishError::OutcomeUnknown { .. }
                | PublishError::NotSent { .. },
            ) => Self::Later,
        }
    }
}

/// Prints what became of a message that was not accepted. Acceptance is the rule; the line of the
/// event has said what was sent.
pub(super) fn say(
    id: &str,
    outcome: &PublishOutcome,
    answer: Answer,
    out: &Output,
) -> Result<(), CliError> {
    match (outcome, answer) {
        (Ok(_), _) => Ok(()),
        (Err(_), Answer::Taken) => out.record(
            || json!({"message_id": id, "outcome": "sent_already"}),
            || format!("{id} was sent already, at another time of the same event"),
        ),
        (Err(_), Answer::Later | Answer::Refused) => report(id, outcome, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::Refused;
    use crate::publisher::Cause;

    fn refused(refusal: Refusal) -> PublishOutcome {
        Err(PublishError::Refused(Refused {
            refusal: Some(refusal),
            code: refusal.code(),
            sentence: String::new(),
            violations: Vec::new(),
            retry_after: None,
        }))
    }

    #[test]
    fn only_what_the_broker_has_counts_as_taken() {
        let not_sent: PublishOutcome = Err(PublishError::NotSent { cause: Cause::Silence });
        let unknown: PublishOutcome = Err(PublishError::OutcomeUnknown { cause: Cause::Silence });
        for (outcome, answer) in [
            (Ok(proto::exchange::v1::Accepted::default()), Answer::Taken),
            (refused(Refusal::MessageIdReused), Answer::Taken),
            (refused(Refusal::DiskFloor), Answer::Later),
            (refused(Refusal::QuotaExceeded), Answer::Later),
            // Operators lift a suspension; what was to be sent is as good then as before.
            (refused(Refusal::Suspended), Answer::Later),
            (refused(Refusal::ClockUnsure), Answer::Later),
            // A certificate that has run out is renewed, and no event is at fault for it.
            (refused(Refusal::NotRegistered), Answer::Later),
            (refused(Refusal::MarkingNotCarried), Answer::Refused),
            (not_sent, Answer::Later),
            (unknown, Answer::Later),
            (Err(PublishError::IdInFlight), Answer::Later),
            (refused(Refusal::InvalidMessage), Answer::Refused),
            (Err(PublishError::Faulty { field: "", rule: "" }), Answer::Refused),
        ] {
            assert_eq!(Answer::of(&outcome), answer, "{outcome:?}");
        }
    }
}
