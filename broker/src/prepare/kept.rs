//! A decision as it is kept, sealed beside the message.
//!
//! Owns its stored form: protobuf, each desk, rule and reason written once. Promises that what
//! is read back is what was written. Deliberately does not know who reads it.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;

use prost::bytes::Bytes;
use uuid::Uuid;

use crate::decision::{CandidateDecision, Decided, identifier_field, kind_facts};
use crate::directory::MessageKind;
use crate::message::Admitted;
use crate::policy::KindFacts;
use crate::register::DeskName;
use crate::routing::{Earlier, FLAG_OWNER, HeldOfPerson, Reason};
use crate::seal::Token;

use super::Before;

/// A decision as it is kept, sealed beside the message: what explanation reads, and what a
/// later decision may only narrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Bundle.
    pub bundle: String,
    /// Agencies the sender named, candidates or not.
    pub named: Vec<String>,
    /// Candidates.
    pub candidates: Vec<KeptCandidate>,
    /// What policy read of the message's kind; `None`: it was decided before this was kept.
    pub facts: Option<KindFacts>,
    /// What policy read of the message that is corrected.
    pub corrected: Option<KindFacts>,
    /// The desk whose message is answered, and that message's id.
    pub answers: Option<(DeskName, Uuid)>,
}

/// One candidate of a kept decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCandidate {
    /// Desk.
    pub desk: DeskName,
    /// Task's protocol number; 0 for none.
    pub task: i32,
    /// Whether the sender named the agency.
    pub named: bool,
    /// Reasons.
    pub reasons: Vec<String>,
    /// Refusal code; 0 when permitted.
    pub refusal: u32,
    /// Each subject.
    pub subjects: Vec<KeptSubject>,
    /// Whether it is told no more than that something came of an earlier message.
    pub notice_only: bool,
    /// Whether nothing but the earlier message brings it this one.
    pub by_holding: bool,
    /// What it had of the persons whose numbers are merged or parted.
    pub held: Option<HeldOfPerson>,
    /// The documents whose audience it was of, by place.
    pub documents: BTreeSet<usize>,
    /// Of a message about a flag: whom it was shown by the one before, by their numbers.
    pub seen: BTreeSet<Token>,
}

/// One subject of a kept candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSubject {
    /// Whether he stays.
    pub shown: bool,
    /// Rules.
    pub rules: Vec<Arc<str>>,
    /// Fields withheld, by protocol number.
    pub withheld: Vec<i32>,
    /// Handling conditions added, by protocol number.
    pub handling: Vec<i32>,
    /// Hours to act.
    pub act_by_hours: Option<u32>,
    /// Days to deletion.
    pub delete_by_days: Option<u32>,
}

impl Kept {
    /// The stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut words = Words::default();
        let named = words.places(&self.named);
        let candidates = self.candidates.iter().map(|kept| StoredCandidate::of(kept, &mut words));
        let candidates = candidates.collect();
        let bundle = self.bundle.clone();
        let corrected = self.corrected.as_ref().map(KindFacts::to_numbers).unwrap_or_default();
        let facts = self.facts.as_ref().map(KindFacts::to_numbers).unwrap_or_default();
        let answers = self.answers.as_ref().map(|(desk, message)| StoredAnswered {
            agency: words.place(&desk.agency),
            desk: words.place(&desk.desk),
            message: message.as_bytes().to_vec(),
        });
        Stored { words: words.0, bundle, named, candidates, corrected, answers, facts }
            .encode_to_vec()
    }

    /// Reads the stored form; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut stored = Stored::decode(bytes).ok()?;
        let words = Words(std::mem::take(&mut stored.words));
        let read = |numbers: &[i32]| {
            let facts = (!numbers.is_empty()).then(|| KindFacts::from_numbers(numbers).ok_or(()));
            facts.transpose().ok()
        };
        let (facts, corrected) = (read(&stored.facts)?, read(&stored.corrected)?);
        let answers = match stored.answers {
            Some(answered) => Some(answered.read(&words)?),
            None => None,
        };
        let candidates = stored.candidates.into_iter().map(|candidate| candidate.read(&words));
        Some(Self {
            bundle: stored.bundle,
            named: words.words(&stored.named)?,
            candidates: candidates.collect::<Option<_>>()?,
            facts,
            corrected,
            answers,
        })
    }

    /// The numbers of those of a message's persons whom a desk was shown at all.
    #[must_use]
    pub fn persons_shown(&self, message: &Admitted, desk: &DeskName) -> BTreeSet<Token> {
        let given = self.candidates.iter().filter(|candidate| {
            candidate.desk == *desk && candidate.refusal == 0 && candidate.task == 0
        });
        given
            .flat_map(|candidate| message.subjects.iter().zip(&candidate.subjects))
            .filter(|(_, kept)| kept.shown)
            .flat_map(|(facts, _)| facts.tokens.iter().copied())
            .collect()
    }

    /// Whether a desk was given it as the owner of a flag on a person.
    #[must_use]
    pub fn owns_flag(&self, desk: &DeskName) -> bool {
        let given = self.candidates.iter().filter(|one| one.desk == *desk && one.task == 0);
        given.flat_map(|one| &one.reasons).any(|reason| reason.starts_with(FLAG_OWNER))
    }

    /// Whether it turns on what a desk has been given meanwhile.
    #[must_use]
    pub fn waits_for_earlier(&self, desk: &DeskName) -> bool {
        let concerned = Reason::Concerned.name();
        let mut of_desk = self.candidates.iter().filter(|candidate| candidate.desk == *desk);
        of_desk.any(|candidate| candidate.reasons.contains(&concerned))
    }

    /// The numbers of a message's persons that a desk was shown.
    #[must_use]
    pub fn numbers_shown(&self, message: &Admitted, desk: &DeskName) -> BTreeSet<Token> {
        let mut shown = BTreeSet::new();
        let given = self.candidates.iter().filter(|candidate| {
            candidate.desk == *desk && candidate.refusal == 0 && !candidate.notice_only
        });
        for candidate in given {
            let people = message.message.subjects.iter().zip(&message.subjects);
            for ((subject, facts), kept) in people.zip(&candidate.subjects) {
                let numbers = subject.identifiers.iter().zip(&facts.tokens);
                let seen = numbers.filter(|(number, _)| {
                    kept.shown && !kept.withheld.contains(&(identifier_field(number) as i32))
                });
                shown.extend(seen.map(|(_, token)| *token));
            }
        }
        shown
    }

    /// What is on record of the messages that this one follows, for one of its candidates.
    /// Whoever waited for that one and was not given it has no stake in what follows.
    #[must_use]
    pub fn earlier(&self, candidate: &KeptCandidate, before: Before) -> Earlier {
        let desk = || candidate.desk.clone();
        let has = |reason: Reason| candidate.reasons.contains(&reason.name());
        let concerned = has(Reason::Concerned);
        let holds = has(Reason::Holder) || (concerned && before == Before::Given);
        Earlier {
            looked_for: true,
            holders: holds.then(desk).into_iter().collect(),
            // Who was removed at first is removed still.
            seen: (!candidate.seen.is_empty())
                .then(|| (desk(), candidate.seen.clone()))
                .into_iter()
                .collect(),
            told: has(Reason::Holder).then(desk).into_iter().collect(),
            owed: has(Reason::Owed).then(desk).into_iter().collect(),
            waiting: (concerned && before == Before::Nothing).then(desk).into_iter().collect(),
            owned: has(Reason::Owned).then(desk),
            answers: self.answers.clone(),
            facts: self.corrected.clone(),
            held: candidate.held.clone().map(|held| (desk(), held)).into_iter().collect(),
        }
    }

    /// The form of a decision that is kept.
    #[must_use]
    pub fn of(admitted: &Admitted, decided: &Decided, earlier: &Earlier) -> Self {
        let named = admitted.message.addressees.iter().chain(admitted.named_by_kind());
        let named: BTreeSet<&str> = named.map(|named| named.agency.as_str()).collect();
        Self {
            bundle: hex::encode(decided.bundle),
            named: named.into_iter().map(str::to_owned).collect(),
            candidates: decided
                .candidates
                .iter()
                .map(|candidate| KeptCandidate {
                    seen: seen_of_flag(admitted, candidate, earlier),
                    ..KeptCandidate::of(candidate, earlier)
                })
                .collect(),
            facts: Some(kind_facts(admitted, earlier)),
            corrected: earlier.facts.clone(),
            answers: earlier.answers.clone(),
        }
    }
}

/// Whom a holder of the news of a flag was shown by it.
fn seen_of_flag(
    admitted: &Admitted,
    candidate: &CandidateDecision,
    earlier: &Earlier,
) -> BTreeSet<Token> {
    let seen = earlier.seen.get(&candidate.desk).filter(|_| admitted.kind == MessageKind::Flag);
    seen.cloned().unwrap_or_default()
}

impl KeptCandidate {
    /// Whether it has something of the persons whose numbers are merged or parted that it had not
    /// when it was told before, and may be told of it.
    pub(super) fn has_more_than(&self, before: &Self) -> bool {
        let had = before.held.iter().flat_map(|held| &held.concerns);
        let had: BTreeSet<&Bytes> = had.collect();
        let mut concerns = self.held.iter().flat_map(|held| &held.concerns);
        self.refusal == 0 && concerns.any(|reference| !had.contains(reference))
    }

    pub(super) fn of(candidate: &CandidateDecision, earlier: &Earlier) -> Self {
        let view = candidate.outcome.as_ref().ok();
        let subjects = candidate.verdicts.iter().enumerate().map(|(place, verdict)| {
            let permit = verdict.outcome.as_ref().ok();
            let hidden = permit.into_iter().flat_map(|p| p.withheld.iter().chain(&p.masked));
            KeptSubject {
                shown: view.and_then(|view| view.subjects.get(place)).is_some_and(Option::is_some),
                rules: verdict.rules.clone(),
                withheld: hidden.map(|field| *field as i32).collect(),
                handling: permit
                    .into_iter()
                    .flat_map(|p| p.handling.iter().map(|condition| *condition as i32))
                    .collect(),
                act_by_hours: permit.and_then(|p| p.act_by_hours),
                delete_by_days: permit.and_then(|p| p.delete_by_days),
            }
        });
        Self {
            desk: candidate.desk.clone(),
            task: candidate.task.map_or(0, |task| task as i32),
            named: candidate.named,
            reasons: candidate.reasons.iter().map(|reason| reason.name()).collect(),
            refusal: candidate.outcome.as_ref().err().map_or(0, |refusal| refusal.code()),
            subjects: subjects.collect(),
            notice_only: view.is_some_and(|view| view.notice_only),
            by_holding: candidate.by_holding,
            held: earlier.held.get(&candidate.desk).cloned(),
            documents: view.map(|v| v.documents.keys().copied().collect()).unwrap_or_default(),
            seen: BTreeSet::new(),
        }
    }
}

/// The stored form. Words are named by their place in the list.
#[derive(Clone, PartialEq, prost::Message)]
struct Stored {
    #[prost(string, repeated, tag = "1")]
    words: Vec<String>,
    #[prost(string, tag = "2")]
    bundle: String,
    #[prost(uint32, repeated, tag = "3")]
    named: Vec<u32>,
    #[prost(message, repeated, tag = "4")]
    candidates: Vec<StoredCandidate>,
    #[prost(int32, repeated, tag = "5")]
    corrected: Vec<i32>,
    #[prost(message, optional, tag = "6")]
    answers: Option<StoredAnswered>,
    #[prost(int32, repeated, tag = "7")]
    facts: Vec<i32>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredAnswered {
    #[prost(uint32, tag = "1")]
    agency: u32,
    #[prost(uint32, tag = "2")]
    desk: u32,
    #[prost(bytes = "vec", tag = "3")]
    message: Vec<u8>,
}

impl StoredAnswered {
    fn read(&self, words: &Words) -> Option<(DeskName, Uuid)> {
        let desk = words.desk(self.agency, self.desk)?;
        Some((desk, Uuid::from_slice(&self.message).ok()?))
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredCandidate {
    #[prost(uint32, tag = "1")]
    agency: u32,
    #[prost(uint32, tag = "2")]
    desk: u32,
    #[prost(int32, tag = "3")]
    task: i32,
    #[prost(bool, tag = "4")]
    named: bool,
    #[prost(uint32, repeated, tag = "5")]
    reasons: Vec<u32>,
    #[prost(uint32, tag = "6")]
    refusal: u32,
    #[prost(message, repeated, tag = "7")]
    subjects: Vec<StoredSubject>,
    #[prost(bool, tag = "8")]
    notice_only: bool,
    #[prost(message, optional, tag = "9")]
    held: Option<StoredHeld>,
    #[prost(uint64, repeated, tag = "10")]
    documents: Vec<u64>,
    #[prost(bool, tag = "11")]
    by_holding: bool,
    #[prost(bytes = "vec", repeated, tag = "12")]
    seen: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredHeld {
    #[prost(bytes = "vec", repeated, tag = "1")]
    shown: Vec<Vec<u8>>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    concerns: Vec<Bytes>,
}

impl StoredHeld {
    fn of(held: &HeldOfPerson) -> Self {
        Self { shown: to_bytes(&held.shown), concerns: held.concerns.clone() }
    }

    fn read(self) -> Option<HeldOfPerson> {
        Some(HeldOfPerson { shown: from_bytes(self.shown)?, concerns: self.concerns })
    }
}

fn to_bytes(tokens: &BTreeSet<Token>) -> Vec<Vec<u8>> {
    tokens.iter().map(|token| token.0.to_vec()).collect()
}

fn from_bytes(tokens: Vec<Vec<u8>>) -> Option<BTreeSet<Token>> {
    tokens.into_iter().map(|token| Some(Token(token.try_into().ok()?))).collect()
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredSubject {
    #[prost(bool, tag = "1")]
    shown: bool,
    #[prost(uint32, repeated, tag = "2")]
    rules: Vec<u32>,
    #[prost(int32, repeated, tag = "3")]
    withheld: Vec<i32>,
    #[prost(int32, repeated, tag = "4")]
    handling: Vec<i32>,
    #[prost(uint32, optional, tag = "5")]
    act_by_hours: Option<u32>,
    #[prost(uint32, optional, tag = "6")]
    delete_by_days: Option<u32>,
}

/// Words by place, each once.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn place(&mut self, word: &str) -> u32 {
        let found = self.0.iter().position(|known| known == word);
        let place = found.unwrap_or_else(|| {
            self.0.push(word.to_owned());
            self.0.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    fn places<T: AsRef<str>>(&mut self, words: &[T]) -> Vec<u32> {
        words.iter().map(|word| self.place(word.as_ref())).collect()
    }

    fn word(&self, place: u32) -> Option<&str> {
        self.0.get(usize::try_from(place).ok()?).map(String::as_str)
    }

    fn desk(&self, agency: u32, desk: u32) -> Option<DeskName> {
        Some(DeskName { agency: Arc::from(self.word(agency)?), desk: Arc::from(self.word(desk)?) })
    }

    fn words<T: for<'a> From<&'a str>>(&self, places: &[u32]) -> Option<Vec<T>> {
        places.iter().map(|place| self.word(*place).map(T::from)).collect()
    }
}

impl StoredCandidate {
    fn of(candidate: &KeptCandidate, words: &mut Words) -> Self {
        let subjects = candidate.subjects.iter().map(|subject| StoredSubject {
            shown: subject.shown,
            rules: words.places(&subject.rules),
            withheld: subject.withheld.clone(),
            handling: subject.handling.clone(),
            act_by_hours: subject.act_by_hours,
            delete_by_days: subject.delete_by_days,
        });
        let subjects = subjects.collect();
        Self {
            agency: words.place(&candidate.desk.agency),
            desk: words.place(&candidate.desk.desk),
            task: candidate.task,
            named: candidate.named,
            reasons: words.places(&candidate.reasons),
            refusal: candidate.refusal,
            subjects,
            notice_only: candidate.notice_only,
            held: candidate.held.as_ref().map(StoredHeld::of),
            documents: candidate.documents.iter().map(|place| *place as u64).collect(),
            by_holding: candidate.by_holding,
            seen: to_bytes(&candidate.seen),
        }
    }

    fn read(self, words: &Words) -> Option<KeptCandidate> {
        let subjects = self.subjects.into_iter().map(|subject| {
            Some(KeptSubject {
                shown: subject.shown,
                rules: words.words(&subject.rules)?,
                withheld: subject.withheld,
                handling: subject.handling,
                act_by_hours: subject.act_by_hours,
                delete_by_days: subject.delete_by_days,
            })
        });
        Some(KeptCandidate {
            desk: words.desk(self.agency, self.desk)?,
            task: self.task,
            named: self.named,
            reasons: words.words(&self.reasons)?,
            refusal: self.refusal,
            subjects: subjects.collect::<Option<_>>()?,
            notice_only: self.notice_only,
            by_holding: self.by_holding,
            held: match self.held {
                Some(held) => Some(held.read()?),
                None => None,
            },
            documents: self
                .documents
                .iter()
                .map(|place| usize::try_from(*place).ok())
                .collect::<Option<_>>()?,
            seen: from_bytes(self.seen)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        let subject = |shown| KeptSubject {
            shown,
            rules: vec!["town/custody".into(), "platform/custody-minimum".into()],
            withheld: vec![3, 9],
            handling: vec![2],
            act_by_hours: Some(24),
            delete_by_days: None,
        };
        let candidate = |desk: &str, refusal| KeptCandidate {
            desk: DeskName { agency: "gmp".into(), desk: desk.into() },
            task: 0,
            named: refusal == 0,
            reasons: vec!["addressed".to_owned()],
            refusal,
            subjects: vec![subject(true), subject(false)],
            notice_only: refusal == 0,
            by_holding: refusal == 0,
            held: Some(HeldOfPerson {
                shown: [Token([7; 16])].into(),
                concerns: vec![Bytes::from_static(&[9; 16])],
            }),
            documents: [0, 2].into(),
            seen: [Token([8; 16])].into(),
        };
        Kept {
            bundle: "ab".repeat(32),
            named: vec!["gmp".to_owned(), "absent".to_owned()],
            candidates: vec![candidate("stockport", 0), candidate("wigan", 6_001)],
            facts: Some(KindFacts::Correction),
            corrected: Some(KindFacts::Mappa {
                category: 2,
                level: 3,
                step: proto::exchange::v1::MappaStep::LevelChange,
            }),
            answers: Some((
                DeskName { agency: "gmp".into(), desk: "stockport".into() },
                Uuid::from_u128(5),
            )),
        }
    }

    #[test]
    fn a_decision_reads_back_as_it_was_kept_and_names_each_rule_once() {
        let bytes = kept().to_bytes();
        assert_eq!(Kept::from_bytes(&bytes), Some(kept()));
        let rule = b"platform/custody-minimum";
        assert_eq!(bytes.windows(rule.len()).filter(|window| window == rule).count(), 1);
    }

    #[test]
    fn a_decision_that_names_a_word_it_does_not_hold_is_not_read() {
        let stored = Stored { named: vec![1], words: vec!["gmp".to_owned()], ..Stored::default() };
        assert_eq!(Kept::from_bytes(&stored.encode_to_vec()), None);
        assert_eq!(Kept::from_bytes(&[0xff; 7]), None);
    }
}
