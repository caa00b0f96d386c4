//! How long a merge is answered, by how much is held of the two numbers: what the register's
//! authority could otherwise read off its own clock.

use std::time::{Duration, Instant};

use agency_client::compose;
use proto::exchange::v1 as wire;
use tests::world::{World, adult, id, next};

use super::town::{DIVISION, GROUNDS, NAME, PRISONS, WIRRAL, hearing_of, open, taken, town};

/// Messages in one frame.
const FRAME: usize = 50;
const MERGES: usize = 9;

/// Lets Wirral have `count` messages about a number.
async fn holds(world: &World, number: &str, count: usize) {
    let mut wirral = open(world, WIRRAL).await;
    for _ in 0..count.div_ceil(FRAME) {
        let drafts = (0..FRAME.min(count)).map(|_| hearing_of(id(), adult(number, NAME)));
        let frame = drafts.map(|draft| draft.addressee(WIRRAL.0, "").build().unwrap()).collect();
        world.frame(DIVISION.0, DIVISION.1, frame).await;
        for _ in 0..FRAME.min(count) {
            next(&mut wirral).await.acknowledge().await.unwrap();
        }
        // Within the rate of one agency.
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    wirral.close().await.unwrap();
}

/// Merges two numbers again and again: how long each answer took, shortest first. After each the
/// holder has its notice, so that one merge's work is not counted to the next.
#[expect(clippy::disallowed_methods, reason = "it measures by the real clock")]
async fn answers(world: &World, one: &str, other: &str) -> Vec<Duration> {
    let publisher = world.publisher(PRISONS.0, PRISONS.1).await;
    let mut wirral = open(world, WIRRAL).await;
    let mut times = Vec::new();
    for _ in 0..MERGES {
        let person = compose::Person::new(wire::SubjectCategory::Managed).name(NAME);
        let noms = wire::IdentifierType::Noms;
        let merge = compose::merge(id(), GROUNDS, person, noms, one, other).build().unwrap();
        let sent = Instant::now();
        publisher.publish(merge).await.unwrap();
        times.push(sent.elapsed());
        taken(&mut wirral).await;
    }
    times.sort_unstable();
    times
}

#[tokio::test]
#[ignore = "a measurement, of some minutes"]
async fn measure_how_long_a_merge_is_answered_over_10_and_over_10000_held_messages() {
    let world = town().await;
    for (count, one, other) in [(10, "A9701AA", "A9702AA"), (10_000, "A9703AA", "A9704AA")] {
        holds(&world, one, count).await;
        let times = answers(&world, one, other).await;
        println!("{count} held: median {:?}, longest {:?}", times[MERGES / 2], times[MERGES - 1]);
    }
}
