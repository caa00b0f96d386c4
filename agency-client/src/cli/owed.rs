//! The verbs `attest` and `obligations`.
//!
//! Owns: their order of steps and their words. Promises: says of a delivery no more than it was
//! told to. Deliberately does not know: whether what is attested was done.

use super::args::Attest;
use super::error::CliError;
use super::output::{Output, complain, time_text, word};
use super::receive::{desk_or_first, opaque_id};
use crate::connection::Connection;
use crate::settings::Settings;
use proto::exchange::v1 as wire;
use serde_json::json;
use std::path::Path;

/// `agency attest`.
pub(super) async fn attest(settings: &Path, what: &Attest, out: &Output) -> Result<(), CliError> {
    let releases = what.releases.iter().map(|release| opaque_id("release", release));
    let release_ids = releases.map(|id| id.map(Into::into)).collect::<Result<Vec<_>, _>>()?;
    let settings = Settings::load(settings)?;
    let desk = desk_or_first(what.desk.clone(), &settings)?;
    let connection = Connection::connect(&settings).await?;
    let given = release_ids.len();
    let request = wire::AttestRequest {
        desk,
        release_ids,
        attestation: what.attestation.into(),
        acting_person: what.person.clone().unwrap_or_default(),
    };
    let recorded = connection.exchange().await?.attest(request).await?.into_inner().recorded;
    out.record(
        || json!({"releases": given, "recorded": recorded}),
        || format!("recorded of {recorded} of {given}"),
    )?;
    if usize::try_from(recorded).is_ok_and(|recorded| recorded < given) {
        complain(
            "of the others it was said before, this desk was not given them, or it cannot be said of them",
        );
    }
    Ok(())
}

/// `agency obligations`.
pub(super) async fn obligations(
    settings: &Path,
    desk: Option<String>,
    out: &Output,
) -> Result<(), CliError> {
    let settings = Settings::load(settings)?;
    let desk = desk_or_first(desk, &settings)?;
    let connection = Connection::connect(&settings).await?;
    let request = wire::ListObligationsRequest { desk: desk.clone() };
    let answer = connection.exchange().await?.list_obligations(request).await?.into_inner();
    if answer.obligations.is_empty() {
        complain(&format!("desk {desk} owes nothing"));
    }
    for owed in answer.obligations {
        let (release, reference) = (hex::encode(&owed.release_id), hex::encode(&owed.reference));
        let delivery = hex::encode(&owed.delivery_id);
        let what = word::<wire::Attestation>(owed.owed);
        let due = time_text(owed.due.as_ref());
        out.record(
            || {
                json!({
                    "release_id": release, "reference": reference, "delivery_id": delivery,
                    "owed": what, "due": due, "overdue": owed.overdue,
                })
            },
            || {
                let overdue = if owed.overdue { ", overdue" } else { "" };
                format!(
                    "{release} (reference {reference}, delivery {delivery}): to be {what} by \
                     {due}{overdue}"
                )
            },
        )?;
    }
    Ok(())
}
