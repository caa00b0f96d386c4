//! The files: who may read them, whether the keys are keys, and how long certificates last.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use broker::app;
use broker::clock::Clock;
use broker::config::Config;
use broker::listen::{TlsFiles, TlsMaterial};
use time::{Duration, OffsetDateTime};

use super::error_findings;
use super::finding::Finding;
use crate::command::failure::Failure;

/// Certificates: warned of so long before they end.
const CERTIFICATE_WARNING: Duration = Duration::days(30);
/// Revocation lists: they are short-lived, and renewed by somebody every day.
const REVOCATION_LIST_WARNING: Duration = Duration::days(2);
/// Others than the owner may write.
const OTHERS_WRITE: u32 = 0o022;
/// Others than the owner may do anything.
const OTHERS_ANYTHING: u32 = 0o077;

/// Who may write what decides, and read what is secret. Key files are judged by [`keys`].
pub(super) fn rights(path: &Path, config: &Config) -> Vec<Finding> {
    let files = &config.listen.files;
    let mut findings = vec![
        judged("configuration file", path, OTHERS_WRITE),
        judged("listen.authorities", &files.authorities, OTHERS_WRITE),
        judged("listen.revocation_lists", &files.revocation_lists, OTHERS_WRITE),
        judged("listen.key", &files.key, OTHERS_ANYTHING),
        judged("folder of the store", config.store.folder(), OTHERS_ANYTHING),
    ];
    if config.store.path.exists() {
        findings.push(judged("store.path", &config.store.path, OTHERS_ANYTHING));
    }
    findings
}

fn judged(check: &'static str, path: &Path, refused: u32) -> Finding {
    match fs::metadata(path) {
        Ok(known) => of_mode(check, known.permissions().mode(), refused),
        Err(_) => Finding::fail(check, "cannot be looked at: is it there?"),
    }
}

/// The rights that nobody else may have are a failure; merely the group's reading of a secret is
/// a warning, because some machines hand secrets over that way.
fn of_mode(check: &'static str, mode: u32, refused: u32) -> Finding {
    const GROUP_READS: u32 = 0o050;
    let found = mode & refused;
    let mode = mode & 0o777;
    if found == 0 {
        Finding::ok(check, format!("mode {mode:04o}"))
    } else if found & !GROUP_READS == 0 {
        Finding::warn(check, format!("mode {mode:04o}: its group may read it"))
    } else {
        Finding::fail(check, format!("mode {mode:04o}: others have rights to it"))
    }
}

/// The three key files.
pub(super) fn keys(config: &Config) -> Vec<Finding> {
    match app::verifier_key(config) {
        Ok(verifier) => {
            vec![Finding::ok("keys", format!("good; the ledger's verifier is {verifier}"))]
        }
        Err(error) => error_findings("keys", &Failure::from(error)),
    }
}

/// Certificate, authorities and revocation lists.
pub(super) fn tls(files: &TlsFiles, clock: &Arc<dyn Clock>) -> Vec<Finding> {
    let now = clock.now();
    let material = match TlsMaterial::load(files, clock) {
        Ok(material) => material,
        Err(error) => return vec![Finding::fail("tls files", error.to_string())],
    };
    let certificate = material.certificate_not_after();
    let authorities = material.authorities_not_after();
    let lists = material.revoked().next_update();
    vec![
        Finding::ok("tls files", "belong together"),
        lasting("certificate", certificate, now, CERTIFICATE_WARNING),
        lasting("authorities", authorities, now, CERTIFICATE_WARNING),
        lasting("revocation lists", lists, now, REVOCATION_LIST_WARNING),
    ]
}

fn lasting(
    check: &'static str,
    until: OffsetDateTime,
    now: OffsetDateTime,
    warning: Duration,
) -> Finding {
    let left = until - now;
    let (days, hours) = (left.whole_days(), left.whole_hours() % 24);
    if left <= Duration::ZERO {
        Finding::fail(check, format!("ran out {} days and {} hours ago", -days, -hours))
    } else if left <= warning {
        Finding::warn(check, format!("{days} days and {hours} hours left"))
    } else {
        Finding::ok(check, format!("{days} days left"))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn rights_are_judged_by_what_others_may_do() {
        // (mode, rights that matter, verdict)
        let rows = [
            (0o600, OTHERS_ANYTHING, Finding::ok("x", "mode 0600")),
            (0o644, OTHERS_WRITE, Finding::ok("x", "mode 0644")),
            (0o640, OTHERS_ANYTHING, Finding::warn("x", "mode 0640: its group may read it")),
            (0o750, OTHERS_ANYTHING, Finding::warn("x", "mode 0750: its group may read it")),
            (0o644, OTHERS_ANYTHING, Finding::fail("x", "mode 0644: others have rights to it")),
            (0o660, OTHERS_ANYTHING, Finding::fail("x", "mode 0660: others have rights to it")),
            (0o664, OTHERS_WRITE, Finding::fail("x", "mode 0664: others have rights to it")),
        ];
        for (mode, refused, expected) in rows {
            assert_eq!(of_mode("x", 0o100_000 | mode, refused), expected, "{mode:o}");
        }
    }

    #[test]
    fn what_ran_out_fails_and_what_soon_will_is_warned_of() {
        let now = datetime!(2026-03-02 12:00 UTC);
        let week = Duration::days(7);
        let rows = [
            (datetime!(2026-03-02 12:00 UTC), Finding::fail("x", "ran out 0 days and 0 hours ago")),
            (datetime!(2026-03-01 09:00 UTC), Finding::fail("x", "ran out 1 days and 3 hours ago")),
            (datetime!(2026-03-03 13:00 UTC), Finding::warn("x", "1 days and 1 hours left")),
            (datetime!(2026-03-09 12:00 UTC), Finding::warn("x", "7 days and 0 hours left")),
            (datetime!(2026-03-09 12:01 UTC), Finding::ok("x", "7 days left")),
        ];
        for (until, expected) in rows {
            assert_eq!(lasting("x", until, now, week), expected);
        }
    }
}
