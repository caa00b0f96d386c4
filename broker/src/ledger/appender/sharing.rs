//! Which works share a commit: what goes alone, what waits for company, and how much each weighs.
//!
//! Promises that a work without a row here does not compile. Knows nothing of what a work records.

use super::work::{Settlement, Work};
use crate::ledger::attached::AttachmentChange;

/// Works that change the rules are committed alone, and so is what follows an earlier message or closes
/// a review: how that stands is asked of the store, which must not be behind this very batch.
pub(super) fn exclusive(work: &Work) -> bool {
    match work {
        Work::Publish(prepared, _) => {
            let admitted = &prepared.admitted;
            prepared.changes_register() || admitted.follows() || admitted.has_documents()
        }
        Work::Change(_) | Work::Chase(_) | Work::CloseReview(_) => true,
        Work::Release(_)
        | Work::Settle(_)
        | Work::End(_)
        | Work::Subscribe(_)
        | Work::Consult(_)
        | Work::Redrive(_)
        | Work::Attest(_)
        | Work::Attach(_)
        | Work::Fetch(_)
        | Work::Advise(_)
        | Work::Told(_)
        | Work::ReviewsTold(_)
        | Work::Refusals(_)
        | Work::Tick { .. }
        | Work::Keep { .. }
        | Work::Stop(_) => false,
    }
}

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

/// Works that nobody waits for, so that they may be committed together with others.
pub(super) fn patient(work: &Work) -> bool {
    match work {
        Work::Settle(settle) => {
            settle.items.iter().all(|item| item.settlement == Settlement::Acknowledged)
        }
        Work::End(_) | Work::Refusals(_) => true,
        Work::Publish(..)
        | Work::Release(_)
        | Work::Subscribe(_)
        | Work::Change(_)
        | Work::Consult(_)
        | Work::Redrive(_)
        | Work::Attest(_)
        | Work::Attach(_)
        | Work::Fetch(_)
        | Work::Advise(_)
        | Work::Told(_)
        | Work::Chase(_)
        | Work::CloseReview(_)
        | Work::ReviewsTold(_)
        | Work::Tick { .. }
        | Work::Keep { .. }
        | Work::Stop(_) => false,
    }
}
