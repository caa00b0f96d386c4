//! The verbs `disclosures`, `explain`, `proof`, `verify` and `accept-origin`.
//!
//! Owns: their order of steps and their words. Promises: a proof is checked with the settings'
//! own key before it is called good. Deliberately does not know: how proofs are made.

use super::args::{Disclosures, Explain, Proof};
use super::error::CliError;
use super::output::{Output, read_text, text_or_file, time_text, words};
use super::receive::opaque_id;
use crate::connection::{Connection, accept_origin as accept};
use crate::settings::Settings;
use crate::verify::verify_proof;
use proto::audit::v1 as audit;
use proto::exchange::v1::Field;
use proto::ledger::proof::{PROOF_BYTES_MAX, Verified};
use serde_json::json;
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// `agency disclosures`: every page.
pub(super) async fn disclosures(
    settings: &Path,
    search: Disclosures,
    out: &Output,
) -> Result<(), CliError> {
    let mut request = audit::ListDisclosuresRequest {
        reason: text_or_file(search.reason)?,
        message_id: search.message.unwrap_or_default(),
        from: search.from.as_deref().map(|text| time_of("--from", text)).transpose()?,
        until: search.until.as_deref().map(|text| time_of("--until", text)).transpose()?,
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
    format!(
        "{} {}: {} to {}, {receipt}, by {}, {withheld}, release {}",
        time_text(row.released_at.as_ref()),
        row.kind,
        row.sending_agency,
        row.receiving_agency,
        row.rules.join(", "),
        hex::encode(&row.release_id)
    )
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
        let withheld = words::<Field>(&row.withheld);
        out.record(
            || {
                json!({"agency": row.agency, "desk": row.desk, "subject": row.subject,
                       "permitted": row.permitted, "rules": row.rules, "reasons": row.reasons,
                       "withheld": withheld, "refusal": row.refusal, "bundle": answer.bundle})
            },
            || {
                let verdict = if row.permitted {
                    format!("permitted by {}", row.rules.join(", "))
                } else {
                    format!("refused ({}) by {}", row.refusal, row.rules.join(", "))
                };
                let place = if row.desk.is_empty() { "" } else { "/" };
                format!("{}{place}{}, subject {}: {verdict}", row.agency, row.desk, row.subject)
            },
        )?;
    }
    Ok(())
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
        Some(key) => text_or_file(key)?,
        None => Settings::load(settings)?.verifier_key.encode(),
    };
    let proof = read_text(file, PROOF_BYTES_MAX as u64)?;
    report(&verify_proof(&proof, &key)?, out)
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

fn time_of(what: &'static str, text: &str) -> Result<prost_types::Timestamp, CliError> {
    OffsetDateTime::parse(text, &Rfc3339).map(crate::compose::timestamp).map_err(|_| {
        CliError::Argument { what, rule: "must be a time such as 2026-03-02T00:00:00Z" }
    })
}
