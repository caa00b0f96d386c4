//! Feeds: what somebody waits for by a fixed hour of each working day.
//!
//! Owns their rules in the directory document. Promises that a feed belongs to an agency, that at
//! least one desk waits for it, and that every id in it resolves. Deliberately does not know: what
//! has come.

use std::sync::Arc;

use serde::Deserialize;
use time::Time;

use super::document::Faults;
use super::{DeskIndex, Directory, MessageKind};

/// Hours before its hour in which a feed comes, unless it is said.
const WITHIN_HOURS_DEFAULT: u8 = 12;
/// Longer than a day, one day's would be taken for the next one's.
const WITHIN_HOURS_MAX: u8 = 24;

/// What desks wait for by a fixed hour of each working day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Id inside its agency, `[a-z0-9-]`.
    pub id: Arc<str>,
    /// The agency it comes from.
    pub agency: Arc<str>,
    /// The kind of its messages.
    pub kind: MessageKind,
    /// The one system it comes from; `None`: any of the agency's.
    pub node: Option<Arc<str>>,
    /// By when it is there, on a clock in London, on working days of England and Wales.
    pub by: Time,
    /// Hours before, 1 to 24, in which what comes is of that day.
    pub within_hours: u8,
    /// Messages below which it is suspiciously short, at least 1.
    pub at_least: u32,
    /// Desks that wait for it, at least one.
    pub waited_for_by: Vec<DeskIndex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedRow {
    id: String,
    kind: MessageKind,
    node: Option<String>,
    by: String,
    #[serde(default = "within_hours_default")]
    within_hours: u8,
    #[serde(default = "at_least_default")]
    at_least: u32,
    waited_for_by: Vec<String>,
}

const fn within_hours_default() -> u8 {
    WITHIN_HOURS_DEFAULT
}

const fn at_least_default() -> u32 {
    1
}

/// Adds one, once every desk and node is known.
pub(super) fn add(
    path: &str,
    agency: &Arc<str>,
    row: &FeedRow,
    directory: &mut Directory,
    faults: &mut Faults,
) {
    faults.id(format!("{path}.id"), &row.id);
    let id: Arc<str> = Arc::from(row.id.as_str());
    if row.kind == MessageKind::Task {
        faults.add(format!("{path}.kind"), "is a kind that agencies send");
    }
    if row.node.as_deref().is_some_and(|node| directory.node(agency, node).is_none()) {
        faults.add(format!("{path}.node"), "no such node in this agency");
    }
    let by = hour(&row.by);
    if by.is_none() {
        faults.add(format!("{path}.by"), "is a time of day such as 06:00");
    }
    if !(1..=WITHIN_HOURS_MAX).contains(&row.within_hours) {
        faults.add(format!("{path}.within_hours"), "is 1 to 24");
    }
    if row.at_least == 0 {
        faults.add(format!("{path}.at_least"), "is at least 1: nothing at all is never enough");
    }
    let mut waited_for_by = Vec::new();
    for name in &row.waited_for_by {
        let desk =
            name.split_once('/').and_then(|(agency, desk)| directory.desk_index(agency, desk));
        match desk {
            Some(desk) if !waited_for_by.contains(&desk) => waited_for_by.push(desk),
            Some(_) => faults.add(format!("{path}.waited_for_by"), "names a desk twice"),
            None => faults.add(format!("{path}.waited_for_by"), "no such desk"),
        }
    }
    if row.waited_for_by.is_empty() {
        faults.add(format!("{path}.waited_for_by"), "somebody waits for it");
    }
    if directory.feeds.iter().any(|feed| feed.agency == *agency && feed.id == id) {
        faults.add(format!("{path}.id"), "this id is given twice");
    }
    let feed = Feed {
        id,
        agency: Arc::clone(agency),
        kind: row.kind,
        node: row.node.as_deref().map(Arc::from),
        by: by.unwrap_or(Time::MIDNIGHT),
        within_hours: row.within_hours,
        at_least: row.at_least,
        waited_for_by,
    };
    directory.feeds.push(feed);
}

/// `HH:MM`.
fn hour(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| {
        let written = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        written.then(|| digits.parse().ok()).flatten()
    };
    Time::from_hms(two(hour)?, two(minute)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::super::document::{self, DocumentError};

    const DOCUMENT: &str = r#"
        trust_domain = "pyramid.example"
        [[agency]]
        id = "prisons"
        name = "Invented prisons"
        kind = "prison"
        dpo_contact = "dpo@prisons.example"
        [[agency.desk]]
        id = "custody"
        name = "Custody"
        function = "custody"
        regime = "part3"
        [[agency.node]]
        name = "list"
        desks = ["custody"]
        [[agency.feed]]
        id = "release-list"
        kind = "custody"
        node = "list"
        by = "06:00"
        at_least = 2
        waited_for_by = ["force/duty"]
        [[agency]]
        id = "force"
        name = "Invented force"
        kind = "police"
        dpo_contact = "dpo@force.example"
        [[agency.desk]]
        id = "duty"
        name = "Duty desk"
        function = "intelligence"
        regime = "part3"
        remind_working_days = 5
        "#;

    #[test]
    fn a_feed_is_read_with_whoever_waits_for_it() {
        let directory = document::read(DOCUMENT).unwrap();
        let feeds: Vec<_> = directory.feeds().collect();
        let [feed] = &feeds[..] else { panic!("one feed") };
        assert_eq!(
            (&*feed.agency, &*feed.id, feed.node.as_deref()),
            ("prisons", "release-list", Some("list"))
        );
        assert_eq!(
            (feed.by, feed.within_hours, feed.at_least),
            (time::macros::time!(06:00), 12, 2)
        );
        let desk = directory.desk(feed.waited_for_by[0]).unwrap();
        assert_eq!((desk.full_id().as_str(), desk.remind_working_days), ("force/duty", 5));
    }

    #[test]
    fn a_faulty_feed_is_refused_by_path_and_rule() {
        let rows = [
            ("by = \"06:00\"", "by = \"6:00\"", "by", "is a time of day such as 06:00"),
            ("by = \"06:00\"", "by = \"24:00\"", "by", "is a time of day such as 06:00"),
            (
                "at_least = 2",
                "at_least = 0",
                "at_least",
                "is at least 1: nothing at all is never enough",
            ),
            ("at_least = 2", "within_hours = 25", "within_hours", "is 1 to 24"),
            ("node = \"list\"", "node = \"other\"", "node", "no such node in this agency"),
            ("[\"force/duty\"]", "[\"force/other\"]", "waited_for_by", "no such desk"),
            ("[\"force/duty\"]", "[]", "waited_for_by", "somebody waits for it"),
            (
                "kind = \"custody\"\n        node",
                "kind = \"task\"\n        node",
                "kind",
                "is a kind that agencies send",
            ),
        ];
        for (from, to, field, rule) in rows {
            assert_eq!(DOCUMENT.matches(from).count(), 1, "{from}");
            let Err(DocumentError::Faulty(faults)) = document::read(&DOCUMENT.replace(from, to))
            else {
                panic!("{to} must be refused");
            };
            let told: Vec<_> =
                faults.iter().map(|fault| (fault.path.as_str(), fault.rule)).collect();
            assert_eq!(told, [(&*format!("agency[0].feed[0].{field}"), rule)]);
        }
    }

    #[test]
    fn a_change_of_a_feed_is_named() {
        let before = document::read(DOCUMENT).unwrap();
        let after = document::read(&DOCUMENT.replace("06:00", "07:00")).unwrap();
        let (changed, removed) = document::changes(&before, &after);
        assert_eq!((changed, removed), (vec!["feed prisons/release-list".to_owned()], vec![]));
    }
}
