//! A nil return: a list of releases on which nobody stands.
//!
//! Promises that it is about nobody and goes to nobody, and that a person answers for it: a program
//! that finds no file would say the same every morning. Knows nothing of who waits for a list.

use proto::exchange::v1 as wire;
use proto::exchange::v1::{CustodyCertainty, CustodyEvent, Urgency};

use crate::message::check::Check;

/// Checks what only a nil return must be. That it has no subject is checked with the subjects.
pub(super) fn check(custody: &wire::Custody, message: &wire::Message, check: &mut Check) {
    check.require(
        custody.event() == CustodyEvent::Release,
        "custody.event",
        "a list that names nobody is one of releases",
    );
    let firm = [CustodyCertainty::Confirmed, CustodyCertainty::Withdrawn];
    check.require(
        firm.contains(&custody.certainty()),
        "custody.certainty",
        "that a list names nobody is confirmed, or withdrawn",
    );
    check.require(
        custody.settles_message_id.is_empty() || custody.certainty() == CustodyCertainty::Withdrawn,
        "custody.settles_message_id",
        "that a list names nobody follows nothing",
    );
    let rule = "is left out where a list names nobody";
    for (empty, field) in [
        (custody.prison.is_empty(), "custody.prison"),
        (custody.movement_reason.is_empty(), "custody.movement_reason"),
        (message.statements.is_empty(), "statements"),
        (message.areas.is_empty(), "areas"),
        (message.addressees.is_empty(), "addressees"),
        (message.not_to.is_empty(), "not_to"),
        (message.not_before.is_none(), "not_before"),
        (message.break_glass.is_none(), "break_glass"),
    ] {
        check.require(empty, field, rule);
    }
    check.require(
        message.urgency() != Urgency::Immediate,
        "urgency",
        "that nobody is released is never urgent",
    );
    check.require(
        !message.acting_person.is_empty(),
        "acting_person",
        "is required: who looked, and answers for it that the list names nobody",
    );
}
