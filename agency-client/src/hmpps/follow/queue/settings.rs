//! What must be known to read a queue: where it is, its region, and who asks.
//!
//! Owns: the rules of these values. Promises: nothing leaves this machine unencrypted; no value is
//! repeated in an error; credentials appear in no `Debug` line. Deliberately does not know: how a
//! queue is asked.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use aws_credential_types::Credentials;
use http::Uri;
use http::uri::{PathAndQuery, Scheme};

/// The shortest time for which a received event can be hidden, seconds. Less could not be
/// extended in time.
pub const VISIBILITY_SECONDS_MIN: u64 = 2;
/// The longest time for which a received event can be hidden, seconds (the service's own bound).
pub const VISIBILITY_SECONDS_MAX: u64 = 43_200;
/// Longest region name.
const REGION_CHARACTERS_MAX: usize = 64;

/// Which value cannot be used, and the rule it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueFault {
    /// The queue's URL is not one.
    #[error(
        "the queue must be given by its whole URL, such as https://sqs.eu-west-2.amazonaws.com/000000000000/NAME"
    )]
    QueueUrl,
    /// The endpoint is not one.
    #[error("the endpoint must be https://HOST or https://HOST:PORT and nothing more")]
    Endpoint,
    /// The endpoint would be spoken to unencrypted.
    #[error("the endpoint must begin with https:// unless it is on this machine")]
    Unencrypted,
    /// The region is not one.
    #[error("the region must be 1 to 64 of a-z, 0-9 and -, such as eu-west-2")]
    Region,
    /// The time for which received events are hidden is out of bounds.
    #[error("the visibility timeout must be 2 to 43200 seconds")]
    Visibility,
    /// Credentials are missing.
    #[error(
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set in the environment, and AWS_SESSION_TOKEN too where they are temporary; no other source of credentials is read"
    )]
    NoCredentials,
    /// Credentials hold what credentials never hold.
    #[error("the credentials in the environment must be of printable ASCII without spaces")]
    Credentials,
}

/// A queue, by the values that name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    pub(super) queue_url: String,
    pub(super) endpoint: Uri,
    pub(super) region: String,
    pub(super) visibility: Duration,
}

impl QueueSettings {
    /// Checks the values.
    ///
    /// `endpoint` is where a compatible queue listens; without it, the host of the queue's URL.
    /// `visibility` is how long an event is hidden from other readers once received, in whole
    /// seconds; it is extended while the event is in hand.
    ///
    /// # Errors
    /// [`QueueFault`]; all but those of credentials.
    pub fn new(
        queue_url: &str,
        endpoint: Option<&str>,
        region: &str,
        visibility: Duration,
    ) -> Result<Self, QueueFault> {
        let queue: Uri = queue_url.parse().map_err(|_| QueueFault::QueueUrl)?;
        if queue.scheme().is_none() || queue.path().len() < 2 {
            return Err(QueueFault::QueueUrl);
        }
        let endpoint = match endpoint {
            Some(text) => {
                let endpoint: Uri = text.parse().map_err(|_| QueueFault::Endpoint)?;
                let is_bare = endpoint.path_and_query().is_none_or(|path| path.as_str() == "/");
                Some(endpoint).filter(|_| is_bare).ok_or(QueueFault::Endpoint)?
            }
            None => queue,
        };
        let is_region =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=REGION_CHARACTERS_MAX).contains(&region.len()) || !region.bytes().all(is_region) {
            return Err(QueueFault::Region);
        }
        if !(VISIBILITY_SECONDS_MIN..=VISIBILITY_SECONDS_MAX).contains(&visibility.as_secs()) {
            return Err(QueueFault::Visibility);
        }
        Ok(Self {
            queue_url: queue_url.to_owned(),
            endpoint: root_of(endpoint)?,
            region: region.to_owned(),
            visibility: Duration::from_secs(visibility.as_secs()),
        })
    }

    /// How long a received event is hidden from other readers before that is extended.
    #[must_use]
    pub const fn visibility(&self) -> Duration {
        self.visibility
    }

    /// Whether the endpoint is spoken to over TLS.
    pub(super) fn is_encrypted(&self) -> bool {
        self.endpoint.scheme() == Some(&Scheme::HTTPS)
    }
}

/// The address that calls go to: scheme and host as given, path `/`.
fn root_of(endpoint: Uri) -> Result<Uri, QueueFault> {
    let mut parts = endpoint.into_parts();
    let authority = parts.authority.as_ref().ok_or(QueueFault::Endpoint)?;
    let is_named = !authority.host().is_empty() && !authority.as_str().contains('@');
    if !is_named {
        return Err(QueueFault::Endpoint);
    }
    match parts.scheme.as_ref().map(Scheme::as_str) {
        Some("https") => {}
        Some("http") if is_loopback(authority.host()) => {}
        Some("http") => return Err(QueueFault::Unencrypted),
        Some(_) | None => return Err(QueueFault::Endpoint),
    }
    parts.path_and_query = Some(PathAndQuery::from_static("/"));
    Uri::from_parts(parts).map_err(|_| QueueFault::Endpoint)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Who asks the queue. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct QueueCredentials(pub(super) Credentials);

impl fmt::Debug for QueueCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("QueueCredentials { .. }")
    }
}

impl QueueCredentials {
    /// Takes credentials from the customary variables: `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY` and, where they are temporary, `AWS_SESSION_TOKEN`.
    ///
    /// # Errors
    /// [`QueueFault::NoCredentials`] and [`QueueFault::Credentials`].
    pub fn from_variables(
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, QueueFault> {
        let given = |name| variable(name).filter(|value| !value.is_empty());
        let id = given("AWS_ACCESS_KEY_ID").ok_or(QueueFault::NoCredentials)?;
        let secret = given("AWS_SECRET_ACCESS_KEY").ok_or(QueueFault::NoCredentials)?;
        let token = given("AWS_SESSION_TOKEN");
        let values = [Some(&id), Some(&secret), token.as_ref()];
        if !values.into_iter().flatten().all(|value| value.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(QueueFault::Credentials);
        }
        Ok(Self(Credentials::new(id, secret, token, None, "environment")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "https://sqs.eu-west-2.amazonaws.com/000000000000/invented";

    fn settings(queue: &str, endpoint: Option<&str>) -> Result<String, QueueFault> {
        let settings = QueueSettings::new(queue, endpoint, "eu-west-2", Duration::from_secs(60))?;
        Ok(settings.endpoint.to_string())
    }

    #[test]
    fn calls_go_to_the_queues_host_or_to_the_endpoint_given() {
        let host = "https://sqs.eu-west-2.amazonaws.com/";
        assert_eq!(settings(QUEUE, None).as_deref(), Ok(host));
        let other = settings(QUEUE, Some("https://queue.example:4566"));
        assert_eq!(other.as_deref(), Ok("https://queue.example:4566/"));
    }

    #[test]
    fn nothing_is_sent_unencrypted_to_another_machine() {
        for here in ["http://127.0.0.1:4566", "http://localhost:4566/", "http://[::1]:4566"] {
            assert!(settings(QUEUE, Some(here)).is_ok(), "{here}");
        }
        let elsewhere = [
            "http://queue.example",
            "http://127.0.0.1.example:80",
            "http://10.0.0.1",
            "http://[::2]",
        ];
        for endpoint in elsewhere {
            assert_eq!(settings(QUEUE, Some(endpoint)), Err(QueueFault::Unencrypted), "{endpoint}");
        }
        assert_eq!(settings("http://queue.example/1/a", None), Err(QueueFault::Unencrypted));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for endpoint in
            ["queue.example", "https://queue.example/path", "ftp://127.0.0.1", "https://a:b@host"]
        {
            assert_eq!(settings(QUEUE, Some(endpoint)), Err(QueueFault::Endpoint), "{endpoint}");
        }
        for queue in ["invented", "/0/invented", "https://queue.example"] {
            assert_eq!(settings(queue, None), Err(QueueFault::QueueUrl), "{queue}");
        }
    }

    #[test]
    fn region_and_visibility_have_bounds() {
        let of = |region, seconds| {
            QueueSettings::new(QUEUE, None, region, Duration::from_secs(seconds)).err()
        };
        assert_eq!(of("eu-west-2", 2), None);
        assert_eq!(of("eu-west-2", 43_200), None);
        assert_eq!(of("", 60), Some(QueueFault::Region));
        assert_eq!(of("EU", 60), Some(QueueFault::Region));
        assert_eq!(of("eu-west-2", 1), Some(QueueFault::Visibility));
        assert_eq!(of("eu-west-2", 43_201), Some(QueueFault::Visibility));
    }

    #[test]
    fn credentials_come_from_the_environment_and_are_never_shown() {
        let of = |secret: &str, token: Option<&str>| {
            let (secret, token) = (secret.to_owned(), token.map(str::to_owned));
            QueueCredentials::from_variables(move |name| match name {
                "AWS_ACCESS_KEY_ID" => Some("CANARYID".to_owned()),
                "AWS_SECRET_ACCESS_KEY" => Some(secret.clone()),
                "AWS_SESSION_TOKEN" => token.clone(),
                _ => None,
            })
        };
        let shown = format!("{:?}", of("CANARYSECRET", Some("CANARYTOKEN")));
        assert_eq!(shown, "Ok(QueueCredentials { .. })");
        assert_eq!(of("", None).err(), Some(QueueFault::NoCredentials));
        assert_eq!(of("CANARY\nSECRET", None).err(), Some(QueueFault::Credentials));
        assert_eq!(of("a", Some("b c")).err(), Some(QueueFault::Credentials));
    }
}
