//! Why a peer was not let in, as one word for counters.
//!
//! Promises that every reason is in the list, so that a dashboard shows noughts and not gaps.
//! Deliberately does not know: who the peer was.

use std::io;

use rustls::CertificateError;

use proto::refusal::Refusal;

use crate::identity::IdentityError;

/// What went wrong in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandshakeFault {
    /// No certificate was shown.
    NoCertificate,
    /// No trusted root stands over the chain, or a signature in it is wrong.
    UnknownAuthority,
    /// A certificate of the chain is past its end or before its beginning.
    NotInDate,
    /// A certificate of the chain is revoked.
    Revoked,
    /// A certificate of the chain has an issuer without a revocation list.
    RevocationUnknown,
    /// The revocation list of an issuer in the chain is overdue. Peers are told of an unknown
    /// authority, so the true reason is seen here only.
    RevocationListExpired,
    /// The certificate is not for clients.
    Purpose,
    /// The connection broke off.
    Disconnected,
    /// Anything else: no common version, group or protocol, or not TLS at all.
    Protocol,
}

impl HandshakeFault {
    const ALL: &'static [HandshakeFault] = &[
        Self::NoCertificate,
        Self::UnknownAuthority,
        Self::NotInDate,
        Self::Revoked,
        Self::RevocationUnknown,
        Self::RevocationListExpired,
        Self::Purpose,
        Self::Disconnected,
        Self::Protocol,
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::NoCertificate => "handshake_no_certificate",
            Self::UnknownAuthority => "handshake_unknown_authority",
            Self::NotInDate => "handshake_not_in_date",
            Self::Revoked => "handshake_revoked",
            Self::RevocationUnknown => "handshake_revocation_unknown",
            Self::RevocationListExpired => "handshake_revocation_list_expired",
            Self::Purpose => "handshake_purpose",
            Self::Disconnected => "handshake_disconnected",
            Self::Protocol => "handshake_protocol",
        }
    }
}

impl From<&rustls::Error> for HandshakeFault {
    fn from(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::NoCertificatesPresented => Self::NoCertificate,
            rustls::Error::InvalidCertificate(error) => match error {
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::NotInDate,
                CertificateError::Revoked => Self::Revoked,
                CertificateError::UnknownRevocationStatus => Self::RevocationUnknown,
                CertificateError::ExpiredRevocationList
                | CertificateError::ExpiredRevocationListContext { .. } => {
                    Self::RevocationListExpired
                }
                CertificateError::InvalidPurpose
                | CertificateError::InvalidPurposeContext { .. } => Self::Purpose,
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    Self::UnknownAuthority
                }
                _ => Self::Protocol,
            },
            _ => Self::Protocol,
        }
    }
}

impl From<&io::Error> for HandshakeFault {
    fn from(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        inner.map_or(Self::Disconnected, Self::from)
    }
}

/// Why a peer was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// The broker holds as many connections as it may.
    ConnectionsMax,
    /// The peer's agency holds as many connections as it may.
    AgencyConnectionsMax,
    /// The handshake became slow and there were too many slow ones.
    SlowHandshakesMax,
    /// The handshake took too long.
    HandshakeTimeout,
    /// The handshake failed.
    Handshake(HandshakeFault),
    /// The listener has stopped.
    Stopped,
    /// Revoked by a list taken up while the handshake ran.
    Revoked,
    /// The certificate names nobody, or nobody in good standing.
    Identity(IdentityError),
}

impl Refused {
    /// The reason as a label of a counter or a log field.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ConnectionsMax => "connections_max",
            Self::AgencyConnectionsMax => "agency_connections_max",
            Self::SlowHandshakesMax => "slow_handshakes_max",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::Handshake(fault) => fault.code(),
            Self::Stopped => "stopped",
            Self::Revoked => "revoked",
            Self::Identity(error) => error.code(),
        }
    }

    /// What a peer is told who can be told: one whom the directory knows. Everybody else is cut
    /// off without a word.
    #[must_use]
    pub const fn told(self) -> Option<Refusal> {
        match self {
            Self::AgencyConnectionsMax => Some(Refusal::TooManyConnections),
            Self::Identity(IdentityError::Suspended) => Some(Refusal::Suspended),
            Self::ConnectionsMax
            | Self::SlowHandshakesMax
            | Self::HandshakeTimeout
            | Self::Handshake(_)
            | Self::Stopped
            | Self::Revoked
            | Self::Identity(_) => None,
        }
    }

    /// Whether leave is taken of a peer who shook hands and is told nothing: where the certificate
    /// is why, and coming again with it is of no use. Leave is a TLS alert, close_notify (RFC 8446
    /// section 6.1), before any HTTP.
    #[must_use]
    pub const fn takes_leave(self) -> bool {
        match self {
            Self::Revoked => true,
            Self::Identity(error) => !matches!(error, IdentityError::Suspended),
            Self::ConnectionsMax
            | Self::AgencyConnectionsMax
            | Self::SlowHandshakesMax
            | Self::HandshakeTimeout
            | Self::Handshake(_)
            | Self::Stopped => false,
        }
    }

    /// The code of every reason, each once.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        let own = [
            Self::ConnectionsMax,
            Self::AgencyConnectionsMax,
            Self::SlowHandshakesMax,
            Self::HandshakeTimeout,
            Self::Stopped,
            Self::Revoked,
        ];
        let faults = HandshakeFault::ALL.iter().map(|fault| Self::Handshake(*fault));
        let identity = IdentityError::ALL.iter().map(|error| Self::Identity(*error));
        own.into_iter().chain(faults).chain(identity).map(Self::code)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        let codes: Vec<_> = Refused::codes().collect();
        assert_eq!(codes.len(), 6 + 9 + 15);
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn nobody_is_told_a_number_and_given_leave_for_one_reason() {
        assert!(Refused::Revoked.takes_leave());
        for error in IdentityError::ALL {
            let reason = Refused::Identity(*error);
            assert_ne!(reason.takes_leave(), reason.told().is_some(), "{error}");
        }
        // They may come in a moment later.
        assert!(!Refused::AgencyConnectionsMax.takes_leave() && !Refused::Stopped.takes_leave());
    }

    #[test]
    fn the_page_of_operations_lists_every_reason() {
        const PAGE: &str = include_str!("../../../docs/operations.md");
        let table = PAGE.split("### Why a caller was not let in").nth(1).unwrap();
        let table = table.split("\n## ").next().unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        assert_eq!(rows.collect::<BTreeSet<_>>(), Refused::codes().collect());
    }

    #[test]
    fn an_overdue_list_is_told_from_an_unknown_authority() {
        let fault = |error| {
            HandshakeFault::from(&io::Error::other(rustls::Error::InvalidCertificate(error)))
        };
        let overdue = CertificateError::ExpiredRevocationList;
        assert_eq!(fault(overdue), HandshakeFault::RevocationListExpired);
        let unknown = CertificateError::UnknownIssuer;
        assert_eq!(fault(unknown), HandshakeFault::UnknownAuthority);
        assert_eq!(fault(CertificateError::Revoked), HandshakeFault::Revoked);
    }

    #[test]
    fn an_error_without_tls_in_it_is_a_connection_that_broke_off() {
        let broken = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(HandshakeFault::from(&broken), HandshakeFault::Disconnected);
    }
}
