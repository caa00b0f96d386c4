//! One attempt to reach the broker: socket, TLS, HTTP/2, then the ledger's head.
//!
//! Owns: the order of these four and their time bounds.
//! Promises: small frames leave at once (no Nagle delay); a broker that has fallen silent is
//! noticed within [`KEEP_ALIVE_INTERVAL`] plus [`KEEP_ALIVE_ANSWER`].
//! Deliberately does not know: how often it is asked, or what is called afterwards.

use super::head;
use super::watched::{Fate, Watched};
use super::{Dial, Dialled, Live};
use crate::errors::{CallError, ConnectError};
use crate::settings::Settings;
use crate::tls;
use hyper_util::rt::TokioIo;
use rustls::AlertDescription;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

/// How long the socket, the handshake and HTTP/2's start may each take.
pub(crate) const STEP_TIME: Duration = Duration::from_secs(10);
/// How often a quiet connection is asked whether it lives.
pub(crate) const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// How long the answer to that may take.
pub(crate) const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(10);

/// Dials over mutual TLS and checks the head.
pub(crate) struct TlsDial {
    settings: Settings,
}

impl TlsDial {
    /// For these settings; files are read at each dial.
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Dial for TlsDial {
    fn dial(&self) -> Dialled<'_> {
        Box::pin(async {
            let (channel, fate) = open(&self.settings).await?;
            match head::check(channel.clone(), &self.settings).await {
                Ok(head) => Ok(Live { channel, fate, head: Some(head) }),
                Err(error) => Err(explain(error, &fate, &self.settings.broker)),
            }
        })
    }
}

/// Opens a channel without looking at the ledger's head.
pub(crate) async fn open(settings: &Settings) -> Result<(Channel, Arc<Fate>), ConnectError> {
    let config = tls::client_config(settings)?;
    let address = || settings.broker.clone();
    let socket = timeout(STEP_TIME, TcpStream::connect(&settings.broker))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .and_then(|socket| socket.set_nodelay(true).map(|()| socket))
        .map_err(|source| ConnectError::Unreachable { address: address(), source })?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = timeout(STEP_TIME, connector.connect(settings.server_name.clone(), socket))
        .await
        .map_err(|_| ConnectError::Unreachable {
            address: address(),
            source: io::ErrorKind::TimedOut.into(),
        })?
        .map_err(|source| handshake_fault(address(), source))?;
    let host = match settings.server_name.to_str() {
        v6 if v6.contains(':') => format!("[{v6}]"),
        name => name.into_owned(),
    };
    channel_over(stream, &host).await.map_err(|fate| {
        let refused = fate.and_then(|fate| refusal_of(&fate, &settings.broker));
        refused.unwrap_or_else(|| ConnectError::Protocol { address: address() })
    })
}

/// Starts HTTP/2 over a stream that is connected already.
///
/// The error is the stream's fate, where the stream came to be used.
pub(crate) async fn channel_over<S>(
    stream: S,
    host: &str,
) -> Result<(Channel, Arc<Fate>), Option<Arc<Fate>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // The scheme is plain because TLS is already underneath.
    let endpoint = Endpoint::from_shared(format!("http://{host}"))
        .map_err(|_| None)?
        .connect_timeout(STEP_TIME)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_ANSWER)
        .keep_alive_while_idle(true);
    let (watched, fate) = Watched::new(stream);
    let mut only_once = Some(TokioIo::new(watched));
    // Tonic would reconnect a broken channel by calling this again, past the pin: refused.
    let connector = service_fn(move |_| {
        let stream = only_once.take();
        async move { stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
    });
    match endpoint.connect_with_connector(connector).await {
        Ok(channel) => Ok((channel, fate)),
        Err(_) => Err(Some(fate)),
    }
}

/// Tells a broken transport from a refusal of what TLS saw.
fn handshake_fault(address: String, source: io::Error) -> ConnectError {
    let inner = source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::AlertReceived(alert)) => alerted(address, *alert),
        Some(_) => ConnectError::Handshake { address, source },
        None => ConnectError::Unreachable { address, source },
    }
}

/// What an alert of the broker speaks of: this system's certificate, or the connection.
fn alerted(address: String, alert: AlertDescription) -> ConnectError {
    if tls::certificate_fault(alert).is_some() {
        return ConnectError::CertificateRefused(alert);
    }
    let source = io::Error::other(rustls::Error::AlertReceived(alert));
    ConnectError::Handshake { address, source }
}

/// How the broker refused a connection it had seen the certificate of, if it did.
fn refusal_of(fate: &Fate, broker: &str) -> Option<ConnectError> {
    let dismissed = || ConnectError::NotLetIn { address: broker.to_owned() };
    let alert = fate.alert().map(|alert| alerted(broker.to_owned(), alert));
    alert.or_else(|| fate.is_dismissed().then(dismissed))
}

/// Says that the certificate was refused where that is why a first call failed. A refusal by number
/// says more.
pub(super) fn explain(error: ConnectError, fate: &Fate, broker: &str) -> ConnectError {
    if let ConnectError::Call(CallError::Failed(_)) = &error {
        refusal_of(fate, broker).unwrap_or(error)
    } else {
        error
    }
}
