//! A message as received becomes a message the broker will act on.
//!
//! Owns validation, normalisation and the tokens of subjects. Promises that every faulty
//! field is reported at once, by path and rule and never by value, and that an [`Admitted`]
//! message satisfied every rule of its kind when it came. Knows nothing of recipients.

mod break_glass;

mod check;

pub mod kinds;

pub mod people;

pub mod roles;

pub mod sections;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::limits;
use proto::refusal::Refusal;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clock::Span;
use crate::directory::{AgencyKind, DeskIndex, MessageKind, Regime};
use crate::seal::{Token, Vault};

pub use break_glass::Persons;
use check::Check;
pub use kinds::{Citation, Reach};
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

    /// The reference by which a recipient agency knows the message (16 bytes): its own, so that no
    /// two agencies can compare theirs.
    #[must_use]
    pub fn reference_of(&self, recipient: &str, vault: &Vault) -> Vec<u8> {
        let mut text = recipient.as_bytes().to_vec();
        text.push(0);
        text.extend(self.place());
        let digest = vault.keyed_digest("reference", &text);
        digest.into_iter().take(limits::OPAQUE_ID_BYTES).collect()
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
    /// What was submitted, where nothing but rules about time is broken: the same message may
    /// be on record from a time when they held.
    pub submitted: Option<Submitted>,
}

/// By what a message that was submitted before is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its key.
    pub key: MessageKey,
    /// Its digest, see [`Admitted::digest`].
    pub digest: [u8; 32],
}

/// A message that satisfied every rule of its kind when it came. Made only by [`admit`] and
/// [`readmit`].
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
    /// Whether it goes to nobody but those who were given what it corrects or takes back: a
    /// correction, custody news that is withdrawn, an allegation that was not proved.
    #[must_use]
    pub fn to_holders_only(&self) -> bool {
        self.kind == MessageKind::Correction
            || self.cites().is_some_and(|citation| citation.reach.is_closed())
    }

    /// Whether it asks whoever holds something about a person who is known by a number.
    #[must_use]
    pub fn asks_whoever_holds(&self) -> bool {
        match &self.message.kind {
            Some(wire::message::Kind::Request(request)) => {
                request.whoever_holds && self.routing_tokens().next().is_some()
            }
            Some(_) | None => false,
        }
    }

    /// The numbers of those who route.
    pub fn routing_tokens(&self) -> impl Iterator<Item = Token> {
        let routing = self.subjects.iter().filter(|subject| subject.routes());
        routing.flat_map(|subject| subject.tokens.iter().copied())
    }

    /// Whether it is to be decided with what is on record of an earlier message.
    #[must_use]
    pub fn follows(&self) -> bool {
        let of_record = match &self.message.kind {
            Some(wire::message::Kind::Flag(_) | wire::message::Kind::Correction(_)) => true,
            Some(_) | None => false,
        };
        of_record
            || !self.message.in_reply_to.is_empty()
            || self.cites().is_some_and(|citation| citation.reach != Reach::Anybody)
    }

    /// The earlier message of its own agency that it cites.
    #[must_use]
    pub fn cites(&self) -> Option<Citation<'_>> {
        kinds::of(self.message.kind.as_ref()?).cites()
    }

    /// Whether it says what came of what was asked: that reaches whoever was given the question too.
    #[must_use]
    pub fn tells_outcome(&self) -> bool {
        self.message.kind.as_ref().is_some_and(|kind| kinds::of(kind).tells_outcome())
    }

    /// The desk that its kind names: a flag's or an action's owner.
    #[must_use]
    pub fn named_by_kind(&self) -> Option<&wire::Addressee> {
        kinds::of(self.message.kind.as_ref()?).named()
    }

    /// The fields that its kind holds.
    #[must_use]
    pub fn fields_of_kind(&self) -> BTreeSet<wire::Field> {
        self.message.kind.as_ref().map(|kind| kinds::of(kind).fields()).unwrap_or_default()
    }

    /// Whether its sender named an agency: as addressee, or by the kind.
    #[must_use]
    pub fn names_agency(&self, agency: &str) -> bool {
        let named = self.message.addressees.iter().chain(self.named_by_kind());
        named.into_iter().any(|named| named.agency == agency)
    }

    /// Whether documents go with it.
    #[must_use]
    pub const fn has_documents(&self) -> bool {
        !self.message.attachments.is_empty()
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
        MessageKind::Mappa
        | MessageKind::Flag
        | MessageKind::Enforcement
        | MessageKind::Action
        | MessageKind::Placement
        | MessageKind::Referral
        | MessageKind::Court => Duration::days(90),
        // What is asked is answered within weeks or not at all; a result serves a decision soon.
        MessageKind::Request | MessageKind::Response | MessageKind::DrugTest => Duration::days(28),
        // A withdrawal must reach every holder, however late: the longest life there is.
        MessageKind::Correction => LIFE_MAX,
    }
}

/// The longest a message may live.
pub const LIFE_MAX: Duration = Duration::days(366);

/// Checks and normalises a message that comes at a moment, or at one of the moments it may be
/// while the clock is not believed.
///
/// # Errors
/// Every faulty field at once; SECRET and above before anything else is looked at. While the
/// clock is not believed a broken rule about time is a refusal that passes
/// ([`Refusal::ClockUnsure`]).
pub fn admit(
    mut message: wire::Message,
    sender: Sender,
    vault: &Vault,
    when: impl Into<Span>,
) -> Result<Admitted, Box<Rejection>> {
    if matches!(message.marking(), wire::Marking::Secret | wire::Marking::TopSecret) {
        return Err(Box::new(Rejection {
            refusal: Refusal::MarkingNotCarried,
            violations: Vec::new(),
            submitted: None,
        }));
    }
    let span = when.into();
    let mut check = Check::at(span);
    let read = read(&mut message, vault, &mut check);
    let Check { mut violations, untimely, .. } = check;
    let believed = span.earliest == span.latest;
    match read {
        Some(read) if violations.is_empty() => {
            let admitted = finish(message, sender, read, vault, span.latest);
            if untimely.is_empty() {
                return Ok(admitted);
            }
            Err(Box::new(Rejection {
                refusal: if believed { Refusal::InvalidMessage } else { Refusal::ClockUnsure },
                violations: untimely,
                submitted: Some(Submitted { key: admitted.key, digest: admitted.digest }),
            }))
        }
        Some(_) | None => {
            // What only the hour may have broken is no fault while nobody knows the hour.
            violations.extend(untimely.into_iter().filter(|_| believed));
            Err(Box::new(Rejection {
                refusal: Refusal::InvalidMessage,
                violations,
                submitted: None,
            }))
        }
    }
}

/// Rebuilds a message that was admitted before and kept sealed. It is not judged again: by a
/// rule of another moment, or of a later version, what was accepted would be lost.
///
/// `None`: what was kept is not a message any more, which callers treat as damage.
#[must_use]
pub fn readmit(
    encoded: &[u8],
    sender: Sender,
    vault: &Vault,
    received_at: OffsetDateTime,
) -> Option<Admitted> {
    let mut message = wire::Message::decode(encoded).ok()?;
    let read = read(&mut message, vault, &mut Check::at(received_at.into()))?;
    Some(finish(message, sender, read, vault, received_at))
}

/// What was read of a message while it was checked.
struct Read {
    id: Uuid,
    kind: MessageKind,
    subjects: Vec<SubjectFacts>,
}

/// Checks and normalises every part. `None`: so faulty that it cannot be told what it is.
fn read(message: &mut wire::Message, vault: &Vault, check: &mut Check) -> Option<Read> {
    let id = check_envelope(message, check);
    let subjects = people::check(message, vault, check);
    check_statements(message, check);
    sections::check(message, check);
    let kind = kinds::check(message, subjects.as_deref(), check);
    break_glass::check(message, kind, check);
    Some(Read { id: id?, kind: kind?, subjects: subjects? })
}

fn finish(
    message: wire::Message,
    sender: Sender,
    read: Read,
    vault: &Vault,
    now: OffsetDateTime,
) -> Admitted {
    let end = message.expires_at.as_ref().and_then(moment);
    let not_before = message.not_before.as_ref().and_then(moment);
    let digest = if message.traceparent.is_empty() {
        vault.keyed_digest("message", &message.encode_to_vec())
    } else {
        let bare = wire::Message { traceparent: String::new(), ..message.clone() };
        vault.keyed_digest("message", &bare.encode_to_vec())
    };
    let mut admitted = Admitted {
        key: MessageKey { agency: Arc::clone(&sender.agency), id: read.id },
        sender,
        kind: read.kind,
        subjects: read.subjects,
        digest,
        received_at: now,
        expires_at: end.unwrap_or(now + default_life(read.kind)),
        not_before,
        message,
        _checked: Checked,
    };
    // Whoever was given a message is owed what became of it however late, and whatever its sender
    // would have.
    if admitted.to_holders_only() {
        admitted.expires_at = now + LIFE_MAX;
    }
    admitted
}

fn check_envelope(message: &mut wire::Message, check: &mut Check) -> Option<Uuid> {
    check.require(!message.message_id.is_empty(), "message_id", "is required");
    let id = check.uuid(&mut message.message_id, "message_id");
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
    check_not_to(message, check);
    check.require(
        [0, limits::OPAQUE_ID_BYTES].contains(&message.in_reply_to.len()),
        "in_reply_to",
        "is a release id of 16 bytes",
    );
    check_times(message, check);
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

/// Who is kept out must not be named in as well: one of the two is a slip.
fn check_not_to(message: &wire::Message, check: &mut Check) {
    check.require(message.not_to.len() <= limits::NOT_TO_MAX, "not_to", "are at most 16");
    for (position, agency) in message.not_to.iter().enumerate() {
        let field = format!("not_to[{position}]");
        if !crate::directory::document::is_directory_id(agency) {
            check.fail(field, "must be an agency id");
        } else if message.addressees.iter().any(|addressee| addressee.agency == *agency) {
            check.fail(field, "is an addressee as well");
        }
    }
}

/// Checks the form of an addressee. Whether it exists is not said here: an unknown desk is
/// answered as one that has no stake.
fn check_addressee(addressee: &wire::Addressee, field: &str, check: &mut Check) {
    if !crate::directory::document::is_directory_id(&addressee.agency) {
        check.fail(format!("{field}.agency"), "must be an agency id");
    }
    if !addressee.desk.is_empty() && !crate::directory::document::is_directory_id(&addressee.desk) {
        check.fail(format!("{field}.desk"), "must be a desk id");
    }
}

fn check_times(message: &wire::Message, check: &mut Check) {
    let not_before = check.time(message.not_before.as_ref(), "not_before");
    let expires = check.time(message.expires_at.as_ref(), "expires_at");
    let act_by = check.time(message.act_by.as_ref(), "act_by");
    if let Some(expires) = expires {
        check.require_now(|now| expires > now, "expires_at", "must be in the future");
        check.require_likely(
            |now| expires <= now + LIFE_MAX,
            "expires_at",
            "is at most 366 days ahead",
        );
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
    check.require_likely(|now| act_by.is_none_or(|a| a > now), "act_by", "must be in the future");
    check.require(
        act_by.zip(not_before).is_none_or(|(act_by, not_before)| act_by > not_before),
        "act_by",
        "must be after not_before",
    );
    check.require_likely(
        |now| not_before.is_none_or(|n| n <= now + LIFE_MAX),
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

/// Whether a field is of things said. Those below 20, and dates of a sentence, are parts of
/// subjects and kinds.
fn is_of_statements(field: i32) -> bool {
    let of_others = [wire::Field::Attachments, wire::Field::SentenceDates];
    field >= 20 && wire::Field::try_from(field).is_ok_and(|field| !of_others.contains(&field))
}

fn check_statements(message: &wire::Message, check: &mut Check) {
    check.require(
        message.statements.len() <= limits::STATEMENTS_MAX,
        "statements",
        "are at most 64",
    );
    for (position, statement) in message.statements.iter().enumerate() {
        let at = |name: &str| format!("statements[{position}].{name}");
        if !is_of_statements(statement.field) {
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
        // Where nobody is named that is the fault, and not which of them is meant.
        let people = message.subjects.len();
        let known = distinct.iter().all(|s| people == 0 || (*s as usize) < people);
        check.require(
            !distinct.is_empty() && known && distinct.len() == statement.subjects.len(),
            &at("subjects"),
            "must name at least one subject of this message, each once",
        );
    }
}

#[cfg(test)]
mod tests;
