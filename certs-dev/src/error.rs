//! Everything that can go wrong while making, revoking, saving or loading certificates.
//!
//! Promises: an error names the field or file and the rule, never the value it held.
//! Deliberately does not know: how the command words an error for a terminal.

use thiserror::Error;

/// Why a certificate, a revocation list or a folder could not be made, read or written.
#[derive(Debug, Error)]
pub enum CertsError {
    /// A name breaks the grammar of its place in an identity or a file name.
    #[error("{field}: {rule}")]
    Name {
        /// Which name it was.
        field: &'static str,
        /// The rule it broke.
        rule: &'static str,
    },
    /// The certificate library refused to make something.
    #[error("{what} could not be made")]
    Make {
        /// What was being made.
        what: &'static str,
        /// The library's own reason.
        #[source]
        source: rcgen::Error,
    },
    /// A saved certificate, key or register cannot be understood, or does not fit the others.
    #[error("{what}: {rule}")]
    Malformed {
        /// What was being read.
        what: &'static str,
        /// What was expected of it.
        rule: &'static str,
    },
    /// A file or folder could not be read.
    #[error("{what} could not be read")]
    Read {
        /// What was being read.
        what: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder could not be written.
    #[error("{what} could not be written")]
    Write {
        /// What was being written.
        what: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The folder holds something that is not this authority; nothing was changed.
    #[error("the folder already holds something else")]
    FolderInUse,
    /// No issuing authority of this root has that name, number or key.
    #[error("no such issuing authority")]
    UnknownIssuer,
    /// No certificate with that serial was issued here.
    #[error("no certificate with that serial was issued here")]
    UnknownSerial,
    /// A date lies outside the years 0 to 9999, or a serial outside 64 bits.
    #[error("{what} is out of range")]
    OutOfRange {
        /// Which quantity it was.
        what: &'static str,
    },
}
