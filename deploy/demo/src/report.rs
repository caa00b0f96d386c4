//! What is printed, for a probation officer to read; and what did not go as written down.
#![expect(clippy::print_stdout, reason = "the demonstration's answer is what it prints")]

use std::time::Duration;

use proto::exchange::v1::released_message::Kind;
use proto::exchange::v1::{self as wire, Field};
use tokio::time::Instant;

use crate::acts::Act;
use crate::auditor::Decision;
use crate::cast::{Heard, name_of};
use crate::words;

/// Longest line, in characters.
const LINE_CHARACTERS_MAX: usize = 100;
/// Where names of desks end.
const NAME_COLUMN: usize = 38;

/// The report as it is being made.
pub(crate) struct Report {
    begun: Instant,
    step_begun: Instant,
    acts: usize,
    acts_total: usize,
    checks: usize,
    faults: Vec<String>,
}

impl Report {
    /// Begins a report on so many messages.
    pub(crate) fn begin(acts_total: usize) -> Self {
        let now = Instant::now();
        let (acts, checks, faults) = (0, 0, Vec::new());
        Self { begun: now, step_begun: now, acts, acts_total, checks, faults }
    }

    /// A new part of the play.
    pub(crate) fn chapter(&mut self, title: &str) {
        self.step_begun = Instant::now();
        println!("\n== {title}");
    }

    /// A step of the preparation is done.
    pub(crate) fn done(&mut self, step: &str) {
        let took = std::mem::replace(&mut self.step_begun, Instant::now()).elapsed();
        println!("  {:<82} {:>5.1} s", step, took.as_secs_f32());
    }

    /// A line of plain text, broken where it is too long.
    pub(crate) fn line(&self, text: &str) {
        wrapped("  ", "  ", text);
    }

    /// A line that must stay as it is, such as a command.
    pub(crate) fn verbatim(&self, text: &str) {
        println!("    {text}");
    }

    /// Two columns: what, and what about it.
    pub(crate) fn pair(&self, left: &str, right: &str) {
        wrapped(&format!("  {left:<NAME_COLUMN$} "), &" ".repeat(NAME_COLUMN + 3), right);
    }

    /// Counts an expectation, and says so if it is not met.
    pub(crate) fn check(&mut self, holds: bool, expectation: &str) {
        self.checks += 1;
        if !holds {
            println!("  NOT AS EXPECTED: {expectation}");
            self.faults.push(expectation.to_owned());
        }
    }

    /// Announces a message.
    pub(crate) fn announce(&mut self, act: &Act, note: &str) {
        self.acts += 1;
        println!("\n[{:>2}/{}] {}", self.acts, self.acts_total, act.heading);
        wrapped("  sent     ", "           ", &format!("by {}{note}", act.sender.0));
    }

    /// What the sender is answered.
    pub(crate) fn answered(&self, accepted: &wire::Accepted) {
        let duty = match accepted.duty_route.as_str() {
            "" => String::new(),
            route => format!("; if in doubt, telephone {route}"),
        };
        wrapped("  answer   ", "           ", &format!("accepted, on disk{duty}"));
    }

    /// Who was told, why, and what was kept back. `names` are those of the message's persons.
    pub(crate) fn told(&self, heard: &[Heard], decisions: &[Decision], names: &[String]) {
        if heard.is_empty() {
            println!("  told     nobody");
        }
        for one in heard {
            let task = matches!(one.incoming.message.kind, Some(Kind::Task(_)));
            let decision =
                decisions.iter().find(|d| d.desk == one.seat.id && d.task == task && d.permitted);
            let reasons = decision.map_or_else(String::new, |decision| {
                let reasons = decision.reasons.iter().map(|reason| words::reason(reason));
                reasons.collect::<Vec<_>>().join(", ")
            });
            wrapped(
                &format!("  told     {:<NAME_COLUMN$} ", one.seat.name),
                &" ".repeat(NAME_COLUMN + 12),
                &reasons,
            );
            let sees = sees(&one.incoming.message, names.len());
            let Some(decision) = decision else { continue };
            let text = format!("{sees}; under {}", decision.permits().join(", "));
            wrapped("             ", "             ", &text);
            for (person, name) in decision.persons.iter().zip(names).filter(|(p, _)| !p.shown) {
                let why = words::refusal(0, &person.rules);
                wrapped("             ", "             ", &format!("{name} removed: {why}"));
            }
        }
    }

    /// Who had a stake and was refused, by the reason. Nothing of this reaches any of them.
    pub(crate) fn refused(&self, decisions: &[Decision], names: &[String]) {
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        for decision in decisions.iter().filter(|decision| !decision.permitted) {
            let why = why_refused(decision, names);
            let task = if decision.task { " (asked to settle it)" } else { "" };
            let name = format!("{}{task}", name_of(&decision.desk));
            match groups.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(name),
                None => groups.push((why, vec![name])),
            }
        }
        if groups.is_empty() {
            println!("  refused  nobody");
        }
        for (why, names) in groups {
            wrapped("  refused  ", "           ", &names.join("; "));
            wrapped("             ", "             ", &why);
        }
    }

    /// Why it must be so.
    pub(crate) fn remark(&self, remark: &str) {
        wrapped("  ->       ", "           ", remark);
    }

    /// Ends the report. True: all went as written down.
    pub(crate) fn end(self) -> bool {
        let took = self.begun.elapsed();
        println!();
        if self.faults.is_empty() {
            let (acts, checks) = (self.acts, self.checks);
            println!("{acts} messages, {checks} expectations, all met, in {}.", seconds(took));
            return true;
        }
        println!("{} of {} expectations were not met:", self.faults.len(), self.checks);
        for fault in &self.faults {
            println!("  {fault}");
        }
        false
    }
}

fn why_refused(decision: &Decision, names: &[String]) -> String {
    let why = |rules: &[String]| words::refusal(decision.refusal, rules);
    match decision.persons.as_slice() {
        [person] => why(&person.rules),
        persons => {
            let each = persons.iter().zip(names);
            let each = each.map(|(person, name)| format!("{name}: {}", why(&person.rules)));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} seconds", took.as_secs_f32())
}

/// What a client sees of a message, from what it received.
fn sees(message: &wire::ReleasedMessage, persons: usize) -> String {
    if let Some(Kind::Task(task)) = &message.kind {
        return match task.task_kind() {
            wire::TaskKind::AreaUnknown => "is asked to find out where the person goes",
            wire::TaskKind::PossibleMatch => "is asked whether it is the same person",
            wire::TaskKind::LinkDisputed => "is asked to settle a disputed link",
            wire::TaskKind::SelectionCandidate => "is asked to consider a flag",
            wire::TaskKind::TreatmentGap => "is asked to see to treatment",
            wire::TaskKind::NotDelivered => "hears that its message has not arrived",
            wire::TaskKind::NotOpened => "hears that nobody has opened its message",
            wire::TaskKind::FeedAbsent => "hears that what it waits for has not come",
            wire::TaskKind::DateNear => "is reminded of a date",
            wire::TaskKind::ReviewOverdue => "hears that its review was not held",
            wire::TaskKind::LongInCustody => "is asked to consider taking a flag off",
            wire::TaskKind::TurningAdult => "hears that somebody on its list turns 18",
            wire::TaskKind::Unspecified => "is asked something unsaid",
        }
        .to_owned();
    }
    let names: Vec<&str> = message.subjects.iter().map(|subject| subject.name.as_str()).collect();
    let who = match (persons, names.len()) {
        (1, _) => "sees all that was sent".to_owned(),
        (all, shown) if all == shown => format!("sees {}", names.join(" and ")),
        (_, _) => format!("sees {} alone", names.join(" and ")),
    };
    let withheld: Vec<Field> = message.withheld().collect();
    if withheld.is_empty() { who } else { format!("{who}, without {}", words::fields(&withheld)) }
}

/// Prints a text broken into lines, the first begun by one prefix and the others by another.
fn wrapped(first: &str, rest: &str, text: &str) {
    let mut line = first.to_owned();
    let mut used = first.chars().count();
    let mut fresh = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !fresh && used + 1 + length > LINE_CHARACTERS_MAX {
            println!("{line}");
            line = rest.to_owned();
            used = rest.chars().count();
            fresh = true;
        }
        if !fresh {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
        fresh = false;
    }
    println!("{}", line.trim_end());
}
