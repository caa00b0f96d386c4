//! What an operator sets: one TOML document, checked whole, and the key files it names.
//!
//! Promises that every fault is reported at once by key and rule; that an unknown key is a fault;
//! that no secret stands in the document, only paths, relative to its own folder; and that a key
//! file others may read is refused by name. Deliberately does not know: what is built of it, or
//! whether certificates are good.

mod fault;

mod key_file;

mod keys;

mod ledger;

mod listen;

mod notify;

mod ops;

mod section;

mod store;

mod traces;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use time::Date;
use time::macros::format_description;

pub use fault::{ConfigError, ConfigFault};
pub use keys::{KeyMaterial, KeysConfig};
pub use ledger::LedgerConfig;
pub use ops::OpsConfig;
pub use store::StoreConfig;

use crate::listen::ListenOptions;
use crate::notify::{NotifyOptions, NotifySecrets};
use crate::ops::traces::Collector;
use fault::Faults;
use section::Section;

/// Characters of the duty telephone route.
pub const DUTY_ROUTE_CHARACTERS_MAX: usize = 200;
/// Bank holidays that can be given; more are made into a table of the next version.
pub const FURTHER_BANK_HOLIDAYS_MAX: usize = 32;
/// How soon an immediate message must be opened, in minutes.
const OPENED_WITHIN: &str = "immediate_opened_within_minutes";
/// Unless it is set.
const OPENED_WITHIN_MINUTES_DEFAULT: u64 = 15;
/// What may wait longer is not immediate.
const MINUTES_OF_A_DAY: u64 = 24 * 60;
/// Characters of a day.
const DATE_CHARACTERS: usize = 10;
/// Bytes of the document.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// The document without faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `[listen]`.
    pub listen: ListenOptions,
    /// `[store]`.
    pub store: StoreConfig,
    /// `[keys]`.
    pub keys: KeysConfig,
    /// `[ledger]`.
    pub ledger: LedgerConfig,
    /// `[ops]`.
    pub ops: OpsConfig,
    /// `[notify]`; `None`: no alarm leaves the broker but by its log and figures.
    pub notify: Option<NotifyOptions>,
    /// Bank holidays that no rule and no table of this version knows.
    pub further_bank_holidays: BTreeSet<Date>,
    /// How soon somebody must have opened an immediate message.
    pub immediate_opened_within: Duration,
    /// What every answer to an immediate message carries: the telephone route to the duty desk.
    pub duty_route: String,
}

impl Config {
    /// Reads and checks the document at a path.
    ///
    /// # Errors
    /// It cannot be read, or every fault of it at once.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::parse(&text, &folder)
    }

    /// Checks a document whose relative paths begin at `folder`. Opens none of the files it names.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let mut faults = Faults::default();
        let read = read(text, folder, &mut faults);
        match read {
            Some(config) if faults.is_empty() => Ok(config),
            Some(_) | None => Err(faults.into_error()),
        }
    }

    /// Reads the three key files. Each must be a file that nobody but its owner may read.
    ///
    /// # Errors
    /// Every fault at once, by the key that names the file; never anything of its content.
    pub fn read_keys(&self) -> Result<KeyMaterial, ConfigError> {
        keys::read_material(&self.keys)
    }

    /// Reads the files of `[notify]` that hold secrets. Nobody but their owner may read them.
    ///
    /// # Errors
    /// Every fault at once, by the key that names the file; never anything of its content.
    pub fn read_notify_secrets(&self) -> Result<NotifySecrets, ConfigError> {
        self.notify.as_ref().map_or(Ok(NotifySecrets::default()), notify::read_secrets)
    }

    /// Every path the document names, with the key that names it.
    #[must_use]
    pub fn paths(&self) -> Vec<(&'static str, &PathBuf)> {
        let files = &self.listen.files;
        let mut paths = vec![
            ("listen.certificate", &files.certificate),
            ("listen.key", &files.key),
            ("listen.authorities", &files.authorities),
            ("listen.revocation_lists", &files.revocation_lists),
            ("store.path", &self.store.path),
            ("keys.key_encryption_key", &self.keys.key_encryption_key),
            ("keys.index_key", &self.keys.index_key),
            ("keys.ledger_key", &self.keys.ledger_key),
        ];
        if let Some(Collector::There { authorities, .. }) =
            self.ops.traces.as_ref().map(|traces| &traces.collector)
        {
            paths.push(("ops.otlp_authorities", authorities));
        }
        paths.extend(self.notify.iter().flat_map(notify::paths));
        paths
    }
}

fn read(text: &str, folder: &Path, faults: &mut Faults) -> Option<Config> {
    if text.len() > DOCUMENT_BYTES_MAX {
        faults.add("", format!("at most {DOCUMENT_BYTES_MAX} bytes"));
        return None;
    }
    let document: toml::Table = match toml::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            // The library's whole text quotes the line, where a pasted secret might stand.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            faults.add(format!("line {line}"), "cannot be read as TOML");
            return None;
        }
    };
    let mut top = Section::top(document, folder);
    let listen = top.section("listen", faults);
    let store = top.section("store", faults);
    let keys = top.section("keys", faults);
    let ledger = top.section("ledger", faults);
    let ops = top.section("ops", faults);
    let notify = top.has("notify").then(|| top.section("notify", faults));
    let further_bank_holidays = further_bank_holidays(&mut top, faults);
    let opened_within =
        top.whole(OPENED_WITHIN, OPENED_WITHIN_MINUTES_DEFAULT, 1..=MINUTES_OF_A_DAY, faults);
    let duty_route = top.text("duty_route", DUTY_ROUTE_CHARACTERS_MAX, faults);
    top.finish(faults);
    // Each is read before any is asked for: a fault in one hides none in the next.
    let listen = listen::read(listen, faults);
    let store = store::read(store, faults);
    let keys = keys::read(keys, faults);
    let ledger = ledger::read(ledger, faults);
    let ops = ops::read(ops, faults);
    let folder = store.as_ref().map(StoreConfig::folder);
    let notify = match notify {
        Some(section) => notify::read(section, folder, faults).map(Some),
        None => Some(None),
    };
    Some(Config {
        listen: listen?,
        store: store?,
        keys: keys?,
        ledger: ledger?,
        ops: ops?,
        notify: notify?,
        further_bank_holidays: further_bank_holidays?,
        immediate_opened_within: Duration::from_secs(opened_within? * 60),
        duty_route: duty_route?,
    })
}

/// Days such as `2031-06-11`.
fn further_bank_holidays(top: &mut Section<'_>, faults: &mut Faults) -> Option<BTreeSet<Date>> {
    const KEY: &str = "further_bank_holidays";
    let written = top.texts(KEY, FURTHER_BANK_HOLIDAYS_MAX, DATE_CHARACTERS, faults)?;
    let format = format_description!("[year]-[month]-[day]");
    let days: Option<BTreeSet<Date>> =
        written.iter().map(|text| Date::parse(text, format).ok()).collect();
    if days.is_none() {
        faults.add(top.path(KEY), "is a list of days such as 2031-06-11");
    }
    days
}
