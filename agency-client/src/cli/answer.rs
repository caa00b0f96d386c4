//! What the broker's answer to an imported message means for the event that led to it.
//!
//! Owns: the three meanings, and what is said of each.
//! Promises: only what the broker holds counts as taken, and every import counts alike; of a
//! follower, each message that was taken is said to be, once for all that is settled together, and
//! nobody is told to do what the follower does by itself.
//! Deliberately does not know: where events come from, and when they are tried again.

use super::error::CliError;
use super::exchange::{Again, report, report_shared};
use super::output::Output;
use crate::errors::RefusalEnd;
use crate::publisher::{PublishError, PublishOutcome};
use proto::refusal::Refusal;
use serde_json::json;
use std::collections::BTreeSet;

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

/// Who sends messages of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// An import. It sums up what was taken in one line at its end.
    Import,
    /// A follower that ends when nothing is left to read, and tries nothing again.
    FollowerOnce,
    /// A follower. It tries again what may be taken later.
    Follower,
}

impl By {
    /// Of a follower.
    pub(super) const fn follower(once: bool) -> Self {
        if once { Self::FollowerOnce } else { Self::Follower }
    }
}

/// Says what became of messages.
pub(super) struct Teller {
    by: By,
    /// Messages said to be shared, since the last settlement.
    shared: BTreeSet<String>,
}

impl Teller {
    /// For messages sent by this.
    pub(super) const fn new(by: By) -> Self {
        Self { by, shared: BTreeSet::new() }
    }

    /// Forgets what was said: everything sent so far is settled.
    pub(super) fn settled(&mut self) {
        self.shared.clear();
    }

    /// Prints what became of a message. One message may stand for several events.
    pub(super) fn say(
        &mut self,
        id: &str,
        outcome: &PublishOutcome,
        out: &Output,
    ) -> Result<Answer, CliError> {
        let answer = Answer::of(outcome);
        match (outcome, answer, self.by) {
            (Ok(_), _, By::Import) => {}
            (Ok(accepted), _, By::FollowerOnce | By::Follower) => {
                if self.shared.insert(id.to_owned()) {
                    report_shared(id, accepted, out)?;
                }
            }
            (Err(_), Answer::Taken, _) => out.record(
                || json!({"message_id": id, "outcome": "sent_already"}),
                || format!("{id} was sent already, at another time of the same event"),
            )?,
            (Err(_), Answer::Later, By::Follower) => report(id, outcome, Again::ByItself, out)?,
            (Err(_), Answer::Later | Answer::Refused, _) => {
                report(id, outcome, Again::ByCaller, out)?;
            }
        }
        Ok(answer)
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
