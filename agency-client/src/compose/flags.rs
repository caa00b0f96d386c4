//! Flags: how one is changed, and how its person is managed.
//!
//! Owns: what a change to a flag needs. Promises: a panel without its members, a cohort or a reason
//! to take off where there can be none, are refused before anything is sent.
//! Deliberately does not know: which agency may raise which flag; the directory says it.

use super::kinds::{begin, require, text_of};
use super::words;
use super::{Draft, Grounds, Person};
use crate::errors::Violation;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{FlagAction, FlagCohort, FlagExit, FlagKind, FlagRating};
use proto::limits::AGREED_BY_MAX;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What is done to a flag on a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagChange {
    /// Which list.
    pub kind: FlagKind,
    /// What is done.
    pub action: FlagAction,
    /// Agency and desk that own it afterwards; `None`: the sender's desk.
    pub owner: Option<(String, String)>,
    /// Review date, `YYYY-MM-DD`; required on raise and amend.
    pub review_date: String,
    /// The panel decision; required on raise, transfer, plan-exit and de-select, unless somebody
    /// is taken off because they died.
    pub panel_decision: Option<Uuid>,
}

/// A panel that met and decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// Day on which it met, `YYYY-MM-DD`.
    pub met_on: String,
    /// Agencies that decided together, by their directory ids: 1 to 16, each once.
    pub agreed_by: Vec<String>,
}

/// How a person is managed while a flag stands, and why it is taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagManagement {
    /// The panel that decided together.
    pub panel: Option<Panel>,
    /// Cohort of integrated offender management; of no other list.
    pub cohort: Option<FlagCohort>,
    /// How closely the person is managed. Blue, in custody, on suspension only.
    pub rating: Option<FlagRating>,
    /// The offender manager, by the directory's opaque id.
    pub manager: Option<Uuid>,
    /// Why it is taken off. On de-select only.
    pub exit: Option<FlagExit>,
}

/// Begins a change to a flag on a person.
#[must_use]
pub fn flag(id: Uuid, grounds: Grounds, person: Person, change: FlagChange) -> Draft {
    flag_managed(id, grounds, person, change, FlagManagement::default())
}

/// Begins a change to a flag on a person, and says how the person is managed.
#[must_use]
pub fn flag_managed(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    change: FlagChange,
    management: FlagManagement,
) -> Draft {
    let needs_review = matches!(change.action, FlagAction::Raise | FlagAction::Amend);
    // No panel is needed to take somebody off who died.
    let needs_panel = match change.action {
        FlagAction::Raise | FlagAction::Transfer | FlagAction::PlanExit => true,
        FlagAction::Deselect => management.exit != Some(FlagExit::Death),
        FlagAction::Unspecified
        | FlagAction::Propose
        | FlagAction::Amend
        | FlagAction::Nominate
        | FlagAction::Suspend
        | FlagAction::Resume
        | FlagAction::Rerefer => false,
    };
    let mut faults = Vec::new();
    require(&mut faults, change.kind != FlagKind::Unspecified, "flag.flag_kind");
    require(&mut faults, change.action != FlagAction::Unspecified, "flag.action");
    require(&mut faults, !needs_review || !change.review_date.is_empty(), "flag.review_date");
    require(&mut faults, !needs_panel || change.panel_decision.is_some(), "flag.panel_decision_id");
    check_management(&change, &management, &mut faults);
    let (panel_date, agreed_by) =
        management.panel.map(|panel| (panel.met_on, panel.agreed_by)).unwrap_or_default();
    let kind = Kind::Flag(wire::Flag {
        flag_kind: change.kind.into(),
        action: change.action.into(),
        owner: change.owner.map(|(agency, desk)| wire::Addressee { agency, desk }),
        review_date: change.review_date,
        panel_decision_id: text_of(change.panel_decision),
        panel_date,
        agreed_by,
        cohort: management.cohort.unwrap_or_default().into(),
        rating: management.rating.unwrap_or_default().into(),
        manager: text_of(management.manager),
        exit: management.exit.unwrap_or_default().into(),
    });
    begin(id, grounds, kind, faults).person(person)
}

fn check_management(change: &FlagChange, management: &FlagManagement, faults: &mut Vec<Violation>) {
    let mut refuse = |is_wrong: bool, field: &str, rule: &str| {
        if is_wrong {
            faults.push(Violation { field: field.to_owned(), rule: rule.to_owned() });
        }
    };
    if let Some(panel) = &management.panel {
        let is_whole = !panel.met_on.is_empty() && !panel.agreed_by.is_empty();
        refuse(!is_whole, "flag.agreed_by", words::AGREED_BY_WITH_DATE);
        let distinct: BTreeSet<&String> = panel.agreed_by.iter().collect();
        let (given, once) = (panel.agreed_by.len(), distinct.len());
        refuse(given > AGREED_BY_MAX || once < given, "flag.agreed_by", words::AGREED_BY);
    }
    let (cohort, exit) = (management.cohort.is_some(), management.exit.is_some());
    refuse(cohort && change.kind != FlagKind::Iom, "flag.cohort", words::COHORT);
    let blue = management.rating == Some(FlagRating::Blue);
    refuse(blue && change.action != FlagAction::Suspend, "flag.rating", words::RATING_BLUE);
    refuse(exit && change.action != FlagAction::Deselect, "flag.exit", words::FLAG_EXIT);
}

/// Begins the raising of a flag, by the panel decision that raised it.
#[must_use]
pub fn flag_raise(
    id: Uuid,
    grounds: Grounds,
    person: Person,
    kind: FlagKind,
    review_date: &str,
    panel_decision: Uuid,
) -> Draft {
    let change = FlagChange {
        kind,
        action: FlagAction::Raise,
        owner: None,
        review_date: review_date.to_owned(),
        panel_decision: Some(panel_decision),
    };
    flag(id, grounds, person, change)
}
