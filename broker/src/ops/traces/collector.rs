//! Where a collector is and how it is reached.
//!
//! Promises that spans leave this machine only over TLS 1.3, under roots that the configuration
//! names. Deliberately does not know: what is sent.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use crate::listen::outward::{NoRoots, Outward};

/// Port of a collector's gRPC receiver, unless the address says another (OTLP specification).
pub const COLLECTOR_PORT_DEFAULT: u16 = 4_317;
/// Time for the socket and the handshake together.
const CONNECT_TIME: Duration = Duration::from_secs(3);

/// Who takes the spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collector {
    /// One on this machine, without TLS.
    Here(SocketAddr),
    /// One anywhere, over TLS.
    There {
        /// The name in its certificate, and where it is.
        host: String,
        /// Its port.
        port: u16,
        /// Roots under which its certificate is issued. PEM.
        authorities: PathBuf,
    },
}

/// The way to a collector, with its roots read.
pub(super) enum Way {
    Here(SocketAddr),
    There { host: String, port: u16, outward: Outward },
}

impl Way {
    pub(super) fn to(collector: &Collector) -> Result<Self, NoRoots> {
        Ok(match collector {
            Collector::Here(address) => Self::Here(*address),
            Collector::There { host, port, authorities } => {
                let outward = Outward::under(authorities)?;
                Self::There { host: host.clone(), port: *port, outward }
            }
        })
    }

    /// A client that connects when it is first used, and again whenever its connection is gone.
    pub(super) fn client(self) -> TraceServiceClient<Channel> {
        let reached = Endpoint::from_static("http://collector").connect_timeout(CONNECT_TIME);
        match self {
            Self::Here(address) => {
                let connector = service_fn(move |_: Uri| async move {
                    let socket = tokio::net::TcpStream::connect(address).await?;
                    socket.set_nodelay(true)?;
                    Ok::<_, std::io::Error>(TokioIo::new(socket))
                });
                let origin = Uri::try_from(format!("http://{address}")).unwrap_or_default();
                let channel = reached.connect_with_connector_lazy(connector);
                TraceServiceClient::with_origin(channel, origin)
            }
            Self::There { host, port, outward } => {
                let origin = Uri::try_from(format!("https://{host}:{port}")).unwrap_or_default();
                let connector = service_fn(move |_: Uri| {
                    let (host, outward) = (host.clone(), outward.clone());
                    async move { outward.connect(&host, port).await.map(TokioIo::new) }
                });
                let channel = reached.connect_with_connector_lazy(connector);
                TraceServiceClient::with_origin(channel, origin)
            }
        }
    }
}
