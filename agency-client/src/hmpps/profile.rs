//! On what footing an import shares: purpose, power, basis, marking, who answers for it, and the
//! key of its ids.
//!
//! Owns: the profile's TOML form. Promises: every fault is reported at once, by key and rule and
//! never by value; an unknown key is refused; a key file that others may read is not used; `Debug`
//! shows neither key nor person. Deliberately does not know: whether an agreement allows what the
//! profile states. The broker decides that.

use std::fmt;
use std::path::{Path, PathBuf};

use proto::exchange::v1::{Gateway, LawfulBasis, Marking, Purpose, SensitiveCondition};
use proto::text::Named;
use uuid::Uuid;

use crate::files::read_start;
use crate::private_file::{self, PrivateFileFault};

mod section;

pub use section::{FlagShare, Footing, IdentityShare, Shares};

/// Largest profile, in bytes.
const PROFILE_BYTES_MAX: u64 = 64 * 1024;
/// Largest key file, in bytes.
const KEY_FILE_BYTES_MAX: u64 = 1024;

/// The footing of an import.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportProfile {
    /// Why the events are shared.
    pub purpose: Purpose,
    /// Power to share them.
    pub gateway: Gateway,
    /// Lawful basis of the sender's processing.
    pub lawful_basis: LawfulBasis,
    /// Condition for sensitive data; `Unspecified` where none is claimed.
    pub sensitive_condition: SensitiveCondition,
    /// Marking of every message: OFFICIAL or OFFICIAL-SENSITIVE.
    pub marking: Marking,
    /// UUID of the service person who answers for the import (36-character form, lower case).
    pub acting_person: String,
    /// Key of the message ids. Whoever has it can test whose event an id belongs to. Changing it
    /// changes every id, so that events imported before would be sent again.
    pub id_key: [u8; 32],
    /// Where it is remembered what was told, so that its end can be told; `None` where nothing is.
    pub memory_file: Option<PathBuf>,
    /// What is shared beside movements.
    pub shares: Shares,
}

impl fmt::Debug for ImportProfile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ImportProfile")
            .field("purpose", &self.purpose)
            .field("gateway", &self.gateway)
            .field("lawful_basis", &self.lawful_basis)
            .field("sensitive_condition", &self.sensitive_condition)
            .field("marking", &self.marking)
            .field("shares", &self.shares)
            .finish_non_exhaustive()
    }
}

/// Why a profile was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The profile cannot be read from disk.
    #[error("the profile cannot be read ({0})")]
    Unreadable(#[source] std::io::Error),
    /// The key file cannot be read from disk.
    #[error("`id_key_file`: {path} cannot be read ({source})")]
    KeyUnreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others than its owner have a right to the key file.
    #[error(
        "`id_key_file`: {path}: the file's mode is {mode:04o} and must be 0600 or 0400: nobody but its owner may read it; run `chmod 600 {path}`"
    )]
    KeyOpen {
        /// Which file.
        path: PathBuf,
        /// The mode found.
        mode: u32,
    },
    /// The text is not TOML: where it stops being so, counted from 1. The reader's own message is
    /// left out, because it quotes the text.
    #[error("line {line} is not TOML, or gives a key for the second time")]
    NotToml {
        /// Line.
        line: usize,
    },
    /// Keys that break a rule, unknown and missing ones among them: every one of them.
    #[error("the profile has faults: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faults(Vec<ProfileFault>),
    /// The key file holds neither 32 bytes nor 64 hexadecimal digits.
    #[error("`id_key_file`: {path} must hold 32 bytes, or 64 hexadecimal digits on one line")]
    KeyShape {
        /// Which file.
        path: PathBuf,
    },
}

/// One key of a profile that breaks its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {rule}")]
pub struct ProfileFault {
    /// The key, as the file writes it.
    pub key: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

/// The keys of a profile.
const KEYS: [&str; 8] = [
    "purpose",
    "gateway",
    "lawful_basis",
    "sensitive_condition",
    "marking",
    "acting_person",
    "id_key_file",
    "memory_file",
];

/// The profile as it is written. A value that is missing or no text is empty, and a fault.
struct Written {
    purpose: String,
    gateway: String,
    lawful_basis: String,
    sensitive_condition: Option<String>,
    marking: String,
    acting_person: String,
    id_key_file: PathBuf,
    memory_file: Option<PathBuf>,
    sections: section::Written,
    faults: Faults,
}

/// The faults found so far, one a key.
#[derive(Default)]
struct Faults(Vec<ProfileFault>);

impl Faults {
    fn add(&mut self, key: &str, rule: &'static str) {
        // What is missing or no text is at fault already; its empty value is no second fault.
        if self.0.iter().all(|fault| fault.key != key) {
            self.0.push(ProfileFault { key: key.to_owned(), rule });
        }
    }
}

impl ImportProfile {
    /// Reads a profile and the key file it names. A relative key or memory file stands beside the
    /// profile.
    ///
    /// # Errors
    /// [`ProfileError`], with every faulty key at once.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let text = read_bounded(path, PROFILE_BYTES_MAX).map_err(ProfileError::Unreadable)?;
        let text = String::from_utf8(text).map_err(|error| ProfileError::NotToml {
            line: line_of(error.as_bytes(), error.utf8_error().valid_up_to()),
        })?;
        let written = Written::read(&text)?;
        let beside = path.parent().unwrap_or(Path::new(""));
        let key_file = beside.join(&written.id_key_file);
        // The keys of the profile come first: the key file may not be named at all.
        let profile = written.check([0; 32])?;
        let memory_file = profile.memory_file.as_ref().map(|file| beside.join(file));
        Ok(Self { id_key: read_key(key_file)?, memory_file, ..profile })
    }

    /// Reads a profile whose key is at hand already; the file that the text names is not opened.
    ///
    /// # Errors
    /// [`ProfileError::NotToml`] and [`ProfileError::Faults`].
    pub fn from_toml(text: &str, id_key: [u8; 32]) -> Result<Self, ProfileError> {
        Written::read(text)?.check(id_key)
    }
}

impl Written {
    /// Reads the keys; refuses only what is not TOML.
    fn read(text: &str) -> Result<Self, ProfileError> {
        let mut table: toml::Table = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            ProfileError::NotToml { line: line_of(text.as_bytes(), start) }
        })?;
        let mut faults = Faults::default();
        let sections = section::Written::take(&mut table, &mut faults);
        for key in table.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            faults.add(key, "is not a known key");
        }
        let mut optional = |key: &str, faults: &mut Faults| match table.remove(key)? {
            toml::Value::String(text) => Some(text),
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_)
            | toml::Value::Table(_) => {
                faults.add(key, "must be a text in quotation marks");
                Some(String::new())
            }
        };
        let sensitive_condition = optional("sensitive_condition", &mut faults);
        let memory_file = optional("memory_file", &mut faults).map(PathBuf::from);
        if memory_file.as_ref().is_some_and(|file| file.file_name().is_none()) {
            faults.add("memory_file", "must name a file");
        }
        let mut required = |key: &str| {
            optional(key, &mut faults).unwrap_or_else(|| {
                faults.add(key, "must be given");
                String::new()
            })
        };
        Ok(Self {
            purpose: required("purpose"),
            gateway: required("gateway"),
            lawful_basis: required("lawful_basis"),
            sensitive_condition,
            marking: required("marking"),
            acting_person: required("acting_person"),
            id_key_file: required("id_key_file").into(),
            memory_file,
            sections,
            faults,
        })
    }

    fn check(self, id_key: [u8; 32]) -> Result<ImportProfile, ProfileError> {
        let mut faults = self.faults;
        let purpose = named(&self.purpose, "purpose", "must be a known purpose", &mut faults);
        let gateway =
            named(&self.gateway, "gateway", "must be a known power to share", &mut faults);
        let basis = named(&self.lawful_basis, "lawful_basis", "must be a known basis", &mut faults);
        let condition = match &self.sensitive_condition {
            None => Some(SensitiveCondition::Unspecified),
            Some(name) => {
                named(name, "sensitive_condition", "must be a known condition", &mut faults)
            }
        };
        let nothing_higher = "must be official or official_sensitive: nothing higher is carried";
        let marking = named(&self.marking, "marking", nothing_higher, &mut faults)
            .filter(|marking| matches!(marking, Marking::Official | Marking::OfficialSensitive));
        if marking.is_none() {
            faults.add("marking", nothing_higher);
        }
        let person = Uuid::try_parse(&self.acting_person)
            .ok()
            .filter(|id| self.acting_person.len() == 36 && !id.is_nil());
        if person.is_none() {
            faults.add("acting_person", "must be a UUID in its 36-character form");
        }
        let main = match (purpose, gateway, basis, condition) {
            (Some(purpose), Some(gateway), Some(lawful_basis), Some(sensitive_condition)) => {
                Some(Footing { purpose, gateway, lawful_basis, sensitive_condition })
            }
            _ => None,
        };
        let shares = self.sections.check(main.as_ref(), &mut faults);
        match (main, marking, person, faults.0.is_empty()) {
            (Some(main), Some(marking), Some(id), true) => Ok(ImportProfile {
                purpose: main.purpose,
                gateway: main.gateway,
                lawful_basis: main.lawful_basis,
                sensitive_condition: main.sensitive_condition,
                marking,
                acting_person: id.to_string(),
                id_key,
                memory_file: self.memory_file,
                shares,
            }),
            _ => Err(ProfileError::Faults(faults.0)),
        }
    }
}

/// The value with this written name. `unspecified` is a name of the protocol, and no answer.
fn named<T: Named>(name: &str, key: &str, rule: &'static str, faults: &mut Faults) -> Option<T> {
    let value = (name != "unspecified").then(|| T::from_name(name)).flatten();
    if value.is_none() {
        faults.add(key, rule);
    }
    value
}

/// The line of a byte, counted from 1.
fn line_of(text: &[u8], at: usize) -> usize {
    text.iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

fn read_bounded(path: &Path, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let content = read_start(std::fs::File::open(path)?, bytes_max)?;
    if content.len() as u64 > bytes_max {
        return Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge));
    }
    Ok(content)
}

/// Reads the key of the ids, which nobody but its owner may be able to read.
fn read_key(path: PathBuf) -> Result<[u8; 32], ProfileError> {
    let content = match private_file::read(&path, KEY_FILE_BYTES_MAX) {
        Ok(content) => content,
        Err(PrivateFileFault::Mode(mode)) => return Err(ProfileError::KeyOpen { path, mode }),
        Err(PrivateFileFault::Unreadable(source)) => {
            return Err(ProfileError::KeyUnreadable { path, source });
        }
        Err(PrivateFileFault::NotAFile | PrivateFileFault::TooLarge) => {
            return Err(ProfileError::KeyShape { path });
        }
    };
    id_key(&content).ok_or(ProfileError::KeyShape { path })
}

/// A key of 32 bytes as they are, or as 64 hexadecimal digits with white space around them.
fn id_key(content: &[u8]) -> Option<[u8; 32]> {
    if let Ok(key) = <[u8; 32]>::try_from(content) {
        return Some(key);
    }
    let mut key = [0; 32];
    hex::decode_to_slice(content.trim_ascii(), &mut key).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests;
