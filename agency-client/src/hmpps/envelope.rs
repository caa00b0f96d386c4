//! From stored bytes to the event inside them.
//!
//! Owns: the SNS and SQS wrappers and their attributes. Promises: at most `LAYERS_MAX` layers are
//! opened. Deliberately does not know: what an event means, or whether a wrapper's signature is
//! good: a stored payload's wrapper may have been cut down to three fields.

use serde_json::Value;

use super::PAYLOAD_BYTES_MAX;
use super::document::{self, Object};
use super::outcome::QuarantineReason;

/// Most layers around one event: a text inside SQS inside SNS inside a stored text, and one spare.
const LAYERS_MAX: usize = 5;

/// An event and what its wrapper says about it.
pub(super) struct Envelope {
    /// The event itself.
    pub(super) body: Object,
    /// The type that the wrapper's attributes give. SNS filters use this one, not the body's.
    pub(super) attribute_type: Option<String>,
}

/// Opens a payload as stored.
pub(super) fn open(payload: &[u8]) -> Result<Envelope, QuarantineReason> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(QuarantineReason::TooLarge);
    }
    let text = std::str::from_utf8(payload).map_err(|_| QuarantineReason::NotText)?;
    let mut value = document::read(text.trim_start_matches('\u{feff}'))?;
    let mut attribute_type = None;
    for layer in 0..LAYERS_MAX {
        value = match value {
            Value::Object(mut object) => match contents(&mut object) {
                None => return Ok(Envelope { body: object, attribute_type }),
                Some(inner) => {
                    // The innermost wrapper is the one the publisher wrote.
                    attribute_type = type_attribute(&object).or(attribute_type);
                    inner
                }
            },
            Value::String(inner) => document::read(&inner).map_err(|reason| {
                if reason == QuarantineReason::NotJson {
                    QuarantineReason::WrapperUnreadable
                } else {
                    reason
                }
            })?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) if layer == 0 => {
                return Err(QuarantineReason::NotAnEvent);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                return Err(QuarantineReason::WrapperUnreadable);
            }
        };
    }
    Err(QuarantineReason::WrapperUnreadable)
}

/// What a wrapper holds: SNS `Message`, or SQS `Body` (`body` as some libraries store it).
fn contents(object: &mut Object) -> Option<Value> {
    ["Message", "Body", "body"].into_iter().find_map(|name| object.remove(name))
}

/// The event type in a wrapper's attributes: an object `{Type, Value}` in SNS, `{StringValue}` in
/// SQS, a bare text in some stored payloads; the attributes as a whole may be a text too.
fn type_attribute(wrapper: &Object) -> Option<String> {
    let attributes = ["MessageAttributes", "messageAttributes"]
        .into_iter()
        .find_map(|name| wrapper.get(name))?;
    let written = attributes.as_str().and_then(|text| document::read(text).ok());
    let attributes = written.as_ref().unwrap_or(attributes).as_object()?;
    let found = match attributes.get("eventType")? {
        Value::Object(attribute) => ["Value", "StringValue", "stringValue"]
            .into_iter()
            .find_map(|name| document::text(attribute, name))?,
        other => other.as_str()?.trim(),
    };
    (!found.is_empty()).then(|| found.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(payload: &str) -> Result<(bool, Option<String>), QuarantineReason> {
        open(payload.as_bytes())
            .map(|found| (found.body.contains_key("inside"), found.attribute_type))
    }

    #[test]
    fn every_wrapper_leads_to_the_event() {
        let named = Some("a.b".to_owned());
        for (payload, attribute) in [
            (r#"{"inside":1}"#, None),
            (r#"{"Message":"{\"inside\":1}"}"#, None),
            (r#"{"Message":{"inside":1}}"#, None),
            (r#""{\"inside\":1}""#, None),
            (r#"{"Body":"{\"Message\":\"{\\\"inside\\\":1}\"}"}"#, None),
            (
                r#"{"Message":"{\"inside\":1}","MessageAttributes":{"eventType":{"Value":"a.b"}}}"#,
                named.clone(),
            ),
            (
                r#"{"Message":"{\"inside\":1}","MessageAttributes":{"eventType":" a.b "}}"#,
                named.clone(),
            ),
            (
                r#"{"Message":"{\"inside\":1}","MessageAttributes":"{\"eventType\":\"a.b\"}"}"#,
                named.clone(),
            ),
            (
                r#"{"body":"{\"inside\":1}","messageAttributes":{"eventType":{"stringValue":"a.b"}}}"#,
                named,
            ),
            (r#"{"Message":"{\"inside\":1}","MessageAttributes":"not JSON"}"#, None),
        ] {
            assert_eq!(opened(payload), Ok((true, attribute)), "{payload}");
        }
    }

    #[test]
    fn what_holds_no_event_is_told_apart() {
        for (payload, reason) in [
            ("[]", QuarantineReason::NotAnEvent),
            ("7", QuarantineReason::NotAnEvent),
            ("{", QuarantineReason::NotJson),
            (r#"{"Message":"You have chosen to subscribe"}"#, QuarantineReason::WrapperUnreadable),
            (r#"{"Message":null}"#, QuarantineReason::WrapperUnreadable),
            (r#"{"Message":"{\"a\":1,\"a\":2}"}"#, QuarantineReason::RepeatedName),
        ] {
            assert_eq!(opened(payload).err(), Some(reason), "{payload}");
        }
        assert_eq!(open(b"\xff{}").err(), Some(QuarantineReason::NotText));
        assert_eq!(
            open(&vec![b' '; PAYLOAD_BYTES_MAX + 1]).err(),
            Some(QuarantineReason::TooLarge)
        );
    }

    #[test]
    fn layers_are_bounded() {
        let nested = (0..6).fold(r#"{"inside":1}"#.to_owned(), |inner, _| {
            serde_json::json!({ "Message": inner }).to_string()
        });
        assert_eq!(opened(&nested), Err(QuarantineReason::WrapperUnreadable));
    }
}
