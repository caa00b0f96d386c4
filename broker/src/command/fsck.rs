//! `broker fsck`: the whole ledger recomputed from its entries, and the store held against it.
//!
//! Reads a snapshot and writes nothing; a running broker is not disturbed. Needs no key that is
//! secret: whoever holds a copy of the store and the verifier key can do the same.

use std::path::{Path, PathBuf};

use broker::config::Config;
use broker::ledger::fsck::{FsckFault, Report, check_with};
use broker::store::sqlite::SqliteRaw;
use clap::Args;
use proto::ledger::checkpoint::{Checkpoint, VerifierKey, verify};
use proto::limits::FRAME_BYTES_MAX;

use super::bootstrap::read_text;
use super::failure::Failure;
use super::say;

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
    /// A signed checkpoint of this ledger that was kept elsewhere, such as the pin file of an
    /// agency's system: the entries are held against it too.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
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
            .map_err(|_| Failure::Argument { argument: "--key", rule: KEY_RULE })?;
        let kept = self.checkpoint.as_deref().map(|path| kept(path, &verifier)).transpose()?;
        if !path.is_file() {
            return Err(Failure::NoStore(path));
        }
        let report = check_with(&SqliteRaw::open(&path)?, Some(&verifier), kept.as_slice())?;
        for line in lines(&report) {
            say(line)?;
        }
        if report.sound() {
            Ok(())
        } else {
            Err(Failure::Checks(format!("the store has faults ({})", report.faults_total)))
        }
    }
}

const KEY_RULE: &str = "is the ledger's verifier key, NAME+8 hexadecimal digits+base64, as \
                        `broker init` and `broker doctor` print it";
const CHECKPOINT_RULE: &str = "is a checkpoint of this ledger, signed by its key";
const NO_CHECKPOINT: &str = "A broker signs a checkpoint before it serves, so this one was taken \
     away, or the copy is of the file alone while a broker wrote its -wal beside it. Copy both \
     files, or name a checkpoint that was kept elsewhere with --checkpoint FILE: the pin file of \
     any agency's system is one";

/// A checkpoint that somebody else kept.
fn kept(path: &Path, verifier: &VerifierKey) -> Result<Checkpoint, Failure> {
    let note = read_text(path, FRAME_BYTES_MAX)?;
    verify(&note, verifier)
        .ok()
        .filter(|checkpoint| checkpoint.origin == verifier.name())
        .ok_or(Failure::Argument { argument: "--checkpoint", rule: CHECKPOINT_RULE })
}

fn lines(report: &Report) -> Vec<String> {
    let Report { entries, messages, deliveries, releases, .. } = report;
    let mut lines = vec![format!(
        "read {entries} entries, {messages} messages, {deliveries} deliveries, {releases} releases"
    )];
    lines.push(match report.checkpoint_size {
        Some(size) => format!("the signed checkpoint over {size} entries is good"),
        None => "no signed checkpoint was found good".to_owned(),
    });
    lines.extend(report.faults.iter().map(|fault| format!("fault: {fault}")));
    let kept = u64::try_from(report.faults.len()).unwrap_or(u64::MAX);
    let more = report.faults_total.saturating_sub(kept);
    if more > 0 {
        lines.push(format!("and {more} faults more"));
    }
    if report.faults.contains(&FsckFault::CheckpointMissing) {
        lines.push(NO_CHECKPOINT.to_owned());
    }
    if report.sound() {
        lines.push("the store and its ledger are one".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_was_read_and_every_fault() {
        let sound = Report { entries: 4, messages: 1, deliveries: 2, ..Report::default() };
        let expected = [
            "read 4 entries, 1 messages, 2 deliveries, 0 releases",
            "no signed checkpoint was found good",
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
        let bare = Report { faults: vec![FsckFault::CheckpointMissing], faults_total: 1, ..faulty };
        let told = lines(&bare);
        assert!(told.last().is_some_and(|line| line.contains("--checkpoint FILE")), "{told:?}");
    }
}
