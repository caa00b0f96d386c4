//! One byte form for each JSON record, so that a hash or a signature means the same to everyone.
//!
//! Owns: the JSON Canonicalization Scheme (RFC 8785), narrowed to what Pyramid's records hold:
//! strings, booleans, null, arrays, objects and integers.
//! Promises: two equal values give the same text; a text accepted here is the only text for its
//! value; nothing here panics or follows nesting deeper than [`DEPTH_MAX`].
//! Deliberately does not know: what a record means, nor any number that is not a whole one. RFC
//! 8785 lets floating-point numbers in and needs ECMAScript's printing for them; our records hold
//! none, so they are refused and the rule stays small enough for anyone to write again.

use serde_json::Value;

/// The largest magnitude of an integer, 2^53 - 1: the last up to which every JSON reader agrees
/// (RFC 8785 section 3.2.2.3, RFC 7493 section 2.2).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// How many arrays and objects may stand inside one another; a plain value has depth 0.
pub const DEPTH_MAX: usize = 64;

/// Why a value has no canonical text, or a text is not canonical. Never carries the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// A number with a fraction, an exponent or a negative zero.
    #[error("a number is not an integer")]
    NotAnInteger,
    /// A whole number beyond [`INTEGER_MAX`] in either direction.
    #[error("an integer is beyond 2^53 - 1")]
    IntegerTooLarge,
    /// More than [`DEPTH_MAX`] arrays and objects inside one another.
    #[error("arrays and objects are nested too deeply")]
    TooDeep,
    /// The text is not one JSON value.
    #[error("the text is not JSON")]
    NotJson,
    /// The text is JSON, but spelt differently from the canonical form: white space, key order, a
    /// key given twice, an escape that was not needed, a number written another way.
    #[error("the text is JSON, but not in canonical form")]
    NotCanonical,
}

/// Writes a value in canonical form.
///
/// Promise: equal values give equal texts, whatever order their keys were inserted in.
/// Bound:   nesting up to [`DEPTH_MAX`], integers up to [`INTEGER_MAX`] either way.
/// Refuses: `NotAnInteger`, `IntegerTooLarge`, `TooDeep`.
/// Source:  RFC 8785 section 3.2.
pub fn to_canonical(value: &Value) -> Result<String, CanonicalError> {
    let mut text = String::new();
    write_value(value, 0, &mut text)?;
    Ok(text)
}

/// Reads a text that must already be canonical.
///
/// Promise: `to_canonical` of the answer is exactly `text`.
/// Refuses: as `to_canonical`, and `NotJson`, `NotCanonical`. A key given twice is refused too:
/// a parsed object keeps one of the two, so writing it again cannot give the same text.
pub fn parse_canonical(text: &str) -> Result<Value, CanonicalError> {
    // The parser's own error may quote the text, so it is dropped here on purpose.
    let value: Value = serde_json::from_str(text).map_err(|_| CanonicalError::NotJson)?;
    if to_canonical(&value)? == text { Ok(value) } else { Err(CanonicalError::NotCanonical) }
}

/// Says whether a text is the canonical text of its value; see [`parse_canonical`].
#[must_use]
pub fn is_canonical(text: &str) -> bool {
    parse_canonical(text).is_ok()
}

fn write_value(value: &Value, depth: usize, text: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_integer(number, text)?,
        Value::String(string) => write_string(string, text),
        Value::Array(items) => {
            let inside = deeper(depth)?;
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_value(item, inside, text)?;
            }
            text.push(']');
        }
        Value::Object(members) => {
            let inside = deeper(depth)?;
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            // UTF-16 order differs from Rust's own (code point) order above U+FFFF.
            sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            text.push('{');
            for (place, (key, member)) in sorted.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_string(key, text);
                text.push(':');
                write_value(member, inside, text)?;
            }
            text.push('}');
        }
    }
    Ok(())
}

fn deeper(depth: usize) -> Result<usize, CanonicalError> {
    if depth < DEPTH_MAX { Ok(depth + 1) } else { Err(CanonicalError::TooDeep) }
}

fn write_integer(number: &serde_json::Number, text: &mut String) -> Result<(), CanonicalError> {
    let (is_negative, magnitude) = match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) => (false, positive),
        (None, Some(signed)) => (signed < 0, signed.unsigned_abs()),
        (None, None) => return Err(CanonicalError::NotAnInteger),
    };
    if magnitude > INTEGER_MAX {
        return Err(CanonicalError::IntegerTooLarge);
    }
    if is_negative {
        text.push('-');
    }
    text.push_str(&magnitude.to_string());
    Ok(())
}

/// RFC 8785 section 3.2.2.2: the short escape where JSON has one, `\u00xx` in lower case for the
/// other control characters, every other character as it stands.
fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            control if control < ' ' => {
                text.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            plain => text.push(plain),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_by_their_utf16_code_units() {
        // The example of RFC 8785 section 3.2.3: the emoji's first unit, D83D, sorts before FB33.
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return",
            "\u{fb33}": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin o"
        });
        assert_eq!(
            to_canonical(&value).unwrap(),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
             \"\u{f6}\":\"Latin o\",\"\u{20ac}\":\"Euro Sign\",\
             \"\u{1f600}\":\"Emoji: Grinning Face\",\
             \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        );
    }

    #[test]
    fn strings_are_escaped_only_where_json_demands_it() {
        let value = json!("\u{20ac}$\u{f}\nA'B\"\\\"/\u{7f}\u{8}\t\u{c}\r\u{1f}");
        assert_eq!(
            to_canonical(&value).unwrap(),
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\"/\u{7f}\\b\\t\\f\\r\\u001f\""
        );
    }

    #[test]
    fn whole_numbers_up_to_two_to_the_53_are_written_plainly() {
        let rows = [
            (json!(0), Ok("0")),
            (json!(-1), Ok("-1")),
            (json!(9_007_199_254_740_991_u64), Ok("9007199254740991")),
            (json!(-9_007_199_254_740_991_i64), Ok("-9007199254740991")),
            (json!(9_007_199_254_740_992_u64), Err(CanonicalError::IntegerTooLarge)),
            (json!(-9_007_199_254_740_992_i64), Err(CanonicalError::IntegerTooLarge)),
            (json!(u64::MAX), Err(CanonicalError::IntegerTooLarge)),
            (json!(i64::MIN), Err(CanonicalError::IntegerTooLarge)),
            (json!(1.0), Err(CanonicalError::NotAnInteger)),
            (json!(0.5), Err(CanonicalError::NotAnInteger)),
        ];
        for (value, expected) in rows {
            assert_eq!(to_canonical(&value), expected.map(str::to_owned), "{value}");
        }
    }

    #[test]
    fn only_the_one_spelling_of_a_value_is_accepted() {
        let accepted =
            ["{}", "[]", "null", "true", "-7", r#"{"a":1,"b":[{"c":null}]}"#, "\"\u{e9}/\""];
        for text in accepted {
            assert_eq!(parse_canonical(text).map(|_| ()), Ok(()), "{text}");
        }
        let refused = [
            (r#"{"b":1,"a":2}"#, CanonicalError::NotCanonical),
            (r#"{"a":1,"a":1}"#, CanonicalError::NotCanonical),
            (r#"{"a":1,"a":2}"#, CanonicalError::NotCanonical),
            (r#"{"a": 1}"#, CanonicalError::NotCanonical),
            (" {}", CanonicalError::NotCanonical),
            ("{}\n", CanonicalError::NotCanonical),
            (r#""\u00e9""#, CanonicalError::NotCanonical),
            (r#""\/""#, CanonicalError::NotCanonical),
            (r#""\u000A""#, CanonicalError::NotCanonical),
            (r#""\u001F""#, CanonicalError::NotCanonical),
            ("1.0", CanonicalError::NotAnInteger),
            ("1e2", CanonicalError::NotAnInteger),
            ("01", CanonicalError::NotJson),
            ("", CanonicalError::NotJson),
            ("{} {}", CanonicalError::NotJson),
            ("nan", CanonicalError::NotJson),
            (r#""\ud800""#, CanonicalError::NotJson),
        ];
        for (text, expected) in refused {
            assert_eq!(parse_canonical(text), Err(expected), "{text}");
        }
        assert!(!is_canonical("-0"), "negative zero has no spelling of its own");
    }

    #[test]
    fn nesting_is_bounded_both_ways() {
        let nested = |depth: usize| (0..depth).fold(json!(1), |inside, _| json!([inside]));
        assert!(to_canonical(&nested(DEPTH_MAX)).is_ok());
        assert_eq!(to_canonical(&nested(DEPTH_MAX + 1)), Err(CanonicalError::TooDeep));
        let hostile = "[".repeat(1_000_000);
        assert_eq!(parse_canonical(&hostile), Err(CanonicalError::NotJson));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let plain = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        plain.prop_recursive(4, 40, 6, |inside| {
            prop_oneof![
                prop::collection::vec(inside.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inside, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_value(value in any_value()) {
            let text = to_canonical(&value).unwrap();
            prop_assert_eq!(parse_canonical(&text).unwrap(), value);
        }

        #[test]
        fn any_text_is_judged_without_stopping(text in any::<String>()) {
            let _ = is_canonical(&text);
        }
    }
}
