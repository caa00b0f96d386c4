//! `broker init`: a folder to begin from.
//!
//! Promises that nothing that exists is touched, that only the owner may enter the folder or
//! read a key, and that the configuration it writes is `deploy/broker.toml` but for the names it
//! was given.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use broker::config::Config;
use clap::Args;
use toml::Value;

use super::failure::Failure;
use super::say;

/// The configuration as it is shipped.
const CONFIGURATION: &str = include_str!("../../../../deploy/broker.toml");
/// Its two lines that are an operator's own.
const ORIGIN_LINE: &str = "origin = \"pyramid.example/ledger\"";
const DUTY_ROUTE_LINE: &str = "duty_route = \"0161 496 0160 (invented)\"";
/// The directory to fill in.
const DIRECTORY: &str = include_str!("directory.toml");
const TRUST_DOMAIN_LINE: &str = "trust_domain = \"pyramid.example\"";

/// Mode of a folder that holds keys or the store: its owner only.
const FOLDER_MODE: u32 = 0o700;
/// Mode of a file: its owner only.
const FILE_MODE: u32 = 0o600;

/// Arguments of `broker init`.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder: new or empty.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Trust domain of every identity, as issued certificates have it.
    #[arg(long, value_name = "DOMAIN", default_value = "pyramid.example")]
    trust_domain: String,
    /// Name of the ledger; TRUST_DOMAIN/ledger if not said. It is never changed in place.
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// Telephone route to a desk staffed day and night: every answer to an immediate message
    /// carries it.
    #[arg(long, value_name = "TEXT")]
    duty_route: String,
}

impl Init {
    /// Makes the folder and says what is to be done next.
    pub(super) fn run(self) -> Result<(), Failure> {
        if !is_trust_domain(&self.trust_domain) {
            return Err(Failure::Argument {
                argument: "--trust-domain",
                rule: "is a-z, 0-9, hyphen and dot",
            });
        }
        let configuration = self.configuration();
        // Before a key is made: what is written must be what `serve` takes.
        let config = Config::parse(&configuration, &self.folder)?;
        make_folder(&self.folder)?;
        for name in ["keys", "tls", "store"] {
            let folder = self.folder.join(name);
            let fault = |source| Failure::Write { path: folder.clone(), source };
            DirBuilder::new().mode(FOLDER_MODE).create(&folder).map_err(fault)?;
        }
        let keys = self.folder.join("keys");
        broker::app::write_keys(&keys)
            .map_err(|source| Failure::Write { path: keys.clone(), source })?;
        write(&self.folder.join("directory.toml"), &self.directory())?;
        // Last: a folder with a configuration is a whole one.
        write(&self.folder.join("broker.toml"), &configuration)?;
        let verifier_key = broker::app::verifier_key(&config)?;
        say(next_steps(&self.folder, &verifier_key))
    }

    fn configuration(&self) -> String {
        let ledger = || format!("{}/ledger", self.trust_domain);
        let origin = self.origin.clone().unwrap_or_else(ledger);
        CONFIGURATION
            .replace(ORIGIN_LINE, &line("origin", origin))
            .replace(DUTY_ROUTE_LINE, &line("duty_route", self.duty_route.clone()))
    }

    fn directory(&self) -> String {
        DIRECTORY.replace(TRUST_DOMAIN_LINE, &line("trust_domain", self.trust_domain.clone()))
    }
}

/// A line of TOML, quoted as TOML wants it.
fn line(key: &str, text: String) -> String {
    format!("{key} = {}", Value::String(text))
}

fn is_trust_domain(text: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
    };
    !text.is_empty() && text.bytes().all(allowed)
}

/// Makes the folder, or takes an empty one and closes it to others.
fn make_folder(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;

    let fault = |source| Failure::Write { path: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder).map_err(fault)?;
    let mut entries =
        fs::read_dir(folder).map_err(|source| Failure::Read { path: folder.to_owned(), source })?;
    if entries.next().is_some() {
        return Err(Failure::InUse(folder.to_owned()));
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(FOLDER_MODE)).map_err(fault)
}

fn write(path: &Path, content: &str) -> Result<(), Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| Failure::Write { path: path.to_owned(), source })
}

fn next_steps(folder: &Path, verifier_key: &str) -> String {
    let folder = folder.display();
    format!(
        "{folder}: made

The key that checks this ledger. Give it to every agency and auditor, by a way they trust:
  {verifier_key}

Next:
  1. Copy {folder}/keys to where no copy of the store is kept.
  2. Put certificate, key, authorities and revocation lists into {folder}/tls,
     under the names in {folder}/broker.toml.
  3. Fill in {folder}/directory.toml: issuing keys, agencies, and two people with the role
     of an operator. Then:
       broker bootstrap --config {folder}/broker.toml --directory {folder}/directory.toml
  4. broker doctor --config {folder}/broker.toml
  5. broker serve --config {folder}/broker.toml"
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn init(folder: &Path) -> Init {
        Init {
            folder: folder.to_owned(),
            trust_domain: "pyramid.example".to_owned(),
            origin: None,
            duty_route: "0161 496 0160 (invented)".to_owned(),
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_init_writes_is_what_is_shipped() {
        assert_eq!(init(Path::new("broker")).configuration(), CONFIGURATION);
        assert_eq!(init(Path::new("broker")).directory(), DIRECTORY);
    }

    #[test]
    fn names_are_put_in_their_place_and_quoted() {
        let mut init = init(Path::new("broker"));
        init.trust_domain = "north.example".to_owned();
        init.duty_route = "ask for \"duty\"".to_owned();
        let config = Config::parse(&init.configuration(), Path::new("")).unwrap();
        assert_eq!(config.ledger.origin, "north.example/ledger");
        assert_eq!(config.duty_route, "ask for \"duty\"");
        assert!(init.directory().contains("trust_domain = \"north.example\"\n"));
        init.origin = Some("north.example/second".to_owned());
        let config = Config::parse(&init.configuration(), Path::new("")).unwrap();
        assert_eq!(config.ledger.origin, "north.example/second");
    }

    #[test]
    fn only_the_owner_may_enter_and_the_keys_can_be_used() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("broker");
        init(&folder).run().unwrap();
        for name in ["", "keys", "tls", "store"] {
            assert_eq!(mode(&folder.join(name)), 0o700, "{name}");
        }
        for name in ["broker.toml", "directory.toml"] {
            assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
        }
        let config = Config::load(&folder.join("broker.toml")).unwrap();
        let keys = config.read_keys().unwrap();
        assert_ne!(keys.kek, keys.index);
    }

    #[test]
    fn a_folder_in_use_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("anything"), "kept").unwrap();
        assert!(matches!(init(folder.path()).run(), Err(Failure::InUse(_))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_faulty_name_is_refused_before_anything_is_made() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("broker");
        let mut faulty = init(&folder);
        faulty.origin = Some("two words".to_owned());
        assert!(matches!(faulty.run(), Err(Failure::Config(_))));
        let mut faulty = init(&folder);
        faulty.trust_domain = "North".to_owned();
        assert!(matches!(faulty.run(), Err(Failure::Argument { .. })));
        assert!(!folder.exists());
    }

    #[test]
    fn the_directory_to_fill_in_is_a_directory() {
        assert!(broker::directory::document::read(DIRECTORY).is_ok());
    }
}
