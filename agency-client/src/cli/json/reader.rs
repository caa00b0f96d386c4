//! Reading fields out of a JSON object, by name.
//!
//! Owns: paths, and the list of faults. Promises: every field asked for and not right is a fault;
//! every field not asked for is a fault; a faulty field reads as empty, so that reading goes on.
//! Deliberately does not know: which fields there are.

use super::node::Node;
use crate::errors::Violation;
use proto::limits::{DIGEST_BYTES, OPAQUE_ID_BYTES};
use proto::text::Named;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Every faulty field found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Violation>);

impl Faults {
    /// Notes a fault. The rule must not hold the value.
    pub(crate) fn add(&mut self, field: String, rule: &str) {
        self.0.push(Violation { field, rule: rule.to_owned() });
    }

    /// Notes a fault of a field that has none yet: a second one would speak of a value that could
    /// not be read.
    pub(crate) fn add_first(&mut self, field: String, rule: &str) {
        if self.0.iter().all(|fault| fault.field != field) {
            self.add(field, rule);
        }
    }
}

/// The members of one object, taken one by one.
pub(crate) struct ObjectReader {
    path: String,
    /// Whether it is an object at all. What is none lacks no members.
    is_object: bool,
    members: Vec<(String, Node)>,
}

impl ObjectReader {
    /// Begins an object. Anything else is a fault, and reads as an empty object.
    pub(crate) fn new(path: &str, node: Node, faults: &mut Faults) -> Self {
        let (is_object, members) = match node {
            Node::Object(members) => (true, members),
            Node::Null
            | Node::Boolean(_)
            | Node::Number(_)
            | Node::OtherNumber
            | Node::Text(_)
            | Node::List(_) => {
                faults.add(path.to_owned(), "must be an object");
                (false, Vec::new())
            }
        };
        Self { path: path.to_owned(), is_object, members }
    }

    /// The path of a member.
    pub(crate) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Takes a member as it is. A second one of the name is a fault.
    pub(crate) fn take(&mut self, name: &str, faults: &mut Faults) -> Option<Node> {
        let mut found = None;
        let mut count = 0;
        let (named, others) =
            std::mem::take(&mut self.members).into_iter().partition(|(key, _)| key == name);
        self.members = others;
        for (_, node) in Vec::<(String, Node)>::from_iter(named) {
            count += 1;
            found.get_or_insert(node);
        }
        if count > 1 {
            faults.add(self.path_of(name), "must be given once");
        }
        found
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, name: &str, faults: &mut Faults) -> String {
        self.optional_text(name, faults).unwrap_or_else(|| {
            self.lacks(name, faults);
            String::new()
        })
    }

    /// Notes that a member is missing.
    fn lacks(&self, name: &str, faults: &mut Faults) {
        if self.is_object {
            faults.add(self.path_of(name), "must be given");
        }
    }

    /// A text that may be absent.
    pub(crate) fn optional_text(&mut self, name: &str, faults: &mut Faults) -> Option<String> {
        match self.take(name, faults)? {
            Node::Text(text) => Some(text),
            Node::Null
            | Node::Boolean(_)
            | Node::Number(_)
            | Node::OtherNumber
            | Node::List(_)
            | Node::Object(_) => {
                faults.add(self.path_of(name), "must be a text");
                Some(String::new())
            }
        }
    }

    /// A whole number from 0 that fits 32 bits, or absent.
    pub(crate) fn number(&mut self, name: &str, faults: &mut Faults) -> Option<u32> {
        let node = self.take(name, faults)?;
        let number = whole(&node);
        if number.is_none() {
            faults.add(self.path_of(name), "must be a whole number from 0");
        }
        number
    }

    /// A whole number that must be there.
    pub(crate) fn required_number(&mut self, name: &str, faults: &mut Faults) -> u32 {
        let had = faults.0.len();
        let number = self.number(name, faults);
        // A number that could not be read is at fault already.
        if number.is_none() && faults.0.len() == had {
            self.lacks(name, faults);
        }
        number.unwrap_or_default()
    }

    /// An opaque id of 16 bytes as a delivery shows it, 32 hexadecimal digits; absent is
    /// empty.
    pub(crate) fn opaque_id(&mut self, name: &str, faults: &mut Faults) -> Vec<u8> {
        let had = faults.0.len();
        let Some(text) = self.optional_text(name, faults) else { return Vec::new() };
        let bytes = hex::decode(&text).unwrap_or_default();
        if bytes.len() == OPAQUE_ID_BYTES {
            return bytes;
        }
        if faults.0.len() == had {
            faults.add(self.path_of(name), "must be 32 hexadecimal digits");
        }
        Vec::new()
    }

    /// A digest or a salt: 32 bytes in hexadecimal digits.
    pub(crate) fn digest(&mut self, name: &str, faults: &mut Faults) -> Vec<u8> {
        let had = faults.0.len();
        let text = self.text(name, faults);
        let bytes = hex::decode(&text).unwrap_or_default();
        if bytes.len() != DIGEST_BYTES && faults.0.len() == had {
            faults.add(self.path_of(name), "must be 64 hexadecimal digits");
        }
        bytes
    }

    /// True or false; absent is false.
    pub(crate) fn boolean(&mut self, name: &str, faults: &mut Faults) -> bool {
        match self.take(name, faults) {
            None => false,
            Some(Node::Boolean(value)) => value,
            Some(
                Node::Null
                | Node::Number(_)
                | Node::OtherNumber
                | Node::Text(_)
                | Node::List(_)
                | Node::Object(_),
            ) => {
                faults.add(self.path_of(name), "must be true or false");
                false
            }
        }
    }

    /// A written name of an enum that must be there; the wire's number.
    pub(crate) fn word<E: Named + Into<i32>>(&mut self, name: &str, faults: &mut Faults) -> i32 {
        match self.take(name, faults) {
            Some(node) => word::<E>(&self.path_of(name), node, faults),
            None => {
                self.lacks(name, faults);
                0
            }
        }
    }

    /// A written name of an enum, or absent (0).
    pub(crate) fn optional_word<E: Named + Into<i32>>(
        &mut self,
        name: &str,
        faults: &mut Faults,
    ) -> i32 {
        let node = self.take(name, faults);
        node.map_or(0, |node| word::<E>(&self.path_of(name), node, faults))
    }

    /// A list of written names, or absent.
    pub(crate) fn words<E: Named + Into<i32>>(
        &mut self,
        name: &str,
        faults: &mut Faults,
    ) -> Vec<i32> {
        self.list(name, faults, |path, node, faults| word::<E>(path, node, faults))
    }

    /// A list of texts, or absent.
    pub(crate) fn texts(&mut self, name: &str, faults: &mut Faults) -> Vec<String> {
        self.list(name, faults, |path, node, faults| match node {
            Node::Text(text) => text,
            Node::Null
            | Node::Boolean(_)
            | Node::Number(_)
            | Node::OtherNumber
            | Node::List(_)
            | Node::Object(_) => {
                faults.add(path.to_owned(), "must be a text");
                String::new()
            }
        })
    }

    /// A list of whole numbers, or absent.
    pub(crate) fn numbers(&mut self, name: &str, faults: &mut Faults) -> Vec<u32> {
        self.list(name, faults, |path, node, faults| {
            whole(&node).unwrap_or_else(|| {
                faults.add(path.to_owned(), "must be a whole number from 0");
                0
            })
        })
    }

    /// A list of objects, or absent.
    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        faults: &mut Faults,
        mut read: impl FnMut(&mut ObjectReader, &mut Faults) -> T,
    ) -> Vec<T> {
        self.list(name, faults, |path, node, faults| {
            let mut object = ObjectReader::new(path, node, faults);
            let value = read(&mut object, faults);
            object.finish(faults);
            value
        })
    }

    /// An object, or absent.
    pub(crate) fn object<T>(
        &mut self,
        name: &str,
        faults: &mut Faults,
        read: impl FnOnce(&mut ObjectReader, &mut Faults) -> T,
    ) -> Option<T> {
        let node = self.take(name, faults)?;
        let mut object = ObjectReader::new(&self.path_of(name), node, faults);
        let value = read(&mut object, faults);
        object.finish(faults);
        Some(value)
    }

    /// A time in RFC 3339, or absent.
    pub(crate) fn time(
        &mut self,
        name: &str,
        faults: &mut Faults,
    ) -> Option<prost_types::Timestamp> {
        let text = self.optional_text(name, faults)?;
        match OffsetDateTime::parse(&text, &Rfc3339) {
            Ok(time) => Some(crate::compose::timestamp(time)),
            Err(_) => {
                faults.add_first(self.path_of(name), "must be a time such as 2026-03-02T09:00:00Z");
                None
            }
        }
    }

    /// Ends the object: whatever was not taken is unknown.
    pub(crate) fn finish(self, faults: &mut Faults) {
        for (name, _) in &self.members {
            faults.add(self.path_of(name), "is not a known field");
        }
    }

    fn list<T>(
        &mut self,
        name: &str,
        faults: &mut Faults,
        mut read: impl FnMut(&str, Node, &mut Faults) -> T,
    ) -> Vec<T> {
        let path = self.path_of(name);
        match self.take(name, faults) {
            None => Vec::new(),
            Some(Node::List(items)) => items
                .into_iter()
                .enumerate()
                .map(|(place, item)| read(&format!("{path}[{place}]"), item, faults))
                .collect(),
            Some(
                Node::Null
                | Node::Boolean(_)
                | Node::Number(_)
                | Node::OtherNumber
                | Node::Text(_)
                | Node::Object(_),
            ) => {
                faults.add(path, "must be a list");
                Vec::new()
            }
        }
    }
}

fn whole(node: &Node) -> Option<u32> {
    match node {
        Node::Number(number) => u32::try_from(*number).ok(),
        Node::Null
        | Node::Boolean(_)
        | Node::OtherNumber
        | Node::Text(_)
        | Node::List(_)
        | Node::Object(_) => None,
    }
}

fn word<E: Named + Into<i32>>(path: &str, node: Node, faults: &mut Faults) -> i32 {
    let known = match &node {
        Node::Text(text) => E::from_name(text).map(Into::into),
        Node::Null
        | Node::Boolean(_)
        | Node::Number(_)
        | Node::OtherNumber
        | Node::List(_)
        | Node::Object(_) => None,
    };
    // Unspecified is said by leaving the field out, never in a word.
    known.filter(|number| *number != 0).unwrap_or_else(|| {
        faults.add(path.to_owned(), "must be one of the protocol's names, in lower case");
        0
    })
}
