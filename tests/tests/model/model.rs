//! The reference: what is on record of one sequence's people, and what must come of each step.
//!
//! Owns the tables of a sequence: messages and who was to be told, flags, statements that numbers
//! are one person's, and who was given what. Promises to be written from the project's pages and
//! not from its code, with loops over all there is where the product has indexes and caches.
//! Deliberately does not know: how a message reaches a broker, or how a view is written down.

mod advice;
mod earlier;
mod merges;
mod stakes;

use std::collections::{BTreeMap, BTreeSet};

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{AreaRole, CorrectionAction, EnforcementOutcome, FlagAction, TaskKind};
use time::{Duration, OffsetDateTime};

use super::register::{Number, Register, numbers};
use super::rules::{Facts, Granted};
use super::town::DESKS;
use super::view::{self, View};

/// What is the same for everybody at a moment.
#[derive(Clone, Debug)]
pub struct Town {
    pub now: OffsetDateTime,
    pub suspended: BTreeSet<&'static str>,
    /// Desks whose system is away.
    pub away: BTreeSet<usize>,
}

impl Town {
    /// Whether a desk can be given anything now.
    pub fn is_there(&self, desk: usize) -> bool {
        !self.away.contains(&desk) && !self.suspended.contains(DESKS[desk].agency)
    }
}

/// Why a desk has a stake in a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Addressed,
    Area,
    FlagOwner,
    Holder,
    Owed,
    Concerned,
    /// The flag that a message changes was its until then.
    Owned,
}

/// How it stands with what was permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Refused,
    Waiting,
    Given,
    /// It ran out first.
    Expired,
    Ended,
}

/// What was answered for one desk.
#[derive(Clone, Debug)]
pub struct Answer {
    pub desk: usize,
    pub task: Option<TaskKind>,
    reasons: BTreeSet<Reason>,
    pub state: State,
    /// What each person who stays comes without; as it was first decided.
    shown: Vec<Option<Granted>>,
    notice: bool,
    /// Whether nothing but the earlier message brings it this one.
    by_holding: bool,
    held: Option<Held>,
    /// Of a message about a flag: whom it was shown by the one before.
    seen: BTreeSet<Number>,
    /// Persons it was shown when it was given.
    saw: BTreeSet<usize>,
}

/// What a desk has of the persons whose numbers are merged or parted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    pub shown: BTreeSet<Number>,
    /// Places of the messages it was given.
    pub concerns: BTreeSet<usize>,
}

/// A message on record.
#[derive(Clone)]
pub struct Record {
    /// The step that sent it.
    pub step: usize,
    pub sender: usize,
    pub message: wire::Message,
    pub at: OffsetDateTime,
    expires: OffsetDateTime,
    not_before: Option<OffsetDateTime>,
    /// The earlier message it follows, for recipients' references.
    pub settles: Option<usize>,
    /// Whether it was taken back: it is never given any more.
    taken_back: bool,
    /// Whether it says whose numbers are, or corrects what does: of the persons it says nothing.
    of_identity: bool,
    /// What it is judged as.
    facts: Facts,
    pub answers: Vec<Answer>,
}

/// Whom a message reaches because of the one it cites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Anybody,
    HoldersToo,
    HoldersOnly,
    HoldersAndWaiting,
}

/// What is on record of the messages that one follows.
#[derive(Default)]
struct Earlier {
    holders: BTreeSet<usize>,
    /// Numbers of the persons each holder saw; of a holder that is not here, everybody.
    saw: BTreeMap<usize, BTreeSet<Number>>,
    /// Holders that were told as such at first, where it is decided again.
    told: BTreeSet<usize>,
    owed: BTreeSet<usize>,
    waiting: BTreeSet<usize>,
    held: BTreeMap<usize, Held>,
    /// Desk whose flag a message changes.
    owned: Option<usize>,
    not_before: Option<OffsetDateTime>,
}

/// Something that must come to a desk.
#[derive(Clone, Debug)]
pub struct Expected {
    pub desk: usize,
    /// Place of the message.
    pub record: usize,
    pub settles: Option<usize>,
    pub concerns: BTreeSet<usize>,
    /// Whether it says whose numbers are: the last such word is what counts.
    pub of_identity: bool,
    pub view: View,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    /// There is nothing that this could be done to.
    NotFound,
}

/// One sequence's reference.
#[derive(Default)]
pub struct Model {
    pub records: Vec<Record>,
    register: Register,
    advice: Vec<advice::Advice>,
    /// Merges, by place, of which somebody may have to be told by now.
    open: BTreeSet<usize>,
}

type Candidates = BTreeMap<(usize, i32), Vec<BTreeSet<Reason>>>;

impl Model {
    /// Whether a message speaks of several of its sender's flags at once.
    pub fn speaks_of_several(&self, message: &wire::Message, sender: usize) -> bool {
        self.register.speaks_of_several(message, DESKS[sender].agency)
    }

    /// The place of the message that a step sent.
    pub fn sent_by(&self, step: usize) -> Option<usize> {
        self.records.iter().position(|record| record.step == step)
    }

    /// How much waits for somebody.
    pub fn waiting(&self) -> usize {
        let answers = self.records.iter().flat_map(|record| &record.answers);
        let advice = self.advice.iter().map(|one| one.state);
        answers
            .map(|answer| answer.state)
            .chain(advice)
            .filter(|state| *state == State::Waiting)
            .count()
    }

    /// A message comes. `cites`: place of the message that it cites.
    pub fn send(
        &mut self,
        town: &Town,
        (step, sender): (usize, usize),
        message: wire::Message,
        cites: Option<usize>,
    ) -> (Outcome, Vec<Expected>) {
        let agency = DESKS[sender].agency;
        let flag_change = match self.register.flag_change(&message, sender) {
            Ok(change) => change,
            Err(()) => return (Outcome::NotFound, Vec::new()),
        };
        let reach = reach(&message);
        let mut earlier = Earlier::default();
        let mut settles = cites;
        if let Some(cited) = cites {
            earlier = self.cited(&message, cited, reach);
        }
        if let Some((before, owner)) = self.register.flag_before(&message, agency) {
            settles = Some(before);
            earlier = self.given_and_waiting(before, true);
            earlier.owned = Some(owner);
        }
        let facts = self.facts(&message, cites);
        let adds = is_correction(&message) && cites.is_some_and(|it| self.records[it].of_identity);
        let closed = is_closed(&message);
        let own = time_of(message.not_before.as_ref());
        let mut record = Record {
            step,
            sender,
            at: town.now,
            expires: if closed {
                town.now + Duration::days(366)
            } else {
                time_of(message.expires_at.as_ref()).unwrap_or(town.now + life(&message))
            },
            not_before: own.into_iter().chain(earlier.not_before).max(),
            settles,
            taken_back: false,
            of_identity: adds || of_identity(&message),
            facts,
            answers: Vec::new(),
            message,
        };
        let candidates = self.candidates(&record, &earlier);
        record.answers = self.decided(&record, &candidates, &earlier, town);
        let place = self.records.len();
        self.records.push(record);
        let mut came = self.give_fresh(place, 0, town);
        if of_identity(&self.records[place].message) {
            self.open.insert(place);
        }
        let message = self.records[place].message.clone();
        if self.register.learn(&message, sender, (place, town.now.date()), flag_change) {
            came.extend(self.late(&all_numbers(&message), town));
        }
        came.extend(self.merges(town));
        (Outcome::Accepted, came)
    }

    /// An agency states, or takes back, that two numbers are one person's.
    pub fn link(
        &mut self,
        town: &Town,
        agency: usize,
        ends: (&Number, &Number),
        birth: &str,
        withdrawn: bool,
    ) -> Vec<Expected> {
        let before: Vec<BTreeSet<Number>> =
            [ends.0, ends.1].map(|end| self.register.linked(&[end.clone()].into())).into();
        self.register.state(agency, ends, birth, withdrawn);
        let after = [ends.0, ends.1].map(|end| self.register.linked(&[end.clone()].into()));
        let grown = before.iter().zip(&after).filter(|(was, is)| !is.is_subset(was));
        let joined: BTreeSet<Number> = grown.flat_map(|(_, is)| is.clone()).collect();
        if joined.is_empty() {
            return Vec::new();
        }
        let mut came = self.late(&joined, town);
        came.extend(self.merges(town));
        came
    }

    /// What has run out ends, and its senders are told; what waits goes to whoever is there and may
    /// have it now.
    pub fn deliver(&mut self, town: &Town) -> Vec<Expected> {
        self.run_out(town);
        let mut came = self.tell_days(town);
        for place in 0..self.records.len() {
            for at in 0..self.records[place].answers.len() {
                came.extend(self.deliver_one(place, at, town));
            }
        }
        came.extend(self.merges(town));
        came
    }

    /// The broker tells desks what a day has brought up.
    pub fn tell_days(&mut self, town: &Town) -> Vec<Expected> {
        self.birthdays(town);
        self.give_advice(town)
    }

    fn deliver_one(&mut self, place: usize, at: usize, town: &Town) -> Option<Expected> {
        let record = &self.records[place];
        let answer = &record.answers[at];
        if answer.state != State::Waiting {
            return None;
        }
        if !town.is_there(answer.desk) || record.not_before.is_some_and(|from| from > town.now) {
            return None;
        }
        let decided = if record.taken_back || self.is_overtaken(place) {
            None
        } else {
            self.decide_again(place, at, None, town)
        };
        let Some(answer) = decided else {
            self.records[place].answers[at].state = State::Ended;
            return None;
        };
        Some(self.give(place, at, &answer))
    }

    /// A correction that waits says nothing any more once a later one takes back the same.
    fn is_overtaken(&self, place: usize) -> bool {
        let record = &self.records[place];
        let Some(cited) = record.settles.filter(|_| is_correction(&record.message)) else {
            return false;
        };
        let later = self.records.iter().skip(place + 1);
        later.into_iter().any(|later| {
            later.settles == Some(cited) && reach(&later.message) == Reach::HoldersOnly
        })
    }

    /// Answers from `first` on were decided this moment: they go at once to whoever is there.
    fn give_fresh(&mut self, place: usize, first: usize, town: &Town) -> Vec<Expected> {
        let mut came = Vec::new();
        if self.records[place].not_before.is_some_and(|from| from > town.now) {
            return came;
        }
        for at in first..self.records[place].answers.len() {
            let answer = self.records[place].answers[at].clone();
            if answer.state == State::Waiting && town.is_there(answer.desk) {
                came.push(self.give(place, at, &answer));
            }
        }
        came
    }

    fn give(&mut self, place: usize, at: usize, answer: &Answer) -> Expected {
        let record = &self.records[place];
        let expected = Expected {
            desk: answer.desk,
            record: place,
            settles: record.settles.filter(|cited| self.was_told_of(*cited, answer.desk)),
            concerns: answer.held.as_ref().map(|held| held.concerns.clone()).unwrap_or_default(),
            of_identity: of_identity(&record.message),
            view: view::of(record, answer.task, &answer.shown, answer.notice, answer.held.as_ref()),
        };
        let saw = answer.shown.iter().enumerate().filter(|(_, one)| one.is_some());
        let saw: BTreeSet<usize> = saw.map(|(place, _)| place).collect();
        self.open.extend(self.bearing_on(place));
        let kept = &mut self.records[place].answers[at];
        (kept.state, kept.saw) = (State::Given, saw);
        expected
    }

    /// Whether a desk was given a message, or asked something about it: only then does it know that
    /// by a reference.
    fn was_told_of(&self, place: usize, desk: usize) -> bool {
        let mut answers = self.records[place].answers.iter();
        answers.any(|one| one.desk == desk && one.state == State::Given)
    }

    /// What the register has just learned meets custody news that is still alive.
    fn late(&mut self, of: &BTreeSet<Number>, town: &Town) -> Vec<Expected> {
        let known = self.register.linked(of);
        let mut came = Vec::new();
        for place in 0..self.records.len() {
            let record = &self.records[place];
            let alive = matches!(record.message.kind, Some(Kind::Custody(_)))
                && !record.taken_back
                && record.expires > town.now
                && !all_numbers(&record.message).is_disjoint(&known);
            if !alive {
                continue;
            }
            let nothing = Earlier::default();
            let mut candidates = self.candidates(record, &nothing);
            candidates.retain(|(desk, task), _| {
                let answers = &record.answers;
                !answers.iter().any(|one| (one.desk, task_number(one.task)) == (*desk, *task))
            });
            let mut answers = self.decided(record, &candidates, &nothing, town);
            let first = record.answers.len();
            self.records[place].answers.append(&mut answers);
            came.extend(self.give_fresh(place, first, town));
        }
        came
    }
}

/// What a message is.
impl Model {
    /// What a message is judged as: a correction that says something new as what it corrects.
    fn facts(&self, message: &wire::Message, cites: Option<usize>) -> Facts {
        match &message.kind {
            Some(Kind::Correction(correction)) => match correction.action() {
                CorrectionAction::Rectify | CorrectionAction::Supplement => {
                    cites.map_or(Facts::Correction, |cited| self.records[cited].facts.clone())
                }
                _ => Facts::Correction,
            },
            Some(Kind::Custody(_)) if is_closed(message) => Facts::Correction,
            Some(kind) => Facts::Kind(kind.clone()),
            None => Facts::Correction,
        }
    }
}

fn task_number(task: Option<TaskKind>) -> i32 {
    task.map_or(0, |task| task as i32)
}

fn all_numbers(message: &wire::Message) -> BTreeSet<Number> {
    message.subjects.iter().flat_map(numbers).collect()
}

fn is_correction(message: &wire::Message) -> bool {
    matches!(message.kind, Some(Kind::Correction(_)))
}

fn of_identity(message: &wire::Message) -> bool {
    matches!(&message.kind, Some(Kind::Correction(correction))
        if matches!(correction.action(), CorrectionAction::Merge | CorrectionAction::Unmerge))
}

fn reach(message: &wire::Message) -> Reach {
    match &message.kind {
        Some(Kind::Correction(correction)) => match correction.action() {
            CorrectionAction::Supplement => Reach::HoldersAndWaiting,
            _ => Reach::HoldersOnly,
        },
        Some(Kind::Custody(custody)) => match custody.certainty() {
            wire::CustodyCertainty::Withdrawn => Reach::HoldersOnly,
            _ => Reach::Anybody,
        },
        Some(Kind::Enforcement(enforcement)) => match enforcement.outcome() {
            EnforcementOutcome::NotProved | EnforcementOutcome::Withdrawn => Reach::HoldersOnly,
            _ => Reach::HoldersToo,
        },
        Some(Kind::Action(_)) => Reach::HoldersOnly,
        Some(Kind::Placement(_)) => Reach::HoldersToo,
        Some(Kind::Referral(referral)) => match referral.step() {
            wire::ReferralStep::NotProceeding => Reach::HoldersOnly,
            _ => Reach::HoldersToo,
        },
        _ => Reach::Anybody,
    }
}

/// Those a message names: as addressees, or as whoever is to act or owns the flag.
fn named(message: &wire::Message) -> impl Iterator<Item = &wire::Addressee> {
    let by_kind = match &message.kind {
        Some(Kind::Flag(flag)) => flag.owner.as_ref(),
        Some(Kind::Action(action)) => action.owner.as_ref(),
        _ => None,
    };
    message.addressees.iter().chain(by_kind)
}

/// Whether it goes to whoever was given something before and to nobody else.
pub fn is_closed(message: &wire::Message) -> bool {
    let cites = match &message.kind {
        Some(Kind::Correction(_)) => return true,
        Some(Kind::Custody(custody)) => &custody.settles_message_id,
        Some(Kind::Enforcement(enforcement)) => &enforcement.settles_message_id,
        Some(Kind::Action(action)) => &action.settles_message_id,
        Some(Kind::Referral(referral)) => &referral.settles_message_id,
        _ => return false,
    };
    !cites.is_empty() && reach(message) == Reach::HoldersOnly
}

/// Whether no holder may be left without word.
fn owes_holders(message: &wire::Message) -> bool {
    match &message.kind {
        Some(Kind::Placement(placement)) => placement.step() != wire::PlacementStep::Concern,
        Some(Kind::Intelligence(_) | Kind::DrugTest(_)) | None => false,
        Some(_) => true,
    }
}

/// A release of which nobody says where it leads.
fn names_no_area(message: &wire::Message) -> bool {
    let release = matches!(&message.kind, Some(Kind::Custody(custody))
        if custody.event() == wire::CustodyEvent::Release);
    release && message.areas.is_empty()
}

/// A positive test that is shared for advice and treatment.
fn is_gap(message: &wire::Message) -> bool {
    matches!(&message.kind, Some(Kind::DrugTest(test))
        if test.result() == wire::DrugTestResult::Positive
            && test.r#use() == wire::DrugTestUse::AdviceAndTreatment)
}

/// How long news lives of which nobody says.
fn life(message: &wire::Message) -> Duration {
    match message.kind {
        Some(Kind::Custody(_)) => Duration::days(14),
        Some(Kind::Intelligence(_) | Kind::DrugTest(_)) => Duration::days(28),
        _ => Duration::days(90),
    }
}

/// Under 18 when it was said: by birth date and by what is asserted, the stricter of both.
fn is_child(subject: &wire::Subject, at: OffsetDateTime) -> bool {
    let asserted = subject.age();
    if [wire::AgeAssertion::Child, wire::AgeAssertion::Disputed].contains(&asserted) {
        return true;
    }
    if subject.birth_date.is_empty() {
        return asserted != wire::AgeAssertion::Adult;
    }
    // Written as years, months and days, dates are in the order of time.
    let today = at.date();
    let eighteen_ago = format!("{:04}{}", today.year() - 18, &today.to_string()[4..]);
    subject.birth_date > eighteen_ago
}

fn time_of(stamp: Option<&prost_types::Timestamp>) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(stamp?.seconds).ok()
}

/// What somebody does to a flag, and the roles of places: named for the steps.
pub const FLAG_ACTIONS: [FlagAction; 4] =
    [FlagAction::Raise, FlagAction::Suspend, FlagAction::Resume, FlagAction::Deselect];
pub const AREA_ROLE: AreaRole = AreaRole::Resident;
