//! Who may call what. Every RPC of the protocol has a row, or this does not build.

use proto::Rpc;

use crate::directory::Role;
use crate::identity::{Caller, VerifiedPeer};

/// Who a row lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Any registered node or person.
    Members,
    /// Nodes only.
    Nodes,
    /// Persons with one of these roles.
    Persons(&'static [Role]),
}

/// The access table.
#[must_use]
pub const fn allowed(rpc: Rpc) -> Allowed {
    match rpc {
        Rpc::ExchangePublish
        | Rpc::ExchangeSubscribe
        | Rpc::ExchangePreview
        | Rpc::ExchangeTrack
        | Rpc::ExchangeListDeadLetters
        | Rpc::ExchangeRedrive
        | Rpc::ExchangeAttest
        | Rpc::ExchangeListObligations
        | Rpc::AttachmentPutAttachment
        | Rpc::AttachmentFindAttachment
        | Rpc::AttachmentGetAttachment
        | Rpc::ExchangeReadWorklist
        | Rpc::ExchangeListFlags
        | Rpc::DirectoryStateLink
        | Rpc::DirectoryDeclareInterest => Allowed::Nodes,
        Rpc::ExchangeWhoAmI
        | Rpc::DirectoryGetDirectory
        | Rpc::AuditGetCheckpoint
        | Rpc::AuditGetConsistency
        | Rpc::AuditGetProof
        | Rpc::AuditGetReceipts => Allowed::Members,
        Rpc::DirectoryApproveInterest => Allowed::Persons(&[Role::InterestApprover]),
        Rpc::AuditListDisclosures
        | Rpc::AuditExplainDecision
        | Rpc::AuditCohortReport
        | Rpc::AuditListReviews => Allowed::Persons(&[Role::Auditor, Role::BrokerAuditor]),
        Rpc::AuditCloseReview => Allowed::Persons(&[Role::Auditor]),
        Rpc::AdminApplyDirectory | Rpc::AdminSetStanding | Rpc::AdminConfirmClock => {
            Allowed::Persons(&[Role::Operator])
        }
        Rpc::AdminProposeBundle | Rpc::AdminApproveBundle => Allowed::Persons(&[Role::Approver]),
        Rpc::AdminGetStatus => Allowed::Persons(&[Role::Operator, Role::Approver]),
    }
}

/// Whether a caller may call an RPC.
#[must_use]
pub fn may_call(peer: &VerifiedPeer, rpc: Rpc) -> bool {
    match (allowed(rpc), peer.caller()) {
        (Allowed::Members, _) | (Allowed::Nodes, Caller::Node { .. }) => true,
        (Allowed::Persons(wanted), Caller::Person { roles, .. }) => {
            wanted.iter().any(|role| roles.contains(role))
        }
        (Allowed::Nodes, Caller::Person { .. }) | (Allowed::Persons(_), Caller::Node { .. }) => {
            false
        }
    }
}

/// The RPC a path calls.
#[must_use]
pub fn rpc_of(path: &str) -> Option<Rpc> {
    Rpc::ALL.iter().copied().find(|rpc| rpc.path() == path)
}
