//! The wall clock is set while one message waits for its end and one for its embargo.

use std::io;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use agency_client::Subscription;
use broker::clock::{Clock as _, SetClock};
use demo::stage::{OPERATOR, Script, Term};
use proto::admin::v1 as admin;
use proto::exchange::v1::OutcomeState;
use proto::refusal::Refusal;
use serde_json::{Value, json};
use tests::operator::pages;
use tests::world::{SILENCE, World, id, next, nothing, now, recall, shipped};
use time::{OffsetDateTime, Time};
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// What waits falls due that much after it was accepted.
const LIFE: Duration = Duration::from_secs(3_600);
/// That much later it certainly has.
const AFTER: Duration = Duration::from_secs(5_400);
/// Longer than the broker takes to look for what ran out.
const LOOKED: Duration = Duration::from_secs(6);
const STEPS: [time::Duration; 2] = [time::Duration::hours(2), time::Duration::hours(-2)];
/// Of about that size, each made by one test once: what is logged of it is no other's.
const LOGGED_STEPS: [time::Duration; 2] =
    [time::Duration::seconds(7_261), time::Duration::seconds(-7_262)];
const ALERTS: &str = "agreements/release-alerts.toml";

/// A message that nobody fetches and that ends, and one that must not leave yet.
struct Waits {
    world: World,
    clock: Arc<SetClock>,
    expiring: Uuid,
    embargoed: Uuid,
    desk: Subscription,
}

impl Waits {
    async fn for_a(life: Duration) -> Self {
        let (world, clock) = World::on_clock(shipped()).await;
        // Certificates are made for the machine's time: a step back must not lead before it.
        clock.advance(DAY);
        let due = clock.now() + life;
        let desk = world.mailbox("gmp", "records", "stockport").await;
        let (expiring, embargoed) = (id(), id());
        let unread = recall(expiring, "A9501AA").addressee("merseyside-police", "wirral");
        let later = recall(embargoed, "A9502AA").addressee("gmp", "stockport");
        let prisons = world.publisher("hmpps-prisons", "records").await;
        prisons.publish(unread.expires_at(due).build().unwrap()).await.unwrap();
        prisons.publish(later.not_before(due).build().unwrap()).await.unwrap();
        Self { world, clock, expiring, embargoed, desk }
    }

    async fn state(&self, message: Uuid) -> OutcomeState {
        let [(_, state)] = self.world.track("hmpps-prisons", "records", message).await[..] else {
            panic!("one agency was named");
        };
        state
    }

    /// Time passes by both clocks, and neither happens.
    async fn neither_happens(&mut self) {
        tokio::time::sleep(LOOKED).await;
        nothing(&mut self.desk).await;
        assert_eq!(self.state(self.expiring).await, OutcomeState::Waiting);
        assert_eq!(self.state(self.embargoed).await, OutcomeState::Waiting);
        assert_eq!(self.world.ended(self.expiring), [0_u64; 0]);
    }

    /// Each happens, and not again.
    async fn each_happens_once(&mut self) {
        let delivery = next(&mut self.desk).await;
        delivery.acknowledge().await.unwrap();
        let (world, message) = (&self.world, self.expiring);
        world.until("it ends", async || !world.ended(message).is_empty()).await;
        tokio::time::sleep(LOOKED).await;
        nothing(&mut self.desk).await;
        assert_eq!(self.state(self.embargoed).await, OutcomeState::Acknowledged);
        assert_eq!(self.world.ended(self.expiring), [u64::from(Refusal::Expired.code())]);
        assert_eq!(self.world.records("release").len(), 1);
    }
}

/// Says by another clock that the broker's is right.
async fn confirm(world: &World, believed: OffsetDateTime) -> Result<i64, tonic::Status> {
    let believed = prost_types::Timestamp { seconds: believed.unix_timestamp(), nanos: 0 };
    let request = admin::ConfirmClockRequest { believed: Some(believed) };
    let mut client = world.stage.admin(OPERATOR).await.unwrap();
    client.confirm_clock(request).await.map(|answer| answer.into_inner().moved_seconds)
}

/// A page of the operators' listener.
async fn page(world: &World, path: &str) -> String {
    pages(world, None, &[path]).await
}

/// What the broker has logged in this process, as JSON lines.
fn log() -> Arc<Mutex<Vec<u8>>> {
    static LINES: Mutex<Option<Arc<Mutex<Vec<u8>>>>> = Mutex::new(None);
    static SET: Once = Once::new();
    struct Writer(Arc<Mutex<Vec<u8>>>);
    impl io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let lines = Arc::clone(LINES.lock().unwrap().get_or_insert_default());
    let kept = Arc::clone(&lines);
    SET.call_once(move || {
        let writer = move || Writer(Arc::clone(&kept));
        tracing_subscriber::fmt().json().with_writer(writer).init();
    });
    lines
}

/// Log line, figures, health and status say that the clock has moved so far, and that the broker
/// works all the same.
async fn alarm_is_raised(world: &World, seconds: i64) {
    let figures = page(world, "/metrics").await;
    assert!(figures.contains("\npyramid_clock_held 1\n"), "{figures}");
    assert!(figures.contains(&format!("\npyramid_clock_moved_seconds {seconds}\n")), "{figures}");
    let health = page(world, "/health/ready").await;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    assert!(health.contains("clock: moved"), "{health}");
    let status = world.status().await;
    assert_eq!((status.clock_held, status.clock_moved_seconds), (true, seconds));
    let log = String::from_utf8(log().lock().unwrap().clone()).unwrap();
    let mut lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let raised = lines.any(|line| {
        let fields = &line["fields"];
        line["level"] == "ERROR" && fields["code"] == "clock-moved" && fields["seconds"] == seconds
    });
    assert!(raised, "an error with its code is logged");
}

async fn alarm_is_over(world: &World) {
    assert!(page(world, "/metrics").await.contains("\npyramid_clock_held 0\n"));
    assert!(page(world, "/health/ready").await.contains("clock: believed"));
    assert!(!world.status().await.clock_held);
}

#[tokio::test]
async fn a_step_lets_nothing_fall_due_and_once_the_clock_agrees_again_each_falls_due_once() {
    log();
    for step in LOGGED_STEPS {
        let mut waits = Waits::for_a(LIFE).await;
        waits.clock.step(step);
        waits.neither_happens().await;
        // Now both clocks have passed the moment at least once, and still nobody can vouch.
        waits.clock.advance(AFTER);
        waits.neither_happens().await;
        alarm_is_raised(&waits.world, step.whole_seconds()).await;
        waits.clock.step(-step);
        waits.each_happens_once().await;
        alarm_is_over(&waits.world).await;
    }
}

#[tokio::test]
async fn a_step_that_an_operator_confirms_lets_each_fall_due_once_by_the_confirmed_clock() {
    log();
    for step in STEPS {
        let mut waits = Waits::for_a(LIFE).await;
        waits.clock.step(step);
        waits.clock.advance(AFTER);
        waits.neither_happens().await;

        let off = waits.clock.now() + time::Duration::seconds(61);
        let refused = confirm(&waits.world, off).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument, "a watch that says otherwise");
        waits.neither_happens().await;

        let moved = confirm(&waits.world, waits.clock.now()).await.unwrap();
        assert_eq!(moved, step.whole_seconds());
        alarm_is_over(&waits.world).await;
        if step.is_negative() {
            // By the confirmed clock it is not time yet.
            waits.neither_happens().await;
            waits.clock.advance(AFTER);
        }
        waits.each_happens_once().await;
        let told = format!("confirm clock moved {} s", step.whole_seconds());
        let records = waits.world.records("change");
        let confirmed = records.iter().filter(|record| record["items"] == json!([told]));
        let people: Vec<_> = confirmed.map(|record| record["actor"].clone()).collect();
        assert_eq!(people, [OPERATOR.1], "on the record once, under who did it");
        assert_eq!(confirm(&waits.world, waits.clock.now()).await.unwrap(), 0);
        assert_eq!(waits.world.records("change").len(), records.len(), "there was nothing left");
    }
}

#[tokio::test]
async fn a_step_of_59_seconds_changes_nothing() {
    let mut waits = Waits::for_a(30 * SECOND).await;
    waits.clock.step(time::Duration::seconds(59));
    alarm_is_over(&waits.world).await;
    waits.each_happens_once().await;
}

#[tokio::test]
async fn what_is_published_under_a_clock_that_moved_waits_for_its_embargo_and_else_goes_on() {
    let mut waits = Waits::for_a(LIFE).await;
    let embargo = waits.clock.now() + LIFE;
    waits.clock.step(time::Duration::hours(2));
    let prisons = waits.world.publisher("hmpps-prisons", "records").await;
    // By the wall clock this embargo is over already.
    let later = recall(id(), "A9503AA").addressee("gmp", "stockport").not_before(embargo);
    prisons.publish(later.build().unwrap()).await.unwrap();
    nothing(&mut waits.desk).await;
    let plain = recall(id(), "A9504AA").addressee("gmp", "stockport");
    prisons.publish(plain.build().unwrap()).await.unwrap();
    next(&mut waits.desk).await.acknowledge().await.unwrap();
    nothing(&mut waits.desk).await;
    waits.clock.step(time::Duration::hours(-2));
    waits.clock.advance(AFTER);
    for _ in 0..2 {
        next(&mut waits.desk).await.acknowledge().await.unwrap();
    }
    nothing(&mut waits.desk).await;
}

/// The shipped bundle with release alerts of other dates.
fn alerts(term: Term) -> Script {
    shipped().with_term(ALERTS, term).unwrap()
}

/// A midnight two days on: agreements start and end at midnight.
fn midnight() -> OffsetDateTime {
    (now() + 2 * DAY).replace_time(Time::MIDNIGHT)
}

/// A broker whose clock stands an hour before that midnight.
async fn an_hour_before(midnight: OffsetDateTime, script: Script) -> (World, Arc<SetClock>) {
    let (world, clock) = World::on_clock(script).await;
    let until = midnight - HOUR - clock.now();
    clock.advance(until.try_into().unwrap());
    (world, clock)
}

#[tokio::test]
async fn an_agreement_that_may_have_ended_permits_nothing_although_the_wall_clock_says_it_stands() {
    let midnight = midnight();
    let script = alerts(Term::around(now()).ending(midnight.date()));
    let (world, clock) = an_hour_before(midnight, script).await;
    let mut desk = world.mailbox("gmp", "records", "stockport").await;
    let prisons = world.publisher("hmpps-prisons", "records").await;
    let before = recall(id(), "A9505AA").addressee("gmp", "stockport");
    prisons.publish(before.build().unwrap()).await.unwrap();
    next(&mut desk).await.acknowledge().await.unwrap();

    clock.step(time::Duration::hours(-3));
    clock.advance(2 * HOUR);
    let message = recall(id(), "A9506AA").addressee("gmp", "stockport").build().unwrap();
    prisons.publish(message).await.unwrap();
    tokio::time::sleep(SILENCE).await;
    nothing(&mut desk).await;
}

#[tokio::test]
async fn an_agreement_that_may_not_have_begun_permits_nothing_although_the_wall_clock_says_so() {
    let midnight = midnight();
    let script = alerts(Term { start: midnight.date(), ..Term::around(now()) });
    let (world, clock) = an_hour_before(midnight, script).await;
    let mut desk = world.mailbox("gmp", "records", "stockport").await;
    let prisons = world.publisher("hmpps-prisons", "records").await;
    clock.step(time::Duration::hours(2));
    let message = recall(id(), "A9507AA").addressee("gmp", "stockport").build().unwrap();
    prisons.publish(message).await.unwrap();
    tokio::time::sleep(SILENCE).await;
    nothing(&mut desk).await;

    // The same, once the clocks agree that it has begun: it was the agreement that was missing.
    clock.step(time::Duration::hours(-2));
    clock.advance(2 * HOUR);
    let message = recall(id(), "A9508AA").addressee("gmp", "stockport").build().unwrap();
    prisons.publish(message).await.unwrap();
    next(&mut desk).await.acknowledge().await.unwrap();
}
