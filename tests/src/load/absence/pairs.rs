//! Pairs of answers, and whether the times they took can be told apart.
//!
//! Owns the order in which the two of a pair are asked, and what is said of their times. The
//! two of a pair follow each other at once, so that what changes the machine slowly changes
//! both; medians and ratios keep what changes it suddenly from counting. Promises that a
//! verdict is given only where the range in which the true median lies is on one side of the
//! limit; otherwise it says that the pairs do not decide it. Knows no clock and no broker.

use std::time::Duration;

use serde_json::{Value, json};

/// Percent by which the median time of a class may differ from that of its reference.
pub const LIMIT_PERCENT: f64 = 2.0;
/// Standard deviations on either side of the median's rank: 95 in 100 medians lie between.
const DEVIATIONS: f64 = 1.96;

/// One of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What must look like the reference.
    Class,
    /// What it must look like.
    Reference,
}

/// The order of two pairs: each side is once first and once second.
#[must_use]
pub const fn order(draw: u64) -> [Side; 4] {
    use Side::{Class, Reference};
    if draw.is_multiple_of(2) {
        [Class, Reference, Reference, Class]
    } else {
        [Reference, Class, Class, Reference]
    }
}

/// What the pairs of a class say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Medians and ratios, with the range of the latter, are inside the limit.
    Within,
    /// Medians and ratios, with the range of the latter, are outside, all on one side.
    Beyond,
    /// So many pairs on this machine do not say.
    Undecided,
}

impl Verdict {
    /// The written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Beyond => "beyond",
            Self::Undecided => "undecided",
        }
    }
}

/// Times of the two of each pair, nanoseconds: class, reference.
#[derive(Clone, Debug, Default)]
pub struct Pairs(Vec<(f64, f64)>);

impl Pairs {
    /// Adds a pair.
    pub fn add(&mut self, class: Duration, reference: Duration) {
        // A clock that stood still would make a ratio of nothing.
        let nanos = |wait: Duration| (wait.as_secs_f64() * 1e9).max(1.0);
        self.0.push((nanos(class), nanos(reference)));
    }

    /// What they say. `None` without pairs.
    #[must_use]
    pub fn comparison(&self) -> Option<Comparison> {
        let class = sorted(self.0.iter().map(|(class, _)| *class));
        let reference = sorted(self.0.iter().map(|(_, reference)| *reference));
        let ratios = sorted(self.0.iter().map(|(class, reference)| class / reference));
        let differences = sorted(self.0.iter().map(|(class, reference)| class - reference));
        let (low, high) = range(&ratios)?;
        let (class_nanos, reference_nanos) = (median(&class)?, median(&reference)?);
        Some(Comparison {
            pairs: self.0.len(),
            class_nanos,
            reference_nanos,
            difference_nanos: median(&differences)?,
            medians_percent: percent(class_nanos / reference_nanos),
            ratio_percent: percent(median(&ratios)?),
            ratio_low_percent: percent(low),
            ratio_high_percent: percent(high),
        })
    }
}

/// A class beside its reference.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    pairs: usize,
    class_nanos: f64,
    reference_nanos: f64,
    difference_nanos: f64,
    medians_percent: f64,
    ratio_percent: f64,
    ratio_low_percent: f64,
    ratio_high_percent: f64,
}

impl Comparison {
    /// What may be said of it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let all = [self.medians_percent, self.ratio_low_percent, self.ratio_high_percent];
        if all.iter().all(|percent| percent.abs() <= LIMIT_PERCENT) {
            Verdict::Within
        } else if all.iter().all(|percent| *percent > LIMIT_PERCENT)
            || all.iter().all(|percent| *percent < -LIMIT_PERCENT)
        {
            Verdict::Beyond
        } else {
            Verdict::Undecided
        }
    }

    /// Its figures: microseconds and percent.
    #[must_use]
    pub fn summary(&self) -> Value {
        json!({
            "pairs": self.pairs,
            "median_us": self.class_nanos / 1e3,
            "reference_median_us": self.reference_nanos / 1e3,
            "difference_median_us": self.difference_nanos / 1e3,
            "medians_differ_percent": self.medians_percent,
            "ratio_median_percent": self.ratio_percent,
            "ratio_low_percent": self.ratio_low_percent,
            "ratio_high_percent": self.ratio_high_percent,
        })
    }
}

fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The middle of sorted values.
fn median(sorted: &[f64]) -> Option<f64> {
    let above = sorted.get(sorted.len() / 2)?;
    if sorted.len().is_multiple_of(2) {
        let below = sorted.get((sorted.len() / 2).checked_sub(1)?)?;
        return Some(f64::midpoint(*below, *above));
    }
    Some(*above)
}

/// Where the median of all values lies, of which these are some: from rank to rank, whatever
/// their distribution. All of them where there are few.
fn range(sorted: &[f64]) -> Option<(f64, f64)> {
    let count = sorted.len() as f64;
    // The next rank outwards, so that the range is rather too wide.
    let rank = (count / 2.0 - DEVIATIONS * count.sqrt() / 2.0).floor() - 1.0;
    let below = (0..sorted.len()).take_while(|place| (*place as f64) < rank).count();
    let above = sorted.len().checked_sub(1 + below)?;
    Some((*sorted.get(below)?, *sorted.get(above)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of which the reference takes 1 ms and the class so many per mille more, less or
    /// more of that by up to `noise` per mille, evenly spread.
    fn pairs(count: u64, per_mille: i64, noise: i64) -> Comparison {
        let mut pairs = Pairs::default();
        for number in 0..count {
            let spread = if noise == 0 { 0 } else { number as i64 * 157 % (2 * noise + 1) - noise };
            let class = 1_000_000 + 1_000 * (per_mille + spread);
            pairs.add(Duration::from_nanos(class.unsigned_abs()), Duration::from_millis(1));
        }
        pairs.comparison().unwrap()
    }

    #[test]
    fn a_difference_is_told_from_none_and_from_too_few_pairs() {
        assert_eq!(pairs(2_000, 0, 0).verdict(), Verdict::Within);
        assert_eq!(pairs(2_000, 19, 0).verdict(), Verdict::Within);
        assert_eq!(pairs(2_000, 30, 0).verdict(), Verdict::Beyond);
        assert_eq!(pairs(2_000, -30, 0).verdict(), Verdict::Beyond);
        assert_eq!(pairs(2_000, 0, 200).verdict(), Verdict::Within);
        assert_eq!(pairs(2_000, 50, 200).verdict(), Verdict::Beyond);
        assert_eq!(pairs(2_000, 20, 200).verdict(), Verdict::Undecided);
        assert_eq!(pairs(12, 0, 200).verdict(), Verdict::Undecided);
    }

    #[test]
    fn medians_and_ratios_that_contradict_each_other_decide_nothing() {
        // Most ratios are 1.3, and yet the class has the lower median: a machine that stalled.
        let mut slow = Pairs::default();
        let stalls = [(100, 1_300, 1_000), (50, 13_000, 10_000), (50, 1_200, 20_000)];
        for (count, class, reference) in stalls {
            for _ in 0..count {
                slow.add(Duration::from_micros(class), Duration::from_micros(reference));
            }
        }
        assert!(slow.comparison().unwrap().medians_percent < -LIMIT_PERCENT);
        assert!(slow.comparison().unwrap().ratio_low_percent > LIMIT_PERCENT);
        assert_eq!(slow.comparison().unwrap().verdict(), Verdict::Undecided);
    }

    #[test]
    fn one_stall_in_a_hundred_pairs_changes_no_median() {
        let mut pairs = Pairs::default();
        for number in 0..100 {
            let stalled = if number == 50 { 400 } else { 1 };
            pairs.add(Duration::from_millis(stalled), Duration::from_millis(1));
        }
        let comparison = pairs.comparison().unwrap();
        assert_eq!(comparison.verdict(), Verdict::Within);
        assert_eq!(comparison.summary()["median_us"], 1_000.0);
    }

    #[test]
    fn medians_and_their_range_are_those_of_the_ranks() {
        assert_eq!(median(&[1.0, 2.0, 4.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
        assert_eq!(median(&[]), None);
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        // The 40th and the 61st of a hundred: the textbook's ranks for 95 %.
        assert_eq!(range(&hundred), Some((40.0, 61.0)));
        assert_eq!(range(&[1.0, 2.0]), Some((1.0, 2.0)));
        assert_eq!(range(&[]), None);
    }

    #[test]
    fn each_side_of_two_pairs_is_once_first() {
        for draw in 0..2 {
            let [a, b, c, d] = order(draw);
            assert_eq!((a, b), (d, c));
            assert_ne!(a, b);
        }
        assert_ne!(order(0), order(1));
    }
}
