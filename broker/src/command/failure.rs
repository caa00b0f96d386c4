//! Why a verb failed, in lines a duty operator can act on.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use broker::app::AppError;
use broker::config::ConfigError;
use broker::ledger::journal::StoreError;
use thiserror::Error;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::connector::ConnectFailure;

/// Why a verb failed.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The broker itself.
    #[error(transparent)]
    App(#[from] AppError),
    /// The store, read from outside the broker.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no store yet.
    #[error("there is no store at {}; `broker bootstrap` makes it", .0.display())]
    NoStore(PathBuf),
    /// A file or folder could not be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file or folder could not be made.
    #[error("{} cannot be written", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The folder is in use.
    #[error("{} exists and is not empty; nothing in it was touched", .0.display())]
    InUse(PathBuf),
    /// A file is larger than the protocol takes.
    #[error("{} is larger than {bytes_max} bytes", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Bytes at most.
        bytes_max: usize,
    },
    /// A bundle's folder holds what no bundle does.
    #[error("{} has no place in a bundle: agreements/*.toml and agencies/*.cedar have", .0.display())]
    NotOfABundle(PathBuf),
    /// An argument breaks a rule.
    #[error("{argument} {rule}")]
    Argument {
        /// Which.
        argument: &'static str,
        /// The rule.
        rule: &'static str,
    },
    /// The system refused what a process needs.
    #[error("the system refuses {what}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The broker could not be reached.
    #[error(transparent)]
    Connect(#[from] ConnectFailure),
    /// The broker refused a call.
    #[error("the broker refused: {}", .0.message())]
    Call(Box<Status>),
    /// The connection ended before the answer came.
    #[error(
        "the connection ended before an answer came: is this person in the directory, and the \
         certificate not revoked? If it was a change, `broker admin status` tells more"
    )]
    NoAnswer,
    /// A part of the broker stopped by itself.
    #[error("a part the broker cannot do without has stopped; see the log")]
    PartStopped,
    /// What was to be said could not be written.
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
    /// Some check failed; it has been told already.
    #[error("{0}")]
    Checks(String),
}

impl From<Status> for Failure {
    /// Whatever the broker itself says carries its refusal code (google.rpc.ErrorInfo); what the
    /// transport made up does not.
    fn from(status: Status) -> Self {
        let unsaid = status.get_details_error_info().is_none();
        match status.code() {
            Code::Unavailable | Code::Unknown if unsaid => Self::NoAnswer,
            _ => Self::Call(Box::new(status)),
        }
    }
}

impl Failure {
    /// What to say: the failure, every fault of it by name, and its causes. Nothing, if whoever
    /// read the output has gone: they have read what they wanted.
    pub(super) fn lines(&self) -> Vec<String> {
        if matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            return Vec::new();
        }
        let mut lines = vec![format!("broker: {self}")];
        lines.extend(self.faults().into_iter().map(|fault| format!("  {fault}")));
        let mut cause = self.source();
        while let Some(reason) = cause {
            lines.push(format!("  because: {reason}"));
            cause = reason.source();
        }
        lines
    }

    fn faults(&self) -> Vec<String> {
        match self {
            Self::Config(error) | Self::App(AppError::Config(error)) => {
                error.faults().iter().map(ToString::to_string).collect()
            }
            Self::Call(status) => call_faults(status),
            Self::App(_)
            | Self::Store(_)
            | Self::NoStore(_)
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::InUse(_)
            | Self::TooLarge { .. }
            | Self::NotOfABundle(_)
            | Self::Argument { .. }
            | Self::System { .. }
            | Self::Connect(_)
            | Self::NoAnswer
            | Self::PartStopped
            | Self::Output(_)
            | Self::Checks(_) => Vec::new(),
        }
    }
}

/// Every faulty field of a refused call (google.rpc.BadRequest).
fn call_faults(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let fields = details.bad_request().map(|bad| bad.field_violations.as_slice());
    let fields = fields.unwrap_or_default().iter();
    fields.map(|fault| format!("{}: {}", fault.field, fault.description)).collect()
}
