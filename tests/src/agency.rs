//! The command `agency` in a process of its own, and what it wrote.
//!
//! Promises: no process outlives its test, however that ends: the program that is started must end
//! when its standard input does. Deliberately does not know: which program that is, what
//! it is told to do, and what is expected of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop here")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::world::id;

/// How long a test waits for what must come; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// A running command, and what it wrote.
pub struct Agency {
    child: Child,
    output: PathBuf,
    errors: PathBuf,
}

impl Agency {
    /// Starts a command whose arguments are given. Its standard input stays open for as long as
    /// this is held. `folder`: where what it writes is kept.
    pub fn start(command: &mut Command, folder: &Path) -> Self {
        let name = id();
        let output = folder.join(format!("{name}.output"));
        let errors = folder.join(format!("{name}.errors"));
        let child = command
            .stdin(Stdio::piped())
            .stdout(File::create(&output).unwrap())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        Self { child, output, errors }
    }

    /// What was written to standard output.
    pub fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap()
    }

    /// The lines of standard output, written with `--json`.
    pub fn rows(&self) -> Vec<Value> {
        self.output().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What was written to standard error.
    pub fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills it, as a lost machine would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets go of it, as a test does that is killed itself.
    pub fn abandon(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Tells it to end, as a supervisor does.
    pub fn terminate(&self) {
        let signal = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &signal]).status().unwrap().success());
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        until("the command ends", || !self.runs()).await;
        self.child.wait().unwrap()
    }
}

impl Drop for Agency {
    fn drop(&mut self) {
        // Nothing can be done about one that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds that another process brings about.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let holding = async {
        while !holds() {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(PATIENCE, holding).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}
