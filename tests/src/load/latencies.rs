//! Waiting times, counted in steps fine enough for percentiles.
//!
//! Promises that a percentile is at most one part in 64 above the true one. Knows no clock.

use serde_json::{Value, json};

/// Steps between one power of two and the next.
const STEPS: u64 = 64;
const STEPS_BITS: u32 = STEPS.trailing_zeros();
/// Powers of two above the first steps.
const POWERS: u64 = 64 - STEPS_BITS as u64;

/// Waiting times of many messages.
#[derive(Clone, Debug)]
pub struct Latencies {
    counts: Vec<u64>,
    total: u64,
    longest_nanos: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        let steps = usize::try_from(STEPS * (POWERS + 1)).unwrap_or(0);
        Self { counts: vec![0; steps], total: 0, longest_nanos: 0 }
    }
}

impl Latencies {
    /// Adds one, nanoseconds.
    pub fn add(&mut self, nanos: u64) {
        if let Some(count) = self.counts.get_mut(place(nanos)) {
            *count += 1;
            self.total += 1;
            self.longest_nanos = self.longest_nanos.max(nanos);
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.longest_nanos = self.longest_nanos.max(other.longest_nanos);
    }

    /// The longest wait of the quickest `per_mille` in a thousand, nanoseconds.
    #[must_use]
    pub fn quantile(&self, per_mille: u64) -> u64 {
        let wanted = self.total.saturating_mul(per_mille).div_ceil(1_000);
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return highest(place).min(self.longest_nanos);
            }
        }
        0
    }

    /// Count, percentiles and the longest, microseconds.
    #[must_use]
    pub fn summary(&self) -> Value {
        json!({
            "count": self.total,
            "p50_us": micros(self.quantile(500)),
            "p99_us": micros(self.quantile(990)),
            "p999_us": micros(self.quantile(999)),
            "max_us": micros(self.longest_nanos),
        })
    }
}

fn micros(nanos: u64) -> f64 {
    std::time::Duration::from_nanos(nanos).as_secs_f64() * 1e6
}

fn place(nanos: u64) -> usize {
    let power = nanos.checked_ilog2().unwrap_or(0).saturating_sub(STEPS_BITS);
    // Below twice the first steps the number is its own place.
    let step = nanos >> power;
    usize::try_from(u64::from(power) * STEPS + step).unwrap_or(usize::MAX)
}

fn highest(place: usize) -> u64 {
    let place = u64::try_from(place).unwrap_or(u64::MAX);
    let power = (place / STEPS).saturating_sub(1);
    let step = place - power * STEPS;
    ((u128::from(step + 1) << power) - 1).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_holds_its_numbers_and_the_next_place_the_next() {
        for nanos in (0..5_000).chain([u64::MAX / 3, u64::MAX - 1, u64::MAX]) {
            assert!(highest(place(nanos)) >= nanos);
            assert!(highest(place(nanos)) - nanos <= nanos / 64);
            if let Some(next) = highest(place(nanos)).checked_add(1) {
                assert_eq!(place(next), place(nanos) + 1);
            }
        }
    }

    #[test]
    fn percentiles_are_of_all_that_were_added() {
        let (mut low, mut high) = (Latencies::default(), Latencies::default());
        (1..=500).for_each(|number| low.add(number * 1_000));
        (501..=1_000).for_each(|number| high.add(number * 1_000));
        low.merge(&high);
        assert!((500_000..508_000).contains(&low.quantile(500)));
        assert!((990_000..1_000_001).contains(&low.quantile(990)));
        assert_eq!(low.quantile(1_000), 1_000_000);
        assert_eq!(Latencies::default().quantile(990), 0);
    }
}
