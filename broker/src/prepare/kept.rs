//! A decision as it is kept, sealed beside the message.
//!
//! Owns its stored form: protobuf, each desk, rule and reason written once. Promises that what
//! is read back is what was written. Deliberately does not know who reads it.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;

use crate::decision::{CandidateDecision, Decided};
use crate::message::Admitted;
use crate::register::DeskName;

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
        Stored { words: words.0, bundle, named, candidates }.encode_to_vec()
    }

    /// Reads the stored form; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut stored = Stored::decode(bytes).ok()?;
        let words = Words(std::mem::take(&mut stored.words));
        let candidates = stored.candidates.into_iter().map(|candidate| candidate.read(&words));
        Some(Self {
            bundle: stored.bundle,
            named: words.words(&stored.named)?,
            candidates: candidates.collect::<Option<_>>()?,
        })
    }

    /// The form of a decision that is kept.
    #[must_use]
    pub fn of(admitted: &Admitted, decided: &Decided) -> Self {
        let named: BTreeSet<&str> =
            admitted.message.addressees.iter().map(|a| a.agency.as_str()).collect();
        Self {
            bundle: hex::encode(decided.bundle),
            named: named.into_iter().map(str::to_owned).collect(),
            candidates: decided.candidates.iter().map(KeptCandidate::of).collect(),
        }
    }
}

impl KeptCandidate {
    pub(super) fn of(candidate: &CandidateDecision) -> Self {
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
            desk: DeskName {
                agency: Arc::from(words.word(self.agency)?),
                desk: Arc::from(words.word(self.desk)?),
            },
            task: self.task,
            named: self.named,
            reasons: words.words(&self.reasons)?,
            refusal: self.refusal,
            subjects: subjects.collect::<Option<_>>()?,
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
        };
        Kept {
            bundle: "ab".repeat(32),
            named: vec!["gmp".to_owned(), "absent".to_owned()],
            candidates: vec![candidate("stockport", 0), candidate("wigan", 6_001)],
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
