//! A bundle of agreements and agencies' rules: read whole, checked whole, named by its hash.
//!
//! Promises that every fault is reported at once and that nothing of a faulty bundle is used.
//! A bundle is bound to no directory: an agency that has gone since simply matches nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_lc_rs::digest;
use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use proto::limits::{BUNDLE_FILE_BYTES_MAX, BUNDLE_FILES_MAX};
use time::OffsetDateTime;

use super::agencies;
use super::agreement;
use super::decide::InForce;
use super::rule::{self, Rule};
use super::words::Vocabulary;
use crate::clock::Span;
use crate::directory::Directory;
use crate::directory::document::is_directory_id;

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFile {
    /// `agreements/NAME.toml` or `agencies/AGENCY.cedar`.
    pub path: String,
    /// Content.
    pub text: String,
}

/// One fault of a bundle: where, and which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFault {
    /// File and place in it, such as `agreements/iom.toml: permit[0].to.kinds`.
    pub path: String,
    /// Rule.
    pub rule: Cow<'static, str>,
}

/// The bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It breaks rules. Each is named.
    #[error("the policy bundle has {} faults", .0.len())]
    Faulty(Vec<BundleFault>),
}

/// Faults as they are found.
#[derive(Default)]
pub(super) struct Faults(Vec<BundleFault>);

impl Faults {
    pub(super) fn add(&mut self, path: impl Into<String>, rule: impl Into<Cow<'static, str>>) {
        self.0.push(BundleFault { path: path.into(), rule: rule.into() });
    }
}

/// The dates of one agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Id.
    pub id: Arc<str>,
    /// Title.
    pub title: String,
    /// First moment it is in force (UTC).
    pub start: OffsetDateTime,
    /// When the parties are to review it. It stays in force until `expiry`.
    pub review: OffsetDateTime,
    /// First moment it is no longer in force.
    pub expiry: OffsetDateTime,
    /// Agencies that agreed.
    pub parties: Vec<Arc<str>>,
}

impl Term {
    /// Whether it certainly has started and certainly has not ended.
    fn holds(&self, now: Span) -> bool {
        self.start <= now.earliest && now.latest < self.expiry
    }
}

/// Between which starts and ends of agreements a set of rules was made. As long as it may be no
/// moment outside them, the same agreements are in force.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    last_start: Option<OffsetDateTime>,
    next_start: Option<OffsetDateTime>,
    last_end: Option<OffsetDateTime>,
    next_end: Option<OffsetDateTime>,
}

impl Window {
    fn of(terms: &[Term], now: Span) -> Self {
        let starts = || terms.iter().map(|term| term.start);
        let ends = || terms.iter().map(|term| term.expiry);
        Self {
            last_start: starts().filter(|start| *start <= now.earliest).max(),
            next_start: starts().filter(|start| now.earliest < *start).min(),
            last_end: ends().filter(|end| *end <= now.latest).max(),
            next_end: ends().filter(|end| now.latest < *end).min(),
        }
    }

    pub(super) fn covers(&self, now: Span) -> bool {
        self.last_start.is_none_or(|start| start <= now.earliest)
            && self.next_start.is_none_or(|start| now.earliest < start)
            && self.last_end.is_none_or(|end| end <= now.latest)
            && self.next_end.is_none_or(|end| now.latest < end)
    }

    /// The next moment an agreement starts or ends.
    pub(super) fn until(&self) -> Option<OffsetDateTime> {
        self.next_start.into_iter().chain(self.next_end).min()
    }
}

/// A bundle without faults.
pub struct Bundle {
    hash: [u8; 32],
    pub(super) schema: Schema,
    pub(super) rules: Vec<Rule>,
    terms: Vec<Term>,
}

impl Bundle {
    /// Reads a bundle against a directory.
    ///
    /// # Errors
    /// Every fault at once; nothing of a faulty bundle is used.
    pub fn read(files: &[BundleFile], directory: &Directory) -> Result<Self, BundleError> {
        let mut faults = Faults::default();
        let read = read(files, directory, &mut faults);
        match read {
            Some(bundle) if faults.0.is_empty() => Ok(bundle),
            Some(_) | None => Err(BundleError::Faulty(faults.0)),
        }
    }

    /// SHA-256 over the platform layer and every file in the order of their paths, each text
    /// preceded by its length as eight bytes, most significant first.
    #[must_use]
    pub const fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// How many rules it holds, those of the platform and of agreements not in force included.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.rules.iter().map(|rule| &rule.id).collect::<BTreeSet<_>>().len()
    }

    /// The dates of its agreements, for alarms before one ends or is due for review.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The rules in force now, ready to decide about the desks of a directory. Where it is not
    /// certain what moment it is, an agreement is in force only if it is at every moment it may
    /// be: what is uncertain is refused.
    ///
    /// The answer is good while it says [`InForce::holds`], and for this directory only.
    #[must_use]
    pub fn in_force(self: &Arc<Self>, directory: &Directory, now: impl Into<Span>) -> InForce {
        let now = now.into();
        let active = self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| {
                rule.agreement
                    .is_none_or(|place| self.terms.get(place).is_some_and(|term| term.holds(now)))
            })
            .map(|(place, _)| place)
            .collect();
        InForce::new(Arc::clone(self), active, Window::of(&self.terms, now), directory)
    }
}

fn read(files: &[BundleFile], directory: &Directory, faults: &mut Faults) -> Option<Bundle> {
    let vocabulary = Vocabulary::of(directory);
    let schema = rule::schema().map_err(|error| faults.add("platform", error)).ok()?;
    let mut rules =
        rule::platform(&vocabulary).map_err(|error| faults.add("platform", error)).ok()?;
    if files.len() > BUNDLE_FILES_MAX {
        faults.add("", format!("at most {BUNDLE_FILES_MAX} files"));
        return None;
    }
    let mut terms: Vec<Term> = Vec::new();
    let mut places = BTreeMap::new();
    let mut paths = BTreeSet::new();
    for file in files {
        if !paths.insert(file.path.as_str()) {
            faults.add(&file.path, "this file is given twice");
        }
        if file.text.len() > BUNDLE_FILE_BYTES_MAX {
            faults.add(&file.path, format!("at most {BUNDLE_FILE_BYTES_MAX} bytes"));
            continue;
        }
        let before = rules.len();
        if name_in(&file.path, "agreements/", ".toml").is_some() {
            let read = agreement::read(&file.path, &file.text, directory, &vocabulary, faults);
            if let Some((term, permits)) = read {
                if terms.iter().any(|other| other.id == term.id) {
                    faults.add(format!("{}: id", file.path), "this id is given twice");
                    continue;
                }
                rules.extend(permits.into_iter().map(|permit| permit.under(terms.len())));
                terms.push(term);
            }
        } else if let Some(agency) = name_in(&file.path, "agencies/", ".cedar") {
            rules.extend(agencies::read(agency, &file.path, &file.text, &vocabulary, faults));
        } else {
            faults.add(&file.path, "a file is agreements/NAME.toml or agencies/AGENCY.cedar");
        }
        for rule in rules.iter().skip(before) {
            places.insert(rule.policy.id().to_string(), format!("{}: {}", file.path, rule.id));
        }
    }
    validate(&rules, &schema, &places, faults);
    Some(Bundle { hash: hash(files), schema, rules, terms })
}

/// The middle of a path, where it is an id.
fn name_in<'a>(path: &'a str, folder: &str, ending: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_suffix(ending).filter(|name| is_directory_id(name))
}

/// Strict validation. What Cedar only warns of is a fault: a rule that can never match, or a
/// text that looks like another.
fn validate(
    rules: &[Rule],
    schema: &Schema,
    places: &BTreeMap<String, String>,
    faults: &mut Faults,
) {
    let set = match PolicySet::from_policies(rules.iter().map(|rule| rule.policy.clone())) {
        Ok(set) => set,
        Err(error) => return faults.add("", error.to_string()),
    };
    let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    let mut found: Vec<(String, String)> = result
        .validation_errors()
        .map(|error| (error.policy_id().to_string(), error.to_string()))
        .chain(
            result
                .validation_warnings()
                .map(|warning| (warning.policy_id().to_string(), warning.to_string())),
        )
        .collect();
    found.sort();
    for (policy, rule) in found {
        let path = places.get(&policy).cloned().unwrap_or_else(|| format!("platform: {policy}"));
        faults.add(path, rule);
    }
}

fn hash(files: &[BundleFile]) -> [u8; 32] {
    let mut sorted: Vec<(&str, &str)> =
        files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    sorted.sort_unstable();
    let platform = rule::platform_text();
    let mut context = digest::Context::new(&digest::SHA256);
    let texts = [rule::SCHEMA, &platform].into_iter();
    for text in texts.chain(sorted.iter().flat_map(|(path, text)| [*path, *text])) {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
