//! Certificates for development and tests: the good ones, and every wrong one by name.
//!
//! Owns: a root, issuing authorities under it (one for each group of agencies), their revocation
//! lists, and the leaves for agency nodes, persons and the broker. All keys are ECDSA P-256.
//! Promises: a good certificate is right in every respect, and a [`Faulty`] one is wrong in
//! exactly the respect its name says, so a test that sees it refused knows why.
//! Deliberately does not know: the broker, its directory, or the time of day. Time is given to
//! it; only the command reads a clock. Private keys lie on disk unencrypted, which is why nothing
//! made here may meet production.

mod authority;
mod certificate;
mod credential;
mod error;
mod faulty;
mod files;
mod folder;
mod names;
mod revocation;
mod serial;
mod signer;

pub use authority::{Authority, FIRST_ISSUER, IssuerId, Options};
pub use credential::{Credential, write_credential};
pub use error::CertsError;
pub use faulty::{
    Faulty, OTHER_AGENCIES_ISSUER, RefusedAt, SUSPENDED_AGENCY, UNREGISTERED_AGENCY,
    UNREGISTERED_NODE, WITHDRAWN_ISSUER,
};
pub use folder::FolderLock;
pub use serial::Serial;
