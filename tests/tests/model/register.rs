//! Who is whom, and who is on which list, as sets of statements.
//!
//! Owns the reference's flags and its statements that numbers are one person's. Promises that what
//! somebody says of a number counts only as far as that one is its register's authority.
//! Deliberately does not know: who is told of any of it.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{CorrectionAction, FlagAction, FlagKind, IdentifierType};

use time::{Date, Month};

use super::town::DESKS;

/// A number of a register.
pub type Number = (i32, String);

/// The numbers by which a person is named.
pub fn numbers(subject: &wire::Subject) -> BTreeSet<Number> {
    subject.identifiers.iter().map(|one| (one.r#type, one.value.clone())).collect()
}

/// Name and birth date, where both are given.
pub fn name_of(subject: &wire::Subject) -> Option<(String, String)> {
    let given = !subject.name.is_empty() && !subject.birth_date.is_empty();
    given.then(|| (subject.name.clone(), subject.birth_date.clone()))
}

/// The eighteenth birthday of somebody born on a day. Nobody here is born on a 29th of February.
fn turns_18(birth_date: &str) -> Option<Date> {
    let mut parts = birth_date.split('-').map(|part| part.parse::<i32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year + 18, month, u8::try_from(day).ok()?).ok()
}

/// A flag that stands.
#[derive(Clone, Debug)]
pub struct Flag {
    pub kind: FlagKind,
    /// Desk that owns it.
    pub owner: usize,
    pub numbers: BTreeSet<Number>,
    pub name: Option<(String, String)>,
    /// Place of the message that last changed it, and of that by which it came about.
    pub said_by: usize,
    pub raised_by: usize,
    /// The eighteenth birthday of somebody who was not 18 when that was said.
    pub adult: Option<Date>,
}

impl Flag {
    /// Whether a message of an agency does something to this flag: that agency is asked nothing
    /// about it.
    pub fn is_spoken_of(
        &self,
        message: &wire::Message,
        known: &BTreeSet<Number>,
        agency: &str,
    ) -> bool {
        let of_kind =
            matches!(&message.kind, Some(Kind::Flag(one)) if one.flag_kind() == self.kind);
        let own = DESKS[self.owner].agency == agency;
        of_kind && own && !self.numbers.is_disjoint(known)
    }
}

/// A statement that two numbers are one person's.
#[derive(Clone, Debug)]
struct Link {
    one: Number,
    other: Number,
    birth: String,
    agency: &'static str,
    /// Kind of that agency.
    kind: &'static str,
}

/// What a message about a list does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagChange {
    Nothing,
    Stands,
    Off,
}

#[derive(Default)]
pub struct Register {
    pub flags: Vec<Flag>,
    links: Vec<Link>,
}

impl Register {
    /// Flags on any of these numbers.
    pub fn flags(&self, known: &BTreeSet<Number>) -> Vec<&Flag> {
        self.flags.iter().filter(|flag| !flag.numbers.is_disjoint(known)).collect()
    }

    /// The sender's own flags of a message's kind on its person, by any of the person's numbers.
    fn all_own(&self, message: &wire::Message, agency: &str) -> Vec<&Flag> {
        let (Some(Kind::Flag(said)), Some(subject)) = (&message.kind, message.subjects.first())
        else {
            return Vec::new();
        };
        let mut own = self.flags(&self.linked(&numbers(subject)));
        own.retain(|flag| flag.kind == said.flag_kind() && DESKS[flag.owner].agency == agency);
        own
    }

    /// Whether a message speaks of several flags at once, which were raised apart under numbers that
    /// turned out to be one person's.
    pub fn speaks_of_several(&self, message: &wire::Message, agency: &str) -> bool {
        self.all_own(message, agency).len() > 1
    }

    fn own(&self, message: &wire::Message, agency: &str) -> Option<&Flag> {
        self.all_own(message, agency).first().copied()
    }

    /// What a message does to its sender's own flag.
    pub fn flag_change(&self, message: &wire::Message, sender: usize) -> Result<FlagChange, ()> {
        let Some(Kind::Flag(said)) = &message.kind else { return Ok(FlagChange::Nothing) };
        let own = self.own(message, DESKS[sender].agency);
        match (said.action(), own) {
            (FlagAction::Raise, _) | (FlagAction::Suspend | FlagAction::Resume, Some(_)) => {
                Ok(FlagChange::Stands)
            }
            (FlagAction::Deselect, Some(_)) => Ok(FlagChange::Off),
            (FlagAction::Suspend | FlagAction::Resume, None) => Err(()),
            _ => Ok(FlagChange::Nothing),
        }
    }

    /// The message that last changed the flag which this one speaks of, and whose the flag is.
    pub fn flag_before(&self, message: &wire::Message, agency: &str) -> Option<(usize, usize)> {
        self.own(message, agency).map(|flag| (flag.said_by, flag.owner))
    }

    /// Learns what an accepted message says. Answers whether anything changed.
    pub fn learn(
        &mut self,
        message: &wire::Message,
        sender: usize,
        (place, today): (usize, Date),
        change: FlagChange,
    ) -> bool {
        match &message.kind {
            Some(Kind::Flag(said)) => {
                self.learn_flag(message, said, sender, (place, today), change)
            }
            Some(Kind::Correction(correction)) => self.learn_identity(message, correction, sender),
            _ => false,
        }
    }

    fn learn_flag(
        &mut self,
        message: &wire::Message,
        said: &wire::Flag,
        sender: usize,
        (place, today): (usize, Date),
        change: FlagChange,
    ) -> bool {
        let agency = DESKS[sender].agency;
        let Some(subject) = message.subjects.first() else { return false };
        let before = self.own(message, agency).cloned();
        if change == FlagChange::Nothing {
            return false;
        }
        let mut of = numbers(subject);
        of.extend(before.iter().flat_map(|flag| flag.numbers.iter().cloned()));
        self.flags.retain(|flag| {
            flag.kind != said.flag_kind()
                || DESKS[flag.owner].agency != agency
                || flag.numbers.is_disjoint(&of)
        });
        if change == FlagChange::Stands {
            let named = said.owner.as_ref().and_then(|owner| {
                DESKS.iter().position(|one| one.agency == owner.agency && one.desk == owner.desk)
            });
            let kept = before.as_ref().map(|flag| flag.owner);
            let kept = kept.filter(|_| said.action() != FlagAction::Raise);
            self.flags.push(Flag {
                kind: said.flag_kind(),
                owner: named.or(kept).unwrap_or(sender),
                numbers: of,
                name: name_of(subject).or(before.as_ref().and_then(|flag| flag.name.clone())),
                said_by: place,
                raised_by: before.as_ref().map_or(place, |flag| flag.raised_by),
                adult: if subject.birth_date.is_empty() {
                    before.and_then(|flag| flag.adult)
                } else {
                    turns_18(&subject.birth_date).filter(|day| *day > today)
                },
            });
        }
        true
    }

    fn learn_identity(
        &mut self,
        message: &wire::Message,
        correction: &wire::Correction,
        sender: usize,
    ) -> bool {
        let all: Vec<Number> = message.subjects.iter().flat_map(numbers).collect();
        let [one, other] = all.as_slice() else { return false };
        match correction.action() {
            CorrectionAction::Merge => self.state(sender, (one, other), "", false),
            CorrectionAction::Unmerge => {
                // Whichever authority said it: they are parted.
                let kind = DESKS[sender].kind;
                self.links.retain(|link| !(link.joins(one, other) && link.kind == kind));
            }
            _ => return false,
        }
        true
    }

    /// An agency states that two numbers are one person's, or takes that back.
    pub fn state(
        &mut self,
        desk: usize,
        (one, other): (&Number, &Number),
        birth: &str,
        withdrawn: bool,
    ) {
        let (agency, kind) = (DESKS[desk].agency, DESKS[desk].kind);
        self.links.retain(|link| !(link.joins(one, other) && link.agency == agency));
        if !withdrawn {
            let (one, other, birth) = (one.clone(), other.clone(), birth.to_owned());
            self.links.push(Link { one, other, birth, agency, kind });
        }
    }

    /// These numbers, and all that are known to be the same person's.
    pub fn linked(&self, of: &BTreeSet<Number>) -> BTreeSet<Number> {
        let mut known = of.clone();
        loop {
            let further: BTreeSet<Number> = self
                .links
                .iter()
                .filter(|link| known.contains(&link.one) != known.contains(&link.other))
                .filter(|link| self.stands(&link.one, &link.other))
                .flat_map(|link| [link.one.clone(), link.other.clone()])
                .collect();
            if further.is_subset(&known) {
                return known;
            }
            known.extend(further);
        }
    }

    /// Numbers that somebody joins to one of these without that being settled.
    pub fn disputed(&self, known: &BTreeSet<Number>) -> BTreeSet<Number> {
        let mut found = BTreeSet::new();
        for link in self.links.iter().filter(|link| !self.stands(&link.one, &link.other)) {
            if known.contains(&link.one) {
                found.insert(link.other.clone());
            }
            if known.contains(&link.other) {
                found.insert(link.one.clone());
            }
        }
        found
    }

    /// Whether the authorities for both registers say that two numbers are one person's, agree on
    /// the birth date, and none of them joins either to another number of the other's register.
    fn stands(&self, one: &Number, other: &Number) -> bool {
        let heard: Vec<&Link> = self
            .links
            .iter()
            .filter(|link| link.joins(one, other))
            .filter(|link| [one, other].iter().any(|end| authority(end) == Some(link.kind)))
            .collect();
        let by = |end: &Number| heard.iter().any(|link| authority(end) == Some(link.kind));
        let agreed = heard.iter().all(|link| link.birth == heard[0].birth);
        by(one) && by(other) && agreed && !self.frozen(one, other) && !self.frozen(other, one)
    }

    /// Whether an authority for either joins `end` to another number of `partner`'s register, which
    /// is not known to be the same as `partner`.
    fn frozen(&self, end: &Number, partner: &Number) -> bool {
        self.links.iter().any(|link| {
            let Some(third) = link.other_end(end) else { return false };
            let speaks = [end, partner].iter().any(|one| authority(one) == Some(link.kind));
            let merged = self
                .links
                .iter()
                .any(|link| link.joins(third, partner) && authority(partner) == Some(link.kind));
            end.0 != partner.0 && third.0 == partner.0 && third != partner && speaks && !merged
        })
    }
}

impl Link {
    fn joins(&self, one: &Number, other: &Number) -> bool {
        (&self.one == one && &self.other == other) || (&self.one == other && &self.other == one)
    }

    fn other_end(&self, end: &Number) -> Option<&Number> {
        if &self.one == end {
            return Some(&self.other);
        }
        (&self.other == end).then_some(&self.one)
    }
}

/// Whose word about a number counts.
fn authority(number: &Number) -> Option<&'static str> {
    match IdentifierType::try_from(number.0).ok()? {
        IdentifierType::Pnc | IdentifierType::Cro | IdentifierType::Asn => Some("police"),
        IdentifierType::Noms => Some("prison"),
        IdentifierType::Crn => Some("probation"),
        IdentifierType::Unspecified | IdentifierType::Nhs => None,
    }
}
