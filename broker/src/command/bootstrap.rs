//! `broker bootstrap`: the first directory of a new store.
//!
//! Afterwards the directory changes through the broker only, with a person's certificate.

use std::path::{Path, PathBuf};

use broker::config::Config;
use broker::directory::{Directory, document};
use clap::Args;
use proto::limits::DIRECTORY_DOCUMENT_BYTES_MAX;

use super::ConfigArgument;
use super::failure::Failure;
use super::say;

/// Arguments of `broker bootstrap`.
#[derive(Debug, Args)]
pub(super) struct Bootstrap {
    #[command(flatten)]
    config: ConfigArgument,
    /// The directory document.
    #[arg(long, value_name = "FILE")]
    directory: PathBuf,
}

impl Bootstrap {
    /// Refuses a store that has a directory already.
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.config.config)?;
        let document = read_text(&self.directory, DIRECTORY_DOCUMENT_BYTES_MAX)?;
        broker::app::bootstrap(&config, &document)?;
        say(format_args!("{}: in force", self.directory.display()))?;
        note_gaps(&document)?;
        say(format_args!("next: broker serve --config {}", self.config.config.display()))
    }
}

/// Says who can take no part yet under a document that is good.
pub(super) fn note_gaps(document: &str) -> Result<(), Failure> {
    let directory = document::read(document);
    for gap in directory.iter().flat_map(Directory::gaps) {
        say(format_args!("note {gap}"))?;
    }
    Ok(())
}

/// A whole text file of a bounded size.
pub(super) fn read_text(path: &Path, bytes_max: usize) -> Result<String, Failure> {
    let read = |source| Failure::Read { path: path.to_owned(), source };
    let length = std::fs::metadata(path).map_err(read)?.len();
    if usize::try_from(length).is_ok_and(|length| length > bytes_max) {
        return Err(Failure::TooLarge { path: path.to_owned(), bytes_max });
    }
    std::fs::read_to_string(path).map_err(read)
}
