//! A broker in a process of its own, so that it can be killed and its costs can be read.
//!
//! Owns both ends: what the child does ([`serve`]) and what its parent holds ([`Outside`]).
//! Promises that no child outlives its parent: it stops when its standard input ends, and so does
//! any other that asks for it ([`end_with_parent`]).
//! Deliberately does not know what is published.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use broker::app::App;
use broker::config::Config;
use broker::ops::disk::DiskWatch;
use demo::stage::{Script, Stage, StageError};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::sync::oneshot;

/// How long a child may take to listen. After a kill the store is recovered first.
const START_TIME: Duration = Duration::from_secs(60);
/// How long a child that was asked to stop may take before it is killed.
const STOP_TIME: Duration = Duration::from_secs(20);
/// How long calls may take to finish when the child stops.
const DRAIN_TIME: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(5);

/// Ends this process, whatever it is doing, once standard input ends, and so with whoever holds
/// the other end of that pipe. Does nothing where standard input is no pipe.
pub fn end_with_parent() {
    let stdin = std::fs::metadata("/proc/self/fd/0");
    if stdin.is_ok_and(|stdin| stdin.file_type().is_fifo()) {
        std::thread::spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(1);
        });
    }
}

/// Serves a configuration until standard input ends. What a child process does.
///
/// # Errors
/// The broker does not start, or a part it cannot do without stops.
pub fn serve(config: &Path) -> Result<(), StageError> {
    let config = Config::load(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (parent_gone, gone) = oneshot::channel();
        std::thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            let _ = parent_gone.send(());
        });
        let mut app = App::start(config.clone()).await?;
        let at_floor = Arc::clone(&app.sources.disk_floor);
        let store = &config.store;
        let disk = DiskWatch::new(store.folder(), store.disk_floor_mib, at_floor);
        disk.look();
        tokio::spawn(disk.run());
        tokio::select! {
            () = app.failed() => Err("a part of the broker has stopped".into()),
            _ = gone => {
                app.drain(DRAIN_TIME).await;
                Ok(())
            }
        }
    })
}

/// A stage whose broker runs in a process of its own.
pub struct Outside {
    stage: Stage,
    program: PathBuf,
    child: Option<Child>,
    folder: TempDir,
}

impl Outside {
    /// Sets a stage in a fresh folder, starts `program serve --config FILE` on it and has the
    /// script's bundle approved. `parent`: where the folder is made; `None` for the system's.
    ///
    /// # Errors
    /// The stage cannot be set, or the broker does not listen in time.
    pub async fn set(
        script: &Script,
        program: &Path,
        parent: Option<&Path>,
    ) -> Result<Self, StageError> {
        let folder = parent.map_or_else(TempDir::new, TempDir::new_in)?;
        #[expect(clippy::disallowed_methods, reason = "certificates are made for the real clock")]
        let now = OffsetDateTime::now_utc();
        let stage = Stage::set(folder.path(), script, now).await?;
        // Brokers of several tests run side by side: none may take the operators' usual port.
        let path = folder.path().join("broker.toml");
        let mut config = OpenOptions::new().append(true).open(path)?;
        config.write_all(b"\n[ops]\nmetrics_address = \"off\"\n")?;
        let mut outside = Self { stage, program: program.to_owned(), child: None, folder };
        outside.start().await?;
        outside.stage.approve(script).await?;
        Ok(outside)
    }

    /// Starts the broker and waits until it listens.
    ///
    /// # Errors
    /// It ends by itself, or does not listen within a minute.
    pub async fn start(&mut self) -> Result<(), StageError> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let child = Command::new(&self.program)
            .arg("serve")
            .arg("--config")
            .arg(self.folder.path().join("broker.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        let address = self.stage.address();
        let listening = async {
            loop {
                if let Some(status) = self.ended()? {
                    return Err::<(), StageError>(format!("the broker ended: {status}").into());
                }
                if TcpStream::connect(address).is_ok() {
                    return Ok(());
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(START_TIME, listening).await?
    }

    fn ended(&mut self) -> Result<Option<std::process::ExitStatus>, StageError> {
        Ok(self.child.as_mut().map(Child::try_wait).transpose()?.flatten())
    }

    /// Kills the broker as a lost machine would: no word, no time to finish anything.
    ///
    /// # Errors
    /// It is not running.
    pub fn kill(&mut self) -> Result<(), StageError> {
        let mut child = self.child.take().ok_or("the broker is not running")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Stops the broker in order, and kills it if that takes too long.
    ///
    /// # Errors
    /// It is not running, or ended with a failure.
    pub async fn stop(&mut self) -> Result<(), StageError> {
        drop(self.child.as_mut().and_then(|child| child.stdin.take()));
        let stopping = async {
            loop {
                if let Some(status) = self.ended()? {
                    let failed = || StageError::from(format!("the broker ended: {status}"));
                    return status.success().then_some(()).ok_or_else(failed);
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let stopped = tokio::time::timeout(STOP_TIME, stopping).await;
        if stopped.is_err() {
            self.kill()?;
        }
        self.child = None;
        stopped?
    }

    /// The broker's process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// What was set up.
    #[must_use]
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }

    /// What the broker wrote to its standard error.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("broker.log")
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // Nothing can be done about one that is gone already.
        let _ = self.kill();
    }
}
