//! Thousands of sequences of things said, linked, merged, taken back and corrected, with desks away,
//! agencies suspended, agreements ending and people turning 18 meanwhile: what comes to each desk
//! is held against a reference that shares no code with the broker.
//!
//! `rules` is the reference's word on who may be told of whom and without what, `register` on who
//! is whom and on which list, `model` on who has a stake, what waits and who holds what, `view` on
//! what is read. They are tables and loops over the protocol's types, and use nothing else of
//! the project. `town` is what both sides are told, `steps` what happens, `play` the broker:
//! real sockets, real TLS, a clock that is set.
//!
//! Every run plays the same 160 sequences; `PYRAMID_TEST_LONG=1`: 10,000 that are drawn afresh.
//! `PYRAMID_TEST_SEQUENCES`: how many. `PYRAMID_TEST_SEED`: these and no others.
//! A failure prints the seed and a sequence from which every step was taken that it fails without.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop here, and says what it did"
)]

mod model;
mod play;
mod register;
mod rules;
mod steps;
mod town;
mod view;
mod words;

use std::time::Duration;

use play::{Failure, Play, Tally};
use steps::{Cast, Sequence, Turn};
use tests::draws::{self, Draws};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Sequences in one town.
const TOWN: u32 = 20;
/// Towns that are played side by side: most of their time they wait.
const TOWNS_AT_ONCE: usize = 4;
/// How long what must come is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same while a failure is made smaller.
const PATIENCE_AGAIN: Duration = Duration::from_secs(3);
/// So often at most a failing sequence is played again.
const AGAIN_MAX: u32 = 60;

/// Everything that happens in one town.
struct Scene {
    turns: Vec<Turn>,
    sequences: Vec<(Cast, Sequence)>,
}

/// A town's scene: `first` is the number of its first sequence.
fn scene(seed: u64, first: u32, count: u32) -> Scene {
    let mut draws = Draws::new(draws::mixed(seed ^ u64::from(first)));
    let rounds = 10 + draws.below(21);
    let turns = steps::timeline(rounds, &mut draws);
    let sequences = (first..first + count).map(|number| {
        let mut draws = Draws::new(draws::mixed(seed) ^ u64::from(number));
        let cast = Cast::of(number, &mut draws);
        let sequence = steps::sequence(&cast, rounds, &mut draws);
        (cast, sequence)
    });
    Scene { turns, sequences: sequences.collect() }
}

async fn played(scene: &Scene, patience: Duration) -> Result<Tally, Failure> {
    Play::begin(scene.sequences.clone(), patience).await.through(&scene.turns).await
}

/// Leaves out whatever a failing sequence fails without.
async fn smaller(mut scene: Scene, mut failure: Failure) -> (Scene, Failure) {
    let mut played_again = 0;
    let mut place = 0;
    while place < 2 * scene.turns.len() && played_again < AGAIN_MAX {
        let round = place / 2;
        let mut without = Scene { turns: scene.turns.clone(), sequences: scene.sequences.clone() };
        let left_out = if place % 2 == 0 {
            without.sequences[0].1.steps.get_mut(round).and_then(Option::take).is_some()
        } else {
            std::mem::replace(&mut without.turns[round], Turn::Nothing) != Turn::Nothing
        };
        place += 1;
        if !left_out {
            continue;
        }
        played_again += 1;
        if let Err(again) = played(&without, PATIENCE_AGAIN).await {
            (scene, failure) = (without, again);
        }
    }
    (scene, failure)
}

/// What failed: the sequence that it was found in, or else the first of its town that fails alone.
async fn explained(seed: u64, scene: Scene, failure: Failure) -> String {
    let found = format!("seed {seed}: {} in round {}", failure.what, failure.round);
    let mut own = scene.sequences;
    own.sort_by_key(|(cast, _)| Some(cast.number) != failure.sequence);
    let numbers: Vec<u32> = own.iter().map(|(cast, _)| cast.number).collect();
    for one in own {
        let alone = Scene { turns: scene.turns.clone(), sequences: vec![one] };
        let Err(again) = played(&alone, PATIENCE_AGAIN).await else { continue };
        let (scene, failure) = smaller(alone, again).await;
        let (cast, sequence) = &scene.sequences[0];
        let told = play::told(&scene.turns, cast, sequence);
        let (number, round) = (cast.number, failure.round);
        return format!("seed {seed}, sequence {number}:\n{told}\nround {round}: {}", failure.what);
    }
    format!("{found}\nin the town of sequences {numbers:?}, each of which goes well alone")
}

fn count() -> u32 {
    let given = std::env::var("PYRAMID_TEST_SEQUENCES").ok().and_then(|text| text.parse().ok());
    given.unwrap_or(if draws::long() { 10_000 } else { 160 })
}

/// Of the sequences that every run plays.
const SEED: u64 = 20_261_123;

fn seed() -> u64 {
    let drawn = draws::long() || std::env::var_os("PYRAMID_TEST_SEED").is_some();
    if drawn { draws::seed() } else { SEED }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_to_each_desk_is_what_the_reference_says() {
    let (seed, count, began) = (seed(), count(), Instant::now());
    eprintln!("seed {seed}");
    let mut total = Tally::default();
    let mut firsts = (0..count).step_by(TOWN as usize).peekable();
    let mut towns = JoinSet::new();
    let mut played_out = 0;
    while firsts.peek().is_some() || !towns.is_empty() {
        while towns.len() < TOWNS_AT_ONCE
            && let Some(first) = firsts.next()
        {
            let scene = scene(seed, first, TOWN.min(count - first));
            towns.spawn(async move { (played(&scene, PATIENCE).await, scene) });
        }
        let Some(town) = towns.join_next().await else { break };
        match town.unwrap() {
            (Ok(tally), _) => total.add(tally),
            (Err(failure), scene) => {
                towns.shutdown().await;
                // Making it smaller takes a while.
                eprintln!("seed {seed}: {}", failure.what);
                panic!("{}", explained(seed, scene, failure).await);
            }
        }
        played_out += TOWN;
        if played_out % 1_000 == 0 {
            eprintln!("{played_out} sequences, {:?}, {total:?}", began.elapsed());
        }
    }
    eprintln!("{count} sequences, {:?}, {total:?}", began.elapsed());
}
