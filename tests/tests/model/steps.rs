//! What happens in a sequence: drawn from a seed, the same for ever.
//!
//! Owns the people of a sequence and what is done about them, and what happens to the whole town
//! meanwhile. Promises that any step can be left out: what it would have been followed by is then
//! left out too. Deliberately does not know: what comes of any of it.

mod news;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{CorrectionAction, IdentifierType};
use tests::draws::Draws;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::register::Number;
use super::town::{DESKS, NORTH, PRISONS, SUPERVISION, WIRRAL};
use super::view::stamp;
use news::{envelope, news, statements, together};

/// Something that happens to the whole town.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Nothing,
    Suspend(&'static str),
    Resume(&'static str),
    Leave(usize),
    Return(usize),
    /// So many hours pass.
    Pass(i64),
}

/// One thing done about a sequence's people.
#[derive(Clone, Debug)]
pub enum Step {
    Send(Box<Sending>),
    Link { by: usize, one: Number, other: Number, birth: String, withdrawn: bool },
}

/// A message, but for what depends on the moment at which it is sent.
#[derive(Clone, Debug)]
pub struct Sending {
    pub from: usize,
    message: wire::Message,
    /// The step whose message it cites.
    pub cites: Option<usize>,
    not_before: Option<i64>,
    expires: Option<i64>,
}

/// A sequence: what is done in each round, if anything.
#[derive(Clone, Debug)]
pub struct Sequence {
    pub steps: Vec<Option<Step>>,
}

/// The people of a sequence (all invented).
#[derive(Clone)]
pub struct Cast {
    pub number: u32,
    /// Numbers of the man, or what is taken for him: two of prisons, two of police, one of
    /// probation.
    man: [Number; 5],
    other: Number,
    names: [String; 3],
    births: [&'static str; 2],
}

impl Cast {
    /// The people of a sequence.
    pub fn of(number: u32, draws: &mut Draws) -> Self {
        let code: String = (0..5)
            .map(|place| char::from(b'a' + u8::try_from(number / 26_u32.pow(place) % 26).unwrap()))
            .collect();
        let name = |first: &str, last: &str| format!("{first}{code} {last}{code}");
        let noms = |n: u32| (IdentifierType::Noms.into(), prison_number(number * 3 + n));
        let pnc = |n: u32| (IdentifierType::Pnc.into(), police_number(number * 2 + n + 1));
        let crn = (IdentifierType::Crn.into(), format!("X{:06}", number % 1_000_000));
        // Grown up, a child, and two who turn 18 while the sequence runs.
        let births = ["1988-04-12", "2010-05-06", "2008-03-05", "2008-03-19"];
        Self {
            number,
            man: [noms(0), noms(1), pnc(0), pnc(1), crn],
            other: noms(2),
            names: [name("A", "Man"), name("B", "Other"), name("C", "Victim")],
            births: [births[draws.below(4)], births[draws.below(4)]],
        }
    }

    /// Words that tell a message about these people from one about others.
    pub fn marks(&self) -> Vec<String> {
        let numbers = self.man.iter().chain([&self.other]).map(|(_, value)| value.clone());
        numbers.chain(self.names.iter().cloned()).collect()
    }
}

/// A prison number of the right form.
fn prison_number(n: u32) -> String {
    let letter = |n: u32| char::from(b'A' + u8::try_from(n % 26).unwrap());
    format!("A{:04}{}{}", n % 10_000, letter(n / 10_000), letter(n / 260_000))
}

/// A police number with its check letter.
fn police_number(n: u32) -> String {
    const LETTERS: &[u8; 23] = b"ZABCDEFGHJKLMNPQRTUVWXY";
    let sum = (10_000_000 + u64::from(n)) % 23;
    format!("2001/{n:07}{}", char::from(LETTERS[usize::try_from(sum).unwrap()]))
}

/// What happens to the town, round by round.
pub fn timeline(rounds: usize, draws: &mut Draws) -> Vec<Turn> {
    let (mut away, mut suspended): (Vec<usize>, Vec<&'static str>) = (Vec::new(), Vec::new());
    let mut turns = Vec::new();
    for _ in 0..rounds {
        turns.push(match draws.below(20) {
            0..=2 => {
                let desk = draws.below(DESKS.len());
                if away.contains(&desk) {
                    Turn::Nothing
                } else {
                    away.push(desk);
                    Turn::Leave(desk)
                }
            }
            3..=5 if !away.is_empty() => Turn::Return(away.remove(draws.below(away.len()))),
            6 => {
                let agency = DESKS[draws.below(DESKS.len())].agency;
                if suspended.contains(&agency) {
                    Turn::Nothing
                } else {
                    suspended.push(agency);
                    Turn::Suspend(agency)
                }
            }
            7..=8 if !suspended.is_empty() => {
                Turn::Resume(suspended.remove(draws.below(suspended.len())))
            }
            9..=12 => Turn::Pass([1, 13, 24, 72, 15 * 24, 30 * 24][draws.below(6)]),
            _ => Turn::Nothing,
        });
    }
    turns
}

/// What is done about some people.
pub fn sequence(cast: &Cast, rounds: usize, draws: &mut Draws) -> Sequence {
    let mut sent: Vec<(usize, Sending)> = Vec::new();
    let mut steps = Vec::new();
    for round in 0..rounds {
        let step = match draws.below(20) {
            0..=1 => None,
            2..=3 => Some(link(cast, draws)),
            4 => Some(identity(cast, round, draws)),
            5..=8 if !sent.is_empty() => {
                let (earlier, sending) = &sent[draws.below(sent.len())];
                Some(follow_up(*earlier, sending, round, draws))
            }
            9 if !sent.is_empty() => {
                let (earlier, sending) = &sent[sent.len() - 1];
                Some(correction(*earlier, sending, round, draws))
            }
            _ => Some(news(cast, round, draws)),
        };
        if let Some(Step::Send(sending)) = &step {
            sent.push((round, (**sending).clone()));
        }
        steps.push(step);
    }
    Sequence { steps }
}

fn one_in(n: usize, draws: &mut Draws) -> bool {
    draws.below(n) == 0
}

fn link(cast: &Cast, draws: &mut Draws) -> Step {
    let [n1, n2, p1, p2, c1] = &cast.man;
    let pairs = [(n1, p1), (n1, p1), (n1, p1), (n2, p1), (n1, p2), (n1, c1), (n1, c1)];
    let (one, other) = pairs[draws.below(pairs.len())];
    let by = [PRISONS, PRISONS, NORTH, WIRRAL, SUPERVISION][draws.below(5)];
    let birth = if one_in(10, draws) { "1970-02-03" } else { "1988-04-12" };
    Step::Link {
        by,
        one: one.clone(),
        other: other.clone(),
        birth: birth.to_owned(),
        withdrawn: one_in(4, draws),
    }
}

/// The man, or who is taken for him, under some of his numbers.
fn man(cast: &Cast, draws: &mut Draws) -> wire::Subject {
    let which: &[usize] =
        [&[0][..], &[0], &[0], &[1], &[2], &[4], &[0, 2], &[0, 4]][draws.below(8)];
    let numbers = which.iter().map(|place| &cast.man[*place]);
    person(numbers, (&cast.names[0], cast.births[0]), draws)
}

fn person<'a>(
    numbers: impl Iterator<Item = &'a Number>,
    (name, birth): (&str, &str),
    draws: &mut Draws,
) -> wire::Subject {
    use wire::SubjectCategory::{Convicted, Managed, Suspect};
    let age = match draws.below(12) {
        0 => wire::AgeAssertion::Adult,
        1 => wire::AgeAssertion::Disputed,
        _ => wire::AgeAssertion::Unspecified,
    };
    let limited =
        if one_in(8, draws) { wire::LimitedAccess::Unspecified } else { wire::LimitedAccess::No };
    wire::Subject {
        identifiers: numbers.map(identifier).collect(),
        category: [Managed, Convicted, Suspect][draws.below(3)].into(),
        name: if one_in(6, draws) { String::new() } else { name.to_owned() },
        birth_date: if one_in(6, draws) { String::new() } else { birth.to_owned() },
        age: age.into(),
        limited_access: limited.into(),
    }
}

fn identifier((register, value): &Number) -> wire::Identifier {
    wire::Identifier { r#type: *register, value: value.clone() }
}

fn victim(cast: &Cast) -> wire::Subject {
    wire::Subject {
        category: wire::SubjectCategory::Victim.into(),
        name: cast.names[2].clone(),
        birth_date: "1979-09-09".to_owned(),
        limited_access: wire::LimitedAccess::No.into(),
        ..wire::Subject::default()
    }
}

/// Two numbers of one register are one person's, or are not, by one of its authorities.
fn identity(cast: &Cast, round: usize, draws: &mut Draws) -> Step {
    let bare = |numbers: Vec<&Number>| wire::Subject {
        identifiers: numbers.into_iter().map(identifier).collect(),
        category: wire::SubjectCategory::Managed.into(),
        ..wire::Subject::default()
    };
    let [n1, n2, p1, p2, _] = &cast.man;
    let of_prisons = !one_in(3, draws);
    let (n1, n2) = if of_prisons { (n1, n2) } else { (p1, p2) };
    let by = if of_prisons { PRISONS } else { [NORTH, WIRRAL][draws.below(2)] };
    let merge = round < 5 || one_in(2, draws);
    let (subjects, action) = if merge {
        (vec![bare(vec![n1, n2])], CorrectionAction::Merge)
    } else {
        (vec![bare(vec![n1]), bare(vec![n2])], CorrectionAction::Unmerge)
    };
    let mut message = envelope(together(by, draws), subjects);
    let correction = wire::Correction { action: action.into(), ..wire::Correction::default() };
    message.kind = Some(Kind::Correction(correction));
    closed(by, message, None)
}

fn closed(from: usize, message: wire::Message, cites: Option<usize>) -> Step {
    Step::Send(Box::new(Sending { from, message, cites, not_before: None, expires: None }))
}

/// What becomes of something that was said.
fn follow_up(earlier: usize, sent: &Sending, round: usize, draws: &mut Draws) -> Step {
    let mut message = sent.message.clone();
    message.statements.clear();
    message.not_to.clear();
    let cited = "cited".to_owned();
    message.kind = match message.kind.take() {
        Some(Kind::Custody(mut one)) if one.settles_message_id.is_empty() => {
            one.set_certainty(wire::CustodyCertainty::Withdrawn);
            one.settles_message_id = cited;
            Some(Kind::Custody(one))
        }
        Some(Kind::Enforcement(mut one)) if one.settles_message_id.is_empty() => {
            use wire::EnforcementOutcome::{NotProved, Proved, Withdrawn};
            let considered = one.step() == wire::EnforcementStep::RecallConsidered;
            let outcome = [Proved, NotProved, Withdrawn][draws.below(3)];
            one.set_outcome(if considered { Withdrawn } else { outcome });
            one.settles_message_id = cited;
            Some(Kind::Enforcement(one))
        }
        Some(Kind::Action(mut one)) if one.settles_message_id.is_empty() => {
            one.set_step(wire::ActionStep::Cancelled);
            one.owner = None;
            one.settles_message_id = cited;
            Some(Kind::Action(one))
        }
        Some(Kind::Placement(mut one)) if one.settles_message_id.is_empty() => {
            one.set_step(wire::PlacementStep::Changed);
            one.settles_message_id = cited;
            Some(Kind::Placement(one))
        }
        Some(Kind::Referral(mut one)) if one.settles_message_id.is_empty() => {
            one.set_step(wire::ReferralStep::NotProceeding);
            one.parties.clear();
            one.settles_message_id = cited;
            Some(Kind::Referral(one))
        }
        _ => return correction(earlier, sent, round, draws),
    };
    closed(sent.from, message, Some(earlier))
}

/// A correction of something that was said.
fn correction(earlier: usize, sent: &Sending, round: usize, draws: &mut Draws) -> Step {
    use CorrectionAction::{Erase, Merge, Rectify, Restrict, Supplement, Unmerge, Withdraw};
    let action = [Withdraw, Withdraw, Erase, Restrict, Rectify, Supplement][draws.below(6)];
    let mut message = sent.message.clone();
    if let Some(Kind::Correction(earlier)) = &message.kind
        && [Merge, Unmerge].contains(&earlier.action())
    {
        // What was said of numbers is taken back by saying the opposite.
        message.subjects.truncate(1);
    }
    message.not_to.clear();
    message.statements = if [Rectify, Supplement].contains(&action) {
        statements(&message.subjects, round, 1, draws)
    } else {
        Vec::new()
    };
    if one_in(3, draws) {
        message.subjects.truncate(1);
        message.statements.retain(|one| one.subjects == [0]);
        if message.statements.is_empty() && [Rectify, Supplement].contains(&action) {
            message.statements = statements(&message.subjects, round, 1, draws);
        }
    }
    message.kind = Some(Kind::Correction(wire::Correction {
        message_id: "cited".to_owned(),
        reason: "the street was wrong".to_owned(),
        action: action.into(),
    }));
    closed(sent.from, message, Some(earlier))
}

/// The id of the message of a step.
pub fn id_of(sequence: u32, step: usize) -> Uuid {
    Uuid::from_u128((0x51 << 120) | (u128::from(sequence) << 40) | (step as u128 + 1))
}

impl Sending {
    /// The message as it is sent at a moment.
    pub fn at(&self, now: OffsetDateTime, sequence: u32, step: usize) -> wire::Message {
        let mut message = self.message.clone();
        message.message_id = id_of(sequence, step).to_string();
        message.correlation_id = message.message_id.clone();
        let hours = |hours: i64| stamp(now + Duration::hours(hours));
        message.not_before = self.not_before.map(hours);
        message.expires_at = self.expires.map(hours);
        let cited = self.cites.map(|step| id_of(sequence, step).to_string()).unwrap_or_default();
        match &mut message.kind {
            Some(Kind::Custody(one)) => {
                one.occurred_at = Some(hours(-1));
                one.settles_message_id = cited;
            }
            Some(Kind::Enforcement(one)) => {
                one.occurred_at = Some(hours(-1));
                one.settles_message_id = cited;
            }
            Some(Kind::DrugTest(one)) => one.tested_at = Some(hours(-1)),
            Some(Kind::Action(one)) => {
                if one.step() == wire::ActionStep::Set {
                    message.act_by = Some(hours(7 * 24));
                }
                one.settles_message_id = cited;
            }
            Some(Kind::Placement(one)) => {
                one.starts_on = now.date().to_string();
                one.settles_message_id = cited;
            }
            Some(Kind::Referral(one)) => one.settles_message_id = cited,
            Some(Kind::Correction(one)) => one.message_id = cited,
            _ => {}
        }
        message
    }
}
