//! The exact bytes one desk may be given, and nothing else.
//!
//! Applies what was decided: removes people, statements and fields, and encodes the rest.
//! Pure; the bytes are what the ledger commits to. Two desks with the same view get the
//! same bytes, so a body is encoded once for each distinct view.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::released_message::Kind as ReleasedKind;
use proto::exchange::v1::{Field, HandlingCondition};
use proto::limits::{ATTACHMENTS_MAX, SUBJECTS_MAX};
use time::OffsetDateTime;

use crate::decision::{View, identifier_field, withheld};
use crate::message::sections::{self, SectionName};
use crate::message::{self, Admitted, stamp};
use crate::policy::{Permit, Verdict};

/// What a masked text reads as.
pub const MASK: &str = "[masked]";

/// Bytes that may be released to desks with one view.
#[derive(Clone)]
pub struct Parcel {
    /// Encoded `ReleasedMessage`.
    pub bytes: prost::bytes::Bytes,
    /// Fields withheld, for the record.
    pub withheld: BTreeSet<Field>,
    /// Names of the documents that may be fetched with it, for the record.
    pub sections: Vec<SectionName>,
    /// What is shown, kept beside the release.
    pub shown: Shown,
}

/// What a release showed, in numbers and without a word of it: what its desk reads again later is
/// held to this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// A bit for each subject of the message who stayed, the first lowest; above them, one for each
    /// document that was named, and whether it was a notice only.
    pub subjects: u32,
    /// A bit for each field withheld, by protocol number.
    pub withheld: u64,
}

/// Above the bits of all subjects and documents a message can have.
const NOTICE_PLACE: usize = 31;
const NOTICE_BIT: u32 = 1 << NOTICE_PLACE;
const _: () = assert!(SUBJECTS_MAX + ATTACHMENTS_MAX <= NOTICE_PLACE);

impl Shown {
    fn of(view: &View, message: &wire::Message) -> Self {
        let subjects = view.subjects.iter().enumerate().filter(|(_, verdict)| verdict.is_some());
        let names_any = view.sections(message).next().is_some();
        let documents = view.documents.keys().filter(|_| names_any);
        let places = subjects.map(|(place, _)| place);
        let places = places.chain(documents.map(|place| SUBJECTS_MAX + place));
        let subjects = places.fold(0, |bits, place| bits | place_bit(place));
        let withheld = field_bits(view.withheld().into_iter().map(Some));
        Self { subjects: subjects | if view.notice_only { NOTICE_BIT } else { 0 }, withheld }
    }

    /// Whether the document at a place of the message was named.
    #[must_use]
    pub fn names(self, place: usize) -> bool {
        self.subjects & place_bit(SUBJECTS_MAX.saturating_add(place)) != 0
    }

    /// Whether the subject at a place of the message stayed.
    #[must_use]
    pub fn shows(self, place: usize) -> bool {
        place < SUBJECTS_MAX && self.subjects & place_bit(place) != 0
    }

    /// Whether a field was withheld.
    #[must_use]
    pub fn withholds(self, field: Field) -> bool {
        self.withheld & field_bit(field) != 0
    }

    /// Whether it was a notice only.
    #[must_use]
    pub const fn notice_only(self) -> bool {
        self.subjects & NOTICE_BIT != 0
    }
}

/// No bit for a place that no message has: nothing stands there.
fn place_bit(place: usize) -> u32 {
    if place < NOTICE_PLACE { 1 << place } else { 0 }
}

/// A bit for each field withheld; all of them for one that is not known.
pub(crate) fn field_bits(fields: impl Iterator<Item = Option<Field>>) -> u64 {
    fields.fold(0, |bits, field| bits | field.map_or(u64::MAX, field_bit))
}

/// All bits for a field beyond them: then everything counts as withheld.
fn field_bit(field: Field) -> u64 {
    u32::try_from(field as i32).ok().and_then(|field| 1u64.checked_shl(field)).unwrap_or(u64::MAX)
}

/// Applies a view.
#[must_use]
pub fn pack(admitted: &Admitted, view: &View, accepted_at: OffsetDateTime) -> Parcel {
    let message = &admitted.message;
    let covert = is_covert(admitted);
    let told = |moment| told(admitted, moment);
    let bare = view.task.is_some() || view.notice_only;
    let permits: Vec<&Permit> =
        view.subjects.iter().flatten().filter_map(|v| v.outcome.as_ref().ok()).collect();
    let mut handling: BTreeSet<HandlingCondition> = message.handling_conditions().collect();
    handling.extend(permits.iter().flat_map(|permit| permit.handling.iter().copied()));
    let act_by = [message.act_by.as_ref().and_then(crate::message::moment), view.act_by.map(told)];
    let sections: Vec<_> = view
        .sections(message)
        .filter_map(|(section, onward)| {
            let name = sections::name(section)?;
            Some((name, shown_section(section, name, onward)))
        })
        .collect();
    let released = wire::ReleasedMessage {
        sending_agency: message_sender(admitted),
        sending_desk: if covert { String::new() } else { admitted.sender.desk_id.to_string() },
        purpose: message.purpose,
        gateway: message.gateway,
        marking: message.marking,
        handling_conditions: handling.into_iter().map(|c| c as i32).collect(),
        subjects: if view.notice_only { Vec::new() } else { subjects(admitted, view) },
        statements: if view.notice_only { Vec::new() } else { statements(admitted, view) },
        areas: if bare || tells_nothing_new(message) { Vec::new() } else { areas(admitted, view) },
        urgency: message.urgency,
        accepted_at: Some(stamp(told(accepted_at))),
        act_by: act_by.into_iter().flatten().min().map(stamp),
        delete_by: view.delete_by.map(|moment| stamp(told(moment))),
        // That there is news of his health or his children is news itself.
        withheld: if view.notice_only { Vec::new() } else { numbers(&view.withheld()) },
        correlation_id: if covert || bare { String::new() } else { message.correlation_id.clone() },
        flag_review_overdue: view.flag_review_overdue,
        answers_message_id: view.answers.map(|id| id.to_string()).unwrap_or_default(),
        concerns: view.held.iter().flat_map(|held| held.concerns.iter().cloned()).collect(),
        notice_only: view.notice_only,
        sections: sections.iter().map(|(_, section)| section.clone()).collect(),
        break_glass: admitted.break_glass().is_some(),
        kind: kind(admitted, view),
    };
    Parcel {
        bytes: released.encode_to_vec().into(),
        withheld: view.withheld(),
        sections: sections.into_iter().map(|(name, _)| name).collect(),
        shown: Shown::of(view, message),
    }
}

/// A document as a recipient is told of it: by its name, and not by its sender's id.
fn shown_section(
    section: &wire::Section,
    name: SectionName,
    onward: bool,
) -> wire::ReleasedSection {
    wire::ReleasedSection {
        section: name.to_vec().into(),
        kind: section.kind,
        media_type: section.media_type,
        size_bytes: section.size_bytes,
        digest: section.digest.clone(),
        salt: section.salt.clone(),
        onward,
    }
}

/// Whether it only says what is to be done with something, or whose a number is: every holder reads
/// that, whatever it may know of the person by now, and so no place comes with it.
fn tells_nothing_new(message: &wire::Message) -> bool {
    use wire::CorrectionAction::{
        Erase, Merge, Rectify, Restrict, Supplement, Unmerge, Unspecified, Withdraw,
    };
    match &message.kind {
        Some(Kind::Correction(correction)) => match correction.action() {
            Unspecified | Withdraw | Erase | Restrict | Merge | Unmerge => true,
            Rectify | Supplement => false,
        },
        Some(_) | None => false,
    }
}

/// Whether recipients may learn neither desk nor case nor the very moment. A withdrawal may be one of
/// intelligence, and would tell what that did not.
const fn is_covert(admitted: &Admitted) -> bool {
    matches!(admitted.message.kind, Some(Kind::Intelligence(_) | Kind::Correction(_)))
}

/// A moment as a recipient may learn it. A deadline that counts from the acceptance would tell its
/// very moment if it were exact.
#[must_use]
pub fn told(admitted: &Admitted, moment: OffsetDateTime) -> OffsetDateTime {
    if is_covert(admitted) { to_the_hour(moment) } else { moment }
}

fn message_sender(admitted: &Admitted) -> String {
    admitted.sender.agency.to_string()
}

fn to_the_hour(moment: OffsetDateTime) -> OffsetDateTime {
    moment
        - time::Duration::seconds(i64::from(moment.minute()) * 60 + i64::from(moment.second()))
        - time::Duration::nanoseconds(moment.nanosecond().into())
}

/// Subjects that stay, each without what is withheld of him.
fn subjects(admitted: &Admitted, view: &View) -> Vec<wire::Subject> {
    let kept = admitted.message.subjects.iter().zip(&view.subjects);
    kept.zip(&admitted.subjects)
        .filter_map(|((subject, verdict), facts)| {
            let verdict = verdict.as_ref()?;
            let mut shown = redact(subject, verdict);
            // Numbers that the recipient was shown before tell it nothing but that they are one
            // person's, or are not: the news itself.
            if let Some(held) = &view.held {
                let numbers = subject.identifiers.iter().zip(&facts.tokens);
                let known = numbers.filter(|(_, token)| held.shown.contains(token));
                shown.identifiers = known.map(|(number, _)| number.clone()).collect();
            }
            Some(shown)
        })
        .collect()
}

fn redact(subject: &wire::Subject, verdict: &Arc<Verdict>) -> wire::Subject {
    let text = |field: Field, value: &str| match &verdict.outcome {
        Ok(permit) if permit.masked.contains(&field) && !value.is_empty() => MASK.to_owned(),
        Ok(permit) if !permit.withheld.contains(&field) => value.to_owned(),
        Ok(_) | Err(_) => String::new(),
    };
    wire::Subject {
        identifiers: subject
            .identifiers
            .iter()
            .filter(|identifier| !withheld(verdict, identifier_field(identifier)))
            .cloned()
            .collect(),
        category: subject.category,
        name: text(Field::SubjectName, &subject.name),
        birth_date: text(Field::SubjectBirthDate, &subject.birth_date),
        age: subject.age,
        limited_access: 0,
    }
}

/// Places. From when to when one is what it is, and at which desk, is shown where all of the kind is.
fn areas(admitted: &Admitted, view: &View) -> Vec<wire::Area> {
    let hides = !view.withheld().is_disjoint(&admitted.fields_of_kind());
    let areas = admitted.message.areas.iter().cloned();
    areas
        .map(|area| match hides {
            true => wire::Area { code: area.code, role: area.role, ..wire::Area::default() },
            false => area,
        })
        .collect()
}

/// Statements that are shown, their subjects renumbered to those that stay.
fn statements(admitted: &Admitted, view: &View) -> Vec<wire::Statement> {
    let mut place = 0u32;
    let renumbered: Vec<Option<u32>> = view
        .subjects
        .iter()
        .map(|verdict| {
            verdict.as_ref().map(|_| {
                place += 1;
                place - 1
            })
        })
        .collect();
    view.statements(&admitted.message)
        .map(|(_, statement)| wire::Statement {
            subjects: statement
                .subjects
                .iter()
                .filter_map(|subject| renumbered.get(*subject as usize).copied().flatten())
                .collect(),
            ..statement.clone()
        })
        .collect()
}

/// The kind, without what is withheld: a field about the message is withheld when any
/// subject's verdict withholds it.
fn kind(admitted: &Admitted, view: &View) -> Option<ReleasedKind> {
    if let Some(task) = view.task {
        return Some(ReleasedKind::Task(wire::Task {
            task_kind: task as i32,
            ..wire::Task::default()
        }));
    }
    let mut kind = message::kinds::released(admitted.message.kind.clone()?, &view.withheld());
    if view.notice_only {
        leave_what_happened(&mut kind);
    }
    Some(kind)
}

/// Takes away what no field covers and a notice does not say: when it happened, why, and to what
/// it came, unless that takes back what the recipient was told.
fn leave_what_happened(kind: &mut ReleasedKind) {
    match kind {
        ReleasedKind::Custody(custody) => custody.occurred_at = None,
        ReleasedKind::Enforcement(enforcement) => {
            enforcement.occurred_at = None;
            if enforcement.outcome() == wire::EnforcementOutcome::Proved {
                enforcement.outcome = 0;
            }
        }
        ReleasedKind::Flag(flag) if flag.action() != wire::FlagAction::Deselect => flag.action = 0,
        ReleasedKind::Placement(placement) => placement.step = 0,
        ReleasedKind::Referral(referral)
            if referral.step() != wire::ReferralStep::NotProceeding =>
        {
            referral.step = 0;
        }
        ReleasedKind::Court(court) => court.hearing_at = None,
        ReleasedKind::Correction(correction) => correction.reason.clear(),
        ReleasedKind::Intelligence(_)
        | ReleasedKind::Mappa(_)
        | ReleasedKind::Flag(_)
        | ReleasedKind::Task(_)
        | ReleasedKind::DrugTest(_)
        | ReleasedKind::Action(_)
        | ReleasedKind::Referral(_)
        | ReleasedKind::Request(_)
        | ReleasedKind::Response(_) => {}
    }
}

fn numbers(fields: &BTreeSet<Field>) -> Vec<i32> {
    fields.iter().map(|field| *field as i32).collect()
}
