//! The verb `receipts`.
//!
//! Owns: its order of steps and its words. Promises: a receipt is checked with the settings' own key,
//! and that it speaks of the message and agency asked for, before it is called good; what fails is
//! kept too, as evidence. Deliberately does not know: how proofs are made.

use super::args::Receipts;
use super::error::CliError;
use super::output::{Output, complain};
use crate::connection::Connection;
use crate::receipt;
use crate::settings::Settings;
use crate::verify::verify_proof;
use proto::audit::v1 as audit;
use serde_json::json;
use std::fs;
use std::path::Path;

/// `agency receipts`: one file a stage.
pub(super) async fn receipts(
    settings: &Path,
    what: &Receipts,
    out: &Output,
) -> Result<(), CliError> {
    let settings = Settings::load(settings)?;
    let connection = Connection::connect(&settings).await?;
    let request =
        audit::GetReceiptsRequest { message_id: what.message.clone(), agency: what.agency.clone() };
    let answer = connection.audit().await?.get_receipts(request).await?.into_inner();
    fs::create_dir_all(&what.out).map_err(CliError::file(&what.out))?;
    for one in &answer.receipts {
        let Some(name) = receipt::name(one.stage()) else {
            complain("the broker gave a receipt of a stage that this program does not know");
            continue;
        };
        let file = what.out.join(format!("{name}.json"));
        fs::write(&file, &one.proof).map_err(CliError::file(&file))?;
        let verified = verify_proof(&one.proof, &settings.verifier_key.encode())?;
        if !is_asked_for(receipt::read(&verified), one.stage(), what) {
            return Err(CliError::OtherReceipt { path: file });
        }
        let index = verified.index();
        out.record(
            || json!({"stage": name, "file": file, "index": index}),
            || format!("{name}: {}, entry {index}", file.display()),
        )?;
    }
    if answer.not_signed_yet > 0 {
        complain("more is recorded than is signed yet: ask again in some ten seconds");
    }
    Ok(())
}

/// Whether a receipt is about this message and this agency. An acceptance is about no agency.
fn is_asked_for(
    read: Option<receipt::Receipt>,
    stage: audit::ReceiptStage,
    what: &Receipts,
) -> bool {
    read.is_some_and(|read| {
        read.stage == stage
            && read.message.eq_ignore_ascii_case(&what.message)
            && read.agency.is_none_or(|agency| agency == what.agency)
    })
}
