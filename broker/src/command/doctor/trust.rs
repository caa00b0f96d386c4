//! Whether who may come in fits together: the directory's issuing keys, the certificates that are
//! configured, and the revocation lists of now and of earlier runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use broker::admin::DIRECTORY_DOCUMENT;
use broker::app::{self, REVOCATION_LISTS_DOCUMENT};
use broker::clock::Clock;
use broker::config::Config;
use broker::identity::Editions;
use broker::ledger::fsck::RawLedger as _;
use broker::listen::{TlsError, TlsMaterial};
use broker::store::sqlite::SqliteRaw;

use super::finding::Finding;

const ISSUERS: &str = "issuers";
const LISTS: &str = "revocation lists of earlier runs";

/// Holds the store's directory and what it remembers against the TLS files. Without a store, or
/// TLS files that can be read, others have said so.
pub(super) fn look(config: &Config, clock: &Arc<dyn Clock>) -> Vec<Finding> {
    let Ok(material) = TlsMaterial::load(&config.listen.files, clock) else { return Vec::new() };
    if !config.store.path.is_file() {
        return Vec::new();
    }
    let Ok(raw) = SqliteRaw::open(&config.store.path) else { return Vec::new() };
    let mut findings = Vec::new();
    if let Ok(Some(sealed)) = raw.document(DIRECTORY_DOCUMENT) {
        findings.push(match app::open_directory(config, &sealed) {
            Ok(directory) => {
                let named = directory.issuing_keys().copied().collect();
                of_issuers(&named, material.keys(), material.revoked().editions().count())
            }
            Err(error) => Finding::fail(ISSUERS, format!("the directory cannot be read: {error}")),
        });
    }
    if let Ok(kept) = raw.document(REVOCATION_LISTS_DOCUMENT) {
        findings.push(of_lists(material.revoked().editions(), kept.as_deref()));
    }
    findings
}

/// `named`: issuing keys of the directory; `here`: keys of the certificates that are configured.
fn of_issuers(named: &BTreeSet<[u8; 32]>, here: &BTreeSet<[u8; 32]>, lists: usize) -> Finding {
    let (count, known) = (named.len(), named.intersection(here).count());
    if count == 0 {
        Finding::fail(ISSUERS, "the directory names none: nobody can connect; add an [[issuer]]")
    } else if lists < count {
        Finding::warn(
            ISSUERS,
            format!(
                "{count} in the directory, and revocation lists of only {lists}: callers under \
                 one without a list are refused; add its list to listen.revocation_lists"
            ),
        )
    } else if known == 0 {
        Finding::warn(
            ISSUERS,
            format!(
                "none of the {count} in the directory is the key of a certificate in \
                 listen.authorities or listen.certificate: make sure that those authorities \
                 issued them, or every caller is refused"
            ),
        )
    } else {
        Finding::ok(ISSUERS, format!("{count} in the directory, {known} with a certificate here"))
    }
}

fn of_lists(found: &Editions, kept: Option<&[u8]>) -> Finding {
    let known = kept.map_or_else(|| Some(Editions::default()), Editions::from_bytes);
    match known {
        None => Finding::fail(LISTS, "what is remembered of them cannot be read: `broker fsck`"),
        Some(known) if found.older_than(&known) > 0 => {
            Finding::fail(LISTS, TlsError::OlderRevocationList.to_string())
        }
        Some(_) => Finding::ok(LISTS, "none is older than one that was at work"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Grade;
    use super::*;

    #[test]
    fn issuing_keys_need_a_list_each_and_a_certificate_that_leads_to_one() {
        let keys = |first: u8, last: u8| -> BTreeSet<[u8; 32]> {
            (first..=last).map(|byte| [byte; 32]).collect()
        };
        // (issuing keys of the directory, keys of certificates here, lists, verdict)
        let rows = [
            (BTreeSet::new(), keys(1, 2), 2, Grade::Fail),
            (keys(1, 3), keys(1, 2), 2, Grade::Warn),
            (keys(3, 4), keys(1, 2), 3, Grade::Warn),
            (keys(2, 3), keys(1, 2), 3, Grade::Ok),
        ];
        for (named, here, lists, expected) in rows {
            assert_eq!(of_issuers(&named, &here, lists).grade, expected, "{named:?}");
        }
    }

    #[test]
    fn what_is_remembered_and_cannot_be_read_is_a_failure() {
        let none = Editions::default();
        assert_eq!(of_lists(&none, None).grade, Grade::Ok);
        assert_eq!(of_lists(&none, Some(b"[]")).grade, Grade::Ok);
        assert_eq!(of_lists(&none, Some(b"")).grade, Grade::Fail);
    }
}
