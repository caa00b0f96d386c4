//! A message as received becomes a message the broker will act on.
//!
//! Owns validation, normalisation and the tokens of subjects. Promises that every faulty
//! field is reported at once, by path and rule and never by value, and that an [`Admitted`]
//! message satisfies every rule of its kind. Knows nothing of recipients.

pub mod kinds;

pub mod people;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use proto::blank::is_blank;
use proto::exchange::v1 as wire;
use proto::limits;
use proto::refusal::Refusal;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::directory::{AgencyKind, DeskIndex, MessageKind, Regime};
use crate::seal::Vault;

pub use people::SubjectFacts;

/// Who sends: from certificate and directory, never from the message.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Agency.
    pub agency: Arc<str>,
    /// Its kind.
    pub kind: AgencyKind,
    /// Node.
    pub node: Arc<str>,
    /// Desk it sends from.
    pub desk: DeskIndex,
    /// That desk's id.
    pub desk_id: Arc<str>,
    /// That desk's regime.
    pub regime: Regime,
}

/// The key under which a message is known for good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageKey {
    /// Sending agency.
    pub agency: Arc<str>,
    /// Its own id.
    pub id: Uuid,
}

impl MessageKey {
    /// The place its sealed parts are bound to.
    #[must_use]
    pub fn place(&self) -> Vec<u8> {
        let mut place = self.agency.as_bytes().to_vec();
        place.push(b'/');
        place.extend_from_slice(self.id.as_bytes());
        place
    }
}

/// A field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path.
    pub field: String,
    /// Rule.
    pub rule: Cow<'static, str>,
}

/// A message that was not admitted. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub refusal: Refusal,
    /// Every faulty field.
    pub violations: Vec<Violation>,
}

/// A message that satisfies every rule of its kind. Made only by [`admit`] and [`readmit`].
#[derive(Clone)]
pub struct Admitted {
    /// Its key.
    pub key: MessageKey,
    /// Sender.
    pub sender: Sender,
    /// Kind.
    pub kind: MessageKind,
    /// The normalised message.
    pub message: wire::Message,
    /// What is known of each subject, in the message's order.
    pub subjects: Vec<SubjectFacts>,
    /// Keyed digest of the normalised message without trace context: equal for a retry.
    pub digest: [u8; 32],
    /// When it was first accepted for processing.
    pub received_at: OffsetDateTime,
    /// After this nothing is released.
    pub expires_at: OffsetDateTime,
    /// Before this nothing is released.
    pub not_before: Option<OffsetDateTime>,
    _checked: Checked,
}

/// That every rule held. Only this module can say so.
#[derive(Clone)]
struct Checked;

impl std::fmt::Debug for Admitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Admitted({} {})", self.key.agency, self.key.id)
    }
}

impl Admitted {
    /// Whether it goes to nobody but those who were given the message it takes back: a
    /// withdrawal, or custody news that is withdrawn.
    #[must_use]
    pub fn to_holders_only(&self) -> bool {
        match &self.message.kind {
            Some(wire::message::Kind::Correction(_)) => true,
            Some(wire::message::Kind::Custody(custody)) => {
                custody.certainty() == wire::CustodyCertainty::Withdrawn
            }
            Some(
                wire::message::Kind::Intelligence(_)
                | wire::message::Kind::Mappa(_)
                | wire::message::Kind::Flag(_),
            )
            | None => false,
        }
    }

    /// Whether it must reach a person at once.
    #[must_use]
    pub fn immediate(&self) -> bool {
        self.message.urgency() == wire::Urgency::Immediate
    }
}

/// How long each kind lives when its sender sets no end.
const fn default_life(kind: MessageKind) -> Duration {
    match kind {
        MessageKind::Intelligence | MessageKind::Task => Duration::days(28),
        MessageKind::Custody => Duration::days(14),
        MessageKind::Mappa | MessageKind::Flag => Duration::days(90),
        // A withdrawal must reach every holder, however late: the longest life there is.
        MessageKind::Correction => LIFE_MAX,
    }
}

/// The longest a message may live.
pub const LIFE_MAX: Duration = Duration::days(366);

/// Checks and normalises a message.
///
/// # Errors
/// Every faulty field at once; SECRET and above before anything else is looked at.
pub fn admit(
    mut message: wire::Message,
    sender: Sender,
    vault: &Vault,
    now: OffsetDateTime,
) -> Result<Admitted, Box<Rejection>> {
    if matches!(message.marking(), wire::Marking::Secret | wire::Marking::TopSecret) {
        return Err(Box::new(Rejection {
            refusal: Refusal::MarkingNotCarried,
            violations: Vec::new(),
        }));
    }
    let mut check = Check::default();
    let id = check_envelope(&mut message, &mut check, now);
    let subjects = people::check(&mut message, vault, now, &mut check);
    check_statements(&message, &mut check);
    let kind = kinds::check(&mut message, &mut check);
    let end = message.expires_at.as_ref().and_then(moment);
    match (id, kind) {
        (Some(id), Some(kind)) if check.violations.is_empty() => {
            Ok(finish(message, sender, id, kind, subjects, end, vault, now))
        }
        _ => Err(Box::new(Rejection {
            refusal: Refusal::InvalidMessage,
            violations: check.violations,
        })),
    }
}

/// Rebuilds a message that was admitted before and kept sealed.
///
/// `None`: what was kept is not a message any more, which callers treat as damage.
#[must_use]
pub fn readmit(
    encoded: &[u8],
    sender: Sender,
    vault: &Vault,
    received_at: OffsetDateTime,
) -> Option<Admitted> {
    let message = wire::Message::decode(encoded).ok()?;
    admit(message, sender, vault, received_at).ok()
}

#[expect(clippy::too_many_arguments, reason = "each is one checked part of the message")]
fn finish(
    message: wire::Message,
    sender: Sender,
    id: Uuid,
    kind: MessageKind,
    subjects: Vec<SubjectFacts>,
    end: Option<OffsetDateTime>,
    vault: &Vault,
    now: OffsetDateTime,
) -> Admitted {
    let not_before = message.not_before.as_ref().and_then(moment);
    let digest = if message.traceparent.is_empty() {
        vault.keyed_digest("message", &message.encode_to_vec())
    } else {
        let bare = wire::Message { traceparent: String::new(), ..message.clone() };
        vault.keyed_digest("message", &bare.encode_to_vec())
    };
    Admitted {
        key: MessageKey { agency: Arc::clone(&sender.agency), id },
        sender,
        kind,
        subjects,
        digest,
        received_at: now,
        expires_at: end.unwrap_or(now + default_life(kind)),
        not_before,
        message,
        _checked: Checked,
    }
}

/// The rule of every free text that is given.
const NOT_BLANK: &str = "must say something: it is only spaces or invisible characters";

/// Collects violations.
#[derive(Default)]
pub(crate) struct Check {
    pub(crate) violations: Vec<Violation>,
}

impl Check {
    pub(crate) fn fail(&mut self, field: impl Into<String>, rule: &'static str) {
        self.violations.push(Violation { field: field.into(), rule: rule.into() });
    }

    pub(crate) fn require(&mut self, holds: bool, field: &str, rule: &'static str) {
        if !holds {
            self.fail(field, rule);
        }
    }

    /// A text that need not be given; if it is, somebody must be able to see it.
    pub(crate) fn says_something(&mut self, text: &str, field: &str) {
        self.require(text.is_empty() || !is_blank(text), field, NOT_BLANK);
    }

    /// An optional UUID: normalised to lower case, or a fault.
    pub(crate) fn uuid(&mut self, text: &mut String, field: &str) -> Option<Uuid> {
        if text.is_empty() {
            return None;
        }
        // Only the 36-character form: other forms of one id would look like other ids.
        match Uuid::try_parse(text) {
            Ok(uuid) if text.len() == 36 && !uuid.is_nil() => {
                *text = uuid.to_string();
                Some(uuid)
            }
            _ => {
                self.fail(field, "must be a UUID in its 36-character form");
                None
            }
        }
    }
}

fn check_envelope(
    message: &mut wire::Message,
    check: &mut Check,
    now: OffsetDateTime,
) -> Option<Uuid> {
    let id = check.uuid(&mut message.message_id, "message_id");
    check.require(id.is_some() || !message.message_id.is_empty(), "message_id", "is required");
    check.uuid(&mut message.correlation_id, "correlation_id");
    check.uuid(&mut message.causation_id, "causation_id");
    check.uuid(&mut message.acting_person, "acting_person");
    let known = |value: i32, ok: bool| value != 0 && ok;
    let purpose = message.purpose;
    check.require(
        known(purpose, wire::Purpose::try_from(purpose).is_ok()),
        "purpose",
        "is required",
    );
    let gateway = message.gateway;
    check.require(
        known(gateway, wire::Gateway::try_from(gateway).is_ok()),
        "gateway",
        "is required: the power to share",
    );
    let basis = message.lawful_basis;
    check.require(
        known(basis, wire::LawfulBasis::try_from(basis).is_ok()),
        "lawful_basis",
        "is required: a power to share is not a basis",
    );
    let condition = message.sensitive_condition;
    check.require(
        wire::SensitiveCondition::try_from(condition).is_ok(),
        "sensitive_condition",
        "is not a known condition",
    );
    let marking = message.marking;
    check.require(
        known(marking, wire::Marking::try_from(marking).is_ok()),
        "marking",
        "is required",
    );
    let urgency = message.urgency;
    check.require(wire::Urgency::try_from(urgency).is_ok(), "urgency", "is not a known urgency");
    if urgency == 0 {
        message.set_urgency(wire::Urgency::Routine);
    }
    check.require(
        message.traceparent.len() <= 64 && message.traceparent.is_ascii(),
        "traceparent",
        "is at most 64 ASCII characters (W3C trace context)",
    );
    check_conditions(message, check);
    check_places(message, check);
    check_times(message, check, now);
    check.require(
        message.encoded_len() <= limits::MESSAGE_BYTES_MAX,
        "",
        "a message is at most 262,144 bytes",
    );
    id
}

fn check_conditions(message: &mut wire::Message, check: &mut Check) {
    let conditions = &mut message.handling_conditions;
    check.require(
        conditions.len() <= limits::HANDLING_CONDITIONS_MAX,
        "handling_conditions",
        "are at most 8",
    );
    for (position, value) in conditions.iter().enumerate() {
        if *value == 0 || wire::HandlingCondition::try_from(*value).is_err() {
            check.fail(format!("handling_conditions[{position}]"), "is not a known condition");
        }
    }
    let distinct: BTreeSet<i32> = conditions.iter().copied().collect();
    check.require(distinct.len() == conditions.len(), "handling_conditions", "each is given once");
    *conditions = distinct.into_iter().collect();
}

fn check_places(message: &wire::Message, check: &mut Check) {
    check.require(message.areas.len() <= limits::AREAS_MAX, "areas", "are at most 16");
    for (position, area) in message.areas.iter().enumerate() {
        let well_formed = !area.code.is_empty()
            && area.code.len() <= limits::DIRECTORY_ID_CHARACTERS_MAX
            && area.code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        check.require(well_formed, &format!("areas[{position}].code"), "must be an area code");
        if area.role == 0 || wire::AreaRole::try_from(area.role).is_err() {
            check.fail(format!("areas[{position}].role"), "is required");
        }
    }
    check.require(
        message.addressees.len() <= limits::ADDRESSEES_MAX,
        "addressees",
        "are at most 64",
    );
    for (position, addressee) in message.addressees.iter().enumerate() {
        check_addressee(addressee, &format!("addressees[{position}]"), check);
    }
}

/// Checks the form of an addressee. Whether it exists is not said here: an unknown desk is
/// answered as one that has no stake.
pub(crate) fn check_addressee(addressee: &wire::Addressee, field: &str, check: &mut Check) {
    if !crate::directory::document::is_directory_id(&addressee.agency) {
        check.fail(format!("{field}.agency"), "must be an agency id");
    }
    if !addressee.desk.is_empty() && !crate::directory::document::is_directory_id(&addressee.desk) {
        check.fail(format!("{field}.desk"), "must be a desk id");
    }
}

fn check_times(message: &wire::Message, check: &mut Check, now: OffsetDateTime) {
    let mut read = |field: &str, stamp: &Option<prost_types::Timestamp>| {
        let stamp = stamp.as_ref()?;
        let moment = moment(stamp);
        check.require(moment.is_some(), field, "must be a time between the years 1900 and 2200");
        moment
    };
    let not_before = read("not_before", &message.not_before);
    let expires = read("expires_at", &message.expires_at);
    let act_by = read("act_by", &message.act_by);
    if let Some(expires) = expires {
        check.require(expires > now, "expires_at", "must be in the future");
        check.require(expires <= now + LIFE_MAX, "expires_at", "is at most 366 days ahead");
        check.require(
            not_before.is_none_or(|n| n < expires),
            "not_before",
            "must be before expires_at",
        );
        check.require(
            act_by.is_none_or(|a| a <= expires),
            "act_by",
            "must not be after expires_at",
        );
    }
    check.require(
        not_before.is_none_or(|n| n <= now + LIFE_MAX),
        "not_before",
        "is at most 366 days ahead",
    );
}

/// The moment of a timestamp; `None` outside the years 1900 to 2200.
#[must_use]
pub fn moment(stamp: &prost_types::Timestamp) -> Option<OffsetDateTime> {
    let nanos = u32::try_from(stamp.nanos).ok().filter(|n| *n < 1_000_000_000)?;
    let moment = OffsetDateTime::from_unix_timestamp(stamp.seconds).ok()?;
    ((1900..=2200).contains(&moment.year())).then(|| moment + Duration::nanoseconds(nanos.into()))
}

/// The timestamp of a moment.
#[must_use]
pub fn stamp(moment: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: moment.unix_timestamp(),
        nanos: i32::try_from(moment.nanosecond()).unwrap_or(0),
    }
}

fn check_statements(message: &wire::Message, check: &mut Check) {
    check.require(
        message.statements.len() <= limits::STATEMENTS_MAX,
        "statements",
        "are at most 64",
    );
    for (position, statement) in message.statements.iter().enumerate() {
        let at = |name: &str| format!("statements[{position}].{name}");
        // Fields below 20 are parts of subjects and kinds, not things said.
        if wire::Field::try_from(statement.field).is_err() || statement.field < 20 {
            check.fail(at("field"), "must be a field of statements");
        }
        if statement.footing == 0 || wire::Footing::try_from(statement.footing).is_err() {
            check.fail(at("footing"), "fact or opinion is required (DPA 2018 s.38(2))");
        }
        let length = statement.text.chars().count();
        check.require(
            (1..=limits::STATEMENT_CHARACTERS_MAX).contains(&length),
            &at("text"),
            "is 1 to 8,000 characters",
        );
        check.says_something(&statement.text, &at("text"));
        let distinct: BTreeSet<u32> = statement.subjects.iter().copied().collect();
        let known = distinct.iter().all(|s| (*s as usize) < message.subjects.len());
        check.require(
            !distinct.is_empty() && known && distinct.len() == statement.subjects.len(),
            &at("subjects"),
            "must name at least one subject of this message, each once",
        );
    }
}

#[cfg(test)]
mod tests;
