//! An embargo under a clock that moved, at a desk where nothing else waits.
//!
//! Owns the way in which news goes out as it is recorded, without ever standing in line: a line
//! in which something waits never takes it, see `clock`.

use std::time::Duration;

use broker::clock::Clock as _;
use tests::world::{World, id, next, nothing, recall, shipped};

const DAY: Duration = Duration::from_secs(86_400);
/// How far ahead the embargo ends when the clock moves past it.
const AHEAD: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn an_embargo_that_is_over_by_a_moved_clock_alone_holds_although_nothing_else_waits() {
    let (world, clock) = World::on_clock(shipped()).await;
    // Certificates are made for the machine's time: a step back must not lead before it.
    clock.advance(DAY);
    let mut desk = world.mailbox("gmp", "records", "stockport").await;
    let prisons = world.publisher("hmpps-prisons", "records").await;
    let plain = recall(id(), "A9510AA").addressee("gmp", "stockport");
    prisons.publish(plain.build().unwrap()).await.unwrap();
    next(&mut desk).await.acknowledge().await.unwrap();
    let embargo = clock.now() + AHEAD;
    clock.step(time::Duration::hours(2));
    // The line has been looked through and is empty: what comes now may go out at once.
    nothing(&mut desk).await;
    let held = recall(id(), "A9511AA").addressee("gmp", "stockport").not_before(embargo);
    prisons.publish(held.build().unwrap()).await.unwrap();
    nothing(&mut desk).await;

    clock.step(time::Duration::hours(-2));
    clock.advance(2 * AHEAD);
    next(&mut desk).await.acknowledge().await.unwrap();
    nothing(&mut desk).await;
}
