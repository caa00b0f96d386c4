//! A broker, a queue, and the command `agency follow` between them.
//!
//! Owns: the files that the command reads, and its arguments. Deliberately does not know: what is
//! expected of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use tempfile::TempDir;
use tests::agency::Agency;
use tests::world::World;

use crate::gate::{Gate, KEY_ID, REGION, SECRET, TOKEN};
use crate::moto::{Moto, Queue};

/// A broker and a queue, with a gate before it.
pub struct Site {
    pub world: World,
    pub queue: Queue,
    pub gate: Gate,
    /// How long an event in hand is hidden at a time; it is extended at half of that.
    pub visibility_seconds: u64,
    folder: TempDir,
}

impl Site {
    /// Sets one up. `name`: of the queue; each test has its own.
    pub async fn set(name: &str) -> Self {
        let world = World::shipped().await;
        let queue = Moto::shared().queue(name);
        let gate = Gate::before(queue.address);
        let folder = TempDir::new().unwrap();
        let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/demo/night/import.toml");
        fs::copy(profile, folder.path().join("import.toml")).unwrap();
        let key = folder.path().join("import-id.key");
        fs::write(&key, [42; 32]).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        Self { world, queue, gate, visibility_seconds: 2, folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Messages that the broker holds.
    pub fn messages(&self) -> u64 {
        let raw = SqliteRaw::open(&self.world.stage.config().store.path).unwrap();
        fsck::check(&raw, None).unwrap().messages
    }

    /// Payloads held in quarantine.
    pub fn quarantined(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        let payloads = paths.filter(|path| path.extension().is_some_and(|e| e == "payload"));
        payloads.map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// The command, up to the source.
    fn command(&self, quarantine: &str, patience_seconds: u64) -> Command {
        self.world.stage.node("hmpps-prisons", "records").unwrap();
        let folder = self.world.stage.folder();
        let settings = fs::read_to_string(folder.join("hmpps-prisons.records.toml")).unwrap();
        let settings = format!("{settings}publish_patience_seconds = {patience_seconds}\n");
        let file = folder.join("follower.toml");
        fs::write(&file, settings).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_agency_under_test"));
        command.arg("--settings").arg(file).args(["--json", "follow", "--profile"]);
        command.arg(self.path("import.toml"));
        command.arg("--quarantine").arg(self.path(quarantine));
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_SESSION_TOKEN", TOKEN),
        ] {
            command.env(name, value);
        }
        command
    }

    /// Follows the queue by way of the gate.
    pub fn follow(&self, patience_seconds: u64, more: &[&str]) -> Agency {
        let endpoint = format!("http://{}", self.gate.address);
        self.follow_at(&endpoint, patience_seconds, more, |_| {})
    }

    /// The same at any address, in any environment.
    pub fn follow_at(
        &self,
        endpoint: &str,
        patience_seconds: u64,
        more: &[&str],
        environment: impl FnOnce(&mut Command),
    ) -> Agency {
        let mut command = self.command("held", patience_seconds);
        command.args(["--queue", &self.queue.url, "--region", REGION, "--endpoint", endpoint]);
        command.args(["--visibility-seconds", &self.visibility_seconds.to_string()]).args(more);
        environment(&mut command);
        Agency::start(&mut command, self.folder.path())
    }

    /// Follows a folder; with `--once` among the others, until nothing is left in it.
    pub fn follow_folder(&self, folder: &Path, patience_seconds: u64, more: &[&str]) -> Agency {
        let mut command = self.command("held-from-folder", patience_seconds);
        command.arg("--state").arg(self.path("position")).args(more).arg(folder);
        Agency::start(&mut command, self.folder.path())
    }
}
