//! What a desk's answer to a possible match does to the register.
//!
//! Pure. Promises that it speaks only of people whom the question showed the desk, and of flags that
//! the desk owns. Deliberately does not know: whether it is true.

use std::sync::Arc;

use crate::message::Admitted;
use crate::parcel::Shown;
use crate::register::{Change, DeskName, Register, RuledOut};
use crate::routing;

/// None of the people whom a question showed is whom a flag of the desk is on. It counts for the
/// flags by which the desk would be asked at this moment, and for people with numbers: whom a name
/// and a birth date alone stand for is nobody who could be known again.
#[must_use]
pub fn ruled_out(
    admitted: &Admitted,
    shown: Shown,
    desk: &DeskName,
    register: &Register,
) -> Vec<Change> {
    let people = admitted.subjects.iter().enumerate().filter(|(place, subject)| {
        shown.shows(*place) && subject.routes() && !subject.tokens.is_empty()
    });
    let mut changes = Vec::new();
    for (_, subject) in people {
        let mut alike = routing::possible_matches(subject, register);
        alike.retain(|flag| flag.owner == *desk);
        changes.extend(alike.iter().map(|flag| {
            Change::RuledOut(RuledOut {
                agency: Arc::clone(&desk.agency),
                person: subject.tokens.clone(),
                flagged: flag.tokens.clone(),
            })
        }));
    }
    changes
}
