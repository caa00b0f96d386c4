//! What a sender writes of its kind of message: `event release, certainty confirmed`.
//!
//! Owns turning such a list into the JSON of docs/messages.md. Promises that it knows no field of
//! any kind, so that a new kind of message needs nothing here: whether a field exists, and of what
//! sort its value is, the reader of messages says. Deliberately does not know: what it means.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::words::{Ids, Places, day, moment};
use crate::story::model::Fault;

/// What the words of a value may refer to.
pub(super) struct Known<'a> {
    /// Line.
    pub(super) line: usize,
    /// Ids of names.
    pub(super) ids: &'a mut Ids,
    /// The directory.
    pub(super) places: &'a Places,
    /// The first moment of day 1.
    pub(super) begins: OffsetDateTime,
    /// Names of the people the message is about, in its order.
    pub(super) about: &'a [String],
}

/// Lists and objects within one another.
const DEPTH_MAX: usize = 4;

/// Reads `field value, field value`.
///
/// # Errors
/// The list is faulty.
pub(super) fn object(text: &str, known: &mut Known<'_>) -> Result<Map<String, Value>, Fault> {
    let mut rest = Rest { text, depth: 0 };
    let object = rest.members(known)?;
    rest.end(known.line)?;
    Ok(object)
}

/// What is still to be read.
struct Rest<'text> {
    text: &'text str,
    depth: usize,
}

impl<'text> Rest<'text> {
    fn members(&mut self, known: &mut Known<'_>) -> Result<Map<String, Value>, Fault> {
        let mut object = Map::new();
        loop {
            let field = self.word();
            if field.is_empty() {
                return Err(Fault::at(known.line, "a field and its value are missing here"));
            }
            let value = self.value(known)?;
            if object.insert(field.to_owned(), value).is_some() {
                return Err(Fault::at(known.line, "a field is given twice"));
            }
            if !self.take(',') {
                return Ok(object);
            }
        }
    }

    fn value(&mut self, known: &mut Known<'_>) -> Result<Value, Fault> {
        if self.take('[') {
            return self.inside(']', known, |rest, known| {
                let mut items = vec![rest.value(known)?];
                while rest.take(',') {
                    items.push(rest.value(known)?);
                }
                Ok(Value::Array(items))
            });
        }
        if self.take('{') {
            return self.inside('}', known, |rest, known| rest.members(known).map(Value::Object));
        }
        if self.take('"') {
            let (text, rest) = self
                .text
                .split_once('"')
                .ok_or_else(|| Fault::at(known.line, "a quotation mark is not closed"))?;
            self.text = rest;
            return Ok(text.into());
        }
        let ends = |one: char| matches!(one, ',' | ']' | '}');
        let (plain, rest) = match self.text.find(ends) {
            Some(at) => self.text.split_at(at),
            None => (self.text, ""),
        };
        self.text = rest;
        plain_value(plain.trim(), known)
    }

    fn inside(
        &mut self,
        closing: char,
        known: &mut Known<'_>,
        read: impl FnOnce(&mut Self, &mut Known<'_>) -> Result<Value, Fault>,
    ) -> Result<Value, Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Fault::at(known.line, "too many lists within one another"));
        }
        let value = read(self, known)?;
        self.depth -= 1;
        if self.take(closing) {
            return Ok(value);
        }
        Err(Fault::at(known.line, "a bracket is not closed"))
    }

    fn word(&mut self) -> &'text str {
        self.text = self.text.trim_start();
        let is_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
        let end = self.text.find(|one| !is_name(one)).unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest;
        word
    }

    fn take(&mut self, mark: char) -> bool {
        self.text = self.text.trim_start();
        match self.text.strip_prefix(mark) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    fn end(&self, line: usize) -> Result<(), Fault> {
        if self.text.trim().is_empty() {
            return Ok(());
        }
        Err(Fault::at(line, "there is more here than a list of fields and values"))
    }
}

/// A value without brackets or quotation marks.
fn plain_value(text: &str, known: &mut Known<'_>) -> Result<Value, Fault> {
    let line = known.line;
    if text.is_empty() {
        return Err(Fault::at(line, "a value is missing here"));
    }
    if text == "true" || text == "false" {
        return Ok((text == "true").into());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: u64 = text.parse().map_err(|_| Fault::at(line, "this number is too large"))?;
        return Ok(number.into());
    }
    if let Some(name) = text.strip_prefix("message ") {
        return Ok(known.ids.of("message", name).to_string().into());
    }
    if let Some(name) = text.strip_prefix("id ") {
        return Ok(known.ids.of("id", name).to_string().into());
    }
    if let Some(name) = text.strip_prefix("person ") {
        let place = known.about.iter().position(|known| known == name);
        let place = place.ok_or_else(|| Fault::at(line, "the message is not about this person"))?;
        return Ok(place.into());
    }
    if text.starts_with("day ") {
        return Ok(day(line, known.begins, text)?.to_string().into());
    }
    if text.contains(" on day ") {
        return Ok(stamp(line, moment(line, known.begins, text)?)?.into());
    }
    if text.contains('/') {
        let desk = known.places.desk(line, text)?;
        return Ok(serde_json::json!({ "agency": desk.agency, "desk": desk.desk }));
    }
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if text.bytes().all(word) {
        return Ok(text.into());
    }
    Err(Fault::at(line, "a value of several words is to stand in double quotation marks"))
}

/// A moment as messages write it.
pub(super) fn stamp(line: usize, moment: OffsetDateTime) -> Result<String, Fault> {
    moment.format(&Rfc3339).map_err(|_| Fault::at(line, "this time is out of bounds"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const DIRECTORY: &str = "[[agency]]\nid = \"gmp\"\n[[agency.desk]]\nid = \"stockport\"\n";

    fn read(text: &str) -> Result<Value, Fault> {
        let places = Places::of(DIRECTORY).unwrap();
        let about = ["Archer".to_owned(), "Bell".to_owned()];
        let mut known = Known {
            line: 7,
            ids: &mut Ids::default(),
            places: &places,
            begins: datetime!(2026-03-02 0:00 UTC),
            about: &about,
        };
        object(text, &mut known).map(Value::Object)
    }

    #[test]
    fn each_sort_of_value_becomes_what_messages_write() {
        let text = "event release, level 2, movement_reason \"24\", occurred_at 05:50 on day 0, \
                    review_date day 366, owner gmp/stockport, emergency true";
        assert_eq!(
            read(text).unwrap(),
            json!({
                "event": "release", "level": 2, "movement_reason": "24",
                "occurred_at": "2026-03-01T05:50:00Z", "review_date": "2027-03-02",
                "owner": {"agency": "gmp", "desk": "stockport"}, "emergency": true,
            })
        );
    }

    #[test]
    fn names_stand_for_ids_and_people_for_their_places() {
        let one = "00000000-0000-4000-8000-000000000001";
        let two = "00000000-0000-4000-8000-000000000002";
        let text = "a id panel, b message panel, c id panel, d person Bell";
        assert_eq!(read(text).unwrap(), json!({"a": one, "b": two, "c": one, "d": 1}));
    }

    #[test]
    fn lists_and_objects_stand_in_brackets() {
        let text = "drugs [opiates, cocaine], parties [{subject person Bell, role harmed}, {a 1}]";
        assert_eq!(
            read(text).unwrap(),
            json!({"drugs": ["opiates", "cocaine"],
                   "parties": [{"subject": 1, "role": "harmed"}, {"a": 1}]})
        );
    }

    #[test]
    fn what_is_not_understood_is_a_fault_of_its_line() {
        for text in [
            "event",
            "event release,",
            "event release release",
            "a 1, a 2",
            "a [1",
            "a \"b",
            "owner gmp/nowhere",
            "a person Cole",
            "at 5:50 on day 1",
            "day day x",
            "a {b 1]",
            "a [[[[[1]]]]]",
        ] {
            assert_eq!(read(text).unwrap_err().line, 7, "{text}");
        }
    }
}
