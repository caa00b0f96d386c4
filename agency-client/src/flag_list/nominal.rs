//! Somebody on a list, and the flag message that says so.
//!
//! Owns: what a row says once it is read, and which facts make an id. Promises: ids depend on the
//! row and the mapping alone and never on when it is read; without the key nobody can tell from an
//! id whom it concerns; `Debug` shows nobody. Deliberately does not know: cells.

use std::fmt;

use aws_lc_rs::hmac;
use proto::exchange::v1::{
    Addressee, Area, Flag, FlagCohort, FlagKind, FlagRating, Identifier, IdentifierType,
    LimitedAccess, Message, Subject, Urgency, message::Kind,
};
use uuid::Uuid;

use super::mapping::FlagListMapping;
use crate::hmpps::ImportProfile;

/// What an id of a message enters its digest as.
const MESSAGE: &str = "pyramid flag list message 1";
/// What an id of a panel's decision enters its digest as.
const DECISION: &str = "pyramid flag list decision 1";

/// The registers of [`super::column::Column::IDENTIFIERS`], in that order.
const REGISTERS: [IdentifierType; 4] =
    [IdentifierType::Pnc, IdentifierType::Cro, IdentifierType::Noms, IdentifierType::Crn];

/// What a row says. What it leaves open is empty.
pub(super) struct Nominal {
    /// Row, as the spreadsheet shows it.
    pub(super) row: u32,
    pub(super) name: String,
    /// `YYYY-MM-DD`.
    pub(super) birth_date: String,
    /// Canonical, in the order of the registers.
    pub(super) identifiers: [String; 4],
    pub(super) limited_access: LimitedAccess,
    pub(super) list: Option<FlagKind>,
    pub(super) cohort: FlagCohort,
    pub(super) rating: FlagRating,
    /// `YYYY-MM-DD`.
    pub(super) review_date: String,
    /// `YYYY-MM-DD`.
    pub(super) panel_date: String,
    pub(super) panel_decision: Option<Uuid>,
    pub(super) area: Option<String>,
    pub(super) owner: Option<Addressee>,
}

impl fmt::Debug for Nominal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Nominal(row {})", self.row)
    }
}

impl Nominal {
    /// The message; `None` of a row without a list, which is a fault of its own.
    pub(super) fn message(
        self,
        profile: &ImportProfile,
        mapping: &FlagListMapping,
    ) -> Option<Message> {
        let list = self.list?;
        let decision = self.panel_decision.or_else(|| {
            let parts = [list.as_str_name(), &self.panel_date];
            (!self.panel_date.is_empty()).then(|| uuid(&profile.id_key, DECISION, &parts))
        });
        let flag = Flag {
            flag_kind: list.into(),
            action: mapping.action.into(),
            owner: self.owner,
            review_date: self.review_date,
            panel_decision_id: decision.map_or_else(String::new, |id| id.to_string()),
            agreed_by: if self.panel_date.is_empty() {
                Vec::new()
            } else {
                mapping.agreed_by.clone()
            },
            panel_date: self.panel_date,
            cohort: self.cohort.into(),
            rating: self.rating.into(),
            ..Flag::default()
        };
        let subject = Subject {
            category: mapping.category.into(),
            name: self.name,
            birth_date: self.birth_date,
            limited_access: self.limited_access.into(),
            identifiers: REGISTERS
                .into_iter()
                .zip(self.identifiers)
                .filter(|(_, value)| !value.is_empty())
                .map(|(register, value)| Identifier { r#type: register.into(), value })
                .collect(),
            ..Subject::default()
        };
        let area =
            self.area.map(|code| Area { code, role: mapping.area_role.into(), ..Area::default() });
        Some(Message {
            message_id: id(&profile.id_key, &flag, &subject, area.as_ref()).to_string(),
            purpose: profile.purpose.into(),
            gateway: profile.gateway.into(),
            lawful_basis: profile.lawful_basis.into(),
            sensitive_condition: profile.sensitive_condition.into(),
            marking: profile.marking.into(),
            acting_person: profile.acting_person.clone(),
            urgency: Urgency::Routine.into(),
            subjects: vec![subject],
            areas: area.into_iter().collect(),
            kind: Some(Kind::Flag(flag)),
            ..Message::default()
        })
    }
}

/// Everything that the row says enters the id, so that a row that was changed is a message of its
/// own. The footing does not: who shares it otherwise has not said anything new.
fn id(key: &[u8; 32], flag: &Flag, subject: &Subject, area: Option<&Area>) -> Uuid {
    let number = |number: i32| number.to_string();
    let owner = flag.owner.clone().unwrap_or_default();
    let area = area.cloned().unwrap_or_default();
    let mut facts = vec![
        number(flag.flag_kind),
        number(flag.action),
        owner.agency,
        owner.desk,
        flag.review_date.clone(),
        flag.panel_decision_id.clone(),
        flag.panel_date.clone(),
        flag.agreed_by.join(","),
        number(flag.cohort),
        number(flag.rating),
        area.code,
        number(area.role),
        number(subject.category),
        subject.name.clone(),
        subject.birth_date.clone(),
        number(subject.limited_access),
    ];
    for identifier in &subject.identifiers {
        facts.extend([number(identifier.r#type), identifier.value.clone()]);
    }
    let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
    uuid(key, MESSAGE, &facts)
}

/// A UUID of version 8 (RFC 9562 section 5.8) of HMAC-SHA-256 over the use and the parts, each
/// with its length before it, so that two lists of parts that differ never give the same bytes.
fn uuid(key: &[u8; 32], purpose: &str, parts: &[&str]) -> Uuid {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in std::iter::once(&purpose).chain(parts) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut half = [0; 16];
    for (target, byte) in half.iter_mut().zip(context.sign().as_ref()) {
        *target = *byte;
    }
    uuid::Builder::from_custom_bytes(half).into_uuid()
}
