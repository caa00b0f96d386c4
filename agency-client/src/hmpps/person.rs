//! Whose event it is: one prison number, or none.
//!
//! Owns: every place in which the feeds put a prison number. Promises: where two places name two
//! people, or one place names nobody, no choice is made. Deliberately does not know: probation's
//! case numbers. A prison's event would claim a link by carrying one, and that is probation's to
//! state.

use std::collections::BTreeSet;

use super::document::{self, Object};
use super::outcome::QuarantineReason;

pub(super) use proto::identifier::Noms;

/// The one prison number of an event.
///
/// Looked for in the person reference and in the additional information; only where both are
/// silent, in the path of the detail URL. Blank values count as absent.
pub(super) fn noms(body: &Object) -> Result<Noms, QuarantineReason> {
    let mut written: Vec<Option<&str>> = referenced(body);
    if let Some(details) = document::object(body, "additionalInformation") {
        let places = ["nomsNumber", "prisonerNumber"];
        written.extend(places.into_iter().filter_map(|name| value(details, name)));
    }
    if written.is_empty() {
        return one_of(in_address(body), QuarantineReason::MissingNoms);
    }
    let found = written.iter().map(|text| text.and_then(|text| Noms::parse(text).ok()));
    let usable: Option<BTreeSet<Noms>> = found.clone().collect();
    match usable {
        Some(numbers) => one_of(numbers, QuarantineReason::MissingNoms),
        None if found.flatten().next().is_some() => Err(QuarantineReason::ConflictingNoms),
        None => Err(QuarantineReason::UnusableNoms),
    }
}

fn one_of(numbers: BTreeSet<Noms>, none: QuarantineReason) -> Result<Noms, QuarantineReason> {
    let mut numbers = numbers.into_iter();
    match (numbers.next(), numbers.next()) {
        (Some(number), None) => Ok(number),
        (Some(_), Some(_)) => Err(QuarantineReason::ConflictingNoms),
        (None, _) => Err(none),
    }
}

/// What stands under a name: nothing, `Some(None)` for what is not text, or the text.
fn value<'a>(object: &'a Object, name: &str) -> Option<Option<&'a str>> {
    match object.get(name)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) if text.trim().is_empty() => None,
        other => Some(other.as_str().map(str::trim)),
    }
}

/// Prison numbers of the person reference. The type is written `NOMS`, in places `nomsNumber`.
fn referenced(body: &Object) -> Vec<Option<&str>> {
    let identifiers = document::object(body, "personReference")
        .and_then(|reference| reference.get("identifiers"))
        .and_then(serde_json::Value::as_array);
    let objects = identifiers.into_iter().flatten().filter_map(serde_json::Value::as_object);
    objects
        .filter(|identifier| {
            document::text(identifier, "type").is_some_and(|kind| {
                kind.eq_ignore_ascii_case("NOMS") || kind.eq_ignore_ascii_case("nomsNumber")
            })
        })
        .filter_map(|identifier| value(identifier, "value"))
        .collect()
}

/// Prison numbers that are whole segments of the detail URL.
fn in_address(body: &Object) -> BTreeSet<Noms> {
    document::text(body, "detailUrl")
        .into_iter()
        .flat_map(|address| address.split(['/', '?', '#', '&', '=']))
        .filter_map(|segment| Noms::parse(segment).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    // All numbers are invented.
    fn read(body: Value) -> Result<String, QuarantineReason> {
        let body = body.as_object().cloned().unwrap_or_default();
        noms(&body).map(|number| number.canonical().to_owned())
    }

    fn reference(numbers: &[&str]) -> Value {
        let identifiers: Vec<Value> =
            numbers.iter().map(|number| json!({ "type": "NOMS", "value": number })).collect();
        json!({ "identifiers": identifiers })
    }

    #[test]
    fn the_number_is_found_in_each_place() {
        for body in [
            json!({ "personReference": reference(&["Z1234ZZ"]) }),
            json!({ "additionalInformation": { "nomsNumber": " z1234zz " } }),
            json!({ "additionalInformation": { "prisonerNumber": "Z1234ZZ" } }),
            json!({ "detailUrl": "https://search.example/prisoner/Z1234ZZ?full=true" }),
            json!({ "personReference": reference(&["Z1234ZZ", "Z1234ZZ"]),
                    "additionalInformation": { "nomsNumber": "Z1234ZZ" } }),
            json!({ "personReference": reference(&[""]),
                    "additionalInformation": { "nomsNumber": "Z1234ZZ" } }),
        ] {
            assert_eq!(read(body.clone()), Ok("Z1234ZZ".to_owned()), "{body}");
        }
    }

    #[test]
    fn two_people_are_nobody() {
        for body in [
            json!({ "personReference": reference(&["Z1234ZZ", "Z1234ZY"]) }),
            json!({ "personReference": reference(&["Z1234ZZ"]),
                    "additionalInformation": { "nomsNumber": "Z1234ZY" } }),
            json!({ "personReference": reference(&["Z1234ZZ"]),
                    "additionalInformation": { "nomsNumber": "{nomsNumber}" } }),
            json!({ "detailUrl": "https://search.example/Z1234ZZ/Z1234ZY" }),
        ] {
            assert_eq!(read(body.clone()), Err(QuarantineReason::ConflictingNoms), "{body}");
        }
    }

    #[test]
    fn nobody_is_told_apart_from_an_unreadable_number() {
        for body in [
            json!({}),
            json!({ "personReference": { "identifiers": [{ "type": "CRN", "value": "X000000" }] } }),
            json!({ "additionalInformation": { "nomsNumber": null } }),
            json!({ "detailUrl": "https://search.example/prisoner/" }),
        ] {
            assert_eq!(read(body.clone()), Err(QuarantineReason::MissingNoms), "{body}");
        }
        for body in [
            json!({ "additionalInformation": { "nomsNumber": "ZZ0001Z" } }),
            json!({ "additionalInformation": { "nomsNumber": 1234 } }),
            json!({ "personReference": reference(&["{nomsNumber}"]) }),
        ] {
            assert_eq!(read(body.clone()), Err(QuarantineReason::UnusableNoms), "{body}");
        }
    }
}
