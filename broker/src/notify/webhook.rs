//! Notices by webhook: one POST of JSON over HTTP/2 and TLS 1.3, signed.
//!
//! Promises that the other end proves its name under named roots before a byte is sent, that
//! nothing but a status is read of its answer, and that no redirection is followed.
//! Deliberately does not know: when a notice is tried again.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::hmac;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Method, Request};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::directory::{Contact, Way};
use crate::listen::outward::Outward;
use crate::seal::KEY_BYTES;

use super::notice::{Letter, written};
use super::{NotifyError, Why};

/// The header that signs a body: `hmac-sha256=` and 64 hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "pyramid-signature";
/// What the body says it is.
pub const FORMAT: &str = "pyramid-notice-1";

/// Time to end a connection in order.
const GOODBYE_TIME: Duration = Duration::from_millis(500);

/// How requests go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOptions {
    /// Roots under which receivers' certificates are issued. PEM.
    pub authorities: PathBuf,
    /// The file of the signing key.
    pub key: PathBuf,
}

/// The signing key.
pub struct WebKey(pub Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for WebKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebKey(..)")
    }
}

/// The way to receivers of notices.
pub(super) struct Webhook {
    outward: Outward,
    key: WebKey,
}

impl Webhook {
    /// Reads the roots. Connects to nobody.
    pub(super) fn open(options: &WebOptions, key: WebKey) -> Result<Self, NotifyError> {
        let outward =
            Outward::under(&options.authorities).map_err(|_| NotifyError::WebAuthorities)?;
        Ok(Self { outward, key })
    }

    /// Hands a notice over. The caller bounds the time.
    ///
    /// # Errors
    /// The receiver has not taken it, or not said so.
    pub(super) async fn carry(&self, contact: &Contact, letter: &Letter) -> Result<(), Why> {
        let Way::Web { host, port } = contact.way() else { return Err(Why::NoAddress) };
        let body = body(letter);
        let request = Request::builder()
            .method(Method::POST)
            .uri(contact.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, "pyramid")
            .header(SIGNATURE_HEADER, signature(&self.key, host, &body))
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| Why::NoAddress)?;
        let wire = self.outward.connect(host, *port).await.map_err(|error| why(&error))?;
        let opened = http2::handshake(TokioExecutor::new(), TokioIo::new(wire)).await;
        let (mut sender, connection) = opened.map_err(|_| Why::Connection)?;
        // Ended with this call, however that ends.
        let mut driving = JoinSet::new();
        driving.spawn(connection);
        let answer = sender.send_request(request).await.map(|answer| answer.status());
        drop(sender);
        let _ = tokio::time::timeout(GOODBYE_TIME, driving.join_next()).await;
        match answer {
            Ok(status) if status.is_success() => Ok(()),
            Ok(_) => Err(Why::Refused),
            Err(_) => Err(Why::Connection),
        }
    }
}

/// Why nobody was reached: a failed handshake is told apart from nobody there.
fn why(error: &std::io::Error) -> Why {
    match error.kind() {
        std::io::ErrorKind::InvalidData => Why::Tls,
        _ => Why::Connection,
    }
}

/// The same bytes for the same letter, whenever it is tried.
fn body(letter: &Letter) -> String {
    let notice = &letter.notice;
    let mut map = Map::new();
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            map.insert(key.to_owned(), Value::String(value.to_owned()));
        }
    };
    put("format", Some(FORMAT));
    put("id", Some(&letter.id().to_string()));
    put("code", Some(notice.code.name()));
    put("sentence", Some(notice.code.sentence()));
    put("agency", notice.place.agency_id());
    put("desk", notice.place.desk_id());
    put("reference", Some(&notice.reference.to_string()));
    put("deadline", notice.deadline.map(written).as_deref());
    put("raised_at", Some(&written(notice.raised_at)));
    Value::Object(map).to_string()
}

/// Signs a body for one receiver. The key for a receiver is the HMAC of its host's name under the
/// broker's key (RFC 2104, SHA-256), so that no receiver can sign for another.
fn signature(key: &WebKey, host: &str, body: &str) -> String {
    let own = hmac::Key::new(hmac::HMAC_SHA256, key.0.as_slice());
    let receiver = hmac::sign(&own, host.as_bytes());
    let receiver = hmac::Key::new(hmac::HMAC_SHA256, receiver.as_ref());
    format!("hmac-sha256={}", hex::encode(hmac::sign(&receiver, body.as_bytes()).as_ref()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::uuid;

    use super::super::notice::{Addressee, Code, Notice, Place};
    use super::*;

    #[test]
    fn a_request_says_what_the_notice_says_and_nothing_else() {
        let notice = Notice {
            code: Code::FeedSilent,
            place: Place::again(Some("hmpps"), Some("custody")).unwrap(),
            reference: uuid!("018f0000-0000-7000-8000-000000000001"),
            deadline: Some(datetime!(2026-07-01 05:00 UTC)),
            raised_at: datetime!(2026-07-01 05:01:30 UTC),
        };
        let letter = Letter { notice, to: Addressee::Operators };
        let expected = serde_json::json!({
            "agency": "hmpps",
            "code": "feed-silent",
            "deadline": "2026-07-01T05:00:00Z",
            "desk": "custody",
            "format": "pyramid-notice-1",
            "id": letter.id().to_string(),
            "raised_at": "2026-07-01T05:01:30Z",
            "reference": "018f0000-0000-7000-8000-000000000001",
            "sentence": "Information that is expected by a fixed hour has not come.",
        });
        assert_eq!(serde_json::from_str::<Value>(&body(&letter)).unwrap(), expected);
    }

    /// Worked out with `openssl dgst -sha256 -mac HMAC`.
    #[test]
    fn a_body_is_signed_for_its_receiver_alone() {
        let key = WebKey([7; 32].into());
        let first = signature(&key, "notices.example", "{}");
        assert_eq!(first, EXPECTED);
        assert_ne!(first, signature(&key, "other.example", "{}"));
        assert_ne!(first, signature(&key, "notices.example", "{ }"));
    }

    const EXPECTED: &str =
        "hmac-sha256=317af9957e4cc8e496d09feb062c5f7127674d22e5c497a54dfd60fbc12199d3";
}
