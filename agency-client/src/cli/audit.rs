//! The verbs `disclosures`, `explain`, `proof`, `verify` and `accept-origin`.
//!
//! Owns: their order of steps and their words. Promises: a proof is checked with the settings'
//! own key before it is called good. Deliberately does not know: how proofs are made.

use super::args::{Disclosures, Explain, Proof};
use super::error::CliError;
use super::output::{Output, complain, read_text, text_or_file, time_text, told_time, word, words};
use super::receive::opaque_id;
use super::shown;
use crate::compose::timestamp;
use crate::connection::{Connection, accept_origin as accept};
use crate::settings::Settings;
use crate::verify::verify_proof;
use proto::audit::v1 as audit;
use proto::exchange::v1::{Field, TaskKind, WhoAmIRequest};
use proto::ledger::checkpoint::VerifierKey;
use proto::ledger::proof::{PROOF_BYTES_MAX, Verified};
use proto::refusal::Refusal;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The role that sees every candidate of every decision, as the broker names it.
const BROKER_AUDITOR: &str = "broker_auditor";

/// `agency disclosures`: every page.
pub(super) async fn disclosures(
    settings: &Path,
    search: Disclosures,
    out: &Output,
) -> Result<(), CliError> {
    let (from, until) = period(search.from.as_deref(), search.until.as_deref())?;
    let mut request = audit::ListDisclosuresRequest {
        reason: text_or_file(search.reason)?,
        message_id: search.message.unwrap_or_default(),
        from: from.map(timestamp),
        until: until.map(timestamp),
        page_size: proto::limits::AUDIT_PAGE_ROWS_MAX,
        page_token: String::new(),
        sending_agency: search.agency.unwrap_or_default(),
    };
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    let mut client = connection.audit().await?;
    loop {
        let page = client.list_disclosures(request.clone()).await?.into_inner();
        for row in &page.disclosures {
            out.record(|| disclosure_json(row), || disclosure_text(row))?;
        }
        if page.next_page_token.is_empty() {
            return out.record(
                || json!({"complete_to": page.complete_to}),
                || format!("complete to entry {}", page.complete_to),
            );
        }
        request.page_token = page.next_page_token;
    }
}

fn disclosure_json(row: &audit::Disclosure) -> serde_json::Value {
    json!({
        "message_id": row.message_id,
        "sending_agency": row.sending_agency,
        "receiving_agency": row.receiving_agency,
        "receiving_desk": row.receiving_desk,
        "receiving_node": row.receiving_node,
        "kind": row.kind,
        "released_at": time_text(row.released_at.as_ref()),
        "acknowledged_at": time_text(row.acknowledged_at.as_ref()),
        "rules": row.rules,
        "withheld": words::<Field>(&row.withheld),
        "bundle": row.bundle,
        "release_id": hex::encode(&row.release_id),
    })
}

fn disclosure_text(row: &audit::Disclosure) -> String {
    let receipt = match time_text(row.acknowledged_at.as_ref()) {
        none if none.is_empty() => "not yet acknowledged".to_owned(),
        at => format!("acknowledged {at}"),
    };
    let withheld = match words::<Field>(&row.withheld) {
        none if none.is_empty() => "nothing withheld".to_owned(),
        fields => format!("withheld {}", fields.join(", ")),
    };
    let message = match row.message_id.as_str() {
        "" => String::new(),
        id => format!(", message {id}"),
    };
    let rules = match listed(&row.rules) {
        none if none.is_empty() => none,
        rules => format!(", by {rules}"),
    };
    format!(
        "{} {}: {} to {}{message}, {receipt}{rules}, {withheld}, release {}",
        time_text(row.released_at.as_ref()),
        row.kind,
        row.sending_agency,
        place(&row.receiving_agency, &row.receiving_desk),
        hex::encode(&row.release_id)
    )
}

/// An agency, and its desk where that is told.
fn place(agency: &str, desk: &str) -> String {
    if desk.is_empty() { agency.to_owned() } else { format!("{agency}/{desk}") }
}

/// Names of rules or reasons, which others wrote, on one line.
fn listed(names: &[String]) -> String {
    names.iter().map(|name| shown::in_line(name)).collect::<Vec<_>>().join(", ")
}

/// `agency explain`.
pub(super) async fn explain(settings: &Path, what: Explain, out: &Output) -> Result<(), CliError> {
    let request = audit::ExplainDecisionRequest {
        reason: text_or_file(what.reason)?,
        sending_agency: what.agency,
        message_id: what.message,
    };
    let connection = Connection::connect(&Settings::load(settings)?).await?;
    let answer = connection.audit().await?.explain_decision(request).await?.into_inner();
    for row in &answer.explanations {
        out.record(|| explanation_json(row, &answer.bundle), || explanation_text(row))?;
    }
    for row in &answer.fates {
        out.record(|| fate_json(row), || fate_text(row))?;
    }
    if answer.explanations.is_empty() && answer.fates.is_empty() {
        let me = connection.exchange().await?.who_am_i(WhoAmIRequest {}).await?.into_inner();
        complain(nobody_explained(&me.roles));
    } else if !out.is_json {
        out.text(&format!("decided under bundle {}", answer.bundle))?;
    }
    Ok(())
}

/// Why an explanation names nobody. From the broker-wide auditor no candidate is kept.
fn nobody_explained(roles: &[String]) -> &'static str {
    if roles.iter().any(|role| role == BROKER_AUDITOR) {
        "the message is known, and nobody had a stake in it: no desk was a candidate, so nothing was decided about anybody"
    } else {
        "the message is known, and no recipient of it may be shown to you"
    }
}

fn fate_json(row: &audit::DeliveryFate) -> serde_json::Value {
    let mut object = json!({
        "agency": row.agency, "desk": row.desk, "state": state(row.state),
        "at": told_time(row.at.as_ref()), "released_at": told_time(row.released_at.as_ref()),
        "withheld": words::<Field>(&row.withheld), "refusal": row.refusal,
    });
    let Some(fields) = object.as_object_mut() else { return object };
    if let Some(sentence) = fate_sentence(row) {
        fields.insert("sentence".to_owned(), sentence.into());
    }
    if row.task != 0 {
        fields.insert("task".to_owned(), word::<TaskKind>(row.task).into());
    }
    object
}

/// One delivery: how far it came and when, its last release, and why it ended.
fn fate_text(row: &audit::DeliveryFate) -> String {
    let time = |time| Some(told_time(time)).filter(|text| !text.is_empty());
    let at = time(row.at.as_ref()).map_or_else(|| "-".to_owned(), |at| format!("since {at}"));
    let mut text =
        format!("{}, delivery: {} {at}", place(&row.agency, &row.desk), state(row.state));
    // Writing to a text succeeds.
    if row.refusal != 0 {
        let _ = write!(text, "\n  refused ({})", row.refusal);
        if let Some(sentence) = fate_sentence(row) {
            let _ = write!(text, ": {}", shown::in_line(&sentence));
        }
    }
    let released = time(row.released_at.as_ref()).unwrap_or_else(|| "-".to_owned());
    let _ = write!(text, "\n  last released: {released}");
    if !row.withheld.is_empty() {
        let withheld = words::<Field>(&row.withheld).join(", ");
        let _ = write!(text, "\n  withheld at that release: {withheld}");
    }
    if row.task != 0 {
        let task = word::<TaskKind>(row.task);
        let _ = write!(text, "\n  this task in place of the message: {task}");
    }
    text
}

/// The refusal of a delivery in words: the broker's, or else those of the number.
fn fate_sentence(row: &audit::DeliveryFate) -> Option<String> {
    let said = Some(row.sentence.clone()).filter(|said| !said.is_empty());
    said.or_else(|| Refusal::from_code(row.refusal).map(|known| known.sentence().to_owned()))
}

/// The written name of a state; a number this version does not know stays a number.
fn state(number: i32) -> String {
    audit::DeliveryState::try_from(number).map_or_else(
        |_| number.to_string(),
        |state| state.as_str_name().trim_start_matches("DELIVERY_STATE_").to_ascii_lowercase(),
    )
}

fn explanation_json(row: &audit::Explanation, bundle: &str) -> serde_json::Value {
    let mut object = json!({
        "agency": row.agency, "desk": row.desk, "subject": row.subject,
        "permitted": row.permitted, "rules": row.rules, "reasons": row.reasons,
        "withheld": words::<Field>(&row.withheld), "refusal": row.refusal, "bundle": bundle,
    });
    let Some(fields) = object.as_object_mut() else { return object };
    if let Some(refusal) = Refusal::from_code(row.refusal) {
        fields.insert("sentence".to_owned(), refusal.sentence().into());
    }
    if row.task != 0 {
        fields.insert("task".to_owned(), word::<TaskKind>(row.task).into());
    }
    object
}

/// One candidate and one subject: the verdict, its sentence, the rules and why it was asked.
fn explanation_text(row: &audit::Explanation) -> String {
    let place = place(&row.agency, &row.desk);
    let verdict = match (row.permitted, row.refusal) {
        (true, _) => "permitted".to_owned(),
        // The candidate was permitted, and this subject was left out of what it got.
        (false, 0) => "not shown to it".to_owned(),
        (false, code) => match Refusal::from_code(code) {
            Some(refusal) => format!("refused ({code}): {}", refusal.sentence()),
            None => format!("refused ({code})"),
        },
    };
    let mut text = format!("{place}, subject {}: {verdict}", row.subject);
    // Writing to a text succeeds.
    let _ = match (row.rules.is_empty(), row.permitted) {
        (false, _) => write!(text, "\n  rules: {}", listed(&row.rules)),
        (true, false) => write!(text, "\n  rules: no rule permitted it"),
        // What takes a message back goes to its holders by no rule.
        (true, true) => Ok(()),
    };
    if !row.withheld.is_empty() {
        let _ = write!(text, "\n  withheld: {}", words::<Field>(&row.withheld).join(", "));
    }
    if row.task != 0 {
        let task = word::<TaskKind>(row.task);
        let _ = write!(text, "\n  given this task in place of the message: {task}");
    }
    if !row.reasons.is_empty() {
        let _ = write!(text, "\n  a candidate because: {}", listed(&row.reasons));
    }
    text
}

/// `agency proof`: fetches, checks, then saves.
pub(super) async fn proof(settings: &Path, what: &Proof, out: &Output) -> Result<(), CliError> {
    use audit::get_proof_request::Of;
    let of = match (&what.release, &what.message) {
        (Some(release), _) => Of::ReleaseId(opaque_id("--release", release)?.into()),
        (None, Some(message)) => Of::MessageId(message.clone()),
        (None, None) => {
            return Err(CliError::Argument {
                what: "--release or --message",
                rule: "must be given",
            });
        }
    };
    let settings = Settings::load(settings)?;
    let connection = Connection::connect(&settings).await?;
    let request = audit::GetProofRequest { of: Some(of) };
    let proof = connection.audit().await?.get_proof(request).await?.into_inner().proof;
    // Saved first: a proof that fails is evidence too.
    std::fs::write(&what.out, &proof).map_err(CliError::file(&what.out))?;
    let verified = verify_proof(&proof, &settings.verifier_key.encode())?;
    report(&verified, out)
}

/// `agency verify`.
pub(super) fn verify(
    settings: &Path,
    file: &Path,
    key: Option<String>,
    out: &Output,
) -> Result<(), CliError> {
    let key = match key {
        Some(key) => given_key(text_or_file(key)?)?,
        None => Settings::load(settings)?.verifier_key.encode(),
    };
    let proof = read_text(file, PROOF_BYTES_MAX as u64)?;
    report(&verify_proof(&proof, &key)?, out)
}

/// A verifier key as it was given on the command line.
fn given_key(text: String) -> Result<String, CliError> {
    match VerifierKey::parse(text.trim()) {
        Ok(_) => Ok(text),
        Err(_) => Err(CliError::Argument {
            what: "--key",
            rule: "must be a verifier key, <name>+<key id>+<key>, as the broker's operators publish it, or @FILE for a file that holds one",
        }),
    }
}

fn report(verified: &Verified, out: &Output) -> Result<(), CliError> {
    let (record, head) = (verified.record(), verified.checkpoint());
    let time = OffsetDateTime::from_unix_timestamp(
        i64::try_from(verified.time().unix_seconds()).unwrap_or(i64::MAX),
    )
    .ok()
    .and_then(|time| time.format(&Rfc3339).ok())
    .unwrap_or_default();
    out.record(
        || {
            json!({"holds": true, "kind": record.kind(), "party": record.party(),
                   "index": verified.index(), "time": time, "origin": head.origin,
                   "size": head.size, "record": record.text()})
        },
        || {
            format!(
                "the proof holds: entry {} of {} ({} entries), {time}, {} of {}\n{}",
                verified.index(),
                head.origin,
                head.size,
                record.kind(),
                record.party(),
                record.text()
            )
        },
    )
}

/// `agency accept-origin`.
pub(super) async fn accept_origin(
    settings: &Path,
    origin: &str,
    out: &Output,
) -> Result<(), CliError> {
    let accepted = accept(&Settings::load(settings)?, origin).await?;
    let (former, present) = (accepted.former, accepted.present);
    out.record(
        || {
            let former = former.as_ref().map(|head| json!({"origin": head.origin, "size": head.size, "root": head.root.to_hex()}));
            json!({"former": former, "present": {"origin": present.origin, "size": present.size, "root": present.root.to_hex()}})
        },
        || {
            let former = former.as_ref().map_or_else(
                || "nothing was pinned before".to_owned(),
                |head| format!("given up: {} at {} entries, kept beside the pin", head.origin, head.size),
            );
            format!("pinned: {} at {} entries; {former}", present.origin, present.size)
        },
    )
}

/// The period asked for. An empty one would answer with nothing, as if nothing had been shared.
fn period(
    from: Option<&str>,
    until: Option<&str>,
) -> Result<(Option<OffsetDateTime>, Option<OffsetDateTime>), CliError> {
    let from = from.map(|text| time_of("--from", text)).transpose()?;
    let until = until.map(|text| time_of("--until", text)).transpose()?;
    match (from, until) {
        (Some(from), Some(until)) if from >= until => {
            Err(CliError::Argument { what: "--from", rule: "must be before --until" })
        }
        period => Ok(period),
    }
}

fn time_of(what: &'static str, text: &str) -> Result<OffsetDateTime, CliError> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| CliError::Argument {
        what,
        rule: "must be a time such as 2026-03-02T00:00:00Z",
    })
}

#[cfg(test)]
mod tests;
