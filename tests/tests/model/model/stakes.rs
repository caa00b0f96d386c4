//! Who has a stake in a message, and what each may see of it.
//!
//! Owns the reference's candidates: by lists, by place, by name, and by what they hold; and what is
//! decided for each, at first and again. Deliberately does not know: when anything is given.

use std::collections::BTreeSet;

use proto::exchange::v1 as wire;
use proto::exchange::v1::message::Kind;
use proto::exchange::v1::{FlagKind, TaskKind};

use super::{
    Answer, Candidates, Earlier, Model, Reason, Record, State, Town, is_child, is_closed,
    is_correction, is_gap, names_no_area, owes_holders, task_number,
};
use crate::register::{Flag, Register, name_of, numbers};
use crate::rules::{self, Facts, Granted, Question, Stake, may, routes};
use crate::town::{DESKS, MENTORS, PROGRAMME_SHOWS};
use crate::view;

/// Who has a stake, and what they may see.
impl Model {
    pub(super) fn candidates(&self, record: &Record, earlier: &Earlier) -> Candidates {
        let mut found = Found { record, candidates: Candidates::new() };
        let message = &record.message;
        let holders_only = is_closed(message);
        if !holders_only && !matches!(message.kind, Some(Kind::Referral(_))) {
            for (position, subject) in message.subjects.iter().enumerate() {
                if routes(subject.category()) {
                    self.people(position, subject, &mut found);
                }
            }
            found.places();
        }
        if !holders_only {
            found.named();
        }
        found.earlier(earlier, &self.register);
        let kept_out = &message.not_to;
        found.candidates.retain(|(desk, _), _| !kept_out.iter().any(|a| a == DESKS[*desk].agency));
        found.candidates
    }

    fn people(&self, position: usize, subject: &wire::Subject, found: &mut Found<'_>) {
        let message = &found.record.message;
        let known = self.register.linked(&numbers(subject));
        let flags = self.register.flags(&known);
        for flag in &flags {
            found.add(flag.owner, None, position, Reason::FlagOwner);
            if names_no_area(message) {
                found.add(flag.owner, Some(TaskKind::AreaUnknown), position, Reason::FlagOwner);
            }
        }
        let disputed = self.register.disputed(&known);
        if !disputed.is_empty() {
            let concerned = flags.iter().copied().chain(self.register.flags(&disputed));
            let agency = DESKS[found.record.sender].agency;
            for flag in concerned.filter(|one| !one.is_spoken_of(message, &known, agency)) {
                found.add(flag.owner, Some(TaskKind::LinkDisputed), position, Reason::FlagOwner);
            }
        }
        if let Some(name) = name_of(subject) {
            let alike = self.register.flags.iter().filter(|one| one.name.as_ref() == Some(&name));
            for flag in alike.filter(|one| one.numbers.is_disjoint(&known)) {
                found.add(flag.owner, Some(TaskKind::PossibleMatch), position, Reason::FlagOwner);
            }
        }
        let lists: BTreeSet<FlagKind> = flags.iter().map(|flag| flag.kind).collect();
        if is_gap(message) && lists.contains(&FlagKind::Ppo) && !lists.contains(&FlagKind::Dip) {
            for flag in flags.iter().filter(|flag| flag.kind == FlagKind::Ppo) {
                found.add(flag.owner, Some(TaskKind::TreatmentGap), position, Reason::FlagOwner);
            }
        }
    }

    /// Lists that a person is on.
    fn lists(&self, subject: &wire::Subject) -> BTreeSet<FlagKind> {
        if !routes(subject.category()) {
            return BTreeSet::new();
        }
        let known = self.register.linked(&numbers(subject));
        self.register.flags(&known).iter().map(|flag: &&Flag| flag.kind).collect()
    }

    pub(super) fn decided(
        &self,
        record: &Record,
        candidates: &Candidates,
        earlier: &Earlier,
        town: &Town,
    ) -> Vec<Answer> {
        let each = candidates.iter();
        each.map(|((desk, task), reasons)| {
            let task = TaskKind::try_from(*task).ok().filter(|one| *one != TaskKind::Unspecified);
            self.decide(record, (*desk, task), reasons, earlier, town)
        })
        .collect()
    }

    fn decide(
        &self,
        record: &Record,
        (desk, task): (usize, Option<TaskKind>),
        reasons: &[BTreeSet<Reason>],
        earlier: &Earlier,
        town: &Town,
    ) -> Answer {
        let has = |reason| reasons.iter().any(|one| one.contains(&reason));
        let facts = task.map_or(record.facts.clone(), Facts::Task);
        let mut verdicts = self.ask(record, desk, &facts, reasons, town);
        let mut notice = false;
        let because = [Reason::Holder, Reason::Owed, Reason::Concerned];
        let holds = owes_holders(&record.message) && because.into_iter().any(has) && task.is_none();
        let bare_word = holds && verdicts.iter().all(Option::is_none);
        if bare_word {
            notice = facts != Facts::Correction;
            verdicts = self.ask(record, desk, &Facts::Correction, reasons, town);
        }
        notice |= has(Reason::Owed) && !has(Reason::Holder);
        hold_to_programme(record, desk, &mut verdicts);
        let all: BTreeSet<Reason> = reasons.iter().flatten().copied().collect();
        let suspended = town.suspended.contains(DESKS[desk].agency);
        let bare = is_closed(&record.message) && task.is_none();
        for (verdict, reasons) in verdicts.iter_mut().zip(reasons) {
            if bare && reasons.is_empty() {
                *verdict = None;
            }
        }
        let open = (holds || !suspended) && is_open(record, task, &verdicts, reasons);
        Answer {
            desk,
            task,
            reasons: all,
            state: if open { State::Waiting } else { State::Refused },
            shown: verdicts,
            notice,
            by_holding: bare_word || (holds && suspended),
            held: earlier.held.get(&desk).cloned(),
            seen: earlier.saw.get(&desk).filter(|_| is_flag(record)).cloned().unwrap_or_default(),
            saw: BTreeSet::new(),
        }
    }

    /// Asks about everybody whom a message names.
    fn ask(
        &self,
        record: &Record,
        desk: usize,
        facts: &Facts,
        reasons: &[BTreeSet<Reason>],
        town: &Town,
    ) -> Vec<Option<Granted>> {
        let subjects = record.message.subjects.iter().zip(reasons).enumerate();
        let asked = subjects.map(|(position, (subject, reasons))| {
            let has = |reason| reasons.contains(&reason);
            let question = Question {
                facts,
                message: &record.message,
                sender: record.sender,
                subject,
                child: is_child(subject, record.at),
                lists: &self.lists(subject),
                fields: &view::fields(&record.message, position),
                stake: Stake {
                    addressed: has(Reason::Addressed),
                    flag_owner: has(Reason::FlagOwner) || has(Reason::Owned),
                    in_area: has(Reason::Area),
                    holder: has(Reason::Holder) || has(Reason::Concerned),
                },
                now: town.now,
            };
            may(&DESKS[desk], &question)
        });
        asked.collect()
    }

    /// Decides once more for one desk, and keeps the stricter of both answers. `given`: whether it
    /// was given what this follows; `None`: as is on record.
    pub(super) fn decide_again(
        &self,
        place: usize,
        at: usize,
        given: Option<bool>,
        town: &Town,
    ) -> Option<Answer> {
        let record = &self.records[place];
        let before = record.answers.get(at)?;
        let on_record = record.settles.is_some_and(|cited| {
            let mut answers = self.records[cited].answers.iter();
            answers.any(|one| {
                one.desk == before.desk && one.task.is_none() && one.state == State::Given
            })
        });
        let given = given.unwrap_or(on_record);
        let has = |reason| before.reasons.contains(&reason);
        if before.by_holding && has(Reason::Concerned) && !given {
            return None;
        }
        let holds = has(Reason::Holder) || (has(Reason::Concerned) && given);
        let just = |yes: bool| yes.then_some(before.desk).into_iter().collect::<BTreeSet<_>>();
        let held = before.held.clone().map(|held| (before.desk, held));
        let earlier = Earlier {
            holders: just(holds),
            saw: (!before.seen.is_empty())
                .then(|| (before.desk, before.seen.clone()))
                .into_iter()
                .collect(),
            told: just(has(Reason::Holder)),
            owed: just(has(Reason::Owed)),
            owned: has(Reason::Owned).then_some(before.desk),
            held: held.into_iter().collect(),
            ..Earlier::default()
        };
        let candidates = self.candidates(record, &earlier);
        let reasons = candidates.get(&(before.desk, task_number(before.task)))?;
        let mut now = self.decide(record, (before.desk, before.task), reasons, &earlier, town);
        if now.state == State::Refused {
            return None;
        }
        for (slot, first) in now.shown.iter_mut().zip(&before.shown) {
            *slot = slot.take().zip(first.as_ref()).map(|(mut now, first)| {
                let hidden = first.withheld.union(&first.masked);
                now.withheld.extend(hidden.filter(|field| !now.masked.contains(field)));
                now.handling.extend(&first.handling);
                now
            });
        }
        now.notice |= before.notice;
        is_open(record, before.task, &now.shown, reasons).then_some(now)
    }
}

struct Found<'a> {
    record: &'a Record,
    candidates: Candidates,
}

impl Found<'_> {
    fn add(&mut self, desk: usize, task: Option<TaskKind>, subject: usize, reason: Reason) {
        // Nobody is told its own news; it may still be asked to settle something.
        if desk == self.record.sender && task.is_none() {
            return;
        }
        let count = self.record.message.subjects.len();
        let key = (desk, task_number(task));
        let reasons = self.candidates.entry(key).or_insert_with(|| vec![BTreeSet::new(); count]);
        reasons[subject].insert(reason);
    }

    fn everybody(&mut self, desk: usize, reason: Reason) {
        for subject in 0..self.record.message.subjects.len() {
            self.add(desk, None, subject, reason);
        }
    }

    fn takes(&self, desk: usize) -> bool {
        let kind = rules::word(&Facts::Kind(
            self.record
                .message
                .kind
                .clone()
                .unwrap_or(Kind::Correction(wire::Correction::default())),
        ));
        DESKS[desk].kinds.contains(&kind)
    }

    fn places(&mut self) {
        let message = &self.record.message;
        if !message.subjects.iter().any(|one| routes(one.category())) {
            return;
        }
        for area in &message.areas {
            for (place, desk) in DESKS.iter().enumerate() {
                if self.takes(place) && desk.areas.contains(&area.code.as_str()) {
                    self.everybody(place, Reason::Area);
                }
            }
        }
    }

    fn named(&mut self) {
        let message = &self.record.message;
        for named in super::named(message) {
            for (place, desk) in DESKS.iter().enumerate() {
                let meant = named.desk.is_empty() || named.desk == desk.desk;
                if desk.agency == named.agency && meant && self.takes(place) {
                    self.everybody(place, Reason::Addressed);
                }
            }
        }
        if let Some(Kind::Referral(referral)) = &message.kind
            && referral.step() == wire::ReferralStep::Made
        {
            self.add(MENTORS, None, 0, Reason::Addressed);
        }
    }

    fn earlier(&mut self, earlier: &Earlier, register: &Register) {
        for desk in &earlier.holders {
            let saw = earlier.saw.get(desk);
            let mut any = false;
            for (position, subject) in self.record.message.subjects.iter().enumerate() {
                let mut own = numbers(subject);
                let anybody = own.is_empty();
                if is_flag(self.record) && routes(subject.category()) {
                    // A flag is one flag by whichever of its person's numbers it is spoken of.
                    own = register.linked(&own);
                }
                if saw.is_none_or(|saw| anybody || !own.is_disjoint(saw)) {
                    self.add(*desk, None, position, Reason::Holder);
                    any = true;
                }
            }
            if !any && earlier.told.contains(desk) {
                self.everybody(*desk, Reason::Owed);
            }
        }
        for desk in &earlier.waiting {
            self.everybody(*desk, Reason::Concerned);
        }
        for desk in &earlier.owed {
            self.everybody(*desk, Reason::Owed);
        }
        if let Some(desk) = earlier.owned {
            self.everybody(desk, Reason::Owned);
        }
    }
}

fn is_flag(record: &Record) -> bool {
    matches!(record.message.kind, Some(Kind::Flag(_)))
}

/// Whether somebody in whom the desk has a stake stays, and intelligence of which something had
/// to be cut still says anything.
fn is_open(
    record: &Record,
    task: Option<TaskKind>,
    shown: &[Option<Granted>],
    reasons: &[BTreeSet<Reason>],
) -> bool {
    let stays = shown.iter().zip(reasons).any(|(one, why)| one.is_some() && !why.is_empty());
    stays && !view::is_emptied(record, task, shown)
}

/// A provider reads no more of anybody than its programme says.
fn hold_to_programme(record: &Record, desk: usize, verdicts: &mut [Option<Granted>]) {
    let referral = matches!(record.message.kind, Some(Kind::Referral(_)));
    let corrected =
        is_correction(&record.message) && matches!(record.facts, Facts::Kind(Kind::Referral(_)));
    if desk != MENTORS || !(referral || corrected) {
        return;
    }
    for (position, verdict) in verdicts.iter_mut().enumerate() {
        let Some(granted) = verdict else { continue };
        let of_programme: &[_] = if corrected { &[] } else { &PROGRAMME_SHOWS };
        let fields = view::fields(&record.message, position);
        granted.withheld.extend(fields.iter().filter(|field| !of_programme.contains(field)));
        granted.masked.retain(|field| of_programme.contains(field));
    }
}
