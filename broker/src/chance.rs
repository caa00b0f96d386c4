//! Chance as an argument: ids, salts and keys come from here and nowhere else.

use std::cell::RefCell;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// Where random bytes come from.
pub trait Chance: Send + Sync + 'static {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// The system has no randomness to give: whoever asked must refuse.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoChance>;
}

/// The system gave no randomness.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct NoChance;

/// The system's generator, drawn from in blocks: each thread keeps what it drew and did not
/// give out yet, and erases what it gives.
#[derive(Default)]
pub struct SystemChance(SystemRandom);

/// Bytes drawn at once.
const BLOCK_BYTES: usize = 1_024;

/// What a thread has drawn and not given out.
struct Drawn {
    bytes: Zeroizing<[u8; BLOCK_BYTES]>,
    used: usize,
}

thread_local! {
    static DRAWN: RefCell<Drawn> =
        RefCell::new(Drawn { bytes: Zeroizing::new([0; BLOCK_BYTES]), used: BLOCK_BYTES });
}

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoChance> {
        if bytes.len() > BLOCK_BYTES {
            return self.0.fill(bytes).map_err(|_| NoChance);
        }
        DRAWN.with_borrow_mut(|drawn| {
            if drawn.used + bytes.len() > BLOCK_BYTES {
                self.0.fill(drawn.bytes.as_mut_slice()).map_err(|_| NoChance)?;
                drawn.used = 0;
            }
            let end = drawn.used + bytes.len();
            let source = drawn.bytes.get_mut(drawn.used..end).ok_or(NoChance)?;
            bytes.copy_from_slice(source);
            source.fill(0);
            drawn.used = end;
            Ok(())
        })
    }
}

/// Random bytes of a fixed length.
///
/// # Errors
/// As [`Chance::fill`].
pub fn bytes<const N: usize>(chance: &dyn Chance) -> Result<[u8; N], NoChance> {
    let mut bytes = [0; N];
    chance.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nothing_is_given_out_twice() {
        let chance = SystemChance::default();
        let drawn: BTreeSet<[u8; 48]> = (0..1_000).map(|_| bytes(&chance).unwrap()).collect();
        assert_eq!(drawn.len(), 1_000);
        let mut long = [0; 3 * BLOCK_BYTES];
        chance.fill(&mut long).unwrap();
        assert!(long.chunks(32).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
    }

    #[test]
    fn what_was_given_out_is_erased_here() {
        let chance = SystemChance::default();
        let given: [u8; 40] = bytes(&chance).unwrap();
        let kept = DRAWN.with_borrow(|drawn| drawn.bytes.to_vec());
        assert!(!kept.windows(given.len()).any(|window| window == given));
    }
}
