//! A collector of traces that keeps every octet it is sent.
//!
//! Promises that what is searched is what came over the wire: the head of each call and its body,
//! before anything is decoded. Deliberately does not know what ought to be in it.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Full};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use prost::bytes::Bytes;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, version};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response};
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tower::Service;

/// Octets before a message: whether it is compressed, and its length (gRPC over HTTP/2).
const PREFIX: usize = 5;

/// What was sent so far.
#[derive(Clone, Default)]
struct Kept {
    heads: Arc<Mutex<Vec<u8>>>,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

/// A collector at work. When it is dropped it is gone, its living connections with it.
pub struct Collector {
    address: SocketAddr,
    kept: Kept,
    runtime: Option<Runtime>,
}

impl Collector {
    /// Listens at an address of this machine, on any free port if it says 0.
    pub async fn at(address: SocketAddr) -> Self {
        let mut building = tokio::runtime::Builder::new_multi_thread();
        let runtime = building.worker_threads(1).enable_all().build().unwrap();
        let kept = Kept::default();
        let service = kept.clone();
        let serving = runtime.spawn(async move {
            let listener = TcpListener::bind(address).await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = tonic::transport::Server::builder().add_service(service);
            tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
            address
        });
        Self { address: serving.await.unwrap(), kept, runtime: Some(runtime) }
    }

    /// The same behind TLS 1.3, with a chain and a key from PEM files.
    pub async fn behind_tls(chain: &Path, key: &Path) -> Self {
        let mut collector = Self::at(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let chain =
            CertificateDer::pem_file_iter(chain).unwrap().collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let (acceptor, inner) = (TlsAcceptor::from(Arc::new(config)), collector.address);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        collector.address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // A caller who does not trust the certificate ends here.
                let Ok(mut outer) = acceptor.accept(socket).await else { continue };
                let mut inner = TcpStream::connect(inner).await.unwrap();
                tokio::spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
                });
            }
        });
        collector
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every octet that was sent, heads first.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = self.kept.heads.lock().unwrap().clone();
        for body in self.kept.bodies.lock().unwrap().iter() {
            octets.extend_from_slice(body);
        }
        octets
    }

    /// Every span that was sent.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        let bodies = self.kept.bodies.lock().unwrap();
        let requests = bodies.iter().map(|body| {
            ExportTraceServiceRequest::decode(body.get(PREFIX..).unwrap_or_default()).unwrap()
        });
        let resources = requests.flat_map(|request| request.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A span's attributes as `key=value`, in the order of their keys.
#[must_use]
pub fn attributes(span: &Span) -> Vec<String> {
    let written = |value: Option<&Value>| match value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let one =
        |value: &opentelemetry_proto::tonic::common::v1::AnyValue| written(value.value.as_ref());
    let mut all: Vec<_> = span
        .attributes
        .iter()
        .map(|it| format!("{}={}", it.key, it.value.as_ref().map(one).unwrap_or_default()))
        .collect();
    all.sort();
    all
}

impl NamedService for Kept {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl Service<Request<Body>> for Kept {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let kept = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let head = format!("{} {:?}\n", head.uri, head.headers);
            kept.heads.lock().unwrap().extend_from_slice(head.as_bytes());
            // A caller who breaks off has sent nothing whole.
            if let Ok(body) = body.collect().await {
                kept.bodies.lock().unwrap().push(body.to_bytes());
            }
            // An empty answer: everything was taken.
            let done =
                HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
            let empty = Full::new(Bytes::from_static(&[0; PREFIX]));
            let body = empty.with_trailers(std::future::ready(Some(Ok(done))));
            let mut response = Response::new(Body::new(body));
            let grpc = HeaderValue::from_static("application/grpc");
            response.headers_mut().insert("content-type", grpc);
            Ok(response)
        })
    }
}
