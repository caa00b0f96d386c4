//! What a sender may know of the agencies that it named: how far each came, and what it said it
//! did.
//!
//! Promises that an agency which was found by any other way is not in it, and that a refusal at
//! release looks like one at acceptance. Pure; whatever tells a sender of its message reads this.

use std::collections::{BTreeMap, BTreeSet};

use proto::exchange::v1::OutcomeState;
use time::OffsetDateTime;

use crate::prepare::Kept;
use crate::register::DeskName;
use crate::routing::Reason;

use super::journal::{DeliveryState, Outcome};

/// What a sender is told of one agency that it named.
#[derive(Clone, Debug)]
pub struct NamedOutcome {
    /// Agency.
    pub agency: String,
    /// The furthest that any of its desks came.
    pub state: OutcomeState,
    /// When it came there.
    pub at: OffsetDateTime,
    /// What the agency said it did, by protocol number, and when first.
    pub attested: BTreeMap<i32, OffsetDateTime>,
}

/// Desks that the naming itself made candidates: what another reason brought about tells the
/// sender nothing, and whoever is told only because it holds something earlier would not be by name.
#[must_use]
pub fn addressed(kept: &Kept) -> BTreeSet<&DeskName> {
    let by_name = kept
        .candidates
        .iter()
        .filter(|c| c.task == 0 && !c.by_holding)
        .filter(|c| c.reasons.iter().any(|r| *r == Reason::Addressed.name()));
    by_name.map(|candidate| &candidate.desk).collect()
}

/// How a message stands, for the agencies its sender named and the desks that this brought it, and
/// for no other.
#[must_use]
pub fn outcomes(
    named: BTreeSet<String>,
    addressed: &BTreeSet<DeskName>,
    outcomes: Vec<Outcome>,
) -> Vec<NamedOutcome> {
    let never = OffsetDateTime::UNIX_EPOCH;
    let outcomes: Vec<_> =
        outcomes.into_iter().filter(|outcome| addressed.contains(&outcome.desk)).collect();
    let of_named = |named: String| {
        let of_agency = || outcomes.iter().filter(|one| *one.desk.agency == *named);
        let furthest = of_agency()
            .max_by_key(|one| progress(one.state))
            .map(|one| (outcome(one.state), one.at));
        let (state, at) = match furthest {
            // A time would tell a refusal at release from one at once.
            None | Some((OutcomeState::NotShared, _)) => (OutcomeState::NotShared, never),
            Some(furthest) => furthest,
        };
        let mut attested: BTreeMap<i32, OffsetDateTime> = BTreeMap::new();
        for (what, at) in of_agency().flat_map(|one| one.attested.iter().copied()) {
            let first = attested.entry(what).or_insert(at);
            *first = at.min(*first);
        }
        NamedOutcome { agency: named, state, at, attested }
    };
    named.into_iter().map(of_named).collect()
}

/// Orders states by how far a delivery came.
#[must_use]
pub const fn progress(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Refused => 0,
        DeliveryState::Expired => 1,
        DeliveryState::Dead => 2,
        DeliveryState::Waiting => 3,
        DeliveryState::Released => 4,
        DeliveryState::Withdrawn => 5,
        DeliveryState::Acknowledged => 6,
    }
}

const fn outcome(state: DeliveryState) -> OutcomeState {
    match state {
        DeliveryState::Waiting => OutcomeState::Waiting,
        DeliveryState::Released => OutcomeState::Released,
        DeliveryState::Acknowledged => OutcomeState::Acknowledged,
        DeliveryState::Dead | DeliveryState::Expired => OutcomeState::Undelivered,
        DeliveryState::Withdrawn => OutcomeState::Withdrawn,
        // Refused at release looks like refused at once: not shared.
        DeliveryState::Refused => OutcomeState::NotShared,
    }
}
