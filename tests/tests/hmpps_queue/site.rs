//! A broker, a queue, and the command `agency follow` between them.
//!
//! Owns: the files that the command reads, its process, and what it wrote. Promises: no process
//! outlives its test. Deliberately does not know: what is expected of them.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use broker::ledger::fsck;
use broker::store::sqlite::SqliteRaw;
use serde_json::Value;
use tempfile::TempDir;
use tests::world::World;

use crate::gate::{Gate, KEY_ID, REGION, SECRET, TOKEN};
use crate::moto::{Moto, Queue};

/// How long a test waits for what must come; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// A broker and a queue, with a gate before it.
pub struct Site {
    pub world: World,
    pub queue: Queue,
    pub gate: Gate,
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
        Self { world, queue, gate, folder }
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

    /// Follows the queue by way of the gate, with two seconds of visibility.
    pub fn follow(&self, patience_seconds: u64, more: &[&str]) -> Follower {
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
    ) -> Follower {
        let mut command = self.command("held", patience_seconds);
        command.args(["--queue", &self.queue.url, "--region", REGION, "--endpoint", endpoint]);
        command.args(["--visibility-seconds", "2"]).args(more);
        environment(&mut command);
        Follower::start(command, self.folder.path())
    }

    /// Follows a folder until nothing is left in it.
    pub fn follow_folder(&self, folder: &Path) -> Follower {
        let mut command = self.command("held-from-folder", 10);
        command.arg("--state").arg(self.path("position")).arg("--once").arg(folder);
        Follower::start(command, self.folder.path())
    }
}

/// A running command, and what it wrote.
pub struct Follower {
    child: Child,
    output: PathBuf,
    errors: PathBuf,
}

impl Follower {
    fn start(mut command: Command, folder: &Path) -> Self {
        let files = fs::read_dir(folder).unwrap().count();
        let output = folder.join(format!("{files}.output"));
        let errors = folder.join(format!("{files}.errors"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&output).unwrap())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        Self { child, output, errors }
    }

    /// The lines written to standard output.
    pub fn rows(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.output).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What was written to standard error.
    pub fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap()
    }

    /// Kills it, as a lost machine would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to end, as a supervisor does.
    pub fn terminate(&self) {
        let signal = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &signal]).status().unwrap().success());
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        until("the follower ends", || !self.runs()).await;
        self.child.wait().unwrap()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Nothing can be done about one that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let holding = async {
        while !holds() {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(PATIENCE, holding).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}
