//! Holds what came against what was written down.
//!
//! Promises to look at it from three sides that must agree: what clients received, what the ledger
//! says was decided, and what the ledger says was released; and that whatever was not written down
//! is a fault, as much as what was and did not come. Deliberately does not know: how it came about.

use std::collections::BTreeSet;

use agency_client::cli::released_json;
use proto::exchange::v1::released_message::Kind;
use proto::exchange::v1::{Field, TaskKind};
use proto::refusal::Refusal;
use proto::text::Named as _;
use serde_json::Value;

use super::model::{AtTheDoor, Count, Desk, Event, Refused, Story, Told};
use super::people::Heard;
use super::play::{Came, DoorRefusal, Play};
use super::read::refusal_words;
use super::record::{Book, Candidate};
use super::report::Report;

/// The message, the desk, and what it is asked to settle, by number.
type Key = (String, Desk, i32);

/// What a desk was expected to receive, as it received it.
pub(super) fn find<'came>(told: &Told, came: &'came Came, play: &Play) -> Option<&'came Heard> {
    came.heard.iter().find(|heard| key_of(heard, play).as_ref() == Some(&key(told)))
}

fn key(told: &Told) -> Key {
    (told.message.clone(), told.desk.clone(), number(told.task))
}

fn number(task: Option<TaskKind>) -> i32 {
    task.map_or(0, |task| task as i32)
}

fn key_of(heard: &Heard, play: &Play) -> Option<Key> {
    let name = play.name_of(&hex::encode(&heard.incoming.delivery.delivery_id))?;
    Some((name.to_owned(), heard.desk.clone(), task_of(heard)))
}

fn task_of(heard: &Heard) -> i32 {
    match &heard.incoming.message.kind {
        Some(Kind::Task(task)) => task.task_kind,
        _ => 0,
    }
}

/// Judges one event.
pub(super) fn event(report: &mut Report, story: &Story, event: &Event, came: &Came, play: &Play) {
    report.event(event);
    if !door(report, event, came) {
        // What should have come of it would only be noise.
        return;
    }
    received(report, story, event, came, play);
    decided(report, event, came, play);
    ended(report, event, came, play);
    tracked(report, event, came);
    rung(report, story, event, came);
    let alarmed = came.alarms > 0;
    let said = "operators are alarmed, and only then, where an immediate message reaches nobody";
    report.check(alarmed == event.expected.alarmed, event.line, said);
    if alarmed {
        report.row("alarm", "operators: an immediate message reaches nobody");
    }
}

/// Whether the message was taken, or not, as expected.
fn door(report: &mut Report, event: &Event, came: &Came) -> bool {
    let faults = report.faults().len();
    match (&came.answer, &event.expected.at_the_door) {
        (None, None) => {}
        (Some(Ok(accepted)), None) => match accepted.duty_route.as_str() {
            "" => report.row("answer", "accepted, on disk"),
            route => report.row("answer", &format!("accepted, on disk; if in doubt, ring {route}")),
        },
        (Some(Err(refused)), Some(expected)) => {
            report.row("answer", &format!("not taken: {}", at_the_door(refused)));
            for (_, rule) in &refused.faults {
                report.row("", rule);
            }
            let same =
                refused.code == expected.refusal.code() && fields_of(refused) == expected.fields;
            report.check(same, expected.line, &format!("not taken: {}", expected_door(expected)));
            for (line, text) in &expected.says {
                let said = refused.faults.iter().any(|(_, rule)| rule.contains(text));
                report.check(said, *line, "the refusal says this");
            }
        }
        (Some(Err(refused)), None) => {
            report.fault(event.line, &format!("it is not taken: {}", at_the_door(refused)));
            for (_, rule) in &refused.faults {
                report.row("", rule);
            }
        }
        (Some(Ok(_)) | None, Some(expected)) => {
            report.fault(expected.line, "it was not refused at the door");
        }
    }
    report.faults().len() == faults
}

fn at_the_door(refused: &DoorRefusal) -> String {
    let words = Refusal::from_code(refused.code).map_or_else(|| "unsaid".into(), refusal_words);
    in_fields(&words, &fields_of(refused))
}

fn fields_of(refused: &DoorRefusal) -> BTreeSet<String> {
    refused.faults.iter().map(|(field, _)| field.clone()).collect()
}

fn expected_door(expected: &AtTheDoor) -> String {
    in_fields(&refusal_words(expected.refusal), &expected.fields)
}

fn in_fields(words: &str, fields: &BTreeSet<String>) -> String {
    if fields.is_empty() {
        return words.to_owned();
    }
    format!("{words}, at {}", Vec::from_iter(fields.iter().map(String::as_str)).join(", "))
}

/// Everybody who was to receive something did, as it was written down, and nobody else.
fn received(report: &mut Report, story: &Story, event: &Event, came: &Came, play: &Play) {
    let mut wanted = BTreeSet::new();
    for told in &event.expected.told {
        wanted.insert(key(told));
        match find(told, came, play) {
            None => report.fault(told.line, &format!("{} did not receive it", told.desk)),
            Some(heard) => {
                report.told(told, heard, &story.people);
                sees(report, told, heard);
                on_record(report, told, heard, &play.book);
            }
        }
    }
    let sent = event.expected.at_the_door.is_none() && came.answer.is_some();
    if sent && came.heard.is_empty() {
        report.row("told", "nobody");
    }
    for heard in &came.heard {
        let known = key_of(heard, play);
        if known.as_ref().is_none_or(|key| !wanted.contains(key)) {
            let name = known.map_or_else(|| "something".to_owned(), |(name, _, _)| name);
            let task = if task_of(heard) == 0 { "" } else { ", asked to settle something," };
            let text = format!("{}{task} received {name}, which is not written down", heard.desk);
            report.fault(event.line, &text);
        }
    }
}

/// What a desk sees: of whom, without what, and what it says.
fn sees(report: &mut Report, told: &Told, heard: &Heard) {
    let (line, desk) = (told.line, &told.desk);
    let message = &heard.incoming.message;
    let withheld: BTreeSet<Field> = message.withheld().collect();
    let text =
        format!("{desk} without [{}], and it was [{}]", fields(&told.without), fields(&withheld));
    report.check(withheld == told.without, line, &text);
    let shown: Vec<&str> = message.subjects.iter().map(|one| one.name.as_str()).collect();
    let same = shown.len() == told.of.len()
        && shown
            .iter()
            .zip(&told.of)
            .all(|(shown, name)| shown.is_empty() || *shown == name.as_str());
    report.check(
        same,
        line,
        &format!("{desk} sees {} of the people, and it was {}", told.of.len(), shown.len()),
    );
    let said = released_json::message(message);
    for (line, path, text) in &told.shows {
        let found = at(&said, path);
        report.check(found.as_deref() == Some(text), *line, &format!("{desk} is shown {path} so"));
    }
    let whole = said.to_string();
    for (line, text) in &told.hides {
        report.check(!whole.contains(text), *line, &format!("{desk} is not shown this"));
    }
}

/// The text at a path such as `custody.prison` or `subjects.0.name`.
fn at(value: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(value, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(found.to_string()),
        Value::Array(items) => {
            let items = items.iter().filter_map(Value::as_str);
            Some(items.collect::<Vec<_>>().join(" "))
        }
        Value::Null | Value::Object(_) => None,
    }
}

fn fields(fields: &BTreeSet<Field>) -> String {
    fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(", ")
}

/// The release of what was received stands in the ledger, to this desk and without the same.
fn on_record(report: &mut Report, told: &Told, heard: &Heard, book: &Book) {
    let release = book.releases.get(&hex::encode(&heard.incoming.delivery.release_id));
    let withheld: BTreeSet<Field> = heard.incoming.message.withheld().collect();
    let same = release.is_some_and(|release| {
        release.desk == heard.desk
            && release.withheld == withheld
            && release.delivery == hex::encode(&heard.incoming.delivery.delivery_id)
    });
    report.check(same, told.line, &format!("the release to {} is on record", told.desk));
}

/// What the ledger says was decided is what was written down: permitted for whoever is told or
/// waits, refused for nobody else but those named.
fn decided(report: &mut Report, event: &Event, came: &Came, play: &Play) {
    let fresh = play.book.candidates.get(came.decided_before..).unwrap_or_default();
    let expected = &event.expected;
    let told = expected.told.iter().map(key);
    let waits =
        expected.waits.iter().map(|one| (one.message.clone(), one.desk.clone(), number(one.task)));
    let ended = expected.ended.iter().map(|one| (one.message.clone(), one.desk.clone(), 0));
    let wanted: BTreeSet<Key> = told.chain(waits.clone()).chain(ended).collect();
    for candidate in fresh.iter().filter(|candidate| candidate.refusal == 0) {
        let known = candidate_key(candidate, play).is_some_and(|key| wanted.contains(&key));
        let text = format!("{} is permitted it, which is not written down", candidate.desk);
        report.check(known, event.line, &text);
    }
    for (waits, key) in expected.waits.iter().zip(waits) {
        let candidate = play.book.candidates.iter().find(|candidate| {
            candidate.refusal == 0 && candidate_key(candidate, play).as_ref() == Some(&key)
        });
        let waiting = candidate.is_some_and(|candidate| {
            !play.book.is_released(candidate) && !play.book.has_ended(candidate)
        });
        report.check(waiting, waits.line, &format!("it waits for {}", waits.desk));
        report.row("waits", &format!("for {}", waits.desk));
    }
    let refused: Vec<&Candidate> =
        fresh.iter().filter(|candidate| candidate.refusal != 0).collect();
    report.refused(&refused);
    if let Some(wanted) = &expected.refused {
        refusals(report, event, wanted, &refused, play);
    }
}

fn candidate_key(candidate: &Candidate, play: &Play) -> Option<Key> {
    let name = play.name(&candidate.sender, &candidate.message)?;
    Some((name.to_owned(), candidate.desk.clone(), candidate.task))
}

fn refusals(
    report: &mut Report,
    event: &Event,
    wanted: &[Refused],
    found: &[&Candidate],
    play: &Play,
) {
    for refused in wanted {
        let key = (refused.message.clone(), refused.desk.clone(), number(refused.task));
        let candidate =
            found.iter().find(|candidate| candidate_key(candidate, play).as_ref() == Some(&key));
        let text = format!("{} has a stake and is refused", refused.desk);
        report.check(candidate.is_some(), refused.line, &text);
        if let (Some(candidate), false) = (candidate, refused.because.is_empty()) {
            let words = Refusal::from_code(candidate.refusal).map(refusal_words);
            let because = words.as_ref() == Some(&refused.because)
                || candidate.rules.contains(&refused.because);
            report.check(because, refused.line, &format!("{} is refused for this", refused.desk));
        }
    }
    for candidate in found {
        let known = candidate_key(candidate, play).is_some_and(|key| {
            wanted
                .iter()
                .any(|one| key == (one.message.clone(), one.desk.clone(), number(one.task)))
        });
        let text = format!("{} is refused as well, which is not written down", candidate.desk);
        report.check(known, event.line, &text);
    }
}

/// What ended without being released is what was written down.
fn ended(report: &mut Report, event: &Event, came: &Came, play: &Play) {
    let fresh = play.book.ended.get(came.ended_before..).unwrap_or_default();
    let mut open: Vec<_> = event.expected.ended.iter().collect();
    for ending in fresh {
        let candidate = play.book.of_delivery(&ending.delivery);
        let key = candidate.and_then(|candidate| candidate_key(candidate, play));
        let place = open.iter().position(|one| {
            Some(one.refusal) == ending.refusal
                && key
                    .as_ref()
                    .is_some_and(|(name, desk, _)| (name, desk) == (&one.message, &one.desk))
        });
        let words = ending.refusal.map_or_else(|| "unsaid".to_owned(), refusal_words);
        match (place, candidate) {
            (Some(place), Some(candidate)) => {
                report.row("ended", &format!("for {}: {words}", candidate.desk));
                open.remove(place);
            }
            (_, Some(candidate)) => {
                let text = format!("it ended for {}: {words}; not written down", candidate.desk);
                report.fault(event.line, &text);
            }
            (_, None) => report.fault(event.line, "something unknown ended"),
        }
    }
    for one in open {
        let words = refusal_words(one.refusal);
        report.fault(one.line, &format!("it did not end for {} as {words}", one.desk));
    }
}

/// Who is told of silence outside the broker, if the story says so anywhere: then nobody else is.
fn rung(report: &mut Report, story: &Story, event: &Event, came: &Came) {
    if story.events.iter().all(|event| event.expected.rung.is_empty()) {
        return;
    }
    let (mut wanted, mut found) = (event.expected.rung.clone(), came.rung.clone());
    wanted.sort();
    found.sort();
    for (code, whom) in &found {
        report.row("rung", &format!("{whom}: {code}"));
    }
    let said = format!("rung are {wanted:?}, and it was {found:?}");
    report.check(wanted == found, event.line, &said);
}

fn tracked(report: &mut Report, event: &Event, came: &Came) {
    let (Some(wanted), Some(found)) = (&event.expected.tracked, &came.tracked) else { return };
    let text = |rows: &[(String, proto::exchange::v1::OutcomeState)]| {
        let mut rows: Vec<String> =
            rows.iter().map(|(agency, state)| format!("{agency} {}", state.name())).collect();
        rows.sort();
        if rows.is_empty() { "of nobody".to_owned() } else { rows.join("; ") }
    };
    report.row("sender", &format!("finds: {}", text(found)));
    let said = format!("the sender finds: {}, and it was: {}", text(wanted), text(found));
    report.check(text(wanted) == text(found), event.line, &said);
}

/// The ledger at the end: the counts written down, and no release that nobody received.
pub(super) fn ledger(report: &mut Report, story: &Story, book: &Book, received: &BTreeSet<String>) {
    let line = story.ledger_line;
    let released = book.releases.keys().filter(|release| !book.voided.contains(*release));
    let same = released.clone().all(|release| received.contains(release))
        && received.iter().all(|release| book.releases.contains_key(release));
    report.check(same, line, "every release on record was received, and none besides");
    let found = book.counts();
    report.ledger(&found);
    for count in found.iter().filter(|count| !story.ledger.contains(count)) {
        let expected = of(&story.ledger, count);
        let Count { kind, party, count } = count;
        report.fault(line, &format!("{kind}: {party} has {count} records, not {expected}"));
    }
    for count in story.ledger.iter().filter(|count| of(&found, count) == 0 && count.count > 0) {
        let Count { kind, party, count } = count;
        report.fault(line, &format!("{kind}: {party} has no records, not {count}"));
    }
    report.checked(story.ledger.len());
}

fn of(counts: &[Count], like: &Count) -> usize {
    let found = counts.iter().find(|one| (&one.kind, &one.party) == (&like.kind, &like.party));
    found.map_or(0, |found| found.count)
}
