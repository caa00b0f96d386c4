//! On what footing an import shares: purpose, power, basis, marking, who answers for it, and the
//! key of its ids.
//!
//! Owns: the profile's TOML form. Promises: every fault is reported at once, by key and rule and
//! never by value; an unknown key is refused; `Debug` shows neither key nor person. Deliberately
//! does not know: whether an agreement allows what the profile states. The broker decides that.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use proto::exchange::v1::{Gateway, LawfulBasis, Marking, Purpose, SensitiveCondition};
use proto::text::Named;
use serde::Deserialize;
use uuid::Uuid;

/// Largest profile, in bytes.
const PROFILE_BYTES_MAX: u64 = 64 * 1024;

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
            .finish_non_exhaustive()
    }
}

/// Why a profile was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The profile cannot be read from disk.
    #[error("the profile cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// The key file cannot be read from disk.
    #[error("the file that `id_key_file` names cannot be read")]
    KeyUnreadable(#[source] std::io::Error),
    /// The text is not a profile: not TOML, a key missing, unknown or given twice. The reader's
    /// own message is left out, because it quotes the text.
    #[error(
        "the profile is not TOML with the keys purpose, gateway, lawful_basis, \
         sensitive_condition (may be left out), marking, acting_person, id_key_file"
    )]
    Shape,
    /// Keys whose values break a rule: every one of them.
    #[error("the profile has faults: {}", .0.join("; "))]
    Values(Vec<&'static str>),
    /// The key file holds neither 32 bytes nor 64 hexadecimal digits.
    #[error("`id_key_file` must hold 32 bytes, or 64 hexadecimal digits on one line")]
    KeyShape,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    purpose: String,
    gateway: String,
    lawful_basis: String,
    sensitive_condition: Option<String>,
    marking: String,
    acting_person: String,
    id_key_file: PathBuf,
}

impl ImportProfile {
    /// Reads a profile and the key file it names. A relative key file stands beside the profile.
    ///
    /// # Errors
    /// [`ProfileError`], with every faulty value at once.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let text = read_bounded(path, PROFILE_BYTES_MAX).map_err(ProfileError::Unreadable)?;
        let text = String::from_utf8(text).map_err(|_| ProfileError::Shape)?;
        let written: Written = toml::from_str(&text).map_err(|_| ProfileError::Shape)?;
        let beside = path.parent().unwrap_or(Path::new(""));
        let key = read_bounded(&beside.join(&written.id_key_file), 1024)
            .map_err(ProfileError::KeyUnreadable)?;
        written.check(id_key(&key)?)
    }

    /// Reads a profile whose key is at hand already; the file that the text names is not opened.
    ///
    /// # Errors
    /// [`ProfileError::Shape`] and [`ProfileError::Values`].
    pub fn from_toml(text: &str, id_key: [u8; 32]) -> Result<Self, ProfileError> {
        let written: Written = toml::from_str(text).map_err(|_| ProfileError::Shape)?;
        written.check(id_key)
    }
}

impl Written {
    fn check(self, id_key: [u8; 32]) -> Result<ImportProfile, ProfileError> {
        let mut faults = Vec::new();
        let purpose = named(&self.purpose, "purpose must be a known purpose", &mut faults);
        let gateway = named(&self.gateway, "gateway must be a known power to share", &mut faults);
        let basis = named(&self.lawful_basis, "lawful_basis must be a known basis", &mut faults);
        let condition = match &self.sensitive_condition {
            None => Some(SensitiveCondition::Unspecified),
            Some(name) => named(name, "sensitive_condition must be a known condition", &mut faults),
        };
        let marking = named(
            &self.marking,
            "marking must be official or official_sensitive: nothing higher is carried",
            &mut faults,
        )
        .filter(|marking| matches!(marking, Marking::Official | Marking::OfficialSensitive));
        if marking.is_none() && Marking::from_name(&self.marking).is_some_and(above_official) {
            faults
                .push("marking must be official or official_sensitive: nothing higher is carried");
        }
        let person = Uuid::try_parse(&self.acting_person)
            .ok()
            .filter(|id| self.acting_person.len() == 36 && !id.is_nil());
        if person.is_none() {
            faults.push("acting_person must be a UUID in its 36-character form");
        }
        match (purpose, gateway, basis, condition, marking, person) {
            (
                Some(purpose),
                Some(gateway),
                Some(basis),
                Some(condition),
                Some(marking),
                Some(id),
            ) => Ok(ImportProfile {
                purpose,
                gateway,
                lawful_basis: basis,
                sensitive_condition: condition,
                marking,
                acting_person: id.to_string(),
                id_key,
            }),
            _ => Err(ProfileError::Values(faults)),
        }
    }
}

const fn above_official(marking: Marking) -> bool {
    matches!(marking, Marking::Secret | Marking::TopSecret)
}

/// The value with this written name. `unspecified` is a name of the protocol, and no answer.
fn named<T: Named>(name: &str, rule: &'static str, faults: &mut Vec<&'static str>) -> Option<T> {
    let value = (name != "unspecified").then(|| T::from_name(name)).flatten();
    if value.is_none() {
        faults.push(rule);
    }
    value
}

fn read_bounded(path: &Path, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    std::fs::File::open(path)?.take(bytes_max + 1).read_to_end(&mut content)?;
    if content.len() as u64 > bytes_max {
        return Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge));
    }
    Ok(content)
}

/// A key of 32 bytes as they are, or as 64 hexadecimal digits with white space around them.
fn id_key(content: &[u8]) -> Result<[u8; 32], ProfileError> {
    if let Ok(key) = <[u8; 32]>::try_from(content) {
        return Ok(key);
    }
    let mut key = [0; 32];
    hex::decode_to_slice(content.trim_ascii(), &mut key).map_err(|_| ProfileError::KeyShape)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "purpose = \"offender_management\"\n\
        gateway = \"oma2007_s14\"\n\
        lawful_basis = \"dpa2018_s35_task\"\n\
        sensitive_condition = \"sch8_justice\"\n\
        marking = \"official_sensitive\"\n\
        acting_person = \"7D9F6A3E-2B1C-4D5E-8F90-A1B2C3D4E5F6\"\n\
        id_key_file = \"id.key\"\n";

    #[test]
    fn a_profile_is_read_by_written_names() {
        let profile = ImportProfile::from_toml(PROFILE, [1; 32]).unwrap();
        assert_eq!(profile.gateway, Gateway::Oma2007S14);
        assert_eq!(profile.marking, Marking::OfficialSensitive);
        assert_eq!(profile.acting_person, "7d9f6a3e-2b1c-4d5e-8f90-a1b2c3d4e5f6");
        assert!(!format!("{profile:?}").contains("7d9f6a3e"));
    }

    #[test]
    fn the_condition_may_be_left_out_and_nothing_else() {
        for (line, taken) in PROFILE.lines().map(|line| (line, line.starts_with("sensitive"))) {
            let without = PROFILE.replace(line, "");
            assert_eq!(ImportProfile::from_toml(&without, [1; 32]).is_ok(), taken, "{line}");
        }
        let more = format!("{PROFILE}colour = \"blue\"\n");
        assert!(matches!(ImportProfile::from_toml(&more, [1; 32]), Err(ProfileError::Shape)));
    }

    #[test]
    fn all_faulty_values_are_named_at_once_and_never_quoted() {
        let wrong = PROFILE
            .replace("offender_management", "unspecified")
            .replace("oma2007_s14", "canary")
            .replace("official_sensitive", "secret")
            .replace("7D9F6A3E-", "");
        let error = ImportProfile::from_toml(&wrong, [1; 32]).unwrap_err();
        let ProfileError::Values(faults) = &error else { unreachable!("values are at fault") };
        assert_eq!(faults.len(), 4);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn a_key_is_32_bytes_or_64_hexadecimal_digits() {
        assert_eq!(id_key(&[9; 32]).unwrap(), [9; 32]);
        assert_eq!(id_key(format!("{}\n", "0a".repeat(32)).as_bytes()).unwrap(), [10; 32]);
        for wrong in ["", "0a", &"0a".repeat(31), &"zz".repeat(32)] {
            assert!(matches!(id_key(wrong.as_bytes()), Err(ProfileError::KeyShape)), "{wrong}");
        }
    }

    #[test]
    fn the_key_file_stands_beside_the_profile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("import.toml");
        std::fs::write(&path, PROFILE).unwrap();
        assert!(matches!(ImportProfile::load(&path), Err(ProfileError::KeyUnreadable(_))));
        std::fs::write(folder.path().join("id.key"), [3; 32]).unwrap();
        assert_eq!(ImportProfile::load(&path).unwrap().id_key, [3; 32]);
    }
}
