//! The way to a running broker: mutual TLS with a person's certificate.
//!
//! Promises TLS 1.3 only, nothing resumed, and that the broker proves its name under the given
//! roots before a word is said. Knows nothing of what is called.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hyper_util::rt::TokioIo;
use proto::admin::v1::admin_service_client::AdminServiceClient;
use proto::limits::FRAME_BYTES_MAX;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, version};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;
use zeroize::Zeroizing;

/// Time for the socket, and again for the handshake.
const STEP_TIME: Duration = Duration::from_secs(10);
/// Time for a whole call: a large bundle is checked rule by rule.
const CALL_TIME: Duration = Duration::from_secs(60);
/// The only protocol spoken on a connection (RFC 9113 section 3.2).
const PROTOCOL: &[u8] = b"h2";

/// Where the broker is, and who asks.
#[derive(Debug, Args)]
pub(super) struct Reach {
    /// The broker's address and port.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7443")]
    address: String,
    /// The name in the broker's certificate.
    #[arg(long, value_name = "NAME")]
    server_name: String,
    /// The person's certificate and what stands between it and a root. PEM.
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// Its key. PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Roots under which the broker's certificate is issued. PEM.
    #[arg(long, value_name = "FILE")]
    authority: PathBuf,
}

/// Why a broker was not reached.
#[derive(Debug, Error)]
pub(super) enum ConnectFailure {
    /// A file does not hold what it should.
    #[error("{argument} {rule}")]
    File {
        /// The argument that names it.
        argument: &'static str,
        /// The rule.
        rule: &'static str,
    },
    /// A file is not there, or may not be read.
    #[error("{argument}: {} cannot be read", path.display())]
    Unreadable {
        /// The argument that names it.
        argument: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The TLS library refuses certificate and key.
    #[error("--certificate and --key do not belong together, or cannot be used")]
    Identity(#[source] rustls::Error),
    /// Nobody answers.
    #[error("{address} cannot be reached")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// One side refused the other's certificate, or they have no version in common.
    #[error("the TLS handshake with {address} failed")]
    Handshake {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What answers does not speak HTTP/2, or closed the connection: it does so when it does
    /// not know the certificate's holder.
    #[error("{address} closed the connection: is this person in the directory, and not suspended?")]
    Closed {
        /// Where.
        address: String,
    },
}

impl Reach {
    /// Connects.
    pub(super) async fn admin(&self) -> Result<AdminServiceClient<Channel>, ConnectFailure> {
        let channel = self.channel().await?;
        Ok(AdminServiceClient::new(channel)
            .max_decoding_message_size(FRAME_BYTES_MAX)
            .max_encoding_message_size(FRAME_BYTES_MAX))
    }

    async fn channel(&self) -> Result<Channel, ConnectFailure> {
        let config = self.tls()?;
        let name = ServerName::try_from(self.server_name.clone()).map_err(|_| {
            ConnectFailure::File { argument: "--server-name", rule: "is a DNS name or an address" }
        })?;
        let unreachable =
            |source| ConnectFailure::Unreachable { address: self.address.clone(), source };
        let socket = in_time(TcpStream::connect(&self.address)).await.map_err(unreachable)?;
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, socket);
        let stream = in_time(handshake).await.map_err(|source| ConnectFailure::Handshake {
            address: self.address.clone(),
            source,
        })?;
        let closed = || ConnectFailure::Closed { address: self.address.clone() };
        // One stream, used once: a channel that broke is not opened again behind our back.
        let mut stream = Some(TokioIo::new(stream));
        let connector = service_fn(move |_| {
            let stream = stream.take();
            async move { stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
        });
        // TLS is underneath already, so the scheme is plain; the broker does not read the host.
        Endpoint::from_static("http://broker")
            .timeout(CALL_TIME)
            .connect_with_connector(connector)
            .await
            .map_err(|_| closed())
    }

    fn tls(&self) -> Result<ClientConfig, ConnectFailure> {
        let mut roots = RootCertStore::empty();
        for root in certificates("--authority", &self.authority)? {
            roots.add(root).map_err(|_| ConnectFailure::File {
                argument: "--authority",
                rule: "holds a certificate that cannot be a root",
            })?;
        }
        let chain = certificates("--certificate", &self.certificate)?;
        let key = Zeroizing::new(read("--key", &self.key)?);
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| ConnectFailure::File {
            argument: "--key",
            rule: "is a file with a private key in PEM",
        })?;
        let mut provider = default_provider();
        provider.kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519];
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&version::TLS13])
            .map_err(ConnectFailure::Identity)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(ConnectFailure::Identity)?;
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(config)
    }
}

async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = |_| Err(io::ErrorKind::TimedOut.into());
    timeout(STEP_TIME, step).await.unwrap_or_else(late)
}

fn read(argument: &'static str, path: &Path) -> Result<Vec<u8>, ConnectFailure> {
    let path = path.to_owned();
    std::fs::read(&path).map_err(|source| ConnectFailure::Unreadable { argument, path, source })
}

fn certificates(
    argument: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, ConnectFailure> {
    let fault = || ConnectFailure::File { argument, rule: "is a file with certificates in PEM" };
    let octets = read(argument, path)?;
    let all: Vec<_> =
        CertificateDer::pem_slice_iter(&octets).collect::<Result<_, _>>().map_err(|_| fault())?;
    if all.is_empty() { Err(fault()) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(file: Option<&str>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("me.key");
        if let Some(text) = file {
            std::fs::write(&path, text).unwrap();
        }
        let named = path.display().to_string();
        certificates("--certificate", &path).unwrap_err().to_string().replace(&named, "FILE")
    }

    #[test]
    fn a_file_that_is_absent_is_told_from_one_that_holds_something_else() {
        assert_eq!(fault(None), "--certificate: FILE cannot be read");
        let rule = "--certificate is a file with certificates in PEM";
        assert_eq!(fault(Some("no certificate")), rule);
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(fault(Some(key)), rule);
    }
}
