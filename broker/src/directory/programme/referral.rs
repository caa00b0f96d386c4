//! Whether a programme is the right one for whom it is asked.
//!
//! Pure: a referral's own words and one directory. Promises that whoever is outside the ages or
//! the areas of a programme is told which provider is the right one, or that there is none here,
//! and that an age nobody knows is inside no bounds. Deliberately does not know: names,
//! identifiers and birth dates, nor whether policy permits the referral.

use std::collections::BTreeSet;

use proto::exchange::v1::{AgeAssertion, Consent, PartyRole, ReferralStep, SubjectCategory};
use proto::text::Named as _;

use super::{AgeBand, ConsentRule, Part, Programme};
use crate::directory::{Area, Directory};

/// The ages that somebody may have, whole years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PossibleAge {
    /// Least.
    least: u16,
    /// Most; `None`: there is no telling.
    most: Option<u16>,
}

impl PossibleAge {
    /// What is known from an age by birth date and from what the sender asserts. Where the two
    /// disagree each may be right; of a disputed age nothing is known.
    #[must_use]
    pub const fn of(years: Option<u16>, asserted: AgeAssertion) -> Self {
        let (least, most) = match (years, asserted) {
            (_, AgeAssertion::Disputed) | (None, AgeAssertion::Unspecified) => (0, None),
            (None, AgeAssertion::Adult) => (18, None),
            (None, AgeAssertion::Child) => (0, Some(17)),
            (Some(years), AgeAssertion::Adult) if years < 18 => (years, None),
            (Some(years), AgeAssertion::Child) if years >= 18 => (0, Some(years)),
            (
                Some(years),
                AgeAssertion::Unspecified | AgeAssertion::Adult | AgeAssertion::Child,
            ) => (years, Some(years)),
        };
        Self { least, most }
    }
}

/// Somebody whom a message is about, in the message's order.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Standing in the matter.
    pub category: SubjectCategory,
    /// Ages they may have on the day of the message.
    pub age: PossibleAge,
}

/// Somebody who takes part, as the message says.
#[derive(Clone, Copy, Debug)]
pub struct Party {
    /// Place among the people of the message, from 0.
    pub subject: usize,
    /// Role.
    pub role: PartyRole,
    /// What they said when they were asked.
    pub consent: Consent,
}

/// A referral as far as a programme asks.
#[derive(Clone, Copy, Debug)]
pub struct Referral<'a> {
    /// Programme id, as written.
    pub programme: &'a str,
    /// What happens.
    pub step: ReferralStep,
    /// Level of restorative justice; 0: none.
    pub level: u32,
    /// Everybody in the message. Where no party is the participant, the first of them is.
    pub people: &'a [Person],
    /// Area codes that say where the participant belongs, as written.
    pub areas: &'a [&'a str],
    /// Who takes part, in the message's order.
    pub parties: &'a [Party],
}

impl Referral<'_> {
    /// Whether somebody is put forward by it: it is made, or a level 1 disposal is recorded.
    /// What follows later is not held to the ages and areas of the first day.
    const fn puts_forward(&self) -> bool {
        match self.step {
            ReferralStep::Made => true,
            ReferralStep::Completed => self.level == 1,
            ReferralStep::Unspecified
            | ReferralStep::Accepted
            | ReferralStep::Declined
            | ReferralStep::Started
            | ReferralStep::NotProceeding => false,
        }
    }

    /// Each participant with their place among the people.
    fn participants(&self) -> impl Iterator<Item = (usize, Person)> {
        let named: BTreeSet<usize> =
            self.parties.iter().filter(is_participant).map(subject).collect();
        let places = if named.is_empty() { BTreeSet::from([0]) } else { named };
        places.into_iter().filter_map(|place| Some((place, *self.people.get(place)?)))
    }
}

fn is_participant(party: &&Party) -> bool {
    party.role == PartyRole::Participant
}

const fn subject(party: &Party) -> usize {
    party.subject
}

/// A field of a message that a programme's rule refuses. Ids, names and orders in the rule are the
/// directory's; of the people nothing is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralFault {
    /// Path in the message, such as `referral.programme`.
    pub field: String,
    /// Rule, as a sentence that goes on from the field.
    pub rule: String,
}

/// How an age stands to a band.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Inside,
    Outside,
    NotKnown,
}

impl AgeBand {
    fn standing(self, age: PossibleAge) -> Standing {
        let old_enough = self.from.is_none_or(|from| age.least >= from);
        let young_enough = self.to.is_none_or(|to| age.most.is_some_and(|most| most <= to));
        let too_young = self.from.zip(age.most).is_some_and(|(from, most)| most < from);
        let too_old = self.to.is_some_and(|to| age.least > to);
        match (old_enough && young_enough, too_young || too_old) {
            (true, _) => Standing::Inside,
            (false, true) => Standing::Outside,
            (false, false) => Standing::NotKnown,
        }
    }

    fn in_words(self) -> String {
        match (self.from, self.to) {
            (Some(from), Some(to)) => format!("takes people of {from} to {to}"),
            (Some(from), None) => format!("takes people of {from} and over"),
            (None, Some(to)) => format!("takes people under {}", to.saturating_add(1)),
            (None, None) => "takes people of every age".into(),
        }
    }
}

impl Directory {
    /// What a referral's programme has against it, by field and rule. Empty: nothing.
    ///
    /// The ages are those of the day of the message. It is asked beside the rules that need no
    /// directory, and says nothing of what they refuse.
    #[must_use]
    pub fn referral_faults(&self, referral: &Referral<'_>) -> Vec<ReferralFault> {
        let mut faults = Faults(Vec::new());
        let Some(programme) = self.programme(referral.programme) else {
            faults.add("referral.programme", "is not a programme of the directory");
            return faults.0;
        };
        check_level(programme, referral, &mut faults);
        check_roles(programme, referral, &mut faults);
        if referral.puts_forward() {
            if referral.areas.is_empty() {
                let serves = self.area_names(programme);
                let rule =
                    format!("must say where the participant belongs: the programme {serves}");
                faults.add("areas", rule);
            }
            for (place, person) in referral.participants() {
                self.check_participant(programme, referral, place, person, &mut faults);
            }
            check_consent(programme, referral, &mut faults);
            check_categories(programme, referral, &mut faults);
        }
        faults.0
    }

    /// Whether a programme serves one of these areas, or one that encloses it.
    #[must_use]
    pub fn serves(&self, programme: &Programme, areas: &[&str]) -> bool {
        areas.iter().any(|code| self.serves_area(programme, code))
    }

    fn serves_area(&self, programme: &Programme, code: &str) -> bool {
        // The document check refuses cycles, so this walk ends.
        let outward = |area: &&Area| area.within.as_deref().and_then(|code| self.area(code));
        std::iter::successors(self.area(code), outward)
            .any(|area| programme.areas.contains(&area.code))
    }

    fn area_names(&self, programme: &Programme) -> String {
        let areas = programme.areas.iter().filter_map(|code| self.area(code));
        let names: Vec<&str> = areas.map(|area| &*area.name).collect();
        if names.is_empty() {
            "serves no area".into()
        } else {
            format!("serves {}", list(&names, "and"))
        }
    }

    fn check_participant(
        &self,
        programme: &Programme,
        referral: &Referral<'_>,
        place: usize,
        person: Person,
        faults: &mut Faults,
    ) {
        let mut refused = Vec::new();
        match programme.ages.standing(person.age) {
            Standing::Inside => {}
            Standing::Outside => refused.push(programme.ages.in_words()),
            Standing::NotKnown => faults.add(
                format!("subjects[{place}].birth_date"),
                format!(
                    "is needed, and an age that is not disputed: the programme {}",
                    programme.ages.in_words()
                ),
            ),
        }
        if !referral.areas.is_empty() && !self.serves(programme, referral.areas) {
            refused.push(self.area_names(programme));
        }
        if !refused.is_empty() {
            let instead = self.instead(programme, referral, person);
            faults.add("referral.programme", format!("{}; {instead}", refused.join(" and ")));
        }
    }

    /// Where somebody is to go whom a programme does not take: to another of its theme, for it
    /// is not among those that do.
    fn instead(&self, programme: &Programme, referral: &Referral<'_>, person: Person) -> String {
        let alike = || {
            self.programmes().filter(|other| {
                other.theme == programme.theme
                    && other.takes_level(referral.level)
                    && other.participant.categories.contains(&person.category)
            })
        };
        let right: Vec<&Programme> = alike()
            .filter(|other| other.ages.standing(person.age) == Standing::Inside)
            .filter(|other| self.serves(other, referral.areas))
            .collect();
        if let Some(first) = right.first() {
            let names: Vec<String> =
                right.iter().map(|other| format!("{} ({})", other.name, other.id)).collect();
            let mut served = referral.areas.iter().filter(|code| self.serves_area(first, code));
            let area = served.find_map(|code| self.area(code)).map(|area| &*area.name);
            let place = area.map(|name| format!(" in {name}")).unwrap_or_default();
            return format!("for this person{place} the provider is {}", list(&names, "or"));
        }
        let open = |other: &Programme| {
            other.ages.standing(person.age) == Standing::NotKnown
                && self.serves(other, referral.areas)
        };
        if referral.areas.is_empty() {
            "which provider is the right one depends on the area".into()
        } else if alike().any(open) {
            "which provider is the right one depends on the age".into()
        } else {
            format!("no programme here for {} takes this person", programme.theme.need())
        }
    }
}

impl Programme {
    fn takes_level(&self, level: u32) -> bool {
        if self.levels.is_empty() { level == 0 } else { self.levels.contains(&level) }
    }
}

/// Collects faults, each once.
struct Faults(Vec<ReferralFault>);

impl Faults {
    fn add(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        let fault = ReferralFault { field: field.into(), rule: rule.into() };
        if !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }
}

fn check_level(programme: &Programme, referral: &Referral<'_>, faults: &mut Faults) {
    if programme.takes_level(referral.level) {
        return;
    }
    let levels: Vec<String> = programme.levels.iter().map(u32::to_string).collect();
    let rule = if levels.is_empty() {
        "is for restorative justice only".into()
    } else {
        format!("must be {} in this programme", list(&levels, "or"))
    };
    faults.add("referral.restorative_level", rule);
}

fn check_roles(programme: &Programme, referral: &Referral<'_>, faults: &mut Faults) {
    for (position, party) in referral.parties.iter().enumerate() {
        // A role that was left out is refused without the directory.
        if party.role != PartyRole::Unspecified && programme.part(party.role).is_none() {
            faults.add(
                format!("referral.parties[{position}].role"),
                "is no role in this programme: nobody takes part in it so",
            );
        }
    }
    if !referral.puts_forward() {
        return;
    }
    let is_named = |part: &&Part| referral.parties.iter().any(|party| party.role == part.role);
    for part in programme.parties.iter().filter(|part| part.required && !is_named(part)) {
        let rule = format!("must name somebody in the role `{}`", part.role.name());
        faults.add("referral.parties", rule);
    }
}

/// Nobody is put forward unasked where a programme rests on agreement.
fn check_consent(programme: &Programme, referral: &Referral<'_>, faults: &mut Faults) {
    let rule = match programme.consent {
        ConsentRule::None { .. } => return,
        ConsentRule::EachParty => "must be given: the programme needs the agreement of each party",
        ConsentRule::Participant => {
            "must be given: the programme needs the participant's agreement"
        }
    };
    if !referral.parties.iter().any(|party| is_participant(&party)) {
        faults.add("referral.parties", "must name the participant and what they agreed to");
    }
    for (position, party) in referral.parties.iter().enumerate() {
        let asked = programme.consent == ConsentRule::EachParty || is_participant(&party);
        if asked && party.consent != Consent::Given {
            faults.add(format!("referral.parties[{position}].consent"), rule);
        }
    }
}

fn check_categories(programme: &Programme, referral: &Referral<'_>, faults: &mut Faults) {
    let beside = referral.parties.iter().filter(|party| !is_participant(party));
    let beside = beside.filter_map(|party| {
        Some((party.subject, *referral.people.get(party.subject)?, programme.part(party.role)?))
    });
    let participants =
        referral.participants().map(|(place, person)| (place, person, &programme.participant));
    for (place, person, part) in participants.chain(beside) {
        if !part.categories.contains(&person.category) {
            let words: Vec<String> = part.categories.iter().map(|word| word.name()).collect();
            let role = part.role.name();
            let rule = if words.is_empty() {
                format!("is wrong: the programme takes nobody in the role `{role}`")
            } else {
                format!("must be {} for the role `{role}` in this programme", list(&words, "or"))
            };
            faults.add(format!("subjects[{place}].category"), rule);
        }
    }
}

/// Words as one writes them in a sentence: `a, b or c`.
fn list<T: AsRef<str>>(words: &[T], last: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}
