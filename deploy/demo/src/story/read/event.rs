//! What happens: one line of a story, and the parts that belong to it.
//!
//! Owns the sentences that an event may be. Promises that there are no others. Deliberately does
//! not know: what must come of it, which is `expected`'s.

use std::collections::BTreeMap;

use proto::audit::v1::ReviewFinding;
use uuid::Uuid;

use super::expected;
use super::lines::Line;
use super::message::{self, Context};
use super::people;
use super::words::moment;
use crate::story::model::{Act, Event, Fault};

/// Names of the people each message so far is about, by the message's name.
pub(super) type Sent = BTreeMap<String, Vec<String>>;

/// The sentences, for whoever wrote another.
const SENTENCES: &str = "an event is one of: AGENCY sends NAME; AGENCY looks at NAME; AGENCY states \
     that REGISTER and REGISTER of PERSON are one person's; AGENCY no longer states that …; \
     the operators suspend AGENCY; the operators reinstate AGENCY; DESK goes offline; DESK comes \
     back; DESK stops acknowledging; DESK acknowledges again; DESK opens NAME; the broker stops; the broker starts; \
     person ID of AGENCY closes the review of NAME as FINDING; time passes";

/// Reads an event.
///
/// # Errors
/// The first fault of it or its parts.
pub(super) fn event(
    line: &Line<'_>,
    sent: &mut Sent,
    context: &mut Context<'_>,
) -> Result<Event, Fault> {
    let when = line.key.strip_prefix("At ").unwrap_or_default();
    let at = moment(line.number, context.begins, when)?;
    let act = act(line, sent, context)?;
    let subject = match &act {
        Act::Sends(sending) => {
            if sent.insert(sending.name.clone(), sending.about.clone()).is_some() {
                return Err(Fault::at(line.number, "an earlier message has this name"));
            }
            Some(sending.name.clone())
        }
        Act::Looks { message, .. } => Some(message.clone()),
        Act::Standing { .. }
        | Act::Connects { .. }
        | Act::Acknowledges { .. }
        | Act::Broker { .. }
        | Act::Links { .. }
        | Act::Reviews { .. }
        | Act::Opens { .. }
        | Act::Passes => None,
    };
    if !matches!(act, Act::Sends(_))
        && let Some(part) = line.parts.iter().find(|part| message::of_message(part))
    {
        return Err(Fault::at(part.number, "only a message that is sent says something"));
    }
    let (expected, because) = expected::expected(line, subject.as_deref(), sent, context.places)?;
    Ok(Event {
        line: line.number,
        at,
        heading: format!("{}: {}", line.key, line.value),
        because,
        act,
        expected,
    })
}

fn act(line: &Line<'_>, sent: &Sent, context: &mut Context<'_>) -> Result<Act, Fault> {
    let (number, text) = (line.number, line.value);
    match text {
        "time passes" => return Ok(Act::Passes),
        "the broker stops" => return Ok(Act::Broker { runs: false }),
        "the broker starts" => return Ok(Act::Broker { runs: true }),
        _ => {}
    }
    for (words, suspended) in
        [("the operators suspend ", true), ("the operators reinstate ", false)]
    {
        if let Some(agency) = text.strip_prefix(words) {
            let agency = context.places.agency(number, agency)?;
            return Ok(Act::Standing { agency, suspended });
        }
    }
    for (words, online) in [(" goes offline", false), (" comes back", true)] {
        if let Some(desk) = text.strip_suffix(words) {
            let desk = context.places.desk(number, desk)?;
            return Ok(Act::Connects { desk, online });
        }
    }
    for (words, acknowledges) in [(" stops acknowledging", false), (" acknowledges again", true)] {
        if let Some(desk) = text.strip_suffix(words) {
            let desk = context.places.desk(number, desk)?;
            return Ok(Act::Acknowledges { desk, acknowledges });
        }
    }
    if let Some((node, name)) = text.split_once(" sends ") {
        let node = context.places.node(number, node)?;
        return message::sending(line, (node, name), context).map(|it| Act::Sends(Box::new(it)));
    }
    if let Some((desk, name)) = text.split_once(" opens ") {
        let desk = context.places.desk(number, desk)?;
        if !sent.contains_key(name) {
            return Err(Fault::at(number, "no message of this name was sent"));
        }
        return Ok(Act::Opens { desk, message: name.to_owned() });
    }
    if let Some((node, name)) = text.split_once(" looks at ") {
        let node = context.places.node(number, node)?;
        if !sent.contains_key(name) {
            return Err(Fault::at(number, "no message of this name was sent"));
        }
        return Ok(Act::Looks { node, message: name.to_owned() });
    }
    if let Some(body) = text.strip_prefix("person ") {
        return reviews(number, body, sent, context);
    }
    links(number, text, context)
}

/// `ID of AGENCY closes the review of NAME as FINDING`, after the word `person`.
fn reviews(number: usize, body: &str, sent: &Sent, context: &Context<'_>) -> Result<Act, Fault> {
    let unknown = || Fault::at(number, SENTENCES);
    let (person, rest) = body.split_once(" of ").ok_or_else(unknown)?;
    let (agency, rest) = rest.split_once(" closes the review of ").ok_or_else(unknown)?;
    let (name, finding) = rest.split_once(" as ").ok_or_else(unknown)?;
    let rule = "a person is given by the id that the directory has for them";
    let person = Uuid::try_parse(person).map_err(|_| Fault::at(number, rule))?;
    if !sent.contains_key(name) {
        return Err(Fault::at(number, "no message of this name was sent"));
    }
    let rule = "a review finds access justified, excessive or not_justified";
    let found = format!("REVIEW_FINDING_{}", finding.to_ascii_uppercase());
    let finding = ReviewFinding::from_str_name(&found).filter(|found| *found as i32 != 0);
    Ok(Act::Reviews {
        agency: context.places.agency(number, agency)?,
        person,
        message: name.to_owned(),
        finding: finding.ok_or_else(|| Fault::at(number, rule))?,
    })
}

/// `AGENCY states that REGISTER and REGISTER of PERSON are one person's`.
fn links(number: usize, text: &str, context: &Context<'_>) -> Result<Act, Fault> {
    let unknown = || Fault::at(number, SENTENCES);
    let body = text.strip_suffix(" are one person's").ok_or_else(unknown)?;
    let (node, registers, withdrawn) = match body.split_once(" no longer states that ") {
        Some((node, rest)) => (node, rest, true),
        None => {
            let (node, rest) = body.split_once(" states that ").ok_or_else(unknown)?;
            (node, rest, false)
        }
    };
    let node = context.places.node(number, node)?;
    let (registers, name) = registers.split_once(" of ").ok_or_else(unknown)?;
    let (one, other) = registers.split_once(" and ").ok_or_else(unknown)?;
    let person = people::find(number, name, context.people)?;
    Ok(Act::Links {
        node,
        one: person.number(number, one)?,
        other: person.number(number, other)?,
        birth_date: person.birth_date(number)?.to_owned(),
        withdrawn,
    })
}
