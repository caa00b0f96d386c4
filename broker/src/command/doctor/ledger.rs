//! The store: whether it can be read, and whether its last signed head is ours.
//!
//! The whole ledger is `broker fsck`'s to check.

use broker::admin::DIRECTORY_DOCUMENT;
use broker::app;
use broker::config::Config;
use broker::ledger::checkpoint::DOCUMENT;
use broker::ledger::fsck::RawLedger;
use broker::ledger::journal::StoreError;
use broker::store::sqlite::SqliteRaw;
use proto::ledger::checkpoint::{VerifierKey, verify};

use super::finding::Finding;

/// Looks at the store as it is on disk, whether or not a broker has it open.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    if !config.store.path.is_file() {
        return vec![Finding::warn("store", "there is none yet; `broker bootstrap` makes it")];
    }
    let verifier = app::verifier_key(config).ok();
    let verifier = verifier.and_then(|text| VerifierKey::parse(&text).ok());
    let looked = SqliteRaw::open(&config.store.path)
        .and_then(|raw| findings(&raw, &config.ledger.origin, verifier.as_ref()));
    looked.unwrap_or_else(|error| vec![Finding::fail("store", error.to_string())])
}

fn findings(
    raw: &dyn RawLedger,
    origin: &str,
    verifier: Option<&VerifierKey>,
) -> Result<Vec<Finding>, StoreError> {
    let size = raw.head()?.map_or(0, |head| head.size);
    let directory = match raw.document(DIRECTORY_DOCUMENT)? {
        Some(_) => Finding::ok("directory", "there is one"),
        None => Finding::warn("directory", "there is none: nobody can connect; `broker bootstrap`"),
    };
    let note = raw.document(DOCUMENT)?;
    let checkpoint = match (note, verifier) {
        (Some(note), Some(verifier)) => checkpoint(&note, size, origin, verifier),
        (None, Some(_)) if size == 0 => Finding::ok("checkpoint", "nothing to sign yet"),
        (None, Some(_)) => Finding::fail(
            "checkpoint",
            "there are entries and no signed head: nothing shows that they are ours; `broker fsck`",
        ),
        (_, None) => Finding::fail("checkpoint", "cannot be checked without the ledger's key"),
    };
    Ok(vec![Finding::ok("store", format!("{size} entries")), directory, checkpoint])
}

fn checkpoint(note: &[u8], size: u64, origin: &str, verifier: &VerifierKey) -> Finding {
    const CHECK: &str = "checkpoint";
    let read = std::str::from_utf8(note).ok().and_then(|note| verify(note, verifier).ok());
    match read {
        None => Finding::fail(CHECK, "the last signed head is not signed by the configured key"),
        Some(head) if head.origin != origin => {
            Finding::fail(CHECK, "the last signed head is of a log with another name")
        }
        Some(head) if head.size > size => Finding::fail(
            CHECK,
            format!("{} entries are signed and only {size} are here: entries are lost", head.size),
        ),
        Some(head) => Finding::ok(CHECK, format!("signed over {} of {size} entries", head.size)),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::Ed25519KeyPair;
    use proto::ledger::checkpoint::Checkpoint;
    use proto::ledger::tree::Hash;

    use super::super::finding::Grade;
    use super::*;

    const ORIGIN: &str = "pyramid.example/ledger";

    fn grade(origin: &str, seed: u8, size: u64) -> Grade {
        let key = |seed| Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let head = Checkpoint { origin: origin.to_owned(), size: 7, root: Hash::from([3; 32]) };
        let note = head.sign(&key(seed), ORIGIN).unwrap();
        let verifier = VerifierKey::of(&key(1), ORIGIN).unwrap();
        checkpoint(note.as_bytes(), size, ORIGIN, &verifier).grade
    }

    #[test]
    fn the_last_signed_head_must_be_ours_and_not_beyond_the_store() {
        assert_eq!(grade(ORIGIN, 1, 7), Grade::Ok);
        assert_eq!(grade(ORIGIN, 1, 9), Grade::Ok);
        assert_eq!(grade(ORIGIN, 1, 6), Grade::Fail, "entries are lost");
        assert_eq!(grade(ORIGIN, 2, 7), Grade::Fail, "another key");
        assert_eq!(grade("pyramid.example/other", 1, 7), Grade::Fail, "another log");
    }
}
