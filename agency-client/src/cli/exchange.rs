//! The verbs `publish`, `preview` and `track`.
//!
//! Owns: their order of steps and their words. Promises: every file is read and checked before
//! anything is sent, for an id that two of them have too; what became of each message is printed
//! as it is answered. Deliberately does not know: how messages travel.

use super::args::Shape;
use super::error::CliError;
use super::message_json::{FILE_BYTES_MAX, KINDS, MessageJsonError, read_message};
use super::now;
use super::output::{Output, read_text, time_text, told_time, word, words};
use super::sending::Sending;
use crate::connection::Connection;
use crate::errors::{CallError, Violation};
use crate::publisher::{PublishError, PublishOutcome, Publisher, PublisherOptions, check};
use crate::rule_sentences::sentence;
use crate::settings::Settings;
use proto::exchange::v1 as wire;
use proto::exchange::v1::Accepted;
use proto::identifier::CurrentYear;
use proto::refusal::Refusal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use uuid::Uuid;

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
        report(id, outcome, Again::ByCaller, out)
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
    let (mut messages, mut by_id, mut faulty) = (Vec::new(), BTreeMap::new(), Vec::new());
    for path in files {
        let read = read_text(path, FILE_BYTES_MAX).and_then(|text| {
            read_message(&text, year)
                .and_then(|message| sendable(message, &messages, &mut by_id))
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

/// Checks what sending would find: the form of the id, the encoded size, and whether an earlier
/// file has a different message by the same id. An equal one is that message.
fn sendable(
    message: wire::Message,
    earlier: &[wire::Message],
    by_id: &mut BTreeMap<Uuid, usize>,
) -> Result<wire::Message, MessageJsonError> {
    let fault = |(field, rule): (&str, &str)| {
        MessageJsonError::Faults(vec![Violation { field: field.to_owned(), rule: rule.to_owned() }])
    };
    let (id, _) = check(&message).map_err(fault)?;
    let place = *by_id.entry(id).or_insert(earlier.len());
    match earlier.get(place) {
        Some(other) if *other != message => {
            Err(fault(("message_id", "is that of a different message in an earlier file")))
        }
        Some(_) | None => Ok(message),
    }
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

/// Who sends a message again that was not taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Whoever called this program: it is told to.
    ByCaller,
    /// This program, for as long as it runs.
    ByItself,
}

/// Prints what became of one message.
pub(super) fn report(
    id: &str,
    outcome: &PublishOutcome,
    again: Again,
    out: &Output,
) -> Result<(), CliError> {
    match outcome {
        Ok(accepted) => out.record(
            || accepted_json(id, accepted),
            || {
                let duty = match accepted.duty_route.as_str() {
                    "" => String::new(),
                    route => format!("; duty telephone: {route}"),
                };
                let at = time_text(accepted.accepted_at.as_ref());
                format!("{id} accepted at {at}{}{duty}", repetition(accepted))
            },
        ),
        Err(error) => out.record(|| failure(id, error, again), || failure_text(id, error, again)),
    }
}

/// Prints that the broker has a message of a follower.
pub(super) fn report_shared(id: &str, accepted: &Accepted, out: &Output) -> Result<(), CliError> {
    out.record(|| accepted_json(id, accepted), || format!("{id} shared{}", repetition(accepted)))
}

fn accepted_json(id: &str, accepted: &Accepted) -> Value {
    json!({
        "message_id": id,
        "outcome": "accepted",
        "accepted_at": time_text(accepted.accepted_at.as_ref()),
        "repeated_submission": accepted.repeated_submission,
        "duty_route": accepted.duty_route,
    })
}

const fn repetition(accepted: &Accepted) -> &'static str {
    if accepted.repeated_submission { " (recorded before)" } else { "" }
}

fn failure_text(id: &str, error: &PublishError, again: Again) -> String {
    let state = match error {
        // Whatever the number, nothing of this submission was recorded; an earlier one of the
        // same message may have been.
        PublishError::Refused(_) => "was not newly recorded",
        PublishError::OutcomeUnknown { .. } => "outcome unknown",
        PublishError::Faulty { .. } | PublishError::IdInFlight | PublishError::NotSent { .. } => {
            "was not sent"
        }
    };
    match (again, error) {
        (Again::ByCaller, _) => format!("{id} {state}: {error}"),
        (Again::ByItself, PublishError::Refused(refused)) => {
            format!("{id} {state}, {TRIED_AGAIN}: {refused}")
        }
        (Again::ByItself, _) => format!("{id} {state}, {}", tried_again(error)),
    }
}

const TRIED_AGAIN: &str = "tried again by itself";

/// Why a message was not taken, with no advice to whoever reads it: this program acts on it.
fn tried_again(error: &PublishError) -> String {
    match error {
        PublishError::Refused(refused) => format!("{TRIED_AGAIN}: {}", refused.sentence),
        PublishError::OutcomeUnknown { cause } | PublishError::NotSent { cause } => {
            format!("{TRIED_AGAIN}: {cause}")
        }
        PublishError::Faulty { .. } | PublishError::IdInFlight => format!("{TRIED_AGAIN}: {error}"),
    }
}

fn failure(id: &str, error: &PublishError, again: Again) -> Value {
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
    if let (Again::ByItself, Some(fields)) = (again, object.as_object_mut()) {
        fields.insert("sentence".to_owned(), tried_again(error).into());
    }
    object
}

/// `agency preview`.
pub(super) async fn preview(settings: &Path, shape: &Shape, out: &Output) -> Result<(), CliError> {
    if !KINDS.contains(&shape.kind.as_str()) {
        let rule =
            "must be a kind of message, such as custody or drug_test; docs/messages.md lists them";
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
    let state = word::<wire::OutcomeState>(outcome.state);
    let said = outcome.attested.iter().map(|said| {
        let what = word::<wire::Attestation>(said.attestation);
        json!({"attestation": what, "at": told_time(said.at.as_ref())})
    });
    let said: Vec<Value> = said.collect();
    if said.is_empty() {
        return json!({"agency": outcome.agency, "state": state, "at": at});
    }
    json!({"agency": outcome.agency, "state": state, "at": at, "attested": said})
}

fn outcome_text(outcome: &wire::NamedOutcome) -> String {
    let state = word::<wire::OutcomeState>(outcome.state);
    let said = outcome.attested.iter().map(|said| {
        let what = word::<wire::Attestation>(said.attestation);
        format!(", {what} {}", told_time(said.at.as_ref()))
    });
    let said: String = said.collect();
    match told_time(outcome.at.as_ref()) {
        none if none.is_empty() => format!("{}: {state} -{said}", outcome.agency),
        at => format!("{}: {state} since {at}{said}", outcome.agency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::Refused;
    use crate::publisher::Cause;
    use proto::exchange::v1::OutcomeState;

    const FIRST_MESSAGE: &str = include_str!("../../../deploy/demo/night/first-message.json");

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
            failure_text("id-1", &error, Again::ByCaller),
            "id-1 was not newly recorded: refused (1003): Your role does not allow this; ask your \
             agency's lead."
        );
        assert_eq!(
            failure("id-1", &error, Again::ByCaller),
            json!({
                "message_id": "id-1", "outcome": "refused", "code": 1003, "violations": [],
                "sentence": "Your role does not allow this; ask your agency's lead."
            })
        );
        let error = PublishError::OutcomeUnknown { cause: Cause::Silence };
        assert_eq!(
            failure_text("id-1", &error, Again::ByCaller),
            "id-1 outcome unknown: it is not known whether the message was recorded (the broker \
             did not answer in time); publish it again with the same id, and if it is urgent use \
             the telephone"
        );
        assert_eq!(failure("id-1", &error, Again::ByCaller)["outcome"], "unknown");
    }

    #[test]
    fn what_is_tried_again_by_itself_asks_nothing_of_its_reader() {
        let not_sent = PublishError::NotSent { cause: Cause::Silence };
        let unknown = PublishError::OutcomeUnknown { cause: Cause::Silence };
        let closed = refused(Refusal::NotAllowed, &[]);
        let silence = "tried again by itself: the broker did not answer in time";
        let why = "Your role does not allow this; ask your agency's lead.";
        for (error, text, sentence) in [
            (not_sent, format!("id-1 was not sent, {silence}"), silence.to_owned()),
            (unknown, format!("id-1 outcome unknown, {silence}"), silence.to_owned()),
            (
                closed,
                format!(
                    "id-1 was not newly recorded, tried again by itself: refused (1003): {why}"
                ),
                format!("tried again by itself: {why}"),
            ),
        ] {
            assert_eq!(failure_text("id-1", &error, Again::ByItself), text);
            assert_eq!(failure("id-1", &error, Again::ByItself)["sentence"], sentence);
        }
    }

    #[test]
    fn a_rule_known_by_a_code_has_its_sentence_beside_it_in_json() {
        let error = refused(Refusal::InvalidMessage, &["birth-date-calendar", "is required"]);
        assert_eq!(
            failure("id-1", &error, Again::ByCaller)["violations"],
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
    fn what_sending_would_find_is_found_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let good: Value = serde_json::from_str(FIRST_MESSAGE).unwrap();
        let put = |name: &str, change: &dyn Fn(&mut Value)| {
            let (path, mut message) = (folder.path().join(name), good.clone());
            change(&mut message);
            // As editors on some systems save it.
            std::fs::write(&path, format!("\u{feff}{message}")).unwrap();
            path
        };
        let files = [
            put("good.json", &|_| {}),
            put("equal.json", &|_| {}),
            put("same.json", &|message| message["mappa"]["level"] = 3.into()),
            put("id.json", &|message| message["message_id"] = "7b9a3f52".into()),
            put("large.json", &|message| {
                message["message_id"] = "00000000-0000-4000-8000-00000000000a".into();
                let text = "x".repeat(300 * 1024);
                message["statements"] = json!([
                    {"field": "housing_need", "footing": "fact", "subjects": [0], "text": text}
                ]);
            }),
        ];
        let error = read_messages(&files, &Output::new(false)).unwrap_err().to_string();
        for part in [
            "same.json: there are mistakes:\n  message_id: is that of a different message in an earlier file\n",
            "id.json: there are mistakes:\n  message_id: must be a UUID in its 36-character form\n",
            "large.json: there are mistakes:\n  message: must be at most 256 KiB when encoded\n",
        ] {
            assert!(error.contains(part), "{part} is missing from {error}");
        }
        assert_eq!(error.matches("there are mistakes").count(), 3, "{error}");
        assert_eq!(read_messages(&files[..2], &Output::new(false)).unwrap().len(), 2);
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
            attested: Vec::new(),
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

    #[test]
    fn what_an_agency_attested_stands_beside_its_state_and_what_it_did_not_is_not_there() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let opened = wire::Attestation::Opened.into();
        let outcome = wire::NamedOutcome {
            agency: "council-invented".into(),
            state: OutcomeState::Acknowledged.into(),
            at: at(1_772_442_000),
            attested: vec![wire::AttestedOutcome { attestation: opened, at: at(1_772_445_600) }],
        };
        assert_eq!(
            outcome_text(&outcome),
            "council-invented: acknowledged since 2026-03-02T09:00:00Z, opened 2026-03-02T10:00:00Z"
        );
        assert_eq!(
            outcome_json(&outcome)["attested"],
            json!([{"attestation": "opened", "at": "2026-03-02T10:00:00Z"}])
        );
    }
}
