//! Which works share a commit: what goes alone, what waits for company, and how much each weighs.
//!
//! Promises that a work without a row here does not compile. Knows nothing of what a work records.

use proto::exchange::v1::Attestation;

use super::work::{Settlement, Work};
use crate::ledger::attached::AttachmentChange;

/// How a work shares a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// It is committed by itself: how an earlier message stands, or what the rules are, is asked of
    /// the store, which must not be behind this very batch.
    Alone,
    /// Somebody waits for it.
    Prompt,
    /// Nobody waits for it: it may stay until others come.
    Patient,
}

/// How a work shares a commit.
pub(super) fn sharing(work: &Work) -> Sharing {
    match work {
        Work::Publish(prepared, _) => {
            let admitted = &prepared.admitted;
            if prepared.changes_register() || admitted.follows() || admitted.has_documents() {
                Sharing::Alone
            } else {
                Sharing::Prompt
            }
        }
        Work::Change(_) | Work::Chase(_) | Work::CloseReview(_) => Sharing::Alone,
        // What is ruled out is remembered in the register.
        Work::Attest(attest) if attest.attestation == Attestation::NotSamePerson => Sharing::Alone,
        Work::Settle(settle)
            if settle.items.iter().all(|item| item.settlement == Settlement::Acknowledged) =>
        {
            Sharing::Patient
        }
        Work::End(_) | Work::Refusals(_) => Sharing::Patient,
        Work::Settle(_)
        | Work::Release(_)
        | Work::Subscribe(_)
        | Work::Consult(_)
        | Work::Redrive(_)
        | Work::Attest(_)
        | Work::Attach(_)
        | Work::Fetch(_)
        | Work::Advise(_)
        | Work::Told(_)
        | Work::ReviewsTold(_)
        | Work::Tick { .. }
        | Work::Keep { .. }
        | Work::Stop(_) => Sharing::Prompt,
    }
}

/// Bytes of other people's that a work brings into a batch. What brings none that count is named, so
/// that a new work is asked too.
pub(super) fn weight(work: &Work) -> usize {
    match work {
        Work::Publish(prepared, _) => prepared.sealed_body.len() + prepared.sealed_decision.len(),
        Work::Release(release) => release.items.iter().map(|item| item.parcel.bytes.len()).sum(),
        Work::Attach(attach) => attach.changes.iter().map(AttachmentChange::weight).sum(),
        Work::Settle(_)
        | Work::End(_)
        | Work::Subscribe(_)
        | Work::Change(_)
        | Work::Consult(_)
        | Work::Redrive(_)
        | Work::Attest(_)
        | Work::Fetch(_)
        | Work::Advise(_)
        | Work::Told(_)
        | Work::Chase(_)
        | Work::CloseReview(_)
        | Work::ReviewsTold(_)
        | Work::Refusals(_)
        | Work::Tick { .. }
        | Work::Keep { .. }
        | Work::Stop(_) => 0,
    }
}
