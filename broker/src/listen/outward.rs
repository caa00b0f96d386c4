//! Going out: the one kind of TLS connection the broker itself opens.
//!
//! Promises TLS 1.3 only, nothing resumed, HTTP/2, and that the other end proves its name under
//! the roots of one file before a word is said. Deliberately does not know: who is at the other
//! end, or what is said to it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, version};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::tls::crypto;

/// The only protocol spoken on a connection (RFC 9113 section 3.2).
const PROTOCOL: &[u8] = b"h2";

/// A file of roots cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{}", Self::RULE)]
pub struct NoRoots;

impl NoRoots {
    /// What the file must be.
    pub const RULE: &str = "must be a file of certificates in PEM, each of which can be a root";
}

/// The way out, under the roots of one file as it was when it was read.
#[derive(Clone)]
pub struct Outward(TlsConnector);

impl Outward {
    /// Reads the roots.
    ///
    /// # Errors
    /// The file cannot be read, holds none, or holds what cannot be one.
    pub fn under(authorities: &Path) -> Result<Self, NoRoots> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_file_iter(authorities).map_err(|_| NoRoots)? {
            roots.add(root.map_err(|_| NoRoots)?).map_err(|_| NoRoots)?;
        }
        if roots.is_empty() {
            return Err(NoRoots);
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(crypto()))
            .with_protocol_versions(&[&version::TLS13])
            .map_err(|_| NoRoots)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Connects. The caller bounds the time.
    ///
    /// # Errors
    /// Nobody answers, or the handshake fails.
    pub async fn connect(
        &self,
        host: &str,
        port: u16,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let socket = TcpStream::connect((host, port)).await?;
        socket.set_nodelay(true)?;
        self.0.connect(name, socket).await
    }
}
