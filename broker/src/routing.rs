//! Who has a stake in a message, and why.
//!
//! Pure: a message, the directory and the register in, candidates out. Promises that only
//! suspects, convicted and managed persons match flags, links, areas and interests, and
//! that a candidate without a reason cannot exist. Knows nothing of entitlement: a
//! candidate is somebody to ask policy about, no more.

mod earlier;

mod roles;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{AreaRole, Field, FlagKind, LimitedAccess, PartyRole, TaskKind};
use proto::text::Named as _;
use time::OffsetDateTime;

use crate::directory::{Desk, DeskIndex, Directory, Function, MessageKind, Part, Programme};
use crate::message::{Admitted, SubjectFacts};
use crate::policy::{KindFacts, Stake};
use crate::register::{Flag, Register};
use crate::seal::Token;

pub use earlier::{Earlier, HeldOfPerson};

/// Attribute of desks that co-ordinate drug interventions.
pub const DRUG_INTERVENTIONS: &str = "drug-interventions";

/// Why a desk has a stake in a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The sender named it.
    Addressed,
    /// It serves an area of the message.
    Area(AreaRole),
    /// It holds this part in the person's case today, by what is on record.
    Role(AreaRole),
    /// It owns a flag on the person.
    FlagOwner(FlagKind),
    /// It has an approved interest in the person.
    Interest,
    /// The person is on no list and it keeps the selection list for the area.
    Selection,
    /// It was given the message that this one follows.
    Holder,
    /// It is owed word of what came of an earlier message.
    Owed,
    /// The message that this one follows waits for it, or it has to do with the person that is
    /// asked about.
    Concerned,
    /// The flag that this message changes was its until then.
    Owned,
    /// Its message is answered.
    Asked,
    /// It provides the programme that the person is referred to.
    Provider,
}

/// How the written name of a flag owner's reason begins.
pub const FLAG_OWNER: &str = "flag:";

impl Reason {
    /// The written name.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Addressed => "addressed".into(),
            Self::Area(role) => format!("area:{}", role.name()),
            Self::Role(role) => format!("role:{}", role.name()),
            Self::FlagOwner(kind) => format!("{FLAG_OWNER}{}", kind.name()),
            Self::Interest => "interest".into(),
            Self::Selection => "selection".into(),
            Self::Holder => "holder".into(),
            Self::Owed => "owed".into(),
            Self::Concerned => "concerned".into(),
            Self::Owned => "owned".into(),
            Self::Asked => "asked".into(),
            Self::Provider => "provider".into(),
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
            addressed: has(|r| matches!(r, Reason::Addressed | Reason::Asked | Reason::Provider)),
            flag_owner: has(|r| matches!(r, Reason::FlagOwner(_) | Reason::Owned)),
            in_area: has(|r| matches!(r, Reason::Area(_) | Reason::Role(_))),
            selection: has(|r| matches!(r, Reason::Selection)),
            holder: has(|r| matches!(r, Reason::Holder | Reason::Concerned)),
        }
    }
}

/// Every candidate of a message, each with its reasons. Made only by [`resolve`]; no candidates
/// is an answer, not an omission.
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
    /// What the message follows.
    pub earlier: Earlier,
    _resolved: Resolved,
}

/// That directory and register were asked. Only this module can say so.
#[derive(Clone, Debug)]
struct Resolved;

/// Finds everyone with a stake. What goes to holders only has no other candidates, what is shared by
/// emergency access none but those it names, and whoever the sender keeps it from is none.
#[must_use]
pub fn resolve(
    admitted: &Admitted,
    earlier: &Earlier,
    directory: &Directory,
    register: &Register,
    now: OffsetDateTime,
) -> Addressed {
    let count = admitted.subjects.len();
    let mut found = Found { admitted, count, candidates: BTreeMap::new() };
    let (flags, overdue);
    let by_name_alone = admitted.break_glass().is_some();
    if !admitted.to_holders_only() && !by_name_alone && routes_widely(admitted) {
        (flags, overdue) = route_people(&mut found, directory, register, now);
        let listed: Vec<bool> = flags
            .iter()
            .zip(&overdue)
            .map(|(on, late)| !on.is_empty() || !late.is_empty())
            .collect();
        route_places(&listed, &mut found, directory);
        route_treatment_gaps(&flags, &mut found, directory, register);
    } else {
        // Lists bring this to nobody, and yet what is agreed may rest on them.
        (flags, overdue) = lists(admitted, register, now);
    }
    if !admitted.to_holders_only() {
        route_named(&mut found, directory);
    }
    if !by_name_alone {
        if !admitted.to_holders_only() {
            route_referral(&mut found, directory);
        }
        earlier::route(earlier, &mut found, directory, register);
    }
    let mut candidates = found.into_candidates();
    // Whom such a question concerns is looked for beside the writer, and everybody is asked at once.
    let unasked = admitted.asks_whoever_holds() && !earlier.looked_for;
    candidates.retain(|candidate| {
        let agency = directory.desk(candidate.desk).map(|desk| &desk.agency);
        !unasked
            && agency.is_none_or(|agency| !admitted.message.not_to.iter().any(|n| *n == **agency))
    });
    Addressed {
        candidates,
        flags,
        overdue,
        limited: limited(admitted, register),
        earlier: earlier.clone(),
        _resolved: Resolved,
    }
}

/// Whether people and places bring a message to anybody. A referral rests on consent and a
/// question on who is asked: lists and areas have no part in them; an answer is for whoever asked.
fn routes_widely(admitted: &Admitted) -> bool {
    let asked_by_name = match &admitted.message.kind {
        Some(Kind::Request(request)) => !request.whoever_holds,
        Some(
            Kind::Intelligence(_)
            | Kind::Mappa(_)
            | Kind::Custody(_)
            | Kind::Flag(_)
            | Kind::Correction(_)
            | Kind::DrugTest(_)
            | Kind::Enforcement(_)
            | Kind::Action(_)
            | Kind::Placement(_)
            | Kind::Court(_),
        ) => false,
        Some(Kind::Referral(_) | Kind::Response(_)) | None => return false,
    };
    !asked_by_name && admitted.message.in_reply_to.is_empty()
}

/// Lists, interests and possible matches of everybody who routes. Answers the lists each is on,
/// and those each is on by an overdue flag.
fn route_people(
    found: &mut Found<'_>,
    directory: &Directory,
    register: &Register,
    now: OffsetDateTime,
) -> (Vec<BTreeSet<FlagKind>>, Vec<BTreeSet<FlagKind>>) {
    let admitted = found.admitted;
    let each = admitted.subjects.iter().enumerate().map(|(position, subject)| {
        if subject.routes() {
            route_person(position, subject, found, directory, register, now)
        } else {
            (BTreeSet::new(), BTreeSet::new())
        }
    });
    each.unzip()
}

/// Somebody on the list of priority offenders who tests positive and is on no list of drug
/// interventions: whoever owns the flag is asked to see to it, and whoever co-ordinates drug
/// interventions there. That says nothing of treatment: whether he is in any is not known here.
///
/// Only where the result is shared for advice and treatment (PACE s.63B(7)); and nobody who is
/// asked learns of a list that was not his own.
fn route_treatment_gaps(
    flags: &[BTreeSet<FlagKind>],
    found: &mut Found<'_>,
    directory: &Directory,
    register: &Register,
) {
    let admitted = found.admitted;
    let Some(Kind::DrugTest(test)) = &admitted.message.kind else { return };
    if test.result() != wire::DrugTestResult::Positive
        || test.r#use() != wire::DrugTestUse::AdviceAndTreatment
    {
        return;
    }
    let gap = Some(TaskKind::TreatmentGap);
    for (position, (subject, on)) in admitted.subjects.iter().zip(flags).enumerate() {
        if !on.contains(&FlagKind::Ppo) || on.contains(&FlagKind::Dip) {
            continue;
        }
        let known = register.linked(&subject.tokens);
        for flag in register.flags(&known) {
            if flag.flag_kind() == FlagKind::Ppo
                && let Some(owner) = owner(&flag, directory)
            {
                found.add(owner, gap, position, Reason::FlagOwner(FlagKind::Ppo));
            }
        }
        for area in &admitted.message.areas {
            for desk in directory.desks_for(MessageKind::Task, &area.code) {
                let coordinates = directory
                    .desk(desk)
                    .is_some_and(|desk| desk.attributes.contains(DRUG_INTERVENTIONS));
                if coordinates {
                    found.add(desk, gap, position, Reason::Area(area.role()));
                }
            }
        }
    }
}

/// The lists each person is on, and those each is on by an overdue flag.
fn lists(
    admitted: &Admitted,
    register: &Register,
    now: OffsetDateTime,
) -> (Vec<BTreeSet<FlagKind>>, Vec<BTreeSet<FlagKind>>) {
    let each = admitted.subjects.iter().map(|subject| {
        if subject.routes() {
            by_review(&register.flags(&register.linked(&subject.tokens)), now)
        } else {
            (BTreeSet::new(), BTreeSet::new())
        }
    });
    each.unzip()
}

/// The lists that flags put somebody on, and those by a flag that is overdue.
fn by_review(flags: &[Arc<Flag>], now: OffsetDateTime) -> (BTreeSet<FlagKind>, BTreeSet<FlagKind>) {
    let (overdue, on): (Vec<_>, Vec<_>) = flags.iter().partition(|flag| flag.stale(now));
    let kinds = |flags: Vec<&Arc<Flag>>| flags.iter().map(|flag| flag.flag_kind()).collect();
    (kinds(on), kinds(overdue))
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
    roles::route(position, &known, found, directory, register, now);
    let flags = register.flags(&known);
    for flag in &flags {
        let kind = flag.flag_kind();
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
        concerned.retain(|flag| !is_spoken_of(flag, &known, found.admitted));
        ask_owners(&concerned, TaskKind::LinkDisputed, position, found, directory);
    }
    let alike = possible_matches(subject, register);
    ask_owners(&alike, TaskKind::PossibleMatch, position, found, directory);
    by_review(&flags, now)
}

/// Whether a message does something to this very flag: its sender has it at hand and is asked nothing
/// about it. What is done may give it another owner, or none, before a question has gone out.
fn is_spoken_of(flag: &Flag, known: &BTreeSet<Token>, admitted: &Admitted) -> bool {
    let of_kind = matches!(
        &admitted.message.kind,
        Some(Kind::Flag(said)) if said.flag_kind == flag.kind
    );
    of_kind
        && flag.owner.agency == admitted.sender.agency
        && flag.tokens.iter().any(|token| known.contains(token))
}

/// Flags on somebody of this name and birth date under other numbers, whose owner has not said
/// that it is not this person.
#[must_use]
pub fn possible_matches(subject: &SubjectFacts, register: &Register) -> Vec<Arc<Flag>> {
    let of_name = subject.name_token.map_or(&[][..], |name| register.flags_by_name(name));
    if of_name.is_empty() {
        return Vec::new();
    }
    let known = register.linked(&subject.tokens);
    let of_name = of_name.iter().filter(|flag| {
        !flag.is_proposal() && !flag.tokens.iter().any(|token| known.contains(token))
    });
    let is_open = |flag: &&Arc<Flag>| {
        !register.is_ruled_out(&flag.owner.agency, &subject.tokens, &flag.tokens)
    };
    of_name.filter(is_open).cloned().collect()
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

/// Whoever provides a programme: for each person of a referral that is made, the desk that works
/// with people of that person's part in it.
fn route_referral(found: &mut Found<'_>, directory: &Directory) {
    let Some((referral, programme)) = of_programme(found.admitted, directory) else { return };
    if referral.step() != wire::ReferralStep::Made {
        return;
    }
    for position in 0..found.count {
        let provider = programme.part(part_of(referral, position)).map(|part| &part.provider);
        if let Some(desk) = provider.and_then(|provider| directory.provider_desk(provider)) {
            found.add(desk, None, position, Reason::Provider);
        }
    }
}

/// The referral that a message is about, and its programme.
fn of_programme<'a>(
    admitted: &'a Admitted,
    directory: &'a Directory,
) -> Option<(&'a wire::Referral, &'a Programme)> {
    match &admitted.message.kind {
        Some(Kind::Referral(referral)) => {
            Some((referral, directory.programme(&referral.programme)?))
        }
        Some(_) | None => None,
    }
}

/// The part a person takes. Where no party is the participant, the first person is.
fn part_of(referral: &wire::Referral, position: usize) -> PartyRole {
    let named = referral.parties.iter().find(|party| party.subject as usize == position);
    let anybody = referral.parties.iter().any(|party| party.role() == PartyRole::Participant);
    named.map_or_else(
        || {
            if position == 0 && !anybody { PartyRole::Participant } else { PartyRole::Unspecified }
        },
        wire::ReferralParty::role,
    )
}

/// The only fields that a desk may be shown of each person because of the programme it provides;
/// `None`: policy alone decides.
#[must_use]
pub fn shown_by_programme(
    admitted: &Admitted,
    earlier: &Earlier,
    desk: &Desk,
    directory: &Directory,
) -> Option<Vec<BTreeSet<Field>>> {
    if corrects_referral(admitted, earlier) {
        // Which programme it was is not at hand: its providers read nothing new of anybody.
        let provider = directory
            .programmes()
            .any(|programme| programme.parts().any(|part| provides(part, desk)));
        return provider.then(|| vec![BTreeSet::new(); admitted.subjects.len()]);
    }
    let (referral, programme) = of_programme(admitted, directory)?;
    // Where nobody's part is said any more, what it may know of each of those it works with.
    let own = programme.parts().filter(|part| provides(part, desk)).map(|part| part.fields.clone());
    let of_all = own.reduce(|one, other| &one & &other)?;
    let unsaid = referral.parties.is_empty() && referral.step() != wire::ReferralStep::Made;
    let of_part = |position| {
        let part = programme.part(part_of(referral, position)).filter(|part| provides(part, desk));
        part.map(|part| part.fields.clone()).unwrap_or_default()
    };
    let positions = 0..admitted.subjects.len();
    Some(positions.map(|at| if unsaid { of_all.clone() } else { of_part(at) }).collect())
}

fn provides(part: &Part, desk: &Desk) -> bool {
    (&part.provider.agency, &part.provider.desk) == (&desk.agency, &desk.id)
}

/// Whether a message puts right what a referral said.
fn corrects_referral(admitted: &Admitted, earlier: &Earlier) -> bool {
    matches!(admitted.message.kind, Some(Kind::Correction(_)))
        && matches!(earlier.facts, Some(KindFacts::Referral(_)))
}

/// Desks the sender named: as addressees, or by the kind, as a flag's owner, who must hear that
/// it is.
fn route_named(found: &mut Found<'_>, directory: &Directory) {
    let admitted = found.admitted;
    for named in admitted.message.addressees.iter().chain(admitted.named_by_kind()) {
        let desks = directory.desks().filter(|(_, desk)| {
            *desk.agency == *named.agency
                && desk.kinds.contains(&admitted.kind)
                && (named.desk.is_empty() || *desk.id == *named.desk)
        });
        for (desk, _) in desks.collect::<Vec<_>>() {
            found.every_subject(desk, Reason::Addressed);
        }
    }
}
