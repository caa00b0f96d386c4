//! An authority kept in a folder, so that certificates can be made one step at a time.
//!
//! Owns: the layout `authority.toml`, `root.pem`, `root.key`, `crls.pem`,
//! `issuing/NAME.pem`, `issuing/NAME.key`.
//! Promises: what is loaded signs, revokes and counts on from where it was saved; keys and
//! register are readable by their owner only; another authority's folder is never overwritten.
//! Deliberately does not know: leaves. They are files of the caller's, and their keys are
//! nowhere else.

use std::fs::{self, File};
use std::path::Path;

use rcgen::KeyPair;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::authority::{Authority, Issuing, ORGANISATION, Options};
use crate::error::CertsError;
use crate::files::{PUBLIC_MODE, SECRET_MODE, make_folder, read, write_atomically};
use crate::names::{check_issuer, check_trust_domain};
use crate::serial::Serial;
use crate::signer::{Register, Signer};

const REGISTER_FILE: &str = "authority.toml";
const ROOT_CERTIFICATE: &str = "root.pem";
const ROOT_KEY: &str = "root.key";
const CRLS_FILE: &str = "crls.pem";
const ISSUING_FOLDER: &str = "issuing";

/// Everything in `authority.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedAuthority {
    trust_domain: String,
    authority_days: u16,
    leaf_days: u16,
    crl_days: u16,
    last_serial: Serial,
    root_issued: Vec<SavedEntry>,
    issuers: Vec<SavedIssuer>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedIssuer {
    name: String,
    serial: Serial,
    issued: Vec<SavedEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedEntry {
    serial: Serial,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at_unix_seconds: Option<i64>,
}

/// Sole use of a folder among all who lock it, until dropped.
///
/// Two commands at once would otherwise give out one serial twice.
#[derive(Debug)]
pub struct FolderLock {
    _folder: File,
}

impl FolderLock {
    /// Waits until nobody else holds the folder.
    ///
    /// Refuses: [`CertsError::Read`] if it is missing or cannot be locked.
    pub fn take(folder: &Path) -> Result<Self, CertsError> {
        let refused = |source| CertsError::Read { what: "the authority's folder", source };
        let handle = File::open(folder).map_err(refused)?;
        handle.lock().map_err(refused)?;
        Ok(Self { _folder: handle })
    }
}

impl Authority {
    /// Saves everything needed to go on later, and the revocation lists as of now.
    ///
    /// The folder and its key folder get mode 0700, keys and register 0600. The register is the
    /// state: a save that stops before it leaves the earlier one, except for keys that nothing
    /// refers to yet. The lists are written after it, so that no list ever names a revocation that
    /// the register lost; one that is missing from them is in those of the next save.
    /// Refuses: [`CertsError::FolderInUse`] if the folder holds another authority or any other
    ///          files; [`CertsError::Write`], and as [`Authority::crls_pem`].
    pub fn save(&self, folder: &Path) -> Result<(), CertsError> {
        self.check_free_or_ours(folder)?;
        let issuing_folder = folder.join(ISSUING_FOLDER);
        make_folder("the authority's folder", folder)?;
        make_folder("the issuing authorities' folder", &issuing_folder)?;
        save_signer(folder, ROOT_CERTIFICATE, ROOT_KEY, &self.root)?;
        for Issuing { name, signer, .. } in &self.issuers {
            let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
            save_signer(&issuing_folder, &certificate, &key, signer)?;
        }
        let lists = self.crls_pem()?;
        let what = "the register";
        let register = toml::to_string(&self.to_saved())
            .map_err(|_| CertsError::Malformed { what, rule: "must be expressible in TOML" })?;
        write_atomically(what, folder, REGISTER_FILE, &register, SECRET_MODE)?;
        write_atomically("the revocation lists", folder, CRLS_FILE, &lists, PUBLIC_MODE)
    }

    /// Loads what [`Authority::save`] wrote, to go on at the moment `now`.
    ///
    /// Refuses: [`CertsError::Read`] if a file is missing; [`CertsError::Malformed`] if one
    ///          cannot be understood or a key does not fit its certificate.
    pub fn load(folder: &Path, now: OffsetDateTime) -> Result<Self, CertsError> {
        let what = "the register";
        let saved: SavedAuthority = toml::from_str(&read(what, &folder.join(REGISTER_FILE))?)
            .map_err(|_| CertsError::Malformed { what, rule: "must be as it was saved" })?;
        check_trust_domain(&saved.trust_domain)?;
        let root = load_signer(folder, ROOT_CERTIFICATE, ROOT_KEY, saved.root_issued)?;
        let issuing_folder = folder.join(ISSUING_FOLDER);
        let mut issuers = Vec::with_capacity(saved.issuers.len());
        for SavedIssuer { name, serial, issued } in saved.issuers {
            check_issuer(&name)?;
            let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
            let signer = load_signer(&issuing_folder, &certificate, &key, issued)?;
            issuers.push(Issuing { name, serial, signer });
        }
        let options = Options {
            trust_domain: saved.trust_domain,
            now,
            authority_days: saved.authority_days,
            leaf_days: saved.leaf_days,
            crl_days: saved.crl_days,
        };
        let last_serial = saved.last_serial;
        Ok(Self { options, organisation: ORGANISATION, root, issuers, last_serial })
    }

    fn check_free_or_ours(&self, folder: &Path) -> Result<(), CertsError> {
        if !folder.exists() {
            return Ok(());
        }
        let what = "the authority's folder";
        let refused = |source| CertsError::Read { what, source };
        let root = folder.join(ROOT_CERTIFICATE);
        let free = match root.exists() {
            true => read("the root certificate", &root)? == self.root_pem(),
            false => fs::read_dir(folder).map_err(refused)?.next().is_none(),
        };
        if free { Ok(()) } else { Err(CertsError::FolderInUse) }
    }

    fn to_saved(&self) -> SavedAuthority {
        let issuers = self.issuers.iter().map(|issuing| SavedIssuer {
            name: issuing.name.clone(),
            serial: issuing.serial,
            issued: entries(issuing.signer.register()),
        });
        SavedAuthority {
            trust_domain: self.options.trust_domain.clone(),
            authority_days: self.options.authority_days,
            leaf_days: self.options.leaf_days,
            crl_days: self.options.crl_days,
            last_serial: self.last_serial,
            root_issued: entries(self.root.register()),
            issuers: issuers.collect(),
        }
    }
}

fn entries(register: &Register) -> Vec<SavedEntry> {
    let entry = |(serial, revoked_at): (&Serial, &Option<OffsetDateTime>)| SavedEntry {
        serial: *serial,
        revoked_at_unix_seconds: revoked_at.map(OffsetDateTime::unix_timestamp),
    };
    register.iter().map(entry).collect()
}

fn save_signer(
    folder: &Path,
    certificate: &str,
    key: &str,
    signer: &Signer,
) -> Result<(), CertsError> {
    write_atomically("an authority's key", folder, key, &signer.key_pem(), SECRET_MODE)?;
    let what = "an authority's certificate";
    write_atomically(what, folder, certificate, signer.certificate_pem(), PUBLIC_MODE)
}

fn load_signer(
    folder: &Path,
    certificate: &str,
    key: &str,
    entries: Vec<SavedEntry>,
) -> Result<Signer, CertsError> {
    let certificate_pem = read("an authority's certificate", &folder.join(certificate))?;
    let what = "an authority's key";
    let key = KeyPair::from_pem(&read(what, &folder.join(key))?)
        .map_err(|source| CertsError::Make { what, source })?;
    let mut register = Register::new();
    for SavedEntry { serial, revoked_at_unix_seconds } in entries {
        let revoked_at = revoked_at_unix_seconds
            .map(OffsetDateTime::from_unix_timestamp)
            .transpose()
            .map_err(|_| CertsError::OutOfRange { what: "a date in the register" })?;
        register.insert(serial, revoked_at);
    }
    Signer::restore(certificate_pem, key, register)
}
