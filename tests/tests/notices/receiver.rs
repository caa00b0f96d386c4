//! A receiver of requests: HTTP/2 behind TLS 1.3, which keeps what it is sent and answers as told.
//!
//! Deliberately does not know: what ought to be in a request.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use prost::bytes::Bytes;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, version};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tonic::codegen::Body;
use tonic::codegen::http::header::LOCATION;
use tonic::codegen::http::{Method, Request, Response};
use tower::service_fn;

/// A request that came.
#[derive(Clone, Debug)]
pub struct Came {
    pub path: String,
    pub signature: String,
    pub body: String,
}

#[derive(Default)]
struct Kept {
    came: Vec<Came>,
    /// What is answered next; 204 when nothing is left.
    answers: VecDeque<u16>,
}

/// A receiver at work. When it is dropped nobody listens any more.
pub struct Receiver {
    pub port: u16,
    kept: Arc<Mutex<Kept>>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// Listens on a port of this machine, on any free one if it is 0, with a chain and key of this
    /// name in a folder.
    pub async fn start(port: u16, (folder, name): (&Path, &str)) -> Self {
        let chain = CertificateDer::pem_file_iter(folder.join(format!("{name}.pem"))).unwrap();
        let chain = chain.collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let task = tokio::spawn(listen(listener, acceptor, Arc::clone(&kept)));
        Self { port, kept, task }
    }

    /// What is answered next, request by request.
    pub fn will_answer(&self, answers: &[u16]) {
        self.kept.lock().unwrap().answers = answers.iter().copied().collect();
    }

    /// Everything that came so far.
    pub fn came(&self) -> Vec<Came> {
        self.kept.lock().unwrap().came.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, kept: Arc<Mutex<Kept>>) {
    while let Ok((socket, _)) = listener.accept().await {
        // A caller who does not trust the certificate ends here.
        let Ok(wire) = acceptor.accept(socket).await else { continue };
        let kept = Arc::clone(&kept);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&kept)));
            let _ = auto::Builder::new(TokioExecutor::new())
                .http2_only()
                .serve_connection(TokioIo::new(wire), TowerToHyperService::new(service))
                .await;
        });
    }
}

async fn answer<B: Body>(
    request: Request<B>,
    kept: Arc<Mutex<Kept>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    assert_eq!(head.method, Method::POST);
    let Ok(body) = body.collect().await else { return Ok(Response::default()) };
    let signature = head.headers.get("pyramid-signature").map(|it| it.to_str().unwrap().to_owned());
    let came = Came {
        path: head.uri.path().to_owned(),
        signature: signature.unwrap_or_default(),
        body: String::from_utf8(body.to_bytes().to_vec()).unwrap(),
    };
    let mut kept = kept.lock().unwrap();
    kept.came.push(came);
    let status = kept.answers.pop_front().unwrap_or(204);
    let mut response = Response::builder().status(status);
    if (300..400).contains(&status) {
        response = response.header(LOCATION, "/elsewhere");
    }
    Ok(response.body(Empty::new()).unwrap())
}
