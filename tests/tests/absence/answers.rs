//! Answers as a curious caller could compare them: every byte, but for ids and times.
//!
//! Owns: the calls that need more than one line, and what is blanked of each answer. Promises:
//! status code, sentence, details and metadata are part of an answer, so that two statuses
//! that differ anywhere are two answers.
//! Deliberately does not know: which answers should be the same.

use agency_client::Connection;
use proto::audit::v1 as audit;
use proto::exchange::v1 as wire;
use proto::exchange::v1::publish_result::Outcome;
use proto::exchange::v1::subscribe_request::Step;
use tests::world::PATIENCE;
use tokio_stream::StreamExt as _;
use tonic::{Response, Status};
use uuid::Uuid;

/// Everything of an answer that its caller can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it is, for a reader of a failed test.
    said: String,
    bytes: Vec<u8>,
}

/// An answer without its ids and times.
pub fn blanked<T: prost::Message + std::fmt::Debug>(
    answer: Result<Response<T>, Status>,
    blank: impl FnOnce(&mut T),
) -> Answer {
    match answer {
        Ok(response) => {
            let mut response = response;
            // The second in which an answer was written is a time like any other.
            response.metadata_mut().remove("date");
            let metadata = format!("{:?}", response.metadata());
            let mut message = response.into_inner();
            blank(&mut message);
            let mut bytes = message.encode_to_vec();
            bytes.extend(metadata.as_bytes());
            Answer { said: format!("{message:?}"), bytes }
        }
        Err(status) => refused(&status),
    }
}

/// An answer with nothing to blank.
pub fn whole<T: prost::Message + std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Answer {
    blanked(answer, |_| ())
}

fn refused(status: &Status) -> Answer {
    let said = format!("{:?} {}", status.code(), status.message());
    let mut bytes = said.clone().into_bytes();
    bytes.extend(status.details());
    // The header that carries the details is compared above; the others here.
    let names = status.metadata().keys().map(|key| format!("{key:?}"));
    bytes.extend(names.collect::<Vec<_>>().join(",").as_bytes());
    Answer { said, bytes }
}

/// Fails unless every answer is the first, each named by what was asked.
pub fn alike(answers: &[(&str, Answer)]) {
    let [(first, expected), rest @ ..] = answers else { panic!("answers to compare") };
    for (name, answer) in rest {
        assert_eq!(answer, expected, "{name} can be told from {first}");
    }
}

/// Publishes one message on a stream of its own: the frames that answer it, in order.
pub async fn publish(connection: &Connection, message: wire::Message) -> Vec<Answer> {
    let request = wire::PublishRequest { messages: vec![message] };
    let mut exchange = connection.exchange().await.unwrap();
    let answer = exchange.publish(tokio_stream::once(request)).await;
    let mut frames = match answer {
        Ok(response) => response.into_inner(),
        Err(status) => return vec![refused(&status)],
    };
    let mut answers = Vec::new();
    while let Some(frame) =
        tokio::time::timeout(PATIENCE, frames.next()).await.expect("the stream must end")
    {
        answers.push(blanked(frame.map(Response::new), |frame| {
            for result in &mut frame.results {
                assert!(Uuid::try_parse(&result.message_id).is_ok(), "the id is told back");
                result.message_id.clear();
                if let Some(Outcome::Accepted(accepted)) = &mut result.outcome {
                    assert!(accepted.accepted_at.is_some(), "the time is told");
                    accepted.accepted_at = None;
                }
            }
        }));
    }
    answers
}

/// Opens a subscription and says how that went.
pub async fn subscribe(connection: &Connection, desk: &str) -> Answer {
    let open = wire::OpenSubscription { desk: desk.into(), name: "default".into(), credit: 1 };
    let step = wire::SubscribeRequest { step: Some(Step::Open(open)) };
    let mut exchange = connection.exchange().await.unwrap();
    let answer = exchange.subscribe(tokio_stream::once(step)).await;
    match answer {
        Ok(_) => Answer { said: "opened".into(), bytes: b"opened".to_vec() },
        Err(status) => refused(&status),
    }
}

/// What a message's own agency is told of it.
pub async fn track(connection: &Connection, id: Uuid) -> wire::TrackResponse {
    let request = wire::TrackRequest { message_id: id.to_string() };
    connection.exchange().await.unwrap().track(request).await.unwrap().into_inner()
}

/// The disclosures of one message, as an auditor is shown them; the place of the newest entry
/// is blanked as the time that it is.
pub async fn disclosures(auditor: &Connection, message: &str) -> Answer {
    let request = audit::ListDisclosuresRequest {
        reason: "a check of what was shared".into(),
        message_id: message.into(),
        ..audit::ListDisclosuresRequest::default()
    };
    let answer = auditor.audit().await.unwrap().list_disclosures(request).await;
    blanked(answer, |answer| answer.complete_to = 0)
}

/// A decision, as an auditor is shown it.
pub async fn explanation(
    auditor: &Connection,
    sender: &str,
    message: Uuid,
) -> Result<audit::ExplainDecisionResponse, Status> {
    let request = audit::ExplainDecisionRequest {
        reason: "a check of one decision".into(),
        sending_agency: sender.into(),
        message_id: message.to_string(),
    };
    let answer = auditor.audit().await.unwrap().explain_decision(request).await;
    answer.map(Response::into_inner)
}
