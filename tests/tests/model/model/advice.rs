//! What the broker itself tells a desk: that what it sent did not arrive at an agency it named, and
//! that somebody on its list turns 18.
//!
//! Owns the reference's reports of what ran out, one for each message and agency and none about an
//! agency that the message was not to go to by name; and of birthdays that draw near, one for each
//! flag and owner. Deliberately does not know: why nobody came for something.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::TaskKind;
use proto::exchange::v1::released_message::Kind;
use time::{Date, Duration, OffsetDateTime};

use super::{Answer, Expected, Model, Reason, Record, State, Town, named};
use crate::town::DESKS;
use crate::view::stamp;

/// How long such a report waits to be read.
const LIFE: Duration = Duration::days(28);
/// Places of reports lie beyond those of messages.
const PLACES: usize = 1_000_000;

/// So long before it a birthday is told.
const AHEAD: Duration = Duration::days(28);

#[derive(Clone, Debug, PartialEq)]
enum Matter {
    /// A message did not arrive at an agency.
    Lost(usize, &'static str),
    /// Somebody turns 18: the message by which his flag came about, and the day.
    Adult(usize, Date),
}

#[derive(Clone, Debug)]
pub(super) struct Advice {
    /// Desk that is told.
    desk: usize,
    matter: Matter,
    /// Place of the message of its agency's that it is about.
    about: usize,
    at: OffsetDateTime,
    pub(super) state: State,
}

impl Model {
    /// Ends what has run out, and notes what its senders are told.
    pub(super) fn run_out(&mut self, town: &Town) {
        for advice in &mut self.advice {
            if advice.state == State::Waiting && advice.at + LIFE <= town.now {
                advice.state = State::Expired;
            }
        }
        let mut lost = Vec::new();
        for (place, record) in self.records.iter_mut().enumerate() {
            if record.expires > town.now {
                continue;
            }
            let mut over = BTreeSet::new();
            for answer in &mut record.answers {
                if answer.state == State::Waiting {
                    answer.state = State::Expired;
                    over.extend(by_name(answer).then_some(DESKS[answer.desk].agency));
                }
            }
            over.retain(|agency| is_lost(record, agency));
            lost.extend(over.into_iter().map(|agency| (record.sender, place, agency)));
        }
        let told = lost.into_iter().map(|(desk, about, agency)| {
            let matter = Matter::Lost(about, agency);
            Advice { desk, matter, about, at: town.now, state: State::Waiting }
        });
        self.advice.extend(told);
    }

    /// Tells the owners of flags of birthdays that draw near.
    pub(super) fn birthdays(&mut self, town: &Town) {
        for flag in &self.register.flags {
            let Some(day) = flag.adult.filter(|day| *day - AHEAD <= town.now.date()) else {
                continue;
            };
            let matter = Matter::Adult(flag.raised_by, day);
            let desk = flag.owner;
            if !self.advice.iter().any(|one| one.desk == desk && one.matter == matter) {
                let (about, at) = (flag.said_by, town.now);
                self.advice.push(Advice { desk, matter, about, at, state: State::Waiting });
            }
        }
    }

    /// Reports go to whoever is there.
    pub(super) fn give_advice(&mut self, town: &Town) -> Vec<Expected> {
        let records = &self.records;
        let advice = self.advice.iter_mut().enumerate();
        let ready =
            advice.filter(|(_, one)| one.state == State::Waiting && town.is_there(one.desk));
        let given = ready.map(|(place, one)| {
            one.state = State::Given;
            Expected {
                desk: one.desk,
                record: PLACES + place,
                settles: None,
                concerns: BTreeSet::new(),
                of_identity: false,
                view: view(one, &records[one.about]),
            }
        });
        given.collect()
    }
}

/// Whether a desk is one that the naming brought in.
fn by_name(answer: &Answer) -> bool {
    answer.task.is_none() && answer.reasons.contains(&Reason::Addressed) && !answer.by_holding
}

/// Whether an agency was named, and no desk of it that this brought in was given the message.
fn is_lost(record: &Record, agency: &str) -> bool {
    let mut desks = record.answers.iter().filter(|one| DESKS[one.desk].agency == agency);
    named(&record.message).any(|one| one.agency == agency)
        && !desks.any(|one| by_name(one) && one.state == State::Given)
}

fn view(advice: &Advice, record: &Record) -> wire::ReleasedMessage {
    let task = match &advice.matter {
        Matter::Lost(_, agency) => wire::Task {
            task_kind: TaskKind::NotDelivered.into(),
            agency: (*agency).to_owned(),
            due: Some(stamp(record.expires)),
            ..wire::Task::default()
        },
        Matter::Adult(_, day) => wire::Task {
            task_kind: TaskKind::TurningAdult.into(),
            due: Some(stamp(day.midnight().assume_utc())),
            ..wire::Task::default()
        },
    };
    let task = wire::Task { message_id: record.message.message_id.clone(), ..task };
    wire::ReleasedMessage {
        sending_agency: "broker".to_owned(),
        urgency: wire::Urgency::Routine.into(),
        accepted_at: Some(stamp(advice.at)),
        kind: Some(Kind::Task(task)),
        ..wire::ReleasedMessage::default()
    }
}
