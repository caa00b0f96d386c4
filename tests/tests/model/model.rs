//! The reference: what is on record of one sequence's people, and what must come of each step.
//!
//! Owns the tables of a sequence: messages and who was to be told, flags, statements that numbers
//! are one person's, and who was given what. Promises to be written from the project's pages and
//! not from its code, with loops over all there is where the product has indexes and caches.
//! Deliberately does not know: how a message reaches a broker, or how a view is written down.

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
}

/// How it stands with what was permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Refused,
    Waiting,
    Given,
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
    held: Option<Held>,
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
    owed: BTreeSet<usize>,
    waiting: BTreeSet<usize>,
    held: BTreeMap<usize, Held>,
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
}

type Candidates = BTreeMap<(usize, i32), Vec<BTreeSet<Reason>>>;

impl Model {
    /// The place of the message that a step sent.
    pub fn sent_by(&self, step: usize) -> Option<usize> {
        self.records.iter().position(|record| record.step == step)
    }

    /// How much waits for somebody.
    pub fn waiting(&self) -> usize {
        let answers = self.records.iter().flat_map(|record| &record.answers);
        answers.filter(|answer| answer.state == State::Waiting).count()
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
        if let Some(before) = self.register.flag_before(&message, agency) {
            settles = Some(before);
            earlier = self.given_and_waiting(before, true);
        }
        if of_identity(&message) {
            earlier = self.held_of(&message, town);
        }
        let facts = self.facts(&message, cites);
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
            facts,
            answers: Vec::new(),
            message,
        };
        let candidates = self.candidates(&record, &earlier);
        record.answers = self.decided(&record, &candidates, &earlier, town);
        let place = self.records.len();
        self.records.push(record);
        let mut came = self.give_fresh(place, 0, town);
        let message = self.records[place].message.clone();
        if self.register.learn(&message, sender, place, flag_change) {
            came.extend(self.late(&all_numbers(&message), town));
        }
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
        if joined.is_empty() { Vec::new() } else { self.late(&joined, town) }
    }

    /// What waits goes to whoever is there and may have it now.
    pub fn deliver(&mut self, town: &Town) -> Vec<Expected> {
        let mut came = Vec::new();
        for place in 0..self.records.len() {
            for at in 0..self.records[place].answers.len() {
                came.extend(self.deliver_one(place, at, town));
            }
        }
        came
    }

    fn deliver_one(&mut self, place: usize, at: usize, town: &Town) -> Option<Expected> {
        let record = &self.records[place];
        let answer = &record.answers[at];
        if answer.state != State::Waiting {
            return None;
        }
        if record.expires <= town.now {
            self.records[place].answers[at].state = State::Ended;
            return None;
        }
        if !town.is_there(answer.desk) || record.not_before.is_some_and(|from| from > town.now) {
            return None;
        }
        let decided = if record.taken_back || self.is_overtaken(place) {
            None
        } else {
            self.decide_again(place, at, town)
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
            settles: record.settles,
            concerns: answer.held.as_ref().map(|held| held.concerns.clone()).unwrap_or_default(),
            view: view::of(record, answer.task, &answer.shown, answer.notice, answer.held.as_ref()),
        };
        let saw = answer.shown.iter().enumerate().filter(|(_, one)| one.is_some());
        let saw: BTreeSet<usize> = saw.map(|(place, _)| place).collect();
        let kept = &mut self.records[place].answers[at];
        (kept.state, kept.saw) = (State::Given, saw);
        expected
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

/// What was told before.
impl Model {
    /// What is on record of a message that is cited. What still waits of it ends where it is
    /// taken back.
    fn cited(&mut self, message: &wire::Message, cited: usize, reach: Reach) -> Earlier {
        match reach {
            Reach::Anybody => Earlier::default(),
            Reach::HoldersToo => self.given_and_waiting(cited, true),
            Reach::HoldersAndWaiting => {
                let mut earlier = self.given_and_waiting(cited, true);
                self.owe(message, cited, &mut earlier);
                earlier
            }
            Reach::HoldersOnly => {
                let record = &mut self.records[cited];
                record.taken_back = true;
                for answer in &mut record.answers {
                    if answer.state == State::Waiting {
                        answer.state = State::Ended;
                    }
                }
                let mut earlier = self.given_and_waiting(cited, false);
                self.owe(message, cited, &mut earlier);
                earlier
            }
        }
    }

    fn given_and_waiting(&self, cited: usize, waiting_too: bool) -> Earlier {
        let record = &self.records[cited];
        let mut earlier = Earlier::default();
        for answer in &record.answers {
            let waits = answer.state == State::Waiting && waiting_too;
            if waits {
                earlier.not_before = record.not_before;
            }
            if answer.task.is_some() {
                continue;
            }
            if answer.state == State::Given {
                earlier.holders.insert(answer.desk);
                let subjects = record.message.subjects.iter().enumerate();
                let seen = subjects.filter(|(at, _)| answer.saw.contains(at));
                let seen = seen.flat_map(|(_, one)| numbers(one)).collect();
                earlier.saw.insert(answer.desk, seen);
            } else if waits {
                earlier.waiting.insert(answer.desk);
            }
        }
        earlier
    }

    /// Whoever was only asked something about the earlier message, or saw nobody of this one, is
    /// owed word and no more.
    fn owe(&self, message: &wire::Message, cited: usize, earlier: &mut Earlier) {
        let answers = self.records[cited].answers.iter();
        let asked = answers.filter(|one| one.task.is_some() && one.state == State::Given);
        let asked = asked.map(|one| one.desk).filter(|desk| !earlier.holders.contains(desk));
        let meets = |saw: &BTreeSet<Number>| {
            message.subjects.iter().any(|one| {
                let own = numbers(one);
                own.is_empty() || !own.is_disjoint(saw)
            })
        };
        let strangers = earlier.saw.iter().filter(|(_, saw)| !meets(saw)).map(|(desk, _)| *desk);
        earlier.owed = asked.chain(strangers).collect();
    }

    /// What each desk holds of the persons whose numbers are merged or parted.
    fn held_of(&self, message: &wire::Message, town: &Town) -> Earlier {
        let concerned = all_numbers(message);
        let mut held: BTreeMap<usize, Held> = BTreeMap::new();
        for (place, record) in self.records.iter().enumerate() {
            if all_numbers(&record.message).is_disjoint(&concerned) {
                continue;
            }
            let given = record.answers.iter().filter(|one| one.state == State::Given);
            for desk in given.map(|one| one.desk) {
                let of_desk = held.entry(desk).or_default();
                of_desk.concerns.insert(place);
                for at in 0..record.answers.len() {
                    let shown = self.numbers_had(place, at, desk, town);
                    of_desk.shown.extend(shown.intersection(&concerned).cloned());
                }
            }
        }
        Earlier { holders: held.keys().copied().collect(), held, ..Earlier::default() }
    }

    /// Numbers that an answer showed a desk, and that it may still have.
    fn numbers_had(&self, place: usize, at: usize, desk: usize, town: &Town) -> BTreeSet<Number> {
        let record = &self.records[place];
        let answer = &record.answers[at];
        if answer.desk != desk || answer.state == State::Refused || answer.notice {
            return BTreeSet::new();
        }
        let had = view::numbers_shown(record, &answer.shown);
        let Some(now) = self.decide_again(place, at, town).filter(|now| !now.notice) else {
            return BTreeSet::new();
        };
        let may_have = view::numbers_shown(record, &now.shown);
        had.intersection(&may_have).cloned().collect()
    }

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
