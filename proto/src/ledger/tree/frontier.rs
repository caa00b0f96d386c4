//! The right edge of a growing tree: enough to append leaves and to know the root.
//!
//! Owns: the compact form of a tree, one hash for each complete subtree, and its stored bytes.
//! Promises: its root is the root over all leaves pushed, and it never holds more than 64 hashes.
//! Deliberately does not know: the leaves themselves, so it can build no inclusion path.

use super::{HASH_BYTES, Hash, TreeError, node_hash};

const SIZE_BYTES: usize = 8;

/// The complete subtrees of a tree, largest (leftmost) first: one for each 1 bit of its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves were pushed.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends one leaf hash.
    ///
    /// Bound:   at most 64 node hashes, two on average.
    /// Refuses: `Full` at 2^64 - 1 leaves, and then changes nothing.
    pub fn push(&mut self, leaf: Hash) -> Result<(), TreeError> {
        let grown = self.size.checked_add(1).ok_or(TreeError::Full)?;
        let mut subtree = leaf;
        // Each trailing 1 bit of the size is a subtree that this leaf completes a pair with.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                subtree = node_hash(&left, &subtree);
            }
        }
        self.subtrees.push(subtree);
        self.size = grown;
        Ok(())
    }

    /// The root over all leaves pushed; of none, the empty root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.subtrees
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(Hash::of_empty_tree)
    }

    /// The stored form: the size as 8 bytes, big-endian, then the hashes, largest subtree first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE_BYTES + self.subtrees.len() * HASH_BYTES);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for subtree in &self.subtrees {
            bytes.extend_from_slice(subtree.as_bytes());
        }
        bytes
    }

    /// Reads the stored form.
    ///
    /// Promise: `to_bytes` of the answer is exactly `bytes`.
    /// Refuses: `FrontierLength`. The hashes cannot be checked here: compare [`Frontier::root`]
    ///          with a root known from elsewhere before trusting them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TreeError> {
        let (size, hashes) =
            bytes.split_first_chunk::<SIZE_BYTES>().ok_or(TreeError::FrontierLength)?;
        let size = u64::from_be_bytes(*size);
        let (hashes, rest) = hashes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() || u32::try_from(hashes.len()) != Ok(size.count_ones()) {
            return Err(TreeError::FrontierLength);
        }
        Ok(Self { size, subtrees: hashes.iter().copied().map(Hash::from).collect() })
    }
}
