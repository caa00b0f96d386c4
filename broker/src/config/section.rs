//! One section of the document, read key by key.
//!
//! Promises that a key nobody asked for is a fault when the section is finished, and that a
//! fault names the key and never the value. Knows nothing of what keys mean.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::fault::Faults;

/// Characters of a path.
const PATH_CHARACTERS_MAX: usize = 4_096;
/// Hexadecimal digits of a 32-byte key.
const KEY_DIGITS: usize = 64;

/// What is left to read of a section.
pub(super) struct Section<'a> {
    name: String,
    rest: Table,
    folder: &'a Path,
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(super) fn top(rest: Table, folder: &'a Path) -> Self {
        Self { name: String::new(), rest, folder }
    }

    /// A section inside this one. One that is absent is empty: each required key is then missing.
    pub(super) fn section(&mut self, key: &str, faults: &mut Faults) -> Section<'a> {
        let rest = match self.rest.remove(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                faults.add(self.path(key), "is a section");
                Table::new()
            }
        };
        Section { name: self.path(key), rest, folder: self.folder }
    }

    /// A text that must be there, of one line and not blank.
    pub(super) fn text(
        &mut self,
        key: &str,
        characters_max: usize,
        faults: &mut Faults,
    ) -> Option<String> {
        let text = match self.rest.remove(key) {
            None => {
                faults.add(self.path(key), "is missing");
                return None;
            }
            Some(Value::String(text)) => text,
            Some(_) => {
                faults.add(self.path(key), "is a text");
                return None;
            }
        };
        let count = text.chars().count();
        if text.trim().is_empty() || text.chars().any(char::is_control) || count > characters_max {
            let rule = format!("is one line of 1 to {characters_max} characters, not blank");
            faults.add(self.path(key), rule);
            return None;
        }
        Some(text)
    }

    /// Texts, each of one line and not blank; none if the key is not there.
    pub(super) fn texts(
        &mut self,
        key: &str,
        count_max: usize,
        characters_max: usize,
        faults: &mut Faults,
    ) -> Option<Vec<String>> {
        let Some(value) = self.rest.remove(key) else { return Some(Vec::new()) };
        let good = |text: &&str| {
            let count = text.chars().count();
            !text.trim().is_empty()
                && !text.chars().any(char::is_control)
                && count <= characters_max
        };
        let read = |value: &Value| value.as_str().filter(good).map(str::to_owned);
        let texts = value.as_array().filter(|values| values.len() <= count_max);
        let texts: Option<Vec<String>> = texts.and_then(|values| values.iter().map(read).collect());
        if texts.is_none() {
            let rule = format!("is a list of at most {count_max} texts of one line");
            faults.add(self.path(key), rule);
        }
        texts
    }

    /// Whether a key is there that must not be, which is a fault.
    pub(super) fn refuse(&mut self, key: &str, rule: &'static str, faults: &mut Faults) -> bool {
        let found = self.rest.remove(key).is_some();
        if found {
            faults.add(self.path(key), rule);
        }
        found
    }

    /// A path that must be there; a relative one begins at the document's folder.
    pub(super) fn file(&mut self, key: &str, faults: &mut Faults) -> Option<PathBuf> {
        let pasted = |value: &Value| value.as_str().is_some_and(is_a_key_itself);
        if self.rest.get(key).is_some_and(pasted) {
            self.rest.remove(key);
            faults.add(self.path(key), "is a path to a file; the key itself never stands here");
            return None;
        }
        self.text(key, PATH_CHARACTERS_MAX, faults).map(|text| self.folder.join(text))
    }

    /// An address with its port that must be there.
    pub(super) fn address(&mut self, key: &str, faults: &mut Faults) -> Option<SocketAddr> {
        let text = self.text(key, PATH_CHARACTERS_MAX, faults)?;
        let address = text.parse().ok();
        if address.is_none() {
            faults.add(self.path(key), "is an IP address and a port, such as 0.0.0.0:7443");
        }
        address
    }

    /// A whole number; the default if it is not there.
    pub(super) fn whole(
        &mut self,
        key: &str,
        default: u64,
        range: RangeInclusive<u64>,
        faults: &mut Faults,
    ) -> Option<u64> {
        let Some(value) = self.rest.remove(key) else { return Some(default) };
        let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let rule = format!("is a whole number from {} to {}", range.start(), range.end());
            faults.add(self.path(key), rule);
        }
        number
    }

    /// Whether a key is there at all.
    pub(super) fn has(&self, key: &str) -> bool {
        self.rest.contains_key(key)
    }

    /// The full name of a key.
    pub(super) fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Whatever nobody asked for is a fault.
    pub(super) fn finish(self, faults: &mut Faults) {
        for key in self.rest.keys() {
            faults.add(self.path(key), "no such key");
        }
    }
}

/// Whether somebody wrote a key where its path belongs.
fn is_a_key_itself(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("-----BEGIN")
        || (text.len() == KEY_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
