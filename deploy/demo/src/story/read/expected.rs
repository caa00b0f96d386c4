//! What must come of an event, as an information-governance lead wrote it down.
//!
//! Owns the words of an expectation, each begun by a capital. Promises that an expectation that is
//! not understood is a fault, and never one that holds. Deliberately does not know: what came.

use std::collections::BTreeSet;

use proto::exchange::v1::{Field, OutcomeState, TaskKind};
use proto::refusal::Refusal;

use super::event::Sent;
use super::lines::Line;
use super::message::of_message;
use super::people::full_name;
use super::words::{Places, list, named, quoted};
use crate::story::model::{AtTheDoor, Desk, Ended, Expected, Fault, Refused, Told, Waits};

/// What a message of the broker itself is called.
pub(in crate::story) const THE_BROKER: &str = "the broker";

const NOT_A_FIELD: &str = "after `without` stand fields, as docs/messages.md writes them";
const NOT_A_TASK: &str = "after `to settle` stands what the broker asks";
const WORDS: &str = "an expectation is one of: Told, Asked, Advised, Rung, Waits, Refused, Ended, each with `of \
     NAME` if it is about an earlier message; Tracked, Refused at the door, Alarm, Nothing, Because";

/// Reads the expectations of an event, and why it must be so. `subject`: the message it is about.
///
/// # Errors
/// The first fault.
pub(super) fn expected(
    event: &Line<'_>,
    subject: Option<&str>,
    sent: &Sent,
    places: &Places,
) -> Result<(Expected, Vec<String>), Fault> {
    let (mut expected, mut because) = (Expected::default(), Vec::new());
    for part in event.parts.iter().filter(|part| !of_message(part)) {
        let (word, of) = match part.key.split_once(" of ") {
            Some((word, of)) => (word, Some(of)),
            None => (part.key, subject),
        };
        let reader = Reader { line: part.number, of, sent, places };
        match word {
            "Because" => because.push(part.value.to_owned()),
            "Told" => expected.told.extend(reader.told(part)?),
            "Asked" => expected.told.extend(reader.asked(part)?),
            "Advised" => expected.told.extend(reader.advised(part)?),
            "Rung" => expected.rung.extend(reader.rung(part.value)?),
            "Waits" => expected.waits.extend(reader.waits(part.value)?),
            "Refused" => {
                expected.refused.get_or_insert_default().extend(reader.refused(part.value)?);
            }
            "Ended" => expected.ended.extend(reader.ended(part.value)?),
            "Tracked" => {
                expected.tracked.get_or_insert_default().extend(reader.tracked(part.value)?);
            }
            "Refused at the door" => expected.at_the_door = Some(reader.at_the_door(part)?),
            "Alarm" if part.value == "nobody is told" => expected.alarmed = true,
            "Nothing" if part.value == "everybody else" => {}
            "Nothing" => {
                let desks = reader.desks(part.value)?;
                expected.nothing.extend(desks.into_iter().map(|desk| (part.number, desk)));
            }
            _ => return Err(Fault::at(part.number, WORDS)),
        }
        if !matches!(word, "Told" | "Asked" | "Advised" | "Refused at the door") {
            part.alone()?;
        }
    }
    agree(&expected)?;
    Ok((expected, because))
}

/// A desk is expected to receive a thing once, and what is expected to get nothing gets nothing.
fn agree(expected: &Expected) -> Result<(), Fault> {
    let mut once = BTreeSet::new();
    for told in &expected.told {
        if !once.insert((&told.message, &told.desk, told.task.map(|task| task as i32))) {
            return Err(Fault::at(told.line, "this desk is expected to receive this twice"));
        }
    }
    for (line, desk) in &expected.nothing {
        if expected.told.iter().any(|told| told.desk == *desk) {
            return Err(Fault::at(*line, "this desk is expected to receive something as well"));
        }
    }
    Ok(())
}

/// What one expectation is read against.
struct Reader<'a> {
    line: usize,
    of: Option<&'a str>,
    sent: &'a Sent,
    places: &'a Places,
}

impl Reader<'_> {
    fn fault(&self, rule: &str) -> Fault {
        Fault::at(self.line, rule)
    }

    /// The message it is about, and whom that is about.
    fn message(&self) -> Result<(String, Vec<String>), Fault> {
        let name = self.of.ok_or_else(|| self.fault("of which message? say `of NAME`"))?;
        let people = self.sent.get(name);
        let people = people.ok_or_else(|| self.fault("no message of this name was sent"))?;
        Ok((name.to_owned(), people.clone()))
    }

    fn desks(&self, text: &str) -> Result<Vec<Desk>, Fault> {
        let desks = list(self.line, text, ";")?;
        desks.into_iter().map(|desk| self.places.desk(self.line, desk)).collect()
    }

    fn fields(&self, text: Option<&str>) -> Result<BTreeSet<Field>, Fault> {
        let words = text.map_or(Ok(Vec::new()), |text| list(self.line, text, ","))?;
        words.into_iter().map(|word| named(self.line, word, NOT_A_FIELD)).collect()
    }

    /// `DESK; DESK[, of NAME and NAME][, without FIELD, FIELD]`.
    fn told(&self, part: &Line<'_>) -> Result<Vec<Told>, Fault> {
        let (rest, without) = cut(part.value, ", without ");
        let (desks, of) = cut(rest, ", of ");
        self.receive(part, desks, None, of, without)
    }

    /// `DESK; DESK to settle TASK[, without FIELD, FIELD]`.
    fn asked(&self, part: &Line<'_>) -> Result<Vec<Told>, Fault> {
        let (rest, without) = cut(part.value, ", without ");
        let (desks, task) = cut(rest, " to settle ");
        let task = task.ok_or_else(|| self.fault(NOT_A_TASK))?;
        let task = named::<TaskKind>(self.line, task, NOT_A_TASK)?;
        self.receive(part, desks, Some(task), None, without)
    }

    /// `DESK; DESK of TASK`: the broker itself tells them.
    fn advised(&self, part: &Line<'_>) -> Result<Vec<Told>, Fault> {
        let (desks, task) = cut(part.value, " of ");
        let task = task.ok_or_else(|| self.fault(NOT_A_TASK))?;
        let task = named::<TaskKind>(self.line, task, NOT_A_TASK)?;
        let (shows, hides) = body(part)?;
        let told = |desk| Told {
            line: self.line,
            message: THE_BROKER.to_owned(),
            desk,
            task: Some(task),
            of: Vec::new(),
            without: BTreeSet::new(),
            shows: shows.clone(),
            hides: hides.clone(),
        };
        Ok(self.desks(desks)?.into_iter().map(told).collect())
    }

    /// `operators of CODE; duty_officer DESK of CODE; agency_lead DESK of CODE`.
    fn rung(&self, text: &str) -> Result<Vec<(String, String)>, Fault> {
        let rule = "who is rung is `operators of CODE`, or RANK DESK of CODE";
        let row = |row: &str| {
            let (whom, code) = row.split_once(" of ").ok_or_else(|| self.fault(rule))?;
            if let Some((_, desk)) = whom.split_once(' ') {
                self.places.desk(self.line, desk)?;
            }
            Ok((code.to_owned(), whom.to_owned()))
        };
        list(self.line, text, ";")?.into_iter().map(row).collect()
    }

    fn receive(
        &self,
        part: &Line<'_>,
        desks: &str,
        task: Option<TaskKind>,
        of: Option<&str>,
        without: Option<&str>,
    ) -> Result<Vec<Told>, Fault> {
        let (message, everybody) = self.message()?;
        let of = match of {
            None => everybody,
            Some(names) => {
                let names = list(self.line, names, " and ")?;
                let names: Vec<String> = names.into_iter().map(full_name).collect();
                if names.iter().any(|name| !everybody.contains(name)) {
                    return Err(self.fault("the message is not about this person"));
                }
                names
            }
        };
        let without = self.fields(without)?;
        let (shows, hides) = body(part)?;
        let desks = self.desks(desks)?;
        let told = |desk| Told {
            line: self.line,
            message: message.clone(),
            desk,
            task,
            of: of.clone(),
            without: without.clone(),
            shows: shows.clone(),
            hides: hides.clone(),
        };
        Ok(desks.into_iter().map(told).collect())
    }

    /// `DESK; DESK[ to settle TASK]`.
    fn waits(&self, text: &str) -> Result<Vec<Waits>, Fault> {
        let (desks, task) = cut(text, " to settle ");
        let task = task.map(|task| named::<TaskKind>(self.line, task, NOT_A_TASK)).transpose()?;
        let (message, _) = self.message()?;
        let waits = |desk| Waits { line: self.line, message: message.clone(), desk, task };
        Ok(self.desks(desks)?.into_iter().map(waits).collect())
    }

    /// `DESK; DESK[ to settle TASK][ because RULE]`, or `nobody`.
    fn refused(&self, text: &str) -> Result<Vec<Refused>, Fault> {
        if text == "nobody" {
            return Ok(Vec::new());
        }
        let (rest, because) = cut(text, " because ");
        let (desks, task) = cut(rest, " to settle ");
        let task = task.map(|task| named::<TaskKind>(self.line, task, NOT_A_TASK)).transpose()?;
        let (message, _) = self.message()?;
        let refused = |desk| Refused {
            line: self.line,
            message: message.clone(),
            desk,
            task,
            because: because.unwrap_or_default().to_owned(),
        };
        Ok(self.desks(desks)?.into_iter().map(refused).collect())
    }

    /// `DESK; DESK as REFUSAL`.
    fn ended(&self, text: &str) -> Result<Vec<Ended>, Fault> {
        let (desks, refusal) = cut(text, " as ");
        let refusal = self.refusal(refusal.unwrap_or_default())?;
        let (message, _) = self.message()?;
        let ended = |desk| Ended { line: self.line, message: message.clone(), desk, refusal };
        Ok(self.desks(desks)?.into_iter().map(ended).collect())
    }

    /// `AGENCY STATE; AGENCY STATE`, or `nobody`.
    fn tracked(&self, text: &str) -> Result<Vec<(String, OutcomeState)>, Fault> {
        if text == "nobody" {
            return Ok(Vec::new());
        }
        let rule = "what a sender sees is `AGENCY STATE`, such as `gmp acknowledged`";
        let row = |row: &str| {
            let (agency, state) = row.split_once(' ').ok_or_else(|| self.fault(rule))?;
            Ok((self.places.agency(self.line, agency)?, named(self.line, state, rule)?))
        };
        list(self.line, text, ";")?.into_iter().map(row).collect()
    }

    /// `REFUSAL[, at FIELD, FIELD]`, and under it `Says: "text"`.
    fn at_the_door(&self, part: &Line<'_>) -> Result<AtTheDoor, Fault> {
        let (refusal, fields) = cut(part.value, ", at ");
        let mut says = Vec::new();
        for inner in &part.parts {
            let rule = "of what is refused at the door is said: Says";
            if inner.key != "Says" {
                return Err(Fault::at(inner.number, rule));
            }
            says.push((inner.number, quoted(inner.number, inner.value)?.to_owned()));
        }
        let fields = fields.map_or(Ok(Vec::new()), |text| list(self.line, text, ","))?;
        Ok(AtTheDoor {
            line: self.line,
            refusal: self.refusal(refusal)?,
            fields: fields.into_iter().map(str::to_owned).collect(),
            says,
        })
    }

    fn refusal(&self, words: &str) -> Result<Refusal, Fault> {
        let found = Refusal::ALL.iter().copied().find(|refusal| refusal_words(*refusal) == words);
        found.ok_or_else(|| self.fault("the refusal is named as in docs/refusals.md, in words"))
    }
}

/// A refusal in words: `no permit`.
pub(in crate::story) fn refusal_words(refusal: Refusal) -> String {
    let mut words = String::new();
    for letter in format!("{refusal:?}").chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

type Shown = Vec<(usize, String, String)>;

/// `Shows: path text` and `Does not show: "text"` under a desk.
fn body(part: &Line<'_>) -> Result<(Shown, Vec<(usize, String)>), Fault> {
    let (mut shows, mut hides) = (Vec::new(), Vec::new());
    for inner in &part.parts {
        let line = inner.number;
        match inner.key {
            "Shows" => {
                let rule = "what is shown is a field of the message and what it says";
                let (path, text) =
                    inner.value.split_once(' ').ok_or_else(|| Fault::at(line, rule))?;
                let text = if text.starts_with('"') { quoted(line, text)? } else { text };
                shows.push((line, path.to_owned(), text.to_owned()));
            }
            "Does not show" => hides.push((line, quoted(line, inner.value)?.to_owned())),
            _ => return Err(Fault::at(line, "of what a desk sees is said: Shows, Does not show")),
        }
    }
    Ok((shows, hides))
}

/// What stands before some words, and what after them if they are there.
fn cut<'text>(text: &'text str, words: &str) -> (&'text str, Option<&'text str>) {
    text.split_once(words).map_or((text, None), |(before, after)| (before, Some(after)))
}
