//! The contract: what every party to Pyramid must agree on.
//!
//! Owns the protocol's types, the bounds on them, the refusal codes, the identifiers of
//! people and the verification of the ledger. Does no input or output, reads no clock and
//! knows nothing of brokers, stores or policies.

pub mod limits;

pub mod refusal;

pub mod identifier;

pub mod canonical;

pub mod ledger;

pub mod text;

pub mod blank;

/// Publishing and receiving.
pub mod exchange {
    /// Version 1.
    #[expect(
        clippy::pedantic,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        reason = "generated from pyramid/exchange/v1, which carries the documentation"
    )]
    pub mod v1 {
        tonic::include_proto!("pyramid.exchange.v1");
    }
}

/// Who takes part.
pub mod directory {
    /// Version 1.
    #[expect(
        clippy::pedantic,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        reason = "generated from pyramid/directory/v1, which carries the documentation"
    )]
    pub mod v1 {
        tonic::include_proto!("pyramid.directory.v1");
    }
}

/// What was shared, and the proof.
pub mod audit {
    /// Version 1.
    #[expect(
        clippy::pedantic,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        reason = "generated from pyramid/audit/v1, which carries the documentation"
    )]
    pub mod v1 {
        tonic::include_proto!("pyramid.audit.v1");
    }
}

/// Running the broker.
pub mod admin {
    /// Version 1.
    #[expect(
        clippy::pedantic,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        reason = "generated from pyramid/admin/v1, which carries the documentation"
    )]
    pub mod v1 {
        tonic::include_proto!("pyramid.admin.v1");
    }
}

include!(concat!(env!("OUT_DIR"), "/rpc.rs"));

include!(concat!(env!("OUT_DIR"), "/debug.rs"));
