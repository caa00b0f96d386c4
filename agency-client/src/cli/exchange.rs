//! The verbs `publish`, `preview` and `track`.
//!
//! Owns: their order of steps and their words. Promises: every file is read and checked before
//! anything is sent. Deliberately does not know: how messages travel.

use super::args::Shape;
use super::error::CliError;
use super::message_json::{FILE_BYTES_MAX, read_message};
use super::output::{Output, read_text, time_text, word, words};
use crate::connection::Connection;
use crate::publisher::{PublishError, PublishOutcome, Publisher, PublisherOptions};
use crate::settings::Settings;
use proto::exchange::v1 as wire;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// `agency publish`.
pub(super) async fn publish(
    settings: &Path,
    files: &[PathBuf],
    out: &Output,
) -> Result<(), CliError> {
    let mut messages = Vec::new();
    for path in files {
        let text = read_text(path, FILE_BYTES_MAX)?;
        let message = read_message(&text)
            .map_err(|source| CliError::Message { path: path.clone(), source })?;
        messages.push(message);
    }
    let settings = Settings::load(settings)?;
    let connection = Connection::connect(&settings).await?;
    let publisher = Publisher::new(&connection, PublisherOptions::from(&settings));
    let mut pending = Vec::new();
    for message in messages {
        let id = message.message_id.clone();
        pending.push((id, publisher.send(message).await));
    }
    let (all, mut failed) = (pending.len(), 0);
    for (id, sent) in pending {
        let outcome = match sent {
            Ok(answer) => answer.await,
            Err(error) => Err(error),
        };
        failed += usize::from(outcome.is_err());
        report(&id, &outcome, out)?;
    }
    publisher.close().await;
    if failed == 0 { Ok(()) } else { Err(CliError::NotAllPublished { failed, all }) }
}

/// Prints what became of one message.
pub(super) fn report(id: &str, outcome: &PublishOutcome, out: &Output) -> Result<(), CliError> {
    match outcome {
        Ok(accepted) => out.record(
            || {
                json!({
                    "message_id": id,
                    "outcome": "accepted",
                    "accepted_at": time_text(accepted.accepted_at.as_ref()),
                    "repeated_submission": accepted.repeated_submission,
                    "duty_route": accepted.duty_route,
                })
            },
            || {
                let again = if accepted.repeated_submission { " (recorded before)" } else { "" };
                let duty = match accepted.duty_route.as_str() {
                    "" => String::new(),
                    route => format!("; duty telephone: {route}"),
                };
                let at = time_text(accepted.accepted_at.as_ref());
                format!("{id} accepted at {at}{again}{duty}")
            },
        ),
        Err(error) => out.record(|| failure(id, error), || format!("{id} {error}")),
    }
}

fn failure(id: &str, error: &PublishError) -> Value {
    let outcome = match error {
        PublishError::Refused(_) => "refused",
        PublishError::OutcomeUnknown { .. } => "unknown",
        PublishError::Faulty { .. } | PublishError::IdInFlight | PublishError::NotSent { .. } => {
            "not_sent"
        }
    };
    let mut object = json!({"message_id": id, "outcome": outcome, "sentence": error.to_string()});
    if let (PublishError::Refused(refused), Some(fields)) = (error, object.as_object_mut()) {
        let violations: Vec<Value> = refused
            .violations
            .iter()
            .map(|violation| json!({"field": violation.field, "rule": violation.rule}))
            .collect();
        fields.insert("code".to_owned(), refused.code.into());
        fields.insert("sentence".to_owned(), refused.sentence.as_str().into());
        fields.insert("violations".to_owned(), violations.into());
    }
    object
}

/// `agency preview`.
pub(super) async fn preview(settings: &Path, shape: &Shape, out: &Output) -> Result<(), CliError> {
    const KINDS: [&str; 5] = ["intelligence", "mappa", "custody", "flag", "correction"];
    if !KINDS.contains(&shape.kind.as_str()) {
        let rule = "must be intelligence, mappa, custody, flag or correction";
        return Err(CliError::Argument { what: "--kind", rule });
    }
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    let request = wire::PreviewRequest {
        kind: shape.kind.clone(),
        purpose: shape.purpose.into(),
        gateway: shape.gateway.into(),
        lawful_basis: shape.basis.into(),
        marking: shape.marking.into(),
        category: shape.category.into(),
        under_18: shape.under_18,
    };
    let answer = connection.exchange().await?.preview(request).await?.into_inner();
    for row in answer.rows {
        let withheld = words::<wire::Field>(&row.withheld);
        out.record(
            || {
                json!({"agency_kind": row.agency_kind, "function": row.function,
                       "permitted": row.permitted, "withheld": withheld})
            },
            || {
                let verdict = match (row.permitted, withheld.is_empty()) {
                    (false, _) => "no".to_owned(),
                    (true, true) => "yes".to_owned(),
                    (true, false) => format!("yes, without {}", withheld.join(", ")),
                };
                format!("{} {}: {verdict}", row.agency_kind, row.function)
            },
        )?;
    }
    Ok(())
}

/// `agency track`.
pub(super) async fn track(settings: &Path, message: &str, out: &Output) -> Result<(), CliError> {
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    let request = wire::TrackRequest { message_id: message.to_owned() };
    let answer = connection.exchange().await?.track(request).await?.into_inner();
    for outcome in answer.outcomes {
        let state = word::<wire::OutcomeState>(outcome.state);
        let at = time_text(outcome.at.as_ref());
        out.record(
            || json!({"agency": outcome.agency, "state": state, "at": at}),
            || format!("{}: {state} since {at}", outcome.agency),
        )?;
    }
    Ok(())
}
