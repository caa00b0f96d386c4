//! What a reader is told of a story as it was played.
//!
//! Owns the text. Promises that it holds what clients and ledger showed, and that what was not as
//! written down is said in its place and again at the end. Deliberately does not know: what was
//! expected. Never for production: it shows what desks received.

use std::collections::BTreeMap;

use proto::exchange::v1::Field;
use proto::exchange::v1::released_message::Kind;
use proto::text::Named as _;

use super::model::{Act, Count, Event, Story, Told};
use super::people::Heard;
use super::record::Candidate;
use crate::words;

/// Longest line.
const LINE_CHARACTERS_MAX: usize = 100;
/// Where what is said about something begins.
const COLUMN: usize = 11;

/// A report under way, or done.
pub struct Report {
    text: String,
    checks: usize,
    faults: Vec<String>,
}

impl Report {
    /// Begins the report of a story.
    pub(super) fn begin(story: &Story) -> Self {
        let mut report = Self { text: String::new(), checks: 0, faults: Vec::new() };
        report.line(&story.title);
        report.line(&"=".repeat(story.title.chars().count()));
        for seed in &story.seeds {
            report.wrapped("", "", seed);
        }
        let people = match story.people.as_slice() {
            [] => "Nobody takes part.".to_owned(),
            people => format!("The people, all of them invented: {}.", people.join(", ")),
        };
        report.wrapped("", "", &people);
        report
    }

    /// The report as text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was not as written down: the line of the story, and what of it.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// How many expectations were looked at.
    #[must_use]
    pub const fn checks(&self) -> usize {
        self.checks
    }

    /// Begins an event.
    pub(super) fn event(&mut self, event: &Event) {
        self.line("");
        self.wrapped("", "    ", &event.heading);
        if let Act::Sends(sending) = &event.act {
            self.row("about", &sending.about.join(", "));
        }
        for because in &event.because {
            self.row("because", because);
        }
    }

    /// A word, and what there is to say about it.
    pub(super) fn row(&mut self, word: &str, text: &str) {
        self.wrapped(&format!("  {word:<width$}", width = COLUMN - 2), &" ".repeat(COLUMN), text);
    }

    /// A desk that received something as expected.
    pub(super) fn told(&mut self, told: &Told, heard: &Heard, people: &[String]) {
        let message = &heard.incoming.message;
        let word = if matches!(message.kind, Some(Kind::Task(_))) { "asked" } else { "told" };
        let mut text = told.desk.to_string();
        if let Some(task) = told.task {
            text.push_str(&format!(", to settle {}", task.name()));
        }
        let shown = message.subjects.iter().filter(|one| people.contains(&one.name)).count();
        if shown > 1 {
            text.push_str(&format!(", of {shown} people"));
        }
        let withheld: Vec<Field> = message.withheld().collect();
        if !withheld.is_empty() {
            text.push_str(&format!(", without {}", words::fields(&withheld)));
        }
        self.row(word, &text);
    }

    /// Who had a stake and was refused, by the reason. Nothing of this reaches any of them.
    pub(super) fn refused(&mut self, refused: &[&Candidate]) {
        let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for candidate in refused {
            let why = words::refusal(candidate.refusal, &candidate.rules);
            by_reason.entry(why).or_default().push(candidate.desk.to_string());
        }
        for (why, desks) in by_reason {
            self.row("refused", &format!("{}: {why}", desks.join(", ")));
        }
    }

    /// What stands in the ledger.
    pub(super) fn ledger(&mut self, counts: &[Count]) {
        self.line("");
        self.line("The ledger holds");
        let mut by_kind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for Count { kind, party, count } in counts {
            by_kind.entry(kind).or_default().push(format!("{party} {count}"));
        }
        for (kind, parties) in by_kind {
            self.wrapped(&format!("  {kind}: "), "    ", &parties.join(", "));
        }
    }

    /// Looks at an expectation, and says so if it is not met.
    pub(super) fn check(&mut self, holds: bool, line: usize, expectation: &str) {
        self.checks += 1;
        if !holds {
            self.fault(line, expectation);
        }
    }

    /// Notes how many expectations were looked at elsewhere.
    pub(super) const fn checked(&mut self, count: usize) {
        self.checks += count;
    }

    /// Something is not as written down.
    pub(super) fn fault(&mut self, line: usize, text: &str) {
        self.row("NOT SO", &format!("line {line}: {text}"));
        self.faults.push(format!("line {line}: {text}"));
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// A text broken into lines, the first begun by one prefix and the others by another.
    fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        let mut line = first.to_owned();
        let mut fresh = true;
        for word in text.split_whitespace() {
            if !fresh && line.chars().count() + 1 + word.chars().count() > LINE_CHARACTERS_MAX {
                self.line(&line);
                rest.clone_into(&mut line);
                fresh = true;
            }
            if !fresh {
                line.push(' ');
            }
            line.push_str(word);
            fresh = false;
        }
        self.line(&line);
    }
}
