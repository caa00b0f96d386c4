//! `broker admin`: changes to a running broker, each a ledger entry under the person who made it.
//!
//! Knows nothing of who may do what: the broker asks its directory.

mod bundle;

mod clock;

mod status;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use proto::admin::v1::{ApplyDirectoryRequest, SetStandingRequest};
use proto::limits::DIRECTORY_DOCUMENT_BYTES_MAX;

use super::bootstrap::{note_gaps, read_text};
use super::connector::Reach;
use super::failure::Failure;
use super::say;

/// Arguments of `broker admin`.
#[derive(Debug, Args)]
pub(super) struct Admin {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The directory: who takes part.
    #[command(subcommand)]
    Directory(Directory),
    /// Suspend an agency: its connections close within 5 seconds.
    Suspend {
        /// The agency's id.
        agency: String,
    },
    /// Let a suspended agency in again.
    Restore {
        /// The agency's id.
        agency: String,
    },
    /// Policy bundles: what may be shared.
    #[command(subcommand)]
    Bundle(Bundle),
    /// The broker's clock.
    #[command(subcommand)]
    Clock(Clock),
    /// How the broker stands.
    Status,
}

#[derive(Debug, Subcommand)]
enum Clock {
    /// Say that a clock which has moved is right: what expires and what was under embargo
    /// goes on by it.
    Confirm {
        /// The time it is by another clock, such as 2026-03-02T12:00:00Z.
        #[arg(value_name = "TIME")]
        time: String,
    },
}

#[derive(Debug, Subcommand)]
enum Directory {
    /// Bring the directory to a document and say what changed.
    Apply {
        /// The document.
        #[arg(value_name = "FILE")]
        document: PathBuf,
        /// Only say what would change.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Bundle {
    /// Check the bundle in a folder and propose it.
    Propose {
        /// The folder, with agreements/*.toml and agencies/*.cedar.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Approve a proposed bundle. Two different approvers put it in force.
    Approve {
        /// The bundle's hash, as `propose` printed it.
        #[arg(value_name = "HASH")]
        hash: String,
    },
}

impl Admin {
    /// Makes one call and says what came of it.
    pub(super) fn run(self) -> Result<(), Failure> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Failure::System { what: "an event loop", source })?
            .block_on(self.call())
    }

    async fn call(self) -> Result<(), Failure> {
        let reach = &self.reach;
        match self.verb {
            Verb::Directory(Directory::Apply { document, check }) => {
                apply(reach, &document, check).await
            }
            Verb::Suspend { agency } => set_standing(reach, agency, true).await,
            Verb::Restore { agency } => set_standing(reach, agency, false).await,
            Verb::Bundle(Bundle::Propose { folder }) => bundle::propose(reach, &folder).await,
            Verb::Bundle(Bundle::Approve { hash }) => bundle::approve(reach, hash).await,
            Verb::Clock(Clock::Confirm { time }) => clock::confirm(reach, &time).await,
            Verb::Status => status::show(reach).await,
        }
    }
}

async fn apply(reach: &Reach, path: &Path, check_only: bool) -> Result<(), Failure> {
    let document = read_text(path, DIRECTORY_DOCUMENT_BYTES_MAX)?;
    let mut client = reach.admin().await?;
    let request = ApplyDirectoryRequest { document, check_only };
    let answer = client.apply_directory(request.clone()).await?.into_inner();
    for item in &answer.changed {
        say(format_args!("changed {item}"))?;
    }
    for item in &answer.removed {
        say(format_args!("removed {item}"))?;
    }
    let (changed, removed) = (answer.changed.len(), answer.removed.len());
    let done = if check_only { "nothing was done; it would be" } else { "in force" };
    say(format_args!("{done}: {changed} changed, {removed} removed"))?;
    note_gaps(&request.document)
}

async fn set_standing(reach: &Reach, agency: String, suspended: bool) -> Result<(), Failure> {
    let mut client = reach.admin().await?;
    client.set_standing(SetStandingRequest { agency: agency.clone(), suspended }).await?;
    say(format_args!("{agency}: {}", if suspended { "suspended" } else { "in good standing" }))
}
