//! A queue that speaks as Amazon's Simple Queue Service does, read at least once.
//!
//! Owns: the three actions that a reader needs. Promises: an event that was received and not
//! deleted is offered again, by the queue itself, when its visibility timeout lapses; so the queue
//! is the saved position, and this program keeps none. A handle that has lapsed is no failure: the
//! event is then offered again. Deliberately does not know: what is in an event, and when to try
//! again.
//!
//! The protocol is AWS JSON 1.0 (the service's API reference, 2012-11-05): each action is one POST
//! with a JSON object, named in a header and signed with Signature Version 4.

mod call;
mod error;
mod settings;

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

use super::super::PAYLOAD_BYTES_MAX;
use call::Caller;
pub use error::QueueError;
pub use settings::{
    QueueCredentials, QueueFault, QueueSettings, VISIBILITY_SECONDS_MAX, VISIBILITY_SECONDS_MIN,
};

/// Events taken at once: the most that the service gives.
const EVENTS_MAX: usize = 10;
/// How long a connection may take to stand.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long an answer may take, beyond the time that the queue was asked to wait.
const ANSWER_TIME: Duration = Duration::from_secs(15);
/// The longest answer that is read, bytes: full events, each byte of them escaped in JSON, and
/// room for what stands around them.
const ANSWER_BYTES_MAX: usize = EVENTS_MAX * PAYLOAD_BYTES_MAX * 6 + 1024 * 1024;
/// The longest id of an event that is repeated, characters.
const ID_CHARACTERS_MAX: usize = 100;

const _: () = assert!(CONNECT_TIME.as_secs() < ANSWER_TIME.as_secs());

/// An event that was received and not yet deleted. `Debug` shows only the queue's own id.
pub struct QueuedEvent {
    id: String,
    body: String,
    handle: String,
}

impl fmt::Debug for QueuedEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "QueuedEvent({})", self.id)
    }
}

impl QueuedEvent {
    /// The id that the queue gave it, of letters, digits, `-` and `_`; `unnamed` if it gave none
    /// of that form. It says nothing of what is in the event.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The event as it was put on the queue: bare, or in its wrapper.
    #[must_use]
    pub const fn content(&self) -> &[u8] {
        self.body.as_bytes()
    }
}

#[derive(Deserialize)]
struct Received {
    #[serde(rename = "Messages", default)]
    events: Option<Vec<ReceivedEvent>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceivedEvent {
    #[serde(default)]
    message_id: String,
    receipt_handle: String,
    #[serde(default)]
    body: String,
}

impl From<ReceivedEvent> for QueuedEvent {
    fn from(received: ReceivedEvent) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let id = received.message_id;
        let is_id = (1..=ID_CHARACTERS_MAX).contains(&id.len()) && id.bytes().all(is_plain);
        let id = if is_id { id } else { "unnamed".to_owned() };
        Self { id, body: received.body, handle: received.receipt_handle }
    }
}

/// Reads one queue.
pub struct QueueSource {
    caller: Caller,
}

impl fmt::Debug for QueueSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("QueueSource { .. }")
    }
}

impl QueueSource {
    /// Prepares to read a queue; nothing is connected to yet.
    ///
    /// # Errors
    /// [`QueueError::NoAuthorities`] and [`QueueError::Preparation`].
    pub fn new(settings: QueueSettings, credentials: QueueCredentials) -> Result<Self, QueueError> {
        Ok(Self { caller: Caller::new(settings, credentials)? })
    }

    /// How long a received event is hidden from other readers before that is extended.
    #[must_use]
    pub const fn visibility(&self) -> Duration {
        self.caller.settings().visibility()
    }

    /// Receives up to 10 events, waiting at the queue for `wait` (whole seconds, at most 20) if
    /// there are none. They are hidden from other readers for [`QueueSource::visibility`].
    ///
    /// # Errors
    /// [`QueueError`]. Events that were on their way when the call failed are offered again.
    pub async fn receive(
        &self,
        wait: Duration,
        now: OffsetDateTime,
    ) -> Result<Vec<QueuedEvent>, QueueError> {
        let content = json!({
            "QueueUrl": self.caller.settings().queue_url,
            "MaxNumberOfMessages": EVENTS_MAX,
            "WaitTimeSeconds": wait.as_secs(),
            "VisibilityTimeout": self.visibility().as_secs(),
        });
        let answer = self.caller.call("ReceiveMessage", &content, wait + ANSWER_TIME, now).await?;
        let received: Received = serde_json::from_slice(&answer).map_err(|_| QueueError::Answer)?;
        Ok(received.events.into_iter().flatten().map(QueuedEvent::from).collect())
    }

    /// Takes an event off the queue. Only for one that was dealt with.
    ///
    /// # Errors
    /// [`QueueError`]; the event is then offered again. A lapsed handle is no error, though the
    /// event may be offered again.
    pub async fn delete(&self, event: &QueuedEvent, now: OffsetDateTime) -> Result<(), QueueError> {
        let content = json!({
            "QueueUrl": self.caller.settings().queue_url,
            "ReceiptHandle": event.handle,
        });
        self.on_handle("DeleteMessage", &content, now).await
    }

    /// Hides an event from other readers for another [`QueueSource::visibility`] from now.
    ///
    /// # Errors
    /// [`QueueError`]; the event may then be offered again while it is in hand. So it may where
    /// its handle has lapsed, which is no error.
    pub async fn extend(&self, event: &QueuedEvent, now: OffsetDateTime) -> Result<(), QueueError> {
        let content = json!({
            "QueueUrl": self.caller.settings().queue_url,
            "ReceiptHandle": event.handle,
            "VisibilityTimeout": self.visibility().as_secs(),
        });
        self.on_handle("ChangeMessageVisibility", &content, now).await
    }

    async fn on_handle(
        &self,
        action: &'static str,
        content: &serde_json::Value,
        now: OffsetDateTime,
    ) -> Result<(), QueueError> {
        match self.caller.call(action, content, ANSWER_TIME, now).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_lapsed_handle() => {
                tracing::debug!(action, "a receipt handle has lapsed; the event comes again");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(answer: &str) -> Result<Vec<QueuedEvent>, serde_json::Error> {
        let received: Received = serde_json::from_str(answer)?;
        Ok(received.events.into_iter().flatten().map(QueuedEvent::from).collect())
    }

    #[test]
    fn an_answer_without_events_is_an_empty_queue() {
        for answer in ["{}", r#"{"Messages":[]}"#, r#"{"Messages":null}"#] {
            assert_eq!(received(answer).unwrap().len(), 0, "{answer}");
        }
    }

    #[test]
    fn an_event_shows_its_queues_id_and_nothing_it_says() {
        let answer = r#"{"Messages":[
            {"MessageId":"0a-1","ReceiptHandle":"CANARYHANDLE","Body":"CANARYBODY","MD5OfBody":"x"},
            {"MessageId":"Z9001ZA is not an id","ReceiptHandle":"h"}]}"#;
        let events = received(answer).unwrap();
        assert_eq!(format!("{events:?}"), "[QueuedEvent(0a-1), QueuedEvent(unnamed)]");
        assert_eq!(events[0].content(), b"CANARYBODY");
        assert_eq!(events[1].content(), b"");
    }

    #[test]
    fn an_event_that_could_not_be_deleted_is_not_taken() {
        assert!(received(r#"{"Messages":[{"MessageId":"a","Body":"b"}]}"#).is_err());
    }
}
