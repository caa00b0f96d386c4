//! The files: who may read them, whether the keys are keys, and how long certificates last.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker::app;
use broker::clock::Clock;
use broker::config::Config;
use broker::listen::outward::Outward;
use broker::listen::{TlsFiles, TlsMaterial};
use broker::ops::traces::Collector;
use time::{Duration, OffsetDateTime};

use super::error_findings;
use super::finding::Finding;
use crate::command::failure::Failure;

/// Certificates: warned of so long before they end.
const CERTIFICATE_WARNING: Duration = Duration::days(30);
/// Revocation lists: they are short-lived, and renewed by somebody every day.
const REVOCATION_LIST_WARNING: Duration = Duration::days(2);
/// The newest of them: somebody who was revoked since is let in all that time.
const REVOCATION_LIST_AGE_WARNING: Duration = Duration::days(7);
/// How far a list's time may lie ahead of the clock.
const CLOCK_TOLERANCE: Duration = Duration::seconds(60);
/// Others than the owner may write.
const OTHERS_WRITE: u32 = 0o022;
/// Others than the owner may do anything.
const OTHERS_ANYTHING: u32 = 0o077;

/// Every file that the configuration names and that is not there, with what to do about it. The
/// store has its own check.
pub(super) fn there(config: &Config) -> Vec<Finding> {
    let absent = |(_, path): &(&str, &PathBuf)| !path.exists();
    let absent = config.paths().into_iter().filter(|(key, _)| *key != "store.path").filter(absent);
    absent
        .map(|(key, path)| {
            let mend = match key {
                "listen.certificate" | "listen.key" => {
                    "put the broker's own certificate and key there"
                }
                "listen.authorities" => "put the roots of callers' certificates there",
                "listen.revocation_lists" => {
                    "put a revocation list of every root and issuing authority there"
                }
                "ops.otlp_authorities" => "put the roots of the collector's certificate there",
                "notify.smtp_authorities" => "put the roots of the relay's certificate there",
                "notify.webhook_authorities" => "put the roots of receivers' certificates there",
                "notify.smtp_credentials" => {
                    "write the relay's user name and password there, a line each, mode 0600"
                }
                "notify.webhook_key" => "put 32 bytes of chance there, mode 0600",
                _ => "`broker init` made it: bring it back from the copy that was kept of keys",
            };
            Finding::fail(key, format!("{} is not there; {mend}", path.display()))
        })
        .collect()
}

/// The roots under which a collector of traces is reached.
pub(super) fn collector(config: &Config) -> Option<Finding> {
    const CHECK: &str = "ops.otlp_authorities";
    let traces = config.ops.traces.as_ref()?;
    let Collector::There { authorities, .. } = &traces.collector else { return None };
    if !authorities.exists() {
        return None;
    }
    Some(match Outward::under(authorities) {
        Ok(_) => Finding::ok(CHECK, "good"),
        Err(error) => Finding::fail(CHECK, format!("{error}; `serve` does not start without")),
    })
}

/// Whether notices can leave as configured, as far as files go: nobody is called.
pub(super) fn notices(config: &Config) -> Vec<Finding> {
    const CHECK: &str = "notify";
    let Some(options) = &config.notify else {
        return vec![Finding::ok(CHECK, "off: alarms stand in the log and the figures alone")];
    };
    // What is absent is told by others.
    if config.paths().iter().any(|(key, path)| key.starts_with(CHECK) && !path.exists()) {
        return Vec::new();
    }
    match config.read_notify_secrets() {
        Err(error) => error_findings(CHECK, &Failure::from(error)),
        Ok(secrets) => vec![match options.check(secrets) {
            Ok(()) => Finding::ok(CHECK, "good"),
            Err(error) => Finding::fail(CHECK, format!("{error}; `serve` does not start without")),
        }],
    }
}

/// Who may write what decides, and read what is secret. Key files are judged by [`keys`].
pub(super) fn rights(path: &Path, config: &Config) -> Vec<Finding> {
    let files = &config.listen.files;
    let mut findings = vec![
        judged("configuration file", path, OTHERS_WRITE),
        judged("folder of the store", config.store.folder(), OTHERS_ANYTHING),
    ];
    let rest = [
        ("listen.authorities", &files.authorities, OTHERS_WRITE),
        ("listen.revocation_lists", &files.revocation_lists, OTHERS_WRITE),
        ("listen.key", &files.key, OTHERS_ANYTHING),
        ("store.path", &config.store.path, OTHERS_ANYTHING),
    ];
    // What is absent is told by others.
    let rest = rest.into_iter().filter(|(_, path, _)| path.exists());
    findings.extend(rest.map(|(check, path, refused)| judged(check, path, refused)));
    findings
}

fn judged(check: &'static str, path: &Path, refused: u32) -> Finding {
    match fs::metadata(path) {
        Ok(known) => of_mode(check, known.permissions().mode(), refused),
        Err(error) => Finding::fail(
            check,
            format!("{} cannot be looked at: {error}; make it, or set its path", path.display()),
        ),
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
        Finding::fail(
            check,
            format!("mode {mode:04o}: others have rights to it; chmod go= takes them"),
        )
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
        of_age(material.revoked().editions().newest(), now),
    ]
}

/// How old the newest list is: one is brought every day, or whatever brings them stands still.
fn of_age(newest: Option<i64>, now: OffsetDateTime) -> Finding {
    const CHECK: &str = "newest revocation list";
    let made = newest.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let Some(age) = made.map(|made| now - made) else {
        return Finding::fail(CHECK, "does not say when it was made: get another");
    };
    if age < -CLOCK_TOLERANCE {
        Finding::fail(CHECK, "was made after the time of this machine's clock: set the clock")
    } else if age > REVOCATION_LIST_AGE_WARNING {
        Finding::warn(
            CHECK,
            format!("{} days old: look whether what brings new ones runs", age.whole_days()),
        )
    } else {
        Finding::ok(CHECK, format!("{} hours old", age.whole_hours().max(0)))
    }
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
        let past = format!("ran out {} days and {} hours ago: renew it at once", -days, -hours);
        Finding::fail(check, past)
    } else if left <= warning {
        Finding::warn(check, format!("{days} days and {hours} hours left: renew it in time"))
    } else {
        Finding::ok(check, format!("{days} days left"))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::super::finding::Grade;
    use super::*;

    #[test]
    fn rights_are_judged_by_what_others_may_do() {
        // (mode, rights that matter, verdict)
        let rows = [
            (0o600, OTHERS_ANYTHING, Finding::ok("x", "mode 0600")),
            (0o644, OTHERS_WRITE, Finding::ok("x", "mode 0644")),
            (0o640, OTHERS_ANYTHING, Finding::warn("x", "mode 0640: its group may read it")),
            (0o750, OTHERS_ANYTHING, Finding::warn("x", "mode 0750: its group may read it")),
            (
                0o644,
                OTHERS_ANYTHING,
                Finding::fail("x", "mode 0644: others have rights to it; chmod go= takes them"),
            ),
            (
                0o660,
                OTHERS_ANYTHING,
                Finding::fail("x", "mode 0660: others have rights to it; chmod go= takes them"),
            ),
            (
                0o664,
                OTHERS_WRITE,
                Finding::fail("x", "mode 0664: others have rights to it; chmod go= takes them"),
            ),
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
            (
                datetime!(2026-03-02 12:00 UTC),
                Finding::fail("x", "ran out 0 days and 0 hours ago: renew it at once"),
            ),
            (
                datetime!(2026-03-01 09:00 UTC),
                Finding::fail("x", "ran out 1 days and 3 hours ago: renew it at once"),
            ),
            (
                datetime!(2026-03-03 13:00 UTC),
                Finding::warn("x", "1 days and 1 hours left: renew it in time"),
            ),
            (
                datetime!(2026-03-09 12:00 UTC),
                Finding::warn("x", "7 days and 0 hours left: renew it in time"),
            ),
            (datetime!(2026-03-09 12:01 UTC), Finding::ok("x", "7 days left")),
        ];
        for (until, expected) in rows {
            assert_eq!(lasting("x", until, now, week), expected);
        }
    }

    #[test]
    fn the_newest_list_is_of_this_week_and_of_no_later_day() {
        let now = datetime!(2026-03-02 12:00 UTC);
        let rows = [
            (Some(datetime!(2026-03-02 09:00 UTC)), Grade::Ok),
            (Some(datetime!(2026-02-23 12:00 UTC)), Grade::Ok),
            (Some(datetime!(2026-02-23 11:59 UTC)), Grade::Warn),
            (Some(datetime!(2026-03-02 12:01 UTC)), Grade::Ok),
            (Some(datetime!(2026-03-02 12:02 UTC)), Grade::Fail),
            (None, Grade::Fail),
        ];
        for (made, expected) in rows {
            let seconds = made.map(OffsetDateTime::unix_timestamp);
            assert_eq!(of_age(seconds, now).grade, expected, "{made:?}");
        }
    }

    #[test]
    fn every_file_that_is_not_there_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let text = include_str!("../../../../deploy/broker.toml");
        let config = Config::parse(text, folder.path()).unwrap();
        let findings = there(&config);
        let keys: Vec<_> = findings.iter().map(|finding| finding.check).collect();
        let expected = [
            "listen.certificate",
            "listen.key",
            "listen.authorities",
            "listen.revocation_lists",
            "keys.key_encryption_key",
            "keys.index_key",
            "keys.ledger_key",
        ];
        assert_eq!(keys, expected);
        assert!(findings.iter().all(|finding| finding.says.contains(" is not there; ")));
    }
}
