//! What remains: proofs fetched while the broker runs, and what holds without it.

use std::time::Duration;

use agency_client::verify::verify_proof;
use broker::app::App;
use proto::audit::v1::get_proof_request::Of;

use crate::cast::Cast;
use crate::night::PRISONS;
use crate::proofs::{self, Held};
use crate::report::Report;
use crate::stage::{Stage, StageError};

/// How long calls may take to finish when the broker stops.
const DRAIN: Duration = Duration::from_secs(3);
/// Faults of the changed copy that are shown.
const FAULTS_SHOWN: usize = 3;

/// What is kept for the time after the broker.
pub(crate) struct Evidence {
    release: String,
    accepted: String,
    held: Held,
}

/// Fetches proofs of one message, by its sender and by one of its recipients.
///
/// # Errors
/// The broker gives none.
pub(crate) async fn fetch_proofs(
    stage: &Stage,
    cast: &Cast,
    (message, held): (String, Held),
    report: &mut Report,
) -> Result<Evidence, StageError> {
    report.chapter("Proofs are fetched, and everyone leaves");
    let folder = stage.folder().join("proofs");
    std::fs::create_dir_all(&folder)?;
    let probation = cast.connection(("probation-greater-manchester", "records"))?;
    let of = Of::ReleaseId(held.release_id.clone().into());
    let release = proofs::fetch(probation, of, &folder.join("release.json")).await?;
    report.done("probation: the proof that Archer's release was given to it");
    let prisons = cast.connection(PRISONS)?;
    let path = folder.join("accepted.json");
    let accepted = proofs::fetch(prisons, Of::MessageId(message), &path).await?;
    report.done("the prison service: the proof that the broker took its message");
    Ok(Evidence { release, accepted, held })
}

/// Keeps the broker up until Ctrl-C.
///
/// # Errors
/// Ctrl-C cannot be waited for.
pub(crate) async fn stay(stage: &Stage, report: &mut Report) -> Result<(), StageError> {
    let folder = stage.folder().display();
    // Built into the same folder as this program: `cargo build --bin agency`.
    let agency = std::env::current_exe()?.with_file_name("agency");
    let agency = agency.display();
    report.chapter("The broker stays until Ctrl-C. In another terminal, for instance");
    for rest in [
        format!(
            "{folder}/probation-greater-manchester.records.toml \
             publish {folder}/night/first-message.json"
        ),
        format!("{folder}/gmp.intelligence.toml subscribe --desk public-protection --once 1"),
        format!("{folder}/stockport-council.housing.toml subscribe --desk housing --once 1"),
    ] {
        report.verbatim(&format!("{agency} --settings {rest}"));
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// Stops the broker as SIGTERM does.
pub(crate) async fn stop(app: App) {
    app.drain(DRAIN).await;
}

/// What can be checked with the broker gone.
///
/// # Errors
/// A file cannot be read; whatever can be judged is an expectation instead.
pub(crate) fn after_the_broker(
    stage: &Stage,
    evidence: &Evidence,
    report: &mut Report,
) -> Result<(), StageError> {
    report.chapter("The broker is stopped. What can be checked without it");
    let key = stage.verifier_key();
    let exact = proofs::commits_to(&evidence.release, key, &evidence.held)?;
    report.check(exact, "the proven release commits to the bytes that probation holds");
    report.pair("proof of the release", "holds; it commits to the very bytes probation received");
    let accepted = verify_proof(&evidence.accepted, key);
    report.check(accepted.is_ok(), "the proof of acceptance holds");
    report.pair("proof of acceptance", "holds");
    let said = proofs::with_one_letter_changed(&evidence.release, key)?;
    report.pair("the same proof, one letter changed", &said.to_string());
    let store = &stage.config().store.path;
    let sound = proofs::check(store, key)?;
    report.check(sound.sound(), "the store and its ledger are one");
    report.check(sound.checkpoint_size.is_some(), "the last checkpoint is signed");
    for fault in &sound.faults {
        report.check(false, &fault.to_string());
    }
    let counts = format!(
        "sound: {} entries, {} messages, {} deliveries, {} releases recomputed; signed up to \
         entry {}",
        sound.entries,
        sound.messages,
        sound.deliveries,
        sound.releases,
        sound.checkpoint_size.unwrap_or_default()
    );
    report.pair("the whole ledger", &counts);
    let folder = stage.folder().join("changed");
    let copy = proofs::copy_with_one_byte_changed(store, &folder, &evidence.release)?;
    let found = proofs::check(&copy, key)?;
    report.check(!found.sound(), "a changed byte is found");
    report
        .pair("a copy, one byte of one entry changed", &format!("{} faults:", found.faults_total));
    for fault in found.faults.iter().take(FAULTS_SHOWN) {
        report.pair("", &fault.to_string());
    }
    Ok(())
}
