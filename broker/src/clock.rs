//! Time as an argument: the only place that reads a clock.
//!
//! Wall time says when something happened; monotonic time measures leases and backoff.
//! Nothing else in the broker may ask the machine what time it is.
//!
//! Promises that a wall clock which has moved away from monotonic time is seen the next time
//! anybody asks, and that nobody need believe it: a [`Reading`] says what is certain.
//! Deliberately does not know: which of the two is right. An operator does.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Wall time, UTC.
    fn now(&self) -> OffsetDateTime;
    /// Time since this clock was made. Never goes back.
    fn monotonic(&self) -> Duration;
    /// Wall time, and how far it can be believed. A clock that is not guarded is believed.
    fn reading(&self) -> Reading {
        Reading::certain(self.now())
    }
}

/// How far wall time may move away from monotonic time and still be believed.
pub const CLOCK_MOVE_MAX: time::Duration = time::Duration::seconds(60);

/// One look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    wall: OffsetDateTime,
    moved: time::Duration,
    settled: OffsetDateTime,
}

impl Reading {
    /// Wall time that is believed.
    #[must_use]
    pub const fn certain(wall: OffsetDateTime) -> Self {
        Self { wall, moved: time::Duration::ZERO, settled: wall }
    }

    /// How far wall time has moved away from monotonic time since the broker started or an
    /// operator last confirmed the clock. Above nought: forward.
    #[must_use]
    pub const fn moved(&self) -> time::Duration {
        self.moved
    }

    /// Whether wall time is believed.
    #[must_use]
    pub fn agrees(&self) -> bool {
        agrees(self.moved)
    }

    /// The latest moment that certainly has come: now, or the last moment at which the clock
    /// was believed. What falls due falls due by this.
    #[must_use]
    pub const fn settled(&self) -> OffsetDateTime {
        self.settled
    }

    /// Wall time as monotonic time carries it on from when it was last believed: between two
    /// such moments lies the time that really passed.
    #[must_use]
    pub fn steady(&self) -> OffsetDateTime {
        if self.agrees() { self.wall } else { self.wall.saturating_sub(self.moved) }
    }

    /// The moments it may be now: what must have begun is held to the earliest, what must not
    /// have ended to the latest.
    #[must_use]
    pub fn span(&self) -> Span {
        let steady = self.steady();
        Span { earliest: self.wall.min(steady), latest: self.wall.max(steady) }
    }
}

fn agrees(moved: time::Duration) -> bool {
    moved.abs() <= CLOCK_MOVE_MAX
}

/// The moments it may be now, both ends included. One moment, where the clock is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// It is no earlier.
    pub earliest: OffsetDateTime,
    /// It is no later.
    pub latest: OffsetDateTime,
}

impl From<OffsetDateTime> for Span {
    fn from(now: OffsetDateTime) -> Self {
        Self { earliest: now, latest: now }
    }
}

/// The machine's clocks.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock whose wall time is held against its monotonic time.
///
/// Several small steps count together: the distance is that since the start, or since an
/// operator confirmed the clock, and never since the last look. A machine that was asleep has
/// moved too: monotonic time stands still meanwhile.
pub struct GuardedClock {
    clock: Arc<dyn Clock>,
    /// Wall time less monotonic time when they agreed by definition, microseconds.
    distance: AtomicI64,
    /// The last wall time that was believed, microseconds since 1970.
    settled: AtomicI64,
    held: AtomicBool,
}

impl GuardedClock {
    /// Believes the clock as it stands now.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (wall, distance) = look(&*clock);
        Self {
            distance: AtomicI64::new(distance),
            settled: AtomicI64::new(micros(wall)),
            held: AtomicBool::new(false),
            clock,
        }
    }

    /// Believes a clock that has moved so far. What it moves further from there is held against
    /// it anew.
    pub fn confirm(&self, moved: time::Duration) {
        let moved = i64::try_from(moved.whole_microseconds()).unwrap_or(0);
        self.distance.fetch_add(moved, Ordering::Relaxed);
        self.reading();
    }

    fn tell(&self, moved: time::Duration) {
        let held = !agrees(moved);
        if self.held.swap(held, Ordering::Relaxed) == held {
            return;
        }
        let seconds = moved.whole_seconds();
        if held {
            tracing::error!(
                code = "clock-moved",
                seconds,
                "the wall clock has moved; expiry and embargoes stand still until it agrees \
                 again or an operator confirms it"
            );
        } else {
            tracing::info!(code = "clock-agrees", seconds, "the wall clock is believed again");
        }
    }
}

impl Clock for GuardedClock {
    fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn reading(&self) -> Reading {
        let (wall, distance) = look(&*self.clock);
        let believed = self.distance.load(Ordering::Relaxed);
        let moved = time::Duration::microseconds(distance.saturating_sub(believed));
        self.tell(moved);
        if agrees(moved) {
            self.settled.store(micros(wall), Ordering::Relaxed);
            return Reading { wall, moved, settled: wall };
        }
        Reading { wall, moved, settled: moment(self.settled.load(Ordering::Relaxed)) }
    }
}

/// Wall time, and wall time less monotonic time in microseconds.
fn look(clock: &dyn Clock) -> (OffsetDateTime, i64) {
    let monotonic = i64::try_from(clock.monotonic().as_micros()).unwrap_or(i64::MAX);
    let wall = clock.now();
    (wall, micros(wall).saturating_sub(monotonic))
}

fn micros(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

fn moment(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// A clock that a test moves by hand: both times move together unless stepped apart.
pub struct SetClock {
    state: Mutex<(OffsetDateTime, Duration)>,
}

impl SetClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: OffsetDateTime) -> Self {
        Self { state: Mutex::new((now, Duration::ZERO)) }
    }

    /// Moves wall and monotonic time forward.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.0 += by;
        state.1 += by;
    }

    /// Moves wall time alone, as a clock that is set does.
    pub fn step(&self, by: time::Duration) {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0 += by;
    }
}

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    fn monotonic(&self) -> Duration {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1
    }
}

#[cfg(test)]
mod tests {
    use time::ext::NumericalDuration as _;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);
    const MINUTE: Duration = Duration::from_secs(60);

    fn guarded() -> (Arc<SetClock>, GuardedClock) {
        let clock = Arc::new(SetClock::at(NOON));
        let guard = GuardedClock::new(Arc::<SetClock>::clone(&clock));
        (clock, guard)
    }

    #[test]
    fn a_minute_either_way_is_believed_and_a_second_more_is_not() {
        for (seconds, agrees) in [(0, true), (60, true), (-60, true), (61, false), (-61, false)] {
            let (clock, guard) = guarded();
            clock.step(seconds.seconds());
            let reading = guard.reading();
            assert_eq!(reading.agrees(), agrees, "{seconds} s");
            assert_eq!(reading.moved(), seconds.seconds());
        }
    }

    #[test]
    fn small_steps_count_together_and_time_that_passes_does_not() {
        let (clock, guard) = guarded();
        clock.advance(10_000 * MINUTE);
        assert!(guard.reading().agrees());
        clock.step(40.seconds());
        assert!(guard.reading().agrees());
        clock.step(40.seconds());
        assert!(!guard.reading().agrees());
    }

    #[test]
    fn nothing_falls_due_while_the_clock_is_not_believed_whatever_time_passes() {
        for step in [2.hours(), -2.hours()] {
            let (clock, guard) = guarded();
            assert_eq!(guard.reading().settled(), NOON);
            clock.step(step);
            clock.advance(300 * MINUTE);
            assert_eq!(guard.reading().settled(), NOON);
            clock.step(-step);
            assert_eq!(guard.reading().settled(), datetime!(2026-03-02 17:00 UTC));
        }
    }

    #[test]
    fn it_may_be_any_moment_between_what_both_say() {
        let rows = [
            (59.seconds(), datetime!(2026-03-02 12:00:59 UTC), datetime!(2026-03-02 12:00:59 UTC)),
            (2.hours(), NOON, datetime!(2026-03-02 14:00 UTC)),
            ((-2).hours(), datetime!(2026-03-02 10:00 UTC), NOON),
        ];
        for (step, earliest, latest) in rows {
            let (clock, guard) = guarded();
            clock.step(step);
            assert_eq!(guard.reading().span(), Span { earliest, latest });
        }
    }

    #[test]
    fn a_confirmed_clock_is_believed_until_it_moves_again() {
        let (clock, guard) = guarded();
        clock.step((-2).hours());
        guard.confirm(guard.reading().moved());
        assert_eq!(guard.reading(), Reading::certain(datetime!(2026-03-02 10:00 UTC)));
        clock.step(2.hours());
        assert!(!guard.reading().agrees(), "back is a move too");
    }
}
