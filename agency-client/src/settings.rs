//! What one agency system must know to reach the broker: the file `agency.toml`.
//!
//! Owns: the file's keys, their bounds, and where relative paths start (the file's own folder).
//! Promises: an unknown key is refused; every fault is reported at once; no secret stands in the
//! file, only the paths of secrets.
//! Deliberately does not know: whether the files named exist or hold what they should. They are
//! read at each connect, so that a renewed certificate is picked up without a restart.

use proto::ledger::checkpoint::VerifierKey;
use proto::limits::DIRECTORY_ID_CHARACTERS_MAX;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Messages that may be unanswered at once unless the file says otherwise.
pub const FLIGHT_MESSAGES_DEFAULT: usize = 256;
/// The most messages that may be unanswered at once.
pub const FLIGHT_MESSAGES_MAX: usize = 16_384;
/// How long connecting or one message's publication is tried unless the file says otherwise.
pub const PATIENCE_SECONDS_DEFAULT: u64 = 60;
/// The longest patience that can be set, seconds: one day.
pub const PATIENCE_SECONDS_MAX: u64 = 24 * 60 * 60;

const _: () = assert!(FLIGHT_MESSAGES_DEFAULT <= FLIGHT_MESSAGES_MAX);
const _: () = assert!(PATIENCE_SECONDS_DEFAULT <= PATIENCE_SECONDS_MAX);

/// The settings of one agency system.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the broker listens, `host:port`.
    pub broker: String,
    /// The name the broker's certificate must bear.
    pub server_name: ServerName<'static>,
    /// This system's certificate, with the issuing authority's after it (PEM).
    pub certificate: PathBuf,
    /// The certificate's private key (PEM).
    pub key: PathBuf,
    /// The roots the broker's certificate must lead to (PEM).
    pub authority: PathBuf,
    /// Where the last checkpoint seen is kept. Its folder must be writable.
    pub pin_file: PathBuf,
    /// The key that signs the ledger's checkpoints.
    pub verifier_key: VerifierKey,
    /// Desks this system serves; the first is the default of commands that need one.
    pub desks: Vec<String>,
    /// Messages that may be unanswered at once.
    pub flight_messages: usize,
    /// How long connecting is tried before an error is given.
    pub connect_patience: Duration,
    /// How long one message is tried before its outcome is called unknown.
    pub publish_patience: Duration,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("settings file {path}: cannot be read ({source}); name another with --settings")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not TOML with the known keys.
    #[error("settings: {0}")]
    Shape(String),
    /// Keys break their rules. All of them are listed.
    #[error("settings: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faults(Vec<SettingsFault>),
}

/// One key that breaks its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {rule}")]
pub struct SettingsFault {
    /// The key in the file.
    pub key: &'static str,
    /// The rule it breaks.
    pub rule: &'static str,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    broker: String,
    server_name: Option<String>,
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
    pin_file: PathBuf,
    verifier_key: String,
    #[serde(default)]
    desks: Vec<String>,
    flight_messages: Option<usize>,
    connect_patience_seconds: Option<u64>,
    publish_patience_seconds: Option<u64>,
}

impl Settings {
    /// Reads a settings file; relative paths in it start at its own folder.
    ///
    /// Refuses: `Unreadable`, and as [`Settings::parse`].
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new(".")))
    }

    /// Reads the text of a settings file that lies in `folder`.
    ///
    /// Refuses: `Shape` for a missing, unknown or mistyped key, `Faults` with every broken rule.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SettingsError> {
        let file: SettingsFile = toml::from_str(text).map_err(|error| shape(text, &error))?;
        let mut faults = Vec::new();
        let host = host_of(&file.broker);
        if host.is_none() {
            faults.push(fault("broker", "must be host:port"));
        }
        let name = file.server_name.as_deref().or(host).unwrap_or_default();
        let server_name = ServerName::try_from(name.to_owned());
        if server_name.is_err() {
            faults.push(fault("server_name", "must be a host name or an IP address"));
        }
        let verifier_key = VerifierKey::parse(&file.verifier_key);
        if verifier_key.is_err() {
            faults.push(fault(
                "verifier_key",
                "must be <name>+<key id>+<key>, as the broker's operators give it",
            ));
        }
        let desk_is_good = |desk: &String| is_id(desk, DIRECTORY_ID_CHARACTERS_MAX);
        if !file.desks.iter().all(desk_is_good) {
            faults.push(fault("desks", "must be directory ids: 1 to 40 of a-z, 0-9 and -"));
        }
        let flight_messages = file.flight_messages.unwrap_or(FLIGHT_MESSAGES_DEFAULT);
        if !(1..=FLIGHT_MESSAGES_MAX).contains(&flight_messages) {
            faults.push(fault("flight_messages", "must be 1 to 16384"));
        }
        let connect =
            patience("connect_patience_seconds", file.connect_patience_seconds, &mut faults);
        let publish =
            patience("publish_patience_seconds", file.publish_patience_seconds, &mut faults);
        let (Ok(server_name), Ok(verifier_key), true) =
            (server_name, verifier_key, faults.is_empty())
        else {
            return Err(SettingsError::Faults(faults));
        };
        Ok(Self {
            broker: file.broker,
            server_name,
            certificate: folder.join(file.certificate),
            key: folder.join(file.key),
            authority: folder.join(file.authority),
            pin_file: folder.join(file.pin_file),
            verifier_key,
            desks: file.desks,
            flight_messages,
            connect_patience: connect,
            publish_patience: publish,
        })
    }
}

/// What is wrong with the shape, and on which line if it is one line's fault.
fn shape(text: &str, error: &toml::de::Error) -> SettingsError {
    // A missing key is the fault of the whole text, and is said to be at its start.
    let span = error.span().filter(|span| span.start > 0);
    let before = span.and_then(|span| text.get(..span.start));
    SettingsError::Shape(match before {
        Some(before) => {
            format!("line {}: {}", before.matches('\n').count() + 1, error.message())
        }
        None => error.message().to_owned(),
    })
}

fn fault(key: &'static str, rule: &'static str) -> SettingsFault {
    SettingsFault { key, rule }
}

fn patience(key: &'static str, seconds: Option<u64>, faults: &mut Vec<SettingsFault>) -> Duration {
    let seconds = seconds.unwrap_or(PATIENCE_SECONDS_DEFAULT);
    if !(1..=PATIENCE_SECONDS_MAX).contains(&seconds) {
        faults.push(fault(key, "must be 1 to 86400"));
    }
    Duration::from_secs(seconds)
}

/// The host of `host:port`, brackets of an IPv6 address taken off.
fn host_of(broker: &str) -> Option<&str> {
    let (host, port) = broker.rsplit_once(':')?;
    port.parse::<u16>().ok().filter(|port| *port != 0)?;
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty()).then_some(host)
}

/// Whether a text is an id of the directory's form: 1 to `longest` of a-z, 0-9 and -.
pub(crate) fn is_id(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(more: &str) -> String {
        let key = VerifierKey::new("ledger.example", [7; 32]).unwrap().encode();
        format!(
            "broker = \"broker.example:7443\"\ncertificate = \"node.pem\"\nkey = \"node.key\"\n\
             authority = \"/etc/roots.pem\"\npin_file = \"state/head\"\nverifier_key = \"{key}\"\n{more}"
        )
    }

    #[test]
    fn relative_paths_start_at_the_files_folder_and_the_name_is_that_of_the_host() {
        let settings = Settings::parse(&file(""), Path::new("/srv/agency")).unwrap();
        assert_eq!(settings.certificate, Path::new("/srv/agency/node.pem"));
        assert_eq!(settings.authority, Path::new("/etc/roots.pem"));
        assert_eq!(settings.server_name, ServerName::try_from("broker.example").unwrap());
        assert_eq!(settings.flight_messages, 256);
        assert_eq!(settings.connect_patience, Duration::from_secs(60));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(matches!(
            Settings::parse(&file("retries = 3\n"), Path::new(".")),
            Err(SettingsError::Shape(_))
        ));
    }

    #[test]
    fn a_mistyped_value_is_named_by_its_line_and_a_missing_key_by_its_name() {
        let mistyped = file("").replace("\"broker.example:7443\"", "7443");
        let error = Settings::parse(&mistyped, Path::new(".")).unwrap_err().to_string();
        assert!(error.starts_with("settings: line 1: "), "{error}");
        let mistyped = file("").replace("\"node.key\"", "7");
        let error = Settings::parse(&mistyped, Path::new(".")).unwrap_err().to_string();
        assert!(error.starts_with("settings: line 3: "), "{error}");
        let missing = file("").replace("authority", "authorities");
        let error = Settings::parse(&missing, Path::new(".")).unwrap_err().to_string();
        assert!(
            error.starts_with("settings: line 4: ") && error.contains("authorities"),
            "{error}"
        );
        let missing = file("").replace("authority = \"/etc/roots.pem\"\n", "");
        let error = Settings::parse(&missing, Path::new(".")).unwrap_err().to_string();
        assert!(error.starts_with("settings: missing") && error.contains("authority"), "{error}");
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let text =
            file("desks = [\"Stockport\"]\nflight_messages = 0\npublish_patience_seconds = 0\n")
                .replace(":7443", "");
        let Err(SettingsError::Faults(faults)) = Settings::parse(&text, Path::new(".")) else {
            unreachable!("the text has faults")
        };
        let keys: Vec<_> = faults.iter().map(|fault| fault.key).collect();
        assert_eq!(
            keys,
            ["broker", "server_name", "desks", "flight_messages", "publish_patience_seconds"]
        );
    }
}
