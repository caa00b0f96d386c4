//! What one decision of policy costs, with the rules and agencies of a whole country.
//!
//! Owns the ways in which it is asked: from memory, over the slice, over every rule. Promises
//! that the rules went through the broker's own readers, and that what is decided over every
//! rule is compared with what was decided over the slice. Needs no broker process: this is
//! the broker's own code, called from here. Deliberately knows no message.

pub mod questions;

pub mod rulebook;

use std::collections::{BTreeSet, HashSet};
use std::hint::black_box;

use broker::policy::{InForce, Verdict};
use demo::stage::StageError;
use proto::refusal::Refusal;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::time::Instant;

use super::Options;
use super::latencies::Latencies;
use questions::{Ask, Asker};
use rulebook::{AGENCIES, RULES_MIN, Rulebook, national};

/// A moment at which every agreement is in force.
const NOON: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);
/// What the 99th of a hundred decisions over the slice may take, microseconds.
const SLICED_P99_LIMIT_US: u64 = 2_000;
/// Questions that are remembered and then asked again and again.
const REMEMBERED: u64 = 4_096;
/// For each decision over every rule, so many over the slice: they take much longer.
const SLICED_FOR_EACH_WHOLE: u64 = 40;
/// Timings of nothing, to say what the clock itself takes.
const CLOCK_TIMINGS: u64 = 10_000;

/// Measures it.
///
/// # Errors
/// The rules cannot be made, or hold less than is claimed.
pub fn run(options: &Options, seed: u64) -> Result<Value, StageError> {
    let begun = Instant::now();
    let rulebook = national()?;
    let load_seconds = begun.elapsed().as_secs_f64();
    let agencies = rulebook.directory.agencies().count();
    if agencies < AGENCIES || rulebook.bundle.rules() < RULES_MIN {
        return Err("the country has fewer agencies or rules than are claimed".into());
    }
    let in_force = rulebook.bundle.in_force(&rulebook.directory, NOON);
    let mut asker = Asker::new(&rulebook, seed);
    let mut ask = || asker.draw().ok_or_else(|| StageError::from("a desk for every question"));

    let first = first_of_each_slice(&rulebook, &in_force, &mut ask)?;
    let sliced = sliced(options.decisions, &in_force, &mut ask)?;
    let memory = memory(options.decisions, &in_force, &mut ask)?;
    let whole = whole(options.decisions / SLICED_FOR_EACH_WHOLE, &in_force, &mut ask)?;
    Ok(json!({
        "rules": rulebook.bundle.rules(),
        "agreements": rulebook.bundle.terms().len(),
        "agencies": agencies,
        "desks": rulebook.directory.desks().count(),
        "load_seconds": load_seconds,
        "clock": clock().summary(),
        "first_of_slice": first,
        "sliced": sliced,
        "memory": memory,
        "whole": whole,
    }))
}

/// Times one decision.
fn timed<T>(times: &mut Latencies, decide: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let decided = black_box(decide());
    times.add(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
    decided
}

fn clock() -> Latencies {
    let mut times = Latencies::default();
    for _ in 0..CLOCK_TIMINGS {
        timed(&mut times, || ());
    }
    times
}

/// How decisions ended.
#[derive(Default)]
struct Outcomes {
    permitted: u64,
    refused: u64,
    failed: u64,
}

impl Outcomes {
    fn add(&mut self, verdict: &Verdict) {
        match &verdict.outcome {
            Ok(_) => self.permitted += 1,
            Err(Refusal::PolicyError) => self.failed += 1,
            Err(_) => self.refused += 1,
        }
    }

    fn summary(&self) -> Value {
        json!({ "permitted": self.permitted, "refused": self.refused, "failed": self.failed })
    }
}

/// The first decision about an agency and a kind after rules came into force: it makes the
/// slice. Also how many rules slices have.
fn first_of_each_slice(
    rulebook: &Rulebook,
    in_force: &InForce,
    ask: &mut impl FnMut() -> Result<Ask, StageError>,
) -> Result<Value, StageError> {
    let (mut times, mut sizes, mut seen) = (Latencies::default(), Vec::new(), BTreeSet::new());
    for _ in 0..REMEMBERED {
        let Ask { desk, question, stake } = ask()?;
        let agency = rulebook.directory.desk(desk).map(|desk| desk.agency.clone());
        if !seen.insert((agency, question.facts.kind().name())) {
            continue;
        }
        timed(&mut times, || in_force.decide_uncached(desk, &question, stake));
        sizes.extend(in_force.slice_policies(desk, question.facts.kind()));
    }
    sizes.sort_unstable();
    Ok(json!({
        "times": times.summary(),
        "policies_least": sizes.first(),
        "policies_median": sizes.get(sizes.len() / 2),
        "policies_most": sizes.last(),
        "policies_whole": in_force.policies(),
    }))
}

/// Decisions over the slice, none remembered: each question is another.
fn sliced(
    decisions: u64,
    in_force: &InForce,
    ask: &mut impl FnMut() -> Result<Ask, StageError>,
) -> Result<Value, StageError> {
    let (mut times, mut outcomes) = (Latencies::default(), Outcomes::default());
    for _ in 0..decisions {
        let Ask { desk, question, stake } = ask()?;
        outcomes.add(&timed(&mut times, || in_force.decide_uncached(desk, &question, stake)));
    }
    let within = times.quantile(990) < SLICED_P99_LIMIT_US * 1_000;
    Ok(json!({
        "times": times.summary(),
        "outcomes": outcomes.summary(),
        "p99_limit_us": SLICED_P99_LIMIT_US,
        "p99": if within { "within" } else { "beyond" },
    }))
}

/// Decisions as the path makes them: each question once, worked out and kept, then again from
/// memory.
fn memory(
    decisions: u64,
    in_force: &InForce,
    ask: &mut impl FnMut() -> Result<Ask, StageError>,
) -> Result<Value, StageError> {
    let (mut once, mut again) = (Latencies::default(), Latencies::default());
    let (mut asks, mut seen) = (Vec::new(), HashSet::new());
    for _ in 0..REMEMBERED {
        let Ask { desk, question, stake } = ask()?;
        if seen.insert((desk, question.clone(), stake)) {
            asks.push(Ask { desk, question, stake });
        }
    }
    let (hits, misses) = (in_force.hits(), in_force.misses());
    for Ask { desk, question, stake } in &asks {
        timed(&mut once, || in_force.decide(*desk, question, *stake));
    }
    let (hits, missed) = (in_force.hits() - hits, in_force.misses() - misses);
    let misses = in_force.misses();
    for Ask { desk, question, stake } in asks.iter().cycle().take(usize::try_from(decisions)?) {
        timed(&mut again, || in_force.decide(*desk, question, *stake));
    }
    Ok(json!({
        "asked_once": once.summary(),
        "asked_once_remembered": hits,
        "asked_once_worked_out": missed,
        "times": again.summary(),
        "worked_out": in_force.misses() - misses,
    }))
}

/// Decisions over every rule in force, and how many differ from those over the slice.
fn whole(
    decisions: u64,
    in_force: &InForce,
    ask: &mut impl FnMut() -> Result<Ask, StageError>,
) -> Result<Value, StageError> {
    let (mut times, mut differ) = (Latencies::default(), 0_u64);
    let Ask { desk, question, stake } = ask()?;
    // The set of all rules is made when it is first asked for.
    black_box(in_force.decide_full(desk, &question, stake));
    for _ in 0..decisions {
        let Ask { desk, question, stake } = ask()?;
        let verdict = timed(&mut times, || in_force.decide_full(desk, &question, stake));
        differ += u64::from(verdict != in_force.decide_uncached(desk, &question, stake));
    }
    Ok(json!({ "times": times.summary(), "differ_from_slice": differ }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_meet_permits_and_refusals_and_slice_whole_and_memory_agree() {
        let rulebook = national().unwrap();
        let in_force = rulebook.bundle.in_force(&rulebook.directory, NOON);
        let mut asker = Asker::new(&rulebook, 7);
        let mut ask = || asker.draw().ok_or_else(|| StageError::from("no desk"));
        let told = sliced(300, &in_force, &mut ask).unwrap();
        let ended = |how: &str| told["outcomes"][how].as_u64().unwrap();
        assert!(ended("permitted") > 60, "{told}");
        assert!(ended("refused") > 60, "{told}");
        assert_eq!(ended("failed"), 0);
        let told = memory(300, &in_force, &mut ask).unwrap();
        assert_eq!((&told["asked_once_remembered"], &told["worked_out"]), (&json!(0), &json!(0)));
        let told = whole(60, &in_force, &mut ask).unwrap();
        assert_eq!(told["differ_from_slice"], 0);
    }
}
