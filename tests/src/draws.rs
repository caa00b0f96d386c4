//! Chance that can be had again: a seed gives the same draws for ever.
//!
//! Owns the generator behind every test that draws, and the seed those tests print. Promises
//! that a failing draw can be repeated from its seed. Never for keys or salts.

/// Draws in a fixed order from a seed (SplitMix64: Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct Draws(u64);

/// The step between two states of the generator.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draws {
    /// Draws that follow from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.next().checked_rem(bound).unwrap_or(0)).unwrap_or(0)
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.next().to_le_bytes());
        words.take(count.div_ceil(8)).flatten().take(count).collect()
    }
}

/// A number's bits, mixed so that neighbours have nothing in common.
#[must_use]
pub const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The seed of this run: that of `PYRAMID_TEST_SEED`, or a fresh one.
#[must_use]
pub fn seed() -> u64 {
    let given = std::env::var("PYRAMID_TEST_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0)
}

/// Whether the larger counts are asked for.
#[must_use]
pub fn long() -> bool {
    std::env::var_os("PYRAMID_TEST_LONG").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_draws_again() {
        let (mut first, mut second) = (Draws::new(7), Draws::new(7));
        assert_eq!(first.bytes(21), second.bytes(21));
        assert_eq!(first.next(), second.next());
        assert_ne!(Draws::new(7).next(), Draws::new(8).next());
    }

    #[test]
    fn the_first_draw_of_seed_0_is_that_of_the_published_generator() {
        assert_eq!(Draws::new(0).next(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn a_bound_of_nothing_draws_nothing() {
        assert_eq!(Draws::new(1).below(0), 0);
        assert!(Draws::new(1).bytes(0).is_empty());
    }
}
