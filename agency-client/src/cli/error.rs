//! What makes a verb fail.
//!
//! Owns: one error over those of the library, with the file it happened on. Promises: its words
//! are for people at a terminal and hold no value out of a message.
//! Deliberately does not know: exit codes.

use super::message_json::MessageJsonError;
use crate::documents::DocumentError;
use crate::errors::{CallError, ConnectError};
use crate::flag_list::{FlagListError, MappingError};
use crate::hmpps::{FollowError, ListError, ProfileError};
use crate::settings::SettingsError;
use crate::subscription::SubscriptionError;
use crate::verify::VerifyError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a verb did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error("this program cannot start its runtime: {0}")]
    Runtime(io::Error),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Subscription(#[from] SubscriptionError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: is larger than {bytes_max} bytes, the most that such a file may have")]
    TooLarge { path: PathBuf, bytes_max: u64 },
    #[error("{path}: {source}")]
    Message { path: PathBuf, source: MessageJsonError },
    #[error("{}\nnothing was sent", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    NothingSent(Vec<CliError>),
    #[error("{0} is not known to this agency: no system of it has published a message by that id")]
    UnknownMessage(String),
    #[error("{path}: {source}")]
    Profile { path: PathBuf, source: ProfileError },
    #[error("{path}: {source}")]
    List { path: PathBuf, source: ListError },
    #[error("{path}: {source}\nnothing was sent")]
    FlagList { path: PathBuf, source: FlagListError },
    #[error("{path}: {source}")]
    Mapping { path: PathBuf, source: MappingError },
    #[error(transparent)]
    Follow(#[from] FollowError),
    #[error("{what} {rule}")]
    Argument { what: &'static str, rule: &'static str },
    #[error("{failed} of {all} were not published; each is named above")]
    NotAllPublished { failed: usize, all: usize },
    #[error(
        "an answer was lost inside this program ({0}); do it again, the same ids make that safe"
    )]
    LostAnswer(#[from] tokio::task::JoinError),
    #[error("nothing was put back: the desk has no dead letter of this id")]
    NotRedriven,
    #[error(
        "{path}: is good, and is not the receipt that was asked for. Keep the file and tell your information-governance lead"
    )]
    OtherReceipt { path: PathBuf },
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    /// An error on a file.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

impl From<tonic::Status> for CliError {
    fn from(status: tonic::Status) -> Self {
        Self::Call(CallError::from(status))
    }
}
