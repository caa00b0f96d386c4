//! Who has a stake in a message, and why.
//!
//! Pure: a message, the directory and the register in, candidates out. Promises that only
//! suspects, convicted and managed persons match flags, links, areas and interests, and
//! that a candidate without a reason cannot exist. Knows nothing of entitlement: a
//! candidate is somebody to ask policy about, no more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{AreaRole, FlagKind, LimitedAccess, TaskKind};
use proto::text::Named as _;
use time::OffsetDateTime;

use crate::directory::{DeskIndex, Directory, Function};
use crate::message::{Admitted, SubjectFacts};
use crate::policy::Stake;
use crate::register::{DeskName, Flag, Register};
use crate::seal::Token;

/// Why a desk has a stake in a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The sender named it.
    Addressed,
    /// It serves an area of the message.
    Area(AreaRole),
    /// It owns a flag on the person.
    FlagOwner(FlagKind),
    /// It has an approved interest in the person.
    Interest,
    /// The person is on no list and it keeps the selection list for the area.
    Selection,
    /// It was given the message that this one withdraws.
    Holder,
}

impl Reason {
    /// The written name.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Addressed => "addressed".into(),
            Self::Area(role) => format!("area:{}", role.name()),
            Self::FlagOwner(kind) => format!("flag:{}", kind.name()),
            Self::Interest => "interest".into(),
            Self::Selection => "selection".into(),
            Self::Holder => "holder".into(),
        }
    }
}

/// A desk policy must be asked about.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Desk.
    pub desk: DeskIndex,
    /// Set when the desk is not to get the message but to be asked to settle something.
    pub task: Option<TaskKind>,
    /// Reasons, subject by subject. At least one subject has one.
    pub reasons: Vec<BTreeSet<Reason>>,
}

impl Candidate {
    /// What policy may know of the stake in one subject.
    #[must_use]
    pub fn stake(&self, subject: usize) -> Stake {
        let has = |test: fn(&Reason) -> bool| {
            self.reasons.get(subject).is_some_and(|reasons| reasons.iter().any(test))
        };
        Stake {
            addressed: has(|r| matches!(r, Reason::Addressed)),
            flag_owner: has(|r| matches!(r, Reason::FlagOwner(_))),
            in_area: has(|r| matches!(r, Reason::Area(_))),
            selection: has(|r| matches!(r, Reason::Selection)),
        }
    }
}

/// Every candidate of a message, each with its reasons. Made only by [`resolve`] and
/// [`resolve_holders`]; no candidates is an answer, not an omission.
#[derive(Clone, Debug)]
pub struct Addressed {
    /// Candidates, in the directory's order.
    pub candidates: Vec<Candidate>,
    /// Lists each subject is on.
    pub flags: Vec<BTreeSet<FlagKind>>,
    /// Lists each subject is on by a flag whose review is long overdue: these count for the
    /// owner, police and probation, and for no partner.
    pub overdue: Vec<BTreeSet<FlagKind>>,
    /// What the register knows of limited access to each subject's record.
    pub limited: Vec<LimitedAccess>,
    _resolved: Resolved,
}

/// That directory and register were asked. Only this module can say so.
#[derive(Clone, Debug)]
struct Resolved;

/// Finds everyone with a stake.
#[must_use]
pub fn resolve(
    admitted: &Admitted,
    directory: &Directory,
    register: &Register,
    now: OffsetDateTime,
) -> Addressed {
    let count = admitted.subjects.len();
    let mut found = Found { admitted, count, candidates: BTreeMap::new() };
    let (mut flags, mut overdue) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for (position, subject) in admitted.subjects.iter().enumerate() {
        let (current, late) = if subject.routes() {
            route_person(position, subject, &mut found, directory, register, now)
        } else {
            (BTreeSet::new(), BTreeSet::new())
        };
        flags.push(current);
        overdue.push(late);
    }
    let listed: Vec<bool> =
        flags.iter().zip(&overdue).map(|(on, late)| !on.is_empty() || !late.is_empty()).collect();
    route_places(&listed, &mut found, directory);
    route_addressees(&mut found, directory);
    Addressed {
        candidates: found.into_candidates(),
        flags,
        overdue,
        limited: limited(admitted, register),
        _resolved: Resolved,
    }
}

/// The candidates of a withdrawal: exactly the desks that were given the original.
#[must_use]
pub fn resolve_holders(
    admitted: &Admitted,
    holders: &[DeskName],
    directory: &Directory,
    register: &Register,
) -> Addressed {
    let count = admitted.subjects.len();
    let mut found = Found { admitted, count, candidates: BTreeMap::new() };
    for holder in holders {
        if let Some(desk) = directory.desk_index(&holder.agency, &holder.desk) {
            found.every_subject(desk, Reason::Holder);
        }
    }
    Addressed {
        candidates: found.into_candidates(),
        flags: vec![BTreeSet::new(); count],
        overdue: vec![BTreeSet::new(); count],
        limited: limited(admitted, register),
        _resolved: Resolved,
    }
}

/// What the register knows of limited access to each record. A mark on a number protects
/// whoever is named by it; only those who route are followed over links.
fn limited(admitted: &Admitted, register: &Register) -> Vec<LimitedAccess> {
    if !register.marks_any() {
        return vec![LimitedAccess::No; admitted.subjects.len()];
    }
    let access = |subject: &SubjectFacts| {
        let known = if subject.routes() {
            register.linked(&subject.tokens)
        } else {
            subject.tokens.iter().copied().collect()
        };
        register.limited_access(&known)
    };
    admitted.subjects.iter().map(access).collect()
}

struct Found<'a> {
    admitted: &'a Admitted,
    count: usize,
    candidates: BTreeMap<(DeskIndex, i32), Vec<BTreeSet<Reason>>>,
}

impl Found<'_> {
    fn add(&mut self, desk: DeskIndex, task: Option<TaskKind>, subject: usize, reason: Reason) {
        // A desk is not told its own news; it may still be asked to settle something.
        if desk == self.admitted.sender.desk && task.is_none() {
            return;
        }
        let count = self.count;
        let key = (desk, task.map_or(0, |task| task as i32));
        let reasons = self.candidates.entry(key).or_insert_with(|| vec![BTreeSet::new(); count]);
        if let Some(reasons) = reasons.get_mut(subject) {
            reasons.insert(reason);
        }
    }

    fn every_subject(&mut self, desk: DeskIndex, reason: Reason) {
        for subject in 0..self.count {
            self.add(desk, None, subject, reason);
        }
    }

    fn into_candidates(self) -> Vec<Candidate> {
        self.candidates
            .into_iter()
            .map(|((desk, task), reasons)| Candidate {
                desk,
                task: TaskKind::try_from(task).ok().filter(|t| *t != TaskKind::Unspecified),
                reasons,
            })
            .collect()
    }
}

/// Flags, interests and possible matches of one person. Answers the lists he is on, and
/// those he is on by an overdue flag.
fn route_person(
    position: usize,
    subject: &SubjectFacts,
    found: &mut Found<'_>,
    directory: &Directory,
    register: &Register,
    now: OffsetDateTime,
) -> (BTreeSet<FlagKind>, BTreeSet<FlagKind>) {
    let known = register.linked(&subject.tokens);
    let flags = register.flags(&known);
    let (mut on, mut overdue) = (BTreeSet::new(), BTreeSet::new());
    for flag in &flags {
        let kind = flag.flag_kind();
        if flag.stale(now) {
            overdue.insert(kind)
        } else {
            on.insert(kind)
        };
        if let Some(owner) = owner(flag, directory) {
            found.add(owner, None, position, Reason::FlagOwner(kind));
            if area_unknown(found.admitted) {
                found.add(owner, Some(TaskKind::AreaUnknown), position, Reason::FlagOwner(kind));
            }
        }
    }
    for interest in register.interests(&known, now) {
        if interest.purpose() == found.admitted.message.purpose()
            && let Some(desk) = directory.desk_index(&interest.desk.agency, &interest.desk.desk)
            && directory.desk(desk).is_some_and(|desk| desk.kinds.contains(&found.admitted.kind))
        {
            found.add(desk, None, position, Reason::Interest);
        }
    }
    let disputed = register.disputed(&known.iter().copied().collect::<Vec<_>>());
    if !disputed.is_empty() {
        let mut concerned = flags.clone();
        concerned.extend(register.flags(&disputed));
        ask_owners(&concerned, TaskKind::LinkDisputed, position, found, directory);
    }
    let by_name = subject.name_token.map_or(&[][..], |name| register.flags_by_name(name));
    let others: Vec<Arc<Flag>> =
        by_name.iter().filter(|flag| is_someone_else(flag, &known)).cloned().collect();
    ask_owners(&others, TaskKind::PossibleMatch, position, found, directory);
    (on, overdue)
}

fn is_someone_else(flag: &Flag, known: &BTreeSet<Token>) -> bool {
    !flag.proposed && !flag.tokens.iter().any(|token| known.contains(token))
}

fn ask_owners(
    flags: &[Arc<Flag>],
    task: TaskKind,
    position: usize,
    found: &mut Found<'_>,
    directory: &Directory,
) {
    for flag in flags {
        if let Some(owner) = owner(flag, directory) {
            found.add(owner, Some(task), position, Reason::FlagOwner(flag.flag_kind()));
        }
    }
}

fn owner(flag: &Flag, directory: &Directory) -> Option<DeskIndex> {
    directory.desk_index(&flag.owner.agency, &flag.owner.desk)
}

fn area_unknown(admitted: &Admitted) -> bool {
    is_release(admitted) && admitted.message.areas.is_empty()
}

fn is_release(admitted: &Admitted) -> bool {
    matches!(
        &admitted.message.kind,
        Some(Kind::Custody(custody)) if matches!(
            custody.event(),
            wire::CustodyEvent::Release | wire::CustodyEvent::ReleasedInError
        )
    )
}

/// Desks that serve the message's areas.
fn route_places(listed: &[bool], found: &mut Found<'_>, directory: &Directory) {
    let admitted = found.admitted;
    if !admitted.subjects.iter().any(SubjectFacts::routes) {
        return;
    }
    for area in &admitted.message.areas {
        for desk in directory.desks_for(admitted.kind, &area.code) {
            if directory.desk(desk).is_some_and(|desk| desk.function == Function::Selection) {
                route_selection(desk, listed, found);
            } else {
                found.every_subject(desk, Reason::Area(area.role()));
            }
        }
    }
}

/// A released person on no list, of whom an offence class is known, goes to the desk that
/// keeps the selection list: the daily check also looks for people not yet flagged.
fn route_selection(desk: DeskIndex, listed: &[bool], found: &mut Found<'_>) {
    if !is_release(found.admitted) {
        return;
    }
    for (position, subject) in found.admitted.subjects.iter().enumerate() {
        let offence_known = found.admitted.message.statements.iter().any(|statement| {
            statement.field() == wire::Field::OffenceClass
                && statement.subjects.iter().any(|s| *s as usize == position)
        });
        let unlisted = listed.get(position).is_some_and(|listed| !listed);
        if subject.routes() && offence_known && unlisted {
            found.add(desk, None, position, Reason::Selection);
        }
    }
}

/// Desks the sender named: as addressees, and as a flag's owner, who must hear that it is.
fn route_addressees(found: &mut Found<'_>, directory: &Directory) {
    let message = &found.admitted.message;
    let owner = match &message.kind {
        Some(Kind::Flag(flag)) => flag.owner.as_ref(),
        Some(Kind::Intelligence(_) | Kind::Mappa(_) | Kind::Custody(_) | Kind::Correction(_))
        | None => None,
    };
    for addressee in message.addressees.iter().chain(owner) {
        let desks = directory.desks().filter(|(_, desk)| {
            *desk.agency == *addressee.agency
                && desk.kinds.contains(&found.admitted.kind)
                && (addressee.desk.is_empty() || *desk.id == *addressee.desk)
        });
        for (desk, _) in desks.collect::<Vec<_>>() {
            found.every_subject(desk, Reason::Addressed);
        }
    }
}
