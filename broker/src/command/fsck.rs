//! `broker fsck`: the whole ledger recomputed from its entries, and the store held against it.
//!
//! Reads a snapshot and writes nothing; a running broker is not disturbed. Needs no key that is
//! secret: whoever holds a copy of the store and the verifier key can do the same.

use std::path::PathBuf;

use broker::config::Config;
use broker::ledger::fsck::{Report, check};
use broker::store::sqlite::SqliteRaw;
use clap::Args;
use proto::ledger::checkpoint::VerifierKey;

use super::failure::Failure;

/// Arguments of `broker fsck`.
#[derive(Debug, Args)]
pub(super) struct Fsck {
    /// The configuration, for the store and the ledger's key.
    #[arg(long, value_name = "FILE", default_value = "broker.toml", conflicts_with = "store")]
    config: PathBuf,
    /// A store, without its configuration.
    #[arg(long, value_name = "FILE", requires = "key")]
    store: Option<PathBuf>,
    /// The verifier key of its ledger, as `broker init` printed it.
    #[arg(long, value_name = "KEY", requires = "store")]
    key: Option<String>,
}

impl Fsck {
    /// Says what was read, and every fault that is kept.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (path, key) = match (self.store, self.key) {
            (Some(store), Some(key)) => (store, key),
            (None, _) | (_, None) => {
                let config = Config::load(&self.config)?;
                let key = broker::app::verifier_key(&config)?;
                (config.store.path, key)
            }
        };
        let verifier = VerifierKey::parse(&key)
            .map_err(|_| Failure::Argument { argument: "--key", rule: "is a verifier key" })?;
        if !path.is_file() {
            return Err(Failure::NoStore(path));
        }
        let report = check(&SqliteRaw::open(&path)?, Some(&verifier))?;
        for line in lines(&report) {
            println!("{line}");
        }
        if report.sound() {
            Ok(())
        } else {
            Err(Failure::Checks(format!("the store has faults ({})", report.faults_total)))
        }
    }
}

fn lines(report: &Report) -> Vec<String> {
    let Report { entries, messages, deliveries, releases, .. } = report;
    let mut lines = vec![format!(
        "read {entries} entries, {messages} messages, {deliveries} deliveries, {releases} releases"
    )];
    lines.push(match report.checkpoint_size {
        Some(size) => format!("the signed checkpoint over {size} entries is good"),
        None => "there is no signed checkpoint to check".to_owned(),
    });
    lines.extend(report.faults.iter().map(|fault| format!("fault: {fault}")));
    let kept = u64::try_from(report.faults.len()).unwrap_or(u64::MAX);
    let more = report.faults_total.saturating_sub(kept);
    if more > 0 {
        lines.push(format!("and {more} faults more"));
    }
    if report.sound() {
        lines.push("the store and its ledger are one".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use broker::ledger::fsck::FsckFault;

    use super::*;

    #[test]
    fn a_report_says_what_was_read_and_every_fault() {
        let sound = Report { entries: 4, messages: 1, deliveries: 2, ..Report::default() };
        let expected = [
            "read 4 entries, 1 messages, 2 deliveries, 0 releases",
            "there is no signed checkpoint to check",
            "the store and its ledger are one",
        ];
        assert_eq!(lines(&sound), expected);
        let faulty = Report {
            checkpoint_size: Some(3),
            faults: vec![FsckFault::HeadFrontier],
            faults_total: 3,
            ..sound
        };
        let expected = [
            "read 4 entries, 1 messages, 2 deliveries, 0 releases",
            "the signed checkpoint over 3 entries is good",
            "fault: the head's frontier is not what the entries give",
            "and 2 faults more",
        ];
        assert_eq!(lines(&faulty), expected);
    }
}
