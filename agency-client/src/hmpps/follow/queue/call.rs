//! One call to a queue: AWS JSON 1.0 over HTTP, signed.
//!
//! Owns: the client, its certificate authorities, the signature and the bounds of a call.
//! Promises: credentials are in no log, at any level; TLS 1.3 only, with the authorities of this
//! system; an answer above its bound is not read on. Deliberately does not know: what is asked.

use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningInstructions, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore, version};
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::error::QueueError;
use super::settings::{QueueCredentials, QueueSettings};
use super::{ANSWER_BYTES_MAX, CONNECT_TIME};

/// The service's name in its signatures.
const SERVICE: &str = "sqs";
/// What the calls of the protocol are written in.
const JSON_1_0: &str = "application/x-amz-json-1.0";
/// The header that names the action.
const TARGET: &str = "x-amz-target";
/// How long an idle connection is kept. Longer than a long poll's pause, shorter than services keep
/// theirs.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// Calls one queue's service.
pub(super) struct Caller {
    client: Client<HttpsConnector<HttpConnector>, String>,
    settings: QueueSettings,
    credentials: QueueCredentials,
}

impl Caller {
    /// Prepares a client; nothing is connected to yet.
    ///
    /// Refuses: `NoAuthorities`, `Preparation`.
    pub(super) fn new(
        settings: QueueSettings,
        credentials: QueueCredentials,
    ) -> Result<Self, QueueError> {
        let mut sockets = HttpConnector::new();
        sockets.enforce_http(false);
        sockets.set_nodelay(true);
        sockets.set_connect_timeout(Some(CONNECT_TIME));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls(settings.is_encrypted())?);
        let builder =
            if settings.is_encrypted() { builder.https_only() } else { builder.https_or_http() };
        let connector = builder.enable_http1().wrap_connector(sockets);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .build(connector);
        Ok(Self { client, settings, credentials })
    }

    /// The queue and how it is read.
    pub(super) const fn settings(&self) -> &QueueSettings {
        &self.settings
    }

    /// Asks for one action, and gives the answer's body.
    ///
    /// Bound: `patience` for all of it, [`ANSWER_BYTES_MAX`] of answer.
    pub(super) async fn call(
        &self,
        action: &'static str,
        content: &serde_json::Value,
        patience: Duration,
        now: OffsetDateTime,
    ) -> Result<Vec<u8>, QueueError> {
        let request = self.request(action, content.to_string(), now)?;
        let asking = async {
            let response =
                self.client.request(request).await.map_err(|e| QueueError::unreachable(&e))?;
            let (head, body) = Response::into_parts(response);
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    QueueError::Answer
                } else {
                    QueueError::unreachable(error.as_ref())
                }
            })?;
            if head.status.is_success() {
                Ok(body.to_bytes().to_vec())
            } else {
                Err(QueueError::refused(action, head.status, &body.to_bytes()))
            }
        };
        timeout(patience, asking).await.unwrap_or(Err(QueueError::Silent))
    }

    fn request(
        &self,
        action: &'static str,
        content: String,
        now: OffsetDateTime,
    ) -> Result<Request<String>, QueueError> {
        let endpoint = self.settings.endpoint.clone();
        let host = endpoint.authority().map_or("", |authority| authority.as_str()).to_owned();
        let target = format!("AmazonSQS.{action}");
        let headers =
            [(HOST.as_str(), &*host), (CONTENT_TYPE.as_str(), JSON_1_0), (TARGET, &*target)];
        let signature = self.signature(&endpoint.to_string(), &headers, &content, now)?;
        let mut request = Request::new(content);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint;
        for (name, value) in headers.into_iter().chain(signature.headers()) {
            let name = HeaderName::from_bytes(name.as_bytes());
            let mut value = HeaderValue::from_str(value).map_err(|_| QueueError::Preparation)?;
            value.set_sensitive(true);
            request.headers_mut().insert(name.map_err(|_| QueueError::Preparation)?, value);
        }
        Ok(request)
    }

    fn signature(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        content: &str,
        now: OffsetDateTime,
    ) -> Result<SigningInstructions, QueueError> {
        let identity = self.credentials.0.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.settings.region)
            .name(SERVICE)
            .time(SystemTime::from(now))
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| QueueError::Preparation)?
            .into();
        let body = SignableBody::Bytes(content.as_bytes());
        let request = SignableRequest::new("POST", url, headers.iter().copied(), body);
        let request = request.map_err(|_| QueueError::Preparation)?;
        let signed = sign(request, &params).map_err(|_| QueueError::Preparation)?;
        Ok(signed.into_parts().0)
    }
}

/// TLS with this system's certificate authorities; none are read where none are needed.
fn tls(is_encrypted: bool) -> Result<ClientConfig, QueueError> {
    let mut roots = RootCertStore::empty();
    if is_encrypted {
        // A damaged file among good ones is passed over; what it held is then not trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(QueueError::NoAuthorities);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&version::TLS13])
        .map_err(|_| QueueError::Preparation)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
