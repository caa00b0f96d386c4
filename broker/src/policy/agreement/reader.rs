//! Reads the words of an agreement's rows and collects their faults.
//!
//! A value that is faulty is replaced by nothing or by a plain one, so that reading goes on
//! and the remaining faults are found too; an agreement with any fault is never used.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;

use cedar_policy::{Expression, Policy};
use proto::exchange::v1::{Gateway, LawfulBasis, SensitiveCondition};
use time::OffsetDateTime;
use time::macros::format_description;

use super::rows::{Document, PartyRow, PermitRow};
use super::{Party, Shared, Terms};
use crate::directory::Directory;
use crate::directory::document::is_directory_id;
use crate::policy::bundle::{Faults, Term};
use crate::policy::literal;
use crate::policy::words::{Vocabulary, Word};

/// A hundred years of days: longer than anything is kept.
const TERM_MAX: u32 = 36_525;

/// Ids that stand before a rule of another layer.
const RESERVED: &[&str] = &["platform", "agency"];

pub(super) const MISSING: &str = "is missing";
const EMPTY: &str = "is empty: an empty list matches nothing";
const UNKNOWN: &str = "a word nobody knows";

/// Reads words and collects faults under one file.
pub(super) struct Reader<'a> {
    file: &'a str,
    vocabulary: &'a Vocabulary,
    faults: &'a mut Faults,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, vocabulary: &'a Vocabulary, faults: &'a mut Faults) -> Self {
        Self { file, vocabulary, faults }
    }

    pub(super) fn fault(&mut self, place: &str, rule: impl Into<Cow<'static, str>>) {
        self.faults.add(format!("{}: {place}", self.file), rule);
    }

    pub(super) fn term(&mut self, document: &Document) -> Term {
        let id = document.id.as_deref().unwrap_or_default();
        if !is_directory_id(id) {
            self.fault("id", "an id is 1 to 40 characters of a-z, 0-9 and hyphen");
        } else if RESERVED.contains(&id) {
            self.fault("id", "this id belongs to another layer");
        }
        let title = document.title.clone().unwrap_or_default();
        if title.trim().is_empty() {
            self.fault("title", MISSING);
        }
        let start = self.date("start", document.start.as_deref());
        let review = self.date("review", document.review.as_deref());
        let expiry = self.date("expiry", document.expiry.as_deref());
        if expiry <= start {
            self.fault("expiry", "an agreement ends after it starts");
        }
        if review <= start || review > expiry {
            self.fault("review", "a review falls after the start and not after the end");
        }
        let parties = document.party.iter().map(|party| Arc::from(party.agency.as_str()));
        let parties = parties.collect();
        Term { id: Arc::from(id), title, start, review, expiry, parties }
    }

    fn date(&mut self, key: &str, text: Option<&str>) -> OffsetDateTime {
        let format = format_description!("[year]-[month]-[day]");
        let Some(text) = text else {
            self.fault(key, MISSING);
            return OffsetDateTime::UNIX_EPOCH;
        };
        match time::Date::parse(text, format) {
            Ok(date) => date.midnight().assume_utc(),
            Err(_) => {
                self.fault(key, "a date is written YYYY-MM-DD");
                OffsetDateTime::UNIX_EPOCH
            }
        }
    }

    pub(super) fn shared(&mut self, document: &Document, directory: &Directory) -> Shared {
        let purposes = self.words("purposes", document.purposes.as_ref());
        let rows = document.gateways.as_deref().unwrap_or_default();
        if rows.is_empty() {
            self.fault("gateways", MISSING);
        }
        let mut gateways = Vec::new();
        for (position, row) in rows.iter().enumerate() {
            let place = format!("gateways[{position}]");
            let basis = self.words(&format!("{place}.basis"), Some(&row.basis));
            match Gateway::read(&row.gateway) {
                Some(gateway) => gateways.push((gateway, basis)),
                None => self.fault(&format!("{place}.gateway"), UNKNOWN),
            }
        }
        let mut parties: Vec<Party> = Vec::new();
        if document.party.len() < 2 {
            self.fault("party", "an agreement has two parties or more");
        }
        for (position, row) in document.party.iter().enumerate() {
            let place = format!("party[{position}]");
            let Some(party) = self.party(&place, row, directory) else { continue };
            if parties.iter().any(|other| other.agency == party.agency) {
                self.fault(&format!("{place}.agency"), "this agency is given twice");
            }
            parties.push(party);
        }
        Shared { purposes, gateways, parties }
    }

    fn party(&mut self, place: &str, row: &PartyRow, directory: &Directory) -> Option<Party> {
        if row.dpo_contact.trim().is_empty() {
            self.fault(&format!("{place}.dpo_contact"), MISSING);
        }
        if let Some(basis) = &row.recipient_basis
            && !(LawfulBasis::read(basis).is_some() && basis.starts_with("gdpr_"))
        {
            self.fault(&format!("{place}.recipient_basis"), "not a basis of UK GDPR article 6");
        }
        let conditions: Option<Vec<SensitiveCondition>> =
            self.optional(&format!("{place}.recipient_conditions"), &row.recipient_conditions);
        if conditions.iter().flatten().any(|condition| !condition.word().starts_with("art9_")) {
            self.fault(
                &format!("{place}.recipient_conditions"),
                "not a condition of UK GDPR article 9",
            );
        }
        let Some(agency) = directory.agency(&row.agency) else {
            self.fault(&format!("{place}.agency"), "no such agency in the directory");
            return None;
        };
        Some(Party {
            agency: Arc::clone(&agency.id),
            kind: agency.kind,
            has_basis: row.recipient_basis.is_some(),
            has_conditions: conditions.is_some(),
        })
    }

    pub(super) fn permit(&mut self, place: &str, row: &PermitRow) -> Terms {
        let at = |key: &str| format!("{place}.{key}");
        Terms {
            id: row.id.clone(),
            kinds: self.words(&at("kinds"), row.kinds.as_ref()),
            from_kinds: self.optional(&at("from.kinds"), &row.from.kinds),
            from_agencies: self.agencies(&at("from.agencies"), row.from.agencies.as_ref()),
            to_kinds: self.words(&at("to.kinds"), row.to.kinds.as_ref()),
            to_functions: self.words(&at("to.functions"), row.to.functions.as_ref()),
            to_agencies: self.agencies(&at("to.agencies"), row.to.agencies.as_ref()),
            to_attributes: self.attributes(&at("to.attributes"), row.to.attributes.as_ref()),
            categories: self.words(&at("categories"), row.categories.as_ref()),
            stake: self.stake(&at("stake"), row.stake.as_ref()),
            flags_any: self.optional(&at("flags_any"), &row.flags_any),
            unflagged_only: row.unflagged_only,
            under_18: row.under_18,
            of_kinds: self.of_kinds(place, row),
            mappa_categories: self.numbers(&at("mappa_categories"), &row.mappa_categories, 1..=4),
            mappa_levels: self.numbers(&at("mappa_levels"), &row.mappa_levels, 0..=3),
            reveal: self.optional(&at("reveal"), &row.reveal).unwrap_or_default(),
            withhold: self.optional(&at("withhold"), &row.withhold).unwrap_or_default(),
            mask: self.optional(&at("mask"), &row.mask).unwrap_or_default(),
            handling: self.optional(&at("handling"), &row.handling).unwrap_or_default(),
            act_by_hours: self.positive(&at("act_by_hours"), row.act_by_hours),
            delete_by_days: self.positive(&at("delete_by_days"), row.delete_by_days),
            when: self.condition(&at("when"), row.when.as_ref()),
        }
    }

    /// A list that must be there.
    fn words<T: Word>(&mut self, place: &str, list: Option<&Vec<String>>) -> Vec<T> {
        match list {
            None => {
                self.fault(place, MISSING);
                Vec::new()
            }
            Some(list) => self.known(place, list, T::read),
        }
    }

    /// A list that may be left out, but not left empty.
    pub(super) fn optional<T: Word>(
        &mut self,
        place: &str,
        list: &Option<Vec<String>>,
    ) -> Option<Vec<T>> {
        list.as_ref().map(|list| self.known(place, list, T::read))
    }

    fn known<T>(
        &mut self,
        place: &str,
        list: &[String],
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        if list.is_empty() {
            self.fault(place, EMPTY);
        }
        let mut values = Vec::new();
        for word in list {
            match read(word) {
                Some(value) => values.push(value),
                None => self.fault(place, UNKNOWN),
            }
        }
        values
    }

    fn agencies(&mut self, place: &str, list: Option<&Vec<String>>) -> Option<Vec<String>> {
        let vocabulary = self.vocabulary;
        list.map(|list| {
            self.known(place, list, |id| vocabulary.has_agency(id).then(|| id.to_owned()))
        })
    }

    fn attributes(&mut self, place: &str, list: Option<&Vec<String>>) -> Vec<String> {
        let vocabulary = self.vocabulary;
        let read = |word: &str| vocabulary.has_attribute(word).then(|| word.to_owned());
        list.map(|list| self.known(place, list, read)).unwrap_or_default()
    }

    fn stake(&mut self, place: &str, list: Option<&Vec<String>>) -> Vec<&'static str> {
        const STAKES: &[&str] = &["addressed", "flag_owner", "in_area", "selection", "holder"];
        let Some(list) = list else {
            self.fault(place, MISSING);
            return Vec::new();
        };
        self.known(place, list, |word| STAKES.iter().copied().find(|stake| *stake == word))
    }

    fn numbers(
        &mut self,
        place: &str,
        list: &Option<Vec<u32>>,
        range: RangeInclusive<u32>,
    ) -> Option<Vec<u32>> {
        let list = list.as_ref()?;
        if list.is_empty() {
            self.fault(place, EMPTY);
        }
        if list.iter().any(|number| !range.contains(number)) {
            self.fault(place, format!("from {} to {}", range.start(), range.end()));
        }
        Some(list.clone())
    }

    /// Hours or days that an agreement gives. Moments beyond a hundred years would not be ones.
    fn positive(&mut self, place: &str, number: Option<u32>) -> Option<u32> {
        if number.is_some_and(|number| !(1..=TERM_MAX).contains(&number)) {
            self.fault(place, "1 to 36,525");
        }
        number
    }

    /// An extra condition: one expression, and words that its facts can hold.
    fn condition(&mut self, place: &str, text: Option<&String>) -> Option<String> {
        let text = text?;
        if text.parse::<Expression>().is_err() {
            self.fault(place, "is one Cedar condition, without permit or forbid");
            return None;
        }
        let rule = format!("permit (principal, action, resource) when {{ {text}\n}};");
        match Policy::parse(None, rule) {
            Ok(policy) => {
                let mut faulty = false;
                for rule in literal::faults(&policy, self.vocabulary) {
                    self.fault(place, rule);
                    faulty = true;
                }
                (!faulty).then(|| text.clone())
            }
            Err(_) => {
                self.fault(place, "is one Cedar condition, without permit or forbid");
                None
            }
        }
    }
}
