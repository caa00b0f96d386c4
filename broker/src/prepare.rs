//! Makes a message ready for the ledger: routed, decided, packed and sealed.
//!
//! Called before the appender, where many messages are prepared side by side, and again by
//! the appender for a message whose rules moved meanwhile. So there is one way only from a
//! message to what may be released of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::refusal::Refusal;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::chance::Chance;
use crate::decision::{self, CandidateDecision, Decided, View};
use crate::directory::{Directory, MessageKind};
use crate::message::{self, Admitted, MessageKey, Sender, SubjectFacts};
use crate::parcel::{self, Parcel};
use crate::policy::Verdict;
use crate::register::{self, DeskName};
use crate::routing;
use crate::rules::Rules;
use crate::seal::{Part, SealError, Token, Vault, WRAPPED_BYTES};

mod kept;

pub use kept::{Kept, KeptCandidate, KeptSubject};

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
    /// What it changes in the register, which then must be committed alone.
    pub register: Vec<register::Change>,
}

/// What a withdrawal or a settled custody message cites.
#[must_use]
pub fn cites(admitted: &Admitted) -> Option<MessageKey> {
    let (_, id) = citation(admitted)?;
    let id = Uuid::try_parse(id).ok()?;
    Some(MessageKey { agency: Arc::clone(&admitted.key.agency), id })
}

/// The field in which a message cites an earlier one of its agency; `None` where it cites none.
#[must_use]
pub fn citing_field(admitted: &Admitted) -> Option<&'static str> {
    citation(admitted).map(|(field, _)| field)
}

fn citation(admitted: &Admitted) -> Option<(&'static str, &str)> {
    let (field, id) = match &admitted.message.kind {
        Some(Kind::Correction(correction)) => ("correction.message_id", &correction.message_id),
        Some(Kind::Custody(custody)) => ("custody.settles_message_id", &custody.settles_message_id),
        Some(Kind::Intelligence(_) | Kind::Mappa(_) | Kind::Flag(_)) | None => return None,
    };
    (!id.is_empty()).then_some((field, id))
}

/// Whether a flag message, if it is one, is of a kind that its sender may raise. Depends on the
/// two kinds and on nothing that is on record, so that the sender may be told.
#[must_use]
pub fn may_raise(admitted: &Admitted, directory: &Directory) -> bool {
    match &admitted.message.kind {
        Some(Kind::Flag(flag)) => directory.may_raise(flag.flag_kind(), admitted.sender.kind),
        Some(Kind::Intelligence(_) | Kind::Mappa(_) | Kind::Custody(_) | Kind::Correction(_))
        | None => true,
    }
}

/// Routes, decides, packs and seals.
///
/// `holders`: for a withdrawal, the desks that were given the original; nobody else is then
/// a candidate. `None` for every other message.
///
/// # Errors
/// No randomness for keys.
pub fn prepare(
    admitted: Arc<Admitted>,
    holders: Option<&[DeskName]>,
    rules: &Rules,
    vault: &Vault,
    chance: &dyn Chance,
    now: OffsetDateTime,
) -> Result<Prepared, SealError> {
    let addressed = match holders {
        Some(holders) => {
            routing::resolve_holders(&admitted, holders, &rules.directory, &rules.register)
        }
        None => routing::resolve(&admitted, &rules.directory, &rules.register, now),
    };
    let decided = decision::decide(&admitted, &addressed, rules, now);
    let parcels = pack_each(&admitted, &decided, now);
    let place = admitted.key.place();
    let key = vault.fresh_key(chance)?;
    let body = admitted.message.encode_to_vec();
    let kept = Kept::of(&admitted, &decided).to_bytes();
    Ok(Prepared {
        sealed_body: key.seal(chance, Part::Message, &place, &body)?,
        sealed_decision: key.seal(chance, Part::Decision, &place, &kept)?,
        wrapped_key: key.wrapped,
        register: register_changes(&admitted, rules),
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

/// What a flag message does to the register. A sender that may not raise this kind changes
/// nothing: it was told so, unless the directory has changed since.
fn register_changes(admitted: &Admitted, rules: &Rules) -> Vec<register::Change> {
    if let Some(Kind::Correction(_)) = &admitted.message.kind {
        return mark_taken_back(admitted, rules).into_iter().collect();
    }
    let Some(Kind::Flag(flag)) = &admitted.message.kind else { return Vec::new() };
    let Some(subject) = admitted.subjects.first().filter(|s| s.routes() && !s.tokens.is_empty())
    else {
        return Vec::new();
    };
    if !may_raise(admitted, &rules.directory) {
        return Vec::new();
    }
    if flag.flag_kind() == wire::FlagKind::LimitedAccess {
        return limited_change(admitted, flag.action(), rules).into_iter().collect();
    }
    flag_change(admitted, flag, subject, rules).into_iter().collect()
}

/// What a message about a list does to it. It speaks of its sender's own flag: each agency that
/// may raise one has its own on a person, and a proposal changes none that stands.
fn flag_change(
    admitted: &Admitted,
    flag: &wire::Flag,
    subject: &SubjectFacts,
    rules: &Rules,
) -> Option<register::Change> {
    let (kind, by) = (flag.flag_kind, &admitted.sender.agency);
    let mut tokens: BTreeSet<_> = subject.tokens.iter().copied().collect();
    let mut own = rules.register.with_proposals(&tokens);
    own.retain(|known| known.kind == kind && known.owner.agency == *by);
    let current = own.iter().find(|flag| !flag.proposed).or(own.first());
    match flag.action() {
        wire::FlagAction::Unspecified => None,
        wire::FlagAction::Propose if current.is_some_and(|flag| !flag.proposed) => None,
        wire::FlagAction::Deselect => {
            let tokens = subject.tokens.clone();
            current.map(|_| register::Change::FlagRemoved { kind, tokens, by: Arc::clone(by) })
        }
        action @ (wire::FlagAction::Propose
        | wire::FlagAction::Raise
        | wire::FlagAction::Amend
        | wire::FlagAction::Transfer) => {
            // Fewer numbers than were known before are no reason to match fewer.
            tokens.extend(own.iter().flat_map(|flag| flag.tokens.iter().copied()));
            let review_day = register::day_of(&flag.review_date);
            Some(register::Change::Flag(register::Flag {
                id: admitted.key.id,
                kind,
                owner: flag_owner(admitted, flag, current, rules),
                tokens: tokens.into_iter().collect(),
                name_token: subject.name_token.or(current.and_then(|flag| flag.name_token)),
                review_day: review_day.or(current.map(|f| f.review_day)).unwrap_or(0),
                proposed: stays_proposed(action, current),
                by: Arc::clone(by),
            }))
        }
    }
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

/// Whether a flag is a proposal after a message about it: only a panel's decision ends that.
fn stays_proposed(action: wire::FlagAction, current: Option<&Arc<register::Flag>>) -> bool {
    match action {
        wire::FlagAction::Propose => true,
        wire::FlagAction::Amend => current.is_none_or(|flag| flag.proposed),
        wire::FlagAction::Raise
        | wire::FlagAction::Transfer
        | wire::FlagAction::Deselect
        | wire::FlagAction::Unspecified => false,
    }
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
        wire::FlagAction::Propose | wire::FlagAction::Transfer | wire::FlagAction::Unspecified => {
            None
        }
    }
}

/// The withdrawal of a message takes back the mark of limited access that it stated.
fn mark_taken_back(admitted: &Admitted, rules: &Rules) -> Option<register::Change> {
    let MessageKey { agency, id: message } = cites(admitted)?;
    let stated = rules.register.mark_rests_on(&agency, message);
    stated.then_some(register::Change::LimitedTakenBack { agency, message })
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
    /// What it settles.
    pub settles: Option<Uuid>,
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
    /// The candidates that are new and permitted, each with what it may be given.
    pub candidates: Vec<(CandidateDecision, Parcel)>,
    /// The decision, sealed again with the new candidates.
    pub sealed_decision: Vec<u8>,
}

/// Decides a stored message for desks that had no stake in it when it came: a flag raised
/// today is matched against custody news that is still alive.
///
/// # Errors
/// No randomness.
pub fn decide_late(
    stored: &Stored,
    rules: &Rules,
    vault: &Vault,
    chance: &dyn Chance,
    now: OffsetDateTime,
) -> Result<Option<Late>, SealError> {
    let Some((admitted, mut kept)) = reopen(stored, vault, &rules.directory) else {
        return Ok(None);
    };
    let addressed = routing::resolve(&admitted, &rules.directory, &rules.register, now);
    let decided = decision::decide(&admitted, &addressed, rules, now);
    let mut candidates = Vec::new();
    for candidate in decided.candidates {
        let task = candidate.task.map_or(0, |task| task as i32);
        // A refusal at publish never becomes a release: only desks that were no candidates.
        let known = kept.candidates.iter().any(|k| k.desk == candidate.desk && k.task == task);
        if known {
            continue;
        }
        kept.candidates.push(KeptCandidate::of(&candidate));
        if let Ok(view) = &candidate.outcome {
            let parcel = parcel::pack(&admitted, view, stored.accepted_at);
            candidates.push((candidate, parcel));
        }
    }
    let key = vault.unwrap(&stored.wrapped_key)?;
    let place = stored.key.place();
    let sealed_decision = key.seal(chance, Part::Decision, &place, &kept.to_bytes())?;
    Ok(Some(Late { admitted, candidates, sealed_decision }))
}

/// Decides again for one desk, at release, and keeps the stricter of both outcomes.
///
/// # Errors
/// Why nothing may be released to it any more. Final.
pub fn decide_again(
    admitted: &Admitted,
    kept: &Kept,
    desk: &DeskName,
    task: i32,
    rules: &Rules,
    now: OffsetDateTime,
) -> Result<(View, CandidateDecision), Refusal> {
    if now >= admitted.expires_at {
        return Err(Refusal::Expired);
    }
    let before = kept
        .candidates
        .iter()
        .find(|c| c.desk == *desk && c.task == task && c.refusal == 0)
        .ok_or(Refusal::NoPermit)?;
    let addressed = if admitted.to_holders_only() {
        let desk = std::slice::from_ref(desk);
        routing::resolve_holders(admitted, desk, &rules.directory, &rules.register)
    } else {
        routing::resolve(admitted, &rules.directory, &rules.register, now)
    };
    let decided = decision::decide(admitted, &addressed, rules, now);
    let candidate = decided
        .candidates
        .into_iter()
        .find(|c| c.desk == *desk && c.task.map_or(0, |t| t as i32) == task)
        .ok_or(Refusal::NoPermit)?;
    let mut view = candidate.outcome.clone()?;
    narrow(&mut view, before, admitted.received_at);
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
