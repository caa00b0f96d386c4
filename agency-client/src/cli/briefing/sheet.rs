//! A briefing, or a pack for a tasking group, before it is set out on screen or paper.
//!
//! Owns: which sections there are and in which order an officer reads them. Promises: every item
//! stands in full once, and is named by its number wherever else it belongs; a section with nothing
//! in it says so, because somebody must see that it was looked for.
//! Deliberately does not know: how a page looks.

use super::entry::Entry;
use super::{Nominal, Worklist, html, plan, text, words};
use crate::cli::output::word;
use proto::exchange::v1 as wire;
use proto::exchange::v1::{Attestation, WorklistReason};
use std::collections::BTreeMap;
use time::{Date, OffsetDateTime};

/// Who drew it, of what, and when.
#[derive(Clone, Debug)]
pub struct About {
    /// Agency.
    pub agency: String,
    /// Desk.
    pub desk: String,
    /// Person who reads, by opaque id.
    pub person: String,
    /// Purpose, in words.
    pub purpose: String,
    /// When it was drawn.
    pub drawn_at: OffsetDateTime,
}

/// A sheet: its parts each begin on a page of their own.
pub struct Sheet {
    pub(super) about: About,
    pub(super) parts: Vec<Sheaf>,
}

/// One part of a sheet.
pub(super) struct Sheaf {
    pub(super) title: String,
    pub(super) searched: String,
    pub(super) more: bool,
    pub(super) sections: Vec<Section>,
}

/// A section.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block>,
}

/// What stands in a section.
pub(super) enum Block {
    /// An item in full.
    Full(usize, Box<Entry>),
    /// An item that stands in full elsewhere.
    See(usize, String),
    /// Rows under their headings.
    Table(&'static [&'static str], Vec<Vec<String>>),
}

impl Sheet {
    /// As text for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        text::of(self)
    }

    /// As one page of HTML that prints on A4.
    #[must_use]
    pub fn html(&self) -> String {
        html::of(self)
    }
}

/// The day on which an item is read first, where it is a release.
fn release_on(entry: &Entry, is_right: impl Fn(Date) -> bool) -> bool {
    let day = entry.leaves_at().map(words::british_day);
    entry.is(WorklistReason::Release) && day.is_some_and(is_right)
}

type Belongs = Box<dyn Fn(&Entry) -> bool>;

/// The sections of a briefing, in the order in which they are read at seven in the morning.
fn sections(now: OffsetDateTime) -> Vec<(&'static str, Belongs)> {
    let today = words::british_day(now);
    let tomorrow = today.next_day().unwrap_or(today);
    let overdue = |entry: &Entry| {
        entry.is(WorklistReason::Action)
            && entry.owed(Attestation::Acted).is_some_and(|(_, overdue)| overdue)
    };
    vec![
        ("Immediate", Box::new(|e: &Entry| e.immediate && e.is(WorklistReason::New))),
        ("Releases today", Box::new(move |e: &Entry| release_on(e, |day| day == today))),
        ("Releases tomorrow", Box::new(move |e: &Entry| release_on(e, |day| day == tomorrow))),
        (
            "Releases in the days that follow",
            Box::new(move |e: &Entry| release_on(e, |day| day > tomorrow)),
        ),
        ("Actions overdue", Box::new(overdue)),
        ("Actions due", Box::new(move |e: &Entry| e.is(WorklistReason::Action) && !overdue(e))),
        ("Corrections to confirm", Box::new(|e: &Entry| e.is(WorklistReason::Correction))),
        ("Matches and questions to settle", Box::new(|e: &Entry| e.is(WorklistReason::Match))),
        ("Flags changed", Box::new(|e: &Entry| e.is(WorklistReason::Flag))),
        ("Other news", Box::new(|e: &Entry| e.is(WorklistReason::New))),
    ]
}

/// A moment by which a section's items are put in order; those without one come last.
fn by(title: &str, entry: &Entry) -> Option<OffsetDateTime> {
    match title {
        "Actions overdue" | "Actions due" => entry.owed(Attestation::Acted).map(|(due, _)| due),
        "Corrections to confirm" => entry.owed(Attestation::Corrected).map(|(due, _)| due),
        title if title.starts_with("Releases") => entry.leaves_at(),
        // As they were given, the last first.
        _other => None,
    }
}

/// The briefing of a desk.
#[must_use]
pub fn briefing(
    about: About,
    since: OffsetDateTime,
    until: Option<OffsetDateTime>,
    worklist: &Worklist,
) -> Sheet {
    let until = until.map(|until| format!(" until {}", words::london(until))).unwrap_or_default();
    let searched = format!(
        "What was given to this desk since {}{until}, and what of all it was given is still to be \
         done or is a release of the coming week. Nothing that other desks were given.",
        words::london(since),
    );
    let mut entries: Vec<Option<Entry>> =
        worklist.items.iter().map(|item| Some(Entry::of(item))).collect();
    let mut known: BTreeMap<usize, (usize, String)> = BTreeMap::new();
    let mut numbered = 0;
    let mut shown = Vec::new();
    for (title, belongs) in sections(about.drawn_at) {
        // What stands in full above is named again only where something is to be done about it.
        let mut places: Vec<(Option<OffsetDateTime>, usize)> = Vec::new();
        for (place, item) in worklist.items.iter().enumerate() {
            let again = known.contains_key(&place);
            let entry = Entry::of(item);
            if belongs(&entry) && !(again && title == "Other news") {
                places.push((by(title, &entry), place));
            }
        }
        places.sort_by_key(|(by, place)| (by.is_none(), *by, *place));
        let mut blocks = Vec::new();
        for (_, place) in places {
            if let Some((number, headline)) = known.get(&place) {
                blocks.push(Block::See(*number, headline.clone()));
            } else if let Some(entry) = entries.get_mut(place).and_then(Option::take) {
                numbered += 1;
                known.insert(place, (numbered, entry.headline.clone()));
                blocks.push(Block::Full(numbered, Box::new(entry)));
            }
        }
        shown.push(Section { title, blocks });
    }
    let title = format!("Briefing of {}/{}", about.agency, about.desk);
    let sheaf = Sheaf { title, searched, more: worklist.more, sections: shown };
    Sheet { about, parts: vec![sheaf] }
}

/// A pack for a tasking group: a part for each person.
#[must_use]
pub fn pack<'a>(about: About, of: impl IntoIterator<Item = (&'a Nominal, &'a Worklist)>) -> Sheet {
    let parts = of.into_iter().enumerate();
    let parts = parts.map(|(place, (nominal, worklist))| person(place + 1, nominal, worklist));
    Sheet { parts: parts.collect(), about }
}

fn person(number: usize, nominal: &Nominal, worklist: &Worklist) -> Sheaf {
    let name = Some(nominal.name.clone()).filter(|name| !name.is_empty());
    let born = Some(&nominal.birth_date).filter(|day| !day.is_empty());
    let born = born.map(|day| format!("born {}", words::written_day(day)));
    let numbers = nominal.identifiers.iter().map(numbered);
    let known: Vec<String> = name.into_iter().chain(born).chain(numbers).collect();
    let known = known.join(", ");
    let entries: Vec<Entry> = worklist.items.iter().map(Entry::of).collect();
    let searched = format!(
        "What was given to this desk about a suspect, convicted or managed person shown to it as \
         {known}. Nothing that other desks were given, and nothing under another name or number."
    );
    let plan = plan::release(&entries);
    let actions = plan::actions(&entries);
    let blocks = entries.into_iter().zip(1..);
    let blocks = blocks.map(|(entry, number)| Block::Full(number, Box::new(entry)));
    let table = |head, rows: Vec<Vec<String>>| {
        if rows.is_empty() { Vec::new() } else { vec![Block::Table(head, rows)] }
    };
    let sections = vec![
        Section { title: "Joint release plan", blocks: table(plan::RELEASE, plan) },
        Section { title: "Actions", blocks: table(plan::ACTIONS, actions) },
        Section { title: "What this desk was given", blocks: blocks.collect() },
    ];
    Sheaf { title: format!("Nominal {number}: {known}"), searched, more: worklist.more, sections }
}

fn numbered(number: &wire::Identifier) -> String {
    format!("{} {}", word::<wire::IdentifierType>(number.r#type).to_uppercase(), number.value)
}
