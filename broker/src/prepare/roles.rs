//! What a message says in the register of who holds a part in somebody's case.
//!
//! Pure. Promises that nobody's word is kept who is not entitled to it by the directory, that a part
//! is kept only of somebody who routes and only in an area or at a desk that can hold it, and that
//! a child's authorities hold theirs until its eighteenth birthday. Deliberately does not know: what a
//! part brings to whom.

use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::AreaRole;
use proto::exchange::v1::message::Kind;
use uuid::Uuid;

use super::cites;
use crate::directory::{Directory, MessageKind};
use crate::message::roles::{self, StatedRole};
use crate::message::{Admitted, MessageKey, SubjectFacts};
use crate::register::{self, DeskName, RolePart, RoleStatement};
use crate::rules::Rules;

/// What a message that is no correction changes.
pub(super) fn changes(admitted: &Admitted, rules: &Rules) -> Vec<register::Change> {
    let mut changes: Vec<register::Change> = taken_back_with(admitted, rules).into_iter().collect();
    changes.extend(statement(admitted, rules).map(register::Change::Roles));
    changes
}

/// What a correction does to the parts that the message it corrects stated: what is not to be used
/// any more holds no longer, and what is put right holds as it is put.
pub(super) fn corrected(
    admitted: &Admitted,
    correction: &wire::Correction,
    rules: &Rules,
) -> Option<register::Change> {
    use wire::CorrectionAction as Action;
    let MessageKey { agency, id: message } = cites(admitted)?;
    let stated = rules.register.role_statement(&agency, message)?;
    match correction.action() {
        Action::Withdraw | Action::Erase | Action::Restrict | Action::Unspecified => {
            Some(register::Change::RolesTakenBack { agency, message })
        }
        Action::Rectify => {
            let parts = put_right(admitted, stated, rules);
            (parts != stated.parts).then_some(register::Change::RolesRestated {
                agency,
                message,
                parts,
            })
        }
        Action::Supplement | Action::Merge | Action::Unmerge => None,
    }
}

/// Custody news and actions take back an earlier message of their own kind.
fn taken_back_with(admitted: &Admitted, rules: &Rules) -> Option<register::Change> {
    let taken_back = match &admitted.message.kind {
        Some(Kind::Custody(custody)) => custody.certainty() == wire::CustodyCertainty::Withdrawn,
        Some(Kind::Action(action)) => action.step() == wire::ActionStep::Cancelled,
        Some(_) | None => false,
    };
    let MessageKey { agency, id: message } = cites(admitted).filter(|_| taken_back)?;
    rules
        .register
        .role_statement(&agency, message)
        .is_some()
        .then_some(register::Change::RolesTakenBack { agency, message })
}

/// What a message states of its first subject, as far as its sender may, and as far as it is not
/// on record already.
fn statement(admitted: &Admitted, rules: &Rules) -> Option<RoleStatement> {
    let subject = admitted.subjects.first().filter(|s| s.routes() && !s.tokens.is_empty())?;
    let stated = roles::stated(admitted);
    if stated.is_empty() {
        return None;
    }
    let adult_from = adult_from(admitted);
    let parts = stated.iter().filter_map(|part| kept(part, admitted, adult_from, &rules.directory));
    let mut statement = RoleStatement {
        agency: Arc::clone(&admitted.key.agency),
        message: admitted.key.id,
        tokens: subject.tokens.clone(),
        parts: parts.collect(),
        instead_of: settled(admitted),
    };
    if admitted.kind == MessageKind::Custody {
        leave_what_adds_nothing(&mut statement, subject, rules);
    } else {
        let known = rules.register.linked(&subject.tokens);
        let ends_nothing = |part: &RolePart| {
            part.area.is_none() && rules.register.says_already(&known, &statement, part.role)
        };
        let parts = statement.parts.iter().filter(|part| !ends_nothing(part)).cloned().collect();
        statement.parts = parts;
    }
    (!statement.parts.is_empty()).then_some(statement)
}

/// Movements are many: where somebody goes is kept only of whom the register knows, and said again
/// only where it is new.
fn leave_what_adds_nothing(statement: &mut RoleStatement, subject: &SubjectFacts, rules: &Rules) {
    let register = &rules.register;
    let known = register.linked(&subject.tokens);
    let is_known = !register.flags(&known).is_empty() || register.has_roles(&known);
    let settles = statement
        .instead_of
        .is_some_and(|earlier| register.role_statement(&statement.agency, earlier).is_some());
    let mut parts = std::mem::take(&mut statement.parts);
    let whole = RoleStatement { parts: parts.clone(), ..statement.clone() };
    parts.retain(|part| is_known && (settles || !register.says_already(&known, &whole, part.role)));
    statement.parts = parts;
}

/// A part as the register keeps it; `None`: the sender may not state it, or nobody could hold it.
fn kept(
    stated: &StatedRole,
    admitted: &Admitted,
    adult_from: Option<i64>,
    directory: &Directory,
) -> Option<RolePart> {
    let (role, kind) = (stated.role, admitted.sender.kind);
    if !directory.may_state(role, kind) {
        return None;
    }
    let desk = match &stated.desk {
        Some((agency, desk)) if is_holder(role, agency, desk, directory) => {
            Some(DeskName { agency: Arc::clone(agency), desk: Arc::clone(desk) })
        }
        Some(_) => return None,
        None => None,
    };
    if stated.area.as_ref().is_some_and(|area| directory.area(area).is_none()) {
        return None;
    }
    // Whoever has authority over a child has it until the child is grown up.
    let of_childhood = matches!(role, AreaRole::Home | AreaRole::Host | AreaRole::Designated);
    let last_of_childhood = adult_from.filter(|_| of_childhood).map(|day| day - 1);
    Some(RolePart {
        role: role as i32,
        area: stated.area.clone(),
        desk,
        from: stated.from,
        to: stated.to.into_iter().chain(last_of_childhood).min(),
    })
}

/// Whether a desk of the directory can hold a part.
pub(super) fn is_holder(role: AreaRole, agency: &str, desk: &str, directory: &Directory) -> bool {
    let desk = directory.desk_index(agency, desk).and_then(|index| directory.desk(index));
    desk.is_some_and(|desk| desk.holds(role))
}

/// What a statement says once a rectification has put it right: the parts that this names, in place
/// of what was said of the same parts. Where it names none, what was wrong was something else.
fn put_right(admitted: &Admitted, stated: &RoleStatement, rules: &Rules) -> Vec<RolePart> {
    let mut parts = stated.parts.clone();
    let areas: Vec<&wire::Area> = admitted
        .message
        .areas
        .iter()
        .filter(|area| stated.parts.iter().any(|part| part.role == area.role))
        .collect();
    parts.retain(|part| !areas.iter().any(|area| area.role == part.role));
    for area in areas {
        let Some(before) = stated.parts.iter().find(|part| part.role == area.role) else {
            continue;
        };
        let named = roles::of_area(area, before.from, before.to);
        let named = StatedRole { to: named.to.or(before.to), ..named };
        parts.extend(kept(&named, admitted, adult_from(admitted), &rules.directory));
    }
    parts
}

fn settled(admitted: &Admitted) -> Option<Uuid> {
    match &admitted.message.kind {
        // The day of a release moves: the earlier word on it is void.
        Some(Kind::Custody(_)) => cites(admitted).map(|key| key.id),
        Some(_) | None => None,
    }
}

fn adult_from(admitted: &Admitted) -> Option<i64> {
    let subject = admitted.message.subjects.first()?;
    roles::eighteenth_birthday(&subject.birth_date)
}
