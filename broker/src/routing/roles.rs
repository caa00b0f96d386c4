//! News follows whoever holds a part in the person's case on the day it comes.
//!
//! Promises that a part which has ended or not begun brings nothing, and that a message's own word on
//! a part, from a sender who may say so, counts in place of what is on record. A part counts for as
//! much as if the message had named its area, and for no more.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::{Found, Reason};
use crate::directory::Directory;
use crate::message::Admitted;
use crate::message::roles::{british_day_number, is_stated_by};
use crate::register::{Register, RolePart};
use crate::seal::Token;

/// Makes candidates of the desks that hold a part in one person's case.
pub(super) fn route(
    position: usize,
    known: &BTreeSet<Token>,
    found: &mut Found<'_>,
    directory: &Directory,
    register: &Register,
    now: OffsetDateTime,
) {
    let admitted = found.admitted;
    for part in register.roles(known, british_day_number(now)) {
        if position == 0 && says_itself(admitted, &part, directory) {
            continue;
        }
        let named = part.desk.as_ref().map(|name| (&*name.agency, &*name.desk));
        let area = part.area.as_deref().unwrap_or_default();
        for desk in directory.holders_of(part.area_role(), area, named, admitted.kind) {
            found.add(desk, None, position, Reason::Role(part.area_role()));
        }
    }
}

/// Whether a message itself states who holds a part from now on.
fn says_itself(admitted: &Admitted, part: &RolePart, directory: &Directory) -> bool {
    let role = part.area_role();
    admitted.message.areas.iter().any(|area| area.role() == role)
        && is_stated_by(admitted.kind, role)
        && directory.may_state(role, admitted.sender.kind)
}
