//! Whose event it is: one prison number, one case number, or none.
//!
//! Owns: every place in which the feeds put a prison number or a case number of probation.
//! Promises: where two places name two people, or one place names nobody, no choice is made.
//! Deliberately does not know: that the two are one person's. A prison's event would claim a link
//! by carrying a case number, and probation's by carrying a prison number: each states its own.

use std::collections::BTreeSet;

use super::document::{self, Object};
use super::outcome::QuarantineReason;

pub(super) use proto::identifier::{Crn, Noms};

/// What is said of a number that is missing, misshapen, or not the only one.
#[derive(Clone, Copy)]
pub(super) struct Faults {
    missing: QuarantineReason,
    unusable: QuarantineReason,
    conflicting: QuarantineReason,
}

/// A register whose numbers the feeds carry.
pub(super) trait Register: Ord + Clone + Sized {
    /// Ways of writing the register in a person reference.
    const NAMES: &'static [&'static str];
    /// What is said of a number that cannot be used.
    const FAULTS: Faults;
    /// Reads a number.
    fn read(text: &str) -> Option<Self>;
}

impl Register for Noms {
    const NAMES: &'static [&'static str] = &["NOMS", "nomsNumber"];
    const FAULTS: Faults = Faults {
        missing: QuarantineReason::MissingNoms,
        unusable: QuarantineReason::UnusableNoms,
        conflicting: QuarantineReason::ConflictingNoms,
    };

    fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl Register for Crn {
    const NAMES: &'static [&'static str] = &["CRN"];
    const FAULTS: Faults = Faults {
        missing: QuarantineReason::MissingCrn,
        unusable: QuarantineReason::UnusableCrn,
        conflicting: QuarantineReason::ConflictingCrn,
    };

    fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

/// The one prison number of an event.
///
/// Looked for in the person reference and in the additional information; only where both are
/// silent, in the path of the detail URL. Blank values count as absent.
pub(super) fn noms(body: &Object) -> Result<Noms, QuarantineReason> {
    let written = written::<Noms>(body, &["nomsNumber", "prisonerNumber"]);
    if written.is_empty() {
        return one_of(in_address(body));
    }
    one_of(usable(&written)?)
}

/// The one case number of an event, of the person reference and the additional information. An
/// address is not searched: many of its segments have the shape of a case number.
pub(super) fn crn(body: &Object) -> Result<Crn, QuarantineReason> {
    one_of(usable(&written::<Crn>(body, &["crn"]))?)
}

/// Two numbers of one register that the additional information names, in this order.
///
/// The person reference may name either of them, and nobody else: which of them differs.
pub(super) fn two<N: Register>(
    body: &Object,
    names: [&str; 2],
) -> Result<[N; 2], QuarantineReason> {
    let number = |name: &str| {
        let details = document::object(body, "additionalInformation");
        let text = details.and_then(|details| value(details, name)).ok_or(N::FAULTS.missing)?;
        text.and_then(N::read).ok_or(N::FAULTS.unusable)
    };
    let [first, second] = names;
    let (first, second) = (number(first)?, number(second)?);
    if first == second {
        return Err(QuarantineReason::SelfMerge);
    }
    let referenced = usable::<N>(&referenced::<N>(body))?;
    if referenced.iter().any(|number| *number != first && *number != second) {
        return Err(N::FAULTS.conflicting);
    }
    Ok([first, second])
}

/// Every text that stands for a number: `None` for what is not text.
fn written<'a, N: Register>(body: &'a Object, names: &[&str]) -> Vec<Option<&'a str>> {
    let mut written = referenced::<N>(body);
    if let Some(details) = document::object(body, "additionalInformation") {
        written.extend(names.iter().filter_map(|name| value(details, name)));
    }
    written
}

/// The numbers, if each text is one.
fn usable<N: Register>(written: &[Option<&str>]) -> Result<BTreeSet<N>, QuarantineReason> {
    let found = written.iter().map(|text| text.and_then(N::read));
    let usable: Option<BTreeSet<N>> = found.clone().collect();
    match usable {
        Some(numbers) => Ok(numbers),
        None if found.flatten().next().is_some() => Err(N::FAULTS.conflicting),
        None => Err(N::FAULTS.unusable),
    }
}

fn one_of<N: Register>(numbers: BTreeSet<N>) -> Result<N, QuarantineReason> {
    let mut numbers = numbers.into_iter();
    match (numbers.next(), numbers.next()) {
        (Some(number), None) => Ok(number),
        (Some(_), Some(_)) => Err(N::FAULTS.conflicting),
        (None, _) => Err(N::FAULTS.missing),
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

/// Numbers of the person reference.
fn referenced<N: Register>(body: &Object) -> Vec<Option<&str>> {
    let identifiers = document::object(body, "personReference")
        .and_then(|reference| reference.get("identifiers"))
        .and_then(serde_json::Value::as_array);
    let objects = identifiers.into_iter().flatten().filter_map(serde_json::Value::as_object);
    objects
        .filter(|identifier| {
            document::text(identifier, "type")
                .is_some_and(|kind| N::NAMES.iter().any(|name| kind.eq_ignore_ascii_case(name)))
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

    #[test]
    fn a_case_number_is_found_in_reference_and_information_and_never_in_an_address() {
        let told = |body: Value| {
            let body = body.as_object().cloned().unwrap_or_default();
            crn(&body).map(|number| number.canonical().to_owned())
        };
        let of = |number: &str| json!({ "personReference": { "identifiers": [{ "type": "CRN", "value": number }] } });
        assert_eq!(told(of(" x000001 ")), Ok("X000001".to_owned()));
        assert_eq!(
            told(json!({ "additionalInformation": { "crn": "X000001" } })),
            Ok("X000001".to_owned())
        );
        for (body, expected) in [
            (of(""), QuarantineReason::MissingCrn),
            (of("{crn}"), QuarantineReason::UnusableCrn),
            (of("Z1234ZZ"), QuarantineReason::UnusableCrn),
            (json!({ "detailUrl": "https://case.example/X000001" }), QuarantineReason::MissingCrn),
            (json!({ "personReference": reference(&["Z1234ZZ"]) }), QuarantineReason::MissingCrn),
            (
                json!({ "additionalInformation": { "crn": "X000002" },
                        "personReference": of("X000001").get("personReference") }),
                QuarantineReason::ConflictingCrn,
            ),
        ] {
            assert_eq!(told(body.clone()), Err(expected), "{body}");
        }
    }

    #[test]
    fn two_numbers_are_two_and_the_reference_names_one_of_them() {
        let told = |kept: Value, removed: Value, referenced: &[&str]| {
            let body = json!({
                "personReference": reference(referenced),
                "additionalInformation": { "kept": kept, "removed": removed },
            });
            let body = body.as_object().cloned().unwrap_or_default();
            two::<Noms>(&body, ["kept", "removed"])
                .map(|two| two.map(|number| number.canonical().to_owned()))
        };
        let both = Ok(["Z1234ZZ", "Z1234ZY"].map(str::to_owned));
        let (first, second) = (json!("Z1234ZZ"), json!("z1234zy"));
        for referenced in [&[][..], &["Z1234ZZ"], &["Z1234ZY"], &["Z1234ZY", "Z1234ZZ"]] {
            assert_eq!(told(first.clone(), second.clone(), referenced), both, "{referenced:?}");
        }
        let third = told(first.clone(), second.clone(), &["Z1234ZX"]);
        assert_eq!(third, Err(QuarantineReason::ConflictingNoms));
        for (kept, removed, expected) in [
            (json!(null), second.clone(), QuarantineReason::MissingNoms),
            (first.clone(), json!(" "), QuarantineReason::MissingNoms),
            (first.clone(), json!("{removed}"), QuarantineReason::UnusableNoms),
            (json!(1234), second, QuarantineReason::UnusableNoms),
            (first.clone(), first, QuarantineReason::SelfMerge),
        ] {
            assert_eq!(told(kept, removed, &[]), Err(expected));
        }
    }
}
