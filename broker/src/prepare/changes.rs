//! What a message does to the register: flags, marks of limited access, numbers that are merged, and
//! who holds a part in a case.
//!
//! Pure. Promises that a sender changes nothing but what is its own, and that a proposal undoes
//! no flag that stands.

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::refusal::Refusal;

use super::{cites, custody, faults, roles};
use crate::message::roles::{british_day_number, eighteenth_birthday};
use crate::message::{Admitted, MessageKey, SubjectFacts};
use crate::register::flag::Care;
use crate::register::{self, DeskName, FlagState};
use crate::rules::Rules;
use crate::seal::Token;

/// What a flag message does to the register. A sender that may not raise this kind changes
/// nothing: it was told so, unless the directory has changed since.
///
/// # Errors
/// A flag is spoken of that its sender has not raised.
pub(super) fn register_changes(
    admitted: &Admitted,
    rules: &Rules,
) -> Result<Vec<register::Change>, Refusal> {
    if let Some(Kind::Correction(correction)) = &admitted.message.kind {
        let change: Vec<register::Change> = match correction.action() {
            wire::CorrectionAction::Merge => link_of_merge(admitted).into_iter().collect(),
            wire::CorrectionAction::Unmerge => parted(admitted, rules),
            wire::CorrectionAction::Withdraw
            | wire::CorrectionAction::Erase
            | wire::CorrectionAction::Unspecified => {
                mark_taken_back(admitted, rules).into_iter().collect()
            }
            wire::CorrectionAction::Rectify
            | wire::CorrectionAction::Restrict
            | wire::CorrectionAction::Supplement => Vec::new(),
        };
        let of_roles = roles::corrected(admitted, correction, rules);
        let of_custody = custody::corrected(admitted, correction, rules);
        return Ok(change.into_iter().chain(of_roles).chain(of_custody).collect());
    }
    let Some(Kind::Flag(flag)) = &admitted.message.kind else {
        // What is shared by emergency access brings nobody anything, then or later, whom it does
        // not name.
        if admitted.break_glass().is_some() {
            return Ok(Vec::new());
        }
        let mut changes = roles::changes(admitted, rules);
        changes.extend(custody::changes(admitted, rules));
        return Ok(changes);
    };
    let Some(subject) = admitted.subjects.first().filter(|s| s.routes() && !s.tokens.is_empty())
    else {
        return Ok(Vec::new());
    };
    if !faults(admitted, &rules.directory).is_empty() {
        return Ok(Vec::new());
    }
    if flag.flag_kind() == wire::FlagKind::LimitedAccess {
        return Ok(limited_change(admitted, flag.action(), rules).into_iter().collect());
    }
    Ok(flag_change(admitted, flag, subject, rules)?.into_iter().collect())
}

/// What a message about a list does to it. It speaks of its sender's own flag: each agency that
/// may raise one has its own on a person, and a proposal changes none that stands.
///
/// # Errors
/// There is no flag that this could be done to.
fn flag_change(
    admitted: &Admitted,
    flag: &wire::Flag,
    subject: &SubjectFacts,
    rules: &Rules,
) -> Result<Option<register::Change>, Refusal> {
    let (kind, by) = (flag.flag_kind, &admitted.sender.agency);
    let own = own_flags(admitted, flag, subject, rules);
    let current = own.iter().find(|flag| !flag.is_proposal()).or(own.first());
    if flag.action() == wire::FlagAction::Deselect {
        let tokens = numbers(subject, &own);
        let by = Arc::clone(by);
        return Ok(current.map(|_| register::Change::FlagRemoved { kind, tokens, by }));
    }
    let Some(state) = state_after(flag.action(), current.map(|flag| flag.state))? else {
        return Ok(None);
    };
    let review_day = register::day_of(&flag.review_date);
    let owner = flag_owner(admitted, flag, current, rules);
    let raised = current.map_or_else(|| (Arc::clone(by), admitted.key.id), |f| f.raised.clone());
    Ok(Some(register::Change::Flag(register::Flag {
        id: admitted.key.id,
        kind,
        care: care(admitted, flag, &owner, state, current),
        raised,
        owner,
        tokens: numbers(subject, &own),
        name_token: subject.name_token.or(current.and_then(|flag| flag.name_token)),
        review_day: review_day.or(current.map(|f| f.review_day)).unwrap_or(0),
        state,
        by: Arc::clone(by),
    })))
}

/// How the person of a flag is managed after a message about it. What was said before by the same
/// agency holds where nothing else is said. Of a flag that becomes another agency's nothing is kept:
/// what this one said was said in its own messages, and the new owner has what it was given of them.
fn care(
    admitted: &Admitted,
    flag: &wire::Flag,
    owner: &DeskName,
    state: FlagState,
    current: Option<&Arc<register::Flag>>,
) -> Care {
    if owner.agency != admitted.sender.agency {
        return Care::default();
    }
    let before = current.map(|flag| flag.care.clone()).unwrap_or_default();
    let today = british_day_number(admitted.received_at);
    let given = |number: i32, before: i32| if number == 0 { before } else { number };
    let birth_date = admitted.message.subjects.first().map_or("", |one| one.birth_date.as_str());
    let in_custody = wire::FlagRating::Blue as i32;
    let is_suspended = state == FlagState::Suspended;
    Care {
        manager: uuid::Uuid::try_parse(&flag.manager).ok().or(before.manager),
        panel_day: register::day_of(&flag.panel_date).or(before.panel_day),
        cohort: given(flag.cohort, before.cohort),
        rating: Some(given(flag.rating, before.rating))
            .filter(|rating| is_suspended || *rating != in_custody)
            .unwrap_or_default(),
        suspended_day: is_suspended.then(|| before.suspended_day.unwrap_or(today)),
        // Of an adult no day is kept.
        adult_day: if birth_date.is_empty() {
            before.adult_day
        } else {
            eighteenth_birthday(birth_date).filter(|day| *day > today)
        },
    }
}

/// The numbers that are given and those of the sender's own flags: fewer than were known before are
/// no reason to match fewer.
fn numbers(subject: &SubjectFacts, own: &[Arc<register::Flag>]) -> Vec<Token> {
    let given = subject.tokens.iter().copied();
    let known = own.iter().flat_map(|flag| flag.tokens.iter().copied());
    given.chain(known).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The sender's own flags of this kind on the person, proposals among them, by whichever of the
/// person's numbers they were raised.
fn own_flags(
    admitted: &Admitted,
    flag: &wire::Flag,
    subject: &SubjectFacts,
    rules: &Rules,
) -> Vec<Arc<register::Flag>> {
    let known = rules.register.linked(&subject.tokens);
    let mut own = rules.register.with_proposals(&known);
    own.retain(|known| {
        known.kind == flag.flag_kind && known.owner.agency == admitted.sender.agency
    });
    own
}

/// The message that last changed the flag which this one changes: whoever was given it is told. And
/// whose the flag is, unless it is only proposed, which brings nobody anything.
#[must_use]
pub fn flag_before(admitted: &Admitted, rules: &Rules) -> Option<(MessageKey, Option<DeskName>)> {
    let Some(Kind::Flag(flag)) = &admitted.message.kind else { return None };
    let own = own_flags(admitted, flag, admitted.subjects.first()?, rules);
    let before = own.iter().find(|flag| !flag.is_proposal()).or(own.first())?;
    let routes = admitted.subjects.first().is_some_and(SubjectFacts::routes);
    let owner = (routes && !before.is_proposal()).then(|| before.owner.clone());
    Some((MessageKey { agency: Arc::clone(&before.by), id: before.id }, owner))
}

/// The desk that owns a flag after a message about it: the one that is named, if there is one
/// of that name; else, where it is amended, whose it was; else the sender's. News must never go
/// to a desk that nobody sits at.
fn flag_owner(
    admitted: &Admitted,
    flag: &wire::Flag,
    current: Option<&Arc<register::Flag>>,
    rules: &Rules,
) -> DeskName {
    let named = flag.owner.as_ref().map(|owner| DeskName {
        agency: owner.agency.as_str().into(),
        desk: owner.desk.as_str().into(),
    });
    let named = named.filter(|desk| rules.directory.desk_index(&desk.agency, &desk.desk).is_some());
    let raised = matches!(flag.action(), wire::FlagAction::Raise);
    let kept = current.filter(|_| flag.owner.is_some() || !raised).map(|flag| flag.owner.clone());
    named.or(kept).unwrap_or_else(|| DeskName {
        agency: Arc::clone(&admitted.sender.agency),
        desk: Arc::clone(&admitted.sender.desk_id),
    })
}

/// How a flag stands after something is done to it; `None`: nothing changes.
///
/// Only a panel's decision makes a flag of a proposal, and no proposal undoes one that stands.
///
/// # Errors
/// There is no flag that this could be done to.
fn state_after(
    action: wire::FlagAction,
    current: Option<FlagState>,
) -> Result<Option<FlagState>, Refusal> {
    use FlagState::{ExitPlanned, Nominated, Proposed, Selected, Suspended};
    use wire::FlagAction as Action;
    Ok(match (action, current) {
        (Action::Unspecified | Action::Deselect, _) => None,
        (Action::Propose | Action::Rerefer, None | Some(Proposed)) => Some(Proposed),
        (Action::Nominate, None | Some(Proposed | Nominated)) => Some(Nominated),
        (Action::Propose | Action::Rerefer, Some(Nominated)) => Some(Nominated),
        (
            Action::Propose | Action::Rerefer | Action::Nominate,
            Some(Selected | Suspended | ExitPlanned),
        ) => None,
        (Action::Raise, _) => Some(Selected),
        (Action::Amend, current) => Some(current.unwrap_or(Proposed)),
        (Action::Transfer, Some(standing @ (Selected | Suspended | ExitPlanned))) => Some(standing),
        (Action::Transfer, None | Some(Proposed | Nominated)) => Some(Selected),
        (Action::Suspend, Some(Selected | Suspended | ExitPlanned)) => Some(Suspended),
        (Action::Resume, Some(Selected | Suspended)) => Some(Selected),
        (Action::Resume, Some(ExitPlanned)) => Some(ExitPlanned),
        (Action::PlanExit, Some(Selected | Suspended | ExitPlanned)) => Some(ExitPlanned),
        (
            Action::Suspend | Action::Resume | Action::PlanExit,
            None | Some(Proposed | Nominated),
        ) => {
            return Err(Refusal::NotFound);
        }
    })
}

/// What a flag message of limited access does. Each agency's mark stands by itself: no other
/// agency's is replaced or lifted, and handing one over is raising and de-selecting.
fn limited_change(
    admitted: &Admitted,
    action: wire::FlagAction,
    rules: &Rules,
) -> Option<register::Change> {
    let tokens = &admitted.subjects.first()?.tokens;
    let agency = Arc::clone(&admitted.key.agency);
    match action {
        wire::FlagAction::Raise | wire::FlagAction::Amend => {
            let identifiers = &admitted.message.subjects.first()?.identifiers;
            let (mut own, mut claimed) = (Vec::new(), Vec::new());
            for (identifier, token) in identifiers.iter().zip(tokens) {
                if register::authority(identifier.r#type) == Some(admitted.sender.kind) {
                    own.push(*token);
                } else {
                    claimed.push(*token);
                }
            }
            let message = admitted.key.id;
            let mark = register::LimitedMark { agency, message, own, claimed };
            Some(register::Change::Limited(mark))
        }
        wire::FlagAction::Deselect => {
            let tokens = tokens.clone();
            let marked = rules.register.has_marked(&agency, &tokens);
            marked.then_some(register::Change::LimitedLifted { agency, tokens })
        }
        wire::FlagAction::Propose
        | wire::FlagAction::Transfer
        | wire::FlagAction::Nominate
        | wire::FlagAction::Suspend
        | wire::FlagAction::Resume
        | wire::FlagAction::PlanExit
        | wire::FlagAction::Rerefer
        | wire::FlagAction::Unspecified => None,
    }
}

/// What a merge says of two numbers of one register: that they are one person's, on the word of
/// the authority for both. Nobody else need agree, so no birth date is compared.
fn link_of_merge(admitted: &Admitted) -> Option<register::Change> {
    let numbers = admitted.message.subjects.iter().flat_map(|one| &one.identifiers);
    let tokens = admitted.subjects.iter().flat_map(|one| one.tokens.iter().copied());
    let mut ends = tokens.zip(numbers.map(|number| number.r#type));
    let (one, other) = (ends.next()?, ends.next()?);
    Some(register::Change::Link(register::LinkStatement {
        one,
        other,
        birth: register::NO_BIRTH,
        agency: Arc::clone(&admitted.sender.agency),
        agency_kind: admitted.sender.kind,
    }))
}

/// The same statement, taken back for every authority for that register: whichever of them said
/// that the numbers are one person's, from now on nobody is matched by both.
fn parted(admitted: &Admitted, rules: &Rules) -> Vec<register::Change> {
    let mut tokens = admitted.subjects.iter().flat_map(|one| one.tokens.iter().copied());
    let (Some(one), Some(other)) = (tokens.next(), tokens.next()) else { return Vec::new() };
    let authorities =
        rules.directory.agencies().filter(|agency| agency.kind == admitted.sender.kind);
    let parted = authorities.map(|agency| register::Change::LinkWithdrawn {
        one,
        other,
        agency: Arc::clone(&agency.id),
    });
    parted.collect()
}

/// The withdrawal of a message takes back the mark of limited access that it stated.
fn mark_taken_back(admitted: &Admitted, rules: &Rules) -> Option<register::Change> {
    let MessageKey { agency, id: message } = cites(admitted)?;
    let stated = rules.register.mark_rests_on(&agency, message);
    stated.then_some(register::Change::LimitedTakenBack { agency, message })
}
