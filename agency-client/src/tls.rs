//! The client's side of TLS.
//!
//! Owns: protocol version, key exchange, suites, and the reading of the files named in settings.
//! Promises: TLS 1.3 only, X25519MLKEM768 preferred and X25519 accepted, a client certificate
//! always, no resumption. A private key that others may read is not used. A configuration is made
//! for each connection, so a renewed file is used at the next connect without a restart.
//! Deliberately does not know: sockets, HTTP/2, or when to reconnect.

use crate::errors::ConnectError;
use crate::private_file::{self, PrivateFileFault};
use crate::settings::Settings;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, ClientConfig, RootCertStore, version};
use std::path::Path;
use std::sync::Arc;

/// The name by which TLS agrees on HTTP/2 (RFC 9113 section 3.2).
pub const ALPN_HTTP2: &[u8] = b"h2";
/// The largest private key file, bytes: many times the largest key in use.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;

/// Reads the files and makes the configuration of one connection.
///
/// Refuses: `File` and `OthersMayRead` naming the file and its key in the settings, `Identity`.
pub fn client_config(settings: &Settings) -> Result<ClientConfig, ConnectError> {
    let mut roots = RootCertStore::empty();
    for root in certificates(&settings.authority, "authority")? {
        roots.add(root).map_err(|_| ConnectError::File {
            path: settings.authority.clone(),
            key: "authority",
            rule: "holds a certificate that cannot be a root",
        })?;
    }
    let chain = certificates(&settings.certificate, "certificate")?;
    let key = private_key(&settings.key)?;
    let mut provider = default_provider();
    provider.kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519];
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&version::TLS13])
        .map_err(ConnectError::Identity)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(ConnectError::Identity)?;
    // A resumed session would skip the broker's look at the revocation lists.
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
    Ok(config)
}

/// What is wrong with this system's certificate, and what to do about it, by the alert it was
/// refused with; `None` if the alert speaks of something else.
///
/// Source: RFC 8446 section 6.2. One alert stands for either end of a certificate's dates.
pub(crate) const fn certificate_fault(alert: AlertDescription) -> Option<&'static str> {
    match alert {
        AlertDescription::CertificateExpired => Some(
            "by the broker's clock it has ended, or has not begun yet; look at both its dates (`openssl x509 -noout -dates -in` the file), then renew it, or wait until it begins",
        ),
        AlertDescription::CertificateRevoked => Some(
            "it is revoked, or the authority that issued it is; ask the broker's operators why, and for a new one",
        ),
        AlertDescription::UnknownCA => Some(
            "no authority that the broker trusts stands over it, or the broker has no revocation list of that authority that is in date; see that `certificate` in the settings holds the issuing authority's certificate too, and ask the broker's operators",
        ),
        AlertDescription::UnsupportedCertificate => {
            Some("it is not one for clients (extended key usage clientAuth); ask for one that is")
        }
        AlertDescription::CertificateRequired => {
            Some("none was shown; check `certificate` in the settings")
        }
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => {
            Some("the broker does not say what is wrong with it; ask its operators")
        }
        // The list of alerts is not ours, and grows: the others speak of the connection.
        _ => None,
    }
}

/// Reads the private key, which nobody but its owner may be able to read.
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ConnectError> {
    let key = "key";
    let fault = |rule| ConnectError::File { path: path.to_owned(), key, rule };
    let pem = private_file::read(path, KEY_FILE_BYTES_MAX).map_err(|found| match found {
        PrivateFileFault::Mode(mode) => {
            ConnectError::OthersMayRead { path: path.to_owned(), key, mode }
        }
        PrivateFileFault::Unreadable(_) => fault("cannot be read"),
        PrivateFileFault::NotAFile => fault("is not a regular file"),
        PrivateFileFault::TooLarge => fault("is larger than 64 KiB, so it is no private key"),
    })?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| fault("cannot be read as a private key in PEM"))
}

fn certificates(
    path: &Path,
    key: &'static str,
) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let fault = |rule| ConnectError::File { path: path.to_owned(), key, rule };
    let all: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|_| fault("cannot be read as certificates in PEM"))?;
    if all.is_empty() { Err(fault("holds no certificate")) } else { Ok(all) }
}
