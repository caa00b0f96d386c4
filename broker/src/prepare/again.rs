//! What a desk may read again of what it was given.
//!
//! Promises that it is decided as of now and held to the release: whoever was removed then stays
//! removed, whatever was withheld stays withheld, and what was a notice stays one. Pure.

use std::sync::Arc;

use proto::refusal::Refusal;
use time::OffsetDateTime;

use super::{Before, Kept, decide_again};
use crate::decision::{self, View};
use crate::message::Admitted;
use crate::parcel::Shown;
use crate::policy::Verdict;
use crate::register::DeskName;
use crate::rules::Rules;

/// Decides again for one desk what it was released, and keeps the strictest of the first decision,
/// of what was `shown` at the release, and of this one. `preceding` as in [`decide_again`].
///
/// # Errors
/// Why it may not have it any more.
pub fn as_given(
    admitted: &Admitted,
    kept: &Kept,
    (desk, task, shown): (&DeskName, i32, Shown),
    preceding: Before,
    rules: &Rules,
    now: OffsetDateTime,
) -> Result<View, Refusal> {
    let (mut view, candidate) = decide_again(admitted, kept, (desk, task), preceding, rules, now)?;
    for (place, slot) in view.subjects.iter_mut().enumerate() {
        if let Some(verdict) = slot {
            if shown.shows(place) {
                *verdict = Arc::new(held_to(verdict, shown));
            } else {
                *slot = None;
            }
        }
    }
    view.documents.retain(|place, _| shown.names(*place));
    view.notice_only |= shown.notice_only();
    decision::close(admitted, &candidate.staked, &candidate.verdicts, &mut view)?;
    Ok(view)
}

/// A verdict with all that was withheld at a release. The record names fields and not of whom:
/// what was withheld of one person is withheld of all.
fn held_to(verdict: &Verdict, shown: Shown) -> Verdict {
    let mut held = verdict.clone();
    if let Ok(permit) = held.outcome.as_mut() {
        let fields = (0..u64::BITS.cast_signed()).filter_map(|n| {
            proto::exchange::v1::Field::try_from(n).ok().filter(|field| shown.withholds(*field))
        });
        permit.withheld.extend(fields.filter(|field| !permit.masked.contains(field)));
    }
    held
}
