//! What a sender writes, part by part, as the JSON that agencies' systems write.
//!
//! Owns the envelope's words; the kind's are read by `value`. Promises that the whole is read by
//! the client's own reader of messages, so that what an agency could not write no story can, and
//! that each of its complaints is brought to the line it is about. Fills in the marking alone,
//! OFFICIAL-SENSITIVE, where a story does not give one.

use agency_client::cli::message_json::{MessageJsonError, read_message};
use proto::identifier::CurrentYear;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::lines::Line;
use super::people::{self, Person};
use super::value::{Known, object, stamp};
use super::words::{Ids, Places, day, list, moment, quoted};
use crate::story::model::{Fault, Node, Sending};

/// What the parts of a message are read against.
pub(super) struct Context<'a> {
    pub(super) begins: OffsetDateTime,
    pub(super) places: &'a Places,
    pub(super) people: &'a [Person],
    pub(super) ids: &'a mut Ids,
}

/// What stands for a release until the message is sent: 16 bytes in hex.
const RELEASE_TO_COME: &str = "00000000000000000000000000000000";

/// A message under construction: what it says, and the line each part came from.
struct Draft {
    json: Map<String, Value>,
    lines: Vec<(String, usize)>,
    names: Vec<String>,
    answers: Option<String>,
}

impl Draft {
    fn put(&mut self, line: usize, field: &str, value: Value) -> Result<(), Fault> {
        self.lines.push((field.to_owned(), line));
        if self.json.insert(field.to_owned(), value).is_some() {
            return Err(Fault::at(line, "this part is given twice"));
        }
        Ok(())
    }

    /// Adds to a list of the message.
    fn add(&mut self, line: usize, field: &str, value: Value) {
        let list = self.json.entry(field.to_owned()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            self.lines.push((format!("{field}[{}]", list.len()), line));
            list.push(value);
        }
    }

    /// The line that a complaint is about; that of the event if no part is.
    fn line_of(&self, field: &str, event: usize) -> usize {
        let about = |(known, _): &&(String, usize)| {
            let rest = field.strip_prefix(known.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.lines.iter().rev().find(about).map_or(event, |(_, line)| *line)
    }
}

/// Reads the parts of a message; those that are expectations are left to the caller.
///
/// # Errors
/// The first fault.
pub(super) fn sending(
    event: &Line<'_>,
    (node, name): (Node, &str),
    context: &mut Context<'_>,
) -> Result<Sending, Fault> {
    let parts = || event.parts.iter().filter(|part| of_message(part));
    let id = context.ids.of("message", name);
    let mut draft = Draft { json: Map::new(), lines: Vec::new(), names: Vec::new(), answers: None };
    draft.json.insert("message_id".to_owned(), id.to_string().into());
    let about = parts().find(|part| part.key == "about");
    let about =
        about.ok_or_else(|| Fault::at(event.number, "whom is it about? `about` is missing"))?;
    let (names, subjects) = people::about(about.number, about.value, context.people)?;
    draft.names = names;
    draft.put(about.number, "subjects", subjects.into())?;
    for part in parts() {
        part.alone()?;
        envelope(part, &mut draft, context)?;
    }
    if !draft.json.contains_key("marking") {
        draft.json.insert("marking".to_owned(), "official_sensitive".into());
    }
    let immediate = draft.json.get("urgency").is_some_and(|urgency| urgency == "immediate");
    let answered = draft.answers.as_ref().map(|_| RELEASE_TO_COME);
    let year = u16::try_from(context.begins.year()).unwrap_or_default();
    if let Err(fault) = as_sent(&draft.json, answered, year) {
        return Err(complaint(&draft, event.number, &fault));
    }
    let about = draft.names.iter().map(|name| people::full_name(name)).collect();
    let Draft { json, answers, .. } = draft;
    Ok(Sending { name: name.to_owned(), id, node, json, year, answers, immediate, about })
}

/// A part that the sender writes begins with a small letter, an expectation with a capital.
pub(super) fn of_message(part: &Line<'_>) -> bool {
    !part.key.starts_with(|one: char| one.is_ascii_uppercase())
}

/// The message as it is sent, with the release of what it answers.
///
/// # Errors
/// The client's own reader does not take it.
pub(in crate::story) fn as_sent(
    json: &Map<String, Value>,
    answered: Option<&str>,
    year: u16,
) -> Result<proto::exchange::v1::Message, MessageJsonError> {
    let mut json = json.clone();
    if let Some(release) = answered {
        json.insert("in_reply_to".to_owned(), release.into());
    }
    read_message(&Value::Object(json).to_string(), CurrentYear::new(year).ok())
}

fn complaint(draft: &Draft, event: usize, error: &MessageJsonError) -> Fault {
    match error {
        MessageJsonError::NotJson { .. } => Fault::at(event, "the message cannot be written"),
        MessageJsonError::Faults(faults) => {
            // A complaint of the whole, such as that a kind is missing, is rarely the cause.
            let mut lines = faults.iter().map(|fault| draft.line_of(&fault.field, event));
            let line = lines.find(|line| *line != event).unwrap_or(event);
            let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Fault::at(line, format!("the message is faulty: {}", said.join("; ")))
        }
    }
}

/// A place: its part, its name, and from when to when and at which desk, if that is said.
fn place(line: usize, role: &str, text: &str, context: &Context<'_>) -> Result<Value, Fault> {
    let mut place = Map::new();
    place.insert("role".to_owned(), role.into());
    let mut rest = text;
    if let Some((before, desk)) = rest.rsplit_once(" at ") {
        place.insert("desk".to_owned(), addressee(line, desk, context.places)?);
        rest = before;
    }
    for (word, field) in [(" to day ", "to_day"), (" from day ", "from_day")] {
        if let Some((before, number)) = rest.rsplit_once(word) {
            let day = day(line, context.begins, &format!("day {number}"))?;
            place.insert(field.to_owned(), day.to_string().into());
            rest = before;
        }
    }
    place.insert("code".to_owned(), context.places.area(line, rest)?.into());
    Ok(place.into())
}

fn envelope(part: &Line<'_>, draft: &mut Draft, context: &mut Context<'_>) -> Result<(), Fault> {
    let (line, text) = (part.number, part.value);
    let time = |text| stamp(line, moment(line, context.begins, text)?).map(Value::from);
    match part.key {
        // Read first, because every other part may speak of them.
        "about" => Ok(()),
        "grounds" => grounds(line, text, draft),
        "marking" | "urgency" => draft.put(line, part.key, text.into()),
        "handling" => {
            let words: Vec<Value> = list(line, text, ",")?.into_iter().map(Value::from).collect();
            draft.put(line, "handling_conditions", words.into())
        }
        "areas" => {
            for one in list(line, text, ",")? {
                let (role, area) = one
                    .split_once(' ')
                    .ok_or_else(|| Fault::at(line, "a place is its part and its name"))?;
                draft.add(line, "areas", place(line, role, area, context)?);
            }
            Ok(())
        }
        "to" => {
            for one in list(line, text, ",")? {
                draft.add(line, "addressees", addressee(line, one, context.places)?);
            }
            Ok(())
        }
        "not to" => {
            let named = list(line, text, ",")?;
            let agencies: Vec<Value> = named
                .into_iter()
                .map(|one| context.places.agency(line, one).map(Value::from))
                .collect::<Result<_, _>>()?;
            draft.put(line, "not_to", agencies.into())
        }
        "not before" => draft.put(line, "not_before", time(text)?),
        "expires" => draft.put(line, "expires_at", time(text)?),
        "act by" => draft.put(line, "act_by", time(text)?),
        "case" => {
            let id = context.ids.of("case", text);
            draft.put(line, "correlation_id", id.to_string().into())
        }
        "because of" => {
            let id = context.ids.of("message", text);
            draft.put(line, "causation_id", id.to_string().into())
        }
        "acting person" => draft.put(line, "acting_person", text.into()),
        "in reply to" => {
            draft.lines.push(("in_reply_to".to_owned(), line));
            draft.answers = Some(text.to_owned());
            Ok(())
        }
        "say" => statement(line, text, draft),
        kind => {
            let about = draft.names.clone();
            let mut known = Known {
                line,
                ids: context.ids,
                places: context.places,
                begins: context.begins,
                about: &about,
            };
            let object = object(text, &mut known)?;
            draft.put(line, kind, object.into())
        }
    }
}

/// `PURPOSE under GATEWAY by BASIS [with CONDITION]`.
fn grounds(line: usize, text: &str, draft: &mut Draft) -> Result<(), Fault> {
    let rule = "grounds are `PURPOSE under GATEWAY by BASIS`, and `with CONDITION` if there is one";
    let (purpose, rest) = text.split_once(" under ").ok_or_else(|| Fault::at(line, rule))?;
    let (gateway, rest) = rest.split_once(" by ").ok_or_else(|| Fault::at(line, rule))?;
    let (basis, condition) = match rest.split_once(" with ") {
        Some((basis, condition)) => (basis, Some(condition)),
        None => (rest, None),
    };
    draft.put(line, "purpose", purpose.into())?;
    draft.put(line, "gateway", gateway.into())?;
    draft.put(line, "lawful_basis", basis.into())?;
    condition.map_or(Ok(()), |word| draft.put(line, "sensitive_condition", word.into()))
}

fn addressee(line: usize, text: &str, places: &Places) -> Result<Value, Fault> {
    if text.contains('/') {
        let desk = places.desk(line, text)?;
        return Ok(json!({ "agency": desk.agency, "desk": desk.desk }));
    }
    Ok(json!({ "agency": places.agency(line, text)? }))
}

/// `FIELD of NAME and NAME, fact, "what is said"`.
fn statement(line: usize, text: &str, draft: &mut Draft) -> Result<(), Fault> {
    let rule = "something said is `FIELD of NAME, fact or opinion, \"what is said\"`";
    let (field, rest) = text.split_once(" of ").ok_or_else(|| Fault::at(line, rule))?;
    let (names, rest) = rest.split_once(", ").ok_or_else(|| Fault::at(line, rule))?;
    let (footing, said) = rest.split_once(", ").ok_or_else(|| Fault::at(line, rule))?;
    let mut subjects = Vec::new();
    for name in list(line, names, " and ")? {
        let place = draft.names.iter().position(|known| known == name);
        let rule = "the message is not about this person";
        subjects.push(Value::from(place.ok_or_else(|| Fault::at(line, rule))?));
    }
    let said = quoted(line, said)?;
    draft.add(
        line,
        "statements",
        json!({ "field": field, "footing": footing, "subjects": subjects, "text": said }),
    );
    Ok(())
}
