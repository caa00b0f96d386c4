//! Asks the two of each pair in turn and times the answers.
//!
//! Owns the loop and the line that is told of each class. Promises that both of a pair are
//! answered alike in kind, or the run ends: times of different answers compare nothing.
//! Deliberately does not know what is asked.

use std::time::Duration;

use demo::stage::StageError;
use serde_json::{Value, json};
use tokio::time::Instant;
use tonic::{Code, Response, Status};

use super::pairs::{Pairs, Side, Verdict, order};
use crate::draws::Draws;

/// Pairs of each class that are asked before any counts.
const WARM_UP_PAIRS: u64 = 20;

/// An answer, as far as it is compared here: its bytes are other tests' business.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// How long the caller waited.
    pub took: Duration,
    /// Status.
    pub code: Code,
}

/// Waits for the answer to one call.
pub async fn timed<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Answered {
    let begun = Instant::now();
    let answer = call.await;
    let took = begun.elapsed();
    Answered { took, code: answer.map_or_else(|status| status.code(), |_| Code::Ok) }
}

/// What is compared with what.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Call.
    pub call: &'static str,
    /// Who calls.
    pub caller: &'static str,
    /// What is asked about.
    pub class: &'static str,
    /// What it must look like.
    pub reference: &'static str,
    /// What the two differ in.
    pub differs: Differs,
}

/// What the two of a pair differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    /// In what the caller must not find out.
    Secret,
    /// In what the caller knows before he asks: told for completeness, and judged by nobody.
    Known,
    /// In nothing: what this yields is the method's own error.
    Nothing,
}

impl Differs {
    const fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Known => "known-to-caller",
            Self::Nothing => "nothing",
        }
    }
}

/// What has been asked so far.
pub struct Asked {
    pairs: u64,
    draws: Draws,
    classes: Vec<Value>,
    within: u64,
    beyond: u64,
    undecided: u64,
    controls_beyond: u64,
}

impl Asked {
    /// So many pairs of each class will be asked, two at a time, in an order drawn from a seed.
    #[must_use]
    pub const fn new(pairs: u64, seed: u64) -> Self {
        Self {
            pairs,
            draws: Draws::new(seed),
            classes: Vec::new(),
            within: 0,
            beyond: 0,
            undecided: 0,
            controls_beyond: 0,
        }
    }

    /// Asks the pairs of one class. `ask` is given the side and a draw that the two of a pair
    /// share, so that they are about the same place of their lists.
    ///
    /// # Errors
    /// Those of `ask`, and answers of different kinds where the caller must not tell them apart.
    pub async fn compare(
        &mut self,
        pair: Pair,
        mut ask: impl AsyncFnMut(Side, u64) -> Result<Answered, StageError>,
    ) -> Result<(), StageError> {
        let mut times = Pairs::default();
        for number in 0..(WARM_UP_PAIRS + self.pairs).div_ceil(2) {
            let draws = [self.draws.next(), self.draws.next()];
            let (mut class, mut reference) = (Vec::new(), Vec::new());
            for (place, side) in order(self.draws.next()).into_iter().enumerate() {
                let draw = draws.get(place / 2).copied().unwrap_or_default();
                let answered = ask(side, draw).await?;
                match side {
                    Side::Class => class.push(answered),
                    Side::Reference => reference.push(answered),
                }
            }
            for (class, reference) in class.into_iter().zip(reference) {
                check(pair, class.code, reference.code)?;
                if number >= WARM_UP_PAIRS / 2 {
                    times.add(class.took, reference.took);
                }
            }
        }
        self.tell(pair, &times)
    }

    fn tell(&mut self, pair: Pair, times: &Pairs) -> Result<(), StageError> {
        let comparison = times.comparison().ok_or("no pair was asked")?;
        let verdict = comparison.verdict();
        match (pair.differs, verdict) {
            (Differs::Secret, Verdict::Within) => self.within += 1,
            (Differs::Secret, Verdict::Beyond) => self.beyond += 1,
            (Differs::Secret, Verdict::Undecided) => self.undecided += 1,
            (Differs::Nothing, Verdict::Beyond) => self.controls_beyond += 1,
            (Differs::Nothing | Differs::Known, _) => {}
        }
        let mut line = json!({
            "call": pair.call,
            "caller": pair.caller,
            "class": pair.class,
            "reference": pair.reference,
            "differs_in": pair.differs.name(),
            "verdict": verdict.name(),
        });
        if let (Value::Object(line), Value::Object(figures)) = (&mut line, comparison.summary()) {
            line.extend(figures);
        }
        self.classes.push(line);
        Ok(())
    }

    /// How many classes stand where, and every class.
    #[must_use]
    pub fn summary(self) -> Value {
        json!({
            "limit_percent": super::pairs::LIMIT_PERCENT,
            "within": self.within,
            "beyond": self.beyond,
            "undecided": self.undecided,
            "controls_beyond": self.controls_beyond,
            "classes": self.classes,
        })
    }
}

/// Ends the run where a call failed, or the two of a pair were answered in different kinds.
fn check(pair: Pair, class: Code, reference: Code) -> Result<(), StageError> {
    let answered = |code| matches!(code, Code::Ok | Code::NotFound);
    let alike = class == reference || pair.differs == Differs::Known;
    if alike && answered(class) && answered(reference) {
        return Ok(());
    }
    let Pair { call, class: what, reference: other, .. } = pair;
    Err(format!("{call}: {what} was answered {class:?}, {other} {reference:?}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair = Pair {
        call: "call",
        caller: "caller",
        class: "class",
        reference: "reference",
        differs: Differs::Secret,
    };

    /// Asks ten pairs, the class taking so much of a reference's millisecond.
    async fn asked(pair: Pair, factor: f64, code: Code) -> Result<Value, StageError> {
        let mut asked = Asked::new(10, 7);
        asked
            .compare(pair, async |side, _| {
                Ok(match side {
                    Side::Class => {
                        Answered { took: Duration::from_millis(1).mul_f64(factor), code }
                    }
                    Side::Reference => Answered { took: Duration::from_millis(1), code: Code::Ok },
                })
            })
            .await?;
        Ok(asked.summary())
    }

    #[tokio::test]
    async fn a_class_that_takes_longer_is_beyond_and_one_that_does_not_is_within() {
        let slower = asked(PAIR, 1.1, Code::Ok).await.unwrap();
        assert_eq!((&slower["within"], &slower["beyond"]), (&json!(0), &json!(1)));
        let alike = asked(PAIR, 1.01, Code::Ok).await.unwrap();
        assert_eq!((&alike["within"], &alike["beyond"]), (&json!(1), &json!(0)));
        assert_eq!(alike["classes"][0]["pairs"], 10);
        assert_eq!(alike["classes"][0]["verdict"], "within");
    }

    #[tokio::test]
    async fn what_the_caller_knows_is_judged_by_nobody_and_a_control_stands_alone() {
        let known = Pair { differs: Differs::Known, ..PAIR };
        let told = asked(known, 3.0, Code::NotFound).await.unwrap();
        assert_eq!((&told["within"], &told["beyond"]), (&json!(0), &json!(0)));
        let control = Pair { differs: Differs::Nothing, ..PAIR };
        let told = asked(control, 3.0, Code::Ok).await.unwrap();
        assert_eq!((&told["beyond"], &told["controls_beyond"]), (&json!(0), &json!(1)));
    }

    #[tokio::test]
    async fn answers_of_different_kinds_are_not_timed() {
        assert!(asked(PAIR, 1.0, Code::NotFound).await.is_err());
        assert!(asked(PAIR, 1.0, Code::Unavailable).await.is_err());
    }
}
