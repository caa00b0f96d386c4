//! Merges and unmerges, told by the authority for the register.
//!
//! Promises: which of two merged numbers leads is taken from the field made for it, never from
//! the description or the person reference, which are known to name either. Deliberately does not
//! know: whether the broker takes this agency for the authority.

use proto::exchange::v1::{Correction, CorrectionAction, Urgency, message::Kind};
use time::OffsetDateTime;

use super::{Decision, Draft, IdentityEvent};
use crate::hmpps::compose::known_by;
use crate::hmpps::document::Object;
use crate::hmpps::moment;
use crate::hmpps::outcome::QuarantineReason;
use crate::hmpps::person::{self, Crn, Noms};
use crate::hmpps::profile::{Footing, ImportProfile};

/// The correction that a merge or an unmerge becomes.
pub(super) fn decide(
    body: &Object,
    event: IdentityEvent,
    footing: &Footing,
    profile: &ImportProfile,
    now: OffsetDateTime,
) -> Result<Decision, QuarantineReason> {
    let [first, second] = numbers(body, event)?;
    let occurred_at = moment::occurred_at(body, now)?;
    let register = event.register();
    let (action, sort) = match event {
        IdentityEvent::PrisonMerge | IdentityEvent::CaseMerge => (CorrectionAction::Merge, "merge"),
        IdentityEvent::CaseUnmerge => (CorrectionAction::Unmerge, "unmerge"),
    };
    let subjects = if action == CorrectionAction::Merge {
        vec![known_by(register, &[&first, &second])]
    } else {
        vec![known_by(register, &[&first]), known_by(register, &[&second])]
    };
    let draft = Draft {
        footing,
        facts: vec![sort, register.as_str_name(), &first, &second],
        case: Vec::new(),
        subjects,
        urgency: Urgency::Routine,
        statements: Vec::new(),
        kind: Kind::Correction(Correction { action: action.into(), ..Correction::default() }),
    };
    Ok(draft.at(occurred_at, profile))
}

/// The two numbers; of a merge the one that leads comes first.
fn numbers(body: &Object, event: IdentityEvent) -> Result<[String; 2], QuarantineReason> {
    let of_case = |names| {
        person::two::<Crn>(body, names).map(|two| two.map(|crn| crn.canonical().to_owned()))
    };
    match event {
        IdentityEvent::PrisonMerge => {
            let two = person::two::<Noms>(body, ["nomsNumber", "removedNomsNumber"])?;
            Ok(two.map(|noms| noms.canonical().to_owned()))
        }
        IdentityEvent::CaseMerge => of_case(["targetCRN", "sourceCRN"]),
        IdentityEvent::CaseUnmerge => of_case(["unmergedCRN", "reactivatedCRN"]),
    }
}
