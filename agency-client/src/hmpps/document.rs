//! JSON as the feeds may send it, read strictly.
//!
//! Promises: a name given twice in one object is refused instead of one of its values silently
//! winning; depth is bounded; reading never panics. Deliberately does not know: events.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::outcome::QuarantineReason;

/// An object of JSON.
pub(super) type Object = Map<String, Value>;

/// How a name given twice is reported through the reader, and recognised again.
const REPEATED: &str = "a name is given twice";

/// Reads a text as one JSON value, with nothing after it.
pub(super) fn read(text: &str) -> Result<Value, QuarantineReason> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let repeated = std::cell::Cell::new(false);
    let value = reader.deserialize_any(Reader { repeated: &repeated });
    let end = value.and_then(|value| reader.end().map(|()| value));
    end.map_err(|_| {
        if repeated.get() { QuarantineReason::RepeatedName } else { QuarantineReason::NotJson }
    })
}

/// The text under a name, trimmed; `None` when absent, not text, or blank. HMPPS writes the empty
/// text where others leave a field out.
pub(super) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// The object under a name.
pub(super) fn object<'a>(object: &'a Object, name: &str) -> Option<&'a Object> {
    object.get(name).and_then(Value::as_object)
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    repeated: &'a std::cell::Cell<bool>,
}

impl<'de> serde::de::DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(name) = map.next_key::<String>()? {
            if object.contains_key(&name) {
                self.repeated.set(true);
                return Err(A::Error::custom(REPEATED));
            }
            object.insert(name, map.next_value_seed(self)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_given_twice_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"a":2}]}"#] {
            assert_eq!(read(text), Err(QuarantineReason::RepeatedName), "{text}");
        }
        assert!(read(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn one_value_and_nothing_after_it() {
        for text in ["", "{", "{} {}", "nul", r#"{"a":1}x"#] {
            assert_eq!(read(text), Err(QuarantineReason::NotJson), "{text}");
        }
        assert_eq!(read(" null "), Ok(Value::Null));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&deep), Err(QuarantineReason::NotJson));
    }
}
