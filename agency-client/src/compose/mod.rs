//! Building messages that say what the law wants said.
//!
//! Owns: a function or more for each kind of message, and the draft they begin.
//! Promises: a message cannot be begun without purpose, gateway and lawful basis, nor a person
//! named without the category in which his data is held; most combinations that the law does not
//! know cannot be written; [`Draft::build`] names every other one, and every omission, at once.
//! Deliberately does not know: whether the broker will accept it. The broker checks everything
//! again, and policy decides.

mod age;
mod casework;
mod corrections;
mod flags;
mod kinds;
mod plans;
mod requests;
mod rules;
mod said;
mod words;

use crate::errors::Violation;
use proto::exchange::v1 as wire;
use proto::exchange::v1::{
    AgeAssertion, AreaRole, Field, Footing, Gateway, HandlingCondition, IdentifierType,
    LawfulBasis, LimitedAccess, Marking, Purpose, SensitiveCondition, SubjectCategory, Urgency,
};
use time::OffsetDateTime;
use uuid::Uuid;

pub use casework::{
    Allegation, DrugTestNews, EnforcementNews, Hearing, HearingStep, TestFinding, court, drug_test,
    enforcement,
};
pub use corrections::{Remedy, correction, merge, unmerge, withdrawal};
pub use flags::{FlagChange, FlagManagement, Panel, flag, flag_managed, flag_raise};
pub use kinds::{
    CustodyNews, Grade, MappaChange, custody, custody_release, intelligence, mappa,
    mappa_notification, nobody_released,
};
pub use plans::{
    ActionReport, Agreement, ChildsArea, Party, Place, PlacedIn, PlacementChange, PlacementNews,
    ReferralProgress, Referred, action, action_cancelled, action_report, placement, referral,
    referral_progress, street_disposal,
};
pub use requests::{Answer, Asked, request, response};
pub use said::{Earlier, ReleaseId, Said};

/// Why and by what right a message is shared. All three are required: a power to share is not
/// a lawful basis (DPA 2018 s.35; UK GDPR art 6), and a purpose is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// Why it is shared.
    pub purpose: Purpose,
    /// The power under which it is shared.
    pub gateway: Gateway,
    /// The sender's lawful basis.
    pub lawful_basis: LawfulBasis,
    /// The condition for sensitive data (DPA 2018 Sch 8 or Sch 1; UK GDPR art 9); `None` only
    /// where nothing sensitive is sent.
    pub sensitive_condition: Option<SensitiveCondition>,
}

/// A person a message concerns or mentions.
#[derive(Clone)]
pub struct Person {
    subject: wire::Subject,
}

impl Person {
    /// Begins a person, in the category in which his data is held (DPA 2018 s.38(3)).
    #[must_use]
    pub fn new(category: SubjectCategory) -> Self {
        let subject = wire::Subject { category: category.into(), ..wire::Subject::default() };
        Self { subject }
    }

    /// Adds an identifier, in any form its register writes.
    #[must_use]
    pub fn identifier(mut self, register: IdentifierType, value: &str) -> Self {
        self.subject
            .identifiers
            .push(wire::Identifier { r#type: register.into(), value: value.to_owned() });
        self
    }

    /// Gives the name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.subject.name);
        self
    }

    /// Gives the birth date, `YYYY-MM-DD`. Without it, and without an assertion of age, the
    /// person is treated as a child.
    #[must_use]
    pub fn birth_date(mut self, date: &str) -> Self {
        date.clone_into(&mut self.subject.birth_date);
        self
    }

    /// Asserts an age; the stricter of this and the birth date holds.
    #[must_use]
    pub fn age(mut self, age: AgeAssertion) -> Self {
        self.subject.age = age.into();
        self
    }

    /// Says whether access to the person's record is limited. Unsaid means refuse, but for the
    /// custody minimum.
    #[must_use]
    pub fn limited_access(mut self, limited: LimitedAccess) -> Self {
        self.subject.limited_access = limited.into();
        self
    }
}

/// A draft lacks something. Each field is named, with its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is not complete: {}", .0.iter().map(|v| format!("{} {}", v.field, v.rule)).collect::<Vec<_>>().join("; "))]
pub struct ComposeError(pub Vec<Violation>);

/// A message being built.
#[derive(Clone)]
pub struct Draft {
    message: wire::Message,
    /// What the kind itself lacks.
    faults: Vec<Violation>,
}

impl Draft {
    /// Begins a message of any kind. Marked OFFICIAL-SENSITIVE until told otherwise, as personal
    /// data about offending ought to be.
    #[must_use]
    pub fn new(id: Uuid, grounds: Grounds, kind: wire::message::Kind) -> Self {
        let message = wire::Message {
            message_id: id.hyphenated().to_string(),
            purpose: grounds.purpose.into(),
            gateway: grounds.gateway.into(),
            lawful_basis: grounds.lawful_basis.into(),
            sensitive_condition: grounds.sensitive_condition.unwrap_or_default().into(),
            marking: Marking::OfficialSensitive.into(),
            urgency: Urgency::Routine.into(),
            kind: Some(kind),
            ..wire::Message::default()
        };
        Self { message, faults: Vec::new() }
    }

    /// Adds a person.
    #[must_use]
    pub fn person(mut self, person: Person) -> Self {
        self.message.subjects.push(person.subject);
        self
    }

    /// Adds a document, as [`crate::documents::attach`] gave it.
    #[must_use]
    pub fn document(mut self, section: wire::Section) -> Self {
        self.message.attachments.push(section);
        self
    }

    /// Sets the marking.
    #[must_use]
    pub fn marking(mut self, marking: Marking) -> Self {
        self.message.marking = marking.into();
        self
    }

    /// Adds a condition the recipient is held to.
    #[must_use]
    pub fn handling(mut self, condition: HandlingCondition) -> Self {
        self.message.handling_conditions.push(condition.into());
        self
    }

    /// Says something of the persons at these positions (from 0, in the order they were added).
    #[must_use]
    pub fn statement(
        mut self,
        field: Field,
        footing: Footing,
        persons: &[u32],
        text: &str,
    ) -> Self {
        self.message.statements.push(wire::Statement {
            field: field.into(),
            footing: footing.into(),
            subjects: persons.to_vec(),
            text: text.to_owned(),
        });
        self
    }

    /// Adds a place that decides who has a stake.
    #[must_use]
    pub fn area(mut self, code: &str, role: AreaRole) -> Self {
        self.message.areas.push(wire::Area {
            code: code.to_owned(),
            role: role.into(),
            ..wire::Area::default()
        });
        self
    }

    /// Names a desk; only of named agencies does the sender learn the outcome.
    #[must_use]
    pub fn addressee(mut self, agency: &str, desk: &str) -> Self {
        self.message
            .addressees
            .push(wire::Addressee { agency: agency.to_owned(), desk: desk.to_owned() });
        self
    }

    /// Must reach a person at once.
    #[must_use]
    pub fn immediate(mut self) -> Self {
        self.message.urgency = Urgency::Immediate.into();
        self
    }

    /// Nothing is released before this time.
    #[must_use]
    pub fn not_before(mut self, time: OffsetDateTime) -> Self {
        self.message.not_before = Some(timestamp(time));
        self
    }

    /// Nothing is released after this time.
    #[must_use]
    pub fn expires_at(mut self, time: OffsetDateTime) -> Self {
        self.message.expires_at = Some(timestamp(time));
        self
    }

    /// The recipient must have acted by this time.
    #[must_use]
    pub fn act_by(mut self, time: OffsetDateTime) -> Self {
        self.message.act_by = Some(timestamp(time));
        self
    }

    /// The case it belongs to.
    #[must_use]
    pub fn correlation(mut self, id: Uuid) -> Self {
        self.message.correlation_id = id.hyphenated().to_string();
        self
    }

    /// The message that caused it.
    #[must_use]
    pub fn causation(mut self, id: Uuid) -> Self {
        self.message.causation_id = id.hyphenated().to_string();
        self
    }

    /// An agency that must not learn of it, whatever its stake, by its directory id.
    #[must_use]
    pub fn not_to(mut self, agency: &str) -> Self {
        self.message.not_to.push(agency.to_owned());
        self
    }

    /// What the sender answers. Only kinds that may answer begin so.
    fn answers(mut self, release: Vec<u8>) -> Self {
        self.message.in_reply_to = release.into();
        self
    }

    /// Says these things of the first person.
    fn says(self, said: Vec<Said>) -> Self {
        said.iter()
            .fold(self, |draft, said| draft.statement(said.field, said.footing, &[0], &said.text))
    }

    /// The person who acts, by the directory's opaque id.
    #[must_use]
    pub fn acting_person(mut self, id: Uuid) -> Self {
        self.message.acting_person = id.hyphenated().to_string();
        self
    }

    /// Shares it by emergency access: immediate, for vital interests, to the desks it names and to
    /// nobody else, whether or not an agreement permits it. `reason` is why it cannot wait and is
    /// shown to no recipient; `acting` and `second` are two different persons of your agency, by
    /// their opaque ids: who uses it, and who is told. It must end, by [`Draft::expires_at`], within
    /// four hours, and somebody else must review it.
    #[must_use]
    pub fn break_glass(mut self, reason: &str, acting: Uuid, second: Uuid) -> Self {
        self.message.gateway = Gateway::Vital.into();
        self.message.break_glass = Some(wire::BreakGlass {
            reason: reason.to_owned(),
            second_person: second.hyphenated().to_string(),
        });
        self.immediate().acting_person(acting)
    }

    /// The message, if nothing is missing.
    ///
    /// Refuses: [`ComposeError`] with every field that is missing or left unspecified, and every
    /// one that does not fit the kind.
    pub fn build(self) -> Result<wire::Message, ComposeError> {
        let Self { message, mut faults } = self;
        let mut check = |is_good: bool, field: String, rule: &str| {
            if !is_good {
                faults.push(Violation { field, rule: rule.to_owned() });
            }
        };
        let given = "must be given";
        check(message.purpose != 0, "purpose".into(), given);
        check(message.gateway != 0, "gateway".into(), given);
        check(message.lawful_basis != 0, "lawful_basis".into(), given);
        check(message.marking != 0, "marking".into(), given);
        let nil = matches!(&message.kind, Some(wire::message::Kind::Custody(said)) if said.nobody);
        check(
            nil || !message.subjects.is_empty(),
            "subjects".into(),
            "must name at least one person",
        );
        for (place, subject) in message.subjects.iter().enumerate() {
            check(subject.category != 0, format!("subjects[{place}].category"), given);
        }
        for (place, statement) in message.statements.iter().enumerate() {
            check(statement.field != 0, format!("statements[{place}].field"), given);
            check(statement.footing != 0, format!("statements[{place}].footing"), given);
            check(!statement.text.is_empty(), format!("statements[{place}].text"), given);
            let persons = &statement.subjects;
            let is_inside = |n: &u32| (*n as usize) < message.subjects.len();
            check(
                !persons.is_empty() && persons.iter().all(is_inside),
                format!("statements[{place}].subjects"),
                "must be positions of persons in the message",
            );
        }
        faults.extend(rules::check(&message));
        if faults.is_empty() { Ok(message) } else { Err(ComposeError(faults)) }
    }
}

/// A time as the wire writes it, to the nanosecond.
#[must_use]
pub fn timestamp(time: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.unix_timestamp(),
        // Below 10^9, so it always fits.
        nanos: i32::try_from(time.nanosecond()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
