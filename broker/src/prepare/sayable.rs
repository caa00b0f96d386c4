//! Whether a message is one that its sender may send at all, by the directory alone.
//!
//! Depends on kinds of agency and on what operators set, and on nothing that is on record about
//! anybody, so that the sender may be told why not.

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::identifier::BirthDate;

use super::{is_of_identity, roles};
use crate::directory::{Directory, Party, PossibleAge, Referral, ReferredPerson};
use crate::message::{Admitted, Violation, people};
use crate::register;

/// What a sender may not say: a flag of a kind that its agency's kind may not raise, an identity that
/// it is not the authority for, a referral to a programme that takes no such person, an emergency
/// access or a nil return by persons who are not its own. Empty: it may.
#[must_use]
pub fn faults(admitted: &Admitted, directory: &Directory) -> Vec<Violation> {
    let mut faults = of_kind(admitted, directory);
    faults.extend(of_parts(admitted, directory));
    faults.extend(of_break_glass(admitted, directory));
    faults.extend(of_nil_return(admitted, directory));
    faults
}

/// Who answers for a list that names nobody is a person of the sender's agency. Of another agency's
/// nothing is said.
fn of_nil_return(admitted: &Admitted, directory: &Directory) -> Option<Violation> {
    if !people::is_nil_return(&admitted.message) {
        return None;
    }
    let known = directory.person(&admitted.message.acting_person);
    let stranger = known.is_none_or(|person| person.agency != admitted.key.agency);
    let rule = "must be a person whom the directory has for your agency";
    stranger.then(|| fault("acting_person", rule))
}

/// Days or a desk are given for a part that is then not kept: the sender would think it was.
fn of_parts(admitted: &Admitted, directory: &Directory) -> Vec<Violation> {
    let mut faults = Vec::new();
    for (position, area) in admitted.message.areas.iter().enumerate() {
        let given = [
            (!area.from_day.is_empty(), "from_day"),
            (!area.to_day.is_empty(), "to_day"),
            (area.desk.is_some(), "desk"),
        ];
        if !directory.may_state(area.role(), admitted.sender.kind) {
            let given = given.into_iter().filter(|(given, _)| *given);
            faults.extend(given.map(|(_, name)| {
                fault(
                    &format!("areas[{position}].{name}"),
                    "your kind of agency does not say who takes this part: leave it out",
                )
            }));
        } else if let Some(desk) = &area.desk
            && !roles::is_holder(area.role(), &desk.agency, &desk.desk, directory)
        {
            faults.push(fault(
                &format!("areas[{position}].desk"),
                "is no desk of the directory whose work this part is",
            ));
        }
    }
    faults
}

/// Who uses emergency access, and who is told of it, are persons of the sender's agency. Of another
/// agency's nothing is said: they are answered as ones that do not exist.
fn of_break_glass(admitted: &Admitted, directory: &Directory) -> Vec<Violation> {
    let Some(persons) = admitted.break_glass() else { return Vec::new() };
    let named = [("acting_person", persons.acting), ("break_glass.second_person", persons.second)];
    let stranger = |id: uuid::Uuid| {
        let known = directory.person(&id.to_string());
        known.is_none_or(|person| person.agency != admitted.key.agency)
    };
    let strangers = named.into_iter().filter(|(_, id)| stranger(*id));
    strangers
        .map(|(field, _)| fault(field, "must be a person whom the directory has for your agency"))
        .collect()
}

fn of_kind(admitted: &Admitted, directory: &Directory) -> Vec<Violation> {
    match &admitted.message.kind {
        Some(Kind::Flag(flag)) if !directory.may_raise(flag.flag_kind(), admitted.sender.kind) => {
            vec![fault("flag.flag_kind", "your kind of agency may not raise flags of this kind")]
        }
        Some(Kind::Correction(correction)) if is_of_identity(correction) => identity(admitted),
        Some(Kind::Referral(referral)) => of_programme(admitted, referral, directory),
        Some(_) | None => Vec::new(),
    }
}

fn identity(admitted: &Admitted) -> Vec<Violation> {
    let mut numbers = admitted.message.subjects.iter().flat_map(|one| &one.identifiers);
    let own =
        numbers.all(|number| register::authority(number.r#type) == Some(admitted.sender.kind));
    if own {
        return Vec::new();
    }
    vec![fault(
        "correction.action",
        "only the authority for a register says whose its numbers are: police for PNC, CRO and \
         ASN, prisons for NOMS, probation for CRN",
    )]
}

/// A programme's own rules: ages, areas, who takes part and who has to agree.
fn of_programme(
    admitted: &Admitted,
    referral: &wire::Referral,
    directory: &Directory,
) -> Vec<Violation> {
    let message = &admitted.message;
    let people: Vec<ReferredPerson> = message
        .subjects
        .iter()
        .map(|subject| {
            let birth = BirthDate::parse(&subject.birth_date).ok();
            let years = birth.and_then(|birth| people::age_on(&birth, admitted.received_at));
            ReferredPerson {
                category: subject.category(),
                age: PossibleAge::of(years, subject.age()),
            }
        })
        .collect();
    let parties: Vec<Party> = referral
        .parties
        .iter()
        .map(|party| Party {
            subject: party.subject as usize,
            role: party.role(),
            consent: party.consent(),
        })
        .collect();
    // Where something happened says nothing of where a person belongs.
    let belongs = message.areas.iter().filter(|area| area.role() != wire::AreaRole::Incident);
    let areas: Vec<&str> = belongs.map(|area| area.code.as_str()).collect();
    let faults = directory.referral_faults(&Referral {
        programme: &referral.programme,
        step: referral.step(),
        level: referral.restorative_level,
        people: &people,
        areas: &areas,
        parties: &parties,
    });
    faults.into_iter().map(|f| Violation { field: f.field, rule: f.rule.into() }).collect()
}

fn fault(field: &str, rule: &'static str) -> Violation {
    Violation { field: field.to_owned(), rule: rule.into() }
}
