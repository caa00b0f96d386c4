//! What the ledger says was decided under load: that refusals were made, not only meant.

use broker::ledger::entry::Entry;
use broker::ledger::journal::Archive as _;
use broker::store::sqlite::SqliteReaders;
use demo::stage::StageError;
use serde_json::Value;

use super::site::Site;

/// The newest entries that are looked at.
const ENTRIES_MAX: u64 = 20_000;

/// Of the candidates decided last, the share that was refused.
///
/// # Errors
/// The store cannot be read.
pub fn refused_share(site: &Site) -> Result<f64, StageError> {
    let archive = SqliteReaders::new(&site.outside.stage().config().store.path);
    let size = archive.size()?;
    let (mut candidates, mut refused) = (0_u32, 0_u32);
    for index in size.saturating_sub(ENTRIES_MAX)..size {
        let entry = Entry::from_bytes(&archive.entry(index)?.unwrap_or_default())?;
        for (_, text) in entry.records() {
            let record: Value = serde_json::from_str(text)?;
            for candidate in
                record.get("candidates").and_then(Value::as_array).into_iter().flatten()
            {
                candidates += 1;
                refused += u32::from(candidate.get("refusal").and_then(Value::as_u64) != Some(0));
            }
        }
    }
    Ok(f64::from(refused) / f64::from(candidates.max(1)))
}
