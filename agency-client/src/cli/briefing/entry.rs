//! One item of a worklist, in the words in which it is read.
//!
//! Owns: what is said of an item, and in which order. Promises: everything the desk may see is
//! said, with the conditions it is held to beside it; what a source said is given as it was given.
//! Deliberately does not know: where on the page it stands.

use super::words;
use crate::cli::output::word;
use crate::cli::released_json;
use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::released_message::Kind;
use proto::exchange::v1::{Attestation, HandlingCondition, WorklistReason};
use serde_json::Value;
use time::OffsetDateTime;

/// Words of a kind that say most of it, in the order in which they are read.
const HEADLINE: [&str; 13] = [
    "event",
    "certainty",
    "flag_kind",
    "action",
    "step",
    "pathway",
    "sort",
    "matter",
    "outcome",
    "result",
    "topic",
    "programme",
    "task_kind",
];

/// What stands in place of a text that is masked.
const MASKED: &str = "[masked]";

/// An item as it is read.
pub(super) struct Entry {
    /// What it is, in a line.
    pub(super) headline: String,
    /// Whether it was to reach a person at once.
    pub(super) immediate: bool,
    /// Whether it may not be passed on.
    pub(super) no_onward: bool,
    /// What is said, each with what it is.
    pub(super) lines: Vec<(&'static str, String)>,
    /// The message; `None` where it is no longer kept.
    pub(super) message: Option<wire::ReleasedMessage>,
    /// The recipient's reference, hex.
    pub(super) reference: String,
    /// The reference of what it settles, hex; empty otherwise.
    pub(super) settles: String,
    reasons: Vec<i32>,
    duties: Vec<wire::WorklistDuty>,
    /// When it was given.
    pub(super) given_at: Option<OffsetDateTime>,
}

impl Entry {
    /// Reads an item.
    pub(super) fn of(item: &wire::WorklistItem) -> Self {
        let body = Some(&item.body).filter(|body| !body.is_empty());
        let message = body.and_then(|body| wire::ReleasedMessage::decode(body.clone()).ok());
        let mut entry = Self {
            headline: "No longer kept: the sender's own record has it".to_owned(),
            immediate: false,
            no_onward: false,
            lines: Vec::new(),
            reference: hex::encode(&item.reference),
            settles: hex::encode(&item.settles_reference),
            reasons: item.reasons.clone(),
            duties: item.duties.clone(),
            given_at: words::moment(item.given_at.as_ref()),
            message: None,
        };
        if let Some(message) = &message {
            entry.immediate = message.urgency() == wire::Urgency::Immediate;
            entry.no_onward =
                message.handling_conditions().any(|c| c == HandlingCondition::NoOnward);
            entry.read(message);
        }
        entry.close(item);
        entry.message = message;
        entry
    }

    /// Whether it stands in the briefing for a reason.
    pub(super) fn is(&self, reason: WorklistReason) -> bool {
        self.reasons.contains(&reason.into())
    }

    /// What is owed of a sort, and whether its time has passed.
    pub(super) fn owed(&self, what: Attestation) -> Option<(OffsetDateTime, bool)> {
        let duty = self.duties.iter().find(|duty| duty.owed() == what)?;
        Some((words::moment(duty.due.as_ref())?, duty.overdue))
    }

    /// When somebody leaves custody, of what says so.
    pub(super) fn leaves_at(&self) -> Option<OffsetDateTime> {
        match self.message.as_ref()?.kind.as_ref()? {
            Kind::Custody(custody) => words::moment(custody.occurred_at.as_ref()),
            _other => None,
        }
    }

    fn say(&mut self, what: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.lines.push((what, text));
        }
    }

    fn read(&mut self, message: &wire::ReleasedMessage) {
        let (name, said) = message
            .kind
            .as_ref()
            .map_or(("message", Value::Null), |kind| released_json::kind(kind));
        let headline: Vec<String> =
            HEADLINE.iter().filter_map(|key| said.get(key)).map(shown).collect();
        let headline = [headline.join(", ")].into_iter().filter(|h| !h.is_empty());
        let headline: Vec<String> = [words::capital(name)].into_iter().chain(headline).collect();
        self.headline = headline.join(": ");
        if message.notice_only {
            self.say("Notice", "Something came of an earlier message; no more of it may be told.");
        }
        match &message.kind {
            Some(Kind::Task(task)) => self.say("Asked", words::task(task.task_kind())),
            Some(Kind::Intelligence(graded)) => {
                self.say("Grade", words::grade(graded));
                let asked = graded.conditions.iter();
                let asked: Vec<_> = asked.map(|c| words::intelligence_condition(*c)).collect();
                self.say("Conditions", asked.join(" "));
            }
            Some(_) | None => {}
        }
        for subject in &message.subjects {
            self.say("About", person(subject));
        }
        for (what, text) in facts(&said) {
            self.say("Says", format!("{what}: {text}"));
        }
        for area in &message.areas {
            self.say(
                "Place",
                format!("{} ({})", area.code, words::plain(&word::<wire::AreaRole>(area.role))),
            );
        }
        for statement in &message.statements {
            self.say("Said", said_of(statement, &message.subjects));
        }
        for section in &message.sections {
            let what = words::capital(&word::<wire::SectionKind>(section.kind));
            self.say("Document", format!("{what}, {} bytes", section.size_bytes));
        }
        if message.flag_review_overdue {
            self.say("Flag", "Your flag is past its review and no longer routes to partners.");
        }
        self.say("From", from(message));
        let conditions = message.handling_conditions.iter().map(|c| words::condition(*c));
        let marking = word::<wire::Marking>(message.marking).replace('_', "-").to_uppercase();
        let handling: Vec<String> = [format!("{marking}.")].into_iter().chain(conditions).collect();
        self.say("Handling", handling.join(" "));
        let withheld = message.withheld.iter();
        let withheld: Vec<_> = withheld.map(|f| words::plain(&word::<wire::Field>(*f))).collect();
        self.say("Withheld", withheld.join(", "));
    }

    fn close(&mut self, item: &wire::WorklistItem) {
        for duty in &item.duties {
            let due = words::moment(duty.due.as_ref()).map(words::london).unwrap_or_default();
            let passed = if duty.overdue { " OVERDUE" } else { "" };
            self.say("Owed", format!("{} by {due}{passed}", words::owed(duty.owed)));
        }
        for said in &item.attested {
            let at = words::moment(said.at.as_ref()).map(words::london).unwrap_or_default();
            let what = words::plain(&word::<Attestation>(said.attestation));
            self.say("Done", format!("{what} (said {at})"));
        }
        let given = self.given_at.map(words::london).unwrap_or_default();
        let settles = match self.settles.as_str() {
            "" => String::new(),
            earlier => format!("; about the earlier {earlier}"),
        };
        let release = hex::encode(&item.release_id);
        let given = format!("{given}; reference {}{settles}; release {release}", self.reference);
        self.say("Given", given);
    }
}

/// Who sent it. Of intelligence the agency and no desk.
fn from(message: &wire::ReleasedMessage) -> String {
    if message.purpose == 0 && message.gateway == 0 {
        return format!("{}, which says this itself", message.sending_agency);
    }
    let desk = Some(&message.sending_desk).filter(|desk| !desk.is_empty());
    let desk = desk.map(|desk| format!("/{desk}")).unwrap_or_default();
    let purpose = words::plain(&word::<wire::Purpose>(message.purpose));
    let power = words::power(message.gateway);
    format!("{}{desk}, for {purpose} under {power}", message.sending_agency)
}

/// A person in a line.
pub(in crate::cli) fn person(subject: &wire::Subject) -> String {
    let name = Some(subject.name.as_str()).filter(|name| !name.is_empty());
    let born = Some(subject.birth_date.as_str()).filter(|day| !day.is_empty());
    let name = name.map(|name| if name == MASKED { "(name masked)" } else { name });
    let born = born.map(|day| match day {
        MASKED => "birth date masked".to_owned(),
        day => format!("born {}", words::written_day(day)),
    });
    let age = match subject.age() {
        wire::AgeAssertion::Adult => Some("said to be 18 or over".to_owned()),
        wire::AgeAssertion::Child => Some("said to be UNDER 18".to_owned()),
        wire::AgeAssertion::Disputed => Some("age disputed: treat as a CHILD".to_owned()),
        wire::AgeAssertion::Unspecified => None,
    };
    let numbers = subject.identifiers.iter().map(|number| {
        let register = word::<wire::IdentifierType>(number.r#type).to_uppercase();
        format!("{register} {}", number.value)
    });
    [name.unwrap_or("(name not given)").to_owned()]
        .into_iter()
        .chain(born)
        .chain(age)
        .chain([words::plain(&word::<wire::SubjectCategory>(subject.category))])
        .chain(numbers)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A statement, with what it is, on what footing, and of whom.
pub(super) fn said_of(statement: &wire::Statement, people: &[wire::Subject]) -> String {
    let of = statement.subjects.iter().filter_map(|place| people.get(*place as usize));
    let of: Vec<&str> = of.map(|one| one.name.as_str()).filter(|name| !name.is_empty()).collect();
    let of = if of.is_empty() { String::new() } else { format!(", of {}", of.join(" and ")) };
    let field = words::capital(&word::<wire::Field>(statement.field));
    let footing = word::<wire::Footing>(statement.footing);
    format!("{field} ({footing}{of}): {}", statement.text)
}

/// What a kind says beside its headline, in the order of the alphabet. Ids of decisions are of no
/// use on paper.
fn facts(said: &Value) -> Vec<(String, String)> {
    let members = said.as_object().into_iter().flatten();
    let mut facts: Vec<(String, String)> = members
        .filter(|(key, _)| {
            let known = HEADLINE.contains(&key.as_str());
            !known
                && !key.ends_with("_id")
                && !["manager", "grade", "scheme", "conditions"].contains(&key.as_str())
        })
        .map(|(key, value)| (words::capital(key), shown(value)))
        .collect();
    facts.sort();
    facts
}

/// A value in words.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => words::value(text),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(members) => match (members.get("agency"), members.get("desk")) {
            (Some(agency), Some(desk)) => format!("{}/{}", shown(agency), shown(desk)),
            (_, _) => {
                let mut said: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("{} {}", words::plain(key), shown(value)))
                    .collect();
                said.sort();
                said.join(" ")
            }
        },
        Value::Null => String::new(),
    }
}
