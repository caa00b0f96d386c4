//! Reads a story from its text.
//!
//! Owns the order of a story's parts. Promises to be strict: a word that is not known, a person,
//! desk or message that there is not, and a time that goes back are faults, each named by its
//! line and the rule, never by what stands there. Deliberately does not know: whether what is
//! expected is right.

mod event;
mod expected;
mod lines;
mod message;
mod people;
mod value;
mod words;

#[cfg(test)]
mod tests;

use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::model::{Count, Event, Fault, Story};
use event::Sent;
use lines::{Line, lines};
use message::Context;
use people::Person;
use words::Ids;

pub(super) use expected::{THE_BROKER, refusal_words};
pub(super) use message::as_sent;
pub use words::Places;

const PARTS: &str = "a story is made of: Story, From the seeds, Day 1, Person NAME, Agreement NAME, \
     Feed NAME, At TIME on day N, and Ledger";

/// The types of record that are counted.
const COUNTED: &[&str] = &[
    "accepted",
    "decided",
    "release",
    "disclosed",
    "receipt",
    "received",
    "void",
    "ended",
    "change",
    "consultation",
    "reviewed",
    "attested",
];

/// Reads a story against a directory.
///
/// # Errors
/// The first fault, with its line.
pub fn read(text: &str, places: &Places) -> Result<Story, Fault> {
    let top = lines(text)?;
    let mut reader = Reader {
        places,
        title: String::new(),
        seeds: Vec::new(),
        begins: None,
        people: Vec::new(),
        endings: Vec::new(),
        feeds: Vec::new(),
        events: Vec::new(),
        ledger: None,
        sent: Sent::new(),
        ids: Ids::default(),
    };
    for line in &top {
        reader.part(line)?;
    }
    reader.story(top.last().map_or(1, |line| line.number))
}

struct Reader<'a> {
    places: &'a Places,
    title: String,
    seeds: Vec<String>,
    begins: Option<OffsetDateTime>,
    people: Vec<Person>,
    endings: Vec<(String, Date)>,
    feeds: Vec<(String, String)>,
    events: Vec<Event>,
    ledger: Option<(usize, Vec<Count>)>,
    sent: Sent,
    ids: Ids,
}

impl Reader<'_> {
    fn part(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        if self.ledger.is_some() {
            return Err(Fault::at(line.number, "the ledger ends a story"));
        }
        if !line.key.starts_with("At ") && line.key != "Ledger" {
            line.alone()?;
        }
        match line.key {
            "Story" if self.title.is_empty() && !line.value.is_empty() => {
                line.value.clone_into(&mut self.title);
            }
            "From the seeds" => self.seeds.push(line.value.to_owned()),
            "Day 1" if self.begins.is_none() => self.begins = Some(first_day(line)?),
            "Ledger" if line.value.is_empty() => self.ledger = Some((line.number, ledger(line)?)),
            key => match key.split_once(' ') {
                Some(("Person", name)) => self.person(line, name)?,
                Some(("Feed", name)) => self.feed(line, name)?,
                Some(("Agreement", name)) => self.agreement(line, name)?,
                Some(("At", _)) => self.event(line)?,
                _ => return Err(Fault::at(line.number, PARTS)),
            },
        }
        Ok(())
    }

    fn begins(&self, line: &Line<'_>) -> Result<OffsetDateTime, Fault> {
        self.begins.ok_or_else(|| Fault::at(line.number, "say first which day `Day 1` is"))
    }

    fn person(&mut self, line: &Line<'_>, name: &str) -> Result<(), Fault> {
        let person = Person::read(line.number, name, line.value)?;
        if self.people.iter().any(|known| known.name == person.name) {
            return Err(Fault::at(line.number, "somebody of this name is introduced already"));
        }
        self.people.push(person);
        Ok(())
    }

    /// `custody from AGENCY by 06:00, at least 2, for DESK; DESK`.
    fn feed(&mut self, line: &Line<'_>, name: &str) -> Result<(), Fault> {
        let rule = "a feed is `KIND from AGENCY by HH:MM, at least N, for DESK; DESK`";
        let fault = || Fault::at(line.number, rule);
        let (kind, rest) = line.value.split_once(" from ").ok_or_else(fault)?;
        let (agency, rest) = rest.split_once(" by ").ok_or_else(fault)?;
        let (by, rest) = rest.split_once(", at least ").ok_or_else(fault)?;
        let (at_least, desks) = rest.split_once(", for ").ok_or_else(fault)?;
        let at_least: u32 = at_least.parse().map_err(|_| fault())?;
        let agency = self.places.agency(line.number, agency)?;
        let mut waiting = Vec::new();
        for desk in words::list(line.number, desks, ";")? {
            waiting.push(format!("\"{}\"", self.places.desk(line.number, desk)?));
        }
        let rows = format!(
            "[[agency.feed]]\nid = \"{name}\"\nkind = \"{kind}\"\nby = \"{by}\"\n\
             at_least = {at_least}\nwaited_for_by = [{}]\n",
            waiting.join(", ")
        );
        self.feeds.push((agency, rows));
        Ok(())
    }

    fn agreement(&mut self, line: &Line<'_>, name: &str) -> Result<(), Fault> {
        let rule = "of an agreement is said: does not stand from day N";
        let day = line.value.strip_prefix("does not stand from ");
        let day = day.ok_or_else(|| Fault::at(line.number, rule))?;
        let day = words::day(line.number, self.begins(line)?, day)?;
        self.endings.push((format!("agreements/{name}.toml"), day));
        Ok(())
    }

    fn event(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let mut context = Context {
            begins: self.begins(line)?,
            places: self.places,
            people: &self.people,
            ids: &mut self.ids,
        };
        let event = event::event(line, &mut self.sent, &mut context)?;
        let earliest = self.events.last().map_or(context.begins, |last| last.at);
        if event.at < earliest {
            return Err(Fault::at(line.number, "this is earlier than what stands above it"));
        }
        self.events.push(event);
        Ok(())
    }

    fn story(self, last: usize) -> Result<Story, Fault> {
        if self.title.is_empty() {
            return Err(Fault::at(1, "a story begins with `Story` and what it is called"));
        }
        let begins = self.begins.ok_or_else(|| Fault::at(1, "which day is `Day 1`?"))?;
        let (ledger_line, ledger) = self.ledger.ok_or_else(|| {
            Fault::at(last, "a story ends with `Ledger`, and what must stand in it")
        })?;
        Ok(Story {
            title: self.title,
            seeds: self.seeds,
            begins,
            endings: self.endings,
            feeds: self.feeds,
            people: self.people.iter().map(|person| people::full_name(&person.name)).collect(),
            events: self.events,
            ledger,
            ledger_line,
        })
    }
}

/// `Monday 2 March 2026`: the day of the week is there so that the reader need not look it up, and
/// must be right.
fn first_day(line: &Line<'_>) -> Result<OffsetDateTime, Fault> {
    let form = format_description!("[weekday] [day padding:none] [month repr:long] [year]");
    let rule = "the first day is written `Monday 2 March 2026`";
    let (weekday, date) = line.value.split_once(' ').ok_or_else(|| Fault::at(line.number, rule))?;
    let date = words::date(line.number, date)?;
    if date.weekday().to_string() != weekday || Date::parse(line.value, form).is_err() {
        return Err(Fault::at(line.number, "this date falls on another day of the week"));
    }
    Ok(date.midnight().assume_utc())
}

/// `accepted: hmpps-prisons 2, gmp 1` and so on.
fn ledger(line: &Line<'_>) -> Result<Vec<Count>, Fault> {
    let mut counts = Vec::new();
    for part in &line.parts {
        part.alone()?;
        if !COUNTED.contains(&part.key) {
            let rule = format!("the ledger is counted by: {}", COUNTED.join(", "));
            return Err(Fault::at(part.number, rule));
        }
        for item in words::list(part.number, part.value, ",")? {
            let rule = "a count is whose it is and how many, such as `gmp 2`";
            let (party, count) =
                item.rsplit_once(' ').ok_or_else(|| Fault::at(part.number, rule))?;
            let count = count.parse().map_err(|_| Fault::at(part.number, rule))?;
            counts.push(Count { kind: part.key.to_owned(), party: party.to_owned(), count });
        }
    }
    counts.sort();
    if counts.windows(2).any(
        |pair| matches!(pair, [one, two] if (&one.kind, &one.party) == (&two.kind, &two.party)),
    ) {
        return Err(Fault::at(line.number, "a party is counted twice"));
    }
    Ok(counts)
}
