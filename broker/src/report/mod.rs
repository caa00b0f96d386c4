//! The month's report of an area: how its lists moved, how soon somebody acted, how links fare.
//!
//! Owns: what is counted, and what of it may be shown. Promises: pure; no figure is about a person,
//! and none from 1 to 4 can be worked out of all that is ever shown (`control`). The cut is fixed: a
//! calendar month that has ended, and the one area that each desk belongs to; nobody chooses another,
//! and nothing is summed over areas, lists or months.
//! Deliberately does not know: who may ask, and how figures are stored.

pub mod control;
pub mod lists;
pub mod month;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::text::Named as _;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::directory::Directory;
use crate::register::DeskName;
use crate::seal::Token;

use control::{Bands, Movement, Row, Spread};
use lists::{LISTS, Moved, base_area};
use month::WATCHED;

/// The name of the document that keeps what was published of a month.
#[must_use]
pub fn document(month: month::Month) -> String {
    format!("report/{month}")
}

/// What a desk was sent, as far as a report counts it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Sending agency.
    pub sender: Arc<str>,
    /// Desk.
    pub desk: DeskName,
    /// A number of the person it is about. `None`: it is not told.
    pub person: Option<Token>,
    /// What it is.
    pub sort: Sort,
    /// Whether it was immediate.
    pub immediate: bool,
    /// When it was first sent.
    pub sent_at: OffsetDateTime,
    /// When a system received it.
    pub received_at: Option<OffsetDateTime>,
    /// When the desk said that it acted.
    pub acted_at: Option<OffsetDateTime>,
    /// Whether its attempts were used up.
    pub is_dead: bool,
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A message.
    Message,
    /// A confirmed release from custody, to the owner of a flag on the person.
    Release,
    /// A question about a gap in treatment.
    Gap,
    /// Another question.
    Question,
}

/// What may be shown of a month, area by area. Once it is made it stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// By code.
    pub areas: BTreeMap<String, Area>,
}

/// What may be shown of an area.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Lists of which the row is shown, by written name. Every other list is not shown, whether or not
    /// anybody is on it.
    pub lists: BTreeMap<String, Row>,
    /// From the news of a release to the first word of the flag's owner that it acted.
    pub contact: Acted,
    /// From a question about a gap in treatment to the word that somebody acted.
    pub gaps: Acted,
    /// Links of which a total is shown.
    pub links: Vec<Link>,
}

/// How soon somebody acted, each person counted once for each agency that was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// What may be shown.
    pub spread: Spread,
    /// Agencies that sent any of it. They are not shown it: what became of their own messages at
    /// agencies they did not name would be in it.
    pub senders: BTreeSet<String>,
}

impl Acted {
    /// What an agency may be shown of it.
    #[must_use]
    pub fn for_agency(self, agency: &str) -> Spread {
        if self.senders.contains(agency) { Spread::default() } else { self.spread }
    }
}

/// How what an agency sends to desks of another fares in an area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Sending agency.
    pub sender: String,
    /// Receiving agency.
    pub recipient: String,
    /// Whether it is immediate news.
    pub immediate: bool,
    /// From sending to receipt.
    pub received: Spread,
    /// Of what was not received in time, how much is a dead letter; `None`: not shown.
    pub dead: Option<u64>,
}

/// Until when somebody acted: within a day, three days, the time that is watched; or did not.
pub const ACTED_WITHIN: [Duration; 3] = [Duration::days(1), Duration::days(3), WATCHED];

/// Until when something was received: within an hour, a day, the time that is watched; or was not.
pub const RECEIVED_WITHIN: [Duration; 3] = [Duration::hours(1), Duration::days(1), WATCHED];

/// What may be shown of a month in every area of the directory. `sent`: what was first sent at a time
/// that is watched into this month ([`month::Month::watched`]).
#[must_use]
pub fn publish(moved: &Moved, sent: &[Sent], directory: &Directory) -> Published {
    let mut by_area: BTreeMap<Arc<str>, Vec<&Sent>> = BTreeMap::new();
    for one in sent {
        if let Some(area) = base_area(directory, &one.desk) {
            by_area.entry(area).or_default().push(one);
        }
    }
    let area = |code: &Arc<str>| {
        let sent = by_area.get(code).map(Vec::as_slice).unwrap_or_default();
        let lists = LISTS.into_iter().filter_map(|list| {
            let key = (Arc::clone(code), list);
            let nobody = BTreeMap::new();
            let [owned, placed] =
                [&moved.owned, &moved.placed].map(|by| by.get(&key).unwrap_or(&nobody));
            let agencies: BTreeSet<_> = owned.keys().chain(placed.keys()).collect();
            let part = |by: &BTreeMap<Arc<str>, Movement>, agency: &Arc<str>| {
                by.get(agency).copied().unwrap_or_default()
            };
            let parts = agencies.into_iter().map(|one| (part(owned, one), part(placed, one)));
            Some((list.name(), control::row(&parts.collect::<Vec<_>>())?))
        });
        Area {
            lists: lists.collect(),
            contact: acted(sent, Sort::Release),
            gaps: acted(sent, Sort::Gap),
            links: links(sent),
        }
    };
    let areas = directory.areas();
    Published { areas: areas.map(|one| (one.code.to_string(), area(&one.code))).collect() }
}

fn acted(sent: &[&Sent], sort: Sort) -> Acted {
    let mut of_sort: Vec<&Sent> = sent.iter().copied().filter(|one| one.sort == sort).collect();
    let senders = of_sort.iter().map(|one| one.sender.to_string()).collect();
    // The first news about a person counts: whoever sends it again makes no more persons of one.
    of_sort.sort_by_key(|one| one.sent_at);
    let mut counted = BTreeSet::new();
    let mut parts: BTreeMap<&str, Bands> = BTreeMap::new();
    for one in of_sort {
        let Some(person) = one.person else { continue };
        if counted.insert((&*one.desk.agency, person)) {
            let bands = parts.entry(&one.desk.agency).or_insert_with(|| bands(&ACTED_WITHIN));
            bands.add(band(one.acted_at, one.sent_at, &ACTED_WITHIN));
        }
    }
    Acted { spread: control::spread(&parts.into_values().collect::<Vec<_>>()), senders }
}

fn links(sent: &[&Sent]) -> Vec<Link> {
    let pair = |one: &Sent| (Arc::clone(&one.sender), Arc::clone(&one.desk.agency), one.immediate);
    let messages = || {
        let is_message = |one: &&&Sent| matches!(one.sort, Sort::Message | Sort::Release);
        sent.iter().filter(is_message)
    };
    let pairs: BTreeSet<_> = messages().map(|one| pair(one)).collect();
    let link = |(sender, recipient, immediate): (Arc<str>, Arc<str>, bool)| {
        let key = (sender, recipient, immediate);
        let (mut received, mut dead) = (bands(&RECEIVED_WITHIN), 0);
        for one in messages().filter(|one| pair(one) == key) {
            let band = band(one.received_at, one.sent_at, &RECEIVED_WITHIN);
            received.add(band);
            dead += u64::from(one.is_dead && band == RECEIVED_WITHIN.len());
        }
        let received = control::spread(&[received]);
        received.total?;
        let late = received.bands.as_ref().and_then(|bands| bands.last().copied());
        Some(Link {
            sender: key.0.to_string(),
            recipient: key.1.to_string(),
            immediate,
            dead: late.and_then(|late| control::part(dead, late)),
            received,
        })
    };
    pairs.into_iter().filter_map(link).collect()
}

fn bands(within: &[Duration]) -> Bands {
    Bands::new(within.len() + 1)
}

/// The band of what happened so long after it was sent; the last: not within the time that is watched.
fn band(at: Option<OffsetDateTime>, sent: OffsetDateTime, within: &[Duration]) -> usize {
    let place = at.and_then(|at| within.iter().position(|within| at - sent <= *within));
    place.unwrap_or(within.len())
}

#[cfg(test)]
mod tests;
