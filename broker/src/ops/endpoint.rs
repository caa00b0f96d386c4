//! The operators' listener: figures and health over plain HTTP on this machine.
//!
//! Promises that nothing can be changed through it, and that a caller who hangs costs a place
//! and a little time, both bounded. Knows nothing of TLS: its address is one of this machine,
//! which the configuration sees to.
//!
//! | path | answer |
//! |---|---|
//! | `/metrics` | every figure |
//! | `/health/live` | 200 while the process answers at all |
//! | `/health/ready` | 200, or 503 with what is wrong |

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{Watched, health, samples, text};

/// Callers served at once; more wait in the kernel's queue.
const CALLERS_MAX: usize = 16;
/// Time for a caller's request and its answer.
const CALL_TIME: Duration = Duration::from_secs(10);
/// Bytes of a request that are kept.
const REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Rest after the system could give no socket.
const REST: Duration = Duration::from_millis(100);

/// A listener that is bound and not yet served.
pub struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
}

impl Endpoint {
    /// Binds.
    ///
    /// # Errors
    /// The system's.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address, with the port that was taken.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves for ever; ends when it is dropped.
    pub async fn run(self, watched: Arc<Watched>) {
        let places = Arc::new(Semaphore::new(CALLERS_MAX));
        loop {
            // The place is taken before the socket: more callers wait outside.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((socket, _)) = self.listener.accept().await else {
                tokio::time::sleep(REST).await;
                continue;
            };
            let watched = Arc::clone(&watched);
            tokio::spawn(async move {
                // A caller who breaks off or is too slow is no fault of ours.
                let _ = tokio::time::timeout(CALL_TIME, serve(socket, watched)).await;
                drop(place);
            });
        }
    }
}

async fn serve(socket: TcpStream, watched: Arc<Watched>) -> Result<(), hyper::Error> {
    let answer = service_fn(move |request: Request<Incoming>| {
        let watched = Arc::clone(&watched);
        async move {
            Ok::<_, Infallible>(answer(request.method(), request.uri().path(), &watched).await)
        }
    });
    http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(REQUEST_BYTES_MAX)
        .timer(TokioTimer::new())
        .header_read_timeout(CALL_TIME)
        .serve_connection(TokioIo::new(socket), answer)
        .await
}

async fn answer(method: &Method, path: &str, watched: &Watched) -> Response<Full<Bytes>> {
    if ![Method::GET, Method::HEAD].contains(method) {
        let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned());
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    match path {
        "/metrics" => match text::render(&samples::gather(watched).await) {
            Ok(page) => plain(StatusCode::OK, page),
            Err(_) => {
                tracing::error!(code = "figures", "the figures cannot be written");
                plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the figures cannot be written\n".to_owned(),
                )
            }
        },
        "/health/live" => plain(StatusCode::OK, "alive\n".to_owned()),
        "/health/ready" => {
            let health = health::ask(watched).await;
            let ready = health.is_ready();
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            plain(status, health.to_string())
        }
        _ => plain(StatusCode::NOT_FOUND, "no such page\n".to_owned()),
    }
}

fn plain(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(text::CONTENT_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
