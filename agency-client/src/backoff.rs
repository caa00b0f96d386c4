//! How long to wait between attempts.
//!
//! Owns: the growth of the wait and its spread. Promises: a wait is never shorter than half its
//! step and never longer than the longest; many clients that lost one broker come back spread out.
//! Deliberately does not know: what is attempted, or when to give up.

use std::time::Duration;

/// A wait that doubles from `first` to `longest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The step before the first repetition.
    pub first: Duration,
    /// The step that is never exceeded.
    pub longest: Duration,
}

/// The waits of this crate: 100 ms, doubling to 10 s.
pub const BACKOFF: Backoff =
    Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(10) };

impl Backoff {
    /// The wait before what was refused is tried again: the time the broker asked for, or that of
    /// [`Backoff::wait`] if it asked for none.
    ///
    /// Promise: never shorter than half the first step, so that a broker that asks for no time at
    ///          all is not asked in a circle.
    #[must_use]
    pub fn wait_asked(&self, asked: Option<Duration>, failures: u32, chance: u64) -> Duration {
        asked.map_or_else(|| self.wait(failures, chance), |asked| asked.max(self.first / 2))
    }

    /// The wait after `failures` failures in a row (1 or more).
    ///
    /// Promise: between half the step and the step, evenly by `chance` (any 64-bit draw).
    #[must_use]
    pub fn wait(&self, failures: u32, chance: u64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let step = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half = step / 2;
        // The top 32 bits of the draw, as a share of the other half.
        let share = u32::try_from(chance >> 32).unwrap_or(u32::MAX);
        let spread = u128::from(share) * (step - half).as_nanos() / u128::from(u32::MAX);
        half + Duration::from_nanos(u64::try_from(spread).unwrap_or(u64::MAX))
    }
}

/// One draw for [`Backoff::wait`]. If the system has no randomness to give, 0: the wait is then
/// not spread, and nothing else depends on it.
pub(crate) fn draw() -> u64 {
    let mut bytes = [0; 8];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Backoff =
        Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };

    #[test]
    fn the_wait_doubles_up_to_the_longest_and_lies_in_the_upper_half_of_its_step() {
        let rows = [
            (0, 50, 100),
            (1, 50, 100),
            (2, 100, 200),
            (4, 400, 800),
            (5, 500, 1_000),
            (u32::MAX, 500, 1_000),
        ];
        for (failures, least, most) in rows {
            assert_eq!(TEST.wait(failures, 0), Duration::from_millis(least), "{failures}");
            assert_eq!(TEST.wait(failures, u64::MAX), Duration::from_millis(most), "{failures}");
        }
    }

    #[test]
    fn the_time_asked_for_is_waited_and_never_none_at_all() {
        let (minute, half_step) = (Duration::from_secs(60), Duration::from_millis(50));
        assert_eq!(TEST.wait_asked(Some(minute), 1, 0), minute);
        assert_eq!(TEST.wait_asked(Some(Duration::ZERO), 1, 0), half_step);
        assert_eq!(TEST.wait_asked(None, 5, 0), Duration::from_millis(500));
    }

    proptest::proptest! {
        #[test]
        fn no_wait_leaves_its_bounds(failures: u32, chance: u64) {
            let wait = TEST.wait(failures, chance);
            proptest::prop_assert!(wait >= TEST.first / 2 && wait <= TEST.longest);
        }
    }
}
