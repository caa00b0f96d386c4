//! Makes a message ready for the ledger: routed, decided, packed and sealed.
//!
//! Called before the appender, where many messages are prepared side by side, and again by
//! the appender for a message whose rules moved meanwhile. So there is one way only from a
//! message to what may be released of it.

use std::sync::Arc;

use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::refusal::Refusal;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::chance::Chance;
use crate::decision::{self, CandidateDecision, Decided, View};
use crate::directory::{Directory, MessageKind};
use crate::message::{self, Admitted, MessageKey, Sender};
use crate::parcel::{self, Parcel};
use crate::policy::Verdict;
use crate::register::{self, DeskName};
use crate::routing::{self, Earlier, Reason};
use crate::rules::Rules;
use crate::seal::{Part, SealError, Token, Vault, WRAPPED_BYTES};

mod again;

mod changes;

mod custody;

mod kept;

mod matches;

mod roles;

mod sayable;

pub use again::as_given;
pub use changes::flag_before;
pub use custody::statement as custody_statement;
pub use kept::{Kept, KeptCandidate, KeptSubject};
pub use matches::ruled_out;
pub use sayable::faults;

/// A message ready to be committed under the rules it was decided by.
pub struct Prepared {
    /// The message.
    pub admitted: Arc<Admitted>,
    /// Its decision. A withdrawal is decided by the appender, which alone knows the holders.
    pub decided: Decided,
    /// What each candidate may be given, in the decision's order; equal views share bytes.
    pub parcels: Vec<Option<Parcel>>,
    /// Wrapped key of the sealed parts.
    pub wrapped_key: [u8; WRAPPED_BYTES],
    /// Sealed normalised message.
    pub sealed_body: Vec<u8>,
    /// Sealed decision.
    pub sealed_decision: Vec<u8>,
    /// What it changes in the register, which then must be committed alone; or that it speaks of a
    /// flag its sender has not raised.
    pub register: Result<Vec<register::Change>, Refusal>,
}

impl Prepared {
    /// Whether it changes the register.
    #[must_use]
    pub fn changes_register(&self) -> bool {
        self.register.as_ref().is_ok_and(|changes| !changes.is_empty())
    }
}

/// The message that one cites.
#[must_use]
pub fn cites(admitted: &Admitted) -> Option<MessageKey> {
    let id = Uuid::try_parse(admitted.cites()?.id).ok()?;
    Some(MessageKey { agency: Arc::clone(&admitted.key.agency), id })
}

/// The field in which a message names an earlier one: of its agency, or one it answers. `None`
/// where it names none.
#[must_use]
pub fn citing_field(admitted: &Admitted) -> Option<&'static str> {
    let answers = (!admitted.message.in_reply_to.is_empty()).then_some("in_reply_to");
    admitted.cites().map(|citation| citation.field).or(answers)
}

/// Whether a message merges or parts numbers.
#[must_use]
pub fn changes_identity(admitted: &Admitted) -> bool {
    match &admitted.message.kind {
        Some(wire::message::Kind::Correction(correction)) => is_of_identity(correction),
        Some(_) | None => false,
    }
}

/// Whether a correction is of whose a number is.
#[must_use]
pub fn is_of_identity(correction: &wire::Correction) -> bool {
    matches!(correction.action(), wire::CorrectionAction::Merge | wire::CorrectionAction::Unmerge)
}

/// Routes, decides, packs and seals.
///
/// `earlier`: what is on record of the messages that this one follows. Nothing, before the appender
/// has looked under the head lock.
///
/// # Errors
/// No randomness for keys.
pub fn prepare(
    admitted: Arc<Admitted>,
    earlier: &Earlier,
    rules: &Rules,
    vault: &Vault,
    chance: &dyn Chance,
    now: OffsetDateTime,
) -> Result<Prepared, SealError> {
    let addressed = routing::resolve(&admitted, earlier, &rules.directory, &rules.register, now);
    let decided = decision::decide(&admitted, &addressed, rules, now);
    let parcels = pack_each(&admitted, &decided, now);
    let place = admitted.key.place();
    let key = vault.fresh_key(chance)?;
    let body = admitted.message.encode_to_vec();
    let kept = Kept::of(&admitted, &decided, earlier).to_bytes();
    Ok(Prepared {
        sealed_body: key.seal(chance, Part::Message, &place, &body)?,
        sealed_decision: key.seal(chance, Part::Decision, &place, &kept)?,
        wrapped_key: key.wrapped,
        register: changes::register_changes(&admitted, rules),
        decided,
        parcels,
        admitted,
    })
}

/// Packs once for each distinct view.
fn pack_each(admitted: &Admitted, decided: &Decided, now: OffsetDateTime) -> Vec<Option<Parcel>> {
    let mut packed: Vec<(&View, Parcel)> = Vec::new();
    decided
        .candidates
        .iter()
        .map(|candidate| {
            let view = candidate.outcome.as_ref().ok()?;
            if let Some((_, parcel)) = packed.iter().find(|(known, _)| *known == view) {
                return Some(parcel.clone());
            }
            let parcel = parcel::pack(admitted, view, now);
            packed.push((view, parcel.clone()));
            Some(parcel)
        })
        .collect()
}

/// A stored message, still sealed.
pub struct Stored {
    /// Key.
    pub key: MessageKey,
    /// Kind.
    pub kind: MessageKind,
    /// Sending node.
    pub node: Arc<str>,
    /// Sending desk.
    pub desk: Arc<str>,
    /// Accepted at.
    pub accepted_at: OffsetDateTime,
    /// Nothing is released after this.
    pub expires_at: OffsetDateTime,
    /// Nothing is released before this.
    pub not_before: Option<OffsetDateTime>,
    /// Wrapped key.
    pub wrapped_key: Vec<u8>,
    /// Sealed message.
    pub body: Vec<u8>,
    /// Sealed decision.
    pub decision: Vec<u8>,
    /// Tokens of its subjects.
    pub tokens: Vec<Token>,
    /// The earlier message that it follows.
    pub settles: Option<MessageKey>,
}

/// Opens a stored message and its decision. `None`: erased, damaged, or its sender has left
/// the directory.
#[must_use]
pub fn reopen(stored: &Stored, vault: &Vault, directory: &Directory) -> Option<(Admitted, Kept)> {
    let key = vault.unwrap(&stored.wrapped_key).ok()?;
    let place = stored.key.place();
    let body = key.open(Part::Message, &place, &stored.body).ok()?;
    let kept = key.open(Part::Decision, &place, &stored.decision).ok()?;
    let kept = Kept::from_bytes(&kept)?;
    let desk_index = directory.desk_index(&stored.key.agency, &stored.desk)?;
    let desk = directory.desk(desk_index)?;
    let sender = Sender {
        agency: Arc::clone(&stored.key.agency),
        kind: desk.agency_kind,
        node: Arc::clone(&stored.node),
        desk: desk_index,
        desk_id: Arc::clone(&stored.desk),
        regime: desk.regime,
    };
    let mut admitted = message::readmit(&body, sender, vault, stored.accepted_at)?;
    admitted.expires_at = stored.expires_at;
    Some((admitted, kept))
}

/// The part of a message that concerns a desk which gained a stake after it was decided.
pub struct Late {
    /// The message.
    pub admitted: Admitted,
    /// The candidates that are new, each with what it may be given; `None`: it is refused, for good.
    pub candidates: Vec<(CandidateDecision, Option<Parcel>)>,
    /// The decision, sealed again with the new candidates.
    pub sealed_decision: Vec<u8>,
}

/// Decides a stored message for desks that had no stake in it when it came: a flag raised
/// today is matched against custody news that is still alive, and a merge is told to whoever was
/// found to have something of either number. Whoever was told of a merge is told again where
/// it has been given more since.
///
/// Whoever is refused now is refused as at publish: no later flag, link or merge gives it this.
///
/// `earlier`: what is on record of what the message follows.
///
/// # Errors
/// No randomness.
pub fn decide_late(
    stored: &Stored,
    earlier: &Earlier,
    rules: &Rules,
    vault: &Vault,
    chance: &dyn Chance,
    now: OffsetDateTime,
) -> Result<Option<Late>, SealError> {
    let Some((admitted, mut kept)) = reopen(stored, vault, &rules.directory) else {
        return Ok(None);
    };
    let addressed = routing::resolve(&admitted, earlier, &rules.directory, &rules.register, now);
    let decided = decision::decide(&admitted, &addressed, rules, now);
    let mut candidates = Vec::new();
    for candidate in decided.candidates {
        let task = candidate.task.map_or(0, |task| task as i32);
        // A refusal at publish never becomes a release: only desks that were no candidates.
        // Who holds a part in the case hears what comes from then on; what came before is handed over.
        let by_part = !earlier.looked_for
            && candidate.reasons.iter().all(|why| matches!(why, Reason::Role(_)));
        if by_part {
            continue;
        }
        let mut known = kept.candidates.iter_mut();
        let known = known.find(|known| known.desk == candidate.desk && known.task == task);
        let decided = KeptCandidate::of(&candidate, earlier);
        match known {
            Some(known) if known.refusal == 0 && decided.has_more_than(known) => *known = decided,
            Some(_) => continue,
            None => kept.candidates.push(decided),
        }
        let view = candidate.outcome.as_ref().ok();
        let parcel = view.map(|view| parcel::pack(&admitted, view, stored.accepted_at));
        candidates.push((candidate, parcel));
    }
    let key = vault.unwrap(&stored.wrapped_key)?;
    let place = stored.key.place();
    let sealed_decision = key.seal(chance, Part::Decision, &place, &kept.to_bytes())?;
    Ok(Some(Late { admitted, candidates, sealed_decision }))
}

/// How it stands at a desk with the message that another follows, when that is to be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It follows none for which it had to wait.
    Nothing,
    /// The desk has been given it.
    Given,
    /// The desk was not given it and has passed its turn: it was refused, or has run out.
    NotGiven,
}

/// Decides again for one desk, at release, and keeps the stricter of both outcomes. `preceding`:
/// how it stands there with what this message follows.
///
/// # Errors
/// Why nothing may be released to it any more. Final.
pub fn decide_again(
    admitted: &Admitted,
    kept: &Kept,
    (desk, task): (&DeskName, i32),
    preceding: Before,
    rules: &Rules,
    now: OffsetDateTime,
) -> Result<(View, CandidateDecision), Refusal> {
    if now >= admitted.expires_at {
        return Err(Refusal::Expired);
    }
    decide_of_given(admitted, kept, (desk, task), preceding, rules, now)
}

/// The same of what a desk was given already, which does not run out there.
///
/// # Errors
/// Why it may have nothing of it any more.
pub fn decide_of_given(
    admitted: &Admitted,
    kept: &Kept,
    (desk, task): (&DeskName, i32),
    preceding: Before,
    rules: &Rules,
    now: OffsetDateTime,
) -> Result<(View, CandidateDecision), Refusal> {
    let before = kept
        .candidates
        .iter()
        .find(|c| c.desk == *desk && c.task == task && c.refusal == 0)
        .ok_or(Refusal::NoPermit)?;
    let earlier = kept.earlier(before, preceding);
    let addressed = routing::resolve(admitted, &earlier, &rules.directory, &rules.register, now);
    let decided = decision::decide(admitted, &addressed, rules, now);
    let candidate = decided
        .candidates
        .into_iter()
        .find(|c| c.desk == *desk && c.task.map_or(0, |t| t as i32) == task)
        .ok_or(Refusal::NoPermit)?;
    let mut view = candidate.outcome.clone()?;
    // For whom the earlier message only waits, it has to be given that first.
    let waits = candidate.by_holding && candidate.reasons.contains(&Reason::Concerned);
    let waited = before.by_holding && before.reasons.contains(&Reason::Concerned.name());
    if waits || (waited && preceding != Before::Given) {
        return Err(Refusal::NoPermit);
    }
    narrow(&mut view, before, admitted.received_at);
    view.documents.retain(|place, _| before.documents.contains(place));
    view.notice_only |= before.notice_only;
    // Who was removed at first is removed still, and so is what names him.
    decision::close(admitted, &candidate.staked, &candidate.verdicts, &mut view)?;
    Ok((view, candidate))
}

/// Holds a view to what an earlier decision withheld and demanded.
fn narrow(view: &mut View, before: &KeptCandidate, accepted_at: OffsetDateTime) {
    for (place, slot) in view.subjects.iter_mut().enumerate() {
        let earlier = before.subjects.get(place).filter(|earlier| earlier.shown);
        match (slot.as_mut(), earlier) {
            (Some(verdict), Some(earlier)) => {
                *verdict = Arc::new(stricter(verdict, earlier));
                let hours = earlier.act_by_hours.map(|h| accepted_at + Duration::hours(h.into()));
                let days = earlier.delete_by_days.map(|d| accepted_at + Duration::days(d.into()));
                view.act_by = view.act_by.into_iter().chain(hours).min();
                view.delete_by = view.delete_by.into_iter().chain(days).min();
            }
            (Some(_), None) => *slot = None,
            (None, _) => {}
        }
    }
}

/// A verdict with all that an earlier one withheld and added.
fn stricter(verdict: &Verdict, earlier: &KeptSubject) -> Verdict {
    let mut stricter = verdict.clone();
    if let Ok(permit) = stricter.outcome.as_mut() {
        let hidden = earlier.withheld.iter().filter_map(|f| wire::Field::try_from(*f).ok());
        permit.withheld.extend(hidden.filter(|field| !permit.masked.contains(field)));
        let added = earlier.handling.iter();
        permit.handling.extend(added.filter_map(|c| wire::HandlingCondition::try_from(*c).ok()));
    }
    stricter
}
