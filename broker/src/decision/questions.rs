//! What policy is asked about each person of a message, whoever the recipient.
//!
//! Pure. Promises that a follow-up is asked about as what it follows was where it says something
//! new, and as a bare correction where it takes something back.

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{Field, FlagKind, LimitedAccess};

use crate::message::Admitted;
use crate::policy::{IntelligenceFacts, KindFacts, Question};
use crate::register::limited;
use crate::routing::{Addressed, Earlier};

/// What policy may read of a message's kind, with what it corrects. What takes something back says
/// nothing new, and is judged as a correction whatever it takes back; what puts something right is
/// judged as that was.
#[must_use]
pub fn kind_facts(admitted: &Admitted, earlier: &Earlier) -> KindFacts {
    match &admitted.message.kind {
        Some(Kind::Intelligence(i)) => KindFacts::Intelligence(IntelligenceFacts {
            scheme: i.scheme(),
            handling: i.grade.chars().last().unwrap_or('?'),
            conditions: i.conditions().collect(),
        }),
        Some(Kind::Mappa(m)) => {
            KindFacts::Mappa { category: m.category, level: m.level, step: m.step() }
        }
        Some(Kind::Custody(c)) if !admitted.to_holders_only() => {
            KindFacts::Custody { event: c.event(), certainty: c.certainty() }
        }
        Some(Kind::Flag(_)) => KindFacts::Flag,
        Some(Kind::DrugTest(test)) => KindFacts::DrugTest(test.r#use()),
        Some(Kind::Enforcement(e)) => {
            KindFacts::Enforcement { step: e.step(), outcome: e.outcome() }
        }
        Some(Kind::Action(action)) => KindFacts::Action(action.pathway()),
        Some(Kind::Placement(p)) => KindFacts::Placement { sort: p.sort(), step: p.step() },
        Some(Kind::Referral(referral)) => KindFacts::Referral(referral.step()),
        Some(Kind::Court(court)) => KindFacts::Court(court.step()),
        Some(Kind::Request(_)) => KindFacts::Request,
        Some(Kind::Response(_)) => KindFacts::Response,
        Some(Kind::Correction(_)) => earlier.facts.clone().unwrap_or(KindFacts::Correction),
        Some(Kind::Custody(_)) | None => KindFacts::Correction,
    }
}

/// The facts policy may read of each subject.
pub(super) fn all(admitted: &Admitted, addressed: &Addressed) -> Vec<Question> {
    let message = &admitted.message;
    let facts = kind_facts(admitted, &addressed.earlier);
    // A message about the limit is itself news of a limited record, whoever sends it.
    let of_limit = |flag: &wire::Flag| flag.flag_kind() == FlagKind::LimitedAccess;
    let stated = match &message.kind {
        Some(Kind::Flag(flag)) if of_limit(flag) => LimitedAccess::Yes,
        Some(_) | None => LimitedAccess::No,
    };
    let sender_kind = admitted.sender.kind;
    admitted
        .subjects
        .iter()
        .enumerate()
        .map(|(position, subject)| Question {
            facts: facts.clone(),
            sender: Arc::clone(&admitted.sender.agency),
            sender_kind,
            sender_regime: admitted.sender.regime,
            purpose: message.purpose(),
            gateway: message.gateway(),
            lawful_basis: message.lawful_basis(),
            sensitive_condition: message.sensitive_condition(),
            marking: message.marking(),
            handling: message.handling_conditions().collect(),
            urgency: message.urgency(),
            break_glass: admitted.break_glass().is_some(),
            category: subject.category,
            under_18: subject.under_18,
            limited_access: limited::stricter(subject.limited_access, stated),
            flags: addressed.flags.get(position).cloned().unwrap_or_default(),
            fields: fields_present(admitted, position),
        })
        .collect()
}

/// The fields a message holds about one subject.
fn fields_present(admitted: &Admitted, position: usize) -> BTreeSet<Field> {
    let message = &admitted.message;
    let mut fields = BTreeSet::new();
    if let Some(subject) = message.subjects.get(position) {
        if !subject.name.is_empty() {
            fields.insert(Field::SubjectName);
        }
        if !subject.birth_date.is_empty() {
            fields.insert(Field::SubjectBirthDate);
        }
        fields.extend(subject.identifiers.iter().map(identifier_field));
    }
    fields.extend(admitted.fields_of_kind());
    fields.extend(admitted.has_documents().then_some(Field::Attachments));
    let about = message
        .statements
        .iter()
        .filter(|statement| statement.subjects.iter().any(|s| *s as usize == position));
    fields.extend(about.map(wire::Statement::field));
    fields
}

/// The field an identifier belongs to.
#[must_use]
pub fn identifier_field(identifier: &wire::Identifier) -> Field {
    match identifier.r#type() {
        wire::IdentifierType::Noms | wire::IdentifierType::Crn => Field::HmppsIdentifiers,
        wire::IdentifierType::Nhs => Field::HealthIdentifiers,
        // An identifier of no known register is guarded as the police's.
        wire::IdentifierType::Pnc
        | wire::IdentifierType::Cro
        | wire::IdentifierType::Asn
        | wire::IdentifierType::Unspecified => Field::PoliceIdentifiers,
    }
}
