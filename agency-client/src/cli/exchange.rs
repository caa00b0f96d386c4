//! The verbs `publish`, `preview` and `track`.
//!
//! Owns: their order of steps and their words. Promises: every file is read and checked before
//! anything is sent; what became of each message is printed as it is answered. Deliberately does
//! not know: how messages travel.

use super::args::Shape;
use super::error::CliError;
use super::message_json::{FILE_BYTES_MAX, MessageJsonError, read_message};
use super::now;
use super::output::{Output, read_text, time_text, told_time, word, words};
use super::sending::Sending;
use crate::connection::Connection;
use crate::errors::{CallError, Violation};
use crate::publisher::{PublishError, PublishOutcome, Publisher, PublisherOptions};
use crate::rule_sentences::sentence;
use crate::settings::Settings;
use proto::exchange::v1 as wire;
use proto::identifier::CurrentYear;
use proto::refusal::Refusal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// `agency publish`.
pub(super) async fn publish(
    settings: &Path,
    files: &[PathBuf],
    out: &Output,
) -> Result<(), CliError> {
    let messages = read_messages(files, out)?;
    let settings = Settings::load(settings)?;
    let connection = Connection::connect(&settings).await?;
    let publisher = Publisher::new(&connection, PublisherOptions::from(&settings));
    let mut sending = Sending::by(publisher);
    let (all, mut failed) = (messages.len(), 0);
    let mut tell = |id: &str, outcome: &PublishOutcome| {
        failed += usize::from(outcome.is_err());
        report(id, outcome, out)
    };
    for message in messages {
        sending.send(message, &mut tell).await?;
    }
    sending.settle(&mut tell).await?;
    sending.close().await;
    if failed == 0 { Ok(()) } else { Err(CliError::NotAllPublished { failed, all }) }
}

/// Reads every file, or names the mistakes of every file. With `--json` each file with mistakes is
/// a line of its own too.
fn read_messages(files: &[PathBuf], out: &Output) -> Result<Vec<wire::Message>, CliError> {
    let year = u16::try_from(now().year()).ok().and_then(|year| CurrentYear::new(year).ok());
    let (mut messages, mut faulty) = (Vec::new(), Vec::new());
    for path in files {
        let read = read_text(path, FILE_BYTES_MAX).and_then(|text| {
            read_message(&text, year)
                .map_err(|source| CliError::Message { path: path.clone(), source })
        });
        match read {
            Ok(message) => messages.push(message),
            Err(error) => {
                if out.is_json {
                    out.json_line(&not_read(path, &error).to_string())?;
                }
                faulty.push(error);
            }
        }
    }
    if faulty.is_empty() { Ok(messages) } else { Err(CliError::NothingSent(faulty)) }
}

fn not_read(path: &Path, error: &CliError) -> Value {
    let mut object = json!({"file": path.display().to_string(), "outcome": "not_sent"});
    let faults = if let CliError::Message { source: MessageJsonError::Faults(faults), .. } = error {
        faults.as_slice()
    } else {
        &[]
    };
    if let Some(fields) = object.as_object_mut() {
        fields.insert("sentence".to_owned(), error.to_string().into());
        fields.insert("violations".to_owned(), violations(faults));
    }
    object
}

/// Faulty fields, with the sentence of a rule that is known by a code alone.
fn violations(faults: &[Violation]) -> Value {
    let rows = faults.iter().map(|fault| match sentence(&fault.rule) {
        Some(sentence) => json!({"field": fault.field, "rule": fault.rule, "sentence": sentence}),
        None => json!({"field": fault.field, "rule": fault.rule}),
    });
    rows.collect::<Vec<_>>().into()
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
        Err(error) => out.record(|| failure(id, error), || failure_text(id, error)),
    }
}

fn failure_text(id: &str, error: &PublishError) -> String {
    match error {
        // Whatever the number, nothing of this submission was recorded; an earlier one of the
        // same message may have been.
        PublishError::Refused(refused) => format!("{id} was not newly recorded: {refused}"),
        PublishError::OutcomeUnknown { .. } => format!("{id} outcome unknown: {error}"),
        PublishError::Faulty { .. } | PublishError::IdInFlight | PublishError::NotSent { .. } => {
            format!("{id} was not sent: {error}")
        }
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
        fields.insert("code".to_owned(), refused.code.into());
        fields.insert("sentence".to_owned(), refused.sentence.as_str().into());
        fields.insert("violations".to_owned(), violations(&refused.violations));
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
    if answer.outcomes.is_empty() {
        return untracked(&connection, message, out).await;
    }
    for outcome in answer.outcomes {
        out.record(|| outcome_json(&outcome), || outcome_text(&outcome))?;
    }
    Ok(())
}

/// Tells a message that named nobody from one that is not this agency's: both have no outcomes,
/// and only the first has a proof.
async fn untracked(connection: &Connection, message: &str, out: &Output) -> Result<(), CliError> {
    use proto::audit::v1::GetProofRequest;
    use proto::audit::v1::get_proof_request::Of;
    let request = GetProofRequest { of: Some(Of::MessageId(message.to_owned())) };
    let proof = connection.audit().await?.get_proof(request).await.map_err(CallError::from);
    match proof {
        Err(CallError::Refused(refused)) if refused.refusal == Some(Refusal::NotFound) => {
            Err(CliError::UnknownMessage(message.to_owned()))
        }
        Err(CallError::Refused(refused)) if refused.refusal == Some(Refusal::NotSignedYet) => {
            nobody_named(message, out)
        }
        Ok(_) => nobody_named(message, out),
        Err(error) => Err(error.into()),
    }
}

fn nobody_named(message: &str, out: &Output) -> Result<(), CliError> {
    if !out.is_json {
        out.text(&format!("{message} was recorded; it names no agency, so no outcome is told"))?;
    }
    Ok(())
}

fn outcome_json(outcome: &wire::NamedOutcome) -> Value {
    let at = told_time(outcome.at.as_ref());
    json!({"agency": outcome.agency, "state": word::<wire::OutcomeState>(outcome.state), "at": at})
}

fn outcome_text(outcome: &wire::NamedOutcome) -> String {
    let state = word::<wire::OutcomeState>(outcome.state);
    match told_time(outcome.at.as_ref()) {
        none if none.is_empty() => format!("{}: {state} -", outcome.agency),
        at => format!("{}: {state} since {at}", outcome.agency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::Refused;
    use crate::publisher::Cause;
    use proto::exchange::v1::OutcomeState;

    fn refused(refusal: Refusal, rules: &[&str]) -> PublishError {
        PublishError::Refused(Refused {
            refusal: Some(refusal),
            code: refusal.code(),
            sentence: refusal.sentence().to_owned(),
            violations: rules
                .iter()
                .map(|rule| Violation { field: "a[0].b".to_owned(), rule: (*rule).to_owned() })
                .collect(),
            retry_after: None,
        })
    }

    #[test]
    fn a_refusal_is_definite_and_only_a_lost_answer_is_unknown() {
        let error = refused(Refusal::NotAllowed, &[]);
        assert_eq!(
            failure_text("id-1", &error),
            "id-1 was not newly recorded: refused (1003): Your role does not allow this; ask your \
             agency's lead."
        );
        assert_eq!(
            failure("id-1", &error),
            json!({
                "message_id": "id-1", "outcome": "refused", "code": 1003, "violations": [],
                "sentence": "Your role does not allow this; ask your agency's lead."
            })
        );
        let error = PublishError::OutcomeUnknown { cause: Cause::Silence };
        assert_eq!(
            failure_text("id-1", &error),
            "id-1 outcome unknown: it is not known whether the message was recorded (the broker \
             did not answer in time); publish it again with the same id, and if it is urgent use \
             the telephone"
        );
        assert_eq!(failure("id-1", &error)["outcome"], "unknown");
    }

    #[test]
    fn a_rule_known_by_a_code_has_its_sentence_beside_it_in_json() {
        let error = refused(Refusal::InvalidMessage, &["birth-date-calendar", "is required"]);
        assert_eq!(
            failure("id-1", &error)["violations"],
            json!([
                {"field": "a[0].b", "rule": "birth-date-calendar",
                 "sentence": "the calendar has no such day"},
                {"field": "a[0].b", "rule": "is required"},
            ])
        );
    }

    #[test]
    fn the_mistakes_of_every_file_are_named_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let files = [
            put("first.json", "{\"colour\": \"canary\"}"),
            put("second.json", "canary"),
            folder.path().join("third.json"),
        ];
        let error = read_messages(&files, &Output::new(false)).unwrap_err().to_string();
        for part in [
            "first.json: there are mistakes:",
            "\n  purpose: must be given",
            "\n  colour: is not a known field",
            "second.json: line 1, column 1: this is not JSON from here on",
            "third.json: ",
            "\nnothing was sent",
        ] {
            assert!(error.contains(part), "{part} is missing from {error}");
        }
        assert!(!error.contains("canary"));
    }

    #[test]
    fn a_file_larger_than_a_messages_may_be_is_not_read_on_and_the_bound_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.json");
        // A gibibyte by its length, of which hardly anything lies on the disk.
        std::fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
        let error = read_messages(std::slice::from_ref(&path), &Output::new(false)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{}: is larger than 1048576 bytes, the most that such a file may have\nnothing was sent",
                path.display()
            )
        );
    }

    #[test]
    fn what_is_not_shared_has_no_time_and_no_year_1970() {
        let outcome = |state: OutcomeState, seconds| wire::NamedOutcome {
            agency: "council-invented".into(),
            state: state.into(),
            at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        };
        let untold = outcome(OutcomeState::NotShared, 0);
        assert_eq!(outcome_text(&untold), "council-invented: not_shared -");
        assert_eq!(
            outcome_json(&untold),
            json!({"agency": "council-invented", "state": "not_shared", "at": ""})
        );
        assert_eq!(
            outcome_text(&outcome(OutcomeState::Released, 1_772_442_000)),
            "council-invented: released since 2026-03-02T09:00:00Z"
        );
    }
}
